"""The distance of (V) to failure: how far the natural parameters are from an affine subspace.

Natural parameters have the units of their statistics, so the singular values of a raw table mean nothing between
latents. With every ``T_i`` whitened, ``T -> B T, lambda -> B^-T lambda`` changes nothing (theory, section 2).
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import IvaeTheoryError
from ivae_theory.exact import blocks
from ivae_theory.span import smallest_singular_value

__all__ = ["advice_on", "distance_to_failure", "whiten", "whitening"]

Floats = NDArray[np.float64]

#: Most pairs of a latent and a value of u: by quadrature (milliseconds each), and with closed log-partition functions.
_QUADRATURES, _CLOSED = 40, 2_000
#: Relative step of differences of a closed log-partition function, and how far two steps may disagree.
_STEP, _AGREE = 1e-3, 1e-3
#: Distances to failure below this are pointed out.
_THIN = 1e-6


def distance_to_failure(prior: Any, rows: Floats) -> tuple[float, str]:
    """The smallest singular value of the centred, whitened natural parameters, and its unit in words.

    Parameters
    ----------
    prior
        A prior with ``families``.
    rows
        lambda at the values of u that are looked at, shape (M, size).
    """
    factors, law = whitening(prior, rows)
    unit = f"each T_i whitened under {law}"
    if factors is None or not _stays_finite(factors, rows):
        factors, unit = None, _as_given(factors, law)
    change = None if factors is None else partial(_apply, factors)
    return smallest_singular_value(rows, change), f"smallest singular value of the centred natural parameters, {unit}"


def advice_on(margin: float) -> str:
    """What to say of a margin: a hypothesis that barely holds does not survive finite data."""
    if margin >= _THIN:
        return ""
    if margin == 0:
        return "The distance to failure is below the rounding of the natural parameters: no finite sample shows it."
    return f"The distance to failure is only {margin:.1e}: no finite sample tells this model from one that fails."


def whiten(prior: Any, rows: Floats) -> tuple[Floats, str]:
    """lambda of the whitened statistics, and how they were whitened in words (unchanged where that is not possible)."""
    factors, law = whitening(prior, rows)
    if factors is not None and _stays_finite(factors, rows):
        return _apply(factors, rows), f"each T_i whitened under {law}"
    return rows, _as_given(factors, law)


def _stays_finite(factors: list[Floats], rows: Floats) -> bool:
    with np.errstate(over="ignore"):
        return all(bool(np.isfinite(_apply(factors, rows[part])).all()) for part in blocks(len(rows)))


def _as_given(factors: list[Floats] | None, law: str) -> str:
    why = law if factors is None else "no whitening: numbers beyond the floating-point range"
    return f"in the units in which they were given ({why})"


def whitening(prior: Any, rows: Floats) -> tuple[list[Floats] | None, str]:
    """For each latent a factor ``B_i`` of the covariance ``B_i B_i^T`` of T_i, and the law it was taken under.

    The mixture over u where that is affordable, otherwise the u whose parameters are the most central; ``None`` with
    the reason where a covariance cannot be computed or is singular.
    """
    count = len(prior.families) * len(rows)
    closed = all(getattr(family, "range_text", "") for family in prior.families)
    with np.errstate(all="ignore"):
        try:
            if count <= (_CLOSED if closed else _QUADRATURES):
                return _factors(prior, rows), "the mixture over u"
            if not closed and len(prior.families) > _QUADRATURES:
                return None, f"no whitening: {len(prior.families)} families without a closed log-partition function"
            centre = _central(rows)
            return _factors(prior, rows[centre : centre + 1]), f"the law at row {centre} of those compared"
        except (IvaeTheoryError, ArithmeticError, np.linalg.LinAlgError) as problem:
            return None, f"no whitening: {problem}"


def _apply(factors: list[Floats], rows: Floats) -> Floats:
    """lambda of the whitened statistics: ``T = B T_w`` gives ``lambda_w = B^T lambda``."""
    if all(factor.shape == (1, 1) for factor in factors):
        return np.asarray(rows * np.array([factor[0, 0] for factor in factors]), dtype=np.float64)
    result = np.empty_like(rows)
    start = 0
    for factor in factors:
        stop = start + len(factor)
        result[:, start:stop] = rows[:, start:stop] @ factor
        start = stop
    return result


def _factors(prior: Any, rows: Floats) -> list[Floats]:
    """One factor a latent, of the covariance of T_i when u is uniform on the rows; equal families together."""
    starts = np.concatenate([[0], np.cumsum([family.k for family in prior.families])]).astype(int)
    groups: dict[int, list[int]] = {}
    for index, family in enumerate(prior.families):
        groups.setdefault(id(family), []).append(index)
    factors: dict[int, Floats] = {}
    for members in groups.values():
        family = prior.families[members[0]]
        columns = starts[members][:, None] + np.arange(family.k)
        lam = rows[:, columns].reshape(-1, family.k)
        means, within = _moments(family, lam, len(members))
        means = means.reshape(len(rows), len(members), family.k)
        within = within.reshape(len(rows), len(members), family.k, family.k)
        centred = means - means.mean(axis=0)
        total = within.mean(axis=0) + np.einsum("mia,mib->iab", centred, centred) / len(rows)
        factors.update(zip(members, map(_factor, total), strict=True))
    return [factors[index] for index in range(len(prior.families))]


def _factor(covariance: Floats) -> Floats:
    if not np.isfinite(covariance).all():
        raise ArithmeticError("a covariance of the statistics is not finite")
    return np.asarray(np.linalg.cholesky((covariance + covariance.T) / 2), dtype=np.float64)


def _central(rows: Floats) -> int:
    """The row nearest to the mean, columns in units of their spread."""
    mean = rows.mean(axis=0)
    spread = np.maximum(rows.max(axis=0) - mean, mean - rows.min(axis=0))
    spread = np.where(spread > 0, spread, 1.0)
    far = [(np.abs(rows[part] - mean) / spread).max(axis=1) for part in blocks(len(rows))]
    return int(np.argmin(np.concatenate(far)))


def _moments(family: Any, lam: Floats, members: int) -> tuple[Floats, Floats]:
    """Means (B, k) and covariances (B, k, k) of T: derivatives of a closed log-partition function, or quadrature.

    ``lam`` has the rows of ``members`` latents in turn.
    """
    means, covariances = np.empty(lam.shape), np.empty((*lam.shape, lam.shape[1]))
    rest = np.arange(len(lam))
    if getattr(family, "range_text", ""):
        for scale in (np.where(lam != 0, np.abs(lam), 1.0), np.ones(lam.shape)):
            if not len(rest):
                break
            with suppress(IvaeTheoryError):
                gradient, hessian, good = _differences(family, lam[rest], scale[rest], members)
                means[rest[good]], covariances[rest[good]] = gradient[good], hessian[good]
                rest, members = rest[~good], 1
    if len(rest) > _QUADRATURES:
        raise ArithmeticError(f"the moments of T at {len(rest)} values of u are not known accurately")
    for row in rest:
        means[row], covariances[row] = family.moments(lam[row])
    return means, covariances


def _differences(family: Any, lam: Floats, scale: Floats, members: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Gradients and Hessians by central differences, to about six digits: enough for units of length.

    The last array says where they are good: two steps agree (means, up to what the mixture over u varies), and rounding
    explains none of it. They are not where the steps are tiny beside the natural parameters over which the function
    varies.
    """
    gradient, hessian = _central_differences(family, lam, _STEP * scale)
    other_gradient, other = _central_differences(family, lam, 2 * _STEP * scale)
    if not np.isfinite(hessian).all():
        raise ArithmeticError("a log-partition function beyond the floating-point range")
    spread = np.sqrt(np.abs(np.einsum("maa->ma", hessian)))
    reach = np.ptp(gradient.reshape(-1, members, lam.shape[1]), axis=0)
    good = (np.abs(hessian - other) <= _AGREE * spread[:, :, None] * spread[:, None, :]).all(axis=(1, 2))
    varies = np.hypot(spread, np.tile(reach, (len(lam) // members, 1)))
    good &= (np.abs(gradient - other_gradient) <= _AGREE * varies).all(axis=1)
    rounding = np.finfo(float).eps * np.abs(family.log_partition(lam))[:, None]
    good &= (rounding < _AGREE * (spread * _STEP * scale) ** 2).all(axis=1)
    return gradient, hessian, good


def _central_differences(family: Any, lam: Floats, step: Floats) -> tuple[Floats, Floats]:
    k = lam.shape[1]
    shifts = [step * unit for unit in np.eye(k)]
    gradient = np.empty((len(lam), k))
    hessian = np.empty((len(lam), k, k))
    for a, p in enumerate(shifts):
        gradient[:, a] = (family.log_partition(lam + p) - family.log_partition(lam - p)) / (2 * step[:, a])
        for b, q in enumerate(shifts[: a + 1]):
            total = family.log_partition(lam + p + q) - family.log_partition(lam + p - q)
            total = total - family.log_partition(lam - p + q) + family.log_partition(lam - p - q)
            hessian[:, a, b] = hessian[:, b, a] = total / (4 * step[:, a] * step[:, b])
    return gradient, hessian
