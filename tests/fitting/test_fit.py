"""Fits against SciPy, lmfit and arithmetic by hand; what a fit never does to the caller's world."""

import contextlib
import copy
import math
import pickle
import random
import warnings

import lmfit
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.optimize import curve_fit

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import DiffMethod, Scheme
from lambdaml_dsl.fitting.uncertainty import covariance
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.optimize.factor import factorise

FORMULA = "y ~ A*exp(-x/tau) + c"
NAMES = ("A", "tau", "c")
START = {"A": 2.0, "tau": 1.0, "c": 0.5}


def decay(x, A, tau, c):
    return A * np.exp(-x / tau) + c


def decay_data(seed=5, n=60):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 6, n))
    sigma = rng.uniform(0.02, 0.1, n)
    return {"x": x, "y": decay(x, 3.0, 1.4, 0.7) + sigma * rng.standard_normal(n), "s": sigma}


DATA = decay_data()


def errors_of(result):
    return [result.params[name].stderr for name in result.free]


def by_scipy(data, sigma=None, absolute=False):
    settings = {"p0": list(START.values()), "ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}
    return curve_fit(decay, data["x"], data["y"], sigma=sigma, absolute_sigma=absolute, **settings)


# ---- values, errors, statistics ----


@pytest.mark.parametrize(
    ("options", "sigma", "absolute"),
    [
        ({}, None, False),
        ({"sigma": "s"}, DATA["s"], True),
        ({"sigma": DATA["s"]}, DATA["s"], True),
        ({"sigma": "s", "absolute_sigma": False}, DATA["s"], False),
        ({"weights": 1 / DATA["s"] ** 2}, DATA["s"], False),
        ({"weights": 5 / DATA["s"] ** 2}, DATA["s"], False),
        ({"sigma": 0.05}, np.full(60, 0.05), True),
    ],
    ids=["none", "sigma", "array", "relative", "weights", "weights up to a factor", "one sigma"],
)
@pytest.mark.parametrize("more", [{}, {"optimizer": "trf"}, {"optimizer": "lm"}, {"diff_method": "central"}])
def test_against_curve_fit(options, sigma, absolute, more):
    values, covariance = by_scipy(DATA, sigma, absolute)
    result = ld.fit(FORMULA, DATA, start=START, **options, **more)
    assert result.status is ld.Status.CONVERGED
    assert result.converged
    assert result.finished
    assert result.uncertainties_available
    assert result.free == NAMES
    assert list(result.values.values()) == pytest.approx(values, rel=1e-7)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-5)
    deviation = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(errors_of(result), deviation, rtol=1e-5)
    np.testing.assert_allclose(result.correlation, covariance / np.outer(deviation, deviation), atol=1e-6)
    assert result.sigma_absolute is absolute


def test_against_lmfit():
    model = lmfit.Model(decay)
    for sigma in (None, DATA["s"]):
        theirs = model.fit(
            DATA["y"],
            x=DATA["x"],
            weights=None if sigma is None else 1 / sigma,
            scale_covar=sigma is None,
            fit_kws={"ftol": 1e-14, "xtol": 1e-14},
            **START,
        )
        ours = ld.fit(FORMULA, DATA, start=START, sigma=sigma)
        for name in NAMES:
            assert ours.params[name].value == pytest.approx(theirs.params[name].value, rel=1e-7)
            assert ours.params[name].stderr == pytest.approx(theirs.params[name].stderr, rel=1e-4)
        assert ours.rss == pytest.approx(theirs.chisqr, rel=1e-10)
        assert ours.reduced_chi2 == pytest.approx(theirs.redchi, rel=1e-10)
        assert ours.dof == theirs.nfree
        assert ours.n_obs == theirs.ndata
        if sigma is None:
            assert ours.r2 == pytest.approx(theirs.rsquared, rel=1e-10)
            assert ours.aic == pytest.approx(theirs.aic, rel=1e-10)
            assert ours.bic == pytest.approx(theirs.bic, rel=1e-10)


