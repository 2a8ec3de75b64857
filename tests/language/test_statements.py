"""Statements: which one is the model, what the others define, and the lines of model files and libraries."""
# ruff: noqa: RUF001  (pasted signs are meant)

import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaml_dsl.errors import LambdaMLError
from lambdaml_dsl.language.declarations import Declaration, Directive, EquationStatement
from lambdaml_dsl.language.nodes import Argument, Call, Definition, Equation, Expr, Name, Number, Vector
from lambdaml_dsl.language.parse import parse, parse_definitions, parse_model_file
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.statements import choose_model, equation_of


def formula(text: str) -> Equation:
    return parse(Source(text))


def model(text: str) -> Equation:
    """The equation of a text without definitions."""
    equation = formula(text)
    assert equation.definitions == ()
    return equation


def expression(text: str):
    return model(text).right


Z = Definition("z", None, expression("(x - mu)/s"))
G = Definition("g", (Argument("u"), Argument("s", Number(1.0))), expression("exp(-u^2/s)"))


@pytest.mark.parametrize(
    ("text", "expected", "definitions"),
    [
        ("z = (x - mu)/s; A*exp(-z^2/2)", "A*exp(-z^2/2)", (Z,)),
        ("z = (x - mu)/s\nA*exp(-z^2/2)", "A*exp(-z^2/2)", (Z,)),
        ("\n\n z = (x - mu)/s # why\n\n # why not\n A*exp(-z^2/2);\n\n", "A*exp(-z^2/2)", (Z,)),
        ("z = (x\n - mu)/s;\ny = A*z", "y = A*z", (Z,)),
        ("y ~ A*z; z = (x - mu)/s", "y ~ A*z", (Z,)),
        ("log(y) ~ A*z\nz = (x - mu)/s", "log(y) ~ A*z", (Z,)),
        ("z = (x - mu)/s; f(x) = A*z", "f(x) = A*z", (Z,)),
        ("z = (x - mu)/s; [u, v] = [z, 2*z]", "[u, v] = [z, 2*z]", (Z,)),
        ("[u, v] ~ [z, 2*z]; z = (x - mu)/s", "[u, v] ~ [z, 2*z]", (Z,)),
        ("g(u, s = 1) = exp(-u^2/s); y ~ g(x)", "y ~ g(x)", (G,)),
        ("g(u, s=1,) = exp(-u^2/s); z=(x - mu)/s; y ~ g(z)", "y ~ g(z)", (G, Z)),
        (
            "z=(x - mu)/s; y ~ g(z)\ng(u,\n  # the width), (not the height\n s = 1\n)=exp(-u^2/s)",
            "y ~ g(z)",
            (Z, G),
        ),
        ("z = (x - mu)/s; -z", "-z", (Z,)),
        ("a*x;", "a*x", ()),
        ("a*x\r\n", "a*x", ()),
        ("y = a*x ;\r\n", "y = a*x", ()),
        ("y=z ; z=(x - mu)/s ; y", "y", (Definition("y", None, Name("z")), Z)),
        (
            "param = x; data = param; data",
            "data",
            (Definition("param", None, Name("x")), Definition("data", None, Name("param"))),
        ),
    ],
)
def test_the_model_and_its_definitions(text: str, expected: str, definitions: tuple[Definition, ...]) -> None:
    equation = formula(text)
    assert equation.definitions == definitions
    assert (equation.left, equation.relation, equation.right) == (
        model(expected).left,
        model(expected).relation,
        model(expected).right,
    )


def test_defaults_may_use_the_arguments_before_them_and_any_expression() -> None:
    text = "g(u, s = 2*u, t = (s if u == 1 else [1, max(u, 3)][0])) = u; y ~ g(x)"
    (definition,) = formula(text).definitions
    assert definition.arguments == (
        Argument("u"),
        Argument("s", expression("2*u")),
        Argument("t", expression("s if u == 1 else [1, max(u, 3)][0]")),
    )


