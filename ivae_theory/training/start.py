"""Start a stack at the linear control: encoder and decoder begin as its unmixing and mixing, plus a little.

Replicas that begin there end close to each other, where random starts scatter; the best random replica can still end
better, so that bounds on held-out rows are to be compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.linear import LinearControl
from ivae_theory.training.networks import Stack

__all__ = ["check_linear_start", "start_linearly"]

#: Factor on the initial weights of the last layers, so that the networks begin close to their linear parts.
_SMALL = 0.1


def check_linear_start(stack: Stack) -> None:
    """Refuse stacks that cannot begin at the linear control."""
    architecture = stack.architecture
    if not architecture.skip or architecture.auxiliary != "labels" or architecture.prior != "table":
        raise InputError("start", "'linear' with labels and a look-up prior alone", "another prior")
    if architecture.observation != "gaussian" or not architecture.scale:
        raise InputError("start", "'linear' with Gaussian observations and variances that depend on u", "another model")


def start_linearly(
    stack: Stack, x: NDArray[np.float64], labels: NDArray[np.int64], whitening: Whitening, noise_variance: float
) -> LinearControl:
    """Set all replicas to the linear control of rows ``x`` (N, d) with ``labels`` (N,).

    The control is that of x itself (for n < d whitened coordinates have no principal components), written in the
    coordinates of ``whitening``; ``noise_variance`` fixes the initial posterior's width.

    Returns
    -------
    LinearControl
        The control. Replicas still differ by their own random layers, which start small.
    """
    check_linear_start(stack)
    architecture = stack.architecture
    n, d = architecture.n, architecture.d
    control = LinearControl(n, family="gaussian" if architecture.location else "gaussian_scale").fit(x, labels)
    # x = whitening.mean + (w * scale) basis^T
    unmixing = whitening.scale[:, None] * (whitening.basis.T @ control.unmixing_)
    mixing = control.mixing_ @ whitening.basis / whitening.scale
    shift = (control.mean_ - whitening.mean) @ whitening.basis / whitening.scale
    # posterior deviation of z for small noise: that of (noise @ unmixing)
    width = 0.5 * np.log(noise_variance * (control.unmixing_**2).sum(0))
    last = architecture.layers - 1
    with torch.no_grad():
        encoder, decoder = stack.weights["encoder.skip"], stack.weights["decoder.skip"]
        encoder.zero_()
        decoder.zero_()
        encoder[:, :d, :n] = _like(encoder, unmixing)
        encoder[:, d:, :n] = _like(encoder, -shift @ unmixing)
        encoder[:, d:, n : 2 * n] = _like(encoder, width)
        decoder[:, :n] = _like(decoder, mixing)
        decoder[:, n] = _like(decoder, shift)
        for name in ("encoder", "decoder"):
            stack.weights[f"{name}.{last}"].mul_(_SMALL)
        variances = control.segment_variances_
        scales = np.log(variances) if architecture.law == "gaussian" else 0.5 * np.log(variances / 2.0)
        table = np.concatenate([control.segment_means_, scales], 1) if architecture.location else scales
        stack.weights["prior.0"].copy_(_like(stack.weights["prior.0"], table))
    return control


def _like(tensor: torch.Tensor, values: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values)).to(tensor)
