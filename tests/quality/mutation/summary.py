"""The figures of both mutations as the page on soundness has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mutation(result: Mapping[str, Any]) -> str:
    """The figures as the page on soundness has them."""
    rows = []
    for name, aspects in result["groups"].items():
        if name != "all" and not name.endswith("*"):
            continue
        found = aspects["code"]
        share = "" if found["share"] is None else f"{found['share']:.1%}"
        if found.get("interval"):
            share += f" ({found['interval'][0]:.1%} to {found['interval'][1]:.1%})"
        cells = (name, *(found[key] for key in ("mutants", "drawn", "noticed", "equivalent", "survived")), share)
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    text = result["groups"]["all"]["text"]
    table = [
        "| modules | mutants | drawn | noticed | equivalent | survived | share (95 % interval) |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    summary = (
        f"Operators of {result['operators']}, {result['processor_seconds']:.0f} processor seconds, commit "
        f"`{result['commit'][:12]}`. Mutants of string literals, most of them words of a reason or an error, are "
        f"counted apart: {text['noticed']} of {text['drawn'] - text['equivalent']} noticed."
    )
    return "\n\n".join([summary, f"    {result['command']}", "\n".join(table)])


def certificates(result: Mapping[str, Any]) -> str:
    """The figures as the page on soundness has them."""
    found = result["outcomes"]
    wrong = sum(found.get(name, 0) for name in ("wrong", "crash"))
    meanings = [
        ("refused", "one clear error"),
        ("true", "accepted, about the same model, of which the verdict is true"),
        ("true of another model", "accepted about the changed description, of which the verdict is true too; refused "
         "with the model at hand"),
        ("no such model", "accepted about a description that fits no model or cannot be built again; refused with the "
         "model at hand"),
        ("open", "the same, and the checker cannot decide the changed model"),
        ("same", "the change said the same"),
    ]  # fmt: skip
    rows = [f"| {name} | {found.get(name, 0)} | {meaning} |" for name, meaning in meanings]
    summary = (
        f"**{result['mutations']} changes of {len(result['by_original'])} reports with {len(result['kinds'])} kinds of "
        f"evidence: {wrong} wrong verdicts or exceptions.** {result['seconds']:.0f} seconds, commit "
        f"`{result['commit'][:12]}`:"
    )
    table = "\n".join(["| outcome | changes | what it means |", "|---|---|---|", *rows])
    return "\n\n".join([summary, f"    {result['command']}", table])
