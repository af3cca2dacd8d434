"""The learned side: exact latents, posterior draws as instruments, or posterior distributions.

``T~(z) = A E[T~'(z') | x, u] + c`` in the mean given (x, u), when the posterior is exact. So the regressor is the
posterior mean of ``T~'``; with S draws it is measured with error, and products of *different* draws of a row estimate
``x x^T`` without the attenuation that products of a draw with itself cause (errors in variables, draws as instruments).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.recovery.inputs import Rows, as_array
from ivae_theory.recovery.statistics import Statistics

__all__ = ["Chunk", "Learned", "as_learned"]

Floats = NDArray[np.float64]
#: Draws that stand for a distribution whose E[T] is not computed.
DRAWS = 8
#: Nodes of the quadrature for statistics that are not polynomials, and the relative error that is accepted.
NODES, ACCURACY = 64, 1e-3


@dataclass(frozen=True, eq=False)
class Chunk:
    """What a chunk of B rows contributes; all statistics shifted and scaled.

    ``x`` (B, nk) is the regressor; ``products`` the list of (coefficient, F (B, nk)) with ``x x^T`` estimated by
    ``sum coefficient F F^T``; ``pairs`` (B, pairs) the block diagonal of ``t t^T``; ``latents`` (B, n) what MCC
    compares.
    """

    x: Floats
    products: list[tuple[float, Floats]]
    pairs: Floats
    latents: Floats


@dataclass(frozen=True, eq=False)
class Learned:
    """The learned latents.

    Attributes
    ----------
    route
        ``"exact"``, ``"draws"`` or ``"posterior"``.
    shape
        (N, n).
    columns
        Numbers that a row takes while it is read.
    text
        What was compared, for reports.
    mcc_of
        What MCC is computed of: ``"latents"``, ``"posterior samples"`` or ``"posterior means"``.
    """

    route: str
    shape: tuple[int, int]
    columns: int
    text: str
    mcc_of: str
    read: Callable[[slice | NDArray[np.intp], Floats, Floats], Chunk]
    views: Callable[[NDArray[np.intp]], tuple[Floats, Floats, Floats]]

    def __len__(self) -> int:
        return self.shape[0]


def as_learned(z_learned: Any, statistics: Callable[[int], Statistics], seed: int) -> Learned:
    """Read ``z_learned``: (N, n), (S, N, n) with S >= 2, or a torch Distribution of batch (N, n).

    ``statistics(n)`` gives ``T~'`` for n latents.
    """
    if hasattr(z_learned, "batch_shape") and hasattr(z_learned, "sample"):
        return _from_distribution(z_learned, statistics, seed)
    array = as_array(z_learned, "z_learned")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError("z_learned", "shape (N, n), or (S, N, n) with S >= 2 posterior draws", f"shape {array.shape}")
    if array.ndim == 3:
        if len(array) < 2:
            raise InputError("z_learned", "at least S = 2 posterior draws (S, N, n)", f"S = {len(array)}")
        if all(np.array_equal(array[0], draw) for draw in array[1:]):
            expected = "posterior draws that differ, or latents (N, n), whose fit is judged as exact"
            raise InputError("z_learned", expected, f"{len(array)} equal draws")
        return _draws(array, statistics(array.shape[2]), f"{len(array)} posterior draws used as instruments")
    return _exact(array, statistics(array.shape[1]))


def pair_products(values: Floats, statistics: Statistics) -> Floats:
    """Products of the statistics of one latent with each other: (B, pairs)."""
    left, right = statistics.blocks.pairs
    if len(left) == values.shape[1]:
        return np.square(values)
    return values[:, left] * values[:, right]


def _exact(array: NDArray[Any], statistics: Statistics) -> Learned:
    rows = Rows(array, "z_learned")

    def read(picked: slice | NDArray[np.intp], location: Floats, scale: Floats) -> Chunk:
        z = rows.take(picked)
        x = (statistics.evaluate(z, picked) - location) / scale
        return Chunk(x, [(1.0, x)], pair_products(x, statistics), z)

    def views(picked: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        z = rows.take(picked)
        t = statistics.evaluate(z)
        return t, t, z

    n = array.shape[1]
    text = "z_learned is taken as exact latents"
    return Learned("exact", (len(array), n), 2 * statistics.blocks.total + n, text, "latents", read, views)


def _draws(array: NDArray[Any], statistics: Statistics, text: str) -> Learned:
    rows, count = Rows(array, "z_learned", axis=1), len(array)
    total = statistics.blocks.total

    def evaluate(picked: slice | NDArray[np.intp]) -> tuple[Floats, Floats]:
        z = rows.take(picked)
        return z, np.stack([statistics.evaluate(draw, picked) for draw in z])

    def read(picked: slice | NDArray[np.intp], location: Floats, scale: Floats) -> Chunk:
        z, values = evaluate(picked)
        values = (values - location) / scale
        mean = values.mean(axis=0)
        products = [(count / (count - 1), mean)]
        products += [(-1 / (count * (count - 1)), draw) for draw in values]
        pairs = np.mean([pair_products(draw, statistics) for draw in values], axis=0)
        return Chunk(mean, products, pairs, z[0])

    def views(picked: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        """The first draw's statistics, and a second draw as instrument: its statistics and latents."""
        z, values = evaluate(picked)
        return values[0], values[1], z[1]

    columns = count * (total + array.shape[2]) + total
    return Learned("draws", (array.shape[1], array.shape[2]), columns, text, "posterior samples", read, views)


