"""DCI: disentanglement, completeness, informativeness (Eastwood and Williams, 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import CallableFailed, InputError, MissingExtra
from ivae_theory.recovery.inputs import as_rows

__all__ = ["DCI", "dci"]

Floats = NDArray[np.float64]
#: Rows that regressors are trained and scored on, at most.
ROWS = 10_000


@dataclass(frozen=True, eq=False)
class DCI:
    """The three scores, and the relative importances they come from.

    Attributes
    ----------
    disentanglement
        1 when each learned latent serves to predict one true latent; mean weighted by importance.
    completeness
        1 when each true latent is predicted from one learned latent; mean over true latents.
    informativeness
        Mean R^2 of the predictions on held-out rows.
    importances
        (n_learned, n_true), columns sum to 1.
    n_samples
        Rows used, half of them held out.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importances: Floats
    n_samples: int


def dci(z_true: Any, z_learned: Any, *, regressor: Any = "forest", seed: int = 0) -> DCI:
    """DCI scores of learned latents.

    Parameters
    ----------
    z_true, z_learned
        (N, n) and (N, m).
    regressor
        ``"forest"`` (random forest), ``"lasso"`` (as in the original, with the penalty cross-validated), or a
        scikit-learn estimator with ``feature_importances_`` or ``coef_``; one clone for each true latent.
    seed
        Of the split and of the regressor.

    Raises
    ------
    MissingExtra
        Without scikit-learn (extra ``train``).
    InputError
        For mismatched lengths, fewer than 20 rows, estimators without importances.
    """
    truth, learned = as_rows(z_true, "z_true"), as_rows(z_learned, "z_learned")
    if len(truth) != len(learned):
        raise InputError("z_learned", f"{len(truth)} rows, as many as z_true", f"{len(learned)}")
    if len(truth) < 20:
        raise InputError("z_true", "at least 20 rows", f"{len(truth)}")
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(truth))[:ROWS])
    y, x = truth.take(rows), learned.take(rows)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    held = rng.permutation(len(rows)) < len(rows) // 2
    importances, scores = [], []
    for column in y.T:
        if column.std() <= 0:
            raise InputError("z_true", "columns that vary", "a constant column")
        model = _regressor(regressor, seed)
        model.fit(x[~held], column[~held])
        scores.append(float(model.score(x[held], column[held])))
        importances.append(_importance(model))
    R = np.stack(importances, axis=1)
    total = R.sum(axis=0)
    R = R / np.where(total > 0, total, 1.0)
    return DCI(_disentanglement(R), _completeness(R), float(np.mean(scores)), R, len(rows))


def _regressor(kind: Any, seed: int) -> Any:
    try:
        from sklearn.base import clone
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.linear_model import LassoCV
    except ImportError:
        raise MissingExtra("dci", "train") from None
    if isinstance(kind, str):
        if kind == "forest":
            return RandomForestRegressor(n_estimators=50, min_samples_leaf=10, max_features=1.0, random_state=seed)
        if kind == "lasso":
            return LassoCV(cv=3, random_state=seed)
        raise InputError("regressor", "'forest', 'lasso' or a scikit-learn estimator", repr(kind))
    if not hasattr(kind, "fit") or not hasattr(kind, "score"):
        raise InputError("regressor", "'forest', 'lasso' or a scikit-learn estimator", type(kind).__name__)
    return clone(kind)


def _importance(model: Any) -> Floats:
    values = getattr(model, "feature_importances_", None)
    if values is None:
        values = getattr(model, "coef_", None)
    if values is None:
        raise CallableFailed("regressor", "feature_importances_ or coef_ after fitting", type(model).__name__)
    return np.abs(np.asarray(values, dtype=np.float64)).ravel()


def _entropy(shares: Floats, axis: int) -> Floats:
    logs = np.where(shares > 0, np.log(np.where(shares > 0, shares, 1.0)), 0.0)
    return np.asarray(-(shares * logs).sum(axis=axis))


def _disentanglement(R: Floats) -> float:
    if R.shape[1] == 1:
        return 1.0
    weights = R.sum(axis=1)
    shares = R / np.where(weights > 0, weights, 1.0)[:, None]
    scores = 1 - _entropy(shares, 1) / np.log(R.shape[1])
    return float((scores * weights).sum() / max(float(weights.sum()), 1e-300))


def _completeness(R: Floats) -> float:
    if R.shape[0] == 1:
        return 1.0
    return float(np.mean((1 - _entropy(R, 0) / np.log(R.shape[0]))[R.sum(axis=0) > 0]))
