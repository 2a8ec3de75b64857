"""Central differences by dependency, against evaluating the whole formula at every point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import lambdaml_dsl as ld
from lambdaml_dsl.program.threads import on_rows
from tests.benchmarks.findings import Findings
from tests.benchmarks.peaks import ROWS, Peaks
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

COUNTS = (3, 10, 30)
STEP = np.finfo(float).eps ** (1 / 3)
AGREEMENT = 1e-6  # of the largest derivative: what the quotients themselves leave

METHOD = (
    f"Sums of 3, 10 and 30 Gaussian peaks, each with amplitude, place and width, {ROWS:,} rows: the values and "
    "the derivatives of every row by every parameter, by central differences. Ours: `diff_method=\"central\"`, "
    "which evaluates again only what a step reaches, and steps no parameter in which the formula is affine. "
    "Against it the same engine, on the same threads, that evaluates the whole formula at the two points of "
    "each parameter; and the same in NumPy with a function written by hand. The Jacobians agree to "
    f"{AGREEMENT:g} of their largest number."
)


def quotients(values: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Evaluate all at the two points of each parameter: the value and its derivatives, shape (1 + P, n)."""
    value = values(theta)
    out = np.empty((1 + theta.size, value.size))
    out[0] = value
    for k, size in enumerate(np.abs(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += STEP * size
        down[k] -= STEP * size
        np.subtract(values(up), values(down), out=out[1 + k])
        out[1 + k] /= up[k] - down[k]
    return out


def measure() -> Findings:
    """Time the Jacobians."""
    rows, figures = [], {}
    for count in COUNTS:
        peaks = Peaks(count)
        theta, x = peaks.theta, peaks.x
        model = ld.Model(peaks.text)
        objective = model.bind({"x": x, "y": np.zeros(ROWS)}, diff_method="central")
        engine = on_rows(model.program, {"x": x}, ROWS)
        exact = peaks.derivatives(theta, x)[1]
        tolerance = AGREEMENT * np.abs(exact).max()
        contenders = {
            "ours": lambda objective=objective, theta=theta: objective.linearise(theta),
            "engine": lambda engine=engine, theta=theta: quotients(lambda p: engine(p)[0], theta),
            "NumPy": lambda peaks=peaks, theta=theta, x=x: quotients(lambda p: peaks.values(p, x), theta),
        }
        np.testing.assert_allclose(contenders["ours"]()[1], exact, rtol=0, atol=tolerance)
        for name in ("engine", "NumPy"):
            np.testing.assert_allclose(contenders[name]()[1:], exact, rtol=0, atol=tolerance)
        times = alternate(contenders, rounds=9, block=0.05)
        ours, engines, numpys = times.values()
        figures[f"differences/{count}"] = engines.over(ours)
        figures[f"differences/numpy-{count}"] = numpys.over(ours)
        figure_texts = (str(engines.over(ours)), str(numpys.over(ours)))
        rows.append((str(count), str(theta.size), *map(str, times.values()), *figure_texts))
    titles = ("peaks", "parameters", "ours", "all again", "NumPy, all again", "all again/ours", "NumPy/ours")
    return Findings((Table("Differences by dependency", METHOD, titles, tuple(rows)),), figures)
