"""The options of a fit, and what is known of each parameter before it: read and checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.methods import DiffMethod, Scheme, read_method, read_scheme
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.fitting.arguments import check_choice, read_number, shape_of
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.specs import ComponentSpec, ParameterSpec, check_fits, of_component
from lambdaml_dsl.language.arrays import Shape, described
from lambdaml_dsl.language.bound import BoundModel, component_names
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.names import as_name
from lambdaml_dsl.optimize.least_squares import SOLVERS

DEFAULT_START = 1.0

UNSAID: Any = object()
"""Stands for what a call says nothing of; None is something that it can say."""


@lru_cache(maxsize=64)
def scheme_of(method: DiffMethod, h: float | None) -> Scheme:
    """Give the scheme of a method and a step: the same for all fits."""
    return Scheme(method, h)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a fit, read and checked."""

    y: Any = None
    sigma: Any = None
    absolute_sigma: bool = True
    weights: Any = None
    loss: str = "least_squares"
    optimizer: str = "auto"
    diff_method: DiffMethod = DiffMethod.AUTO
    diff_h: float | None = None
    max_evaluations: int | None = None
    nan_policy: str = "raise"

    @property
    def scheme(self) -> Scheme:
        """How derivatives are taken, but for the bounds."""
        return scheme_of(self.diff_method, self.diff_h)


DEFAULTS = Options()


OPEN = (-math.inf, math.inf)
"""The bounds of what has none."""

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
    if given.get("diff_method") is not None and given.get("diff_h") is None:
        merged.pop("diff_h", None)  # the file's step is that of the file's method
    if "sigma" in merged and "weights" in merged:
        raise OptionError(
            "sigma and weights are both given", hint="Give one: weights are 1/sigma^2, up to a factor."
        )
    for name, known in CHOICES.items():
        if name in merged:
            check_choice(name, merged[name], known)
    if "diff_method" in merged:
        merged["diff_method"] = read_method(merged["diff_method"])
    if "diff_h" in merged:
        merged["diff_h"] = read_scheme(merged.get("diff_method", DEFAULTS.diff_method), merged["diff_h"]).h
    if "max_evaluations" in merged:
        merged["max_evaluations"] = read_count("max_evaluations", merged["max_evaluations"])
    if not isinstance(merged.get("absolute_sigma", True), bool):
        raise OptionError(f"absolute_sigma is True or False, not {merged['absolute_sigma']!r}")
    return Options(**merged)


def bounded(scheme: Scheme, box: Sequence[tuple[float, float]]) -> Scheme:
    """Give a scheme with the bounds of each component of theta."""
    for pair in box:
        if pair != OPEN:
            lower, upper = zip(*box, strict=True)
            return replace(scheme, lower=lower, upper=upper)
    return scheme


def read_box(model: Model, bound: BoundModel, bounds: Any) -> list[tuple[float, float]]:
    """Give the bounds of each component of theta: what the call says of it, else the model."""
    given = read_mapping("bounds", bounds, "{'a': (0, None)}")
    model.check_names([name.partition("[")[0].strip() for name in given], bound)
    check_components(bound, "bounds", dict.fromkeys(given))
    box = []
    for name in bound.parameters:
        known, shape, pair = model.specs.get(name), bound.shape(name), given.get(name, UNSAID)
        check_shapes(name, shape, None, None, pair)
        for component, place in zip(component_names(name, shape), np.ndindex(shape), strict=True):
            said = of_pair(given.get(component, pair), place)
            if said is not UNSAID:
                box.append(read_bounds(component, said))
            elif known is not None:
                box.append((of_component(known.lower, place), of_component(known.upper, place)))
            else:
                box.append(OPEN)
    return box


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
    return {as_key(name) if isinstance(name, str) else name: value for name, value in given.items()}


