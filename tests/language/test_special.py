"""The special functions of the table against mpmath: every value, every slope, every end of a domain.

The tests read the table: a new entry fails until it has its line in `ORACLES` and in `ENDS` or
`CORNERS`. The tolerance of a value is stated with its oracle; that of every slope is 1e-12. Both are
relative, and where a function crosses zero, relative to its size around the crossing, which the oracle
states: for an oscillation its amplitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeAlias

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.language import special
from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.kernels import lambert
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program, ProgramBuilder

TABLE = {entry.name: entry for entry in special.ENTRIES}
NAN, INF = math.nan, math.inf

SLOPE_TOLERANCE = 1e-12

Point: TypeAlias = tuple[float, ...]
Exact: TypeAlias = Callable[..., mpf]


def nothing(*arguments: mpf) -> mpf:
    """The size of a function that is relatively exact at its zeros, or has none."""
    return mpf(0)


@dataclass(frozen=True)
class Oracle:
    """What a function is, in mpmath, and where it is tested.

    `slopes` are its derivatives, for each argument; where there is none, a difference quotient in
    `digits` digits is taken.
    """

    value: Exact
    axes: tuple[np.ndarray, ...]
    tolerance: float = 1e-14
    size: Exact = nothing
    slopes: tuple[Exact | None, ...] = (None, None, None)
    slope_sizes: tuple[Exact, ...] = (nothing, nothing, nothing)
    digits: int = 60


# ---- running the table's own code ----


def program_of(entry: Function) -> Program:
    builder = ProgramBuilder()
    arguments = [builder.parameter(index) for index in range(len(entry.arguments))]
    return builder.finish([builder.apply(entry, tuple(arguments))])


def run(program: Program, points: Sequence[Point]) -> np.ndarray:
    """Give the outputs at points: shape (outputs, points)."""
    return evaluate(program, {}, 1, np.array(points, dtype=float))[:, :, 0]


def value_of(name: str, *points: Point) -> np.ndarray:
    return run(program_of(TABLE[name]), points)[0]


def slope_of(name: str, index: int, *points: Point) -> np.ndarray:
    return run(carry(program_of(TABLE[name]), [index]), points)[1]


# ---- points ----

RNG = np.random.default_rng(20)


def uniform(low: float, high: float, count: int = 25) -> np.ndarray:
    return RNG.uniform(low, high, count)


def spread(low: float, high: float, count: int = 25) -> np.ndarray:
    """Draw by magnitude."""
    return np.exp(RNG.uniform(math.log(low), math.log(high), count))


def signed(low: float, high: float, count: int = 25) -> np.ndarray:
    return spread(low, high, count) * RNG.choice([-1, 1], count)


def whole(low: int, high: int, count: int = 25) -> np.ndarray:
    return RNG.integers(low, high + 1, count).astype(float)


def join(*axes: np.ndarray) -> np.ndarray:
    return np.concatenate(axes)


# ---- the functions, where mpmath has none ----


def faddeeva(z: mpmath.mpc) -> mpmath.mpc:
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def faddeeva_slopes(z: mpmath.mpc) -> tuple[mpmath.mpc, mpmath.mpc]:
    w = faddeeva(z)
    first = -2 * z * w + 2j / mp.sqrt(mp.pi)
    return first, -2 * w - 2 * z * first


def voigt(x: mpf, sigma: mpf, gamma: mpf) -> mpf:
    return faddeeva((x + 1j * gamma) / (sigma * mp.sqrt(2))).real / (sigma * mp.sqrt(2 * mp.pi))


def voigt_slopes(x: mpf, sigma: mpf, gamma: mpf) -> tuple[mpf, mpf, mpf]:
    first, second = faddeeva_slopes((x + 1j * gamma) / (sigma * mp.sqrt(2)))
    scale = 1 / (2 * sigma**2 * mp.sqrt(mp.pi))
    return first.real * scale, second.real * scale / mp.sqrt(2), -first.imag * scale


def voigt_size(x: mpf, sigma: mpf, gamma: mpf) -> mpf:
    """The slopes by sigma and gamma change their signs where x is of the size of the width."""
    if gamma < x / 10 and abs(x) > 3 * sigma:
        return mpf(0)
    first, second = faddeeva_slopes((x + 1j * gamma) / (sigma * mp.sqrt(2)))
    return (abs(first) + abs(second)) / (50 * sigma**2)


def inverse_erfc(y: mpf) -> mpf:
    """Find x with erfc(x) = y by Newton's rule for the logarithm, from above."""
    if y > 1:
        return -inverse_erfc(2 - y)
    x = mp.sqrt(-mp.log(y)) if y < mpf("0.5") else (1 - y) * mp.sqrt(mp.pi) / 2
    for _ in range(12):
        erfc = mp.erfc(x)
        x += (mp.log(erfc) - mp.log(y)) * erfc * mp.exp(x * x) * mp.sqrt(mp.pi) / 2
    return x


def inverse_ndtr(p: mpf) -> mpf:
    return -mp.sqrt(2) * inverse_erfc(2 * p)


def log_ndtr(x: mpf) -> mpf:
    return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2) if x > 0 else mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def normal_density(x: mpf) -> mpf:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def log_beta(a: mpf, b: mpf) -> mpf:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def rising_sum(ratio: Callable[[int], mpf]) -> mpf:
    """Sum a series of positive terms that begins with 1, given the ratio of each to the one before."""
    term = total = mpf(1)
    for k in range(200_000):
        term *= ratio(k)
        total += term
        if term < total * mpf(10) ** -mp.dps and ratio(k + 1) < mpf("0.999"):
            return total
    raise AssertionError("the series does not end")


def gamma_part(a: mpf, x: mpf) -> mpf:
    """Sum P(a, x) by its series of positive terms (DLMF 8.7.1)."""
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * rising_sum(lambda k: x / (a + 1 + k))


def beta_part(a: mpf, b: mpf, x: mpf) -> mpf:
    """Sum I_x(a, b) by its series of positive terms (DLMF 8.17.8)."""
    front = mp.exp(a * mp.log(x) + b * mp.log1p(-x) - log_beta(a, b)) / a
    return front * rising_sum(lambda k: x * (a + b + k) / (a + 1 + k))


def with_digits_for(smallness: Exact, function: Exact) -> Exact:
    """Raise the precision by the digits that 1 - P loses, or a derivative of P close to 1."""

    def raised(*arguments: mpf) -> mpf:
        lost = -int(mp.log10(min(smallness(*arguments), mpf(1))))
        with mp.extradps(min(max(lost, 0), 330)):  # what is smaller yet is no float
            return function(*arguments)

    return raised


def gamma_smallness(a: mpf, x: mpf) -> mpf:
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))


def beta_smallness(a: mpf, b: mpf, x: mpf) -> mpf:
    return mp.exp(a * mp.log(x) + b * mp.log1p(-x) - log_beta(a, b)) / (a + b)


