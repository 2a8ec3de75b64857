"""The elementary functions of the table.

What the language itself can say without loss (``box``, ``ramp``, ``deg2rad``) is in the prelude.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from lambdaml_dsl.language.entries import (
    COMPARED,
    FROM_ZERO,
    KEPT,
    LIKE,
    POSITIVE,
    REALS,
    Chooses,
    Dimension,
    FloatArray,
    Function,
    Interval,
    Slope,
    named,
    of_x,
)
from lambdaml_dsl.language.kernels.choices import clip, heaviside, maximum, minimum, put, relu, where
from lambdaml_dsl.language.kernels.mended import mended_sinc, mended_sinc_slope
from lambdaml_dsl.language.operators import MOD_SLOPES, POWER_SLOPES, RAISED, XY


def copysign(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give the size of `x` the sign of `y`, that of a zero included; NaN has none, and gives NaN."""
    np.copysign(x, y, out)
    lost = np.isnan(y)
    if lost.any():
        put(out, np.nan, lost)


def sigmoid(x: FloatArray, out: FloatArray) -> None:
    """Logistic function, exp(min(x, 0))/(1 + exp(-abs(x))): no overflow, and relative accuracy below zero."""
    np.abs(x, out)
    np.negative(out, out)
    np.exp(out, out)
    below = out + 1.0
    np.maximum(out, x >= 0, out=out)
    np.divide(out, below, out)


def logit(x: FloatArray, out: FloatArray) -> None:
    """Logarithm of the odds.

    From 1/4 on they are 1 + (2 x - 1)/(1 - x), of which log1p keeps every digit where they are close
    to 1: there 2 x - 1 is exact.
    """
    rest = 1.0 - x
    np.divide(2.0 * x - 1.0, rest, out)
    np.log1p(out, out)
    low = x < 0.25
    if np.any(low):
        put(out, np.log(x / rest), low)


