"""Least squares where some parameters are found by search: the search, then the solve of all the others.

A breakpoint may make the model jump where rows cross it and enter smoothly too, as the onset of a decay does.
Between two rows its derivative says how it acts together with the others, but mostly not where it is; then it
is held where the search found it, like one that only moves a step.

In: a problem with breakpoints. Out: a `Found`. Nothing here knows of formulas or data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.breakpoints import SWEEPS, descend, find, slides
from lambdaml_dsl.optimize.cells import bounds_of, everywhere, moved, own_cell, some, zone_of
from lambdaml_dsl.optimize.least_squares import EVALUATIONS_A_PARAMETER, Solution, minimise, round_up
from lambdaml_dsl.optimize.polish import LEVEL, judge, linearised
from lambdaml_dsl.optimize.record import Exhausted, Record
from lambdaml_dsl.optimize.status import Status
from lambdaml_dsl.optimize.trials import Search, Steps, Trial, lowest, searching
from lambdaml_dsl.optimize.verdict import EPS, ROUNDING, SOUND_CONDITIONING

LOOKS = 4
"""Where the model bends, so many places are followed to their end."""

WIDEST = 256
"""An interval is widened by so many neighbours one by one; where the model is the same in all, by leaps."""

CORNER = 1e-3
"""A corner is tested by values so far to its sides, in parts of the distance to the next."""

SIDE, CLOSER = 1e-4, 0.01
"""The model is looked at so far to both sides of an edge, in parts of the interval, and so much closer."""

AT_EDGE = 1e-7
"""A place this near to an edge, in parts of the interval, is at it."""

INVOLVED = 0.05
"""A direction that is lost is one of a breakpoint's if its share in it is larger than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search found.

    Attributes
    ----------
    solution : Solution
        The end of the problem by all that the model depends on smoothly.
    places : ndarray
        The breakpoints, shape (m,).
    low, high : ndarray
        Ends of the intervals in which they may lie, shape (m,); NaN where the search did not end, and of
        breakpoints that are part of the solution.
    held : tuple of int
        The breakpoints of `Steps.bends` that are not part of the solution, but held where they were found.
    """

    solution: Solution
    places: FloatArray
    low: FloatArray
    high: FloatArray
    held: tuple[int, ...] = ()


def minimise_by_search(
    steps: Steps,
    *,
    optimizer: str = "auto",
    max_evaluations: int | None = None,
    rough: Steps | None = None,
) -> Found:
    """Minimise a sum of squares that has breakpoints.

    Parameters
    ----------
    steps : Steps
        The problem; its residuals are finite at the start.
    optimizer : str
        What solves the other parameters: a key of `SOLVERS`.
    max_evaluations : int, optional
        The budget of residual evaluations, search and solves together.
    rough : Steps, optional
        The same on fewer rows: the search is made on them, for a start.
    """
    limit = math.inf if max_evaluations is None else max_evaluations
    search = searching(steps, optimizer, limit)
    stop = Status.BUDGET
    try:
        with np.errstate(all="ignore"):
            if rough is not None:
                found = refined(search, searching(rough, optimizer, limit))
            else:
                # Where the model bends, an interval that looks worse may hold the lowest minimum.
                found = find(search)[: LOOKS if steps.bends else 1]
            ends = [settle(search, one, optimizer, rough is None) for one in found]
            solution, trial = min(ends, key=lambda end: (round_up(end[1].rss), not end[0].status.converged))
            solution, trial, held = hold_jumps(search, solution, trial, optimizer)
            trial, low, high = centred(search, trial, held)
            return Found(counted(search, solution), trial.places, low, high, held)
    except Exhausted:
        pass
    except KeyboardInterrupt:
        stop = Status.INTERRUPTED
    steps.hold(())
    with np.errstate(all="ignore"):
        solution = end(search, search.best, stop, "stopped")
    nothing = np.full(len(steps.start), np.nan)
    return Found(counted(search, solution), search.best.places, nothing, nothing)


def refined(search: Search, rough: Search) -> list[Trial]:
    """Search on fewer rows, then about what that found on all, and at the ends, where those few are blind."""
    try:
        found = find(rough)
        zones = [zone_of(rough, which, found[0]) for which in range(len(found[0].places))]
    finally:
        # What is fewer rows' is not reported, but the budget counts it; and it is the best that is known.
        search.budget -= rough.evaluations
        search.effort = rough.effort
        search.best = replace(rough.best, rss=math.inf)
    trial = search.attempt(found[0].places)
    if len(search.steps.bends) == len(zones):
        starts = [trial, *[search.attempt(one.places) for one in found[1:LOOKS]]]
        return [*starts, at_ends(search, trial)]
    trial = at_ends(search, descend(search, trial, zones))
    return [descend(search, trial)]


def at_ends(search: Search, trial: Trial) -> Trial:
    """Try each breakpoint a few intervals from its ends; give the lowest."""
    for which in range(len(trial.places)):
        places = [moved(trial, which, place) for place in some(search, which, trial, 2, ends=True)]
        trials = [search.attempt(put) for put in places]
        if which not in search.steps.bends:
            trials += slides(search, which, trials)
        trial = lowest(search, trial, trials)
    return trial


def counted(search: Search, solution: Solution) -> Solution:
    """Give a solution with all that the search evaluated."""
    return solution._replace(
        n_evaluations=search.evaluations,
        n_jacobians=search.jacobians,
        history=tuple(search.history),
    )


def end(search: Search, trial: Trial, status: Status, method: str) -> Solution:
    """Describe a trial as an end."""
    problem, theta, lower, upper = search.steps.smooth(trial.places, trial.others)
    at_theta = problem.linearise(theta)
    bounded = bool(np.isfinite([lower, upper]).any())
    record = Record(problem, lower, upper, 1, bounded, theta, theta, theta.tobytes(), at_theta, theta)
    if status.converged:
        residuals, factor, held = linearised(record, theta)
        status = Status.AT_BOUND if held.any() else status
    else:
        here = judge(record, theta, method, status)
        residuals, factor, held = here.residuals, here.factor, here.held
    if not search.history:  # stopped on fewer rows
        search.evaluations, search.jacobians, search.history = 1, 1, [factor.rss]
    return Solution(theta, record.rows(theta, residuals), factor, held, status, method, 0, 0, ())


def settle(search: Search, trial: Trial, optimizer: str, again: bool) -> tuple[Solution, Trial]:
    """Solve all that the model depends on smoothly; where that leads far, search `again` from there."""
    steps = search.steps
    for _ in range(SWEEPS):
        solution = solve_smooth(search, trial, optimizer)
        if not solution.status.finished:
            return solution, trial
        places, others = steps.split(solution.theta, trial.places)
        there = Trial(places, others, solution.factor.rss)
        much = there.rss < trial.rss * (1 - CORNER) - search.noise
        if steps.bends and not solution.status.converged:
            return at_corner(search, there, solution)
        if not much or not again:
            return solution, there
        search.tried.clear()
        search.best = there
        trial = descend(search, there)
        if not search.lower(trial, there):
            return solution, there
    return solution, there


def solve_smooth(search: Search, trial: Trial, optimizer: str) -> Solution:
    """Solve all that the model depends on smoothly, the breakpoints being where they are."""
    steps = search.steps
    _, origin, _, _ = steps.smooth(steps.start, steps.others)
    problem, start, lower, upper = steps.smooth(trial.places, trial.others)
    if not len(start):
        return end(search, trial, Status.CONVERGED, "search")
    solution = minimise(
        problem,
        start,
        lower,
        upper,
        optimizer=optimizer,
        max_evaluations=search.left(EVALUATIONS_A_PARAMETER * (len(start) + 1)),
        origin=origin,
    )
    search.add(solution)
    if solution.status is Status.INTERRUPTED:
        places, others = steps.split(solution.theta, trial.places)
        search.best = Trial(places, others, solution.factor.rss)
        raise KeyboardInterrupt
    return solution


def at_corner(search: Search, trial: Trial, solution: Solution) -> tuple[Solution, Trial]:
    """Look whether the minimum is at a corner of the sum of squares, where no gradient is 0.

    A continuous broken line may fit best with its break on a row: to either side the sum of squares rises,
    with a slope of its own (Hudson 1966, JASA 61). Solvers stop near there, and derivatives do not tell that
    it is a minimum.
    """
    best = trial
    steps = search.steps
    for which in steps.bends:
        every = everywhere(search, which, best)
        own = own_cell(every, float(best.places[which]))
        ends = {
            float(end)
            for k in (own - 1, own, own + 1)
            if 0 <= k < len(every.low)
            for end in (every.low[k], every.high[k])
        }
        for edge in sorted(ends):
            if math.isfinite(edge):
                one = search.attempt(moved(best, which, edge))
                if one.rss <= best.rss * (1 + LEVEL):
                    best = one
    if best is trial:
        return solution, trial
    for which in steps.bends:
        every = everywhere(search, which, best)
        place = float(best.places[which])
        for k in np.flatnonzero((every.low == place) | (every.high == place)):
            side = place + CORNER * (every.middle[k] - place)
            if search.lower(search.attempt(moved(best, which, float(side))), best):
                return solution, trial
    return end(search, best, Status.CONVERGED, solution.method), best


def hold_jumps(
    search: Search, solution: Solution, trial: Trial, optimizer: str
) -> tuple[Solution, Trial, tuple[int, ...]]:
    """Hold what jumps where it was found, and solve the others; all stays as it is where nothing does."""
    steps = search.steps
    if not solution.status.finished:
        return solution, trial, ()
    held = tuple([which for which in steps.bends if is_held(search, solution, trial, which)])
    if not held:
        return solution, trial, ()
    search.best = best = trial
    for which in held:
        low, high, _ = about(search, which, best)
        if math.isfinite(high - low):
            step = max(AT_EDGE * CLOSER * (high - low), 8 * EPS * abs(float(best.places[which])))
            # The middle, if all the interval fits alike; else an end, or next to one of another side.
            ends = (low + (high - low) / 2, low, high, low + step, high - step)
            trials = [search.attempt(moved(best, which, place)) for place in ends]
            best = lowest(search, trials[0], [*trials[1:], best])
    steps.hold(held)
    again = solve_smooth(search, best, optimizer)
    if again.status is Status.BUDGET:
        raise Exhausted
    if not again.status.converged:
        steps.hold(())
        return solution, trial, ()
    places, others = steps.split(again.theta, best.places)
    return again, Trial(places, others, again.factor.rss), held


def is_held(search: Search, solution: Solution, trial: Trial, which: int) -> bool:
    """Say whether a breakpoint that the model depends on smoothly is to be held where it was found.

    It is where the model jumps at a neighbouring edge, and where besides the derivatives do not place it any
    better than those edges do: its standard error is no smaller than the scatter of an even law between
    them, or it is at one of them.
    """
    position = search.steps.position(which)
    if solution.held[position]:
        return False
    low, high, at_edge = about(search, which, trial)
    if solution.status.converged and not at_edge:
        own = position - int(solution.held[:position].sum())
        if standard_error(solution, own) < (high - low) / math.sqrt(12):
            return False
    return any(jumps(search, which, trial, edge, high - low) for edge in (low, high))


def standard_error(solution: Solution, own: int) -> float:
    """Give the standard error of one parameter, scaled by the residuals; 0 where others' are lost."""
    factor = solution.factor
    if factor.singular is not None and factor.directions is not None:
        lost = factor.directions[factor.singular <= SOUND_CONDITIONING]
        if len(lost):
            return math.inf if float(np.sqrt((lost[:, own] ** 2).sum())) > INVOLVED else 0.0
    root = factor.inverse()[own]
    error = math.sqrt(root.dot(root) * factor.rss / max(factor.n_obs - len(factor.step), 1))
    return error if math.isfinite(error) else math.inf


