"""Which parameters a search must place, and the problem as that search sees it.

A parameter that only moves a step is found by search alone. One that stands in a comparison of its own and
in smooth terms too, as the break of a continuous broken line, is searched for a good start; then it is
fitted with the others. If the model jumps there besides, it may be held where the search found it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lambdaml_dsl.derivatives.complex_step import only_in_steps
from lambdaml_dsl.derivatives.places import find_places, squares_between
from lambdaml_dsl.derivatives.switches import Traced, slanted, substituted, switches, traced, ways
from lambdaml_dsl.errors import OptionError
from lambdaml_dsl.fitting.options import Options
from lambdaml_dsl.fitting.problem import FreeProblem
from lambdaml_dsl.fitting.specs import ComponentSpec
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.squares import SquaredResiduals
from lambdaml_dsl.optimize.by_search import minimise_by_search
from lambdaml_dsl.optimize.least_squares import Solution, minimise
from lambdaml_dsl.optimize.record import Problem
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.unroll import unrolled

MOST_BENDS = 3
"""More parameters than these that bend the model are left to their starts: a search would take too long."""

FEWEST_EDGES = 3
"""A parameter that rows switch at fewer places than this has no place among the data to be searched."""

MOST_SLANTS = 4
"""Two breakpoints are moved together along no more directions than these."""

ENOUGH_ROWS = 1024
"""For a start, an even selection of so many rows is enough."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component of theta that was found by search may lie.

    Attributes
    ----------
    index : int
        Its number.
    low, high : float
        The ends of the interval.
    smooth : bool
        Whether it moves the model smoothly too, not a step alone.
    """

    index: int
    low: float
    high: float
    smooth: bool


@lru_cache(maxsize=256)
def by_components(bound: BoundModel) -> Program | None:
    """Give the program of a model, component by component; None where these are too many."""
    return unrolled(lower(bound))


@lru_cache(maxsize=256)
def step_parameters(bound: BoundModel) -> tuple[int, ...]:
    """Give the numbers of the components of theta that only move a step.

    Raises
    ------
    OptionError
        There are some, but so many components that it is not known which.
    """
    program = by_components(bound)
    if program is not None:
        return only_in_steps(program)
    for index in only_in_steps(lower(bound)):
        name = bound.parameters[index]
        raise OptionError(
            f"'{name}' only moves a step of the model, which is too large for a search of its place",
            hint=f"Hold it, fixed={{'{name}': value}}, and compare the rss of several values.",
        )
    return ()


def free_steps(bound: BoundModel, specs: list[ComponentSpec]) -> tuple[int, ...]:
    """Give the numbers of the components of theta that only move a step and are to be fitted."""
    return tuple([index for index in step_parameters(bound) if not specs[index].fixed])


@lru_cache(maxsize=256)
def bend_parameters(bound: BoundModel, free: tuple[int, ...]) -> tuple[int, ...]:
    """Give the free components that bend the model where data cross them, as ``max(x - b, 0)`` at b.

    Those that share each comparison with another free one have no place of their own to search.
    """
    program = by_components(bound)
    if program is None:
        return ()
    every = switches(program)
    return tuple(
        [
            index
            for index in every.single(sum(1 << index for index in free))
            if all(traced(switch, index).linear for switch in every.by(index))
        ]
    )


class Breakpoints:
    """The problem with breakpoints, as `optimize.trials.Steps` describes it."""

    def __init__(self, problem: FreeProblem, specs: list[ComponentSpec], bends: tuple[int, ...]) -> None:
        objective = problem.objective
        self.searched = (*problem.searched, *bends)
        self.bends = tuple(range(len(problem.searched), len(self.searched)))
        self._inner = FreeProblem(objective, specs, self.searched)
        self.problem: Problem = self._inner
        self._searched, self._specs = problem.searched, specs
        self.whole = problem
        self._index = np.array(self.searched, dtype=np.intp)
        self.start = problem.theta[self._index]
        self.others = self._inner.start
        lowers = np.array([spec.lower for spec in specs])
        uppers = np.array([spec.upper for spec in specs])
        self.lower, self.upper = lowers[self._index], uppers[self._index]
        inner = list(self._inner.free)
        self.others_lower, self.others_upper = lowers[inner], uppers[inner]
        self._bounds = lowers, uppers
        program = by_components(objective.bound)
        assert program is not None
        self._program, self._unrolled = program, unrolled(objective.program)
        every = switches(program)
        self._tracing = [tuple([traced(one, index) for one in every.by(index)]) for index in self.searched]
        counted: Any = slice(None)
        if objective.weights is not None:
            counted = (objective.weights > 0).reshape(-1, objective.weights.shape[-1]).any(axis=0)
        self._columns = {name: values[..., counted] for name, values in objective.columns.items()}
        self._rows = objective.y[..., counted].shape[-1]
        self._known: dict[int, tuple[bytes, tuple[FloatArray, FloatArray]]] = {}

    def put(self, places: FloatArray) -> None:
        """Put the breakpoints."""
        self._inner.theta[self._index] = places

    def edges(
        self, which: int, places: FloatArray, others: FloatArray, low: float, high: float
    ) -> tuple[FloatArray, FloatArray]:
        """Give the values of a breakpoint where rows change sides, and those where an equality holds."""
        self.put(places)
        theta = self._inner.full(others)
        index = self.searched[which]
        tracing = self._tracing[which]
        if not all(one.linear for one in tracing):
            return self._places(tracing, theta, index, low, high)
        # Exact places do not depend on where they are looked for, nor on parameters that no switch reads.
        reads = 0
        for one in tracing:
            reads |= one.switch.parameters
        key = np.array([value for k, value in enumerate(theta) if k != index and reads >> k & 1]).tobytes()
        known = self._known.get(which)
        if known is None or known[0] != key:
            known = key, self._places(tracing, theta, index, -math.inf, math.inf)
            self._known[which] = known
        edges, points = [
            found[np.searchsorted(found, low, "right") : np.searchsorted(found, high)] for found in known[1]
        ]
        return edges, points

    def _places(
        self, tracing: tuple[Traced, ...], theta: FloatArray, index: int, low: float, high: float
    ) -> tuple[FloatArray, FloatArray]:
        return find_places(tracing, self._columns, self._rows, theta, index, low, high)

    def sums(
        self, which: int, places: FloatArray, others: FloatArray
    ) -> tuple[FloatArray, FloatArray] | None:
        """Give the edges of a breakpoint and the sums of squares between them; None where not known."""
        if which in self.bends or self._unrolled is None:
            return None
        self.put(places)
        return squares_between(
            substituted(self._unrolled, self.searched[which]),
            self._tracing[which],
            self._columns,
            self._rows,
            self._inner.full(others),
            self.searched[which],
        )

    def slants(
        self, one: int, other: int, places: FloatArray, others: FloatArray
    ) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        """Give directions along which two breakpoints keep a switch where it is, with what `sums` gives."""
        if self._unrolled is None or {one, other} & {*self.bends}:
            return []
        self.put(places)
        theta = np.append(self._inner.full(others), 0.0)
        indices, new = (self.searched[one], self.searched[other]), len(theta) - 1
        slopes = [
            evaluate(program, self._columns, self._rows, theta)[1:]
            for program in ways(self._program, *indices)
        ]
        ratios = np.concatenate([np.empty(0), *[first / second for first, second in slopes]])
        distinct = np.unique(ratios[np.isfinite(ratios) & (ratios != 0)].round(9))
        found = []
        for ratio in distinct.tolist() if len(distinct) <= MOST_SLANTS else ():
            way = tuple(zip(indices, (1.0, -ratio), strict=True))
            switching = switches(slanted(self._program, way, new)).by(new)
            known = squares_between(
                substituted(slanted(self._unrolled, way, new), new),
                [traced(switch, new) for switch in switching],
                self._columns,
                self._rows,
                theta,
                new,
            )
            if known is not None:
                direction = np.zeros(len(places))
                direction[[one, other]] = 1.0, -ratio
                found.append((direction, *known))
        return found

    def smooth(
        self, places: FloatArray, others: FloatArray
    ) -> tuple[Problem, FloatArray, FloatArray, FloatArray]:
        """Give the problem by all that the model depends on smoothly, its start, and its bounds."""
        self.put(places)
        theta = self._inner.full(others)
        self.whole.theta[self._index] = places
        free = list(self.whole.free)
        lowers, uppers = self._bounds
        return self.whole, theta[free], lowers[free], uppers[free]

    def position(self, which: int) -> int:
        """Give the number that a breakpoint of `bends` has in theta of `smooth`."""
        return self.whole.free.index(self.searched[which])

    def hold(self, bends: tuple[int, ...]) -> None:
        """Hold some of `bends` from now on, and no others: they are no longer in theta of `smooth`."""
        held = (*self._searched, *[self.searched[which] for which in bends])
        if held != self.whole.searched:
            self.whole = FreeProblem(self.whole.objective, self._specs, held)

    def split(self, theta: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the breakpoints and the others from theta of `smooth`."""
        self.whole.theta[self._index] = places
        full = self.whole.full(theta)
        return full[self._index], full[list(self._inner.free)]


