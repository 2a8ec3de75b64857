"""Values that are written out: an expression of numbers and constants, computed when the text is read."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from lambdaml_dsl.errors import NameResolutionError, OptionError, suggestion
from lambdaml_dsl.fitting.arguments import Value
from lambdaml_dsl.language.constants import CONSTANTS, PHYSICAL
from lambdaml_dsl.language.inline import Inliner
from lambdaml_dsl.language.nodes import Call, Expr, Name, Vector
from lambdaml_dsl.language.source import Source
from lambdaml_dsl.language.traversal import walk
from lambdaml_dsl.language.vocabulary import Vocabulary, physical_constant
from lambdaml_dsl.program.instructions import Constant, ProgramBuilder
from lambdaml_dsl.program.lower import emit


def compute(tree: Expr, source: Source, constants: Mapping[str, float]) -> Value:
    """Compute a number, or the numbers of a vector or matrix, from numbers and constants.

    Raises
    ------
    OptionError
        The rows of a matrix differ in length.
    NameResolutionError
        A name is not a constant.
    """
    if not isinstance(tree, Vector):
        return compute_number(tree, source, constants)
    values = tuple([compute(item, source, constants) for item in tree.items])
    if len({np.shape(value) for value in values}) > 1:
        raise source.error(OptionError, tree.span, "the items of a vector differ in shape")
    return values


def compute_number(tree: Expr, source: Source, constants: Mapping[str, float]) -> float:
    """Compute a number from numbers and constants."""
    known = {**CONSTANTS, "inf": math.inf, **constants}
    vocabulary = Vocabulary(source, {}, {})
    for node in walk(tree):
        match node:
            case Name(name) if name.startswith(PHYSICAL):
                known[name] = physical_constant(node, source)
            case Name(name) if name not in known:
                hint = suggestion(name, filter(str.isascii, known), listed="Known here")
                raise source.error(NameResolutionError, node.span, f"'{name}' is not a constant", hint)
            case Call():
                vocabulary.check(node, known)
    tree = Inliner(source, {}, vocabulary.library).expand(tree, {})
    builder = ProgramBuilder()
    slot = emit(builder, tree, {name: builder.constant(value) for name, value in known.items()})
    item = builder.instructions[slot]
    if not isinstance(item, Constant):
        raise source.error(OptionError, tree.span, "this is not one number", "Write the numbers out.")
    return item.value
