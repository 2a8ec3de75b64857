"""BLAS and LAPACK as SciPy has them, imported when first needed."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple


class Linalg(NamedTuple):
    """The two libraries."""

    blas: Any
    lapack: Any


@cache
def linalg() -> Linalg:
    """Import them, at first use.

    By name, out of the package: after an import that Ctrl-C has cut short it may lack the attribute.
    """
    from scipy.linalg import blas, lapack

    return Linalg(blas, lapack)
