"""Fits against certified values, each set from both of its starts, through the public face alone.

Three collections: a few small sets of NIST's Statistical Reference Datasets in ``cases.json``, which
always run; every set of ``../shared/nist``; every set of ``../shared/real``, whose reference values
were computed with 60 digits. The last two are skipped where their folder is missing.
"""

import json
from pathlib import Path

import pytest

import lambdaml_dsl as ld

HERE = Path(__file__).parent
SHARED = Path(__file__).resolve().parents[2].parent / "shared"

CERTIFIED_VALUES = 0.5e-8  # eight digits, of the eleven that are certified
CERTIFIED_ERRORS = 0.5e-4
CERTIFIED_RSS = 1e-8
REFERENCE_VALUES = 0.5e-5
REFERENCE_ERRORS = 0.5e-3


def small_cases():
    """Give one parameter set for each start of each case in the repository."""
    cases = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))["cases"]
    return [
        pytest.param(case, start, id=f"{case['name']}-start{number}")
        for case in cases
        for number, start in enumerate(case["starts"], 1)
    ]


def shared_sets(folder, index):
    """Give one parameter set for each start of each set of a shared folder, or one that is skipped."""
    path = SHARED / folder / index
    if not path.is_file():
        reason = f"the folder shared/{folder} is not beside the repository"
        return [pytest.param(None, None, id=folder, marks=pytest.mark.skip(reason=reason))]
    sets = json.loads(path.read_text(encoding="utf-8"))["sets"]
    return [
        pytest.param(item, item[f"start{number}"], id=f"{item['name']}-start{number}")
        for item in sets
        for number in (1, 2)
    ]


def relative_errors(found, expected):
    """Give the relative error of each, by name."""
    assert set(found) == set(expected)
    return {name: abs(found[name] - expected[name]) / abs(expected[name]) for name in expected}


def assert_within(found, expected, tolerance, what):
    """Hold every value against what is expected, and show all that are off."""
    off = {
        name: f"found {found[name]!r}, expected {expected[name]!r}, relative error {error:.1e}"
        for name, error in relative_errors(found, expected).items()
        if not error < tolerance
    }
    assert not off, f"{what}: {off}"


def standard_errors(result):
    """Give every standard error; none may be missing."""
    assert result.uncertainties_available, result.uncertainty_note
    return {name: parameter.stderr for name, parameter in result.params.items()}


def assert_certified(result, case):
    """Hold a fit against a certificate of NIST's."""
    assert result.converged, result.message
    assert_within(result.values, case["certified"], CERTIFIED_VALUES, "values")
    assert_within(standard_errors(result), case["certified_sd"], CERTIFIED_ERRORS, "standard errors")
    assert result.rss == pytest.approx(case["certified_rss"], rel=CERTIFIED_RSS, abs=0)


@pytest.mark.parametrize(("case", "start"), small_cases())
def test_case_in_the_repository(case, start):
    result = ld.fit(f"y ~ {case['formula']}", {"x": case["x"], "y": case["y"]}, start=start)
    assert_certified(result, case)
    assert result.n_obs == len(case["x"])


@pytest.mark.parametrize(("item", "start"), shared_sets("nist", "nist.json"))
def test_nist_set(item, start):
    data = SHARED / "nist" / f"{item['name']}.csv"
    result = ld.fit(f"{item['response']} ~ {item['formula']}", data, start=start)
    assert_certified(result, item)
    assert (result.n_obs, result.dof) == (item["n_obs"], item["dof"])


@pytest.mark.parametrize(("item", "start"), shared_sets("nist", "nist.json"))
def test_nist_set_by_the_solver_for_many_rows(item, start, monkeypatch):
    monkeypatch.setattr("lambdaml_dsl.fitting.problem.EAGER_SIZE", 0)
    data = SHARED / "nist" / f"{item['name']}.csv"
    assert_certified(ld.fit(f"{item['response']} ~ {item['formula']}", data, start=start), item)


def substituted(values, substitution):
    """Give an equivalent optimum: some names take another's value, or minus one's own."""
    return {
        name: -values[text[1:]] if text.startswith("-") else values[text]
        for name, text in ((name, substitution.get(name, name)) for name in values)
    }


@pytest.mark.parametrize(("item", "start"), shared_sets("real", "reference.json"))
def test_real_set(item, start):
    """Values of the reference optimum, or of one that gives the same curve."""
    result = ld.fit(
        f"{item['response']} ~ {item['formula']}",
        SHARED / "real" / item["csv"],
        start=start,
        sigma=item["sigma_column"],
    )
    assert result.converged, result.message
    reference = item["reference"]
    convention = "sd_absolute" if item["sigma_column"] else "sd_scaled"
    values = {name: float(text) for name, text in reference["params"].items()}
    errors = {name: float(text) for name, text in reference[convention].items()}
    substitution = min(
        ({}, *item["equivalent_optima"]),
        key=lambda each: max(relative_errors(result.values, substituted(values, each)).values()),
    )
    assert_within(result.values, substituted(values, substitution), REFERENCE_VALUES, "values")
    expected = {name: abs(error) for name, error in substituted(errors, substitution).items()}
    assert_within(standard_errors(result), expected, REFERENCE_ERRORS, "standard errors")
    assert result.rss == pytest.approx(float(reference["rss"]), rel=1e-8, abs=0)
    assert (result.n_obs, result.dof) == (reference["n"], reference["dof"])
    assert result.sigma_absolute == bool(item["sigma_column"])
