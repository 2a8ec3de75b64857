"""Operations on value axes: what makes vectors and matrices of numbers, row by row.

An array of a slot has its value axes first, then the batch of thetas where there is one, then the rows:
(8, 2, n) holds an 8 by 2 matrix for each row. NumPy aligns shapes from the right, so numbers, vectors and
matrices broadcast against each other as values while their rows stay aligned.

Each operation but `Contract` and `Largest` is linear, so it carries tangents as it carries values; a tangent
has the axes of its parameter in front, and `lifted` gives the same operation behind them.

A `Total` is the one kind that looks along the rows: it adds up all rows of a chunk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import FloatArray

Key: TypeAlias = tuple[int | slice, ...]

BLAS_ALONE = 2**18
"""OpenBLAS computes products of two matrices of up to so many multiplications on the thread that asks. Larger
ones are given to it in parts: its threads and ours would only wait for each other."""

BLAS_DOT = 8192
"""The same of dot products. Products of a matrix and a vector go to its threads even if small: not used."""

AT_ONCE = 16
"""So many partial products are kept before they are added up."""

LARGE = 2**14
"""A product of so many multiplications in each row would be cut too small: all of it is left to BLAS."""


class Operation(ABC):
    """What a slot computes from the value axes of others. Frozen: equal operations are the same."""

    @property
    def name(self) -> str:
        """What listings call it."""
        return type(self).__name__.lower()

    @abstractmethod
    def shape(self, *shapes: Shape) -> Shape:
        """Give the value axes of the result from those of the arguments."""

    @abstractmethod
    def kernel(self, *arguments: FloatArray) -> None:
        """Compute the last argument, the result, from the others."""

    def lifted(self, axes: int) -> Operation:
        """Give the same operation for values that have more axes in front."""
        raise TypeError(f"{self.name} is not linear")


@dataclass(frozen=True, slots=True)
class Identity(Operation):
    """The derivative of a parameter by itself: 1 where its axes and the value's agree."""

    of: Shape

    def shape(self, *shapes: Shape) -> Shape:
        """Give the parameter's axes, twice."""
        return self.of + self.of

    def kernel(self, *arguments: FloatArray) -> None:
        """Write ones on the diagonal."""
        size = prod(self.of)
        square = np.eye(size).reshape(self.of + self.of)
        out = arguments[-1]
        np.copyto(out, square.reshape(square.shape + (1,) * (out.ndim - square.ndim)))


@dataclass(frozen=True, slots=True)
class Unit(Operation):
    """1 in one place, else 0."""

    of: Shape
    place: tuple[int, ...]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape."""
        return self.of

    def kernel(self, *arguments: FloatArray) -> None:
        """Write the one."""
        (out,) = arguments
        out[...] = 0.0
        out[self.place] = 1.0


@dataclass(frozen=True, slots=True)
class Broadcast(Operation):
    """A value repeated along axes that it lacks.

    Attributes
    ----------
    to : Shape
        The shape of the result.
    leading : int
        So many of the value's axes are the first of the result; the others are its last.
    """

    to: Shape
    leading: int = 0

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape wanted."""
        return self.to

    def kernel(self, *arguments: FloatArray) -> None:
        """Repeat."""
        value, out = arguments
        if value.ndim:
            missing = out.ndim - value.ndim
            shape = value.shape
            value = value.reshape(shape[: self.leading] + (1,) * missing + shape[self.leading :])
        np.copyto(out, value)

    def lifted(self, axes: int) -> Operation:
        """Act behind more axes: they are not known here, so the builder makes this one itself."""
        raise TypeError("a lifted broadcast needs the axes themselves")


@dataclass(frozen=True, slots=True)
class Stack(Operation):
    """Values of one shape along a new axis: ``[a, b]``."""

    axis: int = 0

    def shape(self, *shapes: Shape) -> Shape:
        """Give one more axis, as long as there are values."""
        inner = elementwise(*shapes)
        return (*inner[: self.axis], len(shapes), *inner[self.axis :])

    def kernel(self, *arguments: FloatArray) -> None:
        """Copy each into its place."""
        *items, out = arguments
        along = np.moveaxis(out, self.axis, 0)
        for place, item in zip(along, items, strict=True):
            np.copyto(place, item)

    def lifted(self, axes: int) -> Stack:
        """Stack behind more axes."""
        return Stack(self.axis + axes)


