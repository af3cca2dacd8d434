"""Peak memory and processor seconds of large inputs: tables of natural parameters, and latents to recover.

    python -m benchmarks.bench_load [--quick] [--json benchmarks/results/load.json] [NAME ...]

Every case runs in a process of its own. ``peak_over_input`` is the process's largest resident memory, the input
included, as a multiple of the input in float64; what Python and the libraries take before the input exists is
subtracted, and given as ``imports_gib``. Seconds are those of the processor, with one BLAS thread.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

# ruff: noqa: E402 (threads are set before numpy is imported)
import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import write

GIB = 2**30
COMMAND = "python -m benchmarks.bench_load"


def peak() -> float:
    """Largest resident memory of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


class Steps:
    """Processor seconds of one step after the other: others may be at work on the machine."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.process_time()

    def done(self, name: str) -> None:
        """The step that began when the last one ended is over."""
        now = time.process_time()
        self.seconds[name] = round(now - self._since, 1)
        self._since = now


def uniform(rng: np.random.Generator, shape: tuple[int, int], dtype: str) -> Any:
    """Numbers between -2 and -0.2, made block by block."""
    values = np.empty(shape, dtype=dtype)
    for start in range(0, len(values), 10_000):
        part = values[start : start + 10_000]
        part[:] = rng.integers(-2000, -200, part.shape) if dtype[0] == "i" else rng.uniform(-2, -0.2, part.shape)
    return values


def table(count: int, size: int, kind: str) -> dict[str, Any]:
    """check, to_json and recheck of a model whose lambda is a table (M, nk), T = z**2."""
    from ivae_theory import Model, Noise, Prior, assume_injective, check, families, recheck
    from ivae_theory.certificates.registry import ModelNeeded

    before, steps = peak(), Steps()
    rng = np.random.default_rng(0)
    dtype = {"float32": "float32", "integers": "int64"}.get(kind, "float64")
    values = uniform(rng, (count, size), dtype)
    if kind == "dependent":
        values[:, -1] = values[:, 0] + 0.0
    if kind == "bottleneck":
        # multiples of 1/64 add up without rounding
        np.multiply(np.round(np.multiply(values, 64, out=values), out=values), 1 / 64, out=values)
        values[:, -1] = values[:, :-1].sum(axis=1) / 256
    with tempfile.TemporaryDirectory() as folder:
        if kind == "mapped":
            np.save(Path(folder) / "table.npy", values)
            values = np.load(Path(folder) / "table.npy", mmap_mode="r", allow_pickle=False)
        steps.done("input")
        prior = Prior(families.gaussian_scale(), values)
        model = Model(prior, noise=Noise.gaussian(0.1), mixing=assume_injective(size))
        steps.done("model")
        report = check(model, "permutation")
        steps.done("check")
        text = report.to_json()
        steps.done("to_json")
        try:
            recheck(text)
            alone = "valid"
        except ModelNeeded:
            alone = "needs the model"
        steps.done("recheck")
        bound = recheck(text, model).bound
        steps.done("recheck_with_model")
    verdict = report["theorem1.iii"]
    return {
        "verdict": f"{verdict.status.word} ({verdict.grade.word if verdict.grade else ''})",
        "report_mb": round(len(text) / 1e6, 2),
        "recheck_alone": alone,
        "recheck_bound": bound,
        "input_gib": round(count * size * 8 / GIB, 2),
        "imports_gib": round(before, 2),
        "peak_gib": round(peak(), 2),
        "peak_over_input": round((peak() - before) / (count * size * 8 / GIB), 2),
        "processor_seconds": steps.seconds,
    }


def latents(count: int, n: int, kind: str) -> dict[str, Any]:
    """recover() of N rows of n latents with 1000 segments: exact ones, or two posterior draws."""
    from ivae_theory import recover

    before, steps = peak(), Steps()
    rng = np.random.default_rng(0)
    draws = 2 if kind == "draws" else 1
    u = (np.arange(count) * 1000) // count
    z = np.empty((count, n))
    learned = np.empty((draws, count, n))
    order, scales = rng.permutation(n), rng.uniform(0.5, 2, n)
    for start in range(0, count, 100_000):
        rows = slice(start, start + 100_000)
        z[rows] = rng.standard_normal(z[rows].shape) * (1 + (u[rows, None] % 7) / 3)
        for draw in learned:
            draw[rows] = z[rows][:, order] * scales + (0.1 * rng.standard_normal(z[rows].shape) if draws > 1 else 0)
    steps.done("input")
    found = recover(z, learned if draws > 1 else learned[0], statistics="z**2", u=u)
    steps.done("recover")
    size = (1 + draws) * count * n * 8 / GIB
    return {
        "verdict": found.verdict.status.word,
        "input_gib": round(size, 2),
        "imports_gib": round(before, 2),
        "peak_gib": round(peak(), 2),
        "peak_over_input": round((peak() - before) / size, 2),
        "processor_seconds": steps.seconds,
    }


#: Name -> function with its arguments; the first two arguments are rows and columns.
CASES: dict[str, tuple[Callable[..., dict[str, Any]], int, int, str]] = {
    "table_float64": (table, 1_000_000, 200, "float64"),
    "table_mapped_from_a_file": (table, 1_000_000, 200, "mapped"),
    "table_with_two_equal_columns": (table, 1_000_000, 200, "dependent"),
    "latents": (latents, 10_000_000, 5, "exact"),
    "latents_two_posterior_draws": (latents, 10_000_000, 5, "draws"),
    "table_with_one_relation_between_all_columns": (table, 1_000_000, 200, "bottleneck"),
    "table_float32": (table, 1_000_000, 200, "float32"),
    "table_of_integers": (table, 1_000_000, 100, "integers"),
}


def run(name: str, quick: bool) -> dict[str, Any]:
    """One case, in this process; ``quick`` takes a twentieth of the rows."""
    function, count, columns, kind = CASES[name]
    rows = count // 20 if quick else count
    return {"rows": rows, "columns": columns, **function(rows, columns, kind)}


def alone(name: str, quick: bool) -> dict[str, Any]:
    """One case in a process of its own."""
    arguments = [sys.executable, "-m", "benchmarks.bench_load", "--case", name, *(["--quick"] if quick else [])]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.returncode, "error": done.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Run the cases one after the other and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CASES)}; by default all")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(run(options.case, options.quick)))
        return
    results = {}
    for name in options.names or CASES:
        results[name] = alone(name, options.quick)
        print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
    write("load", COMMAND, {"cases": results}, options.json)


if __name__ == "__main__":
    main()
