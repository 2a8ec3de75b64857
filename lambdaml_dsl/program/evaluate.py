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
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from lambdaml_dsl.language.functions import FloatArray, Kernel
from lambdaml_dsl.program.instructions import Apply, Column, Constant, Parameter, Program

CACHE_BYTES = 512 * 1024
"""What the buffers of a chunk may fill together: half of a common second-level cache."""

FEWEST_ROWS = 1024
"""Below this, a call into NumPy costs more than its work on the chunk."""

Step: TypeAlias = Callable[[list[FloatArray]], object]


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
    """

    once: tuple[int, ...]
    per_theta: tuple[int, ...]
    per_row: tuple[int, ...]
    kept: tuple[int, ...]
    buffer: Mapping[int, int]
    buffers: int


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
    kept = tuple([slot for slot in range(len(program.instructions)) if data_only(program, slot) and slot in read])
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
    return Plan(tuple(once), tuple(per_theta), tuple(per_row), kept, buffer, buffers)


def data_only(program: Program, slot: int) -> bool:
    """Say whether a slot depends on data and on no parameter."""
    return program.on_data[slot] and not program.on_parameters[slot]


def step(kernel: Kernel, arguments: tuple[int, ...], out: int) -> Step:
    """Close a kernel over the slots that it reads and writes."""
    match arguments:
        case (a,):
            return lambda slots: kernel(slots[a], slots[out])
        case (a, b):
            return lambda slots: kernel(slots[a], slots[b], slots[out])
        case (a, b, c):
            return lambda slots: kernel(slots[a], slots[b], slots[c], slots[out])
        case _:
            return lambda slots: kernel(*[slots[argument] for argument in arguments], slots[out])


class Evaluation:
    """A program bound to columns.

    Not to be called from two threads at once: the buffers are its own.

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
        self._plan = plan(program)
        self._lead = () if batch is None else (batch,)
        if chunk is None:
            row_bytes = 8 * (batch or 1) * (self._plan.buffers + len(program.outputs) + 1)
            chunk = max(CACHE_BYTES // row_bytes, FEWEST_ROWS // (batch or 1), 1)
        self.chunk = max(1, min(chunk, rows))
        self._scratch: FloatArray | None = None
        self._set_up_theta()
        self._bind_data(columns)
        self._steps = [self._step(slot) for slot in self._plan.per_row]
        computed = {slot: k for k, slot in reversed(list(enumerate(program.outputs)))}
        self._owned = [(slot, k) for slot, k in computed.items() if slot in set(self._plan.per_row)]
        self._copied = [(k, slot) for k, slot in enumerate(program.outputs) if (slot, k) not in set(self._owned)]
        self._buffers = np.empty((self._plan.buffers, *self._lead, self.chunk))
        self._point_buffers(self.chunk)

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
        out = np.empty((len(self.program.outputs), *self._lead, self.rows))
        with np.errstate(all="ignore"):
            self._start(theta)
            if self.rows <= self.chunk:
                self._run(0, self.rows, out)
            else:
                for low in range(0, self.rows, self.chunk):
                    high = min(low + self.chunk, self.rows)
                    self._run(low, high, out[..., low:high])
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
        if self._scratch is None:
            self._scratch = np.empty((len(self.program.outputs), *self._lead, self.chunk))
        with np.errstate(all="ignore"):
            self._start(theta)
        for low in range(0, self.rows, self.chunk):
            high = min(low + self.chunk, self.rows)
            out = self._scratch[..., : high - low]
            with np.errstate(all="ignore"):
                self._run(low, high, out)
            yield low, high, out

    def _set_up_theta(self) -> None:
        instructions = self.program.instructions
        count = 1 + max((item.index for item in instructions if isinstance(item, Parameter)), default=-1)
        lead = self._lead or ()
        self._theta = np.zeros((count, *lead, 1))
        slots: list[FloatArray] = [self._theta[:0]] * len(instructions)
        for slot, item in enumerate(instructions):
            if isinstance(item, Constant):
                slots[slot] = np.array([item.value])
            elif isinstance(item, Parameter):
                slots[slot] = self._theta[item.index]
        for slot in self._plan.per_theta:
            slots[slot] = np.empty((*lead, 1))
        self._slots = slots
        self._theta_steps = [self._step(slot) for slot in self._plan.per_theta]

    def _bind_data(self, columns: Mapping[str, FloatArray]) -> None:
        """Compute what depends on data alone, over all rows."""
        slots = list(self._slots)
        for slot, item in enumerate(self.program.instructions):
            if isinstance(item, Column):
                slots[slot] = columns[item.name]
        with np.errstate(all="ignore"):
            for slot in self._plan.once:
                slots[slot] = np.empty(self.rows)
                self._step(slot)(slots)
        self._data = [(slot, slots[slot]) for slot in self._plan.kept]
        for slot, values in self._data:
            self._slots[slot] = values

    def _step(self, slot: int) -> Step:
        item = self.program.instructions[slot]
        assert isinstance(item, Apply)
        return step(item.function.kernel, item.arguments, slot)

    def _point_buffers(self, rows: int) -> None:
        self._pointed = rows
        for slot, index in self._plan.buffer.items():
            self._slots[slot] = self._buffers[index, ..., :rows]

    def _start(self, theta: FloatArray) -> None:
        if self.batch is None:
            self._theta[:, 0] = theta[: len(self._theta)]
        else:
            self._theta[:, :, 0] = theta.T[: len(self._theta)]
        slots = self._slots
        for run in self._theta_steps:
            run(slots)

    def _run(self, low: int, high: int, out: FloatArray) -> None:
        slots = self._slots
        if self.chunk < self.rows:
            for slot, values in self._data:
                slots[slot] = values[low:high]
            if self._pointed != high - low:
                self._point_buffers(high - low)
        for slot, k in self._owned:
            slots[slot] = out[k]
        for run in self._steps:
            run(slots)
        for k, slot in self._copied:
            out[k] = slots[slot]


def evaluate(
    program: Program, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray | Sequence[float]
) -> FloatArray:
    """Compute a program once: shape (outputs, n), or (outputs, B, n) for theta of shape (B, P)."""
    theta = np.asarray(theta, dtype=np.float64)
    batch = theta.shape[0] if theta.ndim == 2 else None
    return Evaluation(program, columns, rows, batch=batch)(theta)
