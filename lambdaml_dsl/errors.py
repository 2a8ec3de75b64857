"""Every error of the package: one hierarchy, one renderer.

In: the parts of a problem (what, where, the way out). Out: an exception whose text is the
message that a scientist reads, and whose attributes are what a program reads.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line of source text, and the stretch of it that an error points at.

    Attributes
    ----------
    source : str
        Name of the file, or ``"formula"`` for a string.
    line, column : int
        Place of the stretch, both counted from 1.
    text : str
        The whole line.
    width : int
        Length of the stretch in characters, at least 1.
    """

    source: str
    line: int
    column: int
    text: str
    width: int


class LambdaMLError(Exception):
    """Base of all errors that the package raises on purpose.

    Parameters
    ----------
    problem : str
        What is wrong, in plain words.
    excerpt : Excerpt, optional
        The source text that is meant.
    place : str
        Where, when it is not a source text: a file, a column, a row.
    hint : str
        The way out.

    Attributes
    ----------
    problem, hint, place : str
        As given.
    source : str or None
        Name of the source text.
    line, column : int or None
        Place in the source text, from 1.
    """

    def __init__(
        self, problem: str, *, excerpt: Excerpt | None = None, place: str = "", hint: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.excerpt = excerpt
        self.place = place
        self.hint = hint

    @property
    def source(self) -> str | None:
        """Name of the source text that the error quotes."""
        return self.excerpt.source if self.excerpt else None

    @property
    def line(self) -> int | None:
        """Line in the source text, from 1."""
        return self.excerpt.line if self.excerpt else None

    @property
    def column(self) -> int | None:
        """Column in the source text, from 1."""
        return self.excerpt.column if self.excerpt else None

    def __str__(self) -> str:
        return render(self)


class FormulaSyntaxError(LambdaMLError, ValueError):
    """The text is not a formula or a model file of the language."""


class NameResolutionError(LambdaMLError, ValueError):
    """A name has no meaning where it stands."""


class ArityError(LambdaMLError, ValueError):
    """A function is called with a wrong number of arguments."""


class ShapeError(LambdaMLError, ValueError):
    """Two vectors or matrices do not fit, or a number stands where one of them is needed."""


class LimitError(LambdaMLError, ValueError):
    """A text is larger or deeper than the limits allow."""


class DataError(LambdaMLError, ValueError):
    """The data cannot be used as they are."""


class OptionError(LambdaMLError, ValueError):
    """An argument of a call, or an option of a file or command, is wrong."""


class EvaluationError(LambdaMLError, ArithmeticError):
    """A formula has no finite value where one is needed."""


class MissingPackageError(LambdaMLError, ImportError):
    """An optional package is needed and not installed."""


QUOTED_LENGTH = 100
"""Characters of a source line that a message quotes at most, around the place it points at."""


def render(error: LambdaMLError) -> str:
    """Write an error as plain text: place, problem, source line, caret, way out."""
    excerpt = error.excerpt
    if excerpt is None:
        head = f"{error.place}: {error.problem}" if error.place else error.problem
        return f"{head}\n{error.hint}" if error.hint else head
    text, column = excerpt.text, excerpt.column - 1
    if len(text) > QUOTED_LENGTH:
        first = max(0, min(column - QUOTED_LENGTH // 2, len(text) - QUOTED_LENGTH))
        text = text[first : first + QUOTED_LENGTH]
        column -= first
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} else c for c in text)
    gutter = f"{excerpt.line:>4} | "
    before = display_width(text[:column])
    under = max(1, display_width(text[column : column + excerpt.width]))
    lines = [
        f"{excerpt.source}:{excerpt.line}:{excerpt.column}: {error.problem}",
        (gutter + text).rstrip(),
        " " * (len(gutter) - 2) + "| " + " " * before + "^" * under,
    ]
    if error.hint:
        lines.append(error.hint)
    return "\n".join(lines)


def display_width(text: str) -> int:
    """Terminal columns that a text fills: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def closest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name most like a mistyped one, or None where none is near.

    Examples
    --------
    >>> closest("exxp", ["exp", "log"])
    'exp'
    """
    candidates = list(known)
    folded = {candidate.lower(): candidate for candidate in reversed(candidates)}
    if name.lower() in folded:
        return folded[name.lower()]
    matches = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def suggestion(name: str, known: Iterable[str], *, listed: str = "Known") -> str:
    """Write the hint for a name that is not among the known ones.

    Examples
    --------
    >>> suggestion("tua", ["tau", "A"])
    "Did you mean 'tau'?"
    >>> suggestion("q", ["tau", "A"])
    'Known: tau, A.'
    """
    candidates = list(known)
    match = closest(name, candidates)
    if match is not None:
        return f"Did you mean '{match}'?"
    return f"{listed}: {', '.join(candidates)}." if candidates else ""


def counted(number: int, noun: str) -> str:
    """Write a number and its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