def test_statistics_by_hand():
    result = ld.fit(FORMULA, DATA, start=START, sigma="s")
    x, y, s = DATA["x"], DATA["y"], DATA["s"]
    residuals = y - decay(x, **result.values)
    chi2 = np.sum((residuals / s) ** 2)
    mean = np.sum(y / s**2) / np.sum(1 / s**2)
    np.testing.assert_allclose(result.residuals, residuals, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(result.fitted, y - residuals, rtol=1e-12)
    assert result.rss == pytest.approx(chi2, rel=1e-12)
    assert result.dof == 57
    assert result.n_fitted == 3
    assert result.reduced_chi2 == pytest.approx(chi2 / 57, rel=1e-12)
    assert result.r2 == pytest.approx(1 - chi2 / np.sum(((y - mean) / s) ** 2), rel=1e-12)
    # With known sigma the likelihood has no free scale: -2 log L is chi-square up to a constant.
    assert result.aic == pytest.approx(chi2 + 2 * 3, rel=1e-12)
    assert result.bic == pytest.approx(chi2 + 3 * math.log(60), rel=1e-12)


def test_information_criteria_with_a_scatter_to_be_found():
    result = ld.fit(FORMULA, DATA, start=START)
    rss = np.sum((DATA["y"] - decay(DATA["x"], **result.values)) ** 2)
    assert result.aic == pytest.approx(60 * math.log(rss / 60) + 2 * 3, rel=1e-12)
    assert result.bic == pytest.approx(60 * math.log(rss / 60) + 3 * math.log(60), rel=1e-12)


def test_a_straight_line_against_the_text_book():
    x, y = np.array([1.0, 2, 3, 4, 5]), np.array([2.1, 3.9, 6.2, 7.8, 10.1])
    result = ld.fit("y ~ a + b*x", {"x": x, "y": y})
    spread = np.sum((x - 3) ** 2)
    b = np.sum((x - 3) * (y - y.mean())) / spread
    a = y.mean() - 3 * b
    s2 = np.sum((y - a - b * x) ** 2) / 3
    assert result.values == pytest.approx({"a": a, "b": b}, rel=1e-12)
    assert result.params["b"].stderr == pytest.approx(math.sqrt(s2 / spread), rel=1e-10)
    assert result.params["a"].stderr == pytest.approx(math.sqrt(s2 * (1 / 5 + 9 / spread)), rel=1e-10)
    assert result.correlation[0, 1] == pytest.approx(-3 / math.sqrt(spread / 5 + 9), rel=1e-10)


@pytest.mark.parametrize("of_x", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("of_y", [1e-9, 1.0, 1e9])
def test_units_change_nothing(of_x, of_y):
    plain = ld.fit(FORMULA, DATA, start=START)
    data = {"x": DATA["x"] * of_x, "y": DATA["y"] * of_y}
    start = {"A": 2 * of_y, "tau": of_x, "c": 0.5 * of_y}
    result = ld.fit(FORMULA, data, start=start)
    assert result.status is ld.Status.CONVERGED
    scales = {"A": of_y, "tau": of_x, "c": of_y}
    for name, scale in scales.items():
        assert result.params[name].value == pytest.approx(plain.params[name].value * scale, rel=1e-8)
        assert result.params[name].stderr == pytest.approx(plain.params[name].stderr * scale, rel=1e-6)
    assert result.r2 == pytest.approx(plain.r2, rel=1e-12)


def test_squares_of_y_that_overflow():
    with pytest.raises(ld.EvaluationError) as caught:
        ld.fit("y ~ a + b*x", {"x": [0.0, 1, 2], "y": [1e200, 2e200, 4e200]}, start={"a": 0, "b": 0})
    assert str(caught.value) == (
        "data: the squares of the residuals overflow at the start: they are as large as 4e+200\n"
        "Give start values nearer to the solution, or y in a larger unit."
    )


@pytest.mark.parametrize("scale", [1e-160, 1e-100, 1e100, 1e150, 1e-200])
def test_units_as_far_as_float64_goes(scale):
    """No warning, no false success; within 1e-150 and 1e150 also the right answer."""
    data = {"x": [0.0, 1, 2, 3, 4], "y": np.array([5.1, 3.9, 3.2, 1.8, 1.1]) * scale}
    result = ld.fit("y ~ a + b*x", data, start={"a": scale, "b": scale})
    slope, intercept = np.polyfit(data["x"], np.array([5.1, 3.9, 3.2, 1.8, 1.1]), 1)
    right = {"a": intercept * scale, "b": slope * scale}
    if 1e-150 < scale < 1e151 or result.converged:
        assert result.values == pytest.approx(right, rel=1e-8, abs=0)
        assert result.converged


# ---- bounds and fixed parameters ----

LINE = {"x": np.linspace(0, 4, 30), "y": 2 * np.linspace(0, 4, 30) - 1}
LINE["y"] = LINE["y"] + 0.1 * np.random.default_rng(6).standard_normal(30)


def test_bounds_that_hold_nothing():
    values, covariance = by_scipy(DATA)
    bounds = {"A": (0, 100), "tau": (0.1, None), "c": (None, 5)}
    result = ld.fit(FORMULA, DATA, start=START, bounds=bounds)
    assert result.status is ld.Status.CONVERGED
    assert result.method == "trf"
    assert list(result.values.values()) == pytest.approx(values, rel=1e-7)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-5)
    assert not any(parameter.at_bound for parameter in result.params.values())
    assert (result.params["A"].lower, result.params["A"].upper) == (0, 100)
    assert (result.params["c"].lower, result.params["c"].upper) == (-math.inf, 5)


@pytest.mark.parametrize(
    ("bounds", "at"),
    [
        ({"c": (0, None)}, 0.0),
        ({"c": (0, 5)}, 0.0),
        ({"c": (0.5, None)}, 0.5),
        ({"c": (-0.25, 5)}, -0.25),
        ({"c": (None, -3)}, -3.0),
        ({"c": (1e-12, None)}, 1e-12),
    ],
)
def test_a_bound_that_holds(bounds, at):
    """The rest of the line is then the least-squares line with that intercept."""
    result = ld.fit("y ~ a*x + c", LINE, bounds=bounds)
    x, y = LINE["x"], LINE["y"] - at
    slope = x @ y / (x @ x)
    assert result.status is ld.Status.AT_BOUND
    assert result.converged
    assert result.params["c"].value == at  # exactly: the bound, and nothing beside it
    assert result.params["c"].at_bound
    assert result.params["c"].stderr is None
    assert not result.params["a"].at_bound
    assert result.params["a"].value == pytest.approx(slope, rel=1e-9)
    s2 = np.sum((y - slope * x) ** 2) / 28
    assert result.params["a"].stderr == pytest.approx(math.sqrt(s2 / (x @ x)), rel=1e-6)
    assert result.free == ("a",)
    assert result.message == (
        "Converged at a bound: no step within the bounds makes the residuals smaller, and a bound holds c. "
        "If the bound is not a fact of nature, widen it."
    )


def test_every_parameter_at_a_bound():
    result = ld.fit("y ~ a*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 7.0]}, bounds={"a": (0, 1)})
    assert result.status is ld.Status.AT_BOUND
    assert result.params["a"].value == 1
    assert result.covariance is None
    assert result.uncertainty_note == "No standard errors: every parameter is held by a bound."


def test_fixed():
    result = ld.fit(FORMULA, DATA, start=START, fixed={"tau": 1.5})
    basis = np.array([np.exp(-DATA["x"] / 1.5), np.ones(60)])
    expected = np.linalg.lstsq(basis.T, DATA["y"], rcond=None)[0]
    assert result.values == pytest.approx({"A": expected[0], "tau": 1.5, "c": expected[1]}, rel=1e-9)
    assert result.free == ("A", "c")
    assert result.dof == 58
    assert result.n_fitted == 2
    assert result.params["tau"].fixed
    assert result.params["tau"].stderr is None
    for fixed in (["tau"], {"tau"}, "tau", {"tau": None}):
        again = ld.fit(FORMULA, DATA, start={**START, "tau": 1.5}, fixed=fixed)
        assert again.values == result.values


# ---- rows ----


def test_rows_of_weight_zero():
    weights = np.ones(60)
    weights[::3] = 0
    some = {name: values[weights > 0] for name, values in DATA.items()}
    result, expected = (
        ld.fit(FORMULA, DATA, start=START, weights=weights),
        ld.fit(FORMULA, some, start=START),
    )
    assert result.values == pytest.approx(expected.values, rel=1e-10)
    np.testing.assert_allclose(errors_of(result), errors_of(expected), rtol=1e-8)
    assert (result.n_obs, result.dof) == (40, 37)
    assert result.r2 == pytest.approx(expected.r2, rel=1e-10)
    assert result.aic == pytest.approx(expected.aic, rel=1e-10)
    assert len(result.residuals) == 60


def test_nan_policy_omit():
    x, y = DATA["x"].copy(), DATA["y"].copy()
    x[3], y[10], y[20] = np.inf, np.nan, -np.inf
    good = np.isfinite(x) & np.isfinite(y)
    result = ld.fit(FORMULA, {"x": x, "y": y}, start=START, nan_policy="omit")
    expected = ld.fit(FORMULA, {"x": x[good], "y": y[good]}, start=START)
    assert result.values == expected.values
    assert result.n_obs == 57
    assert result.notes == ("3 of 60 rows hold values that are not finite and were left out.",)
    sigma = np.where(np.arange(60) == 30, np.nan, DATA["s"])
    assert ld.fit(FORMULA, DATA, start=START, sigma=sigma, nan_policy="omit").n_obs == 59


def test_as_many_rows_as_parameters():
    result = ld.fit("y ~ A*exp(-x/tau)", {"x": [0.0, 1.0], "y": [2.0, 1.0]}, start={"A": 1, "tau": 1})
    assert result.converged
    assert result.values == pytest.approx({"A": 2, "tau": 1 / math.log(2)}, rel=1e-12)
    assert result.dof == 0
    assert math.isnan(result.reduced_chi2)
    assert not result.uncertainties_available
    assert result.uncertainty_note == (
        "No standard errors: there are as many parameters as rows, so nothing is left to tell the scatter "
        "of the data from."
    )
    known = ld.fit("y ~ a*x + b", {"x": [0.0, 1.0], "y": [2.0, 1.0]}, sigma=0.5)
    assert errors_of(known) == pytest.approx([0.5 * math.sqrt(2), 0.5])


def test_an_exact_fit():
    result = ld.fit("y ~ a*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]})
    assert result.converged
    assert result.values["a"] == pytest.approx(2, rel=1e-14)
    assert result.r2 == pytest.approx(1)
    assert result.params["a"].stderr == pytest.approx(0, abs=1e-14)


# ---- the response, and kinds of data ----


def test_where_the_response_comes_from(tmp_path):
    expected = ld.fit(FORMULA, DATA, start=START).values
    right = "A*exp(-x/tau) + c"
    for formula in (f"y = {right}", f"f(x) = {right}", right):
        y = "y" if formula.startswith("f") else None
        assert ld.fit(formula, DATA, start=START, y=y).values == expected
    other = {"x": DATA["x"], "z": DATA["y"]}
    assert ld.fit(right, other, start=START, y="z").values == expected
    assert ld.fit(right, {"x": DATA["x"]}, start=START, y=DATA["y"]).values == expected
    assert ld.fit(right, {"x": DATA["x"]}, start=START, y=list(DATA["y"])).values == expected
    assert ld.fit(FORMULA, other, start=START, y="z").values == expected
    model = ld.Model(right, inputs=["x"])
    assert model.fit(DATA, start=START).values == expected


def test_a_left_side_that_is_an_expression():
    rng = np.random.default_rng(7)
    x = np.linspace(0.1, 2, 40)
    p = np.exp(1.5 - 0.7 * x + 0.05 * rng.standard_normal(40))
    result = ld.fit("log(p) ~ a - b*x", {"x": x, "p": p})
    slope, intercept = np.polyfit(x, np.log(p), 1)
    assert result.values == pytest.approx({"a": intercept, "b": -slope}, rel=1e-9)
    np.testing.assert_allclose(result.residuals, np.log(p) - intercept - slope * x, atol=1e-12)
    np.testing.assert_allclose(result.predict({"x": [1.0]}), [intercept + slope], rtol=1e-9)
    assert result.notes[1:] == ("Residuals, rss and R2 are those of log(p).",)


def kinds_of_data(folder):
    path = folder / "d.csv"
    pd.DataFrame(DATA).to_csv(path, index=False)
    pd.DataFrame(DATA).to_parquet(folder / "d.parquet")
    names = [(name, float) for name in DATA]
    return {
        "lists": {name: values.tolist() for name, values in DATA.items()},
        "pandas": pd.DataFrame(DATA, index=np.arange(60)[::-1]),
        "polars": pl.DataFrame(DATA),
        "lazy": pl.LazyFrame(DATA),
        "arrow": pa.table(DATA),
        "structured": np.array(list(zip(*DATA.values(), strict=True)), dtype=names),
        "csv": path,
        "text path": str(path),
        "parquet": folder / "d.parquet",
    }


@pytest.mark.parametrize(
    "kind",
    ["lists", "pandas", "polars", "lazy", "arrow", "structured", "csv", "text path", "parquet"],
)
def test_kinds_of_data(kind, tmp_path):
    expected = ld.fit(FORMULA, DATA, start=START, sigma="s")
    result = ld.fit(FORMULA, kinds_of_data(tmp_path)[kind], start=START, sigma="s")
    assert result.values == expected.values
    assert errors_of(result) == errors_of(expected)


def test_predict():
    result = ld.fit(FORMULA, DATA, start=START)
    new = np.array([0.0, 2.5, 100.0])
    expected = decay(new, **result.values)
    frames = ({"x": new}, pd.DataFrame({"x": new}), pl.DataFrame({"x": new}), new, list(new), tuple(new))
    for data in frames:
        np.testing.assert_allclose(result.predict(data), expected, rtol=1e-14)
    np.testing.assert_allclose(result.predict(), decay(DATA["x"], **result.values), rtol=1e-14)
    assert result.predict({"x": []}).shape == (0,)
    np.testing.assert_array_equal(ld.fit("y ~ c", {"y": [1.0, 2.0, 3.0]}).predict(), [2, 2, 2])


def test_columns_with_names_that_mean_something_else():
    x = DATA["x"]
    expected = ld.fit(FORMULA, DATA, start=START).values
    for name in ("pi", "e", "gamma", "beta"):
        formula = FORMULA.replace("x/", f"{name}/")
        found = ld.fit(formula, {name: x, "y": DATA["y"]}, start=START).values
        assert found == expected
    result = ld.fit("y ~ gamma*exp(-x/beta) + c", DATA)
    assert list(result.values.values()) == pytest.approx(list(expected.values()), rel=1e-9)


# ---- how a fit ends ----


def test_notes_on_start_values():
    result = ld.fit(FORMULA, DATA, start={"tau": 2.0})
    assert result.notes == ("No start value was given; the fit began at A = 1, c = 1.",)
    assert not result.params["A"].start_given
    assert result.params["tau"].start_given
    assert (result.params["A"].start, result.params["tau"].start) == (1, 2)
    assert ld.fit(FORMULA, DATA, start=START).notes == ()
    inside = ld.fit(FORMULA, DATA, start={"A": 2, "tau": 1}, bounds={"c": (-3, 1)})
    assert inside.params["c"].start == -1
    for low, high in ((5.0, None), (None, -5.0), (1.0, None), (None, 1.0)):
        found = ld.fit(FORMULA, DATA, start={"A": 2, "tau": 1}, bounds={"c": (low, high)}).params["c"]
        assert found.lower < found.start < found.upper


def test_parameters_that_only_act_together():
    data = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.1, 3.9, 6.2, 7.8]}
    result = ld.fit("y ~ a*b*x", data)
    x, y = np.array(data["x"]), np.array(data["y"])
    assert result.converged
    assert result.values["a"] * result.values["b"] == pytest.approx(x @ y / (x @ x), rel=1e-9)
    assert result.covariance is None
    assert result.correlation is None
    assert not result.uncertainties_available
    assert errors_of(result) == [None, None]
    assert result.uncertainty_note == (
        "No standard errors: the data determine a and b only together, not each by itself; fix one of them."
    )
    other = ld.fit("y ~ a*x + b*x + c", data)
    assert other.converged
    assert "a and b only together" in other.uncertainty_note


@pytest.mark.parametrize(("method", "h"), [("central", 1.0), ("central", 0.4)])
def test_a_step_too_large_for_standard_errors(method, h):
    x = np.linspace(0, 6, 50)
    data = {"x": x, "y": np.exp(-x) + 0.01 * np.sin(50 * x)}
    result = ld.fit("y ~ A*exp(-k*x)", data, diff_method=method, diff_h=h)
    assert result.converged
    assert errors_of(result) == [None, None]
    assert result.uncertainty_note == (
        f"No standard errors: diff_h = {h:g} is too large a step, and the derivatives are wrong in their "
        "first digits; leave diff_h out, or make it smaller."
    )
    assert result.uncertainty_note in result.summary()


@pytest.mark.parametrize("method", ["central", "five_point", "richardson"])
def test_standard_errors_with_steps_that_are_large(method):
    """A step of a twentieth leaves them their first digit; a model that is linear has no error."""
    x = np.linspace(0, 6, 50)
    data = {"x": x, "y": np.exp(-x) + 0.01 * np.sin(50 * x)}
    for formula, h, tolerance in (("y ~ A*exp(-k*x)", 0.05, 0.1), ("y ~ a*x + b", 1.0, 1e-9)):
        exact = errors_of(ld.fit(formula, data))
        found = ld.fit(formula, data, diff_method=method, diff_h=h)
        assert errors_of(found) == pytest.approx(exact, rel=tolerance)


def test_a_step_too_small_for_standard_errors():
    factor = factorise(np.array([0.1, -0.1, 0.2]), np.array([[1.0, 2.0, 3.0]]))
    found = covariance(factor, ["k"], Scheme(DiffMethod.CENTRAL, 1e-15), 2)
    assert found.covariance is None
    assert found.reason == (
        "diff_h = 1e-15 is too small a step, and the derivatives are wrong in their first digits; "
        "leave diff_h out, or make it larger"
    )
    assert covariance(factor, ["k"], Scheme(DiffMethod.CENTRAL, 1e-15), 2, linear=True).reason == ""


@pytest.mark.parametrize("formula", ["y ~ a*x + 0*b", "y ~ a*x + where(x > 100, b, 0)"])
def test_a_parameter_that_does_nothing_is_named(formula):
    result = ld.fit(formula, {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.1, 3.9, 6.2, 7.8]})
    assert result.params["a"].value == pytest.approx(59.7 / 30, rel=1e-9)
    assert not result.uncertainties_available
    assert "b" in (result.message + result.uncertainty_note).replace(",", " ").replace(".", " ").split()


