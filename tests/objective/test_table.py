"""Whatever a user brings as data: read as numbers, or refused in words that say where."""

import datetime
import decimal
import errno
import fractions
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lambdaml_dsl.errors import DataError, MissingPackageError, OptionError
from lambdaml_dsl.objective.table import finite_rows, read_table

NAN = np.nan


def columns_of(data):
    """Read every column as numbers."""
    table = read_table(data)
    columns = {name: table.column(name) for name in table.columns}
    for values in columns.values():
        assert values.dtype == np.float64
        assert values.shape == (table.rows,)
        assert values.flags.c_contiguous
    return {name: values.tolist() for name, values in columns.items()}


def refusal(data, kind=DataError, column=None):
    """Give the message with which data are refused."""

    def read():
        table = read_table(data)
        for name in [column] if column else table.columns:
            table.column(name)

    with pytest.raises(kind) as caught:
        read()
    assert caught.value.__cause__ is None
    return str(caught.value)


def same(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


# ---- mappings ----


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ((1, 2.5, 3), [1, 2.5, 3]),
        (range(3), [0, 1, 2]),
        (np.array([1, 2, 3], dtype=np.int8), [1, 2, 3]),
        (np.array([1, 2, 2**63], dtype=np.uint64), [1, 2, 2.0**63]),
        (np.array([1, 2, 3], dtype=np.float16), [1, 2, 3]),
        (np.array([1, 2, 3], dtype=">f8"), [1, 2, 3]),
        (np.array([1, 2, 3], dtype=np.longdouble), [1, 2, 3]),
        (np.arange(6.0)[::2], [0, 2, 4]),
        (np.array([True, False, True]), [1, 0, 1]),
        ([True, False, True], [1, 0, 1]),
        ([1, None, 3], [1, NAN, 3]),
        ([1, pd.NA, 3], [1, NAN, 3]),
        (["1", " 2.5 ", "-3e2"], [1, 2.5, -300]),
        (["1", "", "NA"], [1, NAN, NAN]),
        (np.array(["1", "nan", "inf"]), [1, NAN, np.inf]),
        ([b"1", b"2", b"3"], [1, 2, 3]),
        ([decimal.Decimal("1.5"), None, 2], [1.5, NAN, 2]),
        ([fractions.Fraction(1, 4), 1, 2], [0.25, 1, 2]),
        ([2**70, 1, 2], [2.0**70, 1, 2]),
        (np.ma.array([1, 2, 3], mask=[False, True, False]), [1, NAN, 3]),
        (np.ma.array([1.5, 2, 3]), [1.5, 2, 3]),
        (pd.Series([1, 2, 3], index=[7, 5, 6]), [1, 2, 3]),
        (pd.Series([1, None, 3], dtype="Int64"), [1, NAN, 3]),
        (pd.array([1, None, 3], dtype="Float64"), [1, NAN, 3]),
        (pl.Series([1, None, 3]), [1, NAN, 3]),
        (pa.array([1, None, 3]), [1, NAN, 3]),
        (5, [5, 5, 5]),
        (np.float64(5), [5, 5, 5]),
        (np.array(5), [5, 5, 5]),
        (None, [NAN, NAN, NAN]),
        (np.ma.masked, [NAN, NAN, NAN]),
    ],
)
def test_columns_of_a_mapping(values, expected):
    found = columns_of({"x": values, "y": [0.0, 0.0, 0.0]})
    same(found, {"x": expected, "y": [0, 0, 0]})


def test_a_mapping_of_single_numbers_is_one_row():
    assert columns_of({"x": 3, "y": 4.5}) == {"x": [3.0], "y": [4.5]}


def test_an_empty_mapping_has_no_rows():
    assert read_table({}).rows == 0
    assert read_table({"x": [], "y": []}).rows == 0


def test_names_that_are_no_texts_become_texts():
    assert columns_of({1: [1, 2]}) == {"1": [1.0, 2.0]}


def test_a_long_double_beyond_float64_is_infinite():
    huge = np.finfo(np.longdouble).max
    if not np.isfinite(huge) or huge <= np.finfo(np.float64).max:
        pytest.skip("a long double is a float64 on this machine")
    assert columns_of({"x": np.array([huge])}) == {"x": [np.inf]}


