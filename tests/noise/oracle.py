"""Characteristic functions of scipy's laws by numerical integration: the oracle of this folder, no closed form in
it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray


def integrated(frozen: Any, t: NDArray[np.float64], nodes: int = 4_000) -> NDArray[np.complex128]:
    """``E exp(i t X)`` by the midpoint rule in probability: ``int_0^1 exp(i t q(p)) dp``, refined towards both ends."""
    # p = smooth map of a uniform grid, so that the quantile function's ends are sampled densely
    s = (np.arange(nodes) + 0.5) / nodes
    p = s**3 * (10 - 15 * s + 6 * s**2)
    weight = 30 * s**2 * (1 - s) ** 2 / nodes
    keep = (p > 0) & (p < 1)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's root finders grumble in the far tails
        x = frozen.ppf(p[keep])
    finite = np.isfinite(x)
    if finite.mean() < 0.99:
        raise ArithmeticError("scipy has no quantiles for this law")
    phase = np.exp(1j * np.outer(t, x[finite]))
    return np.asarray(phase @ weight[keep][finite])
