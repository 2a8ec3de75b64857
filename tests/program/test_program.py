"""The compiled program against the naive evaluator, and against itself in other arrangements."""

from __future__ import annotations

import math
import threading
import tracemalloc
import warnings
from dataclasses import replace
from itertools import product
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.as_written import as_written
from oracles.formulas import SEEDS, pieces, set_as_text
from oracles.naive import KNOWN, value_of

from lambdaml_dsl import Model
from lambdaml_dsl.language import elementary
from lambdaml_dsl.language.bind import BoundModel, Declared, Known, bind_text
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, Function
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.instructions import (
    ADD,
    DIVIDE,
    MULTIPLY,
    SUBTRACT,
    Apply,
    Column,
    Constant,
    Parameter,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.lower import lower, lower_response
from lambdaml_dsl.program.plan import plan

INPUTS, PARAMETERS = ("x0", "x1", "x2"), ("a", "b", "c")
DECLARED = Declared(inputs=INPUTS, parameters=PARAMETERS)
CALLS = {name: len(function.arguments) for name, function in FUNCTIONS.items()}
KNOWN_CALLS = {name: count for name, count in CALLS.items() if name in KNOWN}
LITERALS = ["0", "1", "2", "3", "0.5", "1e300", "1e-300", "10", "2.5", "1e-3", "pi"]

NAN, INF = math.nan, math.inf
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1e308, -1e308, 1.7976931348623157e308, 5e-324, -5e-324, 1e-300]
SPECIAL += [1.0, -1.0, 0.5, -0.5, 2.0, 3.0, 1e-8, 1e16, 710.0, -745.0, 0.1]
Row: TypeAlias = tuple[float, ...]

FLOATS = st.one_of(st.sampled_from(SPECIAL), st.floats(-10, 10), st.floats())

FORMULAS = st.builds(
    lambda piece, seed: set_as_text(piece.tokens, seed),
    pieces([*INPUTS, *PARAMETERS], LITERALS, KNOWN_CALLS, max_leaves=14),
    SEEDS,
)


def compiled(text: str) -> tuple[BoundModel, Program]:
    bound = bind_text(Source(text), DECLARED)
    return bound, lower(bound)


def table_of(rows: list[Row]) -> dict[str, np.ndarray]:
    return dict(zip(INPUTS, np.array(rows, dtype=float).T.copy(), strict=True))


def same(got: float, want: float, ulp: int = 4) -> bool:
    if math.isnan(want) or math.isinf(want) or math.isnan(got) or math.isinf(got):
        return (math.isnan(want) and math.isnan(got)) or got == want
    return abs(got - want) <= ulp * math.ulp(want)


def bits(values: np.ndarray) -> np.ndarray:
    """Give the bits of floats, every NaN as the same one: its sign and payload mean nothing."""
    return np.where(np.isnan(values), NAN, values).view(np.uint64)


ROWS = st.lists(st.tuples(FLOATS, FLOATS, FLOATS), min_size=1, max_size=19)
THETA = st.tuples(FLOATS, FLOATS, FLOATS)


@settings(max_examples=1200)
@given(FORMULAS, ROWS, THETA)
def test_agrees_with_the_naive_evaluator(text: str, rows: list[Row], theta: Row) -> None:
    bound, program = compiled(text)
    used = [theta[PARAMETERS.index(name)] for name in bound.parameters]
    # What stands in for slow instructions differs in last bits, which a formula may blow up: `test_strength`.
    with as_written():
        (got,) = evaluate(program, table_of(rows), len(rows), np.array(used))
    for value, row in zip(got, rows, strict=True):
        names = dict(zip((*INPUTS, *PARAMETERS), (*row, *theta), strict=True)) | {"pi": math.pi}
        want = value_of(bound.expression, names)
        assert same(float(value), want), (text, names, value, want)


@settings(max_examples=250)
@given(FORMULAS, ROWS, THETA, st.integers(1, 7))
def test_chunks_make_no_difference(text: str, rows: list[Row], theta: Row, chunk: int) -> None:
    bound, program = compiled(text)
    rows = rows * 3
    columns, values = table_of(rows), np.array(theta)[: len(bound.parameters)]
    whole = Evaluation(program, columns, len(rows), chunk=len(rows))(values)
    parts = Evaluation(program, columns, len(rows), chunk=chunk)
    np.testing.assert_array_equal(bits(parts(values)), bits(whole))
    pieces_of = [(low, high, out.copy()) for low, high, out in parts.chunks(values)]
    assert [low for low, _, _ in pieces_of] == list(range(0, len(rows), chunk))
    np.testing.assert_array_equal(bits(np.concatenate([out for *_, out in pieces_of], axis=-1)), bits(whole))


