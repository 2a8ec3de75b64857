"""Data files: a path in, a `Table` out.

CSV and Parquet are read by pyarrow. Of a CSV file only what scientists add to it is looked at here: a
byte order mark, comment lines, blank lines, the separator, the header, and in which line a row stands.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lambdaml_dsl.errors import DataError, MissingPackageError, OptionError, closest, counted, suggestion
from lambdaml_dsl.objective.table import Table, check_distinct, from_frame

DELIMITED = frozenset({".csv", ".tsv", ".txt", ".dat"})
PARQUET = frozenset({".parquet", ".pq"})
DATA_FILES = DELIMITED | PARQUET

NOT_DATA = re.compile(rb"^(?:[ \t]*#[^\r\n]*| +)(?=\r|\n|\Z)", re.MULTILINE)
"""A comment line, or one of blanks alone."""

LOOKED_AT = 1 << 16
"""Bytes at the start of a file that are searched for what no text holds."""

LONGEST_BLOCK = 1 << 30


def read_file(path: Path) -> Table:
    """Read a CSV or Parquet file."""
    if not is_folder(path) and path.suffix.lower() not in DATA_FILES:
        raise OptionError(
            f"the kind of file of '{path}' is not known",
            hint="The name must end in .csv, .tsv, .txt, .dat or .parquet.",
        )
    content = read_content(path, DATA_FILES)
    if not content.strip():
        raise DataError("the file is empty", place=path.name)
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingPackageError(
            "reading files needs pyarrow", hint='Install it with: pip install "lambdaml-dsl[cli]"'
        ) from None
    if path.suffix.lower() in DELIMITED:
        try:
            return read_delimited(content, path.name)
        except csv.Error as error:
            raise DataError(f"this is not a table of text: {error}", place=path.name) from None
    import pyarrow.parquet

    try:
        frame = pyarrow.parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError):
        raise DataError("this is not a Parquet file, or it is damaged", place=path.name) from None
    return from_frame(frame, path.name)


def read_content(path: Path, suffixes: frozenset[str]) -> bytes:
    """Read a file whole; where there is none, say which of such files there are."""
    if is_folder(path):
        raise DataError(f"'{path}' is a folder, not a file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file '{path}'", hint=nearby(path, suffixes)) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise DataError(f"cannot read '{path}': {reason_of(error)}") from None


def read_text(path: Path, suffixes: frozenset[str]) -> str:
    """Read a file of UTF-8 text, lines ended by line feeds."""
    content = read_content(path, suffixes)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} is not UTF-8 text", place=path.name, hint="Save the file with the encoding UTF-8."
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


MODEL_FILES = frozenset({".lml"})
"""How the names of model files and library files end."""


def is_folder(path: Path) -> bool:
    """Say whether a path is a folder; one that the system cannot even look for is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def reason_of(error: Exception) -> str:
    """Give the reason that the operating system names, as a part of a sentence."""
    reason = str(getattr(error, "strerror", None) or error)
    return reason[:1].lower() + reason[1:]


def nearby(path: Path, suffixes: frozenset[str]) -> str:
    """Say which files of some kinds stand where a file was looked for."""
    if not is_folder(path.parent):
        return f"There is no folder '{path.parent}' either."
    try:
        entries = [entry for entry in path.parent.iterdir() if entry.suffix.lower() in suffixes]
    except OSError:
        return ""
    names = sorted(entry.name for entry in entries if entry.is_file())
    if len(names) > 20 and closest(path.name, names) is None:
        return ""
    return suggestion(path.name, names, listed="The folder holds")


def read_delimited(content: bytes, name: str) -> Table:
    """Read CSV text: comment and blank lines are skipped; the header decides the separator."""
    import pyarrow as pa
    import pyarrow.csv

    text = NOT_DATA.sub(b"", check_text(content, name).replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    body = text.lstrip(b"\n")
    first = len(text) - len(body) + 1  # the line of the header
    titles, separator, last = read_header(body, name, first)
    rows = b"\n".join(body.split(b"\n", last)[last:])
    if not rows.strip(b"\n"):
        raise DataError("the file has a header and no rows", place=name)
    broken: list[Any] = []

    def ragged(row: Any) -> str:
        broken.append(row)
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(rows),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, column_names=titles, block_size=min(len(rows) + 1, LONGEST_BLOCK)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=ragged
            ),
        )
    except pa.ArrowException:
        raise DataError(
            "the rows cannot be told apart", place=name, hint="A quotation mark may have been left open."
        ) from None
    lines = lines_of_rows(rows, separator, first + last, table.num_rows + len(broken))
    if broken:
        row = broken[0]
        hint = (
            "Each line needs one value for each column; decimal numbers are written with a point."
            if row.actual_columns > row.expected_columns
            else "Where a value is missing, leave the cell empty, between its separators."
        )
        raise DataError(
            f"line {lines[row.number - 1]} has {counted(row.actual_columns, 'value')}, "
            f"but the header names {counted(row.expected_columns, 'column')}",
            place=name,
            hint=hint,
        )
    return from_frame(table, name, lines)


def check_text(content: bytes, name: str) -> bytes:
    """Refuse what is no text, and take away the byte order mark."""
    if b"\x00" in content[:LOOKED_AT]:
        raise DataError("this is not a text file", place=name, hint="Save it as CSV (UTF-8) or Parquet.")
    return content.removeprefix(b"\xef\xbb\xbf")


def read_header(body: bytes, name: str, first: int) -> tuple[list[str], str, int]:
    """Read the column names: they, the separator, and the number of lines that they take."""
    if not body.strip():
        raise DataError("the file has no header and no rows", place=name)
    header, _, rest = body.partition(b"\n")
    last = 1
    while header.count(b'"') % 2 and rest:  # a name in quotes goes on in the next line
        line, _, rest = rest.partition(b"\n")
        header, last = header + b"\n" + line, last + 1
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(
            f"line {first} is not UTF-8 text", place=name, hint="Save the file with the encoding UTF-8."
        ) from None
    bare = re.sub(r'"[^"]*"', "", text)
    separator = max(",;\t", key=bare.count)
    titles = [
        " ".join(title.split())
        for title in next(csv.reader([text], delimiter=separator, skipinitialspace=True))
    ]
    if all(is_number(title) for title in titles if title) and any(titles):
        raise DataError(
            f"line {first} holds numbers where the column names should be",
            place=name,
            hint="Put a line with a name for each column first, such as: t,y"
            + (" (without a # before it)" if first > 1 else ""),
        )
    under = rest.lstrip(b"\n").partition(b"\n")[0]
    if len(titles) == 1 and len(bare.split()) > 1 and len(under.split()) > 1:
        raise DataError(
            "the columns seem to be separated by blanks",
            place=name,
            hint="Separate them by commas, semicolons or tabs.",
        )
    # A column without a name can be used by nobody, and does no harm.
    titles = [title or f"(column {number})" for number, title in enumerate(titles, start=1)]
    check_distinct(titles, name)
    return titles, separator, last


def lines_of_rows(rows: bytes, separator: str, first: int, count: int) -> Sequence[int]:
    """Give the line in which each row begins: the next, but for blank lines and breaks in quotes."""
    if rows.rstrip(b"\n").count(b"\n") + 1 == count:
        return range(first, first + count)
    lines: list[int] = []
    reader = csv.reader(io.StringIO(rows.decode("utf-8", errors="replace")), delimiter=separator)
    begin = first
    for row in reader:
        if row:
            lines.append(begin)
        begin = first + reader.line_num
    return lines


def is_number(text: str) -> bool:
    """Say whether a text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
