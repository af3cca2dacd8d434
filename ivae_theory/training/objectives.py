"""What is maximised: Eq. (8), the importance-weighted bound, and the objectives of the paper's baselines.

Everything is written for stacks: shapes (S, B) are replicas by rows of the batch, and the loss of a replica is the mean
over its rows. These definitions are the specification; :mod:`ivae_theory.training.gradients` computes the gradient of
the commonest one faster and is tested against them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from ivae_theory.errors import InputError
from ivae_theory.training.extras import torch
from ivae_theory.training.networks import PriorValues, Stack

__all__ = ["Batch", "BetaTotalCorrelation", "Bound", "ImportanceWeighted", "Objective", "Terms"]

_LOG_2PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of data as the stack reads them; the first axis is S data sets, or 1 that all replicas share.

    Attributes
    ----------
    design
        Encoder's input (., B, d + columns of u).
    target
        What the decoder is compared with (., B, d): whitened x, or bits.
    precision
        Inverse noise variance of every whitened coordinate (., 1, d); None for Bernoulli observations.
    noise_variance
        sigma^2 of x itself, which fixes the constant of the likelihood.
    """

    design: torch.Tensor
    target: torch.Tensor
    precision: torch.Tensor | None = None
    noise_variance: float = 1.0


@dataclass(frozen=True, eq=False)
class Terms:
    """log p(x|z) at one draw z of q, and KL(q(z|x,u) || p(z|u)), each (S, B), both in nats of x."""

    reconstruction: torch.Tensor
    divergence: torch.Tensor


def reconstruction(stack: Stack, batch: Batch, z: torch.Tensor) -> torch.Tensor:
    """log p(x|z) (S, B), Eq. (6), at latents (S, B, n)."""
    out = stack.decode(z)
    if batch.precision is None:
        return -torch.nn.functional.binary_cross_entropy_with_logits(
            out, batch.target.expand_as(out), reduction="none"
        ).sum(-1)
    constant = 0.5 * out.shape[-1] * (_LOG_2PI + math.log(batch.noise_variance))
    return -0.5 * (batch.precision * (batch.target - out) ** 2).sum(-1) - constant


def prior_log_density(prior: PriorValues, z: torch.Tensor, law: str) -> torch.Tensor:
    """log p(z|u) (..., B), Eq. (7)."""
    centred = z if prior.location is None else z - prior.location
    log_scale = torch.zeros_like(z) if prior.log_scale is None else prior.log_scale
    if law == "gaussian":
        return -0.5 * (log_scale + _LOG_2PI + centred**2 * torch.exp(-log_scale)).sum(-1)
    return -(math.log(2.0) + log_scale + centred.abs() * torch.exp(-log_scale)).sum(-1)


def cross_entropy(mean: torch.Tensor, variance: torch.Tensor, prior: PriorValues, law: str) -> torch.Tensor:
    """``-E_q log p(z_i|u)`` (S, B, n) of normal variables ``z_i``.

    E (z - m)^2 for a Gaussian law, and for a Laplace law the mean of the absolute value of a normal variable.
    """
    centred = mean if prior.location is None else mean - prior.location
    log_scale = torch.zeros_like(mean) if prior.log_scale is None else prior.log_scale
    if law == "gaussian":
        return 0.5 * (log_scale + _LOG_2PI + (variance + centred**2) * torch.exp(-log_scale))
    deviation = variance.sqrt()
    ratio = centred / deviation
    absolute = deviation * math.sqrt(2.0 / math.pi) * torch.exp(-0.5 * ratio**2)
    absolute = absolute + centred * torch.erf(ratio / math.sqrt(2.0))
    return math.log(2.0) + log_scale + absolute * torch.exp(-log_scale)


def divergence(
    mean: torch.Tensor, variance: torch.Tensor, log_determinant: torch.Tensor, prior: PriorValues, law: str
) -> torch.Tensor:
    """KL(q || p) (S, B) of a Gaussian q from its mean, marginal variances and log det of its Cholesky factor.

    The prior factorises, so that E_q log p needs the marginals of q alone.
    """
    entropy = log_determinant + 0.5 * mean.shape[-1] * (_LOG_2PI + 1.0)
    return cross_entropy(mean, variance, prior, law).sum(-1) - entropy


@torch.no_grad()
def latent_divergence(stack: Stack, batch: Batch) -> torch.Tensor:
    """KL(q(z_i|x,u) || p(z_i|u)) of each latent by itself (S, B, n): 0 where the posterior has collapsed."""
    mean, log_deviation, lower = stack.encode(batch.design)
    _, variance = draw(mean, log_deviation, lower, torch.zeros_like(mean))
    prior, law = stack.prior(batch.design), stack.architecture.law
    return cross_entropy(mean, variance, prior, law) - 0.5 * (torch.log(variance) + _LOG_2PI + 1.0)


