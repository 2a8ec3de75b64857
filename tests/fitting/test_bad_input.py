"""What is wrong with a call of `fit`, said in the exact words that a scientist reads."""

import math
from pathlib import Path

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.errors import (
    ArityError,
    DataError,
    EvaluationError,
    FormulaSyntaxError,
    NameResolutionError,
    OptionError,
)

FORMULA = "y ~ A*exp(-x/tau)"
X = np.linspace(0, 4, 30)
Y = 3 * np.exp(-X / 1.5) + 0.02 * np.random.default_rng(1).standard_normal(30)
DATA = {"x": X, "y": Y}
POLICY = 'Mend the data, or leave such rows out with nan_policy="omit".'


def with_value(values, index, value):
    changed = np.array(values, dtype=float)
    changed[index] = value
    return changed


def check(kind, expected, formula=FORMULA, data=DATA, **options):
    with pytest.raises(ld.LambdaMLError) as caught:
        ld.fit(formula, data, **options)
    assert str(caught.value) == "\n".join(expected)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is None


# ---- the formula ----

FORMULAS = {
    "y ~ A*exxp(-x)": (
        NameResolutionError,
        "formula:1:7: unknown function 'exxp'",
        "   1 | y ~ A*exxp(-x)",
        "     |       ^^^^",
        "Did you mean 'exp'? Run `lml functions` for the list.",
    ),
    "y ~ A*exp(-x/tau": (
        FormulaSyntaxError,
        "formula:1:10: '(' is never closed",
        "   1 | y ~ A*exp(-x/tau",
        "     |          ^",
        "Add a ')' where it should end.",
    ),
    "y ~ A*exp(-x/tau))": (
        FormulaSyntaxError,
        "formula:1:18: ')' closes a bracket that was never opened",
        "   1 | y ~ A*exp(-x/tau))",
        "     |                  ^",
        "Remove it, or open one before it.",
    ),
    "": (
        FormulaSyntaxError,
        "formula:1:1: the formula is empty",
        "   1 |",
        "     | ^",
        "Write an expression such as a*exp(-b*x).",
    ),
    "y ~ A*x ? 2": (
        FormulaSyntaxError,
        "formula:1:9: '?' has no meaning here",
        "   1 | y ~ A*x ? 2",
        "     |         ^",
        "A choice is written: a if x > 0 else b.",
    ),
    r"y ~ \frac{A}{x}": (
        FormulaSyntaxError,
        r"formula:1:5: '\' has no meaning here",
        r"   1 | y ~ \frac{A}{x}",
        "     |     ^",
        r"This looks like LaTeX; write a/b for \frac{a}{b}, sqrt(x) for \sqrt{x}, alpha for \alpha.",
    ),
    "y ~ 2x*a": (
        FormulaSyntaxError,
        "formula:1:5: an operator is missing between '2' and 'x'",
        "   1 | y ~ 2x*a",
        "     |     ^^",
        "For a product write 2*x.",
    ),
    "y ~ A*exp(x, 2)": (
        ArityError,
        "formula:1:7: exp takes 1 argument, 2 are given",
        "   1 | y ~ A*exp(x, 2)",
        "     |       ^^^^^^^^^",
        "exp(x): e to the power x.",
    ),
    "y ~ A*exp(-t/tau)": (
        NameResolutionError,
        "formula:1:5: no column of the data is used; the formula's names are A, t, tau",
        "   1 | y ~ A*exp(-t/tau)",
        "     |     ^",
        "The data have the columns: x, y.",
    ),
    "y ~ A*y*x": (
        NameResolutionError,
        "formula:1:7: 'y' stands on both sides",
        "   1 | y ~ A*y*x",
        "     |       ^",
        "The right side may use inputs and parameters, not the response itself.",
    ),
    "z ~ A*x": (DataError, "data: there is no column 'z'", "The columns are x, y."),
    "log(z) ~ A*x": (DataError, "data: there is no column 'z'", "The columns are x, y."),
    "y ~ 2*x": (
        OptionError,
        "there is nothing to fit: the formula has no parameter",
        "To evaluate it, call the model.",
    ),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(formula):
    kind, *expected = FORMULAS[formula]
    check(kind, expected, formula=formula)


def test_a_name_that_is_no_column_is_a_parameter_and_the_result_says_so():
    result = ld.fit("y ~ a*X + b*x", DATA)
    assert set(result.params) == {"a", "X", "b"}
    assert result.notes[0] == "No start value was given; the fit began at a = 1, X = 1, b = 1."


@pytest.mark.parametrize(
    ("formula", "kind"), [(3, "int"), (None, "NoneType"), (b"y ~ x", "bytes"), (DATA, "dict")]
)
def test_formulas_that_are_no_text(formula, kind):
    expected = [
        f"the formula must be a text, not of the type '{kind}'",
        'Give the formula first, then the data: fit("y ~ a*x", data).',
    ]
    check(OptionError, expected, formula=formula)


def test_a_column_that_is_named_like_a_function():
    check(
        NameResolutionError,
        [
            "formula:1:7: 'exp' is a function and needs its argument",
            "   1 | y ~ a*exp + b*x",
            "     |       ^^^",
            "Write exp(x).",
        ],
        formula="y ~ a*exp + b*x",
    )
    # Declared, it is an input like any other.
    model = ld.Model("y ~ a*exp + b", inputs=["exp"])
    slope, intercept = np.polyfit(X, Y, 1)
    found = model.fit({"exp": X, "y": Y}).values
    assert found == pytest.approx({"a": slope, "b": intercept}, rel=1e-9)


# ---- the data ----

KINDS = "Give a dict of arrays, a data frame, or the path of a CSV or Parquet file."


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        (
            None,
            OptionError,
            [
                "there are no data to fit",
                'Give data, or name a file in the model: data "file.csv"',
            ],
        ),
        ([1, 2], OptionError, ["data cannot be of the type 'list'", KINDS]),
        (3, OptionError, ["data cannot be of the type 'int'", KINDS]),
        ({"x": [], "y": []}, DataError, ["data: the data have no rows"]),
        (
            {"x": [1, 2], "y": [1, 2, 3]},
            DataError,
            ["data: the columns differ in length: 'x' has 2 values, 'y' has 3"],
        ),
        (
            {"x": ["1", "two", "3"], "y": [1, 2, 3]},
            DataError,
            [
                "data: column 'x' holds 'two' in row 2, which is not a number",
                "Where a value is missing, give NaN.",
            ],
        ),
        (
            {"x": X, "y": with_value(Y, 28, np.nan)},
            DataError,
            ["data: column 'y' holds no number (NaN) in row 29", POLICY],
        ),
        (
            {"x": with_value(with_value(X, 3, -np.inf), 5, np.nan), "y": Y},
            DataError,
            ["data: column 'x' holds minus infinity in row 4, and 1 more such row", POLICY],
        ),
        (
            {"x": [1.0], "y": [1.0]},
            DataError,
            ["data: 1 row cannot determine 2 parameters", "Add rows, or fix some parameters."],
        ),
        ({"x": X * 1j, "y": Y}, DataError, [
            "data: column 'x' holds complex numbers",
            "Fit its real or imaginary part, or its absolute value.",
        ]),
        ("nowhere.csv", DataError, ["there is no file 'nowhere.csv'"]),
    ],
)  # fmt: skip
def test_data(data, kind, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(kind, expected, data=data)


def test_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty.csv").write_text("")
    check(DataError, ["empty.csv: the file is empty"], data="empty.csv")
    Path("d.csv").write_text("# from the lab\nx,y\n0,3.0\n1,2.1\n2,\n3,0.9\n")
    check(DataError, ["d.csv: column 'y' holds no number (NaN) in row 3 (line 5)", POLICY], data="d.csv")
    Path("d.csv").write_text("x,y\n0,3.0\n1,n.d.\n")
    check(
        DataError,
        [
            "d.csv: column 'y' holds 'n.d.' in row 2 (line 3), which is not a number",
            "Where a value is missing, leave the cell empty.",
        ],
        data="d.csv",
    )


def test_a_bad_value_of_a_transformed_response():
    data = {"x": X, "y": with_value(np.ones(30), 4, -1)}
    expected = ["data: log(y) holds no number (NaN) in row 5", POLICY]
    check(DataError, expected, formula="log(y) ~ A - x/tau", data=data)


def test_all_rows_left_out():
    data = {"x": X * np.nan, "y": Y}
    check(DataError, ["data: no row is left to fit"], data=data, nan_policy="omit")
    check(DataError, ["data: no row is left to fit"], weights=np.zeros(30))


def test_an_empty_mapping():
    check(
        NameResolutionError,
        [
            "formula:1:5: no column of the data is used; the formula's names are A, x, tau",
            "   1 | y ~ A*exp(-x/tau)",
            "     |     ^",
            "The data have no columns.",
        ],
        data={},
    )


# ---- the response ----


@pytest.mark.parametrize(
    ("options", "kind", "expected"),
    [
        ({"y": "q"}, DataError, ["data: there is no column 'q'", "The columns are x, y."]),
        ({"y": [1, 2]}, DataError, ["data: y has 2 values, but the data have 30 rows"]),
        (
            {"y": np.ones((30, 2))},
            DataError,
            ["data: y has the shape (30, 2)", "Give one number for each row."],
        ),
        ({"y": with_value(Y, 0, np.inf)}, DataError, ["data: y holds infinity in row 1", POLICY]),
    ],
)
def test_response(options, kind, expected):
    check(kind, expected, **options)


def test_no_response():
    expected = [
        "the response is not given",
        "Write it on the left, as in 'y ~ a*x', or give y= a column name or an array.",
    ]
    check(OptionError, expected, formula="A*exp(-x/tau)", data={"x": X, "z": Y})


# ---- start, bounds, fixed ----

NOT_IN = "is not in the formula: y ~ A*exp(-x/tau)"
MAPPING = "{} must give parameters by name, not as {}"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"start": {"Tau": 1}}, [f"the parameter 'Tau' {NOT_IN}", "Did you mean 'tau'?"]),
        ({"start": {"q": 1}}, [f"the parameter 'q' {NOT_IN}", "Its parameters are: A, tau."]),
        ({"bounds": {"q": (0, 1)}}, [f"the parameter 'q' {NOT_IN}", "Its parameters are: A, tau."]),
        ({"fixed": {"q": 1}}, [f"the parameter 'q' {NOT_IN}", "Its parameters are: A, tau."]),
        ({"fixed": ["q"]}, [f"the parameter 'q' {NOT_IN}", "Its parameters are: A, tau."]),
        ({"start": {"y": 1}}, [f"the parameter 'y' {NOT_IN}", "Its parameters are: A, tau."]),
        (
            {"fixed": [1]},
            [
                "fixed must be parameter names, or a dict of values, not [1]",
                "Write for example fixed={'a': 1.5}, or fixed=['a'] to hold a at its start value.",
            ],
        ),
        ({"start": {1: 1}}, ["parameters are named by texts, not by 1"]),
        ({"start": {"A": "abc"}}, ["the start value of 'A' must be a number, not 'abc'"]),
        ({"start": {"A": None}}, ["the start value of 'A' must be a number, not None"]),
        ({"start": {"A": 1j}}, ["the start value of 'A' must be a number, not 1j"]),
        (
            {"start": {"A": 10**400}},
            ["the start value of 'A' is too large", "The largest number is about 1.8e308."],
        ),
        ({"start": {"A": math.nan}}, ["the start value of 'A' is nan", "Give a finite number."]),
        ({"start": {"A": -math.inf}}, ["the start value of 'A' is -inf", "Give a finite number."]),
        (
            {"start": {"A": 5}, "bounds": {"A": (0, 4)}},
            [
                "the start value 5 of 'A' is outside its bounds [0, 4]",
                "Move the start inside, or widen the bounds.",
            ],
        ),
        (
            {"bounds": {"A": 3}},
            ["the bounds of 'A' must be a pair (low, high), not 3", "None is an open side: (0, None)."],
        ),
        (
            {"bounds": {"A": (1, 2, 3)}},
            [
                "the bounds of 'A' must be a pair (low, high), not (1, 2, 3)",
                "None is an open side: (0, None).",
            ],
        ),
        (
            {"bounds": {"A": None}},
            ["the bounds of 'A' must be a pair (low, high), not None", "None is an open side: (0, None)."],
        ),
        ({"bounds": {"A": ("a", 1)}}, ["the lower bound of 'A' must be a number, not 'a'"]),
        ({"bounds": {"A": (0, "b")}}, ["the upper bound of 'A' must be a number, not 'b'"]),
        (
            {"bounds": {"A": (math.nan, 1)}},
            ["the lower bound of 'A' is nan", "None is an open side: (0, None)."],
        ),
        (
            {"bounds": {"A": (2, 1)}},
            [
                "the bounds of 'A' are crossed: 2 is not below 1",
                "To hold a parameter at a value, give fixed={'A': value}.",
            ],
        ),
        (
            {"bounds": {"A": (1, 1)}},
            [
                "the bounds of 'A' are crossed: 1 is not below 1",
                "To hold a parameter at a value, give fixed={'A': value}.",
            ],
        ),
        ({"fixed": ["A"]}, ["'A' is fixed, but has no value", "Give fixed={'A': value}."]),
        ({"fixed": {"A": None}}, ["'A' is fixed, but has no value", "Give fixed={'A': value}."]),
        ({"fixed": {"A": "x"}}, ["the fixed value of 'A' must be a number, not 'x'"]),
        (
            {"fixed": {"A": 1, "tau": 2}},
            ["there is nothing to fit: every parameter is fixed", "To evaluate it, call the model."],
        ),
    ],
)
def test_parameters(options, expected):
    check(OptionError, expected, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"start": [1, 2]},
        {"start": (1, 2)},
        {"start": 3},
        {"start": "A=1"},
        {"start": {"A"}},
        {"bounds": [(0, 1)]},
        {"bounds": ([0, 0], [1, 1])},
        {"bounds": 3},
        {"fixed": 3},
        {"fixed": [["A"]]},
        {"bounds": {"A": {"min": 0, "max": 1}}},
        {"max_evaluations": "many"},
        {"max_evaluations": math.nan},
        {"max_evaluations": math.inf},
        {"max_evaluations": [1]},
        {"absolute_sigma": "no", "sigma": 1},
        {"absolute_sigma": 3, "sigma": 1},
    ],
    ids=repr,
)
def test_options_of_the_wrong_type(options):
    """One error of the package that names the option; never Python's own."""
    with pytest.raises(OptionError) as caught:
        ld.fit(FORMULA, DATA, **options)
    name = next(iter(options)).removesuffix("s")
    assert name in str(caught.value) or "parameters are named by texts" in str(caught.value)


