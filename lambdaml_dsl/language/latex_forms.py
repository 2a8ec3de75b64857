r"""How pieces of a formula are put together in LaTeX: with no bracket more than it takes.

In: printed parts, each with how tightly it binds. Out: the whole. Nothing here knows the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from lambdaml_dsl.language.latex_names import number_to_latex
from lambdaml_dsl.language.printing import Rope

CASES, OR, AND, NOT, COMPARISON, SUM, SLASH, PRODUCT, POWER, FUNCTION, ATOM = range(11)

DISPLAY, SCRIPT = 0, 1
"""The two styles: in a line, and as in an exponent, where a fraction is written with a slash."""


@dataclass(frozen=True, slots=True)
class Form:
    """An expression in one style.

    Attributes
    ----------
    text : Rope
        What is printed.
    level : int
        How tightly it binds.
    unsigned : Form or None
        What stands behind its leading minus.
    fraction : tuple of Form or None
        Numerator and denominator, were it to be divided once more.
    head : tuple of Rope or None
        Name and bracket of a function.
    number, signed : bool
        It begins with a digit; with a minus.
    open : bool
        It reaches to the right, as the body of a sum over an index does.
    brackets : bool
        There are brackets in it.
    cells, rows : tuple
        Of a vector, its rows; of cases, values with their conditions.
    """

    text: Rope
    level: int
    unsigned: Form | None = None
    fraction: tuple[Form, Form] | None = None
    head: tuple[Rope, Rope] | None = None
    number: bool = False
    signed: bool = False
    open: bool = False
    brackets: bool = False
    cells: tuple[tuple[Rope, ...], ...] = ()
    rows: tuple[tuple[Rope, Rope], ...] = ()


Piece: TypeAlias = "str | tuple[Form, int]"


def joined(*pieces: Piece, level: int) -> Form:
    """Join text and forms, each form with the least level that needs no brackets."""
    forms = [piece for piece in pieces if not isinstance(piece, str)]
    first = pieces[0]
    bare = not isinstance(first, str) and first[0].level >= first[1]
    return Form(
        tuple([piece if isinstance(piece, str) else within(*piece) for piece in pieces]),
        level,
        number=bare and forms[0][0].number,
        signed=bare and forms[0][0].signed,
        brackets=any(form.brackets or form.level < least for form, least in forms),
    )


def within(form: Form, level: int) -> Rope:
    """Put brackets around what binds less tightly than `level`."""
    return form.text if form.level >= level else bracketed(form).text


def bracketed(form: Form) -> Form:
    """Put brackets around a form."""
    return Form((r"\left(", form.text, r"\right)"), ATOM, brackets=True)


def number(value: float) -> Form:
    """Print a number."""
    digits, ten = number_to_latex(value)
    if not ten:
        return Form(digits, ATOM, number=True)
    return Form(rf"{digits} \cdot {ten}" if digits else ten, PRODUCT if digits else POWER, number=True)


def minus(operand: Form) -> Form:
    """Put a minus in front."""
    inner = bracketed(operand) if operand.signed or operand.level < SLASH else operand
    level = min(inner.level, PRODUCT)
    return Form(("-", inner.text), level, operand, signed=True, open=inner.open, brackets=inner.brackets)


def added(left: Form, right: Form, sign: str) -> Form:
    """Print a sum or a difference; plus a negative is minus."""
    if sign == "+" and right.unsigned is not None:
        right, sign = right.unsigned, "-"
    if right.signed:
        right = bracketed(right)
    return joined((left, SUM), f" {sign} ", (right, SLASH if sign == "-" else SUM), level=SUM)


def times(left: Form, right: Form, least: int = PRODUCT) -> Form:
    """Print a product; a point stands only before a digit."""
    if left.unsigned is not None:
        return minus(times(left.unsigned, right, least))
    parts = right.fraction
    if right.signed or (right.level < least and not right.open):
        right = bracketed(right)
    form = joined((left, PRODUCT), r" \cdot " if right.number else r"\,", (right, SLASH), level=PRODUCT)
    if right.open:
        return replace(form, open=True, level=SLASH)
    if left.fraction is None and parts is None:
        return form
    (a, b), (c, d) = left.fraction or (left, None), parts or (right, None)
    bottom = times(b, d) if b is not None and d is not None else b or d
    assert bottom is not None
    return replace(form, fraction=(c if a.text == "1" else times(a, c), bottom))


def over(left: Form, right: Form, style: int) -> Form:
    """Print a fraction; what is divided twice has one denominator."""
    if left.unsigned is not None:
        return minus(over(left.unsigned, right, style))
    top, bottom = left, right
    if left.fraction is not None:
        top, bottom = left.fraction[0], times(left.fraction[1], right)
    if style == DISPLAY:
        text = (r"\frac{", top.text, "}{", bottom.text, "}")
        return Form(text, POWER, fraction=(top, bottom), number=top.number)
    return replace(joined((top, PRODUCT), "/", (bottom, POWER), level=SLASH), fraction=(top, bottom))


def power(base: Form, exponent: Form) -> Form:
    r"""Print a power; that of a function is ``\sin^{2}\left(x\right)``."""
    whole = isinstance(exponent.text, str) and exponent.text.isdecimal() and exponent.text not in "01"
    if base.head is not None and whole:
        return Form((base.head[0], "^{", exponent.text, "}", base.head[1]), FUNCTION, brackets=True)
    return joined((base, ATOM), "^{", (exponent, CASES), "}", level=POWER)


def cases(values: Sequence[Form], tests: Sequence[Form]) -> Form:
    """Print a choice; one within the last value makes further lines."""
    *chosen, last = values
    rows: list[tuple[Rope, Rope]] = [
        (value.text, (r"\text{if } ", test.text)) for value, test in zip(chosen, tests, strict=True)
    ]
    rows += last.rows or [(last.text, r"\text{otherwise}")]
    return Form(environment("cases", rows), CASES, rows=tuple(rows), brackets=True)


def vector(items: Sequence[Form]) -> Form:
    """Print a vector as a column, a vector of vectors as a matrix."""
    if all(item.cells for item in items):
        cells = tuple([tuple([cell for row in item.cells for cell in row]) for item in items])
    else:
        cells = tuple([(item.text,) for item in items])
    return Form(environment("pmatrix", cells), ATOM, cells=cells, brackets=True)


def environment(name: str, rows: Sequence[Sequence[Rope]]) -> Rope:
    """Print lines of aligned cells."""
    text: list[Rope] = [rf"\begin{{{name}}} "]
    for number_of_row, row in enumerate(rows):
        for number_of_cell, cell in enumerate(row):
            text += [" & " if number_of_cell else r" \\ " if number_of_row else "", cell]
    return (*text, rf" \end{{{name}}}")


def running(sign: Rope, body: Form) -> Form:
    """Put a sign such as that of a sum in front of what it runs over."""
    inner = bracketed(body) if body.signed or body.level < SLASH else body
    return Form((sign, inner.text), SLASH, open=True, brackets=inner.brackets)