@settings(max_examples=250)
@given(FORMULAS, ROWS, st.lists(THETA, min_size=1, max_size=5), st.integers(1, 7))
def test_a_batch_is_the_same_as_one_by_one(text: str, rows: list[Row], thetas: list[Row], chunk: int) -> None:
    bound, program = compiled(text)
    batch = np.array(thetas)[:, : len(bound.parameters)]
    together = Evaluation(program, table_of(rows), len(rows), batch=len(thetas), chunk=chunk)(batch)
    assert together.shape == (1, len(thetas), len(rows))
    single = Evaluation(program, table_of(rows), len(rows))
    for one, theta in zip(together[0], batch, strict=True):
        np.testing.assert_array_equal(bits(one), bits(single(theta)[0]))


@pytest.mark.parametrize("name", sorted(CALLS))
def test_each_function_is_the_same_in_any_arrangement(name: str) -> None:
    """Vector instructions work on blocks and leave a rest: both must round alike, at any place and length."""
    rng = np.random.default_rng(5)
    n = 263
    x = np.concatenate([rng.uniform(-8, 8, 200), 10.0 ** rng.uniform(-200, 200, 50), SPECIAL[:13]])
    columns = {"x0": x, "x1": rng.permutation(x), "x2": rng.permutation(x)}
    arguments = ", ".join(f"a*{column}" for column in INPUTS[: CALLS[name]])
    _, program = compiled(f"{name}({arguments})")
    theta = np.array([1.0])
    whole = Evaluation(program, columns, n)(theta)[0]
    for chunk in (1, 2, 3, 5, 8, 13, 64, 100):
        np.testing.assert_array_equal(
            bits(Evaluation(program, columns, n, chunk=chunk)(theta)[0]), bits(whole)
        )
    batch = Evaluation(program, columns, n, batch=3)(np.array([[2.0], [1.0], [-1.0]]))
    np.testing.assert_array_equal(bits(batch[0, 1]), bits(whole))


def test_no_rows() -> None:
    _, program = compiled("a*exp(x0) + b")
    empty = {name: np.empty(0) for name in INPUTS}
    assert evaluate(program, empty, 0, [1.0, 2.0]).shape == (1, 0)
    assert evaluate(program, empty, 0, np.ones((4, 2))).shape == (1, 4, 0)
    assert list(Evaluation(program, empty, 0).chunks(np.ones(2))) == []


@pytest.mark.parametrize(
    ("text", "want"),
    [("2 + 3", 5.0), ("a", 7.0), ("x0", 3.0), ("a + 1", 8.0), ("sqrt(x0 + 1)", 2.0), ("pi", math.pi)],
)
def test_an_output_of_any_kind_has_a_value_for_each_row(text: str, want: float) -> None:
    _, program = compiled(text)
    columns = {name: np.full(5, 3.0) for name in INPUTS}
    np.testing.assert_array_equal(evaluate(program, columns, 5, [7.0]), np.full((1, 5), want))
    np.testing.assert_array_equal(evaluate(program, columns, 5, [[7.0], [7.0]]), np.full((1, 2, 5), want))
    chunked = Evaluation(program, columns, 5, chunk=2)(np.array([7.0]))
    np.testing.assert_array_equal(chunked, np.full((1, 5), want))


def test_a_result_is_not_overwritten_by_the_next() -> None:
    _, program = compiled("a*x0")
    run = Evaluation(program, {name: np.arange(4.0) for name in INPUTS}, 4)
    first = run(np.array([1.0]))
    run(np.array([2.0]))
    np.testing.assert_array_equal(first, [[0, 1, 2, 3]])


def test_columns_are_not_written_to() -> None:
    _, program = compiled("abs(-x0)*a + x0^2")
    column = np.array([-1.0, 2.0, -3.0])
    column.flags.writeable = False
    evaluate(program, {"x0": column}, 3, [1.0])
    np.testing.assert_array_equal(column, [-1.0, 2.0, -3.0])


