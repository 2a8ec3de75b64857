"""Run the benchmarks: all of them, or those named.

With ``--write`` the page docs/benchmarks.md, its pictures and the figures that the guard reads are made anew;
with ``--guard`` what is measured is compared with those figures. ``--render`` makes page and pictures again
of the figures of the last time.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from tests.benchmarks import guard, page, peers, pictures, stored, subjects
from tests.benchmarks.findings import Findings
from tests.benchmarks.subjects import SUBJECTS


def machine() -> str:
    """Describe the machine without naming it."""
    packages = ("numpy", "scipy", *[name for name in peers.PEERS if not peers.missing((name,))])
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}."


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    reader = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    reader.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    what = reader.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write the page, its pictures and the figures")
    what.add_argument("--render", action="store_true", help="write the page again, and measure nothing")
    what.add_argument("--guard", action="store_true", help="fail where a ratio has become worse")
    given = reader.parse_args(arguments)
    for name in given.subjects:
        if name not in SUBJECTS:
            reader.error(f"there is no subject '{name}'; there are {', '.join(SUBJECTS)}")
    return given


def run(names: Sequence[str]) -> dict[str, Findings]:
    """Measure subjects, and print them as they come."""
    found = {}
    for name in names:
        findings = found[name] = subjects.measure(name)
        for peer in findings.missing:
            print(f"\n{name}: {peer} is not installed; what needs it is left out ({peers.HOW})")
        for table in findings.tables:
            print(f"\n{table.text()}", flush=True)
    return found


def write(found: Mapping[str, Findings]) -> None:
    """Put what was measured in the place of what was stored, and make the page of it."""
    own = machine()
    old = stored.load()
    new = {**old, **{name: (own, findings) for name, findings in found.items()}}
    new = {name: new[name] for name in SUBJECTS if name in new}
    stored.save(new)
    render(new)


def render(what: stored.Stored) -> None:
    """Make the page and its pictures of what is stored."""
    page.PAGE.write_text(page.page_of(what), encoding="utf-8")
    pictures.draw_bars(stored.figures_of(what), page.DOCS / page.BARS)
    if "rows" in what:
        pictures.draw_rows(what["rows"][1].points, page.DOCS / page.ROWS)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write or compare."""
    given = read(arguments)
    if given.render:
        render(stored.load())
        return 0
    print(machine())
    found = run([name for name in SUBJECTS if name in (given.subjects or SUBJECTS)])
    figures = {key: figure for findings in found.values() for key, figure in findings.figures.items()}
    print(f"\n{page.targets_table(figures).text()}")
    if given.write:
        write(found)
    if given.guard:
        words, well = guard.report(stored.figures_of(stored.load()), figures)
        print(f"\n{words}")
        return 0 if well else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
