"""Layouts: a dict of parameters as one flat theta, and back.

In: numbers, vectors, matrices by name. Out: a `Layout`, which says where in theta each of them is and what
its components are called. Everything that takes derivatives sees theta alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.errors import OptionError, closest
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.bound import BoundModel, component_names
from lambdaml_dsl.language.functions import FloatArray

Numbers: TypeAlias = "NDArray[np.float64] | NDArray[np.complex128]"
"""What a theta is made of: complex numbers where the complex step is taken."""


@dataclass(frozen=True)
class Layout:
    """Where in theta each parameter is.

    Attributes
    ----------
    names : tuple of str
        The parameters, in the order of theta.
    shapes : tuple of Shape
        The shape of each: () for a number.
    kinds : tuple of type
        As what each is given back: ``float``, ``np.float64`` or ``np.ndarray``. A function sees its
        parameters as its caller has them.

    Examples
    --------
    >>> layout = Layout.of({"k": 2, "w": [1.0, 0.5]})
    >>> layout.components, layout.pack({"k": 2, "w": [1.0, 0.5]})
    (('k', 'w[0]', 'w[1]'), array([2. , 1. , 0.5]))
    >>> layout.unpack(np.array([3.0, 4.0, 5.0]))
    {'k': 3.0, 'w': array([4., 5.])}
    """

    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    kinds: tuple[type, ...]

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Layout:
        """Give the layout of parameters.

        Parameters
        ----------
        parameters : mapping of str to float or array_like
            The parameters.

        Raises
        ------
        OptionError
            One of them is no number and no array of numbers.
        """
        values = {name: read_numbers(name, value) for name, value in parameters.items()}
        return cls(
            tuple(values),
            tuple([value.shape for value in values.values()]),
            tuple([kind_of(value) for value in parameters.values()]),
        )

    @classmethod
    def of_model(cls, bound: BoundModel) -> Layout:
        """Give the layout of a formula's parameters; all shapes must be known."""
        shapes = tuple([bound.shape(name) for name in bound.parameters])
        return cls(bound.parameters, shapes, tuple([np.ndarray if shape else float for shape in shapes]))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where in theta each parameter begins; last, the length of theta."""
        return tuple(accumulate([prod(shape) for shape in self.shapes], initial=0))

    @property
    def size(self) -> int:
        """The length of theta."""
        return self.offsets[-1]

    @cached_property
    def components(self) -> tuple[str, ...]:
        """The names of the components of theta: ``a``, ``k[0]``, ``W[1, 2]``."""
        named: list[str] = []
        for name, shape in zip(self.names, self.shapes, strict=True):
            named += component_names(name, shape)
        return tuple(named)

    @cached_property
    def places(self) -> tuple[tuple[str, int], ...]:
        """For each component the parameter that it belongs to, and its number within that."""
        return tuple(
            [
                (name, place)
                for name, shape in zip(self.names, self.shapes, strict=True)
                for place in range(prod(shape))
            ]
        )

    def pack(self, values: Mapping[str, Any]) -> FloatArray:
        """Give values of all parameters as one theta, shape (P,).

        Raises
        ------
        OptionError
            A name is missing or unknown, or a shape is another.
        """
        check_known(values, self.names, "a value is given for")
        theta = np.empty(self.size)
        for name, shape, (low, high) in zip(self.names, self.shapes, pairwise(self.offsets), strict=True):
            if name not in values:
                raise OptionError(
                    f"there is no value for '{name}'", hint=f"The parameters are {', '.join(self.names)}."
                )
            read = read_numbers(name, values[name])
            if read.shape != shape:
                raise OptionError(f"'{name}' has the shape {read.shape}, where {shape} is needed")
            theta[low:high] = read.ravel()
        return theta

    def unpack(self, theta: Numbers) -> dict[str, Any]:
        """Give the parameters of a theta by name: numbers as numbers, arrays as copies."""
        return {name: self.part(theta, place) for place, name in enumerate(self.names)}

    def part(self, theta: Numbers, place: int) -> Any:
        """Give one parameter of a theta, by its number."""
        values = theta[self.offsets[place] : self.offsets[place + 1]]
        if self.kinds[place] is np.ndarray:
            return values.reshape(self.shapes[place]).copy()
        return values[0].item() if self.kinds[place] is float else values[0]

    def box(
        self, bounds: Mapping[str, Any] | None, others: Collection[str] = ()
    ) -> tuple[FloatArray, FloatArray] | tuple[None, None]:
        """Read bounds of parameters.

        Parameters
        ----------
        bounds : mapping of str to (low, high), optional
            By parameter or by component; a side is a number, an array of the parameter's shape, or None
            where it is open.
        others : collection of str
            Names that may have bounds and are not in this layout.

        Returns
        -------
        lower, upper : ndarray
            Shape (P,); None where no bounds are given.

        Raises
        ------
        OptionError
            Bounds are no pair, of another shape, crossed, or of no parameter.
        """
        if bounds is None:
            return None, None
        if not isinstance(bounds, Mapping):
            raise OptionError(
                f"bounds must be a dict of parameter names, not {bounds!r:.60}",
                hint="Write for example bounds={'a': (0, None)}.",
            )
        check_known(bounds, (*self.names, *others), "bounds are given for", self.components)
        lower, upper = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        for name, shape, (low, high) in zip(self.names, self.shapes, pairwise(self.offsets), strict=True):
            if name in bounds:
                lower[low:high], upper[low:high] = read_pair(name, bounds[name], shape)
        for place, name in enumerate(self.components):
            if name in bounds and name not in self.names:
                own = slice(place, place + 1)
                lower[own], upper[own] = read_pair(name, bounds[name], ())
        for name, low, high in zip(self.components, lower, upper, strict=True):
            if not low < high:
                raise OptionError(
                    f"the bounds of '{name}' leave no room: {low:g} is not below {high:g}",
                    hint="By what is held no derivative is taken: name the others, by=[...].",
                )
        return lower, upper


def kind_of(value: Any) -> type:
    """Say as what a parameter is given back."""
    if isinstance(value, np.generic):
        return np.float64
    return float if isinstance(value, Real) else np.ndarray


def read_numbers(name: str, value: Any) -> FloatArray:
    """Read the value of a parameter, or what stands in its place, as an array of its shape."""
    try:
        array = np.asarray(value)
        real = array.dtype.kind in "iuf" or (array.dtype.kind == "O" and isinstance(value, Real))
        if real and isinstance(name, str):
            return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    if not isinstance(name, str):
        raise OptionError(f"parameters are named by texts, not by {name!r}")
    raise OptionError(
        f"the parameter '{name}' must be a number or an array of numbers, not {value!r:.60}",
        hint="What is no parameter is handed over as it is where by=[...] names those that are.",
    )


def check_known(
    given: Collection[str], names: Collection[str], what: str, components: Collection[str] = ()
) -> None:
    """Refuse what is neither a parameter nor one of these components."""
    for name in given:
        if name not in names and name not in components:
            match = closest(str(name), (*names, *components))
            raise OptionError(
                f"{what} '{name}', which is no parameter",
                hint=f"Did you mean '{match}'?" if match else f"The parameters are: {', '.join(names)}.",
            )


def read_pair(name: str, pair: Any, shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Read a pair of bounds; None is an open side."""
    try:
        low, high = pair
    except (TypeError, ValueError):
        raise OptionError(
            f"the bounds of '{name}' must be a pair (low, high), not {pair!r:.60}",
            hint="None is an open side: (0, None).",
        ) from None
    return read_side(name, "lower", low, -np.inf, shape), read_side(name, "upper", high, np.inf, shape)


def read_side(name: str, which: str, given: Any, none: float, shape: Shape) -> FloatArray:
    """Read one side of the bounds of a parameter, shape (components,)."""
    try:
        array = np.asarray(none if given is None else given, dtype=np.float64)
        wide = np.broadcast_to(array, shape).ravel()
    except (TypeError, ValueError):
        wanted = f"a number or an array of the shape {shape}" if shape else "a number"
        raise OptionError(
            f"the {which} bound of '{name}' must be {wanted}, not {given!r:.60}",
            hint="None is an open side: (0, None).",
        ) from None
    if np.isnan(wide).any():
        raise OptionError(f"the {which} bound of '{name}' is nan", hint="None is an open side: (0, None).")
    return wide