def test_a_sum_of_20000_terms_is_compiled_and_run() -> None:
    bound = bind_text(Source("+".join(f"{index}*x" for index in range(20_000))), Declared())
    (value,) = evaluate(lower(bound), {"x": np.array([2.0])}, 1, [])[0]
    assert value == 2.0 * sum(range(20_000))


def test_a_response_is_a_program_of_columns() -> None:
    bound = bind_text(Source("log(y)/w ~ a*x0"), Declared(), Known(("y", "w", "x0")))
    program = lower_response(bound, {})
    assert set(program.columns) == {"y", "w"}
    (got,) = evaluate(program, {"y": np.array([math.e]), "w": np.array([2.0])}, 1, [])[0]
    assert got == 0.5
    with pytest.raises(ValueError, match="no left side"):
        lower_response(bind_text(Source("a*x0"), Declared()), {})


# ---- equal sub-expressions ----


def applied(program: Program) -> list[str]:
    return [item.function.name for item in program.instructions if isinstance(item, Apply)]


@pytest.mark.parametrize(
    ("text", "functions"),
    [
        ("exp(-a*x0) + exp(-a*x0)", ["negate", "*", "exp", "+"]),
        ("exp(a*x0)*sin(x0*a)", ["*", "exp", "sin", "*"]),
        ("(x0 + a)*(a + x0)", ["+", "square"]),
        ("(x0 - a)*(a - x0)", ["-", "-", "*"]),
        ("x0/a + x0/a", ["/", "+"]),
        ("ln(x0) + log(x0)", ["log", "+"]),
        ("x0^2 + x0**2.0 + square(x0)", ["square", "+", "+"]),
        ("max(x0, a) + max(a, x0)", ["max", "max", "+"]),
        ("hypot(x0, a) - hypot(a, x0)", ["hypot", "-"]),
        ("a if x0 < 1 else (b if x0 < 1 else c)", ["<", "where", "where"]),
    ],
)
def test_equal_sub_expressions_share_a_slot(text: str, functions: list[str]) -> None:
    _, program = compiled(text)
    assert applied(program) == functions


def test_zero_and_minus_zero_are_two_numbers() -> None:
    builder = ProgramBuilder()
    assert builder.constant(0.0) != builder.constant(-0.0)
    assert builder.constant(NAN) == builder.constant(-NAN)
    _, program = compiled("(1/(x0*0 + (-0)) + 1/(x0*0 + 0))")
    # 0*0 + -0 is 0, and 0*-1 + -0 is -0.
    got = evaluate(program, {"x0": np.array([1.0, -1.0])}, 2, [])[0]
    np.testing.assert_array_equal(got, [INF, NAN])


def test_slots_that_no_output_needs_are_dropped() -> None:
    builder = ProgramBuilder()
    x, a = builder.column("x0"), builder.parameter(0)
    builder.apply(FUNCTIONS["exp"], (x,))
    program = builder.finish([builder.apply(ADD, (x, a))])
    assert program.instructions == (Column("x0"), Parameter(0, 0), Apply(ADD, (0, 1)))
    assert program.outputs == (2,)


# ---- folding ----


@pytest.mark.parametrize(
    "text", ["0*x0", "x0*0", "x0 - x0", "x0/x0", "x0 + 0", "0 + x0", "x0 - 0", "0/x0", "x0^0"]
)
def test_what_could_hide_nan_or_a_sign_is_not_folded(text: str) -> None:
    _, program = compiled(text)
    assert len(applied(program)) == 1
    bound, _ = compiled(text)
    values = [NAN, INF, -INF, 0.0, -0.0, 2.0, -2.0, 1e308]
    got = evaluate(program, {"x0": np.array(values)}, len(values), [])[0]
    want = np.array([value_of(bound.expression, {"x0": value}) for value in values])
    np.testing.assert_array_equal(bits(got), bits(want))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1*x0", []),
        ("x0*1", []),
        ("x0/1", []),
        ("x0^1", []),
        ("--x0", []),
        ("+x0", []),
        ("-1*x0", ["negate"]),
        ("x0*(-1)", ["negate"]),
        ("x0^2", ["square"]),
        ("x0*(3 - 2)", []),
        ("x0 if 1 < 2 else a", []),
        ("where(0, a, x0)", []),
        ("x0*sin(pi/2)", []),
        ("x0*exp(0)", []),
    ],
)
def test_what_is_exact_for_every_float_is_folded(text: str, kept: list[str]) -> None:
    bound, program = compiled(text)
    assert applied(program) == kept
    values = [*SPECIAL, 123.456]
    got = evaluate(program, {"x0": np.array(values)}, len(values), [])[0]
    want = np.array([value_of(bound.expression, {"x0": value, "a": 7.0, "pi": math.pi}) for value in values])
    np.testing.assert_array_equal(bits(got), bits(want))


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "%", "**", "<", "==", "and", "or"])
def test_constants_are_folded_to_what_the_kernel_gives(symbol: str) -> None:
    for x, y in product([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 1e308], repeat=2):
        folded = ProgramBuilder()
        number = folded.apply(OPERATORS[symbol], (folded.constant(x), folded.constant(y)))
        left = folded.finish([number])
        assert all(isinstance(item, Constant) for item in left.instructions)
        run = ProgramBuilder()
        right = run.finish([run.apply(OPERATORS[symbol], (run.column("x"), run.column("y")))])
        want = evaluate(right, {"x": np.array([x]), "y": np.array([y])}, 1, [])
        np.testing.assert_array_equal(bits(evaluate(left, {}, 1, [])), bits(want))


