"""Enclosures of traced graphs against torch itself in float64."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure import precision
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import WHOLE, balls, box_balls
from ivae_theory.enclosure.network.library import FIXED
from ivae_theory.enclosure.network.structure import affine_part, is_affine
from ivae_theory.enclosure.network.traced import Graph, Node
from ivae_theory.errors import CorruptReport
from ivae_theory.mixing.tracing import trace

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def near(ball, value, tolerance=1e-9):
    """Whether the ball contains the float up to its rounding."""
    return (ball + arb(0, tolerance * (1 + abs(value)))).contains(arb(float(value)))


def assert_encloses(function, m, *, points=6, spread=2.0, jacobian=True, seed=0, positive=False):
    rng = np.random.default_rng(seed)
    batch = rng.normal(size=(points, m)) * spread
    batch = np.abs(batch) + 0.1 if positive else batch
    graph = trace(function, batch)
    with precision(96):
        for row in batch:
            with torch.no_grad():
                truth = function(torch.tensor(row)[None])[0].numpy().reshape(-1)
            found = graph.evaluate(row).reshape(-1)
            assert all(near(b, t) for b, t in zip(found, truth, strict=True)), (row, found, truth)
            assert all(b.rad() < 1e-12 * (1 + abs(b.mid())) for b in found)
            if jacobian:
                slopes = torch.autograd.functional.jacobian(lambda x: function(x[None])[0], torch.tensor(row))
                slopes = slopes.numpy().reshape(-1, m)
                mine = graph.derivative(row).jacobian
                assert all(near(b, t, 1e-7) for b, t in zip(mine.reshape(-1), slopes.reshape(-1), strict=True))
    return graph


ACTIVATIONS = [
    nn.ReLU(), nn.LeakyReLU(0.3), nn.ELU(0.7), nn.SELU(), nn.CELU(1.5), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Mish(), nn.Hardtanh(), nn.ReLU6(), nn.Hardsigmoid(), nn.Hardswish(), nn.Tanh(), nn.Sigmoid(), nn.Softplus(),
    nn.Softplus(2.0),
    nn.LogSigmoid(), nn.Softsign(), nn.Tanhshrink(), nn.Softshrink(), nn.PReLU(4), nn.PReLU(), nn.Softmax(-1),
    nn.LogSoftmax(-1), nn.LayerNorm(4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Identity(), nn.Threshold(0.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=lambda layer: str(layer).replace(" ", ""))
def test_layers(layer):
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(3, 4), layer, nn.Linear(4, 2)).double().eval()
    if isinstance(layer, nn.BatchNorm1d):
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
    assert_encloses(network, 3)


FUNCTIONS = {
    "arithmetic": lambda x: (x * 2 - 1) / 4 + 3 - (5 - x) * x,
    "powers": lambda x: x**2 + x**3 - x**0 + x.pow(4).neg(),
    "trigonometry": lambda x: torch.stack([x.sin(), x.cos(), x.atan(), x.sinh(), x.cosh(), x.asinh()], -1),
    "exponentials": lambda x: torch.cat([x.exp(), torch.expm1(x), torch.erf(x), 2.0**x], 1),
    "norms": lambda x: torch.cat([x.norm(dim=1, keepdim=True), x.std(1, keepdim=True), x.var(1, keepdim=True)], 1),
    "reductions": lambda x: torch.stack([x.mean(1), x.sum(1), x.prod(1), x.logsumexp(1), x.amax(1), x.amin(1)], 1),
    "running": lambda x: torch.cat([x.cumsum(1), x.cumprod(1)], 1),
    "extremes": lambda x: torch.maximum(x, x.flip(1)) - torch.minimum(x, -x) + x.max(1, keepdim=True).values,
    "clamps": lambda x: x.clamp(-0.5, 0.7) + x.clamp(min=0.1) - x.clamp(max=0.2) + x.abs(),
    "views": lambda x: torch.stack(torch.chunk(x.repeat(1, 2), 2, 1), 2).permute(0, 2, 1).reshape(-1, 6)[:, ::2],
    "splits": lambda x: torch.cat([a * k for k, a in enumerate(torch.split(x, 1, 1), 1)], 1).unsqueeze(2).squeeze(2),
    "choices": lambda x: torch.where(x > 0.1, x, 0.2 * x) + (x < 0).to(x.dtype) * x + x.masked_fill(x >= 0.3, 2.0),
    "products": lambda x: torch.bmm(x[:, :, None], x[:, None, :]).flatten(1) @ torch.ones(9, 2, dtype=x.dtype),
    "einsum": lambda x: torch.einsum("bi,ij->bj", x, torch.arange(6.0, dtype=x.dtype).reshape(3, 2)),
    "constants": lambda x: x + torch.tensor([0.1, 0.2, 0.3]) + torch.eye(3)[0] + torch.full((3,), 0.5),
    "triangle": lambda x: x @ torch.tril(torch.ones(3, 3, dtype=x.dtype)),
    "addcmul": lambda x: torch.addcmul(x, x, x, value=0.5) + torch.lerp(x, 2 * x, 0.25),
    "index": lambda x: x[:, [2, 0]] + x[:, 1:],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    assert_encloses(FUNCTIONS[name], 3)


def test_functions_of_positive_numbers():
    assert_encloses(
        lambda x: torch.cat([x.log(), x.sqrt(), x.rsqrt(), x**0.7, x.reciprocal(), torch.log1p(x), 1 / x**2], 1),
        2,
        positive=True,
    )


def test_in_place_changes_become_functional():
    def function(x):
        h = x.clone()
        h[:, 0] = h[:, 1] * 2
        h.mul_(3)
        h += 1
        out = torch.zeros(x.shape[0], 2, dtype=x.dtype)
        out[:, 0], out[:, 1] = h[:, 0], h[:, 1] ** 2
        return out

    assert_encloses(function, 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 6), min_size=2, max_size=4), st.data())
def test_random_architectures(seed, widths, data):
    torch.manual_seed(seed)
    layers = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), data.draw(st.sampled_from([nn.Tanh(), nn.ReLU(), nn.ELU(), nn.GELU(), nn.SiLU()]))]
    assert_encloses(nn.Sequential(*layers).double(), widths[0], points=2, seed=seed)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-3, 30), st.sampled_from(ACTIVATIONS[:25]))
def test_boxes_contain_values_and_slopes(seed, width, layer):
    """Over a box, values and autograd Jacobians at points inside lie in the enclosure."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(2, 4), layer, nn.Linear(4, 2)).double().eval()
    graph = trace(network, np.zeros((1, 2)))
    rng = np.random.default_rng(seed)
    low = rng.normal(size=2) - width / 2
    with precision(64):
        found = graph.derivative(box_balls(low, low + width))
        try:
            everywhere = graph.derivative(np.full(2, WHOLE, dtype=object))
        except CannotEnclose:  # softsign: a divisor on an unbounded ball
            everywhere = found
        for row in low + width * rng.uniform(size=(5, 2)):
            x = torch.tensor(row)
            values = network(x[None])[0].detach().numpy()
            slopes = torch.autograd.functional.jacobian(lambda y: network(y[None])[0], x).numpy()
            for enclosure in (found, everywhere):
                assert all(near(b, t, 1e-8) for b, t in zip(enclosure.value, values, strict=True))
                pairs = zip(enclosure.jacobian.reshape(-1), slopes.reshape(-1), strict=True)
                assert all(near(b, t, 1e-7) for b, t in pairs)
                assert not any(b.is_nan() for b in enclosure.jacobian.reshape(-1))


