"""The derivative methods by name: each turns a program into one that also gives its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from lambdaml_dsl.derivatives.complex_step import carry
from lambdaml_dsl.derivatives.differences import difference
from lambdaml_dsl.errors import OptionError, suggestion
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.evaluate import evaluate
from lambdaml_dsl.program.instructions import Program


class DiffMethod(StrEnum):
    """How derivatives are taken. A method's value in lower case is accepted wherever a method is.

    Examples
    --------
    >>> DiffMethod("central") is DiffMethod.CENTRAL
    True
    """

    COMPLEX_STEP = "complex_step"
    CENTRAL = "central"


METHODS: Mapping[DiffMethod, Callable[[Program, Sequence[int]], Program]] = MappingProxyType(
    {DiffMethod.COMPLEX_STEP: carry, DiffMethod.CENTRAL: difference}
)


def read_method(method: DiffMethod | str) -> DiffMethod:
    """Give the method of a name.

    Raises
    ------
    OptionError
        There is no such method.
    """
    known = {member.value: member for member in DiffMethod}
    name = str(method.value if isinstance(method, DiffMethod) else method).lower()
    if name not in known:
        raise OptionError(
            f"unknown diff_method '{method}'", hint=suggestion(name, known, listed="The methods are")
        )
    return known[name]


@lru_cache(maxsize=256)
def differentiate(program: Program, parameters: tuple[int, ...], method: DiffMethod) -> Program:
    """Add to a program its derivatives by some parameters.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : tuple of int
        The parameters to differentiate by.
    method : DiffMethod
        How.

    Returns
    -------
    Program
        Outputs: the value, then its derivatives by each component of each parameter, in the order given.
    """
    return METHODS[method](program, parameters)


def mend(
    program: Program,
    parameters: tuple[int, ...],
    columns: Mapping[str, FloatArray],
    theta: FloatArray,
    outputs: FloatArray,
) -> None:
    """Put difference quotients where a rule met 0 times infinity though the value is finite.

    ``1/(1 + exp(z))`` is 0 where exp overflows, and so is its derivative; the chain rule has 0 * inf.

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
    """
    size, rows = program.output_sizes[0], outputs.shape[-1]
    if rows == 0:
        return
    value, derivatives = outputs[:size], outputs[size:].reshape(-1, size, rows)
    bad = ~np.isfinite(derivatives) & np.isfinite(value)
    if bad.any():
        quotients = differentiate(program, parameters, DiffMethod.CENTRAL)
        other = evaluate(quotients, columns, rows, theta)[size:]
        np.copyto(derivatives, other.reshape(derivatives.shape), where=bad)
