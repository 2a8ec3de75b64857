"""Breakpoints: parameters that a search must place, because a derivative does not show where they belong.

In: a search. Out: trials, the best first.

Between two neighbouring values at which rows change sides a step does not move, so the sum of squares is the
same all over the interval: one solve of the other parameters tells it. With few intervals all are tried; with
many an even selection, then what lies about the best of them, finer and finer. With all else held one pass
over the rows tells the sums of all intervals; so from any trial a slide leads to the best of them, and on.
Two breakpoints are tried on a joint grid first, more from several starts; then each is moved by itself, and
those that move the same edges together, until nothing makes the sum of squares smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np

from lambdaml_dsl.optimize.cells import Cells, bounds_of, cells, everywhere, moved, near, selection, some
from lambdaml_dsl.optimize.least_squares import round_up
from lambdaml_dsl.optimize.trials import MANY_STEPS, ONE_STEP, Search, Trial, lowest, nearest

ZOOMS = 12
"""One place is zoomed into so often at most."""

OFF_MIDDLE = (0.25, 0.75)
"""Where two breakpoints move the same edge, as centre and half-width of a box do, rows at equal distances are
met in pairs when one is in the middle of an interval. At these shares of it they are met one by one."""

FIRST_LOOKS = 48
"""Of three breakpoints or more so many starts are looked at."""

NEAR, NEAREST = 2, 1
"""Two breakpoints move together by up to so many intervals; the second, where a solve takes many rows."""

SWEEPS = 12
"""Rounds in which each breakpoint is moved; the first that improves nothing is the last."""


def find(search: Search) -> list[Trial]:
    """Look for the best places of all breakpoints; give the best, then others that are best nearby."""
    first = search.attempt(search.steps.start)
    if search.evaluations <= 2:
        search.effort = ONE_STEP
    count = len(search.steps.start)
    if count == 1:
        best = nearest(search, line(search, 0, first, search.effort.coarse))
        along = sorted(search.tried.values(), key=lambda trial: float(trial.places[0]))
        others = [along[k] for k in dips([trial.rss for trial in along]) if along[k] is not best]
        return [best, *sorted(others, key=lambda trial: trial.rss)]
    looks = joint(search, first) if count == 2 else spread(search, first)
    # Of starts on the same level one is enough: most often they are the same model.
    levels = {round_up(trial.rss): trial for trial in reversed(looks)}
    starts = [levels[level] for level in sorted(levels)]
    ends = [descend(search, trial) for trial in starts[: search.effort.starts]]
    best = nearest(search, lowest(search, first, ends))
    distinct = {one.places.tobytes(): one for one in ends if one is not best}
    return [best, *sorted(distinct.values(), key=lambda trial: trial.rss)]


def line(
    search: Search, which: int, trial: Trial, most: int, zone: tuple[float, float] | None = None
) -> Trial:
    """Look for the best place of one breakpoint: between its bounds or in a zone, then about the best."""
    effort = search.effort
    if zone is not None and search.steps.sums(which, trial.places, trial.others) is not None:
        # From a few places slides lead to the best; a look at each of many rows would take long.
        places = [
            moved(trial, which, place) for place in some(search, which, trial, effort.across, ends=True)
        ]
        return lowest(search, trial, slides(search, which, [trial, *map(search.attempt, places)]))
    best = slide(search, which, trial) or trial
    zones = [zone or bounds_of(search, which)]
    for depth in range(ZOOMS):
        looks: list[tuple[float, tuple[float, float]]] = []
        for ends in zones:
            here = cells(search, which, trial, *ends)
            chosen = selection(len(here.middle), most, depth == 0)
            trials = [search.attempt(moved(trial, which, place), depth == 0) for place in here.middle[chosen]]
            if depth == 0:
                trials += slides(search, which, trials)
            best = lowest(search, best, trials)
            if depth == 0 or len(chosen) < len(here.middle):
                looks += closer(here, chosen, trials[: len(chosen)])
        looks.sort(key=lambda look: look[0])
        zones = [ends for _, ends in looks[: effort.looks if depth == 0 else 1]]
        most = effort.fine
    return best


def dips(levels: Sequence[float]) -> list[int]:
    """Give the numbers of those that no neighbour is below."""
    padded = [math.inf, *levels, math.inf]
    return [
        k for k, level in enumerate(levels) if level < math.inf and level <= min(padded[k], padded[k + 2])
    ]


def closer(
    here: Cells, chosen: np.ndarray, trials: list[Trial]
) -> Iterator[tuple[float, tuple[float, float]]]:
    """Give the zones about the places that are better than their neighbours, each with its sum of squares."""
    last = len(chosen) - 1
    for k in dips([one.rss for one in trials]):
        low, high = here.low[chosen[max(k - 1, 0)]], here.high[chosen[min(k + 1, last)]]
        yield trials[k].rss, (float(low), float(high))


def slides(search: Search, which: int, trials: list[Trial]) -> list[Trial]:
    """Slide from the best of some trials."""
    ends = [
        slide(search, which, one) for one in sorted(trials, key=lambda one: one.rss)[: search.effort.looks]
    ]
    return [one for one in ends if one is not None]


def slide(search: Search, which: int, trial: Trial) -> Trial | None:
    """Go where the sum of squares is lowest with all else held, solve that, and so on; None if not known."""
    for _ in range(SWEEPS):
        known = search.steps.sums(which, trial.places, trial.others)
        if known is None:
            return None
        every = everywhere(search, which, trial)
        first = np.searchsorted(known[0], every.low, "right")  # bounds cut off some of the intervals
        best = int(np.argmin(known[1][first]))
        one = search.attempt(moved(trial, which, float(every.middle[best])))
        if not search.lower(one, trial):
            return trial
        trial = one
    return trial


def joint(search: Search, first: Trial) -> list[Trial]:
    """Try a grid of two breakpoints; the intervals of the second are those where the first is put."""
    trials = [first]
    effort = search.effort
    for outer, inner in permutations(range(2)):
        if outer == 1 and effort is MANY_STEPS and not entangled(search, outer, inner, first):
            break  # the other grid has shown nearly the same
        for place in some(search, outer, first, effort.grid, OFF_MIDDLE):
            put = replace(first, places=moved(first, outer, place))
            across = [
                search.attempt(moved(put, inner, other), True)
                for other in some(search, inner, put, effort.across)
            ]
            best = min(across, key=lambda trial: trial.rss)  # its neighbours lead to the same end
            trials.append(slide(search, inner, best) or best)
    return trials


def spread(search: Search, first: Trial) -> list[Trial]:
    """Try three breakpoints or more spread over their intervals: evenly, then at random."""
    count = len(first.places)
    # Each breakpoint's intervals may depend on where the others are; for a start any will do.
    middles = [some(search, which, first, 4 * FIRST_LOOKS) for which in range(count)]
    random = np.random.default_rng(count)  # its own, and the same each time
    shares = [
        np.arange(1, count + 1) / (count + 1),
        *np.sort(random.uniform(size=(FIRST_LOOKS, count)), axis=1),
    ]
    shares += [random.permutation(share) for share in shares[1 : FIRST_LOOKS // 2]]
    starts = [
        np.array([own[int(share * len(own))] for own, share in zip(middles, one, strict=True)])
        for one in shares
    ]
    return [first, *[search.attempt(places, True) for places in starts]]


def descend(search: Search, trial: Trial, zones: Sequence[tuple[float, float]] | None = None) -> Trial:
    """Move each breakpoint by itself, and each pair together, until nothing helps any more."""
    count = len(trial.places)
    for _ in range(SWEEPS):
        before = trial
        for which in range(count):
            trial = line(search, which, trial, search.effort.fine, None if zones is None else zones[which])
        if trial is before or not search.lower(trial, before):
            for one, other in combinations(range(count), 2):
                if entangled(search, one, other, trial) or entangled(search, other, one, trial):
                    trial = slant(search, one, other, trial)
                    for outer, inner in permutations((one, other)):
                        trial = around(search, outer, inner, trial, NEAR if zones is None else NEAREST)
            if not search.lower(trial, before):
                break
    return trial


def slant(search: Search, one: int, other: int, trial: Trial) -> Trial:
    """Slide two breakpoints together, so that of the edges that both move one stays where it is."""
    for _ in range(SWEEPS):
        before = trial
        for direction, edges, sums in search.steps.slants(one, other, trial.places, trial.others):
            if not len(edges):
                continue
            gap = (edges[-1] - edges[0]) / len(edges) or 1.0
            lengths = np.concatenate([[edges[0] - gap], (edges[1:] + edges[:-1]) / 2, [edges[-1] + gap]])
            places = before.places + lengths[:, None] * direction
            outside = ((places < search.steps.lower) | (places > search.steps.upper)).any(axis=1)
            best = int(np.argmin(sums + np.where(outside, np.inf, 0.0)))
            if not outside.all():
                trial = lowest(search, trial, [search.attempt(places[best])])
        if not search.lower(trial, before):
            break
    return trial


def entangled(search: Search, outer: int, inner: int, trial: Trial) -> bool:
    """Say whether the intervals of one breakpoint depend on where another is."""
    found = []
    for place in near(search, outer, trial, OFF_MIDDLE, 0):
        put = replace(trial, places=moved(trial, outer, float(place)))
        found.append(everywhere(search, inner, put).low)
    return len(found) > 1 and not np.array_equal(found[0], found[1])


def around(search: Search, outer: int, inner: int, trial: Trial, reach: int) -> Trial:
    """Move two breakpoints together by a few intervals: one alone cannot always move an edge by one row."""
    trials = []
    for place in near(search, outer, trial, OFF_MIDDLE, reach):
        put = replace(trial, places=moved(trial, outer, place))
        trials += [
            search.attempt(moved(put, inner, other)) for other in near(search, inner, put, (0.5,), reach)
        ]
    return lowest(search, trial, trials)
