"""The function table: one entry for each function and operator of the language.

Binder, evaluator, derivatives, error hints and tests read this table; adding a function is
adding one entry. An entry's slopes say how it is differentiated, in the language itself: the
derivative pass parses them once and emits them as ordinary instructions, so they are shared,
folded and run like everything else. `tests/language/test_functions.py` checks each entry's
value and slopes against independent references by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Kernel: TypeAlias = Callable[..., Any]
"""Computes elementwise: takes the arguments, then the array to write the result into."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """One function or operator.

    Attributes
    ----------
    name : str
        The name it is listed under.
    arguments : tuple of str
        Names of the arguments; their number is the arity.
    kernel : callable
        ``kernel(*arguments, out)``, elementwise over float64.
    slopes : tuple of Slope, Chooses or None
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
    """

    name: str
    arguments: tuple[str, ...]
    kernel: Kernel
    slopes: tuple[Slope | Chooses | None, ...]
    doc: str
    aliases: tuple[str, ...] = ()
    domain: tuple[Interval, ...] = ()
    variadic: bool = False
    symbol: bool = False
    commutative: bool = False

    def __repr__(self) -> str:
        return f"Function({self.name})"


def from_scipy(pick: Callable[[Any], Kernel]) -> Kernel:
    """Give a kernel from scipy.special, which is imported at the kernel's first call."""

    @cache
    def ufunc() -> Kernel:
        import scipy.special

        return pick(scipy.special)

    def kernel(*arguments: FloatArray) -> None:
        ufunc()(*arguments)

    return kernel


def maximum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give the larger, NaN where either is NaN."""
    np.maximum(x, y, out=out)


def minimum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give the smaller, NaN where either is NaN."""
    np.minimum(x, y, out=out)