@pytest.mark.parametrize(
    ("formula", "y"),
    [
        ("y ~ A*exp(-x/tau)", np.full(30, 2.0)),
        ("y ~ a*x/(K + x)", np.linspace(0, 4, 30)),
        ("y ~ a*exp(-b*x)", np.r_[1.0, np.zeros(29)]),
    ],
    ids=["constant", "a line by a hyperbola", "a spike"],
)
def test_a_fit_that_runs_away_has_not_converged(formula, y):
    """The best tau for a constant is infinity: no value that could be reported is the answer."""
    result = ld.fit(formula, {"x": np.linspace(0, 4, 30), "y": y})
    assert not result.converged
    assert result.message
    assert not result.uncertainties_available


def test_out_of_evaluations():
    result = ld.fit(FORMULA, DATA, start={"A": 50, "tau": 0.2, "c": -9}, max_evaluations=4)
    assert result.status is ld.Status.BUDGET
    assert not result.converged
    assert not result.finished
    assert result.n_evaluations == 4
    assert len(result.history) == 4
    assert result.rss == min(result.history)
    assert result.message == (
        "Out of evaluations: the limit of evaluations was reached before a minimum. "
        "Give better start values, or raise max_evaluations."
    )
    assert result.uncertainty_note == "No standard errors: the fit did not converge."


