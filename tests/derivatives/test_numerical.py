"""Derivatives along a line: NumericalDiff, and the complex step of functions that lose the imaginary part."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import DiffMethod, NumericalDiff
from lambdaml_dsl.derivatives.along import scheme_along
from lambdaml_dsl.derivatives.stencils import STENCILS
from lambdaml_dsl.derivatives.true_complex_step import LostImaginaryPartError

METHODS = {
    "forward": NumericalDiff.forward,
    "backward": NumericalDiff.backward,
    "central": NumericalDiff.central,
    "five_point": NumericalDiff.five_point,
    "complex_step": NumericalDiff.complex_step,
    "richardson": NumericalDiff.richardson,
}
ERRORS = {
    "forward": 3e-7,
    "backward": 3e-7,
    "central": 3e-9,
    "five_point": 1e-11,
    "complex_step": 1e-14,
    "richardson": 1e-11,
}
SMOOTH = {
    "exp": (np.exp, mpmath.exp),
    "sin": (np.sin, mpmath.sin),
    "cube": (lambda x: x**3, lambda x: x**3),
    "bump": (lambda x: np.exp(-x * x), lambda x: mpmath.exp(-x * x)),
    "log": (lambda x: np.log(2 + x * x), lambda x: mpmath.log(2 + x * x)),
    "rational": (lambda x: x / (1 + x * x), lambda x: x / (1 + x * x)),
    "steep": (lambda x: np.tanh(3 * x), lambda x: mpmath.tanh(3 * x)),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("x", [-2.0, 0.0, 0.3, 1.7])
def test_slopes_against_mpmath(name, method, x):
    function, exact = SMOOTH[name]
    with mpmath.workdps(40):
        want = float(mpmath.diff(exact, mpmath.mpf(x)))
    got = METHODS[method](function, x)
    assert type(got) is float
    assert got == pytest.approx(want, rel=30 * ERRORS[method], abs=30 * ERRORS[method])
    assert NumericalDiff.differentiate(function, x, method) == got
    assert NumericalDiff.differentiate(function, x, DiffMethod(method)) == got


@pytest.mark.parametrize("method", sorted(STENCILS))
@pytest.mark.parametrize("x", [1.3, -40.0, 3e-9])
def test_the_order_is_seen_in_the_error(method, x):
    """The error against h, on a function whose scale is that of x."""
    errors = []
    steps = 2.0 ** np.arange(-2 if STENCILS[method].order < 4 else -1, -7, -1)
    for h in steps:
        found = METHODS[method](lambda t: np.exp(t / x), x, h) * x
        errors.append(abs(found / math.e - 1))
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(STENCILS[method].order, abs=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_an_array_is_differentiated_element_by_element(method):
    x = np.array([[-1.0, 0.0], [0.5, 1e-7]])
    got = METHODS[method](np.sin, x)
    np.testing.assert_allclose(got, np.cos(x), rtol=30 * ERRORS[method])
    one_by_one = [METHODS[method](np.sin, float(each)) for each in x.ravel()]
    np.testing.assert_array_equal(got.ravel(), one_by_one)
    assert NumericalDiff.differentiate(np.sin, [0.0, 1.0], method).shape == (2,)


@pytest.mark.parametrize("method", METHODS)
def test_a_number_next_to_0_by_chance(method):
    """Its own step moves nothing; the others keep theirs."""
    x = np.array([1e-17, 2.0, 0.0, -1e-100])
    tolerance = 30 * ERRORS[method] if method == "complex_step" else 3e-6
    np.testing.assert_allclose(METHODS[method](np.exp, x), np.exp(x), rtol=tolerance)
    assert METHODS[method](np.exp, 1e-17) == pytest.approx(1, rel=tolerance)
    if method != "complex_step":
        assert METHODS[method](np.exp, 1e-17, 2.0**-20) == 0  # a step that is given is taken


@pytest.mark.parametrize("method", METHODS)
def test_an_array_of_functions(method):
    got = METHODS[method](lambda t: [[t, t * t], [np.sin(t), 1.0]], 2.0)
    np.testing.assert_allclose(got, [[1, 4], [np.cos(2), 0]], rtol=10 * ERRORS[method], atol=1e-15)


@pytest.mark.parametrize("x", [1.0, -1.0, 0.0])
@pytest.mark.parametrize("method", METHODS)
def test_the_same_as_lambdaml_where_steps_are_the_same(method, x):
    """At 1 a step of x's own size is the step itself."""
    peer = pytest.importorskip("lambdaml.lambda_utils").NumericalDiff
    for h in (2.0**-8, 2.0**-3):
        theirs = getattr(peer, method)(
            lambda t: np.exp(t) + t**2, x, h if method != "complex_step" else 1e-20
        )
        ours = METHODS[method](lambda t: np.exp(t) + t**2, x, h if method != "complex_step" else None)
        assert ours == pytest.approx(float(theirs), rel=1e-11)


