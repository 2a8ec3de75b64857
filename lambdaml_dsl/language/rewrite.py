"""Rewrite: what loses digits or overflows as it is written is said in functions that do not.

In: a tree. Out: an equal tree, and the list of what was rewritten, by the rules of `rewrite_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from lambdaml_dsl.language.functions import CONSTANTS, FUNCTIONS
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Unary,
    children,
    label,
    with_children,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.rewrite_rules import REWRITES, Rewrite
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.traversal import fold

__all__ = ["REWRITES", "Applied", "Rewrite", "rewrite"]

Bindings: TypeAlias = Mapping[str, Expr]
Head: TypeAlias = str | float | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule applied at one place.

    Attributes
    ----------
    rule : Rewrite
        The rule.
    span : Span
        The place in the text.
    before, after : Expr
        What stood there once its parts were rewritten, and what stands there now.
    """

    rule: Rewrite
    span: Span
    before: Expr
    after: Expr

    @property
    def change(self) -> str:
        """What became of what, as text; in the letters of the rule where the part is a large one.

        Its nodes may be shared: written out, a few lines of definitions can be longer than any memory.
        """
        if fold(self.before, lambda _, below: min(1 + sum(below), PRINTED + 1)) > PRINTED:
            return f"{self.rule.pattern} -> {self.rule.replacement}"
        return f"{to_text(self.before)} -> {to_text(self.after)}"

    def __str__(self) -> str:
        return f"{self.change}: {self.rule.reason}"


PRINTED = 60
"""Nodes of the largest part that is written out where a change is shown."""

COMMUTATIVE = ("+", "*")
MINUS, EULER, ANY = "unary -", "name e", "anything"
REACH = 32
"""How many factors of a product are looked through for a leading minus."""

COMPARED = 1000
"""So many nodes of two subtrees are compared before they count as different: that bounds the time."""

NO_CONSTANTS: Mapping[str, float] = MappingProxyType({})


def rewrite(root: Expr, constants: Mapping[str, float] = NO_CONSTANTS) -> tuple[Expr, tuple[Applied, ...]]:
    """Apply the rules everywhere in a tree, from its leaves up.

    Parameters
    ----------
    root : Expr
        The tree; its nodes may be shared. What no rule touches stays the same node.
    constants : mapping of str to float
        The names in the tree that mean a number: ``e^z`` is rewritten where `e` is 2.718..., not where it is
        a parameter or somebody's elementary charge.

    Returns
    -------
    tuple of Expr and tuple of Applied
        The tree, every new node at the place of the one that it replaces, and what was done.

    Examples
    --------
    >>> tree, done = rewrite(parse(Source("b1/(1 + exp(b2 - b3*x))")).right)
    >>> to_text(tree)
    'b1*sigmoid(b3*x - b2)'
    >>> done[0].rule.name
    'sigmoid'
    """
    meant = {name for name, value in constants.items() if CONSTANTS.get(name) == value}
    applied: list[Applied] = []
    done = -1
    while done < len(applied):  # what was put in may complete another pattern, as 2*x/2 does
        done = len(applied)
        root = one_pass(root, meant, applied)
    return root, tuple(applied)


def one_pass(root: Expr, meant: set[str], applied: list[Applied]) -> Expr:
    """Apply the rules once through a tree, and note them."""
    before = len(applied)

    def combine(node: Expr, below: tuple[Expr, ...]) -> Expr:
        now = node
        if len(applied) > before and any(a is not b for a, b in zip(below, children(node), strict=True)):
            now = with_children(node, below)
        while (found := first_rule(now, meant)) is not None:
            best, bindings = found
            after = substitute(best.replacement, bindings, node.span)
            applied.append(Applied(best.rule, node.span, now, after))
            now = after
        return now

    return fold(root, combine)


class Compiled(NamedTuple):
    """A rule, parsed, and its place in the list."""

    number: int
    rule: Rewrite
    pattern: Expr
    replacement: Expr


@cache
def compiled() -> Mapping[Head, Mapping[Head, Mapping[Head, list[Compiled]]]]:
    """Parse the rules, once, and sort them by what their patterns are at the top and two levels down."""
    table: dict[Head, dict[Head, dict[Head, list[Compiled]]]] = {}
    for number, rule in enumerate(REWRITES):
        pattern, replacement = parse(Source(rule.pattern)).right, parse(Source(rule.replacement)).right
        operand = telling(pattern)[-1]
        inner = [head(part) for part in telling(operand)] or [ANY]
        below = table.setdefault(head(pattern), {}).setdefault(head(operand), {})
        below.setdefault(inner[-1], []).append(Compiled(number, rule, pattern, replacement))
    return table


def telling(pattern: Expr) -> list[Expr]:
    """Give the operands of a pattern that are no mere letters."""
    return [part for part in children(pattern) if not stands_for_any(part)]


def first_rule(node: Expr, meant: set[str]) -> tuple[Compiled, Bindings] | None:
    """Find the first rule whose pattern a node is, and what its letters stand for."""
    if not isinstance(node, Binary | Call):
        return None
    candidates: dict[int, tuple[Compiled, Expr]] = {}
    for form in forms(node):
        below = compiled().get(head(form))
        if below is None:
            continue
        for operand in operands(form):
            inner = below.get(head(operand))
            if inner is None:
                continue  # as for nearly every node: no rule has such an operand
            for key in (ANY, *map(head, operands(operand))):
                candidates |= {rule.number: (rule, form) for rule in inner.get(key, ())}
    for number in sorted(candidates):
        rule, form = candidates[number]
        for bindings in ways(rule.pattern, form, {}, meant):
            return rule, bindings
    return None


