"""From where a solver stopped to the last digits that the data hold."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import TINY, Factor, NotFinite
from lambdaml_dsl.optimize.record import Record
from lambdaml_dsl.optimize.status import Status
from lambdaml_dsl.optimize.verdict import EPS, at_right_angles, rounding, verdict

POLISH_STEPS = 30

SETTLED, LEFT, LINEAR = 1e-9, 1e-11, 1e-7
"""A step below the first fraction of every parameter is the last, for what it leaves is smaller still. So is
one below the third, if steps shrink so fast that what it leaves is below the second."""

LEVEL = 1e-10
"""Sums of squares that differ by less than this fraction count as level."""

EDGE = 1e-4
"""A parameter that wants to go on by a step, and is nearer to a bound than this part of it, is at it."""


class End(NamedTuple):
    """Where one run ended, polished and judged."""

    theta: FloatArray
    residuals: FloatArray
    factor: Factor
    held: np.ndarray
    status: Status
    method: str


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
    short = SETTLED
    for _ in range(POLISH_STEPS):
        moved = moved_by(record, theta, factor.step, held)
        if factor.explained <= LEVEL * factor.rss + noise and settled(theta, moved, short):
            # So short a step changes the residuals as their derivatives say, to the last bit.
            residuals = residuals + (moved - theta).dot(record.linearised[1])
            theta = moved
            if factor.explained > EPS * factor.rss:
                factor = factor._replace(rss=float(residuals.dot(residuals)))
            break
        try:
            there, next_factor, next_held = linearised(record, moved)
        except NotFinite:
            refused = True  # the step leads out of where the model is finite
            break
        # In units so large that squares underflow nothing can be compared: then steps are all there is.
        worse = next_factor.rss > factor.rss * (1 + LEVEL) + noise
        if worse or next_factor.explained >= factor.explained > 0:
            refused = True
            break
        shrunk = math.sqrt(next_factor.explained / (factor.explained or 1.0))
        short = max(SETTLED, min(LEFT / (shrunk or TINY), LINEAR))
        theta, residuals, factor, held = moved, there, next_factor, next_held
    status = verdict(record, theta, factor, held)
    if status is Status.STALLED and refused and at_right_angles(record, theta, held):
        status = Status.CONVERGED if not held.any() else Status.AT_BOUND
    return End(theta, residuals, factor, held, status, method)


def onto_bounds(record: Record, theta: FloatArray, held: np.ndarray) -> FloatArray:
    """Put what a bound holds onto the bound: an interior method only ever comes near."""
    nearer_to_lower = theta - record.lower < record.upper - theta
    return np.where(held, np.where(nearer_to_lower, record.lower, record.upper), theta)


def settled(theta: FloatArray, moved: FloatArray, short: float) -> bool:
    """Say whether a step is short beside every parameter."""
    pairs = zip(theta.tolist(), moved.tolist(), strict=True)
    return all(abs(after - before) <= short * abs(after) for before, after in pairs)


def moved_by(record: Record, theta: FloatArray, step: FloatArray, held: np.ndarray) -> FloatArray:
    """Take a step by the parameters that no bound holds, up to the bounds."""
    if not record.bounded:
        return theta + step
    moved = theta.copy()
    moved[~held] += step
    return np.clip(moved, record.lower, record.upper)


def linearised(record: Record, theta: FloatArray) -> tuple[FloatArray, Factor, np.ndarray]:
    """Linearise at theta, by the parameters that no bound holds."""
    if not record.bounded:
        factor = record.factor(theta)
        return record.linearised[0], factor, np.zeros(len(theta), dtype=bool)
    jacobian = record.jacobian(theta)
    residuals = record.linearised[0]
    downhill = -(jacobian @ residuals)
    squares = np.maximum(np.einsum("ij,ij->i", jacobian, jacobian), np.finfo(float).tiny)
    reach = EDGE * np.abs(downhill) / squares
    held = ((theta - record.lower <= reach) & (downhill < 0)) | (
        (record.upper - theta <= reach) & (downhill > 0)
    )
    return residuals, record.factorise(residuals, jacobian[~held]), held


def judge(record: Record, theta: FloatArray, method: str, status: Status) -> End:
    """Describe an end that was not reached by convergence."""
    residuals, jacobian = record.problem.linearise(theta)
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    held = np.zeros(len(theta), dtype=bool)
    try:
        factor = record.factorise(residuals, jacobian)
    except (NotFinite, np.linalg.LinAlgError):
        factor = record.factorise(residuals, np.zeros_like(jacobian))
    return End(theta, residuals, factor, held, status, method)
