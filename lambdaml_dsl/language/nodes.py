"""The syntax tree: a closed set of immutable node types.

Nothing here computes or rewrites. Trees compare by structure, spans left out; comparing,
hashing and showing are iterative, so that a sum of 20,000 terms is no deeper than any other.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from lambdaml_dsl.language.source import NOWHERE, Span


class Node:
    """What all node types share: structural equality, hash and repr, none of them recursive."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        pairs: list[tuple[Node, Node]] = [(self, other)]
        while pairs:
            left, right = pairs.pop()
            if left is right:
                continue
            if type(left) is not type(right) or label(left) != label(right):  # type: ignore[arg-type]
                return False
            below_left, below_right = children(left), children(right)  # type: ignore[arg-type]
            if len(below_left) != len(below_right):
                return False
            pairs.extend(zip(below_left, below_right, strict=True))
        return True

    def __hash__(self) -> int:
        seen: list[Hashable] = []
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            seen.append((type(node).__name__, label(node)))  # type: ignore[arg-type]
            stack.extend(children(node))  # type: ignore[arg-type]
        return hash(tuple(seen))

    def __repr__(self) -> str:
        pieces: list[str] = []
        stack: list[Node | str] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                pieces.append(item)
                continue
            own = ", ".join(repr(part) for part in label(item))  # type: ignore[arg-type]
            below = children(item)  # type: ignore[arg-type]
            pieces.append(f"{type(item).__name__}({own}")
            stack.append(")")
            for index, child in reversed(list(enumerate(below))):
                stack.append(child)
                if own or index:
                    stack.append(", ")
        return "".join(pieces)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Number(Node):
    """A literal, never negative: a sign in front is a `Unary`."""

    value: float
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name(Node):
    """A bare name; what it stands for is decided at binding."""

    name: str
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Unary(Node):
    """A prefix operator: ``-``, ``+`` or ``not``."""

    operator: str
    operand: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binary(Node):
    """An infix operator between two operands: arithmetic, ``and``, ``or``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compare(Node):
    """A chain of comparisons: ``a < b <= c`` has three operands and two operators."""

    operators: tuple[str, ...]
    operands: tuple[Expr, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conditional(Node):
    """``body if test else orelse``, row by row."""

    body: Expr
    test: Expr
    orelse: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Node):
    """A function, by the name it was written with, and its arguments."""

    function: str
    arguments: tuple[Expr, ...]
    span: Span = NOWHERE
    name_span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Vector(Node):
    """A literal ``[a, b]``; a matrix is a vector of vectors, row by row."""

    items: tuple[Expr, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(Node):
    """A range ``start:stop:step`` within the brackets of an index; None for a part left out."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Index(Node):
    """Components of a value: ``w[0]``, ``W[1, :]``, ``k[1:]``."""

    value: Expr
    subscripts: tuple[Expr, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Series(Node):
    """A function over an index that runs: ``sum(i in 0..2: A[i]*x^i)``, both ends included."""

    function: str
    index: str
    low: Expr
    high: Expr
    body: Expr
    span: Span = NOWHERE
    name_span: Span = NOWHERE
    index_span: Span = NOWHERE


Expr: TypeAlias = (
    Number | Name | Unary | Binary | Compare | Conditional | Call | Vector | Index | Slice | Series
)


def children(node: Expr) -> tuple[Expr, ...]:
    """Give the sub-expressions of a node, in the order in which they are written."""
    match node:
        case Number() | Name():
            return ()
        case Binary(_, left, right):
            return (left, right)
        case Unary(_, operand):
            return (operand,)
        case Call(_, arguments):
            return arguments
        case Compare(_, operands):
            return operands
        case Conditional(body, test, orelse):
            return (body, test, orelse)
        case Vector(items):
            return items
        case Index(value, subscripts):
            return (value, *subscripts)
        case Slice(start, stop, step):
            return tuple([part for part in (start, stop, step) if part is not None])
        case Series(_, _, low, high, body):
            return (low, high, body)
        case _:
            assert_never(node)


def label(node: Expr) -> tuple[Hashable, ...]:
    """Give what a node says by itself, without its sub-expressions."""
    match node:
        case Number(value):
            return (value,)
        case Name(name):
            return (name,)
        case Binary(operator) | Unary(operator):
            return (operator,)
        case Call(function):
            return (function,)
        case Compare(operators):
            return operators
        case Series(function, index):
            return (function, index)
        case Slice(start, stop, step):
            return tuple([part is not None for part in (start, stop, step)])
        case Conditional() | Vector() | Index():
            return ()
        case _:
            assert_never(node)


def with_children(node: Expr, below: tuple[Expr, ...], span: Span | None = None) -> Expr:
    """Give a node of the same kind over other sub-expressions, at another place where one is given."""
    place = node.span if span is None else span
    match node:
        case Number() | Name():
            return replace(node, span=place)
        case Binary(operator):
            left, right = below
            return Binary(operator, left, right, place)
        case Unary(operator):
            (operand,) = below
            return Unary(operator, operand, place)
        case Call(function):
            return Call(function, below, place, node.name_span if span is None else span)
        case Compare(operators):
            return Compare(operators, below, place)
        case Conditional():
            body, test, orelse = below
            return Conditional(body, test, orelse, place)
        case Vector():
            return Vector(below, place)
        case Index():
            return Index(below[0], below[1:], place)
        case Slice(start, stop, step):
            given = iter(below)
            start, stop, step = [None if part is None else next(given) for part in (start, stop, step)]
            return Slice(start, stop, step, place)
        case Series():
            low, high, body = below
            return replace(node, low=low, high=high, body=body, span=place)
        case _:
            assert_never(node)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function that is defined in the language, and its default where it has one.

    A default may use the arguments before it.
    """

    name: str
    default: Expr | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that stands for an expression: a value, or a function of arguments.

    Attributes
    ----------
    name : str
        Its name.
    arguments : tuple of Argument or None
        None for a value: ``z = (x - mu)/s``.
    body : Expr
        What it stands for.
    doc : str
        The text behind it, in a file.
    span : Span
        Where the name stands.
    """

    name: str
    arguments: tuple[Argument, ...] | None
    body: Expr
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def parts(self) -> tuple[Expr, ...]:
        """What it is made of: the defaults of its arguments, and its body."""
        defaults = [argument.default for argument in self.arguments or () if argument.default is not None]
        return (*defaults, self.body)


@dataclass(frozen=True, slots=True)
class Equation:
    """A whole formula: an expression, and what stands on the left of it, if anything does.

    Attributes
    ----------
    right : Expr
        The model.
    left : Expr or None
        What stands before ``~`` or ``=``: the response, or ``f(t)``.
    relation : str
        ``"~"``, ``"="``, or empty where there is no left side.
    definitions : tuple of Definition
        Values and functions that are defined beside it, in the order of the text.
    """

    right: Expr
    left: Expr | None = None
    relation: str = ""
    definitions: tuple[Definition, ...] = ()
