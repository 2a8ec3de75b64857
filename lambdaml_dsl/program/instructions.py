"""The program: instructions in evaluation order over numbered slots, and the builder that makes one.

In: calls of the builder. Out: a frozen `Program`. Equal instructions share a slot, constants are
folded, and each slot knows its shape and what it depends on. Folding is limited to what is exact for
every float64, NaN and infinities included.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from lambdaml_dsl.language.arrays import Shape, elementwise
from lambdaml_dsl.language.functions import FUNCTIONS, OPERATORS, FloatArray, Function
from lambdaml_dsl.language.printing import number_text
from lambdaml_dsl.language.source import NOWHERE, Span
from lambdaml_dsl.program.arrays import Broadcast, Operation
from lambdaml_dsl.program.totals import Total


@dataclass(frozen=True, slots=True)
class Constant:
    """A slot that holds a number."""

    value: float


@dataclass(frozen=True, slots=True)
class Column:
    """A slot that holds one value a row: an input, or another column of the data."""

    name: str
    shape: Shape = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A slot that holds a parameter: the components of theta from `offset` on.

    Attributes
    ----------
    index : int
        The number of the parameter.
    offset : int
        Where in theta its first component is.
    shape : Shape
        () for a number.
    """

    index: int
    offset: int
    shape: Shape = ()

    @property
    def size(self) -> int:
        """How many components of theta it is."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Apply:
    """A slot computed from earlier slots: number by number, or by an operation on their axes."""

    function: Function | Operation
    arguments: tuple[int, ...]


Instruction: TypeAlias = Constant | Column | Parameter | Apply

Extension: TypeAlias = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Instructions in evaluation order; the number of an instruction is the number of its slot.

    Attributes
    ----------
    instructions : tuple of Instruction
        Each uses only earlier slots.
    spans : tuple of Span
        Where in the formula each slot comes from; an empty span where nowhere.
    outputs : tuple of int
        The slots that are the result.
    on_data : tuple of bool
        Whether a slot depends on a column.
    on_parameters : tuple of int
        The parameters that a slot depends on: bit k is set for parameter k.
    shapes : tuple of Shape
        The value axes of each slot.
    extension : callable, optional
        Gives theta with further components, which the program reads as parameters beyond the model's own:
        shape (..., P) to (..., P + E). Applied once for each theta.
    """

    instructions: tuple[Instruction, ...]
    spans: tuple[Span, ...]
    outputs: tuple[int, ...]
    on_data: tuple[bool, ...]
    on_parameters: tuple[int, ...]
    shapes: tuple[Shape, ...]
    extension: Extension | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the program reads."""
        return tuple([item.name for item in self.instructions if isinstance(item, Column)])

    @property
    def adds_up(self) -> bool:
        """Whether the outputs are sums over rows: then all of them are."""
        return any(
            isinstance(item, Apply) and isinstance(item.function, Total)
            for item in (self.instructions[slot] for slot in self.outputs)
        )

    @property
    def output_sizes(self) -> tuple[int, ...]:
        """How many numbers a row each output is."""
        return tuple([prod(self.shapes[slot]) for slot in self.outputs])

    def listing(self, parameters: Sequence[str]) -> str:
        """Show the instructions, one a line, with what each depends on."""
        lines = []
        for slot, item in enumerate(self.instructions):
            match item:
                case Constant(value):
                    text = number_text(value)
                case Column(name):
                    text = f"column {name}"
                case Parameter(index):
                    # Behind the model's own come those of an extension, which have no names.
                    text = f"parameter {parameters[index] if index < len(parameters) else index}"
                case Apply(function, arguments):
                    text = f"{function.name} {' '.join(f'%{argument}' for argument in arguments)}"
            if self.shapes[slot]:
                text += f" {list(self.shapes[slot])}"
            mask = self.on_parameters[slot]
            reaches = [name for index, name in enumerate(parameters) if mask >> index & 1]
            depends = ["data"] * self.on_data[slot] + reaches
            mark = "  <- result" if slot in self.outputs else ""
            lines.append(f"%{slot:<3} = {text:<28} {{{', '.join(depends)}}}{mark}")
        return "\n".join(lines)


ADD, SUBTRACT, MULTIPLY, DIVIDE = (OPERATORS[symbol] for symbol in "+-*/")
POWER, NEGATE = OPERATORS["**"], OPERATORS["negate"]
SQUARE, WHERE = FUNCTIONS["square"], FUNCTIONS["where"]


class ProgramBuilder:
    """Collects instructions; gives the slot of each, an old one where an equal instruction has it.

    Examples
    --------
    >>> builder = ProgramBuilder()
    >>> x = builder.column("x")
    >>> builder.apply(ADD, (x, x)) == builder.apply(ADD, (x, x))
    True
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.spans: list[Span] = []
        self.on_data: list[bool] = []
        self.on_parameters: list[int] = []
        self.shapes: list[Shape] = []
        self._slots: dict[Hashable, int] = {}

    def constant(self, value: float) -> int:
        """Give the slot of a number; 0 and -0 are two numbers, NaN is one."""
        return self._slot(("constant", float(value).hex()), Constant(float(value)), (), False, 0)

    def column(self, name: str, span: Span = NOWHERE, shape: Shape = ()) -> int:
        """Give the slot of a column."""
        return self._slot(("column", name), Column(name, shape), shape, True, 0, span)

    def parameter(
        self, index: int, span: Span = NOWHERE, offset: int | None = None, shape: Shape = ()
    ) -> int:
        """Give the slot of a parameter; of numbers alone, parameter k is component k of theta."""
        item = Parameter(index, index if offset is None else offset, shape)
        return self._slot(("parameter", index), item, shape, False, 1 << index, span)

    def broadcast(self, slot: int, shape: Shape, leading: int = 0) -> int:
        """Give the slot of a value repeated along axes that it lacks; its first `leading` axes stay so."""
        return slot if self.shapes[slot] == shape else self.operate(Broadcast(shape, leading), (slot,))

    def operate(self, operation: Operation, arguments: tuple[int, ...], span: Span = NOWHERE) -> int:
        """Give the slot of an operation's value."""
        shape = operation.shape(*[self.shapes[slot] for slot in arguments])
        return self._computed(operation, arguments, shape, span)

    def apply(self, function: Function, arguments: tuple[int, ...], span: Span = NOWHERE) -> int:
        """Give the slot of a function's value."""
        known = [self.instructions[slot] for slot in arguments]
        if all(isinstance(item, Constant) for item in known):
            return self.constant(fold_constant(function, [item.value for item in known]))  # type: ignore[union-attr]
        same = self._simpler(function, arguments, known)
        if same is not None:
            return same
        if function.commutative:
            arguments = tuple(sorted(arguments))
        shapes = [self.shapes[slot] for slot in arguments]
        return self._computed(function, arguments, elementwise(*shapes) if any(shapes) else (), span)

    def again(self, program: Program, slot: int, slots: Sequence[int]) -> int:
        """Give the slot of another program's instruction, whose arguments are in `slots` here.

        It is taken over as it is, without a look at what could be simpler.
        """
        item = program.instructions[slot]
        key: Hashable
        match item:
            case Constant(value):
                key = ("constant", value.hex())
            case Column(name):
                key = ("column", name)
            case Parameter(index):
                key = ("parameter", index)
            case Apply(function, arguments):
                inner = tuple([slots[argument] for argument in arguments])
                if isinstance(function, Function) and function.commutative:
                    inner = tuple(sorted(inner))
                key, item = (function, inner), Apply(function, inner)
        depends = program.on_data[slot], program.on_parameters[slot]
        return self._slot(key, item, program.shapes[slot], *depends, program.spans[slot])

    def _computed(
        self, function: Function | Operation, arguments: tuple[int, ...], shape: Shape, span: Span
    ) -> int:
        on_data, on_parameters = False, 0
        for slot in arguments:
            on_data = on_data or self.on_data[slot]
            on_parameters |= self.on_parameters[slot]
        return self._slot(
            (function, arguments), Apply(function, arguments), shape, on_data, on_parameters, span
        )

    def finish(self, outputs: Sequence[int], extension: Extension | None = None) -> Program:
        """Freeze the program, without the slots that no output needs.

        Vectors and matrices of parameters are kept: how many components they have counts in derivatives.
        """
        needed: set[int] = set()
        stack = list(outputs)
        stack += [k for k, item in enumerate(self.instructions) if isinstance(item, Parameter) and item.shape]
        while stack:
            slot = stack.pop()
            if slot not in needed:
                needed.add(slot)
                item = self.instructions[slot]
                if isinstance(item, Apply):
                    stack.extend(item.arguments)
        order = sorted(needed)
        number = {slot: position for position, slot in enumerate(order)}
        kept: list[Instruction] = []
        for slot in order:
            item = self.instructions[slot]
            if isinstance(item, Apply):
                item = Apply(item.function, tuple([number[argument] for argument in item.arguments]))
            kept.append(item)
        return Program(
            instructions=tuple(kept),
            spans=tuple([self.spans[slot] for slot in order]),
            outputs=tuple([number[slot] for slot in outputs]),
            on_data=tuple([self.on_data[slot] for slot in order]),
            on_parameters=tuple([self.on_parameters[slot] for slot in order]),
            shapes=tuple([self.shapes[slot] for slot in order]),
            extension=extension,
        )

    def _slot(
        self,
        key: Hashable,
        item: Instruction,
        shape: Shape,
        on_data: bool,
        on_parameters: int,
        span: Span = NOWHERE,
    ) -> int:
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = len(self.instructions)
            self.instructions.append(item)
            self.spans.append(span)
            self.on_data.append(on_data)
            self.on_parameters.append(on_parameters)
            self.shapes.append(shape)
        return slot

    def _simpler(
        self, function: Function, arguments: tuple[int, ...], known: list[Instruction]
    ) -> int | None:
        """Find the slot that already holds the value, where that is exact for every float64."""
        numbers = [item.value if isinstance(item, Constant) else None for item in known]
        if function is MULTIPLY:
            for number, other in (numbers, arguments), (numbers[::-1], arguments[::-1]):
                if number[0] == 1:
                    return other[1]
                if number[0] == -1:
                    return self.apply(NEGATE, (other[1],))
            if arguments[0] == arguments[1]:
                return self.apply(SQUARE, arguments[:1])
        elif function is NEGATE and isinstance(known[0], Apply) and known[0].function is NEGATE:
            return known[0].arguments[0]
        elif function in (DIVIDE, POWER) and numbers[1] == 1:
            return arguments[0]
        elif function is POWER and numbers[1] == 2:
            return self.apply(SQUARE, arguments[:1])
        elif function is WHERE and numbers[0] is not None:
            shape = elementwise(*[self.shapes[slot] for slot in arguments])
            return self.broadcast(arguments[1] if numbers[0] != 0 else arguments[2], shape)
        return None


def fold_constant(function: Function, values: Sequence[float]) -> float:
    """Compute a function of numbers, by the same kernel that computes it of columns."""
    out = np.empty(1)
    with np.errstate(all="ignore"):
        function.kernel(*[np.array([value]) for value in values], out)
    return float(out[0])
