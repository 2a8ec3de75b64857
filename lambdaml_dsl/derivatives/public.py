"""What `lambdaml_dsl.derivatives` shows; loaded when one of the names is first asked for."""

from lambdaml_dsl.derivatives.checks import CheckedComponent, GradientCheck, check_gradient
from lambdaml_dsl.derivatives.differentiable import Derivatives, Differentiable
from lambdaml_dsl.derivatives.gradients import GradientComputer
from lambdaml_dsl.derivatives.layout import Layout
from lambdaml_dsl.derivatives.numerical import NumericalDiff
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.derivatives.statistics import (
    GradientStatistics,
    ParameterStatistics,
    gradient_statistics,
)
from lambdaml_dsl.derivatives.true_complex_step import LostImaginaryPartError

__all__ = [
    "CheckedComponent",
    "Derivatives",
    "DiffMethod",
    "Differentiable",
    "GradientCheck",
    "GradientComputer",
    "GradientStatistics",
    "Layout",
    "LostImaginaryPartError",
    "NumericalDiff",
    "ParameterStatistics",
    "Scheme",
    "check_gradient",
    "gradient_statistics",
]
