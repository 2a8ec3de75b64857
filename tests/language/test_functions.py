"""The function table against mpmath and SymPy: every value, every slope.

The tests read the table, so that a new entry is tested once it has a line in `ORACLES`; a test
asserts that every entry has one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

import mpmath
import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.language.functions import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    RULE_FUNCTIONS,
    Function,
    Interval,
)
from lambdaml_dsl.language.nodes import Call, Name
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program, ProgramBuilder

TABLE = {entry.name: entry for entry in (*FUNCTIONS.values(), *OPERATORS.values())}

TINY = float(np.finfo(float).tiny)
LARGEST = float(np.finfo(float).max)


class whole(sympy.Function):
    """Floor, whose derivative between its jumps is zero."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.Integer(0)


X, Y, Z = sympy.symbols("x y z", real=True)


def choose(test: sympy.Basic, x: sympy.Expr, y: sympy.Expr) -> sympy.Expr:
    return sympy.Piecewise((x, test), (y, True))


def truth(test: sympy.Basic) -> sympy.Expr:
    return choose(test, sympy.Integer(1), sympy.Integer(0))


@dataclass(frozen=True)
class Oracle:
    """What a function is, in SymPy, and where it is tested.

    `lows` and `highs` narrow the domain to where the value is a float; `digits` is the working
    precision, raised where the formula below cancels.
    """

    formula: sympy.Expr
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    digits: int = 60
    ulp: float = 8
    skip: Callable[..., bool] = field(default=lambda *values: False)


SCIPY = {"erf", "erfc", "gamma", "lgamma", "logit"}

LOGISTIC = 1 / (1 + sympy.exp(-X))
SMALL_ANGLES = {"lows": (-1e22,), "highs": (1e22,)}

