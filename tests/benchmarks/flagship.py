"""The formula that several benchmarks share, and data for it."""

from __future__ import annotations

from typing import Any

import numpy as np

TEXT = "sigmoid(a*exp(-lam*abs(x0))*cos(w*x1+phi))"
TRUTH = {"a": 1.3, "lam": 0.5, "w": 2.0, "phi": 0.3}
THETA = np.array(list(TRUTH.values())) * 1.1


def by_hand(x0: np.ndarray, x1: np.ndarray, p: dict[str, Any]) -> np.ndarray:
    """Compute it as one would write it in NumPy."""
    z = p["a"] * np.exp(-p["lam"] * np.abs(x0)) * np.cos(p["w"] * x1 + p["phi"])
    return 1 / (1 + np.exp(-z))


def data(rows: int) -> dict[str, np.ndarray]:
    """Draw inputs and a response with noise."""
    rng = np.random.default_rng(1)
    x0, x1 = rng.normal(0, 2, rows), rng.uniform(0, 6, rows)
    return {"x0": x0, "x1": x1, "y": by_hand(x0, x1, TRUTH) + rng.normal(0, 0.1, rows)}
