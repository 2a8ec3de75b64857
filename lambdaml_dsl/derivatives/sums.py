"""Sums over rows: programs whose outputs add up what another program gives row by row.

A product is added up without being formed: by BLAS's dot product, or one product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lambdaml_dsl.derivatives.differences import replay
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.arrays import Sum
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import (
    MULTIPLY,
    SQUARE,
    Apply,
    Column,
    Program,
    ProgramBuilder,
)
from lambdaml_dsl.program.totals import Repeat, RowOuter, RowProduct, RowSum


@dataclass(frozen=True, slots=True, eq=False)
class SumOverRows:
    """A sum over rows, and its derivatives by some parameters.

    Attributes
    ----------
    rows : Program
        Outputs: the sum, then sums from which the derivatives follow.
    closing : Program or None
        Outputs: the derivatives; its parameters are those of the model, and then the sums of `rows` but the
        first. None where those are the derivatives themselves, in order.
    """

    rows: Program
    closing: Program | None = None

    def finish(self, theta: FloatArray, sums: FloatArray) -> tuple[float, FloatArray]:
        """Give the sum and its derivatives from the sums of the rows."""
        if self.closing is None:
            return float(sums[0]), sums[1:]
        known = np.concatenate([theta, sums[1:]])
        return float(sums[0]), evaluate(self.closing, {}, 1, known)[:, 0]


@lru_cache(maxsize=256)
def sum_of_squares(program: Program) -> SumOverRows:
    """Add up the squares of a program's first output, and its derivatives' products with twice it.

    Parameters
    ----------
    program : Program
        Outputs: residuals, then their derivatives. Without derivatives it is the sum of squares alone.
    """
    builder = ProgramBuilder()
    slots = replay(program, builder, {})
    residual, *derivatives = [slots[output] for output in program.outputs]
    axes = len(builder.shapes[residual])
    twice = builder.apply(MULTIPLY, (builder.constant(2.0), residual))
    sums = [total_of_product(builder, residual, residual, axes)]
    sums += [total_of_product(builder, derivative, twice, axes) for derivative in derivatives]
    return SumOverRows(replace(builder.finish(sums), extension=program.extension))


def total_of_product(builder: ProgramBuilder, value: int, weight: int, axes: int) -> int:
    """Emit the sum over rows, and over the last axes, of a value times a weight that has these axes alone."""
    front = len(builder.shapes[value]) - axes
    if builder.on_data[value] and builder.on_data[weight]:
        if front == axes == 0:
            return builder.operate(RowProduct(), (value, weight))
        return builder.operate(RowOuter(front, 0, axes), (value, weight))
    product = builder.apply(MULTIPLY, (value, weight))
    for _ in range(axes):
        product = builder.operate(Sum(front), (product,))
    return total_of(builder, product)


def total_of(builder: ProgramBuilder, slot: int, formed: bool = False) -> int:
    """Emit the sum of a value over the rows; `formed` says that something else needs each row's value."""
    if not builder.on_data[slot]:
        column = next(k for k, item in enumerate(builder.instructions) if isinstance(item, Column))
        return builder.operate(RowSum(), (builder.operate(Repeat(), (slot, column)),))
    item = builder.instructions[slot]
    if isinstance(item, Apply) and not (formed and builder.shapes[slot]):
        within = item.arguments[0]
        if isinstance(item.function, Sum) and len(builder.shapes[within]) == 1:
            factors = factors_of(builder, within)
            if factors is not None:
                return builder.operate(RowOuter(0, 0, 1), factors)
        factors = factors_of(builder, slot)
        if factors is not None:
            return builder.operate(RowProduct(), factors)
    return builder.operate(RowSum(), (slot,))


def factors_of(builder: ProgramBuilder, slot: int) -> tuple[int, int] | None:
    """Give the factors of a product of two values that differ from row to row and are of one shape."""
    match builder.instructions[slot]:
        case Apply(function, (a,)) if function is SQUARE:
            factors = (a, a)
        case Apply(function, (a, b)) if function is MULTIPLY:
            factors = (a, b)
        case _:
            return None
    rows = all(builder.on_data[factor] for factor in factors)
    return factors if rows and len({builder.shapes[factor] for factor in factors}) == 1 else None


def squared(program: Program) -> Program:
    """Make the program of the sum of the squares of a program's first output, row by row."""
    builder = ProgramBuilder()
    slot = replay(program, builder, {})[program.outputs[0]]
    slot = builder.apply(SQUARE, (slot,))
    while builder.shapes[slot]:
        slot = builder.operate(Sum(0), (slot,))
    return builder.finish([slot])
