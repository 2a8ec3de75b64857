"""LambdaML-DSL: write the equation, get the fit.

>>> import lambdaml_dsl as ld
>>> data = {"t": [0.0, 1.0, 2.0, 3.0], "y": [8.0, 4.0, 2.0, 1.0]}
>>> result = ld.fit("y ~ A*exp(-t/tau)", data, start={"A": 5})
>>> round(result.params["A"].value, 6)
8.0
"""

from lambdaml_dsl.derivatives.methods import DiffMethod
from lambdaml_dsl.errors import (
    ArityError,
    DataError,
    EvaluationError,
    FormulaSyntaxError,
    LambdaMLError,
    LimitError,
    MissingPackageError,
    NameResolutionError,
    OptionError,
    ShapeError,
)
from lambdaml_dsl.fitting.fit import fit
from lambdaml_dsl.fitting.model import Model
from lambdaml_dsl.fitting.result import FitResult
from lambdaml_dsl.fitting.specs import ParameterSpec
from lambdaml_dsl.modelfile.read import load
from lambdaml_dsl.optimize.status import Status

__version__ = "0.1.0"

__all__ = [
    "ArityError",
    "DataError",
    "DiffMethod",
    "EvaluationError",
    "FitResult",
    "FormulaSyntaxError",
    "LambdaMLError",
    "LimitError",
    "MissingPackageError",
    "Model",
    "NameResolutionError",
    "OptionError",
    "ParameterSpec",
    "ShapeError",
    "Status",
    "fit",
    "load",
]
