"""Time contenders side by side.

Blocks of calls alternate between the contenders, so that a machine that slows down for a while slows
all of them. What is reported of a contender is the median over its blocks; of two contenders, the
median and the quartiles of the ratio within each round.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one call: one number for each block."""

    blocks: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the blocks."""
        return statistics.median(self.blocks)

    def __str__(self) -> str:
        scale, unit = next((each for each in UNITS if self.median >= each[0]), UNITS[-1])
        return f"{self.median / scale:.3g} {unit}"

    def over(self, other: Timing) -> str:
        """Write how many times as long as another this takes: median and quartiles over the rounds."""
        ratios = [own / its for own, its in zip(self.blocks, other.blocks, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def alternate(
    contenders: Mapping[str, Callable[[], object]], rounds: int = 15, block: float = 0.015
) -> dict[str, Timing]:
    """Time contenders in turn.

    Parameters
    ----------
    contenders : mapping of str to callable
        What is timed.
    rounds : int
        How many blocks each contender gets; every second round they come in reverse order.
    block : float
        About how many seconds a block takes.
    """
    calls = {name: calls_of(contender, block) for name, contender in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for name in order:
            seconds[name].append(time_of(contenders[name], calls[name]))
        order.reverse()
    return {name: Timing(tuple(blocks)) for name, blocks in seconds.items()}


def calls_of(contender: Callable[[], object], block: float) -> int:
    """Find how many calls fill a block; it warms up on the way."""
    contender()
    return max(1, round(block / time_of(contender, 3)))


def time_of(contender: Callable[[], object], calls: int) -> float:
    """Time some calls: seconds for one."""
    before = perf_counter()
    for _ in range(calls):
        contender()
    return (perf_counter() - before) / calls
