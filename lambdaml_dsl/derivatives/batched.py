"""Difference stencils as one batch of thetas, where that is quicker, or where nothing else has room.

In: a program, columns. Out: its value and derivatives row by row, in the layout of `differentiate`. In place
of a program with every quotient written out, the program itself is evaluated for many thetas at a time, each
with one component moved. Parameters in which it is affine are carried, as ever.

Two cases gain by it. With few rows a call into NumPy costs more than its arithmetic, and a batch needs few
calls. A parameter of many components cannot have them all in front of the axes of each value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod
from typing import TypeVar

import numpy as np

from lambdaml_dsl.derivatives.differences import steps_of
from lambdaml_dsl.derivatives.methods import differentiate
from lambdaml_dsl.derivatives.nonlinear import reach_of
from lambdaml_dsl.derivatives.scheme import Scheme
from lambdaml_dsl.derivatives.stencils import STENCILS, place
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.arrays import Contract
from lambdaml_dsl.program.evaluate import Evaluation, Reduce
from lambdaml_dsl.program.instructions import Apply, Parameter, Program
from lambdaml_dsl.program.plan import CACHE_BYTES, MOST_BYTES, plan
from lambdaml_dsl.program.threads import Slabs, cores, on_rows, side_by_side

MOST_IN_FRONT = 512
"""Parameters of more components than this are stepped in batches: the square of it is what a parameter at its
stepped values has of numbers, and must fit the cache."""

CALL, NUMBER = 0.2, 0.00025
"""Microseconds for an instruction, and for a number of it: medians over formulas of exp, cos and products."""

BATCHING = 15.0
"""Microseconds for making a batch of thetas and taking the quotients from its values."""

FEW_BLOCKS = 8
"""The rows of long evaluations are cut into so many blocks: two, four or eight threads have equal shares."""

ROWS_AT_ONCE = 256
"""A batch has so few thetas that at least so many rows fit the cache beside them: each instruction reads what
the thetas have for themselves, as matrices, once for all of these rows."""

WORTH_THREADS = 2000.0
"""Microseconds from which on the rows are shared out to threads."""

T = TypeVar("T")


def bind_derivatives(
    program: Program,
    parameters: tuple[int, ...],
    scheme: Scheme,
    columns: Mapping[str, FloatArray],
    rows: int,
    alone: bool = False,
) -> Evaluation | Slabs | Batched:
    """Bind a program and its derivatives to columns, in the way that is quickest for so many rows.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : tuple of int
        The parameters to differentiate by.
    scheme : Scheme
        How; not ``auto``.
    columns : mapping of str to ndarray
        Columns of shape (n,).
    rows : int
        The number n of rows.
    alone : bool
        On the caller's thread, without others beside it.
    """
    stepped = in_batches(program, parameters, scheme, rows)
    if stepped:
        return Batched(program, parameters, scheme, columns, rows, stepped)
    full = differentiate(program, parameters, scheme) if parameters else program
    return Evaluation(full, columns, rows) if alone else on_rows(full, columns, rows)


@lru_cache(maxsize=256)
def in_batches(program: Program, parameters: tuple[int, ...], scheme: Scheme, rows: int) -> tuple[int, ...]:
    """Give the parameters whose steps are better taken in batches of thetas.

    Those with more than `MOST_IN_FRONT` components; or else all that are stepped, if the estimated time of
    a batch is below that of the quotients written out.
    """
    stencil = STENCILS.get(scheme.method)
    if stencil is None:
        return ()
    stepped = stepped_parameters(program, parameters)
    large = tuple([item.index for item in stepped if item.size > MOST_IN_FRONT])
    if large or not stepped:
        return large
    written_out = cost(differentiate(program, parameters, scheme), rows)
    thetas = stencil.points * sum([item.size for item in stepped])
    every = tuple([item.index for item in stepped])
    others = tuple([index for index in parameters if index not in every])
    carried = cost(differentiate(program, others, scheme) if others else program, rows)
    return every if BATCHING + carried + cost(program, rows * thetas) < written_out else ()


def stepped_parameters(program: Program, parameters: Sequence[int]) -> list[Parameter]:
    """Give those of some parameters in which a program is not affine."""
    stepped = reach_of(program, parameters).stepped
    return [
        item for item in program.instructions if isinstance(item, Parameter) and stepped >> item.index & 1
    ]


def cost(program: Program, rows: int) -> float:
    """Estimate the microseconds that a program takes."""
    arranged = plan(program)
    once = sum([work(arranged.program, call.slot) for call in arranged.per_theta])
    each = sum([work(arranged.program, call.slot) for call in arranged.per_row])
    calls = len(arranged.per_row) + len(arranged.per_theta)
    return CALL * calls + NUMBER * (once + each * rows)


def work(program: Program, slot: int) -> int:
    """Give how many numbers a slot computes; of a product, how many it multiplies."""
    item = program.instructions[slot]
    inner = 1
    if isinstance(item, Apply) and isinstance(item.function, Contract):
        inner = program.shapes[item.arguments[0]][-1]
    return inner * prod(program.shapes[slot])


class Batched:
    """A program and its derivatives bound to columns, some steps taken in batches of thetas.

    As an `Evaluation` of the differentiated program. Not to be called from two threads at once.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : tuple of int
        The parameters to differentiate by.
    scheme : Scheme
        A difference method, its step and bounds.
    columns : mapping of str to ndarray
        Columns of shape (n,).
    rows : int
        The number n of rows.
    stepped : tuple of int
        Those parameters whose steps are taken in batches.
    most_bytes : int
        What the values of a batch may fill, and the derivatives of a block of rows.
    """

    def __init__(
        self,
        program: Program,
        parameters: tuple[int, ...],
        scheme: Scheme,
        columns: Mapping[str, FloatArray],
        rows: int,
        stepped: tuple[int, ...],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        items = {item.index: item for item in program.instructions if isinstance(item, Parameter)}
        self.program = program
        self.rows = rows
        self._columns = columns
        others = tuple([index for index in parameters if index not in stepped])
        self._carried = differentiate(program, others, scheme) if others else program
        self._steps = steps_of(program, [items[index] for index in stepped], scheme)
        sizes = [items[index].size if index in items else 1 for index in parameters]
        owner = np.repeat(np.array(parameters), sizes)
        # Where the derivatives by either kind are among all.
        self._of_stepped = np.flatnonzero(np.isin(owner, stepped))
        self._of_others = np.flatnonzero(~np.isin(owner, stepped))
        self._size = program.output_sizes[0]
        self._outputs = self._size * (1 + len(owner))
        block = max(1, min(rows, most_bytes // (8 * self._outputs)))
        if cost(program, rows * len(self._of_stepped)) > WORTH_THREADS:
            block = min(block, -(-rows // FEW_BLOCKS))
        self._blocks = [(low, min(low + block, rows)) for low in range(0, rows, block)] or [(0, 0)]
        count, points = len(self._of_stepped), self._steps.stencil.points
        row_numbers = plan(program).row_numbers * min(block, ROWS_AT_ONCE)
        rooms = most_bytes // (self._size * block), CACHE_BYTES // row_numbers
        at_once = max(1, min(count, min(rooms) // (8 * points)))
        self._batch = -(-count // -(-count // at_once))  # as many in each batch
        few = len(self._blocks) <= FEW_BLOCKS
        self._kept = {low: self._bind(low, high) for low, high in self._blocks} if few else {}

    def __call__(self, theta: FloatArray) -> FloatArray:
        """Compute value and derivatives for all rows, shape (outputs, n)."""
        with np.errstate(all="ignore"):
            return self.run(theta)

    def run(self, theta: FloatArray) -> FloatArray:
        """Do the same for a caller that has NumPy's floating-point warnings off already."""
        if len(self._blocks) == 1:
            return self._compute(self._kept[0], theta)
        out = np.empty((self._outputs, self.rows))

        def fill(low: int, high: int) -> None:
            out[:, low:high] = self._compute_block(low, high, theta)

        self._each_block(fill)
        return out

    def chunks(self, theta: FloatArray) -> Iterator[tuple[int, int, FloatArray]]:
        """Compute block by block: the first row, the last, shape (outputs, last - first)."""
        for low, high in self._blocks:
            yield low, high, self._compute_block(low, high, theta)

    def partials(self, theta: FloatArray, reduce: Reduce[T]) -> list[T]:
        """Give what a function makes of the outputs of each block of rows, in their order."""
        return self._each_block(
            lambda low, high: reduce(self._compute_block(low, high, theta), slice(low, high))
        )

    def _each_block(self, compute: Callable[[int, int], T]) -> list[T]:
        """Call a function for each block of rows, on all cores; give the results in order."""
        slabs = min(cores(), len(self._blocks))
        edges = [len(self._blocks) * k // slabs for k in range(slabs + 1)]
        parts = [(self._blocks[low:high],) for low, high in pairwise(edges)]
        found = side_by_side(lambda part: [compute(*block) for block in part], parts)
        return [one for part in found for one in part]

    def _bind(self, low: int, high: int) -> tuple[Evaluation, Evaluation]:
        """Bind both programs to some rows: what is carried, and what is evaluated in batches."""
        own = {name: values[..., low:high] for name, values in self._columns.items()}
        batch = self._steps.stencil.points * self._batch
        return (
            Evaluation(self._carried, own, high - low),
            Evaluation(self.program, own, high - low, batch=batch),
        )

    def _compute_block(self, low: int, high: int, theta: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            return self._compute(self._kept.get(low) or self._bind(low, high), theta)

    def _compute(self, bound: tuple[Evaluation, Evaluation], theta: FloatArray) -> FloatArray:
        """Compute value and derivatives for the rows that two evaluations are bound to."""
        carried, in_batches = bound
        size, rows = self._size, carried.rows
        found = carried.run(theta)
        out = np.empty((self._outputs, rows))
        out[:size] = found[:size]
        derivatives = out[size:].reshape(-1, size, rows)
        derivatives[self._of_others] = found[size:].reshape(-1, size, rows)
        steps, batch = self._steps, self._batch
        points, weights = place(steps.stencil, theta[steps.components], steps.h, steps.lower, steps.upper)
        thetas = np.empty((len(points), batch, len(theta)))
        for low in range(0, len(steps.components), batch):
            some = slice(low, low + batch)
            moved = steps.components[some]
            thetas[:] = theta
            thetas[:, np.arange(len(moved)), moved] = points[:, some]
            values = in_batches.run(thetas.reshape(-1, len(theta)))[:size]
            rises = values.reshape(size, len(points), batch, rows)[:, :, : len(moved)]
            rises -= out[:size, None, None]
            quotients = np.einsum("pk,spkn->ksn", weights[:, some], rises)
            derivatives[self._of_stepped[some]] = quotients
        return out
