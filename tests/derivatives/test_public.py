"""What `lambdaml_dsl.derivatives` shows, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lambdaml_dsl as ld
from lambdaml_dsl import derivatives
from lambdaml_dsl.derivatives import public


def test_every_public_name_is_there():
    assert derivatives.__all__ == public.__all__
    for name in derivatives.__all__:
        assert vars(public)[name] is getattr(derivatives, name)
        assert getattr(derivatives, name).__doc__
        assert name in dir(derivatives)
    assert derivatives.DiffMethod is ld.DiffMethod


def test_any_other_name_is_refused_as_ever():
    with pytest.raises(AttributeError) as caught:
        _ = derivatives.Gradient
    assert str(caught.value) == "module 'lambdaml_dsl.derivatives' has no attribute 'Gradient'"


def test_the_package_loads_it_when_it_is_asked_for():
    code = (
        "import sys, lambdaml_dsl\n"
        "assert 'lambdaml_dsl.derivatives.gradients' not in sys.modules\n"
        "from lambdaml_dsl.derivatives import GradientComputer, check_gradient\n"
        "assert 'lambdaml_dsl.derivatives.gradients' in sys.modules\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'scipy']\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
