"""The identifiable flow: an invertible network with the conditional prior of Eq. (7), trained by exact likelihood.

For n = d and little noise, maximum likelihood over ``z = h(x)``, ``log p(x|u) = log p(h(x)|u) + log |det dh/dx|`` has
none of the bias that the posterior family of a VAE brings: there is no q for Theorem 3 to put a condition on. ``h`` is
a chain of affine couplings, each after a free linear layer that starts orthogonal:

    (a, b) = split(y W),    b <- b exp(s) + t,    s = 2 tanh(p / 2),    (p, t) = network(a),

and a last linear layer. Gradients are derived by hand; all replicas move in the same batched products.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.networks import activate
from ivae_theory.training.perceptron import Perceptron
from ivae_theory.training.problem import Rows
from ivae_theory.training.replicas import Replicas

if TYPE_CHECKING:
    from ivae_theory.model import Prior

__all__ = ["FlowArchitecture", "FlowProblem", "FlowStack", "flow_prior"]

_LOG_2PI = math.log(2.0 * math.pi)
#: Adam moves every parameter by about its rate. The prior's parameters are stored divided by this, so that they move
#: five times as fast as the network's: their scale is that of log variances, not that of weights.
PRIOR_SPEED = 5.0


@dataclass(frozen=True)
class FlowArchitecture:
    """The shape that all replicas share.

    Attributes
    ----------
    n
        Latents, and coordinates of the data.
    labels
        Number M of labels u.
    couplings, width
        Number of coupling layers, and of units in the two hidden layers of each coupling's network.
    location
        Whether the prior's means depend on u (T = (z, z^2)) beside its variances (T = z^2).
    slope
        Of the leaky ReLU in the couplings' networks.
    """

    n: int
    labels: int
    couplings: int = 10
    width: int = 64
    location: bool = False
    slope: float = 0.1

    def __post_init__(self) -> None:
        for name in ("n", "labels", "width"):
            if getattr(self, name) < 1:
                raise InputError(name, "a whole number >= 1", repr(getattr(self, name)))
        if self.couplings < 0 or (self.n == 1 and self.couplings):
            raise InputError("couplings", "a whole number >= 0, and 0 for one latent", repr(self.couplings))

    @property
    def kept(self) -> int:
        """Coordinates that a coupling leaves alone, and reads."""
        return self.n // 2

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Name and shape of every weight."""
        moved = self.n - self.kept
        result = {"prior": (self.labels, self.n * (2 if self.location else 1)), "linear.last": (self.n, self.n)}
        for level in range(self.couplings):
            result[f"linear.{level}"] = (self.n, self.n)
            result[f"coupling.{level}.0"] = (self.kept + 1, self.width)
            result[f"coupling.{level}.1"] = (self.width + 1, self.width)
            result[f"coupling.{level}.2"] = (self.width + 1, 2 * moved)
        return result


