r"""Tree to LaTeX, as it would be set in a paper: fractions, roots, indices, no bracket more than it takes.

The text is for math mode and needs amsmath where there are cases or vectors. It is for reading: unlike what
`lambdaml_dsl.language.printing` prints, it is not parsed again.

Every expression is printed in two styles: displayed, and as in an exponent, where a fraction is written with
a slash. Precedence is a table, as there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TypeAlias, assert_never

from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.latex_forms import (
    AND,
    ATOM,
    CASES,
    COMPARISON,
    DISPLAY,
    FUNCTION,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SCRIPT,
    SLASH,
    SUM,
    Form,
    Piece,
    added,
    bracketed,
    cases,
    joined,
    minus,
    number,
    over,
    power,
    running,
    times,
    vector,
)
from lambdaml_dsl.language.latex_names import function_name, name_to_latex
from lambdaml_dsl.language.nodes import (
    Binary,
    Call,
    Compare,
    Conditional,
    Definition,
    Equation,
    Expr,
    Index,
    Name,
    Number,
    Series,
    Slice,
    Unary,
    Vector,
)
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.printing import Rope, flatten
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import fold

RELATIONS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}
LOGIC = {"or": (r" \text{ or } ", OR), "and": (r" \text{ and } ", AND)}
SERIES_SIGNS = {"sum": r"\sum", "prod": r"\prod"}
DELIMITERS = (r"\right|", r"\right\rfloor", r"\right\rceil", r"\right\Vert")

SAID_AS = {
    "expm1": "exp(x) - 1",
    "exp2": "2^x",
    "log1p": "log(1 + x)",
    "softplus": "log(1 + exp(x))",
    "square": "x^2",
    "pow": "x^y",
    "hypot": "sqrt(x^2 + y^2)",
    "mod": "x % y",
}
"""Functions that are made for their digits, and are printed as what they stand for."""


Printed: TypeAlias = tuple[Form, Form]
"""Displayed, and as in an exponent."""


def to_latex(tree: Expr | Equation) -> str:
    r"""Print an expression or a whole formula for a paper.

    Parameters
    ----------
    tree : Expr or Equation
        What to print; the definitions of a formula stand behind it.

    Returns
    -------
    str
        LaTeX for math mode.

    Examples
    --------
    >>> print(to_latex(parse(Source("y ~ A*exp(-t/tau_1) + (x - mu)/(2*sigma^2)"))))
    y = A\,e^{-t/\tau_{1}} + \frac{x - \mu}{2\,\sigma^{2}}
    """
    if not isinstance(tree, Equation):
        return printed(tree, ())
    own = [definition.name for definition in tree.definitions]
    text = printed(tree.right, own)
    if tree.left is not None:
        text = f"{printed(tree.left, [*own, *named_by(tree)])} = {text}"
    if tree.definitions:
        listed = r",\quad ".join([definition_to_latex(each, own) for each in tree.definitions])
        text += rf" \quad\text{{with }} {listed}"
    return text


def named_by(equation: Equation) -> list[str]:
    """Give the name of the model in ``gamma(t) =``: it is no function of the table there."""
    left = equation.left
    if isinstance(left, Call) and equation.relation == "=":
        entry = FUNCTIONS.get(left.function)
        if entry is not None and entry.symbol:
            return [left.function]
    return []


def definition_to_latex(definition: Definition, own: Collection[str]) -> str:
    """Print a definition."""
    if definition.arguments is None:
        return f"{name_to_latex(definition.name)} = {printed(definition.body, own)}"
    arguments = [
        name_to_latex(argument.name)
        + ("" if argument.default is None else f" = {printed(argument.default, own)}")
        for argument in definition.arguments
    ]
    head = rf"{function_name(definition.name)}\left({', '.join(arguments)}\right)"
    return f"{head} = {printed(definition.body, own)}"


def printed(tree: Expr, own: Collection[str]) -> str:
    """Print an expression in which some functions are the formula's own."""

    def combine(node: Expr, below: tuple[Printed, ...]) -> Printed:
        return layout(node, below, DISPLAY, own), layout(node, below, SCRIPT, own)

    return flatten(fold(tree, combine)[DISPLAY].text)


def layout(node: Expr, both: tuple[Printed, ...], style: int, own: Collection[str]) -> Form:
    """Print a node from its printed children."""
    below = [pair[style] for pair in both]
    match node:
        case Number(value):
            return number(value)
        case Name(name):
            return Form(name_to_latex(name), ATOM)
        case Unary("not", _):
            return joined(r"\text{not } ", (below[0], NOT), level=NOT)
        case Unary("-", _):
            return minus(below[0])
        case Unary():
            return below[0]
        case Binary("+" | "-"):
            return added(below[0], below[1], node.operator)
        case Binary("*"):
            return times(below[0], below[1])
        case Binary("@"):
            return times(below[0], below[1], POWER)
        case Binary("/"):
            return over(below[0], below[1], style)
        case Binary("%"):
            return joined((below[0], PRODUCT), r" \;\mathrm{mod}\; ", (below[1], POWER), level=SLASH)
        case Binary("**"):
            return power(below[0], both[1][SCRIPT])
        case Binary(operator):
            sign, level = LOGIC[operator]
            return joined((below[0], level), sign, (below[1], level), level=level)
        case Compare(operators):
            pieces: list[Piece] = [(below[0], SUM)]
            for operator, operand in zip(operators, below[1:], strict=True):
                pieces += [f" {RELATIONS[operator]} ", (operand, SUM)]
            return joined(*pieces, level=COMPARISON)
        case Conditional():
            body, test, orelse = below
            return cases([body, orelse], [test])
        case Call(function):
            return call(function, both, style, own)
        case Vector():
            return vector(below)
        case Index(value):
            return component(value, below[0], [pair[SCRIPT].text for pair in both[1:]])
        case Slice(start, stop, step):
            ends = iter(both)
            shown = [next(ends)[SCRIPT].text if part else "" for part in (start, stop, step)]
            return Form((shown[0], ":", shown[1], *([":", shown[2]] if step else [])), CASES)
        case Series(function, index):
            return series(function, name_to_latex(index), both, style)
        case _:
            assert_never(node)


