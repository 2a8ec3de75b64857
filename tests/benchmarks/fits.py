"""One small fit, against SciPy's curve_fit with a function written by hand, and lmfit with the same text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

import lambdaml_dsl as ld
from tests.benchmarks import peers
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Quartiles, Timing, alternate

ROWS = 100
NAMES = ("a", "b", "c")
SAME_VALUES, SAME_ERRORS = 1e-5, 1e-3  # relative; curve_fit stops at 1.5e-8 of the sum of squares

METHOD = (
    f"{ROWS} rows, three parameters; every contender gives values and standard errors. Ours: a `Model` "
    "made before, and `fit` with the text itself. curve_fit: a NumPy function written by hand, standard "
    "errors from its covariance. lmfit: an `ExpressionModel` of the same text, made before. All find the "
    f"same values (to {SAME_VALUES:g}) and standard errors (to {SAME_ERRORS:g}). Ours also goes on to the "
    "last digits, and judges the end. What stands in the table of targets is of all four formulas' rounds "
    "together."
)
WITHOUT = (
    "The same, but all start at ones. curve_fit reads the names of the parameters from the function then."
)


@dataclass(frozen=True, slots=True)
class Case:
    """A model, the truth behind its data, and where the fits start."""

    name: str
    text: str
    function: Callable[..., np.ndarray]
    truth: tuple[float, float, float]
    start: tuple[float, float, float]


CASES = (
    Case(
        "exponential decay",
        "a*exp(-b*x) + c",
        lambda x, a, b, c: a * np.exp(-b * x) + c,
        truth=(3.0, 0.8, 0.5),
        start=(2.0, 1.2, 0.8),
    ),
    Case(
        "Gaussian",
        "a*exp(-(x - b)**2/(2*c**2))",
        lambda x, a, b, c: a * np.exp(-((x - b) ** 2) / (2 * c**2)),
        truth=(3.0, 2.4, 0.6),
        start=(2.0, 2.0, 0.8),
    ),
    Case(
        "logistic",
        "a/(1 + exp(-b*(x - c)))",
        lambda x, a, b, c: a / (1 + np.exp(-b * (x - c))),
        truth=(3.0, 2.0, 2.4),
        start=(2.0, 1.2, 2.0),
    ),
    Case(
        "quadratic",
        "a*x**2 + b*x + c",
        lambda x, a, b, c: a * x**2 + b * x + c,
        truth=(3.0, -0.8, 0.5),
        start=(2.0, 1.2, 0.8),
    ),
)

Answer = tuple[Any, Any]


def contenders(case: Case, start: tuple[float, float, float] | None) -> dict[str, Callable[[], Answer]]:
    """Give the fits of a case; each returns values and standard errors. Without a start all begin at ones."""
    x = np.linspace(0.1, 5, ROWS)
    y = case.function(x, *case.truth) + np.random.default_rng(2).normal(0, 0.05, ROWS)
    data, text = {"x": x, "y": y}, f"y ~ {case.text}"
    model = ld.Model(text)
    options: dict[str, Any] = {} if start is None else {"start": dict(zip(NAMES, start, strict=True))}

    def answer(result: ld.FitResult) -> Answer:
        found = [result.params[name] for name in NAMES]
        return [parameter.value for parameter in found], [parameter.stderr for parameter in found]

    def by_curve_fit() -> Answer:
        values, covariance = curve_fit(case.function, x, y, p0=start)
        return values, np.sqrt(np.diag(covariance))

    found = {
        "Model.fit": lambda: answer(model.fit(data, **options)),
        "fit(text)": lambda: answer(ld.fit(text, data, **options)),
        "curve_fit": by_curve_fit,
    }
    if peers.missing(("lmfit",)):
        return found
    expression = peers.lmfit().models.ExpressionModel(case.text)
    parameters = expression.make_params(**dict(zip(NAMES, start or (1.0, 1.0, 1.0), strict=True)))

    def by_lmfit() -> Answer:
        params = expression.fit(y, parameters, x=x).params
        return [params[name].value for name in NAMES], [params[name].stderr for name in NAMES]

    return {**found, "lmfit": by_lmfit}


def compare(case: Case, start: tuple[float, float, float] | None) -> dict[str, Timing]:
    """Make sure that all contenders find the same, then time them."""
    fits = contenders(case, start)
    values, errors = fits["Model.fit"]()
    for name, fit in fits.items():
        its_values, its_errors = fit()
        np.testing.assert_allclose(its_values, values, rtol=SAME_VALUES, err_msg=f"{case.name}: {name}")
        np.testing.assert_allclose(its_errors, errors, rtol=SAME_ERRORS, err_msg=f"{case.name}: {name}")
    return alternate(fits)


SUBJECTS = (
    ("One fit, from the same start values", "", True),
    ("One fit, without start values", "-without-start", False),
)


def measure() -> Findings:
    """Time all cases, with start values and without."""
    tables, figures = [], {}
    for subject, suffix, given in SUBJECTS:
        rows, scipys, lmfits = [], [], []
        titles: tuple[str, ...] = ()
        for case in CASES:
            times = compare(case, case.start if given else None)
            ours, by_text, scipy = times["Model.fit"], times["fit(text)"], times["curve_fit"]
            ratios = {
                "`Model.fit`/curve_fit": ours.over(scipy),
                "`fit(text)`/curve_fit": by_text.over(scipy),
            }
            scipys += ours.ratios(scipy)
            if "lmfit" in times:
                ratios["lmfit/`Model.fit`"] = times["lmfit"].over(ours)
                lmfits += times["lmfit"].ratios(ours)
            titles = ("formula", *times, *ratios)
            figures_of_case = map(str, (*times.values(), *ratios.values()))
            rows.append((f"{case.name}, `{case.text}`", *figures_of_case))
        figures[f"fits/curve_fit{suffix}"] = Quartiles.of(scipys)
        if lmfits:
            figures[f"fits/lmfit{suffix}"] = Quartiles.of(lmfits)
        tables.append(Table(subject, METHOD if given else WITHOUT, titles, tuple(rows)))
    return Findings(tuple(tables), figures, peers.missing(("lmfit",)))
