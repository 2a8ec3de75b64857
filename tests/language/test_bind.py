"""Every name gets its one role: declared, input, constant, parameter, in this order."""

import math
from collections.abc import Callable

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.errors import NameResolutionError
from lambdaml_dsl.language.bind import NOTHING_DECLARED, BoundModel, Declared, Known, bind, bind_text
from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.nodes import Call, Name
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.source import Source


def model(text: str, columns: tuple[str, ...] | None = None, **declared: object) -> BoundModel:
    return bind_text(Source(text), Declared(**declared), Known(columns))  # type: ignore[arg-type]


# ---- without data: x, x0, x1, ... are the inputs ----


def test_the_x_family_is_input_by_default() -> None:
    bound = model("a*x0 + b*x1 + c")
    assert bound.inputs == ("x0", "x1")
    assert bound.parameters == ("a", "b", "c")
    assert bound.constants == {}
    assert (bound.response, bound.output) == (None, None)


def test_the_x_family_is_in_the_order_of_its_numbers() -> None:
    assert model("x10 + x2 + x + x0").inputs == ("x", "x0", "x2", "x10")


@pytest.mark.parametrize("name", ["X", "x_1", "xx", "x1a", "t", "ax", "x_"])
def test_other_names_are_parameters(name: str) -> None:
    bound = model(f"a*{name} + x")
    assert bound.inputs == ("x",)
    assert bound.parameters == ("a", name)


def test_parameters_are_in_the_order_in_which_they_first_appear() -> None:
    bound = model("sigmoid(a*exp(-lam*abs(x0))*cos(w*x1 + phi)) + a")
    assert bound.inputs == ("x0", "x1")
    assert bound.parameters == ("a", "lam", "w", "phi")
    assert model("tau + x*(beta - alpha) if c > tau else d").parameters == ("tau", "beta", "alpha", "c", "d")


def test_a_formula_without_parameters() -> None:
    bound = model("2*x + 1")
    assert (bound.inputs, bound.parameters) == (("x",), ())


# ---- the order of the roles ----


def test_constants_pi_and_e() -> None:
    bound = model("a*sin(2*pi*x) + e")
    assert bound.constants == {"pi": math.pi, "e": math.e}
    assert bound.parameters == ("a",)


def test_an_input_comes_before_a_constant() -> None:
    bound = model("a*e + pi", inputs=("e",))
    assert bound.inputs == ("e",)
    assert bound.constants == {"pi": math.pi}
    assert model("y ~ a*e", columns=("e", "y")).inputs == ("e",)


def test_a_declared_parameter_comes_before_a_constant_and_an_input() -> None:
    bound = model("a*e + x", parameters=("e", "x"))
    assert bound.parameters == ("a", "e", "x")
    assert (bound.inputs, bound.constants) == ((), {})
    assert model("y ~ a*t", columns=("t", "u", "y"), parameters=("t",), inputs=("u",)).parameters == (
        "a",
        "t",
    )


def test_a_declared_constant_comes_before_a_constant_and_an_input() -> None:
    bound = model("a*e + x", constants=(("e", 1.602e-19), ("x", 3.0)))
    assert bound.constants == {"e": 1.602e-19, "x": 3.0}
    assert (bound.inputs, bound.parameters) == ((), ("a",))


def test_only_the_constants_in_use_are_listed() -> None:
    assert model("a*x", constants=(("k", 2.0),)).constants == {}


def test_declared_inputs_are_all_inputs_and_no_other_name_is() -> None:
    bound = model("a*u + x", inputs=("t", "u"))
    assert bound.inputs == ("t", "u")
    assert bound.parameters == ("a", "x")


def test_complete_declarations_leave_pi_a_constant() -> None:
    bound = model("a*pi*t", inputs=("t",), parameters=("a",), complete=True)
    assert (bound.parameters, bound.constants) == (("a",), {"pi": math.pi})


# ---- functions and values live apart ----


