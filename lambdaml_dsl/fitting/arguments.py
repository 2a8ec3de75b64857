"""Arguments of calls: read into plain values, or refused with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambdaml_dsl.errors import OptionError, suggestion
from lambdaml_dsl.language.bind import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.table import Table, numbers
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.lower import lower, lower_response


def read_number(what: str, value: Any) -> float:
    """Give a value as one float, or say what it is of."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{what} must be a number, not {value!r}") from None
    except OverflowError:
        raise OptionError(f"{what} is too large", hint="The largest number is about 1.8e308.") from None
    return number


def read_names(what: str, given: Any) -> tuple[str, ...]:
    """Give names as a tuple; one name may stand by itself."""
    names = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise OptionError(f"{what} are named by texts, not by {name!r}")
        if name in names[:index]:
            raise OptionError(f"'{name}' is named twice among the {what}")
    return names


def read_constants(given: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Give named numbers as pairs."""
    read_names("constants", given)
    if not isinstance(given, Mapping):
        raise OptionError("constants are given by name", hint="Write for example constants={'c': 299792458}.")
    return tuple([(name, read_number(f"the constant '{name}'", value)) for name, value in given.items()])


def check_choice(what: str, given: str, known: Iterable[str]) -> None:
    """Refuse an option that is none of the known ones."""
    known = tuple(known)
    if not isinstance(given, str) or given not in known:
        raise OptionError(f"unknown {what} '{given}'", hint=suggestion(str(given), known, listed="Possible"))


def read_column(table: Table, given: Any, what: str) -> FloatArray:
    """Read an argument that is the name of a column, an array, or one number for all rows."""
    return table.column(given) if isinstance(given, str) else numbers(given, what, table)


def read_response(bound: BoundModel, table: Table, y: Any) -> FloatArray:
    """Read the response: `y` where it is given, else the left side of the formula, else a column y."""
    if y is not None:
        return read_column(table, y, "y")
    if bound.response is None:
        if "y" in table.columns:
            return table.column("y")
        raise OptionError(
            "the response is not given",
            hint="Write it on the left, as in 'y ~ a*x', or give y= a column name or an array.",
        )
    program = lower_response(bound)
    columns = {name: table.column(name) for name in program.columns}
    values: FloatArray = evaluate(program, columns, table.rows, ())[0]
    return values


def evaluate_bound(bound: BoundModel, table: Table, theta: FloatArray) -> FloatArray:
    """Evaluate a bound model on a table: shape (n,)."""
    columns = {name: table.column(name) for name in bound.inputs}
    values: FloatArray = evaluate(lower(bound), columns, table.rows, theta)[0]
    return values
