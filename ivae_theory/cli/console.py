"""Where the command line prints, and how it shows that it is at work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["console", "progress"]


def console() -> Console:
    """Standard output: 80 columns where there is no terminal; rich honours NO_COLOR."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 80
    return Console(width=width, highlight=False)


@contextmanager
def progress(start: str, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error that says what is being done; nothing where nobody watches."""
    errors = Console(stderr=True)
    if quiet or not errors.is_terminal:
        yield lambda text: None
        return
    with errors.status(start) as status:
        yield lambda text: status.update(text)
