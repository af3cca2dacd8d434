"""Whatever a path leads to: one line on standard error, exit status 2, nothing that a terminal would obey."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ivae_theory.cli import main
from tests.fuzz.targets import SEEDS, documents
from tests.reporting.hostile import ATTACKS

SECTION5 = str(Path(__file__).parents[2] / "docs" / "examples" / "section5.py")
REPORT = str(SEEDS / "documents" / "figure1.json")


@pytest.fixture
def refused(capsys):
    """Run a command line that has to be refused; the line that says why."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert stop.value.code == 2, (stop.value.code, out, err)
        assert out == ""
        assert err.startswith("ivae-theory: ")
        assert err.endswith("\n")
        assert err[:-1].isprintable(), err
        assert "Traceback" not in err
        assert len(err) < 1200
        return err

    return call


def _fifo(path):
    os.mkfifo(path)


def _loop(path):
    path.symlink_to(path)


#: What a path may lead to instead of what a command expects.
PLACES = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "folder": lambda path: path.mkdir(),
    "pipe": _fifo,
    "loop": _loop,
    "dangling": lambda path: path.symlink_to("nowhere"),
    "zeros": lambda path: path.symlink_to("/dev/zero"),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\x00\x80" * 100),
    "mark": lambda path: path.write_bytes(b"\xef\xbb\xbf"),
    "null": lambda path: path.write_bytes(b"\x00"),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "escapes": lambda path: path.write_text("raise ValueError('\\x1b[2J\\u202e [red]no')"),
    "archive": lambda path: zipfile.ZipFile(path, "w").close(),
    "database": lambda path: sqlite3.connect(path).execute("CREATE TABLE a (b)").connection.close(),
}
COMMANDS = (
    ["check", "{}"],
    ["check", "{}:model", "--quiet"],
    ["recheck", "{}"],
    ["recheck", REPORT, "--model", "{}"],
    ["recover", "{}"],
    ["equivalent", "{}", SECTION5],
    ["equivalent", SECTION5, "{}:model"],
    ["train", "{}"],
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_path_to_anything_else_is_refused(refused, tmp_path, monkeypatch, command, place):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "given"
    PLACES[place](path)
    refused(*(word.format(path) for word in command))


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07.py", "\u202egnp.py", "[red]x[/red].json", "a" * 5000, ":", ""])
@pytest.mark.parametrize("command", ["check", "recheck", "recover", "train"])
def test_names_are_shown_and_not_obeyed(refused, command, name):
    refused(command, name)


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_on_the_command_line_are_shown_and_not_obeyed(refused, tmp_path, attack):
    path = tmp_path / "z.npz"
    np.savez(path, z_true=np.eye(4), z_learned=np.eye(4))
    refused("recover", path, "--statistics", attack)
    refused("check", SECTION5, "--goal", attack)
    refused("check", SECTION5, "--assume", attack)
    refused("check", SECTION5 + ":" + attack)
    refused(attack)


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e300", "0", "-1", "soon"])
@pytest.mark.parametrize(
    "command",
    [["check", SECTION5], ["recheck", REPORT], ["recover", "absent.npz"], ["train", "paper"]],
    ids=" ".join,
)
def test_a_budget_is_a_number_of_seconds(refused, command, seconds):
    if command[0] == "train":
        pytest.importorskip("torch", reason="needs the extra 'train'")
    assert "timeout" in refused(*command, "--timeout", seconds)


def _text(content):
    return lambda path: path.write_text(content, encoding="utf-8", errors="surrogatepass")


def _forged(**changes):
    return _text(json.dumps({**documents()[0], **changes}))


REPORTS = {
    "twice": _text('{"schema": 1, "schema": 1}'),
    "nan": _text('{"schema": NaN}'),
    "infinity": _text('{"schema": -Infinity}'),
    "beyond": _text('{"schema": 1e999}'),
    "digits": _text('{"schema": ' + "9" * 100_000 + "}"),
    "surrogate": _text('{"\ud800": "\\ud800"}'),
    "escaped surrogate": _text('{"kind": "\\ud800", "schema": 1}'),
    "list as kind": _text('{"kind": [], "schema": 1}'),
    "objects": _text('{"a":' * 150 + "1" + "}" * 150),
    "words": _forged(**{"\x1b[31m": 1}),
    "seal": _forged(goal="\x1b[31m"),
    "long": _text("[" + "1," * 100_000 + "1]"),
}


@pytest.mark.parametrize("report", REPORTS)
def test_reports_that_are_no_json_are_refused(refused, tmp_path, report):
    path = tmp_path / "report.json"
    REPORTS[report](path)
    refused("recheck", path)


def _archive(
    path, *, descr="<f8", shape=(4, 2), payload=b"\x00" * 64, name="z_learned.npy", compression=zipfile.ZIP_STORED
):
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    good = io.BytesIO()
    np.save(good, np.eye(4)[:, :2])
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("z_true.npy", good.getvalue())
        archive.writestr(name, b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + payload)


def _bomb(path):
    """Eight megabytes in eight thousand bytes."""
    _archive(path, shape=(1 << 20, 1), payload=bytes(1 << 23), compression=zipfile.ZIP_DEFLATED)


ARRAYS = {
    "more than there is": lambda path: _archive(path, shape=(10**12, 2)),
    "beyond integers": lambda path: _archive(path, shape=(10**30, 10**30)),
    "nothing of everything": lambda path: _archive(path, shape=(10**18, 0), payload=b""),
    "negative": lambda path: _archive(path, shape=(-4, 2)),
    "objects": lambda path: _archive(path, descr="|O"),
    "text": lambda path: _archive(path, descr="<U2"),
    "dates": lambda path: _archive(path, descr="<M8[s]"),
    "complex": lambda path: _archive(path, descr="<c16", shape=(4, 1)),
    "records": lambda path: _archive(path, descr=[("a", "<f8")], shape=(8,)),
    "voids": lambda path: _archive(path, descr="|V8"),
    "no type": lambda path: _archive(path, descr="<f3"),
    "code": lambda path: _archive(path, descr="__import__('os').system('true')"),
    "outside": lambda path: _archive(path, name="../../z_learned.npy"),
    "twice": lambda path: _archive(path, name="z_true.npy"),
    "pickle": lambda path: _archive(path, name="z_learned.pkl"),
    "nan": lambda path: _archive(path, payload=np.full(8, np.nan).tobytes()),
    "bomb": _bomb,
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("array", ARRAYS)
def test_arrays_that_lie_are_refused(refused, tmp_path, monkeypatch, array):
    monkeypatch.setattr("ivae_theory.recovery.files._HARMLESS", 1 << 20)
    path = tmp_path / "z.npz"
    ARRAYS[array](path)
    refused("recover", path)


@pytest.mark.parametrize(
    ("option", "path"),
    [("--json", "/proc/x"), ("--json", "{}"), ("--html", "{}/absent/x"), ("--latex", "x" * 5000)],
)
def test_what_cannot_be_written_is_said(refused, tmp_path, option, path):
    refused("check", SECTION5, "--quiet", option, path.format(tmp_path))


GOOD = f"from runpy import run_path\nmodel = run_path({SECTION5!r})['model']\n"


@pytest.mark.parametrize("status", ["0", "1", "3", "None", "'text'"])
def test_a_function_that_exits_decides_nothing(refused, tmp_path, status):
    path = tmp_path / "m.py"
    path.write_text(f"def model(): raise SystemExit({status})")
    assert "exit with status" in refused("check", path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("status", [0, 1, 3])
def test_a_file_that_ends_the_process_decides_nothing_within_a_budget(tmp_path, status):
    path = tmp_path / "m.py"
    path.write_text(f"import os\nos._exit({status})")
    command = [sys.executable, "-m", "ivae_theory", "check", str(path), "--timeout", "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2, done
    assert len(done.stderr.splitlines()) == 1
    assert f"status {status}" in done.stderr


@pytest.mark.parametrize(
    "line",
    ["import sys\nsys.stdout.close()", "import sys\nsys.path.clear()", "import sys\nsys.exit = lambda *status: None"],
)
def test_a_file_that_breaks_its_surroundings_changes_no_exit_status(tmp_path, line):
    path = tmp_path / "m.py"
    path.write_text(GOOD + line)
    command = [sys.executable, "-m", "ivae_theory", "check", str(path), "--json", "report.json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == (2 if "stdout" in line or "path" in line else 0), done
    assert "Traceback" not in done.stderr


def test_a_file_that_changes_the_folder_does_not_move_what_is_written(tmp_path, monkeypatch):
    path = tmp_path / "m.py"
    (tmp_path / "elsewhere").mkdir()
    path.write_text(GOOD + f"import os\nos.chdir({str(tmp_path / 'elsewhere')!r})")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["check", "m.py", "--json", "report.json", "--quiet"])
    assert stop.value.code == 0
    assert (tmp_path / "report.json").exists()


def test_an_error_that_nobody_foresaw_is_neither_holds_nor_fails(refused, tmp_path):
    path = tmp_path / "m.py"
    path.write_text("from ivae_theory import Model\nmodel = object.__new__(Model)")
    assert "not expected" in refused("check", path)


def test_two_outputs_do_not_share_a_file(refused, tmp_path):
    assert "--html" in refused("check", SECTION5, "--quiet", "--json", tmp_path / "x", "--html", tmp_path / "x")


@pytest.mark.parametrize(
    "command",
    [["check", SECTION5], ["recover", "absent.npz"], ["equivalent", SECTION5, SECTION5]],
    ids=" ".join,
)
def test_seeds_are_not_negative(refused, command):
    assert "--seed" in refused(*command, "--seed", "-1")


def test_a_recovery_is_about_no_model(refused, tmp_path):
    path = tmp_path / "z.npz"
    z = np.random.default_rng(0).normal(size=(100, 2))
    np.savez(path, z_true=z, z_learned=z)
    with pytest.raises(SystemExit):
        main(["recover", str(path), "--json", str(tmp_path / "r.json"), "--quiet"])
    assert "no model" in refused("recheck", tmp_path / "r.json", "--model", SECTION5)
