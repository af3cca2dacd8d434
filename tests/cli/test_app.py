"""The command line: exit statuses, one line for every error, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ivae_theory.cli.app import COMMANDS, main

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SECTION5 = str(EXAMPLES / "section5.py")


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return stop.value.code, out, err

    return call


def test_what_holds_exits_with_0_and_prints_80_columns(run):
    status, out, err = run("check", SECTION5, "--goal", "permutation")
    assert (status, err) == (0, "")
    assert "HOLDS" in out
    assert "theorem2.scaled_permutation" in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_fails_exits_with_1_and_says_that_it_is_no_proof(run):
    status, out, _ = run("check", EXAMPLES / "fails_few_segments.py")
    assert status == 1
    assert "theorem1.iii" in out
    assert "no proof that the model is not identifiable" in " ".join(out.split())


UNDECIDED = """
import numpy as np
from ivae_theory import Model, Noise, Prior, families
table = -1 / (2 * np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]]))
model = Model(Prior(families.gaussian_scale(), table), noise=Noise.gaussian(0.01))
"""


def test_what_is_undecided_exits_with_3_and_vouching_settles_it(run, tmp_path):
    file = tmp_path / "undecided.py"
    file.write_text(UNDECIDED)
    status, out, _ = run("check", file)
    assert status == 3
    assert "--assume theorem1.injective" in " ".join(out.split())
    status, out, _ = run("check", file, "--assume", "theorem1.injective")
    assert status == 0
    assert "vouch" in out


def test_a_report_is_written_and_rechecks_with_and_without_its_model(run, tmp_path):
    path = tmp_path / "report.json"
    html, tex = tmp_path / "report.html", tmp_path / "report.tex"
    status, out, _ = run("check", SECTION5, "--quiet", "--json", path, "--html", html, "--latex", tex)
    assert (status, out) == (0, "")
    assert "<h1>" in html.read_text()
    assert "toprule" in tex.read_text()
    status, out, _ = run("recheck", path)
    assert status == 0
    assert "not bound to a model" in " ".join(out.split())
    status, out, _ = run("recheck", path, "--model", SECTION5)
    assert status == 0
    assert "bound to the model" in " ".join(out.split())
    status, _, err = run("recheck", path, "--model", EXAMPLES / "figure1.py")
    assert status == 2
    assert "digest" in err


def one_line(err):
    return err.startswith("ivae-theory: ") and err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "absent.py"],
        ["check", SECTION5, "--goal", "everything"],
        ["check", SECTION5, "--assume", "theorem9"],
        ["check", SECTION5, "--timeout", "0"],
        ["check", SECTION5 + ":absent"],
        ["check", SECTION5, "--quiet", "--json", "/absent/folder/report.json"],
        ["recheck", "absent.json"],
        ["recheck", SECTION5],
        ["no-such-command"],
        ["--no-such-option"],
    ],
)
def test_bad_usage_is_one_line_and_exit_status_2(run, arguments):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert one_line(err), err


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{}", b"[1]", b"null", b'{"schema": 1, "kind": "ivae_theory.report"}', b"[" * 100_000],
)
def test_a_corrupt_report_is_one_line_and_exit_status_2(run, tmp_path, content):
    path = tmp_path / "report.json"
    path.write_bytes(content)
    status, _, err = run("recheck", path)
    assert status == 2
    assert one_line(err), err


def test_a_changed_report_is_refused(run, tmp_path):
    path = tmp_path / "report.json"
    run("check", SECTION5, "--quiet", "--json", path)
    document = json.loads(path.read_text())
    document["verdicts"][0]["reason"] += "!"
    path.write_text(json.dumps(document))
    status, _, err = run("recheck", path)
    assert status == 2
    assert "seal" in err


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_or_delegates(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "Usage" in out or "usage" in out


def test_the_installed_command_runs():
    done = subprocess.run(
        [sys.executable, "-c", "from ivae_theory.cli import main; main(['--version'])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "ivae-theory" in done.stdout