def component(value: Expr, form: Form, indices: Sequence[Rope]) -> Form:
    """Print a component: the index of a name joins those that the name has."""
    listed = [flatten(index) for index in indices]
    if isinstance(value, Name):
        return Form(name_to_latex(value.name, listed), ATOM)
    base = form if isinstance(value, Call | Vector) and form.level >= FUNCTION else bracketed(form)
    return Form((base.text, f"_{{{','.join(listed)}}}"), FUNCTION, brackets=base.brackets)


def series(function: str, index: str, both: Sequence[Printed], style: int) -> Form:
    """Print a sum or product over an index, or another function over it."""
    low, high, body = both[0][SCRIPT].text, both[1][SCRIPT].text, both[2][style]
    if function in SERIES_SIGNS:
        sign: Rope = (SERIES_SIGNS[function], f"_{{{index}=", low, "}^{", high, "} ")
    else:
        word = rf"\{function}" if function in ("min", "max") else function_name(function)
        sign = (word, "_{", low, rf" \leq {index} \leq ", high, "} ")
    return running(sign, body)


def call(function: str, both: tuple[Printed, ...], style: int, own: Collection[str]) -> Form:
    """Print a call, by the template of the function table where it has one."""
    below = [pair[style] for pair in both]
    listed: list[Rope] = []
    for form in below:
        listed += [", ", form.text] if listed else [form.text]
    bracket = (r"\left(", *listed, r"\right)")
    if function in own:
        return Form((function_name(function), *bracket), ATOM, brackets=True)
    entry = FUNCTIONS.get(function)
    name = function if entry is None else entry.name
    if name in SAID_AS and entry is not None:
        return said_as(SAID_AS[name], dict(zip(entry.arguments, both, strict=True)), own)[style]
    match name, below:
        case "exp", [_]:
            exponent = both[0][SCRIPT]
            if not exponent.brackets:
                return Form(("e^{", exponent.text, "}"), POWER)
            return Form((r"\exp", *bracket), FUNCTION, brackets=True)
        case "where", [test, chosen, otherwise]:
            return cases([chosen, otherwise], [test])
        case "piecewise", [*_, last]:
            return cases([*below[1::2], last], below[:-1:2])
        case (("sum" | "prod"), [body]):
            return running(SERIES_SIGNS[name] + " ", body)
        case "norm", [form]:
            return Form((r"\left\Vert ", form.text, r"\right\Vert"), ATOM)
        case "dot", [left, right]:
            return joined((left, PRODUCT), r" \cdot ", (right, POWER), level=PRODUCT)
        case (("min" | "max"), [_]):
            return Form((rf"\{name}", *bracket), FUNCTION, head=(rf"\{name}", bracket), brackets=True)
    if entry is None or not (entry.variadic or len(below) == len(entry.arguments)):
        return Form((function_name(function), *bracket), ATOM, brackets=True)
    return by_template(entry, both, style)


def by_template(entry: Function, both: tuple[Printed, ...], style: int) -> Form:
    """Print a call by the table's template."""
    texts = []
    for place, pair in enumerate(both):
        name = entry.arguments[min(place, len(entry.arguments) - 1)]
        # A raised or lowered argument stands there as in an exponent.
        small = any(sign + "{{{" + name + "}}}" in entry.latex for sign in "^_")
        texts.append(flatten(pair[SCRIPT if small else style].text))
    text = entry.to_latex(texts)
    if text.endswith(DELIMITERS):
        return Form(text, ATOM)
    name, opening, inside = text.partition(r"\left(")
    if opening and inside.endswith(r"\right)"):
        head = None if "^" in name or not name else (name, opening + inside)
        return Form(text, FUNCTION if name else ATOM, head=head, brackets=True)
    return Form(text, POWER)


@cache
def template(text: str) -> Expr:
    """Parse what a function stands for, once."""
    return parse(Source(text)).right


def said_as(text: str, arguments: Mapping[str, Printed], own: Collection[str]) -> Printed:
    """Print what a function stands for."""

    def combine(node: Expr, below: tuple[Printed, ...]) -> Printed:
        if isinstance(node, Name) and node.name in arguments:
            return arguments[node.name]
        return layout(node, below, DISPLAY, own), layout(node, below, SCRIPT, own)

    return fold(template(text), combine)
