"""Recheck the rank when (V) fails: relations from above, enclosures of the other coordinates from below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import parse_fraction, rank

__all__ = ["check_directions", "check_rank"]


def check_rank(
    evidence: Mapping[str, Any],
    relations: Sequence[Sequence[Fraction]],
    enclose: Callable[[int], list[list[arb]]],
) -> None:
    """The rank is the one claimed; ``enclose(bits)`` encloses lambda at the evidence's points.

    Raises
    ------
    InvalidCertificate
        When it is not shown, or the directions are not a basis of those in which lambda varies.
    """
    size, claimed = len(relations[0]), evidence["rank"]
    coordinates = [int(j) for j in evidence["coordinates"]]
    if type(claimed) is not int or len(relations) != size - claimed or rank(relations) != len(relations):
        raise InvalidCertificate("as many independent relations as the rank lacks", f"rank {claimed!r}")
    if len(coordinates) != claimed or not all(0 <= j < size for j in coordinates):
        raise InvalidCertificate(f"{claimed} coordinates", repr(coordinates)[:60])
    if claimed:
        bits = int(evidence["bits"])
        if not 32 <= bits <= 4096:
            raise InvalidCertificate("a working precision of 32 to 4096 bits", str(bits))
        with precision(bits):
            lower = differences([[row[j] for j in coordinates] for row in enclose(bits)])
        if not has_full_column_rank(lower, bits):
            raise InvalidCertificate("points at which the coordinates span", "no proof of it")
    check_directions(evidence, relations)


def check_directions(evidence: Mapping[str, Any], relations: Sequence[Sequence[Fraction]]) -> None:
    """The directions, where there are some, are a basis of the complement of the relations."""
    if "identified_directions" not in evidence:
        return
    found = [[parse_fraction(text) for text in direction] for direction in evidence["identified_directions"]]
    orthogonal = all(sum(a * b for a, b in zip(v, w, strict=True)) == 0 for v in found for w in relations)
    if "rank" not in evidence or len(found) != evidence["rank"] or rank(found) != len(found) or not orthogonal:
        raise InvalidCertificate("a basis of the directions in which lambda varies", "something else")
