"""Run all benchmarks and print them; with ``--write`` they go into docs/benchmarks.md as well."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import certified, fits, gradient, language

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
SUBJECTS = (fits, gradient, language, certified)

HOW = """# Benchmarks

Written by `python -m tests.benchmarks --write`, in one run of some twenty seconds. Blocks of calls
alternate between the contenders. A time is the median over the blocks; a ratio is the median of the
ratios within each round, with their quartiles in brackets. Caches are warm, as from the second fit of a
session on."""


def machine() -> str:
    """Describe the machine without naming it."""
    packages = ("numpy", "scipy", "lmfit", "lambdaml")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}."


def main() -> None:
    """Run all."""
    print(machine())
    tables = []
    for subject in SUBJECTS:
        for table in subject.tables():
            tables.append(table)
            print(f"\n{table.text()}", flush=True)
    if "--write" in sys.argv[1:]:
        sections = [HOW, f"Machine: {machine()}", *(table.markdown() for table in tables)]
        PAGE.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
