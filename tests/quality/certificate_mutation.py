"""Mutation of certificates: ``python -m tests.quality.certificate_mutation --mutations 4000 --json PATH``.

A leaf or a branch of the evidence or of the subject is changed, and the report is sealed again, with the digest of the
changed subject. What comes out:

``refused``
    One clear error.
``same``
    The document says the same as before (a leaf that was replaced by an equal one).
``true``
    Accepted, and about the same model: the verdict is still the one that was true of it.
``true of another model``
    Accepted about the changed subject: what the claim is about is as before, or the checker, from the description
    alone, gives the same verdict; the model at hand is refused.
``no such model``
    Accepted about a changed subject that describes no model or one that cannot be built again from its description
    (a network is known by its digest); the model at hand is refused.
``open``
    The same, and the checker cannot decide the changed model.
``wrong``, ``crash``
    Accepted with a verdict that is false, or bound to a model that it is not about; an exception of any other kind.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ivae_theory import Model, recheck
from ivae_theory.errors import IvaeTheoryError
from ivae_theory.verdict import Status
from tests.quality.forgeries import BUILDERS, Original, change, kinds_in, original, resealed
from tests.quality.rebuilding import decide_again, rebuilt

RESULT = Path(__file__).parent / "results" / "certificate_mutation.json"
WRONG = ("wrong", "crash")

_FAMILIES = ("families", "ks", "n")
#: What each claim is about; a change elsewhere in the subject leaves it as true as it was.
ABOUT = {
    "theorem1.i": ("noise", "d"),
    "theorem1.known_noise": ("noise", "d"),
    "theorem1.iii": ("natural", "domain", "ks", "n"),
    "theorem1.injective": ("mixing", *_FAMILIES),
    **dict.fromkeys(("theorem1.ii", "theorem1.minimal", "theorem1.positive"), _FAMILIES),
    **dict.fromkeys(("theorem2.i", "theorem2.ii", "theorem2.scaled_permutation"), _FAMILIES),
    "theorem2.block_permutation": _FAMILIES,
}


def judge(one: Original, document: dict[str, Any]) -> tuple[str, str]:
    """What became of a changed document, and why it is wrong where it is."""
    if document == one.document:
        return "same", ""
    try:
        sealed = resealed(document, anew=True)
        text = json.dumps(sealed)
    except (TypeError, ValueError) as error:
        return "crash", f"the forger cannot write it: {error}"
    try:
        recheck(text)
    except IvaeTheoryError:
        return "refused", ""
    except Exception as error:  # noqa: BLE001 - any other exception is a fault of the rechecker
        return "crash", f"{type(error).__name__}: {error}"
    if sealed.get("subject") == one.document.get("subject") or one.model is None:
        return _with_model(one, text, "true")
    if one.document["kind"] != "ivae_theory.report":
        return _with_model(one, text, "true")
    bound = _with_model(one, text, "bound")
    if bound[0] == "crash":
        return bound
    if bound[0] == "bound" and not _same_mathematics(sealed["subject"], one.document["subject"]):
        return "wrong", "a report about another subject is bound to the model"
    if _same_mathematics(sealed["subject"], one.document["subject"]):
        return "true", ""
    return _about_another(one, sealed)


def _same_mathematics(left: Any, right: Any) -> bool:
    return bool(left["digest"] == right["digest"])


def _with_model(one: Original, text: str, otherwise: str) -> tuple[str, str]:
    """With the model at hand a report is accepted or refused with one clear error."""
    if one.model is None:
        return otherwise, ""
    try:
        recheck(text, one.model)
    except IvaeTheoryError:
        return "refused by the model" if otherwise == "bound" else otherwise, ""
    except Exception as error:  # noqa: BLE001 - as above
        return "crash", f"with the model: {type(error).__name__}: {error}"
    return otherwise, ""


def _about_another(one: Original, document: dict[str, Any]) -> tuple[str, str]:
    """The verdict that was accepted of a changed subject, against the checker's own of that model."""
    settled = [item for item in document["verdicts"] if item["status"] != "undecided"]
    about, before, after = ABOUT.get(one.claim), one.document["subject"], document["subject"]
    if about is not None and all(name in after and after[name] == before[name] for name in about):
        return "true of another model", ""
    if not settled:  # a rival: whether the construction covers the changed model
        return "open", ""
    try:
        model = rebuilt(document["subject"], one.claim)
    except (IvaeTheoryError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return "no such model", ""
    if model is None:
        return "no such model", ""
    return _compare(model, one.claim, settled[0]["status"])


def _compare(model: Model, claim: str, word: str) -> tuple[str, str]:
    verdict = decide_again(model, claim)
    if verdict.status is Status.UNDECIDED:
        return "open", ""
    if verdict.status.word != word:
        return "wrong", f"accepted as {word}, but of that model: {verdict}"
    return "true of another model", ""


def run(names: Sequence[str], seeds: range, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """A change for every seed, of the originals in turn."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    ways: Counter[str] = Counter()
    mistakes, slowest = [], 0.0
    for seed in seeds:
        one = original(names[seed % len(names)])
        way, path, document = change(one, random.Random(seed))
        begun = time.process_time()
        outcome, why = judge(one, document)
        slowest = max(slowest, time.process_time() - begun)
        ways[way] += 1
        outcomes[one.name][outcome] += 1
        if outcome in WRONG:
            mistakes.append({"seed": seed, "original": one.name, "way": way, "path": list(path), "mistake": why})
            say(json.dumps(mistakes[-1]))
        if (seed + 1) % 200 == 0:
            say(f"{seed + 1 - seeds.start} of {len(seeds)}")
    totals: Counter[str] = Counter()
    for counter in outcomes.values():
        totals.update(counter)
    kinds = sorted(set().union(*(kinds_in(original(name).document) for name in names)))
    return {
        "mutations": len(seeds),
        "outcomes": dict(sorted(totals.items())),
        "ways": dict(sorted(ways.items())),
        "by_original": {name: dict(sorted(counter.items())) for name, counter in sorted(outcomes.items())},
        "kinds": [kind for kind in kinds if not kind.startswith("ivae_theory.")],
        "slowest_seconds": round(slowest, 2),
        "wrong": mistakes,
    }


@click.command()
@click.option("--mutations", default=4000, show_default=True)
@click.option("--start", default=0, show_default=True, help="First seed.")
@click.option("--json", "path", default=None)
def main(mutations: int, start: int, path: str | None) -> None:
    """Change certificates; exit status 1 when a wrong one is accepted or the rechecker breaks."""
    from tests.quality.mutation.report import commit

    begun = time.perf_counter()
    result = run(sorted(BUILDERS), range(start, start + mutations), lambda line: click.echo(line, err=True))
    result = {
        "command": f"python -m tests.quality.certificate_mutation --mutations {mutations} --start {start}",
        "commit": commit(),
        "seconds": round(time.perf_counter() - begun, 1),
        **result,
    }
    text = json.dumps(result, indent=1)
    if path:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    click.echo(text)
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
