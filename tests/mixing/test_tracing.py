"""What must not be traced: everything whose graph could differ from the function."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.mixing.tracing import Untraceable, trace, verify

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

EXAMPLE = np.random.default_rng(0).normal(size=(4, 2))


class Counting(nn.Module):
    """Changes with every call."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, z):
        self.calls += 1
        return z * self.calls


def _by_item(z):
    out = z.clone()
    for k in range(len(z)):
        if z[k, 0].item() > 0:
            out[k] = 2 * out[k]
    return out


REFUSED = {
    "branch on a sum": lambda z: 2 * z if z.sum() > 0 else z,
    "branch on all": lambda z: z if bool((z > -100).all()) else 2 * z,
    "branch on isnan": lambda z: z if not torch.isnan(z).any() else 2 * z,
    "item": lambda z: z * z.max().item(),
    "float": lambda z: z * float(z[0, 0]),
    "items in a loop": _by_item,
    "tolist": lambda z: torch.tensor(z.tolist(), dtype=z.dtype),
    "numpy": lambda z: torch.from_numpy(np.sin(z.numpy())),
    "numpy of detached": lambda z: torch.from_numpy(np.sin(z.detach().cpu().numpy())),
    "numpy function": lambda z: np.sin(z),
    "python mathematics": lambda z: torch.stack([torch.tensor([math.sin(float(v)) for v in row]) for row in z]),
    "data in a constructor": lambda z: torch.tensor([list(row) for row in z]),
    "while": lambda z: next(z / 2**k for k in range(100) if (z / 2**k).abs().max() < 1),
    "dropout": lambda z: F.dropout(z, 0.5, training=True),
    "noise": lambda z: z + torch.randn(2),
    "rand_like": lambda z: z + torch.rand_like(z),
    "bernoulli": lambda z: torch.bernoulli(torch.sigmoid(z)),
    "mean over the batch": lambda z: z - z.mean(0),
    "normalised over the batch": lambda z: z / z.norm(),
    "sorted over the batch": lambda z: z.flip(0),
    "depends on the size of the batch": lambda z: z * len(z),
    "state": Counting(),
    "batch norm in training mode": lambda z: F.batch_norm(z, None, None, training=True),
    "several outputs": lambda z: (z, z),
    "nonzero": lambda z: z[z > 0][:1].expand(2)[None],
    "set_": lambda z: z.clone().fill_(float(z.sum())),
    "memory": lambda z: torch.empty(1, 2, dtype=z.dtype) + z,
    "a generator": lambda z: z * torch.randn(2, generator=torch.Generator().manual_seed(0)),
    "complex": lambda z: torch.view_as_real(z.to(torch.complex128))[..., 0],
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises((CannotEnclose, ValueError)):
        trace(REFUSED[name], EXAMPLE).evaluate(EXAMPLE[0])


@pytest.mark.parametrize("size", [1.0, 1e-9, 1e-200])
@pytest.mark.parametrize(
    "function",
    [
        lambda z: z + z[:1],
        lambda z: z + len(z),
        lambda z: torch.roll(z, 1, 0),
        lambda z: torch.sort(z, 0).values,
        lambda z: torch.softmax(z, 0),
        lambda z: torch.cat([z[:, :1] * 1e12, z[:, 1:].cumsum(0)], 1),
    ],
)
def test_what_mixes_rows_is_refused_however_small(function, size):
    """On one point alone they are one to one, or constant."""
    with pytest.raises(Untraceable, match="batch"):
        trace(lambda z: size * function(z), EXAMPLE)


def test_a_branch_is_refused_with_a_reason():
    with pytest.raises(Untraceable, match="branches on values"):
        trace(REFUSED["branch on a sum"], EXAMPLE)
    with pytest.raises(Untraceable, match="numpy"):
        trace(REFUSED["numpy"], EXAMPLE)
    with pytest.raises(Untraceable, match="random"):
        trace(REFUSED["noise"], EXAMPLE)


READS = {
    "truth": lambda z: (z > 1e5).any(),
    "numpy": lambda z: (z.numpy() > 1e5).any(),
    "array": lambda z: (np.asarray(z) > 1e5).any(),
    "list": lambda z: max(map(max, z.tolist())) > 1e5,
    "number": lambda z: z.max().item() > 1e5,
}


@pytest.mark.parametrize("name", READS)
def test_what_goes_on_where_reading_fails_is_not_traced(name):
    """On real tensors there is a branch, beyond where any graph is compared with its function."""

    def function(z):
        try:
            far = bool(READS[name](z))
        except Exception:  # noqa: BLE001  (what a user's code may do)
            far = False
        return z.abs() if far else 2 * z

    with pytest.raises(Untraceable, match=r"reads values|branches on values"):
        trace(function, EXAMPLE)


def test_numbers_are_read_out_of_weights():
    scale, order = nn.Parameter(torch.tensor(2.0)), torch.tensor([1, 0])
    for function in (lambda z: z * scale.item(), lambda z: z[:, order.tolist()], lambda z: z * float(scale)):
        assert trace(function, EXAMPLE).size == 2


def test_weights_without_an_array_are_refused_and_negated_views_read():
    identity = torch.eye(2, dtype=torch.float64)
    sparse = identity.to_sparse()
    with pytest.raises(Untraceable, match="layout"):
        trace(lambda z: torch.sparse.mm(sparse, z.T).T, EXAMPLE)
    negated = torch.complex(identity, identity).conj().imag
    assert negated.is_neg()
    assert [float(v) for v in trace(lambda z: z @ negated, EXAMPLE).evaluate([1.0, 2.0])] == [-1.0, -2.0]


def test_branches_on_shapes_and_settings_are_no_branches_on_data():
    class Decoder(nn.Module):
        def __init__(self, residual):
            super().__init__()
            self.layer, self.residual = nn.Linear(2, 2), residual

        def forward(self, z):
            if z.ndim == 1:
                z = z[None]
            return z + F.elu(self.layer(z)) if self.residual else self.layer(z)

    assert "elu" in trace(Decoder(True), EXAMPLE).operators()
    assert "elu" not in trace(Decoder(False), EXAMPLE).operators()


def test_the_mode_of_modules_is_restored():
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
    network.train()
    graph = trace(network, EXAMPLE)
    assert network.training
    assert "bernoulli" not in graph.operators()
    assert network[2].num_batches_tracked == 0


def test_what_was_imported_before_changes_neither_verdict_nor_digest():
    """A function that only uses operators is traced by torch, whether or not the process had imported it."""
    program = (
        "{first}; from ivae_theory import Model, Noise, Prior, check, families;"
        "model = Model(Prior(families.gaussian_location(), [[0.0], [1.0]]), noise=Noise.none(), mixing=lambda z: z**3);"
        "print(model.digest, check(model)['theorem1.injective'].status.word)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program.format(first=first)], capture_output=True, text=True, check=True
        ).stdout
        for first in ("import torch", "pass")
    }
    assert len(answers) == 1, answers
    assert "holds" in answers.pop()


@pytest.mark.parametrize("end", [30.0, 200.0])
def test_a_graph_that_is_wrong_far_out_only_is_no_graph(end: float) -> None:
    points = np.random.default_rng(0).normal(size=(8, 2))
    graph = trace(lambda z: z, points)
    verify(graph, lambda z: z + 0.0, points)
    with pytest.raises(Untraceable, match="disagrees"):
        verify(graph, lambda z: torch.where(z.abs() > end, 2 * z, z), points)
