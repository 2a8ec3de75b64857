"""Parsing against Python's parser, printing against parsing, and the limits."""

import copy
import pickle
from collections.abc import Iterator

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.formulas import NUMBERS, formula_texts
from oracles.python_parser import python_tree
from oracles.trees import equations, trees

from lambdaml_dsl.errors import FormulaSyntaxError, LimitError
from lambdaml_dsl.language.lexer import FormulaLexer
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Equation,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
    children,
)
from lambdaml_dsl.language.parse import MAX_CHARACTERS, grammar_text, parse
from lambdaml_dsl.language.printing import number_text, to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk

STRANGE = [*"()[]{}~=<>!*/^%,;.'\"\\#?:&|$@_1ex \n\t\r\x00", "\u00b2", "\u2212", "\u200b", "\U0001f600"]
STRANGE += [
    "..",
    "0..2",
    " in ",
    "if",
    "\u221a",
    "\u207b",
    "x\u0301",
    "\u00bd",
    "s = 1",
    "\n+",
    ";;",
    " for ",
]


def tree(text: str) -> Expr:
    return parse(Source(text)).right


@settings(max_examples=2500)
@given(formula_texts(max_leaves=16))
def test_agrees_with_pythons_parser(text: str) -> None:
    equation = parse(Source(text))
    assert equation.left is None
    assert equation.right == python_tree(text)


@settings(max_examples=1500)
@given(formula_texts(max_leaves=16, arrays=True))
def test_agrees_with_pythons_parser_on_arrays(text: str) -> None:
    assert tree(text) == python_tree(text)


@settings(max_examples=800)
@given(formula_texts(arrays=True))
def test_printed_text_parses_to_the_same_tree(text: str) -> None:
    first = tree(text)
    printed = to_text(first)
    assert tree(printed) == first
    assert to_text(tree(printed)) == printed
    # Python reads the printed text alike, so no bracket was left out by agreement with ourselves.
    assert python_tree(printed) == first


@settings(max_examples=1500)
@given(trees())
def test_a_printed_tree_is_read_as_the_same_tree(first: Expr) -> None:
    printed = to_text(first)
    assert tree(printed) == first
    assert to_text(tree(printed)) == printed


@settings(max_examples=300)
@given(trees(8))
def test_no_bracket_that_is_printed_can_be_left_out(first: Expr) -> None:
    printed = to_text(first)
    for opening, closing in groups(printed):
        # The blanks keep words apart that the bracket kept apart: "not(a)" is no "nota".
        bare = f"{printed[:opening]} {printed[opening + 1 : closing]} {printed[closing + 1 :]}"
        try:
            changed = tree(bare)
        except FormulaSyntaxError:
            continue
        assert changed != first


def groups(text: str) -> Iterator[tuple[int, int]]:
    """Give the places of the brackets that are not those of calls."""
    stack: list[int] = []
    for at, character in enumerate(text):
        if character == "(":
            stack.append(at)
        elif character == ")":
            opening = stack.pop()
            before = text[opening - 1 : opening]
            if not (before.isalnum() or before in {"_", "\u20d7"}) or opening == 0:
                yield opening, at


@settings(max_examples=300)
@given(equations())
def test_a_printed_formula_with_definitions_is_read_as_the_same(first: Equation) -> None:
    printed = to_text(first)
    assert parse(Source(printed)) == first
    assert to_text(parse(Source(printed))) == printed
    # On lines of their own, but where one begins with a sign and would be taken for the rest of another.
    lines = printed.split("; ")
    if not any(line[0] in "+-" for line in lines[1:]):
        assert parse(Source("\n".join(lines))) == first


@settings(max_examples=800)
@given(formula_texts(arrays=True))
def test_the_text_of_every_span_is_its_node(text: str) -> None:
    for node in walk(tree(text)):
        start, end = node.span
        assert 0 <= start < end <= len(text)
        piece = text[start:end]
        assert piece == piece.strip()
        if isinstance(node, Slice):
            assert tree(f"v[{piece}\n]") == Index(Name("v"), (node,))
            continue
        assert tree(f"({piece}\n)") == node
        if isinstance(node, Call):
            assert text[slice(*node.name_span)] == node.function
            assert start <= node.name_span.start  # the span may begin with redundant brackets


