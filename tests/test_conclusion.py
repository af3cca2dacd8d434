"""The conclusion is a pure function of the verdicts; it never says more than they do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivae_theory.conclusion import conclude
from ivae_theory.verdict import GOALS, Grade, Status, Verdict, goal_claims

CLAIMS = sorted({c for goal in GOALS for ks in ([1], [2]) for c in goal_claims(goal, ks, True)})


def made(claim, status, grade):
    if status is Status.UNDECIDED:
        return Verdict.unknown(claim, "r")
    return Verdict(claim, status, grade, "r", {"kind": "k", "rank": 1})


MADE = st.tuples(st.sampled_from(Status), st.sampled_from(Grade))


@given(st.fixed_dictionaries(dict.fromkeys(CLAIMS, MADE)), st.sampled_from(GOALS), st.sampled_from([[1, 1], [2, 1]]))
def test_status_is_that_of_the_goal_alone_and_fails_is_never_called_not_identifiable(made_of, goal, ks):
    verdicts = [made(claim, *pair) for claim, pair in made_of.items()]
    conclusion = conclude(goal, verdicts, {"ks": ks})
    deciding = [v for v in verdicts if v.claim in conclusion.decisive]
    assert conclusion.decisive == goal_claims(goal, ks)
    assert conclusion.status is min(v.status for v in deciding)
    assert "is not identifiable up to" not in conclusion.statement.replace("That is no proof that the model is not", "")
    if conclusion.status is not Status.HOLDS:
        open_claims = [v.claim for v in deciding if v.status is conclusion.status]
        assert any(claim in conclusion.statement for claim in open_claims)
    if any(v.grade is Grade.ASSUMED for v in deciding):
        assert conclusion.assumptions


def every(status_of=lambda claim: Status.HOLDS):
    return [made(claim, status_of(claim), Grade.EXACT) for claim in CLAIMS]


def test_an_undecided_injectivity_alone_says_how_to_vouch():
    verdicts = every(lambda claim: Status.UNDECIDED if claim == "theorem1.injective" else Status.HOLDS)
    statement = conclude("affine", verdicts, {"ks": [1]}).statement
    assert "if f is injective" in statement
    assert "--assume theorem1.injective" in statement


def test_what_survives_a_rank_deficient_L_is_said_only_when_the_rest_holds():
    broken = every(lambda claim: Status.FAILS if claim == "theorem1.iii" else Status.HOLDS)
    assert "Still identified: one combination" in conclude("affine", broken, {"ks": [1]}).statement
    worse = every(
        lambda c: Status.FAILS if c == "theorem1.iii" else Status.UNDECIDED if c == "theorem1.i" else Status.HOLDS
    )
    assert "Still identified" not in conclude("affine", worse, {"ks": [1]}).statement


def test_only_theorem_2_failing_leaves_theorem_1():
    verdicts = every(lambda c: Status.FAILS if c.startswith("theorem2.scaled") else Status.HOLDS)
    statement = conclude("permutation", verdicts, {"ks": [1]}).statement
    assert statement.startswith("Identified up to an affine map")
    assert "need not be a scaled permutation" in statement


@pytest.mark.parametrize("refutes", ["equivalence", "scaled permutation"])
def test_a_rival_says_which_relation_it_refutes(refutes):
    verdicts = every(lambda claim: Status.FAILS if claim == "theorem1.iii" else Status.HOLDS)
    statement = conclude("affine", verdicts, {"ks": [1]}, {"refutes": refutes, "evidence": {}}).statement
    assert ("not identifiable up to an affine map" in statement) == (refutes == "equivalence")


@pytest.mark.parametrize("goal", ["printed", "published"])
def test_goals_of_the_paper_name_what_it_leaves_silent(goal):
    verdicts = every(lambda claim: Status.FAILS if claim == "theorem1.positive" else Status.HOLDS)
    conclusion = conclude(goal, verdicts, {"ks": [1]})
    assert conclusion.status is Status.HOLDS
    assert "silent that fail here: theorem1.positive." in conclusion.statement
    assert "not shown" not in conclusion.statement
    verdicts = every(lambda claim: Status.UNDECIDED if claim == "theorem1.positive" else Status.HOLDS)
    assert "silent that are not shown here: theorem1.positive." in conclude(goal, verdicts, {"ks": [1]}).statement


def test_what_the_model_itself_takes_for_granted_is_listed():
    """A prior whose lambda may leave the families' range, or whose covariance was seen at some u alone."""
    subject = {"ks": [1], "assumptions": ["the covariance is diagonal for every u", "vouched"]}
    holding = [replace(verdict, assumes=("vouched",)) for verdict in every(lambda claim: Status.HOLDS)]
    assert conclude("affine", holding, subject).assumptions == ("vouched", "the covariance is diagonal for every u")
    failing = every(lambda claim: Status.FAILS if claim == "theorem1.i" else Status.HOLDS)
    assert conclude("affine", failing, subject).assumptions == ()


