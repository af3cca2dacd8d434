"""The report as text that reads well at 80 columns, with colour where there is a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ivae_theory.reporting.evidence import numbers
from ivae_theory.text import printable
from ivae_theory.verdict import Report, Status, Verdict

__all__ = ["WIDTH", "renderable", "terminal"]

WIDTH = 80
_STYLE = {Status.HOLDS: "bold green", Status.UNDECIDED: "bold yellow", Status.FAILS: "bold red"}
_MARK = {Status.HOLDS: "+", Status.UNDECIDED: "?", Status.FAILS: "x"}


def terminal(report: Report, width: int = WIDTH) -> str:
    """The report as plain text of the given width, without colour codes."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(renderable(report))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def renderable(report: Report) -> RenderableType:
    """The report for a rich console."""
    decisive = set(report.conclusion.decisive)
    inside = [verdict for verdict in report.verdicts if verdict.claim in decisive]
    beside = [verdict for verdict in report.verdicts if verdict.claim not in decisive]
    parts: list[RenderableType] = [_head(report), Rule("what the goal rests on", style="dim", align="left")]
    parts.extend(_verdict(verdict) for verdict in inside)
    if beside:
        parts.append(Rule("shown beside it, does not count", style="dim", align="left"))
        parts.extend(_verdict(verdict) for verdict in beside)
    parts.append(Rule("conclusion", style="dim", align="left"))
    parts.append(_conclusion(report))
    return Group(*parts)


def _text(text: str, style: str = "") -> Text:
    """Text of a model or a file: neither markup nor escape sequences in it mean anything."""
    return Text(printable(text), style=style)


def _state(status: Status) -> Text:
    return Text(f"{_MARK[status]} {status.name}", style=_STYLE[status])


def _head(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Model", _text(str(report.subject["text"])))
    grade = report.conclusion.grade
    state = _state(report.status)
    state.append(f" ({grade.word})" if grade is not None else "", style="default")
    table.add_row("Goal", _text(f"{report.goal}: ").append_text(state))
    return table


def _verdict(verdict: Verdict) -> RenderableType:
    head = _state(verdict.status)
    head.pad_right(13 - len(head.plain))
    head.append(printable(verdict.claim), style="bold")
    notes = [verdict.grade.word] if verdict.grade is not None else []
    if verdict.margin is not None:
        unit = verdict.evidence.get("margin_unit")
        short = f" {printable(unit)}" if isinstance(unit, str) and len(unit) < 24 else ""
        notes.append(f"margin {verdict.margin:.3g}{short}")
    if notes:
        head.append(f"  ({', '.join(notes)})", style="dim")
    lines: list[RenderableType] = [_text(verdict.reason)]
    lines.extend(_text(f"assumed: {sentence}", style="italic") for sentence in verdict.assumes)
    if verdict.advice:
        lines.append(_text(f"-> {verdict.advice}", style="cyan"))
    return Group(head, Padding(Group(*lines), (0, 0, 0, 13), expand=False))


def _conclusion(report: Report) -> RenderableType:
    conclusion = report.conclusion
    lines: list[RenderableType] = [_text(conclusion.statement)]
    if conclusion.assumptions:
        lines.append(Text("It takes for granted:"))
        lines.extend(Padding(_text(f"- {sentence}"), (0, 0, 0, 2), expand=False) for sentence in conclusion.assumptions)
    if conclusion.rival is not None:
        title = _text(f"the rival, which refutes {conclusion.rival['refutes']}")
        lines.append(Rule(title, style="dim", align="left"))
        lines.append(_rival(conclusion.rival["evidence"]))
    return Group(*lines)


def _rival(evidence: Mapping[str, Any]) -> RenderableType:
    """What the rival is in words, and its numbers on a line each; all of them are in the JSON."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, text in numbers(evidence):
        table.add_row(_text(name), _text(text))
    return Group(_text(str(evidence.get("text", ""))), table)