def solve(
    problem: FreeProblem,
    specs: list[ComponentSpec],
    options: Options,
    at_start: tuple[FloatArray, FloatArray],
) -> tuple[Solution, tuple[Place, ...], FreeProblem]:
    """Solve a fit: by least squares, and by search where parameters place a step or a bend.

    Parameters
    ----------
    problem : FreeProblem
        The problem by what the model depends on smoothly.
    specs : list of ComponentSpec
        What is known of each parameter.
    options : Options
        Which optimiser, and its budget.
    at_start : tuple of ndarray
        Residuals and derivatives at the start.

    Returns
    -------
    solution : Solution
        The end.
    places : tuple of Place
        Where the parameters may lie that the search placed, if it came to its end.
    problem : FreeProblem
        What the solution solves; its `theta` has the values of the parameters that the search placed.
    """
    objective = problem.objective
    bends = bend_parameters(objective.bound, problem.free)
    if bends:
        bends = bends_to_search(problem, specs, bends)
    if not problem.searched and not bends:
        solution = minimise(
            problem,
            problem.start,
            *bounds_of(specs, problem.free),
            optimizer=options.optimizer,
            max_evaluations=options.max_evaluations,
            at_start=at_start,
        )
        return solution, (), problem
    steps = Breakpoints(problem, specs, bends)
    found = minimise_by_search(
        steps,
        optimizer=options.optimizer,
        max_evaluations=options.max_evaluations,
        rough=thinned(problem, specs, bends),
    )
    steps.whole.theta[list(steps.searched)] = found.places
    ends = zip(steps.searched, found.low.tolist(), found.high.tolist(), strict=True)
    places = [Place(index, low, high, index in bends) for index, low, high in ends if not math.isnan(low)]
    return found.solution, tuple(places), steps.whole