def test_the_caller_keeps_its_arrays():
    given = np.array([1.0, 2.0])
    given.flags.writeable = False
    table = read_table({"x": given})
    np.testing.assert_array_equal(table.column("x"), [1, 2])
    assert columns_of(table) == {"x": [1.0, 2.0]}


def test_structured_arrays():
    array = np.array([(1, 2.5), (3, 4.0)], dtype=[("a", int), ("b", float)])
    assert columns_of(array) == {"a": [1.0, 3.0], "b": [2.5, 4.0]}
    assert columns_of(array.view(np.recarray)) == {"a": [1.0, 3.0], "b": [2.5, 4.0]}
    assert columns_of(array[:1].reshape(())) == {"a": [1.0], "b": [2.5]}


class Odd:
    """Something that is no number."""


GIVE_NAN = "Where a value is missing, give NaN."
NUMBER_A_ROW = "Give one number for each row."
DATES = (
    "data: column 'x' holds dates, times or durations\nConvert it to a number, such as days since the start."
)
COMPLEX = "data: column 'x' holds complex numbers\nFit its real or imaginary part, or its absolute value."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            [1, "two"],
            "data: column 'x' holds 'two' in row 2, which is not a number\n" + GIVE_NAN,
        ),
        (
            "all the same",
            "data: column 'x' holds 'all the same' in row 1, which is not a number\n"
            "Where a value is missing, give NaN.",
        ),
        (
            ["1", "1,5"],
            "data: column 'x' holds '1,5' in row 2, which is not a number\n"
            "Write decimal numbers with a point, and no comma between thousands.",
        ),
        (
            ["1", "2 kg"],
            "data: column 'x' holds '2 kg' in row 2, which is not a number\n"
            "Write the number alone, without a unit or a remark.",
        ),
        (
            ["1", "-.5%"],
            "data: column 'x' holds '-.5%' in row 2, which is not a number\n"
            "Where a value is missing, give NaN.",
        ),
        (
            ["1", "\u22125"],
            "data: column 'x' holds '\u22125' in row 2, which is not a number\n"
            "Write a minus as the plain sign -.",
        ),
        (
            [b"M\xfcller", b"1"],
            "data: column 'x' holds 'M\\xfcller' in row 1, which is not a number\n"
            "Where a value is missing, give NaN.",
        ),
        (
            np.ma.array(["a", "b"], mask=[True, False]),
            "data: column 'x' holds 'b' in row 2, which is not a number\n" + GIVE_NAN,
        ),
        (
            [1, 10**400],
            "data: column 'x' holds too large a number in row 2\nThe largest number is about 1.8e308.",
        ),
        (
            [1, Odd()],
            f"data: column 'x' holds a value of type 'Odd' in row 2, which is not a number\n{NUMBER_A_ROW}",
        ),
        (
            {1, 2},
            f"data: column 'x' holds a value of type 'set' in row 1, which is not a number\n{NUMBER_A_ROW}",
        ),
        (np.ones((2, 2, 2, 2)), f"data: column 'x' has the shape (2, 2, 2, 2)\n{NUMBER_A_ROW}"),
        ([["a", "b"], ["c", "d"]], "data: column 'x' does not hold numbers\nGive an array of numbers."),
        ([[1, 2], [3]], f"data: column 'x' holds lists of different lengths\n{NUMBER_A_ROW}"),
        ([1j, 2], COMPLEX),
        (np.array([1j, 2], dtype=object), COMPLEX),
        (np.array(["2020-01-01", "NaT"], dtype="M8[D]"), DATES),
        (np.array([1, 2], dtype="m8[s]"), DATES),
        ([datetime.date(2020, 1, 1), 1], DATES),
        ([datetime.datetime(2020, 1, 1), 1], DATES),
        ([datetime.time(12), 1], DATES),
        ([datetime.timedelta(1), 1], DATES),
    ],
)
def test_refused_columns_of_a_mapping(values, expected):
    assert refusal({"x": values, "y": [0.0, 0.0]}, column="x") == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"x": [1, 2], "y": [1, 2, 3]},
            "data: the columns differ in length: 'x' has 2 values, 'y' has 3",
        ),
        ({"x": [1], "y": [1, 2, 3]}, "data: the columns differ in length: 'x' has 1 value, 'y' has 3"),
        (
            {**{f"c{i}": [1, 2] for i in range(100)}, "y": [1]},
            "data: the columns differ in length: 'c0' has 2 values, 'y' has 1",
        ),
        ({1: [1], "1": [2]}, "data: two columns are called '1'\nRename one of them."),
    ],
)
def test_refused_mappings(data, expected):
    assert refusal(data) == expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([1, 2], "list"),
        (([1], [2]), "tuple"),
        (3, "int"),
        (None, "NoneType"),
        (b"a.csv", "bytes"),
        (np.ones((3, 2, 2)), "ndarray"),
        (pd.Series([1.0, 2.0]), "Series"),
        (pl.Series([1.0, 2.0]), "Series"),
    ],
)
def test_what_holds_no_columns(data, kind):
    assert refusal(data, OptionError) == (
        f"data cannot be of the type '{kind}'\n"
        "Give a dict of arrays, a data frame, or the path of a CSV or Parquet file."
    )


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        ({"time": [1]}, "tme", "data: there is no column 'tme'\nDid you mean 'time'? The columns are time."),
        ({"a": [1], "b": [1]}, "x", "data: there is no column 'x'\nThe columns are a, b."),
        ({}, "x", "data: there is no column 'x'\nThe data have no columns."),
        (
            {f"c{i}": [1] for i in range(40)},
            "x",
            "data: there is no column 'x'\nThe columns are "
            + ", ".join(f"c{i}" for i in range(30))
            + ", and 10 more.",
        ),
    ],
)
def test_missing_column(data, name, expected):
    assert refusal(data, column=name) == expected


