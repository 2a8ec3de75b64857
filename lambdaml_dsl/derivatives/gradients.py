"""Gradients and Jacobians of Python functions of parameters.

In: a function, and a dict of numbers, vectors and matrices, or one flat array. Out: derivatives of the same
form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from lambdaml_dsl.derivatives.along import scheme_along
from lambdaml_dsl.derivatives.calls import Objective, check_callable, over_rows
from lambdaml_dsl.derivatives.differentiable import Derivatives
from lambdaml_dsl.derivatives.layout import check_known
from lambdaml_dsl.derivatives.of_callable import OfCallable
from lambdaml_dsl.derivatives.points import FLAT, Point, read_point
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme, read_method
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.language.functions import FloatArray


@runtime_checkable
class OfRows(Protocol):
    """A function of rows that can differentiate itself, as a `Model` can."""

    def evaluate(self, data: Any, params: Any) -> FloatArray:
        """Give the values."""
        ...

    def jacobian(
        self, data: Any, params: Any, method: DiffMethod | str, *, h: float | None, bounds: Any
    ) -> Mapping[str, FloatArray]:
        """Give the derivatives by name."""
        ...


@dataclass(frozen=True)
class GradientComputer:
    """Differentiates Python functions by their parameters.

    Parameters are a dict of numbers and arrays, which is never changed; the function gets copies of its own,
    read-only. Or they are one flat array: then the function takes an array, and derivatives are arrays.

    Parameters
    ----------
    method : DiffMethod or str
        How. ``"complex_step"`` is exact to rounding, and needs a function that computes with complex numbers:
        where one does not, wholly or in part, there is an error that says so. It is found by comparison with
        a difference quotient: a lost part of less than about 1e-4 of the slope is not.
        ``"auto"`` takes the complex step, and where a function does not carry it, ``"central"``.
    h : float, optional
        The step in units of each parameter's size: 1e-4 moves 20 to 20.002, and 0 to 1e-4. The method's own
        where not given.
    bounds : mapping of str to (low, high), optional
        Where the function may be evaluated, by parameter or component; None is an open side. At a bound a
        stencil turns to the other side, with as many points and of the same order.
    checked : bool
        Hold each complex step against a difference quotient: two more evaluations for each component.
        Without, only a slope that is zero throughout is held against one.

    Examples
    --------
    >>> import numpy as np
    >>> p = {"k": 0.5, "w": np.array([1.0, 2.0])}
    >>> loss = lambda p: (p["w"] ** 2).sum() * p["k"]
    >>> GradientComputer("complex_step").gradient(loss, p)
    {'k': 5.0, 'w': array([1., 2.])}
    """

    method: DiffMethod | str = DiffMethod.CENTRAL
    h: float | None = None
    bounds: Mapping[str, Any] | None = None
    checked: bool = True

    def __post_init__(self) -> None:
        method = read_method(self.method)
        if method is not DiffMethod.ADJOINT:
            scheme_along(method, self.h)
        object.__setattr__(self, "method", method)

    def compute(
        self, objective: Callable[..., Any], p: Mapping[str, Any], key: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Give the gradient by one parameter.

        Parameters
        ----------
        objective : callable
            ``objective(p, *args, **kwargs)`` gives one number.
        p : mapping of str to value
            The parameters; only `p[key]` need be numbers.
        key : str
            The parameter.
        *args, **kwargs
            Handed to the objective as they are.

        Returns
        -------
        float or ndarray
            Of the shape of ``p[key]``.

        Examples
        --------
        >>> GradientComputer().compute(lambda p, power: p["a"] ** power, {"a": 3.0}, "a", 2)
        6.0
        """
        check_callable(objective)
        point = read_point(p, by=[key])
        function = OfCallable(Objective(objective, args, kwargs), point, self.checked)
        return gradient_of(self._derivatives(function), point)[key]

    def gradient(self, objective: Callable[[Any], Any], p: Any, by: Sequence[str] | None = None) -> Any:
        """Give the gradient of a function that gives one number.

        Parameters
        ----------
        objective : callable
            ``objective(p)`` gives one number.
        p : mapping of str to float or array_like, or array_like
            The parameters.
        by : sequence of str, optional
            Those to differentiate by; all where not given. The others are handed over as they are, and may be
            anything.

        Returns
        -------
        dict of str to float or ndarray, or ndarray
            Each of its parameter's shape; an array where `p` is one.
        """
        return self.value_and_gradient(objective, p, by)[1]

    def value_and_gradient(
        self, objective: Callable[[Any], Any], p: Any, by: Sequence[str] | None = None
    ) -> tuple[float, Any]:
        """Give the value of an objective, and its gradient."""
        check_callable(objective)
        point = read_point(p, by)
        found = self._derivatives(OfCallable(Objective(objective), point, self.checked))
        gradient = gradient_of(found, point)
        return float(found.value), gradient[FLAT] if point.flat else gradient

    def jacobian(
        self,
        f: Callable[[Any, Any], Any] | OfRows,
        X: Any,  # noqa: N803  (as in LambdaML and scikit-learn)
        p: Any,
        vectorized: bool = False,
        by: Sequence[str] | None = None,
    ) -> Any:
        """Give the derivatives of a function of rows.

        Parameters
        ----------
        f : callable or Model
            ``f(x, p)`` of one row, called row by row; or ``f(X, p)`` of all rows, where `vectorized`. It
            gives a number for each row, or an array of m. A `Model` is differentiated by its own rules.
        X : array_like
            The rows, shape (n,) or (n, d); for a `Model` its data.
        p : mapping of str to float or array_like, or array_like
            The parameters.
        vectorized : bool
            Whether `f` takes all rows at once.
        by : sequence of str, optional
            The parameters to differentiate by; all where not given.

        Returns
        -------
        dict of str to ndarray, or ndarray
            The derivative by each parameter: shape (n,), and behind that the axes of what `f` gives for a
            row, then those of the parameter. The same as ``Model.jacobian`` gives of a formula.

        Examples
        --------
        >>> import numpy as np
        >>> decay = lambda t, p: p["A"] * np.exp(-t / p["tau"])
        >>> slopes = GradientComputer("complex_step").jacobian(decay, [0.0, 1.0], {"A": 2, "tau": 1}, True)
        >>> slopes["A"]
        array([1.        , 0.36787944])
        """
        return self.value_and_jacobian(f, X, p, vectorized, by)[1]

    def value_and_jacobian(
        self,
        f: Callable[[Any, Any], Any] | OfRows,
        X: Any,  # noqa: N803
        p: Any,
        vectorized: bool = False,
        by: Sequence[str] | None = None,
    ) -> tuple[Any, Any]:
        """Give the values of a function of rows, shape (n,) or (n, m), and its derivatives."""
        if isinstance(f, OfRows):
            slopes = f.jacobian(X, p, self.method, h=self.h, bounds=self.bounds)
            check_known(() if by is None else by, slopes, "by names")
            return f.evaluate(X, p), {name: slopes[name] for name in (slopes if by is None else by)}
        point = read_point(p, by)
        found = self._derivatives(OfCallable(over_rows(f, X, vectorized), point, self.checked))
        slopes = found.by_parameter(point.layout)
        return found.value, slopes[FLAT] if point.flat else slopes

    def scheme(self, point: Point) -> Scheme:
        """Give how derivatives are taken at a point.

        Raises
        ------
        OptionError
            A parameter is outside of its bounds, or bounds are none.
        """
        lower, upper = point.layout.box(self.bounds, tuple(point.held))
        if lower is not None and upper is not None:
            for name, value, low, high in zip(
                point.layout.components, point.theta, lower, upper, strict=True
            ):
                if not low <= value <= high:
                    raise OptionError(
                        f"'{name}' = {value:g} is outside its bounds [{low:g}, {high:g}]",
                        hint="Move it inside, or widen the bounds.",
                    )
        return scheme_along(self.method, self.h, lower, upper)

    def _derivatives(self, function: OfCallable) -> Derivatives:
        return function.derivatives(function.point.theta, self.scheme(function.point))


def gradient_of(found: Derivatives, point: Point) -> dict[str, Any]:
    """Give slopes of one number by parameter: numbers as numbers."""
    slopes = found.by_parameter(point.layout)
    return {name: each if each.ndim else each.item() for name, each in slopes.items()}
