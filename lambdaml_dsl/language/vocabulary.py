"""The functions that a formula can call: its own, registered ones, those of libraries, and the tables.

In: a name. Out: what it is. Calls are checked here, and unknown names are answered with the closest match.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from lambdaml_dsl.errors import ArityError, FormulaSyntaxError, NameResolutionError, closest, suggestion
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS, REDUCTIONS, ArrayFunction
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL, PHYSICAL_CONSTANTS, constant_value
from lambdaml_dsl.language.functions import FUNCTIONS, Function
from lambdaml_dsl.language.inline import SERIES, check_call, signature
from lambdaml_dsl.language.nodes import Call, Definition, Equation, Expr, Name, Series, children
from lambdaml_dsl.language.parse import parse_definitions
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk

if TYPE_CHECKING:
    from lambdaml_dsl.language.bound import Declared

Callable: TypeAlias = Function | ArrayFunction | Definition

PIECEWISE = ArrayFunction(
    "piecewise",
    ("test", "value", "otherwise"),
    lambda *shapes: shapes[-1],
    "the value behind the first test that holds, else the last; tests and values alternate",
    fewest=3,
    variadic=True,
)
"""Written out as choices within choices before anything else is done with it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The functions that one formula can call.

    Attributes
    ----------
    source : Source
        The formula's text, for messages.
    own : mapping of str to Definition
        What the formula defines: functions and values.
    registered : mapping of str to Function
        Python functions.
    libraries : tuple of Source or None
        Library files; None where `own` is all that there is.
    """

    source: Source
    own: Mapping[str, Definition]
    registered: Mapping[str, Function]
    libraries: tuple[Source, ...] | None = ()

    def library(self, name: str) -> Definition | None:
        """Give a function of library files or of the prelude."""
        # Most formulas use none: no file is read before one of its names appears.
        if self.libraries is None or name not in library_names(self.libraries):
            return None
        return library(self.libraries).get(name)

    @classmethod
    def of(cls, equation: Equation, source: Source, declared: Declared) -> Vocabulary:
        """Collect the functions of a formula."""
        own: dict[str, Definition] = {}
        for definition in equation.definitions:
            check_definition(definition, source)
            own[definition.name] = definition
        registered = {function.name: function for function in declared.functions}
        return cls(source, own, registered, declared.libraries)

    def find(self, name: str) -> Callable | None:
        """Give what a name in call position is; None where it is unknown."""
        return (
            self.own.get(name)
            or self.registered.get(name)
            or FUNCTIONS.get(name)
            or ARRAY_FUNCTIONS.get(name)
            or (PIECEWISE if name == "piecewise" else None)
            or self.library(name)
        )

    def knows(self, name: str) -> bool:
        """Say whether a name is a function."""
        return self.find(name) is not None

    def names(self) -> Iterator[str]:
        """Give all functions by name."""
        for names in (self.own, self.registered, FUNCTIONS, ARRAY_FUNCTIONS, ("piecewise",)):
            yield from names
        if self.libraries is not None:
            yield from library(self.libraries)

    def closest(self, name: str) -> str | None:
        """Give the function most like a mistyped one."""
        return closest(name, self.names())

    def needs_argument(self, name: str, early: bool = False) -> str | None:
        """Show how a function is called whose bare name stands for nothing; None for any other name.

        With `early` the columns of the data are not known: then a name of the library, or of a function of
        arrays, may still turn out to be one of them.
        """
        if early and not (name in FUNCTIONS or name in self.own or name in self.registered):
            return None
        found = self.find(name)
        if found is None:
            return None
        if name in self.own:
            return None if self.own[name].arguments is None else signature(self.own[name])
        if isinstance(found, Definition):
            return f"{signature(found)}; a start value makes the name a parameter"
        needed = found.arguments[: found.fewest] if isinstance(found, ArrayFunction) else found.arguments
        return None if found.symbol else f"{name}({', '.join(needed)})"

    def check(self, call: Call, values: Collection[str]) -> Callable:
        """Look up the function of a call and check the number of its arguments."""
        found = self.find(call.function)
        if found is None:
            raise self.unknown(call, values)
        if isinstance(found, Definition):
            check_call(found, call, self.source)
        else:
            check_arity(found, call, self.source)
        return found

    def check_series(self, series: Series) -> None:
        """Refuse a series of a function that makes none."""
        if series.function not in SERIES:
            *others, last = SERIES
            raise self.source.error(
                FormulaSyntaxError,
                series.name_span,
                f"'{series.function}' makes no series",
                f"Series are made by {', '.join(others)} and {last}.",
            )

    def unknown(self, call: Call, values: Collection[str]) -> NameResolutionError:
        """Make the error for an unknown function."""
        name = call.function
        if name in values:
            return self.source.error(
                NameResolutionError,
                call.name_span,
                f"'{name}' is a value, not a function",
                f"For a product write {name}*( ... ).",
            )
        match = self.closest(name)
        hint = f"Did you mean '{match}'?" if match else f"For a product write {name}*( ... )."
        hint += " Run `lml functions` for the list."
        return self.source.error(NameResolutionError, call.name_span, f"unknown function '{name}'", hint)


def check_arity(function: Function | ArrayFunction, call: Call, source: Source) -> None:
    """Refuse a wrong number of arguments for a function of the tables."""
    given, most = len(call.arguments), len(function.arguments)
    fewest = function.fewest if isinstance(function, ArrayFunction) else most
    if given == 1 and call.function in REDUCTIONS:
        return
    if function is PIECEWISE and given >= fewest and given % 2 == 0:
        raise source.error(
            ArityError,
            call.span,
            f"piecewise takes an odd number of arguments, {given} are given",
            "Tests and values alternate, and the last is the value where no test holds: "
            "piecewise(x < 0, a, x < 1, b, c).",
        )
    if (given < fewest) if function.variadic else not fewest <= given <= most:
        number = str(fewest) if function.variadic or fewest == most else f"{fewest} to {most}"
        takes = f"{number}{' or more' if function.variadic else ''} argument{'' if number == '1' else 's'}"
        raise source.error(
            ArityError,
            call.span,
            f"{call.function} takes {takes}, {given} {'is' if given == 1 else 'are'} given",
            f"{call.function}({', '.join(function.arguments)}): {function.doc}.",
        )


def check_definition(definition: Definition, source: Source) -> None:
    """Refuse a definition of a function that the language has, and a default that uses a later argument."""
    name = definition.name
    taken = name in FUNCTIONS or name in ARRAY_FUNCTIONS or name in SERIES or name == PIECEWISE.name
    if definition.arguments is not None and taken:
        raise source.error(
            NameResolutionError,
            definition.span,
            f"'{name}' is a function of the language and cannot be defined again",
            "Give yours another name.",
        )
    arguments = definition.arguments or ()
    for place, argument in enumerate(arguments):
        later = [other.name for other in arguments[place:]]
        for node in open_names(argument.default) if argument.default is not None else ():
            if node.name in later:
                raise source.error(
                    NameResolutionError,
                    node.span,
                    f"the default of '{argument.name}' uses '{node.name}', which is not before it",
                    "A default may use the arguments before it.",
                )


@lru_cache(maxsize=64)
def library(sources: tuple[Source, ...]) -> Mapping[str, Definition]:
    """Give the functions of some library files and of the prelude, the former first."""
    found = dict(prelude())
    for source in sources:
        found |= read_library(source, found)
    return MappingProxyType(found)


@lru_cache(maxsize=64)
def library_names(sources: tuple[Source, ...]) -> frozenset[str]:
    """Give the names that library files define, or that the prelude may, without reading it closely."""
    return frozenset(library(sources) if sources else HEAD.findall(prelude_source().text))


HEAD = re.compile(r"^[ \t]*(\w+)[ \t]*\(", re.MULTILINE)
"""How a definition of a function begins."""


@lru_cache(maxsize=1)
def prelude_source() -> Source:
    """Give the text of the prelude."""
    from importlib.resources import files  # much to import, and not before the first formula

    text = files("lambdaml_dsl.language").joinpath("prelude.lml").read_text(encoding="utf-8")
    return Source(text, "prelude.lml")


@lru_cache(maxsize=1)
def prelude() -> Mapping[str, Definition]:
    """Give the functions that the package defines in its own language."""
    return MappingProxyType(read_library(prelude_source(), {}))


def read_library(source: Source, known: Mapping[str, Definition]) -> dict[str, Definition]:
    """Read the definitions of a library file, and check that each stands by itself."""
    own: dict[str, Definition] = {}
    for definition in parse_definitions(source):
        check_definition(definition, source)
        own[definition.name] = definition
    vocabulary = Vocabulary(source, {**known, **own}, {}, None)
    for definition in own.values():
        if definition.arguments is None:
            raise source.error(
                FormulaSyntaxError,
                definition.span,
                f"'{definition.name}' is a value, and a library holds functions",
                f"Write {definition.name}(x) = ... .",
            )
        check_closed(definition, vocabulary)
    return own


def check_closed(definition: Definition, vocabulary: Vocabulary) -> None:
    """Refuse a library function that uses a name which is none of its arguments."""
    names = {argument.name for argument in definition.arguments or ()}
    for part in definition.parts:
        for node in walk(part):
            if isinstance(node, Call):
                vocabulary.check(node, names)
            elif isinstance(node, Series):
                vocabulary.check_series(node)
        for node in open_names(part):
            name = node.name
            if not (name in names or name in CONSTANTS or name.startswith(PHYSICAL)):
                raise vocabulary.source.error(
                    NameResolutionError,
                    node.span,
                    f"'{name}' is no argument of '{definition.name}'",
                    "A library function uses its arguments only; make it one of them: "
                    f"{definition.name}(..., {name}).",
                )


def open_names(tree: Expr) -> Iterator[Name]:
    """Give the names in an expression, but for the indices of series within them."""
    stack: list[tuple[Expr, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, running = stack.pop()
        match node:
            case Name(name):
                if name not in running:
                    yield node
            case Series(_, index, low, high, body):
                stack += [(body, running | {index}), (high, running), (low, running)]
            case _:
                stack.extend([(part, running) for part in reversed(children(node))])


def physical_constant(node: Name, source: Source) -> float:
    """Give the value of ``const.k_B``."""
    symbol = node.name.removeprefix(PHYSICAL)
    if symbol not in PHYSICAL_CONSTANTS:
        hint = suggestion(symbol, PHYSICAL_CONSTANTS, listed="There are")
        raise source.error(NameResolutionError, node.span, f"there is no constant '{symbol}'", hint)
    return constant_value(symbol)
