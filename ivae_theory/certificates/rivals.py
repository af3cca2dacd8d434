"""Recheck rivals: the same law of x given u for every u, and not equivalent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.certificates.theorem2 import families_of
from ivae_theory.enclosure.appendix_e import is_appendix_e, is_not_affine, mean_of_rival
from ivae_theory.enclosure.band_limited import (
    LARGEST,
    cauchy_row,
    is_band_limited,
    is_no_affine_function,
    perturbed,
)
from ivae_theory.enclosure.diagonal import diagonal_slopes, gaussian_variance
from ivae_theory.enclosure.latent import read_formulas
from ivae_theory.enclosure.quadratic import RIVAL_STATISTICS, Quadratic, is_zero, quadratic_of, read_rows, rows_of
from ivae_theory.enclosure.rotation import is_same_law, mixed_difference, radial, rotated_statistics
from ivae_theory.exact import parse_fraction, to_fraction
from ivae_theory.verdict import Grade, Status

EQUIVALENCE, PERMUTATION = "rival.equivalence", "rival.scaled permutation"
Evidence = Mapping[str, Any]
#: What a verified rival shows: the claim "this rival refutes .." holds exactly.
VERIFIED = Rechecked(Status.HOLDS, Grade.EXACT)


def _require(condition: bool, expected: str, got: str = "a rival that does not show it") -> None:
    if not condition:
        raise InvalidCertificate(expected, got)


def _both_rows(evidence: Evidence, subject: Evidence) -> list[tuple[list[Any], list[Any]]]:
    _require(subject["domain"]["kind"] in ("points", "symbolic"), "the whole support of u")
    symbols = subject["domain"].get("symbols", ())
    before, after = rows_of(subject["natural"], symbols), read_rows(evidence["natural"], symbols)
    _require(before is not None, "natural parameters as a table or as formulas")
    assert before is not None
    _require(len(before) == len(after), "a row for every u", f"{len(after)} for {len(before)}")
    _require(all(len(row) == sum(subject["ks"]) for row in (*before, *after)), "rows of sum k_i entries")
    before = [[_symbolic(value) for value in row] for row in before]
    return list(zip(before, after, strict=True))


def _symbolic(value: Any) -> sympy.Expr:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(value.numerator, value.denominator)


def _pair(evidence: Evidence, subject: Evidence) -> list[int]:
    pair = [int(latent) for latent in evidence["latents"]]
    _require(len(pair) == 2 == len(set(pair)) and all(0 <= p < subject["n"] for p in pair), "two latents")
    return pair


def _blocks(row: Sequence[Any], ks: Sequence[int]) -> list[list[Any]]:
    blocks, start = [], 0
    for k in ks:
        blocks.append(list(row[start : start + k]))
        start += k
    return blocks


def _gaussian(description: Evidence) -> Quadratic:
    found = quadratic_of(read_formulas(description))
    _require(found is not None and found.kind != "", "a Gaussian latent")
    assert found is not None
    return found


def _others_unchanged(rows: list[tuple[list[Any], list[Any]]], pair: Sequence[int], ks: Sequence[int]) -> None:
    for before, after in rows:
        for latent, (a, b) in enumerate(zip(_blocks(before, ks), _blocks(after, ks), strict=True)):
            if latent not in pair:
                _require(all(is_zero(x - y) for x, y in zip(a, b, strict=True)), "the other latents unchanged")


def _matching_text(evidence: Evidence, texts: Sequence[str]) -> None:
    _require(evidence["covers"] in texts, "what the construction covers", repr(evidence["covers"])[:60])


@rechecks("rival.rotated_pair", EQUIVALENCE, PERMUTATION)
def _rotated_pair(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal Gaussian laws row by row; then a statistic of z' that is no sum over the latents, or a mixing matrix."""
    pair, ks = _pair(evidence, subject), subject["ks"]
    before = [_gaussian(families_of(subject)[latent]) for latent in pair]
    kind = before[0].kind
    _require(before[1].kind == kind, "two latents of one kind")
    base = [parse_fraction(value) for value in evidence["base_measures"]]
    _require(len(base) == 2 and all(v < 0 if kind == "location" else v == 0 for v in base), "Gaussian families")
    after = [Quadratic(RIVAL_STATISTICS[kind], (value, Fraction(0))) for value in base]
    matrix = [[parse_fraction(value) for value in row] for row in evidence["matrix"]]
    shift = [parse_fraction(value) for value in evidence["shift"]]
    (a, b), (c, d) = matrix
    _require(a * d != b * c and all((a, b, c, d)), "an invertible matrix that mixes")
    rows = _both_rows(evidence, subject)
    for row, other in rows:
        old = [q.at(_blocks(row, ks)[latent]) for q, latent in zip(before, pair, strict=True)]
        new = [q.at(_blocks(other, ks)[latent]) for q, latent in zip(after, pair, strict=True)]
        _require(is_same_law(old, new, matrix, shift), "the same law for every u")
    _others_unchanged(rows, pair, ks)
    _matching_text(evidence, [_COVERS[kind]])
    corners = _corners(evidence)
    if claim == EQUIVALENCE:
        _require(any(rotated_statistics(after, matrix, shift, corners)), "a statistic that is no sum over the latents")
    else:
        _require(kind == "location", "T = z for both latents")
    return VERIFIED


