"""Recovery of the truth, row by row of data and method by method, over fresh data seeds; truth-blind throughout.

One command that resumes where it was killed, writes every finished run to SQLite, and a summary as JSON:

    python -m benchmarks.train_recovery --store runs.sqlite --rows paper std_0.5 --methods limit linear ivae

Several such commands may fill one store at the same time; cells of an earlier ``--json`` of which the store has nothing
are kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from ivae_theory.training import sweep
from ivae_theory.training.store import Run, Store

STANDARD = {"simulation": "paper", "modulated": "standard deviation", "noise_scale": 0.01}
ROWS: dict[str, dict[str, Any]] = {
    "paper": {"simulation": "paper"},
    "std_0.5": {**STANDARD, "slope": 0.5},
    "std_0.2": {**STANDARD, "slope": 0.2},
    "variances_0.2": {"simulation": "paper", "slope": 0.2, "noise_scale": 0.01},
    "xtanh": {**STANDARD, "activation": "xtanh", "slope": 0.1},
    "released": {"simulation": "released"},
    "supplement_g": {"simulation": "supplement_g"},
}
#: The decoder's variance: the true one in the first row; a larger one trains better where the noise is far smaller.
VARIANCES = {"std_0.5": 0.04, "supplement_g": 0.01}
#: The posterior of ten latents given forty coordinates is sampled at fewer rows.
LIMITS: dict[str, dict[str, Any]] = {"supplement_g": {"rows": 400}}
METHODS: dict[str, dict[str, Any]] = {
    "limit": {},
    "linear": {},
    "vae": {"parameters": {"replicas": 4}, "schedule": {"steps": 8000}},
    "ivae": {"parameters": {"replicas": 8}, "schedule": {"steps": 8000}},
    "flow": {
        "parameters": {"replicas": 2},
        "schedule": {"steps": 12_000, "batch": 512, "learning_rate": 2e-3, "warmup": 1200, "clip": 50.0},
    },
    "layered": {
        "parameters": {"layers": 4, "bins": 24, "replicas": 16, "finalists": 5},
        "schedule": {"steps": 2500, "batch": 512, "learning_rate": 1e-2, "warmup": 250, "clip": 50.0},
    },
}
#: One repeated matrix that is not orthogonal and tanh(x) + .1 x are the hardest to undo: more layers, longer runs.
DEEPER: dict[str, dict[str, Any]] = {
    "released": {
        "parameters": {"layers": 8, "bins": 24, "replicas": 16, "finalists": 5},
        "exploration": {"steps": 1000, "batch": 256, "learning_rate": 1e-2, "warmup": 100, "clip": 50.0},
        "schedule": {"steps": 4000, "batch": 512, "learning_rate": 1e-2, "warmup": 400, "clip": 50.0},
    }
}
#: Forty coordinates, ten latents: wider networks, from the linear control on.
WIDER: dict[str, dict[str, Any]] = {
    "supplement_g": {
        "parameters": {"replicas": 2, "start": "linear", "width": 100},
        "schedule": {"steps": 12_000, "batch": 128, "learning_rate": 3e-3},
    }
}


def configuration(row: str, method: str, seed: int) -> dict[str, Any]:
    """One run as JSON values."""
    result = {"method": method, "data": {**ROWS[row], "seed": seed}, **METHODS[method]}
    if method == "ivae" and row in WIDER:
        result |= WIDER[row]
    if method in ("ivae", "vae"):
        result["parameters"] = {**result["parameters"], "noise_variance": VARIANCES.get(row, 0.01)}
    if method == "layered" and row in DEEPER:
        result |= DEEPER[row]
    if method == "limit" and row in LIMITS:
        result["parameters"] = LIMITS[row]
    return result


def summary(store: Store, rows: list[str], methods: list[str], seeds: list[int]) -> dict[str, Any]:
    """Mean, lowest and every MCC of each cell, with log-likelihoods; cells with runs missing say which."""
    table: dict[str, Any] = {}
    for row in rows:
        for method in methods:
            runs = {seed: store.find(configuration(row, method, seed)) for seed in seeds}
            done = {seed: run for seed, run in runs.items() if run is not None and run.result is not None}
            results = {seed: run.result for seed, run in done.items() if run.result is not None}
            scores = {seed: result["mcc"] for seed, result in results.items()}
            cell: dict[str, Any] = {
                "mean": statistics.fmean(scores.values()) if scores else None,
                "lowest": min(scores.values(), default=None),
                "mcc": scores,
                "not_run": sorted(set(seeds) - set(scores)),
                "seconds": sum(run.seconds for run in done.values()),
            }
            if method == "limit":
                # log-likelihood and MCC of the true f^-1 as a flow: what the trained flows are to be read against
                cell["truth_as_flow"] = {seed: result.get("flow") for seed, result in results.items()}
            else:
                name = "log_likelihood" if method in ("linear", "flow", "layered") else "bound"
                cell[name] = {seed: result["bound"] for seed, result in results.items()}
            table.setdefault(row, {})[method] = cell
    return table


def merged(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """The table, with the cells of an earlier file of which nothing was run this time, each with its commit."""
    if not path.exists():
        return table
    before = json.loads(path.read_text())
    for row, methods in before["table"].items():
        for method, cell in methods.items():
            here = table.setdefault(row, {})
            if not here.get(method, {}).get("mcc") and cell["mcc"]:
                here[method] = {"commit": before.get("machine", before)["commit"], **cell}
    return {row: table[row] for row in ROWS if row in table}


def show(run: Run) -> None:
    """One line as a run ends."""
    data = run.configuration["data"]
    outcome = run.error if run.result is None else f"MCC {run.result['mcc']:.4f}"
    print(f"{run.configuration['method']:7s} {data}: {outcome} ({run.seconds:.0f} s)", flush=True)


def main() -> None:
    """Run what is missing, then write the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--run", action=argparse.BooleanOptionalAction, default=True, help="--no-run: only summarise")
    arguments = parser.parse_args()
    seeds = list(range(arguments.first_seed, arguments.first_seed + arguments.seeds))
    cells = [configuration(r, m, s) for r in arguments.rows for m in arguments.methods for s in seeds]
    store = Store(arguments.store)
    if arguments.run:
        os.environ["OMP_NUM_THREADS"] = "1"  # read by the workers: one thread each
        with ProcessPoolExecutor(arguments.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            report = sweep(cells, store, executor=pool, progress=show)
        print(report)
    table = summary(store, arguments.rows, arguments.methods, seeds)
    for row, methods in table.items():
        cells_of_row = (f"{m} {v['mean']:.4f} (lowest {v['lowest']:.4f})" for m, v in methods.items() if v["mcc"])
        print(f"{row}: {', '.join(cells_of_row)}")
    if arguments.json is not None:
        command = " ".join(["python -m benchmarks.train_recovery", *sys.argv[1:]])
        table = merged(table, arguments.json)
        document = {
            "machine": machine(command),
            "methods": METHODS,
            "deeper": DEEPER,
            "wider": WIDER,
            "rows": ROWS,
            "table": table,
        }
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
