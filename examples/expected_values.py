"""Compute the expected values of every example, without LambdaML-DSL.

Each model is written here a second time, in mpmath. The sum of squares is minimised by Gauss-Newton
steps with 50 decimal digits, on derivatives taken by central differences with as many digits to spare,
until the relative step is below 1e-30. Nothing is shared with the package but the CSV files.

Of simulated data the parameters that they were made from are written too, as ``true_values``.

Usage::

    python examples/expected_values.py            write every expected*.json
    python examples/expected_values.py --check    compare with what is there; exit code 1 if they differ
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mpmath import exp, expm1, inverse, log, matrix, mp, mpf, nstr, pi, sqrt
from simulate import TRUE, components

FOLDER = Path(__file__).parent
DIGITS = 50
DIFFERENCE = "1e-20"  # central differences err by its square: 1e-40, of 50 + 20 digits carried
SHOWN = 14

COMPUTED = (
    "computed independently of LambdaML-DSL by examples/expected_values.py: mpmath, 50 digits, "
    "Gauss-Newton to a relative step below 1e-30; standard errors from the Jacobian there, {convention}"
)
SCALED = "scaled by the residuals: sqrt(diag(inverse(J^T J))*rss/(n_obs - p))"
ABSOLUTE = "from the given standard deviations: sqrt(diag(inverse(J^T W J))), W = 1/sigma^2"

Row = dict[str, mpf]
Parameters = dict[str, mpf]


@dataclass(frozen=True)
class Example:
    """One model file and what it says, written a second time.

    Attributes
    ----------
    model, data, expected : str
        Paths below this folder.
    start : dict of str to str
        Start values; of vectors and matrices by component.
    response, formula : callable
        The two sides of the equation, of a row; the formula also of the parameters. A list where there are
        several outputs.
    sigma : str
        The column of absolute standard deviations, where there is one.
    true : dict
        What the data were made from, where they are simulated.
    certified : dict
        Certified results, digits as printed: name to (value, standard error), and the rss under "rss".
        They are what is written then, and must agree with what is computed.
    certificate : str
        Who certifies them.
    """

    model: str
    data: str
    expected: str
    start: dict[str, str]
    response: Callable[[Row], mpf | list[mpf]]
    formula: Callable[[Row, Parameters], mpf | list[mpf]]
    sigma: str = ""
    true: dict[str, float] = field(default_factory=dict)
    certified: dict[str, tuple[str, ...]] = field(default_factory=dict)
    certificate: str = ""


def decay(row: Row, p: Parameters) -> mpf:
    """Give the sum of two exponentials."""
    t = row["time (h)"]
    return p["A1"] * exp(-p["k1"] * t) + p["A2"] * exp(-p["k2"] * t)


def michaelis_menten(row: Row, p: Parameters) -> mpf:
    """Give the rate of the enzymatic reaction; delta and treated may be absent."""
    conc = row["substrate (ppm)"]
    return (p["Vm"] + p.get("delta", 0) * row.get("treated", 0)) * conc / (p["K"] + conc)


def peak(row: Row, p: Parameters) -> mpf:
    """Give a Gaussian on a constant."""
    u = (row["wavelength"] - p["center"]) / p["width"]
    return p["height"] * exp(-u * u / 2) + p["background"]


def planck(row: Row, p: Parameters) -> mpf:
    """Give Planck's law in MJy/sr, of a wavenumber in 1/cm."""
    h, c, k = mpf("6.62607015e-34"), mpf("299792458"), mpf("1.380649e-23")
    per_metre = 100 * row["wavenumber (1/cm)"]
    return mpf("1e20") * 2 * h * c * per_metre**3 / expm1(h * c * per_metre / (k * p["T"]))


def elu(z: mpf) -> mpf:
    """Give the exponential linear unit."""
    return z if z > 0 else expm1(z)


def network(row: Row, p: Parameters) -> mpf:
    """Give the output of three hidden units and one unit behind them."""
    total = p["bf"]
    for unit in range(3):
        z = p[f"W1[{unit}, 0]"] * row["x0"] + p[f"W1[{unit}, 1]"] * row["x1"] + p[f"b1[{unit}]"]
        total += p[f"wf[{unit}]"] * elu(z)
    return 1 / (1 + exp(-total))


