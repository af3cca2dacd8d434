"""A pytest plugin: instead of running the tests once, it forks for every mutant and runs the tests that reach it.

The parent collects and never runs a test, so that no cache of the package or of a test is warm in a child. The first
child runs every test without a mutant and notes the seconds and the functions of each.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.quality.mutation.mutants import ROOT, Mutant, module_name, switch_on
from tests.quality.mutation.store import Store

#: A child that is blocked without using the processor is ended after this many seconds.
BLOCKED = 900.0
#: Largest address space that a child may take beyond what it starts with, in bytes.
MEMORY = 4 * 2**30


class Runner:
    """Tries mutants until none is left: ``children`` at a time, each for ``patience`` seconds on the processor."""

    def __init__(self, store: Store, todo: list[Mutant], folder: Path, children: int, patience: float) -> None:
        self.store, self.todo, self.folder, self.children, self.patience = store, todo, folder, children, patience
        self.say: Callable[[str], None] = lambda line: print(line, file=sys.__stdout__, flush=True)
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_configure(self) -> None:
        """The first example that fails is enough, and it is the same in every run."""
        from hypothesis import Phase, settings

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", phases=phases, database=None, derandomize=True, deadline=None)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        items = {item.nodeid: item for item in session.items}
        seconds, reached = self._first_pass(session)
        running: dict[int, tuple[Mutant, int, float]] = {}
        waiting = list(self.todo)
        done = 0
        while waiting or running:
            while waiting and len(running) < self.children:
                mutant = waiting.pop(0)
                names = self._order(mutant, reached, seconds)
                if not names:
                    self.store.record(mutant, "unreached", "", 0.0)
                    continue
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    os.close(read)
                    _try(session, [items[name] for name in names], seconds, mutant, write)
                os.close(write)
                running[pid] = (mutant, read, time.monotonic())
            for pid, status, used in _ended(running) if running else []:
                mutant, read, _ = running.pop(pid)
                killer = _all(read)
                outcome = _outcome(status)
                self.kills[_place(mutant)][killer] += 1
                self.store.record(mutant, outcome, killer, used)
                done += 1
                self.say(f"{done}/{len(self.todo)} {outcome} {used:.1f}s {_place(mutant)} {mutant.number} {killer}")
        return True

    def _order(self, mutant: Mutant, reached: dict[str, list[str]], seconds: dict[str, float]) -> list[str]:
        """Tests that reach the function: first what noticed other mutants of it, then the quick ones."""
        kills = self.kills[_place(mutant)]
        names = sorted(reached.get(_place(mutant), []), key=lambda name: (-kills[name], seconds[name], name))
        chosen, spent = [], 0.0
        for name in names:
            spent += seconds[name]
            if spent > self.patience and chosen:
                break
            chosen.append(name)
        return chosen

    def _first_pass(self, session: Any) -> tuple[dict[str, float], dict[str, list[str]]]:
        """Seconds of every test and the tests that reach every function, by a child that runs all of them."""
        path = self.folder / "reached.json"
        known = json.loads(path.read_text()) if path.exists() else {"seconds": {}, "reached": {}}
        files = {str(item.path): hashlib.sha256(item.path.read_bytes()).hexdigest() for item in session.items}
        same = {name for name, digest in known.get("files", {}).items() if files.get(name) == digest}
        new = [item for item in session.items if item.nodeid not in known["seconds"] or str(item.path) not in same]
        if new:
            begun = time.monotonic()
            part = self.folder / "reached.new.json"
            part.unlink(missing_ok=True)
            pid = os.fork()
            if pid == 0:
                _watch(session, new, part)
            _, status = os.waitpid(pid, 0)
            if not part.exists():
                raise pytest.UsageError(f"the first pass ended with status {status}: see {part}.failed")
            found = json.loads(part.read_text())
            known["seconds"].update(found["seconds"])
            for place in {*known["reached"], *found["reached"]}:
                kept = [name for name in known["reached"].get(place, []) if name not in found["seconds"]]
                known["reached"][place] = kept + found["reached"].get(place, [])
            known["files"] = files
            path.write_text(json.dumps(known))
            self.say(f"{len(new)} tests ran without a mutant in {time.monotonic() - begun:.0f} s")
        present = {item.nodeid for item in session.items}
        seconds = {name: used for name, used in known["seconds"].items() if name in present}
        reached = {place: [name for name in names if name in seconds] for place, names in known["reached"].items()}
        return seconds, reached


def trial(runner: Runner, tests: Iterable[str]) -> None:
    """Run the tests against every mutant."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    status = pytest.main([*options, *tests], plugins=[runner])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(int(status))


