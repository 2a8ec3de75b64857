"""SymPy and mpmath as the oracle for derivatives of whole formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mpmath
import numpy as np
import sympy
from mpmath import mp, mpf

from lambdaml_dsl.language.nodes import Binary, Call, Expr, Name, Number, Unary

BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}

FUNCTIONS = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tanh": sympy.tanh,
    "atan": sympy.atan,
    "erf": sympy.erf,
    "asinh": sympy.asinh,
    "gamma": sympy.gamma,
    "square": lambda x: x**2,
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "atan2": sympy.atan2,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "pow": lambda x, y: x**y,
}


class Derivative:
    """The derivative of a formula by one of its names, in many digits.

    Every literal becomes a symbol of its own, so that literals can be moved along with the names:
    how far the result moves when all numbers move by a last bit is what any floating-point result
    may be off by.
    """

    def __init__(self, tree: Expr, by: str) -> None:
        self._literals: dict[str, float] = {}
        expression = sympy.diff(self._convert(tree), sympy.Symbol(by))
        self._symbols = sorted(expression.free_symbols, key=str)
        self._compute = sympy.lambdify(self._symbols, expression, modules="mpmath")

    def _convert(self, node: Expr) -> sympy.Expr:
        match node:
            case Number(value):
                name = f"literal{len(self._literals)}"
                self._literals[name] = value
                return sympy.Symbol(name)
            case Name(name):
                return sympy.Symbol(name)
            case Unary("-", operand):
                return -self._convert(operand)
            case Unary("+", operand):
                return self._convert(operand)
            case Binary(operator, left, right):
                return BINARY[operator](self._convert(left), self._convert(right))
            case Call(function, arguments):
                return FUNCTIONS[function](*map(self._convert, arguments))
        raise AssertionError(f"not smooth: {node}")

    def at(self, values: Mapping[str, float]) -> mpf | None:
        """Give the derivative at a point, or None where it is no real number."""
        return self._at(values, np.zeros(len(self._symbols)))

    def spread(self, values: Mapping[str, float], relative: float = 4e-16) -> float:
        """Give how far the derivative moves when all numbers move by some last bits."""
        rng = np.random.default_rng(len(self._symbols))
        middle = self.at(values)
        if middle is None:
            return float("inf")
        moved = [self._at(values, relative * rng.choice([-1, 1], len(self._symbols))) for _ in range(4)]
        return max(float("inf") if there is None else float(abs(there - middle)) for there in moved)

    def _at(self, values: Mapping[str, float], shifts: Sequence[float]) -> mpf | None:
        numbers = {**values, **self._literals}
        with mp.workdps(60):
            point = [
                mpf(numbers[str(symbol)]) * (1 + mpf(float(shift)))
                for symbol, shift in zip(self._symbols, shifts, strict=True)
            ]
            try:
                result = mpmath.mpmathify(self._compute(*point))
            except (ZeroDivisionError, ValueError, OverflowError):
                return None
            return result if isinstance(result, mpf) and mp.isfinite(result) else None
