"""The objective as an optimiser sees it, and the checks that come before the first step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from lambdaml_dsl.derivatives.methods import mend
from lambdaml_dsl.derivatives.nonlinear import is_affine
from lambdaml_dsl.errors import DataError, EvaluationError, OptionError
from lambdaml_dsl.fitting.options import starts_of
from lambdaml_dsl.fitting.rows import Rows
from lambdaml_dsl.fitting.specs import ComponentSpec
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.program.diagnosis import first_bad_slot
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.products import dot

LARGE_SIZE = 2**16
"""Of more derivatives than this only the R factor is formed, in chunks of rows."""

EAGER_SIZE = 4096
"""Up to this many derivatives, residuals and derivatives are computed in one call."""


def lengths(y: FloatArray, weights: FloatArray | None) -> tuple[float, float]:
    """Give the length of the weighted response, and its length about its (weighted) mean."""
    if y.ndim > 1:  # several outputs: each about its own mean
        scales = np.broadcast_to(np.ones(1) if weights is None else weights, y.shape)
        parts = [
            lengths(one, np.ascontiguousarray(scale))
            for one, scale in zip(rows_of(y), rows_of(scales), strict=True)
        ]
        return math.hypot(*[part[0] for part in parts]), math.hypot(*[part[1] for part in parts])
    if weights is None:
        about = y - float(np.add.reduce(y)) / len(y)
        return math.sqrt(dot(y, y)), math.sqrt(dot(about, about))
    about = y - dot(weights, y) / float(weights.sum())
    return math.sqrt(dot(weights * y, y)), math.sqrt(dot(weights * about, about))


def rows_of(values: FloatArray) -> FloatArray:
    """Give the outputs one below the other, shape (m, n)."""
    return values.reshape(-1, values.shape[-1])


def parameters_of(bound: BoundModel, free: tuple[int, ...]) -> tuple[tuple[int, ...], list[int] | None]:
    """Give the parameters that some components belong to, and which of their components these are.

    Derivatives come for whole parameters; None stands for all of them.
    """
    if len(bound.parameters) == bound.offsets[-1]:
        return free, None  # numbers alone, as most models have
    wanted = set(free)
    spans = [range(low, high) for low, high in pairwise(bound.offsets)]
    parameters = tuple([k for k, span in enumerate(spans) if not wanted.isdisjoint(span)])
    taken = [index for k in parameters for index in spans[k]]
    kept = None if len(taken) == len(wanted) else [k for k, index in enumerate(taken) if index in wanted]
    return parameters, kept


class FreeProblem:
    """The objective as a function of the free parameters alone: what the optimiser sees.

    Parameters
    ----------
    objective : SquaredResiduals
        The sum of squares of all parameters.
    specs : list of ComponentSpec
        What is known of each.
    searched : tuple of int
        Parameters that are not fixed, but found by search: here they hold what `theta` says.
    """

    def __init__(
        self, objective: SquaredResiduals, specs: list[ComponentSpec], searched: tuple[int, ...] = ()
    ) -> None:
        self.objective = objective
        self.searched = searched
        bound = objective.bound
        self.free = tuple(
            [index for index, spec in enumerate(specs) if not spec.fixed and index not in searched]
        )
        self.starts = starts_of(bound, specs)
        self.theta = self.starts.copy()
        self._index = np.array(self.free, dtype=np.intp)
        self.start = self.theta[self._index]
        self.parameters, self._kept = parameters_of(bound, self.free)
        self.n_obs = objective.y.size
        size = self.n_obs * len(self.free)
        self.compressed = size > LARGE_SIZE and not searched
        # With few rows a call costs Python's overhead, not arithmetic: then the derivatives are taken
        # along with the residuals. So they are where both come as one R factor.
        self.eager = size <= EAGER_SIZE or self.compressed
        self.linear = is_affine(objective.program, self.parameters)
        if not self.compressed:
            self._evaluation = objective.evaluation(self.parameters)
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
        return self.objective.evaluation(()).run(self.full(free)).ravel()

    def linearise(self, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the weighted residuals and their derivatives by the free parameters; or the R factor of both.

        Of the factor, the last column stands for the residuals and the others for the derivatives.
        """
        theta = self.full(free)
        if self.compressed:
            triangle = self.objective.factor(theta, self.parameters)
            jacobian = triangle[:, :-1] if self._kept is None else triangle[:, self._kept]
            return triangle[:, -1], np.ascontiguousarray(jacobian.T)
        out = self._evaluation.run(theta)
        flat = out.ravel()
        if not flat.dot(flat) < math.inf:
            mend(
                self.objective.program,
                self.parameters,
                self.objective.columns,
                theta,
                out,
                self.objective.scheme,
            )
        residuals, jacobian = self.objective.split(out)
        return residuals, jacobian if self._kept is None else jacobian[self._kept]

    def all_rows(self, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the weighted residuals, and for each row the sum of its derivatives, shape (1, n).

        It is finite where all of them are; this is for errors that name a row.
        """
        theta = self.full(free)
        sums = self.objective.row_sums(theta, self.parameters)
        return self.objective.residuals(theta), sums[None]


def check_size(bound: BoundModel, specs: list[ComponentSpec], rows: Rows) -> None:
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


def linearise_at_start(problem: FreeProblem, rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Give residuals and derivatives at the start; where they are not finite, name the culprit."""
    residuals, jacobian = at_start = problem.linearise(problem.start)
    flat = jacobian.ravel()
    if residuals.dot(residuals) + flat.dot(flat) < math.inf:
        return at_start
    if problem.compressed:
        residuals, jacobian = problem.all_rows(problem.start)
    for what, values in (("model", residuals[None]), ("derivative", jacobian)):
        bad = ~np.isfinite(values).all(axis=0)
        if bad.any():
            bad = bad.reshape(-1, rows.y.shape[-1]).any(axis=0)
            raise not_finite_at_start(problem, what, int(np.argmax(bad)), int(bad.sum()), rows)
    if not residuals.dot(residuals) < math.inf:
        raise EvaluationError(
            f"the squares of the residuals overflow at the start: they are as large as "
            f"{np.abs(residuals).max():.2g}",
            place=rows.table.name,
            hint="Give start values nearer to the solution, or y in a larger unit.",
        )
    return at_start


def not_finite_at_start(problem: FreeProblem, what: str, row: int, count: int, rows: Rows) -> EvaluationError:
    """Say which sub-expression is not finite at the start, in which row, with which values."""
    objective, theta = problem.objective, problem.theta
    bound = objective.bound
    program: Program = objective.program
    row_values = {name: values[..., row] for name, values in objective.columns.items()}
    found = first_bad_slot(program, row_values, theta)
    many = f" (and in {count - 1} more)" if count > 1 else ""
    where = f"in {rows.place(row)}{many}"
    if found is None:
        text = f"the {what} is not finite {where} at the start values"
        return EvaluationError(text, place=rows.table.name, hint=start_hint(bound, theta))
    span, value, used = found
    edges = list(pairwise(bound.offsets))
    shown = ", ".join(
        [f"{name} = {shown_value(row_values[name])}" for name in bound.inputs if name in used]
        + [
            f"{name} = {shown_value(theta[slice(*edges[index])])}"
            for index, name in enumerate(bound.parameters)
            if index in used
        ]
    )
    text = f"this is {value:g} {where}{', where ' + shown if shown else ''}"
    return bound.source.error(EvaluationError, span, text, start_hint(bound, theta))


def shown_value(values: FloatArray | np.float64) -> str:
    """Write a number, or the first numbers of a vector or matrix."""
    flat = np.ravel(values)
    listed = ", ".join(f"{value:.6g}" for value in flat[:4])
    return listed if flat.size == 1 else f"[{listed}{', ...' if flat.size > 4 else ''}]"


def start_hint(bound: BoundModel, theta: FloatArray) -> str:
    """Say what to change where the model is not finite at its start."""
    shown = ", ".join(
        f"{name} = {shown_value(theta[low:high])}"
        for name, (low, high) in zip(bound.parameters, pairwise(bound.offsets), strict=True)
    )
    return f"Give start values at which the model is finite; it was tried at {shown}."
