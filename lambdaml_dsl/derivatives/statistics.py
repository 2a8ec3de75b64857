"""Statistics of a gradient: how large it is by parameter, and what is wrong with it.

In: a gradient by name, or a flat one with its layout. Out: a `GradientStatistics`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.points import FLAT
from lambdaml_dsl.derivatives.tables import aligned
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.language.functions import FloatArray

VANISHING = 1e-8
"""A norm below this is called vanishing: a step of the usual length, 1e-3 of the gradient to 1 of it, moves
nothing that could be seen."""

EXPLODING = 1e4
"""A norm above this is called exploding: a step of 1e-3 of the gradient moves parameters by more than 10."""


@dataclass(frozen=True, slots=True)
class ParameterStatistics:
    """The gradient by one parameter.

    Attributes
    ----------
    name : str
        The parameter.
    count : int
        How many components it has.
    norm : float
        The Euclidean norm of its gradient.
    largest : float
        The largest absolute value.
    mean : float
        The mean of the absolute values.
    non_finite : int
        How many components are NaN or infinite. Where there are some, `norm`, `largest` and `mean` are NaN.
    flags : tuple of str
        What is wrong: ``"vanishing"``, ``"exploding"`` (judged by what is finite), ``"non-finite"``.
    """

    name: str
    count: int
    norm: float
    largest: float
    mean: float
    non_finite: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradientStatistics:
    """The size of a gradient.

    Attributes
    ----------
    parameters : tuple of ParameterStatistics
        By parameter.
    norm : float
        The Euclidean norm of the whole gradient; NaN where a component is NaN or infinite.
    """

    parameters: tuple[ParameterStatistics, ...]
    norm: float

    @property
    def vanishing(self) -> tuple[str, ...]:
        """The parameters whose gradient vanishes."""
        return self.flagged("vanishing")

    @property
    def exploding(self) -> tuple[str, ...]:
        """The parameters whose gradient explodes."""
        return self.flagged("exploding")

    @property
    def non_finite(self) -> tuple[str, ...]:
        """The parameters whose gradient is not finite somewhere."""
        return self.flagged("non-finite")

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not any(each.flags for each in self.parameters)

    def flagged(self, flag: str) -> tuple[str, ...]:
        """Name the parameters that have a flag."""
        return tuple([each.name for each in self.parameters if flag in each.flags])

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("parameter", "components", "norm", "largest", "mean", "")]
        for each in self.parameters:
            figures = [f"{figure:.4g}" for figure in (each.norm, each.largest, each.mean)]
            flags = [f"{each.non_finite} non-finite" if flag == "non-finite" else flag for flag in each.flags]
            rows.append((each.name, f"{each.count}", *figures, ", ".join(flags)))
        wrong = ", ".join(self.non_finite)
        reason = f": not finite by {wrong}" if wrong else ""
        return "\n".join([f"Gradient of norm {self.norm:.4g}{reason}.", *aligned(rows)])


def gradient_statistics(
    gradient: Any,
    layout: Layout | None = None,
    *,
    vanishing: float = VANISHING,
    exploding: float = EXPLODING,
) -> GradientStatistics:
    """Give the norms of a gradient by parameter, and say where it vanishes, explodes or is not finite.

    A gradient has the units of the objective over those of the parameter, so what is small or large depends
    on both: the thresholds are for objectives and parameters around 1.

    Parameters
    ----------
    gradient : mapping of str to float or array_like, or array_like
        By name, or flat.
    layout : Layout, optional
        The parameters of a flat gradient; without it, it is one parameter.
    vanishing, exploding : float
        A parameter whose norm is below or above is flagged. One whose gradient is not finite does not vanish.

    Examples
    --------
    >>> statistics = gradient_statistics({"w": [3.0, -4.0], "b": 0.0})
    >>> statistics.norm, statistics.vanishing
    (5.0, ('b',))
    >>> print(statistics)
    Gradient of norm 5.
    parameter  components  norm  largest  mean
    w                   2     5        4   3.5
    b                   1     0        0     0  vanishing
    """
    if not vanishing < exploding:
        raise OptionError(
            f"vanishing must be below exploding, but {vanishing:g} is not below {exploding:g}",
            hint="They are bounds of the norm of a parameter's gradient.",
        )
    values: Mapping[str, Any]
    if isinstance(gradient, Mapping):
        own = Layout.of(gradient)
        values = own.unpack(own.pack(gradient))
    elif layout is None:
        own = Layout.of({FLAT: gradient})
        values = {FLAT: own.pack({FLAT: gradient})}
    else:
        flat = Layout((FLAT,), ((layout.size,),), (np.ndarray,)).pack({FLAT: gradient})
        values = layout.unpack(flat)
    parameters = tuple(
        [
            statistics_of(name, np.asarray(value, dtype=np.float64).ravel(), vanishing, exploding)
            for name, value in values.items()
        ]
    )
    norms = [each.norm for each in parameters]
    # By itself, hypot takes NaN beside an infinity, to which a sum may overflow, for an infinity.
    return GradientStatistics(parameters, math.nan if any(map(math.isnan, norms)) else math.hypot(*norms))


def statistics_of(name: str, values: FloatArray, vanishing: float, exploding: float) -> ParameterStatistics:
    """Give the statistics of one parameter's gradient, shape (components,)."""
    finite = np.abs(values[np.isfinite(values)])
    non_finite = values.size - finite.size
    largest = float(finite.max(initial=0.0))
    # In units of the largest: the squares of 1e200 overflow.
    norm = largest * float(np.linalg.norm(finite / largest)) if largest > 0 else 0.0
    mean = largest * float(np.mean(finite / largest)) if largest > 0 else 0.0
    found = {
        "vanishing": norm < vanishing and not non_finite and values.size > 0,
        "exploding": norm > exploding,
        "non-finite": non_finite > 0,
    }
    flags = tuple([flag for flag, holds in found.items() if holds])
    if non_finite:
        norm = largest = mean = math.nan  # figures of a part would pass for those of the whole
    return ParameterStatistics(name, values.size, norm, largest, mean, non_finite, flags)
