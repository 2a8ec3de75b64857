"""Slips: what a formula says that is more likely a mistake than a model, each with its error.

In: the formula, and what its names are. Out: nothing, or the error that points at the slip.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from lambdaml_dsl.errors import FormulaSyntaxError, NameResolutionError, suggestion
from lambdaml_dsl.language.bound import Declared
from lambdaml_dsl.language.lookalike import confusable
from lambdaml_dsl.language.nodes import Call, Compare, Equation, Name, Series
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import Vocabulary


def check_is_no_test(equation: Equation, source: Source) -> None:
    """Refuse to fit a comparison: ``y == a*x`` was meant as an equation."""
    if equation.left is None and isinstance(equation.right, Compare):
        raise source.error(
            FormulaSyntaxError,
            equation.right.span,
            "this compares, and names no response",
            "For an equation write ~ or =, as in y ~ a*x.",
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


def check_all_used(equation: Equation, source: Source) -> None:
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


def no_column_used(source: Source, used: Mapping[str, Name], columns: Collection[str]) -> NameResolutionError:
    """Make the error for a formula none of whose names is in the data."""
    return source.error(
        NameResolutionError,
        next(iter(used.values())).span,
        f"no column of the data is used; the formula's names are {', '.join(used)}",
        f"The data have the columns: {', '.join(columns)}." if columns else "The data have no columns.",
    )


def on_both_sides(source: Source, name: str, span: Span) -> NameResolutionError:
    """Make the error for a response that the model uses."""
    hint = "The right side may use inputs and parameters, not the response itself."
    return source.error(NameResolutionError, span, f"'{name}' stands on both sides", hint)
