"""The result of a fit: values, uncertainties, and how the fit ended. A result never changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lambdaml_dsl.fitting.arguments import evaluate_bound
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.specs import ParameterSpec
from lambdaml_dsl.fitting.uncertainty import Uncertainty
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.objective.table import read_table
from lambdaml_dsl.optimize.least_squares import Solution
from lambdaml_dsl.optimize.status import Status
from lambdaml_dsl.optimize.verdict import WAVES, waves

if TYPE_CHECKING:
    from lambdaml_dsl.fitting.options import Options
    from lambdaml_dsl.fitting.rows import Rows

HARDLY = 0.05
"""A model that explains less than this share of the variance gets a note."""

FEWEST_FOR_WAVES, NEXT_TO_NOTHING = 10, 1e-20
"""Residuals in waves get a note, but not where rows are fewer than this, nor where no more than this share of
the variance is left, which is rounding."""


@dataclass(frozen=True, slots=True)
class FittedParameter:
    """One parameter after a fit.

    Attributes
    ----------
    spec : ParameterSpec
        What was known of it before.
    value : float
        Its value.
    stderr : float or None
        Its standard error; None where it is fixed, held by a bound, or not determined.
    start : float
        Where the fit began.
    at_bound : bool
        Whether a bound holds it.
    name, lower, upper, fixed, unit, doc
        From `spec`: its name, its bounds, whether it was left out of the fit, unit and description.
    """

    spec: ParameterSpec
    value: float
    stderr: float | None
    start: float
    at_bound: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    @property
    def start_given(self) -> bool:
        """Whether the start was given; if not, it is 1, or a value within the bounds."""
        return self.spec.start is not None

    @property
    def lower(self) -> float:
        """Its lower bound."""
        return self.spec.lower

    @property
    def upper(self) -> float:
        """Its upper bound."""
        return self.spec.upper

    @property
    def fixed(self) -> bool:
        """Whether it was left out of the fit."""
        return self.spec.fixed

    @property
    def unit(self) -> str:
        """Its unit, from the model file."""
        return self.spec.unit

    @property
    def doc(self) -> str:
        """Its description, from the model file."""
        return self.spec.doc


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
    rows: Rows
    options: Options
    solution: Solution
    spread_of_y: float

    @property
    def y(self) -> FloatArray:
        """The response, shape (n,)."""
        return self.rows.y

    @property
    def weights(self) -> FloatArray | None:
        """Weights of the squares, shape (n,)."""
        return self.rows.weights

    @property
    def columns(self) -> Mapping[str, FloatArray]:
        """The inputs, each of shape (n,)."""
        return MappingProxyType(self.rows.columns)

    @cached_property
    def residuals(self) -> FloatArray:
        """The response less the model, unweighted, shape (n,)."""
        if self.weights is None:
            return -self.solution.residuals
        return self.y - self.predict()

    @property
    def rss(self) -> float:
        """The sum that was minimised."""
        return self.solution.factor.rss

    @property
    def n_obs(self) -> int:
        """The number of rows that counted."""
        return self.rows.n_obs

    @property
    def dof(self) -> int:
        """Degrees of freedom."""
        return self.n_obs - self.n_fitted

    @property
    def status(self) -> Status:
        """How the fit ended."""
        return self.solution.status

    @property
    def method(self) -> str:
        """What found the solution."""
        return self.solution.method

    @property
    def n_evaluations(self) -> int:
        """How often the residuals were computed."""
        return self.solution.n_evaluations

    @property
    def n_jacobians(self) -> int:
        """How often the derivatives were computed."""
        return self.solution.n_jacobians

    @property
    def history(self) -> tuple[float, ...]:
        """The sum of squares at each evaluation."""
        return self.solution.history

    @property
    def sigma_absolute(self) -> bool:
        """Whether standard errors are taken from sigma, not from the residuals."""
        return self.options.sigma is not None and self.options.absolute_sigma

    @property
    def message(self) -> str:
        """How the fit ended, in a sentence, with the way out."""
        status = self.status
        text = f"{status.label[0].upper()}{status.label[1:]}: {status.cause}."
        if status is Status.AT_BOUND:
            held = ", ".join(name for name, parameter in self.params.items() if parameter.at_bound)
            text = text.replace("a bound holds a parameter", f"a bound holds {held}")
        return f"{text} {status.remedy}".strip()

    @property
    def notes(self) -> tuple[str, ...]:
        """What else a reader should know."""
        found = []
        missing = [parameter for parameter in self.params.values() if not parameter.start_given]
        if missing:
            shown = ", ".join(f"{parameter.name} = {parameter.start:g}" for parameter in missing)
            found.append(f"No start value was given; the fit began at {shown}.")
        rows, response = self.rows.table.rows, self.bound.response
        left_out = rows - len(self.y)
        if left_out:
            found.append(f"{left_out} of {rows} rows hold values that are not finite and were left out.")
        if response is not None and self.bound.output is None and self.options.y is None:
            what = "Residuals, rss and R2" if self.options.sigma is None else "Residuals, rss, R2 and sigma"
            found.append(f"{what} are those of {to_text(response)}.")
        if response is not None and isinstance(self.options.y, str) and self.options.y != self.bound.output:
            found.append(f"The response is the column '{self.options.y}', not the left side of the formula.")
        if self.bound.inputs and self.rss > (1 - HARDLY) * self.spread_of_y**2 > 0:
            found.append(
                "The model fits hardly better than a constant: look at a plot, and at the start values."
            )
        together = self._waves()
        if together > WAVES:
            found.append(
                f"Residuals of neighbouring rows go together (correlation {together:+.2f}): the model misses "
                "something, or this is not the best minimum. Look at a plot, and try other start values."
            )
        return tuple(found)

    def _waves(self) -> float:
        """Give the correlation of each (weighted) residual with the next; 0 where they are but rounding."""
        if self.n_obs < FEWEST_FOR_WAVES or self.rss <= NEXT_TO_NOTHING * self.spread_of_y**2:
            return 0.0
        return waves(self.solution.residuals, self.rss)

    @property
    def uncertainty_note(self) -> str:
        """What the standard errors rest on, or why there are none."""
        if not self.uncertainties_available:
            return f"No standard errors: {self.uncertainty.reason}."
        sigma = self.options.sigma
        shown = f"sigma (column '{sigma}')" if isinstance(sigma, str) else "sigma"
        if self.sigma_absolute:
            return f"Standard errors are taken from {shown}, which is absolute."
        if sigma is not None:
            return f"Standard errors are scaled by the residuals; {shown} is relative."
        if self.options.weights is not None:
            return "Standard errors are scaled by the residuals; weights are relative."
        return "Standard errors are scaled by the residuals."

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
        with np.errstate(all="ignore"):
            total = float(weights @ (self.y - np.average(self.y, weights=weights)) ** 2)
        return 1 - self.rss / total if 0 < total < math.inf else float("nan")

    @cached_property
    def deviance(self) -> float:
        """-2 log likelihood of normal errors, up to a constant of the data.

        With absolute sigma it is the rss (chi-square); else n log(rss/n), the scatter being estimated.
        """
        if self.sigma_absolute:
            return self.rss
        return self.n_obs * (math.log(self.rss) - math.log(self.n_obs)) if self.rss > 0 else -float("inf")

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
        return evaluate_bound(self.bound, self.model.read(data), theta)

    def summary(self) -> str:
        """Give the report as text."""
        from lambdaml_dsl.report.text import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """Give the result as plain values, ready for JSON; what is not finite or absent is None."""
        from lambdaml_dsl.report.plain import to_plain

        return to_plain(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "params": dict(self.params)}  # a read-only view cannot be pickled

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, params=MappingProxyType(state["params"]))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in self.values.items())
        return f"FitResult({shown}; rss={self.rss:.6g}; {self.status.label})"
