"""Tokens to nodes: one method for each rule of the grammar, by its name."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from lark import Token, Transformer

from lambdaml_dsl.errors import FormulaSyntaxError, closest
from lambdaml_dsl.language.declarations import (
    Attribute,
    Declaration,
    Directive,
    EquationStatement,
    Setting,
    Statement,
)
from lambdaml_dsl.language.diagnosis import (
    BEGINNINGS,
    NO_NAMES,
    STATEMENTS,
    WORDS,
    bad_character,
    bad_letter_at,
)
from lambdaml_dsl.language.lexer import Refusal, span_of
from lambdaml_dsl.language.lookalike import normal_form
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Equation,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
)
from lambdaml_dsl.language.source import Span

PLAIN = {
    "^": "**",
    "·": "*",
    "\N{GREEK ANO TELEIA}": "*",
    "×": "*",  # noqa: RUF001
    "∙": "*",
    "⋅": "*",
    "∗": "*",  # noqa: RUF001
    "÷": "/",
    "−": "-",  # noqa: RUF001
    "–": "-",  # noqa: RUF001
    "\N{HYPHEN}": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "√": "sqrt",
    "∛": "cbrt",
}
"""What is written in papers, as the language has it."""


@dataclass(frozen=True, slots=True)
class Default:
    """An argument with a default, on its way from the brackets of a left side to its statement."""

    argument: Expr
    value: Expr


class TreeBuilder(Transformer[Token, Any]):
    """Makes one node of each rule of the grammar; its methods are named after the rules."""

    def number(self, parts: list[Token]) -> Number:
        """Read a literal; one too large for a float64 is an error, not infinity."""
        token = parts[0]
        return Number(read_number(token), span_of(token))

    def name(self, parts: list[Token]) -> Name:
        """Read a bare name."""
        token = parts[0]
        return Name(read_name(token), span_of(token))

    def call(self, parts: list[Any]) -> Call:
        """Read a function with its arguments."""
        token, _, arguments, closing = parts
        name = read_name(token)
        return Call(name, tuple(arguments or ()), Span(token.start_pos, closing.end_pos), span_of(token))

    def series(self, parts: list[Any]) -> Series:
        """Read ``sum(i in low..high: body)``."""
        token, _, index, _, low, _, high, _, body, closing = parts
        return Series(
            read_name(token),
            read_name(index),
            low,
            high,
            body,
            Span(token.start_pos, closing.end_pos),
            span_of(token),
            span_of(index),
        )

    def arguments(self, parts: list[Expr | None]) -> list[Expr]:
        """Read the arguments of a call."""
        return [part for part in parts if part is not None]

    def default(self, parts: list[Any]) -> Default:
        """Read ``name = value`` between the brackets of a left side."""
        argument, _, value = parts
        if not isinstance(argument, Name):
            problem = "an argument of a definition must be a name"
            raise Refusal(FormulaSyntaxError, argument.span, problem, "Write for example g(u, s = 1) = u/s.")
        return Default(argument, value)

    def vector(self, parts: list[Any]) -> Vector:
        """Read ``[a, b]``."""
        items = tuple([part for part in parts[1:-1] if part is not None])
        return Vector(items, Span(parts[0].start_pos, parts[-1].end_pos))

    def index(self, parts: list[Any]) -> Index:
        """Read ``w[0]``."""
        value, _, *subscripts, closing = parts
        return Index(value, tuple(subscripts), Span(value.span.start, closing.end_pos))

    def slice(self, parts: list[Any]) -> Slice:
        """Read ``start:stop:step`` or a part of it."""
        start, _, stop, _, step = parts
        written = [span_of(part) if isinstance(part, Token) else part.span for part in parts if part]
        return Slice(start, stop, step, Span(written[0].start, written[-1].end))

    def group(self, parts: list[Any]) -> Expr:
        """Read a bracket: the node within, its span widened so that quoting it shows the brackets."""
        opening, node, closing = parts
        # The node was made a moment ago and nothing else holds it: widening is still part of making it.
        object.__setattr__(node, "span", Span(opening.start_pos, closing.end_pos))
        return node  # type: ignore[no-any-return]

    def unary(self, parts: list[Any]) -> Unary:
        """Read a sign or ``not``."""
        token, operand = parts
        return Unary(PLAIN.get(token, str(token)), operand, Span(token.start_pos, operand.span.end))

    def binary(self, parts: list[Any]) -> Binary:
        """Read an operator between two operands."""
        left, token, right = parts
        return Binary(PLAIN.get(token, str(token)), left, right, Span(left.span.start, right.span.end))

    def raised(self, parts: list[Any]) -> Binary:
        """Read ``x²`` or ``x⁻¹``."""
        base, token = parts
        start, end = span_of(token)
        exponent: Expr
        if unicodedata.digit(token[0], None) is None:
            digits = Token("NUMBER", unicodedata.normalize("NFKC", token[1:]), start + 1, end_pos=end)
            sign = "-" if token[0] == "⁻" else "+"
            exponent = Unary(sign, Number(read_number(digits), span_of(digits)), Span(start, end))
        else:
            digits = Token("NUMBER", unicodedata.normalize("NFKC", token), start, end_pos=end)
            exponent = Number(read_number(digits), Span(start, end))
        return Binary("**", base, exponent, Span(base.span.start, end))

    def rooted(self, parts: list[Any]) -> Call:
        """Read ``√x``."""
        token, operand = parts
        return Call(PLAIN[token], (operand,), Span(token.start_pos, operand.span.end), span_of(token))

    def compare(self, parts: list[Any]) -> Compare:
        """Read a chain of comparisons."""
        operators = tuple([PLAIN.get(token, str(token)) for token in parts[1::2]])
        return Compare(operators, tuple(parts[::2]), Span(parts[0].span.start, parts[-1].span.end))

    def conditional(self, parts: list[Expr]) -> Conditional:
        """Read ``body if test else orelse``."""
        body, test, orelse = parts
        return Conditional(body, test, orelse, Span(body.span.start, orelse.span.end))

    def equation(self, parts: list[Any]) -> EquationStatement:
        """Read a statement of a formula: a definition, or the model with or without a left side."""
        first, relation, second = parts
        if relation is None:
            return EquationStatement(Equation(first), first.span)
        defaults: tuple[Expr | None, ...] = ()
        if isinstance(first, Call):
            first, defaults = without_defaults(first)
        span = Span(first.span.start, second.span.end)
        return EquationStatement(Equation(second, first, str(relation)), span, "", defaults)

    def formula(self, parts: list[EquationStatement]) -> tuple[EquationStatement, ...]:
        """Read all statements of a formula."""
        return tuple([part for part in parts if part is not None])

    def shape(self, parts: list[Any]) -> tuple[tuple[int, ...], Span]:
        """Read the shape of a declared name."""
        sizes = [part for part in parts[1:-1] if part is not None]
        for size in sizes:
            if not size.isdigit() or not int(size):
                raise Refusal(
                    FormulaSyntaxError,
                    span_of(size),
                    "a shape consists of whole numbers, 1 or more",
                    "A unit stands behind a blank: [kg].",
                )
        return tuple([int(size) for size in sizes]), Span(parts[0].start_pos, parts[-1].end_pos)

    def declared(self, parts: list[Any]) -> Declaration:
        """Read a declared name with its shape and attributes; of which kind it is, the line says."""
        name, shape, *attributes = parts
        sizes, place = shape or ((), span_of(name))
        span = Span(span_of(name).start, place.end)
        for attribute in attributes:
            if attribute.kind == "unit":
                check_unit(attribute, directly=attribute.span.start == span.end)
        return Declaration("", read_name(name), tuple(attributes), span, sizes)

    def _declaration(self, parts: list[Any]) -> tuple[Declaration, ...]:
        keyword, *declared = parts
        return tuple([replace(each, kind=str(keyword)) for each in declared])

    input = output = param = const = _declaration

    def _attribute(self, kind: str, parts: list[Any]) -> Attribute:
        first, last = parts[0], parts[-1]
        end = span_of(last).end if isinstance(last, Token) else last.span.end
        expressions = tuple([part for part in parts if not isinstance(part, Token)])
        return Attribute(kind, Span(span_of(first).start, end), PLAIN.get(first, str(first)), expressions)

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

    def setting(self, parts: list[Any]) -> Setting:
        """Read one line of a block."""
        name, _, *sign, value = parts
        content: str | float = str(value)
        span = span_of(value)
        if value.type == "STRING":
            content = value[1:-1]
        elif value.type == "NUMBER":
            content = read_number(value)
            if sign[0] is not None:
                content = -content if PLAIN.get(sign[0], str(sign[0])) == "-" else content
                span = Span(sign[0].start_pos, span.end)
        return Setting(normal_form(name), content, value.type == "STRING", span_of(name), span)

    def block(self, parts: list[Any]) -> tuple[Setting, ...]:
        """Read a block of settings."""
        return tuple(part for part in parts if isinstance(part, Setting))

    def _quoted(self, parts: list[Token]) -> Directive:
        return Directive(str(parts[0]), parts[1][1:-1], (), span_of(parts[1]))

    model = use = _quoted

    def data(self, parts: list[Any]) -> Directive:
        """Read the data file of a model."""
        return Directive("data", parts[1][1:-1], parts[2] or (), span_of(parts[1]))

    def fit(self, parts: list[Any]) -> Directive:
        """Read the options of a fit."""
        return Directive("fit", "", parts[1], span_of(parts[0]))

    def equation_statement(self, parts: list[Any]) -> EquationStatement:
        """Read a definition or the model of a model file, with what is said of it."""
        statement, doc = parts
        if doc is None:
            return statement  # type: ignore[no-any-return]
        if statement.equation.left is None:
            raise stray_text(statement, doc)
        return EquationStatement(statement.equation, statement.span, doc[1:-1], statement.defaults)

    def model_file(self, parts: list[Statement | tuple[Declaration, ...] | None]) -> tuple[Statement, ...]:
        """Read a whole model file."""
        read: list[Statement] = []
        for part in parts:
            read += part if isinstance(part, tuple) else [] if part is None else [part]
        return tuple(read)


def stray_text(statement: EquationStatement, doc: Token) -> Refusal:
    """Refuse a text behind what is neither an equation nor a definition: a misspelt first word, perhaps."""
    match statement.equation.right:
        case Name(name, span):
            meant = closest(name, STATEMENTS)
            hint = f"Did you mean '{meant}'?" if meant else f"Lines begin with: {', '.join(BEGINNINGS)}."
            return Refusal(FormulaSyntaxError, span, f"'{name}' begins no statement", hint)
        case _:
            hint = "A description stands behind a declaration or a definition."
            return Refusal(FormulaSyntaxError, span_of(doc), f"the text {doc} cannot stand here", hint)


def without_defaults(call: Call) -> tuple[Call, tuple[Expr | None, ...]]:
    """Take the defaults of a left side out of its brackets."""
    given: tuple[Expr | Default, ...] = call.arguments
    names = tuple([part.argument if isinstance(part, Default) else part for part in given])
    defaults = tuple([part.value if isinstance(part, Default) else None for part in given])
    return Call(call.function, names, call.span, call.name_span), defaults


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


def read_name(token: Token) -> str:
    """Give a name in its normal form; refuse a word of the language and characters that no name has."""
    at = bad_letter_at(token)
    if at is not None:
        span, problem, hint = bad_character(token, at)
        start = span_of(token).start
        raise Refusal(FormulaSyntaxError, Span(start + span.start, start + span.end), problem, hint)
    name = str(normal_form(token))
    if name in WORDS:
        problem = f"'{name}' is a word of the language and cannot be a name"
        raise Refusal(FormulaSyntaxError, span_of(token), problem, WORDS[name])
    if name in NO_NAMES:
        raise Refusal(FormulaSyntaxError, span_of(token), f"'{name}' cannot be a name", NO_NAMES[name])
    return name


def check_unit(unit: Attribute, *, directly: bool) -> None:
    """Refuse a unit that was meant as a shape; `directly` where no blank is before it."""
    looks = r"[-+0-9.]+|\w+(\s*,\s*\w+)+" if directly else r"[0-9]+"
    if unit.text != "1" and re.fullmatch(looks, unit.text):
        problem = f"[{unit.text}] stands for a unit, but looks like a shape"
        hint = "A shape follows the name without a blank, in whole numbers: a[2], W[8, 2]."
        raise Refusal(FormulaSyntaxError, unit.span, problem, hint)
