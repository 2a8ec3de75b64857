"""The functions of vectors and matrices: one entry for each, with the rule for the shape of its result.

Binder, shape inference, docs and hints read this table; `lambdaml_dsl.program.lower` says of each how it is
computed. What can be said with these is said in the prelude.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

Shape: TypeAlias = tuple[int, ...]
"""Lengths of the value axes: () a number, (K,) a vector, (K, L) a matrix. Rows of data are no axis."""


class Mismatch(Exception):  # noqa: N818  (it never leaves the shape inference)
    """Says what is wrong with the shapes of some arguments; those concerned, by their numbers."""

    def __init__(self, problem: str, concerned: Sequence[int] = (0,)) -> None:
        super().__init__(problem)
        self.problem, self.concerned = problem, tuple(concerned)


def described(shape: Shape) -> str:
    """Say what a shape is, in words.

    Examples
    --------
    >>> described(()), described((3,)), described((8, 2))
    ('a number', 'a vector of 3', 'a matrix of 8 x 2')
    """
    match shape:
        case ():
            return "a number"
        case (length,):
            return f"a vector of {length}"
        case _:
            return "a matrix of " + " x ".join(map(str, shape))


def elementwise(*shapes: Shape) -> Shape:
    """Give the shape that values broadcast to, as NumPy's: lengths agree, or one of them is 1 or missing."""
    result: Shape = ()
    for number, shape in enumerate(shapes):
        longer, shorter = (result, shape) if len(result) >= len(shape) else (shape, result)
        lengths = list(longer)
        for place in range(1, len(shorter) + 1):
            one, other = longer[-place], shorter[-place]
            if one != other and 1 not in (one, other):
                before = next(k for k, each in enumerate(shapes) if not agree(each, shape))
                raise Mismatch(
                    f"{described(shapes[before])} and {described(shape)} do not fit", (before, number)
                )
            lengths[-place] = other if one == 1 else one
        result = tuple(lengths)
    return result


def agree(one: Shape, other: Shape) -> bool:
    """Say whether two shapes broadcast against each other."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


def contracted(left: Shape, right: Shape) -> Shape:
    """Give the shape of ``left @ right``: the last axis of one and the first of the other are summed over."""
    for number, shape in enumerate((left, right)):
        if not shape:
            raise Mismatch("@ multiplies vectors and matrices, not numbers; for those write *", (number,))
    if left[-1] != right[0]:
        what = f"{described(left)} and {described(right)} cannot be multiplied by @"
        raise Mismatch(f"{what}: {left[-1]} is not {right[0]}", (0, 1))
    return left[:-1] + right[1:]


def reduced(value: Shape, axis: int | None = None) -> Shape:
    """Give the shape without one axis, or without any."""
    need_axes(value)
    if axis is None:
        return ()
    if not -len(value) <= axis < len(value):
        axes = "axis 0" if len(value) == 1 else f"axes 0 to {len(value) - 1}"
        raise Mismatch(f"there is no axis {axis}: {described(value)} has {axes}")
    return tuple([length for place, length in enumerate(value) if place != axis % len(value)])


def need_axes(value: Shape) -> None:
    """Refuse a number where a vector or matrix is needed."""
    if not value:
        raise Mismatch("this is one number in each row, not a vector")


def same(value: Shape) -> Shape:
    """Give the shape of the vector or matrix itself."""
    need_axes(value)
    return value


def dotted(left: Shape, right: Shape) -> Shape:
    """Give the shape of the dot product of two vectors."""
    for number, shape in enumerate((left, right)):
        if len(shape) != 1:
            raise Mismatch(f"dot takes two vectors, and this is {described(shape)}", (number,))
    if left != right:
        raise Mismatch(f"{described(left)} and {described(right)} do not fit", (0, 1))
    return ()


def polynomial(value: Shape, *coefficients: Shape) -> Shape:
    """Give the shape of a polynomial: of its argument, whether coefficients are listed or one vector."""
    if len(coefficients) == 1 and len(coefficients[0]) == 1:
        return value
    if coefficients == ((),):
        raise Mismatch("one coefficient makes no polynomial: list several, or give a vector of them", (1,))
    return elementwise(value, *coefficients)


def counted_components(value: Shape) -> Shape:
    """Give the shape of a count."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFunction:
    """A function of the components of values.

    Attributes
    ----------
    name : str
        Its name.
    arguments : tuple of str
        Names of the arguments.
    shape : callable
        Gives the result's shape from those of the arguments, or raises `Mismatch`.
    doc : str
        One line.
    fewest : int
        How many arguments must be given.
    variadic : bool
        The last argument may come again and again.
    axis : bool
        The last argument is the number of an axis, written as a whole number.
    symbol : bool
        Its name is also a common symbol, so the bare name may be a parameter.
    latex : str
        A template over the names of the arguments; empty for the name itself.
    """

    name: str
    arguments: tuple[str, ...]
    shape: Callable[..., Shape]
    doc: str
    fewest: int = 1
    variadic: bool = False
    axis: bool = False
    symbol: bool = False
    latex: str = ""

    @property
    def aliases(self) -> tuple[str, ...]:
        """There are none."""
        return ()

    def __repr__(self) -> str:
        return f"ArrayFunction({self.name})"


WITH_AXIS = ("v", "axis")

ARRAY_ENTRIES = (
    ArrayFunction(
        "sum", WITH_AXIS, reduced, "sum of the components, or along one axis of a matrix", axis=True
    ),
    ArrayFunction(
        "mean", WITH_AXIS, reduced, "mean of the components, or along one axis", axis=True, symbol=True
    ),
    ArrayFunction("prod", WITH_AXIS, reduced, "product of the components, or along one axis", axis=True),
    ArrayFunction("norm", WITH_AXIS, reduced, "Euclidean length, without overflow", axis=True, symbol=True),
    ArrayFunction("dot", ("u", "v"), dotted, "sum of products of two vectors", fewest=2),
    ArrayFunction("cumsum", ("v",), same, "sums of the first 1, 2, ... components, along the last axis"),
    ArrayFunction(
        "softmax", ("v",), same, "exp(v) scaled to the sum 1, along the last axis, without overflow"
    ),
    ArrayFunction(
        "log_softmax", ("v",), same, "logarithm of softmax(v), accurate where softmax is next to 0"
    ),
    ArrayFunction("size", ("v",), counted_components, "number of components", symbol=True),
    ArrayFunction(
        "poly",
        ("x", "c"),
        polynomial,
        "polynomial c0 + c1*x + c2*x^2 + ...; the coefficients listed, or as one vector",
        fewest=2,
        variadic=True,
    ),
)

ARRAY_FUNCTIONS: Mapping[str, ArrayFunction] = MappingProxyType(
    {entry.name: entry for entry in ARRAY_ENTRIES}
)

REDUCTIONS: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        "min": ArrayFunction("min", ("v",), reduced, "smallest component"),
        "max": ArrayFunction("max", ("v",), reduced, "largest component"),
    }
)
"""Functions of two or more numbers that, given one vector, combine its components."""
