"""Strength reduction: every replacement against exact values, and against what it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from oracles.as_written import as_written
from oracles.formulas import SEEDS, pieces, set_as_text

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.errors import LambdaMLError
from lambdaml_dsl.language.bind import Declared, bind_text
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, RULE_FUNCTIONS, Function
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program import strength
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.instructions import DIVIDE, POWER, Apply, Program, ProgramBuilder
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.reductions import angles as by_angle
from lambdaml_dsl.program.reductions.angles import tangent_is_precise, tangent_is_vectorised
from lambdaml_dsl.program.reductions.powers import POWERS
from lambdaml_dsl.program.strength import reduced

NAN, INF = math.nan, math.inf
LARGEST, TINY, SMALLEST = 1.7976931348623157e308, 2.0**-1022, 5e-324
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, LARGEST, -LARGEST, TINY, -TINY]
SPECIAL += [SMALLEST, -SMALLEST, 3 * SMALLEST, 1e-160, -1e-160, 1e160, -1e160, 7.0, -7.0]
RNG_SEED = 20240229


def bits(values: np.ndarray) -> np.ndarray:
    """Give the bits of floats, every NaN as the same one."""
    values = np.asarray(values, dtype=float)
    return np.where(np.isnan(values), NAN, values).view(np.int64)


def call(function: Function, *constants: float) -> Program:
    """Make the program of a function of columns x0, x1, ..., its last arguments being numbers."""
    builder = ProgramBuilder()
    count = len(function.arguments) - len(constants)
    columns = [builder.column(f"x{index}") for index in range(count)]
    numbers = [builder.constant(value) for value in constants]
    return builder.finish([builder.apply(function, (*columns, *numbers))])


def run(program: Program, *columns: np.ndarray) -> np.ndarray:
    data = {f"x{index}": np.asarray(column, dtype=float) for index, column in enumerate(columns)}
    return evaluate(program, data, len(columns[0]), [])[0]


def functions_in(program: Program) -> list[str]:
    return [item.function.name for item in program.instructions if isinstance(item, Apply)]


def compiled(text: str, inputs: tuple[str, ...] = ("x0", "x1")) -> Program:
    return lower(bind_text(Source(text), Declared(inputs=inputs)))


@pytest.fixture(params=[True, False], ids=["quick tangent", "slow tangent"])
def tangent(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Take either way, whatever the machine."""
    with patch.object(by_angle, "tangent_is_quick", lambda: request.param):
        forget()
        yield request.param
    forget()


@pytest.fixture
def quick() -> Iterator[None]:
    with patch.object(by_angle, "tangent_is_quick", lambda: True):
        forget()
        yield
    forget()


def forget() -> None:
    from lambdaml_dsl.program.plan import plan

    reduced.cache_clear()
    plan.cache_clear()


# ---- sine and cosine ----


def angles() -> np.ndarray:
    """Draw angles of every size, many of them close to where a sine or cosine is 0, 1 or -1."""
    rng = np.random.default_rng(RNG_SEED)
    count = 400
    sign = rng.choice([-1.0, 1.0], count)
    whole = rng.integers(-(10**6), 10**6, count)
    away = 1 + rng.uniform(-1, 1, count) * 10.0 ** rng.uniform(-16, -2, count)
    return np.concatenate(
        [
            rng.uniform(-10, 10, 3 * count),
            whole * (math.pi / 2),
            whole * (math.pi / 2) * away,
            rng.integers(-60, 60, count) * (math.pi / 4) * away,
            (2 * rng.integers(-60, 60, count) + 1) * math.pi + rng.normal(0, 0.3, count),
            rng.uniform(-1e5, 1e5, count),
            rng.uniform(-1e9, 1e9, count),
            sign * 10.0 ** rng.uniform(5, 308, 2 * count)[:count],
            sign * 10.0 ** rng.uniform(-307, -3, count),
            # Close to multiples of pi/2: the worst of all floats (Muller 2016, table 11.1), and 10^22.
            [6381956970095103.0 * 2.0**797, -6381956970095103.0 * 2.0**797, 1e22, LARGEST, -LARGEST],
        ]
    )


