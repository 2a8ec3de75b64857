"""The complex step, carried in real arithmetic.

The complex step gives df/dtheta as Im f(theta + ih)/h. With h = 1e-20 the imaginary part is linear
in h to the last bit (Squire & Trapp 1998, SIAM Review 40), so here the quotient Im/h itself is
carried beside the real part, by each function's rule: the same number in real arithmetic, and right
for `abs`, `max` and `where`, which break complex arithmetic.

In: a program. Out: a program with the tangents as further outputs. They are ordinary
instructions, so they share slots with the value, are folded, and what of them depends on data alone
is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdaml_dsl.language.functions import Chooses, Function, Slope
from lambdaml_dsl.program.instructions import (
    ADD,
    MULTIPLY,
    WHERE,
    Apply,
    Column,
    Constant,
    Parameter,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.lower import emit_rule


def carry(program: Program, parameters: Sequence[int]) -> Program:
    """Add to a program of one output the tangents by some parameters.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : sequence of int
        The parameters to differentiate by.

    Returns
    -------
    Program
        Outputs: the value, then one tangent for each parameter, in the order given.
    """
    builder = ProgramBuilder()
    values: list[int] = []
    tangents: list[dict[int, int]] = []
    wanted = set(parameters)
    last_use = last_uses(program)
    for slot, item in enumerate(program.instructions):
        span = program.spans[slot]
        tangent: dict[int, int] = {}
        match item:
            case Constant(value):
                values.append(builder.constant(value))
            case Column(name):
                values.append(builder.column(name, span))
            case Parameter(index):
                values.append(builder.parameter(index, span))
                if index in wanted:
                    tangent[index] = builder.constant(1.0)
            case Apply(function, arguments):
                inner = tuple([values[argument] for argument in arguments])
                values.append(builder.apply(function, inner, span))
                below = []
                for argument in arguments:
                    table = tangents[argument]
                    # A table that nothing else reads may be built upon; any other is copied.
                    below.append(table if last_use[argument] == slot else dict(table))
                if any(below):
                    tangent = combine_tangents(builder, function, inner, values[-1], below)
                for argument in arguments:
                    if last_use[argument] == slot:
                        tangents[argument] = {}
        tangents.append(tangent)
    output = program.outputs[0]
    zero = builder.constant(0.0)
    return builder.finish([values[output], *(tangents[output].get(index, zero) for index in parameters)])


def only_in_steps(program: Program) -> tuple[int, ...]:
    """Find the parameters that reach the output through steps alone: their derivative is 0 everywhere."""
    smooth: list[int] = []
    for item in program.instructions:
        reach = 0
        match item:
            case Parameter(index):
                reach = 1 << index
            case Apply(function, arguments):
                for slope, argument in zip(function.slopes, arguments, strict=True):
                    reach |= smooth[argument] if slope is not None else 0
            case _:
                pass
        smooth.append(reach)
    output = program.outputs[0]
    lost = program.on_parameters[output] & ~smooth[output]
    return tuple([index for index in range(lost.bit_length()) if lost >> index & 1])


def last_uses(program: Program) -> dict[int, int]:
    """Give for each slot the last instruction that reads it; outputs are read at the end."""
    last = {
        argument: slot
        for slot, item in enumerate(program.instructions)
        if isinstance(item, Apply)
        for argument in item.arguments
    }
    return last | {slot: len(program.instructions) for slot in program.outputs}


def combine_tangents(
    builder: ProgramBuilder,
    function: Function,
    arguments: tuple[int, ...],
    value: int,
    below: list[dict[int, int]],
) -> dict[int, int]:
    """Apply the chain rule to one instruction: the tangents of its arguments give its own.

    The tables in `below` are used up.
    """
    names = dict(zip(function.arguments, arguments, strict=True)) | {"value": value}
    result: dict[int, int] = {}
    for slope, inner in zip(function.slopes, below, strict=True):
        if slope is None or not inner:
            continue
        match slope:
            case Slope("1"):
                terms = inner
            case Slope(formula, steep):
                factor = emit_rule(builder, formula, names)
                terms = {index: builder.apply(MULTIPLY, (factor, slot)) for index, slot in inner.items()}
                if steep:
                    # Infinity times 0 is NaN, but where the argument does not move the value does not either.
                    zero = builder.constant(0.0)
                    terms = {
                        index: builder.apply(WHERE, (inner[index], term, zero))
                        for index, term in terms.items()
                    }
            case Chooses(formula):
                test, zero = emit_rule(builder, formula, names), builder.constant(0.0)
                terms = {index: builder.apply(WHERE, (test, slot, zero)) for index, slot in inner.items()}
        if len(terms) > len(result):
            # The smaller table goes into the larger: a sum of n terms costs n steps, not n squared.
            result, terms = terms, result
        for index, slot in terms.items():
            before = result.get(index)
            result[index] = slot if before is None else builder.apply(ADD, (before, slot))
    return result
