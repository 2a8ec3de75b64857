"""LambdaML-DSL from Python: formulas, data and results, step by step.

Run it from anywhere: python examples/python_api.py
"""

from pathlib import Path

import numpy as np

import lambdaml_dsl as ld

EXAMPLES = Path(__file__).parent


def heading(text: str) -> None:
    """Print a line between the steps."""
    print(f"\n--- {text} ---")


# Misra (1978), as NIST's reference set Misra1a: volume adsorbed against pressure.
data = {
    "x": [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
    "y": [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78],
}

heading("A formula and a mapping of columns: names that are no columns are parameters")
result = ld.fit("y ~ a*(1 - exp(-b*x))", data, start={"a": 500, "b": 1e-4})
a = result.params["a"]
print(f"a = {a.value:.6f} +- {a.stderr:.6f}")  # NIST certifies 238.94212918 +- 2.7070075241
print(result.summary())

heading("Predictions, at the data and elsewhere")
print("largest residual:", np.abs(result.residuals).max().round(4))
print("at x = 100, 800: ", result.predict({"x": [100.0, 800.0]}).round(3))

heading("Bounds, a fixed parameter, standard deviations of y")
formula = "y ~ a*(1 - exp(-b*x))"
bounded = ld.fit(formula, data, start={"a": 200, "b": 5e-4}, bounds={"a": (0, None), "b": (0, 0.01)})
print("within bounds:     ", {name: round(value, 8) for name, value in bounded.values.items()})

held = ld.fit(formula, data, start={"b": 5e-4}, fixed={"a": 240})
print("with a held at 240:", f"b = {held.params['b'].value:.6g} +- {held.params['b'].stderr:.2g}")

# Every y is known to within 0.1: the standard errors follow from that, not from the scatter.
weighted = ld.fit(formula, data, start={"a": 500, "b": 1e-4}, sigma=0.1)
print("with sigma = 0.1:  ", f"a = {weighted.params['a'].value:.4f} +- {weighted.params['a'].stderr:.4f}")
print(weighted.uncertainty_note)

heading("A model on its own: roles, values, derivatives")
model = ld.Model("amplitude*exp(-t/tau)", inputs=["t"])
print("inputs:", model.inputs, " parameters:", model.parameters)
print("values:", model(t=[0.0, 1.0, 2.0], amplitude=2, tau=1.5).round(4))
point = {"amplitude": 2.0, "tau": 1.5}
for method in ("complex_step", "central"):
    slopes = model.jacobian({"t": [0.0, 1.0, 2.0]}, point, method=method)
    print(f"d/dtau by {method}:", slopes["tau"])

heading("A model file, with its data and settings beside it")
peak = ld.load(EXAMPLES / "peak_on_background" / "peak.lml")
fitted = peak.fit()
for parameter in fitted.params.values():
    unit = f" {parameter.unit}" if parameter.unit else ""
    print(f"{parameter.name:>10} = {parameter.value:.5g} +- {parameter.stderr:.2g}{unit}")
far = fitted.columns["wavelength"] < 430
print("mean residual far below the peak:", fitted.residuals[far].mean().round(5))

heading("A slip of the pen gets a message, not a parameter called exxp")
try:
    ld.fit("y ~ a*(1 - exxp(-b*x))", data)
except ld.LambdaMLError as error:
    print(error)
