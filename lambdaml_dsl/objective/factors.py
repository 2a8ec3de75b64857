"""The R factor of many rows, from the R factors of parts of them.

This is TSQR (Demmel, Grigori, Hoemmen & Langou 2012, SIAM Journal on Scientific Computing 34): each chunk of
rows of the matrix [J r] gives a triangle, and stacked triangles have the R factor of all their rows. So least
squares over any number of rows takes the memory of one chunk, and loses no digits to normal equations.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.linalg import linalg

FAN_IN = 32
"""So many triangles are stacked at once."""


def triangle(matrix: FloatArray) -> FloatArray:
    """Give the R factor of a matrix.

    Parameters
    ----------
    matrix : ndarray
        Shape (columns, rows): transposed, as evaluations give it.

    Returns
    -------
    ndarray
        Shape (min(rows, columns), columns), with zeros below the diagonal.
    """
    columns, rows = matrix.shape
    reduced = linalg().lapack.dgeqrf(matrix.T, lwork=32 * columns)[0]
    return np.triu(reduced[: min(rows, columns)])


def linearised_chunk(size: int, outputs: FloatArray) -> FloatArray:
    """Give the R factor of [J r] of a chunk.

    Parameters
    ----------
    size : int
        How many residuals a row has.
    outputs : ndarray
        The residuals, then their derivatives by each of p components, shape (size*(1 + p), rows).
    """
    sheets = outputs.reshape(-1, size * outputs.shape[-1])
    return triangle(np.concatenate([sheets[1:], sheets[:1]]))


def stacked(triangles: Iterable[FloatArray]) -> FloatArray:
    """Give the R factor of some triangles, one below the other.

    They are combined in the order given, by the same tree for the same number of them, whoever made them;
    not more than `FAN_IN` of each level are held at a time.
    """
    levels: list[list[FloatArray]] = [[]]
    for each in triangles:
        levels[0].append(each)
        for k, level in enumerate(levels):
            if len(level) < FAN_IN:
                break
            if k + 1 == len(levels):
                levels.append([])
            levels[k + 1].append(triangle(np.concatenate(level).T))
            level.clear()
    # What came first is on the highest level.
    return triangle(np.concatenate([each for level in reversed(levels) for each in level]).T)
