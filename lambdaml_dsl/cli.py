"""The `lml` command.

Exit codes: 0 fine, 1 the fit did not converge, 2 the input is wrong. Errors go to the standard error
stream, in the words of the package; what is wrong is found before anything is written.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lambdaml_dsl import __version__
from lambdaml_dsl.errors import LambdaMLError, OptionError, closest
from lambdaml_dsl.fitting.arguments import evaluate_bound, rows_first
from lambdaml_dsl.fitting.fit import Prepared, prepare, table_for
from lambdaml_dsl.fitting.model import Model, read_libraries
from lambdaml_dsl.fitting.result import FitResult
from lambdaml_dsl.language.bound import component_names
from lambdaml_dsl.language.catalogue import catalogue, groups, spellings
from lambdaml_dsl.language.parse import parse
from lambdaml_dsl.language.printing import to_text
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.modelfile.numbers import compute
from lambdaml_dsl.modelfile.read import load
from lambdaml_dsl.objective.files import is_number, reason_of
from lambdaml_dsl.objective.table import read_table
from lambdaml_dsl.report.reference import details, listing
from lambdaml_dsl.report.text import NUMERIC, closing, heading, parameter_rows

try:
    import click
    from click.shell_completion import CompletionItem
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table as RichTable
    from rich.text import Text
except ImportError:
    print('The command line needs more packages: pip install "lambdaml-dsl[cli]"', file=sys.stderr)
    raise SystemExit(2) from None

UNCUT_WIDTH = 10_000
"""Width of a report that goes to a file or a pipe: there nothing is to be cut."""


class Commands(click.Group):
    """Turns errors of the package into messages and exit codes."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a pipe may not know Greek
        leave_signals_alone()
        try:
            return super().invoke(context)
        except LambdaMLError as error:
            click.echo(f"{click.style('Error', fg='red', bold=True)}: {error}", err=True)
            context.exit(2)
        except KeyboardInterrupt:
            click.echo("Interrupted; nothing was written.", err=True)
            context.exit(130)


def leave_signals_alone() -> None:
    """Keep Arrow from taking Ctrl-C for itself while it reads a file: the command answers it."""
    try:
        import pyarrow
    except ImportError:
        return
    pyarrow.enable_signal_handlers(False)


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="lml")
def main() -> None:
    """Fit formulas to data."""


model_argument = click.argument("model")
data_option = click.option(
    "--data", metavar="FILE", help="CSV or Parquet file; instead of the one that the model names."
)
set_option = click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Value of a parameter or constant; may be repeated.",
)


@main.command("fit")
@model_argument
@data_option
@set_option
@click.option(
    "--json", "json_path", metavar="OUT", help="Write the result as JSON to this file; - is the screen."
)
def fit_command(model: str, data: str | None, settings: Sequence[str], json_path: str | None) -> None:
    """Fit MODEL, a .lml file or a formula in quotes, to data.

    --set gives start values (a parameter that the file fixes stays fixed, at the new value).
    """
    loaded, values = read_model(model, settings)
    sources = [model, data, loaded.data.path if loaded.data is not None else None]
    target = None if json_path in (None, "-") else check_target(Path(str(json_path)), sources)
    result = loaded.fit(data, start=values)
    if json_path == "-":
        click.echo(to_json(result))
    else:
        print_result(result)
    if target is not None:
        write_whole(target, to_json(result) + "\n")
    sys.exit(0 if result.converged else 1)


@main.command("check")
@model_argument
@data_option
@set_option
def check_command(model: str, data: str | None, settings: Sequence[str]) -> None:
    """Check MODEL, and its data where it has some, without fitting."""
    loaded, values = read_model(model, settings)
    if data is None and loaded.data is None:
        loaded.check_names(values, loaded.bound)
        click.echo(f"{model}: fine")
        show_names(loaded.inputs, loaded.parameters)
        return
    prepared: Prepared = prepare(loaded, data, values, {}, {}, {})
    click.echo(f"{model}: fine; {prepared.rows.table.name} has {prepared.rows.n_obs} rows that can be fitted")
    show_names(prepared.bound.inputs, prepared.bound.parameters)


