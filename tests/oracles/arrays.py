"""A naive evaluator of formulas with vectors and matrices: one row at a time, with plain NumPy.

A value is an array of its value axes alone, and what fits is what NumPy says: its broadcasting, its `matmul`,
its indexing; each refuses with a ValueError or an IndexError. Where the language is stricter than NumPy,
`Stricter` is raised:

- values have at most two axes, so a vector of matrices is refused;
- sum, mean, prod, norm, min, max, cumsum, softmax and log_softmax of a number are refused (NumPy gives the
  number), and so is an axis that is not written out;
- dot takes two vectors, not matrices or numbers; a polynomial of one listed coefficient is refused;
- a number has no components, and a range must take at least one.

With complex values it is the true complex step: what chooses (a comparison, `max`, the sign in `abs`) goes by
the real part, and everything else is complex arithmetic.

`Rounding` shakes results by a last bit, each time another way: how far the outcome moves is what any
floating-point evaluation may be off by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expr,
    Index,
    Name,
    Number,
    Slice,
    Unary,
    Vector,
)
from oracles import naive

Array = NDArray[Any]

ILL_SHAPED = (ValueError, IndexError)
"""What NumPy raises where shapes do not fit."""


class Stricter(ValueError):
    """NumPy would take it; the language does not."""


class Rounding:
    """Shakes results by some last bits."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def __call__(self, value: Array, size: Array | None = None) -> Array:
        def part(numbers: Array, size: Array) -> Array:
            return numbers + 2.0**-52 * self._rng.choice([-1.0, 1.0], numbers.shape) * np.abs(size)

        if not np.iscomplexobj(value):
            return part(value, value if size is None else size.real)
        own = value if size is None else size
        return part(value.real, own.real) + 1j * part(value.imag, own.imag)


def exact(value: Array, size: Array | None = None) -> Array:
    """Shake nothing."""
    return value


def value_of(tree: Expr, values: Mapping[str, Any], shaken: Callable[..., Array] = exact) -> Array:
    """Evaluate an expression for one row.

    `values` gives the array of each name; where one is complex, so is the result. Raises one of `ILL_SHAPED`.
    """
    with np.errstate(all="ignore"):
        return Evaluator({name: np.asarray(value) for name, value in values.items()}, shaken).value(tree)


def sequential(function: Callable[[Array, Array], Array], value: Array, axis: int) -> Array:
    """Combine components along an axis, one after the other."""
    first, *rest = np.moveaxis(value, axis, 0)
    for each in rest:
        first = function(first, each)
    return np.asarray(first)


def whole(tree: Expr) -> int | None:
    """Give a whole number that is written out."""
    match tree:
        case Number(number) if number == int(number):
            return int(number)
        case Unary(sign, operand) if (inner := whole(operand)) is not None and sign in "+-":
            return -inner if sign == "-" else inner
        case Binary(operator, left, right) if operator in ("+", "-", "*"):
            a, b = whole(left), whole(right)
            if a is not None and b is not None:
                return {"+": a + b, "-": a - b, "*": a * b}[operator]
    return None


def written(part: Expr | None) -> int | None:
    """Give a whole number of an index; None stands for what is left out of a range."""
    number = None if part is None else whole(part)
    if part is not None and number is None:
        raise Stricter("an index that is not written out")
    return number


