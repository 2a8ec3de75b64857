"""The `lml` command: what it prints, where errors go, how it ends, and what it writes."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import lambdaml_dsl as ld
from lambdaml_dsl import cli

DATA = "t,y,s\n0,3.0,0.1\n1,2.0,0.1\n2,1.2,0.1\n3,0.8,0.1\n"
MODEL = """model "Decay [bold]of[/bold] a sample"
input t [s]
param a = 2 in [0, 10] [m] "height [above zero]"
param tau = 1
const k = 1
y = k*a*exp(-t/tau)
data "d.csv"
"""
LML = Path(sys.executable).with_name("lml")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    Path("d.csv").write_text(DATA)
    Path("m.lml").write_text(MODEL)
    return tmp_path


def lml(*words):
    """Run the command; exceptions other than an exit are a failure."""
    done = CliRunner().invoke(cli.main, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def refused(*words):
    """Give the error of a run that is refused: exit code 2, nothing on the screen, nothing written."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    done = lml(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    return done.stderr


# ---- fit ----


def test_fit():
    done = lml("fit", "m.lml")
    result = ld.load("m.lml").fit()
    assert done.exit_code == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Decay [bold]of[/bold] a sample\ny = k*a*exp(-t/tau)\n\nConverged: ")
    assert f"{result.params['tau'].value:#.8g}" in done.stdout
    assert "height [above zero]" in done.stdout
    assert result.uncertainty_note in done.stdout


def test_fit_with_other_data_and_values():
    Path("e.csv").write_text("t,y\n0,6\n1,4\n2,2.4\n3,1.6\n")
    done = lml("fit", "m.lml", "--data", "e.csv", "--set", "tau=2", "--set", "k=2", "--json", "-")
    expected = ld.fit("y ~ 2*a*exp(-t/tau)", "e.csv", start={"a": 2, "tau": 2}, bounds={"a": (0, 10)})
    found = json.loads(done.stdout)["parameters"]
    assert done.exit_code == 0
    assert {name: item["value"] for name, item in found.items()} == expected.values
    assert found["tau"]["start"] == 2


def test_fit_of_a_formula():
    done = lml("fit", "y ~ a*exp(-t/tau)", "--data", "d.csv")
    assert done.exit_code == 0
    assert "y ~ a*exp(-t/tau)" in done.stdout
    assert "No start value was given; the fit began at a = 1, tau = 1." in done.stdout


def test_a_value_of_set_for_a_fixed_parameter():
    Path("m.lml").write_text("param a = 2 fixed\nparam tau\ninput t\ny = a*exp(-t/tau)\ndata 'd.csv'\n")
    found = json.loads(lml("fit", "m.lml", "--set", "a=3", "--json", "-").stdout)["parameters"]["a"]
    assert (found["value"], found["fixed"]) == (3, True)


def test_a_fit_that_does_not_converge():
    Path("m.lml").write_text(MODEL + "fit { max_evaluations = 2 }\n")
    done = lml("fit", "m.lml", "--json", "out.json")
    assert done.exit_code == 1
    assert "Out of evaluations: " in done.stdout
    assert json.loads(Path("out.json").read_text())["converged"] is False


# ---- JSON ----


def test_json_to_the_screen_is_all_that_is_there():
    done = lml("fit", "m.lml", "--json", "-")
    assert json.loads(done.stdout) == ld.load("m.lml").fit().to_dict()


def test_json_to_a_file():
    done = lml("fit", "m.lml", "--json", "out.json")
    assert done.exit_code == 0
    assert "Converged" in done.stdout
    assert json.loads(Path("out.json").read_text()) == ld.load("m.lml").fit().to_dict()
    assert sorted(os.listdir()) == ["d.csv", "m.lml", "out.json"]


def test_json_without_nan():
    Path("d.csv").write_text("t,y\n1,2\n2,4\n")
    done = lml("fit", "y ~ a*t", "--data", "d.csv", "--json", "-")

    def refuse(text):
        raise AssertionError(text)

    assert json.loads(done.stdout, parse_constant=refuse)["n_obs"] == 2