def beta_from_nearer_end(a: mpf, b: mpf, x: mpf) -> mpf:
    return beta_part(a, b, x) if x < mpf("0.5") else 1 - beta_part(b, a, 1 - x)


def quotient(function: Exact, index: int, *point: mpf) -> mpf:
    """Take the central difference quotient, whose error is of the order of 1e-30."""
    x = point[index]
    step = mpf(10) ** -15 * (min(abs(x), mpf(1)) or 1)
    up, down = ((*point[:index], x + way * step, *point[index + 1 :]) for way in (1, -1))
    return (function(*up) - function(*down)) / (2 * step)


def upper_gamma_part(a: mpf, x: mpf) -> mpf:
    return 1 - gamma_part(a, x)


def modified_k(n: mpf, x: mpf) -> mpf:
    """Take the integral of exp(-x cosh(t)) cosh(n t) by the trapezoidal rule, which is exact here.

    mpmath 1.3 loses all digits for some large orders.
    """
    step = 1 / (8 * mp.sqrt(1 + n + x))
    total = mp.exp(-x) / 2
    largest = total
    for k in range(1, 2000):
        t = k * step
        term = mp.exp(-x * mp.cosh(t)) * mp.cosh(n * t)
        total += term
        largest = max(largest, term)
        if term < largest * mpf(10) ** -mp.dps:
            return total * step
    raise AssertionError("the integral does not end")


def wave(n: mpf, x: mpf, derivative: int = 0) -> mpf:
    """Give the amplitude of J and Y where they oscillate; before that they are relatively exact."""
    if abs(x) < n or abs(x) < mpf("0.1"):
        return mpf(0)
    return mp.hypot(
        mp.besselj(n, abs(x), derivative=derivative), mp.bessely(n, abs(x), derivative=derivative)
    )


def wave_slope(n: mpf, x: mpf) -> mpf:
    return wave(n, x, 1)


def spherical(bessel: Exact, n: mpf, x: mpf) -> mpf:
    return mp.sqrt(mp.pi / (2 * abs(x))) * bessel(n + mpf("0.5"), abs(x)) * (mp.sign(x) ** int(n))


def spherical_wave(n: mpf, x: mpf) -> mpf:
    return mp.sqrt(mp.pi / (2 * abs(x))) * wave(n + mpf("0.5"), x)


def spherical_wave_slope(n: mpf, x: mpf) -> mpf:
    return spherical_wave(n, x) * (1 + n / abs(x))


def airy_wave(x: mpf, power: float = -0.25) -> mpf:
    return mpf(0) if x > 0 else (1 - x) ** power / mp.sqrt(mp.pi)


def legendre_slope(n: mpf, x: mpf) -> mpf:
    return n * (x * mp.legendre(n, x) - mp.legendre(n - 1, x)) / (x * x - 1) if n else mpf(0)


def chebyshev_u_slope(n: mpf, x: mpf) -> mpf:
    return ((n + 1) * mp.chebyt(n + 1, x) - x * mp.chebyu(n, x)) / (x * x - 1)


def between(low: Exact, high: Exact, size: Exact) -> Exact:
    """Give the amplitude of an oscillation that is confined to an interval."""
    return lambda n, x: size(n, x) if n > 0 and low(n) < x < high(n) else mpf(0)


in_unit = partial(between, lambda n: -1, lambda n: 1)
in_well = partial(between, lambda n: -mp.sqrt(2 * n + 1), lambda n: mp.sqrt(2 * n + 1))
in_half_well = partial(between, lambda n: 0, lambda n: 4 * n + 2)


def legendre_size(n: mpf, x: mpf) -> mpf:
    return mp.hypot(mp.legendre(n, x), legendre_slope(n, x) * mp.sqrt((1 - x * x) / (n * (n + 1))))


def legendre_slope_size(n: mpf, x: mpf) -> mpf:
    return min(legendre_size(n, x) * mp.sqrt(n * (n + 1) / (1 - x * x)), n * (n + 1) / 2)


def hermite_size(n: mpf, x: mpf) -> mpf:
    return mp.hypot(mp.hermite(n, x), mp.sqrt(2 * n) * mp.hermite(n - 1, x)) if n else mpf(1)


def laguerre_size(n: mpf, x: mpf) -> mpf:
    return mp.exp(x / 2) * min(1, 1 / (mp.sqrt(mp.pi) * (n * x) ** 0.25))


def laguerre_slope_size(n: mpf, x: mpf) -> mpf:
    return mp.exp(x / 2) * min(n, mp.sqrt(n / x) / (mp.sqrt(mp.pi) * (n * x) ** 0.25))


def root(phi: mpf, m: mpf) -> mpf:
    return mp.sqrt(1 - m * mp.sin(phi) ** 2)


GAMMA_A = spread(1e-3, 1e3, 40)
GAMMA_X = GAMMA_A * np.exp(RNG.normal(size=40) * RNG.choice([2, 0.5, 0.05], 40))
DEGREES = whole(0, 100, 50)
BETA_A, BETA_B = spread(1e-3, 1e3, 40), spread(1e-3, 1e3, 40)
BETA_X = 1 / (
    1
    + BETA_B
    / BETA_A
    * np.exp(
        RNG.normal(size=40) * np.minimum(np.sqrt(1 / BETA_A + 1 / BETA_B), 3) * RNG.choice([2, 1, 0.1], 40)
    )
)

