"""Activations, choices, clamps and convolutions as people write them: at their limits, in float32, and rechecked."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory import check, recheck
from ivae_theory.errors import IvaeTheoryError
from ivae_theory.hypotheses.injectivity import check_injective
from ivae_theory.mixing.tracing import trace
from ivae_theory.verdict import Grade
from tests.truth.rows_injectivity import POSITIVE, SYMMETRIC, UNIT, model

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

SMALLEST = 5e-324  # of the positive floats


def verdict(function, n=1, **options):
    return check_injective(model(function, n, **options))


class Applied(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, z):
        return self.function(z)


STRICT = {
    "log-sigmoid": nn.LogSigmoid(),
    "softsign": nn.Softsign(),
    "tanhshrink": nn.Tanhshrink(),
    "where": Applied(lambda z: torch.where(z > 0, z, 0.1 * z)),
    "where-lt": Applied(lambda z: torch.where(z < 0, z * 0.1, z)),
    "where-ge-whole": Applied(lambda z: torch.where(z >= 0, z, 2 * z)),
    "masks": Applied(lambda z: z * (z > 0).to(z.dtype) + 0.1 * z * (z <= 0).to(z.dtype)),
    "two-relus": Applied(lambda z: F.relu(z) - 0.1 * F.relu(-z)),
    "odd-square": Applied(lambda z: z * z.abs()),
    "signed-square": Applied(lambda z: torch.sign(z) * z**2),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", STRICT)
def test_a_network_with_a_strict_activation_holds_exactly_and_its_report_rechecks(name, dtype):
    torch.manual_seed(0)
    decoder = nn.Sequential(nn.Linear(2, 4), STRICT[name], nn.Linear(4, 5)).to(dtype)
    subject = model(decoder, 2)
    report = check(subject)
    assert report["theorem1.injective"].holds
    assert report["theorem1.injective"].grade is Grade.EXACT
    assert recheck(report.to_json(), subject).bound
    other = model(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 5)).to(dtype), 2)
    with pytest.raises(IvaeTheoryError):
        recheck(report.to_json(), other)


def test_arguments_that_were_changed_are_refused():
    subject = model(STRICT["masks"], 2)
    document = json.loads(check(subject).to_json())
    (entry,) = (v for v in document["verdicts"] if v["claim"] == "theorem1.injective")
    entry["evidence"]["arguments"] = ["it is injective"]
    with pytest.raises(IvaeTheoryError):
        recheck(json.dumps(document), subject)


@pytest.mark.parametrize("rate", [SMALLEST, 2.0**-1022, 1e300, 1.0])
def test_a_hand_written_leaky_relu_holds_for_every_positive_rate(rate):
    assert verdict(lambda z: torch.where(z > 0, z, rate * z)).holds
    assert verdict(lambda z: F.relu(z) - rate * F.relu(-z)).holds
    assert verdict(lambda z: torch.where(z > 0, z, z * torch.tensor(rate, dtype=torch.float64))).holds


@pytest.mark.parametrize("rate", [0.0, -0.0, -SMALLEST, -0.2, -1e300])
def test_a_hand_written_leaky_relu_never_holds_for_other_rates(rate):
    for found in (
        verdict(lambda z: torch.where(z > 0, z, rate * z)),
        verdict(lambda z: F.relu(z) - rate * F.relu(-z)),
        verdict(lambda z: torch.where(z > 0, z, z * torch.tensor(rate, dtype=torch.float64))),
    ):
        assert not found.holds
        assert found.fails or rate == -SMALLEST  # where the two points are beyond all floats


@pytest.mark.parametrize(("low", "high", "holds"), [
    (0.0, 1.0, True), (-1.0, 2.0, True), (-SMALLEST, 1.0, True), (2.0**-60, 1.0, False), (0.0, 1 - 2.0**-53, False),
    (0.5, 0.5, False), (0.0, None, True), (None, 1.0, True), (None, 2.0**-1000, False),
])  # fmt: skip
def test_clamps_hold_exactly_where_nothing_of_the_unit_interval_is_flattened(low, high, holds):
    found = verdict(lambda z: z.clamp(low, high), support=UNIT)
    assert found.holds if holds else found.fails


@pytest.mark.parametrize("layer", [nn.ReLU6(), nn.Hardtanh(0, 6), nn.Hardsigmoid()], ids=repr)
def test_what_is_flat_far_out_fails_on_the_half_line(layer):
    assert verdict(layer, support=POSITIVE).fails
    assert verdict(layer, support=UNIT).holds


@pytest.mark.parametrize("layer", [nn.Mish(), nn.GELU(), nn.SiLU(), nn.Hardswish()], ids=repr)
def test_what_falls_and_rises_fails_on_the_line_and_holds_where_it_rises(layer):
    assert verdict(layer).fails
    assert verdict(layer, support=UNIT).holds


@settings(max_examples=15, deadline=None)
@given(a=st.floats(-3, 3), b=st.floats(-3, 3), jump=st.sampled_from([0.0, 0.25, -0.25, 2.0**-1074]))
def test_two_slopes_and_a_jump(a, b, jump):
    """By hand: slopes of one sign with a jump that goes the same way, or none; all else folds back."""
    found = verdict(lambda z: torch.where(z > 0, a * z + jump, b * z))
    same = (a > 0) == (b > 0)
    if a == 0 or b == 0:
        assert found.fails
    elif same and (jump == 0 or (jump > 0) == (a > 0)):
        assert found.holds
    else:
        assert not found.holds


def test_tanhshrink_is_not_mistaken():
    """Only ``x - tanh x`` of one ``x``, with the factor 1."""
    assert verdict(lambda z: z - 1.5 * torch.tanh(z)).fails
    assert verdict(lambda z: torch.sub(z, torch.tanh(z), alpha=1.5)).fails
    assert verdict(lambda z: torch.sub(z, torch.tanh(z), alpha=1)).holds
    assert verdict(lambda z: z - torch.tanh(2 * z)).fails


def test_a_divisor_that_vanishes_on_the_support_is_never_skipped():
    assert not verdict(lambda z: z / z.abs() + z).holds
    assert not verdict(lambda z: z / (1 - z.abs())).holds
    assert verdict(lambda z: z / (1 - z.abs() / 2), support=SYMMETRIC).holds


def test_entries_that_use_other_coordinates_are_not_taken_for_their_own():
    swapped = verdict(lambda z: torch.where(z > 0, z.flip(1), 0.5 * z), 2)
    assert not swapped.holds
    assert verdict(lambda z: torch.where(z.flip(1) > 0, z.flip(1), 0.5 * z.flip(1)), 2).holds
    assert not verdict(lambda z: torch.where(z[:, :1] > 0, z, 0.5 * z), 2).fails
    lost = verdict(lambda z: torch.cat([F.softsign(z[:, :1]), F.softsign(z[:, :1] + 1)], 1), 2)
    assert lost.fails


def test_a_choice_is_traced_as_a_leaky_relu_only_where_it_is_one():
    example = np.linspace(-1, 1, 6).reshape(3, 2)
    for function, leaky in (
        (lambda z: torch.where(z > 0, z, 0.2 * z), True),
        (lambda z: torch.where(z <= 0, 0.2 * z, z), True),
        (lambda z: torch.where(z < 0, z, 0.2 * z), False),
        (lambda z: torch.where(z > 1, z, 0.2 * z), False),
        (lambda z: torch.where(z > 0, z, 0.2 * z.flip(1)), False),
        (lambda z: torch.where(z.flip(1) > 0, z, 0.2 * z), False),
        (lambda z: torch.where(z > 0, 2 * z, 0.2 * z), False),
        (lambda z: torch.where(z > 0, z, z + 0.2), False),
    ):
        assert ("leaky_relu" in trace(function, example).operators()) is leaky


def test_a_convolution_in_the_plane_has_its_own_step_and_border_on_each_axis():
    torch.manual_seed(3)
    layer = nn.Conv2d(2, 3, (2, 3), stride=(1, 2), padding=(2, 1), dilation=(2, 1)).double()
    graph = trace(lambda z: layer(z.reshape(-1, 2, 3, 4)), np.zeros((2, 24)))
    point = np.random.default_rng(1).normal(size=24)
    with torch.no_grad():
        truth = layer(torch.tensor(point).reshape(1, 2, 3, 4))[0].numpy()
    found = graph.evaluate(point)
    assert found.shape == truth.shape
    assert all(abs(float(ball.mid()) - value) < 1e-12 for ball, value in zip(found.flat, truth.flat, strict=True))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.integers(1, 3),
    filters=st.integers(1, 4),
    kernel=st.integers(1, 3),
    options=st.sampled_from([{}, {}, {"stride": 2}, {"padding": 1}, {"padding": 2, "dilation": 2, "stride": 2}]),
)
def test_a_convolution_is_the_matrix_that_its_answers_span(seed, channels, filters, kernel, options):
    """Small whole weights, so that float64 and the rank of the answers on basis vectors are exact."""
    rng = np.random.default_rng(seed)
    places = 3
    weight = torch.tensor(rng.integers(-2, 3, size=(filters, channels, kernel)), dtype=torch.float64)
    bias = torch.tensor(rng.integers(-2, 3, size=filters), dtype=torch.float64)

    def function(z):
        return F.conv1d(z.reshape(-1, channels, places), weight, bias, **options).flatten(1)

    n = channels * places
    basis = torch.eye(n, dtype=torch.float64)
    matrix = (function(basis) - function(torch.zeros(1, n, dtype=torch.float64))).numpy()
    found = verdict(function, n)
    assert found.holds if sympy.Matrix(matrix.astype(int)).rank() == n else found.fails


@pytest.mark.parametrize(("kind", "options"), [("Conv1d", {"groups": 2}), ("ConvTranspose1d", {})], ids=str)
def test_other_convolutions_are_named(kind, options):
    torch.manual_seed(0)
    layer = getattr(nn, kind)(2, 4, 2, **options).double()
    found = verdict(lambda z: layer(z.reshape(-1, 2, 4)).flatten(1), 8)
    assert not found.holds
    if found.undecided:
        assert "convolution" in found.reason
