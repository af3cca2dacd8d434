"""Bernoulli observations (Appendix E): p(x | u) sees only the success probabilities."""

from __future__ import annotations

from typing import Any

import sympy

from ivae_theory.domain import Points
from ivae_theory.enclosure.models.appendix_e import is_appendix_e, mean_of_rival, rival_entry
from ivae_theory.enclosure.models.quadratic import rows_of, write_rows
from ivae_theory.rivals.build import prior_with
from ivae_theory.rivals.rival import Rival, with_words

__all__ = ["bernoulli"]

#: Points at which 1, z and f'(z) are shown to be independent.
POINTS = ("-1", "0", "2")


def bernoulli(model: Any) -> Rival | None:
    """``f'(z) = logit(sigmoid(z)**2)`` and ``lambda'`` with ``lambda'(lambda' + 1) / 3 = lambda``: refutes ``~``."""
    from ivae_theory.mixing import SymbolicMixing
    from ivae_theory.model import Model

    described = model.describe()
    if not isinstance(model.prior.domain, Points) or not is_appendix_e(described):
        return None
    rows = rows_of(described["natural"])
    if rows is None:
        return None
    new = [[rival_entry(value) for value in row] for row in rows]
    if not all(
        mean_of_rival(a, b) for row, other in zip(rows, new, strict=True) for a, b in zip(row, other, strict=True)
    ):
        return None
    prior = prior_with(model, list(model.prior.families), new)
    symbols = sympy.symbols(f"z1:{model.n + 1}", real=True)
    mixing = SymbolicMixing(symbols, [z - sympy.log(2 + sympy.exp(-z)) for z in symbols])
    evidence = {
        "kind": "rival.bernoulli",
        "mixing": [str(entry) for entry in mixing.describe()["expressions"]],
        "points": list(POINTS),
        "natural": write_rows(new),
    }
    return Rival(Model(prior, noise=model.noise, mixing=mixing), "equivalence", with_words(evidence))
