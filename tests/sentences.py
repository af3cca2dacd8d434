"""What reviewers quote: reasons and advice are sentences."""

from __future__ import annotations

import re

from ivae_theory.verdict import Verdict

#: A capital letter, or a symbol of the theory that is written small.
BEGINNING = re.compile(r"[A-Z]|(lambda|phi|f|f'|q|k|n|d|u|x|z)\b")


def faults(verdict: Verdict) -> list[str]:
    """The reason and the advice where they are no sentences; an advice may be left out, a reason may not."""
    texts = [verdict.reason, *([verdict.advice] if verdict.advice else [])]
    return [text for text in texts if not BEGINNING.match(text) or not text.endswith(".") or text.endswith("..")]
