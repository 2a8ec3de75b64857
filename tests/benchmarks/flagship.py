"""The formula that several benchmarks share, and data for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lambdaml_dsl.language.functions import FloatArray

TEXT = "sigmoid(a*exp(-lam*abs(x0))*cos(w*x1+phi))"
TRUTH = {"a": 1.3, "lam": 0.5, "w": 2.0, "phi": 0.3}
THETA = np.array(list(TRUTH.values())) * 1.1


def by_hand(x0: FloatArray, x1: FloatArray, p: dict[str, Any]) -> FloatArray:
    """Compute it as one would write it in NumPy."""
    z = p["a"] * np.exp(-p["lam"] * np.abs(x0)) * np.cos(p["w"] * x1 + p["phi"])
    value: FloatArray = 1 / (1 + np.exp(-z))
    return value


def data(rows: int) -> dict[str, FloatArray]:
    """Draw inputs and a response with noise."""
    rng = np.random.default_rng(1)
    x0, x1 = rng.normal(0, 2, rows), rng.uniform(0, 6, rows)
    return {"x0": x0, "x1": x1, "y": by_hand(x0, x1, TRUTH) + rng.normal(0, 0.1, rows)}
