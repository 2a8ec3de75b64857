"""Levenberg-Marquardt: its steps against their definition, its ends against MINPACK's, walls on its way."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
from numpy.typing import NDArray

from lambdaml_dsl.optimize.factor import Factor, NotFinite, factorise, solved
from lambdaml_dsl.optimize.least_squares import minimise
from lambdaml_dsl.optimize.levenberg_marquardt import NEAR, damped_step, levenberg_marquardt
from lambdaml_dsl.optimize.record import Exhausted, Record
from lambdaml_dsl.optimize.status import Status
from tests.optimize.test_least_squares import KNOWN, Posed, Residuals, free, rosenbrock, wood


def record_of(problem: Posed, start: NDArray, budget: int = 10_000) -> Record:
    with np.errstate(all="ignore"):
        at_start = problem.linearise(start)
    return Record(problem, *free(len(start)), budget, False, start, start, start.tobytes(), at_start, start)


def run(function: Residuals, start: NDArray, first_radius: float = 100.0) -> tuple[NDArray, Record]:
    record = record_of(Posed(function), start)
    with np.errstate(all="ignore"):
        return levenberg_marquardt(record, start, first_radius), record


@pytest.mark.parametrize("first_radius", [100.0, 1.0, 0.1])
@pytest.mark.parametrize(("function", "start", "least"), KNOWN, ids=[case[0].__name__ for case in KNOWN])
def test_against_minpack(function: Residuals, start: list[float], least: float, first_radius: float) -> None:
    problem, begin = Posed(function), np.array(start, dtype=float)
    theta, record = run(function, begin, first_radius)
    minpack, _, info, *_ = scipy.optimize.leastsq(
        function,
        begin,
        Dfun=lambda theta: problem.linearise(theta)[1],
        col_deriv=True,
        full_output=True,
        ftol=1e-13,
        xtol=1e-11,
        gtol=0,
        factor=first_radius,
    )
    theirs = float(np.sum(function(minpack) ** 2))
    assert np.sum(function(theta) ** 2) <= theirs * (1 + 1e-9) + 1e-20
    assert record.evaluations <= 1.5 * info["nfev"] + 5


CONDITIONINGS = (1.0, 1e-4, 1e-9, 0.0)


@pytest.mark.parametrize("radius", [0.9, 0.3, 1e-3, 1e-8])
@pytest.mark.parametrize("weakest", CONDITIONINGS)
def test_a_damped_step_minimises_what_it_should(weakest: float, radius: float) -> None:
    random = np.random.default_rng(7)
    jacobian, residuals = random.normal(size=(4, 30)), random.normal(size=30)
    jacobian[3] = jacobian[0] - 2 * jacobian[1] + weakest * jacobian[3]
    scale = 10.0 ** np.array([3, 0, -2, 0])
    jacobian *= scale[:, None]
    factor = factorise(residuals, jacobian)
    radius *= np.linalg.norm(scale * factor.step)
    step, length, damping = damped_step(factor, scale, radius)
    assert length == pytest.approx(np.linalg.norm(scale * step), rel=1e-12)
    assert radius * (1 - 1e-9) <= length <= radius * (1 + NEAR)
    assert damping > 0
    rows = np.vstack([jacobian.T / scale, np.sqrt(damping) * np.eye(4)])
    wanted, *_ = np.linalg.lstsq(rows, np.concatenate([-residuals, np.zeros(4)]), rcond=None)
    assert scale * step == pytest.approx(wanted, rel=1e-5, abs=1e-9 * length)


def test_rows_are_never_looked_at() -> None:
    """A problem that gives triangles and sums of squares, as one of very many rows does."""

    class Triangles:
        problem = Posed(rosenbrock)

        def sum_of_squares(self, theta: NDArray) -> float:
            return float(np.sum(rosenbrock(theta) ** 2))

        def factor(self, theta: NDArray) -> Factor:
            residuals, jacobian = self.problem.linearise(theta)
            stacked = np.vstack([np.vstack([jacobian, residuals]).T, np.zeros((7, 3))])
            return solved(np.linalg.qr(stacked, mode="r"), self.sum_of_squares(theta), 9)

    theta = levenberg_marquardt(Triangles(), np.array([-1.2, 1.0]), 100.0)  # type: ignore[arg-type]
    assert theta == pytest.approx([1, 1], abs=1e-9)


def test_units_of_the_parameters_do_not_change_the_path() -> None:
    units = np.array([1e-12, 1e9, 1.0, 1e-3])
    start = np.array([-3.0, -1.0, -3.0, -1.0])
    theta, record = run(wood, start)
    other, scaled = run(lambda theta: wood(theta * units), start / units)
    assert scaled.evaluations == record.evaluations
    assert other * units == pytest.approx(theta, rel=1e-6)


@pytest.mark.parametrize("wall", [np.nan, np.inf])
def test_a_step_into_a_wall_is_made_shorter(wall: float) -> None:
    def beyond(theta: NDArray) -> NDArray:
        value = np.array([theta[0] - 3, 10 * np.sqrt(theta[0]) - 9])
        return np.where(theta[0].real > 0, value, wall)

    theta, record = run(beyond, np.array([30.0]))
    assert np.inf in record.history
    grid = np.linspace(0.5, 3, 250_001)
    assert theta[0] == pytest.approx(
        grid[np.argmin((grid - 3) ** 2 + (10 * np.sqrt(grid) - 9) ** 2)], abs=1e-5
    )


def test_derivatives_that_are_not_finite_are_an_end() -> None:
    def steep(theta: NDArray) -> NDArray:
        return np.array([theta[0] - 2, np.where(theta[0].real < 3, np.sqrt(theta[0] - 3 + 0j).imag, 0)])

    problem = Posed(steep)
    problem.linearise = lambda theta: (  # type: ignore[method-assign]
        np.array([theta[0] - 2, 0.0]),
        np.array([[1.0, 0.0 if theta[0] > 4 else np.nan]]),
    )
    solution = minimise(problem, np.array([5.0]), *free(1), optimizer="lm")
    assert solution.status is Status.NOT_FINITE


def test_two_parameters_that_act_as_one_still_converge() -> None:
    x = np.linspace(0, 1, 20)
    theta, _ = run(lambda theta: theta[0] * theta[1] * x - 6 * x, np.array([1.0, 1.0]))
    assert theta[0] * theta[1] == pytest.approx(6, rel=1e-9)


def test_a_parameter_without_influence_stays() -> None:
    x = np.linspace(0, 1, 20)
    theta, _ = run(lambda theta: theta[0] * x - 6 * x + 0 * theta[1], np.array([1.0, 5.0]))
    assert theta == pytest.approx([6, 5])


def test_the_budget_ends_it() -> None:
    record = record_of(Posed(wood), np.array([-3.0, -1.0, -3.0, -1.0]), budget=5)
    with pytest.raises(Exhausted):
        levenberg_marquardt(record, record.start, 100.0)
    assert len(record.history) == 5
    assert record.best_rss == min(record.history)


def test_an_end_is_an_end() -> None:
    theta, record = run(lambda theta: np.array([theta[0] - 1, 0 * theta[0]]), np.array([1.0]))
    assert theta.tolist() == [1.0]
    assert record.evaluations == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_factor_of_derivatives_that_are_not_finite(bad: float) -> None:
    jacobian = np.random.default_rng(1).normal(size=(3, 10))
    jacobian[1, 4] = bad
    with pytest.raises(NotFinite):
        factorise(np.ones(10), jacobian)


def test_a_factor_gives_gradient_and_length_of_a_step() -> None:
    random = np.random.default_rng(2)
    jacobian, residuals, step = random.normal(size=(3, 10)), random.normal(size=10), random.normal(size=3)
    factor = factorise(residuals, jacobian)
    assert np.linalg.norm(factor.along(step)) == pytest.approx(np.linalg.norm(step @ jacobian), rel=1e-13)
    # Nothing but the triangle is needed, whatever number of rows it stands for.
    same = solved(np.linalg.qr(np.vstack([jacobian, residuals]).T, mode="r"), factor.rss, 10)
    for name in ("step", "scale", "explained", "rss", "rank"):
        assert getattr(same, name) == pytest.approx(getattr(factor, name), rel=1e-12)
