"""What an entry of the function table is made of.

An entry is one function or operator of the language: how it is computed and differentiated, where it
is real and finite, what it does to dimensions, and how it is written. The entries themselves are in
`elementary`, `special` and `operators`; `functions` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Kernel: TypeAlias = Callable[..., Any]
"""Computes elementwise: takes the arguments, which broadcast, then the array to write the result into.

The arguments are never changed, and never overlap with the result.
"""

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """The partial derivative by one argument: the tangent is multiplied by it.

    The formula may use the entry's argument names, and ``value`` for its result.

    Attributes
    ----------
    formula : str
        The slope, in the language.
    steep : bool
        It can be infinite where the function itself is finite, as that of ``sqrt`` at 0. There a
        tangent of 0 stays 0: ``exp(-(t/tau)^b)`` is 1 at t = 0 for every tau.
    """

    formula: str
    steep: bool = False


@dataclass(frozen=True, slots=True)
class Chooses:
    """Where an argument is the one that is passed on: the tangent is selected by it.

    Selecting is not multiplying by 0 and 1: a branch that is not taken may hold an infinite
    tangent, and 0 times infinity would spoil the row.
    """

    formula: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The partial derivative by one argument is another function of the same arguments.

    For functions of the user's own, of which no formula is known.
    """

    function: Function


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that an argument may have, from `low` to `high`; `closed` names the ends that belong."""

    low: float = -np.inf
    high: float = np.inf
    closed: str = ""

    def __str__(self) -> str:
        left = "[" if self.closed in ("low", "both") else "("
        right = "]" if self.closed in ("high", "both") else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


REALS = Interval()
POSITIVE = Interval(0, np.inf)
FROM_ZERO = Interval(0, np.inf, "low")


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a function does to the dimensions of its arguments.

    Attributes
    ----------
    arguments : tuple of str
        A letter for the dimension of each argument; arguments with the same letter have the same
        dimension, one with "" is a pure number. Empty where all of them are.
    result : tuple of (str, int or Fraction)
        Letters and exponents, whose product is the dimension of the result; empty for a pure number.
    raised : bool
        The exponents are for an exponent of 1, and are multiplied by the value of the last argument.

    Examples
    --------
    >>> sqrt = Dimension(("a",), (("a", Fraction(1, 2)),))
    >>> product = Dimension(("a", "b"), (("a", 1), ("b", 1)))
    """

    arguments: tuple[str, ...] = ()
    result: tuple[tuple[str, int | Fraction], ...] = ()
    raised: bool = False


PURE = Dimension()
KEPT = Dimension(("a",), (("a", 1),))
LIKE = Dimension(("a", "a"), (("a", 1),))
COMPARED = Dimension(("a", "a"))


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    r"""One function or operator.

    Attributes
    ----------
    name : str
        The name it is listed under.
    arguments : tuple of str
        Names of the arguments; their number is the arity.
    kernel : callable
        ``kernel(*arguments, out)``, elementwise over float64.
    slopes : tuple of Slope, Chooses, Measured or None
        How the tangent of each argument is passed on; None where the derivative is zero.
    doc : str
        One line.
    aliases : tuple of str
        Other spellings.
    domain : tuple of Interval
        The values of each argument for which the function is real and finite.
    variadic : bool
        Takes two or more arguments, combined pairwise from the left.
    symbol : bool
        Its name is also a common symbol, so the bare name may be a parameter.
    commutative : bool
        ``f(x, y)`` and ``f(y, x)`` are the same to the last bit.
    latex : str
        A template of `str.format` over the argument names, such as ``\sqrt{{{x}}}``. The arguments need
        no brackets, and what it gives needs them only as the base of a power. (Of operators the brackets
        are the printer's matter.) Empty for the name with the arguments in brackets.
    dimension : Dimension
        What it does to dimensions; by default, numbers in and a number out.
    """

    name: str
    arguments: tuple[str, ...]
    kernel: Kernel
    slopes: tuple[Slope | Chooses | Measured | None, ...]
    doc: str
    aliases: tuple[str, ...] = ()
    domain: tuple[Interval, ...] = ()
    variadic: bool = False
    symbol: bool = False
    commutative: bool = False
    latex: str = ""
    dimension: Dimension = PURE

    def __repr__(self) -> str:
        return f"Function({self.name})"

    def to_latex(self, arguments: Sequence[str]) -> str:
        r"""Write a call in LaTeX.

        Parameters
        ----------
        arguments : sequence of str
            The arguments, in LaTeX. Those of a variadic function beyond the last that has a name are
            written behind it.

        Examples
        --------
        >>> Function("step", ("x",), np.sign, (None,), "a step").to_latex(["t"])
        '\\operatorname{step}\\left(t\\right)'
        """
        if not self.latex:
            name = self.name.replace("_", r"\_")
            return rf"\operatorname{{{name}}}\left({', '.join(arguments)}\right)"
        last = len(self.arguments) - 1
        listed = [*arguments[:last], ", ".join(arguments[last:])]
        return self.latex.format(**dict(zip(self.arguments, listed, strict=True)))


def of_x(
    name: str,
    kernel: Kernel,
    slope: str | None,
    doc: str,
    *aliases: str,
    domain: Interval = REALS,
    steep: bool = False,
    symbol: bool = False,
    latex: str = "",
    dimension: Dimension = PURE,
) -> Function:
    """Make the entry of a function of one variable, x; `slope` None for one that is flat."""
    slopes = (Slope(slope, steep) if slope else None,)
    return Function(
        name,
        ("x",),
        kernel,
        slopes,
        doc,
        aliases=aliases,
        domain=(domain,),
        symbol=symbol,
        latex=latex,
        dimension=dimension,
    )


def named(latex: str) -> str:
    r"""Give the template of a function of x that has a name of its own in LaTeX, such as ``\sin``."""
    return rf"{latex}\left({{x}}\right)"


def from_scipy(pick: Callable[[Any], Kernel]) -> Kernel:
    """Give a kernel from scipy.special, which is imported at the kernel's first call."""

    @cache
    def ufunc() -> Kernel:
        import scipy.special

        return pick(scipy.special)

    def kernel(*arguments: FloatArray) -> None:
        ufunc()(*arguments)

    return kernel
