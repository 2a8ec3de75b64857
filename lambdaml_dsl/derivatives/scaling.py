"""Products on the way of a derivative, with the numbers that all rows share collected in front.

A tangent picks up a factor from every function that it passes: some differ from row to row, some are the same
for all rows (``1/s`` of a width, 2 of a square, -1). The latter are multiplied with each other, once a theta,
and the rows are multiplied by them once, or not at all where the rows are added up afterwards.
"""

from __future__ import annotations

from collections.abc import Container

from lambdaml_dsl.program.instructions import (
    DIVIDE,
    MULTIPLY,
    NEGATE,
    Apply,
    ProgramBuilder,
)


def product(builder: ProgramBuilder, factor: int, tangent: int, values: Container[int] = ()) -> int:
    """Emit the product of a slope and a tangent, as a number of all rows times what differs between them.

    `values` are slots that there are in any case: these are not taken apart.
    """
    scales, rows = [], []
    for slot in (factor, tangent):
        scale, row = parts_of(builder, slot, values)
        scales += [] if scale is None else [scale]
        rows += [] if row is None else [row]
    if len(scales) < 2 and len(rows) < 2:
        return builder.apply(MULTIPLY, (factor, tangent))
    gathered = [
        builder.apply(MULTIPLY, (each[0], each[1])) if len(each) == 2 else each[0]
        for each in (scales, rows)
        if each
    ]
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
    return (scale if inner is None else builder.apply(MULTIPLY, (scale, inner))), row


def is_shared(builder: ProgramBuilder, slot: int) -> bool:
    """Say whether a slot is one number for all rows."""
    return not builder.on_data[slot] and not builder.shapes[slot]