def test_renamed_columns():
    table = read_table({"a": [1], "b": [2], "c": [3]})
    assert columns_of(table.renamed({"x": "a", "y": "c"})) == {"b": [2.0], "x": [1.0], "y": [3.0]}
    assert columns_of(table.renamed({"a": "b", "b": "a"})) == {"c": [3.0], "a": [2.0], "b": [1.0]}
    with pytest.raises(DataError) as caught:
        table.renamed({"x": "q"})
    assert str(caught.value) == "data: there is no column 'q'\nThe columns are a, b, c."


# ---- data frames ----

FRAMES = {
    "pandas": lambda **columns: pd.DataFrame(columns),
    "polars": lambda **columns: pl.DataFrame(columns),
    "polars, lazy": lambda **columns: pl.LazyFrame(columns),
    "arrow": lambda **columns: pa.table(columns),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_frames(make):
    frame = make(x=[1, 2], y=[1.5, None], flag=[True, False])
    same(columns_of(frame), {"x": [1, 2], "y": [1.5, NAN], "flag": [1, 0]})


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_text_in_a_frame(make):
    frame = make(x=[1, 2], name=["a", None])
    assert read_table(frame).column("x").tolist() == [1, 2]
    assert refusal(frame, column="name") == (
        "data: column 'name' holds 'a' in row 1, which is not a number\n" + GIVE_NAN
    )


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_dates_in_a_frame(make):
    assert refusal(make(x=[datetime.datetime(2020, 1, 1), None])) == DATES


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.array([1, None], dtype="Int64"), [1, NAN]),
        (pd.array([1.5, None], dtype="Float64"), [1.5, NAN]),
        (pd.array([True, None], dtype="boolean"), [1, NAN]),
        (pd.array(["1", None], dtype="string"), [1, NAN]),
        (pd.array([1, None], dtype="int64[pyarrow]"), [1, NAN]),
        (pd.Categorical([1, 2]), [1, 2]),
        (pd.arrays.SparseArray([0, 1.5]), [0, 1.5]),
        ([1, pd.NA], [1, NAN]),
    ],
)
def test_pandas_types(values, expected):
    same(columns_of(pd.DataFrame({"x": values}, index=["b", "a"])), {"x": expected})


