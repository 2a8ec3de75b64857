"""The page docs/benchmarks.md: the table of targets, then a section for each subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from tests.benchmarks import guard
from tests.benchmarks.findings import Findings
from tests.benchmarks.peers import HOW
from tests.benchmarks.stored import Stored, figures_of
from tests.benchmarks.table import Table
from tests.benchmarks.targets import NOTES, TARGETS
from tests.benchmarks.timing import Quartiles

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "benchmarks.md"

INTRODUCTION = f"""# Benchmarks

This page, its pictures and the figures behind them are written by one command, in a minute or two:

```sh
{HOW}
python -m tests.benchmarks --write
```

Each subject has a process of its own. Every contender is first made to give the same numbers; then blocks
of calls alternate between the contenders, in that one process. A time is the median over the blocks; a
ratio is the median of the ratios within each round, with their quartiles in brackets. Caches are warm, as
from the second call of a session on."""

BARS = "pictures/benchmarks.svg"
ROWS = "pictures/rows.svg"

PICTURES = f"""![Times over those of the peers]({BARS})

![Time for each row, and peak memory, against the number of rows]({ROWS})"""

GUARD = f"""## Guard

`python -m tests.benchmarks --guard` measures again and compares with the figures of this page, which are
stored beside the benchmarks. It fails, and names them, where ratios are worse by more than a factor of
{guard.FACTOR:g}, even at their better quartile. It compares ratios, never seconds.
`python -m tests.benchmarks gradient values` runs some subjects alone; `--write` and `--guard` go with that
too. A subject whose peer is not installed says so, and the rest runs."""

GOALS = (
    "The targets are for two cores. Medians are held against them. Time is to grow with the rows in a "
    "straight line and memory not at all; of both, 20 % more is taken as met."
)


def targets_table(figures: Mapping[str, Quartiles]) -> Table:
    """Give the table of targets: what was to be reached, what was measured, met or missed."""
    rows = []
    for target in TARGETS:
        if target.limit is None:
            continue
        figure = figures.get(target.key)
        measured = (
            ("not measured", "") if figure is None else (target.written(figure), target.verdict(figure))
        )
        rows.append((target.benchmark, target.against, target.goal, *measured))
    return Table("Targets", GOALS, ("benchmark", "against", "target", "measured", ""), tuple(rows))


def page_of(stored: Stored) -> str:
    """Write the page."""
    sections: Iterable[str] = chain.from_iterable(sections_of(found) for _, found in stored.values())
    figures = figures_of(stored)
    targets = [targets_table(figures).markdown(), *notes(figures)]
    parts = [INTRODUCTION, *machines(stored), *targets, PICTURES]
    return "\n\n".join([*parts, *sections, GUARD]) + "\n"


def notes(figures: Mapping[str, Quartiles]) -> list[str]:
    """Say of the targets that are missed what the profile shows, where that is known."""
    missed = [
        target for target in TARGETS if target.key in figures and target.verdict(figures[target.key]) != "met"
    ]
    known = [f"- {each.benchmark}, {each.against}: {NOTES[each.key]}" for each in missed if each.key in NOTES]
    return ["\n".join(["What the profile shows where a target is missed:", "", *known])] if known else []


def machines(stored: Stored) -> list[str]:
    """Name the machine; the machines, where subjects were measured on several."""
    of: dict[str, list[str]] = {}
    for subject, (machine, _) in stored.items():
        of.setdefault(machine, []).append(subject)
    if len(of) == 1:
        return [f"Machine: {next(iter(of))}"]
    return [f"Machine for {', '.join(subjects)}: {machine}" for machine, subjects in of.items()]


def sections_of(found: Findings) -> list[str]:
    """Write the sections of a subject."""
    return [table.markdown() for table in found.tables]