ORACLES = {
    "erf": Oracle(
        mp.erf,
        (join(uniform(-6, 6), signed(1e-8, 26)),),
        slopes=(lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),),
    ),
    "erfc": Oracle(
        mp.erfc,
        (join(uniform(-6, 26), signed(1e-8, 26)),),
        5e-13,
        slopes=(lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),),
    ),
    "erfcx": Oracle(
        lambda x: mp.exp(x * x) * mp.erfc(x),
        (join(uniform(-26, 26), signed(1e-8, 26), spread(1, 1e6), uniform(7, 9)),),
        5e-13,
    ),
    "erfinv": Oracle(
        mp.erfinv,
        (join(uniform(-1, 1), signed(1e-8, 1), 1 - spread(1e-15, 0.1), spread(1e-15, 0.1) - 1),),
        slopes=(lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(mp.erfinv(x) ** 2),),
    ),
    "erfcinv": Oracle(
        inverse_erfc,
        (join(uniform(0, 2), spread(1e-300, 1), 2 - spread(1e-15, 1)),),
        slopes=(lambda x: -mp.sqrt(mp.pi) / 2 * mp.exp(inverse_erfc(x) ** 2),),
    ),
    "dawson": Oracle(
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        (join(uniform(-10, 10), signed(1e-8, 1e4), uniform(7, 9), uniform(0.9, 0.95)),),
        slope_sizes=(lambda x: 1 / (1 + 4 * x * x),),
    ),
    "voigt_profile": Oracle(
        voigt,
        (
            join(signed(1e-3, 10), signed(1, 1e4), uniform(-9, 9, 50)),
            join(spread(0.1, 10), spread(1e-2, 1), np.ones(50)),
            join(spread(1e-8, 10), spread(1e-8, 1e3), spread(1e-8, 10, 50)),
        ),
        1e-13,
        slopes=tuple(lambda *point, k=k: voigt_slopes(*point)[k] for k in range(3)),
        slope_sizes=(nothing, voigt_size, voigt_size),
    ),
    "ndtr": Oracle(mp.ncdf, (join(uniform(-37, 9), signed(1e-8, 8)),), 5e-13, slopes=(normal_density,)),
    "ndtri": Oracle(
        inverse_ndtr,
        (join(uniform(0, 1), spread(1e-300, 1), 1 - spread(1e-15, 0.5)),),
        slopes=(lambda p: 1 / normal_density(inverse_ndtr(p)),),
    ),
    "log_ndtr": Oracle(
        log_ndtr,
        (join(uniform(-37, 37), -spread(1, 1e6), signed(1e-8, 8)),),
        5e-13,
        slopes=(lambda x: normal_density(x) / mp.ncdf(x),),
    ),
    "gamma": Oracle(
        mp.gamma,
        (join(uniform(0, 171), spread(1e-300, 171), uniform(1, 2)),),
        slopes=(lambda x: mp.gamma(x) * mp.digamma(x),),
    ),
    "lgamma": Oracle(
        mp.loggamma,
        (join(spread(1e-300, 1e300), uniform(0.5, 2.5), uniform(0, 100)),),
        2e-13,
        slopes=(mp.digamma,),
    ),
    "digamma": Oracle(
        mp.digamma,
        (join(spread(1e-100, 1e100), uniform(1, 2), uniform(0, 100)),),
        slopes=(lambda x: mp.polygamma(1, x),),
    ),
    "polygamma": Oracle(
        lambda n, x: mp.polygamma(int(n), x),
        (
            join(whole(0, 20, 50), np.zeros(10), whole(20, 99, 20)),
            join(spread(1e-8, 1e8, 50), uniform(1, 2, 10), spread(1, 1e5, 20)),
        ),
        slopes=(None, lambda n, x: mp.polygamma(int(n) + 1, x)),
    ),
    "beta": Oracle(
        lambda a, b: mp.exp(log_beta(a, b)),
        (join(spread(1e-8, 1e8), spread(1e-8, 100)), join(spread(1e-8, 1e8), spread(1e-8, 100))),
        5e-13,
        slopes=(
            lambda a, b: mp.exp(log_beta(a, b)) * (mp.digamma(a) - mp.digamma(a + b)),
            lambda a, b: mp.exp(log_beta(a, b)) * (mp.digamma(b) - mp.digamma(a + b)),
        ),
    ),
    "lbeta": Oracle(
        log_beta,
        (join(spread(1e-8, 1e8), spread(1e-2, 100)), join(spread(1e-8, 1e8), spread(1e-2, 100))),
        size=lambda a, b: mpf("0.1"),
        slopes=(
            lambda a, b: mp.digamma(a) - mp.digamma(a + b),
            lambda a, b: mp.digamma(b) - mp.digamma(a + b),
        ),
    ),
    "gammainc": Oracle(
        gamma_part,
        (GAMMA_A, GAMMA_X),
        2e-12,
        slopes=(
            with_digits_for(gamma_smallness, partial(quotient, gamma_part, 0)),
            lambda a, x: mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a)),
        ),
    ),
    "gammaincc": Oracle(
        with_digits_for(gamma_smallness, upper_gamma_part),
        (GAMMA_A, GAMMA_X),
        2e-12,
        slopes=(
            with_digits_for(gamma_smallness, partial(quotient, upper_gamma_part, 0)),
            lambda a, x: -mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a)),
        ),
    ),
    "betainc": Oracle(
        with_digits_for(beta_smallness, beta_from_nearer_end),
        (BETA_A, BETA_B, BETA_X),
        1e-12,
        slopes=(
            with_digits_for(beta_smallness, partial(quotient, beta_from_nearer_end, 0)),
            with_digits_for(beta_smallness, partial(quotient, beta_from_nearer_end, 1)),
            lambda a, b, x: mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - log_beta(a, b)),
        ),
    ),
    "xlogy": Oracle(
        lambda x, y: x * mp.log(y),
        (signed(1e-100, 1e100, 40), spread(1e-100, 1e100, 40)),
        slopes=(lambda x, y: mp.log(y), lambda x, y: x / y),
    ),
    "j0": Oracle(
        partial(mp.besselj, 0),
        (join(uniform(-30, 30), signed(1e-8, 1e8, 35)),),
        size=partial(wave, mpf(0)),
        slope_sizes=(partial(wave_slope, mpf(0)),),
    ),
    "j1": Oracle(
        partial(mp.besselj, 1),
        (join(uniform(-30, 30), signed(1e-8, 1e8, 35)),),
        size=partial(wave, mpf(1)),
        slope_sizes=(partial(wave_slope, mpf(1)),),
    ),
    "y0": Oracle(
        partial(mp.bessely, 0),
        (join(uniform(0, 30), spread(1e-8, 1e8, 35)),),
        size=partial(wave, mpf(0)),
        slope_sizes=(partial(wave_slope, mpf(0)),),
    ),
    "y1": Oracle(
        partial(mp.bessely, 1),
        (join(uniform(0, 30), spread(1e-8, 1e8, 35)),),
        size=partial(wave, mpf(1)),
        slope_sizes=(partial(wave_slope, mpf(1)),),
    ),
    "besselj": Oracle(
        mp.besselj,
        (
            join(whole(0, 30), uniform(0, 30), uniform(20, 200), whole(0, 30, 10)),
            join(spread(0.01, 100), spread(0.01, 1e6), spread(1, 400), -spread(0.01, 100, 10)),
        ),
        5e-13,
        size=wave,
        slope_sizes=(nothing, wave_slope),
    ),
    "bessely": Oracle(
        mp.bessely,
        (
            join(whole(0, 30), uniform(0, 30), uniform(20, 150)),
            join(spread(0.01, 100), spread(0.01, 1e6), spread(1, 400)),
        ),
        5e-13,
        size=wave,
        slope_sizes=(nothing, wave_slope),
    ),
    "i0": Oracle(partial(mp.besseli, 0), (join(uniform(-30, 30), signed(1e-8, 700)),)),
    "i1": Oracle(partial(mp.besseli, 1), (join(uniform(-30, 30), signed(1e-8, 700)),)),
    "besseli": Oracle(
        mp.besseli,
        (
            join(whole(0, 30), uniform(0, 30), uniform(20, 200), whole(0, 30, 10)),
            join(spread(0.01, 700), spread(0.01, 700), spread(1, 700), -spread(0.01, 700, 10)),
        ),
        5e-13,
    ),
    "k0": Oracle(partial(modified_k, mpf(0)), (join(uniform(0, 30), spread(1e-8, 690)),)),
    "k1": Oracle(partial(modified_k, mpf(1)), (join(uniform(0, 30), spread(1e-8, 690)),)),
    "besselk": Oracle(
        modified_k,
        (
            join(whole(0, 30, 15), uniform(0, 30, 15), uniform(20, 150, 15)),
            join(spread(0.01, 690, 15), spread(0.01, 690, 15), spread(1, 600, 15)),
        ),
        5e-13,
        digits=45,
    ),
    "i0e": Oracle(lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), (join(uniform(-30, 30), signed(1e-8, 1e4)),)),
    "i1e": Oracle(
        lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
        (join(uniform(-30, 30), signed(1e-8, 1e4), uniform(1, 2)),),
        slope_sizes=(lambda x: 0.1 / (1 + abs(x)) ** 1.5,),
    ),
    "k0e": Oracle(lambda x: modified_k(mpf(0), x) * mp.exp(x), (join(uniform(0, 30), spread(1e-8, 1e4)),)),
    "k1e": Oracle(lambda x: modified_k(mpf(1), x) * mp.exp(x), (join(uniform(0, 30), spread(1e-8, 1e4)),)),
    "spherical_jn": Oracle(
        partial(spherical, mp.besselj),
        (whole(0, 20, 60), join(spread(1e-3, 100, 30), -spread(0.1, 100, 10), spread(100, 1e6, 20))),
        1e-13,
        size=spherical_wave,
        slope_sizes=(nothing, spherical_wave_slope),
    ),
    "spherical_yn": Oracle(
        partial(spherical, mp.bessely),
        (whole(0, 20, 50), join(spread(1e-3, 100, 30), spread(100, 1e6, 20))),
        1e-13,
        size=spherical_wave,
        slope_sizes=(nothing, spherical_wave_slope),
    ),
    "spherical_in": Oracle(
        partial(spherical, mp.besseli),
        (whole(0, 20, 50), join(spread(1e-3, 700, 40), -spread(0.1, 700, 10))),
        1e-13,
    ),
    "spherical_kn": Oracle(partial(spherical, mp.besselk), (whole(0, 20, 50), spread(1e-3, 690, 50)), 1e-13),
    "airy_ai": Oracle(
        mp.airyai,
        (join(uniform(-20, 100), uniform(-10, 10), -spread(10, 1e10)),),
        5e-13,
        size=airy_wave,
        slope_sizes=(partial(airy_wave, power=0.25),),
    ),
    "airy_aip": Oracle(
        lambda x: mp.airyai(x, derivative=1),
        (join(uniform(-20, 100), uniform(-10, 10), -spread(10, 1e10)),),
        5e-13,
        size=partial(airy_wave, power=0.25),
        slopes=(lambda x: x * mp.airyai(x),),
        slope_sizes=(partial(airy_wave, power=0.75),),
    ),
    "airy_bi": Oracle(
        mp.airybi,
        (join(uniform(-20, 100), uniform(-10, 10), -spread(10, 1e10)),),
        5e-13,
        size=airy_wave,
        slope_sizes=(partial(airy_wave, power=0.25),),
    ),
    "airy_bip": Oracle(
        lambda x: mp.airybi(x, derivative=1),
        (join(uniform(-20, 100), uniform(-10, 10), -spread(10, 1e10)),),
        5e-13,
        size=partial(airy_wave, power=0.25),
        slopes=(lambda x: x * mp.airybi(x),),
        slope_sizes=(partial(airy_wave, power=0.75),),
    ),
    "exp1": Oracle(mp.e1, (join(uniform(0, 5), spread(1e-8, 700)),)),
    "expi": Oracle(
        mp.ei,
        (join(uniform(0, 50), signed(1e-8, 700), uniform(0.3, 0.45)),),
        1e-13,
        size=lambda x: mpf("0.1") if abs(x) < 1 else mpf(0),
    ),
    "expn": Oracle(
        lambda n, x: mp.expint(int(n), x),
        (whole(0, 30, 50), spread(1e-6, 690, 50)),
        slopes=(None, lambda n, x: -mp.expint(int(n) - 1, x)),
    ),
    "lambertw": Oracle(
        lambda x: mp.lambertw(x).real,
        (join(spread(1e-16, 0.36) - 1 / math.e, signed(1e-8, 0.3), spread(0.1, 1e300)),),
        slopes=(lambda x: mp.exp(-mp.lambertw(x).real) / (1 + mp.lambertw(x).real),),
    ),
    "zeta": Oracle(
        mp.zeta,
        (join(1 + spread(1e-12, 50), uniform(1, 10), uniform(10, 1000)),),
        slopes=(lambda x: mp.zeta(x, derivative=1) if x < 200 else -mp.log(2) * mpf(2) ** -x,),
    ),
    "ellipk": Oracle(
        mp.ellipk,
        (join(1 - spread(1e-15, 1e10, 35), uniform(-1, 1), signed(1e-8, 0.1)),),
        slopes=(lambda m: (mp.ellipe(m) - (1 - m) * mp.ellipk(m)) / (2 * m * (1 - m)),),
    ),
    "ellipe": Oracle(
        mp.ellipe,
        (join(1 - spread(1e-15, 1e10, 35), uniform(-1, 1), signed(1e-8, 0.1)),),
        slopes=(lambda m: (mp.ellipe(m) - mp.ellipk(m)) / (2 * m),),
    ),
    "ellipkinc": Oracle(
        mp.ellipf,
        (
            join(uniform(-1.57, 1.57, 30), uniform(-20, 20, 20), signed(1e-6, 1, 10)),
            join(1 - spread(1e-6, 100, 30), uniform(-5, 1, 20), signed(1e-6, 0.1, 10)),
        ),
        slopes=(lambda phi, m: 1 / root(phi, m), None),
    ),
    "ellipeinc": Oracle(
        mp.ellipe,
        (
            join(uniform(-1.57, 1.57, 30), uniform(-20, 20, 20), signed(1e-6, 1, 10)),
            join(1 - spread(1e-6, 100, 30), uniform(-5, 1, 20), signed(1e-6, 0.1, 10)),
        ),
        slopes=(root, None),
    ),
    "legendre": Oracle(
        mp.legendre,
        (DEGREES, join(uniform(-1, 1, 30), 1 - spread(1e-12, 0.1, 10), signed(1, 10, 10))),
        size=in_unit(legendre_size),
        slopes=(None, legendre_slope),
        slope_sizes=(nothing, in_unit(legendre_slope_size)),
    ),
    "hermite": Oracle(
        mp.hermite,
        (DEGREES, join(uniform(-3, 3, 30), signed(1, 20, 20))),
        size=in_well(hermite_size),
        slopes=(None, lambda n, x: 2 * n * mp.hermite(n - 1, x) if n else mpf(0)),
        slope_sizes=(nothing, in_well(lambda n, x: 2 * n * hermite_size(n - 1, x))),
    ),
    "laguerre": Oracle(
        lambda n, x: mp.laguerre(n, 0, x),
        (DEGREES, join(uniform(-1, 10, 30), signed(1, 400, 20))),
        size=in_half_well(laguerre_size),
        slopes=(None, lambda n, x: -mp.laguerre(n - 1, 1, x) if n else mpf(0)),
        slope_sizes=(nothing, in_half_well(laguerre_slope_size)),
    ),
    "chebyshev": Oracle(
        mp.chebyt,
        (DEGREES, join(uniform(-1, 1, 30), 1 - spread(1e-12, 0.1, 10), signed(1, 10, 10))),
        size=in_unit(lambda n, x: mpf(1)),
        slopes=(None, lambda n, x: n * mp.chebyu(n - 1, x) if n else mpf(0)),
        slope_sizes=(nothing, in_unit(lambda n, x: min(n * n, n / mp.sqrt(1 - x * x)))),
    ),
    "chebyshev_u": Oracle(
        mp.chebyu,
        (DEGREES, join(uniform(-1, 1, 30), 1 - spread(1e-12, 0.1, 10), signed(1, 10, 10))),
        size=in_unit(lambda n, x: min(n + 1, 1 / mp.sqrt(1 - x * x))),
        slopes=(None, chebyshev_u_slope),
        slope_sizes=(nothing, in_unit(lambda n, x: min((n + 1) ** 3 / 3, (n + 1) / (1 - x * x)))),
    ),
}