_COVERS = {
    "scale": "two Gaussian latents with fixed means, T = z**2, whose variances are proportional over all u",
    "both": "two Gaussian latents, T = (z, z**2), whose variances are proportional over all u",
    "location": "two Gaussian latents of fixed variance, T = z",
}


def _corners(evidence: Evidence) -> list[list[Fraction]]:
    corners = [[parse_fraction(value) for value in corner] for corner in evidence["corners"]]
    (a, b), (a2, b1), (a1, b2), (a3, b3) = corners
    _require(a1 == a and b1 == b and a3 == a2 and b3 == b2, "the corners of a rectangle")
    return corners


@rechecks("rival.radial_rotation", EQUIVALENCE)
def _radial(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Two Gaussian latents that are the same for every u; a rotation that no sum over the latents is."""
    pair, ks = _pair(evidence, subject), subject["ks"]
    before = [_gaussian(families_of(subject)[latent]) for latent in pair]
    _require(all(q.kind == "location" for q in before), "T = z for both latents")
    rows = _both_rows(evidence, subject)
    for row, other in rows:
        for place, latent in enumerate(pair):
            first = before[place].at(_blocks(rows[0][0], ks)[latent])
            here = before[place].at(_blocks(row, ks)[latent])
            _require(all(is_zero(x - y) for x, y in zip(first, here, strict=True)), "latents that do not depend on u")
            _require(not any(getattr(x, "free_symbols", None) for x in here), "latents that do not depend on u")
            # T' = z', Q' = exp(-z'**2 / 2): lambda' = 0 is the standard Gaussian
            _require(all(is_zero(value) for value in _blocks(other, ks)[latent]), "lambda' = 0 for both latents")
    _others_unchanged(rows, pair, ks)
    _matching_text(evidence, ["two Gaussian latents with T = z that do not depend on u"])
    _require(evidence["map"] == _RADIAL_MAP, "the rotation's formula")
    corners = _corners(evidence)
    _require(mixed_difference([radial(a, b)[0] for a, b in corners]) != 0, "a map that is no sum over the latents")
    return VERIFIED


_RADIAL_MAP = "z' = h(y), y = (z - mean) / sd, h the rotation by the angle whose half has the tangent |y|**2"


@rechecks("rival.learned_variance", EQUIVALENCE)
def _learned_variance(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal covariances of x for every u, and squares of mixed coordinates."""
    pair, n = _pair(evidence, subject), int(subject["n"])
    old, new = gaussian_variance(subject["noise"]), parse_fraction(evidence["variance"])
    slopes = diagonal_slopes(subject["mixing"], n)
    _require(old is not None and subject["noise"]["learned"] is True, "Gaussian noise with a learned variance")
    _require(slopes is not None and subject["ks"] == [1] * n, "f linear and diagonal, k = 1")
    _require(subject["domain"]["kind"] == "points", "a finite support of u")
    assert old is not None
    assert slopes is not None
    quadratics = [_gaussian(description) for description in families_of(subject)]
    _require(all(q.kind == "scale" and q.centre == 0 for q in quadratics), "T = z**2 with mean 0")
    ratio, (i, j) = parse_fraction(evidence["ratio"]), pair
    _require(ratio > 0 and new > 0, "positive variances")
    for row, other in _both_rows(evidence, subject):
        signal = [
            a * a / (-2 * q.at([to_fraction(value)])[0]) for a, q, value in zip(slopes, quadratics, row, strict=True)
        ]
        rival = [Fraction(-1, 2) / to_fraction(value) for value in other]
        _require(all(value > 0 for value in (*signal, *rival)), "positive variances")
        # w_i = (z'_i + z'_j) / (1 + rho), w_j = (rho z'_i - z'_j) / (1 + rho)
        scale = (1 + ratio) ** 2
        spread = {i: (rival[i] + rival[j]) / scale, j: (ratio * ratio * rival[i] + rival[j]) / scale}
        _require(ratio * rival[i] == rival[j], "coordinates without correlation")
        for coordinate in range(n):
            expected = spread.get(coordinate, rival[coordinate])
            _require(signal[coordinate] + old == expected + new, "the same covariance of x for every u")
    _matching_text(evidence, [_LEARNED])
    return VERIFIED


_LEARNED = (
    "Gaussian noise with a learned variance, f linear and diagonal (n = d), T = z**2 with mean 0, and two coordinates "
    "whose variances are affine functions of each other over all u"
)


@rechecks("rival.bernoulli", EQUIVALENCE)
def _bernoulli(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Equal success probabilities for every u, and f' that is not affine."""
    _require(is_appendix_e(subject), "the Bernoulli model of Appendix E")
    _require(subject["domain"]["kind"] == "points", "a finite support of u")
    for row, other in _both_rows(evidence, subject):
        _require(all(mean_of_rival(a, b) for a, b in zip(row, other, strict=True)), "the same success probabilities")
    points = [parse_fraction(value) for value in evidence["points"]]
    _require(len(evidence["mixing"]) == subject["n"], "one output a latent")
    for place, text in enumerate(evidence["mixing"]):
        name = f"z{place + 1}"
        _require(text == f"{name} - log(2 + exp(-{name}))", "f'(z) = logit(sigmoid(z)**2)", text[:60])
        _require(is_not_affine(text, name, points), "f' that is not affine")
    _matching_text(evidence, [_BERNOULLI])
    return VERIFIED


_BERNOULLI = (
    "Bernoulli observations with success probability sigmoid(z_i), T = z, Q = (1 + exp(z))**-2 (Appendix E), "
    "lambda in (0, 2)"
)


@rechecks("rival.band_limited", EQUIVALENCE)
def _band_limited(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """A perturbation of a Cauchy density whose transform lies where that of the noise is 0."""
    _require(is_band_limited(subject), "x = z + eps with the characteristic function max(1 - |t|, 0)")
    row = cauchy_row(subject)
    _require(row is not None and row == evidence["row"] and evidence["row"] is not True, "the row of a Cauchy density")
    epsilon = parse_fraction(evidence["epsilon"])
    _require(0 < abs(epsilon) < LARGEST, "0 < |eps| < 1/17", str(epsilon))
    formulas, rows = read_formulas(families_of(subject)[0]), rows_of(subject["natural"])
    assert rows is not None
    assert row is not None
    statistic, _ = perturbed(formulas, rows, row, epsilon)
    points = [parse_fraction(value) for value in evidence["points"]]
    _require(is_no_affine_function(formulas, statistic, points), "a statistic that is no affine function of T")
    _matching_text(evidence, [_CAUCHY])
    return VERIFIED


_CAUCHY = (
    "n = d = 1, f(z) = z, noise with the characteristic function max(1 - |t|, 0), two values of u, p(z | u) Cauchy "
    "at one of them"
)
