"""Verdicts: three values, ordered, never truthy."""

import itertools
import json

import pytest

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.verdict import GOALS, Conclusion, Grade, Report, Status, Verdict, conjunction, goal_claims, seal

EVIDENCE = {"kind": "test"}


def verdict(status, grade=None, claim="theorem1.i"):
    return Verdict(claim, status, grade, "because", EVIDENCE if grade is not None else {})


SETTLED = [verdict(s, g) for s in (Status.FAILS, Status.HOLDS) for g in Grade]
EVERY = [*SETTLED, verdict(Status.UNDECIDED)]


def test_statuses_and_grades_are_ordered():
    assert Status.FAILS < Status.UNDECIDED < Status.HOLDS
    assert Grade.ASSUMED < Grade.STATISTICAL < Grade.CERTIFIED < Grade.EXACT
    assert [s.word for s in Status] == ["fails", "undecided", "holds"]


def test_a_verdict_has_no_truth_value():
    for one in EVERY:
        with pytest.raises(InputTypeError, match=r"theorem1\.i"):
            bool(one)


def test_exactly_one_of_the_three_questions_is_answered_yes():
    for one in EVERY:
        assert [one.holds, one.fails, one.undecided].count(True) == 1


@pytest.mark.parametrize(
    ("status", "grade"), [(Status.HOLDS, None), (Status.FAILS, None), (Status.UNDECIDED, Grade.EXACT)]
)
def test_a_grade_belongs_to_settled_verdicts_only(status, grade):
    with pytest.raises(InputError, match="grade"):
        Verdict("c", status, grade, "r", EVIDENCE)


def test_a_settled_verdict_needs_evidence_that_names_its_kind():
    with pytest.raises(InputError, match="evidence"):
        Verdict.hold("c", Grade.EXACT, "r")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: 2}, {"a": {3}}, [b"x"]])
def test_evidence_that_json_would_lose_is_refused(value):
    with pytest.raises(InputError):
        Verdict.hold("c", Grade.EXACT, "r", evidence={"kind": "k", "value": value})


@pytest.mark.parametrize("members", list(itertools.product(EVERY, repeat=2)))
def test_a_conjunction_is_the_minimum_and_rests_on_its_weakest_grade(members):
    status, grade = conjunction(members)
    assert status is min(m.status for m in members)
    if status is Status.UNDECIDED:
        assert grade is None
    elif status is Status.HOLDS:
        assert grade is min(m.grade for m in members)
    else:
        assert grade is max(m.grade for m in members if m.fails)


def test_the_empty_conjunction_holds():
    assert conjunction([]) == (Status.HOLDS, Grade.EXACT)


def test_goals_say_what_they_are_made_of():
    assert "theorem2.scaled_permutation" in goal_claims("permutation", [1, 1])
    assert "theorem2.block_permutation" in goal_claims("permutation", [1, 2])
    assert set(goal_claims("affine", [1])) < set(goal_claims("permutation", [1]))
    assert "theorem3.i" in goal_claims("printed", [1], True)
    assert "theorem3.i" not in goal_claims("printed", [1])
    for goal in GOALS:
        assert goal_claims(goal, [1])
    with pytest.raises(InputError, match="goal"):
        goal_claims("both", [1])


def report():
    one = Verdict.hold("theorem1.i", Grade.EXACT, "r", evidence={"kind": "k", "points": (1, 2.5)}, margin=0.25)
    return Report({"text": "a model", "digest": "0"}, "affine", [one], Conclusion(Status.HOLDS, Grade.EXACT, "s"))


def test_a_report_finds_its_verdicts_and_names_what_it_has():
    assert report()["theorem1.i"].margin == 0.25
    with pytest.raises(InputError, match=r"theorem1\.i"):
        report()["theorem9"]
    with pytest.raises(InputTypeError):
        bool(report())


def test_json_carries_every_field_and_a_seal_over_all_of_them():
    document = json.loads(report().to_json())
    assert document["schema"] == 1
    assert document["verdicts"][0] == {
        "claim": "theorem1.i",
        "status": "holds",
        "grade": "exact",
        "reason": "r",
        "evidence": {"kind": "k", "points": [1, 2.5]},
        "margin": 0.25,
        "advice": "",
        "assumes": [],
    }
    assert document["seal"] == seal(document)
    document["verdicts"][0]["margin"] = 0.5
    assert document["seal"] != seal(document)
