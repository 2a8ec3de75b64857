"""Definitions put in: what is left are inputs, parameters, constants and the functions of the tables.

In: an expression and the definitions that it may use: its own, those of library files, the prelude. Out: an
expression without definitions and without series, whose shared parts are shared nodes. Parts that come from
a library stand, for messages, where the library's function is called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import TypeAlias

from lambdaml_dsl.errors import ArityError, FormulaSyntaxError, LimitError, NameResolutionError, counted
from lambdaml_dsl.language.constants import CONSTANTS
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Conditional,
    Definition,
    Expr,
    Name,
    Number,
    Series,
    Unary,
    children,
    with_children,
)
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.shapes import whole_number
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.traversal import fold

MAX_PARTS = 300_000
"""So many nodes may be made while definitions are put in: a few lines could ask for billions."""

MAX_DEPTH = 100
"""Definitions that use definitions that use definitions, and series within series."""

MAX_TERMS = 10_000
"""Terms of one series."""


@dataclass(slots=True)
class Inliner:
    """Puts definitions in.

    Attributes
    ----------
    source : Source
        The text of the formula, for messages.
    own : mapping of str to Definition
        What the formula defines itself.
    library : callable
        Gives a function of library files or of the prelude by its name; None where there is none.
    registered : collection of str
        Python functions: in the formula they go before those of libraries.
    taken : collection of str
        Constants whose names mean something else in the formula; in a library they are constants still.
    """

    source: Source
    own: Mapping[str, Definition]
    library: Callable[[str], Definition | None]
    registered: Collection[str] = ()
    taken: Collection[str] = ()
    made: int = 0
    depth: int = 0
    active: list[tuple[str, bool]] = field(default_factory=list)
    values: dict[str, Expr] = field(default_factory=dict)
    calls: dict[tuple[int, tuple[int, ...]], tuple[Expr, tuple[Expr, ...]]] = field(default_factory=dict)

    def formula(self, expression: Expr) -> Expr:
        """Put all definitions into the model's own expression."""
        for name, definition in self.own.items():
            if definition.arguments is None:
                self.value(name, definition.span)  # in the order of the text: then none is deep in another
        return self.expand(expression, {})

    def value(self, name: str, span: Span) -> Expr:
        """Give what a defined value stands for."""
        if name not in self.values:
            self.enter(self.own[name], span)
            self.values[name] = self.expand(self.own[name].body, {})
            self.active.pop()
        return self.values[name]

    def enter(self, definition: Definition, span: Span) -> None:
        """Note that a definition is being put in; refuse one that needs itself."""
        name = definition.name
        here = (name, self.own.get(name) is definition)  # the formula and a library may both define it
        if here in self.active:
            chain = " -> ".join([*[each for each, _ in self.active[self.active.index(here) :]], name])
            raise self.source.error(
                NameResolutionError,
                span,
                f"'{name}' is defined by itself",
                f"The definitions go round: {chain}."
                if chain.count(">") > 1
                else "Use another name on one side.",
            )
        self.active.append(here)

    def expand(self, root: Expr, scope: Mapping[str, Expr], at: Span | None = None) -> Expr:
        """Put definitions and the arguments in `scope` into an expression.

        With `at`, the expression comes from a library, and all that is new stands there.
        """

        def combine(node: Expr, below: tuple[Expr, ...]) -> Expr:
            self.count(node.span if at is None else at)
            match node:
                case Name(name) if name in scope:
                    return scope[name]
                case Name(name) if at is None and name in self.own and self.own[name].arguments is None:
                    return self.value(name, node.span)
                case Call("piecewise"):
                    return nested(below, node.span if at is None else at)
                case Call(name) if at is None and name in self.own:
                    return self.call(self.own[name], below, node, None)
                case Name(name) if at is not None and name in self.taken:
                    return Number(CONSTANTS[name], at)
                case Call(name) if at is None and name in self.registered:
                    return with_children(node, below)
                case Call(name) if name not in FUNCTIONS and (definition := self.library(name)) is not None:
                    return self.call(definition, below, node, node.span if at is None else at)
                case Series():
                    return self.series(node, scope, at)
                case _:
                    if at is None and all(a is b for a, b in zip(children(node), below, strict=True)):
                        return node
                    return with_children(node, below, at)

        if self.depth > MAX_DEPTH:
            raise self.source.error(
                LimitError,
                root.span if at is None else at,
                f"definitions and series are nested more than {MAX_DEPTH} deep",
                "Write definitions in the order in which they use each other.",
            )
        self.depth += 1
        result = fold(root, combine, below_series)
        self.depth -= 1
        return result

    def call(self, definition: Definition, given: tuple[Expr, ...], call: Call, at: Span | None) -> Expr:
        """Give a function's body with its arguments put in; the same call twice is one node."""
        key = (id(definition), tuple(map(id, given)))
        if key in self.calls:
            return self.calls[key][0]
        arguments = definition.arguments or ()
        scope = {argument.name: value for argument, value in zip(arguments, given, strict=False)}
        self.enter(definition, call.span if at is None else at)
        for argument in arguments[len(given) :]:
            assert argument.default is not None
            scope[argument.name] = self.expand(argument.default, dict(scope), at)
        body = self.expand(definition.body, scope, at)
        self.active.pop()
        self.calls[key] = (body, given)  # the arguments are kept: their identities are the key
        return body

    def series(self, node: Series, scope: Mapping[str, Expr], at: Span | None) -> Expr:
        """Write a series out, term by term."""
        ends = []
        for end in (node.low, node.high):
            number = whole_number(self.expand(end, scope, at))
            if number is None:
                raise self.source.error(
                    FormulaSyntaxError,
                    end.span if at is None else at,
                    "the ends of a series are whole numbers that are written out",
                    f"Write for example {node.function}({node.index} in 0..2: ...).",
                )
            ends.append(number)
        low, high = ends
        if high < low:
            raise self.source.error(
                FormulaSyntaxError,
                node.span if at is None else at,
                f"the series has no term: {high} is below {low}",
            )
        if high - low >= MAX_TERMS:
            raise self.source.error(
                LimitError,
                node.span if at is None else at,
                f"the series has {high - low + 1:,} terms, more than the limit of {MAX_TERMS:,}",
            )
        span = node.span if at is None else at
        terms = [
            self.expand(node.body, {**scope, node.index: number_node(k, node.index_span)}, at)
            for k in range(low, high + 1)
        ]
        return SERIES[node.function](terms, span)

    def count(self, span: Span) -> None:
        """Count a node; refuse what grows without end."""
        self.made += 1
        if self.made > MAX_PARTS:
            raise self.source.error(
                LimitError,
                span,
                f"the formula grows to more than {MAX_PARTS:,} parts when its definitions are put in",
                "Use fewer levels of definitions, or shorter series.",
            )