def test_every_entry_has_an_oracle() -> None:
    assert set(ORACLES) == set(TABLE)


def points_of(name: str) -> list[Point]:
    points = [tuple(map(float, point)) for point in zip(*ORACLES[name].axes, strict=True)]
    assert len(points) >= 40
    domain = TABLE[name].domain
    assert all(part.low <= x <= part.high for point in points for part, x in zip(domain, point, strict=True))
    return points


def errors(
    got: np.ndarray, points: Sequence[Point], exact: Exact, size: Exact, digits: int
) -> list[tuple[float, Point]]:
    """Give the error at each point, relative to the larger of the number and the size; the largest first."""
    found = []
    with mp.workdps(digits):
        for value, point in zip(got, points, strict=True):
            numbers = [mpf(x) for x in point]
            want = mp.mpmathify(exact(*numbers))
            assert abs(want.imag) <= mpf(10) ** (5 - digits) * abs(want)
            want = want.real
            if float(abs(want)) < 1e-290 or math.isinf(float(want)):
                # Below, a float has fewer digits; above, there is none.
                assert abs(value) <= 2e-290 or value == float(want), point
                continue
            scale = max(abs(want), size(*numbers))
            error = abs(mpf(float(value)) - want) / scale if math.isfinite(value) else mp.inf
            found.append((float(error), point))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_value(name: str) -> None:
    oracle, points = ORACLES[name], points_of(name)
    found = errors(value_of(name, *points), points, oracle.value, oracle.size, oracle.digits)
    assert len(found) >= 30
    assert found[0][0] <= oracle.tolerance, found[:5]


