"""Least squares: MINPACK for free parameters, SciPy's trust region within bounds, then a polish.

In: a problem (residuals and their derivatives by theta), a start, bounds. Out: a `Solution`. Nothing
here knows of formulas or data.

MINPACK's Levenberg-Marquardt (More 1978) goes first: with exact derivatives it is the fastest and
rarely misses. Its end is polished by Gauss-Newton steps on the R factor to the last digits that the
data hold, and judged. Where anything about the end is in doubt, the trust region (Branch, Coleman & Li
1999) and shorter first steps are tried from the same start, and the lowest end is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import Factor, factorise
from lambdaml_dsl.optimize.status import Status

EVALUATIONS_A_PARAMETER = 500
"""Default budget: this many evaluations for each parameter and once more."""

POLISH_STEPS = 30

SETTLED = 1e-9
"""A step below this fraction of every parameter is the last: what it leaves is smaller still."""

STEP_IN_ERRORS = 1e-4
"""An end counts as a minimum when the next step is below this fraction of the standard errors
(Bates & Watts 1981, Technometrics 23, use 1e-3)."""

EPS = float(np.finfo(np.float64).eps)

ROUNDING = 64 * EPS
"""What rounding alone leaves of a residual, relative to the response."""

SOUND_CONDITIONING, LONG_WAY, UNEXPLAINED, WAVES = 1e-9, 8, 0.1, 0.5
"""An end is in doubt below this conditioning; after more evaluations than this a parameter; when this share
of the variance is left; when residuals of neighbouring rows correlate by more than this."""

NO_REACH = 1e-10
"""A parameter whose whole value moves the model by less than this, relative to y, acts no more."""

FLAT = 1e-6
"""Where the Gauss-Newton step leads nowhere, residuals so nearly at right angles to the tangents are a
minimum's."""

LEVEL = 1e-10
"""Sums of squares that differ by less than this fraction count as level."""

WALL = 1e100
"""Stands for a residual that is not finite, so that MINPACK takes a shorter step."""

EDGE = 1e-4
"""A parameter that wants to go on by a step, and is nearer to a bound than this part of it, is at it."""

LOOKS = 24
"""So many other places are looked at before a direction is said to be lost everywhere."""

FAR = 1e8
"""A parameter this many times as large as its start has gone far."""


class Problem(Protocol):
    """What is minimised: the sum of squares of `residuals`. Called with floating-point warnings off."""

    scale_of_y: float
    """The length of the weighted response: what rounding is relative to."""

    spread_of_y: float
    """The length of the weighted response about its mean: what a constant leaves unexplained."""

    eager: bool
    """Whether the derivatives cost hardly more than the residuals, and are to be taken along."""

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Give the residuals, shape (n,)."""
        ...

    def linearise(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the residuals and their derivatives, shapes (n,) and (p, n)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
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


class Exhausted(Exception):  # noqa: N818  (ends a solver from inside; it never leaves this module)
    """The budget is used up."""


class NotFinite(Exception):  # noqa: N818
    """The derivatives are not finite."""


@dataclass(slots=True)
class Record:
    """Counts evaluations, keeps the best theta seen, and stands between a solver and the problem."""

    problem: Problem
    lower: FloatArray
    upper: FloatArray
    budget: int
    bounded: bool
    start: FloatArray
    best: FloatArray
    place: bytes
    linearised: tuple[FloatArray, FloatArray]
    jacobians: int = 1
    wall: float = WALL
    evaluations: int = 0
    best_rss: float = np.inf
    last_rss: float = np.inf
    history: list[float] = field(default_factory=list)

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Compute residuals; where they are not finite, a wall that no solver climbs."""
        if self.evaluations >= self.budget:
            raise Exhausted
        self.evaluations += 1
        residuals = self.linearise(theta)[0] if self.problem.eager else self.problem.residuals(theta)
        rss = float(residuals.dot(residuals))
        if not rss < math.inf:
            rss, residuals = math.inf, np.full_like(residuals, self.wall)
        self.last_rss = rss
        self.history.append(rss)
        if rss < self.best_rss:
            self.best_rss, self.best = rss, theta.copy()
        return residuals

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Compute derivatives, shape (p, n)."""
        jacobian = self.linearise(theta)[1]
        flat = jacobian.ravel()
        if not flat.dot(flat) < math.inf and not np.isfinite(jacobian).all():
            raise NotFinite
        return jacobian

    def linearise(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute residuals and derivatives; the last ones are remembered."""
        here = theta.tobytes()
        if here != self.place:
            self.jacobians += 1
            self.place, self.linearised = here, self.problem.linearise(theta)
        return self.linearised


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Where one run ended, polished and judged."""

    theta: FloatArray
    residuals: FloatArray
    factor: Factor
    held: np.ndarray
    status: Status
    method: str


@cache
def scipy_optimize() -> Any:
    """Import SciPy's optimisers, at first use."""
    import scipy.optimize

    return scipy.optimize


