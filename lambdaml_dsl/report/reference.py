"""The catalogue as text, for the terminal: a list by groups, and all that is known of one name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lambdaml_dsl.language.catalogue import Constant, Entry

WIDEST = 40
"""Behind a signature that is longer the description stands on a line of its own."""

LABEL = 12
"""Width of the labels of what is known of a name."""


def listing(entries: Iterable[Entry]) -> str:
    """List names by group, each on a line: how it is called, and what it is."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        called = ", ".join([entry.signature, *entry.aliases])
        groups.setdefault(entry.group, []).append((called, described(entry)))
    blocks = []
    for group, lines in groups.items():
        width = max([len(called) for called, _ in lines if len(called) <= WIDEST], default=0)
        shown = [group]
        for called, doc in lines:
            between = "  " if len(called) <= WIDEST else "\n      "
            shown.append(f"  {called:<{width}}{between}{doc}".rstrip())
        blocks.append("\n".join(shown))
    return "\n\n".join(blocks)


def described(entry: Entry) -> str:
    """Give the description of a name, of a constant with its value."""
    match entry.what:
        case Constant(value, unit):
            return f"{entry.doc}, {value!r} {unit}".rstrip()
        case _:
            return entry.doc


def details(entry: Entry) -> str:
    """Write all that is known of one name."""
    facts = [
        ("also", [", ".join(entry.aliases)] if entry.aliases else []),
        ("group", [entry.group]),
        ("domain", [entry.domain] if entry.domain else []),
        ("derivative", derivatives(entry)),
        ("definition", entry.definition.splitlines()),
        ("LaTeX", [entry.latex]),
    ]
    lines = [entry.signature]
    if entry.doc:
        lines.append(f"  {described(entry)}")
    for label, shown in facts:
        for number, line in enumerate(shown):
            lines.append(f"  {label if number == 0 else '':<{LABEL}}{line}")
    return "\n".join(lines)


def derivatives(entry: Entry) -> Sequence[str]:
    """Write the derivative by each argument."""
    if entry.definition:
        return ["by every argument, from the definition"]
    return [f"by {name}: {formula}" for name, formula in entry.derivatives]
