"""The sum of squared residuals of a model on data: value, gradient, and its linearisation.

In: a program of one output, columns, the response, weights. Out: numbers. The residual
``(f - y)*sqrt(weight)`` is compiled as one program together with the model, so its derivatives and
its chunks come from the same machinery as the model's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np

from lambdaml_dsl.derivatives.methods import DiffMethod, differentiate, mend
from lambdaml_dsl.errors import OptionError, ShapeError
from lambdaml_dsl.language.arrays import Shape, described
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.program.evaluate import Evaluation, chunk_rows
from lambdaml_dsl.program.instructions import MULTIPLY, SUBTRACT, Program, ProgramBuilder
from lambdaml_dsl.program.lower import emit_model
from lambdaml_dsl.program.threads import Slabs

RESPONSE, ROOT_WEIGHT = "(response)", "(root of weight)"
"""Columns of the residual program that no formula can name."""


@lru_cache(maxsize=256)
def residual_program(bound: BoundModel, weights: Shape | None) -> Program:
    """Make the program of the residuals of a model, given the shape of the weights in a row."""
    builder = ProgramBuilder()
    value = emit_model(builder, bound)
    slot = builder.apply(SUBTRACT, (value, builder.column(RESPONSE, shape=builder.shapes[value])))
    if weights is not None:
        slot = builder.apply(MULTIPLY, (slot, builder.column(ROOT_WEIGHT, shape=weights)))
    return builder.finish([slot])


class SquaredResiduals:
    """The objective of least squares: the sum over rows of weight * (f - y)^2.

    Parameters
    ----------
    bound : BoundModel
        The model.
    columns : mapping of str to ndarray
        Its inputs, shape (n,).
    y : ndarray
        The response, shape (n,); (m, n) for a model of m outputs.
    weights : ndarray, optional
        Weights of the squares, none negative, shape (n,) or that of `y`.
    method : DiffMethod
        How derivatives are taken.

    Examples
    --------
    >>> import lambdaml_dsl as ld
    >>> objective = ld.Model("a*x").bind({"x": [1.0, 2.0], "y": [2.0, 4.0]})
    >>> float(objective.value([1.0])), objective.gradient([1.0])
    (5.0, array([-10.]))
    """

    def __init__(
        self,
        bound: BoundModel,
        columns: Mapping[str, FloatArray],
        y: FloatArray,
        weights: FloatArray | None = None,
        method: DiffMethod = DiffMethod.COMPLEX_STEP,
    ) -> None:
        self.bound = bound
        self.y = y
        self.weights = weights
        self.method = method
        self.columns = {**columns, RESPONSE: y}
        if weights is not None:
            self.columns[ROOT_WEIGHT] = np.sqrt(weights)
        check_response(bound, y)
        self.program = residual_program(bound, None if weights is None else weights.shape[:-1])
        self.outputs = self.program.output_sizes[0]
        self._lock = Lock()  # the buffers of an evaluation serve one caller at a time
        self._evaluations: dict[tuple[int, ...], Evaluation | Slabs] = {}

    @property
    def n_obs(self) -> int:
        """The number of residuals: m in each row."""
        return self.y.size

    def read_theta(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Read all components, shape (P,), in the order of the formula."""
        names = self.bound.components
        try:
            read = np.asarray(theta, dtype=np.float64)
        except (TypeError, ValueError):
            read = np.empty((0, 0))
        if read.shape != (len(names),):
            raise OptionError(
                f"theta must be {len(names)} numbers, not {theta!r:.60}",
                hint=f"In this order: {', '.join(names)}.",
            )
        return read

    def residuals(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Weighted residuals (f - y)*sqrt(weight), shape (m*n,): output by output."""
        theta = self.read_theta(theta)
        with self._lock:
            return self.evaluation(())(theta).ravel()

    def linearise(
        self, theta: FloatArray | Sequence[float], parameters: tuple[int, ...] | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Weighted residuals and their derivatives.

        Parameters
        ----------
        theta : array_like
            All parameters, shape (P,).
        parameters : tuple of int, optional
            The numbers of the parameters to differentiate by; all where not given.

        Returns
        -------
        residuals : ndarray
            Shape (m*n,).
        jacobian : ndarray
            Shape (p, m*n): one row for each component of these parameters.
        """
        if parameters is None:
            parameters = tuple(range(len(self.bound.parameters)))
        theta = self.read_theta(theta)
        with self._lock:
            out = self.evaluation(parameters)(theta)
        mend(self.program, parameters, self.columns, theta, out)
        return self.split(out)

    def split(self, out: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Part what an evaluation gives into residuals and derivatives."""
        if self.outputs == 1:
            return out[0], out[1:]
        return out[: self.outputs].ravel(), out[self.outputs :].reshape(-1, self.y.size)

    def value(self, theta: FloatArray | Sequence[float]) -> float:
        """Give the sum of squares."""
        theta = self.read_theta(theta)
        with self._lock:
            return float(self.evaluation(()).products(theta)[0])

    def gradient(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Give the gradient of the sum of squares, shape (P,)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: FloatArray | Sequence[float]) -> tuple[float, FloatArray]:
        """Give the sum of squares and its gradient, in one pass; memory does not grow with the rows."""
        every = tuple(range(len(self.bound.parameters)))
        theta = self.read_theta(theta)
        with self._lock:
            products = self.evaluation(every).products(theta)
        if np.isfinite(products[0]) and not np.isfinite(products).all():
            residuals, jacobian = self.linearise(theta)  # all rows at once, to mend those that need it
            products[1:] = jacobian @ residuals
        return float(products[0]), 2 * products[1:]

    def evaluation(self, parameters: tuple[int, ...]) -> Evaluation | Slabs:
        """Give the evaluation of the residuals and their derivatives by some parameters."""
        found = self._evaluations.get(parameters)
        if found is None:
            program = differentiate(self.program, parameters, self.method) if parameters else self.program
            rows = self.y.shape[-1]
            kind = Slabs if rows > chunk_rows(program) else Evaluation
            found = self._evaluations[parameters] = kind(program, self.columns, rows)
        return found


def check_response(bound: BoundModel, y: FloatArray) -> None:
    """Refuse a response of another shape than the model's value."""
    if bound.is_open:
        raise bound.open_error()
    shape, result = y.shape[:-1], bound.result or ()
    if shape == result:
        return
    vectors = [f"{name} is {described(each)}" for name, each in bound.shapes.items() if each]
    hint = f"{'; '.join(vectors)}. " if vectors else ""
    if result:
        hint += "Take one number of it, by sum, dot or an index, or name as many columns: [u, v] ~ ... ."
    raise bound.source.error(
        ShapeError,
        bound.equation.right.span,
        f"the model gives {described(result)} in each row, but the response is {described(shape)}",
        hint,
    )
