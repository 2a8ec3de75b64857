"""Bind: every name of a formula gets its one role, every call its function.

In: a syntax tree, and what is declared or known of the data. Out: a `BoundModel`, after which
nothing can be misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from lambdaml_dsl.errors import FormulaSyntaxError, NameResolutionError, suggestion
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS, Shape
from lambdaml_dsl.language.bound import (
    NOTHING_DECLARED,
    NOTHING_KNOWN,
    BoundModel,
    Declared,
    Known,
)
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL, PHYSICAL_CONSTANTS, constant_value
from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.inline import Inliner
from lambdaml_dsl.language.lookalike import confusable
from lambdaml_dsl.language.nodes import (
    Call,
    Compare,
    Definition,
    Equation,
    Expr,
    Name,
    Number,
    Series,
    Vector,
    children,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.rewrite import rewrite
from lambdaml_dsl.language.shapes import has_arrays, infer
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import Vocabulary

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
        check_all_used(equation, expression, source)
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


def check_all_used(equation: Equation, expression: Expr, source: Source) -> None:
    """Refuse a definition that nothing uses: more likely a slip than a remark."""
    reached: set[str] = set()
    own = {definition.name: definition for definition in equation.definitions}
    stack = [equation.right]
    while stack:
        for node in walk(stack.pop()):
            name = node.name if isinstance(node, Name) else node.function if isinstance(node, Call) else ""
            if name in own and name not in reached:
                reached.add(name)
                stack += own[name].parts
    for name, definition in own.items():
        if name not in reached:
            raise source.error(
                NameResolutionError,
                definition.span,
                f"'{name}' is defined, but not used",
                f"The model is the last equation, or the one with ~; use {name} in it, or remove the line.",
            )


def check_not_declared(equation: Equation, source: Source, declared: Declared) -> None:
    """Refuse a definition of a name that is declared to be something else."""
    kinds = {
        "an input": declared.inputs or (),
        "a parameter": declared.parameters,
        "a constant": dict(declared.constants),
    }
    for definition in equation.definitions:
        for kind, names in kinds.items():
            if definition.arguments is None and definition.name in names:
                raise source.error(
                    NameResolutionError,
                    definition.span,
                    f"'{definition.name}' is declared as {kind} and defined here too",
                    "Keep one of the two, or give one of them another name.",
                )


def check_lookalikes(equation: Equation, source: Source, others: Iterable[str]) -> None:
    """Refuse two names that look the same and are not."""
    others = tuple(others)
    if source.text.isascii() and all(map(str.isascii, others)):
        return
    written = names_written(equation)
    pair = confusable(dict.fromkeys((*written, *others)))
    if pair is not None:
        one, other = pair if pair[0] in written else pair[::-1]
        if one not in written:
            return  # two columns, of which the formula uses none
        raise source.error(
            NameResolutionError,
            written[one],
            f"'{one}' and '{other}' look alike, but are written with different letters",
            f"Here: {code_points(one)}; there: {code_points(other)}. Write both the same way.",
        )


def names_written(equation: Equation) -> dict[str, Span]:
    """Give every name that a formula writes, and where it first does."""
    found: dict[str, Span] = {}
    bodies = [] if equation.left is None else [equation.left]
    for definition in equation.definitions:
        found.setdefault(definition.name, definition.span)
        for argument in definition.arguments or ():
            found.setdefault(argument.name, argument.span)
        bodies += definition.parts
    for body in (*bodies, equation.right):
        for node in walk(body):
            match node:
                case Name(name):
                    found.setdefault(name, node.span)
                case Call(name):
                    found.setdefault(name, node.name_span)
                case Series(_, name):
                    found.setdefault(name, node.index_span)
    return found


def code_points(name: str) -> str:
    """Spell a name by its code points."""
    return " ".join(f"U+{ord(letter):04X}" for letter in name)


def physical_constant(node: Name, source: Source) -> float:
    """Give the value of ``const.k_B``."""
    symbol = node.name.removeprefix(PHYSICAL)
    if symbol not in PHYSICAL_CONSTANTS:
        hint = suggestion(symbol, PHYSICAL_CONSTANTS, listed="There are")
        raise source.error(NameResolutionError, node.span, f"there is no constant '{symbol}'", hint)
    return constant_value(symbol)


def check_is_no_test(equation: Equation, source: Source) -> None:
    """Refuse to fit a comparison: ``y == a*x`` was meant as an equation."""
    if equation.left is None and isinstance(equation.right, Compare):
        raise source.error(
            FormulaSyntaxError,
            equation.right.span,
            "this compares, and names no response",
            "For an equation write ~ or =, as in y ~ a*x.",
        )


def no_column_used(source: Source, used: Mapping[str, Name], columns: Collection[str]) -> NameResolutionError:
    """Make the error for a formula none of whose names is in the data."""
    return source.error(
        NameResolutionError,
        next(iter(used.values())).span,
        f"no column of the data is used; the formula's names are {', '.join(used)}",
        f"The data have the columns: {', '.join(columns)}." if columns else "The data have no columns.",
    )


@lru_cache(maxsize=256)
def bind_text(source: Source, declared: Declared, known: Known = NOTHING_KNOWN) -> BoundModel:
    """Parse and bind a formula; the same text and declarations give the same model, bound once."""
    return bind(parse(source), source, declared, known)


def names_in(response: Expr | None, alone: bool = False) -> set[str]:
    """Give the names on the left side; with `alone`, only where there is one: p in ``log(p)``."""
    if response is None:
        return set()
    names = {node.name for node in walk(response) if isinstance(node, Name)}
    return names if len(names) == 1 or not alone else set()


def on_both_sides(source: Source, name: str, span: Span) -> NameResolutionError:
    """Make the error for a response that the model uses."""
    hint = "The right side may use inputs and parameters, not the response itself."
    return source.error(NameResolutionError, span, f"'{name}' stands on both sides", hint)


def is_input(name: str, inputs: Sequence[str] | None, columns: Collection[str] | None) -> bool:
    """Say whether a bare name is an input."""
    if inputs is not None:
        return name in inputs
    if columns is not None:
        return name in columns
    return DEFAULT_INPUT.fullmatch(name) is not None


def numbers_in(
    left: Expr, source: Source, declared: Declared, columns: Collection[str] | None
) -> dict[str, Expr]:
    """Give the names on the left side that mean a number; all others are columns."""
    own = {**CONSTANTS, **dict(declared.constants)}
    found: dict[str, Expr] = {}
    for node in walk(left):
        if isinstance(node, Name) and node.name.startswith(PHYSICAL):
            found[node.name] = Number(physical_constant(node, source), node.span)
        elif isinstance(node, Name) and node.name in own and node.name not in (columns or ()):
            found[node.name] = Number(own[node.name], node.span)
    return found


def left_side(
    equation: Equation,
    source: Source,
    vocabulary: Vocabulary,
    declared: Declared,
    columns: Collection[str] | None,
) -> tuple[Expr | None, tuple[str, ...], tuple[str, ...] | None]:
    """Read the left side: the response, its names, and the inputs that ``f(t) =`` names."""
    left = equation.left
    match left:
        case None:
            return None, (), None
        case Name(name):
            return left, (name,), None
        case Call(function, arguments) if equation.relation == "=" and names_inputs(function):
            names = tuple([argument.name for argument in arguments if isinstance(argument, Name)])
            if len(names) < len(arguments) or len(set(names)) < len(names) or not names:
                raise source.error(
                    FormulaSyntaxError,
                    left.span,
                    f"the brackets of '{function}' must name its inputs, each once",
                    f"Write for example {function}(t) = a*t + b.",
                )
            return Name(function, left.name_span), (function,), names
        case Call(function) if not vocabulary.knows(function) and vocabulary.closest(function) is None:
            raise source.error(
                NameResolutionError,
                left.name_span,
                f"unknown function '{function}'",
                f"To name the inputs of the model write =, as in {function}(t) = a*t + b.",
            )
        case Vector(items) if all(isinstance(item, Name) for item in items):
            names = tuple([item.name for item in items if isinstance(item, Name)])
            for number, name in enumerate(names):
                if name in names[:number]:
                    raise source.error(
                        NameResolutionError, items[number].span, f"'{name}' is named twice on the left side"
                    )
            return left, names, None
        case _:
            for node in walk(left):
                if isinstance(node, Call):
                    vocabulary.check(node, ())
                elif isinstance(node, Series):
                    vocabulary.check_series(node)
            inliner = Inliner(source, vocabulary.own, vocabulary.library, vocabulary.registered.keys())
            return inliner.expand(left, numbers_in(left, source, declared, columns)), (), None


def names_inputs(function: str) -> bool:
    """Say whether ``function(t) =`` names the inputs; a function of the table transforms a column instead."""
    entry = FUNCTIONS.get(function) or ARRAY_FUNCTIONS.get(function)
    return entry is None or entry.symbol


def check_parameter(
    node: Name,
    source: Source,
    declared: Declared,
    inputs: Sequence[str] | None,
    columns: Collection[str] | None,
    used: Mapping[str, Name],
    vocabulary: Vocabulary,
) -> None:
    """Refuse a free name that is more likely a slip than a parameter."""
    name = node.name
    call = vocabulary.needs_argument(name, early=inputs is None and columns is None)
    if call is not None:
        raise source.error(
            NameResolutionError,
            node.span,
            f"'{name}' is a function and needs its argument",
            f"Write {call}.",
        )
    if declared.complete:
        known = [*declared.parameters, *(inputs or columns or ()), *dict(declared.constants)]
        raise source.error(
            NameResolutionError,
            node.span,
            f"'{name}' is not declared",
            f"{suggestion(name, known, listed='Declared')} "
            f"Or add a line for it: param {name}, or: input {name}".strip(),
        )
    if columns is not None and inputs is None and len(name) > 1:
        for column in columns:
            if column not in used and column.lower() == name.lower():
                raise source.error(
                    NameResolutionError,
                    node.span,
                    f"the data have no column '{name}', but they have '{column}'",
                    f"Write {column}, or give '{name}' a start value to make it a parameter.",
                )
