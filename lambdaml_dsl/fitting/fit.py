"""Fit: model and data in, result out. Here arguments are read and checked; the work is done elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.methods import DiffMethod, read_method
from lambdaml_dsl.errors import DataError, EvaluationError, OptionError
from lambdaml_dsl.fitting.model import (
    Model,
    ParameterSpec,
    check_choice,
    columns_for_inputs,
    read_column,
    read_number,
    read_response,
)
from lambdaml_dsl.fitting.result import FitResult, FittedParameter
from lambdaml_dsl.fitting.uncertainty import Uncertainty, covariance
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.objective.table import Table, finite_rows, read_table
from lambdaml_dsl.optimize.least_squares import SOLVERS, Solution, minimise
from lambdaml_dsl.program.diagnosis import first_bad_slot
from lambdaml_dsl.program.instructions import Program

DEFAULT_START = 1.0

EAGER_SIZE = 4096
"""Up to this many derivatives, residuals and derivatives are computed in one call."""


def fit(
    model: Model | str,
    data: Any = None,
    *,
    y: Any = None,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | Iterable[str] | None = None,
    sigma: Any = None,
    absolute_sigma: bool | None = None,
    weights: Any = None,
    loss: str | None = None,
    optimizer: str | None = None,
    diff_method: DiffMethod | str | None = None,
    max_evaluations: int | None = None,
    nan_policy: str | None = None,
) -> FitResult:
    """Fit a formula to data by least squares.

    Parameters
    ----------
    model : Model or str
        A model, or a formula such as ``"y ~ A*exp(-t/tau) + c"``.
    data : mapping, data frame or path, optional
        Columns; the data that the model file names where not given.
    y : str or array_like, optional
        The response: a column or an array, shape (n,). Without it the formula's left side is, which may
        be an expression of columns; without that, a column called y.
    start : mapping of str to float, optional
        Start values. A parameter without one starts at 1, and the result says so.
    bounds : mapping of str to (low, high), optional
        Bounds; None or an infinity for an open side.
    fixed : mapping of str to float, or names, optional
        Parameters that are not fitted: with their values, or at their start values.
    sigma : str, array_like or float, optional
        Standard deviation of y: a column, one value for each row, or one for all.
    absolute_sigma : bool, optional
        Whether sigma is known in y's own units, so that standard errors come from it (the default);
        if not, only its proportions count and standard errors are scaled by the residuals.
    weights : str or array_like, optional
        Relative weights of the squared residuals; standard errors are scaled by the residuals.
    loss : str, optional
        ``"least_squares"``.
    optimizer : str, optional
        ``"auto"``, ``"lm"`` (no bounds) or ``"trf"``.
    diff_method : DiffMethod or str, optional
        How derivatives are taken; the carried complex step where not given.
    max_evaluations : int, optional
        The budget of evaluations of the residuals.
    nan_policy : str, optional
        ``"raise"`` refuses values that are not finite, ``"omit"`` leaves their rows out.

    Returns
    -------
    FitResult
        Values, uncertainties, diagnostics. A fit that did not converge is a result too: see its status.

    Raises
    ------
    LambdaMLError
        Formula, data or options are wrong; the message says which, where, and what to do.

    Examples
    --------
    >>> import lambdaml_dsl as ld
    >>> result = ld.fit("y ~ a*x + b", {"x": [0, 1, 2, 3], "y": [1.0, 3.1, 4.9, 7.0]})
    >>> round(result.params["a"].value, 3), round(result.params["a"].stderr, 4)
    (1.98, 0.0424)
    """
    prepared = prepare(
        model if isinstance(model, Model) else Model(model),
        data,
        start or {},
        bounds or {},
        read_fixed(fixed),
        {
            "y": y,
            "sigma": sigma,
            "absolute_sigma": absolute_sigma,
            "weights": weights,
            "loss": loss,
            "optimizer": optimizer,
            "diff_method": diff_method,
            "max_evaluations": max_evaluations,
            "nan_policy": nan_policy,
        },
    )
    problem = prepared.problem
    solution = minimise(
        problem,
        problem.start,
        np.array([prepared.specs[index].lower for index in problem.free]),
        np.array([prepared.specs[index].upper for index in problem.free]),
        optimizer=prepared.options.optimizer,
        max_evaluations=prepared.options.max_evaluations,
        at_start=prepared.at_start,
    )
    return make_result(prepared, solution)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a fit, read and checked."""

    y: Any = None
    sigma: Any = None
    absolute_sigma: bool = True
    weights: Any = None
    loss: str = "least_squares"
    optimizer: str = "auto"
    diff_method: DiffMethod = DiffMethod.COMPLEX_STEP
    max_evaluations: int | None = None
    nan_policy: str = "raise"


