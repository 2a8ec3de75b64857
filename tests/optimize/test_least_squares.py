"""Least squares on the standard problems of known minimum, and the R factor against SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.linalg
from numpy.typing import NDArray

from lambdaml_dsl.optimize.factor import factorise
from lambdaml_dsl.optimize.least_squares import SOLVERS, minimise
from lambdaml_dsl.optimize.status import Status

Residuals = Callable[[NDArray], NDArray]


def rosenbrock(t: NDArray) -> NDArray:
    return np.array([10 * (t[1] - t[0] ** 2), 1 - t[0]])


def powell_badly_scaled(t: NDArray) -> NDArray:
    return np.array([1e4 * t[0] * t[1] - 1, np.exp(-t[0]) + np.exp(-t[1]) - 1.0001])


def brown_badly_scaled(t: NDArray) -> NDArray:
    return np.array([t[0] - 1e6, t[1] - 2e-6, t[0] * t[1] - 2])


def beale(t: NDArray) -> NDArray:
    return np.array([1.5, 2.25, 2.625]) - t[0] * (1 - t[1] ** np.array([1, 2, 3]))


def jennrich_sampson(t: NDArray) -> NDArray:
    i = np.arange(1, 11)
    return 2 + 2 * i - (np.exp(i * t[0]) + np.exp(i * t[1]))


def bard(t: NDArray) -> NDArray:
    y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
    u = np.arange(1, 16)
    v, w = 16 - u, np.minimum(u, 16 - u)
    return y - (t[0] + u / (v * t[1] + w * t[2]))


def gaussian(t: NDArray) -> NDArray:
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989]
    y = np.array([*half, *half[-2::-1]])
    x = (8 - np.arange(1, 16)) / 2
    return t[0] * np.exp(-t[1] * (x - t[2]) ** 2 / 2) - y


def box_three_dimensional(t: NDArray) -> NDArray:
    x = 0.1 * np.arange(1, 11)
    return np.exp(-x * t[0]) - np.exp(-x * t[1]) - t[2] * (np.exp(-x) - np.exp(-10 * x))


def wood(t: NDArray) -> NDArray:
    return np.array(
        [
            10 * (t[1] - t[0] ** 2),
            1 - t[0],
            np.sqrt(90) * (t[3] - t[2] ** 2),
            1 - t[2],
            np.sqrt(10) * (t[1] + t[3] - 2),
            (t[1] - t[3]) / np.sqrt(10),
        ]
    )


def kowalik_osborne(t: NDArray) -> NDArray:
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
    return y - t[0] * (u**2 + u * t[1]) / (u**2 + u * t[2] + t[3])


def brown_dennis(t: NDArray) -> NDArray:
    x = np.arange(1, 21) / 5
    return (t[0] + x * t[1] - np.exp(x)) ** 2 + (t[2] + t[3] * np.sin(x) - np.cos(x)) ** 2


def watson_6(t: NDArray) -> NDArray:
    x = np.arange(1, 30)[:, None] / 29
    j = np.arange(6)
    slope = (j[1:] * t[1:] * x ** (j[1:] - 1)).sum(axis=1)
    value = (t * x**j).sum(axis=1)
    return np.concatenate([slope - value**2 - 1, [t[0], t[1] - t[0] ** 2 - 1]])


# More, Garbow & Hillstrom (1981), ACM Trans. Math. Software 7, 17-41: start and least sum of squares.
KNOWN: list[tuple[Residuals, list[float], float]] = [
    (rosenbrock, [-1.2, 1], 0),
    (powell_badly_scaled, [0, 1], 0),
    (brown_badly_scaled, [1, 1], 0),
    (beale, [1, 1], 0),
    (jennrich_sampson, [0.3, 0.4], 124.362),
    (bard, [1, 1, 1], 8.21487e-3),
    (gaussian, [0.4, 1, 0], 1.12793e-8),
    (box_three_dimensional, [0, 10, 20], 0),
    (wood, [-3, -1, -3, -1], 0),
    (kowalik_osborne, [0.25, 0.39, 0.415, 0.39], 3.07505e-4),
    (brown_dennis, [25, 5, -5, -1], 85822.2),
    (watson_6, [0, 0, 0, 0, 0, 0], 2.28767e-3),
]


@dataclass
class Posed:
    """A function of theta as a least-squares problem; its derivatives by the true complex step."""

    function: Residuals
    scale_of_y: float = 1.0
    spread_of_y: float = 1.0
    eager: bool = False
    linear: bool = False
    compressed: bool = False
    n_obs: int = 0

    def residuals(self, theta: NDArray) -> NDArray:
        return self.function(theta)

    def linearise(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        steps = np.eye(len(theta)) * 1e-30j
        return self.function(theta), np.array([self.function(theta + step).imag / 1e-30 for step in steps])


def free(p: int) -> tuple[NDArray, NDArray]:
    return np.full(p, -np.inf), np.full(p, np.inf)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("optimizer", sorted(SOLVERS))
@pytest.mark.parametrize(("function", "start", "least"), KNOWN, ids=[case[0].__name__ for case in KNOWN])
def test_every_solver_on_every_problem(
    function: Residuals, start: list[float], least: float, optimizer: str, eager: bool
) -> None:
    posed = Posed(function, eager=eager)
    solution = minimise(posed, np.array(start, dtype=float), *free(len(start)), optimizer=optimizer)
    assert solution.status is Status.CONVERGED
    assert solution.factor.rss == pytest.approx(least, rel=5e-6, abs=1e-20)
    assert solution.n_evaluations == len(solution.history)


def test_bounds_hold_and_are_named() -> None:
    lower, upper = np.array([-2.0, -np.inf]), np.array([0.5, np.inf])
    solution = minimise(Posed(rosenbrock), np.array([-1.2, 1.0]), lower, upper)
    assert solution.status is Status.AT_BOUND
    assert solution.held.tolist() == [True, False]
    assert solution.theta == pytest.approx([0.5, 0.25], abs=1e-9)  # by hand: t1 = t0^2 on the edge


def test_no_evaluation_leaves_the_bounds() -> None:
    seen: list[NDArray] = []

    def watched(theta: NDArray) -> NDArray:
        seen.append(theta.real.copy())
        return rosenbrock(theta)

    minimise(Posed(watched), np.array([-1.2, 1.0]), np.array([-1.5, 0.0]), np.array([0.5, 2.0]))
    assert np.all(np.array(seen) >= np.array([-1.5, 0.0]) - 1e-15)
    assert np.all(np.array(seen) <= np.array([0.5, 2.0]) + 1e-15)


@pytest.mark.parametrize("eager", [False, True])
def test_a_wall_of_nan_is_walked_around(eager: bool) -> None:
    def half_defined(theta: NDArray) -> NDArray:
        value = np.array([np.log(theta[0]), theta[0] - 0.01])
        return np.where(theta[0].real > 0, value, np.nan)

    solution = minimise(Posed(half_defined, eager=eager), np.array([3.0]), *free(1))
    assert solution.status is Status.CONVERGED
    scan = np.linspace(0.5, 1.5, 200_001)
    assert solution.theta[0] == pytest.approx(
        scan[np.argmin(np.log(scan) ** 2 + (scan - 0.01) ** 2)], abs=1e-5
    )


@pytest.mark.parametrize("eager", [False, True])
def test_running_out_of_evaluations_keeps_the_best(eager: bool) -> None:
    posed = Posed(wood, eager=eager)
    solution = minimise(posed, np.array([-3.0, -1.0, -3.0, -1.0]), *free(4), max_evaluations=7)
    assert solution.status is Status.BUDGET
    assert solution.n_evaluations == 7
    assert solution.factor.rss == min(solution.history)


@pytest.mark.parametrize("eager", [False, True])
def test_an_interruption_keeps_the_best(eager: bool) -> None:
    calls = 0

    def interrupted(theta: NDArray) -> NDArray:
        nonlocal calls
        calls += 1
        if calls == 40:
            raise KeyboardInterrupt
        return wood(theta)

    solution = minimise(Posed(interrupted, eager=eager), np.array([-3.0, -1.0, -3.0, -1.0]), *free(4))
    assert solution.status is Status.INTERRUPTED
    assert solution.factor.rss == min(solution.history)


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1.0, 1e8, 1e200])
def test_factor_agrees_with_scipy_at_any_scale(scale: float) -> None:
    random = np.random.default_rng(3)
    jacobian, residuals = random.normal(size=(3, 20)), random.normal(size=20)
    factor = factorise(residuals, jacobian * scale)
    step, *_ = scipy.linalg.lstsq(jacobian.T, -residuals)
    left = residuals + jacobian.T @ step
    assert factor.step * scale == pytest.approx(step, rel=1e-12)
    assert factor.rss - factor.explained == pytest.approx(left @ left, rel=1e-12)
    inverse = factor.inverse() * scale
    assert inverse @ inverse.T == pytest.approx(np.linalg.inv(jacobian @ jacobian.T), rel=1e-11)


def test_factor_of_a_rank_deficient_jacobian_takes_the_shortest_step() -> None:
    random = np.random.default_rng(4)
    column, residuals = random.normal(size=20), random.normal(size=20)
    jacobian = np.stack([column, column, random.normal(size=20)])
    factor = factorise(residuals, jacobian)
    step, *_ = scipy.linalg.lstsq(jacobian.T, -residuals)
    assert factor.rank == 2
    assert factor.conditioning < 1e-12
    assert factor.step == pytest.approx(step, rel=1e-10)


def test_a_look_at_the_curvature_stays_within_the_bounds() -> None:
    seen: list[NDArray] = []
    x = np.linspace(-5, 5, 201)
    y = np.exp(-((x + 2) ** 2) / 0.18) + np.exp(-((x - 2) ** 2) / 0.18)

    def watched(theta: NDArray) -> NDArray:
        seen.append(theta.real.copy())
        return theta[0] * np.exp(-((x - theta[1]) ** 2) / 0.18) - y

    lower, upper = np.array([0.0, -1e-9]), np.array([2.0, 1e-9])
    solution = minimise(Posed(watched), np.array([0.1, 0.0]), lower, upper)
    assert solution.n_evaluations > 0
    assert np.all(np.array(seen) >= lower)
    assert np.all(np.array(seen) <= upper)
