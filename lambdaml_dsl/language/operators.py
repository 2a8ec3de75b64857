"""The operators of the table."""

from __future__ import annotations

import numpy as np

from lambdaml_dsl.language.entries import (
    COMPARED,
    KEPT,
    LIKE,
    PURE,
    REALS,
    Chooses,
    Dimension,
    Function,
    Kernel,
    Measured,
    Slope,
)
from lambdaml_dsl.language.kernels.choices import both, either, is_zero

POWER_SLOPES = (Slope("where(y == 0, 0, y*x^(y - 1))", steep=True), Slope("xlogy(value, x)"))
"""0^b is 0 for every b > 0, so its derivative by b is 0: xlogy gives that, log alone would give NaN."""

MOD_SLOPES = (Slope("1"), Slope("round((value - x)/y)"))
"""x - y*floor(x/y): the rounding mends the quotient, which is a whole number but for its last digits."""

RAISED = Dimension(("a", ""), (("a", 1),), raised=True)


def _operator(
    symbol: str,
    arguments: tuple[str, ...],
    kernel: Kernel,
    slopes: tuple[Slope | Chooses | Measured | None, ...],
    doc: str,
    latex: str,
    dimension: Dimension,
    commutative: bool = False,
) -> Function:
    return Function(
        symbol,
        arguments,
        kernel,
        slopes,
        doc,
        domain=(REALS,) * len(arguments),
        commutative=commutative,
        latex=latex,
        dimension=dimension,
    )


XY: tuple[str, ...] = ("x", "y")
FLAT: tuple[None, None] = (None, None)
PRODUCT = Dimension(("a", "b"), (("a", 1), ("b", 1)))
QUOTIENT = Dimension(("a", "b"), (("a", 1), ("b", -1)))

OPERATOR_ENTRIES = (
    _operator("+", XY, np.add, (Slope("1"), Slope("1")), "sum", "{x} + {y}", LIKE, commutative=True),
    _operator("-", XY, np.subtract, (Slope("1"), Slope("-1")), "difference", "{x} - {y}", LIKE),
    _operator(
        "*", XY, np.multiply, (Slope("y"), Slope("x")), "product", r"{x} \cdot {y}", PRODUCT, commutative=True
    ),
    _operator(
        "/", XY, np.divide, (Slope("1/y"), Slope("-value/y")), "quotient", r"\frac{{{x}}}{{{y}}}", QUOTIENT
    ),
    _operator(
        "%", XY, np.mod, MOD_SLOPES, "remainder, with the sign of y", r"{x} \;\mathrm{{mod}}\; {y}", LIKE
    ),
    _operator("**", XY, np.power, POWER_SLOPES, "power", "{{{x}}}^{{{y}}}", RAISED),
    _operator("negate", ("x",), np.negative, (Slope("-1"),), "sign changed", "-{x}", KEPT),
    _operator("<", XY, np.less, FLAT, "1 where less, else 0", "{x} < {y}", COMPARED),
    _operator("<=", XY, np.less_equal, FLAT, "1 where less or equal, else 0", r"{x} \leq {y}", COMPARED),
    _operator(">", XY, np.greater, FLAT, "1 where greater, else 0", "{x} > {y}", COMPARED),
    _operator(
        ">=", XY, np.greater_equal, FLAT, "1 where greater or equal, else 0", r"{x} \geq {y}", COMPARED
    ),
    _operator("==", XY, np.equal, FLAT, "1 where equal, else 0", "{x} = {y}", COMPARED),
    _operator("!=", XY, np.not_equal, FLAT, "1 where not equal, else 0", r"{x} \neq {y}", COMPARED),
    _operator("and", XY, both, FLAT, "1 where both are not zero, else 0", r"{x} \wedge {y}", PURE),
    _operator("or", XY, either, FLAT, "1 where one or both are not zero, else 0", r"{x} \vee {y}", PURE),
    _operator("not", ("x",), is_zero, (None,), "1 where zero, else 0", r"\neg {x}", PURE),
)
