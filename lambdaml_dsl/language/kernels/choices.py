"""Kernels that choose between values, without scratch space where NumPy offers a way.

NumPy's own selection, ``copyto(..., where=...)``, takes 1.2 ns a number, `putmask` a quarter of that; and a
larger or smaller one with a number that all rows share takes three times as long as with a column.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.language.entries import FloatArray


def put(out: FloatArray, values: FloatArray | float, where: NDArray[np.bool_]) -> None:
    """Write values where a test holds; both broadcast."""
    if np.shape(where) == out.shape and (np.size(values) == 1 or np.shape(values) == out.shape):
        np.putmask(out, where, values)
    else:
        np.copyto(out, values, where=where)


def maximum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give the larger, NaN where either is NaN; NumPy takes no result by position here."""
    x, y = spread(x, y, out)
    np.maximum(x, y, out=out)


def minimum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give the smaller, NaN where either is NaN."""
    x, y = spread(x, y, out)
    np.minimum(x, y, out=out)


def spread(x: FloatArray, y: FloatArray, out: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Copy the one that is smaller than the result into the result, and let that stand for it."""
    if y.size < out.size:
        np.copyto(out, y)
        return x, out
    if x.size < out.size:
        np.copyto(out, x)
        return out, y
    return x, y


def where(test: FloatArray, x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Select `x` where the test is not zero, else `y`."""
    np.copyto(out, y)
    put(out, x, np.not_equal(test, 0.0))


def clip(x: FloatArray, low: FloatArray, high: FloatArray, out: FloatArray) -> None:
    """Keep `x` within the two ends; the upper one wins where they cross."""
    if low.size == high.size == 1:
        x.clip(low, high, out)
    else:
        maximum(x, low, out)
        np.minimum(out, high, out=out)


def relu(x: FloatArray, out: FloatArray) -> None:
    """Keep `x` where positive, else zero."""
    out.fill(0.0)
    np.maximum(x, out, out=out)


def heaviside(x: FloatArray, out: FloatArray) -> None:
    """Step from 0 to 1, half way up at 0."""
    np.sign(x, out)
    np.add(out, 1.0, out)
    np.multiply(out, 0.5, out)


def is_zero(x: FloatArray, out: FloatArray) -> None:
    """Give 1 where zero, else 0; NaN is not zero."""
    np.equal(x, 0.0, out)


def both(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give 1 where both are not zero, else 0."""
    np.copyto(out, (x != 0) & (y != 0))


def either(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give 1 where one or both are not zero, else 0."""
    np.copyto(out, (x != 0) | (y != 0))


def xlogy(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Give x*log(y), and 0 where `x` is 0 and `y` any number."""
    np.log(y, out)
    np.multiply(x, out, out)
    zero: Any = np.equal(x, 0.0)
    if zero.any():
        put(out, 0.0, zero & (y == y))  # noqa: PLR0124  (NaN alone is not equal to itself)
