"""Programs run as they were lowered and differentiated, nothing slow replaced by anything quicker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from lambdaml_dsl.program import plan


@contextmanager
def as_written() -> Iterator[None]:
    """Leave out the strength reduction of what is evaluated within."""
    plan.plan.cache_clear()
    try:
        with patch.object(plan, "reduced", lambda program: program):
            yield
    finally:
        plan.plan.cache_clear()
