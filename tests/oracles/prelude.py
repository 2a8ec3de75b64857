"""What the definitions of the prelude are: the formulas of the textbooks, to as many digits as are asked for.

Written plainly, whatever cancels or overflows: mpmath carries enough digits. A formula has the name, the
arguments and the defaults of its definition. With each stand the ranges it is tested on and the ends of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.constants
import scipy.special
from mpmath import mp, mpf


@dataclass(frozen=True)
class By:
    """Draw the logarithm uniformly."""

    low: float
    high: float


@dataclass(frozen=True)
class Scalar:
    """A definition of numbers: its textbook formula, where it is tested, and the ends of its range.

    `ends` are arguments in order; what is left out takes its default.
    """

    formula: Callable[..., Any]
    ranges: Mapping[str, By | tuple[float, float]]
    ends: tuple[tuple[float, ...], ...]

    @property
    def names(self) -> list[str]:
        return list(self.ranges)

    def draw(self, name: str, size: int, rng: np.random.Generator) -> np.ndarray:
        span = self.ranges[name]
        if isinstance(span, By):
            return 10 ** rng.uniform(math.log10(span.low), math.log10(span.high), size)
        return rng.uniform(*span, size)

    def exactly(self, arguments: Iterable[float], digits: int) -> mpf:
        with mp.workdps(digits):
            return +mpf(self.formula(*[mpf(float(value)) for value in arguments]))


SCALARS: dict[str, Scalar] = {}


def ends(text: str) -> list[tuple[float, ...]]:
    """Read ``"0 1; 0 2"``: the arguments of two points."""
    return [tuple([float(word) for word in point.split()]) for point in text.split(";")]


def with_last(text: str, last: str) -> str:
    """Give every point with each of some values for one more argument."""
    return "; ".join([f"{point} {value}" for point in text.split(";") for value in last.split()])


def scalar(*texts: str, **ranges: By | tuple[float, float]) -> Callable[..., Any]:
    """Take a formula as the oracle of the definition of its name."""

    def add(formula: Callable[..., Any]) -> Callable[..., Any]:
        points = [point for text in texts for point in ends(text)]
        SCALARS[formula.__name__] = Scalar(formula, ranges, tuple(points))
        return formula

    return add


SYMMETRIC = (-3.0, 3.0)
WIDTH = By(0.1, 5)
PEAK = {"x": (-9.0, 9.0), "amplitude": By(0.01, 100), "center": (-2.0, 2.0), "sigma": WIDTH}
HEIGHT = {"x": (-9.0, 9.0), "height": By(0.01, 100), "center": (-2.0, 2.0), "sigma": WIDTH}
PEAK_ENDS = (
    "0 1 0 1e-100; 1e-99 1 0 1e-100; 1 1 0 1e-100; -1 1 0 1e-100; 1 1 1 1e-300; 1 1 0 1e100;"
    "1e100 1 0 1; -1e100 1 0 1; 30 1 0 1; -30 1 0 1; 5 1e200 0 1; 5 0 0 1"
)


def codata(key: str) -> mpf:
    """Give a physical constant by SciPy's name for it."""
    return mpf(scipy.constants.value(key))


# ---- elementary ----


@scalar("0; 1e300; -360", x=(-720.0, 720.0))
def deg2rad(x):
    return x * mp.pi / 180


@scalar("0; 1e300; -7", x=(-7.0, 7.0))
def rad2deg(x):
    return x * 180 / mp.pi


@scalar(
    "-0.5; -0.5000000000000001; 0.5; 0.5000000000000001; -1e100; 1e100",
    x=SYMMETRIC,
    low=(-2.0, 0.0),
    high=(0.0, 2.0),
)
def box(x, low=-0.5, high=0.5):
    return mpf(low <= x <= high)


@scalar("0; 1e300; -1e300; 3 3", x=SYMMETRIC, start=SYMMETRIC)
def ramp(x, start=0):
    return x - start if x > start else mpf(0)