def about(search: Search, which: int, trial: Trial) -> tuple[float, float, bool]:
    """Give the edges next to a breakpoint, or bounds, and whether it is at one of them."""
    place = float(trial.places[which])
    ends = bounds_of(search, which)
    edges, _ = search.steps.edges(which, trial.places, trial.others, *ends)
    edges = np.array([ends[0], *edges.tolist(), ends[1]])
    gaps = np.diff(edges[max(int(np.searchsorted(edges, place)) - 2, 0) :][:4])
    gap = min(gaps[np.isfinite(gaps)].tolist(), default=abs(place))
    near = max(AT_EDGE * gap, 8 * EPS * abs(place))
    low = float(edges[edges < place - near].max(initial=ends[0]))
    high = float(edges[edges > place + near].min(initial=ends[1]))
    at = edges[np.abs(edges - place) <= near]
    if not len(at) or not low < at[0] < high:
        return low, high, bool(len(at))
    here, below, above = residuals_at(search, which, trial, (place, at[0] - 2 * near, at[0] + 2 * near))
    if float(np.abs(here - below).sum()) <= float(np.abs(here - above).sum()):
        return low, float(at[0]), True
    return float(at[0]), high, True


def residuals_at(
    search: Search, which: int, trial: Trial, values: tuple[float, ...]
) -> tuple[FloatArray, ...]:
    """Give the residuals at some values of a breakpoint, all else being held."""
    found = []
    for value in values:
        search.steps.put(moved(trial, which, float(value)))
        found.append(search.steps.problem.residuals(trial.others).copy())
    return tuple(found)


