"""Derivatives: of programs, and of plain Python functions of parameters.

>>> from lambdaml_dsl.derivatives import GradientComputer
>>> GradientComputer("complex_step").gradient(lambda p: p["a"] ** 2 * p["b"], {"a": 3.0, "b": 2.0})
{'a': 12.0, 'b': 9.0}
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdaml_dsl.derivatives.public import (
        CheckedComponent,
        Derivatives,
        Differentiable,
        DiffMethod,
        GradientCheck,
        GradientComputer,
        GradientStatistics,
        Layout,
        LostImaginaryPartError,
        NumericalDiff,
        ParameterStatistics,
        Scheme,
        check_gradient,
        gradient_statistics,
    )

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


def __getattr__(name: str) -> Any:
    """Give a public name; what is behind it is imported when the first of them is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'lambdaml_dsl.derivatives' has no attribute '{name}'")
    from lambdaml_dsl.derivatives import public

    return vars(public)[name]


def __dir__() -> list[str]:
    return [*globals(), *__all__]
