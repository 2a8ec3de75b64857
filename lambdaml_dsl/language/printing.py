"""Tree to text: what is printed parses to the same tree, with no bracket more than it takes.

What was pasted comes out in plain characters. Precedence is a table; a bracket is written where a
child binds less tightly than its place asks.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from lambdaml_dsl.language.nodes import (
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
from lambdaml_dsl.language.traversal import fold

CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)

BINARY = {"or": OR, "and": AND, "+": SUM, "-": SUM, "**": POWER} | dict.fromkeys("*/%@", PRODUCT)
UNARY = {"not": NOT, "-": SIGN, "+": SIGN}
INFIX = {"or": " or ", "and": " and ", "+": " + ", "-": " - ", "@": " @ ", "**": "^"}
PREFIX = {"not": "not "}

Rope: TypeAlias = "str | tuple[Rope, ...]"
Printed: TypeAlias = tuple[Rope, int]


def to_text(tree: Expr | Equation) -> str:
    """Print an expression or a whole formula, its definitions before the model.

    Examples
    --------
    >>> from lambdaml_dsl.language.parse import parse
    >>> from lambdaml_dsl.language.source import Source
    >>> to_text(parse(Source("y~(a*(x))+( b - (c-d) )")))
    'y ~ a*x + (b - (c - d))'
    """
    if isinstance(tree, Equation):
        model = to_text(tree.right)
        if tree.left is not None:
            model = f"{to_text(tree.left)} {tree.relation} {model}"
        return "; ".join([*map(definition_text, tree.definitions), model])
    return flatten(fold(tree, combine)[0])


def definition_text(definition: Definition) -> str:
    """Print a definition, without its description."""
    brackets = ""
    if definition.arguments is not None:
        listed = [
            argument.name if argument.default is None else f"{argument.name} = {to_text(argument.default)}"
            for argument in definition.arguments
        ]
        brackets = f"({', '.join(listed)})"
    return f"{definition.name}{brackets} = {to_text(definition.body)}"


def number_text(value: float) -> str:
    """Print a number so that reading it gives the same float64; whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(float(value))


def combine(node: Expr, below: tuple[Printed, ...]) -> Printed:
    """Print a node from its printed children."""
    match node:
        case Number(value):
            return number_text(value), ATOM
        case Name(name):
            return name, ATOM
        case Call(function):
            return (function, "(", *listed(below), ")"), ATOM
        case Vector():
            return ("[", *listed(below), "]"), ATOM
        case Index():
            return (within(below[0], ATOM), "[", *listed(below[1:]), "]"), ATOM
        case Slice(start, stop, step):
            ends = iter(below)
            first, second, third = [next(ends)[0] if part else "" for part in (start, stop, step)]
            return (first, ":", second, *([":", third] if step else [])), CONDITIONAL
        case Series(function, index):
            low, high, body = below
            bounds = (within(low, SUM), "..", within(high, SUM))
            return (f"{function}({index} in ", *bounds, ": ", body[0], ")"), ATOM
        case Unary(operator):
            level = UNARY[operator]
            return (PREFIX.get(operator, operator), within(below[0], level)), level
        case Binary("**"):
            # The exponent may carry a sign without brackets, the base may not: -2^-2 is -(2^(-2)).
            return (within(below[0], ATOM), INFIX["**"], within(below[1], SIGN)), POWER
        case Binary(operator):
            level = BINARY[operator]
            shown = INFIX.get(operator, operator)
            return (within(below[0], level), shown, within(below[1], level + 1)), level
        case Compare(operators):
            chain: list[Rope] = [within(below[0], SUM)]
            for operator, operand in zip(operators, below[1:], strict=True):
                chain += [f" {operator} ", within(operand, SUM)]
            return tuple(chain), COMPARISON
        case Conditional():
            body, test, orelse = below
            parts = (within(body, OR), " if ", within(test, OR), " else ", within(orelse, CONDITIONAL))
            return parts, CONDITIONAL
        case _:
            assert_never(node)


def listed(below: tuple[Printed, ...]) -> list[Rope]:
    """Put commas between printed expressions."""
    pieces: list[Rope] = []
    for rope, _ in below:
        pieces += [", ", rope] if pieces else [rope]
    return pieces


def within(printed: Printed, level: int) -> Rope:
    """Put brackets around what binds less tightly than `level`."""
    rope, own = printed
    return rope if own >= level else ("(", rope, ")")


def flatten(rope: Rope) -> str:
    """Join nested pieces in one pass: joining them level by level would be quadratic in a long sum."""
    pieces: list[str] = []
    stack: list[Rope] = [rope]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            stack.extend(reversed(piece))
    return "".join(pieces)
