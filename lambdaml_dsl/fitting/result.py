"""The result of a fit: values, uncertainties, and how the fit ended. A result never changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.fitting.arguments import evaluate_bound, rows_first
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.problem import lengths
from lambdaml_dsl.fitting.specs import ComponentSpec
from lambdaml_dsl.fitting.uncertainty import Uncertainty
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bound import BoundModel
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
    spec : ComponentSpec
        What was known of it before.
    value : float
        Its value.
    stderr : float or None
        Its standard error; None where it is fixed, held by a bound, or not determined.
    start : float
        Where the fit began.
    at_bound : bool
        Whether a bound holds it.
    between : tuple of float, or None
        Of a parameter that was found by search: the ends of the interval in which every value fits alike,
        or between whose rows the best value is. None of any other.
    jumps_and_moves : bool
        Whether it was found by search though it moves the model smoothly too, not a step alone.
    name, lower, upper, fixed, unit, doc
        From `spec`: its name, its bounds, whether it was left out of the fit, unit and description.
    """

    spec: ComponentSpec
    value: float
    stderr: float | None
    start: float
    at_bound: bool
    between: tuple[float, float] | None = None
    jumps_and_moves: bool = False

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


@dataclass(frozen=True, slots=True)
class FittedArray:
    """A vector or matrix of parameters after a fit.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple of int
        (K,) or (K, L).
    components : tuple of FittedParameter
        Its components, the last axis running fastest.
    value : ndarray
        Its values.
    stderr : ndarray or None
        Standard errors, NaN where a component has none; None where all have none.
    start, lower, upper : ndarray
        Where the fit began, and the bounds.
    at_bound, fixed, start_given : bool
        Whether a bound holds one of the components; whether all were left out of the fit; whether the start
        was given.
    unit, doc : str
        From the model file.
    """

    name: str
    shape: Shape
    components: tuple[FittedParameter, ...]

    def _array(self, values: Iterable[float]) -> FloatArray:
        return np.array(list(values)).reshape(self.shape)

    @property
    def value(self) -> FloatArray:
        """Its values."""
        return self._array(each.value for each in self.components)

    @property
    def stderr(self) -> FloatArray | None:
        """Standard errors; NaN where a component has none, None where all have none."""
        errors = [each.stderr for each in self.components]
        if all(error is None for error in errors):
            return None
        return self._array(math.nan if error is None else error for error in errors)

    @property
    def start(self) -> FloatArray:
        """Where the fit began."""
        return self._array(each.start for each in self.components)

    @property
    def lower(self) -> FloatArray:
        """Lower bounds."""
        return self._array(each.lower for each in self.components)

    @property
    def upper(self) -> FloatArray:
        """Upper bounds."""
        return self._array(each.upper for each in self.components)

    @property
    def at_bound(self) -> bool:
        """Whether a bound holds one of the components."""
        return any(each.at_bound for each in self.components)

    @property
    def fixed(self) -> bool:
        """Whether all were left out of the fit."""
        return all(each.fixed for each in self.components)

    @property
    def start_given(self) -> bool:
        """Whether the start was given."""
        return all(each.start_given for each in self.components)

    @property
    def unit(self) -> str:
        """Its unit, from the model file."""
        return self.components[0].unit

    @property
    def doc(self) -> str:
        """Its description, from the model file."""
        return self.components[0].doc


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a least-squares fit found.

    Attributes
    ----------
    model : Model
        What was fitted.
    params : mapping of str to FittedParameter or FittedArray
        Every parameter, in the order of the formula.
    components : mapping of str to FittedParameter
        Every component of every parameter, in the order of theta: ``a``, ``k[0]``, ``k[1]``.
    free : tuple of str
        The parameters of `covariance` and `correlation`, in order: neither fixed nor held by a bound.
    covariance : ndarray or None
        Shape (p, p), or None where `uncertainty_note` says why.
    residuals : ndarray
        y - f, unweighted, shape (n,); (n, m) for a model of m outputs.
    rss : float
        The sum that was minimised, weighted where weights or sigma are given.
    n_obs : int
        Rows that counted: finite, and of weight above zero; with m outputs, m times as many.
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
    diff_method : DiffMethod
        How the derivatives of each row were taken: what ``"auto"`` has chosen.
    n_evaluations, n_jacobians : int
        How often the residuals and their derivatives were computed.
    history : tuple of float
        The sum of squares at each evaluation.
    """

    model: Model
    bound: BoundModel
    components: Mapping[str, FittedParameter]
    free: tuple[str, ...]
    uncertainty: Uncertainty
    rows: Rows
    options: Options
    solution: Solution
    spread_of_y: float
    diff_method: DiffMethod

    @cached_property
    def params(self) -> Mapping[str, FittedParameter | FittedArray]:
        """Every parameter, in the order of the formula."""
        parts = iter(self.components.values())
        found: dict[str, FittedParameter | FittedArray] = {}
        for name in self.bound.parameters:
            shape = self.bound.shape(name)
            own = tuple(islice(parts, prod(shape)))
            found[name] = FittedArray(name, shape, own) if shape else own[0]
        return MappingProxyType(found)

    @property
    def y(self) -> FloatArray:
        """The response, shape (n,); (n, m) for a model of m outputs."""
        return rows_first(self.rows.y)

    @property
    def weights(self) -> FloatArray | None:
        """Weights of the squares, shape (n,), or that of `y`."""
        return None if self.rows.weights is None else rows_first(self.rows.weights)

    @property
    def columns(self) -> Mapping[str, FloatArray]:
        """The inputs, each of shape (n,); of vectors (n, d)."""
        return MappingProxyType({name: rows_first(values) for name, values in self.rows.columns.items()})

    @cached_property
    def residuals(self) -> FloatArray:
        """The response less the model, unweighted, shape (n,); (n, m) for a model of m outputs."""
        if self.weights is None:
            return rows_first(-self.solution.residuals.reshape(self.rows.y.shape))
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
            held = ", ".join(name for name, parameter in self.components.items() if parameter.at_bound)
            text = text.replace("a bound holds a parameter", f"a bound holds {held}")
        return f"{text} {status.remedy}".strip()

    @property
    def notes(self) -> tuple[str, ...]:
        """What else a reader should know."""
        found = []
        missing = [parameter for parameter in self.components.values() if not parameter.start_given]
        if missing:
            shown = ", ".join(f"{parameter.name} = {parameter.start:g}" for parameter in missing)
            found.append(f"No start value was given; the fit began at {shown}.")
        found += [place_note(self.components[name]) for name in self.by_search]
        hidden = [each.name for each in self.bound.equation.definitions if each.name in self.rows.table.names]
        if hidden:
            found.append(f"What the formula defines hides the column of that name: {', '.join(hidden)}.")
        rows, response = self.rows.table.rows, self.bound.response
        left_out = rows - self.rows.y.shape[-1]
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
            basis = f"Standard errors are taken from {shown}, which is absolute."
        elif sigma is not None:
            basis = f"Standard errors are scaled by the residuals; {shown} is relative."
        elif self.options.weights is not None:
            basis = "Standard errors are scaled by the residuals; weights are relative."
        else:
            basis = "Standard errors are scaled by the residuals."
        if self.by_search:
            basis += f" They take {', '.join(self.by_search)} as found by search."
        return basis

    @property
    def by_search(self) -> tuple[str, ...]:
        """The parameters that move a step, and so were found by search."""
        return tuple([name for name, parameter in self.components.items() if parameter.between is not None])

    @property
    def values(self) -> dict[str, float | FloatArray]:
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
        return sum(not parameter.fixed for parameter in self.components.values())

    @cached_property
    def r2(self) -> float:
        """1 - rss/tss, tss being about the (weighted) mean of y; NaN where y is constant."""
        with np.errstate(all="ignore"):
            total = lengths(self.rows.y, self.rows.weights)[1] ** 2
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
        theta = np.array([parameter.value for parameter in self.components.values()])
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
        state = {name: value for name, value in self.__dict__.items() if name != "params"}
        return {**state, "components": dict(self.components)}  # a read-only view cannot be pickled

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, components=MappingProxyType(state["components"]))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={each.value:.6g}" for name, each in self.components.items())
        return f"FitResult({shown}; rss={self.rss:.6g}; {self.status.label})"


def place_note(parameter: FittedParameter) -> str:
    """Say what the data tell of a parameter that moves a step."""
    assert parameter.between is not None
    low, high = parameter.between
    moves = "moves a step, and the model smoothly too" if parameter.jumps_and_moves else "only moves a step"
    alike = low <= parameter.lower and high >= parameter.upper and not parameter.jumps_and_moves
    if alike or (math.isinf(low) and math.isinf(high)):
        return f"{parameter.name} {moves}, but the data do not place it: any value fits these rows alike."
    if math.isinf(high):
        where = f"above {low:.6g}"
    elif math.isinf(low):
        where = f"below {high:.6g}"
    elif low == high:
        where = f"at {low:.6g}"
    else:
        apart = max(abs(low), abs(high)) / (high - low)
        digits = max(6, 2 + math.ceil(math.log10(apart)))  # as many as tell the two ends apart
        where = f"between {low:.{digits}g} and {high:.{digits}g}"
    return f"{parameter.name} {moves}: found by search; the data place it {where}."