SLOPES = [
    (name, index)
    for name, entry in sorted(TABLE.items())
    for index, slope in enumerate(entry.slopes)
    if slope not in (None, special.UNKNOWN)
]


@pytest.mark.parametrize(("name", "index"), SLOPES)
def test_slope(name: str, index: int) -> None:
    oracle, points = ORACLES[name], points_of(name)
    exact = oracle.slopes[index] or partial(quotient, oracle.value, index)
    got = slope_of(name, index, *points)
    found = errors(got, points, exact, oracle.slope_sizes[index], oracle.digits)
    assert len(found) >= 30
    assert found[0][0] <= SLOPE_TOLERANCE, found[:5]


# ---- parameters so large that mpmath's own sums would not end ----


def log_density(a: mpf, x: mpf) -> mpf:
    return (a - 1) * mp.log(x) - x - mp.loggamma(a)


def outward(integrand: Exact, x: mpf, width: mpf) -> mpf:
    """Integrate a density times a weight from x outwards, where it falls within `width`."""
    edges = [x + width * k for k in (0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)]
    return mp.quad(integrand, edges, method="gauss-legendre")


def gamma_slope_by_integral(a: mpf, x: mpf) -> mpf:
    """Integrate the density times the derivative of its logarithm by a, on the side where x is."""
    mean = mp.digamma(a)
    width = a / (abs(x - a) + mp.sqrt(a)) * (1 if x > a else -1)
    at_x = log_density(a, x)  # taken out, because the rule's error is absolute
    integral = outward(lambda t: mp.exp(log_density(a, t) - at_x) * (mp.log(t) - mean), x, width)
    return -mp.exp(at_x) * integral


@pytest.mark.parametrize("a", [1e4, 1e6, 1e8, 1e10])
def test_the_slope_of_gammainc_by_a_large_a(a: float) -> None:
    points = [(a, a + sigmas * math.sqrt(a)) for sigmas in (-20, -5, -0.01, 0.01, 1, 20)]
    got = slope_of("gammainc", 0, *points)
    assert errors(got, points, gamma_slope_by_integral, nothing, 40)[0][0] <= SLOPE_TOLERANCE


def beta_slope_by_integral(a: mpf, b: mpf, x: mpf, index: int) -> mpf:
    """Integrate over v = log(t/(1 - t)), where the density is exp(f(v)) with a concave f."""
    start = mp.log(x / (1 - x))
    side = 1 if x * (a + b) > a else -1
    width = side / (abs(a * (1 - x) - b * x) + mp.sqrt((a + b) * x * (1 - x)))
    mean = mp.digamma((a, b)[index]) - mp.digamma(a + b)

    at_x = a * mp.log(x) + b * mp.log1p(-x)

    def weighted(v: mpf) -> mpf:
        logs = -mp.log1p(mp.exp(-v)), -mp.log1p(mp.exp(v))
        return mp.exp(a * logs[0] + b * logs[1] - at_x) * (logs[index] - mean)

    return -mp.exp(at_x - log_beta(a, b)) * outward(weighted, start, width)


@pytest.mark.parametrize(
    ("a", "b"), [(1e4, 1e4), (1e6, 1e6), (1e6, 1e3), (50.0, 1e6), (1e8, 1e8), (0.5, 1e5)]
)
def test_the_slopes_of_betainc_by_large_parameters(a: float, b: float) -> None:
    spread = math.sqrt(1 / a + 1 / b)
    odds = [a / b * math.exp(sigmas * spread) for sigmas in (-5, -0.01, 0.01, 3)]
    points = [(a, b, 1 / (1 + 1 / ratio)) for ratio in odds]
    for index in (0, 1):
        got = slope_of("betainc", index, *points)
        exact = partial(beta_slope_by_integral, index=index)
        assert errors(got, points, exact, nothing, 40)[0][0] <= SLOPE_TOLERANCE


