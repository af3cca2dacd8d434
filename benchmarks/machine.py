"""What every benchmark's result says beside its numbers: commit, command and machine size."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from ivae_theory.files import make_folder, write_text

__all__ = ["RESULTS", "machine", "write"]

RESULTS = Path(__file__).parent / "results"


def machine(command: str) -> dict[str, Any]:
    """The machine that the numbers were measured on, the commit, and the command that reproduces them."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    root = Path(__file__).parent
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return {
        "command": command,
        "commit": head.stdout.strip(),
        "cpus": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def write(name: str, command: str, results: dict[str, Any], path: Path | None = None) -> None:
    """Print the results and keep them in ``benchmarks/results/NAME.json``."""
    text = json.dumps({"machine": machine(command), **results}, indent=1)
    target = path or RESULTS / f"{name}.json"
    make_folder(target.parent, "out")
    write_text(target, text + "\n", "out")
    print(text)
