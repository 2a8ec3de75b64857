"""The objective as an optimiser sees it, and the checks that come before the first step."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from lambdaml_dsl.derivatives.complex_step import only_in_steps
from lambdaml_dsl.derivatives.methods import mend
from lambdaml_dsl.errors import DataError, EvaluationError, OptionError
from lambdaml_dsl.fitting.options import start_of
from lambdaml_dsl.fitting.rows import Rows
from lambdaml_dsl.fitting.specs import ParameterSpec
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.program.diagnosis import first_bad_slot
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.lower import lower

EAGER_SIZE = 4096
"""Up to this many derivatives, residuals and derivatives are computed in one call."""


def lengths(y: FloatArray, weights: FloatArray | None) -> tuple[float, float]:
    """Give the length of the weighted response, and its length about its (weighted) mean."""
    if weights is None:
        about = y - float(y.sum()) / len(y)
        return math.sqrt(y.dot(y)), math.sqrt(about.dot(about))
    about = y - float(weights.dot(y)) / float(weights.sum())
    return math.sqrt((weights * y).dot(y)), math.sqrt((weights * about).dot(about))


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
        self.scale_of_y, self.spread_of_y = lengths(objective.y, objective.weights)

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
        theta = self.full(free)
        out = self._linearised.run(theta)
        flat = out.ravel()
        if not flat.dot(flat) < math.inf:
            mend(self.objective.program, self.free, self.objective.columns, theta, out)
        return out[0], out[1:]


def check_size(bound: BoundModel, specs: list[ParameterSpec], rows: Rows) -> None:
    """Refuse a fit of nothing, and one of more parameters than rows."""
    count = sum(not spec.fixed for spec in specs)
    if count == 0:
        problem = "every parameter is fixed" if bound.parameters else "the formula has no parameter"
        raise OptionError(f"there is nothing to fit: {problem}", hint="To evaluate it, call the model.")
    if rows.n_obs < count:
        raise DataError(
            f"{rows.n_obs} row{'s' if rows.n_obs > 1 else ''} cannot determine {count} parameters",
            place=rows.table.name,
            hint="Add rows, or fix some parameters.",
        )


def check_steps(problem: FreeProblem) -> None:
    """Refuse to fit what only moves a step: no derivative shows the way, and it would stay at its start."""
    bound = problem.objective.bound
    for index in step_parameters(bound):
        if index in problem.free:
            name = bound.parameters[index]
            raise OptionError(
                f"'{name}' only moves a step of the model, so the derivative by it is 0 everywhere "
                "and least squares cannot fit it",
                hint=f"Hold it, fixed={{'{name}': value}}, and compare the rss of several values.",
            )


@lru_cache(maxsize=256)
def step_parameters(bound: BoundModel) -> tuple[int, ...]:
    """Give the numbers of the parameters that only move a step."""
    return only_in_steps(lower(bound))


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
    if not residuals.dot(residuals) < math.inf:
        raise EvaluationError(
            f"the squares of the residuals overflow at the start: they are as large as "
            f"{np.abs(residuals).max():.2g}",
            place=rows.table.name,
            hint="Give start values nearer to the solution, or y in a larger unit.",
        )
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
        text = f"the {what} is not finite {where} at the start values"
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
