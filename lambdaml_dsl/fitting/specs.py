"""What is known of a model's names beside the formula: start values, bounds, units, the data file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.fitting.arguments import read_names, read_number
from lambdaml_dsl.objective.table import Table, read_table


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What is known of a parameter before a fit.

    Attributes
    ----------
    name : str
        Its name in the formula.
    start : float or None
        Start value; the value itself where `fixed`. None where none is given.
    lower, upper : float
        Bounds; infinite where there are none.
    fixed : bool
        The value is not to be fitted.
    unit, doc : str
        For people.
    """

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
    return {spec.name: read_spec(spec) for spec in specs}


def read_spec(spec: ParameterSpec) -> ParameterSpec:
    """Give what is known of a parameter with its numbers as floats, checked."""
    start = None if spec.start is None else read_number(f"the start value of '{spec.name}'", spec.start)
    lower = read_number(f"the lower bound of '{spec.name}'", spec.lower)
    upper = read_number(f"the upper bound of '{spec.name}'", spec.upper)
    if not lower < upper:
        raise OptionError(f"the bounds of '{spec.name}' are crossed: {lower:g} is not below {upper:g}")
    return replace(spec, start=start, lower=lower, upper=upper)
