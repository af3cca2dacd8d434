"""A short soundness campaign; the long one is ``python -m tests.quality.campaign``."""

from dataclasses import replace

import pytest

from ivae_theory.verdict import Status
from tests.quality.campaign import DECIDE, run, wrong
from tests.quality.cases import GENERATORS, case


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_no_verdict_is_wrong_and_none_within_reach_is_missed(start):
    result = run(range(start, start + 20))
    assert result["wrong"] == []
    assert sum(counts["missed"] for counts in result["counts"].values()) == 0


@pytest.mark.parametrize("seed", range(len(GENERATORS)))
def test_the_campaign_notices_a_wrong_verdict(seed):
    one = case(seed)
    verdict = DECIDE[one.claim](one.model)
    if not verdict.undecided:
        assert wrong(one, verdict) == ""
        assert wrong(replace(one, not_wrong=frozenset(Status) - {verdict.status}), verdict)
