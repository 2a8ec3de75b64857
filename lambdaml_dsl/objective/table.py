"""Data sources: whatever the user has, as columns of float64.

In: a mapping of arrays, a data frame (pandas, polars, Arrow), or the path of a CSV or Parquet file.
Out: a `Table`, whose columns are checked when they are asked for, so that a text column which no
formula uses does no harm. Every error names the column, and the row where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.errors import DataError, MissingPackageError, OptionError, closest, suggestion
from lambdaml_dsl.language.functions import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
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
    first_line : int or None
        The line of the file in which the first row stands.
    """

    columns: Mapping[str, Any]
    rows: int
    name: str = "data"
    first_line: int | None = None

    def column(self, name: str) -> FloatArray:
        """Give a column as float64, shape (n,).

        Raises
        ------
        DataError
            There is no such column, or it does not hold numbers.
        """
        if name not in self.columns:
            raise self.no_column(name)
        return numbers(self.columns[name], f"column '{name}'", self)

    def no_column(self, name: str) -> DataError:
        """Say that a column is missing, and which there are."""
        listed = ", ".join(list(self.columns)[:30])
        near = closest(name, self.columns)
        hint = (f"Did you mean '{near}'? " if near else "") + f"The columns are {listed}."
        return DataError(f"there is no column '{name}'", place=self.name, hint=hint)

    def row(self, index: int) -> str:
        """Name a row, from 1; in a file also its line."""
        return f"row {index + 1}" + ("" if self.first_line is None else f" (line {self.first_line + index})")

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Give the table with some columns under other names (new name to old name)."""
        for old in names.values():
            if old not in self.columns:
                raise self.no_column(old)
        taken = set(names.values())
        kept = {name: values for name, values in self.columns.items() if name not in taken}
        return Table(
            {**kept, **{new: self.columns[old] for new, old in names.items()}},
            self.rows,
            self.name,
            self.first_line,
        )


def numbers(values: Any, what: str, table: Table) -> FloatArray:
    """Give values as float64, shape (n,), or say which one is no number."""
    if type(values) is np.ndarray and values.dtype == np.float64 and values.shape == (table.rows,):
        return np.ascontiguousarray(values)
    if np.ma.isMaskedArray(values):
        values = values.astype(np.float64).filled(np.nan)
    array = np.asarray(values)
    if array.ndim == 0:
        array = np.full(table.rows, array)
    if array.ndim != 1 or len(array) != table.rows:
        shape = f"the shape {array.shape}" if array.ndim != 1 else f"{len(array)} values"
        raise DataError(f"{what} has {shape}, where {table.rows} rows are expected", place=table.name)
    kind = array.dtype.kind
    if kind in "fiub":
        return np.ascontiguousarray(array, dtype=np.float64)
    if kind in "mM":
        raise DataError(
            f"{what} holds dates or durations", place=table.name, hint="Convert it to a number, such as days since the start."
        )
    if kind == "c":
        raise DataError(
            f"{what} holds complex numbers", place=table.name, hint="Fit its real or imaginary part, or its absolute value."
        )
    converted = np.empty(table.rows)
    for index, value in enumerate(array):
        try:
            converted[index] = np.nan if value is None or type(value).__name__ == "NAType" else float(value)
        except (TypeError, ValueError):
            raise DataError(
                f"{what} holds {value!r} in {table.row(index)}, which is not a number",
                place=table.name,
                hint="Decimal numbers are written with a point."
                if "," in str(value)
                else "Where a value is missing, leave the cell empty.",
            ) from None
    return converted


def read_table(data: Any) -> Table:
    """Read whatever holds columns.

    Parameters
    ----------
    data : mapping, data frame, path or Table
        A mapping of names to arrays; a data frame of pandas, polars or Arrow; the path of a file
        that ends in ``.csv``, ``.tsv``, ``.txt`` or ``.parquet``.

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
        return read_file(Path(data))
    if isinstance(data, Mapping):
        return from_mapping(data)
    if isinstance(data, np.ndarray) and data.dtype.names:
        return from_mapping({name: data[name] for name in data.dtype.names})
    return from_frame(data, "data")


def from_mapping(data: Mapping[Any, Any]) -> Table:
    """Read a mapping of names to arrays; a single number stands for a constant column."""
    columns = {str(name): values for name, values in data.items()}
    lengths = {name: len(values) for name, values in columns.items() if np.ndim(values) > 0}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(f"the columns differ in length: {shown}", place="data")
    return Table(columns, next(iter(lengths.values()), 1 if columns else 0))