@pytest.mark.parametrize(("name", "ulp", "of_one"), [("sin", 7.6, 2.6), ("cos", 7.8, 3.9)])
def test_sine_and_cosine_everywhere(tangent: bool, name: str, ulp: float, of_one: float) -> None:
    if tangent and not tangent_is_precise():
        pytest.skip("the tangent of this NumPy is not precise: it is not used")
    x = angles()
    got = run(call(FUNCTIONS[name]), x)
    worst = nearest_one = 0.0
    with mp.workdps(380):
        exact = getattr(mp, name)
        for angle, value in zip(x.tolist(), got.tolist(), strict=True):
            want = exact(mpf(angle))
            error = abs(value - want)
            worst = max(worst, float(error / mpf(math.ulp(float(want)))))
            nearest_one = max(nearest_one, float(error * 2**52))
    if tangent:
        # The C library's own tangent and cosine are 8 ulp off at the worst of all floats.
        assert worst <= (ulp if tangent_is_vectorised() else 10)
        assert nearest_one <= of_one
    else:  # NumPy's own
        assert nearest_one <= 1


def test_sine_and_cosine_at_the_ends(tangent: bool) -> None:
    ends = np.array([0.0, -0.0, INF, -INF, NAN, SMALLEST, -SMALLEST, 3 * SMALLEST, -TINY, 1e-300, -1e-9])
    got = run(call(FUNCTIONS["sin"]), ends)
    np.testing.assert_array_equal(bits(got), bits(np.where(np.isinf(ends), NAN, ends)))
    got = run(call(FUNCTIONS["cos"]), ends)
    np.testing.assert_array_equal(bits(got), bits(np.where(np.isfinite(ends), 1.0, NAN)))


def test_sine_is_odd_and_cosine_even(tangent: bool) -> None:
    x = angles()
    for name, sign in ("sin", -1), ("cos", 1):
        program = call(FUNCTIONS[name])
        np.testing.assert_array_equal(bits(run(program, -x)), bits(sign * run(program, x)))


def test_sine_and_cosine_share_their_parts(quick: None) -> None:
    program = carry(compiled("a*cos(w*x0 + b)", ("x0",)), range(3))
    names = functions_in(reduced(program))
    assert names.count("tan") == 2
    assert "sin" not in names
    assert "cos" not in names


def test_together_they_have_the_bits_of_each_alone(tangent: bool) -> None:
    x = angles()
    builder = ProgramBuilder()
    column = builder.column("x0")
    both = builder.finish([builder.apply(FUNCTIONS[name], (column,)) for name in ("cos", "sin")])
    together = evaluate(both, {"x0": x}, len(x), [])
    for name, values in zip(("cos", "sin"), together, strict=True):
        np.testing.assert_array_equal(bits(values), bits(run(call(FUNCTIONS[name]), x)))


@pytest.mark.parametrize("text", ["sin(x0)", "cos(x0)", "sinc(x0)", "x0^3 + x0^-2", "x0^7", "abs(x0)^0.5"])
def test_any_arrangement_has_the_same_bits(tangent: bool, text: str) -> None:
    x = angles()[::7].copy()
    program = compiled(text, ("x0",))
    whole = evaluate(program, {"x0": x}, len(x), [])
    for chunk in 1, 2, 7, 64:
        parts = Evaluation(program, {"x0": x}, len(x), chunk=chunk)(np.empty(0))
        np.testing.assert_array_equal(bits(parts), bits(whole))
    strided = np.column_stack([x, x, x])[:, 1]
    np.testing.assert_array_equal(bits(evaluate(program, {"x0": strided}, len(x), [])), bits(whole))
    by_parameter = compiled(text, ())
    batch = evaluate(by_parameter, {}, 1, x[:, None])
    np.testing.assert_array_equal(bits(batch[..., 0]), bits(whole))
    for value, want in zip(x[:50], whole[0], strict=False):
        alone = evaluate(by_parameter, {}, 1, [value])
        np.testing.assert_array_equal(bits(alone[0]), bits(np.array([want])))