class Evaluator:
    """Evaluates trees over some values by recursion."""

    def __init__(self, values: Mapping[str, Array], shaken: Callable[..., Array]) -> None:
        self.values = values
        self.shaken = shaken
        self.complex = any(np.iscomplexobj(value) for value in values.values())

    def value(self, tree: Expr) -> Array:
        match tree:
            case Number(number):
                return np.array(number, dtype=complex if self.complex else float)
            case Name(name):
                return self.values[name]
            case Unary(operator, operand):
                value = self.value(operand)
                if operator == "not":
                    return np.where(value.real != 0, 0.0, 1.0)
                return -value if operator == "-" else value
            case Binary("@", left, right):
                return self.product(self.value(left), self.value(right))
            case Binary(operator, left, right):
                return self.operate(operator, self.value(left), self.value(right))
            case Compare(operators, operands):
                numbers = [self.value(operand).real for operand in operands]
                np.broadcast_shapes(*[number.shape for number in numbers])
                chain = np.array(1.0)
                for operator, x, y in zip(operators, numbers[:-1], numbers[1:], strict=True):
                    chain = chain * np.where(naive.COMPARISONS[operator](x, y), 1.0, 0.0)
                return chain
            case Conditional(body, test, orelse):
                return choose(self.value(test), self.value(body), self.value(orelse))
            case Vector(items):
                stacked = np.stack([self.value(item) for item in items])
                if stacked.ndim > 2:
                    raise Stricter("three axes")
                return stacked
            case Index(value, subscripts):
                return self.components(self.value(value), subscripts)
            case Call(function, arguments):
                return self.call(function, [self.value(argument) for argument in arguments], arguments)
        raise AssertionError(tree)

    def product(self, a: Array, b: Array) -> Array:
        result = np.asarray(np.matmul(a, b))  # refuses numbers by itself
        return self.shaken(result, np.asarray(np.matmul(abs_parts(a), abs_parts(b))))

    def operate(self, operator: str, x: Array, y: Array) -> Array:
        if operator in ("+", "-", "*"):
            return np.asarray({"+": np.add, "-": np.subtract, "*": np.multiply}[operator](x, y))
        if not self.complex:
            return self.by_scalars(naive.ARITHMETIC[operator], [x, y], shake=operator == "**")
        match operator:
            case "/":
                return np.asarray(x / y)
            case "%":
                return np.asarray(x - np.floor((x / y).real) * y)
            case "**":
                return self.shaken(np.asarray(np.vectorize(power, otypes=[complex])(x, y)))
            case "and":
                return np.asarray((x.real != 0) & (y.real != 0)) * 1.0
            case "or":
                return np.asarray((x.real != 0) | (y.real != 0)) * 1.0
        raise AssertionError(operator)

    def by_scalars(self, function: Callable[..., float], arrays: list[Array], shake: bool) -> Array:
        below = np.broadcast_arrays(*arrays)
        result = np.empty(below[0].shape)
        for place in np.ndindex(result.shape):
            result[place] = function(*[float(each[place]) for each in below])
        return self.shaken(result) if shake else result

    def components(self, value: Array, subscripts: tuple[Expr, ...]) -> Array:
        if value.ndim == 0:
            raise Stricter("a number has no components")
        key: list[int | slice | None] = []
        for subscript in subscripts:
            if isinstance(subscript, Slice):
                key.append(slice(*map(written, (subscript.start, subscript.stop, subscript.step))))
            else:
                key.append(written(subscript))
        found = np.asarray(value[tuple(key)])
        if found.size == 0:
            raise Stricter("nothing is taken")
        return found

    def call(self, function: str, values: list[Array], arguments: tuple[Expr, ...]) -> Array:
        if function in REDUCTIONS or (function in ("min", "max") and len(values) == 1):
            if values[0].ndim == 0:
                raise Stricter("of a number")
            axis = None
            if len(values) == 2:
                axis = whole(arguments[1])
                if axis is None:
                    raise Stricter("an axis that is not written out")
                np.sum(values[0], axis=axis)  # refuses an axis that is not there
            return self.shaken(self.reduce(function, values[0], axis))
        if function in ("cumsum", "softmax", "log_softmax"):
            if values[0].ndim == 0:
                raise Stricter("of a number")
            return self.along_rows(function, values[0])
        match function:
            case "dot":
                if values[0].ndim != 1 or values[1].ndim != 1:
                    raise Stricter("dot of two vectors")
                return self.product(*values)
            case "size":
                return np.array(float(values[0].size))
            case "poly":
                return self.polynomial(*values)
        np.broadcast_shapes(*[value.shape for value in values])
        if not self.complex:
            return self.by_scalars(
                lambda *numbers: naive.call(function, list(numbers)), values, function not in EXACT
            )
        if function in ("min", "max"):
            result = values[0]
            for value in values[1:]:
                first = result.real < value.real if function == "min" else result.real > value.real
                result = np.where(first, result, value)
            return result
        result = np.asarray(COMPLEX[function](*values))
        return result if function in EXACT else self.shaken(result)

    def reduce(self, function: str, value: Array, axis: int | None) -> Array:
        axes = [axis % value.ndim] if axis is not None else list(range(value.ndim))[::-1]
        count = prod(value.shape[each] for each in axes)
        if function == "norm":
            if self.complex:
                return np.asarray(np.sqrt(np.sum(value * value, axis=tuple(axes))))
            for each in axes:
                value = np.abs(sequential(np.hypot, value, each))
            return value
        pairwise: dict[str, Callable[[Array, Array], Array]] = {
            "sum": np.add,
            "mean": np.add,
            "prod": np.multiply,
            "min": lambda x, y: np.where((x.real < y.real) | np.isnan(x), x, y),
            "max": lambda x, y: np.where((x.real > y.real) | np.isnan(x), x, y),
        }
        for each in axes:
            value = sequential(pairwise[function], value, each)
        return np.asarray(value / count if function == "mean" else value)

    def along_rows(self, function: str, value: Array) -> Array:
        if function == "cumsum":
            return np.asarray(np.cumsum(value, axis=-1))
        largest = value.real.max(axis=-1, keepdims=True)
        moved = value - np.where(np.isinf(largest), 0.0, largest)
        powers = self.shaken(np.exp(moved))
        below = sequential(np.add, powers, -1)[..., None]
        # A derivative is a difference here, which may be 0: its terms are as large as the components' own.
        terms = 1j * np.abs(value.imag).max(axis=-1, keepdims=True) if self.complex else 0.0
        if function == "softmax":
            result = np.asarray(powers / below)
            return self.shaken(result, np.abs(result) * (1 + terms))
        logarithm = np.log(below)
        return self.shaken(np.asarray(moved - logarithm), np.abs(logarithm) + terms)

    def polynomial(self, x: Array, *coefficients: Array) -> Array:
        if len(coefficients) == 1 and coefficients[0].ndim == 1:
            listed = list(coefficients[0])
            shape = x.shape
        else:
            if len(coefficients) == 1 and coefficients[0].ndim == 0:
                raise Stricter("one coefficient")
            listed = list(coefficients)
            shape = np.broadcast_shapes(x.shape, *[each.shape for each in coefficients])
        result = np.asarray(listed[-1])
        for coefficient in reversed(listed[:-1]):
            result = np.asarray(result * x + coefficient)
        return np.broadcast_to(result, shape)


