"""What ``recover`` returns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.equivalence.affine import AffineMap
from ivae_theory.recovery.metrics import MCC, amari
from ivae_theory.recovery.offmass import Interval
from ivae_theory.recovery.parameters import ParameterRoute
from ivae_theory.verdict import SCHEMA, Status, Verdict, seal

__all__ = ["Recovery"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recovery:
    """Whether what was learned is the truth up to a scaled permutation, with every number behind it.

    Attributes
    ----------
    map
        ``T~(z) = A T~'(z') + c``, in the user's units.
    permutation, scales
        ``permutation[i]`` is the learned latent that goes with true latent ``i``; ``scales[i]`` the matched entry of A
        with its sign (a matched block, as nested tuples, for k >= 2).
    off_mass, off_mass_rows
        Off-permutation mass (estimate, lower, upper) of the worst row, and of each row.
    r2, r2_rows
        R^2 of the affine fit: mean over statistics, and each. Behind posteriors it counts the part of the true
        statistics that x and u do not tell, and is no measure of fit.
    mcc
        Pearson MCC of the latents themselves, see :func:`mcc`.
    n_samples, tolerance, level
        N and what was asked for.
    verdict, parts
        The verdict, and the three findings it is the conjunction of: affine fit, invertibility, pattern.
    warnings
        What a reader of the numbers should know, one sentence each.
    S, S_error
        Whitened A (a perfect recovery has one entry of modulus 1 in each row) and its entrywise standard errors.
    smallest_singular_value
        Of S, with bounds.
    blocks, learned_blocks, statistics, resampled
        The ``k_i`` of T and of T'; the texts of T and T'; what the bootstrap resampled.
    parameter_route
        A from the natural parameters, where they were given.
    """

    map: AffineMap
    permutation: tuple[int, ...]
    scales: tuple[Any, ...]
    off_mass: Interval
    off_mass_rows: tuple[Interval, ...]
    r2: float
    r2_rows: tuple[float, ...]
    mcc: MCC
    n_samples: int
    tolerance: float
    level: float
    verdict: Verdict
    parts: tuple[Verdict, ...]
    warnings: tuple[str, ...]
    S: Floats
    S_error: Floats
    smallest_singular_value: Interval
    blocks: tuple[int, ...]
    learned_blocks: tuple[int, ...]
    statistics: tuple[str, str]
    resampled: str
    parameter_route: ParameterRoute | None = None

    @property
    def status(self) -> Status:
        """Status of the verdict."""
        return self.verdict.status

    @property
    def samples_needed(self) -> int | None:
        """About how many rows would decide an undecided pattern; ``None`` when decided, or when no number does."""
        needed = self.parts[-1].evidence.get("samples_needed")
        return None if needed is None else int(needed)

    @property
    def signs(self) -> tuple[int, ...]:
        """Signs of the scales, for k = 1."""
        return tuple(int(np.sign(scale)) for scale in self.scales if isinstance(scale, float))

    @property
    def amari(self) -> float | None:
        """Amari distance of the whitened A, from a scaled permutation; ``None`` with a zero row or column."""
        size = np.abs(self.S)
        return amari(self.S) if size.max(axis=0).all() and size.max(axis=1).all() else None

    def to_dict(self) -> dict[str, Any]:
        """The recovery as JSON values, sealed; :func:`ivae_theory.recheck` verifies it."""
        body = {
            "map": self.map.describe(),
            "permutation": list(self.permutation),
            "scales": [scale if isinstance(scale, float) else [list(row) for row in scale] for scale in self.scales],
            "off_mass": list(self.off_mass),
            "off_mass_rows": [list(row) for row in self.off_mass_rows],
            "r2": self.r2,
            "r2_rows": list(self.r2_rows),
            "mcc": self.mcc.to_dict(),
            "amari": self.amari,
            "smallest_singular_value": list(self.smallest_singular_value),
            "n_samples": self.n_samples,
            "tolerance": self.tolerance,
            "level": self.level,
            "warnings": list(self.warnings),
            "statistics": list(self.statistics),
            "resampled": self.resampled,
            "parameter_route": _route(self.parameter_route),
        }
        digest = hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": "ivae_theory.recovery",
            "subject": {"text": self._subject(), "digest": digest, "ks": list(self.blocks)},
            "recovery": body,
            "verdict": self.verdict.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
        }
        document["seal"] = seal(document)
        return document

    def to_json(self) -> str:
        """The recovery as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def to_html(self, path: str | Path) -> None:
        """Write the recovery as one self-contained HTML file."""
        from ivae_theory.reporting.html import write_recovery

        write_recovery(self, path)

    def plot(self, path: str | Path | None = None) -> Any:
        """Whitened A as heat maps, before and after the permutation, and its off-permutation mass with intervals.

        Returns the matplotlib figure, written to ``path`` when one is given. Needs the extra ``plot``.
        """
        from ivae_theory.reporting.figures import plot_recovery

        return plot_recovery(self, path)

    def __str__(self) -> str:
        from ivae_theory.recovery.text import report

        return report(self)

    def __repr__(self) -> str:
        return f"Recovery({self.verdict.status.name}, off mass {self.off_mass}, N = {self.n_samples})"

    def _subject(self) -> str:
        return f"recovery of {len(self.blocks)} latents, {self.statistics[0]}, N = {self.n_samples}"


def _route(route: ParameterRoute | None) -> Mapping[str, Any] | None:
    if route is None:
        return None
    return {
        "A": route.A.tolist(),
        "residual": route.residual,
        "condition": route.condition,
        "off_mass": route.off_mass,
        "permutation": None if route.permutation is None else list(route.permutation),
    }
