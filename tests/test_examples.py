"""Every example does what its folder says: model files give their expected values, scripts run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lambdaml_dsl as ld

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
EXPECTED = sorted(EXAMPLES.glob("*/expected*.json"))
SIX_DIGITS = 0.5e-6

SCRIPTS = {"python_api.py": (), "expected_values.py": ("--check",)}  # it rewrites files otherwise


def expectation(path):
    """Read an expected*.json: the model file that it is of, and what is in it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return path.parent / content["model"], content


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_model_file_gives_the_expected_values(path):
    model, expected = expectation(path)
    result = ld.load(model).fit()
    assert result.converged, result.message
    assert result.n_obs == expected["n_obs"]
    assert result.values == pytest.approx(expected["parameters"], rel=SIX_DIGITS, abs=0)
    errors = {name: parameter.stderr for name, parameter in result.params.items()}
    assert errors == pytest.approx(expected["standard_errors"], rel=SIX_DIGITS, abs=0)
    assert result.rss == pytest.approx(expected["rss"], rel=SIX_DIGITS, abs=0)


def test_every_model_file_has_expected_values_and_a_page():
    models = {expectation(path)[0] for path in EXPECTED}
    assert models == set(EXAMPLES.glob("*/*.lml"))
    for model in models:
        page = (model.parent / "README.md").read_text(encoding="utf-8")
        assert f"lml fit {model.relative_to(EXAMPLES.parent).as_posix()}" in page


def test_every_script_is_run():
    assert {path.name for path in EXAMPLES.rglob("*.py")} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs(name, tmp_path):
    """From a folder of its own: no script may depend on where it is run from."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *SCRIPTS[name]]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
