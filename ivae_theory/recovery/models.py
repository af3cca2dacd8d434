"""Two trained models without a ground truth: do they agree up to a scaled permutation?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CallableFailed, InputError, InputTypeError
from ivae_theory.recovery.estimate import recover
from ivae_theory.recovery.inputs import as_array
from ivae_theory.recovery.result import Recovery

__all__ = ["recover_models"]

#: Posterior draws of the second model, which serve as instruments.
DRAWS = 8


def recover_models(
    model_a: Any, model_b: Any, x: Any, u: Any, *, tolerance: float = 0.05, level: float = 0.05, seed: int = 0
) -> Recovery:
    """``recover`` with one posterior draw of the first model in the place of the truth.

    Under exact posteriors ``E[T~_a | x, u] = A E[T~_b | x, u] + c`` for equivalent models, so that a draw of the first
    model is an unbiased stand-in for the truth, and draws of the second are instruments for each other. The natural
    parameters of both models at the same ``u`` give the parameter route beside it.

    Parameters
    ----------
    model_a, model_b
        Models with a ``posterior``: ``fn(x, u) -> torch Distribution`` of batch (B, n).
    x, u
        Observations (N, d) and the auxiliary variable (N,) or (N, m), on which both are compared.
    tolerance, level, seed
        As for :func:`recover`.

    Raises
    ------
    InputError
        Without posteriors, or when the models' sizes differ.
    """
    for model, argument in ((model_a, "model_a"), (model_b, "model_b")):
        if not hasattr(model, "prior") or not hasattr(model, "posterior"):
            raise InputTypeError(argument, "a Model", type(model).__name__)
    if model_a.n != model_b.n or model_a.prior.size != model_b.prior.size:
        raise InputError(
            "model_b",
            f"n = {model_a.n} latents and {model_a.prior.size} statistics, as model_a has",
            f"n = {model_b.n} and {model_b.prior.size}",
        )
    points, observed = as_array(u, "u"), as_array(x, "x")
    if len(points) != len(observed):
        raise InputError("u", f"{len(observed)} rows, as many as x", f"{len(points)}")
    truth = _draws(model_a, "model_a", observed, points, 1, seed)[0]
    learned = _draws(model_b, "model_b", observed, points, DRAWS, seed + 1)
    return recover(
        truth,
        learned,
        statistics=list(model_a.prior.families),
        learned_statistics=list(model_b.prior.families),
        u=points,
        tolerance=tolerance,
        level=level,
        seed=seed,
        natural=_natural(model_a, model_b, points),
    )


def _draws(model: Any, argument: str, x: NDArray[Any], u: NDArray[Any], count: int, seed: int) -> NDArray[np.float64]:
    if model.posterior is None:
        raise InputError(
            argument,
            "a posterior fn(x, u) -> torch Distribution; without noise and with an inverse at hand, use recover() on "
            "the latents of both models",
            "a model without one",
        )
    import torch

    from ivae_theory.mixing.evaluation import quiet_module, to_tensor

    q = model.posterior
    with turn(), quiet_module(q), torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        try:
            draws = q(to_tensor(q, x.astype(np.float64)), to_tensor(q, u)).sample((count,))
        except (Exception, SystemExit) as error:  # a user's posterior may raise anything
            got = f"{type(error).__name__}: {error}"
            raise CallableFailed(f"{argument}.posterior", "a torch Distribution of batch (B, n)", got) from error
    values = np.asarray(as_array(draws, f"{argument}.posterior"), dtype=np.float64)
    if values.shape != (count, len(x), model.n):
        raise CallableFailed(f"{argument}.posterior", f"draws of shape {(count, len(x), model.n)}", f"{values.shape}")
    return values


def _natural(model_a: Any, model_b: Any, u: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Both models' lambda at the distinct values of u, when they are enough to determine A."""
    values = np.unique(u, axis=0)
    if len(values) > 5000:
        values = values[np.linspace(0, len(values) - 1, 5000).astype(int)]
    lam = model_a.prior.evaluate(values)
    centred = lam - lam.mean(axis=0)
    scale = np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1.0)
    singular = np.linalg.svd(centred / scale, compute_uv=False)
    if len(values) <= lam.shape[1] or singular[-1] <= 1e-9 * singular[0]:
        return None
    return lam, model_b.prior.evaluate(values)
