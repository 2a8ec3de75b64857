"""Layouts: parameters as a flat theta and back, their names, their bounds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import Layout
from lambdaml_dsl.derivatives.points import read_point

FINITE = st.floats(-1e300, 1e300)
VALUES = st.one_of(
    FINITE,
    st.integers(-(10**20), 10**20),
    FINITE.map(np.float64),
    st.floats(-(2.0**99), 2.0**99, width=32).map(np.float32),
    FINITE.map(np.array),
    st.lists(FINITE, min_size=1, max_size=3),
    arrays(np.float64, st.sampled_from([(2,), (2, 3), (3, 1), (2, 1, 2)]), elements=FINITE),
    arrays(np.int64, st.sampled_from([(2,), (2, 2)])),
)


@given(st.dictionaries(st.sampled_from("abcdW"), VALUES, max_size=4))
def test_packing_and_unpacking_give_the_same(parameters):
    layout = Layout.of(parameters)
    theta = layout.pack(parameters)
    assert theta.dtype == np.float64
    assert theta.shape == (layout.size,) == (len(layout.components),) == (len(layout.places),)
    again = layout.unpack(theta)
    assert list(again) == list(parameters)
    for name, value in parameters.items():
        np.testing.assert_array_equal(again[name], np.asarray(value, dtype=np.float64))
        assert np.shape(again[name]) == np.shape(value)
    np.testing.assert_array_equal(layout.pack(again), theta)
    assert hash(layout) == hash(Layout.of(again))


def test_values_come_back_as_they_are_given():
    given = {"a": 1, "b": np.float32(2), "c": np.array(3.0), "d": [4], "e": np.ones((1, 2), int), "f": 0.5}
    layout = Layout.of(given)
    back = layout.unpack(layout.pack(given))
    assert {name: type(value) for name, value in back.items()} == {
        "a": float,
        "b": np.float64,
        "c": np.ndarray,
        "d": np.ndarray,
        "e": np.ndarray,
        "f": float,
    }
    back["e"][0, 0] = 7
    assert given["e"][0, 0] == 1


def test_complex_thetas_are_unpacked_too():
    layout = Layout.of({"a": 1.0, "w": [2.0, 3.0]})
    back = layout.unpack(np.array([1 + 1j, 2, 3j]))
    assert back["a"] == 1 + 1j
    assert type(back["a"]) is complex
    np.testing.assert_array_equal(back["w"], [2, 3j])


def test_components_are_named_as_those_of_a_formula():
    model = ld.Model("sum(W @ [x, k]) + v[0]*v[1]", parameters=["W[2, 2]", "v[2]"])
    values = {"W": np.ones((2, 2)), "k": 1.0, "v": [1.0, 2.0]}
    layout = Layout.of_model(model.bound)
    assert layout.components == model.bound.components
    assert layout.components == ("W[0, 0]", "W[0, 1]", "W[1, 0]", "W[1, 1]", "k", "v[0]", "v[1]")
    assert Layout.of(values).components == layout.components
    assert Layout.of({"T": np.ones((1, 1, 2))}).components == ("T[0, 0, 0]", "T[0, 0, 1]")


def test_the_order_is_that_of_the_dict():
    layout = Layout.of({"b": 1.0, "a": [2.0, 3.0]})
    assert layout.names == ("b", "a")
    np.testing.assert_array_equal(layout.pack({"a": [2.0, 3.0], "b": 1.0}), [1, 2, 3])


def test_nothing_is_a_layout_too():
    layout = Layout.of({})
    assert (layout.size, layout.components, layout.unpack(np.empty(0))) == (0, (), {})


MISFITS = [
    (
        lambda: Layout.of({"a": "one"}),
        "the parameter 'a' must be a number or an array of numbers, not 'one'",
        "What is no parameter is handed over as it is where by=[...] names those that are.",
    ),
    (
        lambda: Layout.of({"a": True}),
        "the parameter 'a' must be a number or an array of numbers, not True",
        "What is no parameter is handed over as it is where by=[...] names those that are.",
    ),
    (
        lambda: Layout.of({"a": [[1.0], [1.0, 2.0]]}),
        "the parameter 'a' must be a number or an array of numbers, not [[1.0], [1.0, 2.0]]",
        "What is no parameter is handed over as it is where by=[...] names those that are.",
    ),
    (
        lambda: Layout.of({"a": 1j}),
        "the parameter 'a' must be a number or an array of numbers, not 1j",
        "What is no parameter is handed over as it is where by=[...] names those that are.",
    ),
    (
        lambda: Layout.of({"a": 10**400}),
        f"the parameter 'a' must be a number or an array of numbers, not {10**400!s:.60}",
        "What is no parameter is handed over as it is where by=[...] names those that are.",
    ),
    (lambda: Layout.of({3: 1.0}), "parameters are named by texts, not by 3", ""),
    (
        lambda: Layout.of({"a": 1, "b": 2}).pack({"a": 1}),
        "there is no value for 'b'",
        "The parameters are a, b.",
    ),
    (
        lambda: Layout.of({"tau": 1, "b": 2}).pack({"tua": 1, "b": 2}),
        "a value is given for 'tua', which is no parameter",
        "Did you mean 'tau'?",
    ),
    (
        lambda: Layout.of({"W": np.ones((2, 3))}).pack({"W": np.ones((3, 2))}),
        "'W' has the shape (3, 2), where (2, 3) is needed",
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "problem", "hint"), MISFITS)
def test_messages_of_layouts(call, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        call()
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_any_real_number_is_one():
    assert Layout.of({"a": Fraction(1, 4)}).pack({"a": Fraction(1, 4)}).tolist() == [0.25]


# ---- bounds ----

LAYOUT = Layout.of({"a": 1.0, "w": [1.0, 2.0], "W": np.ones((2, 2))})
INF = np.inf


@pytest.mark.parametrize(
    ("bounds", "lower", "upper"),
    [
        ({}, [-INF] * 7, [INF] * 7),
        ({"a": (0, None)}, [0] + [-INF] * 6, [INF] * 7),
        ({"w": (0, [1, 2])}, [-INF, 0, 0] + [-INF] * 4, [INF, 1, 2] + [INF] * 4),
        ({"W": (0, 9), "W[1, 0]": (1, 2)}, [-INF] * 3 + [0, 0, 1, 0], [INF] * 3 + [9, 9, 2, 9]),
        ({"k": (0, 1)}, [-INF] * 7, [INF] * 7),
    ],
)
def test_boxes(bounds, lower, upper):
    box = LAYOUT.box(bounds, others=["k"])
    np.testing.assert_array_equal(box[0], lower)
    np.testing.assert_array_equal(box[1], upper)


def test_no_bounds_are_no_box():
    assert LAYOUT.box(None) == (None, None)


OPEN = "None is an open side: (0, None)."
WRONG_BOUNDS = [
    (
        [(0, 1)],
        "bounds must be a dict of parameter names, not [(0, 1)]",
        "Write for example bounds={'a': (0, None)}.",
    ),
    ({"q": (0, 1)}, "bounds are given for 'q', which is no parameter", "The parameters are: a, w, W."),
    ({"w[2]": (0, 1)}, "bounds are given for 'w[2]', which is no parameter", "Did you mean 'w[1]'?"),
    ({"a": 3}, "the bounds of 'a' must be a pair (low, high), not 3", OPEN),
    ({"a": (0, 1, 2)}, "the bounds of 'a' must be a pair (low, high), not (0, 1, 2)", OPEN),
    ({"a": (0, "x")}, "the upper bound of 'a' must be a number, not 'x'", OPEN),
    ({"a": ([0, 1], 2)}, "the lower bound of 'a' must be a number, not [0, 1]", OPEN),
    (
        {"w": ([0, 1, 2], 2)},
        "the lower bound of 'w' must be a number or an array of the shape (2,), not [0, 1, 2]",
        OPEN,
    ),
    ({"a": (0, float("nan"))}, "the upper bound of 'a' is nan", OPEN),
    (
        {"w": (0, [1, 0])},
        "the bounds of 'w[1]' leave no room: 0 is not below 0",
        "By what is held no derivative is taken: name the others, by=[...].",
    ),
    (
        {"a": (2, 1)},
        "the bounds of 'a' leave no room: 2 is not below 1",
        "By what is held no derivative is taken: name the others, by=[...].",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("bounds", "problem", "hint"), WRONG_BOUNDS)
def test_messages_of_bounds(bounds, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        LAYOUT.box(bounds)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


# ---- points ----


@pytest.mark.parametrize(
    ("p", "by", "problem", "hint"),
    [
        ({"a": np.nan}, None, "the parameter 'a' is nan", "Derivatives are taken at finite numbers."),
        (
            {"w": [1.0, -np.inf]},
            None,
            "the parameter 'w[1]' is -inf",
            "Derivatives are taken at finite numbers.",
        ),
        ({"alpha": 1.0}, ["alpah"], "there is no parameter 'alpah' in p", "Did you mean 'alpha'?"),
        (
            3.0,
            None,
            "the parameters must be a dict of numbers and arrays, or one flat array, not 3.0",
            "Write for example p={'k': 0.5, 'w': [1.0, 2.0]}.",
        ),
        (
            "abc",
            None,
            "the parameters must be a dict of numbers and arrays, or one flat array, not 'abc'",
            "Write for example p={'k': 0.5, 'w': [1.0, 2.0]}.",
        ),
        (
            [1.0],
            ["theta"],
            "the parameters must be a dict of numbers and arrays, or one flat array, not [1.0]",
            "Write for example p={'k': 0.5, 'w': [1.0, 2.0]}.",
        ),
    ],
)
def test_messages_of_points(p, by, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        read_point(p, by)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)
