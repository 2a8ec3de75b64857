"""How the functions of components are computed: from a few operations on axes, and ordinary functions.

One emitter for each entry of `lambdaml_dsl.language.arrays`. What combines few components in a chain of
ordinary functions (a product, the largest of them) has their derivative rules for free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType

import numpy as np

from lambdaml_dsl.errors import LimitError
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.nodes import Call
from lambdaml_dsl.language.shapes import whole_number
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.arrays import Broadcast, Contract, CumulativeSum, Largest, Sum, Take
from lambdaml_dsl.program.instructions import ADD, DIVIDE, MULTIPLY, SUBTRACT, ProgramBuilder

MAX_CHAIN = 10_000
"""Components that are combined one by one; each is an instruction or two."""

Emitter = Callable[[ProgramBuilder, Call, tuple[int, ...], Span], int]

EXP, LOG, HYPOT, ABS = (FUNCTIONS[name] for name in ("exp", "log", "hypot", "abs"))


def axis_of(call: Call) -> int | None:
    """Give the axis that a call names; None where it is about all components."""
    return whole_number(call.arguments[1]) if len(call.arguments) == 2 else None


def axes_to_reduce(call: Call, shape: Shape) -> list[int]:
    """Give the axes that a call reduces, the last first."""
    axis = axis_of(call)
    return list(range(len(shape)))[::-1] if axis is None else [axis % len(shape)]


def total(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit a sum."""
    slot = slots[0]
    for axis in axes_to_reduce(call, builder.shapes[slot]):
        slot = builder.operate(Sum(axis), (slot,), span)
    return slot


def mean(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit a mean."""
    shape = builder.shapes[slots[0]]
    count = prod(shape[axis] for axis in axes_to_reduce(call, shape))
    return builder.apply(DIVIDE, (total(builder, call, slots, span), builder.constant(count)), span)


def check_chain(call: Call, length: int) -> None:
    """Refuse to combine too many components one by one."""
    if length > MAX_CHAIN:
        raise LimitError(
            f"{call.function} takes at most {MAX_CHAIN:,} components, not {length:,}",
            hint="sum, mean and dot take any number.",
        )


def chained(function: Function, single: Function | None = None) -> Emitter:
    """Make the emitter that combines components pairwise; `single` is applied where there is but one."""

    def emitter(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
        slot = slots[0]
        for axis in axes_to_reduce(call, builder.shapes[slot]):
            length = builder.shapes[slot][axis]
            check_chain(call, length)
            parts = [builder.operate(Take((k,), axis), (slot,), span) for k in range(length)]
            slot = parts[0]
            for part in parts[1:]:
                slot = builder.apply(function, (slot, part), span)
            if length == 1 and single is not None:
                slot = builder.apply(single, (slot,), span)
        return slot

    return emitter


def dot(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit a product of two vectors."""
    return builder.operate(Contract(1, 1), slots, span)


def cumsum(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit cumulative sums."""
    return builder.operate(CumulativeSum(len(builder.shapes[slots[0]]) - 1), slots, span)


def shifted(builder: ProgramBuilder, slot: int, span: Span) -> int:
    """Emit a vector less its largest component, so that its exponentials cannot overflow."""
    shape = builder.shapes[slot]
    largest = builder.operate(Largest(len(shape) - 1), (slot,), span)
    return builder.apply(SUBTRACT, (slot, repeated(builder, largest, shape)), span)


def repeated(builder: ProgramBuilder, slot: int, shape: Shape) -> int:
    """Emit a value again along the last axis."""
    return builder.operate(Broadcast(shape, len(shape) - 1), (slot,))


def softmax(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit exp(v)/sum(exp(v)); the shift by the largest component cancels out."""
    shape = builder.shapes[slots[0]]
    powers = builder.apply(EXP, (shifted(builder, slots[0], span),), span)
    below = builder.operate(Sum(len(shape) - 1), (powers,), span)
    return builder.apply(DIVIDE, (powers, repeated(builder, below, shape)), span)


def log_softmax(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit v - log(sum(exp(v))), shifted in the same way."""
    shape = builder.shapes[slots[0]]
    moved = shifted(builder, slots[0], span)
    powers = builder.operate(Sum(len(shape) - 1), (builder.apply(EXP, (moved,), span),), span)
    logarithm = builder.apply(LOG, (powers,), span)
    return builder.apply(SUBTRACT, (moved, repeated(builder, logarithm, shape)), span)


def size(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit the number of components."""
    return builder.constant(prod(builder.shapes[slots[0]]))


def poly(builder: ProgramBuilder, call: Call, slots: tuple[int, ...], span: Span) -> int:
    """Emit a polynomial by Horner's scheme."""
    x, *coefficients = slots
    if len(coefficients) == 1 and len(builder.shapes[coefficients[0]]) == 1:
        whole = coefficients[0]
        check_chain(call, builder.shapes[whole][0])
        coefficients = [builder.operate(Take((k,)), (whole,), span) for k in range(builder.shapes[whole][0])]
    slot = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        slot = builder.apply(ADD, (builder.apply(MULTIPLY, (slot, x), span), coefficient), span)
    return builder.broadcast(slot, np.broadcast_shapes(builder.shapes[slot], builder.shapes[x]))


ARRAY_EMITTERS: Mapping[str, Emitter] = MappingProxyType(
    {
        "sum": total,
        "mean": mean,
        "prod": chained(MULTIPLY),
        "norm": chained(HYPOT, single=ABS),
        "min": chained(FUNCTIONS["min"]),
        "max": chained(FUNCTIONS["max"]),
        "dot": dot,
        "cumsum": cumsum,
        "softmax": softmax,
        "log_softmax": log_softmax,
        "size": size,
        "poly": poly,
    }
)
"""The emitter of each function of components."""