@scalar("0; 1; -1e100; 1e100; 1e-100", x=SYMMETRIC, low=(-2.0, 0.0), high=(0.1, 2.0))
def smoothstep(x, low=0, high=1):
    t = min(max((x - low) / (high - low), 0), 1)
    return 3 * t**2 - 2 * t**3


@scalar("0; 1e-300; 0.1; 0.09999999999999999; -0.1; 700; -700", x=(-3.0, 3.0))
def sinhc(x):
    return mp.sinh(x) / x if x else mpf(1)


@scalar("1e-300; 20; 19.999999999999996; 200; 1e5; 1e300", a=By(1e-3, 1e9))
def gamma_half_ratio(a):
    # By the logarithm: the quotient itself has too large a numerator.
    return mp.exp(mp.loggamma(a + mpf(0.5)) - mp.loggamma(a)) if a < 1e30 else mp.sqrt(a)


# ---- activations ----

ACTIVATION_ENDS = "0; 1e-300; -1e-300; -1e-12; 30; -30; 700; -690; 1e300; -1e300"


@scalar(ACTIVATION_ENDS, x=SYMMETRIC, slope=(0.0, 1.0))
def leaky_relu(x, slope=0.01):
    return x if x > 0 else slope * x


@scalar(ACTIVATION_ENDS, x=(-40.0, 3.0), alpha=(0.0, 2.0))
def elu(x, alpha=1):
    return x if x > 0 else alpha * (mp.exp(x) - 1)


@scalar(ACTIVATION_ENDS, x=(-40.0, 3.0))
def selu(x):
    # The fixed point of mean 0 and variance 1, from its equations (Klambauer et al. 2017).
    root = mp.sqrt(mp.e)
    alpha = -mp.sqrt(2 / mp.pi) / (mp.erfc(mp.sqrt(mpf(1) / 2)) * root - 1)
    scale = (
        (1 - mp.erfc(1 / mp.sqrt(2)) * root)
        * mp.sqrt(2 * mp.pi)
        / mp.sqrt(
            2 * mp.erfc(mp.sqrt(2)) * mp.e**2
            + mp.pi * mp.erfc(1 / mp.sqrt(2)) ** 2 * mp.e
            - 2 * (2 + mp.pi) * mp.erfc(1 / mp.sqrt(2)) * root
            + mp.pi
            + 2
        )
    )
    return scale * (x if x > 0 else alpha * (mp.exp(x) - 1))


@scalar(ACTIVATION_ENDS, x=(-9.0, 9.0))
def gelu(x):
    return x * mp.ncdf(x) if abs(x) < 1e6 else mpf(max(x, 0))


@scalar(ACTIVATION_ENDS, x=(-9.0, 9.0), beta=(0.0, 5.0))
def swish(x, beta=1):
    return x / (1 + mp.exp(-beta * x)) if abs(x) < 1e6 else mpf(max(x, 0))


@scalar(ACTIVATION_ENDS, x=(-9.0, 9.0))
def mish(x):
    return x * mp.tanh(mp.log(1 + mp.exp(x))) if abs(x) < 1e6 else mpf(max(x, 0))


# ---- the normal distribution ----

NORMAL_ENDS = "0 0 1e-300; 1e-100 0 1e-100; 1 0 1e-100; 37; -37; 1e100; -1e100; 1e100 1e100 1e-20"


@scalar(NORMAL_ENDS, x=(-9.0, 9.0), mu=SYMMETRIC, sigma=WIDTH)
def normal_pdf(x, mu=0, sigma=1):
    return mp.exp(-((x - mu) ** 2) / (2 * sigma**2)) / mp.sqrt(2 * mp.pi * sigma**2)


@scalar(NORMAL_ENDS, x=(-9.0, 9.0), mu=SYMMETRIC, sigma=WIDTH)
def gaussian_pdf(x, mu=0, sigma=1):
    return normal_pdf(x, mu, sigma)


@scalar(NORMAL_ENDS, x=(-9.0, 9.0), mu=SYMMETRIC, sigma=WIDTH)
def normal_cdf(x, mu=0, sigma=1):
    return mp.erfc((mu - x) / (sigma * mp.sqrt(2))) / 2 if abs(x - mu) < 1e9 * sigma else mpf(x > mu)


