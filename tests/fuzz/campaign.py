"""Coverage-guided fuzzing with atheris (extra ``fuzz``).

``python -m tests.fuzz.campaign --seconds 90`` fuzzes every target in turn and writes
``tests/quality/results/fuzzing.json``; ``python -m tests.fuzz.campaign --target npz [LIBFUZZER OPTION...]`` runs one in
this process until it is stopped. What crashes is left in ``--keep``: make it a regression in ``seeds/``.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

RESULT = Path(__file__).parents[1] / "quality" / "results" / "fuzzing.json"
SEEDS = Path(__file__).parent / "seeds"
#: Seconds and megabytes of one input: beyond, it counts as a crash.
SLOWEST, LARGEST = 30, 4096
_DONE = re.compile(r"DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)")


def one(target: str, current: Path, options: list[str]) -> None:
    """Fuzz one target in this process; atheris ends it."""
    import atheris

    signal.signal(signal.SIGALRM, _too_slow)
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["ivae_theory"]):
        from ivae_theory.certificates.recheck import _load_recheckers

        _load_recheckers()  # imported here, so that they are instrumented
        from tests.fuzz.targets import TARGETS

        if target == "checkpoint":
            import ivae_theory.training.saving
        if target == "store":
            import ivae_theory.training.store  # noqa: F401 - for the same reason
    atheris.Setup([sys.argv[0], *options], partial(_bounded, TARGETS[target], current))
    atheris.Fuzz()


def _bounded(read: Callable[[bytes], None], current: Path, data: bytes) -> None:
    """One input: kept while it is read, so that it is known when nothing comes back; too slow is a crash."""
    current.write_bytes(data)
    signal.setitimer(signal.ITIMER_REAL, SLOWEST)
    read(data)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(number: int, frame: object) -> None:
    raise TimeoutError(f"an input took more than {SLOWEST} s")


def _options(target: str, seconds: int, seed: int, corpus: Path, keep: Path) -> list[str]:
    words = SEEDS / f"{target}.dict"
    dictionary = [f"-dict={words}"] if words.exists() else []
    limits = [f"-max_total_time={seconds}", "-timeout=0", f"-rss_limit_mb={LARGEST}", "-max_len=50000"]
    known = SEEDS / target
    return [
        *dictionary,
        *limits,
        f"-seed={seed}",
        "-print_final_stats=1",
        f"-artifact_prefix={keep}/",
        str(corpus),
        str(known),
    ]


def fuzz(target: str, seconds: int, seed: int, keep: Path) -> dict[str, object]:
    """Fuzz one target in a process of its own: executions, seconds, coverage, and what crashed."""
    place = keep / target
    place.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        options = _options(target, seconds, seed, Path(corpus), place)
        command = [sys.executable, "-m", "tests.fuzz.campaign", "--target", target, "--keep", str(place), *options]
        with (place / "log").open("wb") as log, suppress(subprocess.TimeoutExpired):
            subprocess.run(command, stderr=log, check=False, timeout=seconds + 20 * SLOWEST)
    said = (place / "log").read_text(errors="replace")
    executed = re.search(r"number_of_executed_units:\s+(\d+)", said)
    covered = _DONE.search(said)
    slow = [path.name for path in place.glob("slow-unit-*")]
    if executed:
        (place / "current").unlink(missing_ok=True)
    return {
        "target": target,
        "executions": int(executed[1]) if executed else None,
        "seconds": round(time.monotonic() - start, 1),
        "edges": int(covered[1]) if covered else None,
        "features": int(covered[2]) if covered else None,
        "corpus": int(covered[3]) if covered else None,
        "crashes": sorted(path.name for path in place.iterdir() if path.name not in ("log", *slow)),
        "slow": len(slow),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target")
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "ivae_theory_fuzz")
    known, rest = parser.parse_known_args()
    if known.target:
        one(known.target, known.keep / "current", rest)
        return
    from benchmarks.machine import machine
    from tests.fuzz.targets import TARGETS

    found = [fuzz(target, known.seconds, known.seed, known.keep) for target in known.only or TARGETS]
    command = f"python -m tests.fuzz.campaign --seconds {known.seconds} --seed {known.seed}"
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    done = {target["target"]: target for target in (*before.get("targets", ()), *found)}
    document = {
        "coverage": "edges and features that libFuzzer counts in ivae_theory",
        **before,
        "machine": machine(command),
        "targets": [done[name] for name in TARGETS if name in done],
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
