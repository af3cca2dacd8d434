"""Model-steps a second of the trainer against a plain PyTorch loop and against JAX, all in one run on one machine.

    python -m benchmarks.bench_training --json benchmarks/results/training.json [--quick] [--without jax ...]

Everything compared is a process that is warm and takes turns: one core each ("core"), one process on all cores
("threads"), one process a core with an equal share of the replicas ("processes"). Ratios are taken within each round,
by the clock, and their medians kept; rates by CPU time stand beside them. The plain loop is run with the very
architecture of the stack ("same") and with separate perceptrons for g, sigma^2 and lambda ("paper").
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.contenders import BATCH, Contender, make_loop
from benchmarks.machine import machine

REPLICAS = (1, 8, 32, 64)
#: Numbers of replicas at which compiled steps are tried.
COMPILED = (1, 8)
PLAIN = ("plain same", "plain paper", "plain same threads")
GROWTH: dict[str, tuple[int, ...]] = {
    "replicas": (1, 2, 4, 8, 16, 32, 64, 128),
    "n": (2, 5, 10, 20, 40),
    "width": (25, 50, 100, 200),
    "length": (250, 1000, 4000),
}


def plain_contenders(cores: Sequence[int]) -> dict[str, Contender]:
    """The plain loops; one of them with as many threads as cores, as torch starts by default."""
    first = [cores[:1]]
    return {
        "plain same": Contender("plain", {"paper": False}, first),
        "plain paper": Contender("plain", {"paper": True}, first),
        "plain same threads": Contender("plain", {"paper": False}, [cores]),
    }


def contenders(replicas: int, cores: Sequence[int], with_jax: bool, unrolled: int) -> dict[str, Contender]:
    """Everything that is compared at this number of replicas."""
    own, first = {"replicas": replicas}, [cores[:1]]
    found = {"core": Contender("stack", own, first)}
    if replicas in COMPILED:
        found["compiled core"] = Contender("stack", own | {"unrolled": unrolled}, first)
    if with_jax:
        found["jax core"] = Contender("jax", own, first)
    if len(cores) > 1:
        found["threads"] = Contender("stack", own, [cores])
        if with_jax:
            found["jax threads"] = Contender("jax", own, [cores])
    if len(cores) > 1 and replicas % len(cores) == 0:
        shares = [[core] for core in cores]
        found["processes"] = Contender("stack", own, shares)
        if with_jax:
            found["jax processes"] = Contender("jax", own, shares)
    return found


def medians(contender: Contender, since: int = 0) -> dict[str, float]:
    """Median rates over the rounds."""
    turns = contender.turns[since:]
    return {
        "model_steps_per_second": statistics.median(t.by_clock for t in turns),
        "per_cpu_second": statistics.median(t.by_cpu for t in turns),
    }


def ratio(one: Contender, other: Contender, rounds: int, by_cpu: bool = False) -> float:
    """Median over the last rounds of the ratio within each."""
    pairs = zip(one.turns[-rounds:], other.turns[-rounds:], strict=True)
    return statistics.median(a.by_cpu / b.by_cpu if by_cpu else a.by_clock / b.by_clock for a, b in pairs)


def best(found: dict[str, Contender], jax: bool, rounds: int, whole: bool) -> str:
    """The fastest of ours, or of JAX's, on one core or on the whole machine."""
    names = [name for name in found if name.startswith("jax") == jax and (whole or name.endswith("core"))]
    return max(names, key=lambda name: statistics.median(t.by_clock for t in found[name].turns[-rounds:]))


def compare(found: dict[str, Contender], plain: dict[str, Contender], rounds: int, seconds: float) -> dict[str, Any]:
    """All rates and ratios at one number of replicas; ends those that were compared."""
    with_jax = "jax core" in found
    facts = {name: contender.ready() for name, contender in found.items()}
    for _ in range(rounds):
        for contender in [*plain.values(), *found.values()]:
            contender.turn(seconds)
    rows = {name: medians(contender) | facts[name] for name, contender in found.items()}
    for name, contender in found.items():
        rows[name]["peak_memory_mib"] = contender.end()
    result: dict[str, Any] = {"rates": rows, "plain": {name: medians(plain[name], -rounds) for name in PLAIN}}
    # the whole machine is compared with the faster of a plain loop on one thread and on all
    base = max(("plain same", "plain same threads"), key=lambda name: result["plain"][name]["model_steps_per_second"])
    for place, whole in (("core", False), ("machine", True)):
        ours = best(found, False, rounds, whole)
        against = {"plain same": "plain same" if not whole else base, "plain paper": "plain paper"}
        if with_jax:
            against["jax"] = best(found, True, rounds, whole)
        result[place] = {"ours": ours, "jax": against.get("jax")} | {
            f"times {name}": ratio(found[ours], (plain | found)[other], rounds) for name, other in against.items()
        }
        if with_jax and not whole:
            result[place]["times jax by cpu time"] = ratio(found[ours], found[against["jax"]], rounds, by_cpu=True)
            result[place]["times jax uncompiled"] = ratio(found["core"], found[against["jax"]], rounds)
    return result


def operations(loop: Any) -> float:
    """Floating-point operations of the products of a model-step: forward, and two products a layer backward."""
    total = 0
    for name, (inputs, outputs) in loop.problem.stack.architecture.shapes().items():
        first = name in ("encoder.0", "prior.0")  # nothing is sent back further
        total += (2 if first else 3) * 2 * BATCH * inputs * outputs
    return float(total)


