"""A bound model, stage by stage, as text."""

from __future__ import annotations

from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.nodes import Expr, children, label
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.program.lower import lower


def explain(bound: BoundModel) -> str:
    """Show the formula as it was understood, its tree, the role of each name, and the program."""
    roles = [
        ("output", to_text(bound.response) if bound.response is not None else ""),
        ("inputs", ", ".join(bound.inputs)),
        ("parameters", ", ".join(bound.parameters)),
        ("constants", ", ".join(f"{name} = {value!r}" for name, value in bound.constants.items())),
    ]
    return "\n".join(
        [
            "Formula",
            f"  {to_text(bound.equation)}",
            "",
            "Tree",
            *(f"  {line}" for line in tree_lines(bound.expression)),
            "",
            "Roles",
            *(f"  {role:<11} {names or 'none'}" for role, names in roles),
            "",
            "Program (each slot with what it depends on)",
            *(f"  {line}" for line in lower(bound).listing(bound.parameters).splitlines()),
        ]
    )


def tree_lines(tree: Expr) -> list[str]:
    """Draw a tree, one node a line, children indented."""
    lines: list[str] = []
    stack: list[tuple[Expr, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        own = " ".join(str(part) for part in label(node))
        lines.append("  " * depth + f"{type(node).__name__} {own}".rstrip())
        stack.extend((child, depth + 1) for child in reversed(children(node)))
    return lines
