"""The parameter route: ``lambda'(u) - lambda'(u_0) = A^T (lambda(u) - lambda(u_0))``, no samples needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.recovery.bootstrap import Fit
from ivae_theory.recovery.inputs import as_array
from ivae_theory.recovery.moments import Blocks, Moments, whiten
from ivae_theory.recovery.pattern import block_squares, match

__all__ = ["ParameterRoute", "compare_routes", "parameter_route"]

Floats = NDArray[np.float64]
#: Relative singular value below which lambda does not vary in some direction (condition (iii), numerically).
RANK = 1e-9


@dataclass(frozen=True, eq=False)
class ParameterRoute:
    """``A`` from the natural parameters of both models.

    Attributes
    ----------
    A
        (nk, nk), centred least squares of ``lambda'`` on ``lambda`` over all values of ``u``.
    residual
        Share of the variance of ``lambda'`` over ``u`` that is left over: 0 for equivalent models.
    condition
        Condition number of the centred ``lambda``, columns scaled.
    off_mass, permutation
        Of the worst row, with the scales of the data; ``None`` without data.
    """

    A: Floats
    residual: float
    condition: float
    off_mass: float | None = None
    permutation: tuple[int, ...] | None = None


def _table(values: Any, size: int, argument: str) -> Floats:
    array = np.asarray(as_array(values, argument), dtype=np.float64)
    table = array.reshape(len(array), -1) if array.ndim in (2, 3) else array
    if table.ndim != 2 or table.shape[1] != size:
        raise InputError(argument, f"natural parameters with {size} numbers for each u", f"shape {array.shape}")
    if not np.isfinite(table).all():
        raise InputError(
            argument, "finite numbers", f"NaN or infinity in row {int(np.argwhere(~np.isfinite(table))[0, 0])}"
        )
    return table


def parameter_route(natural: Any, learned_natural: Any, size: int | None = None) -> ParameterRoute:
    """``A`` from ``lambda`` and ``lambda'`` at the same M values of ``u``: (M, n, k), (M, n) or (M, nk) each.

    Raises
    ------
    InputError
        When the shapes differ, or ``lambda`` does not affinely span (condition (iii) fails numerically): then the
        parameters do not determine ``A``.
    """
    if size is None:
        size = int(np.prod(np.shape(natural)[1:]))
    lam, learned = _table(natural, size, "natural[0]"), _table(learned_natural, size, "natural[1]")
    if len(lam) != len(learned):
        raise InputError("natural", "both tables at the same values of u", f"{len(lam)} and {len(learned)} rows")
    centred, target = lam - lam.mean(axis=0), learned - learned.mean(axis=0)
    scale = np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1.0)
    values = np.linalg.svd(centred / scale, compute_uv=False)
    if len(lam) <= size or values[-1] <= RANK * values[0]:
        raise InputError(
            "natural", f"lambda to vary in all {size} directions over u (condition (iii))", f"{len(lam)} values of u, "
            f"smallest relative singular value {values[-1] / max(values[0], 1e-300):.1e}"
        )  # fmt: skip
    A = np.linalg.lstsq(centred / scale, target, rcond=None)[0] / scale[:, None]
    total = float((target**2).sum())
    left = float(((target - centred @ A) ** 2).sum())
    return ParameterRoute(A, left / total if total > 0 else 0.0, float(values[0] / values[-1]))


def compare_routes(
    natural: Any, moments: Moments, fit: Fit, blocks: Blocks, learned: Blocks, tolerance: float
) -> tuple[ParameterRoute, list[str]]:
    """The parameter route with the data's scales, and a warning when it disagrees with the sample route."""
    if not isinstance(natural, (tuple, list)) or len(natural) != 2:
        raise InputError("natural", "a pair (lambda, lambda')", f"{type(natural).__name__}")
    route = parameter_route(natural[0], natural[1], blocks.total)
    scaled = route.A * moments.scale[1][None, :] / moments.scale[0][:, None]
    second = moments.second(moments.sums.sum(axis=0)[None])
    S = whiten(scaled[None], second.variance, blocks, learned)[0]
    squares = block_squares(S, blocks, learned)
    permutation = match(squares, blocks.sizes)
    rows = np.arange(blocks.n)
    off = float(np.max(1 - squares[rows, list(permutation)] / np.maximum(squares.sum(axis=1), 1e-300)))
    route = ParameterRoute(route.A, route.residual, route.condition, off, permutation)
    error = np.sqrt(fit.S_replicates.var(axis=0) * fit.inflation)
    gap = np.abs(S - fit.S)
    # Bonferroni over the entries, and a difference that would matter: an off mass of the size of the tolerance.
    from scipy import special

    z = float(-special.ndtri(0.005 / S.size))
    beyond = gap - np.maximum(z * error, np.sqrt(tolerance) / 2)
    warnings = []
    if (beyond > 0).any():
        i, j = np.unravel_index(int(np.argmax(beyond)), gap.shape)
        warnings.append(
            f"the parameter route and the sample route disagree: whitened entry ({i + 1}, {j + 1}) is {S[i, j]:.3g} "
            f"from the natural parameters and {fit.S[i, j]:.3g} from the samples; the models' laws of x differ, or the "
            "posterior is not exact"
        )
    if route.residual > tolerance:
        warnings.append(
            f"lambda' is not a linear function of lambda: {route.residual:.3g} of its variance over u is left over, so "
            "the laws of x given u differ"
        )
    return route, warnings
