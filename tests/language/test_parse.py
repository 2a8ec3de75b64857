"""Parsing against Python's parser, printing against parsing, and the limits."""

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.formulas import NUMBERS, formula_texts
from oracles.python_parser import python_tree

from lambdaml_dsl.errors import FormulaSyntaxError, LimitError
from lambdaml_dsl.language.nodes import Binary, Call, Expr, Name, Number, children
from lambdaml_dsl.language.parse import MAX_CHARACTERS, parse
from lambdaml_dsl.language.printing import number_text, to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk

STRANGE = [*"()[]{}~=<>!*/^%,;.'\"\\#?:&|$@_1ex \n\t\r\x00", "\u00b2", "\u2212", "\u200b", "\U0001f600"]


def tree(text: str) -> Expr:
    return parse(Source(text)).right


@settings(max_examples=2500)
@given(formula_texts(max_leaves=16))
def test_agrees_with_pythons_parser(text: str) -> None:
    equation = parse(Source(text))
    assert equation.left is None
    assert equation.right == python_tree(text)


@settings(max_examples=800)
@given(formula_texts())
def test_printed_text_parses_to_the_same_tree(text: str) -> None:
    first = tree(text)
    printed = to_text(first)
    assert tree(printed) == first
    assert to_text(tree(printed)) == printed
    # Python reads the printed text alike, so no bracket was left out by agreement with ourselves.
    assert python_tree(printed) == first


@settings(max_examples=800)
@given(formula_texts())
def test_the_text_of_every_span_is_its_node(text: str) -> None:
    for node in walk(tree(text)):
        start, end = node.span
        assert 0 <= start < end <= len(text)
        piece = text[start:end]
        assert piece == piece.strip()
        assert tree(f"({piece}\n)") == node
        if isinstance(node, Call):
            assert text[slice(*node.name_span)] == node.function
            assert start <= node.name_span.start  # the span may begin with redundant brackets


@settings(max_examples=300)
@given(formula_texts())
def test_every_span_holds_those_of_its_parts_in_order(text: str) -> None:
    for node in walk(tree(text)):
        at = node.span.start
        for child in children(node):
            assert at <= child.span.start
            assert child.span.end <= node.span.end
            at = child.span.end


@settings(max_examples=300)
@given(formula_texts(), formula_texts())
def test_equality_and_hash_follow_the_text(first: str, second: str) -> None:
    one, other = tree(first), tree(second)
    assert (one == other) == (repr(one) == repr(other))
    assert copy.copy(one) == one
    if one == other:
        assert hash(one) == hash(other)


@settings(max_examples=500)
@given(formula_texts(max_leaves=6), st.data())
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


@pytest.mark.parametrize("opening", ["(", "exp("])
def test_201_brackets_are_refused(opening: str) -> None:
    with pytest.raises(LimitError) as caught:
        tree(opening * 201 + "x" + ")" * 201)
    assert caught.value.problem == "brackets are nested more than 200 deep"
    assert (caught.value.line, caught.value.column) == (1, 201 * len(opening))


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
