"""A bound model: a formula whose names all have a role, and a shape where that is known.

This is what binding gives, and what every later stage takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, product
from math import prod

from lambdaml_dsl.errors import ShapeError
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import Function
from lambdaml_dsl.language.nodes import Equation, Expr
from lambdaml_dsl.language.rewrite import Applied
from lambdaml_dsl.language.source import Source


@dataclass(frozen=True, slots=True)
class Declared:
    """What the user has said of names, beside the formula.

    Attributes
    ----------
    inputs : tuple of str or None
        The inputs, where they are given; else they are found.
    parameters : tuple of str
        Names that are parameters whatever else they could mean.
    constants : tuple of (str, float)
        Names that mean a number.
    complete : bool
        Every parameter is declared: any other free name is an error.
    shapes : tuple of (str, Shape)
        Parameters and inputs that are vectors or matrices.
    functions : tuple of Function
        Python functions that the formula may call.
    libraries : tuple of Source
        Files of definitions that the formula may use.
    """

    inputs: tuple[str, ...] | None = None
    parameters: tuple[str, ...] = ()
    constants: tuple[tuple[str, float], ...] = ()
    complete: bool = False
    shapes: tuple[tuple[str, Shape], ...] = ()
    functions: tuple[Function, ...] = ()
    libraries: tuple[Source, ...] = ()


NOTHING_DECLARED = Declared()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the data and of the parameters when a formula is bound to them.

    Attributes
    ----------
    columns : tuple of str or None
        The columns that may be inputs; None where there are no data yet.
    shapes : tuple of (str, Shape)
        The columns and parameters that are vectors or matrices.
    """

    columns: tuple[str, ...] | None = None
    shapes: tuple[tuple[str, Shape], ...] = ()


NOTHING_KNOWN = Known()


@dataclass(frozen=True, eq=False)
class BoundModel:
    """A formula whose names all have a role.

    Attributes
    ----------
    source : Source
        The text it was read from.
    declared : Declared
        What the user said of names.
    known : Known
        What was known of the data.
    equation : Equation
        The tree, as written.
    expression : Expr
        The model: the right side, its definitions put in, rewritten where that is more accurate.
    rewrites : tuple of Applied
        What was rewritten.
    response : Expr or None
        The left side, an expression of columns; None where there is none.
    outputs : tuple of str
        The names of the response where it is a name, or a vector of names.
    inputs, parameters : tuple of str
        Inputs, and free parameters in the order in which they first appear.
    constants : mapping of str to float
        The constants that the formula uses.
    shapes : mapping of str to Shape or None
        The shape of each input and parameter; None where it is open until the data are known.
    result : Shape or None
        The shape of the model's value in a row.
    functions : mapping of str to Function
        The Python functions that the formula calls.
    """

    source: Source
    declared: Declared
    known: Known
    equation: Equation
    expression: Expr
    rewrites: tuple[Applied, ...]
    response: Expr | None
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: Mapping[str, float]
    shapes: Mapping[str, Shape | None]
    result: Shape | None
    functions: Mapping[str, Function]

    @property
    def output(self) -> str | None:
        """The name of the response where it is one name."""
        return self.outputs[0] if len(self.outputs) == 1 else None

    @property
    def is_open(self) -> bool:
        """Whether a shape is still open."""
        return self.result is None or None in self.shapes.values()

    def shape(self, name: str) -> Shape:
        """Give the shape of an input or parameter; all must be known."""
        shape = self.shapes[name]
        if shape is None:
            raise self.open_error()
        return shape

    def open_error(self) -> ShapeError:
        """Say which shapes are still open."""
        names = [name for name, shape in self.shapes.items() if shape is None]
        return ShapeError(
            f"the shape of {', '.join(repr(name) for name in names)} is not known",
            place=self.source.name,
            hint=f"Give data, or say it: {names[0]}[3] is a vector of 3, {names[0]}[3, 2] a matrix of 3 x 2."
            if names
            else "",
        )

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where in theta each parameter begins; last, the length of theta."""
        return tuple(accumulate([prod(self.shape(name)) for name in self.parameters], initial=0))

    @cached_property
    def components(self) -> tuple[str, ...]:
        """The names of the components of theta: ``a``, ``k[0]``, ``W[1, 2]``."""
        names: list[str] = []
        for name in self.parameters:
            names += component_names(name, self.shape(name))
        return tuple(names)

    def __reduce__(self) -> tuple[object, ...]:
        # As text: a read-only mapping cannot be pickled, nor can a tree of 20,000 levels.
        from lambdaml_dsl.language.bind import bind_text

        return bind_text, (self.source, self.declared, self.known)


def component_names(name: str, shape: Shape) -> list[str]:
    """Name the components of a parameter, in the order of theta."""
    if not shape:
        return [name]
    places = product(*[range(length) for length in shape])
    return [f"{name}[{', '.join(map(str, place))}]" for place in places]
