"""Make docs/functions.md, and a picture of each function of one variable in docs/plots, from the catalogue.

    python docs/make_functions.py            writes what has changed
    python docs/make_functions.py --check    writes nothing, and fails where something is not current

A picture carries the numbers it was drawn from. The check computes them again and compares; how a picture
is rendered may differ from one version of matplotlib to the next, and is never compared.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lambdaml_dsl as ld
from lambdaml_dsl.language.catalogue import NUMBERS, Constant, Entry, catalogue, groups
from lambdaml_dsl.language.functions import Function
from lambdaml_dsl.language.nodes import Definition

HERE = Path(__file__).resolve().parent
PAGE = HERE / "functions.md"
PLOTS = HERE / "plots"

STYLE = 1
"""Counted up whenever pictures are to be drawn anew though their numbers stay."""

POINTS = 241
STEPS = 1000
"""The height of a picture is counted in so many steps; numbers are compared to one step."""

JUMP, LEAST_JUMP = 8, 0.02
"""A curve is broken where it moves by so many times as much as nearby, and by this part of the height."""

INCHES = (2.5, 1.5625)
"""At 96 to the inch 240 x 150."""

COLOURS = {"#1f4e8c": "blue", "#c8553d": "red", "#4b8f5c": "green", "#8c6bb1": "violet"}


@dataclass(frozen=True)
class View:
    """What of a function is drawn, where the rule of `view_of` shows too little.

    Attributes
    ----------
    low, high : float
        The ends of the horizontal axis.
    bottom, top : float or None
        Those of the vertical one; from the values where they are not given.
    brackets : tuple of str
        What stands in the brackets of each curve's call; the argument alone where empty.
    """

    low: float = -5
    high: float = 5
    bottom: float | None = None
    top: float | None = None
    brackets: tuple[str, ...] = ()


def orders(low: float, high: float, bottom: float | None = None, top: float | None = None) -> View:
    """Give the view of a function of a whole number n and of x: n from 0 to 3."""
    return View(low, high, bottom, top, tuple([f"{n}, x" for n in range(4)]))


def shown(low: float, high: float, *brackets: str, bottom: float | None = None) -> View:
    """Give the view of some calls."""
    return View(low, high, bottom, None, brackets)


PERIODS = View(-7, 7)
GROWING = View(-3, 3)
PEAKS = ("x, 1, 0, 1, 0.5", "x, 1, 0, 1, 1", "x, 1, 0, 1, 3")
SHAPES = ("x, 1, 0.5", "x, 1, 1", "x, 1, 2", "x, 1, 4")
HALVES = ("x, 1, 0, 1, 2", "x, 1, 0, 2, 1")

VIEWS = {
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh", "floor", "ceil", "round", "trunc"), GROWING),
    **dict.fromkeys(("sin", "cos", "rad2deg"), PERIODS),
    "pow": View(0, 3, 0, 3, ("x, 0.5", "x, 1", "x, 2", "x, -1")),
    "mod": shown(-5, 5, "x, 2"),
    "clip": shown(-5, 5, "x, -2, 2"),
    "tan": View(-5, 5, -8, 8),
    "sinc": View(-20, 20),
    "deg2rad": View(-360, 360),
    "sinhc": GROWING,
    "box": View(-2, 2),
    "smoothstep": View(-1, 2),
    "interp": shown(-1, 4, "x, [0, 1, 3], [0, 2, 1]"),
    "poly": shown(-1.5, 1.5, "x, 0, -1, 0, 1"),
    "leaky_relu": shown(-5, 5, "x", "x, 0.2"),
    "erfcx": View(-1.5, 5),
    "voigt_profile": shown(-5, 5, "x, 1, 0", "x, 0, 1", "x, 1, 1"),
    "gamma": View(0, 5, 0, 10),
    "lgamma": View(0, 5, -0.5, 4),
    "digamma": View(0, 5, -5, 2),
    "polygamma": orders(0, 5, -6, 6),
    "gamma_half_ratio": View(0, 10),
    "gammainc": shown(0, 8, "0.5, x", "1, x", "2, x", "4, x"),
    "gammaincc": shown(0, 8, "0.5, x", "1, x", "2, x", "4, x"),
    "betainc": shown(0, 1, "0.5, 0.5, x", "1, 1, x", "2, 2, x", "2, 5, x"),
    "j0": View(-20, 20),
    "j1": View(-20, 20),
    "y0": View(0, 20, -1.2, 0.7),
    "y1": View(0, 20, -1.2, 0.7),
    "besselj": orders(0, 20),
    "bessely": orders(0, 20, -1.2, 0.7),
    "i0": View(-3, 3),
    "i1": View(-3, 3),
    "besseli": orders(0, 4),
    "k0": View(0, 4, 0, 4),
    "k1": View(0, 4, 0, 4),
    "k0e": View(0, 4, 0, 4),
    "k1e": View(0, 4, 0, 4),
    "besselk": orders(0, 4, 0, 4),
    "spherical_jn": orders(0, 20),
    "spherical_yn": orders(0, 20, -0.8, 0.4),
    "spherical_in": orders(0, 4),
    "spherical_kn": orders(0, 4, 0, 4),
    "airy_ai": View(-10, 5),
    "airy_aip": View(-10, 5),
    "airy_bi": View(-10, 3, -0.6, 3),
    "airy_bip": View(-10, 3, -1.2, 3),
    "exp1": View(0, 3, 0, 3),
    "expi": View(-3, 3, -4, 10),
    "expn": orders(0, 3, 0, 2),
    "zeta": View(1, 6, 0, 6),
    "ellipk": View(-3, 1, 0, 4),
    "ellipe": View(-3, 1, 0, 2.5),
    "ellipkinc": shown(-5, 5, "phi, 0", "phi, 0.5", "phi, 0.9"),
    "ellipeinc": shown(-5, 5, "phi, 0", "phi, 0.5", "phi, 0.9"),
    "legendre": orders(-1, 1),
    "hermite": orders(-2, 2, -20, 20),
    "laguerre": orders(0, 6, -3, 3),
    "chebyshev": orders(-1, 1),
    "chebyshev_u": orders(-1, 1),
    "normal_ppf": View(0, 1),
    "split_lorentzian": shown(-5, 5, *HALVES),
    "split_lorentzian_height": shown(-5, 5, *HALVES),
    "pvoigt": shown(-5, 5, "x, 1, 0, 1, 0", "x, 1, 0, 1, 0.5", "x, 1, 0, 1, 1"),
    "pvoigt_height": shown(-5, 5, "x, 1, 0, 1, 0", "x, 1, 0, 1, 0.5", "x, 1, 0, 1, 1"),
    "voigt": shown(-5, 5, *PEAKS),
    "voigt_height": shown(-5, 5, *PEAKS),
    "pearson7": shown(-5, 5, "x, 1, 0, 1, 1", "x, 1, 0, 1, 3"),
    "pearson7_height": shown(-5, 5, "x, 1, 0, 1, 1", "x, 1, 0, 1, 3"),
    "moffat": shown(-5, 5, "x, 1, 0, 1, 1", "x, 1, 0, 1, 3"),
    "moffat_height": shown(-5, 5, "x, 1, 0, 1, 1", "x, 1, 0, 1, 3"),
    "moffat_area": shown(-5, 5, "x, 1, 0, 1, 1", "x, 1, 0, 1, 3"),
    "students_t": shown(-5, 5, "x", "x, 1, 0, 10"),
    "students_t_height": shown(-5, 5, "x", "x, 1, 0, 10"),
    "lognormal": shown(0, 4, "x", "x, 1, 0, 0.4"),
    "lognormal_height": shown(0, 4, "x", "x, 1, 0, 0.4"),
    "exgaussian": shown(-4, 8, "x", "x, 1, 0, 1, 0.3"),
    "skewed_gaussian": shown(-4, 4, "x", "x, 1, 0, 1, 2", "x, 1, 0, 1, -2"),
    "doniach": shown(-8, 8, "x", "x, 1, 0, 1, 0.3"),
    "doniach_height": shown(-8, 8, "x", "x, 1, 0, 1, 0.3"),
    "fano": shown(-5, 5, "x", "x, 1, 0, 1, 0", "x, 1, 0, 1, 2"),
    "dho": shown(-5, 5, "x", "x, 1, 2, 0.5, 1", bottom=0),
    "fermi": shown(-4, 4, "E", "E, 0, 0.2"),
    "bose": View(0, 4, 0, 4),
    "planck": shown(0, 1.4e15, "nu, 4000", "nu, 5000", "nu, 6000"),
    "planck_x": View(0, 12),
    "maxwell_boltzmann": shown(0, 2000, "v, 4.65e-26, 300", "v, 4.65e-26, 1000"),
    "powerlaw": View(0, 3, 0, 3, ("x, 1, 0.5", "x, 1, 1", "x, 1, 2", "x, 1, -1")),
    "broken_powerlaw": View(0, 4, 0, 3, ("x, 1, 1, 0.5, 3",)),
    "smooth_broken_powerlaw": View(0, 4, 0, 3, ("x, 1, 1, 0.5, 3, 0.1", "x, 1, 1, 0.5, 3, 0.5")),
    "logparabola": View(0, 4, 0, 3, ("x", "x, 1, 1, 1, 1")),
    "michaelis_menten": shown(0, 10, "S, 1, 0.5", "S, 1, 2", bottom=0),
    "monod": shown(0, 10, "S, 1, 0.5", "S, 1, 2", bottom=0),
    "haldane": shown(0, 10, "S, 1, 1, 2", "S, 1, 1, 20", bottom=0),
    "hill": shown(0, 4, "x, 1, 1, 1", "x, 1, 1, 2", "x, 1, 1, 5"),
    "logistic4": shown(0, 4, "x, 0.1, 1, 1, 1", "x, 0.1, 1, 1, 4", bottom=0),
    "logistic5": shown(0, 4, "x, 0.1, 1, 1, 4, 1", "x, 0.1, 1, 1, 4, 0.3", "x, 0.1, 1, 1, 4, 3", bottom=0),
    "langmuir": shown(0, 10, "p, 1, 0.5", "p, 1, 2"),
    "freundlich": shown(0, 4, "c, 1, 1", "c, 1, 2", "c, 1, 5", bottom=0),
    "gompertz": shown(0, 10, "t, 1, 0.5, 3", "t, 1, 1, 3"),
    "richards": shown(0, 10, "t, 1, 1, 5, 0.2", "t, 1, 1, 5, 1", "t, 1, 1, 5, 5"),
    "weibull": shown(0, 3, *[f"x, 1, 1, {shape}" for shape in (0.5, 1, 2, 4)]),
    "weibull_cdf": shown(0, 3, *SHAPES),
    "weibull_pdf": View(0, 3, 0, 2, SHAPES),
    "stretched_exp": shown(0, 4, "t, 1, 1, 0.5", "t, 1, 1, 1", "t, 1, 1, 2"),
    "bateman": shown(0, 10, "t, 1, 2, 0.3", "t, 1, 1, 1"),
    "arrhenius": shown(200, 1000, "T, 1, 10000", "T, 1, 20000"),
    "vogel_fulcher": shown(250, 500, "T, 1, 300, 200"),
    "antoine": shown(0, 100, "T, 7, 1500, 230"),
    "nernst": shown(250, 400, "T, 0.8, 1, 0.1", "T, 0.8, 1, 1", "T, 0.8, 1, 10"),
}


@dataclass(frozen=True)
class Picture:
    """One picture: its curves as numbers.

    Attributes
    ----------
    name : str
        The function.
    formulas : tuple of str
        What each curve is.
    x : ndarray
        Shape (n,).
    curves : ndarray
        Shape (m, n); NaN where there is nothing to draw.
    bottom, top : float
        The ends of the vertical axis.
    """

    name: str
    formulas: tuple[str, ...]
    x: NDArray[np.float64] = field(repr=False)
    curves: NDArray[np.float64] = field(repr=False)
    bottom: float
    top: float

    @property
    def caption(self) -> str:
        """What it shows, in words."""
        return (
            f"{'; '.join(self.formulas)}, {variable(self.formulas[0])} from {self.x[0]:g} to {self.x[-1]:g}"
        )

    @property
    def head(self) -> str:
        """What must be the same to the letter."""
        return f"style {STYLE}; {self.caption}"

    @property
    def steps(self) -> NDArray[np.float64]:
        """The numbers that are compared: shape (m, n)."""
        return np.round((self.curves - self.bottom) / (self.top - self.bottom) * STEPS)

    @property
    def description(self) -> str:
        """The text that the file carries."""
        curves = [" ".join("-" if np.isnan(v) else f"{v:.0f}" for v in curve) for curve in self.steps]
        return "; ".join([self.head, f"{self.bottom:.6g} {self.top:.6g}", *curves])

    def is_current(self, text: str) -> bool:
        """Say whether a file shows this picture."""
        found = re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)
        if found is None:
            return False
        head, *rest = found[1].rsplit("; ", len(self.curves) + 1)
        numbers = [[np.nan if word == "-" else float(word) for word in words.split()] for words in rest]
        if head != self.head or [len(each) for each in numbers] != [2, *map(len, self.curves)]:
            return False
        step = (self.top - self.bottom) / STEPS
        return bool(
            np.allclose(numbers[0], [self.bottom, self.top], rtol=0, atol=step)
            and np.allclose(np.array(numbers[1:]), self.steps, rtol=0, atol=1, equal_nan=True)
        )

    def draw(self, path: Path) -> None:
        """Draw it."""
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        style = {
            "svg.fonttype": "none",
            "svg.hashsalt": "lambdaml-dsl",
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],
            "font.size": 7,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
        }
        with mpl.rc_context(style):
            figure = Figure(figsize=INCHES, facecolor="white")
            axes = figure.add_axes((0.16, 0.14, 0.785, 0.80))
            axes.set(xlim=(self.x[0], self.x[-1]), ylim=(self.bottom, self.top))
            axes.spines[["top", "right"]].set_visible(False)
            axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
            axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(tick)
            if self.bottom < 0 < self.top:
                axes.axhline(0, color="#c8c8c8", linewidth=0.6, zorder=0)
            if self.x[0] < 0 < self.x[-1]:
                axes.axvline(0, color="#c8c8c8", linewidth=0.6, zorder=0)
            for curve, colour in zip(self.curves, COLOURS, strict=False):
                axes.plot(*broken(self.x, curve, self.bottom, self.top), color=colour, linewidth=1.2)
            figure.savefig(
                path,
                metadata={
                    "Title": self.name,
                    "Description": self.description,
                    "Date": None,
                    "Creator": None,
                },
            )


def broken(
    x: NDArray[np.float64], curve: NDArray[np.float64], bottom: float, top: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Break a curve where it jumps, so that no line is drawn across."""
    side = (curve - (bottom + top) / 2) / (top - bottom)  # 1 and -1 are the ends of what is kept
    move = np.abs(np.diff(side))
    near = np.pad(move, 2, constant_values=0.0)
    jumps = move > JUMP * np.fmax(near[:-4], near[4:]) + LEAST_JUMP
    # Towards a pole it leaves the picture, and is to be seen doing so.
    leaves = (np.fmax(np.abs(side[1:]), np.abs(side[:-1])) > 1 - 1e-9) & (side[1:] * side[:-1] > 0)
    across = move > 2 - 1e-9
    places = np.flatnonzero((jumps & ~leaves) | across) + 1
    return np.insert(x, places, x[places]), np.insert(curve, places, np.nan)


