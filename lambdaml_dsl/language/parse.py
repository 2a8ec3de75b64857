"""Text to syntax tree: Lark runs the grammar, `TreeBuilder` makes the nodes.

All of Lark's exceptions stop here and come out as `FormulaSyntaxError`, in the words of
`lambdaml_dsl.language.diagnosis`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput

from lambdaml_dsl.errors import FormulaSyntaxError, LimitError
from lambdaml_dsl.language.declarations import (
    Attribute,
    Declaration,
    Directive,
    EquationStatement,
    Setting,
    Statement,
)
from lambdaml_dsl.language.diagnosis import WORDS, bad_character, diagnose
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Equation,
    Expr,
    Name,
    Number,
    Unary,
)
from lambdaml_dsl.language.source import Source, Span

MAX_CHARACTERS = 200_000
"""A formula of 20,000 terms fits; a megabyte of ``+1`` is refused before any work is done on it."""

MAX_NESTING = 200
"""Brackets within brackets, as in Python's own parser."""


class Refusal(Exception):  # noqa: N818  (it never leaves this module)
    """Carries what is wrong and where, from inside Lark to the place that knows the source."""

    def __init__(self, kind: type[FormulaSyntaxError | LimitError], span: Span, problem: str, hint: str = ""):
        super().__init__(problem)
        self.kind, self.span, self.problem, self.hint = kind, span, problem, hint


def span_of(token: Token) -> Span:
    """Give the place of a token."""
    return Span(token.start_pos or 0, token.end_pos or 0)


class BracketNewlines:
    """Drops line breaks inside brackets, as Python does, and refuses what is nested too deeply."""

    always_accept = ("_NEWLINE",)
    openers = frozenset({"LPAR", "LSQB"})
    closers = frozenset({"RPAR", "RSQB"})

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Pass tokens on, without the line breaks that mean nothing."""
        depth = 0
        for token in stream:
            if token.type in self.openers:
                depth += 1
                if depth > MAX_NESTING:
                    raise Refusal(
                        LimitError,
                        span_of(token),
                        f"brackets are nested more than {MAX_NESTING} deep",
                        "Name a part of the formula, or write it with fewer brackets.",
                    )
            elif token.type in self.closers:
                depth -= 1
            if depth <= 0 or token.type != "_NEWLINE":
                yield token


class TreeBuilder(Transformer[Token, Any]):
    """Makes one node of each rule of the grammar; its methods are named after the rules."""

    def number(self, parts: list[Token]) -> Number:
        """Read a literal; one too large for a float64 is an error, not infinity."""
        token = parts[0]
        return Number(read_number(token), span_of(token))

    def name(self, parts: list[Token]) -> Name:
        """Read a bare name."""
        token = parts[0]
        check_name(token)
        return Name(str(token), span_of(token))

    def call(self, parts: list[Any]) -> Call:
        """Read a function with its arguments."""
        token, _, arguments, closing = parts
        check_name(token)
        return Call(
            str(token), tuple(arguments or ()), Span(token.start_pos, closing.end_pos), span_of(token)
        )

    def arguments(self, parts: list[Expr | None]) -> list[Expr]:
        """Read the arguments of a call."""
        return [part for part in parts if part is not None]

    def group(self, parts: list[Any]) -> Expr:
        """Read a bracket: the node within, its span widened so that quoting it shows the brackets."""
        opening, node, closing = parts
        # The node was made a moment ago and nothing else holds it: widening is still part of making it.
        object.__setattr__(node, "span", Span(opening.start_pos, closing.end_pos))
        return node  # type: ignore[no-any-return]

    def unary(self, parts: list[Any]) -> Unary:
        """Read a sign or ``not``."""
        token, operand = parts
        return Unary(str(token), operand, Span(token.start_pos, operand.span.end))

    def binary(self, parts: list[Any]) -> Binary:
        """Read an operator between two operands."""
        left, token, right = parts
        operator = "**" if token == "^" else str(token)
        return Binary(operator, left, right, Span(left.span.start, right.span.end))

    def compare(self, parts: list[Any]) -> Compare:
        """Read a chain of comparisons."""
        operators = tuple([str(token) for token in parts[1::2]])
        return Compare(operators, tuple(parts[::2]), Span(parts[0].span.start, parts[-1].span.end))

    def conditional(self, parts: list[Expr]) -> Conditional:
        """Read ``body if test else orelse``."""
        body, test, orelse = parts
        return Conditional(body, test, orelse, Span(body.span.start, orelse.span.end))

    def equation(self, parts: list[Any]) -> Equation:
        """Read a formula with or without a left side."""
        first, relation, second = parts
        return Equation(first) if relation is None else Equation(second, first, str(relation))

    def formula(self, parts: list[Equation]) -> Equation:
        """Read a formula between line breaks."""
        return parts[0]

    def _declaration(self, parts: list[Any]) -> Declaration:
        keyword, name, *attributes = parts
        check_name(name)
        return Declaration(str(keyword), str(name), tuple(attributes), span_of(name))

    input = output = param = const = _declaration

    def _attribute(self, kind: str, parts: list[Any]) -> Attribute:
        first, last = parts[0], parts[-1]
        end = span_of(last).end if isinstance(last, Token) else last.span.end
        expressions = tuple([part for part in parts if not isinstance(part, Token)])
        return Attribute(kind, Span(span_of(first).start, end), str(first), expressions)

    def value(self, parts: list[Any]) -> Attribute:
        """Read ``= value``."""
        return self._attribute("value", parts)

    def limit(self, parts: list[Any]) -> Attribute:
        """Read ``> value``."""
        return self._attribute("limit", parts)

    def interval(self, parts: list[Any]) -> Attribute:
        """Read ``in [low, high]``."""
        return self._attribute("interval", parts)

    def fixed(self, parts: list[Token]) -> Attribute:
        """Read ``fixed``."""
        return self._attribute("fixed", parts)

    def unit(self, parts: list[Token]) -> Attribute:
        """Read ``[unit]``."""
        return Attribute("unit", span_of(parts[0]), parts[0][1:-1].strip())

    def doc(self, parts: list[Token]) -> Attribute:
        """Read the description of a name."""
        return Attribute("doc", span_of(parts[0]), parts[0][1:-1])

    def setting(self, parts: list[Token]) -> Setting:
        """Read one line of a block."""
        name, _, value = parts
        content: str | float = str(value)
        if value.type == "STRING":
            content = value[1:-1]
        elif value.type == "SIGNED_NUMBER":
            content = read_number(value)
        return Setting(str(name), content, value.type == "STRING", span_of(name), span_of(value))

    def block(self, parts: list[Any]) -> tuple[Setting, ...]:
        """Read a block of settings."""
        return tuple(part for part in parts if isinstance(part, Setting))

    def model(self, parts: list[Token]) -> Directive:
        """Read the title of a model."""
        return Directive("model", parts[1][1:-1], (), span_of(parts[1]))

    def data(self, parts: list[Any]) -> Directive:
        """Read the data file of a model."""
        return Directive("data", parts[1][1:-1], parts[2] or (), span_of(parts[1]))

    def fit(self, parts: list[Any]) -> Directive:
        """Read the options of a fit."""
        return Directive("fit", "", parts[1], span_of(parts[0]))

    def equation_statement(self, parts: list[Equation]) -> EquationStatement:
        """Read the equation of a model file."""
        equation = parts[0]
        start = (equation.left or equation.right).span.start
        return EquationStatement(equation, Span(start, equation.right.span.end))

    def model_file(self, parts: list[Statement]) -> tuple[Statement, ...]:
        """Read a whole model file."""
        return tuple(parts)


def read_number(token: Token) -> float:
    """Give the value of a literal, or refuse one that no float64 can hold."""
    value = float(token)
    if math.isinf(value):
        shown = token if len(token) <= 20 else f"{token[:17]}..."
        raise Refusal(
            FormulaSyntaxError,
            span_of(token),
            f"the number {shown} is too large",
            "The largest number is about 1.8e308.",
        )
    return value


def check_name(token: Token) -> None:
    """Refuse a word of the language, or a character such as a superscript, where a name is needed."""
    if token in WORDS:
        raise Refusal(
            FormulaSyntaxError,
            span_of(token),
            f"'{token}' is a word of the language and cannot be a name",
            WORDS[token],
        )
    if not token.isidentifier():
        at = next(i for i in range(1, len(token) + 1) if not token[:i].isidentifier()) - 1
        span, problem, hint = bad_character(token, at)
        start = span_of(token).start
        raise Refusal(FormulaSyntaxError, Span(start + span.start, start + span.end), problem, hint)


def grammar_text() -> str:
    """Give the text of the grammar: beside the package in a checkout, within it when installed."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "grammar" / "lambdaml.lark"
    path = installed if installed.exists() else package.parent / "grammar" / "lambdaml.lark"
    return path.read_text(encoding="utf-8")


