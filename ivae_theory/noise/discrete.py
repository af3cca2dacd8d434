"""Discrete observations: not ``x = f(z) + eps`` (Appendix E, withdrawn by the published version's corrigendum)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ivae_theory.errors import InputError
from ivae_theory.noise.laws import Floats

__all__ = ["DISCRETE", "Discrete"]


def _bernoulli(values: Floats, rng: np.random.Generator) -> Floats:
    return (rng.random(values.shape) < _sigmoid(values)).astype(float)


def _geometric(values: Floats, rng: np.random.Generator) -> Floats:
    return rng.geometric(np.clip(_sigmoid(values), 1e-12, 1)).astype(float) - 1


def _categorical(values: Floats, rng: np.random.Generator) -> Floats:
    gumbel = rng.gumbel(size=values.shape)
    return np.asarray(np.eye(values.shape[-1])[(values + gumbel).argmax(axis=-1)])


def _poisson(values: Floats, rng: np.random.Generator) -> Floats:
    return rng.poisson(np.exp(np.clip(values, -700, 40))).astype(float)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))


#: Conditional laws of ``x`` given ``f(z)`` and how ``f(z)`` enters: success log-odds for ``bernoulli`` and
#: ``geometric``
#: (failures before the first success), the logarithm of the mean for ``poisson``, scores for ``categorical`` (one-hot).
DISCRETE: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "bernoulli": _bernoulli,
    "categorical": _categorical,
    "geometric": _geometric,
    "poisson": _poisson,
}


@dataclass(frozen=True)
class Discrete:
    """Observations drawn from a discrete law whose parameter is ``f(z)``.

    Theorem 1 says nothing about such a model: no random variable independent of ``z`` turns ``f(z)`` into ``x``.

    Parameters
    ----------
    name
        ``"bernoulli"``, ``"categorical"``, ``"geometric"`` or ``"poisson"``.

    Raises
    ------
    InputError
        For another name.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in DISCRETE:
            raise InputError("Discrete", f"one of {', '.join(sorted(DISCRETE))}", repr(self.name))

    dimension = None
    learned = False

    @property
    def text(self) -> str:
        """A short name for people."""
        return f"discrete ({self.name}) observations"

    def describe(self) -> dict[str, Any]:
        """JSON values, of the shape that :meth:`Noise.describe` has."""
        law = {"node": "discrete", "name": self.name}
        return {"text": self.text, "dimension": None, "learned": False, "law": law}

    def observe(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Draw ``x`` (B, d) given ``f(z)`` = ``values`` (B, d)."""
        return DISCRETE[self.name](np.asarray(values, dtype=float), rng)
