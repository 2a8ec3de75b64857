"""Every example does what its folder says: model files give their expected values, scripts run."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lambdaml_dsl as ld

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
EXPECTED = sorted(EXAMPLES.glob("*/expected*.json"))
SIX_DIGITS = 0.5e-6

SCRIPTS = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py"))
ARGUMENTS = {"expected_values.py": ["--check"], "simulate.py": ["--check"]}  # they rewrite files otherwise

TABLE_ROW = re.compile(r"\| `(?P<name>[^`]+)` \| (?P<true>\S+) \| (?P<fitted>\S+) \| (?P<error>\S+) \|")


def expectation(path):
    """Read an expected*.json: the model file that it is of, and what is in it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return path.parent / content["model"], content


every_expectation = pytest.mark.parametrize(
    "path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
of_simulated_data = pytest.mark.parametrize(
    "path",
    [path for path in EXPECTED if "true_values" in expectation(path)[1]],
    ids=lambda path: path.parent.name,
)


@every_expectation
def test_model_file_gives_the_expected_values(path):
    model, expected = expectation(path)
    result = ld.load(model).fit()
    assert result.converged, result.message
    assert result.n_obs == expected["n_obs"]
    values = {name: component.value for name, component in result.components.items()}
    assert values == pytest.approx(expected["parameters"], rel=SIX_DIGITS, abs=0)
    errors = {name: component.stderr for name, component in result.components.items()}
    assert errors == pytest.approx(expected["standard_errors"], rel=SIX_DIGITS, abs=0)
    assert result.rss == pytest.approx(expected["rss"], rel=SIX_DIGITS, abs=0)


@of_simulated_data
def test_true_values_are_within_three_standard_errors(path):
    model, expected = expectation(path)
    components = ld.load(model).fit().components
    assert set(components) == set(expected["true_values"])
    off = {
        name: (component.value - expected["true_values"][name]) / component.stderr
        for name, component in components.items()
    }
    assert {name: each for name, each in off.items() if not abs(each) < 3} == {}


@of_simulated_data
def test_page_shows_the_true_values_beside_the_fitted(path):
    expected = expectation(path)[1]
    page = (path.parent / "README.md").read_text(encoding="utf-8")
    rows = {row["name"]: row for row in TABLE_ROW.finditer(page)}
    assert list(rows) == list(expected["parameters"])
    for name, row in rows.items():
        error = expected["standard_errors"][name]
        assert float(row["true"]) == expected["true_values"][name]
        assert abs(float(row["fitted"]) - expected["parameters"][name]) <= 0.05 * error
        assert abs(float(row["error"]) - error) <= 0.05 * error


def test_every_model_file_has_expected_values_and_a_page():
    models = {expectation(path)[0] for path in EXPECTED}
    assert models == set(EXAMPLES.glob("*/*.lml"))
    for model in models:
        page = (model.parent / "README.md").read_text(encoding="utf-8")
        assert f"lml fit {model.relative_to(EXAMPLES.parent).as_posix()}" in page


def test_every_script_of_a_folder_is_on_its_page():
    for name in SCRIPTS:
        page = EXAMPLES / Path(name).parent / "README.md"
        if "/" in name:
            assert f"python examples/{name}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs(name, tmp_path):
    """From a folder of its own: no script may depend on where it is run from."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *ARGUMENTS.get(name, [])]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_wines_are_those_of_the_source():
    """Against the copy that scikit-learn carries."""
    source = pytest.importorskip("sklearn.datasets").load_wine()
    columns = [source.feature_names.index(name) for name in ("alcohol", "od280/od315_of_diluted_wines")]
    with (EXAMPLES / "wine_cultivars" / "wine.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    assert [[float(text) for text in row] for row in rows] == [
        [*map(float, values), number + 1]
        for values, number in zip(source.data[:, columns], source.target, strict=True)
    ]