def where(test: FloatArray, x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Select `x` where the test is not zero, else `y`."""
    np.copyto(out, y)
    np.copyto(out, x, where=test != 0)


def clip(x: FloatArray, low: FloatArray, high: FloatArray, out: FloatArray) -> None:
    """Keep `x` within the two ends; the upper one wins where they cross."""
    np.maximum(x, low, out=out)
    np.minimum(out, high, out=out)


def relu(x: FloatArray, out: FloatArray) -> None:
    """Keep `x` where positive, else zero."""
    np.maximum(x, 0.0, out=out)


def sigmoid(x: FloatArray, out: FloatArray) -> None:
    """Logistic function exp(min(x, 0))/(1 + exp(-abs(x))): no overflow, and relative accuracy below zero."""
    np.abs(x, out=out)
    np.negative(out, out)
    np.exp(out, out)
    np.add(out, 1.0, out)
    below = np.minimum(x, 0.0, out=np.empty_like(out))
    np.exp(below, below)
    np.divide(below, out, out)


def softplus(x: FloatArray, out: FloatArray) -> None:
    """Logarithm of 1 + exp(x), by exp(-abs(x)), which cannot overflow."""
    np.abs(x, out=out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.add(out, np.maximum(x, 0.0), out)


def both(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give 1 where both are not zero, else 0."""
    np.copyto(out, (x != 0) & (y != 0))


def either(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give 1 where one or both are not zero, else 0."""
    np.copyto(out, (x != 0) | (y != 0))


def _of_x(
    name: str,
    kernel: Kernel,
    slope: str | None,
    doc: str,
    *aliases: str,
    domain: Interval = REALS,
    steep: bool = False,
) -> Function:
    slopes = (Slope(slope, steep) if slope else None,)
    return Function(name, ("x",), kernel, slopes, doc, aliases=aliases, domain=(domain,))


LN2 = "0.6931471805599453"
LN10 = "2.302585092994046"
TWO_BY_ROOT_PI = "1.1283791670955126"
UNIT = Interval(-1, 1, "both")
BETWEEN_0_AND_1 = Interval(0, 1)

POWER_SLOPES = (Slope("where(y == 0, 0, y*x^(y - 1))", steep=True), Slope("xlogy(value, x)"))
"""0^b is 0 for every b > 0, so its derivative by b is 0: xlogy gives that, log alone would give NaN."""

ENTRIES = (
    _of_x("exp", np.exp, "value", "e to the power x"),
    _of_x("exp2", np.exp2, f"{LN2}*value", "2 to the power x"),
    _of_x("expm1", np.expm1, "exp(x)", "exp(x) - 1, accurate near 0"),
    _of_x("log", np.log, "1/x", "natural logarithm", "ln", domain=POSITIVE),
    _of_x("log1p", np.log1p, "1/(1 + x)", "log(1 + x), accurate near 0", domain=Interval(-1, np.inf)),
    _of_x("log2", np.log2, f"1/(x*{LN2})", "logarithm to base 2", domain=POSITIVE),
    _of_x("log10", np.log10, f"1/(x*{LN10})", "logarithm to base 10", domain=POSITIVE),
    _of_x("sqrt", np.sqrt, "0.5/value", "square root", domain=FROM_ZERO, steep=True),
    _of_x("cbrt", np.cbrt, "1/(3*value*value)", "real cube root", steep=True),
    _of_x("square", np.square, "2*x", "x times x"),
    Function("pow", ("x", "y"), np.power, POWER_SLOPES, "x to the power y", domain=(FROM_ZERO, REALS)),
    Function(
        "hypot",
        ("x", "y"),
        np.hypot,
        (Slope("x/value", steep=True), Slope("y/value", steep=True)),
        "sqrt(x^2 + y^2) without overflow",
        domain=(REALS, REALS),
        commutative=True,
    ),
    _of_x("sin", np.sin, "cos(x)", "sine, x in radians"),
    _of_x("cos", np.cos, "-sin(x)", "cosine, x in radians"),
    _of_x("tan", np.tan, "1 + value*value", "tangent, x in radians"),
    _of_x(
        "asin",
        np.arcsin,
        "1/sqrt((1 - x)*(1 + x))",
        "inverse sine, in radians",
        "arcsin",
        domain=UNIT,
        steep=True,
    ),
    _of_x(
        "acos",
        np.arccos,
        "-1/sqrt((1 - x)*(1 + x))",
        "inverse cosine, in radians",
        "arccos",
        domain=UNIT,
        steep=True,
    ),
    _of_x("atan", np.arctan, "1/(1 + x*x)", "inverse tangent, in radians", "arctan"),
    Function(
        "atan2",
        ("y", "x"),
        np.arctan2,
        (Slope("x/hypot(x, y)/hypot(x, y)"), Slope("-y/hypot(x, y)/hypot(x, y)")),
        "angle of the point (x, y), in radians; y comes first",
        aliases=("arctan2",),
        domain=(REALS, REALS),
    ),
    _of_x("sinh", np.sinh, "cosh(x)", "hyperbolic sine"),
    _of_x("cosh", np.cosh, "sinh(x)", "hyperbolic cosine"),
    _of_x("tanh", np.tanh, "1/square(cosh(x))", "hyperbolic tangent"),
    _of_x("asinh", np.arcsinh, "1/hypot(1, x)", "inverse hyperbolic sine", "arcsinh"),
    _of_x(
        "acosh",
        np.arccosh,
        "1/(sqrt(x - 1)*sqrt(x + 1))",
        "inverse hyperbolic cosine",
        "arccosh",
        domain=Interval(1, np.inf, "low"),
        steep=True,
    ),
    _of_x(
        "atanh",
        np.arctanh,
        "1/((1 - x)*(1 + x))",
        "inverse hyperbolic tangent",
        "arctanh",
        domain=Interval(-1, 1),
    ),
    _of_x("abs", np.abs, "sign(x)", "absolute value; its derivative at 0 is taken as 0"),
    _of_x("sign", np.sign, None, "-1, 0 or 1"),
    _of_x("floor", np.floor, None, "largest whole number not above x"),
    _of_x("ceil", np.ceil, None, "smallest whole number not below x"),
    _of_x("round", np.rint, None, "nearest whole number, halves to the even one"),
    Function(
        "min",
        ("x", "y"),
        minimum,
        (Chooses("x <= y"), Chooses("x > y")),
        "smallest of two or more",
        domain=(REALS, REALS),
        variadic=True,
    ),
    Function(
        "max",
        ("x", "y"),
        maximum,
        (Chooses("x >= y"), Chooses("x < y")),
        "largest of two or more",
        domain=(REALS, REALS),
        variadic=True,
    ),
    Function(
        "clip",
        ("x", "low", "high"),
        clip,
        (
            Chooses("low <= x and x <= high"),
            Chooses("x < low and low <= high"),
            Chooses("x > high or low > high"),
        ),
        "x, but not below low and not above high",
        domain=(REALS, REALS, REALS),
    ),
    Function(
        "where",
        ("test", "x", "y"),
        where,
        (None, Chooses("test"), Chooses("not test")),
        "x where the test holds, else y",
        domain=(REALS, REALS, REALS),
    ),
    _of_x(
        "sigmoid",
        sigmoid,
        "exp(-abs(x))/square(1 + exp(-abs(x)))",
        "logistic function 1/(1 + exp(-x))",
        "expit",
    ),
    _of_x(
        "logit",
        from_scipy(lambda special: special.logit),
        "1/(x*(1 - x))",
        "log(x/(1 - x)), the inverse of sigmoid",
        domain=BETWEEN_0_AND_1,
    ),
    _of_x("softplus", softplus, "sigmoid(x)", "log(1 + exp(x)), a smooth relu"),
    Function("relu", ("x",), relu, (Chooses("x > 0"),), "x where positive, else 0", domain=(REALS,)),
    _of_x(
        "erf", from_scipy(lambda special: special.erf), f"{TWO_BY_ROOT_PI}*exp(-square(x))", "error function"
    ),
    _of_x(
        "erfc",
        from_scipy(lambda special: special.erfc),
        f"-{TWO_BY_ROOT_PI}*exp(-square(x))",
        "1 - erf(x), accurate for large x",
    ),
    Function(
        "gamma",
        ("x",),
        from_scipy(lambda special: special.gamma),
        (Slope("value*digamma(x)"),),
        "gamma function, (x - 1)! for whole x",
        domain=(POSITIVE,),
        symbol=True,
    ),
    _of_x(
        "lgamma",
        from_scipy(lambda special: special.gammaln),
        "digamma(x)",
        "logarithm of abs(gamma(x))",
        domain=POSITIVE,
    ),
)


def _operator(
    symbol: str,
    arguments: tuple[str, ...],
    kernel: Kernel,
    slopes: tuple[Slope | Chooses | None, ...],
    doc: str,
    commutative: bool = False,
) -> Function:
    return Function(
        symbol, arguments, kernel, slopes, doc, domain=(REALS,) * len(arguments), commutative=commutative
    )


XY = ("x", "y")
FLAT = (None, None)
OPERATOR_ENTRIES = (
    _operator("+", XY, np.add, (Slope("1"), Slope("1")), "sum", commutative=True),
    _operator("-", XY, np.subtract, (Slope("1"), Slope("-1")), "difference"),
    _operator("*", XY, np.multiply, (Slope("y"), Slope("x")), "product", commutative=True),
    _operator("/", XY, np.divide, (Slope("1/y"), Slope("-value/y")), "quotient"),
    _operator("%", XY, np.mod, (Slope("1"), Slope("round((value - x)/y)")), "remainder, with the sign of y"),
    _operator("**", XY, np.power, POWER_SLOPES, "power"),
    _operator("negate", ("x",), np.negative, (Slope("-1"),), "sign changed"),
    _operator("<", XY, np.less, FLAT, "1 where less, else 0"),
    _operator("<=", XY, np.less_equal, FLAT, "1 where less or equal, else 0"),
    _operator(">", XY, np.greater, FLAT, "1 where greater, else 0"),
    _operator(">=", XY, np.greater_equal, FLAT, "1 where greater or equal, else 0"),
    _operator("==", XY, np.equal, FLAT, "1 where equal, else 0"),
    _operator("!=", XY, np.not_equal, FLAT, "1 where not equal, else 0"),
    _operator("and", XY, both, FLAT, "1 where both are not zero, else 0"),
    _operator("or", XY, either, FLAT, "1 where one or both are not zero, else 0"),
    _operator("not", ("x",), np.logical_not, (None,), "1 where zero, else 0"),
)

# What only the slopes above speak of; no formula of a user's can name these.
AUXILIARY_ENTRIES = (
    Function("xlogy", XY, from_scipy(lambda special: special.xlogy), FLAT, "x*log(y), 0 where x is 0"),
    Function(
        "digamma", ("x",), from_scipy(lambda special: special.psi), (None,), "logarithmic derivative of gamma"
    ),
)


def _by_name(entries: Iterable[Function]) -> Mapping[str, Function]:
    return MappingProxyType({name: entry for entry in entries for name in (entry.name, *entry.aliases)})


FUNCTIONS = _by_name(ENTRIES)
"""The functions that a formula can call, by every spelling."""

OPERATORS = _by_name(OPERATOR_ENTRIES)
"""The operators, by symbol; ``negate`` is the sign in front."""

RULE_FUNCTIONS = _by_name((*ENTRIES, *AUXILIARY_ENTRIES))
"""The functions that a slope can call."""

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": np.pi, "e": np.e})
"""Names that mean a number unless the user declares them."""
