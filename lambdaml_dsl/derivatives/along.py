"""How a function is differentiated along a line, by the method that a caller names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Any

from numpy.typing import NDArray

from lambdaml_dsl.derivatives.lines import Line, difference_along
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme, read_method, read_scheme
from lambdaml_dsl.derivatives.true_complex_step import LostImaginaryPartError, complex_step_along
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.language.functions import FloatArray

TRIED = (DiffMethod.COMPLEX_STEP, DiffMethod.CENTRAL)
"""What `auto` stands for: the first of these that a function carries."""


def scheme_along(
    method: DiffMethod | str,
    h: float | None = None,
    lower: FloatArray | None = None,
    upper: FloatArray | None = None,
) -> Scheme:
    """Read how a function is differentiated of which nothing is known.

    The complex step takes a step here: what a formula carries beside its value, a function computes with.

    Raises
    ------
    OptionError
        There is no such method, it needs a formula, or the step is none.
    """
    read = read_method(method)
    if read is DiffMethod.ADJOINT:
        raise OptionError(
            "the method 'adjoint' goes backwards through a formula, and of a Python function none is known",
            hint="Use 'complex_step' or 'central', or write the function as a formula: Model(...).",
        )
    if h is not None and (read is not DiffMethod.COMPLEX_STEP or not (isinstance(h, Real) and 0 < h < 1)):
        read_scheme(read, h, "h")
    box = [None if side is None else tuple(side.tolist()) for side in (lower, upper)]
    return Scheme(read, None if h is None else float(h), *box)


def slope_along(line: Line, value: NDArray[Any], scheme: Scheme, *, checked: bool = True) -> FloatArray:
    """Give the slopes of a function along a line.

    Parameters
    ----------
    line : Line
        The function.
    value : ndarray
        Its values at ``line.at``.
    scheme : Scheme
        A difference method, or the complex step.
    checked : bool
        Hold each slope of a complex step against a quotient; without it only those that are zero throughout.

    Returns
    -------
    ndarray
        As many as `value`.

    Raises
    ------
    EvaluationError
        The imaginary part is lost, or a value is not finite.
    """
    if scheme.method is DiffMethod.COMPLEX_STEP:
        return complex_step_along(line, value, scheme.h, checked=checked)
    return difference_along(line, value, scheme.method, scheme.h)


def first_carried(slopes: Callable[[Scheme], FloatArray], scheme: Scheme) -> tuple[FloatArray, DiffMethod]:
    """Give slopes by the method of a scheme; of `auto` by the first that the function carries.

    Parameters
    ----------
    slopes : callable
        Gives them by a scheme; a complex step must be checked where `auto` chooses it.
    scheme : Scheme
        A difference method, the complex step, or `auto`.

    Returns
    -------
    slopes : ndarray
        What it gave.
    method : DiffMethod
        How they were taken.

    Raises
    ------
    LostImaginaryPartError
        The complex step was asked for, and the function does not carry it.
    """
    if scheme.method is not DiffMethod.AUTO:
        return slopes(scheme), scheme.method
    *others, last = TRIED
    for method in others:
        try:
            return slopes(replace(scheme, method=method)), method
        except LostImaginaryPartError:
            continue
    return slopes(replace(scheme, method=last)), last
