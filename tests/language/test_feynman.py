"""The equations of the Feynman Symbolic Regression Database (Udrescu & Tegmark 2020), typed in as they stand.

Two collections: the 60 equations of ``../shared/feynman.json``, whose values are given there to 20 digits,
skipped where the file is missing; and others in the same notation, which always run. Python's parser and
mpmath are the oracle: together they give values and derivatives with 40 digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from mpmath import mp, mpf
from oracles.python_parser import python_tree

import lambdaml_dsl as ld
from lambdaml_dsl.language.nodes import Binary, Call, Expr, Name, Number, Unary
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk

FEYNMAN = Path(__file__).resolve().parents[2].parent / "shared" / "feynman.json"

DIGITS = 40
VALUE = 1e-13
DERIVATIVE = 1e-12
ROW = {"row": [0.0]}  # a column that no equation uses: one row, where every name is a parameter

# Values for the names of each, in the order in which they first stand in it.
OTHERS = [
    ("exp(-(theta/sigma)**2/2)/(sqrt(2*pi)*sigma)", (1.7, 2.2)),
    ("sqrt((x2-x1)**2+(y2-y1)**2)", (3.1, 1.4, 4.2, 2.3)),
    ("m_0/sqrt(1-v**2/c**2)", (2.1, 1.3, 5.7)),
    ("q*(Ef+B*v*sin(theta))", (1.2, 3.1, 2.4, 1.9, 4.1)),
    ("G*m1*m2*(1/r2-1/r1)", (1.1, 2.3, 3.4, 4.5, 1.7)),
    ("1/2*k_spring*x**2", (1.3, 2.7)),
    ("(t-u*x/c**2)/sqrt(1-u**2/c**2)", (2.2, 1.4, 3.3, 7.1)),
    ("(u+v)/(1+u*v/c**2)", (1.4, 2.6, 3.7)),
    ("1/2*m*(omega**2+omega_0**2)*1/2*x**2", (1.2, 2.3, 1.4, 2.5)),
    ("arcsin(n*sin(theta2))", (0.6, 1.3)),
    ("omega/c", (2.3, 7.1)),
    ("Int_0*sin(n*theta/2)**2/sin(theta/2)**2", (1.4, 2.7, 3.1)),
    ("q**2*a**2/(6*pi*epsilon*c**3)", (2.1, 3.2, 1.3, 4.4)),
    ("(1+v/c)/sqrt(1-v**2/c**2)*omega_0", (1.5, 6.2, 3.3)),
    ("I1+I2+2*sqrt(I1*I2)*cos(delta)", (1.6, 3.4, 2.2)),
    ("h/(2*pi)*omega**3/(pi**2*c**2*(exp((h/(2*pi))*omega/(kb*T))-1))", (2.1, 3.2, 1.7, 2.4, 4.3)),
    ("n*kb*T*ln(V2/V1)", (1.2, 2.3, 3.4, 4.5, 1.6)),
    ("m*c**2/sqrt(1-v**2/c**2)", (2.3, 6.1, 1.6)),
    ("n*alpha/(1-(n*alpha/3))*epsilon*Ef", (0.4, 0.7, 1.6, 1.2)),
    ("n_0*(1+p_d*Ef*cos(theta)/(kb*T))", (1.4, 2.6, 1.2, 2.9, 1.7, 2.3)),
    ("sqrt(omega**2/c**2-pi**2/d**2)", (5.3, 1.2, 3.1)),
    ("n_0/(exp(mom*B/(kb*T))+exp(-mom*B/(kb*T)))", (1.3, 2.1, 1.4, 2.2, 1.9)),
    (
        "mom*H/(kb*T)+(mom*alpha)/(epsilon*c**2*kb*T)*M",
        (1.2, 2.3, 1.4, 2.5, 1.6, 2.7, 1.8, 2.9),
    ),
    ("1/(exp((h/(2*pi))*omega/(kb*T))-1)", (1.6, 3.4, 2.3, 4.1)),
    (
        "(p_d*Ef*t/(h/(2*pi)))*sin((omega-omega_0)*t/2)**2/((omega-omega_0)*t/2)**2",
        (1.3, 2.6, 1.4, 2.2, 4.7, 1.6),
    ),
    ("n*(h/(2*pi))", (3.1, 2.4)),
    ("I_0*(exp(q*Volt/(kb*T))-1)", (1.3, 1.6, 1.9, 1.4, 1.7)),
    ("(h/(2*pi))**2/(2*E_n*d**2)", (2.2, 3.3, 1.4)),
    ("beta*(1+alpha*cos(theta))", (1.7, 2.8, 3.9)),
    ("-rho_c_0*q*A_vec/m", (1.2, 3.4, 2.6, 4.8)),
    (
        "m*k_G/L**2*(1+sqrt(1+2*E_n*L**2/(m*k_G**2))*cos(theta1-theta2))",
        (1.3, 2.4, 1.6, 2.7, 3.8, 0.9),
    ),
    ("sqrt(2/m*(E_n-U-L**2/(2*m*r**2)))", (1.7, 10.4, 1.2, 2.1, 1.9)),
    ("sqrt(1+2*epsilon**2*E_n*L**2/(m*(Z_1*Z_2*q**2)**2))", (1.2, 2.3, 1.4, 2.5, 1.6, 2.7, 1.8)),
    ("E_n/(1+E_n/(m*c**2)*(1-cos(theta)))", (2.4, 1.3, 2.2, 1.6)),
    ("arccos((cos(theta2)-v/c)/(1-v/c*cos(theta2)))", (2.3, 1.6, 5.2)),
    (
        "q/(4*pi*epsilon*y**2)*(4*pi*epsilon*Volt*d-q*d*y**3/(y**2-d**2)**2)",
        (2.7, 1.6, 2.1, 3.4, 5.2),
    ),
    ("Ef*cos(theta)*(-r+d**3/r**2*(alpha-1)/(alpha+2))", (1.3, 2.4, 1.7, 2.8, 3.6)),
    ("sqrt((p-q*A_vec)**2*c**2+m**2*c**4)+q*Volt", (4.6, 1.3, 2.2, 1.7, 2.4, 3.1)),
    ("3/(8*pi*G)*(c**2*k_f/r**2+H_G**2)", (1.2, 2.3, 3.4, 1.5, 2.6)),
    (
        "1/(4*pi)*alpha**2*h**2/(m**2*c**2)*(omega_0/omega)**2*(omega_0/omega+omega/omega_0-sin(beta)**2)",
        (1.3, 2.4, 1.6, 2.7, 1.8, 2.9, 4.1),
    ),
]

# Names that mean something elsewhere: in mathematics, in Python, in model files, or as functions here.
AWKWARD = (
    *(
        "I",
        "lambda",
        "gamma",
        "beta",
        "epsilon",
        "zeta",
        "E",
        "S",
        "N",
        "Q",
        "e",
        "sin",
        "exp",
        "mean",
        "size",
    ),
    *("in", "fixed", "input", "output", "param", "const", "model", "data", "fit", "use", "is", "class"),
)

BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}
FUNCTIONS = {
    "exp": mp.exp,
    "ln": mp.log,
    "sqrt": mp.sqrt,
    "sin": mp.sin,
    "cos": mp.cos,
    "tanh": mp.tanh,
    "arcsin": mp.asin,
    "arccos": mp.acos,
}


class Equation(NamedTuple):
    """A formula, the point at which it is taken, and its value there where that is given."""

    formula: str
    point: dict[str, float]
    value: str = ""

    @property
    def names(self) -> list[str]:
        return list(self.point)


def names_in(formula: str) -> list[str]:
    """Give the names of a formula in the order of the text, but for the constant pi."""
    names = dict.fromkeys([node.name for node in walk(python_tree(formula)) if isinstance(node, Name)])
    return [name for name in names if name != "pi"]


def others() -> list[object]:
    equations = [
        Equation(formula, dict(zip(names_in(formula), values, strict=True))) for formula, values in OTHERS
    ]
    return [pytest.param(equation, id=equation.formula) for equation in equations]


def shared() -> list[object]:
    """Give the equations of the shared file, or one that is skipped."""
    if not FEYNMAN.is_file():
        skipped = pytest.mark.skip(reason="the folder shared is not beside the repository")
        return [pytest.param(None, id="shared", marks=skipped)]
    equations = json.loads(FEYNMAN.read_text(encoding="utf-8"))["equations"]
    assert len(equations) == 60
    return [
        pytest.param(
            Equation(item["formula"], item["probe"]["inputs"], item["probe"]["value_mp"]), id=item["name"]
        )
        for item in equations
    ]


every_equation = pytest.mark.parametrize("equation", [*shared(), *others()])


def computed(tree: Expr, point: Mapping[str, mpf]) -> mpf:
    """Give the value of a tree of Python's parser."""
    match tree:
        case Number(value):
            return mpf(value)
        case Name("pi"):
            return mp.pi
        case Name(name):
            return point[name]
        case Unary("-", operand):
            return -computed(operand, point)
        case Binary(operator, left, right):
            return BINARY[operator](computed(left, point), computed(right, point))
        case Call(function, (argument,)):
            return FUNCTIONS[function](computed(argument, point))
    raise AssertionError(f"not in the database: {tree}")


