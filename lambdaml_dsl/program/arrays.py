"""Operations on value axes: what makes vectors and matrices of numbers, row by row.

An array of a slot has its value axes first, then the batch of thetas where there is one, then the rows:
(8, 2, n) holds an 8 by 2 matrix for each row. NumPy aligns shapes from the right, so numbers, vectors and
matrices broadcast against each other as values while their rows stay aligned.

Each operation but `Contract` and `Largest` is linear, so it carries tangents as it carries values; a tangent
has the axes of its parameter in front, and `lifted` gives the same operation behind them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import prod
from typing import Self, TypeAlias

import numpy as np

from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.products import multiply

Key: TypeAlias = tuple[int | slice, ...]


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
