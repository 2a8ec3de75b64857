"""Derivatives of a formula on columns: by its rules, or by differences by dependency.

In: a bound model, columns. Out: a `Differentiable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.derivatives.choice import choose
from lambdaml_dsl.derivatives.differentiable import Derivatives
from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.methods import differentiate, mend
from lambdaml_dsl.derivatives.scheme import Scheme
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.threads import evaluate_rows


@dataclass(frozen=True, slots=True, eq=False)
class OfModel:
    """The program of a formula on columns; differentiated by its rules, and by dependency.

    Attributes
    ----------
    bound : BoundModel
        The formula; all shapes are known.
    columns : mapping of str to ndarray
        Its inputs, shape (n,), or (d, n) for vectors.
    rows : int
        The number n of rows.

    Examples
    --------
    >>> import lambdaml_dsl as ld
    >>> from lambdaml_dsl import DiffMethod
    >>> function = OfModel(ld.Model("a*x^2").bound, {"x": np.array([1.0, 3.0])}, 2)
    >>> function.derivatives(np.array([5.0]), Scheme(DiffMethod.COMPLEX_STEP)).slopes
    array([[1., 9.]])
    """

    bound: BoundModel
    columns: Mapping[str, FloatArray]
    rows: int

    @property
    def layout(self) -> Layout:
        """What the components of theta are."""
        return Layout.of_model(self.bound)

    def value(self, theta: FloatArray) -> FloatArray:
        """Give the values, shape (n,), or (n, m)."""
        return self.rows_first(evaluate_rows(lower(self.bound), self.columns, self.rows, theta))

    def derivatives(self, theta: FloatArray, scheme: Scheme) -> Derivatives:
        """Give the values and the slopes by all components of theta."""
        every = tuple(range(len(self.bound.parameters)))
        scheme = choose(lower(self.bound), every, scheme)
        program = differentiate(lower(self.bound), every, scheme)
        out = evaluate_rows(program, self.columns, self.rows, theta)
        mend(lower(self.bound), every, self.columns, theta, out, scheme)
        shape = self.bound.result or ()
        sheets = out.reshape(-1, *shape, self.rows)
        slopes = np.ascontiguousarray(np.moveaxis(sheets, -1, 1))
        return Derivatives(slopes[0], slopes[1:], scheme.method)

    def rows_first(self, values: FloatArray) -> FloatArray:
        """Give values with the rows as first axis."""
        shaped = values.reshape(*(self.bound.result or ()), self.rows)
        return np.ascontiguousarray(np.moveaxis(shaped, -1, 0))
