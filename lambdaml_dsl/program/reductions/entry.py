"""What an entry of the table of reductions is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from lambdaml_dsl.language.functions import Function, Kernel
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.instructions import Program, ProgramBuilder

Slots: TypeAlias = Program | ProgramBuilder
Emit: TypeAlias = Callable[[ProgramBuilder, tuple[int, ...], Span], int]


@dataclass(frozen=True, slots=True)
class Reduction:
    """How one function is replaced.

    Attributes
    ----------
    fits : callable
        Whether it can be, given the slots and the numbers of the arguments' slots.
    emit : callable
        Emits what stands for it.
    """

    fits: Callable[[Slots, tuple[int, ...]], bool]
    emit: Emit


def always(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace every instance."""
    return True


def instruction(name: str, arguments: tuple[str, ...], kernel: Kernel, doc: str) -> Function:
    """Make an instruction that only reduced programs have: it is never differentiated."""
    return Function(name, arguments, kernel, (None,) * len(arguments), doc)
