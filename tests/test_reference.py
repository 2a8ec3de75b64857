"""The catalogue, the command that prints it, and the page and pictures that are made from it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import lambdaml_dsl as ld
from lambdaml_dsl import cli
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS
from lambdaml_dsl.language.catalogue import BEGINS, Constant, catalogue, groups, spellings
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL_CONSTANTS
from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.nodes import Definition
from lambdaml_dsl.language.parse import parse_definitions
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.vocabulary import prelude

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = catalogue()
CALLABLE = [entry for entry in ENTRIES if not isinstance(entry.what, Constant)]
DEFINED = [entry for entry in ENTRIES if isinstance(entry.what, Definition)]

LIBRARY = """\
model "Peaks of ours"

# ---- peaks ----

sech2(x, height = 1, width = 1) = (
    height/cosh(x/width)^2
)  "hyperbolic secant squared"

# ---- tools ----

half(u) = u/2
"""


def lml(*words: str) -> str:
    """Run the command; give what it prints."""
    done = CliRunner().invoke(cli.main, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*words: str) -> str:
    """Give the error of a run that is refused."""
    done = CliRunner().invoke(cli.main, words)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


# ---- the catalogue ----


def test_every_name_is_listed_once() -> None:
    names = [name for entry in ENTRIES for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    physical = [f"const.{symbol}" for symbol in PHYSICAL_CONSTANTS]
    assert set(names) == {
        *FUNCTIONS,
        *ARRAY_FUNCTIONS,
        "piecewise",
        *prelude(),
        *CONSTANTS,
        *physical,
    }


def test_groups() -> None:
    assert set(BEGINS) <= {entry.name for entry in ENTRIES}
    in_groups = {entry.name: entry.group for entry in ENTRIES}
    assert in_groups["exp"] == in_groups["log10"] == "exponentials and logarithms"
    assert in_groups["sigmoid"] == in_groups["elu"] == "activations"
    assert in_groups["gaussian_height"] == "line shapes by their height"
    assert in_groups["const.k_B"] == in_groups["pi"] == "constants"
    assert all(entry.group and entry.doc for entry in ENTRIES)
    blocks = [entry.group for entry in ENTRIES]
    changes = sum(one != other for one, other in zip(blocks[1:], blocks[:-1], strict=True))
    assert changes + 1 == len(groups(ENTRIES))


@pytest.mark.parametrize("entry", CALLABLE, ids=str)
def test_a_call_takes_the_arguments_that_are_listed(entry) -> None:
    names = [f"a{number}" for number in range(12)]
    call = f"{entry.name}({', '.join(names[: entry.required])})"
    ld.Model(call, inputs=[])  # with the least number
    if entry.required > 1 and entry.name not in ("min", "max"):
        with pytest.raises(ld.ArityError):
            ld.Model(f"{entry.name}({', '.join(names[: entry.required - 1])})", inputs=[])
    if isinstance(entry.what, Definition):
        ld.Model(f"{entry.name}({', '.join(names[: len(entry.arguments)])})", inputs=[])
        with pytest.raises(ld.ArityError):
            ld.Model(f"{entry.name}({', '.join(names[: len(entry.arguments) + 1])})", inputs=[])


@pytest.mark.parametrize("entry", DEFINED, ids=str)
def test_a_definition_is_shown_as_it_stands(entry) -> None:
    (read,) = parse_definitions(Source(entry.definition))
    assert (read.name, read.arguments, read.body) == (entry.name, entry.what.arguments, entry.what.body)
    assert entry.definition.startswith(f"{entry.name}(")
    assert '"' not in entry.definition


@pytest.mark.parametrize("entry", CALLABLE, ids=str)
def test_latex_is_shown_for_all(entry) -> None:
    assert entry.latex
    assert entry.latex.count("{") == entry.latex.count("}")


@pytest.mark.parametrize("entry", CALLABLE, ids=str)
def test_derivatives_name_every_argument(entry) -> None:
    if isinstance(entry.what, Function):
        assert tuple(name for name, _ in entry.derivatives) == entry.arguments
        assert all(rule and "0/0" not in rule for _, rule in entry.derivatives)
    else:
        assert entry.derivatives == ()


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("exp", "exp(x)"),
        ("atan2", "atan2(y, x)"),
        ("max", "max(x, y, ...), max(v), max(i in 0..n: term)"),
        ("sum", "sum(v), sum(v, axis), sum(i in 0..n: term)"),
        ("norm", "norm(v), norm(v, axis)"),
        ("poly", "poly(x, c, ...)"),
        ("piecewise", "piecewise(test, value, ..., otherwise)"),
        ("voigt", "voigt(x, amplitude = 1, center = 0, sigma = 1, gamma = sigma)"),
        ("const.c", "const.c"),
    ],
)
def test_signature(name: str, signature: str) -> None:
    assert spellings(ENTRIES)[name].signature == signature


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("exp", ""),
        ("log", "x > 0"),
        ("sqrt", "x >= 0"),
        ("asin", "-1 <= x <= 1"),
        ("logit", "0 < x < 1"),
        ("ellipe", "m <= 1"),
        ("betainc", "a > 0, b > 0, 0 <= x <= 1"),
        ("besselk", "n >= 0, x > 0"),
    ],
)
def test_domain(name: str, domain: str) -> None:
    assert spellings(ENTRIES)[name].domain == domain


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("sin", {"x": "cos(x)"}),
        ("sqrt", {"x": "0.5/value (value: sqrt(x); can be infinite where sqrt is not)"}),
        ("relu", {"x": "1 where x > 0, else 0"}),
        ("floor", {"x": "0: the function moves in steps"}),
        ("sinc", {"x": "sinc_slope(x) (sinc_slope: derivative of sinc)"}),
        ("min", {"x": "1 where x <= y, else 0", "y": "1 where x > y, else 0"}),
        (
            "besselj",
            {
                "n": "there is one, but no rule for it: a fit takes a difference quotient",
                "x": "0.5*(besselj(n - 1, x) - besselj(n + 1, x))",
            },
        ),
    ],
)
def test_derivative(name: str, rules: dict[str, str]) -> None:
    assert dict(spellings(ENTRIES)[name].derivatives) == rules


# ---- the command ----


def test_list() -> None:
    text = lml("functions")
    blocks = [block.splitlines() for block in text.removesuffix("\n").split("\n\n")]
    assert [block[0] for block in blocks] == list(groups(ENTRIES))
    joined = [re.sub(r"\n {6}", "  ", "\n".join(block[1:])) for block in blocks]
    lines = [line for block in joined for line in block.splitlines()]
    for line, entry in zip(lines, ENTRIES, strict=True):
        called = ", ".join([entry.signature, *entry.aliases])
        assert line.startswith(f"  {called}  ")
        assert line.removeprefix(f"  {called}").lstrip().startswith(entry.doc)
    assert blocks[0][:5] == [
        "exponentials and logarithms",
        "  exp(x)      e to the power x",
        "  exp2(x)     2 to the power x",
        "  expm1(x)    exp(x) - 1, accurate near 0",
        "  log(x), ln  natural logarithm",
    ]


@pytest.mark.parametrize("spelling", ["log", "ln"])
def test_one_function_of_the_table(spelling: str) -> None:
    assert lml("functions", spelling) == (
        "log(x)\n"
        "  natural logarithm\n"
        "  also        ln\n"
        "  group       exponentials and logarithms\n"
        "  domain      x > 0\n"
        "  derivative  by x: 1/x\n"
        "  LaTeX       \\ln\\left(x\\right)\n"
    )


def test_one_function_of_several_arguments() -> None:
    assert lml("functions", "hypot") == (
        "hypot(x, y)\n"
        "  sqrt(x^2 + y^2) without overflow; its derivatives at (0, 0) are taken as 0\n"
        "  group       powers and roots\n"
        "  derivative  by x: x/max(value, 5e-324) (value: hypot(x, y))\n"
        "              by y: y/max(value, 5e-324) (value: hypot(x, y))\n"
        "  LaTeX       \\sqrt{x^{2} + y^{2}}\n"
    )


def test_one_function_of_the_prelude() -> None:
    assert lml("functions", "elu") == (
        "elu(x, alpha = 1)\n"
        "  x where positive, else alpha*(exp(x) - 1)\n"
        "  group       activations\n"
        "  derivative  by every argument, from the definition\n"
        "  definition  elu(x, alpha = 1) = where(x > 0, x, alpha*expm1(x))\n"
        "  LaTeX       \\operatorname{elu}\\left(x, \\alpha = 1\\right) = \\begin{cases} "
        "x & \\text{if } x > 0 \\\\ \\alpha\\,\\left(e^{x} - 1\\right) & \\text{otherwise} \\end{cases}\n"
    )


def test_a_definition_of_several_lines_is_indented() -> None:
    lines = lml("functions", "michaelis_menten").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("  definition"))
    assert lines[place : place + 3] == [
        "  definition  michaelis_menten(S, Vmax, Km) = (",
        "                  Vmax*(S/(Km + S))",
        "              )",
    ]


def test_one_function_of_vectors() -> None:
    assert lml("functions", "dot") == (
        "dot(u, v)\n"
        "  sum of products of two vectors\n"
        "  group       vectors and matrices\n"
        "  LaTeX       u \\cdot v\n"
    )


@pytest.mark.parametrize("spelling", ["const.k_B", "k_B"])
def test_one_constant(spelling: str) -> None:
    assert lml("functions", spelling) == (
        "const.k_B\n  Boltzmann constant, 1.380649e-23 J/K\n  group       constants\n  LaTeX       k_{B}\n"
    )


def test_pi() -> None:
    expected = "pi\n  circumference of a circle over its diameter, 3.141592653589793\n  also        π\n"
    assert lml("functions", "pi") == expected + "  group       constants\n  LaTeX       \\pi\n"
    assert lml("functions", "π") == lml("functions", "pi")


@pytest.mark.parametrize("name", ["powers and roots", "Powers", "and roots"])
def test_a_group(name: str) -> None:
    assert lml("functions", name) == (
        "powers and roots\n"
        "  sqrt(x)      square root\n"
        "  cbrt(x)      real cube root, also of a negative number\n"
        "  square(x)    x times x\n"
        "  pow(x, y)    x to the power y\n"
        "  hypot(x, y)  sqrt(x^2 + y^2) without overflow; its derivatives at (0, 0) are taken as 0\n"
    )


def test_a_part_of_the_names_of_two_groups() -> None:
    shown = [block.splitlines()[0] for block in lml("functions", "line shapes").split("\n\n")]
    assert shown == [group for group in groups(ENTRIES) if group.startswith("line shapes")]
    assert len(shown) == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("exxp", "Did you mean 'exp'?"),
        ("Gausian", "Did you mean 'gaussian'?"),
        ("const.kB", "Did you mean 'const.k_B'?"),
        ("", "Run `lml functions` for the list."),
        ("  ", "Run `lml functions` for the list."),
        ("qqqqqq", "Run `lml functions` for the list."),
    ],
)
def test_an_unknown_name(name: str, hint: str) -> None:
    assert refused("functions", name) == f"Error: there is no function, constant or group '{name}'\n{hint}\n"


def test_a_library(tmp_path: Path) -> None:
    path = tmp_path / "peaks.lml"
    path.write_text(LIBRARY)
    with_library = lml("functions", "--library", str(path))
    peaks = "peaks\n  sech2(x, height = 1, width = 1)  hyperbolic secant squared\n\n"
    added = peaks + "tools\n  half(u)\n\nconstants\n"
    assert with_library == lml("functions").replace("constants\n", added)
    assert lml("functions", "half", "--library", str(path)) == (
        "half(u)\n"
        "  group       tools\n"
        "  derivative  by every argument, from the definition\n"
        "  definition  half(u) = u/2\n"
        "  LaTeX       \\operatorname{half}\\left(u\\right) = \\frac{u}{2}\n"
    )
    assert lml("functions", "tools", "--library", str(path)) == "tools\n  half(u)\n"
    assert "'half'" in refused("functions", "half")


def test_a_library_without_headings_is_a_group(tmp_path: Path) -> None:
    path = tmp_path / "own.lml"
    path.write_text('half(u) = u/2  "half of u"\n')
    assert lml("functions", "own.lml", "--library", str(path)) == "own.lml\n  half(u)  half of u\n"


def test_a_library_takes_the_place_of_the_prelude(tmp_path: Path) -> None:
    path = tmp_path / "own.lml"
    path.write_text('gaussian(x) = exp(-x^2)  "of ours"\n')
    text = lml("functions", "--library", str(path))
    assert re.findall(r"^  gaussian\(.*$", text, re.MULTILINE) == ["  gaussian(x)  of ours"]


def test_a_library_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "own.lml"
    path.write_text("half(u) = u/q\n")
    assert refused("functions", "--library", str(path)) == (
        "Error: own.lml:1:13: 'q' is no argument of 'half'\n"
        "   1 | half(u) = u/q\n"
        "     |             ^\n"
        "A library function uses its arguments only; make it one of them: half(..., q).\n"
    )
    path.unlink()
    assert refused("functions", "--library", str(path)) == f"Error: there is no file '{path}'\n"


@pytest.mark.parametrize(
    ("begun", "names"),
    [
        ("gaussian", ["gaussian", "gaussian2d", "gaussian_height", "gaussian_pdf"]),
        ("arct", ["arctan", "arctan2", "arctanh"]),
        ("const.k", ["const.k_B"]),
        ("k_", ["k_B"]),
        ("qq", []),
    ],
)
def test_completion(begun: str, names: list[str]) -> None:
    found = ShellComplete(cli.main, {}, "lml", "_LML_COMPLETE").get_completions(["functions"], begun)
    assert sorted(item.value for item in found) == names
    assert all(item.help for item in found)


# ---- the page and the pictures ----


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = ROOT / "docs" / "make_functions.py"
    spec = importlib.util.spec_from_file_location("make_functions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn(maker: ModuleType) -> dict:
    return {picture.name: picture for picture in maker.pictures()}


def test_the_page_and_the_pictures_are_current(maker: ModuleType, drawn: dict) -> None:
    assert maker.outdated(drawn, maker.page_of(drawn)) == []


OF_VECTORS = {"layer_norm", "entropy"}
"""Functions of one argument that is a vector."""


def test_every_function_of_one_variable_has_a_picture(drawn: dict) -> None:
    wanted = {function.name for function in FUNCTIONS.values() if len(function.arguments) == 1}
    for name, definition in prelude().items():
        if sum(argument.default is None for argument in definition.arguments or ()) == 1:
            wanted.add(name)
    assert wanted - OF_VECTORS <= set(drawn)
    assert not OF_VECTORS & set(drawn)
    assert {picture.formulas[0].partition("(")[0] for picture in drawn.values()} == set(drawn)


def test_every_picture_shows_something(drawn: dict) -> None:
    for picture in drawn.values():
        assert picture.bottom < picture.top
        for curve in picture.curves:
            inside = (curve >= picture.bottom) & (curve <= picture.top)
            assert inside.sum() > 0.25 * len(curve), picture.name
        assert np.nanmax(picture.curves) - np.nanmin(picture.curves) > 0.3 * (picture.top - picture.bottom)


def test_numbers_of_a_picture(drawn: dict) -> None:
    picture = drawn["sin"]
    np.testing.assert_allclose(picture.curves[0], np.sin(picture.x), rtol=0, atol=1e-15)
    assert (picture.bottom, picture.top) == pytest.approx((-1.1, 1.1), abs=1e-3)
    assert picture.caption == "sin(x), x from -7 to 7"


def test_every_picture_is_on_the_page_and_small(drawn: dict) -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    assert re.findall(r'<img src="plots/(\w+)\.svg"', page) == [
        entry.name for entry in ENTRIES if entry.name in drawn
    ]
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "plots").iterdir()]
    assert sum(sizes) < 3_000_000


def test_formulas_in_sentences_are_no_markup() -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    assert "(x, beta = 1)`: x\\*sigmoid(beta\\*x)" in page
    text = re.sub(r"^```.*?^```$|`[^`\n]+`|<(?:img|br) [^>]*>", "", page, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"(?<!\\)[*<]", text) == []


@pytest.fixture
def copied(maker: ModuleType, drawn: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a page and a few pictures that are current."""
    few = {name: drawn[name] for name in ("exp", "tan", "besselj")}
    for name in few:
        (tmp_path / "plots").mkdir(exist_ok=True)
        (tmp_path / "plots" / f"{name}.svg").write_text(
            (ROOT / "docs" / "plots" / f"{name}.svg").read_text(encoding="utf-8"), encoding="utf-8"
        )
    (tmp_path / "functions.md").write_text(maker.page_of(few), encoding="utf-8")
    monkeypatch.setattr(maker, "pictures", few.values)
    monkeypatch.setattr(maker, "HERE", tmp_path)
    monkeypatch.setattr(maker, "PAGE", tmp_path / "functions.md")
    monkeypatch.setattr(maker, "PLOTS", tmp_path / "plots")
    return tmp_path


