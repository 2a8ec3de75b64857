"""Why a text could not be parsed, in words that a scientist can act on.

In: the text and Lark's exception. Out: the span to point at, the problem, the way out. Tables of
what people paste and type come first; the general cases after them.
"""

from __future__ import annotations

import re
import unicodedata

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from lambdaml_dsl.language.source import Span

Finding = tuple[Span, str, str]

PASTED = {
    "\\": "This looks like LaTeX; write it plainly: \\frac{a}{b} is a/b, \\sqrt{x} is sqrt(x), \\alpha is alpha.",
    "$": "This looks like LaTeX; write it plainly, without the $ signs.",
    "{": "Brackets in a formula are round: ( ).",
    "}": "Brackets in a formula are round: ( ).",
    "]": "Brackets in a formula are round: ( ).",
    "[": "Brackets in a formula are round: ( ).",
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
    "²": "For a power write ^2.",
    "³": "For a power write ^3.",
    ":": "Write one formula, such as y ~ a*x + b.",
    ";": "Write one formula, without a semicolon.",
    "'": "A formula holds no texts, only numbers and names.",
    '"': "A formula holds no texts, only numbers and names.",
    ".": "A decimal number is written 0.5; names have no dots, and * replaces MATLAB's .*",
    "=": "To compare, write ==.",
    "~": "A formula has one ~, between the response and the model.",
    "@": "For a product write *.",
}

VALUE_STARTS = frozenset({"NUMBER", "NAME", "LPAR"})
LAST_SYMBOL = re.compile(r"\*\*|[<>=!]=|\w+|.$")
TEXT_OR_COMMENT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*")
CLOSING = {"(": ")", "[": "]", "{": "}"}


def diagnose(text: str, unexpected: UnexpectedInput) -> Finding:
    """Say what is wrong at the place where the parser stopped."""
    text = TEXT_OR_COMMENT.sub(blank, text)
    match unexpected:
        case UnexpectedCharacters():
            return bad_character(text, unexpected.pos_in_stream)
        case UnexpectedToken() if unexpected.token.type != "$END":
            return bad_token(text, unexpected.token, set(unexpected.accepts or unexpected.expected))
        case UnexpectedToken():
            return ends_early(text, len(text.rstrip()), set(unexpected.accepts or unexpected.expected))
        case UnexpectedEOF():
            return ends_early(text, len(text.rstrip()), set(unexpected.expected))
        case _:
            return Span(0, len(text)), "the text is not a formula", ""


def blank(found: re.Match[str]) -> str:
    """Hide a comment, and what a quoted text says, without moving anything."""
    shown = found[0]
    return " " * len(shown) if shown[0] == "#" else shown[0] + "_" * (len(shown) - 2) + shown[-1]


def bad_character(text: str, at: int) -> Finding:
    """Name a character that no token begins with."""
    character = text[at]
    shown = f"'{character}'" if character.isprintable() else "the character"
    problem = f"{shown} (U+{ord(character):04X}) has no meaning here"
    if character.isascii() and character.isprintable():
        problem = f"{shown} has no meaning here"
    hint = PASTED.get(character, "")
    if not hint and not character.isascii():
        plain = unicodedata.normalize("NFKC", character)
        hint = f"Did you mean '{plain}'?" if plain.isascii() and plain.strip() and plain != character else ""
    return Span(at, at + 1), problem, hint


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
        if left_open is None or CLOSING[text[left_open]] != token:
            return span, f"'{token}' closes a bracket that was never opened", "Remove it, or open one before it."
        return span, f"a value is missing before '{token}'", ""
    if token.type == "TILDE" and left_open is not None:
        return never_closed(text, left_open)
    if value_expected and before.endswith(("*", "/", "=")) and token in {"*", "/", "="} and before[-1] == token:
        return span, *doubled(str(token))
    if before.endswith("<") and token == ">":
        return span, "'<>' is not an operator", "For 'not equal' write !=."
    if value_expected and token.type not in VALUE_STARTS:
        return span, f"a value is missing before '{token}'", PASTED.get(str(token), "") if token in {"~"} else ""
    if token.type in VALUE_STARTS and before:
        return missing_operator(text, before, token)
    if token.type in {"EQUALS", "TILDE"}:
        problem = f"'{token}' cannot stand here"
        if left_open is not None and token.type == "EQUALS":
            return span, problem, "To compare, write ==; arguments of a function have no names."
        return span, problem, PASTED[str(token)]
    return span, f"'{token}' cannot stand here", PASTED.get(str(token)[:1], "")


def doubled(operator: str) -> tuple[str, str]:
    """Explain an operator of other languages that is written twice here."""
    hints = {
        "/": ("'//' is not an operator", "For a quotient rounded down write floor(a/b)."),
        "*": ("'***' is not an operator", "A product is *, a power is ^ or **."),
        "=": ("'==' cannot stand here", "The model comes after a single = or ~."),
    }
    return hints[operator]


def missing_operator(text: str, before: str, token: Token) -> Finding:
    """Explain two values side by side: ``2x``, ``a b``, ``(a)(b)``."""
    start, end = token.start_pos or 0, token.end_pos or 0
    first = len(before) - 1
    while first > 0 and (before[first - 1].isalnum() or before[first - 1] in "_.") and before[first] not in ")]":
        first -= 1
    left = before[first:]
    if left == "0" and token[:1] in "xXbBoO":
        return Span(first, end), "numbers are written in decimal", ""
    factors = ["( ... )" if part in {"(", ")"} else part for part in (left, str(token))]
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
        return span, f"an 'else' is missing after '{last[0]}'", "A choice is written: a if x > 0 else b."
    return span, f"a value is missing after '{last[0]}'", "To continue on the next line, open a bracket first."


def never_closed(text: str, at: int) -> Finding:
    """Point at the bracket that was left open."""
    return Span(at, at + 1), f"'{text[at]}' is never closed", f"Add a '{CLOSING[text[at]]}' where it should end."


def open_bracket(text: str, end: int) -> int | None:
    """Find the last bracket that is opened before `end` and not closed there."""
    stack: list[int] = []
    for at, character in enumerate(text[:end]):
        if character in CLOSING:
            stack.append(at)
        elif character in ")]}" and stack and CLOSING[text[stack[-1]]] == character:
            stack.pop()
    return stack[-1] if stack else None