def test_pandas_labels():
    assert columns_of(pd.DataFrame([[1, 2]], columns=[0, 1])) == {"0": [1.0], "1": [2.0]}
    odd = pd.DataFrame({"x": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    assert columns_of(odd) == {"x": [1.0, 2.0]}
    assert refusal(pd.DataFrame([[1, 2]], columns=["a", "a"])) == (
        "data: two columns are called 'a'\nRename one of them."
    )
    assert refusal(pd.DataFrame([[1, 2]], columns=[1, "1"])) == (
        "data: two columns are called '1'\nRename one of them."
    )


def test_pandas_categories_of_text():
    assert refusal(pd.DataFrame({"x": pd.Categorical(["low", "high"])})) == (
        "data: column 'x' holds 'low' in row 1, which is not a number\n" + GIVE_NAN
    )


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2020-01-01"], utc=True),
        pd.to_timedelta([1], unit="s"),
        pd.to_datetime(["NaT"]),
    ],
)
def test_pandas_dates(values):
    assert refusal(pd.DataFrame({"x": values})) == DATES


def test_arrow_types():
    chunked = pa.chunked_array([[1], [None, 2]])
    same(columns_of(pa.table({"x": chunked})), {"x": [1, NAN, 2]})
    numbered = pa.array([1, 2, 1]).dictionary_encode()
    same(columns_of(pa.table({"x": numbered})), {"x": [1, 2, 1]})
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert refusal(twice) == "data: two columns are called 'a'\nRename one of them."


def test_polars_types():
    assert columns_of(pl.DataFrame({"x": [decimal.Decimal("1.5")]})) == {"x": [1.5]}
    same(columns_of(pl.DataFrame({"x": [None, None]})), {"x": [NAN, NAN]})
    assert refusal(pl.DataFrame({"x": [[1, 2], [3]]})) == (
        f"data: column 'x' holds a value of type 'ndarray' in row 1, which is not a number\n{NUMBER_A_ROW}"
    )


def test_a_lazy_frame_that_cannot_be_computed():
    broken = pl.LazyFrame({"x": [1]}).select("nope")
    assert refusal(broken).startswith("data: the lazy frame cannot be computed: ")


# ---- CSV ----

T_AND_Y = {"t": [1, 3], "y": [2, 4.5]}