def test_check_of_what_is_current(maker: ModuleType, copied: Path) -> None:
    assert maker.main(["--check"]) == 0
    assert maker.main([]) == 0


def change_numbers(folder: Path) -> None:
    path = folder / "plots" / "exp.svg"
    text = path.read_text(encoding="utf-8")
    number = re.search(r"; 45 (46 )", text)
    assert number is not None
    path.write_text(text[: number.start(1)] + "48 " + text[number.end(1) :], encoding="utf-8")


def drop_a_number(folder: Path) -> None:
    path = folder / "plots" / "besselj.svg"
    path.write_text(re.sub(r" -?\d+</dc:description>", "</dc:description>", path.read_text(encoding="utf-8")))


def change_the_range(folder: Path) -> None:
    path = folder / "plots" / "tan.svg"
    path.write_text(path.read_text(encoding="utf-8").replace("; -8 8; ", "; -8 9; "), encoding="utf-8")


def change_the_style(folder: Path) -> None:
    path = folder / "plots" / "tan.svg"
    path.write_text(re.sub(r"style \d+;", "style 0;", path.read_text(encoding="utf-8")), encoding="utf-8")


STALE = [
    (change_numbers, "plots/exp.svg"),
    (drop_a_number, "plots/besselj.svg"),
    (change_the_range, "plots/tan.svg"),
    (change_the_style, "plots/tan.svg"),
    (lambda folder: (folder / "plots" / "exp.svg").unlink(), "plots/exp.svg"),
    (lambda folder: (folder / "plots" / "exp.svg").write_text("<svg/>"), "plots/exp.svg"),
    (lambda folder: (folder / "plots" / "old.svg").write_text("<svg/>"), "plots/old.svg"),
    (lambda folder: (folder / "functions.md").write_text("# Functions\n"), "functions.md"),
    (lambda folder: (folder / "functions.md").unlink(), "functions.md"),
]


