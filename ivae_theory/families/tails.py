"""Whether a density normalises, by rigorous comparison of its tails."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory.verdict import Status

__all__ = ["normalisable"]


def normalisable(
    statistics: Sequence[sympy.Expr],
    base_measure: sympy.Expr,
    support: sympy.Set,
    variable: sympy.Symbol,
    lam: Sequence[Fraction],
) -> Status:
    """HOLDS when the integral is proved finite, FAILS when proved infinite, else UNDECIDED."""
    return Status.UNDECIDED
