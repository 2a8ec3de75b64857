"""The R factor of the stacked [J r]: all that least squares needs to know of a linearisation.

Never the normal equations: their condition is the square of J's. Columns are scaled to length one
first, so that neither rank nor conditioning depends on the units of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.language.functions import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A linearised least-squares problem, min |J d + r|, by its R factor.

    Attributes
    ----------
    upper : ndarray
        R of the scaled Jacobian, shape (p, p).
    target : ndarray
        Q^T r, shape (p,).
    scale : ndarray
        Lengths of the Jacobian's columns, shape (p,); 1 for a column of zeros.
    rss : float
        r^T r.
    n_obs : int
        Rows.
    """

    upper: FloatArray
    target: FloatArray
    scale: FloatArray
    rss: float
    n_obs: int

    @property
    def explained(self) -> float:
        """The part of the rss that the linearised model could still remove: |Q^T r|^2."""
        return float(self.target @ self.target)

    def step(self) -> FloatArray | None:
        """The Gauss-Newton step, shape (p,); None where R is singular."""
        diagonal = np.abs(np.diag(self.upper))
        if len(diagonal) == 0 or diagonal.min() <= np.finfo(float).eps * diagonal.max():
            return None
        solved: FloatArray = np.linalg.solve(self.upper, -self.target) / self.scale
        return solved


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
    # The largest entry first: squares of 1e200 overflow, of 1e-200 vanish.
    largest = np.abs(jacobian).max(axis=1, initial=0.0)
    largest[largest == 0] = 1.0
    unit = jacobian / largest[:, None]
    length = np.sqrt(np.einsum("ij,ij->i", unit, unit))
    length[length == 0] = 1.0
    stacked = np.empty((n, p + 1))
    stacked[:, :p] = (unit / length[:, None]).T
    stacked[:, p] = residuals
    r = np.linalg.qr(stacked, mode="r")
    upper = np.zeros((p, p))
    rows = min(p, n)
    upper[:rows] = r[:rows, :p]
    target = np.zeros(p)
    target[:rows] = r[:rows, p]
    return Factor(upper, target, largest * length, float(residuals @ residuals), n)
