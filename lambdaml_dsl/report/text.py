"""The report of a fit as text. Everything is taken from the result; nothing is computed here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lambdaml_dsl.derivatives.scheme import DiffMethod
from lambdaml_dsl.errors import counted
from lambdaml_dsl.fitting.result import FitResult, FittedParameter

STRONG_CORRELATION = 0.9
"""Correlations at least this large are listed: they say which parameters the data hardly tell apart."""

METHODS = {"lm": "Levenberg-Marquardt (lm)", "trf": "trust region (trf)"}

DERIVATIVES: Mapping[DiffMethod, str] = MappingProxyType(
    {
        DiffMethod.ADJOINT: "adjoint (the complex step run backwards)",
        DiffMethod.FORWARD: "forward differences",
        DiffMethod.BACKWARD: "backward differences",
        DiffMethod.CENTRAL: "central differences",
        DiffMethod.FIVE_POINT: "five-point differences",
        DiffMethod.RICHARDSON: "differences extrapolated (Richardson)",
    }
)
"""What is said of derivatives that are not those of nearly every fit."""

COLUMNS = ("parameter", "value", "std. error", "relative", "start", "bounds", "unit", "description")
NUMERIC = frozenset({"value", "std. error", "relative", "start"})


def summary(result: FitResult) -> str:
    """Write the report: how the fit ended, the parameters, the statistics, what else to know."""
    table = align(parameter_rows(result))
    return "\n".join([*heading(result), "", *table, "", *closing(result)])


def heading(result: FitResult) -> list[str]:
    """Say what was fitted and how it ended."""
    lines = [result.model.title] if result.model.title else []
    free, values = result.n_fitted, math.prod(result.bound.result or ())
    return [
        *lines,
        shortened(str(result.model)),
        "",
        result.message,
        f"{counted(result.n_obs // values, 'row')}{f' of {values} values' if values > 1 else ''}, "
        f"{counted(free, 'fitted parameter')}, "
        f"{counted(result.dof, 'degree')} of freedom; "
        f"{counted(result.n_evaluations, 'evaluation')}, {METHODS.get(result.method, result.method)}"
        + (
            f", derivatives by {DERIVATIVES[result.diff_method]}" if result.diff_method in DERIVATIVES else ""
        ),
    ]


def derivatives(result: FitResult) -> str:
    """Say how derivatives were taken, unless as usual."""
    known = DERIVATIVES.get(result.diff_method)
    return "" if known is None else f", derivatives by {known}"


def parameter_rows(result: FitResult) -> list[tuple[str, ...]]:
    """Give the table of parameters: the titles, then one row each; columns that say nothing are left out."""
    rows = [tuple(COLUMNS), *(parameter_row(parameter) for parameter in result.components.values())]
    kept = [i for i, title in enumerate(COLUMNS) if i < 4 or any(row[i] for row in rows[1:])]
    return [tuple([row[i] for i in kept]) for row in rows]


def parameter_row(parameter: FittedParameter) -> tuple[str, ...]:
    """Give one parameter's row."""
    error = relative = ""
    if parameter.stderr is not None:
        error = f"{parameter.stderr:.4g}"
        if parameter.value != 0:
            relative = f"{100 * parameter.stderr / abs(parameter.value):.2g} %"
    elif parameter.fixed:
        error = "fixed"
    elif parameter.between is not None:
        error = "by search"
    elif parameter.at_bound:
        error = "at bound"
    else:
        error = "none"
    bounds = ""
    if math.isfinite(parameter.lower) or math.isfinite(parameter.upper):
        bounds = f"[{parameter.lower:g}, {parameter.upper:g}]"
    start = "" if parameter.fixed else f"{parameter.start:.6g}"
    value = f"{parameter.value:.8g}" if parameter.fixed else f"{parameter.value:#.8g}"
    return (parameter.name, value, error, relative, start, bounds, parameter.unit, parameter.doc)


def closing(result: FitResult) -> list[str]:
    """Give the statistics, and what else a reader should know."""
    if result.sigma_absolute:
        scatter = f"chi-square = {result.rss:.8g}   reduced chi-square = {shown(result.reduced_chi2)}"
    else:
        deviation = math.sqrt(result.reduced_chi2) if result.dof > 0 else math.nan
        what = (
            "residual standard deviation"
            if result.weights is None
            else "standard deviation of weighted residuals"
        )
        scatter = f"rss = {result.rss:.8g}   {what} = {shown(deviation)}"
    lines = [
        f"{scatter}   R2 = {shown(result.r2, 8)}",
        f"AIC = {shown(result.aic)}   BIC = {shown(result.bic)}",
        result.uncertainty_note,
        *result.notes,
    ]
    pairs = strong_correlations(result)
    if pairs:
        listed = ", ".join(f"{a} and {b} {value:+.3f}" for a, b, value in pairs[:8])
        more = f", and {len(pairs) - 8} more" if len(pairs) > 8 else ""
        lines.append(f"Correlations of {STRONG_CORRELATION} and more: {listed}{more}.")
    return lines


def strong_correlations(result: FitResult) -> list[tuple[str, str, float]]:
    """Pick the pairs that the data hardly tell apart, strongest first."""
    matrix = result.correlation
    if matrix is None:
        return []
    first, second = np.nonzero(np.triu(np.abs(matrix) >= STRONG_CORRELATION, k=1))
    pairs = [
        (result.free[i], result.free[j], float(matrix[i, j])) for i, j in zip(first, second, strict=True)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[2]))


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows of texts in columns, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if title in NUMERIC else cell.ljust(width)
            for cell, width, title in zip(row, widths, rows[0], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def shown(value: float, digits: int = 6) -> str:
    """Write a statistic; a dash where it does not exist."""
    return "-" if math.isnan(value) else f"{value:.{digits}g}"


def shortened(text: str, length: int = 300) -> str:
    """Cut a long formula."""
    return text if len(text) <= length else text[: length - 4] + " ..."
