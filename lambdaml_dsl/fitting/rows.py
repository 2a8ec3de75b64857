"""The rows that are fitted: response, inputs and weights out of a table, checked row by row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from lambdaml_dsl.errors import DataError
from lambdaml_dsl.fitting.arguments import read_inputs, read_response, read_scatter
from lambdaml_dsl.fitting.options import Options
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.objective.table import Table, finite_rows


class Rows(NamedTuple):
    """The rows that are fitted.

    Attributes
    ----------
    table : Table
        Where they come from.
    kept : ndarray of int or None
        Their numbers in the table, from 0; None where all rows are fitted.
    columns : mapping of str to ndarray
        The inputs, shape (n,); those of vectors (d, n).
    y : ndarray
        The response, shape (n,); (m, n) for a model of m outputs.
    weights : ndarray or None
        Weights of the squares, shape (n,) or that of `y`.
    n_obs : int
        How many values of the response have a weight above zero.
    """

    table: Table
    kept: np.ndarray | None
    columns: Mapping[str, FloatArray]
    y: FloatArray
    weights: FloatArray | None
    n_obs: int

    def place(self, row: int) -> str:
        """Say which row of the table this is."""
        return self.table.row(row if self.kept is None else int(self.kept[row]))


def read_rows(bound: BoundModel, table: Table, options: Options) -> Rows:
    """Read response, inputs and weights, checked row by row."""
    if table.rows == 0:
        raise DataError("the data have no rows", place=table.name)
    columns = {name: own(values) for name, values in read_inputs(bound, table).items()}
    if options.y is None and bound.output is not None:
        y = own(table.column(bound.output))  # what most formulas have on the left needs no program
    else:
        y = own(read_response(bound, table, options.y))
    scatter = {}
    weights = None
    if options.sigma is not None:
        scatter["sigma"] = sigma = read_scatter(table, options.sigma, "sigma", y.shape[:-1])
        check_sign("sigma", sigma, sigma > 0, "above zero", table)
        weights = 1 / sigma**2
    elif options.weights is not None:
        scatter["weights"] = weights = own(read_scatter(table, options.weights, "weights", y.shape[:-1]))
        check_sign("weights", weights, weights >= 0, "zero or above", table)
    kept = None
    if not all(map(surely_finite, (*columns.values(), y, *scatter.values()))):
        named = {f"column '{name}'": values for name, values in columns.items()}
        named |= {name_of_response(bound, options): y} | scatter
        good = finite_rows(named, table, options.nan_policy)
        if good is not None:
            kept = np.flatnonzero(good)
            columns = {name: np.ascontiguousarray(values[..., kept]) for name, values in columns.items()}
            y = np.ascontiguousarray(y[..., kept])
            weights = None if weights is None else np.ascontiguousarray(weights[..., kept])
    n_obs = y.size if weights is None else int((np.broadcast_to(weights, y.shape) > 0).sum())
    if n_obs == 0:
        raise DataError("no row is left to fit", place=table.name)
    return Rows(table, kept, columns, y, weights, n_obs)


def own(values: FloatArray) -> FloatArray:
    """Copy a column, so that a result does not change with the caller's array."""
    values = values.copy()
    values.flags.writeable = False
    return values


def surely_finite(values: FloatArray) -> bool:
    """Say that no value is NaN or infinite, where their squares tell; those of huge values overflow."""
    flat = values if values.ndim == 1 else values.ravel()
    return bool(flat.dot(flat) < math.inf)


def name_of_response(bound: BoundModel, options: Options) -> str:
    """Say what the response is called in messages."""
    if options.y is not None:
        return f"column '{options.y}'" if isinstance(options.y, str) else "y"
    if bound.response is not None and bound.output is None:
        return to_text(bound.response)
    return f"column '{bound.output or 'y'}'"


def check_sign(what: str, values: FloatArray, good: np.ndarray, wanted: str, table: Table) -> None:
    """Refuse a sigma or weight of the wrong sign; what is not finite is the policy's matter."""
    bad = ~good & np.isfinite(values)
    if bad.any():
        index = int(np.argmax(bad.reshape(-1, table.rows).any(axis=0)))
        value = values[..., index][bad[..., index]].ravel()[0]
        raise DataError(f"{what} must be {wanted}, but is {value:g} in {table.row(index)}", place=table.name)