def vouched_for(status_of):
    """All verdicts, with f vouched for."""
    verdicts = {v.claim: v for v in every(status_of)}
    f = Verdict.hold("theorem1.injective", Grade.ASSUMED, "r", evidence={"kind": "k"}, assumes=("f is injective",))
    return list({**verdicts, "theorem1.injective": f}.values())


@pytest.mark.parametrize("goal", ["printed", "published"])
def test_what_the_paper_leaves_silent_and_a_user_vouches_for_is_listed(goal):
    conclusion = conclude(goal, vouched_for(lambda claim: Status.HOLDS), {"ks": [1], "assumptions": ["exists"]})
    assert "leave silent about theta holds as well. This rests on what the user vouches for" in conclusion.statement
    assert conclusion.assumptions == ("f is injective", "exists")


@pytest.mark.parametrize("status", [Status.HOLDS, Status.UNDECIDED])
def test_the_published_theorems_compare_smooth_models(status):
    """Of an f' that is injective and no more their proofs show nothing: a wild one can undo what T's turns give."""
    verdicts = every(lambda claim: status if claim == "published.theorem3" else Status.HOLDS)
    assert "f' and T' as smooth as" in conclude("published", verdicts, {"ks": [1]}).statement
    assert "smooth" not in conclude("permutation", every(lambda claim: Status.HOLDS), {"ks": [1]}).statement


@pytest.mark.parametrize("goal", ["affine", "printed", "permutation"])
def test_what_survives_a_failure_lists_what_it_rests_on(goal):
    survives = vouched_for(lambda claim: Status.FAILS if claim == "theorem1.iii" else Status.HOLDS)
    conclusion = conclude(goal, survives, {"ks": [1], "assumptions": ["exists"]})
    assert "Still identified" in conclusion.statement
    assert conclusion.assumptions == ("f is injective", "exists")
    nothing = vouched_for(lambda claim: Status.FAILS if claim in ("theorem1.iii", "theorem1.i") else Status.HOLDS)
    assert "exists" not in conclude(goal, nothing, {"ks": [1], "assumptions": ["exists"]}).assumptions


def test_theorem_1_that_is_left_lists_what_it_rests_on():
    verdicts = vouched_for(lambda claim: Status.FAILS if claim.startswith("theorem2.scaled") else Status.HOLDS)
    conclusion = conclude("permutation", verdicts, {"ks": [1], "assumptions": ["exists"]})
    assert "dentified up to an affine map" in conclusion.statement
    assert conclusion.assumptions == ("f is injective", "exists")


def test_a_rival_says_nothing_where_f_has_no_inverse():
    """Eq. (12) compares statistics at f^-1(x): without an inverse no model is equivalent to any other, or not."""
    shown = {"refutes": "equivalence", "evidence": {"kind": "rival.rotated_pair"}}
    for status, said in ((Status.FAILS, False), (Status.UNDECIDED, True)):
        verdicts = every(lambda c: status if c == "theorem1.injective" else Status.HOLDS)  # noqa: B023
        conclusion = conclude("affine", verdicts, {"ks": [1, 1]}, shown)
        assert ("the rival below" in conclusion.statement) is said
        assert (conclusion.rival is not None) is said
