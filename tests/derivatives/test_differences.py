"""Difference methods through the public face: order, accuracy, exactness, agreement, bounds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles.formulas import SEEDS, pieces, set_as_text
from oracles.symbolic import Derivative

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives.methods import METHODS, DiffMethod, Scheme, differentiate
from lambdaml_dsl.derivatives.nonlinear import linear_given, reach_of
from lambdaml_dsl.derivatives.stencils import STENCILS
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.threads import Slabs

DIFFERENCES = sorted(STENCILS)
SIDES = {"free": (None, None), "at the lower bound": (0, None), "at the upper bound": (None, 0)}
X = np.linspace(0.3, 2.0, 9)

SMOOTH = [
    ("exp(-a*x)", {"a": 1.3}),
    ("sin(a*x + 0.4)", {"a": 1.1}),
    ("1/(1 + exp(2 - a*x))", {"a": 1.7}),
    ("x^a*log(a + x)", {"a": 1.4}),
    ("exp(-((x - a)/0.9)^2)", {"a": 1.2}),
    ("tanh(a*x)*atan(a)", {"a": 0.8}),
]


def error(formula, values, method, h=None, side="free"):
    """Give the largest error of the derivative by a, in units of the largest derivative."""
    model, a = ld.Model(formula, inputs=["x"]), values["a"]
    bounds = {"a": tuple(None if end is None else a for end in SIDES[side])}
    want = model.jacobian({"x": X}, values)["a"]
    found = model.jacobian({"x": X}, values, method, h=h, bounds=bounds)["a"]
    return np.abs(found - want).max() / np.abs(want).max()


STEPS = {1: 2.0 ** -np.arange(8, 15), 2: 2.0 ** -np.arange(6, 11), 4: 2.0 ** -np.arange(5, 8)}
"""Where what is cut off is all of the error, by the order."""


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("method", DIFFERENCES)
@pytest.mark.parametrize(("formula", "values"), SMOOTH)
def test_the_order_of_convergence(formula, values, method, side):
    order = STENCILS[method].order
    errors = [error(formula, values, method, h, side) for h in STEPS[order]]
    slope = np.polyfit(np.log(STEPS[order]), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("method", DIFFERENCES)
def test_the_default_step_is_nearly_the_best(method, side):
    def mean(h):
        logs = [math.log(max(error(formula, values, method, h, side), 1e-17)) for formula, values in SMOOTH]
        return math.exp(sum(logs) / len(logs))

    best = min(mean(2.0**-k) for k in range(2, 40))
    assert mean(None) <= 10 * best


AFFINE = [
    ("a*exp(-x) + b*x^2 + c", {"a": 1.3, "b": 0.7, "c": -2.1}),
    ("where(x > 1, a*x, b/x)/3 - (c - a)*0.1", {"a": 1.3, "b": 0.7, "c": -2.1}),
    ("-(a*x + b)*(x - 0.3)/(x + 1) + c*x*0.3", {"a": 1e9, "b": 1e-9, "c": 0.0}),
    ("sum(W@[x, 1, x^2]) + dot(v, [x, 2*x])", {"W": [[0.1, 0.2, 0.3]] * 2, "v": [1.1, 0.7]}),
    ("cumsum(v*x)[1] + mean(v) - v[2]*exp(x)", {"v": [0.1, 0.2, 0.7]}),
    ("(a*x) % 0.7", {"a": 1.3}),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("formula", "values"), AFFINE)
def test_an_affine_parameter_has_no_error(formula, values, method):
    """What is linear is carried by the chain rule, bit for bit the same whatever the method."""
    model = ld.Model(
        formula, inputs=["x"], parameters=[ld.ParameterSpec(name, v) for name, v in values.items()]
    )
    exact = model.jacobian({"x": X}, values)
    if method is DiffMethod.ADJOINT:  # backwards, the same factors are multiplied in another order
        for name, derivative in model.jacobian({"x": X}, values, method).items():
            np.testing.assert_allclose(derivative, exact[name], rtol=1e-15, atol=1e-15)
    else:
        for name, derivative in model.jacobian({"x": X}, values, method).items():
            np.testing.assert_array_equal(derivative, exact[name])
            assert reach_of(model.program, range(len(values))).stepped == 0


@pytest.mark.parametrize("method", DIFFERENCES)
def test_the_affine_ones_among_others_have_no_error(method):
    model = ld.Model("a*exp(-k*x) + c/cosh(x - m) + d", inputs=["x"])
    values = {"a": 1.3, "k": 0.7, "c": 2.2, "m": 0.4, "d": 1e-7}
    exact, found = model.jacobian({"x": X}, values), model.jacobian({"x": X}, values, method)
    for name in "acd":
        np.testing.assert_array_equal(found[name], exact[name])
    for name in "km":
        assert not np.array_equal(found[name], exact[name])


def test_where_functions_are_linear():
    assert linear_given(OPERATORS["/"]) == (frozenset({1}), None)
    assert linear_given(OPERATORS["-"]) == (frozenset(), frozenset())
    for name in ("exp", "abs", "max", "floor", "besselj", "hypot", "copysign"):
        assert not any(found is not None and not found for found in linear_given(FUNCTIONS[name])), name
        assert linear_given(FUNCTIONS[name])[-1] is None, name


# ---- against SymPy ----

NAMES = ("a", "b", "c", "d", "p", "q")
CALLED = {"exp": 1, "sin": 1, "cos": 1, "tanh": 1, "atan": 1, "erf": 1, "asinh": 1, "square": 1}
CALLED |= {"sigmoid": 1, "softplus": 1, "hypot": 2, "sqrt": 1, "log": 1, "pow": 2, "atan2": 2}
MODELS = st.builds(
    lambda piece, seed: set_as_text(piece.tokens, seed),
    pieces(
        ["x", "x", *NAMES],
        ["2", "0.5", "1.25"],
        CALLED,
        arithmetic=("+", "-", "*", "/", "^"),
        logic=False,
        max_leaves=14,
    ),
    SEEDS,
)
VALUES = st.floats(0.25, 2.5)


@settings(max_examples=50)
@given(MODELS, VALUES, st.tuples(*[VALUES] * 6))
def test_all_methods_agree_with_sympy(text, x, theta):
    model = ld.Model(text, inputs=["x"])
    assume(len(model.parameters) >= 2)
    given_values = dict(zip(NAMES, theta, strict=True))
    values = {name: given_values[name] for name in model.parameters}
    every = replace(model.program, outputs=tuple(range(len(model.program.instructions))))
    slots = evaluate(every, {"x": np.array([x])}, 1, list(values.values()))
    assume(np.isfinite(slots).all() and np.abs(slots).max() < 1e6)
    scale = np.abs(slots).max()
    data = {"x": [x]}
    for name in model.parameters:
        exact = Derivative(model.bound.equation.right, name)
        want, spread = exact.at(values | {"x": x}), exact.spread(values | {"x": x})
        if want is None or not math.isfinite(spread):
            continue
        for method in METHODS:
            found = model.jacobian(data, values, method)[name][0]
            # Terms of slots over theta may cancel, as those of b in x*b/b: their last bits stay.
            allowed = 1e-13 * abs(float(want)) + 100 * spread + 1e-15 * scale / values[name]
            if method in STENCILS:
                h = STENCILS[method].step
                far = model.jacobian(data, values, method, h=2 * h)[name][0]
                # What is cut off shows when the step is doubled; rounding is last bits over the step.
                allowed += 2 * abs(far - found) + 1e-14 * (scale + abs(float(want))) / (h * values[name])
            assert abs(found - float(want)) <= allowed, (text, values, x, name, method)


# ---- on what SymPy cannot do ----

KINKED = [
    ("abs(a*x - b)*c", {"a": 1.3, "b": 1.17, "c": 0.7}),
    ("max(a*x, b, c*x^2)", {"a": 1.3, "b": 1.17, "c": 0.7}),
    ("min(exp(a*x), b/x) + clip(a*x, 0.5, b)", {"a": 0.3, "b": 1.17}),
    ("where(x > a, exp(b*x), c/x)", {"a": 1.33, "b": 0.4, "c": 2.0}),
    ("exp(-b*x) if a*x < 1 else a*b^2", {"a": 0.91, "b": 0.4}),
    ("atan2(a*x - 1, b - x)", {"a": 0.3, "b": 1.07}),
    ("hypot(a*x, b) + copysign(a^2, b - x)", {"a": 0.9, "b": 1.07}),
    ("leaky_relu(a*x - b) + elu(b - a*x, c)", {"a": 0.9, "b": 1.07, "c": 0.3}),
    ("broken_powerlaw(x, a, b, c, d)", {"a": 1.2, "b": 1.31, "c": 0.4, "d": 1.9}),
    ("split_lorentzian(x, a, b, c, d)", {"a": 1.2, "b": 1.31, "c": 0.4, "d": 0.7}),
    ("voigt(x, a, b, c, d)", {"a": 1.2, "b": 1.31, "c": 0.4, "d": 0.7}),
    ("a*besselj(1, b*x) + gamma(x + c)", {"a": 1.2, "b": 1.31, "c": 0.4}),
    ("sum(A*exp(-((x - m)/s)^2))", {"A": [1.0, 2.0], "m": [0.5, 1.2], "s": [0.3, 0.4]}),
    ("softmax(v*x)[0]*c + log_softmax(v - x)[2]", {"v": [0.1, 0.9, -0.4], "c": 1.2}),
    ("norm(v - x) + prod(v*x) + max(v*x) + poly(x, v)", {"v": [0.1, 0.9, -0.4]}),
    ("dot(w, tanh(W@[x, 1] + b))", {"w": [1.0, -0.7], "W": [[0.3, 0.1], [-0.4, 0.7]], "b": [0.1, -0.2]}),
    ("W@(W@[x, 1 + x])*[c, 1]", {"W": [[0.3, 0.1], [-0.4, 0.7]], "c": 0.3}),
    ("dot(v, v)*x + dot(v*x, exp(v))", {"v": [0.1, 0.9, -0.4]}),
    ("[a*exp(-b*x), b*sin(a*x), a/b]", {"a": 1.3, "b": 0.7}),
    ("[v[0]^2*x, v[1]]/sum(v^2)", {"v": [1.3, 0.7]}),
    ("cumsum(exp(v*x))[1:]*[a, 1]", {"v": [0.1, 0.9, -0.4], "a": 2.0}),
]  # fmt: skip


def model_of(formula, values):
    shaped = [f"{name}{list(np.shape(value))}" for name, value in values.items() if np.ndim(value)]
    return ld.Model(formula, inputs=["x"], parameters=shaped)


@pytest.mark.parametrize("method", DIFFERENCES)
@pytest.mark.parametrize(("formula", "values"), KINKED, ids=[formula for formula, _ in KINKED])
def test_methods_agree_with_each_other(formula, values, method):
    model = model_of(formula, values)
    exact, found = model.jacobian({"x": X}, values), model.jacobian({"x": X}, values, method)
    assert list(exact) == list(found)
    for name, derivative in exact.items():
        assert found[name].shape == derivative.shape
        tolerance = 100 * STENCILS[method].error() * np.abs(derivative).max()
        np.testing.assert_allclose(found[name], derivative, rtol=0, atol=tolerance)


# ---- chunks, batches, threads ----

LONG = np.linspace(0.1, 3.0, 1003)


@pytest.mark.parametrize("method", DIFFERENCES)
@pytest.mark.parametrize(("formula", "values"), KINKED[:2] + KINKED[12:17])
def test_chunks_batches_and_threads_make_no_difference(formula, values, method):
    model = model_of(formula, values)
    theta = model.theta(model.bound, values)
    scheme = Scheme(method, lower=tuple(theta), upper=tuple(theta + 1))
    full = differentiate(model.program, tuple(range(len(values))), scheme)
    columns = {"x": LONG}
    whole = Evaluation(full, columns, len(LONG), chunk=len(LONG))(theta)
    assert np.array_equal(Evaluation(full, columns, len(LONG), chunk=100)(theta), whole)
    close = {"rtol": 0, "atol": 100 * STENCILS[method].error() * np.abs(whole).max()}
    other = Evaluation(full, columns, len(LONG), batch=2)(np.stack([theta, theta + 0.25]))
    np.testing.assert_allclose(other[:, 0], whole, **close)
    several = [Slabs(full, columns, len(LONG), threads)(theta) for threads in (1, 2, 4)]
    for each in several:
        assert np.array_equal(each, several[0])
    np.testing.assert_allclose(several[0], whole, **close)


# ---- the step, and the box ----


def test_a_step_given_is_taken():
    model = ld.Model("exp(a*x)", inputs=["x"])
    found = model.jacobian({"x": [1.0]}, {"a": 2.0}, "forward", h=0.25)["a"]
    np.testing.assert_allclose(found, (np.exp(2.5) - np.exp(2)) / 0.5, rtol=1e-15)
    found = model.jacobian({"x": [1.0]}, {"a": 0.0}, "central", h=0.25)["a"]
    np.testing.assert_allclose(found, np.sinh(0.25) / 0.25, rtol=1e-15)
    gradient = model.bind({"x": [1.0]}, y=[0.0], diff_method="backward", diff_h=0.25).gradient([2.0])
    want = 2 * np.exp(2) * (np.exp(2) - np.exp(1.5)) / 0.5
    np.testing.assert_allclose(gradient, [want], rtol=1e-15)


def test_the_box_is_that_of_the_parameters_where_none_is_given():
    spec = ld.ParameterSpec("a", lower=2.0)
    model = ld.Model("exp(a*x)", inputs=["x"], parameters=[spec])
    upward = (np.exp(2.5) - np.exp(2)) / 0.5
    for bounds, want in [
        (None, upward),
        ({"a": (None, 3)}, (np.exp(2) - np.exp(1.5)) / 0.5),
        ({"a": (2.0, None)}, upward),
    ]:
        found = model.jacobian({"x": [1.0]}, {"a": 2.0}, "backward", h=0.25, bounds=bounds)["a"]
        np.testing.assert_allclose(found, want, rtol=1e-15)
        objective = model.bind({"x": [1.0]}, y=[0.0], diff_method="backward", diff_h=0.25, bounds=bounds)
        np.testing.assert_allclose(objective.gradient([2.0]), [2 * np.exp(2) * want], rtol=1e-15)


def test_bounds_of_components():
    model = ld.Model("sum(exp(v*x))", inputs=["x"], parameters=["v[3]"])
    found = model.jacobian(
        {"x": [1.0]}, {"v": [1.0, 1.0, 1.0]}, "central", h=0.25, bounds={"v": ([0, 1, 0], [9, 9, 1])}
    )["v"][0]
    e = np.exp
    np.testing.assert_allclose(
        found,
        [
            (e(1.25) - e(0.75)) / 0.5,
            (-e(1.5) + 4 * e(1.25) - 3 * e(1)) / 0.5,
            (e(0.5) - 4 * e(0.75) + 3 * e(1)) / 0.5,
        ],
        rtol=1e-14,
    )
    only = model.jacobian({"x": [1.0]}, {"v": [1.0, 1.0, 1.0]}, "forward", h=0.25, bounds={"v[2]": (0, 1)})[
        "v"
    ][0]
    np.testing.assert_allclose(only[[0, 2]], [(e(1.25) - e(1)) / 0.25, (e(1) - e(0.75)) / 0.25], rtol=1e-14)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "centrall"}, "unknown diff_method 'centrall'\nDid you mean 'central'?"),
        (
            {"method": "central", "h": -1},
            "h must be a positive number, not -1\n"
            "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
        ),
        (
            {"h": 1e-3},
            "h is a step for differences, but the method auto is exact and takes none\n"
            "Leave h out, or choose a difference method, for example 'central'.",
        ),
        (
            {"method": "central", "bounds": {"a": (1, 0)}},
            "the bounds of 'a' are crossed: 1 is not below 0\n"
            "To hold a parameter at a value, give fixed={'a': value}.",
        ),
        (
            {"method": "central", "bounds": {"b": (0, 1)}},
            "the parameter 'b' is not in the formula: a*x\nIts parameters are: a.",
        ),
        (
            {"method": "central", "bounds": [0, 1]},
            "bounds must be a dict of parameter names, not [0, 1]\n"
            "Write for example bounds={'a': (0, None)}.",
        ),
    ],
)
def test_mistakes(options, expected):
    with pytest.raises(OptionError) as caught:
        ld.Model("a*x", inputs=["x"]).jacobian({"x": [1.0]}, {"a": 2.0}, **options)
    assert str(caught.value) == expected


@pytest.mark.parametrize("best", [0.0, 1.3, 2 - 1e-9, 4.0])
@pytest.mark.parametrize("start", [1.0, 1 + 1e-12, 1.5, 2 - 1e-12, 2.0])
@pytest.mark.parametrize("method", DIFFERENCES)
def test_a_fit_never_leaves_the_box(method, start, best):
    seen = {"f": [], "g": []}

    def recorded(name, function):
        def call(u):
            seen[name] += [u.min(), u.max()]
            return function(u)

        return call

    functions = {"f": recorded("f", lambda u: np.exp(-u)), "g": recorded("g", lambda u: u**3)}
    x = np.linspace(0, 1, 12)
    y = np.exp(-best) + x * (best + 1) ** 3
    known = {"start": {"a": start, "b": 1 + start}, "bounds": {"a": (1, 2), "b": (2, 3)}}
    result = ld.Model("y ~ f(a) + x*g(b)", functions=functions).fit(
        {"x": x, "y": y}, diff_method=method, **known
    )
    want = ld.fit("y ~ exp(-a) + x*b^3", {"x": x, "y": y}, **known)
    assert result.converged
    assert result.values == pytest.approx(want.values, rel=1e-6)
    assert (min(seen["f"]) >= 1) & (max(seen["f"]) <= 2)
    assert (min(seen["g"]) >= 2) & (max(seen["g"]) <= 3)
