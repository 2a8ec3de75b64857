"""The options of a fit, and what is known of each parameter before it: read and checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from types import MappingProxyType
from typing import Any

from lambdaml_dsl.derivatives.methods import DiffMethod, read_method
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.fitting.arguments import check_choice, read_number
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.specs import ParameterSpec
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.optimize.least_squares import SOLVERS

DEFAULT_START = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a fit, read and checked."""

    y: Any = None
    sigma: Any = None
    absolute_sigma: bool = True
    weights: Any = None
    loss: str = "least_squares"
    optimizer: str = "auto"
    diff_method: DiffMethod = DiffMethod.COMPLEX_STEP
    max_evaluations: int | None = None
    nan_policy: str = "raise"


DEFAULTS = Options()


CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"loss": ("least_squares",), "optimizer": tuple(SOLVERS), "nan_policy": ("raise", "omit")}
)


def read_options(model: Model, given: Mapping[str, Any]) -> Options:
    """Read the options of a call; those of the model file fill in."""
    merged = {**model.options, **{name: value for name, value in given.items() if value is not None}}
    if not merged:
        return DEFAULTS
    for one, other in (("sigma", "weights"), ("weights", "sigma")):
        if given.get(one) is not None and given.get(other) is None:
            merged.pop(other, None)  # what the caller gives replaces the file's choice of the other
    if "sigma" in merged and "weights" in merged:
        raise OptionError(
            "sigma and weights are both given", hint="Give one: weights are 1/sigma^2, up to a factor."
        )
    for name, known in CHOICES.items():
        if name in merged:
            check_choice(name, merged[name], known)
    if "diff_method" in merged:
        merged["diff_method"] = read_method(merged["diff_method"])
    if "max_evaluations" in merged:
        merged["max_evaluations"] = read_count("max_evaluations", merged["max_evaluations"])
    if not isinstance(merged.get("absolute_sigma", True), bool):
        raise OptionError(f"absolute_sigma is True or False, not {merged['absolute_sigma']!r}")
    return Options(**merged)


def read_count(what: str, given: Any) -> int:
    """Read a whole number of at least 1."""
    number = float(given) if isinstance(given, Real) and math.isfinite(given) else 0.0
    if number < 1 or not number.is_integer():
        raise OptionError(f"{what} must be a whole number of at least 1, not {given!r}")
    return int(number)


def read_mapping(what: str, given: Any, example: str) -> Mapping[str, Any]:
    """Read what is said of parameters by their names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise OptionError(
            f"{what} must be a dict of parameter names, not {given!r:.60}",
            hint=f"Write for example {what}={example}.",
        )
    return given


def read_fixed(fixed: Mapping[str, float] | Iterable[str] | None) -> dict[str, float | None]:
    """Read the parameters to hold: name to value, None for the start value."""
    if fixed is None:
        return {}
    if isinstance(fixed, Mapping):
        return dict(fixed)
    names = (fixed,) if isinstance(fixed, str) else tuple(fixed) if isinstance(fixed, Iterable) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise OptionError(
            f"fixed must be parameter names, or a dict of values, not {fixed!r:.60}",
            hint="Write for example fixed={'a': 1.5}, or fixed=['a'] to hold a at its start value.",
        )
    return dict.fromkeys(names)


def read_specs(
    model: Model,
    bound: BoundModel,
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float | None, float | None]],
    fixed: Mapping[str, float | None],
) -> list[ParameterSpec]:
    """Put together what is known of each parameter, in the order of theta, and check it."""
    specs = []
    for name in bound.parameters:
        changes: dict[str, Any] = {}
        if name in bounds:
            changes["lower"], changes["upper"] = read_bounds(name, bounds[name])
        if name in start:
            changes["start"] = read_number(f"the start value of '{name}'", start[name])
        if name in fixed:
            changes["fixed"] = True
            if fixed[name] is not None:
                changes["start"] = read_number(f"the fixed value of '{name}'", fixed[name])
        known = model.specs.get(name)
        spec = ParameterSpec(name, **changes) if known is None else replace(known, **changes)
        if spec.fixed and spec.start is None:
            raise OptionError(f"'{name}' is fixed, but has no value", hint=f"Give fixed={{'{name}': value}}.")
        if spec.start is not None and not math.isfinite(spec.start):
            raise OptionError(f"the start value of '{name}' is {spec.start:g}", hint="Give a finite number.")
        if spec.start is not None and not spec.fixed and not spec.lower <= spec.start <= spec.upper:
            raise OptionError(
                f"the start value {spec.start:g} of '{name}' is outside its bounds "
                f"[{spec.lower:g}, {spec.upper:g}]",
                hint="Move the start inside, or widen the bounds.",
            )
        specs.append(spec)
    return specs


def read_bounds(name: str, given: Any) -> tuple[float, float]:
    """Read a pair of bounds; None is an open side."""
    try:
        low, high = given
    except (TypeError, ValueError):
        raise OptionError(
            f"the bounds of '{name}' must be a pair (low, high), not {given!r}",
            hint="None is an open side: (0, None).",
        ) from None
    lower = -math.inf if low is None else read_number(f"the lower bound of '{name}'", low)
    upper = math.inf if high is None else read_number(f"the upper bound of '{name}'", high)
    for which, value in (("lower", lower), ("upper", upper)):
        if math.isnan(value):
            raise OptionError(
                f"the {which} bound of '{name}' is nan", hint="None is an open side: (0, None)."
            )
    if not lower < upper:
        raise OptionError(
            f"the bounds of '{name}' are crossed: {lower:g} is not below {upper:g}",
            hint=f"To hold a parameter at a value, give fixed={{'{name}': value}}.",
        )
    return lower, upper


def check_solver(options: Options, specs: list[ParameterSpec]) -> None:
    """Refuse bounds for a solver that knows none."""
    bounded = [
        spec.name for spec in specs if not spec.fixed and (spec.lower, spec.upper) != (-math.inf, math.inf)
    ]
    if options.optimizer == "lm" and bounded:
        raise OptionError(
            f"optimizer 'lm' knows no bounds, but {', '.join(bounded)} has some",
            hint="Use optimizer='trf', or leave it at 'auto'.",
        )


def start_of(spec: ParameterSpec) -> float:
    """Give where a parameter starts: as given; else 1; else, where the bounds exclude 1, inside them."""
    if spec.start is not None:
        return spec.start
    if spec.lower < DEFAULT_START < spec.upper:
        return DEFAULT_START
    if math.isfinite(spec.lower) and math.isfinite(spec.upper):
        return 0.5 * spec.lower + 0.5 * spec.upper
    return (
        spec.lower + max(1.0, abs(spec.lower))
        if math.isfinite(spec.lower)
        else spec.upper - max(1.0, abs(spec.upper))
    )
