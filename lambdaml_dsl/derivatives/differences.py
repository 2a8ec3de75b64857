"""Difference quotients over a program, by dependency.

In: a program. Out: a program with the quotients as further outputs. The step is part of the
program: it scales with the parameter and is made exactly representable. Each perturbed point
re-evaluates only the slots that the parameter reaches; all others are shared with the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, Function
from lambdaml_dsl.language.source import NOWHERE
from lambdaml_dsl.program.arrays import Operation, Take, Unit
from lambdaml_dsl.program.instructions import (
    ADD,
    DIVIDE,
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


@dataclass(frozen=True, slots=True)
class Stencil:
    """Two points on either side of a parameter, and the step that suits them.

    Attributes
    ----------
    step : float
        Step in units of the parameter's size. For a central quotient the truncation error grows
        with h^2 and the rounding error with eps/h; they balance at the cube root of eps
        (Press et al. 2007, Numerical Recipes, section 5.7).
    """

    step: float


CENTRAL = Stencil(step=2.0**-17)

NO_SIZE = 2.0**-1000
"""A parameter below this is as good as 0: a step of its own size would underflow."""


def difference(program: Program, parameters: Sequence[int], stencil: Stencil = CENTRAL) -> Program:
    """Add to a program of one output its central difference quotients by some parameters.

    The step is ``h*abs(theta)``, and h where theta is 0 or next to it: a decay rate of 1e-9 is
    stepped in its own size, not in units of 1.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : sequence of int
        The parameters to differentiate by.
    stencil : Stencil
        The step.

    Returns
    -------
    Program
        Outputs: the value, then one quotient for each component of each parameter, in the order given.
    """
    builder = ProgramBuilder()
    output = program.outputs[0]
    base = replay(program, builder, {})
    outputs = [base[output]]
    own = {item.index: item for item in program.instructions if isinstance(item, Parameter)}
    for index in parameters:
        if index not in own:
            outputs.append(builder.broadcast(builder.constant(0.0), program.shapes[output]))
            continue
        item = own[index]
        whole = builder.parameter(index, NOWHERE, item.offset, item.shape)
        for component in np.ndindex(item.shape):
            theta = builder.operate(Take(component), (whole,)) if component else whole
            ends = [
                builder.apply(operation, (theta, step_of(builder, theta, stencil)))
                for operation in (ADD, SUBTRACT)
            ]
            moved = [replaced(builder, whole, component, end) for end in ends]
            values = [replay(program, builder, dict(enumerate(base)), (index, end))[output] for end in moved]
            rise = builder.apply(SUBTRACT, (values[0], values[1]))
            run = builder.apply(SUBTRACT, (ends[0], ends[1]))
            outputs.append(builder.apply(DIVIDE, (rise, run)))
    return builder.finish(outputs)


def step_of(builder: ProgramBuilder, theta: int, stencil: Stencil) -> int:
    """Emit the step of a component, in its own size."""
    magnitude = builder.apply(FUNCTIONS["abs"], (theta,))
    at_zero = builder.apply(OPERATORS["<"], (magnitude, builder.constant(NO_SIZE)))
    size = builder.apply(WHERE, (at_zero, builder.constant(1.0), magnitude))
    return builder.apply(MULTIPLY, (builder.constant(stencil.step), size))


def replaced(builder: ProgramBuilder, whole: int, component: tuple[int, ...], end: int) -> int:
    """Emit a parameter with one component replaced."""
    if not component:
        return end
    shape = builder.shapes[whole]
    here = builder.operate(Unit(shape, component), ())
    return builder.apply(WHERE, (here, end, whole))


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