def tick(value: float, position: int | None = None) -> str:
    """Write a number at an axis, short."""
    return re.sub(r"e[+]?(-?)0*", r"e\1", f"{value:g}").replace("-", "\N{MINUS SIGN}")


def variable(formula: str) -> str:
    """Give the name of the variable of a call: the first name in its brackets."""
    name = re.search(r"\b[^\W\d]\w*", formula.partition("(")[2])
    assert name is not None
    return name[0]


def view_of(entry: Entry) -> View | None:
    """Give what is drawn of a function; None where nothing is."""
    if entry.name in VIEWS:
        return VIEWS[entry.name]
    if entry.required != 1 or not isinstance(entry.what, Function | Definition):
        return None
    low, high = -5.0, 5.0
    if isinstance(entry.what, Function) and entry.what.domain:
        (domain,) = entry.what.domain
        low, high = domain.low, domain.high
        if not np.isfinite(low):
            low = -5.0 if not np.isfinite(high) else high - 5
        if not np.isfinite(high):
            high = low + 5 if np.isfinite(domain.low) else 5.0
    return View(low, high)


def picture_of(entry: Entry) -> Picture | None:
    """Compute the picture of a function; None for one that has none."""
    view = view_of(entry)
    if view is None:
        return None
    x = np.linspace(view.low, view.high, POINTS)
    formulas = tuple([f"{entry.name}({inside})" for inside in view.brackets or entry.arguments[:1]])
    curves = []
    for formula in formulas:
        name = variable(formula)
        try:
            curves.append(ld.Model(formula, inputs=[name])(**{name: x}))
        except ld.ShapeError:
            return None  # a function of vectors
    drawn = np.array(curves)
    finite = drawn[np.isfinite(drawn)]
    bottom, top = float(finite.min()), float(finite.max())
    margin = 0.05 * (top - bottom)
    bottom = bottom - margin if view.bottom is None else view.bottom
    top = top + margin if view.top is None else view.top
    # What goes on and on is cut half a height outside; there it is not seen.
    beyond = (top - bottom) / 2
    return Picture(entry.name, formulas, x, np.clip(drawn, bottom - beyond, top + beyond), bottom, top)


