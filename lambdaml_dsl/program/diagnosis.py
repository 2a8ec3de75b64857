"""Which sub-expression is the first to be NaN or infinite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np

from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.evaluate import Evaluation
from lambdaml_dsl.program.instructions import Apply, Column, Parameter, Program


def first_bad_slot(
    program: Program, row: Mapping[str, FloatArray | np.float64], theta: FloatArray
) -> tuple[Span, float, set[str | int]] | None:
    """Find the first slot of a row that is not finite though all that it reads is.

    Parameters
    ----------
    program : Program
        What was computed.
    row : mapping of str to float or ndarray
        The columns' values in the row.
    theta : ndarray
        The parameters, shape (P,).

    Returns
    -------
    tuple of Span, float and set, or None
        Where in the formula it stands, its value, and what it depends on: names of columns, numbers of
        parameters. None where every slot with a place is finite.
    """
    every = replace(program, outputs=tuple(range(len(program.instructions))))
    columns = {name: np.asarray(value)[..., None] for name, value in row.items()}
    values = Evaluation(every, columns, 1)(theta)[:, 0]
    edges = pairwise(accumulate(every.output_sizes, initial=0))
    for slot, (item, (low, high)) in enumerate(zip(program.instructions, edges, strict=True)):
        bad = values[low:high][~np.isfinite(values[low:high])]
        if isinstance(item, Apply) and bad.size and program.spans[slot].end > 0:
            return program.spans[slot], float(bad[0]), leaves(program, slot)
    return None


def leaves(program: Program, slot: int) -> set[str | int]:
    """Give the columns and parameters that a slot depends on."""
    found: set[str | int] = set()
    stack = [slot]
    seen: set[int] = set()
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        match program.instructions[current]:
            case Column(name):
                found.add(name)
            case Parameter(index):
                found.add(index)
            case Apply(_, arguments):
                stack.extend(arguments)
            case _:
                pass
    return found
