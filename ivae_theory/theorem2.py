"""Theorem 2: its hypotheses as printed, and the sharp forms for k = 1 and k >= 2.

The sharp claims are conditional: "given Theorem 1's hypotheses, A is a scaled permutation" (k = 1: at most one
T_i(z_i) given u is Gaussian, by Darmois and Skitovich), or "a block permutation" (k >= 2).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ivae_theory.assumed import C1_ASSUMPTION, SAME_FAMILY
from ivae_theory.hypotheses.blocks import decide_curved
from ivae_theory.hypotheses.gaussianity import decide_gaussian
from ivae_theory.hypotheses.identical import decide_identical
from ivae_theory.hypotheses.minimum import decide_minimum
from ivae_theory.verdict import Grade, Status, Verdict

__all__ = [
    "CLAIMS",
    "check_block_permutation",
    "check_identical",
    "check_minimum",
    "check_scaled_permutation",
    "decisions",
]

Rule = dict[str, Any]
SCALED, BLOCK = "theorem2.scaled_permutation", "theorem2.block_permutation"
#: As printed: (i), (ii). The sharp form: one of the other two, as k is 1 or more.
CLAIMS = ("theorem2.i", "theorem2.ii", SCALED, BLOCK)


def decisions(model: Any) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """Each claim that the model's k gives a meaning with the call that decides it."""
    yield "theorem2.i", lambda: check_identical(model)
    yield "theorem2.ii", lambda: check_minimum(model)
    if max(model.prior.ks) == 1:
        yield SCALED, lambda: check_scaled_permutation(model)
    else:
        yield BLOCK, lambda: check_block_permutation(model)


def _families(model: Any) -> list[Mapping[str, Any]]:
    """One description for every latent."""
    return [family.describe() for family in model.prior.families]


def by_family(
    families: Sequence[Mapping[str, Any]], decide: Callable[[Mapping[str, Any]], Rule]
) -> tuple[list[Rule], list[int]]:
    """What is decided about each different family, and which of them each latent has."""
    rules: list[Rule] = []
    numbers: dict[str, int] = {}
    of_latent = []
    for description in families:
        key = json.dumps({name: value for name, value in description.items() if name != "name"}, sort_keys=True)
        if key not in numbers:
            numbers[key] = len(rules)
            rules.append(decide(description))
        of_latent.append(numbers[key])
    return rules, of_latent


def check_identical(model: Any) -> Verdict:
    """Theorem 2 (i) as printed: k = 1, and T_i,1 is the same function for all i (its domain Z_i included)."""
    claim = "theorem2.i"
    families = _families(model)
    for latent, description in enumerate(families):
        if int(description["k"]) != 1:
            return Verdict.fail(
                claim,
                Grade.EXACT,
                f"Latent {latent + 1} has k = {description['k']} statistics; Theorem 2 as printed needs k = 1.",
                evidence={"kind": "theorem2.several_statistics", "latent": latent},
                advice="For k >= 2, theorem2.block_permutation is the form of Theorem 2.",
            )
    rules, of_latent = by_family(families, lambda description: decide_identical(families[0], description))
    for rule, latent in [(rules[number], of_latent.index(number)) for number in range(len(rules))]:
        if rule["status"] == Status.FAILS.word:
            return Verdict.fail(
                claim,
                Grade.CERTIFIED,
                f"T is not the same function for latents 1 and {latent + 1}: {rule['text']}.",
                evidence={"kind": "theorem2.different_statistics", "latents": [0, latent], **_without_text(rule)},
                advice="The sharp Theorem 2 does not need the same T for all latents.",
            )
    if any(rule["status"] == Status.UNDECIDED.word for rule in rules):
        why = next(rule["text"] for rule in rules if rule["status"] == Status.UNDECIDED.word)
        return Verdict.unknown(claim, f"Whether T is the same function for all latents is open: {why}.")
    return Verdict.hold(
        claim,
        Grade.EXACT,
        "k = 1 and every latent has the same statistic T on the same support.",
        evidence={"kind": "theorem2.identical_statistics"},
    )


def _without_text(rule: Rule) -> Rule:
    return {name: value for name, value in rule.items() if name not in ("text", "status")}


