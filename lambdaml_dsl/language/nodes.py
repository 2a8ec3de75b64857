"""The syntax tree: a closed set of immutable node types.

Nothing here computes or rewrites. Trees compare by structure, spans left out; comparing,
hashing and showing are iterative, so that a sum of 20,000 terms is no deeper than any other.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
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


Expr: TypeAlias = Number | Name | Unary | Binary | Compare | Conditional | Call


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
        case Conditional():
            return ()
        case _:
            assert_never(node)


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
    """

    right: Expr
    left: Expr | None = None
    relation: str = ""
