"""Shapes: which sub-expression is a number, a vector or a matrix in each row.

In: a bound expression and the shapes that are known. Out: the shape of every name and of the result; or an
error that names both shapes and both places, before any number is computed.

The shape of a parameter is what was said of it; else it is taken from its use, where that determines it: by
an index (``A[2]`` has at least 3 components), or as a vector that is multiplied by ``@``. What nothing
determines is a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeAlias, assert_never

from lambdaml_dsl.errors import ShapeError
from lambdaml_dsl.language.arrays import (
    ARRAY_FUNCTIONS,
    REDUCTIONS,
    ArrayFunction,
    Mismatch,
    Shape,
    contracted,
    described,
    elementwise,
)
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
    children,
)
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import fold, walk

MAX_COMPONENTS = 1_000_000
"""Components of one value; more are refused."""

Known: TypeAlias = Shape | None
"""A shape, or None while nothing is known of it."""


def has_arrays(expression: Expr) -> bool:
    """Say whether an expression speaks of vectors or matrices at all."""
    return any(
        isinstance(node, (Vector, Index))
        or (isinstance(node, Binary) and node.operator == "@")
        or (isinstance(node, Call) and array_function(node) is not None)
        for node in walk(expression)
    )


def array_function(call: Call) -> ArrayFunction | None:
    """Give the function of a call where it is one of arrays; ``max(v)`` is, ``max(a, b)`` is not."""
    if len(call.arguments) == 1 and call.function in REDUCTIONS:
        return REDUCTIONS[call.function]
    return ARRAY_FUNCTIONS.get(call.function)


def is_elementwise(node: Expr) -> bool:
    """Say whether a node works number by number, so that the shapes of its parts broadcast."""
    match node:
        case Binary(operator):
            return operator != "@"
        case Unary() | Compare() | Conditional():
            return True
        case Call():
            return array_function(node) is None
    return False


def whole_number(node: Expr) -> int | None:
    """Compute a whole number that is written out, as in ``i + 1`` where i is 2; None for anything else."""
    return fold(node, _whole)


def _whole(node: Expr, below: tuple[int | None, ...]) -> int | None:
    if any(value is None for value in below):
        return None
    match node, below:
        case Number(value), ():
            return int(value) if value.is_integer() and abs(value) < 2**53 else None
        case Unary("-"), (int(value),):
            return -value
        case Unary("+"), (int(value),):
            return value
        case Binary("+"), (int(a), int(b)):
            return a + b
        case Binary("-"), (int(a), int(b)):
            return a - b
        case Binary("*"), (int(a), int(b)):
            return a * b
    return None


@dataclass(frozen=True, slots=True)
class Shapes:
    """What shape inference found.

    Attributes
    ----------
    names : mapping of str to Shape or None
        The shape of every name; None where it stays open until the data are known.
    result : Shape or None
        The shape of the whole.
    """

    names: Mapping[str, Known]
    result: Known


def infer(
    expression: Expr, names: Mapping[str, Known], free: frozenset[str], source: Source, final: bool
) -> Shapes:
    """Find the shapes of all names and of the result.

    Parameters
    ----------
    expression : Expr
        The model, its definitions put in.
    names : mapping of str to Shape or None
        Every name, with its shape where that is known.
    free : frozenset of str
        Those of unknown shape that may be inferred: parameters. Others stay open.
    source : Source
        The text, for messages.
    final : bool
        No more will be known: what nothing determines is a number. If not, it is so only where that fits.

    Raises
    ------
    ShapeError
        Two shapes do not fit.
    """
    found = dict(names)
    guessed = {name for name in free if names[name] is None}
    learn_from_indices(expression, guessed, found, source)
    result = learn(expression, found, free, source)
    closed = dict(found)
    multiplied = operands(expression)
    try:
        # Names that are nowhere multiplied by @ are numbers; that may tell the lengths of those that are.
        for names_taken in (set(closed) - multiplied, set(closed)):
            closed.update({name: () for name in names_taken if closed[name] is None})
            whole = learn(expression, closed, free, source)
        return Shapes(closed, whole)
    except ShapeError as error:
        if final:
            raise with_guesses(error, {name: closed[name] for name in closed if name in guessed}) from None
    return Shapes(found, result)


def learn(expression: Expr, found: dict[str, Known], free: frozenset[str], source: Source) -> Known:
    """Find shapes until no more is learnt of free names; give that of the whole, None where it is open."""
    while True:
        before = dict(found)
        result = fold(expression, Reader(source, found, free).shape)
        if found == before:
            return result


def operands(expression: Expr) -> set[str]:
    """Give the names that are multiplied by ``@`` or ``dot``."""
    found: set[str] = set()
    for node in walk(expression):
        match node:
            case Binary("@", left, right) | Call("dot", (left, right)):
                found |= {side.name for side in (left, right) if isinstance(side, Name)}
            case _:
                pass
    return found


def with_guesses(error: ShapeError, guessed: Mapping[str, Known]) -> ShapeError:
    """Say with an error which shapes nobody gave, and what they were taken for."""
    if not guessed:
        return error
    taken = ", ".join(f"{name} for {described(shape or ())}" for name, shape in guessed.items())
    name = next(iter(guessed))
    hint = f"Nothing says the shape of these, and they were taken so: {taken}. "
    hint += f"A value of the right shape says it, such as {name} = [1, 1, 1], or a declared {name}[3]."
    return ShapeError(error.problem, excerpt=error.excerpt, hint=f"{error.hint} {hint}".strip())


def learn_from_indices(expression: Expr, unknown: set[str], found: dict[str, Known], source: Source) -> None:
    """Take the least shape of names from the components that are asked for by number.

    A range, or a number from the end, asks for a length that is said elsewhere.
    """
    nodes = list(walk(expression))
    indices = [
        (node, node.value.name)
        for node in nodes
        if isinstance(node, Index) and isinstance(node.value, Name) and node.value.name in unknown
    ]
    within = {id(node.value) for node, _ in indices}
    whole = {node.name for node in nodes if isinstance(node, Name) and id(node) not in within}
    least: dict[str, Known] = {}
    for node, name in indices:
        places = [None if isinstance(each, Slice) else whole_number(each) for each in node.subscripts]
        before = least.get(name, ())
        if before is None or any(place is None or place < 0 for place in places):
            least[name] = None
        else:
            lengths = [place + 1 for place in places if place is not None]
            least[name] = tuple(map(max, zip_longest(before, lengths, fillvalue=0)))
    for node, name in indices:
        own = [each.subscripts for each, of in indices if of == name]
        if len(least[name] or ()) == 1 and name not in whole and not any(starts_at_0(each) for each in own):
            raise source.error(
                ShapeError,
                node.span,
                f"'{name}[0]' is nowhere in the formula",
                f"Components are counted from 0: the first is {name}[0].",
            )
    found.update(least)


def starts_at_0(subscripts: tuple[Expr, ...]) -> bool:
    """Say whether an index asks for the first component."""
    return not isinstance(subscripts[0], Slice) and whole_number(subscripts[0]) == 0


@dataclass(slots=True)
class Reader:
    """Finds the shape of one node after the other; learns those of free names."""

    source: Source
    names: dict[str, Known]
    free: frozenset[str]

    def shape(self, node: Expr, below: tuple[Known, ...]) -> Known:
        """Give the shape of a node from those of its parts; None where one of them is open."""
        match node:
            case Number():
                return ()
            case Name(name):
                known = self.names.get(name, ())
                return known if known is None else self.limited(node, known)
            case Slice():
                return ()  # says something to the index around it alone
            case Index():
                below = (below[0], *[()] * (len(below) - 1))
            case Binary("@", left, right):
                below = self.learn(left, right, below)
            case Call("dot", (left, right)):
                below = self.learn(left, right, below)
            case _:
                pass
        shapes = tuple([() if shape is None else shape for shape in below])
        try:
            if None in below:
                if is_elementwise(node):
                    elementwise(*shapes)  # what is known must fit already: a number fits everything
                return None
            return self.limited(node, self.combined(node, shapes))
        except Mismatch as mismatch:
            raise self.error(node, shapes, mismatch) from None

    def limited(self, node: Expr, result: Shape) -> Shape:
        """Refuse what is too large."""
        if len(result) > 2:
            text = f"values have at most two axes, and this would have {len(result)}"
            raise self.source.error(ShapeError, node.span, text)
        size = 1
        for length in result:
            size *= length
        if size > MAX_COMPONENTS:
            raise self.source.error(
                ShapeError,
                node.span,
                f"{described(result)} in each row is more than the limit of {MAX_COMPONENTS:,} numbers",
            )
        return result

    def learn(self, left: Expr, right: Expr, below: tuple[Known, ...]) -> tuple[Known, ...]:
        """Take a free name that is multiplied by a known vector or matrix for a vector that fits it."""
        a, b = below
        if a is None and b and isinstance(left, Name) and left.name in self.free:
            a = self.names[left.name] = (b[0],)
        elif b is None and a and isinstance(right, Name) and right.name in self.free:
            b = self.names[right.name] = (a[-1],)
        return a, b

    def combined(self, node: Expr, below: tuple[Shape, ...]) -> Shape:
        """Give the shape of a node from those of its parts, all known."""
        match node:
            case Number() | Name() | Slice():
                return ()
            case Binary("@"):
                return contracted(*below)
            case Binary() | Unary() | Compare() | Conditional():
                return elementwise(*below)
            case Vector():
                other = next((number for number, shape in enumerate(below) if shape != below[0]), None)
                if other is not None:
                    raise Mismatch("the items of a vector differ in shape", (0, other))
                if len(below[0]) > 1:
                    raise Mismatch("values have at most two axes, and this would have three")
                return (len(below), *below[0])
            case Call():
                function = array_function(node)
                if function is None:
                    return elementwise(*below)
                if function.axis and len(below) == 2:
                    axis = whole_number(node.arguments[1])
                    if axis is None:
                        text = "an axis is a whole number that is written out"
                        raise Mismatch(f"{text}, such as {function.name}(A, 0)", (1,))
                    return function.shape(below[0], axis)
                return function.shape(*below)
            case Index(_, subscripts):
                return indexed(below[0], subscripts)
            case Series():
                raise TypeError("series are unrolled before shapes are found")
            case _:
                assert_never(node)

    def error(self, node: Expr, shapes: tuple[Shape, ...], mismatch: Mismatch) -> ShapeError:
        """Make the error: it points at the whole and names the parts, with their places."""
        parts = children(node)
        concerned = [number for number in mismatch.concerned if number < len(parts)]
        if len(concerned) == 1 and isinstance(node, (Call, Binary)):
            return self.source.error(ShapeError, parts[concerned[0]].span, mismatch.problem)
        told = []
        for number in concerned if len(concerned) > 1 else ():
            part = parts[number]
            place = self.source.excerpt(part.span)
            where = f"column {place.column}"
            if place.line != self.source.excerpt(node.span).line:
                where = f"line {place.line}, {where}"
            told.append(f"'{self.source.quote(part.span)}' ({where}) is {described(shapes[number])}")
        # Parts that come from a library all stand where it is called: of these there are no places to name.
        apart = len({parts[number].span for number in concerned}) > 1
        hint = f"{'; '.join(told)}." if told and apart else ""
        return self.source.error(ShapeError, node.span, mismatch.problem, hint)


def indexed(value: Shape, subscripts: tuple[Expr, ...]) -> Shape:
    """Give the shape of components of a value."""
    if not value:
        raise Mismatch("this is one number in each row and has no components", (0,))
    if len(subscripts) > len(value):
        raise Mismatch(f"{len(subscripts)} indices for {described(value)}")
    result = []
    for place, length in enumerate(value):
        if place >= len(subscripts):
            result.append(length)
            continue
        subscript = subscripts[place]
        if isinstance(subscript, Slice):
            kept = len(range(*slice(*slice_parts(subscript)).indices(length)))
            if kept == 0:
                raise Mismatch(f"this range takes nothing out of {described(value)}")
            result.append(kept)
        else:
            number = whole_number(subscript)
            if number is None:
                raise Mismatch("an index is a whole number that is written out, such as A[0]")
            if not -length <= number < length:
                raise Mismatch(f"there is no component {number}: {described(value)} has 0 to {length - 1}")
    return tuple(result)


def slice_parts(subscript: Slice) -> tuple[int | None, int | None, int | None]:
    """Give start, stop and step of a range as whole numbers."""
    parts = []
    for part in (subscript.start, subscript.stop, subscript.step):
        number = None if part is None else whole_number(part)
        if part is not None and number is None:
            raise Mismatch("the ends of a range are whole numbers that are written out, such as A[0:2]")
        parts.append(number)
    if parts[2] == 0:
        raise Mismatch("the step of a range cannot be 0")
    return parts[0], parts[1], parts[2]
