"""Time contenders side by side.

Blocks of calls alternate between the contenders, so that a machine that slows down for a while slows
all of them. What is reported of a contender is the median over its blocks; of two contenders, the
median and the quartiles of the ratio within each round.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


@dataclass(frozen=True, slots=True)
class Quartiles:
    """A median, and the quartiles around it.

    Examples
    --------
    >>> Quartiles.of([3.0, 1.0, 2.0])
    Quartiles(low=1.0, middle=2.0, high=3.0)
    >>> str(Quartiles.of([3.0, 1.0, 2.0])), str(Quartiles.of([0.25]))
    ('2.00 (1.00 to 3.00)', '0.25')
    """

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Quartiles:
        """Take them of some numbers; of a single one it is that number three times."""
        numbers = list(numbers)
        if len(numbers) == 1:
            return cls(numbers[0], numbers[0], numbers[0])
        return cls(*statistics.quantiles(numbers, n=4))

    def __str__(self) -> str:
        if self.low == self.high:
            return rounded(self.middle)
        return f"{rounded(self.middle)} ({rounded(self.low)} to {rounded(self.high)})"


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

    def ratios(self, other: Timing) -> list[float]:
        """Give how many times as long as another this takes, round by round."""
        return [own / its for own, its in zip(self.blocks, other.blocks, strict=True)]

    def over(self, other: Timing) -> Quartiles:
        """Give how many times as long as another this takes: median and quartiles over the rounds."""
        return Quartiles.of(self.ratios(other))


def rounded(number: float) -> str:
    """Write a ratio: two places behind the point, none where it is large."""
    return f"{number:.2f}" if number < 100 else f"{number:,.0f}"


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
    first = time_of(contender, 1)
    return 1 if first > 5 * block else max(1, round(block / time_of(contender, 3)))


def time_of(contender: Callable[[], object], calls: int) -> float:
    """Time some calls: seconds for one."""
    before = perf_counter()
    for _ in range(calls):
        contender()
    return (perf_counter() - before) / calls