@pytest.mark.parametrize("optimizer", ["lm", "trf"])
@pytest.mark.parametrize("k", [2, 4, 7])
def test_an_interrupt_gives_the_best_so_far(monkeypatch, optimizer, k):
    evaluation = SquaredResiduals.evaluation
    calls = 0
    seen = []

    def interrupted(self, parameters):
        found = evaluation(self, parameters)

        class Counted:
            def __getattr__(self, name):
                return getattr(found, name)

            def run(self, theta):
                nonlocal calls
                calls += 1
                if calls == k:
                    raise KeyboardInterrupt
                out = found.run(theta)
                seen.append(float(out[0] @ out[0]))
                return out

        return Counted()

    monkeypatch.setattr(SquaredResiduals, "evaluation", interrupted)
    start = {"A": 50, "tau": 0.2, "c": -9}
    result = ld.fit(FORMULA, DATA, start=start, optimizer=optimizer)
    assert result.status is ld.Status.INTERRUPTED
    assert not result.converged
    assert not result.finished
    assert result.rss == pytest.approx(min(seen), rel=1e-12)
    assert result.rss == pytest.approx(np.sum((DATA["y"] - decay(DATA["x"], **result.values)) ** 2))
    assert result.message == (
        "Interrupted: the fit was interrupted; the values are the best so far. "
        "Run it again, with these values as start."
    )