def _from_distribution(law: Any, statistics: Callable[[int], Statistics], seed: int) -> Learned:
    batch, event = tuple(law.batch_shape), tuple(law.event_shape)
    shape = batch + event
    if len(shape) != 2 or len(event) > 1 or 0 in shape:
        raise InputError("z_learned", "a Distribution over (N, n)", f"batch shape {batch}, event shape {event}")
    T = statistics(shape[1])
    normal = _normal_parameters(law)
    if normal is not None and T.separate:
        rule = _quadrature(T, *normal)
        if rule is not None:
            return _posterior(*normal, T, rule)
    import torch

    with turn(), torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        draws = as_array(law.sample((DRAWS,)), "z_learned")
    return _draws(draws, T, f"{DRAWS} draws from the {type(law).__name__} posterior, used as instruments")


def _normal_parameters(law: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Means and standard deviations (N, n) of the marginals when they are normal."""
    import torch.distributions as td

    base = law.base_dist if isinstance(law, td.Independent) else law
    if not isinstance(base, (td.Normal, td.MultivariateNormal, td.LowRankMultivariateNormal)):
        return None
    mean, deviation = as_array(base.mean, "z_learned"), as_array(base.stddev, "z_learned")
    if not (deviation > 0).all():
        raise InputTypeError("z_learned", "a posterior with positive standard deviations", "one that is not")
    return mean, deviation


def _nodes(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def _quadrature(T: Statistics, mean: NDArray[Any], deviation: NDArray[Any]) -> tuple[Floats, Floats] | None:
    """Nodes and weights (standard normal) that integrate T and its products; ``None`` when none is accurate.

    Exact for polynomials (2 D degrees with D + 1 nodes, Gauss-Hermite); otherwise compared with another rule on some
    rows.
    """
    if T.degree is not None and T.degree <= 20:
        return _nodes(T.degree + 1)
    picked = np.unique(np.linspace(0, len(mean) - 1, min(len(mean), 500)).astype(np.intp))
    m, s = np.asarray(mean[picked], dtype=np.float64), np.asarray(deviation[picked], dtype=np.float64)
    fine, coarse = (_expect(T, m, s, _nodes(count)) for count in (NODES, NODES // 2 + 1))
    if not (np.isfinite(fine).all() and np.isfinite(coarse).all()):
        return None
    spread = fine.std(axis=0) + 1e-300
    return _nodes(NODES) if (np.sqrt(np.mean((fine - coarse) ** 2, axis=0)) <= ACCURACY * spread).all() else None


def _expect(T: Statistics, mean: Floats, deviation: Floats, rule: tuple[Floats, Floats]) -> Floats:
    nodes, weights = rule
    columns = []
    for i in range(mean.shape[1]):
        points = mean[:, i, None] + deviation[:, i, None] * nodes
        columns.append(np.einsum("bmk,m->bk", T.evaluate_one(i, points), weights))
    return np.concatenate(columns, axis=1)


def _posterior(mean: NDArray[Any], deviation: NDArray[Any], T: Statistics, rule: tuple[Floats, Floats]) -> Learned:
    means, deviations = Rows(mean, "z_learned (mean)"), Rows(deviation, "z_learned (standard deviation)")
    nodes, weights = rule
    starts, sizes = T.blocks.starts, T.blocks.sizes

    def expect(
        picked: slice | NDArray[np.intp], location: Floats, scale: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        m, s = means.take(picked), deviations.take(picked)
        x = np.empty((len(m), T.blocks.total))
        pairs = []
        for i, (start, k) in enumerate(zip(starts, sizes, strict=True)):
            span = slice(int(start), int(start) + k)
            values = (T.evaluate_one(i, m[:, i, None] + s[:, i, None] * nodes) - location[span]) / scale[span]
            x[:, span] = np.einsum("bmk,m->bk", values, weights)
            pairs.append(np.einsum("bmk,bml,m->bkl", values, values, weights).reshape(len(m), -1))
        if not np.isfinite(x).all():
            row = int(np.argwhere(~np.isfinite(x))[0][0])
            raise InputError(T.argument, "statistics that are defined under the posterior", f"NaN at row {row}")
        return x, np.concatenate(pairs, axis=1), m, s

    def read(picked: slice | NDArray[np.intp], location: Floats, scale: Floats) -> Chunk:
        x, pairs, m, _ = expect(picked, location, scale)
        return Chunk(x, [(1.0, x)], pairs, m)

    def views(picked: NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
        x, _, m, _ = expect(picked, np.zeros(T.blocks.total), np.ones(T.blocks.total))
        return x, x, m

    shape = (int(mean.shape[0]), int(mean.shape[1]))
    columns = 3 * T.blocks.total + 2 * shape[1] + max(sizes) * len(nodes) * 2
    text = f"E[T'] computed under the normal posterior ({len(nodes)} nodes)"
    return Learned("posterior", shape, columns, text, "posterior means", read, views)
