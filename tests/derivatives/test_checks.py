"""Checks of gradients: right ones pass, wrong ones are named, and what a report says."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad, rosen, rosen_der

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import DiffMethod, GradientCheck, check_gradient
from lambdaml_dsl.derivatives.stencils import STENCILS

METHODS = [*STENCILS, DiffMethod.COMPLEX_STEP, DiffMethod.AUTO]
LOOSE = {DiffMethod.FORWARD: 1e-5, DiffMethod.BACKWARD: 1e-5}
X = np.linspace(0.0, 3.0, 40)


def loss(p):
    return np.sum(np.tanh(p["W"] @ p["w"]) ** 2) * p["k"]


def by_hand(p):
    z = np.tanh(p["W"] @ p["w"])
    slope = 2 * z * (1 - z**2) * p["k"]
    return {"k": np.sum(z**2), "w": p["W"].T @ slope, "W": np.outer(slope, p["w"])}


P = {"k": 0.5, "w": np.array([0.2, -1.0]), "W": np.array([[1.0, 0.3], [0.5, -0.7], [0.1, 0.2]])}
NAMES = ("k", "w[0]", "w[1]", "W[0, 0]", "W[0, 1]", "W[1, 0]", "W[1, 1]", "W[2, 0]", "W[2, 1]")


@pytest.mark.parametrize("method", METHODS)
def test_a_right_gradient_passes(method):
    found = check_gradient(loss, P, by_hand, method=method, tolerance=LOOSE.get(method, 1e-6))
    assert found.passes
    assert found.failed == ()
    assert tuple(each.name for each in found.components) == NAMES
    assert found.method is (DiffMethod.COMPLEX_STEP if method == "auto" else method)
    assert found.worst is not None
    assert found.worst.error <= found.tolerance
    assert check_gradient(loss, P, by_hand(P), method=method, tolerance=1e-4).passes


@settings(max_examples=80)
@given(st.integers(0, 8), st.floats(1e-4, 1e4), st.sampled_from(METHODS), st.booleans())
def test_a_wrong_component_is_named(which, share, method, sign):
    def wrong(p):
        right = by_hand(p)
        flat = np.concatenate([np.ravel(right[name]) for name in ("k", "w", "W")])
        flat[which] *= 1 + share if sign else 1 - min(share, 2)
        return {"k": flat[0], "w": flat[1:3], "W": flat[3:].reshape(3, 2)}

    found = check_gradient(loss, P, wrong, method=method, tolerance=LOOSE.get(method, 1e-6))
    assert not found.passes
    assert found.failed == (NAMES[which],)
    assert found.worst is not None
    assert found.worst.name == NAMES[which]


def test_a_flat_theta_beside_scipy():
    theta = np.array([1.3, 0.7, 0.8, 1.9])
    found = check_gradient(rosen, theta, rosen_der, method="complex_step", tolerance=1e-12)
    assert found.passes
    assert check_grad(rosen, rosen_der, theta) < 1e-4
    assert [each.name for each in found.components] == [f"theta[{k}]" for k in range(4)]
    wrong = check_gradient(rosen, theta, lambda theta: -rosen_der(theta))
    assert wrong.failed == tuple(f"theta[{k}]" for k in range(4))
    assert [each.error for each in wrong.components] == pytest.approx([2, 2, 2, 2], rel=1e-8)
    assert check_gradient(rosen, theta.tolist(), rosen_der(theta)).passes


@pytest.mark.parametrize("diff_method", ["complex_step", "central", "five_point", "adjoint"])
def test_an_objective_of_a_formula_is_checked_with_its_own_gradient(diff_method):
    objective = ld.Model("a*exp(-b*x) + c").bind({"x": X, "y": np.exp(-X)}, diff_method=diff_method)
    by_name = check_gradient(objective, {"c": 0.1, "b": 0.8, "a": 1.2})
    flat = check_gradient(objective, [1.2, 0.8, 0.1])
    assert by_name == flat
    assert flat.passes
    assert [each.name for each in flat.components] == ["a", "b", "c"]
    right = objective.gradient([1.2, 0.8, 0.1])
    assert [each.gradient for each in flat.components] == right.tolist()
    other = check_gradient(objective, [1.2, 0.8, 0.1], lambda theta: objective.gradient(theta) * [1, 2, 1])
    assert other.failed == ("b",)
    named = check_gradient(objective, [1.2, 0.8, 0.1], dict(zip("cba", right[::-1], strict=True)))
    assert named.passes


def test_at_the_minimum_rounding_is_no_error():
    """There the slopes are 0, and a quotient is what rounding leaves: in units of itself it is wrong by 1."""
    rng = np.random.default_rng(3)
    data = {"x": X, "y": 2 * np.exp(-0.7 * X) + 0.05 * rng.normal(size=40)}
    result = ld.fit("y ~ a*exp(-b*x)", data, start={"a": 1, "b": 1})
    objective = ld.Model("y ~ a*exp(-b*x)").bind(data)
    for method in ("richardson", "five_point", "central"):
        found = check_gradient(objective, result.values, method=method, tolerance=1e-5)
        assert found.passes, str(found)
        # A gradient that is wrong there by what a step of 1e-3 makes of it is still found.
        off = objective.gradient(list(result.values.values())) + np.array([0.01, 0])
        wrong = check_gradient(objective, result.values, off, method=method, tolerance=1e-5)
        assert wrong.failed == ("a",)
    zero = check_gradient(lambda p: p["a"] * 0 + 1.0, {"a": 2.0}, lambda p: {"a": 0.0})
    assert [each.error for each in zero.components] == [0.0]


def test_the_methods_check_each_other():
    from lambdaml_dsl.derivatives import GradientComputer

    for one in METHODS:
        gradient = GradientComputer(one).gradient(loss, P)
        for other in METHODS:
            assert check_gradient(loss, P, gradient, method=other, tolerance=1e-5).passes


def test_bounds_are_kept():
    asked = []

    def objective(p):
        asked.append(p["a"])
        return math.sqrt(p["a"] - 1) if p["a"] > 1 else 0.0

    check_gradient(objective, {"a": 1.5}, {"a": 0.5 / math.sqrt(0.5)}, bounds={"a": (1.5, None)})
    assert min(asked) == 1.5


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_wrong(bad):
    found = check_gradient(loss, P, {**by_hand(P), "w": [bad, by_hand(P)["w"][1]]})
    assert found.failed == ("w[0]",)
    assert found.worst is not None
    assert found.worst.error == np.inf


def test_reports_are_values():
    first, second = (check_gradient(loss, P, by_hand) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.tolerance = 1.0
    empty = check_gradient(lambda p: 1.0, {}, {})
    assert empty.passes
    assert empty.worst is None
    assert str(empty) == "The gradient has no components."


# ---- what a report says ----


def test_a_report_of_a_wrong_gradient():
    found = check_gradient(
        lambda p: p["k"] ** 2 + p["w"][0] * p["w"][1],
        {"k": 3.0, "w": [2.0, 0.5]},
        {"k": -6.0, "w": [0.5, 2.0]},
        method="complex_step",
    )
    assert str(found) == "\n".join(
        [
            "Wrong in 1 of 3 components, held against complex_step with a tolerance of 1e-06; "
            "worst is k, relative error 2.",
            "component  gradient  complex_step  relative error",
            "k                -6             6               2  <-",
            "w[0]            0.5           0.5               0",
            "w[1]              2             2               0",
        ]
    )


def test_a_report_of_a_right_gradient():
    found = check_gradient(lambda p: p["k"] ** 2, {"k": 3.0}, {"k": 6.0}, method="complex_step")
    assert str(found) == "\n".join(
        [
            "Right in 1 of 1 component, held against complex_step with a tolerance of 1e-06; "
            "worst is k, relative error 0.",
            "component  gradient  complex_step  relative error",
            "k                 6             6               0",
        ]
    )


def test_a_report_of_many_components_shows_the_worst_first():
    theta = np.linspace(1, 2, 30)
    gradient = 2 * theta
    gradient[[4, 17]] = [0.0, 1e3]
    found = check_gradient(lambda theta: theta @ theta, theta, gradient, method="complex_step")
    lines = str(found).split("\n")
    assert lines[0] == (
        "Wrong in 2 of 30 components, held against complex_step with a tolerance of 1e-06; "
        "worst is theta[4], relative error 1."
    )
    assert [line.split()[0] for line in lines[2:4]] == ["theta[4]", "theta[17]"]
    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "and 10 components with smaller errors"


# ---- messages ----

MESSAGES = [
    (
        lambda: check_gradient(loss, P),
        ld.OptionError,
        "there is no gradient to check",
        "Give one: check_gradient(objective, p, gradient), a function of p or its result.",
    ),
    (
        lambda: check_gradient(loss, P, by_hand, tolerance=0),
        ld.OptionError,
        "tolerance must be a number between 0 and 1, not 0",
        "It is the largest relative error that passes, for example 1e-6.",
    ),
    (
        lambda: check_gradient(loss, P, np.zeros(9)),
        ld.OptionError,
        "the gradient must be a dict like the parameters, not array([0., 0., 0., 0., 0., 0., 0., 0., 0.])",
        "It has a value for each of k, w, W.",
    ),
    (
        lambda: check_gradient(loss, P, {"k": 1.0, "w": [1.0, 2.0]}),
        ld.OptionError,
        "there is no value for 'W'",
        "The parameters are k, w, W.",
    ),
    (
        lambda: check_gradient(rosen, [1.0, 2.0], [1.0, 2.0, 3.0]),
        ld.OptionError,
        "'theta' has the shape (3,), where (2,) is needed",
        "",
    ),
    (
        lambda: check_gradient(rosen, [1.0, 2.0], lambda theta: 1 / 0),
        ld.EvaluationError,
        "the function failed at theta[0] = 1, theta[1] = 2: ZeroDivisionError: division by zero",
        "It is called with the parameters, and must give their gradient.",
    ),
    (
        lambda: check_gradient(3.0, [1.0, 2.0], [1.0, 2.0]),
        ld.OptionError,
        "a function is needed, not 3.0",
        "",
    ),
    (
        lambda: check_gradient(lambda p: abs(p["a"]), {"a": -2.0}, {"a": -1.0}, method="complex_step"),
        ld.EvaluationError,
        "the complex step in 'a' gives the slope 0, a difference quotient -1: its result is real",
        "abs, np.real, astype(float) and arrays made for real numbers drop it. "
        "Choose a method without complex numbers, for example 'central'.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "problem", "hint"), MESSAGES)
def test_messages(call, kind, problem, hint):
    with pytest.raises(kind) as caught:
        call()
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_it_is_a_public_type():
    assert isinstance(check_gradient(loss, P, by_hand), GradientCheck)