# ---- where the rules are difference quotients ----


@pytest.mark.parametrize("name", ["besselj", "bessely", "besseli", "besselk"])
def test_the_derivative_by_a_bessel_order_is_not_known(name: str) -> None:
    """NaN, not 0: a fit then takes difference quotients."""
    assert math.isnan(slope_of(name, 0, (1.5, 2.0))[0])


WHOLE = sorted(name for name, entry in TABLE.items() if entry.arguments[0] == "n" and not entry.symbol)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_only(name: str) -> None:
    most = 100 if name == "polygamma" else 10_000
    bad = [(0.5, 0.7), (1 + 1e-15, 0.7), (-1.0, 0.7), (most + 2.0, 0.7), (INF, 0.7), (-INF, 0.7), (NAN, 0.7)]
    assert np.isnan(value_of(name, *bad)).all()
    # Hermite polynomials leave the floats long before.
    good = [(0.0, 0.7), (200.0 if name == "hermite" else float(most), 0.7)]
    assert not np.isnan(value_of(name, *good)).any()
    assert TABLE[name].slopes[0] is None


# ---- ends of domains ----

PI = math.pi

ENDS: dict[str, tuple[float, float | None, float, float | None]] = {
    # Value and slope at the low end, value and slope at the high end. Where the value is infinite, or
    # oscillates for ever, there is no slope (None).
    "erf": (-1, 0, 1, 0),
    "erfc": (2, 0, 0, 0),
    "erfcx": (INF, None, 0, 0),
    "erfinv": (-INF, None, INF, None),
    "erfcinv": (INF, None, -INF, None),
    "dawson": (0, 0, 0, 0),
    "ndtr": (0, 0, 1, 0),
    "ndtri": (-INF, None, INF, None),
    "log_ndtr": (-INF, None, 0, 0),
    "gamma": (INF, None, INF, None),
    "lgamma": (INF, None, INF, None),
    "digamma": (-INF, None, INF, None),
    "j0": (0, 0, 0, 0),
    "j1": (0, 0, 0, 0),
    "y0": (-INF, None, 0, 0),
    "y1": (-INF, None, 0, 0),
    "i0": (INF, None, INF, None),
    "i1": (-INF, None, INF, None),
    "k0": (INF, None, 0, 0),
    "k1": (INF, None, 0, 0),
    "i0e": (0, 0, 0, 0),
    "i1e": (0, 0, 0, 0),
    "k0e": (INF, None, 0, 0),
    "k1e": (INF, None, 0, 0),
    "airy_ai": (0, None, 0, 0),
    "airy_aip": (NAN, None, 0, None),
    "airy_bi": (0, None, INF, None),
    "airy_bip": (NAN, None, INF, None),
    "exp1": (INF, None, 0, 0),
    "expi": (0, 0, INF, None),
    "lambertw": (-1, INF, INF, None),
    "zeta": (INF, None, 1, 0),
    "ellipk": (0, 0, INF, None),
    "ellipe": (INF, None, 1, -INF),
}

BEYOND = {"gamma", "lgamma", "digamma"}
"""These go on below their domain, between the poles at whole numbers."""

SINGLE = sorted(name for name, entry in TABLE.items() if len(entry.arguments) == 1)


def test_every_function_of_one_variable_has_its_ends() -> None:
    assert sorted(ENDS) == SINGLE


@pytest.mark.parametrize("name", SINGLE)
def test_ends(name: str) -> None:
    (interval,) = TABLE[name].domain
    ends = [(interval.low,), (interval.high,)]
    low, low_slope, high, high_slope = ENDS[name]
    np.testing.assert_array_equal(value_of(name, *ends), [low, high])
    got = slope_of(name, 0, *ends)
    for slope, want in zip(got, (low_slope, high_slope), strict=True):
        assert want is None or slope == want


@pytest.mark.parametrize("name", SINGLE)
def test_beyond_the_domain_there_is_no_value(name: str) -> None:
    (interval,) = TABLE[name].domain
    beyond = []
    if math.isfinite(interval.low):
        beyond += [math.nextafter(interval.low, -INF), interval.low - 0.5, -INF]
    if math.isfinite(interval.high):
        beyond += [math.nextafter(interval.high, INF), interval.high + 0.5, INF]
    if name not in BEYOND:
        assert [x for x in beyond if not math.isnan(value_of(name, (x,))[0])] == []


def test_the_gamma_function_goes_on_below_zero() -> None:
    points = [(x,) for x in (-0.5, -1.5, -2.25, -3.9, -10.1)]
    for name, exact, exact_slope in [
        ("gamma", mp.gamma, lambda x: mp.gamma(x) * mp.digamma(x)),
        ("lgamma", lambda x: mp.log(abs(mp.gamma(x))), mp.digamma),
        ("digamma", mp.digamma, None),
    ]:
        for got, function in (value_of(name, *points), exact), (slope_of(name, 0, *points), exact_slope):
            if function is not None:
                assert errors(got, points, function, nothing, 40)[0][0] <= 1e-13


@pytest.mark.parametrize("name", sorted(TABLE))
def test_nan_in_any_argument_gives_nan(name: str) -> None:
    count = len(TABLE[name].arguments)
    for index in range(count):
        point = tuple(NAN if k == index else 1.0 if name != "betainc" else 0.5 for k in range(count))
        assert math.isnan(value_of(name, point)[0])


