"""The function table against mpmath and SymPy: every value, every slope, every end of a domain.

The tests read the table, so that a new entry is tested once it has its lines in `ORACLES` and in `ENDS`
or `AT_SPECIAL_VALUES`; tests assert that every entry has them. The values and slopes of the special
functions are tested in `test_special.py`; what holds of every entry alike is tested here for all.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import mpmath
import numpy as np
import pytest
import sympy
from matplotlib.mathtext import MathTextParser
from mpmath import mp, mpf

from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.language import elementary
from lambdaml_dsl.language.functions import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    RULE_FUNCTIONS,
    Chooses,
    Function,
    Interval,
    Slope,
)
from lambdaml_dsl.language.nodes import Call, Name
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program, ProgramBuilder

TABLE = {entry.name: entry for entry in (*elementary.ENTRIES, *OPERATORS.values())}
EVERY_ENTRY = {entry.name: entry for entry in (*RULE_FUNCTIONS.values(), *OPERATORS.values())}

NAN, INF = math.nan, math.inf
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


LOGISTIC = 1 / (1 + sympy.exp(-X))
SIZE = choose(X < 0, -X, X)
REMAINDER = X - Y * whole(X / Y)
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
    "sinc": Oracle(choose(sympy.Eq(X, 0), sympy.Integer(1), sympy.sin(X) / X), **SMALL_ANGLES, digits=700),
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
    "abs": Oracle(SIZE),
    "sign": Oracle(choose(X < 0, sympy.Integer(-1), choose(X > 0, sympy.Integer(1), sympy.Integer(0)))),
    "copysign": Oracle(choose(Y < 0, -SIZE, SIZE), skip=lambda x, y: math.copysign(1, y) < 0 == y),
    "heaviside": Oracle(
        choose(X < 0, sympy.Integer(0), choose(X > 0, sympy.Integer(1), sympy.Rational(1, 2)))
    ),
    "floor": Oracle(whole(X), digits=700),
    "ceil": Oracle(-whole(-X), digits=700),
    "round": Oracle(whole(X + sympy.Rational(1, 2)), digits=700, skip=lambda x: x % 1 == 0.5),
    "trunc": Oracle(choose(X < 0, -whole(-X), whole(X)), digits=700),
    "mod": Oracle(REMAINDER, lows=(-1e150, -1e150), highs=(1e150, 1e150), digits=700),
    "min": Oracle(choose(X < Y, X, Y)),
    "max": Oracle(choose(X > Y, X, Y)),
    "clip": Oracle(choose(Z < Y, Z, choose(X < Y, Y, choose(X > Z, Z, X)))),
    "where": Oracle(choose(sympy.Ne(X, 0), Y, Z)),
    "sigmoid": Oracle(LOGISTIC, lows=(-700.0,), highs=(700.0,), digits=400),
    "logit": Oracle(sympy.log(X / (1 - X))),
    "softplus": Oracle(sympy.log(1 + sympy.exp(X)), lows=(-700.0,), highs=(1e6,), digits=400),
    "relu": Oracle(choose(X > 0, X, sympy.Integer(0))),
    "+": Oracle(X + Y, lows=(-1e308, -1e307), highs=(1e308, 1e307), digits=700),
    "-": Oracle(X - Y, lows=(-1e308, -1e307), highs=(1e308, 1e307), digits=700),
    "*": Oracle(X * Y, lows=(-1e150, -1e150), highs=(1e150, 1e150)),
    "/": Oracle(X / Y, lows=(-1e150, -1e150), highs=(1e150, 1e150)),
    "%": Oracle(REMAINDER, lows=(-1e150, -1e150), highs=(1e150, 1e150), digits=700),
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
        assert error_in_ulp(value, reference) <= oracle.ulp, (point, value, reference)


SLOPES = [(name, index) for name, entry in sorted(TABLE.items()) for index in range(len(entry.arguments))]


def is_kink(name: str, point: tuple[float, ...]) -> bool:
    """Say whether a function has no derivative at a point; its convention there is tested by itself."""
    match name, point:
        case ("abs" | "relu" | "sqrt" | "cbrt" | "sign" | "heaviside", (x,)):
            return x == 0
        case ("asin" | "acos" | "acosh", (x,)):
            return abs(x) == 1
        case ("floor" | "ceil" | "trunc", (x,)):
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
        case ("copysign", (x, y)):
            return x == 0 or y == 0
        case ("%" | "mod", (x, y)):
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
        ("heaviside(x)", {"x": 0.0}, [0]),
        ("copysign(x, y)", {"x": 0.0, "y": -1.0}, [0, 0]),
        ("copysign(x, y)", {"x": -2.0, "y": -0.0}, [1, 0]),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}, [0, 0]),
        ("sinc(x)", {"x": 0.0}, [0]),
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
    ("trunc", (-2.5,), -2.0),
    ("trunc", (2.5,), 2.0),
    ("mod", (-7.0, 3.0), 2.0),
    ("mod", (7.5, -3.0), -1.5),
    ("copysign", (-3.0, 0.0), 3.0),
    ("copysign", (3.0, -0.0), -3.0),
    ("heaviside", (-0.0,), 0.5),
    ("heaviside", (5e-324,), 1.0),
    ("sinc", (0.0,), 1.0),
    ("sinc", (5e-324,), 1.0),
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


FAR_OUT = [
    ("sigmoid", -745.0, 0.0),
    ("sigmoid", 1e308, 0.0),
    ("softplus", 1e308, 1.0),
    ("tanh", 1e308, 0.0),
    ("tanh", -800.0, 0.0),
    ("atan", 1e200, 0.0),
    ("exp", -1e308, 0.0),
    ("log10", 1e308, 0.0),
]


@pytest.mark.parametrize(("name", "at", "want"), FAR_OUT)
def test_slopes_far_out_are_numbers(name: str, at: float, want: float) -> None:
    """Where a function is flat or straight to the last bit, so is its slope, and never NaN by 0*inf."""
    (slope,) = run(carry(program_of(TABLE[name]), [0]), [(at,)])[1]
    assert slope == pytest.approx(want, abs=1e-300)


# ---- the ends of the domain, infinity and NaN ----

OSCILLATES = (NAN, NAN)
HALF_PI = math.pi / 2

# Of one argument: value and slope at the lower end of the domain, and at the upper end. They are the
# one-sided limits; where there is none, NaN. (Beyond the ends and for NaN, the two tests below.)
ENDS = {
    "exp": [(0, 0), (INF, INF)],
    "exp2": [(0, 0), (INF, INF)],
    "expm1": [(-1, 0), (INF, INF)],
    "log": [(-INF, INF), (INF, 0)],
    "log1p": [(-INF, INF), (INF, 0)],
    "log2": [(-INF, INF), (INF, 0)],
    "log10": [(-INF, INF), (INF, 0)],
    "sqrt": [(0, INF), (INF, 0)],
    "cbrt": [(-INF, 0), (INF, 0)],
    "square": [(INF, -INF), (INF, INF)],
    "abs": [(INF, -1), (INF, 1)],
    "sign": [(-1, 0), (1, 0)],
    "heaviside": [(0, 0), (1, 0)],
    "floor": [(-INF, 0), (INF, 0)],
    "ceil": [(-INF, 0), (INF, 0)],
    "round": [(-INF, 0), (INF, 0)],
    "trunc": [(-INF, 0), (INF, 0)],
    "sin": [OSCILLATES, OSCILLATES],
    "cos": [OSCILLATES, OSCILLATES],
    "tan": [OSCILLATES, OSCILLATES],
    "sinc": [(0, 0), (0, 0)],
    "asin": [(-HALF_PI, INF), (HALF_PI, INF)],
    "acos": [(math.pi, -INF), (0, -INF)],
    "atan": [(-HALF_PI, 0), (HALF_PI, 0)],
    "sinh": [(-INF, INF), (INF, INF)],
    "cosh": [(INF, -INF), (INF, INF)],
    "tanh": [(-1, 0), (1, 0)],
    "asinh": [(-INF, 0), (INF, 0)],
    "acosh": [(0, INF), (INF, 0)],
    "atanh": [(-INF, INF), (INF, INF)],
    "sigmoid": [(0, 0), (1, 0)],
    "logit": [(-INF, INF), (INF, INF)],
    "softplus": [(0, 0), (INF, 1)],
    "relu": [(0, 0), (INF, 1)],
    "negate": [(INF, -1), (-INF, -1)],
    "not": [(0, 0), (0, 0)],
}


def quotient(x: float, y: float) -> float:
    """IEEE 754: a number by zero is infinite, with the sign of both; zero by zero is NaN."""
    if y != 0:
        return x / y
    return NAN if x == 0 or math.isnan(x) else math.copysign(INF, x) * math.copysign(1, y)


def remainder(x: float, y: float) -> float:
    """Python's own, which is NaN by zero and of infinity."""
    return x % y if y != 0 else NAN


