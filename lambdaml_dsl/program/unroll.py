"""Unroll: a program of vectors and matrices as one of numbers.

In: a program. Out: one that computes the same, component by component, whose parameter k is component k of
theta. So it is seen which component depends on which; for evaluation the program itself is far quicker.
"""

from __future__ import annotations

from functools import reduce
from itertools import accumulate
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.program.arrays import (
    Broadcast,
    Contract,
    CumulativeSum,
    Identity,
    Largest,
    Operation,
    Stack,
    Sum,
    Take,
    Unit,
)
from lambdaml_dsl.program.instructions import (
    ADD,
    MULTIPLY,
    Apply,
    Column,
    Constant,
    Parameter,
    Program,
    ProgramBuilder,
)

Slots: TypeAlias = NDArray[np.intp]
"""The slots of a value's components, in its shape."""

MOST_NUMBERS = 20_000
"""A program of more components than this is not unrolled."""


def unrolled(program: Program) -> Program | None:
    """Unroll a program; None where it has too many components.

    Parameters
    ----------
    program : Program
        Of parameters and columns of any shape.

    Returns
    -------
    Program or None
        One output for each component of each output of the other, the last axis running fastest.
    """
    if not any(program.shapes) and all(
        item.index == item.offset for item in program.instructions if isinstance(item, Parameter)
    ):
        return program
    if sum(map(prod, program.shapes)) > MOST_NUMBERS:
        return None
    builder = ProgramBuilder()
    values: list[Slots] = []
    for item, span in zip(program.instructions, program.spans, strict=True):
        match item:
            case Constant(value):
                slots = np.array(builder.constant(value))
            case Column(name, shape):
                whole = builder.column(name, span, shape)
                slots = each(shape, lambda place, whole=whole: taken(builder, whole, place))
            case Parameter(_, offset, shape):
                number = np.arange(prod(shape)).reshape(shape) + offset
                slots = each(shape, lambda place, number=number: builder.parameter(int(number[place])))
            case Apply(Operation() as operation, arguments):
                slots = operated(builder, operation, [values[argument] for argument in arguments])
            case Apply(Function() as function, arguments):
                below = np.broadcast_arrays(*[values[argument] for argument in arguments])
                slots = each(
                    below[0].shape,
                    lambda place, function=function, below=below, span=span: builder.apply(
                        function, tuple([int(one[place]) for one in below]), span
                    ),
                )
        values.append(slots)
    return builder.finish([int(slot) for output in program.outputs for slot in values[output].ravel()])


def each(shape: tuple[int, ...], slot_at: Any) -> Slots:
    """Give the slots of all places of a shape."""
    slots = np.empty(shape, dtype=np.intp)
    for place in np.ndindex(shape):
        slots[place] = slot_at(place)
    return slots


def taken(builder: ProgramBuilder, whole: int, place: tuple[int, ...]) -> int:
    """Emit one component of a column."""
    return builder.operate(Take(place), (whole,)) if place else whole


def operated(builder: ProgramBuilder, operation: Operation, values: list[Slots]) -> Slots:
    """Emit an operation, component by component."""

    def add(one: Any, other: Any) -> int:
        return builder.apply(ADD, (int(one), int(other)))

    def larger(one: Any, other: Any) -> int:
        return builder.apply(FUNCTIONS["max"], (int(one), int(other)))

    def multiply(one: Any, other: Any) -> int:
        return builder.apply(MULTIPLY, (int(one), int(other)))

    match operation:
        case Stack(axis):
            return np.stack(np.broadcast_arrays(*values), axis)
        case Take():
            return np.asarray(values[0][operation.indices])
        case Broadcast(to, leading):
            (value,) = values
            missing = (1,) * (len(to) - value.ndim)
            return np.broadcast_to(value.reshape(value.shape[:leading] + missing + value.shape[leading:]), to)
        case Sum(axis):
            return np.apply_along_axis(lambda row: np.array(reduce(add, row)), axis, values[0])
        case CumulativeSum(axis):
            return np.apply_along_axis(lambda row: np.array(list(accumulate(row, add))), axis, values[0])
        case Largest(axis):
            return np.apply_along_axis(lambda row: np.array(reduce(larger, row)), axis, values[0])
        case Contract():
            a, b = values
            rows = np.moveaxis(b, operation.right_front, -1)
            return each(
                a.shape[:-1] + rows.shape[:-1],
                lambda place: reduce(add, map(multiply, a[place[: a.ndim - 1]], rows[place[a.ndim - 1 :]])),
            )
        case Identity(of):
            return np.where(
                np.eye(prod(of), dtype=bool), builder.constant(1.0), builder.constant(0.0)
            ).reshape(of + of)
        case Unit(of, place):
            return each(of, lambda at: builder.constant(float(at == place)))
        case _:
            raise TypeError(f"{operation.name} has no components")
