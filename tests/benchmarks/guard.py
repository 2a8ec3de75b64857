"""The guard against regressions: figures measured now, held against those of the page.

Only ratios are compared: of two times measured side by side, or of two figures of the same program. Seconds
belong to a machine, and a machine that slows down slows the peers too.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.targets import BY_KEY, Target
from tests.benchmarks.timing import Quartiles, rounded

FACTOR = 1.25
"""A figure has become worse where even its better quartile is so many times worse than the stored median."""


def regressions(
    stored: Mapping[str, Quartiles], measured: Mapping[str, Quartiles], factor: float = FACTOR
) -> list[str]:
    """Name the ratios that have become worse.

    Parameters
    ----------
    stored, measured : mapping of str to Quartiles
        By the keys of the targets. What is in one of them alone is not compared.
    factor : float
        By more than this.

    Examples
    --------
    >>> stored = {"values/numpy": Quartiles(0.4, 0.5, 0.6)}
    >>> regressions(stored, {"values/numpy": Quartiles(0.55, 0.7, 0.8)})
    []
    >>> regressions(stored, {"values/numpy": Quartiles(0.7, 0.75, 0.8)})
    ['values/numpy: 0.75 (0.70 to 0.80), was 0.50 (0.40 to 0.60): worse by a factor of 1.50']
    """
    found = []
    for key in comparable(stored, measured):
        target, was, now = BY_KEY[key], stored[key], measured[key]
        if target.shortfall(target.best(now), was.middle) > factor:
            worse = rounded(target.shortfall(now.middle, was.middle))
            found.append(f"{key}: {now}, was {was}: worse by a factor of {worse}")
    return found


def comparable(stored: Mapping[str, Quartiles], measured: Mapping[str, Quartiles]) -> list[str]:
    """Give the keys of the ratios that are in both."""

    def is_ratio(target: Target) -> bool:
        return target.kind.is_ratio and target.key in stored and target.key in measured

    return [target.key for target in BY_KEY.values() if is_ratio(target)]


def report(
    stored: Mapping[str, Quartiles], measured: Mapping[str, Quartiles], factor: float = FACTOR
) -> tuple[str, bool]:
    """Say in words what the guard found, and whether all is well."""
    compared = comparable(stored, measured)
    if not compared:
        return "nothing to compare: no stored ratio was measured; run --write first", False
    found = regressions(stored, measured, factor)
    if not found:
        return f"{len(compared)} ratios: none is worse by more than a factor of {factor:g}", True
    return "\n".join([f"{len(found)} of {len(compared)} ratios have become worse:", *found]), False
