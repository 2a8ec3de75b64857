"""Make the table and the picture of docs/derivatives.md: what each method costs, and how exact it is.

    python docs/make_derivatives.py            writes what has changed
    python docs/make_derivatives.py --check    writes nothing, and fails where something is not current

The picture carries the numbers it was drawn from. The check computes all numbers again and compares them to
within a factor: where they are made of rounding, they differ from one NumPy to the next.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lambdaml_dsl.derivatives import DiffMethod, NumericalDiff
from lambdaml_dsl.derivatives.stencils import STENCILS

HERE = Path(__file__).resolve().parent
PAGE = HERE / "derivatives.md"
PICTURE = HERE / "pictures" / "derivatives.svg"

BEGIN, END = "<!-- made by docs/make_derivatives.py -->", "<!-- end -->"

FACTOR = 4.0
"""Numbers that are made of rounding are compared to within this."""

X = np.linspace(0.5, 2.0, 61)
"""Where the damped wave is differentiated."""

STEPS = 2.0 ** -np.arange(1.0, 51.0)

SMALLEST = 1e-17
"""An error of 0 is drawn here."""

COLOURS = {
    DiffMethod.FORWARD: "#c8553d",
    DiffMethod.BACKWARD: "#e0a04a",
    DiffMethod.CENTRAL: "#1f4e8c",
    DiffMethod.FIVE_POINT: "#4b8f5c",
    DiffMethod.RICHARDSON: "#8c6bb1",
    DiffMethod.COMPLEX_STEP: "#202020",
}

NEEDS = {
    DiffMethod.FORWARD: "any function; the cheapest",
    DiffMethod.BACKWARD: "any function; where there is a bound above",
    DiffMethod.CENTRAL: "any function; the default for functions",
    DiffMethod.FIVE_POINT: "a smooth function",
    DiffMethod.RICHARDSON: "a smooth function; to check by",
    DiffMethod.COMPLEX_STEP: "a function of complex numbers; a formula: always",
}


def wave(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the function that is differentiated."""
    return np.exp(-x / 2) * np.sin(3 * x)


