"""The derivative methods by name: each turns a program into one that also gives its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from lambdaml_dsl.derivatives.adjoint import adjoint
from lambdaml_dsl.derivatives.complex_step import carry, carry_in_order
from lambdaml_dsl.derivatives.differences import difference
from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme, read_method, read_scheme
from lambdaml_dsl.derivatives.stencils import STENCILS
from lambdaml_dsl.errors import LimitError
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.products import dot

__all__ = ["METHODS", "DiffMethod", "Scheme", "differentiate", "mend", "read_method", "read_scheme"]

Differentiator: TypeAlias = Callable[[Program, Sequence[int], Scheme], Program]


def stepless(method: Callable[[Program, Sequence[int]], Program]) -> Differentiator:
    """Make an entry of a method that has neither step nor points."""
    return lambda program, parameters, scheme: method(program, parameters)


METHODS: Mapping[DiffMethod, Differentiator] = MappingProxyType(
    {
        DiffMethod.COMPLEX_STEP: stepless(carry),
        **dict.fromkeys(STENCILS, difference),
        DiffMethod.ADJOINT: stepless(adjoint),
        DiffMethod.AUTO: stepless(carry),
    }
)
"""What each method makes of a program: one that also gives its derivatives."""


def differentiate(program: Program, parameters: tuple[int, ...], scheme: Scheme | DiffMethod) -> Program:
    """Add to a program its derivatives by some parameters; the same program for the same question.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : tuple of int
        The parameters to differentiate by.
    scheme : Scheme or DiffMethod
        How: the method, its step, and the bounds that no point may leave.

    Returns
    -------
    Program
        Outputs: the value, then its derivatives by each component of each parameter, in the order given.
    """
    return differentiated(program, parameters, Scheme(scheme) if isinstance(scheme, DiffMethod) else scheme)


@lru_cache(maxsize=256)
def differentiated(program: Program, parameters: tuple[int, ...], scheme: Scheme) -> Program:
    """Do it once."""
    return METHODS[scheme.method](program, parameters, scheme)


def mend(
    program: Program,
    parameters: tuple[int, ...],
    columns: Mapping[str, FloatArray],
    theta: FloatArray,
    outputs: FloatArray,
    scheme: Scheme | DiffMethod = DiffMethod.COMPLEX_STEP,
) -> None:
    """Compute the derivatives of some rows again: where they are not finite though the value is.

    First by the rules in the order of the formula, for what was lost by taking numbers together that all rows
    share. Then by difference quotients, for what the rules cannot know: ``1/(1 + exp(z))`` is 0 where exp
    overflows, and so is its derivative; the chain rule has 0 times infinity.

    Parameters
    ----------
    program : Program
        Its first output was differentiated.
    parameters : tuple of int
        The parameters that it was differentiated by.
    columns : mapping of str to ndarray
        Columns of shape (n,).
    theta : ndarray
        All parameters, shape (P,).
    outputs : ndarray
        The value of m numbers and its derivatives by p components, shape (m + p*m, n); changed in place.
    scheme : Scheme or DiffMethod
        How they were taken: the bounds in it hold for the quotients too.
    """
    size, rows = program.output_sizes[0], outputs.shape[-1]
    flat = outputs.ravel()
    with np.errstate(all="ignore"):
        if dot(flat, flat) < np.inf:
            return  # what is not finite leaves no sum finite
    value, derivatives = outputs[:size], outputs[size:].reshape(-1, size, rows)
    central = Scheme(DiffMethod.CENTRAL)
    if isinstance(scheme, Scheme):
        central = Scheme(DiffMethod.CENTRAL, lower=scheme.lower, upper=scheme.upper)
    for again in (partial(in_order, program), partial(differentiate, program, scheme=central)):
        bad = ~np.isfinite(derivatives) & np.isfinite(value)
        concerned = np.flatnonzero(bad.any(axis=(0, 1)))
        if not len(concerned):
            return
        try:
            better = again(parameters=parameters)
        except LimitError:
            return  # too many components to carry a tangent for each: it stays NaN, and is said to be
        own = {name: values[..., concerned] for name, values in columns.items()}
        other = evaluate(better, own, len(concerned), theta)[size:].reshape(-1, size, len(concerned))
        derivatives[..., concerned] = np.where(bad[..., concerned], other, derivatives[..., concerned])


@lru_cache(maxsize=256)
def in_order(program: Program, parameters: tuple[int, ...]) -> Program:
    """Carry tangents in the order of the formula; the same program for the same question."""
    return carry_in_order(program, parameters)
