"""Make the data of the examples that are simulated: from known parameters, with seeded noise.

The draws are Python's own, whose stream is the same in every version; numbers are rounded to the digits that
a measurement would have. `TRUE` holds the parameters, for comparison with what the fits find.

Usage::

    python examples/simulate.py            write the CSV files
    python examples/simulate.py --check    compare with what is there; exit code 1 if they differ
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from math import cos, exp, expm1, log, pi, sin, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Any

FOLDER = Path(__file__).parent


def components(**values: Any) -> dict[str, Any]:
    """Give parameters by component, as the fits name them: nested tuples are vectors and matrices."""
    found = {}
    for name, value in values.items():
        if not isinstance(value, tuple):
            found[name] = value
            continue
        for place, part in enumerate(value):
            if isinstance(part, tuple):
                found |= {f"{name}[{place}, {column}]": item for column, item in enumerate(part)}
            else:
                found[f"{name}[{place}]"] = part
    return found


TRUE = {
    "two_layer_network": components(
        W1=((0.0, 3.0), (-2.6, -1.5), (2.6, -1.5)), b1=(-0.8, -0.8, -0.8), wf=(-2.0, -3.0, -2.5), bf=-2.0
    ),
    "sum_of_exponentials": components(A=(3.0, 2.0, 1.0), k=(5.0, 0.8, 0.1), c=0.5),
    "five_peaks": components(
        A=(2600.0, 1500.0, 4300.0, 1200.0, 3200.0),
        mu=(1062.0, 1099.0, 1131.0, 1211.0, 1276.0),
        s=(9.0, 8.0, 12.0, 7.0, 15.0),
        eta=0.6,
        b0=20.0,
        b1=-0.04,
    ),
}


class Noise:
    """Seeded draws."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def uniform(self) -> float:
        """Draw from 0 to 1."""
        return self._random.random()

    def normal(self, sigma: float) -> float:
        """Draw a deviation; by inversion, as only random() is the same for ever."""
        return NormalDist(0.0, sigma).inv_cdf(self._random.random())


def two_layer_network() -> Iterator[str]:
    """Points about two circles, and the response of a network to each."""
    p, noise = TRUE["two_layer_network"], Noise(1)
    yield "x0,x1,response"
    for number in range(200):
        radius, angle = (0.5, 1.0)[number % 2], 2 * pi * noise.uniform()
        x0 = round(radius * cos(angle) + noise.normal(0.15), 3)
        x1 = round(radius * sin(angle) + noise.normal(0.15), 3)
        total = p["bf"]
        for unit in range(3):
            z = p[f"W1[{unit}, 0]"] * x0 + p[f"W1[{unit}, 1]"] * x1 + p[f"b1[{unit}]"]
            total += p[f"wf[{unit}]"] * (z if z > 0 else expm1(z))
        yield f"{x0:.3f},{x1:.3f},{1 / (1 + exp(-total)) + noise.normal(0.02):.3f}"


def sum_of_exponentials() -> Iterator[str]:
    """A decay with three rates, at times that rise by a constant factor."""
    p, noise = TRUE["sum_of_exponentials"], Noise(2)
    yield "time (us),signal (V)"
    for number in range(80):
        t = round(0.02 * (40 / 0.02) ** (number / 79), 4)
        signal = p["c"] + sum(p[f"A[{i}]"] * exp(-p[f"k[{i}]"] * t) for i in range(3))
        yield f"{t:.4f},{signal + noise.normal(0.01):.4f}"


def five_peaks() -> Iterator[str]:
    """Five bands of one pseudo-Voigt shape on a sloping background."""
    p, noise = TRUE["five_peaks"], Noise(3)
    yield "shift (1/cm),intensity (counts/s)"
    for x in range(1000, 1351, 4):
        intensity = p["b0"] + p["b1"] * (x - 1175)
        for i in range(5):
            area, u, width = p[f"A[{i}]"], x - p[f"mu[{i}]"], p[f"s[{i}]"]
            lorentzian = width / (pi * (u * u + width * width))
            gaussian = sqrt(log(2) / pi) / width * exp(-log(2) * (u / width) ** 2)
            intensity += area * (p["eta"] * lorentzian + (1 - p["eta"]) * gaussian)
        yield f"{x},{intensity + noise.normal(1.0):.2f}"


DATA = {
    "two_layer_network/circles.csv": two_layer_network,
    "sum_of_exponentials/decay.csv": sum_of_exponentials,
    "five_peaks/raman.csv": five_peaks,
}


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description="Simulated data of the examples.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    differing = 0
    for name, simulate in DATA.items():
        path, text = FOLDER / name, "\n".join(simulate()) + "\n"
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        differing += not same
        print(f"{name}: {('agrees' if same else 'DIFFERS') if check else 'written'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
