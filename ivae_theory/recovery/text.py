"""A recovery as text, 80 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivae_theory.recovery.result import Recovery

__all__ = ["report"]

WIDTH, MOST_ROWS = 80, 20


def report(recovery: Recovery) -> str:
    """The small report that ``print(recovery)`` shows."""
    verdict = recovery.verdict
    name = "block permutation" if max(recovery.blocks) > 1 else "scaled permutation"
    lines = [f"{verdict.status.name}  A is a {name}  (tolerance {recovery.tolerance:g}, level {recovery.level:g})"]
    lines += _wrap(verdict.reason)
    lines.append("")
    lines += _field("statistics", _same(*recovery.statistics))
    lines += _field("rows", f"{recovery.n_samples}; resampled: {recovery.resampled}")
    lines += _field("off mass", f"{recovery.off_mass} (worst row)")
    lines += _field("R^2", f"{recovery.r2:.4f} mean, {min(recovery.r2_rows):.4f} worst statistic")
    lines += _field("sigma_min", f"{recovery.smallest_singular_value} of the whitened A (perfect recovery: 1)")
    lines += _field("MCC", _mcc(recovery))
    if recovery.parameter_route is not None and recovery.parameter_route.off_mass is not None:
        lines += _field("parameters", f"off mass {recovery.parameter_route.off_mass:.4f} by the parameter route")
    lines += ["", *_table(recovery)]
    for label, sentences in (
        ("warning", recovery.warnings),
        ("assumed", verdict.assumes),
        ("advice", (verdict.advice,) if verdict.advice else ()),
    ):
        for sentence in sentences:
            lines += _field(label, sentence)
    return "\n".join(lines)


def _same(true: str, learned: str) -> str:
    return true if true == learned else f"true {true}; learned {learned}"


def _mcc(recovery: Recovery) -> str:
    found = recovery.mcc
    inside = "" if found.within is None else f", within segments {found.within:.4f}"
    return (
        f"{float(found):.4f} [{found.lower:.4f}, {found.upper:.4f}] of {found.of} z (Pearson; chance "
        f"{found.chance:.4f}{inside})"
    )


def _table(recovery: Recovery) -> list[str]:
    rows = ["latent  learned      scale  off mass [interval]"]
    order = range(len(recovery.blocks))
    shown = list(order)
    if len(shown) > MOST_ROWS:
        shown = sorted(order, key=lambda i: -recovery.off_mass_rows[i].estimate)[:MOST_ROWS]
        rows[0] += f"  ({MOST_ROWS} worst of {len(recovery.blocks)})"
    for i in shown:
        scale = recovery.scales[i]
        entry = f"{scale:10.4g}" if isinstance(scale, float) else f"{len(scale)} x {len(scale[0])}".rjust(10)
        rows.append(f"{i + 1:6d}  {recovery.permutation[i] + 1:7d} {entry}  {recovery.off_mass_rows[i]}")
    return rows


def _field(label: str, text: str) -> list[str]:
    return textwrap.wrap(f"{label:<11} {text}", WIDTH, subsequent_indent=" " * 12)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)
