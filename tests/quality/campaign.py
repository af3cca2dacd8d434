"""The soundness campaign: ``python -m tests.quality.campaign --cases 100000 --store run.jsonl --json result.json``.

Seeds are checked in chunks; every finished chunk is one line of the store, so that a campaign that was stopped, at any
moment, goes on where it was. A store belongs to one commit: lines of another one would not be one result.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import machine
from ivae_theory.certificates.recheck import _load_recheckers
from ivae_theory.files import write_text
from tests.quality.cases import KINDS, SCHEDULE, case
from tests.quality.judge import judge

#: Seeds a chunk, and seconds after which a case counts as a mistake: nothing here may take long.
CHUNK, LIMIT = 250, 300
COLUMNS = ("cases", "holds", "fails", "undecided", "missed", "wrong")


class Hang(Exception):
    """A case took longer than LIMIT."""


@contextmanager
def _limit() -> Iterator[None]:
    def ring(number: int, frame: Any) -> None:
        raise Hang(f"not done after {LIMIT} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(seeds: Iterable[int]) -> dict[str, Any]:
    """Check the cases of the seeds: counts and processor seconds by kind, and every mistake with its seed."""
    _load_recheckers()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    mistakes, missed = [], []
    for seed in seeds:
        kind = SCHEDULE[seed % len(SCHEDULE)].name
        begun = time.process_time()
        try:
            with _limit():
                found = judge(case(seed))
            counts[kind].update({found.status.word: 1, "missed": int(found.missed), "wrong": int(bool(found.mistake))})
            mistake = found.mistake
            if found.missed:
                missed.append(seed)
        except Exception as error:  # noqa: BLE001 - a crash is a mistake of the checker, and the campaign goes on
            counts[kind].update({"wrong": 1})
            mistake = f"{type(error).__name__}: {error}"
        counts[kind].update({"cases": 1})
        seconds[kind] += time.process_time() - begun
        if mistake:
            mistakes.append({"seed": seed, "kind": kind, "mistake": mistake})
    return {
        "counts": {kind: dict(counter) for kind, counter in counts.items()},
        "seconds": {kind: round(spent, 3) for kind, spent in seconds.items()},
        "wrong": mistakes,
        "missed": missed,
    }


def _chunk(start: int, stop: int, only: str = "") -> dict[str, Any]:
    return {"start": start, "stop": stop, **run(seeds_of(start, stop, only))}


def seeds_of(start: int, stop: int, only: str = "") -> Iterable[int]:
    """The seeds of a stretch; with ``only``, the seeds in this stretch of those of the classes so named."""
    if not only:
        return range(start, stop)
    places = [place for place, kind in enumerate(SCHEDULE) if only in kind.name]
    rounds = (divmod(number, len(places)) for number in range(start, stop))
    return [turn * len(SCHEDULE) + places[place] for turn, place in rounds]


def read_store(path: Path, commit: str) -> list[dict[str, Any]]:
    """The finished chunks; a last line that was cut off by a crash is dropped from the file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    chunks = [json.loads(line) for line in whole.splitlines()]
    others = {chunk["commit"] for chunk in chunks} - {commit}
    if others:
        raise click.ClickException(f"{path} was made at commit {others.pop()[:12]}, and this is {commit[:12]}")
    return chunks


