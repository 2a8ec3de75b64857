"""Shapes of values: inferred as NumPy has them on evaluation, refused before any number is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.array_trees import INPUTS, NAMES, PARAMETERS, SHAPES, expressions, grafted
from oracles.arrays import ILL_SHAPED, value_of

import lambdaml_dsl as ld
from lambdaml_dsl.errors import DataError, LambdaMLError, LimitError, OptionError, ShapeError
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bind import Declared, Known, bind_text
from lambdaml_dsl.language.nodes import Expr
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.evaluate import Evaluation

DECLARED = Declared(tuple(INPUTS), tuple(PARAMETERS), shapes=tuple(NAMES.items()))
RNG = np.random.default_rng(1)
VALUES = {name: RNG.normal(size=shape) for name, shape in NAMES.items()}


# ---- generated formulas ----


@settings(max_examples=250)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: st.tuples(st.just(shape), expressions(shape))))
def test_the_shape_of_what_fits_is_that_of_numpy(drawn: tuple[Shape, Expr]) -> None:
    shape, tree = drawn
    assert value_of(tree, VALUES).shape == shape
    assert bind_text(Source(to_text(tree)), DECLARED).result == shape


def shape_by_numpy(tree: Expr) -> Shape | None:
    try:
        return value_of(tree, VALUES).shape
    except ILL_SHAPED:
        return None


def shape_by_inference(text: str, declared: Declared, known: Known) -> Shape | None:
    try:
        return bind_text(Source(text), declared, known).result
    except ShapeError:
        return None


@settings(max_examples=500)
@given(grafted(), st.booleans())
def test_what_does_not_fit_in_numpy_is_refused(tree: Expr, by_data: bool) -> None:
    """Told of each name, or found in the data and the start values: the outcome is the same."""
    declared, known = DECLARED, Known()
    if by_data:
        declared = Declared(parameters=tuple(PARAMETERS))
        known = Known(tuple(INPUTS), tuple((name, shape) for name, shape in NAMES.items() if shape))
    text = f"y ~ {to_text(tree)}"
    assert shape_by_inference(text, declared, known) == shape_by_numpy(tree), text


def test_the_generator_makes_both_kinds() -> None:
    kinds = []

    @settings(max_examples=200)
    @given(grafted())
    def collect(tree: Expr) -> None:
        kinds.append(shape_by_numpy(tree) is None)

    collect()
    assert 30 < sum(kinds) < 170


# ---- nothing is computed before ----


class Counted:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        self.calls += 1
        return x


@pytest.mark.parametrize(
    "formula", ["y ~ f(a)*v + [1, 2]", "y ~ [f(2), v]", "y ~ W @ f(v)*f(t)", "y ~ f(a*t)[0]"]
)
def test_no_number_is_computed_before_shapes_are_seen_not_to_fit(
    formula: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was evaluated")

    monkeypatch.setattr(Evaluation, "__init__", never)
    function = Counted()
    data = {"v": np.ones((4, 3)), "t": np.ones(4), "y": np.ones(4)}
    start = {"W": np.ones((3, 2))} if "W" in formula else {}
    with pytest.raises(ShapeError):
        ld.Model(formula, functions={"f": function}).fit(data, start=start)
    assert function.calls == 0


# ---- shapes that are found ----


@pytest.mark.parametrize(
    ("formula", "shapes", "columns", "found", "result"),
    [
        # By the components that are asked for.
        ("A[0]*x + A[2]", {}, {"x": ()}, {"A": (3,)}, ()),
        ("A[2]*x + A[0]*sum(A)", {}, {"x": ()}, {"A": (3,)}, ()),
        ("W[1, 2]*x + W[0, 0]", {}, {"x": ()}, {"W": (2, 3)}, ()),
        ("sum(i in 0..4: A[i]*x^i)", {}, {"x": ()}, {"A": (5,)}, ()),
        ("sum(i in 1..3: A[i - 1]*x^i)", {}, {"x": ()}, {"A": (3,)}, ()),
        # By what it is multiplied by.
        ("w @ x + b", {}, {"x": (4,)}, {"w": (4,), "b": ()}, ()),
        ("dot(x, w)", {}, {"x": (4,)}, {"w": (4,)}, ()),
        ("f @ tanh(W @ x + b)", {"W": (5, 4), "b": (5,)}, {"x": (4,)}, {"f": (5,)}, ()),
        ("t*(p @ (W @ q))", {"W": (5, 4)}, {"t": ()}, {"p": (5,), "q": (4,)}, ()),
        # By the start values, and the data.
        ("sum(A*exp(-k*t))", {"A": (3,), "k": (3,)}, {"t": ()}, {"A": (3,), "k": (3,)}, ()),
        ("sum(A*exp(-k*t))", {"A": (3,)}, {"t": ()}, {"A": (3,), "k": ()}, ()),
        ("a*x", {}, {"x": (2,)}, {"a": ()}, (2,)),
        ("a + b", {"a": (2, 1), "b": (3,)}, {}, {"a": (2, 1), "b": (3,)}, (2, 3)),
        # What nothing determines is a number.
        ("a*exp(-b*t) + c", {}, {"t": ()}, {"a": (), "b": (), "c": ()}, ()),
        ("[a, b*t]", {}, {"t": ()}, {"a": (), "b": ()}, (2,)),
    ],
)
def test_shapes_of_parameters_are_found(
    formula: str, shapes: dict, columns: dict, found: dict, result: Shape
) -> None:
    known = Known(tuple(columns), tuple(({**shapes, **columns}).items()))
    bound = bind_text(Source(formula), Declared(parameters=tuple(found)), known)
    assert {name: bound.shape(name) for name in found} == found
    assert bound.result == result
    assert not bound.is_open


@pytest.mark.parametrize(
    ("formula", "open_names"),
    [("sum(A*exp(-k*t))", "A k t"), ("W @ x", "W x"), ("v[-1]*a", "a v"), ("softmax(x)", "x")],
)
def test_what_depends_on_the_data_stays_open(formula: str, open_names: str) -> None:
    bound = bind_text(Source(formula), Declared())
    assert bound.is_open
    assert sorted(name for name, shape in bound.shapes.items() if shape is None) == open_names.split()


def test_an_open_model_says_what_it_needs() -> None:
    with pytest.raises(ShapeError) as caught:
        _ = ld.Model("W @ v").program
    assert str(caught.value) == (
        "formula: the shape of 'W', 'v' is not known\n"
        "Give data, or say it: W[3] is a vector of 3, W[3, 2] a matrix of 3 x 2."
    )


def test_x_is_the_row_and_x0_its_first_column() -> None:
    x = np.arange(6.0).reshape(2, 3)
    for formula in (
        "sum(x) + 10*x0 + 100*x2",
        "x[0] + x[1] + x[2] + 10*x[0] + 100*x[-1]",
        "x @ [11, 1, 101]",
    ):
        model = ld.Model(formula)
        assert model(x=x).tolist() == [203.0, 542.0]
        assert model.evaluate({"x": x}, {}).tolist() == [203.0, 542.0]
        assert model.evaluate({f"x{k}": x[:, k] for k in range(3)}, {}).tolist() == [203.0, 542.0]
        assert model.evaluate(x, {}).tolist() == [203.0, 542.0]


# ---- messages ----

SHAPED = {
    "x": (3,),
    "t": (),
    "W": (2, 4),
    "A": (3,),
    "a": (),
    "k": (2,),
    "S": (2, 2),
    "V": (2000, 1),
    "U": (1, 2000),
}

MESSAGES = [
    (
        "W @ x",
        [
            "formula:1:1: a matrix of 2 x 4 and a vector of 3 cannot be multiplied by @: 4 is not 3",
            "   1 | W @ x",
            "     | ^^^^^",
            "'W' (column 1) is a matrix of 2 x 4; 'x' (column 5) is a vector of 3.",
        ],
    ),
    (
        "y ~ 2*([1, 2] + [1, 2, 3])",
        [
            "formula:1:7: a vector of 2 and a vector of 3 do not fit",
            "   1 | y ~ 2*([1, 2] + [1, 2, 3])",
            "     |       ^^^^^^^^^^^^^^^^^^^^",
            "'[1, 2]' (column 8) is a vector of 2; '[1, 2, 3]' (column 17) is a vector of 3.",
        ],
    ),
    (
        "A[3]*t",
        [
            "formula:1:1: there is no component 3: a vector of 3 has 0 to 2",
            "   1 | A[3]*t",
            "     | ^^^^",
        ],
    ),
    (
        "A[-4]*t",
        [
            "formula:1:1: there is no component -4: a vector of 3 has 0 to 2",
            "   1 | A[-4]*t",
            "     | ^^^^^",
        ],
    ),
    (
        "t*A[t]",
        [
            "formula:1:3: an index is a whole number that is written out, such as A[0]",
            "   1 | t*A[t]",
            "     |   ^^^^",
        ],
    ),
    (
        "A[0.5]",
        [
            "formula:1:1: an index is a whole number that is written out, such as A[0]",
            "   1 | A[0.5]",
            "     | ^^^^^^",
        ],
    ),
    (
        "A[0:a]",
        [
            "formula:1:1: the ends of a range are whole numbers that are written out, such as A[0:2]",
            "   1 | A[0:a]",
            "     | ^^^^^^",
        ],
    ),
    (
        "A[::0]",
        [
            "formula:1:1: the step of a range cannot be 0",
            "   1 | A[::0]",
            "     | ^^^^^^",
        ],
    ),
    (
        "A[2:1]",
        [
            "formula:1:1: this range takes nothing out of a vector of 3",
            "   1 | A[2:1]",
            "     | ^^^^^^",
        ],
    ),
    (
        "A[0, 1]",
        [
            "formula:1:1: 2 indices for a vector of 3",
            "   1 | A[0, 1]",
            "     | ^^^^^^^",
        ],
    ),
    (
        "a[0]*t",
        [
            "formula:1:1: this is one number in each row and has no components",
            "   1 | a[0]*t",
            "     | ^^^^",
        ],
    ),
    (
        "a*sum(t + 1)",
        [
            "formula:1:7: this is one number in each row, not a vector",
            "   1 | a*sum(t + 1)",
            "     |       ^^^^^",
        ],
    ),
    (
        "softmax(a*t)",
        [
            "formula:1:9: this is one number in each row, not a vector",
            "   1 | softmax(a*t)",
            "     |         ^^^",
        ],
    ),
    (
        "max(t)",
        [
            "formula:1:5: this is one number in each row, not a vector",
            "   1 | max(t)",
            "     |     ^",
        ],
    ),
    (
        "[t, A]",
        [
            "formula:1:1: the items of a vector differ in shape",
            "   1 | [t, A]",
            "     | ^^^^^^",
            "'t' (column 2) is a number; 'A' (column 5) is a vector of 3.",
        ],
    ),
    (
        "[[1, 2], [3, 4], [5]]",
        [
            "formula:1:1: the items of a vector differ in shape",
            "   1 | [[1, 2], [3, 4], [5]]",
            "     | ^^^^^^^^^^^^^^^^^^^^^",
            "'[1, 2]' (column 2) is a vector of 2; '[5]' (column 18) is a vector of 1.",
        ],
    ),
    (
        "[W, W]",
        [
            "formula:1:1: values have at most two axes, and this would have three",
            "   1 | [W, W]",
            "     | ^^^^^^",
        ],
    ),
    (
        "A @ t",
        [
            "formula:1:5: @ multiplies vectors and matrices, not numbers; for those write *",
            "   1 | A @ t",
            "     |     ^",
        ],
    ),
    (
        "dot(W, A)",
        [
            "formula:1:5: dot takes two vectors, and this is a matrix of 2 x 4",
            "   1 | dot(W, A)",
            "     |     ^",
        ],
    ),
    (
        "dot(A, k)",
        [
            "formula:1:1: a vector of 3 and a vector of 2 do not fit",
            "   1 | dot(A, k)",
            "     | ^^^^^^^^^",
            "'A' (column 5) is a vector of 3; 'k' (column 8) is a vector of 2.",
        ],
    ),
    (
        "sum(S, 2)",
        [
            "formula:1:5: there is no axis 2: a matrix of 2 x 2 has axes 0 to 1",
            "   1 | sum(S, 2)",
            "     |     ^",
        ],
    ),
    (
        "mean(A, k)",
        [
            "formula:1:9: an axis is a whole number that is written out, such as mean(A, 0)",
            "   1 | mean(A, k)",
            "     |         ^",
        ],
    ),
    (
        "where(k > 0, t, A)",
        [
            "formula:1:1: a vector of 2 and a vector of 3 do not fit",
            "   1 | where(k > 0, t, A)",
            "     | ^^^^^^^^^^^^^^^^^^",
            "'k > 0' (column 7) is a vector of 2; 'A' (column 17) is a vector of 3.",
        ],
    ),
    (
        "k if t > 0 else A",
        [
            "formula:1:1: a vector of 2 and a vector of 3 do not fit",
            "   1 | k if t > 0 else A",
            "     | ^^^^^^^^^^^^^^^^^",
            "'k' (column 1) is a vector of 2; 'A' (column 17) is a vector of 3.",
        ],
    ),
    (
        "t < k < A",
        [
            "formula:1:1: a vector of 2 and a vector of 3 do not fit",
            "   1 | t < k < A",
            "     | ^^^^^^^^^",
            "'k' (column 5) is a vector of 2; 'A' (column 9) is a vector of 3.",
        ],
    ),
    (
        "poly(t, a, k, A)",
        [
            "formula:1:1: a vector of 2 and a vector of 3 do not fit",
            "   1 | poly(t, a, k, A)",
            "     | ^^^^^^^^^^^^^^^^",
            "'k' (column 12) is a vector of 2; 'A' (column 15) is a vector of 3.",
        ],
    ),
    (
        "V @ U",
        [
            "formula:1:1: a matrix of 2000 x 2000 in each row is more than the limit of 1,000,000 numbers",
            "   1 | V @ U",
            "     | ^^^^^",
        ],
    ),
    (
        "B[1000000]*t + B[0]",
        [
            "formula:1:1: a vector of 1000001 in each row is more than the limit of 1,000,000 numbers",
            "   1 | B[1000000]*t + B[0]",
            "     | ^",
        ],
    ),
    (
        "B[1] + B[2]*t",
        [
            "formula:1:1: 'B[0]' is nowhere in the formula",
            "   1 | B[1] + B[2]*t",
            "     | ^^^^",
            "Components are counted from 0: the first is B[0].",
        ],
    ),
    # Over several lines: the places are told by line, where it is another.
    (
        "z = S @ k\ny ~ (A\n     + z)*t",
        [
            "formula:2:5: a vector of 3 and a vector of 2 do not fit",
            "   2 | y ~ (A",
            "     |     ^^",
            "'A' (column 6) is a vector of 3; 'S @ k' (line 1, column 5) is a vector of 2.",
        ],
    ),
    # In a function of the formula it points at the function's text, and names what was put in.
    (
        "f(u, v) = u*v\ny ~ sum(f(A, k))",
        [
            "formula:1:11: a vector of 3 and a vector of 2 do not fit",
            "   1 | f(u, v) = u*v",
            "     |           ^^^",
            "'A' (line 2, column 11) is a vector of 3; 'k' (line 2, column 14) is a vector of 2.",
        ],
    ),
    # In a function of a library it points at the call.
    (
        "y ~ sum(gaussian(A, 1, k, 1))",
        [
            "formula:1:9: a vector of 3 and a vector of 2 do not fit",
            "   1 | y ~ sum(gaussian(A, 1, k, 1))",
            "     |         ^^^^^^^^^^^^^^^^^^^^",
            "'A' (column 18) is a vector of 3; 'k' (column 24) is a vector of 2.",
        ],
    ),
    (
        "sum(i in 0..3: A[i]*t)",
        [
            "formula:1:16: there is no component 3: a vector of 3 has 0 to 2",
            "   1 | sum(i in 0..3: A[i]*t)",
            "     |                ^^^^",
        ],
    ),
]


@pytest.mark.parametrize(("formula", "lines"), MESSAGES, ids=[formula for formula, _ in MESSAGES])
def test_messages(formula: str, lines: list[str]) -> None:
    declared = Declared(
        ("x", "t"), tuple(name for name in SHAPED if name not in "xt"), shapes=tuple(SHAPED.items())
    )
    with pytest.raises(ShapeError) as caught:
        bind_text(Source(formula), declared)
    assert str(caught.value) == "\n".join(lines)
    assert caught.value.column is not None


@pytest.mark.parametrize(
    "formula",
    ["hypot([1, 2], [1, 2, 3])", "b*([1, 2] if x > 0 else [1, 2, 3])", "max(x, [1, 2], [1, 2, 3])", "A[b]*x"],
)
def test_what_cannot_fit_whatever_the_data_are_is_refused_without_them(formula: str) -> None:
    with pytest.raises(ShapeError):
        ld.Model(formula, parameters=["A[2]"] if "A" in formula else [])


Y = {"x": np.ones(4), "y": np.ones(4), "u": np.ones(4), "v": np.ones(4), "X": np.ones((4, 2))}

WITH_DATA = [
    (
        lambda: ld.fit("y ~ [a, b, c]*x", Y),
        ShapeError,
        [
            "formula:1:5: the model gives a vector of 3 in each row, but the response is a number",
            "   1 | y ~ [a, b, c]*x",
            "     |     ^^^^^^^^^^^",
            "Take one number of it, by sum, dot or an index, or name as many columns: [u, v] ~ ... .",
        ],
    ),
    (
        lambda: ld.fit("[u, v] ~ [a, b, c]*x", Y),
        ShapeError,
        [
            "formula:1:10: the model gives a vector of 3 in each row, but the response is a vector of 2",
            "   1 | [u, v] ~ [a, b, c]*x",
            "     |          ^^^^^^^^^^^",
            "Take one number of it, by sum, dot or an index, or name as many columns: [u, v] ~ ... .",
        ],
    ),
    (
        lambda: ld.fit("[u, v] ~ a*x", Y),
        ShapeError,
        [
            "formula:1:10: the model gives a number in each row, but the response is a vector of 2",
            "   1 | [u, v] ~ a*x",
            "     |          ^^^",
        ],
    ),
    (
        lambda: ld.fit("y ~ sum(w*x)", Y),
        ShapeError,
        [
            "formula:1:9: this is one number in each row, not a vector",
            "   1 | y ~ sum(w*x)",
            "     |         ^^^",
            "Nothing says the shape of these, and they were taken so: w for a number. "
            "A value of the right shape says it, such as w = [1, 1, 1], or a declared w[3].",
        ],
    ),
    (
        lambda: ld.fit("y ~ sum(w*X)", Y, start={"w": [1, 2, 3]}),
        ShapeError,
        [
            "formula:1:9: a vector of 3 and a vector of 2 do not fit",
            "   1 | y ~ sum(w*X)",
            "     |         ^^^",
            "'w' (column 9) is a vector of 3; 'X' (column 11) is a vector of 2.",
        ],
    ),
    (
        lambda: ld.Model("sum(x)", inputs=["x[3]"])(x=np.ones((2, 4))),
        DataError,
        ["data: column 'x' holds a vector of 4 in each row, but 'x' is a vector of 3"],
    ),
    (
        lambda: ld.Model("y ~ a*sum(x)", inputs=["x[3]"]).fit(Y),
        DataError,
        ["data: column 'x' holds a number in each row, but 'x' is a vector of 3"],
    ),
    (
        lambda: ld.Model("sum(k)*x", parameters=["k[3]"])(x=[1.0], k=[1.0, 2.0]),
        OptionError,
        ["the value of 'k' is a vector of 2, but the parameter is a vector of 3"],
    ),
    (
        lambda: ld.Model("y ~ sum(k)*x", parameters=["k[3]"]).fit(Y, start={"k": [1, 2]}),
        OptionError,
        ["the start value of 'k' is a vector of 2, but the parameter is a vector of 3"],
    ),
    (
        lambda: ld.Model("k*x", parameters=["k[0]"]),
        OptionError,
        ["'k[0]' has no component", "Lengths are at least 1."],
    ),
]


@pytest.mark.parametrize(("call", "kind", "lines"), WITH_DATA, ids=[lines[0] for *_, lines in WITH_DATA])
def test_messages_where_data_decide(call, kind: type[LambdaMLError], lines: list[str]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == "\n".join(lines)


def test_a_limit_holds_for_a_name_that_is_only_declared() -> None:
    with pytest.raises(LimitError) as caught:
        ld.Model("x*M[0, 0]", parameters=["M[99999999, 1000000]"])
    assert str(caught.value) == "'M[99999999, 1000000]' has more components than the limit of 1,000,000"


@pytest.mark.parametrize(
    ("shaped", "message"),
    [
        ("x[2, 3, 4]", "'x[2, 3, 4]' has 3 axes\nA value has at most two: a matrix."),
        ("x[0]", "'x[0]' has no component\nLengths are at least 1."),
    ],
)
def test_shapes_that_no_value_has(shaped: str, message: str) -> None:
    for declared in ({"inputs": [shaped]}, {"parameters": [shaped]}):
        with pytest.raises(OptionError) as caught:
            ld.Model("a*sum(x)", **declared)
        assert str(caught.value) == message


def test_components_are_counted_from_0() -> None:
    with pytest.raises(ShapeError) as caught:
        ld.fit("y ~ A[1]*x + A[2]", {"x": [1, 2, 3], "y": [1, 2, 3]})
    assert str(caught.value) == (
        "formula:1:5: 'A[0]' is nowhere in the formula\n"
        "   1 | y ~ A[1]*x + A[2]\n"
        "     |     ^^^^\n"
        "Components are counted from 0: the first is A[0]."
    )


def test_too_many_components_to_combine_or_to_differentiate() -> None:
    with pytest.raises(LimitError) as caught:
        ld.Model("max(A)*x", inputs=["x"])(x=[1.0], A=np.ones(10_001))
    assert str(caught.value) == (
        "max takes at most 10,000 components, not 10,001\nsum, mean and dot take any number."
    )
    with pytest.raises(LimitError) as caught:
        ld.Model("sum(A)*x", inputs=["x"]).jacobian({"x": [1.0]}, {"A": np.ones(4097)}, "complex_step")
    assert str(caught.value) == (
        "a parameter of 4,097 components cannot be differentiated\n"
        'The limit is 4,096; diff_method="adjoint" has none.'
    )
    for method in ("adjoint", "auto"):
        slopes = ld.Model("sum(A)*x", inputs=["x"]).jacobian({"x": [2.0]}, {"A": np.ones(4097)}, method)
        np.testing.assert_array_equal(slopes["A"], np.full((1, 4097), 2.0))