ORACLES = {
    "exp": Oracle(sympy.exp(X), lows=(-745.0,), highs=(709.7,)),
    "exp2": Oracle(2**X, lows=(-1074.0,), highs=(1023.9,)),
    "expm1": Oracle(sympy.exp(X) - 1, lows=(-745.0,), highs=(709.7,), digits=400),
    "log": Oracle(sympy.log(X)),
    "log1p": Oracle(sympy.log(1 + X), digits=400),
    "log2": Oracle(sympy.log(X) / sympy.log(2)),
    "log10": Oracle(sympy.log(X) / sympy.log(10)),
    "sqrt": Oracle(sympy.sqrt(X)),
    "cbrt": Oracle(choose(X < 0, -((-X) ** sympy.Rational(1, 3)), X ** sympy.Rational(1, 3))),
    "square": Oracle(X**2, lows=(-1e154,), highs=(1e154,)),
    "pow": Oracle(X**Y, lows=(0.0, -300.0), highs=(LARGEST, 300.0)),
    "hypot": Oracle(sympy.sqrt(X**2 + Y**2), lows=(-1e308, -1e308), highs=(1e308, 1e308), digits=700),
    "sin": Oracle(sympy.sin(X), **SMALL_ANGLES),
    "cos": Oracle(sympy.cos(X), **SMALL_ANGLES),
    "tan": Oracle(sympy.tan(X), **SMALL_ANGLES),
    "asin": Oracle(sympy.asin(X)),
    "acos": Oracle(sympy.acos(X)),
    "atan": Oracle(sympy.atan(X)),
    "atan2": Oracle(sympy.atan2(X, Y), lows=(-1e150, -1e150), highs=(1e150, 1e150), digits=700),
    "sinh": Oracle(sympy.sinh(X), lows=(-710.0,), highs=(710.0,)),
    "cosh": Oracle(sympy.cosh(X), lows=(-710.0,), highs=(710.0,)),
    "tanh": Oracle(sympy.tanh(X), lows=(-1e4,), highs=(1e4,), digits=9000),
    "asinh": Oracle(sympy.asinh(X), digits=700),
    "acosh": Oracle(sympy.acosh(X), digits=700),
    "atanh": Oracle(sympy.atanh(X), digits=400),
    "abs": Oracle(choose(X < 0, -X, X)),
    "sign": Oracle(choose(X < 0, sympy.Integer(-1), choose(X > 0, sympy.Integer(1), sympy.Integer(0)))),
    "floor": Oracle(whole(X), digits=700),
    "ceil": Oracle(-whole(-X), digits=700),
    "round": Oracle(whole(X + sympy.Rational(1, 2)), digits=700, skip=lambda x: x % 1 == 0.5),
    "min": Oracle(choose(X < Y, X, Y)),
    "max": Oracle(choose(X > Y, X, Y)),
    "clip": Oracle(choose(Z < Y, Z, choose(X < Y, Y, choose(X > Z, Z, X)))),
    "where": Oracle(choose(sympy.Ne(X, 0), Y, Z)),
    "sigmoid": Oracle(LOGISTIC, lows=(-700.0,), highs=(700.0,), digits=400),
    "logit": Oracle(sympy.log(X / (1 - X))),
    "softplus": Oracle(sympy.log(1 + sympy.exp(X)), lows=(-700.0,), highs=(1e6,), digits=400),
    "relu": Oracle(choose(X > 0, X, sympy.Integer(0))),
    "erf": Oracle(sympy.erf(X), lows=(-26.0,), highs=(26.0,)),
    "erfc": Oracle(sympy.erfc(X), lows=(-26.0,), highs=(26.0,)),
    "gamma": Oracle(sympy.gamma(X), lows=(1e-300,), highs=(171.0,)),
    "lgamma": Oracle(sympy.loggamma(X), lows=(1e-300,), highs=(1e300,)),
    "+": Oracle(X + Y, lows=(-1e308, -1e307), highs=(1e308, 1e307), digits=700),
    "-": Oracle(X - Y, lows=(-1e308, -1e307), highs=(1e308, 1e307), digits=700),
    "*": Oracle(X * Y, lows=(-1e150, -1e150), highs=(1e150, 1e150)),
    "/": Oracle(X / Y, lows=(-1e150, -1e150), highs=(1e150, 1e150)),
    "%": Oracle(X - Y * whole(X / Y), lows=(-1e150, -1e150), highs=(1e150, 1e150), digits=700),
    "**": Oracle(X**Y, lows=(0.0, -300.0), highs=(LARGEST, 300.0)),
    "negate": Oracle(-X),
    "<": Oracle(truth(X < Y)),
    "<=": Oracle(truth(X <= Y)),
    ">": Oracle(truth(X > Y)),
    ">=": Oracle(truth(X >= Y)),
    "==": Oracle(truth(sympy.Eq(X, Y))),
    "!=": Oracle(truth(sympy.Ne(X, Y))),
    "and": Oracle(truth(sympy.And(sympy.Ne(X, 0), sympy.Ne(Y, 0)))),
    "or": Oracle(truth(sympy.Or(sympy.Ne(X, 0), sympy.Ne(Y, 0)))),
    "not": Oracle(truth(sympy.Eq(X, 0))),
}


def test_every_entry_has_an_oracle() -> None:
    assert set(ORACLES) == set(TABLE)


def test_scipy_backed_entries_exist() -> None:
    assert set(TABLE) >= SCIPY


# ---- samples ----


def within(interval: Interval, low: float, high: float, rng: np.random.Generator) -> list[float]:
    """Draw from an interval: uniformly, by magnitude, and close to its ends."""
    low, high = max(low, interval.low), min(high, interval.high)
    drawn = [
        *rng.uniform(-5, 5, 30),
        *(10.0 ** rng.uniform(-12, 12, 20) * rng.choice([-1, 1], 20)),
        *(10.0 ** rng.uniform(-300, 300, 20) * rng.choice([-1, 1], 20)),
        *[1.0, -1.0, 2.0, 0.5, -0.5, 3.0, 1e-8, -1e-8],
    ]
    if high - low < 1e4:
        drawn += [*rng.uniform(low, high, 40)]
    for end, inward in (low, 1.0), (high, -1.0):
        if math.isfinite(end):
            scale = abs(end) or 1.0
            drawn += [end + inward * scale * 10.0**power for power in (-15, -12, -8, -4, -2, -1)]
            drawn.append(end)
    if low >= 0:
        drawn = [abs(value) for value in drawn]
    kept = [float(value) for value in drawn if low <= value <= high and interval.low < value < interval.high]
    # Numbers below the smallest normal float have fewer digits; no relative bound can hold for them.
    kept = [value for value in kept if value == 0 or abs(value) >= TINY]
    if interval.low == low and interval.closed in ("low", "both"):
        kept.append(low)
    if interval.high == high and interval.closed in ("high", "both"):
        kept.append(high)
    return kept