def from_frame(frame: Any, name: str, first_line: int | None = None) -> Table:
    """Read a data frame of any kind that narwhals knows."""
    import narwhals as nw
    from narwhals.exceptions import NarwhalsError

    try:
        wrapped: Any = nw.from_native(frame)
    except TypeError:
        raise OptionError(
            f"data cannot be a {type(frame).__name__}",
            hint="Give a dict of arrays, a data frame, or the path of a CSV or Parquet file.",
        ) from None
    except (NarwhalsError, ValueError) as error:
        raise DataError(str(error).splitlines()[0], place=name) from None
    if isinstance(wrapped, nw.LazyFrame):
        wrapped = wrapped.collect()
    try:
        columns = {str(column): wrapped[column].to_numpy() for column in wrapped.columns}
    except (NarwhalsError, ValueError, TypeError) as error:
        raise DataError(str(error).splitlines()[0], place=name) from None
    return Table(columns, len(wrapped), name, first_line)


def read_file(path: Path) -> Table:
    """Read a CSV or Parquet file."""
    name = path.name
    if path.suffix.lower() not in {".csv", ".tsv", ".txt", ".dat", ".parquet", ".pq"}:
        raise OptionError(
            f"the kind of file of '{path}' is not known", hint="The name must end in .csv, .tsv, .txt or .parquet."
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        nearby = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = suggestion(name, nearby, listed="The folder holds") if len(nearby) <= 20 else ""
        raise DataError(f"there is no file '{path}'", hint=hint) from None
    except OSError as error:
        raise DataError(f"cannot read '{path}': {error.strerror}") from None
    if not content.strip():
        raise DataError("the file is empty", place=name)
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingPackageError(
            "reading files needs pyarrow", hint='Install it with: pip install "lambdaml-dsl[cli]"'
        ) from None
    if path.suffix.lower() in {".parquet", ".pq"}:
        import pyarrow.parquet

        try:
            return from_frame(pyarrow.parquet.read_table(pa.BufferReader(content)), name)
        except pa.ArrowException as error:
            raise DataError(f"this is not a Parquet file: {first_line_of(error)}", place=name) from None
    return read_delimited(content, name)


def read_delimited(content: bytes, name: str) -> Table:
    """Read CSV text: lines that begin with # before the header are skipped; the header decides the separator."""
    import pyarrow as pa
    import pyarrow.csv

    content = content.removeprefix(b"\xef\xbb\xbf")
    skipped = 0
    while content.lstrip(b" \t\r\n").startswith(b"#") or content[:1] in (b"\n", b"\r"):
        line, _, content = content.partition(b"\n")
        skipped += 1
    header = content.partition(b"\n")[0].decode("utf-8", errors="replace").rstrip("\r")
    if "\x00" in header:
        raise DataError("this is not a text file", place=name, hint="Save it as CSV (UTF-8) or Parquet.")
    separator = max(",;\t", key=header.count)
    titles = [title.strip().strip('"').strip() for title in header.split(separator)]
    if not header.strip():
        raise DataError("the file has no header and no rows", place=name)
    if all(is_number(title) for title in titles):
        raise DataError(
            f"line {skipped + 1} holds numbers where the column names should be",
            place=name,
            hint="Put a line with a name for each column first, such as: t,y",
        )
    if len(titles) == 1 and len(header.split()) > 1 and '"' not in header:
        raise DataError(
            "the columns seem to be separated by blanks", place=name, hint="Separate them by commas, semicolons or tabs."
        )
    repeated = next((title for title in titles if titles.count(title) > 1), None)
    if repeated is not None:
        raise DataError(f"two columns are called '{repeated}'", place=name)
    broken: list[Any] = []

    def ragged(row: Any) -> str:
        broken.append(row)
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, skip_rows=1, column_names=titles)
            if b"\n" in content.rstrip()
            else pyarrow.csv.ReadOptions(use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, invalid_row_handler=ragged),
        )
    except pa.ArrowException as error:
        raise DataError(f"the file cannot be read as CSV: {first_line_of(error)}", place=name) from None
    if broken:
        line = skipped + broken[0].number
        raise DataError(
            f"line {line} has {broken[0].actual_columns} values where the header names {broken[0].expected_columns}",
            place=name,
        )
    if table.num_rows == 0:
        raise DataError("the file has a header and no rows", place=name)
    return from_frame(table, name, first_line=skipped + 2)


def is_number(text: str) -> bool:
    """Say whether a text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


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
        ``"raise"`` refuses the first bad value, ``"omit"`` leaves its row out.

    Returns
    -------
    ndarray of bool or None
        Which rows to keep; None where all are good.
    """
    finite_by_name = {name: np.isfinite(values) for name, values in columns.items()}
    if all(finite.all() for finite in finite_by_name.values()):
        return None
    good = np.ones(table.rows, dtype=bool)
    for name, finite in finite_by_name.items():
        if policy == "raise" and not finite.all():
            index = int(np.argmin(finite))
            shown = {"nan": "no number (NaN)", "inf": "infinity", "-inf": "minus infinity"}[str(columns[name][index])]
            count = int((~finite).sum())
            others = f", and {count - 1} more such row{'s' if count > 2 else ''}" if count > 1 else ""
            raise DataError(
                f"{name} holds {shown} in {table.row(index)}{others}",
                place=table.name,
                hint="Mend the data, or leave such rows out with nan_policy=\"omit\".",
            )
        good &= finite
    return good
