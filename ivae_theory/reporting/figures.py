"""Figures: matplotlib, imported when a figure is drawn (extra ``plot``)."""

from __future__ import annotations

import html
import importlib.util
import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ivae_theory.errors import InputError, MissingExtra
from ivae_theory.files import write_bytes

if TYPE_CHECKING:
    from ivae_theory.recovery.result import Recovery

__all__ = ["COLOURS", "STYLE", "available", "canvas", "ordered_A", "plot_recovery", "save", "style", "svg"]

#: One look for every figure of the package.
STYLE = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    # Text comes from models: a dollar sign is a dollar sign. In SVG it stays text, with ids that do not change.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "ivae_theory",
}
COLOURS = {"holds": "#2a7f62", "undecided": "#b8860b", "fails": "#b03a2e"}


def style() -> Any:
    """A context in which figures have the package's look.

    Raises
    ------
    MissingExtra
        Without matplotlib.
    """
    try:
        import matplotlib
    except ImportError:
        raise MissingExtra("a figure", "plot") from None
    return matplotlib.rc_context(STYLE)


def canvas(rows: int, columns: int, size: tuple[float, float], **settings: Any) -> tuple[Any, Any]:
    """A figure in the package's look that belongs to no window system, and its axes as an array (rows, columns)."""
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=size)
        return figure, figure.subplots(rows, columns, squeeze=False, **settings)


def available() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def svg(figure: Any, prefix: str, label: str) -> str:
    """A figure as an ``<svg>`` element to stand inside a page.

    Parameters
    ----------
    figure
        A matplotlib figure.
    prefix
        Put before every id, so that several figures can stand in one page.
    label
        The alternative text.
    """
    buffer = io.StringIO()
    with style(), warnings.catch_warnings():
        # Text stays text in the SVG: which glyphs a font lacks is the browser's business.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub("<[^<>]*>", lambda tag: _prefixed(tag.group(), prefix), text)
    opening = f'<svg role="img" aria-label="{html.escape(label)}" '
    return text.replace("<svg ", opening, 1).strip()


def _prefixed(tag: str, prefix: str) -> str:
    """A tag whose ids, and the references to them, carry the prefix."""
    return re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{prefix}-", tag)


def save(figure: Any, path: str | Path, **options: Any) -> None:
    """Write a figure to a file; the suffix chooses the format, PNG without one."""
    target = Path(path) if Path(path).suffix else Path(f"{path}.png")
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format=target.suffix[1:].lower(), **options)
    except ValueError as error:
        raise InputError("path", "a file name that can be written, such as figure.pdf", str(error)[:120]) from None
    write_bytes(target, buffer.getvalue(), "path")


def plot_recovery(recovery: Recovery, path: str | Path | None = None) -> Any:
    """Whitened A before and after the permutation, and each row's off-permutation mass with its interval.

    Returns the matplotlib figure (not shown); written to ``path`` when one is given.
    """
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 2.8))
        before, after, masses = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
        order = _statistic_order(recovery)
        limit = max(1.0, float(np.abs(recovery.S).max()))
        image: Any = None
        for axis, matrix, title in (
            (before, recovery.S, "whitened A"),
            (after, ordered_A(recovery), "after the permutation"),
        ):
            image = axis.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="equal")
            axis.set_title(title)
            axis.set_xlabel("learned statistic")
            axis.spines[:].set_visible(False)
            axis.set_xticks([])
            axis.set_yticks([])
        before.set_ylabel("true statistic")
        if len(recovery.S) <= 6:
            _write_entries(before, recovery.S, recovery.S_error, limit)
            _write_entries(after, ordered_A(recovery), recovery.S_error[:, order], limit)
        figure.colorbar(image, ax=[before, after], shrink=0.8, aspect=30)
        _masses(masses, recovery)
        if path is not None:
            save(figure, path)
    return figure


def ordered_A(recovery: Recovery) -> Any:
    """Whitened A with the learned statistics in the order of the true latents they go with."""
    return recovery.S[:, _statistic_order(recovery)]


def _statistic_order(recovery: Recovery) -> list[int]:
    """Learned statistics in the order of the true latents they go with; blocks have equal sizes or keep their order."""
    sizes = recovery.learned_blocks
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
    return [int(starts[j]) + a for j in recovery.permutation for a in range(sizes[j])]


def _write_entries(axis: Any, matrix: Any, errors: Any, limit: float) -> None:
    size = 6.5 if len(matrix) <= 4 else 4.5
    for (i, j), value in np.ndenumerate(matrix):
        colour = "white" if abs(value) > 0.6 * limit else "black"
        axis.text(
            j, i, f"{value:.2f}\n±{1.96 * errors[i, j]:.2f}", ha="center", va="center", fontsize=size, color=colour
        )


def _masses(axis: Any, recovery: Recovery) -> None:
    rows = recovery.off_mass_rows
    estimates = np.array([row.estimate for row in rows])
    spans = np.array([[row.estimate - row.lower, row.upper - row.estimate] for row in rows]).T
    colour = COLOURS[recovery.verdict.status.word]
    axis.errorbar(estimates, np.arange(len(rows)), xerr=spans, fmt="o", ms=3, lw=1, color=colour)
    axis.axvline(recovery.tolerance, color="black", lw=0.8, ls="--")
    axis.set_xlim(left=0)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlabel("off mass (dashed: tolerance)")
    axis.set_ylabel("true latent")
    axis.set_title(recovery.verdict.status.name)
    if len(rows) <= 20:
        axis.set_yticks(np.arange(len(rows)), [str(i + 1) for i in range(len(rows))])
