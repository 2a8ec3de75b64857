"""One trial of a search for breakpoints: they are put somewhere, and the other parameters are solved.

In: a problem with breakpoints. Out: trials, counted and remembered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.factor import factorise
from lambdaml_dsl.optimize.least_squares import Solution, minimise
from lambdaml_dsl.optimize.polish import LEVEL
from lambdaml_dsl.optimize.record import Exhausted, Problem
from lambdaml_dsl.optimize.status import Status
from lambdaml_dsl.optimize.verdict import ROUNDING

QUICK = 60
"""A solve of the other parameters may take so many evaluations for each of them."""

LINEAR = 1e-8
"""Residuals that a step moves as their derivatives say, to this part of their length, are linear along it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried.

    Attributes
    ----------
    coarse, fine : int
        Intervals in the first look along a breakpoint, and in each closer one.
    looks : int
        The best places that get a closer look.
    grid, across : int
        Places along the one and the other of two breakpoints.
    starts : int
        Starts that are followed to their end, where there are several breakpoints.
    """

    coarse: int
    fine: int
    looks: int
    grid: int
    across: int
    starts: int


ONE_STEP = Effort(coarse=192, fine=48, looks=3, grid=48, across=12, starts=5)
"""Where the model is linear in the other parameters: one step solves them."""


MANY_STEPS = Effort(coarse=48, fine=16, looks=2, grid=12, across=8, starts=2)
"""Where it is not."""


class Steps(Protocol):
    """A problem with breakpoints. Called with floating-point warnings off."""

    problem: Problem
    """The problem by the other parameters, shape (p,); it holds the breakpoints where `put` puts them."""

    start: FloatArray
    """Where the breakpoints start, shape (m,)."""

    others: FloatArray
    """Where the other parameters start, shape (p,)."""

    lower: FloatArray
    upper: FloatArray
    """Bounds of the breakpoints, shape (m,)."""

    others_lower: FloatArray
    others_upper: FloatArray
    """Bounds of the other parameters, shape (p,)."""

    bends: tuple[int, ...]
    """The breakpoints that the model depends on smoothly too: search gives them but a start."""

    def put(self, places: FloatArray) -> None:
        """Put the breakpoints, shape (m,)."""
        ...

    def edges(
        self, which: int, places: FloatArray, others: FloatArray, low: float, high: float
    ) -> tuple[FloatArray, FloatArray]:
        """Give the values of a breakpoint where rows change sides, and those where an equality holds."""
        ...

    def sums(
        self, which: int, places: FloatArray, others: FloatArray
    ) -> tuple[FloatArray, FloatArray] | None:
        """Give the edges of a breakpoint, and the sum of squares in each interval, all else being held.

        None where that takes more than one pass over the rows.
        """
        ...

    def slants(
        self, one: int, other: int, places: FloatArray, others: FloatArray
    ) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Give directions, shape (m,), along which two breakpoints keep some edge where it is.

        With each the lengths, from here, at which other edges switch, and the sums of squares between.
        """
        ...

    def smooth(
        self, places: FloatArray, others: FloatArray
    ) -> tuple[Problem, FloatArray, FloatArray, FloatArray]:
        """Give the problem by all that the model depends on smoothly, its start, and its bounds."""
        ...

    def position(self, which: int) -> int:
        """Give the number that a breakpoint of `bends` has in theta of `smooth`."""
        ...

    def hold(self, bends: tuple[int, ...]) -> None:
        """Hold some of `bends` from now on, and no others: they are no longer in theta of `smooth`."""
        ...

    def split(self, theta: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the breakpoints and the others from theta of `smooth`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Breakpoints, the other parameters solved for them, and the sum of squares there."""

    places: FloatArray
    others: FloatArray
    rss: float


@dataclass(slots=True)
class Search:
    """Counts evaluations, keeps the best trial, and remembers those made."""

    steps: Steps
    solver: str
    bounded: bool
    noise: float
    budget: float
    best: Trial
    evaluations: int = 0
    jacobians: int = 0
    history: list[float] = field(default_factory=list)
    tried: dict[bytes, Trial] = field(default_factory=dict)
    effort: Effort = MANY_STEPS

    def count(self, rss: float, jacobians: int = 0) -> None:
        """Note one evaluation."""
        if self.evaluations >= self.budget:
            raise Exhausted
        self.evaluations += 1
        self.jacobians += jacobians
        self.history.append(rss)

    def add(self, solution: Solution) -> None:
        """Note the evaluations of a solve."""
        self.evaluations += solution.n_evaluations
        self.jacobians += solution.n_jacobians
        self.history += solution.history

    def left(self, most: int) -> int:
        """Give how many evaluations a solve may take."""
        if self.evaluations >= self.budget:
            raise Exhausted
        return int(min(most, self.budget - self.evaluations))

    def lower(self, one: Trial, other: Trial) -> bool:
        """Say whether a trial is lower than another by more than rounding."""
        return one.rss < other.rss * (1 - LEVEL) - self.noise or (one.rss < math.inf == other.rss)

    def attempt(self, places: FloatArray, fresh: bool = False) -> Trial:
        """Solve the others for some breakpoints, from the best known; where `fresh`, from their start too."""
        key = places.tobytes()
        trial = self.tried.get(key)
        if trial is None:
            self.steps.put(places)
            others, rss, linear = solve(self, self.best.others)
            if fresh and not linear and self.best.others is not self.steps.others:
                # The best so far may sit in a valley of its own, out of which no other place leads.
                again, level, _ = solve(self, self.steps.others)
                if level < rss:
                    others, rss = again, level
            trial = self.tried[key] = Trial(places, others, rss)
            if self.lower(trial, self.best):
                self.best = trial
        return trial


def searching(steps: Steps, optimizer: str, budget: float) -> Search:
    """Begin a search."""
    bounded = bool(np.isfinite([steps.others_lower, steps.others_upper]).any())
    return Search(
        steps,
        "trf" if bounded or optimizer == "trf" else "lm",
        bounded,
        (ROUNDING * steps.problem.scale_of_y) ** 2,
        budget,
        Trial(steps.start, steps.others, math.inf),
    )


def lowest(search: Search, best: Trial, trials: Sequence[Trial]) -> Trial:
    """Give the lowest; the first, where others are lower by rounding alone."""
    for one in trials:
        if search.lower(one, best):
            best = one
    return best


def nearest(search: Search, best: Trial) -> Trial:
    """Give, of all trials that are as low as the best, the one nearest to the start."""
    level = [one for one in search.tried.values() if not search.lower(best, one)]
    return min(level, key=lambda one: float(np.abs(one.places - search.steps.start).sum()))


def solve(search: Search, others: FloatArray) -> tuple[FloatArray, float, bool]:
    """Solve the other parameters where the breakpoints are put.

    Returns
    -------
    others : ndarray
        The other parameters.
    rss : float
        The sum of squares.
    linear : bool
        Whether the model is linear in them, so that it does not matter where the solve began.
    """
    steps = search.steps
    problem = steps.problem
    residuals, jacobian = problem.linearise(others)
    rss = float(residuals.dot(residuals))
    search.count(rss, 1)
    if not rss < math.inf or not np.isfinite(jacobian).all():
        return others, math.inf, False
    if not len(others):
        return others, rss, True
    try:
        step = factorise(residuals, jacobian).step
    except np.linalg.LinAlgError:
        return others, rss, False
    # What no row depends on, as a line that a break leaves no rows to, stays where it is.
    step = np.where(jacobian.any(axis=1), step, 0.0)
    moved = others + step
    if not search.bounded or bool(((moved >= steps.others_lower) & (moved <= steps.others_upper)).all()):
        there = problem.residuals(moved)
        level = float(there.dot(there))
        search.count(level)
        # Where the model is linear in the others, one Gauss-Newton step is the whole way.
        bent = there - residuals - step.dot(jacobian)
        if bent.dot(bent) <= LINEAR**2 * (problem.scale_of_y**2 + rss):
            return moved, level, True
        if level < rss:
            others = moved
    solution = minimise(
        problem,
        others,
        steps.others_lower,
        steps.others_upper,
        optimizer=search.solver,
        max_evaluations=search.left(QUICK * (len(others) + 1)),
    )
    search.add(solution)
    if solution.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return solution.theta, solution.factor.rss, False
