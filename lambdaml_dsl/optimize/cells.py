"""The intervals of a breakpoint, each between neighbouring values at which rows change sides.

In: a search, and a trial that the other breakpoints are taken from. Out: intervals, and places in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.optimize.trials import Search, Trial

ZONE = 64
"""What was found on fewer rows is looked for, on all, within so many of their intervals to both sides."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Intervals of one breakpoint, rising, and a value inside each; an equality is one of length 0."""

    low: FloatArray
    high: FloatArray
    middle: FloatArray


def cells(search: Search, which: int, trial: Trial, low: float, high: float) -> Cells:
    """Give the intervals of a breakpoint between two ends, the other breakpoints being where they are."""
    edges, points = search.steps.edges(which, trial.places, trial.others, low, high)
    lows, highs = np.append(low, edges), np.append(edges, high)
    middles = lows + (highs - lows) / 2
    start = float(search.steps.start[which])
    if not len(edges):
        # With bounds the middle is as good as any place; without, the start is.
        if not math.isfinite(middles[0]):
            middles[0] = min(max(start, low), high)
    else:
        gap = (edges[-1] - edges[0]) / len(edges) or abs(edges[0]) or 1.0
        if math.isinf(low):
            middles[0] = min(start, edges[0] - gap)
        if math.isinf(high):
            middles[-1] = max(start, edges[-1] + gap)
    if which in search.steps.bends:
        # Within an interval the sum of squares goes on smoothly, and may have a minimum of its own anywhere.
        inside = max(1, search.effort.coarse // len(lows)) + 1
        steps = np.arange(1, inside) / inside
        wide = np.isfinite(highs - lows)
        points = np.append(edges, (lows[wide, None] + steps * (highs - lows)[wide, None]).ravel())
    if len(points):
        lows, highs, middles = (np.append(own, points) for own in (lows, highs, middles))
        order = np.argsort(middles, kind="stable")
        lows, highs, middles = lows[order], highs[order], middles[order]
    return Cells(lows, highs, middles)


def everywhere(search: Search, which: int, trial: Trial) -> Cells:
    """Give the intervals of a breakpoint between its bounds."""
    return cells(search, which, trial, *bounds_of(search, which))


def bounds_of(search: Search, which: int) -> tuple[float, float]:
    """Give the bounds of a breakpoint."""
    return float(search.steps.lower[which]), float(search.steps.upper[which])


def own_cell(every: Cells, place: float) -> int:
    """Give the number of the interval that holds a place."""
    exact = np.flatnonzero(every.low == place)
    if len(exact) and (every.high[exact] == place).any():
        return int(exact[every.high[exact] == place][0])
    inside = np.flatnonzero((every.low <= place) & (place <= every.high))
    return int(inside[0])


def moved(trial: Trial, which: int, place: float) -> FloatArray:
    """Give the breakpoints of a trial, one of them put elsewhere."""
    places = trial.places.copy()
    places[which] = place
    return places


def selection(count: int, most: int, ends: bool = False) -> np.ndarray:
    """Give an even selection of the numbers below `count`, both ends included.

    With `ends` those that are 1, 2, 4, 8, ... from an end too: few rows there may be a part of their own.
    """
    even = np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)
    if not ends or count <= most:
        return np.unique(even)
    away = 2 ** np.arange((count - 1).bit_length())
    return np.unique(np.concatenate([even, away, count - 1 - away]))


def at_shares(every: Cells, first: int, last: int, shares: tuple[float, ...]) -> FloatArray:
    """Give values at some shares of the intervals from `first` to before `last`; an open one's middle."""
    low, high = every.low[first:last, None], every.high[first:last, None]
    inside = low + np.array(shares) * (high - low)
    middle = every.middle[first:last, None]
    return np.unique(np.where(np.isfinite(high - low), inside, middle).ravel())


def some(
    search: Search,
    which: int,
    trial: Trial,
    most: int,
    shares: tuple[float, ...] = (0.5,),
    ends: bool = False,
) -> FloatArray:
    """Give places of a breakpoint: at some shares of its intervals, a selection of them."""
    every = everywhere(search, which, trial)
    inside = at_shares(every, 0, len(every.middle), shares)
    chosen: FloatArray = inside[selection(len(inside), most, ends)]
    return chosen


def near(search: Search, which: int, trial: Trial, shares: tuple[float, ...], reach: int) -> FloatArray:
    """Give places within the intervals of a breakpoint that are next to where it is."""
    every = everywhere(search, which, trial)
    own = own_cell(every, float(trial.places[which]))
    return at_shares(every, max(own - reach, 0), own + reach + 1, shares)


def zone_of(search: Search, which: int, trial: Trial) -> tuple[float, float]:
    """Give the ends of a zone about a breakpoint."""
    every = everywhere(search, which, trial)
    own = own_cell(every, float(trial.places[which]))
    return float(every.low[max(own - ZONE, 0)]), float(every.high[min(own + ZONE, len(every.high) - 1)])