def show_names(inputs: Sequence[str], parameters: Sequence[str]) -> None:
    """Print the roles of a model's names."""
    click.echo(f"inputs:     {', '.join(inputs) or 'none'}")
    click.echo(f"parameters: {', '.join(parameters) or 'none'}")


@main.command("explain")
@model_argument
@data_option
def explain_command(model: str, data: str | None) -> None:
    """Show how MODEL is understood: tree, roles, program."""
    loaded, _ = read_model(model, ())
    if data is None:
        click.echo(loaded.explain())
        return
    from lambdaml_dsl.report.explain import explain

    click.echo(explain(loaded.bind_to(loaded.columns_of(table_for(loaded, data)))))


@main.command("eval")
@model_argument
@data_option
@set_option
def eval_command(model: str, data: str | None, settings: Sequence[str]) -> None:
    """Evaluate MODEL at the values given with --set (else the start values of the file); prints CSV.

    Inputs come from the data, or from --set too: lml eval "a*exp(-x)" --set a=2 --set x=0.5
    """
    loaded, values = read_model(model, settings)
    if data is not None or (loaded.data is not None and not set(loaded.inputs) & set(values)):
        table = table_for(loaded, data)
        columns = loaded.columns_of(table)
        own = {name: value for name, value in values.items() if name not in columns}
        bound = loaded.bind_to(columns, {name: own[name] for name in own if name in loaded.parameters})
    else:
        missing = [name for name in loaded.inputs if name not in values]
        if missing:
            raise OptionError(
                f"the input '{missing[0]}' has no value", hint=f"Give --set {missing[0]}=..., or --data FILE."
            )
        table = read_table({name: [values[name]] for name in loaded.inputs} or {"": [0.0]})
        bound = loaded.bound
        if bound.is_open or any(np.ndim(value) for value in values.values()):
            bound = loaded.bind_to(
                {name: table.shape(name) for name in loaded.inputs},
                {name: value for name, value in values.items() if name not in loaded.inputs},
            )
    starts = {name: spec.start for name, spec in loaded.specs.items() if spec.start is not None}
    chosen = {**starts, **{name: value for name, value in values.items() if name not in bound.inputs}}
    result = evaluate_bound(bound, table, loaded.theta(bound, chosen))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    output = to_text(bound.response) if bound.response is not None else "value"
    heads = [name for each in bound.inputs for name in component_names(each, bound.shape(each))]
    outputs = bound.outputs if len(bound.outputs) > 1 else component_names(output, bound.result or ())
    writer.writerow([*heads, *outputs])
    inputs = [rows_first(table.column(name)) for name in bound.inputs]
    numbers = np.column_stack([column.reshape(len(result), -1) for column in (*inputs, result)])
    writer.writerows(map(repr, row) for row in numbers.tolist())


def complete_name(context: click.Context, argument: click.Parameter, begun: str) -> list[CompletionItem]:
    """Give the names of the catalogue that begin as typed, for the shell."""
    return [
        CompletionItem(name, help=entry.doc)
        for name, entry in spellings(catalogue()).items()
        if name.startswith(begun)
    ]


@main.command("functions")
@click.argument("name", required=False, shell_complete=complete_name)
@click.option(
    "--library", "libraries", metavar="FILE", multiple=True, help="A file of definitions; may be repeated."
)
def functions_command(name: str | None, libraries: Sequence[str]) -> None:
    """List the functions and constants that a formula may use, or tell all of the one called NAME.

    NAME may also be a group, or a part of its name: lml functions "line shapes"
    """
    entries = catalogue(read_libraries(libraries))
    if name is None:
        click.echo(listing(entries))
        return
    known = spellings(entries)
    if name in known:
        click.echo(details(known[name]))
        return
    group = [entry for entry in entries if name.strip() and name.lower() in entry.group.lower()]
    if not group:
        match = closest(name, [*known, *groups(entries)])
        hint = f"Did you mean '{match}'?" if match else "Run `lml functions` for the list."
        raise OptionError(f"there is no function, constant or group '{name}'", hint=hint)
    click.echo(listing(group))


