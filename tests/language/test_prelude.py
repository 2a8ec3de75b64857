"""The prelude against mpmath, SciPy, lmfit and scikit-learn: every definition, and the ends of its range.

A definition is tested once it has its formula in `tests.oracles.prelude`, or its line in `VECTORS`; a test
asserts that every one has.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import lmfit.lineshapes
import mpmath
import numpy as np
import pytest
import scipy.constants
import scipy.spatial.distance
import scipy.special
import sklearn.metrics.pairwise
import sklearn.preprocessing
from mpmath import mp, mpf
from scipy import stats

import lambdaml_dsl as ld
from lambdaml_dsl.language.vocabulary import prelude
from tests.oracles.prelude import SCALARS, By, Scalar

TOLERANCE = 1e-12

UNDERFLOW = 1e-300
"""Below it the numbers on the way are no normal ones any more; no relative bound can hold."""


# ---- evaluation ----


def generator(name: str) -> np.random.Generator:
    return np.random.default_rng([len(name), *name.encode()])


def call(name: str, arguments: Iterable[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def computed(name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compute a definition with every argument a column."""
    return ld.Model(call(name, columns), inputs=list(columns))(**columns)


def wrong(values: Iterable[float], exact: Iterable[mpf], points: Iterable[tuple[float, ...]]) -> list[str]:
    """Tell where values are off by more than the tolerance."""
    return [
        f"{point}: {value!r} for {mpmath.nstr(right, 17)}"
        for value, right, point in zip(values, exact, points, strict=True)
        if not abs(mpf(float(value)) - right) <= TOLERANCE * abs(right) + UNDERFLOW
    ]


def test_every_definition_has_an_oracle() -> None:
    assert {*SCALARS, *VECTORS} == set(prelude())
    assert not set(SCALARS) & set(VECTORS)


def test_every_doc_line_names_every_argument() -> None:
    unnamed = {
        name: [
            argument.name
            for argument in definition.arguments or ()
            if not re.search(rf"\b{argument.name}\b", definition.doc)
        ]
        for name, definition in prelude().items()
    }
    assert {name: missing for name, missing in unnamed.items() if missing} == {}


@pytest.mark.parametrize("name", SCALARS)
def test_values(name: str) -> None:
    oracle, rng = SCALARS[name], generator(name)
    columns = {argument: oracle.draw(argument, 200, rng) for argument in oracle.names}
    points = list(zip(*columns.values(), strict=True))
    assert [argument.name for argument in prelude()[name].arguments or ()] == oracle.names
    assert wrong(computed(name, columns), [oracle.exactly(point, 60) for point in points], points) == []


@pytest.mark.parametrize("name", SCALARS)
def test_ends_of_the_range(name: str) -> None:
    oracle = SCALARS[name]
    assert oracle.ends
    for point in oracle.ends:
        columns = {argument: np.array([value]) for argument, value in zip(oracle.names, point, strict=False)}
        value = computed(name, columns)
        assert np.isfinite(value).all(), point
        assert wrong(value, [oracle.exactly(point, 800)], [point]) == []


@pytest.mark.parametrize("name", SCALARS)
def test_defaults(name: str) -> None:
    # Left out one after the other, from the last on: the formula above has the same defaults.
    oracle, rng = SCALARS[name], generator(name)
    required = [argument for argument in prelude()[name].arguments or () if argument.default is None]
    for number_given in range(len(required), len(oracle.names)):
        given = oracle.names[:number_given]
        columns = {argument: oracle.draw(argument, 5, rng) for argument in given}
        points = list(zip(*columns.values(), strict=True))
        assert wrong(computed(name, columns), [oracle.exactly(point, 60) for point in points], points) == []
    parameters = list(inspect.signature(oracle.formula).parameters.values())
    assert [p.name for p in parameters if p.default is p.empty] == [argument.name for argument in required]


