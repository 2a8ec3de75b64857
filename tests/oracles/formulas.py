"""Hypothesis strategies that generate formula texts.

A formula is built as a row of tokens, so that what it means is decided by whoever parses it; the
generator only keeps to what is grammatical: `not` cannot follow an arithmetic operator or a sign,
and the test of a conditional cannot be a conditional without brackets. The tokens are then set as
text: blanks anywhere, line breaks and comments inside brackets, redundant brackets, both spellings
of the power. With `arrays`, vectors, indices, slices and `@` besides; what is indexed is a name, a call, a
vector or a bracket, which is all that the language allows.
"""

# ruff: noqa: RUF001  (names in Greek letters are meant)

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

PLAIN_NAMES = ["a", "b", "x", "x0", "tau", "lam_2", "A", "e", "pi", "_", "gamma"]
LIKE_WORDS = [
    "iffy",
    "elsewhere",
    "order",
    "android",
    "nothing",
    "not_x",
    "if_",
    "_else",
    "inner",
    "e1",
    "E5",
]
WORDS_OF_MODEL_FILES = ["input", "output", "param", "const", "model", "data", "fit", "fixed"]
FOREIGN = ["α", "τ2", "größe", "変数", "Ω"]
NAMES = (*PLAIN_NAMES, *LIKE_WORDS, *WORDS_OF_MODEL_FILES, *FOREIGN)

WHOLE = ["0", "1", "2", "7", "42", "1_000", "123456789012345678901234567890", "00", "9007199254740993"]
DECIMAL = ["0.5", ".5", "1.", "3.14159", "1_0.2_5", "0.1"]
SCIENTIFIC = [
    "1e3",
    "1E-3",
    "2.5e+10",
    ".5e1",
    "1.e2",
    "1e-400",
    "1_0e1_0",
    "1.7976931348623157e308",
    "5e-324",
]
NUMBERS = (*WHOLE, *DECIMAL, *SCIENTIFIC)

CALLS = {"exp": 1, "sin": 1, "f": 1, "g_2": 3, "max": 2, "where": 3, "gamma": 1, "h": 0, "πs": 2}

ARITHMETIC = ("+", "-", "*", "/", "%", "**", "^")
KINDS = (("+", "-"), ("*", "/"), ("%", "*"), ("**", "^"), ("^", "*"), ("-", "*"))
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True)
class Piece:
    """Tokens of an expression, and what forbids it to stand somewhere without brackets."""

    tokens: tuple[str, ...]
    is_choice: bool = False
    is_component: bool = False

    @property
    def operand(self) -> tuple[str, ...]:
        """The tokens where the grammar wants an operand of arithmetic or of a comparison."""
        return bracketed(self.tokens) if self.tokens[0] == "not" else self.tokens

    @property
    def test(self) -> tuple[str, ...]:
        """The tokens where the grammar wants anything but a conditional."""
        return bracketed(self.tokens) if self.is_choice else self.tokens

    @property
    def component(self) -> tuple[str, ...]:
        """The tokens where they are indexed."""
        return self.tokens if self.is_component else bracketed(self.tokens)