@pytest.mark.skipif(os.name == "nt", reason="modes and links are POSIX's")
def test_a_json_target_keeps_what_it_is():
    Path("out.json").write_text("old")
    Path("out.json").chmod(0o640)
    Path("link.json").symlink_to("out.json")
    assert lml("fit", "m.lml", "--json", "link.json").exit_code == 0
    assert Path("link.json").is_symlink()
    assert json.loads(Path("out.json").read_text())["converged"]
    assert stat.S_IMODE(Path("out.json").stat().st_mode) == 0o640
    umask = os.umask(0)
    os.umask(umask)
    lml("fit", "m.lml", "--json", "new.json")
    assert stat.S_IMODE(Path("new.json").stat().st_mode) == 0o666 & ~umask
    assert lml("fit", "m.lml", "--json", os.devnull).exit_code == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_json_target_is_untouched_by_a_failed_run():
    Path("out.json").write_text("old")
    refused("fit", "m.lml", "--set", "q=1", "--json", "out.json")
    refused("fit", "m.lml", "--data", "nowhere.csv", "--json", "out.json")
    refused("fit", "y ~ a*exxp(t)", "--data", "d.csv", "--json", "out.json")
    assert Path("out.json").read_text() == "old"


def test_a_json_target_that_cannot_be_written():
    missing = os.path.join("no", "out.json")
    assert refused("fit", "m.lml", "--json", missing) == (
        f"Error: cannot write '{missing}'\nThe folder must exist, and the name must be a file's.\n"
    )
    assert refused("fit", "m.lml", "--json", ".") == (
        "Error: cannot write '.'\nThe folder must exist, and the name must be a file's.\n"
    )


