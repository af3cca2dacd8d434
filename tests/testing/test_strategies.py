"""The strategies draw what they promise, and no verdict depends on how a model is written down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.checking import check
from ivae_theory.errors import InputError
from ivae_theory.testing import (
    BREAKAGES,
    affine_maps,
    broken_models,
    exponential_families,
    models,
    natural_parameters,
    near_misses,
    reparametrisations,
    scaled_permutations,
)
from ivae_theory.verdict import Status, goal_claims

SHARP = goal_claims("affine", [1])
CHECKED = settings(deadline=None, max_examples=20)


@CHECKED
@given(models())
def test_models_satisfy_every_hypothesis(model):
    report = check(model, "affine")
    assert report.status is Status.HOLDS, str(report)


@pytest.mark.parametrize("claim", sorted(BREAKAGES))
def test_broken_models_fail_in_exactly_the_named_way(claim):
    @settings(CHECKED, max_examples=8)
    @given(broken_models(claim))
    def broken(model):
        report = check(model, "affine")
        failing = [c for c in SHARP if report[c].fails]
        assert failing == [claim], str(report)
        assert not any(report[c].undecided for c in SHARP)

    broken()


@settings(CHECKED, max_examples=30)
@given(st.data())
def test_no_verdict_depends_on_how_the_model_is_written_down(data):
    model = data.draw(models(max_latents=2))
    name, other = data.draw(reparametrisations(model))
    goal = "permutation"
    first, second = check(model, goal), check(other, goal)
    for claim in (*goal_claims(goal, model.prior.ks), "theorem1.ii"):
        assert first[claim].status is second[claim].status, f"{name}: {first[claim]}\n{second[claim]}"
    assert first.status is second.status


@settings(deadline=None)
@given(st.data())
def test_natural_parameters_are_in_range(data):
    family = data.draw(exponential_families())
    assert family.natural_range(data.draw(natural_parameters(family))) is Status.HOLDS


@given(affine_maps(3))
def test_affine_maps_are_invertible(one):
    assert abs(np.linalg.det(one.A)) > 0.5


@given(scaled_permutations(4), near_misses(4))
def test_scaled_permutations_and_near_misses(right, wrong):
    assert ((right != 0).sum(0) == 1).all()
    assert ((right != 0).sum(1) == 1).all()
    assert (np.count_nonzero(wrong, axis=1) > 1).any()


@settings(deadline=1000, max_examples=25)
@given(models(), st.sampled_from(sorted(BREAKAGES)).flatmap(broken_models))
def test_drawing_is_fast_enough_for_the_health_checks(model, broken):
    """Health checks are on; a check takes longer than the deadline, drawing does not."""
    assert model.n >= 1
    assert broken.n >= 1


def test_a_falsifying_example_is_written_out(capsys):
    @settings(max_examples=5, database=None, deadline=None, report_multiple_bugs=False)
    @given(broken_models("theorem1.iii"))
    def fails(model):
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError) as caught:
        fails()
    shown = "\n".join(caught.value.__notes__) + capsys.readouterr().out
    assert "T = [z**2], lambda = [-1/4; -1/4], f = [" in shown


def test_an_unknown_breakage_is_refused():
    with pytest.raises(InputError, match="claim"):
        broken_models("everything")
