"""A check changes nothing of the user's: weights, statistics, attributes, gradients, anybody's random generators."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ivae_theory import Model, Noise, Prior, check, families

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402

TABLE = [[-0.5, -2.0], [-2.0, -0.5], [-1.0, -3.0], [-0.25, -0.75]]


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Linear(2, 3)
        self.register_buffer("mean", torch.zeros(3))
        self.loose = torch.zeros(3)
        self.shift = nn.Parameter(torch.zeros(3))


class AveragesInPlace(Layer):
    def forward(self, z):
        x = self.net(z)
        self.mean.mul_(0.9).add_(0.1 * x.mean(0))
        return x


class AveragesByName(Layer):
    """While this is traced the average is a tensor without data, and would be for ever."""

    def forward(self, z):
        x = self.net(z)
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        self.loose = self.loose + x.mean(0)
        return x


class StartsWithTheFirstBatch(Layer):
    """An ActNorm: what it is given first decides what it is."""

    def forward(self, z):
        x = self.net(z)
        if not self.mean.any():
            self.shift.data.copy_(x.mean(0))
            self.mean.fill_(1.0)
        return x - self.shift


class BatchNormInTraining(nn.BatchNorm1d):
    def train(self, mode=True):
        return super().train(True)


class Draws(Layer):
    def forward(self, z):
        torch.rand(3), np.random.rand(), random.random()
        return self.net(z)


class Differentiates(Layer):
    def forward(self, z):
        with torch.enable_grad():
            x = self.net(z)
            x.sum().backward()
        return x.detach()


MODULES = {
    "averages in place": AveragesInPlace,
    "averages by name": AveragesByName,
    "starts with the first batch": StartsWithTheFirstBatch,
    "batch norm in training": lambda: nn.Sequential(nn.Linear(2, 3), BatchNormInTraining(3)),
    "draws": Draws,
    "differentiates": Differentiates,
}


def _state(module):
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    tensors |= {name: value for name, value in vars(module).items() if isinstance(value, torch.Tensor)}
    return {
        name: (id(value), type(value), value.detach().tolist(), value.grad is None)
        for name, value in tensors.items()
        if type(value) in (torch.Tensor, nn.Parameter) or pytest.fail(f"{name} is a {type(value).__name__}")
    }


def _generators():
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()


@pytest.mark.parametrize("name", MODULES)
def test_a_check_leaves_what_it_calls_as_it_was(name):
    module = MODULES[name]()
    before, drawn = _state(module), _generators()
    model = Model(Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(0.01), mixing=module)
    check(model)
    assert _state(module) == before
    assert _generators() == drawn


def test_what_a_trainer_keeps_is_left_as_it_was():
    class Trainer:
        def __init__(self):
            self.net, self.average = nn.Linear(2, 3), torch.zeros(3)

        def decode(self, z):
            x = self.net(z)
            self.average, self.last = 0.9 * self.average + 0.1 * x.mean(0), x
            return x

    trainer = Trainer()
    average = trainer.average
    check(Model(Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(0.01), mixing=trainer.decode))
    assert trainer.average is average
    assert not average.any()
    assert type(trainer.last) is torch.Tensor


def test_a_prior_leaves_what_it_calls_as_it_was():
    module = AveragesInPlace()
    before = _state(module)
    prior = Prior(families.gaussian_scale(), lambda u: -torch.exp(module(u)), u=np.eye(4)[:, :2])
    check(Model(prior, noise=Noise.none()))
    assert _state(module) == before


def test_what_is_not_initialised_is_no_function_of_a_point():
    """With each batch it would start otherwise: nothing is proved, and the first batch is still the user's."""
    model = Model(Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(0.01), mixing=StartsWithTheFirstBatch())
    assert check(model)["theorem1.injective"].undecided


def test_a_statistic_without_values_stays_as_it_is():
    module = Layer()
    module.forward = lambda z: module.net(z)
    module.mean = torch.full((1,), torch.nan).expand(3)
    model = Model(Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(0.01), mixing=lambda z: module(z))
    assert check(model)["theorem1.injective"].holds
    assert module.mean.isnan().all()
