"""Values of a formula over many rows, against NumPy written by hand and numexpr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import lambdaml_dsl as ld
from tests.benchmarks import flagship, peers
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

ROWS = 1_000_000
AGREEMENT = 1e-14
EXPRESSION = "1/(1 + exp(-a*exp(-lam*abs(x0))*cos(w*x1 + phi)))"

METHOD = (
    f"`{flagship.TEXT}`, {ROWS:,} rows, an array of values. Ours: `Model.evaluate`, which reads the data "
    "each time and keeps nothing from one call to the next. NumPy: written by hand, on columns. numexpr: "
    f"`{EXPRESSION}`, on as many threads as there are cores. The values agree to a relative {AGREEMENT:g}."
)


def measure() -> Findings:
    """Time all on the same data."""
    data, params = flagship.data(ROWS), flagship.TRUTH
    inputs = {name: data[name] for name in ("x0", "x1")}
    model = ld.Model(flagship.TEXT)
    missing = peers.missing(("numexpr",))
    contenders: dict[str, Callable[[], Any]] = {
        "lambdaml_dsl": lambda: model.evaluate(inputs, params),
        "NumPy, by hand": lambda: flagship.by_hand(data["x0"], data["x1"], params),
    }
    keys = {"NumPy, by hand": "values/numpy"}
    if not missing:
        numexpr = peers.numexpr()
        names = {**inputs, **params}
        contenders["numexpr"] = lambda: numexpr.evaluate(EXPRESSION, local_dict=names)
        keys["numexpr"] = "values/numexpr"
    expected = contenders["NumPy, by hand"]()
    for name, contender in contenders.items():
        np.testing.assert_allclose(contender(), expected, rtol=AGREEMENT, err_msg=name)
    times = alternate(contenders, rounds=15, block=0.05)
    ours = times["lambdaml_dsl"]
    figures = {key: ours.over(times[name]) for name, key in keys.items()}
    rows = tuple([(name, str(time), str(ours.over(time))) for name, time in times.items()])
    table = Table("Values", METHOD, ("", "all values", "ours over this"), rows)
    return Findings((table,), figures, missing)