def test_against_scipy():
    differentiate = pytest.importorskip("scipy.differentiate")
    x = np.linspace(0.2, 3, 9)
    peer = differentiate.derivative(lambda t: np.sin(t) * np.exp(-t), x)
    assert peer.success.all()
    for method in ("five_point", "richardson", "complex_step"):
        ours = NumericalDiff.differentiate(lambda t: np.sin(t) * np.exp(-t), x, method)
        np.testing.assert_allclose(ours, peer.df, rtol=1e-8, atol=1e-10)


def test_the_step_is_in_units_of_x():
    asked = []

    def record(t):
        asked.append(t)
        return 3.0 * t

    assert NumericalDiff.central(record, 2e-9, 2.0**-4) == 3.0
    assert asked == [2e-9, 2e-9 + 2e-9 / 16, 2e-9 - 2e-9 / 16]
    asked.clear()
    NumericalDiff.forward(record, 0.0, 2.0**-4)
    assert asked == [0.0, 2.0**-4]
    assert all(type(each) is float for each in asked)


def test_a_complex_step_of_a_given_size():
    asked = []

    def record(t):
        asked.append(t)
        return t * t

    assert NumericalDiff.complex_step(record, 4.0, 1e-30) == 8.0
    assert asked[1] == 4 + 4e-30j
    assert scheme_along("complex_step", 1e-100).h == 1e-100


# ---- the imaginary part gets lost ----

DROPPED = (
    "abs, np.real, astype(float) and arrays made for real numbers drop it. "
    "Choose a method without complex numbers, for example 'central'."
)
REFUSED = (
    "The math module, float(), np.interp and < between Python's numbers take no complex ones. "
    "Use others, or choose a method without complex numbers, for example 'central'."
)


def buffered(t):
    out = np.zeros(2)
    out[0], out[1] = t.real, 1.0
    return out @ [1.0, 1.0]


LOSING = {
    "abs": (np.abs, 1.5, "0, a difference quotient 1: its result is real"),
    "real": (lambda t: np.real(t) ** 2, 1.5, "0, a difference quotient 3: its result is real"),
    "astype": (
        lambda t: np.asarray(t).real.astype(float) * 2,
        1.5,
        "0, a difference quotient 2: its result is real",
    ),
    "an array of real numbers": (buffered, 1.5, "0, a difference quotient 1: its result is real"),
    "modulus": (
        lambda t: t * np.conj(t),
        1.5,
        "0, a difference quotient 3: its result has no imaginary part",
    ),
    "zero imaginary part": (
        lambda t: t.real * 4 + 0 * (t - t.real),
        1.5,
        "0, a difference quotient 4: its result has no imaginary part",
    ),
    "abs of one term": (
        lambda t: t**2 + np.abs(t),
        -1.5,
        "-3, a difference quotient -4: a part of the imaginary part is lost in it",
    ),
    "a small part": (
        lambda t: t**2 + 0.01 * t.real,
        2.0,
        "4, a difference quotient 4.01: a part of the imaginary part is lost in it",
    ),
    "in a fast wave": (
        lambda t: np.sin(1000 * t) + 5 * t.real,
        1.0,
        "562.379, a difference quotient 567.374: a part of the imaginary part is lost in it",
    ),
}


@pytest.mark.parametrize("name", LOSING)
def test_a_lost_imaginary_part_is_an_error(name):
    function, x, found = LOSING[name]
    with pytest.raises(ld.EvaluationError) as caught:
        NumericalDiff.complex_step(function, x)
    assert caught.value.problem == f"the complex step in 'x' gives the slope {found}"
    assert caught.value.hint == DROPPED
    assert np.isfinite(NumericalDiff.central(lambda t: np.real(function(t)), x))


