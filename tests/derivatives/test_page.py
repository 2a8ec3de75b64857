"""The table and the picture of docs/derivatives.md are what is measured; what is stale is noticed."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lambdaml_dsl.derivatives.stencils import STENCILS

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = ROOT / "docs" / "make_derivatives.py"
    spec = importlib.util.spec_from_file_location("make_derivatives", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


def test_the_page_and_the_picture_are_current(maker, capsys):
    assert maker.main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_step_that_is_taken_is_near_the_best(maker):
    for each in maker.measure():
        if each.method in STENCILS:
            assert each.default < 10 * each.errors.min()


@pytest.fixture
def copied(maker, tmp_path, monkeypatch):
    (tmp_path / "docs" / "pictures").mkdir(parents=True)
    for name in ("derivatives.md", "pictures/derivatives.svg"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(maker, "HERE", tmp_path / "docs")
    monkeypatch.setattr(maker, "PAGE", tmp_path / "docs" / "derivatives.md")
    monkeypatch.setattr(maker, "PICTURE", tmp_path / "docs" / "pictures" / "derivatives.svg")
    return tmp_path / "docs"


def edit(path: Path, pattern: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, new, text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


STALE = [
    ("derivatives.md", lambda page: edit(page, r"\| 2\^-17 \|", "| 2^-16 |")),
    ("derivatives.md", lambda page: edit(page, r"(`forward` .*?) \d+e-\d+", r"\1 1e-3")),
    ("derivatives.md", lambda page: edit(page, r"\| `richardson`.*\n", "")),
    ("pictures/derivatives.svg", lambda picture: edit(picture, r"(central: )-?\d+", r"\g<1>40")),
    ("pictures/derivatives.svg", lambda picture: edit(picture, "backward: ", "sideways: ")),
    ("pictures/derivatives.svg", lambda picture: picture.write_text("<svg/>")),
    ("pictures/derivatives.svg", lambda picture: picture.unlink()),
]


@pytest.mark.parametrize(("name", "change"), STALE)
def test_what_is_not_current(maker, copied, capsys, name, change):
    page = (copied / "derivatives.md").read_text(encoding="utf-8")
    change(copied / name)
    assert maker.main(["--check"]) == 1
    assert capsys.readouterr() == ("", f"docs/{name} is not current; run: python docs/make_derivatives.py\n")
    assert maker.main([]) == 0
    assert capsys.readouterr() == (f"docs/{name}\n", "")
    assert maker.main(["--check"]) == 0
    if name == "derivatives.md":
        blank = [
            re.sub(r"\d+e-\d+", "#", text) for text in (page, (copied / name).read_text(encoding="utf-8"))
        ]
        assert blank[0] == blank[1]


def test_rounding_is_no_change(maker, copied):
    edit(copied / "derivatives.md", r"(`central` .*?) 2e-10", r"\1 1e-10")
    edit(copied / "pictures" / "derivatives.svg", r"(forward: -?\d+) -?\d+", r"\1 -6")
    assert maker.main(["--check"]) == 0