def jumps(search: Search, which: int, trial: Trial, edge: float, width: float) -> bool:
    """Say whether the model on the two sides of an edge differs, however near one looks."""
    if not math.isfinite(edge):
        return False
    if not math.isfinite(width):
        width = abs(edge) or 1.0
    far = max(SIDE * width, 16 * EPS * abs(edge) / CLOSER)
    near = CLOSER * far
    left, low, high, right = residuals_at(
        search, which, trial, (edge - far, edge - near, edge + near, edge + far)
    )
    apart, closer = right - left, high - low
    away, here = float(np.sqrt(apart.dot(apart))), float(np.sqrt(closer.dot(closer)))
    return here > 0.5 * away and here > ROUNDING * search.steps.problem.scale_of_y


def centred(search: Search, trial: Trial, held: tuple[int, ...] = ()) -> tuple[Trial, FloatArray, FloatArray]:
    """Put each breakpoint into the middle of the interval in which the model stays the same."""
    steps = search.steps
    low, high = np.full(len(trial.places), np.nan), np.full(len(trial.places), np.nan)
    for which in range(len(trial.places)):
        if which in held:
            low[which], high[which], _ = about(search, which, trial)
        if which in steps.bends:
            continue
        low[which], high[which], middle = interval(search, which, trial)
        places = moved(trial, which, middle)
        if same(search, trial, places):
            trial = replace(trial, places=places)
    return trial, low, high


