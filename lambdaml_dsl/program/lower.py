"""Lower: a bound tree becomes a program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import assert_never

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, RULE_FUNCTIONS, Function
from lambdaml_dsl.language.left_side import names_in
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.shapes import array_function, slice_parts, whole_number
from lambdaml_dsl.language.source import NOWHERE, Source, Span
from lambdaml_dsl.language.traversal import fold
from lambdaml_dsl.program.arrays import Contract, Stack, Take
from lambdaml_dsl.program.components import ARRAY_EMITTERS
from lambdaml_dsl.program.instructions import WHERE, Program, ProgramBuilder


@lru_cache(maxsize=256)
def lower(bound: BoundModel) -> Program:
    """Make the program of a model: one output, its value for each row.

    Parameters
    ----------
    bound : BoundModel
        The model; parameter k of the program is ``bound.parameters[k]``.

    Raises
    ------
    ShapeError
        A shape is open until the data are known.
    """
    builder = ProgramBuilder()
    return builder.finish([emit_model(builder, bound)])


def lower_response(bound: BoundModel, shapes: Mapping[str, Shape]) -> Program:
    """Make the program of the left side: every name in it is a column, of the shape given."""
    if bound.response is None:
        raise ValueError("the formula has no left side")
    builder = ProgramBuilder()
    slots = {name: builder.column(name, shape=shapes.get(name, ())) for name in names_in(bound.response)}
    return builder.finish([emit(builder, bound.response, slots, functions_of(bound))])


def emit_model(builder: ProgramBuilder, bound: BoundModel) -> int:
    """Emit a model into a program that is being built; give the slot of its value."""
    if bound.is_open:
        raise bound.open_error()
    slots = {name: builder.constant(value) for name, value in bound.constants.items()}
    for index, (name, offset) in enumerate(zip(bound.parameters, bound.offsets, strict=False)):
        slots[name] = builder.parameter(index, NOWHERE, offset, bound.shape(name))
    for name in bound.inputs:
        slots[name] = builder.column(name, NOWHERE, bound.shape(name))
    return emit(builder, bound.expression, slots, functions_of(bound))


def functions_of(bound: BoundModel) -> Mapping[str, Function]:
    """Give the functions that a model's expressions call by name."""
    return {**FUNCTIONS, **bound.functions} if bound.functions else FUNCTIONS


def emit(
    builder: ProgramBuilder,
    tree: Expr,
    slots: Mapping[str, int],
    functions: Mapping[str, Function] = FUNCTIONS,
    spans: bool = True,
) -> int:
    """Emit an expression whose names stand for slots; give the slot of its value."""

    def combine(node: Expr, below: tuple[int, ...]) -> int:
        span = node.span if spans else NOWHERE
        match node:
            case Number(value):
                return builder.constant(value)
            case Name(name):
                return slots[name]
            case Binary("@"):
                axes = [len(builder.shapes[slot]) for slot in below]
                return builder.operate(Contract(*axes), below, span)
            case Binary(operator):
                return builder.apply(OPERATORS[operator], below, span)
            case Call():
                array = array_function(node)
                if array is not None:
                    return ARRAY_EMITTERS[array.name](builder, node, below, span)
                return emit_call(builder, functions[node.function], below, span)
            case Unary("+"):
                return below[0]
            case Unary(operator):
                return builder.apply(OPERATORS["negate" if operator == "-" else operator], below, span)
            case Compare(operators):
                tests = [
                    builder.apply(OPERATORS[operator], below[index : index + 2], span)
                    for index, operator in enumerate(operators)
                ]
                chain = tests[0]
                for test in tests[1:]:
                    chain = builder.apply(OPERATORS["and"], (chain, test), span)
                return chain
            case Conditional():
                body, test, orelse = below
                return builder.apply(WHERE, (test, body, orelse), span)
            case Vector():
                return builder.operate(Stack(), below, span)
            case Index():
                return builder.operate(Take(key_of(node, builder.shapes[below[0]])), below[:1], span)
            case Slice():
                return -1  # says something to the index around it alone
            case Series():
                raise TypeError("series are written out before lowering")
            case _:
                assert_never(node)

    return fold(tree, combine)


def key_of(index: Index, shape: Shape) -> tuple[int | tuple[int, int | None, int], ...]:
    """Give the components that an index asks for, as whole numbers within the shape."""
    key: list[int | tuple[int, int | None, int]] = []
    for subscript, length in zip(index.subscripts, shape, strict=False):
        if isinstance(subscript, Slice):
            start, stop, step = slice(*slice_parts(subscript)).indices(length)
            key.append((start, stop if stop >= 0 else None, step))
        else:
            number = whole_number(subscript)
            assert number is not None
            key.append(number % length)
    return tuple(key)


def emit_call(builder: ProgramBuilder, function: Function, arguments: tuple[int, ...], span: Span) -> int:
    """Emit a call; a function of two or more is applied pairwise from the left."""
    if not function.variadic:
        return builder.apply(function, arguments, span)
    slot = arguments[0]
    for argument in arguments[1:]:
        slot = builder.apply(function, (slot, argument), span)
    return slot


@cache
def rule(formula: str) -> Expr:
    """Parse a slope of the function table, once."""
    return parse(Source(formula, "function table")).right


def emit_rule(builder: ProgramBuilder, formula: str, slots: Mapping[str, int]) -> int:
    """Emit a slope of the function table; its names are the entry's arguments and ``value``."""
    return emit(builder, rule(formula), slots, RULE_FUNCTIONS, spans=False)