def read_fixed(fixed: Mapping[str, float] | Iterable[str] | None) -> dict[str, float | None]:
    """Read the parameters to hold: name to value, None for the start value."""
    if fixed is None:
        return {}
    if isinstance(fixed, Mapping):
        return {as_key(name): value for name, value in fixed.items()}
    names = (fixed,) if isinstance(fixed, str) else tuple(fixed) if isinstance(fixed, Iterable) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise OptionError(
            f"fixed must be parameter names, or a dict of values, not {fixed!r:.60}",
            hint="Write for example fixed={'a': 1.5}, or fixed=['a'] to hold a at its start value.",
        )
    return dict.fromkeys(map(as_key, names))


@lru_cache(maxsize=1024, typed=True)
def as_key(given: str) -> str:
    """Give the name of a parameter, or of a component in the form ``W[0, 1]``."""
    name, bracket, places = as_name(given).partition("[")
    if not bracket:
        return name
    return f"{name.strip()}[{', '.join(map(str.strip, places.rstrip(' ]').split(',')))}]"


def check_components(bound: BoundModel, what: str, said: Mapping[str, Any]) -> None:
    """Refuse what is said of a component that a parameter does not have, or says more than one number."""
    for name, value in said.items():
        if not name.endswith("]"):
            continue
        if name in bound.components:
            check_fits(f"the {what} of '{name}'", value, ())
        else:
            whole = name.partition("[")[0]
            own = component_names(whole, bound.shape(whole))
            last = f" to {own[-1]}" if len(own) > 1 else ""
            raise OptionError(
                f"there is no '{name}': '{whole}' is {described(bound.shape(whole))}",
                hint=f"It is {own[0]}{last}." if own == [whole] else f"Its components are {own[0]}{last}.",
            )


def read_specs(
    model: Model,
    bound: BoundModel,
    start: Mapping[str, Any],
    bounds: Mapping[str, Any],
    fixed: Mapping[str, Any],
) -> list[ComponentSpec]:
    """Put together what is known of each component of theta, in its order, and check it."""
    specs: list[ComponentSpec] = []
    check_components(bound, "start value", start)
    check_components(bound, "bounds", dict.fromkeys(bounds))
    check_components(bound, "fixed value", fixed)
    for name, known in known_components(model, bound):
        shape = bound.shape(name)
        begin, pair, value = start.get(name, UNSAID), bounds.get(name, UNSAID), fixed.get(name)
        if not shape:
            specs.append(read_component(known[0], begin, pair, value, name in fixed))
            continue
        check_shapes(name, shape, begin, value, pair)
        for spec, place in zip(known, np.ndindex(shape), strict=True):
            specs.append(
                read_component(
                    spec,
                    of_array(start.get(spec.name, begin), place),
                    of_pair(bounds.get(spec.name, pair), place),
                    of_array(fixed.get(spec.name, value), place),
                    spec.name in fixed or name in fixed,
                )
            )
    return specs


@lru_cache(maxsize=256)
def known_components(model: Model, bound: BoundModel) -> tuple[tuple[str, tuple[ComponentSpec, ...]], ...]:
    """Give what the model itself knows of the components of each parameter."""
    every = []
    for name in bound.parameters:
        known, shape = model.specs.get(name) or ParameterSpec(name), bound.shape(name)
        components = [
            ComponentSpec(
                component,
                None if known.start is None else of_component(known.start, place),
                of_component(known.lower, place),
                of_component(known.upper, place),
                known.fixed,
                known.unit,
                known.doc,
            )
            for component, place in zip(component_names(name, shape), np.ndindex(shape), strict=True)
        ]
        every.append((name, tuple(components)))
    return tuple(every)


def check_shapes(name: str, shape: Shape, start: Any, value: Any, pair: Any) -> None:
    """Refuse values that are neither one number nor of the parameter's shape."""
    low, high = pair if isinstance(pair, (tuple, list)) and len(pair) == 2 else (None, None)
    said = {"start value": start, "fixed value": value, "lower bound": low, "upper bound": high}
    for what, given in said.items():
        if given is not None and type(given) is not float and shape_of(f"the {what} of '{name}'", given):
            check_fits(f"the {what} of '{name}'", given, shape)


