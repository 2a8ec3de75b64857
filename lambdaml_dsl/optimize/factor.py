"""The R factor of the stacked [J r]: all that least squares needs to know of a linearisation.

Never the normal equations: their condition is the square of J's. Whether a direction is weak is judged
with columns scaled to length one, so that neither rank nor conditioning depends on the units of the
parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from lambdaml_dsl.language.functions import FloatArray

RANK_TOLERANCE = 1e-12
"""A singular value of the scaled Jacobian below this fraction of the largest is rounding, not data."""

CLEAR = 1e-5
"""While every diagonal element of the scaled R is above this, the singular values need not be looked at."""

TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A linearised least-squares problem, min |J d + r|, by its R factor.

    Attributes
    ----------
    upper : ndarray
        R of the Jacobian, shape (p, p); below its diagonal stands what is not part of it.
    scale : ndarray
        Lengths of the Jacobian's columns, shape (p,); next to nothing for a column of zeros.
    step : ndarray
        The Gauss-Newton step, shape (p,), with nothing along directions that are not determined.
    explained : float
        The part of the rss that this step would remove from the linearised model.
    rss : float
        r^T r.
    n_obs : int
        Rows.
    rank : int
        How many directions the rows determine.
    singular, directions : ndarray or None
        Singular values of the scaled Jacobian, falling, relative to the first, shape (p,), and the
        directions that belong to them, one a row, shape (p, p); None where all are clear of zero.
    """

    upper: FloatArray
    scale: FloatArray
    step: FloatArray
    explained: float
    rss: float
    n_obs: int
    rank: int
    singular: FloatArray | None = None
    directions: FloatArray | None = None

    @property
    def conditioning(self) -> float:
        """The smallest singular value over the largest where it is small; 1 where it is not."""
        return 1.0 if self.singular is None else float(self.singular[-1])

    def inverse(self) -> FloatArray:
        """Give the inverse of R: its product with its transpose is inverse(J^T J)."""
        inverted: FloatArray = linalg().lapack.dtrtri(self.upper)[0] * on_and_above(len(self.scale))
        return inverted


def factorise(residuals: FloatArray, jacobian: FloatArray) -> Factor:
    """Factorise a linearisation.

    Parameters
    ----------
    residuals : ndarray
        Shape (n,).
    jacobian : ndarray
        Shape (p, n): one row for each parameter.
    """
    p, n = jacobian.shape
    rss = float(residuals.dot(residuals))
    if p == 0:
        nothing = np.empty(0)
        return Factor(np.empty((0, 0)), nothing, nothing, 0.0, rss, n, 0)
    # BLAS and LAPACK themselves: on small problems NumPy's wrappers take several times as long as the
    # work. Its norm neither overflows nor underflows.
    blas, lapack = linalg().blas, linalg().lapack
    lengths = [blas.dnrm2(column) for column in jacobian]
    scale = np.array(lengths)
    stacked = np.empty((p + 1, n))
    stacked[:p] = jacobian
    stacked[p] = residuals
    r = lapack.dgeqrf(stacked.T, lwork=32 * (p + 1), overwrite_a=1)[0]
    diagonal = r.diagonal().tolist()
    if n < p or any(abs(diagonal[k]) <= CLEAR * lengths[k] for k in range(p)):
        return by_singular_values(r, scale, rss, n)
    upper, target = r[:p, :p], r[:p, p]
    step = -lapack.dtrtrs(upper, target)[0]
    return Factor(upper, scale, step, float(target.dot(target)), rss, n, p)


def by_singular_values(r: FloatArray, scale: FloatArray, rss: float, n_obs: int) -> Factor:
    """Finish a factorisation in which some direction is weak: each is looked at by itself."""
    p = len(scale)
    rows = min(p, n_obs)
    scale[scale == 0] = TINY  # a column of zeros stays one, and its scale stays no scale
    upper = np.zeros((p, p))
    upper[:rows] = np.triu(r[:rows, :p])
    left, singular, directions = np.linalg.svd(upper / scale)
    target = r[:rows, p] @ left[:rows]
    largest = float(singular[0]) or 1.0
    relative = singular / largest
    rank = int(np.count_nonzero(relative > RANK_TOLERANCE))
    step = -(target[:rank] / singular[:rank]) @ directions[:rank] / scale
    explained = float(target[:rank] @ target[:rank])
    return Factor(upper, scale, step, explained, rss, n_obs, rank, relative, directions)


@cache
def linalg() -> Any:
    """Import BLAS and LAPACK, at first use."""
    import scipy.linalg

    return scipy.linalg


@lru_cache(maxsize=64)
def on_and_above(p: int) -> FloatArray:
    """Give ones on and above the diagonal, zeros below, shape (p, p)."""
    return np.triu(np.ones((p, p)))