@scalar("1e-10; 0.5; 0.9999; 1e-300 0 1e100; 0.3 1 1e-200", p=(0.001, 0.999), mu=SYMMETRIC, sigma=WIDTH)
def normal_ppf(p, mu=0, sigma=1):
    start = float(scipy.special.ndtri(float(p)))
    root = mp.findroot(lambda z: mp.log(mp.ncdf(z)) - mp.log(p), start) if p != 0.5 else mpf(0)
    return mu + sigma * root


# ---- line shapes ----


@scalar(PEAK_ENDS, **PEAK)
def gaussian(x, amplitude=1, center=0, sigma=1):
    return amplitude * normal_pdf(x, center, sigma)


@scalar(
    "0 0 1 0 0 1e-100 1e-100; 1e100 -1e100; 20 20",
    x=SYMMETRIC,
    y=SYMMETRIC,
    amplitude=By(0.01, 100),
    centerx=SYMMETRIC,
    centery=SYMMETRIC,
    sigmax=WIDTH,
    sigmay=WIDTH,
)
def gaussian2d(x, y=0, amplitude=1, centerx=0, centery=0, sigmax=1, sigmay=1):
    squares = ((x - centerx) / sigmax) ** 2 + ((y - centery) / sigmay) ** 2
    return amplitude * mp.exp(-squares / 2) / (2 * mp.pi * sigmax * sigmay)


@scalar(PEAK_ENDS, **PEAK)
def lorentzian(x, amplitude=1, center=0, sigma=1):
    return amplitude * sigma / mp.pi / ((x - center) ** 2 + sigma**2)


@scalar(with_last(PEAK_ENDS, "1e-100 1 1e100"), **PEAK, sigma_r=WIDTH)
def split_lorentzian(x, amplitude=1, center=0, sigma=1, sigma_r=1):
    width = sigma if x < center else sigma_r
    return 2 * amplitude / (mp.pi * (sigma + sigma_r)) * width**2 / ((x - center) ** 2 + width**2)


@scalar(
    "0 1 0 1e-100 1e-100; 0.001 1 0 1e-100 0.001; 1e6; -1e6; 1e100; 5 1 0 1 1e-6; 5 1 0 1 1e6",
    "5 1 0 1e6 1",
    **PEAK,
    gamma=WIDTH,
)
def voigt(x, amplitude=1, center=0, sigma=1, gamma=None):
    z = mp.mpc(x - center, sigma if gamma is None else gamma) / (sigma * mp.sqrt(2))
    if abs(z) > 1e9:  # the first term of the asymptotic series; the next is 1/(2 z^2) of it
        return amplitude * mp.re(mp.j / (mp.sqrt(mp.pi) * z)) / (sigma * mp.sqrt(2 * mp.pi))
    return amplitude * mp.re(mp.exp(-(z**2)) * mp.erfc(-mp.j * z)) / (sigma * mp.sqrt(2 * mp.pi))


@scalar(with_last(PEAK_ENDS, "0 0.5 1"), **PEAK, fraction=(0.0, 1.0))
def pvoigt(x, amplitude=1, center=0, sigma=1, fraction=0.5):
    narrower = sigma / mp.sqrt(2 * mp.log(2))
    return amplitude * (
        (1 - fraction) * normal_pdf(x, center, narrower) + fraction * lorentzian(x, 1, center, sigma)
    )


@scalar(with_last(PEAK_ENDS, "0.51 1 100"), "0.001 1 0 1 1e6; 0.01 1 0 1 1e5", **PEAK, expon=By(0.6, 1000))
def pearson7(x, amplitude=1, center=0, sigma=1, expon=1):
    factor = gamma_half_ratio(expon - mpf(0.5)) / mp.sqrt(mp.pi)
    return amplitude / sigma * factor * (1 + ((x - center) / sigma) ** 2) ** (-expon)


