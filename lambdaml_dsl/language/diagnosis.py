"""Why a text could not be parsed, in words that a scientist can act on.

In: the text, the token at which the parser stopped and what it would have accepted there. Out: the
span to point at, the problem, the way out. Tables of what people paste and type come first; the
general cases after them.
"""
# ruff: noqa: RUF001  (the characters that are easily taken for others are the subject here)

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from lambdaml_dsl.errors import closest
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.source import Span

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedInput

Finding = tuple[Span, str, str]

ROUND = "Brackets in a formula are round: ( ); a vector is written [1, 2]."
CHOICE = "A choice is written: a if x > 0 else b."
MINUS = "For a minus write the plain sign -."
QUOTIENT = "For a quotient write /."
ABSOLUTE = "For an absolute value write abs(x)."
PRIME = "Names have no primes: write for example x1; and a formula holds no texts."
CALCULUS = "The language has no integrals and no derivatives: write the formula that comes out of it."
NUMBER_DOT = "A decimal number is written 0.5"

WORDS = {
    "if": CHOICE,
    "else": CHOICE,
    "and": "It stands between two conditions, as in x > 0 and x < 1.",
    "or": "It stands between two conditions, as in x < 0 or x > 1.",
    "not": "It stands before a condition, as in not x > 1; for 'not equal' write !=.",
}
"""The words of the language that can never be names, and how each is used."""

MISSING = "A missing value cannot stand in a formula."
TRUTH = "A condition is a comparison, as in x > 0; as numbers write 1 and 0."
NO_NAMES = {"True": TRUTH, "False": TRUTH, "None": MISSING, "nan": MISSING, "NaN": MISSING}
"""What is a value elsewhere, and would be a strange name for a parameter."""

