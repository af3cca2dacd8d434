"""Theorem 1 composes hypotheses: each claim is decided by its own check, of this model, with this seed."""

from types import SimpleNamespace

import pytest

from ivae_theory import theorem1
from ivae_theory.hypotheses import injectivity, noise, positivity, statistics, variability

#: The claim, and where the check that decides it lives (theory, sections 2 and 6).
CHECKS = {
    "theorem1.i": (noise, "check_noise"),
    "theorem1.ii": (statistics, "check_printed"),
    "theorem1.iii": (variability, "check_variability"),
    "theorem1.minimal": (statistics, "check_minimal"),
    "theorem1.injective": (injectivity, "check_injective"),
    "theorem1.positive": (positivity, "check_positive"),
    "theorem1.known_noise": (noise, "check_known"),
}


def test_the_claims_come_in_the_order_of_the_theory():
    assert tuple(claim for claim, _ in theorem1.decisions(SimpleNamespace())) == theorem1.CLAIMS == tuple(CHECKS)


@pytest.mark.parametrize("seed", [None, 7])
def test_each_claim_asks_its_own_check(monkeypatch, seed):
    asked = []
    for where, name in CHECKS.values():
        monkeypatch.setattr(where, name, lambda *given, name=name: asked.append((name, given)))
    model = SimpleNamespace()
    for claim, decide in theorem1.decisions(model) if seed is None else theorem1.decisions(model, seed):
        decide()
        assert asked.pop() == (CHECKS[claim][1], (model, seed or 0))
        assert not asked