@dataclass(frozen=True, slots=True)
class Take(Operation):
    """Components of a value: a whole number or a (start, stop, step) range for each axis from `axis` on."""

    key: tuple[int | tuple[int, int | None, int], ...]
    axis: int = 0

    @property
    def name(self) -> str:
        """What listings call it."""
        shown = [
            str(part) if isinstance(part, int) else f"{part[0]}:{part[1]}:{part[2]}" for part in self.key
        ]
        return f"take[{', '.join([':'] * self.axis + shown)}]"

    @property
    def indices(self) -> Key:
        """The key as NumPy takes it."""
        own = tuple([item if isinstance(item, int) else slice(*item) for item in self.key])
        return (slice(None),) * self.axis + own

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape as NumPy does."""
        return np.broadcast_to(False, shapes[0])[self.indices].shape

    def kernel(self, *arguments: FloatArray) -> None:
        """Copy the components."""
        value, out = arguments
        np.copyto(out, value[self.indices])

    def lifted(self, axes: int) -> Self:
        """Take behind more axes."""
        return replace(self, axis=self.axis + axes)


@dataclass(frozen=True, slots=True)
class Place(Operation):
    """A value put where `taken` takes it from, and 0 elsewhere: what `Take` is, run backwards."""

    taken: Take
    of: Shape

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape that is taken from."""
        return self.of

    def kernel(self, *arguments: FloatArray) -> None:
        """Copy the components."""
        value, out = arguments
        out[...] = 0.0
        np.copyto(out[self.taken.indices], value)

    def lifted(self, axes: int) -> Operation:
        """Put behind more axes: they are not known here."""
        raise TypeError("a lifted placing needs the axes themselves")


@dataclass(frozen=True, slots=True)
class Transpose(Operation):
    """The two axes of a matrix, exchanged."""

    front: int = 0

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape with the axes exchanged."""
        (shape,) = shapes
        return (*shape[: self.front], shape[self.front + 1], shape[self.front])

    def kernel(self, *arguments: FloatArray) -> None:
        """Exchange."""
        value, out = arguments
        np.copyto(out, np.swapaxes(value, self.front, self.front + 1))

    def lifted(self, axes: int) -> Self:
        """Exchange behind more axes."""
        return replace(self, front=self.front + axes)


@dataclass(frozen=True, slots=True)
class Along(Operation):
    """What is computed along one axis."""

    axis: int

    def lifted(self, axes: int) -> Self:
        """Act behind more axes."""
        return replace(self, axis=self.axis + axes)


class Sum(Along):
    """The sum along an axis."""

    def shape(self, *shapes: Shape) -> Shape:
        """Give one axis less."""
        return shapes[0][: self.axis] + shapes[0][self.axis + 1 :]

    def kernel(self, *arguments: FloatArray) -> None:
        """Add."""
        value, out = arguments
        np.add.reduce(value, axis=self.axis, out=out)


class CumulativeSum(Along):
    """The sums of the first 1, 2, ... components along an axis."""

    @property
    def name(self) -> str:
        """What listings call it."""
        return "cumsum"

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape as it is."""
        return shapes[0]

    def kernel(self, *arguments: FloatArray) -> None:
        """Add up."""
        value, out = arguments
        np.add.accumulate(value, axis=self.axis, out=out)


class Largest(Along):
    """The largest component along an axis, taken as a number that nothing moves.

    For shifts that cancel out, as that of softmax; the language's ``max`` is a chain of choices.
    """

    def shape(self, *shapes: Shape) -> Shape:
        """Give one axis less."""
        return shapes[0][: self.axis] + shapes[0][self.axis + 1 :]

    def kernel(self, *arguments: FloatArray) -> None:
        """Find the largest; where it is infinite, 0, so that the shift gives no NaN of its own."""
        value, out = arguments
        np.maximum.reduce(value, axis=self.axis, out=out)
        np.copyto(out, 0.0, where=np.isinf(out))


