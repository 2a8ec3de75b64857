"""Text to tokens, by the terminals of the grammar and by the place at which they stand.

Five things depend on the place, which a regular expression cannot see:

- The words that begin a statement are words at its head alone, ``fixed`` in declarations alone, and
  ``in`` there and behind the index of a sum; elsewhere they are names.
- In a declaration, ``[`` behind a blank begins a unit; directly behind a name it is a shape or an index.
- An ``=`` in the brackets of a left side gives a default; in other brackets it is an error.
- Line breaks within brackets mean nothing, and brackets may only be nested so deep.
- A line that begins with a sign would be a statement of its own, and is more likely half of a sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lark import Token
from lark.common import LexerConf
from lark.lexer import Lexer, PatternStr, TerminalDef

from lambdaml_dsl.errors import FormulaSyntaxError, LimitError
from lambdaml_dsl.language.source import MAX_NESTING, Span

DECLARATIONS = frozenset({"INPUT", "OUTPUT", "PARAM", "CONST"})
HEADS = DECLARATIONS | {"MODEL", "USE", "DATA", "FIT"}
DECIDED_BY_PLACE = frozenset(
    {"NAME", "LPAR", "LSQB", "RPAR", "RSQB", "COMMA", "EQUALS", "SIGN", "_NEWLINE", "SEMICOLON"}
)
STRAY = "STRAY"
"""The type of a character that begins no token: the parser refuses it like any token out of place."""

NUMBERS_ONLY = re.compile(r"\[[ \t]*[0-9][0-9, \t]*\]")
CLOSED_BY_EQUALS = re.compile(r"[^\S\n]*=(?!=)")
COMMENT_OR_BRACKET = re.compile(r"#[^\n]*|[()\[\]]")


class Refusal(Exception):  # noqa: N818  (it never leaves the parser)
    """Carries what is wrong and where, from inside Lark to the place that knows the source."""

    def __init__(self, kind: type[FormulaSyntaxError | LimitError], span: Span, problem: str, hint: str = ""):
        super().__init__(problem)
        self.kind, self.span, self.problem, self.hint = kind, span, problem, hint


def span_of(token: Token) -> Span:
    """Give the place of a token."""
    return Span(token.start_pos or 0, token.end_pos or 0)


@dataclass(slots=True)
class Place:
    """Where in a text the lexer stands.

    Attributes
    ----------
    last : str
        The type of the token before; the closing bracket of a shape or an interval counts as a unit.
    count : int
        How many tokens of the statement came before.
    depth : int
        How many round and square brackets are open.
    declaring : bool
        Whether this is a declaration.
    signature : int
        Where the bracket of a statement's first call, such as ``g(u, s = 1) = ...``, opens; -1 outside.
    is_left_side : bool or None
        Whether that call is followed by ``=``; None before anybody asked.
    attribute_ends : bool
        Whether the square bracket that is open is a shape or an interval.
    """

    last: str = ""
    count: int = 0
    depth: int = 0
    declaring: bool = False
    signature: int = -1
    is_left_side: bool | None = None
    attribute_ends: bool = False


class FormulaLexer(Lexer):
    """Cuts a text into tokens; made by Lark from the terminals of the grammar."""

    def __init__(self, conf: LexerConf) -> None:
        terminals = sorted(conf.terminals, key=rank)
        self.ignored = frozenset(conf.ignore)
        # Words are found as names and then looked up: a table is quicker than as many alternatives.
        words = [item for item in terminals if is_word(item)]
        self.words = {item.pattern.value: item.name for item in words}
        apart = {item.name for item in words} | HEADS | {"UNIT"}
        self.heads = alternatives([item for item in terminals if item.name in HEADS])
        self.symbols = alternatives([item for item in terminals if item.name not in apart])
        self.unit = alternatives([item for item in terminals if item.name == "UNIT"])

    def lex(self, text: str) -> Iterator[Token]:  # type: ignore[override]  # Lark wraps it, as documented
        """Give the tokens of a text; a character that begins none is a token of the type `STRAY`."""
        symbol_at, ignored = self.symbols.match, self.ignored
        place = Place()
        at, end_of_text = 0, len(text)
        while at < end_of_text:
            found = symbol_at(text, at)
            if found is None:
                kind, end = STRAY, at + 1
            else:
                kind, end = found.lastgroup or STRAY, found.end()
            if kind in ignored:
                at = end
                continue
            if kind in DECIDED_BY_PLACE:
                kind, end = self.decide(kind, text, at, end, place)
            if kind:
                yield Token(kind, text[at:end], at, None, None, None, None, end)
                place.last = kind
                place.count += 1
                if place.attribute_ends and kind == "RSQB" and place.depth == 0:
                    place.last, place.attribute_ends = "UNIT", False
            at = end

    def decide(self, kind: str, text: str, at: int, end: int, place: Place) -> tuple[str, int]:
        """Give the type and the end of a token that depend on its place; no type for one to be dropped."""
        match kind:
            case "NAME":
                return self.decide_name(text, at, end, place)
            case "LPAR" | "LSQB":
                unit = self.unit.match(text, at) if place.declaring and place.depth == 0 else None
                if kind == "LSQB" and unit and begins_unit(text, at, place):
                    return "UNIT", unit.end()
                open_bracket(kind, at, place)
            case "RPAR" | "RSQB":
                place.depth -= 1
                if place.depth <= 0:
                    place.signature = -1
            case "EQUALS":
                if place.depth == 1 and gives_default(text, place):
                    return "DEFAULT", end
            case "SIGN":
                if place.last == "_NEWLINE":
                    raise continued(text, at, end)
            case "COMMA":
                if place.declaring and place.depth == 0:
                    place.count = 0  # the next name is declared too
            case "_NEWLINE":
                if place.depth > 0 or place.last in {"", "_NEWLINE", "SEMICOLON"}:
                    return "", end
                place.count, place.declaring = -1, False
            case "SEMICOLON":
                place.count, place.declaring = -1, False
        return kind, end

    def decide_name(self, text: str, at: int, end: int, place: Place) -> tuple[str, int]:
        """Say whether what reads as a name begins a statement, or is another word of the language."""
        if place.count == 0 and (head := self.heads.match(text, at)):
            kind = head.lastgroup or STRAY
            place.declaring = kind in DECLARATIONS
            return kind, head.end()
        word = self.words.get(text[at:end])
        return (word if word is not None and is_word_here(word, place) else "NAME"), end


def open_bracket(kind: str, at: int, place: Place) -> None:
    """Go into a bracket."""
    if kind == "LPAR":
        if place.count == 1 and place.last == "NAME":
            place.signature, place.is_left_side = at, None
    elif place.depth == 0:
        place.attribute_ends = place.declaring and (place.last == "IN" or place.count == 2)
    place.depth += 1
    if place.depth > MAX_NESTING:
        raise too_deep(at)


def rank(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """Order terminals as Lark does: by priority, then the longer first."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def alternatives(terminals: list[TerminalDef]) -> re.Pattern[str]:
    """Make one regular expression whose groups are named after the terminals."""
    return re.compile("|".join(f"(?P<{item.name}>{item.pattern.to_regexp()})" for item in terminals))


