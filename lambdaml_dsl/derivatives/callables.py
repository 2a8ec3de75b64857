"""Python functions in formulas: an entry of the function table around a callable.

In: a callable of arrays. Out: a `Function`, whose slopes are measured, never looked up: by the complex step
in true complex arithmetic where the callable is made for it, by central differences where it is not. Which of
the two holds is decided row by row by comparing them, so the outcome is the same for any number of threads.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.derivatives.stencils import STENCILS, size_of
from lambdaml_dsl.errors import EvaluationError, OptionError
from lambdaml_dsl.language.functions import FloatArray, Function, Interval, Measured

IMAGINARY = 1e-20
"""The step of the complex step: its square is nothing beside 1, so no digit is lost to truncation."""

AGREEMENT = 1e-4
"""How far complex step and quotient may be apart, in units of the slope: a lost imaginary part exceeds it."""

NOISE = 1e-6
"""Slopes below this part of the largest are not told apart more closely than that."""


def registered(name: str, function: Callable[..., Any]) -> Function:
    """Make a function of the language from a callable.

    Parameters
    ----------
    name : str
        What formulas call it.
    function : callable
        Takes float64 arrays of one shape, one for each argument, and gives an array of that shape. For the
        complex step it is also tried with complex arrays.

    Raises
    ------
    OptionError
        It is not callable, or how many arguments it takes cannot be found out.

    Examples
    --------
    >>> entry = registered("bump", lambda x, width: np.exp(-((x / width) ** 2)))
    >>> entry.arguments
    ('x', 'width')
    """
    arguments = argument_names(name, function)
    measured = Callback(name, function)

    def slope(which: int) -> Measured:
        kernel = partial(measured.slope, which)
        flat = (None,) * len(arguments)
        return Measured(Function(f"{name}'{which}", arguments, kernel, flat, "a measured slope"))

    return Function(
        name,
        arguments,
        measured.value,
        tuple([slope(which) for which in range(len(arguments))]),
        "a Python function",
        domain=(Interval(),) * len(arguments),
    )


def argument_names(name: str, function: Callable[..., Any]) -> tuple[str, ...]:
    """Give the names of the arguments that must be given, by the callable's signature."""
    if not callable(function):
        raise OptionError(f"the function '{name}' cannot be called: it is a {type(function).__name__}")
    if isinstance(function, np.ufunc):
        return tuple([f"x{k}" for k in range(function.nin)]) if function.nin > 1 else ("x",)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    wanted = [
        each.name
        for each in parameters
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) and each.default is each.empty
    ]
    if not wanted:
        raise OptionError(
            f"how many arguments '{name}' takes cannot be found out",
            hint=f"Wrap it: functions={{'{name}': lambda x: {name}(x)}}.",
        )
    return tuple(wanted)


class Callback:
    """Calls a Python function with arrays that it cannot harm, and checks what it gives."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def value(self, *arrays: FloatArray) -> None:
        """Compute the last array from the others."""
        *arguments, out = arrays
        result = self.call(aligned(arguments))
        if np.iscomplexobj(result):
            raise EvaluationError(f"the function '{self.name}' gave complex numbers")
        np.copyto(out, result.reshape(out.shape) if result.size == out.size else result)

    def slope(self, which: int, *arrays: FloatArray) -> None:
        """Compute the slope by one argument into the last array."""
        *given, out = arrays
        arguments = aligned(given)
        slope = self.central(arguments, which)
        exact = self.complex_step(arguments, which)
        if exact is not None:
            # Where an imaginary part got lost on the way, the two are apart; there the quotient holds.
            scale = np.maximum(np.abs(exact), np.abs(slope))
            least = NOISE * scale.max(initial=0.0, where=np.isfinite(scale))
            apart = np.abs(exact - slope) > AGREEMENT * np.maximum(scale, least)
            slope = np.where(apart, slope, exact)
        np.copyto(out, slope.reshape(out.shape) if slope.size == out.size else slope)

    def complex_step(self, arguments: list[FloatArray], which: int) -> FloatArray | None:
        """Give the slope by a true complex step; None where the function does not carry it."""
        stepped: list[Any] = list(arguments)
        # Small beside a small argument too: energies of atoms are 1e-20 joules.
        step = IMAGINARY * np.minimum(size_of(arguments[which]), 1.0)
        stepped[which] = arguments[which] + 1j * step
        try:
            result = self.call(stepped)
        except EvaluationError:
            return None
        return np.imag(result) / step if np.iscomplexobj(result) else None

    def central(self, arguments: list[FloatArray], which: int) -> FloatArray:
        """Give the slope by central differences."""
        here = arguments[which]
        step = STENCILS[DiffMethod.CENTRAL].step * size_of(here)
        above, below = here + step, here - step
        upper, lower = ([*arguments[:which], end, *arguments[which + 1 :]] for end in (above, below))
        slope: FloatArray = (self.call(upper) - self.call(lower)) / (above - below)
        return slope

    def call(self, arguments: list[Any]) -> Any:
        """Call the function; whatever goes wrong in it is an error that names it."""
        for argument in arguments:
            argument.flags.writeable = False
        try:
            result = np.asarray(self.function(*arguments))
        except Exception as error:
            cause = str(error).strip().split("\n")[0]
            raise EvaluationError(
                f"the function '{self.name}' failed: {type(error).__name__}: {cause}",
                hint="It is called with arrays, one for each argument, all of one shape.",
            ) from error
        wanted = arguments[0].shape
        if result.dtype.kind in "fiubc" and result.shape == () and wanted == (1,):
            result = result.reshape(wanted)
        if result.dtype.kind not in "fiubc" or result.shape != wanted:
            raise EvaluationError(
                f"the function '{self.name}' was given arrays of shape {arguments[0].shape}, and gave "
                + (f"one of shape {result.shape}" if result.dtype.kind in "fiubc" else "no numbers"),
                hint="It must give one number for each row.",
            )
        return result if np.iscomplexobj(result) else result.astype(np.float64)


def aligned(arguments: list[FloatArray]) -> list[FloatArray]:
    """Give arguments as arrays of one shape, with at least one axis, that are the function's own."""
    shape = np.broadcast_shapes((1,), *[argument.shape for argument in arguments])
    return [np.broadcast_to(argument, shape).copy() for argument in arguments]