def exact(equation: Equation) -> mpf:
    """Give the value of an equation; the one that is given must agree."""
    with mp.workdps(DIGITS):
        value = computed(
            python_tree(equation.formula), {name: mpf(each) for name, each in equation.point.items()}
        )
        if equation.value:
            assert abs(value / mpf(equation.value) - 1) < mpf("1e-18")
        return value


def exact_derivative(equation: Equation, name: str) -> mpf:
    """Give the derivative by one of the names."""
    with mp.workdps(DIGITS):
        tree = python_tree(equation.formula)
        point = {each: mpf(value) for each, value in equation.point.items()}
        return mp.diff(lambda moved: computed(tree, {**point, name: moved}), point[name])


def error(found: float, wanted: mpf) -> float:
    """Give the relative error."""
    with mp.workdps(DIGITS):
        return float(abs(mpf(float(found)) - wanted) / abs(wanted))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Give a formula with other names."""
    return re.sub(r"[^\W\d]\w*", lambda found: names.get(found[0], found[0]), text)


@every_equation
def test_value_where_all_names_are_inputs(equation: Equation) -> None:
    model = ld.Model(equation.formula, inputs=equation.names)
    assert set(model.inputs) == set(equation.names)
    assert model.parameters == ()
    (value,) = model(**equation.point)
    assert error(value, exact(equation)) < VALUE


@every_equation
def test_value_where_all_names_are_parameters(equation: Equation) -> None:
    """Said to be no inputs, or said to be parameters: names such as x1 would be inputs otherwise."""
    for model in (
        ld.Model(equation.formula, inputs=[]),
        ld.Model(equation.formula, parameters=equation.names),
    ):
        assert model.inputs == ()
        assert set(model.parameters) == set(equation.names)
        (value,) = model.evaluate(ROW, equation.point)
        assert error(value, exact(equation)) < VALUE


@every_equation
def test_derivatives(equation: Equation) -> None:
    found = ld.Model(equation.formula, inputs=[]).jacobian(ROW, equation.point)
    assert set(found) == set(equation.names)
    errors = {name: error(found[name][0], exact_derivative(equation, name)) for name in equation.names}
    assert {name: each for name, each in errors.items() if not each < DERIVATIVE} == {}


@every_equation
def test_derivatives_beside_an_input(equation: Equation) -> None:
    """Each name in turn is the input, at two values of it: the others are then free parameters."""
    for name in equation.names:
        rest = {other: value for other, value in equation.point.items() if other != name}
        column = [equation.point[name], 1.0625 * equation.point[name]]
        found = ld.Model(equation.formula, inputs=[name]).jacobian({name: column}, rest)
        assert set(found) == set(rest)
        for row, value in enumerate(column):
            there = equation._replace(point={**equation.point, name: value}, value="")
            errors = {other: error(found[other][row], exact_derivative(there, other)) for other in rest}
            assert {other: each for other, each in errors.items() if not each < DERIVATIVE} == {}


@every_equation
def test_printed_and_parsed_again(equation: Equation) -> None:
    tree = parse(Source(equation.formula))
    text = to_text(tree)
    assert parse(Source(text)) == tree
    assert to_text(parse(Source(text))) == text
    model = ld.Model(equation.formula, inputs=equation.names)
    again = ld.Model(str(model), inputs=equation.names)
    assert again(**equation.point) == model(**equation.point)


@every_equation
def test_in_a_model_file(equation: Equation, tmp_path: Path) -> None:
    path = tmp_path / "equation.lml"
    for kind in ("input", "param"):
        lines = [f"{kind} {name}" for name in equation.names]
        path.write_text("\n".join([*lines, f"value = {equation.formula}"]), encoding="utf-8")
        model = ld.load(path)
        assert set(model.inputs if kind == "input" else model.parameters) == set(equation.names)
        (value,) = model(**equation.point) if kind == "input" else model.evaluate(ROW, equation.point)
        assert error(value, exact(equation)) < VALUE


@every_equation
def test_under_awkward_names(equation: Equation) -> None:
    """Whatever the names are, as inputs or as parameters: the same numbers, bit by bit."""
    plain = ld.Model(equation.formula, inputs=[])
    (value,) = plain.evaluate(ROW, equation.point)
    slopes = plain.jacobian(ROW, equation.point)
    first = len(equation.formula) % len(AWKWARD)
    names = dict(zip(equation.names, (AWKWARD[first:] + AWKWARD)[: len(equation.names)], strict=True))
    formula = renamed(equation.formula, names)
    point = {names[name]: each for name, each in equation.point.items()}
    assert ld.Model(formula, inputs=list(point))(**point) == value
    model = ld.Model(formula, parameters=list(point))
    assert ld.Model(str(model), parameters=list(point)).evaluate(ROW, point) == value
    found = model.jacobian(ROW, point)
    assert {name: found[names[name]] for name in equation.names} == slopes


def test_every_awkward_name_is_tried() -> None:
    """And those that are no functions are free parameters without a word."""
    for name in AWKWARD:
        assert ld.Model(f"2*{name}*t", inputs=["t"], parameters=[name])(t=3, **{name: 1.5}) == 9
        assert ld.Model(f"2*{name}*t", inputs=["t", name])(t=3, **{name: 1.5}) == 9
    free = [name for name in AWKWARD if name not in ("sin", "exp", "e")]
    assert list(ld.Model("*".join(free), inputs=[]).parameters) == free
