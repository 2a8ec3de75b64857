"""Sums of Gaussian peaks: the formula, data, and the same written by hand in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lambdaml_dsl.language.functions import FloatArray

ROWS = 20_000
SPACING = 3.0


@dataclass(frozen=True, slots=True)
class Peaks:
    """So many peaks side by side, each with an amplitude, a place and a width."""

    count: int

    @property
    def text(self) -> str:
        """The formula, every parameter a number with its own name."""
        return " + ".join([f"A{k}*exp(-(x - m{k})^2/(2*s{k}^2))" for k in range(self.count)])

    @property
    def theta(self) -> FloatArray:
        """Parameters, shape (3*count,): amplitude, place, width of the first peak, then of the second."""
        number = np.arange(self.count)
        columns = [1 + 0.1 * np.cos(number), SPACING * (number + 1), 0.8 + 0.1 * np.sin(number)]
        return np.column_stack(columns).ravel()

    @property
    def x(self) -> FloatArray:
        """The rows."""
        return np.linspace(0, SPACING * (self.count + 1), ROWS)

    def values(self, theta: FloatArray, x: FloatArray) -> FloatArray:
        """Compute the sum by hand, shape (n,)."""
        out = np.zeros_like(x)
        for A, m, s in theta.reshape(-1, 3).tolist():
            u = (x - m) / s
            out += A * np.exp(-0.5 * u * u)
        return out

    def derivatives(self, theta: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute the sum and its derivatives by hand, shapes (n,) and (3*count, n)."""
        out, jacobian = np.zeros_like(x), np.empty((3 * self.count, x.size))
        for k, (A, m, s) in enumerate(theta.reshape(-1, 3).tolist()):
            u = (x - m) / s
            by_amplitude, by_place, by_width = jacobian[3 * k : 3 * k + 3]
            np.exp(-0.5 * u * u, out=by_amplitude)
            peak = A * by_amplitude
            out += peak
            np.multiply(peak, u / s, out=by_place)
            np.multiply(by_place, u, out=by_width)
        return out, jacobian
