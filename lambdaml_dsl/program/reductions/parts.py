"""Functions taken apart: their parts are shared with their slopes, or are quicker; u = 2^-53."""

from __future__ import annotations

from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS
from lambdaml_dsl.language.kernels.mended import mended_length
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.instructions import ADD, DIVIDE, NEGATE, SQUARE, ProgramBuilder
from lambdaml_dsl.program.reductions.entry import instruction

ABS, EXP, LOG1P, MAX, SQRT = (FUNCTIONS[name] for name in ("abs", "exp", "log1p", "max", "sqrt"))

MENDED_LENGTH = instruction("mended_length", ("length", "x", "y"), mended_length, "safe length")


def decay(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit exp(-abs(x))."""
    size = builder.apply(ABS, arguments, span)
    return builder.apply(EXP, (builder.apply(NEGATE, (size,), span),), span)


def sigmoid(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit exp(min(x, 0))/(1 + exp(-abs(x))), bit-equal to its kernel.

    The numerator is 1 from 0 on, and exp(-abs(x)), which never exceeds 1, below.
    """
    small = decay(builder, arguments, span)
    above = builder.apply(OPERATORS[">="], (*arguments, builder.constant(0.0)), span)
    top = builder.apply(MAX, (small, above), span)
    return builder.apply(DIVIDE, (top, builder.apply(ADD, (builder.constant(1.0), small), span)), span)


def softplus(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit log1p(exp(-abs(x))) + max(x, 0), bit-equal to its kernel."""
    rest = builder.apply(LOG1P, (decay(builder, arguments, span),), span)
    return builder.apply(ADD, (rest, builder.apply(MAX, (*arguments, builder.constant(0.0)), span)), span)


def length(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit sqrt(x^2 + y^2), within 1 ulp, and C's hypot where it may over- or underflow.

    The squares and their sum have relative errors of at most u each, so the sum has 2 u, and its root u: at
    most 1 ulp; the last rounding adds 0.5. What a square much smaller than the other loses to underflow is
    below 2^-75 of the sum.
    """
    x, y = arguments
    squares = (builder.apply(SQUARE, (x,), span), builder.apply(SQUARE, (y,), span))
    quick = builder.apply(SQRT, (builder.apply(ADD, squares, span),), span)
    return builder.apply(MENDED_LENGTH, (quick, x, y), span)