@pytest.mark.parametrize(
    "text",
    [
        "t,y\n1,2\n3,4.5\n",
        "t,y\n1,2\n3,4.5",
        "t;y\n1;2\n3;4.5\n",
        "t\ty\n1\t2\n3\t4.5\n",
        "\ufefft,y\n1,2\n3,4.5\n",
        "\ufeff# made by hand\nt,y\n1,2\n3,4.5\n",
        "t,y\r\n1,2\r\n3,4.5\r\n",
        "t,y\r1,2\r3,4.5\r",
        "# a\r\n\r\nt,y\r\n1,2\r\n3,4.5",
        '"t","y"\n1,2\n3,4.5\n',
        "t, y\n1, 2\n3, 4.5\n",
        "# first, with commas, many\n#second\n\n \nt,y\n1,2\n3,4.5\n",
        "t,y\n1,2\n\n   \n3,4.5\n\n\n",
        "t,y\n1,2\n# between, the rows\n3,4.5\n",
        't,y\n"1","2"\n"3","4.5"\n',
        "t,y\n+1,2.\n3.0,.45e1\n",
    ],
)
def test_csv(text, tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(text.encode())
    same(columns_of(path), T_AND_Y)
    same(columns_of(str(path)), T_AND_Y)


@pytest.mark.parametrize("name", ["d.tsv", "d.txt", "d.dat", "D.CSV"])
def test_other_names_of_delimited_files(name, tmp_path):
    (tmp_path / name).write_text("t\ty\n1\t2\n3\t4.5\n")
    same(columns_of(tmp_path / name), T_AND_Y)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"time, s","y"\n1,2\n', {"time, s": [1], "y": [2]}),
        ('"a ""b""",y\n1,2\n', {'a "b"': [1], "y": [2]}),
        ('"a\nb",y\n1,2\n', {"a b": [1], "y": [2]}),
        ("time (s),y\n1,2\n", {"time (s)": [1], "y": [2]}),
        ("time (s)\n1\n2\n", {"time (s)": [1, 2]}),
        ("y\n-1\n2", {"y": [-1, 2]}),
        ('"range [a,b,c]";y\n1;2\n', {"range [a,b,c]": [1], "y": [2]}),
        ("größe,τ\n1,2\n", {"größe": [1], "τ": [2]}),
        ("t,y,\n1,2,\n", {"t": [1], "y": [2], "(column 3)": [NAN]}),
        (",y,\n1,2,3\n", {"(column 1)": [1], "y": [2], "(column 3)": [3]}),
        ("t,y\n1,\n,4\n", {"t": [1, NAN], "y": [NAN, 4]}),
        ("t,y\n1,NA\n2,nan\n3,N/A\n4,null\n", {"t": [1, 2, 3, 4], "y": [NAN] * 4}),
        ("t,y\n1,inf\n2,-inf\n", {"t": [1, 2], "y": [np.inf, -np.inf]}),
        ("t,y\n1,true\n2,false\n", {"t": [1, 2], "y": [1, 0]}),
        ("t,y\n1,123456789012345678901234567890\n", {"t": [1], "y": [123456789012345678901234567890.0]}),
        ("t,y\n1,0.1\n", {"t": [1], "y": [0.1]}),
        ("t,y\n1," + "9" * 400 + "\n", {"t": [1], "y": [np.inf]}),
    ],
)
def test_csv_columns(text, expected, tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(text.encode())
    same(columns_of(path), expected)


def test_a_wide_csv(tmp_path):
    path = tmp_path / "d.csv"
    names = [f"c{i}" for i in range(20_000)]
    path.write_text(",".join(names) + "\n" + ",".join(map(str, range(20_000))) + "\n")
    table = read_table(path)
    assert list(table.columns) == names
    assert table.column("c19999").tolist() == [19999]


def test_a_long_csv_whose_last_row_is_another_type(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("t,y\n" + "1,2\n" * 300_000 + "1.5,oops\n")
    assert read_table(path).column("t")[-1] == 1.5
    assert refusal(path, column="y") == (
        "d.csv: column 'y' holds 'oops' in row 300001 (line 300002), which is not a number\n"
        "Where a value is missing, leave the cell empty."
    )


def test_text_in_a_column_that_is_not_asked_for(tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes("who,t\nMüller,1\n".encode("latin-1"))
    assert read_table(path).column("t").tolist() == [1]


LEAVE_EMPTY = "Where a value is missing, leave the cell empty."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "d.csv: the file is empty"),
        (" \n\n", "d.csv: the file is empty"),
        ("# t,y\n# 1,2\n", "d.csv: the file has no header and no rows"),
        ("t,y", "d.csv: the file has a header and no rows"),
        ("# c\nt,y\n\n", "d.csv: the file has a header and no rows"),
        (
            "1,2\n3,4\n",
            "d.csv: line 1 holds numbers where the column names should be\n"
            "Put a line with a name for each column first, such as: t,y",
        ),
        (
            "#t,y\n1,2\n3,4\n",
            "d.csv: line 2 holds numbers where the column names should be\n"
            "Put a line with a name for each column first, such as: t,y (without a # before it)",
        ),
        ("t,y,t\n1,2,3\n", "d.csv: two columns are called 't'\nRename one of them."),
        (
            "t  y\n1  2\n",
            "d.csv: the columns seem to be separated by blanks\nSeparate them by commas, semicolons or tabs.",
        ),
        (
            "t,y\n1,2\n3\n",
            "d.csv: line 3 has 1 value, but the header names 2 columns\n"
            "Where a value is missing, leave the cell empty, between its separators.",
        ),
        (
            "# c\n\nt,y\n1,2\n\n1,2,3\n",
            "d.csv: line 6 has 3 values, but the header names 2 columns\n"
            "Each line needs one value for each column; decimal numbers are written with a point.",
        ),
        (
            "t;y\n1;2\n1,5;x\n",
            "d.csv: column 't' holds '1,5' in row 2 (line 3), which is not a number\n"
            "Write decimal numbers with a point, and no comma between thousands.",
        ),
        (
            "t,y\n1,2\n2,x\n",
            f"d.csv: column 'y' holds 'x' in row 2 (line 3), which is not a number\n{LEAVE_EMPTY}",
        ),
        (
            "# c\r\nt,y\r\n\r\n1,NA\r\n# c\r\n2,-\r\n",
            f"d.csv: column 'y' holds '-' in row 2 (line 6), which is not a number\n{LEAVE_EMPTY}",
        ),
        (
            '"a\nb",note\n1,"two\nlines"\n2,x\nz,y\n',
            f"d.csv: column 'a b' holds 'z' in row 3 (line 6), which is not a number\n{LEAVE_EMPTY}",
        ),
        (
            "t,y\n1,2.5 mm\n",
            "d.csv: column 'y' holds '2.5 mm' in row 1 (line 2), which is not a number\n"
            "Write the number alone, without a unit or a remark.",
        ),
        (
            "t,y\n2020-01-01,2\n",
            "d.csv: column 't' holds dates, times or durations\n"
            "Convert it to a number, such as days since the start.",
        ),
        (
            "t,y\n12:30:00,2\n",
            "d.csv: column 't' holds dates, times or durations\n"
            "Convert it to a number, such as days since the start.",
        ),
    ],
)
def test_refused_csv(text, expected, tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(text.encode())
    assert refusal(path) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (bytes(range(256)), "d.csv: this is not a text file\nSave it as CSV (UTF-8) or Parquet."),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00IHDR",
            "d.csv: this is not a text file\nSave it as CSV (UTF-8) or Parquet.",
        ),
        (b"t,y\n1,\x00\n", "d.csv: this is not a text file\nSave it as CSV (UTF-8) or Parquet."),
        ("t,y\n1,2\n".encode("utf-16"), "d.csv: this is not a text file\nSave it as CSV (UTF-8) or Parquet."),
        (
            "# c\nt,größe\n1,2\n".encode("latin-1"),
            "d.csv: line 2 is not UTF-8 text\nSave the file with the encoding UTF-8.",
        ),
    ],
)
def test_files_that_are_no_text(content, expected, tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    assert refusal(path) == expected


# ---- Parquet, and paths ----


def test_parquet(tmp_path):
    frame = pd.DataFrame({"x": [1, 2], "y": [1.5, None], "who": ["a", "b"]})
    frame.to_parquet(tmp_path / "d.parquet")
    table = read_table(tmp_path / "d.parquet")
    assert list(table.columns) == ["x", "y", "who"]
    np.testing.assert_array_equal(table.column("y"), [1.5, NAN])
    assert refusal(tmp_path / "d.parquet", column="who") == (
        "d.parquet: column 'who' holds 'a' in row 1, which is not a number\n" + GIVE_NAN
    )
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "e.pq")
    assert columns_of(tmp_path / "e.pq") == {"x": [1.0, 2.0]}


