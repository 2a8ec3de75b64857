r"""Derivatives of the incomplete gamma and beta functions, by their parameters too.

The derivative by a of P(a, x) is an integral of the density g with a weight that changes its sign once,

    dP/da = \int_0^x g(t) (log(t) - digamma(a)) dt = -\int_x^oo g(t) (log(t) - digamma(a)) dt,

and the same holds for the beta density f with digamma(a) - digamma(a + b). Of the two integrals the one
is taken whose weight keeps its sign: then nothing cancels. In the variable s = abs(log(t/x)) (for beta,
log(t/(1 - t))) the integrand falls from its value at s = 0 as exp(-E(s)) with a convex E, so that
Gauss's rule up to where E is `DEPTH` gives it to rounding. For small parameters the fall is slow; the
recurrences from a to a + 1 then add a term of the same sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.gammas import (
    ATANH,
    LARGE,
    beta_mixed_rest,
    beta_small,
    digamma_drop,
    digamma_drop_rest,
    digamma_minus_log,
    gamma_mass,
    log1p_minus,
    log_minus,
    log_ratio,
    stirling_rest,
)
from lambdaml_dsl.language.kernels.regions import (
    Formula,
    Mask,
    by_region,
    exact_product,
    power_series,
    scipy_special,
)

DEPTH = 42.0


class Rule(NamedTuple):
    """Gauss's rule for a length of the range, and the terms that the series of the exponent need on it."""

    longest: float
    nodes: int
    atanh_terms: int
    expm1_terms: int


RULES = (Rule(0.25, 56, 10, 10), Rule(6.0, 56, len(ATANH), 19), Rule(np.inf, 100, len(ATANH), 19))
"""The integrand has poles at a distance of pi from the range: a long one needs more nodes."""


def integrate(
    integrand: Callable[..., FloatArray], length: FloatArray, *parameters: FloatArray
) -> FloatArray:
    """Integrate ``integrand(rule, s, *parameters)`` over s from 0 to `length`, by the rule for it."""
    out = np.empty_like(length)
    by_region(*[region(rule, integrand) for rule in RULES])(length, *parameters, out)
    return out


def region(rule: Rule, integrand: Callable[..., FloatArray]) -> tuple[Callable[..., Mask], Formula]:
    """Give the region of the lengths that a rule is for, and the sum by it."""

    def is_short(length: FloatArray, *parameters: FloatArray) -> Mask:
        return length <= rule.longest

    def gauss(length: FloatArray, *parameters: FloatArray) -> FloatArray:
        total = np.zeros_like(length)
        half = 0.5 * length
        for node, weight in zip(*gauss_legendre(rule.nodes), strict=True):
            total += weight * integrand(rule, half * (1 + node), *parameters)
        return half * total

    return is_short, gauss


