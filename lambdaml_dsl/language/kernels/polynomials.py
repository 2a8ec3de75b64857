r"""Orthogonal polynomials, by recurrences that keep relative accuracy at the ends of their intervals.

Where a polynomial is summed from its differences, d_(k+1) = p_(k+1) - p_k, errors grow with the degree;
by the usual three-term recurrence they grow with its square close to the ends.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.regions import Mask, of_degree


def ultraspherical(order: float, x: FloatArray) -> Iterator[FloatArray]:
    """Give the Gegenbauer polynomials of an order divided by their values at 1, for x >= 0, one by one.

    Order 0 gives Chebyshev's polynomials of the first kind, 1/2 Legendre's (DLMF 18.9).
    """
    value = np.ones_like(x)
    difference = np.zeros_like(x)
    k = 0
    while True:
        yield value
        # At k = 0 the quotients have the limits 1 and 0 also for order 0.
        ahead = 2 * (k + order) / (k + 2 * order) if k else 1.0
        difference = ahead * (x - 1) * value + k / ((k + 2 * order) or 1.0) * difference
        value = value + difference
        k += 1


def laguerre_all(order: float, x: FloatArray) -> Iterator[FloatArray]:
    """Give the generalized Laguerre polynomials of an order, one by one."""
    value = difference = np.ones_like(x)
    k = 0
    while True:
        yield value
        difference = ((k + order) * difference - x * value) / (k + 1)
        value = value + difference
        k += 1


def hermite_all(x: FloatArray) -> Iterator[FloatArray]:
    """Give the physicists' Hermite polynomials, one by one."""
    before, value = np.zeros_like(x), np.ones_like(x)
    k = 0
    while True:
        yield value
        before, value = value, 2 * x * value - 2 * k * before
        k += 1


def select(n: NDArray[np.int64], values: Iterator[FloatArray]) -> FloatArray:
    """Take from polynomials of rising degree, for each number, the one of degree n; 0 for n below 0."""
    result: FloatArray | None = None
    for k in range(int(n.max(initial=0)) + 1):
        value = next(values)
        if result is None:
            result = np.zeros(np.broadcast_shapes(n.shape, value.shape))
        chosen = n == k
        if chosen.any():
            np.copyto(result, value, where=chosen)
    assert result is not None
    return result


def within_range(value: FloatArray, beyond: Mask, limit: FloatArray, n: NDArray[np.int64]) -> FloatArray:
    """Put the limit at infinity where numbers have overflowed beyond all zeros of the polynomial."""
    return np.where(np.isnan(value) & beyond & (n > 0), limit, value)


def value_at_1(order: float, n: NDArray[np.int64]) -> FloatArray:
    """Give the Gegenbauer polynomial at 1, for the orders that are used."""
    value = np.ones(n.shape)
    # n above 2*order - 1 choices out of n + 2*order - 1, for the whole 2*order = 1, 2, 3, 4.
    for k in range(1, int(2 * order)):
        value = value * (n + k) / k
    return value


def gegenbauer(order: float, n: NDArray[np.int64], x: FloatArray) -> FloatArray:
    """Give the polynomial of degree n, 0 for n = -1."""
    value = select(n, ultraspherical(order, np.abs(x)))
    value = within_range(value, np.abs(x) > 1, np.full_like(value, np.inf), n) * value_at_1(order, n)
    return np.where((x < 0) & (n % 2 == 1), -value, value)


def laguerre_of(order: float, n: NDArray[np.int64], x: FloatArray) -> FloatArray:
    """Give the polynomial of degree n, 0 for n = -1."""
    value = select(n, laguerre_all(order, x))
    beyond = (x < 0) | (x > 4 * n + 2 * order + 2)
    return within_range(value, beyond, np.where((x > 0) & (n % 2 == 1), -np.inf, np.inf), n)


def hermite_of(n: NDArray[np.int64], x: FloatArray) -> FloatArray:
    """Give the polynomial of degree n."""
    value = select(n, hermite_all(x))
    return within_range(value, np.square(x) > 2 * n + 1, np.where((x < 0) & (n % 2 == 1), -np.inf, np.inf), n)


legendre = of_degree(lambda n, x: gegenbauer(0.5, n, x))
chebyshev = of_degree(lambda n, x: gegenbauer(0.0, n, x))
chebyshev_u = of_degree(lambda n, x: gegenbauer(1.0, n, x))
hermite = of_degree(hermite_of)
laguerre = of_degree(lambda n, x: laguerre_of(0.0, n, x))

legendre_slope = of_degree(lambda n, x: gegenbauer(1.5, n - 1, x))
chebyshev_u_slope = of_degree(lambda n, x: 2 * gegenbauer(2.0, n - 1, x))
laguerre_slope = of_degree(lambda n, x: -laguerre_of(1.0, n - 1, x))
