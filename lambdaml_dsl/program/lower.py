"""Lower: a bound tree becomes a program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import assert_never

from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, RULE_FUNCTIONS, Function
from lambdaml_dsl.language.nodes import Binary, Call, Compare, Conditional, Expr, Name, Number, Unary
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import NOWHERE, Source, Span
from lambdaml_dsl.language.traversal import fold, walk
from lambdaml_dsl.program.instructions import WHERE, Program, ProgramBuilder


def lower(bound: BoundModel) -> Program:
    """Make the program of a model: one output, its value for each row.

    Parameters
    ----------
    bound : BoundModel
        The model; parameter k of the program is ``bound.parameters[k]``.
    """
    builder = ProgramBuilder()
    return builder.finish([emit_model(builder, bound)])


def lower_response(bound: BoundModel) -> Program:
    """Make the program of the left side: every name in it is a column."""
    if bound.response is None:
        raise ValueError("the formula has no left side")
    builder = ProgramBuilder()
    names = [node.name for node in walk(bound.response) if isinstance(node, Name)]
    slots = {name: builder.column(name) for name in names}
    return builder.finish([emit(builder, bound.response, slots)])


def emit_model(builder: ProgramBuilder, bound: BoundModel) -> int:
    """Emit a model into a program that is being built; give the slot of its value."""
    slots = {name: builder.constant(value) for name, value in bound.constants.items()}
    slots |= {name: builder.parameter(index) for index, name in enumerate(bound.parameters)}
    slots |= {name: builder.column(name) for name in bound.inputs}
    return emit(builder, bound.expression, slots)


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
            case Binary(operator):
                return builder.apply(OPERATORS[operator], below, span)
            case Call(name):
                return emit_call(builder, functions[name], below, span)
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
            case _:
                assert_never(node)

    return fold(tree, combine)


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
