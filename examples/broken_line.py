"""Breakpoints: a step and two broken lines, side by side with lmfit and SciPy's curve_fit.

Run it from anywhere: python examples/broken_line.py
Without lmfit its column is left out.
"""

import warnings

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

import lambdaml_dsl as ld

try:
    import lmfit
except ImportError:
    lmfit = None

TRUE = 6.3
random = np.random.default_rng(20)
x = np.linspace(0, 10, 101)
noise = 0.2 * random.normal(size=len(x))


def step(x, b, p, q):
    return np.where(x < b, p, q)


def apart(x, b, a1, k1, a2, k2):
    return np.where(x < b, a1 + k1 * x, a2 + k2 * x)


def joined(x, b, a, k1, k2):
    return np.where(x < b, a + k1 * (x - b), a + k2 * (x - b))


CASES = [
    ("a step", "y ~ where(x < b, p, q)", step, (TRUE, 2, 5), (3, 1, 1)),
    ("two lines", "y ~ where(x < b, a1 + k1*x, a2 + k2*x)", apart, (TRUE, 1, 0.5, 8, -0.7), (3, 1, 1, 1, 1)),
    (
        "two lines that meet",
        "y ~ where(x < b, a + k1*(x - b), a + k2*(x - b))",
        joined,
        (TRUE, 3, 2, -0.5),
        (20, 1, 1, 1),
    ),
]


def by_curve_fit(function, y, start):
    """Give the breakpoint and the sum of squares."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # it finds no covariance: b has no derivative
        values, _ = curve_fit(function, x, y, p0=list(start.values()))
    return values[0], np.sum((y - function(x, *values)) ** 2)


def by_lmfit(function, y, start):
    """Give the breakpoint and the sum of squares."""
    result = lmfit.Model(function).fit(y, x=x, **start)
    return result.best_values["b"], result.chisqr


print(f"The break is at {TRUE}; the rows are {x[1] - x[0]:g} apart.\n")
print(f"{'':<21}{'start':>7}{'lambdaml_dsl':>22}{'curve_fit':>20}{'lmfit':>20}")
print(f"{'':<28}{'b':>12}{'rss':>10}{'b':>11}{'rss':>9}{'b':>11}{'rss':>9}")
for title, formula, function, true, begin in CASES:
    y = function(x, *true) + noise
    result = ld.fit(
        formula, {"x": x, "y": y}, start=dict(zip(ld.Model(formula).parameters, begin, strict=True))
    )
    start = {name: parameter.start for name, parameter in result.params.items()}
    row = f"{title:<21}{start['b']:>7g}{result.values['b']:>12.3f}{result.rss:>10.3f}"
    for peer in (by_curve_fit, by_lmfit if lmfit else None):
        if peer is not None:
            place, rss = peer(function, y, start)
            row += f"{place:>11.3f}{rss:>9.1f}"
    print(row)
    if title == "a step":
        summary = result.summary()
    assert abs(result.values["b"] - TRUE) < x[1] - x[0]

print(f"\n{summary}")
