"""Recheck what Theorem 2's claims rest on, from the families in the report's subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.enclosure.models.blocks import is_curved, is_quadratic_family
from ivae_theory.enclosure.models.compare import certainly_different, certainly_same, same_support
from ivae_theory.enclosure.models.gaussianity import (
    has_gap,
    is_half_bounded,
    is_onto_line,
    is_quadratic,
    refutes_gaussian,
)
from ivae_theory.enclosure.models.latent import Latent, read_formulas
from ivae_theory.enclosure.models.minimum import (
    even_without_minimum_at_centre,
    minimum_by_pieces,
    minimum_of_polynomial,
    tied_minimum,
    unbounded_below,
)
from ivae_theory.exact import parse_fraction
from ivae_theory.verdict import Grade, Status

SCALED, BLOCK = "theorem2.scaled_permutation", "theorem2.block_permutation"
Evidence = Mapping[str, Any]


def _require(condition: bool, expected: str, got: str = "evidence that does not show it") -> None:
    if not condition:
        raise InvalidCertificate(expected, got)


def families_of(subject: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """One description for every latent of the subject."""
    families = list(subject["families"])
    _require(len(families) == subject["n"] == len(subject["ks"]), "one family a latent", f"{len(families)}")
    _require(
        all(f["k"] == k for f, k in zip(families, subject["ks"], strict=True)), "the k_i of the families", "others"
    )
    return families


def every_latent(
    evidence: Evidence, subject: Mapping[str, Any], skip: int | None, check: Callable[[Any, Evidence], None]
) -> list[Evidence]:
    """Check the rule of every latent, once for each different pair of family and rule."""
    families, rules, of_latent = families_of(subject), evidence["families"], evidence["of_latent"]
    _require(len(of_latent) == len(families), "a rule for every latent", f"{len(of_latent)} for {len(families)}")
    done: set[str] = set()
    used = []
    for latent, (description, number) in enumerate(zip(families, of_latent, strict=True)):
        if latent == skip:
            continue
        _require(isinstance(number, int) and 0 <= number < len(rules), "the number of a rule", repr(number))
        key = repr((number, {name: value for name, value in description.items() if name != "name"}))
        if key not in done:
            check(description, rules[number])
            done.add(key)
        used.append(rules[number])
    return used


def _only_k1(subject: Mapping[str, Any]) -> None:
    _require(all(k == 1 for k in subject["ks"]), "k = 1 for every latent", str(subject["ks"]))


def _latent(subject: Mapping[str, Any], number: Any) -> Latent:
    return read_formulas(_described(subject, number)).latent()


def _described(subject: Mapping[str, Any], number: Any) -> Mapping[str, Any]:
    families = families_of(subject)
    _require(isinstance(number, int) and 0 <= number < len(families), "the number of a latent", repr(number)[:40])
    found: Mapping[str, Any] = families[number]
    return found


@rechecks("theorem2.one_latent", SCALED, BLOCK)
def _one_latent(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _require(len(families_of(subject)) == 1, "one latent")
    _require(claim == BLOCK or subject["ks"][0] == 1, "k = 1")
    return Rechecked(Status.HOLDS, Grade.EXACT)


@rechecks("theorem2.shear", SCALED)
def _shear(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _require(_described(subject, evidence["latent"])["k"] >= 2, "a latent with k >= 2")
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("theorem2.not_gaussian", SCALED)
def _not_gaussian(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _only_k1(subject)
    excepted = evidence["excepted"]
    _require(excepted is None or isinstance(excepted, int), "at most one excepted latent", repr(excepted)[:40])
    used = every_latent(evidence, subject, excepted, _check_not_gaussian)
    certified = any(rule["rule"] == "density" for rule in used)
    return Rechecked(Status.HOLDS, Grade.CERTIFIED if certified else Grade.EXACT)


def _check_not_gaussian(description: Mapping[str, Any], rule: Evidence) -> None:
    latent, name = read_formulas(description).latent(), rule["rule"]
    if name == "half-bounded":
        side = {"below": -1, "above": 1}[rule["side"]]
        shown = is_half_bounded(latent, side, [parse_fraction(value) for value in rule["cuts"]])
    elif name == "gap":
        shown = has_gap(latent)
    elif name == "density":
        tail = {"none": 0, "right": 1, "left": -1}[rule["tail"]]
        start = None if tail == 0 else parse_fraction(rule["start"])
        shown = refutes_gaussian(latent, tail, start, [parse_fraction(value) for value in rule["points"]])
    else:
        shown = False
    _require(shown, "a proof that the law of T is not Gaussian")


@rechecks("theorem2.gaussian_pair", SCALED)
def _gaussian_pair(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """Two Gaussian T_i(z_i) with injective T_i, and a matrix that rotates them and mixes."""
    _only_k1(subject)
    _require(len(set(evidence["latents"])) == 2 == len(evidence["rules"]), "two latents")
    for number, rule in zip(evidence["latents"], evidence["rules"], strict=True):
        latent = _latent(subject, number)
        linear, quadratic = parse_fraction(rule["linear"]), parse_fraction(rule["quadratic"])
        shown = quadratic < 0 and is_quadratic(latent, linear, quadratic) and is_onto_line(latent)
        _require(shown, "a proof that the law of T is Gaussian and T is injective")
    (a, b), (c, d) = ([parse_fraction(value) for value in row] for row in evidence["rotation"])
    _require(a * a + b * b == 1 == c * c + d * d and a * c + b * d == 0 and a * b != 0, "a rotation that mixes")
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("theorem2.block", BLOCK)
def _block(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _require(all(k >= 2 for k in subject["ks"]), "k >= 2 for every latent", str(subject["ks"]))
    used = every_latent(evidence, subject, None, _check_block)
    names = {rule["rule"] for rule in used}
    return Rechecked(Status.HOLDS, Grade.EXACT if names == {"quadratic"} else Grade.CERTIFIED)


def _check_block(description: Mapping[str, Any], rule: Evidence) -> None:
    formulas = read_formulas(description)
    if rule["rule"] == "quadratic":
        shown = is_quadratic_family(formulas)
    else:
        _require(rule["rule"] == "curved", "a rule for blocks", repr(rule["rule"])[:40])
        pair = [int(value) for value in rule["pair"]]
        _require(all(0 <= value < len(formulas.statistics) for value in pair), "two statistics", repr(pair)[:40])
        shown = is_curved(formulas, pair, [parse_fraction(value) for value in rule["points"]])
    _require(shown, "a proof that the image of no interval lies inside a line")


@rechecks("theorem2.several_statistics", "theorem2.i")
def _several(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _require(_described(subject, evidence["latent"])["k"] != 1, "a latent with k other than 1")
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("theorem2.identical_statistics", "theorem2.i")
def _identical(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _only_k1(subject)
    families = families_of(subject)
    first, done = read_formulas(families[0]), set()
    for description in families[1:]:
        key = repr((description["statistics"], description["variable"], description["support"]))
        if key in done:
            continue
        done.add(key)
        _require(certainly_same(first, read_formulas(description)), "the same statistic for all latents")
        _require(same_support(families[0], description), "the same support for all latents")
    return Rechecked(Status.HOLDS, Grade.EXACT)


@rechecks("theorem2.different_statistics", "theorem2.i")
def _different(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    a, b = (read_formulas(_described(subject, number)) for number in evidence["latents"])
    point = parse_fraction(evidence["point"])
    in_a, in_b = (any(part.contains(point) for part in formulas.parts) for formulas in (a, b))
    if evidence["rule"] == "domain":
        _require(in_a != in_b, "a point of one support only")
    else:
        _require(in_a and in_b and certainly_different(a, b, point), "a point at which the statistics differ")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


@rechecks("theorem2.unique_minimum", "theorem2.ii")
def _unique_minimum(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    def check(description: Mapping[str, Any], rule: Evidence) -> None:
        latent = read_formulas(description).latent()
        shown = (
            minimum_of_polynomial(latent)
            if rule["rule"] == "polynomial"
            else rule["rule"] == "pieces" and _by_pieces(latent, rule) is Status.HOLDS
        )
        _require(shown, "exactly one minimum")

    every_latent(evidence, subject, None, check)
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


def _by_pieces(latent: Latent, rule: Evidence) -> Status:
    found = minimum_by_pieces(latent, [parse_fraction(value) for value in rule["cuts"]])
    _require(found is not None, "pieces that decide")
    assert found is not None
    _require([parse_fraction(value) for value in rule["in_pieces_of"]] == list(found.at), "the same points")
    return found.status


@rechecks("theorem2.no_unique_minimum", "theorem2.ii")
def _no_unique_minimum(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    latent, rule = _latent(subject, evidence["latent"]), evidence["rule"]
    if rule == "constant":
        shown = not latent.statistic.has(latent.symbol)
    elif rule == "unbounded below":
        shown = unbounded_below(latent)
    elif rule == "pieces":
        shown = _by_pieces(latent, evidence) is Status.FAILS
    elif rule == "tie":
        shown = tied_minimum(latent, _points(evidence["points"]))
    else:
        shown = rule == "even" and even_without_minimum_at_centre(latent, parse_fraction(evidence["point"]))
    _require(shown, "no unique minimum")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


def _points(texts: Sequence[Any]) -> list[Any]:
    return [parse_fraction(text) for text in texts]
