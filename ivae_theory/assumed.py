"""The sentences in which verdicts say what they take for granted: the same where they are made and rechecked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "C1_ASSUMPTION",
    "CROSS",
    "EXACT_POSTERIOR",
    "HALF_OF_THE_DIGITS",
    "HOMEOMORPHISM",
    "INDEPENDENT",
    "LOOKED_AT",
    "OBSERVED_LABELS",
    "SAME_FAMILY",
    "SAME_IMAGE",
    "SAMPLED",
    "of_construction",
    "of_draws",
    "of_law",
    "of_recovery",
]

EXACT_POSTERIOR = "the learned posterior is exact (Theorem 3's hypothesis): regression on an amortised one is biased"
LOOKED_AT = (
    "a lack of affine fit shows in the segments, or in squares, absolute values, bends, tanh and products of the "
    "learned latents: behind a posterior no other functions are looked at"
)
SAMPLED = "the groups of rows are independent, and the statistics have finite fourth moments"
HALF_OF_THE_DIGITS = "the values that lambda returns are correct to half of their digits"
OBSERVED_LABELS = "every observed label u has positive probability"
HOMEOMORPHISM = "f'^-1 o f is a homeomorphism for every theta' (automatic only for n = d)"
INDEPENDENT = "q has independent components for all x and u, as the class of the distribution that it returned says"
C1_ASSUMPTION = "f'^-1 o f is a C1 diffeomorphism for the models that are compared (theory, section 3, k >= 2)"
SAME_FAMILY = "the models that are compared have T' = (z, z**2) up to affine maps for every latent as well"
#: Name of a hypothesis, whose use rests on :data:`C1_ASSUMPTION`.
CROSS = "f with second cross-derivatives"
SAME_IMAGE = "the images f(Z) and f'(Z') are the same up to null sets"


def of_draws(level: float, count: int, tolerance: float) -> str:
    """Of events of probability ``log(2 / level) / count`` all draws miss one with probability ``level / 2``."""
    return (
        f"q is not wrong in events so rare (below about {math.log(2 / level) / count:.2g}) that {count} draws miss "
        f"them, and {tolerance:g} nats of divergence do not matter"
    )


def of_recovery(route: Any) -> tuple[str, ...]:
    """No bootstrap bounds a sampling error without them; behind posteriors the posterior itself is believed, too.

    There a residual may be noise, and of its mean given x and u only what some functions explain is seen.
    """
    return (SAMPLED,) if route == "exact" else (EXACT_POSTERIOR, LOOKED_AT, SAMPLED)


def of_construction(built: Mapping[str, Any]) -> tuple[str, ...]:
    """What users say about layers that they registered, one sentence a layer; else that a library's do as they say."""
    documented = f"{built['layer'].split('.')[0]} implements its layers as documented"
    return tuple(dict.fromkeys(_declared(built))) or (documented,)


def _declared(built: Mapping[str, Any]) -> Iterator[str]:
    if built["declared"]:
        yield f"{built['layer']} is injective as declared: {built['argument']}"
    for part in built["parts"]:
        yield from _declared(part)


def of_law(node: Mapping[str, Any]) -> Iterator[str]:
    """What is given as a formula is taken to be the density, or the characteristic function, of a law."""
    if node["node"] == "density":
        yield f"the density {node['expression']} integrates to 1"
    if node["node"] == "cf":
        yield f"{node['expression']} is a characteristic function (positive definite)"
    for inner in [*node.get("laws", []), *([node["law"]] if "law" in node else [])]:
        yield from of_law(inner)
