"""From text to program: what a formula costs before anything is computed."""

from __future__ import annotations

from pathlib import Path

import lambdaml_dsl as ld
from lambdaml_dsl.language.bind import Declared, bind
from lambdaml_dsl.language.parse import parse, parser
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.program.lower import lower
from tests.benchmarks.table import Table
from tests.benchmarks.timing import alternate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FLAGSHIP = "sigmoid(a*exp(-lam*abs(x0))*cos(w*x1+phi))"

METHOD = (
    "Each stage by itself, without the cache that saves a formula met again from being parsed again. "
    "The parser is built once a process, when the first formula is met."
)


def formulas() -> dict[str, tuple[str, Declared]]:
    """Give the flagship formula and those of the examples, with what is declared of their names."""
    models = {path.stem: ld.load(path) for path in sorted(EXAMPLES.glob("*/*.lml"))}
    return {"flagship": (FLAGSHIP, Declared())} | {
        name: (str(model), model.declared) for name, model in models.items()
    }


def tables() -> list[Table]:
    """Time each stage of each formula, and the building of the parser."""
    rows = []
    for name, (text, declared) in formulas().items():
        source = Source(text)
        equation = parse(source)
        bound = bind(equation, source, declared)
        times = alternate(
            {
                "parse": lambda source=source: parse.__wrapped__(source),
                "bind": lambda equation=equation, source=source, declared=declared: bind(
                    equation, source, declared
                ),
                "lower": lambda bound=bound: lower.__wrapped__(bound),
            },
            rounds=7,
            block=0.005,
        )
        rows.append((name, f"`{text}`", *(str(time) for time in times.values())))
    built = alternate({"build": parser.__wrapped__}, rounds=5, block=0.0)["build"]
    rows.append(("(the parser, once)", "", str(built), "", ""))
    return [Table("Text to program", METHOD, ("formula", "text", "parse", "bind", "lower"), tuple(rows))]
