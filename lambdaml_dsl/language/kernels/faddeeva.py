r"""Kernels around the Faddeeva function w(z) = exp(-z^2) erfc(-iz): erfcx, Dawson's integral, Voigt.

Their derivatives are small differences of large terms far from 0; there the asymptotic series

    w(z) ~ i/(sqrt(pi) z) sum_k (2k - 1)!!/(2 z^2)^k    (DLMF 7.12.1)

is differentiated term by term instead.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from lambdaml_dsl.language.entries import FloatArray
from lambdaml_dsl.language.kernels.regions import Mask, by_region, power_series, scipy_special

Pair: TypeAlias = tuple[FloatArray, FloatArray]
"""A complex number: NumPy's own would round differently from one length of an array to another."""

ROOT_PI = math.sqrt(math.pi)
ROOT_2 = math.sqrt(2)
ROOT_2_PI = math.sqrt(2 * math.pi)

FAR = 8.0
"""From here on the series below, of `TERMS` terms, is exact to rounding."""
TERMS = 22

DOUBLE_FACTORIALS = [float(math.prod(range(1, 2 * k, 2))) for k in range(TERMS + 1)]
"""(2k - 1)!!"""


def erfcx_slope_near(x: FloatArray) -> FloatArray:
    """Compute 2 x erfcx(x) - 2/sqrt(pi)."""
    slope: FloatArray = 2 * x * scipy_special().erfcx(x) - 2 / ROOT_PI
    return slope


def erfcx_slope_far(x: FloatArray) -> FloatArray:
    """Sum the derivative of 1/(sqrt(pi) x) (1 - 1/(2 x^2) + ...)."""
    u = np.square(1 / x)
    terms = [-((-0.5) ** k) * (2 * k + 1) * DOUBLE_FACTORIALS[k] for k in range(TERMS)]
    return u * power_series(terms, u) / ROOT_PI


erfcx_slope = by_region((lambda x: x < FAR, erfcx_slope_near), (lambda x: x >= FAR, erfcx_slope_far))


def dawson_slope_near(x: FloatArray) -> FloatArray:
    """Compute 1 - 2 x D(x)."""
    slope: FloatArray = 1 - 2 * x * scipy_special().dawsn(x)
    return slope


def dawson_slope_far(x: FloatArray) -> FloatArray:
    """Sum the derivative of 1/(2 x) (1 + 1/(2 x^2) + ...)."""
    u = np.square(1 / x)
    return -u * power_series([0.5**k * DOUBLE_FACTORIALS[k] for k in range(1, TERMS)], u)


dawson_slope = by_region(
    (lambda x: np.abs(x) < FAR, dawson_slope_near), (lambda x: np.abs(x) >= FAR, dawson_slope_far)
)


def times(z: Pair, w: Pair) -> Pair:
    """Multiply two complex numbers."""
    return z[0] * w[0] - z[1] * w[1], z[0] * w[1] + z[1] * w[0]


def scaled(z: Pair, factor: FloatArray | float) -> Pair:
    """Multiply a complex number by a real one."""
    return z[0] * factor, z[1] * factor


def plus(z: Pair, w: Pair) -> Pair:
    """Add two complex numbers."""
    return z[0] + w[0], z[1] + w[1]


def inverse(x: FloatArray, y: FloatArray) -> Pair:
    """Compute 1/(x + iy), without overflow."""
    size = np.hypot(x, y)
    return x / size / size, -y / size / size


STEP = 0.5
"""Of the trapezoidal rule below: its error is exp(-(pi/STEP)^2) = 7e-18."""
NODES = 16


def faddeeva_derivative(x: FloatArray, y: FloatArray, order: int) -> Pair:
    r"""Compute the first or second derivative of w(x + iy), y >= 0, each part to rounding.

    The trapezoidal rule for w(z) = (i/pi) \int exp(-t^2)/(z - t) dt converges exponentially; what the pole
    at t = z adds is known in closed form (Chiarella & Reichel 1968; Hunter & Regan 1972). Nodes lie at
    multiples of the step or half-way between, whichever is farther from x. Opposite nodes are taken
    together, 2z/(z^2 - t^2), so that an odd function of x is small to rounding for small x.
    """
    z = x, y
    square = (x - y) * (x + y), 2 * x * y
    phase = x / STEP - np.rint(x / STEP)
    between = np.abs(phase) < 0.25
    total = np.zeros_like(x), np.zeros_like(x)
    for k in range(NODES):
        t = np.where(between, k + 0.5, k) * STEP
        weight = np.exp(-np.square(t))
        if k == 0:
            weight = np.where(between, weight, 0.5)
        t *= t
        real = square[0] - t
        size = real * real + square[1] * square[1]
        pole = real / size, -square[1] / size
        term = times(times((square[0] + (t if order == 1 else 3 * t), square[1]), pole), pole)
        if order == 2:
            term = times(term, pole)
        total = plus(total, scaled(term, weight))
    total = total[1], -total[0]  # times -i
    total = scaled(total, 2 * STEP / math.pi) if order == 1 else scaled(times(total, z), -4 * STEP / math.pi)

    # exp(-z^2) times 2 level, where level goes from one half on the axis to 0 above it.
    sign = np.where(between, -1.0, 1.0)
    rate = 2 * math.pi / STEP
    fall = np.exp(-rate * y)
    turn = fall * np.cos(2 * math.pi * phase), fall * np.sin(2 * math.pi * phase)
    m = inverse(turn[0] - sign, turn[1])
    level = times(turn, m)
    product = times(m, level)
    first = scaled((product[1], -product[0]), sign * rate)  # times -i
    if order == 1:
        added = plus(first, scaled(times(z, level), -2.0))
    else:
        second = scaled(times(product, plus(level, scaled(m, sign))), -sign * rate * rate)
        added = plus(second, scaled(times(z, first), -4.0))
        added = plus(added, times((4 * square[0] - 2, 4 * square[1]), level))
    front = np.where(y < math.pi / STEP, 2 * np.exp(-square[0]), 0.0)
    added = times(added, (front * np.cos(square[1]), -front * np.sin(square[1])))
    return plus(total, added)


