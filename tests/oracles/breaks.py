"""Breakpoints by exhaustion: every place that rows tell apart is tried, and NumPy solves the rest exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Design = Callable[[NDArray[np.float64], tuple[float, ...]], NDArray[np.float64]]


def step(x, places):
    """Two levels."""
    left = x < places[0]
    return np.column_stack([left, ~left]).astype(float)


def lines(x, places):
    """Two lines that need not meet."""
    left = x < places[0]
    return np.column_stack([left, left * x, ~left, ~left * x]).astype(float)


def three_levels(x, places):
    """Three levels."""
    first, second = x < places[0], (x >= places[0]) & (x < places[1])
    return np.column_stack([first, second, ~first & ~second]).astype(float)


def box(x, places):
    """A level within a centre and half-width, another outside."""
    inside = np.abs(x - places[0]) < places[1]
    return np.column_stack([inside, ~inside]).astype(float)


def hinge(x, places):
    """Two lines that meet."""
    about = x - places[0]
    return np.column_stack([np.ones_like(x), about, np.maximum(about, 0)])


def level(design: Design, x, y, weights, places) -> float:
    """Give the lowest sum of squares for some places."""
    root = np.sqrt(weights)
    matrix = design(x, places) * root[:, None]
    lengths = np.linalg.norm(matrix, axis=0)
    matrix = matrix / np.where(lengths == 0, 1, lengths)
    coefficients = np.linalg.lstsq(matrix, y * root, rcond=None)[0]
    return float(np.sum((matrix @ coefficients - y * root) ** 2))


def middles(x) -> NDArray[np.float64]:
    """Give one place in each interval between different values, and one on each side."""
    values = np.unique(x)
    return np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2, [values[-1] + 1]])


def windows(x) -> list[tuple[float, float]]:
    """Give a centre and a half-width for each run of neighbouring values, and for none."""
    values = np.unique(x)
    gap = np.diff(values).min() / 4
    runs = [((low + high) / 2, (high - low) / 2 + gap) for k, low in enumerate(values) for high in values[k:]]
    return [*runs, (values[0] - 5 * gap, gap)]


def corners(x, y) -> list[tuple[float]]:
    """Give each place where two lines that meet can fit best: a row, or where the lines of two sides meet."""
    order = np.argsort(x)
    x, y = x[order], y[order]
    shift = x.mean()
    places = list(x)
    for k in range(2, len(x) - 1):
        left, right = (np.polyfit(x[side] - shift, y[side], 1) for side in (slice(k), slice(k, None)))
        if left[0] != right[0]:
            place = (right[1] - left[1]) / (left[0] - right[0]) + shift
            if x[k - 1] < place < x[k]:
                places.append(place)
    return [(place,) for place in places]


def lowest(design: Design, x, y, weights, places: Iterable[tuple[float, ...]]) -> float:
    """Give the lowest sum of squares of all places."""
    return min(level(design, x, y, weights, each) for each in places)