def pictures() -> Iterator[Picture]:
    """Compute all pictures."""
    for entry in catalogue():
        picture = picture_of(entry)
        if picture is not None:
            yield picture


INTRODUCTION = """\
# Functions

All that a formula can call, with a picture of what can be drawn. `lml functions NAME` prints the same for
one name, `lml functions` the list. How functions are called, and how to define your own, is said in
[The language](language.md).

- Arguments are given by position; those with a default (`sigma = 1`) may be left out from the end.
- Where a domain is given, the function is real and finite within it; outside it is NaN or infinite, and no
  warning is printed.
- Derivatives are taken by each function's own rule and are exact to rounding. `value` in a rule is the value
  of the function. A function with a definition has no rule of its own: its derivatives, by every argument,
  follow from what it is made of.
- Functions of numbers take vectors and matrices component by component. `sum(i in 0..n: term)` is a
  [series](language.md#series).

This page and its pictures are made by `python docs/make_functions.py` from the tables that the program
itself reads.
"""

ABOUT_CONSTANTS = """\
Those of physics begin with `const.`, so that `k`, `h` and `c` stay free for parameters. They are the CODATA
values of the SciPy that is installed, in SI units, here to 6 digits.
"""


def page_of(drawn: dict[str, Picture]) -> str:
    """Write the page."""
    entries = catalogue()
    parts = [INTRODUCTION, *contents(entries)]
    for group in groups(entries):
        parts += ["", f"## {title(group)}"]
        members = [entry for entry in entries if entry.group == group]
        if group == NUMBERS:
            parts += ["", *constants(members)]
            continue
        for entry in members:
            parts += ["", *section(entry, drawn.get(entry.name))]
    return "\n".join(parts) + "\n"


