"""Sums over the rows of a chunk: what a program gives whose outputs are numbers for all rows together.

Other operations look at one row at a time; these add up along the rows. A product is added up without being
formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Self

import numpy as np

from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.arrays import Operation
from lambdaml_dsl.program.products import dot, multiply_over_rows


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