def exponentials(row: Row, p: Parameters) -> mpf:
    """Give the sum of three exponentials and a constant."""
    return p["c"] + sum(p[f"A[{i}]"] * exp(-p[f"k[{i}]"] * row["time (us)"]) for i in range(3))


def background(row: Row, p: Parameters) -> mpf:
    """Give the straight line under the bands."""
    return p["b0"] + p["b1"] * (row["shift (1/cm)"] - 1175)


def bands(row: Row, p: Parameters) -> mpf:
    """Give five bands, each a Lorentzian and a Gaussian of one half width s, on the background."""
    total, ln2 = background(row, p), log(2)
    of_lorentzian, of_gaussian = p["eta"] / pi, (1 - p["eta"]) * sqrt(ln2 / pi)
    for i in range(5):
        s = p[f"s[{i}]"]
        square = ((row["shift (1/cm)"] - p[f"mu[{i}]"]) / s) ** 2
        total += p[f"A[{i}]"] / s * (of_lorentzian / (1 + square) + of_gaussian * exp(-ln2 * square))
    return total


def gaussian_bands(row: Row, p: Parameters) -> mpf:
    """Give five Gaussians of standard deviation s, on the background."""
    total = mpf(0)
    for i in range(5):
        s = p[f"s[{i}]"]
        square = ((row["shift (1/cm)"] - p[f"mu[{i}]"]) / s) ** 2
        total += p[f"A[{i}]"] / s * exp(-square / 2)
    return background(row, p) + total / sqrt(2 * pi)


def cultivars(row: Row, p: Parameters) -> list[mpf]:
    """Give the probabilities of the three cultivars."""
    u = (row["alcohol (%)"] - 13, row["OD280/OD315"] - mpf("2.6"))
    weights = [exp(p[f"b{k}"] + p[f"w{k}[0]"] * u[0] + p[f"w{k}[1]"] * u[1]) for k in (2, 3)]
    return [weight / (1 + sum(weights)) for weight in (1, *weights)]


BANDS = {"A": ("2000",) * 5, "mu": ("1060", "1100", "1130", "1210", "1275"), "s": ("10",) * 5}

