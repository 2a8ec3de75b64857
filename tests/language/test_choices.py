"""The kernels that choose, for every way in which their arguments can be spread over the result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS
from lambdaml_dsl.language.kernels.choices import put

SHAPES = [(), (1, 1), (1, 7), (3, 1), (3, 7)]
NAN, INF = np.nan, np.inf
VALUES = np.array([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, 5e-324, 1e308, 3.0])


def oracle_clip(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(x, low), high)


def oracle_xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y))


ORACLES: dict[str, Callable[..., np.ndarray]] = {
    "max": np.maximum,
    "min": np.minimum,
    "clip": oracle_clip,
    "where": lambda test, x, y: np.where(test != 0, x, y),
    "relu": lambda x: np.maximum(x, 0.0),
    "heaviside": lambda x: np.heaviside(x, 0.5),
    "not": lambda x: np.logical_not(x).astype(float),
    "and": lambda x, y: np.logical_and(x, y).astype(float),
    "or": lambda x, y: np.logical_or(x, y).astype(float),
    "copysign": lambda x, y: np.where(np.isnan(y), NAN, np.copysign(x, y)),
    "xlogy": oracle_xlogy,
    "sigmoid": lambda x: np.where(x >= 0, 1.0, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x))),
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_spread(name: str) -> None:
    entry = FUNCTIONS.get(name) or OPERATORS[name]
    rng = np.random.default_rng(1)
    for shapes in product(SHAPES, repeat=len(entry.arguments)):
        whole = np.broadcast_shapes((3, 7), *shapes)
        for layout in "CF":
            arguments = [rng.choice(VALUES, shape) for shape in shapes]
            before = [argument.copy() for argument in arguments]
            out = np.full(whole, 99.0, order=layout)
            with np.errstate(all="ignore"):
                entry.kernel(*arguments, out)
                want = ORACLES[name](*arguments)
            np.testing.assert_array_equal(out, np.broadcast_to(want, whole))
            for argument, old in zip(arguments, before, strict=True):
                np.testing.assert_array_equal(argument, old)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (4,)])
def test_no_rows_one_row_and_none(name: str, shape: tuple[int, ...]) -> None:
    entry = FUNCTIONS.get(name) or OPERATORS[name]
    out = np.full(shape, 99.0)
    with np.errstate(all="ignore"):
        entry.kernel(*[np.full(shape, 0.5) for _ in entry.arguments], out)
        want = ORACLES[name](*[np.full(shape, 0.5) for _ in entry.arguments])
    np.testing.assert_array_equal(out, want)


def test_put_writes_where_the_test_holds() -> None:
    out = np.zeros((2, 3))
    put(out, np.array([1.0, 2.0, 3.0]), np.array([[True], [False]]))
    np.testing.assert_array_equal(out, [[1, 2, 3], [0, 0, 0]])
    put(out, np.array([[4.0], [5.0]]), out == 0)
    np.testing.assert_array_equal(out, [[1, 2, 3], [5, 5, 5]])
    put(out, 7.0, out == 5)
    np.testing.assert_array_equal(out, [[1, 2, 3], [7, 7, 7]])
