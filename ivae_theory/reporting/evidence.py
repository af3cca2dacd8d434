"""Evidence shortened for people: the whole of it is in the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["shortened"]

LONGEST_LIST, LONGEST_TEXT = 12, 160


def shortened(value: Any) -> Any:
    """JSON values with long lists, long texts and encoded arrays cut, and said to be cut."""
    if isinstance(value, Mapping):
        if {"dtype", "shape", "base64"} <= set(value):
            return f"array of shape {tuple(value['shape'])}, {value['dtype']}"
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        shown = [shortened(item) for item in value[:LONGEST_LIST]]
        if len(value) > LONGEST_LIST:
            shown.append(f"... {len(value) - LONGEST_LIST} more")
        return shown
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}... {len(value) - LONGEST_TEXT} more characters"
    return value
