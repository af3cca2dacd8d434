"""Files that come from anywhere: only regular ones are read, and never more than there is memory for."""

from __future__ import annotations

import json
import math
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivae_theory.errors import CorruptReport, InputError

__all__ = ["memory", "read_json", "read_text", "regular"]

#: Deepest nesting of JSON that is read; reports have about ten levels.
MAX_DEPTH = 200
#: Strings, skipped whole, and the brackets between them.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)


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


def read_json(text: str, argument: str, finite: bool = True) -> Any:
    """The value of JSON text, strictly: no NaN, no infinity unless ``finite`` is false, no name twice, no deep nesting.

    Raises
    ------
    CorruptReport
        When the text is something else.
    """
    try:
        _require_shallow(text)
        numbers: dict[str, Any] = {"parse_constant": _no_constant, "parse_float": _finite} if finite else {}
        return json.loads(text, object_pairs_hook=_without_duplicates, **numbers)
    except (ValueError, RecursionError) as error:
        raise CorruptReport(argument, "JSON text", ascii(str(error))[1:-1][:120]) from None


def _require_shallow(text: str) -> None:
    """Refuse deep nesting before it is parsed: at the recursion limit not even finalisers run cleanly."""
    depth = 0
    for found in _STRUCTURE.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"nesting deeper than {MAX_DEPTH}")
        elif found[0] in "]}":
            depth -= 1


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is beyond the largest double")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a name that stands twice, readers take different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def memory() -> int:
    """Bytes of memory of this machine, or of the control group that this process runs in."""
    sizes = [1 << 40]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):  # no control group, or one without a bound
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes)
