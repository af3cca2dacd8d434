"""Hypothesis (iii) of Theorem 1, (V) of its sharp form: the matrix L of Eq. (13) is invertible."""

from __future__ import annotations

from typing import Any

from ivae_theory.hypotheses.planning import NextValue, Plan, plan
from ivae_theory.hypotheses.variability_callable import check_callable
from ivae_theory.hypotheses.variability_symbolic import check_symbolic
from ivae_theory.hypotheses.variability_table import CLAIM, check_table
from ivae_theory.verdict import Verdict

__all__ = ["CLAIM", "NextValue", "Plan", "check_variability", "plan"]


def check_variability(model: Any, seed: int = 0) -> Verdict:
    """The verdict on theorem1.iii.

    Parameters
    ----------
    model
        A :class:`~ivae_theory.Model`; only its prior matters.
    seed
        Of the choice of candidate points where u is continuous.

    Returns
    -------
    Verdict
        HOLDS with the ``nk + 1`` values of u whose L is invertible; FAILS with the combinations of natural parameters
        that do not vary; UNDECIDED with what was tried. The margin is the smallest singular value of the centred
        natural parameters, each ``T_i`` whitened where its moments are known; ``evidence["margin_unit"]`` says how.
    """
    natural = model.prior.natural
    if hasattr(natural, "sets"):
        return check_symbolic(model.prior, seed)
    if hasattr(natural, "function"):
        return check_callable(model.prior, seed)
    return check_table(model.prior)
