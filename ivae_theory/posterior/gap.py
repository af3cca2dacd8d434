"""The gap log p(x | u) - L = KL(q || p(z | x, u)) between evidence and variational bound (theory, section 4).

Two estimates whose errors have a known sign decide, each with its own confidence bound:

- *from below*, at the observations given: with S draws of q and weights ``w = p(x, z | u) / q(z | x, u)``,
  ``log mean w - mean log w`` has an expectation of at most the gap, whatever the tails of w (Jensen). Modes that q
  never visits make it smaller, never larger: it can refute q, and never confirm it.
- *from above*, at observations drawn from the model: there the true ``z*`` is a draw of the true posterior, so
  ``log w(z*) - mean log w(z)`` has the expectation ``KL(p || q) + KL(q || p)``, at least the gap. A mode that q
  misses shows, because some z* fall into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.arguments import require_between, require_seed
from ivae_theory.assumed import of_draws
from ivae_theory.domain import Box, SymbolicDomain, as_points
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError
from ivae_theory.exact import encode_array
from ivae_theory.posterior.linear import never_diagonal
from ivae_theory.posterior.torch_posterior import Posterior
from ivae_theory.verdict import Grade, Verdict

__all__ = ["check_posterior", "posterior_gap"]

Floats = NDArray[np.float64]

CLAIM = "theorem3.i"
#: Draws of q at an observation, observations that are looked at, and rows of u where :func:`check_posterior` looks.
DRAWS, ROWS = 64, 512
#: Fewer observations do not say what their mean may be: terms are skewed.
FEWEST = 20
#: Tail index of the upper estimate's terms from which their variance, hence the interval, cannot be trusted.
HEAVY = 0.5


@dataclass(frozen=True)
class _Estimate:
    """Terms whose mean is estimated, one an observation, and the confidence bounds of that mean."""

    terms: Floats
    lower: float
    upper: float


@turn()
def posterior_gap(
    model: Any, x: Any, u: Any, *, tolerance: float = 0.05, level: float = 0.05, seed: int = 0
) -> Verdict:
    """Whether ``model.posterior`` is the model's posterior, up to ``tolerance`` nats of Kullback-Leibler divergence.

    Parameters
    ----------
    model
        A :class:`~ivae_theory.Model` with ``posterior``, a mixing function and a noise that has a density.
    x, u
        Observations (N, d) and their u, (N, m) or labels (N,); the first 512 rows are used.
    tolerance
        HOLDS when the upper confidence bound is at most this many nats; FAILS when the lower one exceeds it.
    level
        Probability that a bound is wrong, shared by the two bounds.

    Returns
    -------
    Verdict
        Of claim ``theorem3.i`` with grade STATISTICAL; EXACT when the model is linear and Gaussian and no factorised
        q can be its posterior.

    Raises
    ------
    InputError, InputTypeError, CallableFailed
        For a missing posterior, shapes that disagree, and a posterior that is no torch Distribution (N, n).
    """
    expected = "a positive number", "a probability between 1e-6 and 1"
    tolerance = require_between(tolerance, "tolerance", 0, math.inf, expected[0])
    level, seed = require_between(level, "level", 1e-6, 1, expected[1]), require_seed(seed)
    observations, labels = _read(model, x, u)
    q = Posterior(model.posterior, model.n)
    exact = never_diagonal(model, q.check(observations, labels))
    if exact is not None:
        return exact
    obstacle = _no_density(model, observations)
    if len(labels) < FEWEST:
        obstacle = obstacle or f"{len(labels)} observations are fewer than {FEWEST}"
    if obstacle:
        return Verdict.unknown(CLAIM, f"The gap cannot be estimated: {obstacle}.", evidence={"tried": 0})
    from scipy import special

    rng = np.random.default_rng(seed)
    simulated_z = model.prior.sample(labels, rng)
    simulated_x = np.asarray(model.noise.observe(model.mixing.evaluate(simulated_z), rng), dtype=np.float64)
    quantile = -float(special.stdtrit(len(labels) - 1, level / 2))
    below, effective = _below(model, q, observations, labels, seed)
    above = _above(model, q, simulated_x, labels, simulated_z, seed + 1)
    if not (np.isfinite(below).all() and np.isfinite(above).all()):
        return Verdict.unknown(
            CLAIM,
            "The gap cannot be estimated: q has draws outside the prior's support, or too little mass for a float.",
            evidence={"observations": len(labels), "draws": DRAWS},
        )
    return _decide(_estimate(below, quantile), _estimate(above, quantile), effective, tolerance, level, seed)


def check_posterior(model: Any, seed: int = 0) -> Verdict:
    """:func:`posterior_gap` at observations drawn from the model itself, for u over its domain."""
    if model.posterior is None:
        return Verdict.unknown(
            CLAIM, "The model has no posterior q(z | x, u) to compare with.", advice="Give posterior=."
        )
    if model.mixing is None:
        return Verdict.unknown(CLAIM, "Without a mixing function there are no observations to look at.")
    domain = model.prior.domain
    if isinstance(domain, SymbolicDomain):
        return Verdict.unknown(
            CLAIM, "The values of u range over a symbolic set: give observations to posterior_gap(model, x, u)."
        )
    rng = np.random.default_rng(seed)
    rows = domain.candidates(ROWS, seed) if isinstance(domain, Box) else domain.values
    points = rows if len(rows) == ROWS else rows[rng.integers(len(rows), size=ROWS)]
    _, x = model.sample(points, seed=seed)
    return posterior_gap(model, x, points, seed=seed)


def _read(model: Any, x: Any, u: Any) -> tuple[Floats, NDArray[Any]]:
    if getattr(model, "posterior", None) is None:
        raise InputError("posterior", "a model with posterior=fn(x, u)", "a model without")
    if model.mixing is None:
        raise InputError("mixing", "a model with a mixing function", "None")
    observations, labels = as_points(x, "x"), as_points(u, "u")
    if len(observations) != len(labels):
        raise InputError("u", f"{len(observations)} rows, as many as x", f"{len(labels)}")
    if model.d is not None and observations.shape[1] != model.d:
        raise InputError("x", f"{model.d} coordinates", f"{observations.shape[1]}")
    return observations[:ROWS].astype(np.float64), labels[:ROWS]


def _no_density(model: Any, x: Floats) -> str:
    """Why log p(x | z) has no value, or nothing."""
    density = getattr(model.noise, "log_density", None)
    if density is None:
        return "the observations are discrete"
    return "the noise has no density that can be evaluated" if density(np.zeros_like(x[:1])) is None else ""


def _log_joint(model: Any, z: Floats, x: Floats, u: NDArray[Any]) -> Floats:
    """log p(x | z) + log p(z | u) for z (.., B, n), x (B, d), u (B, m)."""
    image = np.asarray(model.mixing.evaluate(z.reshape(-1, model.n)), dtype=np.float64)
    residual = x - image.reshape(*z.shape[:-1], -1)
    likelihood = model.noise.log_density(residual.reshape(len(image), -1)).reshape(z.shape[:-1])
    return np.asarray(likelihood + model.prior.log_density(z, u), dtype=np.float64)


def _log_weights(model: Any, q: Posterior, x: Floats, u: NDArray[Any], seed: int) -> Floats:
    """log w at ``DRAWS`` draws of q for each observation, (DRAWS, N)."""
    z, log_q = q.draw(x, u, DRAWS, seed)
    return np.asarray(_log_joint(model, z, x, u) - log_q, dtype=np.float64)


def _below(model: Any, q: Posterior, x: Floats, u: NDArray[Any], seed: int) -> tuple[Floats, float]:
    """Terms of the estimate from below, and the smallest effective number of draws at an observation."""
    with np.errstate(invalid="ignore", over="ignore"):
        log_w = _log_weights(model, q, x, u, seed)
        top = log_w.max(axis=0)
        weights = np.exp(log_w - top)
        terms = top + np.log(weights.mean(axis=0)) - log_w.mean(axis=0)
        effective = weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)
    return terms, float(effective.min())


def _above(model: Any, q: Posterior, x: Floats, u: NDArray[Any], z: Floats, seed: int) -> Floats:
    """Terms of the estimate from above, at observations whose latents are known."""
    with np.errstate(invalid="ignore", over="ignore"):
        at_truth = _log_joint(model, z, x, u) - q.log_density(z, x, u)
        return np.asarray(at_truth - _log_weights(model, q, x, u, seed).mean(axis=0), dtype=np.float64)


def _estimate(terms: Floats, quantile: float) -> _Estimate:
    mean, error = float(terms.mean()), float(terms.std(ddof=1) / np.sqrt(len(terms)))
    return _Estimate(terms, mean - quantile * error, mean + quantile * error)


def tail_index(terms: Floats) -> float:
    """Hill's estimate of the tail index of the largest tenth of |terms|: the variance is infinite from .5 on."""
    size = np.sort(np.abs(terms))[::-1]
    count = max(5, len(size) // 10)
    if len(size) <= count or size[count] <= 0:
        return 0.0
    return float(np.mean(np.log(size[:count] / size[count])))


def _decide(below: _Estimate, above: _Estimate, effective: float, tolerance: float, level: float, seed: int) -> Verdict:
    count = len(below.terms)
    numbers = {
        "observations": count,
        "draws": DRAWS,
        "seed": seed,
        "level": level,
        "tolerance": tolerance,
        "lower": below.lower,
        "upper": above.upper,
        "smallest_effective_draws": effective,
    }
    if below.lower > tolerance:
        return Verdict.fail(
            CLAIM,
            Grade.STATISTICAL,
            f"q is not the posterior: at {count} observations log p(x|u) - ELBO is on average at least "
            f"{below.lower:.3g} nats (level {level:g}).",
            evidence={"kind": "posterior.gap_from_below", **numbers, "terms": encode_array(below.terms)},
            margin=below.lower,
            advice="Use a richer q, or train with the exact likelihood (a flow, n = d).",
        )
    heavy = tail_index(above.terms)
    small = float(np.abs(above.terms).max()) <= tolerance
    if above.upper <= tolerance and (small or heavy < HEAVY):
        return Verdict.hold(
            CLAIM,
            Grade.STATISTICAL,
            f"q is the posterior up to {tolerance:g} nats: KL(q||p) + KL(p||q), averaged over {count} observations "
            f"drawn from the model, is at most {above.upper:.3g} (level {level:g}).",
            evidence={"kind": "posterior.gap_from_above", **numbers, "terms": encode_array(above.terms)},
            margin=tolerance - above.upper,
            assumes=(of_draws(level, count, tolerance),),
        )
    why = f"The gap is on average between {max(below.lower, 0.0):.3g} and {above.upper:.3g} nats"
    if above.upper <= tolerance:
        why = f"The terms have a heavy tail (index {heavy:.2f})"
    return Verdict.unknown(
        CLAIM,
        f"{why} (tolerance {tolerance:g}, level {level:g}, {count} observations).",
        evidence={**numbers, "tail_index": heavy},
    )
