"""The pages say what happens: their Python is run, and so are their commands."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lambdaml_dsl.derivatives import complex_step
from lambdaml_dsl.language import inline, lexer, parse, shapes
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL_CONSTANTS
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.vocabulary import prelude
from lambdaml_dsl.modelfile.read import loads
from lambdaml_dsl.program import components

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "grammar").glob("*.md")])
COMMANDS = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_of_a_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert failed == 0


def test_python_of_the_readme() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def commands() -> list[tuple[str, str, str]]:
    found = []
    for page in PAGES:
        for command, output in COMMANDS.findall(page.read_text(encoding="utf-8")):
            found.append((str(page.relative_to(ROOT)), command, output))
    return found


@pytest.mark.parametrize(("page", "command", "output"), commands())
def test_command_of_a_page(page: str, command: str, output: str) -> None:
    words = shlex.split(command)
    assert words[0] == "lml"
    lml = Path(sys.executable).with_name("lml")
    done = subprocess.run(
        [lml, *words[1:]], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.stdout + done.stderr == output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def model_files() -> list[str]:
    page = (ROOT / "docs" / "model-files.md").read_text(encoding="utf-8")
    return re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", model_files())
def test_model_file_of_a_page(text: str) -> None:
    model = loads(text)
    assert model.parameters
    assert model.output == "y"


def test_every_function_is_in_the_reference_page() -> None:
    text = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    names = [*FUNCTIONS, *ARRAY_FUNCTIONS, *prelude(), *CONSTANTS]
    names += [f"const.{symbol}" for symbol in PHYSICAL_CONSTANTS]
    assert [name for name in names if not re.search(rf"`{re.escape(name)}[(`]", text)] == []


def test_the_limits_on_the_language_page_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\|.*\| ([\d,]+)(?: deep)? \|$", page[page.index("## Limits") :], re.MULTILINE)
    limits = (
        parse.MAX_CHARACTERS,
        lexer.MAX_NESTING,
        inline.MAX_DEPTH,
        inline.MAX_TERMS,
        inline.MAX_PARTS,
        shapes.MAX_COMPONENTS,
        components.MAX_CHAIN,
        complex_step.MAX_DIFFERENTIATED,
    )
    assert stated == [f"{limit:,}" for limit in limits]
