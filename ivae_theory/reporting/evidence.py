"""Evidence shortened for people: the whole of it is in the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["as_text", "numbers", "shortened"]

LONGEST_LIST, LONGEST_TEXT = 12, 160
#: Characters that one field of a rival gets.
LONGEST_FIELD = 150
#: Fields of a rival's evidence that are words, or only say where the words come from.
_WORDS = ("kind", "text", "covers")


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


def as_text(value: Any, width: int = 76, indent: str = "") -> str:
    """Shortened evidence as JSON text: a part that fits on one line of ``width`` characters is one line."""
    cut = shortened(value)
    line = json.dumps(cut, ensure_ascii=False)
    if len(indent) + len(line) <= width or not isinstance(cut, (dict, list)) or not cut:
        return line
    inner = indent + " "
    if isinstance(cut, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {as_text(item, width, inner)}" for key, item in cut.items()]
    else:
        parts = [as_text(item, width, inner) for item in cut]
    opening, closing = ("{", "}") if isinstance(cut, dict) else ("[", "]")
    return "\n".join([opening, ",\n".join(inner + part for part in parts), indent + closing])


def numbers(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of evidence beside its words, each on one short line; latents are counted from 1 as in the words."""
    fields = []
    for key, value in evidence.items():
        if key in _WORDS:
            continue
        if key == "latents":
            value = [latent + 1 if isinstance(latent, int) else latent for latent in value]
        cut = shortened(value)
        text = cut if isinstance(cut, str) else json.dumps(cut).replace('"', "")
        if len(text) > LONGEST_FIELD:
            text = f"{text[:LONGEST_FIELD]}... {len(text) - LONGEST_FIELD} more characters"
        fields.append((key.replace("_", " "), text))
    return fields
