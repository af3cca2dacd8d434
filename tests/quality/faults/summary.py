"""What the page on soundness says of faults and of load, from their result files."""

from __future__ import annotations

from typing import Any

__all__ = ["faults", "load"]


def faults(result: dict[str, Any]) -> str:
    """How many trials of which kind, what is expected of each, and how many broke it."""
    from tests.quality.faults.campaign import KINDS

    rows = [
        f"| {name} | {counts['trials']} | {counts['broken']} | {_first_line(KINDS[name])} |"
        for name, counts in result["kinds"].items()
    ]
    first = result["first_seed"]
    return "\n".join(
        [
            f"**{result['finished']} trials, {result['broken']} broken**: seeds {first} to "
            f"{first + result['trials'] - 1}, {result['seconds']:.0f} s, commit `{result['commit'][:12]}`:",
            "",
            f"    {result['command']}",
            "",
            "| what happens | trials | broken | what is expected |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def _first_line(kind: Any) -> str:
    return str(kind.__doc__).strip().splitlines()[0]


def load(result: dict[str, Any]) -> str:
    """Peak memory and seconds of every case."""
    machine = result["machine"]
    rows = []
    for name, case in result["cases"].items():
        seconds = case["processor_seconds"]
        took = seconds.get("check", seconds.get("recover"))
        report = f"{case['report_mb']} MB" if "report_mb" in case else ""
        rows.append(
            f"| {name.replace('_', ' ')} | {case['rows']:,} x {case['columns']} | {case['verdict']} | "
            f"{case['input_gib']} GiB | {case['peak_gib']} GiB | {case['peak_over_input']} | {took} s | {report} |"
        )
    return "\n".join(
        [
            f"One thread on a machine with {machine['memory_gib']} GiB, commit `{machine['commit'][:12]}`; seconds are "
            "the processor's:",
            "",
            f"    {machine['command']} --json benchmarks/results/load.json",
            "",
            "| input | size | verdict | input in float64 | peak memory | peak / input | check or recover | report |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )
