"""The gradient of a network with one hidden layer, backwards: against JAX and LambdaML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import lambdaml_dsl as ld
from lambdaml_dsl.language.functions import FloatArray
from tests.benchmarks import peers
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Timing, alternate

ROWS, INPUTS, SMALL, LARGE = 4096, 64, 64, 152
TEXT = "f @ tanh(W @ x + b) + c"
AGREEMENT, CENTRAL_AGREEMENT = 1e-9, 1e-4

METHOD = (
    f"`{TEXT}`, {ROWS:,} rows of {INPUTS} inputs, sum of squares and its gradient by all parameters. Ours: "
    '`diff_method="adjoint"`. JAX: `value_and_grad` of the same sum, jitted, in double precision on the '
    f"processor, its data on its side already. The gradients agree to {AGREEMENT:g} of their norm."
)
AGAINST_LAMBDAML = (
    f"The same with {LARGE} hidden units. LambdaML, with `vectorized=True`, without penalties and with its "
    "default of central differences, evaluates the whole network twice for each number, which takes a "
    "minute or more. Timed is what its own code takes for one parameter, `b`, {b} numbers of {P}; its time "
    "for all is that times {P}/{b}, as each number takes the same two evaluations. Ours is timed for all. "
    f"LambdaML's gradient by `b` agrees to {CENTRAL_AGREEMENT:g} of its norm."
)


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its data."""

    units: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the parameters, in the order of the formula."""
        return {"f": (self.units,), "W": (self.units, INPUTS), "b": (self.units,), "c": ()}

    def parameters(self) -> dict[str, Any]:
        """Draw values."""
        rng = np.random.default_rng(3)
        return {
            name: rng.normal(0, 1 / np.sqrt(shape[-1] if shape else 1), shape)
            for name, shape in self.shapes.items()
        }

    def data(self) -> dict[str, FloatArray]:
        """Draw inputs and a response."""
        rng = np.random.default_rng(4)
        return {"x": rng.normal(size=(ROWS, INPUTS)), "y": rng.normal(size=ROWS)}

    def objective(self) -> Any:
        """Bind the model to its data."""
        names = [name + (str(list(shape)) if shape else "") for name, shape in self.shapes.items()]
        model = ld.Model(TEXT, inputs=[f"x[{INPUTS}]"], parameters=names)
        assert model.parameters == tuple(self.shapes)
        return model.bind(self.data(), diff_method="adjoint")


def flat(parameters: dict[str, Any]) -> FloatArray:
    """Give all numbers in a row."""
    return np.concatenate([np.ravel(value) for value in parameters.values()])


def agree(found: FloatArray, expected: FloatArray, agreement: float) -> None:
    """Make sure that two gradients are the same, to within a part of their norm."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=agreement * float(np.linalg.norm(expected)))


def measure() -> Findings:
    """Time against both."""
    missing = peers.missing(("jax", "lambdaml"))
    tables, figures = [], {}
    if "jax" not in missing:
        times = against_jax(Network(SMALL))
        ours, jaxs = times.values()
        figures["network/jax"] = ours.over(jaxs)
        rows = [(name, str(time), str(time.over(jaxs))) for name, time in times.items()]
        method = f"{METHOD} {SMALL} hidden units, {flat(Network(SMALL).parameters()).size:,} parameters."
        tables.append(Table("Network", method, ("", "loss and gradient", "times JAX's"), tuple(rows)))
    if "lambdaml" not in missing:
        network = Network(LARGE)
        times = against_lambdaml(network)
        ours, whole = times.values()
        figures["network/lambdaml"] = whole.over(ours)
        rows = [(name, str(time), str(time.over(ours))) for name, time in times.items()]
        method = AGAINST_LAMBDAML.format(b=network.units, P=f"{flat(network.parameters()).size:,}")
        titles = ("", "loss and gradient", "times ours")
        tables.append(Table("Network of ten thousand parameters", method, titles, tuple(rows)))
    return Findings(tuple(tables), figures, missing)


def against_jax(network: Network) -> dict[str, Timing]:
    """Time ours and JAX's, which are checked first."""
    jax = peers.jax()
    jnp = jax.numpy
    parameters, data = network.parameters(), network.data()
    objective, theta = network.objective(), flat(parameters)

    def loss(p: Any, x: Any, y: Any) -> Any:
        return jnp.sum((jnp.tanh(x @ p["W"].T + p["b"]) @ p["f"] + p["c"] - y) ** 2)

    both = jax.jit(jax.value_and_grad(loss))
    its, x, y = jax.tree.map(jnp.asarray, parameters), jnp.asarray(data["x"]), jnp.asarray(data["y"])
    value, gradient = both(its, x, y)
    own_value, own_gradient = objective.value_and_gradient(theta)
    np.testing.assert_allclose(own_value, value, rtol=AGREEMENT)
    agree(own_gradient, flat({name: gradient[name] for name in parameters}), AGREEMENT)
    contenders = {
        "lambdaml_dsl, adjoint": lambda: objective.value_and_gradient(theta),
        "JAX": lambda: jax.block_until_ready(both(its, x, y)),
    }
    return alternate(contenders, rounds=25, block=0.06)


def against_lambdaml(network: Network) -> dict[str, Timing]:
    """Time ours, and LambdaML's by one of its parameters, from which the time for all follows."""
    lambdaml = peers.lambdaml()
    parameters, data = network.parameters(), network.data()
    objective, theta = network.objective(), flat(parameters)
    x, y = data["x"], data["y"]
    model = lambdaml.LambdaRegressorModel(forward, parameters, l2_factor=0.0, vectorized=True)

    def by_offsets() -> FloatArray:
        gradient: FloatArray = model._gc.compute(model._objective, model.p, "b", x, y)
        return gradient

    first = sum(np.size(parameters[name]) for name in ("f", "W"))
    own = objective.gradient(theta)[first : first + network.units] / ROWS
    agree(by_offsets(), own, CENTRAL_AGREEMENT)
    contenders: dict[str, Callable[[], object]] = {
        "lambdaml_dsl, adjoint": lambda: objective.value_and_gradient(theta),
        "LambdaML, central differences": by_offsets,
    }
    ours, share = alternate(contenders, rounds=7, block=0.3).values()
    whole = Timing(tuple([block * theta.size / network.units for block in share.blocks]))
    return {"lambdaml_dsl, adjoint": ours, "LambdaML, central differences": whole}


def forward(x: FloatArray, p: dict[str, Any]) -> FloatArray:
    """Compute the network as a user of LambdaML would write it."""
    values: FloatArray = np.tanh(x @ p["W"].T + p["b"]) @ p["f"] + p["c"]
    return values
