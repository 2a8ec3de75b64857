"""Evaluate: a program over columns, chunk by chunk, for one theta or a batch of them.

In: a `Program`, columns of n rows, theta. Out: one row of numbers for each output. Every slot is
computed as seldom as its dependencies allow: slots of data alone once, when the data are bound;
slots of parameters alone once a theta; the rest once a chunk, in buffers small enough to stay in
the cache. A program whose outputs are sums over rows gives one number for each: the chunks' own are added.

Layout: rows are the last axis, a batch of thetas the one before: (n,) or (B, n); the axes of a vector or
matrix come first: (K, n) or (K, B, n). A number that all rows share is an array without axes (with a batch,
of shape (B, 1)): NumPy calls on those are three times as fast as on arrays of shape (1,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, pairwise
from math import prod
from operator import itemgetter
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import FloatArray, Kernel
from lambdaml_dsl.program.arrays import Contract, Operation, RowOuter, Total
from lambdaml_dsl.program.instructions import Apply, Column, Constant, Parameter, Program
from lambdaml_dsl.program.strength import reduced

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

MOST_KEPT = 64
"""A slot of data alone is computed once, for all rows, if it has at most so many numbers a row; a larger one
anew in each chunk. Tangents are large: that of ``W @ x`` by a matrix of K x L has K*K*L numbers a row."""

Step: TypeAlias = Callable[[], object]
T = TypeVar("T")
Reduce: TypeAlias = Callable[[FloatArray, slice], T]
"""Makes something small of the outputs of a chunk, given which rows they are."""


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
    reach: int
    row_numbers: int
    row_work: int
    grain: float


@lru_cache(maxsize=256)
def plan(program: Program) -> Plan:
    """Sort the slots of a program by what they depend on, and give buffers to those of a chunk."""
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
                prod(program.shapes[slot]) > MOST_KEPT or not large.isdisjoint(item.arguments)
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


def chunk_rows(program: Program, batch: int | None = None) -> int:
    """Give the number of rows in a chunk: what fills the cache, whatever the number of rows."""
    row_bytes = 8 * (batch or 1) * plan(program).row_numbers
    fewest = min(FEWEST_ROWS // (batch or 1), MOST_BYTES // row_bytes)
    return max(min(CACHE_BYTES // row_bytes, MOST_ROWS), fewest, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """The row-by-row part of an evaluation, for chunks of one length.

    Attributes
    ----------
    out : ndarray
        The outputs of the chunk computed last.
    loaded : list of (ndarray, ndarray)
        What depends on data alone: all rows of it, and the buffer for those of a chunk.
    steps : list of callable
        The instructions, closed over their arrays.
    """

    out: FloatArray
    loaded: list[tuple[FloatArray, FloatArray]]
    steps: list[Step]

    def run(self, low: int, high: int) -> FloatArray:
        """Compute the chunk of some rows; the next chunk overwrites what this gives."""
        for whole, buffer in self.loaded:
            buffer[...] = whole[..., low:high]
        for step in self.steps:
            step()
        return self.out


class Evaluation:
    """A program bound to columns.

    Every instruction is closed over its arrays when the evaluation is made; a run calls them in order
    and allocates nothing. Not to be called from two threads at once: the buffers are its own.

    Parameters
    ----------
    program : Program
        What to compute.
    columns : mapping of str to ndarray
        Columns of shape (n,), float64, at least those that the program reads.
    rows : int
        The number n of rows.
    batch : int, optional
        The number B of thetas that a call computes; without it a call takes one theta.
    chunk : int, optional
        Rows to a chunk; chosen by the cache where not given.
    """

    def __init__(
        self,
        program: Program,
        columns: Mapping[str, FloatArray],
        rows: int,
        *,
        batch: int | None = None,
        chunk: int | None = None,
    ) -> None:
        arranged = plan(program)
        if chunk is None:
            chunk = chunk_rows(program, batch)
        self.program = program = arranged.program
        self._extension = program.extension
        self.rows = rows
        self.batch = batch
        self.chunk = max(1, min(chunk, rows))
        batches: Shape = () if batch is None else (batch,)
        lead = (*batches, self.chunk)
        shared: Shape = (*batches, 1) if batches else ()
        axes = shared or (1,)  # of a vector, so that its value axes are told from the rows
        self._theta = np.zeros((arranged.reach, *shared))
        self._entry = self._theta if batch is None else self._theta[..., 0]
        buffers = [np.empty(shape + lead) for shape in arranged.buffers]

        slots: list[FloatArray] = [self._theta] * len(program.instructions)
        for slot, number in arranged.numbers:
            slots[slot] = number
        for slot, name in arranged.columns:
            column = columns[name]
            if batch is not None:
                column = column[..., None, :]
            slots[slot] = column
        for slot, item in arranged.parameters:
            if item.shape:
                slots[slot] = self._theta[item.offset : item.offset + item.size].reshape(item.shape + axes)
            else:
                slots[slot] = self._theta[item.offset, ...]
        if arranged.once:
            with np.errstate(all="ignore"):
                for call, spent in zip(arranged.once, arranged.spent, strict=True):
                    shape = program.shapes[call.slot]
                    if not program.on_data[call.slot]:
                        slots[call.slot] = np.empty(shape + (1,) * len(lead) if shape else (1,) * len(shared))
                    else:
                        slots[call.slot] = np.empty((*shape, *(1,) * (len(lead) - 1), rows))
                    call.close(slots)()
                    for slot in spent:
                        slots[slot] = self._theta  # lets go of a whole column that nothing reads any more
        for call in arranged.per_theta:
            shape = program.shapes[call.slot]
            slots[call.slot] = np.empty(shape + axes if shape else shared)
        self._theta_steps = [call.close(slots) for call in arranged.per_theta]
        self._lane = self._lane_of(arranged, slots, buffers, self.chunk)
        tail = rows % self.chunk
        self._last = self._lane_of(arranged, slots, buffers, tail) if tail else self._lane

    def __call__(self, theta: FloatArray) -> FloatArray:
        """Compute all outputs for all rows.

        Parameters
        ----------
        theta : ndarray
            Shape (P,), or (B, P) with a batch.

        Returns
        -------
        ndarray
            Shape (outputs, n), or (outputs, B, n); an output that is a vector or matrix takes as many of
            the first axis as it has components. A fresh array.
        """
        with np.errstate(all="ignore"):
            return self.run(theta)

    def run(self, theta: FloatArray) -> FloatArray:
        """Do the same for a caller that has NumPy's floating-point warnings off already."""
        self._start(theta)
        if self.rows == self.chunk:
            return self._lane.run(0, self.rows).copy()
        out = np.empty((*self._lane.out.shape[:-1], self.rows))
        for low in range(0, self.rows, self.chunk):
            high = min(low + self.chunk, self.rows)
            out[..., low:high] = self._lane_for(high - low).run(low, high)
        return out

    def chunks(self, theta: FloatArray) -> Iterator[tuple[int, int, FloatArray]]:
        """Compute chunk by chunk, for sums over rows: memory does not grow with the rows.

        Yields
        ------
        low, high : int
            The rows of the chunk.
        out : ndarray
            Shape (outputs, high - low), or (outputs, B, high - low); overwritten by the next chunk.
        """
        with np.errstate(all="ignore"):
            self._start(theta)
        for low in range(0, self.rows, self.chunk):
            high = min(low + self.chunk, self.rows)
            with np.errstate(all="ignore"):
                out = self._lane_for(high - low).run(low, high)
            yield low, high, out

    def partials(self, theta: FloatArray, reduce: Reduce[T], first: int = 0) -> list[T]:
        """Give what a function makes of the outputs of each chunk, in the order of the rows.

        Parameters
        ----------
        theta : ndarray
            Shape (P,), or (B, P) with a batch.
        reduce : callable
            Takes the outputs of a chunk, which the next one overwrites, and which rows they are.
        first : int
            The number of the first row.
        """
        with np.errstate(all="ignore"):
            self._start(theta)
            found = []
            for low in range(0, self.rows, self.chunk):
                high = min(low + self.chunk, self.rows)
                out = self._lane_for(high - low).run(low, high)
                found.append(reduce(out, slice(first + low, first + high)))
            return found

    def totals(self, theta: FloatArray) -> FloatArray:
        """Give the sums over rows that are the outputs, shape (outputs,) or (outputs, B)."""
        return add_up(self.partials(theta, copied), self._lane.out.shape)

    def _lane_of(
        self, arranged: Plan, shared: list[FloatArray], buffers: list[FloatArray], rows: int
    ) -> Lane:
        """Close the steps of a chunk of so many rows over its arrays: the first parts of the buffers.

        `shared` are the slots that are the same for all chunks.
        """
        program, slots = self.program, shared.copy()
        batches: Shape = () if self.batch is None else (self.batch,)
        lead = batches if arranged.adds_up else (*batches, rows)
        out = np.empty((arranged.outputs[-1][1], *lead))
        outputs = [
            out[low:high].reshape(shape + lead) if shape else out[low, ...]
            for low, high, shape in arranged.outputs
        ]
        loaded = []
        if self.chunk != self.rows:
            for slot in arranged.kept:
                whole = slots[slot]
                slots[slot] = np.empty((*whole.shape[:-1], rows))
                loaded.append((whole, slots[slot]))
        full = self.batch is None and rows == self.chunk
        every = [*outputs, *buffers]
        for slot, index in arranged.place:
            buffer = every[index]
            slots[slot] = buffer if full or index < len(outputs) else self._part(slot, buffer, rows)
        steps = [call.close(slots) for call in arranged.per_row]
        places = dict(arranged.place)
        for k, slot in arranged.copied:
            # As seldom as it changes.
            if program.on_data[slot] and (program.on_parameters[slot] or loaded or slot in places):
                steps.append(partial(np.copyto, outputs[k], slots[slot]))
            elif program.on_parameters[slot]:
                self._theta_steps.append(partial(np.copyto, outputs[k], slots[slot]))
            else:
                outputs[k][...] = slots[slot]
        return Lane(out, loaded, steps)

    def _part(self, slot: int, buffer: FloatArray, rows: int) -> FloatArray:
        """Give the part of a buffer that a slot fills: of data alone, it is the same for all thetas."""
        batch = 1 if data_only(self.program, slot) else self.batch
        lead = (rows,) if self.batch is None or batch is None else (batch, rows)
        shape = self.program.shapes[slot] + lead
        return buffer if buffer.shape == shape else buffer.reshape(-1)[: prod(shape)].reshape(shape)

    def _lane_for(self, rows: int) -> Lane:
        return self._lane if rows == self.chunk else self._last

    def _start(self, theta: FloatArray) -> None:
        if self._extension is not None:
            theta = self._extension(theta)
        self._entry[:] = (
            theta if theta.shape == self._entry.shape == (len(theta),) else theta.T[: len(self._entry)]
        )
        for step in self._theta_steps:
            step()


def copied(out: FloatArray, rows: slice) -> FloatArray:
    """Keep the outputs of a chunk."""
    return out.copy()


def add_up(partial: Sequence[FloatArray], shape: Shape) -> FloatArray:
    """Add the sums of chunks in the order of the rows: how the chunks were shared out changes nothing."""
    total = np.zeros(shape)
    for part in partial:
        total += part
    return total


def evaluate(
    program: Program, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray | Sequence[float]
) -> FloatArray:
    """Compute a program once: shape (outputs, n), or (outputs, B, n) for theta of shape (B, P)."""
    theta = np.asarray(theta, dtype=np.float64)
    batch = theta.shape[0] if theta.ndim == 2 else None
    return Evaluation(program, columns, rows, batch=batch)(theta)
