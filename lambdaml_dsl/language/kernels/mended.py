"""Kernels that put a quickly computed value right where its formula has no number, or too few digits.

Each takes that value first, then what it was computed from. Which numbers are mended depends on them alone,
never on their neighbours, so that chunks and batches change nothing.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.choices import put

SINC_SLOPE_SERIES = tuple([(-1) ** k * 2 * k / factorial(2 * k + 1) for k in range(1, 11)])
"""Of x^(2 k - 1): the derivative of the terms (-1)^k x^(2 k)/(2 k + 1)! of sin(x)/x."""

SMALLEST_SAFE, LARGEST_SAFE = 2.0**-500, 2.0**500
"""Between these, a length is the root of a sum of squares that neither over- nor underflow."""

SIGN_BIT = np.int64(-(2**63))


def mended_sinc(quotient: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Give sin(x)/x its limits: 1 at 0, and 0 at infinity, where the sine has none."""
    np.copyto(out, quotient)
    if np.isnan(out).any():
        put(out, 1.0, np.equal(x, 0.0))
        put(out, 0.0, np.isinf(x))


def mended_sinc_slope(quotient: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Give (cos(x) - sin(x)/x)/x its series where that cancels, and 0 at infinity."""
    np.copyto(out, quotient)
    if np.isnan(out).any():
        put(out, 0.0, np.isinf(x))
    near = np.abs(x) < 1
    if near.any():
        squared = np.square(x)
        series = np.full_like(squared, SINC_SLOPE_SERIES[-1])
        for coefficient in SINC_SLOPE_SERIES[-2::-1]:
            np.multiply(series, squared, series)
            np.add(series, coefficient, series)
        np.multiply(series, x, series)
        put(out, series, near)


def mended_length(length: FloatArray, x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give sqrt(x^2 + y^2) by a way without overflow where it is very small, very large or not a number."""
    np.copyto(out, length)
    smallest = np.minimum.reduce(length, axis=None, initial=np.inf)
    largest = np.maximum.reduce(length, axis=None, initial=0.0)
    if not (smallest >= SMALLEST_SAFE and largest <= LARGEST_SAFE):
        safe = (length >= SMALLEST_SAFE) & (length <= LARGEST_SAFE)
        np.hypot(x, y, out, where=~safe)


def mended_root(root: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Give a square root the ends of a power (C99, F.9.4.4): 0 of -0, and infinity of -infinity."""
    np.add(root, 0.0, out)
    if np.fmin.reduce(x, axis=None, initial=0.0) == -np.inf:
        put(out, np.inf, np.equal(x, -np.inf))


def signed(magnitude: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Give a number that is not negative the sign of `x`, that of a zero included."""
    bits = out.view(np.int64)
    np.bitwise_and(x.view(np.int64), SIGN_BIT, bits)
    np.bitwise_or(bits, magnitude.view(np.int64), bits)
