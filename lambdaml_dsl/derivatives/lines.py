"""Lines: functions of which one number moves, and of which nothing else is known.

In: a function t -> array, and where t is. Out: its values at the points of a stencil, and its slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.derivatives.stencils import STENCILS, Placed, place, size_of
from lambdaml_dsl.errors import EvaluationError, OptionError
from lambdaml_dsl.language.functions import FloatArray

UNMOVED = 2.0**20
"""What changes by less than so many roundings has not been moved: its slope would have less than 6 digits."""

GROWTH = 2.0**14
"""By so much a step grows that has not moved the function: it moves it by 1e-7 at most then, or not yet."""


class Reach(NamedTuple):
    """How far the points of a stencil went, and what the function gave there.

    Attributes
    ----------
    placed : Placed
        The stencil.
    ends : list of ndarray
        The values at its points.
    factor : ndarray
        By how much its step is larger than the one asked for, of the shape of t.
    """

    placed: Placed
    ends: list[NDArray[Any]]
    factor: FloatArray


@dataclass(frozen=True, slots=True)
class Line:
    """A function of which one number moves.

    Attributes
    ----------
    name : str
        What moves.
    at : float or ndarray
        Where it is; an array moves in all its elements at once, and the function works on each by itself.
    function : callable
        Gives the values for a t: float64, or complex128 for a complex t.
    place : callable
        Names a place of the result in a message.
    lower, upper : float or None
        The bounds of t.
    begun : Placed, optional
        The first stencil that is asked for, where it is placed already: it is, for many lines at once.
    """

    name: str
    at: Any
    function: Callable[[Any], NDArray[Any]]
    place: Callable[[tuple[int, ...]], str]
    lower: Any = None
    upper: Any = None
    begun: Placed | None = None

    def placed(self, method: DiffMethod, h: float | FloatArray) -> Placed:
        """Place a stencil at t."""
        at = np.asarray(self.at, dtype=np.float64)
        placed = place(STENCILS[method], at, h, self.lower, self.upper)
        if not np.isfinite(placed.weights).all():
            raise OptionError(
                f"no derivative can be taken by '{self.name}' at {self.at!r:.60}: its step is no number, or "
                f"the bounds are too close",
                hint="By what is held no derivative is taken: name the others, by=[...].",
            )
        return placed

    def reach(self, value: NDArray[Any], method: DiffMethod, h: float) -> Reach:
        """Evaluate at the points of a stencil, with a step that moves the function.

        The step is a part of t. A t that is next to 0 by chance, as a weight may be, has one that moves
        nothing beyond rounding; it grows, up to the step of a t at 1.
        """
        placed = self.begun or self.placed(method, h)
        at = np.asarray(self.at, dtype=np.float64)
        found = Reach(placed, self.ends(placed, value), np.ones(at.shape))
        while True:
            still = unmoved(value, found.ends, at.ndim > 0)
            if not still.any():
                return found
            most = 1.0 / np.minimum(size_of(at), 1.0)
            grows = still & (found.factor < most)
            if not grows.any():
                return found
            factor = np.where(grows, np.minimum(found.factor * GROWTH, most), found.factor)
            try:
                placed = self.placed(method, h * factor)
                found = Reach(placed, self.ends(placed, value), factor)
            except EvaluationError:
                return found  # so far the function is not defined

    def ends(self, placed: Placed, value: NDArray[Any]) -> list[NDArray[Any]]:
        """Evaluate at the points of a stencil."""
        found = []
        for point in placed.points:
            end = self.function(point if point.ndim else point.item())
            check_real(end)
            if end.shape != value.shape:
                raise EvaluationError(
                    f"the function gave an array of the shape {end.shape} with '{self.name}' moved, "
                    f"and of {value.shape} before",
                    hint="The shape of what it gives must not depend on the parameters.",
                )
            if not np.isfinite(end).all():
                index = first(~np.isfinite(end))
                to = point if point.ndim == 0 else point[index]
                raise EvaluationError(
                    f"the function gave {end[index]:g}{self.place(index)} "
                    f"with '{self.name}' moved to {to:.8g}",
                    hint=f"Bounds keep the steps where it is defined: bounds={{'{self.name}': (low, high)}}; "
                    "a smaller step, h, goes less far.",
                )
            found.append(end)
        return found


def difference_along(line: Line, value: NDArray[Any], method: DiffMethod, h: float | None) -> FloatArray:
    """Give the slopes by a difference method, as many as `value`, which is at ``line.at``."""
    if h is None:
        placed, ends, _ = line.reach(value, method, STENCILS[method].step)
    else:
        placed = line.begun or line.placed(method, h)
        ends = line.ends(placed, value)
    slopes: FloatArray = np.zeros(value.shape)
    with np.errstate(all="ignore"):
        for weight, end in zip(placed.weights, ends, strict=True):
            slopes += weight * (end.astype(np.float64, copy=False) - value)
    return slopes


def unmoved(value: NDArray[Any], ends: list[NDArray[Any]], each: bool) -> NDArray[np.bool_]:
    """Say whether a function was not moved by more than rounding: as a whole, or each of its elements."""
    least = UNMOVED * float(np.finfo(value.dtype).eps)
    if value.ndim == 0:  # the most frequent case, and the one where time counts
        here = value.item()
        return np.asarray(all(abs(end.item() - here) <= least * abs(here) for end in ends))
    moves, sizes = np.maximum.reduce([np.abs(end - value) for end in ends]), np.abs(value)
    if not each:
        moves, sizes = moves.max(initial=0.0), sizes.max(initial=0.0)
    return np.asarray(moves <= least * sizes)


def check_real(value: NDArray[Any]) -> None:
    """Refuse complex values at real parameters."""
    if np.iscomplexobj(value):
        raise EvaluationError(
            "the function gave complex numbers for real parameters",
            hint="Take the real part, or the square of the modulus: what is differentiated must be real.",
        )


def check_value(
    value: NDArray[Any], place: Callable[[tuple[int, ...]], str], where: Callable[[], str]
) -> None:
    """Refuse values that are complex or not finite.

    Parameters
    ----------
    value : ndarray
        What a function gave.
    place : callable
        Names a place of it.
    where : callable
        Gives the parameters, for the message.
    """
    check_real(value)
    if not np.isfinite(value).all():
        index = first(~np.isfinite(value))
        raise EvaluationError(
            f"the function gave {value[index]:g}{place(index)}{where()}",
            hint="Derivatives are taken where all values are finite.",
        )


def first(mask: NDArray[Any]) -> tuple[int, ...]:
    """Give the first place where a mask holds."""
    return tuple([int(k) for k in np.unravel_index(int(np.argmax(mask)), mask.shape)])
