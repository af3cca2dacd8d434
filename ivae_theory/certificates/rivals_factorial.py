"""Recheck the rival that rotates two latents which do not depend on u, whatever their law."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import sympy

from ivae_theory.certificates.positivity import recheck_points
from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.certificates.rivals import EQUIVALENCE, VERIFIED, corners_of, matching_words, pair_of, require
from ivae_theory.certificates.statistics import bits_of
from ivae_theory.certificates.theorem2 import families_of
from ivae_theory.enclosure.models.constancy import constant_columns
from ivae_theory.enclosure.models.rotation import mixed_difference, radial
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.families.formulas import read_formulas

__all__: list[str] = []

Evidence = Mapping[str, Any]
_MAP = "z' = h(y), y = Phi^-1(F(z)), h the rotation by the angle whose half has the tangent |y|**2"


@rechecks("rival.factorial", EQUIVALENCE)
def _factorial(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Two latents, the same for every u, whose distribution functions are bijections; a map that is no sum.

    A density that is positive almost everywhere on one interval has a continuous increasing distribution function, so
    y = Phi^-1(F(z)) is a bijection onto the plane and standard Gaussian, and h keeps that law. h_1 is continuous, so
    that its mixed difference is not 0 on a set of rectangles of positive measure, which refutes equality almost
    everywhere as well.
    """
    pair, families = pair_of(evidence, subject), families_of(subject)
    _same_for_every_u(pair, evidence, subject)
    require(len(evidence["positive_at"]) == 2, "points for both latents")
    for latent, points in zip(pair, evidence["positive_at"], strict=True):
        formulas = read_formulas(families[latent])
        require(formulas.statistics is not None, "statistics with formulas")
        require(isinstance(formulas.support, sympy.Interval), "a support that is one interval")
        if formulas.base_measure == 1 and not points:
            continue
        with precision(bits_of(evidence)):
            recheck_points(formulas, points)
    require(evidence["map"] == _MAP, "the rotation's formula")
    values = [radial(a, b)[0] for a, b in corners_of(evidence)]
    require(mixed_difference(values) != 0, "a map that is no sum over the latents")
    matching_words(evidence)
    return VERIFIED


def _same_for_every_u(pair: list[int], evidence: Evidence, subject: Evidence) -> None:
    natural, ks = subject["natural"], [int(k) for k in subject["ks"]]
    graph = None
    if natural["kind"] == "callable":
        graph = Graph.from_dict(evidence["graph"])
        if graph.digest() != natural["graph"] or graph.size != sum(ks):
            raise InvalidCertificate("the graph of the subject's natural parameters", "another one")
    ends = list(itertools.accumulate(ks))
    places = {place for latent in pair for place in range(ends[latent] - ks[latent], ends[latent])}
    require(constant_columns(natural, subject["domain"], graph) >= places, "latents that do not depend on u")
