"""Python's own parser as the oracle: its tree of the same text, in our nodes."""

from __future__ import annotations

import ast
from functools import reduce

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
)

BINARY = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
}
UNARY = {ast.UAdd: "+", ast.USub: "-", ast.Not: "not"}
COMPARISON = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
LOGIC = {ast.And: "and", ast.Or: "or"}


def python_tree(text: str) -> Expr:
    """Parse a text with Python, ``^`` read as ``**``."""
    return convert(ast.parse(f"(\n{text.replace('^', '**')}\n)", mode="eval").body)


def convert(node: ast.expr) -> Expr:
    match node:
        case ast.Constant(value):
            return Number(float(value))
        case ast.Name(name):
            return Name(name)
        case ast.UnaryOp(operator, operand):
            return Unary(UNARY[type(operator)], convert(operand))
        case ast.BinOp(left, operator, right):
            return Binary(BINARY[type(operator)], convert(left), convert(right))
        case ast.BoolOp(operator, values):
            # Python keeps "a and b and c" as one node of three; grouped from the left it means the same.
            return reduce(
                lambda left, right: Binary(LOGIC[type(operator)], left, right), map(convert, values)
            )
        case ast.Compare(first, operators, rest):
            symbols = tuple(COMPARISON[type(operator)] for operator in operators)
            return Compare(symbols, tuple(map(convert, [first, *rest])))
        case ast.IfExp(test, body, orelse):
            return Conditional(convert(body), convert(test), convert(orelse))
        case ast.Call(ast.Name(function), arguments, []):
            return Call(function, tuple(map(convert, arguments)))
        case ast.List(items):
            return Vector(tuple(map(convert, items)))
        case ast.Subscript(value, ast.Tuple(subscripts)):
            return Index(convert(value), tuple(map(convert, subscripts)))
        case ast.Subscript(value, subscript):
            return Index(convert(value), (convert(subscript),))
        case ast.Slice(start, stop, step):
            return Slice(*[None if part is None else convert(part) for part in (start, stop, step)])
        case _:
            raise AssertionError(f"not in the language: {ast.dump(node)}")
