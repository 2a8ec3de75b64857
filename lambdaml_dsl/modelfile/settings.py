"""The blocks of a model file: ``data "file" { ... }`` and ``fit { ... }``, setting by setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lambdaml_dsl.derivatives.scheme import DiffMethod, read_method, read_scheme, read_step
from lambdaml_dsl.errors import OptionError, suggestion
from lambdaml_dsl.fitting.arguments import check_choice
from lambdaml_dsl.fitting.options import CHOICES
from lambdaml_dsl.fitting.specs import DataReference
from lambdaml_dsl.language.declarations import Directive, Setting
from lambdaml_dsl.language.source import Source


def read_data(source: Source, directive: Directive, folder: Path) -> DataReference:
    """Read ``data "file" { name = "column" }``; the path is relative to the model file."""
    if not directive.text.strip():
        raise source.error(OptionError, directive.span, "the name of the data file is empty")
    columns: dict[str, str] = {}
    for setting in directive.settings:
        if not isinstance(setting.value, str):
            raise source.error(
                OptionError,
                setting.value_span,
                "a column is named by a text in quotes",
                f'Write: {setting.name} = "{written(source, setting)}"',
            )
        if setting.name in columns:
            raise source.error(OptionError, setting.span, f"'{setting.name}' is given twice")
        columns[setting.name] = setting.value
    return DataReference(str(folder / directive.text), columns)


def written(source: Source, setting: Setting) -> str:
    """Give a value as it was written, without quotes."""
    return setting.value if isinstance(setting.value, str) else source.quote(setting.value_span)


def read_word(source: Source, setting: Setting) -> str:
    """Read an option that is one of some names."""
    value = written(source, setting)
    try:
        check_choice(setting.name, value, CHOICES[setting.name])
    except OptionError as error:
        raise source.error(OptionError, setting.value_span, error.problem, error.hint) from None
    return value


def read_diff_method(source: Source, setting: Setting) -> str:
    """Read the name of a derivative method."""
    try:
        return read_method(written(source, setting)).value
    except OptionError as error:
        raise source.error(OptionError, setting.value_span, error.problem, error.hint) from None


def read_diff_h(source: Source, setting: Setting) -> float:
    """Read the step of a difference method."""
    try:
        return read_step(setting.value if isinstance(setting.value, float) else written(source, setting))
    except OptionError as error:
        raise source.error(OptionError, setting.value_span, error.problem, error.hint) from None


def read_column_or_number(source: Source, setting: Setting) -> str | float:
    """Read the name of a column, or one number for all rows."""
    return setting.value


def read_truth(source: Source, setting: Setting) -> bool:
    """Read true or false."""
    known = {"true": True, "false": False}
    if str(setting.value).lower() not in known:
        problem = f"{setting.name} must be true or false, not {written(source, setting)}"
        raise source.error(OptionError, setting.value_span, problem)
    return known[str(setting.value).lower()]


def read_count(source: Source, setting: Setting) -> int:
    """Read a whole number of at least 1."""
    value = setting.value
    if not isinstance(value, float) or not value.is_integer() or value < 1:
        problem = f"{setting.name} must be a whole number of at least 1, not {written(source, setting)}"
        raise source.error(OptionError, setting.value_span, problem)
    return int(value)


OPTION_READERS: Mapping[str, Callable[[Source, Setting], Any]] = MappingProxyType(
    {
        "y": read_column_or_number,
        "sigma": read_column_or_number,
        "weights": read_column_or_number,
        "absolute_sigma": read_truth,
        "loss": read_word,
        "optimizer": read_word,
        "diff_method": read_diff_method,
        "diff_h": read_diff_h,
        "max_evaluations": read_count,
        "nan_policy": read_word,
    }
)
"""The settings of ``fit { }``: what a Python caller can give, by the same names."""


def read_fit(source: Source, directive: Directive) -> dict[str, Any]:
    """Read ``fit { option = value }``."""
    options: dict[str, Any] = {}
    for setting in directive.settings:
        if setting.name not in OPTION_READERS:
            hint = suggestion(setting.name, OPTION_READERS, listed="The options are")
            raise source.error(OptionError, setting.span, f"unknown option '{setting.name}'", hint)
        if setting.name in options:
            raise source.error(OptionError, setting.span, f"'{setting.name}' is given twice")
        options[setting.name] = OPTION_READERS[setting.name](source, setting)
    if "diff_h" in options:
        span = next(setting.span for setting in directive.settings if setting.name == "diff_h")
        try:
            read_scheme(options.get("diff_method", DiffMethod.AUTO), options["diff_h"])
        except OptionError as error:
            raise source.error(OptionError, span, error.problem, error.hint) from None
    if "sigma" in options and "weights" in options:
        span = next(setting.span for setting in directive.settings if setting.name == "weights")
        raise source.error(OptionError, span, "sigma and weights are both given", "Keep one of them.")
    return options