def title(group: str) -> str:
    """Write a group's name as a heading."""
    return group[0].upper() + group[1:]


def contents(entries: Sequence[Entry]) -> Iterator[str]:
    """List the names, group by group."""
    yield "| group | |"
    yield "| --- | --- |"
    for group in groups(entries):
        anchor = re.sub(r"[^\w -]", "", group.lower()).replace(" ", "-")
        members = [entry for entry in entries if entry.group == group]
        names = [
            f"`{entry.name}`" if group == NUMBERS else f"[`{entry.name}`](#{entry.name})" for entry in members
        ]
        yield f"| [{title(group)}](#{anchor}) | {' '.join(names)} |"


def section(entry: Entry, picture: Picture | None) -> Iterator[str]:
    """Describe one function."""
    yield f"### `{entry.name}`"
    yield ""
    if picture is not None:
        alt = picture.caption.replace("<", "&lt;")
        yield f'<img src="plots/{entry.name}.svg" width="240" height="150" align="right" alt="{alt}">'
        yield ""
    called = ", ".join([f"`{call}`" for call in calls(entry)])
    yield f"{called}: {plain(entry.doc)}"
    facts = list(facts_of(entry, picture))
    if facts:
        yield ""
        yield from facts
    if entry.definition:
        yield from ("", "```text", entry.definition, "```")
    if picture is not None:
        yield from ("", '<br clear="right">')


