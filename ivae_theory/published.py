"""The published version (AISTATS 2020): its three theorems with their own hypotheses, composed from verdicts.

Theorem 1: phi nowhere zero on a set of positive measure, f injective, T differentiable almost everywhere and
independent on every set of positive measure (*strongly exponential*), and (iii). Theorem 2 (k >= 2): besides, T twice
differentiable and f with all second cross-derivatives. Theorem 3 (k = 1): T not monotonic, f with continuous
partial derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ivae_theory.assumed import C1_ASSUMPTION, CROSS, HOMEOMORPHISM
from ivae_theory.errors import InputError
from ivae_theory.hypotheses.blocks import decide_analytic, decide_spans_everywhere
from ivae_theory.hypotheses.dependence import decide_dependent_somewhere
from ivae_theory.hypotheses.monotone import decide_monotone
from ivae_theory.hypotheses.smoothness import decide_smooth
from ivae_theory.theorem2 import by_family
from ivae_theory.verdict import Grade, Status, Verdict, conjunction

__all__ = ["CLAIMS", "SHARED", "check_theorem1", "check_theorem2", "check_theorem3", "decisions"]

#: The published Theorem 1's hypotheses that the first preprint's checks decide as well.
SHARED = ("theorem1.i", "theorem1.iii", "theorem1.injective")
CLAIMS = ("published.theorem1", "published.theorem2", "published.theorem3")


def decisions(model: Any, verdicts: Mapping[str, Verdict]) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """Each claim that the model's k gives a meaning with the call that decides it from the verdicts so far."""
    yield "published.theorem1", lambda: check_theorem1(model, verdicts)
    if max(model.prior.ks) == 1:
        yield "published.theorem3", lambda: check_theorem3(model, verdicts)
    else:
        yield "published.theorem2", lambda: check_theorem2(model, verdicts)


def check_theorem1(model: Any, verdicts: Mapping[str, Verdict]) -> Verdict:
    """published.theorem1: phi's zeros null, f injective, (iii), and T independent on sets of positive measure."""
    return _composed("published.theorem1", _first(model, verdicts))


def check_theorem2(model: Any, verdicts: Mapping[str, Verdict]) -> Verdict:
    """published.theorem2 (k >= 2): with T twice differentiable and second cross-derivatives of f."""
    small = [latent for latent, k in enumerate(model.prior.ks) if k < 2]
    own = Verdict.hold("k >= 2", Grade.EXACT, "k >= 2.", evidence={"kind": "published.number_of_statistics"})
    if small:
        own = Verdict.fail(
            "k >= 2",
            Grade.EXACT,
            f"Latent {small[0] + 1} has k = 1.",
            evidence={"kind": "published.number_of_statistics"},
        )
    parts = [own, *_first(model, verdicts), _twice_differentiable(model), _smooth(model, CROSS)]
    return _composed("published.theorem2", parts)


def check_theorem3(model: Any, verdicts: Mapping[str, Verdict]) -> Verdict:
    """published.theorem3 (k = 1): with T not monotonic and continuous partial derivatives of f."""
    large = [latent for latent, k in enumerate(model.prior.ks) if k != 1]
    own = Verdict.hold("k = 1", Grade.EXACT, "k = 1.", evidence={"kind": "published.number_of_statistics"})
    if large:
        own = Verdict.fail(
            "k = 1",
            Grade.EXACT,
            f"Latent {large[0] + 1} has k = {model.prior.ks[large[0]]}.",
            evidence={"kind": "published.number_of_statistics"},
        )
    rest = [] if large else [_not_monotonic(model)]
    return _composed(
        "published.theorem3",
        [own, *_first(model, verdicts), *rest, _smooth(model, "f with continuous partial derivatives")],
    )


def _first(model: Any, verdicts: Mapping[str, Verdict]) -> list[Verdict]:
    missing = [claim for claim in SHARED if claim not in verdicts]
    if missing:
        raise InputError("verdicts", f"a verdict on {', '.join(SHARED)}", f"none on {', '.join(missing)}")
    return [*(verdicts[claim] for claim in SHARED), _strongly_exponential(model)]


