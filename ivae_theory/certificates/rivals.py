"""Recheck rivals: the same law of x given u for every u, and not equivalent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.certificates.theorem2 import families_of
from ivae_theory.enclosure.models.appendix_e import is_appendix_e, is_not_affine, mean_of_rival
from ivae_theory.enclosure.models.band_limited import (
    LARGEST,
    cauchy_row,
    is_band_limited,
    is_no_affine_function,
    perturbed,
)
from ivae_theory.enclosure.models.diagonal import diagonal_slopes, gaussian_variance
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.models.quadratic import (
    RIVAL_STATISTICS,
    Quadratic,
    is_zero,
    quadratic_of,
    read_rows,
    rows_of,
)
from ivae_theory.enclosure.models.rival_text import covers_of, sentence
from ivae_theory.enclosure.models.rotation import is_same_law, rotated_statistics
from ivae_theory.exact import parse_fraction, to_fraction
from ivae_theory.verdict import Grade, Status

EQUIVALENCE, PERMUTATION = "rival.equivalence", "rival.scaled permutation"
Evidence = Mapping[str, Any]
#: What a verified rival shows: the claim "this rival refutes .." holds exactly.
VERIFIED = Rechecked(Status.HOLDS, Grade.EXACT)


def require(condition: bool, expected: str, got: str = "a rival that does not show it") -> None:
    if not condition:
        raise InvalidCertificate(expected, got)


def _both_rows(evidence: Evidence, subject: Evidence) -> list[tuple[list[Any], list[Any]]]:
    require(subject["domain"]["kind"] in ("points", "symbolic"), "the whole support of u")
    symbols = subject["domain"].get("symbols", ())
    before, after = rows_of(subject["natural"], symbols), read_rows(evidence["natural"], symbols)
    require(before is not None, "natural parameters as a table or as formulas")
    assert before is not None
    require(len(before) == len(after), "a row for every u", f"{len(after)} for {len(before)}")
    require(all(len(row) == sum(subject["ks"]) for row in (*before, *after)), "rows of sum k_i entries")
    before = [[_symbolic(value) for value in row] for row in before]
    return list(zip(before, after, strict=True))


def _symbolic(value: Any) -> sympy.Expr:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(value.numerator, value.denominator)


def pair_of(evidence: Evidence, subject: Evidence) -> list[int]:
    pair = [int(latent) for latent in evidence["latents"]]
    require(len(pair) == 2 == len(set(pair)) and all(0 <= p < subject["n"] for p in pair), "two latents")
    return pair


def blocks_of(row: Sequence[Any], ks: Sequence[int]) -> list[list[Any]]:
    blocks, start = [], 0
    for k in ks:
        blocks.append(list(row[start : start + k]))
        start += k
    return blocks


def _gaussian(description: Evidence) -> Quadratic:
    found = quadratic_of(read_formulas(description))
    require(found is not None and found.kind != "", "a Gaussian latent")
    assert found is not None
    return found


def _others_unchanged(rows: list[tuple[list[Any], list[Any]]], pair: Sequence[int], ks: Sequence[int]) -> None:
    for before, after in rows:
        for latent, (a, b) in enumerate(zip(blocks_of(before, ks), blocks_of(after, ks), strict=True)):
            if latent not in pair:
                require(all(is_zero(x - y) for x, y in zip(a, b, strict=True)), "the other latents unchanged")


def matching_words(evidence: Evidence, family: str = "") -> None:
    """What is said for people is what the numbers say."""
    require(evidence["covers"] == covers_of(evidence["kind"], family), "what the construction covers")
    require(evidence["text"] == sentence(evidence, family), "the sentence that the numbers give")


@rechecks("rival.rotated_pair", EQUIVALENCE, PERMUTATION)
def _rotated_pair(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal Gaussian laws row by row; then a statistic of z' that is no sum over the latents, or a mixing matrix."""
    pair, ks = pair_of(evidence, subject), subject["ks"]
    before = [_gaussian(families_of(subject)[latent]) for latent in pair]
    kind = before[0].kind
    require(before[1].kind == kind, "two latents of one kind")
    base = [parse_fraction(value) for value in evidence["base_measures"]]
    require(len(base) == 2 and all(v < 0 if kind == "location" else v == 0 for v in base), "Gaussian families")
    after = [Quadratic(RIVAL_STATISTICS[kind], (value, Fraction(0))) for value in base]
    matrix = [[parse_fraction(value) for value in row] for row in evidence["matrix"]]
    shift = [parse_fraction(value) for value in evidence["shift"]]
    (a, b), (c, d) = matrix
    require(a * d != b * c and all((a, b, c, d)), "an invertible matrix that mixes")
    rows = _both_rows(evidence, subject)
    for row, other in rows:
        old = [q.at(blocks_of(row, ks)[latent]) for q, latent in zip(before, pair, strict=True)]
        new = [q.at(blocks_of(other, ks)[latent]) for q, latent in zip(after, pair, strict=True)]
        require(is_same_law(old, new, matrix, shift), "the same law for every u")
    _others_unchanged(rows, pair, ks)
    matching_words(evidence, kind)
    corners = corners_of(evidence)
    if claim == EQUIVALENCE:
        require(any(rotated_statistics(after, matrix, shift, corners)), "a statistic that is no sum over the latents")
    else:
        require(kind == "location", "T = z for both latents")
    return VERIFIED