def test_names_that_are_also_symbols_may_be_parameters() -> None:
    bound = model("gamma*exp(-beta*x)")
    assert bound.parameters == ("gamma", "beta")
    both = model("gamma*gamma(x)")
    assert both.parameters == ("gamma",)


PLAIN_FUNCTIONS = sorted(name for name, function in FUNCTIONS.items() if not function.symbol)


@pytest.mark.parametrize("name", PLAIN_FUNCTIONS)
def test_a_bare_function_is_refused_unless_declared(name: str) -> None:
    with pytest.raises(NameResolutionError) as caught:
        model(f"a*{name}")
    assert caught.value.problem == f"'{name}' is a function and needs its argument"
    assert model(f"a*{name}", parameters=(name,)).parameters == ("a", name)
    assert model(f"a*{name}", inputs=(name,)).inputs == (name,)
    assert model(f"y ~ a*{name}", columns=(name, "y")).inputs == (name,)


def test_an_unknown_function_is_never_a_parameter() -> None:
    with pytest.raises(NameResolutionError):
        model("a*exxp(-x)")


def test_a_function_may_be_called_though_a_column_has_its_name() -> None:
    bound = model("y ~ a*exp(exp)", columns=("exp", "y"))
    assert bound.inputs == ("exp",)


# ---- left sides ----


def test_f_of_t_names_the_inputs() -> None:
    bound = model("f(t) = A*exp(-t/tau) + x")
    assert bound.inputs == ("t",)
    assert bound.parameters == ("A", "tau", "x")
    assert bound.output == "f"
    assert bound.response == Name("f")


def test_f_of_two_inputs_keeps_their_order_and_those_not_used() -> None:
    assert model("f(v, u) = a*u").inputs == ("v", "u")


def test_declared_inputs_come_before_those_of_the_left_side() -> None:
    bound = model("f(t) = a*t*u", inputs=("u",))
    assert bound.inputs == ("u",)
    assert bound.parameters == ("a", "t")


def test_a_symbol_names_its_inputs_like_any_other_name() -> None:
    bound = model("gamma(t) = gamma0*exp(-t/tau)")
    assert (bound.output, bound.inputs) == ("gamma", ("t",))
    assert bound.parameters == ("gamma0", "tau")


@pytest.mark.parametrize("relation", ["~", "="])
def test_a_name_on_the_left_is_the_output(relation: str) -> None:
    bound = model(f"y {relation} a*x")
    assert (bound.output, bound.response) == ("y", Name("y"))
    assert bound.parameters == ("a",)


@pytest.mark.parametrize("relation", ["~", "="])
def test_an_expression_on_the_left_is_the_response(relation: str) -> None:
    bound = model(f"log(y) {relation} a*x + b")
    assert bound.output is None
    assert bound.response == Call("log", (Name("y"),))
    assert bound.parameters == ("a", "b")


@pytest.mark.parametrize("text", ["y ~ a*y", "y = y + a*x", "f(t) = a*f", "f(t) = a*f(t)", "y ~ a*y(x)"])
def test_the_response_cannot_be_on_the_right(text: str) -> None:
    with pytest.raises(NameResolutionError) as caught:
        model(text)
    assert caught.value.problem == f"'{text[0]}' stands on both sides"
    assert caught.value.column == text.rindex(text[0]) + 1


# ---- with data: the columns are the inputs ----


def test_columns_are_inputs() -> None:
    bound = model("y ~ A*exp(-t/tau) + x", columns=("t", "y", "unused"))
    assert bound.inputs == ("t",)
    assert bound.parameters == ("A", "tau", "x")


def test_inputs_are_in_the_order_in_which_they_first_appear() -> None:
    assert model("y ~ a*v + b*u", columns=("u", "v", "y")).inputs == ("v", "u")


def test_one_free_name_alone_is_a_mean() -> None:
    bound = model("y ~ mu", columns=("t", "y"))
    assert (bound.inputs, bound.parameters) == ((), ("mu",))