def samples(entry: Function, oracle: Oracle) -> list[tuple[float, ...]]:
    """Draw points of a function's domain, 60 to 200 of them."""
    rng = np.random.default_rng([len(entry.name), *entry.name.encode()])
    lows = oracle.lows or (-LARGEST,) * len(entry.arguments)
    highs = oracle.highs or (LARGEST,) * len(entry.arguments)
    axes = [
        within(interval, low, high, rng)
        for interval, low, high in zip(entry.domain, lows, highs, strict=True)
    ]
    if len(axes) == 1:
        points = [(value,) for value in axes[0]]
    else:
        points = list(zip(*[rng.choice(axis, 160) for axis in axes], strict=True))
        points += [*product(*[axis[:4] for axis in axes])]
        if len(axes) == 2:
            points += [(value, value) for value in axes[0][:10] if value in axes[1] or value > 0]
    points = [tuple(float(value) for value in point) for point in points]
    return [point for point in points if not oracle.skip(*point)]


# ---- running the table's own code ----


def program_of(entry: Function) -> Program:
    builder = ProgramBuilder()
    arguments = [builder.parameter(index) for index in range(len(entry.arguments))]
    return builder.finish([builder.apply(entry, tuple(arguments))])


def run(program: Program, points: list[tuple[float, ...]]) -> np.ndarray:
    """Give the outputs at points: shape (outputs, points)."""
    return evaluate(program, {}, 1, np.array(points))[:, :, 0]


def exact(formula: sympy.Expr, count: int, points: list[tuple[float, ...]], digits: int) -> Iterator[mpf]:
    compute = sympy.lambdify((X, Y, Z)[:count], formula, modules=[{"whole": mpmath.floor}, "mpmath"])
    with mp.workdps(digits):
        for point in points:
            yield mpmath.mpmathify(compute(*[mpf(value) for value in point]))


def error_in_ulp(got: float, want: mpf) -> float:
    """Count the units in the last place between a float and a number."""
    nearest = float(want)
    if math.isinf(nearest) or math.isinf(got):
        return 0.0 if got == nearest else math.inf
    return abs(float((mpf(float(got)) - want) / mpf(math.ulp(nearest))))


def relative_error(got: float, want: mpf) -> float:
    """Compare a float with a number; below the smallest normal float there are no digits to compare."""
    nearest = float(want)
    if math.isinf(nearest) or math.isinf(got):
        return 0.0 if got == nearest else math.inf
    if abs(got) < TINY and abs(nearest) < TINY:
        return 0.0
    return float(abs(mpf(float(got)) - want) / abs(want)) if want else math.inf


@pytest.mark.parametrize("name", sorted(TABLE))
def test_value(name: str) -> None:
    entry, oracle = TABLE[name], ORACLES[name]
    points = samples(entry, oracle)
    assert len(points) >= 40
    got = run(program_of(entry), points)[0]
    want = exact(oracle.formula, len(entry.arguments), points, oracle.digits)
    for point, value, reference in zip(points, got, want, strict=True):
        if name in SCIPY:
            assert relative_error(value, reference) <= 1e-13, (point, value, reference)
        else:
            assert error_in_ulp(value, reference) <= oracle.ulp, (point, value, reference)


SLOPES = [(name, index) for name, entry in sorted(TABLE.items()) for index in range(len(entry.arguments))]


def is_kink(name: str, point: tuple[float, ...]) -> bool:
    """Say whether a function has no derivative at a point; its convention there is tested by itself."""
    match name, point:
        case ("abs" | "relu" | "cbrt" | "sign", (x,)):
            return x == 0
        case ("sqrt", (x,)):
            return x == 0
        case ("asin" | "acos" | "acosh", (x,)):
            return abs(x) == 1
        case ("floor" | "ceil", (x,)):
            return x == math.floor(x)
        case ("round", (x,)):
            return x + 0.5 == math.floor(x + 0.5)
        case ("min" | "max", (x, y)):
            return x == y
        case ("clip", (x, low, high)):
            return x in (low, high) or low == high
        case ("pow" | "**", (x, _)):
            return x == 0
        case ("hypot" | "atan2", (x, y)):
            return x == 0 and y == 0
        case ("%", (x, y)):
            return y == 0 or x % y == 0
    return False


