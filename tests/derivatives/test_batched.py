"""Steps in batches of thetas: the same derivatives as written out, in bounded memory; when they are taken."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import batched
from lambdaml_dsl.derivatives.batched import Batched, bind_derivatives, in_batches, stepped_parameters
from lambdaml_dsl.derivatives.methods import DiffMethod, Scheme, differentiate
from lambdaml_dsl.derivatives.stencils import STENCILS
from lambdaml_dsl.program.evaluate import Evaluation
from lambdaml_dsl.program.threads import Slabs

DIFFERENCES = sorted(STENCILS)
FLAGSHIP = "sigmoid(a*exp(-lam*abs(x))*cos(w*x + phi))"
FORMULAS = [
    (FLAGSHIP, {"a": 1.1, "lam": 0.5, "w": 2.0, "phi": 0.3}),
    ("a*exp(-b*x) + c", {"a": 1.1, "b": 0.5, "c": 2.0}),
    ("sum(A*exp(-((x - m)/s)^2))", {"A": [1.0, 2.0], "m": [0.5, 1.2], "s": 0.4}),
    ("dot(w, tanh(W@[x, 1] + b))", {"w": [1.0, -0.7], "W": [[0.3, 0.1], [-0.4, 0.7]], "b": [0.1, -0.2]}),
    ("[a*exp(-b*x), b*sin(a*x), a/b]", {"a": 1.3, "b": 0.7}),
    ("W@(W@[x, 1 + x])*[c, 1] + exp(-k)", {"W": [[0.3, 0.1], [-0.4, 0.7]], "c": 0.3, "k": 1.0}),
]


def posed(formula, values, rows=57):
    shaped = [f"{name}{list(np.shape(value))}" for name, value in values.items() if np.ndim(value)]
    model = ld.Model(formula, inputs=["x"], parameters=shaped)
    every = tuple(range(len(model.parameters)))
    return model, model.theta(model.bound, values), every, {"x": np.linspace(0.1, 2.0, rows)}


def in_steps(model, every, scheme, columns, some=None, **more):
    stepped = some or tuple([item.index for item in stepped_parameters(model.program, every)])
    return Batched(model.program, every, scheme, columns, columns["x"].shape[-1], stepped, **more)


@pytest.mark.parametrize("method", DIFFERENCES)
@pytest.mark.parametrize(("formula", "values"), FORMULAS)
def test_batches_agree_with_quotients_written_out(formula, values, method):
    model, theta, every, columns = posed(formula, values)
    scheme = Scheme(method, lower=tuple(theta), upper=tuple(theta + 1))
    written_out = Evaluation(differentiate(model.program, every, scheme), columns, 57)(theta)
    found = in_steps(model, every, scheme, columns)(theta)
    np.testing.assert_array_equal(found[0], written_out[0])
    close = {"rtol": 0, "atol": 1000 * STENCILS[method].error() * np.abs(written_out).max()}
    np.testing.assert_allclose(found, written_out, **close)


def test_affine_parameters_are_carried_still():
    model, theta, every, columns = posed("a*exp(-b*x) + c*x", {"a": 1.1, "b": 0.5, "c": 2.0})
    exact = Evaluation(differentiate(model.program, every, DiffMethod.COMPLEX_STEP), columns, 57)(theta)
    found = in_steps(model, every, Scheme(DiffMethod.FORWARD), columns)(theta)
    np.testing.assert_array_equal(found[[0, 1, 3]], exact[[0, 1, 3]])
    assert not np.array_equal(found[2], exact[2])


@pytest.mark.parametrize(("formula", "values"), FORMULAS)
def test_blocks_of_rows_and_of_components_make_no_difference(formula, values):
    model, theta, every, columns = posed(formula, values, rows=1001)
    scheme = Scheme(DiffMethod.FIVE_POINT)
    whole = in_steps(model, every, scheme, columns)(theta)
    for most_bytes in (1, 2_000, 100_000):
        small = in_steps(model, every, scheme, columns, most_bytes=most_bytes)
        close = {"rtol": 0, "atol": 1e-11 * np.abs(whole).max()}  # products of BLAS differ in last bits
        np.testing.assert_allclose(small(theta), whole, **close)
        parts = list(small.chunks(theta))
        assert [low for low, _, _ in parts] == [0, *[high for _, high, _ in parts[:-1]]]
        assert parts[-1][1] == 1001
        assert np.array_equal(np.concatenate([out for _, _, out in parts], axis=1), small(theta))
        sums = small.partials(theta, lambda out, rows: (rows, out.sum(axis=1)))
        assert [rows for rows, _ in sums] == [slice(low, high) for low, high, _ in parts]
        assert all(
            np.array_equal(one, out.sum(axis=1)) for (_, one), (_, _, out) in zip(sums, parts, strict=True)
        )


@pytest.mark.parametrize(("formula", "values"), FORMULAS)
def test_the_same_for_any_number_of_threads(formula, values, monkeypatch):
    model, theta, every, columns = posed(formula, values, rows=1001)
    monkeypatch.setattr(batched, "WORTH_THREADS", 0.0)
    found = []
    for cores in (1, 2, 4):
        monkeypatch.setattr(batched, "cores", lambda cores=cores: cores)
        bound = in_steps(model, every, Scheme(DiffMethod.CENTRAL), columns)
        found.append(bound(theta))
        assert np.array_equal(bound(theta), found[-1])
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_when_batches_are_chosen():
    central = Scheme(DiffMethod.CENTRAL)
    model, _, every, columns = posed(*FORMULAS[0])
    assert in_batches(model.program, every, central, 50) == every
    assert in_batches(model.program, every, central, 50_000) == ()
    assert in_batches(model.program, every, Scheme(DiffMethod.COMPLEX_STEP), 50) == ()
    assert isinstance(bind_derivatives(model.program, every, central, columns, 57), Batched)
    long = {"x": np.linspace(0, 1, 300_000)}
    assert isinstance(bind_derivatives(model.program, every, central, long, 300_000), Slabs)
    affine, _, _, _ = posed("a*x + b", {"a": 1.0, "b": 2.0})
    assert in_batches(affine.program, (0, 1), central, 50) == ()
    layer = ld.Model("dot(w, tanh(W@x + b))", inputs=["x[40]"], parameters=["W[30, 40]", "b[30]", "w[30]"])
    wide = layer.parameters.index("W")
    assert in_batches(layer.program, (0, 1, 2), central, 10_000) == (wide,)


def layer_of(units, inputs, rows):
    random = np.random.default_rng(3)
    model = ld.Model(
        "dot(w, tanh(W@x + b))",
        inputs=[f"x[{inputs}]"],
        parameters=[f"W[{units}, {inputs}]", f"b[{units}]", f"w[{units}]"],
    )
    data = {"x": random.normal(size=(rows, inputs))}
    shapes = {"W": (units, inputs), "b": (units,), "w": (units,)}
    # None next to 0: a step in the size of such a weight would be lost beside the others.
    values = {
        name: random.uniform(0.2, 1.0, shape) * random.choice([-1, 1], shape) / np.sqrt(shape[-1])
        for name, shape in shapes.items()
    }
    return model, data, values


@pytest.mark.parametrize("method", DIFFERENCES)
def test_a_layer_of_many_weights(method):
    model, data, values = layer_of(30, 20, 40)
    exact, found = model.jacobian(data, values), model.jacobian(data, values, method)
    for name, derivative in exact.items():
        close = {"rtol": 0, "atol": 1000 * STENCILS[method].error() * np.abs(derivative).max()}
        np.testing.assert_allclose(found[name], derivative, **close)
    np.testing.assert_array_equal(found["w"], exact["w"])


def test_the_gradient_of_more_weights_than_can_be_carried():
    model, data, values = layer_of(70, 64, 30)
    y = np.linspace(-1, 1, 30)
    theta = np.concatenate([np.ravel(values[name]) for name in model.parameters])
    want = model.bind(data, y=y, diff_method="adjoint").gradient(theta)
    value, found = model.bind(data, y=y, diff_method="central").value_and_gradient(theta)
    np.testing.assert_allclose(found, want, rtol=0, atol=1e-7 * np.abs(want).max())
    assert value == pytest.approx(model.bind(data, y=y).value(theta), rel=1e-13)


def test_memory_is_bounded():
    model, theta, every, columns = posed(*FORMULAS[0], rows=1_000_000)
    bound = in_steps(model, every, Scheme(DiffMethod.RICHARDSON), columns, most_bytes=1_000_000)
    tracemalloc.start()
    bound.partials(theta, lambda out, rows: out.sum())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1_000_000 * (1 + len(theta)) / 2
