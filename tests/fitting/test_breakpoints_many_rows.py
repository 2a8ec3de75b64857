"""Breakpoints of many rows: a few rows at an end are found, and what the data do not place is said."""

import numpy as np
import pytest

import lambdaml_dsl as ld

STEP = "y ~ where(x < b, c, d)"
LOST = "b only moves a step, but the data do not place it: any value fits these rows alike."


def lowest_step(y):
    """Give the lowest sum of squares of two levels, rows being in order, and the rows of the first."""
    below = np.arange(1, len(y))
    sums = np.cumsum(y - y.mean())[:-1]
    gains = sums**2 * len(y) / (below * (len(y) - below))
    return float(np.sum((y - y.mean()) ** 2) - gains.max()), int(below[gains.argmax()])


@pytest.mark.parametrize(("n", "rows", "last"), [(5000, 9, True), (3000, 1, False), (9000, 4, False)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_few_rows_at_an_end(n, rows, last, seed):
    random = np.random.default_rng([seed, n])
    x = np.linspace(0, 10, n)
    y = random.normal(size=n)
    y[-rows:] += 8 * last
    y[:rows] += 8 * (not last)
    rss, split = lowest_step(y)
    order = random.permutation(n)
    result = ld.fit(STEP, {"x": x[order], "y": y[order]})
    assert result.converged
    assert result.rss == pytest.approx(rss, rel=1e-10)
    assert result.params["b"].between == pytest.approx((x[split - 1], x[split]), rel=1e-12)


def test_a_few_rows_at_an_end_beyond_a_bend():
    x = np.linspace(0, 10, 4000)
    y = 1 + 0.1 * x + 0.3 * np.random.default_rng(3).normal(size=len(x))
    y += 400 * np.maximum(x - x[-6], 0)
    result = ld.fit("y ~ c + d*x + g*max(x - b, 0)", {"x": x, "y": y})
    assert result.converged
    assert x[-8] < result.values["b"] < x[-4]


@pytest.mark.parametrize("n", [300, 700, 3000])
@pytest.mark.parametrize("level", [0.0, 3.0, 0.1])
def test_data_that_do_not_place_a_step(n, level):
    x = np.linspace(0, 10, n)
    result = ld.fit(STEP, {"x": x, "y": np.full(n, level)})
    assert result.params["b"].between == (-np.inf, np.inf)
    assert LOST in result.notes
    bounded = ld.fit(STEP, {"x": x, "y": np.full(n, level)}, bounds={"b": (2, 7)})
    assert bounded.params["b"].between == (2, 7)
    assert LOST in bounded.notes


def test_an_interval_over_many_rows_is_given_whole():
    x = np.linspace(0, 10, 1001)
    model = "y ~ where(x < b, 1, where(x < 8, 1, d))"  # below 8 no row tells where b is
    result = ld.fit(model, {"x": x, "y": np.where(x < 8, 1.0, 2.0)}, start={"b": 0.05})
    assert result.params["b"].between == (-np.inf, 8)
    assert "b only moves a step: found by search; the data place it below 8." in result.notes