DEFAULTS = Options()


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A fit whose every input is read and checked, ready for an optimiser."""

    model: Model
    bound: BoundModel
    specs: list[ParameterSpec]
    rows: Rows
    options: Options
    problem: FreeProblem
    at_start: tuple[FloatArray, FloatArray]


def prepare(  # noqa: PLR0917
    model: Model,
    data: Any,
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float | None, float | None]],
    fixed: Mapping[str, float | None],
    given: Mapping[str, Any],
) -> Prepared:
    """Read and check all that a fit needs; whatever is wrong is said here, before anything is computed."""
    options = read_options(model, given)
    table = table_for(model, data)
    bound = model.bind_to(
        columns_for_inputs(model, table, options.y, options.sigma, options.weights),
        dict.fromkeys([*start, *bounds, *fixed]),
    )
    specs = read_specs(model, bound, start, bounds, fixed)
    with np.errstate(all="ignore"):
        rows = read_rows(bound, table, options)
        objective = SquaredResiduals(bound, rows.columns, rows.y, rows.weights, options.diff_method)
        problem = FreeProblem(objective, specs)
        check_size(problem, rows)
        return Prepared(model, bound, specs, rows, options, problem, linearise_at_start(problem, rows))


def table_for(model: Model, data: Any) -> Table:
    """Read the data of a call, or those that the model file names; its renamed columns hold for both."""
    if data is None:
        if model.data is None:
            raise OptionError(
                "there are no data to fit", hint='Give data, or name a file in the model: data "file.csv"'
            )
        return model.data.read()
    table = read_table(data)
    if model.data is not None and set(model.data.columns.values()) <= set(table.columns):
        return table.renamed(model.data.columns)
    return table


CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"loss": ("least_squares",), "optimizer": tuple(SOLVERS), "nan_policy": ("raise", "omit")}
)


def read_options(model: Model, given: Mapping[str, Any]) -> Options:
    """Read the options of a call; those of the model file fill in."""
    merged = {**model.options, **{name: value for name, value in given.items() if value is not None}}
    if not merged:
        return DEFAULTS
    for one, other in (("sigma", "weights"), ("weights", "sigma")):
        if given.get(one) is not None and given.get(other) is None:
            merged.pop(other, None)  # what the caller gives replaces the file's choice of the other
    if "sigma" in merged and "weights" in merged:
        raise OptionError(
            "sigma and weights are both given", hint="Give one: weights are 1/sigma^2, up to a factor."
        )
    for name, known in CHOICES.items():
        if name in merged:
            check_choice(name, merged[name], known)
    if "diff_method" in merged:
        merged["diff_method"] = read_method(merged["diff_method"])
    budget = merged.get("max_evaluations")
    if budget is not None and not (float(budget) == int(budget) and budget >= 1):
        raise OptionError(f"max_evaluations must be a whole number of at least 1, not {budget}")
    return Options(**merged)


def read_fixed(fixed: Mapping[str, float] | Iterable[str] | None) -> dict[str, float | None]:
    """Read the parameters to hold: name to value, None for the start value."""
    if fixed is None:
        return {}
    if isinstance(fixed, str):
        fixed = (fixed,)
    return dict(fixed) if isinstance(fixed, Mapping) else dict.fromkeys(fixed)


def read_specs(
    model: Model,
    bound: BoundModel,
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float | None, float | None]],
    fixed: Mapping[str, float | None],
) -> list[ParameterSpec]:
    """Put together what is known of each parameter, in the order of theta, and check it."""
    specs = []
    for name in bound.parameters:
        changes: dict[str, Any] = {}
        if name in bounds:
            changes["lower"], changes["upper"] = read_bounds(name, bounds[name])
        if name in start:
            changes["start"] = read_number(f"the start value of '{name}'", start[name])
        if name in fixed:
            changes["fixed"] = True
            if fixed[name] is not None:
                changes["start"] = read_number(f"the fixed value of '{name}'", fixed[name])
        known = model.specs.get(name)
        spec = ParameterSpec(name, **changes) if known is None else replace(known, **changes)
        if spec.fixed and spec.start is None:
            raise OptionError(f"'{name}' is fixed, but has no value", hint=f"Give fixed={{'{name}': value}}.")
        if spec.start is not None and not math.isfinite(spec.start):
            raise OptionError(f"the start value of '{name}' is {spec.start:g}", hint="Give a finite number.")
        if spec.start is not None and not spec.fixed and not spec.lower <= spec.start <= spec.upper:
            raise OptionError(
                f"the start value {spec.start:g} of '{name}' is outside its bounds "
                f"[{spec.lower:g}, {spec.upper:g}]",
                hint="Move the start inside, or widen the bounds.",
            )
        specs.append(spec)
    return specs


def read_bounds(name: str, given: Any) -> tuple[float, float]:
    """Read a pair of bounds; None is an open side."""
    try:
        low, high = given
    except (TypeError, ValueError):
        raise OptionError(
            f"the bounds of '{name}' must be a pair (low, high), not {given!r}",
            hint="None is an open side: (0, None).",
        ) from None
    lower = -math.inf if low is None else read_number(f"the lower bound of '{name}'", low)
    upper = math.inf if high is None else read_number(f"the upper bound of '{name}'", high)
    if not lower < upper:
        raise OptionError(
            f"the bounds of '{name}' are crossed: {lower:g} is not below {upper:g}",
            hint=f"To hold a parameter at a value, give fixed={{'{name}': value}}.",
        )
    return lower, upper


def start_of(spec: ParameterSpec) -> float:
    """Give where a parameter starts: as given; else 1; else, where the bounds exclude 1, inside them."""
    if spec.start is not None:
        return spec.start
    if spec.lower < DEFAULT_START < spec.upper:
        return DEFAULT_START
    if math.isfinite(spec.lower) and math.isfinite(spec.upper):
        return 0.5 * spec.lower + 0.5 * spec.upper
    return (
        spec.lower + max(1.0, abs(spec.lower))
        if math.isfinite(spec.lower)
        else spec.upper - max(1.0, abs(spec.upper))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows that are fitted.

    Attributes
    ----------
    table : Table
        Where they come from.
    kept : ndarray of int or None
        Their numbers in the table, from 0; None where all rows are fitted.
    columns : mapping of str to ndarray
        The inputs, shape (n,).
    y : ndarray
        The response, shape (n,).
    weights : ndarray or None
        Weights of the squares, shape (n,).
    n_obs : int
        How many have a weight above zero.
    """

    table: Table
    kept: np.ndarray | None
    columns: Mapping[str, FloatArray]
    y: FloatArray
    weights: FloatArray | None
    n_obs: int

    def place(self, row: int) -> str:
        """Say which row of the table this is."""
        return self.table.row(row if self.kept is None else int(self.kept[row]))