def _rate(function: Any, seconds: float) -> float:
    """Calls a CPU second."""
    for _ in range(3):
        function()
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        function()
        count += 1
    return count / (time.process_time() - start)


def gemm_shares(seconds: float) -> dict[int, dict[str, float]]:
    """Operations a second of the steps, over those of the step's commonest product alone, and of large products."""
    import torch

    result: dict[int, dict[str, float]] = {}
    large = torch.randn(512, 512)
    out = torch.empty_like(large)
    for replicas in REPLICAS:
        loop = make_loop(replicas)
        a, b = torch.randn(replicas, 50, 50), torch.randn(replicas, 50, BATCH)
        c = torch.empty_like(b)
        step = replicas * operations(loop) * _rate(loop._advance, seconds)
        batched = 2.0 * replicas * 50 * 50 * BATCH * _rate(lambda a=a, b=b, c=c: torch.bmm(a, b, out=c), seconds)
        peak = 2.0 * 512**3 * _rate(lambda: torch.mm(large, large, out=out), seconds)
        result[replicas] = {
            "gflops_step": step / 1e9,
            "gflops_batched_50x50x64": batched / 1e9,
            "gflops_512x512x512": peak / 1e9,
            "share_of_batched": step / batched,
            "share_of_large": step / peak,
        }
    return result


def growth(seconds: float) -> dict[str, dict[int, float]]:
    """Model-steps a CPU second on one core as one size grows and the others stay (8 replicas, n = 5, width 50)."""
    result: dict[str, dict[int, float]] = {}
    for name, values in GROWTH.items():
        result[name] = {}
        for value in values:
            sizes = {"replicas": 8} | {name: value}
            loop = make_loop(**sizes)
            result[name][value] = sizes["replicas"] * _rate(loop._advance, seconds)
    return result


def _recover(seed: int) -> dict[str, Any]:
    """Train on the paper's law, and when the replica chosen without the truth passed MCC 0.95."""
    import torch

    from ivae_theory.training.experiments import run_experiment

    torch.set_num_threads(1)
    steps = 8000
    found = run_experiment(
        {
            "method": "ivae",
            "data": {"simulation": "paper", "seed": seed},
            "parameters": {"replicas": 8},
            "schedule": {"steps": steps},
            "trace": True,
        }
    )
    passed = next((s for s, m in zip(found["trace"]["steps"], found["trace"]["mcc"], strict=True) if m >= 0.95), None)
    seconds = None if passed is None else found["training_seconds"] * passed / steps
    return {"seed": seed, "mcc": found["mcc"], "step_of_0.95": passed, "seconds_to_0.95": seconds}


def recovery(cores: int, seeds: int) -> dict[str, Any]:
    """Time to MCC 0.95 over fresh data seeds, eight replicas each, one process a core; tracing is part of the time."""
    context = multiprocessing.get_context("spawn")
    start = time.perf_counter()
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        runs = list(pool.map(_recover, range(seeds)))
    reached = [run["seconds_to_0.95"] for run in runs if run["seconds_to_0.95"] is not None]
    return {
        "runs": runs,
        "reached": len(reached),
        "median_seconds": statistics.median(reached) if reached else None,
        "seconds_for_all_seeds": time.perf_counter() - start,
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All numbers as JSON values."""
    cores = sorted(os.sched_getaffinity(0))
    rounds, seconds = (2, 0.3) if options.quick else (5, 1.0)
    # compilations are measured cold, and are not left behind
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        plain = plain_contenders(cores)
        for contender in plain.values():
            contender.ready()
        result: dict[str, Any] = {"replicas": {}}
        for replicas in (1, 8) if options.quick else REPLICAS:
            others = contenders(replicas, cores, "jax" not in options.without, options.unrolled)
            row = compare(others, plain, rounds, seconds)
            result["replicas"][replicas] = row
            print(_line(replicas, row), flush=True)
        result["plain_peak_memory_mib"] = {name: contender.end() for name, contender in plain.items()}
    import torch

    torch.set_num_threads(1)
    result["gemm"] = gemm_shares(0.1 if options.quick else 1.0)
    if "growth" not in options.without:
        result["growth"] = growth(0.05 if options.quick else 1.0)
    if "recovery" not in options.without:
        result["recovery"] = recovery(len(cores), 1 if options.quick else 8)
    return result


def _line(replicas: int, row: dict[str, Any]) -> str:
    parts = []
    for place in ("core", "machine"):
        found = row[place]
        rate = row["rates"][found["ours"]]["model_steps_per_second"]
        against = ", ".join(f"{found[k]:.1f} {k}" for k in found if k.startswith("times"))
        parts.append(f"{place} {rate:.0f} model-steps/s ({found['ours']}; {against})")
    return f"S = {replicas}: " + "; ".join(parts)


def main() -> None:
    """Measure, print a line for each number of replicas, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="see that it runs; the numbers mean little")
    parser.add_argument("--unrolled", type=int, default=4, help="steps that are compiled together")
    parser.add_argument("--without", nargs="*", default=[], choices=["jax", "growth", "recovery"])
    options = parser.parse_args()
    start = time.perf_counter()
    load = os.getloadavg()[0]
    result = measure(options)
    import torch

    versions = {"torch": torch.__version__}
    if "jax" not in options.without:
        import jax

        versions["jax"] = jax.__version__
    command = " ".join(["python -m benchmarks.bench_training", *sys.argv[1:]])
    about = machine(command) | versions | {"load_at_start": load, "seconds": time.perf_counter() - start}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": about, **result}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
