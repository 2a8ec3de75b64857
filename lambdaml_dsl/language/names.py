"""Names as the language writes them, wherever they come from."""

from __future__ import annotations

import unicodedata
from typing import Any

from lambdaml_dsl.language.lookalike import normal_form


def as_name(given: Any) -> str:
    r"""Give a name in the form in which formulas hold it: normalised (NFKC), if it can be a name at all.

    The micro sign and the Greek mu are one letter so, and ``x₁`` is ``x1``. What could not stand in a
    formula, such as ``x²``, a power, or ``t [s]``, stays as it is.

    Examples
    --------
    >>> as_name("x\N{SUBSCRIPT ONE}"), as_name("t [s]")
    ('x1', 't [s]')
    """
    text = str(given)
    if text.isascii():
        return text
    normal = normal_form(text)
    raised = any(unicodedata.decomposition(letter).startswith("<super>") for letter in text)
    return normal if normal.isidentifier() and not raised else text