@pytest.mark.parametrize(("name", "index"), SLOPES)
def test_slope(name: str, index: int) -> None:
    entry, oracle = TABLE[name], ORACLES[name]
    points = [point for point in samples(entry, oracle) if not is_kink(name, point)]
    assert len(points) >= 30
    got = run(carry(program_of(entry), [index]), points)[1]
    formula = sympy.diff(oracle.formula, (X, Y, Z)[index])
    want = exact(formula, len(entry.arguments), points, oracle.digits)
    for point, slope, reference in zip(points, got, want, strict=True):
        assert relative_error(slope, reference) <= 1e-13, (point, slope, reference)


# ---- conventions where there is no derivative, and other special points ----


def slopes_at(text: str, **values: float) -> list[float]:
    """Give the derivatives of a call by its arguments, which are the names in `values`."""
    tree = parse(Source(text)).right
    assert isinstance(tree, Call)
    assert [node.name for node in tree.arguments if isinstance(node, Name)] == list(values)
    program = program_of(FUNCTIONS[tree.function])
    outputs = run(carry(program, range(len(values))), [tuple(values.values())])
    return [float(slope) for slope in outputs[1:, 0]]


@pytest.mark.parametrize(
    ("text", "values", "slopes"),
    [
        ("abs(x)", {"x": 0.0}, [0]),
        ("abs(x)", {"x": -0.0}, [0]),
        ("relu(x)", {"x": 0.0}, [0]),
        ("sign(x)", {"x": 0.0}, [0]),
        ("floor(x)", {"x": 2.0}, [0]),
        ("round(x)", {"x": 2.5}, [0]),
        # Of two equal arguments the first is the one that is passed on.
        ("min(x, y)", {"x": 3.0, "y": 3.0}, [1, 0]),
        ("max(x, y)", {"x": 3.0, "y": 3.0}, [1, 0]),
        # At an end of clip, x is passed on; where the ends cross, the upper one is.
        ("clip(x, l, h)", {"x": 0.0, "l": 0.0, "h": 1.0}, [1, 0, 0]),
        ("clip(x, l, h)", {"x": 1.0, "l": 0.0, "h": 1.0}, [1, 0, 0]),
        ("clip(x, l, h)", {"x": 0.5, "l": 2.0, "h": 1.0}, [0, 0, 1]),
        ("clip(x, l, h)", {"x": 5.0, "l": 2.0, "h": 1.0}, [0, 0, 1]),
        ("where(t, x, y)", {"t": 0.0, "x": 1.0, "y": 2.0}, [0, 0, 1]),
        ("where(t, x, y)", {"t": math.nan, "x": 1.0, "y": 2.0}, [0, 1, 0]),
        ("sqrt(x)", {"x": 0.0}, [math.inf]),
        ("cbrt(x)", {"x": 0.0}, [math.inf]),
        # 0^b is 0 for all b > 0, and a^0 is 1 for all a.
        ("pow(x, y)", {"x": 0.0, "y": 2.0}, [0, 0]),
        ("pow(x, y)", {"x": 0.0, "y": 1.0}, [1, 0]),
        ("pow(x, y)", {"x": 0.0, "y": 0.5}, [math.inf, 0]),
        ("pow(x, y)", {"x": 0.0, "y": 1e-3}, [math.inf, 0]),
        ("pow(x, y)", {"x": 3.0, "y": 0.0}, [0, math.log(3)]),
    ],
)
def test_conventions(text: str, values: dict[str, float], slopes: list[float]) -> None:
    assert slopes_at(text, **values) == slopes