EXAMPLES = (
    Example(
        "exponential_decay/decay.lml",
        "exponential_decay/indomethacin.csv",
        "exponential_decay/expected.json",
        {"A1": "2", "k1": "1.8", "A2": "0.2", "k2": "0.17"},
        lambda row: row["concentration (ug/mL)"],
        decay,
    ),
    Example(
        "michaelis_menten/treated.lml",
        "michaelis_menten/treated.csv",
        "michaelis_menten/expected_treated.json",
        {"Vm": "200", "K": "0.06"},
        lambda row: row["rate (counts/min^2)"],
        michaelis_menten,
    ),
    Example(
        "michaelis_menten/joint.lml",
        "michaelis_menten/joint.csv",
        "michaelis_menten/expected_joint.json",
        {"Vm": "160", "delta": "40", "K": "0.06"},
        lambda row: row["rate (counts/min^2)"],
        michaelis_menten,
    ),
    Example(
        "logistic_growth/pasture.lml",
        "logistic_growth/pasture.csv",
        "logistic_growth/expected.json",
        {"b1": "75", "b2": "2.5", "b3": "0.07"},
        lambda row: row["yield"],
        lambda row, p: p["b1"] / (1 + exp(p["b2"] - p["b3"] * row["time (day)"])),
        certified={
            "b1": ("7.2462237576E+01", "1.7340283401E+00"),
            "b2": ("2.6180768402E+00", "8.8295217536E-02"),
            "b3": ("6.7359200066E-02", "3.4465663377E-03"),
            "rss": ("8.0565229338E+00",),
        },
        certificate=(
            "certified by NIST (Statistical Reference Datasets, nonlinear regression, Rat42) to 11 digits; "
            "examples/expected_values.py computes the same digits"
        ),
    ),
    Example(
        "peak_on_background/peak.lml",
        "peak_on_background/transmittance.csv",
        "peak_on_background/expected.json",
        {"height": "0.38", "center": "451.5", "width": "4", "background": "0"},
        lambda row: row["transmittance"],
        peak,
    ),
    Example(
        "planck_spectrum/planck.lml",
        "planck_spectrum/firas.csv",
        "planck_spectrum/expected.json",
        {"T": "2.7"},
        lambda row: row["intensity (MJy/sr)"],
        planck,
        sigma="uncertainty (MJy/sr)",
    ),
    Example(
        "vapour_pressure/mercury.lml",
        "vapour_pressure/mercury.csv",
        "vapour_pressure/expected.json",
        {"A": "18", "B": "7000", "C": "265"},
        lambda row: log(row["pressure (mmHg)"]),
        lambda row, p: p["A"] - p["B"] / (row["temperature (degC)"] + p["C"]),
    ),
    Example(
        "two_layer_network/network.lml",
        "two_layer_network/circles.csv",
        "two_layer_network/expected.json",
        components(
            W1=(("0", "3"), ("-3", "-1.5"), ("3", "-1.5")),
            b1=("-1", "-1", "-1"),
            wf=("-2", "-3", "-2"),
            bf="-2",
        ),
        lambda row: row["response"],
        network,
        true=TRUE["two_layer_network"],
    ),
    Example(
        "sum_of_exponentials/decay.lml",
        "sum_of_exponentials/decay.csv",
        "sum_of_exponentials/expected.json",
        components(A=("1", "1", "1"), k=("10", "1", "0.1"), c="0"),
        lambda row: row["signal (V)"],
        exponentials,
        true=TRUE["sum_of_exponentials"],
    ),
    Example(
        "five_peaks/bands.lml",
        "five_peaks/raman.csv",
        "five_peaks/expected_bands.json",
        components(**BANDS, eta="0.5", b0="20", b1="0"),
        lambda row: row["intensity (counts/s)"],
        bands,
        true=TRUE["five_peaks"],
    ),
    Example(
        "five_peaks/gaussians.lml",
        "five_peaks/raman.csv",
        "five_peaks/expected_gaussians.json",
        components(**BANDS, b0="20", b1="0"),
        lambda row: row["intensity (counts/s)"],
        gaussian_bands,
    ),
    Example(
        "wine_cultivars/wine.lml",
        "wine_cultivars/wine.csv",
        "wine_cultivars/expected.json",
        components(b2="0.5", w2=("-6", "-2"), b3="-0.5", w3=("-1", "-7")),
        lambda row: [mpf(int(row["cultivar"] == k)) for k in (1, 2, 3)],
        cultivars,
    ),
)


