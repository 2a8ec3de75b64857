"""The left side of a formula: the response, its names, and the inputs that ``f(t) =`` names."""

from __future__ import annotations

from collections.abc import Collection

from lambdaml_dsl.errors import FormulaSyntaxError, NameResolutionError
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS
from lambdaml_dsl.language.bound import Declared
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.inline import Inliner
from lambdaml_dsl.language.nodes import Call, Equation, Expr, Name, Number, Series, Vector
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import Vocabulary, physical_constant


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


def names_in(response: Expr | None, alone: bool = False) -> set[str]:
    """Give the names on the left side; with `alone`, only where there is one: p in ``log(p)``."""
    if response is None:
        return set()
    names = {node.name for node in walk(response) if isinstance(node, Name)}
    return names if len(names) == 1 or not alone else set()