@scalar(with_last(PEAK_ENDS, "0.1 1 100"), "0.001 1 0 1 1e6", **PEAK, beta=By(0.1, 100))
def moffat(x, amplitude=1, center=0, sigma=1, beta=1):
    return amplitude * (1 + ((x - center) / sigma) ** 2) ** (-beta)


@scalar(with_last(PEAK_ENDS, "0.51 1 100"), **PEAK, beta=By(0.6, 1000))
def moffat_area(x, amplitude=1, center=0, sigma=1, beta=1):
    area = sigma * mp.sqrt(mp.pi) / gamma_half_ratio(beta - mpf(0.5))
    return amplitude / area * moffat(x, 1, center, sigma, beta)


STUDENT_ENDS = "0; 1e100; -1e100; 1 1 1 1e-10; 2 1 1 1e-10; 5 1 0 300; 5 1 0 1e5; 5 1 0 1e9"


@scalar(STUDENT_ENDS, x=(-9.0, 9.0), amplitude=By(0.01, 100), center=(-2.0, 2.0), sigma=By(0.1, 1e4))
def students_t(x, amplitude=1, center=0, sigma=1):
    factor = gamma_half_ratio(sigma / mpf(2)) / mp.sqrt(mp.pi * sigma)
    return amplitude * factor * (1 + (x - center) ** 2 / sigma) ** (-(sigma + mpf(1)) / 2)


LOGNORMAL_ENDS = "0; -1; 1e-300; 1e300; 1e-300 1 -690 5; 1e300 1 690 5"


@scalar(LOGNORMAL_ENDS, x=By(0.01, 100), amplitude=By(0.01, 100), center=SYMMETRIC, sigma=By(0.3, 5))
def lognormal(x, amplitude=1, center=0, sigma=1):
    return amplitude * normal_pdf(mp.log(x), center, sigma) / x if x > 0 else mpf(0)


@scalar(
    "-30; -1e100; 1e100; 50; 700; 0 1 0 1e-100 1; 3 1 0 1e-100 1; -3 1 0 1e-100 1; 1 1 0 1 1e10",
    "1 1 0 1 1e100; -20 1 0 1 1000; 1 1 0 1 1e-10; 1000 1 0 30 0.01; 1 1 0 1 1",
    **PEAK,
    gamma=By(0.01, 100),
)
def exgaussian(x, amplitude=1, center=0, sigma=1, gamma=1):
    z = (center + gamma * sigma**2 - x) / (mp.sqrt(2) * sigma)
    rest = gamma * (center - x + gamma * sigma**2 / 2)
    if z > 1e6:  # erfc(z) is exp(-z^2)/(z sqrt(pi)) but for 1/(2 z^2) of it, and the powers of e add up
        return amplitude * gamma / 2 * mp.exp(rest - z**2) / (z * mp.sqrt(mp.pi))
    return amplitude * gamma / 2 * mp.exp(rest) * (mp.erfc(z) if z > -1e6 else 2)


@scalar(
    with_last(PEAK_ENDS, "0 1 -5"),
    "-3 1 0 1 10; 3 1 0 1 -10; -30 1 0 1 0.5; 1 1 0 1 1e100; -1 1 0 1 1e100",
    **PEAK,
    gamma=(-4.0, 4.0),
)
def skewed_gaussian(x, amplitude=1, center=0, sigma=1, gamma=0):
    z = gamma * (x - center) / (sigma * mp.sqrt(2))
    skew = mp.erfc(-z) if abs(z) < 1e6 else mpf(2 * (z > 0))
    return amplitude * skew * normal_pdf(x, center, sigma)


@scalar(with_last(PEAK_ENDS, "0 0.1 0.9"), "1e6; -1e6", **PEAK, gamma=(0.0, 0.9))
def doniach(x, amplitude=1, center=0, sigma=1, gamma=0):
    angle = mp.pi * gamma / 2 + (1 - gamma) * mp.atan((x - center) / sigma)
    return amplitude * mp.cos(angle) / (sigma**2 + (x - center) ** 2) ** ((1 - gamma) / mpf(2))


