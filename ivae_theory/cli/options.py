"""What commands share: types of options, which shells complete as file names, and how help shows examples."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

__all__ = ["MODEL_FILE", "OUTPUT", "SEED", "different", "examples", "quiet_option"]


class _ModelFile(click.ParamType):  # type: ignore[type-arg]  # older versions of click have no generic one
    """FILE.py[:NAME]; what it names is checked when it is loaded."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The shell completes the file."""
        return [CompletionItem(incomplete, type="file")]


class _Output(click.Path):
    """A file to write: whether its folder takes it is asked before the work, not after hours of it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, when it can be written."""
        path = super().convert(value, param, ctx)
        folder = Path(os.fsdecode(path)).parent
        if not folder.is_dir():
            self.fail(f"there is no folder {str(folder)!r} to write into; make it first.", param, ctx)
        if not os.access(folder, os.W_OK | os.X_OK):
            self.fail(f"folder {str(folder)!r} cannot be written; choose another.", param, ctx)
        return path


MODEL_FILE = _ModelFile()
OUTPUT = _Output(dir_okay=False, writable=True)
SEED = click.IntRange(min=0)


def different(paths: Mapping[str, str | None]) -> None:
    """Refuse two outputs, by their options, that would overwrite each other."""
    taken: dict[str, str] = {}
    for option, path in paths.items():
        other = None if path is None else taken.setdefault(os.path.realpath(path), option)
        if other not in (None, option):
            raise click.UsageError(f"{option} and {other} name the same file {path!r}.")


def examples(*lines: str) -> str:
    """The end of a command's help: command lines to copy, each on its own line."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


def quiet_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option ``--quiet``."""
    return click.option("--quiet", is_flag=True, help="Print nothing; the exit status is the answer.")