@cache
def gauss_legendre(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Give the nodes and weights of Gauss's rule on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return tuple(nodes.tolist()), tuple(weights.tolist())


EXPM1 = [1 / math.factorial(k) for k in range(2, 21)]


def expm1_minus(s: FloatArray, terms: int = len(EXPM1)) -> FloatArray:
    """Compute exp(s) - 1 - s; for small s by its series."""
    near = np.abs(s) < 1
    small = np.where(near, s, 0.0)
    series = np.square(small) * power_series(EXPM1[:terms], small)
    return series if near.all() else np.where(near, series, np.expm1(s) - s)


def log_minus_digamma(x: FloatArray, a: FloatArray) -> FloatArray:
    """Compute log(x) - digamma(a)."""
    large = np.maximum(a, LARGE)
    direct = np.log(x) - scipy_special().psi(a)
    return np.where(a >= LARGE, log_ratio(x, large) - digamma_minus_log(large), direct)


def mass(a: FloatArray, x: FloatArray) -> FloatArray:
    """Compute x^a exp(-x)/gamma(a)."""
    out = np.empty_like(x)
    gamma_mass(a, x, out)
    return out


def gammainc_a_lower(a: FloatArray, x: FloatArray) -> FloatArray:
    """Integrate from 0 to x, with a + 1 in place of a."""
    above = a + 1
    weight = -log_minus_digamma(x, above)
    slope = above - x
    length = np.minimum(DEPTH / slope, (DEPTH + x) / above)
    length = np.where(x > 3 * DEPTH, np.minimum(length, np.sqrt(3 * DEPTH / x)), length)

    integral = integrate(lower_gamma, length, slope, x, weight)
    return -mass(a, x) / a * (weight + x * integral)


def lower_gamma(
    rule: Rule, s: FloatArray, slope: FloatArray, x: FloatArray, weight: FloatArray
) -> FloatArray:
    """Give the density, divided by its value at x, times its weight, at t = x exp(-s)."""
    return np.exp(-slope * s - x * expm1_minus(-s, rule.expm1_terms)) * (s + weight)


def gammainc_a_upper(a: FloatArray, x: FloatArray) -> FloatArray:
    """Integrate from x to infinity."""
    weight = log_minus_digamma(x, a)
    slope = x - a
    length = np.minimum(np.sqrt(2 * DEPTH / x), np.log(2 * DEPTH / x + 6))
    length = np.minimum(length, DEPTH / slope)

    return -mass(a, x) * integrate(upper_gamma, length, slope, x, weight)


def upper_gamma(
    rule: Rule, s: FloatArray, slope: FloatArray, x: FloatArray, weight: FloatArray
) -> FloatArray:
    """Give the same at t = x exp(s)."""
    return np.exp(-slope * s - x * expm1_minus(s, rule.expm1_terms)) * (s + weight)


gammainc_a = by_region(
    (lambda a, x: (a > 0) & (x > 0) & (x <= a + 0.5), gammainc_a_lower),
    (lambda a, x: (a > 0) & (x > a + 0.5) & np.isfinite(x), gammainc_a_upper),
    (lambda a, x: (a > 0) & ((x == 0) | np.isposinf(x)), lambda a, x: np.zeros_like(x)),
)


def density_at_0(a: FloatArray, slope: FloatArray | float) -> FloatArray:
    """Give the limit of slope * t^(a - 1) as t comes to 0."""
    return np.where(a < 1, np.inf, np.where(a == 1, slope, 0.0))


gamma_density = by_region(
    (lambda a, x: (a > 0) & (x > 0), lambda a, x: mass(a, x) / x),
    (lambda a, x: (a > 0) & (x == 0), lambda a, x: density_at_0(a, 1.0)),
)


def log_of(x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute log(x) for x = 1 - y, from whichever is known more exactly."""
    return np.where(y < 0.5, np.log1p(-y), np.log(x))


def balance(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute b x - a y for x + y = 1: 0 at the peak, and exact there but for a last rounding."""
    rest = (1 - np.maximum(x, y)) - np.minimum(x, y)  # what rounding took from the larger
    (first, first_rest), (second, second_rest) = exact_product(b, x), exact_product(a, y)
    left: FloatArray = first_rest - second_rest + np.where(x > y, b * rest, -a * rest)
    return (first - second) + left


def log_minus_drop(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute log(x) - digamma(a) + digamma(a + b)."""
    large = np.maximum(a, LARGE)
    shift = balance(large, b, x, y) / large  # x (a + b)/a - 1
    direct = log_of(x, y) - digamma_drop(a, b)
    return np.where(
        (a >= LARGE) & (np.abs(shift) < 0.5), np.log1p(shift) - digamma_drop_rest(large, b), direct
    )


def beta_mass(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute x^a y^b/beta(a, b), y = 1 - x."""
    out = np.empty_like(x)
    pieces = by_region(
        (lambda a, b, x, y: (a < LARGE) & (b < LARGE), beta_mass_small),
        (lambda a, b, x, y: a < LARGE, beta_mass_mixed),
        (lambda a, b, x, y: b < LARGE, lambda a, b, x, y: beta_mass_mixed(b, a, y, x)),
        (lambda a, b, x, y: a >= LARGE, beta_mass_large),
    )
    pieces(a, b, x, y, out)
    return out


def beta_mass_small(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute it as it is written, for a small `a` and `b`."""
    return np.power(x, a) * np.power(y, b) / beta_small(a, b)


def beta_mass_mixed(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute it for a small `a` and a large `b`."""
    power: FloatArray = np.power(x * (a + b), a) / scipy_special().gamma(a)
    return power * np.exp(b * log_of(y, x) - beta_mixed_rest(a, b))


def beta_mass_large(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Compute it by what is left of the logarithm where both are large (Loader 2000)."""
    total = a + b
    shift = balance(a, b, x, y)
    exponent = a * log_minus(x * total / a, shift / a) + b * log_minus(y * total / b, -shift / b)
    rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(total)
    return np.sqrt(a / total * b / (2 * math.pi)) * np.exp(exponent - rest)


def convex_part(s: FloatArray, x: FloatArray, y: FloatArray, rule: Rule = RULES[-1]) -> FloatArray:
    """Compute log(x + y exp(s)) - y s, which is 0 or more, for x = 1 - y."""
    rising = y < 0.5
    part = np.where(rising, y, x)
    signed = np.where(rising, s, -s)
    grown = part * np.expm1(signed)
    # Close to 0 both parts are of second order; the first keeps a part of it that the second does not.
    series = log1p_minus(grown, rule.atanh_terms) + part * expm1_minus(signed, rule.expm1_terms)
    return np.where(rising & (s > 1), np.log1p(grown) - part * s, series)


def fall_length(
    slope: FloatArray, total: FloatArray, a: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Find where slope*s + total*convex_part(s, x, y) comes to `DEPTH`, from above, by Newton's rule."""
    length = np.minimum(DEPTH / slope, (DEPTH - total * log_of(y, x)) / a)
    for _ in range(60):
        excess = slope * length + total * convex_part(length, x, y) - DEPTH
        long = excess > 0.2 * DEPTH
        if not long.any():
            break
        rate = slope - total * x * y * np.expm1(-length) / (x * np.exp(-length) + y)
        length = np.where(long, length - excess / rate, length)
    return length


def betainc_a_lower(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Integrate from 0 to x, with a + 1 in place of a."""
    above, total = a + 1, a + 1 + b
    weight = -log_minus_drop(above, b, x, y)
    slope = -balance(above, b, x, y)
    length = fall_length(slope, total, above, x, y)
    integral = integrate(lower_beta, length, slope, total, x, y, weight)
    return -beta_mass(a, b, x, y) / a * (weight + 1 / (a + b) + (a + b) * x * integral)


def lower_beta(
    rule: Rule,
    s: FloatArray,
    slope: FloatArray,
    total: FloatArray,
    x: FloatArray,
    y: FloatArray,
    weight: FloatArray,
) -> FloatArray:
    """Give the density, divided by its value at x, times its weight, where t/(1 - t) is x/y exp(-s)."""
    part = convex_part(s, x, y, rule)
    return np.exp(-slope * s - total * part) * (weight + part + y * s)


def betainc_a_upper(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Integrate from x to 1, with b + 1 in place of b."""
    above, total = b + 1, a + b + 1
    weight = log_minus_drop(a, b, x, y)
    slope = balance(a, above, x, y)
    length = fall_length(slope, total, above, y, x)
    integral = integrate(upper_beta, length, slope, total, x, y, weight + 1 / (a + b))
    return -beta_mass(a, b, x, y) / b * (weight + (a + b) * y * integral)


def upper_beta(
    rule: Rule,
    s: FloatArray,
    slope: FloatArray,
    total: FloatArray,
    x: FloatArray,
    y: FloatArray,
    weight: FloatArray,
) -> FloatArray:
    """Give the same where t/(1 - t) is x/y exp(s)."""
    part = convex_part(s, y, x, rule)
    return np.exp(-slope * s - total * part) * (weight - np.log1p(y * np.expm1(-s)))


def is_lower(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> Mask:
    """Say where log(t) is below its mean for all t up to x."""
    return log_minus_drop(a + 1, b, x, y) <= 0


betainc_by_first = by_region((is_lower, betainc_a_lower), (lambda a, b, x, y: ~np.isnan(x), betainc_a_upper))


def betainc_a_within(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    """Differentiate by a between the ends."""
    out = np.empty_like(x)
    betainc_by_first(a, b, x, 1 - x, out)
    return out


def betainc_b_within(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    """Use that I_x(a, b) = 1 - I_(1 - x)(b, a)."""
    out = np.empty_like(x)
    betainc_by_first(b, a, 1 - x, x, out)
    return -out


def is_within(a: FloatArray, b: FloatArray, x: FloatArray) -> Mask:
    """Say where the integrals are taken."""
    return (a > 0) & (b > 0) & (x > 0) & (x < 1)


def is_end(a: FloatArray, b: FloatArray, x: FloatArray) -> Mask:
    """Say where I_x is 0 or 1 whatever a and b are."""
    end: Mask = (a > 0) & (b > 0) & ((x == 0) | (x == 1))
    return end


betainc_a = by_region((is_within, betainc_a_within), (is_end, lambda a, b, x: np.zeros_like(x)))
betainc_b = by_region((is_within, betainc_b_within), (is_end, lambda a, b, x: np.zeros_like(x)))

beta_density = by_region(
    (is_within, lambda a, b, x: beta_mass(a, b, x, 1 - x) / x / (1 - x)),
    (lambda a, b, x: (a > 0) & (b > 0) & (x == 0), lambda a, b, x: density_at_0(a, b)),
    (lambda a, b, x: (a > 0) & (b > 0) & (x == 1), lambda a, b, x: density_at_0(b, a)),
)


def beta_at_an_end(a: FloatArray, b: FloatArray, x: FloatArray) -> Mask:
    """Say where a parameter is at an end of its domain, or beyond."""
    return (a <= 0) | (b <= 0) | np.isinf(a) | np.isinf(b)


def betainc_at_an_end(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    """Give the limit there: all of the density is at 0, or all of it at 1."""
    at_0 = ((a == 0) & (b > 0) & np.isfinite(b)) | (np.isposinf(b) & (a > 0) & np.isfinite(a))
    at_1 = ((b == 0) & (a > 0) & np.isfinite(a)) | (np.isposinf(a) & (b > 0) & np.isfinite(b))
    between = (x > 0) & (x < 1)
    return np.where(between & at_0, 1.0, np.where(between & at_1, 0.0, np.nan))
