"""The sum of squares: its value, gradient and linearisation against NumPy written by hand."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import lambdaml_dsl as ld
from lambdaml_dsl.errors import DataError, LambdaMLError
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.program.plan import chunk_rows, plan

FORMULA = "a*exp(-b*x)*cos(w*t) + c"
THETA = np.array([1.3, 0.7, 2.1, -0.4])
N = 200


def by_hand(theta, x, t):
    """The model and its derivatives by a, b, w, c."""
    a, b, w, c = theta
    decay, wave = np.exp(-b * x), np.cos(w * t)
    value = a * decay * wave + c
    slopes = [decay * wave, -a * x * decay * wave, -a * decay * np.sin(w * t) * t, np.ones_like(x)]
    return value, np.array(slopes)


@pytest.fixture
def data():
    rng = np.random.default_rng(20)
    x, t = rng.uniform(0, 3, N), rng.uniform(-2, 2, N)
    return {"x": x, "t": t, "y": rng.standard_normal(N), "w8": rng.uniform(0, 2, N)}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("method", "digits"), [("complex_step", 1e-13), ("central", 1e-8)])
def test_against_numpy(data, weighted, method, digits):
    objective = ld.Model(FORMULA).bind(data, weights="w8" if weighted else None, diff_method=method)
    weights = data["w8"] if weighted else np.ones(N)
    value, slopes = by_hand(THETA, data["x"], data["t"])
    residuals = (value - data["y"]) * np.sqrt(weights)
    rss = np.sum(weights * (value - data["y"]) ** 2)
    gradient = 2 * slopes @ (weights * (value - data["y"]))

    assert objective.n_obs == N
    assert objective.value(THETA) == pytest.approx(rss, rel=1e-13)
    np.testing.assert_allclose(objective.residuals(THETA), residuals, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(objective.gradient(THETA), gradient, rtol=digits, atol=digits * rss)
    found, jacobian = objective.linearise(THETA)
    np.testing.assert_allclose(found, residuals, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(jacobian, slopes * np.sqrt(weights), rtol=digits, atol=digits)
    both = objective.value_and_gradient(THETA)
    assert both[0] == pytest.approx(rss, rel=1e-13)
    np.testing.assert_allclose(both[1], gradient, rtol=digits, atol=digits * rss)


def test_gradient_against_finite_differences_of_scipy(data):
    objective = ld.Model(FORMULA).bind(data, weights="w8")
    expected = approx_fprime(THETA, objective.value, 1e-7)
    np.testing.assert_allclose(objective.gradient(THETA), expected, rtol=1e-5)


def test_derivatives_by_some_parameters(data):
    objective = ld.Model(FORMULA).bind(data)
    _, every = objective.linearise(THETA)
    _, some = objective.linearise(THETA, (3, 1))
    np.testing.assert_array_equal(some, every[[3, 1]])


def test_theta_is_in_the_order_of_the_parameters(data):
    model = ld.Model(FORMULA, inputs=["x", "t"])
    assert model.parameters == ("a", "b", "w", "c")
    shifted = model.bind(data).value(THETA + np.array([0, 0, 0, 1e6]))
    assert shifted == pytest.approx(N * 1e12, rel=1e-4)


def test_many_chunks_are_one_chunk():
    rng = np.random.default_rng(21)
    n = 300_001
    x, t, y = rng.uniform(0, 3, n), rng.uniform(-2, 2, n), rng.standard_normal(n)
    weights = rng.uniform(0, 2, n)
    objective = ld.Model(FORMULA).bind({"x": x, "t": t, "y": y}, weights=weights)
    assert n > chunk_rows(plan(objective.program))
    value, slopes = by_hand(THETA, x, t)
    assert objective.value(THETA) == pytest.approx(np.sum(weights * (value - y) ** 2), rel=1e-11)
    expected = 2 * slopes @ (weights * (value - y))
    np.testing.assert_allclose(objective.gradient(THETA), expected, rtol=1e-9)
    residuals, jacobian = objective.linearise(THETA)
    assert residuals.shape == (n,)
    np.testing.assert_allclose(residuals, (value - y) * np.sqrt(weights), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(jacobian, slopes * np.sqrt(weights), rtol=1e-12, atol=1e-13)


def test_a_row_of_weight_zero_counts_nothing(data):
    weights = np.ones(N)
    weights[::2] = 0
    part = {name: values[1::2] for name, values in data.items()}
    model = ld.Model(FORMULA, inputs=["x", "t"])
    whole, half = model.bind(data, weights=weights), model.bind(part)
    assert whole.value(THETA) == pytest.approx(half.value(THETA), rel=1e-13)
    np.testing.assert_allclose(whole.gradient(THETA), half.gradient(THETA), rtol=1e-12)


def test_a_formula_without_parameters():
    objective = ld.Model("2*x").bind({"x": [1.0, 2.0], "y": [1.0, 1.0]})
    assert objective.value([]) == 1 + 9
    assert objective.gradient([]).shape == (0,)


def test_a_constant_model():
    objective = ld.Model("c").bind({"y": [1.0, 2.0, 6.0]})
    assert objective.value([3.0]) == 4 + 1 + 9
    np.testing.assert_allclose(objective.gradient([3.0]), [0.0], atol=1e-12)


@pytest.mark.parametrize("theta", [[1.0], [1.0, 2.0, 3.0, 4.0, 5.0], [[1.0, 2.0, 3.0, 4.0]], 1.0])
def test_theta_of_another_shape_is_refused(data, theta):
    objective = ld.Model(FORMULA).bind(data)
    for call in (objective.value, objective.gradient, objective.residuals, objective.linearise):
        with pytest.raises(LambdaMLError):
            call(theta)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"y": [1.0, np.nan]},
            "data: the response holds no number (NaN) in row 2\nMend the data, or leave such rows out.",
        ),
        (
            {"x": [np.inf, 1.0]},
            "data: column 'x' holds infinity in row 1\nMend the data, or leave such rows out.",
        ),
        ({"w": [1.0, -1.0]}, "data: weights must be zero or above, but not so in row 2"),
    ],
)
def test_bad_rows_are_refused(change, expected):
    data = {"x": [1.0, 2.0], "y": [1.0, 2.0], "w": [1.0, 1.0], **change}
    with pytest.raises(DataError) as caught:
        ld.Model("a*x").bind(data, weights="w")
    assert str(caught.value) == expected


def test_the_callers_arrays_stay_as_they_are(data):
    before = {name: values.copy() for name, values in data.items()}
    theta = THETA.copy()
    objective = ld.Model(FORMULA).bind(data, weights="w8")
    objective.value_and_gradient(theta)
    residuals = objective.residuals(theta)
    residuals[:] = 0
    assert objective.value(theta) > 0
    np.testing.assert_array_equal(theta, THETA)
    for name, values in data.items():
        np.testing.assert_array_equal(values, before[name])


def test_results_of_two_calls_do_not_share_memory(data):
    objective = ld.Model(FORMULA).bind(data)
    first = objective.linearise(THETA)
    kept = [part.copy() for part in first]
    objective.linearise(THETA + 1)
    for part, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_made_without_a_model(data):
    bound = ld.Model("a*x").bound
    objective = SquaredResiduals(bound, {"x": data["x"]}, data["y"])
    assert objective.value([2.0]) == pytest.approx(np.sum((2 * data["x"] - data["y"]) ** 2))