def test_a_disk_that_is_full(monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    Path("out.json").write_text("old")
    monkeypatch.setattr(os, "replace", full)
    done = lml("fit", "m.lml", "--json", "out.json")
    assert done.exit_code == 2
    assert done.stderr == f"Error: cannot write '{Path('out.json').resolve()}': no space left on device\n"
    assert Path("out.json").read_text() == "old"
    assert sorted(os.listdir()) == ["d.csv", "m.lml", "out.json"]


# ---- what is refused ----

SET = "Write --set name=value, with a number as value, or [1, 2] for a vector.\n"
REFUSED = [
    (
        ["fit", "m.lml", "--set", "q=1"],
        "the parameter 'q' is not in the formula: y = k*a*exp(-t/tau)\nIts parameters are: a, tau.\n",
    ),
    (
        ["fit", "m.lml", "--set", "Tau=1"],
        "the parameter 'Tau' is not in the formula: y = k*a*exp(-t/tau)\nDid you mean 'tau'?\n",
    ),
    (
        ["fit", "m.lml", "--set", "t=1"],
        "'t' is an input, not a parameter: y = k*a*exp(-t/tau)\nIts parameters are: a, tau.\n",
    ),
    (["fit", "m.lml", "--set", "a"], f"--set a cannot be read\n{SET}"),
    (["fit", "m.lml", "--set", "a=x"], f"--set a=x cannot be read\n{SET}"),
    (["fit", "m.lml", "--set", "a="], f"--set a= cannot be read\n{SET}"),
    (["fit", "m.lml", "--set", "=1"], f"--set =1 cannot be read\n{SET}"),
    (["fit", "m.lml", "--set", "a=1=2"], f"--set a=1=2 cannot be read\n{SET}"),
    (["fit", "m.lml", "--set", "a=nan"], "the start value of 'a' is nan\nGive a finite number.\n"),
    (
        ["fit", "m.lml", "--set", "a=50"],
        "the start value 50 of 'a' is outside its bounds [0, 10]\n"
        "Move the start inside, or widen the bounds.\n",
    ),
    (["fit", "m1.lml"], "there is no file 'm1.lml'\nDid you mean 'm.lml'?\n"),
    (["fit", "m"], "'m' is not a model file\nDid you mean 'm.lml'?\n"),
    (
        ["fit", "d.csv"],
        "'d.csv' is not a model file\n"
        "The name of a model file ends in .lml; data are given with --data FILE.\n",
    ),
    (
        ["fit", "."],
        "'.' is not a model file\nThe name of a model file ends in .lml; data are given with --data FILE.\n",
    ),
    (["fit", "m.lml", "--data", "d1.csv"], "there is no file 'd1.csv'\nDid you mean 'd.csv'?\n"),
    (["fit", "m.lml", "--data", "."], "'.' is a folder, not a file\n"),
    (
        ["fit", "m.lml", "--data", "m.lml"],
        "the kind of file of 'm.lml' is not known\n"
        "The name must end in .csv, .tsv, .txt, .dat or .parquet.\n",
    ),
    (
        ["fit", "y ~ a*t"],
        'there are no data to fit\nGive data, or name a file in the model: data "file.csv"\n',
    ),
    (
        ["fit", "y ~ a*exp(-t/tau", "--data", "d.csv"],
        "formula:1:10: '(' is never closed\n   1 | y ~ a*exp(-t/tau\n     |          ^\n"
        "Add a ')' where it should end.\n",
    ),
    (
        ["fit", ""],
        "formula:1:1: the formula is empty\n   1 |\n     | ^\nWrite an expression such as a*exp(-b*x).\n",
    ),
    (
        ["check", "y ~ a*exxp(t)"],
        "formula:1:7: unknown function 'exxp'\n   1 | y ~ a*exxp(t)\n     |       ^^^^\n"
        "Did you mean 'exp'? Run `lml functions` for the list.\n",
    ),
    (
        ["check", "m.lml", "--set", "q=1"],
        "the parameter 'q' is not in the formula: y = k*a*exp(-t/tau)\nIts parameters are: a, tau.\n",
    ),
    (
        ["check", "y ~ a*x", "--set", "q=1"],
        "the parameter 'q' is not in the formula: y ~ a*x\nIts parameters are: a.\n",
    ),
    (
        ["check", "y ~ a*t*z + b", "--data", "d.csv", "--set", "x=1"],
        "the parameter 'x' is not in the formula: y ~ a*t*z + b\nIts parameters are: a, z, b.\n",
    ),
    (
        ["explain", "2x"],
        "formula:1:1: an operator is missing between '2' and 'x'\n   1 | 2x\n     | ^^\n"
        "For a product write 2*x.\n",
    ),
    (
        ["eval", "a*exp(-x)", "--set", "a=2"],
        "the input 'x' has no value\nGive --set x=..., or --data FILE.\n",
    ),
    (["eval", "a*exp(-x)", "--set", "x=2"], "the parameter 'a' has no value\nThe parameters are a.\n"),
    (
        ["eval", "a*x", "--set", "x=2", "--set", "a=1", "--set", "q=1"],
        "the parameter 'q' is not in the formula: a*x\nIts parameters are: a.\n",
    ),
    (
        ["eval", "y ~ a*t", "--set", "t=2", "--set", "a=1", "--set", "q=1"],
        "the parameter 'q' is not in the formula: y ~ a*t\nIts parameters are: a, t.\n",
    ),
]


@pytest.mark.parametrize(("words", "expected"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_refused(words, expected):
    assert refused(*words) == f"Error: {expected}"


def test_errors_of_files():
    Path("m.lml").write_text("input t\nparam a = 1\ny = a*exp(-t/tua)\ndata 'd.csv'\n")
    assert refused("fit", "m.lml") == (
        "Error: m.lml:3:14: 'tua' is not declared\n"
        "   3 | y = a*exp(-t/tua)\n"
        "     |              ^^^\n"
        "Declared: a, t. Or add a line for it: param tua, or: input tua\n"
    )
    Path("d.csv").write_text("t,y\n0,1\n1,\n")
    assert refused("fit", "y ~ a*t", "--data", "d.csv") == (
        "Error: d.csv: column 'y' holds no number (NaN) in row 2 (line 3)\n"
        'Mend the data, or leave such rows out with nan_policy="omit".\n'
    )


@pytest.mark.parametrize(
    "words", [["fit"], ["nonsense"], ["fit", "m.lml", "--nonsense"], ["fit", "m.lml", "extra"]]
)
def test_wrong_usage(words):
    assert "Usage: " in refused(*words)


# ---- check, explain, eval, functions ----


def test_check():
    done = lml("check", "m.lml")
    assert done.exit_code == 0
    assert done.stdout == (
        "m.lml: fine; d.csv has 4 rows that can be fitted\ninputs:     t\nparameters: a, tau\n"
    )
    done = lml("check", "2*x")
    assert done.stdout == "2*x: fine\ninputs:     x\nparameters: none\n"
    done = lml("check", "y ~ a*t", "--data", "d.csv")
    assert done.stdout == (
        "y ~ a*t: fine; d.csv has 4 rows that can be fitted\ninputs:     t\nparameters: a\n"
    )
    assert lml("check", "m.lml", "--set", "k=2", "--set", "a=3").exit_code == 0


def test_check_finds_what_a_fit_would_refuse():
    Path("d.csv").write_text("t,y\n0,1\n")
    assert refused("check", "m.lml") == (
        "Error: d.csv: 1 row cannot determine 2 parameters\nAdd rows, or fix some parameters.\n"
    )


def test_explain():
    done = lml("explain", "m.lml")
    assert done.exit_code == 0
    assert done.stdout == ld.load("m.lml").explain() + "\n"
    roles = lml("explain", "y ~ a*t", "--data", "d.csv").stdout
    assert "inputs      t\n" in roles
    assert "parameters  a\n" in roles


def test_eval():
    done = lml("eval", "m.lml", "--set", "tau=2")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    model = ld.Model("2*exp(-t/2)", inputs=["t"])
    assert rows[0] == ["t", "y"]
    assert [float(t) for t, _ in rows[1:]] == [0, 1, 2, 3]
    assert [float(y) for _, y in rows[1:]] == model(t=[0, 1, 2, 3]).tolist()
    assert (
        lml("eval", "y ~ a*t", "--data", "d.csv", "--set", "a=2").stdout
        == "t,y\n0.0,0.0\n1.0,2.0\n2.0,4.0\n3.0,6.0\n"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a*x", "--set", "a=2", "--set", "x=0.5"], "x,value\n0.5,1.0\n"),
        (["y ~ a*t", "--set", "a=2", "--set", "t=0.5"], "y\n1.0\n"),
        (["2^10"], "value\n1024.0\n"),
        (["log(x)", "--set", "x=-1"], "x,value\n-1.0,nan\n"),
        (["m.lml", "--set", "t=0"], "t,y\n0.0,2.0\n"),
        (["m.lml", "--set", "t=0", "--set", "k=3"], "t,y\n0.0,6.0\n"),
        (["a*x", "--set", "a=-2", "--set", " x = 1e1 "], "x,value\n10.0,-20.0\n"),
    ],
)
def test_eval_of_single_values(words, expected):
    done = lml("eval", *words)
    assert done.stdout == expected
    assert done.exit_code == 0


def test_help_and_version():
    assert lml("--version").stdout == f"lml, version {ld.__version__}\n"
    shown = lml("--help").stdout
    for command in ("fit", "check", "explain", "eval", "functions"):
        assert f"  {command}" in shown
        assert lml(command, "--help").exit_code == 0


# ---- real processes ----


def run(*words, **options):
    return subprocess.run(
        [LML, *words], capture_output=True, encoding="utf-8", timeout=60, check=False, **options
    )


def test_exit_codes_of_a_process():
    fine, wrong = run("fit", "m.lml"), run("fit", "y ~ a*exxp(t)", "--data", "d.csv")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("Error: formula:1:7: unknown function 'exxp'\n")
    Path("m.lml").write_text(MODEL + "fit { max_evaluations = 2 }\n")
    assert run("fit", "m.lml").returncode == 1


def test_piped_output_is_whole(tmp_path):
    doc = "word " * 100
    long = " + ".join(f"a{i}*t" for i in range(40))
    names = "".join(f'param a{i} = {i + 1} fixed "{doc}{i}"\n' for i in range(40))
    Path("m.lml").write_text(f"input t\nparam c\n{names}y = c + {long}\ndata 'd.csv'\n")
    done = run("fit", "m.lml", env={**os.environ, "COLUMNS": "40"})
    assert done.returncode == 0, done.stderr
    assert "\u2026" not in done.stdout
    for i in range(40):
        assert f"{doc}{i} " in done.stdout
    assert any(
        line.startswith("y = c + a0*t + a1*t") and len(line) > 250 for line in done.stdout.splitlines()
    )


def test_a_pipe_that_knows_no_greek():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run("fit", "y ~ λ*t", "--data", "d.csv", env=environment)
    assert done.returncode == 0, done.stderr
    assert "y ~ \\u03bb*t" in done.stdout
    done = run("check", "λ*exxp(t)", env=environment)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away():
    Path("d.csv").write_text("t\n" + "1\n" * 200_000)
    writer = subprocess.Popen(
        [LML, "eval", "a*t", "--data", "d.csv", "--set", "a=2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert writer.stdout.readline() == "t,value\n"
    writer.stdout.close()
    _, errors = "", writer.stderr.read()
    writer.wait(timeout=60)
    writer.stderr.close()
    assert "Traceback" not in errors


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interrupt_while_reading(monkeypatch):
    """Ctrl-C before the fit: no traceback, exit code 130, nothing written."""

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    Path("out.json").write_text("old")
    monkeypatch.setattr(cli, "load", interrupt)
    done = lml("fit", "m.lml", "--json", "out.json")
    assert done.exit_code == 130
    assert done.stderr == "Interrupted; nothing was written.\n"
    assert Path("out.json").read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interrupt_of_a_process():
    """Ctrl-C in a fit that takes long: the best so far, or nothing; never a traceback."""
    rows = "\n".join(f"{i / 1e5},{(i * 7919) % 1000 / 1000}" for i in range(200_000))
    Path("big.csv").write_text("t,y\n" + rows + "\n")
    terms = " + ".join(f"a{i}*sin(w{i}*t + p{i})*exp(-l{i}*t)" for i in range(8))
    program = "from lambdaml_dsl.cli import main; print('ready', flush=True); main()"
    words = ["fit", f"y ~ {terms}", "--data", "big.csv", "--set", "w1=31", "--set", "w2=77"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    if process.returncode == 130:
        assert output == ""
    else:
        assert process.returncode in (0, 1)
        assert "rss = " in output