def draw(
    mean: torch.Tensor, log_deviation: torch.Tensor, lower: torch.Tensor | None, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draws ``z = mean + C noise`` of q, and its marginal variances, from the Cholesky factor C."""
    deviation = log_deviation.exp()
    z, variance = mean + deviation * noise, deviation**2
    if lower is not None:
        z = z + (lower @ noise.unsqueeze(-1)).squeeze(-1)
        variance = variance + (lower**2).sum(-1)
    return z, variance


def weights(beta: float | tuple[float, ...], stack: Stack) -> torch.Tensor:
    """``beta`` as a column (S, 1) or (1, 1): one value for all replicas, or one for each."""
    values = torch.tensor(beta, dtype=stack.dtype, device=stack.device).reshape(-1, 1)
    if len(values) not in (1, stack.replicas):
        raise InputError("beta", f"one value, or one for each of {stack.replicas} replicas", f"{len(values)}")
    return values


class Objective(Protocol):
    """Something to minimise; ``draws`` is the number of posterior draws that one row needs."""

    @property
    def draws(self) -> int:
        """Posterior draws for each row."""
        ...

    def loss(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
        """(S,) losses from standard normal ``noise`` (S, draws * B, n)."""
        ...


@dataclass(frozen=True)
class Bound:
    """Eq. (8), ``E_q[log p(x,z|u) - log q(z|x,u)]``: one draw for log p(x|z), the KL term in closed form.

    ``beta`` multiplies the KL term: 1 is Eq. (8), other values with a fixed prior are the beta-VAE (a tuple:
    one value a replica).
    """

    beta: float | tuple[float, ...] = 1.0

    @property
    def draws(self) -> int:
        """Posterior draws for each row: 1."""
        return 1

    def terms(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> Terms:
        """Both terms of the bound, (S, B) each."""
        mean, log_deviation, lower = stack.encode(batch.design)
        z, variance = draw(mean, log_deviation, lower, noise)
        prior, law = stack.prior(batch.design), stack.architecture.law
        return Terms(reconstruction(stack, batch, z), divergence(mean, variance, log_deviation.sum(-1), prior, law))

    def loss(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
        """Minus the bound (S,), the KL term weighted by ``beta``."""
        terms = self.terms(stack, batch, noise)
        return (weights(self.beta, stack) * terms.divergence - terms.reconstruction).mean(-1)


@dataclass(frozen=True)
class ImportanceWeighted:
    """``E log (1/K) sum_k p(x, z_k|u) / q(z_k|x,u)``: Eq. (8) for K = 1, log p(x|u) as K grows."""

    draws: int = 8

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise InputError("draws", "a whole number >= 1", repr(self.draws))

    def loss(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
        """Minus the bound (S,)."""
        return -self.bound(stack, batch, noise).mean(-1)

    def bound(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
        """The bound of every row (S, B)."""
        mean, log_deviation, lower = stack.encode(batch.design)
        mean = mean.repeat_interleave(self.draws, 1)
        log_deviation = log_deviation.repeat_interleave(self.draws, 1)
        lower = None if lower is None else lower.repeat_interleave(self.draws, 1)
        z, _ = draw(mean, log_deviation, lower, noise)
        log_q = -0.5 * (noise**2 + _LOG_2PI).sum(-1) - log_deviation.sum(-1)
        repeated = Batch(
            batch.design.repeat_interleave(self.draws, 1),
            batch.target.repeat_interleave(self.draws, 1),
            batch.precision,
            batch.noise_variance,
        )
        prior = stack.prior(repeated.design)
        log_weight = reconstruction(stack, repeated, z) + prior_log_density(prior, z, stack.architecture.law) - log_q
        return torch.logsumexp(log_weight.reshape(stack.replicas, -1, self.draws), -1) - math.log(self.draws)


@dataclass(frozen=True)
class BetaTotalCorrelation:
    """The beta-TC-VAE: mutual information + beta * total correlation + dimension-wise KL (alpha = gamma = 1).

    The aggregate posterior is estimated from the batch (minibatch-weighted sampling) with the size ``population``
    of the training set. At beta = 1 the three terms add up to ``log q(z|x) - log p(z)``: Eq. (8) without closed forms.
    """

    beta: float | tuple[float, ...]
    population: int

    @property
    def draws(self) -> int:
        """Posterior draws for each row: 1."""
        return 1

    def loss(self, stack: Stack, batch: Batch, noise: torch.Tensor) -> torch.Tensor:
        """The loss (S,)."""
        mean, log_deviation, lower = stack.encode(batch.design)
        if lower is not None:
            raise InputError("posterior", "'diagonal' for the total correlation's estimate", "'full'")
        z, _ = draw(mean, log_deviation, None, noise)
        standard = (z.unsqueeze(2) - mean.unsqueeze(1)) * torch.exp(-log_deviation).unsqueeze(1)
        log_density = -0.5 * (standard**2 + _LOG_2PI) - log_deviation.unsqueeze(1)  # (S, draw, row, n)
        constant = math.log(self.population * z.shape[1])
        aggregate = torch.logsumexp(log_density.sum(-1), 2) - constant
        marginals = (torch.logsumexp(log_density, 2) - constant).sum(-1)
        conditional = torch.diagonal(log_density.sum(-1), dim1=1, dim2=2)
        log_p = prior_log_density(stack.prior(batch.design), z, stack.architecture.law)
        penalty = conditional - aggregate + weights(self.beta, stack) * (aggregate - marginals) + marginals - log_p
        return (penalty - reconstruction(stack, batch, z)).mean(-1)
