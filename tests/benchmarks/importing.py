"""What ``import lambdaml_dsl`` takes, beyond what NumPy takes anyway."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Quartiles, Timing

PROCESSES = 15

SCRIPT = """
from time import perf_counter
start = perf_counter()
import numpy
between = perf_counter()
import lambdaml_dsl
end = perf_counter()
assert "scipy" not in __import__("sys").modules
print(between - start, end - between)
"""

METHOD = (
    f"In each of {PROCESSES} fresh processes, NumPy is imported first, then the package: the second time "
    "is what the package takes beyond NumPy. Byte code and files are in the caches. SciPy is not among "
    "what is imported."
)


def times() -> tuple[float, float]:
    """Give the seconds that NumPy takes in a fresh process, and those that the package takes after it."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    numpy, ours = map(float, done.stdout.split())
    return numpy, ours


def measure() -> Findings:
    """Time the imports."""
    times()  # leaves the byte code
    numpy, ours = map(Timing, zip(*[times() for _ in range(PROCESSES)], strict=True))
    figures = {
        "importing/beyond-numpy": Quartiles.of([1e3 * seconds for seconds in ours.blocks]),
        "importing/numpy": ours.over(numpy),
    }
    rows = (
        ("numpy", str(numpy), ""),
        ("lambdaml_dsl, beyond NumPy", str(ours), str(figures["importing/numpy"])),
    )
    return Findings((Table("Import", METHOD, ("", "time", "times NumPy's"), rows),), figures)