def is_far(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> Mask:
    """Say where the series in sigma^2/(x + i gamma)^2 serves, which also has the limit sigma = 0."""
    far: Mask = np.hypot(x, gamma) >= FAR * ROOT_2 * sigma
    return far & (sigma >= 0) & (gamma >= 0)


def is_near(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> Mask:
    """Say where the trapezoidal rule serves."""
    near: Mask = np.hypot(x, gamma) < FAR * ROOT_2 * sigma
    return near & (gamma >= 0)


def far_series(x: FloatArray, sigma: FloatArray, gamma: FloatArray, power: int) -> Pair:
    """Sum the series of the derivatives: z^-2 sum_k (2k + 1)!! u^k, or z^-3 sum_k (k + 1)(2k + 1)!! u^k."""
    over_z = inverse(x, gamma)
    u = scaled(over_z, sigma)
    u = times(u, u)
    terms = [DOUBLE_FACTORIALS[k + 1] * (k + 1 if power == 3 else 1) for k in range(TERMS)]
    total = np.full_like(x, terms[-1]), np.zeros_like(x)
    for term in terms[-2::-1]:
        total = times(total, u)
        total = total[0] + term, total[1]
    for _ in range(power):
        total = times(total, over_z)
    return scaled(total, 1 / math.pi)


def pure_gaussian(x: FloatArray, sigma: FloatArray, gamma: FloatArray, order: int) -> FloatArray:
    """Differentiate the normal density by x once, or by sigma, where gamma is next to nothing.

    The series lacks it: for gamma = 0 it is all there is, for a larger gamma it is nothing so far out.
    """
    pure = (sigma > 0) & (gamma < 1e-3 * np.abs(x)) & (np.abs(x) < 40 * sigma)
    width = np.where(pure, sigma, 1.0)
    ratio = np.where(pure, x / width, 0.0)
    density = np.exp(-0.5 * np.square(ratio)) / (ROOT_2_PI * width * width)
    return np.where(pure, density * (-ratio if order == 1 else np.square(ratio) - 1), 0.0)


def voigt_x_near(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Differentiate Re w(z)/(sigma sqrt(2 pi)) by x."""
    scale = 1 / (ROOT_2 * sigma)
    return faddeeva_derivative(x * scale, gamma * scale, 1)[0] * np.square(scale) / ROOT_PI


def voigt_gamma_near(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Differentiate it by gamma."""
    scale = 1 / (ROOT_2 * sigma)
    return -faddeeva_derivative(x * scale, gamma * scale, 1)[1] * np.square(scale) / ROOT_PI


def voigt_sigma_near(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Differentiate it by sigma: sigma times the second derivative by x, as heat spreads."""
    scale = 1 / (ROOT_2 * sigma)
    return faddeeva_derivative(x * scale, gamma * scale, 2)[0] * np.square(scale) / ROOT_2_PI


def voigt_x_far(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Sum the derivative by x."""
    return far_series(x, sigma, gamma, 2)[1] + pure_gaussian(x, sigma, gamma, 1)


def voigt_gamma_far(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Sum the derivative by gamma."""
    return far_series(x, sigma, gamma, 2)[0]


def voigt_sigma_far(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Sum the derivative by sigma."""
    return -2 * sigma * far_series(x, sigma, gamma, 3)[1] + pure_gaussian(x, sigma, gamma, 2)


def not_a_number(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Give NaN: a width below 0 has no profile."""
    return np.full_like(x, np.nan)


def is_infinite(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> Mask:
    """Say where the profile is 0 and flat."""
    return (np.isinf(x) | np.isinf(sigma) | np.isinf(gamma)) & (sigma >= 0) & (gamma >= 0)


def flat(x: FloatArray, sigma: FloatArray, gamma: FloatArray) -> FloatArray:
    """Give the slope there."""
    return np.zeros_like(x)


voigt_x = by_region((is_infinite, flat), (is_near, voigt_x_near), (is_far, voigt_x_far))
voigt_sigma = by_region((is_infinite, flat), (is_near, voigt_sigma_near), (is_far, voigt_sigma_far))
voigt_gamma = by_region((is_infinite, flat), (is_near, voigt_gamma_near), (is_far, voigt_gamma_far))