def power(x: float, y: float) -> float:
    """IEEE 754, as C's pow: 1 for x^0 and 1^y whatever the other is; odd whole y keep the sign of x."""
    odd = math.isfinite(y) and y % 2 == 1
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0 and odd else INF
    except ValueError:
        # Zero to a negative power is infinite; a negative number has no root.
        return NAN if x != 0 else math.copysign(INF, x) if odd else INF


def smallest(x: float, y: float) -> float:
    return NAN if math.isnan(x) or math.isnan(y) else min(x, y)


def largest(x: float, y: float) -> float:
    return NAN if math.isnan(x) or math.isnan(y) else max(x, y)


# Of several arguments: what Python makes of the same floats, infinities, NaN and zeros of either sign among
# them. A comparison with NaN does not hold, and NaN counts as true; else NaN gives NaN, with the exceptions
# of IEEE 754: x^0, 1^y, and the distance of a point at infinity.
AT_SPECIAL_VALUES: dict[str, Callable[..., float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": quotient,
    "%": remainder,
    "mod": remainder,
    "**": power,
    "pow": power,
    "hypot": math.hypot,
    "atan2": math.atan2,
    "copysign": lambda x, y: NAN if math.isnan(y) else math.copysign(x, y),
    "min": smallest,
    "max": largest,
    "clip": lambda x, low, high: smallest(largest(x, low), high),
    "where": lambda test, x, y: x if test else y,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": lambda x, y: bool(x) and bool(y),
    "or": lambda x, y: bool(x) or bool(y),
}


def test_of_every_entry_the_edges_are_stated() -> None:
    assert set(ENDS) == {name for name, entry in TABLE.items() if len(entry.arguments) == 1}
    assert set(AT_SPECIAL_VALUES) == {name for name, entry in TABLE.items() if len(entry.arguments) > 1}


def value_and_slope(name: str, at: float) -> list[float]:
    outputs = run(carry(program_of(TABLE[name]), [0]), [(at,)])
    return [float(output) for output in outputs[:, 0]]


def limit(formula: sympy.Expr, at: float, inward: int) -> float:
    """Give the one-sided limit; NaN where the function goes on oscillating."""
    away = sympy.Symbol("t", positive=True)
    place, goal = (inward * -away, sympy.oo) if math.isinf(at) else (sympy.Integer(at) + inward * away, 0)
    result = sympy.limit(formula.replace(whole, sympy.floor).subs(X, place), away, goal)
    return NAN if result.has(sympy.AccumBounds) else float(result)


@pytest.mark.parametrize("name", sorted(ENDS))
def test_ends_of_the_domain(name: str) -> None:
    (interval,) = TABLE[name].domain
    for at, want in zip((interval.low, interval.high), ENDS[name], strict=True):
        np.testing.assert_array_equal(value_and_slope(name, at), want, err_msg=str(at))


@pytest.mark.parametrize("name", sorted(ENDS))
def test_the_stated_ends_are_limits(name: str) -> None:
    (interval,), formula = TABLE[name].domain, ORACLES[name].formula
    ends = (interval.low, 1), (interval.high, -1)
    for (at, inward), want in zip(ends, ENDS[name], strict=True):
        limits = [limit(formula, at, inward), limit(sympy.diff(formula, X), at, inward)]
        np.testing.assert_array_equal(limits, want, err_msg=str(at))


@pytest.mark.parametrize("name", sorted(ENDS))
def test_beyond_the_domain_there_is_no_value(name: str) -> None:
    (interval,) = TABLE[name].domain
    beyond = []
    if math.isfinite(interval.low):
        beyond += [math.nextafter(interval.low, -INF), interval.low - 1, -INF]
    if math.isfinite(interval.high):
        beyond += [math.nextafter(interval.high, INF), interval.high + 1, INF]
    assert [at for at in beyond if not math.isnan(value_and_slope(name, at)[0])] == []


@pytest.mark.parametrize("name", sorted(ENDS))
def test_nan_gives_nan(name: str) -> None:
    value, slope = value_and_slope(name, NAN)
    if name == "not":
        assert value == 0  # NaN counts as true
    else:
        assert math.isnan(value)
    # A slope is NaN as well, or does not depend on the value.
    flat = {"negate": -1, **dict.fromkeys(["floor", "ceil", "round", "trunc", "sign", "heaviside"], 0)}
    np.testing.assert_equal(slope, flat.get(name, 0 if name in ("not", "relu") else NAN))


@pytest.mark.parametrize("name", sorted(AT_SPECIAL_VALUES))
def test_special_values_of_several_arguments(name: str) -> None:
    entry, reference = TABLE[name], AT_SPECIAL_VALUES[name]
    count = len(entry.arguments)
    grid = [INF, -INF, NAN, 0.0, -0.0, 1.0, -1.0, 2.5, -3.0]
    if count == 2:
        grid += [LARGEST, -LARGEST, 5e-324, -5e-324]
    points = list(product(grid, repeat=count))
    got = run(program_of(entry), points)[0]
    # NumPy and Python use different libraries for these three.
    tolerance = 1e-15 if name in ("**", "pow", "hypot", "atan2") else 0.0
    for point, value in zip(points, got, strict=True):
        want = float(reference(*point))
        assert float(value) == pytest.approx(want, rel=tolerance, abs=0, nan_ok=True), point
        # Which of two zeros the smaller one is, no standard says.
        if want == 0 and name not in ("min", "max", "clip"):
            assert math.copysign(1, value) == math.copysign(1, want), point


# ---- sinc near 0, where the plain formula of its slope cancels ----


def test_the_slope_of_sinc_is_exact_near_zero() -> None:
    rng = np.random.default_rng(13)
    points = [*rng.uniform(-2, 2, 400), *10.0 ** rng.uniform(-300, 0, 200), *np.linspace(0.99, 1.01, 41)]
    slopes = run(carry(program_of(TABLE["sinc"]), [0]), [(point,) for point in points])[1]
    with mp.workdps(950):
        for point, slope in zip(points, slopes, strict=True):
            x = mpf(float(point))
            want = (x * mp.cos(x) - mp.sin(x)) / x**2
            assert relative_error(slope, want) <= 4e-15, point


def test_the_slope_of_sinc_is_exact_to_its_size_where_it_crosses_zero() -> None:
    """Near an extremum of sinc the two parts of the slope, of size 1/x, cancel; no digit of them is lost."""
    rng = np.random.default_rng(17)
    extrema = [4.493409457909064, 7.725251836937707, 10.904121659428899, 98.95006282433188]
    points = [zero + shift for zero in extrema for shift in (0, *10.0 ** rng.uniform(-16, -1, 50))]
    slopes = run(carry(program_of(TABLE["sinc"]), [0]), [(point,) for point in points])[1]
    with mp.workdps(60):
        for point, slope in zip(points, slopes, strict=True):
            x = mpf(float(point))
            want = (x * mp.cos(x) - mp.sin(x)) / x**2
            assert abs(slope - want) * x <= 4e-16, point


def test_the_slope_of_sinc_has_its_own_slope() -> None:
    points = [0.0, 1e-9, 1e-3, 0.1, 0.7, 0.999, 1.001, 1.5, 3.0, 10.0, -0.3, -4.0]
    first = carry(program_of(TABLE["sinc"]), [0])
    second = carry(replace(first, outputs=first.outputs[1:]), [0])
    got = run(second, [(point,) for point in points])[1]
    with mp.workdps(60):
        want = [-mpf(1) / 3 if x == 0 else mp.diff(mp.sinc, mpf(x), 2) for x in points]
    for point, curvature, reference in zip(points, got, want, strict=True):
        assert relative_error(curvature, reference) <= 1e-14, point


@pytest.mark.parametrize("centre", [0.25, 0.5])
def test_logit_keeps_its_digits_where_its_parts_meet(centre: float) -> None:
    rng = np.random.default_rng(14)
    points = centre + np.concatenate([rng.uniform(-0.1, 0.1, 200), 10.0 ** rng.uniform(-16, -1, 200)])
    with mp.workdps(60):
        for point, value in zip(
            points, run(program_of(TABLE["logit"]), [(x,) for x in points])[0], strict=True
        ):
            x = mpf(float(point))
            assert error_in_ulp(value, mp.log(x / (1 - x))) <= 4, point


# ---- dimensions ----

INDIFFERENT = {("where", 0), ("and", 0), ("and", 1), ("or", 0), ("or", 1), ("not", 0)}
"""Truth values are pure numbers by decision: nothing else about them depends on their size."""

DIMENSIONED = [
    (name, index) for name, entry in sorted(TABLE.items()) for index in range(len(entry.arguments))
]


def drawn(entry: Function, count: int = 60) -> list[np.ndarray]:
    """Draw points of the domain; where that is all numbers, zeros and pairs of equal ones among them."""
    rng = np.random.default_rng([15, *entry.name.encode()])
    axes = [rng.uniform(max(part.low, -3), min(part.high, 3), count) for part in entry.domain]
    for axis, part in zip(axes, entry.domain, strict=True):
        if part == Interval():
            axis[::3] = rng.choice([-1.0, 0.0, 1.0], len(axis[::3]))
    return axes


def computed(entry: Function, arguments: list[np.ndarray]) -> np.ndarray:
    return run(program_of(entry), list(zip(*arguments, strict=True)))[0]


def letters_of(entry: Function) -> tuple[str, ...]:
    """Give the letter of each argument's dimension, "" for a pure number."""
    return entry.dimension.arguments or ("",) * len(entry.arguments)


def is_multiple(values: np.ndarray, others: np.ndarray) -> bool:
    """Say whether one row of numbers is a fixed multiple of another, where that is finite."""
    finite = np.isfinite(others)
    values, others = values[finite], others[finite]
    there = np.flatnonzero(others)
    if not len(there) or not np.isfinite(values).all():
        return False
    return np.allclose(values, values[there[0]] / others[there[0]] * others, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_other_units_give_the_same_result_in_other_units(name: str) -> None:
    """A rule of dimensions says how the result scales with the arguments."""
    entry = TABLE[name]
    arguments, letters = drawn(entry), letters_of(entry)
    if entry.dimension.raised:
        arguments[-1] = np.resize([0.5, 1.0, 2.0, -1.0, 3.0, 0.0], len(arguments[0]))
        arguments[0] = abs(arguments[0])
    assert len(letters) == len(arguments)
    units = {"a": 2.0**6, "b": 2.0**-12, "": 1.0}
    expected = computed(entry, arguments)
    for letter, exponent in entry.dimension.result:
        factor = arguments[-1] if entry.dimension.raised else 1.0
        expected = expected * units[letter] ** (float(exponent) * factor)
    scaled = [units[letter] * values for letter, values in zip(letters, arguments, strict=True)]
    np.testing.assert_allclose(computed(entry, scaled), expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(("name", "index"), DIMENSIONED)
def test_no_rule_of_dimensions_is_stricter_than_its_function(name: str, index: int) -> None:
    """What must be a pure number, or of the dimension of another argument, cannot be scaled by itself."""
    entry = TABLE[name]
    arguments, letters = drawn(entry), letters_of(entry)
    before = computed(entry, arguments)
    arguments[index] = 4 * arguments[index]
    free = letters[index] != "" and letters.count(letters[index]) == 1
    pure_result = not entry.dimension.result
    if free and name in ("sign", "heaviside"):
        np.testing.assert_array_equal(computed(entry, arguments), before)
    elif entry.dimension.raised and index == 0:
        assert not pure_result  # the power of the scale differs from row to row
    else:
        assert is_multiple(computed(entry, arguments), before) is (free or (name, index) in INDIFFERENT)


@pytest.mark.parametrize("name", sorted(name for name, entry in TABLE.items() if len(entry.arguments) > 1))
def test_arguments_that_must_be_pure_numbers_cannot_be_scaled_together(name: str) -> None:
    entry = TABLE[name]
    arguments, letters = drawn(entry), letters_of(entry)
    pure = [k for k, letter in enumerate(letters) if not letter and (name, k) not in INDIFFERENT]
    before = computed(entry, arguments)
    scaled = [4 * values if k in pure else values for k, values in enumerate(arguments)]
    assert not pure or not is_multiple(computed(entry, scaled), before)


# ---- LaTeX ----


@pytest.mark.parametrize("name", sorted(EVERY_ENTRY))
def test_latex_can_be_set(name: str) -> None:
    entry = EVERY_ENTRY[name]
    text = entry.to_latex(entry.arguments)
    plain = text.replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for character in plain:
        depth += (character == "{") - (character == "}")
        assert depth >= 0, text
    assert depth == 0, text
    assert text.count(r"\left") == text.count(r"\right")
    for argument in entry.arguments:
        assert re.search(rf"(?<![a-zA-Z\\]){argument}(?![a-zA-Z])", text), text
    MathTextParser("path").parse(f"${text}$")


@pytest.mark.parametrize("name", sorted(EVERY_ENTRY))
def test_latex_takes_whole_expressions_for_arguments(name: str) -> None:
    entry = EVERY_ENTRY[name]
    arguments = [rf"\frac{{a_{{{k}}}}}{{\tau}} + \sqrt{{b}}" for k in range(len(entry.arguments))]
    text = entry.to_latex(arguments)
    assert all(argument in text for argument in arguments)
    MathTextParser("path").parse(f"${text}$")


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("sqrt", ["x"], r"\sqrt{x}"),
        ("exp", [r"-\frac{t}{\tau}"], r"e^{-\frac{t}{\tau}}"),
        ("abs", ["a - b"], r"\left|a - b\right|"),
        ("log10", ["x"], r"\log_{10}\left(x\right)"),
        ("max", ["a", "b", "c"], r"\max\left(a, b, c\right)"),
        ("sinc", ["q R"], r"\operatorname{sinc}\left(q R\right)"),
        ("atan2", ["v", "u"], r"\operatorname{atan2}\left(v, u\right)"),
        ("pow", ["a + b", "n"], r"\left(a + b\right)^{n}"),
        ("/", ["a", "b"], r"\frac{a}{b}"),
        ("**", ["x", "n"], "{x}^{n}"),
    ],
)
def test_latex_of_some(name: str, arguments: list[str], text: str) -> None:
    assert TABLE[name].to_latex(arguments) == text


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


@pytest.mark.parametrize("name", sorted({**FUNCTIONS, **OPERATORS}))
def test_entries_are_whole(name: str) -> None:
    entry = {**FUNCTIONS, **OPERATORS}[name]
    assert len(entry.slopes) == len(entry.arguments) == len(entry.domain)
    assert entry.doc
    assert not entry.doc.endswith(".")
    assert entry.name not in entry.aliases
    assert len(entry.dimension.arguments) in (0, len(entry.arguments))
    assert {letter for letter, _ in entry.dimension.result} <= set(entry.dimension.arguments) - {""}


def test_no_two_entries_share_a_name() -> None:
    names = [name for entry in {*RULE_FUNCTIONS.values()} for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(EVERY_ENTRY))
def test_slopes_speak_of_the_arguments_and_the_value_alone(name: str) -> None:
    entry = EVERY_ENTRY[name]
    for slope in entry.slopes:
        if slope is None:
            continue
        assert isinstance(slope, Slope | Chooses)
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
    for name, entry in EVERY_ENTRY.items():
        arguments = [rng.uniform(0.1, 0.9, 50) for _ in entry.arguments]
        before = [values.copy() for values in arguments]
        with np.errstate(all="ignore"):
            entry.kernel(*arguments, np.empty(50))
        for values, copy in zip(arguments, before, strict=True):
            np.testing.assert_array_equal(values, copy, err_msg=name)


def test_kernels_broadcast() -> None:
    rng = np.random.default_rng(16)
    for name, entry in EVERY_ENTRY.items():
        for shapes in product([(), (5,), (4, 1)], repeat=len(entry.arguments)):
            arguments = [rng.uniform(0.1, 1.9, shape) for shape in shapes]
            got, want = np.empty((4, 5)), np.empty((4, 5))
            with np.errstate(all="ignore"):
                entry.kernel(*arguments, got)
                entry.kernel(*[np.broadcast_to(values, (4, 5)).copy() for values in arguments], want)
            np.testing.assert_allclose(got, want, rtol=1e-14, err_msg=name)


def test_constants_of_the_language() -> None:
    assert dict(CONSTANTS) == {"pi": math.pi, "\N{GREEK SMALL LETTER PI}": math.pi, "e": math.e}


def test_the_constants_in_the_slopes() -> None:
    assert float(elementary.LN2) == math.log(2)
    with mp.workdps(30):
        assert float(elementary.LOG2_E) == float(1 / mp.log(2))
        assert float(elementary.LOG10_E) == float(1 / mp.log(10))
    assert float(elementary.SMALLEST) == math.ulp(0)


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
