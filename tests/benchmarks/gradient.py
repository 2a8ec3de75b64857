"""The gradient of a mean square over many rows, against LambdaML, which sees the model as a black box."""

from __future__ import annotations

from typing import Any

import numpy as np
from lambdaml import DiffMethod, LambdaRegressorModel

import lambdaml_dsl as ld
from tests.benchmarks.language import FLAGSHIP
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

ROWS = 100_000
THETA = {"a": 1.3, "lam": 0.5, "w": 2.0, "phi": 0.3}
COMPLEX_AGREEMENT, CENTRAL_AGREEMENT = 1e-9, 1e-5

METHOD = (
    f"`{FLAGSHIP}`, four parameters, {ROWS:,} rows, mean square and its gradient. LambdaML computes its "
    "gradient as in its own `fit`, with `vectorized=True` and without penalties. Its version 1.2 casts what "
    "a vectorised model returns to real numbers, so that its complex step gives a gradient of zeros; here it "
    "runs with that cast taken out. Its default, central differences, runs as it is. The gradients agree to "
    f"a relative {COMPLEX_AGREEMENT:g} (complex step) and {CENTRAL_AGREEMENT:g} (central)."
)


def flagship(x: np.ndarray, p: dict[str, Any]) -> np.ndarray:
    """Compute the flagship formula, as a user of LambdaML would write it."""
    z = p["a"] * np.exp(-p["lam"] * np.abs(x[:, 0])) * np.cos(p["w"] * x[:, 1] + p["phi"])
    return 1 / (1 + np.exp(-z))


class Mended(LambdaRegressorModel):
    """LambdaML's regressor with the imaginary part kept."""

    def _predict_batch(self, X: np.ndarray, p: dict[str, Any], **_: Any) -> np.ndarray:
        return self.f(X, p)


def tables() -> list[Table]:
    """Time the gradients on the same data."""
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(0, 2, ROWS), rng.uniform(0, 6, ROWS)])
    y = flagship(x, THETA) + rng.normal(0, 0.1, ROWS)
    objective = ld.Model(FLAGSHIP).bind({"x0": x[:, 0].copy(), "x1": x[:, 1].copy()}, y=y)
    theta = np.array([THETA[name] for name in ("a", "lam", "w", "phi")]) * 1.1
    start = dict(zip(THETA, theta.tolist(), strict=True))

    def lambdaml(kind: type[LambdaRegressorModel], method: str) -> LambdaRegressorModel:
        return kind(flagship, dict(start), diff_method=method, l2_factor=0.0, vectorized=True)

    by_complex_step = lambdaml(Mended, DiffMethod.COMPLEX_STEP)
    by_differences = lambdaml(LambdaRegressorModel, DiffMethod.CENTRAL)
    own = objective.gradient(theta) / ROWS  # LambdaML's loss is the mean, ours the sum
    for model, agreement in ((by_complex_step, COMPLEX_AGREEMENT), (by_differences, CENTRAL_AGREEMENT)):
        gradient = model._compute_gradients(x, y)
        np.testing.assert_allclose([gradient[name] for name in start], own, rtol=agreement)
    ours = "lambdaml_dsl, complex step"
    times = alternate(
        {
            ours: lambda: objective.value_and_gradient(theta),
            "LambdaML 1.2, complex step": lambda: by_complex_step._compute_gradients(x, y),
            "LambdaML 1.2, central differences": lambda: by_differences._compute_gradients(x, y),
        },
        rounds=25,
        block=0.05,
    )
    rows = tuple([(name, str(time), time.over(times[ours])) for name, time in times.items()])
    return [Table("Gradient", METHOD, ("", "one gradient", "times ours"), rows)]
