"""The package's own syntax trees: imports run one way, and no text is ever run as code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lambdaml_dsl

PACKAGE = Path(lambdaml_dsl.__file__).parent

ROOMS = (
    "errors",
    "language",
    "program",
    "derivatives",
    "objective",
    "optimize",
    "fitting",
    "modelfile",
    "report",
    "estimators",
    "cli",
)
"""A room may import itself and those before it."""

ASIDE = {("fitting", "report")}
"""What a room may import from a later one, within a function or for type checking alone."""

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str | None:
    """Give the room of a file; the package's own front is in none."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else first


def imports(tree: ast.Module, path: Path) -> Iterator[tuple[ast.stmt, str, bool]]:
    """Give each import of the package's own rooms: statement, room, and whether it stands aside."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, aside = stack.pop()
        match node:
            case ast.Import(names):
                for name in names:
                    if name.name.split(".")[0] == "lambdaml_dsl":
                        yield node, (*name.name.split("."), "")[1], aside
            case ast.ImportFrom(module, names, level):
                parts = list(path.relative_to(PACKAGE.parent).parts[:-level]) if level else []
                parts += (module or "").split(".") if module else []
                if parts and parts[0] == "lambdaml_dsl":
                    rooms = [parts[1]] if len(parts) > 1 else [name.name for name in names]
                    for room in rooms:
                        yield node, room, aside
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                aside = True
            case ast.If(test) if "TYPE_CHECKING" in ast.unparse(test):
                aside = True
        stack.extend((child, aside) for child in ast.iter_child_nodes(node))


def wrong_imports(source: str, path: Path) -> list[str]:
    own = room_of(path)
    if own is None:
        return []
    wrong = []
    for node, room, aside in imports(ast.parse(source), path):
        allowed = room in ROOMS[: ROOMS.index(own) + 1] or (aside and (own, room) in ASIDE)
        # The command stands behind the front, which knows all rooms but the command's.
        allowed = allowed or (own == "cli" and room not in ROOMS)
        if not allowed:
            wrong.append(f"{path.relative_to(PACKAGE.parent)}:{node.lineno} imports {room or 'the front'}")
    return wrong


def test_every_file_is_in_a_room() -> None:
    assert {room_of(path) for path in FILES} - {None} <= set(ROOMS)
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    assert wrong_imports(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    ("room", "source", "wrong"),
    [
        ("program", "from lambdaml_dsl.language.nodes import Name", False),
        ("program", "from lambdaml_dsl.program.lower import lower", False),
        ("program", "from lambdaml_dsl.fitting.fit import fit", True),
        ("program", "import lambdaml_dsl.fitting.fit", True),
        ("program", "from lambdaml_dsl import fitting", True),
        ("program", "from lambdaml_dsl import fit", True),
        ("program", "import lambdaml_dsl", True),
        ("program", "from ..report import text", True),
        ("program", "from ..language import nodes", False),
        ("program", "from . import lower", False),
        ("program", "def f():\n    from lambdaml_dsl.report import text", True),
        ("fitting", "def f():\n    from lambdaml_dsl.report import text", False),
        ("fitting", "if TYPE_CHECKING:\n    from lambdaml_dsl.report import text", False),
        ("fitting", "from lambdaml_dsl.report import text", True),
        ("fitting", "def f():\n    from lambdaml_dsl.cli import main", True),
        ("language", "import lambdaml_dslx\nimport numpy", False),
        ("cli", "from lambdaml_dsl import __version__", False),
        ("estimators", "from lambdaml_dsl import __version__", True),
    ],
)
def test_the_test_of_imports(room: str, source: str, wrong: bool) -> None:
    assert bool(wrong_imports(source, PACKAGE / room / "some.py")) is wrong


RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
LOADS = {"import_module", "run_path", "run_module", "exec_module", "literal_eval"}


def ways_to_run_text(tree: ast.Module) -> list[str]:
    """Find what could run a text, or reach an attribute or a module by a text."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(name) if name in RUNS_TEXT | {"__builtins__"}:
                found.append(f"{node.lineno}: {name}")
            case ast.Import(names) if any(name.name == "builtins" for name in names):
                found.append(f"{node.lineno}: builtins")
            case ast.ImportFrom("builtins" | "importlib" | "runpy"):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Attribute(_, name) if name in LOADS:
                found.append(f"{node.lineno}: {name}")
            case ast.Call(ast.Name("getattr" | "setattr" | "delattr"), arguments):
                if not isinstance(arguments[1], ast.Constant):
                    found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Call(ast.Attribute(_, "__getattribute__" | "__setattr__"), arguments):
                if not any(isinstance(argument, ast.Constant) for argument in arguments[:2]):
                    found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_is_run(path: Path) -> None:
    assert ways_to_run_text(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec(text)",
        "run = eval",
        "compile(text, '', 'eval')",
        "__import__(name)",
        "import builtins\nbuiltins.eval(text)",
        "getattr(numpy, name)",
        "setattr(self, name, 1)",
        "importlib.import_module(name)",
        "from importlib import import_module",
        "object.__setattr__(node, name, 1)",
    ],
)
def test_the_test_of_running_text(source: str) -> None:
    assert ways_to_run_text(ast.parse(source)) != []


def test_harmless_calls_are_let_through() -> None:
    source = "re.compile('a')\ngetattr(x, 'name')\nobject.__setattr__(node, 'span', 1)\nevaluate(x)"
    assert ways_to_run_text(ast.parse(source)) == []


HEAVY = (
    "matplotlib",
    "pyarrow",
    "pandas",
    "polars",
    "sympy",
    "scipy.optimize",
    "scipy.special",
    "narwhals",
    "rich",
    "click",
)
AT_FIRST_USE = ("lark", "scipy")
"""What the first formula and the first fit load."""


def modules_after(code: str) -> set[str]:
    """Give the modules that are loaded when some code has run in a process of its own."""
    code += "; import sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = modules_after("import lambdaml_dsl")
    assert "lambdaml_dsl.language.parse" in loaded
    assert [name for name in (*HEAVY, *AT_FIRST_USE) if name in loaded] == []


def test_a_fit_imports_no_more_than_it_needs() -> None:
    data = "{'x': [0., 1, 2, 3, 4, 5], 'y': [1.1, 0., 1.05, 3.9, 9.2, 16.]}"
    loaded = modules_after(f"import lambdaml_dsl as ld; ld.fit('y ~ a*x^2 + b*x + c', {data})")
    assert {"lark", "scipy.optimize"} <= loaded
    assert [name for name in HEAVY if name in loaded] == ["scipy.optimize", "scipy.special"]


def test_importing_the_package_writes_nothing_and_warns_of_nothing() -> None:
    command = [sys.executable, "-W", "error", "-c", "import lambdaml_dsl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
