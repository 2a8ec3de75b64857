"""Derivatives of a simulation: a gradient written by hand and checked, a Jacobian, and a fit with it.

A drug is taken up from the gut at the rate ka and cleared from the blood at the rate ke. The amounts are
simulated step by step, as where no formula is known; here one is, and says at the end whether all was right.

Run it from anywhere: python examples/callable_derivatives.py
"""

import math

import numpy as np
from scipy.optimize import least_squares

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives import GradientComputer, check_gradient, gradient_statistics

HOURS = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0])
STEPS = 20  # of the simulation, to each hour
TRUE = {"ka": 1.2, "ke": 0.25, "volume": 30.0}
DOSE = 500.0


def heading(text):
    """Print a line between the steps."""
    print(f"\n--- {text} ---")


def rates(state, p):
    """Give d/dt of the amounts in gut and blood; they may be complex numbers."""
    gut, blood = state
    return np.array([-p["ka"] * gut, p["ka"] * gut - p["ke"] * blood])


def simulate(hours, p):
    """Give the concentration in the blood at some times, by Runge and Kutta's method."""
    state, found, now = np.array([DOSE, 0.0]), [], 0.0
    for hour in hours:
        count = math.ceil((hour - now) * STEPS)
        h = (hour - now) / count
        for _ in range(count):
            first = rates(state, p)
            second = rates(state + h / 2 * first, p)
            third = rates(state + h / 2 * second, p)
            state = state + h / 6 * (first + 2 * second + 2 * third + rates(state + h * third, p))
        found.append(state[1] / p["volume"])
        now = hour
    return np.array(found)


random = np.random.default_rng(11)
measured = simulate(HOURS, TRUE) * (1 + 0.03 * random.normal(size=len(HOURS)))
start = {"ka": 0.8, "ke": 0.2, "volume": 25.0}


def loss(p):
    """Give the sum of squared differences from what was measured."""
    return np.sum((simulate(HOURS, p) - measured) ** 2)


heading("The gradient of the simulation, by several methods")
for method in ("complex_step", "richardson", "central", "forward"):
    gradient = GradientComputer(method).gradient(loss, start)
    print(f"{method:>12}", "  ".join(f"{name} {slope:.10f}" for name, slope in gradient.items()))

heading("A gradient written by hand, and checked")


def by_hand(p, slip):
    """Give the gradient from the solution of the equations, with or without a slip."""
    ka, ke, volume = p["ka"], p["ke"], p["volume"]
    gut, blood = np.exp(-ka * HOURS), np.exp(-ke * HOURS)
    scale = DOSE * ka / (volume * (ka - ke))
    concentration = scale * (blood - gut)
    by_ka = concentration * (1 / ka - 1 / (ka - ke)) + scale * HOURS * gut
    by_ke = concentration / (ka - ke) + scale * HOURS * blood * (1 if slip else -1)
    residual = 2 * (concentration - measured)
    return {
        "ka": residual @ by_ka,
        "ke": residual @ by_ke,
        "volume": residual @ -concentration / volume,
    }


# The simulation has an error of its own, of some 1e-7: the two agree no better than that.
wrong = check_gradient(loss, start, lambda p: by_hand(p, slip=True), tolerance=1e-5)
print(wrong)
assert wrong.failed == ("ke",)
right = check_gradient(loss, start, lambda p: by_hand(p, slip=False), tolerance=1e-5)
print(right)
assert right.passes

heading("How large it is")
print(gradient_statistics(GradientComputer("complex_step").gradient(loss, start)))

heading("The Jacobian of the simulation, given to SciPy")
names = list(start)
computer = GradientComputer("complex_step")


def as_dict(theta):
    """Give a flat theta by name."""
    return dict(zip(names, theta, strict=True))


def jacobian(theta):
    """Give one column for each parameter."""
    slopes = computer.jacobian(simulate, HOURS, as_dict(theta), vectorized=True)
    return np.stack([slopes[name] for name in names], axis=1)


fitted = least_squares(
    lambda theta: simulate(HOURS, as_dict(theta)) - measured, list(start.values()), jacobian
)
deviation = np.sqrt(2 * fitted.cost / (len(HOURS) - len(names)))
print(f"{fitted.nfev} evaluations, {fitted.njev} Jacobians: {fitted.message}")
errors = deviation * np.sqrt(np.diag(np.linalg.inv(fitted.jac.T @ fitted.jac)))

heading("The same, where the formula is known")
result = ld.fit(
    "c ~ 500*ka/(volume*(ka - ke))*(exp(-ke*t) - exp(-ka*t))", {"t": HOURS, "c": measured}, start=start
)
print(f"{'':<8}{'true':>8}{'simulation':>22}{'formula':>22}")
for name, value, error in zip(names, fitted.x, errors, strict=True):
    parameter = result.params[name]
    print(
        f"{name:<8}{TRUE[name]:>8g}{value:>12.5f} +- {error:.4f}"
        f"{parameter.value:>12.5f} +- {parameter.stderr:.4f}"
    )
    assert abs(value - parameter.value) < 1e-3 * parameter.stderr

heading("A function that loses the imaginary part says so")
try:
    computer.gradient(lambda p: loss({**p, "ka": abs(p["ka"])}), start)
except ld.LambdaMLError as error:
    print(error)
print("auto:", GradientComputer("auto").gradient(lambda p: loss({**p, "ka": abs(p["ka"])}), start)["ka"])