def run_lm(record: Record, start: FloatArray, first_step: float) -> FloatArray:
    """Run MINPACK's Levenberg-Marquardt, without bounds."""
    record.wall = WALL
    # With every tolerance at or above the rounding unit MINPACK has nothing to warn of: its stringent
    # tests are met only after the plain ones, and the record's budget ends before its own.
    theta: FloatArray = scipy_optimize().leastsq(
        record.residuals,
        start,
        Dfun=record.jacobian,
        col_deriv=True,
        ftol=1e-13,
        xtol=1e-11,
        gtol=EPS,
        maxfev=record.budget + 1,
        factor=first_step,
    )[0]
    return theta


def run_trf(record: Record, start: FloatArray) -> FloatArray:
    """Run SciPy's trust-region-reflective method, within bounds."""
    record.wall = np.nan
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

LM: tuple[tuple[str, Attempt], ...] = (("lm", partial(run_lm, first_step=100.0)),)
TRF: tuple[tuple[str, Attempt], ...] = (("trf", run_trf),)
# Shorter first steps (in units of |D theta|) keep LM in the basin of its start.
SHORT_LM: tuple[tuple[str, Attempt], ...] = tuple(
    [("lm", partial(run_lm, first_step=length)) for length in (1.0, 0.1)]
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
    record = Record(problem, lower, upper, budget, bounded, start, start, start.tobytes(), at_start)
    attempts = TRF if bounded and optimizer == "auto" else SOLVERS[optimizer]
    ends: list[End] = []
    stop: Status | None = None
    try:
        # Far from the solution squares overflow: that is no news to the user.
        with np.errstate(all="ignore"):
            for method, attempt in attempts:
                before = record.evaluations
                ends.append(one_attempt(record, method, attempt, start))
                if not in_doubt(record, ends[-1], record.evaluations - before) or agree(ends):
                    break
    except Exhausted:
        stop = Status.BUDGET
    except KeyboardInterrupt:
        stop = Status.INTERRUPTED
    if stop is not None and not any(end.theta is record.best for end in ends):
        with np.errstate(all="ignore"):
            ends.append(judge(record, record.best, "stopped", stop))
    end = min(ends, key=lambda end: (round_up(end.factor.rss), not end.status.converged))
    return Solution(
        end.theta,
        end.residuals,
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
    except NotFinite:
        return judge(record, record.best, method, Status.NOT_FINITE)
    if record.last_rss > record.best_rss * (1 + LEVEL):
        theta = record.best  # the solver saw a lower sum of squares than that at its end
    return polish(record, theta, method)


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
        or residuals[1:].dot(residuals[:-1]) > WAVES * rss
    )


def agree(ends: list[End]) -> bool:
    """Say whether two attempts have come to the same minimum, which settles a doubt."""
    levels = [round_up(end.factor.rss) for end in ends if end.status.converged]
    return len(levels) > len(set(levels))


def polish(record: Record, theta: FloatArray, method: str) -> End:
    """Take Gauss-Newton steps while they bring the gradient down, then judge the end.

    Near a minimum the sum of squares is flat to half the digits; the gradient is not, so it is the
    gradient that says whether a step was a good one.
    """
    try:
        residuals, factor, held = linearised(record, theta)
        if held.any():
            theta = onto_bounds(record, theta, held)
            residuals, factor, held = linearised(record, theta)
    except NotFinite:
        return judge(record, theta, method, Status.NOT_FINITE)
    noise = rounding(record) ** 2
    refused = False
    for _ in range(POLISH_STEPS):
        moved = moved_by(record, theta, factor.step, held)
        if factor.explained <= LEVEL * factor.rss + noise and settled(theta, moved):
            # So short a step changes the residuals as their derivatives say, to the last bit.
            residuals = residuals + (moved - theta).dot(record.linearised[1])
            theta = moved
            break
        try:
            there, next_factor, next_held = linearised(record, moved)
        except NotFinite:
            refused = True  # the step leads out of where the model is finite
            break
        if next_factor.rss > factor.rss * (1 + LEVEL) + noise or next_factor.explained >= factor.explained:
            refused = True
            break
        theta, residuals, factor, held = moved, there, next_factor, next_held
    status = verdict(record, theta, factor, held)
    if status is Status.STALLED and refused and at_right_angles(record, theta, held):
        status = Status.CONVERGED if not held.any() else Status.AT_BOUND
    return End(theta, residuals, factor, held, status, method)


def at_right_angles(record: Record, theta: FloatArray, held: np.ndarray) -> bool:
    """Say whether the gradient is nothing beside the residuals.

    At a minimum where the Jacobian is singular (two equal exponentials, say) the linearised model promises
    a reduction that the curvature takes back. The gradient alone then tells that it is a minimum.
    """
    residuals, jacobian = record.linearise(theta)
    factor = factorise(residuals, jacobian[~held])
    along = np.abs(jacobian[~held] @ residuals)
    return bool((along <= FLAT * factor.scale * math.sqrt(factor.rss)).all())


def onto_bounds(record: Record, theta: FloatArray, held: np.ndarray) -> FloatArray:
    """Put what a bound holds onto the bound: an interior method only ever comes near."""
    nearer_to_lower = theta - record.lower < record.upper - theta
    return np.where(held, np.where(nearer_to_lower, record.lower, record.upper), theta)


def settled(theta: FloatArray, moved: FloatArray) -> bool:
    """Say whether a step is short beside every parameter."""
    pairs = zip(theta.tolist(), moved.tolist(), strict=True)
    return all(abs(after - before) <= SETTLED * abs(after) for before, after in pairs)


def moved_by(record: Record, theta: FloatArray, step: FloatArray, held: np.ndarray) -> FloatArray:
    """Take a step by the parameters that no bound holds, up to the bounds."""
    if not record.bounded:
        return theta + step
    moved = theta.copy()
    moved[~held] += step
    return np.clip(moved, record.lower, record.upper)


def linearised(record: Record, theta: FloatArray) -> tuple[FloatArray, Factor, np.ndarray]:
    """Linearise at theta, by the parameters that no bound holds."""
    jacobian = record.jacobian(theta)
    residuals = record.linearised[0]
    if not record.bounded:
        return residuals, factorise(residuals, jacobian), np.zeros(len(theta), dtype=bool)
    downhill = -(jacobian @ residuals)
    squares = np.maximum(np.einsum("ij,ij->i", jacobian, jacobian), np.finfo(float).tiny)
    reach = EDGE * np.abs(downhill) / squares
    held = ((theta - record.lower <= reach) & (downhill < 0)) | (
        (record.upper - theta <= reach) & (downhill > 0)
    )
    return residuals, factorise(residuals, jacobian[~held]), held


def rounding(record: Record) -> float:
    """Give what rounding leaves of the residuals, as a length."""
    return ROUNDING * record.problem.scale_of_y


def verdict(record: Record, theta: FloatArray, factor: Factor, held: np.ndarray) -> Status:
    """Judge an end: a minimum, or what else."""
    p = len(factor.step)
    if not math.isfinite(factor.rss):
        return Status.NOT_FINITE
    if ran_away(record, theta, factor, held):
        return Status.NO_INFLUENCE
    spread = max(factor.rss - factor.explained, 0.0) / max(factor.n_obs - p, 1)
    reachable = max(STEP_IN_ERRORS**2 * spread * p, rounding(record) ** 2)
    if factor.explained > reachable and (np.abs(factor.step) > 1e-9 * np.abs(theta[~held])).any():
        return Status.STALLED
    if record.bounded and held.any():
        return Status.AT_BOUND
    return Status.CONVERGED


def ran_away(record: Record, theta: FloatArray, factor: Factor, held: np.ndarray) -> bool:
    """Say whether a parameter has left for where the data no longer tell its values apart.

    That is not the same as a parameter that the data never determine, like each factor of a product: such
    a direction is lost everywhere, and the others are at their minimum all the same.
    """
    own, start = np.abs(theta[~held]), np.abs(record.start[~held])
    singular = factor.rank < len(own)
    no_reach = factor.scale * own <= NO_REACH * record.problem.scale_of_y
    far = own > FAR * np.where(start == 0, 1.0, start)
    return bool((far & (no_reach | singular)).any()) or (
        singular and determined_elsewhere(record, theta, held)
    )


def determined_elsewhere(record: Record, theta: FloatArray, held: np.ndarray) -> bool:
    """Say whether some other values of the parameters make the Jacobian regular."""
    random = np.random.default_rng(LOOKS)  # its own, and the same each time
    for look in range(LOOKS):
        centre = record.start if look % 2 else theta
        spread = 10.0 ** random.uniform(-2, 2, len(theta))
        point = np.where(held, theta, np.where(centre == 0, 1.0, centre) * spread)
        residuals, jacobian = record.problem.linearise(np.clip(point, record.lower, record.upper))
        if np.isfinite(residuals).all() and np.isfinite(jacobian).all():
            factor = factorise(residuals, jacobian[~held])
            if factor.rank == len(factor.step) and factor.conditioning > SOUND_CONDITIONING:
                return True
    return False


def judge(record: Record, theta: FloatArray, method: str, status: Status) -> End:
    """Describe an end that was not reached by convergence."""
    residuals, jacobian = record.problem.linearise(theta)
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    held = np.zeros(len(theta), dtype=bool)
    return End(theta, residuals, factorise(residuals, jacobian), held, status, method)