def check_minimum(model: Any) -> Verdict:
    """Theorem 2 (ii) as printed: every T_i,1 has a unique minimum on Z_i."""
    claim = "theorem2.ii"
    rules, of_latent = by_family(_families(model), decide_minimum)
    for number, rule in enumerate(rules):
        if rule.get("status") == Status.FAILS.word:
            latent = of_latent.index(number)
            return Verdict.fail(
                claim,
                Grade.CERTIFIED,
                f"T of latent {latent + 1} has no unique minimum on its support: {_MINIMUM[rule['rule']]}.",
                evidence={"kind": "theorem2.no_unique_minimum", "latent": latent, **_without_status(rule)},
                advice="The sharp Theorem 2 does not need a minimum: see theorem2.scaled_permutation.",
            )
    if any(rule["rule"] == "undecided" for rule in rules):
        latent, why = _first_undecided(rules, of_latent)
        return Verdict.unknown(
            claim, f"Whether T of latent {latent + 1} has a unique minimum is open: {why}.", evidence={"tried": rules}
        )
    return Verdict.hold(
        claim,
        Grade.CERTIFIED,
        "Every T_i,1 has exactly one minimum on its support.",
        evidence={
            "kind": "theorem2.unique_minimum",
            "families": [_without_status(rule) for rule in rules],
            "of_latent": of_latent,
        },
    )


_MINIMUM = {
    "constant": "it is constant",
    "unbounded below": "it tends to minus infinity",
    "pieces": "its minimum is not attained, or attained more than once",
    "tie": "its lower bound is attained at two points",
    "even": "it is even and not lowest at 0",
}


def _without_status(rule: Rule) -> Rule:
    return {name: value for name, value in rule.items() if name != "status"}


def _first_undecided(rules: Sequence[Rule], of_latent: Sequence[int]) -> tuple[int, str]:
    number = next(number for number, rule in enumerate(rules) if rule["rule"] == "undecided")
    return list(of_latent).index(number), str(rules[number]["why"])


def check_scaled_permutation(model: Any) -> Verdict:
    """Sharp Theorem 2: given Theorem 1's hypotheses with k = 1, is A a scaled permutation? (theory, section 3)

    HOLDS when at most one T_i(z_i) given u may be Gaussian; FAILS with two latents that are proved Gaussian with
    injective T_i, which can be rotated; UNDECIDED where Gaussianity is not settled.
    """
    families = _families(model)
    for latent, description in enumerate(families):
        if int(description["k"]) != 1:
            return _shear(latent, int(description["k"]))
    if len(families) == 1:
        return Verdict.hold(
            SCALED,
            Grade.EXACT,
            "With one latent, A is a number other than 0.",
            evidence={"kind": "theorem2.one_latent"},
        )
    rules, of_latent = by_family(families, decide_gaussian)
    names = [rules[number]["rule"] for number in of_latent]
    gaussian = [latent for latent, name in enumerate(names) if name == "gaussian"]
    if len(gaussian) >= 2:
        return _rotation(rules, of_latent, gaussian[:2])
    open_ones = [latent for latent, name in enumerate(names) if name in ("gaussian", "undecided")]
    if len(open_ones) <= 1:
        return _at_most_one(rules, of_latent, open_ones)
    shown = ", ".join(str(latent + 1) for latent in open_ones[:6]) + (", .." if len(open_ones) > 6 else "")
    latent = next(latent for latent in open_ones if names[latent] == "undecided")
    return Verdict.unknown(
        SCALED,
        f"At most one T_i(z_i) given u may be Gaussian; for latents {shown} this is not settled. "
        f"Latent {latent + 1}: {rules[of_latent[latent]]['why']}.",
        evidence={"tried": rules, "of_latent": of_latent},
        advice="Give T and Q as formulas, or statistics that are bounded on one side such as z**2 or |z|.",
    )


def _shear(latent: int, k: int) -> Verdict:
    """With k >= 2 the statistics of one latent can be mixed: T' = B T, lambda' = B^-T lambda."""
    return Verdict.fail(
        SCALED,
        Grade.EXACT,
        f"Latent {latent + 1} has k = {k} statistics: T' = (T_1 + T_2, T_2, ..) with lambda' to match is the same "
        "model, so A is at best a block permutation.",
        evidence={"kind": "theorem2.shear", "latent": latent},
        advice="See theorem2.block_permutation.",
    )


