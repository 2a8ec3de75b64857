"""What was measured last, in a file beside the benchmarks: the page and the pictures are made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tests.benchmarks.findings import Findings
from tests.benchmarks.timing import Quartiles

FILE = Path(__file__).with_name("measured.json")

Stored: TypeAlias = Mapping[str, tuple[str, Findings]]
"""By subject: the machine, and what was found on it."""


def load() -> Stored:
    """Read it; nothing where there is no file yet."""
    if not FILE.exists():
        return {}
    read = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        subject: (each["machine"], Findings.from_json(each["findings"])) for subject, each in read.items()
    }


def save(stored: Stored) -> None:
    """Write it."""
    plain: dict[str, Any] = {
        subject: {"machine": machine, "findings": found.as_json()}
        for subject, (machine, found) in stored.items()
    }
    FILE.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def figures_of(stored: Stored) -> dict[str, Quartiles]:
    """Give the figures of all subjects together."""
    return {key: figure for _, found in stored.values() for key, figure in found.figures.items()}
