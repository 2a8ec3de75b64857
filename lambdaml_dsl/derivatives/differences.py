"""Difference quotients over a program, by dependency.

In: a program. Out: a program with the derivatives as further outputs. Each quotient is formed where its
parameter enters in a way that is not linear, as far out as that goes, and is carried on by the chain rule
through what is linear. So a step re-evaluates only the slots between the parameter and there, and a parameter
in which the formula is affine needs no step and has no error.

The points and weights of the stencils are computed before the program runs, once for each theta, and enter
it as further parameters: `Steps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.complex_step import aligned, carry_into, check_tangent
from lambdaml_dsl.derivatives.nonlinear import Reach, reach_of
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.derivatives.stencils import STENCILS, Stencil, place
from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import FloatArray, Function
from lambdaml_dsl.language.source import NOWHERE
from lambdaml_dsl.program.arrays import Broadcast, Contract, Identity, Operation, Stack, Sum
from lambdaml_dsl.program.instructions import (
    ADD,
    MULTIPLY,
    SUBTRACT,
    WHERE,
    Apply,
    Column,
    Constant,
    Parameter,
    Program,
    ProgramBuilder,
)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Extends a theta by the points and weights of some of its components.

    Attributes
    ----------
    stencil : Stencil
        The stencil.
    h : float or None
        The step, in units of a component's size.
    components : ndarray
        The components that are stepped, shape (E,).
    lower, upper : ndarray or None
        Their bounds, shape (E,).
    reach : int
        So many components of theta are kept; behind them come m*E points and m*E weights.
    """

    stencil: Stencil
    h: float | None
    components: NDArray[np.intp]
    lower: FloatArray | None
    upper: FloatArray | None
    reach: int

    def __call__(self, theta: FloatArray) -> FloatArray:
        """Extend theta, shape (..., P) to (..., reach + 2*m*E)."""
        placed = place(self.stencil, theta[..., self.components], self.h, self.lower, self.upper)
        own = theta[..., : self.reach]
        if theta.ndim == 1:
            return np.concatenate([own, placed.points.ravel(), placed.weights.ravel()])
        both = [np.moveaxis(part, 0, -2).reshape(*theta.shape[:-1], -1) for part in placed]
        return np.concatenate([own, *both], axis=-1)


def steps_of(program: Program, items: Sequence[Parameter], scheme: Scheme) -> Steps:
    """Make the steps of all components of some parameters."""
    ranges = [np.arange(item.offset, item.offset + item.size) for item in items]
    components = np.concatenate(ranges).astype(np.intp)
    bounds = [None if side is None else np.array(side)[components] for side in (scheme.lower, scheme.upper)]
    own = [item.offset + item.size for item in program.instructions if isinstance(item, Parameter)]
    return Steps(STENCILS[scheme.method], scheme.h, components, bounds[0], bounds[1], max(own))


def difference(
    program: Program, parameters: Sequence[int], scheme: Scheme | DiffMethod = DiffMethod.CENTRAL
) -> Program:
    """Add to a program of one output its derivatives by some parameters, by differences.

    The step is ``h*abs(theta)``, and h where theta is 0 or next to it: a decay rate of 1e-9 is
    stepped in its own size, not in units of 1.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : sequence of int
        The parameters to differentiate by.
    scheme : Scheme or DiffMethod
        The difference method, its step, and the bounds that no point may leave.

    Returns
    -------
    Program
        Outputs: the value, then one derivative for each parameter, in the order given, with the parameter's
        axes in front of the value's.
    """
    if isinstance(scheme, DiffMethod):
        scheme = Scheme(scheme)
    reach = reach_of(program, parameters)
    builder = ProgramBuilder()
    stepped = [
        item
        for item in program.instructions
        if isinstance(item, Parameter) and reach.stepped >> item.index & 1
    ]
    if not stepped:
        return builder.finish(carry_into(builder, program, parameters))
    for item in stepped:
        check_tangent(item.shape)
    base = replay(program, builder, {})
    steps = steps_of(program, stepped, scheme)
    own = [item.index for item in program.instructions if isinstance(item, Parameter)]
    points, weights = pseudo_parameters(builder, stepped, steps, first=1 + max(*parameters, *own))
    quotients: dict[int, dict[int, int]] = {}
    for item in stepped:
        for slot, quotient in quotients_by(
            program, builder, base, reach, item, points[item.index], weights[item.index]
        ).items():
            quotients.setdefault(slot, {})[item.index] = quotient
    outputs = carry_into(builder, program, parameters, reach.bends, quotients)
    return depth_first(builder.finish(outputs, steps))


