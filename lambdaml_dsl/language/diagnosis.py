"""Why a text could not be parsed, in words that a scientist can act on.

In: the text and Lark's exception. Out: the span to point at, the problem, the way out. Tables of
what people paste and type come first; the general cases after them.
"""
# ruff: noqa: RUF001  (the characters that are easily taken for others are the subject here)

from __future__ import annotations

import re
import unicodedata

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from lambdaml_dsl.errors import closest
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.source import Span

Finding = tuple[Span, str, str]

ROUND = "Brackets in a formula are round: ( )."
CHOICE = "A choice is written: a if x > 0 else b."

WORDS = {
    "if": CHOICE,
    "else": CHOICE,
    "and": "It stands between two conditions, as in x > 0 and x < 1.",
    "or": "It stands between two conditions, as in x < 0 or x > 1.",
    "not": "It stands before a condition, as in not x > 1; for 'not equal' write !=.",
}
"""The words of the language that can never be names, and how each is used."""

PASTED = {
    "\\": "This looks like LaTeX; write a/b for \\frac{a}{b}, sqrt(x) for \\sqrt{x}, alpha for \\alpha.",
    "$": "This looks like LaTeX; write it plainly, without the $ signs.",
    "{": ROUND,
    "}": ROUND,
    "]": ROUND,
    "[": f"{ROUND} A name with an index is written a0 or a_0.",
    "&": "For a logical and write: and.",
    "|": "For a logical or write: or; for an absolute value: abs(x).",
    "!": "For 'not equal' write !=; for a logical not: not; for a factorial: gamma(n + 1).",
    "×": "For a product write *.",
    "·": "For a product write *.",
    "∙": "For a product write *.",
    "⋅": "For a product write *.",
    "÷": "For a quotient write /.",
    "−": "For a minus write the plain sign -.",
    "–": "For a minus write the plain sign -.",
    "—": "For a minus write the plain sign -.",
    "√": "For a square root write sqrt(x).",
    "≤": "Write <=.",
    "≥": "Write >=.",
    "≠": "Write !=.",
    ":": "Write one formula, such as y ~ a*x + b.",
    ";": "Write one formula, without a semicolon.",
    ",": "A comma stands between the arguments of a function; a decimal number is written 0.5.",
    "?": CHOICE,
    "'": "Names have no primes: write for example x1; and a formula holds no texts.",
    '"': "A formula holds no texts, only numbers and names.",
    ".": "A decimal number is written 0.5; names have no dots: exp(x), not np.exp(x); and * replaces .*",
    "=": "A formula has one =, between the response and the model; to compare, write ==.",
    "~": "A formula has one ~, between the response and the model.",
    "@": "For a product write *.",
}

RAISED_OR_LOWERED = {"<super>": "For a power write ^{}.", "<sub>": "An index is written plainly, as in x{}."}
"""By Unicode's own mark of what a superscript or subscript stands for."""

NOT_OPERATORS = {
    "//": "For a quotient rounded down write floor(a/b).",
    "***": "A product is *, a power is ^ or **.",
    "<>": "For 'not equal' write !=.",
    "=>": "Write >=.",
    "=<": "Write <=.",
    "===": "To compare, write ==.",
    "!==": "For 'not equal' write !=.",
}

QUOTED = frozenset({"model", "data"})
STATEMENTS = {
    "model": 'model "Growth of a pasture"',
    "input": 'input t [s] "time"',
    "output": 'output y [kg] "yield"',
    "param": "param a = 1 in [0, 10]",
    "const": "const g = 9.81",
    "data": 'data "file.csv"',
    "fit": "fit { sigma = s }",
    "fixed": "param a = 1 fixed",
    "bounds": "param a = 1 in [0, 10]",
}
FIRST_WORD = re.compile(r"[ \t]*(\w+)[ \t]*")

VALUE_STARTS = frozenset({"NUMBER", "SIGNED_NUMBER", "NAME", "LPAR"})
FOREIGN_BRACKETS = frozenset({"LSQB", "LBRACE", "RBRACE", "UNIT"})
OPERATOR_RUN = re.compile(r"[*/<>=!]{2,}")
LAST_SYMBOL = re.compile(r"\*\*|[<>=!]=|\w+|.$")
TEXT_OR_COMMENT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*")
CLOSING = {"(": ")", "[": "]", "{": "}"}


