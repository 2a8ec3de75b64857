r"""Kernels around the gamma function: ratios and densities, without differences of large logarithms.

For arguments from `LARGE` on, Stirling's series gives what is left of log(gamma(a)) and digamma(a)
when their large parts are taken out; those parts then cancel on paper, not in the computer.
"""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.regions import Mask, by_region, of_degree, power_series, scipy_special

LARGE = 10.0
"""From here on the series below are exact to rounding."""

STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
"""Of log(gamma(a)), in odd powers of 1/a (DLMF 5.11.1)."""

DIGAMMA = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12, 3617 / 8160)
"""Of digamma(a), in even powers of 1/a (DLMF 5.11.2)."""

ATANH = [1 / (2 * k + 3) for k in range(30)]
"""Of atanh(r) - r, in odd powers of r from r^3 on."""

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730)
"""B_2, B_4, ..."""

MOST_ORDER = 101
"""The highest derivative of digamma: of order 100, and its own."""

FAR = 1000.0
"""From here on the series of the derivatives of digamma, up to that, is exact to rounding."""

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


def log1p_minus(d: FloatArray, terms: int = len(ATANH)) -> FloatArray:
    """Compute log(1 + d) - d; for small d by the series of log((1 + r)/(1 - r)), r = d/(2 + d)."""
    near = (d > -0.7) & (d < 2)
    small = np.where(near, d, 0.0)
    r = small / (2 + small)
    square = np.square(r)
    series = 2 * r * square * power_series(ATANH[:terms], square) - r * small
    return series if near.all() else np.where(near, series, np.log1p(np.where(near, 0.0, d)) - d)


def log_ratio(x: FloatArray, a: FloatArray) -> FloatArray:
    """Compute log(x/a), exact to rounding also close to 0."""
    return np.where(np.abs(x - a) < 0.5 * a, np.log1p((x - a) / a), np.log(x / a))


def log_minus(ratio: FloatArray, d: FloatArray) -> FloatArray:
    """Compute log(ratio) - d for ratio = 1 + d; far below 1 it is the ratio that is known exactly."""
    return np.where(d < -0.7, np.log(ratio) - d, log1p_minus(d))


def stirling_rest(a: FloatArray) -> FloatArray:
    """Compute log(gamma(a)) - ((a - 1/2) log(a) - a + log(2 pi)/2), for `a` from `LARGE` on."""
    return power_series(STIRLING, np.square(1 / a)) / a


def digamma_minus_log(a: FloatArray) -> FloatArray:
    """Compute digamma(a) - log(a), for `a` from `LARGE` on."""
    u = np.square(1 / a)
    return u * power_series(DIGAMMA, u) - 0.5 / a


