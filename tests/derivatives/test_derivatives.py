"""Derivatives of programs: the carried complex step and central differences, against SymPy and each other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles.formulas import SEEDS, pieces, set_as_text
from oracles.symbolic import Derivative

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.derivatives.differences import difference
from lambdaml_dsl.derivatives.methods import METHODS, DiffMethod, Scheme, differentiate, read_method
from lambdaml_dsl.derivatives.stencils import NO_SIZE, STENCILS
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.language.bind import BoundModel, Declared, bind_text
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.instructions import Apply, Constant, Program, ProgramBuilder
from lambdaml_dsl.program.lower import lower

CENTRAL = STENCILS[DiffMethod.CENTRAL]
INPUTS, PARAMETERS = ("x0", "x1"), ("a", "b", "c")

SMOOTH = {"exp": 1, "sin": 1, "cos": 1, "tanh": 1, "atan": 1, "erf": 1, "asinh": 1, "square": 1}
SMOOTH |= {"sigmoid": 1, "softplus": 1, "hypot": 2, "sqrt": 1, "log": 1, "pow": 2, "atan2": 2}

FORMULAS = st.builds(
    lambda piece, seed: set_as_text(piece.tokens, seed),
    pieces(
        [*INPUTS, *PARAMETERS, "a", "b"],
        ["2", "3", "0.5", "1.25"],
        SMOOTH,
        arithmetic=("+", "-", "*", "/", "^"),
        logic=False,
        max_leaves=10,
    ),
    SEEDS,
)
Row: TypeAlias = tuple[float, ...]
VALUES = st.floats(0.25, 2.5)


def compiled(text: str, inputs: tuple[str, ...] = INPUTS) -> tuple[BoundModel, Program]:
    bound = bind_text(Source(text), Declared(inputs=inputs))
    return bound, lower(bound)


def derivatives(
    text: str,
    data: dict[str, list[float]],
    values: dict[str, float],
    method: DiffMethod = DiffMethod.COMPLEX_STEP,
) -> dict[str, list[float]]:
    """Give the derivatives of a formula by all its parameters, over rows."""
    bound, program = compiled(text, tuple(data))
    indices = tuple(range(len(bound.parameters)))
    columns = {name: np.array(column, dtype=float) for name, column in data.items()}
    rows = len(next(iter(columns.values())))
    theta = [values[name] for name in bound.parameters]
    outputs = evaluate(differentiate(program, indices, method), columns, rows, theta)
    return {name: outputs[1 + index].tolist() for index, name in enumerate(bound.parameters)}


# ---- against SymPy, and against each other ----


@settings(max_examples=250)
@given(FORMULAS, st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES, VALUES))
def test_the_carried_step_agrees_with_sympy(text: str, row: Row, theta: Row) -> None:
    bound, program = compiled(text)
    assume(bound.parameters)
    values = dict(zip((*INPUTS, *PARAMETERS), (*row, *theta), strict=True))
    used = [values[name] for name in bound.parameters]
    columns = {name: np.array([values[name]]) for name in INPUTS}
    outputs = evaluate(carry(program, range(len(used))), columns, 1, used)[:, 0]
    assume(np.isfinite(outputs[0]) and abs(outputs[0]) < 1e50)
    for index, name in enumerate(bound.parameters):
        exact = Derivative(bound.equation.right, name)
        want, spread = exact.at(values), exact.spread(values)
        if want is None or not math.isfinite(spread):
            continue
        error = abs(outputs[1 + index] - float(want))
        assert error <= 1e-13 * abs(float(want)) + 100 * spread, (
            text,
            values,
            name,
            outputs[1 + index],
            want,
        )


@settings(max_examples=300)
@given(FORMULAS, st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES, VALUES))
def test_the_carried_step_agrees_with_central_differences(text: str, row: Row, theta: Row) -> None:
    bound, program = compiled(text)
    assume(bound.parameters)
    values = dict(zip((*INPUTS, *PARAMETERS), (*row, *theta), strict=True))
    used = np.array([values[name] for name in bound.parameters])
    columns = {name: np.array([values[name]]) for name in INPUTS}
    indices = range(len(used))
    carried = evaluate(carry(program, indices), columns, 1, used)[:, 0]
    near = evaluate(difference(program, indices), columns, 1, used)[:, 0]
    far = evaluate(
        difference(program, indices, Scheme(DiffMethod.CENTRAL, 2 * CENTRAL.step)), columns, 1, used
    )[:, 0]
    assume(np.isfinite([carried, near, far]).all() and abs(carried[0]) < 1e20)
    assert near[0] == carried[0]
    # Truncation shows in what doubling the step changes; rounding is the value's last bits over the step.
    truncation = np.abs(far - near)[1:]
    rounding = abs(carried[0]) * 1e-14 / (CENTRAL.step * used)
    assert (np.abs(carried - near)[1:] <= 1e-7 * np.abs(carried[1:]) + 2 * truncation + rounding).all(), text


SMOOTH_MODELS = [
    ("a*exp(-b*t) + c", {"a": 3.0, "b": 0.7, "c": 0.5}),
    ("a*exp(-(t - b)^2/(2*c^2))", {"a": 2.0, "b": 1.5, "c": 0.8}),
    ("a/(1 + exp(b - c*t))", {"a": 70.0, "b": 2.6, "c": 1.7}),
    ("a*t/(b + t)", {"a": 210.0, "b": 0.064}),
    ("a*sin(b*t + c)", {"a": 1.2, "b": 3.1, "c": 0.4}),
    ("a*(1 - exp(-(t/b)^c))", {"a": 5.0, "b": 1.3, "c": 0.6}),
    ("a + b*log(t + c)", {"a": -1.0, "b": 2.0, "c": 0.1}),
    ("a*t^b", {"a": 0.9, "b": 1.7}),
    ("a*exp(-b*t*1e9)", {"a": 1e-12, "b": 1e-9}),
    ("a*exp(-t/b)", {"a": 1e6, "b": 1e3}),
]
TIMES = [0.05, 0.2, 0.5, 1.0, 1.7, 2.5, 3.5]


@pytest.mark.parametrize(("text", "values"), SMOOTH_MODELS)
def test_accuracy_on_smooth_models(text: str, values: dict[str, float]) -> None:
    bound, _ = compiled(text, ("t",))
    carried = derivatives(text, {"t": TIMES}, values)
    central = derivatives(text, {"t": TIMES}, values, DiffMethod.CENTRAL)
    for name in values:
        exact = Derivative(bound.equation.right, name)
        want = np.array([float(exact.at(values | {"t": t})) for t in TIMES])
        np.testing.assert_allclose(carried[name], want, rtol=2e-14, atol=1e-15 * np.abs(want).max())
        assert np.abs(np.array(central[name]) - want).max() < 1e-8 * np.abs(want).max()


# ---- the step of the difference ----


@pytest.mark.parametrize("theta", [0.0, -0.0, 5e-324, -1e-310, 1e-300, 1e-9, 1.0, -7.3, 1e16, 1e300, -1e307])
def test_an_affine_parameter_is_exact_at_any_size_of_theta(theta: float) -> None:
    """A parameter in which the formula is affine is not stepped: its slope is exact."""
    assert derivatives("a", {"x": [1.0]}, {"a": theta}, DiffMethod.CENTRAL) == {"a": [1.0]}
    assert derivatives("a*x", {"x": [-2.0]}, {"a": theta}, DiffMethod.CENTRAL) == {"a": [-2.0]}


@pytest.mark.parametrize("theta", [0.0, 1e-320, 1e-290, 1e-260])
def test_next_to_zero_the_step_is_that_of_zero_or_of_its_own_size(theta: float) -> None:
    (slope,) = derivatives("exp(a*x)", {"x": [3.0]}, {"a": theta}, DiffMethod.CENTRAL)["a"]
    if theta < NO_SIZE:
        assert slope == pytest.approx(3.0, rel=1e-8)
    else:
        # The step of 1e-265 is lost beside 1: this is the price of a step of its own size.
        assert slope == 0.0


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e6, 1e12])
def test_the_step_scales_with_the_parameter(scale: float) -> None:
    """The same curve in other units has the same derivative in those units, as precisely."""
    (slope,) = derivatives("exp(-a*x)", {"x": [1.3 / scale]}, {"a": scale}, DiffMethod.CENTRAL)["a"]
    assert slope * scale == pytest.approx(-1.3 * math.exp(-1.3), rel=1e-9)


# ---- a perturbation reaches only what depends on it ----


def applied(program: Program) -> list[str]:
    return [item.function.name for item in program.instructions if isinstance(item, Apply)]


@pytest.mark.parametrize("method", STENCILS)
@pytest.mark.parametrize(
    ("parameter", "exp", "sin"),
    [("a", 0, 0), ("b", 1, 0), ("c", 0, 0), ("w", 0, 1), ("phi", 0, 1), ("d", 0, 0)],
)
def test_a_step_re_evaluates_what_it_reaches(method: DiffMethod, parameter: str, exp: int, sin: int) -> None:
    """At each point what the step reaches, up to where the rest is linear; nothing for an affine one."""
    bound, program = compiled("a*exp(-b*t) + c*sin(w*t + phi) + cosh(t)*(d + 1)/3", ("t",))
    moved = applied(differentiate(program, (bound.parameters.index(parameter),), method))
    points = STENCILS[method].points
    counts = [moved.count(name) for name in ("exp", "sin", "cosh", "+")]
    # Of the sums of the formula none is computed again; those of the quotient, and that within the sine, are.
    sums = applied(program).count("+") + (points - 1) * (exp + sin) + points * (parameter in ("w", "phi"))
    assert counts == [1 + points * exp, 1 + points * sin, 1, sums]


@pytest.mark.parametrize("method", STENCILS)
def test_instructions_are_linear_in_the_number_of_peaks(method: DiffMethod) -> None:
    def count(peaks: int) -> int:
        peaked = "+".join(f"a{i}*exp(-((t - mu{i})/s{i})^2)" for i in range(peaks))
        bound, program = compiled(peaked, ("t",))
        full = differentiate(program, tuple(range(len(bound.parameters))), method)
        row_by_row = [
            item
            for slot, item in enumerate(full.instructions)
            if isinstance(item, Apply) and full.on_data[slot] and full.on_parameters[slot]
        ]
        assert sum(item.function.name == "exp" for item in row_by_row) == peaks * (
            1 + 2 * STENCILS[method].points
        )
        return len(row_by_row)

    one, two, thirty = count(1), count(2), count(30)
    assert thirty == one + 29 * (two - one)


def test_a_difference_calls_the_kernels_it_needs() -> None:
    calls = {"exp": 0, "sin": 0}

    def counting(name: str) -> object:
        def kernel(*arguments: np.ndarray) -> None:
            calls[name] += 1
            FUNCTIONS[name].kernel(*arguments)

        return replace(FUNCTIONS[name], kernel=kernel)

    builder = ProgramBuilder()
    x, a, b = builder.column("x"), builder.parameter(0), builder.parameter(1)
    times = [builder.apply(FUNCTIONS["hypot"], (x, parameter)) for parameter in (a, b)]
    both = [
        builder.apply(counting(name), (slot,))  # type: ignore[arg-type]
        for name, slot in zip(("exp", "sin"), times, strict=True)
    ]
    program = builder.finish([builder.apply(FUNCTIONS["hypot"], (both[0], both[1]))])
    evaluate(difference(program, [0]), {"x": np.ones(4)}, 4, [1.0, 2.0])
    assert calls == {"exp": 3, "sin": 1}


def test_the_carried_step_shares_slots_with_the_value() -> None:
    _, program = compiled("a*exp(-b*t)", ("t",))
    of_value, of_tangent_by_b = ["negate", "*", "exp", "*"], ["negate", "*", "*"]
    # The tangent by a is the exponential itself; that by b is -t times it, times a.
    assert sorted(applied(carry(program, [0, 1]))) == sorted(of_value + of_tangent_by_b)


def test_tangents_of_data_alone_are_computed_with_the_data() -> None:
    _, program = compiled("a*exp(-t) + b*sin(t)", ("t",))
    carried = carry(program, [0, 1])
    assert [carried.on_parameters[slot] for slot in carried.outputs] == [0b11, 0, 0]


# ---- outputs ----


@pytest.mark.parametrize("method", list(DiffMethod))
def test_outputs_are_the_value_and_one_derivative_each_in_the_order_given(method: DiffMethod) -> None:
    _, program = compiled("a*x0 + b*x1 + c")
    columns = {"x0": np.array([2.0, 4.0]), "x1": np.array([8.0, 16.0])}
    outputs = evaluate(differentiate(program, (2, 0), method), columns, 2, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(outputs, [[11, 21], [1, 1], [2, 4]], rtol=1e-9)
    only = evaluate(differentiate(program, (), method), columns, 2, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(only, [[11, 21]])


@pytest.mark.parametrize("method", list(DiffMethod))
def test_a_parameter_that_the_formula_does_not_reach_has_derivative_zero(method: DiffMethod) -> None:
    bound = bind_text(Source("a + 0*b"), Declared())
    program = lower(bound)
    outputs = evaluate(differentiate(program, (0, 1), method), {}, 3, [1.0, 2.0])
    np.testing.assert_array_equal(outputs, [[1, 1, 1], [1, 1, 1], [0, 0, 0]])
    flat = evaluate(
        differentiate(lower(bind_text(Source("floor(a)"), Declared())), (0,), method), {}, 1, [1.5]
    )
    np.testing.assert_array_equal(flat, [[1], [0]])


@pytest.mark.parametrize("method", list(DiffMethod))
def test_chunks_and_batches_make_no_difference(method: DiffMethod) -> None:
    bound, program = compiled("a*exp(-(x0/b)^c)*cos(x1) + max(a, x0)")
    rng = np.random.default_rng(8)
    columns = {name: rng.uniform(0, 3, 101) for name in INPUTS}
    thetas = rng.uniform(0.5, 2, (7, len(bound.parameters)))
    full = differentiate(program, (0, 1, 2), method)
    batch = Evaluation(full, columns, 101, batch=7, chunk=13)(thetas)
    single = Evaluation(full, columns, 101)
    for index, theta in enumerate(thetas):
        np.testing.assert_array_equal(batch[:, index], single(theta))


def test_a_sum_over_2000_parameters_takes_a_linear_number_of_instructions() -> None:
    count = 2000
    text = "+".join(f"p{index}*sin(x0 + {index})" for index in range(count))
    bound, program = compiled(text)
    carried = carry(program, range(count))
    assert len(carried.instructions) <= len(program.instructions) + 2
    outputs = evaluate(carried, {"x0": np.array([0.5])}, 1, np.ones(count))
    np.testing.assert_allclose(outputs[1:, 0], np.sin(0.5 + np.arange(count)), rtol=1e-12)
    assert len(bound.parameters) == count


def test_a_shared_slot_keeps_its_tangents() -> None:
    """A table of tangents may be built upon only by its last reader."""
    got = derivatives("(a*x + b)*(a*x + b) + (a*x + b) - (a*x + b)/2", {"x": [3.0]}, {"a": 2.0, "b": 1.0})
    # u = a*x + b = 7, d/du (u^2 + u/2) = 2u + 1/2
    assert got == {"a": [3 * 14.5], "b": [14.5]}
    assert derivatives("a*x + a*x", {"x": [3.0]}, {"a": 2.0}) == {"a": [6.0]}
    assert derivatives("a*x - a*x", {"x": [3.0]}, {"a": 2.0}) == {"a": [0.0]}
    assert derivatives("max(a, a)*x", {"x": [3.0]}, {"a": 2.0}) == {"a": [3.0]}


# ---- where complex arithmetic or differences would fail ----


@pytest.mark.parametrize(
    ("text", "values", "want"),
    [
        ("abs(a*x - b)", {"a": 1.0, "b": 2.0}, {"a": [1.0, 0.0, 3.0], "b": [1.0, 0.0, -1.0]}),
        ("max(a*x, b)", {"a": 1.0, "b": 2.0}, {"a": [0.0, 2.0, 3.0], "b": [1.0, 0.0, 0.0]}),
        ("min(a*x, b, 2.5)", {"a": 1.0, "b": 2.0}, {"a": [-1.0, 2.0, 0.0], "b": [0.0, 0.0, 1.0]}),
        ("where(x > 0, a*x, b)", {"a": 5.0, "b": 7.0}, {"a": [0.0, 2.0, 3.0], "b": [1.0, 0.0, 0.0]}),
        (
            "a*x if x < b else c",
            {"a": 1.0, "b": 2.5, "c": 4.0},
            {"a": [-1.0, 2.0, 0.0], "c": [0.0, 0.0, 1.0]},
        ),
        ("relu(a*x)", {"a": 2.0}, {"a": [0.0, 2.0, 3.0]}),
        ("clip(a*x, b, 2.5)", {"a": 1.0, "b": 0.0}, {"a": [0.0, 2.0, 0.0], "b": [1.0, 0.0, 0.0]}),
        ("a*(x > 0)", {"a": 1.0}, {"a": [0.0, 1.0, 1.0]}),
        ("a*sign(x) + floor(b*x)", {"a": 1.0, "b": 1.1}, {"a": [-1.0, 1.0, 1.0], "b": [0.0, 0.0, 0.0]}),
        ("(a*x) % b", {"a": 1.0, "b": 1.9}, {"a": [-1.0, 2.0, 3.0], "b": [1.0, -1.0, -1.0]}),
    ],
)
def test_piecewise_formulas(text: str, values: dict[str, float], want: dict[str, list[float]]) -> None:
    got = derivatives(text, {"x": [-1.0, 2.0, 3.0]}, values)
    assert {name: got[name] for name in want} == want


@pytest.mark.parametrize(
    ("text", "values", "want"),
    [
        # The branch that is not taken is NaN or infinite; none of it may be seen.
        ("where(x > 0, a*log(x), b)", {"a": 2.0, "b": 3.0}, {"a": [0.0, 0.0], "b": [1.0, 1.0]}),
        ("where(x > 0, sqrt(a*x), b)", {"a": 2.0, "b": 3.0}, {"a": [0.0, 0.0], "b": [1.0, 1.0]}),
        ("b if x <= 0 else a/x", {"a": 2.0, "b": 3.0}, {"a": [0.0, 0.0], "b": [1.0, 1.0]}),
        ("max(b, a + x/0*1)", {"a": 1.0, "b": 2.0}, {"b": [1.0, 0.0]}),
    ],
)
def test_a_branch_not_taken_leaves_no_trace(
    text: str, values: dict[str, float], want: dict[str, list[float]]
) -> None:
    got = derivatives(text, {"x": [-1.0, 0.0]}, values)
    assert {name: got[name] for name in want} == want


@pytest.mark.parametrize("b", [1e-3, 0.5, 1.0, 2.0, 7.5])
def test_zero_to_the_power_b_has_derivative_zero_by_b(b: float) -> None:
    assert derivatives("x^b", {"x": [0.0]}, {"b": b}) == {"b": [0.0]}
    assert derivatives("a*pow(x, b)", {"x": [0.0]}, {"a": 3.0, "b": b}) == {"a": [0.0], "b": [0.0]}


@pytest.mark.parametrize(
    ("text", "values", "want"),
    [
        # At x = 0 none of these depends on the parameter that scales x, however steep the function is there.
        ("exp(-(x/tau)^b)", {"tau": 2.0, "b": 0.5}, {"tau": 0.0, "b": 0.0}),
        ("1 - exp(-(k*x)^b)", {"k": 2.0, "b": 0.3}, {"k": 0.0, "b": 0.0}),
        ("A*sqrt(k*x)", {"A": 3.0, "k": 2.0}, {"A": 0.0, "k": 0.0}),
        ("(k*x)^0.5", {"k": 2.0}, {"k": 0.0}),
        ("cbrt(k*x)", {"k": 2.0}, {"k": 0.0}),
        ("hypot(a*x, b*x)", {"a": 1.0, "b": 2.0}, {"a": 0.0, "b": 0.0}),
        ("acosh(1 + k*x)", {"k": 2.0}, {"k": 0.0}),
        ("asin(1 - k*x) + acos(1 - k*x)", {"k": 2.0}, {"k": 0.0}),
        ("A*x^n/(K^n + x^n)", {"A": 1.0, "n": 0.5, "K": 2.0}, {"A": 0.0, "n": 0.0, "K": 0.0}),
        # And where the argument does move, a steep function says so.
        ("sqrt(k + x)", {"k": 0.0}, {"k": math.inf}),
    ],
)
def test_steep_functions_at_the_end_of_their_domain(
    text: str, values: dict[str, float], want: dict[str, float]
) -> None:
    assert derivatives(text, {"x": [0.0]}, values) == {name: [value] for name, value in want.items()}


@pytest.mark.parametrize("x", [1e-300, 1e-20, 1e-3, 1.0, 1e20, 1e300])
def test_a_steep_function_beside_the_end_of_its_domain(x: float) -> None:
    got = derivatives("exp(-(x/tau)^b)", {"x": [x]}, {"tau": 2.0, "b": 0.5})
    u = math.sqrt(x / 2)
    assert got["tau"][0] == pytest.approx(math.exp(-u) * 0.5 * u / 2, rel=1e-12, abs=1e-300)
    assert got["b"][0] == pytest.approx(-math.exp(-u) * u * math.log(x / 2), rel=1e-12, abs=1e-300)


# ---- methods by name ----


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ("central", DiffMethod.CENTRAL),
        ("CENTRAL", DiffMethod.CENTRAL),
        ("complex_step", DiffMethod.COMPLEX_STEP),
        (DiffMethod.CENTRAL, DiffMethod.CENTRAL),
    ],
)
def test_methods_by_name(given: str | DiffMethod, method: DiffMethod) -> None:
    assert read_method(given) is method


def test_an_unknown_method() -> None:
    with pytest.raises(OptionError) as caught:
        read_method("centrall")
    assert str(caught.value) == "unknown diff_method 'centrall'\nDid you mean 'central'?"
    with pytest.raises(OptionError) as caught:
        read_method("qqq")
    names = ", ".join(member.value for member in DiffMethod)
    assert str(caught.value) == f"unknown diff_method 'qqq'\nThe methods are: {names}."


def test_every_method_is_in_the_table() -> None:
    assert set(METHODS) == set(DiffMethod)


def test_a_derivative_is_built_once() -> None:
    _, program = compiled("a*x0")
    assert differentiate(program, (0,), DiffMethod.CENTRAL) is differentiate(
        program, (0,), DiffMethod.CENTRAL
    )


def test_a_formula_of_numbers_has_no_derivatives() -> None:
    _, program = compiled("2*3")
    assert carry(program, []).instructions == (Constant(6.0),)


def test_zero_times_infinity_is_mended_on_every_face() -> None:
    """Where exp overflows, 1/(1 + exp(a*x)) is 0, and so is its derivative."""
    model, x = Model("1/(1 + exp(a*x))"), np.array([1.0, 1000.0])
    slope = -np.exp(1) / (1 + np.exp(1)) ** 2
    assert model.jacobian({"x": x}, {"a": 1})["a"] == pytest.approx([slope, 0.0], rel=1e-14)
    gradient = model.bind({"x": x}, y=[0.0, 0.0]).gradient([1.0])
    assert gradient == pytest.approx([2 * slope / (1 + np.exp(1))], rel=1e-14)
