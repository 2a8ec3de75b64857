"""Data sources: whatever the user has, as columns of float64.

In: a mapping of arrays, a data frame (pandas, polars, Arrow), or the path of a CSV or Parquet file
(which `lambdaml_dsl.objective.files` reads). Out: a `Table`, whose columns are checked when they are
asked for, so that a text column which no formula uses does no harm. Every error names the column, and
the row where there is one.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.errors import DataError, OptionError, closest, counted
from lambdaml_dsl.language.arrays import Shape
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.names import as_name

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>"})
"""What stands for a missing value in a column of text, in lower case."""

LISTED = 30
"""Columns that a message lists at most."""

DATES = (datetime.date, datetime.time, datetime.timedelta)


ROW = "x"
"""The name that stands for a whole row of inputs x0, x1, ..."""


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of one length.

    Attributes
    ----------
    columns : mapping of str to array
        As they came.
    rows : int
        The length.
    name : str
        What messages call it: a file name, or ``"data"``.
    lines : sequence of int or None
        The line of the file in which each row begins.
    """

    columns: Mapping[str, Any]
    rows: int
    name: str = "data"
    lines: Sequence[int] | None = None

    def column(self, name: str) -> FloatArray:
        """Give a column as float64, shape (n,); of vectors or matrices, with the rows as last axis.

        ``x`` is the row of the columns x0, x1, ... where there is no column x; where x holds vectors,
        ``x0`` is their first component.

        Raises
        ------
        DataError
            There is no such column, or it does not hold numbers.
        """
        if name in self.columns:
            return numbers(self.columns[name], f"column '{name}'", self, axes=2)
        if name in self.parts:
            return np.stack(
                [numbers(self.columns[part], f"column '{part}'", self) for part in self.parts[name]]
            )
        if name in self.components:
            whole, place = self.components[name]
            return np.ascontiguousarray(self.column(whole)[place])
        raise self.no_column(name)

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """What each name holds in a row, () a number: the columns, and what stands for several or a part."""
        found = {name: shape_in_row(values) for name, values in self.columns.items()}
        found.update({name: (len(parts),) for name, parts in self.parts.items()})
        found.update(dict.fromkeys(self.components, ()))
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, and the names that stand for several of them or for a part of one."""
        return tuple(self.shapes)

    @property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """The columns x0, x1, ... that x stands for, where there is no column x."""
        if ROW in self.columns or f"{ROW}0" not in self.columns:
            return {}
        found = tuple(takewhile(self.columns.__contains__, (f"{ROW}{k}" for k in count())))
        return {ROW: found} if len(found) > 1 else {}

    @property
    def components(self) -> Mapping[str, tuple[str, int]]:
        """The components x0, x1, ... of x, where it is a column of vectors."""
        if ROW not in self.columns or len(shape := shape_in_row(self.columns[ROW])) != 1:
            return {}
        names = [f"{ROW}{place}" for place in range(shape[0])]
        return {name: (ROW, place) for place, name in enumerate(names) if name not in self.columns}

    def shape(self, name: str) -> Shape:
        """Give the shape of a column in one row: () for numbers."""
        return self.shapes.get(name, ())

    def no_column(self, name: str) -> DataError:
        """Say that a column is missing, and which there are."""
        names = [column for column in self.columns if column]
        more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
        listed = (
            f"The columns are {', '.join(names[:LISTED])}{more}." if names else "The data have no columns."
        )
        near = closest(name, names)
        hint = (f"Did you mean '{near}'? " if near else "") + listed
        return DataError(f"there is no column '{name}'", place=self.name, hint=hint)

    def row(self, index: int) -> str:
        """Name a row, from 1; in a file also its line."""
        return f"row {index + 1}" + ("" if self.lines is None else f" (line {self.lines[index]})")

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Give the table with some columns under other names (new name to old name)."""
        for old in names.values():
            if old not in self.columns:
                raise self.no_column(old)
        taken = set(names.values())
        kept = {name: values for name, values in self.columns.items() if name not in taken}
        return replace(self, columns={**kept, **{new: self.columns[old] for new, old in names.items()}})