def below_series(node: Expr) -> tuple[Expr, ...]:
    """Give the parts of a node; those of a series wait until its index has a value."""
    return () if isinstance(node, Series) else children(node)


def number_node(value: int, span: Span) -> Expr:
    """Give a whole number as a literal."""
    return Number(float(value), span) if value >= 0 else Unary("-", Number(float(-value), span), span)


def nested(parts: tuple[Expr, ...], span: Span) -> Expr:
    """Write ``piecewise(test, value, test, value, ..., otherwise)`` as choices within choices."""
    result = parts[-1]
    for k in range(len(parts) - 3, -1, -2):
        result = Conditional(parts[k + 1], parts[k], result, span)
    return result


Joiner: TypeAlias = Callable[[list[Expr], Span], Expr]


def joined(operator: str) -> Joiner:
    """Make what joins terms by an operator, from the left."""
    return lambda terms, span: reduce(lambda left, right: Binary(operator, left, right, span), terms)


def chosen(function: str) -> Joiner:
    """Make what gives one of the terms, the smallest or the largest."""
    return lambda terms, span: terms[0] if len(terms) == 1 else Call(function, tuple(terms), span, span)


def averaged(terms: list[Expr], span: Span) -> Expr:
    """Give the mean of terms."""
    return Binary("/", joined("+")(terms, span), number_node(len(terms), span), span)


SERIES: Mapping[str, Joiner] = MappingProxyType(
    {
        "sum": joined("+"),
        "prod": joined("*"),
        "mean": averaged,
        "min": chosen("min"),
        "max": chosen("max"),
    }
)
"""What a series can be made of: the terms become one expression."""


def check_call(definition: Definition, call: Call, source: Source) -> None:
    """Refuse a wrong number of arguments for a function that is defined in the language."""
    arguments = definition.arguments
    given = len(call.arguments)
    if arguments is None:
        raise source.error(
            NameResolutionError,
            call.name_span,
            f"'{call.function}' is a value, not a function",
            f"For a product write {call.function}*( ... ).",
        )
    fewest = sum(argument.default is None for argument in arguments)
    if not fewest <= given <= len(arguments):
        wanted = (
            counted(fewest, "argument")
            if fewest == len(arguments)
            else f"{fewest} to {len(arguments)} arguments"
        )
        hint = signature(definition) + (f": {definition.doc}" if definition.doc else "")
        raise source.error(
            ArityError,
            call.span,
            f"{call.function} takes {wanted}, {given} {'is' if given == 1 else 'are'} given",
            hint if hint.endswith(".") else hint + ".",
        )


def signature(definition: Definition) -> str:
    """Show a function with its arguments and their defaults."""
    shown = [
        argument.name if argument.default is None else f"{argument.name} = {to_text(argument.default)}"
        for argument in definition.arguments or ()
    ]
    return f"{definition.name}({', '.join(shown)})"