def calls(entry: Entry) -> list[str]:
    """Give the ways in which a function is called, each by itself."""
    return re.split(r"(?<=\)), (?=\w+\()", entry.signature)


def facts_of(entry: Entry, picture: Picture | None) -> Iterator[str]:
    """List what is known of a function."""
    if entry.aliases:
        yield f"- also {', '.join(f'`{name}`' for name in entry.aliases)}"
    if entry.domain:
        yield f"- domain: `{entry.domain}`"
    for name, rule in entry.derivatives:
        yield f"- derivative by `{name}`: {marked(rule)}"
    if picture is not None and picture.formulas != (f"{entry.name}({entry.arguments[0]})",):
        curves = [f"`{formula}`" for formula in picture.formulas]
        if len(curves) > 1:
            curves = [f"{curve} {colour}" for curve, colour in zip(curves, COLOURS.values(), strict=False)]
        yield f"- in the picture: {', '.join(curves)}"


def marked(rule: str) -> str:
    """Mark the formulas in the words for a derivative as such."""
    if rule.startswith("1 where "):
        return f"1 where `{rule.removeprefix('1 where ').removesuffix(', else 0')}`, else 0"
    if rule.startswith(("0: ", "there ", "measured")):
        return rule
    formula, note, rest = rule.partition(" (")
    while formula.count("(") != formula.count(")"):
        more, note, rest = rest.partition(" (")
        formula += f" ({more}"
    return f"`{formula}`{note}{plain(rest)}"