@dataclass(frozen=True, slots=True)
class Contract(Operation):
    """The product ``@``: the sum over the last axis of one value and the first of another.

    Where one of the two is the same in all rows, it is one matrix product of BLAS over all rows.

    Attributes
    ----------
    left, right : int
        Axes of the two values, 1 or 2.
    left_front, right_front : int
        Axes in front of them, of tangents; one of the two is 0.
    """

    left: int
    right: int
    left_front: int = 0
    right_front: int = 0

    @property
    def name(self) -> str:
        """What listings call it."""
        return "@"

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes that are not summed over."""
        a, b = shapes
        front = a[: self.left_front] + b[: self.right_front]
        return front + a[self.left_front : -1] + b[self.right_front + 1 :]

    def kernel(self, *arguments: FloatArray) -> None:
        """Multiply."""
        a, b, out = arguments
        lead = max(a.ndim - self.left_front - self.left, b.ndim - self.right_front - self.right)
        values = a.ndim - lead, b.ndim - lead
        rows_a, rows_b = a.shape[values[0] :], b.shape[values[1] :]
        inner = b.shape[self.right_front]
        # As matrices: one axis of length 1 stands for each that a vector lacks.
        front_a, front_b = a.shape[: self.left_front], b.shape[: self.right_front]
        height = a.shape[self.left_front] if self.left == 2 else 1
        width = b.shape[self.right_front + 1] if self.right == 2 else 1
        if prod(rows_a) == 1:
            matrix = a.reshape(prod(front_a) * height, inner)
            columns = b.reshape(prod(front_b), inner, width * prod(rows_b))
            multiply(matrix, columns, out.reshape(prod(front_b), prod(front_a) * height, -1))
        elif prod(rows_b) == 1:
            turned = np.swapaxes(b.reshape(prod(front_b), 1, inner, width), -1, -2)
            stacked = a.reshape(1, prod(front_a) * height, inner, prod(rows_a))
            multiply(turned, stacked, out.reshape(prod(front_b), prod(front_a) * height, width, -1))
        elif not front_a and not front_b and rows_a[1:] == rows_b[:1] == (1,):
            # A matrix for each theta of a batch, and the same rows for all of them.
            stacked = np.ascontiguousarray(np.moveaxis(a.reshape(height, inner, -1), 1, 2))
            product = stacked.reshape(-1, inner) @ b.reshape(inner, width * rows_b[-1])
            parts = product.reshape(height, rows_a[0], width, rows_b[-1])
            np.copyto(out.reshape(height, width, *out.shape[-2:]), np.swapaxes(parts, 1, 2))
        else:
            first = a.reshape(prod(front_a), 1, height, inner, *rows_a)
            second = b.reshape(1, prod(front_b), inner, width, *rows_b)
            result = out.reshape(prod(front_a), prod(front_b), height, width, *out.shape[out.ndim - lead :])
            np.einsum("pqik...,pqkj...->pqij...", first, second, out=result)

    def lifted_left(self, axes: int) -> Contract:
        """Multiply where the left value has more axes in front."""
        return replace(self, left_front=axes)

    def lifted_right(self, axes: int) -> Contract:
        """Multiply where the right value has more axes in front."""
        return replace(self, right_front=axes)


@dataclass(frozen=True, slots=True)
class Repeat(Operation):
    """A value that all rows share, given to each row of a column, so that it can be added up over them."""

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape as it is."""
        return shapes[0]

    def kernel(self, *arguments: FloatArray) -> None:
        """Repeat."""
        value, _, out = arguments
        np.copyto(out, value)

    def lifted(self, axes: int) -> Self:
        """Repeat behind more axes."""
        return self


class Total(Operation):
    """A sum over the rows of a chunk: its result has no rows, and is an output of the program."""

    def lifted(self, axes: int) -> Operation:
        """Act behind more axes: nothing is computed from a total."""
        raise TypeError("a total carries no tangents")


@dataclass(frozen=True, slots=True)
class RowSum(Total):
    """The sum of each component over the rows."""

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape as it is."""
        return shapes[0]

    def kernel(self, *arguments: FloatArray) -> None:
        """Add."""
        value, out = arguments
        out[...] = np.add.reduce(value, axis=-1)  # a batch may share what is of data alone


@dataclass(frozen=True, slots=True)
class RowProduct(Total):
    """The sum over the rows of the product of two values of one shape, component by component."""

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the two."""
        return elementwise(*shapes)

    def kernel(self, *arguments: FloatArray) -> None:
        """Multiply and add; numbers by BLAS."""
        a, b, out = arguments
        if a.ndim == b.ndim == 1:
            out[...] = dot(a, b)
        else:
            out[...] = np.einsum("...n,...n->...", a, b)


