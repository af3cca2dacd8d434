"""Mutants and what became of them, in SQLite: a run that is interrupted goes on where it stopped."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from tests.quality.mutation.mutants import Mutant

_COLUMNS = [field.name for field in fields(Mutant)]
_SCHEMA = f"""
create table if not exists mutant (key text primary key, {", ".join(_COLUMNS)}, drawn integer default 0,
    present integer default 1, outcome text, killer text, seconds real);
"""


class Store:
    """Outcomes are ``killed``, ``timeout``, ``crash`` (all three: noticed), ``survived`` and ``unreached``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript(_SCHEMA)

    def read(self, mutants: Iterable[Mutant], modules: Sequence[str]) -> None:
        """Take in the mutants of the modules as they are now; outcomes of unchanged functions are kept."""
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        rows = [(mutant.key, *astuple(mutant)) for mutant in mutants]
        self._base.execute("begin")
        self._base.executemany("update mutant set present = 0 where module = ?", [(module,) for module in modules])
        self._base.executemany(
            f"insert into mutant (key, {', '.join(_COLUMNS)}) values ({marks}) "
            "on conflict (key) do update set present = 1",
            rows,
        )
        self._base.execute("commit")

    def modules(self) -> list[str]:
        return [name for (name,) in self._base.execute("select distinct module from mutant where present order by 1")]

    def draw(self, module: str, kinds: str, count: int, seed: int) -> None:
        """Mark ``count`` mutants of a module (all when fewer) that shall be tried, by a seeded draw."""
        condition = "kind = 'text'" if kinds == "text" else "kind != 'text'"
        keys = [
            key
            for (key,) in self._base.execute(
                f"select key from mutant where present and module = ? and {condition} order by owner, function, number",
                (module,),
            )
        ]
        chosen = random.Random(f"{seed} {module} {kinds}").sample(keys, min(count, len(keys)))
        self._base.executemany("update mutant set drawn = 1 where key = ?", [(key,) for key in chosen])

    def select(self, condition: str) -> list[Mutant]:
        rows = self._base.execute(
            f"select {', '.join(_COLUMNS)} from mutant where present and ({condition}) "
            "order by module, owner, function, number"
        )
        return [Mutant(*row) for row in rows]

    def record(self, mutant: Mutant, outcome: str, killer: str, seconds: float) -> None:
        self._base.execute(
            "update mutant set outcome = ?, killer = ?, seconds = ? where key = ?",
            (outcome, killer, seconds, mutant.key),
        )

    def outcomes(self) -> list[tuple[Mutant, int, str | None, str | None, float | None]]:
        """Every present mutant with: drawn, outcome, killer, seconds."""
        size = len(_COLUMNS)
        rows = self._base.execute(
            f"select {', '.join(_COLUMNS)}, drawn, outcome, killer, seconds from mutant where present "
            "order by module, owner, function, number"
        )
        return [(Mutant(*row[:size]), *row[size:]) for row in rows]
