"""Where rows change sides: against the model's own values on both sides of each place."""

from itertools import pairwise

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives.complex_step import only_in_steps
from lambdaml_dsl.derivatives.places import find_places, squares_between
from lambdaml_dsl.derivatives.switches import substituted, switches, traced
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.lower import lower

STEPS = [
    "where(x < b, 2, 5)",
    "where(x <= b, p*x, q)",
    "heaviside(3*x - 2*b)",
    "sign(b - x)*p",
    "where(abs(x - b) < 1.5, p, q)",
    "where(abs(abs(x - b) - 1) < p/4, 1, 2)",
    "where(b < x < b + 2, p, q)",
    "where(x*x < q*b, p, q)",
    "where(max(x, b) < 4, p, q)",
    "where(clip(b, 1, x) > 3, p, q)",
    "where(x > b and z > 2*b, p, q)",
    "copysign(p, x - b)",
    "where(where(x < b, x, 2*x) < 7, p, q)",
]


def posed(formula, rows=40, seed=1):
    random = np.random.default_rng(seed)
    program = ld.Model(formula, inputs=["x", "z"] if "z" in formula else ["x"]).program
    columns = {"x": random.uniform(0, 10, rows), "z": random.uniform(0, 10, rows)}
    bound = ld.Model(formula, inputs=["x", "z"] if "z" in formula else ["x"])
    names = list(bound.parameters)
    theta = np.array([{"b": 2.0, "p": 3.0, "q": 4.0}[name] for name in names])
    index = names.index("b")
    tracing = [traced(switch, index) for switch in switches(program).by(index)]
    return program, columns, rows, theta, index, tracing


@pytest.mark.parametrize("formula", STEPS)
def test_between_places_the_model_stays_and_at_each_it_changes(formula):
    program, columns, rows, theta, index, tracing = posed(formula)
    assert index in only_in_steps(program)
    assert all(one.linear for one in tracing)
    edges, points = find_places(tracing, columns, rows, theta, index, -np.inf, np.inf)
    assert len(edges) > 2
    assert len(points) == 0
    assert (np.diff(edges) > 0).all()

    def at(place):
        return evaluate(program, columns, rows, np.where(np.arange(len(theta)) == index, place, theta))[0]

    ends = np.concatenate([[edges[0] - 9], edges, [edges[-1] + 9]])
    gaps = np.diff(ends)
    values = [at(low + 0.5 * gap) for low, gap in zip(ends, gaps, strict=False)]
    for low, gap, middle in zip(ends, gaps, values, strict=False):
        for share in (1e-6, 1 - 1e-6):
            assert np.array_equal(at(low + share * gap), middle)
    changing = sum(not np.array_equal(one, other) for one, other in pairwise(values))
    one_switch = sum(map(formula.count, ["abs(", "max(", "clip(", "and", "where(", "heaviside", "sign"])) == 1
    assert changing == len(edges) if one_switch else changing >= 1


@pytest.mark.parametrize("formula", STEPS)
def test_one_pass_gives_the_sum_of_squares_of_every_interval(formula):
    program, columns, rows, theta, index, tracing = posed(formula, seed=2)
    edges, sums = squares_between(substituted(program, index), tracing, columns, rows, theta, index)
    ends = np.concatenate([[edges[0] - 1], edges, [edges[-1] + 1]])
    for low, high, total in zip(ends[:-1], ends[1:], sums, strict=True):
        moved = np.where(np.arange(len(theta)) == index, (low + high) / 2, theta)
        values = evaluate(program, columns, rows, moved)[0]
        assert total == pytest.approx(values @ values, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("where(x < exp(b), 1, 2)", np.log),
        ("where(x < b*b*b, 1, 2)", np.cbrt),
        ("where(1/b > x, 1, 2)", lambda x: 1 / x),
    ],
)
def test_places_of_what_is_not_linear_are_bisected(formula, expected):
    _, columns, rows, theta, index, tracing = posed(formula)
    edges, _ = find_places(tracing, columns, rows, theta, index, 0.05, 4)
    true = np.sort(expected(columns["x"]))
    true = true[(true > 0.05) & (true < 4)]
    assert edges == pytest.approx(true, rel=1e-14)


def test_places_of_whole_numbers():
    _, columns, rows, theta, index, tracing = posed("floor(x - b)")
    edges, _ = find_places(tracing, columns, rows, theta, index, 0, 1)
    assert edges == pytest.approx(np.sort(columns["x"] % 1), rel=1e-14)


def test_places_of_an_equality_are_points():
    _, columns, rows, theta, index, tracing = posed("where(x == b, 1, 2)")
    edges, points = find_places(tracing, columns, rows, theta, index, -np.inf, np.inf)
    assert len(edges) == 0
    assert points.tolist() == np.sort(columns["x"]).tolist()
    assert (
        squares_between(substituted(lower_of("where(x == b, 1, 2)"), index), tracing, columns, rows, theta, 0)
        is None
    )


def lower_of(formula):
    return lower(ld.Model(formula, inputs=["x"]).bound)


def test_ties_and_rounding_make_one_place():
    program = lower_of("where(abs(x - c) < w, 1, 2)")
    columns = {"x": np.array([0.1, 0.2, 0.3, 0.3, 0.4])}
    tracing = [traced(switch, 0) for switch in switches(program).by(0)]
    edges, _ = find_places(tracing, columns, 5, np.array([0.25, 0.1]), 0, -np.inf, np.inf)
    assert edges == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5], abs=1e-15)


def test_a_start_far_away_costs_no_digits():
    program = lower_of("where(x < b, 1, 2)")
    columns = {"x": np.array([0.1, 0.2, 0.3])}
    tracing = [traced(switch, 0) for switch in switches(program).by(0)]
    edges, _ = find_places(tracing, columns, 3, np.array([1e30]), 0, -np.inf, np.inf)
    assert edges.tolist() == [0.1, 0.2, 0.3]


def test_switches_of_a_smooth_model_are_none():
    assert switches(lower_of("A*exp(-x/tau)*abs(x) + max(x, 2)")).found == ()
    assert switches(lower_of("max(x - b, 0) + abs(a)")).single(0b11) == (0,)  # that of a is no row's
    assert switches(lower_of("max(k*x - b, 0)")).single(0b11) == ()
    assert switches(lower_of("max(k*x - b, 0)")).single(0b10) == (1,)
