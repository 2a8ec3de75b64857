"""The function table: one entry for each function and operator of the language.

Binder, evaluator, derivatives, printers, error hints and tests read this table; adding a function is
adding one entry, to `elementary` or `special`. An entry's slopes say how it is differentiated, in the
language itself: the derivative pass parses them once and emits them as ordinary instructions, so they
are shared, folded and run like everything else. `tests/language/test_functions.py` and
`tests/language/test_special.py` check each entry's value and slopes against independent references.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lambdaml_dsl.language import elementary, special
from lambdaml_dsl.language.constants import CONSTANTS
from lambdaml_dsl.language.entries import (
    Chooses,
    Dimension,
    FloatArray,
    Function,
    Interval,
    Kernel,
    Measured,
    Slope,
)
from lambdaml_dsl.language.operators import OPERATOR_ENTRIES

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "OPERATORS",
    "RULE_FUNCTIONS",
    "Chooses",
    "Dimension",
    "FloatArray",
    "Function",
    "Interval",
    "Kernel",
    "Measured",
    "Slope",
]

ENTRIES = (*elementary.ENTRIES, *special.ENTRIES)
AUXILIARY_ENTRIES = (*elementary.AUXILIARY_ENTRIES, *special.AUXILIARY_ENTRIES)


def _by_name(entries: Iterable[Function]) -> Mapping[str, Function]:
    return MappingProxyType({name: entry for entry in entries for name in (entry.name, *entry.aliases)})


FUNCTIONS = _by_name(ENTRIES)
"""The functions that a formula can call, by every spelling."""

OPERATORS = _by_name(OPERATOR_ENTRIES)
"""The operators, by symbol; ``negate`` is the sign in front."""

RULE_FUNCTIONS = _by_name((*ENTRIES, *AUXILIARY_ENTRIES))
"""The functions that a slope can call."""
