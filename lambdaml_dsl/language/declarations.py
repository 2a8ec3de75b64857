"""What a formula or a model file consists of, as written: its statements, with their places.

No meaning here; `lambdaml_dsl.modelfile` gives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lambdaml_dsl.language.nodes import Equation, Expr
from lambdaml_dsl.language.source import Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """One property behind a declared name.

    Attributes
    ----------
    kind : str
        ``"value"``, ``"limit"``, ``"interval"``, ``"fixed"``, ``"unit"`` or ``"doc"``.
    text : str
        The comparison of a limit, or the content of a unit or doc.
    expressions : tuple of Expr
        The value, the limit, or both ends of an interval.
    span : Span
        Where it stands.
    """

    kind: str
    span: Span
    text: str = ""
    expressions: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """``input``, ``output``, ``param`` or ``const``, with the name, its attributes and its shape.

    The shape is that of ``param W[8, 2]``; () where none is written.
    """

    kind: str
    name: str
    attributes: tuple[Attribute, ...]
    span: Span
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a block: ``name = value``; `quoted` where the value is a string."""

    name: str
    value: str | float
    quoted: bool
    span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class Directive:
    """``model "title"``, ``use "file"``, ``data "file" { ... }`` or ``fit { ... }``."""

    kind: str
    text: str
    settings: tuple[Setting, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class EquationStatement:
    """A definition or the model, as written: which of the two it is, `language.statements` says.

    Attributes
    ----------
    equation : Equation
        Both sides, without definitions.
    span : Span
        From the left side to the end of the right one.
    doc : str
        The text behind it, in a file.
    defaults : tuple of Expr or None
        Where the left side is a call, the default of each of its arguments.
    """

    equation: Equation
    span: Span
    doc: str = ""
    defaults: tuple[Expr | None, ...] = ()


Statement: TypeAlias = Declaration | Directive | EquationStatement
