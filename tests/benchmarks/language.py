"""From text to a program that is ready to run: what a formula costs before anything is computed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

import lambdaml_dsl as ld
from lambdaml_dsl.derivatives.methods import DiffMethod, Scheme, differentiated
from lambdaml_dsl.language.bind import bind
from lambdaml_dsl.language.bound import Declared
from lambdaml_dsl.language.parse import parse, parser
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.instructions import Program
from lambdaml_dsl.program.lower import lower
from lambdaml_dsl.program.plan import plan
from tests.benchmarks import flagship
from tests.benchmarks.findings import Findings
from tests.benchmarks.table import Table
from tests.benchmarks.timing import Quartiles, Timing, alternate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCHEME = Scheme(DiffMethod.COMPLEX_STEP)
STAGES = ("parse", "bind", "lower", "differentiate", "plan")

PAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "flagship": (flagship.TEXT, ("x0", "x1")),
    "tutorial": ("conc ~ A*exp(-k*hour) + c", ("hour",)),
    "absorption": ("c ~ 500*ka/(volume*(ka - ke))*(exp(-ke*t) - exp(-ka*t))", ("t",)),
    "broken line": ("y ~ where(x < b, a + k1*(x - b), a + k2*(x - b))", ("x",)),
    "definition": ("z = (x - mu)/s; A*exp(-z^2/2)", ("x",)),
    "user function": ("g(u, s = 1) = exp(-u^2/(2*s^2)); a*g(x - 1) + b*g(x + 1, 0.5)", ("x",)),
    "two outputs": ("[u, v] ~ [A*exp(-k*t), A*(1 - exp(-k*t))]", ("t",)),
    "series": ("sum(i in 0..2: A[i]*exp(-k[i]*t))", ("t",)),
}
"""Formulas of the pages and of the scripts among the examples, with their inputs."""

FILES = (
    *("exponential_decay/decay", "five_peaks/bands", "five_peaks/gaussians", "logistic_growth/pasture"),
    *("michaelis_menten/joint", "michaelis_menten/treated", "peak_on_background/peak"),
    *("planck_spectrum/planck", "sum_of_exponentials/decay", "two_layer_network/network"),
    *("vapour_pressure/mercury", "wine_cultivars/wine"),
)
"""Model files among the examples. They are named here, so that the median stays one of the same formulas."""

METHOD = (
    "Twenty formulas of the examples and of these pages, those of model files with what is declared "
    "there. Each is parsed, bound, lowered, differentiated by all its parameters (complex step) and "
    "planned, without any of the caches that save a formula met again from all of it. What is read once a "
    "process, at first use, is there already: the parser, the library of definitions, the rules of the "
    "functions. Columns of stages are medians; `compile` is what Python takes to compile the flagship "
    "formula."
)


def formulas() -> dict[str, tuple[str, Declared]]:
    """Give twenty formulas, with what is declared of their names."""
    models = {name: ld.load(EXAMPLES / f"{name}.lml") for name in FILES}
    found = {name: (text, Declared(inputs=inputs)) for name, (text, inputs) in PAGES.items()}
    return found | {name: (str(model), model.declared) for name, model in models.items()}


def ready(text: str, declared: Declared) -> Program:
    """Go all the way from a text to a program with its derivatives, planned."""
    source = Source(text)
    bound = bind(parse.__wrapped__(source), source, declared)
    program = lower.__wrapped__(bound)
    derivatives = differentiated.__wrapped__(program, tuple(range(len(bound.parameters))), SCHEME)
    plan.__wrapped__(derivatives)
    return derivatives


def stages(text: str, declared: Declared) -> dict[str, Callable[[], object]]:
    """Give the whole way, and each stage by itself."""
    source = Source(text)
    equation = parse(source)
    bound = bind(equation, source, declared)
    program = lower(bound)
    parameters = tuple(range(len(bound.parameters)))

    def make_plan() -> object:
        # A program is met again by what it is, not by what it says: this one is new to every cache.
        return plan.__wrapped__(differentiated.__wrapped__(program, parameters, SCHEME))

    return {
        "ready": lambda: ready(text, declared),
        "parse": lambda: parse.__wrapped__(source),
        "bind": lambda: bind(equation, source, declared),
        "lower": lambda: lower.__wrapped__(bound),
        "differentiate": lambda: differentiated.__wrapped__(program, parameters, SCHEME),
        "plan": make_plan,
    }


def measure() -> Findings:
    """Time the whole way and each stage of each formula, and the building of the parser."""
    yardstick = {"compile": lambda: compile(flagship.TEXT, "formula", "eval")}
    rows, whole = [], []
    ratios: list[float] = []
    for name, (text, declared) in formulas().items():
        times = alternate({**stages(text, declared), **yardstick}, rounds=7, block=0.004)
        # Planning is timed together with making what it plans.
        pairs = zip(times["plan"].blocks, times["differentiate"].blocks, strict=True)
        times["plan"] = Timing(tuple([max(both - one, 0.0) for both, one in pairs]))
        whole.append(times["ready"].median)
        ratios.append(times["ready"].over(times["compile"]).middle)
        rows.append((name, f"`{text}`", *(str(times[stage]) for stage in ("ready", *STAGES))))
    milliseconds = Quartiles.of([1e3 * seconds for seconds in whole])
    rows.append(("(median)", "", f"{statistics.median(whole) * 1e3:.3g} ms", *[""] * len(STAGES)))
    built = alternate({"build": parser.__wrapped__}, rounds=5, block=0.0)["build"]
    rows.append(("(the parser, once)", "", str(built), *[""] * len(STAGES)))
    table = Table("Text to program", METHOD, ("formula", "text", "ready", *STAGES), tuple(rows))
    figures = {"language/ready": milliseconds, "language/compile": Quartiles.of(ratios)}
    return Findings((table,), figures)
