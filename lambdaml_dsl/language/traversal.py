"""The one walk over a tree that every pass uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from lambdaml_dsl.language.nodes import Expr, children

T = TypeVar("T")


def fold(
    root: Expr,
    combine: Callable[[Expr, tuple[T, ...]], T],
    below: Callable[[Expr], tuple[Expr, ...]] = children,
) -> T:
    """Combine a tree from its leaves up.

    Iterative, so that depth costs memory and never the interpreter's stack; a node that stands
    in several places is combined once.

    Parameters
    ----------
    root : Expr
        The tree.
    combine : callable
        Takes a node and the results for its children, in order; gives the node's result.
    below : callable
        Gives the sub-expressions that are combined before a node; all of them where not given.

    Returns
    -------
    T
        The result for the root.
    """
    done: dict[int, T] = {}
    stack: list[tuple[Expr, tuple[Expr, ...] | None]] = [(root, None)]
    while stack:
        node, parts = stack.pop()
        if parts is not None:
            done[id(node)] = combine(node, tuple([done[id(child)] for child in parts]))
        elif id(node) not in done:
            parts = below(node)
            if parts:
                stack.append((node, parts))
                stack.extend([(child, None) for child in reversed(parts)])
            else:
                done[id(node)] = combine(node, ())
    return done[id(root)]


def walk(root: Expr) -> Iterator[Expr]:
    """Give all nodes of a tree, each before its children, in the order of the text; a shared one once."""
    stack = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(reversed(children(node)))
