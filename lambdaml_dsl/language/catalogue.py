"""The catalogue: all that a formula can call, and the names that mean a number, in groups.

In: the tables of functions, of array functions and of constants, the prelude, and library files. Out: one
`Entry` for each name. `lml functions`, the reference page and completion are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, assert_never

from lambdaml_dsl.language.arrays import ARRAY_ENTRIES, REDUCTIONS, ArrayFunction
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL, PHYSICAL_CONSTANTS, constant_value
from lambdaml_dsl.language.entries import REALS, Chooses, Function, Interval, Measured, Slope
from lambdaml_dsl.language.functions import ENTRIES, FUNCTIONS, RULE_FUNCTIONS
from lambdaml_dsl.language.inline import SERIES, signature
from lambdaml_dsl.language.latex import definition_to_latex, to_latex
from lambdaml_dsl.language.latex_names import name_to_latex
from lambdaml_dsl.language.nodes import Call, Definition, Name
from lambdaml_dsl.language.printing import definition_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.special import UNKNOWN
from lambdaml_dsl.language.vocabulary import PIECEWISE, prelude, prelude_source, read_library

CHOICES = "signs, rounding and choices"
VECTORS = "vectors and matrices"
NUMBERS = "constants"

BEGINS: Mapping[str, str] = MappingProxyType(
    {
        "exp": "exponentials and logarithms",
        "sqrt": "powers and roots",
        "abs": CHOICES,
        "sin": "angles and hyperbolic functions",
        "sigmoid": "activations",
        "erf": "error functions",
        "gamma": "gamma and beta functions",
        "j0": "Bessel and Airy functions",
        "exp1": "exponential integrals, Lambert's W and zeta",
        "ellipk": "elliptic integrals",
        "legendre": "orthogonal polynomials",
    }
)
"""The groups of the function table, each by the function with which it begins there."""

HEADING = re.compile(r"^# ---- (.+?) ----$", re.MULTILINE)
"""How a library file names the group of the definitions that follow."""


NAME = re.compile(r"\b[^\W\d]\w*\b")
"""A name in a slope."""


class Constant(NamedTuple):
    """A name that means a number."""

    value: float
    unit: str


What: TypeAlias = Function | ArrayFunction | Definition | Constant


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One name of the catalogue.

    Attributes
    ----------
    name : str
        Its name.
    group : str
        The group that it belongs to.
    doc : str
        One line.
    what : Function, ArrayFunction, Definition or Constant
        Where it comes from.
    aliases : tuple of str
        Other spellings.
    definition : str
        Its definition as it was written; empty for what the language does not define.
    """

    name: str
    group: str
    doc: str
    what: What
    aliases: tuple[str, ...] = ()
    definition: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.name})"

    @property
    def signature(self) -> str:
        """How it is called, with the defaults of its arguments."""
        match self.what:
            case Constant():
                return self.name
            case Definition():
                return signature(self.what)
            case ArrayFunction() if self.what is PIECEWISE:
                brackets = ["test, value, ..., otherwise"]
            case ArrayFunction(axis=True, arguments=(value, axis)):
                brackets = [value, f"{value}, {axis}"]
            case _:
                brackets = [", ".join([*self.what.arguments, *(["..."] if self.what.variadic else [])])]
        if self.name in REDUCTIONS:
            brackets += REDUCTIONS[self.name].arguments
        if self.name in SERIES:
            brackets.append("i in 0..n: term")
        return ", ".join([f"{self.name}({inside})" for inside in brackets])

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments."""
        match self.what:
            case Constant():
                return ()
            case Definition(arguments=arguments):
                return tuple([argument.name for argument in arguments or ()])
            case _:
                return self.what.arguments

    @property
    def required(self) -> int:
        """How many of its arguments have no default."""
        match self.what:
            case Constant():
                return 0
            case Definition(arguments=arguments):
                return sum(argument.default is None for argument in arguments or ())
            case ArrayFunction():
                return self.what.fewest
            case _:
                return len(self.what.arguments)

    @property
    def domain(self) -> str:
        """The values for which it is real and finite, where the table restricts them."""
        if not isinstance(self.what, Function):
            return ""
        limited = zip(self.what.arguments, self.what.domain, strict=False)
        return ", ".join([within(name, values) for name, values in limited if values != REALS])

    @property
    def derivatives(self) -> tuple[tuple[str, str], ...]:
        """The derivative by each argument, for the functions of the table."""
        if not isinstance(self.what, Function):
            return ()
        slopes = zip(self.what.arguments, self.what.slopes, strict=True)
        return tuple([(name, derivative(self.what, slope)) for name, slope in slopes])

    @property
    def latex(self) -> str:
        """How it is printed in LaTeX; of a definition, the whole of it."""
        match self.what:
            case Constant():
                return name_to_latex(self.name)
            case Definition():
                return definition_to_latex(self.what, ())
            case ArrayFunction() if self.what is not PIECEWISE:
                named = self.what.arguments[: self.what.fewest]
            case _:
                named = self.what.arguments
        return to_latex(Call(self.name, tuple([Name(argument) for argument in named])))


def within(name: str, values: Interval) -> str:
    """Say where an argument may be.

    Examples
    --------
    >>> within("x", Interval(0)), within("p", Interval(0, 1, "both"))
    ('x > 0', '0 <= p <= 1')
    """
    low = "<=" if values.closed in ("low", "both") else "<"
    high = "<=" if values.closed in ("high", "both") else "<"
    if values.high == REALS.high:
        return f"{name} {low.replace('<', '>')} {values.low:g}"
    if values.low == REALS.low:
        return f"{name} {high} {values.high:g}"
    return f"{values.low:g} {low} {name} {high} {values.high:g}"


def derivative(function: Function, slope: Slope | Chooses | Measured | None) -> str:
    """Say what the derivative by one argument is."""
    match slope:
        case None:
            return "0: the function moves in steps"
        case Chooses(formula):
            return f"1 where {formula}, else 0"
        case Measured():
            return "measured: by the complex step or by differences"
        case Slope() if slope is UNKNOWN:
            return "there is one, but no rule for it: a fit takes a difference quotient"
        case Slope(formula, steep):
            notes = []
            for name in dict.fromkeys(NAME.findall(formula)):
                if name == "value":
                    notes.append(f"value: {function.name}({', '.join(function.arguments)})")
                elif name in RULE_FUNCTIONS and name not in {*FUNCTIONS, *function.arguments}:
                    notes.append(f"{name}: {RULE_FUNCTIONS[name].doc}")
            if steep:
                notes.append(f"can be infinite where {function.name} is not")
            return f"{formula} ({'; '.join(notes)})" if notes else formula
        case _:
            assert_never(slope)


@lru_cache(maxsize=16)
def catalogue(libraries: tuple[Source, ...] = ()) -> tuple[Entry, ...]:
    """List all names, group by group.

    Parameters
    ----------
    libraries : tuple of Source
        Library files of the user's; what they define takes the place of the prelude's.

    Returns
    -------
    tuple of Entry
        The table's groups first, then the prelude's, those of the libraries, and the constants.

    Raises
    ------
    LambdaMLError
        A library cannot be read.

    Examples
    --------
    >>> [entry.signature for entry in catalogue() if entry.group == "powers and roots"][:3]
    ['sqrt(x)', 'cbrt(x)', 'square(x)']
    """
    defined: dict[str, tuple[Definition, Source, str]] = {
        name: (definition, prelude_source(), "") for name, definition in prelude().items()
    }
    for source in libraries:
        known = {name: definition for name, (definition, _, _) in defined.items()}
        own = read_library(source, known)
        defined |= {name: (definition, source, source.name) for name, definition in own.items()}
    entries = [*table_entries(), *array_entries()]
    entries += [defined_entry(*found) for found in defined.values()]
    entries += constant_entries()
    groups: dict[str, list[Entry]] = {entry.group: [] for entry in entries}
    for entry in entries:
        groups[entry.group].append(entry)
    return tuple([entry for group in groups.values() for entry in group])


def table_entries() -> Iterator[Entry]:
    """Give the functions of the table, and `piecewise`, which is a choice like `where`."""
    group = ""
    for function in ENTRIES:
        group = BEGINS.get(function.name, group)
        doc = function.doc
        if function.name in REDUCTIONS:
            doc += f"; of one vector, its {REDUCTIONS[function.name].doc}"
        yield Entry(function.name, group, doc, function, function.aliases)
        if function.name == "where":
            yield Entry(PIECEWISE.name, group, PIECEWISE.doc, PIECEWISE)


def array_entries() -> Iterator[Entry]:
    """Give the functions of vectors and matrices."""
    for function in ARRAY_ENTRIES:
        yield Entry(function.name, VECTORS, function.doc, function)


def defined_entry(definition: Definition, source: Source, group: str) -> Entry:
    """Give a function that a library defines; its group is the heading above it."""
    for heading in HEADING.finditer(source.text, 0, definition.span.start):
        group = heading[1]
    return Entry(definition.name, group, definition.doc, definition, definition=written(definition, source))


def written(definition: Definition, source: Source) -> str:
    """Give the text of a definition, as far as its description."""
    for quote in "\"'" if definition.doc else "":
        place = source.text.find(f"{quote}{definition.doc}{quote}", definition.span.end)
        if place >= 0:
            return source.text[definition.span.start : place].rstrip()
    return definition_text(definition)


def constant_entries() -> Iterator[Entry]:
    """Give the names that mean a number."""
    docs = {"pi": "circumference of a circle over its diameter", "e": "Euler's number"}
    for name, doc in docs.items():
        value = CONSTANTS[name]
        aliases = tuple([other for other in CONSTANTS if CONSTANTS[other] == value and other != name])
        yield Entry(name, NUMBERS, doc, Constant(value, ""), aliases)
    for symbol, constant in PHYSICAL_CONSTANTS.items():
        value = constant_value(symbol)
        yield Entry(PHYSICAL + symbol, NUMBERS, constant.doc, Constant(value, constant.unit))


def spellings(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Give the entries by every spelling of their names; a constant also without its prefix."""
    found = {name: entry for entry in entries for name in (entry.name, *entry.aliases)}
    for entry in entries:
        found.setdefault(entry.name.removeprefix(PHYSICAL), entry)
    return found


def groups(entries: Iterable[Entry]) -> Collection[str]:
    """Give the names of the groups, in order."""
    return list(dict.fromkeys([entry.group for entry in entries]))
