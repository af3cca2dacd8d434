"""Drawings of what the paper could not show; nothing here trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ivae_theory.recovery import Recovery
from ivae_theory.reporting.figures import COLOURS, canvas, ordered_A

__all__ = ["draw_distance", "draw_heatmaps", "draw_violations"]

_LINES = (("fewer segments", "#1f4e79", "o"), ("weaker modulation", "#a14a00", "s"))


def draw_heatmaps(recoveries: Mapping[str, Recovery]) -> Any:
    """Whitened A after the permutation, one panel a model, with the verdict and the worst row's off mass."""
    figure, axes = canvas(1, len(recoveries), (2.9 * len(recoveries), 3.2))
    image: Any = None
    for axis, (name, found) in zip(axes[0], recoveries.items(), strict=True):
        image = axis.imshow(ordered_A(found), cmap="RdBu_r", vmin=-1, vmax=1)
        off = found.off_mass
        axis.set_title(
            f"{name}: A {found.status.name}{_because(found)}\n"
            f"off mass {off.estimate:.3f} [{off.lower:.3f}, {off.upper:.3f}]\n"
            f"MCC {float(found.mcc):.3f}",
            fontsize=8,
            color=COLOURS[found.status.word],
        )
        axis.set_xlabel("learned statistic, matched", fontsize=8)
        axis.set_xticks([])
        axis.set_yticks([])
    axes[0, 0].set_ylabel("true statistic", fontsize=8)
    figure.colorbar(image, ax=list(axes[0]), shrink=0.7)
    return figure


def _because(found: Recovery) -> str:
    """Which of the three findings decides against A."""
    if found.verdict.holds:
        return ""
    names = ("affine fit", "invertible", "permutation")
    decisive = [name for name, part in zip(names, found.parts, strict=False) if part.status is found.status]
    return f" ({', '.join(decisive)})"


def draw_distance(lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """MCC and off-permutation mass of A against the distance to failure; crosses where (iii) is refuted."""
    figure, axes = canvas(1, 2, (9.0, 3.6))
    panels = ((axes[0, 0], "MCC of posterior means"), (axes[0, 1], "error of A: off-permutation mass, worst row"))
    runs = [run for points in lines.values() for point in points for run in point["runs"]]
    for axis, title in panels:
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("distance to failure of L (crosses: it fails)", fontsize=8)
        axis.set_xscale("symlog", linthresh=0.02)
        axis.set_xlim(-0.003, 1.3 * max((run["distance"] for run in runs), default=1.0))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for name, colour, marker in _LINES:
        for axis, value in zip(axes[0], (_mcc, _off_mass), strict=True):
            drawn = [run for point in lines.get(name, ()) for run in point["runs"]]
            for refuted, symbol in ((True, "x"), (False, marker)):
                some = [run for run in drawn if (run["variability"] == "fails") is refuted]
                places = [run["distance"] for run in some]
                axis.plot(places, [value(run) for run in some], symbol, color=colour, ms=4, alpha=0.6)
            means = [
                (np.mean([run["distance"] for run in point["runs"]]), np.mean([value(run) for run in point["runs"]]))
                for point in lines.get(name, ())
                if point["runs"]
            ]
            if means:
                axis.plot(*zip(*sorted(means), strict=True), "-", color=colour, lw=1.2, label=name)
    if runs:
        for level, style, label in (("limit", "-", "limit"), ("linear", "--", "linear control")):
            mean = float(np.mean([run[level] for run in runs]))
            axes[0, 0].axhline(mean, color="black", lw=0.9, ls=style, label=f"{label}, mean {mean:.3f}")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), fontsize=7, loc="outside lower center", ncols=4)
    return figure


def _mcc(run: Mapping[str, Any]) -> float:
    return float(run["mcc"])


def _off_mass(run: Mapping[str, Any]) -> float:
    return float(run["off_mass"][0])


def draw_violations(rows: Sequence[Mapping[str, Any]]) -> Any:
    """One line a violation: the MCC of every run in the colour of A's verdict, and whether there is a rival."""
    figure, axes = canvas(1, 1, (8.5, 0.55 * len(rows) + 1.0))
    axis = axes[0, 0]
    for place, row in enumerate(rows):
        for run in row["runs"]:
            if run.get("mcc") is not None:
                axis.plot(run["mcc"], place, "o", color=COLOURS[run["status"]], ms=5, alpha=0.7)
        runs = row["runs"]
        said = "not run" if not runs else ("rival" if runs[0].get("refutes") else "no rival known")
        axis.text(1.01, place, said, fontsize=7, va="center", transform=axis.get_yaxis_transform())
    for word, colour in COLOURS.items():
        axis.plot([], [], "o", color=colour, label=f"A {word}")
    axis.set_yticks(range(len(rows)), [f"{row['title']}\n({row['claim']})" for row in rows], fontsize=7)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(0, 1.02)
    axis.set_xlabel("MCC with the true latents", fontsize=8)
    axis.legend(fontsize=7, loc="lower left")
    return figure