def test_definitions_know_their_places() -> None:
    text = "z = x\nw(u, v = 3) = u*v; y ~ w(z)"
    z, w = formula(text).definitions
    assert text[slice(*z.span)] == "z"
    assert text[slice(*w.span)] == "w"
    assert w.arguments is not None
    assert [text[slice(*argument.span)] for argument in w.arguments] == ["u", "v"]
    assert text[slice(*w.body.span)] == "u*v"


def test_equal_definitions_at_other_places_are_equal() -> None:
    assert formula("z = x ;g(u, s=1)=u;z*g(x)") == formula("z  =  x\n\ng( u, s = 1 ) = u\nz*g(x)")
    assert formula("z = x; z") != formula("z = w; z")


def test_a_comparison_is_no_default() -> None:
    assert formula("f(x == 1) = a").left == Call("f", (expression("x == 1"),))
    assert expression("f(x == 1) == a") == expression("(f(x == 1)) == a")


def test_numbers_end_before_a_range_and_before_a_line() -> None:
    assert formula("z = 1.\nsum(i in 0..2: z)").definitions == (Definition("z", None, Number(1.0)),)


# ---- model files ----


def declaration(line: str) -> Declaration:
    (statement,) = parse_model_file(Source(line))
    assert isinstance(statement, Declaration)
    return statement


def attributes(line: str) -> dict[str, str]:
    return {item.kind: item.text for item in declaration(line).attributes}


@pytest.mark.parametrize(
    ("line", "shape", "unit"),
    [
        ("param W1[8, 2]", (8, 2), None),
        ("param k[3]", (3,), None),
        ("param k[ 3 ,]", (3,), None),
        ("param A [m]", (), "m"),
        ("param A[m]", (), "m"),
        ("param A [1]", (), "1"),
        ("param A\t[m/s, mean]", (), "m/s, mean"),
        ("input x[2] [m]", (2,), "m"),
        ("input x[2][m]", (2,), "m"),
        ("output y[2]  [kg/ha]", (2,), "kg/ha"),
        ("const c[2] = [1, 2] [m]", (2,), "m"),
        ("const c[2] [m] = [1, 2]", (2,), "m"),
        ("param b = 72[kg]", (), "kg"),
        ("param b = 72 [kg]", (), "kg"),
        ("param b = c[0] [kg]", (), "kg"),
        ("param b = max(c[0], 2) [kg]", (), "kg"),
        ("param b = (c) [kg]", (), "kg"),
        ("param b = c² [kg]", (), "kg"),
        ("param b = const.c [m/s]", (), "m/s"),
        ("param b in [0, c[1]] [kg]", (), "kg"),
        ("param b in [0, 1][kg]", (), "kg"),
        ("param b > 0 [kg]", (), "kg"),
        ("param b fixed[kg] = 2", (), "kg"),
        ("param b 'size'[kg]", (), "kg"),
        ("param µ[2] [µm]", (2,), "µm"),
        ("param if_[2]", (2,), None),
        ("param fixed[2] fixed = [1, 2]", (2,), None),
        ("param in [m] in [0, 1]", (), "m"),
    ],
)
def test_shapes_and_units(line: str, shape: tuple[int, ...], unit: str | None) -> None:
    assert declaration(line).shape == shape
    assert attributes(line).get("unit") == unit


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("param k[3] = [1, 2, 3]", "[1, 2, 3]"),
        ("param k[3] = [1,\n  2, # two\n 3]", "[1, 2, 3]"),
        ("param W[2, 2] = [[1, 0], [0, 1]] in [0, 1]", "[[1, 0], [0, 1]]"),
        ("param k[2] = 2*[1, -2] [m]", "2*[1, -2]"),
        ("param k[2] = -[1, 2]", "-[1, 2]"),
        ("param k = c[0]", "c[0]"),
        ("param k = c[1:][0]*W[0, 1]", "c[1:][0]*W[0, 1]"),
        ("const k = const.k_B", "const.k_B"),
        ("param k = 2×10⁻³", "2*10^-3"),
        ("param k = √2", "sqrt(2)"),
        ("param k = 1 in [−1, 1]", "1"),
    ],
)
def test_values(line: str, value: str) -> None:
    found = {item.kind: item.expressions for item in declaration(line).attributes}
    assert found["value"] == (expression(value),)


