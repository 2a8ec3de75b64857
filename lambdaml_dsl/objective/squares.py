"""The sum of squared residuals of a model on data: value, gradient, and its linearisation.

In: a program of one output, columns, the response, weights. Out: numbers. The residual
``(f - y)*sqrt(weight)`` is compiled as one program together with the model, so its derivatives and
its chunks come from the same machinery as the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import prod
from threading import Lock

import numpy as np

from lambdaml_dsl.derivatives.adjoint import adjoint_of_sum
from lambdaml_dsl.derivatives.batched import Batched, bind_derivatives, in_batches
from lambdaml_dsl.derivatives.choice import choose
from lambdaml_dsl.derivatives.methods import DiffMethod, Scheme, differentiate, mend
from lambdaml_dsl.derivatives.sums import SumOverRows, squared, sum_of_squares
from lambdaml_dsl.errors import OptionError, ShapeError
from lambdaml_dsl.language.arrays import Shape, described
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.factors import linearised_chunk, stacked
from lambdaml_dsl.program.evaluate import Evaluation, add_up
from lambdaml_dsl.program.instructions import MULTIPLY, SUBTRACT, Program, ProgramBuilder
from lambdaml_dsl.program.lower import emit_model
from lambdaml_dsl.program.products import dot
from lambdaml_dsl.program.threads import Slabs, on_rows

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


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """A sum over the rows of data, and its derivatives."""

    sums: SumOverRows
    evaluation: Evaluation | Slabs

    def at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Give both at some theta."""
        return self.sums.finish(theta, self.evaluation.totals(theta))


