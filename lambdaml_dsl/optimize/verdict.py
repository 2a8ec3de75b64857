"""Whether the end of a run is a minimum, or what else."""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import Factor
from lambdaml_dsl.optimize.record import Record
from lambdaml_dsl.optimize.status import Status

STEP_IN_ERRORS = 1e-4
"""An end counts as a minimum when the next step is below this fraction of the standard errors
(Bates & Watts 1981, Technometrics 23, use 1e-3)."""

EPS = float(np.finfo(np.float64).eps)

ROUNDING = 64 * EPS
"""What rounding alone leaves of a residual, relative to the response."""

SOUND_CONDITIONING = 1e-9
"""Below this conditioning a model is nearly flat in some direction."""

NO_REACH = 1e-10
"""A parameter whose whole value moves the model by less than this, relative to y, acts no more."""

FLAT = 1e-6
"""Where the Gauss-Newton step leads nowhere, residuals so nearly at right angles to the tangents are a
minimum's."""

SADDLE_STEP, SADDLE_DEPTH = 1e-7, 1e-3
"""Step, in lengths of the residuals, and the least downward curvature that counts; a well determined
direction of a good fit curves up by 2."""

WAVES = 0.5
"""Residuals that correlate from row to row by more than this go in waves: the model misses something."""

LOOKS = 24
"""So many other places are looked at before a direction is said to be lost everywhere."""

FAR = 1e8
"""A parameter this many times as large as its start has gone far."""


def verdict(record: Record, theta: FloatArray, factor: Factor, held: np.ndarray) -> Status:
    """Judge an end: a minimum, or what else."""
    p = len(factor.step)
    if not math.isfinite(factor.rss):
        return Status.NOT_FINITE
    if ran_away(record, theta, factor, held):
        return Status.NO_INFLUENCE
    spread = max(factor.rss - factor.explained, 0.0) / max(factor.n_obs - p, 1)
    reachable = max(STEP_IN_ERRORS**2 * spread * p, rounding(record) ** 2)
    if factor.explained >= reachable and (np.abs(factor.step) > 8 * EPS * np.abs(theta[~held])).any():
        return Status.STALLED
    if record.bounded and held.any():
        return Status.AT_BOUND
    return Status.CONVERGED


def ran_away(record: Record, theta: FloatArray, factor: Factor, held: np.ndarray) -> bool:
    """Say whether a parameter is where the data do not tell its values apart, though elsewhere they would.

    That is not the same as a parameter that the data never determine, like each factor of a product: such
    a direction is lost everywhere, and the others are at their minimum all the same.
    """
    weak = factor.conditioning < SOUND_CONDITIONING
    edge = NO_REACH * record.problem.scale_of_y
    unreached = False
    own, first, origin = (
        (values[~held] if record.bounded else values).tolist()
        for values in (theta, record.start, record.origin)
    )
    for length, value, start, begin in zip(factor.scale.tolist(), own, first, origin, strict=True):
        # A search may start its solves at 1e-170, of a parameter whose best value is 0: that is no size.
        size = max(abs(start), abs(begin) or 1.0)
        lost = length * max(abs(value), size) <= edge
        if abs(value) > FAR * size and (lost or weak):
            return True
        unreached = unreached or lost
    return (weak or unreached) and determined_elsewhere(record, theta, held, factor.rss)


def determined_elsewhere(record: Record, theta: FloatArray, held: np.ndarray, rss: float) -> bool:
    """Say whether other values of the parameters make the Jacobian regular, or the residuals smaller."""
    random = np.random.default_rng(LOOKS)  # its own, and the same each time
    for look in range(LOOKS):
        centre = record.start if look % 2 else theta
        spread = 10.0 ** random.uniform(-2, 2, len(theta)) * random.choice([1, 1, 1, -1], len(theta))
        point = np.where(held, theta, np.where(centre == 0, 1.0, centre) * spread)
        residuals, jacobian = record.problem.linearise(np.clip(point, record.lower, record.upper))
        if np.isfinite(residuals).all() and np.isfinite(jacobian).all():
            factor = record.factorise(residuals, jacobian[~held])
            if factor.rss < rss * (1 - SOUND_CONDITIONING):
                return True  # lower here: the end is no minimum, whatever its derivatives say
            if factor.rank == len(factor.step) and factor.conditioning > SOUND_CONDITIONING:
                return True
    return False


def at_right_angles(record: Record, theta: FloatArray, held: np.ndarray) -> bool:
    """Say whether the gradient is nothing beside the residuals.

    At a minimum where the Jacobian is singular (two equal exponentials, say) the linearised model promises
    a reduction that the curvature takes back. The gradient alone then tells that it is a minimum.
    """
    residuals, jacobian = record.linearise(theta)
    factor = record.factorise(residuals, jacobian[~held])
    if factor.conditioning > FLAT:
        return False
    along = np.abs(jacobian[~held] @ residuals)
    return bool((along <= FLAT * factor.scale * math.sqrt(factor.rss)).all())


def is_saddle(record: Record, theta: FloatArray, factor: Factor, held: np.ndarray) -> bool:
    """Say whether the sum of squares curves down in some direction: a saddle or a maximum, not a minimum.

    The second derivatives are differences of the gradient, in units of the columns' lengths.
    """
    free = np.flatnonzero(~held)
    length = math.sqrt(factor.rss)
    if length == 0 or len(free) == 0 or factor.rank < len(free):
        return False
    curvature = np.empty((len(free), len(free)))
    for row, (index, scale) in enumerate(zip(free, factor.scale, strict=True)):
        h = max(SADDLE_STEP * length / scale, 64 * EPS * abs(theta[index]))
        ends = np.clip([theta[index] - h, theta[index] + h], record.lower[index], record.upper[index])
        sides = []
        for end in ends:
            point = theta.copy()
            point[index] = end
            residuals, jacobian = record.problem.linearise(point)
            sides.append(jacobian[free] @ residuals / factor.scale)
        curvature[row] = (sides[1] - sides[0]) / ((ends[1] - ends[0]) * scale)
    if not np.isfinite(curvature).all():
        return False
    return bool(np.linalg.eigvalsh(curvature + curvature.T)[0] < -SADDLE_DEPTH)


def waves(residuals: FloatArray, rss: float) -> float:
    """Give the correlation of each residual with that of the next row; `rss` is not 0."""
    return float(residuals[1:].dot(residuals[:-1])) / rss


def rounding(record: Record) -> float:
    """Give what rounding leaves of the residuals, as a length."""
    return ROUNDING * record.problem.scale_of_y
