"""The packages that are compared with: each is imported where it is installed, and missed where it is not."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

PEERS = ("lambdaml", "lmfit", "numexpr", "jax")

HOW = "pip install -e '.[bench]'"


def missing(names: Iterable[str]) -> tuple[str, ...]:
    """Give those of some packages that are not installed."""
    return tuple([name for name in names if find_spec(name) is None])


def lambdaml() -> Any:
    """Import LambdaML."""
    return import_module("lambdaml")


def lmfit() -> Any:
    """Import lmfit."""
    return import_module("lmfit")


def numexpr() -> Any:
    """Import numexpr."""
    return import_module("numexpr")


def jax() -> Any:
    """Import JAX, on the processor and in double precision, as all others compute."""
    module = import_module("jax")
    module.config.update("jax_platforms", "cpu")
    module.config.update("jax_enable_x64", True)
    return module