# ---- options ----


def test_central_differences_give_the_same():
    exact = ld.fit(FORMULA, DATA, start=START)
    central = ld.fit(FORMULA, DATA, start=START, diff_method=ld.DiffMethod.CENTRAL)
    assert central.values == pytest.approx(exact.values, rel=1e-6)
    np.testing.assert_allclose(errors_of(central), errors_of(exact), rtol=1e-6)


def test_options_of_the_model_are_overridden_by_the_call():
    model = ld.Model(FORMULA, parameters=[ld.ParameterSpec("tau", 1.5, fixed=True)])
    assert model.fit(DATA).values["tau"] == 1.5
    assert model.fit(DATA, fixed={"tau": 1.2}).values["tau"] == 1.2
    spec = ld.ParameterSpec("A", 2.0, 0.0, 2.5, unit="V", doc="height")
    result = ld.Model(FORMULA, parameters=[spec]).fit(DATA)
    assert result.params["A"].value == 2.5
    assert (result.params["A"].unit, result.params["A"].doc) == ("V", "height")
    wider = ld.Model(FORMULA, parameters=[spec]).fit(DATA, bounds={"A": (0, 9)})
    assert wider.params["A"].value == pytest.approx(ld.fit(FORMULA, DATA).values["A"], rel=1e-8)


# ---- what a fit leaves alone ----


