"""Stacked multilayer perceptrons with gradients by hand, in preallocated memory."""

from __future__ import annotations

from collections.abc import Sequence

from ivae_theory.training.extras import torch

__all__ = ["Perceptron"]


class Perceptron:
    """One stacked network, forward and backward, for batches of a fixed size.

    Parameters
    ----------
    weights
        Leaf tensors (S, inputs + 1, outputs), the bias last, whose ``.grad`` is where gradients are written. The first
        layer's inputs bring their own constant column.
    skip
        A linear map of the inputs that is added to the output, or None.
    activation, slope
        Between layers.
    rows
        Rows of every batch.
    """

    def __init__(
        self, weights: Sequence[torch.Tensor], skip: torch.Tensor | None, activation: str, slope: float, rows: int
    ) -> None:
        self.weights = [weight.detach() for weight in weights]
        self.gradients = [weight.grad for weight in weights]
        self.skip = None if skip is None else skip.detach()
        self.skip_gradient = None if skip is None else skip.grad
        self.leaky, self.slope = activation == "leaky_relu", slope
        size = (len(self.weights[0]), rows)
        self.raw = [w.new_empty(*size, w.shape[2]) for w in self.weights]
        # a hidden layer's values end in a constant column, which carries the next layer's bias
        self.padded = [w.new_ones(*size, w.shape[2] + 1) for w in self.weights[:-1]]
        self.hidden = [values[..., :-1] for values in self.padded]
        self.back = [w.new_empty(*size, w.shape[2]) for w in self.weights[:-1]]
        # the same weights without their bias rows, transposed: what a gradient is sent back through
        self.transposed = [w[:, : w.shape[1] - 1].mT for w in self.weights]
        self.inputs = self.raw[0]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The output (S, B, .), in memory that the next call overwrites."""
        h = self.inputs = inputs.expand(len(self.weights[0]), -1, -1)
        for level, weight in enumerate(self.weights):
            raw = self.raw[level]
            torch.bmm(h, weight, out=raw)
            if level < len(self.hidden):
                if self.leaky:
                    torch.ops.aten.leaky_relu.out(raw, self.slope, out=self.hidden[level])
                else:
                    torch.mul(raw, self.slope, out=self.hidden[level])
                    self.hidden[level].add_(raw.tanh_())  # backward needs tanh alone
                h = self.padded[level]
        if self.skip is not None:
            self.raw[-1].baddbmm_(self.inputs, self.skip)
        return self.raw[-1]

    def backward(self, above: torch.Tensor, below: torch.Tensor | None = None) -> None:
        """Write the weights' gradients given that of the output; into ``below`` that of the inputs but the last."""
        output = above
        for level in reversed(range(len(self.weights))):
            inputs = self.padded[level - 1] if level else self.inputs
            torch.bmm(inputs.mT, above, out=self.gradients[level])
            if level == 0:
                break
            back = self.back[level - 1]
            torch.bmm(above, self.transposed[level], out=back)
            self._through_activation(back, self.raw[level - 1])
            above = back
        if below is not None:
            torch.bmm(above, self.transposed[0], out=below)
        if self.skip is not None:
            torch.bmm(self.inputs.mT, output, out=self.skip_gradient)
            if below is not None:
                below.baddbmm_(output, self.skip[:, :-1].mT)

    def _through_activation(self, back: torch.Tensor, raw: torch.Tensor) -> None:
        """Multiply ``back`` by the activation's derivative, in place."""
        if self.leaky:
            torch.ops.aten.leaky_relu_backward.grad_input(back, raw, self.slope, False, grad_input=back)
        else:
            torch.mul(raw, raw, out=raw)
            back.mul_(raw.neg_().add_(1.0 + self.slope))