@cache
def parser() -> Lark:
    """Build the parser, at first use."""
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        start=["formula", "model_file"],
        transformer=TreeBuilder(),
        postlex=BracketNewlines(),
        maybe_placeholders=True,
        propagate_positions=False,
    )


def run(source: Source, start: str) -> Any:
    """Run the parser from one of the grammar's start symbols; every failure is an error of ours."""
    if len(source.text) > MAX_CHARACTERS:
        raise LimitError(
            f"the text has {len(source.text):,} characters, more than the limit of {MAX_CHARACTERS:,}",
            place=source.name,
            hint="Shorten it; a sum of many like terms is better said over columns of data.",
        )
    try:
        return parser().parse(source.text, start=start)
    except Refusal as refusal:
        raise source.error(refusal.kind, refusal.span, refusal.problem, refusal.hint) from None
    except UnexpectedInput as unexpected:
        span, problem, hint = diagnose(source.text, unexpected, start == "model_file")
    raise source.error(FormulaSyntaxError, span, problem, hint)


@lru_cache(maxsize=256)
def parse(source: Source) -> Equation:
    """Parse one formula.

    Parameters
    ----------
    source : Source
        The text, with or without a left side ``y ~``.

    Returns
    -------
    Equation
        The syntax tree; every node knows its place in the text.

    Raises
    ------
    FormulaSyntaxError
        The text is not a formula; the error points at the place.
    LimitError
        The text is too long or too deep.

    Examples
    --------
    >>> parse(Source("y ~ a*x")).right
    Binary('*', Name('a'), Name('x'))
    """
    if not any(line.partition("#")[0].strip() for line in source.text.splitlines()):
        raise source.error(
            FormulaSyntaxError, Span(0, 0), "the formula is empty", "Write an expression such as a*exp(-b*x)."
        )
    equation: Equation = run(source, "formula")
    return equation


def parse_model_file(source: Source) -> tuple[Statement, ...]:
    """Parse a model file into its statements, as written.

    Raises
    ------
    FormulaSyntaxError
        The text is not a model file; the error points at the place.
    LimitError
        The text is too long or too deep.
    """
    statements: tuple[Statement, ...] = run(source, "model_file")
    return statements
