r"""The derivative of Riemann's zeta function for x > 1, by the Euler-Maclaurin formula (DLMF 25.2.9).

With N terms of the sum and M corrections, differentiated by x:

    zeta(x) = sum_(k < N) k^-x + N^(1 - x)/(x - 1) + N^-x/2
              + sum_(j <= M) B_2j/(2j)! x (x + 1) ... (x + 2j - 2) N^(1 - x - 2j)
"""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.regions import by_region, scipy_special

N = 14

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B_2, B_4, ..."""


def slope(x: FloatArray) -> FloatArray:
    """Sum the derivatives of the terms."""
    log_n = math.log(N)
    total = np.zeros_like(x)
    for k in range(2, N):
        total -= math.log(k) * np.power(float(k), -x)
    rest = 1 / (x - 1)
    last = np.power(float(N), -x)
    total -= last * N * rest * (log_n + rest)
    total -= 0.5 * log_n * last
    rising, inverse_sum = x, 1 / x  # x (x + 1) ... and the sum of the inverses of its factors
    for j, bernoulli in enumerate(BERNOULLI, 1):
        factor = bernoulli / math.factorial(2 * j) * float(N) ** (1 - 2 * j)
        total += factor * last * rising * (inverse_sum - log_n)
        for step in (2 * j - 1, 2 * j):
            rising = rising * (x + step)
            inverse_sum = inverse_sum + 1 / (x + step)
    return total


zeta_slope = by_region(
    (lambda x: x > 1100, np.zeros_like),  # there 2^-x is no float any more
    (lambda x: x > 1, slope),
    (lambda x: x == 1, lambda x: np.full_like(x, -np.inf)),
)


def zeta(x: FloatArray, out: FloatArray) -> None:
    """Compute zeta, NaN below 1."""
    scipy_special().zeta(x, 1.0, out)
