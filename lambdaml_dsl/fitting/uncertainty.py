"""Standard errors of a least-squares fit, or the reason why there are none.

In: the R factor at the solution. Out: a covariance matrix; or a sentence. A direction that the data
do not determine has no standard error: it gets neither infinity nor a huge number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.derivatives.scheme import Scheme
from lambdaml_dsl.derivatives.stencils import STENCILS, Stencil
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import CLEAR, RANK_TOLERANCE, Factor

MARGIN = 1000.0
"""A direction counts as undetermined at a conditioning of so many times the derivatives' own error: that is
what they make of an exact zero. Above `CLEAR` no direction does, whatever the error."""

WRONG = 0.1
"""Derivatives with a relative error of this have not one digit, nor have standard errors made of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """The covariance of the fitted parameters, or the reason why there is none.

    Attributes
    ----------
    covariance : ndarray or None
        Shape (p, p).
    reason : str
        Why there is none; empty where there is one.
    """

    covariance: FloatArray | None
    reason: str = ""


def covariance(
    factor: Factor, names: Sequence[str], scheme: Scheme, dof: int | None, linear: bool = False
) -> Uncertainty:
    """Take the covariance from the R factor: inverse(R^T R), scaled by the residuals or by sigma.

    Parameters
    ----------
    factor : Factor
        The linearisation at the solution.
    names : sequence of str
        The p parameters it is by.
    scheme : Scheme
        How its derivatives were taken.
    dof : int or None
        Degrees of freedom that the scatter is estimated with; None where sigma is absolute.
    linear : bool
        Whether the model is linear in all of them: differences then cut nothing off, however large the step.
    """
    if not names:
        return Uncertainty(None, "every parameter is held by a bound")
    stencil = STENCILS.get(scheme.method)
    noise = RANK_TOLERANCE
    if stencil is not None:
        wrong = "" if linear else wrong_step(stencil, scheme.h)
        if wrong:
            return Uncertainty(None, wrong)
        # Directions are known only where there is a conditioning below CLEAR.
        noise = min(MARGIN * stencil.error(scheme.h), CLEAR)
    if factor.conditioning <= noise:
        assert factor.directions is not None
        assert factor.singular is not None
        lost = factor.directions[factor.singular <= noise]
        weights = np.sqrt((lost**2).sum(axis=0))
        involved = [name for name, weight in zip(names, weights, strict=True) if weight > 0.05]
        if len(involved) == 1:
            return Uncertainty(None, f"the data do not determine {involved[0]}")
        listed = ", ".join(involved[:-1]) + " and " + involved[-1]
        return Uncertainty(
            None, f"the data determine {listed} only together, not each by itself; fix one of them"
        )
    if dof is not None and dof <= 0:
        return Uncertainty(
            None,
            "there are as many parameters as rows, so nothing is left to tell the scatter of the data from",
        )
    with np.errstate(all="ignore"):
        root = factor.inverse()
        matrix = root.dot(root.T)
        if dof is not None:
            matrix *= factor.rss / dof
    if not all(map(math.isfinite, matrix.diagonal().tolist())):  # no covariance exceeds both variances
        return Uncertainty(None, "the variances are too large or too small for a float64")
    matrix.flags.writeable = False
    return Uncertainty(matrix)


def wrong_step(stencil: Stencil, h: float | None) -> str:
    """Say that a step that was given leaves the derivatives no digit; nothing where it leaves some."""
    if h is None or stencil.error(h) < WRONG:
        return ""
    which, other = ("large", "smaller") if h > stencil.step else ("small", "larger")
    return (
        f"diff_h = {h:g} is too {which} a step, and the derivatives are wrong in their first digits; "
        f"leave diff_h out, or make it {other}"
    )
