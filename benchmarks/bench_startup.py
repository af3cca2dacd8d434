"""How long an import and a whole check take: ``python -m benchmarks.bench_startup``.

Each number is the best of several fresh processes, in seconds, beside a bare ``python -c pass`` in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import write

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "section5.py"
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import ivae_theory": ["-c", "import ivae_theory"],
    "ivae-theory check section5.py": ["-m", "ivae_theory", "check", str(EXAMPLE), "--quiet"],
}


def seconds(arguments: list[str], repeats: int = 7) -> float:
    """The fastest of several fresh processes: what the machine does when nothing else disturbs it."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True)
        best = min(best, time.perf_counter() - start)
    return round(best, 3)


def main() -> None:
    """Measure, print, and write ``benchmarks/results/startup.json``."""
    measured = {name: seconds(arguments) for name, arguments in COMMANDS.items()}
    write("startup", "python -m benchmarks.bench_startup", {"seconds": measured})


if __name__ == "__main__":
    main()