@settings(max_examples=300)
@given(FLOATS, FLOATS)
def test_simplified_instructions_give_the_same_bits(x: float, number: float) -> None:
    """The builder may replace an instruction only by one that is the same for every float."""
    for function in (ADD, SUBTRACT, MULTIPLY, DIVIDE):
        for swapped in (False, True):
            builder = ProgramBuilder()
            pair = [builder.column("x"), builder.constant(number)]
            program = builder.finish([builder.apply(function, tuple(pair[::-1] if swapped else pair))])
            (got,) = evaluate(program, {"x": np.array([x])}, 1, [])[0]
            want = np.empty(1)
            both = [np.array([x]), np.array([number])]
            with np.errstate(all="ignore"):
                function.kernel(*(both[::-1] if swapped else both), want)
            assert bits(np.array([got])) == bits(want)


# ---- dependencies ----


@settings(max_examples=200)
@given(FORMULAS)
def test_flags_say_what_a_slot_depends_on(text: str) -> None:
    _, program = compiled(text)
    data: list[bool] = []
    parameters: list[set[int]] = []
    for item in program.instructions:
        match item:
            case Constant():
                data.append(False)
                parameters.append(set())
            case Column():
                data.append(True)
                parameters.append(set())
            case Parameter(index):
                data.append(False)
                parameters.append({index})
            case Apply(_, arguments):
                data.append(any(data[argument] for argument in arguments))
                parameters.append(set().union(*[parameters[argument] for argument in arguments]))
    assert program.on_data == tuple(data)
    assert program.on_parameters == tuple(sum(1 << index for index in of) for of in parameters)


def test_each_slot_knows_its_place_in_the_formula() -> None:
    text = "a*exp(-b*x0)"
    _, program = compiled(text)
    shown = {
        item.function.name: text[slice(*span)]
        for item, span in zip(program.instructions, program.spans, strict=True)
        if isinstance(item, Apply)
    }
    assert shown == {"negate": "-b", "*": "a*exp(-b*x0)", "exp": "exp(-b*x0)"}


def test_the_listing() -> None:
    _, program = compiled("a*exp(-x0) + 2")
    assert program.listing(["a"]).splitlines() == [
        "%0   = parameter a                  {a}",
        "%1   = column x0                    {data}",
        "%2   = negate %1                    {data}",
        "%3   = exp %2                       {data}",
        "%4   = * %0 %3                      {data, a}",
        "%5   = 2                            {}",
        "%6   = + %4 %5                      {data, a}  <- result",
    ]


# ---- how often a kernel is called ----


class Counting:
    """A function of the table whose kernel counts its calls and the elements it computed."""

    def __init__(self, function: Function) -> None:
        self.calls, self.elements = 0, 0
        self.function = replace(function, kernel=self.kernel)
        self._inner = function.kernel

    def kernel(self, *arguments: np.ndarray) -> None:
        self.calls += 1
        self.elements += arguments[-1].size
        self._inner(*arguments)