def test_without_a_quick_tangent_nothing_is_done() -> None:
    with patch.object(by_angle, "tangent_is_quick", lambda: False):
        forget()
        program = compiled("sin(x0) + cos(x0) + sinc(x1)")
        assert reduced(program) is program
    forget()


@pytest.mark.parametrize(
    ("current", "platform", "quick"),
    [
        ("X86_V4", "linux", True),
        ("AVX512_SKX", "linux", True),
        ("baseline(X86_V2)", "linux", False),
        ("baseline(SSE SSE2 SSE3)", "linux", False),
        ("baseline(NEON ASIMD)", "linux", False),
        ("AVX512_SKX", "win32", False),
        ("X86_V4", "darwin", False),
    ],
)
def test_where_the_tangent_is_quick(current: str, platform: str, quick: bool) -> None:
    introspect = pytest.importorskip("numpy.lib.introspect")

    def known(**_: Any) -> dict[str, dict[str, dict[str, str]]]:
        return {"tan": {"dd": {"current": current, "available": current}}}

    with patch.object(introspect, "opt_func_info", known), patch("sys.platform", platform):
        assert tangent_is_vectorised() is quick


def test_a_numpy_that_does_not_say_is_taken_as_slow() -> None:
    with patch.dict("sys.modules", {"numpy.lib.introspect": None}):
        assert tangent_is_vectorised() is False


def test_a_tangent_with_a_few_wrong_digits_is_not_used() -> None:
    right, rng = np.tan, np.random.default_rng(RNG_SEED)

    def off(ulp: int) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: right(x) * (1 + 2.0**-52 * rng.integers(-ulp, ulp + 1, x.shape))

    for ulp in 1, 2, 4, 1000:
        with patch.object(np, "tan", off(ulp)):
            assert not tangent_is_precise()
    with patch.object(np, "tan", lambda x: np.array([math.tan(each) for each in x.tolist()])):
        assert tangent_is_precise()


# ---- powers ----

EXPONENTS = [*POWERS, 4.0, 5.0, -3.0, -4.0, 6.0, -7.0, 12.0, -13.0, 27.0, 400.0, 2.0**60]


def bases(exponent: float) -> np.ndarray:
    """Draw bases over all for which the power is a float, denser where it over- or underflows."""
    rng = np.random.default_rng([RNG_SEED, int(abs(exponent) * 2)])
    span = min(1074 / abs(exponent), 1074)
    edges = [sign * edge / exponent for sign in (1, -1) for edge in (1023.9, 1022, 1060, 1074)]
    powers_of_two = [
        *rng.uniform(-span, span, 600),
        *rng.uniform(-1, 1, 600),
        *[edge + rng.normal(0, 2 / abs(exponent)) for edge in edges for _ in range(40)],
    ]
    found = [2.0**power for power in powers_of_two if -1074 <= power < 1024]
    return np.array([*found, *rng.uniform(0.5, 4, 600)])


def rounded(value: Fraction) -> float:
    """Round a positive number to the nearest float."""
    try:
        return float(value)
    except OverflowError:
        return INF


def exact_power(base: float, exponent: float) -> float:
    """Give a power of a positive number, correctly rounded."""
    if abs(exponent) <= 30 and exponent.is_integer():
        return rounded(Fraction(base) ** int(exponent))
    with mp.workdps(50):
        power = mpf(base) ** mpf(exponent)
        if not mpf(2) ** -1100 < power < mpf(2) ** 1100:
            return 0.0 if power < 1 else INF
        mantissa, shift = int(power.man), int(power.exp)
        return rounded(Fraction(mantissa) * Fraction(2) ** shift)


