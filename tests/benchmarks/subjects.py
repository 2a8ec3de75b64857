"""The subjects, each measured in a process of its own: nothing that one leaves behind reaches the next.

As a program, ``python -m tests.benchmarks.subjects values`` measures a subject and prints what it found as
JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tests.benchmarks.findings import Findings

SUBJECTS = (
    *("gradient", "differences", "jacobian", "values", "network"),
    *("language", "fits", "certified", "rows", "importing"),
)
"""The modules, in the order of the page."""


def measure(name: str) -> Findings:
    """Measure a subject in a fresh process; what that process says of errors is seen."""
    command = [sys.executable, "-m", "tests.benchmarks.subjects", name]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root)
    return Findings.from_json(json.loads(done.stdout))


if __name__ == "__main__":
    found: Findings = import_module(f"tests.benchmarks.{sys.argv[1]}").measure()
    print(json.dumps(found.as_json()))