CORNERS: dict[str, list[tuple[Point, float, tuple[float | None, ...]]]] = {
    # Arguments, value, slopes by those arguments that have one (None where it is of no interest).
    "voigt_profile": [
        ((0, 0, 1), 1 / PI, (0, 0, -1 / PI)),
        ((3, 0, 1), 1 / (10 * PI), (-6 / (100 * PI), 0, 8 / (100 * PI))),
        ((0, 1, 0), 1 / math.sqrt(2 * PI), (0, -1 / math.sqrt(2 * PI), -1 / PI)),
        ((2, 0, 0), 0, (0, 0, 1 / (4 * PI))),
        ((0, 0, 0), INF, (None, None, None)),
        ((INF, 1, 1), 0, (0, 0, 0)),
        ((-INF, 1, 1), 0, (0, 0, 0)),
        ((1, INF, 1), 0, (0, 0, 0)),
        ((1, 1, INF), 0, (0, 0, 0)),
        ((1, -1e-300, 1), NAN, (NAN, NAN, NAN)),
        ((1, 1, -1e-300), NAN, (NAN, NAN, NAN)),
    ],
    "polygamma": [
        ((0, 0), -INF, (None,)),
        ((1, 0), INF, (None,)),
        ((2, 0), -INF, (None,)),
        ((0, INF), INF, (None,)),
        ((1, INF), 0, (0,)),
        ((1, -0.5), NAN, (NAN,)),
    ],
    "beta": [
        ((0, 1), INF, (None, None)),
        ((1, 0), INF, (None, None)),
        ((0, 0), INF, (None, None)),
        ((INF, 1), 0, (None, None)),
        ((1, INF), 0, (None, None)),
        ((-0.5, 1), NAN, (NAN, NAN)),
        ((1, -0.5), NAN, (NAN, NAN)),
    ],
    "lbeta": [
        ((0, 1), INF, (None, None)),
        ((1, 0), INF, (None, None)),
        ((0, 0), INF, (None, None)),
        ((INF, 1), -INF, (None, None)),
        ((1, INF), -INF, (None, None)),
        ((-0.5, 1), NAN, (None, None)),
        ((1, -0.5), NAN, (None, None)),
    ],
    "gammainc": [
        ((0.5, 0), 0, (0, INF)),
        ((1, 0), 0, (0, 1)),
        ((2, 0), 0, (0, 0)),
        ((1, INF), 1, (0, 0)),
        ((0, 1), 1, (None, None)),
        ((INF, 1), 0, (None, None)),
        ((-0.5, 1), NAN, (NAN, NAN)),
        ((1, -0.5), NAN, (NAN, NAN)),
    ],
    "gammaincc": [
        ((0.5, 0), 1, (0, -INF)),
        ((1, 0), 1, (0, -1)),
        ((2, 0), 1, (0, 0)),
        ((1, INF), 0, (0, 0)),
        ((0, 1), 0, (None, None)),
        ((INF, 1), 1, (None, None)),
        ((-0.5, 1), NAN, (NAN, NAN)),
        ((1, -0.5), NAN, (NAN, NAN)),
    ],
    "betainc": [
        ((0.5, 2, 0), 0, (0, 0, INF)),
        ((1, 2, 0), 0, (0, 0, 2)),
        ((2, 2, 0), 0, (0, 0, 0)),
        ((2, 0.5, 1), 1, (0, 0, INF)),
        ((2, 1, 1), 1, (0, 0, 2)),
        ((2, 2, 1), 1, (0, 0, 0)),
        ((0, 1, 0.5), 1, (None, None, None)),
        ((1, 0, 0.5), 0, (None, None, None)),
        ((INF, 1, 0.5), 0, (None, None, None)),
        ((1, INF, 0.5), 1, (None, None, None)),
        ((-0.5, 1, 0.5), NAN, (NAN, NAN, NAN)),
        ((1, -0.5, 0.5), NAN, (NAN, NAN, NAN)),
        ((1, 1, -1e-300), NAN, (NAN, NAN, NAN)),
        ((1, 1, 1.5), NAN, (NAN, NAN, NAN)),
    ],
    "xlogy": [
        ((0, 0), 0, (-INF, 0)),
        ((0, INF), 0, (INF, 0)),
        ((1, 0), -INF, (None, None)),
        ((-1, 0), INF, (None, None)),
        ((INF, 2), INF, (None, None)),
        ((-INF, 2), -INF, (None, None)),
        ((1, INF), INF, (None, None)),
        ((1, -0.5), NAN, (NAN, None)),
    ],
    "besselj": [
        ((0, 0), 1, (0,)),
        ((0.5, 0), 0, (INF,)),
        ((1, 0), 0, (0.5,)),
        ((1.5, 0), 0, (0,)),
        ((2, 0), 0, (0,)),
        ((0, INF), 0, (0,)),
        ((0.5, INF), 0, (0,)),
        ((1, -INF), 0, (0,)),
        ((0.5, -INF), NAN, (NAN,)),
        ((0.5, -1), NAN, (NAN,)),
        ((INF, 1), NAN, (NAN,)),
    ],
    "bessely": [
        ((0, 0), -INF, (None,)),
        ((1, 0), -INF, (None,)),
        ((0.5, INF), 0, (0,)),
        ((0, -1), NAN, (NAN,)),
        ((0, -INF), NAN, (NAN,)),
        ((INF, 1), NAN, (NAN,)),
    ],
    "besseli": [
        ((0, 0), 1, (0,)),
        ((0.5, 0), 0, (INF,)),
        ((1, 0), 0, (0.5,)),
        ((1.5, 0), 0, (0,)),
        ((2, 0), 0, (0,)),
        ((0.5, INF), INF, (None,)),
        ((1, -INF), -INF, (None,)),
        ((2, -INF), INF, (None,)),
        ((0.5, -INF), NAN, (NAN,)),
        ((0.5, -1), NAN, (NAN,)),
        ((INF, 1), NAN, (NAN,)),
    ],
    "besselk": [
        ((0, 0), INF, (None,)),
        ((1, 0), INF, (None,)),
        ((0.5, INF), 0, (0,)),
        ((0, -1), NAN, (NAN,)),
        ((INF, 1), NAN, (NAN,)),
    ],
    "spherical_jn": [
        ((0, 0), 1, (0,)),
        ((1, 0), 0, (1 / 3,)),
        ((2, 0), 0, (0,)),
        ((1, INF), 0, (0,)),
        ((1, -INF), 0, (0,)),
    ],
    "spherical_yn": [((0, 0), -INF, (None,)), ((1, INF), 0, (0,)), ((1, -0.5), NAN, (NAN,))],
    "spherical_in": [
        ((0, 0), 1, (0,)),
        ((1, 0), 0, (1 / 3,)),
        ((2, 0), 0, (0,)),
        ((1, INF), INF, (None,)),
        ((1, -INF), -INF, (None,)),
        ((2, -INF), INF, (None,)),
    ],
    "spherical_kn": [((0, 0), INF, (None,)), ((1, INF), 0, (0,)), ((1, -0.5), NAN, (NAN,))],
    "expn": [
        ((0, 0), INF, (None,)),
        ((1, 0), INF, (None,)),
        ((2, 0), 1, (-INF,)),
        ((3, 0), 0.5, (-1,)),
        ((0, INF), 0, (0,)),
        ((1, INF), 0, (0,)),
        ((1, -0.5), NAN, (NAN,)),
    ],
    "ellipkinc": [
        ((0, 0.5), 0, (1, 0)),
        ((INF, 0.5), INF, (None, None)),
        ((-INF, 0.5), -INF, (None, None)),
        # At m = 1 it is finite up to a right angle: log(tan(phi/2 + pi/4)).
        ((1, 1), 1.2261911708835171, (1.8508157176809255, None)),
        ((2, 1), INF, (None, None)),
        ((1, -INF), 0, (0, 0)),
        ((1, 1.5), NAN, (None, NAN)),
    ],
    "ellipeinc": [
        ((0, 0.5), 0, (1, 0)),
        ((INF, 0.5), INF, (None, None)),
        ((-INF, 0.5), -INF, (None, None)),
        ((1, 1), math.sin(1), (math.cos(1), None)),
        ((1, -INF), INF, (None, None)),
        ((1, 1.5), NAN, (None, NAN)),
    ],
    "legendre": [
        ((0, INF), 1, (0,)),
        ((1, INF), INF, (1,)),
        ((2, -INF), INF, (None,)),
        ((3, -INF), -INF, (None,)),
        ((50, 1), 1, (1275,)),
        ((51, -1), -1, (1326,)),
    ],
    "hermite": [
        ((0, INF), 1, (0,)),
        ((1, INF), INF, (2,)),
        ((2, -INF), INF, (None,)),
        ((3, -INF), -INF, (None,)),
    ],
    "laguerre": [
        ((0, INF), 1, (0,)),
        ((1, INF), -INF, (-1,)),
        ((2, INF), INF, (None,)),
        ((3, -INF), INF, (None,)),
        ((50, 0), 1, (-50,)),
    ],
    "chebyshev": [
        ((0, INF), 1, (0,)),
        ((1, INF), INF, (1,)),
        ((2, -INF), INF, (None,)),
        ((3, -INF), -INF, (None,)),
        ((50, 1), 1, (2500,)),
        ((51, -1), -1, (2601,)),
    ],
    "chebyshev_u": [
        ((0, INF), 1, (0,)),
        ((1, INF), INF, (2,)),
        ((2, -INF), INF, (None,)),
        ((3, -INF), -INF, (None,)),
        ((50, 1), 51, (44200,)),
    ],
}

