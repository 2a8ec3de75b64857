"""Reports say what the result holds; as plain values they are JSON that every reader accepts."""

import json
import math

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.modelfile.read import loads
from lambdaml_dsl.report.plain import to_plain
from lambdaml_dsl.report.text import align, shortened, strong_correlations, summary

X = np.linspace(0, 5, 25)
Y = 4 * np.exp(-X / 1.7) + 0.03 * np.random.default_rng(11).standard_normal(25)
DATA = {"x": X, "y": Y, "s": np.full(25, 0.03)}
FORMULA = "y ~ A*exp(-x/tau)"


def strict_json(result):
    """Give the plain values once through JSON, in which NaN and infinity do not exist."""
    return json.loads(json.dumps(result.to_dict(), allow_nan=False))


def row_of(text, name):
    """Give the cells of a parameter's row."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def test_summary_of_a_plain_fit():
    result = ld.fit(FORMULA, DATA)
    text = result.summary()
    assert text == summary(result)
    lines = text.splitlines()
    assert lines[0] == FORMULA
    assert "Converged: no step makes the residuals smaller." in lines
    assert any(line.startswith("25 rows, 2 fitted parameters, 23 degrees of freedom; ") for line in lines)
    name, value, error, relative, sign, start = row_of(text, "tau")
    tau = result.params["tau"]
    assert (name, sign, start) == ("tau", "%", "1")
    assert float(value) == pytest.approx(tau.value, rel=1e-7)
    assert float(error) == pytest.approx(tau.stderr, rel=1e-3)
    assert float(relative) == pytest.approx(100 * tau.stderr / tau.value, rel=0.1)
    deviation = math.sqrt(result.rss / 23)
    assert f"rss = {result.rss:.8g}   residual standard deviation = {deviation:.6g}   R2 = " in text
    assert f"AIC = {result.aic:.6g}   BIC = {result.bic:.6g}" in lines
    assert "Standard errors are scaled by the residuals." in lines
    assert "No start value was given; the fit began at A = 1, tau = 1." in lines
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"sigma": "s"}, "Standard errors are taken from sigma (column 's'), which is absolute."),
        ({"sigma": 0.03}, "Standard errors are taken from sigma, which is absolute."),
        (
            {"sigma": "s", "absolute_sigma": False},
            "Standard errors are scaled by the residuals; sigma (column 's') is relative.",
        ),
        ({"weights": "s"}, "Standard errors are scaled by the residuals; weights are relative."),
    ],
)
def test_what_standard_errors_rest_on(options, note):
    result = ld.fit(FORMULA, DATA, **options)
    assert note in result.summary().splitlines()
    assert result.to_dict()["uncertainty_note"] == note
    assert ("chi-square = " in result.summary()) is result.sigma_absolute
    assert result.to_dict()["sigma_absolute"] is result.sigma_absolute


def test_summary_of_a_model_file():
    model = loads(
        'model "Decay [of] a sample"\n'
        'param A = 3 in [0, 10]  [V]  "height"\n'
        'param tau = 1.5 fixed  [s]  "life time"\n'
        "input x\n"
        "y = A*exp(-x/tau)\n"
    )
    text = model.fit(DATA).summary()
    lines = text.splitlines()
    assert lines[:2] == ["Decay [of] a sample", "y = A*exp(-x/tau)"]
    assert row_of(text, "tau") == ["tau", "1.5", "fixed", "s", "life", "time"]
    height = next(line for line in lines if line.startswith("A "))
    assert "[0, 10]" in height
    assert height.endswith("V     height")
    assert any(line.startswith("25 rows, 1 fitted parameter, 24 degrees of freedom; ") for line in lines)


def test_summary_at_a_bound():
    text = ld.fit(FORMULA, DATA, bounds={"A": (None, 2)}).summary()
    assert "at bound" in text
    assert "[-inf, 2]" in text
    assert "a bound holds A" in text


def test_summary_without_standard_errors():
    result = ld.fit("y ~ a*b*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.1, 5.9]})
    text = result.summary()
    assert row_of(text, "a")[2] == "none"
    assert result.uncertainty_note in text
    assert "Correlations" not in text


def test_summary_of_an_exact_fit_and_of_one_without_freedom():
    exact = ld.fit("y ~ a*x", {"x": [1.0, 2.0], "y": [2.0, 4.0]})
    assert "residual standard deviation = " in exact.summary()
    full = ld.fit("y ~ a*x + b", {"x": [1.0, 2.0], "y": [2.0, 4.5]})
    assert "residual standard deviation = -" in full.summary()
    assert "2 rows, 2 fitted parameters, 0 degrees of freedom" in full.summary()
    constant = ld.fit("y ~ c + 0*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 2.0, 2.0]})
    assert "R2 = -" in constant.summary()


def test_strong_correlations_are_listed_strongest_first():
    x = np.linspace(10, 12, 30)
    rng = np.random.default_rng(3)
    y = 1 + 2 * x - 0.1 * x**2 + 0.01 * rng.standard_normal(30)
    result = ld.fit("y ~ a + b*x + c*x^2", {"x": x, "y": y})
    pairs = strong_correlations(result)
    assert {frozenset(pair[:2]) for pair in pairs} == {frozenset("ab"), frozenset("ac"), frozenset("bc")}
    sizes = [abs(value) for _, _, value in pairs]
    assert sizes == sorted(sizes, reverse=True)
    assert "Correlations of 0.9 and more: " in result.summary()
    for first, second, value in pairs:
        i, j = result.free.index(first), result.free.index(second)
        assert value == result.correlation[i, j]
        assert f"{first} and {second} {value:+.3f}" in result.summary()


def test_many_strong_correlations_are_counted():
    x = np.linspace(10, 11, 40)
    terms = " + ".join(f"p{k}*x^{k}" for k in range(5))
    y = x + 1e-3 * np.random.default_rng(4).standard_normal(40)
    result = ld.fit(f"y ~ {terms}", {"x": x, "y": y})
    if result.uncertainties_available:
        pairs = len(strong_correlations(result))
        assert pairs > 8
        assert f", and {pairs - 8} more." in result.summary()


RESULTS = {
    "plain": lambda: ld.fit(FORMULA, DATA),
    "sigma": lambda: ld.fit(FORMULA, DATA, sigma="s"),
    "bounded": lambda: ld.fit(FORMULA, DATA, bounds={"A": (None, 2)}),
    "fixed": lambda: ld.fit(FORMULA, DATA, fixed={"tau": 1.5}),
    "exact": lambda: ld.fit("y ~ a*x", {"x": [1.0, 2.0], "y": [2.0, 4.0]}),
    "no freedom": lambda: ld.fit("y ~ a*x + b", {"x": [1.0, 2.0], "y": [2.0, 4.5]}),
    "constant": lambda: ld.fit("y ~ c + 0*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 2.0, 2.0]}),
    "not determined": lambda: ld.fit("y ~ a*b*x", {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.1, 5.9]}),
    "budget": lambda: ld.fit(FORMULA, DATA, max_evaluations=2),
    "expression": lambda: ld.fit("log(y) ~ a - b*x", {"x": X, "y": np.abs(Y)}),
}


@pytest.mark.parametrize("make", RESULTS.values(), ids=RESULTS)
def test_plain_values(make):
    result = make()
    assert result.summary()
    plain = strict_json(result)
    assert plain == to_plain(result)
    assert plain["model"] == str(result.model)
    assert plain["status"] == result.status.name.lower()
    assert plain["converged"] is result.converged
    assert plain["finished"] is result.finished
    assert (plain["method"], plain["diff_method"]) == (result.method, "complex_step")
    assert plain["uncertainties_available"] is result.uncertainties_available
    assert plain["message"] == result.message
    assert plain["notes"] == list(result.notes)
    assert (plain["n_obs"], plain["dof"]) == (result.n_obs, result.dof)
    assert list(plain["parameters"]) == list(result.params)
    for name, parameter in result.params.items():
        found = plain["parameters"][name]
        assert found["value"] == parameter.value
        assert found["stderr"] == parameter.stderr
        assert found["start"] == parameter.start
        assert found["start_given"] is parameter.start_given
        assert found["fixed"] is parameter.fixed
        assert found["at_bound"] is parameter.at_bound
        assert found["lower"] == (parameter.lower if math.isfinite(parameter.lower) else None)
        assert found["upper"] == (parameter.upper if math.isfinite(parameter.upper) else None)
    for name in ("rss", "reduced_chi2", "r2", "aic", "bic"):
        value = getattr(result, name)
        assert plain[name] == (value if math.isfinite(value) else None)
    for name in ("covariance", "correlation"):
        matrix = getattr(result, name)
        assert plain[name] == (None if matrix is None else matrix.tolist())


def test_explain_shows_each_stage():
    model = ld.Model("y ~ 2*k*A*exp(-x/tau)", constants={"k": 3.0})
    text = model.explain()
    lines = text.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == ["Formula", "Tree", "Roles", "Program (each slot with what it depends on)"]
    assert lines[1] == "  y ~ 2*k*A*exp(-x/tau)"
    roles = dict(
        line.split(maxsplit=1) for line in text.partition("Roles\n")[2].partition("\n\n")[0].splitlines()
    )
    assert roles == {"output": "y", "inputs": "x", "parameters": "A, tau", "constants": "k = 3.0"}
    assert ld.Model("a*x").explain().count("none") == 2


def test_layout():
    assert align([("parameter", "value"), ("a", "1.0"), ("longer name", "10.25")]) == [
        "parameter    value",
        "a              1.0",
        "longer name  10.25",
    ]
    assert shortened("a" * 300) == "a" * 300
    assert shortened("a" * 301) == "a" * 296 + " ..."
