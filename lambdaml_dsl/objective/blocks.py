"""Least squares over data that come in blocks, of which one is in memory at a time.

In: a function that makes the blocks, anew for each pass, and one that binds the model to a block. Out: the
same objective as of all rows together: sums over rows are sums over blocks, and R factors stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from lambdaml_dsl.errors import DataError, LambdaMLError
from lambdaml_dsl.language.bound import BoundModel
from lambdaml_dsl.language.functions import FloatArray
from lambdaml_dsl.objective.factors import stacked
from lambdaml_dsl.objective.squares import SquaredResiduals

Blocks: TypeAlias = Callable[[], Iterable[Any]]
"""Makes the blocks: each is whatever else could be given as data."""


class SquaredResidualsOfBlocks:
    """The objective of least squares over blocks of rows: each pass goes through all of them.

    Parameters
    ----------
    blocks : callable
        Called without arguments, it gives the blocks of rows, from the first to the last.
    bind : callable
        Binds the model to a block; None for one without rows.

    Examples
    --------
    >>> import numpy as np
    >>> import lambdaml_dsl as ld
    >>> def blocks():
    ...     for first in (0, 100, 200):
    ...         x = np.arange(first, first + 100) / 300
    ...         yield {"x": x, "y": 2 * x}
    >>> objective = ld.Model("a*x").bind(blocks)
    >>> objective.n_obs, objective.value([2.0]), objective.gradient([2.0])
    (300, 0.0, array([0.]))
    """

    def __init__(self, blocks: Blocks, bind: Callable[[Any], SquaredResiduals | None]) -> None:
        self._blocks = blocks
        self._bind = bind
        self._made: object = None
        self._n_obs: int | None = None
        self.bound: BoundModel = next(self._objectives()).bound

    @property
    def n_obs(self) -> int:
        """The number of residuals; counting them takes a pass, if none was made before."""
        if self._n_obs is None:
            for _ in self._objectives():
                pass
        assert self._n_obs is not None
        return self._n_obs

    def value(self, theta: FloatArray | Sequence[float]) -> float:
        """Give the sum of squares."""
        return float(sum(objective.value(theta) for objective in self._objectives()))

    def gradient(self, theta: FloatArray | Sequence[float]) -> FloatArray:
        """Give the gradient of the sum of squares, shape (P,)."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: FloatArray | Sequence[float]) -> tuple[float, FloatArray]:
        """Give the sum of squares and its gradient, in one pass."""
        value, gradient = 0.0, np.zeros(self.bound.offsets[-1])
        for objective in self._objectives():
            own, slopes = objective.value_and_gradient(theta)
            value += own
            gradient += slopes
        return value, gradient

    def factor(
        self, theta: FloatArray | Sequence[float], parameters: tuple[int, ...] | None = None
    ) -> FloatArray:
        """Give the R factor of [J r] over all rows, shape (p + 1, p + 1), as `SquaredResiduals.factor`."""
        return stacked(objective.factor(theta, parameters) for objective in self._objectives())

    def _objectives(self) -> Iterator[SquaredResiduals]:
        """Bind the model to one block after the other."""
        made = self._blocks()
        if not isinstance(made, Iterable):
            raise DataError(
                "the function that makes the blocks of data gave something of the type "
                f"'{type(made).__name__}'",
                hint="It is to give one block of rows after the other: a generator of dicts or data frames.",
            )
        if isinstance(made, Iterator) and made is self._made:
            raise DataError(
                "the function that makes the blocks of data gave the same iterator again, which is used up",
                hint="The function is called for each pass, and must make the blocks anew each time.",
            )
        self._made = made
        first, count = "", 0
        for number, block in enumerate(made, start=1):
            try:
                objective = self._bind(block)
            except LambdaMLError as error:
                error.place = f"block {number} of {error.place or 'the data'}"
                raise
            if objective is None:
                continue  # no rows
            count += objective.n_obs
            names = inputs_of(objective.bound)
            first = first or names
            if names != first:
                raise DataError(
                    f"block {number} of the data has other columns than the first: with them {names}, "
                    f"not {first}"
                )
            yield objective
        if not first:
            raise DataError(
                "the blocks of data have no rows",
                hint="The function is called for each pass, and must make the blocks anew each time.",
            )
        if self._n_obs not in (None, count):
            raise DataError(
                f"the blocks of data had {self._n_obs} values of the response in the pass before, "
                f"and {count} in this one",
                hint="The function must give the same rows in each pass.",
            )
        self._n_obs = count


def inputs_of(bound: BoundModel) -> str:
    """List the inputs of a model, and of how many components they are."""
    shown = [f"{name}{list(bound.shape(name)) or ''}" for name in bound.inputs]
    return f"the inputs are {', '.join(shown)}" if shown else "there are no inputs"
