"""The user's ``fn(x, u) -> torch Distribution`` with batch (B, n): draws and densities as arrays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, MissingExtra

__all__ = ["Posterior"]

Floats = NDArray[np.float64]


class Posterior:
    """q(z | x, u) of a user, called with tensors, in evaluation mode and without gradients."""

    def __init__(self, function: Callable[[Any, Any], Any], n: int) -> None:
        self.function, self.n = function, n

    def check(self, x: Floats, u: NDArray[Any]) -> bool:
        """Raise unless the answer is a distribution of the right shape for these rows; is it factorised by its type?"""
        with self._quiet():
            law = self._ask(x, u)
            shape = tuple(_one_draw(law).shape)
        if shape != (len(x), self.n):
            raise InputError("posterior", f"a Distribution with batch ({len(x)}, {self.n})", f"draws of shape {shape}")
        return is_factorised(law, len(x), self.n)

    def draw(self, x: Floats, u: NDArray[Any], count: int, seed: int) -> tuple[Floats, Floats]:
        """``count`` draws (count, B, n) at every row, and their log-densities (count, B)."""
        import torch

        with self._quiet():
            with turn(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                law = self._ask(x, u)
                z = law.sample((count,))
            return z.cpu().double().numpy(), self._log_prob(law, z)

    def log_density(self, z: Floats, x: Floats, u: NDArray[Any]) -> Floats:
        """log q(z | x, u), (B,), for rows z (B, n)."""
        import torch

        with self._quiet():
            law = self._ask(x, u)
            return self._log_prob(law, torch.as_tensor(z, dtype=_one_draw(law).dtype))

    def _quiet(self) -> AbstractContextManager[None]:
        """Evaluation mode while the law is used, too: flows call their networks when they are sampled."""
        try:
            import torch  # noqa: F401
        except ImportError:
            raise MissingExtra("posterior_gap", "torch") from None
        from ivae_theory.mixing.evaluation import quiet_module

        return quiet_module(self.function)

    def _log_prob(self, law: Any, z: Any) -> Floats:
        import torch

        with torch.no_grad():
            try:
                value = law.log_prob(z)
            except ValueError:  # z outside the support that torch validates: density zero
                inside = law.support.check(z)
                safe = torch.where(inside, z, _one_draw(law).expand(z.shape))
                value = torch.where(inside, law.log_prob(safe), torch.full_like(z, -torch.inf))
        array = np.asarray(value.cpu().double().numpy(), dtype=np.float64)
        if array.shape not in (tuple(z.shape), tuple(z.shape[:-1])):  # another one could broadcast without a word
            got = f"log_prob of shape {array.shape} for draws of shape {tuple(z.shape)}"
            raise InputError("posterior", f"a Distribution with batch (N, {self.n}), or (N,) and events", got)
        return np.asarray(array.sum(axis=-1)) if array.ndim == z.ndim else array

    def _ask(self, x: Floats, u: NDArray[Any]) -> Any:
        try:
            import torch.distributions as laws
        except ImportError:
            raise MissingExtra("posterior_gap", "torch") from None
        from ivae_theory.mixing.evaluation import quiet_module, to_tensor

        with quiet_module(self.function):
            try:
                law = self.function(to_tensor(self.function, x), to_tensor(self.function, u))
            except (Exception, SystemExit) as error:  # a user's posterior may raise anything
                got = f"{type(error).__name__}: {error}"
                raise CallableFailed("posterior", "a function (x, u) -> Distribution", got) from error
        if not isinstance(law, laws.Distribution):
            raise InputTypeError("posterior", "a function (x, u) -> torch Distribution", type(law).__name__)
        return law


def _one_draw(law: Any) -> Any:
    """A draw that leaves torch's random state as it was."""
    import torch

    with turn(), torch.random.fork_rng(devices=[]):
        return law.sample()


def is_factorised(law: Any, rows: int, n: int) -> bool:
    """Whether a torch law is a product over the latents by its type: batch (B, n), scalar events."""
    import torch.distributions as laws

    while isinstance(law, laws.Independent):
        law = law.base_dist
    return tuple(law.batch_shape) == (rows, n) and tuple(law.event_shape) == ()
