"""Hypothesis strategies that generate syntax trees, of every node type, and whole formulas of them."""

from __future__ import annotations

from hypothesis import strategies as st

from lambdaml_dsl.language.nodes import (
    Argument,
    Binary,
    Call,
    Compare,
    Conditional,
    Definition,
    Equation,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
)
from oracles.formulas import NAMES

OPERATORS = ("+", "-", "*", "/", "%", "@", "**", "and", "or")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

names = st.sampled_from([*NAMES, "in", "x\u20d7"])
numbers = st.floats(min_value=0, allow_infinity=False, allow_nan=False) | st.integers(0, 9).map(float)
leaves = st.one_of(
    st.builds(Name, names | st.sampled_from(["const.k_B", "\u03c0"])),
    st.builds(Number, numbers),
)


def several(inner: st.SearchStrategy[Expr], least: int, most: int) -> st.SearchStrategy[tuple[Expr, ...]]:
    return st.lists(inner, min_size=least, max_size=most).map(tuple)


def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    @st.composite
    def compare(draw: st.DrawFn) -> Compare:
        operators = tuple(draw(st.lists(st.sampled_from(COMPARISONS), min_size=1, max_size=3)))
        return Compare(operators, draw(several(inner, len(operators) + 1, len(operators) + 1)))

    part = st.none() | inner
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(Binary, st.sampled_from(OPERATORS), inner, inner),
        st.builds(Binary, st.sampled_from(["**", "-", "@", "/"]), inner, inner),
        compare(),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Call, names, several(inner, 0, 3)),
        st.builds(Vector, several(inner, 1, 3)),
        st.builds(Index, inner, several(inner | st.builds(Slice, part, part, part), 1, 3)),
        st.builds(Series, names, names, inner, inner, inner),
    )


def trees(max_leaves: int = 12) -> st.SearchStrategy[Expr]:
    """Any tree that the grammar can give."""
    return st.recursive(leaves, grow, max_leaves=max_leaves)


small = trees(5)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A value, or a function whose last arguments may have defaults."""
    arguments = None
    if draw(st.booleans()):
        listed = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        plain = draw(st.integers(0, len(listed)))
        arguments = tuple(
            Argument(name, draw(small) if place >= plain else None) for place, name in enumerate(listed)
        )
    return Definition(draw(names), arguments, draw(small))


@st.composite
def equations(draw: st.DrawFn) -> Equation:
    """A whole formula, with definitions of different names beside the model."""
    left = draw(st.none() | small | st.builds(Name, names))
    relation = "" if left is None else draw(st.sampled_from(["~", "="]))
    beside = draw(st.lists(definitions(), max_size=3, unique_by=lambda definition: definition.name))
    return Equation(draw(small), left, relation, tuple(beside))
