"""Products on the way of a derivative, with the numbers that all rows share collected in front.

A tangent picks up a factor from every function that it passes: some differ from row to row, some are the same
for all rows (``1/s`` of a width, 2 of a square, -1). The latter are multiplied with each other, once a theta,
and the rows are multiplied by them once, or not at all where the rows are added up afterwards.

Taken together they may leave the range of float64 though with the rows in between they would not: 1e-200
twice, and rows of 1e300. Such a product is NaN, never 0, so that the derivative is computed again in the
order of the formula (`lambdaml_dsl.derivatives.methods.mend`).
"""

from __future__ import annotations

import math
from collections.abc import Container

import numpy as np

from lambdaml_dsl.language.functions import FloatArray, Function, Slope
from lambdaml_dsl.program.instructions import (
    DIVIDE,
    MULTIPLY,
    NEGATE,
    Apply,
    Constant,
    ProgramBuilder,
)

TINY = float(np.finfo(np.float64).tiny)


def multiply_shared(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """Multiply; NaN where the product leaves the range of float64."""
    np.multiply(x, y, out)
    if out.ndim == 0:
        size = abs(float(out))
        if TINY <= size < math.inf:
            return
    lost = (np.abs(out) < TINY) & (x != 0) & (y != 0) | np.isinf(out) & np.isfinite(x) & np.isfinite(y)
    np.copyto(out, np.nan, where=lost)


SHARED_PRODUCT = Function(
    "* shared",
    ("x", "y"),
    multiply_shared,
    (Slope("y"), Slope("x")),
    "product of numbers that all rows share",
    commutative=True,
)

HARMLESS = frozenset({-2.0, -1.0, -0.5, 0.5, 1.0, 2.0})
"""Numbers that a product is not lost by."""


def together(builder: ProgramBuilder, a: int, b: int) -> int:
    """Emit the product of two numbers that all rows share."""
    known = [builder.instructions[slot] for slot in (a, b)]
    harmless = any(isinstance(item, Constant) and item.value in HARMLESS for item in known)
    return builder.apply(MULTIPLY if harmless else SHARED_PRODUCT, (a, b))


def product(builder: ProgramBuilder, factor: int, tangent: int, values: Container[int] | None = None) -> int:
    """Emit the product of a slope and a tangent, as a number of all rows times what differs between them.

    `values` are slots that there are in any case: these are not taken apart. Without them nothing is.
    """
    if values is None:
        return builder.apply(MULTIPLY, (factor, tangent))
    scales, rows = [], []
    for slot in (factor, tangent):
        scale, row = parts_of(builder, slot, values)
        scales += [] if scale is None else [scale]
        rows += [] if row is None else [row]
    if len(scales) < 2 and len(rows) < 2:
        return builder.apply(MULTIPLY, (factor, tangent))
    gathered = []
    if scales:
        gathered.append(together(builder, *scales) if len(scales) == 2 else scales[0])
    if rows:
        gathered.append(builder.apply(MULTIPLY, (rows[0], rows[1])) if len(rows) == 2 else rows[0])
    return gathered[0] if len(gathered) == 1 else builder.apply(MULTIPLY, (gathered[0], gathered[1]))


def parts_of(builder: ProgramBuilder, slot: int, values: Container[int]) -> tuple[int | None, int | None]:
    """Give a number that all rows share and what differs from row to row, whose product a slot is."""
    if not builder.on_data[slot]:
        return (slot, None) if not builder.shapes[slot] else (None, slot)
    if slot in values:
        return None, slot
    match builder.instructions[slot]:
        case Apply(function, (a, b)) if function is MULTIPLY and is_shared(builder, a):
            return behind(builder, a, b, values)
        case Apply(function, (a, b)) if function is MULTIPLY and is_shared(builder, b):
            return behind(builder, b, a, values)
        case Apply(function, (a, b)) if function is DIVIDE and is_shared(builder, b):
            return behind(builder, builder.apply(DIVIDE, (builder.constant(1.0), b)), a, values)
        case Apply(function, (a,)) if function is NEGATE:
            return behind(builder, builder.constant(-1.0), a, values)
    return None, slot


def behind(builder: ProgramBuilder, scale: int, slot: int, values: Container[int]) -> tuple[int, int | None]:
    """Give the parts of a slot that has a scale in front."""
    inner, row = parts_of(builder, slot, values)
    return (scale if inner is None else together(builder, scale, inner)), row


def is_shared(builder: ProgramBuilder, slot: int) -> bool:
    """Say whether a slot is one number for all rows."""
    return not builder.on_data[slot] and not builder.shapes[slot]
