"""Finished runs in one SQLite file, written as they end.

The file is in WAL mode and every run is one transaction: several sweeps may write to it at once, and a process killed
at any moment loses only the run that it was making.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivae_theory.errors import CorruptReport, InputTypeError

__all__ = ["Run", "Store", "configuration_key"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY,
    configuration TEXT NOT NULL,
    result TEXT,
    error TEXT,
    seconds REAL NOT NULL,
    finished REAL NOT NULL
)
"""
#: Seconds that a writer waits for another.
_TIMEOUT = 60.0


def configuration_key(configuration: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a configuration: equal configurations are one run."""
    try:
        text = json.dumps(configuration, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputTypeError("configuration", "values that JSON can carry", str(error)) from None
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """One run: its configuration, and its result or what went wrong, as JSON values.

    ``finished`` is a time stamp in seconds since the epoch.
    """

    configuration: dict[str, Any]
    result: dict[str, Any] | None
    error: str | None
    seconds: float
    finished: float


class Store:
    """Runs by configuration.

    Parameters
    ----------
    path
        The SQLite file; made if it does not exist.

    Raises
    ------
    CorruptReport
        The file is something else.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise CorruptReport("store", "an SQLite file of runs", f"{path}: {error}") from None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own, so that threads and processes do not share any."""
        with closing(sqlite3.connect(self.path, timeout=_TIMEOUT)) as connection, connection:
            yield connection

    def record(
        self,
        configuration: Mapping[str, Any],
        *,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Write a finished run. A result replaces an error, and never another result."""
        row = (
            configuration_key(configuration),
            json.dumps(configuration),
            None if result is None else json.dumps(result),
            error,
            seconds,
            time.time(),
        )
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET result = excluded.result, "
                "error = excluded.error, seconds = excluded.seconds, finished = excluded.finished "
                "WHERE runs.result IS NULL",
                row,
            )

    def find(self, configuration: Mapping[str, Any]) -> Run | None:
        """The run of this configuration, if there is one."""
        found = self._select("WHERE key = ?", (configuration_key(configuration),))
        return found[0] if found else None

    def runs(self) -> list[Run]:
        """All runs, in the order in which they finished."""
        return self._select("ORDER BY finished, key", ())

    def finished(self) -> set[str]:
        """Keys of the runs that have a result."""
        with self._connection() as connection:
            return {key for (key,) in connection.execute("SELECT key FROM runs WHERE result IS NOT NULL")}

    def _select(self, clause: str, values: tuple[str, ...]) -> list[Run]:
        query = f"SELECT configuration, result, error, seconds, finished FROM runs {clause}"
        with self._connection() as connection:
            rows = connection.execute(query, values).fetchall()
        return [
            Run(json.loads(configuration), None if result is None else json.loads(result), *rest)
            for configuration, result, *rest in rows
        ]