def starts_of(bound: BoundModel, specs: list[ComponentSpec]) -> FloatArray:
    """Give where each component of theta starts.

    The components of a vector or matrix must not start alike where nothing else tells them apart: equal
    decay rates, or equal units of a network, would have equal derivatives and stay equal for ever.
    """
    starts = np.array([start_of(spec) for spec in specs])
    if len(specs) == len(bound.parameters):
        return starts
    for name, (low, high) in zip(bound.parameters, pairwise(bound.offsets), strict=True):
        shape = bound.shape(name)
        for index in range(low, high) if shape else ():
            spec = specs[index]
            spread = spread_start(shape, index - low)
            if spec.start is None and spec.lower < spread < spec.upper:
                starts[index] = spread
    return starts


def spread_start(shape: Shape, component: int) -> float:
    """Give the start of one component: of a vector evenly about 1; of a matrix by chance, always the same.

    A matrix multiplies a vector: with a variance of 1/columns the product is as large as the vector
    (LeCun et al. 1998, Efficient BackProp, section 4.6).
    """
    if len(shape) == 1:
        return 1.0 if shape[0] == 1 else 0.5 + component / (shape[0] - 1)
    drawn = np.random.default_rng(shape).standard_normal(shape) / math.sqrt(shape[-1])
    return float(drawn.flat[component])


def read_component(known: ComponentSpec, start: Any, bounds: Any, value: Any, fixed: bool) -> ComponentSpec:
    """Put together what is known of one component: what the call says of it, else the model."""
    name, begin, lower, upper, known_fixed, unit, doc = known
    if bounds is not UNSAID:
        lower, upper = read_bounds(name, bounds)
    if start is not UNSAID:
        begin = read_number(f"the start value of '{name}'", start)
    if value is not None:
        begin = read_number(f"the fixed value of '{name}'", value)
    spec = ComponentSpec(name, begin, lower, upper, known_fixed or fixed, unit, doc)
    check_component(spec)
    return spec


def of_array(value: Any, place: tuple[int, ...]) -> Any:
    """Give one component of what a caller gave; one value holds for all."""
    return np.asarray(value, dtype=object)[place] if place and value is not None and np.ndim(value) else value


def of_pair(pair: Any, place: tuple[int, ...]) -> Any:
    """Give the bounds of one component; what is no pair is left to be refused."""
    if not place or pair is UNSAID:
        return pair
    try:
        low, high = pair
    except (TypeError, ValueError):
        return pair
    return of_array(low, place), of_array(high, place)


def check_component(spec: ComponentSpec) -> None:
    """Refuse a start that is missing, not finite, or outside of the bounds."""
    name, start = spec.name, spec.start
    if spec.fixed and start is None:
        raise OptionError(f"'{name}' is fixed, but has no value", hint=f"Give fixed={{'{name}': value}}.")
    if start is not None and not math.isfinite(start):
        raise OptionError(f"the start value of '{name}' is {start:g}", hint="Give a finite number.")
    if start is not None and not spec.fixed and not spec.lower <= start <= spec.upper:
        raise OptionError(
            f"the start value {start:g} of '{name}' is outside its bounds [{spec.lower:g}, {spec.upper:g}]",
            hint="Move the start inside, or widen the bounds.",
        )


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


def check_solver(options: Options, specs: list[ComponentSpec]) -> None:
    """Refuse bounds for a solver that knows none."""
    if options.optimizer != "lm":
        return
    bounded = [spec.name for spec in specs if not spec.fixed and (spec.lower, spec.upper) != OPEN]
    if bounded:
        raise OptionError(
            f"optimizer 'lm' knows no bounds, but {', '.join(bounded)} has some",
            hint="Use optimizer='trf', or leave it at 'auto'.",
        )


def start_of(spec: ComponentSpec) -> float:
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
