"""The rules run backwards, against the rules run forwards, and sums over rows against sums of rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles.array_trees import INPUTS, NAMES, PARAMETERS, SHAPES, expressions

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.adjoint import adjoint, adjoint_of_sum
from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.derivatives.sums import squared, sum_of_squares
from lambdaml_dsl.language.bind import Declared, bind_text
from lambdaml_dsl.language.nodes import Expr
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.threads import Slabs

DECLARED = Declared(tuple(INPUTS), tuple(PARAMETERS), shapes=tuple(NAMES.items()))
SEEDS = st.integers(0, 2**32 - 1)
FORMULAS = st.sampled_from(SHAPES).flatmap(expressions)


def compiled(tree: Expr | str) -> tuple[Program, tuple[int, ...], int]:
    """Give a program, its parameters and how many components theta has."""
    bound = bind_text(Source(tree if isinstance(tree, str) else to_text(tree)), DECLARED)
    return lower(bound), tuple(range(len(bound.parameters))), bound.offsets[-1]


def drawn(rng: np.random.Generator, rows: int, components: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    columns = {name: rng.normal(size=(*shape, rows)) for name, shape in INPUTS.items()}
    return columns, rng.normal(size=components)


def is_near(got: np.ndarray, want: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Say where values agree to 12 digits of the largest of their kind; what is not finite is unclear."""
    with np.errstate(all="ignore"):
        near = np.abs(got - want) <= 1e-11 * (np.abs(want) + scale)
    return near | ~np.isfinite(got) | ~np.isfinite(want)


# ---- row by row ----


@settings(max_examples=300)
@given(FORMULAS, SEEDS)
def test_backwards_and_forwards_give_the_same(tree: Expr, seed: int) -> None:
    program, every, components = compiled(tree)
    assume(every)
    columns, theta = drawn(np.random.default_rng(seed), 7, components)
    forwards = evaluate(carry(program, every), columns, 7, theta)
    backwards = evaluate(adjoint(program, every), columns, 7, theta)
    assert backwards.shape == forwards.shape
    size = program.output_sizes[0]
    np.testing.assert_array_equal(backwards[:size], forwards[:size])
    # A row with an infinite slope anywhere below may be lost one way and not the other; it is mended later.
    sound = np.isfinite(forwards).all(axis=0) & np.isfinite(backwards).all(axis=0)
    assume(sound.any())
    scale = np.abs(forwards[:, sound]).max()
    assert is_near(backwards[:, sound], forwards[:, sound], scale).all(), to_text(tree)


@settings(max_examples=100)
@given(FORMULAS, SEEDS, st.integers(0, 3))
def test_some_parameters_are_those_of_all(tree: Expr, seed: int, which: int) -> None:
    program, every, components = compiled(tree)
    assume(which < len(every))
    columns, theta = drawn(np.random.default_rng(seed), 3, components)
    for way in (adjoint, carry):
        some = evaluate(way(program, (which,)), columns, 3, theta)
        whole = evaluate(way(program, every), columns, 3, theta)
        sizes = [item[2] - item[1] for item in spans(way(program, every))]
        start = sum(sizes[: which + 1])
        np.testing.assert_array_equal(some[sizes[0] :], whole[start : start + sizes[which + 1]])


def spans(program: Program) -> list[tuple[int, int, int]]:
    edges = np.cumsum([0, *program.output_sizes]).tolist()
    return [(k, low, high) for k, (low, high) in enumerate(pairwise(edges))]


@pytest.mark.parametrize(
    ("text", "data", "theta"),
    [
        # An infinite slope of the power at t = 0, and a factor of 0 below it.
        ("exp(-(t/tau)^b)", {"t": [0.0, 1.0]}, [2.0, 0.5]),
        ("sqrt(a*t)", {"t": [0.0, 4.0]}, [1.0]),
        ("where(t > 0, log(t)*a, a)", {"t": [0.0, 2.0]}, [1.5]),
        ("cbrt(a*t) + hypot(a*t, b*t)", {"t": [0.0, 2.0]}, [1.5, 0.5]),
    ],
)
def test_infinite_slopes_that_move_nothing_do_no_harm(
    text: str, data: dict[str, list[float]], theta: list[float]
) -> None:
    model = Model(text, inputs=["t"])
    every = tuple(range(len(model.parameters)))
    columns = {name: np.array(values) for name, values in data.items()}
    forwards = evaluate(carry(model.program, every), columns, 2, theta)
    backwards = evaluate(adjoint(model.program, every), columns, 2, theta)
    assert np.isfinite(backwards).all()
    np.testing.assert_allclose(backwards, forwards, rtol=1e-14)


# ---- sums over rows ----


