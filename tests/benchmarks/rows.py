"""Rows from a thousand to a hundred million: time for each, and peak memory.

As a program, ``python -m tests.benchmarks.rows streamed 1000000`` makes one pass and prints the most memory
that the process had.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linprog

import lambdaml_dsl as ld
from tests.benchmarks import flagship
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Quartiles, Timing, alternate

BLOCK = 250_000
VALUE_AGREEMENT, GRADIENT_AGREEMENT = 1e-11, 1e-9
SIZES = {"streamed": tuple([10**k for k in range(3, 9)]), "in memory": tuple([10**k for k in range(3, 8)])}
MANY = 100_000
"""From so many rows on, time per row is compared without taking off what a pass costs whatever its rows."""

METHOD = (
    f"`{flagship.TEXT}`, sum of squares and gradient in one pass. Streamed: `Model.bind` with a function "
    f"that gives blocks of {BLOCK:,} rows, each a dict of slices of one block that was made before, so "
    "that generating takes no time; checking and binding each block is part of what is timed. In memory: "
    "bound before. The line is a fixed time and a time per row, so chosen that its largest relative "
    "distance from a time is as small as can be. Peak memory is that of a fresh process that imports the "
    "package, makes its data and one pass."
)


def blocks_of(block: dict[str, Any], rows: int) -> Iterator[dict[str, Any]]:
    """Give so many rows, block by block."""
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        yield {name: column[:size] for name, column in block.items()}


def streamed(rows: int) -> Callable[[], tuple[float, Any]]:
    """Give a pass over streamed rows."""
    objective = ld.Model(flagship.TEXT).bind(partial(blocks_of, flagship.data(BLOCK), rows))
    return lambda: objective.value_and_gradient(flagship.THETA)


def in_memory(rows: int) -> Callable[[], tuple[float, Any]]:
    """Give a pass over the same rows, in memory."""
    block = flagship.data(BLOCK)
    data = {name: np.resize(column, rows) for name, column in block.items()}
    objective = ld.Model(flagship.TEXT).bind(data)
    return lambda: objective.value_and_gradient(flagship.THETA)


WAYS: dict[str, Callable[[int], Callable[[], tuple[float, Any]]]] = {
    "streamed": streamed,
    "in memory": in_memory,
}


def most_memory() -> float:
    """Give the most memory that this process had, in megabytes.

    Where there is /proc it tells; the other figure begins with that of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def memory_of(way: str, rows: int) -> float:
    """Give the peak memory of a fresh process that makes one pass, in megabytes."""
    command = [sys.executable, "-m", "tests.benchmarks.rows", way, str(rows)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    return float(json.loads(done.stdout))


def nearest_line(sizes: list[float], seconds: list[float]) -> tuple[float, float, float]:
    """Give the line whose largest relative distance from a time is least.

    Returns
    -------
    fixed, per_row : float
        Seconds.
    factor : float
        The largest factor by which a time is off.

    Examples
    --------
    >>> fixed, per_row, factor = nearest_line([1.0, 10.0, 100.0], [3.0, 12.0, 102.0])
    >>> round(fixed, 9), round(per_row, 9), round(factor, 9)
    (2.0, 1.0, 1.0)
    """
    # Unknowns: fixed, per_row, d; the line over the time is between 1 - d and 1 + d, and d least.
    n, t = np.array(sizes), np.array(seconds)
    relative = np.column_stack([1 / t, n / t])
    ones = np.ones((len(n), 1))
    found: Any = linprog(
        [0, 0, 1],
        A_ub=np.block([[relative, -ones], [-relative, -ones]]),
        b_ub=np.concatenate([ones[:, 0], -ones[:, 0]]),
    )
    fixed, per_row, _ = found.x
    off = t / (fixed + per_row * n)
    return float(fixed), float(per_row), float(max(off.max(), 1 / off.min()))


def measure() -> Findings:
    """Time passes over all sizes in alternation, then measure memory, each in its own process."""
    passes = {(way, rows): WAYS[way](rows) for way, sizes in SIZES.items() for rows in sizes}
    for rows in SIZES["in memory"]:
        value, gradient = passes["streamed", rows]()
        expected_value, expected_gradient = passes["in memory", rows]()
        np.testing.assert_allclose(value, expected_value, rtol=VALUE_AGREEMENT)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=GRADIENT_AGREEMENT)
    times = alternate({f"{way} {rows}": each for (way, rows), each in passes.items()}, rounds=5, block=0.02)
    memory = {(way, rows): memory_of(way, rows) for way, rows in passes}
    tables: list[Table] = []
    points: dict[str, list[tuple[float, float]]] = {}
    for way, sizes in SIZES.items():
        own = {rows: times[f"{way} {rows}"] for rows in sizes}
        tables.append(table_of(way, own, {rows: memory[way, rows] for rows in sizes}))
        points[f"time per row, {way}"] = [(rows, time.median / rows) for rows, time in own.items()]
        points[f"memory, {way}"] = [(rows, memory[way, rows]) for rows in sizes]
    medians = {rows: times[f"streamed {rows}"].median for rows in SIZES["streamed"]}
    per_row = [seconds / rows for rows, seconds in medians.items() if rows >= MANY]
    # At fewer rows a block is not full: what must not grow is the memory beyond a few blocks.
    last, first = max(SIZES["streamed"]), 4 * BLOCK
    figures = {
        "rows/line": Quartiles.of([nearest_line(list(medians), list(medians.values()))[2]]),
        "rows/per-row": Quartiles.of([max(per_row) / min(per_row)]),
        "rows/memory": Quartiles.of([memory["streamed", last] / memory["streamed", first]]),
    }
    return Findings(tuple(tables), figures, points=points)


def table_of(way: str, times: dict[int, Timing], memory: dict[int, float]) -> Table:
    """Lay out what was measured of one way."""
    fixed, per_row, _ = nearest_line(list(times), [time.median for time in times.values()])
    rows = []
    for size, time in times.items():
        line = fixed + per_row * size
        figures = (
            f"{time.median / size * 1e9:.1f} ns",
            f"{time.median / line:.2f}",
            f"{memory[size]:.0f} MB",
        )
        rows.append((f"{size:,}", str(time), *figures))
    words = f"The line: {fixed * 1e6:.0f} us and {per_row * 1e9:.1f} ns per row."
    titles = ("rows", "one pass", "per row", "times the line", "peak memory")
    method = f"{METHOD} {words}" if way == "streamed" else words
    return Table(f"Rows, {way}", method, titles, tuple(rows))


if __name__ == "__main__":
    WAYS[sys.argv[1]](int(sys.argv[2]))()
    print(json.dumps(most_memory()))