def check_derivatives(name: str, rows: Iterable[float], params: Mapping[str, float]) -> None:
    """Check the derivatives by every argument against central differences with 100 digits.

    Relative to the derivative, or to the value over the argument: an argument in full digits says no more.
    """
    oracle = SCALARS[name]
    first, *others = oracle.names
    model = ld.Model(call(name, [f"{first} + shift", *others]), inputs=[first])
    rows = np.asarray(list(rows))
    jacobian = model.jacobian({first: rows}, {"shift": 0.0, **params})
    for place, argument in enumerate(["shift", *others]):
        for row, value in zip(rows, jacobian[argument], strict=True):
            point = [mpf(float(each)) for each in (row, *params.values())]
            with mp.workdps(100):
                step = mpf(10) ** -30 * (abs(point[place]) or 1)
                sides = [[*point[:place], point[place] + h, *point[place + 1 :]] for h in (-step, step)]
                below, above = [mpf(oracle.formula(*side)) for side in sides]
                exact = (above - below) / (2 * step)
                size = max(abs(exact), abs(above / (point[place] or 1)))
            assert abs(mpf(float(value)) - exact) <= TOLERANCE * size + UNDERFLOW, (argument, point)


@pytest.mark.parametrize("name", SCALARS)
def test_derivatives(name: str) -> None:
    oracle, rng = SCALARS[name], generator(name)
    first, *others = oracle.names
    for _ in range(3):
        params = {argument: float(oracle.draw(argument, 1, rng)[0]) for argument in others}
        check_derivatives(name, oracle.draw(first, 8, rng), params)


SEAMS = [
    ("sinhc", (0.0,)),
    ("sinhc", (0.1,)),
    ("gamma_half_ratio", (20.0,)),
    ("elu", (0.0, 1.0)),
    ("split_lorentzian", (1.0, 2.0, 1.0, 0.5, 0.5)),
    ("students_t", (1.0, 2.0, 0.5, 40.0)),
    ("exgaussian", (1.5, 2.0, 0.5, 1.0, 1.0)),
    ("doniach", (1.0, 2.0, 1.0, 0.5, 0.3)),
    ("doniach_height", (1.0, 2.0, 1.0, 0.5, 0.3)),
    ("dho", (0.0, 2.0, 1.0, 0.5, 0.7)),
    ("hill", (3.0, 2.0, 3.0, 1.5)),
    ("bateman", (1.0, 2.0, 0.7, 0.7)),
    ("bateman", (1.0, 2.0, 0.75, 0.7)),
    ("bateman", (1.0, 2.0, 1.75, 0.75)),
]
"""Where two forms of one smooth function meet, one of them is taken: with the slope of both."""


@pytest.mark.parametrize(("name", "point"), SEAMS)
def test_derivatives_at_seams(name: str, point: tuple[float, ...]) -> None:
    first, *others = point
    check_derivatives(name, [first], dict(zip(SCALARS[name].names[1:], others, strict=True)))


# ---- what each shape promises ----

AREAS = {
    "gaussian": (),
    "lorentzian": (),
    "split_lorentzian": (0.7,),
    "voigt": (0.7,),
    "pvoigt": (0.3,),
    "pearson7": (1.7,),
    "moffat_area": (1.7,),
    "skewed_gaussian": (3.0,),
    "exgaussian": (0.7,),
}


def half_line() -> tuple[np.ndarray, np.ndarray]:
    """Give nodes and weights on (0, inf): the double exponential rule, which takes slow tails too."""
    t, step = np.linspace(-4.5, 4.5, 1801, retstep=True)
    nodes = np.exp(np.pi / 2 * np.sinh(t))
    return nodes, step * np.pi / 2 * np.cosh(t) * nodes


@pytest.mark.parametrize("name", AREAS)
def test_amplitude_is_the_area(name: str) -> None:
    nodes, weights = half_line()
    given = {
        "amplitude": 2.5,
        "center": 0.4,
        "sigma": 1.3,
        **dict(zip(SCALARS[name].names[4:], AREAS[name], strict=True)),
    }
    model = ld.Model(call(name, ["x", *given]))
    area = sum(float(weights @ model(x=0.4 + side * nodes, **given)) for side in (1, -1))
    assert area == pytest.approx(2.5, rel=1e-9)


