"""Threads change nothing but the time."""

from __future__ import annotations

import numpy as np
import pytest

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.methods import DiffMethod, differentiate
from lambdaml_dsl.derivatives.sums import sum_of_squares
from lambdaml_dsl.program import threads
from lambdaml_dsl.program.evaluate import Evaluation
from lambdaml_dsl.program.plan import chunk_rows, plan
from lambdaml_dsl.program.threads import Slabs, side_by_side

PROGRAM = differentiate(Model("c + a*exp(-b*x)*cos(w*x)").program, (0, 1, 2, 3), DiffMethod.COMPLEX_STEP)
SUMS = sum_of_squares(PROGRAM).rows
THETA = np.array([0.5, 2.0, 1.5, 30.0])
ROWS = 2 * chunk_rows(plan(PROGRAM)) + 4321
COLUMNS = {"x": np.random.default_rng(8).uniform(0, 1, ROWS)}


def test_results_are_the_same_for_any_number_of_threads() -> None:
    slabs = [Slabs(PROGRAM, COLUMNS, ROWS, number) for number in (1, 2, 3, 4)]
    sums = [Slabs(SUMS, COLUMNS, ROWS, number).totals(THETA) for number in (1, 2, 3, 4)]
    values = [each(THETA) for each in slabs]
    assert all(np.array_equal(each, sums[0]) for each in sums)
    assert all(np.array_equal(each, values[0]) for each in values)


def test_slabs_agree_with_one_evaluation_of_all_rows() -> None:
    whole = Evaluation(PROGRAM, COLUMNS, ROWS, chunk=ROWS)
    slabs = Slabs(PROGRAM, COLUMNS, ROWS, 2)
    assert np.array_equal(slabs(THETA), whole(THETA))
    sums = Slabs(SUMS, COLUMNS, ROWS, 2).totals(THETA)
    assert sums == pytest.approx([1, 2, 2, 2, 2] * (whole(THETA) @ whole(THETA)[0]), rel=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 100])
def test_few_rows_on_many_threads(rows: int) -> None:
    columns = {"x": COLUMNS["x"][:rows]}
    assert np.array_equal(Slabs(PROGRAM, columns, rows, 4)(THETA), Evaluation(PROGRAM, columns, rows)(THETA))


def test_no_warning_comes_from_another_thread() -> None:
    slabs = Slabs(PROGRAM, COLUMNS, ROWS, 2)
    assert not np.isfinite(slabs(np.array([0.5, 2.0, -1e6, 30.0]))).all()


def test_an_error_or_interruption_waits_for_the_other_threads() -> None:
    ended: list[int] = []

    def work(number: int) -> int:
        if number == 0:
            raise KeyboardInterrupt
        ended.append(number)
        return number

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, [(0,), (1,), (2,)])
    assert sorted(ended) == [1, 2]


def test_there_is_at_least_one_core() -> None:
    assert threads.cores() >= 1


def test_a_share_that_asks_for_threads_does_not_wait_for_itself() -> None:
    """A Python function in a formula may evaluate another model; its thread is one of those asked for."""
    text = " + ".join(f"exp(-b*(x - {k})^2)" for k in range(40))
    inner, rows = Model(text, inputs=["x"]), 200_000
    model = Model("a*g(x*a) + exp(-a*x)", inputs=["x"], functions={"g": lambda x: inner(x=x, b=1.0)})
    x = np.linspace(0, 1, rows)
    assert isinstance(threads.on_rows(inner.program, {"x": x[: rows // 4]}, rows // 4), Slabs)
    value = model.bind({"x": x, "y": np.zeros(rows)}).value([1.0])
    assert value == pytest.approx(np.sum((inner(x=x, b=1.0) + np.exp(-x)) ** 2), rel=1e-12)
    nested = side_by_side(lambda k: sum(side_by_side(lambda n: n, [(k,), (k,), (k,)])), [(1,), (2,), (3,)])
    assert nested == [3, 6, 9]
