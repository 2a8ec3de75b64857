"""A Jacobian in memory, against derivatives written by hand."""

from __future__ import annotations

import numpy as np

import lambdaml_dsl as ld
from lambdaml_dsl.objective.squares import SquaredResiduals
from tests.benchmarks.findings import Findings
from tests.benchmarks.peaks import ROWS, Peaks
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

COUNT = 30
AGREEMENT = 1e-13  # of the largest derivative

METHOD = (
    f"A sum of {COUNT} Gaussian peaks, {3 * COUNT} parameters, {ROWS:,} rows: values and the derivatives "
    "of every row by every parameter, one array in memory. NumPy: written by hand, peak by peak, each "
    f"exponential once, straight into the array. The Jacobians agree to {AGREEMENT:g} of their largest "
    "number."
)


def measure() -> Findings:
    """Time both."""
    peaks = Peaks(COUNT)
    theta, x = peaks.theta, peaks.x
    objective = ld.Model(peaks.text).bind({"x": x, "y": np.zeros(ROWS)})
    assert isinstance(objective, SquaredResiduals)
    values, exact = peaks.derivatives(theta, x)
    residuals, found = objective.linearise(theta)
    np.testing.assert_allclose(residuals, values, rtol=0, atol=AGREEMENT)
    np.testing.assert_allclose(found, exact, rtol=0, atol=AGREEMENT * np.abs(exact).max())
    times = alternate(
        {
            "lambdaml_dsl, complex step": lambda: objective.linearise(theta),
            "NumPy, by hand": lambda: peaks.derivatives(theta, x),
        },
        rounds=21,
        block=0.05,
    )
    ours, by_hand = times.values()
    ratio = ours.over(by_hand)
    rows = tuple([(name, str(time), str(time.over(by_hand))) for name, time in times.items()])
    table = Table("Jacobian in memory", METHOD, ("", "one Jacobian", "times NumPy's"), rows)
    return Findings((table,), {"jacobian/numpy": ratio})
