"""The figures of ``docs/explanation/soundness.md`` that come from result files: ``python -m tests.quality.page``.

Each stands between two comments that name its section; what is between them is written here, and a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.summary import fuzzing
from tests.quality.campaign import table
from tests.quality.faults.summary import faults, load
from tests.quality.mutation.summary import certificates, mutation
from tests.quality.platforms import table as platforms

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "soundness.md"
RESULTS = Path(__file__).parent / "results"


def campaign(result: dict[str, Any]) -> str:
    """What was run, on what, and the table of classes."""
    total = result["total"]
    share = total["undecided"] / total["cases"]
    summary = (
        f"**{_spaced(total['cases'])} models, {_spaced(result['symbolic'])} of them symbolic: {total['wrong']} wrong "
        f"verdicts, {total['missed']} missed.** {_spaced(total['holds'])} hold, {_spaced(total['fails'])} fail, "
        f"{_spaced(total['undecided'])} ({share:.1%}) are undecided. {result['seconds']:.0f} processor seconds on "
        f"one of {result['cpus']} cores ({result['memory_gib']} GiB), Python {result['python']}, commit "
        f"`{result['commit'][:12]}`:"
    )
    return "\n\n".join([summary, f"    {result['command']}", table(result)])


def _spaced(count: int) -> str:
    return f"{count:,}".replace(",", " ")


#: Sections with the result file that each is written from.
SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "campaign": ("campaign.json", campaign),
    "mutation": ("mutation.json", mutation),
    "certificates": ("certificate_mutation.json", certificates),
    "fuzzing": ("fuzzing.json", fuzzing),
    "faults": ("faults.json", faults),
    "load": ("../../../benchmarks/results/load.json", load),
    "platforms": ("platforms.json", platforms),
}


def written(text: str) -> str:
    """The page with every section's figures as the result files have them."""
    for name, (file, render) in SECTIONS.items():
        result = json.loads((RESULTS / file).read_text(encoding="utf-8"))
        block = f"<!-- {name}: python -m tests.quality.page -->\n\n{render(result)}\n\n<!-- end of {name} -->"
        text, count = re.subn(
            rf"<!-- {name}: .*?<!-- end of {name} -->", lambda _, block=block: block, text, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the page has {count} places for {name}, not one")
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
