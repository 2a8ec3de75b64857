"""What the kernels are built from: formulas by region, power series, whole-number arguments.

A kernel takes arrays that broadcast, and the array to write into. The formulas that it is built from
take and give arrays of one axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.language.entries import FloatArray, Kernel

Mask: TypeAlias = NDArray[np.bool_]
Formula: TypeAlias = Callable[..., FloatArray]

MOST_DEGREE = 10_000
"""Degrees and orders that cost a step each are bounded, so that no formula runs for ever."""

SPLIT = 2.0**27 + 1
"""Cuts a float into two halves whose products are exact."""


@cache
def scipy_special() -> Any:
    """Import scipy.special, which takes a while, when a kernel first needs it."""
    import scipy.special

    return scipy.special


def by_region(*regions: tuple[Callable[..., Mask], Formula]) -> Kernel:
    """Give a kernel of several formulas: each number is computed by the first whose test holds, else NaN."""

    def kernel(*arrays: FloatArray) -> None:
        *arguments, out = arrays
        flat = [np.broadcast_to(argument, out.shape).reshape(-1) for argument in arguments]
        result = np.full(out.size, np.nan)
        left = np.ones(out.size, dtype=bool)
        for test, formula in regions:
            chosen = left & test(*flat)
            if chosen.all():
                result = formula(*flat)
                break
            if chosen.any():
                result[chosen] = formula(*[argument[chosen] for argument in flat])
                left &= ~chosen
        np.copyto(out, result.reshape(out.shape))

    return kernel


def corrected(kernel: Kernel, test: Callable[..., Mask], value: Formula) -> Kernel:
    """Give a kernel that is right but where a test of its arguments holds; there it is something else."""

    def correcting(*arrays: FloatArray) -> None:
        *arguments, out = arrays
        kernel(*arguments, out)
        wrong = test(*arguments)
        if wrong.any():
            np.copyto(out, value(*arguments), where=wrong)

    return correcting


def power_series(coefficients: Sequence[float], x: FloatArray) -> FloatArray:
    """Sum ``coefficients[k]*x^k``."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def exact_product(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give a product and what rounding took from it (Dekker 1971)."""
    product = x * y
    x_high, y_high = x * SPLIT, y * SPLIT
    x_high, y_high = x_high - (x_high - x), y_high - (y_high - y)
    x_low, y_low = x - x_high, y - y_high
    return product, x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)


def of_degree(formula: Callable[..., Any], most: int = MOST_DEGREE) -> Kernel:
    """Give the kernel of a formula whose first argument is a whole number from 0 on; NaN for any other."""

    def kernel(*arrays: FloatArray) -> None:
        n, *others, out = arrays
        whole = (n >= 0) & (n <= most) & (n == np.floor(n))
        degree = np.where(whole, n, 0).astype(np.int64)
        np.copyto(out, formula(degree, *others))
        np.copyto(out, np.nan, where=~whole)

    return kernel
