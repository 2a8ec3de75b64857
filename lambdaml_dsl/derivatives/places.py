"""Where the rows change sides: the values of a parameter at which a switch does so in some row.

In: switches, a parameter, columns, theta. Out: for all rows together, the values at which sides change;
between two neighbouring ones nothing switches. And the sums of squares between them, in one pass.

Where what is 0 at a switch is piecewise linear in the parameter, as for ``x < b`` or ``abs(x - c) < w``,
Newton's method on each piece gives the place to the last bit. Where it is not, as for ``x < exp(b)`` or
``floor(x/b)``, a grid of values is tried and the changes between neighbours are bisected: of two changes of
one row within a cell of the grid none may be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from lambdaml_dsl.derivatives.switches import PLACE, POINTS, WHOLE, Traced
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program

ROUNDS = 4
"""Newton steps: one finds the place, two more take its rounding out, the last shows that it stays."""

ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""Places nearer to each other than this part of their size are the same place."""

HALVINGS = 64
"""Enough to take an interval of float64 to its last bits."""

CELLS = 64
"""A grid has so many cells, in the interval that is looked at."""

SCALES = tuple([2.0 ** (k / 2) for k in range(-12, 9)])
"""Where there are no bounds, a grid goes so far from the start, in units of its size, and over each column's
range."""

MOST_CHANGES = 200_000
"""If a grid shows more changes than this, an even selection of them is bisected."""

ORDERS = 20
"""An argument that is a whole number, as the order of a Bessel function, is tried so far from its start."""


def find_places(
    tracing: Sequence[Traced],
    columns: Mapping[str, FloatArray],
    rows: int,
    theta: FloatArray,
    parameter: int,
    low: float,
    high: float,
) -> tuple[FloatArray, FloatArray]:
    """Find where a parameter makes some row change its side.

    Parameters
    ----------
    tracing : sequence of Traced
        The switches, traced for the parameter.
    columns : mapping of str to ndarray
        Columns of shape (n,), of vectors (d, n).
    rows : int
        The number n of rows.
    theta : ndarray
        All parameters, shape (P,).
    parameter : int
        The one that is moved.
    low, high : float
        Where to look; may be infinite.

    Returns
    -------
    edges : ndarray
        Where sides change, rising and distinct, strictly between `low` and `high`.
    points : ndarray
        Where an equality holds, likewise.
    """
    edges: list[FloatArray] = []
    points: list[FloatArray] = []
    start = float(theta[parameter])
    with np.errstate(all="ignore"):
        for one in tracing:
            if one.linear:
                found = roots(one, columns, rows, theta, start)
            elif one.switch.signed or one.switch.function in WHOLE:
                own = [columns[name].ravel() for name in one.switch.program.columns]
                found = changes(one, columns, rows, theta, grid(start, low, high, own))
            else:
                # An order is a whole number: with these edges each is the middle of its interval.
                found = np.floor(start) + np.arange(-ORDERS, ORDERS + 1.0) + 0.5
            (points if one.switch.function in POINTS else edges).append(found)
    return distinct(edges, low, high), distinct(points, low, high)


def squares_between(
    program: Program,
    tracing: Sequence[Traced],
    columns: Mapping[str, FloatArray],
    rows: int,
    theta: FloatArray,
    parameter: int,
) -> tuple[FloatArray, FloatArray] | None:
    """Give the sum of squares in each interval between the places of a parameter, all others being held.

    A row changes at its own places alone, so that one pass over the rows tells all intervals.

    Parameters
    ----------
    program : Program
        Its outputs are squared and summed; the parameter is the column `PLACE`, and only moves steps.
    tracing, columns, rows, theta, parameter
        As of `find_places`.

    Returns
    -------
    edges : ndarray
        Rising, shape (k,).
    sums : ndarray
        Below the first edge, between the edges, above the last, shape (k + 1,). None where the places are
        not known to the last bit, or where a square is not finite.
    """
    if not all(one.linear and one.switch.function not in POINTS for one in tracing):
        return None
    start = float(theta[parameter])
    with np.errstate(all="ignore"):
        knots = np.concatenate([roots(one, columns, rows, theta, start) for one in tracing])
        knots = np.sort(knots, axis=0)
        values = np.stack(
            [evaluate(program, {**columns, PLACE: place}, rows, theta) for place in between(knots, start)]
        )
    squares = np.einsum("kmn,kmn->kn", values, values)
    if not np.isfinite(squares).all():
        return None
    edges = distinct([knots], -np.inf, np.inf)
    known = np.isfinite(knots)
    where = np.searchsorted(edges, knots[known], "right")
    sums = np.bincount(where, np.diff(squares, axis=0)[known], len(edges) + 1)
    sums[0] += squares[0].sum()
    return edges, np.cumsum(sums)


