"""Least squares: Levenberg-Marquardt for free parameters, SciPy's trust region within bounds, then a polish.

In: a problem (residuals and their derivatives by theta), a start, bounds. Out: a `Solution`. Nothing
here knows of formulas or data.

Levenberg-Marquardt (More 1978) goes first: with exact derivatives it is the fastest and rarely misses. For
few rows it is MINPACK's, whose compiled linear algebra takes no time beside a call of Python's; for many it
is our own, which asks for the R factor alone. The end is polished by Gauss-Newton steps to the last digits
that the data hold, and judged. Where anything about it is in doubt, the trust region (Branch, Coleman & Li
1999) and shorter first steps are tried from the same start, and the lowest end is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.linalg import linalg
from lambdaml_dsl.optimize.factor import Factor, NotFinite
from lambdaml_dsl.optimize.levenberg_marquardt import levenberg_marquardt
from lambdaml_dsl.optimize.polish import LEVEL, End, judge, polish
from lambdaml_dsl.optimize.record import WALL, Exhausted, Problem, Record
from lambdaml_dsl.optimize.status import Status
from lambdaml_dsl.optimize.verdict import EPS, SOUND_CONDITIONING, WAVES, is_saddle, rounding, waves

EVALUATIONS_A_PARAMETER = 500
"""Default budget: this many evaluations for each parameter and once more."""

MOST = 2**31 - 1
"""MINPACK counts in 32 bits."""

MINPACK_FALL, MINPACK_STEP = 1e-11, 1e-9
"""MINPACK ends where the sum of squares, or theta, changes by less than this part; the polish, which has the
better measure of an end, goes on from there."""

LONG_WAY, UNEXPLAINED = 8, 0.1
"""An end is in doubt after more evaluations than this a parameter, and when this share of the variance is
left."""


class Solution(NamedTuple):
    """Where least squares ended.

    Attributes
    ----------
    theta : ndarray
        The parameters, shape (p,).
    residuals : ndarray
        Shape (n,).
    factor : Factor
        The linearisation there, by the parameters that no bound holds.
    held : ndarray of bool
        The parameters that a bound holds, shape (p,).
    status : Status
        How it ended.
    method : str
        ``"lm"`` or ``"trf"``: what found it.
    n_evaluations, n_jacobians : int
        How often residuals and derivatives were computed.
    history : tuple of float
        The sum of squares at each evaluation; infinite where the model was not finite.
    """

    theta: FloatArray
    residuals: FloatArray
    factor: Factor
    held: np.ndarray
    status: Status
    method: str
    n_evaluations: int
    n_jacobians: int
    history: tuple[float, ...]


@cache
def scipy_optimize() -> Any:
    """Import SciPy's optimisers, at first use."""
    from scipy import optimize

    return optimize


def run_lm(record: Record, start: FloatArray, first_radius: float) -> FloatArray:
    """Run Levenberg-Marquardt, without bounds; of a linear problem its first step is the last."""
    if record.problem.linear:
        record.sum_of_squares(start)
        there = start + record.factor(start).step
        record.sum_of_squares(there)
        return there
    if record.problem.compressed or not record.problem.eager:
        return levenberg_marquardt(record, start, first_radius)
    record.wall = WALL
    # With every tolerance at or above the rounding unit MINPACK has nothing to warn of: its stringent
    # tests are met only after the plain ones, and the record's budget ends before its own.
    theta: FloatArray = scipy_optimize().leastsq(
        record.residuals,
        start,
        Dfun=record.jacobian,
        col_deriv=True,
        ftol=MINPACK_FALL,
        xtol=MINPACK_STEP,
        gtol=EPS,
        maxfev=min(record.budget + 1, MOST),
        factor=first_radius,
    )[0]
    return theta


def run_trf(record: Record, start: FloatArray) -> FloatArray:
    """Run SciPy's trust-region-reflective method, within bounds."""
    record.wall = math.nan
    theta: FloatArray = (
        scipy_optimize()
        .least_squares(
            record.residuals,
            start,
            jac=lambda theta: record.jacobian(theta).T,
            bounds=(record.lower, record.upper),
            method="trf",
            x_scale="jac",
            ftol=1e-15,
            xtol=1e-14,
            gtol=1e-15,
            max_nfev=record.budget + 1,
        )
        .x
    )
    return theta


Attempt = Callable[[Record, FloatArray], FloatArray]

LM: tuple[tuple[str, Attempt], ...] = (("lm", partial(run_lm, first_radius=100.0)),)
TRF: tuple[tuple[str, Attempt], ...] = (("trf", run_trf),)
# Shorter first steps (in units of |D theta|) keep LM in the basin of its start.
SHORT_LM: tuple[tuple[str, Attempt], ...] = tuple(
    [("lm", partial(run_lm, first_radius=length)) for length in (1.0, 0.1)]
)

