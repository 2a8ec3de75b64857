"""What a model file consists of, as written: statements around one equation, with their places.

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
    """``input``, ``output``, ``param`` or ``const``, with the name and its attributes."""

    kind: str
    name: str
    attributes: tuple[Attribute, ...]
    span: Span


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
    """``model "title"``, ``data "file" { ... }`` or ``fit { ... }``."""

    kind: str
    text: str
    settings: tuple[Setting, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class EquationStatement:
    """The equation of a model file, and where it stands."""

    equation: Equation
    span: Span


Statement: TypeAlias = Declaration | Directive | EquationStatement
