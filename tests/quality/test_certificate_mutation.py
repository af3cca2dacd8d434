"""A short mutation of certificates; the long one is ``python -m tests.quality.certificate_mutation``."""

import json
import random
from collections import Counter

import pytest

from ivae_theory import recheck
from ivae_theory.certificates.recheck import _load_recheckers
from ivae_theory.certificates.registry import RECHECKERS
from ivae_theory.errors import CorruptReport
from tests.quality import certificate_mutation
from tests.quality.certificate_mutation import RESULT, WRONG, judge, run
from tests.quality.forgeries import BUILDERS, change, kinds_in, original, resealed

NAMES = sorted(BUILDERS)
#: Evidence that no document carries: it is shown to whoever calls ``resolve``.
UNCARRIED = {"recovery.resolve"}


def test_no_changed_certificate_is_believed_wrongly():
    result = run(NAMES, range(10**6, 10**6 + 200))
    assert result["wrong"] == []
    assert result["outcomes"]["refused"] > 80


@pytest.mark.slow
def test_no_changed_certificate_is_believed_wrongly_many_times():
    assert run(NAMES, range(2 * 10**6, 2 * 10**6 + 4000))["wrong"] == []


def test_every_kind_of_evidence_is_changed():
    _load_recheckers()
    found = set().union(*(kinds_in(original(name).document) for name in NAMES))
    assert set(RECHECKERS) - found == UNCARRIED


@pytest.mark.parametrize("name", NAMES)
def test_the_originals_recheck_against_their_models(name):
    one = original(name)
    assert recheck(json.dumps(one.document), one.model).bound is (one.model is not None)


def test_changes_are_of_every_kind_and_leave_the_original_alone():
    ways = Counter()
    for seed in range(300):
        one = original(NAMES[seed % len(NAMES)])
        before = json.dumps(one.document)
        way, path, document = change(one, random.Random(seed))
        ways[way] += 1
        assert json.dumps(one.document) == before
        assert path[: len(path) - 1] != ()
        assert json.dumps(change(one, random.Random(seed))[2]) == json.dumps(document)
    assert set(ways) == {"change", "drop", "duplicate", "reorder", "retype", "splice"}


def dependent_and_now_minimal():
    """Evidence that a constant T is not minimal, about T = z."""
    one = original("minimal-constant")
    document = json.loads(json.dumps(one.document))
    document["subject"]["families"][0]["statistics"] = ["z"]
    return one, document


def test_a_rechecker_that_binds_everything_is_noticed(monkeypatch):
    one, document = dependent_and_now_minimal()
    assert judge(one, document) == ("refused", "")
    monkeypatch.setattr(certificate_mutation, "recheck", lambda text, model=None: None)
    assert judge(one, document) == ("wrong", "a report about another subject is bound to the model")


def test_a_rechecker_that_believes_what_is_false_is_noticed(monkeypatch):
    def believing(text, model=None):
        if model is not None:
            raise CorruptReport("model", "the model of the report", "another")

    one, document = dependent_and_now_minimal()
    monkeypatch.setattr(certificate_mutation, "recheck", believing)
    outcome, why = judge(one, document)
    assert outcome == "wrong"
    assert why.startswith("accepted as fails, but of that model: ")


def test_a_rechecker_that_breaks_is_noticed(monkeypatch):
    def broken(text, model=None):
        raise KeyError("no")

    monkeypatch.setattr(certificate_mutation, "recheck", broken)
    one, document = dependent_and_now_minimal()
    assert judge(one, document) == ("crash", "KeyError: 'no'")


def test_the_committed_result_is_large_and_found_nothing_wrong():
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    assert result["mutations"] >= 2000
    assert result["wrong"] == []
    assert not set(WRONG) & set(result["outcomes"])
    assert sum(result["outcomes"].values()) == result["mutations"]
    assert set(result["by_original"]) == {original(name).name for name in NAMES}


def test_resealing_gives_the_subject_its_own_digest():
    one = original("noise-none")
    assert resealed(one.document, anew=True) == one.document
    document = json.loads(json.dumps(one.document))
    document["subject"]["n"] = 7
    assert resealed(document, anew=True)["subject"]["digest"] != one.document["subject"]["digest"]
    assert resealed(document, anew=False)["subject"]["digest"] == one.document["subject"]["digest"]
