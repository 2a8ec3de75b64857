"""Python functions in formulas: values, slopes by the complex step or by differences, what they do wrong."""

from __future__ import annotations

import functools
import math
import pickle
import threading
import warnings

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives.callables import registered
from lambdaml_dsl.derivatives.methods import DiffMethod, differentiate
from lambdaml_dsl.program.threads import Slabs

X = np.linspace(-2.0, 3.0, 41)
KNOTS = np.array([-4.0, -1.5, 0.25, 1.0, 2.2, 8.0])
HEIGHTS = np.array([1.0, 0.3, 2.0, -1.0, 0.5, 3.0])


def bump(u, width):
    return np.exp(-((u / width) ** 2))


def model(formula, function, **more):
    return ld.Model(formula, functions={"f": function}, **more)


def slopes(formula, function, data=None, **params):
    return model(formula, function).jacobian({"x": X} if data is None else data, params)


# ---- values ----


@pytest.mark.parametrize(
    ("formula", "want"),
    [
        ("a*f(x, 2) + 1", lambda x, a: a * bump(x, 2) + 1),
        ("f(x, f(x, a))", lambda x, a: bump(x, bump(x, a))),
        ("f(a, 2)*x", lambda x, a: bump(a, 2) * x),
        ("f(3, 2)*x*a", lambda x, a: bump(3, 2) * x * a),
        ("sum(f([x, a, 1], [1, 2, a]))", lambda x, a: bump(x, 1) + bump(a, 2) + bump(1, a)),
        ("z = f(x, a); z^2 + z", lambda x, a: bump(x, a) ** 2 + bump(x, a)),
        ("g(u, w = f(u, 2)) = u*w; g(x) + g(a)", lambda x, a: x * bump(x, 2) + a * bump(a, 2)),
        ("sum(i in 1..2: f(i*x, a))", lambda x, a: bump(x, a) + bump(2 * x, a)),
        ("where(x < 0, f(x, 1), a)", lambda x, a: np.where(x < 0, bump(x, 1), a)),
    ],
)
def test_values(formula, want):
    got = model(formula, bump)(x=X, a=1.5)
    np.testing.assert_allclose(got, want(X, 1.5), rtol=1e-15)


class Power:
    def __call__(self, base, exponent):
        return base**exponent


@pytest.mark.parametrize(
    ("function", "want"),
    [
        (np.hypot, np.hypot(X, 2)),
        (Power(), X**2.0),
        (Power().__call__, X**2.0),
        (functools.partial(lambda k, u, v: k * u * v, 3.0), 6 * X),
        (lambda u, v, more=7: u + v + more, X + 9),
        (lambda u, v, *rest, last=1: u - v - len(rest) - last, X - 3),
        (lambda u, v: u > v, (X > 2) * 1.0),
        (lambda u, v: (u * 0 + v).astype(np.int64), np.full(41, 2.0)),
        (lambda u, v: [float(each) for each in u], X),
        (lambda u, v: np.ma.masked_less(u, v).data, X),
    ],
)
def test_whatever_can_be_called(function, want):
    np.testing.assert_array_equal(model("f(x, 2)", function)(x=X), want)


def test_which_function_a_name_means():
    """The formula's own goes before a registered one, that before the prelude's."""
    assert ld.Model("gaussian(x)", functions={"gaussian": lambda u: 3 * u})(x=[2.0]).tolist() == [6.0]
    mixed = ld.Model("z = x; gaussian(z)", functions={"gaussian": lambda u: 3 * u})
    assert mixed(x=[2.0]).tolist() == [6.0]
    assert model("f(u) = 5*u; f(x)", lambda u: 3 * u)(x=[2.0]).tolist() == [10.0]
    inside = ld.Model("z = x; gaussian(z) + moffat(z, 1, 0, 1, 1)", functions={"gaussian": lambda u: 0 * u})
    plain = ld.Model("moffat(x, 1, 0, 1, 1)")
    assert inside(x=[2.0]).tolist() == plain(x=[2.0]).tolist()


def test_on_the_left_side():
    x = np.linspace(1, 2, 9)
    result = model("f(y) ~ a*x", np.log).fit({"x": x, "y": np.exp(3 * x)})
    assert result.params["a"].value == pytest.approx(3, rel=1e-12)


# ---- slopes ----

