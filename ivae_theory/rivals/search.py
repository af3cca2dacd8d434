"""Try every construction that covers the model."""

from __future__ import annotations

from typing import Any

from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputTypeError
from ivae_theory.rivals import band_limited, discrete, factorial, gaussian, noise
from ivae_theory.rivals.rival import Rival

__all__ = ["rival"]

#: Those that refute equivalence come first: they say more.
_CONSTRUCTIONS = (
    gaussian.proportional,
    factorial.constant,
    noise.learned_variance,
    discrete.bernoulli,
    band_limited.cauchy,
    gaussian.location,
)


@turn()
def rival(model: Any) -> Rival | None:
    """A verified rival of the model, or ``None``, which says nothing.

    Constructions: two Gaussian latents with proportional variances (constant ones included), with T containing z**2;
    two latents of any law that do not depend on u (a rotation of Phi^-1(F(z)) by an angle that depends on the radius);
    a learned variance of Gaussian noise and a diagonal linear f; Bernoulli observations of Appendix E; a
    Cauchy density behind noise with the characteristic function max(1 - |t|, 0); two Gaussian latents
    of fixed variance, T = z (refutes only the scaled permutation).

    Raises
    ------
    InputTypeError
        For anything that is not a Model.
    """
    if not hasattr(model, "prior") or not hasattr(model, "describe"):
        raise InputTypeError("model", "an ivae_theory.Model", type(model).__name__)
    for construct in _CONSTRUCTIONS:
        found = construct(model)
        if found is not None:
            return found
    return None