def slope(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give its slope."""
    return np.exp(-x / 2) * (3 * np.cos(3 * x) - np.sin(3 * x) / 2)


def error(method: DiffMethod, h: float | None = None) -> float:
    """Give the root mean square of the errors, in units of that of the slope."""
    off = NumericalDiff.differentiate(wave, X, method, h) - slope(X)
    return float(np.sqrt(np.mean(off**2) / np.mean(slope(X) ** 2)))


@dataclass(frozen=True)
class Measured:
    """What was measured of one method.

    Attributes
    ----------
    method : DiffMethod
        The method.
    errors : ndarray
        The error with each of `STEPS`.
    default : float
        That with the step that is taken where none is given.
    """

    method: DiffMethod
    errors: NDArray[np.float64]
    default: float

    @property
    def row(self) -> tuple[str, ...]:
        """Its row in the table."""
        stencil = STENCILS.get(self.method)
        if stencil is None:
            return (
                f"`{self.method}`",
                "exact",
                "1 and 2",
                "1e-20",
                short(self.default),
                "",
                NEEDS[self.method],
            )
        step = f"2^{round(math.log2(stencil.step))}"
        best = short(float(self.errors.min()))
        facts = (str(stencil.order), str(stencil.points), step, short(self.default), best)
        return (f"`{self.method}`", *facts, NEEDS[self.method])


def short(value: float) -> str:
    """Write an error with one digit."""
    return re.sub(r"e-0*", "e-", f"{value:.0e}")


def measure() -> list[Measured]:
    """Measure all methods."""
    found = []
    for method in COLOURS:
        # The complex step has no step to choose; a large one is no complex step.
        errors = [error(method, h) for h in STEPS] if method in STENCILS else [error(method)] * len(STEPS)
        found.append(Measured(method, np.maximum(errors, SMALLEST), error(method)))
    return found


TITLES = ("method", "order", "evaluations", "step h", "error", "with the best h", "needs")


def table(measured: Sequence[Measured]) -> str:
    """Write the part of the page that is made."""
    rows = [TITLES, ("---",) * len(TITLES), *[each.row for each in measured]]
    return "\n".join([BEGIN, "", *[f"| {' | '.join(row)} |" for row in rows], "", END])


def description(measured: Sequence[Measured]) -> str:
    """Write the numbers of the picture: logarithms of the errors, in tenths."""
    lines = []
    for each in measured:
        tenths = np.round(10 * np.log10(each.errors)).astype(int)
        lines.append(f"{each.method}: {' '.join(map(str, tenths))}")
    return "; ".join(lines)


def draw(measured: Sequence[Measured], path: Path) -> None:
    """Draw the picture."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = {"svg.fonttype": "path", "svg.hashsalt": "derivatives", "font.size": 8, "axes.linewidth": 0.6}
    with mpl.rc_context(style):
        figure = Figure(figsize=(5.5, 3.6), facecolor="white")
        axes = figure.add_axes((0.12, 0.13, 0.85, 0.83))
        for each in measured:
            whole = each.method in STENCILS
            dash = "--" if each.method is DiffMethod.BACKWARD else "-" if whole else ":"
            axes.loglog(
                STEPS, each.errors, dash, color=COLOURS[each.method], label=str(each.method), linewidth=1.2
            )
            if whole:
                axes.plot(
                    STENCILS[each.method].step, each.default, "o", color=COLOURS[each.method], markersize=4
                )
        axes.set(xlabel="step h, in units of x", ylabel="relative error", xlim=(STEPS[-1], STEPS[0]))
        axes.set_ylim(SMALLEST, 1e3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, ncols=3, loc="upper center")
        path.parent.mkdir(exist_ok=True)
        metadata = {
            "Title": "derivatives",
            "Description": description(measured),
            "Date": None,
            "Creator": None,
        }
        figure.savefig(path, metadata=metadata)


def numbers(text: str) -> list[float]:
    """Give the errors that stand in a table."""
    return [float(number) for number in re.findall(r"\d+e-\d+", text)]


def made_part(page: str) -> str:
    """Give the part of a page that is made; empty where there is none."""
    found = re.search(f"{re.escape(BEGIN)}.*?{re.escape(END)}", page, re.DOTALL)
    return found[0] if found else ""


def table_is_current(page: str, measured: Sequence[Measured]) -> bool:
    """Say whether a page has the table, with numbers that are near enough."""
    old, new = made_part(page), table(measured)
    blank = [re.sub(r"\d+e-\d+", "#", text) for text in (old, new)]
    return blank[0] == blank[1] and near(numbers(old), numbers(new))


def near(first: Sequence[float], second: Sequence[float]) -> bool:
    """Say whether numbers are the same to within the factor."""
    return len(first) == len(second) and all(
        1 / FACTOR <= a / b <= FACTOR for a, b in zip(first, second, strict=True)
    )


def picture_is_current(text: str, measured: Sequence[Measured]) -> bool:
    """Say whether a picture was drawn from these numbers, or from some near enough."""
    found = re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)
    if found is None:
        return False
    old, new = found[1].split("; "), description(measured).split("; ")
    names = [[each.partition(": ")[0] for each in lines] for lines in (old, new)]
    tenths = [[int(n) for each in lines for n in each.partition(": ")[2].split()] for lines in (old, new)]
    powers = [[10 ** (n / 10) for n in each] for each in tenths]
    return names[0] == names[1] and near(*powers)


def main(arguments: Sequence[str]) -> int:
    """Write or check the page's table and the picture."""
    measured = measure()
    page = PAGE.read_text(encoding="utf-8")
    stale = []
    if not table_is_current(page, measured):
        stale.append(PAGE)
    if not PICTURE.exists() or not picture_is_current(PICTURE.read_text(encoding="utf-8"), measured):
        stale.append(PICTURE)
    for path in stale:
        name = path.relative_to(HERE.parent).as_posix()
        if "--check" in arguments:
            print(f"{name} is not current; run: python docs/make_derivatives.py", file=sys.stderr)
            continue
        if path is PICTURE:
            draw(measured, path)
        else:
            PAGE.write_text(page.replace(made_part(page), table(measured)), encoding="utf-8")
        print(name)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
