"""``recover``: is what was learned the truth up to a scaled permutation?"""

from __future__ import annotations

from typing import Any

import numpy as np

from ivae_theory.arguments import require_between, require_seed
from ivae_theory.equivalence.affine import AffineMap
from ivae_theory.errors import InputError
from ivae_theory.recovery.accumulate import accumulate
from ivae_theory.recovery.bootstrap import fit
from ivae_theory.recovery.departure import departure
from ivae_theory.recovery.findings import (
    affine_verdict,
    conclude,
    invertible_verdict,
    pattern_verdict,
    undetermined,
)
from ivae_theory.recovery.hints import component_map_hint
from ivae_theory.recovery.inputs import Rows, as_rows, group_rows
from ivae_theory.recovery.jackknife import doubts
from ivae_theory.recovery.learned import Learned, as_learned
from ivae_theory.recovery.metrics import summarise
from ivae_theory.recovery.moments import Moments
from ivae_theory.recovery.parameters import compare_routes
from ivae_theory.recovery.pattern import pattern
from ivae_theory.recovery.result import Recovery
from ivae_theory.recovery.statistics import Statistics, as_statistics
from ivae_theory.recovery.verdicts import Settings, affine_share, smallest_singular_value
from ivae_theory.verdict import Verdict

__all__ = ["recover"]

#: Condition numbers of the learned statistics at which A is no longer determined, and from which on it is said.
DEPENDENT, WARN_DEPENDENT = 1e12, 1e8
#: Fewer groups of rows than this say nothing about sampling error.
FEWEST = 10
#: Quantiles further out are none of the normal laws and chi-squares that stand for the sampling error.
LEAST_LEVEL = 1e-6


def recover(
    z_true: Any,
    z_learned: Any,
    *,
    statistics: Any,
    learned_statistics: Any = None,
    u: Any = None,
    tolerance: float = 0.05,
    level: float = 0.05,
    seed: int = 0,
    natural: Any = None,
) -> Recovery:
    """Estimate ``A`` and ``c`` with ``T~(z) = A T~'(z') + c`` and decide whether A is a scaled permutation.

    The verdict is an interval of the worst row's off-permutation mass against the tolerance: HOLDS when the upper bound
    is at most the tolerance (and A is well away from singular, and the fit is affine), FAILS when the lower bound
    exceeds it, UNDECIDED between, with the number of rows that would decide. A rotation of two of the learned
    statistics of unit variance by an angle has this off-permutation mass, ``sin^2``, and keeps this MCC, ``cos`` for
    two latents:

    ======  ========  =====
    angle   off mass  MCC
    ======  ========  =====
    2       .0012     .999
    5       .0076     .996
    10      .0302     .985
    12.92   .0500     .975
    15      .0670     .966
    20      .1170     .940
    30      .2500     .866
    45      .5000     .707
    ======  ========  =====

    (degrees). For ``k >= 2`` the entries are blocks, whitened, and the pattern is a block permutation.

    Parameters
    ----------
    z_true
        True latents, (N, n): numpy, torch, pandas, a memory map, a list.
    z_learned
        (N, n) exact latents (the reason says so); (S, N, n) with S >= 2 posterior draws, used as instruments for each
        other; or a torch Distribution over (N, n), whose ``E[T~']`` is computed where it is normal, and which is
        replaced by draws otherwise.
    statistics
        ``T``: an ``ExponentialFamily``, a sympy expression, text such as ``"z**2"`` or ``"z, z**2"``, a callable
        (N, n) -> (N, n) or (N, n, k), or a list with one of the first three for each latent.
    learned_statistics
        ``T'``, as above; the same as ``statistics`` by default.
    u
        Segments or values of the auxiliary variable, (N,) or (N, m): whole segments are resampled.
    tolerance
        Largest off-permutation mass, and share of the variance without affine fit, that counts as none; below 0.5.
    level
        Probability of a wrong HOLDS, and of a wrong FAILS, at most.
    seed
        Of the bootstrap.
    natural
        Optional pair ``(lambda, lambda')`` of natural parameters, each (M, n, k), (M, n) or (M, nk) at the same M
        values of ``u``: the parameter route, compared with the sample route.

    Raises
    ------
    InputError, InputTypeError
        NaN or infinite rows, constant columns, fewer rows than unknowns, mismatched lengths, statistics undefined on
        the data, object arrays.

    Notes
    -----
    Sources: ``~`` is Eq. (12); the regression on the posterior mean follows from Section 2.3's "with noise, posteriors
    are identified up to an analogous indeterminacy". Memory is bounded by chunks of rows and groups of segments.
    """
    tolerance, level = _settings(tolerance, level)
    seed = require_seed(seed)
    truth = as_rows(z_true, "z_true")
    n = truth.array.shape[1]
    T = as_statistics(statistics, n)
    other, argument = (
        (statistics, "statistics") if learned_statistics is None else (learned_statistics, "learned_statistics")
    )
    cache: dict[int, Statistics] = {}
    learned = as_learned(z_learned, lambda m: cache.setdefault(m, as_statistics(other, m, argument)), seed)
    T_learned = cache[learned.shape[1]]
    _check_sizes(truth, learned, T, T_learned)
    width = Moments(T.blocks, T_learned.blocks, *(np.empty((0, 0)),) * 4).sizes
    groups = group_rows(u, len(truth), sum(width))
    data = accumulate(truth, learned, T, T_learned, groups)
    rng = np.random.default_rng(seed)
    estimates = fit(data.moments, replicates=1000 if T.blocks.total <= 30 else 400, rng=rng)
    settings = Settings(float(tolerance), float(level), len(truth), groups.count, learned.route, learned.text)
    shape = pattern(
        estimates.S,
        estimates.S_replicates,
        T.blocks,
        T_learned.blocks,
        inflation=estimates.inflation,
        freedom=estimates.freedom,
        level=level,
    )
    departed = None
    if learned.route != "exact":
        departed = departure(truth, learned, T, groups, estimates.A, estimates.c, seed)
    share = affine_share(estimates, departed, settings)
    block = max(T.blocks.sizes + T_learned.blocks.sizes) > 1
    smallest = smallest_singular_value(estimates, level)
    condition = _condition(data.moments)
    parts: tuple[Verdict, ...] = (
        affine_verdict(
            share,
            settings,
            T.blocks.names("T"),
            lambda: component_map_hint(truth, learned, T, T_learned, estimates),
        ),
        invertible_verdict(smallest, settings),
        pattern_verdict(shape, estimates, data.moments, settings),
    )
    why = ""
    if condition > DEPENDENT:
        why = (
            f"The learned statistics are dependent up to rounding (condition number {condition:.1e}), so that the data "
            "do not determine A."
        )
    elif groups.count < FEWEST:
        why = f"{groups.count} groups of rows are too few for a bootstrap (at least {FEWEST})."
    else:
        why = doubts(data.moments, estimates, shape)
    if why:
        parts = (parts[0], *(undetermined(part, why) for part in parts[1:]))
    claim = "recovery.block_permutation" if block else "recovery.scaled_permutation"
    verdict = conclude(claim, parts, settings, block)
    deviations = np.sqrt(estimates.S_replicates.var(axis=0) * estimates.inflation)
    warnings = _warnings(data.moments, learned, groups.segment_count, condition)
    parameters = None
    if natural is not None:
        parameters, disagreement = compare_routes(
            natural, data.moments, estimates, T.blocks, T_learned.blocks, tolerance
        )
        warnings += disagreement
    return Recovery(
        map=AffineMap(estimates.A, estimates.c),
        permutation=shape.permutation,
        scales=_scales(estimates.A, T, T_learned, shape.permutation),
        off_mass=shape.worst,
        off_mass_rows=shape.rows,
        r2=float(np.mean(1 - estimates.residual)),
        r2_rows=tuple(float(1 - value) for value in estimates.residual),
        mcc=summarise(data.latents, method="pearson", of=learned.mcc_of, seed=seed),
        n_samples=len(truth),
        tolerance=float(tolerance),
        level=float(level),
        verdict=verdict,
        parts=parts,
        warnings=tuple(warnings),
        S=estimates.S,
        S_error=deviations,
        smallest_singular_value=smallest,
        blocks=T.blocks.sizes,
        learned_blocks=T_learned.blocks.sizes,
        statistics=(T.text, T_learned.text),
        resampled=groups.text,
        parameter_route=parameters,
    )


