"""What people report: MCC with its chance level and interval, R^2, the Amari distance.

One implementation each. MCC (Section 5): the mean over latents of the absolute correlation with the learned latent that
the Hungarian algorithm assigns. It says nothing about identifiability by itself: with T = z^2 a rotation by 20 degrees
keeps .94, and with T = z an equivalent model can have n^-1/2; compare statistics with :func:`recover` for that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.arguments import require_seed
from ivae_theory.errors import InputError
from ivae_theory.recovery.correlation import CorrelationSums
from ivae_theory.recovery.inputs import Rows, as_array, as_rows, chunks, contiguous, group_rows, spread

__all__ = ["MCC", "amari", "chance_level", "mcc", "r2_score"]

Floats = NDArray[np.float64]
REPLICATES = 400


class MCC(float):
    """A mean correlation coefficient: a float that carries what is needed to read it.

    Attributes
    ----------
    lower, upper
        95 % interval (bootstrap over groups of rows, the assignment held fixed); approximate for latents with heavy
        tails.
    chance
        What independent latents of this n and N are expected to score, segments counted where their means vary.
    permutation
        The learned latent assigned to each true latent.
    correlations
        The signed correlation of each pair.
    within
        The same after subtracting segment means, or ``None`` without segments: what is left when ``u`` is known.
    method, of, n_samples
        ``"pearson"`` or ``"spearman"``; what was compared; number of rows scored.
    """

    lower: float
    upper: float
    chance: float
    permutation: tuple[int, ...]
    correlations: tuple[float, ...]
    within: float | None
    method: str
    of: str
    n_samples: int

    def __repr__(self) -> str:
        inside = "" if self.within is None else f", within segments {self.within:.4f}"
        return (
            f"MCC({float(self):.4f} [{self.lower:.4f}, {self.upper:.4f}], chance {self.chance:.4f}{inside}, "
            f"{self.method} of {self.of}, N = {self.n_samples})"
        )

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {"value": float(self), **{key: _plain(value) for key, value in vars(self).items()}}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _assign(correlations: Floats) -> NDArray[np.intp]:
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(-np.abs(correlations))[1])


@lru_cache(maxsize=256)
def _standard_chance(n: int, m: int, samples: int) -> float:
    """Expected MCC of independent normal columns, by simulation of their (nearly independent) correlations."""
    rng = np.random.default_rng(0)
    repeats = max(40, min(2000, 40_000 // (n * m)))
    freedom = max(samples - 2, 1)
    total = 0.0
    for _ in range(repeats):
        # r = t / sqrt(freedom + t^2) for t of Student's law: exact for one pair of independent normal columns.
        t = rng.standard_t(freedom, (n, m)) if freedom < 1000 else rng.standard_normal((n, m))
        r = np.abs(t) / np.sqrt(freedom + t**2)
        total += (
            float(r[np.arange(min(n, m)), _assign(r)[: min(n, m)]].mean())
            if n <= m
            else float(r[_assign(r.T), np.arange(m)].mean())
        )
    return total / repeats


def chance_level(n: int, samples: float, learned: int | None = None) -> float:
    """MCC that independent latents are expected to reach: about ``c_n / sqrt(N)`` for i.i.d. rows.

    Parameters
    ----------
    n, learned
        Number of true and of learned latents (``learned = n`` by default).
    samples
        Number of independent rows N.
    """
    m = n if learned is None else learned
    if samples > 10_000:  # beyond, only the scale changes
        return _standard_chance(n, m, 10_000) * float(np.sqrt(9998 / (samples - 2)))
    return _standard_chance(n, m, max(3, round(samples)))


def summarise(sums: CorrelationSums, *, method: str, of: str, seed: int, fixed: Any = None) -> MCC:
    """MCC from sums; ``fixed`` is (permutation, signs) when they were found on other rows."""
    whole = sums.correlations()[0]
    columns = _assign(whole) if fixed is None else fixed[0]
    index = np.arange(len(columns))
    signed = whole[index, columns]
    signs = np.sign(signed) if fixed is None else fixed[1]
    value = float(np.mean(signed * signs))
    weights = np.random.default_rng(seed).standard_exponential((REPLICATES, len(sums.sums)))
    replicates = np.concatenate([sums.correlations(weights[start : start + 50]) for start in range(0, REPLICATES, 50)])
    spread = float((replicates[:, index, columns] * signs).mean(axis=1).std())
    low, high = _interval(value, spread, len(sums.sums))
    effective = 1 / (sums.between / max(1, _segments(sums)) + (1 - sums.between) / sums.count)
    result = MCC(value)
    result.lower, result.upper = low, high
    result.chance = chance_level(sums.n, effective, sums.m)
    result.permutation = tuple(int(column) for column in columns)
    result.correlations = tuple(float(entry) for entry in signed)
    result.within = None
    if sums.segment is not None:
        inside = np.abs(sums.correlations(within=True)[0])
        result.within = float(inside[np.arange(len(inside)), _assign(inside)].mean())
    result.method, result.of, result.n_samples = method, of, sums.count
    return result


def _interval(value: float, spread: float, groups: int) -> tuple[float, float]:
    """95 % bounds from the bootstrap's spread: Student's quantile, on MCC's own or Fisher's scale, the wider ones.

    Correlations of few rows are skewed; on Fisher's scale they are nearly normal.
    """
    from scipy import special

    quantile = -float(special.stdtrit(max(groups - 2, 1), 0.025))
    error = quantile * spread * float(np.sqrt((groups + 1) / max(1, groups - 1)))
    low, high = value - error, value + error
    if abs(value) < 1:
        z = np.arctanh(value)
        step = error / (1 - value * value)
        low, high = min(low, float(np.tanh(z - step))), max(high, float(np.tanh(z + step)))
    return max(low, -1.0), min(high, 1.0)


def _segments(sums: CorrelationSums) -> int:
    return 0 if sums.segment is None else len(sums.segment)


def mcc(
    z_true: Any,
    z_learned: Any,
    *,
    method: str = "pearson",
    u: Any = None,
    out_of_sample: bool = False,
    seed: int = 0,
) -> MCC:
    """Mean correlation coefficient (Section 5) with chance level and interval.

    Parameters
    ----------
    z_true
        True latents (N, n).
    z_learned
        Learned latents (N, n), samples or means as you choose; (S, N, n) posterior draws (the first is used: one
        sample for each row, as in Section 5); or a torch Distribution (its means are used).
    method
        ``"pearson"`` or ``"spearman"``.
    u
        Segments or other values of the auxiliary variable: groups for the interval, chance level with varying
        segment means, and the MCC within segments.
    out_of_sample
        Find assignment and signs on one half of the rows (every other one), score the other half.
    seed
        Of the bootstrap.

    Raises
    ------
    InputError, InputTypeError
        For arrays that cannot be compared: shapes, NaN, constant columns, fewer than 3 rows.
    """
    if method not in ("pearson", "spearman"):
        raise InputError("method", "'pearson' or 'spearman'", repr(method))
    seed = require_seed(seed)
    truth = as_rows(z_true, "z_true")
    learned, of = _comparable(z_learned)
    if len(truth) != len(learned):
        raise InputError("z_learned", f"{len(truth)} rows, as many as z_true", f"{len(learned)}")
    if truth.array.shape[1] > learned.array.shape[1]:
        raise InputError("z_learned", f"at least {truth.array.shape[1]} latents", f"{learned.array.shape[1]}")
    if len(truth) < (6 if out_of_sample else 3):
        raise InputError("z_true", "at least 3 rows to score", f"{len(truth)} rows")
    labels = None if u is None else _checked_labels(u, len(truth))
    if method == "spearman":
        truth, learned = _ranked(truth), _ranked(learned)
    if not out_of_sample:
        return summarise(_sums(truth, learned, labels), method=method, of=of, seed=seed)
    odd, even = slice(1, None, 2), slice(0, None, 2)
    halves = [
        _sums(_part(truth, half), _part(learned, half), None if labels is None else labels[half])
        for half in (even, odd)
    ]
    found = halves[0].correlations()[0]
    columns = _assign(found)
    fixed = (columns, np.sign(found[np.arange(len(columns)), columns]))
    return summarise(halves[1], method=method, of=of, seed=seed, fixed=fixed)


def _comparable(z_learned: Any) -> tuple[Rows, str]:
    if hasattr(z_learned, "batch_shape"):
        return as_rows(z_learned.mean, "z_learned"), "posterior means"
    array = as_array(z_learned, "z_learned")
    if array.ndim == 3:
        return as_rows(array[0], "z_learned"), "posterior samples"
    return as_rows(array, "z_learned"), "latents"


def _checked_labels(u: Any, count: int) -> NDArray[Any]:
    group_rows(u, count, 1)
    return np.asarray(u.detach().cpu() if hasattr(u, "detach") else u)


def _part(rows: Rows, half: slice) -> Rows:
    return Rows(rows.array[half], rows.argument)


def _ranked(rows: Rows) -> Rows:
    """Average ranks of each column."""
    from scipy.stats import rankdata

    values = rows.take(slice(0, len(rows)))
    return Rows(np.stack([rankdata(column) for column in values.T], axis=1), rows.argument)


def _sums(truth: Rows, learned: Rows, u: Any) -> CorrelationSums:
    n, m = truth.array.shape[1], learned.array.shape[1]
    groups = group_rows(u, len(truth), 1 + 2 * (n + m) + n * m)
    first = slice(0, min(len(truth), 4096))
    pilot = np.concatenate([truth.take(first), learned.take(first)], axis=1)
    units = pilot.mean(axis=0), spread(pilot)
    sums = CorrelationSums.zeros(groups, n, m, units)
    for rows in chunks(len(truth), 3 * (n + m)):
        codes, starts, order = contiguous(groups.codes[rows])
        picked = rows if order is None else order + rows.start
        a, b = truth.take(picked), learned.take(picked)
        sums.add(a, b, codes, starts, np.append(starts[1:], len(a)), groups, picked)
    total = sums.sums.sum(axis=0)
    width = n + m
    variance = total[1 + width : 1 + 2 * width] / total[0] - (total[1 : 1 + width] / total[0]) ** 2
    constant = np.flatnonzero(variance <= 1e-24 * np.maximum(1.0, (units[0] / units[1]) ** 2))
    if len(constant):
        column = int(constant[0])
        name, number = ("z_true", column) if column < n else ("z_learned", column - n)
        raise InputError(name, "columns that vary", f"column {number} constant over all rows")
    return sums


def r2_score(true: ArrayLike, learned: ArrayLike) -> Floats:
    """R^2 of each column of ``true`` (N, p) regressed affinely on ``learned`` (N, q), in sample: (p,)."""
    y, x = as_rows(true, "true"), as_rows(learned, "learned")
    if len(y) != len(x):
        raise InputError("learned", f"{len(y)} rows", f"{len(x)}")
    if len(y) < x.array.shape[1] + 2:
        raise InputError("learned", f"at least {x.array.shape[1] + 2} rows", f"{len(y)}")
    values = y.take(slice(0, len(y)))
    centred = values - values.mean(axis=0)
    inputs = x.take(slice(0, len(x)))
    inputs = inputs - inputs.mean(axis=0)
    coefficients = np.linalg.lstsq(inputs, centred, rcond=None)[0]
    residual = ((centred - inputs @ coefficients) ** 2).sum(axis=0)
    total = (centred**2).sum(axis=0)
    if (total <= 0).any():
        raise InputError("true", "columns that vary", f"column {int(np.argmin(total))} constant over all rows")
    return np.asarray(1 - residual / total)


def amari(S: ArrayLike) -> float:
    """Amari distance of a square matrix from a scaled permutation, between 0 (is one) and 1.

    ``(1 / 2n(n-1)) [sum_i (sum_j |S_ij| / max_j |S_ij| - 1) + the same by columns]``. Give the whitened ``S`` (units
    of the statistics change the rows of ``A``).

    Raises
    ------
    InputError
        For matrices that are not square, and for zero rows or columns.
    """
    size = np.abs(as_array(S, "S").astype(np.float64))
    if size.ndim != 2 or size.shape[0] != size.shape[1] or not np.isfinite(size).all():
        raise InputError("S", "a finite square matrix", f"shape {size.shape}")
    n = len(size)
    if n == 1:
        return 0.0
    rows, columns = size.max(axis=1), size.max(axis=0)
    if not (rows > 0).all() or not (columns > 0).all():
        raise InputError("S", "no zero row and no zero column", "one that is zero")
    excess = (size.sum(axis=1) / rows - 1).sum() + (size.sum(axis=0) / columns - 1).sum()
    return float(excess / (2 * n * (n - 1)))
