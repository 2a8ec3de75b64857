"""All sets of NIST's reference data for nonlinear regression that are at hand, from both starts."""

from __future__ import annotations

import json
import math
from pathlib import Path

import lambdaml_dsl as ld
from lambdaml_dsl.objective.table import read_table
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "nist"

METHOD = (
    "Sets of NIST's Statistical Reference Datasets, each fitted from both of its starts; the data are read "
    "before. Digits are those in which a value agrees with the certified one, the worst of all values of all "
    "fits; 11 are certified."
)


def measure() -> Findings:
    """Time all fits together; nothing where the data are not at hand."""
    if not (FOLDER / "nist.json").is_file():
        return Findings(())
    sets = json.loads((FOLDER / "nist.json").read_text(encoding="utf-8"))["sets"]
    fits = [
        (ld.Model(f"{item['response']} ~ {item['formula']}"), item, item[start])
        for item in sets
        for start in ("start1", "start2")
    ]
    data = {item["name"]: read_table(FOLDER / f"{item['name']}.csv") for item in sets}

    def run() -> list[ld.FitResult]:
        return [model.fit(data[item["name"]], start=start) for model, item, start in fits]

    results = run()
    digits = min(
        -math.log10(max(abs(result.values[name] - value) / abs(value), 1e-16))
        for result, (_, item, _) in zip(results, fits, strict=True)
        for name, value in item["certified"].items()
    )
    time = alternate({"all": run}, rounds=7, block=0.0)["all"]
    converged = sum(result.converged for result in results)
    row = (f"{len(sets)} x 2", str(converged), f"{digits:.1f}", str(time))
    return Findings((Table("NIST", METHOD, ("fits", "converged", "digits", "all together"), (row,)),))