@pytest.mark.parametrize(
    ("formula", "function"),
    [("x^2", 2.0), ("x^3", 3.0), ("x^-1", -1.0)],
)
def test_a_negative_base_has_the_slope_of_a_whole_power(formula: str, function: float) -> None:
    (slope, _) = slopes_at("pow(x, y)", x=-1.5, y=function)
    assert slope == pytest.approx(function * (-1.5) ** (function - 1), rel=1e-15)


NAN, INF = math.nan, math.inf

SPECIAL = [
    ("max", (NAN, 1.0), NAN),
    ("max", (1.0, NAN), NAN),
    ("min", (NAN, 1.0), NAN),
    ("min", (1.0, NAN), NAN),
    ("clip", (NAN, 0.0, 1.0), NAN),
    ("clip", (INF, 0.0, 1.0), 1.0),
    ("where", (NAN, 1.0, 2.0), 1.0),
    ("where", (-0.0, 1.0, 2.0), 2.0),
    ("where", (1.0, 1.0, NAN), 1.0),
    ("where", (0.0, INF, 2.0), 2.0),
    ("relu", (NAN,), NAN),
    ("relu", (-INF,), 0.0),
    ("relu", (INF,), INF),
    ("abs", (-INF,), INF),
    ("sign", (-0.0,), 0.0),
    ("sign", (NAN,), NAN),
    ("round", (0.5,), 0.0),
    ("round", (1.5,), 2.0),
    ("round", (-2.5,), -2.0),
    ("**", (-8.0, 1 / 3), NAN),
    ("**", (-2.0, 3.0), -8.0),
    ("**", (0.0, 0.0), 1.0),
    ("**", (0.0, -1.0), INF),
    ("**", (-0.0, -1.0), -INF),
    ("**", (NAN, 0.0), 1.0),
    ("**", (10.0, 400.0), INF),
    ("/", (1.0, 0.0), INF),
    ("/", (1.0, -0.0), -INF),
    ("/", (0.0, 0.0), NAN),
    ("%", (7.0, 3.0), 1.0),
    ("%", (-7.0, 3.0), 2.0),
    ("%", (7.0, -3.0), -2.0),
    ("%", (7.0, 0.0), NAN),
    ("log", (0.0,), -INF),
    ("log", (-1.0,), NAN),
    ("sqrt", (-1.0,), NAN),
    ("exp", (1000.0,), INF),
    ("exp", (-INF,), 0.0),
    ("sigmoid", (-1000.0,), 0.0),
    ("sigmoid", (1000.0,), 1.0),
    ("sigmoid", (INF,), 1.0),
    ("sigmoid", (-INF,), 0.0),
    ("sigmoid", (NAN,), NAN),
    ("softplus", (INF,), INF),
    ("softplus", (-INF,), 0.0),
    ("softplus", (1e300,), 1e300),
    ("softplus", (NAN,), NAN),
    ("logit", (0.0,), -INF),
    ("logit", (1.0,), INF),
    ("logit", (2.0,), NAN),
    ("hypot", (3 * 2.0**600, 4 * 2.0**600), 5 * 2.0**600),
    ("gamma", (172.0,), INF),
    ("gamma", (5.0,), 24.0),
    ("atan2", (1.0, -1.0), 2.356194490192345),
    ("not", (NAN,), 0.0),
    ("not", (-0.0,), 1.0),
    ("and", (NAN, 2.0), 1.0),
    ("and", (NAN, 0.0), 0.0),
    ("or", (0.0, -0.0), 0.0),
    ("or", (NAN, 0.0), 1.0),
    ("==", (NAN, NAN), 0.0),
    ("!=", (NAN, NAN), 1.0),
    ("<", (NAN, 1.0), 0.0),
    ("==", (0.0, -0.0), 1.0),
]


@pytest.mark.parametrize(("name", "arguments", "want"), SPECIAL)
def test_special_values(name: str, arguments: tuple[float, ...], want: float) -> None:
    (got,) = run(program_of(TABLE[name]), [arguments])[0]
    np.testing.assert_array_equal(got, want)


EDGES = [
    ("sigmoid", -745.0, 0.0),
    ("sigmoid", 1e308, 0.0),
    ("softplus", 1e308, 1.0),
    ("tanh", 1e308, 0.0),
    ("tanh", -800.0, 0.0),
    ("atan", 1e200, 0.0),
    ("erf", 1e200, 0.0),
    ("exp", -1e308, 0.0),
]


