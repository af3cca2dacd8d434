"""Recovery: size and power of the verdict, and its speed.

    python -m benchmarks.bench_recovery size --out benchmarks/results/recovery_size.json
    python -m benchmarks.bench_recovery power --out benchmarks/results/recovery_power.json
    python -m benchmarks.bench_recovery speed --out benchmarks/results/recovery_speed.json --plot speed.png

``size`` draws worlds whose worst row's off-permutation mass is exactly the tolerance: there a HOLDS is as likely as
it is anywhere where it is wrong, and so is a FAILS. ``power`` puts it at twice the tolerance (FAILS is right) and at
zero (HOLDS is right). Run single-threaded (OMP_NUM_THREADS=1) so that timings compare.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from benchmarks.machine import machine
from ivae_theory.recovery import recover
from tests.recovery.worlds import exact_sample, posterior_sample, world

TOLERANCE, LEVEL, SEED = 0.05, 0.05, 20_260_000


@dataclass(frozen=True)
class Scenario:
    """``route`` exact (heteroscedastic noise) or draws (posterior noise); 40 segments of 1000 rows."""

    route: str
    n: int
    kind: str
    noise: float
    rows: int = 1000
    segments: int = 40


SIZE = [
    Scenario("exact", 2, "one", 0.1),
    Scenario("draws", 2, "one", 0.1),
    Scenario("exact", 5, "one", 0.1),
    Scenario("exact", 2, "one", 0.3, rows=100),
    Scenario("draws", 5, "all", 0.1),
    Scenario("exact", 10, "spread", 0.1),
    Scenario("draws", 2, "one", 1.0),
    Scenario("exact", 2, "all", 0.0),
]
POWER = [Scenario("exact", n, kind, 0.1) for n in (2, 5, 10) for kind in ("one", "all")] + [
    Scenario("draws", n, kind, 0.3) for n in (2, 5, 10) for kind in ("one", "all")
]


def one(scenario: Scenario, mass: float, seed: int) -> Any:
    """One replication: a fresh world, fresh data, the verdict."""
    rng = np.random.default_rng(seed)
    w = world(scenario.n, scenario.segments, scenario.rows, mass, scenario.kind, rng)
    if scenario.route == "exact":
        true, learned = exact_sample(w, scenario.noise, rng)
        return recover(true, learned, statistics="z", u=w.u, tolerance=TOLERANCE, level=LEVEL, seed=seed)
    W = np.eye(scenario.n) + 0.5 * rng.standard_normal((scenario.n, scenario.n)) / np.sqrt(scenario.n)
    z, draws, _, _ = posterior_sample(w, W, scenario.noise, 2, rng)
    learned = draws**2 @ np.linalg.inv(w.A).T
    return recover(
        z, learned, statistics="z**2", learned_statistics="z", u=w.u, tolerance=TOLERANCE, level=LEVEL, seed=seed
    )


def binomial_bounds(hits: int, count: int, level: float = 0.01) -> tuple[float, float]:
    """Clopper-Pearson bounds at confidence ``1 - level``."""
    low = 0.0 if hits == 0 else float(beta.ppf(level / 2, hits, count - hits + 1))
    high = 1.0 if hits == count else float(beta.ppf(1 - level / 2, hits + 1, count - hits))
    return low, high


def statuses(scenario: Scenario, mass: float, seed: int) -> tuple[int, int]:
    """Status of the pattern finding and of the whole verdict."""
    found = one(scenario, mass, seed)
    return int(found.parts[-1].status), int(found.verdict.status)


def frequencies(scenario: Scenario, mass: float, count: int, pool: ProcessPoolExecutor) -> dict[str, Any]:
    """How often the pattern finding and the whole verdict hold and fail, with binomial bounds."""
    start = time.perf_counter()
    seeds = range(SEED, SEED + count)
    table = np.array(list(pool.map(partial(statuses, scenario, mass), seeds, chunksize=10)))
    result: dict[str, Any] = {**scenario.__dict__, "off_mass": mass, "replications": count}
    for column, name in enumerate(("pattern", "verdict")):
        for status, word in ((2, "holds"), (0, "fails")):
            hits = int((table[:, column] == status).sum())
            low, high = binomial_bounds(hits, count)
            result[f"{name}_{word}"] = {"frequency": hits / count, "lower99": low, "upper99": high}
    result["seconds"] = round(time.perf_counter() - start, 1)
    return result


def timings() -> Iterator[dict[str, Any]]:
    """Seconds of ``recover`` against one ``numpy.corrcoef`` of the stacked latents, for growing N and n."""
    sizes = [(10_000, 10), (100_000, 10), (1_000_000, 10), (10_000_000, 10)]
    sizes += [(100_000, n) for n in (2, 5, 20, 50, 100)]
    for rows, n in sizes:
        rng = np.random.default_rng(SEED)
        u = np.repeat(np.arange(40), rows // 40)
        z = rng.standard_normal((rows, n)) * (1 + u[:, None] / 40)
        w = 2 * z[:, ::-1]
        stacked = np.concatenate([z, w], axis=1).T
        repeats = 1 if rows * n > 20_000_000 else 3
        reference = min(_seconds(lambda s=stacked: np.corrcoef(s)) for _ in range(repeats))
        del stacked
        ours = min(_seconds(lambda a=z, b=w, c=u: recover(a, b, statistics="z**2", u=c)) for _ in range(repeats))
        small = slice(None, None, max(1, rows // 4000))
        bootstrap = min(
            _seconds(lambda a=z[small], b=w[small], c=u[small]: recover(a, b, statistics="z**2", u=c)) for _ in range(3)
        )
        yield {
            "rows": rows,
            "n": n,
            "corrcoef_seconds": reference,
            "recover_seconds": ours,
            "bootstrap_seconds": bootstrap,
            "ratio_beyond_bootstrap": max(ours - bootstrap, 0.0) / reference,
        }


def _seconds(function: Any) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def plot(rows: list[dict[str, Any]], path: str) -> None:
    """Growth in N at n = 10 and in n at N = 100 000."""
    from ivae_theory.reporting.figures import canvas, save

    figure, (axes,) = canvas(1, 2, (8, 3.2), sharey=True)
    for axis, key, other, value in ((axes[0], "rows", "n", 10), (axes[1], "n", "rows", 100_000)):
        points = sorted((row for row in rows if row[other] == value), key=lambda row: row[key])
        for name, label in (("recover_seconds", "recover"), ("corrcoef_seconds", "numpy.corrcoef")):
            axis.loglog([row[key] for row in points], [row[name] for row in points], marker="o", label=label)
        axis.set_xlabel({"rows": "N (n = 10)", "n": "n (N = 100 000)"}[key])
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds")
    axes[0].legend(frameon=False)
    save(figure, path)


def header(command: str) -> dict[str, Any]:
    """What the results were made by."""
    threads = os.environ.get("OMP_NUM_THREADS")
    return {**machine(command), "threads": threads, "seed": SEED, "tolerance": TOLERANCE, "level": LEVEL}


def main(arguments: list[str]) -> None:
    """Run what the arguments ask for; results are written after every line, so that a long run can be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("size", "power", "speed"))
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot")
    options = parser.parse_args(arguments)
    document = header("python -m benchmarks.bench_recovery " + " ".join(arguments))
    document["results"] = []
    for row in _rows(options.what, options.replications, options.jobs):
        document["results"].append(row)
        print(json.dumps(row), flush=True)
        options.out.write_text(json.dumps(document, indent=1) + "\n")
    if options.plot:
        plot(document["results"], options.plot)


def _rows(what: str, replications: int, jobs: int) -> Iterator[dict[str, Any]]:
    if what == "speed":
        yield from timings()
        return
    with ProcessPoolExecutor(jobs) as pool:
        if what == "size":
            for scenario in SIZE:
                yield frequencies(scenario, TOLERANCE, replications, pool)
            return
        for scenario in POWER:
            yield frequencies(scenario, 2 * TOLERANCE, replications, pool)
            yield frequencies(scenario, 0.0, replications, pool)


if __name__ == "__main__":
    main(sys.argv[1:])
