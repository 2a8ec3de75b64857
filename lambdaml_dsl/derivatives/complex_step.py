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

from collections.abc import Container, Mapping, Sequence
from math import prod
from types import MappingProxyType

from lambdaml_dsl.derivatives.scaling import product
from lambdaml_dsl.errors import LimitError
from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import Chooses, Function, Measured, Slope
from lambdaml_dsl.program.arrays import (
    Broadcast,
    Contract,
    Identity,
    Largest,
    Operation,
    Stack,
)
from lambdaml_dsl.program.instructions import (
    ADD,
    WHERE,
    Apply,
    Column,
    Constant,
    Parameter,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.lower import emit_rule

MAX_DIFFERENTIATED = 4096
"""Components of one parameter that tangents are carried for: each goes with every component of a value."""


def carry(program: Program, parameters: Sequence[int]) -> Program:
    """Add to a program of one output the tangents by some parameters.

    The tangent of a value by a parameter has the parameter's axes in front of the value's: one sheet for
    each component.

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
    return builder.finish(carry_into(builder, program, parameters))


def carry_in_order(program: Program, parameters: Sequence[int]) -> Program:
    """Do the same with every product in the order of the formula: slower, and safe at the ends of float64."""
    builder = ProgramBuilder()
    return builder.finish(carry_into(builder, program, parameters, in_order=True))


def carry_into(
    builder: ProgramBuilder,
    program: Program,
    parameters: Sequence[int],
    bends: Sequence[int] = (),
    known: Mapping[int, Mapping[int, int]] = MappingProxyType({}),
    in_order: bool = False,
) -> list[int]:
    """Emit a program and its tangents by some parameters; give the slots of the outputs.

    Parameters
    ----------
    builder : ProgramBuilder
        Takes the instructions.
    program : Program
        Its first output is differentiated.
    parameters : sequence of int
        The parameters to differentiate by.
    bends : sequence of int
        For each slot of the program the parameters, as bits, whose tangents do not pass it by the chain rule.
    known : mapping of int to mapping of int to int
        The tangents that come from elsewhere: slot of the program to parameter to tangent.
    in_order : bool
        Do not collect what all rows share in front of a tangent.
    """
    values: list[int] = []
    kept: set[int] | None = None if in_order else set()
    tangents: list[dict[int, int]] = []
    fronts: dict[int, Shape] = {}
    wanted = set(parameters)
    last_use = last_uses(program)
    for slot, item in enumerate(program.instructions):
        span = program.spans[slot]
        tangent: dict[int, int] = {}
        match item:
            case Constant(value):
                values.append(builder.constant(value))
            case Column(name, shape):
                values.append(builder.column(name, span, shape))
            case Parameter(index, offset, shape):
                values.append(builder.parameter(index, span, offset, shape))
                fronts[index] = shape
                if index in wanted:
                    check_tangent(shape)
                    tangent[index] = builder.operate(Identity(shape), ()) if shape else builder.constant(1.0)
            case Apply(function, arguments):
                inner = tuple([values[argument] for argument in arguments])
                if isinstance(function, Operation):
                    values.append(builder.operate(function, inner, span))
                else:
                    values.append(builder.apply(function, inner, span))
                if kept is not None:
                    kept.add(values[-1])
                below = []
                for argument in arguments:
                    table = tangents[argument]
                    # A table that nothing else reads may be built upon; any other is copied.
                    below.append(table if last_use[argument] == slot else dict(table))
                bent = bends[slot] if bends else 0
                if bent:
                    below = [
                        {index: inside for index, inside in table.items() if not bent >> index & 1}
                        for table in below
                    ]
                if any(below):
                    tangent = combine_tangents(builder, function, inner, values[-1], below, fronts, kept)
                for argument in arguments:
                    if last_use[argument] == slot:
                        tangents[argument] = {}
        tangent.update(known.get(slot, {}))
        tangents.append(tangent)
    output, zero = program.outputs[0], builder.constant(0.0)
    outputs = [values[output]]
    for index in parameters:
        shape = fronts.get(index, ()) + program.shapes[output]
        outputs.append(builder.broadcast(tangents[output].get(index, zero), shape))
    return outputs


def only_in_steps(program: Program) -> tuple[int, ...]:
    """Find the parameters that reach the outputs through steps alone: their derivatives are 0 everywhere."""
    reach = smooth_reach(program)
    every = smooth = 0
    for output in program.outputs:
        every |= program.on_parameters[output]
        smooth |= reach[output]
    lost = every & ~smooth
    return tuple([index for index in range(lost.bit_length()) if lost >> index & 1])


def check_tangent(shape: Shape) -> None:
    """Refuse a parameter whose derivative by itself would fill the memory."""
    size = prod(shape)
    if size > MAX_DIFFERENTIATED:
        raise LimitError(
            f"a parameter of {size:,} components cannot be differentiated",
            hint=f'The limit is {MAX_DIFFERENTIATED:,}; diff_method="adjoint" has none.',
        )


def smooth_reach(program: Program) -> list[int]:
    """Give for each slot the parameters that reach it other than through steps, as bits."""
    smooth: list[int] = []
    for item in program.instructions:
        reach = 0
        match item:
            case Parameter(index):
                reach = 1 << index
            case Apply(Largest()):
                pass
            case Apply(Operation(), arguments):
                for argument in arguments:
                    reach |= smooth[argument]
            case Apply(Function() as function, arguments):
                for slope, argument in zip(function.slopes, arguments, strict=True):
                    reach |= smooth[argument] if slope is not None else 0
            case _:
                pass
        smooth.append(reach)
    return smooth


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
    function: Function | Operation,
    arguments: tuple[int, ...],
    value: int,
    below: list[dict[int, int]],
    fronts: Mapping[int, Shape],
    values: Container[int] | None = None,
) -> dict[int, int]:
    """Apply the chain rule to one instruction: the tangents of its arguments give its own.

    The tables in `below` are used up. `fronts` are the shapes of the parameters, `values` the slots that are
    computed in any case; without them, products are emitted in the order of the formula.
    """
    if isinstance(function, Operation):
        return operate_on_tangents(builder, function, arguments, value, below, fronts)
    if builder.shapes[value]:
        below = [
            {
                index: aligned(builder, slot, fronts[index], builder.shapes[value])
                for index, slot in inner.items()
            }
            for inner in below
        ]
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
                terms = {index: product(builder, factor, slot, values) for index, slot in inner.items()}
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
            case Measured(measure):
                factor = builder.apply(measure, arguments)
                terms = {index: product(builder, factor, slot, values) for index, slot in inner.items()}
        if len(terms) > len(result):
            # The smaller table goes into the larger: a sum of n terms costs n steps, not n squared.
            result, terms = terms, result
        for index, slot in terms.items():
            before = result.get(index)
            result[index] = slot if before is None else builder.apply(ADD, (before, slot))
    return result


def aligned(builder: ProgramBuilder, tangent: int, front: Shape, shape: Shape) -> int:
    """Repeat a tangent so that behind the parameter's axes it has the axes of the result."""
    return builder.broadcast(tangent, front + shape, len(front))


def operate_on_tangents(
    builder: ProgramBuilder,
    operation: Operation,
    arguments: tuple[int, ...],
    value: int,
    below: list[dict[int, int]],
    fronts: Mapping[int, Shape],
) -> dict[int, int]:
    """Carry the tangents through an operation: the same one behind the parameter's axes, for it is linear."""
    every = dict.fromkeys([index for inner in below for index in inner])
    match operation:
        case Largest():
            return {}
        case Contract():
            (left, right), (a, b) = arguments, below
            result = {}
            for index in every:
                axes, terms = len(fronts[index]), []
                if index in a:
                    terms.append(builder.operate(operation.lifted_left(axes), (a[index], right)))
                if index in b:
                    terms.append(builder.operate(operation.lifted_right(axes), (left, b[index])))
                result[index] = terms[0] if len(terms) == 1 else builder.apply(ADD, (terms[0], terms[1]))
            return result
        case Broadcast(_, leading):
            (inner,) = below
            return {
                index: builder.broadcast(
                    slot, fronts[index] + builder.shapes[value], len(fronts[index]) + leading
                )
                for index, slot in inner.items()
            }
        case Stack():
            zero = builder.constant(0.0)
            result = {}
            for index in every:
                front = fronts[index]
                parts = [inner.get(index, zero) for inner in below]
                shape = front + elementwise(*[builder.shapes[slot] for slot in arguments])
                parts = [
                    builder.broadcast(part, shape, len(front)) if builder.shapes[part] else part
                    for part in parts
                ]
                result[index] = builder.operate(operation.lifted(len(front)), tuple(parts))
            return result
        case _:
            (inner,) = below
            return {
                index: builder.operate(operation.lifted(len(fronts[index])), (slot,))
                for index, slot in inner.items()
            }