def test_a_start_for_an_input():
    declared = ld.Model("A*exp(-x/tau)", inputs=["x"])
    with pytest.raises(OptionError) as caught:
        ld.fit(declared, DATA, start={"x": 1})
    assert str(caught.value) == (
        "'x' is an input, not a parameter: A*exp(-x/tau)\nIts parameters are: A, tau."
    )


def test_a_whole_number_of_evaluations_may_be_a_float():
    assert ld.fit(FORMULA, DATA, max_evaluations=100.0).converged
    assert ld.fit(FORMULA, DATA, max_evaluations=np.int64(100)).converged


# ---- other options ----


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"loss": "huber"}, ["unknown loss 'huber'", "Possible: least_squares."]),
        ({"optimizer": "adm"}, ["unknown optimizer 'adm'", "Possible: auto, lm, trf."]),
        ({"optimizer": "tfr"}, ["unknown optimizer 'tfr'", "Did you mean 'trf'?"]),
        ({"optimizer": 3}, ["unknown optimizer '3'", "Possible: auto, lm, trf."]),
        ({"diff_method": "cntral"}, ["unknown diff_method 'cntral'", "Did you mean 'central'?"]),
        (
            {"diff_method": 3},
            [
                "unknown diff_method '3'",
                "The methods are: complex_step, forward, backward, central, five_point, richardson, adjoint, "
                "auto.",
            ],
        ),
        *[
            (
                {"diff_method": "central", "diff_h": step},
                [
                    f"diff_h must be a positive number, not {step!r}",
                    "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
                ],
            )
            for step in (0, -1e-3, np.nan, np.inf, "1e-3", [1e-3], True)
        ],
        (
            {"diff_method": "five_point", "diff_h": 1e-16},
            [
                "diff_h = 1e-16 moves no number: float64 has 16 digits",
                "Give at least 1e-15; steps between 1e-8 and 1e-3 lose the fewest digits.",
            ],
        ),
        *[
            (
                {**method, "diff_h": 1e-4},
                [
                    f"diff_h is a step for differences, but the method {name} is exact and takes none",
                    "Leave diff_h out, or choose a difference method, for example 'central'.",
                ],
            )
            for name, method in (
                ("auto", {}),
                ("adjoint", {"diff_method": "adjoint"}),
                ("auto", {"diff_method": "auto"}),
            )
        ],
        ({"nan_policy": "omitt"}, ["unknown nan_policy 'omitt'", "Did you mean 'omit'?"]),
        ({"max_evaluations": 0}, ["max_evaluations must be a whole number of at least 1, not 0"]),
        ({"max_evaluations": 1.5}, ["max_evaluations must be a whole number of at least 1, not 1.5"]),
        (
            {"sigma": 1, "weights": 1},
            ["sigma and weights are both given", "Give one: weights are 1/sigma^2, up to a factor."],
        ),
    ],
)
def test_options(options, expected):
    check(OptionError, expected, **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"sigma": 0}, ["data: sigma must be above zero, but is 0 in row 1"]),
        ({"sigma": -0.5}, ["data: sigma must be above zero, but is -0.5 in row 1"]),
        ({"sigma": with_value(np.ones(30), 29, 0)}, ["data: sigma must be above zero, but is 0 in row 30"]),
        ({"sigma": [1, 2]}, ["data: sigma has 2 values, but the data have 30 rows"]),
        (
            {"sigma": np.eye(30)},
            ["data: sigma has the shape (30, 30)", "Give one number for each row."],
        ),
        (
            {"sigma": with_value(np.ones(30), 2, np.nan)},
            ["data: sigma holds no number (NaN) in row 3", POLICY],
        ),
        ({"sigma": "err"}, ["data: there is no column 'err'", "The columns are x, y."]),
        (
            {"sigma": ["a"] * 30},
            [
                "data: sigma holds 'a' in row 1, which is not a number",
                "Where a value is missing, give NaN.",
            ],
        ),
        (
            {"weights": with_value(np.ones(30), 1, -1)},
            ["data: weights must be zero or above, but is -1 in row 2"],
        ),
        (
            {"weights": with_value(np.zeros(30), 1, 1)},
            ["data: 1 row cannot determine 2 parameters", "Add rows, or fix some parameters."],
        ),
    ],
)
def test_sigma_and_weights(options, expected):
    check(DataError, expected, **options)