def floats_apart(got: np.ndarray, want: np.ndarray) -> int:
    """Count the floats between two results, both not negative."""
    return int(np.max(np.abs(bits(got) - bits(want)), initial=0))


@pytest.mark.parametrize("operator", [POWER, FUNCTIONS["pow"]], ids=["**", "pow"])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_are_within_1_ulp(operator: Function, exponent: float) -> None:
    x = bases(exponent)
    want = np.array([exact_power(base, exponent) for base in x.tolist()])
    program = call(operator, exponent)
    assert floats_apart(run(program, x), want) <= (0 if exponent in (1, 2, -1, 0.5) else 1)
    if exponent.is_integer():
        sign = -1.0 if exponent % 2 else 1.0
        np.testing.assert_array_equal(bits(run(program, -x)), bits(sign * run(program, x)))
    else:
        assert np.isnan(run(program, -x)).all()


@pytest.mark.parametrize("exponent", [*EXPONENTS, 0.0, -0.0, 2.5, -1.5, INF, NAN])
def test_powers_at_the_ends(exponent: float) -> None:
    x = np.array([value for value in SPECIAL if abs(value) != 7])
    with np.errstate(all="ignore"):
        want = np.sqrt(x) if exponent == 0.5 else np.power(x, exponent)
    got = run(call(POWER, exponent), x)
    exact = np.isnan(want) | np.isinf(want) | (want == 0) | np.isinf(x) | (np.abs(x) == 1)
    np.testing.assert_array_equal(bits(got[exact]), bits(want[exact]))
    assert np.isfinite(got[~exact]).all()
    assert floats_apart(np.abs(got[~exact]), np.abs(want[~exact])) <= 2
    np.testing.assert_array_equal(np.signbit(got[~exact]), np.signbit(want[~exact]))


@pytest.mark.parametrize("exponent", [4.0, 5.0, -3.0, 12.0, -13.0])
def test_whole_powers_of_positive_numbers_are_those_of_numpy(exponent: float) -> None:
    x = bases(exponent)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(bits(run(call(POWER, exponent), x)), bits(np.power(x, exponent)))


@pytest.mark.parametrize("text", ["x0^0", "x0^2.5", "x0^a", "a^x0", "2^x0"])
def test_other_powers_stay(text: str) -> None:
    program = compiled(text)
    assert reduced(program) is program


# ---- quotients and signs ----


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_quotients_by_powers_of_two_have_the_same_bits(sign: float) -> None:
    rng = np.random.default_rng(RNG_SEED)
    x = np.concatenate([SPECIAL, 2.0 ** rng.uniform(-1074, 1024, 300), rng.uniform(-4, 4, 100)])
    x = np.concatenate([x, rng.integers(1, 2000, 100) * SMALLEST])
    for power in range(-1074, 1024):
        program = call(DIVIDE, sign * 2.0**power)
        kept = power == 0 or power < -1023
        assert ("/" in functions_in(reduced(program))) == (kept and power != 0)
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(bits(run(program, x)), bits(x / (sign * 2.0**power)))


@pytest.mark.parametrize("divisor", [3.0, 0.1, 0.0, -0.0, INF, NAN, 1.5, LARGEST])
def test_other_quotients_stay(divisor: float) -> None:
    program = call(DIVIDE, divisor)
    assert reduced(program) is program


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a*(-exp(x0))", ["exp", "negate", "*"]),
        ("-exp(x0)/a", ["exp", "negate", "/"]),
        ("exp(-(x0 - a)^2/2)", ["-", "square", "*", "exp"]),
        ("x0 + (-exp(x1))", ["exp", "-"]),
        ("(-exp(x0)) + x1", ["exp", "-"]),
        ("x0 - (-exp(x1))", ["exp", "+"]),
        ("(-exp(x0))*(-x1)", ["exp", "*"]),
    ],
)
def test_signs_are_absorbed(text: str, want: list[str]) -> None:
    assert functions_in(reduced(compiled(text))) == want


