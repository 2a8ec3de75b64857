"""Statistics of a gradient: norms against NumPy, flags at their thresholds, what a report says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import Layout, gradient_statistics
from lambdaml_dsl.derivatives.statistics import EXPLODING, VANISHING

GRADIENTS = st.dictionaries(
    st.sampled_from("abcW"),
    st.one_of(
        st.floats(-1e3, 1e3),
        arrays(np.float64, st.sampled_from([(3,), (2, 2), (0,)]), elements=st.floats(-1e3, 1e3)),
    ),
    max_size=4,
)


@given(GRADIENTS)
def test_norms_against_numpy(gradient):
    found = gradient_statistics(gradient)
    assert [each.name for each in found.parameters] == list(gradient)
    for each, value in zip(found.parameters, gradient.values(), strict=True):
        flat = np.ravel(value)
        assert each.count == flat.size
        assert each.norm == pytest.approx(np.linalg.norm(flat), rel=1e-12)
        assert each.largest == np.abs(flat).max(initial=0.0)
        assert each.mean == pytest.approx(np.abs(flat).mean() if flat.size else 0.0, rel=1e-12)
        assert each.non_finite == 0
    every = np.concatenate([np.empty(0), *map(np.ravel, gradient.values())])
    assert found.norm == pytest.approx(np.linalg.norm(every), rel=1e-12)
    layout = Layout.of(gradient)
    assert gradient_statistics(layout.pack(gradient), layout) == found


@pytest.mark.parametrize("size", [1e-200, 1e200, 5e-324])
def test_no_square_overflows(size):
    found = gradient_statistics({"w": [3 * size, -4 * size]})
    assert found.norm == pytest.approx(5 * size, rel=1e-12)
    assert found.parameters[0].norm == pytest.approx(5 * size, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (0.0, ("vanishing",)),
        (0.99 * VANISHING, ("vanishing",)),
        (VANISHING, ()),
        (1.0, ()),
        (EXPLODING, ()),
        (1.01 * EXPLODING, ("exploding",)),
        (np.nan, ("non-finite",)),
        (-np.inf, ("non-finite",)),
        ([np.nan, 0.0], ("non-finite",)),
        ([np.nan, 1e9], ("exploding", "non-finite")),
        (np.empty(0), ()),
    ],
)
def test_flags(value, flags):
    found = gradient_statistics({"a": value, "b": 1.0})
    assert found.parameters[0].flags == flags
    assert found.healthy is (not flags)
    assert found.vanishing == (("a",) if "vanishing" in flags else ())
    assert found.exploding == (("a",) if "exploding" in flags else ())
    assert found.non_finite == (("a",) if "non-finite" in flags else ())


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_figures_of_what_is_not_finite_are_nan(wrong):
    found = gradient_statistics({"a": [3.0, wrong], "b": [3.0, 4.0], "c": [1.7e308] * 9})
    assert np.isnan(found.norm)
    a, b, c = found.parameters
    assert np.isnan([a.norm, a.largest, a.mean]).all()
    assert (b.norm, b.largest, b.mean) == (5, 4, 3.5)
    assert c.norm == np.inf


def test_thresholds_can_be_given():
    gradient = {"a": 1e-3, "b": 10.0}
    found = gradient_statistics(gradient, vanishing=1e-2, exploding=5)
    assert (found.vanishing, found.exploding) == (("a",), ("b",))


def test_a_flat_gradient_is_one_parameter():
    found = gradient_statistics([3.0, 4.0])
    assert [(each.name, each.norm) for each in found.parameters] == [("theta", 5.0)]


def test_a_report():
    gradient = {"W1": np.full((8, 2), 0.125), "b1": np.zeros(8), "k": 2e5, "w": [np.nan, 1.0, np.inf]}
    assert str(gradient_statistics(gradient)) == "\n".join(
        [
            "Gradient of norm nan: not finite by w.",
            "parameter  components   norm  largest   mean",
            "W1                 16    0.5    0.125  0.125",
            "b1                  8      0        0      0  vanishing",
            "k                   1  2e+05    2e+05  2e+05  exploding",
            "w                   3    nan      nan    nan  2 non-finite",
        ]
    )


@pytest.mark.parametrize(
    ("call", "problem", "hint"),
    [
        (
            lambda: gradient_statistics({"a": 1.0}, vanishing=2, exploding=1),
            "vanishing must be below exploding, but 2 is not below 1",
            "They are bounds of the norm of a parameter's gradient.",
        ),
        (
            lambda: gradient_statistics([1.0, 2.0], Layout.of({"a": 1.0})),
            "'theta' has the shape (2,), where (1,) is needed",
            "",
        ),
        (
            lambda: gradient_statistics({"a": "x"}),
            "the parameter 'a' must be a number or an array of numbers, not 'x'",
            "What is no parameter is handed over as it is where by=[...] names those that are.",
        ),
    ],
)
def test_messages(call, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        call()
    assert (caught.value.problem, caught.value.hint) == (problem, hint)
