"""Calls of Python functions of parameters: what they are handed, and what is made of what they give.

In: a function and a dict of parameters. Out: arrays of numbers, or an error that says which function failed,
where, and how it is called. Rows are handed over read-only, as parameters are.

The warnings of NumPy within a function are its own; they are neither silenced nor turned into errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.points import as_numbers, own, values_of
from lambdaml_dsl.errors import EvaluationError, OptionError, suggestion


class Call(Protocol):
    """What a function gives at parameters: an array of numbers, complex ones for complex parameters."""

    def __call__(self, parameters: Any) -> NDArray[Any]:
        """Give the values."""
        ...

    def place(self, index: tuple[int, ...]) -> str:
        """Name a place of the result in a message: ``" in row 3"``."""
        ...


@dataclass(frozen=True, slots=True)
class Objective:
    """A function of parameters that gives one number, ``objective(p, *args, **kwargs)``."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, parameters: Any) -> NDArray[Any]:
        """Give the number, shape ()."""
        usage = "It is called with the parameters, and must give one number."
        try:
            result = self.function(parameters, *self.arguments, **self.keywords)
        except Exception as error:
            raise failure(self.function, error, parameters, usage) from error
        array = as_numbers(result)
        if array is None or array.size != 1:
            raise EvaluationError(
                f"{called(self.function)} gave {described(result)}, where one number is needed",
                hint="Give a loss, for example the mean of squares; the derivatives of each row are a "
                "Jacobian: GradientComputer().jacobian(f, X, p).",
            )
        return array.reshape(())

    def place(self, index: tuple[int, ...]) -> str:
        """Give nothing: there is but one number."""
        return ""


@dataclass(frozen=True, slots=True)
class OfNumber:
    """A function of one number, or of the elements of an array."""

    function: Callable[[Any], Any]

    def __call__(self, t: Any) -> NDArray[Any]:
        """Give the values."""
        try:
            result = self.function(own(t))
        except Exception as error:
            usage = f"It is called with one argument, {'an array' if np.ndim(t) else 'a number'}."
            raise failure(self.function, error, {"x": t}, usage) from error
        array = as_numbers(result)
        if array is None:
            raise EvaluationError(
                f"{called(self.function)} gave {described(result)}{self.where(t)}",
                hint="It must give a number, or an array of numbers.",
            )
        return array

    def place(self, index: tuple[int, ...]) -> str:
        """Name an element of the result, where there are several."""
        return f" in element {list(index)}" if index else ""

    def where(self, t: Any) -> str:
        """Give t for a message."""
        return values_of({"x": t})


@dataclass(frozen=True, slots=True)
class ByRow:
    """A function of one row and the parameters, ``f(x, p)``, called row by row.

    Attributes
    ----------
    function : callable
        The function.
    rows : list
        The rows: read-only.
    """

    function: Callable[..., Any]
    rows: list[Any]

    def __call__(self, parameters: Any) -> NDArray[Any]:
        """Give the values of all rows, shape (n, ...)."""
        usage = "It is called as f(x, p): with one row, and the parameters."
        found: list[Any] = []
        for row in self.rows:
            try:
                # A dict of its own for each row: what one call stores there, no other sees.
                given = dict(parameters) if isinstance(parameters, dict) else parameters
                found.append(self.function(row, given))
            except Exception as error:
                place = self.place((len(found),))
                raise failure(self.function, error, parameters, usage, place) from error
        array = as_numbers(found)
        if array is None:
            self.complain(found)
        assert array is not None
        return array

    def complain(self, found: list[Any]) -> None:
        """Say which row is unlike the first, or no number."""
        first = as_numbers(found[0])
        for index, result in enumerate(found):
            array = as_numbers(result)
            if array is None or first is None or array.shape != first.shape:
                more = "" if array is None or index == 0 else f", but {described(found[0])} in row 1"
                raise EvaluationError(
                    f"{called(self.function)} gave {described(result)}{self.place((index,))}{more}",
                    hint="It must give a number for each row, or as many numbers for all rows.",
                )

    def place(self, index: tuple[int, ...]) -> str:
        """Name a row, from 1."""
        return f" in row {index[0] + 1}"


@dataclass(frozen=True, slots=True)
class AllRows:
    """A function of all rows at once and the parameters, ``f(X, p)``."""

    function: Callable[..., Any]
    table: NDArray[Any]

    def __call__(self, parameters: Any) -> NDArray[Any]:
        """Give the values of all rows, shape (n, ...)."""
        usage = "It is called as f(X, p): with all rows at once, and the parameters."
        try:
            result = self.function(self.table, parameters)
        except Exception as error:
            raise failure(self.function, error, parameters, usage) from error
        array, rows = as_numbers(result), len(self.table)
        if array is None or array.ndim == 0 or len(array) != rows:
            raise EvaluationError(
                f"{called(self.function)} gave {described(result)} for {rows:,} rows",
                hint="With vectorized=True it is called as f(X, p) with all rows at once, "
                "and must give a number, or an array, for each.",
            )
        return array

    def place(self, index: tuple[int, ...]) -> str:
        """Name a row, from 1."""
        return f" in row {index[0] + 1}"


def over_rows(f: Callable[..., Any], X: Any, vectorized: bool = False) -> ByRow | AllRows:  # noqa: N803
    """Give the function of parameters that f and rows are.

    Parameters
    ----------
    f : callable
        ``f(x, p)`` of one row, or ``f(X, p)`` of all rows where `vectorized`.
    X : array_like
        The rows: shape (n,) or (n, d). Copied once.
    vectorized : bool
        Which of the two it is.
    """
    check_callable(f)
    try:
        table = np.array(X)
    except ValueError:
        table = np.empty(())
    if table.ndim == 0:
        raise OptionError(
            f"X must be rows, not {X!r:.60}", hint="It is an array of the shape (n,), or (n, d)."
        )
    table.flags.writeable = False
    return AllRows(f, table) if vectorized else ByRow(f, list(table))


def check_callable(function: Any) -> None:
    """Refuse what cannot be called."""
    if not callable(function):
        raise OptionError(f"a function is needed, not {function!r:.60}")


def failure(
    function: Callable[..., Any], error: Exception, parameters: Any, usage: str, place: str = ""
) -> EvaluationError:
    """Say that a function failed, at which parameters, and what may help."""
    cause = str(error).strip().split("\n")[0]
    hint = usage
    if isinstance(error, KeyError) and isinstance(parameters, dict) and error.args:
        name = error.args[0]
        if isinstance(name, str) and name not in parameters:
            names = [str(known) for known in parameters]
            hint = f"p has no '{name}'. {suggestion(name, names, listed='It has')}".rstrip()
    elif "read-only" in cause:
        hint = "Parameters and rows are read-only. Change a copy: w = p['w'].copy()."
    return EvaluationError(
        f"{called(function)} failed{place}{values_of(parameters)}: {type(error).__name__}: {cause}", hint=hint
    )


def called(function: Any) -> str:
    """Name a function."""
    name = getattr(function, "__name__", "<lambda>")
    return "the function" if name == "<lambda>" else f"the function '{name}'"


def described(result: Any) -> str:
    """Say what a function gave."""
    array = as_numbers(result)
    if array is None:
        return f"{result!r:.40}"
    return f"an array of the shape {array.shape}" if array.ndim else "one number"