# ---- a model that is not finite at the start ----


@pytest.mark.parametrize(
    ("formula", "data", "start", "expected"),
    [
        (
            "y ~ k*log(a - x)",
            {"x": [0.0, 0.5, 1.5, 2.0], "y": [1.0, 2.0, 3.0, 4.0]},
            {},
            [
                "formula:1:7: this is nan in row 3 (and in 1 more), where x = 1.5, a = 1",
                "   1 | y ~ k*log(a - x)",
                "     |       ^^^^^^^^^^",
                "Give start values at which the model is finite; it was tried at k = 1, a = 1.",
            ],
        ),
        (
            "y ~ a/(x - b)",
            {"x": [0.0, 1, 2], "y": [1.0, 2.0, 3.0]},
            {"a": 3},
            [
                "formula:1:5: this is inf in row 2, where x = 1, a = 3, b = 1",
                "   1 | y ~ a/(x - b)",
                "     |     ^^^^^^^^^",
                "Give start values at which the model is finite; it was tried at a = 3, b = 1.",
            ],
        ),
        (
            "y ~ a*exp(b*x)",
            {"x": [0.0, 1, 2000], "y": [1.0, 2.0, 3.0]},
            {},
            [
                "formula:1:7: this is inf in row 3, where x = 2000, b = 1",
                "   1 | y ~ a*exp(b*x)",
                "     |       ^^^^^^^^",
                "Give start values at which the model is finite; it was tried at a = 1, b = 1.",
            ],
        ),
        (
            "y ~ a*log(x)",
            {"x": [1.0, 0, 2], "y": [1.0, 2.0, 3.0]},
            {},
            [
                "formula:1:7: this is -inf in row 2, where x = 0",
                "   1 | y ~ a*log(x)",
                "     |       ^^^^^^",
                "Give start values at which the model is finite; it was tried at a = 1.",
            ],
        ),
    ],
)
def test_not_finite_at_the_start(formula, data, start, expected):
    check(EvaluationError, expected, formula=formula, data=data, start=start)


