"""Adjoints: what each instruction of a program passes back to its arguments.

In: a program, and the adjoint of its output. Out: the adjoints of its slots, emitted one after the other to a
program that is being built. The slopes are those of the function table; operations on axes are linear, and go
backwards by an operation that undoes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from lambdaml_dsl.derivatives.scaling import product as scaled
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import Chooses, Function, Measured, Slope
from lambdaml_dsl.program.arrays import (
    Broadcast,
    Contract,
    CumulativeSum,
    Largest,
    Operation,
    Place,
    Stack,
    Sum,
    Take,
    Transpose,
)
from lambdaml_dsl.program.instructions import (
    ADD,
    DIVIDE,
    MULTIPLY,
    WHERE,
    Apply,
    Constant,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.lower import emit_rule
from lambdaml_dsl.program.totals import RowOuter


class Risks(NamedTuple):
    """Where an adjoint and a factor may meet as 0 and infinity, whose product is to be 0.

    Attributes
    ----------
    gated : bool
        The adjoint may be 0 because the value is not used, as in a branch that is not taken: then it stays 0,
        even if the factor is infinite or NaN there.
    steep : bool
        The adjoint may be infinite: then it is 0 where the factor is 0.
    """

    gated: bool = False
    steep: bool = False

    def and_those(self, other: Risks) -> Risks:
        """Give all that one or the other has."""
        return Risks(self.gated or other.gated, self.steep or other.steep)


NO_RISKS = Risks()


class Share(NamedTuple):
    """What one instruction passes back to one of its arguments.

    Attributes
    ----------
    each : callable
        Emits it row by row.
    total : callable or None
        Emits its sum over the rows, where that takes less than adding up what `each` gives.
    risks : Risks
        What has to be guarded against further down.
    """

    each: Callable[[], int]
    total: Callable[[], int] | None = None
    risks: Risks = NO_RISKS


class Backwards:
    """The adjoints of a program's slots, on the way from the output down, in a program that is being built.

    Parameters
    ----------
    program : Program
        What is differentiated.
    builder : ProgramBuilder
        Where the adjoints are emitted.
    values : sequence of int
        The program's slots there.
    parameters : sequence of int
        The parameters whose derivatives are wanted.
    """

    def __init__(
        self, program: Program, builder: ProgramBuilder, values: Sequence[int], parameters: Sequence[int]
    ) -> None:
        self.program = program
        self.builder = builder
        self.values = values
        wanted = sum(1 << index for index in set(parameters))
        self.reached = [bool(mask & wanted) for mask in program.on_parameters]
        self.adjoints: dict[int, int] = {}
        self._kept = frozenset(values)
        self._risks: dict[int, Risks] = {}

    def add(self, slot: int, adjoint: int, risks: Risks = NO_RISKS) -> None:
        """Add to the adjoint of a slot; axes along which the slot was repeated are summed over."""
        builder = self.builder
        adjoint = folded(builder, adjoint, self.program.shapes[slot])
        before = self.adjoints.get(slot)
        self.adjoints[slot] = adjoint if before is None else builder.apply(ADD, (before, adjoint))
        self._risks[slot] = self._risks.get(slot, NO_RISKS).and_those(risks)

    def shares(self, slot: int) -> list[tuple[int, Share]]:
        """Give what a slot with an adjoint passes back to each argument that a parameter reaches."""
        item = self.program.instructions[slot]
        if not isinstance(item, Apply):
            return []
        if isinstance(item.function, Operation):
            shares = self._through_operation(slot, item.function, item.arguments)
        else:
            shares = self._through_function(slot, item.function, item.arguments)
        return [
            (argument, share)
            for argument, share in zip(item.arguments, shares, strict=True)
            if share is not None and self.reached[argument]
        ]

    def _through_function(
        self, slot: int, function: Function, arguments: tuple[int, ...]
    ) -> list[Share | None]:
        inner = tuple([self.values[argument] for argument in arguments])
        names = dict(zip(function.arguments, inner, strict=True)) | {"value": self.values[slot]}
        return [
            None if slope is None or not self.reached[argument] else self._by_slope(slot, slope, inner, names)
            for slope, argument in zip(function.slopes, arguments, strict=True)
        ]

    def _by_slope(
        self,
        slot: int,
        slope: Slope | Chooses | Measured,
        arguments: tuple[int, ...],
        names: dict[str, int],
    ) -> Share:
        builder, adjoint, risks = self.builder, self.adjoints[slot], self._risks[slot]
        match slope:
            case Slope("1"):
                return Share(lambda: adjoint, risks=risks)
            case Chooses(formula):
                test, zero = emit_rule(builder, formula, names), builder.constant(0.0)
                chosen = risks.and_those(Risks(gated=True))
                return Share(lambda: builder.apply(WHERE, (test, adjoint, zero)), risks=chosen)
            case Measured(measure):
                factor, steep = builder.apply(measure, arguments), False
            case Slope(formula, steep):
                factor = emit_rule(builder, formula, names)

        def product() -> int:
            divisor = reciprocal_of(builder, factor)
            if divisor is None:
                term = scaled(builder, factor, adjoint, self._kept)
            else:
                term = builder.apply(DIVIDE, (adjoint, divisor))
            for guard in (adjoint,) * (steep or risks.gated) + (factor,) * risks.steep:
                term = builder.apply(WHERE, (guard, term, builder.constant(0.0)))
            return term

        return Share(product, risks=risks.and_those(Risks(steep=steep)))

    def _through_operation(
        self, slot: int, operation: Operation, arguments: tuple[int, ...]
    ) -> list[Share | None]:
        builder, adjoint, risks = self.builder, self.adjoints[slot], self._risks[slot]
        shapes = [self.program.shapes[argument] for argument in arguments]
        match operation:
            case Contract():
                a, b = (self.values[each] for each in arguments)
                return [each._replace(risks=risks) for each in self._through_product(adjoint, a, b)]
            case Stack(axis):
                return [
                    Share(partial(builder.operate, Take((k,), axis), (adjoint,)), risks=risks)
                    for k in range(len(arguments))
                ]
            case Take():
                backwards = partial(builder.operate, Place(operation, shapes[0]), (adjoint,))
                return [Share(backwards, risks=risks.and_those(Risks(gated=True)))]
            case Broadcast(to, leading):
                backwards = partial(gathered, builder, adjoint, shapes[0], to, leading)
            case Sum(axis):
                backwards = partial(builder.operate, Broadcast(shapes[0], axis), (adjoint,))
            case CumulativeSum(axis):
                backwards = partial(from_the_end, builder, adjoint, axis)
            case Transpose():
                backwards = partial(builder.operate, operation, (adjoint,))
            case _:
                assert isinstance(operation, Largest) or not arguments
                return [None] * len(arguments)
        return [Share(backwards, risks=risks)]

    def _through_product(self, adjoint: int, a: int, b: int) -> tuple[Share, Share]:
        """Pass back through ``a @ b``: the adjoint times the other factor, turned round."""
        builder = self.builder
        left, right = len(builder.shapes[a]), len(builder.shapes[b])

        def outer(one: int, other: int) -> int:
            """Emit all products of the components of two vectors."""
            shape = builder.shapes[one] + builder.shapes[other]
            return builder.apply(MULTIPLY, (builder.broadcast(one, shape, 1), other))

        def turned(matrix: int) -> int:
            return builder.operate(Transpose(), (matrix,))

        def times(one: int, other: int) -> int:
            axes = len(builder.shapes[one]), len(builder.shapes[other])
            return builder.operate(Contract(*axes), (one, other))

        def over_rows(
            one: int, other: int, kept: tuple[int, int], shared: int = 0
        ) -> Callable[[], int] | None:
            if not (builder.on_data[one] and builder.on_data[other]):
                return None
            return lambda: builder.operate(RowOuter(*kept, shared), (one, other))

        match left, right:
            case 1, 1:
                return (
                    Share(lambda: builder.apply(MULTIPLY, (adjoint, b)), over_rows(adjoint, b, (0, 1))),
                    Share(lambda: builder.apply(MULTIPLY, (adjoint, a)), over_rows(adjoint, a, (0, 1))),
                )
            case 2, 1:
                return (
                    Share(lambda: outer(adjoint, b), over_rows(adjoint, b, (1, 1))),
                    Share(lambda: times(adjoint, a)),
                )
            case 1, 2:
                return (
                    Share(lambda: times(b, adjoint), over_rows(b, adjoint, (1, 0), 1)),
                    Share(lambda: outer(a, adjoint), over_rows(a, adjoint, (1, 1))),
                )
            case _:
                return (
                    Share(lambda: times(adjoint, turned(b)), over_rows(adjoint, b, (1, 1), 1)),
                    Share(lambda: times(turned(a), adjoint)),
                )


def reciprocal_of(builder: ProgramBuilder, slot: int) -> int | None:
    """Give what a slot is one over, where it differs from row to row: dividing by that saves a pass."""
    match builder.instructions[slot]:
        case Apply(function, (one, divisor)) if function is DIVIDE and builder.on_data[divisor]:
            item = builder.instructions[one]
            return divisor if isinstance(item, Constant) and item.value == 1 else None
        case _:
            return None


def folded(builder: ProgramBuilder, slot: int, shape: Shape) -> int:
    """Emit the sum over the axes along which a value of some shape was repeated."""
    slot = builder.broadcast(slot, np.broadcast_shapes(builder.shapes[slot], shape))
    while len(builder.shapes[slot]) > len(shape):
        slot = builder.operate(Sum(0), (slot,))
    for axis, length in enumerate(shape):
        if builder.shapes[slot][axis] != length:
            whole = builder.shapes[slot]
            slot = builder.operate(Sum(axis), (slot,))
            slot = builder.broadcast(slot, (*whole[:axis], 1, *whole[axis + 1 :]), axis)
    return slot


def gathered(builder: ProgramBuilder, adjoint: int, shape: Shape, to: Shape, leading: int) -> int:
    """Emit the sum over the axes that a broadcast put in behind the first `leading` of a value's."""
    for _ in range(len(to) - len(shape)):
        adjoint = builder.operate(Sum(leading), (adjoint,))
    return folded(builder, adjoint, shape)


def from_the_end(builder: ProgramBuilder, slot: int, axis: int) -> int:
    """Emit the cumulative sums along an axis that begin at its end."""
    last = builder.shapes[slot][axis] - 1
    turn = Take(((last, None, -1),), axis)
    slot = builder.operate(CumulativeSum(axis), (builder.operate(turn, (slot,)),))
    return builder.operate(turn, (slot,))