def softplus(x: FloatArray, out: FloatArray) -> None:
    """Logarithm of 1 + exp(x), by exp(-abs(x)), which cannot overflow."""
    np.abs(x, out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    np.add(out, np.maximum(x, 0.0), out)


def sinc(x: FloatArray, out: FloatArray) -> None:
    """Quotient of sin(x) and x, with its limits: 1 at 0, and 0 at infinity, where the sine has none."""
    mended_sinc(np.sin(x) / x, x, out)


def sinc_slope(x: FloatArray, out: FloatArray) -> None:
    """Give the derivative of sinc: (cos(x) - sin(x)/x)/x, and its series where that cancels."""
    mended_sinc_slope((np.cos(x) - np.sin(x) / x) / x, x, out)


LOG2_E = "1.4426950408889634"
LOG10_E = "0.4342944819032518"
LN2 = "0.6931471805599453"
SMALLEST = "5e-324"

UNIT = Interval(-1, 1, "both")
BETWEEN_0_AND_1 = Interval(0, 1)

SQUARED = Dimension(("a",), (("a", 2),))
SQUARE_ROOT = Dimension(("a",), (("a", Fraction(1, 2)),))
CUBE_ROOT = Dimension(("a",), (("a", Fraction(1, 3)),))
SIGN_OF = Dimension(("a",))

ENTRIES = (
    of_x("exp", np.exp, "value", "e to the power x", latex="e^{{{x}}}"),
    of_x("exp2", np.exp2, f"{LN2}*value", "2 to the power x", latex="2^{{{x}}}"),
    of_x(
        "expm1",
        np.expm1,
        "exp(x)",
        "exp(x) - 1, accurate near 0",
        latex=r"\left(e^{{{x}}} - 1\right)",
    ),
    of_x("log", np.log, "1/x", "natural logarithm", "ln", domain=POSITIVE, latex=named(r"\ln")),
    of_x(
        "log1p",
        np.log1p,
        "1/(1 + x)",
        "log(1 + x), accurate near 0",
        domain=Interval(-1, np.inf),
        latex=r"\ln\left(1 + {x}\right)",
    ),
    of_x("log2", np.log2, f"{LOG2_E}/x", "logarithm to base 2", domain=POSITIVE, latex=named(r"\log_{{2}}")),
    of_x(
        "log10",
        np.log10,
        f"{LOG10_E}/x",
        "logarithm to base 10",
        domain=POSITIVE,
        latex=named(r"\log_{{10}}"),
    ),
    of_x(
        "sqrt",
        np.sqrt,
        "0.5/value",
        "square root",
        domain=FROM_ZERO,
        steep=True,
        latex=r"\sqrt{{{x}}}",
        dimension=SQUARE_ROOT,
    ),
    of_x(
        "cbrt",
        np.cbrt,
        "1/(3*value*value)",
        "real cube root, also of a negative number",
        steep=True,
        latex=r"\sqrt[3]{{{x}}}",
        dimension=CUBE_ROOT,
    ),
    of_x("square", np.square, "2*x", "x times x", latex=r"\left({x}\right)^{{2}}", dimension=SQUARED),
    Function(
        "pow",
        XY,
        np.power,
        POWER_SLOPES,
        "x to the power y",
        domain=(FROM_ZERO, REALS),
        latex=r"\left({x}\right)^{{{y}}}",
        dimension=RAISED,
    ),
    Function(
        "hypot",
        XY,
        np.hypot,
        # At (0, 0) the divisor keeps the slopes at 0, as that of abs is there.
        (Slope(f"x/max(value, {SMALLEST})"), Slope(f"y/max(value, {SMALLEST})")),
        "sqrt(x^2 + y^2) without overflow; its derivatives at (0, 0) are taken as 0",
        domain=(REALS, REALS),
        commutative=True,
        latex=r"\sqrt{{\left({x}\right)^{{2}} + \left({y}\right)^{{2}}}}",
        dimension=LIKE,
    ),
    of_x(
        "abs",
        np.abs,
        "sign(x)",
        "absolute value; its derivative at 0 is taken as 0",
        latex=r"\left|{x}\right|",
        dimension=KEPT,
    ),
    of_x("sign", np.sign, None, "-1, 0 or 1", latex=named(r"\operatorname{{sgn}}"), dimension=SIGN_OF),
    Function(
        "copysign",
        XY,
        copysign,
        (Slope("sign(x)*copysign(1, y)"), None),
        "abs(x) with the sign of y",
        domain=(REALS, REALS),
        dimension=Dimension(("a", "b"), (("a", 1),)),
    ),
    of_x(
        "heaviside",
        heaviside,
        None,
        "0 below 0, 1 above, 1/2 at 0",
        latex=named(r"\operatorname{{H}}"),
        dimension=SIGN_OF,
    ),
    of_x("floor", np.floor, None, "largest whole number not above x", latex=r"\left\lfloor {x}\right\rfloor"),
    of_x("ceil", np.ceil, None, "smallest whole number not below x", latex=r"\left\lceil {x}\right\rceil"),
    of_x("round", np.rint, None, "nearest whole number, halves to the even one"),
    of_x("trunc", np.trunc, None, "x without its decimals: the next whole number towards 0"),
    Function(
        "mod",
        XY,
        np.mod,
        MOD_SLOPES,
        "remainder of x by y, with the sign of y, as x % y",
        domain=(REALS, REALS),
        dimension=LIKE,
    ),
    Function(
        "min",
        XY,
        minimum,
        (Chooses("x <= y"), Chooses("x > y")),
        "smallest of two or more",
        domain=(REALS, REALS),
        variadic=True,
        latex=r"\min\left({x}, {y}\right)",
        dimension=LIKE,
    ),
    Function(
        "max",
        XY,
        maximum,
        (Chooses("x >= y"), Chooses("x < y")),
        "largest of two or more",
        domain=(REALS, REALS),
        variadic=True,
        latex=r"\max\left({x}, {y}\right)",
        dimension=LIKE,
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
        dimension=Dimension(("a", "a", "a"), (("a", 1),)),
    ),
    Function(
        "where",
        ("test", "x", "y"),
        where,
        (None, Chooses("test"), Chooses("not test")),
        "x where the test holds, else y",
        domain=(REALS, REALS, REALS),
        dimension=Dimension(("", "a", "a"), (("a", 1),)),
    ),
    of_x("sin", np.sin, "cos(x)", "sine, x in radians", latex=named(r"\sin")),
    of_x("cos", np.cos, "-sin(x)", "cosine, x in radians", latex=named(r"\cos")),
    of_x("tan", np.tan, "1 + value*value", "tangent, x in radians", latex=named(r"\tan")),
    of_x(
        "sinc",
        sinc,
        "sinc_slope(x)",
        "sin(x)/x, and 1 at 0; sinc(pi*x) is the one of signal processing",
    ),
    of_x(
        "asin",
        np.arcsin,
        "1/sqrt((1 - x)*(1 + x))",
        "inverse sine, in radians",
        "arcsin",
        domain=UNIT,
        steep=True,
        latex=named(r"\arcsin"),
    ),
    of_x(
        "acos",
        np.arccos,
        "-1/sqrt((1 - x)*(1 + x))",
        "inverse cosine, in radians",
        "arccos",
        domain=UNIT,
        steep=True,
        latex=named(r"\arccos"),
    ),
    of_x("atan", np.arctan, "1/(1 + x*x)", "inverse tangent, in radians", "arctan", latex=named(r"\arctan")),
    Function(
        "atan2",
        ("y", "x"),
        np.arctan2,
        (
            Slope("x/hypot(x, y)/hypot(x, y)", steep=True),
            Slope("-y/hypot(x, y)/hypot(x, y)", steep=True),
        ),
        "angle of the point (x, y), in radians; y comes first",
        aliases=("arctan2",),
        domain=(REALS, REALS),
        dimension=COMPARED,
    ),
    of_x("sinh", np.sinh, "cosh(x)", "hyperbolic sine", latex=named(r"\sinh")),
    of_x("cosh", np.cosh, "sinh(x)", "hyperbolic cosine", latex=named(r"\cosh")),
    of_x("tanh", np.tanh, "1/square(cosh(x))", "hyperbolic tangent", latex=named(r"\tanh")),
    of_x(
        "asinh",
        np.arcsinh,
        "1/hypot(1, x)",
        "inverse hyperbolic sine",
        "arcsinh",
        latex=named(r"\operatorname{{arsinh}}"),
    ),
    of_x(
        "acosh",
        np.arccosh,
        "1/(sqrt(x - 1)*sqrt(x + 1))",
        "inverse hyperbolic cosine",
        "arccosh",
        domain=Interval(1, np.inf, "low"),
        steep=True,
        latex=named(r"\operatorname{{arcosh}}"),
    ),
    of_x(
        "atanh",
        np.arctanh,
        "1/((1 - x)*(1 + x))",
        "inverse hyperbolic tangent",
        "arctanh",
        domain=Interval(-1, 1),
        latex=named(r"\operatorname{{artanh}}"),
    ),
    of_x(
        "sigmoid",
        sigmoid,
        "exp(-abs(x))/square(1 + exp(-abs(x)))",
        "logistic function 1/(1 + exp(-x))",
        "expit",
    ),
    of_x("logit", logit, "1/(x*(1 - x))", "log(x/(1 - x)), the inverse of sigmoid", domain=BETWEEN_0_AND_1),
    of_x(
        "softplus",
        softplus,
        "sigmoid(x)",
        "log(1 + exp(x)), a smooth relu",
        latex=r"\ln\left(1 + e^{{{x}}}\right)",
    ),
    Function(
        "relu",
        ("x",),
        relu,
        (Chooses("x > 0"),),
        "x where positive, else 0",
        domain=(REALS,),
        latex=r"\max\left(0, {x}\right)",
        dimension=KEPT,
    ),
)

# What only slopes speak of; no formula of a user's can name these.
AUXILIARY_ENTRIES = (
    of_x("sinc_slope", sinc_slope, "where(x == 0, -1/3, -sinc(x) - 2*value/x)", "derivative of sinc"),
)