@scalar(with_last(PEAK_ENDS, "0 1 -1e10"), "1e200; -1e200", **PEAK, q=SYMMETRIC)
def fano(x, amplitude=1, center=0, sigma=1, q=1):
    half = sigma / mpf(2)
    return amplitude * (q * half + x - center) ** 2 / (half**2 + (x - center) ** 2)


@scalar(
    "0; 1e-300; -1e-300; 1e-10; 700; -700; 1e5; -1e5; 1e70; 1 1 1 1e-100; 5 1 1 1 1e-100",
    "-5 1 1 1 1e-100; 5 1 1 1 1e100; 0.5 1 1e-100",
    **PEAK,
    gamma=WIDTH,
)
def dho(x, amplitude=1, center=1, sigma=1, gamma=1):
    if x == 0:
        return amplitude * sigma / mp.pi * 4 * gamma * center / (center**2 + sigma**2) ** 2
    peaks = 1 / ((x - center) ** 2 + sigma**2) - 1 / ((x + center) ** 2 + sigma**2)
    return amplitude * sigma / mp.pi * peaks / (1 - mp.exp(-x / gamma))


@scalar(PEAK_ENDS, "-700", **PEAK)
def logistic(x, amplitude=1, center=0, sigma=1):
    z = (x - center) / sigma
    return amplitude / (1 + mp.exp(-z)) if abs(z) < 1e6 else mpf(amplitude * (z > 0))


# ---- line shapes by height ----


@scalar(PEAK_ENDS, **HEIGHT)
def gaussian_height(x, height=1, center=0, sigma=1):
    return height * mp.exp(-((x - center) ** 2) / (2 * sigma**2))


@scalar(PEAK_ENDS, **HEIGHT)
def lorentzian_height(x, height=1, center=0, sigma=1):
    return height * sigma**2 / ((x - center) ** 2 + sigma**2)


@scalar(with_last(PEAK_ENDS, "1e-100 1 1e100"), **HEIGHT, sigma_r=WIDTH)
def split_lorentzian_height(x, height=1, center=0, sigma=1, sigma_r=1):
    width = sigma if x < center else sigma_r
    return height * width**2 / ((x - center) ** 2 + width**2)


@scalar("0 1 0 1e-100 1e-100; 1e6; -1e6; 5 1 0 1 1e6", **HEIGHT, gamma=WIDTH)
def voigt_height(x, height=1, center=0, sigma=1, gamma=None):
    return height * voigt(x, 1, center, sigma, gamma) / voigt(center, 1, center, sigma, gamma)


@scalar(with_last(PEAK_ENDS, "0 0.5 1"), **HEIGHT, fraction=(0.0, 1.0))
def pvoigt_height(x, height=1, center=0, sigma=1, fraction=0.5):
    return height * pvoigt(x, 1, center, sigma, fraction) / pvoigt(center, 1, center, sigma, fraction)


@scalar(with_last(PEAK_ENDS, "0.1 1 100"), "0.001 1 0 1 1e6", **HEIGHT, expon=By(0.1, 100))
def pearson7_height(x, height=1, center=0, sigma=1, expon=1):
    return height * (1 + ((x - center) / sigma) ** 2) ** (-expon)


@scalar(with_last(PEAK_ENDS, "0.1 1 100"), "0.001 1 0 1 1e6", **HEIGHT, beta=By(0.1, 100))
def moffat_height(x, height=1, center=0, sigma=1, beta=1):
    return height * (1 + ((x - center) / sigma) ** 2) ** (-beta)


@scalar(STUDENT_ENDS, x=(-9.0, 9.0), height=By(0.01, 100), center=(-2.0, 2.0), sigma=By(0.1, 1e4))
def students_t_height(x, height=1, center=0, sigma=1):
    return height * (1 + (x - center) ** 2 / sigma) ** (-(sigma + mpf(1)) / 2)


