"""The result of a fit: values, uncertainties, and how the fit ended. A result never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lambdaml_dsl.fitting.model import Model, evaluate_bound
from lambdaml_dsl.fitting.uncertainty import Uncertainty
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.table import read_table
from lambdaml_dsl.optimize.status import Status


@dataclass(frozen=True, slots=True)
class FittedParameter:
    """One parameter after a fit.

    Attributes
    ----------
    name : str
        Its name.
    value : float
        Its value.
    stderr : float or None
        Its standard error; None where it is fixed, held by a bound, or not determined.
    start : float
        Where the fit began.
    start_given : bool
        Whether the start was given; if not, it is 1, or a value within the bounds.
    lower, upper : float
        Its bounds.
    fixed : bool
        Whether it was left out of the fit.
    at_bound : bool
        Whether a bound holds it.
    unit, doc : str
        From the model file.
    """

    name: str
    value: float
    stderr: float | None
    start: float
    start_given: bool
    lower: float
    upper: float
    fixed: bool
    at_bound: bool
    unit: str = ""
    doc: str = ""


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a least-squares fit found.

    Attributes
    ----------
    model : Model
        What was fitted.
    params : mapping of str to FittedParameter
        Every parameter, in the order of the formula.
    free : tuple of str
        The parameters of `covariance` and `correlation`, in order: neither fixed nor held by a bound.
    covariance : ndarray or None
        Shape (p, p), or None where `uncertainty_note` says why.
    residuals : ndarray
        y - f, unweighted, shape (n,).
    rss : float
        The sum that was minimised, weighted where weights or sigma are given.
    n_obs : int
        Rows that counted: finite, and of weight above zero.
    dof : int
        `n_obs` less the number of fitted parameters.
    status : Status
        How the fit ended.
    message : str
        The same in a sentence, with the way out.
    notes : tuple of str
        What else a reader should know: starts that were not given, rows left out.
    uncertainty_note : str
        What the standard errors rest on, or why there are none.
    sigma_absolute : bool
        Whether standard errors are taken from sigma, not from the residuals.
    method : str
        What found the solution.
    n_evaluations, n_jacobians : int
        How often the residuals and their derivatives were computed.
    history : tuple of float
        The sum of squares at each evaluation.
    """

    model: Model
    bound: BoundModel
    params: Mapping[str, FittedParameter]
    free: tuple[str, ...]
    uncertainty: Uncertainty
    y: FloatArray
    residuals: FloatArray
    weights: FloatArray | None
    columns: Mapping[str, FloatArray]
    rss: float
    n_obs: int
    dof: int
    status: Status
    message: str
    notes: tuple[str, ...]
    uncertainty_note: str
    sigma_absolute: bool
    method: str
    n_evaluations: int
    n_jacobians: int
    history: tuple[float, ...]

    @property
    def values(self) -> dict[str, float]:
        """Every parameter's value."""
        return {name: parameter.value for name, parameter in self.params.items()}

    @property
    def converged(self) -> bool:
        """Whether the end is a minimum."""
        return self.status.converged

    @property
    def finished(self) -> bool:
        """Whether the optimiser came to an end by itself."""
        return self.status.finished

    @property
    def uncertainties_available(self) -> bool:
        """Whether there are standard errors."""
        return self.uncertainty.covariance is not None

    @property
    def covariance(self) -> FloatArray | None:
        """Covariance of the parameters in `free`, shape (p, p)."""
        return self.uncertainty.covariance

    @cached_property
    def correlation(self) -> FloatArray | None:
        """Correlation of the parameters in `free`, shape (p, p)."""
        if self.covariance is None:
            return None
        deviation = np.sqrt(np.diag(self.covariance))
        with np.errstate(all="ignore"):
            matrix: FloatArray = self.covariance / np.outer(deviation, deviation)
        matrix[~np.isfinite(matrix)] = 0.0  # an exact fit has no variance, and so no correlation
        np.fill_diagonal(matrix, 1.0)
        return matrix

    @property
    def fitted(self) -> FloatArray:
        """The model at the data, shape (n,)."""
        return self.y - self.residuals

    @property
    def reduced_chi2(self) -> float:
        """rss/dof; NaN where no degree of freedom is left."""
        return self.rss / self.dof if self.dof > 0 else float("nan")

    @property
    def n_fitted(self) -> int:
        """The number k of fitted parameters."""
        return sum(not parameter.fixed for parameter in self.params.values())

    @cached_property
    def r2(self) -> float:
        """1 - rss/tss, tss being about the (weighted) mean of y; NaN where y is constant."""
        weights = np.ones_like(self.y) if self.weights is None else self.weights
        total = float(weights @ (self.y - np.average(self.y, weights=weights)) ** 2)
        return 1 - self.rss / total if total > 0 else float("nan")

    @cached_property
    def deviance(self) -> float:
        """-2 log likelihood of normal errors, up to a constant of the data.

        With absolute sigma it is the rss (chi-square); else n log(rss/n), the scatter being estimated.
        """
        if self.sigma_absolute:
            return self.rss
        return self.n_obs * float(np.log(self.rss / self.n_obs)) if self.rss > 0 else -float("inf")

    @property
    def aic(self) -> float:
        """Akaike's criterion: deviance + 2k."""
        return self.deviance + 2 * self.n_fitted

    @property
    def bic(self) -> float:
        """Schwarz's criterion: deviance + k log n."""
        return self.deviance + self.n_fitted * float(np.log(self.n_obs))

    def predict(self, data: Any = None) -> FloatArray:
        """Evaluate the fitted model.

        Parameters
        ----------
        data : mapping, data frame, path or ndarray, optional
            The inputs; a bare array where the model has one input; the fitted data where not given.

        Returns
        -------
        ndarray
            One value for each row, shape (n,). For a left side such as ``log(p)`` it is on that scale.
        """
        theta = np.array([parameter.value for parameter in self.params.values()])
        if data is None:
            return evaluate_bound(self.bound, read_table({**self.columns, "(rows)": self.y}), theta)
        if isinstance(data, (np.ndarray, list, tuple)) and len(self.bound.inputs) == 1:
            data = {self.bound.inputs[0]: np.atleast_1d(np.asarray(data))}
        return evaluate_bound(self.bound, read_table(data), theta)

    def summary(self) -> str:
        """Give the report as text."""
        from lambdaml_dsl.report.text import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, ready for JSON; what is not finite or absent is None."""
        from lambdaml_dsl.report.plain import to_plain

        return to_plain(self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in self.values.items())
        return f"FitResult({shown}; rss={self.rss:.6g}; {self.status.label})"