def test_amplitude_is_the_area_of_the_others() -> None:
    nodes, weights = half_line()
    area = weights @ ld.Model("lognormal(x, A, m, s)")(x=nodes, A=2.5, m=0.4, s=1.3)
    assert area == pytest.approx(2.5, rel=1e-9)
    both = sum(
        weights @ ld.Model("students_t(x, A, m, s)")(x=0.4 + side * nodes, A=2.5, m=0.4, s=1.3)
        for side in (1, -1)
    )
    assert both == pytest.approx(2.5, rel=1e-9)


MODES: dict[str, Callable[..., float]] = {
    "lognormal_height": lambda center, sigma: math.exp(center - sigma**2),
    "doniach_height": lambda center, sigma, gamma: center + sigma / math.tan(math.pi / (2 - gamma)),
}


@pytest.mark.parametrize("name", [name for name in SCALARS if name.endswith("_height")])
def test_height_is_the_largest_value(name: str) -> None:
    rng = generator(name)
    for _ in range(10):
        given = {
            argument: float(SCALARS[name].draw(argument, 1, rng)[0]) for argument in SCALARS[name].names[1:]
        }
        mode = MODES.get(name, lambda center, **rest: center)(
            **{k: v for k, v in given.items() if k != "height"}
        )
        model = ld.Model(call(name, ["x", *given]))
        assert model(x=[mode], **given)[0] == pytest.approx(given["height"], rel=TOLERANCE)
        around = model(x=mode + given["sigma"] * rng.uniform(-3, 3, 200), **given)
        assert (around <= given["height"] * (1 + 1e-14)).all()


# ---- peers for numbers ----

LMFIT = {
    name: getattr(lmfit.lineshapes, name)
    for name in (
        "gaussian",
        "gaussian2d",
        "lorentzian",
        "split_lorentzian",
        "voigt",
        "pvoigt",
        "moffat",
        "pearson7",
        "students_t",
        "lognormal",
        "skewed_gaussian",
        "doniach",
        "dho",
        "logistic",
        "powerlaw",
    )
} | {"fano": lmfit.lineshapes.breit_wigner, "exgaussian": lmfit.lineshapes.expgaussian}


@pytest.mark.parametrize("name", LMFIT)
def test_arguments_are_those_of_lmfit(name: str) -> None:
    arguments = prelude()[name].arguments or ()
    parameters = list(inspect.signature(LMFIT[name]).parameters.values())
    assert [argument.name for argument in arguments] == [parameter.name for parameter in parameters]
    x = np.linspace(0.2, 3, 20)
    # With all but x left to their defaults.
    np.testing.assert_allclose(ld.Model(f"{name}(x)")(x=x), LMFIT[name](x.copy()), rtol=TOLERANCE)


NARROWER: dict[str, dict[str, By | tuple[float, float]]] = {
    # Where the others' forms keep their digits: 1 + erf cancels, exp times erfc overflows, and so does gamma.
    "skewed_gaussian": {"gamma": (-0.3, 0.3), "sigma": (3.0, 5.0)},
    "logistic": {"sigma": (3.0, 5.0)},
    "exgaussian": {"gamma": By(0.05, 1), "sigma": By(0.5, 3)},
    "pearson7": {"expon": By(0.6, 50)},
    "students_t": {"sigma": By(0.1, 50)},
    "dho": {"x": (0.1, 9.0)},
    "doniach": {"gamma": (0.05, 0.9)},
}


def narrowed(name: str) -> Scalar:
    oracle = SCALARS[name]
    return Scalar(oracle.formula, {**oracle.ranges, **NARROWER.get(name, {})}, oracle.ends)


@pytest.mark.parametrize("name", LMFIT)
def test_values_are_those_of_lmfit(name: str) -> None:
    oracle, rng = narrowed(name), generator(name)
    model = ld.Model(call(name, oracle.names), inputs=["x"])
    for _ in range(8):
        params = {argument: float(oracle.draw(argument, 1, rng)[0]) for argument in oracle.names[1:]}
        x = oracle.draw("x", 40, rng)
        np.testing.assert_allclose(
            model(x=x, **params), LMFIT[name](x.copy(), **params), rtol=TOLERANCE, atol=UNDERFLOW
        )