@dataclass(frozen=True, slots=True)
class RowOuter(Total):
    """The sum over the rows of all products of one value's components with another's.

    Attributes
    ----------
    left, right : int
        Axes of the two values that are kept.
    shared : int
        Axes behind them that both have, and that are summed over as well.
    """

    left: int
    right: int
    shared: int = 0

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes that are kept."""
        a, b = shapes
        return a[: self.left] + b[: self.right]

    def kernel(self, *arguments: FloatArray) -> None:
        """Multiply: one matrix product of BLAS, with the rows as inner axis."""
        a, b, out = arguments
        kept_a, kept_b = a.shape[: self.left], b.shape[: self.right]
        if a.ndim == self.left + self.shared + 1:
            inner = prod(a.shape[self.left :])
            first, second = a.reshape(prod(kept_a), inner), b.reshape(prod(kept_b), inner)
            multiply_over_rows(first, second, out.reshape(len(first), len(second)))
        else:  # a batch of thetas stands before the rows
            behind = (prod(a.shape[self.left : self.left + self.shared]),)
            first = a.reshape(prod(kept_a), *behind, *a.shape[self.left + self.shared :])
            second = b.reshape(prod(kept_b), *behind, *b.shape[self.right + self.shared :])
            result = out.reshape(prod(kept_a), prod(kept_b), *out.shape[self.left + self.right :])
            result[...] = np.einsum("ks...n,ls...n->kl...", first, second)


def dot(a: FloatArray, b: FloatArray) -> float:
    """Give the product of two vectors, in parts that BLAS does not share out to threads of its own."""
    if len(a) <= BLAS_DOT:
        return float(a.dot(b))
    return sum(
        float(a[low : low + BLAS_DOT].dot(b[low : low + BLAS_DOT])) for low in range(0, len(a), BLAS_DOT)
    )


def multiply(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
    """Multiply matrices, of which the second has the rows of data as its columns."""
    each, width = a.shape[-2] * a.shape[-1], b.shape[-1]
    if a.shape[-2] == 1 or width == 1:
        np.einsum("...ik,...kj->...ij", a, b, out=out)
    elif each * width <= BLAS_ALONE or each > LARGE:
        np.matmul(a, b, out=out)
    else:
        for part in in_parts(width, BLAS_ALONE // each, width):
            np.matmul(a[..., None, :, :], parted(b, part), out=parted(out, part))


def multiply_over_rows(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
    """Multiply one matrix with the other turned: the rows of data are their columns, and are added up."""
    each, inner = len(a) * len(b), a.shape[-1]
    if len(a) == 1 or len(b) == 1:
        many, one = (a, b[0]) if len(b) == 1 else (b, a[0])
        out[...] = np.array([dot(row, one) for row in many]).reshape(out.shape)
    elif each * inner <= BLAS_ALONE or each > LARGE:
        np.matmul(a, b.T, out=out)
    else:
        out[...] = 0.0
        for part in in_parts(inner, BLAS_ALONE // each, AT_ONCE):
            products = np.matmul(parted(a, part), np.swapaxes(parted(b, part), -1, -2))
            out += np.add.reduce(products, axis=0)


class Part(NamedTuple):
    """Some columns of a matrix: so many `times` a `width`, from `low` on."""

    low: int
    times: int
    width: int


def in_parts(columns: int, width: int, most: int) -> list[Part]:
    """Cut columns into parts of some width, at most so many at a time, and what is left."""
    times, left = divmod(columns, width)
    parts = [Part(first * width, min(most, times - first), width) for first in range(0, times, most)]
    return [*parts, Part(times * width, 1, left)] if left else parts


def parted(matrix: FloatArray, part: Part) -> FloatArray:
    """View parts of a matrix as a stack of matrices: shape (..., times, rows, width)."""
    own = matrix[..., part.low : part.low + part.times * part.width]
    stack = own.reshape(*own.shape[:-1], part.times, part.width)
    return np.moveaxis(stack, -2, -3)
