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
from ivae_theory.files import make_folder, read_json, regular

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
        make_folder(self.path.parent, "store")
        if self.path.exists():
            regular(self.path, "store", "SQLite file")
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)
            _require_own_schema(connection, self.path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own, so that threads and processes do not share any."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_TIMEOUT)) as connection, connection:
                connection.execute("PRAGMA trusted_schema = OFF")
                yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise CorruptReport(
                "store", "an SQLite file of runs that can be written", f"{self.path}: {error}"
            ) from None

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
            # An error makes way, so that a result is the last row: rows are in the order in which runs ended.
            connection.execute("DELETE FROM runs WHERE key = ? AND result IS NULL", row[:1])
            connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", row)

    def find(self, configuration: Mapping[str, Any]) -> Run | None:
        """The run of this configuration, if there is one."""
        found = self._select("WHERE key = ?", (configuration_key(configuration),))
        return found[0] if found else None

    def runs(self) -> list[Run]:
        """All runs, in the order in which they finished (the clock may have been set back meanwhile)."""
        return self._select("ORDER BY rowid", ())

    def finished(self) -> set[str]:
        """Keys of the runs that have a result."""
        with self._connection() as connection:
            return {key for (key,) in connection.execute("SELECT key FROM runs WHERE result IS NOT NULL")}

    def _select(self, clause: str, values: tuple[str, ...]) -> list[Run]:
        query = f"SELECT configuration, result, error, seconds, finished FROM runs {clause}"
        with self._connection() as connection:
            rows = connection.execute(query, values).fetchall()
        return [_run(self.path, *row) for row in rows]


def _require_own_schema(connection: sqlite3.Connection, path: Path) -> None:
    """One table, made by this class: a view, a trigger or a computed column would run what somebody else wrote."""
    found = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    own = [("table", "runs", _SCHEMA.replace("IF NOT EXISTS ", "").strip())]
    if found != own:
        raise CorruptReport("store", "an SQLite file of runs", f"{path} with other tables")


def _run(path: Path, configuration: Any, result: Any, error: Any, seconds: Any, finished: Any) -> Run:
    """A row whose texts are JSON objects."""
    times = all(isinstance(time, (int, float)) for time in (seconds, finished))
    if not times or not isinstance(error, (str, type(None))):
        raise CorruptReport("store", "runs with times and texts", f"{path} with other values")
    read = None if result is None else _object(path, result)
    return Run(_object(path, configuration), read, error, float(seconds), float(finished))


def _object(path: Path, text: Any) -> dict[str, Any]:
    value = read_json(text, "store", finite=False) if isinstance(text, str) else None
    if not isinstance(value, dict):
        raise CorruptReport("store", "runs as JSON objects", f"{path} with other values")
    return value
