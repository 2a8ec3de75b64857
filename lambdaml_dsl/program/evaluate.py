"""Evaluate: a program over columns, chunk by chunk, for one theta or a batch of them.

In: a `Program`, columns of n rows, theta. Out: one row of numbers for each output. Every slot is
computed as seldom as its dependencies allow, as its `Plan` says. A program whose outputs are sums over rows
gives one number for each: those of the chunks are added.

Layout: rows are the last axis, a batch of thetas the one before: (n,) or (B, n); the axes of a vector or
matrix come first: (K, n) or (K, B, n). A number that all rows share is an array without axes (with a batch,
of shape (B, 1)): NumPy calls on those are three times as fast as on arrays of shape (1,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TypeAlias, TypeVar

import numpy as np

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.plan import Plan, Step, chunk_rows, data_only, plan_for

T = TypeVar("T")
Reduce: TypeAlias = Callable[[FloatArray, slice], T]
"""Makes something small of the outputs of a chunk, given which rows they are."""


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
    arranged : Plan, optional
        The program's plan, where these rows are part of more.
    """

    def __init__(
        self,
        program: Program,
        columns: Mapping[str, FloatArray],
        rows: int,
        *,
        batch: int | None = None,
        chunk: int | None = None,
        arranged: Plan | None = None,
    ) -> None:
        arranged = arranged or plan_for(program, rows)
        if chunk is None:
            chunk = chunk_rows(arranged, batch)
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