def bounds_of(specs: list[ComponentSpec], free: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Give the lower and the upper bounds of the free components."""
    for index in free:
        if specs[index].lower > -math.inf or specs[index].upper < math.inf:
            lower, upper = [specs[index].lower for index in free], [specs[index].upper for index in free]
            return np.array(lower), np.array(upper)
    return unbounded(len(free))


@lru_cache(maxsize=64)
def unbounded(p: int) -> tuple[FloatArray, FloatArray]:
    """Give the bounds of p components that have none."""
    lower, upper = np.full(p, -math.inf), np.full(p, math.inf)
    lower.flags.writeable = upper.flags.writeable = False
    return lower, upper


def bends_to_search(
    problem: FreeProblem, specs: list[ComponentSpec], bends: tuple[int, ...]
) -> tuple[int, ...]:
    """Give the parameters that bend the model at enough places; none where they are too many."""
    steps = Breakpoints(problem, specs, bends)
    kept = []
    for which in steps.bends:
        edges, _ = steps.edges(which, steps.start, steps.others, -math.inf, math.inf)
        if len(edges) >= FEWEST_EDGES:
            kept.append(steps.searched[which])
    return tuple(kept) if len(kept) <= MOST_BENDS else ()


def thinned(problem: FreeProblem, specs: list[ComponentSpec], bends: tuple[int, ...]) -> Breakpoints | None:
    """Give the problem on an even selection of its rows, where they are many."""
    objective = problem.objective
    stride = objective.y.shape[-1] // ENOUGH_ROWS
    if stride < 2:
        return None
    bound = objective.bound

    def some(values: FloatArray) -> FloatArray:
        return np.ascontiguousarray(values[..., ::stride])

    fewer = SquaredResiduals(
        bound,
        {name: some(objective.columns[name]) for name in bound.inputs},
        some(objective.y),
        None if objective.weights is None else some(objective.weights),
        objective.scheme,
    )
    return Breakpoints(FreeProblem(fewer, specs, problem.searched), specs, bends)
