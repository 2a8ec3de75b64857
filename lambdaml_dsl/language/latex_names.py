r"""Names and numbers as they are printed in papers: ``tau_1`` is τ with the index 1.

In: a name of the language. Out: LaTeX for math mode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from lambdaml_dsl.language.constants import PHYSICAL
from lambdaml_dsl.language.printing import number_text

GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
    *("nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
)
"""Those that have a letter of their own in LaTeX; the others look like Latin ones."""

SYMBOLS = {name: rf"\{name}" for name in [*GREEK, "hbar", "ell"]} | {
    # Python keeps `lambda` for itself, so formulas often have it shortened.
    "lam": r"\lambda",
    "lambd": r"\lambda",
    "inf": r"\infty",
}
"""Names that have a symbol."""

LETTERS = {
    unicodedata.lookup(
        f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER {spelling.upper()}"
    ): rf"\{name}"
    for name in GREEK
    for spelling in ["LAMDA" if name.lower() == "lambda" else name]
}

WITH_NUMBER = re.compile(r"(\D+?)(\d+)")


def name_to_latex(name: str, further: Sequence[str] = ()) -> str:
    r"""Print a name: what stands behind an underscore, and a number at its end, are its indices.

    Parameters
    ----------
    name : str
        The name.
    further : sequence of str
        More indices, in LaTeX: those of a component.

    Examples
    --------
    >>> print(*map(name_to_latex, ["x0", "tau_1", "K_m", "lambda", "Vmax", "n_rho"]))
    x_{0} \tau_{1} K_{m} \lambda \mathrm{Vmax} n_{\rho}
    """
    words = name.removeprefix(PHYSICAL).split("_")
    if not all(words):  # an underscore at either end is a letter like others
        words = [name]
    numbered = WITH_NUMBER.fullmatch(words[0])
    base, number = numbered.groups() if numbered else (words[0], "")
    indices = [number] if number else []
    indices += [
        name_to_latex(word) if WITH_NUMBER.fullmatch(word) else word_to_latex(word) for word in words[1:]
    ]
    listed = ",".join([*indices, *further])
    return word_to_latex(base) + (f"_{{{listed}}}" if listed else "")


def word_to_latex(word: str) -> str:
    """Print a word: a symbol, a letter in italics, else upright."""
    if word in SYMBOLS:
        return SYMBOLS[word]
    if word in LETTERS:
        return LETTERS[word]
    if len(word) == 1 or word.isdecimal():
        return word if word != "_" else r"\_"
    escaped = word.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


def function_name(name: str) -> str:
    r"""Print the name of a function: a letter as a letter, a word by ``\operatorname``."""
    if word_to_latex(name.partition("_")[0].rstrip("0123456789")).startswith(r"\mathrm"):
        escaped = name.replace("_", r"\_")
        return rf"\operatorname{{{escaped}}}"
    return name_to_latex(name)


def number_to_latex(value: float) -> tuple[str, str]:
    r"""Print a number: its digits, and the power of ten behind them; either can be empty.

    Examples
    --------
    >>> print(number_to_latex(0.25), number_to_latex(1e-5), number_to_latex(6.022e23))
    ('0.25', '') ('', '10^{-5}') ('6.022', '10^{23}')
    """
    digits, _, exponent = number_text(value).partition("e")
    if not exponent:
        return digits, ""
    return "" if digits == "1" else digits, f"10^{{{int(exponent)}}}"
