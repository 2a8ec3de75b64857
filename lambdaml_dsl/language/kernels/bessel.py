r"""Bessel and Airy functions where SciPy's are inexact, and derivatives that must not be differences.

Far out, J and Y are sqrt(2/(pi x)) times sine and cosine of x - (n/2 + 1/4) pi. Rounding that phase
costs as many digits as x has before the point; here the constant part is taken out by the sum formulas.
With a_k the coefficients of Hankel's expansions (DLMF 10.17):

    J_n(x) ~ sqrt(2/(pi x)) (P cos(phase) - Q sin(phase)),   P - iQ ~ sum_k (-i)^k a_k(n)/x^k
    exp(-x) I_n(x) ~ sum_k (-1)^k a_k(n)/x^k / sqrt(2 pi x),   exp(x) K_n(x) ~ sqrt(pi/(2x)) sum_k a_k(n)/x^k
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from lambdaml_dsl.language.entries import FloatArray, Kernel
from lambdaml_dsl.language.kernels.regions import (
    Formula,
    Mask,
    by_region,
    power_series,
    scipy_special,
)

FAR = 25.0
"""From here on Hankel's expansions, of `TERMS` terms, are exact to rounding."""
TERMS = 22


@cache
def hankel(n: int) -> tuple[float, ...]:
    """Give a_k(n), k below `TERMS` (DLMF 10.17.1)."""
    coefficients = [1.0]
    for k in range(1, TERMS):
        coefficients.append(coefficients[-1] * (4 * n * n - (2 * k - 1) ** 2) / (8 * k))
    return tuple(coefficients)