@settings(max_examples=300)
@given(formula_texts(arrays=True))
def test_every_span_holds_those_of_its_parts_in_order(text: str) -> None:
    for node in walk(tree(text)):
        at = node.span.start
        for child in children(node):
            assert at <= child.span.start
            assert child.span.end <= node.span.end
            at = child.span.end


@settings(max_examples=300)
@given(formula_texts(arrays=True), formula_texts(arrays=True))
def test_equality_and_hash_follow_the_text(first: str, second: str) -> None:
    one, other = tree(first), tree(second)
    assert (one == other) == (repr(one) == repr(other))
    assert copy.copy(one) == one
    if one == other:
        assert hash(one) == hash(other)


@settings(max_examples=1000)
@given(formula_texts(max_leaves=6, arrays=True), st.data())
def test_no_damaged_text_escapes_as_an_error_of_anothers(text: str, data: st.DataObject) -> None:
    """Cut a piece out or put a character in: an answer or an error of ours, which can be shown."""
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    damaged = text[:at] + data.draw(st.sampled_from(STRANGE)) + text[at + cut :]
    try:
        parse(Source(damaged))
    except FormulaSyntaxError as caught:
        error = caught
    else:
        return
    assert str(error).startswith(f"formula:{error.line}:{error.column}: ")
    line = damaged.split("\n")[error.line - 1]
    assert 1 <= error.column <= len(line) + 1


STRICTLY_LALR = {"parser": "lalr", "lexer": FormulaLexer, "strict": True, "maybe_placeholders": True}


def test_the_grammar_has_no_conflicts() -> None:
    lark.Lark(grammar_text(), start=["formula", "model_file"], **STRICTLY_LALR)
    with pytest.raises(lark.exceptions.GrammarError):
        lark.Lark('start: sum\nsum: sum "+" sum | "a"', **STRICTLY_LALR)


@pytest.mark.parametrize("spelling", NUMBERS)
def test_numbers_are_read_as_python_reads_them(spelling: str) -> None:
    assert tree(spelling) == Number(float(spelling))


@given(st.floats(min_value=0, allow_infinity=False, allow_nan=False))
def test_a_printed_number_is_read_as_the_same_float(value: float) -> None:
    assert tree(number_text(value)) == Number(value)


@pytest.mark.parametrize(
    ("text", "left", "relation"),
    [
        ("y ~ a*x", Name("y"), "~"),
        ("y = a*x", Name("y"), "="),
        ("f(t) = a*t", Call("f", (Name("t"),)), "="),
        ("log(y/2) ~ a*x", Call("log", (Binary("/", Name("y"), Number(2.0)),)), "~"),
        ("\n\n y ~ a*x # a line\n\n", Name("y"), "~"),
    ],
)
def test_left_sides(text: str, left: Expr, relation: str) -> None:
    equation = parse(Source(text))
    assert (equation.left, equation.relation) == (left, relation)
    assert parse(Source(to_text(equation))) == equation


i, k, x = Name("i"), Name("k"), Name("x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(i in 0..2: x)", Series("sum", "i", Number(0.0), Number(2.0), x)),
        ("sum(i in 0 .. 2 : x)", Series("sum", "i", Number(0.0), Number(2.0), x)),
        ("prod(i in k-1..2*k: x)", Series("prod", "i", tree("k - 1"), tree("2*k"), x)),
        ("mean(i in 1.5..2.: x)", Series("mean", "i", Number(1.5), Number(2.0), x)),
        (
            "max(in in .5...5e1: in)".replace("...", ".. ."),
            Series("max", "in", Number(0.5), Number(5.0), Name("in")),
        ),
        (
            "min(i in -1..-k[0]: x if i else k)",
            Series("min", "i", tree("-1"), tree("-k[0]"), tree("x if i else k")),
        ),
        (
            "sum(i in 0..1: sum(k in i..2:\n i*k))",
            Series("sum", "i", Number(0.0), Number(1.0), Series("sum", "k", i, Number(2.0), tree("i*k"))),
        ),
        ("in*x", Binary("*", Name("in"), x)),
        ("f(in)", Call("f", (Name("in"),))),
        ("W[1, :]", Index(Name("W"), (Number(1.0), Slice(None, None, None)))),
        ("k[-1][0]", Index(Index(k, (Unary("-", Number(1.0)),)), (Number(0.0),))),
        ("k [1:]", Index(k, (Slice(Number(1.0), None, None),))),
        ("k[::2]", Index(k, (Slice(None, None, Number(2.0)),))),
        ("[x, [i]][0]^2", Binary("**", Index(Vector((x, Vector((i,)))), (Number(0.0),)), Number(2.0))),
        ("-k[0]^2", Unary("-", Binary("**", Index(k, (Number(0.0),)), Number(2.0)))),
        ("k @ x*i", Binary("*", Binary("@", k, x), i)),
        ("const.k_B*const", Binary("*", Name("const.k_B"), Name("const"))),
        ("lambda*x", Binary("*", Name("lambda"), x)),
    ],
)
def test_what_python_does_not_have_or_reads_alike(text: str, expected: Expr) -> None:
    assert tree(text) == expected