PASTED = {
    "\\": "This looks like LaTeX; write a/b for \\frac{a}{b}, sqrt(x) for \\sqrt{x}, alpha for \\alpha.",
    "$": "This looks like LaTeX; write it plainly, without the $ signs.",
    "{": ROUND,
    "}": ROUND,
    "&": "For a logical and write: and.",
    "|": "For a logical or write: or; for an absolute value: abs(x).",
    "!": "For 'not equal' write !=; for a logical not: not; for a factorial: gamma(n + 1).",
    "—": MINUS,
    "‒": MINUS,
    "⁄": QUOTIENT,
    "∕": QUOTIENT,
    "ˆ": "For a power write ^.",
    "±": "Write one formula for each sign.",
    "≈": "Between the response and the model stands ~.",
    "∼": "Between the response and the model stands ~.",
    "∝": "Write the factor as a parameter: y ~ a*x.",
    "∑": "An indexed sum is written sum(i in 0..2: A[i]*x^i).",
    "∏": "An indexed product is written prod(i in 0..2: x - r[i]).",
    "∫": CALCULUS,
    "∂": CALCULUS,
    "∇": CALCULUS,
    "∞": "A formula holds finite numbers; a bound without end is written inf, as in param a in [0, inf].",
    "∈": "The index of a sum is written sum(i in 0..2: A[i]); bounds are written param a in [0, 1].",
    "°": "For degrees write deg2rad(x); a unit stands behind a declared name, as in input T [°C].",
    "…": "A range is written with two dots: 0..2.",
    "∣": ABSOLUTE,
    "∥": "For the length of a vector write norm(v).",
    "‖": "For the length of a vector write norm(v).",
    "⌊": "For a number rounded down write floor(x).",
    "⌋": "For a number rounded down write floor(x).",
    "⌈": "For a number rounded up write ceil(x).",
    "⌉": "For a number rounded up write ceil(x).",
    "⟨": "For a mean over components write mean(v), for a product of two vectors dot(u, v).",
    "⟩": "For a mean over components write mean(v), for a product of two vectors dot(u, v).",
    "∧": "For a logical and write: and.",
    "∨": "For a logical or write: or.",
    "¬": "For a logical not write: not.",
    "‰": "Write the number itself: 0.001 for one per mille.",
    "′": PRIME,
    "″": PRIME,
    "‘": PRIME,
    "’": PRIME,
    "“": 'A formula holds no texts; in a model file they stand between plain quotes: ".',
    "”": 'A formula holds no texts; in a model file they stand between plain quotes: ".',
    ":": "Between the response and the model stands ~ or =, as in y ~ a*x + b.",
    ",": f"A comma stands between the arguments of a function; {NUMBER_DOT[0].lower()}{NUMBER_DOT[1:]}.",
    "?": CHOICE,
    "'": PRIME,
    '"': "A formula holds no texts, only numbers and names.",
    ".": f"{NUMBER_DOT}; names have no dots: exp(x), not np.exp(x); and * replaces .*",
    "=": "A statement has one =, behind the response or the name that is defined; to compare, write ==.",
    "~": "A formula has one ~, between the response and the model.",
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

QUOTED = frozenset({"model", "data", "use"})
STATEMENTS = {
    "model": 'model "Growth of a pasture"',
    "use": 'use "peaks.lml"',
    "input": 'input t [s] "time"',
    "output": 'output y [kg] "yield"',
    "param": "param a = 1 in [0, 10]",
    "const": "const g = 9.81",
    "data": 'data "file.csv"',
    "fit": "fit { sigma = s }",
}
BEGINNINGS = tuple(STATEMENTS)
STATEMENTS |= {"fixed": "param a = 1 fixed", "bounds": "param a = 1 in [0, 10]"}
FIRST_WORD = re.compile(r"[ \t]*(\w+)[ \t]*")
DECLARATION = re.compile(r"[ \t]*(input|output|param|const)[ \t]+\w+")

VALUE_STARTS = frozenset({"NUMBER", "CONSTANT", "NAME", "LPAR", "LSQB", "ROOT"})
INFIX = frozenset({"TIMES", "POWER", "COMPARISON", "AND", "OR", "_IF", "_ELSE"})
WORD_TOKENS = frozenset({"_IF", "_ELSE", "AND", "OR", "NOT"})
HEADS = frozenset({"INPUT", "OUTPUT", "PARAM", "CONST", "MODEL", "USE", "DATA", "FIT"})
OPERATOR_RUN = re.compile(r"[*/<>=!]{2,}")
LAST_SYMBOL = re.compile(r"\*\*|\.\.|[<>=!]=|\w+|.$")
TEXT_OR_COMMENT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*")
CLOSING = {"(": ")", "[": "]", "{": "}"}
RUNNING = re.compile(r"\(\s*([^\W\d]\w*)\s+in\b")
"""The beginning of an indexed sum, from its bracket on."""
NEAR = 100
"""Characters before a place in which a name is looked for: a search in all of a long text is quadratic."""
NAME_BEFORE = re.compile(r"(\w+)\s*$")
RAISED_FUNCTION = re.compile(r"(\w+?)\s*(?:(?:\^|\*\*)\s*(-?\d+)|([⁺⁻]?[⁰¹²³⁴-⁹]+))$")
CONSTANT_CUT = re.compile(r"\bconst$")
RANGE_LIKE = re.compile(r"\s*\w+\s*(\.\.|:)\s*\w+")


def diagnose(text: str, unexpected: UnexpectedInput, statements: bool = False) -> Finding:
    """Say what is wrong at the place where the parser stopped; `statements` in a model file."""
    from lark.exceptions import UnexpectedToken

    text = TEXT_OR_COMMENT.sub(blank, text)
    if not isinstance(unexpected, UnexpectedToken):
        return Span(0, len(text)), "the text is not a formula", ""
    token, accepted = unexpected.token, set(unexpected.accepts or unexpected.expected)
    at_end = token.type == "$END"
    at = len(text) if at_end else token.start_pos or 0
    if statements:
        found = (
            misread_statement(text, at)
            or misread_declaration(text, token, at, accepted)
            or misread_block(text, token, at)
        )
        if found is not None:
            return found
    if at_end:
        return ends_early(text, len(text.rstrip()), accepted)
    return bad_token(text, token, accepted)


def misread_statement(text: str, at: int) -> Finding | None:
    """Explain a line whose first word was meant to begin a declaration, and was read as a name."""
    line_start = text.rfind("\n", 0, at) + 1
    line = text[line_start:].partition("\n")[0]
    if line.lstrip().startswith("//"):
        return Span(at, at + 2), "'//' begins nothing", "A comment begins with #."
    if text[at : at + 1] == "," and open_bracket(text, at) in (None, text.rfind("{", 0, at)):
        return bad_comma(text, at, "Give each its own line, or put ; between settings.")
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


def misread_declaration(text: str, token: Token, at: int, accepted: set[str]) -> Finding | None:
    """Explain what is wrong behind a declared name."""
    line_start = text.rfind("\n", 0, at) + 1
    line = text[line_start:].partition("\n")[0]
    found = DECLARATION.match(text, line_start)
    if found is None or at < found.end():
        return None
    opened = open_bracket(text, at)
    if opened is not None:
        if text[opened] != "[" or "]" in line[opened - line_start :]:
            return None
        begins_unit = found[0].strip() == text[line_start:opened].strip() and text[opened - 1].isspace()
        hint = f"Add a ']' where {'the unit' if begins_unit else 'it'} should end."
        return Span(opened, opened + 1), "'[' is never closed", hint
    span = Span(at, token.end_pos or at)
    if accepted == {"LSQB"}:
        return span, "bounds are written in square brackets", f"Write: {found[0].strip()} in [0, 1]"
    if token.type == "NUMBER" and "UNIT" in accepted:
        if found.end() == len(text[:at].rstrip()):
            return span, f"'{token}' cannot stand here", f"Write: {found[0].strip()} = {token}"
        return span, f"'{token}' cannot stand here", "A vector is written [1, 2]."
    if token.type == "NAME" and "UNIT" in accepted:
        rest = re.split(r"[\"'\[]| in\b", line[at - line_start :])[0].strip()
        hint = f'A unit stands in square brackets, a description in quotes: [{rest}] "{rest}"'
        return span, f"'{token}' cannot stand here", hint
    return None


def misread_block(text: str, token: Token, at: int) -> Finding | None:
    """Explain what is wrong between braces."""
    opened = open_bracket(text, at)
    if opened is None or text[opened] != "{" or token.type in {"STRAY", "$END"}:
        return None
    span = Span(at, token.end_pos or at)
    if text[:at].rstrip()[-1:] == "=" and token.type in {"_NEWLINE", "SEMICOLON", "RBRACE"}:
        behind = len(text[:at].rstrip())
        return Span(behind - 1, behind), "a value is missing after '='", ""
    hint = 'A line of a block is written name = value; the value is a number, a name or a "text".'
    return span, f"'{token.strip()}' cannot stand here", hint


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
    if unicodedata.category(character) in {"Mn", "Me"}:
        problem = f"the mark U+{ord(character):04X} has no meaning here"
        return Span(at, end), problem, "A mark stands behind the letter that it belongs to."
    if not character.isprintable():
        problem = f"the invisible character U+{ord(character):04X} has no meaning here"
        hint = "Remove it; it may have come with pasted text."
    elif kind == "<super>" and plain in {"+", "-"}:
        hint = "A raised sign needs a raised number behind it, as in x⁻¹; or write x^-1."
    elif kind in RAISED_OR_LOWERED and (kind == "<super>" or plain.isalnum()):
        hint = RAISED_OR_LOWERED[kind].format(plain)
    elif kind == "<fraction>":
        hint = f"Write ({plain.replace('⁄', '/')})."
    elif character == "." and CONSTANT_CUT.search(text, 0, at):
        hint = "A physical constant is written const.k_B, with a name behind the dot."
    elif text.startswith("...", at):
        end, problem, hint = at + 3, "'...' has no meaning here", PASTED["…"]
    elif not character.isascii():
        problem = f"'{shown}' (U+{ord(character):04X}) has no meaning here"
        if not hint and plain.isascii() and plain.strip():
            hint = f"Did you mean '{plain}'?"
    return Span(at, end), problem, hint


def bad_letter_at(name: str) -> int | None:
    """Find the first character of a name that no name has: Python's rule, but for raised and lowered ones."""
    if name.isascii():
        return None
    first = len("const.") if name.startswith("const.") else 0
    for at, character in enumerate(name[first:], start=first):
        kind = unicodedata.decomposition(character).partition(" ")[0]
        # Raised letters are powers in a paper; the block of "modifier letters" is accents set beside.
        if kind == "<super>" or "\u02b0" <= character <= "\u02ff":
            return at
        legal = f"a{character}".isidentifier() or kind == "<sub>" if at > first else character.isidentifier()
        if not legal:
            return at
    return None


def bad_token(text: str, token: Token, accepted: set[str]) -> Finding:
    """Say why a token cannot stand where it does."""
    start, end = token.start_pos or 0, token.end_pos or 0
    span = Span(start, end)
    left_open = open_bracket(text, start)
    value_expected = "NUMBER" in accepted
    before = text[:start].rstrip()
    if token.type == "STRAY":
        return bad_character(text, start)
    if before.endswith(",") and left_open is None:
        return bad_comma(
            text, len(before) - 1, "Behind it stands the next name that is declared: param a, b = 1."
        )
    if token.type == "_NEWLINE":
        return ends_early(text, start, accepted)
    if token.type in HEADS:
        hint = "A formula holds definitions and the model; declarations stand in a model file."
        return span, f"'{token}' begins a line of a model file", hint
    for found in (
        bad_range(text, token, accepted),
        bad_end_of_statement(text, token, left_open, accepted),
        bad_beginning_of_line(text, token, before, left_open),
    ):
        if found is not None:
            return found
    if token.type in {"RPAR", "RSQB"}:
        return bad_closing(text, token, left_open)
    if token.type in {"LBRACE", "RBRACE", "UNIT"}:
        return Span(start, start + 1), f"'{token[0]}' cannot stand here", PASTED.get(token[0], "")
    if token.type == "STRING":
        return bad_text(text, token)
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
    if token.type in WORD_TOKENS and value_expected:
        if text[end:].lstrip()[:1] == "(" and token.type != "NOT":
            return span, f"'{token}' is a word of the language and cannot be a name", WORDS[str(token)]
        return span, f"a value is missing before '{token}'", WORDS[str(token)]
    if value_expected and token.type not in VALUE_STARTS:
        return span, f"a value is missing before '{token}'", ""
    if token.type in VALUE_STARTS and before and token[0] != ".":
        return missing_operator(text, before, token, left_open)
    if token.type == "EQUALS" and left_open is not None:
        if open_bracket(text, len(text)) == left_open:
            return never_closed(text, left_open)
        hint = "To compare, write ==; functions take their arguments by position, without their names."
        return span, "'=' cannot stand here", hint
    if token.type == "COMMA":
        return bad_comma(text, start, PASTED[","])
    if token.type == "POWER":
        hint = "Put the power that comes first in brackets."
        return span, f"'{token}' cannot stand here", hint
    if token.type == "COLON" and left_open is not None:
        hint = "Within square brackets it stands between the ends of a range of components: v[1:3]."
        return span, "':' cannot stand here", hint
    return span, f"'{token}' cannot stand here", WORDS.get(str(token)) or PASTED.get(token[0], "")


def bad_range(text: str, token: Token, accepted: set[str]) -> Finding | None:
    """Explain a slip in the head of an indexed sum: ``sum(i in 0..2: A[i])``."""
    span = span_in(token)
    at = span.start
    left_open = open_bracket(text, at)
    head = None if left_open is None else RUNNING.match(text, left_open)
    example = "sum(i in 0..2: A[i])"
    has_range = False
    if head is not None:
        function = NAME_BEFORE.search(text[max(0, head.start() - NEAR) : head.start()])
        example = f"{function[1] if function else 'sum'}({head[1]} in 0..2: A[{head[1]}])"
        has_range = ".." in text[head.end() : at]
    hint = f"Write for example {example}."
    if "DOTS" in accepted and "NUMBER" not in accepted:
        return span, "a range is written with two dots: 0..2, both ends included", hint
    if "COLON" in accepted and has_range:
        if token.type != "RPAR":
            return span, "a ':' is missing behind the range", hint
        return span, "what the index runs over is missing: a ':' and an expression", hint
    if token.type == "DOTS":
        return span, "'..' cannot stand here", f"A range stands in an indexed sum: {example}."
    if token == "in" and left_open is not None:
        return span, "'in' cannot stand here", f"An indexed sum has one index, a name: {example}."
    if token == "for" and left_open is not None:
        return span, "'for' is no word of the language", f"An indexed sum is written {example}."
    if token.type == "EQUALS" and left_open is not None and RANGE_LIKE.match(text, span.end):
        return span, "'=' cannot stand here", f"An indexed sum is written {example}."
    return None


def bad_end_of_statement(
    text: str, token: Token, left_open: int | None, accepted: set[str]
) -> Finding | None:
    """Explain a semicolon that cannot stand where it does."""
    if token.type != "SEMICOLON":
        return None
    span = span_in(token)
    if left_open is not None:
        hints = {
            "[": "The rows of a matrix are written [[1, 2], [3, 4]].",
            "(": "It ends a statement; between arguments stands a comma.",
        }
        return span, "';' cannot stand here", hints.get(text[left_open], "")
    written = text[: span.start].rstrip()
    begins = not written or written[-1] == ";" or "\n" in text[len(written) : span.start]
    if "NUMBER" in accepted and begins:
        return span, "a statement is missing before ';'", "Remove the ';', or write a definition before it."
    return ends_early(text, span.start, accepted)


def bad_beginning_of_line(text: str, token: Token, before: str, left_open: int | None) -> Finding | None:
    """Explain a line that begins as only the rest of a formula can."""
    begins = before and "\n" in text[len(before) : token.start_pos]
    if not begins or left_open is not None or token.type not in INFIX:
        return None
    problem = f"the formula ended on the line before '{token}'"
    return span_in(token), problem, "To continue a formula on the next line, put it in brackets."


def bad_text(text: str, token: Token) -> Finding:
    """Explain a quoted text in a formula, or the prime of a name."""
    start, end = span_in(token)
    if token[0] == "'" and (text[start - 1 : start].isalnum() or text[start - 1 : start] == "_"):
        return Span(start, start + 1), "''' has no meaning here", PRIME
    described = text[:start].rstrip().endswith(('"', "'"))
    hint = "A statement has one description." if described else PASTED['"']
    return Span(start, end), f"the text {token} cannot stand here", hint


def bad_comma(text: str, at: int, hint: str) -> Finding:
    """Explain a comma outside of brackets."""
    digits = text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
    return Span(at, at + 1), "',' cannot stand here", f"{NUMBER_DOT}." if digits else hint


def bad_closing(text: str, token: Token, left_open: int | None) -> Finding:
    """Say why a bracket cannot be closed where it is."""
    span = span_in(token)
    if left_open is None:
        return span, f"'{token}' closes a bracket that was never opened", "Remove it, or open one before it."
    opening = text[left_open]
    if CLOSING[opening] != token:
        return span, f"'{token}' cannot close a bracket opened by '{opening}'", f"Write '{CLOSING[opening]}'."
    if opening == "[" and not text[left_open + 1 : span.start].strip():
        before = text[:left_open].rstrip()
        if before and (before[-1].isalnum() or before[-1] in "_)]"):
            hint = "Components are counted from 0: v[0] is the first, v[-1] the last."
            return Span(left_open, span.end), "the index is missing", hint
        return Span(left_open, span.end), "a vector needs at least one component", "Write for example [1, 2]."
    return span, f"a value is missing before '{token}'", ""


def missing_operator(text: str, before: str, token: Token, left_open: int | None) -> Finding:
    """Explain two values side by side: ``2x``, ``a b``, ``(a)(b)``, ``sin x``, ``sin²(x)``."""
    end = token.end_pos or 0
    first = len(before) - 1
    while (
        first > 0
        and before[first] not in ")]"
        and (before[first - 1].isalnum() or before[first - 1] in "_.⁻⁺")
    ):
        first -= 1
    if token.type == "NAME" and (at := bad_letter_at(token)) is not None:
        start = span_in(token).start
        span, problem, hint = bad_character(token, at)
        return Span(start + span.start, start + span.end), problem, hint
    near = max(0, len(before) - NEAR)
    raised = RAISED_FUNCTION.search(before, near)
    if raised is not None and is_function(raised[1]):
        return power_of_function(raised)
    left = before[first:]
    if left == "0" and token[:1] in "xXbBoO":
        return Span(first, end), "numbers are written in decimal", ""
    if left in WORDS:
        return Span(first, len(before)), f"a value is missing before '{left}'", WORDS[left]
    if is_function(left):
        arguments = FUNCTIONS[left].arguments
        inside = str(token) if len(arguments) == 1 and token not in {"(", "["} else ", ".join(arguments)
        problem = f"'{left}' is a function and needs its argument in brackets"
        return Span(first, end), problem, f"Write {left}({inside})."
    factors = [BRACKETED.get(part, part) for part in (left, str(token))]
    if token.type == "NAME" and text[end : end + 1] == "(":
        factors[1] += "( ... )"
    hint = f"For a product write {factors[0]}*{factors[1]}."
    if left_open is not None and text[left_open] == "[":
        hint = f"Between components stands a comma: {factors[0]}, {factors[1]}. {hint}"
    return Span(first, end), f"an operator is missing between '{left}' and '{token}'", hint


BRACKETED = {"(": "( ... )", ")": "( ... )", "[": "[ ... ]", "]": "[ ... ]", "√": "√( ... )", "∛": "∛( ... )"}


def is_function(name: str) -> bool:
    """Say whether a name is a function, and hardly anything else."""
    return name in FUNCTIONS and not FUNCTIONS[name].symbol


def power_of_function(raised: re.Match[str]) -> Finding:
    """Explain ``sin²(x)``, and ``sin⁻¹(x)``, which in papers is either of two things."""
    name, power = raised[1], raised[2] or unicodedata.normalize("NFKC", raised[3]).replace("−", "-")
    inverse = f"a{name}" if f"a{name}" in FUNCTIONS else ""
    hint = f"Write {name}(x)^{power}."
    if power == "-1" and inverse:
        hint = f"Write {inverse}(x) for the inverse, 1/{name}(x) for the reciprocal."
    return Span(*raised.span()), "the power of a function stands behind its argument", hint


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
    rest = text[end:].strip(" \t\r")
    hint = "To continue on the next line, open a bracket first." if rest[:1] == "\n" and rest.strip() else ""
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


def span_in(token: Token) -> Span:
    """Give the place of a token."""
    return Span(token.start_pos or 0, token.end_pos or 0)
