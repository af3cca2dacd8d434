"""Work in a forked child that is killed, interrupted or starved; and disks that are full or cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NoReturn

__all__ = ["Broken", "Ended", "full_disk", "in_child", "intact", "litter", "read_only", "require"]

#: Seconds after which a child that should have ended is taken to hang.
_PATIENCE = 120.0
_HELD = {signal.SIGINT}


class Broken(AssertionError):
    """What a trial expected did not come about."""


def require(condition: Any, what: str) -> None:
    """Raise :class:`Broken` unless the condition holds."""
    if not condition:
        raise Broken(what)


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status (negative: the signal), and what it printed on standard error."""

    status: int
    errors: str


def in_child(work: Callable[[], Any], folder: Path, *, after: float | None = None, send: int = signal.SIGKILL) -> Ended:
    """Run ``work`` in a fork of this process, and send it a signal after some seconds."""
    log = folder / "stderr"
    log.touch()
    # A signal that came before the child is ready would make it go on as this process.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    identity = os.fork()
    if identity == 0:
        _as_child(work, log)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    began = time.monotonic()
    if after is not None:
        time.sleep(after)
        # until it is waited for, a child that has ended keeps its number
        os.kill(identity, send)
    while True:
        done, status = os.waitpid(identity, os.WNOHANG)
        if done:
            return Ended(os.waitstatus_to_exitcode(status), log.read_text(errors="replace"))
        if time.monotonic() - began > _PATIENCE + (after or 0):
            os.kill(identity, signal.SIGKILL)
            os.waitpid(identity, 0)
            raise Broken(f"it still runs after {_PATIENCE:.0f} s")
        time.sleep(0.002)


def _as_child(work: Callable[[], Any], log: Path) -> NoReturn:
    status = 70
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
        work()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt:
        status = 130
    except BaseException:  # noqa: BLE001 - the parent reads it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def moment(draw: Random, seconds: float) -> float:
    """A random moment of something that takes so long, its very beginning and end included."""
    return draw.choice([draw.uniform(0, seconds), draw.uniform(0, seconds), 0.0, draw.uniform(0, 0.01)])


def intact(path: Path, allowed: list[bytes]) -> None:
    """The file is one of those that were written whole; it is missing only where ``b""`` is allowed."""
    content = path.read_bytes() if path.exists() else b""
    require(content in allowed, f"{path.name} holds {len(content)} bytes that nobody wrote as a whole")


def litter(folder: Path) -> list[str]:
    """Names of temporary files left behind."""
    return sorted(name for name in os.listdir(folder) if name.startswith("."))


@contextmanager
def full_disk(folder: Path, size: int) -> Iterator[Path]:
    """A folder on a disk of so many bytes; where nothing can be mounted, one in which no file may be longer."""
    place = folder / "small"
    place.mkdir()
    if _mount("-t", "tmpfs", "-o", f"size={max(size, 4096)},nr_inodes=64", "tmpfs", str(place)):
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield place
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """The folder where nothing can be written: mounted so for the super-user, without the permission for others."""
    if _mount("--bind", str(folder), str(folder)):
        try:
            require(_mount("-o", "remount,ro,bind", str(folder)), "the folder is not mounted read-only")
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    folder.chmod(0o555)
    try:
        yield folder
    finally:
        folder.chmod(0o755)


def _mount(*arguments: str) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
