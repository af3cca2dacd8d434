"""Where users keep their modules: everything that a function computes with is found, nothing else."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from ivae_theory import Points, Prior
from ivae_theory.mixing.evaluation import evaluate_callable
from ivae_theory.mixing.parts import MOST_PARTS, parts_of

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402

EXAMPLE = np.random.default_rng(0).normal(size=(4, 2))


class Trainer:
    """Keeps what it trains, as trainers do: in training mode and single precision."""

    def __init__(self):
        torch.manual_seed(0)
        self.decoder = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
        self.losses = [0.5] * (2 * MOST_PARTS)
        self.settings = {"lr": 0.1}

    def decode(self, z):
        return self.decoder(z)

    def mixing(self):
        return lambda z: self.decode(z)


TRAINER = Trainer()
KEPT = {"parts": {"decoder": TRAINER.decoder}}
decoder = nn.Linear(1, 1).double()


def helper(z):
    return KEPT["parts"]["decoder"](z)


FUNCTIONS = {
    "method": TRAINER.decode,
    "closure over an object": TRAINER.mixing(),
    "global object": lambda z: TRAINER.decoder(z),
    "global dict": lambda z: KEPT["parts"]["decoder"](z),
    "helper": lambda z: helper(z),
    "comprehension": lambda z: torch.stack([TRAINER.decode(row[None])[0] for row in z]),
    "partial of a namespace": functools.partial(lambda kept, z: kept.net(z), SimpleNamespace(net=TRAINER.decoder)),
    "default": lambda z, kept=KEPT: kept["parts"]["decoder"](z),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_modules_are_evaluated_in_evaluation_mode_wherever_they_are_kept(name):
    """In training mode dropout would be random, and asking would change what batch normalisation has learned."""
    learned = TRAINER.decoder[1].running_mean.clone()
    with torch.no_grad():
        expected = TRAINER.decoder.eval()(torch.as_tensor(EXAMPLE, dtype=torch.float32))
    TRAINER.decoder.train()
    found = evaluate_callable(FUNCTIONS[name], EXAMPLE)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)
    assert TRAINER.decoder.training
    assert torch.equal(TRAINER.decoder[1].running_mean, learned)


def test_an_attribute_is_no_global_of_its_name():
    assert parts_of(TRAINER.decode, "module") == [TRAINER.decoder]
    assert parts_of(lambda z: decoder(z), "module") == [decoder]
    assert parts_of(lambda z: z.decoder, "module") == []


def test_what_refers_to_itself_is_followed_once():
    loop = SimpleNamespace(net=TRAINER.decoder)
    loop.again = [loop, {"loop": loop}]
    assert parts_of(lambda z: loop.net(z), "module") == [TRAINER.decoder]


def test_a_prior_of_a_trainer_s_law():
    class Prepared:
        def __init__(self):
            torch.manual_seed(0)
            self.net = nn.Sequential(nn.Embedding(5, 4), nn.Dropout(0.5))

        def law(self, u):
            return torch.distributions.Normal(self.net(u[:, 0])[:, :2], self.net(u[:, 0])[:, 2:].exp())

    prior = Prior.from_torch(Prepared().law, u=Points(range(5)))
    assert [family.name for family in prior.families] == ["gaussian"] * 2