def counted(
    chunk: int | None = None, batch: int | None = None
) -> tuple[Evaluation, Counting, Counting, Counting]:
    """Make the program a*exp(x) + sin(b) + (tanh of a*exp(x)), with every function counted."""
    exp, sin, tanh = (Counting(FUNCTIONS[name]) for name in ("exp", "sin", "tanh"))
    builder = ProgramBuilder()
    x, a, b = builder.column("x"), builder.parameter(0), builder.parameter(1)
    product_slot = builder.apply(MULTIPLY, (a, builder.apply(exp.function, (x,))))
    total = builder.apply(ADD, (product_slot, builder.apply(sin.function, (b,))))
    program = builder.finish([builder.apply(ADD, (total, builder.apply(tanh.function, (product_slot,))))])
    return Evaluation(program, {"x": np.linspace(0, 1, 10)}, 10, chunk=chunk, batch=batch), exp, sin, tanh


def test_slots_of_data_alone_are_computed_once() -> None:
    run, exp, sin, tanh = counted()
    assert (exp.calls, exp.elements, sin.calls, tanh.calls) == (1, 10, 0, 0)
    for count in range(1, 4):
        run(np.array([1.0, 2.0]))
        assert (exp.calls, exp.elements) == (1, 10)
        assert (sin.calls, sin.elements) == (count, count)
        assert (tanh.calls, tanh.elements) == (count, 10 * count)


def test_slots_of_parameters_alone_are_computed_once_a_theta() -> None:
    run, exp, sin, tanh = counted(chunk=5)
    run(np.array([1.0, 2.0]))
    assert (exp.calls, sin.calls, tanh.calls) == (1, 1, 2)
    for _ in run.chunks(np.array([1.0, 2.0])):
        pass
    assert (exp.calls, sin.calls, tanh.calls) == (1, 2, 4)


def test_a_batch_computes_what_depends_on_data_alone_once() -> None:
    run, exp, sin, tanh = counted(batch=6)
    run(np.ones((6, 2)))
    assert (exp.elements, sin.elements, tanh.elements) == (10, 6, 60)


def test_buffers_are_used_again() -> None:
    _, program = compiled("tanh(" * 100 + "a*x0" + ")" * 100)
    assert len(plan(program).buffers) <= 2


# ---- what is not touched ----


@settings(max_examples=100)
@given(FORMULAS, ROWS, THETA)
def test_numpys_error_state_and_warnings_are_left_alone(text: str, rows: list[Row], theta: Row) -> None:
    with np.errstate(divide="raise", over="warn", under="print", invalid="call"):
        before = np.geterr()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            filters = list(warnings.filters)
            bound, program = compiled(text)
            evaluate(program, table_of(rows), len(rows), np.array(theta)[: len(bound.parameters)])
            assert warnings.filters == filters
        assert caught == []
        assert np.geterr() == before


def test_the_error_state_is_left_alone_between_chunks_and_after_a_failure() -> None:
    _, program = compiled("a/x0")
    run = Evaluation(program, {"x0": np.zeros(4)}, 4, chunk=2)
    before = np.geterr()
    for _ in run.chunks(np.array([1.0])):
        assert np.geterr() == before
    with pytest.raises(KeyError):
        Evaluation(program, {}, 4)
    assert np.geterr() == before


def test_evaluations_of_one_program_are_independent() -> None:
    _, program = compiled("a*exp(-x0) + b")
    columns = {name: np.linspace(0, 1, 1000) for name in INPUTS}
    want = [evaluate(program, columns, 1000, [k, 1.0]) for k in range(8)]
    got: list[np.ndarray | None] = [None] * 8

    def work(k: int) -> None:
        run = Evaluation(program, columns, 1000, chunk=64)
        for _ in range(20):
            got[k] = run(np.array([k, 1.0]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


def test_columns_that_nothing_reads_any_more_are_let_go() -> None:
    rows = 200_000
    text = "a*(" + " + ".join(f"sin({k}*x)" for k in range(1, 41)) + ")"
    program = Model(text).program
    column = {"x": np.linspace(0, 1, rows)}
    tracemalloc.start()
    values = Evaluation(program, column, rows)(np.array([2.0]))[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 8 * rows  # forty sines, and as many partial sums, would be 80 columns
    assert values == pytest.approx(2 * sum(np.sin(k * column["x"]) for k in range(1, 41)), abs=1e-12)


def test_the_naive_evaluator_knows_every_elementary_function() -> None:
    assert {name for entry in elementary.ENTRIES for name in (entry.name, *entry.aliases)} <= KNOWN