def _rotation(rules: Sequence[Rule], of_latent: Sequence[int], pair: Sequence[int]) -> Verdict:
    i, j = (latent + 1 for latent in pair)
    return Verdict.fail(
        SCALED,
        Grade.EXACT,
        f"T_{i}(z_{i}) and T_{j}(z_{j}) given u are Gaussian with variances that do not depend on u, and T_{i}, T_{j} "
        "are injective: the standardised pair can be rotated (T' = z', Q' Gaussian), which is in the class and has the "
        "same law of x given u.",
        evidence={
            "kind": "theorem2.gaussian_pair",
            "latents": list(pair),
            "rules": [rules[of_latent[latent]] for latent in pair],
            "rotation": [["3/5", "-4/5"], ["4/5", "3/5"]],
        },
        advice="Let the variances of all latents but one depend on u (T = z**2 or T = (z, z**2)), or choose a base "
        "measure that is not Gaussian.",
    )


def _at_most_one(rules: Sequence[Rule], of_latent: Sequence[int], excepted: Sequence[int]) -> Verdict:
    used = [rule for number, rule in enumerate(rules) if number not in {of_latent[latent] for latent in excepted}]
    grade = Grade.CERTIFIED if any(rule["rule"] == "density" for rule in used) else Grade.EXACT
    if not excepted:
        what = "No T_i(z_i) given u is Gaussian"
    else:
        what = f"Only T_{excepted[0] + 1}(z_{excepted[0] + 1}) given u may be Gaussian"
    return Verdict.hold(
        SCALED,
        grade,
        f"{what}, so A is a scaled permutation whenever Theorem 1 applies (Darmois-Skitovich).",
        evidence={
            "kind": "theorem2.not_gaussian",
            "families": rules,
            "of_latent": of_latent,
            "excepted": excepted[0] if excepted else None,
        },
    )


def check_block_permutation(model: Any) -> Verdict:
    """Sharp Theorem 2 for k >= 2: given Theorem 1's hypotheses, is A a block permutation? (theory, section 3)

    HOLDS for T = (z, z**2) compared with models of the same statistics, without any smoothness; and for analytic T
    on intervals such that the image of no interval lies inside a line, among models with ``f'^-1 o f`` a C1
    diffeomorphism. Otherwise UNDECIDED.
    """
    families = _families(model)
    if len(families) == 1:
        return Verdict.hold(
            BLOCK, Grade.EXACT, "With one latent, A is one block.", evidence={"kind": "theorem2.one_latent"}
        )
    small = [latent for latent, description in enumerate(families) if int(description["k"]) < 2]
    if small:
        return Verdict.unknown(
            BLOCK,
            f"The theorem for blocks needs k_i >= 2 for every latent; latent {small[0] + 1} has k = 1.",
            evidence={"tried": "k_i >= 2", "latents": small},
            advice="With k_i = 1 for all latents, theorem2.scaled_permutation applies.",
        )
    rules, of_latent = by_family(families, decide_curved)
    if any(rule["rule"] == "undecided" for rule in rules):
        latent, why = _first_undecided(rules, of_latent)
        return Verdict.unknown(
            BLOCK,
            f"Latent {latent + 1}: {why}; the sharp Theorem 2 needs the image of no interval under T inside a line.",
            evidence={"tried": rules, "of_latent": of_latent},
        )
    quadratic = all(rule["rule"] == "quadratic" for rule in rules)
    if quadratic:
        reason = (
            "T = (z, z**2) up to an affine map for every latent: A is a block permutation whenever Theorem 1 applies, "
            "among models of the same statistics, without any smoothness of f."
        )
    else:
        reason = (
            "T_i is analytic on an interval and the image of no interval lies inside a line: A is a block permutation "
            "whenever Theorem 1 applies."
        )
    return Verdict.hold(
        BLOCK,
        Grade.EXACT if quadratic else Grade.CERTIFIED,
        reason,
        evidence={"kind": "theorem2.block", "families": rules, "of_latent": of_latent},
        assumes=(SAME_FAMILY if quadratic else C1_ASSUMPTION,),
    )
