r"""Airy functions on the far negative axis, where SciPy loses the digits of the phase.

There (DLMF 9.7), with zeta = 2/3 (-x)^(3/2) in about 32 digits and phase = zeta - pi/4,

    Ai(x) ~ (P cos(phase) + Q sin(phase))/(sqrt(pi) (-x)^(1/4)),   P - iQ ~ sum_k (-i)^k u_k/zeta^k
    Bi(x) ~ (Q cos(phase) - P sin(phase))/(sqrt(pi) (-x)^(1/4))

and the derivatives, times (-x)^(1/2), with v_k in place of u_k.
"""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.entries import FloatArray, Kernel
from lambdaml_dsl.language.kernels.bessel import oscillation
from lambdaml_dsl.language.kernels.regions import Formula, by_region, exact_product, scipy_special

FAR = -10.0
"""Up to here the expansions, of `TERMS` terms, are exact to rounding."""
TERMS = 20

U = [1.0]
for k in range(1, TERMS):
    U.append(U[-1] * (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / (216 * k * (2 * k - 1)))
V = [-u * (6 * k + 1) / (6 * k - 1) for k, u in enumerate(U)]


def phase_of(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give 2/3 z^(3/2), and what rounding took from it."""
    root = np.sqrt(z)
    square, rest = exact_product(root, root)
    root_rest = (z - square - rest) / (2 * root)
    product, rest = exact_product(z, root)
    rest = rest + z * root_rest
    zeta = 2 * product / 3
    triple, lost = exact_product(zeta, np.full_like(zeta, 3.0))
    return zeta, ((2 * product - triple) - lost + 2 * rest) / 3


def far(index: int) -> Formula:
    """Give Ai, Ai', Bi or Bi' on the far negative axis."""

    def formula(x: FloatArray) -> FloatArray:
        z = -x
        zeta, rest = phase_of(z)
        sine, cosine = np.sin(zeta), np.cos(zeta)
        sine, cosine = (
            sine * np.cos(rest) + cosine * np.sin(rest),
            cosine * np.cos(rest) - sine * np.sin(rest),
        )
        along, across = cosine + sine, sine - cosine  # sqrt(2) times cosine and sine of the phase
        p, q = oscillation(V if index % 2 else U, zeta)
        scale = 1 / np.sqrt(2 * math.pi * np.sqrt(z))
        value: FloatArray
        match index:
            case 0:
                value = scale * (p * along + q * across)
            case 1:
                value = scale * np.sqrt(z) * (p * across - q * along)
            case 2:
                value = scale * (q * along - p * across)
            case _:
                value = scale * np.sqrt(z) * (p * along + q * across)
        return value

    return formula


def near(index: int, limit: float) -> Formula:
    """Give what SciPy computes; it has NaN where the numbers end, far on the positive axis."""

    def formula(x: FloatArray) -> FloatArray:
        value: FloatArray = scipy_special().airy(x)[index]
        return np.where(np.isnan(value) & (x > 100), limit, value)

    return formula


def airy(index: int, limit: float) -> Kernel:
    """Give the kernel of Ai, Ai', Bi or Bi', by number, with its limit at infinity."""
    still = (
        (np.isneginf, np.zeros_like) if index % 2 == 0 else (np.isneginf, lambda x: np.full_like(x, np.nan))
    )
    return by_region(still, (lambda x: x <= FAR, far(index)), (lambda x: x > FAR, near(index, limit)))


ai, aip, bi, bip = airy(0, 0.0), airy(1, 0.0), airy(2, np.inf), airy(3, np.inf)
