"""Counts of mutants by module, with exact intervals where only a sample was tried."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.quality.mutation.mutants import ROOT, Mutant
from tests.quality.mutation.store import Store

RESULT = ROOT / "tests" / "quality" / "results" / "mutation.json"
EQUIVALENT = ROOT / "tests" / "quality" / "mutation_equivalent.toml"
NOTICED = ("killed", "timeout", "crash")


def equivalents(path: Path = EQUIVALENT) -> dict[tuple[str, str, str, str], str]:
    """``(module, function, before, after) -> reason``: mutants that no test can notice."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []) if path.exists() else []
    return {(e["module"], e["function"], e["before"], e["after"]): e["reason"] for e in entries}


def identity(mutant: Mutant) -> tuple[str, str, str, str]:
    """What names a mutant in the list of equivalent ones: never a line number."""
    function = f"{mutant.owner}.{mutant.function}" if mutant.owner else mutant.function
    return mutant.module, function, mutant.before, mutant.after


def interval(noticed: int, tried: int) -> list[float] | None:
    """95 % Clopper-Pearson interval of a share."""
    from scipy.stats import binomtest

    if tried == 0:
        return None
    found = binomtest(noticed, tried).proportion_ci(0.95, method="exact")
    return [round(float(found.low), 4), round(float(found.high), 4)]


def counts(rows: Sequence[tuple[Mutant, int, str | None, Any, Any]], known: Mapping[Any, str]) -> dict[str, Any]:
    """How many mutants there are, were drawn, noticed, are equivalent (these need not be tried), and survived."""
    outcomes = [outcome for _, _, outcome, _, _ in rows]
    noticed = sum(outcome in NOTICED for outcome in outcomes)
    missed = [row for row in rows if row[2] not in NOTICED and (row[2] is not None or row[1])]
    equivalent = sum(identity(row[0]) in known for row in missed)
    survived = sum(row[2] is not None and identity(row[0]) not in known for row in missed)
    effective = noticed + survived
    found: dict[str, Any] = {
        "mutants": len(rows),
        "drawn": effective + equivalent,
        "noticed": noticed,
        "timeout": outcomes.count("timeout"),
        "equivalent": equivalent,
        "survived": survived,
        "share": round(noticed / effective, 4) if effective else None,
    }
    if effective + equivalent < len(rows):
        found["sample"] = True
        found["interval"] = interval(noticed, effective)
    return found


def collect(store: Store, tests: Sequence[str], command: str) -> dict[str, Any]:
    """The result as it is committed."""
    known = equivalents()
    groups: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    kinds: Counter[str] = Counter()
    survivors = []
    seconds = 0.0
    for row in store.outcomes():
        mutant, _, outcome, _, used = row
        aspect = "text" if mutant.kind == "text" else "code"
        for group in (mutant.module, _package(mutant.module), "all"):
            groups[group][aspect].append(row)
        if outcome is not None:
            kinds[mutant.kind] += 1
            seconds += used or 0.0
        if outcome is not None and outcome not in NOTICED and identity(mutant) not in known:
            module, function, before, after = identity(mutant)
            survivors.append({"module": module, "function": function, "before": before, "after": after})
    return {
        "command": command,
        "commit": commit(),
        "operators": "mutmut " + _version("mutmut"),
        "tests": list(tests),
        "processor_seconds": round(seconds, 1),
        "tried_by_kind": dict(sorted(kinds.items())),
        "groups": {
            name: {aspect: counts(rows, known) for aspect, rows in sorted(aspects.items())}
            for name, aspects in sorted(groups.items())
        },
        "survivors": survivors,
    }


def _package(module: str) -> str:
    parts = module.split(".")
    return f"{parts[0]}.{parts[1]}.*" if len(parts) > 2 else f"{parts[0]}.theorem*"


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # outcomes may be counted where nothing is mutated
        return "of a version that is not known here"


def write(store: Store, path: Path, tests: Sequence[str], command: str) -> dict[str, Any]:
    result = collect(store, tests, command)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def summary(result: Mapping[str, Any]) -> str:
    """One line a group."""
    lines = []
    for name, aspects in result["groups"].items():
        for aspect, found in aspects.items():
            span = "" if "interval" not in found else f" interval {found['interval']} (sample)"
            lines.append(
                f"{name} {aspect}: {found['noticed']} of {found['drawn']} noticed, {found['equivalent']} equivalent, "
                f"{found['survived']} survived, share {found['share']}{span}"
            )
    return "\n".join(lines)
