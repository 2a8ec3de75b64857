"""The pictures of docs/benchmarks.md: times over those of the peers, and time and memory against rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.targets import FASTER, SHARE, TARGETS, Target
from tests.benchmarks.timing import Quartiles

STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "benchmarks",
    "font.size": 8,
    "axes.linewidth": 0.6,
}
WIDTH = 7.2
MET, MISSED, UNJUDGED, GOAL = "#1f4e8c", "#c8553d", "#9a9a9a", "black"
JUDGED = {"target met": MET, "target missed": MISSED, "without a target": UNJUDGED}
LINES = {"streamed": "#1f4e8c", "in memory": "#c8553d"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: our time over that of a peer.

    Attributes
    ----------
    label : str
        The benchmark and the peer.
    ratio : Quartiles
        Its length, and its quartiles.
    goal : float or None
        Where the target is.
    """

    label: str
    ratio: Quartiles
    goal: float | None

    @property
    def colour(self) -> str:
        """Whether the target is met."""
        if self.goal is None:
            return UNJUDGED
        return MET if self.ratio.middle <= self.goal else MISSED


def bars_of(figures: Mapping[str, Quartiles]) -> list[Bar]:
    """Give the bars of all times that are compared with a peer's."""
    return [bar_of(target, figures[target.key]) for target in TARGETS if is_drawn(target, figures)]


def is_drawn(target: Target, figures: Mapping[str, Quartiles]) -> bool:
    """Say whether a figure is a time over a peer's; `compile` is a yardstick, and no peer."""
    known = target.key in figures and target.kind in (FASTER, SHARE)
    return known and target.key not in ("language/compile", "importing/numpy")


def bar_of(target: Target, figure: Quartiles) -> Bar:
    """Turn a figure into a bar."""
    goal = target.limit
    if goal is not None and target.kind.more_is_better:
        goal = 1 / goal
    label = f"{target.benchmark}\nagainst {target.against}".replace("`", "")
    return Bar(re.sub(r"10\^(\d)", r"10$^\1$", label), target.time_over_peer(figure), goal)


def description(figures: Mapping[str, Quartiles]) -> str:
    """Write the numbers of the bars, which the picture carries."""
    return "; ".join(f"{bar.label}: {bar.ratio.middle:.3g}".replace("\n", ", ") for bar in bars_of(figures))


@contextmanager
def figure_of(height: float, path: Path, text: str) -> Iterator[Any]:
    """Give an empty figure, which is saved in the end with a text that says what it was drawn from."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), facecolor="white")
        yield figure
        path.parent.mkdir(exist_ok=True)
        metadata = {"Title": path.stem, "Description": text, "Date": None, "Creator": None}
        figure.savefig(path, metadata=metadata)


def draw_bars(figures: Mapping[str, Quartiles], path: Path) -> None:
    """Draw our times over those of the peers."""
    from matplotlib.ticker import FuncFormatter

    bars = bars_of(figures)
    height = 1.2 + 0.32 * len(bars)
    with figure_of(height, path, description(figures)) as figure:
        axes = figure.add_axes((0.42, 0.5 / height, 0.55, 1 - 0.85 / height))
        for place, bar in enumerate(bars):
            draw_bar(axes, place, bar)
        ends = [end for bar in bars for end in (bar.ratio.low, bar.ratio.high, bar.goal or 1.0)]
        axes.set(xscale="log", xlim=(min(ends) / 20, max(*ends, 2.0) * 4), ylim=(len(bars) - 0.4, -0.6))
        axes.axvline(1, color=GOAL, linewidth=0.8)
        axes.set_yticks(range(len(bars)), [bar.label for bar in bars], fontsize=7)
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_formatter(FuncFormatter(fraction))
        axes.set_xlabel("our time over the peer's; left of 1 ours is less")
        axes.set_ylabel("benchmark and peer", rotation=0, ha="right")
        axes.yaxis.set_label_coords(-0.02, 1.01)
        axes.grid(axis="x", color="#dddddd", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        add_legend(axes)


def draw_bar(axes: Any, place: int, bar: Bar) -> None:
    """Draw one bar from the line at 1, with its quartiles, its target and its number."""
    ratio = bar.ratio
    axes.barh(place, ratio.middle - 1, left=1, height=0.62, color=bar.colour)
    axes.plot([ratio.low, ratio.high], [place, place], color="black", linewidth=0.9)
    if bar.goal is not None:
        axes.plot([bar.goal] * 2, [place - 0.42, place + 0.42], color=GOAL, linewidth=1.4)
    # Beyond whatever is drawn on the side of the bar.
    ends = [ratio.low, ratio.high, 1.0 if bar.goal is None else bar.goal]
    end, way, side = (min(ends), -4, "right") if ratio.middle < 1 else (max(ends), 4, "left")
    axes.annotate(
        fraction(ratio.middle),
        (end, place),
        xytext=(way, 0),
        textcoords="offset points",
        ha=side,
        va="center",
    )


def add_legend(axes: Any) -> None:
    """Say what the colours and the black line mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=label) for label, colour in JUDGED.items()]
    target = Line2D([], [], color=GOAL, linewidth=1.4, linestyle="", marker="|", markersize=9, label="target")
    axes.legend(
        handles=[*handles, target],
        ncols=4,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.02, 0.995),
        handlelength=1,
        columnspacing=1,
    )


def fraction(ratio: float, place: int | None = None) -> str:
    """Write a ratio, a small one as a fraction.

    Examples
    --------
    >>> fraction(0.01), fraction(0.5), fraction(1), fraction(20.04)
    ('1/100', '0.5', '1', '20')
    """
    return f"1/{1 / ratio:,.0f}" if ratio < 0.1501 else f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def draw_rows(points: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """Draw time per row and peak memory against the number of rows."""
    panels = (("time per row", 1e9, "time per row (ns)"), ("memory", 1.0, "peak memory (MB)"))
    text = "; ".join(
        f"{name}: " + " ".join(f"{rows:g} {value:.3g}" for rows, value in line)
        for name, line in points.items()
    )
    with figure_of(2.9, path, text) as figure:
        for number, (what, scale, label) in enumerate(panels):
            axes = figure.add_axes((0.08 + 0.50 * number, 0.16, 0.40, 0.78))
            for way, colour in LINES.items():
                line = points[f"{what}, {way}"]
                rows, values = [x for x, _ in line], [y * scale for _, y in line]
                axes.loglog(rows, values, "o-", color=colour, label=way, markersize=4, linewidth=1.2)
            axes.set(xlabel="rows", ylabel=label)
            decades(axes, [y * scale for way in LINES for _, y in points[f"{what}, {way}"]])
            axes.grid(color="#dddddd", linewidth=0.5)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False, loc="upper right" if number == 0 else "upper left")


def decades(axes: Any, values: Sequence[float]) -> None:
    """Let the vertical axis span all values, with numbers as one writes them."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_ylim(min(values) / 2, max(values) * 2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
