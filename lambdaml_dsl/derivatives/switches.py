"""Where a program switches: its comparisons, signs and roundings, and what is 0 where they change sides.

In: a program of numbers (vectors unrolled). Out: its switches, each with a program of its own. A comparison
of x and y switches where x - y is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from lambdaml_dsl.derivatives.complex_step import carry, smooth_reach
from lambdaml_dsl.derivatives.differences import replay
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, Function
from lambdaml_dsl.program.instructions import ADD, MULTIPLY, Apply, Program, ProgramBuilder
from lambdaml_dsl.program.lower import emit_rule

PLACE = "(place)"
"""The column that stands for the parameter, so that each row can have a value of its own."""


def entries(*names: str) -> tuple[Function, ...]:
    """Give the entries of the function table."""
    return tuple([(FUNCTIONS.get(name) or OPERATORS[name]) for name in names])


DIFFERENCES: Mapping[Function, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(entries("<", "<=", ">", ">=", "==", "!=", "min", "max"), ("x - y",)),
        **dict.fromkeys(entries("sign", "heaviside", "abs", "relu"), ("x",)),
        **dict.fromkeys(entries("copysign"), ("y",)),
        **dict.fromkeys(entries("clip"), ("x - low", "x - high")),
    }
)
"""What is 0 where a function switches, in the language, over the names of its arguments."""

POINTS = frozenset(entries("==", "!="))
"""These differ at the switch alone, and are the same on both sides of it."""

WHOLE = frozenset(entries("floor", "ceil", "round", "trunc"))
"""These switch at whole or half numbers."""

LOGIC = frozenset(entries("where", "and", "or", "not"))
"""These switch with what they are told, and nowhere of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """A place of a program where its value jumps or bends.

    Attributes
    ----------
    function : Function
        What switches.
    program : Program
        One output: what is 0 at the switch; or, for what has no such, the function's own value.
    signed : bool
        Whether the sign of that output tells the sides apart, not its value.
    parameters : int
        The parameters that it depends on: bit k is set for parameter k.
    on_data : bool
        Whether it switches row by row.
    """

    function: Function
    program: Program
    signed: bool
    parameters: int
    on_data: bool


@dataclass(frozen=True, slots=True, eq=False)
class Switches:
    """All switches of a program: function, slot of what tells its sides apart, whether by its sign."""

    builder: ProgramBuilder
    found: tuple[tuple[Function, int, bool], ...]

    def single(self, free: int) -> tuple[int, ...]:
        """Give the free parameters that a switch depends on, row by row, and on no other free parameter."""
        masks = {
            self.builder.on_parameters[slot] & free for _, slot, _ in self.found if self.builder.on_data[slot]
        }
        return tuple(sorted([mask.bit_length() - 1 for mask in masks if mask.bit_count() == 1]))

    def by(self, parameter: int) -> tuple[Switch, ...]:
        """Give the switches that a parameter moves."""
        builder = self.builder
        return tuple(
            [
                Switch(
                    function,
                    builder.finish([slot]),
                    signed,
                    builder.on_parameters[slot],
                    builder.on_data[slot],
                )
                for function, slot, signed in self.found
                if builder.on_parameters[slot] >> parameter & 1
            ]
        )


@lru_cache(maxsize=256)
def switches(program: Program) -> Switches:
    """Find the switches of a program that parameters move."""
    builder = ProgramBuilder()
    if not any(may_switch(program, slot) for slot in range(len(program.instructions))):
        return Switches(builder, ())
    slots = replay(program, builder, {})
    found: list[tuple[Function, int, bool]] = []
    for slot, item in zip(slots, program.instructions, strict=True):
        if not isinstance(item, Apply) or not isinstance(item.function, Function):
            continue
        function = item.function
        arguments = tuple([slots[argument] for argument in item.arguments])
        rules = DIFFERENCES.get(function)
        if rules is not None:
            names = dict(zip(function.arguments, arguments, strict=True))
            found += [(function, emit_rule(builder, rule, names), True) for rule in rules]
        elif function not in LOGIC and any(
            slope is None and builder.on_parameters[argument]
            for slope, argument in zip(function.slopes, arguments, strict=True)
        ):
            found.append((function, slot, False))
    return Switches(builder, tuple(dict.fromkeys(found)))


@lru_cache(maxsize=256)
def substituted(program: Program, parameter: int) -> Program:
    """Give a program with a parameter taken row by row, from the column `PLACE`."""
    builder = ProgramBuilder()
    base = replay(program, builder, {})
    slots = replay(program, builder, dict(enumerate(base)), (parameter, builder.column(PLACE)))
    return builder.finish([slots[output] for output in program.outputs])


@lru_cache(maxsize=256)
def slanted(program: Program, way: tuple[tuple[int, float], ...], parameter: int) -> Program:
    """Give a program in which a new parameter moves some others together, each by its own factor."""
    builder = ProgramBuilder()
    for index, factor in way:
        base = replay(program, builder, {})
        step = builder.apply(MULTIPLY, (builder.constant(factor), builder.parameter(parameter)))
        moved = builder.apply(ADD, (builder.parameter(index), step))
        slots = replay(program, builder, dict(enumerate(base)), (index, moved))
        program = builder.finish([slots[output] for output in program.outputs])
        builder = ProgramBuilder()
    return program


@lru_cache(maxsize=256)
def ways(program: Program, one: int, other: int) -> tuple[Program, ...]:
    """Give, for each switch that two parameters move, a program of its derivatives by the two."""
    return tuple(
        [
            carry(switch.program, (one, other))
            for switch in switches(program).by(one)
            if switch.parameters >> other & 1 and switch.signed
        ]
    )


def may_switch(program: Program, slot: int) -> bool:
    """Say whether a slot that parameters reach has a function that can switch."""
    item = program.instructions[slot]
    if not program.on_parameters[slot] or not isinstance(item, Apply):
        return False
    function = item.function
    return isinstance(function, Function) and (function in DIFFERENCES or None in function.slopes)


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A switch with one parameter taken row by row.

    Attributes
    ----------
    switch : Switch
        What switches.
    program : Program
        Its output, and the derivative of that by the parameter; the parameter is the column `PLACE`.
    linear : bool
        Whether the output is linear in the parameter, piece by piece, and the pieces are not too many.
    inner : tuple of Traced
        The switches between its pieces.
    """

    switch: Switch
    program: Program
    linear: bool
    inner: tuple[Traced, ...]


MOST_WITHIN = 5
"""Each switch within another may double its pieces; with more than so many, a grid is quicker."""


@lru_cache(maxsize=256)
def traced(switch: Switch, parameter: int) -> Traced:
    """Take a parameter of a switch row by row."""
    carried = carry(switch.program, (parameter,))
    slope = smooth_reach(carried)[carried.outputs[1]]
    within = switches(switch.program).by(parameter) if switch.signed else ()
    few = len(within) <= MOST_WITHIN
    below = tuple([traced(inner, parameter) for inner in within]) if few else ()
    linear = switch.signed and few and not slope >> parameter & 1 and all(one.linear for one in below)
    return Traced(switch, substituted(carried, parameter), linear, below)