@settings(max_examples=200)
@given(FORMULAS, SEEDS)
def test_the_gradient_of_a_sum_is_the_sum_of_gradients(tree: Expr, seed: int) -> None:
    program, every, components = compiled(tree)
    assume(every and program.on_data[program.outputs[0]])
    rows = 19
    columns, theta = drawn(np.random.default_rng(seed), rows, components)
    each = squared(program)
    whole = evaluate(carry(each, every), columns, rows, theta)
    assume(np.isfinite(whole).all())
    sums = {
        "backwards": adjoint_of_sum(each, every, components),
        "forwards": sum_of_squares(carry(program, every)),
    }
    scale = np.abs(whole).sum()
    for way, found in sums.items():
        ran = {
            "whole": Evaluation(found.rows, columns, rows),
            "chunks": Evaluation(found.rows, columns, rows, chunk=7),
            "threads": Slabs(found.rows, columns, rows, threads=3),
        }
        for arrangement, evaluation in ran.items():
            value, gradient = found.finish(theta, evaluation.totals(theta))
            what = (way, arrangement, to_text(tree))
            assert abs(value - whole[0].sum()) <= 1e-11 * scale, what
            assert np.isfinite(gradient).all() <= is_near(gradient, whole[1:].sum(axis=1), scale).all(), what
            finite = np.isfinite(gradient)
            assert is_near(gradient, whole[1:].sum(axis=1), scale)[finite].all(), what


@settings(max_examples=60)
@given(FORMULAS, SEEDS)
def test_totals_of_a_batch_are_those_of_each(tree: Expr, seed: int) -> None:
    program, every, components = compiled(tree)
    assume(every and program.on_data[program.outputs[0]])
    rows = 11
    rng = np.random.default_rng(seed)
    columns, _ = drawn(rng, rows, components)
    thetas = rng.normal(size=(3, components))
    for found in (adjoint_of_sum(squared(program), every, components), sum_of_squares(carry(program, every))):
        one = Evaluation(found.rows, columns, rows)
        wants = np.stack([one.totals(theta) for theta in thetas], axis=1)
        for chunk in (4, rows):
            got = Evaluation(found.rows, columns, rows, batch=3, chunk=chunk).totals(thetas)
            finite = np.isfinite(wants) & np.isfinite(got)
            scale = np.abs(wants[finite]).max(initial=0)
            assert is_near(got, wants, scale).all(), to_text(tree)


def test_threads_change_no_bit_of_a_gradient() -> None:
    model = Model("f @ tanh(G @ x) + exp(-k*sum(x))", inputs=["x[3]"], parameters=["f[5]", "G[5, 3]"])
    rng = np.random.default_rng(5)
    rows = 40_000
    columns = {"x": rng.normal(size=(3, rows))}
    program, every = model.program, tuple(range(len(model.parameters)))
    theta = rng.normal(size=model.bound.offsets[-1])
    for found in (adjoint_of_sum(squared(program), every, len(theta)), sum_of_squares(carry(program, every))):
        runs = [Slabs(found.rows, columns, rows, threads=n).totals(theta) for n in (1, 2, 3, 4)]
        assert all(np.array_equal(run, runs[0]) for run in runs)


def test_a_large_network_is_differentiated_backwards() -> None:
    """Ten thousand parameters: more than tangents are carried for."""
    model = Model("f @ tanh(G @ x + b)", inputs=["x[100]"], parameters=["f[100]", "G[100, 100]", "b[100]"])
    rng = np.random.default_rng(6)
    rows = 50
    x, theta = rng.normal(size=(rows, 100)), rng.normal(size=10_200) / 10
    y = rng.normal(size=rows)
    f, matrix, b = theta[:100], theta[100:10_100].reshape(100, 100), theta[10_100:]
    by_name = dict(zip(model.parameters, (f, matrix, b), strict=True))
    objective = model.bind({"x": x, "y": y}, diff_method="adjoint")
    flat = np.concatenate([by_name[name].ravel() for name in model.parameters])
    value, gradient = objective.value_and_gradient(flat)
    hidden = np.tanh(x @ matrix.T + b)
    residual = hidden @ f - y
    behind = 2 * residual[:, None] * f * (1 - hidden**2)
    want = {"f": 2 * residual @ hidden, "G": behind.T @ x, "b": behind.sum(axis=0)}
    assert value == pytest.approx(residual @ residual, rel=1e-12)
    np.testing.assert_allclose(
        gradient, np.concatenate([want[name].ravel() for name in model.parameters]), rtol=1e-9, atol=1e-12
    )


# ---- at the ends of float64 ----


@pytest.mark.parametrize(
    ("text", "values", "name", "want"),
    [
        ("((exp(a*x)*1e-200)*1e-200)*1e300", {"a": 460.5}, "a", 9.831253995032064e99),
        ("(exp(a*x)/s)/s", {"a": 690.0, "s": 1e170}, "a", 4.604606404783e-41),
        ("(exp(a*x)/s)/s", {"a": 690.0, "s": 1e170}, "s", -9.209212809566e-211),
        ("(exp(-a*x)*u)*u", {"a": 600.0, "u": 1e170}, "a", -2.650396553004e79),
    ],
)
@pytest.mark.parametrize("method", ["complex_step", "adjoint"])
def test_numbers_taken_together_lose_no_derivative(
    text: str, values: dict[str, float], name: str, want: float, method: str
) -> None:
    """Their product leaves the range of float64, though with the row in between it would not."""
    model = Model(text, inputs=["x"])
    found = model.jacobian({"x": [1.0]}, values, method)[name]
    assert found == pytest.approx([want], rel=1e-12)
    objective = model.bind({"x": [1.0], "y": [0.0]}, diff_method=method)
    theta = [values[each] for each in model.parameters]
    slope = objective.gradient(theta)[model.parameters.index(name)]
    assert slope == pytest.approx(2 * float(model(x=[1.0], **values)[0]) * want, rel=1e-9)
