"""Programs of vectors and matrices against the naive evaluator, and against themselves rearranged."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from itertools import pairwise, product
from math import prod

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles.array_trees import INPUTS, NAMES, PARAMETERS, SHAPES, expressions
from oracles.arrays import Rounding, exact, value_of

from lambdaml_dsl import Model
from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.derivatives.differences import difference
from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.derivatives.stencils import STENCILS
from lambdaml_dsl.language.bind import BoundModel, Declared, Known, bind_text
from lambdaml_dsl.language.nodes import Expr
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.arrays import Contract
from lambdaml_dsl.program.evaluate import Evaluation, evaluate
from lambdaml_dsl.program.instructions import Apply, Program
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.products import dot, multiply, multiply_over_rows
from lambdaml_dsl.program.threads import Slabs

DECLARED = Declared(tuple(INPUTS), tuple(PARAMETERS), shapes=tuple(NAMES.items()))
SEEDS = st.integers(0, 2**32 - 1)
ANY_SHAPE = st.sampled_from(SHAPES)
FORMULAS = ANY_SHAPE.flatmap(expressions)
SMOOTH = ANY_SHAPE.flatmap(lambda shape: expressions(shape, bent=False))

SHAKES = 3
"""Runs of the naive evaluator whose roundings differ: their spread is what a result may be off by."""

H = 1e-20


def compiled(tree: Expr | str) -> tuple[BoundModel, Program]:
    bound = bind_text(Source(tree if isinstance(tree, str) else to_text(tree)), DECLARED)
    return bound, lower(bound)


def table(rng: np.random.Generator, rows: int, whole: bool = False) -> dict[str, np.ndarray]:
    """Columns, rows last; with `whole`, small multiples of 1/8, so that comparisons meet equal numbers."""
    drawn = {name: rng.normal(size=(*shape, rows)) for name, shape in INPUTS.items()}
    return {name: np.round(8 * each) / 8 for name, each in drawn.items()} if whole else drawn


def parameters(rng: np.random.Generator, whole: bool = False) -> dict[str, np.ndarray]:
    drawn = {name: rng.normal(size=shape) for name, shape in PARAMETERS.items()}
    return {name: np.round(8 * each) / 8 for name, each in drawn.items()} if whole else drawn


def row_of(columns: Mapping[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    return {name: values[..., row] for name, values in columns.items()}


def theta_of(bound: BoundModel, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Put values in the order of theta."""
    return np.concatenate([np.empty(0), *[values[name].ravel() for name in bound.parameters]])


def by_rows(
    tree: Expr, columns: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray], seed: int = 0
) -> np.ndarray:
    """Evaluate row by row: (1 + SHAKES, *shape, n), the first without shaking."""
    rows = next(iter(columns.values())).shape[-1]
    return np.stack(
        [
            np.stack(
                [value_of(tree, {**row_of(columns, row), **values}, shaken) for row in range(rows)], axis=-1
            )
            for shaken in (exact, *map(Rounding, range(seed, seed + SHAKES)))
        ]
    )


def check(got: np.ndarray, runs: np.ndarray, relative: float, what: object) -> None:
    """Hold values against the first run, within what the other runs differ from it by."""
    want = runs[0]
    with np.errstate(all="ignore"):
        spread = np.abs(runs[1:] - want).max(axis=0)
        close = np.abs(got - want) <= relative * np.abs(want) + 16 * spread
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    unclear = ~np.isfinite(spread) & ~(np.isnan(runs).all(axis=0))
    good = same | (np.isfinite(want) & close) | unclear
    assert good.all(), (what, got[~good], want[~good], spread[~good])


def has_products(program: Program) -> bool:
    return any(
        isinstance(item, Apply) and isinstance(item.function, Contract) for item in program.instructions
    )


# ---- values ----


@settings(max_examples=350)
@given(FORMULAS, SEEDS, st.booleans())
def test_agrees_with_the_naive_evaluator(tree: Expr, seed: int, whole: bool) -> None:
    bound, program = compiled(tree)
    rng = np.random.default_rng(seed)
    columns, values = table(rng, 3, whole), parameters(rng, whole)
    out = evaluate(program, columns, 3, theta_of(bound, values))
    # The model that was understood is evaluated: what was rewritten is proven equal by other tests.
    runs = by_rows(bound.expression, columns, values)
    assert runs.shape[1:-1] == bound.result
    check(out.reshape(*bound.result, 3), runs, 1e-15, to_text(tree))