def test_kink_has_the_slopes_of_both_sides():
    graph = trace(lambda x: torch.relu(x), np.zeros((1, 1)))
    with precision(64):
        slope = graph.derivative(np.array([0.0])).jacobian[0, 0]
    assert slope.contains(0)
    assert slope.contains(1)


@pytest.mark.parametrize("function", [
    lambda x: torch.sign(x), lambda x: torch.floor(x), lambda x: torch.where(x > 0, x, x + 1),
    lambda x: (x >= 0).double(), lambda x: x.to(torch.int64).double(), lambda x: 1 / x, torch.log, torch.sqrt,
], ids=range(8))  # fmt: skip
def test_jumps_and_poles_are_refused(function):
    graph = trace(function, np.full((1, 1), 0.5))
    with precision(64), pytest.raises(CannotEnclose):
        graph.derivative(box_balls([-1.0], [1.0]))
    with precision(64), pytest.raises(CannotEnclose):
        graph.derivative(np.array([0.0]))


def test_unknown_operation_is_named():
    graph = trace(lambda x: torch.special.i0(x), np.zeros((1, 1)))
    with pytest.raises(CannotEnclose, match="i0"):
        graph.evaluate(np.array([0.5]))
    assert graph.unknown()


def test_integers_embedding_and_one_hot():
    torch.manual_seed(0)
    table = nn.Embedding(5, 3).double()
    graph = trace(lambda u: table(u[:, 0]), np.arange(5)[:, None])
    with precision(64):
        found = graph.evaluate(np.arange(5)[:, None])
    assert all(near(b, t, 0) for b, t in zip(found.flat, table.weight.detach().numpy().flat, strict=True))
    graph = trace(lambda u: F.one_hot(u[:, 0], 4).double(), np.arange(4)[:, None])
    with precision(64):
        assert np.array_equal(np.vectorize(float)(graph.evaluate(np.arange(4)[:, None])), np.eye(4))


