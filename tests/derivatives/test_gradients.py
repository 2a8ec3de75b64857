"""Gradients and Jacobians of Python functions: against SymPy, formulas, SciPy, LambdaML; what goes wrong."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import DiffMethod, GradientComputer
from lambdaml_dsl.derivatives.along import scheme_along
from lambdaml_dsl.derivatives.calls import Objective, over_rows
from lambdaml_dsl.derivatives.of_callable import OfCallable
from lambdaml_dsl.derivatives.of_model import OfModel
from lambdaml_dsl.derivatives.points import read_point
from lambdaml_dsl.derivatives.scheme import Scheme

SIX = ["forward", "backward", "central", "five_point", "complex_step", "richardson"]
ERRORS = {
    "forward": 1e-6,
    "backward": 1e-6,
    "central": 1e-8,
    "five_point": 1e-10,
    "richardson": 1e-10,
    "complex_step": 1e-13,
    "auto": 1e-13,
}
X = np.linspace(0.1, 2.0, 7)
ROWS = np.random.default_rng(4).normal(size=(6, 3))


def close(got, want, method, scale=1.0):
    np.testing.assert_allclose(got, want, rtol=ERRORS[method], atol=ERRORS[method] * scale)


# ---- values that are known ----


@pytest.mark.parametrize("method", ERRORS)
def test_numbers_vectors_and_matrices(method):
    rng = np.random.default_rng(1)
    p = {"k": 0.7, "w": rng.normal(size=3), "W": rng.normal(size=(2, 3)), "u": [1.0, -0.5]}

    def objective(p):
        return np.sum(np.tanh(p["W"] @ p["w"]) * p["u"]) * p["k"] ** 2

    z = np.tanh(p["W"] @ p["w"])
    slope = p["k"] ** 2 * np.array(p["u"]) * (1 - z**2)
    want = {
        "k": 2 * p["k"] * np.dot(z, p["u"]),
        "w": p["W"].T @ slope,
        "W": np.outer(slope, p["w"]),
        "u": p["k"] ** 2 * z,
    }
    computer = GradientComputer(method)
    found = computer.gradient(objective, p)
    assert list(found) == list(p)
    assert type(found["k"]) is float
    for name, each in want.items():
        assert np.shape(found[name]) == np.shape(p[name])
        close(found[name], each, method)
        np.testing.assert_array_equal(computer.compute(objective, p, name), found[name])
    value, again = computer.value_and_gradient(objective, p)
    assert value == pytest.approx(float(objective({**p, "u": np.array(p["u"])})), rel=1e-15)
    np.testing.assert_array_equal(again["W"], found["W"])


@pytest.mark.parametrize("method", ERRORS)
@pytest.mark.parametrize("vectorized", [False, True])
def test_the_jacobian_has_the_axes_of_a_models(method, vectorized):
    """A network of two outputs, as a function and as a formula."""
    model = ld.Model("tanh(W @ x + b)*s", inputs=["x[3]"], parameters=["W[2, 3]", "b[2]", "s"])
    p = {"W": np.random.default_rng(2).normal(size=(2, 3)), "b": np.array([0.3, -0.2]), "s": 1.5}

    def one_row(x, p):
        return np.tanh(p["W"] @ x + p["b"]) * p["s"]

    def all_rows(rows, p):
        return np.tanh(rows @ p["W"].T + p["b"]) * p["s"]

    want = model.jacobian({"x": ROWS}, p)
    function = all_rows if vectorized else one_row
    value, found = GradientComputer(method).value_and_jacobian(function, ROWS, p, vectorized=vectorized)
    np.testing.assert_allclose(value, model.evaluate({"x": ROWS}, p), rtol=1e-13)
    assert {name: each.shape for name, each in found.items()} == {
        "W": (6, 2, 2, 3),
        "b": (6, 2, 2),
        "s": (6, 2),
    }
    for name in p:
        assert found[name].shape == want[name].shape
        close(found[name], want[name], method)


def rows_of(text, vectorized):
    """Give a callable, its exact derivatives by SymPy, and its parameters."""
    x, a, b, c = sympy.symbols("x a b c")
    expression = sympy.sympify(text, {"x": x, "a": a, "b": b, "c": c})
    symbols = (x, a, b, c)
    compute = sympy.lambdify(symbols, expression, modules="numpy")
    slopes = {
        str(by): sympy.lambdify(symbols, sympy.diff(expression, by), modules="numpy") for by in (a, b, c)
    }
    return (lambda x, p: compute(x, p["a"], p["b"], p["c"])), slopes


TEXTS = [
    "a*exp(-b*x) + c",
    "a/(1 + exp(-b*(x - c)))",
    "a*sin(b*x + c)",
    "a*exp(-(x - b)**2/(2*c**2))",
    "a*x**b + c*log(x + b)",
    "sqrt(a**2 + (b*x)**2)*tanh(c*x)",
    "a*b*c*x",
    "(a + b*x)/(1 + c*x**2)",
]


@pytest.mark.parametrize("method", ERRORS)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("vectorized", [False, True])
def test_models_against_sympy(text, method, vectorized):
    function, slopes = rows_of(text, vectorized)
    p = {"a": 1.3, "b": 0.8, "c": 0.4}
    found = GradientComputer(method).jacobian(function, X, p, vectorized)
    for name, slope in slopes.items():
        close(found[name], slope(X, **p) * np.ones_like(X), method, scale=10)


OPERATIONS = [
    "{0} + {1}",
    "{0} - {1}",
    "{0}*{1}",
    "sin({0})*{1}",
    "exp(-({0})**2) + {1}",
    "{0}/(2 + ({1})**2)",
]


@st.composite
def expressions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["x", "a", "b", "c", "2", "0.5"]))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    return "(" + draw(st.sampled_from(OPERATIONS)).format(left, right) + ")"


@settings(max_examples=60)
@given(expressions(), st.tuples(*[st.floats(0.25, 2)] * 3), st.sampled_from(sorted(ERRORS)))
def test_generated_functions_against_sympy(text, theta, method):
    function, slopes = rows_of(text, False)
    p = dict(zip("abc", theta, strict=True))
    found = GradientComputer(method).jacobian(function, X, p)
    for name, slope in slopes.items():
        want = np.broadcast_to(slope(X, **p), X.shape).astype(float)
        assert found[name] == pytest.approx(want, rel=30 * ERRORS[method], abs=300 * ERRORS[method])


@settings(max_examples=40)
@given(expressions(), st.tuples(*[st.floats(0.25, 2)] * 3), st.sampled_from(SIX))
def test_one_interface_for_functions_and_formulas(text, theta, method):
    """The same theta, scheme and axes; neither side knows which of the two it is asked."""
    model = ld.Model(text, inputs=["x"], parameters=[])
    if not model.parameters:
        return
    p = dict(zip("abc", theta, strict=True))
    p = {name: p[name] for name in model.parameters}
    function, _ = rows_of(text, True)
    point = read_point(p)
    kinds = [
        OfCallable(
            over_rows(lambda x, q: function(x, {"a": 0, "b": 0, "c": 0, **q}) + 0 * x, X, True), point
        ),
        OfModel(model.bound, {"x": X}, len(X)),
    ]
    first, second = (kind.derivatives(point.theta, Scheme(DiffMethod(method))) for kind in kinds)
    assert kinds[0].layout == kinds[1].layout
    assert (first.method, second.method) == (DiffMethod(method),) * 2
    assert first.slopes.shape == second.slopes.shape == (len(p), len(X))
    np.testing.assert_allclose(first.value, second.value, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(
        kinds[0].value(point.theta), kinds[1].value(point.theta), rtol=1e-12, atol=1e-13
    )
    tolerance = 100 * ERRORS[method]
    np.testing.assert_allclose(first.slopes, second.slopes, rtol=tolerance, atol=tolerance)
    shaped = first.by_parameter(kinds[0].layout)
    assert {name: each.shape for name, each in shaped.items()} == dict.fromkeys(p, X.shape)


def test_a_formula_of_several_outputs_through_the_interface():
    model = ld.Model("W @ x", inputs=["x[3]"], parameters=["W[2, 3]"])
    function = OfModel(model.bound, {"x": ROWS.T.copy()}, len(ROWS))
    theta = np.arange(6.0)
    np.testing.assert_allclose(function.value(theta), ROWS @ theta.reshape(2, 3).T, rtol=1e-14)
    for method in (*SIX, "adjoint", "auto"):
        found = function.derivatives(theta, Scheme(DiffMethod(method)))
        assert found.method is not DiffMethod.AUTO
        assert method in ("auto", found.method)
        jacobian = found.by_parameter(function.layout)["W"]
        want = model.jacobian({"x": ROWS}, {"W": theta.reshape(2, 3)})["W"]
        np.testing.assert_allclose(jacobian, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", [*SIX, "adjoint", "auto"])
def test_a_model_in_the_place_of_a_function(method):
    model = ld.Model("a*exp(-b*x)")
    p = {"a": 1.3, "b": 0.8}
    value, found = GradientComputer(method).value_and_jacobian(model, {"x": X}, p)
    np.testing.assert_allclose(value, 1.3 * np.exp(-0.8 * X), rtol=1e-14)
    want = model.jacobian({"x": X}, p, method)
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["b"], want["b"])
    only = GradientComputer(method).jacobian(model, {"x": X}, p, by=["b"])
    assert list(only) == ["b"]


# ---- peers ----


@pytest.mark.parametrize("method", SIX)
def test_against_lambdaml(method):
    """Where parameters are 1 or -1, its steps are ours; the gradients are then the same number."""
    peer = pytest.importorskip("lambdaml.lambda_utils").GradientComputer
    h = None if method == "complex_step" else 2.0**-9
    p = {
        "a": 1.0,
        "w": np.array([1.0, -1.0, 1.0]),
        "W": np.array([[1.0, -1.0], [1.0, 1.0]]),
        "l": [1.0, -1.0],
    }

    def objective(p, x, power=2):
        z = p["w"] * x
        return (z**power).sum() * np.exp(-p["a"]) + (p["W"] @ np.asarray(p["l"]) * p["a"]).sum() * p["w"][0]

    keys = [key for key in p if not (key == "l" and method == "complex_step")]  # lists it takes as real
    for key in keys:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its gradient by a scalar is cast with a warning
            theirs = peer(method, h).compute(objective, copy.deepcopy(p), key, X[:3], power=3)
        ours = GradientComputer(method, h).compute(objective, p, key, X[:3], power=3)
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_against_scipy():
    def rosenbrock(theta):
        return np.sum(100 * (theta[1:] - theta[:-1] ** 2) ** 2 + (1 - theta[:-1]) ** 2)

    theta = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    found = GradientComputer("forward").gradient(rosenbrock, theta)
    np.testing.assert_allclose(found, approx_fprime(theta, rosenbrock), rtol=1e-5)
    from scipy.optimize import rosen_der

    exact = GradientComputer("complex_step").gradient(rosenbrock, theta)
    np.testing.assert_allclose(exact, rosen_der(theta), rtol=1e-13)


def test_a_flat_theta():
    theta = np.array([1.0, 2.0])
    computer = GradientComputer(bounds={"theta": (0, None), "theta[1]": (1, 3)})
    value, gradient = computer.value_and_gradient(lambda theta: theta[0] * theta[1] ** 2, theta)
    assert value == 4
    np.testing.assert_allclose(gradient, [4, 4], rtol=1e-9)
    np.testing.assert_allclose(computer.gradient(lambda t: t @ t, [1.0, 2.0]), [2, 4], rtol=1e-9)
    jacobian = computer.jacobian(lambda x, theta: [x * theta[0], theta[1]], X, theta)
    assert jacobian.shape == (7, 2, 2)
    np.testing.assert_allclose(jacobian[:, 0, 0], X, rtol=1e-9)


# ---- by ----


@pytest.mark.parametrize("method", ERRORS)
@pytest.mark.parametrize("value", [0.0, 1e-300, 1e-17, -1e-9, 1e-5])
def test_a_parameter_next_to_0_by_chance(method, value):
    """A step in its own size would move nothing: the slope would be 0, or made of rounding."""
    p = {"b": value, "w": np.array([value, 1.0])}
    objective = lambda p: np.exp(p["b"]) + 3 * np.sin(p["w"][0]) + p["w"][1]  # noqa: E731
    found = GradientComputer(method).gradient(objective, p)
    tolerance = ERRORS[method] if method in ("complex_step", "auto") else 3e-6
    assert found["b"] == pytest.approx(math.exp(value), rel=tolerance)
    np.testing.assert_allclose(found["w"], [3 * math.cos(value), 1], rtol=tolerance)
    with pytest.raises(ld.EvaluationError, match="its result is real"):
        GradientComputer("complex_step").gradient(lambda p: 1 + np.abs(p["b"] - 1), p, by=["b"])


@pytest.mark.parametrize("method", SIX)
def test_a_small_parameter_that_acts_keeps_its_own_step(method):
    """A rate of 5e-9, against times of 1e8."""
    found = GradientComputer(method).gradient(lambda p: np.exp(-p["k"] * 1e8), {"k": 5e-9})["k"]
    assert found == pytest.approx(-1e8 * math.exp(-0.5), rel=ERRORS[method])


def test_a_step_that_grows_stays_where_the_function_is_defined():
    def objective(p):
        return 5.0 + 1e-12 * math.sqrt(p["a"])

    found = GradientComputer().gradient(objective, {"a": 1e-9})["a"]
    assert np.isfinite(found)


def test_only_what_is_asked_for():
    p = {"a": 2.0, "kind": "square", "table": {"k": 3}, "n": 2, "data": np.arange(3.0)}
    seen = []

    def objective(p):
        seen.append(p)
        assert p["kind"] == "square"
        return p["a"] ** p["n"] * p["table"]["k"] + p["data"].sum()

    assert GradientComputer("complex_step").gradient(objective, p, by=["a"]) == {"a": 12.0}
    assert GradientComputer("complex_step").compute(objective, p, "a") == 12.0
    assert GradientComputer("complex_step").gradient(objective, p, by="a") == {"a": 12.0}
    assert type(seen[0]["n"]) is int
    assert seen[0]["table"] is p["table"]


# ---- bounds ----


@settings(max_examples=150)
@given(
    st.sampled_from(SIX),
    st.lists(st.sampled_from([0.0, 1e-9, 1e-5, 1e-2, 0.5]), min_size=6, max_size=6),
    st.lists(st.floats(-5, 5), min_size=3, max_size=3),
)
def test_no_point_is_outside_of_the_bounds(method, room, theta):
    lower = np.array(theta) - np.array(room[:3]) * np.maximum(np.abs(theta), 1.0)
    upper = np.array(theta) + np.array(room[3:]) * np.maximum(np.abs(theta), 1.0)
    wide = upper - lower > 1e-10
    lower, upper = np.where(wide, lower, -np.inf), np.where(wide, upper, np.inf)
    asked = []

    def objective(p):
        asked.append(np.concatenate([[np.real(p["a"])], np.real(p["w"])]))
        return p["a"] ** 2 + p["a"] * p["w"][0] + np.exp(p["w"][1] / 4)

    bounds = {"a": (lower[0], upper[0]), "w": (lower[1:], upper[1:])}
    p = {"a": theta[0], "w": np.array(theta[1:])}
    found = GradientComputer(method, bounds=bounds).gradient(objective, p)
    inside = [((point >= lower) & (point <= upper)).all() for point in asked]
    assert all(inside)
    want = [2 * theta[0] + theta[1], theta[0], np.exp(theta[2] / 4) / 4]
    got = [found["a"], *found["w"]]
    # A box of 1e-9 leaves steps of 1e-9 at best, and rounding its share of the digits; next to 0 as well.
    narrow = min([side for side in room if side > 0] or [1.0])
    if method == "complex_step" or (narrow >= 1e-2 and min(np.abs(theta)) > 1e-2):
        close(got, want, method, scale=300)
    else:
        np.testing.assert_allclose(got, want, atol=1e-3)


@pytest.mark.parametrize("method", SIX)
def test_at_a_bound_the_order_stays(method):
    """The square root is not defined below 0, and one-sided stencils are as good as others."""

    def objective(p):
        return math.sqrt(p["c"].real) * 0 + p["c"] ** 3 * 2

    found = GradientComputer(method, bounds={"c": (1.0, None)}).gradient(objective, {"c": 1.0})["c"]
    assert found == pytest.approx(6.0, rel=20 * ERRORS[method])
    below = GradientComputer(method, bounds={"c": (None, 1.0)}).gradient(objective, {"c": 1.0})["c"]
    assert below == pytest.approx(6.0, rel=20 * ERRORS[method])


def test_bounds_keep_a_function_where_it_is_defined():
    def objective(p):
        return math.sqrt(p["c"]) + p["c"]

    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer(h=0.5).gradient(lambda p: objective({"c": p["c"] - 1}), {"c": 1.0})
    assert caught.value.problem == "the function failed at c = 0.5: ValueError: math domain error"
    inside = GradientComputer(h=0.5, bounds={"c": (1, None)})
    assert np.isfinite(inside.gradient(lambda p: objective({"c": p["c"] - 1}), {"c": 1.0})["c"])


# ---- the complex step ----


def test_only_the_moved_parameter_is_complex():
    """So a function of another one may well be made for real numbers."""
    p = {"a": 0.5, "b": 2.0, "w": np.array([1.0, 2.0])}
    seen = []

    def objective(p):
        seen.append({name: np.iscomplexobj(value) for name, value in p.items()})
        return p["a"] ** 2 * (1 if np.iscomplexobj(p["b"]) else math.exp(p["b"])) + p["w"].sum()

    computer = GradientComputer("complex_step", checked=False)
    assert computer.compute(objective, p, "a") == pytest.approx(math.exp(2))
    np.testing.assert_array_equal(computer.compute(objective, p, "w"), [1, 1])
    assert [names for names in seen if any(names.values())] == [
        {"a": True, "b": False, "w": False},
        {"a": False, "b": False, "w": True},
        {"a": False, "b": False, "w": True},
    ]


def test_how_many_evaluations_a_gradient_takes():
    counts = {}
    for method, checked in [*((method, True) for method in (*SIX, "auto")), ("complex_step", False)]:
        calls = []
        objective = lambda p, calls=calls: (calls.append(1), p["a"] * p["b"] * p["c"])[1]  # noqa: E731
        GradientComputer(method, checked=checked).gradient(objective, {"a": 1.0, "b": 2.0, "c": 3.0})
        counts[method, checked] = len(calls)
    assert counts == {
        ("forward", True): 1 + 3,
        ("backward", True): 1 + 3,
        ("central", True): 1 + 2 * 3,
        ("five_point", True): 1 + 4 * 3,
        ("richardson", True): 1 + 4 * 3,
        ("complex_step", True): 1 + 3 * 3,
        ("auto", True): 1 + 3 * 3,
        ("complex_step", False): 1 + 3,
    }


def test_a_lost_imaginary_part_names_parameter_and_row():
    def f(x, p):
        return p["w"][0] * x + (abs(p["w"][1]) if x > 1 else p["w"][1]) * x

    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer("complex_step").jacobian(f, [0.5, 1.0, 1.5], {"w": np.array([1.0, -2.0])})
    assert caught.value.problem == (
        "the complex step in 'w[1]' gives the slope 0 in row 3, a difference quotient -1.5: "
        "a part of the imaginary part is lost in it"
    )
    with pytest.raises(ld.EvaluationError, match=r"the slope 0 in row 1, .*: its result is real"):
        GradientComputer("complex_step", checked=False).jacobian(
            lambda x, p: abs(p["a"]) * x, [0.5, 1.0], {"a": -2.0}
        )


def test_a_parameter_that_does_not_act_has_the_slope_0():
    p = {"a": 2.0, "unused": np.ones(3), "off": 1.0}
    f = lambda x, p: p["a"] * x + (abs(p["off"]) if x > 5 else 0)  # noqa: E731
    for method in ERRORS:
        found = GradientComputer(method).jacobian(f, X, p)
        np.testing.assert_array_equal(found["unused"], np.zeros((7, 3)))
        np.testing.assert_array_equal(found["off"], np.zeros(7))


def test_auto_says_which_method_it_took():
    point = read_point({"a": -1.5})
    carried = OfCallable(Objective(lambda p: p["a"] ** 2), point)
    dropped = OfCallable(Objective(lambda p: abs(p["a"])), point, checked=False)
    refused = OfCallable(Objective(lambda p: math.exp(p["a"])), point)
    part = OfCallable(Objective(lambda p: p["a"] ** 2 + abs(p["a"])), point, checked=False)
    found = [
        each.derivatives(point.theta, Scheme(DiffMethod.AUTO)) for each in (carried, dropped, refused, part)
    ]
    assert [each.method for each in found] == [DiffMethod.COMPLEX_STEP, *[DiffMethod.CENTRAL] * 3]
    got = [each.slopes[0] for each in found]
    np.testing.assert_allclose(got, [-3, -1, math.exp(-1.5), -4], rtol=1e-9)


# ---- nothing of the caller's is changed ----


@pytest.mark.parametrize("method", SIX)
def test_the_callers_parameters_and_rows_stay(method):
    p = {"a": 1, "w": np.array([1.0, 2.0]), "l": [3.0], "z": np.array(2.0), "note": "n", "held": np.ones(2)}
    rows = np.ones((3, 2))
    before = copy.deepcopy((p, rows))
    kept = []

    def f(x, p):
        kept.append((x, p))
        p["a"] = p["a"] * 1.0
        p["new"] = 5
        del p["l"]
        return x @ p["w"] * p["a"] + p["z"]

    for _ in range(2):
        found = GradientComputer(method).jacobian(f, rows, p, by=["a", "w", "z"])
        np.testing.assert_allclose(found["w"], rows, rtol=1e-6)
    assert list(p) == list(before[0])
    for name, value in p.items():
        assert type(value) is type(before[0][name])
        np.testing.assert_array_equal(value, before[0][name])
    np.testing.assert_array_equal(rows, before[1])
    assert p["w"].flags.writeable
    assert rows.flags.writeable
    # What a function keeps is not changed behind its back either.
    assert all(np.array_equal(x, [1, 1]) for x, _ in kept)
    assert {complex(q["w"][0]).real for _, q in kept} <= {
        1.0,
        *(read_place(method, 1.0)),
    }


def read_place(method, value):
    """Give the points that a method moves a number to."""
    from lambdaml_dsl.derivatives.stencils import STENCILS, place

    if method == "complex_step":
        method = "central"
    return place(STENCILS[DiffMethod(method)], np.array([value])).points.ravel().tolist()


READ_ONLY = "Parameters and rows are read-only. Change a copy: w = p['w'].copy()."


def change_parameter(x, p):
    p["w"] *= 2
    return x


def change_row(x, p):
    x[0] = 7
    return x


@pytest.mark.parametrize("vectorized", [False, True])
@pytest.mark.parametrize("function", [change_parameter, change_row])
def test_changes_in_place_are_refused(function, vectorized):
    p = {"w": np.array([1.0, 2.0])}
    rows = np.ones((2, 2))
    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer().jacobian(function, rows, p, vectorized)
    cause = "output array" if function is change_parameter else "assignment destination"
    place = "" if vectorized else " in row 1"
    assert caught.value.problem == (
        f"the function '{function.__name__}' failed{place} at w[0] = 1, w[1] = 2: "
        f"ValueError: {cause} is read-only"
    )
    assert caught.value.hint == READ_ONLY
    np.testing.assert_array_equal(p["w"], [1, 2])
    np.testing.assert_array_equal(rows, np.ones((2, 2)))


def test_nothing_global_is_changed():
    before, filters = np.geterr(), list(warnings.filters)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    for method in ERRORS:
        GradientComputer(method).gradient(lambda p: np.exp(p["a"]), {"a": 1.0})
    assert np.geterr() == before
    assert warnings.filters == filters
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_an_interruption_is_let_through():
    def interrupted(p):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        GradientComputer().gradient(interrupted, {"a": 1.0})


# ---- what a function may give ----


@pytest.mark.parametrize(
    "result",
    [np.asarray, np.array, lambda v: np.array([v]), lambda v: [v], lambda v: np.array([[v]])],
)
def test_one_number_in_any_form(result):
    assert GradientComputer("complex_step").gradient(lambda p: result(p["a"] ** 2), {"a": 3.0}) == {"a": 6.0}


def test_rows_in_any_form():
    pandas = pytest.importorskip("pandas")
    p = {"a": 2.0}
    table = pandas.DataFrame({"u": [1.0, 2.0], "v": [3.0, 4.0]})
    for rows in (table, table.to_numpy(), table.to_numpy().tolist(), table.to_numpy().astype(int)):
        found = GradientComputer().jacobian(lambda x, p: p["a"] * x[0] * x[1], rows, p)
        np.testing.assert_allclose(found["a"], [3, 8], rtol=1e-9)
    texts = GradientComputer().jacobian(lambda x, p: p["a"] * len(x), ["ab", "c"], p)
    np.testing.assert_allclose(texts["a"], [2, 1], rtol=1e-9)
    assert GradientComputer().jacobian(lambda x, p: p["a"], np.empty((0, 2)), p)["a"].shape == (0,)
    lists = GradientComputer().jacobian(lambda x, p: [p["a"], [1.0][0]], [1.0, 2.0], p)
    assert lists["a"].shape == (2, 2)


def test_whole_numbers_are_differentiated_too():
    found = GradientComputer("complex_step").gradient(
        lambda p: p["n"] ** -1 + p["v"] @ p["v"], {"n": 2, "v": [1, 2]}
    )
    assert found["n"] == -0.25
    np.testing.assert_array_equal(found["v"], [2, 4])


# ---- messages ----

ONE_ROW = "It is called as f(x, p): with one row, and the parameters."
ALL_ROWS = "It is called as f(X, p): with all rows at once, and the parameters."
ALL_NEEDED = (
    "With vectorized=True it is called as f(X, p) with all rows at once, "
    "and must give a number, or an array, for each."
)
EACH_ROW = "It must give a number for each row, or as many numbers for all rows."
ONE_NUMBER = (
    "Give a loss, for example the mean of squares; the derivatives of each row are a Jacobian: "
    "GradientComputer().jacobian(f, X, p)."
)
FINITE = "Derivatives are taken where all values are finite."


def named(x, p):
    return 1 / (float(x) - 2)


def first_rows(X, p):
    return X[:-1]


AT = " at a = 2, b = 1"
OF_ROWS = [
    (
        named,
        False,
        f"the function 'named' failed in row 3{AT}: ZeroDivisionError: float division by zero",
        ONE_ROW,
    ),
    (
        lambda x, p: p["c"],
        False,
        f"the function failed in row 1{AT}: KeyError: 'c'",
        "p has no 'c'. It has: a, b.",
    ),
    (
        lambda x, p: p["A"],
        False,
        f"the function failed in row 1{AT}: KeyError: 'A'",
        "p has no 'A'. Did you mean 'a'?",
    ),
    (
        lambda x, p: {"k": 1}["a"],
        False,
        f"the function failed in row 1{AT}: KeyError: 'a'",
        ONE_ROW,
    ),
    (
        lambda p: 1.0,
        False,
        f"the function failed in row 1{AT}: TypeError: "
        "<lambda>() takes 1 positional argument but 2 were given",
        ONE_ROW,
    ),
    (
        lambda x, p: [1.0, 2.0] if x == 2 else x,
        False,
        "the function gave an array of the shape (2,) in row 3, but one number in row 1",
        EACH_ROW,
    ),
    (lambda x, p: None if x == 2 else x, False, "the function gave None in row 3", EACH_ROW),
    (lambda x, p: None, False, "the function gave None in row 1", EACH_ROW),
    (lambda x, p: "y", False, "the function gave 'y' in row 1", EACH_ROW),
    (lambda x, p: np.nan if x == 2 else x, False, f"the function gave nan in row 3{AT}", FINITE),
    (lambda x, p: [x, np.inf] if x == 2 else [x, x], False, f"the function gave inf in row 3{AT}", FINITE),
    (lambda X, p: 1 / 0, True, f"the function failed{AT}: ZeroDivisionError: division by zero", ALL_ROWS),
    (first_rows, True, "the function 'first_rows' gave an array of the shape (2,) for 3 rows", ALL_NEEDED),
    (lambda X, p: X.sum(), True, "the function gave one number for 3 rows", ALL_NEEDED),
    (lambda X, p: None, True, "the function gave None for 3 rows", ALL_NEEDED),
    (
        lambda X, p: np.ones((2, 3)),
        True,
        "the function gave an array of the shape (2, 3) for 3 rows",
        ALL_NEEDED,
    ),
    (lambda X, p: np.where(X == 1, np.nan, X), True, f"the function gave nan in row 2{AT}", FINITE),
    (
        lambda X, p: np.where((X == 1) & (p["b"] > 1), np.nan, X),
        True,
        "the function gave nan in row 2 with 'b' moved to 1.0000076",
        "Bounds keep the steps where it is defined: bounds={'b': (low, high)}; "
        "a smaller step, h, goes less far.",
    ),
    (
        lambda X, p: X if p["b"] == 1 else np.ones((3, 2)),
        True,
        "the function gave an array of the shape (3, 2) with 'b' moved, and of (3,) before",
        "The shape of what it gives must not depend on the parameters.",
    ),
    (
        lambda X, p: X * 1j,
        True,
        "the function gave complex numbers for real parameters",
        "Take the real part, or the square of the modulus: what is differentiated must be real.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("function", "vectorized", "problem", "hint"), OF_ROWS)
def test_messages_of_functions_of_rows(function, vectorized, problem, hint):
    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer().jacobian(function, [0.0, 1.0, 2.0], {"a": 2.0, "b": 1.0}, vectorized)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


NEEDED = ", where one number is needed"
OF_OBJECTIVES = [
    (lambda p: [1.0, 2.0], f"the function gave an array of the shape (2,){NEEDED}", ONE_NUMBER),
    (lambda p: None, f"the function gave None{NEEDED}", ONE_NUMBER),
    (lambda p: np.empty(0), f"the function gave an array of the shape (0,){NEEDED}", ONE_NUMBER),
    (lambda p: -np.inf, f"the function gave -inf{AT}", FINITE),
    (
        lambda p: int("x"),
        f"the function failed{AT}: ValueError: invalid literal for int() with base 10: 'x'",
        "It is called with the parameters, and must give one number.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("function", "problem", "hint"), OF_OBJECTIVES)
def test_messages_of_objectives(function, problem, hint):
    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer().gradient(function, {"a": 2.0, "b": 1.0})
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_a_message_names_a_few_of_many_parameters():
    with pytest.raises(ld.EvaluationError) as caught:
        GradientComputer().gradient(lambda p: np.nan, {"k": 0.123456789, "W": np.ones((40, 50))})
    assert caught.value.problem == (
        "the function gave nan at k = 0.12345679, W[0, 0] = 1, W[0, 1] = 1, W[0, 2] = 1, W[0, 3] = 1, "
        "W[0, 4] = 1 and 1,995 more"
    )


ADJOINT = (
    "the method 'adjoint' goes backwards through a formula, and of a Python function none is known",
    "Use 'complex_step' or 'central', or write the function as a formula: Model(...).",
)
OPTIONS = [
    (lambda: GradientComputer("centra"), "unknown diff_method 'centra'", "Did you mean 'central'?"),
    (
        lambda: GradientComputer("central", h=0),
        "h must be a positive number, not 0",
        "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
    ),
    (
        lambda: GradientComputer("auto", h=1e-3),
        "h is a step for differences, but the method auto is exact and takes none",
        "Leave h out, or choose a difference method, for example 'central'.",
    ),
    (lambda: GradientComputer("adjoint").gradient(lambda p: p["a"], {"a": 1.0}), *ADJOINT),
    (
        lambda: GradientComputer().gradient("f", {"a": 1.0}),
        "a function is needed, not 'f'",
        "",
    ),
    (
        lambda: GradientComputer().compute(lambda p: p["a"], {"alpha": 1.0}, "alhpa"),
        "there is no parameter 'alhpa' in p",
        "Did you mean 'alpha'?",
    ),
    (
        lambda: GradientComputer().jacobian(lambda x, p: x, 3.0, {"a": 1.0}),
        "X must be rows, not 3.0",
        "It is an array of the shape (n,), or (n, d).",
    ),
    (
        lambda: GradientComputer(bounds={"a": (2, 3)}).gradient(lambda p: p["a"], {"a": 1.0}),
        "'a' = 1 is outside its bounds [2, 3]",
        "Move it inside, or widen the bounds.",
    ),
    (
        lambda: GradientComputer(bounds={"a": (1, 1)}).gradient(lambda p: p["a"], {"a": 1.0}),
        "the bounds of 'a' leave no room: 1 is not below 1",
        "By what is held no derivative is taken: name the others, by=[...].",
    ),
    (
        lambda: GradientComputer("five_point", bounds={"a": (1, np.nextafter(1, 2))}).gradient(
            lambda p: p["a"], {"a": 1.0}
        ),
        "no derivative can be taken by 'a' at 1.0: its step is no number, or the bounds are too close",
        "By what is held no derivative is taken: name the others, by=[...].",
    ),
    (
        lambda: GradientComputer().jacobian(ld.Model("a*x"), {"x": X}, {"a": 1.0}, by=["b"]),
        "by names 'b', which is no parameter",
        "The parameters are: a.",
    ),
]


@pytest.mark.parametrize(("call", "problem", "hint"), OPTIONS)
def test_messages_of_options(call, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        call()
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_schemes_take_names_and_members():
    assert scheme_along("CENTRAL", 1e-3) == Scheme(DiffMethod.CENTRAL, 1e-3)
    assert GradientComputer("central") == GradientComputer(DiffMethod.CENTRAL)
    assert GradientComputer().method is DiffMethod.CENTRAL