BIT_EQUAL = (
    "exp",
    "log",
    "abs",
    "tanh",
    "sigmoid",
    "softplus",
    "relu",
    "max",
    "min",
    "sqrt",
    "atan",
    "where",
)
FORMULAS = st.builds(
    lambda piece, seed: set_as_text(piece.tokens, seed),
    pieces(
        ["x0", "x1", "a", "b"],
        ["2", "0.5", "8", "3", "1"],
        {name: len(FUNCTIONS[name].arguments) for name in BIT_EQUAL},
        arithmetic=("+", "-", "*", "/"),
        max_leaves=12,
    ),
    SEEDS,
)
NUMBERS = st.one_of(st.sampled_from(SPECIAL), st.floats(-4, 4), st.floats())


@settings(max_examples=300)
@given(FORMULAS, st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9), st.tuples(NUMBERS, NUMBERS))
def test_values_and_derivatives_have_the_same_bits(
    text: str, rows: list[tuple[float, float]], theta: tuple[float, float]
) -> None:
    bound = bind_text(Source(text), Declared(inputs=("x0", "x1"), parameters=("a", "b")))
    program = carry(lower(bound), range(len(bound.parameters)))
    assume(reduced(program) is not program)
    columns = dict(zip(("x0", "x1"), np.array(rows).T.copy(), strict=True))
    got = evaluate(program, columns, len(rows), list(theta))
    with as_written():
        want = evaluate(program, columns, len(rows), list(theta))
    np.testing.assert_array_equal(bits(got), bits(want))


# ---- functions taken apart ----


def test_sigmoid_shares_its_exponential_with_its_slope() -> None:
    names = functions_in(reduced(carry(compiled("sigmoid(a*x0 + b)", ("x0",)), range(2))))
    assert names.count("exp") == 1
    assert "sigmoid" not in names


def test_softplus_shares_its_exponential_with_its_slope() -> None:
    names = functions_in(reduced(carry(compiled("softplus(a*x0 + b)", ("x0",)), range(2))))
    assert names.count("exp") == 1


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_taken_apart_they_have_the_same_bits(name: str) -> None:
    rng = np.random.default_rng(RNG_SEED)
    x = np.concatenate([SPECIAL, rng.uniform(-800, 800, 500), rng.normal(0, 3, 500)])
    want = np.empty_like(x)
    with np.errstate(all="ignore"):
        FUNCTIONS[name].kernel(x, want)
    np.testing.assert_array_equal(bits(run(call(FUNCTIONS[name]), x)), bits(want))


def test_lengths_are_within_1_ulp() -> None:
    rng = np.random.default_rng(RNG_SEED)
    x = np.concatenate([rng.uniform(-3, 3, 1500), 2.0 ** rng.uniform(-1074, 1024, 1500)])
    y = np.concatenate([rng.uniform(-3, 3, 1500), x[1500:] * 2.0 ** rng.uniform(-4, 4, 1500)])
    y[~np.isfinite(y)] = 1.0
    got = run(call(FUNCTIONS["hypot"]), x, y)
    want = []
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        squares = Fraction(a) ** 2 + Fraction(b) ** 2
        with mp.workdps(60):
            root = mp.sqrt(mpf(squares.numerator) / squares.denominator)
            want.append(rounded(Fraction(int(root.man)) * Fraction(2) ** int(root.exp)))
    assert floats_apart(got, np.array(want)) <= 1


def test_lengths_at_the_ends() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        want = np.hypot(x, y)
    got = run(call(FUNCTIONS["hypot"]), x, y)
    exact = np.isnan(want) | np.isinf(want) | (want == 0) | (x == 0) | (y == 0)
    np.testing.assert_array_equal(bits(got[exact]), bits(want[exact]))
    assert floats_apart(got, want) <= 2


