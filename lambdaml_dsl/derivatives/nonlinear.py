"""Where parameters enter a program in a way that is not linear, and what must be computed anew to step them.

In: a program, some of its parameters. Out: for each slot, as bits (bit k for parameter k): which parameters
need a difference quotient there, and which need its value at stepped points. Everything else is carried by
the chain rule, which is exact where a function is linear in what moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lambdaml_dsl.language.functions import Chooses, Function, Slope
from lambdaml_dsl.language.nodes import Name
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.program.arrays import Contract, Largest, Operation
from lambdaml_dsl.program.instructions import Apply, Parameter, Program
from lambdaml_dsl.program.lower import rule


@dataclass(frozen=True, slots=True)
class Reach:
    """How some parameters move the slots of a program.

    Attributes
    ----------
    moves : tuple of int
        The parameters that move each slot.
    bends : tuple of int
        Those that it is not linear in, its arguments being as they are.
    quotients : tuple of int
        Those by which a quotient is formed here: the outermost slots that are not linear.
    replayed : tuple of int
        Those for which its value at stepped points is needed.
    """

    moves: tuple[int, ...]
    bends: tuple[int, ...]
    quotients: tuple[int, ...]
    replayed: tuple[int, ...]

    @property
    def stepped(self) -> int:
        """The parameters that must be stepped at all, as bits; in the others the program is affine."""
        stepped = 0
        for bits in self.quotients:
            stepped |= bits
        return stepped


@lru_cache(maxsize=1024)
def linear_given(function: Function) -> tuple[frozenset[int] | None, ...]:
    """Say for each argument which others must be unmoved for the function to be linear in it.

    That is what its slope depends on; None where the slope depends on the argument's own value too.

    Examples
    --------
    >>> from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS
    >>> linear_given(OPERATORS["*"]), linear_given(FUNCTIONS["where"])
    ((frozenset({1}), frozenset({0})), (None, frozenset({0}), frozenset({0})))
    """
    places = {name: place for place, name in enumerate(function.arguments)}
    found: list[frozenset[int] | None] = []
    for place, slope in enumerate(function.slopes):
        on: frozenset[int] | None = None
        if isinstance(slope, Slope | Chooses):
            names = {node.name for node in walk(rule(slope.formula)) if isinstance(node, Name)}
            # A slope without names is a number: 1 or -1, or NaN where there is no rule.
            known = bool(names) or slope.formula in ("1", "-1")
            if known and names <= places.keys() - {function.arguments[place]}:
                on = frozenset([places[name] for name in names])
        found.append(on)
    return tuple(found)


def reach_of(program: Program, parameters: Sequence[int]) -> Reach:
    """Find what each of some parameters moves, where it bends, and what must be computed anew for it."""
    wanted = 0
    for index in parameters:
        wanted |= 1 << index
    moves: list[int] = []
    bends: list[int] = []
    for item in program.instructions:
        moved = bent = 0
        match item:
            case Parameter(index):
                moved = wanted & 1 << index
            case Apply(Largest()):
                pass  # a shift that cancels out: taken as a number that nothing moves
            case Apply(function, arguments):
                below = [moves[argument] for argument in arguments]
                for bits in below:
                    moved |= bits
                bent = bent_by(function, below) if moved else 0
            case _:
                pass
        moves.append(moved)
        bends.append(bent)
    quotients, replayed = [0] * len(moves), [0] * len(moves)
    carried = [0] * len(moves)
    carried[program.outputs[0]] = moves[program.outputs[0]]
    for slot in reversed(range(len(moves))):
        quotients[slot] = carried[slot] & bends[slot]
        replayed[slot] |= quotients[slot]
        item = program.instructions[slot]
        if isinstance(item, Apply) and (carried[slot] or replayed[slot]):
            onward = carried[slot] & ~bends[slot]
            for argument in item.arguments:
                carried[argument] |= onward & moves[argument]
                replayed[argument] |= replayed[slot] & moves[argument]
    return Reach(tuple(moves), tuple(bends), tuple(quotients), tuple(replayed))


@lru_cache(maxsize=256)
def is_affine(program: Program, parameters: tuple[int, ...]) -> bool:
    """Say whether a program is affine in some parameters together: then its Jacobian is the same everywhere.

    Examples
    --------
    >>> import lambdaml_dsl as ld
    >>> is_affine(ld.Model("a*x^2 + b*x").program, (0, 1)), is_affine(ld.Model("a*b*x").program, (0, 1))
    (True, False)
    """
    together = 1  # one bit for all of them: where two meet, it meets itself
    moves: list[int] = []
    for item in program.instructions:
        moved = 0
        match item:
            case Parameter(index):
                moved = together if index in parameters else 0
            case Apply(Largest()):
                pass
            case Apply(function, arguments):
                below = [moves[argument] for argument in arguments]
                moved = together if any(below) else 0
                if moved and bent_by(function, below):
                    return False
            case _:
                pass
        moves.append(moved)
    return True


def bent_by(function: Function | Operation, below: Sequence[int]) -> int:
    """Give the parameters in which a slot is not linear, by those that move its arguments."""
    if isinstance(function, Contract):
        return below[0] & below[1]
    if isinstance(function, Operation):
        return 0
    bent = 0
    for bits, others in zip(below, linear_given(function), strict=True):
        if others is None:
            bent |= bits
        else:
            for other in others:
                bent |= bits & below[other]
    return bent