def test_the_same_input_gives_the_same_output():
    first, second = (ld.fit(FORMULA, DATA, sigma="s") for _ in range(2))
    assert first.values == second.values
    assert first.history == second.history
    np.testing.assert_array_equal(first.covariance, second.covariance)


def test_global_state_is_untouched():
    states = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    filters = list(warnings.filters)
    with np.errstate(divide="raise", over="print", under="call", invalid="warn"):
        before = np.geterr()
        ld.fit(FORMULA, DATA, start={"A": 50, "tau": 0.01, "c": -9})
        with pytest.raises(ld.LambdaMLError):
            ld.fit("y ~ a*log(b - x)", DATA)
        assert np.geterr() == before
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])  # noqa: NPY002
    assert random.getstate() == states[1]
    assert warnings.filters == filters


@pytest.mark.parametrize("mode", ["raise", "warn"])
@pytest.mark.parametrize(
    ("formula", "start", "options"),
    [
        ("y ~ A*exp(-x/tau) + c", {"tau": 1e-3}, {}),
        ("y ~ A*exp(b*x)", {"b": 80}, {}),
        ("y ~ A*x^b", {}, {}),
        ("y ~ A*log(b + x)", {"b": 1e-8}, {}),
        ("y ~ A/(x - b)", {"b": 2.0001}, {}),
        ("y ~ A*sqrt(b - x)", {"b": 6.5}, {}),
        ("y ~ A*exp(-x/tau) + c", {}, {"optimizer": "trf"}),
        ("y ~ A*exp(-x/tau) + c", {}, {"diff_method": "central", "bounds": {"tau": (0, None)}}),
        ("y ~ A*exp(-x/tau) + c", {}, {"sigma": 1e-200}),
        ("y ~ A*exp(-x/tau) + c", {}, {"sigma": 1e200}),
        ("y ~ A*exp(-x/tau) + c", {}, {"weights": np.full(60, 1e-320)}),
        ("y ~ A*exp(-x/tau) + c", {}, {"weights": np.full(60, 1e308)}),
    ],
)
def test_never_a_warning(formula, start, options, mode):
    """Whatever NumPy is told to do with overflow, a fit ends in a result or in an error of the package."""
    with np.errstate(all=mode), contextlib.suppress(ld.LambdaMLError):
        ld.fit(formula, DATA, start=start, **options)


def test_the_callers_data_stay_as_they_are():
    data = {name: values.copy() for name, values in DATA.items()}
    start, bounds = dict(START), {"A": (0, 10)}
    result = ld.fit(FORMULA, data, start=start, bounds=bounds, sigma="s")
    data["y"][:] = 0
    data["x"][:] = 0
    assert start == START
    assert bounds == {"A": (0, 10)}
    np.testing.assert_array_equal(result.y, DATA["y"])
    np.testing.assert_allclose(result.predict(), result.fitted, rtol=1e-12)


def test_a_result_does_not_change():
    result = ld.fit(FORMULA, DATA)
    with pytest.raises(AttributeError):
        result.rss = 0
    with pytest.raises(TypeError):
        result.params["A"] = None
    result.values["A"] = 0
    assert result.values["A"] != 0


def test_models_can_be_pickled_and_copied():
    spec = ld.ParameterSpec("tau", 2.0, 0.1, 9.0)
    model = ld.Model(FORMULA, parameters=[spec], constants={"k": 2.0})
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert str(again) == str(model)
        assert dict(again.specs) == {"tau": spec}
        assert again.fit(DATA).values == model.fit(DATA).values


def test_results_can_be_pickled():
    result = ld.fit(FORMULA, DATA, sigma="s")
    again = pickle.loads(pickle.dumps(result))
    assert again.values == result.values
    assert again.summary() == result.summary()


