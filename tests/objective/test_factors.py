"""R factors put together from parts, and objectives of data that come in blocks."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaml_dsl import Model
from lambdaml_dsl.errors import DataError, LambdaMLError
from lambdaml_dsl.objective import squares
from lambdaml_dsl.objective.factors import FAN_IN, stacked, triangle
from lambdaml_dsl.program.threads import Slabs

FORMULA = "y ~ A*exp(-k*x) + c"
THETA = [1.2, 0.7, 0.3]


def rows(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 5, n)
    return {"x": x, "y": np.exp(-x) + rng.normal(0, 0.1, n), "w": rng.uniform(0.5, 2, n)}


def gram(factor: np.ndarray) -> np.ndarray:
    return factor.T @ factor


# ---- triangles ----


@settings(max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=80), st.integers(1, 6), st.integers(0, 1000))
def test_stacked_triangles_have_the_factor_of_all_rows(heights: list[int], columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(columns, height)) for height in heights]
    found = stacked(triangle(part) for part in parts)
    whole = np.concatenate(parts, axis=1)
    want = np.linalg.qr(whole.T, mode="r")
    assert found.shape == want.shape
    np.testing.assert_array_equal(found, np.triu(found))
    # R is unique but for the signs of its rows.
    np.testing.assert_allclose(np.abs(gram(found)), np.abs(whole @ whole.T), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(np.abs(found.diagonal()), np.abs(want.diagonal()), rtol=1e-9, atol=1e-12)


def test_few_triangles_are_held_at_a_time() -> None:
    made = 0

    def triangles() -> Iterator[np.ndarray]:
        nonlocal made
        for _ in range(FAN_IN**2 * 4):
            made += 1
            yield np.eye(60)

    tracemalloc.start()
    found = stacked(triangles())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made == FAN_IN**2 * 4
    np.testing.assert_allclose(np.abs(found), np.eye(60) * np.sqrt(made), atol=1e-10)
    assert peak < 6 * FAN_IN * np.eye(60).nbytes


def test_a_factor_keeps_digits_that_normal_equations_lose() -> None:
    """Columns that differ in the ninth digit: the square of the condition is beyond float64."""
    x = np.linspace(0, 1, 20_000)
    model = Model("a*x + b*(x + 1e-9*x^2)", inputs=["x"])
    objective = model.bind({"x": x, "y": x**2})
    found = objective.factor([0.0, 0.0])
    jacobian = np.stack([x, x + 1e-9 * x**2])
    want = np.linalg.svd(jacobian, compute_uv=False)
    np.testing.assert_allclose(np.linalg.svd(found[:2, :2], compute_uv=False)[1], want[1], rtol=1e-4)


# ---- of an objective ----


@pytest.mark.parametrize("n", [1, 3, 100, 9_000, 60_001])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_factor_is_that_of_the_linearisation(n: int, weighted: bool) -> None:
    data = rows(n)
    objective = Model(FORMULA).bind(data, weights="w" if weighted else None)
    residuals, jacobian = objective.linearise(THETA)
    both = np.concatenate([jacobian, residuals[None]])
    found = objective.factor(THETA)
    assert found.shape == (min(n, 4), 4)
    np.testing.assert_allclose(gram(found), both @ both.T, rtol=1e-11)
    some = objective.factor(THETA, (1,))
    np.testing.assert_allclose(gram(some), both[[1, 3]] @ both[[1, 3]].T, rtol=1e-11)


def test_vector_responses_and_vector_parameters() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 2))
    data: dict[str, Any] = {"x": x, "u": rng.normal(size=500), "v": rng.normal(size=500)}
    model = Model("[u, v] ~ tanh(W @ x) + b", inputs=["x[2]"], parameters=["W[2, 2]", "b[2]"])
    theta = rng.normal(size=6)
    for method in ("complex_step", "adjoint", "central"):
        objective = model.bind(data, diff_method=method)
        residuals, jacobian = objective.linearise(theta)
        both = np.concatenate([jacobian, residuals[None]])
        np.testing.assert_allclose(gram(objective.factor(theta)), both @ both.T, rtol=1e-10, atol=1e-10)
        value, gradient = objective.value_and_gradient(theta)
        assert value == pytest.approx(residuals @ residuals, rel=1e-12)
        np.testing.assert_allclose(gradient, 2 * jacobian @ residuals, rtol=1e-9)


def test_memory_does_not_grow_with_the_rows() -> None:
    peaks = {}
    for n in (200_000, 1_000_000):
        data = rows(n)
        objective = Model(" + ".join(f"a{k}*exp(-b{k}*x)" for k in range(10)) + " + c").bind(data)
        theta = np.linspace(0.5, 1.5, 21)
        objective.factor(theta), objective.gradient(theta)  # buffers are made by the first call
        tracemalloc.start()
        objective.factor(theta), objective.gradient(theta)
        peaks[n] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[1_000_000] < 50e6  # a chunk on each thread; the Jacobian of all rows is 168 MB
    assert peaks[1_000_000] < 1.3 * peaks[200_000]


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows(50_000)
    found = []
    for threads in (1, 2, 4):
        monkeypatch.setattr(
            squares, "on_rows", lambda program, columns, n, k=threads: Slabs(program, columns, n, k)
        )
        objective = Model(FORMULA).bind(data)
        value, gradient = objective.value_and_gradient(THETA)
        found.append(np.concatenate([[value], gradient, objective.factor(THETA).ravel()]))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_rows_whose_rule_overflows_are_mended_chunk_by_chunk() -> None:
    x = np.linspace(0, 1000, 20_000)
    objective = Model("1/(1 + exp(b*x))", inputs=["x"]).bind({"x": x, "y": np.full(20_000, 0.1)})
    residuals, jacobian = objective.linearise([1.0])
    assert np.isfinite(jacobian).all()
    np.testing.assert_allclose(objective.gradient([1.0]), 2 * jacobian @ residuals, rtol=1e-12)
    both = np.concatenate([jacobian, residuals[None]])
    np.testing.assert_allclose(gram(objective.factor([1.0])), both @ both.T, rtol=1e-11)


# ---- blocks ----


def in_blocks(data: dict[str, np.ndarray], size: int) -> Any:
    def blocks() -> Iterator[dict[str, np.ndarray]]:
        for low in range(0, len(data["x"]), size):
            yield {name: values[low : low + size] for name, values in data.items()}

    return blocks


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("method", ["complex_step", "central", "adjoint"])
def test_blocks_are_as_all_rows_together(size: int, method: str) -> None:
    data = rows(500)
    whole = Model(FORMULA).bind(data, weights="w", diff_method=method)
    parts = Model(FORMULA).bind(in_blocks(data, size), weights="w", diff_method=method)
    assert parts.n_obs == whole.n_obs == 500
    assert parts.value(THETA) == pytest.approx(whole.value(THETA), rel=1e-12)
    for got, want in zip(parts.value_and_gradient(THETA), whole.value_and_gradient(THETA), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11)
    np.testing.assert_allclose(parts.gradient(THETA), whole.gradient(THETA), rtol=1e-11)
    np.testing.assert_allclose(gram(parts.factor(THETA)), gram(whole.factor(THETA)), rtol=1e-11)


def other_columns() -> Iterator[dict[str, list[float]]]:
    yield {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    yield {"y": [1.0, 2.0], "k": [1.0, 2.0]}


def with_a_gap() -> Iterator[dict[str, list[float]]]:
    yield {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    yield {"x": [1.0, float("nan")], "y": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("blocks", "problem", "hint"),
    [
        (
            lambda: 5,
            "the function that makes the blocks of data gave something of the type 'int'",
            "It is to give one block of rows after the other: a generator of dicts or data frames.",
        ),
        (
            list,
            "the blocks of data have no rows",
            "The function is called for each pass, and must make the blocks anew each time.",
        ),
        (
            other_columns,
            "block 2 of the data has other columns than the first: with them the inputs are k, "
            "not the inputs are x",
            "",
        ),
    ],
)
def test_messages_about_blocks(blocks: Any, problem: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        Model(FORMULA).bind(blocks).value(THETA)
    assert (caught.value.problem, caught.value.hint or "") == (problem, hint)


def test_a_bad_row_is_named_with_its_block() -> None:
    objective = Model(FORMULA).bind(with_a_gap)
    with pytest.raises(DataError) as caught:
        objective.value(THETA)
    assert str(caught.value) == (
        "block 2 of data: column 'x' holds no number (NaN) in row 2\nMend the data, or leave such rows out."
    )


def test_blocks_that_are_used_up_are_refused() -> None:
    once = in_blocks(rows(30), 7)()
    with pytest.raises(DataError, match="gave the same iterator again, which is used up"):
        Model(FORMULA).bind(lambda: once).value(THETA)


def test_blocks_that_are_lists_may_be_given_again() -> None:
    listed = list(in_blocks(rows(30), 7)())
    objective = Model(FORMULA).bind(lambda: listed)
    assert objective.value(THETA) == objective.value(THETA)


def test_passes_of_different_rows_are_refused() -> None:
    sizes = iter([30, 30, 20])

    def blocks() -> Any:
        return in_blocks(rows(next(sizes)), 7)()

    objective = Model(FORMULA).bind(blocks)
    objective.value(THETA)
    with pytest.raises(DataError) as caught:
        objective.value(THETA)
    assert str(caught.value) == (
        "the blocks of data had 30 values of the response in the pass before, and 20 in this one\n"
        "The function must give the same rows in each pass."
    )


def test_blocks_without_rows_are_passed_over() -> None:
    empty = {"x": np.empty(0), "y": np.empty(0), "w": np.empty(0)}
    data = rows(30)
    whole = Model(FORMULA).bind(data)
    parts = Model(FORMULA).bind(lambda: [empty, *in_blocks(data, 11)(), empty])
    assert parts.n_obs == 30
    assert parts.value(THETA) == pytest.approx(whole.value(THETA), rel=1e-14)
    with pytest.raises(DataError, match="the data have no rows"):
        Model(FORMULA).bind({"x": [], "y": []})


@pytest.mark.parametrize("data", [lambda: None, iter([])], ids=["function", "iterator"])
def test_where_blocks_cannot_be_the_hint_says_where_they_can(data: Any) -> None:
    with pytest.raises(LambdaMLError) as caught:
        Model(FORMULA).fit(data)
    assert caught.value.hint == (
        "Give a dict of arrays, a data frame, or the path of a CSV or Parquet file. Data in blocks are for "
        "Model.bind, which takes the function that makes them: bind(blocks), not bind(blocks())."
    )


def test_an_objective_keeps_its_own_data() -> None:
    data = rows(50)
    objective = Model(FORMULA).bind(data)
    before = objective.value(THETA)
    data["x"] *= 2
    data["y"] += 1
    assert objective.value(THETA) == before
    assert objective.value_and_gradient(THETA)[0] == pytest.approx(before, rel=1e-14)


def test_what_is_kept_of_the_data_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers, whether parts of the data alone are kept for all rows or computed in each chunk."""
    data = rows(60_000)
    model = Model("sum(i in 0..9: a*exp(-(x - i)^2)) + sin(x)*b", inputs=["x"])
    kept = model.bind(data)
    monkeypatch.setattr("lambdaml_dsl.program.plan.KEPT_BYTES", 0)
    anew = model.bind(data)
    theta = [1.2, 0.7]
    for got, want in zip(anew.value_and_gradient(theta), kept.value_and_gradient(theta), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    tracemalloc.start()
    anew.factor([1.2, 0.7])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6
