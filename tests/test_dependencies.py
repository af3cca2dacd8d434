"""The three lists of dependencies agree: what is declared, what is pinned, what is locked with hashes."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {_plain(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def _pinned() -> dict[str, str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return {_plain(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def _declared(*extras: str) -> set[str]:
    """The names that setup.cfg declares: always, and for these extras."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].split("\n")
    for extra in extras:
        lines += setup["options.extras_require"][extra].split("\n")
    return {_plain(re.split(r"[<>=!~\[; ]", line.strip())[0]) for line in lines if line.strip()}


def test_every_file_that_is_installed_has_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[\w.-]+==)", text)[1:]
    assert len(entries) > 50
    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "torch" not in _locked()


def test_what_is_pinned_is_locked_at_the_same_version():
    locked, pinned = _locked(), _pinned()
    assert {name: locked[name] for name in pinned.keys() & locked.keys()} == {
        name: pinned[name] for name in pinned.keys() & locked.keys()
    }, "run .ci/lock"


def test_everything_that_development_needs_is_pinned_and_locked():
    needed = _declared("dev")
    assert needed - _pinned().keys() == set()
    assert needed - _locked().keys() == {"torch"}, "run .ci/lock"