SCIPY: dict[str, Callable[..., Any]] = {
    "deg2rad": np.deg2rad,
    "rad2deg": np.rad2deg,
    "normal_pdf": stats.norm.pdf,
    "gaussian_pdf": stats.norm.pdf,
    "normal_cdf": stats.norm.cdf,
    "normal_ppf": stats.norm.ppf,
    "lorentzian": lambda x, amplitude, center, sigma: amplitude * stats.cauchy.pdf(x, center, sigma),
    "students_t": lambda x, amplitude, center, sigma: amplitude * stats.t.pdf(x, sigma, center),
    "lognormal": lambda x, amplitude, center, sigma: (
        amplitude * stats.lognorm.pdf(x, sigma, 0, np.exp(center))
    ),
    "logistic": lambda x, amplitude, center, sigma: amplitude * stats.logistic.cdf(x, center, sigma),
    "fermi": stats.logistic.sf,
    "maxwell_boltzmann": lambda v, m, T: stats.maxwell.pdf(v, 0, np.sqrt(scipy.constants.k * T / m)),
    "gompertz": lambda t, ymax, k, t0: ymax * stats.gumbel_r.cdf(t, t0, 1 / k),
    "weibull_cdf": lambda x, scale, shape: stats.weibull_min.cdf(x, shape, 0, scale),
    "weibull_pdf": lambda x, scale, shape: stats.weibull_min.pdf(x, shape, 0, scale),
    "stretched_exp": lambda t, A, tau, beta: A * stats.weibull_min.sf(t, beta, 0, tau),
}


@pytest.mark.parametrize("name", SCIPY)
def test_values_are_those_of_scipy(name: str) -> None:
    oracle, rng = narrowed(name), generator(name)
    columns = {argument: oracle.draw(argument, 200, rng) for argument in oracle.names}
    expected = SCIPY[name](*columns.values())
    np.testing.assert_allclose(computed(name, columns), expected, rtol=TOLERANCE, atol=UNDERFLOW)


# ---- vectors ----

K = 5
"""Components of the vectors below."""


def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(30, K))


