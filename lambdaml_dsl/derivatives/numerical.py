"""Derivatives of a function of one number, method by method, under the names that LambdaML gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lambdaml_dsl.derivatives.along import first_carried, scheme_along, slope_along
from lambdaml_dsl.derivatives.calls import OfNumber, called, check_callable, described
from lambdaml_dsl.derivatives.layout import read_numbers
from lambdaml_dsl.derivatives.lines import Line, check_value
from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.errors import EvaluationError, OptionError


class NumericalDiff:
    """The six methods for a function of one number.

    All take the function, where to differentiate it, and a step `h`. The function may give an array; its
    slopes have its shape. `x` may be an array where the function works on each element by itself, as NumPy's.

    The step is in units of x: ``h*abs(x)``, and h where x is 0. In LambdaML it is h itself. For numbers
    around 1 the two are alike; but a rate constant of 1e-9 would be moved by a thousand times its own value,
    and a count of 1e12 not at all. One meaning of h in the whole package, that of ``diff_h``, is worth more
    than the difference. For a step of d, give ``h=d/abs(x)``.

    Examples
    --------
    >>> import numpy as np
    >>> round(NumericalDiff.central(np.sin, 0.0), 9)
    1.0
    >>> NumericalDiff.complex_step(lambda x: x**3, 2.0)
    12.0
    >>> NumericalDiff.differentiate(np.exp, np.array([0.0, 1.0]), method="complex_step")
    array([1.        , 2.71828183])
    """

    @staticmethod
    def forward(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give (f(x + h) - f(x))/h: order 1, 2 evaluations."""
        return NumericalDiff.differentiate(f, x, DiffMethod.FORWARD, h)

    @staticmethod
    def backward(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give (f(x) - f(x - h))/h: order 1, 2 evaluations."""
        return NumericalDiff.differentiate(f, x, DiffMethod.BACKWARD, h)

    @staticmethod
    def central(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give (f(x + h) - f(x - h))/(2*h): order 2, 3 evaluations."""
        return NumericalDiff.differentiate(f, x, DiffMethod.CENTRAL, h)

    @staticmethod
    def five_point(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give the slope of the polynomial through x, x +- h and x +- 2*h: order 4, 5 evaluations."""
        return NumericalDiff.differentiate(f, x, DiffMethod.FIVE_POINT, h)

    @staticmethod
    def complex_step(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give Im f(x + i*h)/h: exact to rounding, 2 evaluations, and 2 to hold it against."""
        return NumericalDiff.differentiate(f, x, DiffMethod.COMPLEX_STEP, h)

    @staticmethod
    def richardson(f: Callable[..., Any], x: ArrayLike, h: float | None = None) -> Any:
        """Give central quotients with h and h/2, extrapolated to 0: order 4, 5 evaluations."""
        return NumericalDiff.differentiate(f, x, DiffMethod.RICHARDSON, h)

    @classmethod
    def differentiate(
        cls,
        f: Callable[..., Any],
        x: ArrayLike,
        method: DiffMethod | str = DiffMethod.CENTRAL,
        h: float | None = None,
    ) -> Any:
        """Differentiate a function of one number.

        Parameters
        ----------
        f : callable
            The function.
        x : float or array_like
            Where.
        method : DiffMethod or str
            How; ``"auto"`` takes the complex step, and where the function does not carry it, ``"central"``.
        h : float, optional
            The step in units of x; the method's own where not given.

        Returns
        -------
        float or ndarray
            The slope; an array where `x` or the value of `f` is one.

        Raises
        ------
        EvaluationError
            The function failed, gave no finite numbers, or does not carry the complex step: by more than
            about 1e-4 of a slope, less is not found.
        OptionError
            There is no such method, the step is none, or x is no number.
        """
        scheme = scheme_along(method, h)
        check_callable(f)
        at = read_numbers("x", x)
        if not np.isfinite(at).all():
            raise OptionError("x is not finite", hint="Derivatives are taken at finite numbers.")
        call = OfNumber(f)
        line = Line("x", at if at.ndim else at.item(), call, call.place)
        value = call(line.at)
        check_value(value, call.place, lambda: call.where(line.at))
        if at.ndim and value.shape != at.shape:
            raise EvaluationError(
                f"{called(f)} was given an array of the shape {at.shape}, and gave {described(value)}",
                hint="It must work on each element by itself. For the gradient of a function of several "
                "numbers use GradientComputer().gradient(f, x).",
            )
        slopes, _ = first_carried(lambda by: slope_along(line, value, by), scheme)
        return slopes if slopes.ndim else slopes.item()
