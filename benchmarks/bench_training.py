"""Model-steps a second of the trainer against a plain PyTorch loop, in one run on one machine.

The plain loop is what people write: one model, DataLoader, torch.optim.Adam, a step at a time. It is run with the very
architecture of the stack ("same"), and with separate multilayer perceptrons for g, sigma^2 and lambda as in the
paper ("paper"). The stack is run in one process on one thread, and in one process a core at once ("machine").

    python -m benchmarks.bench_training [--seconds 3] [--json PATH] [--growth]
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import machine
from ivae_theory.training import Schedule, simulate
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.loop import Loop
from ivae_theory.training.networks import Architecture, Stack
from ivae_theory.training.objectives import Bound
from ivae_theory.training.problem import VariationalProblem, variational_rows

BATCH = 64


def make_loop(replicas: int, n: int = 5, width: int = 50, length: int = 1000) -> Loop:
    """The trainer on Section 5's data, ready to step."""
    data = simulate("paper", 0, n=n, d=n, length=length)
    stack = Stack(Architecture(n=n, d=n, size=40, width=width), range(replicas))
    rows = variational_rows(data.x, data.u, Whitening.fit(data.x), stack, 0.01)
    return Loop(VariationalProblem(stack, Bound(), rows), Schedule(steps=10**9, batch=BATCH), record_every=10**9)


def stacked_rate(replicas: int, seconds: float, **changes: int) -> float:
    """Model-steps a second of the stack, after a warm-up, on one thread."""
    torch.set_num_threads(1)
    loop = make_loop(replicas, **changes)
    loop.problem.prepare(loop.rows)
    for _ in range(20):
        loop._advance()
    start, first = time.perf_counter(), loop.step
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            loop._advance()
    return replicas * (loop.step - first) / (time.perf_counter() - start)


def _in_process(arguments: tuple[int, float]) -> float:
    return stacked_rate(*arguments)


def machine_rate(replicas: int, seconds: float, cores: int) -> float:
    """Total rate of one process a core, all at once."""
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        return sum(pool.map(_in_process, [(replicas, seconds)] * cores, chunksize=1))


def perceptron(inputs: int, outputs: int, width: int = 50) -> torch.nn.Sequential:
    """Three layers with leaky ReLU."""
    first, second, last = (torch.nn.Linear(i, o) for i, o in ((inputs, width), (width, width), (width, outputs)))
    return torch.nn.Sequential(first, torch.nn.LeakyReLU(0.1), second, torch.nn.LeakyReLU(0.1), last)


class PlainIVAE(torch.nn.Module):
    """An iVAE as people write it: u one-hot beside x, Eq. (8) with the KL term in closed form."""

    def __init__(self, n: int, d: int, labels: int, paper: bool) -> None:
        super().__init__()
        self.n, self.paper = n, paper
        self.decoder = perceptron(n, d)
        if paper:
            self.mean, self.log_variance = perceptron(d + labels, n), perceptron(d + labels, n)
            self.prior = perceptron(labels, n)
        else:
            self.encoder = perceptron(d + labels, 2 * n)
            self.prior = torch.nn.Sequential(torch.nn.Linear(labels, n, bias=False))

    def forward(self, x: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """Minus the bound of a batch."""
        both = torch.cat([x, u], 1)
        if self.paper:
            mean, log_variance = self.mean(both), self.log_variance(both)
        else:
            mean, log_variance = self.encoder(both).chunk(2, 1)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        prior = self.prior(u)
        divergence = 0.5 * (prior - log_variance - 1 + (log_variance.exp() + mean**2) * (-prior).exp()).sum(1)
        error = ((x - self.decoder(z)) ** 2).sum(1) / 0.01
        loss: torch.Tensor = (0.5 * error + 0.5 * x.shape[1] * math.log(2 * math.pi * 0.01) + divergence).mean()
        return loss


def plain_rate(seconds: float, paper: bool, threads: int) -> float:
    """Steps a second of the plain loop."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = simulate("paper", 0)
    x = torch.from_numpy(data.x).float()
    u = torch.nn.functional.one_hot(torch.from_numpy(data.u), 40).float()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, u), batch_size=BATCH, shuffle=True)
    model = PlainIVAE(5, 5, 40, paper)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    steps, start = -20, math.inf
    while True:
        for batch_x, batch_u in loader:
            loss = model(batch_x, batch_u)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            steps += 1
            if steps == 0:
                start = time.perf_counter()
            if time.perf_counter() - start > seconds:
                return steps / (time.perf_counter() - start)


def gemm_share(rate: float, replicas: int, seconds: float = 0.5, width: int = 50) -> float:
    """Floating-point operations of the steps' matrix products over those of plain large products on one thread."""
    torch.set_num_threads(1)
    a = torch.randn(512, 512)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        torch.mm(a, a)
        count += 1
    peak = count * 2 * 512**3 / (time.perf_counter() - start)
    weights = Architecture(n=5, d=5, size=40, width=width).shapes()
    products = sum(inputs * outputs for inputs, outputs in weights.values())
    return rate * 3 * 2 * BATCH * products / peak  # forward, and two products a layer backward


def growth(seconds: float) -> dict[str, dict[int, float]]:
    """Model-steps a second at S = 8 as one size grows and the others stay."""
    cases: dict[str, tuple[int, ...]] = {
        "n": (2, 5, 10, 20, 40),
        "width": (25, 50, 100, 200),
        "length": (250, 1000, 4000),
    }
    return {name: {v: stacked_rate(8, seconds, **{name: v}) for v in values} for name, values in cases.items()}


def measure(seconds: float, cores: int, with_growth: bool) -> dict[str, Any]:
    """All numbers as JSON values."""
    plain = {kind: plain_rate(seconds, kind == "paper", threads=1) for kind in ("same", "paper")}
    result: dict[str, Any] = {"plain_steps_per_second": plain, "stack": {}}
    for replicas in (1, 8, 32, 64):
        one, whole = stacked_rate(replicas, seconds), machine_rate(replicas, seconds, cores)
        result["stack"][replicas] = {
            "one_thread": one,
            "machine": whole,
            "ratio_one_thread": {kind: one / rate for kind, rate in plain.items()},
            "ratio_machine": {kind: whole / rate for kind, rate in plain.items()},
            "share_of_gemm": gemm_share(one, replicas),
        }
    again = {kind: plain_rate(seconds, kind == "paper", threads=1) for kind in ("same", "paper")}
    result["plain_again"] = again  # how much the machine changed while this ran
    if with_growth:
        result["growth_at_8_replicas"] = growth(min(seconds, 1.0))
    result["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def main() -> None:
    """Measure, print a table, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    result = measure(arguments.seconds, cores, arguments.growth)
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    result |= {"machine": {**machine(command), "torch": torch.__version__, "load": os.getloadavg()[0]}}
    for kind, rate in result["plain_steps_per_second"].items():
        print(f"plain loop ({kind}): {rate:.0f} steps/s, afterwards {result['plain_again'][kind]:.0f}")
    for replicas, row in result["stack"].items():
        ratios = ", ".join(f"{row['ratio_machine'][kind]:.1f} x {kind}" for kind in ("same", "paper"))
        print(
            f"S = {replicas:2d}: {row['one_thread']:.0f} model-steps/s on a thread, {row['machine']:.0f} on the machine"
            f" ({ratios}); {row['share_of_gemm']:.0%} of the GEMM rate"
        )
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
