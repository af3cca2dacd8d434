"""What is fuzzed: each target reads bytes as one kind of input and raises only where the package has a bug.

Bad input has to end in an :class:`~ivae_theory.errors.IvaeTheoryError`. Hypothesis and atheris drive the same targets.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
import sympy

from ivae_theory import recheck, recover
from ivae_theory.certificates.recheck import _BESIDE, RecheckResult
from ivae_theory.cli.settings import read_settings
from ivae_theory.errors import IvaeTheoryError
from ivae_theory.exact import from_text
from ivae_theory.files import read_json
from ivae_theory.recovery import Recovery
from ivae_theory.recovery.files import read_npz
from ivae_theory.recovery.statistics import as_statistics
from ivae_theory.verdict import Status, digest_of, seal

SEEDS = Path(__file__).parent / "seeds"
Z = sympy.Symbol("z", real=True)


def grammar(data: bytes) -> None:
    """An expression, as reports and ``--statistics`` have them."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        with watch().nothing_runs():
            found = from_text(text, [Z], "statistics")
    except IvaeTheoryError:
        return
    assert isinstance(found, (sympy.Basic, tuple)), type(found)
    try:
        statistics = as_statistics(text, 1, "--statistics")
        values = statistics.evaluate(np.array([[-0.5], [0.25], [2.0]]))
    except IvaeTheoryError:
        return
    assert values.shape == (3, statistics.blocks.total)
    assert np.isfinite(values).all()


def raw_report(data: bytes) -> None:
    """Bytes as a report."""
    try:
        with watch().nothing_runs():
            found = recheck(data)
    except IvaeTheoryError:
        return
    assert isinstance(found, RecheckResult)


class _Bytes:
    """Decisions from bytes: each takes a few of them; zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def below(self, bound: int) -> int:
        found = int.from_bytes(self.data[self.at : self.at + 2].ljust(2, b"\0"), "big")
        self.at += 2
        return found % max(bound, 1)

    def text(self) -> str:
        size = self.below(24)
        found = self.data[self.at : self.at + size]
        self.at += size
        return found.decode("latin-1")

    @property
    def over(self) -> bool:
        return self.at >= len(self.data)


#: Values that a certificate does not expect.
POOL = (
    None, True, False, 0, 1, -1, 2, 10**9, -(10**9), 2**63, 10**40, 0.5, -0.0, 1e308, 5e-324, "", "0", "1", "-1", "z",
    "oo", "nan", "1/0", "1/3", "z**2", "9**9**9", "Piecewise((z, z > 0), (0, True))", "holds", "fails",
    "undecided", "exact", "certified", "assumed", "gaussian", "table", "\x00", "\ud800", [], {}, [[]],
    [0] * 40, ["1"] * 3, {"kind": "assumed"}, [[1, 2], [3, 4]], {"node": "gaussian", "covariance": "1"},
    {"dtype": "<f8", "shape": [10**9, 2], "base64": ""},
)  # fmt: skip


@lru_cache(maxsize=1)
def documents() -> tuple[dict, ...]:
    """Honest reports, recoveries and equivalences."""
    return tuple(json.loads(path.read_text()) for path in sorted((SEEDS / "documents").glob("*.json")))


def _leaves(value: object, path: tuple = ()) -> list[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, item in items for leaf in _leaves(item, (*path, key)))]


def _at(document: object, path: tuple) -> object:
    for key in path:
        document = document[key]
    return document


def edited(data: bytes) -> tuple[dict, dict]:
    """A document and its edited copy, sealed again: what somebody forges who knows the format."""
    choose = _Bytes(data)
    original = documents()[choose.below(len(documents()))]
    forged = copy.deepcopy(original)
    while not choose.over:
        paths = _leaves(forged)[1:]
        path = paths[choose.below(len(paths))]
        parent, key = _at(forged, path[:-1]), path[-1]
        kind = choose.below(6)
        if kind == 0:
            del parent[key]
        elif kind == 1:
            parent[key] = copy.deepcopy(_at(forged, paths[choose.below(len(paths))]))
        elif kind == 2 and isinstance(parent[key], str):
            where = choose.below(len(parent[key]) + 1)
            parent[key] = parent[key][:where] + choose.text() + parent[key][where + choose.below(3) :]
        elif kind == 3 and isinstance(parent[key], (int, float)):
            parent[key] += (1, -1, 0.5, 1e-12, 10**6)[choose.below(5)]
        elif kind == 4 and isinstance(parent, list):
            parent.insert(int(key), copy.deepcopy(parent[key]))
        else:
            parent[key] = copy.deepcopy(POOL[choose.below(len(POOL))])
        if not _leaves(forged)[1:]:
            break
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        _digest_again(forged)
    forged["seal"] = seal(forged)
    return original, forged


def _digest_again(document: dict) -> None:
    """The digests that a forger computes again as well."""
    subject = document["subject"]
    if document["kind"] == "ivae_theory.report":
        subject["digest"] = digest_of({key: value for key, value in subject.items() if key not in _BESIDE})
    elif document["kind"] == "ivae_theory.recovery":
        text = json.dumps(document["recovery"], sort_keys=True, allow_nan=False)
        subject["digest"] = hashlib.sha256(text.encode()).hexdigest()


def _expected() -> bool:
    """Whether a module is being imported, or sympy writes a function from an expression that the grammar has read."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if frame.f_code.co_filename.endswith("sympy/utilities/lambdify.py"):
            return True
        frame = frame.f_back
    return False