def numbers(values: Any, what: str, table: Table, axes: int = 0) -> FloatArray:
    """Give values as float64, shape (n,), or say which one is no number.

    With `axes`, each row may hold a vector or matrix of at most so many axes; rows become the last axis.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.shape == (table.rows,):
        return np.ascontiguousarray(values)
    if np.ma.isMaskedArray(values):
        masked, values = np.ma.getmaskarray(values), np.array(values.data, dtype=object)
        values[masked] = None
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{what} holds lists of different lengths", place=table.name, hint="Give one number for each row."
        ) from None
    if array.ndim == 0:
        array = np.full(table.rows, array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if not 1 <= array.ndim <= 1 + axes:
        raise DataError(
            f"{what} has the shape {array.shape}", place=table.name, hint="Give one number for each row."
        )
    if len(array) != table.rows:
        raise DataError(
            f"{what} has {counted(len(array), 'value')}, but the data have {counted(table.rows, 'row')}",
            place=table.name,
        )
    kind = array.dtype.kind
    if kind in "fiub":
        with np.errstate(over="ignore"):  # a long double too large for a float64 is infinity there
            return np.ascontiguousarray(np.moveaxis(array, 0, -1), dtype=np.float64)
    if kind in "mM":
        raise no_dates(what, table)
    if kind == "c":
        raise no_complex(what, table)
    if array.ndim > 1:
        raise DataError(f"{what} does not hold numbers", place=table.name, hint="Give an array of numbers.")
    converted = np.empty(table.rows)
    for index, value in enumerate(array.tolist()):
        try:
            converted[index] = np.nan if is_missing(value) else plain_number(value)
        except (TypeError, ValueError, OverflowError):
            raise no_number(value, what, table, index) from None
    return converted


def is_missing(value: Any) -> bool:
    """Say whether a value stands for a missing one."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or type(value).__name__ == "NAType"


def no_number(value: Any, what: str, table: Table, index: int) -> DataError:
    """Say that a value is no number, and what to do."""
    if isinstance(value, DATES):
        return no_dates(what, table)
    if isinstance(value, complex):
        return no_complex(what, table)
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="backslashreplace")
    where = table.row(index)
    if isinstance(value, int):
        problem, hint = f"{what} holds too large a number in {where}", "The largest number is about 1.8e308."
    elif isinstance(value, str):
        problem, hint = f"{what} holds '{value}' in {where}, which is not a number", way_out(value, table)
    else:
        kind = type(value).__name__
        problem = f"{what} holds a value of type '{kind}' in {where}, which is not a number"
        hint = "Give one number for each row."
    return DataError(problem, place=table.name, hint=hint)


def way_out(text: str, table: Table) -> str:
    """Say what to write in place of a text that is no number."""
    if "," in text:
        return "Write decimal numbers with a point, and no comma between thousands."
    if text[:1] in "\u2212\u2013":
        return "Write a minus as the plain sign -."
    if text[:1].isdigit() or (text[:1] in "+-." and text[1:2].isdigit()):
        return "Write the number alone, without a unit or a remark."
    return "Where a value is missing, " + (
        "leave the cell empty." if table.lines is not None else "give NaN."
    )


def no_dates(what: str, table: Table) -> DataError:
    """Refuse dates."""
    return DataError(
        f"{what} holds dates, times or durations",
        place=table.name,
        hint="Convert it to a number, such as days since the start.",
    )


def no_complex(what: str, table: Table) -> DataError:
    """Refuse complex numbers."""
    return DataError(
        f"{what} holds complex numbers",
        place=table.name,
        hint="Fit its real or imaginary part, or its absolute value.",
    )


def plain_number(value: Any) -> float:
    """Read one value; ``1_2``, a number to Python, is more likely a label."""
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise ValueError
    return float(value)


def shape_in_row(values: Any) -> Shape:
    """Give the shape of what a column holds in one row."""
    if type(values) is np.ndarray and values.ndim == 1:
        return ()
    try:
        shape: Shape = tuple(np.shape(values)[1:])
    except ValueError:  # lists of different lengths; said when the column is read
        return ()
    return () if shape == (1,) else shape


