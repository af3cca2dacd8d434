"""Recheck a recovery from the sums in its certificate: A, the permutation, the masses and their bounds, once more.

The checker draws bootstrap replicates; here covariances come from the jackknife over the same groups and from the delta
method, so that the two agree up to sampling error only: numbers of the certificate may differ by a factor of ``FACTOR``
(variances), what follows from them is derived exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.exact import decode_array
from ivae_theory.verdict import Grade, Status, Verdict

Floats = NDArray[np.float64]
Evidence = Mapping[str, Any]
FACTOR = 3.0
SINGULAR = 0.1
LEAST_SHARE = 1e-12
WHOLE = ("recovery.scaled_permutation", "recovery.block_permutation")


def _require(condition: bool, expected: str, got: str = "evidence that does not show it") -> None:
    if not condition:
        raise InvalidCertificate(expected, got)


def _settings(evidence: Evidence) -> tuple[float, float]:
    tolerance, level = float(evidence["tolerance"]), float(evidence["level"])
    _require(0 < tolerance < 0.5 and 0 < level < 0.5, "a tolerance and a level between 0 and 0.5")
    return tolerance, level


def _status(lower: float, upper: float, tolerance: float) -> Status:
    _require(math.isfinite(lower) and not math.isnan(upper), "finite bounds")
    if upper <= tolerance:
        return Status.HOLDS
    return Status.FAILS if lower > tolerance else Status.UNDECIDED


def _settled(status: Status) -> Rechecked:
    _require(status is not Status.UNDECIDED, "an interval on one side of the tolerance", "one that contains it")
    return Rechecked(status, Grade.STATISTICAL)


# -- affine fit and invertibility


@rechecks("recovery.affine", "recovery.affine")
def recheck_affine(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """The interval of the worst share against the tolerance."""
    tolerance, level = _settings(evidence)
    lower, upper = _share_bounds(evidence, level)
    return _settled(_status(lower, upper, tolerance))


def _share_bounds(evidence: Evidence, level: float) -> tuple[float, float]:
    from scipy import special

    estimate, error = decode_array(evidence["estimate"]), decode_array(evidence["error"])
    freedom = float(evidence["freedom"])
    _require(estimate.shape == error.shape and estimate.ndim == 1 and estimate.size > 0, "an error for every estimate")
    _require(bool(np.isfinite(estimate).all() and (error >= 0).all() and freedom >= 1), "finite estimates and errors")
    joint = -special.stdtrit(freedom, level / (4 * estimate.size)) * error
    single = -special.stdtrit(freedom, level / 2) * error
    low, high = np.maximum(estimate - joint, 0), np.maximum(estimate + single, 0)
    if not evidence["squared"]:
        rows = int(evidence["n_samples"])
        _require(rows > estimate.size + 1, "more rows than unknowns", f"{rows}")
        share = np.where(estimate > LEAST_SHARE, estimate, 1.0)
        multiple = rows / (rows - estimate.size - 1) * share * np.exp(np.minimum(single / share, 100.0))
        high = np.where(estimate > LEAST_SHARE, np.maximum(high, multiple), high)
    power = 2 if evidence["squared"] else 1
    return float(np.max(low) ** power), float(np.max(high) ** power)


@rechecks("recovery.invertible", "recovery.invertible")
def recheck_invertible(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """The smallest singular value's interval against the threshold."""
    _settings(evidence)
    estimate, lower, upper = map(float, evidence["smallest"])
    _require(evidence["threshold"] == SINGULAR, f"the threshold {SINGULAR}", repr(evidence["threshold"])[:40])
    _require(0 <= lower <= estimate <= upper, "bounds around the estimate")
    if lower >= SINGULAR:
        return Rechecked(Status.HOLDS, Grade.STATISTICAL)
    return _settled(Status.FAILS if upper < SINGULAR else Status.UNDECIDED)