@scalar(LOGNORMAL_ENDS, x=By(0.01, 100), height=By(0.01, 100), center=SYMMETRIC, sigma=By(0.3, 3))
def lognormal_height(x, height=1, center=0, sigma=1):
    mode = mp.exp(center - mpf(sigma) ** 2)
    return height * lognormal(x, 1, center, sigma) / lognormal(mode, 1, center, sigma)


@scalar(with_last(PEAK_ENDS, "0 0.1 0.9"), **HEIGHT, gamma=(0.0, 0.9))
def doniach_height(x, height=1, center=0, sigma=1, gamma=0):
    mode = center + sigma * mp.cot(mp.pi / (2 - gamma))
    return height * doniach(x, 1, center, sigma, gamma) / doniach(mode, 1, center, sigma, gamma)


# ---- thermal ----

OCCUPATION_ENDS = (
    "690; -690; 1e100; -1e100; 1 0 1e-100; -1 0 1e-100; 1 0 1e100; 1e-300; -1e-300; 0.1 0.2 -0.3"
)


@scalar("0", OCCUPATION_ENDS, E=(-9.0, 9.0), mu=SYMMETRIC, kT=WIDTH)
def fermi(E, mu=0, kT=1):
    z = (E - mu) / kT
    return 1 / (mp.exp(z) + 1) if abs(z) < 1e6 else mpf(z < 0)


@scalar(OCCUPATION_ENDS, E=(-9.0, 9.0), mu=SYMMETRIC, kT=WIDTH)
def bose(E, mu=0, kT=1):
    z = (E - mu) / kT
    return 1 / (mp.exp(z) - 1) if abs(z) < 1e6 else -mpf(z < 0)


@scalar("0 300; 1 300; 1e-200 300; 1e16 300; 4e15 300; 1e11 1e-9; 1e11 1e30", nu=By(1e6, 1e14), T=By(1, 1e4))
def planck(nu, T):
    if nu == 0:
        return mpf(0)
    h, c, k_B = codata("Planck constant"), codata("speed of light in vacuum"), codata("Boltzmann constant")
    return 2 * h * nu**3 / c**2 / (mp.exp(h * nu / (k_B * T)) - 1)


@scalar("0; 1e-150; 1e-100; -1; 690; 10000", x=By(1e-6, 600))
def planck_x(x):
    return x**3 / (mp.exp(x) - 1) if x else mpf(0)


@scalar("0 6.6e-27 300; 3e8 6.6e-27 1; 1 1e-40 1e-10", v=By(1, 5e3), m=By(1e-27, 1e-25), T=By(10, 1e4))
def maxwell_boltzmann(v, m, T):
    kT = codata("Boltzmann constant") * T
    return 4 * mp.pi * v**2 * (m / (2 * mp.pi * kT)) ** mpf(1.5) * mp.exp(-m * v**2 / (2 * kT))


# ---- power laws ----

RISING = {"x": By(1e-3, 1e3), "amplitude": By(0.01, 100)}


@scalar("0 1 0.5; 1e300 1 -0.5; 1e-300 1 0.5", **RISING, exponent=SYMMETRIC)
def powerlaw(x, amplitude=1, exponent=1):
    return amplitude * x**exponent


@scalar(
    "1; 1e-100 1 1 2 3; 1e100 1 1 2 3; 2 1 2 1 5",
    **RISING,
    x_break=By(0.1, 10),
    alpha_1=SYMMETRIC,
    alpha_2=SYMMETRIC,
)
def broken_powerlaw(x, amplitude=1, x_break=1, alpha_1=1, alpha_2=1):
    return amplitude * (x / x_break) ** (-(alpha_1 if x < x_break else alpha_2))


@scalar(
    "1; 1e-100 1 1 2 3 0.001; 1e100 1 1 2 3 0.001; 1.001 1 1 2 3 0.001; 1e100 1 1 2 -1 1",
    **RISING,
    x_break=By(0.1, 10),
    alpha_1=SYMMETRIC,
    alpha_2=SYMMETRIC,
    delta=By(1e-3, 2),
)
def smooth_broken_powerlaw(x, amplitude=1, x_break=1, alpha_1=1, alpha_2=1, delta=1):
    u = mpf(x) / x_break
    return amplitude * u ** (-alpha_1) * ((1 + u ** (1 / mpf(delta))) / 2) ** ((alpha_1 - alpha_2) * delta)


