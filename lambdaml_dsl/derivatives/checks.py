"""Checks of a gradient: what someone wrote by hand, or another program computes, against one of the methods.

In: an objective, parameters, a gradient. Out: a `GradientCheck`, which names the worst component.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.calls import Objective, check_callable, failure
from lambdaml_dsl.derivatives.gradients import GradientComputer
from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.of_callable import OfCallable
from lambdaml_dsl.derivatives.points import FLAT, Point, read_point
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.derivatives.stencils import STENCILS, place
from lambdaml_dsl.derivatives.tables import aligned
from lambdaml_dsl.errors import OptionError, counted
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray

TOLERANCE = 1e-6
"""A gradient that is wrong is nearly always wrong by more than a millionth."""

ROUNDINGS = 16.0
"""How many roundings the value of an objective is taken to have: it is a sum over rows."""

MOST_ROWS = 20
"""A report shows so many components, the worst first; the others it counts."""


@dataclass(frozen=True, slots=True)
class CheckedComponent:
    """One component of a gradient.

    Attributes
    ----------
    name : str
        The component of theta.
    gradient, reference : float
        What was given, and what the method finds.
    error : float
        The relative difference: in units of the larger of the two, or of the slopes a step further on to
        either side where those are far larger, as they are at a minimum. Rounding of the objective is no
        error: a difference as large as that has the tolerance as its error. Infinite where one is not finite.
    """

    name: str
    gradient: float
    reference: float
    error: float


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """A gradient beside the one of a method.

    Attributes
    ----------
    components : tuple of CheckedComponent
        All components, in the order of theta.
    method : DiffMethod
        How the reference was taken.
    tolerance : float
        The largest relative error that passes.
    """

    components: tuple[CheckedComponent, ...]
    method: DiffMethod
    tolerance: float

    @property
    def worst(self) -> CheckedComponent | None:
        """The component with the largest error; None where there are no components."""
        return max(self.components, key=lambda component: component.error, default=None)

    @property
    def failed(self) -> tuple[str, ...]:
        """The components whose error is above the tolerance."""
        return tuple([each.name for each in self.components if not each.error <= self.tolerance])

    @property
    def passes(self) -> bool:
        """Whether all errors are within the tolerance."""
        return not self.failed

    def __str__(self) -> str:
        total, wrong = len(self.components), len(self.failed)
        if self.worst is None:
            return "The gradient has no components."
        verdict = f"Wrong in {wrong}" if wrong else f"Right in {total}"
        lines = [
            f"{verdict} of {counted(total, 'component')}, held against {self.method} with a tolerance of "
            f"{self.tolerance:g}; worst is {self.worst.name}, relative error {self.worst.error:.2g}."
        ]
        ranked = sorted(self.components, key=lambda component: -component.error)[:MOST_ROWS]
        shown = self.components if total <= MOST_ROWS else ranked
        rows = [("component", "gradient", str(self.method), "relative error", "")]
        for each in shown:
            mark = "" if each.error <= self.tolerance else "<-"
            rows.append(
                (each.name, f"{each.gradient:.8g}", f"{each.reference:.8g}", f"{each.error:.2g}", mark)
            )
        lines += aligned(rows)
        if total > len(shown):
            lines.append(f"and {counted(total - len(shown), 'component')} with smaller errors")
        return "\n".join(lines)


def check_gradient(
    objective: Any,
    p: Any,
    gradient: Any = None,
    *,
    method: DiffMethod | str = DiffMethod.RICHARDSON,
    h: float | None = None,
    bounds: Mapping[str, Any] | None = None,
    tolerance: float = TOLERANCE,
) -> GradientCheck:
    """Hold a gradient against one of the methods.

    Parameters
    ----------
    objective : callable, or object with value and gradient
        ``objective(p)`` gives one number; or what ``Model.bind`` gives, whose own gradient is checked.
    p : mapping of str to float or array_like, or array_like
        The parameters, by name or as one flat array.
    gradient : callable, mapping or array_like, optional
        What is checked: ``gradient(p)``, or its result. By name or flat, whichever way `p` is given.
    method : DiffMethod or str
        What it is checked by: a difference method, or the complex step where the objective carries it. At a
        minimum, where slopes vanish, quotients to one side are made of curvature, and are not to check by.
    h : float, optional
        The step, in units of each parameter's size.
    bounds : mapping of str to (low, high), optional
        Where the objective may be evaluated.
    tolerance : float
        The largest relative error that passes.

    Returns
    -------
    GradientCheck
        With ``passes``, ``worst``, ``components``; printed, it is a table.

    Raises
    ------
    OptionError
        There is no gradient to check, or it is not of the form of the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> def loss(p):
    ...     return p["a"] ** 2 + np.sin(p["b"])
    >>> def by_hand(p):
    ...     return {"a": 2 * p["a"], "b": -np.cos(p["b"])}
    >>> print(check_gradient(loss, {"a": 3.0, "b": 0.5}, by_hand))
    Wrong in 1 of 2 components, held against richardson with a tolerance of 1e-06; worst is b, ...
    component     gradient  richardson  relative error
    a                    6           6         ...
    b          -0.87758256  0.87758256               2  <-
    """
    if not (isinstance(tolerance, Real) and 0 < tolerance < 1):
        raise OptionError(
            f"tolerance must be a number between 0 and 1, not {tolerance!r}",
            hint="It is the largest relative error that passes, for example 1e-6.",
        )
    value, own = getattr(objective, "value", None), getattr(objective, "gradient", None)
    bound = getattr(objective, "bound", None)
    function = value if callable(value) else objective
    given = own if gradient is None else gradient
    check_callable(function)
    if given is None:
        raise OptionError(
            "there is no gradient to check",
            hint="Give one: check_gradient(objective, p, gradient), a function of p or its result.",
        )
    named = Layout.of_model(bound) if isinstance(bound, BoundModel) else None
    if named is not None and isinstance(p, Mapping):
        p = named.pack(p)
    computer = GradientComputer(method, h, bounds)
    point = read_point(p)
    scheme = computer.scheme(point)
    differentiable = OfCallable(Objective(function), point)
    found = differentiable.derivatives(point.theta, scheme)
    components = (named or point.layout).components
    checked = read_gradient(given, point, named)
    scheme = replace(scheme, method=found.method)
    least = rounding(float(found.value), point.theta, found.slopes, scheme) / tolerance
    errors = relative_errors(checked, found.slopes, np.maximum(least, nearby(differentiable, scheme)))
    return GradientCheck(
        tuple(
            [
                CheckedComponent(name, *map(float, row))
                for name, *row in zip(components, checked, found.slopes, errors, strict=True)
            ]
        ),
        found.method,
        float(tolerance),
    )


def read_gradient(given: Any, point: Point, named: Layout | None) -> FloatArray:
    """Read a gradient, or what computes it, shape (P,)."""
    if callable(given):
        try:
            given = given(point.handed())
        except Exception as error:
            usage = "It is called with the parameters, and must give their gradient."
            raise failure(given, error, point.handed(), usage) from error
    if isinstance(given, Mapping):
        return (named or point.layout).pack(given)
    if not point.flat:
        raise OptionError(
            f"the gradient must be a dict like the parameters, not {given!r:.60}",
            hint=f"It has a value for each of {', '.join(point.layout.names)}.",
        )
    return point.layout.pack({FLAT: given})


def rounding(value: float, theta: FloatArray, slopes: FloatArray, scheme: Scheme) -> FloatArray:
    """Estimate what rounding of the objective makes of each slope, shape (P,)."""
    eps = ROUNDINGS * float(np.finfo(np.float64).eps)
    if scheme.method not in STENCILS:
        return eps * np.abs(slopes)
    weights = place(STENCILS[scheme.method], theta, scheme.h, scheme.lower, scheme.upper).weights
    return np.asarray(eps * abs(value) * np.abs(weights).sum(axis=0))


def nearby(function: OfCallable, scheme: Scheme) -> FloatArray:
    """Give how large slopes are a step away from a point: the larger of the quotients to either side."""
    method = scheme.method if scheme.method in STENCILS else DiffMethod.CENTRAL
    step = STENCILS[method].step if scheme.h is None or method is not scheme.method else scheme.h
    sides = [replace(scheme, method=side, h=step) for side in (DiffMethod.FORWARD, DiffMethod.BACKWARD)]
    slopes = [function.derivatives(function.point.theta, side).slopes for side in sides]
    return np.asarray(np.maximum.reduce(np.abs(slopes)))


def relative_errors(gradient: FloatArray, reference: FloatArray, least: FloatArray) -> FloatArray:
    """Give the differences of two gradients in units of the larger, or of a scale that is far above both."""
    with np.errstate(all="ignore"):
        larger = np.maximum(np.abs(gradient), np.abs(reference))
        scale = np.where(least > 2 * larger, least, larger)
        error = np.abs(gradient - reference) / np.where(scale > 0, scale, 1.0)
    return np.where(np.isfinite(gradient) & np.isfinite(reference), error, np.inf)
