"""What `auto` stands for, and that derivatives keep what all rows share out of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.choice import choose
from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.derivatives.scaling import parts_of, product
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.program.instructions import ADD, DIVIDE, MULTIPLY, NEGATE, ProgramBuilder
from lambdaml_dsl.program.plan import plan

AUTO = Scheme(DiffMethod.AUTO)
SEVENTEEN = " + ".join(f"p{k}*x^{k}" for k in range(17))


@pytest.mark.parametrize(
    ("text", "parameters", "row_by_row", "summed"),
    [
        ("a*exp(-b*x) + c", [], "complex_step", "complex_step"),
        (SEVENTEEN, [], "complex_step", "adjoint"),
        ("sum(A*exp(-k*x))", ["A[3]", "k[3]"], "adjoint", "adjoint"),
        ("a*x + size(v)", ["v[1]"], "complex_step", "complex_step"),
        ("softmax([0, w[0]*x, w[1]*x])", ["w[2]"], "complex_step", "adjoint"),
    ],
)
def test_auto_goes_by_number_and_shape(
    text: str, parameters: list[str], row_by_row: str, summed: str
) -> None:
    model = Model(text, inputs=["x"], parameters=parameters)
    every = tuple(range(len(model.parameters)))
    assert choose(model.program, every, AUTO).method == row_by_row
    assert choose(model.program, every, AUTO, summed=True).method == summed


@pytest.mark.parametrize("method", [each for each in DiffMethod if each is not DiffMethod.AUTO])
def test_what_was_asked_for_stays(method: DiffMethod) -> None:
    model = Model("sum(A*exp(-k*x))", inputs=["x"], parameters=["A[30]", "k[30]"])
    asked = Scheme(method, lower=(0.0,) * 60, upper=(9.0,) * 60)
    assert choose(model.program, (0, 1), asked) is asked


def test_only_the_parameters_asked_for_count() -> None:
    model = Model("b*sum(A*exp(-k*x))", inputs=["x"], parameters=["A[30]", "k[30]"])
    assert choose(model.program, (model.parameters.index("b"),), AUTO, True).method == "complex_step"


# ---- what all rows share ----


def test_numbers_that_all_rows_share_are_multiplied_first() -> None:
    builder = ProgramBuilder()
    x, a, b = builder.column("x"), builder.parameter(0), builder.parameter(1)
    left = builder.apply(MULTIPLY, (a, x))
    right = builder.apply(NEGATE, (builder.apply(DIVIDE, (x, b)),))
    slot = product(builder, left, right, ())
    item = builder.instructions[slot]
    scale, row = parts_of(builder, slot, ())
    assert scale is not None
    assert row is not None
    assert not builder.on_data[scale]
    assert builder.instructions[row].function.name == "square"  # type: ignore[union-attr]
    assert set(item.arguments) == {scale, row}  # type: ignore[union-attr]


def test_values_that_there_are_in_any_case_are_not_taken_apart() -> None:
    builder = ProgramBuilder()
    x, a = builder.column("x"), builder.parameter(0)
    value = builder.apply(MULTIPLY, (a, x))
    other = builder.apply(ADD, (x, a))
    assert parts_of(builder, value, {value}) == (None, value)
    assert product(builder, value, other, {value, other}) == builder.apply(MULTIPLY, (value, other))


def test_the_jacobian_of_a_peak_takes_no_more_passes_than_one_written_by_hand() -> None:
    """By hand: 2 for z, 2 for the exponent, 1 for exp, 1 for the height, 1 for the sum, 2 a derivative."""
    text = " + ".join(f"A{k}*exp(-((x - m{k})/s{k})^2/2)" for k in range(30))
    model = Model(text, inputs=["x"])
    steps = plan(carry(model.program, range(90))).per_row
    assert len(steps) <= 11 * 30


@pytest.mark.parametrize("text", ["A*exp(-((x - m)/s)^2/2)", "-a/b*x/(c - d*x)", "a*(b*(c*x)^2)^2/d"])
def test_scales_change_no_digit_that_counts(text: str) -> None:
    model = Model(text, inputs=["x"])
    rng = np.random.default_rng(2)
    values = dict(zip(model.parameters, rng.uniform(0.5, 2, len(model.parameters)), strict=True))
    data = {"x": rng.uniform(0.1, 0.2, 50)}
    exact = model.jacobian(data, values)
    for name, slope in model.jacobian(data, values, "richardson").items():
        np.testing.assert_allclose(exact[name], slope, rtol=1e-9, atol=1e-9)
