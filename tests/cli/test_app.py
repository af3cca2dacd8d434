"""The command line: exit statuses, one line for every error, no traceback."""

import io
import json
import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from rich.text import Text

from ivae_theory.cli.app import COMMANDS, main
from ivae_theory.cli.console import console, progress

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


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_ends_with_examples_that_are_command_lines(command, run):
    """Each on a line of its own, to be copied, and understood by the command."""
    shown = [line.strip() for line in run(command, "--help")[1].splitlines() if line.startswith("    ivae-theory ")]
    assert shown, "no example"
    function = import_module(COMMANDS[command]).command
    for line in shown:
        words = shlex.split(line.partition(" 2>>")[0])
        assert words[:2] == ["ivae-theory", command]
        function.make_context(command, words[2:])


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_can_be_quiet(command, run):
    assert "--quiet" in run(command, "--help")[1]


def test_the_ledger_can_be_quiet(run):
    assert run("claims", "lemma1", "--quiet") == (0, "", "")
    status, out, err = run("claims", "absent")
    assert (status, out) == (2, "")
    assert one_line(err)


def test_a_mistyped_command_is_guessed(run):
    assert "did you mean 'check'?" in run("chek")[2]
    assert "commands are check, claims" in run("xyzzy")[2]


def test_a_folder_that_takes_no_file_is_said_before_the_work(run, tmp_path):
    status, _, err = run("check", SECTION5, "--html", tmp_path / "absent" / "report.html")
    assert status == 2
    assert one_line(err)
    assert "make it first" in err
    assert "is a directory" in run("check", SECTION5, "--json", tmp_path)[2]


def test_the_help_of_the_group_says_how_to_complete(run):
    status, out, _ = run("--help")
    assert status == 0
    assert 'eval "$(_IVAE_THEORY_COMPLETE=bash_source ivae-theory)"' in out
    assert "NO_COLOR" in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_shell_completes_commands_and_options():
    def complete(words):
        asked = {"_IVAE_THEORY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        code = "from ivae_theory.cli import main; main([])"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **asked}
        )
        return {line if line.startswith("file,") else line.partition(",")[2] for line in done.stdout.splitlines()}

    assert complete("ivae-theory rec") == {"recheck", "recover"}
    assert complete("ivae-theory check --goal perm") == {"permutation"}
    assert complete("ivae-theory check mod") == {"file,mod"}
    assert complete("ivae-theory check a.py --html rep") == {"file,rep"}


class Terminal(io.StringIO):
    """Standard error that somebody watches."""

    def isatty(self):
        return True


def test_progress_is_shown_to_people_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for quiet, watched in ((False, True), (True, True), (False, False)):
        stream = Terminal() if watched else io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        with progress("at work", quiet) as said:
            said("still at work")
        assert bool(stream.getvalue()) is (watched and not quiet)


def test_no_color_means_no_colour(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for coloured in (True, False):
        if not coloured:
            monkeypatch.setenv("NO_COLOR", "1")
        stream = Terminal()
        monkeypatch.setattr(sys, "stdout", stream)
        console().print(Text("HOLDS", style="green"))
        assert ("\x1b[32m" in stream.getvalue()) is coloured


def test_the_installed_command_runs():
    done = subprocess.run(
        [sys.executable, "-c", "from ivae_theory.cli import main; main(['--version'])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "ivae-theory" in done.stdout