REFUSING = {
    "math": (math.sin, "TypeError: must be real number, not complex"),
    "float": (
        lambda t: float(t) ** 2,
        "TypeError: float() argument must be a string or a real number, not 'complex'",
    ),
    "comparison": (
        lambda t: t if t < 2 else 2.0,
        "TypeError: '<' not supported between instances of 'complex' and 'int'",
    ),
    "max": (
        lambda t: max(t, 0.5),
        "TypeError: '>' not supported between instances of 'float' and 'complex'",
    ),
}


@pytest.mark.parametrize("name", REFUSING)
def test_a_function_that_takes_no_complex_numbers(name):
    function, cause = REFUSING[name]
    with pytest.raises(LostImaginaryPartError) as caught:
        NumericalDiff.complex_step(function, 1.5)
    assert caught.value.problem == f"the complex step in 'x' failed: {cause}"
    assert caught.value.hint == REFUSED
    assert isinstance(caught.value.__cause__, TypeError)


def test_elements_that_lose_it_are_named():
    def in_part(t):
        return np.where(np.arange(6) == 4, t.real**2, t**2)

    with pytest.raises(LostImaginaryPartError) as caught:
        NumericalDiff.complex_step(in_part, np.arange(1.0, 7.0))
    assert caught.value.problem == (
        "the complex step in 'x' gives the slope 0 in element [4], a difference quotient 10: "
        "a part of the imaginary part is lost in it"
    )


TABLE = CubicSpline([0.0, 1.0, 2.0, 4.0], [0.0, 1.0, 0.5, 3.0])

KEEPING = {
    "a constant": (lambda t: 3.0, 1.5, 0),
    "a constant of any size": (lambda t: 1e12, 1.5, 0),
    "nothing but rounding": (lambda t: (1e3 + t.real) - t.real, 0.3, 0),
    "where it does not act": (lambda t: np.where(t.real > 5, t, 2.0), 1.5, 0),
    "a real step function": (lambda t: np.round(t.real), 1.5, 0),
    "the bottom of a parabola": (lambda t: (t - 1) ** 2, 1.0, 0),
    "the bottom of a real parabola": (lambda t: (np.real(t) - 1) ** 2, 1.0, 0),
    "a triple root": (lambda t: (t - 1) ** 3, 1.0, 0),
    "a real triple root": (lambda t: (np.real(t) - 1) ** 3, 1.0, 0),
    "a ninth root": (lambda t: 1e6 * (t - 1) ** 9, 1.0, 0),
    "a kink": (lambda t: np.where(np.asarray(t) > 1, t, 1.0), 1.0, 1),
    "a kink of abs": (lambda t: np.abs(t - 1), 1.0, 0),
    "a kink where the right branch is taken": (lambda t: np.where(t.real >= 1, 3 * t, 4 - t), 1.0, 3),
    "a fast wave": (lambda t: np.sin(1e5 * t), 1.0, 1e5 * np.cos(1e5)),
    "a wave that no difference resolves": (lambda t: np.sin(1e12 * t), 1.0, 1e12 * np.cos(1e12)),
    "a steep edge": (lambda t: np.tanh(1e6 * (t - 1)), 1.0, 1e6),
    "cancelled digits": (lambda t: (1e9 + np.sin(t)) - 1e9, 1.0, np.cos(1)),
    "a slope far below the value": (lambda t: 1e9 + 1e-3 * t, 1.0, 1e-3),
    "single precision inside": (lambda t: t + float(np.float32(np.real(t) * 1e-9)) * 0, 1.0, 1),
    "tiny": (lambda t: np.exp(t / 1e-200), 1e-200, math.e * 1e200),
    "huge": (lambda t: np.exp(t / 1e200), 1e200, math.e * 1e-200),
    "a large exponential": (lambda t: np.exp(600 * t), 1.0, 600 * np.exp(600)),
    "a tiny exponential": (lambda t: np.exp(-600 * t), 1.0, -600 * np.exp(-600)),
    "a pole nearby": (lambda t: 1 / (t - 1), 1 + 1e-9, None),
    "a root nearby": (lambda t: np.sqrt(t - 1 + 1e-4), 1.0, 50),
}