SEVERAL = sorted(set(TABLE) - set(SINGLE))


def test_every_function_of_several_variables_has_its_corners() -> None:
    """At least one row at each end of each argument, but for whole numbers, which have a test above."""
    assert sorted(CORNERS) == SEVERAL
    for name in SEVERAL:
        entry = TABLE[name]
        for index, interval in enumerate(entry.domain):
            tested = {point[index] for point, _, _ in CORNERS[name]}
            needed = {interval.low, interval.high} if entry.slopes[index] is not None else set()
            if name in ("ellipkinc", "ellipeinc"):
                needed -= {INF} if index else set()
            assert needed <= tested, (name, index)


@pytest.mark.parametrize("name", SEVERAL)
def test_corners(name: str) -> None:
    entry = TABLE[name]
    differentiated = [k for k, slope in enumerate(entry.slopes) if slope not in (None, special.UNKNOWN)]
    for point, value, slopes in CORNERS[name]:
        np.testing.assert_allclose(value_of(name, point)[0], value, rtol=4e-16, err_msg=str(point))
        for index, slope in zip(differentiated, slopes, strict=True):
            if slope is not None:
                got = slope_of(name, index, point)[0]
                np.testing.assert_allclose(got, slope, rtol=1e-15, err_msg=f"{point} {index}")


def test_the_kink_of_the_scaled_bessel_function() -> None:
    assert slope_of("i0e", 0, (0.0,), (-0.0,)).tolist() == [0, 0]
    np.testing.assert_allclose(slope_of("i0e", 0, (1e-9,), (-1e-9,)), [-1, 1], rtol=1e-8)
    assert slope_of("i1e", 0, (0.0,))[0] == 0.5


# ---- whole tables of numbers ----


def drawn(name: str, count: int = 40) -> list[np.ndarray]:
    """Give arguments for any entry, the auxiliary ones included."""
    rng = np.random.default_rng([21, *name.encode()])
    names = EVERY[name].arguments
    axes = [np.exp(rng.uniform(-3, 4, count)) for _ in names]
    for k, argument in enumerate(names):
        if argument == "n":
            axes[k] = np.floor(axes[k])
        if argument == "m" or (argument == "x" and name.startswith("beta")):
            axes[k] = rng.uniform(0, 1, count)
    return axes


EVERY = {entry.name: entry for entry in (*special.ENTRIES, *special.AUXILIARY_ENTRIES)}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_number_does_not_depend_on_its_neighbours(name: str) -> None:
    """Rows may be cut into chunks anywhere, to the last bit."""
    kernel, arguments = EVERY[name].kernel, drawn(name)
    together, alone = np.empty(40), np.empty(40)
    with np.errstate(all="ignore"):
        kernel(*arguments, together)
        for row in range(40):
            kernel(*[axis[row : row + 1] for axis in arguments], alone[row : row + 1])
    np.testing.assert_array_equal(together, alone)
    assert np.isfinite(together).any()


COMMUTATIVE = sorted(name for name, entry in TABLE.items() if entry.commutative)


@pytest.mark.parametrize("name", COMMUTATIVE)
def test_commutative_functions_are_so_to_the_last_bit(name: str) -> None:
    rng = np.random.default_rng(22)
    points = [tuple(pair) for pair in 10.0 ** rng.uniform(-10, 10, (500, 2))]
    points += [*product([NAN, INF, 0.0, -0.0, 1.0, -1.0, 10.0], repeat=2)]
    there = value_of(name, *points)
    np.testing.assert_array_equal(there, value_of(name, *[point[::-1] for point in points]))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_dimensions(name: str) -> None:
    """All are functions of pure numbers, but for the Voigt profile, a density in x."""
    dimension = TABLE[name].dimension
    if name != "voigt_profile":
        assert not dimension.arguments
        assert not dimension.result
        return
    assert dimension.arguments == ("a", "a", "a")
    assert dimension.result == (("a", -1),)
    points = points_of(name)
    scaled = [tuple(64 * x for x in point) for point in points]
    np.testing.assert_array_equal(value_of(name, *scaled), value_of(name, *points) / 64)


def test_common_symbols_may_be_names_of_parameters() -> None:
    symbols = [
        "gamma",
        "beta",
        "zeta",
        "psi",
        *(f"{letter}{k}" for letter in "jyik" for k in "01"),
        "jn",
        "kn",
    ]
    assert all(FUNCTIONS[name].symbol for name in symbols)


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("TWO_BY_ROOT_PI", lambda: 2 / mp.sqrt(mp.pi)),
        ("HALF_ROOT_PI", lambda: mp.sqrt(mp.pi) / 2),
        ("ROOT_HALF_PI", lambda: mp.sqrt(mp.pi / 2)),
        ("ROOT_2_PI", lambda: mp.sqrt(2 * mp.pi)),
        ("ROOT_TWO_BY_PI", lambda: mp.sqrt(2 / mp.pi)),
        ("ONE_BY_ROOT_2_PI", lambda: 1 / mp.sqrt(2 * mp.pi)),
        ("ROOT_HALF", lambda: mp.sqrt(mpf("0.5"))),
        ("PI", lambda: +mp.pi),
    ],
)
def test_the_constants_in_the_slopes(name: str, exact: Exact) -> None:
    with mp.workdps(30):
        assert float(getattr(special, name)) == float(exact())


def test_the_branch_point_of_lambertw() -> None:
    with mp.workdps(50):
        rest = mpf(lambert.BRANCH_POINT) + mp.exp(-1)
        assert abs(rest + mpf(lambert.BRANCH_REST)) < 1e-32