def test_repr():
    result = ld.fit("y ~ a*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]})
    assert repr(result).startswith("FitResult(a=2; rss=")
    assert repr(result).endswith("; converged)")


def test_a_rule_that_meets_zero_times_infinity_is_mended():
    """Where exp overflows, 1/(1 + exp) is 0 and so is its slope; the chain rule alone has 0 * inf there."""
    x = np.linspace(0, 10, 40)
    y = 3 / (1 + np.exp(-1.5 * (x - 4))) + 0.02 * np.random.default_rng(12).standard_normal(40)
    start = {"L": 2, "k": 400, "m": 4.1}
    result = ld.fit("y ~ L/(1 + exp(-k*(x - m)))", {"x": x, "y": y}, start=start)
    near = ld.fit("y ~ L/(1 + exp(-k*(x - m)))", {"x": x, "y": y}, start={"L": 3, "k": 1.5, "m": 4})
    assert near.converged
    assert result.history[0] < np.inf
    assert all(math.isfinite(value) for value in result.values.values())
    assert not result.converged  # so steep a start leads to a plateau, where k and m are lost
    assert result.rss > 2 * near.rss


def test_a_wrong_minimum_is_a_minimum_but_not_without_a_word():
    x = np.linspace(0, 10, 80)
    y = (
        3 * np.exp(-((x - 7) ** 2) / (2 * 0.5**2))
        + 0.4
        + 0.05 * np.random.default_rng(13).standard_normal(80)
    )
    formula = "y ~ A*exp(-(x - m)^2/(2*s^2)) + b"
    right = ld.fit(formula, {"x": x, "y": y}, start={"A": 3, "m": 7, "s": 0.5, "b": 0.4})
    wrong = ld.fit(formula, {"x": x, "y": y}, start={"A": 1, "m": 1, "s": 1, "b": 1})
    residuals = wrong.residuals
    together = residuals[1:] @ residuals[:-1] / (residuals @ residuals)
    assert wrong.rss > 10 * right.rss
    assert f"Residuals of neighbouring rows go together (correlation {together:+.2f})" in wrong.notes[-1]
    assert right.notes == ()


def test_a_column_of_sigma_may_be_an_input_too():
    random = np.random.default_rng(14)
    x, z = random.uniform(1, 5, 40), random.uniform(0, 1, 40)
    y = 2 * x + 3 * z + 0.1 * x * random.standard_normal(40)
    result = ld.fit("y ~ a*x + b*z", {"x": x, "y": y, "z": z}, sigma="x")
    columns = np.array([x, z]) / x
    assert list(result.params) == ["a", "b"]
    assert list(result.values.values()) == pytest.approx(
        np.linalg.lstsq(columns.T, y / x, rcond=None)[0].tolist()
    )


def test_lm_refuses_bounds():
    with pytest.raises(ld.OptionError) as caught:
        ld.fit("y ~ c^x", {"x": [1.0, 2, 3], "y": [2.0, 4, 8]}, bounds={"c": (0, 1)}, optimizer="lm")
    assert str(caught.value) == (
        "optimizer 'lm' knows no bounds, but c has some\nUse optimizer='trf', or leave it at 'auto'."
    )


PEAK_T = np.linspace(0, 1, 200)
PEAK_Y = np.exp(-((PEAK_T - 0.5) ** 2) / (2 * 0.02**2)) + 0.01 * np.random.default_rng(15).standard_normal(
    200
)
PAIR_X = np.linspace(-5, 5, 201)
PAIR_Y = sum(np.exp(-((PAIR_X - at) ** 2) / (2 * 0.3**2)) for at in (-2, 2))


@pytest.mark.parametrize(
    ("formula", "data", "start"),
    [
        ("y ~ a*(x==0) + 4*a^2*(x==1)", {"x": [0.0, 1, 2], "y": [0, 10, 0.1]}, {"a": 0}),
        ("y ~ A*exp(-(x - m)^2/2/0.3^2)", {"x": PAIR_X, "y": PAIR_Y}, {"m": 0, "A": 0.1}),
        ("y ~ max(a, 0)*x", {"x": [1.0, 2, 3], "y": [3.0, 6, 9]}, {"a": -1}),
        ("y ~ c + relu(a*x + b)", {"x": [1.0, 2, 3, 4], "y": [1.0, 1, 2, 3]}, {"a": -1, "b": -1}),
        ("y ~ A*exp(-x/tau) + c", {"x": np.linspace(0, 10, 20), "y": np.full(20, 5.0)}, {}),
        ("y ~ a/x^5/expm1(14387.77/(x*T))", {"x": np.linspace(0.2, 3, 80), "y": np.linspace(1, 2, 80)}, {}),
    ],
    ids=["maximum", "saddle", "max", "relu", "constant", "dead start"],
)
def test_an_end_that_is_no_minimum_has_not_converged(formula, data, start):
    result = ld.fit(formula, data, start=start)
    assert not result.converged
    assert not result.uncertainties_available


def test_a_result_does_not_change_with_the_callers_arrays():
    x, y, weights = np.arange(5.0), np.array([0.1, 1.9, 4.2, 5.8, 8.1]), np.ones(5)
    result = ld.fit("y ~ a*x", {"x": x, "y": y}, weights=weights)
    before = (result.r2, result.residuals.tolist(), result.summary())
    again = ld.fit("y ~ a*x", {"x": x.copy(), "y": y.copy()}, weights=weights.copy())
    x[:], y[:], weights[:] = 1, 0, 7
    assert (again.r2, again.residuals.tolist(), again.summary()) == before
    assert (result.rss, result.y.tolist()) == (again.rss, again.y.tolist())
    assert result.predict().tolist() == again.predict().tolist()


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ a*x", {"bounds": {"a": (-1e308, 1e308)}}),
        ("y ~ a*x", {"max_evaluations": 10**10}),
        ("y ~ pow(a, 1e308)", {"optimizer": "lm"}),
    ],
)
def test_the_ends_of_float64_raise_nothing_foreign(formula, options):
    assert ld.fit(formula, {"x": [0.0, 1, 2, 3, 4], "y": [0.0, 1, 2, 3, 4]}, **options).message


def test_statistics_of_huge_values_do_not_warn():
    result = ld.fit("y ~ a*x", {"x": [1.0, 2, 3], "y": [1e150, 2e153, 3e153]}, start={"a": 1e153})
    assert result.summary()


@pytest.mark.parametrize(("origin", "start"), [(0.0, 0.4), (1.7e9, 0.8)])
def test_a_peak_missed_is_no_success_without_a_word(origin, start):
    """Nothing leads from there to the peak: a minimum of the noise may be found, and says that it is poor."""
    t = np.linspace(0, 1, 200)
    y = np.exp(-((t - 0.5) ** 2) / (2 * 0.02**2)) + 0.01 * np.random.default_rng(15).standard_normal(200)
    first = {"A": 1, "m": origin + start, "s": 0.03}
    result = ld.fit("y ~ A*exp(-(t - m)^2/(2*s^2))", {"t": t + origin, "y": y}, start=first)
    assert result.rss < 0.1 or not result.converged or any("hardly better" in note for note in result.notes)