SOLVERS: Mapping[str, tuple[tuple[str, Attempt], ...]] = MappingProxyType(
    {"auto": LM + TRF + SHORT_LM, "lm": LM, "trf": TRF}
)
"""What an optimizer's name stands for: attempts in order, each made while no sound minimum is found."""


def minimise(
    problem: Problem,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    optimizer: str = "auto",
    max_evaluations: int | None = None,
    at_start: tuple[FloatArray, FloatArray] | None = None,
    origin: FloatArray | None = None,
) -> Solution:
    """Minimise a sum of squares.

    Parameters
    ----------
    problem : Problem
        Residuals and derivatives; finite at `start`.
    start, lower, upper : ndarray
        Shape (p,); infinite where there is no bound. `start` lies within.
    optimizer : str
        A key of `SOLVERS`.
    max_evaluations : int, optional
        The budget of residual evaluations, all attempts together.
    at_start : tuple of ndarray, optional
        Residuals and derivatives at the start, where they are known already.
    origin : ndarray, optional
        Where the whole fit began, shape (p,), if a search has led from there to `start`.

    Returns
    -------
    Solution
        The lowest end, and how it ended.
    """
    budget = max_evaluations or EVALUATIONS_A_PARAMETER * (len(start) + 1)
    bounded = max(lower.tolist()) > -np.inf or min(upper.tolist()) < np.inf
    if at_start is None:
        with np.errstate(all="ignore"):
            at_start = problem.linearise(start)
    linalg()  # an import that Ctrl-C cuts short must not be what ends the fit
    if problem.eager or bounded:
        scipy_optimize()
    first = start if origin is None else origin
    record = Record(problem, lower, upper, budget, bounded, start, start, start.tobytes(), at_start, first)
    attempts = TRF if bounded and optimizer == "auto" else SOLVERS[optimizer]
    ends: list[End] = []
    stop: Status | None = None
    try:
        # Far from the solution squares overflow: that is no news to the user.
        with np.errstate(all="ignore"):
            for method, attempt in attempts:
                before = record.evaluations
                ends.append(one_attempt(record, method, attempt, start))
                if not in_doubt(record, ends[-1], record.evaluations - before):
                    break
                ends[-1] = second_look(record, ends[-1])
                if agree(ends):
                    break
    except Exhausted:
        stop = Status.BUDGET
    except KeyboardInterrupt:
        stop = Status.INTERRUPTED
    if stop is not None and not any(end.theta is record.best for end in ends):
        with np.errstate(all="ignore"):
            ends.append(judge(record, record.best, "stopped", stop))
    end = ends[0]
    if len(ends) > 1:
        end = min(ends, key=lambda end: (round_up(end.factor.rss), not end.status.converged))
    return Solution(
        end.theta,
        record.rows(end.theta, end.residuals),
        end.factor,
        end.held,
        end.status,
        end.method,
        record.evaluations,
        record.jacobians,
        tuple(record.history),
    )


def round_up(rss: float) -> float:
    """Blur a sum of squares in its last digits, so that equal ends compare as equal."""
    return float(f"{rss:.9e}")


def one_attempt(record: Record, method: str, attempt: Attempt, start: FloatArray) -> End:
    """Run one solver from the start, polish its end, judge it."""
    try:
        theta = attempt(record, start)
        if record.last_rss > record.best_rss * (1 + LEVEL):
            theta = record.best  # the solver saw a lower sum of squares than that at its end
        return polish(record, theta, method)
    except (NotFinite, ValueError, ArithmeticError, np.linalg.LinAlgError):
        # Besides ours: what SciPy and LAPACK raise for numbers at the ends of float64.
        return judge(record, record.best, method, Status.NOT_FINITE)


def in_doubt(record: Record, end: End, evaluations: int) -> bool:
    """Say whether an end deserves a second opinion.

    A wrong minimum is a minimum all the same; what gives it away is a long way there, residuals that
    are large or that go in waves from row to row, or a model that is nearly flat.
    """
    residuals, rss = end.residuals, end.factor.rss
    if rss <= rounding(record) ** 2:
        return False
    return (
        not end.status.converged
        or evaluations > LONG_WAY * (len(end.theta) + 1)
        or end.factor.conditioning < SOUND_CONDITIONING
        or rss > UNEXPLAINED * record.problem.spread_of_y**2
        or waves(record.rows(end.theta, residuals), rss) > WAVES
    )


def second_look(record: Record, end: End) -> End:
    """Give an end in doubt the status of a stall where it is no minimum but a saddle."""
    if end.status.converged and is_saddle(record, end.theta, end.factor, end.held):
        return end._replace(status=Status.STALLED)
    return end


def agree(ends: list[End]) -> bool:
    """Say whether two attempts have come to the same minimum, which settles a doubt."""
    levels = [round_up(end.factor.rss) for end in ends if end.status.converged]
    return len(levels) > len(set(levels))
