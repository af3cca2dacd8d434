"""A verdict on equivalence as a sealed JSON document that ``recheck`` verifies."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ivae_theory.verdict import SCHEMA, Verdict, seal

__all__ = ["to_dict", "to_json"]


def to_dict(verdict: Verdict, model_a: Any, model_b: Any) -> dict[str, Any]:
    """The verdict with what it is about."""
    digests = [model_a.digest, model_b.digest]
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "ivae_theory.equivalence",
        "subject": {
            "text": f"equivalence of {model_a!r} and {model_b!r}",
            "digest": hashlib.sha256(json.dumps(digests).encode()).hexdigest(),
            "models": digests,
        },
        "verdict": verdict.to_dict(),
    }
    document["seal"] = seal(document)
    return document


def to_json(verdict: Verdict, model_a: Any, model_b: Any) -> str:
    """The document as JSON text."""
    return json.dumps(to_dict(verdict, model_a, model_b), indent=1, allow_nan=False)