@scalar("1; 1e-30 1 1 1 0.1; 1e30 1 1 1 0.1", **RISING, x_0=By(0.1, 10), alpha=SYMMETRIC, beta=(-0.3, 0.3))
def logparabola(x, amplitude=1, x_0=1, alpha=1, beta=0):
    u = mpf(x) / x_0
    return amplitude * u ** (-alpha - beta * mp.log(u))


# ---- saturation and dose-response ----

DOSE = By(1e-3, 1e3)


@scalar("0 2 3; 1e300 2 3; 1e-300 2 3; 1e300 1e10 1e300", S=DOSE, Vmax=DOSE, Km=DOSE)
def michaelis_menten(S, Vmax, Km):
    return Vmax * S / (Km + S)


@scalar("0 2 3; 1e300 2 3", S=DOSE, mumax=DOSE, Ks=DOSE)
def monod(S, mumax, Ks):
    return mumax * S / (Ks + S)


@scalar("0 2 3 4; 1e100 2 3 4; 1 2 3 1e300", S=DOSE, Vmax=DOSE, Km=DOSE, Ki=DOSE)
def haldane(S, Vmax, Km, Ki):
    return Vmax * S / (Km + S + S**2 / Ki)


HILL_ENDS = (
    "0 2 3; 0 2 3 0.3; 0 2 3 -4; 3 2 3 500; 3.001 2 3 1e4; 1e-300 2 3 4; 1e300 2 3 4; 1e300 2 3 -4;"
    "0.1 2 100 -200; 100 2 0.1 200"
)


@scalar(HILL_ENDS, x=DOSE, ymax=DOSE, k=DOSE, n=(-4.0, 4.0))
def hill(x, ymax, k, n=1):
    if x == 0:
        return mpf(ymax * (n < 0))
    return ymax * x**n / (k**n + x**n)


@scalar(
    "0 1 2 3 4; 1e300 1 2 3 4; 1e-300 0 2 3 0.5",
    x=DOSE,
    bottom=(0.0, 1.0),
    top=(2.0, 9.0),
    x50=DOSE,
    slope=(-4.0, 4.0),
)
def logistic4(x, bottom, top, x50, slope):
    b = -slope  # as drc writes it
    return bottom + (top - bottom) / (1 + mp.exp(b * (mp.log(x) - mp.log(x50)))) if x else bottom


@scalar(
    "0 1 2 3 4 0.5; 1e300 1 2 3 4 5; 1e-100 0 2 3 0.5 0.5",
    x=DOSE,
    bottom=(0.0, 1.0),
    top=(2.0, 9.0),
    x50=DOSE,
    slope=(-4.0, 4.0),
    asymmetry=By(0.1, 5),
)
def logistic5(x, bottom, top, x50, slope, asymmetry):
    b = -slope
    return bottom + (top - bottom) / (1 + mp.exp(b * (mp.log(x) - mp.log(x50)))) ** asymmetry if x else bottom


@scalar("0 2 3; 1e300 2 3; 1e-300 2 3", p=DOSE, qmax=DOSE, K=DOSE)
def langmuir(p, qmax, K):
    return qmax * K * p / (1 + K * p)


@scalar("0 2 3; 1e300 2 3; 1e-300 2 3", c=DOSE, K=DOSE, n=By(0.5, 10))
def freundlich(c, K, n):
    return K * c ** (1 / n)


# ---- growth and decay ----


@scalar(
    "-600 2 1 3; -1e6 2 1 3; 1e6 2 1 3; 1e300 2 1 3; -1e300 2 1 3",
    t=(-4.0, 9.0),
    ymax=DOSE,
    k=By(0.1, 1),
    t0=(0.0, 5.0),
)
def gompertz(t, ymax, k, t0):
    z = k * (t - t0)
    if abs(z) > 1e6:
        return ymax * mpf(z > 0)
    return ymax * mp.exp(-mp.exp(-z)) if z > -100 else mpf(0)