def test_bounds_in_pasted_signs() -> None:
    assert attributes("param k ≥ 0")["limit"] == ">="
    (attribute,) = declaration("param k in [−1, 1]").attributes
    assert attribute.expressions == (expression("-1"), Number(1.0))


def test_the_span_of_a_declaration_is_its_name_and_shape() -> None:
    line = "param W1[8, 2] = 3 [m]"
    assert line[slice(*declaration(line).span)] == "W1[8, 2]"
    assert line[slice(*declaration("param W1 = 3").span)] == "W1"


def test_statements_of_a_model_file() -> None:
    text = "\n".join(
        [
            "# a comment",
            'model "Peaks"',
            'use "peaks.lml"  # a library',
            "input x; input t [s]",
            "z = (x - mu)/s   'standardised'",
            'g(u, w = 1) = exp(-u²/w)  "a bell, w wide"',
            "y ~ A [0]*g(z)",
            'data "d.csv" {',
            '  x₁ = "time (s)"; y = yield',
            "}",
            "fit { sigma = -1.5; optimizer = auto",
            "",
            "  a = + 2; b = −3 }",
        ]
    )
    statements = parse_model_file(Source(text, "m.lml"))
    title, use, x, t, z, g, y, data, fit = statements
    assert isinstance(title, Directive)
    assert isinstance(use, Directive)
    assert (title.kind, title.text, use.kind, use.text) == ("model", "Peaks", "use", "peaks.lml")
    assert isinstance(x, Declaration)
    assert isinstance(t, Declaration)
    assert (x.name, t.name) == ("x", "t")
    for statement, doc in ((z, "standardised"), (g, "a bell, w wide"), (y, "")):
        assert isinstance(statement, EquationStatement)
        assert statement.doc == doc
    assert isinstance(y, EquationStatement)
    assert text[slice(*y.span)] == "y ~ A [0]*g(z)"
    assert isinstance(g, EquationStatement)
    assert g.defaults == (None, Number(1.0))
    assert g.equation.left == Call("g", (Name("u"), Name("w")))
    assert isinstance(data, Directive)
    assert isinstance(fit, Directive)
    assert [(item.name, item.value, item.quoted) for item in data.settings] == [
        ("x1", "time (s)", True),
        ("y", "yield", False),
    ]
    assert [item.value for item in fit.settings] == [-1.5, "auto", 2.0, -3.0]
    assert text[slice(*fit.settings[3].value_span)] == "−3"

    equations = [statement for statement in statements if isinstance(statement, EquationStatement)]
    source = Source(text, "m.lml")
    assert choose_model(source, equations) is y
    equation = equation_of(source, equations)
    assert (equation.left, equation.relation) == (Name("y"), "~")
    assert [(item.name, item.doc) for item in equation.definitions] == [
        ("z", "standardised"),
        ("g", "a bell, w wide"),
    ]


def test_a_semicolon_ends_a_declaration() -> None:
    declared, equation = parse_model_file(Source("param a = b [m]; y = b [0]*x"))
    assert isinstance(declared, Declaration)
    assert isinstance(equation, EquationStatement)
    assert equation.equation.right == expression("b[0]*x")


def test_an_empty_model_file_has_no_statements() -> None:
    for text in ("", "\n\n", "# nothing\n", "  \n # nothing"):
        assert parse_model_file(Source(text)) == ()