def digamma_drop_rest(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute digamma(a) - digamma(a + b) + log((a + b)/a), for large `a`: differences that do not cancel."""
    logarithm = -np.log1p(b / a)
    total = 0.5 * np.expm1(logarithm) / a
    u = np.square(1 / a)
    power = u
    for k, coefficient in enumerate(DIGAMMA, 1):
        total -= coefficient * np.expm1(2 * k * logarithm) * power
        power = power * u
    return total


def digamma_drop(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute digamma(a) - digamma(a + b), for positive arguments; exact to rounding also for small b."""
    total = np.zeros_like(a)
    shifted = np.array(a)
    for _ in range(int(LARGE)):
        short = shifted < LARGE
        if not short.any():
            break
        total -= np.where(short, b / (shifted * (shifted + b)), 0.0)
        shifted = np.where(short, shifted + 1, shifted)
    return total - np.log1p(b / shifted) + digamma_drop_rest(shifted, b)


digamma_drop_kernel = by_region((lambda a, b: (a > 0) & (b >= 0), digamma_drop))


def polygamma_of(n: FloatArray, x: FloatArray) -> FloatArray:
    """Compute (-1)^(n + 1) n! zeta(n + 1, x), for large x by its series, and digamma for n = 0."""
    special = scipy_special()
    order = np.maximum(n, 1).astype(float)
    near, far = np.where(x < FAR, x, FAR), np.where(x < FAR, FAR, x)
    # (n - 1)!/x^n sum_k B_k (n)_k/(k! x^k) (DLMF 5.15.8): zeta would be less than the smallest float.
    u = np.square(1 / far)
    total = 1 + 0.5 * order / far
    term = order * (order + 1) * u
    for k, bernoulli in enumerate(BERNOULLI, 1):
        total = total + bernoulli / math.factorial(2 * k) * term
        term = term * (order + 2 * k) * (order + 2 * k + 1) * u
    half_power = np.power(far, -0.5 * order)  # in two halves, lest it underflow before it is multiplied
    by_series = half_power * special.gamma(order) * half_power * total
    higher = np.where(x < FAR, special.gamma(order + 1) * special.zeta(order + 1, near), by_series)
    return np.where(x >= 0, np.where(n == 0, special.psi(x), np.where(n % 2 == 0, -higher, higher)), np.nan)


polygamma = of_degree(polygamma_of, MOST_ORDER)


def smaller(a: FloatArray, b: FloatArray) -> FloatArray:
    """Give the smaller; 0 for -0."""
    return np.minimum(a, b) + 0.0


def beta_small(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute the beta function of two small numbers as it is defined; the order avoids overflow."""
    gamma, low, high = scipy_special().gamma, smaller(a, b), np.maximum(a, b)
    value: FloatArray = gamma(low) / gamma(low + high) * gamma(high)
    return value


def beta_mixed_rest(low: FloatArray, high: FloatArray) -> FloatArray:
    """Compute log(beta) - log(gamma(low)) + low*log(low + high), for a large `high`."""
    ratio = low / high
    rest = stirling_rest(high) - stirling_rest(low + high)
    return 0.5 * np.log1p(ratio) - high * log1p_minus(ratio) + rest


def beta_mixed(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute the beta function of a small and a large number."""
    low, high = smaller(a, b), np.maximum(a, b)
    value: FloatArray = scipy_special().gamma(low) * np.power(low + high, -low)
    return value * np.exp(beta_mixed_rest(low, high))


def lbeta_mixed(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute its logarithm."""
    low, high = smaller(a, b), np.maximum(a, b)
    value: FloatArray = scipy_special().gammaln(low) - low * np.log(low + high)
    return value + beta_mixed_rest(low, high)


def lbeta_large_exponent(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute the part of log(beta) that grows with its arguments, and what is left beside the root."""
    rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b)
    return rest - (a * np.log1p(b / a) + b * np.log1p(a / b))


def beta_large(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute the beta function of two large numbers, by Stirling's series."""
    return np.sqrt(2 * math.pi * (1 / a + 1 / b)) * np.exp(lbeta_large_exponent(a, b))


def lbeta_large(a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute its logarithm."""
    return HALF_LOG_2_PI + 0.5 * np.log(1 / a + 1 / b) + lbeta_large_exponent(a, b)


def both_small(a: FloatArray, b: FloatArray) -> Mask:
    """Say where the gamma functions themselves serve."""
    return (a >= 0) & (b >= 0) & (a < LARGE) & (b < LARGE)


def both_large(a: FloatArray, b: FloatArray) -> Mask:
    """Say where Stirling's series serves for all of them."""
    return (a >= LARGE) & (b >= LARGE) & np.isfinite(a + b)


def one_large(a: FloatArray, b: FloatArray) -> Mask:
    """Say where it serves for one, where the regions before this one do not."""
    return (a >= 0) & (b >= 0) & np.isfinite(a + b)


def one_zero(a: FloatArray, b: FloatArray) -> Mask:
    """Say where the beta function is infinite."""
    zero: Mask = (smaller(a, b) == 0) & np.isfinite(a + b)
    return zero


def one_infinite(a: FloatArray, b: FloatArray) -> Mask:
    """Say where the beta function has come to its limit, 0."""
    return (a > 0) & (b > 0)


beta = by_region(
    (one_zero, lambda a, b: np.full_like(a, np.inf)),
    (both_small, beta_small),
    (both_large, beta_large),
    (one_large, beta_mixed),
    (one_infinite, lambda a, b: np.zeros_like(a)),
)
lbeta = by_region(
    (one_zero, lambda a, b: np.full_like(a, np.inf)),
    (both_small, lambda a, b: np.log(beta_small(a, b))),
    (both_large, lbeta_large),
    (one_large, lbeta_mixed),
    (one_infinite, lambda a, b: np.full_like(a, -np.inf)),
)


def gamma_mass_small(a: FloatArray, x: FloatArray) -> FloatArray:
    """Compute x^a exp(-x)/gamma(a) as it is written, exp in two halves lest it underflow early."""
    half = np.exp(-0.5 * x)
    value: FloatArray = np.power(np.minimum(x, 1e4), a) * half / scipy_special().gamma(a) * half
    return value


def gamma_mass_large(a: FloatArray, x: FloatArray) -> FloatArray:
    """Compute the same by what is left of its logarithm (Loader 2000, saddle-point expansion)."""
    return np.sqrt(a / (2 * math.pi)) * np.exp(a * log_minus(x / a, (x - a) / a) - stirling_rest(a))


gamma_mass = by_region(
    (lambda a, x: (a > 0) & (a < LARGE) & (x >= 0), gamma_mass_small),
    (lambda a, x: (a >= LARGE) & (x >= 0), gamma_mass_large),
)
