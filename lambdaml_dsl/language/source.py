"""Source text and places in it.

In: text and its name. Out: `Source`, which turns a `Span` into line, column and an excerpt,
and makes every error that quotes the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from lambdaml_dsl.errors import Excerpt, LambdaMLError

E = TypeVar("E", bound=LambdaMLError)

MAX_NESTING = 200
"""Brackets within brackets, as in Python's own parser."""


class Span(NamedTuple):
    """A stretch of source text: offsets of its first character and of the one behind its last."""

    start: int
    end: int


NOWHERE = Span(0, 0)
"""The span of what was not read from a text."""


@dataclass(frozen=True, slots=True)
class Source:
    r"""A text and the name it goes by in messages.

    Attributes
    ----------
    text : str
        The text, lines ended by ``\n``.
    name : str
        A file name, or ``"formula"``.
    """

    text: str
    name: str = "formula"

    def excerpt(self, span: Span) -> Excerpt:
        """Quote the line in which a span begins."""
        start = min(span.start, len(self.text))
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", start)
        if line_end < 0:
            line_end = len(self.text)
        return Excerpt(
            source=self.name,
            line=self.text.count("\n", 0, start) + 1,
            column=start - line_start + 1,
            text=self.text[line_start:line_end],
            width=max(1, min(span.end, line_end) - start),
        )

    def quote(self, span: Span) -> str:
        """Give the text of a span, line breaks as blanks."""
        return " ".join(self.text[span.start : span.end].split())

    def error(self, kind: type[E], span: Span, problem: str, hint: str = "") -> E:
        """Make an error that quotes this text at a span."""
        return kind(problem, excerpt=self.excerpt(span), hint=hint)