def _place(mutant: Mutant) -> str:
    return ".".join(part for part in (mutant.module, mutant.owner, mutant.function) if part)


class _Listener:
    """Calls back at the first failure."""

    def __init__(self, failed: Callable[[Any], None]) -> None:
        self.failed = failed

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed(report)


def _silent() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _watch(session: Any, items: list[Any], path: Path) -> NoReturn:
    """In a child: run every test, note what it reaches, write the file, end."""
    _silent()
    package = f"{ROOT / 'ivae_theory'}{os.sep}"
    places: dict[Any, str] = {}

    seconds: dict[str, float] = {}
    reached: dict[str, list[str]] = defaultdict(list)
    hit: set[str] = set()

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            if code not in places:
                inside = code.co_filename.startswith(package)
                places[code] = f"{module_name(Path(code.co_filename))}.{code.co_qualname}" if inside else ""
            hit.add(places[code].partition(".<locals>")[0])

    def failed(report: Any) -> None:
        Path(f"{path}.failed").write_text(f"{report.nodeid}\n{report.longreprtext}\n")
        os._exit(1)

    session.config.pluginmanager.register(_Listener(failed))
    for item, following in _pairs(items):
        hit.clear()
        begun = time.process_time()
        sys.setprofile(look)
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        sys.setprofile(None)
        seconds[item.nodeid] = round(time.process_time() - begun, 4)
        for place in sorted(hit - {""}):
            reached[place].append(item.nodeid)
    partial = Path(f"{path}.partial")
    partial.write_text(json.dumps({"seconds": seconds, "reached": reached}))
    partial.replace(path)
    os._exit(0)


def _try(session: Any, items: list[Any], seconds: dict[str, float], mutant: Mutant, pipe: int) -> NoReturn:
    """In a child: switch the mutant on and run the tests until one fails; status 1 says that one did."""
    _silent()
    with open("/proc/self/statm") as stream:
        size = int(stream.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))

    def failed(report: Any) -> None:
        os.write(pipe, report.nodeid.encode()[:4000])
        os._exit(1)

    session.config.pluginmanager.register(_Listener(failed))
    try:
        switch_on(mutant, import_module(mutant.module))
    except SyntaxError:
        os._exit(1)
    for item, following in _pairs(items):
        limit = int(time.process_time() + 10 * seconds[item.nodeid]) + 5
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException:  # noqa: BLE001 - an exception that even pytest does not catch is noticed as well
            os.write(pipe, item.nodeid.encode()[:4000])
            os._exit(1)
    os._exit(0)


def _pairs(items: list[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(items, [*items[1:], None], strict=True)


def _ended(running: dict[int, tuple[Mutant, int, float]]) -> list[tuple[int, int, float]]:
    """Wait for the first child that ends; those that are blocked are ended."""
    while True:
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if pid in running:
            return [(pid, status, used.ru_utime + used.ru_stime)]
        for child, (_, _, begun) in running.items():
            if time.monotonic() - begun > BLOCKED:
                os.kill(child, signal.SIGKILL)
        time.sleep(0.01)


def _all(read: int) -> str:
    text = b""
    while select.select([read], [], [], 0)[0]:
        part = os.read(read, 4096)
        if not part:
            break
        text += part
    os.close(read)
    return text.decode()


def _outcome(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code in (0, 1):
        return "killed" if code else "survived"
    return "timeout" if code in (-signal.SIGXCPU, -signal.SIGKILL) else "crash"
