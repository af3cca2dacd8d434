"""The training curves of a report: the bound of every replica over the steps, from a plain record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.reporting.figures import style

__all__ = ["training_curves"]

Floats = NDArray[np.float64]
_CHOSEN, _OTHERS = "#1f4e79", "#7a7a7a"
#: The beginning, where the bound climbs from far below, would leave nothing of the rest to see.
_BEGINNING = 0.2


def training_curves(record: Mapping[str, Any]) -> tuple[Any, str, str]:
    """Figure, alternative text and caption.

    Parameters
    ----------
    record
        ``steps`` (R,), ``losses`` (R, S) with None where not finite, and ``chosen``, a replica's number or None.
    """
    steps = np.array(record["steps"], dtype=float)
    bounds = -np.array(record["losses"], dtype=float)
    chosen = record.get("chosen")
    lost = np.flatnonzero(~np.isfinite(bounds[-1]))
    shown = bounds.shape[1] - 1 if chosen is None else int(chosen)
    lead = bounds[:, shown]
    what = "the replica" if bounds.shape[1] == 1 else "the chosen replica" if chosen is not None else "the last replica"
    path = f"{what} goes from {_first(lead)} to {_last(lead)}"
    span = f"{bounds.shape[1]} replica{'s' if bounds.shape[1] > 1 else ''}, steps {steps[0]:.0f} to {steps[-1]:.0f}"
    label = f"The bound on the batches of training, {span}: {path}"
    finals = bounds[-1][np.isfinite(bounds[-1])]
    caption = (
        "The bound (the loss with its sign changed, on the batch of the step; in nats a row where the loss is that of "
        f"Eq. (8)) of {span}; {path}."
    )
    if len(finals) > 1:
        caption += f" At the end the replicas lie between {finals.min():.4g} and {finals.max():.4g}."
    if len(lost):
        caption += (
            f" Lost on the way (not finite): {', '.join(map(str, lost[:12]))}{', ...' if len(lost) > 12 else ''}."
        )
    caption += " A curve that is flat has settled; it need not have settled at the truth."
    return _draw(steps, bounds, shown), label, caption


def _draw(steps: Floats, bounds: Floats, chosen: int) -> Any:
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(3.8, 2.3))
        axis = figure.subplots()
        others = [replica for replica in range(bounds.shape[1]) if replica != chosen]
        marker = "." if len(steps) == 1 else ""
        for number, replica in enumerate(others):
            name = "other replicas" if number == 0 else None
            axis.plot(steps, bounds[:, replica], "-", marker=marker, color=_OTHERS, lw=0.8, alpha=0.7, label=name)
        name = "chosen" if others else None
        axis.plot(steps, bounds[:, chosen], "--" if others else "-", marker=marker, color=_CHOSEN, lw=1.6, label=name)
        low, high = _limits(bounds)
        axis.set_ylim(low, high)
        axis.set_xlabel("step")
        axis.set_ylabel("bound")
        if others:
            axis.legend(frameon=False, loc="best")
    return figure


def _limits(bounds: Floats) -> tuple[float, float]:
    """From the lowest bound after the beginning to the highest of all."""
    late = bounds[int(_BEGINNING * len(bounds)) :]
    finite = late[np.isfinite(late)]
    if len(finite) == 0:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = 0.05 * (high - low) or 0.5 * max(abs(high), 1e-3)
    return low - room, high + room


def _first(values: Floats) -> str:
    finite = values[np.isfinite(values)]
    return f"{finite[0]:.4g}" if len(finite) else "nowhere"


def _last(values: Floats) -> str:
    return f"{values[-1]:.4g}" if np.isfinite(values[-1]) else "a value that is not finite"