def is_word(terminal: TerminalDef) -> bool:
    """Say whether a terminal is a word such as ``if``."""
    return isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isidentifier()


def is_word_here(kind: str, place: Place) -> bool:
    """Say whether what reads as a word of the language is one at its place."""
    if place.last in DECLARATIONS:
        return False
    if kind == "IN":
        return place.last == "NAME" if place.depth > 0 else place.declaring
    return kind != "FIXED" or (place.declaring and place.depth == 0)


def begins_unit(text: str, at: int, place: Place) -> bool:
    """Say whether a bracket of a declaration, outside all others, is a unit."""
    if place.last in {"NAME", "CONSTANT", "RPAR", "RSQB"}:
        # Directly behind the declared name numbers are its shape; behind a value they are an index.
        return text[at - 1].isspace() or (place.count == 2 and NUMBERS_ONLY.match(text, at) is None)
    return place.last in {"NUMBER", "SUPERSCRIPT", "UNIT", "STRING", "FIXED"}


def gives_default(text: str, place: Place) -> bool:
    """Say whether an ``=`` in the bracket of a statement's first call gives a default."""
    if place.signature < 0:
        return False
    if place.is_left_side is None:
        place.is_left_side = is_left_side(text, place.signature)
    return place.is_left_side


def is_left_side(text: str, opening: int) -> bool:
    """Say whether a bracket is closed and followed by ``=``."""
    depth = 0
    for found in COMMENT_OR_BRACKET.finditer(text, opening):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
            if depth == 0:
                return CLOSED_BY_EQUALS.match(text, found.end()) is not None
    return False


def continued(text: str, at: int, end: int) -> Refusal:
    """Refuse a line that begins with a sign."""
    return Refusal(
        FormulaSyntaxError,
        Span(at, end),
        f"the formula ended on the line before '{text[at:end]}'",
        "To continue a formula on the next line, put it in brackets.",
    )


def too_deep(at: int) -> Refusal:
    """Refuse a bracket within too many others."""
    return Refusal(
        LimitError,
        Span(at, at + 1),
        f"brackets are nested more than {MAX_NESTING} deep",
        "Name a part of the formula, or write it with fewer brackets.",
    )