@pytest.mark.parametrize("name", KEEPING)
def test_no_false_alarm(name):
    function, x, want = KEEPING[name]
    got = NumericalDiff.complex_step(function, x)
    if want is None:
        want = -1 / (x - 1) ** 2
    assert got == pytest.approx(want, rel=1e-6, abs=1e-30 if want == 0 else 0)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(SMOOTH)),
    st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3),
    st.floats(1e-3, 1.0),
    st.sampled_from(["abs", "real", "astype", "none"]),
)
def test_any_part_that_is_lost_is_found(name, x, share, loss):
    """A part with a share of at least a thousandth of the slope, in any smooth surroundings."""
    smooth, _ = SMOOTH[name]
    drop = {"abs": np.abs, "real": np.real, "astype": lambda t: np.real(t).astype(float), "none": lambda t: t}
    whole = abs(NumericalDiff.complex_step(smooth, x)) + 1e-3
    mixed = lambda t: smooth(t) + share * whole * drop[loss](np.asarray(t))  # noqa: E731
    if loss == "none":
        assert NumericalDiff.complex_step(mixed, x) == pytest.approx(
            NumericalDiff.richardson(mixed, x), rel=1e-8, abs=1e-10
        )
    else:
        with pytest.raises(LostImaginaryPartError):
            NumericalDiff.complex_step(mixed, x)


@pytest.mark.parametrize(
    ("lost", "found"), [(0.1, True), (1e-3, True), (3e-4, True), (5e-5, False), (1e-6, False)]
)
def test_how_small_a_lost_part_is_found(lost, found):
    """The threshold that the page states: about 1e-4 of the slope."""

    def function(t):
        return t + lost * t.real

    if found:
        with pytest.raises(LostImaginaryPartError):
            NumericalDiff.complex_step(function, 1.5)
    else:
        assert NumericalDiff.complex_step(function, 1.5) == 1.0


def test_auto_takes_the_complex_step_where_it_is_carried():
    x = np.array([0.5, 1.5])
    np.testing.assert_array_equal(
        NumericalDiff.differentiate(np.sin, x, "auto"), NumericalDiff.complex_step(np.sin, x)
    )
    assert NumericalDiff.differentiate(np.sin, 1.0, "auto") == math.cos(1.0)
    for losing in (np.abs, math.exp, lambda t: t**2 + np.abs(t)):
        assert NumericalDiff.differentiate(losing, 1.5, "auto") == NumericalDiff.central(losing, 1.5)
    with pytest.raises(ld.EvaluationError) as caught:
        NumericalDiff.differentiate(lambda t: math.nan, 1.5, "auto")
    assert caught.value.problem == "the function gave nan at x = 1.5"


def test_a_table_is_refused_or_real():
    """What interpolates takes no complex numbers, in the one way or the other."""
    for table in (lambda t: np.interp(t, [0.0, 2.0], [0.0, 4.0]), TABLE):
        with pytest.raises(LostImaginaryPartError):
            NumericalDiff.complex_step(table, 1.5)
        assert np.isfinite(NumericalDiff.central(table, 1.5))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_functions_in_single_precision(share):
    """Their quotients have few digits: no false alarm, and a large part that is lost is found."""
    x = np.linspace(0.5, 2.5, 4001)

    def single(t):
        low = np.complex64 if np.iscomplexobj(t) else np.float32
        return np.sin(t.astype(low)) + np.float32(share) * t.real.astype(np.float32)

    if share:
        with pytest.raises(LostImaginaryPartError):
            NumericalDiff.complex_step(single, x)
    else:
        np.testing.assert_allclose(NumericalDiff.complex_step(single, x), np.cos(x), rtol=1e-5, atol=1e-6)


def test_a_slope_that_overflow_leaves_undone_is_mended():
    """1/(1 + exp(1000)) has 0 times infinity in its complex derivative."""
    with np.errstate(all="ignore"):
        got = NumericalDiff.complex_step(lambda t: 1 / (1 + np.exp(t)), 1000.0)
    assert got == 0


# ---- what goes wrong ----

