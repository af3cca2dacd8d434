"""Cost of theorem1.iii: against matrix_rank on the same table, over nk and M, and for a traced network.

    python -m benchmarks.bench_variability [--quick] [--out benchmarks/results/variability.json]

One BLAS thread; every ratio is taken within this one run.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

# ruff: noqa: E402 (threads are set before numpy is imported)
import argparse
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.machine import write
from ivae_theory import Box, Prior, families
from ivae_theory.certificates import variability, variability_graph
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.hypotheses.variability import CLAIM, check_variability

assert variability, variability_graph
#: The cost curve: nk and M. Beyond this the table alone needs more memory than small machines have.
CURVE = [(10, 40), (10, 1_000), (10, 100_000), (100, 200), (100, 100_000), (300, 600), (300, 20_000), (1000, 2_000),
         (1000, 20_000), (2000, 4_000), (2000, 20_000)]  # fmt: skip


def seconds(function: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """The least of some runs, and the last result."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = function()
        best = min(best, time.perf_counter() - start)
    return best, result


def table(count: int, size: int) -> np.ndarray:
    """Natural parameters of Section 5: -1/(2 v), v uniform on (.5, 3), T = z**2."""
    return -1 / (2 * np.random.default_rng(0).uniform(0.5, 3, (count, size)))


def prior_of(rows: np.ndarray) -> Any:
    """A prior without the range check of every row, which is not what is measured here."""
    from ivae_theory.domain import Points
    from ivae_theory.model.natural import TableNatural

    natural = TableNatural(rows, None, "floats", "float64")
    chosen = (families.gaussian_scale(),) * rows.shape[1]
    return SimpleNamespace(natural=natural, domain=Points(np.arange(len(rows))), families=chosen)


def against_matrix_rank(size: int, count: int) -> dict[str, Any]:
    """Full rank with its margin, as a multiple of numpy's rank; and the recheck."""
    rows = table(count, size)
    base, rank = seconds(lambda: np.linalg.matrix_rank(rows), 3)
    cost, verdict = seconds(lambda: check_variability(SimpleNamespace(prior=prior_of(rows))), 3)
    assert verdict.holds, verdict
    assert rank == size
    subject = {"ks": [1] * size, "domain": {"kind": "points"}, "natural": prior_of(rows).natural.describe()}
    recheck, _ = seconds(lambda: recheck_evidence(CLAIM, verdict.evidence, subject))
    return {
        "nk": size,
        "M": count,
        "seconds_matrix_rank": base,
        "seconds_check": cost,
        "ratio": cost / base,
        "margin": verdict.margin,
        "margin_unit": verdict.evidence["margin_unit"],
        "seconds_recheck": recheck,
    }


def on_curve(size: int, count: int) -> dict[str, Any]:
    """One point of the cost curve."""
    prior = prior_of(table(count, size))
    cost, verdict = seconds(lambda: check_variability(SimpleNamespace(prior=prior)))
    return {"nk": size, "M": count, "seconds": cost, "status": verdict.status.word, "margin": verdict.margin}


def network(size: int) -> dict[str, Any]:
    """A traced tanh network for lambda over continuous u."""
    import torch

    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(5, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, 64),
        torch.nn.Tanh(),
        torch.nn.Linear(64, size),
    ]
    net = torch.nn.Sequential(*layers)
    tracing, prior = seconds(lambda: Prior(families.gaussian_location(), net, Box([-2.0] * 5, [2.0] * 5)))
    cost, verdict = seconds(lambda: check_variability(SimpleNamespace(prior=prior)))
    recheck, _ = seconds(lambda: recheck_evidence(CLAIM, verdict.evidence, prior.describe()))
    return {
        "nk": size,
        "network": "5-64-64-nk tanh, float32",
        "seconds_tracing": tracing,
        "seconds_check": cost,
        "seconds_recheck": recheck,
        "status": verdict.status.word,
    }


def main() -> None:
    """Run and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    results = {
        "against_matrix_rank": [against_matrix_rank(1000, 2000)]
        + ([] if options.quick else [against_matrix_rank(300, 600)]),
        "network": [network(size) for size in (10, 40)],
        "curve": [on_curve(*point) for point in (CURVE[:6] if options.quick else CURVE)],
    }
    write("variability", "python -m benchmarks.bench_variability", results, options.out)


if __name__ == "__main__":
    main()
