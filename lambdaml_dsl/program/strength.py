r"""Strength reduction: slow instructions of a program replaced by quicker ones.

In: a program, differentiated already. Out: one that gives the same outputs, bit for bit or within the bound
that each entry states; `tests/program/test_strength.py` measures every bound. A value is computed alike
whether it depends on data, on parameters or on both, so that what is an input and what is a parameter makes
no difference to any bit. Errors and listings show the program as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.arrays import Operation
from lambdaml_dsl.program.instructions import (
    ADD,
    DIVIDE,
    MULTIPLY,
    POWER,
    SUBTRACT,
    Apply,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.reductions import angles, parts, powers, signs
from lambdaml_dsl.program.reductions.entry import Reduction, Slots, always


@lru_cache(maxsize=256)
def reduced(program: Program) -> Program:
    """Replace the slow instructions of a program; one without any comes back as it is.

    Examples
    --------
    >>> builder = ProgramBuilder()
    >>> cube = builder.apply(POWER, (builder.column("x"), builder.constant(3.0)))
    >>> print(reduced(builder.finish([cube])).listing([]))
    %0   = column x                     {data}
    %1   = square %0                    {data}
    %2   = * %0 %1                      {data}  <- result
    """
    slow = {
        slot
        for slot, item in enumerate(program.instructions)
        if isinstance(item, Apply) and fitting(program, item.function, item.arguments) is not None
    }
    if not slow:
        return program
    builder = ProgramBuilder()
    slots: list[int] = []
    for slot, item in enumerate(program.instructions):
        if slot in slow and isinstance(item, Apply) and isinstance(item.function, Function):
            inner = tuple([slots[argument] for argument in item.arguments])
            slots.append(lighter(builder, item.function, inner, program.spans[slot]))
        else:
            slots.append(builder.again(program, slot, slots))
    return builder.finish([slots[output] for output in program.outputs], program.extension)


def fitting(slots: Slots, function: Function | Operation, arguments: tuple[int, ...]) -> Reduction | None:
    """Find the reduction of an instruction, if there is one."""
    for reduction in REDUCTIONS.get(function, ()):
        if reduction.fits(slots, arguments):
            return reduction
    return None


def lighter(builder: ProgramBuilder, function: Function, arguments: tuple[int, ...], span: Span) -> int:
    """Emit what stands for a function, or the function itself."""
    reduction = fitting(builder, function, arguments)
    if reduction is not None:
        return reduction.emit(builder, arguments, span)
    return builder.apply(function, arguments, span)


REDUCTIONS: Mapping[Function | Operation, tuple[Reduction, ...]] = MappingProxyType(
    {
        angles.SIN: (Reduction(angles.by_tangent, angles.sine),),
        angles.COS: (Reduction(angles.by_tangent, angles.cosine),),
        angles.SINC: (Reduction(angles.by_tangent, angles.sinc),),
        angles.SINC_SLOPE: (Reduction(angles.by_tangent, angles.sinc_slope),),
        POWER: (Reduction(powers.special_exponent, powers.power),),
        FUNCTIONS["pow"]: (Reduction(powers.special_exponent, powers.power),),
        MULTIPLY: (Reduction(signs.absorbs_sign, signs.opposite_operands(MULTIPLY)),),
        DIVIDE: (
            Reduction(signs.absorbs_sign, signs.opposite_operands(DIVIDE)),
            Reduction(signs.by_power_of_two, signs.exact_reciprocal),
        ),
        ADD: (
            Reduction(signs.last_negated, signs.taken_from),
            Reduction(signs.first_negated, signs.first_taken_from),
        ),
        SUBTRACT: (Reduction(signs.last_negated, signs.added_to),),
        FUNCTIONS["sigmoid"]: (Reduction(always, parts.sigmoid),),
        FUNCTIONS["softplus"]: (Reduction(always, parts.softplus),),
        FUNCTIONS["hypot"]: (Reduction(always, parts.length),),
    }
)