FINITE = "Derivatives are taken where all values are finite."
CALLED = "It is called with one argument, a number."
WRONG = [
    (lambda t: math.nan, 1.5, "central", ld.EvaluationError, "the function gave nan at x = 1.5", FINITE),
    (
        lambda t: [1.0, math.inf],
        1.5,
        "central",
        ld.EvaluationError,
        "the function gave inf in element [1] at x = 1.5",
        FINITE,
    ),
    (
        lambda t: 1 / 0,
        1.5,
        "central",
        ld.EvaluationError,
        "the function failed at x = 1.5: ZeroDivisionError: division by zero",
        CALLED,
    ),
    (
        lambda: 1.0,
        1.5,
        "central",
        ld.EvaluationError,
        "the function failed at x = 1.5: TypeError: <lambda>() takes 0 positional arguments but 1 was given",
        CALLED,
    ),
    (
        math.sin,
        np.array([1.0, 2.0]),
        "central",
        ld.EvaluationError,
        "the function 'sin' failed at x[0] = 1, x[1] = 2: TypeError: "
        "only 0-dimensional arrays can be converted to Python scalars",
        "It is called with one argument, an array.",
    ),
    (
        lambda t: "text",
        1.5,
        "central",
        ld.EvaluationError,
        "the function gave 'text' at x = 1.5",
        "It must give a number, or an array of numbers.",
    ),
    (
        lambda t: t * 1j,
        1.5,
        "central",
        ld.EvaluationError,
        "the function gave complex numbers for real parameters",
        "Take the real part, or the square of the modulus: what is differentiated must be real.",
    ),
    (
        np.sum,
        [1.0, 2.0],
        "central",
        ld.EvaluationError,
        "the function 'sum' was given an array of the shape (2,), and gave one number",
        "It must work on each element by itself. For the gradient of a function of several numbers "
        "use GradientComputer().gradient(f, x).",
    ),
    (
        lambda t: [1.0] if t == 1.5 else [1.0, 2.0],
        1.5,
        "central",
        ld.EvaluationError,
        "the function gave an array of the shape (2,) with 'x' moved, and of (1,) before",
        "The shape of what it gives must not depend on the parameters.",
    ),
    (
        lambda t: [1.0] if t == 1.5 else [1.0, 2.0],
        1.5,
        "complex_step",
        ld.EvaluationError,
        "the function gave an array of the shape (2,) with a complex 'x', and of (1,) before",
        "The shape of what it gives must not depend on the parameters.",
    ),
    (
        lambda t: math.nan if t > 1 else t,
        1.0,
        "central",
        ld.EvaluationError,
        "the function gave nan with 'x' moved to 1.0000076",
        "Bounds keep the steps where it is defined: bounds={'x': (low, high)}; "
        "a smaller step, h, goes less far.",
    ),
    (
        np.sin,
        math.inf,
        "central",
        ld.OptionError,
        "x is not finite",
        "Derivatives are taken at finite numbers.",
    ),
    (
        3.0,
        1.0,
        "central",
        ld.OptionError,
        "a function is needed, not 3.0",
        "",
    ),
    (
        np.sin,
        1.0,
        "centrall",
        ld.OptionError,
        "unknown diff_method 'centrall'",
        "Did you mean 'central'?",
    ),
    (
        np.sin,
        1.0,
        "adjoint",
        ld.OptionError,
        "the method 'adjoint' goes backwards through a formula, and of a Python function none is known",
        "Use 'complex_step' or 'central', or write the function as a formula: Model(...).",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "method", "kind", "problem", "hint"), WRONG)
def test_messages(function, x, method, kind, problem, hint):
    with pytest.raises(kind) as caught:
        NumericalDiff.differentiate(function, x, method)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


@pytest.mark.parametrize(
    ("method", "h", "problem", "hint"),
    [
        (
            "central",
            -1,
            "h must be a positive number, not -1",
            "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
        ),
        (
            "forward",
            1e-17,
            "h = 1e-17 moves no number: float64 has 16 digits",
            "Give at least 1e-15; steps between 1e-8 and 1e-3 lose the fewest digits.",
        ),
        (
            "auto",
            1e-3,
            "h is a step for differences, but the method auto is exact and takes none",
            "Leave h out, or choose a difference method, for example 'central'.",
        ),
        (
            "complex_step",
            "x",
            "h must be a positive number, not 'x'",
            "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
        ),
    ],
)
def test_messages_of_steps(method, h, problem, hint):
    with pytest.raises(ld.OptionError) as caught:
        NumericalDiff.differentiate(np.sin, 1.0, method, h)
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


def test_nothing_global_is_changed():
    before = np.geterr()
    x = np.array([1.0, 2.0])
    filters = list(warnings.filters)
    for method in METHODS:
        NumericalDiff.differentiate(np.exp, x, method)
    with pytest.raises(ld.EvaluationError):
        NumericalDiff.complex_step(np.abs, 1.0)
    assert np.geterr() == before
    assert warnings.filters == filters
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_warnings_of_a_function_are_its_own():
    with pytest.warns(RuntimeWarning, match="overflow"):
        NumericalDiff.central(lambda t: 1 / (1 + np.exp(t)), np.float64(1000.0))
