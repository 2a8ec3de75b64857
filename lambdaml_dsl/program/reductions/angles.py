"""Sine and cosine together, from the tangent of the angle and of its half; u = 2^-53."""

from __future__ import annotations

import re
import sys
from functools import cache
from math import tan

import numpy as np

from lambdaml_dsl.language.functions import RULE_FUNCTIONS
from lambdaml_dsl.language.kernels.mended import mended_sinc, mended_sinc_slope
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.instructions import ADD, DIVIDE, MULTIPLY, SUBTRACT, ProgramBuilder
from lambdaml_dsl.program.reductions.entry import Slots, instruction

SIN, COS, TAN, SINC, SINC_SLOPE = (RULE_FUNCTIONS[n] for n in ("sin", "cos", "tan", "sinc", "sinc_slope"))

MENDED_SINC = instruction("mended_sinc", ("quotient", "x"), mended_sinc, "sin(x)/x with limits")
MENDED_SINC_SLOPE = instruction(
    "mended_sinc_slope", ("quotient", "x"), mended_sinc_slope, "slope of sinc with series"
)

SVML_TARGETS = re.compile("AVX512_SKX|X86_V4")
"""What NumPy calls the processors on which its tangent of float64 is that of Intel's SVML: nine times as fast
as its sine, and from NumPy 2.0 on at most 0.6 ulp off (0.573 seen in 3e7 arguments of all sizes)."""


@cache
def tangent_is_quick() -> bool:
    """Say whether NumPy's tangent is quick here, and good enough to make sines and cosines of."""
    return tangent_is_vectorised() and tangent_is_precise()


def tangent_is_vectorised() -> bool:
    """Say whether NumPy's tangent is that of SVML."""
    if not sys.platform.startswith("linux"):
        return False  # NumPy has SVML on Linux alone
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:  # NumPy 1.26, whose tangent is up to 3.5 ulp off
        return False
    known = opt_func_info(func_name="^tan$", signature="float64")
    return any(
        SVML_TARGETS.match(by_type["current"]) for found in known.values() for by_type in found.values()
    )


def tangent_is_precise() -> bool:
    """Try NumPy's tangent against C's, which is at most 0.62 ulp off: they seldom differ, by 1 ulp at most.

    Of these arguments the two differ in 1 of 200; the tangent of NumPy 1.26, in 2 of 5.
    """
    angles = np.arange(1, 257) * 0.0618033988749895
    angles = np.concatenate([angles, angles * -1e4])
    wanted = np.array([tan(angle) for angle in angles.tolist()])
    apart = np.abs(np.tan(angles).view(np.int64) - wanted.view(np.int64))
    return bool(apart.max() <= 1 and apart.mean() <= 0.05)


def by_tangent(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace where the tangent is quick."""
    return tangent_is_quick()


def cosine(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit cos(x) = 1/(1 + tan(x)*tan(x/2)): the product is 1/cos(x) - 1.

    Each tangent has a relative error of at most 1.2 u (0.6 ulp), the product adds u: together 3.4 u of it,
    which is (1 - cos(x))*3.4 u of the sum. The sum is rounded by u where cos(x) > 0, and not at all where
    cos(x) < 0: the product is then -2 or below, and 1 more than it a number on its own grid. With the u of
    the division, relative to the value,

        cos(x) > 0:    (1 - cos(x))*3.4 u + 2 u  <=  5.4 u
        cos(x) < 0:    (1 - cos(x))*3.4 u + u    <=  7.8 u

    (and terms of u^2): at most 7.8 ulp anywhere, zeros and large arguments included, and 3.9 ulp of 1.
    """
    half = builder.apply(MULTIPLY, (builder.constant(0.5), *arguments), span)
    product = builder.apply(
        MULTIPLY, (builder.apply(TAN, arguments, span), builder.apply(TAN, (half,), span)), span
    )
    one = builder.constant(1.0)
    return builder.apply(DIVIDE, (one, builder.apply(ADD, (one, product), span)), span)


def sine(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit sin(x) = tan(x)*cos(x), which costs one product where the cosine is computed anyway.

    The error of tan(x) partly cancels with the one it makes in cos(x): of it, cos(x)*1.2 u is left, and
    (1 - cos(x))*2.2 u of tan(x/2) and the product. With the rounding of the sum, the quotient and this
    product that is relative to the value at most 5.2 u where cos(x) > 0, 7.6 u where cos(x) < 0: at most
    7.6 ulp anywhere, and 2.6 ulp of 1. Small arguments come back as they are, -0 included.
    """
    return builder.apply(
        MULTIPLY, (builder.apply(TAN, arguments, span), cosine(builder, arguments, span)), span
    )


def sinc(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit sin(x)/x with its limits."""
    quotient = builder.apply(DIVIDE, (sine(builder, arguments, span), *arguments), span)
    return builder.apply(MENDED_SINC, (quotient, *arguments), span)


def sinc_slope(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit (cos(x) - sin(x)/x)/x with its series and its limit."""
    quotient = builder.apply(DIVIDE, (sine(builder, arguments, span), *arguments), span)
    rise = builder.apply(SUBTRACT, (cosine(builder, arguments, span), quotient), span)
    return builder.apply(
        MENDED_SINC_SLOPE, (builder.apply(DIVIDE, (rise, *arguments), span), *arguments), span
    )
