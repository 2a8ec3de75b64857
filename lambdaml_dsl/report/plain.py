"""A result as plain values, ready for JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lambdaml_dsl.fitting.result import FitResult, FittedArray, FittedParameter


def to_plain(result: FitResult) -> dict[str, Any]:
    """Give dictionaries, lists, texts and finite numbers; what is not finite or absent is None."""
    return {
        "model": str(result.model),
        "title": result.model.title,
        "status": result.status.name.lower(),
        "converged": result.converged,
        "finished": result.finished,
        "uncertainties_available": result.uncertainties_available,
        "message": result.message,
        "notes": list(result.notes),
        "uncertainty_note": result.uncertainty_note,
        "sigma_absolute": result.sigma_absolute,
        "parameters": {
            name: {
                "value": finite(parameter.value),
                "stderr": finite(parameter.stderr),
                "start": finite(parameter.start),
                "start_given": parameter.start_given,
                "lower": finite(parameter.lower),
                "upper": finite(parameter.upper),
                "fixed": parameter.fixed,
                "at_bound": parameter.at_bound,
                "between": between(parameter),
                "unit": parameter.unit,
                "doc": parameter.doc,
            }
            for name, parameter in result.params.items()
        },
        "free": list(result.free),
        "covariance": None if result.covariance is None else result.covariance.tolist(),
        "correlation": None if result.correlation is None else result.correlation.tolist(),
        "rss": finite(result.rss),
        "reduced_chi2": finite(result.reduced_chi2),
        "r2": finite(result.r2),
        "aic": finite(result.aic),
        "bic": finite(result.bic),
        "n_obs": result.n_obs,
        "dof": result.dof,
        "method": result.method,
        "diff_method": str(result.diff_method),
        "n_evaluations": result.n_evaluations,
        "n_jacobians": result.n_jacobians,
    }


def between(parameter: FittedParameter | FittedArray) -> Any:
    """Give the interval of a parameter that was found by search; of an array, one for each component."""
    if isinstance(parameter, FittedArray):
        return [between(component) for component in parameter.components]
    return None if parameter.between is None else [finite(end) for end in parameter.between]


def finite(value: Any) -> Any:
    """Give a finite number, or None; an array as lists of these."""
    if isinstance(value, np.ndarray):
        return [finite(each) for each in value] if value.ndim else finite(value.item())
    return value if value is not None and math.isfinite(value) else None
