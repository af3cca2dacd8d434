"""A short soundness campaign; the long one is ``python -m tests.quality.campaign``."""

import itertools
import json
import random
from dataclasses import replace
from fractions import Fraction

import click
import pytest

from ivae_theory.verdict import Status
from tests.quality import campaign as tool
from tests.quality.campaign import CHUNK, campaign, run, summary, table
from tests.quality.cases import KINDS, SCHEDULE, case
from tests.quality.cases.base import affine_rank, rank
from tests.quality.judge import DECIDE, judge, wrong

pytest.importorskip("torch", reason="needs the extra 'torch'")

#: Cases whose generator or check takes long are left to the long form, but for one of each kind.
_CHEAP = {kind.name for kind in KINDS if not kind.symbolic and not kind.slow}
_SETTLED = {Status.HOLDS, Status.FAILS}


def _first(kind):
    return next(seed for seed, one in enumerate(SCHEDULE) if one.name == kind.name)


def _short(count):
    """The first seed of every kind, then seeds of the cheap kinds."""
    firsts = [_first(kind) for kind in KINDS]
    seeds = (seed for seed in range(10**6) if SCHEDULE[seed % len(SCHEDULE)].name in _CHEAP)
    rest = [seed for seed, _ in zip(seeds, range(count), strict=False)]
    return list(dict.fromkeys([*firsts, *rest]))[:count]


@pytest.mark.parametrize("part", range(4))
def test_no_verdict_is_wrong(part):
    assert run(_short(1000)[part::4])["wrong"] == []


def test_the_short_campaign_has_a_thousand_cases_of_every_kind():
    seeds = _short(1000)
    assert len(seeds) == 1000
    assert {SCHEDULE[seed % len(SCHEDULE)].name for seed in seeds} == {kind.name for kind in KINDS}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 4000, 1000))
def test_no_verdict_is_wrong_in_a_longer_campaign(start):
    assert run(range(10**7 + start, 10**7 + start + 1000))["wrong"] == []


def test_every_kind_says_why_its_truth_is_what_it_is():
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(len(kind.because) > 20 and kind.share > 0 for kind in KINDS)
    assert sum(kind.symbolic for kind in KINDS) >= 20


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.name.startswith("reports")], ids=lambda k: k.name)
def test_a_wrong_verdict_is_noticed(kind):
    """With the truth turned round, every settled verdict is a mistake."""
    cases = (kind.draw(random.Random(seed)) for seed in range(20))
    drawn = (found for found in cases if found.model is not None)
    first = next(drawn, None)
    if first is None:  # all of them are refused: there is no verdict that could be wrong
        assert kind.name == "masked tables"
        return
    one = next((found for found in itertools.chain([first], drawn) if found.not_wrong & _SETTLED), first)
    verdict = DECIDE[one.claim](one.model)
    if not verdict.undecided:
        assert wrong(one, verdict) == ""
        assert wrong(replace(one, not_wrong=frozenset(Status) - {verdict.status}), verdict)


def test_a_wrong_report_is_noticed():
    one = next(found for found in map(case, _reports()) if found.not_wrong == {Status.HOLDS})
    assert judge(one).mistake == ""
    assert "goal" in judge(replace(one, not_wrong=frozenset({Status.FAILS}))).mistake
    turned = {claim: frozenset({Status.FAILS}) for claim in one.truths}
    assert all(claim in judge(replace(one, truths=turned)).mistake for claim in ("theorem1.i", "theorem1.minimal"))


def _reports():
    return (seed for seed in range(3 * len(SCHEDULE)) if SCHEDULE[seed % len(SCHEDULE)].name == "reports, affine")


def test_a_margin_above_the_distance_is_noticed():
    one = case(_first(next(kind for kind in KINDS if kind.name == "margin")))
    verdict = DECIDE[one.claim](one.model)
    assert wrong(one, verdict) == ""
    assert "margin" in wrong(replace(one, sigma=one.sigma / 2), verdict)


def test_the_oracle_of_ranks():
    assert rank([[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]]) == 1
    assert rank([[Fraction(0), Fraction(1)], [Fraction(3), Fraction(4)], [Fraction(3), Fraction(5)]]) == 2
    assert affine_rank([[1.0, 1.0], [2.0, 3.0], [3.0, 5.0]]) == 1
    assert affine_rank([[0.1, 0.0], [0.2, 0.0], [0.1, 1e-300]]) == 2


# -- the tool


def _easy(monkeypatch):
    """Chunks whose content is known and cheap."""
    calls = []

    def count(start, stop, only):
        calls.append(start)
        done = {"cases": stop - start, "holds": stop - start, "missed": 0, "wrong": 0}
        return {"start": start, "stop": stop, "counts": {KINDS[0].name: done}, "seconds": {KINDS[0].name: 0.5},
                "wrong": [], "missed": []}  # fmt: skip

    monkeypatch.setattr(tool, "_chunk", count)
    return calls


def test_a_stopped_campaign_goes_on_where_it_was(tmp_path, monkeypatch):
    calls, store = _easy(monkeypatch), tmp_path / "store.jsonl"
    whole = campaign(0, 4 * CHUNK + 3, store, "commit")
    assert calls == [0, CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK]
    lines = store.read_text().splitlines(keepends=True)
    store.write_text("".join(lines[:2]) + lines[2][:30])  # a crash in the middle of the third line
    calls.clear()
    assert campaign(0, 4 * CHUNK + 3, store, "commit")[-1]["stop"] == 4 * CHUNK + 3
    assert calls == [2 * CHUNK, 3 * CHUNK, 4 * CHUNK]
    assert [json.loads(line)["start"] for line in store.read_text().splitlines()] == [
        0,
        *range(CHUNK, 5 * CHUNK, CHUNK),
    ]
    assert summary(campaign(0, 4 * CHUNK + 3, store, "commit")) == summary(whole)
    assert summary(whole)["cases"] == 4 * CHUNK + 3


def test_one_class_alone_is_asked_for_by_name():
    kind = KINDS[-1]
    seeds = list(tool.seeds_of(0, 5, kind.name))
    assert seeds == [seed for seed in range(seeds[-1] + 1) if SCHEDULE[seed % len(SCHEDULE)] is kind]
    assert len(seeds) == 5
    assert list(tool.seeds_of(2, 5, kind.name)) == seeds[2:]
    assert list(tool.seeds_of(3, 7)) == [3, 4, 5, 6]


def test_a_store_of_another_commit_is_refused(tmp_path, monkeypatch):
    _easy(monkeypatch)
    campaign(0, CHUNK, tmp_path / "store.jsonl", "one")
    with pytest.raises(click.ClickException, match="commit one"):
        campaign(0, CHUNK, tmp_path / "store.jsonl", "other")


def test_a_crash_of_the_checker_is_a_mistake(monkeypatch):
    def crash(one):
        raise ZeroDivisionError("here")

    monkeypatch.setattr(tool, "judge", crash)
    found = run([0, 1])
    assert [mistake["mistake"] for mistake in found["wrong"]] == ["ZeroDivisionError: here"] * 2
    assert summary([found])["total"]["wrong"] == 2
    assert "| 2 |" in table(summary([found])).splitlines()[-1]


def test_processes_count_what_one_process_counts(tmp_path):
    one = summary(campaign(0, 20, tmp_path / "one.jsonl", "c", chunk=10))
    two = summary(campaign(0, 20, tmp_path / "two.jsonl", "c", workers=2, chunk=10))
    for result in (one, two):
        for row in (result, *result["classes"].values()):
            row.pop("seconds")
    assert one == two
