"""The figures of a report, drawn from numbers: spectrum of L, characteristic function, derivatives of T."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.reporting.figures import COLOURS, style

__all__ = ["Panel", "draw_characteristic", "draw_derivatives", "draw_spectrum"]

Floats = NDArray[np.float64]
#: Curves differ in their dashes as well as in their colour.
_DASHES = ("-", "--", "-.", ":")
_LINE_COLOURS = ("#1f4e79", "#a14a00", "#5b2a86", "#20695a")


@dataclass(frozen=True)
class Panel:
    """Derivatives of the statistics of some latents: ``curves`` by name over ``z``."""

    title: str
    z: Floats
    curves: tuple[tuple[str, Floats], ...]


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def draw_spectrum(values: Floats, status: str) -> Any:
    """Singular values of L in falling order; the smallest is the distance to failure."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    with style():
        figure = _figure(3.8, 2.3)
        axis = figure.subplots()
        places = np.arange(1, len(values) + 1)
        colour = COLOURS[status]
        axis.vlines(places, 0, values, color=_LINE_COLOURS[0], lw=1.2)
        axis.plot(places[:-1], values[:-1], "o", color=_LINE_COLOURS[0], ms=5)
        axis.plot(places[-1:], values[-1:], "D", color=colour, ms=7)
        axis.axhline(values[-1], color=colour, lw=0.9, ls="--")
        # On a logarithmic axis the smallest of a spread-out spectrum can be seen; zeros cannot be drawn there.
        if values[-1] > 0 and values[0] / values[-1] > 50:
            axis.set_yscale("log")
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
            axis.yaxis.set_minor_formatter(NullFormatter())
        else:
            axis.set_ylim(bottom=0)
        axis.set_title(f"dashed: distance to failure {values[-1]:.3g}", loc="right")
        axis.set_xlim(0.4, len(values) + 0.6)
        if len(values) <= 20:
            axis.set_xticks(places)
        axis.set_xlabel("number of the singular value")
        axis.set_ylabel("singular value of L")
    return figure


def draw_characteristic(
    t: Floats, curves: Sequence[tuple[str, Floats]], zeros: Floats, gaps: Sequence[tuple[float, float]]
) -> Any:
    """``|phi(t)|``: one curve a coordinate; isolated zeros as crosses, open sets of zeros hatched."""
    with style():
        figure = _figure(3.8, 2.3)
        axis = figure.subplots()
        for low, high in gaps:
            axis.axvspan(low, high, facecolor=COLOURS["fails"], alpha=0.15)
            axis.axvspan(low, high, facecolor="none", edgecolor=COLOURS["fails"], hatch="//", lw=0)
        for index, (name, values) in enumerate(curves):
            axis.plot(
                t,
                values,
                _DASHES[index % 4],
                color=_LINE_COLOURS[index % 4],
                lw=1.4,
                label=name if len(curves) > 1 else None,
            )
        if len(zeros):
            axis.plot(zeros, np.zeros(len(zeros)), "x", color="black", ms=6, mew=1.2, label="zero", clip_on=False)
        if gaps:
            middle = max(gaps, key=lambda gap: gap[1] - gap[0])
            axis.text(sum(middle) / 2, 0.5, "phi = 0", ha="center", bbox={"facecolor": "white", "edgecolor": "none"})
        axis.set_xlim(t[0], t[-1])
        axis.set_ylim(0, 1.05)
        axis.set_xlabel("t")
        axis.set_ylabel("|phi(t)|")
        if len(curves) > 1 or len(zeros):
            axis.legend(frameon=False)
    return figure


def draw_derivatives(panel: Panel) -> Any:
    """The derivatives of the statistics of one family, with a line where they are zero."""
    with style():
        figure = _figure(3.8, 2.3)
        axis = figure.subplots()
        axis.axhline(0, color="black", lw=0.7)
        for index, (name, values) in enumerate(panel.curves):
            axis.plot(panel.z, values, _DASHES[index % 4], color=_LINE_COLOURS[index % 4], lw=1.4, label=name)
        axis.set_ylim(*_window(np.concatenate([values for _, values in panel.curves])))
        axis.set_title(panel.title)
        axis.set_xlabel("z")
        axis.legend(frameon=False)
    return figure


def _window(values: Floats) -> tuple[float, float]:
    """Limits that show a curve although it may have poles: the middle nine tenths, and a little more."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return -1.0, 1.0
    low, high = np.quantile(finite, [0.02, 0.98])
    room = 0.15 * (high - low) or 1.0
    return float(min(low - room, 0 - room / 2)), float(max(high + room, 0 + room / 2))