def pseudo_parameters(
    builder: ProgramBuilder, stepped: Sequence[Parameter], steps: Steps, first: int
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Emit the points and the weights of each parameter as further parameters, from number `first` on."""
    whole = len(steps.components)
    found: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    starts = list(accumulate([item.size for item in stepped], initial=0))
    index = first
    for which, table in enumerate(found):
        for item, start in zip(stepped, starts, strict=False):
            for point in range(steps.stencil.points):
                offset = steps.reach + (which * steps.stencil.points + point) * whole + start
                slot = builder.parameter(index, NOWHERE, offset, item.shape)
                table.setdefault(item.index, []).append(slot)
                index += 1
    return found


def quotients_by(
    program: Program,
    builder: ProgramBuilder,
    base: Sequence[int],
    reach: Reach,
    item: Parameter,
    points: Sequence[int],
    weights: Sequence[int],
) -> dict[int, int]:
    """Emit the difference quotients by one parameter; give the slots that they are formed at."""
    bit = 1 << item.index
    slots = [slot for slot, bits in enumerate(reach.replayed) if bits & bit]
    found: dict[int, int] = {}
    for point, weight in zip(points, weights, strict=True):
        moved: dict[int, int] = {}
        for slot in slots:
            instruction = program.instructions[slot]
            if isinstance(instruction, Apply):
                moved[slot] = emit_moved(builder, program, slot, base, moved, item.shape)
            else:
                moved[slot] = replaced(builder, base[slot], point)
            if reach.quotients[slot] & bit:
                rise = builder.apply(SUBTRACT, (moved[slot], base[slot]))
                factor = aligned(builder, weight, item.shape, program.shapes[slot])
                term = builder.apply(MULTIPLY, (factor, rise))
                found[slot] = builder.apply(ADD, (found[slot], term)) if slot in found else term
    return found


def replaced(builder: ProgramBuilder, whole: int, points: int) -> int:
    """Emit a parameter once for each of its components, with that one replaced."""
    shape = builder.shapes[whole]
    if not shape:
        return points
    here = builder.operate(Identity(shape), ())
    return builder.apply(WHERE, (here, aligned(builder, points, shape, shape), whole))


def emit_moved(
    builder: ProgramBuilder,
    program: Program,
    slot: int,
    base: Sequence[int],
    moved: Mapping[int, int],
    front: Shape,
) -> int:
    """Emit a slot again with what moves it at its stepped values, which have `front` before their axes."""
    item = program.instructions[slot]
    assert isinstance(item, Apply)
    function, span, shape = item.function, program.spans[slot], program.shapes[slot]
    arguments = tuple([moved.get(argument, base[argument]) for argument in item.arguments])
    moves = [argument in moved for argument in item.arguments]
    if isinstance(function, Function):
        if shape and front:
            arguments = tuple(
                [
                    aligned(builder, argument, front, shape) if stepped else argument
                    for argument, stepped in zip(arguments, moves, strict=True)
                ]
            )
        return builder.apply(function, arguments, span)
    if not front:
        return builder.operate(function, arguments, span)
    axes = len(front)
    match function:
        case Contract():
            if all(moves):
                return multiplied_out(builder, function, arguments, axes)
            lifted = function.lifted_left(axes) if moves[0] else function.lifted_right(axes)
            return builder.operate(lifted, arguments, span)
        case Broadcast(_, leading):
            return builder.broadcast(arguments[0], front + shape, axes + leading)
        case Stack():
            inner = elementwise(*[program.shapes[argument] for argument in item.arguments])
            parts = [
                builder.broadcast(part, front + inner, axes if stepped else 0)
                for part, stepped in zip(arguments, moves, strict=True)
            ]
            return builder.operate(function.lifted(axes), tuple(parts), span)
        case _:
            return builder.operate(function.lifted(axes), arguments, span)


def multiplied_out(builder: ProgramBuilder, product: Contract, arguments: tuple[int, ...], axes: int) -> int:
    """Emit ``a @ b`` where both have the same axes in front: all products, then the sum."""
    a, b = arguments
    left, right = builder.shapes[a], builder.shapes[b]
    shape = (*left, *right[axes + 1 :])  # (front, rows of a, inner, columns of b)
    every = builder.apply(
        MULTIPLY, (builder.broadcast(a, shape, len(left)), builder.broadcast(b, shape, axes))
    )
    return builder.operate(Sum(len(left) - 1), (every,))


def depth_first(program: Program) -> Program:
    """Reorder a program so that each output is finished before the next begins: few buffers are in use."""
    order: list[int] = []
    done = [False] * len(program.instructions)
    kept = [slot for slot, item in enumerate(program.instructions) if not isinstance(item, Apply)]
    for start in (*kept, *program.outputs):
        stack = [start]
        while stack:
            slot = stack[-1]
            item = program.instructions[slot]
            waiting = [] if done[slot] or not isinstance(item, Apply) else list(item.arguments[::-1])
            waiting = [argument for argument in waiting if not done[argument]]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            if not done[slot]:
                done[slot] = True
                order.append(slot)
    number = {slot: position for position, slot in enumerate(order)}

    def renumbered(slot: int) -> Constant | Column | Parameter | Apply:
        item = program.instructions[slot]
        if not isinstance(item, Apply):
            return item
        return Apply(item.function, tuple([number[argument] for argument in item.arguments]))

    return Program(
        instructions=tuple([renumbered(slot) for slot in order]),
        spans=tuple([program.spans[slot] for slot in order]),
        outputs=tuple([number[slot] for slot in program.outputs]),
        on_data=tuple([program.on_data[slot] for slot in order]),
        on_parameters=tuple([program.on_parameters[slot] for slot in order]),
        shapes=tuple([program.shapes[slot] for slot in order]),
        extension=program.extension,
    )


def replay(
    program: Program,
    builder: ProgramBuilder,
    known: dict[int, int],
    moved: tuple[int, int] | None = None,
) -> list[int]:
    """Emit a program again, one parameter moved to another slot; slots it does not reach are `known`."""
    slots: list[int] = []
    for slot, item in enumerate(program.instructions):
        if moved is not None and not program.on_parameters[slot] >> moved[0] & 1:
            slots.append(known[slot])
            continue
        match item:
            case Constant(value):
                slots.append(builder.constant(value))
            case Column(name, shape):
                slots.append(builder.column(name, program.spans[slot], shape))
            case Parameter(index, offset, shape):
                whole = builder.parameter(index, program.spans[slot], offset, shape)
                slots.append(whole if moved is None else moved[1])
            case Apply(Operation() as operation, arguments):
                inner = tuple([slots[argument] for argument in arguments])
                slots.append(builder.operate(operation, inner, program.spans[slot]))
            case Apply(Function() as function, arguments):
                inner = tuple([slots[argument] for argument in arguments])
                slots.append(builder.apply(function, inner, program.spans[slot]))
    return slots
