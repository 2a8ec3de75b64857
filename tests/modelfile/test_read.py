"""Model files: every form that can be written, and every mistake in the exact words of its message."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.errors import (
    DataError,
    FormulaSyntaxError,
    LimitError,
    NameResolutionError,
    OptionError,
)
from lambdaml_dsl.fitting.specs import ParameterSpec
from lambdaml_dsl.modelfile.read import loads

T = np.arange(6.0)
Y = np.array([3.02, 1.95, 1.24, 0.83, 0.55, 0.31])
CSV = "t,y,s\n" + "".join(f"{t:g},{y:g},0.1\n" for t, y in zip(T, Y, strict=True))


def read(*lines):
    return loads("\n".join(lines), name="m.lml")


def spec_of(attributes):
    return read(f"param a {attributes}", "y = a*x").specs["a"]


# ---- what can be written ----


def test_the_shortest_file():
    model = read("y = a*x")
    assert (model.inputs, model.parameters, model.output) == (("x",), ("a",), "y")
    assert (model.title, model.data, dict(model.options), dict(model.specs)) == ("", None, {}, {})
    assert str(model) == "y = a*x"


@pytest.mark.parametrize(
    "equation", ["y = a*exp(-t/tau)", "y ~ a*exp(-t/tau)", "y(t) = a*exp(-t/tau)", "a*exp(-t/tau)"]
)
def test_forms_of_the_equation(equation):
    model = read("input t", "param a", "param tau", equation)
    assert (model.inputs, model.parameters) == (("t",), ("a", "tau"))
    assert str(model) == equation


def test_a_whole_file():
    model = read(
        "# what this is",
        'model "Decay of a sample"   # after lunch',
        "",
        'input  t  [s]  "time since the start"',
        'output y  [V]  "signal"',
        "",
        'param a = 72   in [0, 100]  [V]  "height"',
        "param tau > 0  [s]",
        'const k = 2*pi  "a number"',
        "y = k*a*exp(-t/tau)",
        'data "d.csv" { t = "time (s)"; y = "U" }',
        "fit {",
        "    sigma = 0.5      # volts",
        "    optimizer = trf",
        "}",
    )
    assert model.title == "Decay of a sample"
    assert (model.inputs, model.parameters, model.output) == (("t",), ("a", "tau"), "y")
    assert model.specs["a"] == ParameterSpec("a", 72.0, 0.0, 100.0, False, "V", "height")
    assert model.specs["tau"] == ParameterSpec("tau", None, 0.0, math.inf, False, "s", "")
    assert (model.labels["t"].unit, model.labels["t"].doc) == ("s", "time since the start")
    assert (model.labels["y"].unit, model.labels["y"].doc) == ("V", "signal")
    assert dict(model.bound.constants) == {"k": 2 * math.pi}
    assert model.data.path == "d.csv"
    assert dict(model.data.columns) == {"t": "time (s)", "y": "U"}
    assert dict(model.options) == {"sigma": 0.5, "optimizer": "trf"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", ParameterSpec("a")),
        ("= 2", ParameterSpec("a", 2.0)),
        ("= -2.5e-3", ParameterSpec("a", -0.0025)),
        ("= 2*pi/4", ParameterSpec("a", math.pi / 2)),
        ("= sqrt(2) - e", ParameterSpec("a", math.sqrt(2) - math.e)),
        ("= -(1 + 2)^2", ParameterSpec("a", -9.0)),
        ("= 2 fixed", ParameterSpec("a", 2.0, fixed=True)),
        ("fixed = 2", ParameterSpec("a", 2.0, fixed=True)),
        ("> 0", ParameterSpec("a", lower=0.0)),
        (">= 0", ParameterSpec("a", lower=0.0)),
        ("< 1", ParameterSpec("a", upper=1.0)),
        ("<= -1", ParameterSpec("a", upper=-1.0)),
        ("> 0 < 1", ParameterSpec("a", lower=0.0, upper=1.0)),
        ("< 1 = 0.5 > 0", ParameterSpec("a", 0.5, 0.0, 1.0)),
        ("in [0, 1]", ParameterSpec("a", lower=0.0, upper=1.0)),
        ("in [-inf, 1]", ParameterSpec("a", upper=1.0)),
        ("in [2*pi, inf]", ParameterSpec("a", lower=2 * math.pi)),
        ("in [0, 1] = 1", ParameterSpec("a", 1.0, 0.0, 1.0)),
        ("= 0 > 0", ParameterSpec("a", 0.0, 0.0)),
        ("[m/s^2]", ParameterSpec("a", unit="m/s^2")),
        ("[ kg m, s ]", ParameterSpec("a", unit="kg m, s")),
        ("= 1 [1]", ParameterSpec("a", 1.0, unit="1")),
        ('"how high"', ParameterSpec("a", doc="how high")),
        ("'it is \"high\"'", ParameterSpec("a", doc='it is "high"')),
        ("'# no comment'  # a comment", ParameterSpec("a", doc="# no comment")),
        ('"d" [u] fixed in [0, 9] = 3', ParameterSpec("a", 3.0, 0.0, 9.0, True, "u", "d")),
        ('= 3 "d" in [0, 9] [u] fixed', ParameterSpec("a", 3.0, 0.0, 9.0, True, "u", "d")),
    ],
)
def test_attributes_of_a_parameter(attributes, expected):
    assert spec_of(attributes) == expected


def test_constants():
    model = read("const k = 3", "const q = 2*k [J] 'twice'", "param a = q", "y = a*q*x")
    assert dict(model.bound.constants) == {"q": 6.0}
    assert model.specs["a"].start == 6
    assert (model.labels["q"].unit, model.labels["q"].doc) == ("J", "twice")
    assert dict(read("const pi = 3", "y = a*pi*x").bound.constants) == {"pi": 3.0}
    assert read("param e = 2", "y = e*x").parameters == ("e",)


def test_line_ends_blanks_and_comments():
    lines = ["# c", "", "  input t  # the time", "\tparam a=2# two", "   ", "y = a*t # model", "", "# end"]
    for end in ("\n", "\r\n", "\r"):
        for last in ("", end, 3 * end):
            model = loads(end.join(lines) + last)
            assert (model.inputs, model.specs["a"].start) == (("t",), 2.0)


def test_an_equation_of_several_lines():
    model = read("input t", "y = (a*exp(-t/tau)   # the decay", "     + c)           # and what is left", "")
    assert str(model) == "y = a*exp(-t/tau) + c"


def test_a_column_of_one_word_needs_no_quotes():
    assert dict(read("y = a*x", "data 'd.csv' { x = time }").data.columns) == {"x": "time"}


def test_names_in_other_alphabets():
    model = read("input τ", "param λ = 1", "param größe", "ψ = λ*exp(-größe*τ)")
    assert (model.inputs, model.parameters, model.output) == (("τ",), ("λ", "größe"), "ψ")


WORDS = ("model", "input", "output", "param", "const", "data", "fit", "fixed", "in", "inf")


@pytest.mark.parametrize("word", WORDS)
def test_the_words_of_a_model_file_are_names_too(word):
    assert read(f"y = {word}*x + 1").parameters == (word,)
    assert read(f"y = x*{word}").parameters == (word,)
    assert read(f"{word} = a*x").output == word
    assert read(f"{word}*x + b").parameters == (word, "b")
    assert read(f"input {word}", f"y = a*{word}").inputs == (word,)
    assert read(f"param {word} = 2 > 0", f"y = {word}*x").specs[word].start == 2
    assert dict(read(f"const {word} = 2", f"y = a*{word}*x").bound.constants) == {word: 2.0}


def test_options_of_the_fit():
    model = read(
        "y = a*x",
        "fit { y = height; sigma = 'my error'; absolute_sigma = false; loss = least_squares",
        "  optimizer = lm",
        "",
        "  diff_method = central; diff_h = 1e-4; max_evaluations = 100; nan_policy = omit }",
    )
    assert dict(model.options) == {
        "y": "height",
        "sigma": "my error",
        "absolute_sigma": False,
        "loss": "least_squares",
        "optimizer": "lm",
        "diff_method": "central",
        "diff_h": 1e-4,
        "max_evaluations": 100,
        "nan_policy": "omit",
    }
    assert dict(read("y = a*x", "fit { weights = w }").options) == {"weights": "w"}
    assert dict(read("y = a*x", "fit { sigma = 2.5e-3 }").options) == {"sigma": 0.0025}
    assert dict(read("y = a*x", "fit { absolute_sigma = True }").options) == {"absolute_sigma": True}
    assert dict(read("y = a*x", "fit { }").options) == {}
    assert dict(read("y = a*x", "fit {", "", "}").options) == {}


def test_an_output_names_the_response_of_a_bare_expression():
    assert dict(read("output p", "a*x").options) == {"y": "p"}
    assert dict(read("output p", "log(p) ~ a*x").options) == {}


# ---- fits from files ----


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.csv").write_text(CSV)
    (tmp_path / "sub" / "r.csv").write_text(CSV.replace("t,y,s", '"time (s)","U, measured",err'))
    return tmp_path


def write(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


EXPECTED = ld.fit("y ~ a*exp(-t/tau)", {"t": T, "y": Y}, start={"a": 2})


def test_data_relative_to_the_file(folder, monkeypatch):
    path = write(
        folder / "sub" / "m.lml", "input t", "param a = 2", "param tau", "y = a*exp(-t/tau)", "data 'd.csv'"
    )
    for place in (folder, folder / "sub"):
        monkeypatch.chdir(place)
        assert ld.load(os.path.relpath(path)).fit().values == EXPECTED.values
        assert ld.load(path).fit().values == EXPECTED.values


def test_renamed_columns(folder):
    path = write(
        folder / "m.lml",
        "input t",
        "param a = 2",
        "param tau",
        "y = a*exp(-t/tau)",
        'data "sub/r.csv" { t = "time (s)"',
        '   y = "U, measured"; s = "err" }',
        "fit { sigma = s }",
    )
    model = ld.load(path)
    expected = ld.fit("y ~ a*exp(-t/tau)", {"t": T, "y": Y}, start={"a": 2}, sigma=0.1)
    assert model.fit().values == expected.values
    assert model.fit().covariance == pytest.approx(expected.covariance, rel=1e-12)
    # Other data may come with the file's names, or with the model's.
    renamed = {"time (s)": T, "U, measured": Y, "err": np.full(6, 0.1)}
    assert model.fit(renamed).values == expected.values
    assert model.fit({"t": T, "y": Y, "s": np.full(6, 0.1)}).values == expected.values


def test_a_file_without_declarations_takes_its_inputs_from_the_data(folder):
    path = write(folder / "sub" / "m.lml", "y = a*exp(-t/tau)", "data 'd.csv'")
    result = ld.load(path).fit(start={"a": 2})
    assert result.values == EXPECTED.values


def test_a_call_overrides_the_file(folder):
    path = write(
        folder / "sub" / "m.lml",
        "input t",
        "param a = 2 in [0, 2.5]",
        "param tau",
        "y = a*exp(-t/tau)",
        "data 'd.csv'",
        "fit { sigma = s; max_evaluations = 3 }",
    )
    model = ld.load(path)
    assert model.fit().status is ld.Status.BUDGET
    result = model.fit(max_evaluations=500, bounds={"a": (0, 9)})
    assert result.sigma_absolute
    assert result.values == pytest.approx(EXPECTED.values, rel=1e-8)
    assert not model.fit(weights=np.ones(6), max_evaluations=500).sigma_absolute


def test_a_byte_order_mark(folder):
    path = folder / "m.lml"
    path.write_bytes(b"\xef\xbb\xbfinput t\r\ny = a*t\r\n")
    assert ld.load(path).inputs == ("t",)
    assert ld.load(str(path)).inputs == ("t",)


# ---- mistakes ----

STRAY = (
    "A declaration begins with input, output, param or const; a definition is written name = ... . "
    "To continue an equation on the next line, open a bracket first."
)
OPTIONS = (
    "The options are: y, sigma, weights, absolute_sigma, loss, optimizer, diff_method, diff_h, "
    "max_evaluations, nan_policy."
)
MISTAKES = [
    # Declarations.
    (
        ["param a", "param a = 2", "y = a*x"],
        OptionError,
        "2:7: 'a' is declared a second time; the first is in line 1",
        "      ^",
        "Keep one of the two, or give one of them another name.",
    ),
    (
        ["param a", "input a", "y = a*x"],
        OptionError,
        "2:7: 'a' is declared a second time; the first is in line 1",
        "      ^",
        "Keep one of the two, or give one of them another name.",
    ),
    (
        ["param a", "param bb", "y = a*x"],
        OptionError,
        "2:7: the equation does not use the parameter 'bb'",
        "      ^^",
        "Remove the line.",
    ),
    (
        ["input time", "input t0", "y = a*time"],
        OptionError,
        "2:7: the equation does not use the input 't0'",
        "      ^^",
        "It uses: a.",
    ),
    (
        ["input tme", "y = a*time"],
        OptionError,
        "1:7: the equation does not use the input 'tme'",
        "      ^^^",
        "Did you mean 'time'?",
    ),
    (
        ["input t", "param tau = 1", "y = q*exp(-t/tau)"],
        NameResolutionError,
        "3:5: 'q' is not declared",
        "    ^",
        "Declared: tau, t. Or add a line for it: param q, or: input q",
    ),
    (
        ["input t", "param tau = 1", "y = exp(-t/tua)"],
        NameResolutionError,
        "3:12: 'tua' is not declared",
        "           ^^^",
        "Did you mean 'tau'? Or add a line for it: param tua, or: input tua",
    ),
    (
        ["input t = 1", "y = a*t"],
        OptionError,
        "1:9: an input cannot have a value",
        "        ^^^",
        "It can have a unit and a description.",
    ),
    (
        ["input t fixed", "y = a*t"],
        OptionError,
        "1:9: an input cannot have 'fixed'",
        "        ^^^^^",
        "It can have a unit and a description.",
    ),
    (
        ["output y > 2", "y = a*x"],
        OptionError,
        "1:10: an output cannot have a lower bound",
        "         ^^^",
        "It can have a unit and a description.",
    ),
    (
        ["const k = 1 in [0, 2]", "y = a*k*x"],
        OptionError,
        "1:13: a constant cannot have bounds",
        "            ^^^^^^^^^",
        "It can have a value, a unit and a description.",
    ),
    (
        ["const k", "y = a*k*x"],
        OptionError,
        "1:7: the constant 'k' has no value",
        "      ^",
        "Write: const k = 1.0",
    ),
    (
        ["const k = log(-1)", "y = a*k*x"],
        OptionError,
        "1:9: the value of 'k' is nan",
        "        ^^^^^^^^^",
        "Give a finite number.",
    ),
    (
        ["output y", "output z", "y = a*x"],
        OptionError,
        "2:8: a second output",
        "       ^",
        "A model file has one.",
    ),
    (
        ["output yy", "y = a*x"],
        OptionError,
        "1:8: the equation's left side does not name the output 'yy'",
        "       ^^",
        "Did you mean 'y'?",
    ),
    (
        ["output q", "log(p) ~ a*x"],
        OptionError,
        "1:8: the equation's left side does not name the output 'q'",
        "       ^",
        "It names: p.",
    ),
    (
        ["output q", "f(t) = a*t"],
        OptionError,
        "1:8: the equation's left side does not name the output 'q'",
        "       ^",
        "It names: f.",
    ),
    # Properties of parameters.
    (
        ["param a = 1 = 2", "y = a*x"],
        OptionError,
        "1:13: 'a' has a value already",
        "            ^^^",
        "Keep one of the two.",
    ),
    (
        ["param a [m] [s]", "y = a*x"],
        OptionError,
        "1:13: 'a' has a unit already",
        "            ^^^",
        "Keep one of the two.",
    ),
    (
        ['param a "x" "y"', "y = a*x"],
        OptionError,
        "1:13: 'a' has a description already",
        "            ^^^",
        "Keep one of the two.",
    ),
    (
        ["param a > 0 >= 1", "y = a*x"],
        OptionError,
        "1:13: 'a' has a lower bound already",
        "            ^^^^",
        "Keep one of the two.",
    ),
    (
        ["param a < 0 < 1", "y = a*x"],
        OptionError,
        "1:13: 'a' has an upper bound already",
        "            ^^^",
        "Keep one of the two.",
    ),
    (
        ["param a in [0, 1] > 0", "y = a*x"],
        OptionError,
        "1:19: 'a' has bounds already",
        "                  ^^^",
        "Keep one of the two.",
    ),
    (
        ["param a > 0 in [0, 1]", "y = a*x"],
        OptionError,
        "1:13: 'a' has bounds already",
        "            ^^^^^^^^^",
        "Keep one of the two.",
    ),
    (
        ["param a = 1 fixed fixed", "y = a*x"],
        OptionError,
        "1:19: 'a' has 'fixed' already",
        "                  ^^^^^",
        "Keep one of the two.",
    ),
    (
        ["param a == 1", "y = a*x"],
        OptionError,
        "1:9: '==' sets no bound",
        "        ^^^^",
        "Write = for a value, < or > for a bound.",
    ),
    (
        ["param a != 1", "y = a*x"],
        OptionError,
        "1:9: '!=' sets no bound",
        "        ^^^^",
        "Write = for a value, < or > for a bound.",
    ),
    (
        ["param a [0, 1]", "y = a*x"],
        OptionError,
        "1:9: [0, 1] stands for a unit, but looks like bounds",
        "        ^^^^^^",
        "Write: param a in [0, 1]",
    ),
    (
        ["param a [-inf, 1e3]", "y = a*x"],
        OptionError,
        "1:9: [-inf, 1e3] stands for a unit, but looks like bounds",
        "        ^^^^^^^^^^^",
        "Write: param a in [-inf, 1e3]",
    ),
    (
        ["param a in [2, 1]", "y = a*x"],
        OptionError,
        "1:7: the bounds of 'a' are crossed: 2 is not below 1",
        "      ^",
        "To hold a parameter at a value, write: param a = 1.0 fixed",
    ),
    (
        ["param a > 1 < 1", "y = a*x"],
        OptionError,
        "1:7: the bounds of 'a' are crossed: 1 is not below 1",
        "      ^",
        "To hold a parameter at a value, write: param a = 1.0 fixed",
    ),
    (
        ["param a > log(-1)", "y = a*x"],
        OptionError,
        "1:7: a bound of 'a' is not a number (NaN)",
        "      ^",
        None,
    ),
    (
        ["param a = 5 in [0, 1]", "y = a*x"],
        OptionError,
        "1:9: the value 5 of 'a' is outside its bounds [0, 1]",
        "        ^^^",
        "Move the value inside, or widen the bounds.",
    ),
    (
        ["param a = -1 > 0", "y = a*x"],
        OptionError,
        "1:9: the value -1 of 'a' is outside its bounds [0, inf]",
        "        ^^^^",
        "Move the value inside, or widen the bounds.",
    ),
    (
        ["param a fixed", "y = a*x"],
        OptionError,
        "1:9: 'a' is fixed, but has no value",
        "        ^^^^^",
        "Write: param a = 1.0 fixed",
    ),
    (
        ["param a = inf", "y = a*x"],
        OptionError,
        "1:9: the value of 'a' is inf",
        "        ^^^^^",
        "Give a finite number.",
    ),
    (
        ["param a = b", "param b = 1", "y = a*b*x"],
        NameResolutionError,
        "1:11: 'b' is not a constant",
        "          ^",
        "Known here: pi, e, inf.",
    ),
    (
        ["param a = kk", "const k = 1", "y = a*k*x"],
        NameResolutionError,
        "1:11: 'kk' is not a constant",
        "          ^^",
        "Known here: pi, e, inf.",
    ),
    (
        ["const planck = 1", "param a = plank", "y = a*planck*x"],
        NameResolutionError,
        "2:11: 'plank' is not a constant",
        "          ^^^^^",
        "Did you mean 'planck'?",
    ),
    (
        ["param a = sqt(2)", "y = a*x"],
        NameResolutionError,
        "1:11: unknown function 'sqt'",
        "          ^^^",
        "Did you mean 'sqrt'? Run `lml functions` for the list.",
    ),
    (
        ["param a = 1e999", "y = a*x"],
        FormulaSyntaxError,
        "1:11: the number 1e999 is too large",
        "          ^^^^^",
        "The largest number is about 1.8e308.",
    ),
    # Equations.
    (
        ["y = a*x", "z = b*x"],
        NameResolutionError,
        "1:1: 'y' is defined, but not used",
        "^",
        "The model is the last equation, or the one with ~; use y in it, or remove the line.",
    ),
    (
        ["y = a*x", "  + b"],
        FormulaSyntaxError,
        "2:3: the formula ended on the line before '+'",
        "  ^",
        "To continue a formula on the next line, put it in brackets.",
    ),
    (
        ["param", "y = a*x"],
        FormulaSyntaxError,
        "1:1: this is neither a declaration nor a definition",
        "^^^^^",
        STRAY,
    ),
    (
        ["input t", "y = a*exxp(t)"],
        NameResolutionError,
        "2:7: unknown function 'exxp'",
        "      ^^^^",
        "Did you mean 'exp'? Run `lml functions` for the list.",
    ),
    (
        ["y = a*exp(x", "# end"],
        FormulaSyntaxError,
        "1:10: '(' is never closed",
        "         ^",
        "Add a ')' where it should end.",
    ),
    # Options.
    (
        ["y = a*x", "fit { optimzer = lm }"],
        OptionError,
        "2:7: unknown option 'optimzer'",
        "      ^^^^^^^^",
        "Did you mean 'optimizer'?",
    ),
    (["y = a*x", "fit { seed = 1 }"], OptionError, "2:7: unknown option 'seed'", "      ^^^^", OPTIONS),
    (
        ["y = a*x", "fit { optimizer = adam }"],
        OptionError,
        "2:19: unknown optimizer 'adam'",
        "                  ^^^^",
        "Possible: auto, lm, trf.",
    ),
    (
        ["y = a*x", "fit { optimizer = 3 }"],
        OptionError,
        "2:19: unknown optimizer '3'",
        "                  ^",
        "Possible: auto, lm, trf.",
    ),
    (
        ["y = a*x", "fit { loss = huber }"],
        OptionError,
        "2:14: unknown loss 'huber'",
        "             ^^^^^",
        "Possible: least_squares.",
    ),
    (
        ["y = a*x", "fit { nan_policy = omitt }"],
        OptionError,
        "2:20: unknown nan_policy 'omitt'",
        "                   ^^^^^",
        "Did you mean 'omit'?",
    ),
    (
        ["y = a*x", "fit { diff_method = 'cntral' }"],
        OptionError,
        "2:21: unknown diff_method 'cntral'",
        "                    ^^^^^^^^",
        "Did you mean 'central'?",
    ),
    (
        ["y = a*x", "fit { absolute_sigma = maybe }"],
        OptionError,
        "2:24: absolute_sigma must be true or false, not maybe",
        "                       ^^^^^",
        None,
    ),
    (
        ["y = a*x", "fit { max_evaluations = 1.5 }"],
        OptionError,
        "2:25: max_evaluations must be a whole number of at least 1, not 1.5",
        "                        ^^^",
        None,
    ),
    (
        ["y = a*x", "fit { max_evaluations = lots }"],
        OptionError,
        "2:25: max_evaluations must be a whole number of at least 1, not lots",
        "                        ^^^^",
        None,
    ),
    (
        ["y = a*x", "fit {", "  loss = least_squares", "  loss = least_squares }"],
        OptionError,
        "4:3: 'loss' is given twice",
        "  ^^^^",
        None,
    ),
    (
        ["y = a*x", "fit { sigma = s; weights = w }"],
        OptionError,
        "2:18: sigma and weights are both given",
        "                 ^^^^^^^",
        "Keep one of them.",
    ),
    (
        ["y = a*x", "fit { diff_method = central; diff_h = -1 }"],
        OptionError,
        "2:39: diff_h must be a positive number, not -1.0",
        "                                      ^^",
        "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
    ),
    (
        ["y = a*x", "fit { diff_method = central; diff_h = small }"],
        OptionError,
        "2:39: diff_h must be a positive number, not 'small'",
        "                                      ^^^^^",
        "It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
    ),
    (
        ["y = a*x", "fit { diff_h = 1e-4 }"],
        OptionError,
        "2:7: diff_h is a step for differences, but the method auto is exact and takes none",
        "      ^^^^^^",
        "Leave diff_h out, or choose a difference method, for example 'central'.",
    ),
    # Directives.
    (
        ["y = a*x", "fit { }", "fit { }"],
        FormulaSyntaxError,
        "3:1: a second 'fit'",
        "^^^",
        "A model file has one.",
    ),
    (
        ["y = a*x", "data 'a.csv'", "data 'b.csv'"],
        FormulaSyntaxError,
        "3:6: a second 'data'",
        "     ^^^^^^^",
        "A model file has one.",
    ),
    (
        ["model 'a'", "model 'b'", "y = a*x"],
        FormulaSyntaxError,
        "2:7: a second 'model'",
        "      ^^^",
        "A model file has one.",
    ),
    (["y = a*x", 'data ""'], OptionError, "2:6: the name of the data file is empty", "     ^^", None),
    (
        ["y = a*x", 'data "d.csv" { x = 3 }'],
        OptionError,
        "2:20: a column is named by a text in quotes",
        "                   ^",
        'Write: x = "3"',
    ),
    (
        ["y = a*x", 'data "d.csv" { x = "a"; x = "b" }'],
        OptionError,
        "2:25: 'x' is given twice",
        "                        ^",
        None,
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: " | ".join(mistake[0]))
def test_mistakes(mistake):
    lines, kind, problem, caret, hint = mistake
    number = int(problem.partition(":")[0])
    expected = [f"m.lml:{problem}", f"   {number} | {lines[number - 1]}", f"     | {caret}"]
    with pytest.raises(ld.LambdaMLError) as caught:
        read(*lines)
    assert str(caught.value) == "\n".join(expected + ([hint] if hint else []))
    assert type(caught.value) is kind
    assert (caught.value.source, caught.value.line) == ("m.lml", number)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing here", "param a = 2", "data 'd.csv'"])
def test_no_equation(text):
    with pytest.raises(FormulaSyntaxError) as caught:
        loads(text, name="m.lml")
    assert str(caught.value) == "m.lml: there is no equation\nAdd a line such as: y = a*exp(-b*x)"


UNKNOWN_LINES = [
    ("paramter a = 1", "paramter", "param"),
    ("Param a = 1", "Param", "param"),
    ("constant k = 2", "constant", "const"),
    ("inputs t", "inputs", "input"),
]


@pytest.mark.parametrize(("line", "word", "meant"), UNKNOWN_LINES)
def test_an_unknown_keyword_is_not_taken_for_a_product(line, word, meant):
    with pytest.raises(FormulaSyntaxError) as caught:
        read(line, "y = a*x")
    assert "For a product" not in str(caught.value)
    assert f"'{word}'" in str(caught.value)
    assert f"Did you mean '{meant}'?" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "way_out"),
    [
        ("data d.csv", 'data "d.csv"'),
        ("model Decay of a sample", 'model "'),
        ("fit sigma = s", "fit {"),
        ("param 0 < a < 1", "param a"),
    ],
)
def test_a_line_of_a_known_keyword_says_how_it_is_written(line, way_out):
    with pytest.raises(FormulaSyntaxError) as caught:
        read(line, "y = a*x")
    assert "For a product" not in str(caught.value)
    assert way_out in str(caught.value)


def test_an_undeclared_input_may_be_declared_as_one():
    """Where parameters are declared and inputs are not, the missing name may well be an input."""
    with pytest.raises(NameResolutionError) as caught:
        read("param a", "param tau", "y = a*exp(-t/tau)")
    assert "input t" in str(caught.value)


# ---- files ----


def refusal(path, kind):
    with pytest.raises(kind) as caught:
        ld.load(path)
    assert type(caught.value) is kind
    return str(caught.value)


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal("m.lml", DataError) == "there is no file 'm.lml'"
    Path("decay.lml").write_text("y = a*x")
    Path("peak.lml").write_text("y = a*x")
    Path("peak.csv").write_text("x,y\n1,2\n")
    assert refusal("deacy.lml", DataError) == "there is no file 'deacy.lml'\nDid you mean 'decay.lml'?"
    assert (
        refusal("1999.lml", DataError)
        == "there is no file '1999.lml'\nThe folder holds: decay.lml, peak.lml."
    )
    missing = os.path.join("no", "m.lml")
    assert refusal(missing, DataError) == f"there is no file '{missing}'\nThere is no folder 'no' either."
    Path("folder.lml").mkdir()
    assert refusal("folder.lml", DataError) == "'folder.lml' is a folder, not a file"
    assert refusal("a\0.lml", DataError) == "cannot read 'a\0.lml': embedded null byte"
    assert refusal(3, OptionError) == "the path of a model file must be a text, not of the type 'int'"
    assert refusal(None, OptionError) == "the path of a model file must be a text, not of the type 'NoneType'"


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "m.lml"
    path.write_bytes("y = a*x\n# größe\n".encode("latin-1"))
    expected = "m.lml: line 2 is not UTF-8 text\nSave the file with the encoding UTF-8."
    assert refusal(path, DataError) == expected
    path.write_bytes("y = a*x".encode("utf-16"))
    expected = "m.lml: line 1 is not UTF-8 text\nSave the file with the encoding UTF-8."
    assert refusal(path, DataError) == expected
    path.write_bytes(b"y = a*x\x00")
    assert refusal(path, FormulaSyntaxError) == (
        "m.lml:1:8: the invisible character U+0000 has no meaning here\n"
        "   1 | y = a*x\n"
        "     |        ^\n"
        "Remove it; it may have come with pasted text."
    )
    path.write_bytes(b"")
    assert refusal(path, FormulaSyntaxError) == (
        "m.lml: there is no equation\nAdd a line such as: y = a*exp(-b*x)"
    )
    path.write_bytes(b"y = a*x" + b" + 1" * 100_000)
    assert refusal(path, LimitError) == (
        "m.lml: the text has 400,007 characters, more than the limit of 200,000\n"
        "Shorten it; a sum of many like terms is better said over columns of data."
    )


def test_data_of_a_file_that_cannot_be_used(folder):
    path = write(folder / "m.lml", "y = a*t", "data 'sub/r.csv' { t = 'time (h)' }")
    with pytest.raises(DataError) as caught:
        ld.load(path).fit()
    assert str(caught.value) == (
        "r.csv: there is no column 'time (h)'\n"
        "Did you mean 'time (s)'? The columns are time (s), U, measured, err."
    )
    path = write(folder / "m.lml", "y = a*t", "data 'sub/d1.csv'")
    with pytest.raises(DataError) as caught:
        ld.load(path).fit()
    missing = folder / "sub" / "d1.csv"
    assert str(caught.value) == f"there is no file '{missing}'\nDid you mean 'd.csv'?"


def test_renamed_columns_hold_for_predictions_too():
    model = ld.load(Path(__file__).parents[2] / "examples" / "logistic_growth" / "pasture.lml")
    result = model.fit()
    again = result.predict(Path(__file__).parents[2] / "examples" / "logistic_growth" / "pasture.csv")
    assert again.tolist() == result.predict().tolist()


def test_several_names_are_declared_in_one_line():
    model = loads(
        'input t [s] "time", u\n'
        'param A[3], k[3] = [1, 2, 3] in [0, 9], c = 1 [m] "offset", g = 2 fixed\n'
        "y = sum(A*exp(-k*t)) + c*u*g\n"
    )
    assert model.inputs == ("t", "u")
    assert model.labels["t"].unit == "s"
    assert model.parameters == ("A", "k", "c", "g")
    assert model.specs["A"].shape == (3,)
    assert model.specs["k"].start == (1.0, 2.0, 3.0)
    assert (model.specs["k"].lower, model.specs["k"].upper) == (0.0, 9.0)
    assert (model.specs["c"].unit, model.specs["c"].doc) == ("m", "offset")
    assert model.specs["g"].fixed


def test_the_output_says_which_equation_is_the_model():
    model = loads("input t\noutput y\nparam a = 1\nparam k = 2\ny = a*g(t)\ng(u) = exp(-k*u)\n")
    assert str(model) == "g(u) = exp(-k*u); y ~ a*g(t)"
    assert model.output == "y"


def test_statements_in_one_line_stay_apart():
    model = loads('input x; param a = 2\nz = x/2; w = z^2 "half; squared"; y ~ a*w  # a; b\n')
    assert str(model) == "z = x/2; w = z^2; y ~ a*w"
