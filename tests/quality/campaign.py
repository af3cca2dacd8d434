"""The soundness campaign: ``python -m tests.quality.campaign --cases 10000 --json result.json``."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import click

from ivae_theory import theorem2
from ivae_theory.certificates.recheck import _load_recheckers
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.hypotheses import injectivity, noise, statistics, variability
from ivae_theory.verdict import Verdict
from tests.quality.cases import Case, case

DECIDE: dict[str, Callable[[Any], Verdict]] = {
    "theorem1.i": noise.check_noise,
    "theorem1.iii": variability.check_variability,
    "theorem1.minimal": statistics.check_minimal,
    "theorem1.injective": injectivity.check_injective,
    "theorem2.scaled_permutation": theorem2.check_scaled_permutation,
}


def wrong(one: Case, verdict: Verdict) -> str:
    """What is wrong with a verdict: its status, or evidence that does not show it; empty when nothing is.

    An undecided verdict is never wrong; how many there are where the truth is within reach is counted apart.
    """
    if verdict.undecided:
        return ""
    if verdict.status not in one.not_wrong:
        return f"{verdict} (not wrong: {', '.join(sorted(s.name for s in one.not_wrong))})"
    shown = recheck_evidence(verdict.claim, verdict.to_dict()["evidence"], one.model.describe())
    if shown.status is not verdict.status or verdict.grade is None or shown.grade < verdict.grade:
        return f"{verdict} but its evidence shows {shown}"
    return ""


def run(seeds: Iterable[int]) -> dict[str, Any]:
    """Check the cases of the seeds; count wrong and undecided verdicts by kind."""
    _load_recheckers()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    mistakes = []
    for seed in seeds:
        try:
            one = case(seed)
            verdict = DECIDE[one.claim](one.model)
        except Exception as error:  # noqa: BLE001 - a crash is a mistake of the checker, and the campaign goes on
            mistakes.append({"seed": seed, "kind": "crash", "mistake": f"{type(error).__name__}: {error}"})
            continue
        counts[one.kind].update(
            {"cases": 1, verdict.status.word: 1, "missed": int(one.decidable and verdict.undecided)}
        )
        mistake = wrong(one, verdict)
        if mistake:
            mistakes.append({"seed": seed, "kind": one.kind, "mistake": mistake})
    return {"counts": {kind: dict(counter) for kind, counter in sorted(counts.items())}, "wrong": mistakes}


@click.command()
@click.option("--cases", default=1000, show_default=True)
@click.option("--start", default=0, show_default=True, help="First seed.")
@click.option("--json", "path", default=None)
def main(cases: int, start: int, path: str | None) -> None:
    """Check models with known truth; exit status 1 when a verdict is wrong."""
    begun = time.perf_counter()
    result = run(range(start, start + cases))
    result |= {"first_seed": start, "cases": cases, "seconds": round(time.perf_counter() - begun, 1)}
    text = json.dumps(result, indent=1)
    if path:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    click.echo(text)
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