@pytest.mark.parametrize("name", ["sinc", "sinc_slope"])
def test_sinc_and_its_slope(quick: None, name: str) -> None:
    rng = np.random.default_rng(RNG_SEED)
    x = np.concatenate(
        [SPECIAL, rng.uniform(-1.1, 1.1, 200), rng.uniform(-50, 50, 500), rng.normal(0, 1e6, 99)]
    )
    with as_written():
        want = run(call(RULE_FUNCTIONS[name]), x)
    got = run(call(RULE_FUNCTIONS[name]), x)
    near = np.abs(np.nan_to_num(x)) < 1
    if name == "sinc_slope":
        np.testing.assert_array_equal(bits(got[near]), bits(want[near]))
    # Within 8 ulp of the terms: the slope is the difference of two.
    unit = np.minimum(1, 1 / np.maximum(np.abs(x), 1)) * 2.0**-52
    finite = np.isfinite(x)
    assert (np.abs(got - want)[finite] <= 8 * unit[finite]).all()
    np.testing.assert_array_equal(bits(got[~finite]), bits(want[~finite]))


# ---- the program as a whole ----


def test_a_program_without_anything_to_replace_comes_back_as_it_is() -> None:
    program = carry(compiled("a*exp(-b*x0) + tanh(c*x1)"), range(3))
    assert reduced(program) is program


def test_the_flagship() -> None:
    program = carry(compiled("sigmoid(a*exp(-lam*abs(x0))*cos(w*x1 + phi))"), range(4))
    with patch.object(by_angle, "tangent_is_quick", lambda: True):
        forget()
        names = functions_in(reduced(program))
    forget()
    assert (names.count("exp"), names.count("tan"), names.count("sin"), names.count("cos")) == (2, 2, 0, 0)
    assert len(names) <= 39


def test_outputs_spans_and_extension_are_kept() -> None:
    def extension(theta: np.ndarray) -> np.ndarray:
        return np.concatenate([theta, theta], axis=-1)

    program = replace(compiled("a + x0^3 + b*sigmoid(x1)"), extension=extension)
    light = reduced(program)
    assert light is not program
    assert light.extension is extension
    assert light.output_sizes == program.output_sizes
    spans = {span for span in program.spans if span.end}
    assert {span for span in light.spans if span.end} <= spans
    assert program.spans[program.outputs[0]] == light.spans[light.outputs[0]]


def test_it_is_done_once() -> None:
    program = compiled("x0^3")
    assert reduced(program) is reduced(program)
    assert reduced(reduced(program)) is reduced(program)


@pytest.mark.parametrize(
    "text", ["1/x0^2", "a*x0^-2", "a*x0^0.5", "sin(a/x0)", "a*hypot(x0, 1/x0)", "a/x0^3"]
)
def test_errors_are_those_of_the_formula(text: str) -> None:
    data = {"x0": [1.0, 2.0, 0.0 if "0.5" not in text else -3.0, 4.0]}
    messages = []
    for _ in range(2):
        with pytest.raises(LambdaMLError) as caught:
            Model(f"b + {text}").fit(data | {"y": [1.0, 2.0, 3.0, 4.0]}, y="y")
        messages.append(str(caught.value))
        with as_written(), pytest.raises(LambdaMLError) as caught:
            Model(f"b + {text}").fit(data | {"y": [1.0, 2.0, 3.0, 4.0]}, y="y")
        messages.append(str(caught.value))
    assert len(set(messages)) == 1


def test_every_reduction_is_of_a_function_of_the_table() -> None:
    known = {id(entry) for entry in (*RULE_FUNCTIONS.values(), *OPERATORS.values())}
    assert all(id(function) in known for function in strength.REDUCTIONS)
