"""How derivatives are taken: the methods by name, and what may be said of their step.

In: what a caller gave. Out: a `DiffMethod`, or a frozen `Scheme`: method, step, bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from numbers import Real
from typing import Any

from lambdaml_dsl.errors import OptionError, suggestion


class DiffMethod(StrEnum):
    """How derivatives are taken. A method's value in lower case is accepted wherever a method is.

    Examples
    --------
    >>> DiffMethod("central") is DiffMethod.CENTRAL
    True
    """

    COMPLEX_STEP = "complex_step"
    FORWARD = "forward"
    BACKWARD = "backward"
    CENTRAL = "central"
    FIVE_POINT = "five_point"
    RICHARDSON = "richardson"
    ADJOINT = "adjoint"
    AUTO = "auto"


STEPLESS = frozenset({DiffMethod.COMPLEX_STEP, DiffMethod.ADJOINT, DiffMethod.AUTO})
"""Over a formula these have no truncation error, and no step to choose."""

LEAST_STEP = 2.0**-50
"""Below this part of its size a step may leave a number as it is, or make two points one."""


def read_method(method: DiffMethod | str) -> DiffMethod:
    """Give the method of a name.

    Raises
    ------
    OptionError
        There is no such method.
    """
    known = {member.value: member for member in DiffMethod}
    name = str(method.value if isinstance(method, DiffMethod) else method).lower()
    if name not in known:
        raise OptionError(
            f"unknown diff_method '{method}'", hint=suggestion(name, known, listed="The methods are")
        )
    return known[name]


def read_step(given: Any, what: str = "diff_h") -> float:
    """Read a relative step.

    Parameters
    ----------
    given : float
        The step in units of a parameter's size.
    what : str
        What the caller calls it.

    Raises
    ------
    OptionError
        It is not a positive number, or too small to move a number.
    """
    number = float(given) if isinstance(given, Real) and not isinstance(given, bool) else math.nan
    if not 0 < number < math.inf:
        raise OptionError(
            f"{what} must be a positive number, not {given!r}",
            hint="It is the step in units of the parameter: 1e-4 moves 20 to 20.002.",
        )
    if number < LEAST_STEP:
        raise OptionError(
            f"{what} = {number:g} moves no number: float64 has 16 digits",
            hint="Give at least 1e-15; steps between 1e-8 and 1e-3 lose the fewest digits.",
        )
    return number


@dataclass(frozen=True, slots=True)
class Scheme:
    """How derivatives are taken, and where the model may be evaluated for them.

    Attributes
    ----------
    method : DiffMethod
        The method.
    h : float, optional
        The step in units of a parameter's size; the method's own where None.
    lower, upper : tuple of float, optional
        The bounds of each component of theta; none where None. No difference method evaluates the model
        outside of them.

    Examples
    --------
    >>> Scheme(DiffMethod.CENTRAL, h=1e-4).h
    0.0001
    """

    method: DiffMethod = DiffMethod.COMPLEX_STEP
    h: float | None = None
    lower: tuple[float, ...] | None = None
    upper: tuple[float, ...] | None = None


def read_scheme(method: Scheme | DiffMethod | str, h: Any = None, what: str = "diff_h") -> Scheme:
    """Read a method and its step.

    Raises
    ------
    OptionError
        There is no such method, the step is none, or the method has no step.
    """
    if isinstance(method, Scheme):
        return method
    read = read_method(method)
    if h is None:
        return Scheme(read)
    step = read_step(h, what)
    if read in STEPLESS:
        raise OptionError(
            f"{what} is a step for differences, but the method {read} is exact and takes none",
            hint=f"Leave {what} out, or choose a difference method, for example 'central'.",
        )
    return Scheme(read, step)