@pytest.mark.parametrize(("name", "at", "want"), EDGES)
def test_slopes_far_out_are_numbers(name: str, at: float, want: float) -> None:
    """Where a function is flat or straight to the last bit, so is its slope, and never NaN by 0*inf."""
    (slope,) = run(carry(program_of(TABLE[name]), [0]), [(at,)])[1]
    assert slope == pytest.approx(want, abs=1e-300)


# ---- the table itself ----


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("asin", "arcsin"),
        ("acos", "arccos"),
        ("atan", "arctan"),
        ("atan2", "arctan2"),
        ("asinh", "arcsinh"),
        ("acosh", "arccosh"),
        ("atanh", "arctanh"),
        ("log", "ln"),
        ("sigmoid", "expit"),
    ],
)
def test_both_spellings_are_one_function(short: str, long: str) -> None:
    assert FUNCTIONS[short] is FUNCTIONS[long]


def test_log_is_the_natural_one() -> None:
    (value,) = run(program_of(FUNCTIONS["log"]), [(math.e,)])[0]
    assert value == 1.0


@pytest.mark.parametrize("name", sorted(TABLE))
def test_entries_are_whole(name: str) -> None:
    entry = TABLE[name]
    assert len(entry.slopes) == len(entry.arguments) == len(entry.domain)
    assert entry.doc
    assert not entry.doc.endswith(".")
    assert entry.name not in entry.aliases


@pytest.mark.parametrize("name", sorted(TABLE))
def test_slopes_speak_of_the_arguments_and_the_value_alone(name: str) -> None:
    entry = TABLE[name]
    for slope in entry.slopes:
        if slope is None:
            continue
        for node in walk(parse(Source(slope.formula)).right):
            if isinstance(node, Name):
                assert node.name in {*entry.arguments, "value"}
            elif isinstance(node, Call):
                assert len(node.arguments) == len(RULE_FUNCTIONS[node.function].arguments)


COMMUTATIVE = sorted(name for name, entry in TABLE.items() if entry.commutative)


@pytest.mark.parametrize("name", COMMUTATIVE)
def test_commutative_functions_are_so_to_the_last_bit(name: str) -> None:
    rng = np.random.default_rng(11)
    points = [
        tuple(pair) for pair in 10.0 ** rng.uniform(-160, 160, (500, 2)) * rng.choice([-1, 1], (500, 2))
    ]
    points += [*product([NAN, INF, -INF, 0.0, -0.0, 1.0], repeat=2)]
    program = program_of(TABLE[name])
    there, back = run(program, points), run(program, [point[::-1] for point in points])
    np.testing.assert_array_equal(there, back)
    np.testing.assert_array_equal(np.signbit(there[~np.isnan(there)]), np.signbit(back[~np.isnan(back)]))


def test_no_kernel_writes_to_its_arguments() -> None:
    rng = np.random.default_rng(12)
    for name, entry in TABLE.items():
        arguments = [rng.uniform(0.1, 0.9, 50) for _ in entry.arguments]
        before = [values.copy() for values in arguments]
        with np.errstate(invalid="ignore"):  # acosh has no value below 1
            entry.kernel(*arguments, np.empty(50))
        for values, copy in zip(arguments, before, strict=True):
            np.testing.assert_array_equal(values, copy, err_msg=name)


def test_constants_of_the_language() -> None:
    assert dict(CONSTANTS) == {"pi": math.pi, "e": math.e}


def test_the_constants_in_the_slopes() -> None:
    assert float("0.6931471805599453") == math.log(2)
    assert float("2.302585092994046") == math.log(10)
    assert float("1.1283791670955126") == float(2 / mp.sqrt(mp.pi))


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(), "(-inf, inf)"),
        (Interval(0), "(0, inf)"),
        (Interval(0, closed="low"), "[0, inf)"),
        (Interval(-1, 1, "both"), "[-1, 1]"),
        (Interval(-1, 1, "high"), "(-1, 1]"),
    ],
)
def test_intervals_are_shown_as_in_mathematics(interval: Interval, text: str) -> None:
    assert str(interval) == text
