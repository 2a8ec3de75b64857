"""Derivatives of a Python function of parameters: by differences, or by a true complex step.

In: a function and how it takes its parameters. Out: a `Differentiable`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.along import first_carried, slope_along
from lambdaml_dsl.derivatives.calls import Call
from lambdaml_dsl.derivatives.differentiable import Derivatives
from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.lines import Line, check_real, check_value
from lambdaml_dsl.derivatives.points import Point
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.derivatives.stencils import STENCILS, Placed, place
from lambdaml_dsl.derivatives.true_complex_step import first_step
from lambdaml_dsl.language.functions import FloatArray


@dataclass(frozen=True, slots=True)
class OfCallable:
    """A Python function of parameters.

    Attributes
    ----------
    call : Call
        The function.
    point : Point
        How it takes its parameters.
    checked : bool
        Hold each slope of a complex step against a difference quotient.

    Examples
    --------
    >>> from lambdaml_dsl.derivatives.calls import Objective
    >>> from lambdaml_dsl.derivatives.points import read_point
    >>> point = read_point({"a": 3.0, "b": 2.0})
    >>> function = OfCallable(Objective(lambda p: p["a"] ** 2 * p["b"]), point)
    >>> function.derivatives(point.theta, Scheme(DiffMethod.COMPLEX_STEP)).slopes
    array([12.,  9.])
    """

    call: Call
    point: Point
    checked: bool = True

    @property
    def layout(self) -> Layout:
        """What the components of theta are."""
        return self.point.layout

    def value(self, theta: FloatArray) -> FloatArray:
        """Give the values; they may be NaN."""
        return self.at(self.point.with_theta(theta)).astype(np.float64)

    def at(self, point: Point) -> NDArray[Any]:
        """Give the values at a point, in the precision that they have."""
        value = self.call(point.handed())
        check_real(value)
        return value

    def derivatives(self, theta: FloatArray, scheme: Scheme) -> Derivatives:
        """Give the values and the slopes by all components of theta.

        The cost in evaluations, for P components: 1 + P*m for a difference method of m points; 1 + 3*P for
        the complex step (one in complex numbers, two to hold it against), 1 + P for one not `checked`.
        """
        point = self.point.with_theta(theta)
        value = self.at(point)
        check_value(value, self.call.place, point.where)
        checked = self.checked or scheme.method is DiffMethod.AUTO
        slopes, method = first_carried(lambda by: self.slopes(point, value, by, checked), scheme)
        return Derivatives(value.astype(np.float64), slopes, method)

    def slopes(self, point: Point, value: NDArray[Any], scheme: Scheme, checked: bool) -> FloatArray:
        """Give the slopes by all components, shape (P, *value.shape)."""
        slopes = np.empty((point.layout.size, *value.shape))
        begun = first_stencils(point.theta, value, scheme)
        for which, name in enumerate(point.layout.components):
            line = Line(
                name,
                point.theta[which].item(),
                partial(self.moved, point, which),
                self.call.place,
                None if scheme.lower is None else scheme.lower[which],
                None if scheme.upper is None else scheme.upper[which],
                None if begun is None else Placed(begun.points[:, which], begun.weights[:, which]),
            )
            slopes[which] = slope_along(line, value, scheme, checked=checked)
        return slopes

    def moved(self, point: Point, which: int, t: float | complex) -> NDArray[Any]:
        """Give the values with one component moved."""
        return self.call(point.moved(which, t))


def first_stencils(theta: FloatArray, value: NDArray[Any], scheme: Scheme) -> Placed | None:
    """Place the stencils of all components at once; None where one has no room: its line says so."""
    method, h = scheme.method, scheme.h
    if method is DiffMethod.COMPLEX_STEP:
        method, h = DiffMethod.CENTRAL, first_step(value)
    placed = place(STENCILS[method], theta, h, scheme.lower, scheme.upper)
    return placed if np.isfinite(placed.weights).all() else None
