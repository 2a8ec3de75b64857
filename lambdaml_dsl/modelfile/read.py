"""Model files: text in, `Model` out. Here the declarations get their meaning.

The declared names, values, bounds, data and options become what a Python caller would have given;
every error points into the file.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np

from lambdaml_dsl.errors import (
    DataError,
    FormulaSyntaxError,
    LambdaMLError,
    OptionError,
    suggestion,
)
from lambdaml_dsl.fitting.arguments import Value
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.specs import (
    DataReference,
    Label,
    ParameterSpec,
    check_fits,
    of_component,
)
from lambdaml_dsl.language.arrays import Shape, described
from lambdaml_dsl.language.bound import Declared, component_names
from lambdaml_dsl.language.declarations import (
    Attribute,
    Declaration,
    Directive,
    EquationStatement,
)
from lambdaml_dsl.language.left_side import names_inputs
from lambdaml_dsl.language.nodes import Call, Equation, Expr, Name, Vector
from lambdaml_dsl.language.parse import parse_model_file
from lambdaml_dsl.language.shapes import MAX_COMPONENTS
from lambdaml_dsl.language.source import Source, Span
from lambdaml_dsl.language.statements import choose_model
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.modelfile.numbers import compute, compute_number
from lambdaml_dsl.modelfile.settings import read_data, read_fit
from lambdaml_dsl.objective.files import MODEL_FILES, read_text

LIKE_BOUNDS = re.compile(r"[-+]?(inf|[\d.]+(e[-+]?\d+)?)\s*,\s*[-+]?(inf|[\d.]+(e[-+]?\d+)?)")
"""A unit of two numbers: the bounds of somebody who forgot `in`."""

ALLOWED = MappingProxyType(
    {
        "input": ("unit", "doc"),
        "output": ("unit", "doc"),
        "param": ("value", "limit", "interval", "fixed", "unit", "doc"),
        "const": ("value", "unit", "doc"),
    }
)
"""The attributes that each kind of declaration may have."""

PROPERTIES = MappingProxyType(
    {
        "value": "a value",
        "lower": "a lower bound",
        "upper": "an upper bound",
        "interval": "bounds",
        "fixed": "'fixed'",
        "unit": "a unit",
        "doc": "a description",
    }
)
"""What messages call the attributes."""

KINDS = MappingProxyType(
    {"input": "an input", "output": "an output", "param": "a parameter", "const": "a constant"}
)
"""What messages call a kind of declaration."""


def load(path: str | os.PathLike[str]) -> Model:
    r"""Read a model file.

    Parameters
    ----------
    path : str or path
        The file, whose name ends in ``.lml``.

    Returns
    -------
    Model
        The model, with start values, bounds, data and options from the file; ``model.fit()`` fits it.

    Raises
    ------
    LambdaMLError
        The file cannot be read or is wrong; the message gives line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "line.lml")
    >>> _ = path.write_text("input x\nparam a = 2\ny = a*x\n")
    >>> load(path)
    Model('y = a*x')
    >>> folder.cleanup()
    """
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"the path of a model file must be a text, not of the type '{type(path).__name__}'")
    path = Path(path)
    return loads(read_text(path, MODEL_FILES), name=path.name, folder=path.parent)


def loads(text: str, *, name: str = "model", folder: Path | None = None) -> Model:
    """Read the text of a model file.

    Parameters
    ----------
    text : str
        The text.
    name : str
        What messages call it.
    folder : Path, optional
        Where its data file is looked for; the working folder where not given.

    Returns
    -------
    Model
        The model.
    """
    source = Source(text.replace("\r\n", "\n").replace("\r", "\n"), name)
    reader = Reader(source, folder or Path())
    for statement in parse_model_file(source):
        match statement:
            case Declaration():
                reader.declare(statement)
            case EquationStatement():
                reader.statements.append(statement)
            case Directive("model"):
                reader.title = reader.once(statement, statement.text)
            case Directive("use"):
                reader.use(statement)
            case Directive("data"):
                reader.data = reader.once(statement, read_data(source, statement, reader.folder))
            case Directive():
                reader.options = reader.once(statement, read_fit(source, statement))
    return reader.finish()


@dataclass(slots=True)
class Reader:
    """Collects what the statements of one file say."""

    source: Source
    folder: Path
    title: str = ""
    statements: list[EquationStatement] = field(default_factory=list)
    libraries: list[Source] = field(default_factory=list)
    names: dict[str, Declaration] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    specs: dict[str, ParameterSpec] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    data: DataReference | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def refuse(
        self, span: Span, problem: str, hint: str = "", kind: type[LambdaMLError] = OptionError
    ) -> NoReturn:
        """Raise an error that points into the file."""
        raise self.source.error(kind, span, problem, hint)

    def once(self, statement: Directive, value: Any) -> Any:
        """Refuse a second statement of a kind of which there is one."""
        if statement.kind in self.seen:
            self.refuse(
                statement.span, f"a second '{statement.kind}'", "A model file has one.", FormulaSyntaxError
            )
        self.seen.add(statement.kind)
        return value

    def use(self, statement: Directive) -> None:
        """Read a library file; its name is relative to this file."""
        path = self.folder / statement.text
        try:
            self.libraries.append(Source(read_text(path, MODEL_FILES), path.name))
        except DataError as error:
            self.refuse(statement.span, error.problem, error.hint, DataError)

    def model(self) -> EquationStatement:
        """Find the model among the statements: the one with ~, or of the output, or the last."""
        if not self.statements:
            raise FormulaSyntaxError(
                "there is no equation", place=self.source.name, hint="Add a line such as: y = a*exp(-b*x)"
            )
        outputs = {name for name, item in self.names.items() if item.kind == "output"}
        marked = [each for each in self.statements if each.equation.relation == "~"]
        named = [
            each
            for each in self.statements
            if isinstance(each.equation.left, (Name, Call, Vector))
            and outputs & defined_names(each.equation.left)
        ]
        return (marked or named or [choose_model(self.source, self.statements)])[0]

    def declare(self, declaration: Declaration) -> None:
        """Read one declared name."""
        name, kind = declaration.name, declaration.kind
        if name in self.names:
            line = self.source.excerpt(self.names[name].span).line
            problem = f"'{name}' is declared a second time; the first is in line {line}"
            self.refuse(declaration.span, problem, "Keep one of the two, or give one of them another name.")
        self.names[name] = declaration
        self.check_shape(declaration)
        attributes = self.attributes(declaration)
        texts: dict[str, str] = {key: attributes[key].text for key in ("unit", "doc") if key in attributes}
        if kind == "param":
            self.specs[name] = self.parameter(declaration, attributes, texts)
        elif kind == "const":
            if "value" not in attributes:
                self.refuse(
                    declaration.span, f"the constant '{name}' has no value", f"Write: const {name} = 1.0"
                )
            value = self.number(attributes["value"].expressions[0])
            if not math.isfinite(value):
                self.refuse(
                    attributes["value"].span, f"the value of '{name}' is {value:g}", "Give a finite number."
                )
            self.constants[name] = value
        if declaration.shape:
            self.shapes[name] = declaration.shape
        self.labels[name] = Label(**texts)

    def check_shape(self, declaration: Declaration) -> None:
        """Refuse a shape where there is none, and one that is too large."""
        shape, span = declaration.shape, declaration.span
        if shape and declaration.kind not in ("input", "param"):
            problem = f"{KINDS[declaration.kind]} has no shape here"
            self.refuse(span, problem, "Only inputs and parameters have one.")
        if len(shape) > 2:
            self.refuse(
                span, f"'{declaration.name}' would have {len(shape)} axes", "Values have at most two."
            )
        if math.prod(shape) > MAX_COMPONENTS:
            self.refuse(span, f"{described(shape)} is more than the limit of {MAX_COMPONENTS:,} numbers")

    def attributes(self, declaration: Declaration) -> dict[str, Attribute]:
        """Sort the attributes of a declaration by kind; two limits, one on either side, are two kinds."""
        found: dict[str, Attribute] = {}
        for attribute in declaration.attributes:
            key, span = attribute.kind, attribute.span
            if key == "limit":
                if attribute.text in ("==", "!="):
                    hint = "Write = for a value, < or > for a bound."
                    self.refuse(span, f"'{attribute.text}' sets no bound", hint)
                key = "lower" if attribute.text in (">", ">=") else "upper"
            allowed = ALLOWED[declaration.kind]
            if attribute.kind not in allowed:
                *others, last = [PROPERTIES[item] for item in allowed]
                hint = f"It can have {', '.join(others)} and {last}."
                self.refuse(span, f"{KINDS[declaration.kind]} cannot have {PROPERTIES[key]}", hint)
            if key in found:
                self.refuse(
                    span, f"'{declaration.name}' has {PROPERTIES[key]} already", "Keep one of the two."
                )
            if (key in ("lower", "upper") and "interval" in found) or (
                key == "interval" and ("lower" in found or "upper" in found)
            ):
                self.refuse(span, f"'{declaration.name}' has bounds already", "Keep one of the two.")
            if key == "unit" and LIKE_BOUNDS.fullmatch(attribute.text):
                hint = f"Write: {declaration.kind} {declaration.name} in [{attribute.text}]"
                self.refuse(span, f"[{attribute.text}] stands for a unit, but looks like bounds", hint)
            found[key] = attribute
        return found

    def parameter(
        self, declaration: Declaration, attributes: Mapping[str, Attribute], texts: Mapping[str, str]
    ) -> ParameterSpec:
        """Read a parameter: value, bounds, fixed."""
        name, shape = declaration.name, declaration.shape
        lower: Value = -math.inf
        upper: Value = math.inf
        start: Value | None = None
        if "interval" in attributes:
            lower, upper = (self.value(part) for part in attributes["interval"].expressions)
        if "lower" in attributes:
            lower = self.value(attributes["lower"].expressions[0])
        if "upper" in attributes:
            upper = self.value(attributes["upper"].expressions[0])
        fixed = "fixed" in attributes
        if "value" in attributes:
            start = self.value(attributes["value"].expressions[0])
            if np.ndim(start) and not shape:
                shape = self.shapes[name] = np.shape(start)
        elif fixed:
            self.refuse(
                attributes["fixed"].span,
                f"'{name}' is fixed, but has no value",
                f"Write: param {name} = 1.0 fixed",
            )
        for what, value in (("value", start), ("bound", lower), ("bound", upper)):
            try:
                check_fits(f"the {what} of '{name}'", value, shape)
            except OptionError as error:
                self.refuse(declaration.span, error.problem, error.hint)
        for component, place in zip(component_names(name, shape), np.ndindex(shape), strict=True):
            value = None if start is None else of_component(start, place)
            self.check_component(
                declaration,
                attributes,
                component,
                value,
                of_component(lower, place),
                of_component(upper, place),
            )
        return ParameterSpec(
            name, start, lower, upper, fixed, texts.get("unit", ""), texts.get("doc", ""), shape or None
        )

    def check_component(
        self,
        declaration: Declaration,
        attributes: Mapping[str, Attribute],
        name: str,
        start: float | None,
        lower: float,
        upper: float,
    ) -> None:
        """Refuse bounds that are crossed, and a value outside of them."""
        if math.isnan(lower) or math.isnan(upper):
            self.refuse(declaration.span, f"a bound of '{name}' is not a number (NaN)")
        if not lower < upper:
            problem = f"the bounds of '{name}' are crossed: {lower:g} is not below {upper:g}"
            self.refuse(
                declaration.span, problem, f"To hold a parameter at a value, write: param {name} = 1.0 fixed"
            )
        if start is not None:
            span = attributes["value"].span
            if not math.isfinite(start):
                self.refuse(span, f"the value of '{name}' is {start:g}", "Give a finite number.")
            if not lower <= start <= upper:
                problem = f"the value {start:g} of '{name}' is outside its bounds [{lower:g}, {upper:g}]"
                self.refuse(span, problem, "Move the value inside, or widen the bounds.")

    def value(self, tree: Expr) -> Value:
        """Compute a value of numbers and constants."""
        return compute(tree, self.source, self.constants)

    def number(self, tree: Expr) -> float:
        """Compute a number of numbers and constants."""
        return compute_number(tree, self.source, self.constants)

    def finish(self) -> Model:
        """Make the model."""
        main = self.model()
        inputs = tuple([name for name, item in self.names.items() if item.kind == "input"])
        self.check_output(main.equation)
        if not inputs and self.specs and self.data is not None:
            inputs = self.inputs_of_data(self.data)
        model = Model.from_parts(
            self.only_formula(main),
            Declared(
                inputs or None,
                tuple(self.specs),
                tuple(self.constants.items()),
                complete=bool(self.specs),
                shapes=tuple(self.shapes.items()),
                libraries=tuple(self.libraries),
            ),
            {},
            title=self.title,
            labels=self.labels,
            data=self.data,
            options=self.options,
        )
        for name, item in self.names.items():
            used = {
                "param": model.parameters,
                "input": {node.name for node in walk(model.bound.expression) if isinstance(node, Name)},
            }
            if name not in used.get(item.kind, (name,)):
                hint = suggestion(name, [n for n in used[item.kind] if n not in self.names], listed="It uses")
                kind = KINDS[item.kind].split()[1]
                self.refuse(
                    item.span, f"the equation does not use the {kind} '{name}'", hint or "Remove the line."
                )
        return Model.from_parts(
            model.source,
            model.declared,
            self.specs,
            title=self.title,
            labels=self.labels,
            data=self.data,
            options=self.options,
        )

    def inputs_of_data(self, data: DataReference) -> tuple[str, ...]:
        """Give the names on the right side that are columns of the data file, where no input is declared."""
        columns = set(data.columns)
        with suppress(LambdaMLError):  # what is wrong with the file is said when it is used
            columns |= set(data.read().names)
        used = [
            node.name
            for statement in self.statements
            for node in walk(statement.equation.right)
            if isinstance(node, Name)
        ]
        return tuple(dict.fromkeys([name for name in used if name in columns and name not in self.names]))

    def check_output(self, equation: Equation) -> None:
        """Hold the declared output against the left side; without a left side it names the response."""
        outputs = [item for item in self.names.values() if item.kind == "output"]
        if len(outputs) > 1:
            self.refuse(outputs[1].span, "a second output", "A model file has one.")
        if not outputs:
            return
        output = outputs[0]
        if equation.left is None:
            self.options = {"y": output.name, **self.options}
            return
        names = {node.name for node in walk(equation.left) if isinstance(node, Name)}
        if (
            isinstance(equation.left, Call)
            and equation.relation == "="
            and names_inputs(equation.left.function)
        ):
            names = {equation.left.function}
        if output.name not in names:
            problem = f"the equation's left side does not name the output '{output.name}'"
            self.refuse(output.span, problem, suggestion(output.name, sorted(names), listed="It names"))

    def only_formula(self, main: EquationStatement) -> Source:
        """Give the file with all but the formula blanked: its places are the file's."""
        for statement in self.statements:
            if statement is not main and not statement.equation.relation:
                self.refuse(
                    statement.span,
                    "this is neither a declaration nor a definition",
                    "A declaration begins with input, output, param or const; a definition is written "
                    "name = ... . To continue an equation on the next line, open a bracket first.",
                    FormulaSyntaxError,
                )
        text = ["\n" if c == "\n" else " " for c in self.source.text]
        for statement in self.statements:
            text[statement.span.start : statement.span.end] = self.source.text[slice(*statement.span)]
        for before, after in pairwise(self.statements):
            between = self.source.text[before.span.end : after.span.start]
            if "\n" not in between:
                text[before.span.end + between.rindex(";")] = ";"
        if main is not self.statements[-1] and main.equation.relation == "=":
            # A declared output makes its equation the model wherever it stands; a formula alone says so by ~.
            left = main.equation.left
            if isinstance(left, Call):
                hint = "Move it below the definitions that it uses."
                self.refuse(main.span, f"the model '{left.function}' stands before a definition", hint)
            assert left is not None
            text[self.source.text.index("=", left.span.end)] = "~"
        return Source("".join(text), self.source.name)


def defined_names(left: Expr) -> set[str]:
    """Give the names that a left side gives: y of ``y`` and ``y(t)``, u and v of ``[u, v]``."""
    match left:
        case Name(name) | Call(name):
            return {name}
        case Vector(items):
            return {item.name for item in items if isinstance(item, Name)}
    return set()