def diagnose(text: str, unexpected: UnexpectedInput, statements: bool = False) -> Finding:
    """Say what is wrong at the place where the parser stopped; `statements` in a model file."""
    text = TEXT_OR_COMMENT.sub(blank, text)
    if statements:
        found = misread_statement(text, unexpected.pos_in_stream or 0)
        if found is not None:
            return found
    match unexpected:
        case UnexpectedCharacters():
            return bad_character(text, unexpected.pos_in_stream or 0)
        case UnexpectedToken() if unexpected.token.type != "$END":
            return bad_token(text, unexpected.token, set(unexpected.accepts or unexpected.expected))
        case UnexpectedToken():
            return ends_early(text, len(text.rstrip()), set(unexpected.accepts or unexpected.expected))
        case UnexpectedEOF():
            return ends_early(text, len(text.rstrip()), set(unexpected.expected))
        case _:
            return Span(0, len(text)), "the text is not a formula", ""


def misread_statement(text: str, at: int) -> Finding | None:
    """Explain a line whose first word was meant to begin a declaration, and was read as a name."""
    line_start = text.rfind("\n", 0, at) + 1
    line = text[line_start:].partition("\n")[0]
    if line.lstrip().startswith("//"):
        return Span(at, at + 2), "'//' begins nothing", "A comment begins with #."
    if text[at : at + 1] == "," and open_bracket(text, at) in (None, text.rfind("{", 0, at)):
        return Span(at, at + 1), "',' cannot stand here", "Give each its own line, or put ; between settings."
    if text[at : at + 1] == "[" and "]" not in line[at - line_start :]:
        return Span(at, at + 1), "'[' is never closed", "Add a ']' where the unit should end."
    found = FIRST_WORD.match(text, line_start)
    if found is None or at != found.end():
        return None
    word, span = found[1], Span(*found.span(1))
    if word in QUOTED:
        rest = text[found.end() :].partition("\n")[0].strip()
        return span, f"this '{word}' line cannot be read", f'Write it in quotes: {word} "{rest}"'
    if word in STATEMENTS:
        return span, f"this '{word}' line cannot be read", f"Write for example: {STATEMENTS[word]}"
    meant = closest(word, STATEMENTS)
    return (span, f"'{word}' begins no statement", f"Did you mean '{meant}'?") if meant else None


def blank(found: re.Match[str]) -> str:
    """Hide a comment, and what a quoted text says, without moving anything."""
    shown = found[0]
    return " " * len(shown) if shown[0] == "#" else shown[0] + "_" * (len(shown) - 2) + shown[-1]


def bad_character(text: str, at: int) -> Finding:
    """Name a character that no token begins with."""
    character = text[at]
    kind = unicodedata.decomposition(character).partition(" ")[0]
    end = at + 1
    while kind in RAISED_OR_LOWERED and unicodedata.decomposition(text[end : end + 1] or " ").startswith(
        kind
    ):
        end += 1
    shown, plain = text[at:end], unicodedata.normalize("NFKC", text[at:end]).replace("−", "-")
    problem, hint = f"'{shown}' has no meaning here", PASTED.get(character, "")
    if not character.isprintable():
        problem = f"the invisible character U+{ord(character):04X} has no meaning here"
        hint = "Remove it; it may have come with pasted text."
    elif kind in RAISED_OR_LOWERED:
        hint = RAISED_OR_LOWERED[kind].format(plain)
    elif not character.isascii():
        problem = f"'{shown}' (U+{ord(character):04X}) has no meaning here"
        if not hint and plain.isascii() and plain.strip():
            hint = f"Did you mean '{plain}'?"
    return Span(at, end), problem, hint