def distinct(found: Sequence[FloatArray], low: float, high: float) -> FloatArray:
    """Sort values, leave out those outside, and of those that rounding alone tells apart keep one."""
    every = np.concatenate([np.empty(0), *[values.ravel() for values in found]])
    every = np.sort(every[(every > low) & (every < high)])
    if len(every) < 2:
        return every
    size = np.maximum(np.abs(every), np.median(np.abs(every)))
    kept: FloatArray = every[np.concatenate([[True], np.diff(every) > ROUNDING * size[1:]])]
    return kept


def roots(
    one: Traced, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray, start: float
) -> FloatArray:
    """Find the zeros of a piecewise linear switch: shape (pieces, n), NaN where a piece has none."""
    knots = [roots(inner, columns, rows, theta, start) for inner in one.inner]
    place = np.full((1, rows), start) if not knots else between(np.concatenate(knots), start)
    found = np.empty_like(place)
    for piece, begin in enumerate(place):
        here = begin
        for _ in range(ROUNDS):
            value, slope = evaluate(one.program, {**columns, PLACE: here}, rows, theta)
            here, before = here - value / slope, here
        stays = np.abs(here - before) <= ROUNDING * (np.abs(here) + np.abs(begin))
        found[piece] = np.where(stays, here, np.nan)
    return found


def between(knots: FloatArray, start: float) -> FloatArray:
    """Give one value on each side of each knot: shape (k + 1, n) for (k, n). Where there is none, `start`."""
    knots = np.sort(knots, axis=0)  # NaN goes last
    missing = np.isnan(knots)
    none = missing[0]
    knots = np.where(missing, np.fmax.reduce(knots, axis=0), knots)
    knots = np.where(none, start, knots)
    reach = np.where(none, 0.0, 1.0 + np.abs(knots[-1] - knots[0]) + np.abs(knots[0]))
    last = knots[-1] + reach
    inside = np.where(missing[1:], last, (knots[1:] + knots[:-1]) / 2)
    return np.concatenate([knots[:1] - reach, inside, last[None]])


def grid(start: float, low: float, high: float, columns: Sequence[FloatArray]) -> FloatArray:
    """Give rising values between two ends; where one is infinite, about the start and where the data are."""
    if np.isfinite(high - low):
        if low > 0 and high > 100 * low:
            return np.geomspace(low, high, CELLS + 1)
        return np.linspace(low, high, CELLS + 1)
    away = (abs(start) or 1.0) * np.array(SCALES)
    ranges = [np.linspace(values.min(), values.max(), CELLS + 1) for values in columns]
    every = np.concatenate([start - away[::-1], [start], start + away, *ranges])
    ends = [end for end in (low, high) if np.isfinite(end)]
    rising: FloatArray = np.unique(np.concatenate([every[(every > low) & (every < high)], ends]))
    return rising


def changes(
    one: Traced, columns: Mapping[str, FloatArray], rows: int, theta: FloatArray, values: FloatArray
) -> FloatArray:
    """Find where rows change sides between neighbouring values, by bisection."""

    def side(place: FloatArray, columns: Mapping[str, FloatArray]) -> FloatArray:
        here: FloatArray = evaluate(one.program, {**columns, PLACE: place}, len(place), theta)[0]
        return np.sign(here) if one.switch.signed else here

    lows, highs, owners, sides = [], [], [], []
    before = side(np.full(rows, values[0]), columns)
    for low, high in pairwise(values):
        after = side(np.full(rows, high), columns)
        changed = np.flatnonzero((before != after) & np.isfinite(before) & np.isfinite(after))
        lows.append(np.full(len(changed), low))
        highs.append(np.full(len(changed), high))
        owners.append(changed)
        sides.append(before[changed])
        before = after
    every = (np.concatenate(part) for part in (lows, highs, owners, sides))
    step = max(1, -(-sum(map(len, owners)) // MOST_CHANGES))
    low, high, owner, left = (part[::step] for part in every)
    own = {name: values[..., owner] for name, values in columns.items()}
    if not len(owner):
        return np.empty(0)
    for _ in range(HALVINGS):
        middle = low + (high - low) / 2
        same = side(middle, own) == left
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: FloatArray = low + (high - low) / 2
    return found
