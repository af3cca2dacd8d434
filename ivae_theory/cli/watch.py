"""Time budgets of commands: for the files of models that they run, and for what they compute."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from ivae_theory.budget import NoAnswer, answer, require_seconds
from ivae_theory.cli.console import progress
from ivae_theory.cli.loading import load_model
from ivae_theory.errors import CallableFailed, InputError

__all__ = ["load_within", "timeout_option", "within"]


def timeout_option(what: str, default: int, files: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option ``--timeout S``; where it is not given, the files of models are run without a bound."""
    rest = f" Given, it also bounds how long {files} runs." if files else ""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        help=f"Seconds for {what}, {default} by default.{rest}",
    )


def within(seconds: float, name: str, work: Callable[[], Any]) -> Any:
    """What ``work`` returns, JSON values, within the seconds; one error where it does not."""
    found = answer(name, work, seconds)
    if isinstance(found, NoAnswer):
        raise InputError(name, "an answer within time and memory (--timeout)", f"none: {found.reason.rstrip('.')}")
    return found


def load_within(seconds: float | None, *specs: str, quiet: bool = False) -> list[Any]:
    """The models that ``specs`` name, loaded within ``seconds``.

    Given a bound, on systems that fork, this returns in a child, which goes on with the command; its parent, which has
    loaded nothing, ends the child where the files do not come to an end, also inside C code, and leaves with the
    child's exit status.

    Raises
    ------
    CallableFailed
        When the files take longer, or end the process.
    """
    require_seconds(seconds)
    if seconds is None or not hasattr(os, "fork"):
        with progress("loading the model", quiet):
            return [load_model(spec) for spec in specs]
    loaded, say = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(say)
        _watch(child, loaded, seconds, ", ".join(specs), quiet)
    os.close(loaded)
    models = [load_model(spec) for spec in specs]
    os.write(say, b"\n")
    os.close(say)
    return models


def _watch(child: int, loaded: int, seconds: float, files: str, quiet: bool) -> None:
    """Wait for the child: bounded until it says that it has loaded the files, then as long as it takes."""
    end = time.monotonic() + seconds
    try:
        with progress("loading the model", quiet):
            while not select.select([loaded], [], [], max(0.0, end - time.monotonic()))[0]:
                if time.monotonic() >= end:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    raise CallableFailed(files, f"a file that runs within {seconds:g} s (--timeout)", "no end")
        _, status = os.waitpid(child, 0)
    except KeyboardInterrupt:
        os.waitpid(child, 0)  # the terminal interrupts both, and the child says so
        sys.exit(130)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        raise CallableFailed(files, "a file that runs", f"a process that ended with {name}")
    code = os.WEXITSTATUS(status)
    if code in (0, 1, 3) and not os.read(loaded, 1):  # those of verdicts, and nothing was loaded to be judged
        raise CallableFailed(files, "a file that runs", f"a process that ended with status {code}")
    sys.exit(code)
