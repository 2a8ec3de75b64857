"""Which method `auto` stands for: by how many parameters there are, and of what shapes.

Both are exact. Forwards each parameter has its own tangent, kept only where the parameter reaches; backwards
one adjoint serves all of them, but one pass is needed for each component of the output. For parameters that
are numbers the two take the same time; tangents of a vector of K have K times as many numbers as the value.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from lambdaml_dsl.derivatives.scheme import DiffMethod, Scheme
from lambdaml_dsl.program.instructions import Parameter, Program

MANY = 16
"""The gradient of a sum by more numbers than this is taken backwards: nothing is computed for each row and
parameter."""


@lru_cache(maxsize=256)
def choose(program: Program, parameters: tuple[int, ...], scheme: Scheme, summed: bool = False) -> Scheme:
    """Give the scheme itself, or one with the method that `auto` stands for.

    Parameters
    ----------
    program : Program
        Its first output is differentiated.
    parameters : tuple of int
        By these.
    scheme : Scheme
        What was asked for.
    summed : bool
        Whether the gradient of a sum over rows is wanted, not the derivatives of each row.
    """
    if scheme.method is not DiffMethod.AUTO:
        return scheme
    wanted = set(parameters)
    sizes = [
        item.size for item in program.instructions if isinstance(item, Parameter) and item.index in wanted
    ]
    components, vectors = sum(sizes), max(sizes, default=0) > 1
    if summed:
        backwards = vectors or components > MANY
    else:
        backwards = vectors and components > 2 * program.output_sizes[0]
    return replace(scheme, method=DiffMethod.ADJOINT if backwards else DiffMethod.COMPLEX_STEP)
