"""How often the fitted probabilities name the right cultivar, and how well they do for wines left out.

Run it from anywhere: python examples/wine_cultivars/confusion.py
"""

from pathlib import Path

import numpy as np

import lambdaml_dsl as ld

model = ld.load(Path(__file__).parent / "wine.lml")
result = model.fit()
cultivar = result.y.argmax(axis=1)  # the response is 1 in the column of the cultivar, else 0
named = result.predict().argmax(axis=1)

print("cultivar    named 1   2   3")
for k in range(3):
    counts = np.bincount(named[cultivar == k], minlength=3)
    print(f"       {k + 1}   {counts[0]:8d} {counts[1]:3d} {counts[2]:3d}")
print(f"right: {(named == cultivar).mean():.1%}")

# Ten fits, each without a tenth of the wines, which it then names.
columns = {
    "alcohol (%)": result.columns["x"][:, 0],
    "OD280/OD315": result.columns["x"][:, 1],
    "cultivar": 1 + cultivar,
}
fold = np.arange(len(cultivar)) % 10
good = 0
for k in range(10):
    learnt = model.fit({name: values[fold != k] for name, values in columns.items()})
    probability = learnt.predict({name: values[fold == k] for name, values in columns.items()})
    good += (probability.argmax(axis=1) == cultivar[fold == k]).sum()
print(f"right of wines that the fit has not seen: {good / len(cultivar):.1%}")