def corners_of(evidence: Evidence) -> list[list[Fraction]]:
    corners = [[parse_fraction(value) for value in corner] for corner in evidence["corners"]]
    (a, b), (a2, b1), (a1, b2), (a3, b3) = corners
    require(a1 == a and b1 == b and a3 == a2 and b3 == b2, "the corners of a rectangle")
    return corners


@rechecks("rival.learned_variance", EQUIVALENCE)
def _learned_variance(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal covariances of x for every u, and squares of mixed coordinates."""
    pair, n = pair_of(evidence, subject), int(subject["n"])
    old, new = gaussian_variance(subject["noise"]), parse_fraction(evidence["variance"])
    slopes = diagonal_slopes(subject["mixing"], n)
    require(old is not None and subject["noise"]["learned"] is True, "Gaussian noise with a learned variance")
    require(slopes is not None and subject["ks"] == [1] * n, "f linear and diagonal, k = 1")
    require(subject["domain"]["kind"] == "points", "a finite support of u")
    assert old is not None
    assert slopes is not None
    quadratics = [_gaussian(description) for description in families_of(subject)]
    require(all(q.kind == "scale" and q.centre == 0 for q in quadratics), "T = z**2 with mean 0")
    ratio, (i, j) = parse_fraction(evidence["ratio"]), pair
    require(ratio > 0 and new > 0, "positive variances")
    for row, other in _both_rows(evidence, subject):
        signal = [
            a * a / (-2 * q.at([to_fraction(value)])[0]) for a, q, value in zip(slopes, quadratics, row, strict=True)
        ]
        rival = [Fraction(-1, 2) / to_fraction(value) for value in other]
        require(all(value > 0 for value in (*signal, *rival)), "positive variances")
        # w_i = (z'_i + z'_j) / (1 + rho), w_j = (rho z'_i - z'_j) / (1 + rho)
        scale = (1 + ratio) ** 2
        spread = {i: (rival[i] + rival[j]) / scale, j: (ratio * ratio * rival[i] + rival[j]) / scale}
        require(ratio * rival[i] == rival[j], "coordinates without correlation")
        for coordinate in range(n):
            expected = spread.get(coordinate, rival[coordinate])
            require(signal[coordinate] + old == expected + new, "the same covariance of x for every u")
    matching_words(evidence)
    return VERIFIED


@rechecks("rival.bernoulli", EQUIVALENCE)
def _bernoulli(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal success probabilities for every u, and f' that is not affine."""
    require(is_appendix_e(subject), "the Bernoulli model of Appendix E")
    require(subject["domain"]["kind"] == "points", "a finite support of u")
    for row, other in _both_rows(evidence, subject):
        require(all(mean_of_rival(a, b) for a, b in zip(row, other, strict=True)), "the same success probabilities")
    points = [parse_fraction(value) for value in evidence["points"]]
    require(len(evidence["mixing"]) == subject["n"], "one output a latent")
    for place, text in enumerate(evidence["mixing"]):
        name = f"z{place + 1}"
        require(text == f"{name} - log(2 + exp(-{name}))", "f'(z) = logit(sigmoid(z)**2)", text[:60])
        require(is_not_affine(text, name, points), "f' that is not affine")
    matching_words(evidence)
    return VERIFIED


@rechecks("rival.band_limited", EQUIVALENCE)
def _band_limited(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """A perturbation of a Cauchy density whose transform lies where that of the noise is 0."""
    require(is_band_limited(subject), "x = z + eps with the characteristic function max(1 - |t|, 0)")
    row = cauchy_row(subject)
    require(row is not None and row == evidence["row"] and evidence["row"] is not True, "the row of a Cauchy density")
    epsilon = parse_fraction(evidence["epsilon"])
    require(0 < abs(epsilon) < LARGEST, "0 < |eps| < 1/17", str(epsilon))
    formulas, rows = read_formulas(families_of(subject)[0]), rows_of(subject["natural"])
    assert rows is not None
    assert row is not None
    statistic, _ = perturbed(formulas, rows, row, epsilon)
    points = [parse_fraction(value) for value in evidence["points"]]
    require(is_no_affine_function(formulas, statistic, points), "a statistic that is no affine function of T")
    matching_words(evidence)
    return VERIFIED