def test_parquet_that_is_none(tmp_path):
    path = tmp_path / "d.parquet"
    path.write_bytes(b"t,y\n1,2\n")
    assert refusal(path) == "d.parquet: this is not a Parquet file, or it is damaged"
    pd.DataFrame({"x": np.arange(1000.0)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    assert refusal(path) == "d.parquet: this is not a Parquet file, or it is damaged"
    path.write_bytes(b"")
    assert refusal(path) == "d.parquet: the file is empty"


def test_files_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text("x")
    assert refusal("data.csv") == "there is no file 'data.csv'"
    (tmp_path / "decay.csv").write_text("t,y\n1,2\n")
    (tmp_path / "peak.csv").write_text("t,y\n1,2\n")
    assert refusal("deacy.csv") == "there is no file 'deacy.csv'\nDid you mean 'decay.csv'?"
    assert refusal("1999.csv") == "there is no file '1999.csv'\nThe folder holds: decay.csv, peak.csv."
    missing = os.path.join("nowhere", "d.csv")
    assert refusal(missing) == f"there is no file '{missing}'\nThere is no folder 'nowhere' either."
    (tmp_path / "folder.csv").mkdir()
    assert refusal("folder.csv") == "'folder.csv' is a folder, not a file"
    assert refusal("decay.xlsx", OptionError) == (
        "the kind of file of 'decay.xlsx' is not known\n"
        "The name must end in .csv, .tsv, .txt, .dat or .parquet."
    )
    assert refusal("a\0b.csv") == "cannot read 'a\0b.csv': embedded null byte"


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal("d.csv") == "cannot read 'd.csv': permission denied"


def test_files_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "d.csv").write_text("t,y\n1,2\n")
    assert refusal(tmp_path / "d.csv", MissingPackageError) == (
        'reading files needs pyarrow\nInstall it with: pip install "lambdaml-dsl[cli]"'
    )


# ---- rows that are not finite ----


def test_finite_rows():
    table = read_table({"x": [1, NAN, np.inf, 4], "y": [1, 2, 3, NAN]})
    columns = {name: table.column(name) for name in ("x", "y")}
    np.testing.assert_array_equal(finite_rows(columns, table, "omit"), [True, False, False, False])
    assert finite_rows({"x": np.ones(4)}, table, "raise") is None
    with pytest.raises(DataError) as caught:
        finite_rows({"column 'x'": columns["x"]}, table, "raise")
    assert str(caught.value) == (
        "data: column 'x' holds no number (NaN) in row 2, and 1 more such row\n"
        'Mend the data, or leave such rows out with nan_policy="omit".'
    )


@pytest.mark.parametrize(
    ("value", "words"), [(NAN, "no number (NaN)"), (np.inf, "infinity"), (-np.inf, "minus infinity")]
)
def test_values_that_are_not_finite(value, words, tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(f"# c\ny\n1\n{value}\n{value}\n{value}\n".replace("nan", "NaN"))
    table = read_table(path)
    with pytest.raises(DataError) as caught:
        finite_rows({"column 'y'": table.column("y")}, table, "raise")
    assert str(caught.value) == (
        f"d.csv: column 'y' holds {words} in row 2 (line 4), and 2 more such rows\n"
        'Mend the data, or leave such rows out with nan_policy="omit".'
    )


# ---- vectors in the rows ----


def test_a_column_of_vectors_has_the_rows_last():
    values = np.arange(6.0).reshape(3, 2)
    table = read_table({"x": values, "y": [1, 2, 3]})
    assert table.shape("x") == (2,)
    np.testing.assert_array_equal(table.column("x"), values.T)
    assert table.column("x").flags.c_contiguous


def test_a_column_of_matrices_has_the_rows_last():
    values = np.arange(12.0).reshape(3, 2, 2)
    np.testing.assert_array_equal(read_table({"x": values}).column("x"), np.moveaxis(values, 0, -1))


@pytest.mark.parametrize("values", [[[1.0], [2.0]], np.array([[1.0], [2.0]])])
def test_vectors_of_one_component_are_numbers(values):
    table = read_table({"x": values})
    assert table.shape("x") == ()
    np.testing.assert_array_equal(table.column("x"), [1, 2])


def test_x_is_the_row_of_the_numbered_columns():
    table = read_table({"x0": [1, 2], "x1": [3, 4], "x3": [5, 6]})
    assert table.shape("x") == (2,)
    np.testing.assert_array_equal(table.column("x"), [[1, 2], [3, 4]])
    assert table.names == ("x0", "x1", "x3", "x")


def test_one_numbered_column_makes_no_row():
    with pytest.raises(DataError):
        read_table({"x0": [1, 2]}).column("x")


def test_a_column_x_is_not_replaced_by_numbered_ones():
    np.testing.assert_array_equal(read_table({"x": [7, 8], "x0": [1, 2], "x1": [3, 4]}).column("x"), [7, 8])


def test_the_components_of_x_have_names():
    table = read_table({"x": [[1, 2], [3, 4]], "x1": [9, 9]})
    np.testing.assert_array_equal(table.column("x0"), [1, 3])
    np.testing.assert_array_equal(table.column("x1"), [9, 9])


@pytest.mark.parametrize("data", [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 2])])
def test_an_array_is_the_rows_x(data):
    np.testing.assert_array_equal(read_table(data).column("x"), data.T)


def test_names_of_columns_are_normalised():
    table = read_table({"\N{MICRO SIGN}": [1.0], "x\N{SUBSCRIPT TWO}": [2.0], "t [s]": [3.0]})
    assert table.names == ("\N{GREEK SMALL LETTER MU}", "x2", "t [s]")


def test_names_that_are_one_when_normalised_are_refused():
    data = {"\N{MICRO SIGN}": [1.0], "\N{GREEK SMALL LETTER MU}": [1.0]}
    assert refusal(data) == ("data: two columns are called '\N{GREEK SMALL LETTER MU}'\nRename one of them.")