def head(node: Expr) -> Head:
    """Give what a node is at its top: operator, function by its one name, number, name."""
    if isinstance(node, Binary):
        return node.operator
    if isinstance(node, Call):
        return one_name(node.function)
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Unary):
        return MINUS if node.operator == "-" else None
    return EULER if isinstance(node, Name) and node.name == "e" else None


def one_name(function: str) -> str:
    """Give the name under which a function is listed."""
    entry = FUNCTIONS.get(function)
    return function if entry is None else entry.name


def is_letter(name: str) -> bool:
    """Say whether a name in a pattern stands for any expression."""
    return len(name) == 1 and name not in CONSTANTS


def stands_for_any(pattern: Expr) -> bool:
    """Say whether a pattern is a letter, or minus a letter: its node can have any head."""
    match pattern:
        case Name(name) | Unary("-", Name(name)):
            return is_letter(name)
        case _:
            return False


def ways(pattern: Expr, node: Expr, bound: Bindings, meant: set[str]) -> Iterator[Bindings]:
    """Give every way to read a node as a pattern: what its letters stand for, those in `bound` unchanged."""
    match pattern:
        case Name(name) if is_letter(name):
            if name in bound:
                if alike(bound[name], node):
                    yield bound
            elif name != "z" or not isinstance(node, Number):
                yield {**bound, name: node}
        case Unary("-", Name(name)) if is_letter(name):
            if name in bound:
                if alike(node, negative(bound[name])) or alike(negative(node), bound[name]):
                    yield bound
            elif (positive := without_minus(node)) is not None:
                yield {**bound, name: positive}
        case Name(name):
            if isinstance(node, Name) and node.name == name and name in meant:
                yield bound
        case Number(value):
            if isinstance(node, Number) and node.value == value:
                yield bound
        case Unary(operator, operand):
            if isinstance(node, Unary) and node.operator == operator:
                yield from ways(operand, node.operand, bound, meant)
        case Call(function, arguments):
            if isinstance(node, Call) and one_name(node.function) == function:
                yield from ways_in_order(arguments, node.arguments, bound, meant)
        case Binary(operator, left, right):
            for form in forms(node):
                if isinstance(form, Binary) and form.operator == operator:
                    yield from ways_in_order((left, right), (form.left, form.right), bound, meant)
                    if operator in COMMUTATIVE:
                        yield from ways_in_order((left, right), (form.right, form.left), bound, meant)


def ways_in_order(
    patterns: tuple[Expr, ...], nodes: tuple[Expr, ...], bound: Bindings, meant: set[str]
) -> Iterator[Bindings]:
    """Give every way to read nodes as patterns, one after another."""
    if len(patterns) != len(nodes):
        return
    if not patterns:
        yield bound
        return
    for first in ways(patterns[0], nodes[0], bound, meant):
        yield from ways_in_order(patterns[1:], nodes[1:], first, meant)


def forms(node: Expr) -> tuple[Expr, ...]:
    """Give a node, and ``v - u`` too where it is ``-u + v`` or ``v + -u``."""
    if isinstance(node, Binary) and node.operator == "+":
        left, right = node.left, node.right
        if isinstance(right, Unary) and right.operator == "-":
            return node, Binary("-", left, right.operand, node.span)
        if isinstance(left, Unary) and left.operator == "-":
            return node, Binary("-", right, left.operand, node.span)
    return (node,)


def operands(node: Expr) -> list[Expr]:
    """Give the children of a node, in all their forms."""
    return [form for child in children(node) for form in forms(child)]


def alike(left: Expr, right: Expr) -> bool:
    """Say whether two subtrees are equal; a large one counts as different unless it is the same node."""
    pairs = [(left, right)]
    for _ in range(COMPARED):
        if not pairs:
            return True
        one, other = pairs.pop()
        if one is other:
            continue
        below, beside = children(one), children(other)
        if type(one) is not type(other) or label(one) != label(other) or len(below) != len(beside):
            return False
        pairs.extend(zip(below, beside, strict=True))
    return not pairs


def substitute(replacement: Expr, bindings: Bindings, span: Span) -> Expr:
    """Put expressions for the letters of a replacement; all its own nodes are at one place."""

    def combine(node: Expr, below: tuple[Expr, ...]) -> Expr:
        match node:
            case Name(name) if name in bindings:
                return bindings[name]
            case Unary("-"):
                return negative(below[0], span)
            case Binary("-" | "+" as sign) if (positive := without_minus(below[1])) is not None:
                return Binary("+" if sign == "-" else "-", below[0], positive, span)
            case _:
                return with_children(node, below, span)

    return fold(replacement, combine)


def negative(node: Expr, span: Span | None = None) -> Expr:
    """Give minus an expression, exactly: by turning a leading minus or difference where there is one."""
    turned = without_minus(node, differences=True)
    return Unary("-", node, node.span if span is None else span) if turned is None else turned


def without_minus(node: Expr, differences: bool = False) -> Expr | None:
    """Take the leading minus from ``-k*x`` or ``-(x - m)/s``; None where there is none.

    With `differences`, ``(a - b)*c`` becomes ``(b - a)*c`` too: the same to the last bit, but for the sign
    of zero.
    """
    factors: list[Binary] = []
    first = node
    while isinstance(first, Binary) and first.operator in ("*", "/") and len(factors) < REACH:
        factors.append(first)
        first = first.left
    match first:
        case Unary("-", operand):
            turned = operand
        case Binary("-", left, right) if differences:
            turned = Binary("-", right, left, first.span)
        case _:
            return None
    for factor in reversed(factors):
        turned = Binary(factor.operator, turned, factor.right, factor.span)
    return turned
