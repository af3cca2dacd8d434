"""Write down what came of a run of the suite on one platform: ``python tests/quality/platforms.py NAME JUNIT NOTE``.

The sessions of noxfile.py call it within the environment that ran the tests: the versions are those that ran.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "platforms.json"


def outcomes(junit: Path) -> dict[str, Any]:
    """Counts of a JUnit file, the failures by name, and how many tests were skipped for which reason."""
    cases = list(ElementTree.parse(junit).getroot().iter("testcase"))
    skipped, failed = Counter[str](), []
    for case in cases:
        if (skip := case.find("skipped")) is not None:
            whole_file = re.search(r"Skipped: (.*?)[\"']\)$", skip.text or "")
            skipped[whole_file[1] if whole_file else skip.get("message", "")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
    suite = next(ElementTree.parse(junit).getroot().iter("testsuite"))
    return {
        "passed": len(cases) - len(failed) - sum(skipped.values()),
        "failed": failed,
        "skipped": dict(sorted(skipped.items())),
        "seconds": round(float(suite.get("time", "0"))),
    }


def versions() -> dict[str, str]:
    """The installed versions of what the package and its extras ask for."""
    names = {re.split(r"[\[<>=; ]", line)[0] for line in requires("ivae_theory") or ()}
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit that ran."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False, cwd=RESULTS.parent).stdout.strip()


def table(results: dict[str, Any]) -> str:
    """Markdown: a row for each platform."""
    shown = ("numpy", "scipy", "sympy", "python-flint", "torch")
    lines = [
        f"| platform | Python | {' | '.join(shown)} | passed | skipped | failed | seconds | commit |",
        "|" + "---|" * (len(shown) + 7),
    ]
    for name, entry in results.items():
        installed = " | ".join(entry["versions"].get(package, "none") for package in shown)
        lines.append(
            f"| `{name}` | {entry['python']} | {installed} | {entry['passed']} | {sum(entry['skipped'].values())} | "
            f"{len(entry['failed'])} | {entry['seconds']} | {entry['commit']} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Add the platform to the results; exit status 1 when a test failed."""
    name, junit, note = arguments
    found = outcomes(Path(junit))
    entry = {
        "note": note,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "commit": commit(),
        **found,
        "versions": versions(),
    }
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results[name] = entry
    RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n", encoding="utf-8")
    print(f"{name}: {found['passed']} passed, {sum(found['skipped'].values())} skipped, {len(found['failed'])} failed")
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
