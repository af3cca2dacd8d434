"""The sentences in which verdicts say what they take for granted: the same where they are made and rechecked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["HALF_OF_THE_DIGITS", "HOMEOMORPHISM", "INDEPENDENT", "OBSERVED_LABELS", "of_law"]

HALF_OF_THE_DIGITS = "the values that lambda returns are correct to half of their digits"
OBSERVED_LABELS = "every observed label u has positive probability"
HOMEOMORPHISM = "f'^-1 o f is a homeomorphism for every theta' (automatic only for n = d)"
INDEPENDENT = "q has independent components for all x and u, as the class of the distribution that it returned says"


def of_law(node: Mapping[str, Any]) -> Iterator[str]:
    """What is given as a formula is taken to be the density, or the characteristic function, of a law."""
    if node["node"] == "density":
        yield f"the density {node['expression']} integrates to 1"
    if node["node"] == "cf":
        yield f"{node['expression']} is a characteristic function (positive definite)"
    for inner in [*node.get("laws", []), *([node["law"]] if "law" in node else [])]:
        yield from of_law(inner)
