"""What stands between a solver and the problem: the problem as solvers see it, and the record of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import Factor, NotFinite, factorise

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

    linear: bool
    """Whether the residuals are linear in theta, so that one step leads to the minimum."""

    compressed: bool
    """Whether `linearise` gives the R factor of [J r] in place of all of its rows. It is eager then."""

    n_obs: int
    """The number of residuals, where compressed."""

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Give the residuals, shape (n,)."""
        ...

    def linearise(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the residuals and their derivatives, shapes (n,) and (p, n)."""
        ...


class Exhausted(Exception):  # noqa: N818  (ends a solver from inside; it never leaves this module)
    """The budget is used up."""


@dataclass(slots=True, eq=False)
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
    factored: Factor | None = None
    """The factor of what is `linearised`, once it was asked for."""
    wall: float = math.nan
    """What stands for residuals that are not finite."""
    jacobians: int = 1
    evaluations: int = 0
    best_rss: float = math.inf
    last_rss: float = math.inf
    history: list[float] = field(default_factory=list)

    def sum_of_squares(self, theta: FloatArray) -> float:
        """Compute the sum of squares; infinite where a residual is not finite."""
        self._evaluate(theta)
        return self.last_rss

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Compute residuals; where one is not finite, a wall that no solver climbs."""
        residuals = self._evaluate(theta)
        return residuals if self.last_rss < math.inf else np.full_like(residuals, self.wall)

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Compute derivatives, shape (p, n)."""
        jacobian = self.linearise(theta)[1]
        flat = jacobian.ravel()
        if not flat.dot(flat) < math.inf and not np.isfinite(jacobian).all():
            raise NotFinite
        return jacobian

    def factor(self, theta: FloatArray) -> Factor:
        """Factorise the linearisation."""
        residuals, jacobian = self.linearise(theta)
        if self.factored is None:
            self.factored = self.factorise(residuals, jacobian)
        return self.factored

    def factorise(self, residuals: FloatArray, jacobian: FloatArray) -> Factor:
        """Factorise a linearisation, by all parameters or some."""
        n_obs = self.problem.n_obs if self.problem.compressed else jacobian.shape[1]
        return factorise(residuals, jacobian, n_obs)

    def rows(self, theta: FloatArray, residuals: FloatArray) -> FloatArray:
        """Give the residuals of all rows, where `residuals` are what `linearise` gave at theta."""
        return self.problem.residuals(theta) if self.problem.compressed else residuals

    def linearise(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute residuals and derivatives; the last ones are remembered."""
        here = theta.tobytes()
        if here != self.place:
            self.jacobians += 1
            self.place, self.linearised, self.factored = here, self.problem.linearise(theta), None
        return self.linearised

    def _evaluate(self, theta: FloatArray) -> FloatArray:
        if self.evaluations >= self.budget:
            raise Exhausted
        self.evaluations += 1
        residuals = self.linearise(theta)[0] if self.problem.eager else self.problem.residuals(theta)
        rss = float(residuals.dot(residuals))
        if rss < self.best_rss:
            self.best_rss, self.best = rss, theta.copy()  # a solver may go on in the same array
        elif not rss < math.inf:
            rss = math.inf
        self.last_rss = rss
        self.history.append(rss)
        return residuals