def campaign(
    start: int, cases: int, store: Path, commit: str, workers: int = 1, chunk: int = CHUNK, only: str = ""
) -> list[dict[str, Any]]:
    """Check every chunk that the store does not have yet, and return all of the range."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    wanted = [(low, min(low + chunk, start + cases)) for low in range(start, start + cases, chunk)]
    done = {(one["start"], one["stop"]): one for one in read_store(store, commit)}
    missing = [span for span in wanted if span not in done]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress, store.open("a", encoding="utf-8") as stream:
        task = progress.add_task("0 wrong", total=cases, completed=cases - sum(high - low for low, high in missing))
        for one in _chunks(missing, workers, only):
            done[one["start"], one["stop"]] = one
            stream.write(json.dumps({**one, "commit": commit}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
            mistakes = sum(len(found["wrong"]) for found in done.values())
            progress.update(task, advance=one["stop"] - one["start"], description=f"{mistakes} wrong")
    return [done[span] for span in wanted]


def _chunks(spans: list[tuple[int, int]], workers: int, only: str) -> Iterator[dict[str, Any]]:
    if workers == 1:
        yield from (_chunk(*span, only) for span in spans)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from (future.result() for future in as_completed([pool.submit(_chunk, *span, only) for span in spans]))


def summary(chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Counts by class and in all, every mistake, and the seeds of what was missed (the first ten of a class)."""
    counts: dict[str, Counter[str]] = {kind.name: Counter() for kind in KINDS}
    seconds: Counter[str] = Counter()
    mistakes, missed = [], defaultdict(list)
    for chunk in chunks:
        for kind, counter in chunk["counts"].items():
            counts[kind].update(counter)
        seconds.update(chunk["seconds"])
        mistakes += chunk["wrong"]
        for seed in chunk["missed"]:
            missed[SCHEDULE[seed % len(SCHEDULE)].name].append(seed)
    symbolic = {kind.name for kind in KINDS if kind.symbolic}
    rows = {
        name: {**{column: counter[column] for column in COLUMNS}, "seconds": round(seconds[name], 1)}
        for name, counter in counts.items()
    }
    total = {column: sum(row[column] for row in rows.values()) for column in COLUMNS}
    return {
        "cases": total["cases"],
        "symbolic": sum(rows[name]["cases"] for name in symbolic),
        "total": total,
        "seconds": round(sum(seconds.values()), 1),
        "classes": rows,
        "wrong": mistakes,
        "missed_seeds": {name: seeds[:10] for name, seeds in missed.items()},
    }


def table(result: dict[str, Any]) -> str:
    """The classes as a table in Markdown: what is generated, why its truth is known, and the counts."""
    lines = [
        "| class | how its truth is known | cases | holds | fails | undecided | missed | wrong |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in KINDS:
        row = result["classes"].get(kind.name)
        if row is None or not row["cases"]:  # a class that is younger than the result, or was not asked for
            continue
        share = row["undecided"] / max(row["cases"], 1)
        because = kind.because.replace("|", "\\|")
        name = kind.name + (" *" if kind.symbolic else "")
        counts = f"{row['cases']} | {row['holds']} | {row['fails']} | {row['undecided']} ({share:.1%})"
        lines.append(f"| {name} | {because} | {counts} | {row['missed']} | {row['wrong']} |")
    total = result["total"]
    share = total["undecided"] / max(total["cases"], 1)
    lines.append(
        f"| **all** | | {total['cases']} | {total['holds']} | {total['fails']} | {total['undecided']} ({share:.1%}) "
        f"| {total['missed']} | {total['wrong']} |"
    )
    return "\n".join(lines)


@click.command()
@click.option("--cases", default=1000, show_default=True, type=click.IntRange(min=1))
@click.option("--start", default=0, show_default=True, help="First seed.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(min=1), help="Processes.")
@click.option("--store", type=click.Path(path_type=Path), default=None, help="Finished chunks, to go on from.")
@click.option("--only", default="", help="Only classes whose name contains this; --cases and --start then count these.")
@click.option("--json", "path", type=click.Path(path_type=Path), default=None, help="Where the result goes.")
def main(cases: int, start: int, workers: int, store: Path | None, only: str, path: Path | None) -> None:
    """Check models with known truth; exit status 1 when a verdict is wrong."""
    if only and not any(only in kind.name for kind in KINDS):
        raise click.BadParameter(f"no class has {only!r} in its name", param_hint="--only")
    about = machine(
        f"python -m tests.quality.campaign --cases {cases} --start {start}" + (only and f" --only '{only}'")
    )
    if store is None:
        store = Path(f"campaign-{start}-{cases}{only and '-' + only.replace(' ', '_')}.jsonl")
    chunks = campaign(start, cases, store, about["commit"], workers, only=only)
    result = {**about, "first_seed": start, **summary(chunks)}
    text = json.dumps(result, indent=1)
    if path is not None:
        write_text(path, text + "\n", "--json")
    click.echo(table(result))
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
