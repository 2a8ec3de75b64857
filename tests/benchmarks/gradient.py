"""The gradient of a sum of squares over many rows, against LambdaML, which sees a black box, and JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import lambdaml_dsl as ld
from lambdaml_dsl.language.functions import FloatArray
from tests.benchmarks import flagship, peers
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

ROWS = 100_000
COMPLEX_AGREEMENT, CENTRAL_AGREEMENT = 1e-9, 1e-5
OURS = "lambdaml_dsl, complex step"

METHOD = (
    f"`{flagship.TEXT}`, four parameters, {ROWS:,} rows, sum of squares and its gradient. LambdaML "
    "computes its gradient as in its own `fit`, with `vectorized=True` and without penalties; its loss is "
    "the mean. Its version 1.2 casts what a vectorised model returns to real numbers, so that its complex "
    "step gives a gradient of zeros; here it runs with that cast taken out. Its default, central "
    "differences, runs as it is. JAX: `value_and_grad` of the same sum, jitted, in double precision on "
    "the processor, its data on its side already. The gradients agree to a relative "
    f"{COMPLEX_AGREEMENT:g}, those of central differences to {CENTRAL_AGREEMENT:g}."
)

Contender = Callable[[], object]


def measure() -> Findings:
    """Time the gradients on the same data."""
    data = flagship.data(ROWS)
    objective = ld.Model(flagship.TEXT).bind(data)
    value, gradient = objective.value_and_gradient(flagship.THETA)
    missing = peers.missing(("lambdaml", "jax"))
    contenders: dict[str, Contender] = {OURS: lambda: objective.value_and_gradient(flagship.THETA)}
    keys = {}
    if "lambdaml" not in missing:
        for key, (name, contender) in by_lambdaml(data, gradient).items():
            contenders[name], keys[name] = contender, f"gradient/{key}"
    if "jax" not in missing:
        contenders["JAX"], keys["JAX"] = by_jax(data, value, gradient), "gradient/jax"
    times = alternate(contenders, rounds=25, block=0.05)
    figures = {
        key: times[OURS].over(times[name]) if name == "JAX" else times[name].over(times[OURS])
        for name, key in keys.items()
    }
    rows = tuple([(name, str(time), str(time.over(times[OURS]))) for name, time in times.items()])
    table = Table("Gradient", METHOD, ("", "loss and gradient", "times ours"), rows)
    return Findings((table,), figures, missing)


def by_lambdaml(data: dict[str, FloatArray], gradient: FloatArray) -> dict[str, tuple[str, Contender]]:
    """Give LambdaML's gradients, by key, with their names; they are checked first."""
    lambdaml = peers.lambdaml()

    class Mended(lambdaml.LambdaRegressorModel):  # type: ignore[misc, name-defined]
        """LambdaML's regressor with the imaginary part kept."""

        def _predict_batch(self, X: FloatArray, p: dict[str, Any], **_: Any) -> FloatArray:
            values: FloatArray = self.f(X, p)
            return values

    x, y = np.column_stack([data["x0"], data["x1"]]), data["y"]
    start = dict(zip(flagship.TRUTH, flagship.THETA.tolist(), strict=True))

    def contender(kind: Any, method: str, agreement: float) -> Contender:
        model = kind(
            lambda x, p: flagship.by_hand(x[:, 0], x[:, 1], p),
            dict(start),
            diff_method=method,
            l2_factor=0.0,
            vectorized=True,
        )
        found = model._compute_gradients(x, y)
        np.testing.assert_allclose([found[name] * ROWS for name in start], gradient, rtol=agreement)
        return lambda: model._compute_gradients(x, y)

    methods, plain = lambdaml.DiffMethod, lambdaml.LambdaRegressorModel
    return {
        "lambdaml-complex-step": (
            "LambdaML, complex step",
            contender(Mended, methods.COMPLEX_STEP, COMPLEX_AGREEMENT),
        ),
        "lambdaml-central": (
            "LambdaML, central differences",
            contender(plain, methods.CENTRAL, CENTRAL_AGREEMENT),
        ),
    }


def by_jax(data: dict[str, FloatArray], value: float, gradient: FloatArray) -> Contender:
    """Give JAX's loss and gradient; they are checked first."""
    jax = peers.jax()
    jnp = jax.numpy

    def loss(theta: Any, x0: Any, x1: Any, y: Any) -> Any:
        a, lam, w, phi = theta
        z = a * jnp.exp(-lam * jnp.abs(x0)) * jnp.cos(w * x1 + phi)
        return jnp.sum((jax.nn.sigmoid(z) - y) ** 2)

    both = jax.jit(jax.value_and_grad(loss))
    columns = [jnp.asarray(data[name]) for name in ("x0", "x1", "y")]
    its_value, its_gradient = both(flagship.THETA, *columns)
    np.testing.assert_allclose(its_value, value, rtol=COMPLEX_AGREEMENT)
    np.testing.assert_allclose(its_gradient, gradient, rtol=COMPLEX_AGREEMENT)
    return lambda: jax.block_until_ready(both(flagship.THETA, *columns))