def simplex(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.dirichlet(np.ones(K), shape or None)


def unit_triangle(rng: np.random.Generator) -> np.ndarray:
    return np.eye(K) + np.tril(rng.normal(size=(K, K)), -1)


def positive_definite(rng: np.random.Generator) -> np.ndarray:
    triangle = unit_triangle(rng)
    return triangle @ triangle.T


def spread(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.3, 3, K)


@dataclass(frozen=True)
class OfVectors:
    """A definition of vectors: the same from elsewhere, for all rows of its first argument at once."""

    peer: Callable[..., Any]
    draws: Mapping[str, Callable[[np.random.Generator], Any]]

    @property
    def names(self) -> list[str]:
        return list(self.draws)


def by_row(function: Callable[..., float]) -> Callable[..., Any]:
    """Give a function of two vectors for each row of the first."""
    return lambda u, *rest: np.array([function(row, *rest) for row in u])


def between(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of two tables, as scikit-learn's, for one vector as the second."""
    return lambda u, v, *rest: function(u, v[None], *map(float, rest))[:, 0]


def normalised(v: np.ndarray, gain: np.ndarray, offset: np.ndarray, eps: float) -> np.ndarray:
    centred = v - v.mean(axis=1, keepdims=True)
    return gain * centred / np.sqrt(v.var(axis=1, keepdims=True) + eps) + offset


def attended(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    return scipy.special.softmax(q @ k.T / math.sqrt(K), axis=1) @ v


def correlated(x: np.ndarray, mu: np.ndarray, sigma: np.ndarray, T: np.ndarray) -> np.ndarray:
    inverse = np.linalg.inv(T)
    return stats.multivariate_normal.pdf(x, mu, inverse @ np.diag(sigma**2) @ inverse.T)


UV: dict[str, Callable[[np.random.Generator], Any]] = {"u": vectors, "v": lambda rng: rng.normal(size=K)}
PQ: dict[str, Callable[[np.random.Generator], Any]] = {"p": lambda rng: simplex(rng, 30), "q": simplex}
distance, pairwise, rel_entr = scipy.spatial.distance, sklearn.metrics.pairwise, scipy.special.rel_entr

VECTORS = {
    "interp": OfVectors(
        np.interp,
        {
            "x": lambda rng: rng.uniform(-3, 12, 60),
            "xs": lambda rng: np.cumsum(rng.uniform(0.1, 2, 9)),
            "ys": lambda rng: rng.uniform(1, 3, 9),
        },
    ),
    "layer_norm": OfVectors(
        normalised,
        {"v": vectors, "gain": spread, "offset": lambda rng: rng.normal(size=K), "eps": lambda rng: 1e-3},
    ),
    "attention": OfVectors(
        attended,
        {"q": vectors, "k": lambda rng: rng.normal(size=(7, K)), "v": lambda rng: rng.normal(size=(7, 3))},
    ),
    "mvn_pdf": OfVectors(
        lambda x, mu, sigma: stats.multivariate_normal.pdf(x, mu, sigma**2),
        {"x": vectors, "mu": lambda rng: rng.normal(size=K), "sigma": spread},
    ),
    "mvn_pdf_triangular": OfVectors(
        correlated, {"x": vectors, "mu": lambda rng: rng.normal(size=K), "sigma": spread, "T": unit_triangle}
    ),
    "entropy": OfVectors(lambda p: stats.entropy(p, axis=1), {"p": lambda rng: simplex(rng, 30)}),
    "kl": OfVectors(lambda p, q: rel_entr(p, q).sum(axis=1), PQ),
    "js": OfVectors(lambda p, q: (rel_entr(p, (p + q) / 2) + rel_entr(q, (p + q) / 2)).sum(axis=1) / 2, PQ),
    "euclidean": OfVectors(by_row(distance.euclidean), UV),
    "manhattan": OfVectors(by_row(distance.cityblock), UV),
    "minkowski": OfVectors(by_row(distance.minkowski), {**UV, "p": lambda rng: 3.7}),
    "cosine": OfVectors(between(pairwise.cosine_similarity), UV),
    "mahalanobis": OfVectors(by_row(distance.mahalanobis), {**UV, "VI": positive_definite}),
    "linear_kernel": OfVectors(between(pairwise.linear_kernel), UV),
    "polynomial_kernel": OfVectors(
        between(pairwise.polynomial_kernel),
        {**UV, "degree": lambda rng: 2, "gamma": lambda rng: 0.7, "coef0": lambda rng: 0.4},
    ),
    "rbf_kernel": OfVectors(between(pairwise.rbf_kernel), {**UV, "gamma": lambda rng: 0.7}),
    "laplacian_kernel": OfVectors(between(pairwise.laplacian_kernel), {**UV, "gamma": lambda rng: 0.7}),
    "sigmoid_kernel": OfVectors(
        between(pairwise.sigmoid_kernel), {**UV, "gamma": lambda rng: 0.7, "coef0": lambda rng: 0.4}
    ),
}


def vectorwise(name: str, values: Mapping[str, Any]) -> np.ndarray:
    """Compute a definition with its first argument an input and the others parameters."""
    first, *others = values
    return ld.Model(call(name, values), inputs=[first], parameters=others)(**values)


@pytest.mark.parametrize("name", VECTORS)
def test_values_of_vectors(name: str) -> None:
    oracle, rng = VECTORS[name], generator(name)
    assert [argument.name for argument in prelude()[name].arguments or ()] == oracle.names
    for _ in range(5):
        values = {argument: draw(rng) for argument, draw in oracle.draws.items()}
        # Sums of terms of both signs: relative to the terms, not to what is left of them.
        expected = oracle.peer(*values.values())
        np.testing.assert_allclose(vectorwise(name, values), expected, rtol=TOLERANCE, atol=1e-14)


def test_divergences_are_those_of_scipy() -> None:
    rng = generator("js")
    p, q = simplex(rng, 30), simplex(rng)
    np.testing.assert_allclose(
        vectorwise("kl", {"p": p, "q": q}), stats.entropy(p, q[None], axis=1), rtol=TOLERANCE
    )
    roots = [distance.jensenshannon(row, q) for row in p]
    np.testing.assert_allclose(np.sqrt(vectorwise("js", {"p": p, "q": q})), roots, rtol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in VECTORS if len(VECTORS[name].names) > 1])
def test_derivatives_of_vectors(name: str) -> None:
    """By every component of every parameter, against the seven digits of central differences of the peer."""
    oracle, rng = VECTORS[name], generator(name)
    values = {argument: np.asarray(draw(rng), dtype=float) for argument, draw in oracle.draws.items()}
    first, *others = values
    params = {argument: values[argument] for argument in others}
    model = ld.Model(call(name, values), inputs=[first], parameters=others)
    jacobian = model.jacobian({first: values[first]}, params)
    for argument in others:
        for place in np.ndindex(values[argument].shape):
            if argument == "degree" or (argument == "T" and place[0] <= place[1]):
                continue  # a whole number, and what T has by its definition
            sides = []
            for step in (1e-6, -1e-6):
                moved = values[argument].copy()
                moved[place] += step
                sides.append(oracle.peer(*{**values, argument: moved}.values()))
            expected = (sides[0] - sides[1]) / 2e-6
            np.testing.assert_allclose(jacobian[argument][(..., *place)], expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "name",
    ["layer_norm", "minkowski", "polynomial_kernel", "rbf_kernel", "laplacian_kernel", "sigmoid_kernel"],
)
def test_defaults_of_vectors(name: str) -> None:
    required = [argument.name for argument in prelude()[name].arguments or () if argument.default is None]
    rng = generator(name)
    values = {argument: VECTORS[name].draws[argument](rng) for argument in required}
    defaults = {"layer_norm": (1.0, 0.0, 1e-5)}.get(name, ())
    expected = VECTORS[name].peer(*values.values(), *defaults)
    np.testing.assert_allclose(vectorwise(name, values), expected, rtol=TOLERANCE, atol=1e-14)


def test_all_defaults_of_vectors_are_tested() -> None:
    with_defaults = {
        name for name in VECTORS if any(a.default is not None for a in prelude()[name].arguments or ())
    }
    (mark,) = test_defaults_of_vectors.pytestmark
    assert set(mark.args[1]) == with_defaults


def nats(p: Iterable[float], q: Iterable[float]) -> mpf:
    return mpf(sum(mpf(a) * mp.log(mpf(a) / mpf(b)) for a, b in zip(p, q, strict=True) if a))


BIG = 1e200
ENDS_OF_VECTORS: list[tuple[str, dict[str, Any], Any]] = [
    (
        "interp",
        {"x": [-1e300, 1.0, 2.0, 4.0, 3.0, 1e300], "xs": [1.0, 2.0, 4.0], "ys": [5.0, 7.0, -1.0]},
        [5, 5, 7, -1, 3, -1],
    ),
    (
        "interp",
        {"x": [1.0, 1.5], "xs": [1.0, 1.0 + 2**-52, 2.0], "ys": [0.0, 1.0, 2.0]},
        [0, 1.4999999999999998],
    ),
    ("layer_norm", {"v": [[3.0, 3.0, 3.0]], "gain": 2.0, "offset": 0.5, "eps": 1e-5}, [[0.5, 0.5, 0.5]]),
    (
        "attention",
        {"q": [[1e4, 0.0]], "k": [[1.0, 0.0], [0.0, 1.0]], "v": [[2.0, 3.0], [4.0, 5.0]]},
        [[2, 3]],
    ),
    ("mvn_pdf", {"x": [[1e3, 0.0]], "mu": [0.0, 0.0], "sigma": [1.0, 1.0]}, [0]),
    (
        "mvn_pdf",
        {"x": [[0.0] * 400], "mu": [0.0] * 400, "sigma": [1e-3] * 200 + [1e3] * 200},
        [(2 * math.pi) ** -200.0],
    ),
    ("entropy", {"p": [[1.0, 0.0], [0.5, 0.5], [1e-300, 1.0]]}, [0, math.log(2), 300e-300 * math.log(10)]),
    ("kl", {"p": [[1.0, 0.0], [0.5, 0.5]], "q": [0.5, 0.5]}, [math.log(2), 0]),
    ("kl", {"p": [[0.5, 0.5], [1.0, 0.0]], "q": [1.0, 0.0]}, [math.inf, 0]),
    ("kl", {"p": [[0.5, 0.5]], "q": [1.0, 1e-300]}, [float(nats((0.5, 0.5), (1.0, 1e-300)))]),
    ("js", {"p": [[1.0, 0.0], [0.0, 1.0]], "q": [0.0, 1.0]}, [math.log(2), 0]),
    ("euclidean", {"u": [[3 * BIG, 0.0], [3 / BIG, 0.0]], "v": [0.0, 4 * BIG]}, [5 * BIG, 4 * BIG]),
    ("euclidean", {"u": [[3 / BIG, 0.0]], "v": [0.0, 4 / BIG]}, [5 / BIG]),
    ("manhattan", {"u": [[3 * BIG, 0.0]], "v": [0.0, 4 * BIG]}, [7 * BIG]),
    ("minkowski", {"u": [[3 * BIG, 0.0], [0.0, 4 * BIG]], "v": [0.0, 4 * BIG], "p": 2.0}, [5 * BIG, 0]),
    ("minkowski", {"u": [[3.0, 0.0]], "v": [0.0, 4.0], "p": 1e4}, [4]),
    ("cosine", {"u": [[BIG, BIG], [1 / BIG, 0.0]], "v": [BIG, 0.0]}, [math.sqrt(0.5), 1]),
    ("mahalanobis", {"u": [[1.0, 2.0]], "v": [1.0, 2.0], "VI": [[2.0, 0.0], [0.0, 3.0]]}, [0]),
    ("rbf_kernel", {"u": [[1e100, 0.0], [0.0, 0.0]], "v": [0.0, 0.0], "gamma": 1.0}, [0, 1]),
    ("laplacian_kernel", {"u": [[1e300, 0.0]], "v": [0.0, 0.0], "gamma": 1.0}, [0]),
    ("sigmoid_kernel", {"u": [[1e150, 0.0]], "v": [-1e150, 0.0], "gamma": 1.0, "coef0": 1.0}, [-1]),
    ("linear_kernel", {"u": [[1e150, 0.0]], "v": [1e150, 1.0]}, [1e300]),
    (
        "polynomial_kernel",
        {"u": [[1e-200, 0.0]], "v": [1e-200, 0.0], "degree": 3.0, "gamma": 1.0, "coef0": 0.0},
        [0],
    ),
    (
        "mvn_pdf_triangular",
        {"x": [[1e3, 1.0]], "mu": [0.0, 0.0], "sigma": [1.0, 1.0], "T": [[1.0, 0.0], [0.5, 1.0]]},
        [0],
    ),
]


@pytest.mark.parametrize(("name", "given", "expected"), ENDS_OF_VECTORS)
def test_ends_of_the_range_of_vectors(name: str, given: dict[str, Any], expected: Any) -> None:
    values = {argument: np.asarray(value, dtype=float) for argument, value in given.items()}
    np.testing.assert_allclose(vectorwise(name, values), expected, rtol=TOLERANCE)


def test_ends_of_all_vectors_are_tested() -> None:
    assert {name for name, _, _ in ENDS_OF_VECTORS} == set(VECTORS)


def test_layer_norm_without_eps_is_scaling() -> None:
    rows = vectors(generator("layer_norm"))
    scaled = sklearn.preprocessing.scale(rows, axis=1)
    np.testing.assert_allclose(ld.Model("layer_norm(v, 1, 0, 0)", inputs=["v"])(v=rows), scaled, rtol=1e-12)
