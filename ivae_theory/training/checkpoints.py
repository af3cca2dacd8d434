"""Checkpoints: tensors in safetensors, everything else as JSON in its header; pickle is never read or written.

One file holds one state, and is replaced whole: a process killed at any moment leaves the previous state or the new.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.files import make_folder, read_json, regular, write_bytes
from ivae_theory.training.extras import need, torch

__all__ = ["SCHEMA", "read_checkpoint", "write_checkpoint"]

#: Version of a checkpoint's layout.
SCHEMA = 1

_KIND = "ivae_theory.checkpoint"


def write_checkpoint(path: str | Path, tensors: dict[str, torch.Tensor], state: dict[str, Any]) -> None:
    """Write ``tensors`` and the JSON values ``state`` to ``path``, atomically."""
    save = need("safetensors.torch", "checkpoints").save
    header = {"schema": SCHEMA, "kind": _KIND, "state": state}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    payload = save(contiguous, {"ivae_theory": json.dumps(header, allow_nan=False)})
    make_folder(Path(path).parent, "checkpoint")
    write_bytes(path, payload, "checkpoint")


def read_checkpoint(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors and state of a checkpoint.

    Raises
    ------
    CorruptReport
        The file is not a checkpoint of this schema.
    """
    safetensors = need("safetensors", "checkpoints")
    target = regular(path, "checkpoint")
    try:
        with safetensors.safe_open(str(target), framework="pt") as file:
            header = read_json((file.metadata() or {}).get("ivae_theory", "null"), "checkpoint")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except InputError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, AttributeError, safetensors.SafetensorError) as error:
        raise CorruptReport("checkpoint", "a file written by write_checkpoint", f"{path}: {error}") from None
    if not isinstance(header, dict) or header.get("kind") != _KIND or header.get("schema") != SCHEMA:
        raise CorruptReport("checkpoint", f"a checkpoint of schema {SCHEMA}", f"{path} without its header")
    if not isinstance(header.get("state"), dict):
        raise CorruptReport("checkpoint", "a checkpoint with its state", f"{path} without one")
    return tensors, header["state"]
