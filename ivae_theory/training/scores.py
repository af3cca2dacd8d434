"""The mean correlation coefficient as one number, for training's own reports.

:func:`ivae_theory.mcc` is the full answer, with chance level and interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError

__all__ = ["mean_correlation"]

Array = NDArray[np.float64]


def mean_correlation(true: Array, learned: Array) -> float:
    """Mean absolute Pearson correlation of the best one-to-one match of components (Section 5).

    Parameters
    ----------
    true, learned
        Shape (N, n) and (N, n'), n' >= n. A constant component correlates 0 with everything.
    """
    if true.ndim != 2 or learned.ndim != 2 or len(true) != len(learned) or learned.shape[1] < true.shape[1]:
        raise InputError("learned", f"shape ({len(true)}, {true.shape[-1]} or more)", f"shape {learned.shape}")
    from scipy.optimize import linear_sum_assignment

    table = np.abs(_standardised(true).T @ _standardised(learned)) / len(true)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].mean())


def _standardised(values: Array) -> Array:
    centred = values - values.mean(0)
    deviation = centred.std(0)
    return np.asarray(np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0))