def read_table(data: Any) -> Table:
    """Read whatever holds columns.

    Parameters
    ----------
    data : mapping, data frame, path or Table
        A mapping of names to arrays, of one number for each row, or of a vector for each row as an array
        (n, d); a data frame of pandas, polars or Arrow; the path of a file that ends in ``.csv``,
        ``.tsv``, ``.txt``, ``.dat`` or ``.parquet``; an array (n, d), whose rows are called x.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    DataError
        The file cannot be read, is empty, or columns differ in length.
    OptionError
        The argument is nothing that holds columns.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, os.PathLike)):
        from lambdaml_dsl.objective.files import read_file

        return read_file(Path(data))
    if isinstance(data, Mapping):
        return from_mapping(data)
    if isinstance(data, np.ndarray) and data.dtype.names:
        return from_mapping({name: data[name] for name in data.dtype.names})
    if isinstance(data, np.ndarray) and data.ndim in (1, 2):
        return from_mapping({ROW: data})
    return from_frame(data, "data")


def from_mapping(data: Mapping[Any, Any]) -> Table:
    """Read a mapping of names to arrays; a single number stands for a constant column."""
    columns = {as_name(name): values for name, values in data.items()}
    if len(columns) < len(data):
        check_distinct([as_name(name) for name in data], "data")
    first, rows = "", None
    for name, values in columns.items():
        length = length_of(values)
        if rows is None:
            first, rows = name, length
        elif length is not None and length != rows:
            these, those = f"'{first}' has {counted(rows, 'value')}", f"'{name}' has {length}"
            raise DataError(f"the columns differ in length: {these}, {those}", place="data")
    return Table(columns, (1 if columns else 0) if rows is None else rows)


def length_of(values: Any) -> int | None:
    """Give the length of a column, None for a single number."""
    if type(values) is np.ndarray:
        return len(values) if values.ndim else None
    try:
        return len(values) if np.ndim(values) > 0 else None
    except ValueError:  # lists of different lengths
        return len(values)


def from_frame(frame: Any, name: str, lines: Sequence[int] | None = None) -> Table:
    """Read a data frame of any kind that narwhals knows."""
    import narwhals as nw
    from narwhals.exceptions import NarwhalsError

    check_distinct([as_name(column) for column in names_of(frame)], name)
    try:
        wrapped: Any = nw.from_native(frame)
    except TypeError:
        blocks = callable(frame) or isinstance(frame, Iterator)
        raise OptionError(
            f"data cannot be of the type '{type(frame).__name__}'",
            hint="Give a dict of arrays, a data frame, or the path of a CSV or Parquet file."
            + (
                " Data in blocks are for Model.bind, which takes the function that makes them: "
                "bind(blocks), not bind(blocks())."
                if blocks
                else ""
            ),
        ) from None
    except (NarwhalsError, ValueError) as error:
        raise DataError(first_line_of(error), place=name) from None
    if isinstance(wrapped, nw.LazyFrame):
        try:
            wrapped = wrapped.collect()
        except Exception as error:
            # Whatever engine runs the user's own query, it has its own exceptions.
            raise DataError(
                f"the lazy frame cannot be computed: {first_line_of(error)}", place=name
            ) from None
    columns = {as_name(series.name): unpacked(series.to_numpy()) for series in wrapped.iter_columns()}
    check_distinct([as_name(series.name) for series in wrapped.iter_columns()], name)
    return Table(columns, len(wrapped), name, lines)


def unpacked(values: Any) -> Any:
    """Give a column whose cells hold lists of one length as an array of vectors."""
    if values.dtype == object and len(values) and isinstance(values[0], (list, tuple, np.ndarray)):
        cells = [np.shape(cell) for cell in values]
        if len(set(cells)) == 1 and len(cells[0]) in (1, 2):
            return np.array(list(values))
    return values


def names_of(frame: Any) -> Iterable[Any]:
    """Give the column names of a data frame that may name two columns alike; nothing for another thing."""
    if hasattr(frame, "collect_schema"):  # polars has no such frames, and a lazy one would have to be asked
        return ()
    names = getattr(frame, "column_names", None) or getattr(frame, "columns", None)
    return names if isinstance(names, Iterable) else ()


def check_distinct(names: Sequence[str], place: str) -> None:
    """Refuse two columns of one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"two columns are called '{name}'", place=place, hint="Rename one of them.")
        seen.add(name)


def first_line_of(error: Exception) -> str:
    """Give the first line of another library's message."""
    return str(error).strip().split("\n")[0]


def finite_rows(columns: Mapping[str, FloatArray], table: Table, policy: str) -> NDArray[np.bool_] | None:
    """Find the rows in which every column is finite.

    Parameters
    ----------
    columns : mapping of str to ndarray
        What is looked at; the keys are used in messages.
    table : Table
        Where they come from.
    policy : str
        ``"raise"`` refuses the first bad value, ``"omit"`` leaves its row out; ``"refuse"`` is ``"raise"``
        where no row can be left out.

    Returns
    -------
    ndarray of bool or None
        Which rows to keep; None where all are good.
    """
    finite_by_name = {
        name: np.isfinite(values).reshape(-1, table.rows).all(axis=0) for name, values in columns.items()
    }
    if all(finite.all() for finite in finite_by_name.values()):
        return None
    good = np.ones(table.rows, dtype=bool)
    for name, finite in finite_by_name.items():
        if policy != "omit" and not finite.all():
            index = int(np.argmin(finite))
            values = columns[name][..., index].ravel()
            bad = values[~np.isfinite(values)][0]
            shown = {"nan": "no number (NaN)", "inf": "infinity", "-inf": "minus infinity"}[str(bad)]
            count = int((~finite).sum())
            others = f", and {count - 1} more such row{'s' if count > 2 else ''}" if count > 1 else ""
            raise DataError(
                f"{name} holds {shown} in {table.row(index)}{others}",
                place=table.name,
                hint='Mend the data, or leave such rows out with nan_policy="omit".'
                if policy == "raise"
                else "Mend the data, or leave such rows out.",
            )
        good &= finite
    return good
