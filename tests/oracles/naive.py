"""A naive evaluator: one row at a time, by recursion over the tree, on plain Python floats.

It shares nothing with the program it checks. Where the value depends on the library's rounding of
an elementary function, the scalar of the same library is taken, so that a formula which cancels
does not blow up a last bit into a difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import scipy.special

from lambdaml_dsl.language.nodes import Binary, Call, Compare, Conditional, Expr, Name, Number, Unary


def divide(x: float, y: float) -> float:
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x) or math.isnan(y):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    if y == 2:
        return x * x
    return float(np.power(np.float64(x), np.float64(y)))


def larger(x: float, y: float) -> float:
    if math.isnan(x) or math.isnan(y):
        return math.nan
    return x if x > y else y


def smaller(x: float, y: float) -> float:
    if math.isnan(x) or math.isnan(y):
        return math.nan
    return x if x < y else y


def logistic(x: float) -> float:
    small = float(np.exp(-abs(x)))
    return small / (small + 1.0) if x < 0 else 1.0 / (small + 1.0)


def log_one_plus_exp(x: float) -> float:
    return float(np.log1p(np.exp(-abs(x)))) + larger(x, 0.0)


def log_odds(x: float) -> float:
    if x < 0.25:
        return float(np.log(np.float64(divide(x, 1 - x))))
    return float(np.log1p(np.float64(divide(2 * x - 1, 1 - x))))


def sine_by_angle(x: float) -> float:
    if x == 0 or math.isinf(x):
        return 1.0 if x == 0 else 0.0
    return float(np.sin(np.float64(x))) / x


def step(x: float) -> float:
    return x if math.isnan(x) else (1.0 + sign(x)) / 2


def with_sign(x: float, y: float) -> float:
    return math.nan if math.isnan(y) else math.copysign(x, y)


def sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": divide,
    "%": lambda x, y: float(np.mod(np.float64(x), np.float64(y))),
    "**": power,
    "and": lambda x, y: 1.0 if x != 0 and y != 0 else 0.0,
    "or": lambda x, y: 1.0 if x != 0 or y != 0 else 0.0,
}

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}

NUMPY = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "ln": np.log, "log1p": np.log1p,
    "log2": np.log2, "log10": np.log10, "sqrt": np.sqrt, "cbrt": np.cbrt, "hypot": np.hypot,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "arcsin": np.arcsin,
    "acos": np.arccos, "arccos": np.arccos, "atan": np.arctan, "arctan": np.arctan,
    "atan2": np.arctan2, "arctan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "arcsinh": np.arcsinh, "acosh": np.arccosh, "arccosh": np.arccosh,
    "atanh": np.arctanh, "arctanh": np.arctanh, "floor": np.floor, "ceil": np.ceil, "round": np.rint,
    "erf": scipy.special.erf, "erfc": scipy.special.erfc, "gamma": scipy.special.gamma,
    "lgamma": scipy.special.gammaln, "trunc": np.trunc, "mod": np.mod,
}  # fmt: skip

PLAIN: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "sign": sign,
    "square": lambda x: x * x,
    "pow": power,
    "clip": lambda x, low, high: smaller(larger(x, low), high),
    "where": lambda test, x, y: x if test != 0 else y,
    "relu": lambda x: larger(x, 0.0),
    "sigmoid": logistic,
    "expit": logistic,
    "softplus": log_one_plus_exp,
    "logit": log_odds,
    "sinc": sine_by_angle,
    "heaviside": step,
    "copysign": with_sign,
}


KNOWN = frozenset({"min", "max", *PLAIN, *NUMPY})
"""The functions that this evaluator knows: all elementary ones. The special ones have tests of their own."""


def call(function: str, values: list[float]) -> float:
    if function in ("min", "max"):
        result = values[0]
        for value in values[1:]:
            result = smaller(result, value) if function == "min" else larger(result, value)
        return result
    if function in PLAIN:
        return PLAIN[function](*values)
    return float(NUMPY[function](*[np.float64(value) for value in values]))


def value_of(tree: Expr, values: Mapping[str, float]) -> float:
    """Evaluate an expression for one row: `values` gives a number for every name."""
    with np.errstate(all="ignore"):
        return recurse(tree, values)


def recurse(tree: Expr, values: Mapping[str, float]) -> float:
    match tree:
        case Number(value):
            return value
        case Name(name):
            return values[name]
        case Unary("not", operand):
            return 0.0 if recurse(operand, values) != 0 else 1.0
        case Unary(operator, operand):
            value = recurse(operand, values)
            return -value if operator == "-" else value
        case Binary(operator, left, right):
            return ARITHMETIC[operator](recurse(left, values), recurse(right, values))
        case Compare(operators, operands):
            numbers = [recurse(operand, values) for operand in operands]
            pairs = zip(operators, numbers[:-1], numbers[1:], strict=True)
            return 1.0 if all(COMPARISONS[operator](x, y) for operator, x, y in pairs) else 0.0
        case Conditional(body, test, orelse):
            return recurse(body if recurse(test, values) != 0 else orelse, values)
        case Call(function, arguments):
            return call(function, [recurse(argument, values) for argument in arguments])
    raise AssertionError(tree)
