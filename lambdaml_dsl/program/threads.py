"""Rows side by side: a program over all cores.

The rows are cut into slabs, one for each thread, each with an `Evaluation` of its own; a slab is a whole
number of chunks, so the chunks, and with them every rounding, are the same for any number of threads.
NumPy lets go of the interpreter's lock while it computes a chunk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, prod
from threading import local
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.arrays import Contract
from lambdaml_dsl.program.evaluate import Evaluation, Reduce, add_up, copied
from lambdaml_dsl.program.instructions import Apply, Program
from lambdaml_dsl.program.plan import Plan, plan_for
from lambdaml_dsl.program.products import LARGE
from lambdaml_dsl.program.totals import RowOuter

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")

WORTHWHILE = 3_000_000
"""Below so many numbers in all, handing the work out costs more than a second core saves."""

LONG = 8192
"""Each instruction should compute so many numbers: at each the threads hand the interpreter's lock over."""

LONGEST = 65_536
"""And no more: then the buffers would leave even the last cache."""

SHARE_BYTES = 16 * 1024 * 1024
"""What the buffers of a chunk may fill for the sake of long instructions."""


class Sharing(local):
    """Whether this thread does a share of something."""

    now = False


SHARING = Sharing()


def cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def pool() -> ThreadPoolExecutor:
    """Start the threads, at first use; the caller's own thread does a share too."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max(cores() - 1, 1), thread_name_prefix="lambdaml")


if hasattr(os, "register_at_fork"):
    # The threads do not live on in a child process: it starts its own.
    os.register_at_fork(after_in_child=pool.cache_clear)


class Slabs:
    """A program bound to columns, run on several threads.

    Not to be called from two threads at once: the buffers are its own.

    Parameters
    ----------
    program : Program
        What to compute.
    columns : mapping of str to ndarray
        Columns of shape (n,), float64.
    rows : int
        The number n of rows.
    threads : int, optional
        At most this many; one for each core where not given.
    """

    def __init__(
        self, program: Program, columns: Mapping[str, FloatArray], rows: int, threads: int | None = None
    ) -> None:
        self.program = program
        self.rows = rows
        arranged = plan_for(program, rows)
        chunks = shares(arranged, rows)
        chunk = -(-rows // chunks)
        slabs = max(1, min(threads or cores(), chunks))
        edges = [min(rows, chunk * (chunks * k // slabs)) for k in range(slabs)] + [rows]
        self._bounds = list(pairwise(edges))

        def bind(low: int, high: int) -> Evaluation:
            own = {name: values[..., low:high] for name, values in columns.items()}
            return Evaluation(program, own, high - low, chunk=chunk, arranged=arranged)

        self._evaluations = side_by_side(bind, self._bounds)

    def __call__(self, theta: FloatArray) -> FloatArray:
        """Compute all outputs for all rows, shape (outputs, n)."""
        out = np.empty((sum(self.program.output_sizes), self.rows))

        def fill(evaluation: Evaluation, first: int) -> None:
            for low, high, values in evaluation.chunks(theta):
                out[:, first + low : first + high] = values

        side_by_side(
            fill, [(each, low) for each, (low, _) in zip(self._evaluations, self._bounds, strict=True)]
        )
        return out

    run = __call__

    def partials(self, theta: FloatArray, reduce: Reduce[T]) -> list[T]:
        """Give what a function makes of the outputs of each chunk, in the order of the rows."""
        pairs = zip(self._evaluations, self._bounds, strict=True)
        parts = side_by_side(Evaluation.partials, [(each, theta, reduce, low) for each, (low, _) in pairs])
        return [part for slab in parts for part in slab]

    def totals(self, theta: FloatArray) -> FloatArray:
        """Give the sums over rows that are the outputs, shape (outputs,)."""
        return add_up(self.partials(theta, copied), (sum(self.program.output_sizes),))


def shares(arranged: Plan, rows: int) -> int:
    """Give the number of chunks that the rows are cut into, whatever the number of threads."""
    grain = arranged.grain
    longest = min(LONGEST / grain, SHARE_BYTES / (8 * arranged.row_numbers))
    chunks = max(ceil(rows / max(longest, 1)), 2)
    # Two threads have equal shares; four too, where each still gets enough to do.
    return chunks + -chunks % (4 if rows * grain >= 8 * LONGEST else 2)


def on_rows(program: Program, columns: Mapping[str, FloatArray], rows: int) -> Evaluation | Slabs:
    """Bind a program to columns in the way that is fastest: on several threads where rows are many.

    Products of large matrices are left to BLAS and its threads.
    """
    arranged = plan_for(program, rows)
    few = rows * arranged.row_work < WORTHWHILE or rows * arranged.grain < 2 * LONG
    if few or largest_product(program) > LARGE:
        return Evaluation(program, columns, rows)
    return Slabs(program, columns, rows)


def evaluate_rows(
    program: Program, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray
) -> FloatArray:
    """Compute a program once, in the way that is fastest for so many rows: shape (outputs, n)."""
    return on_rows(program, columns, rows)(theta)


@lru_cache(maxsize=256)
def largest_product(program: Program) -> int:
    """Give the most multiplications that a product of matrices takes in each row."""
    largest = 0
    for item in program.instructions:
        match item:
            case Apply(Contract(), (a, b)):
                largest = max(largest, prod(program.shapes[a]) * prod(program.shapes[b][1:]))
            case Apply(RowOuter(left, _, _), (a, b)):
                largest = max(largest, prod(program.shapes[a][:left]) * prod(program.shapes[b]))
    return largest


def side_by_side(function: Callable[..., T], arguments: Sequence[tuple[object, ...]]) -> list[T]:
    """Call a function with each of some arguments, the first ones on this thread.

    Returns only when all calls have ended, also after an error or Ctrl-C: none may go on writing. On a thread
    that does a share already, one call comes after the other: waiting there for a thread might last for ever.
    """
    if len(arguments) == 1 or SHARING.now:
        return [function(*each) for each in arguments]
    from concurrent.futures import wait

    def share(*each: object) -> T:
        SHARING.now = True
        try:
            return function(*each)
        finally:
            SHARING.now = False

    others: list[Future[T]] = []
    stopped: BaseException | None = None
    first: list[T] = []
    try:
        for each in arguments[1:]:
            others.append(pool().submit(share, *each))  # noqa: PERF401  (those begun must be known)
        first.append(share(*arguments[0]))
    except BaseException as error:
        stopped = error
    while not all(other.done() for other in others):
        try:
            wait(others)
        except KeyboardInterrupt as error:
            stopped = error
    if stopped is not None:
        raise stopped
    return first + [other.result() for other in others]