@dataclass(frozen=True, slots=True, eq=False)
class SumsOfBatches:
    """The same from residuals and derivatives that come block by block of rows."""

    evaluation: Evaluation | Slabs | Batched
    outputs: int

    def at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Give both at some theta."""

        def products(out: FloatArray, rows: slice) -> FloatArray:
            sheets = out.reshape(-1, self.outputs * out.shape[-1])
            found: FloatArray = sheets @ sheets[0]
            return found

        parts = self.evaluation.partials(theta, products)
        total = add_up(parts, parts[0].shape)
        return float(total[0]), 2 * total[1:]


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
    method : Scheme or DiffMethod
        How derivatives are taken: the method, its step, and the bounds that no point of it may leave.

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
        method: Scheme | DiffMethod = DiffMethod.AUTO,
    ) -> None:
        self.bound = bound
        self.y = y
        self.weights = weights
        self.scheme = Scheme(method) if isinstance(method, DiffMethod) else method
        self.columns = {**columns, RESPONSE: y}
        if weights is not None:
            self.columns[ROOT_WEIGHT] = np.sqrt(weights)
        check_response(bound, y)
        self.program = residual_program(bound, None if weights is None else weights.shape[:-1])
        self.outputs = prod(self.program.shapes[self.program.outputs[0]])
        self._lock = Lock()  # the buffers of an evaluation serve one caller at a time
        self._evaluations: dict[tuple[tuple[int, ...], bool], Evaluation | Slabs | Batched] = {}
        self._summed: dict[tuple[int, ...], Sums | SumsOfBatches] = {}

    @property
    def n_obs(self) -> int:
        """The number of residuals: m in each row."""
        return self.y.size

    def method_of(self, parameters: tuple[int, ...], summed: bool = False) -> DiffMethod:
        """Give the method that the derivatives by some parameters are taken with: what `auto` has chosen.

        `summed` asks for that of the gradient, not of each row's derivatives.
        """
        return choose(self.program, parameters, self.scheme, summed).method

    def read_theta(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Read all components, shape (P,), in the order of the formula."""
        try:
            read = np.asarray(theta, dtype=np.float64)
        except (TypeError, ValueError):
            read = np.empty((0, 0))
        if read.shape != (self.bound.offsets[-1],):
            names = self.bound.components
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
        mend(self.program, parameters, self.columns, theta, out, self.scheme)
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
            return self._sums(()).at(theta)[0]

    def gradient(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Give the gradient of the sum of squares, shape (P,)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: FloatArray | Sequence[float]) -> tuple[float, FloatArray]:
        """Give the sum of squares and its gradient, in one pass; memory does not grow with the rows."""
        every = tuple(range(len(self.bound.parameters)))
        theta = self.read_theta(theta)
        with self._lock:
            value, gradient = self._sums(every).at(theta)
        if np.isfinite(value) and not np.isfinite(gradient).all():
            gradient = 2 * add_up(self._partials(theta, every, self._products), gradient.shape)
        return value, gradient

    def factor(
        self, theta: FloatArray | Sequence[float], parameters: tuple[int, ...] | None = None
    ) -> FloatArray:
        """Give the R factor of [J r], all that a step of least squares needs to know of the rows.

        Parameters
        ----------
        theta : array_like
            All parameters, shape (P,).
        parameters : tuple of int, optional
            The numbers of the parameters to differentiate by; all where not given.

        Returns
        -------
        ndarray
            Upper triangle R, shape (p + 1, p + 1), or fewer rows where there are fewer residuals. ``R.T @ R``
            is ``S.T @ S``, with S = [J r], J and r side by side. Memory does not grow with the rows.

        Examples
        --------
        >>> import lambdaml_dsl as ld
        >>> objective = ld.Model("a*x").bind({"x": [3.0, 4.0], "y": [0.0, 0.0]})
        >>> abs(objective.factor([2.0])).round(12)
        array([[ 5., 10.],
               [ 0.,  0.]])
        """
        if parameters is None:
            parameters = tuple(range(len(self.bound.parameters)))
        theta = self.read_theta(theta)
        return stacked(self._partials(theta, parameters, partial(linearised_chunk, self.outputs)))

    def row_sums(self, theta: FloatArray, parameters: tuple[int, ...]) -> FloatArray:
        """Give the sum of the derivatives of each residual by some parameters, shape (m*n,)."""
        parts = self._partials(
            theta, parameters, lambda out: out[self.outputs :].reshape(-1, self.outputs, out.shape[-1]).sum(0)
        )
        return np.concatenate(parts, axis=-1).ravel()

    def _partials(
        self, theta: FloatArray, parameters: tuple[int, ...], reduce: Callable[[FloatArray], FloatArray]
    ) -> list[FloatArray]:
        """Give what a function makes of the residuals and derivatives of each chunk, mended where needed."""

        def mended(out: FloatArray, rows: slice) -> FloatArray:
            flat = out.ravel()
            if not dot(flat, flat) < np.inf:
                columns = {name: values[..., rows] for name, values in self.columns.items()}
                mend(self.program, parameters, columns, theta, out, self.scheme)
            return reduce(out)

        with self._lock:
            # LAPACK has threads of its own, and would only wait for ours.
            return self.evaluation(parameters, alone=True).partials(theta, mended)

    def _products(self, out: FloatArray) -> FloatArray:
        """Give the products of the derivatives of a chunk with its residuals."""
        sheets = out.reshape(-1, self.outputs * out.shape[-1])
        products: FloatArray = sheets[1:] @ sheets[0]
        return products

    def evaluation(self, parameters: tuple[int, ...], alone: bool = False) -> Evaluation | Slabs | Batched:
        """Give the evaluation of the residuals and their derivatives by some parameters."""
        found = self._evaluations.get((parameters, alone))
        if found is None:
            scheme = choose(self.program, parameters, self.scheme)
            found = self._evaluations[parameters, alone] = bind_derivatives(
                self.program, parameters, scheme, self.columns, self.y.shape[-1], alone
            )
        return found

    def _sums(self, parameters: tuple[int, ...]) -> Sums | SumsOfBatches:
        """Give the sum of squares and its derivatives by some parameters."""
        found = self._summed.get(parameters)
        if found is None:
            found = self._summed[parameters] = self._make_sums(parameters)
        return found

    def _make_sums(self, parameters: tuple[int, ...]) -> Sums | SumsOfBatches:
        if not parameters:
            sums = sum_of_squares(self.program)
        else:
            scheme = choose(self.program, parameters, self.scheme, summed=True)
            if scheme.method is DiffMethod.ADJOINT:
                sums = adjoint_of_sum(squared(self.program), parameters, self.bound.offsets[-1])
            elif in_batches(self.program, parameters, scheme, self.y.shape[-1]):
                return SumsOfBatches(self.evaluation(parameters), self.outputs)
            else:
                sums = sum_of_squares(differentiate(self.program, parameters, scheme))
        return Sums(sums, on_rows(sums.rows, self.columns, self.y.shape[-1]))


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
