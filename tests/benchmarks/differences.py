"""Central differences by dependency, against evaluating the whole formula at every point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import lambdaml_dsl as ld
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.program.evaluate import Evaluation
from lambdaml_dsl.program.threads import on_rows
from tests.benchmarks.findings import Findings
from tests.benchmarks.peaks import ROWS, Peaks
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Timing, alternate

COUNTS = (3, 10, 30)
STEP = np.finfo(float).eps ** (1 / 3)
AGREEMENT = 1e-6  # of the largest derivative: what the quotients themselves leave

METHOD = (
    f"Sums of 3, 10 and 30 Gaussian peaks, each with amplitude, place and width, {ROWS:,} rows: the values "
    "and the derivatives of every row by every parameter, by central differences. Ours: "
    '`diff_method="central"`, which evaluates again only what a step reaches, and steps no parameter in '
    "which the formula is affine. Against it the same engine that evaluates the whole formula at the two "
    "points of each parameter, on one thread and in the way that it chooses for so many rows, of which "
    "the quicker counts; and the same in NumPy with a function written by hand. The Jacobians agree to "
    f"{AGREEMENT:g} of their largest number."
)


def quotients(values: Callable[[FloatArray], FloatArray], theta: FloatArray) -> FloatArray:
    """Evaluate all at the two points of each parameter: the derivatives, shape (P, n)."""
    out = np.empty((theta.size, ROWS))
    for k, size in enumerate(np.abs(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += STEP * size
        down[k] -= STEP * size
        np.subtract(values(up), values(down), out=out[k])
        out[k] /= up[k] - down[k]
    return out


def measure() -> Findings:
    """Time the Jacobians."""
    rows, figures = [], {}
    for count in COUNTS:
        times = compare(Peaks(count))
        ours = times["ours"]
        engine = min(times["all again, one thread"], times["all again"], key=lambda time: time.median)
        figures[f"differences/{count}"] = engine.over(ours)
        figures[f"differences/numpy-{count}"] = times["NumPy, all again"].over(ours)
        ratios = [str(figures[f"differences/{key}"]) for key in (f"{count}", f"numpy-{count}")]
        rows.append((str(count), str(3 * count), *map(str, times.values()), *ratios))
    titles = ("peaks", "parameters", *times, "all again/ours", "NumPy/ours")
    return Findings((Table("Differences by dependency", METHOD, titles, tuple(rows)),), figures)


def compare(peaks: Peaks) -> dict[str, Timing]:
    """Make sure that all contenders find the same, then time them."""
    theta, x = peaks.theta, peaks.x
    model = ld.Model(peaks.text)
    objective = model.bind({"x": x, "y": np.zeros(ROWS)}, diff_method="central")
    assert isinstance(objective, SquaredResiduals)
    one, chosen = Evaluation(model.program, {"x": x}, ROWS), on_rows(model.program, {"x": x}, ROWS)
    contenders: dict[str, Callable[[], FloatArray]] = {
        "ours": lambda: objective.linearise(theta)[1],
        "all again, one thread": lambda: quotients(lambda p: one(p)[0], theta),
        "all again": lambda: quotients(lambda p: chosen(p)[0], theta),
        "NumPy, all again": lambda: quotients(lambda p: peaks.values(p, x), theta),
    }
    exact = peaks.derivatives(theta, x)[1]
    for name, contender in contenders.items():
        tolerance = AGREEMENT * np.abs(exact).max()
        np.testing.assert_allclose(contender(), exact, rtol=0, atol=tolerance, err_msg=name)
    return alternate(contenders, rounds=7, block=0.03)
