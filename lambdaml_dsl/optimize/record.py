"""What stands between a solver and the problem: the problem as solvers see it, and the record of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lambdaml_dsl.language.functions import FloatArray

WALL = 1e100
"""Stands for a residual that is not finite, so that MINPACK takes a shorter step."""


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
    origin: FloatArray
    """Where the whole fit began; `start` itself, unless a search came before."""
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
