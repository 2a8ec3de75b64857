"""The difference stencils: at which points a function is evaluated, and with which weights.

In: theta and the bounds of its components. Out: for each component the points it is moved to and the
weights with which the differences count:

    df/dtheta_k = sum_i weights[i, k] * (f(theta with theta_k = points[i, k]) - f(theta))

The differences from f(theta) are taken first, so the weights cost no digits where f hardly changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.language.functions import FloatArray

Offsets: TypeAlias = tuple[float, ...]
"""Where the points of a stencil are, in steps from the parameter."""

NO_SIZE = 2.0**-900
"""A parameter below this is as good as 0: with a step of its own size the weights would overflow."""

LARGEST = float(np.finfo(np.float64).max)
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Stencil:
    """The points of a difference method.

    The weights follow from the points: they are those of the derivative of the polynomial through the
    points and the parameter itself (Fornberg 1988, Mathematics of Computation 51).

    Attributes
    ----------
    offsets : tuple of float
        Where the points are, in steps.
    upward : tuple of float
        The same where a bound leaves no room for that: to one side, as many points, of the same order. The
        downward ones are their mirror image.
    order : int
        The truncation error is proportional to this power of the step.
    step : float
        The step in units of the parameter's size, where none is given. Truncation grows with h^order,
        rounding with eps/h; they balance near eps^(1/(order + 1)) (Press et al. 2007, Numerical Recipes,
        section 5.7). A power of two.
    """

    offsets: Offsets
    upward: Offsets
    order: int
    step: float

    @property
    def sides(self) -> tuple[Offsets, ...]:
        """The points that may be taken, the first ones preferred."""
        downward = tuple([-offset for offset in self.upward])
        return tuple(dict.fromkeys([self.offsets, self.upward, downward]))

    @property
    def points(self) -> int:
        """How many points it has, the parameter itself not counted."""
        return len(self.offsets)

    def error(self, h: float | None = None) -> float:
        """Estimate the relative error of a derivative: what is cut off, and what is rounded off."""
        step = self.step if h is None else h
        return step**self.order + EPS / step


STENCILS: Mapping[DiffMethod, Stencil] = MappingProxyType(
    {
        DiffMethod.FORWARD: Stencil((1.0,), (1.0,), 1, 2.0**-26),
        DiffMethod.BACKWARD: Stencil((-1.0,), (1.0,), 1, 2.0**-26),
        DiffMethod.CENTRAL: Stencil((1.0, -1.0), (1.0, 2.0), 2, 2.0**-17),
        DiffMethod.FIVE_POINT: Stencil((1.0, -1.0, 2.0, -2.0), (1.0, 2.0, 3.0, 4.0), 4, 2.0**-11),
        # Central quotients with h and h/2, extrapolated to h = 0, are the quotient of all four points.
        DiffMethod.RICHARDSON: Stencil((0.5, -0.5, 1.0, -1.0), (0.5, 1.0, 1.5, 2.0), 4, 2.0**-10),
    }
)
"""The stencil of each difference method."""


class Placed(NamedTuple):
    """A stencil at a theta.

    Attributes
    ----------
    points : ndarray
        Shape (m, ..., P): what each component is moved to.
    weights : ndarray
        Shape (m, ..., P): how the differences count.
    """

    points: FloatArray
    weights: FloatArray


def size_of(theta: FloatArray) -> FloatArray:
    """Give the sizes of numbers that are stepped: their own; 1 for those that are as good as 0.

    Examples
    --------
    >>> size_of(np.array([-3.0, 5e-9, 0.0]))
    array([3.e+00, 5.e-09, 1.e+00])
    """
    sizes = np.abs(theta)
    return np.where(sizes < NO_SIZE, 1.0, sizes)


def place(
    stencil: Stencil,
    theta: FloatArray,
    h: float | FloatArray | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> Placed:
    """Place a stencil at each component of theta.

    Where it would leave the box it turns one-sided, upward or downward; where neither fits, the one with
    most room takes a smaller step. No point is outside the bounds.

    Parameters
    ----------
    stencil : Stencil
        The stencil.
    theta : ndarray
        Shape (..., P).
    h : float or ndarray, optional
        The step in units of each component's size; the stencil's own where not given.
    lower, upper : array_like, optional
        The bounds, shape (P,) or any that goes with theta's; infinities are open sides.

    Returns
    -------
    Placed
        Points and weights, shape (m, ..., P). The weights belong to the points as they are in float64. They
        are not finite where a box is too narrow for its points to be different numbers.

    Examples
    --------
    >>> placed = place(STENCILS[DiffMethod.CENTRAL], np.array([1.0]), h=0.25, lower=[1.0])
    >>> placed.points.ravel(), placed.weights.ravel()
    (array([1.25, 1.5 ]), array([ 8., -2.]))
    """
    theta = np.asarray(theta, dtype=np.float64)
    below = None if lower is None else np.asarray(lower, dtype=np.float64)
    above = None if upper is None else np.asarray(upper, dtype=np.float64)
    with np.errstate(all="ignore"):
        step = (stencil.step if h is None else h) * size_of(theta)
        points = theta + column(stencil.offsets, theta.ndim) * step
        fits = np.isfinite(points.sum())
        fits = fits and (below is None or (points >= below).all())
        if not (fits and (above is None or (points <= above).all())):
            low = np.minimum(theta, np.maximum(-LARGEST if below is None else below, -LARGEST))
            high = np.maximum(theta, np.minimum(LARGEST if above is None else above, LARGEST))
            points = np.clip(theta + choose(stencil, theta, step, low, high), low, high)
        return Placed(points, weigh(points - theta))


@cache
def column(offsets: Offsets, axes: int) -> FloatArray:
    """Give offsets along a new first axis, shape (m, 1, ..., 1)."""
    array = np.array(offsets).reshape((-1,) + (1,) * axes)
    array.flags.writeable = False
    return array


def choose(
    stencil: Stencil, theta: FloatArray, step: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Give the way to each point of the first side that fits, else of the one with most room."""
    chosen = column(stencil.offsets, theta.ndim) * step
    most = np.full(theta.shape, -np.inf)
    for offsets in stencil.sides:
        above, below = max(*offsets, 0.0), max(*[-offset for offset in offsets], 0.0)
        room = np.full(theta.shape, np.inf)  # in steps of this side, at most 1 are taken
        if above:
            room = np.minimum(room, (high - theta) / (above * step))
        if below:
            room = np.minimum(room, (theta - low) / (below * step))
        share = np.minimum(room, 1.0)
        better = share > most
        chosen = np.where(better, column(offsets, theta.ndim) * (share * step), chosen)
        most = np.where(better, share, most)
    return chosen


def weigh(ways: FloatArray) -> FloatArray:
    """Give the weights of points by their ways from the parameter, shape (m, ...).

    The interpolating polynomial's slope at 0: w_i = 1/d_i * product over j != i of d_j/(d_j - d_i).
    """
    weights: FloatArray = 1.0 / ways
    count = len(ways)
    if count > 1:
        apart = ways - ways[:, None]
        own = np.arange(count)
        apart[own, own] = ways
        weights *= np.multiply.reduce(ways / apart, axis=1)
    return weights
