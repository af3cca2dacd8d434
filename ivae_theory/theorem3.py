"""Theorem 3, hypothesis (i): does q(z | x, u) contain the true posterior? (theory, section 4)

The rest of Theorem 3 is Theorem 1 at the maximiser of the population bound; "infinite data" besides needs
compactness or the like, which no check of a model can give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ivae_theory.posterior import check_posterior
from ivae_theory.verdict import Verdict

__all__ = ["CLAIMS", "check_posterior", "decisions"]

CLAIMS = ("theorem3.i",)


def decisions(model: Any, seed: int = 0) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """The claim with the call that decides it, for a model that has a posterior."""
    if model.posterior is not None:
        yield "theorem3.i", lambda: check_posterior(model, seed)