class FlowStack(Replicas):
    """S flows and their priors, as plain functions of the weights."""

    architecture: FlowArchitecture

    def _initial(self, name: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
        """Orthogonal linear layers, couplings near the identity, unit prior variances."""
        if name == "prior":
            return np.zeros(shape)
        values = rng.standard_normal(shape)
        if name.startswith("linear"):
            return np.asarray(np.linalg.qr(values)[0])
        values *= (0.01 if name.endswith(".2") else 1.0) / math.sqrt(shape[0])
        values[-1] *= 0.1
        return values

    def forward(self, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (S, B, n) and log |det dz/dw| (S, B) at whitened coordinates w (S or 1, B, n)."""
        kept, moved = self.architecture.kept, self.architecture.n - self.architecture.kept
        h = w.expand(self.replicas, -1, -1)
        log_det = w.new_zeros(self.replicas, w.shape[1])
        for level in range(self.architecture.couplings):
            h = torch.bmm(h, self.weights[f"linear.{level}"])
            log_det = log_det + torch.linalg.slogdet(self.weights[f"linear.{level}"])[1][:, None]
            raw = self.condition(level, h[..., :kept])
            s = 2.0 * torch.tanh(0.5 * raw[..., :moved])
            h = torch.cat([h[..., :kept], h[..., kept:] * s.exp() + raw[..., moved:]], -1)
            log_det = log_det + s.sum(-1)
        last = self.weights["linear.last"]
        return torch.bmm(h, last), log_det + torch.linalg.slogdet(last)[1][:, None]

    def condition(self, level: int, a: torch.Tensor) -> torch.Tensor:
        """The network of one coupling at the coordinates (S, B, kept) that it leaves alone."""
        for layer in range(3):
            weight = self.weights[f"coupling.{level}.{layer}"]
            a = torch.baddbmm(weight[:, -1:], a, weight[:, :-1])
            a = activate(a, "leaky_relu", self.architecture.slope) if layer < 2 else a
        return a

    def prior(self, columns: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
        """Means (None where they are 0) and log variances (S, B, n) at one-hot labels (S or 1, B, M)."""
        out = PRIOR_SPEED * torch.bmm(columns.expand(self.replicas, -1, -1), self.weights["prior"])
        n = self.architecture.n
        return (out[..., :n] if self.architecture.location else None), out[..., -n:]

    def log_likelihood(self, design: torch.Tensor) -> torch.Tensor:
        """log p(w|u) (S, B) in whitened coordinates, at rows ``(w, one-hot u)``."""
        n = self.architecture.n
        z, log_det = self.forward(design[..., :n])
        mean, log_variance = self.prior(design[..., n:])
        centred = z if mean is None else z - mean
        return log_det - 0.5 * (log_variance + _LOG_2PI + centred**2 * torch.exp(-log_variance)).sum(-1)


def flow_prior(stack: FlowStack) -> Prior:
    """The prior of a single replica as a table of natural parameters."""
    from ivae_theory import families
    from ivae_theory.model import Prior

    with torch.no_grad():
        mean, log_variance = stack.prior(torch.eye(stack.architecture.labels, dtype=stack.dtype)[None])
    precision = torch.exp(-log_variance[0]).numpy()
    if mean is None:
        return Prior(families.gaussian_scale(), -0.5 * precision)
    return Prior(families.gaussian(), np.stack([mean[0].numpy() * precision, -0.5 * precision], -1))


@dataclass(frozen=True, eq=False)
class _State:
    """What a coupling keeps for its gradient: tanh(p / 2), exp(s), and what it moved before, (S, moved, B) each."""

    tanh: torch.Tensor
    scale: torch.Tensor
    before: torch.Tensor


class FlowProblem:
    """A stack of flows with its data, for :class:`~ivae_theory.training.loop.Loop`; the loss is -log p(w|u)."""

    noise_width = 0
    tempers, factor = False, 1.0

    def __init__(self, stack: FlowStack, data: Rows) -> None:
        self.stack, self.data = stack, data
        self.flat, self.gradient = stack.flat, stack.gradient
        self.parts = list(stack.gradients.values())
        self.replicas, self.population = stack.replicas, len(data)

    def prepare(self, rows: int) -> None:
        """Allocate what the gradient of batches of this size needs."""
        architecture, stack = self.stack.architecture, self.stack
        self.rows = rows
        levels, kept, new = range(architecture.couplings), architecture.kept, stack.flat.new_empty
        size = (stack.replicas, architecture.n, rows)
        self.perceptrons = [
            Perceptron(
                [stack.weights[f"coupling.{v}.{k}"] for k in range(3)], None, "leaky_relu", architecture.slope, rows
            )
            for v in levels
        ]
        # a coupling's input ends in the constant that carries its network's biases
        self.kept = [stack.flat.new_ones(stack.replicas, kept + 1, rows) for _ in levels]
        self.linear = [stack.weights[f"linear.{v}"].detach() for v in [*levels, "last"]]
        self.linear_gradient = [stack.gradients[f"linear.{v}"] for v in [*levels, "last"]]
        self.states = [_State(*(new(stack.replicas, size[1] - kept, rows) for _ in range(3))) for _ in levels]
        self.inputs = [new(size) for _ in self.linear]
        self.z, self.pull, self.above = (new(size) for _ in range(3))
        self.below = new(stack.replicas, kept, rows)
        self.d_output = new(stack.replicas, 2 * (size[1] - kept), rows)

    @torch.no_grad()
    def write_gradient(self, rows: torch.Tensor, noise: torch.Tensor) -> None:
        """See :class:`~ivae_theory.training.problem.Problem`; there is no noise."""
        design, n = self.data.design.index_select(1, rows).mT.contiguous(), self.stack.architecture.n
        self._forward(design[:, :n])
        self._backward(self._through_prior(design[:, n:]))

    def _forward(self, whitened: torch.Tensor) -> None:
        """Inputs of all linear layers, the states of all couplings, and z, all (S, ., B)."""
        kept = self.stack.architecture.kept
        self.inputs[0].copy_(whitened)
        for level, perceptron in enumerate(self.perceptrons):
            h, state = self.inputs[level + 1], self.states[level]
            torch.bmm(self.linear[level].mT, self.inputs[level], out=h)
            self.kept[level][:, :-1].copy_(h[:, :kept])
            raw, moved = perceptron.forward(self.kept[level]), h[:, kept:]
            split = moved.shape[1]
            torch.mul(raw[:, :split], 0.5, out=state.tanh).tanh_()
            torch.mul(state.tanh, 2.0, out=state.scale).exp_()
            state.before.copy_(moved)
            torch.addcmul(raw[:, split:], state.before, state.scale, out=moved)
        torch.bmm(self.linear[-1].mT, self.inputs[-1], out=self.z)

    def _through_prior(self, columns: torch.Tensor) -> torch.Tensor:
        """The prior's gradient; returns d loss / d z, rows weighted by 1 / B."""
        n, gradient = self.stack.architecture.n, self.stack.gradients["prior"]
        shared = columns.expand(self.replicas, -1, -1)
        out = torch.bmm(self.stack.weights["prior"].mT, shared).mul_(PRIOR_SPEED)
        precision = out[:, -n:].neg().exp_().div_(self.rows)
        centred = self.z.sub_(out[:, :n]) if self.stack.architecture.location else self.z
        torch.mul(centred, precision, out=self.pull)
        torch.mul(centred, self.pull, out=out[:, -n:]).sub_(1.0 / self.rows).mul_(-0.5)
        if self.stack.architecture.location:
            torch.neg(self.pull, out=out[:, :n])
        torch.bmm(shared, out.mT, out=gradient).mul_(PRIOR_SPEED)
        return self.pull

    def _backward(self, above: torch.Tensor) -> None:
        """Gradients of couplings and linear layers, given d loss / d z."""
        kept = self.stack.architecture.kept
        inverses = torch.linalg.inv_ex(torch.stack(self.linear)).inverse  # a lost replica must not raise
        for level in reversed(range(len(self.linear))):
            if level < len(self.perceptrons):
                state, split = self.states[level], self.d_output.shape[1] // 2
                # s = 2 tanh(p / 2): ds/dp = 1 - tanh^2, and every row has -s as a part of its loss
                d_moved, d_scale = above[:, kept:], self.d_output[:, :split]
                self.d_output[:, split:].copy_(d_moved)
                d_moved.mul_(state.scale)
                torch.mul(d_moved, state.before, out=d_scale).sub_(1.0 / self.rows)
                d_scale.mul_(state.tanh.square_().neg_().add_(1.0))
                self.perceptrons[level].backward(self.d_output, self.below)
                above[:, :kept].add_(self.below)
            torch.bmm(self.inputs[level], above.mT, out=self.linear_gradient[level])
            self.linear_gradient[level].sub_(inverses[level].mT)
            if level:
                above = torch.bmm(self.linear[level], above, out=self.above if above is self.pull else self.pull)

    @torch.no_grad()
    def loss(self, rows: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Minus the mean log-likelihood of these rows (S,)."""
        return -self.stack.log_likelihood(self.data.design.index_select(1, rows)).mean(-1)

    def diagnose(self, replica: int) -> tuple[Prior, NDArray[Any], Callable[[torch.Tensor], torch.Tensor]]:
        """See :class:`~ivae_theory.training.problem.Problem`; the decoder leads to whitened coordinates."""
        from ivae_theory.training.flow_modules import flow_mixing

        alone, n = self.stack.single(replica), self.stack.architecture.n
        here = Whitening(np.zeros(n), np.eye(n), np.ones(n))
        return flow_prior(alone), np.arange(self.stack.architecture.labels), flow_mixing(alone, here)

    def describe(self) -> dict[str, Any]:
        """See :class:`~ivae_theory.training.problem.Problem`."""
        return {
            "kind": "flow",
            "architecture": asdict(self.stack.architecture),
            "seeds": list(self.stack.seeds),
            "dtype": str(self.stack.dtype),
            "data": self.data.digest,
        }