def read(path: Path) -> list[Row]:
    """Read a CSV file, each number exactly as it is printed."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return [{title: mpf(text) for title, text in row.items()} for row in csv.DictReader(lines)]


def flat(values: Iterable[mpf | list[mpf]]) -> list[mpf]:
    """Put the outputs of all rows one behind the other."""
    return [part for value in values for part in (value if isinstance(value, list) else [value])]


class LeastSquares:
    """The weighted residuals of one example, and what follows from them at a point."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.names = list(example.start)
        self.rows = read(FOLDER / example.data)
        self.response = flat(example.response(row) for row in self.rows)
        outputs = len(self.response) // len(self.rows)
        roots = [1 / row[example.sigma] if example.sigma else mpf(1) for row in self.rows]
        self.roots = [root for root in roots for _ in range(outputs)]

    def residuals(self, theta: list[mpf]) -> list[mpf]:
        """Give (y - f)/sigma in every row."""
        p = dict(zip(self.names, theta, strict=True))
        fitted = flat(self.example.formula(row, p) for row in self.rows)
        return [w * (y - f) for w, y, f in zip(self.roots, self.response, fitted, strict=True)]

    def rss(self, theta: list[mpf]) -> mpf:
        """Give the sum of their squares."""
        return sum(r * r for r in self.residuals(theta))

    def derivative(self, theta: list[mpf], index: int) -> list[mpf]:
        """Give the derivatives of f/sigma by one parameter, by central differences."""
        step = mpf(DIFFERENCE) * max(abs(theta[index]), mpf("0.01"))
        sides = []
        for sign in (1, -1):
            moved = list(theta)
            moved[index] += sign * step
            sides.append(self.residuals(moved))
        return [(minus - plus) / (2 * step) for plus, minus in zip(*sides, strict=True)]

    def normal_equations(self, theta: list[mpf]) -> tuple[matrix, matrix]:
        """Give J^T W J and J^T W (y - f)."""
        jacobian = matrix([self.derivative(theta, index) for index in range(len(theta))]).T
        return jacobian.T * jacobian, jacobian.T * matrix(self.residuals(theta))

    def minimise(self) -> list[mpf]:
        """Take Gauss-Newton steps, halved where the sum would grow, until they are negligible.

        What Gauss-Newton leaves out of the second derivatives is added near the end, learnt from how the
        gradient changes along the steps (symmetric updates of rank one, one for each step): where the
        residuals are large, convergence would be slow without it.
        """
        theta = [mpf(text) for text in self.example.start.values()]
        left_out = mp.zeros(len(theta))
        taken = before = None
        for _ in range(500):
            normal, right = self.normal_equations(theta)
            if taken is not None:
                missed = before - right - (normal + left_out) * taken
                products = [m * s for m, s in zip(missed, taken, strict=True)]
                if abs(sum(products)) > mpf("1e-8") * sum(map(abs, products)):
                    left_out += missed * missed.T / sum(products)
            step = inverse(normal + left_out) * right
            scale = [max(abs(value), mpf("1e-6")) for value in theta]
            relative = max(abs(s) / z for s, z in zip(step, scale, strict=True))
            if relative < mpf("1e-30"):
                return theta
            sum_here, fraction = self.rss(theta), mpf(1)
            while True:
                moved = [value + fraction * s for value, s in zip(theta, step, strict=True)]
                # Near the minimum the sum changes by the square of the step: it may equal the old one.
                if self.rss(moved) <= sum_here * (1 + mpf("1e-45")) or fraction < mpf("1e-9"):
                    break
                fraction /= 2
            near = relative < mpf("1e-2")
            taken, before = (fraction * step, right) if near else (None, None)
            if not near:
                left_out *= 0
            theta = moved
        raise ArithmeticError(f"{self.example.model}: no convergence")


def compute(example: Example) -> dict[str, object]:
    """Give what is expected of an example, as it is written."""
    problem = LeastSquares(example)
    theta = problem.minimise()
    rss, normal = problem.rss(theta), problem.normal_equations(theta)[0]
    inverted = inverse(normal)
    n_obs = len(problem.response)
    factor = mpf(1) if example.sigma else rss / (n_obs - len(theta))
    errors = [sqrt(inverted[index, index] * factor) for index in range(len(theta))]
    source = COMPUTED.format(convention=ABSOLUTE if example.sigma else SCALED)
    values = dict(zip(problem.names, theta, strict=True))
    deviations = dict(zip(problem.names, errors, strict=True))
    if example.certified:
        source = example.certificate
        for name, computed in list(values.items()):
            values[name] = agreed(example, name, example.certified[name][0], computed)
            deviations[name] = agreed(example, name, example.certified[name][1], deviations[name])
        rss = agreed(example, "rss", example.certified["rss"][0], rss)
    return {
        "model": Path(example.model).name,
        "parameters": {name: shown(value) for name, value in values.items()},
        "standard_errors": {name: shown(value) for name, value in deviations.items()},
        **({"true_values": example.true} if example.true else {}),
        "rss": shown(rss),
        "n_obs": n_obs,
        "source_of_values": source,
    }


def agreed(example: Example, name: str, certified: str, computed: mpf) -> mpf:
    """Give the certified value, which must be the computed one to within the rounding of 11 digits."""
    value = mpf(certified)
    if abs(computed - value) > mpf("0.51e-10") * abs(value):
        raise ArithmeticError(f"{example.model}: {name} is certified as {certified}, computed as {computed}")
    return value


def shown(value: mpf) -> float:
    """Round to the digits that are written."""
    return float(nstr(value, SHOWN))


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description="Expected values of the examples, by mpmath.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    mp.dps = DIGITS + 20
    differing = 0
    for example in EXAMPLES:
        path = FOLDER / example.expected
        text = json.dumps(compute(example), indent=2) + "\n"
        if not check:
            path.write_text(text, encoding="utf-8")
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        differing += not same
        print(f"{example.expected}: {('agrees' if same else 'DIFFERS') if check else 'written'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
