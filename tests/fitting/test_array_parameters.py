"""Fits with vectors and matrices of parameters: against the same of single names, lmfit and curve_fit."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import lmfit
import numpy as np
import pytest
from scipy.optimize import curve_fit

import lambdaml_dsl as ld
from lambdaml_dsl.errors import LambdaMLError

T = np.linspace(0, 5, 60)
RNG = np.random.default_rng(11)
Y = 3 * np.exp(-0.5 * T) + 2 * np.exp(-2.5 * T) + 0.01 * RNG.normal(size=60)
DATA = {"t": T, "y": Y, "s": RNG.uniform(0.005, 0.02, 60), "u": Y, "v": 2 * Y + 0.01 * RNG.normal(size=60)}

ARRAYS = "y ~ sum(A*exp(-k*t)) + c"
SINGLE = "y ~ A0*exp(-k0*t) + A1*exp(-k1*t) + c"
START = {"A": [2.0, 1.0], "k": [0.3, 3.0], "c": 0.1}
NAMES = {"A[0]": "A0", "A[1]": "A1", "k[0]": "k0", "k[1]": "k1", "c": "c"}


def single(said: dict, pairs: bool = False) -> dict:
    """Say the same of single names; of bounds, `pairs` of lows and highs are said."""
    found = {}
    for name, value in said.items():
        if name in NAMES:
            found[NAMES[name]] = value
        else:
            for place in range(2):
                parts = [
                    np.broadcast_to(np.asarray(one, dtype=object), 2)[place]
                    for one in (value if pairs else [value])
                ]
                found[f"{name}{place}"] = tuple(parts) if pairs else parts[0]
    return found


def check_same(arrays: ld.FitResult, written: ld.FitResult, names: dict[str, str] = NAMES) -> None:
    """Hold a fit with arrays against the same with single names: all that a result says."""
    assert list(arrays.components) == list(names)
    for name, other in names.items():
        one, two = arrays.components[name], written.params[other]
        assert one.value == pytest.approx(two.value, rel=1e-7, abs=1e-12)
        assert (one.stderr is None) == (two.stderr is None)
        if one.stderr is not None:
            assert one.stderr == pytest.approx(two.stderr, rel=1e-6)
        assert (one.start, one.lower, one.upper) == (two.start, two.lower, two.upper)
        assert (one.fixed, one.at_bound, one.start_given) == (two.fixed, two.at_bound, two.start_given)
    assert arrays.status is written.status
    places = [written.free.index(names[name]) for name in arrays.free]
    assert len(places) == len(written.free)
    order = np.ix_(places, places)
    np.testing.assert_allclose(arrays.covariance, written.covariance[order], rtol=1e-6)
    np.testing.assert_allclose(arrays.correlation, written.correlation[order], atol=1e-7)
    assert arrays.rss == pytest.approx(written.rss, rel=1e-10)
    for what in ("n_obs", "dof", "n_fitted", "method", "sigma_absolute"):
        assert getattr(arrays, what) == getattr(written, what)
    for what in ("aic", "bic", "r2", "reduced_chi2"):
        assert getattr(arrays, what) == pytest.approx(getattr(written, what), rel=1e-9)
    np.testing.assert_allclose(arrays.residuals, written.residuals, atol=1e-9)
    np.testing.assert_allclose(
        arrays.predict({"t": [0.5, 9.0]}), written.predict({"t": [0.5, 9.0]}), rtol=1e-7
    )


OPTIONS = [
    {},
    {"bounds": {"k": (0, 10)}},
    {"bounds": {"k": ([0, 1], [1, 20])}},
    {"bounds": {"k": ([0, None], [None, 20])}},
    {"bounds": {"k": (np.array([0.0, 1.0]), math.inf), "A": (0, None)}},
    {"bounds": {"k[1]": (0, 2.0)}, "start": {"k": [0.3, 1.5]}},
    {"bounds": {"k": (0, 10), "k[1]": (0, 2.0)}, "start": {"k": [0.3, 1.5]}},
    {"fixed": {"k": [0.5, 2.5]}},
    {"fixed": {"k": 0.5}, "start": {"A": [1, 1]}, "bounds": {"A[1]": (0.5, 1)}},
    {"fixed": ["k"]},
    {"fixed": {"k[1]": 2.5}},
    {"fixed": ["k[1]", "A[0]"]},
    {"fixed": {"k[1]": 2.5, "c": 0}},
    {"start": {"A": 1.0, "k": [0.3, 3.0]}},
    {"start": {"A": [2, 1], "k": [0.3, 1.0], "k[1]": 3.0}},
    {"start": {"A": np.array([2, 1]), "k": (0.3, 3.0)}},
    {"sigma": "s"},
    {"sigma": "s", "absolute_sigma": False},
    {"weights": 1 / DATA["s"] ** 2},
    {"optimizer": "lm"},
    {"optimizer": "trf"},
    {"diff_method": "central"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
def test_against_single_names(options: dict) -> None:
    own = {"start": START | options.get("start", {})}
    other = {"start": single(START) | single(options.get("start", {}))}
    for what in ("bounds", "fixed"):
        said = options.get(what)
        if isinstance(said, dict):
            own[what], other[what] = said, single(said, pairs=what == "bounds")
        elif said is not None:
            own[what], other[what] = said, list(single(dict.fromkeys(said, 0)))
    rest = {name: value for name, value in options.items() if name not in ("start", "bounds", "fixed")}
    # One number for a vector does not say its length.
    model = ARRAYS if np.ndim(own["start"]["A"]) else ld.Model(ARRAYS, parameters=["A[2]"])
    arrays, written = ld.fit(model, DATA, **own, **rest), ld.fit(SINGLE, DATA, **other, **rest)
    if options.get("fixed") == {"k": 0.5}:
        # Two amplitudes of one rate are known only together: both say so.
        assert arrays.uncertainty_note.replace("A[0]", "A0").replace("A[1]", "A1") == written.uncertainty_note
        return
    check_same(arrays, written)


def test_against_lmfit_and_curve_fit() -> None:
    result = ld.fit(ARRAYS, DATA, start=START, sigma="s")

    def model(t, *p):
        return p[0] * np.exp(-p[2] * t) + p[1] * np.exp(-p[3] * t) + p[4]

    values, covariance = curve_fit(
        model, T, Y, p0=[2, 1, 0.3, 3, 0.1], sigma=DATA["s"], absolute_sigma=True, xtol=1e-14, ftol=1e-14
    )
    got = [component.value for component in result.components.values()]
    np.testing.assert_allclose(got, values, rtol=1e-6)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-4)

    parameters = lmfit.Parameters()
    for name, value in zip("pqrst", [2, 1, 0.3, 3, 0.1], strict=True):
        parameters.add(name, value=value)
    found = lmfit.minimize(
        lambda p: (model(T, *[p[name].value for name in "pqrst"]) - Y) / DATA["s"],
        parameters,
        scale_covar=False,
        xtol=1e-14,
        ftol=1e-14,
    )
    np.testing.assert_allclose(got, [found.params[name].value for name in "pqrst"], rtol=1e-6)
    errors = [component.stderr for component in result.components.values()]
    np.testing.assert_allclose(errors, [found.params[name].stderr for name in "pqrst"], rtol=1e-4)


def test_a_matrix_against_least_squares_of_lapack() -> None:
    """A linear map of vectors to vectors: W is the solution of an overdetermined system, output by output."""
    rng = np.random.default_rng(2)
    x, true = rng.normal(size=(50, 3)), np.array([[1.0, -2.0, 0.5], [0.3, 0.0, 4.0]])
    z = x @ true.T + 0.1 * rng.normal(size=(50, 2))
    result = ld.fit("z ~ W @ x", {"x": x, "z": z}, start={"W": np.zeros((2, 3))})
    want, rss, *_ = np.linalg.lstsq(x, z, rcond=None)
    np.testing.assert_allclose(result.params["W"].value, want.T, rtol=1e-9)
    assert result.rss == pytest.approx(rss.sum())
    assert (result.n_obs, result.dof) == (100, 94)
    variance = rss.sum() / 94
    inverse = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(
        result.covariance, np.kron(np.eye(2), inverse) * variance, rtol=1e-8, atol=1e-12
    )
    np.testing.assert_allclose(
        result.params["W"].stderr, np.tile(np.sqrt(np.diag(inverse) * variance), (2, 1))
    )
    assert result.free == ("W[0, 0]", "W[0, 1]", "W[0, 2]", "W[1, 0]", "W[1, 1]", "W[1, 2]")
    assert result.residuals.shape == result.fitted.shape == result.y.shape == (50, 2)
    np.testing.assert_allclose(result.residuals, z - x @ want, atol=1e-9)
    np.testing.assert_allclose(result.predict({"x": x[:4]}), x[:4] @ want)
    np.testing.assert_allclose(result.predict(x[:4]), x[:4] @ want)
    centred = ((z - z.mean(axis=0)) ** 2).sum()
    assert result.r2 == pytest.approx(1 - rss.sum() / centred)


# ---- what a result says ----


def test_the_result_holds_arrays() -> None:
    start = {**START, "k": [0.3, 1.5]}
    result = ld.fit(ARRAYS, DATA, start=start, bounds={"k[1]": (0, 2.0)}, fixed={"A[1]": 2.0})
    assert list(result.params) == ["A", "k", "c"]
    assert list(result.components) == ["A[0]", "A[1]", "k[0]", "k[1]", "c"]
    amplitudes, rates = result.params["A"], result.params["k"]
    assert amplitudes.shape == rates.shape == (2,)
    assert amplitudes.value.shape == (2,)
    assert amplitudes.value[1] == 2.0
    assert amplitudes.stderr[0] == result.components["A[0]"].stderr
    assert math.isnan(amplitudes.stderr[1])  # fixed
    assert math.isnan(rates.stderr[1])  # held by a bound
    assert rates.value[1] == 2.0
    assert rates.at_bound
    assert not amplitudes.at_bound
    assert not amplitudes.fixed  # not all of it
    assert rates.start.tolist() == [0.3, 1.5]
    assert amplitudes.start_given
    assert (rates.lower.tolist(), rates.upper.tolist()) == ([-math.inf, 0.0], [math.inf, 2.0])
    assert result.free == ("A[0]", "k[0]", "c")
    assert result.covariance.shape == (3, 3)
    assert {name: np.shape(value) for name, value in result.values.items()} == {"A": (2,), "k": (2,), "c": ()}
    assert "k[1]" in result.message
    assert "k[1]" in result.summary()


def test_a_result_as_plain_values() -> None:
    result = ld.fit(ARRAYS, DATA, start=START, fixed={"A[1]": 2.0})
    plain = json.loads(json.dumps(result.to_dict()))["parameters"]
    assert plain["A"]["value"] == result.params["A"].value.tolist()
    assert plain["A"]["stderr"] == [result.components["A[0]"].stderr, None]
    assert plain["k"]["start"] == [0.3, 3.0]
    assert plain["c"]["value"] == result.params["c"].value


def test_a_result_is_pickled() -> None:
    result = ld.fit(ARRAYS, DATA, start=START)
    again = pickle.loads(pickle.dumps(result))
    for name in ("A", "k"):
        np.testing.assert_array_equal(again.params[name].value, result.params[name].value)
        np.testing.assert_array_equal(again.params[name].stderr, result.params[name].stderr)
    assert again.summary() == result.summary()
    np.testing.assert_array_equal(again.predict([1.0, 2.0]), result.predict([1.0, 2.0]))


def test_values_of_a_result_start_another_fit() -> None:
    first = ld.fit(ARRAYS, DATA, start=START)
    second = ld.fit(ARRAYS, DATA, start=first.values)
    assert second.params["k"].value.tolist() == pytest.approx(first.params["k"].value.tolist(), rel=1e-9)
    model = ld.Model("sum(A*exp(-k*t)) + c", inputs=["t"])
    assert model(t=[1.0], **first.values) == pytest.approx(first.predict([1.0]))


def test_components_start_apart_where_no_start_is_given() -> None:
    """Equal rates would have equal derivatives, and stay equal for ever."""
    model = ld.Model(ARRAYS, parameters=["A[2]", "k[2]"])
    result = model.fit(DATA)
    assert result.converged
    assert result.params["k"].start.tolist() == [0.5, 1.5]
    assert sorted(result.params["k"].value) == pytest.approx([0.5, 2.5], rel=0.1)
    assert result.notes[0] == (
        "No start value was given; the fit began at A[0] = 0.5, A[1] = 1.5, k[0] = 0.5, k[1] = 1.5, c = 1."
    )
    again = ld.Model("y ~ p @ tanh(W*t)", parameters=["p[3]", "W[3]"]).fit(DATA).params["W"].start
    assert len(set(again.tolist())) == 3
    matrix = ld.Model("y ~ [1, t] @ (W @ [1, 1, t])", parameters=["W[2, 3]"])
    starts = [matrix.fit(DATA).params["W"].start for _ in range(2)]
    assert len(set(starts[0].ravel().tolist())) == 6
    np.testing.assert_array_equal(*starts)


def test_a_start_within_bounds_is_found_for_each_component() -> None:
    result = ld.Model(ARRAYS, parameters=["A[2]", "k[2]"]).fit(DATA, bounds={"k": ([0.1, 2], [1, 5])})
    assert result.params["k"].start[0] == 0.5
    assert 2 < result.params["k"].start[1] < 5


# ---- several outputs ----

BOTH = "[u, v] ~ sum(A*exp(-k*t))*[1, b]"
BOTH_START = {"A": [2.0, 1.0], "k": [0.3, 3.0], "b": 1.5}


def stacked() -> dict[str, np.ndarray]:
    """The same problem with one response: the two outputs below each other, told apart by a column."""
    return {
        "t": np.tile(T, 2),
        "w": np.concatenate([DATA["u"], DATA["v"]]),
        "second": np.repeat([0.0, 1.0], 60),
        "s": np.tile(DATA["s"], 2),
    }


ONE = "w ~ (A0*exp(-k0*t) + A1*exp(-k1*t))*(b if second == 1 else 1)"
ONE_NAMES = {"A[0]": "A0", "A[1]": "A1", "k[0]": "k0", "k[1]": "k1", "b": "b"}
ONE_START = {"A0": 2.0, "A1": 1.0, "k0": 0.3, "k1": 3.0, "b": 1.5}
PAIRS = np.column_stack([DATA["s"], 2 * DATA["s"]])


@pytest.mark.parametrize(
    ("several", "one"),
    [
        ({}, {}),
        ({"sigma": "s"}, {"sigma": "s"}),
        ({"sigma": DATA["s"]}, {"sigma": "s"}),
        ({"sigma": 0.02}, {"sigma": 0.02}),
        ({"sigma": PAIRS}, {"sigma": PAIRS.T.ravel()}),
        ({"sigma": ["s", "s2"]}, {"sigma": PAIRS.T.ravel()}),
        ({"weights": PAIRS}, {"weights": PAIRS.T.ravel()}),
        ({"weights": DATA["s"]}, {"weights": "s"}),
    ],
    ids=["none", "column", "array", "one", "array of pairs", "two columns", "weights of pairs", "weights"],
)
def test_several_outputs_against_one(several: dict, one: dict) -> None:
    data = {**DATA, "s2": 2 * DATA["s"]}
    got = ld.fit(BOTH, data, start=BOTH_START, **several)
    want = ld.fit(ONE, stacked(), start=ONE_START, **one)
    assert got.n_obs == want.n_obs == 120
    assert got.dof == want.dof
    for name, other in ONE_NAMES.items():
        assert got.components[name].value == pytest.approx(want.params[other].value, rel=1e-7)
        assert got.components[name].stderr == pytest.approx(want.params[other].stderr, rel=1e-6)
    assert got.rss == pytest.approx(want.rss, rel=1e-9)
    np.testing.assert_allclose(got.residuals.T.ravel(), want.residuals, atol=1e-8)
    if not several:
        assert (got.aic, got.bic) == pytest.approx((want.aic, want.bic))


def test_ways_to_name_several_outputs() -> None:
    want = ld.fit(BOTH, DATA, start=BOTH_START)
    right = BOTH.partition("~")[2]
    pair = np.column_stack([DATA["u"], DATA["v"]])
    for result in (
        ld.fit(right, DATA, y=["u", "v"], start=BOTH_START),
        ld.fit(right, {"t": T}, y=pair, start=BOTH_START),
        ld.fit(f"U ~ {right}", {"t": T, "U": pair}, start=BOTH_START),
        ld.fit(f"[2*u, 2*v]/2 ~ {right}", DATA, start=BOTH_START),
    ):
        for name in want.params:
            np.testing.assert_allclose(result.params[name].value, want.params[name].value, rtol=1e-6)
    assert ld.Model(BOTH).outputs == ("u", "v")
    assert ld.Model(BOTH).output is None


def test_rows_with_a_missing_output_are_left_out() -> None:
    data = {**DATA, "v": np.where(T > 4, np.nan, DATA["v"])}
    result = ld.fit(BOTH, data, start=BOTH_START, nan_policy="omit")
    assert result.n_obs == 2 * (T <= 4).sum()
    with pytest.raises(ld.DataError) as caught:
        ld.fit(BOTH, data, start=BOTH_START)
    assert caught.value.problem == "[u, v] holds no number (NaN) in row 49, and 11 more such rows"


def test_gradients_of_several_outputs() -> None:
    weights = PAIRS
    objective = ld.Model(BOTH, parameters=["A[2]", "k[2]"]).bind(DATA, weights=weights)
    theta = np.array([2.0, 1.0, 0.3, 3.0, 1.5])

    def square(theta):
        base = theta[0] * np.exp(-theta[2] * T) + theta[1] * np.exp(-theta[3] * T)
        return (
            weights * (np.column_stack([base, theta[4] * base]) - np.column_stack([Y, DATA["v"]])) ** 2
        ).sum()

    value, gradient = objective.value_and_gradient(theta)
    assert value == pytest.approx(square(theta), rel=1e-12)
    steps = 1e-6 * np.eye(5)
    numeric = [(square(theta + step) - square(theta - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6)


# ---- model files ----


def loaded(folder: Path, text: str) -> ld.Model:
    path = folder / "model.lml"
    path.write_text(text, encoding="utf-8")
    return ld.load(path)


HEAD = "input t\noutput y\n"
SUM = "\ny = sum(A*exp(-k*t)) + c\n"


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ("param A[2] = [2, 1], k[2] = [0.3, 3]\nparam c = 0.1", {}),
        ("param A = [2, 1]\nparam k = [0.3, 9/3]\nparam c = 0.1", {}),
        ("param A[2] = [2, 1]\nparam k[2] = [0.3, 3] in [0, 10]\nparam c = 0.1", {"bounds": {"k": (0, 10)}}),
        (
            "param A[2] = [2, 1]\nparam k[2] = [0.3, 3] in [[0, 1], [1, 20]]\nparam c = 0.1",
            {"bounds": {"k": ([0, 1], [1, 20])}},
        ),
        ("param A[2] = [2, 1] fixed\nparam k[2] = [0.3, 3]\nparam c = 0.1", {"fixed": ["A"]}),
        (
            "param A[2] = 1\nparam k[2] = [0.3, 3] > 0\nparam c = 0.1",
            {"start": {"A": [1, 1]}, "bounds": {"k": (0, None)}},
        ),
    ],
)
def test_a_model_file_says_the_same(tmp_path: Path, lines: str, options: dict) -> None:
    got = loaded(tmp_path, HEAD + lines + SUM).fit(DATA)
    want = ld.fit(ARRAYS, DATA, **{**options, "start": START | options.get("start", {})})
    for name in want.components:
        one, two = got.components[name], want.components[name]
        assert (one.value, one.stderr) == (two.value, two.stderr)
        assert (one.start, one.lower, one.upper, one.fixed) == (two.start, two.lower, two.upper, two.fixed)


FILE_MESSAGES = [
    (
        "param A[2] = [1, 2, 3]\nparam k[2], c",
        [
            "model.lml:3:7: the value of 'A' is a vector of 3, but the parameter is a vector of 2",
            "   3 | param A[2] = [1, 2, 3]",
            "     |       ^^^^",
        ],
    ),
    (
        "param A[2]\nparam k[2] = [0.3, 3] in [1, 10]\nparam c",
        [
            "model.lml:4:12: the value 0.3 of 'k[0]' is outside its bounds [1, 10]",
            "   4 | param k[2] = [0.3, 3] in [1, 10]",
            "     |            ^^^^^^^^^^",
            "Move the value inside, or widen the bounds.",
        ],
    ),
    (
        "param A[2]\nparam k[2] in [[0, 5], [1, 2]]\nparam c",
        [
            "model.lml:4:7: the bounds of 'k[1]' are crossed: 5 is not below 2",
            "   4 | param k[2] in [[0, 5], [1, 2]]",
            "     |       ^^^^",
            "To hold a parameter at a value, write: param k[1] = 1.0 fixed",
        ],
    ),
    (
        "param A[2, 2, 2]\nparam k[2], c",
        [
            "model.lml:3:7: 'A' would have 3 axes",
            "   3 | param A[2, 2, 2]",
            "     |       ^^^^^^^^^^",
            "Values have at most two.",
        ],
    ),
    (
        "param A[99999999, 99999999]\nparam k[2], c",
        [
            "model.lml:3:7: a matrix of 99999999 x 99999999 is more than the limit of 1,000,000 numbers",
            "   3 | param A[99999999, 99999999]",
            "     |       ^^^^^^^^^^^^^^^^^^^^^",
        ],
    ),
    (
        "param A[3]\nparam k[2], c",
        [
            "model.lml:5:9: a vector of 3 and a vector of 2 do not fit",
            "   5 | y = sum(A*exp(-k*t)) + c",
            "     |         ^^^^^^^^^^^",
            "'A' (column 9) is a vector of 3; 'exp(-k*t)' (column 11) is a vector of 2.",
        ],
    ),
]


@pytest.mark.parametrize(("lines", "message"), FILE_MESSAGES, ids=[lines for lines, _ in FILE_MESSAGES])
def test_messages_of_model_files(tmp_path: Path, lines: str, message: list[str]) -> None:
    with pytest.raises(LambdaMLError) as caught:
        loaded(tmp_path, HEAD + lines + SUM).fit(DATA)
    assert str(caught.value) == "\n".join(message)


def test_a_model_file_with_rows_of_inputs_and_several_outputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(30, 2))
    z = x @ np.array([[1.0, 2.0], [3.0, -1.0]]).T + 0.01 * rng.normal(size=(30, 2))
    lines = [",".join(map(repr, row)) for row in np.column_stack([x, z]).tolist()]
    (tmp_path / "d.csv").write_text("\n".join(["x0,x1,u,v", *lines]))
    model = loaded(tmp_path, 'input x[2]\nparam W[2, 2]\n[u, v] ~ W @ x\ndata "d.csv"\n')
    want, *_ = np.linalg.lstsq(x, z, rcond=None)
    np.testing.assert_allclose(model.fit().params["W"].value, want.T, rtol=1e-8)


# ---- what is refused ----

MESSAGES = [
    (
        {"start": {"k[7]": 1}},
        ["there is no 'k[7]': 'k' is a vector of 2", "Its components are k[0] to k[1]."],
    ),
    (
        {"fixed": {"k[7]": 1}},
        ["there is no 'k[7]': 'k' is a vector of 2", "Its components are k[0] to k[1]."],
    ),
    ({"bounds": {"c[0]": (0, 1)}}, ["there is no 'c[0]': 'c' is a number", "It is c."]),
    (
        {"start": {"k[0]": [1, 2]}},
        ["the start value of 'k[0]' is a vector of 2, but the parameter is a number"],
    ),
    (
        {"start": {"A": [[1, 2], [3]]}},
        ["the value of 'A' holds lists of different lengths", "Parameters are numbers, vectors or matrices."],
    ),
    (
        {"start": {"A": np.ones((1, 1, 2))}},
        ["the value of 'A' has the shape (1, 1, 2)", "Parameters are numbers, vectors or matrices."],
    ),
    (
        {"start": {"A": []}},
        ["the value of 'A' has the shape (0,)", "Parameters are numbers, vectors or matrices."],
    ),
    ({"start": {"A": ["a", 1]}}, ["the start value of 'A[0]' must be a number, not 'a'"]),
    ({"start": {"A": [1, np.nan]}}, ["the start value of 'A[1]' is nan", "Give a finite number."]),
    (
        {"bounds": {"k": ([0, 0], [0.1, 9])}},
        [
            "the start value 0.3 of 'k[0]' is outside its bounds [0, 0.1]",
            "Move the start inside, or widen the bounds.",
        ],
    ),
    (
        {"bounds": {"k": ([0, 0, 0], 9)}},
        ["the lower bound of 'k' is a vector of 3, but the parameter is a vector of 2"],
    ),
    (
        {"bounds": {"k[0]": (0, 1)}, "optimizer": "lm"},
        ["optimizer 'lm' knows no bounds, but k[0] has some", "Use optimizer='trf', or leave it at 'auto'."],
    ),
    (
        {"fixed": {"k": [1, 2, 3]}},
        ["the fixed value of 'k' is a vector of 3, but the parameter is a vector of 2"],
    ),
]


@pytest.mark.parametrize(("options", "lines"), MESSAGES, ids=[lines[0] for _, lines in MESSAGES])
def test_messages(options: dict, lines: list[str]) -> None:
    said = {**options, "start": START | options.get("start", {})}
    with pytest.raises(ld.OptionError) as caught:
        ld.fit(ARRAYS, DATA, **said)
    assert str(caught.value) == "\n".join(lines)


@pytest.mark.parametrize("what", ["sigma", "weights"])
def test_scatter_of_a_wrong_number_of_outputs(what: str) -> None:
    for given in (np.ones((60, 3)), ["u", "v", "s"]):
        with pytest.raises(ld.DataError) as caught:
            ld.fit(BOTH, DATA, start=BOTH_START, **{what: given})
        assert str(caught.value) == (
            f"data: {what} gives a vector of 3 in each row, but the response is a vector of 2"
        )


def test_fixed_components_need_a_value() -> None:
    with pytest.raises(ld.OptionError) as caught:
        ld.Model(ARRAYS, parameters=["A[2]", "k[2]"]).fit(DATA, fixed=["k[1]"])
    assert str(caught.value) == "'k[1]' is fixed, but has no value\nGive fixed={'k[1]': value}."


def test_components_may_be_written_without_blanks() -> None:
    data = {"x": np.ones((5, 2)) + np.eye(5, 2), "z": np.eye(5, 2)}
    one = ld.fit("z ~ W @ x", data, start={"W": np.ones((2, 2))}, fixed={"W[0,1]": 0.5})
    assert one.params["W"].value[0, 1] == 0.5
    assert one.components["W[0, 1]"].fixed


def test_specs_with_arrays() -> None:
    model = ld.Model(
        ARRAYS,
        parameters=[
            ld.ParameterSpec("A", [2, 1]),
            ld.ParameterSpec("k[2]", [0.3, 3], lower=0, upper=[1, 10]),
            ld.ParameterSpec("c", 0, fixed=True),
        ],
    )
    assert model(t=[0.0], A=[1, 2], k=[1, 1]).tolist() == [3.0]
    check_same(
        model.fit(DATA),
        ld.fit(SINGLE, DATA, start=single(START), bounds={"k0": (0, 1), "k1": (0, 10)}, fixed={"c": 0.0}),
    )
    with pytest.raises(ld.OptionError) as caught:
        ld.Model(ARRAYS, parameters=[ld.ParameterSpec("k[2]", [0.3, 3], lower=[0, 1, 2])])
    assert str(caught.value) == "the lower bound of 'k' is a vector of 3, but the parameter is a vector of 2"
