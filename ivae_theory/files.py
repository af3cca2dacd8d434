"""Files: read with suspicion, written whole or not at all.

Files come from anywhere: only regular ones are read, and never more than there is memory for. What is written goes to a
temporary file beside its target, is flushed to the disk and renamed over it, so that a process killed at any moment, or
a full disk, leaves the old content or the new one and never half of it.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivae_theory.errors import CorruptReport, InputError, InputTypeError

__all__ = ["make_folder", "memory", "read_json", "read_text", "regular", "write_bytes", "write_text"]

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


def make_folder(path: str | os.PathLike[str], argument: str) -> Path:
    """The folder, made with those that it lies in where they are missing."""
    try:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(argument, "a folder that can be made", f"{os.fspath(path)} ({why})") from None
    return folder


def write_text(path: str | os.PathLike[str], text: str, argument: str) -> None:
    """Write text in UTF-8; see :func:`write_bytes`."""
    write_bytes(path, text.encode("utf-8", errors="replace"), argument)


def write_bytes(path: str | os.PathLike[str], content: bytes, argument: str) -> None:
    """Replace a file's content whole, or leave it as it is; a device or a pipe is written to.

    Raises
    ------
    InputError
        Where that is not possible: no such folder, no permission, no space left.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputTypeError(argument, "a path", type(path).__name__)
    try:
        target = Path(os.path.realpath(path))  # what a link points to is replaced, not the link
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _replace(target, content)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(argument, "a path that can be written", f"{os.fspath(path)} ({why})") from None


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}")
    try:
        # as readable as any other file that this process makes, and as the one that it replaces
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
