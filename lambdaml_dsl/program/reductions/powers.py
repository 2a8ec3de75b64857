"""Powers by products, quotients and roots.

With u = 2^-53: "within 1 ulp" is of the correctly rounded value, so an error below 1.5 ulp. A proof looks at
x between two powers of two, where the unit of the result is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lambdaml_dsl.language.functions import FUNCTIONS
from lambdaml_dsl.language.kernels import mended
from lambdaml_dsl.language.source import Span
from lambdaml_dsl.program.instructions import DIVIDE, MULTIPLY, POWER, SQUARE, Constant, ProgramBuilder
from lambdaml_dsl.program.reductions.entry import Emit, Slots, instruction

ABS, SQRT = FUNCTIONS["abs"], FUNCTIONS["sqrt"]

MENDED_ROOT = instruction("mended_root", ("root", "x"), mended.mended_root, "root of -0 and -infinity")
SIGNED = instruction("signed", ("magnitude", "x"), mended.signed, "magnitude with the sign of x")


def exponent(slots: Slots, arguments: tuple[int, ...]) -> float | None:
    """Give the exponent of a power where it is a number."""
    item = slots.instructions[arguments[1]]
    return item.value if isinstance(item, Constant) else None


def special_exponent(slots: Slots, arguments: tuple[int, ...]) -> bool:
    """Replace powers with a whole exponent, or one in the table."""
    number = exponent(slots, arguments)
    return number is not None and number != 0 and (number in POWERS or number.is_integer())


def power(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit a power as the table says, else with a whole exponent."""
    number = exponent(builder, arguments)
    assert number is not None
    return POWERS.get(number, whole_power)(builder, arguments, span)


def itself(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^1: the slot of x."""
    return arguments[0]


def square(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^2: correctly rounded."""
    return builder.apply(SQUARE, arguments[:1], span)


def cube(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^3 = x*x*x, at most 1.3 ulp off, so within 1 ulp.

    Let 1 <= x < 2. The error of the square, u where it is below 2, else 2 u, comes out multiplied by x: in
    the units of x^3 (2 u below 2, 4 u below 4, 8 u above) it is largest at x^3 = 4 from below, 2 u*x/4 u =
    0.794; the second rounding adds 0.5. Below the normal range the square is normal still wherever x^3 is
    not 0, and it overflows only where x^3 does.
    """
    return builder.apply(MULTIPLY, (builder.apply(SQUARE, arguments[:1], span), arguments[0]), span)


def reciprocal(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^-1 = 1/x: correctly rounded."""
    return builder.apply(DIVIDE, (builder.constant(1.0), arguments[0]), span)


def reciprocal_square(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^-2 = (1/x)/x, at most 1.21 ulp off, so within 1 ulp.

    Let 1 < x < 2. The error of 1/x, at most u/2, is divided by x: in the units of x^-2 (u from 1/2 on, u/2
    below) it is largest at x^-2 = 1/2 from below, 0.707; the second rounding adds 0.5. 1/x is subnormal only
    where x^-2 is 0, and overflows only where x^-2 does; 1/square(x) does worse at both ends.
    """
    return builder.apply(DIVIDE, (reciprocal(builder, arguments, span), arguments[0]), span)


def root(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^(1/2) as the square root: correctly rounded, and what NumPy 2 itself makes of this power."""
    return builder.apply(SQRT, arguments[:1], span)


def positive_root(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit the square root with the ends of a power: 0 of -0, infinity of -infinity."""
    return builder.apply(MENDED_ROOT, (root(builder, arguments, span), arguments[0]), span)


def reciprocal_root(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^(-1/2) as 1 over the root, less than 1.5 ulp off, so within 1 ulp.

    Let 1 < x < 4. The error of the root, at most u, is divided by x: less than u, the unit of x^(-1/2); the
    second rounding adds 0.5. There is neither over- nor underflow.
    """
    return builder.apply(DIVIDE, (builder.constant(1.0), positive_root(builder, arguments, span)), span)


def root_cubed(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^(3/2) as abs(x) times the root, at most 1.3 ulp off, so within 1 ulp.

    Let 1 <= x < 4. The error of the root, at most u, comes out multiplied by x: in the units of x^(3/2) it is
    largest at x^(3/2) = 2 from below, u*x/2 u = 0.794; the second rounding adds 0.5. abs makes the product
    right at -0 and -infinity.
    """
    size = builder.apply(ABS, arguments[:1], span)
    return builder.apply(MULTIPLY, (size, positive_root(builder, arguments, span)), span)


def whole_power(builder: ProgramBuilder, arguments: tuple[int, ...], span: Span) -> int:
    """Emit x^n for a whole number n as abs(x)^n, with the sign of x where n is odd.

    Bit-equal where x is positive. NumPy's power of a negative number leaves its vectorised loop, and takes
    thirty times as long; the two loops differ by at most 1 ulp.
    """
    number = exponent(builder, arguments)
    size = builder.apply(ABS, arguments[:1], span)
    magnitude = builder.apply(POWER, (size, arguments[1]), span)
    return (
        magnitude
        if number is None or number % 2 == 0
        else builder.apply(SIGNED, (magnitude, arguments[0]), span)
    )


POWERS: Mapping[float, Emit] = MappingProxyType(
    {
        1.0: itself,
        2.0: square,
        3.0: cube,
        -1.0: reciprocal,
        -2.0: reciprocal_square,
        0.5: root,
        -0.5: reciprocal_root,
        1.5: root_cubed,
    }
)
"""What stands for a power, by exponent. Longer products are off by more than 1 ulp."""
