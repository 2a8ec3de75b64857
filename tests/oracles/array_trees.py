"""Hypothesis strategies that generate formulas with vectors and matrices, as trees.

`expressions(shape)` makes a tree whose value has that shape; `grafted()` puts some other tree in the place of
a part, which often does not fit. The names and their shapes are those of `INPUTS` and `PARAMETERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expr,
    Index,
    Name,
    Number,
    Slice,
    Unary,
    Vector,
    with_children,
)
from lambdaml_dsl.language.traversal import fold, walk

INPUTS: Mapping[str, Shape] = {"t": (), "u": (), "X": (3,), "Y": (2,), "Z": (2, 3)}
PARAMETERS: Mapping[str, Shape] = {
    "a": (),
    "b": (),
    "p": (2,),
    "k": (3,),
    "q": (1,),
    "W": (2, 3),
    "V": (3, 2),
    "S": (3, 3),
}
NAMES = {**INPUTS, **PARAMETERS}

SHAPES: tuple[Shape, ...] = ((), (), (1,), (2,), (2,), (3,), (3,), (1, 3), (2, 1), (2, 3), (3, 2), (2, 2))

SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "asinh", "square", "expm1")
BENT = ("abs", "relu", "sqrt", "log", "log1p", "floor", "sign")
LITERALS = (0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 0.125, 10.0)
Draw = st.DrawFn


@st.composite
def expressions(draw: Draw, shape: Shape, depth: int = 3, bent: bool = True) -> Expr:
    """An expression of some shape; with `bent`, also of functions that are not smooth."""
    if depth <= 0:
        return draw(leaves(shape))
    return draw(st.sampled_from(ways_to(shape)))(draw, shape, depth - 1, bent)


Way = Callable[[Draw, Shape, int, bool], Expr]


@st.composite
def leaves(draw: Draw, shape: Shape) -> Expr:
    named = [name for name, own in NAMES.items() if own == shape]
    if shape == () and draw(st.integers(0, 3)) == 0:
        return Number(draw(st.sampled_from(LITERALS)))
    if named and (not shape or draw(st.integers(0, 5))):
        return Name(draw(st.sampled_from(named)))
    return Vector(tuple([draw(leaves(shape[1:])) for _ in range(shape[0])]))


def leaf(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    return draw(leaves(shape))


def partners(draw: Draw, shape: Shape, count: int = 2) -> list[Shape]:
    """Shapes that broadcast to this one together; the first is the whole, and then they change places."""
    parts = [shape]
    for _ in range(count - 1):
        kept = draw(st.integers(0, len(shape)))
        parts.append(tuple([1 if draw(st.integers(0, 3)) == 0 else n for n in shape[len(shape) - kept :]]))
    return draw(st.permutations(parts))


def several(draw: Draw, shape: Shape, depth: int, bent: bool, count: int) -> list[Expr]:
    return [draw(expressions(part, depth, bent)) for part in partners(draw, shape, count)]


def elementwise(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    function = draw(st.sampled_from(SMOOTH + BENT if bent else SMOOTH))
    return Call(function, (draw(expressions(shape, depth, bent)),))


def arithmetic(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    operators = ("+", "-", "*", "*", "/", "%") if bent else ("+", "-", "*", "*")
    return Binary(draw(st.sampled_from(operators)), *several(draw, shape, depth, bent, 2))


def raised(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    exponent = Number(draw(st.sampled_from([2.0, 3.0, 1.0, 0.0])))
    return Binary("**", draw(expressions(shape, depth, bent)), exponent)


def signed(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    sign = draw(st.sampled_from(["-", "+", "not"] if bent else ["-", "+"]))
    return Unary(sign, draw(expressions(shape, depth, bent)))


def test_of(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    parts = several(draw, shape, depth, bent, draw(st.integers(2, 3)))
    symbols = st.sampled_from(["<", "<=", ">", ">=", "!=", "=="])
    return Compare(tuple([draw(symbols) for _ in parts[1:]]), tuple(parts))


def chosen(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    one, other, middle = partners(draw, shape, 3)
    test = test_of(draw, middle, depth - 1, bent)
    body, orelse = draw(expressions(one, depth, bent)), draw(expressions(other, depth, bent))
    if draw(st.booleans()):
        return Call("where", (test, body, orelse))
    return Conditional(body, test, orelse)


def larger(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    count = draw(st.integers(2, 3))
    return Call(draw(st.sampled_from(["min", "max"])), tuple(several(draw, shape, depth, bent, count)))


def logic(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    return Binary(draw(st.sampled_from(["and", "or"])), *several(draw, shape, depth, bent, 2))


def listed(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    return Vector(tuple([draw(expressions(shape[1:], depth, bent)) for _ in range(shape[0])]))


def along(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    function = draw(st.sampled_from(["softmax", "log_softmax", "cumsum"]))
    return Call(function, (draw(expressions(shape, depth, bent)),))


def length(draw: Draw) -> int:
    return draw(st.integers(1, 3))


def reduction(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    functions = ["sum", "mean", "prod", "norm"] + (["min", "max"] if bent and not shape else [])
    function = draw(st.sampled_from(functions))
    if shape:
        first = draw(st.booleans())
        inner = (length(draw), *shape) if first else (*shape, length(draw))
        axis = draw(st.sampled_from([0, -2] if first else [1, -1]))
        return Call(function, (draw(expressions(inner, depth, bent)), number(axis)))
    inner = (length(draw),) if draw(st.booleans()) else (length(draw), length(draw))
    value = draw(expressions(inner, depth, bent))
    if len(inner) == 1 and function not in ("min", "max") and draw(st.booleans()):
        return Call(function, (value, number(draw(st.sampled_from([0, -1])))))
    return Call(function, (value,))


def product(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    inner = length(draw)
    if shape == ():
        left, right = (inner,), (inner,)
        if draw(st.booleans()):
            return Call("dot", tuple([draw(expressions((inner,), depth, bent)) for _ in range(2)]))
    elif len(shape) == 1:
        left, right = ((inner,), (inner, *shape)) if draw(st.booleans()) else ((*shape, inner), (inner,))
    else:
        left, right = (shape[0], inner), (inner, shape[1])
    return Binary("@", draw(expressions(left, depth, bent)), draw(expressions(right, depth, bent)))


def number(value: int) -> Expr:
    """A whole number as it can be written: 2, -1, or 1 + 1."""
    if value > 1:
        return Binary("+", Number(float(value - 1)), Number(1.0))
    return Number(float(value)) if value >= 0 else Unary("-", Number(float(-value)))


def component(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    """Components of something larger: whole numbers take an axis away, ranges keep it."""
    extra = draw(st.integers(0 if shape else 1, 2 - len(shape)))
    kept = list(shape)
    subscripts: list[Expr] = []
    lengths: list[int] = []
    for place in draw(st.permutations([True] * extra + [False] * len(shape))):
        if place:
            size = length(draw)
            lengths.append(size)
            subscripts.append(number(draw(st.integers(-size, size - 1))))
        else:
            taken, size = draw(ranges(kept.pop(0)))
            lengths.append(size)
            subscripts.append(taken)
    while len(subscripts) > 1 and subscripts[-1] == Slice(None, None, None) and draw(st.booleans()):
        subscripts.pop()
    return Index(draw(expressions(tuple(lengths), depth, bent)), tuple(subscripts))


@st.composite
def ranges(draw: Draw, kept: int) -> tuple[Slice, int]:
    """A range that keeps so many of an axis, and the length of that axis."""
    for _ in range(8):
        size = draw(st.integers(kept, kept + 1))
        ends = st.none() | st.integers(-size - 1, size + 1)
        start, stop, step = draw(ends), draw(ends), draw(st.none() | st.sampled_from([1, -1, 2, -2]))
        if len(range(size)[start:stop:step]) == kept:
            parts = [None if part is None else number(part) for part in (start, stop, step)]
            return Slice(*parts), size
    return Slice(None, None, None), kept


def polynomial(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    if draw(st.booleans()):
        coefficients = draw(expressions((length(draw),), depth, bent))
        return Call("poly", (draw(expressions(shape, depth, bent)), coefficients))
    first, *rest = partners(draw, shape, draw(st.integers(3, 4)))
    return Call("poly", tuple([draw(expressions(part, depth, bent)) for part in (first, *rest)]))


def counted(draw: Draw, shape: Shape, depth: int, bent: bool) -> Expr:
    return Call("size", (draw(expressions(draw(st.sampled_from(SHAPES)), depth, bent)),))


def ways_to(shape: Shape) -> list[Way]:
    """Give the kinds of node that can have this shape."""
    ways: list[Way] = [
        leaf,
        elementwise,
        elementwise,
        arithmetic,
        arithmetic,
        raised,
        signed,
        chosen,
        polynomial,
    ]
    ways += [larger, test_of, logic, component, component, product, product, reduction]
    if shape:
        ways += [listed, listed, along, along]
    if len(shape) == 2:
        ways.remove(reduction)  # it would be of three axes
    if shape == ():
        ways += [reduction, reduction, counted]
    return ways


@st.composite
def grafted(draw: Draw, depth: int = 2) -> Expr:
    """An expression of which a part was put in the place of another."""
    tree = draw(expressions(draw(st.sampled_from(SHAPES)), depth))
    old = draw(st.sampled_from([node for node in walk(tree) if not isinstance(node, Slice)]))
    new = draw(expressions(draw(st.sampled_from(SHAPES)), 1))

    def rebuild(node: Expr, below: tuple[Expr, ...]) -> Expr:
        return new if node is old else with_children(node, below)

    return fold(tree, rebuild)
