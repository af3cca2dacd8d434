"""A model built again from what a report says about it: so that a changed description can be asked for the truth."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory import Discrete, Model, Noise, Observed, Points, Prior, assume_injective, theorem2
from ivae_theory.checking import _plan
from ivae_theory.exact import decode_array, from_text
from ivae_theory.families.family import family_from_description
from ivae_theory.noise.reading import law_from_description
from ivae_theory.verdict import Verdict


def rebuilt(subject: Mapping[str, Any], claim: str) -> Model | None:
    """The described model as far as ``claim`` looks at it; ``None`` where the description is no full one.

    Sizes that contradict each other describe no model.
    """
    if claim == "theorem3.i":
        return None
    families = [family_from_description(item) for item in subject["families"]]
    ks = [family.k for family in families]
    if subject["n"] != len(families) or subject["ks"] != ks:
        return None
    prior = _prior(subject, families, claim)
    noise = _noise(subject["noise"])
    mixing = _mixing(subject, claim)
    if prior is None or noise is None or mixing is None:
        return None
    model = Model(prior, noise=noise, mixing=mixing)
    return None if subject["d"] != model.d else model


def _prior(subject: Mapping[str, Any], families: list[Any], claim: str) -> Prior | None:
    natural = subject["natural"]
    if claim != "theorem1.iii" and not claim.startswith("published."):
        return Prior(families, _harmless(families))
    if (
        natural["kind"] != "table"
        or natural["error"] is not None
        or subject["domain"]["kind"] not in ("points", "observed")
    ):
        return None
    values = natural["values"]
    table: Any
    if natural["entries"] == "exact":
        table = [[Fraction(entry) for entry in row] for row in values]
    elif natural["entries"] == "symbols":
        table = sympy.Matrix([[from_text(entry, [], "table") for entry in row] for row in values])
    else:
        table = decode_array(values)
        if natural["dtype"] != str(table.dtype):
            table = table.astype(natural["dtype"])
    where = Points if subject["domain"]["kind"] == "points" else Observed
    return Prior(families, table, where(np.asarray(decode_array(subject["domain"]["values"]))))


def _harmless(families: list[Any]) -> list[list[Fraction]]:
    """Natural parameters that every named family allows: these claims do not look at them."""
    size = sum(family.k for family in families)
    return [[Fraction(-1, 2) - Fraction(i == j, 4) for j in range(size)] for i in range(size + 1)]


def _noise(described: Mapping[str, Any]) -> Any:
    law = described["law"]
    if law["node"] == "discrete":
        return Discrete(law["name"])
    return Noise(law=law_from_description(law), learned=described["learned"])


def _mixing(subject: Mapping[str, Any], claim: str) -> Any:
    described = subject["mixing"]
    if claim != "theorem1.injective" and not claim.startswith("published."):
        return assume_injective(subject["d"] or subject["n"])
    if described is None or described["kind"] != "symbolic":
        return None
    symbols = [sympy.Symbol(name, real=True) for name in described["symbols"]]
    return symbols, [from_text(text, symbols, "mixing") for text in described["expressions"]]


def decide_again(model: Model, claim: str) -> Verdict:
    """The checker's verdict on one claim."""
    direct = {
        "theorem2.scaled_permutation": theorem2.check_scaled_permutation,
        "theorem2.block_permutation": theorem2.check_block_permutation,
    }
    if claim in direct:
        return direct[claim](model)
    found: dict[str, Verdict] = {}
    for name, decide in _plan(model, 0, found):
        if name == claim or claim.startswith("published."):
            found[name] = decide()
        if name == claim:
            return found[name]
    raise AssertionError(f"no check decides {claim}")
