"""Eq. (8)'s gradient, derived by hand, in preallocated memory.

A small network's training step is bound by the number of operations, so this one does without autograd: about fifty
large operations whatever the number of replicas. It covers Gaussian priors (fixed, look-up or network), diagonal and
full posteriors, Gaussian and Bernoulli observations; tests compare it with autograd of
:class:`ivae_theory.training.objectives.Bound`.

With ``z = m + C e``, ``C`` lower triangular with diagonal ``s = exp(l)``, ``v_i = sum_j C_ij^2``, prior means ``a`` and
variances ``exp(r)``, and ``g = d loss / d z`` through the decoder::

    d/dm = g + (m - a) exp(-r)      d/dC = tril(g e^T + C exp(-r))      d/dl = s dC_ii - 1
    d/da = -(m - a) exp(-r)         d/dr = (1 - (v + (m - a)^2) exp(-r)) / 2
"""

from __future__ import annotations

from ivae_theory.training.extras import torch
from ivae_theory.training.networks import Stack
from ivae_theory.training.objectives import Batch, Bound, weights
from ivae_theory.training.perceptron import Perceptron

__all__ = ["BoundGradient", "covers"]


def covers(stack: Stack, objective: object) -> bool:
    """Whether :class:`BoundGradient` computes this objective's gradient for this stack."""
    return isinstance(objective, Bound) and stack.architecture.law == "gaussian"


class BoundGradient:
    """Computes the gradient of ``Bound(beta).loss``, summed over replicas, into ``stack.gradient``.

    Parameters
    ----------
    stack, objective
        What :func:`covers` accepts.
    rows
        Rows of every batch.
    """

    def __init__(self, stack: Stack, objective: Bound, rows: int) -> None:
        architecture = self.architecture = stack.architecture
        self.stack, self.rows = stack, rows
        self.encoder, self.decoder = self._perceptron("encoder"), self._perceptron("decoder")
        self.prior = None if architecture.prior == "fixed" else self._perceptron("prior")
        beta = weights(objective.beta, stack)
        # every replica's loss is a mean over rows: both factors are folded into what is sent back
        self.row_weight = 1.0 / rows
        self.kl_weight = (beta / rows).unsqueeze(-1)
        shape = (stack.replicas, rows, architecture.n)
        self.latent = stack.flat.new_ones(*shape[:2], architecture.n + 1)
        self.z, self.g = self.latent[..., :-1], stack.flat.new_empty(shape)
        self.residual = stack.flat.new_empty(*shape[:2], architecture.d)
        self.outputs = stack.flat.new_empty(*shape[:2], architecture.encoder_outputs)
        if architecture.posterior == "full":
            self._scatter = self._selection()

    def _perceptron(self, name: str) -> Perceptron:
        weights, architecture = self.stack.weights, self.architecture
        levels = [weights[key] for key in weights if key.startswith(f"{name}.") and not key.endswith("skip")]
        skip = weights.get(f"{name}.skip")
        return Perceptron(levels, skip, architecture.activation, architecture.slope, self.rows)

    def _selection(self) -> torch.Tensor:
        """0/1 matrix that lays the entries below the Cholesky diagonal out as (n, n), rows flattened."""
        n = self.architecture.n
        rows, columns = torch.tril_indices(n, n, -1)
        matrix = self.stack.flat.new_zeros(len(rows), n * n)
        matrix[torch.arange(len(rows)), rows * n + columns] = 1.0
        return matrix

    @torch.no_grad()
    def __call__(self, batch: Batch, noise: torch.Tensor) -> None:
        """Write the gradient at ``batch`` with standard normal ``noise`` (S, B, n) into ``stack.gradient``."""
        n = self.architecture.n
        out = self.encoder.forward(batch.design)
        mean, deviation = out[..., :n], out[..., n : 2 * n].exp()
        lower = None
        torch.addcmul(mean, deviation, noise, out=self.z)
        if self.architecture.posterior == "full":
            lower = (out[..., 2 * n :] @ self._scatter).view(*noise.shape, n)
            self.z.add_((lower @ noise.unsqueeze(-1)).squeeze(-1))
        self._through_decoder(batch)
        self._through_posterior(batch, mean, deviation, lower, noise)
        self.encoder.backward(self.outputs)

    def _through_decoder(self, batch: Batch) -> None:
        """The decoder's gradients, and ``g`` = d loss / d z."""
        out, residual = self.decoder.forward(self.latent), self.residual
        if batch.precision is None:
            torch.sigmoid(out, out=residual)
            residual.sub_(batch.target).mul_(self.row_weight)
        else:
            torch.sub(out, batch.target, out=residual)
            residual.mul_(batch.precision * self.row_weight)
        self.decoder.backward(residual, self.g)

    def _through_posterior(
        self,
        batch: Batch,
        mean: torch.Tensor,
        deviation: torch.Tensor,
        lower: torch.Tensor | None,
        noise: torch.Tensor,
    ) -> None:
        """The prior's gradients, and the loss's derivatives by the encoder's outputs."""
        n, architecture, weight = self.architecture.n, self.architecture, self.kl_weight
        columns = None if self.prior is None else self.prior.forward(batch.design[..., architecture.d :])
        location = columns[..., :n] if columns is not None and architecture.location else None
        centred = mean if location is None else mean - location
        if columns is not None and architecture.scale:
            precision = columns[..., -n:].neg().exp_().mul_(weight)
        else:
            precision = weight.expand_as(mean)
        pull, d_mean = centred * precision, self.outputs[..., :n]
        torch.add(self.g, pull, out=d_mean)
        d_deviation = torch.addcmul(deviation * precision, self.g, noise)
        torch.sub(d_deviation.mul_(deviation), weight, out=self.outputs[..., n : 2 * n])
        variance = deviation.square()
        if lower is not None:
            d_lower = torch.addcmul(lower * precision.unsqueeze(-1), self.g.unsqueeze(-1), noise.unsqueeze(-2))
            self.outputs[..., 2 * n :] = d_lower.flatten(-2) @ self._scatter.mT
            variance = variance + lower.square().sum(-1)
        if self.prior is None:
            return
        above = self.prior.raw[-1]
        if architecture.scale:
            spread = torch.addcmul(variance * precision, centred, pull)
            torch.sub(weight, spread, out=above[..., -n:]).mul_(0.5)
        if architecture.location:
            torch.neg(pull, out=above[..., :n])
        self.prior.backward(above)