CASES = {
    # Sums over the components of numbers alone, of parameters alone, of data alone.
    "a*sum([1, 2]) + t": lambda r: r["a"] * 3 + r["t"],
    "sum([1, 2])*t": lambda r: 3 * r["t"],
    "sum([1, 2])": lambda r: 3,
    "sum(k) + dot(k, k)": lambda r: r["k"].sum() + r["k"] @ r["k"],
    "sum(X) - X @ X": lambda r: r["X"].sum() - r["X"] @ r["X"],
    "[1, 2] @ [3, 4]": lambda r: 11,
    "p": lambda r: r["p"],
    "[t, 1]": lambda r: np.array([r["t"], 1]),
    "[1, 2]": lambda r: np.array([1, 2]),
    "Z": lambda r: r["Z"],
    "W @ X": lambda r: r["W"] @ r["X"],
    "X @ V": lambda r: r["X"] @ r["V"],
    "Z @ X": lambda r: r["Z"] @ r["X"],
    "Y @ Z @ X": lambda r: r["Y"] @ r["Z"] @ r["X"],
    "p @ W @ k": lambda r: r["p"] @ r["W"] @ r["k"],
    "Z @ V": lambda r: r["Z"] @ r["V"],
    "V @ Z": lambda r: r["V"] @ r["Z"],
    "(Z + W) @ (V + t)": lambda r: (r["Z"] + r["W"]) @ (r["V"] + r["t"]),
    "(Y*t) @ (Z + t)": lambda r: (r["Y"] * r["t"]) @ (r["Z"] + r["t"]),
    "Z[1]": lambda r: r["Z"][1],
    "Z[:, ::-1]": lambda r: r["Z"][:, ::-1],
    "Z[-1, -2]": lambda r: r["Z"][-1, -2],
    "W[::-1][0, :2]": lambda r: r["W"][::-1][0, :2],
    "X[2:0:-1]": lambda r: r["X"][2:0:-1],
    "X[-1::-1]": lambda r: r["X"][::-1],
    "size(Z)*t + size(t) + size(k)": lambda r: 6 * r["t"] + 4,
    "norm(Z)": lambda r: np.linalg.norm(r["Z"]),
    "norm(Z, 1)": lambda r: np.linalg.norm(r["Z"], axis=1),
    "norm([t])": lambda r: abs(r["t"]),
    "max(Z) - min(X)": lambda r: r["Z"].max() - r["X"].min(),
    "mean(Z, 0)": lambda r: r["Z"].mean(axis=0),
    "prod(Z, -1)": lambda r: r["Z"].prod(axis=1),
    "cumsum(Z)": lambda r: np.cumsum(r["Z"], axis=1),
    "poly(t, X)": lambda r: np.polynomial.polynomial.polyval(r["t"], r["X"]),
    "poly(X, a, b, t)": lambda r: np.polynomial.polynomial.polyval(r["X"], [r["a"], r["b"], r["t"]]),
    "poly(X, 2, 0)": lambda r: np.full(3, 2),
    "poly(X, [2])": lambda r: np.full(3, 2),
    "X if t > 0 else k": lambda r: r["X"] if r["t"] > 0 else r["k"],
    "where(X > 0, t, 0)": lambda r: np.where(r["X"] > 0, r["t"], 0),
    "piecewise(t < 0, X, k)": lambda r: r["X"] if r["t"] < 0 else r["k"],
    "sum(i in 0..2: X[i]*k[2 - i])": lambda r: r["X"] @ r["k"][::-1],
}