@pytest.mark.parametrize(("change", "name"), STALE)
def test_check_of_what_is_not_current(
    maker: ModuleType, copied: Path, change, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_text(encoding="utf-8") for path in copied.rglob("*.*")}
    change(copied)
    assert maker.main(["--check"]) == 1
    assert capsys.readouterr() == ("", f"docs/{name} is not current; run: python docs/make_functions.py\n")
    assert maker.main([]) == 0
    assert capsys.readouterr() == (f"docs/{name}\n", "")
    assert maker.main(["--check"]) == 0
    assert set(copied.rglob("*.*")) == set(before)


def test_a_change_of_one_step_is_rounding(maker: ModuleType, copied: Path) -> None:
    path = copied / "plots" / "exp.svg"
    text = path.read_text(encoding="utf-8")
    assert "; 45 46 " in text
    path.write_text(text.replace("; 45 46 ", "; 45 47 "), encoding="utf-8")
    assert maker.main(["--check"]) == 0


def test_the_library_of_the_language_page(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```text\n(# ---- peaks.*?)^```$", page, re.MULTILINE | re.DOTALL)
    path = tmp_path / "peaks.lml"
    path.write_text(text, encoding="utf-8")
    model = ld.Model("sech2(x, A, mu)", library=path)
    assert model.parameters == ("A", "mu")
    np.testing.assert_allclose(model(x=[0.0, 1.0], A=2, mu=0), 2 / np.cosh([0.0, 1.0]) ** 2, rtol=1e-15)