def read_model(model: str, settings: Sequence[str]) -> tuple[Model, dict[str, Any]]:
    """Read a model file or a formula, and the values of --set; those of constants go into the model."""
    loaded = load(model) if model.lower().endswith(".lml") else Model(check_formula(model))
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        value = read_setting(text)
        if not name.strip() or value is None:
            raise OptionError(
                f"--set {setting} cannot be read",
                hint="Write --set name=value, with a number as value, or [1, 2] for a vector.",
            )
        values[name.strip()] = value
    constants = {name: values.pop(name) for name in dict(loaded.declared.constants) if name in values}
    return (loaded.with_constants(constants) if constants else loaded), values


def read_setting(text: str) -> Any:
    """Read a number, or a vector or matrix written as ``[1, 2]``; None where it is neither."""
    if is_number(text):
        return float(text)
    if not text.strip().startswith("["):
        return None
    source = Source(text, "--set")
    return compute(parse(source).right, source, {})


def check_formula(text: str) -> str:
    """Refuse the name of a file that is no model file, where a formula is expected."""
    try:
        model_file, is_there = Path(text + ".lml").is_file(), text != "" and Path(text).exists()
    except (OSError, ValueError):
        return text  # nothing that the system takes for a name
    if model_file and text:
        raise OptionError(f"'{text}' is not a model file", hint=f"Did you mean '{text}.lml'?")
    if is_there:
        raise OptionError(
            f"'{text}' is not a model file",
            hint="The name of a model file ends in .lml; data are given with --data FILE.",
        )
    return text


def to_json(result: FitResult) -> str:
    """Write a result as JSON."""
    return json.dumps(result.to_dict(), indent=2, allow_nan=False)


def print_result(result: FitResult) -> None:
    """Print the report, the parameters as a table."""
    console = Console(highlight=False)
    title, *rows = parameter_rows(result)
    table = RichTable(header_style="bold", box=SIMPLE_HEAD)
    for name in title:
        table.add_column(name, justify="right" if name in NUMERIC else "left", no_wrap=name != "description")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])  # not markup: a unit may be [m]
    uncut = console.options.update(width=UNCUT_WIDTH)
    if not console.is_terminal or Measurement.get(console, uncut, table).minimum > console.width:
        console.width = UNCUT_WIDTH  # rather lines that the terminal breaks than digits left out
    console.print("\n".join(heading(result)), markup=False, soft_wrap=True)
    console.print(table)
    console.print("\n".join(closing(result)), markup=False, soft_wrap=True)


def check_target(path: Path, sources: Sequence[str | None]) -> Path:
    """Refuse a file that cannot be written, or that the fit reads, before the work is done."""
    if any(
        source and Path(source).is_file() and path.exists() and path.samefile(source) for source in sources
    ):
        raise OptionError(
            f"'{path}' is what the fit reads, and would be overwritten", hint="Give another name."
        )
    if path.is_dir() or not path.parent.is_dir():
        raise OptionError(
            f"cannot write '{path}'", hint="The folder must exist, and the name must be a file's."
        )
    path = path.resolve()  # what a link points to is written, not the link replaced
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OptionError(f"cannot write '{path}': permission denied")
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a file all at once: it is either the old one or the new one, never a part."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")  # a device or a pipe, such as /dev/null, is to stay one
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except OSError as error:
        raise OptionError(f"cannot write '{path}': {reason_of(error)}") from None
    finally:
        part.unlink(missing_ok=True)
