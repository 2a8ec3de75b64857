"""The complex step in true complex arithmetic, held against difference quotients.

In: a `Line`. Out: its slopes, Im f(t + ih)/h. Where the function loses the imaginary part on its way, wholly
or in part, that is an error, if what is lost is more than `AGREEMENT` (1e-4) of the slope, more than that of
1e-6 (`NOISE`) of the largest slope, and more than rounding makes of a quotient. What is less passes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.callables import AGREEMENT, IMAGINARY, NOISE
from lambdaml_dsl.derivatives.lines import Line, Reach, first
from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.derivatives.stencils import size_of
from lambdaml_dsl.errors import EvaluationError
from lambdaml_dsl.language.functions import FloatArray

STEPS = (2.0**-17, 2.0**-24, 2.0**-10, 2.0**-8)
"""Relative steps of the quotients that a complex step is held against: the first in any case, the others
where it contradicts. For functions that compute in single precision they are larger."""

ALIKE = 0.1
"""Two quotients with different steps agree where they differ by less than this part: where truncation or
rounding make most of them, they do not."""

DOUBLE = float(np.finfo(np.float64).eps)

ROUNDING = 8.0
"""How many roundings a value of the function is taken to have."""

DROPPED = (
    "abs, np.real, astype(float) and arrays made for real numbers drop it. "
    "Choose a method without complex numbers, for example 'central'."
)

REFUSED = (
    "The math module, float(), np.interp and < between Python's numbers take no complex ones. "
    "Use others, or choose a method without complex numbers, for example 'central'."
)


class LostImaginaryPartError(EvaluationError):
    """A function does not carry the complex step."""


def complex_step_along(
    line: Line, value: NDArray[Any], h: float | None = None, *, checked: bool = True
) -> FloatArray:
    """Give the slopes by a true complex step: Im f(t + ih)/h (Squire & Trapp 1998)."""
    sizes = size_of(np.asarray(line.at, dtype=np.float64))
    # Small beside a small number too: energies of atoms are 1e-20 joules.
    step = IMAGINARY * np.minimum(sizes, 1.0) if h is None else h * sizes
    try:
        end = line.function(line.at + 1j * step)
    except EvaluationError as error:
        cause = error.__cause__
        said = f"{type(cause).__name__}: {str(cause).strip().splitlines()[0] if str(cause).strip() else ''}"
        raise LostImaginaryPartError(
            f"the complex step in '{line.name}' failed: {said if cause else error.problem}", hint=REFUSED
        ) from (cause or error)
    if end.shape != value.shape:
        raise EvaluationError(
            f"the function gave an array of the shape {end.shape} with a complex '{line.name}', "
            f"and of {value.shape} before",
            hint="The shape of what it gives must not depend on the parameters.",
        )
    with np.errstate(all="ignore"):
        slopes: FloatArray = np.imag(end).astype(np.float64) / step
        undone = ~np.isfinite(slopes)  # 1/(1 + exp(z)) has 0 * inf in it where exp overflows
    if checked or undone.any() or not slopes.any():
        quotient, apart = contradicted(line, value, slopes)
        slopes = np.where(undone, quotient, slopes)
        if apart.any():
            index = first(apart)
            if not np.iscomplexobj(end):
                cause_of_loss = "its result is real"
            elif not slopes.any():
                cause_of_loss = "its result has no imaginary part"
            else:
                cause_of_loss = "a part of the imaginary part is lost in it"
            raise LostImaginaryPartError(
                f"the complex step in '{line.name}' gives the slope {slopes[index]:.6g}{line.place(index)}, "
                f"a difference quotient {quotient[index]:.6g}: {cause_of_loss}",
                hint=DROPPED,
            )
    return slopes


def first_step(value: NDArray[Any]) -> float:
    """Give the step of the first quotient: larger for functions that compute in single precision."""
    if value.dtype == np.float64:
        return STEPS[0]
    digits = float(np.log2(float(np.finfo(value.dtype).eps) / DOUBLE))
    return float(STEPS[0] * 2.0 ** round(digits / 3))


def contradicted(line: Line, value: NDArray[Any], slopes: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Hold slopes of the complex step against difference quotients.

    A slope is contradicted where it is outside of what the quotients to both sides allow, with two steps that
    are far apart and agree with each other. So a kink, a noisy function, and one that moves faster than the
    step resolves are not taken for a lost imaginary part.

    Returns
    -------
    quotient : ndarray
        The central quotients.
    apart : ndarray
        Where a slope is contradicted.
    """
    begin = first_step(value)
    reach = line.reach(value, DiffMethod.CENTRAL, begin)
    scale = begin / STEPS[0] * reach.factor
    first_quotient, _, apart = allowed(line, value, slopes, reach)
    quotient, left = first_quotient, apart
    contradiction = np.zeros(value.shape, dtype=np.bool_)
    for step in STEPS[1:]:
        if not left.any():
            break
        placed = line.placed(DiffMethod.CENTRAL, step * scale)
        reach = Reach(placed, line.ends(placed, value), reach.factor)
        other, rounding, outside = allowed(line, value, slopes, reach)
        left = left & outside
        with np.errstate(all="ignore"):
            close = ALIKE * np.maximum(np.abs(quotient), np.abs(other)) + rounding
            agree = np.abs(quotient - other) <= close
        if step != STEPS[2]:  # too far from the one before it: it is held against the next
            contradiction |= left & agree
            left = left & ~agree
        quotient = other
    return first_quotient, contradiction


def allowed(
    line: Line, value: NDArray[Any], slopes: FloatArray, reach: Reach
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Give central quotients, what rounding may make of them, and where slopes are not what they allow."""
    placed, ends, _ = reach
    with np.errstate(all="ignore"):
        ways = placed.points - np.asarray(line.at, dtype=np.float64)
        rises = [end.astype(np.float64) - value for end in ends]
        quotient = np.asarray(sum(weight * rise for weight, rise in zip(placed.weights, rises, strict=True)))
        sides = [rise / way for rise, way in zip(rises, ways, strict=True)]
        low, high = np.minimum.reduce([quotient, *sides]), np.maximum.reduce([quotient, *sides])
        scale = np.maximum.reduce([np.abs(slopes), np.abs(low), np.abs(high)])
        least = NOISE * scale.max(initial=0.0, where=np.isfinite(scale))
        largest = np.maximum.reduce([np.abs(value), *map(np.abs, ends)])
        rounding = ROUNDING * float(np.finfo(value.dtype).eps) * largest / np.abs(ways).min(axis=0)
        beyond = np.maximum(low - slopes, slopes - high)
        outside = beyond > AGREEMENT * np.maximum(scale, least) + rounding
    return quotient, rounding, outside
