"""Files are written whole or not at all, to where links point, and never over a device."""

from __future__ import annotations

import ast
import os
import stat
import threading
from pathlib import Path

import pytest

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.files import make_folder, write_bytes, write_text


def test_a_file_is_written_and_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "é\ud800", "--json")
    assert path.read_bytes() == "é?".encode()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o640)
    write_bytes(path, b"new", "--json")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_text(tmp_path / "link", "new", "--json")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_stays_one_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    write_text("/dev/null", "gone", "--json")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_text(tmp_path / "pipe", "text", "--json")
    reader.join(10)
    assert read == [b"text"]


@pytest.mark.parametrize("name", ["missing/a.json", "a\0b", "x" * 300, ".", "file/a.json"])
def test_what_cannot_be_written_is_one_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^--json: expected a path that can be written"):
        write_text(f"{tmp_path}/{name}", "text", "--json")
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write_text(path, "old", "--json")
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fails(descriptor: int, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises((InputError, KeyboardInterrupt)):
            write_text(path, "new", "--json")
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["a"]


def test_folders(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b", "out").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^out: expected a folder"):
        make_folder(tmp_path / "file" / "b", "out")


#: Names of calls that write files.
WRITERS = {"mkdir", "mkstemp", "NamedTemporaryFile", "save_file", "savez", "savez_compressed", "tofile"}


def test_nothing_else_in_the_packages_writes_files() -> None:
    """One home: whoever writes otherwise leaves half a file when it is killed."""
    root = Path(__file__).parents[1]
    found = []
    for path in [*root.glob("ivae_theory/**/*.py"), *root.glob("proofs_checks/**/*.py")]:
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        if path != root / "ivae_theory" / "files.py":
            found += [f"{path.relative_to(root)}: {ast.unparse(call)[:80]}" for call in calls if writes(call)]
    assert found == []


def writes(call: ast.Call) -> bool:
    function = ast.unparse(call.func)
    name = function.rpartition(".")[2]
    if name in WRITERS or (name in {"write_text", "write_bytes"} and function != name):
        return True
    if name == "savefig":
        return ast.unparse(call.args[0]) != "buffer"
    modes = [*call.args[:2], *(k.value for k in call.keywords if k.arg == "mode")] if name == "open" else []
    return any(isinstance(mode, ast.Constant) and "w" in str(mode.value) for mode in modes)


@pytest.mark.parametrize("path", [None, 3, b"x", ["x"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputTypeError, match="html: expected a path"):
        write_text(path, "x", "html")
