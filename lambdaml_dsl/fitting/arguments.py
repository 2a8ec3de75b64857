"""Arguments of calls: read into plain values, or refused with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from lambdaml_dsl.derivatives.callables import registered
from lambdaml_dsl.errors import DataError, OptionError, suggestion
from lambdaml_dsl.language.arrays import ARRAY_FUNCTIONS, Shape, described
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FUNCTIONS, FloatArray, Function
from lambdaml_dsl.language.left_side import names_in
from lambdaml_dsl.language.names import as_name
from lambdaml_dsl.objective.table import Table, numbers
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.lower import lower, lower_response
from lambdaml_dsl.program.threads import evaluate_rows


def read_number(what: str, value: Any) -> float:
    """Give a value as one float, or say what it is of."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{what} must be a number, not {value!r}") from None
    except OverflowError:
        raise OptionError(f"{what} is too large", hint="The largest number is about 1.8e308.") from None
    return number


Value: TypeAlias = "float | tuple[Value, ...]"
"""A number, or the numbers of a vector or matrix as nested tuples: they can be compared and hashed."""


def read_value(what: str, value: Any) -> Value:
    """Give a value as a float, or as nested tuples of floats; or say what it is of."""
    if isinstance(value, float) or not shape_of(what, value):
        return read_number(what, value)
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"{what} must be numbers, not {value!r:.60}") from None
    return nested(array.tolist())


def shape_of(what: str, value: Any) -> Shape:
    """Give the shape of a parameter's value."""
    if isinstance(value, (float, int)):
        return ()
    try:
        shape: Shape = np.shape(value)
    except ValueError:
        raise OptionError(
            f"{what} holds lists of different lengths", hint="Parameters are numbers, vectors or matrices."
        ) from None
    if len(shape) > 2 or 0 in shape:
        raise OptionError(
            f"{what} has the shape {shape}", hint="Parameters are numbers, vectors or matrices."
        )
    return shape


def nested(values: Any) -> Value:
    """Give nested lists of floats as nested tuples."""
    return tuple([nested(value) for value in values]) if isinstance(values, list) else values


def read_names(what: str, given: Any) -> tuple[str, ...]:
    """Give names as a tuple; one name may stand by itself."""
    names = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise OptionError(f"{what} are named by texts, not by {name!r}")
        if name in names[:index]:
            raise OptionError(f"'{name}' is named twice among the {what}")
    return tuple(map(as_name, names))


def read_constants(given: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Give named numbers as pairs."""
    read_names("constants", given)
    if not isinstance(given, Mapping):
        raise OptionError("constants are given by name", hint="Write for example constants={'c': 299792458}.")
    return tuple(
        [(as_name(name), read_number(f"the constant '{name}'", value)) for name, value in given.items()]
    )


def read_functions(given: Mapping[str, Callable[..., Any]]) -> tuple[Function, ...]:
    """Give Python functions as entries of the function table; the same callable gives the same entry."""
    if not isinstance(given, Mapping):
        raise OptionError("functions are given by name", hint="Write for example functions={'tabulated': f}.")
    for name in read_names("functions", given):
        if not name.isidentifier():
            raise OptionError(
                f"'{name}' cannot be the name of a function", hint="A name is letters, digits and _."
            )
        if name in FUNCTIONS or name in ARRAY_FUNCTIONS or name in ("min", "max", "piecewise"):
            raise OptionError(
                f"'{name}' is a function of the language already", hint="Give yours another name."
            )
    return tuple([registered(as_name(name), function) for name, function in given.items()])


def check_choice(what: str, given: str, known: Iterable[str]) -> None:
    """Refuse an option that is none of the known ones."""
    known = tuple(known)
    if not isinstance(given, str) or given not in known:
        raise OptionError(f"unknown {what} '{given}'", hint=suggestion(str(given), known, listed="Possible"))


def read_column(table: Table, given: Any, what: str, shape: Shape = ()) -> FloatArray:
    """Read an argument that is the name of a column, an array, or one number for all rows.

    For a model of several outputs it may also be a list of as many columns: shape (m, n).
    """
    if isinstance(given, str):
        return table.column(given)
    if shape and isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given):
        return np.stack([table.column(name) for name in given])
    return numbers(given, what, table, axes=len(shape))


def read_scatter(table: Table, given: Any, what: str, response: Shape) -> FloatArray:
    """Read sigma or weights: one for each row, or one for each number of the response."""
    values = read_column(table, given, what, response)
    if values.ndim > 1 and values.shape[:-1] != response:
        found = described(values.shape[:-1])
        raise DataError(
            f"{what} gives {found} in each row, but the response is {described(response)}", place=table.name
        )
    return values


def read_response(bound: BoundModel, table: Table, y: Any) -> FloatArray:
    """Read the response: `y` where it is given, else the left side of the formula, else a column y."""
    if y is not None:
        return read_column(table, y, "y", bound.result or ())
    if bound.response is None:
        if "y" in table.columns:
            return table.column("y")
        raise OptionError(
            "the response is not given",
            hint="Write it on the left, as in 'y ~ a*x', or give y= a column name or an array.",
        )
    shapes = {name: table.shape(name) for name in names_in(bound.response)}
    program = lower_response(bound, shapes)
    columns = {name: table.column(name) for name in program.columns}
    values = evaluate(program, columns, table.rows, ())
    return by_shape(values, program.shapes[program.outputs[0]])


def by_shape(values: FloatArray, shape: Shape) -> FloatArray:
    """Give the rows of a program's output as one array: value axes first, rows last."""
    return values.reshape(*shape, values.shape[-1])


def rows_first(values: FloatArray) -> FloatArray:
    """Give values with the rows as first axis, as a user has them."""
    return values if values.ndim == 1 else np.ascontiguousarray(np.moveaxis(values, -1, 0))


def read_inputs(bound: BoundModel, table: Table) -> dict[str, FloatArray]:
    """Read the inputs of a model, each of the shape that the model takes."""
    for name in bound.inputs:
        given, wanted = table.shapes.get(name), bound.shape(name)
        if given is None:
            raise table.no_column(name)
        if given != wanted:
            raise DataError(
                f"column '{name}' holds {described(given)} in each row, but '{name}' is {described(wanted)}",
                place=table.name,
            )
    return {name: table.column(name) for name in bound.inputs}


def evaluate_bound(bound: BoundModel, table: Table, theta: FloatArray) -> FloatArray:
    """Evaluate a bound model on a table: shape (n,), or (n, m) for a model of several outputs."""
    values = evaluate_rows(lower(bound), read_inputs(bound, table), table.rows, theta)
    return rows_first(by_shape(values, bound.result or ()))
