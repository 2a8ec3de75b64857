"""Levenberg-Marquardt on the R factor: a scaled trust region (More 1978, Lecture Notes in Mathematics 630).

In: a record, which gives the sum of squares and the `Factor` of [J r] at some theta, and a start. Out: theta
where the sum of squares no longer tells better from worse. Rows are never looked at: however many there are,
a linearisation is a triangle of p + 1 columns, and a damped step is work on p of them.

The region is |D d| <= radius, where D holds the largest length that each column of the Jacobian has had, so
that the path does not depend on the units of the parameters. Where the Gauss-Newton step leads out of the
region, it is damped until it is as long as the radius, to a tenth.
"""

from __future__ import annotations

import math

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.linalg import linalg
from lambdaml_dsl.optimize.factor import TINY, Factor, on_and_above
from lambdaml_dsl.optimize.polish import LEVEL
from lambdaml_dsl.optimize.record import Record
from lambdaml_dsl.optimize.verdict import EPS, rounding

NEAR = 0.1
"""A step may be longer than the radius by this part of it."""

MOST_DAMPINGS = 50
"""So many dampings are tried for one radius; from below, each is nearer than the last, and few are needed."""

WORTH = 1e-4
"""A step is taken if it brings this part of the reduction that was predicted."""

FLAT, SHORT = 1e-13, 1e-11
"""The end is where a step changes the sum of squares by no more than the one part of it, or where the radius
is no more than the other part of |D theta|."""

CLIMB = 100.0
"""A sum of squares that has grown by this factor says nothing of how much shorter a step must be."""


def levenberg_marquardt(record: Record, start: FloatArray, first_radius: float) -> FloatArray:
    """Go down from a start.

    Parameters
    ----------
    record : Record
        The problem.
    start : ndarray
        Shape (p,).
    first_radius : float
        The first radius, in units of |D start|.

    Returns
    -------
    ndarray
        Where the Gauss-Newton step promises nothing that a sum of squares could show, or no step leads down.
    """
    norm = linalg().blas.dnrm2
    noise = rounding(record) ** 2
    theta = start
    rss = record.sum_of_squares(theta)
    factor = record.factor(theta)
    scale = np.where(factor.scale > TINY, factor.scale, 1.0)
    radius = first_radius * (norm(scale * theta) or 1.0)
    first = True
    while True:
        step = factor.step
        length = norm(scale * step)
        if factor.explained <= LEVEL * rss + noise and length <= radius:
            return theta
        # What the linear model says of the fall, in parts of the sum of squares: the step's own, and what
        # damping holds back.
        own, held = factor.explained / rss, 0.0
        if length > radius + NEAR * radius:
            step, length, damping = damped_step(factor, scale, radius)
            along = norm(factor.along(step))
            own, held = along / rss * along, damping * length / rss * length
        if first:
            radius, first = min(radius, length), False
        moved = theta + step
        level = record.sum_of_squares(moved)
        fall = 1 - level / rss if level < CLIMB * rss else -math.inf
        predicted = own + 2 * held
        ratio = fall / predicted if predicted else 0.0
        if ratio > 0.25:
            if held == 0 or ratio >= 0.75:
                radius = 2 * length
        else:
            # As short as a parabola through the slope and both ends says.
            shorter = 0.5 if fall >= 0 else 0.5 * (own + held) / (own + held - 0.5 * fall)
            radius = max(shorter, 0.1) * min(radius, 10 * length)
            if radius <= SHORT * norm(scale * theta):
                return moved if ratio >= WORTH else theta
        if ratio >= WORTH:
            theta, rss, factor = moved, level, record.factor(moved)
            scale = np.maximum(scale, factor.scale)
        if abs(fall) <= FLAT and predicted <= FLAT and ratio <= 2:
            return theta


def damped_step(factor: Factor, scale: FloatArray, radius: float) -> tuple[FloatArray, float, float]:
    """Damp the Gauss-Newton step until it is no longer than a radius.

    With the singular values s of R/D and c the target in their directions, a damping m makes the step
    -s*c/(s^2 + m) in them. One over its length is nearly linear in m, and concave: Newton's method comes
    from below and does not overshoot (Conn, Gould & Toint 2000, Trust-Region Methods, section 7.3).

    Parameters
    ----------
    factor : Factor
        The linearisation; its own step is longer than `radius`.
    scale : ndarray
        The diagonal of D, shape (p,).
    radius : float
        How long |D step| may be.

    Returns
    -------
    step : ndarray
        Minimises |J d + r|^2 + damping |D d|^2, shape (p,).
    length : float
        |D step|.
    damping : float
        Above zero.
    """
    norm = linalg().blas.dnrm2
    upper = factor.upper * on_and_above(len(scale)) / scale
    left, singular, directions, _ = linalg().lapack.dgesdd(upper)
    slope = singular * factor.target.dot(left)
    curvature = singular * singular
    largest = float(curvature[0])
    damping = max(norm(slope) / radius - largest, EPS * EPS * largest)
    for _ in range(MOST_DAMPINGS):
        damped = curvature + damping
        turned = slope / damped
        length = norm(turned)
        if length <= radius + NEAR * radius:
            break
        damping += (length - radius) / radius * length / (turned.dot(turned / damped) / length)
    return -turned.dot(directions) / scale, length, damping
