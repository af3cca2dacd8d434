"""Size at the tolerance and power beyond it; the long form is ``benchmarks/bench_recovery.py``, results committed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from ivae_theory.recovery import recover
from tests.recovery.worlds import exact_sample, off_mass, posterior_sample, world

TOLERANCE, LEVEL = 0.05, 0.05
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def statuses(route: str, n: int, rows: int, mass: float, kind: str, noise: float, count: int) -> np.ndarray:
    """Pattern and verdict of each replication, (count, 2)."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        w = world(n, 40, rows, mass, kind, rng)
        if route == "exact":
            true, learned = exact_sample(w, noise, rng)
            result = recover(true, learned, statistics="z", u=w.u, tolerance=TOLERANCE, level=LEVEL, seed=seed)
        else:
            W = np.eye(n) + 0.5 * rng.standard_normal((n, n)) / np.sqrt(n)
            z, draws, _, _ = posterior_sample(w, W, noise, 2, rng)
            result = recover(
                z,
                draws**2 @ np.linalg.inv(w.A).T,
                statistics="z**2",
                learned_statistics="z",
                u=w.u,
                tolerance=TOLERANCE,
                level=LEVEL,
                seed=seed,
            )
        found.append((int(result.parts[2].status), int(result.verdict.status)))
    return np.array(found)


@pytest.mark.parametrize(("route", "noise"), [("exact", 0.3), ("draws", 0.3)])
def test_size_at_the_tolerance_small(route: str, noise: float) -> None:
    found = statuses(route, 2, 25, TOLERANCE, "one", noise, 60)
    most = binom.ppf(0.999, len(found), LEVEL)
    assert (found == 2).sum(axis=0).max() <= most
    assert (found[:, 0] == 0).sum() <= most


def test_few_rows_without_segments_have_a_size_too() -> None:
    holds = fails = 0
    angle = np.arcsin(np.sqrt(TOLERANCE))
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for seed in range(150):
        z = np.random.default_rng(seed).standard_normal((150, 2))
        found = recover(z, z @ R, statistics="z", tolerance=TOLERANCE, seed=seed)
        holds, fails = holds + found.parts[2].holds, fails + found.parts[2].fails
    assert max(holds, fails) <= binom.ppf(0.999, 150, LEVEL)


@pytest.mark.slow
@pytest.mark.parametrize(("route", "n", "kind"), [("exact", 2, "one"), ("exact", 5, "all"), ("draws", 2, "one")])
def test_size_at_the_tolerance(route: str, n: int, kind: str) -> None:
    found = statuses(route, n, 250, TOLERANCE, kind, 0.3, 2000)
    most = binom.ppf(0.999, len(found), LEVEL)
    assert (found == 2).sum(axis=0).max() <= most
    assert (found[:, 0] == 0).sum() <= most


@pytest.mark.parametrize(("route", "n"), [("exact", 2), ("exact", 10), ("draws", 5)])
def test_power_at_twice_the_tolerance_and_at_zero(route: str, n: int) -> None:
    assert (statuses(route, n, 1000, 2 * TOLERANCE, "one", 0.1, 3)[:, 1] == 0).all()
    assert (statuses(route, n, 1000, 0.0, "one", 0.05, 2)[:, 1] == 2).all()


@pytest.mark.parametrize("kind", ["one", "all", "spread"])
def test_the_worlds_have_the_off_mass_that_they_claim(kind: str) -> None:
    rng = np.random.default_rng(0)
    w = world(3, 40, 20_000, 0.05, kind, rng)
    assert off_mass(w.A, w.v) == pytest.approx(0.05, abs=1e-9)
    y, x = exact_sample(w, 0.0, rng)
    S = np.linalg.lstsq(x - x.mean(0), y - y.mean(0), rcond=None)[0].T * x.std(0)[None] / y.std(0)[:, None]
    assert np.max(1 - np.diag(S) ** 2 / (S**2).sum(axis=1)) == pytest.approx(0.05, abs=2e-3)


@pytest.mark.parametrize("name", ["recovery_size", "recovery_power"])
def test_the_committed_results_support_the_claims(name: str) -> None:
    document = json.loads((RESULTS / f"{name}.json").read_text())
    assert document["commit"]
    assert document["results"]
    for row in document["results"]:
        if row["off_mass"] == document["tolerance"]:
            assert row["replications"] >= 2000
            for finding in ("pattern_holds", "verdict_holds", "pattern_fails"):
                assert row[finding]["lower99"] <= document["level"]
                assert row[finding]["frequency"] <= document["level"]
        elif row["off_mass"] > document["tolerance"]:
            assert row["verdict_fails"]["frequency"] > 0.9
        else:
            assert row["pattern_holds"]["frequency"] > 0.9
