"""One pass over the data: chunks of bounded memory become sums by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.recovery.correlation import CorrelationSums
from ivae_theory.recovery.inputs import Groups, Rows, chunks, contiguous, sample_rows, spread
from ivae_theory.recovery.learned import Learned, pair_products
from ivae_theory.recovery.moments import Moments
from ivae_theory.recovery.statistics import Statistics

__all__ = ["Accumulated", "accumulate"]

Floats = NDArray[np.float64]
#: Rows from which locations and scales are taken before the pass: any reasonable numbers serve.
PILOT = 4096


@dataclass(frozen=True, eq=False)
class Accumulated:
    """Sums for the affine map, and for the correlations of the latents."""

    moments: Moments
    latents: CorrelationSums


def pilot(truth: Rows, learned: Learned, T: Statistics, T_learned: Statistics) -> tuple[Floats, Floats]:
    """Location and scale (2, nk) that keep second moments free of cancellation; refuses constant columns."""
    rows = sample_rows(len(truth), PILOT)
    y = T.evaluate(truth.take(rows))
    total = T_learned.blocks.total
    with np.errstate(over="ignore", invalid="ignore"):  # products in units that are not known yet, and not used
        x = learned.read(rows, np.zeros(total), np.ones(total)).x
    return np.stack([y.mean(axis=0), x.mean(axis=0)]), np.stack([spread(y), spread(x)])


def accumulate(truth: Rows, learned: Learned, T: Statistics, T_learned: Statistics, groups: Groups) -> Accumulated:
    """Read everything once.

    Raises
    ------
    InputError
        For values that are not finite and for columns that are constant.
    """
    location, scale = pilot(truth, learned, T, T_learned)
    n, m = truth.array.shape[1], learned.shape[1]
    empty = Moments(T.blocks, T_learned.blocks, np.empty((0, 0)), np.empty((0, 0)), location, scale)
    p, q, mixed, covariance = empty.sizes[1], empty.sizes[2], empty.sizes[5], empty.sizes[6]
    vectors = np.zeros((groups.count, 1 + p + q + empty.sizes[3] + empty.sizes[4]))
    cross, instrumented = np.zeros((groups.count, p, q)), np.zeros((groups.count, q, q))
    pairs = empty.sizes[3] + empty.sizes[4]
    squares = np.zeros((pairs, pairs))
    latents = CorrelationSums.zeros(groups, n, m, units=_latent_units(truth, learned))
    for rows in chunks(len(truth), learned.columns + 2 * p + 2 * n + pairs):
        codes, starts, order = contiguous(groups.codes[rows])
        picked = rows if order is None else order + rows.start
        z = truth.take(picked)
        y = (T.evaluate(z, picked) - location[0]) / scale[0]
        chunk = learned.read(picked, location[1], scale[1])
        table = np.concatenate([y, chunk.x, pair_products(y, T), chunk.pairs], axis=1)
        vectors[codes, 1:] += np.add.reduceat(table, starts, axis=0)
        vectors[codes, 0] += np.diff(np.append(starts, len(y)))
        squares += table[:, p + q :].T @ table[:, p + q :]
        ends = np.append(starts[1:], len(y))
        for code, start, end in zip(codes, starts, ends, strict=True):
            x = chunk.x[start:end]
            cross[code] += y[start:end].T @ x
            for coefficient, factor in chunk.products:
                part = factor[start:end]
                instrumented[code] += coefficient * (part.T @ part)
        latents.add(z, chunk.latents, codes, starts, ends, groups, picked)
    sums = np.concatenate(
        [vectors, cross.reshape(groups.count, mixed), instrumented.reshape(groups.count, covariance)], axis=1
    )
    whole = _by_segment(vectors, groups)
    within = _within(squares, whole[:, 0], whole[:, 1 + p + q :])
    moments = Moments(T.blocks, T_learned.blocks, sums, within, location, scale)
    _refuse_constants(moments, T, T_learned)
    return Accumulated(moments, latents)


def _latent_units(truth: Rows, learned: Learned) -> tuple[Floats, Floats]:
    rows = sample_rows(len(truth), PILOT)
    latents = np.concatenate([truth.take(rows), learned.views(rows)[2]], axis=1)
    return latents.mean(axis=0), spread(latents)


def _by_segment(sums: Floats, groups: Groups) -> Floats:
    """Sums by group added up to whole segments where groups are parts of them; all together without segments."""
    if groups.segments is None:
        return np.asarray(sums.sum(axis=0, keepdims=True))
    if groups.segment_count >= groups.count:
        return np.asarray(sums)
    of_group = np.empty(groups.count, dtype=np.intp)
    of_group[groups.codes] = groups.segments
    result = np.zeros((groups.segment_count, sums.shape[1]))
    np.add.at(result, of_group, sums)
    return result


def _within(squares: Floats, counts: Floats, sums: Floats) -> Floats:
    """Covariance of the rows around their segment's mean; around the overall mean where there are no segments."""
    scatter = squares - (sums / counts[:, None]).T @ sums
    return np.asarray(scatter / max(1.0, float(counts.sum()) - len(counts)))


def _refuse_constants(moments: Moments, T: Statistics, T_learned: Statistics) -> None:
    second = moments.second(moments.sums.sum(axis=0)[None])
    split = len(T.blocks.pairs[0])
    for blocks, variance, argument, symbol in (
        (T.blocks, second.variance[0, :split], "z_true", "T"),
        (T_learned.blocks, second.variance[0, split:], "z_learned", "T'"),
    ):
        left, right = blocks.pairs
        constant = np.flatnonzero(variance[left == right] <= 1e-20)
        if len(constant):
            name = blocks.names(symbol)[int(constant[0])]
            raise InputError(argument, "columns whose statistics vary", f"{name} constant over all rows")
