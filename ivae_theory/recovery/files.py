"""Recovery from a file of arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import CorruptReport, InputError

__all__ = ["KNOWN", "read_npz"]

#: The arrays that a file may hold; the first two must be there.
KNOWN = ("z_true", "z_learned", "u", "natural", "learned_natural")


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file; nothing is ever unpickled.

    Raises
    ------
    InputError
        For missing files, missing or unknown arrays.
    CorruptReport
        For files that are no npz, and object arrays.
    """
    target = Path(path)
    if not target.is_file():
        raise InputError("FILE", "an existing npz file", repr(str(path)))
    try:
        with target.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not hasattr(archive, "files"):
                raise CorruptReport("FILE", "an npz file with named arrays", "a single npy array")
            with archive:
                return _known(archive)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise CorruptReport(
            "FILE", "an npz file of plain arrays (object arrays are not read)", str(error)[:100]
        ) from None


def _known(archive: Any) -> dict[str, NDArray[Any]]:
    unknown = sorted(set(archive.files) - set(KNOWN))
    missing = [name for name in KNOWN[:2] if name not in archive.files]
    if unknown or missing:
        got = f"also {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise InputError("FILE", f"arrays {', '.join(KNOWN[:2])} and optionally {', '.join(KNOWN[2:])}", got)
    return {name: archive[name] for name in archive.files}
