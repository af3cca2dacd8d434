"""Is f smooth? From its formula; a network's operations are not judged here."""

from __future__ import annotations

from typing import Any

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.models.smooth import mixing_is_smooth
from ivae_theory.errors import InputError

__all__ = ["decide_smooth"]


def decide_smooth(model: Any) -> dict[str, Any]:
    """``"formula"`` when the formula of f is smooth on the support, else ``"undecided"``."""
    if model.mixing is None:
        return {"rule": "undecided", "why": "no mixing function is given"}
    described = model.mixing.describe()
    families = [family.describe() for family in model.prior.families]
    try:
        smooth = mixing_is_smooth(described, families)
    except (CannotEnclose, InputError) as problem:
        return {"rule": "undecided", "why": str(problem)}
    if smooth:
        return {"rule": "formula", "text": "f is a composition of smooth functions on the support of z."}
    return {"rule": "undecided", "why": "f is not proved smooth from a formula"}