def read_rows(bound: BoundModel, table: Table, options: Options) -> Rows:
    """Read response, inputs and weights, checked row by row."""
    if table.rows == 0:
        raise DataError("the data have no rows", place=table.name)
    columns = {name: table.column(name) for name in bound.inputs}
    if options.y is None and bound.output is not None:
        y = table.column(bound.output).copy()  # what most formulas have on the left needs no program
    else:
        y = read_response(bound, table, options.y)
    scatter = {}
    weights = None
    if options.sigma is not None:
        scatter["sigma"] = sigma = read_column(table, options.sigma, "sigma")
        check_sign("sigma", sigma, sigma > 0, "above zero", table)
        weights = 1 / sigma**2
    elif options.weights is not None:
        scatter["weights"] = weights = read_column(table, options.weights, "weights")
        check_sign("weights", weights, weights >= 0, "zero or above", table)
    kept = None
    if not all(surely_finite(values) for values in (*columns.values(), y, *scatter.values())):
        named = {f"column '{name}'": values for name, values in columns.items()}
        named |= {name_of_response(bound, options): y} | scatter
        good = finite_rows(named, table, options.nan_policy)
        if good is not None:
            kept = np.flatnonzero(good)
            columns = {name: values[kept] for name, values in columns.items()}
            y = y[kept]
            weights = None if weights is None else weights[kept]
    n_obs = len(y) if weights is None else int((weights > 0).sum())
    if n_obs == 0:
        raise DataError("no row is left to fit", place=table.name)
    return Rows(table, kept, columns, y, weights, n_obs)


