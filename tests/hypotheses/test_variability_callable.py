"""theorem1.iii for callables: what is taken for granted, over what the margin is, seeds, constant outputs."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from ivae_theory import Box, Observed, Points, Prior, families
from ivae_theory.hypotheses import variability_callable
from ivae_theory.hypotheses.variability import check_variability

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

LOCATION = families.gaussian_location()


def verdict(natural, u, *seed):
    return check_variability(SimpleNamespace(prior=Prior(LOCATION, natural, u)), *seed)


def wave(u):
    return torch.cat([torch.sin(u), u], dim=1)


def embedding():
    torch.manual_seed(0)
    table, layer = torch.nn.Embedding(5, 2).double(), torch.nn.Linear(2, 2).double()
    return lambda u: torch.tanh(layer(table(u[:, 0])))


def test_observed_labels_are_taken_to_have_positive_probability():
    """A property of isolated labels says something about the law of u only if they occur: this has to be assumed."""
    labels = list(range(5))
    assert verdict(embedding(), Observed(labels)).holds
    assert verdict(embedding(), Observed(labels)).assumes == ("every observed label u has positive probability",)
    assert verdict(embedding(), Points(labels)).holds
    assert verdict(embedding(), Points(labels)).assumes == ()
    assert verdict(wave, Box([0.0], [1.0])).assumes == ()


@pytest.mark.parametrize("domain", [Points, Observed])
def test_values_of_u_that_are_one_value_in_single_precision_are_one(domain):
    """The network is given 1.6e9 for 1.6e9 + 60: its graph is regular at the two, its answers are equal."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(1, 2)
    layer.weight.data = torch.tensor([[0.01], [0.02]])
    net = lambda u: torch.sin(layer(u - 1.6e9))  # noqa: E731
    near, apart = 1.6e9 + np.array([0.0, 60.0, 61.0]), 1.6e9 + np.array([0.0, 1024.0, 2048.0])
    assert verdict(net, domain(near)).undecided
    assert verdict(net, domain(apart)).holds
    assert verdict(lambda u: torch.sin(layer.double()(u - 1.6e9)), domain(near)).holds
    layer.float()
    assert verdict(lambda u: torch.tanh(layer(u)), domain([-1e39, 0.0, 1e39])).undecided


@pytest.mark.parametrize("u", [Box([0.0], [10.0]), Points(np.linspace(0, 10, 12)), Observed(np.linspace(0, 10, 12))])
def test_the_rounding_of_pi_makes_no_rank(u):
    """sin(u + pi) is -sin(u); the float next to pi is no such shift, and at it alone two latents had full rank."""
    shifted = verdict(lambda u: torch.cat([torch.sin(u), torch.sin(u + np.pi)], dim=1), u)
    assert shifted.undecided
    assert "rounding" in shifted.reason
    assert verdict(lambda u: torch.cat([torch.sin(u), torch.sin(u + np.pi / 2)], dim=1), u).holds


def test_the_margin_says_over_which_values_it_was_taken():
    finite = verdict(wave, Points([[0.0], [1.0], [2.0]]))
    assert finite.holds
    assert "tried" not in finite.evidence["margin_unit"]
    box = verdict(wave, Box([0.0], [1.0]))
    assert box.holds
    assert "over the 64 values of u that were tried" in box.evidence["margin_unit"]


def test_the_seed_chooses_the_points():
    first, again, other = (verdict(wave, Box([0.0], [1.0]), seed).evidence["points"] for seed in (5, 5, 6))
    assert first == again != other


def tied(u):
    hidden = torch.tanh(u @ torch.tensor([[1.0, -0.5]]).double() + torch.tensor([0.3, 0.1]).double())
    return hidden @ torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]).double()


def test_what_is_left_of_tied_outputs_is_shown_at_points_of_the_seed():
    first, again, other = (verdict(tied, Box([0.0], [1.0]), seed) for seed in (5, 5, 6))
    assert first.fails
    assert first.evidence["rank"] == 2
    assert first.evidence["identified_directions"] == [["1/2", "1", "0"], ["0", "0", "1"]]
    assert first.evidence["points"] == again.evidence["points"] != other.evidence["points"]


@pytest.mark.parametrize(
    "constant",
    [
        lambda u: torch.zeros(len(u), 2, dtype=u.dtype) + 3,
        lambda u: torch.relu(u @ torch.tensor([[-1.0, -2.0]]).double() - 1),  # dead on the box
    ],
)
def test_constant_outputs_have_rank_zero(constant):
    found = verdict(constant, Box([0.0], [1.0]))
    assert found.fails
    assert found.evidence["relations"] == [["1", "0"], ["0", "1"]]
    assert found.evidence["rank"] == 0
    assert "affine in 0 functions of u, so that the rank is at most 0 and not nk = 2" in found.reason


def test_too_few_observed_values_are_counted():
    found = verdict(wave, Observed([[0.0], [1.0]]))
    assert found.undecided
    assert "2 observed values of u are fewer than nk + 1 = 3" in found.reason


@pytest.mark.parametrize(("entries", "status"), [(6, "fails"), (5, "undecided")])
def test_rationals_decide_as_long_as_they_are_few(monkeypatch, entries, status):
    """u (u - 1) (u - 2) is 0 at all three values, which only exact arithmetic shows."""
    monkeypatch.setattr(variability_callable, "_RATIONAL_ENTRIES", entries)
    found = verdict(lambda u: torch.cat([u, u * (u - 1) * (u - 2)], dim=1), Points([[0.0], [1.0], [2.0]]))
    assert found.status.word == status
    if found.fails:
        assert "evaluated in rationals at all 3 values of u, has affine rank 1 and not nk = 2" in found.reason


def test_labels_are_cast_to_half_precision_as_torch_casts_them():
    """The difference is 0 up to 2048, and -1 at 2049: it varies."""
    labels = [*range(12), 2049]
    assert verdict(lambda u: u.to(torch.float16).double() - u.double(), Points(labels), 0).holds
    assert verdict(lambda u: u.to(torch.float16).double() - u.double(), Points(labels[:-1]), 0).fails
    assert verdict(lambda u: 0 * u.double() + 3, Points(labels), 0).fails


@pytest.mark.parametrize(("last", "borne_out"), [(-1.0, False), (1e-3, False), (1e-7, True), (0.0, True)])
def test_a_relation_that_lambda_does_not_obey_refutes_nothing(last, borne_out):
    natural = SimpleNamespace(answers=np.array([[0.0, 1.0], [0.0, 2.0], [last, 5.0]]))
    assert variability_callable._borne_out(natural, [[Fraction(1), Fraction(0)]]) is borne_out


def test_a_relation_between_answers_to_one_batch_refutes_no_function():
    """x + x.flip(0) has two distinct rows at four points, however small it is beside what is granted as rounding."""
    points = Points(np.array([[0.1, 0.7], [0.4, -0.2], [-0.5, 0.3], [0.9, 0.8]]))
    assert verdict(lambda u: 1 + 1e-9 * (u + np.flip(u, 0)), points, 0).undecided
    assert verdict(lambda u: 1 + 1e-9 * np.stack([u[:, 0], u[:, 0]], 1), points, 0).fails