def test_not_finite_at_the_start_with_rows_left_out(tmp_path):
    """The row is that of the file, also where rows before it are left out."""
    path = tmp_path / "d.csv"
    path.write_text("x,y\n0,\n0.5,1\n1.5,1\n")
    check(
        EvaluationError,
        [
            "formula:1:5: this is nan in row 3 (line 4), where x = 1.5, a = 1",
            "   1 | y ~ log(a - x)",
            "     |     ^^^^^^^^^^",
            "Give start values at which the model is finite; it was tried at a = 1.",
        ],
        formula="y ~ log(a - x)",
        data=path,
        nan_policy="omit",
    )


def test_squares_that_overflow_at_the_start():
    """Every value is finite, but their squares are not: an error of ours, not SciPy's."""
    with pytest.raises(EvaluationError) as caught:
        ld.fit("y ~ A*exp(b*x)", DATA, start={"A": 1, "b": 100})
    assert "Give start values" in str(caught.value)


def test_a_start_of_two_numbers_makes_a_vector_of_two():
    expected = [
        "formula:1:5: the model gives a vector of 2 in each row, but the response is a number",
        "   1 | y ~ A*exp(-x/tau)",
        "     |     ^^^^^^^^^^^^^",
        "A is a vector of 2. Take one number of it, by sum, dot or an index, "
        "or name as many columns: [u, v] ~ ... .",
    ]
    check(ld.ShapeError, expected, start={"A": [1, 2]})
