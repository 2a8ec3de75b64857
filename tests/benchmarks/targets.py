"""What is to be reached: one entry for each figure that has a target, and for each that the guard keeps.

A figure that compares two times is their ratio. Which way it is written follows from how its target is put:
"20 times as fast" is the peer's time over ours, "0.8 of its time" ours over the peer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.benchmarks.timing import Quartiles


@dataclass(frozen=True, slots=True)
class Kind:
    """How a target is put.

    Attributes
    ----------
    words : str
        The target, with a place for the limit.
    more_is_better : bool
        Whether the limit is a lower one.
    unit : str
        Of the limit and of the figure; none of a ratio.
    """

    words: str
    more_is_better: bool = False
    unit: str = ""

    @property
    def is_ratio(self) -> bool:
        """Whether the figure is one on any machine; the guard compares no others."""
        return not self.unit


FASTER = Kind("at least {:g} times as fast", more_is_better=True)
SHARE = Kind("at most {:g} of its time")
SPREAD = Kind("at most {:g} times it")
MILLISECONDS = Kind("at most {:g} ms", unit="ms")


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with what it should be.

    Attributes
    ----------
    key : str
        The subject, a stroke, and a name within it.
    benchmark : str
        What is measured.
    against : str
        The peer.
    kind : Kind
        How the target is put.
    limit : float or None
        The target; None for a figure that only the guard reads.

    Examples
    --------
    >>> target = Target("gradient/jax", "loss and gradient", "JAX", SHARE, 0.8)
    >>> target.goal, target.verdict(Quartiles(0.7, 0.75, 0.9)), target.verdict(Quartiles(0.9, 1.0, 1.1))
    ('at most 0.8 of its time', 'met', 'missed by a factor of 1.25')
    """

    key: str
    benchmark: str
    against: str
    kind: Kind
    limit: float | None

    @property
    def goal(self) -> str:
        """The target in words."""
        return "" if self.limit is None else self.kind.words.format(self.limit)

    def shortfall(self, figure: float, reference: float) -> float:
        """Give by what factor a figure is worse than another one; below 1 it is better."""
        return reference / figure if self.kind.more_is_better else figure / reference

    def verdict(self, figure: Quartiles) -> str:
        """Say whether the median reaches the target, and by what factor it does not."""
        if self.limit is None:
            return ""
        short = self.shortfall(figure.middle, self.limit)
        return "met" if short <= 1 else f"missed by a factor of {short:.2f}"

    def written(self, figure: Quartiles) -> str:
        """Write what was measured."""
        return f"{figure} {self.kind.unit}".strip()

    def best(self, figure: Quartiles) -> float:
        """Give the better quartile."""
        return figure.high if self.kind.more_is_better else figure.low

    def time_over_peer(self, figure: Quartiles) -> Quartiles:
        """Turn a ratio so that it is our time over the peer's."""
        if self.kind.more_is_better:
            return Quartiles(1 / figure.high, 1 / figure.middle, 1 / figure.low)
        return figure


FLAGSHIP = "loss and gradient, 4 parameters, 10^5 rows"
PEAKS = "Jacobian by `central`, {} Gaussian peaks, 20,000 rows"
BY_HAND = "NumPy, written by hand"
AGAIN, NUMPY_AGAIN = "the same engine, all evaluated again", "NumPy, all evaluated again"
NETWORK = "gradient of a network, {} parameters, 4,096 rows"
FIT = "one fit, 3 parameters, 100 rows"
STREAMED = "10^3 to 10^8 rows, streamed"

TARGETS = (
    Target("gradient/lambdaml-complex-step", FLAGSHIP, "LambdaML, complex step", FASTER, 20),
    Target("gradient/lambdaml-central", FLAGSHIP, "LambdaML, central differences", FASTER, 10),
    Target("gradient/jax", FLAGSHIP, "JAX, value_and_grad, jitted", SHARE, 0.8),
    Target("differences/3", PEAKS.format(3), AGAIN, FASTER, 2.5),
    Target("differences/10", PEAKS.format(10), AGAIN, FASTER, 4),
    Target("differences/30", PEAKS.format(30), AGAIN, FASTER, 12),
    Target("differences/numpy-3", PEAKS.format(3), NUMPY_AGAIN, FASTER, None),
    Target("differences/numpy-10", PEAKS.format(10), NUMPY_AGAIN, FASTER, None),
    Target("differences/numpy-30", PEAKS.format(30), NUMPY_AGAIN, FASTER, None),
    Target("jacobian/numpy", "Jacobian, 30 Gaussian peaks, 20,000 rows", BY_HAND, SHARE, 1.0),
    Target("values/numpy", "values, 10^6 rows", BY_HAND, SHARE, 0.6),
    Target("values/numexpr", "values, 10^6 rows", "numexpr", SHARE, 0.85),
    Target("network/jax", NETWORK.format("4,225"), "JAX", SHARE, 1.5),
    Target("network/lambdaml", NETWORK.format("10,033"), "LambdaML", FASTER, 500),
    Target("language/ready", "text to ready program, median of 20 formulas", "", MILLISECONDS, 1.0),
    Target("language/compile", "text to ready program", "Python's own `compile`", SHARE, None),
    Target("fits/curve_fit", FIT, "curve_fit, function written by hand", SHARE, 1.0),
    Target("fits/lmfit", FIT, "lmfit, `ExpressionModel`", FASTER, 8),
    Target("fits/curve_fit-without-start", f"{FIT}, no start values", "curve_fit", SHARE, None),
    Target("fits/lmfit-without-start", f"{FIT}, no start values", "lmfit", FASTER, None),
    Target("rows/line", f"{STREAMED}: time", "the nearest line", SPREAD, 1.2),
    Target(
        "rows/per-row",
        f"{STREAMED}: time per row of the slowest size from 10^5 rows on",
        "that of the fastest",
        SPREAD,
        1.2,
    ),
    Target("rows/memory", f"{STREAMED}: peak memory at 10^8", "that at 10^6, four blocks", SPREAD, 1.2),
    Target("importing/beyond-numpy", "`import lambdaml_dsl` beyond NumPy's own", "", MILLISECONDS, 150),
    Target("importing/numpy", "`import lambdaml_dsl` beyond NumPy's own", "NumPy's own", SHARE, None),
)

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "network/jax": (
            "products of matrices are more than half of the time. OpenBLAS takes its kernels for "
            "Haswell where it does not know a processor, though this one has AVX-512; with those for "
            "Skylake (`OPENBLAS_CORETYPE=SKYLAKEX`) the ratio is about what the target asks for. The "
            "rest is tanh and its slope, each a pass of its own, and two threads that share the "
            "interpreter's lock."
        ),
        "fits/curve_fit": (
            "a fit of so few rows is interpreter time without a hot spot: reading arguments and data, "
            "binding the program to the rows, ten evaluations, two factorisations, verdict, result. "
            "curve_fit neither reads a formula nor judges its end."
        ),
        "fits/lmfit": "the same.",
        "rows/line": (
            "at 10^4 rows binding the program takes as long as computing; from 10^5 on there are two threads."
        ),
    }
)
"""What the profile shows of a target that is missed, by its key; on the page only while it is missed."""

BY_KEY = MappingProxyType({target.key: target for target in TARGETS})