def _settings(tolerance: Any, level: Any) -> tuple[float, float]:
    expected = "a number between 0 and 0.5 (above, a row has no dominant entry)"
    tolerance = require_between(tolerance, "tolerance", 0, 0.5, expected)
    expected = f"a probability between {LEAST_LEVEL:g} (no bootstrap tells of rarer events) and 0.5"
    return tolerance, require_between(level, "level", LEAST_LEVEL, 0.5, expected)


def _check_sizes(truth: Rows, learned: Learned, T: Statistics, T_learned: Statistics) -> None:
    if len(learned) != len(truth):
        raise InputError("z_learned", f"{len(truth)} rows, as many as z_true", f"{len(learned)}")
    p, q = T.blocks.total, T_learned.blocks.total
    if learned.shape[1] != truth.array.shape[1]:
        raise InputError("z_learned", f"{truth.array.shape[1]} latents, as many as z_true", f"{learned.shape[1]}")
    if p != q:
        raise InputError("learned_statistics", f"{p} statistics in all, so that A is square", f"{q}")
    if len(truth) < p + 2:
        raise InputError(
            "z_true", f"at least {p + 2} rows for {p + 1} unknowns in each row of (A, c)", f"{len(truth)} rows"
        )


def _condition(moments: Moments) -> float:
    """Condition number of the learned statistics' correlations: beyond ``DEPENDENT`` rounding decides what A is."""
    second = moments.second(moments.sums.sum(axis=0)[None]).instrumented[0]
    deviation = np.sqrt(np.maximum(np.diag(second), 1e-300))
    return min(float(np.linalg.cond(second / deviation / deviation[:, None])), 1e300)


def _warnings(moments: Moments, learned: Learned, segments: int, condition: float) -> list[str]:
    found = []
    if segments and moments.groups < 20:
        found.append(f"only {moments.groups} groups of rows: the interval relies on few of them")
    if condition > WARN_DEPENDENT:
        found.append(f"the learned statistics are almost dependent (condition number {condition:.1e})")
    second = moments.second(moments.sums.sum(axis=0)[None]).instrumented[0]
    if learned.route == "draws" and (np.linalg.eigvalsh(second) <= 0).any():
        found.append("the posterior draws carry no common signal in some direction: weak instruments")
    return found


def _scales(A: Any, T: Statistics, T_learned: Statistics, permutation: tuple[int, ...]) -> tuple[Any, ...]:
    """The matched entry of each row for k = 1 (with its sign), the matched block as nested tuples otherwise."""
    blocks = [A[span, T_learned.blocks.slices[j]] for span, j in zip(T.blocks.slices, permutation, strict=True)]
    return tuple(
        float(block[0, 0]) if block.shape == (1, 1) else tuple(tuple(map(float, row)) for row in block)
        for block in blocks
    )