def test_exact_values_of_a_relu_network():
    weight = torch.tensor([[0.1, -0.2], [0.3, 0.7]], dtype=torch.float64)
    graph = trace(lambda x: torch.relu(x @ weight), np.ones((1, 2)))
    x = [Fraction(1, 3), Fraction(1, 7)]
    rows = [[Fraction(float(v)) for v in row] for row in weight.numpy()]
    expected = [max(sum(x[i] * rows[i][j] for i in range(2)), 0) for j in range(2)]
    from flint import fmpq

    point = [fmpq(v.numerator, v.denominator) for v in x]
    assert [Fraction(int(v.p), int(v.q)) for v in graph.evaluate_exactly(point)] == expected


def test_json_round_trip_and_digest():
    torch.manual_seed(0)
    graph = trace(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)), np.zeros((1, 2)))
    again = Graph.from_dict(json.loads(json.dumps(graph.to_dict())))
    assert again.digest() == graph.digest()
    with precision(64):
        x = balls(np.array([0.3, -0.2]))
        assert [str(a) for a in again.evaluate(x)] == [str(a) for a in graph.evaluate(x)]
    broken = graph.to_dict()
    broken["nodes"][0]["args"] = [{"node": 99}]
    with pytest.raises(CorruptReport):
        Graph.from_dict(broken)


def test_affine_part_finds_the_narrowest_node():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(3, 7), nn.Tanh(), nn.Linear(7, 2), nn.Linear(2, 6)).double()
    graph = trace(lambda u: 0.5 * body(u).reshape(-1, 3, 2) + 1, np.zeros((1, 3)))
    part = affine_part(graph)
    assert part is not None
    assert part.width == 2
    assert part.W.shape == (6, 2)
    weight = body[3].weight.detach().numpy()
    assert part.W[4, 1] == Fraction(float(weight[4, 1])) / 2
    assert not is_affine(graph)
    assert is_affine(trace(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 4)), np.zeros((1, 3))))
    assert affine_part(trace(lambda u: torch.tanh(u), np.zeros((1, 3)))).width == 3
    assert not trace(lambda u: torch.cat([u, 0 * u + 1], 1), np.zeros((1, 2))).depends_on_input()[2:].any()


@pytest.mark.parametrize("function", [
    torch.relu, torch.abs, lambda u: u**3, lambda u: F.leaky_relu(u + 1, 0.2), lambda u: torch.where(u > 0, u, 2 * u),
    lambda u: torch.maximum(u, -u), lambda u: u * (u > 0).double(), lambda u: u.clamp(-9, 9), lambda u: u * u,
    lambda u: torch.sort(u, 1).values, lambda u: u.amax(1, keepdim=True).expand(-1, 2), lambda u: 1 / (1 + u**2),
], ids=range(12))  # fmt: skip
def test_affine_on_a_piece_is_not_affine(function):
    """What is affine near the point where structure is examined must not count as affine."""
    graph = trace(function, np.full((1, 2), 0.5))
    assert not is_affine(graph)
    outer = nn.Linear(2, 4).double()
    part = affine_part(trace(lambda u: outer(function(u)), np.full((1, 2), 0.5)))
    assert part is None or part.node >= 0


def test_dead_units_are_constant_on_the_box():
    graph = trace(lambda x: torch.relu(x - 10) + torch.tensor([0.0, 1.0]), np.zeros((1, 1)))
    with precision(64):
        assert graph.derivative(box_balls([-1.0], [1.0])).constant.all()
        assert not graph.derivative(box_balls([-1.0], [11.0])).constant.any()
        assert graph.derivative(box_balls([11.0], [12.0])).affine.all()


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish"])
def test_slopes_stay_within_what_is_claimed_on_the_line(name):
    """The bound for unbounded balls contains the slopes over a fine cover of [-30, 30]; beyond, they are 0 or 1."""
    entry = FIXED[name]
    with precision(64):
        claimed = entry.slope(WHOLE)
        edges = np.linspace(-30, 30, 2401)
        for a, b in pairwise(edges):
            assert claimed.contains(entry.slope(arb(float(a)).union(arb(float(b)))))
        assert entry.slope(arb(30)).overlaps(arb(1, 1e-9))
        assert entry.slope(arb(-30)).overlaps(arb(0, 1e-9))


def test_a_variance_without_degrees_of_freedom_is_refused():
    """PyTorch answers NaN or infinity there, never a number below zero."""
    node = Node("aten.var.correction", ({"input": 0}, [1]), {"correction": 3})
    with pytest.raises(CannotEnclose, match="variance"):
        Graph(2, False, (node,), (), {"node": 0}, ()).evaluate([1.0, 2.0])


def test_an_output_whose_shape_depends_on_values_is_untraceable():
    with pytest.raises(CannotEnclose, match="shape"):
        trace(lambda u: u[:, torch.tensor([True, False, True])], [[1.0, 2.0, 3.0]])