@pytest.mark.parametrize(
    ("text", "options", "method", "said"),
    [
        ("y ~ a*exp(-b*x)", {}, "complex_step", ""),
        ("y ~ a*exp(-b*x)", {"diff_method": "auto"}, "complex_step", ""),
        ("y ~ sum(A*exp(-k*x))", {"start": {"A": [1, 0.5], "k": [1, 3]}}, "adjoint", "adjoint"),
        ("y ~ a*exp(-b*x)", {"diff_method": "central"}, "central", "central differences"),
    ],
)
def test_the_result_says_how_derivatives_were_taken(
    text: str, options: dict[str, object], method: str, said: str
) -> None:
    x = np.linspace(0, 4, 40)
    result = ld.fit(text, {"x": x, "y": np.exp(-x) + 0.5 * np.exp(-3 * x)}, **options)
    assert result.diff_method == method
    assert (", derivatives by " in result.summary()) == bool(said)
    assert said in result.summary()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("y ~ A*exp(-k*x) + c", {}),
        ("y ~ A*exp(-k*x) + c", {"bounds": {"c": (0.32, None)}}),
        ("y ~ A*exp(-k*x) + c", {"fixed": {"c": 0.3}, "weights": "w"}),
        ("y ~ A*exp(-k*x) + c", {"diff_method": "central", "sigma": 0.1}),
        ("y ~ sum(B*exp(-q*x)) + c", {"start": {"B": [1, 1], "q": [1, 0.1]}, "fixed": {"c": 0.0}}),
    ],
)
def test_a_fit_on_r_factors_is_the_fit_of_the_rows(
    text: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 5, 3000)
    data = {"x": x, "y": 2 * np.exp(-1.5 * x) + 0.3 + rng.normal(0, 0.1, 3000), "w": rng.uniform(1, 2, 3000)}
    by_rows = ld.fit(text, data, **options)
    monkeypatch.setattr("lambdaml_dsl.fitting.problem.LARGE_SIZE", 10)
    by_factor = ld.fit(text, data, **options)
    assert by_factor.status is by_rows.status
    assert (by_factor.n_obs, by_factor.dof) == (by_rows.n_obs, by_rows.dof)
    assert by_factor.rss == pytest.approx(by_rows.rss, rel=1e-11)
    np.testing.assert_allclose(by_factor.covariance, by_rows.covariance, rtol=1e-6)
    np.testing.assert_allclose(by_factor.residuals, by_rows.residuals, rtol=1e-6, atol=1e-9)
    for name, value in by_rows.values.items():
        np.testing.assert_allclose(by_factor.values[name], value, rtol=1e-8)


@pytest.mark.parametrize(
    ("text", "start", "what"),
    [("y ~ log(a*x)", {"a": -1.0}, "log"), ("y ~ sqrt(a*x - 1) + b*x", {"a": 1.0, "b": 1.0}, "sqrt")],
)
def test_a_row_that_is_not_finite_is_named_though_rows_are_many(
    text: str, start: dict[str, float], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.linspace(1, 5, 3000)
    x[1234] = 0.5
    messages = []
    for large in (2**16, 10):
        monkeypatch.setattr("lambdaml_dsl.fitting.problem.LARGE_SIZE", large)
        with pytest.raises(ld.EvaluationError) as caught:
            ld.fit(text, {"x": x, "y": x}, start=start)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert what in messages[0]


@pytest.mark.parametrize("large", [2**16, 2**40], ids=["on R factors", "on all rows"])
def test_a_fit_is_the_same_to_the_bit_for_any_number_of_threads(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(9)
    x0, x1 = rng.normal(0, 2, 200_000), rng.uniform(0, 6, 200_000)
    y = 1.5 * np.exp(-0.4 * np.abs(x0)) * np.cos(2 * x1 + 0.3) + rng.normal(0, 0.1, 200_000)
    monkeypatch.setattr("lambdaml_dsl.fitting.problem.LARGE_SIZE", large)
    found = []
    for cores in (1, 2, 4):
        monkeypatch.setattr("lambdaml_dsl.program.threads.cores", lambda cores=cores: cores)
        result = ld.fit(
            "y ~ a*exp(-lam*abs(x0))*cos(w*x1 + phi)",
            {"x0": x0, "x1": x1, "y": y},
            start={"a": 1.2, "lam": 0.5, "w": 1.98, "phi": 0.4},
        )
        assert result.converged
        found.append(
            np.concatenate([list(result.values.values()), result.covariance.ravel(), result.residuals])
        )
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_breakpoints_of_many_rows_leave_residuals_for_all_rows() -> None:
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(0, 10, 40_000))
    y = 3 * np.exp(-x / 2) + 0.5 + 0.05 * rng.normal(size=40_000)
    result = ld.fit("y ~ a + c*max(x - b, 0)", {"x": x, "y": y}, start={"b": 3.0})
    assert result.residuals.shape == (40_000,)
    assert result.rss == pytest.approx(float(np.sum(result.residuals**2)), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "linear"), [("y ~ a*x^2 + b*x + c", True), ("y ~ a*b*x + c", False), ("y ~ a*exp(-b*x)", False)]
)
def test_what_is_linear_takes_one_step(text: str, linear: bool) -> None:
    x = np.linspace(1, 3, 30)
    result = ld.fit(text, {"x": x, "y": 2 * x**2 - x + 0.5}, optimizer="lm")
    assert (result.n_evaluations <= 2) == linear
