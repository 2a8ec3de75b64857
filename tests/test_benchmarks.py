"""The benchmarks without their clock: targets, the guard, and the page and pictures of what was measured."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import (
    differences,
    guard,
    language,
    network,
    page,
    peers,
    pictures,
    rows,
    stored,
    subjects,
    targets,
    timing,
)
from tests.benchmarks.__main__ import main, read
from tests.benchmarks.findings import Findings
from tests.benchmarks.peaks import ROWS, Peaks
from tests.benchmarks.subjects import SUBJECTS
from tests.benchmarks.table import Table
from tests.benchmarks.targets import FASTER, MILLISECONDS, SHARE, TARGETS, Target
from tests.benchmarks.timing import Quartiles, Timing, alternate

ROOT = Path(__file__).resolve().parent.parent
FASTER_BY_20 = Target("gradient/x", "a gradient", "a peer", FASTER, 20)
AT_MOST_0_8 = Target("gradient/y", "a gradient", "a peer", SHARE, 0.8)
IN_150_MS = Target("importing/x", "import", "", MILLISECONDS, 150)


@pytest.mark.parametrize("module", [guard, pictures, rows, targets, timing], ids=lambda each: each.__name__)
def test_examples_of_the_benchmarks(module) -> None:
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0


@pytest.mark.parametrize(
    ("target", "figure", "verdict", "written"),
    [
        (FASTER_BY_20, Quartiles(19, 25, 26), "met", "25.00 (19.00 to 26.00)"),
        (FASTER_BY_20, Quartiles(9, 10, 30), "missed by a factor of 2.00", "10.00 (9.00 to 30.00)"),
        (FASTER_BY_20, Quartiles(20, 20, 20), "met", "20.00"),
        (AT_MOST_0_8, Quartiles(0.7, 0.79, 0.9), "met", "0.79 (0.70 to 0.90)"),
        (AT_MOST_0_8, Quartiles(0.7, 1.2, 1.3), "missed by a factor of 1.50", "1.20 (0.70 to 1.30)"),
        (IN_150_MS, Quartiles(148, 149, 151), "met", "149 (148 to 151) ms"),
        (IN_150_MS, Quartiles(179, 180, 181), "missed by a factor of 1.20", "180 (179 to 181) ms"),
    ],
)
def test_verdicts(target: Target, figure: Quartiles, verdict: str, written: str) -> None:
    assert target.verdict(figure) == verdict
    assert target.written(figure) == written


def test_goals() -> None:
    goals = [target.goal for target in (FASTER_BY_20, AT_MOST_0_8, IN_150_MS)]
    assert goals == ["at least 20 times as fast", "at most 0.8 of its time", "at most 150 ms"]


def test_ratios_are_taken_round_by_round() -> None:
    ours, other = Timing((1.0, 2.0, 3.0)), Timing((2.0, 2.0, 2.0))
    assert ours.ratios(other) == [0.5, 1.0, 1.5]
    assert ours.over(other) == Quartiles(0.5, 1.0, 1.5)
    assert FASTER_BY_20.time_over_peer(Quartiles(2, 4, 8)) == Quartiles(1 / 8, 1 / 4, 1 / 2)
    assert AT_MOST_0_8.time_over_peer(Quartiles(2, 4, 8)) == Quartiles(2, 4, 8)


def test_contenders_take_turns() -> None:
    calls: list[str] = []
    times = alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=4, block=0.0)
    assert calls[-8:] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert [len(time.blocks) for time in times.values()] == [4, 4]


def test_the_line_is_found_among_times_that_are_off_it() -> None:
    sizes = [1e3, 1e4, 1e5, 1e6]
    off = np.array([1.1, 0.9, 1.1, 0.9])
    fixed, per_row, factor = rows.nearest_line(sizes, list((2e-5 + 1e-8 * np.array(sizes)) * off))
    assert 1.0 < factor < 1.12
    assert fixed == pytest.approx(2e-5, rel=0.15)
    assert per_row == pytest.approx(1e-8, rel=0.15)


class TestGuard:
    STORED = {  # noqa: RUF012
        "gradient/lambdaml-central": Quartiles(11.0, 12.0, 13.0),
        "values/numpy": Quartiles(0.4, 0.5, 0.6),
        "importing/beyond-numpy": Quartiles(100.0, 100.0, 100.0),
    }

    def test_nothing_is_worse(self) -> None:
        words, well = guard.report(self.STORED, self.STORED)
        assert (words, well) == ("2 ratios: none is worse by more than a factor of 1.25", True)

    def test_a_ratio_that_should_be_large_has_become_small(self) -> None:
        measured = {**self.STORED, "gradient/lambdaml-central": Quartiles(5.0, 6.0, 7.0)}
        words, well = guard.report(self.STORED, measured)
        assert not well
        assert words == (
            "1 of 2 ratios have become worse:\n"
            "gradient/lambdaml-central: 6.00 (5.00 to 7.00), was 12.00 (11.00 to 13.00): "
            "worse by a factor of 2.00"
        )

    def test_a_ratio_that_should_be_small_has_become_large(self) -> None:
        found = guard.regressions(self.STORED, {"values/numpy": Quartiles(0.9, 1.0, 1.1)})
        assert found == [
            "values/numpy: 1.00 (0.90 to 1.10), was 0.50 (0.40 to 0.60): worse by a factor of 2.00"
        ]

    def test_better_is_well(self) -> None:
        measured = {
            "values/numpy": Quartiles(0.1, 0.1, 0.1),
            "gradient/lambdaml-central": Quartiles(90, 90, 90),
        }
        assert guard.regressions(self.STORED, measured) == []

    def test_a_noisy_run_is_no_regression(self) -> None:
        assert guard.regressions(self.STORED, {"values/numpy": Quartiles(0.6, 0.9, 1.4)}) == []

    def test_the_factor_is_stated(self) -> None:
        measured = {"values/numpy": Quartiles(0.6, 0.6, 0.6)}
        assert guard.regressions(self.STORED, measured) == []
        assert len(guard.regressions(self.STORED, measured, factor=1.1)) == 1

    def test_milliseconds_are_not_compared(self) -> None:
        slower = {"importing/beyond-numpy": Quartiles(900.0, 900.0, 900.0)}
        assert guard.comparable(self.STORED, slower) == []
        words, well = guard.report(self.STORED, slower)
        assert not well
        assert words == "nothing to compare: no stored ratio was measured; run --write first"


def test_table_as_markdown() -> None:
    table = Table("Subject", "How.", ("a", "b"), (("1", "2"), ("3", "")))
    assert table.markdown() == "## Subject\n\nHow.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 |  |"


def test_findings_come_back_from_json() -> None:
    table = Table("Subject", "How.", ("a",), (("1",),))
    found = Findings((table,), {"values/numpy": Quartiles(1, 2, 3)}, ("jax",), {"line": [(1.0, 2.0)]})
    assert Findings.from_json(found.as_json()) == found


def test_what_was_measured_comes_back_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "FILE", tmp_path / "measured.json")
    assert stored.load() == {}
    found = {"values": ("a machine", Findings((), {"values/numpy": Quartiles(1, 2, 3)}))}
    stored.save(found)
    assert stored.load() == found


def test_every_target_belongs_to_a_subject_and_every_figure_has_a_target() -> None:
    assert {target.key.partition("/")[0] for target in TARGETS} <= set(SUBJECTS)
    assert len({target.key for target in TARGETS}) == len(TARGETS)
    assert set(stored.figures_of(stored.load())) <= {target.key for target in TARGETS}


def test_the_page_is_made_of_what_was_measured() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page_of(stored.load())


def test_every_target_is_on_the_page() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for target in TARGETS:
        line = f"| {target.benchmark} | {target.against} | {target.goal} |"
        assert (line in text) == (target.limit is not None)
    assert re.findall(r"not measured", text) == []


def test_the_pictures_show_what_was_measured() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for name in (page.BARS, page.ROWS):
        assert f"]({name})" in text
        assert (page.DOCS / name).exists()
    drawn = (page.DOCS / page.BARS).read_text(encoding="utf-8")
    found = re.search(r"<dc:description>(.*?)</dc:description>", drawn, re.DOTALL)
    assert found is not None
    assert found[1] == pictures.description(stored.figures_of(stored.load()))


def test_a_figure_that_is_missing_is_said_to_be() -> None:
    table = page.targets_table({"values/numpy": Quartiles(0.5, 0.5, 0.5)})
    measured = {row[:2]: row[3:] for row in table.rows}
    assert measured["values, 10^6 rows", "NumPy, written by hand"] == ("0.50", "met")
    assert measured["values, 10^6 rows", "numexpr"] == ("not measured", "")


def test_a_note_stands_on_the_page_while_its_target_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "NOTES", {"values/numpy": "three calls of exp."})
    assert page.notes({"values/numpy": Quartiles(0.5, 0.5, 0.5)}) == []
    assert page.notes({"values/numpy": Quartiles(0.9, 0.9, 0.9)}) == [
        "What the profile shows where a target is missed:\n\n"
        "- values, 10^6 rows, NumPy, written by hand: three calls of exp."
    ]


def test_machines_are_told_apart() -> None:
    nothing = Findings(())
    assert page.machines({"a": ("one", nothing), "b": ("one", nothing)}) == ["Machine: one"]
    assert page.machines({"a": ("one", nothing), "b": ("two", nothing), "c": ("one", nothing)}) == [
        "Machine for a, c: one",
        "Machine for b: two",
    ]


def test_a_peer_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Findings((), {"values/numpy": Quartiles(0.5, 0.5, 0.5)}, peers.missing(("numpy", "no_such_peer")))
    monkeypatch.setattr(subjects, "measure", {"values": found}.__getitem__)
    assert main(["values"]) == 0
    said = "values: no_such_peer is not installed; what needs it is left out (pip install -e '.[bench]')"
    assert said in capsys.readouterr().out


def test_the_guard_fails_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = Findings((), {"values/numpy": Quartiles(5.0, 5.0, 5.0)})
    was = {"values": ("a machine", Findings((), {"values/numpy": Quartiles(0.5, 0.5, 0.5)}))}
    monkeypatch.setattr(subjects, "measure", {"values": now}.__getitem__)
    monkeypatch.setattr(stored, "load", lambda: was)
    assert main(["values", "--guard"]) == 1
    assert "values/numpy: 5.00, was 0.50: worse by a factor of 10.00" in capsys.readouterr().out


def test_an_unknown_subject_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["nonsense"])
    assert f"there is no subject 'nonsense'; there are {', '.join(SUBJECTS)}" in capsys.readouterr().err


def test_twenty_formulas_that_stand_in_the_pages_and_examples() -> None:
    assert len(language.formulas()) == 20
    files = [*(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.py")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert [text for text, _ in language.PAGES.values() if text not in texts] == []


def test_every_formula_becomes_a_program_with_its_derivatives() -> None:
    for text, declared in language.formulas().values():
        program = language.ready(text, declared)
        assert len(program.outputs) > 1


def test_the_networks_have_as_many_parameters_as_the_targets_say() -> None:
    sizes = [
        network.flat(network.Network(units).parameters()).size for units in (network.SMALL, network.LARGE)
    ]
    named = [target.benchmark for target in TARGETS if target.key.startswith("network/")]
    assert named == [targets.NETWORK.format(f"{size:,}") for size in sizes]


def test_the_derivatives_by_hand_are_right() -> None:
    peaks = Peaks(3)
    theta, x = peaks.theta, peaks.x
    values, jacobian = peaks.derivatives(theta, x)
    assert jacobian.shape == (9, ROWS)
    np.testing.assert_allclose(values, peaks.values(theta, x), rtol=1e-14)
    found = differences.quotients(lambda p: peaks.values(p, x), theta)
    np.testing.assert_allclose(found, jacobian, rtol=0, atol=1e-8)
