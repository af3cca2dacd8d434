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
        n, new = architecture.n, stack.flat.new_empty
        shape = (stack.replicas, n, rows)
        self.mean, self.log_deviation = self.encoder.output[:, :n], self.encoder.output[:, n : 2 * n]
        self.deviation, self.shift, self.pull, self.excess, self.g = (new(shape) for _ in range(5))
        self.design = stack.flat.new_empty(0, 0, 0)
        self.white = self.auxiliary = self.design
        self.latent = stack.flat.new_ones(stack.replicas, n + 1, rows)
        self.z = self.latent[:, :-1]
        self.residual = torch.empty_like(self.decoder.output)
        self.outputs = torch.empty_like(self.encoder.output)
        self.d_mean, self.d_log_deviation = self.outputs[:, :n], self.outputs[:, n : 2 * n]
        # every replica's loss is a mean over rows: both factors are folded into what is sent back. Factors are tensors
        # without dimensions rather than numbers, which every operation would convert first.
        beta = weights(objective.beta, stack) / rows
        self.kl_weight = beta.squeeze() if beta.numel() == 1 else beta.unsqueeze(-1).expand(shape).contiguous()
        self.minus_half, self.row_weight = stack.flat.new_tensor(-0.5), stack.flat.new_tensor(1.0 / rows)
        self._noise_precision: tuple[torch.Tensor, torch.Tensor] | None = None
        self.precision = torch.zeros_like(self.g).add_(self.kl_weight)
        self.log_variance = self.location = None
        if self.prior is not None:
            columns = self.prior.output
            self.location = columns[:, :n] if architecture.location else None
            self.log_variance = columns[:, -n:] if architecture.scale else None
        self.centred = self.mean if self.location is None else new(shape)
        self.lower: torch.Tensor | None = None
        if architecture.posterior == "full":
            self.lower = stack.flat.new_zeros(stack.replicas, n * n, rows)
            below, left = torch.tril_indices(n, n, -1, device=stack.flat.device)
            self.below_diagonal = below * n + left
            self.product = new(stack.replicas, n, n, rows)

    def _perceptron(self, name: str) -> Perceptron:
        weights, architecture = self.stack.weights, self.architecture
        levels = [weights[key] for key in weights if key.startswith(f"{name}.") and not key.endswith("skip")]
        skip = weights.get(f"{name}.skip")
        return Perceptron(levels, skip, architecture.activation, architecture.slope, self.rows)

    @torch.no_grad()
    def __call__(self, batch: Batch, noise: torch.Tensor) -> None:
        """Write the gradient at ``batch`` with standard normal ``noise`` (S, B, n) into ``stack.gradient``."""
        noise = noise.mT.contiguous()
        self._read(batch.design)
        self.encoder.forward(self.design)
        torch.exp(self.log_deviation, out=self.deviation)
        torch.mul(self.deviation, noise, out=self.shift)
        torch.add(self.mean, self.shift, out=self.z)
        if self.lower is not None:
            self._add_lower(self.lower, noise)
        self._through_decoder(batch)
        self._through_posterior()
        if self.lower is not None:
            self._through_lower(self.lower, noise)
        if self.prior is not None:
            self._through_prior(self.prior)
        self.encoder.backward(self.outputs)

    def _read(self, design: torch.Tensor) -> None:
        """The batch as (sets, columns, B), and its parts."""
        if len(design) != len(self.design):
            self.design = design.mT.contiguous()
            self.white, self.auxiliary = self.design[:, : self.architecture.d], self.design[:, self.architecture.d :]
        else:
            self.design.copy_(design.mT)

    def _add_lower(self, lower: torch.Tensor, noise: torch.Tensor) -> None:
        """The part of C below its diagonal: into z, times the noise."""
        n = self.architecture.n
        lower.index_copy_(1, self.below_diagonal, self.encoder.output[:, 2 * n :])
        torch.mul(lower.view_as(self.product), noise.unsqueeze(1), out=self.product)
        self.z.add_(self.product.sum(2))

    def _through_decoder(self, batch: Batch) -> None:
        """The decoder's gradients, and ``g`` = d loss / d z."""
        out, residual = self.decoder.forward(self.latent), self.residual
        if batch.precision is None:
            torch.sigmoid(out, out=residual)
            residual.sub_(batch.target.mT).mul_(self.row_weight)
        else:
            if self._noise_precision is None or self._noise_precision[0] is not batch.precision:
                self._noise_precision = batch.precision, batch.precision.mT * self.row_weight
            torch.sub(out, self.white, out=residual)
            residual.mul_(self._noise_precision[1])
        self.decoder.backward(residual, self.g)

    def _through_posterior(self) -> None:
        """The loss's derivatives by means and log standard deviations; ``excess`` = (s^2 exp(-r) - 1) / B."""
        if self.prior is not None:
            self.prior.forward(self.auxiliary)
        if self.log_variance is not None:
            torch.neg(self.log_variance, out=self.precision).exp_().mul_(self.kl_weight)
        if self.location is not None:
            torch.sub(self.mean, self.location, out=self.centred)
        torch.mul(self.centred, self.precision, out=self.pull)
        torch.add(self.g, self.pull, out=self.d_mean)
        torch.mul(self.deviation, self.deviation, out=self.excess)
        self.excess.mul_(self.precision).sub_(self.kl_weight)
        torch.addcmul(self.excess, self.g, self.shift, out=self.d_log_deviation)

    def _through_lower(self, lower: torch.Tensor, noise: torch.Tensor) -> None:
        """The derivatives by the entries of C below its diagonal, whose squares are part of the variances."""
        n, entries, product = self.architecture.n, lower.view_as(self.product), self.product
        torch.mul(entries, self.precision.unsqueeze(2), out=product)
        if self.log_variance is not None:
            self.excess.add_((product * entries).sum(2))
        product.addcmul_(self.g.unsqueeze(2), noise.unsqueeze(1))
        torch.index_select(product.flatten(1, 2), 1, self.below_diagonal, out=self.outputs[:, 2 * n :])

    def _through_prior(self, prior: Perceptron) -> None:
        """The prior's gradients, in the memory of its output."""
        if self.log_variance is not None:
            torch.addcmul(self.excess, self.centred, self.pull, out=self.log_variance).mul_(self.minus_half)
        if self.location is not None:
            torch.neg(self.pull, out=self.location)
        prior.backward(prior.output)