def bracketed(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return ("(", *tokens, ")")


def pieces(
    names: Sequence[str],
    numbers: Sequence[str],
    calls: Mapping[str, int],
    *,
    arithmetic: Sequence[str] = ARITHMETIC,
    signs: Sequence[str] = ("-", "+"),
    logic: bool = True,
    arrays: bool = False,
    max_leaves: int = 12,
) -> st.SearchStrategy[Piece]:
    """Expressions over some names, literals and functions (name -> number of arguments)."""
    leaves = st.sampled_from([*names, *numbers]).map(
        lambda token: Piece((token,), is_component=token in names)
    )

    def grow(inner: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
        @st.composite
        def call(draw: st.DrawFn) -> Piece:
            function = draw(st.sampled_from(sorted(calls)))
            tokens: list[str] = []
            for _ in range(calls[function]):
                tokens += [*draw(inner).tokens, ","]
            if tokens and draw(st.integers(0, 4)):
                tokens.pop()  # else a comma behind the last argument stays, as Python allows it
            return Piece((function, *bracketed(tuple(tokens))), is_component=True)

        @st.composite
        def vector(draw: st.DrawFn) -> Piece:
            tokens: list[str] = []
            for _ in range(draw(st.integers(1, 3))):
                tokens += [*draw(inner).tokens, ","]
            if draw(st.integers(0, 4)):
                tokens.pop()
            return Piece(("[", *tokens, "]"), is_component=True)

        @st.composite
        def index(draw: st.DrawFn) -> Piece:
            tokens: list[str] = []
            for _ in range(draw(st.integers(1, 2))):
                colons = draw(st.sampled_from([0, 0, 1, 2]))
                if colons == 0:
                    tokens += draw(inner).tokens
                for _ in range(colons):
                    tokens += [*(draw(inner).tokens if draw(st.booleans()) else ()), ":"]
                if colons and draw(st.booleans()):
                    tokens += draw(inner).tokens
                tokens.append(",")
            return Piece((*draw(inner).component, "[", *tokens[:-1], "]"), is_component=True)

        @st.composite
        def chain(draw: st.DrawFn) -> Piece:
            tokens = list(draw(inner).tokens)
            for _ in range(draw(st.integers(1, 3))):
                tokens += [draw(st.sampled_from(COMPARISONS)), *draw(inner).operand]
            return Piece(tuple(tokens))

        def joined(symbols: Sequence[str]) -> st.SearchStrategy[Piece]:
            # The left operand may even be a conditional: what it belongs to is the parser's to say.
            return st.builds(
                lambda left, symbol, right: Piece(
                    (*left.tokens, symbol, *right.operand), holds_choice(left, right)
                ),
                inner,
                st.sampled_from(symbols),
                inner,
            )

        ways = [inner.map(lambda piece: Piece(bracketed(piece.tokens))), call()]
        # Each kind of arithmetic by itself, so that it is drawn about as often as all of logic.
        ways += [joined(arithmetic), *[joined(kind) for kind in KINDS if set(kind) <= set(arithmetic)]]
        if arrays:
            ways += [vector(), index(), joined(("@", "*"))]
        prefixes = [*signs, "not"] if logic else [*signs]
        if prefixes:
            ways.append(st.builds(prefixed, st.sampled_from(prefixes), inner))
        if logic:
            ways += [
                chain().map(lambda piece: Piece(piece.tokens, "if" in piece.tokens)),
                st.builds(
                    lambda left, word, right: Piece(
                        (*left.tokens, word, *right.tokens), holds_choice(left, right)
                    ),
                    inner,
                    st.sampled_from(["and", "or"]),
                    inner,
                ),
                st.builds(
                    lambda body, test, orelse: Piece(
                        (*body.tokens, "if", *test.test, "else", *orelse.tokens), True
                    ),
                    inner,
                    inner,
                    inner,
                ),
            ]
        return st.one_of(ways)

    return st.recursive(leaves, grow, max_leaves=max_leaves)


def prefixed(symbol: str, piece: Piece) -> Piece:
    return Piece((symbol, *(piece.tokens if symbol == "not" else piece.operand)), piece.is_choice)


def holds_choice(*parts: Piece) -> bool:
    return any(part.is_choice for part in parts)


def set_as_text(tokens: Sequence[str], seed: int) -> str:
    """Write tokens as text; seed 0 sets them plainly, with one blank between any two."""
    if seed == 0:
        return " ".join(tokens)
    chance = random.Random(seed)
    pieces, depth = [chance.choice(["", "", " ", "\t"])], 0
    for before, token in zip(["", *tokens], tokens, strict=False):
        words = before and is_word(before) and is_word(token)
        blanks = [" ", "  ", "\t"] if words else ["", "", "", " ", "  "]
        if depth > 0:
            blanks += ["\n", " \n\t ", "  # a note (with a bracket\n", "\n\n"]
        pieces += [chance.choice(blanks) if before else "", token]
        depth += (token in "([") - (token in ")]")
    return "".join([*pieces, chance.choice(["", "", " ", "  # the end)", "#", "\n", "\n\n  "])])


def is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] in "_."


SEEDS = st.integers(0, 1 << 16)


def formula_texts(max_leaves: int = 12, *, arrays: bool = False) -> st.SearchStrategy[str]:
    """Any expression of the language, but for indexed sums, which Python does not have."""
    return st.builds(
        lambda piece, seed: set_as_text(piece.tokens, seed),
        pieces(NAMES, NUMBERS, CALLS, arrays=arrays, max_leaves=max_leaves),
        SEEDS,
    )
