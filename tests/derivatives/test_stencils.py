"""Stencils: their order, their place in the box, and the step, against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.derivatives.stencils import LARGEST, NO_SIZE, STENCILS, Stencil, place

DIFFERENCES = sorted(STENCILS)
SIDES = [(method, side) for method in DIFFERENCES for side in range(len(STENCILS[method].sides))]


def box_of(method, side):
    """Give bounds at which a stencil at 1 takes its first, second, third side."""
    stencil = STENCILS[method]
    upward = min(stencil.sides[side]) > 0
    if side == 0:
        return -np.inf, np.inf
    return (1.0, np.inf) if upward else (-np.inf, 1.0)


@pytest.mark.parametrize(("method", "side"), SIDES)
def test_polynomials_up_to_the_order_have_exact_derivatives(method, side):
    stencil = STENCILS[method]
    lower, upper = box_of(method, side)
    points, weights = place(stencil, np.array([1.0]), 0.25, lower, upper)
    assert [float(point) for point in (points[:, 0] - 1) / 0.25] == list(stencil.sides[side])
    for degree in range(stencil.order + 1):
        slope = quotient(lambda theta, degree=degree: theta**degree, 1.0, points, weights)
        assert slope == pytest.approx(degree, abs=1e-14)
    missed = quotient(lambda theta: theta ** (stencil.order + 1), 1.0, points, weights)
    assert abs(missed - (stencil.order + 1)) > 1e-4


def quotient(function, theta, points, weights):
    """Give the difference quotient of one component in exact arithmetic."""
    here = function(Fraction(theta))
    pairs = zip(points[:, 0].tolist(), weights[:, 0].tolist(), strict=True)
    return float(sum(Fraction(weight) * (function(Fraction(point)) - here) for point, weight in pairs))


def test_every_side_has_as_many_points():
    for stencil in STENCILS.values():
        assert {len(side) for side in stencil.sides} == {stencil.points}
        assert stencil.points == stencil.order


def test_a_step_is_a_part_of_the_parameter_and_of_1_next_to_0():
    theta = np.array([5e-9, -200.0, 0.0, NO_SIZE / 2])
    points, _ = place(STENCILS[DiffMethod.FORWARD], theta, 2.0**-10)
    np.testing.assert_allclose(points[0] - theta, 2.0**-10 * np.array([5e-9, 200, 1, 1]), rtol=1e-12)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(DIFFERENCES),
    theta=st.floats(-1e300, 1e300),
    below=st.sampled_from([0.0, 1e-14, 1e-9, 1e-3, 0.5, np.inf]),
    above=st.sampled_from([0.0, 1e-14, 1e-9, 1e-3, 0.5, np.inf]),
    h=st.none() | st.floats(1e-15, 0.5),
)
def test_no_point_is_outside_the_box_and_no_two_are_one(method, theta, below, above, h):
    size = abs(theta) or 1.0
    lower, upper = theta - below * size, theta + above * size
    if upper - lower < 64 * np.spacing(size):
        return
    points, weights = place(STENCILS[method], np.array([theta]), h, [lower], [upper])
    assert ((points >= lower) & (points <= upper)).all()
    assert len({theta, *points[:, 0].tolist()}) == 1 + STENCILS[method].points
    # A straight line, in exact arithmetic: the weights belong to the points as they are.
    assert quotient(lambda theta: theta, theta, points, weights) == pytest.approx(1.0, rel=1e-13)


def test_bounds_turn_only_the_components_that_need_it():
    theta = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    points, _ = place(STENCILS[DiffMethod.CENTRAL], theta, 0.25, [1.0, 0.0, -np.inf], [np.inf, np.inf, 1.1])
    assert points.shape == (2, 2, 3)
    assert points[:, 0, 0].tolist() == [1.25, 1.5]
    assert points[:, 0, 1].tolist() == [1.25, 0.75]
    assert points[:, 0, 2].tolist() == [0.75, 0.5]
    assert points[:, 1, 0].tolist() == [2.5, 1.5]


def test_a_narrow_box_shrinks_the_step():
    points, weights = place(STENCILS[DiffMethod.CENTRAL], np.array([1.0]), 0.5, 0.75, 1.25)
    assert points[:, 0].tolist() == [1.25, 0.75]
    assert weights[:, 0].tolist() == [2.0, -2.0]
    points, _ = place(STENCILS[DiffMethod.FIVE_POINT], np.array([1.0]), 0.5, 1.0, 1.25)
    assert points[:, 0].tolist() == [1.0625, 1.125, 1.1875, 1.25]


def test_theta_outside_its_box_is_stepped_towards_it():
    points, _ = place(STENCILS[DiffMethod.FORWARD], np.array([3.0]), 0.5, 0.0, 2.0)
    assert points.tolist() == [[1.5]]


def test_the_largest_numbers_have_steps():
    for stencil in STENCILS.values():
        points, weights = place(stencil, np.array([LARGEST, -LARGEST]))
        assert np.isfinite(points).all()
        assert (weights != 0).any()


def test_a_box_of_one_number_has_no_weights():
    _, weights = place(STENCILS[DiffMethod.FORWARD], np.array([1.0]), None, 1.0, 1.0)
    assert not np.isfinite(weights).any()


def test_stencils_are_equal_by_value():
    assert Stencil((1.0,), (1.0,), 1, 2.0**-26) == STENCILS[DiffMethod.FORWARD]
