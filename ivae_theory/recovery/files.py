"""Arrays from an npz file."""

from __future__ import annotations

import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.files import memory, regular

__all__ = ["read_npz"]

#: Numbers are shrunk a few times by compression; what grows more than this beyond a gigabyte was made to fill a memory.
_LARGEST_RATIO, _HARMLESS = 100, 1 << 30

_UNREADABLE = (
    ValueError, OSError, EOFError, RuntimeError, NotImplementedError, KeyError, MemoryError, OverflowError, TypeError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip


def read_npz(
    path: str | Path,
    required: Sequence[str] = ("z_true", "z_learned"),
    optional: Sequence[str] = ("u", "natural", "learned_natural"),
) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file, which are those ``required`` and perhaps the ``optional``.

    Nothing is ever unpickled, and sizes are compared before anything is read.

    Raises
    ------
    InputError
        For missing files, missing or unknown arrays.
    CorruptReport
        For files that are no npz, object arrays, headers that declare another size, and more than fits in memory.
    """
    target = regular(path, "FILE", "npz file")
    try:
        with target.open("rb") as stream:
            if stream.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX:
                raise CorruptReport("FILE", "an npz file with named arrays", "a single npy array")
        with zipfile.ZipFile(target) as archive:
            _require_names(archive, required, optional)
            _require_sizes(archive, target.stat().st_size)
        with np.load(target, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        got = " ".join(str(error).split())[:100] or type(error).__name__
        raise CorruptReport(
            "FILE", "an npz file of plain arrays (object arrays are not read)", ascii(got)[1:-1]
        ) from None


def _require_names(archive: zipfile.ZipFile, required: Sequence[str], optional: Sequence[str]) -> None:
    files = archive.namelist()
    names = [name.removesuffix(".npy") for name in files]
    unknown = sorted({name for name in names if name not in {*required, *optional}})
    missing = [name for name in required if name not in names]
    if unknown or missing:
        got = f"also {ascii(', '.join(unknown))[1:-1]:.100}" if unknown else f"no {', '.join(missing)}"
        raise InputError("FILE", f"arrays {', '.join(required)} and optionally {', '.join(optional)}", got)
    if len(set(names)) < len(names) or not all(file.endswith(".npy") for file in files):
        raise CorruptReport("FILE", "every array once", "one twice, or one that is not in the npy format")


def _require_sizes(archive: zipfile.ZipFile, packed: int) -> None:
    """Every array has the size that its header declares, and all of them fit in memory."""
    total = 0
    for info in archive.infolist():
        with archive.open(info) as member:
            read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(npy.read_magic(member))
            if read is None:
                raise CorruptReport("FILE", "arrays in version 1 or 2 of the npy format", "another version")
            shape, _, kind = read(member)
            if kind.hasobject:
                raise CorruptReport("FILE", "plain arrays (object arrays are not read)", f"objects in {info.filename}")
            declared = member.tell() + math.prod(shape) * kind.itemsize
        if declared != info.file_size:
            raise CorruptReport(
                "FILE", f"{info.file_size} bytes of {info.filename}", f"a header that declares {declared}"
            )
        total += declared
    if total > memory() // 2:
        raise CorruptReport("FILE", "arrays that fit in memory", f"{total} bytes")
    if total > _HARMLESS and total > _LARGEST_RATIO * packed:
        raise CorruptReport("FILE", f"arrays of at most {_LARGEST_RATIO} times the file", f"{total} bytes in {packed}")
