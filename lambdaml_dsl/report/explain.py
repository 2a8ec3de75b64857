"""A bound model, stage by stage, as text."""

from __future__ import annotations

from collections.abc import Iterable

from lambdaml_dsl.derivatives.complex_step import only_in_steps
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.nodes import Expr, Number, children, label
from lambdaml_dsl.language.printing import number_text, to_text
from lambdaml_dsl.program.lower import lower

MOST_LINES = 1000
"""Lines of a tree that are shown; definitions put in can make it much longer than the formula."""


def explain(bound: BoundModel) -> str:
    """Show the formula as it was understood: its tree, what was rewritten, the roles, the program."""
    roles = [
        ("output", to_text(bound.response) if bound.response is not None else ""),
        ("inputs", ", ".join(with_shape(name, bound.shapes[name]) for name in bound.inputs)),
        ("parameters", ", ".join(with_shape(name, bound.shapes[name]) for name in bound.parameters)),
        ("constants", ", ".join(f"{name} = {value!r}" for name, value in bound.constants.items())),
    ]
    if bound.functions:
        roles.append(("functions", ", ".join(bound.functions)))
    if bound.is_open:
        program = ["The shapes are not all known before the data are."]
    else:
        steps = [bound.parameters[index] for index in only_in_steps(lower(bound))]
        if steps:
            move, them = ("moves", "it") if len(steps) == 1 else ("move", "them")
            roles.append(("steps", f"{', '.join(steps)} {move} a step only: a fit finds {them} by search"))
        program = lower(bound).listing(bound.parameters).splitlines()
    sections = [
        ("Formula", to_text(bound.equation).split("; ")),
        ("Rewritten (the same value, with more digits)", rewritten(bound)),
        ("Tree, definitions put in" if bound.equation.definitions else "Tree", tree_lines(bound.expression)),
        ("Roles", [f"{role:<11} {names or 'none'}" for role, names in roles]),
        ("Program (each slot with what it depends on)", program),
    ]
    return "\n\n".join("\n".join([title, *indented(lines)]) for title, lines in sections if lines)


def indented(lines: Iterable[str]) -> list[str]:
    """Indent lines by two blanks."""
    return [f"  {line}" for line in lines]


def with_shape(name: str, shape: Shape | None) -> str:
    """Write a name with its shape: ``W[8, 2]``; an open one as ``W[?]``."""
    if shape is None:
        return f"{name}[?]"
    return f"{name}[{', '.join(map(str, shape))}]" if shape else name


def rewritten(bound: BoundModel) -> list[str]:
    """List what was rewritten: before and after, the rule, what is gained."""
    return [f"{each.change}    {each.rule.name}: {each.rule.reason}" for each in bound.rewrites]


def tree_lines(tree: Expr) -> list[str]:
    """Draw a tree, one node a line, children indented."""
    lines: list[str] = []
    stack: list[tuple[Expr, int]] = [(tree, 0)]
    while stack:
        if len(lines) == MOST_LINES:
            return [*lines, "..."]
        node, depth = stack.pop()
        own = number_text(node.value) if isinstance(node, Number) else " ".join(map(str, label(node)))
        lines.append("  " * depth + f"{type(node).__name__} {own}".rstrip())
        stack.extend((child, depth + 1) for child in reversed(children(node)))
    return lines