def oscillation(coefficients: Sequence[float], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give P and Q: the even and the odd terms of sum_k c_k/x^k, each with alternating signs."""
    u = np.square(1 / x)
    signed = [-c if k & 2 else c for k, c in enumerate(coefficients)]
    return power_series(signed[::2], u), power_series(signed[1::2], u) / x


def far_pair(n: int, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give J_n and Y_n, n = 0 or 1, for large positive x."""
    p, q = oscillation(hankel(n), x)
    sine, cosine = np.sin(x), np.cos(x)
    # sqrt(2) times cosine and sine of x - pi/4; n = 1 is a quarter turn behind.
    along, across = cosine + sine, sine - cosine
    if n == 1:
        along, across = across, -along
    scale = 1 / np.sqrt(math.pi * x)
    return scale * (p * along - q * across), scale * (p * across + q * along)


def is_number(x: FloatArray) -> Mask:
    """Say where there is a number."""
    return ~np.isnan(x)


def is_far(x: FloatArray) -> Mask:
    """Say where Hankel's expansions serve, on both sides."""
    return np.abs(x) >= FAR


def from_zero(x: FloatArray) -> Mask:
    """Say where Y and K are real."""
    return x >= 0


def zero(x: FloatArray) -> FloatArray:
    """Give the limit of an oscillation that dies away."""
    return np.zeros_like(x)


def at_once(pick: Callable[[Any], Kernel]) -> Formula:
    """Give a formula from scipy.special."""

    def formula(*arguments: FloatArray) -> FloatArray:
        value: FloatArray = pick(scipy_special())(*arguments)
        return value

    return formula


j0 = by_region(
    (np.isinf, zero),
    (is_far, lambda x: far_pair(0, np.abs(x))[0]),
    (is_number, at_once(lambda special: special.j0)),
)
j1 = by_region(
    (np.isinf, zero),
    (is_far, lambda x: np.sign(x) * far_pair(1, np.abs(x))[0]),
    (is_number, at_once(lambda special: special.j1)),
)
y0 = by_region(
    (np.isposinf, zero),
    (lambda x: x >= FAR, lambda x: far_pair(0, x)[1]),
    (from_zero, at_once(lambda special: special.y0)),
)
y1 = by_region(
    (np.isposinf, zero),
    (lambda x: x >= FAR, lambda x: far_pair(1, x)[1]),
    (from_zero, at_once(lambda special: special.y1)),
)


def at_an_end(n: FloatArray, x: FloatArray) -> Mask:
    """Say where the order or the argument is infinite."""
    return np.isinf(n) | np.isinf(x)


def j_at_an_end(n: FloatArray, x: FloatArray) -> FloatArray:
    """Give the limit of J_n at infinity; on the negative axis only a whole order is real."""
    return np.where(np.isfinite(n) & ((x > 0) | (n == np.floor(n))), 0.0, np.nan)


def y_at_an_end(n: FloatArray, x: FloatArray) -> FloatArray:
    """Give the limit of Y_n at infinity."""
    return np.where(np.isfinite(n) & (x > 0), 0.0, np.nan)


def k_at_an_end(n: FloatArray, x: FloatArray) -> FloatArray:
    """Give the limit of K_n at infinity, the same."""
    return y_at_an_end(n, x)


def i_at_an_end(n: FloatArray, x: FloatArray) -> FloatArray:
    """Give the limit of I_n at infinity, on the negative axis with the sign of (-1)^n."""
    return np.where((x < 0) & (n % 2 == 1), -np.inf, np.inf) + j_at_an_end(n, x)


def is_infinite(x: FloatArray) -> Mask:
    """Say where an argument is infinite."""
    return np.isinf(x)


def even_infinity(x: FloatArray) -> FloatArray:
    """Give the limit of I_0."""
    return np.abs(x)


def odd_infinity(x: FloatArray) -> FloatArray:
    """Give the limit of I_1."""
    return x


def on_both_sides(n: FloatArray, x: FloatArray, value: FloatArray) -> FloatArray:
    """Continue a function of abs(x) to negative x by f(-x) = (-1)^n f(x)."""
    return np.where((x < 0) & (n % 2 == 1), -value, value)


def spherical_j(n: FloatArray, x: FloatArray) -> FloatArray:
    """Compute j_n."""
    return on_both_sides(n, x, scipy_special().spherical_jn(n, np.abs(x)))


def spherical_i(n: FloatArray, x: FloatArray) -> FloatArray:
    """Compute i_n."""
    return on_both_sides(n, x, scipy_special().spherical_in(n, np.abs(x)))


def spherical_y(n: FloatArray, x: FloatArray) -> FloatArray:
    """Compute y_n, which is not defined below 0."""
    return np.where(x >= 0, scipy_special().spherical_yn(n, np.abs(x)), np.nan)


def spherical_k(n: FloatArray, x: FloatArray) -> FloatArray:
    """Compute k_n, which is not defined below 0."""
    return np.where(x >= 0, scipy_special().spherical_kn(n, np.abs(x)), np.nan)


# ---- exponentially scaled I and K: their derivatives far out ----


def scaled_i_slope(n: int, x: FloatArray) -> FloatArray:
    """Differentiate the expansion of exp(-x) I_n(x) term by term, for positive x."""
    u = 1 / x
    terms = [(-1) ** (k + 1) * (k + 0.5) * c for k, c in enumerate(hankel(n))]
    return u * np.sqrt(u / (2 * math.pi)) * power_series(terms, u)


def scaled_k_slope(n: int, x: FloatArray) -> FloatArray:
    """Differentiate the expansion of exp(x) K_n(x) term by term."""
    u = 1 / x
    terms = [-(k + 0.5) * c for k, c in enumerate(hankel(n))]
    return u * np.sqrt(0.5 * math.pi * u) * power_series(terms, u)


def i0e_slope_near(x: FloatArray) -> FloatArray:
    """Differentiate exp(-abs(x)) I_0(x); at its kink the derivative is taken as 0."""
    special = scipy_special()
    slope: FloatArray = special.i1e(x) - np.sign(x) * special.i0e(x)
    return slope


def i1e_slope_near(x: FloatArray) -> FloatArray:
    """Differentiate exp(-abs(x)) I_1(x)."""
    special = scipy_special()
    slope: FloatArray = 0.5 * (special.i0e(x) + special.ive(2.0, x)) - np.sign(x) * special.i1e(x)
    return slope


def k0e_slope_near(x: FloatArray) -> FloatArray:
    """Differentiate exp(x) K_0(x)."""
    special = scipy_special()
    slope: FloatArray = special.k0e(x) - special.k1e(x)
    return slope


def k1e_slope_near(x: FloatArray) -> FloatArray:
    """Differentiate exp(x) K_1(x)."""
    special = scipy_special()
    slope: FloatArray = special.k1e(x) - 0.5 * (special.k0e(x) + special.kve(2.0, x))
    return slope


i0e_slope = by_region(
    (is_far, lambda x: np.sign(x) * scaled_i_slope(0, np.abs(x))), (is_number, i0e_slope_near)
)
i1e_slope = by_region((is_far, lambda x: scaled_i_slope(1, np.abs(x))), (is_number, i1e_slope_near))
k0e_slope = by_region((lambda x: x >= FAR, lambda x: scaled_k_slope(0, x)), (from_zero, k0e_slope_near))
k1e_slope = by_region((lambda x: x >= FAR, lambda x: scaled_k_slope(1, x)), (from_zero, k1e_slope_near))
