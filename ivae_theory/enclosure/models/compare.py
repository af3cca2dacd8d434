"""Comparison of the first statistics of two latents: the same formula, or different at a point."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.models.latent import Formulas
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb
from ivae_theory.exact.identity import is_zero

__all__ = ["certainly_different", "certainly_same", "same_support"]

#: Enough for values that differ by 1e-300 of their size.
BITS = 2048


def certainly_same(a: Formulas, b: Formulas) -> bool:
    """Whether the formulas are equal, up to identities that their normal form shows."""
    renamed = b.statistics[0].xreplace({b.symbol: a.symbol})
    difference = a.statistics[0] - renamed
    return bool(sympy.expand(difference, power_base=False, log=False) == 0) or is_zero(difference)


def same_support(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether the supports are written the same."""
    return [list(part) for part in first["support"]] == [list(part) for part in second["support"]]


def certainly_different(a: Formulas, b: Formulas, point: Fraction) -> bool:
    """Whether the values at the point are certainly different."""
    from ivae_theory.enclosure.formula.symbolic import ball

    with precision(BITS):
        try:
            first = ball(a.statistics[0], {a.symbol: to_arb(point)})
            second = ball(b.statistics[0], {b.symbol: to_arb(point)})
        except CannotEnclose:
            return False
        return not first.overlaps(second)