def plain(text: str) -> str:
    """Keep Markdown from reading formulas in a sentence as emphasis or tags."""
    return re.sub(r"([*_\\|])", r"\\\1", text).replace("<", "&lt;")


def constants(entries: Sequence[Entry]) -> Iterator[str]:
    """List the constants."""
    yield ABOUT_CONSTANTS
    yield "| name | value | unit | |"
    yield "| --- | --- | --- | --- |"
    for entry in entries:
        assert isinstance(entry.what, Constant)
        names = ", ".join([f"`{name}`" for name in (entry.name, *entry.aliases)])
        yield f"| {names} | {entry.what.value:.6g} | {entry.what.unit} | {plain(entry.doc)} |"


def outdated(drawn: dict[str, Picture], page: str) -> list[str]:
    """Name what is not as it should be: the page, pictures, files that belong to nothing."""
    found = []
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        found.append(PAGE.name)
    for name, picture in drawn.items():
        path = PLOTS / f"{name}.svg"
        if not path.exists() or not picture.is_current(path.read_text(encoding="utf-8")):
            found.append(f"{PLOTS.name}/{path.name}")
    known = {f"{name}.svg" for name in drawn}
    return found + sorted(f"{PLOTS.name}/{path.name}" for path in PLOTS.iterdir() if path.name not in known)


def main(arguments: Sequence[str]) -> int:
    """Write what is not current, or with ``--check`` say what that is."""
    if list(arguments) not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    drawn = {picture.name: picture for picture in pictures()}
    page = page_of(drawn)
    PLOTS.mkdir(exist_ok=True)
    stale = outdated(drawn, page)
    if arguments:
        for name in stale:
            print(f"docs/{name} is not current; run: python docs/make_functions.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        path = HERE / name
        if path == PAGE:
            path.write_text(page, encoding="utf-8")
        elif path.stem in drawn:
            drawn[path.stem].draw(path)
        else:
            path.unlink()
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
