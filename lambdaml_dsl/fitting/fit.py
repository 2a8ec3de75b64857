"""Fit: model and data in, result out. Here arguments are read and checked; the work is done elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lambdaml_dsl.derivatives.methods import DiffMethod
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.fitting.breakpoints import Place, free_steps, solve
from lambdaml_dsl.fitting.model import Model, columns_for_inputs
from lambdaml_dsl.fitting.options import (
    Options,
    bounded,
    check_solver,
    read_fixed,
    read_mapping,
    read_options,
    read_specs,
)
from lambdaml_dsl.fitting.problem import FreeProblem, check_size, linearise_at_start
from lambdaml_dsl.fitting.result import FitResult, FittedParameter
from lambdaml_dsl.fitting.rows import Rows, read_rows
from lambdaml_dsl.fitting.specs import ComponentSpec
from lambdaml_dsl.fitting.uncertainty import Uncertainty, covariance
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.objective.table import Table
from lambdaml_dsl.optimize.least_squares import Solution


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
    diff_h: float | None = None,
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
        Start values; of a vector or matrix an array. A number without one starts at 1, or within its
        bounds; the components of a vector evenly about 1, those of a matrix at numbers drawn by chance,
        always the same. The result says so.
    bounds : mapping of str to (low, high), optional
        Bounds; None or an infinity for an open side. Of a vector each side may be an array:
        ``([0, 0], [10, 20])``.
    fixed : mapping of str to float, or names, optional
        Parameters that are not fitted: with their values, or at their start values.
    sigma : str, array_like or float, optional
        Standard deviation of the response (the left side): a column, one value for each row, or one for all.
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
        How derivatives are taken; ``"auto"`` where not given. That is exact, and takes the complex step, or,
        where there are vectors or matrices of parameters, ``"adjoint"``: the same rules run backwards.
        ``result.diff_method`` says which.
    diff_h : float, optional
        The step of a difference method, in units of each parameter's size (of 1 for a parameter at 0); the
        method's own where not given. No step leaves the bounds.
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
        model_of(model) if isinstance(model, str) else model if isinstance(model, Model) else Model(model),
        data,
        read_mapping("start", start, "{'a': 1.5}"),
        read_mapping("bounds", bounds, "{'a': (0, None)}"),
        read_fixed(fixed),
        {
            "y": y,
            "sigma": sigma,
            "absolute_sigma": absolute_sigma,
            "weights": weights,
            "loss": loss,
            "optimizer": optimizer,
            "diff_method": diff_method,
            "diff_h": diff_h,
            "max_evaluations": max_evaluations,
            "nan_policy": nan_policy,
        },
    )
    solution, places, problem = solve(prepared.problem, prepared.specs, prepared.options, prepared.at_start)
    return make_result(prepared, problem, solution, places)


@lru_cache(maxsize=256)
def model_of(formula: str) -> Model:
    """Make the model of a text; a model never changes, so one serves all fits of the same text."""
    return Model(formula)


class Prepared(NamedTuple):
    """A fit whose every input is read and checked, ready for an optimiser."""

    model: Model
    bound: BoundModel
    specs: list[ComponentSpec]
    rows: Rows
    options: Options
    problem: FreeProblem
    at_start: tuple[FloatArray, FloatArray]


def prepare(
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
        columns_for_inputs(model, table, options.y),
        {**dict.fromkeys(bounds), **fixed, **start},
    )
    specs = read_specs(model, bound, start, bounds, fixed)
    check_solver(options, specs)
    with np.errstate(all="ignore"):
        rows = read_rows(bound, table, options)
        check_size(bound, specs, rows)
        scheme = bounded(options.scheme, [(spec.lower, spec.upper) for spec in specs])
        objective = SquaredResiduals(bound, rows.columns, rows.y, rows.weights, scheme)
        problem = FreeProblem(objective, specs, free_steps(bound, specs))
        return Prepared(model, bound, specs, rows, options, problem, linearise_at_start(problem, rows))


def table_for(model: Model, data: Any) -> Table:
    """Read the data of a call, or those that the model file names; its renamed columns hold for both."""
    if data is None:
        if model.data is None:
            raise OptionError(
                "there are no data to fit", hint='Give data, or name a file in the model: data "file.csv"'
            )
        return model.data.read()
    return model.read(data)


def make_result(
    prepared: Prepared, problem: FreeProblem, solution: Solution, places: tuple[Place, ...] = ()
) -> FitResult:
    """Put the result together: values and their uncertainties; what else there is to say, it derives."""
    bound, specs, rows, options = prepared.bound, prepared.specs, prepared.rows, prepared.options
    components = bound.components
    absolute = options.sigma is not None and options.absolute_sigma
    at_bound = {index for index, held in zip(problem.free, solution.held.tolist(), strict=True) if held}
    fitted = [index for index in problem.free if index not in at_bound] if at_bound else problem.free
    names = components if len(fitted) == len(components) else tuple([components[index] for index in fitted])
    if solution.status.converged:
        dof = None if absolute else rows.n_obs - len(problem.free) - len(problem.searched)
        uncertainty = covariance(solution.factor, names, options.scheme, dof, problem.linear)
        if places and not names:
            uncertainty = Uncertainty(None, "no parameter is left that moves the model smoothly")
    else:
        uncertainty = Uncertainty(None, "the fit did not converge")
    errors: dict[int, float] = {}
    if uncertainty.covariance is not None:
        variances = uncertainty.covariance.diagonal().tolist()
        errors = {index: math.sqrt(variance) for index, variance in zip(fitted, variances, strict=True)}
    values, starts = problem.full(solution.theta).tolist(), problem.starts.tolist()
    found = {place.index: (place.low, place.high) for place in places}
    smooth = {place.index for place in places if place.smooth}
    fitted_components = {
        spec.name: FittedParameter(
            spec,
            values[index],
            errors.get(index),
            starts[index],
            index in at_bound,
            found.get(index),
            index in smooth,
        )
        for index, spec in enumerate(specs)
    }
    return FitResult(
        model=prepared.model,
        bound=bound,
        components=MappingProxyType(fitted_components),
        free=names,
        uncertainty=uncertainty,
        rows=rows,
        options=options,
        solution=solution,
        spread_of_y=problem.spread_of_y,
        diff_method=problem.objective.method_of(problem.parameters),
    )
