"""Bind: every name of a formula gets its one role, every call its function.

In: a syntax tree, and what is declared or known of the data. Out: a `BoundModel`, after which
nothing can be misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from lambdaml_dsl.errors import ArityError, FormulaSyntaxError, NameResolutionError, closest, suggestion
from lambdaml_dsl.language.functions import CONSTANTS, FUNCTIONS, Function
from lambdaml_dsl.language.nodes import Call, Compare, Equation, Expr, Name
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.traversal import walk

DEFAULT_INPUT = re.compile(r"x\d*")
"""Without data and declarations, ``x`` and ``x0, x1, ...`` are the inputs."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the user has said of names, beside the formula.

    Attributes
    ----------
    inputs : tuple of str or None
        The inputs, where they are given; else they are found.
    parameters : tuple of str
        Names that are parameters whatever else they could mean.
    constants : tuple of (str, float)
        Names that mean a number.
    complete : bool
        Every parameter is declared: any other free name is an error.
    """

    inputs: tuple[str, ...] | None = None
    parameters: tuple[str, ...] = ()
    constants: tuple[tuple[str, float], ...] = ()
    complete: bool = False


NOTHING_DECLARED = Declared()


@dataclass(frozen=True, slots=True, eq=False)
class BoundModel:
    """A formula whose names all have a role.

    Attributes
    ----------
    source : Source
        The text it was read from.
    equation : Equation
        The tree, as written.
    expression : Expr
        The model: the right side.
    response : Expr or None
        The left side, an expression of columns; None where there is none.
    output : str or None
        The name of the response where it is a name.
    inputs, parameters : tuple of str
        Inputs, and free parameters in the order in which they first appear.
    constants : mapping of str to float
        The constants that the formula uses.
    """

    source: Source
    equation: Equation
    expression: Expr
    response: Expr | None
    output: str | None
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: Mapping[str, float]

    def __reduce__(self) -> tuple[object, ...]:
        # As text: a read-only mapping cannot be pickled, nor can a tree of 20,000 levels.
        return _restore, (self.source, self.inputs, self.parameters, dict(self.constants))


def bind(
    equation: Equation,
    source: Source,
    declared: Declared = NOTHING_DECLARED,
    columns: Collection[str] | None = None,
) -> BoundModel:
    """Give every name its role.

    A bare name is looked up among the declared names, the inputs, the constants ``pi`` and ``e``;
    what is left is a free parameter. Inputs are the declared ones, or the arguments of a left side
    ``f(t) =``, or the columns of the data, or else ``x`` and ``x0, x1, ...``.

    Parameters
    ----------
    equation : Equation
        The parsed formula.
    source : Source
        Its text, for messages.
    declared : Declared
        What the user has said of names.
    columns : collection of str, optional
        The columns of the data that the formula is to be fitted to.

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
    """
    if columns is not None:
        check_is_no_test(equation, source)
    response, output, arguments = left_side(equation, source)
    own_constants = dict(declared.constants)
    inputs = declared.inputs if declared.inputs is not None else arguments
    responding = sole_name(response)
    used: dict[str, Name] = {}
    for node in walk(equation.right):
        if isinstance(node, Call):
            if node.function == output and output not in FUNCTIONS:
                raise on_both_sides(source, output, node.name_span)
            function_of(node, source, {*declared.parameters, *(inputs or ()), *(columns or ())})
        elif isinstance(node, Name):
            used.setdefault(node.name, node)

    found_inputs: list[str] = []
    parameters: list[str] = []
    constants: dict[str, float] = {}
    for name, node in used.items():
        if name in declared.parameters:
            parameters.append(name)
        elif name in own_constants:
            constants[name] = own_constants[name]
        elif name == responding and (columns is None or name in columns):
            raise on_both_sides(source, name, node.span)
        elif is_input(name, inputs, columns):
            found_inputs.append(name)
        elif name in CONSTANTS:
            constants[name] = CONSTANTS[name]
        else:
            check_parameter(node, source, declared, inputs, columns, used)
            parameters.append(name)
    if inputs is None and columns is None:
        found_inputs.sort(key=lambda name: int(name[1:] or -1))
    if columns is not None and inputs is None and not found_inputs and len(parameters) > 1:
        raise no_column_used(source, used, columns)
    return BoundModel(
        source=source,
        equation=equation,
        expression=equation.right,
        response=response,
        output=output,
        inputs=tuple(inputs) if inputs is not None else tuple(found_inputs),
        parameters=tuple(parameters),
        constants=MappingProxyType(constants),
    )


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


def _restore(
    source: Source, inputs: tuple[str, ...], parameters: tuple[str, ...], constants: Mapping[str, float]
) -> BoundModel:
    equation = parse(source)
    response, output, _ = left_side(equation, source)
    return BoundModel(
        source, equation, equation.right, response, output, inputs, parameters, MappingProxyType(constants)
    )


@lru_cache(maxsize=256)
def bind_text(source: Source, declared: Declared, columns: tuple[str, ...] | None) -> BoundModel:
    """Parse and bind a formula; the same text and declarations give the same model, bound once."""
    return bind(parse(source), source, declared, columns)


def sole_name(response: Expr | None) -> str | None:
    """Give the name that alone makes up the left side: y in ``y``, p in ``log(p)``, none in ``y/x``."""
    if response is None:
        return None
    names = {node.name for node in walk(response) if isinstance(node, Name)}
    return names.pop() if len(names) == 1 else None


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


def left_side(equation: Equation, source: Source) -> tuple[Expr | None, str | None, tuple[str, ...] | None]:
    """Read the left side: the response, its name, and the inputs that ``f(t) =`` names."""
    left = equation.left
    match left:
        case None:
            return None, None, None
        case Name(name):
            return left, name, None
        case Call(function, arguments) if equation.relation == "=" and names_inputs(function):
            names = tuple([argument.name for argument in arguments if isinstance(argument, Name)])
            if len(names) < len(arguments) or len(set(names)) < len(names) or not names:
                raise source.error(
                    FormulaSyntaxError,
                    left.span,
                    f"the brackets of '{function}' must name its inputs, each once",
                    f"Write for example {function}(t) = a*t + b.",
                )
            return Name(function, left.name_span), function, names
        case Call(function) if function not in FUNCTIONS and closest(function, FUNCTIONS) is None:
            raise source.error(
                NameResolutionError,
                left.name_span,
                f"unknown function '{function}'",
                f"To name the inputs of the model write =, as in {function}(t) = a*t + b.",
            )
        case _:
            for node in walk(left):
                if isinstance(node, Call):
                    function_of(node, source, ())
            return left, None, None


def names_inputs(function: str) -> bool:
    """Say whether ``function(t) =`` names the inputs; a known function transforms a column instead."""
    return function not in FUNCTIONS or FUNCTIONS[function].symbol


def function_of(call: Call, source: Source, values: Collection[str]) -> Function:
    """Look up the function of a call and check the number of its arguments."""
    function = FUNCTIONS.get(call.function)
    if function is None:
        if call.function in values:
            raise source.error(
                NameResolutionError,
                call.name_span,
                f"'{call.function}' is a value, not a function",
                f"For a product write {call.function}*( ... ).",
            )
        match = closest(call.function, FUNCTIONS)
        hint = f"Did you mean '{match}'?" if match else f"For a product write {call.function}*( ... )."
        hint += " Run `lml functions` for the list."
        raise source.error(NameResolutionError, call.name_span, f"unknown function '{call.function}'", hint)
    given, wanted = len(call.arguments), len(function.arguments)
    if (given < wanted) if function.variadic else (given != wanted):
        takes = f"{wanted}{' or more' if function.variadic else ''} argument{'s' if wanted > 1 else ''}"
        raise source.error(
            ArityError,
            call.span,
            f"{call.function} takes {takes}, {given} {'is' if given == 1 else 'are'} given",
            f"{call.function}({', '.join(function.arguments)}): {function.doc}.",
        )
    return function


def check_parameter(
    node: Name,
    source: Source,
    declared: Declared,
    inputs: Sequence[str] | None,
    columns: Collection[str] | None,
    used: Mapping[str, Name],
) -> None:
    """Refuse a free name that is more likely a slip than a parameter."""
    name = node.name
    function = FUNCTIONS.get(name)
    if function is not None and not function.symbol:
        raise source.error(
            NameResolutionError,
            node.span,
            f"'{name}' is a function and needs its argument",
            f"Write {name}({', '.join(function.arguments)}).",
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
