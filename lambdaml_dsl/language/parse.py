"""Text to syntax tree: Lark runs the grammar over the tokens of the lexer, the builder makes the nodes.

All of Lark's exceptions stop here and come out as `FormulaSyntaxError`, in the words of
`lambdaml_dsl.language.diagnosis`. Lark is imported, and the parser built, when the first text is parsed.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdaml_dsl.errors import FormulaSyntaxError, LimitError
from lambdaml_dsl.language.declarations import Declaration, Directive, EquationStatement, Statement
from lambdaml_dsl.language.diagnosis import diagnose
from lambdaml_dsl.language.nodes import Definition, Equation
from lambdaml_dsl.language.source import MAX_NESTING, Source, Span
from lambdaml_dsl.language.statements import definitions_of, equation_of

if TYPE_CHECKING:
    from lark import Lark

__all__ = [
    "MAX_CHARACTERS",
    "MAX_NESTING",
    "grammar_text",
    "parse",
    "parse_definitions",
    "parse_model_file",
    "parser",
]

MAX_CHARACTERS = 200_000
"""A formula of 20,000 terms fits; a megabyte of ``+1`` is refused before any work is done on it."""


def grammar_text() -> str:
    """Give the text of the grammar: beside the package in a checkout, within it when installed."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "grammar" / "lambdaml.lark"
    path = installed if installed.exists() else package.parent / "grammar" / "lambdaml.lark"
    return path.read_text(encoding="utf-8")


@cache
def parser() -> Lark:
    """Build the parser, at first use."""
    from lark import Lark

    from lambdaml_dsl.language.builder import TreeBuilder
    from lambdaml_dsl.language.lexer import FormulaLexer

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer=FormulaLexer,
        start=["formula", "model_file"],
        transformer=TreeBuilder(),
        maybe_placeholders=True,
        propagate_positions=False,
    )


def run(source: Source, start: str) -> Any:
    """Run the parser from one of the grammar's start symbols; every failure is an error of ours."""
    if len(source.text) > MAX_CHARACTERS:
        raise LimitError(
            f"the text has {len(source.text):,} characters, more than the limit of {MAX_CHARACTERS:,}",
            place=source.name,
            hint="Shorten it; a sum of many like terms is better said over columns of data.",
        )
    from lark.exceptions import UnexpectedInput

    from lambdaml_dsl.language.lexer import Refusal

    try:
        return parser().parse(source.text, start=start)
    except Refusal as refusal:
        raise source.error(refusal.kind, refusal.span, refusal.problem, refusal.hint) from None
    except UnexpectedInput as unexpected:
        span, problem, hint = diagnose(source.text, unexpected, start == "model_file")
    raise source.error(FormulaSyntaxError, span, problem, hint)


@lru_cache(maxsize=256)
def parse(source: Source) -> Equation:
    """Parse one formula with its definitions.

    Parameters
    ----------
    source : Source
        The text: statements, each on a line of its own or parted by ``;``. One of them is the
        model, with or without a left side ``y ~``; the others are definitions.

    Returns
    -------
    Equation
        The syntax tree; every node knows its place in the text.

    Raises
    ------
    FormulaSyntaxError
        The text is not a formula; the error points at the place.
    LimitError
        The text is too long or too deep.

    Examples
    --------
    >>> parse(Source("y ~ a*x")).right
    Binary('*', Name('a'), Name('x'))
    >>> parse(Source("z = x/s; a*z")).definitions[0].body
    Binary('/', Name('x'), Name('s'))
    """
    if not any(line.partition("#")[0].strip() for line in source.text.splitlines()):
        raise source.error(
            FormulaSyntaxError, Span(0, 0), "the formula is empty", "Write an expression such as a*exp(-b*x)."
        )
    statements: tuple[EquationStatement, ...] = run(source, "formula")
    return equation_of(source, statements)


def parse_model_file(source: Source) -> tuple[Statement, ...]:
    """Parse a model file into its statements, as written.

    Raises
    ------
    FormulaSyntaxError
        The text is not a model file; the error points at the place.
    LimitError
        The text is too long or too deep.
    """
    statements: tuple[Statement, ...] = run(source, "model_file")
    return statements


def parse_definitions(source: Source) -> tuple[Definition, ...]:
    """Parse a library file, which holds definitions and perhaps a title.

    Raises
    ------
    FormulaSyntaxError
        The text is not a library file; the error points at the place.
    LimitError
        The text is too long or too deep.

    Examples
    --------
    >>> parse_definitions(Source('square_wave(x) = sign(sin(x))  "1 or -1"'))[0].doc
    '1 or -1'
    """
    equations = []
    for statement in parse_model_file(source):
        match statement:
            case EquationStatement():
                equations.append(statement)
            case Directive("model"):
                pass
            case Declaration() | Directive():
                raise source.error(
                    FormulaSyntaxError,
                    statement.span,
                    f"a library holds definitions, and this is a line '{statement.kind}'",
                    "Move the line to the model file that uses the library.",
                )
    for equation in equations:
        if equation.equation.relation != "=":
            raise source.error(
                FormulaSyntaxError,
                equation.span,
                "a library holds definitions, and this is none",
                "A definition is written with =, as in name(u) = u^2.",
            )
    return definitions_of(source, equations)
