"""Theorem 1: its claims, as printed and what the sharp form needs besides, each with the check that decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ivae_theory.hypotheses import injectivity, noise, positivity, statistics, variability
from ivae_theory.verdict import Verdict

__all__ = ["CLAIMS", "decisions"]

#: As printed: (i) read on R^d, (ii), (iii). Left silent: (M), (J), Q > 0, and one known noise law.
CLAIMS = (
    "theorem1.i", "theorem1.ii", "theorem1.iii", "theorem1.minimal", "theorem1.injective", "theorem1.positive",
    "theorem1.known_noise",
)  # fmt: skip


def decisions(model: Any, seed: int = 0) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """Each claim with the call that decides it, in the order of :data:`CLAIMS`."""
    yield "theorem1.i", lambda: noise.check_noise(model, seed)
    yield "theorem1.ii", lambda: statistics.check_printed(model, seed)
    yield "theorem1.iii", lambda: variability.check_variability(model, seed)
    yield "theorem1.minimal", lambda: statistics.check_minimal(model, seed)
    yield "theorem1.injective", lambda: injectivity.check_injective(model, seed)
    yield "theorem1.positive", lambda: positivity.check_positive(model, seed)
    yield "theorem1.known_noise", lambda: noise.check_known(model, seed)
