"""Trials of faults, each from its seed: which kinds there are, how they are run, and what is kept of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import click

from ivae_theory.files import write_text
from tests.quality.faults import disks, functions, killed

__all__ = ["KINDS", "main", "trial"]

Kind = Callable[[Random, Path], str]

#: Every twenty trials: how many of which kind. The expected outcome is the first line of each function.
SHARES: dict[str, tuple[Kind, int]] = {
    "training killed": (killed.killed_training, 3),
    "sweep killed": (killed.killed_sweep, 2),
    "report writing killed": (killed.killed_report, 3),
    "recovery writing killed": (killed.killed_recovery, 1),
    "reproduction writing killed": (killed.killed_reproduction, 1),
    "training interrupted": (killed.interrupted_training, 1),
    "command interrupted": (killed.interrupted_command, 1),
    "full disk": (disks.full, 2),
    "read-only folder": (disks.unwritable, 1),
    "clock jumps": (disks.jumping_clock, 1),
    "broken function": (functions.broken_function, 4),
}
#: Slower kinds, one each in every forty trials.
RARE: tuple[tuple[str, Kind], ...] = (
    ("worker killed", disks.killed_workers),
    ("blocking function", functions.blocking_function),
    ("huge answers", functions.huge_answers),
)
_ORDER = [name for name, (_, share) in SHARES.items() for _ in range(share)]
KINDS: dict[str, Kind] = {name: kind for name, (kind, _) in SHARES.items()} | dict(RARE)


def kind_of(seed: int) -> str:
    """The kind of a seed's trial: of forty, three are of the rare kinds, and the others take turns."""
    place = seed % 40
    return RARE[place - 37][0] if place >= 37 else _ORDER[Random(seed // 20).sample(range(20), 20)[seed % 20]]


def trial(seed: int, name: str = "") -> dict[str, Any]:
    """One trial; what broke is kept as text."""
    name = name or kind_of(seed)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            said, broken = KINDS[name](Random(seed), Path(folder)), ""
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what the trial is for
            said, broken = "", f"{type(error).__name__}: {error}"[:500]
    return {"kind": name, "trial": said, "broken": broken, "seconds": round(time.perf_counter() - began, 2)}


def _commit() -> str:
    folder = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _document(found: dict[int, dict[str, Any]], trials: int, start: int, command: str) -> dict[str, Any]:
    kinds: dict[str, Counter[str]] = {}
    for one in found.values():
        counts = kinds.setdefault(one["kind"], Counter())
        counts.update({"trials": 1, "broken": int(bool(one["broken"]))})
    return {
        "command": command,
        "commit": _commit(),
        "first_seed": start,
        "trials": trials,
        "finished": len(found),
        "broken": sum(bool(one["broken"]) for one in found.values()),
        "seconds": round(sum(one["seconds"] for one in found.values()), 1),
        "kinds": {name: dict(counts) for name, counts in sorted(kinds.items())},
        "outcomes": {str(seed): found[seed] for seed in sorted(found)},
    }


def _done(path: Path | None, wanted: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Trials of an earlier, unfinished campaign at the same commit."""
    if path is None or not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    if document["commit"] != _commit() or document["finished"] == document["trials"]:
        return {}
    return {seed: document["outcomes"][str(seed)] for seed in wanted if str(seed) in document["outcomes"]}


@click.command()
@click.option("--trials", default=200, show_default=True)
@click.option("--start", default=0, show_default=True, help="First seed.")
@click.option("--only", type=click.Choice(sorted(KINDS)), help="This kind alone.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Kept after every trial: run again to go on.")
def main(trials: int, start: int, only: str | None, path: Path | None) -> None:
    """Try faults at random moments; exit status 1 when something was lost, half written or wrongly answered."""
    wanted = range(start, start + trials)
    command = f"python -m tests.quality.faults --trials {trials}" + (f" --start {start}" if start else "")
    found = _done(path, wanted)
    for seed in wanted:
        if seed in found:
            continue
        one = found[seed] = trial(seed, only or "")
        said = f"BROKEN {one['broken']}" if one["broken"] else one["trial"]
        click.echo(f"{len(found)}/{trials} seed {seed} {one['kind']}: {said} ({one['seconds']} s)", err=True)
        if path is not None:
            write_text(path, json.dumps(_document(found, trials, start, command), indent=1) + "\n", "--json")
    document = _document(found, trials, start, command)
    click.echo(json.dumps({key: value for key, value in document.items() if key != "outcomes"}, indent=1))
    sys.exit(1 if document["broken"] else 0)
