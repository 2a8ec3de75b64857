"""Products of arrays, on the thread that asks for them.

BLAS has threads of its own. Started from several of ours they wait for each other, so it is given as much
at a time as it computes on one; what is left to all of its threads is large in each row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lambdaml_dsl.language.functions import FloatArray

BLAS_ALONE = 2**18
"""OpenBLAS computes products of two matrices of up to so many multiplications on the thread that asks. Larger
ones are given to it in parts: its threads and ours would only wait for each other."""

BLAS_DOT = 8192
"""The same of dot products. Products of a matrix and a vector go to its threads even if small: not used."""

AT_ONCE = 16
"""So many partial products are kept before they are added up."""

LARGE = 2**14
"""A product of so many multiplications in each row would be cut too small: all of it is left to BLAS."""


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
