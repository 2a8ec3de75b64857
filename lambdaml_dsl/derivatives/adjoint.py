"""The carried complex step, run backwards.

Forwards, each value carries its derivatives by all parameters; backwards, each carries one number, the
derivative of the output by it (Linnainmaa 1976, BIT 16; Griewank & Walther 2008, Evaluating Derivatives). The
rules are the same: a slope of the function table multiplies what comes from the output instead of what comes
from the parameters. The cost of the derivatives by all parameters together is then a small multiple of the
value's, however many there are.

In: a program. Out: a program with the derivatives as further outputs, row by row; or one that adds them up
over the rows, where only the gradient of a sum is wanted: then a matrix of parameters costs one product of
matrices in each chunk, and the derivatives of single rows are never formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from lambdaml_dsl.derivatives.backwards import Backwards, Risks, Share
from lambdaml_dsl.derivatives.differences import replay
from lambdaml_dsl.derivatives.sums import SumOverRows, total_of
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.program.arrays import (
    Operation,
    Stack,
    Unit,
)
from lambdaml_dsl.program.instructions import (
    Apply,
    Column,
    Parameter,
    Program,
    ProgramBuilder,
)


def adjoint(program: Program, parameters: Sequence[int]) -> Program:
    """Add to a program of one output its derivatives by some parameters, each row's by itself.

    One pass back for each component of the output.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : sequence of int
        The parameters to differentiate by.

    Returns
    -------
    Program
        Outputs as those of `lambdaml_dsl.derivatives.complex_step.carry`: the value, then for each parameter
        its derivative, with the parameter's axes in front of the value's.
    """
    builder = ProgramBuilder()
    values = replay(program, builder, {})
    output = program.outputs[0]
    shape = program.shapes[output]
    passes = {}
    for component in np.ndindex(shape):
        backwards = Backwards(program, builder, values, parameters)
        seed = builder.operate(Unit(shape, component), ()) if shape else builder.constant(1.0)
        backwards.add(output, seed, Risks(gated=bool(shape)))
        for slot in reversed(range(output + 1)):
            if slot in backwards.adjoints:
                for argument, share in backwards.shares(slot):
                    backwards.add(argument, share.each(), share.risks)
        passes[component] = backwards.adjoints
    outputs = [values[output]]
    own = {item.index: slot for slot, item in enumerate(program.instructions) if isinstance(item, Parameter)}
    for index in parameters:
        front = program.shapes[own[index]] if index in own else ()
        zero = builder.broadcast(builder.constant(0.0), front)
        found = {
            component: adjoints.get(own[index], zero) if index in own else zero
            for component, adjoints in passes.items()
        }
        outputs.append(stacked(builder, found, shape, front))
    return builder.finish(outputs)


def adjoint_of_sum(program: Program, parameters: Sequence[int], components: int) -> SumOverRows:
    """Differentiate the sum over rows of a program of one output, a number in each row.

    Parameters
    ----------
    program : Program
        Its first output depends on data.
    parameters : sequence of int
        The parameters to differentiate by.
    components : int
        How many components theta has.
    """
    builder, closer = ProgramBuilder(), ProgramBuilder()
    values = replay(program, builder, {})
    known = {slot for slot in range(len(program.instructions)) if not program.on_data[slot]}
    closing_values = replay_some(program, closer, known)
    rows = Backwards(program, builder, values, parameters)
    closing = Backwards(program, closer, closing_values, parameters)
    output = program.outputs[0]
    sums = [total_of(builder, values[output])]
    waiting: list[tuple[int, int]] = []  # sums whose form depends on what else is computed
    offset = components

    def close(argument: int, share: Share) -> None:
        """Add up over the rows what goes to a slot that they all share."""
        nonlocal offset
        total = share.total() if share.total else share.each()
        if not share.total:
            waiting.append((len(sums), total))
        shape = builder.shapes[total]
        sums.append(total)
        # Behind the parameters themselves, by number and by place.
        given = closer.parameter(components + len(sums), offset=offset, shape=shape)
        offset += prod(shape)
        closing.add(argument, given, share.risks)

    rows.add(output, builder.constant(1.0))
    for slot in reversed(range(output + 1)):
        if slot in rows.adjoints:
            for argument, share in rows.shares(slot):
                if program.on_data[argument]:
                    rows.add(argument, share.each(), share.risks)
                else:
                    close(argument, share)
    formed = {each for item in builder.instructions if isinstance(item, Apply) for each in item.arguments}
    for place, slot in waiting:
        sums[place] = total_of(builder, slot, slot in formed)
    for slot in reversed(range(output + 1)):
        if slot in closing.adjoints:
            for argument, share in closing.shares(slot):
                closing.add(argument, share.each(), share.risks)
    own = {item.index: slot for slot, item in enumerate(program.instructions) if isinstance(item, Parameter)}
    outputs = []
    for index in parameters:
        slot = own.get(index, -1)
        zero = closer.broadcast(closer.constant(0.0), program.shapes[slot] if index in own else ())
        outputs.append(closing.adjoints.get(slot, zero))
    closing_program = closer.finish(outputs)
    return in_order(builder, sums, closing_program, components)


def in_order(builder: ProgramBuilder, sums: list[int], closing: Program, components: int) -> SumOverRows:
    """Put the sums into the order of the parameters, where they are the derivatives already."""
    given = [closing.instructions[slot] for slot in closing.outputs]
    if all(isinstance(item, Parameter) and item.offset >= components for item in given):
        order = [item.index - components - 1 for item in given if isinstance(item, Parameter)]
        return SumOverRows(builder.finish([sums[0], *[sums[k] for k in order]]), None)
    return SumOverRows(builder.finish(sums), closing)


def replay_some(program: Program, builder: ProgramBuilder, wanted: set[int]) -> list[int]:
    """Emit some slots of a program again; -1 stands for the others."""
    slots: list[int] = []
    for slot, item in enumerate(program.instructions):
        if slot not in wanted:
            slots.append(-1)
            continue
        match item:
            case Apply(function, arguments):
                inner = tuple([slots[argument] for argument in arguments])
                span = program.spans[slot]
                if isinstance(function, Operation):
                    slots.append(builder.operate(function, inner, span))
                else:
                    slots.append(builder.apply(function, inner, span))
            case Parameter(index, offset, shape):
                slots.append(builder.parameter(index, program.spans[slot], offset, shape))
            case Column():
                slots.append(-1)
            case _:
                slots.append(builder.constant(item.value))
    return slots


def stacked(builder: ProgramBuilder, found: dict[tuple[int, ...], int], shape: Shape, front: Shape) -> int:
    """Emit one value out of one for each component of the output, the parameter's axes in front."""
    if not shape:
        return found[()]
    parts = tuple(
        [
            stacked(builder, {key[1:]: slot for key, slot in found.items() if key[0] == k}, shape[1:], front)
            for k in range(shape[0])
        ]
    )
    return builder.operate(Stack(len(front)), parts)
