"""An unrolled program computes the same, component by component."""

import numpy as np
import pytest

import lambdaml_dsl as ld
from lambdaml_dsl.program import unroll
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Parameter
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.unroll import unrolled

FORMULAS = [
    ("a*x + b", {}),
    ("sum(k*exp(-m*x))", {"k": (3,), "m": (3,)}),
    ("softmax(W @ [x, 1, x*x])", {"W": (4, 3)}),
    ("cumsum(k*x)[1:] @ m[::-1]", {"k": (3,), "m": (2,)}),
    ("relu([x, 1] @ W) @ v + s", {"W": (2, 3), "v": (3,)}),
    ("norm([k[0]*x, k[1]]) + mean(W @ W) + prod(k)", {"k": (2,), "W": (2, 2)}),
    ("[k[1]*x, min(k), max(k)*x]", {"k": (4,)}),
]


@pytest.mark.parametrize(("formula", "shapes"), FORMULAS)
def test_values_are_the_same(formula, shapes):
    random = np.random.default_rng(1)
    names = [f"{name}[{', '.join(map(str, shape))}]" for name, shape in shapes.items()]
    model = ld.Model(formula, inputs=["x"], parameters=names)
    bound = model.bind_to({"x": ()}, {name: np.ones(shape) for name, shape in shapes.items()})
    program = lower(bound)
    components = unrolled(program)
    x, theta = random.uniform(0.5, 2, 7), random.uniform(0.5, 2, len(bound.components))
    assert not any(components.shapes)
    assert all(item.index == item.offset for item in components.instructions if isinstance(item, Parameter))
    expected = evaluate(program, {"x": x}, 7, theta)
    assert evaluate(components, {"x": x}, 7, theta) == pytest.approx(expected, rel=1e-13)


def test_a_program_of_numbers_is_itself():
    program = ld.Model("a*x + b").program
    assert unrolled(program) is program


def test_too_large_a_program_is_left(monkeypatch):
    monkeypatch.setattr(unroll, "MOST_NUMBERS", 8)
    model = ld.Model("sum(k*x)", inputs=["x"])
    program = lower(model.bind_to({"x": ()}, {"k": np.ones(9)}))
    assert unrolled(program) is None
