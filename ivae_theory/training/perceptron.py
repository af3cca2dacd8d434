"""Stacked multilayer perceptrons with gradients by hand, in preallocated memory.

Values are (S, features, B): the rows of a batch are the last axis. Then every range of features - means, log standard
deviations, what a coupling keeps - is one block of memory in each replica, and elementwise operations on it run at full
speed; with features last they are strided with the few latents as the inner loop, ten to thirty times slower.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivae_theory.training.extras import torch

__all__ = ["Perceptron"]

_leaky = torch.ops.aten.leaky_relu.out
_leaky_backward = torch.ops.aten.leaky_relu_backward.grad_input


class Perceptron:
    """One stacked network, forward and backward, for batches of a fixed size.

    Parameters
    ----------
    weights
        Leaf tensors (S, inputs + 1, outputs), the bias last, whose ``.grad`` is where gradients are written. The first
        layer's inputs bring their own constant row.
    skip
        A linear map of the inputs that is added to the output, or None.
    activation, slope
        Between layers.
    rows
        Rows of every batch.

    Attributes
    ----------
    output
        What :meth:`forward` returns, always the same memory.
    """

    def __init__(
        self, weights: Sequence[torch.Tensor], skip: torch.Tensor | None, activation: str, slope: float, rows: int
    ) -> None:
        values = [weight.detach() for weight in weights]
        self.gradients = [weight.grad for weight in weights]
        self.skip = None if skip is None else skip.detach()
        self.skip_gradient = None if skip is None else skip.grad
        self.leaky, self.slope, self.replicas = activation == "leaky_relu", slope, len(values[0])
        self.raw = [w.new_empty(self.replicas, w.shape[2], rows) for w in values]
        # a hidden layer's values end in a constant row, which carries the next layer's bias
        self.padded = [w.new_ones(self.replicas, w.shape[2] + 1, rows) for w in values[:-1]]
        self.padded_transposed = [p.mT for p in self.padded]
        self.hidden = [p[:, :-1] for p in self.padded]
        self.back = [torch.empty_like(raw) for raw in self.raw[:-1]]
        self.back_transposed = [b.mT for b in self.back]
        self.forwards = [w.mT for w in values]
        # without their bias rows: what a gradient is sent back through
        self.backwards = [w[:, : w.shape[1] - 1] for w in values]
        self.output = self.raw[-1]
        self.inputs = self.raw[0]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The output (S, ., B) at inputs (S or 1, ., B), in memory that the next call overwrites."""
        h = self.inputs = inputs if len(inputs) == self.replicas else inputs.expand(self.replicas, -1, -1)
        for level, raw in enumerate(self.raw):
            torch.bmm(self.forwards[level], h, out=raw)
            if level < len(self.hidden):
                hidden = self.hidden[level]
                if self.leaky:
                    _leaky(raw, self.slope, out=hidden)
                else:
                    torch.mul(raw, self.slope, out=hidden)
                    hidden.add_(raw.tanh_())  # backward needs tanh alone
                h = self.padded[level]
        if self.skip is not None:
            self.output.baddbmm_(self.skip.mT, self.inputs)
        return self.output

    def backward(self, above: torch.Tensor, below: torch.Tensor | None = None) -> None:
        """Write the weights' gradients given that of the output; into ``below`` that of the inputs but the last."""
        output, transposed = above, above.mT
        for level in reversed(range(len(self.raw))):
            torch.bmm(self.padded[level - 1] if level else self.inputs, transposed, out=self.gradients[level])
            if level == 0:
                break
            back = self.back[level - 1]
            torch.bmm(self.backwards[level], above, out=back)
            self._through_activation(back, self.raw[level - 1])
            above, transposed = back, self.back_transposed[level - 1]
        if below is not None:
            torch.bmm(self.backwards[0], above, out=below)
        if self.skip is not None:
            torch.bmm(self.inputs, output.mT, out=self.skip_gradient)
            if below is not None:
                below.baddbmm_(self.skip[:, :-1], output)

    def _through_activation(self, back: torch.Tensor, raw: torch.Tensor) -> None:
        """Multiply ``back`` by the activation's derivative, in place."""
        if self.leaky:
            _leaky_backward(back, raw, self.slope, False, grad_input=back)
        else:
            torch.mul(raw, raw, out=raw)
            back.mul_(raw.neg_().add_(1.0 + self.slope))