def test_a_column_in_another_case_is_no_parameter() -> None:
    with pytest.raises(NameResolutionError):
        model("y ~ a*Dose + b*t", columns=("dose", "t", "y"))
    # But both may be meant: T is a temperature here, t the time.
    assert model("y ~ a*exp(-t/T)", columns=("t", "y")).parameters == ("a", "T")


# ---- what a bound model is ----


def test_the_same_text_is_bound_once() -> None:
    assert model("a*x + 4711") is model("a*x + 4711")


def test_bind_takes_a_parsed_formula() -> None:
    source = Source("y ~ a*x")
    bound = bind(parse(source), source)
    assert bound.source is source
    assert bound.equation is parse(source)
    assert bound.expression is bound.equation.right
    assert bind(parse(source), source, NOTHING_DECLARED, Known(("x", "y"))).inputs == ("x",)


def test_constants_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        model("pi*x").constants["pi"] = 3.0  # type: ignore[index]


# ---- the left side ----


@pytest.mark.parametrize(
    ("formula", "by_hand"),
    [
        ("g(u) = log(u + 1); g(y) ~ a*g(x)", lambda y: np.log(y + 1)),
        ("k = 2; k*y ~ a*x*k", lambda y: 2 * y),
        ("y/pi ~ a*x", lambda y: y / np.pi),
        ("y/const.c ~ a*x", lambda y: y / 299792458),
    ],
)
def test_the_left_side_may_use_definitions_and_constants(formula: str, by_hand: Callable) -> None:
    data = {"x": [1.0, 2.0, 4.0], "y": [1.0, 3.0, 7.0]}
    result = ld.fit(formula, data)
    np.testing.assert_allclose(result.y, by_hand(np.array(data["y"])), rtol=1e-15)


def test_a_column_on_the_left_goes_before_a_constant() -> None:
    data = {"x": [1.0, 2.0], "y": [1.0, 3.0], "e": [2.0, 4.0]}
    assert ld.fit("y/e ~ a*x", data).y.tolist() == [0.5, 0.75]


# ---- names that meet ----


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ({"constants": {"k": 3}}, "a constant"),
        ({"inputs": ["k", "x"]}, "an input"),
        ({"parameters": ["k"]}, "a parameter"),
    ],
)
def test_what_is_declared_cannot_be_defined_too(declared: dict, kind: str) -> None:
    with pytest.raises(NameResolutionError) as caught:
        ld.Model("k = 4; k*x", **declared)
    assert str(caught.value) == (
        f"formula:1:1: 'k' is declared as {kind} and defined here too\n"
        "   1 | k = 4; k*x\n"
        "     | ^\n"
        "Keep one of the two, or give one of them another name."
    )


@pytest.mark.parametrize(
    "formula", ["\u0430 = 2*x; a*\u0430", "g(\u0430) = a*\u0430; g(x)", "sum(\u0430 in 0..2: a*\u0430*x)"]
)
def test_definitions_are_looked_at_for_letters_that_look_alike(formula: str) -> None:
    with pytest.raises(NameResolutionError, match="look alike"):
        ld.Model(formula)


@pytest.mark.parametrize("name", ["sum", "hill", "planck"])
def test_a_column_may_be_called_like_a_function_of_the_library(name: str) -> None:
    result = ld.fit(f"y ~ a*{name}", {name: [1.0, 2.0], "y": [2.0, 4.0]})
    assert result.values == {"a": 2.0}


def test_a_definition_that_hides_a_column_is_noted() -> None:
    result = ld.fit("z = a*x; y ~ z + b", {"x": [1.0, 2, 3], "y": [1.0, 2, 4], "z": [0.0, 0, 0]})
    assert "What the formula defines hides the column of that name: z." in result.notes


def test_parameters_keep_the_order_of_the_text() -> None:
    assert ld.Model("pvoigt(x, A, mu, s, f)").parameters == ("A", "mu", "s", "f")
    assert ld.Model("z = (x - mu)/s; y ~ A*exp(-z^2)").parameters == ("A", "mu", "s")
    assert ld.Model("b1/(1 + exp(b2 - b3*x))").parameters == ("b1", "b2", "b3")
