"""What may explain a lack of affine fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.bootstrap import Fit
from ivae_theory.recovery.inputs import Rows, sample_rows
from ivae_theory.recovery.learned import Learned
from ivae_theory.recovery.statistics import Statistics

__all__ = ["component_map_hint"]

Floats = NDArray[np.float64]
ROWS = 10_000


def component_map_hint(truth: Rows, learned: Learned, T: Statistics, T_learned: Statistics, fit: Fit) -> str:
    """Advice when the affine fit is poor: signs that vary, monotone componentwise maps, or noise in z_learned."""
    worst = float(np.max(fit.residual))
    if learned.route != "exact" or worst < 0.01:
        return ""
    from scipy.stats import rankdata

    rows = sample_rows(len(truth), ROWS)
    z, (_, _, w) = truth.take(rows), learned.views(rows)
    if _best(np.square(z - z.mean(axis=0)), np.square(w - w.mean(axis=0))) > 0.99 > _best(z, w):
        return (
            "The squares of the latents agree up to scale and order while the latents do not: their signs vary. With "
            "T = z**2 only z**2 is identified; compare with statistics='z**2'."
        )
    ranks = [np.stack([rankdata(column) for column in values.T], axis=1) for values in (z, w)]
    if _best(*ranks) > 0.99 > _best(T.evaluate(z), T_learned.evaluate(w)):
        return (
            "Each learned latent is a monotone function of a true one: T' may be another statistic than the one given "
            "(learned_statistics)."
        )
    return (
        "If z_learned are posterior samples or means and no exact latents, pass S >= 2 draws (S, N, n) or the "
        "posterior Distribution: regressing on one sample attenuates A."
    )


def _best(a: Floats, b: Floats) -> float:
    """The smallest correlation of the best one-to-one assignment of columns."""
    from scipy.optimize import linear_sum_assignment

    with np.errstate(all="ignore"):
        correlations = np.nan_to_num(np.abs(np.corrcoef(a.T, b.T)[: a.shape[1], a.shape[1] :]))
    rows, columns = linear_sum_assignment(-correlations)
    return float(correlations[rows, columns].min())
