"""The table of rewrites: what loses digits or overflows as it is written, and what it is said as instead.

A rule is written in the language itself. It holds for all real numbers for which its pattern is finite,
gives a finite value wherever the pattern does, and NaN where a part of it is NaN. What it heals is one of two
ills: digits that cancel where the value itself is well conditioned, or an exponential that overflows where
the value (and its derivative, see docs/decisions/007) does not. `tests/language/test_rewrite.py` proves each
rule equal, never less accurate, and worth it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rule.

    Attributes
    ----------
    name : str
        What listings call it; several patterns may share it.
    pattern : str
        What is rewritten. Names of one letter stand for any expression, `z` for any but a plain number;
        constants stand for themselves. The operands of ``+`` and ``*`` may stand in either order.
    replacement : str
        What it becomes, over the same letters.
    reason : str
        What is gained.
    """

    name: str
    pattern: str
    replacement: str
    reason: str


NEAR_0 = "keeps its digits near 0"
TAIL = "keeps its digits in the tail"
LARGE = "cannot overflow"
SLOPE = "cannot overflow, nor can its derivative"

SUM_BY_LARGEST = "size(z) + sum(expm1(z - max(z)))"
"""The sum of exp(z) over its largest term."""

REWRITES = (
    Rewrite("exp", "e^z", "exp(z)", "does not raise a rounded e"),
    Rewrite("expm1", "exp(z) - 1", "expm1(z)", NEAR_0),
    Rewrite("expm1", "1 - exp(z)", "-expm1(z)", NEAR_0),
    # Before log1p: softplus does not even form the exponential.
    Rewrite("softplus", "log(1 + exp(z))", "softplus(z)", SLOPE),
    Rewrite("log1p", "log(1 + z)", "log1p(z)", NEAR_0),
    Rewrite("log1p", "log(1 - z)", "log1p(-z)", NEAR_0),
    Rewrite("softplus", "log(sigmoid(z))", "-softplus(-z)", "keeps its digits where sigmoid is near 1 or 0"),
    Rewrite("log_softmax", "log(softmax(z))", "log_softmax(z)", "is finite where softmax underflows"),
    # By expm1 and not exp, so that what is rewritten once is not rewritten again.
    Rewrite("log_sum_exp", "log(sum(exp(z)))", f"max(z) + log({SUM_BY_LARGEST})", LARGE),
    Rewrite("softmax", "exp(z)/sum(exp(z))", f"exp(z - max(z))/({SUM_BY_LARGEST})", SLOPE),
    Rewrite(
        "log_softmax",
        f"log(exp(z - max(z))/({SUM_BY_LARGEST}))",
        f"z - max(z) - log({SUM_BY_LARGEST})",
        "is finite where the quotient underflows",
    ),
    # The particular ones come before those with a numerator `a`.
    Rewrite("sigmoid", "1 - sigmoid(z)", "sigmoid(-z)", TAIL),
    Rewrite("sigmoid", "exp(z)/(1 + exp(z))", "sigmoid(z)", SLOPE),
    Rewrite("sigmoid", "a*exp(z)/(1 + exp(z))", "a*sigmoid(z)", SLOPE),
    Rewrite("sigmoid", "exp(a)/(exp(a) + exp(b))", "sigmoid(a - b)", SLOPE),
    Rewrite("sigmoid", "c*exp(a)/(exp(a) + exp(b))", "c*sigmoid(a - b)", SLOPE),
    Rewrite("tanh", "expm1(z)/(1 + exp(z))", "tanh(z/2)", SLOPE),
    Rewrite("tanh", "-expm1(z)/(1 + exp(z))", "tanh(-z/2)", SLOPE),
    Rewrite("sigmoid", "1/(1 + exp(z))", "sigmoid(-z)", SLOPE),
    Rewrite("sigmoid", "a/(1 + exp(z))", "a*sigmoid(-z)", SLOPE),
    Rewrite("sigmoid", "exp(z)/(1 + exp(z))^2", "sigmoid(z)*sigmoid(-z)", SLOPE),
    Rewrite("sigmoid", "a*exp(z)/(1 + exp(z))^2", "a*sigmoid(z)*sigmoid(-z)", SLOPE),
    Rewrite("sigmoid", "exp(z)/(a*(1 + exp(z))^2)", "sigmoid(z)*sigmoid(-z)/a", SLOPE),
    Rewrite("sigmoid", "1/(1 + exp(z))^n", "sigmoid(-z)^n", SLOPE),
    Rewrite("sigmoid", "a/(1 + exp(z))^n", "a*sigmoid(-z)^n", SLOPE),
    Rewrite("sigmoid", "(1 + exp(z))^-1", "sigmoid(-z)", SLOPE),
    Rewrite("sigmoid", "(1 + exp(z))^-n", "sigmoid(-z)^n", SLOPE),
    Rewrite("sigmoid", "1 + tanh(z)", "2*sigmoid(2*z)", TAIL),
    Rewrite("sigmoid", "1 - tanh(z)", "2*sigmoid(2*-z)", TAIL),
    # A bare exp(z) + exp(-z) loses nothing and stays; halved, its derivative cancels near 0.
    Rewrite("sinh", "exp(z) - exp(-z)", "2*sinh(z)", NEAR_0),
    Rewrite("cosh", "(exp(-z) + exp(z))/2", "cosh(z)", "its derivative keeps its digits near 0"),
    Rewrite("cosh", "(exp(-z) + exp(z))*0.5", "cosh(z)", "its derivative keeps its digits near 0"),
    Rewrite("cosh", "(exp(-z) + exp(z))*(1/2)", "cosh(z)", "its derivative keeps its digits near 0"),
    Rewrite("tanh", "2*sinh(z)/(exp(z) + exp(-z))", "tanh(z)", SLOPE),
    Rewrite("tanh", "(exp(z) + exp(-z))/(2*sinh(z))", "1/tanh(z)", SLOPE),
    # What the rules above leave of a half that was written.
    Rewrite("half", "2*a/2", "a", "what is doubled and halved is itself"),
    Rewrite("half", "2*a*0.5", "a", "what is doubled and halved is itself"),
    Rewrite("half", "2*a*(1/2)", "a", "what is doubled and halved is itself"),
    Rewrite("sin", "1 - cos(z)", "2*sin(z/2)^2", NEAR_0),
    Rewrite("sin", "cos(z) - 1", "-2*sin(z/2)^2", NEAR_0),
    Rewrite("sin", "1 - cos(z)^2", "sin(z)^2", NEAR_0),
    Rewrite("erfc", "1 - erf(z)", "erfc(z)", TAIL),
    Rewrite("erfc", "erf(z) - 1", "-erfc(z)", TAIL),
    Rewrite("erfc", "1 + erf(z)", "erfc(-z)", TAIL),
    Rewrite("erf", "1 - erfc(z)", "erf(z)", NEAR_0),
    Rewrite("erfcx", "exp(z^2)*erfc(z)", "erfcx(z)", LARGE),
)
"""The rules; of those that fit a place, the first one listed is applied.

Left alone: ``sqrt(a^2 + b^2)`` (`hypot` of infinity and NaN is infinity), ``1 - z^2`` (it cancels only
where it is as sensitive to `z`), ``1 - tanh(z)^2`` (in every stable form the derivative cancels near 0 or
overflows), ``sin(z)/z`` (at 0 it is NaN as written, and the row is named), ``log(exp(a) + exp(b))`` and
``1/(exp(z) - 1)`` (every stable form over the present functions is NaN somewhere, or its derivative wrong).
"""