class _Watch:
    """Sees through the interpreter's audit hook whether code is run, a file written or a process started."""

    EVENTS = (
        "exec",
        "os.system",
        "subprocess.Popen",
        "os.exec",
        "os.posix_spawn",
        "socket.connect",
        "pickle.find_class",
    )

    def __init__(self) -> None:
        self.on, self.seen = False, []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self.on or event not in self.EVENTS:
            return
        source = getattr(arguments[0], "co_filename", "") if event == "exec" else ""
        if not _expected():
            self.seen.append(f"{event} {source}")

    @contextmanager
    def nothing_runs(self) -> Iterator[None]:
        self.on, self.seen = True, []
        try:
            yield
        finally:
            self.on = False
        assert not self.seen, f"input was run: {self.seen}"


@lru_cache(maxsize=1)
def watch() -> _Watch:
    """One hook a process: it cannot be taken away again."""
    return _Watch()


def forged_report(data: bytes) -> None:
    """Honest documents, edited and sealed again."""
    original, forged = edited(data)
    try:
        with watch().nothing_runs():
            found = recheck(json.dumps(forged))
    except IvaeTheoryError:
        return
    assert isinstance(found, RecheckResult)
    if forged.get("subject") == original["subject"] and forged["kind"] == "ivae_theory.report":
        honest = recheck(json.dumps(original)).status
        assert forged["goal"] != original["goal"] or found.status in (honest, Status.UNDECIDED), "a forged status"


def _file(data: bytes) -> str:
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else None
    handle, name = tempfile.mkstemp(dir=folder, prefix="fuzz")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return name


def npz(data: bytes) -> None:
    """Bytes as an npz file; what can be read is compared."""
    name = _file(data)
    try:
        arrays = read_npz(name)
    except IvaeTheoryError:
        return
    finally:
        Path(name).unlink()
    if sum(array.size for array in arrays.values()) > 2000:
        return
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = recover(arrays["z_true"], arrays["z_learned"], statistics="z", u=arrays.get("u"))
    except IvaeTheoryError:
        return
    assert isinstance(found, Recovery)


def checkpoint(data: bytes) -> None:
    """Bytes as a checkpoint of the trainer."""
    from ivae_theory.training.checkpoints import read_checkpoint
    from ivae_theory.training.saving import load

    name = _file(data)
    try:
        _, state = read_checkpoint(name)
        assert isinstance(state, dict)
        load(name)
    except IvaeTheoryError:
        pass
    finally:
        Path(name).unlink()


def store(data: bytes) -> None:
    """Bytes as the SQLite file of a sweep."""
    from ivae_theory.training.store import Run, Store

    name = _file(data)
    try:
        place = Store(name)
        assert all(isinstance(run, Run) for run in place.runs())
        place.finished()
        place.record({"fuzz": 1}, result={"done": True})
        assert place.find({"fuzz": 1}).result == {"done": True}
    except IvaeTheoryError:
        pass
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)


def settings(data: bytes) -> None:
    """``NAME=VALUE`` of the trainer's options, and JSON text."""
    text = data.decode("utf-8", "replace")
    for read in (
        lambda: read_settings("--set", [text], {"a": 1, "b": 0.5, "c": True, "d": "x", "e": (1, 2), "f": None}),
        lambda: read_json(text, "text"),
    ):
        try:
            read()
        except IvaeTheoryError:
            continue


TARGETS = {
    "grammar": grammar,
    "raw_report": raw_report,
    "forged_report": forged_report,
    "npz": npz,
    "checkpoint": checkpoint,
    "store": store,
    "settings": settings,
}
