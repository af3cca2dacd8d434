"""How a model was trained, as far as a report shows it: the bound of every replica at some steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ivae_theory.errors import InputError

__all__ = ["training_record"]

#: Numbers that a report carries at most: a longer history is thinned out, evenly.
_MOST = 20_000


def training_record(history: Any) -> dict[str, Any]:
    """A history of losses as JSON values: ``steps`` (R,), ``losses`` (R, S) with None where not finite, ``chosen``.

    Parameters
    ----------
    history
        Anything with ``steps`` (R increasing whole numbers) and ``losses``, (R,) or (R, S) for S replicas, as items or
        as attributes: a :class:`~ivae_theory.training.loop.History`, or a dict. ``chosen``, the number of the replica
        that became the model, is optional.

    Raises
    ------
    InputError
        When steps or losses are missing, or do not fit each other.
    """
    steps, losses = _read(history, "steps"), _read(history, "losses")
    try:
        places = np.array(steps, dtype=float)
        values = np.array(losses, dtype=float)
    except (TypeError, ValueError):
        raise InputError("training", "numbers as steps and losses", f"{type(losses).__name__}") from None
    values = values[:, None] if values.ndim == 1 else values
    finite = places.ndim == 1 and len(places) > 0 and bool(np.isfinite(places).all())
    if not finite or (places != np.floor(places)).any() or (np.diff(places) <= 0).any():
        raise InputError("training", "steps that are increasing whole numbers", repr(steps)[:80])
    if values.ndim != 2 or len(values) != len(places) or values.shape[1] == 0:
        raise InputError("training", f"losses of shape ({len(places)},) or ({len(places)}, S)", f"{values.shape}")
    chosen = _read(history, "chosen", None)
    if chosen is not None and chosen not in range(values.shape[1]):
        raise InputError("training", f"chosen from 0 to {values.shape[1] - 1}", repr(chosen))
    kept = np.unique(np.linspace(0, len(places) - 1, min(len(places), max(2, _MOST // values.shape[1]))).astype(int))
    return {
        "steps": [int(step) for step in places[kept]],
        "losses": [[float(v) if np.isfinite(v) else None for v in row] for row in values[kept]],
        "chosen": None if chosen is None else int(chosen),
    }


def _read(history: Any, name: str, *default: Any) -> Any:
    if isinstance(history, Mapping) and name in history:
        return history[name]
    try:
        return getattr(history, name, *default)
    except AttributeError:
        got = f"{type(history).__name__} without {name}"
        raise InputError("training", "a history with steps and losses", got) from None
