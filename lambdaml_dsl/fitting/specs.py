"""What is known of a model's names beside the formula: start values, bounds, units, the data file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from lambdaml_dsl.errors import LimitError, OptionError
from lambdaml_dsl.fitting.arguments import Value, read_names, read_value
from lambdaml_dsl.language.arrays import Shape, described
from lambdaml_dsl.language.names import as_name
from lambdaml_dsl.language.shapes import MAX_COMPONENTS
from lambdaml_dsl.objective.table import Table, read_table

SHAPED = re.compile(r"\s*(\w+)\s*\[\s*(\d+(?:\s*,\s*\d+)*)\s*\]\s*")
"""A name with a shape behind it."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What is known of a parameter before a fit.

    Attributes
    ----------
    name : str
        Its name in the formula; ``"W[8, 2]"`` is the matrix W of 8 x 2.
    start : float, nested sequence or None
        Start value; the value itself where `fixed`. None where none is given.
    lower, upper : float or nested sequence
        Bounds; infinite where there are none.
    fixed : bool
        The value is not to be fitted.
    unit, doc : str
        For people.
    shape : tuple of int or None
        () a number, (K,) a vector, (K, L) a matrix; None where it follows from the start value, from use in
        the formula, or else is a number.
    """

    name: str
    start: Value | None = None
    lower: Value = -math.inf
    upper: Value = math.inf
    fixed: bool = False
    unit: str = ""
    doc: str = ""
    shape: Shape | None = None


class ComponentSpec(NamedTuple):
    """What is known of one component of theta before a fit; its attributes are those of `ParameterSpec`."""

    name: str
    start: float | None = None
    lower: float = -math.inf
    upper: float = math.inf
    fixed: bool = False
    unit: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """The unit and the description of an input or output."""

    unit: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class DataReference:
    """The data file that a model file names, and the columns that it calls by other names."""

    path: str
    columns: Mapping[str, str]

    def read(self) -> Table:
        """Read the file."""
        return read_table(self.path).renamed(self.columns)


def read_parameters(given: Any) -> dict[str, ParameterSpec]:
    """Give what is known of some parameters, by name, checked."""
    items = (given,) if isinstance(given, (str, ParameterSpec)) else given
    if not isinstance(items, Iterable):
        raise OptionError(f"parameters must be names, not {given!r:.60}", hint="Write parameters=['a', 'b'].")
    specs = [item if isinstance(item, ParameterSpec) else ParameterSpec(item) for item in items]
    read_names("parameters", [spec.name for spec in specs])
    read = [read_spec(spec) for spec in specs]
    return {spec.name: spec for spec in read}


def read_spec(spec: ParameterSpec) -> ParameterSpec:
    """Give what is known of a parameter with its numbers as floats, checked."""
    name, shape = read_shape(as_name(spec.name))
    start = None if spec.start is None else read_value(f"the start value of '{name}'", spec.start)
    lower = read_value(f"the lower bound of '{name}'", spec.lower)
    upper = read_value(f"the upper bound of '{name}'", spec.upper)
    shape = shape or spec.shape
    if shape is None and start is not None and np.ndim(start):
        shape = np.shape(start)
    for what, value in (("start value", start), ("lower bound", lower), ("upper bound", upper)):
        check_fits(f"the {what} of '{name}'", value, shape or ())
    crossed = ~(np.asarray(lower) < np.asarray(upper))
    if crossed.any():
        low, high = (np.broadcast_to(end, crossed.shape)[crossed][0] for end in (lower, upper))
        raise OptionError(f"the bounds of '{name}' are crossed: {low:g} is not below {high:g}")
    return replace(spec, name=name, start=start, lower=lower, upper=upper, shape=shape)


def check_fits(what: str, value: Value | None, shape: Shape) -> None:
    """Refuse a value that is neither one number nor of the shape wanted."""
    given = np.shape(value) if value is not None else ()
    if given not in ((), shape):
        raise OptionError(f"{what} is {described(given)}, but the parameter is {described(shape)}")


def read_shape(text: str) -> tuple[str, Shape | None]:
    """Read ``"W[8, 2]"`` into the name and the shape; a bare name has none."""
    found = SHAPED.fullmatch(text)
    if found is None:
        return text, None
    shape = tuple([int(length) for length in found[2].split(",")])
    check_shape(f"'{text}'", shape)
    return found[1], shape


def check_shape(what: str, shape: Shape) -> None:
    """Refuse a shape without components, one of more than two axes, and one too large to be meant."""
    if 0 in shape:
        raise OptionError(f"{what} has no component", hint="Lengths are at least 1.")
    if len(shape) > 2:
        raise OptionError(f"{what} has {len(shape)} axes", hint="A value has at most two: a matrix.")
    if math.prod(shape) > MAX_COMPONENTS:
        raise LimitError(f"{what} has more components than the limit of {MAX_COMPONENTS:,}")


def of_component(value: Value, place: tuple[int, ...]) -> float:
    """Give one component of a value; one number holds for all."""
    for index in place:
        if isinstance(value, tuple):
            value = value[index]
    assert not isinstance(value, tuple)
    return value