def bad_token(text: str, token: Token, accepted: set[str]) -> Finding:
    """Say why a token cannot stand where it does."""
    start, end = token.start_pos or 0, token.end_pos or 0
    span = Span(start, end)
    left_open = open_bracket(text, start)
    value_expected = "NUMBER" in accepted
    before = text[:start].rstrip()
    if token.type == "_NEWLINE":
        return ends_early(text, start, accepted)
    if "\n" in text[len(before) : start] and before and left_open is None and not value_expected:
        hint = "To continue a formula on the next line, put it in brackets."
        return span, f"the formula ended on the line before '{token}'", hint
    if token.type in {"RPAR", "RSQB"}:
        return bad_closing(text, token, left_open)
    if token.type in FOREIGN_BRACKETS:
        return Span(start, start + 1), f"'{token[0]}' cannot stand here", PASTED[token[0]]
    if token.type == "STRING":
        return span, f"the text {token} cannot stand here", PASTED['"']
    for run in OPERATOR_RUN.finditer(text):
        if run.start() <= start < run.end() and run[0] in NOT_OPERATORS:
            return Span(*run.span()), f"'{run[0]}' is not an operator", NOT_OPERATORS[run[0]]
    if token.type == "TILDE" and left_open is not None:
        if open_bracket(text, len(text)) == left_open:
            return never_closed(text, left_open)
        return (
            span,
            "'~' cannot stand here",
            "It stands between the response and the model, outside all brackets.",
        )
    if value_expected and token.type not in VALUE_STARTS:
        return span, f"a value is missing before '{token}'", ""
    if token.type in VALUE_STARTS and before and token[0] != ".":
        return missing_operator(text, before, token)
    if token.type == "EQUALS" and left_open is not None:
        hint = "To compare, write ==; arguments of a function have no names."
        return span, "'=' cannot stand here", hint
    return span, f"'{token}' cannot stand here", WORDS.get(str(token)) or PASTED.get(token[0], "")


def bad_closing(text: str, token: Token, left_open: int | None) -> Finding:
    """Say why a bracket cannot be closed where it is."""
    span = Span(token.start_pos or 0, token.end_pos or 0)
    if left_open is None:
        return span, f"'{token}' closes a bracket that was never opened", "Remove it, or open one before it."
    opening = text[left_open]
    if CLOSING[opening] != token:
        return span, f"'{token}' cannot close a bracket opened by '{opening}'", f"Write '{CLOSING[opening]}'."
    return span, f"a value is missing before '{token}'", ""


def missing_operator(text: str, before: str, token: Token) -> Finding:
    """Explain two values side by side: ``2x``, ``a b``, ``(a)(b)``, ``sin x``."""
    end = token.end_pos or 0
    first = len(before) - 1
    while (
        first > 0 and (before[first - 1].isalnum() or before[first - 1] in "_.") and before[first] not in ")]"
    ):
        first -= 1
    left = before[first:]
    if left == "0" and token[:1] in "xXbBoO":
        return Span(first, end), "numbers are written in decimal", ""
    if left in WORDS:
        # Where a value must stand, the words of the language are read as names.
        return Span(first, len(before)), f"a value is missing before '{left}'", WORDS[left]
    function = FUNCTIONS.get(left)
    if function is not None and not function.symbol:
        inside = (
            str(token) if len(function.arguments) == 1 and token != "(" else ", ".join(function.arguments)
        )
        problem = f"'{left}' is a function and needs its argument in brackets"
        return Span(first, end), problem, f"Write {left}({inside})."
    factors = ["( ... )" if part in {"(", ")"} else part for part in (left, str(token))]
    if token.type == "NAME" and text[end : end + 1] == "(":
        factors[1] += "( ... )"
    return (
        Span(first, end),
        f"an operator is missing between '{left}' and '{token}'",
        f"For a product write {factors[0]}*{factors[1]}.",
    )


def ends_early(text: str, end: int, accepted: set[str]) -> Finding:
    """Explain a text or line that stops before the formula is whole."""
    left_open = open_bracket(text, end)
    if left_open is not None:
        return never_closed(text, left_open)
    written = text[:end].rstrip()
    last = LAST_SYMBOL.findall(written.rpartition("\n")[2])[-1:] or [""]
    span = Span(max(len(written) - len(last[0]), 0), len(written))
    if "_ELSE" in accepted and "NUMBER" not in accepted:
        return span, f"an 'else' is missing after '{last[0]}'", CHOICE
    hint = "To continue on the next line, open a bracket first." if text[end:].strip() else ""
    return span, f"a value is missing after '{last[0]}'", hint


def never_closed(text: str, at: int) -> Finding:
    """Point at the bracket that was left open."""
    return (
        Span(at, at + 1),
        f"'{text[at]}' is never closed",
        f"Add a '{CLOSING[text[at]]}' where it should end.",
    )


def open_bracket(text: str, end: int) -> int | None:
    """Find the last bracket that is opened before `end` and not closed there."""
    stack: list[int] = []
    for at, character in enumerate(text[:end]):
        if character in CLOSING:
            stack.append(at)
        elif character in ")]}" and stack and CLOSING[text[stack[-1]]] == character:
            stack.pop()
    return stack[-1] if stack else None