def abs_parts(value: Array) -> Array:
    """Give the sizes of a real or complex value, for what a product may be off by."""
    return np.abs(value.real) + 1j * np.abs(value.imag) if np.iscomplexobj(value) else np.abs(value)


def choose(test: Array, x: Array, y: Array) -> Array:
    np.broadcast_shapes(test.shape, x.shape, y.shape)
    return np.where(test.real != 0, x, y)


def power(x: complex, y: complex) -> complex:
    if y.imag == 0 and y.real == int(y.real) and abs(y.real) < 100:
        return complex(x) ** int(y.real) if x != 0 or y.real >= 0 else complex(np.nan, np.nan)
    return complex(np.exp(y * np.log(x))) if x.real > 0 else complex(np.nan, np.nan)


def positive(function: Callable[[Array], Array], above: float = 0.0) -> Callable[[Array], Array]:
    """Keep a function to the reals above a number, on which it is real."""
    return lambda z: np.where(z.real > above, function(z), np.nan)


def sided(z: Array) -> Array:
    return np.where(z.real < 0, -1.0, np.where(z.real > 0, 1.0, 0.0))


def logistic(z: Array) -> Array:
    small = np.exp(-sided(z) * z)
    return np.where(z.real < 0, small / (1 + small), 1 / (1 + small))


COMPLEX: Mapping[str, Callable[..., Array]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "square": lambda z: z * z,
    "log": positive(np.log),
    "log1p": positive(np.log1p, -1.0),
    "sqrt": positive(np.sqrt),
    "abs": lambda z: sided(z) * z,
    "relu": lambda z: np.where(z.real > 0, z, 0.0),
    "sign": sided,
    "floor": lambda z: np.floor(z.real),
    "sigmoid": logistic,
    "softplus": lambda z: np.log1p(np.exp(-sided(z) * z)) + np.where(z.real > 0, z, 0.0),
    "hypot": lambda x, y: np.sqrt(x * x + y * y),
    "where": choose,
    "clip": lambda z, low, high: np.where(z.real < low.real, low, np.where(z.real > high.real, high, z)),
}
"""Elementwise functions that carry the complex step."""

EXACT = frozenset({"abs", "relu", "sign", "floor", "where", "clip", "min", "max", "square"})
"""Functions whose result no evaluation rounds another way."""

REDUCTIONS = frozenset({"sum", "mean", "prod", "norm"})
