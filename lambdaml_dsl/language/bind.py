"""Bind: every name of a formula gets its one role, every call its function.

In: a syntax tree, and what is declared or known of the data. Out: a `BoundModel`, after which
nothing can be misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bound import (
    NOTHING_DECLARED,
    NOTHING_KNOWN,
    BoundModel,
    Declared,
    Known,
)
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL
from lambdaml_dsl.language.functions import Function
from lambdaml_dsl.language.inline import Inliner
from lambdaml_dsl.language.left_side import left_side, names_in
from lambdaml_dsl.language.nodes import (
    Call,
    Definition,
    Equation,
    Expr,
    Name,
    Series,
    children,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.rewrite import rewrite
from lambdaml_dsl.language.shapes import has_arrays, infer
from lambdaml_dsl.language.slips import (
    check_all_used,
    check_is_no_test,
    check_lookalikes,
    check_not_declared,
    check_parameter,
    no_column_used,
    on_both_sides,
)
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import Vocabulary, physical_constant

DEFAULT_INPUT = re.compile(r"x\d*")
"""Without data and declarations, ``x`` and ``x0, x1, ...`` are the inputs."""


def bind(
    equation: Equation,
    source: Source,
    declared: Declared = NOTHING_DECLARED,
    known: Known = NOTHING_KNOWN,
) -> BoundModel:
    """Give every name its role, and every role its shape.

    A bare name is looked up among the definitions, the declared names, the inputs, the constants ``pi``
    and ``e``; what is left is a free parameter. Inputs are the declared ones, or the arguments of a left
    side ``f(t) =``, or the columns of the data, or else ``x`` and ``x0, x1, ...``.

    Parameters
    ----------
    equation : Equation
        The parsed formula.
    source : Source
        Its text, for messages.
    declared : Declared
        What the user has said of names.
    known : Known
        What is known of the data that the formula is to be fitted to.

    Returns
    -------
    BoundModel
        The formula with its roles.

    Raises
    ------
    NameResolutionError
        A function is unknown, a function's name stands without arguments, a name is on both sides,
        or nothing in the formula is in the data.
    ArityError
        A call has a wrong number of arguments.
    ShapeError
        Two vectors or matrices do not fit.
    LimitError
        Definitions make the formula too large.
    """
    columns = known.columns
    if columns is not None:
        check_is_no_test(equation, source)
    vocabulary = Vocabulary.of(equation, source, declared)
    check_not_declared(equation, source, declared)
    check_lookalikes(
        equation,
        source,
        (*(columns or ()), *(declared.inputs or ()), *declared.parameters, *dict(declared.constants)),
    )
    response, outputs, arguments = left_side(equation, source, vocabulary, declared, columns)
    inputs = declared.inputs if declared.inputs is not None else arguments
    values = {*declared.parameters, *(inputs or ()), *(columns or ())}
    plain = not equation.definitions
    for body in (equation.right, *[part for each in equation.definitions for part in each.parts]):
        for node in walk(body):
            match node:
                case Call(name):
                    if name in outputs and not vocabulary.knows(name):
                        raise on_both_sides(source, name, node.name_span)
                    found = vocabulary.check(node, values)
                    if isinstance(found, Definition) or name == "piecewise":
                        plain = False
                case Series(name):
                    vocabulary.check_series(node)
                    plain = False
    expression = equation.right
    if not plain:
        taken = CONSTANTS.keys() & {*values, *dict(declared.constants)}
        inliner = Inliner(source, vocabulary.own, vocabulary.library, vocabulary.registered.keys(), taken)
        expression = inliner.formula(expression)
        check_all_used(equation, source)
    used: dict[str, Name] = {}
    for node in walk(expression):
        if isinstance(node, Name):
            used.setdefault(node.name, node)
    if not plain:
        used = {name: used[name] for name in (*order_of_names(equation), *used) if name in used}
    roles = give_roles(used, source, declared, columns, inputs, outputs, response, vocabulary)
    shapes, result = find_shapes(expression, source, declared, known, roles)
    expression, rewrites = rewrite(expression, roles.constants)
    return BoundModel(
        source=source,
        declared=declared,
        known=known,
        equation=equation,
        expression=expression,
        rewrites=rewrites,
        response=response,
        outputs=outputs,
        inputs=roles.inputs,
        parameters=roles.parameters,
        constants=MappingProxyType(roles.constants),
        shapes=MappingProxyType(shapes),
        result=result,
        functions=MappingProxyType(called_from(vocabulary.registered, expression, response)),
    )


def order_of_names(equation: Equation) -> dict[str, None]:
    """Give the names of a formula in the order in which a reader meets them.

    A definition of the formula's own is read where it is first used; of a library function only the
    arguments are.
    """
    own = {definition.name: definition for definition in equation.definitions}
    found: dict[str, None] = {}
    opened: set[str] = set()
    stack = [equation.right]
    while stack:
        node = stack.pop()
        name = node.name if isinstance(node, Name) else node.function if isinstance(node, Call) else ""
        stack_below = list(children(node))
        if name in own and name not in opened:
            opened.add(name)
            stack_below.append(own[name].body)
        elif isinstance(node, Name):
            found.setdefault(name)
        stack += reversed(stack_below)
    return found


class Roles(NamedTuple):
    """What each bare name is."""

    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: dict[str, float]


def give_roles(
    used: Mapping[str, Name],
    source: Source,
    declared: Declared,
    columns: Collection[str] | None,
    inputs: Sequence[str] | None,
    outputs: Sequence[str],
    response: Expr | None,
    vocabulary: Vocabulary,
) -> Roles:
    """Look every bare name up."""
    own_constants = dict(declared.constants)
    responding = {*outputs} or names_in(response, alone=True)
    found_inputs: list[str] = []
    parameters: list[str] = []
    constants: dict[str, float] = {}
    for name, node in used.items():
        if name in declared.parameters:
            parameters.append(name)
        elif name in own_constants:
            constants[name] = own_constants[name]
        elif name in responding and (columns is None or name in columns):
            raise on_both_sides(source, name, node.span)
        elif is_input(name, inputs, columns):
            found_inputs.append(name)
        elif name in CONSTANTS:
            constants[name] = CONSTANTS[name]
        elif name.startswith(PHYSICAL):
            constants[name] = physical_constant(node, source)
        else:
            check_parameter(node, source, declared, inputs, columns, used, vocabulary)
            parameters.append(name)
    if inputs is None and columns is None:
        found_inputs.sort(key=lambda name: int(name[1:] or -1))
    undeclared = set(parameters).difference(declared.parameters)
    if columns is not None and inputs is None and not found_inputs and undeclared and len(parameters) > 1:
        raise no_column_used(source, used, columns)
    every = tuple(inputs) if inputs is not None else tuple(found_inputs)
    return Roles(every, tuple(parameters), constants)


def find_shapes(
    expression: Expr, source: Source, declared: Declared, known: Known, roles: Roles
) -> tuple[dict[str, Shape | None], Shape | None]:
    """Give the shape of each input and parameter, and of the result; None where it is open."""
    told = {**dict(known.shapes), **dict(declared.shapes)}
    names = (*roles.inputs, *roles.parameters)
    if not told and not has_arrays(expression):
        return dict.fromkeys(names, ()), ()
    shapes: dict[str, Shape | None] = {}
    for name in names:
        is_known = name in told or (known.columns is not None and name in roles.inputs)
        shapes[name] = told.get(name, ()) if is_known else None
    found = infer(expression, shapes, frozenset(roles.parameters), source, known.columns is not None)
    return dict(found.names), found.result


def called_from(functions: Mapping[str, Function], *trees: Expr | None) -> dict[str, Function]:
    """Give those of some functions that trees call."""
    if not functions:
        return {}
    nodes = [node for tree in trees if tree is not None for node in walk(tree)]
    names = dict.fromkeys([node.function for node in nodes if isinstance(node, Call)])
    return {name: functions[name] for name in names if name in functions}


@lru_cache(maxsize=256)
def bind_text(source: Source, declared: Declared, known: Known = NOTHING_KNOWN) -> BoundModel:
    """Parse and bind a formula; the same text and declarations give the same model, bound once."""
    return bind(parse(source), source, declared, known)


def is_input(name: str, inputs: Sequence[str] | None, columns: Collection[str] | None) -> bool:
    """Say whether a bare name is an input."""
    if inputs is not None:
        return name in inputs
    if columns is not None:
        return name in columns
    return DEFAULT_INPUT.fullmatch(name) is not None