@pytest.mark.parametrize("text", CASES)
def test_against_numpy(text: str) -> None:
    bound, program = compiled(text)
    rng = np.random.default_rng(7)
    columns, values = table(rng, 5), parameters(rng)
    want = np.stack([CASES[text](row_of(columns, row) | values) for row in range(5)], axis=-1)
    theta = theta_of(bound, values)
    for chunk in (1, 2, 5):
        out = Evaluation(program, columns, 5, chunk=chunk)(theta)
        np.testing.assert_allclose(out.reshape(want.shape), want, rtol=1e-14, atol=1e-14)
        pair = Evaluation(program, columns, 5, chunk=chunk, batch=2)(np.array([theta, theta + 1]))
        np.testing.assert_allclose(pair[:, 0].reshape(want.shape), want, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("values", [(1000.0, 999.0), (-1000.0, -1001.0), (1e308, 1e308), (-np.inf, 0.0)])
def test_softmax_does_not_overflow(values: tuple[float, float]) -> None:
    apart = np.exp(values[1] - values[0]) if np.isfinite(values[0]) else np.inf
    want = np.array([1 / (1 + apart), 1 / (1 + 1 / apart) if apart else 0.0])
    got = Model("softmax([x0, x1])")(x0=values[0], x1=values[1])
    assert got[0] == pytest.approx(want, rel=1e-15)
    logarithms = Model("log_softmax([x0, x1])")(x0=values[0], x1=values[1])[0]
    with np.errstate(divide="ignore"):
        assert logarithms == pytest.approx(np.log(want), rel=1e-15)


def test_log_softmax_is_accurate_where_softmax_is_0() -> None:
    got = Model("log_softmax([x0, 0, -x0])")(x0=[800.0, 3.0])
    assert got[0].tolist() == [0.0, -800.0, -1600.0]
    exact_ = 3.0 + np.log1p(np.exp(-3.0) + np.exp(-6.0))
    assert got[1] == pytest.approx([3 - exact_, -exact_, -3 - exact_], rel=1e-14)


def test_norm_does_not_overflow() -> None:
    assert Model("norm([3*x, 4*x])")(x=[1e200, 1e-200]).tolist() == pytest.approx([5e200, 5e-200])


def test_nan_and_infinity_stay_in_their_rows() -> None:
    x = np.array([[1.0, 2.0, 3.0], [np.nan, 1.0, 1.0], [np.inf, 1.0, 0.0], [0.5, 0.5, 0.5]])
    model = Model("sum(W @ x)", inputs=["x[3]"], parameters=["W[4, 3]"])
    got = model(x=x, W=np.ones((4, 3)))
    np.testing.assert_array_equal(got, [24.0, np.nan, np.inf, 6.0])


def test_no_rows() -> None:
    for text in ("W @ X", "Z @ X", "sum(Z)", "softmax(X + k)", "[t, a]", "k", "norm(Z @ V)"):
        bound, program = compiled(text)
        empty = {name: np.empty((*shape, 0)) for name, shape in INPUTS.items()}
        size = prod(bound.result)
        theta = np.ones(bound.offsets[-1])
        assert evaluate(program, empty, 0, theta).shape == (size, 0)
        assert evaluate(program, empty, 0, np.stack([theta, theta])).shape == (size, 2, 0)


# ---- derivatives ----


def complex_steps(tree: Expr, bound: BoundModel, columns: dict, values: dict) -> np.ndarray:
    """Differentiate row by row by the true complex step: (1 + SHAKES, P, *shape, n)."""
    sheets = []
    for name in bound.parameters:
        for place in np.ndindex(values[name].shape):
            moved = values[name].astype(complex)
            moved[place] += 1j * H
            sheets.append(by_rows(tree, columns, {**values, name: moved}).imag / H)
    return np.stack(sheets, axis=1)


@settings(max_examples=150)
@given(SMOOTH, SEEDS)
def test_derivatives_are_the_true_complex_step(tree: Expr, seed: int) -> None:
    bound, program = compiled(tree)
    assume(bound.parameters)
    rng = np.random.default_rng(seed)
    columns, values = table(rng, 2), parameters(rng)
    out = evaluate(carry(program, range(len(bound.parameters))), columns, 2, theta_of(bound, values))
    size = prod(bound.result)
    assert out.shape == (size * (1 + bound.offsets[-1]), 2)
    got = out[size:].reshape(-1, *bound.result, 2)
    runs = complex_steps(tree, bound, columns, values)
    finite = np.isfinite(evaluate(program, columns, 2, theta_of(bound, values))).reshape(*bound.result, 2)
    keep = np.broadcast_to(finite, got.shape)
    check(np.where(keep, got, 0), np.where(keep, runs, 0), 1e-13, to_text(tree))


@settings(max_examples=120)
@given(FORMULAS, SEEDS)
def test_differences_are_those_of_the_naive_evaluator(tree: Expr, seed: int) -> None:
    bound, program = compiled(tree)
    assume(bound.parameters)
    rng = np.random.default_rng(seed)
    columns, values = table(rng, 2), parameters(rng)
    out = evaluate(difference(program, range(len(bound.parameters))), columns, 2, theta_of(bound, values))
    got = out[prod(bound.result) :].reshape(-1, *bound.result, 2)
    sheets = []
    for name in bound.parameters:
        for place in np.ndindex(values[name].shape):
            ends = [values[name].copy() for _ in range(2)]
            for end, sign in zip(ends, (1, -1), strict=True):
                end[place] += sign * STENCILS[DiffMethod.CENTRAL].step * abs(end[place])
            upper, lower = (
                by_rows(bound.expression, columns, {**values, name: end}, seed)
                for seed, end in zip((0, SHAKES), ends, strict=True)
            )
            with np.errstate(all="ignore"):
                sheets.append((upper - lower) / (ends[0][place] - ends[1][place]))
    check(got, np.stack(sheets, axis=1), 1e-9, to_text(tree))


@settings(max_examples=80)
@given(SMOOTH, SEEDS)
def test_carried_derivatives_agree_with_differences(tree: Expr, seed: int) -> None:
    bound, program = compiled(tree)
    assume(bound.parameters)
    rng = np.random.default_rng(seed)
    columns, theta = table(rng, 4), theta_of(bound, parameters(rng))
    every = range(len(bound.parameters))
    exact_, quotients = (evaluate(way(program, every), columns, 4, theta) for way in (carry, difference))
    assert exact_.shape == quotients.shape
    size = prod(bound.result)
    values, slopes = np.abs(exact_[:size]), exact_[size:].reshape(-1, size, 4)
    assume(np.isfinite(exact_).all() and np.isfinite(quotients).all())
    assume(values.max(initial=0) < 1e3 and np.abs(slopes).max(initial=0) < 1e3)
    # Rounding takes eps*f/h; truncation takes a third derivative, which grows with the slopes.
    scale = 1 + values.max(initial=0) + np.abs(slopes).max(initial=0) ** 3
    np.testing.assert_allclose(quotients[size:], exact_[size:], rtol=1e-5, atol=1e-8 * scale)


SYMBOLIC = [
    ("sum(A*exp(-k*t))", {"A": (3,), "k": (3,)}, {"t": ()}),
    ("f @ tanh(W @ x + b) + c", {"f": (2,), "W": (2, 3), "b": (2,), "c": ()}, {"x": (3,)}),
    ("softmax([0, b1 + w1 @ x, b2 + w2 @ x])", {"b1": (), "w1": (2,), "b2": (), "w2": (2,)}, {"x": (2,)}),
    ("log_softmax(B @ x)", {"B": (3, 2)}, {"x": (2,)}),
    ("norm(x - m)^2 + prod(m)*mean(x)", {"m": (3,)}, {"x": (3,)}),
    ("x @ S @ x + sum(S, 0)[1]*cumsum(x)[1]", {"S": (2, 2)}, {"x": (2,)}),
    ("poly(t, c)*Q[0, 1]/Q[1][0]", {"c": (4,), "Q": (2, 2)}, {"t": ()}),
    ("[a*t, t^a, c[0] + c[1]*t] @ c[::-1]", {"a": (), "c": (3,)}, {"t": ()}),
]
"""Formulas, and the same in SymPy's matrices below."""


def in_sympy(number: int, p: Mapping[str, sympy.Matrix], x: sympy.Matrix) -> list[sympy.Expr]:
    """Write formula `number` out by hand; the input is x, of which t is the only component."""

    def softmax(values: list[sympy.Expr]) -> list[sympy.Expr]:
        return [sympy.exp(value) / sum(map(sympy.exp, values)) for value in values]

    match number:
        case 0:
            return [sum(p["A"][i] * sympy.exp(-p["k"][i] * x[0]) for i in range(3))]
        case 1:
            hidden = [sum(p["W"][i, j] * x[j] for j in range(3)) + p["b"][i] for i in range(2)]
            return [sum(p["f"][i] * sympy.tanh(hidden[i]) for i in range(2)) + p["c"][0]]
        case 2:
            planes = [p[f"b{i}"][0] + p[f"w{i}"][0] * x[0] + p[f"w{i}"][1] * x[1] for i in (1, 2)]
            return softmax([sympy.Integer(0), *planes])
        case 3:
            return [sympy.log(each) for each in softmax(list(p["B"] * x))]
        case 4:
            length = sum((x[i] - p["m"][i]) ** 2 for i in range(3))
            return [length + p["m"][0] * p["m"][1] * p["m"][2] * (x[0] + x[1] + x[2]) / 3]
        case 5:
            column = p["S"][0, 1] + p["S"][1, 1]
            return [(x.T * p["S"] * x)[0] + column * (x[0] + x[1])]
        case 6:
            return [sum(p["c"][i] * x[0] ** i for i in range(4)) * p["Q"][0, 1] / p["Q"][1, 0]]
        case _:
            c, a, t = p["c"], p["a"][0], x[0]
            return [a * t * c[2] + t**a * c[1] + (c[0] + c[1] * t) * c[0]]


@pytest.mark.parametrize("number", range(len(SYMBOLIC)), ids=[text for text, *_ in SYMBOLIC])
def test_values_and_jacobians_are_those_of_sympy(number: int) -> None:
    text, shapes, inputs = SYMBOLIC[number]
    listed = [f"{name}[{', '.join(map(str, own))}]" if own else name for name, own in shapes.items()]
    ((column, width),) = inputs.items()
    model = Model(text, inputs=[f"{column}{list(width) if width else ''}"], parameters=listed)
    rng = np.random.default_rng(number)
    values = {name: rng.uniform(0.5, 1.5, own) for name, own in shapes.items()}
    rows = {column: rng.uniform(0.5, 1.5, (6, *width))}
    jacobian = model.jacobian(rows, values)
    result = model.evaluate(rows, values)

    def matrix(name: str, own: tuple[int, ...]) -> sympy.Matrix:
        height, breadth = (*own, 1, 1)[:2]
        return sympy.Matrix(height, breadth, lambda i, j: sympy.Symbol(f"{name}_{i}_{j}"))

    p = {name: matrix(name, own) for name, own in shapes.items()}
    x = matrix("input", width)
    symbols = [symbol for each in (*p.values(), x) for symbol in each]
    outputs = in_sympy(number, p, x)
    for row, output in product(range(6), range(len(outputs))):
        numbers = np.concatenate([np.ravel(each) for each in (*values.values(), rows[column][row])])
        at = dict(zip(symbols, map(sympy.Float, numbers, [30] * len(numbers)), strict=True))
        assert float(np.ravel(result[row])[output]) == pytest.approx(
            float(outputs[output].evalf(30, subs=at)), rel=1e-13
        )
        for name, own in shapes.items():
            want = [float(sympy.diff(outputs[output], each).evalf(30, subs=at)) for each in p[name]]
            got = jacobian[name][row].reshape(-1, prod(own))[output]
            np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


# ---- arrangements ----


def bits(values: np.ndarray) -> np.ndarray:
    """Give the bits of floats, every NaN as the same one: its sign and payload mean nothing."""
    return np.where(np.isnan(values), np.nan, values).view(np.uint64)


@settings(max_examples=120)
@given(FORMULAS, SEEDS, st.booleans())
def test_arrangements_make_no_difference(tree: Expr, seed: int, derivatives: bool) -> None:
    """Chunks, batches, threads: the same to the bit, but for products, which BLAS adds up its own way."""
    bound, program = compiled(tree)
    rng = np.random.default_rng(seed)
    rows = 19
    columns = table(rng, rows)
    thetas = np.stack([theta_of(bound, parameters(rng)) for _ in range(3)])
    if derivatives:
        program = carry(program, range(len(bound.parameters)))
    whole = Evaluation(program, columns, rows, chunk=rows)
    wants = np.stack([whole(theta) for theta in thetas], axis=1)
    runs = [
        np.stack([Evaluation(program, columns, rows, chunk=chunk)(theta) for theta in thetas], axis=1)
        for chunk in (1, 2, 7)
    ]
    runs += [Evaluation(program, columns, rows, batch=3, chunk=chunk)(thetas) for chunk in (1, 5, rows)]
    runs += [
        np.stack([Slabs(program, columns, rows, threads=threads)(theta) for theta in thetas], axis=1)
        for threads in (1, 3)
    ]
    parts = [out.copy() for *_, out in Evaluation(program, columns, rows, chunk=4, batch=3).chunks(thetas)]
    runs.append(np.concatenate(parts, axis=-1))
    if not has_products(program):
        for run in runs:
            np.testing.assert_array_equal(bits(run), bits(wants))
        return
    # The same sums in another order: within what roundings do to the naive evaluator's value.
    own = parameters(np.random.default_rng(0))
    offsets = [slice(low, high) for low, high in pairwise(bound.offsets)]
    if not derivatives:
        for which, theta in enumerate(thetas):
            values = own | {
                name: theta[part].reshape(bound.shape(name))
                for name, part in zip(bound.parameters, offsets, strict=True)
            }
            naive = by_rows(bound.expression, columns, values)
            for run in (*runs, wants):
                check(run[:, which].reshape(naive.shape[1:]), naive, 1e-13, to_text(tree))
        return
    scale = np.abs(np.where(np.isfinite(wants), wants, 0)).max(axis=(0, 2), keepdims=True)
    for run in runs:
        with np.errstate(all="ignore"):
            near = np.abs(run - wants) <= 1e-9 * np.abs(wants) + 1e-12 * scale
        assert (near | (bits(run) == bits(wants)) | ~np.isfinite(run) & ~np.isfinite(wants)).all()


BLAS = ["W @ X", "Z @ X", "X @ V", "X @ Z[0]", "S @ X", "(W*t) @ X", "Z @ V", "Y @ W", "sum(S @ exp(S @ X))"]


@pytest.mark.parametrize("text", BLAS)
def test_products_are_the_same_in_any_arrangement_to_13_digits(text: str) -> None:
    bound, program = compiled(text)
    rng = np.random.default_rng(3)
    rows = 1001
    columns = {name: rng.uniform(0.5, 1.5, (*shape, rows)) for name, shape in INPUTS.items()}
    thetas = rng.uniform(0.5, 1.5, (4, bound.offsets[-1]))
    for each in (program, carry(program, range(len(bound.parameters)))):
        wants = np.stack([Evaluation(each, columns, rows)(theta) for theta in thetas], axis=1)
        for chunk, batch in product((1, 100, rows), (False, True)):
            if batch:
                got = Evaluation(each, columns, rows, chunk=chunk, batch=4)(thetas)
            else:
                run = Evaluation(each, columns, rows, chunk=chunk)
                got = np.stack([run(theta) for theta in thetas], axis=1)
            np.testing.assert_allclose(got, wants, rtol=1e-13)
        one, three = (Slabs(each, columns, rows, threads=threads)(thetas[0]) for threads in (1, 3))
        np.testing.assert_array_equal(bits(one), bits(three))


LARGE = Declared(("v", "t"), ("G", "f", "g"), shapes=(("v", (9,)), ("G", (8, 9)), ("f", (8,)), ("g", (9,))))


@pytest.mark.parametrize(
    "text",
    ["f @ tanh(G @ v)", "G @ v", "sum(G*v*t)", "exp(v)*t", "sum(v*g) + mean(exp(v*g))"],
)
def test_large_values_are_the_same_in_any_arrangement(text: str) -> None:
    """Of more components than are kept for all rows, and than NumPy adds up one by one."""
    bound = bind_text(Source(text), LARGE)
    rng = np.random.default_rng(4)
    rows = 300
    columns = {"v": rng.uniform(0.5, 1.5, (9, rows)), "t": rng.uniform(0.5, 1.5, rows)}
    thetas = rng.uniform(0.5, 1.5, (2, bound.offsets[-1]))
    values = [
        {
            name: theta[low:high].reshape(bound.shape(name))
            for name, (low, high) in zip(bound.parameters, pairwise(bound.offsets), strict=True)
        }
        for theta in thetas
    ]
    naive = np.stack([by_rows(bound.expression, columns, each)[0] for each in values])
    for program in (lower(bound), carry(lower(bound), range(len(bound.parameters)))):
        whole = Evaluation(program, columns, rows, chunk=rows)
        wants = np.stack([whole(theta) for theta in thetas], axis=1)
        size = prod(bound.result)
        np.testing.assert_allclose(wants[:size].swapaxes(0, 1).reshape(naive.shape), naive, rtol=1e-13)
        for chunk in (1, 7, rows):
            got = Evaluation(program, columns, rows, chunk=chunk, batch=2)(thetas)
            np.testing.assert_allclose(got, wants, rtol=1e-13)
            got = np.stack(
                [Evaluation(program, columns, rows, chunk=chunk)(theta) for theta in thetas], axis=1
            )
            np.testing.assert_allclose(got, wants, rtol=1e-13)
            if chunk > 1 and not has_products(program):
                # The sum of 8 and more numbers of a single row goes by pairs in NumPy, of several one by one.
                np.testing.assert_array_equal(bits(got), bits(wants))


def test_tangents_of_data_alone_do_not_fill_the_memory() -> None:
    rows = 20_000
    model = Model("f @ tanh(G @ x)", inputs=["x[12]"], parameters=["f[12]", "G[12, 12]"])
    rng = np.random.default_rng(1)
    data = {"x": rng.normal(size=(rows, 12)), "y": np.zeros(rows)}
    objective = model.bind(data)
    theta = rng.normal(size=156)
    tracemalloc.start()
    gradient = objective.gradient(theta)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6  # the derivative of G @ x by G for all rows is of 12*12*12 numbers a row: 276 MB
    hidden = np.tanh(data["x"] @ theta[12:].reshape(12, 12).T)
    residuals = hidden @ theta[:12]
    np.testing.assert_allclose(gradient[:12], 2 * residuals @ hidden, rtol=1e-11, atol=1e-11 * rows)
    by_matrix = 2 * ((residuals[:, None] * theta[:12] * (1 - hidden**2)).T @ data["x"])
    np.testing.assert_allclose(gradient[12:], by_matrix.ravel(), rtol=1e-11, atol=1e-11 * rows)


def test_a_parameter_that_only_counts_keeps_its_place() -> None:
    """Of `p` nothing is computed, but it has two columns in the Jacobian."""
    model = Model("size(p)*a*x + b", parameters=["p[2]"])
    rows = {"x": [1.0, 2.0]}
    for method in ("complex_step", "central"):
        found = model.jacobian(rows, {"p": [5, 6], "a": 3.0, "b": 1.0}, method)
        np.testing.assert_allclose(found["p"], np.zeros((2, 2)))
        np.testing.assert_allclose(found["a"], [2, 4], rtol=1e-8)
        np.testing.assert_allclose(found["b"], [1, 1], rtol=1e-8)


def test_columns_of_vectors_are_not_written_to() -> None:
    _, program = compiled("cumsum(X)*exp(X) + softmax(X) - X[::-1]")
    columns = table(np.random.default_rng(1), 4)
    for column in columns.values():
        column.flags.writeable = False
    before = columns["X"].copy()
    evaluate(program, columns, 4, [])
    np.testing.assert_array_equal(columns["X"], before)


def test_a_product_is_one_matrix_product_for_each_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    inputs, weights = rng.normal(size=(2, 100)), rng.normal(size=(8, 2))
    known = Known(("x",), (("x", (2,)), ("W", (8, 2))))
    program = lower(bind_text(Source("W @ x"), Declared(), known))
    evaluation = Evaluation(program, {"x": inputs}, 100, chunk=25)
    calls, matmul = [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda *args, **options: (calls.append(1), matmul(*args, **options))[1])
    np.testing.assert_allclose(evaluation(weights.ravel()), weights @ inputs, rtol=1e-14, atol=1e-15)
    assert len(calls) == 4


@pytest.mark.parametrize("height", [1, 3, 64, 130])
@pytest.mark.parametrize("inner", [1, 64, 140])
@pytest.mark.parametrize("rows", [1, 63, 1000, 9001])
def test_products_that_are_cut_are_the_products(height: int, inner: int, rows: int) -> None:
    """What BLAS would share out to its threads is given to it in parts; to rounding it is the same."""
    rng = np.random.default_rng(height + inner + rows)
    matrix, columns = rng.normal(size=(height, inner)), rng.normal(size=(inner, rows))
    out = np.empty((height, rows))
    multiply(matrix, columns, out)
    np.testing.assert_allclose(out, matrix @ columns, rtol=1e-12, atol=1e-12)
    turned, sums = rng.normal(size=(height, rows)), np.empty((height, inner))
    multiply_over_rows(turned, columns, sums)
    np.testing.assert_allclose(sums, turned @ columns.T, rtol=1e-11, atol=1e-10)
    assert dot(columns[0], turned[0]) == pytest.approx(columns[0] @ turned[0], rel=1e-11, abs=1e-11)
