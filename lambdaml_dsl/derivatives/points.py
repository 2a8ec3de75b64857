"""Parameters as a function takes them: by name or flat, one of them moved.

In: a dict of parameters, or one flat array. Out: a `Point`. What a function is handed are copies that are
read-only: whatever it does with them, the caller's are as they were, and so is the next call's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.errors import OptionError, suggestion
from lambdaml_dsl.language.bound import component_names
from lambdaml_dsl.language.functions import FloatArray

FLAT = "theta"
"""What parameters that are one flat array are called."""

MOST_NAMED = 6
"""A message gives the values of so many components."""


@dataclass(frozen=True)
class Point:
    """Parameters as a function takes them.

    Attributes
    ----------
    layout : Layout
        Those to differentiate by.
    theta : ndarray
        Their values, shape (P,).
    held : mapping of str to value
        What else the function is handed, as it is.
    flat : bool
        The function takes one array, not a dict.
    """

    layout: Layout
    theta: FloatArray
    held: Mapping[str, Any] = field(default_factory=dict)
    flat: bool = False

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The parameters by name."""
        values = self.layout.unpack(self.theta)
        for value in values.values():
            protect(value)
        return {**self.held, **values}

    def with_theta(self, theta: FloatArray) -> Point:
        """Give the same at another theta."""
        return self if theta is self.theta else replace(self, theta=np.array(theta, dtype=np.float64))

    def where(self) -> str:
        """Give the values for a message."""
        return values_of(self.handed())

    def handed(self) -> Any:
        """Give what a function is called with."""
        return self.whole[FLAT] if self.flat else dict(self.whole)

    def moved(self, which: int, value: float | complex) -> Any:
        """Give the same with one component of theta at another value, real or complex."""
        name, place = self.layout.places[which]
        before = self.whole[name]
        part: Any = value
        if isinstance(before, np.ndarray):
            part = before.astype(np.result_type(before, value))
            part.flat[place] = value
            part.flags.writeable = False
        elif isinstance(before, np.generic):
            part = np.result_type(before, value).type(value)
        return part if self.flat else {**self.whole, name: part}


def protect(value: Any) -> None:
    """Make an array read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False


def read_point(p: Any, by: Sequence[str] | None = None) -> Point:
    """Read parameters: a dict by name, or one flat array.

    Parameters
    ----------
    p : mapping of str to float or array_like, or array_like
        The parameters; never changed.
    by : sequence of str, optional
        Those to differentiate by; all where not given. The others may be anything.

    Raises
    ------
    OptionError
        A parameter is no number or not finite, or is not in `p`.
    """
    if not isinstance(p, Mapping):
        if isinstance(p, (str, bytes)) or np.ndim(p) != 1 or by is not None:
            raise OptionError(
                f"the parameters must be a dict of numbers and arrays, or one flat array, not {p!r:.60}",
                hint="Write for example p={'k': 0.5, 'w': [1.0, 2.0]}.",
            )
        return replace(read_point({FLAT: np.asarray(p)}), flat=True)
    names = tuple(p) if by is None else (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        if name not in p:
            raise OptionError(
                f"there is no parameter '{name}' in p",
                hint=suggestion(str(name), [str(known) for known in p], listed="It has"),
            )
    chosen = {name: p[name] for name in names}
    layout = Layout.of(chosen)
    theta = layout.pack(chosen)
    for name, value in zip(layout.components, theta, strict=True):
        if not np.isfinite(value):
            raise OptionError(
                f"the parameter '{name}' is {value:g}", hint="Derivatives are taken at finite numbers."
            )
    held = {name: value for name, value in p.items() if name not in chosen}
    return Point(layout, theta, {name: own(value) for name, value in held.items()})


def own(value: Any) -> Any:
    """Give an array as a copy that is read-only; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    value = value.copy()
    value.flags.writeable = False
    return value


def as_numbers(result: Any) -> NDArray[Any] | None:
    """Give a result as an array of its own; None where it is no numbers.

    Single precision is kept as it is: how far its digits can be trusted must be known.
    """
    try:
        array = np.asarray(result)
    except (TypeError, ValueError):
        return None
    if array.dtype.kind not in "fiubc":
        return None
    if array.dtype in (np.float32, np.complex64):
        return array.copy()
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def values_of(parameters: Any) -> str:
    """Give the values of parameters for a message: ``" at k = 0.5, w[0] = 1"``."""
    named = parameters if isinstance(parameters, Mapping) else {FLAT: parameters}
    found: list[str] = []
    more = 0
    for name, value in named.items():
        array = as_numbers(value)
        if array is None:
            continue
        room = max(MOST_NAMED - len(found), 0)
        more += max(array.size - room, 0)
        if room:
            components = component_names(str(name), array.shape)[:room]
            shown = zip(components, array.ravel()[:room].real, strict=True)
            found += [f"{component} = {number:.8g}" for component, number in shown]
    if not found:
        return ""
    return f" at {', '.join(found)}" + (f" and {more:,} more" if more else "")
