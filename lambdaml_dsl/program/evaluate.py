"""Evaluate: a program over columns, chunk by chunk, for one theta or a batch of them.

In: a `Program`, columns of n rows, theta. Out: one row of numbers for each output. Every slot is
computed as seldom as its dependencies allow: slots of data alone once, when the data are bound;
slots of parameters alone once a theta; the rest once a chunk, in buffers small enough to stay in
the cache.

Layout: rows are the last axis, a batch of thetas the first: (n,) or (B, n).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.instructions import Apply, Column, Constant, Parameter, Program

CACHE_BYTES = 512 * 1024
"""What the buffers of a chunk may fill together: half of a common second-level cache."""

FEWEST_ROWS = 1024
"""Below this, a call into NumPy costs more than its work on the chunk."""

Step: TypeAlias = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """When each slot of a program is computed, and in which buffer.

    Attributes
    ----------
    once, per_theta, per_row : tuple of int
        The computed slots of data alone, of parameters alone, and of both, in order.
    kept : tuple of int
        The data-only slots that something outside `once` reads.
    buffer : mapping of int to int
        The buffer of each slot of `per_row` that is no output; buffers are used again when
        nothing needs their content any more.
    buffers : int
        How many there are.
    parameters : int
        How many components of theta the program can read.
    """

    once: tuple[int, ...]
    per_theta: tuple[int, ...]
    per_row: tuple[int, ...]
    kept: tuple[int, ...]
    buffer: Mapping[int, int]
    buffers: int
    parameters: int


@lru_cache(maxsize=256)
def plan(program: Program) -> Plan:
    """Sort the slots of a program by what they depend on, and give buffers to those of a chunk."""
    once, per_theta, per_row = [], [], []
    for slot, item in enumerate(program.instructions):
        if isinstance(item, Apply):
            if not program.on_data[slot]:
                per_theta.append(slot)
            elif not program.on_parameters[slot]:
                once.append(slot)
            else:
                per_row.append(slot)
    outputs = set(program.outputs)
    last_use: dict[int, int] = {}
    read: set[int] = set(outputs)
    for slot in per_row:
        for argument in program.instructions[slot].arguments:  # type: ignore[union-attr]
            last_use[argument] = slot
            read.add(argument)
    kept = tuple(
        [slot for slot in range(len(program.instructions)) if data_only(program, slot) and slot in read]
    )
    buffer: dict[int, int] = {}
    free: list[int] = []
    buffers = 0
    for slot in per_row:
        if slot not in outputs:
            if free:
                buffer[slot] = free.pop()
            else:
                buffer[slot] = buffers
                buffers += 1
        # Freed only now: a kernel may write its result before it has read all its arguments.
        for argument in set(program.instructions[slot].arguments):  # type: ignore[union-attr]
            if last_use[argument] == slot and argument in buffer:
                free.append(buffer[argument])
    parameters = 1 + max((item.index for item in program.instructions if isinstance(item, Parameter)), default=-1)
    return Plan(tuple(once), tuple(per_theta), tuple(per_row), kept, buffer, buffers, parameters)


def data_only(program: Program, slot: int) -> bool:
    """Say whether a slot depends on data and on no parameter."""
    return program.on_data[slot] and not program.on_parameters[slot]


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
        self.program = program
        self.rows = rows
        self.batch = batch
        arranged = plan(program)
        lead = () if batch is None else (batch,)
        if chunk is None:
            row_bytes = 8 * (batch or 1) * (arranged.buffers + len(program.outputs) + len(arranged.kept) + 1)
            chunk = max(CACHE_BYTES // row_bytes, FEWEST_ROWS // (batch or 1), 1)
        self.chunk = max(1, min(chunk, rows))
        self._theta = np.zeros((arranged.parameters, *lead, 1))
        self._out = np.empty((len(program.outputs), *lead, self.chunk))
        slots = self._leaves(columns)
        with np.errstate(all="ignore"):
            for slot in arranged.once:
                slots[slot] = np.empty(rows)
                self._close(slot, slots)()
        self._loaded = self._chunk_buffers(arranged, slots)
        for slot in arranged.per_theta:
            slots[slot] = np.empty((*lead, 1))
        buffers = np.empty((arranged.buffers, *lead, self.chunk))
        for slot, index in arranged.buffer.items():
            slots[slot] = buffers[index]
        copies: list[Step] = []
        computed = set(arranged.per_row)
        for k, slot in enumerate(program.outputs):
            if slot in computed:
                computed.discard(slot)
                slots[slot] = self._out[k]
            elif program.on_data[slot] or program.on_parameters[slot]:
                copies.append(partial(np.copyto, self._out[k], slots[slot]))
            else:
                self._out[k] = slots[slot]
        self._theta_steps = [self._close(slot, slots) for slot in arranged.per_theta]
        self._row_steps = [self._close(slot, slots) for slot in arranged.per_row] + copies

    def __call__(self, theta: FloatArray) -> FloatArray:
        """Compute all outputs for all rows.

        Parameters
        ----------
        theta : ndarray
            Shape (P,), or (B, P) with a batch.

        Returns
        -------
        ndarray
            Shape (outputs, n), or (outputs, B, n). A fresh array.
        """
        with np.errstate(all="ignore"):
            return self.run(theta)

    def run(self, theta: FloatArray) -> FloatArray:
        """Do the same for a caller that has NumPy's floating-point warnings off already."""
        self._start(theta)
        if self.rows == self.chunk:
            for step in self._row_steps:
                step()
            return self._out.copy()
        out = np.empty((*self._out.shape[:-1], self.rows))
        for low in range(0, self.rows, self.chunk):
            high = min(low + self.chunk, self.rows)
            self._load(low, high)
            for step in self._row_steps:
                step()
            out[..., low:high] = self._out[..., : high - low]
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
                self._load(low, high)
                for step in self._row_steps:
                    step()
            yield low, high, self._out[..., : high - low]

    def _leaves(self, columns: Mapping[str, FloatArray]) -> list[FloatArray]:
        """Give the array of each slot that is not computed."""
        slots: list[FloatArray] = [self._out] * len(self.program.instructions)
        for slot, item in enumerate(self.program.instructions):
            if isinstance(item, Constant):
                slots[slot] = np.array([item.value])
            elif isinstance(item, Column):
                slots[slot] = columns[item.name]
            elif isinstance(item, Parameter):
                slots[slot] = self._theta[item.index]
        return slots

    def _chunk_buffers(self, arranged: Plan, slots: list[FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
        """Put a buffer of one chunk in place of each data-only slot, where there are several chunks."""
        if self.chunk == self.rows:
            return []
        loaded = []
        for slot in arranged.kept:
            whole, slots[slot] = slots[slot], np.empty(self.chunk)
            loaded.append((whole, slots[slot]))
        return loaded

    def _close(self, slot: int, slots: list[FloatArray]) -> Step:
        """Close the kernel of a slot over the arrays that it reads and writes."""
        item = self.program.instructions[slot]
        assert isinstance(item, Apply)
        return partial(item.function.kernel, *[slots[argument] for argument in item.arguments], slots[slot])

    def _start(self, theta: FloatArray) -> None:
        self._theta[..., 0] = theta.T[: len(self._theta)]
        for step in self._theta_steps:
            step()

    def _load(self, low: int, high: int) -> None:
        # The last chunk may be short: what is left of the one before it is computed along, and not used.
        for whole, buffer in self._loaded:
            buffer[: high - low] = whole[low:high]


def evaluate(
    program: Program, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray | Sequence[float]
) -> FloatArray:
    """Compute a program once: shape (outputs, n), or (outputs, B, n) for theta of shape (B, P)."""
    theta = np.asarray(theta, dtype=np.float64)
    batch = theta.shape[0] if theta.ndim == 2 else None
    return Evaluation(program, columns, rows, batch=batch)(theta)
