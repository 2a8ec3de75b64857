"""The R factor of the stacked [J r]: all that least squares needs to know of a linearisation.

Never the normal equations: their condition is the square of J's. Whether a direction is weak is judged
with columns scaled to length one, so that neither rank nor conditioning depends on the units of the
parameters.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.linalg import linalg

RANK_TOLERANCE = 1e-12
"""A singular value of the scaled Jacobian below this fraction of the largest is rounding, not data."""

CLEAR = 1e-5
"""While every diagonal element of the scaled R is above this, the singular values need not be looked at."""

TINY = float(np.finfo(np.float64).tiny)


class NotFinite(Exception):  # noqa: N818  (ends a solver from inside; it never leaves this room)
    """The derivatives are not finite."""


class Factor(NamedTuple):
    """A linearised least-squares problem, min |J d + r|, by its R factor.

    Attributes
    ----------
    upper : ndarray
        R of the Jacobian, shape (p, p); below its diagonal stands what is not part of it.
    target : ndarray
        Q^T r, shape (p,).
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
    target: FloatArray
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

    def along(self, step: FloatArray) -> FloatArray:
        """Give R d: as long as J d, shape (p,)."""
        product: FloatArray = linalg().blas.dtrmv(self.upper, step)
        return product

    def gradient(self) -> FloatArray:
        """Give J^T r, half the gradient of the sum of squares, shape (p,)."""
        product: FloatArray = linalg().blas.dtrmv(self.upper, self.target, trans=1)
        return product

    def inverse(self) -> FloatArray:
        """Give the inverse of R: its product with its transpose is inverse(J^T J)."""
        inverted: FloatArray = linalg().lapack.dtrtri(self.upper)[0] * on_and_above(len(self.scale))
        return inverted


def factorise(residuals: FloatArray, jacobian: FloatArray, n_obs: int | None = None) -> Factor:
    """Factorise a linearisation.

    Parameters
    ----------
    residuals : ndarray
        Shape (n,).
    jacobian : ndarray
        Shape (p, n): one row for each parameter.
    n_obs : int, optional
        The number of residuals, where these n stand for more.

    Raises
    ------
    NotFinite
        A derivative is not finite.
    """
    p, n = jacobian.shape
    stacked = np.empty((p + 1, n))
    stacked[:p] = jacobian
    stacked[p] = residuals
    # LAPACK itself: on small problems NumPy's wrappers take several times as long as the work.
    reduced = linalg().lapack.dgeqrf(stacked.T, lwork=32 * (p + 1), overwrite_a=1)[0]
    return solved(reduced, float(residuals.dot(residuals)), n if n_obs is None else n_obs)


def solved(triangle: FloatArray, rss: float, n_obs: int) -> Factor:
    """Solve a linearisation whose R factor is known.

    Parameters
    ----------
    triangle : ndarray
        The R factor of [J r] in its upper triangle, shape (p + 1, p + 1); more rows do no harm, and there are
        fewer where there are fewer residuals.
    rss : float
        r^T r.
    n_obs : int
        The number of residuals.

    Raises
    ------
    NotFinite
        A derivative is not finite.
    """
    p = triangle.shape[1] - 1
    if p == 0:
        nothing = np.empty(0)
        return Factor(np.empty((0, 0)), nothing, nothing, nothing, 0.0, rss, n_obs, 0)
    scipy = linalg()
    norm = scipy.blas.dnrm2  # it neither overflows nor underflows
    lengths, clear = [], len(triangle) >= p
    for k, element in enumerate(triangle.diagonal().tolist()[:p]):
        length = norm(triangle[: k + 1, k])
        lengths.append(length)
        if abs(element) <= CLEAR * length:
            clear = False
    lengths += [norm(triangle[:, k]) for k in range(len(lengths), p)]
    if not sum(lengths) < math.inf:
        raise NotFinite
    scale = np.array(lengths)
    if not clear:
        return by_singular_values(triangle, scale, rss, n_obs)
    upper, target = triangle[:p, :p], triangle[:p, p]
    step = -scipy.lapack.dtrtrs(upper, target)[0]
    return Factor(upper, target, scale, step, float(target.dot(target)), rss, n_obs, p)


def by_singular_values(triangle: FloatArray, scale: FloatArray, rss: float, n_obs: int) -> Factor:
    """Finish a factorisation in which some direction is weak: each is looked at by itself."""
    p = len(scale)
    rows = min(p, len(triangle))
    scale[scale == 0] = TINY  # a column of zeros stays one, and its scale stays no scale
    upper, target = np.zeros((p, p)), np.zeros(p)
    upper[:rows], target[:rows] = np.triu(triangle[:rows, :p]), triangle[:rows, p]
    left, singular, directions = np.linalg.svd(upper / scale)
    turned = target @ left
    largest = float(singular[0]) or 1.0
    relative = singular / largest
    rank = int(np.count_nonzero(relative > RANK_TOLERANCE))
    step = -(turned[:rank] / singular[:rank]) @ directions[:rank] / scale
    explained = float(turned[:rank] @ turned[:rank])
    return Factor(upper, target, scale, step, explained, rss, n_obs, rank, relative, directions)


@lru_cache(maxsize=64)
def on_and_above(p: int) -> FloatArray:
    """Give ones on and above the diagonal, zeros below, shape (p, p)."""
    return np.triu(np.ones((p, p)))
