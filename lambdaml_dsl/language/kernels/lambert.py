r"""Lambert's W on its real principal branch, also close to the branch point -1/e.

There W = -1 + u with u small, and u solves

    (u - 1) exp(u) + 1 = e x + 1,   left side sum_(k >= 2) (k - 1) u^k/k!

in which nothing cancels, once x + 1/e is computed with the part of 1/e beyond a float.
"""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.regions import Mask, by_region, power_series, scipy_special

BRANCH_POINT = -1 / math.e
"""The float closest to -1/e, which counts as -1/e itself."""

BRANCH_REST = 1.2428753672788363e-17
"""What the float 1/e lacks, with its sign: 1/e = -BRANCH_POINT - BRANCH_REST."""

NEAR = -0.2
"""Below it W + 1 is found by itself."""

START = (0.0, 1.0, -1 / 3, 11 / 72, -43 / 540, 769 / 17280)
"""W + 1 in powers of sqrt(2 (e x + 1)) (DLMF 4.13.6)."""

LEFT_SIDE = (0.0, 0.0, *[(k - 1) / math.factorial(k) for k in range(2, 24)])


def plus_one_near(x: FloatArray) -> FloatArray:
    """Find u = W(x) + 1 close to the branch point, by Newton's rule."""
    distance = np.maximum(((x - BRANCH_POINT) - BRANCH_REST) * math.e, 0.0)
    u = power_series(START, np.sqrt(2 * distance))
    for _ in range(4):
        slope = np.where(u > 0, u * np.exp(u), 1.0)
        u = u - (power_series(LEFT_SIDE, u) - distance) / slope
    return u


def value_far(x: FloatArray) -> FloatArray:
    """Compute W away from the branch point, where SciPy's is exact to rounding."""
    value: FloatArray = scipy_special().lambertw(x).real
    return value


def is_near(x: FloatArray) -> Mask:
    """Say where W + 1 is found by itself."""
    return (x >= BRANCH_POINT) & (x < NEAR)


lambertw = by_region((is_near, lambda x: plus_one_near(x) - 1), (lambda x: x >= NEAR, value_far))
lambertw_plus_one = by_region((is_near, plus_one_near), (lambda x: x >= NEAR, lambda x: value_far(x) + 1))