def test_words_that_begin_lines_are_names_in_equations() -> None:
    for word in ("model", "use", "data", "fit", "input", "output", "param", "const", "fixed", "in"):
        for text in (f"{word} = a*x", f"{word}*x", f"{word} and x", f"{word} or (x)", f"{word} if x else 2"):
            (statement,) = parse_model_file(Source(text))
            assert isinstance(statement, EquationStatement)
            assert parse(Source(text)).right == statement.equation.right


def test_an_equation_may_have_several_outputs() -> None:
    (statement,) = parse_model_file(Source("[u, v] = [x, 2*x]"))
    assert isinstance(statement, EquationStatement)
    assert statement.equation.left == Vector((Name("u"), Name("v")))


# ---- libraries ----


def test_a_library() -> None:
    text = "\n".join(
        [
            'model "Shapes"  # a title',
            "# by area",
            'box(x, w = 1) = 1/w if abs(x) < w/2 else 0  "height 1/w over the width w"',
            "",
            "two(x) = (box(x)",
            "          + box(x - 1))  'two boxes'; one(x) = box(x)",
        ]
    )
    box, two, one = parse_definitions(Source(text, "shapes.lml"))
    assert box == Definition(
        "box",
        (Argument("x"), Argument("w", Number(1.0))),
        expression("1/w if abs(x) < w/2 else 0"),
        "height 1/w over the width w",
    )
    assert (two.name, two.doc, two.body) == ("two", "two boxes", expression("box(x) + box(x - 1)"))
    assert (one.name, one.doc) == ("one", "")
    assert parse_definitions(Source("\n# nothing\n")) == ()


def test_the_examples_of_the_page_on_the_grammar() -> None:
    page = (Path(__file__).parents[2] / "grammar" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    formulas, definitions, file, library = [textwrap.dedent(block) for block in blocks]
    for line in formulas.splitlines():
        parse(Source(line))
    assert [item.name for item in formula(definitions).definitions] == ["g", "z"]
    source = Source(file)
    statements = parse_model_file(source)
    assert len(statements) == len(file.splitlines())
    equations = [statement for statement in statements if isinstance(statement, EquationStatement)]
    assert [item.name for item in equation_of(source, equations).definitions] == ["z"]
    assert [item.name for item in parse_definitions(Source(library))] == ["g"]
    for read in re.findall(r"`([^`|]+)` is `([^`]+)`", page):
        assert tree_of(read[0]) == tree_of(read[1])


def tree_of(text: str) -> Expr:
    return parse(Source(text)).right


LINES = [
    'model "m"',
    "input x[2] [m]",
    "param k[3] = [1, 2, 3] in [0, 1]",
    "const g = 9.81 [m/s^2] 'g'",
    "z = x[0]/s 'doc'",
    "g(u, s = 1) = exp(-u^2/s)",
    "y ~ sum(i in 0..2: A[i]*x^i)",
    'use "a.lml"',
    'data "d.csv" { x = "a b"; y = c }',
    "fit { sigma = -1; a = b }",
    'output y [°C] "deg"',
]
PIECES = [
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    '"',
    "'",
    "=",
    "~",
    ";",
    ",",
    ":",
    "..",
    " in ",
    "[m]",
    "3",
    "\n",
    "+",
    "if",
    "#",
    "²",
    "√",
    "½",
    "param ",
    "fixed",
    "\u0301",
    "@",
    "é",
]


@settings(max_examples=800)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=4), st.data())
def test_no_damaged_model_file_escapes_as_an_error_of_anothers(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    for _ in range(data.draw(st.integers(1, 2))):
        at, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 4))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + cut :]
    for reader in (parse_model_file, parse_definitions):
        try:
            reader(Source(text, "m.lml"))
        except LambdaMLError as error:
            assert str(error).startswith(f"m.lml:{error.line}:{error.column}: ")  # noqa: PT017
            line = text.split("\n")[(error.line or 0) - 1]
            assert 1 <= (error.column or 0) <= len(line) + 1  # noqa: PT017
