"""The figures of the fuzzing campaign for ``docs/explanation/soundness.md``."""

from __future__ import annotations

from typing import Any

__all__ = ["fuzzing"]

WHAT = {
    "grammar": "expressions as text, read and computed",
    "raw_report": "bytes as a report",
    "forged_report": "honest reports, edited, their digest and seal computed again",
    "npz": "arrays, read and compared",
    "checkpoint": "checkpoints and learned models",
    "store": "databases of sweeps",
    "settings": "`NAME=VALUE` and JSON",
}


def fuzzing(result: dict[str, Any]) -> str:
    """What was run, on what, and the table of targets."""
    machine, targets = result["machine"], result["targets"]
    executed = sum(target["executions"] or 0 for target in targets)
    crashes = sum(len(target["crashes"]) for target in targets)
    seconds = sum(target["seconds"] for target in targets)
    summary = (
        f"**{_spaced(executed)} inputs, {crashes} crashes** in {seconds:.0f} s on one of {machine['cpus']} cores, "
        f"busy with other work too, Python {machine['python']}, commit `{machine['commit'][:12]}`:"
    )
    head = ["| target | what is read | inputs | edges | features |", "|---|---|---:|---:|---:|"]
    return "\n\n".join([summary, f"    {machine['command']}", "\n".join([*head, *map(_row, targets)])])


def _row(target: dict[str, Any]) -> str:
    numbers = (_spaced(target[name] or 0) for name in ("executions", "edges", "features"))
    return f"| {target['target']} | {WHAT[target['target']]} | {' | '.join(numbers)} |"


def _spaced(count: int) -> str:
    return f"{count:,}".replace(",", " ")