def same(search: Search, trial: Trial, places: FloatArray) -> bool:
    """Say whether the residuals are the same where the breakpoints are put elsewhere."""
    found = []
    for put in (trial.places, places):
        search.steps.put(put)
        found.append(search.steps.problem.residuals(trial.others))
    return np.array_equal(found[0], found[1])


def is_flat(search: Search, which: int, trial: Trial) -> bool:
    """Say whether the sum of squares is the same, to rounding, wherever a breakpoint is put."""
    # Where all data are 0, rounding is that of the model at the start.
    noise = search.noise or ROUNDING**2 * search.history[0]
    for place in some(search, which, trial, search.effort.coarse, ends=True):
        try:
            one = search.attempt(moved(trial, which, float(place)))
        except Exhausted:
            return False  # the fit is at its end; only this is left open
        if search.lower(trial, one) and one.rss - trial.rss > noise:
            return False
    return True


def reach(most: int, alike: Callable[[int], bool]) -> int:
    """Give how many neighbours, `most` at most, are alike: one by one, then leap by leap, then by halves."""
    near = 0
    while near < min(most, WIDEST):
        if not alike(near + 1):
            return near
        near += 1
    beyond = most + 1
    while near < most:
        far = min(2 * near, most)
        if not alike(far):
            beyond = far
            break
        near = far
    while beyond - near > 1:
        middle = (near + beyond) // 2
        near, beyond = (middle, beyond) if alike(middle) else (near, middle)
    return near


def interval(search: Search, which: int, trial: Trial) -> tuple[float, float, float]:
    """Give the ends of the interval in which the model stays the same, and a value inside."""
    if is_flat(search, which, trial):
        return *bounds_of(search, which), float(trial.places[which])
    every = everywhere(search, which, trial)
    own = own_cell(every, float(trial.places[which]))

    def alike(cell: int) -> bool:
        return same(search, trial, moved(trial, which, float(every.middle[cell])))

    first = own - reach(own, lambda away: alike(own - away))
    last = own + reach(len(every.middle) - 1 - own, lambda away: alike(own + away))
    low, high = float(every.low[first]), float(every.high[last])
    if math.isfinite(high - low):
        return low, high, low + (high - low) / 2
    if math.isinf(low) and math.isinf(high):
        return low, high, float(search.steps.start[which])
    return low, high, float(every.middle[own])