def _composed(claim: str, parts: Sequence[Verdict]) -> Verdict:
    """The conjunction, with the evidence of its parts; one failing part is enough to fail."""
    status, grade = conjunction(parts)
    if status is Status.UNDECIDED or grade is None:
        open_ones = [part for part in parts if part.undecided]
        return Verdict.unknown(
            claim,
            "Open: " + "; ".join(f"{part.claim} ({part.reason.rstrip('.')})" for part in open_ones) + ".",
            evidence={"open": [part.claim for part in open_ones]},
        )
    shown = list(parts)
    if status is Status.FAILS:
        shown = [next(part for part in parts if part.fails and part.grade is grade)]
        reason = f"A hypothesis fails: {shown[0].claim}. {shown[0].reason}"
    else:
        reason = "Every hypothesis holds: " + ", ".join(part.claim for part in parts) + "."
    return Verdict(
        claim,
        status,
        grade,
        reason,
        evidence={
            "kind": "published.conjunction",
            "parts": [{"claim": part.claim, "evidence": dict(part.evidence)} for part in shown],
        },
        assumes=tuple(dict.fromkeys(sentence for part in shown for sentence in part.assumes)),
    )


def _families(model: Any) -> list[Mapping[str, Any]]:
    return [family.describe() for family in model.prior.families]


def _strongly_exponential(model: Any) -> Verdict:
    """T_i,1 .. T_i,k independent on every set of positive measure."""
    claim = "strongly exponential"
    rules, of_latent = by_family(_families(model), decide_spans_everywhere)
    if all(rule["rule"] == "analytic" for rule in rules):
        return Verdict.hold(
            claim,
            Grade.CERTIFIED,
            "Every T_i is analytic and 1, T_i1, .., T_ik are independent on each part of its support.",
            evidence={"kind": "published.strongly_exponential", "families": rules, "of_latent": of_latent},
        )
    dependent, _ = by_family(_families(model), decide_dependent_somewhere)
    for number, rule in enumerate(dependent):
        if rule["rule"] == "dependent":
            latent = of_latent.index(number)
            return Verdict.fail(
                claim,
                Grade.EXACT,
                f"The statistics of latent {latent + 1} are dependent on the interval {' to '.join(rule['interval'])}.",
                evidence={"kind": "published.dependent", "latent": latent, **rule},
            )
    number = next(number for number, rule in enumerate(rules) if rule["rule"] == "undecided")
    return Verdict.unknown(claim, f"Latent {of_latent.index(number) + 1}: {rules[number]['why']}.")


def _twice_differentiable(model: Any) -> Verdict:
    """Analytic statistics are twice differentiable; others are not judged."""
    claim = "T twice differentiable"
    rules, of_latent = by_family(_families(model), decide_analytic)
    number = next((number for number, rule in enumerate(rules) if rule["rule"] != "analytic"), None)
    if number is not None:
        return Verdict.unknown(claim, f"Latent {of_latent.index(number) + 1}: {rules[number]['why']}.")
    return Verdict.hold(
        claim, Grade.EXACT, "Every T_i is analytic on its support.", evidence={"kind": "published.analytic_statistics"}
    )


def _not_monotonic(model: Any) -> Verdict:
    """T_i,1 not monotonic, for every latent."""
    claim = "T not monotonic"
    rules, of_latent = by_family(_families(model), decide_monotone)
    for number, rule in enumerate(rules):
        if rule["rule"] == "monotone":
            latent = of_latent.index(number)
            return Verdict.fail(
                claim,
                Grade.CERTIFIED,
                f"T of latent {latent + 1} is monotonic on its support.",
                evidence={"kind": "published.monotone", "latent": latent},
                advice="The sharp Theorem 2 does not need this hypothesis.",
            )
    number = next((number for number, rule in enumerate(rules) if rule["rule"] == "undecided"), -1)
    if number >= 0:
        return Verdict.unknown(claim, f"Latent {of_latent.index(number) + 1}: {rules[number]['why']}.")
    return Verdict.hold(
        claim,
        Grade.CERTIFIED,
        "Every T_i,1 rises and falls.",
        evidence={"kind": "published.not_monotonic", "families": rules, "of_latent": of_latent},
    )


def _smooth(model: Any, claim: str) -> Verdict:
    """Derivatives of f, from its formula."""
    rule = decide_smooth(model)
    if rule["rule"] == "undecided":
        return Verdict.unknown(claim, rule["why"])
    # For n = d invariance of domain makes f'^-1 o f a homeomorphism; for n < d the published proof takes it so. The
    # proof of Theorem 2 differentiates it, and its inverse: f' = z^3 is smooth, and its inverse is not.
    silent = (C1_ASSUMPTION,) if claim == CROSS else () if model.d == model.n else (HOMEOMORPHISM,)
    return Verdict.hold(
        claim,
        Grade.EXACT,
        rule["text"],
        evidence={"kind": "published.smooth_mixing", "rule": rule["rule"]},
        assumes=silent,
    )
