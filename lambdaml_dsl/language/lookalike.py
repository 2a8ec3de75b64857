r"""Names that look alike: one normal form where Unicode says that they are one, a warning where it does not.

``µ`` (micro) and ``μ`` (mu) are the same name, as in Python (PEP 3131, NFKC). Latin ``x`` and
Cyrillic ``\u0445`` are two letters with one glyph, and two names that differ in nothing else are refused.
"""
# ruff: noqa: RUF001  (the letters that are easily taken for others are the subject here)

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from types import MappingProxyType

# Only letters that no font tells apart: not alpha and a, nu and v, gamma and y.
CYRILLIC = str.maketrans("АВЕКМНОРСТХЅІЈаеорсухіјѕ", "ABEKMHOPCTXSIJaeopcyxijs")
GREEK = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧͿοϳ", "ABEZHIKMNOPTYXJoj")
LIKE_LATIN = MappingProxyType(CYRILLIC | GREEK)
"""Letters of other alphabets to the Latin ones that they look like."""


def normal_form(name: str) -> str:
    """Give the one spelling of a name: compatibility forms are as their plain ones (NFKC).

    Examples
    --------
    >>> normal_form("x₁")
    'x1'
    """
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def skeleton(name: str) -> str:
    """Give what a name looks like, in Latin letters where there is one of the same look.

    Examples
    --------
    >>> skeleton("\N{CYRILLIC SMALL LETTER HA}1") == skeleton("x1")
    True
    """
    return name if name.isascii() else normal_form(name).translate(LIKE_LATIN)


def confusable(names: Iterable[str]) -> tuple[str, str] | None:
    """Find two different names that look the same.

    Examples
    --------
    >>> confusable(["x", "tau", "y"])
    """
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(skeleton(name), name)
        if first != name:
            return first, name
    return None
