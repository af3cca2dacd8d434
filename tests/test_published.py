"""The published version's theorems: the truth table's rows with their rechecks, and what composition does."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, published
from ivae_theory.certificates import published as rechecker
from ivae_theory.certificates import recheck  # both register
from ivae_theory.certificates.registry import InvalidCertificate, recheck_evidence
from ivae_theory.errors import InputError
from ivae_theory.verdict import Grade, Status, Verdict
from tests.truth.row import Row
from tests.truth.rows_theorem2 import EXTRA_ROWS, PUBLISHED_ROWS

CHECKS = {
    "published.theorem1": published.check_theorem1,
    "published.theorem2": published.check_theorem2,
    "published.theorem3": published.check_theorem3,
}


PUBLISHED_EXTRA = [row for row in EXTRA_ROWS if row.claim in CHECKS]
#: Here (iii) is vouched for, so the row that fails by (iii) is for the whole checker only.
OWN = [row for row in PUBLISHED_ROWS if row.id != "published1_too_few_points"]


def vouched() -> dict[str, Verdict]:
    """The shared hypotheses, vouched for: what remains is the published version's own."""
    assert recheck.__name__
    assert rechecker.PUBLISHED
    return {
        claim: Verdict.hold(claim, Grade.ASSUMED, "vouched", evidence={"kind": "assumed", "claim": claim})
        for claim in published.SHARED
    }


@pytest.mark.parametrize("row", [*OWN, *PUBLISHED_EXTRA], ids=lambda row: row.id)
def test_truth(row: Row) -> None:
    model: Any = row.model()
    verdict = CHECKS[row.claim](model, vouched())
    assert verdict.claim == row.claim
    if row.decidable:
        assert verdict.status is row.expected, verdict
    else:
        assert verdict.status in (row.expected, Status.UNDECIDED), verdict
    if verdict.undecided:
        return
    subject = json.loads(json.dumps(model.describe()))
    shown = recheck_evidence(row.claim, json.loads(json.dumps(verdict.to_dict()["evidence"])), subject)
    assert (shown.status, shown.grade) == (verdict.status, verdict.grade)


def _model(name: str) -> Any:
    return next(row for row in PUBLISHED_ROWS if row.id == name).model()


def test_an_undecided_shared_hypothesis_is_named() -> None:
    verdicts = vouched() | {"theorem1.injective": Verdict.unknown("theorem1.injective", "nobody knows")}
    verdict = published.check_theorem1(_model("published1_square"), verdicts)
    assert verdict.undecided
    assert "theorem1.injective" in verdict.reason


def test_a_failing_shared_hypothesis_fails_the_theorem() -> None:
    failing = Verdict.fail("theorem1.iii", Grade.EXACT, "rank 1", evidence={"kind": "whatever"})
    verdict = published.check_theorem1(_model("published1_square"), vouched() | {"theorem1.iii": failing})
    assert verdict.fails
    assert verdict.grade is Grade.EXACT
    assert [part["claim"] for part in verdict.evidence["parts"]] == ["theorem1.iii"]


def test_missing_verdicts_are_an_error() -> None:
    with pytest.raises(InputError, match=r"theorem1\.i, theorem1\.iii"):
        published.check_theorem1(_model("published1_square"), {})


def test_a_conjunction_without_one_hypothesis_is_refused() -> None:
    """Leaving out a part, or a part of another theorem, never verifies."""
    model = _model("published3_square")
    evidence = json.loads(json.dumps(published.check_theorem3(model, vouched()).to_dict()["evidence"]))
    subject = model.describe()
    assert recheck_evidence("published.theorem3", evidence, subject).status is Status.HOLDS
    for place in range(len(evidence["parts"])):
        broken = {**evidence, "parts": evidence["parts"][:place] + evidence["parts"][place + 1 :]}
        with pytest.raises(InvalidCertificate):
            recheck_evidence("published.theorem3", broken, subject)
    with pytest.raises(InvalidCertificate):
        recheck_evidence("published.theorem2", evidence, subject)


def test_a_turn_where_no_latent_ever_is_does_not_count() -> None:
    """T is Gaussian, so two latents can be rotated: T turns between -2 and 2 alone, where Q = 0."""
    z, z1, z2 = sympy.symbols("z z1 z2", real=True)
    statistic = sympy.Max(z - 2, 0) - sympy.Max(-2 - z, 0) + sympy.Max(0, 2 - sympy.Abs(z))
    left, right = (sympy.exp(-((z + shift) ** 2)) for shift in (2, -2))
    table = [[0, 0], [1, 0], [0, 1]]

    def verdict(base: Any) -> Verdict:
        family = ExponentialFamily([statistic], base_measure=base)
        model = Model(Prior(family, table), noise=Noise.gaussian(1), mixing=sympy.Matrix([z1, z2]))
        return published.check_theorem3(model, vouched())

    assert verdict(sympy.Piecewise((left, z < -2), (0, z <= 2), (right, True))).undecided
    assert verdict(sympy.Piecewise((left, z < -2), (1, z <= 2), (right, True))).holds
