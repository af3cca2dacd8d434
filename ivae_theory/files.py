"""Files that come from anywhere: only regular ones are read, and never more than there is memory for."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ivae_theory.errors import CorruptReport, InputError

__all__ = ["memory", "read_text", "regular"]


def regular(path: str | os.PathLike[str], argument: str, kind: str = "file") -> Path:
    """The path of an existing regular file: a pipe or a device may never end.

    Raises
    ------
    InputError
        For everything else, and for text that is no path.
    """
    with suppress(OSError, ValueError):  # a name that is too long, or has a null character
        if Path(path).is_file():
            return Path(path)
    raise InputError(argument, f"an existing {kind}", ascii(os.fspath(path))[:200])


def read_text(path: str | os.PathLike[str], longest: int, argument: str) -> str:
    """The UTF-8 text of a regular file of at most ``longest`` bytes."""
    target = regular(path, argument)
    try:
        with target.open("rb") as stream:
            content = stream.read(longest + 1)
    except OSError as error:
        raise InputError(argument, "a file that can be read", f"{target} ({error.strerror})") from None
    if len(content) > longest:
        raise CorruptReport(argument, f"at most {longest} bytes", "more")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise CorruptReport(argument, "text in UTF-8", "bytes that are not") from None


def memory() -> int:
    """Bytes of memory of this machine, or of the control group that this process runs in."""
    sizes = [1 << 40]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):  # no control group, or one without a bound
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes)
