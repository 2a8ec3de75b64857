"""One interface to whatever can be differentiated by a flat theta; it knows nothing of syntax.

In: a theta and a scheme. Out: values and slopes. Two kinds stand behind it: `OfCallable`, a Python function
of parameters, of which nothing is known, and `OfModel`, the program of a formula, of which everything is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.language.functions import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Values and slopes.

    Attributes
    ----------
    value : ndarray
        Of any shape: () for an objective, (n,) or (n, m) for a function of rows.
    slopes : ndarray
        The derivative by each component of theta, shape (P, *value.shape).
    method : DiffMethod
        How they were taken.
    """

    value: FloatArray
    slopes: FloatArray
    method: DiffMethod

    def by_parameter(self, layout: Layout) -> dict[str, FloatArray]:
        """Give the slopes by name: the axes of the value, then those of the parameter."""
        found = {}
        for name, shape, (low, high) in zip(
            layout.names, layout.shapes, pairwise(layout.offsets), strict=True
        ):
            part = self.slopes[low:high]
            if self.value.ndim:
                part = np.ascontiguousarray(np.moveaxis(part, 0, -1))
            found[name] = part.reshape((*self.value.shape, *shape))
        return found


class Differentiable(Protocol):
    """A function of a flat theta."""

    @property
    def layout(self) -> Layout:
        """What the components of theta are."""
        ...

    def value(self, theta: FloatArray) -> FloatArray:
        """Give the values."""
        ...

    def derivatives(self, theta: FloatArray, scheme: Scheme) -> Derivatives:
        """Give the values and the slopes by all components of theta."""
        ...
