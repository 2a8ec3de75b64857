"""Which statement of a formula is the model, and what the others define.

The model is the statement with ``~``; where there is none, the last. All others are definitions,
``name = ...`` or ``name(argument, argument = default) = ...``, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lambdaml_dsl.errors import FormulaSyntaxError
from lambdaml_dsl.language.declarations import EquationStatement
from lambdaml_dsl.language.diagnosis import STATEMENTS
from lambdaml_dsl.language.nodes import Argument, Call, Definition, Equation, Name, Vector
from lambdaml_dsl.language.source import Source, Span

HOW_TO_DEFINE = "A definition is written name = ..., or name(u) = ... for a function."
NAME_OR_JOIN = (
    "To name its value write name = ...; to continue a formula on the next line, put it in brackets."
)


def choose_model(source: Source, statements: Sequence[EquationStatement]) -> EquationStatement:
    """Find the statement that is the model among one or more.

    Raises
    ------
    FormulaSyntaxError
        There are two models, or the model's left side has defaults.
    """
    marked = [statement for statement in statements if statement.equation.relation == "~"]
    if len(marked) > 1:
        line = source.excerpt(marked[0].span).line
        raise source.error(
            FormulaSyntaxError,
            marked[1].span,
            f"a second model; the first is in line {line}",
            "A formula has one ~. Several outputs are written [u, v] ~ [ ... , ... ].",
        )
    model = marked[0] if marked else statements[-1]
    for default in model.defaults:
        if default is not None:
            raise source.error(
                FormulaSyntaxError,
                default.span,
                "the model's inputs have no defaults",
                "If this is meant as a definition, write the model behind it."
                if len(statements) == 1
                else "The last statement, or the one with ~, is the model.",
            )
    return model


def equation_of(source: Source, statements: Sequence[EquationStatement]) -> Equation:
    """Put the statements of a formula together: the model, with the definitions beside it.

    Raises
    ------
    FormulaSyntaxError
        There are two models, a statement is neither the model nor a definition, or a name is
        defined twice.
    """
    model = choose_model(source, statements)
    if len(statements) == 1:
        return model.equation
    others = [statement for statement in statements if statement is not model]
    return replace(model.equation, definitions=definitions_of(source, others))


def definitions_of(source: Source, statements: Sequence[EquationStatement]) -> tuple[Definition, ...]:
    """Read statements as definitions, each of another name."""
    found: dict[str, Definition] = {}
    for statement in statements:
        definition = definition_of(source, statement)
        if definition.name in found:
            line = source.excerpt(found[definition.name].span).line
            raise source.error(
                FormulaSyntaxError,
                definition.span,
                f"'{definition.name}' is defined a second time; the first is in line {line}",
                "Give one of the two another name.",
            )
        found[definition.name] = definition
    return tuple(found.values())


def definition_of(source: Source, statement: EquationStatement) -> Definition:
    """Read one statement as a definition."""
    left, right = statement.equation.left, statement.equation.right
    word = right.name if left is None and isinstance(right, Name) else ""
    if word in STATEMENTS:
        problem, hint = f"this '{word}' line cannot be read", f"Write for example: {STATEMENTS[word]}"
        raise source.error(FormulaSyntaxError, statement.span, problem, hint)
    if statement.equation.relation != "=":
        problem = "this statement is neither a definition nor the last one, which is the model"
        raise source.error(FormulaSyntaxError, statement.span, problem, NAME_OR_JOIN)
    match left:
        case Name(name) if "." not in name:
            return Definition(name, None, right, statement.doc, left.span)
        case Call(name):
            return Definition(
                name, arguments_of(source, left, statement), right, statement.doc, left.name_span
            )
        case Vector():
            hint = "Give each its own: u = ...; v = ... ."
        case _:
            hint = HOW_TO_DEFINE
    span = statement.span if left is None else left.span
    raise source.error(FormulaSyntaxError, span, "a definition has one name on its left side", hint)


def arguments_of(source: Source, left: Call, statement: EquationStatement) -> tuple[Argument, ...]:
    """Read the arguments that a definition names in its brackets."""
    if not left.arguments:
        raise nameless(source, left, left.span)
    found: dict[str, Argument] = {}
    for argument, default in zip(left.arguments, statement.defaults, strict=True):
        if not isinstance(argument, Name) or "." in argument.name:
            raise nameless(source, left, argument.span)
        name, span = argument.name, argument.span
        if name in found:
            problem = f"the argument '{name}' of '{left.function}' stands twice"
            raise source.error(FormulaSyntaxError, span, problem, "Give one of the two another name.")
        before = [earlier for earlier in found.values() if earlier.default is not None]
        if before and default is None:
            raise source.error(
                FormulaSyntaxError,
                span,
                f"the argument '{name}' needs a default, since '{before[0].name}' before it has one",
                f"Arguments with a default come last: {left.function}({name}, {before[0].name} = ...).",
            )
        found[name] = Argument(name, default, span)
    return tuple(found.values())


def nameless(source: Source, left: Call, span: Span) -> FormulaSyntaxError:
    """Make the error for a function whose brackets hold anything but names."""
    problem = f"the brackets of '{left.function}' must name its arguments"
    return source.error(FormulaSyntaxError, span, problem, f"Write for example {left.function}(u) = u^2.")