SMOOTH = [
    ("a*f(x, b)", bump, lambda a, b: [bump(X, b), a * bump(X, b) * 2 * X**2 / b**3]),
    (
        "f(a*x, b)",
        bump,
        lambda a, b: [
            -2 * a * X**2 / b**2 * bump(a * X, b),
            2 * (a * X) ** 2 / b**3 * bump(a * X, b),
        ],
    ),
    (
        "f(a, b)*x",
        lambda u, v: u**3 * np.sin(v),
        lambda a, b: [3 * a**2 * np.sin(b) * X, a**3 * np.cos(b) * X],
    ),
    (
        "f(a*f(b*x))",
        np.sin,
        lambda a, b: [
            np.cos(a * np.sin(b * X)) * np.sin(b * X),
            np.cos(a * np.sin(b * X)) * a * np.cos(b * X) * X,
        ],
    ),
    (
        "sum(f([a*x, b]))",
        np.tanh,
        lambda a, b: [X / np.cosh(a * X) ** 2, np.full(41, 1 / np.cosh(b) ** 2)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "function", "want"), SMOOTH, ids=[formula for formula, *_ in SMOOTH])
def test_slopes_by_the_complex_step_are_exact(formula, function, want):
    found = slopes(formula, function, a=1.3, b=0.7)
    for name, expected in zip("ab", want(1.3, 0.7), strict=True):
        np.testing.assert_allclose(found[name], expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("size", [1e-30, 1e-21, 1e-10, 1e10, 1e30])
def test_the_complex_step_has_the_size_of_the_argument(size):
    found = slopes("f(E*x)", lambda u: np.exp(-u / size), E=2 * size)["E"]
    np.testing.assert_allclose(found, -X / size * np.exp(-2 * X), rtol=1e-13)


def test_at_zero():
    np.testing.assert_array_equal(slopes("f(a*x)", np.sin, a=0.0)["a"], X)


def table_lookup(u):
    return np.interp(u, KNOTS, HEIGHTS)


def table_slope(u):
    return (np.diff(HEIGHTS) / np.diff(KNOTS))[np.searchsorted(KNOTS, u) - 1]


def test_a_table_is_differentiated_by_differences():
    found = slopes("b*f(a*x)", table_lookup, a=1.21, b=2.0)
    np.testing.assert_allclose(found["b"], table_lookup(1.21 * X), rtol=1e-15)
    np.testing.assert_allclose(found["a"], 2 * X * table_slope(1.21 * X), rtol=1e-6, atol=1e-9)


def test_a_spline_is_differentiated_by_differences():
    spline = CubicSpline(KNOTS, HEIGHTS)
    found = slopes("f(a*x)", spline, a=1.21)["a"]
    np.testing.assert_allclose(found, X * spline(1.21 * X, 1), rtol=1e-6, atol=1e-8)


def in_part(u):
    """Complex for u > 2.9 alone, and for the rest of the rows a table of numbers."""
    out = np.zeros(u.shape, dtype=u.dtype)
    out += np.where(u.real > 2.9, u, u.real) ** 2
    return out


LOSING = {
    "abs": (lambda u: u * np.abs(u), lambda u: 2 * np.abs(u)),
    "abs in one term": (lambda u: u**2 + np.abs(u), lambda u: 2 * u + np.sign(u)),
    "real": (lambda u: np.sin(u) + np.real(u), lambda u: np.cos(u) + 1),
    "conjugate": (lambda u: (u * np.conj(u)).real + 0j * u if np.iscomplexobj(u) else u * u, lambda u: 2 * u),
    "most rows": (in_part, lambda u: 2 * u),
    "few rows": (
        lambda u: (
            np.where((u.real > 0.55) & (u.real < 0.6), u.real**2, u**2).real
            if not np.iscomplexobj(u)
            else np.where((u.real > 0.55) & (u.real < 0.6), u.real**2, u**2)
        ),
        lambda u: 2 * u,
    ),
    "all of it": (lambda u: np.abs(u) ** 3, lambda u: 3 * u * np.abs(u)),
    "refused": (lambda u: np.array([math.sin(each) for each in u]), np.cos),
}


@pytest.mark.parametrize("name", LOSING)
def test_a_lost_imaginary_part_is_noticed(name):
    function, slope = LOSING[name]
    x = np.linspace(-3, 3, 1000)
    found = slopes("f(a*x)", function, data={"x": x}, a=1.0)["a"]
    np.testing.assert_allclose(found, x * slope(x), rtol=1e-6, atol=1e-8)


def test_a_cast_that_warns_gives_the_right_slope_all_the_same():
    def cast(u):
        out = np.empty(u.shape)
        out[:] = u
        return out**2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of the imaginary part that is discarded
        quiet = slopes("f(a*x)", cast, a=1.3)["a"]
    np.testing.assert_allclose(quiet, 2.6 * X**2, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(slopes("f(a*x)", cast, a=1.3)["a"], quiet)  # warnings are errors here


def test_rows_without_a_value_do_no_harm_to_others():
    x = np.array([-1.0, 0.25, 4.0])
    with np.errstate(all="ignore"):
        found = slopes("a*f(b*x)", np.sqrt, data={"x": x}, a=2.0, b=1.0)
    np.testing.assert_allclose(found["b"][1:], np.sqrt(x[1:]), rtol=1e-14)
    np.testing.assert_array_equal(found["a"], [np.nan, 0.5, 2.0])


def test_central_differences_of_a_formula_with_a_function():
    by_step = slopes("a*f(b*x, 2)", bump, a=1.3, b=0.7)
    other = model("a*f(b*x, 2)", bump).jacobian({"x": X}, {"a": 1.3, "b": 0.7}, "central")
    for name in "ab":
        np.testing.assert_allclose(other[name], by_step[name], rtol=1e-8, atol=1e-9)


def test_no_rows():
    empty = {"x": np.empty(0)}
    for function in (np.sin, table_lookup):
        assert model("a*f(b*x)", function).evaluate(empty, {"a": 1, "b": 2}).shape == (0,)
        found = model("a*f(b*x)", function).jacobian(empty, {"a": 1, "b": 2})
        assert {name: value.shape for name, value in found.items()} == {"a": (0,), "b": (0,)}


# ---- fits ----


def test_a_fit_is_that_of_the_formula():
    rng = np.random.default_rng(3)
    data = {"x": X, "y": 2 * bump(X - 0.5, 1.2) + 0.05 * rng.normal(size=41)}
    start = {"A": 1.0, "m": 0.0, "w": 1.0}
    called = model("y ~ A*f(x - m, w)", bump).fit(data, start=start)
    written = ld.fit("y ~ A*exp(-((x - m)/w)^2)", data, start=start)
    for name in start:
        assert called.params[name].value == pytest.approx(written.params[name].value, rel=1e-9)
        assert called.params[name].stderr == pytest.approx(written.params[name].stderr, rel=1e-9)


def test_a_table_is_fitted():
    """A measured curve, shifted and scaled: what tables are registered for."""
    grid = np.linspace(-10, 10, 400)
    curve = np.exp(-(grid**2)) + 0.5 * np.exp(-((grid - 2) ** 2))
    rng = np.random.default_rng(8)
    y = 3 * np.interp(X - 0.4, grid, curve) + 0.2 + 0.01 * rng.normal(size=41)
    result = model("y ~ A*f(x - d) + c", lambda u: np.interp(u, grid, curve)).fit({"x": X, "y": y})
    assert result.converged
    for name, value in {"A": 3.0, "d": 0.4, "c": 0.2}.items():
        parameter = result.params[name]
        assert abs(parameter.value - value) < 4 * parameter.stderr < 0.1


# ---- threads ----


def test_any_number_of_threads_gives_the_same_bits():
    rows = 40_000
    x = np.linspace(-3, 3, rows)
    names = set()

    def partly(u):
        names.add(threading.current_thread().name)
        return np.where(u > 0, np.sin(u), np.abs(u) * u)  # carries the step in one half of the rows

    compiled = model("a*f(b*x) + c", partly)
    program = differentiate(compiled.program, (0, 1, 2), DiffMethod.COMPLEX_STEP)
    theta = np.array([1.2, 0.8, 0.1])
    runs = [Slabs(program, {"x": x}, rows, threads=threads)(theta) for threads in (1, 2, 3)]
    for run in runs[1:]:
        np.testing.assert_array_equal(run, runs[0])
    assert len(names) > 1
    u = 0.8 * x
    want = 1.2 * x * np.where(u > 0, np.cos(u), 2 * np.abs(u))
    np.testing.assert_allclose(runs[0][2], want, rtol=1e-6, atol=1e-8)


def test_an_error_in_a_thread_comes_out():
    def fails(u):
        if u.real.max() > 2.9:
            raise ValueError("beyond the table")
        return u

    objective = model("a*f(x)", fails).bind({"x": np.linspace(0, 3, 40_000)}, y=np.zeros(40_000))
    with pytest.raises(ld.EvaluationError) as caught:
        objective.gradient([1.0])
    assert caught.value.problem == "the function 'f' failed: ValueError: beyond the table"


# ---- pickles ----


def test_a_model_is_pickled_with_its_function():
    first = model("a*f(x, b)", bump)
    again = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(again(x=X, a=2, b=3), first(x=X, a=2, b=3))
    np.testing.assert_array_equal(
        again.jacobian({"x": X}, {"a": 2, "b": 3})["b"], first.jacobian({"x": X}, {"a": 2, "b": 3})["b"]
    )
    result = model("y ~ a*f(x, b)", bump).fit({"x": X, "y": bump(X, 1.5)}, start={"b": 1})
    copied = pickle.loads(pickle.dumps(result))
    assert copied.values == result.values
    np.testing.assert_array_equal(copied.predict({"x": X}), result.predict({"x": X}))


def test_what_cannot_be_pickled_says_so():
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(model("a*f(x)", lambda u: u))


# ---- what functions do wrong ----

CALLED = "It is called with arrays, one for each argument, all of one shape."
EACH_ROW = "It must give one number for each row."
GAVE = "the function 'f' was given arrays of shape (41,), and gave "


def inplace(u):
    u *= 2
    return u


@pytest.mark.parametrize(
    ("function", "problem", "hint"),
    [
        (lambda u: 1 / 0, "the function 'f' failed: ZeroDivisionError: division by zero", CALLED),
        (lambda u: u[:-1], GAVE + "one of shape (40,)", EACH_ROW),
        (lambda u: u.sum(), GAVE + "one of shape ()", EACH_ROW),
        (lambda u: 3.0, GAVE + "one of shape ()", EACH_ROW),
        (lambda u: u[:, None], GAVE + "one of shape (41, 1)", EACH_ROW),
        (lambda u: None, GAVE + "no numbers", EACH_ROW),
        (lambda u: np.array(["a"] * 41), GAVE + "no numbers", EACH_ROW),
        (lambda u: u * 1j, "the function 'f' gave complex numbers", ""),
        (
            inplace,
            "the function 'f' failed: ValueError: output array is read-only",
            CALLED,
        ),
        (
            math.sin,
            "the function 'f' failed: TypeError: "
            "only 0-dimensional arrays can be converted to Python scalars",
            CALLED,
        ),
        (
            lambda u, *, k: u,
            "the function 'f' failed: TypeError: <lambda>() missing 1 required keyword-only argument: 'k'",
            CALLED,
        ),
    ],
)  # fmt: skip
def test_errors_of_a_function(function, problem, hint):
    column = X.copy()
    for call in (
        lambda: model("a*f(x)", function)(x=column, a=2.0),
        lambda: model("a*f(x)", function).jacobian({"x": column}, {"a": 2.0}),
        lambda: model("y ~ a*f(x)", function).fit({"x": column, "y": X}),
    ):
        with pytest.raises(ld.EvaluationError) as caught:
            call()
        assert (caught.value.problem, caught.value.hint) == (problem, hint)
    np.testing.assert_array_equal(column, X)


def test_a_function_cannot_harm_the_data_or_other_slots():
    def greedy(u):
        u.flags.writeable = True
        u[:] = 0
        return u + 1

    column = X.copy()
    got = model("a*x + f(x)*0 + x", greedy)(x=column, a=2.0)
    np.testing.assert_array_equal(column, X)
    np.testing.assert_array_equal(got, 3 * X)


REFUSED = [
    ("f(x)", {"f": 3}, "the function 'f' cannot be called: it is a int", ""),
    (
        "f(x)",
        {"f": lambda *rest: rest[0]},
        "how many arguments 'f' takes cannot be found out",
        "Wrap it: functions={'f': lambda x: f(x)}.",
    ),
    ("f(x)", {"exp": np.exp}, "'exp' is a function of the language already", "Give yours another name."),
    ("f(x)", {"sum": np.exp}, "'sum' is a function of the language already", "Give yours another name."),
    ("f(x)", {"max": np.exp}, "'max' is a function of the language already", "Give yours another name."),
    (
        "f(x)",
        {"piecewise": np.exp},
        "'piecewise' is a function of the language already",
        "Give yours another name.",
    ),
    ("f(x)", {"a b": np.exp}, "'a b' cannot be the name of a function", "A name is letters, digits and _."),
    ("f(x)", [np.exp], "functions are given by name", "Write for example functions={'tabulated': f}."),
]


@pytest.mark.parametrize(("formula", "functions", "problem", "hint"), REFUSED)
def test_what_cannot_be_registered(formula, functions, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        ld.Model(formula, functions=functions)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_calls_with_a_wrong_number_of_arguments():
    with pytest.raises(ld.ArityError) as caught:
        model("a*f(x)", bump)
    assert str(caught.value) == "\n".join(
        [
            "formula:1:3: f takes 2 arguments, 1 is given",
            "   1 | a*f(x)",
            "     |   ^^^^",
            "f(u, width): a Python function.",
        ]
    )
    with pytest.raises(ld.NameResolutionError) as bare:
        model("f*f(x, 1)", bump)
    assert str(bare.value) == "\n".join(
        [
            "formula:1:1: 'f' is a function and needs its argument",
            "   1 | f*f(x, 1)",
            "     | ^",
            "Write f(u, width).",
        ]
    )


def test_a_registered_function_is_never_differentiated_by_rule():
    entry = registered("exp2", np.exp)
    assert entry.arguments == ("x",)
    assert all(type(slope).__name__ == "Measured" for slope in entry.slopes)
