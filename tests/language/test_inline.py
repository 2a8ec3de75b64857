"""Definitions put in: what comes out is the formula written out by hand, or an error; in bounded time."""

from __future__ import annotations

import math
import pickle
import random
import tracemalloc
from collections.abc import Mapping, Set
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import naive

import lambdaml_dsl as ld
from lambdaml_dsl.errors import LambdaMLError, LimitError, NameResolutionError
from lambdaml_dsl.language import inline
from lambdaml_dsl.language.bind import Declared, bind_text
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Definition,
    Expr,
    Name,
    Number,
    Series,
    Unary,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source

X = np.array([0.25, 1.0, 2.5])


def value(text: str, **values: object) -> list[float]:
    return ld.Model(text)(x=X, **values).tolist()


def model_of(text: str) -> Expr:
    return bind_text(Source(text), Declared()).expression


# ---- against the formula written out by hand ----

BY_HAND = [
    # Values, in any order.
    ("z = (x - mu)/s; A*exp(-z^2/2)", "A*exp(-((x - mu)/s)^2/2)"),
    ("y ~ A*z\nz = w/2\nw = x - mu", "A*((x - mu)/2)"),
    ("z = a*x; f(x) = 2*z", "2*(a*x)"),
    # Functions, of functions, with defaults that use arguments before them.
    ("g(u) = u^2 + 1; g(x) + g(2*a)", "(x^2 + 1) + ((2*a)^2 + 1)"),
    ("g(u) = h(u) + h(2*u); h(v) = v/b; g(x - 1)", "(x - 1)/b + 2*(x - 1)/b"),
    ("g(u, s = 2) = exp(-u/s); g(x) + g(x, 3) + g(x, a)", "exp(-x/2) + exp(-x/3) + exp(-x/a)"),
    ("g(u, s = u^2, t = s + u) = u*s*t; g(x)", "x*x^2*(x^2 + x)"),
    ("g(u, s = u^2, t = s + u) = u*s*t; g(x, a)", "x*a*(a + x)"),
    ("w = 3*b; g(u, s = w) = u*s; g(x)", "x*(3*b)"),
    ("h(u) = u + 1; g(u, s = h(u)) = u*s; g(x)", "x*(x + 1)"),
    # A function's other names are the formula's.
    ("g(u) = u*a; a*g(x)", "a*(x*a)"),
    ("g(u) = u*x; g(a)", "a*x"),
    # An argument shadows a value, an input, a parameter, a constant, within the function alone.
    ("z = 5*a; g(z) = z + 1; g(x)*z", "(x + 1)*(5*a)"),
    ("g(x) = 2*x; g(a)*x", "2*a*x"),
    ("g(a) = a + 1; g(x)*a", "(x + 1)*a"),
    ("g(pi) = pi + 1; g(x)*pi", "(x + 1)*pi"),
    ("g(u) = h(1)*u; h(v) = v + u; g(x)", "(1 + u)*x"),
    # Series; the index shadows.
    ("sum(i in 0..2: a*x^i)", "a*x^0 + a*x^1 + a*x^2"),
    ("prod(i in 1..3: x - i)", "(x - 1)*(x - 2)*(x - 3)"),
    ("mean(i in 1..4: a*i*x)", "(a*1*x + a*2*x + a*3*x + a*4*x)/4"),
    ("max(i in 0..2: i*x - i*i)", "max(0*x - 0*0, 1*x - 1*1, 2*x - 2*2)"),
    ("min(i in 3..3: x + i)", "x + 3"),
    ("sum(i in -1..1: (x + i)^2)", "(x + -1)^2 + (x + 0)^2 + (x + 1)^2"),
    ("sum(k in 1..2: k*x) + k", "1*x + 2*x + k"),
    ("sum(x in 1..2: x*a) + x", "1*a + 2*a + x"),
    ("sum(i in 0..2: sum(j in 0..i: i + j*x))",
     "0 + 0*x + (1 + 0*x + (1 + 1*x)) + (2 + 0*x + (2 + 1*x) + (2 + 2*x))"),
    ("sum(i in 1..2: sum(i in i..2: i*x))", "(1*x + 2*x) + 2*x"),
    ("g(u, n = 2) = sum(i in 1..n: u^i); g(x) + g(a, 1 + 2)", "x^1 + x^2 + (a^1 + a^2 + a^3)"),
    ("g(u) = sum(u in 1..2: u) + u; g(x)", "1 + 2 + x"),
    ("g(i) = i + 1; sum(i in 0..1: g(i*x))", "(0*x + 1) + (1*x + 1)"),
    ("n = 2; sum(i in 0..n: i*x)", "0*x + 1*x + 2*x"),
    # piecewise.
    ("piecewise(x < 1, a, x < 2, b, c)", "a if x < 1 else (b if x < 2 else c)"),
    ("g(u) = piecewise(u < 1, u, 1); g(x) + g(a)", "(x if x < 1 else 1) + (a if a < 1 else 1)"),
    # Several lines, several outputs, constants.
    ("k = const.k_B; 2*k*x", "2*const.k_B*x"),
    ("[u, v] ~ [z, z^2]; z = a*x", "[a*x, (a*x)^2]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "by_hand"), BY_HAND)
def test_definitions_are_put_in_as_by_hand(text: str, by_hand: str) -> None:
    assert model_of(text) == model_of(by_hand)


def test_functions_and_values_live_apart() -> None:
    model = ld.Model("g(gamma) = gamma^2 + gamma(gamma)\ngamma*g(x)")
    assert model.parameters == ("gamma",)
    assert model(x=[3.0], gamma=2.0).tolist() == [2 * (9 + math.gamma(3))]


def test_parameters_are_found_in_the_order_of_what_is_written_out() -> None:
    assert ld.Model("g(u) = b*u + c; a*g(x) + d").parameters == ("a", "b", "c", "d")


def test_the_same_call_is_computed_once() -> None:
    program = ld.Model("g(u) = exp(-u^2)*sin(u); g(a*x) + g(a*x)^2").program
    assert program.listing("a").count("exp ") == 1


# ---- generated definitions against an evaluator with scopes ----


class Scoped:
    """Evaluates a formula by its meaning: functions are called, nothing is put in."""

    def __init__(self, definitions: tuple[Definition, ...], outside: Mapping[str, float]) -> None:
        self.definitions = {definition.name: definition for definition in definitions}
        self.outside = outside

    def value(self, tree: Expr, own: Mapping[str, float]) -> float:
        match tree:
            case Number(number):
                return number
            case Name(name):
                if name in own:
                    return own[name]
                defined = self.definitions.get(name)
                if defined is not None and defined.arguments is None:
                    return self.value(defined.body, {})
                return self.outside[name]
            case Unary("-", operand):
                return -self.value(operand, own)
            case Binary(operator, left, right):
                return naive.ARITHMETIC[operator](self.value(left, own), self.value(right, own))
            case Compare((operator,), (left, right)):
                return float(naive.COMPARISONS[operator](self.value(left, own), self.value(right, own)))
            case Conditional(body, test, orelse):
                return self.value(body if self.value(test, own) != 0 else orelse, own)
            case Call("piecewise", parts):
                for test, chosen in zip(parts[0:-1:2], parts[1::2], strict=True):
                    if self.value(test, own) != 0:
                        return self.value(chosen, own)
                return self.value(parts[-1], own)
            case Call(function, arguments):
                given = [self.value(argument, own) for argument in arguments]
                if function not in self.definitions:
                    return naive.call(function, given)
                return self.called(self.definitions[function], given)
            case Series(function, index, low, high, body):
                ends = int(self.value(low, own)), int(self.value(high, own))
                terms = [self.value(body, {**own, index: float(k)}) for k in range(ends[0], ends[1] + 1)]
                return {
                    "sum": lambda: sum(terms[1:], start=terms[0]),
                    "prod": lambda: math.prod(terms[1:], start=terms[0]),
                    "mean": lambda: sum(terms[1:], start=terms[0]) / len(terms),
                    "max": lambda: max(terms),
                    "min": lambda: min(terms),
                }[function]()
        raise AssertionError(tree)

    def called(self, definition: Definition, given: list[float]) -> float:
        scope: dict[str, float] = {}
        for place, argument in enumerate(definition.arguments or ()):
            if place < len(given):
                scope[argument.name] = given[place]
            else:
                assert argument.default is not None
                scope[argument.name] = self.value(argument.default, scope)
        return self.value(definition.body, scope)


class Writer:
    """Writes formulas with definitions by chance: names shadow each other wherever they may."""

    VALUES = ("z", "w", "q", "i")
    FUNCTIONS = ("f", "g", "h", "z1")
    ARGUMENTS = ("u", "z", "a", "x", "i", "w")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.values: list[str] = []
        self.functions: dict[str, tuple[int, int]] = {}

    def formula(self) -> str:
        lines, used = [], []
        for name in self.chance.sample([*self.VALUES, *self.FUNCTIONS], self.chance.randint(1, 6)):
            if name in self.VALUES:
                lines.append(f"{name} = {self.expression(['x', 'a', 'b'], 3)}")
                self.values.append(name)
                used.append(name)
            else:
                lines.append(self.function(name))
                used.append(self.call(name, ["x", "a", "b"], 1))
        self.chance.shuffle(lines)
        model = f"y ~ {' + '.join([*used, self.expression(['x', 'a', 'b'], 2)])} + x*a*b"
        lines.insert(self.chance.randint(0, len(lines)), model)
        return self.chance.choice(["\n", "; "]).join(lines)

    def function(self, name: str) -> str:
        arguments = self.chance.sample(self.ARGUMENTS, self.chance.randint(1, 3))
        plain = self.chance.randint(0, len(arguments))
        shown = []
        for place, argument in enumerate(arguments):
            later = set(arguments[place:])
            default = self.expression([n for n in [*arguments[:place], "b", "a"] if n not in later], 1, later)
            shown.append(argument if place < plain else f"{argument} = {default}")
        body = self.expression([*arguments, "x", "a", "b"], 3)
        self.functions[name] = (plain, len(arguments))
        return f"{name}({', '.join(shown)}) = {body}"

    def call(self, name: str, names: list[str], depth: int, banned: Set[str] = frozenset()) -> str:
        fewest, most = self.functions[name]
        count = self.chance.randint(max(fewest, 1), most)
        return f"{name}({', '.join(self.expression(names, depth - 1, banned) for _ in range(count))})"

    def expression(self, names: list[str], depth: int, banned: Set[str] = frozenset()) -> str:
        chance = self.chance
        known = [*names, *[value for value in self.values if value not in banned]]
        if depth <= 0:
            return chance.choice([*known, "0.5", "2", "1.25"])

        def inner(more: tuple[str, ...] = ()) -> str:
            return self.expression([*names, *more], depth - 1, banned)

        kind = chance.randrange(7)
        if kind == 0 and self.functions:
            return self.call(chance.choice(sorted(self.functions)), names, depth, banned)
        if kind == 1:
            index = chance.choice(["i", "j", "u", "a", "x"])
            low = chance.choice(["0", "1", "-1"])
            high = chance.choice(["1", "2"])
            if index in banned:
                return inner()
            function = chance.choice(["sum", "prod", "mean", "min", "max"])
            return f"{function}({index} in {low}..{high}: {inner((index,))})"
        if kind == 2:
            return f"piecewise({inner()} < {inner()}, {inner()}, {inner()} > 1, {inner()}, {inner()})"
        if kind == 3:
            return f"tanh({inner()})"
        return f"({inner()} {chance.choice('+-*')} {inner()})"


@settings(max_examples=300)
@given(st.integers(0, 2**32 - 1))
def test_generated_definitions_mean_what_calling_them_gives(seed: int) -> None:
    text = Writer(seed).formula()
    values = {"a": 0.75, "b": -1.5}
    got = ld.Model(text, inputs=["x"], parameters=["a", "b"])(x=X, **values)
    equation = parse(Source(text))
    for x, one in zip(X, got, strict=True):
        want = Scoped(equation.definitions, {"x": x, **values}).value(equation.right, {})
        assert one == pytest.approx(want, rel=1e-12, abs=1e-12), text


# ---- what is refused ----

MESSAGES = [
    (
        "a = a + 1; a*x",
        [
            "formula:1:5: 'a' is defined by itself",
            "   1 | a = a + 1; a*x",
            "     |     ^",
            "Use another name on one side.",
        ],
    ),
    (
        "a = b; b = c + 1; c = a*2; a*x",
        [
            "formula:1:23: 'a' is defined by itself",
            "   1 | a = b; b = c + 1; c = a*2; a*x",
            "     |                       ^",
            "The definitions go round: a -> b -> c -> a.",
        ],
    ),
    (
        "f(u) = g(u)\ng(u) = 2*f(u)\nf(x)",
        [
            "formula:2:10: 'f' is defined by itself",
            "   2 | g(u) = 2*f(u)",
            "     |          ^^^^",
            "The definitions go round: f -> g -> f.",
        ],
    ),
    (
        "f(u, w = f(u)) = u*w; f(x)",
        [
            "formula:1:10: 'f' is defined by itself",
            "   1 | f(u, w = f(u)) = u*w; f(x)",
            "     |          ^^^^",
            "Use another name on one side.",
        ],
    ),
    (
        "z = 3; a*x",
        [
            "formula:1:1: 'z' is defined, but not used",
            "   1 | z = 3; a*x",
            "     | ^",
            "The model is the last equation, or the one with ~; use z in it, or remove the line.",
        ],
    ),
    (
        "g(u) = h(u)\nh(u) = u\nh(x)",
        [
            "formula:1:1: 'g' is defined, but not used",
            "   1 | g(u) = h(u)",
            "     | ^",
            "The model is the last equation, or the one with ~; use g in it, or remove the line.",
        ],
    ),
    (
        "z = 3; z(u) = u; z*x",
        [
            "formula:1:8: 'z' is defined a second time; the first is in line 1",
            "   1 | z = 3; z(u) = u; z*x",
            "     |        ^",
            "Give one of the two another name.",
        ],
    ),
    (
        "f(u, w = qq(1)) = u*w; f(x)",
        [
            "formula:1:10: unknown function 'qq'",
            "   1 | f(u, w = qq(1)) = u*w; f(x)",
            "     |          ^^",
            "For a product write qq*( ... ). Run `lml functions` for the list.",
        ],
    ),
    (
        "f(u, v = w, w = 2) = u*v*w; f(x)",
        [
            "formula:1:10: the default of 'v' uses 'w', which is not before it",
            "   1 | f(u, v = w, w = 2) = u*v*w; f(x)",
            "     |          ^",
            "A default may use the arguments before it.",
        ],
    ),
    (
        "f(u, v = 2) = u*v; f(x, 1, 2)",
        [
            "formula:1:20: f takes 1 to 2 arguments, 3 are given",
            "   1 | f(u, v = 2) = u*v; f(x, 1, 2)",
            "     |                    ^^^^^^^^^^",
            "f(u, v = 2).",
        ],
    ),
    (
        "z = x; z(2)",
        [
            "formula:1:8: 'z' is a value, not a function",
            "   1 | z = x; z(2)",
            "     |        ^",
            "For a product write z*( ... ).",
        ],
    ),
    (
        "piecewise(u, v, w) = u; x*piecewise(x, 1, 2)",
        [
            "formula:1:1: 'piecewise' is a function of the language and cannot be defined again",
            "   1 | piecewise(u, v, w) = u; x*piecewise(x, 1, 2)",
            "     | ^^^^^^^^^",
            "Give yours another name.",
        ],
    ),
    (
        "max(u) = u; max(x)",
        [
            "formula:1:1: 'max' is a function of the language and cannot be defined again",
            "   1 | max(u) = u; max(x)",
            "     | ^^^",
            "Give yours another name.",
        ],
    ),
    (
        "sum(i in 0..n: x*i)",
        [
            "formula:1:13: the ends of a series are whole numbers that are written out",
            "   1 | sum(i in 0..n: x*i)",
            "     |             ^",
            "Write for example sum(i in 0..2: ...).",
        ],
    ),
    (
        "sum(i in 2..1: x*i)",
        [
            "formula:1:1: the series has no term: 1 is below 2",
            "   1 | sum(i in 2..1: x*i)",
            "     | ^^^^^^^^^^^^^^^^^^^",
        ],
    ),
    (
        "sum(i in 0..1: sum(j in 1..i: x*j))",
        [
            "formula:1:16: the series has no term: 0 is below 1",
            "   1 | sum(i in 0..1: sum(j in 1..i: x*j))",
            "     |                ^^^^^^^^^^^^^^^^^^^",
        ],
    ),
    (
        "sum(i in 0..10000: x*i)",
        [
            "formula:1:1: the series has 10,001 terms, more than the limit of 10,000",
            "   1 | sum(i in 0..10000: x*i)",
            "     | ^^^^^^^^^^^^^^^^^^^^^^^",
        ],
    ),
    (
        "dot(i in 0..2: x*i)",
        [
            "formula:1:1: 'dot' makes no series",
            "   1 | dot(i in 0..2: x*i)",
            "     | ^^^",
            "Series are made by sum, prod, mean, min and max.",
        ],
    ),
    (
        "cumsum(i in 0..2: y) ~ a*x",
        [
            "formula:1:1: 'cumsum' makes no series",
            "   1 | cumsum(i in 0..2: y) ~ a*x",
            "     | ^^^^^^",
            "Series are made by sum, prod, mean, min and max.",
        ],
    ),
    (
        "piecewise(x < 0, 1, x < 1, 2)",
        [
            "formula:1:1: piecewise takes an odd number of arguments, 4 are given",
            "   1 | piecewise(x < 0, 1, x < 1, 2)",
            "     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
            "Tests and values alternate, and the last is the value where no test holds: "
            "piecewise(x < 0, a, x < 1, b, c).",
        ],
    ),
]


def check_message(text: str, lines: list[str], **options: object) -> None:
    with pytest.raises(LambdaMLError) as caught:
        ld.Model(text, **options)
    assert str(caught.value) == "\n".join(lines)


@pytest.mark.parametrize(("text", "lines"), MESSAGES, ids=[text for text, _ in MESSAGES])
def test_messages(text: str, lines: list[str]) -> None:
    check_message(text, lines)


# ---- bounds of time and memory ----


def chain(length: int, link: str, first: str, last: str) -> str:
    """Write definitions f0, f1, ..., each of which uses the one before."""
    links = [link.format(now=k + 1, before=k) for k in range(length)]
    return "\n".join([first, *links, last.format(length)])


DOUBLING = {
    "values": chain(40, "f{now} = f{before} + f{before}", "f0 = b*x", "f{}"),
    "functions": chain(40, "f{now}(u) = f{before}(u) + f{before}(u)", "f0(u) = b*u", "f{}(x)"),
    "defaults": chain(40, "f{now}(u, w = f{before}(u)) = w + w", "f0(u) = b*u", "f{}(x)"),
    "series": chain(40, "f{now}(u) = sum(i in 0..1: f{before}(u))", "f0(u) = b*u", "f{}(x)"),
    "backwards": "\n".join([*[f"f{k + 1} = f{k} + f{k}" for k in range(39, -1, -1)], "f0 = b*x", "f40"]),
}


@pytest.mark.parametrize("kind", DOUBLING)
def test_forty_doublings_are_forty_sums(kind: str) -> None:
    """In full it would be a sum of 10^12 terms: equal parts are one part, in every stage."""
    tracemalloc.start()
    model = ld.Model(DOUBLING[kind])
    assert model(x=X, b=2.0).tolist() == (2.0**41 * X).tolist()
    assert model.jacobian({"x": X}, {"b": 2.0})["b"].tolist() == (2.0**40 * X).tolist()
    assert len(model.explain()) < 1e6
    assert pickle.loads(pickle.dumps(model)).parameters == ("b",)
    result = ld.fit(f"y ~ {model}" if ";" not in str(model) else DOUBLING[kind], {"x": X, "y": X})
    assert result.values["b"] == pytest.approx(2.0**-40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6


def test_doublings_of_different_arguments_meet_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline, "MAX_PARTS", 20_000)
    text = chain(40, "f{now}(u) = f{before}(u + 1) + f{before}(u + 2)", "f0(u) = u", "f{}(x)")
    with pytest.raises(LimitError) as caught:
        ld.Model(text)
    assert (
        caught.value.problem == "the formula grows to more than 20,000 parts when its definitions are put in"
    )
    assert caught.value.hint == "Use fewer levels of definitions, or shorter series."


def test_series_of_series_meet_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inline.MAX_PARTS <= 1_000_000
    monkeypatch.setattr(inline, "MAX_PARTS", 100_000)
    check_message(
        "sum(i in 0..9999: sum(j in 0..9999: x*j))",
        [
            "formula:1:39: the formula grows to more than 100,000 parts when its definitions are put in",
            "   1 | sum(i in 0..9999: sum(j in 0..9999: x*j))",
            "     |                                       ^",
            "Use fewer levels of definitions, or shorter series.",
        ],
    )


def test_a_series_of_10000_terms_is_computed() -> None:
    assert value("sum(i in 1..10000: i*x)") == pytest.approx((50005000 * X).tolist())


@pytest.mark.parametrize("kind", ["values", "functions"])
def test_definitions_a_hundred_deep(kind: str) -> None:
    links = {
        "values": ("f{now} = f{before} + 1", "f0 = x", "f{}"),
        "functions": ("f{now}(u) = f{before}(u) + 1", "f0(u) = u", "f{}(x)"),
    }[kind]
    assert value(chain(99, *links)) == (X + 99).tolist()
    if kind == "values":
        assert value(chain(2000, *links)) == (X + 2000).tolist()  # in the order of the text none is deep
        backwards = chain(120, *links).split("\n")
        text = "\n".join([*backwards[-2::-1], backwards[-1]])
    else:
        text = chain(120, *links)
    with pytest.raises(LimitError) as caught:
        ld.Model(text)
    assert caught.value.problem == "definitions and series are nested more than 100 deep"
    assert caught.value.hint == "Write definitions in the order in which they use each other."


def test_series_within_definitions_count_as_levels() -> None:
    links = ("f{now}(u) = sum(i in 0..0: sum(j in 0..0: f{before}(u)))", "f0(u) = u", "f{}(x)")
    with pytest.raises(LimitError):
        ld.Model(chain(99, *links))


# ---- libraries ----

PEAKS = """
bell(u, w = 1) = exp(-(u/w)^2)  "a bell of height 1"
circle(r) = pi*r^2
double(u) = 2*bell(u) + shifted(u)
shifted(u, by = 1) = u + by
powers(u, n = 2) = sum(i in 0..n: u^i)
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "peaks.lml"
    path.write_text(PEAKS, encoding="utf-8")
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "own.lml"
    path.write_text(text, encoding="utf-8")
    return path


def test_functions_of_a_library(library: Path) -> None:
    model = ld.Model("a*bell(x, w) + double(x) + powers(x)", library=library)
    assert model.parameters == ("a", "w")
    bell = np.exp(-((X / 2) ** 2))
    want = 3 * bell + 2 * np.exp(-(X**2)) + (X + 1) + (1 + X + X**2)
    assert model(x=X, a=3.0, w=2.0).tolist() == pytest.approx(want.tolist(), rel=1e-15)
    again = pickle.loads(pickle.dumps(model))
    library.unlink()
    assert again(x=X, a=3.0, w=2.0).tolist() == model(x=X, a=3.0, w=2.0).tolist()


def test_a_library_sees_nothing_of_the_formula(library: Path, tmp_path: Path) -> None:
    """Its constants are constants, its functions call its own, whatever the formula means by these names."""
    area = (math.pi * X**2).tolist()
    assert ld.Model("circle(x) + 0*pi", library=library, parameters=["pi"])(x=X, pi=7.0).tolist() == area
    assert ld.Model("circle(x) + 0*pi", library=library, constants={"pi": 3.0})(x=X).tolist() == area
    assert ld.Model("pi = 3; circle(x) + 0*pi", library=library)(x=X).tolist() == area
    own = "bell(u) = 100*u; z = x; [bell(z), double(z), bell(z)]"
    columns = ld.Model(own, library=library)(x=X).T
    np.testing.assert_allclose(columns, [100 * X, 2 * np.exp(-(X**2)) + X + 1, 100 * X], rtol=1e-15)
    # A function that goes through the library and has the name of one of its functions is no circle.
    around = ld.Model("shifted(u) = double(u)/2; shifted(x)", library=library)
    assert around(x=X).tolist() == pytest.approx((np.exp(-(X**2)) + (X + 1) / 2).tolist())


def test_libraries_go_before_the_prelude_and_later_ones_before_earlier(library: Path, tmp_path: Path) -> None:
    second = written(tmp_path, "bell(u) = 5*u\ngaussian(u) = 7*u\n")
    model = ld.Model("bell(x) + gaussian(x)", library=[library, second])
    assert model(x=X).tolist() == (5 * X + 7 * X).tolist()


@pytest.mark.parametrize(
    "text", ["f(u) = u; g(u) = 2*u\n", "  f(u) = u\n\tg(u)=2*u", "f(u\n) = u\ng(u) = 2*(\nu)"]
)
def test_a_library_may_be_set_as_one_likes(tmp_path: Path, text: str) -> None:
    assert ld.Model("f(x) + g(x)", library=written(tmp_path, text))(x=X).tolist() == (3 * X).tolist()


def test_names_of_a_library_are_normalised(tmp_path: Path) -> None:
    path = written(tmp_path, "f\N{MICRO SIGN}(u) = 2*u\n")
    assert ld.Model("f\N{GREEK SMALL LETTER MU}(x)", library=path)(x=X).tolist() == (2 * X).tolist()


LIBRARY_MESSAGES = [
    (
        "f(u) = u*b\n",
        [
            "own.lml:1:10: 'b' is no argument of 'f'",
            "   1 | f(u) = u*b",
            "     |          ^",
            "A library function uses its arguments only; make it one of them: f(..., b).",
        ],
    ),
    (
        "f(u) = u\n\ng(u, w = b) = u*w\n",
        [
            "own.lml:3:10: 'b' is no argument of 'g'",
            "   3 | g(u, w = b) = u*w",
            "     |          ^",
            "A library function uses its arguments only; make it one of them: g(..., b).",
        ],
    ),
    (
        "f(u) = sum(i in 0..2: u^i) + i\n",
        [
            "own.lml:1:30: 'i' is no argument of 'f'",
            "   1 | f(u) = sum(i in 0..2: u^i) + i",
            "     |                              ^",
            "A library function uses its arguments only; make it one of them: f(..., i).",
        ],
    ),
    (
        "f(u, v = w, w = 2) = u*v*w\n",
        [
            "own.lml:1:10: the default of 'v' uses 'w', which is not before it",
            "   1 | f(u, v = w, w = 2) = u*v*w",
            "     |          ^",
            "A default may use the arguments before it.",
        ],
    ),
    (
        "f(u) = gaussain(u)\n",
        [
            "own.lml:1:8: unknown function 'gaussain'",
            "   1 | f(u) = gaussain(u)",
            "     |        ^^^^^^^^",
            "Did you mean 'gaussian'? Run `lml functions` for the list.",
        ],
    ),
    (
        "f(u) = exp(u, 2)\n",
        [
            "own.lml:1:8: exp takes 1 argument, 2 are given",
            "   1 | f(u) = exp(u, 2)",
            "     |        ^^^^^^^^^",
            "exp(x): e to the power x.",
        ],
    ),
    (
        "f(u) = u\nc = 3\n",
        [
            "own.lml:2:1: 'c' is a value, and a library holds functions",
            "   2 | c = 3",
            "     | ^",
            "Write c(x) = ... .",
        ],
    ),
    (
        "f(u) = u\ny ~ f(x)\n",
        [
            "own.lml:2:1: a library holds definitions, and this is none",
            "   2 | y ~ f(x)",
            "     | ^^^^^^^^",
            "A definition is written with =, as in name(u) = u^2.",
        ],
    ),
    (
        "exp(u) = u\n",
        [
            "own.lml:1:1: 'exp' is a function of the language and cannot be defined again",
            "   1 | exp(u) = u",
            "     | ^^^",
            "Give yours another name.",
        ],
    ),
    (
        "f(u) = u\nf(u) = 2*u\n",
        [
            "own.lml:2:1: 'f' is defined a second time; the first is in line 1",
            "   2 | f(u) = 2*u",
            "     | ^",
            "Give one of the two another name.",
        ],
    ),
]


@pytest.mark.parametrize(("text", "lines"), LIBRARY_MESSAGES, ids=[lines[0] for _, lines in LIBRARY_MESSAGES])
def test_messages_of_libraries(tmp_path: Path, text: str, lines: list[str]) -> None:
    check_message("f(x)", lines, library=written(tmp_path, text))


USES = [
    (
        "f(u) = g(u)\ng(u) = f(u)\n",
        "1 + f(x)",
        [
            "formula:1:5: 'f' is defined by itself",
            "   1 | 1 + f(x)",
            "     |     ^^^^",
            "The definitions go round: f -> g -> f.",
        ],
    ),
    (
        'f(u, v = 2) = u*v  "scaled"\n',
        "1 + f(x, 1, 2)",
        [
            "formula:1:5: f takes 1 to 2 arguments, 3 are given",
            "   1 | 1 + f(x, 1, 2)",
            "     |     ^^^^^^^^^^",
            "f(u, v = 2): scaled.",
        ],
    ),
    (
        "f(u, n = 2) = sum(i in 0..n: u^i)\n",
        "1 + f(x, x)",
        [
            "formula:1:5: the ends of a series are whole numbers that are written out",
            "   1 | 1 + f(x, x)",
            "     |     ^^^^^^^",
            "Write for example sum(i in 0..2: ...).",
        ],
    ),
    (
        "f(u, n = 2) = sum(i in 0..n: u^i)\n",
        "1 + f(x, 20000)",
        [
            "formula:1:5: the series has 20,001 terms, more than the limit of 10,000",
            "   1 | 1 + f(x, 20000)",
            "     |     ^^^^^^^^^^^",
        ],
    ),
    (
        "f(u) = u[3]\n",
        "x + f([1, 2])",
        [
            "formula:1:5: there is no component 3: a vector of 2 has 0 to 1",
            "   1 | x + f([1, 2])",
            "     |     ^^^^^^^^^",
        ],
    ),
]


@pytest.mark.parametrize(("text", "formula", "lines"), USES, ids=[formula for _, formula, _ in USES])
def test_what_a_library_makes_of_a_call_points_at_the_call(
    tmp_path: Path, text: str, formula: str, lines: list[str]
) -> None:
    check_message(formula, lines, library=written(tmp_path, text))


def test_there_is_no_such_library(tmp_path: Path) -> None:
    written(tmp_path, "f(u) = u\n")
    with pytest.raises(ld.DataError) as caught:
        ld.Model("f(x)", library=tmp_path / "won.lml")
    assert str(caught.value) == f"there is no file '{tmp_path}/won.lml'\nDid you mean 'own.lml'?"


def test_a_model_file_uses_a_library_beside_it(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.lml"
    path.write_text('use "peaks.lml"\ninput x\nparam a = 3\nparam w = 2\nz = x - 1\ny = a*bell(z, w)\n')
    model = ld.load(path)
    assert model(x=X, a=3, w=2).tolist() == pytest.approx((3 * np.exp(-(((X - 1) / 2) ** 2))).tolist())
    path.write_text('use "peeks.lml"\ninput x\nparam a = 3\ny = a*bell(x)\n')
    with pytest.raises(ld.DataError) as caught:
        ld.load(path)
    assert str(caught.value) == "\n".join(
        [
            f"model.lml:1:5: there is no file '{tmp_path}/peeks.lml'",
            '   1 | use "peeks.lml"',
            "     |     ^^^^^^^^^^^",
            "Did you mean 'peaks.lml'?",
        ]
    )
    library.write_text("bell(u) = u*q\n")
    path.write_text('use "peaks.lml"\ninput x\nparam a = 3\ny = a*bell(x)\n')
    with pytest.raises(NameResolutionError) as wrong:
        ld.load(path)
    assert str(wrong.value).startswith("peaks.lml:1:13: 'q' is no argument of 'bell'\n")
