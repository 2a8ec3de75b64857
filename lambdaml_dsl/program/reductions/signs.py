"""Quotients by powers of two, and signs that another instruction can take over: the same bits."""

from __future__ import annotations

from math import frexp, isfinite

from lambdaml_dsl.language.functions import Function
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.instructions import (
    ADD,
    DIVIDE,
    MULTIPLY,
    NEGATE,
    SUBTRACT,
    Apply,
    Constant,
    ProgramBuilder,
)
from lambdaml_dsl.program.reductions.entry import Emit, Slots


def by_power_of_two(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace quotients by a number whose reciprocal is exact."""
    divisor = slots.instructions[arguments[1]]
    if not isinstance(divisor, Constant) or divisor.value == 0 or not isfinite(divisor.value):
        return False
    return abs(frexp(divisor.value)[0]) == 0.5 and isfinite(1 / divisor.value)


def exact_reciprocal(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x/2^k as x*2^-k: both are the same real number, rounded once, subnormal results included."""
    x, divisor = arguments
    return builder.apply(MULTIPLY, (x, builder.apply(DIVIDE, (builder.constant(1.0), divisor))), span)


def is_negated(slots: Slots, slot: int) -> bool:
    """Say whether a slot of rows is another one with the sign changed."""
    item = slots.instructions[slot]
    return slots.on_data[slot] and isinstance(item, Apply) and item.function is NEGATE


def last_negated(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace where what is added or subtracted is negated."""
    return is_negated(slots, arguments[1])


def first_negated(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace where that which is added to is negated."""
    return is_negated(slots, arguments[0])


def absorbs_sign(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace products and quotients of two negated operands, or of one and a value that all rows share."""
    negated = [is_negated(slots, argument) for argument in arguments]
    shared = [not slots.on_data[argument] for argument in arguments]
    return any(negated) and all(a or b for a, b in zip(negated, shared, strict=True))


def opposite(builder: ProgramBuilder, slot: int, span: Span) -> int:
    """Give the slot of a value with the sign changed."""
    return builder.apply(NEGATE, (slot,), span)


def opposite_operands(function: Function) -> Emit:
    """Emit a product or quotient of the operands with their signs changed."""

    def emit(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
        changed = tuple([opposite(builder, argument, span) for argument in arguments])
        if function is DIVIDE and by_power_of_two(builder, changed):
            return exact_reciprocal(builder, changed, span)
        return builder.apply(function, changed, span)

    return emit


def taken_from(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x + (-y) as x - y."""
    return builder.apply(SUBTRACT, (arguments[0], opposite(builder, arguments[1], span)), span)


def first_taken_from(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit (-x) + y as y - x."""
    return taken_from(builder, arguments[::-1], span)


def added_to(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x - (-y) as x + y."""
    return builder.apply(ADD, (arguments[0], opposite(builder, arguments[1], span)), span)