@rechecks("recovery.conjunction", *WHOLE)
def recheck_conjunction(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """The minimum of the findings' statuses; that they are those of the findings is compared with the document."""
    words = evidence["parts"]
    _require(set(words) == {"recovery.affine", "recovery.invertible", "recovery.pattern"}, "three findings")
    statuses = [{status.word: status for status in Status}[word] for word in words.values()]
    return _settled(min(statuses))


@rechecks("recovery.resolve", "recovery.resolve")
def recheck_resolve(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """Some fourth-order cross-moment of the sources is further from zero than the level allows (Bonferroni)."""
    from scipy import special

    cross, error = (
        np.asarray(evidence["cross"], dtype=np.float64),
        np.asarray(evidence["cross_error"], dtype=np.float64),
    )
    level, sources = float(evidence["level"]), len(evidence["kurtosis"])
    _require(0 < level < 0.5 and evidence["converged"] is True, "a level, and a FastICA that converged")
    _require(cross.shape == error.shape == (sources * (sources - 1),), "two cross-moments for every pair of sources")
    z = float(-special.ndtri(level / (2 * (sources + sources * (sources - 1)))))
    _require(bool((np.abs(cross) > z * error).any()), "a cross-moment beyond its standard error")
    return Rechecked(Status.FAILS, Grade.STATISTICAL)


# -- the pattern


@rechecks("recovery.pattern", "recovery.pattern")
def recheck_pattern(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """Off-permutation masses and their bounds from the sums by group."""
    tolerance, level = _settings(evidence)
    sums = _Sums(evidence)
    S = sums.whitened(sums.total)
    stored = decode_array(evidence["S"])
    _require(stored.shape == S.shape and bool(np.allclose(S, stored, rtol=1e-6, atol=1e-9)), "S as the sums give it")
    permutation = list(evidence["permutation"])
    _check_permutation(sums.squares(S), permutation, sums.sizes)
    n = len(permutation)
    spreads = evidence["spreads"]
    _require(len(spreads) == n, f"what the bounds of {n} rows are computed from", f"{len(spreads)}")
    own = sums.spreads(S, permutation)
    joint = [_bounds(_checked(spread, mine), level / (2 * n)) for spread, mine in zip(spreads, own, strict=True)]
    single = [_bounds(spread, level / 2) for spread in spreads]
    status = _status(max(low for low, _ in joint), max(high for _, high in single), tolerance)
    if status is Status.HOLDS:
        same = all(sums.sizes[i] == sums.learned[j] for i, j in enumerate(permutation))
        _require(same, "matched blocks of equal sizes")
    return _settled(status)


def _check_permutation(squares: Floats, permutation: list[int], sizes: Sequence[int]) -> None:
    from scipy.optimize import linear_sum_assignment

    n = len(sizes)
    _require(sorted(permutation) == list(range(n)), f"a permutation of {n} latents", repr(permutation)[:60])
    weights = squares / np.asarray(sizes)[:, None]
    rows, columns = linear_sum_assignment(-weights)
    best, claimed = weights[rows, columns].sum(), weights[np.arange(n), permutation].sum()
    _require(bool(claimed >= best - 1e-9 * abs(best)), "the permutation that keeps the most mass")


class _Sums:
    """The sums of the certificate, and what follows from them."""

    def __init__(self, evidence: Evidence) -> None:
        self.sizes = [int(k) for k in evidence["blocks"]]
        self.learned = [int(k) for k in evidence["learned_blocks"]]
        self.sums = np.asarray(decode_array(evidence["sums"]), dtype=np.float64)
        self.within = np.asarray(decode_array(evidence["within"]), dtype=np.float64)
        p, q = sum(self.sizes), sum(self.learned)
        _require(min(self.sizes + self.learned, default=0) >= 1 and p == q, "as many learned statistics as true ones")
        _require(len(self.sizes) == len(self.learned), "as many learned latents as true ones")
        pairs = sum(k * k for k in self.sizes), sum(k * k for k in self.learned)
        self.fields = np.cumsum([1, p, q, *pairs, p * q])
        width = 1 + p + q + sum(pairs) + p * q + q * q
        _require(self.sums.ndim == 2 and self.sums.shape[1] == width and len(self.sums) >= 2, f"sums of width {width}")
        _require(self.within.shape == (sum(pairs), sum(pairs)), "a covariance of the blocks")
        _require(bool(np.isfinite(self.sums).all() and np.isfinite(self.within).all()), "finite sums")
        self.total = self.sums.sum(axis=0)
        self.count = round(float(self.total[0]))
        _require(self.count == evidence["n_samples"] and len(self.sums) == evidence["groups"], "N and G as stated")

    def _parts(self, flat: Floats) -> tuple[Floats, Floats]:
        """A, and the covariance blocks of T~ then of T~' as one vector."""
        p = sum(self.sizes)
        _, y, x, yy, tt, yx, xx = np.split(flat / flat[0], self.fields)
        cross = yx.reshape(p, p) - np.outer(y, x)
        inner = xx.reshape(p, p) - np.outer(x, x)
        A = np.linalg.lstsq(inner.T, cross.T, rcond=None)[0].T
        blocks = [yy - _block_products(y, self.sizes), tt - _block_products(x, self.learned)]
        return A, np.concatenate(blocks)

    def _whiten(self, A: Floats, variance: Floats) -> Floats:
        split = sum(k * k for k in self.sizes)
        left = _inverse_roots(variance[:split], self.sizes)
        right = _roots(variance[split:], self.learned)
        return left @ A @ right

    def whitened(self, flat: Floats) -> Floats:
        """S from combined sums."""
        return self._whiten(*self._parts(flat))

    def squares(self, S: Floats) -> Floats:
        """``||S_ij||_F^2`` of the blocks."""
        starts = np.cumsum([0, *self.sizes[:-1]]), np.cumsum([0, *self.learned[:-1]])
        return np.asarray(np.add.reduceat(np.add.reduceat(S**2, starts[0], axis=0), starts[1], axis=1))

    def spreads(self, S: Floats, permutation: list[int]) -> list[dict[str, float]]:
        """Square, and trace and largest eigenvalue of the covariance, of each row's off-permutation part."""
        A, variance = self._parts(self.total)
        groups = len(self.sums)
        left_out = [self._whiten(self._parts(self.total - row)[0], variance) for row in self.sums]
        values, vectors = np.linalg.eigh(self.within / self.count)
        steps = (vectors * np.sqrt(np.maximum(values, 0))).T
        steps = steps[np.abs(steps).max(axis=1) > 0]
        moved = [(self._whiten(A, variance + step / 100) - S) * 100 for step in steps]
        result = []
        for i, j in enumerate(permutation):
            base = self._off(S, i, j)
            jack = np.array([self._off(one, i, j) for one in left_out])
            deviations = (jack - jack.mean(axis=0)) * math.sqrt((groups - 1) / groups)
            scales = np.array([(self._off(S + step / 100, i, j) - base) * 100 for step in moved])
            every = np.concatenate([deviations, scales.reshape(len(moved), base.size)])
            gram = every @ every.T if len(every) < every.shape[1] else every.T @ every
            top = float(np.linalg.eigvalsh(gram)[-1]) if gram.size else 0.0
            result.append({"square": float(base @ base), "trace": float((every**2).sum()), "top": max(top, 0.0)})
        return result

    def _off(self, S: Floats, i: int, j: int) -> Floats:
        rows = slice(sum(self.sizes[:i]), sum(self.sizes[: i + 1]))
        columns = slice(sum(self.learned[:j]), sum(self.learned[: j + 1]))
        norm = float(np.linalg.norm(S[rows, columns]))
        off = np.delete(S[rows], np.arange(columns.start, columns.stop), axis=1).ravel()
        return np.asarray(off / norm if norm > 0 else off * 0)


def _block_products(values: Floats, sizes: Sequence[int]) -> Floats:
    ends = np.cumsum(sizes)
    return np.concatenate(
        [np.outer(values[e - k : e], values[e - k : e]).ravel() for e, k in zip(ends, sizes, strict=True)]
    )


def _diagonal(blocks: Sequence[Floats]) -> Floats:
    from scipy.linalg import block_diag

    return np.asarray(block_diag(*blocks))


def _split(flat: Floats, sizes: Sequence[int]) -> list[Floats]:
    ends = np.cumsum([k * k for k in sizes])
    return [flat[end - k * k : end].reshape(k, k) for end, k in zip(ends, sizes, strict=True)]


def _power(block: Floats, power: float) -> Floats:
    values, vectors = np.linalg.eigh((block + block.T) / 2)
    values = np.maximum(values, max(float(values[-1]) * 1e-15, 1e-300))
    return np.asarray((vectors * values**power) @ vectors.T)


def _roots(flat: Floats, sizes: Sequence[int]) -> Floats:
    return _diagonal([_power(block, 0.5) for block in _split(flat, sizes)])


def _inverse_roots(flat: Floats, sizes: Sequence[int]) -> Floats:
    return _diagonal([_power(block, -0.5) for block in _split(flat, sizes)])


def _checked(spread: Evidence, own: Mapping[str, float]) -> Evidence:
    """The certificate's numbers, where they are near those from the jackknife."""
    numbers = [float(spread[name]) for name in ("square", "trace", "trace2", "trace3", "top", "freedom")]
    _require(all(math.isfinite(value) and value >= 0 for value in numbers), "finite numbers that are not negative")
    _require(math.isclose(spread["square"], own["square"], rel_tol=1e-6, abs_tol=1e-12), "|rho|^2 as S gives it")
    for name in ("trace", "top") if spread["signal"] >= 4 else ():  # otherwise the bounds are 0 and 1
        near = own[name] / FACTOR - 1e-15 <= spread[name] <= own[name] * FACTOR + 1e-15
        _require(near, f"{name} within a factor {FACTOR:g} of {own[name]:.3g}", f"{spread[name]:.3g}")
    trace, trace2 = spread["trace"], spread["trace2"]
    _require(trace2 <= trace**2 * (1 + 1e-9), "tr V^2 at most (tr V)^2")
    _require(spread["top"] <= trace * (1 + 1e-9), "an eigenvalue of at most tr V")
    return spread


def _bounds(spread: Evidence, tail: float) -> tuple[float, float]:
    """Bounds of ``r^2 / (1 + r^2)`` by inverting tests of ``|rho| = r`` (chi-square with the same three cumulants)."""
    if spread["signal"] < 4:
        return 0.0, 1.0
    square = float(spread["square"])
    lower, upper = _root(spread, 1 - tail, square), _root(spread, tail, square)
    return lower / (1 + lower), upper / (1 + upper)


def _root(spread: Evidence, tail: float, square: float) -> float:
    from scipy import optimize, special

    z = float(special.stdtrit(spread["freedom"], tail))
    widen = z / float(special.ndtri(tail))

    def quantile(radius2: float) -> float:
        variance = 2 * spread["trace2"] + 4 * radius2 * spread["top"]
        if variance <= 0:
            return radius2 + float(spread["trace"])
        third = 8 * spread["trace3"] + 24 * radius2 * spread["top"] ** 2
        freedom = max(8 * variance**3 / max(third, 1e-300) ** 2, 0.5)
        standard = float(special.ndtri(tail))
        if freedom <= 1e5:
            standard = float((2 * special.gammaincinv(freedom / 2, tail) - freedom) / math.sqrt(2 * freedom))
        return radius2 + float(spread["trace"]) + widen * math.sqrt(variance) * standard

    low = 0.0
    if tail < 0.5 and spread["top"] > 0:
        low = max(0.0, z * z * spread["top"] - spread["trace2"] / (2 * spread["top"]))
    if quantile(low) >= square:
        return low
    high = max(square, low) + 1e-300
    while quantile(high) < square:
        high *= 2
    return float(optimize.brentq(lambda r: quantile(r) - square, low, high, xtol=1e-300, rtol=1e-12))


# -- the document


def check_recovery(body: Mapping[str, Any], parts: Sequence[Verdict]) -> None:
    """The numbers of the report are those of the evidence."""
    affine, invertible, pattern = (part.evidence for part in parts)
    sums = _Sums(pattern)
    S = sums.whitened(sums.total)
    smallest = float(np.linalg.svd(S, compute_uv=False)[-1])
    # Of dependent statistics rounding decides what S is; nothing rests on it then.
    same = math.isclose(smallest, invertible["smallest"][0], rel_tol=1e-6, abs_tol=1e-9)
    _require(same or parts[1].undecided, "the smallest singular value of S")
    _require(list(body["permutation"]) == list(pattern["permutation"]), "the permutation of the pattern")
    for name in ("tolerance", "level", "n_samples"):
        _require(body[name] == pattern[name], f"the {name} of the findings", repr(body[name])[:40])
    if pattern["route"] == "exact" and "estimate" in affine:
        A, variance = sums._parts(sums.total)
        p = sum(sums.sizes)
        _, y, x, *_rest, yx, _xx = np.split(sums.total / sums.total[0], sums.fields)
        cross = yx.reshape(p, p) - np.outer(y, x)
        split = sum(k * k for k in sums.sizes)
        diagonal = np.concatenate([np.diag(block) for block in _split(variance[:split], sums.sizes)])
        residual = 1 - np.einsum("ij,ij->i", A, cross) / diagonal
        _require(
            bool(np.allclose(residual, decode_array(affine["estimate"]), atol=1e-6)), "1 - R^2 as the sums give it"
        )
