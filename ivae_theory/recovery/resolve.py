"""The linear ICA step that Section 3.3 mentions: FastICA on the learned statistics, with a verdict on what it did.

For ``k = 1`` Theorem 2 makes it superfluous when the hypotheses hold and the training succeeded: A is a scaled
permutation already. It can repair a learned model whose statistics are a linear mixture ``y' = B y`` with independent
``y_i`` given ``u``; it does not apply for ``k >= 2``, where the statistics of one latent are dependent. Independence
holds only *given* ``u``, so segment means are removed first: then ``E[g(y_i) y_j | u] = 0`` at the truth, which is
all that FastICA's estimating equation asks for, whatever the variances do over u.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.arguments import require_between, require_seed
from ivae_theory.enclosure.turn import turn
from ivae_theory.equivalence.affine import AffineMap
from ivae_theory.errors import InputError, MissingExtra
from ivae_theory.recovery.inputs import Groups, as_rows, group_rows, sample_rows
from ivae_theory.recovery.statistics import as_statistics
from ivae_theory.verdict import Grade, Verdict

__all__ = ["Resolution", "resolve"]

Floats = NDArray[np.float64]
#: Rows that FastICA sees, at most.
ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Resolution:
    """Resolved statistics.

    Attributes
    ----------
    map
        ``sources = A T~'(z') + c`` (an :class:`AffineMap` whose A is the unmixing matrix), sources of variance one
        within segments.
    sources
        (N, n): give them to ``recover`` as ``z_learned`` with ``learned_statistics="z"``.
    verdict
        ``recovery.resolve``: whether the sources are independent given u as far as fourth-order cross-moments tell,
        and at most one of them looks Gaussian.
    kurtosis
        Excess kurtosis of each source within segments.
    """

    map: AffineMap
    sources: Floats
    verdict: Verdict
    kurtosis: tuple[float, ...]


def resolve(z_learned: Any, *, statistics: Any, u: Any = None, level: float = 0.05, seed: int = 0) -> Resolution:
    """FastICA on ``T~'(z')`` after removing segment means.

    Parameters
    ----------
    z_learned
        (N, n) learned latents; exact or posterior samples (noise of samples is mixed in and not removed).
    statistics
        ``T'``, as for :func:`recover`, with k = 1.
    u
        Segments; without it the rows are taken as one segment.
    level, seed
        Of the verdict; of FastICA's start.

    Raises
    ------
    InputError
        For k >= 2, where linear ICA does not apply; for input that ``recover`` refuses, too.
    MissingExtra
        Without scikit-learn (extra ``train``).
    """
    level = require_between(level, "level", 0, 0.5, "a probability between 0 and 0.5")
    seed = require_seed(seed)
    rows = as_rows(z_learned, "z_learned")
    n = rows.array.shape[1]
    T = as_statistics(statistics, n)
    if max(T.blocks.sizes) > 1:
        raise InputError(
            "statistics",
            "one statistic for each latent (k = 1): several of one latent are dependent, and linear ICA does not apply",
            f"k_i = {max(T.blocks.sizes)}",
        )
    if len(rows) < max(50, 5 * n):
        raise InputError("z_learned", f"at least {max(50, 5 * n)} rows", f"{len(rows)}")
    values = T.evaluate(rows.take(slice(0, len(rows))))
    if (values.std(axis=0) <= 1e-12 * np.abs(values).max(axis=0)).any():
        raise InputError("z_learned", "columns whose statistics vary", "a constant column")
    groups = group_rows(u, len(rows), n)
    centred = _within(values, groups)
    unmixing, converged = _fastica(centred[sample_rows(len(rows), ROWS)], seed)
    inner = centred @ unmixing.T
    unmixing = unmixing / inner.std(axis=0)[:, None]
    inner = inner / inner.std(axis=0)
    sources = values @ unmixing.T
    verdict, kurtosis = _judge(inner, groups, level, converged)
    return Resolution(AffineMap(unmixing), sources, verdict, kurtosis)


def _within(values: Floats, groups: Groups) -> Floats:
    if groups.segments is None:
        return np.asarray(values - values.mean(axis=0))
    counts = np.bincount(groups.segments, minlength=groups.segment_count)
    means = np.stack(
        [np.bincount(groups.segments, column, groups.segment_count) / np.maximum(counts, 1) for column in values.T],
        axis=1,
    )
    return np.asarray(values - means[groups.segments])


def _fastica(values: Floats, seed: int) -> tuple[Floats, bool]:
    try:
        from sklearn.decomposition import FastICA
        from sklearn.exceptions import ConvergenceWarning
    except ImportError:
        raise MissingExtra("resolve", "train") from None
    import warnings

    with turn(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        ica = FastICA(whiten="unit-variance", whiten_solver="eigh", random_state=seed, max_iter=1000, tol=1e-6)
        ica.fit(values)
    return np.asarray(ica.components_, dtype=np.float64), not caught


def _judge(inner: Floats, groups: Groups, level: float, converged: bool) -> tuple[Verdict, tuple[float, ...]]:
    """Fourth-order cross-moments within groups of rows, and the sources' kurtosis."""
    from scipy import special

    n = inner.shape[1]
    scaled = _unit_within(inner, groups)
    fourth = scaled**4 - 3
    kurtosis, kurtosis_error = _mean_and_error(fourth, groups)
    left, right = np.triu_indices(n, 1)
    tests = max(1, n + 2 * len(left))
    z = float(-special.ndtri(level / (2 * tests)))
    gaussian = [i for i in range(n) if abs(kurtosis[i]) <= z * kurtosis_error[i]]
    evidence: dict[str, Any] = {
        "kind": "recovery.resolve",
        "kurtosis": kurtosis.tolist(),
        "kurtosis_error": kurtosis_error.tolist(),
        "level": level,
        "n_samples": len(inner),
        "converged": converged,
    }
    found = tuple(float(value) for value in kurtosis)
    if len(left):
        squares = scaled**2 - 1
        moments = [_mean_and_error(squares[:, left] * squares[:, right], groups)]
        moments.append(_mean_and_error(scaled[:, left] ** 3 * scaled[:, right], groups))
        cross, error = (np.concatenate(parts) for parts in zip(*moments, strict=True))
        evidence |= {"cross": cross.tolist(), "cross_error": error.tolist()}
        worst = int(np.argmax(np.abs(cross) / np.maximum(error, 1e-300)))
        if converged and abs(cross[worst]) > z * error[worst]:
            i, j = int(left[worst % len(left)]), int(right[worst % len(left)])
            reason = (
                f"After FastICA sources {i + 1} and {j + 1} are still dependent given u (fourth-order cross-moment "
                f"{cross[worst]:.3g}, standard error {error[worst]:.2g}): the statistics are no linear mixture of "
                "independent ones, and linear ICA cannot resolve A."
            )
            return Verdict.fail("recovery.resolve", Grade.STATISTICAL, reason, evidence=evidence), found
    if len(gaussian) > 1 or not converged:
        why = "FastICA did not converge."
        if len(gaussian) > 1:
            names = ", ".join(str(i + 1) for i in gaussian)
            why = f"Sources {names} look Gaussian given u, and linear ICA is blind to rotations among them."
        return Verdict.unknown("recovery.resolve", why, evidence={**evidence, "kind": "tried"}), found
    reason = (
        "No dependence is left between the sources given u, as far as fourth-order cross-moments tell, and at most one "
        "looks Gaussian; that the linear mixture was A^-1 is not tested, recover() does that against a truth."
    )
    # Failing to find dependence is no evidence of independence: it is never more than undecided.
    return Verdict.unknown("recovery.resolve", reason, evidence={**evidence, "kind": "tried"}), found


def _unit_within(inner: Floats, groups: Groups) -> Floats:
    """Unit variance within each segment: products of squares would otherwise show the variances' own dependence."""
    if groups.segments is None:
        return inner
    counts = np.maximum(np.bincount(groups.segments, minlength=groups.segment_count), 1)
    variance = np.stack(
        [np.bincount(groups.segments, column**2, groups.segment_count) / counts for column in inner.T], axis=1
    )
    return inner / np.sqrt(np.maximum(variance, 1e-300))[groups.segments]


def _mean_and_error(values: Floats, groups: Groups) -> tuple[Floats, Floats]:
    """Means with standard errors that treat groups of rows as the independent units."""
    mean = values.mean(axis=0)
    counts = np.bincount(groups.codes, minlength=groups.count)
    sums = np.stack([np.bincount(groups.codes, column, groups.count) for column in values.T], axis=1)
    scatter = ((sums - counts[:, None] * mean) ** 2).sum(axis=0) * groups.count / max(1, groups.count - 1)
    return mean, np.sqrt(scatter) / len(values)