def test_windows_line_ends_and_pasted_blanks_are_blanks() -> None:
    assert tree("(a\r\n+\u00a0b\u2009)\r\n") == Binary("+", Name("a"), Name("b"))


def test_a_sum_of_20000_terms() -> None:
    text = " + ".join(f"a{index}" for index in range(20_000))
    sum_tree = tree(text)
    assert sum(isinstance(node, Name) for node in walk(sum_tree)) == 20_000
    assert to_text(sum_tree) == text
    assert sum_tree == tree(text + " ")
    assert hash(sum_tree) == hash(tree(text + " "))
    assert repr(sum_tree).startswith("Binary('+', Binary('+', ")


def test_a_long_chain_of_signs_and_of_powers() -> None:
    assert sum(1 for _ in walk(tree("-" * 20_000 + "x"))) == 20_001
    assert sum(1 for _ in walk(tree("x" + "^x" * 20_000))) == 40_001


def test_200_brackets_are_read() -> None:
    assert tree("(" * 200 + "x" + ")" * 200) == Name("x")
    nested = tree("exp(" * 200 + "x" + ")" * 200)
    assert sum(isinstance(node, Call) for node in walk(nested)) == 200


def test_200_square_brackets_are_read() -> None:
    nested = tree("[" * 200 + "x" + "]" * 200)
    assert sum(isinstance(node, Vector) for node in walk(nested)) == 200
    assert sum(isinstance(node, Index) for node in walk(tree("x[" * 200 + "0" + "]" * 200))) == 200


@pytest.mark.parametrize("opening", ["(", "exp(", "[", "([(", "x[", "sum(i in 0..", "sum(i in 0..2: "])
def test_201_brackets_are_refused(opening: str) -> None:
    depth = sum(opening.count(bracket) for bracket in "([")
    repeats = -(-201 // depth)
    with pytest.raises(LimitError) as caught:
        tree(opening * repeats + "x")
    assert caught.value.problem == "brackets are nested more than 200 deep"
    places = [at for at, character in enumerate(opening * repeats) if character in "(["]
    assert (caught.value.line, caught.value.column) == (1, places[200] + 1)


def test_a_megabyte_is_refused() -> None:
    with pytest.raises(LimitError) as caught:
        tree("x" + "+1" * 524_288)
    assert str(caught.value) == (
        "formula: the text has 1,048,577 characters, more than the limit of 200,000\n"
        "Shorten it; a sum of many like terms is better said over columns of data."
    )


def test_the_limit_is_the_first_length_refused() -> None:
    ending = " " * (MAX_CHARACTERS - 1)
    assert tree("x" + ending) == Name("x")
    with pytest.raises(LimitError):
        tree("x " + ending)


def test_a_tree_is_immutable_and_can_be_pickled() -> None:
    node = tree("a*exp(-x)")
    with pytest.raises(AttributeError):
        node.operator = "+"  # type: ignore[misc, union-attr]
    assert pickle.loads(pickle.dumps(node)) == node


def test_the_same_text_is_parsed_once() -> None:
    assert parse(Source("a*x + 12345")) is parse(Source("a*x + 12345"))
