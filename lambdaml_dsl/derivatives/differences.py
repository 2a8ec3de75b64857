"""Difference quotients over a program, by dependency.

In: a program. Out: a program with the quotients as further outputs. The step is part of the
program: it scales with the parameter and is made exactly representable. Each perturbed point
re-evaluates only the slots that the parameter reaches; all others are shared with the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS
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
        Outputs: the value, then one quotient for each parameter, in the order given.
    """
    builder = ProgramBuilder()
    output = program.outputs[0]
    base = replay(program, builder, {})
    outputs = [base[output]]
    for index in parameters:
        theta = builder.parameter(index)
        magnitude = builder.apply(FUNCTIONS["abs"], (theta,))
        at_zero = builder.apply(OPERATORS["<"], (magnitude, builder.constant(NO_SIZE)))
        size = builder.apply(WHERE, (at_zero, builder.constant(1.0), magnitude))
        h = builder.apply(MULTIPLY, (builder.constant(stencil.step), size))
        ends = [builder.apply(operation, (theta, h)) for operation in (ADD, SUBTRACT)]
        values = [replay(program, builder, dict(enumerate(base)), (index, end))[output] for end in ends]
        rise, run = (
            builder.apply(SUBTRACT, (values[0], values[1])),
            builder.apply(SUBTRACT, (ends[0], ends[1])),
        )
        outputs.append(builder.apply(DIVIDE, (rise, run)))
    return builder.finish(outputs)


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
            case Column(name):
                slots.append(builder.column(name, program.spans[slot]))
            case Parameter(index):
                slots.append(moved[1] if moved is not None else builder.parameter(index, program.spans[slot]))
            case Apply(function, arguments):
                inner = tuple([slots[argument] for argument in arguments])
                slots.append(builder.apply(function, inner, program.spans[slot]))
    return slots
