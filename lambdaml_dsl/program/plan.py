"""Plan: when each slot of a program is computed, and in which buffer.

In: a `Program`. Out: a `Plan`. Slots of data alone are computed once, when the data are bound; slots of
parameters alone once a theta; the rest once a chunk, in buffers that are used again when nothing needs their
content any more. How many rows a chunk has follows from what these buffers fill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, pairwise
from math import prod
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import FloatArray, Kernel
from lambdaml_dsl.program.arrays import Contract, Operation
from lambdaml_dsl.program.instructions import Apply, Column, Constant, Parameter, Program
from lambdaml_dsl.program.strength import reduced
from lambdaml_dsl.program.totals import RowOuter, Total

CACHE_BYTES = 4 * 1024 * 1024
"""What the buffers of a chunk may fill together."""

FEWEST_ROWS = 1024
"""Below this, a call into NumPy costs more than its work on the chunk."""

MOST_ROWS = 8192
"""Above this nothing is gained on one thread."""

MULTIPLICATIONS = 8
"""So many multiplications of a product of matrices take as long as going through one number."""

MOST_BYTES = 64 * 1024 * 1024
"""What the buffers of a chunk may fill for the sake of that."""

KEPT_BYTES = 64 * 1024 * 1024
"""What is computed of the data alone is kept for all rows if it fills no more than this."""

MOST_KEPT = 64
"""A slot of data alone is computed once, for all rows, if it has at most so many numbers a row; a larger one
anew in each chunk. Tangents are large: that of ``W @ x`` by a matrix of K x L has K*K*L numbers a row."""

Step: TypeAlias = Callable[[], object]


class Call(NamedTuple):
    """A computed slot: the kernel, and what picks its arguments and its result from all slots.

    `on_axes` marks an operation on value axes: it wants a result with an axis for the rows, if of length 1.
    """

    slot: int
    kernel: Kernel
    operands: itemgetter[tuple[int, ...]]
    on_axes: bool

    def close(self, slots: list[FloatArray]) -> Step:
        """Close the kernel over the arrays that it reads and writes."""
        if not self.on_axes:
            return partial(self.kernel, *self.operands(slots))
        *arguments, out = self.operands(slots)
        return partial(self.kernel, *arguments[:-1], out if out.ndim else out.reshape(1))


@dataclass(frozen=True, slots=True)
class Plan:
    """When each slot of a program is computed, and in which buffer.

    Attributes
    ----------
    program : Program
        What is computed: the program given, with quicker instructions in place of slow ones.
    numbers : tuple of (int, ndarray)
        The slots of constants, and their values as arrays.
    columns : tuple of (int, str)
        The slots of columns, and their names.
    parameters : tuple of (int, Parameter)
        The slots of parameters, and their places in theta.
    once, per_theta, per_row : tuple of Call
        The computed slots of data alone (or of nothing), of parameters alone, and of both, in order; with the
        last go large ones of data alone.
    spent : tuple of tuple of int
        For each of `once`, the slots computed before it that nothing reads after it.
    kept : tuple of int
        The data-only slots that something outside `once` reads.
    place : tuple of (int, int)
        The slots of `per_row` and the buffer of each: the first buffers are the outputs; the others
        are used again when nothing needs their content any more.
    copied : tuple of (int, int)
        The outputs, and their slots, that are computed elsewhere.
    buffers : tuple of Shape
        The value axes of the buffers that are no output.
    outputs : tuple of (int, int, Shape)
        Where in the rows of results each output begins and ends, and its value axes.
    adds_up : bool
        Whether the outputs are sums over rows.
    kept_numbers : int
        How many numbers are kept for each row.
    reach : int
        How many components of theta the program can read.
    row_numbers : int
        How many numbers a row of data needs in the buffers of a chunk.
    row_work : int
        How many numbers the instructions go through for each row.
    grain : float
        How many numbers an instruction goes through for each row, on average.
    """

    program: Program
    numbers: tuple[tuple[int, FloatArray], ...]
    columns: tuple[tuple[int, str], ...]
    parameters: tuple[tuple[int, Parameter], ...]
    once: tuple[Call, ...]
    spent: tuple[tuple[int, ...], ...]
    per_theta: tuple[Call, ...]
    per_row: tuple[Call, ...]
    kept: tuple[int, ...]
    place: tuple[tuple[int, int], ...]
    copied: tuple[tuple[int, int], ...]
    buffers: tuple[Shape, ...]
    outputs: tuple[tuple[int, int, Shape], ...]
    adds_up: bool
    kept_numbers: int
    reach: int
    row_numbers: int
    row_work: int
    grain: float


@lru_cache(maxsize=256)
def plan(program: Program, most_kept: int = MOST_KEPT) -> Plan:
    """Sort the slots of a program by what they depend on, and give buffers to those of a chunk.

    Slots of data alone that have more than `most_kept` numbers a row are computed anew in each chunk.
    """
    program = reduced(program)
    once, per_theta, per_row = [], [], []
    large: set[int] = set()
    totals: set[int] = set()
    for slot, item in enumerate(program.instructions):
        if isinstance(item, Apply):
            total = isinstance(item.function, Total)
            on_axes = isinstance(item.function, Operation) and not total
            # Of an operation the result comes twice: an itemgetter of one place would give no tuple.
            places = (*item.arguments, slot, slot) if on_axes else (*item.arguments, slot)
            call = Call(slot, item.function.kernel, itemgetter(*places), on_axes)
            if total:
                totals.add(slot)
                per_row.append(call)
            elif data_only(program, slot) and (
                prod(program.shapes[slot]) > most_kept or not large.isdisjoint(item.arguments)
            ):
                large.add(slot)
                per_row.append(call)
            elif not program.on_parameters[slot]:
                once.append(call)
            elif not program.on_data[slot]:
                per_theta.append(call)
            else:
                per_row.append(call)
    instructions = list(enumerate(program.instructions))
    numbers = [(slot, frozen(item.value)) for slot, item in instructions if isinstance(item, Constant)]
    parameters = [(slot, item) for slot, item in instructions if isinstance(item, Parameter)]
    computed = {call.slot for call in per_row} - large
    own = {slot: k for k, slot in reversed(list(enumerate(program.outputs))) if slot in computed}
    place, read, buffers = place_slots(program, [call.slot for call in per_row], own)
    read.update(argument for call in per_theta for argument in arguments_of(program, call.slot))
    kept_read = read - large - totals
    kept = [slot for slot, _ in instructions if data_only(program, slot) and slot in kept_read]
    adds_up = program.adds_up
    sizes = [
        *(() if adds_up else program.output_sizes),
        *map(prod, buffers),
        *[prod(program.shapes[slot]) for slot in kept],
    ]
    return Plan(
        program=program,
        numbers=tuple(numbers),
        columns=tuple([(slot, item.name) for slot, item in instructions if isinstance(item, Column)]),
        parameters=tuple(parameters),
        once=tuple(once),
        spent=spent_slots(program, [call.slot for call in once], read),
        per_theta=tuple(per_theta),
        per_row=tuple(per_row),
        kept=tuple(kept),
        place=tuple(place.items()),
        copied=tuple([(k, slot) for k, slot in enumerate(program.outputs) if own.get(slot) != k]),
        buffers=buffers,
        outputs=tuple(
            [
                (low, high, program.shapes[slot])
                for slot, (low, high) in zip(
                    program.outputs, pairwise(accumulate(program.output_sizes, initial=0)), strict=True
                )
            ]
        ),
        adds_up=adds_up,
        kept_numbers=sum(prod(program.shapes[call.slot]) for call in once if program.on_data[call.slot]),
        reach=max((item.offset + item.size for _, item in parameters), default=0),
        row_numbers=sum(sizes) + 1,
        row_work=sum(work_of(program, call.slot) for call in per_row),
        grain=sum(largest_shape(program, call.slot) for call in per_row) / max(len(per_row), 1) or 1.0,
    )


def place_slots(
    program: Program, per_row: Sequence[int], own: Mapping[int, int]
) -> tuple[dict[int, int], set[int], tuple[Shape, ...]]:
    """Give a buffer to each slot that is computed for each row.

    Parameters
    ----------
    program : Program
        The program.
    per_row : sequence of int
        The slots that need a buffer, in order.
    own : mapping of int to int
        Those that are an output, and which one: its buffer is its own.

    Returns
    -------
    place : dict of int to int
        The buffer of each slot.
    read : set of int
        The slots that these and the outputs read.
    buffers : tuple of Shape
        The value axes of the buffers that are no output's.
    """
    last_use: dict[int, int] = {}
    for slot in per_row:
        last_use.update(dict.fromkeys(arguments_of(program, slot), slot))
    place: dict[int, int] = {}
    free: dict[Shape, list[int]] = {}
    buffers: list[Shape] = []
    first = len(program.outputs)
    for slot in per_row:
        shape = program.shapes[slot]
        if slot in own:
            place[slot] = own[slot]
        elif free.get(shape):
            place[slot] = free[shape].pop()
        else:
            place[slot] = first + len(buffers)
            buffers.append(shape)
        # Freed only now: a kernel may write its result before it has read all its arguments.
        for argument in set(arguments_of(program, slot)):
            if last_use[argument] == slot and place.get(argument, -1) >= first:
                free.setdefault(program.shapes[argument], []).append(place[argument])
    return place, {*last_use, *program.outputs}, tuple(buffers)


def spent_slots(program: Program, once: Sequence[int], read: set[int]) -> tuple[tuple[int, ...], ...]:
    """Give, for each slot of data alone, those before it whose whole columns nothing needs after it."""
    last_use = {argument: slot for slot in once for argument in arguments_of(program, slot)}
    computed = set(once) - read
    return tuple(
        [
            tuple([a for a in set(arguments_of(program, slot)) if last_use[a] == slot and a in computed])
            for slot in once
        ]
    )


def arguments_of(program: Program, slot: int) -> tuple[int, ...]:
    """Give the slots that a slot is computed from."""
    item = program.instructions[slot]
    return item.arguments if isinstance(item, Apply) else ()


def largest_shape(program: Program, slot: int) -> int:
    """Give the most numbers that a slot or an argument of it has in each row."""
    own = [each for each in arguments_of(program, slot) if program.on_data[each]]
    item = program.instructions[slot]
    if not (isinstance(item, Apply) and isinstance(item.function, Total)):
        own.append(slot)
    return max([prod(program.shapes[each]) for each in own])


def work_of(program: Program, slot: int) -> int:
    """Give how many numbers of each row an instruction goes through; of products, what takes as long."""
    most = largest_shape(program, slot)
    shapes = [program.shapes[each] for each in arguments_of(program, slot)]
    match program.instructions[slot]:
        case Apply(Contract()):
            return max(most, prod(shapes[0]) * prod(shapes[1][1:]) // MULTIPLICATIONS)
        case Apply(RowOuter(left)):
            return max(most, prod(shapes[0][:left]) * prod(shapes[1]) // MULTIPLICATIONS)
        case _:
            return most


def data_only(program: Program, slot: int) -> bool:
    """Say whether a slot depends on data and on no parameter."""
    return program.on_data[slot] and not program.on_parameters[slot]


def frozen(value: float) -> FloatArray:
    """Give a number as an array that evaluations can share."""
    array = np.array(value)
    array.flags.writeable = False
    return array


def plan_for(program: Program, rows: int) -> Plan:
    """Plan a program for so many rows: what is of the data alone is kept if it does not fill the memory."""
    arranged = plan(program)
    return arranged if 8 * arranged.kept_numbers * rows <= KEPT_BYTES else plan(program, 0)


def chunk_rows(arranged: Plan, batch: int | None = None) -> int:
    """Give the number of rows in a chunk: what fills the cache, whatever the number of rows."""
    row_bytes = 8 * (batch or 1) * arranged.row_numbers
    fewest = min(FEWEST_ROWS // (batch or 1), MOST_BYTES // row_bytes)
    return max(min(CACHE_BYTES // row_bytes, MOST_ROWS), fewest, 1)
