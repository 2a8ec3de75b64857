"""The R factor of the stacked [J r]: all that least squares needs to know of a linearisation.

Never the normal equations: their condition is the square of J's. Columns are scaled to length one
first, so that neither rank nor conditioning depends on the units of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lambdaml_dsl.language.functions import FloatArray


RANK_TOLERANCE = 1e-12
"""A singular value of the scaled Jacobian below this fraction of the largest is rounding, not data."""


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A linearised least-squares problem, min |J d + r|, by the singular values of its R factor.

    Attributes
    ----------
    singular : ndarray
        Singular values of the scaled Jacobian, falling, shape (p,).
    directions : ndarray
        The right singular vectors, one a row, shape (p, p): combinations of the scaled parameters.
    scale : ndarray
        Lengths of the Jacobian's columns, shape (p,); next to nothing for a column of zeros.
    rank : int
        How many directions the rows determine.
    step : ndarray
        The Gauss-Newton step, shape (p,), with nothing along directions that are not determined.
    explained : float
        The part of the rss that this step would remove from the linearised model.
    rss : float
        r^T r.
    n_obs : int
        Rows.
    """

    singular: FloatArray
    directions: FloatArray
    scale: FloatArray
    rank: int
    step: FloatArray
    explained: float
    rss: float
    n_obs: int

    @property
    def conditioning(self) -> float:
        """The smallest singular value over the largest: 1 at best, 0 where a direction is not determined."""
        if len(self.singular) == 0 or self.singular[0] == 0:
            return float(len(self.singular) == 0)
        return float(self.singular[-1] / self.singular[0])

def factorise(residuals: FloatArray, jacobian: FloatArray) -> Factor:
    """Factorise a linearisation.

    Parameters
    ----------
    residuals : ndarray
        Shape (n,).
    jacobian : ndarray
        Shape (p, n): one row for each parameter.
    """
    from scipy.linalg.lapack import dgeqrf, dgesdd

    p, n = jacobian.shape
    scale: FloatArray = np.sqrt(np.einsum("ij,ij->i", jacobian, jacobian))
    lengths = scale.tolist()
    if lengths and not (min(lengths) > 1e-150 and max(lengths) < 1e150):
        # Squares overflow or vanish: the largest entry of each row first.
        largest = np.abs(jacobian).max(axis=1, initial=0.0)
        largest[largest == 0] = 1.0
        unit = jacobian / largest[:, None]
        scale = largest * np.sqrt(np.einsum("ij,ij->i", unit, unit))
        scale[scale == 0] = np.finfo(float).tiny  # a column of zeros stays one, and its scale stays no scale
    stacked = np.empty((p + 1, n))
    np.divide(jacobian, scale[:, None], out=stacked[:p])
    stacked[p] = residuals
    # LAPACK itself: on small problems NumPy's wrappers take several times as long as the factorisation.
    r = dgeqrf(stacked.T, lwork=32 * (p + 1), overwrite_a=1)[0]
    rows = min(p, n)
    left, singular, directions, _ = dgesdd(upper(rows, p) * r[:rows, :p])
    target = np.zeros(p)
    target[:rows] = r[:rows, p] @ left
    if rows < p:
        singular = np.concatenate([singular, np.zeros(p - rows)])
    values = singular.tolist()
    rank = sum(value > RANK_TOLERANCE * values[0] for value in values)
    seen = target[:rank]
    step = -(seen / singular[:rank]).dot(directions[:rank]) / scale
    return Factor(
        singular, directions, scale, rank, step, float(seen.dot(seen)), float(residuals.dot(residuals)), n
    )


@lru_cache(maxsize=64)
def upper(rows: int, columns: int) -> FloatArray:
    """Give ones on and above the diagonal, zeros below."""
    return np.triu(np.ones((rows, columns)))