def surely_finite(values: FloatArray) -> bool:
    """Say that no value is NaN or infinite, where their squares tell; those of huge values overflow."""
    return bool(values.dot(values) < math.inf)


def name_of_response(bound: BoundModel, options: Options) -> str:
    """Say what the response is called in messages."""
    if options.y is not None:
        return f"column '{options.y}'" if isinstance(options.y, str) else "y"
    if bound.response is not None and bound.output is None:
        return to_text(bound.response)
    return f"column '{bound.output or 'y'}'"


def check_sign(what: str, values: FloatArray, good: np.ndarray, wanted: str, table: Table) -> None:
    """Refuse a sigma or weight of the wrong sign; what is not finite is the policy's matter."""
    bad = ~good & np.isfinite(values)
    if bad.any():
        index = int(np.argmax(bad))
        raise DataError(
            f"{what} must be {wanted}, but is {values[index]:g} in {table.row(index)}", place=table.name
        )


class FreeProblem:
    """The objective as a function of the free parameters alone: what the optimiser sees."""

    def __init__(self, objective: SquaredResiduals, specs: list[ParameterSpec]) -> None:
        self.objective = objective
        self.free = tuple([index for index, spec in enumerate(specs) if not spec.fixed])
        self.theta = np.array([start_of(spec) for spec in specs])
        self._index = np.array(self.free, dtype=np.intp)
        self.start = self.theta[self._index]
        self._linearised = objective.evaluation(self.free)
        # With few rows a call costs Python's overhead, not arithmetic: then the derivatives are taken
        # along with the residuals.
        self.eager = len(objective.y) * len(self.free) <= EAGER_SIZE
        y, weights = objective.y, objective.weights
        weighted, mass = (y, len(y)) if weights is None else (y * weights, float(weights.sum()))
        squares, total = float(weighted.dot(y)), float(weighted.sum())
        self.scale_of_y = math.sqrt(squares)
        self.spread_of_y = math.sqrt(max(squares - total * total / mass, 0.0))

    def full(self, free: FloatArray) -> FloatArray:
        """Give all parameters from the free ones."""
        if len(free) == len(self.theta):
            return free
        theta = self.theta.copy()
        theta[self._index] = free
        return theta

    def residuals(self, free: FloatArray) -> FloatArray:
        """Give the weighted residuals, shape (n,)."""
        values: FloatArray = self.objective.evaluation(()).run(self.full(free))[0]
        return values

    def linearise(self, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the weighted residuals and their derivatives by the free parameters."""
        out = self._linearised.run(self.full(free))
        return out[0], out[1:]


def check_size(problem: FreeProblem, rows: Rows) -> None:
    """Refuse a fit of nothing, and one of more parameters than rows."""
    count = len(problem.free)
    if count == 0:
        names = problem.objective.bound.parameters
        problem_text = "every parameter is fixed" if names else "the formula has no parameter"
        raise OptionError(f"there is nothing to fit: {problem_text}", hint="To evaluate it, call the model.")
    if rows.n_obs < count:
        raise DataError(
            f"{rows.n_obs} row{'s' if rows.n_obs > 1 else ''} cannot determine {count} parameters",
            place=rows.table.name,
            hint="Add rows, or fix some parameters.",
        )


def linearise_at_start(problem: FreeProblem, rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Give residuals and derivatives at the start; where they are not finite, name the culprit."""
    residuals, jacobian = problem.linearise(problem.start)
    flat = jacobian.ravel()
    if residuals.dot(residuals) + flat.dot(flat) < math.inf:
        return residuals, jacobian
    for what, values in (("model", residuals[None]), ("derivative", jacobian)):
        bad = ~np.isfinite(values).all(axis=0)
        if bad.any():
            row = int(np.argmax(bad))
            raise not_finite_at_start(problem, what, row, int(bad.sum()), rows)
    return residuals, jacobian


def not_finite_at_start(problem: FreeProblem, what: str, row: int, count: int, rows: Rows) -> EvaluationError:
    """Say which sub-expression is not finite at the start, in which row, with which values."""
    objective, theta = problem.objective, problem.theta
    bound = objective.bound
    program: Program = objective.program
    found = first_bad_slot(program, {name: values[row] for name, values in objective.columns.items()}, theta)
    many = f" (and in {count - 1} more)" if count > 1 else ""
    where = f"in {rows.place(row)}{many}"
    if found is None:
        text = f"the {what} of the model is not finite {where} at the start values"
        return EvaluationError(text, place=rows.table.name, hint=start_hint(bound, theta))
    span, value, used = found
    shown = ", ".join(
        [f"{name} = {objective.columns[name][row]:.6g}" for name in bound.inputs if name in used]
        + [f"{name} = {theta[index]:.6g}" for index, name in enumerate(bound.parameters) if index in used]
    )
    text = f"this is {value:g} {where}{', where ' + shown if shown else ''}"
    return bound.source.error(EvaluationError, span, text, start_hint(bound, theta))


def start_hint(bound: BoundModel, theta: FloatArray) -> str:
    """Say what to change where the model is not finite at its start."""
    shown = ", ".join(f"{name} = {value:.6g}" for name, value in zip(bound.parameters, theta, strict=True))
    return f"Give start values at which the model is finite; it was tried at {shown}."


def make_result(prepared: Prepared, solution: Solution) -> FitResult:
    """Put the result together: values and their uncertainties; what else there is to say, it derives."""
    bound, specs, rows = prepared.bound, prepared.specs, prepared.rows
    options, problem = prepared.options, prepared.problem
    absolute = options.sigma is not None and options.absolute_sigma
    at_bound = {index for index, held in zip(problem.free, solution.held.tolist(), strict=True) if held}
    fitted = [index for index in problem.free if index not in at_bound]
    names = tuple([bound.parameters[index] for index in fitted])
    if solution.status.converged:
        dof = None if absolute else rows.n_obs - len(problem.free)
        uncertainty = covariance(solution.factor, names, options.diff_method, dof)
    else:
        uncertainty = Uncertainty(None, f"the fit {solution.status.label}")
    errors: dict[int, float] = {}
    if uncertainty.covariance is not None:
        variances = uncertainty.covariance.diagonal().tolist()
        errors = {index: math.sqrt(variance) for index, variance in zip(fitted, variances, strict=True)}
    values, starts = problem.full(solution.theta).tolist(), problem.theta.tolist()
    params = {
        spec.name: FittedParameter(
            spec, values[index], errors.get(index), starts[index], at_bound=index in at_bound
        )
        for index, spec in enumerate(specs)
    }
    return FitResult(
        model=prepared.model,
        bound=bound,
        params=MappingProxyType(params),
        free=names,
        uncertainty=uncertainty,
        rows=rows,
        options=options,
        solution=solution,
        spread_of_y=problem.spread_of_y,
    )