@scalar(
    "-600 2 1 3 10; -1e4 2 1 3 100; 1e4 2 1 3 1; 1 2 1 3 1e-9; 1 2 1 3 0.001; 1e300 2 1 3 1",
    t=(-4.0, 9.0),
    ymax=DOSE,
    k=By(0.1, 1),
    t0=(0.0, 5.0),
    nu=By(0.01, 10),
)
def richards(t, ymax, k, t0, nu):
    return ymax / (1 + nu * mp.exp(-k * (t - t0))) ** (1 / nu) if t < 1e6 else ymax


WEIBULL = {"x": By(1e-3, 30), "scale": By(0.1, 10), "shape": By(0.3, 4)}
WEIBULL_ENDS = "0; -1; 1e-100 1 2; 1e-100 1 0.5; 700; 1e100 1 2; 0 2 3; 0 2 1"


@scalar("0 2 1 3; 1e-100 2 1 2; 1e100 2 1 2", x=By(1e-3, 30), ymax=DOSE, scale=By(0.1, 10), shape=By(0.3, 4))
def weibull(x, ymax, scale, shape):
    return ymax * weibull_cdf(x, scale, shape)


@scalar(WEIBULL_ENDS, **WEIBULL)
def weibull_cdf(x, scale=1, shape=1):
    return 1 - mp.exp(-((x / mpf(scale)) ** shape)) if x > 0 else mpf(0)


@scalar(WEIBULL_ENDS, **WEIBULL)
def weibull_pdf(x, scale=1, shape=1):
    if x < 0:
        return mpf(0)
    u = x / mpf(scale)
    return mpf(shape) / scale * u ** (shape - 1) * mp.exp(-(u**shape))


@scalar("0 2 3 0.5; 1e300 2 3 0.5; 1e-300 2 3 2", t=By(1e-3, 30), A=DOSE, tau=By(0.1, 10), beta=By(0.2, 2))
def stretched_exp(t, A, tau, beta):
    return A * mp.exp(-((t / tau) ** beta))


@scalar(
    "0 2 3 0.5; 1 2 1 1; 1 2 1 1.0000000001; 1e4 2 1 0.001; 600 2 1 1; 1e100 2 1 2",
    "1 2 1e100 0.5; 5 2 0 0.5; 1 2 2 1",
    t=By(1e-3, 30),
    A=DOSE,
    ka=By(0.1, 10),
    ke=By(0.1, 10),
)
def bateman(t, A, ka, ke):
    if ka == ke:
        return A * ka * t * mp.exp(-ka * t)
    return A * ka / (ka - ke) * (mp.exp(-ke * t) - mp.exp(-ka * t))


# ---- temperature and potentials ----


@scalar("1 2 1e5; 1e9 2 1e5; 300 1e13 0", T=By(100, 2000), A=By(1, 1e13), Ea=By(1e3, 1e5))
def arrhenius(T, A, Ea):
    return A * mp.exp(-Ea / (codata("molar gas constant") * T))


@scalar("1e9 2 100 50; 50.5 2 100 50", T=(300.0, 600.0), A=DOSE, B=By(10, 5e3), T0=(100.0, 250.0))
def vogel_fulcher(T, A, B, T0):
    return A * mp.exp(B / (T - T0))


@scalar("1e9 5 1700 -40; 30 5 1700 -20", T=(250.0, 500.0), A=(3.0, 9.0), B=(1e3, 3e3), C=(-50.0, 50.0))
def antoine(T, A, B, C):
    return mpf(10) ** (A - B / (C + T))


@scalar("300 1 2 1; 300 1 2 1e-300", T=(250.0, 400.0), E0=(-2.0, 2.0), n=(1.0, 4.0), Q=By(1e-6, 1e6))
def nernst(T, E0, n, Q):
    return E0 - codata("molar gas constant") * T / (n * codata("Faraday constant")) * mp.log(Q)
