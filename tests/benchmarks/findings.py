"""What a subject finds: tables for the page, figures for the targets and the guard, points for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.benchmarks.table import Table
from tests.benchmarks.timing import Quartiles


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured of a subject.

    Attributes
    ----------
    tables : tuple of Table
        The sections of the page.
    figures : mapping of str to Quartiles
        By the keys of `tests.benchmarks.targets`.
    missing : tuple of str
        The peers that are not installed; what needs them was left out.
    points : mapping of str to list of (float, float)
        Lines of a picture, by name.
    """

    tables: tuple[Table, ...]
    figures: Mapping[str, Quartiles] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    points: Mapping[str, list[tuple[float, float]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give it in the types that JSON has."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Findings:
        """Read it back."""
        tables = [
            Table(**{**table, "titles": tuple(table["titles"]), "rows": tuple(map(tuple, table["rows"]))})
            for table in stored["tables"]
        ]
        points = {name: [(x, y) for x, y in line] for name, line in stored["points"].items()}
        figures = {key: Quartiles(**figure) for key, figure in stored["figures"].items()}
        return cls(tuple(tables), figures, tuple(stored["missing"]), points)
