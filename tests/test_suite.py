"""The suite itself: names that differ between processes would stop a parallel run."""

import subprocess
import sys
from pathlib import Path


def test_no_test_is_named_by_an_address():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    found = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    named = [line for line in found.stdout.splitlines() if " at 0x" in line]
    assert "::" in found.stdout, found.stdout[-500:]
    assert named == []
