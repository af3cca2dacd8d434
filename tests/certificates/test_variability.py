"""The certificates of theorem1.iii recheck, and do not when they or their subject are changed."""

import copy
import functools
import json
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from flint import fmpq

from ivae_theory import Box, Observed, Points, Prior, families
from ivae_theory.certificates import variability, variability_graph
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.enclosure.precision import around, precision
from ivae_theory.errors import CorruptReport
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.verdict import Grade, Status

assert variability, variability_graph
CLAIM = "theorem1.iii"
LOCATION = families.gaussian_location()
U = sympy.Symbol("u", real=True)


def network(*widths, activation="Tanh"):
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    torch.manual_seed(0)
    layers = []
    for a, b in pairwise(widths):
        layers += [torch.nn.Linear(a, b), getattr(torch.nn, activation)()]
    return torch.nn.Sequential(*layers[:-1]).double()


def rational_network():
    """Full structural rank, but one relation over the three points of the support: exact values show it."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    return lambda u: torch.cat([u, torch.relu(u), torch.relu(-u)], dim=1)[:, :2] if u.shape[1] == 1 else u


CASES = {
    "floats": lambda: Prior(LOCATION, np.random.default_rng(0).standard_normal((9, 3))),
    "integers": lambda: Prior(LOCATION, [[0, 0], [1, 0], [0, 1]]),
    "roots": lambda: Prior(LOCATION, sympy.Matrix([[0, 0], [sympy.sqrt(2), 2], [sympy.sqrt(3), 3]])),
    "relation": lambda: Prior(LOCATION, [[1, 2, 0], [2, 4, 1], [3, 6, 5], [0, 0, 9]]),
    "roots relation": lambda: Prior(LOCATION, sympy.Matrix([[sympy.sqrt(2), 2], [1, sympy.sqrt(2)], [0, 0]])),
    "too few": lambda: Prior(LOCATION, np.random.default_rng(0).standard_normal((3, 3)), error=0.5),
    "identity": lambda: Prior(LOCATION, sympy.Matrix([sympy.sin(U) ** 2, sympy.cos(U) ** 2]), [U]),
    "neighbourhoods": lambda: Prior(LOCATION, sympy.Matrix([U, sympy.exp(U)]), [U]),
    "finite sets": lambda: Prior(LOCATION, sympy.Matrix([U, U**2]), {U: sympy.FiniteSet(0, 1, 2)}),
    "finite sets relation": lambda: Prior(LOCATION, sympy.Matrix([U, U**2]), {U: sympy.FiniteSet(0, 1)}),
    "network": lambda: Prior(LOCATION, network(2, 8, 3), Box([-1, -1], [1, 1])),
    "network points": lambda: Prior(LOCATION, network(2, 8, 3), Points(np.random.default_rng(0).normal(size=(9, 2)))),
    "bottleneck": lambda: Prior(LOCATION, network(2, 8, 1, 3), Observed([[0.0, 1.0]])),
    "wide bottleneck": lambda: Prior(LOCATION, network(2, 8, 1, 3), Box([-1, -1], [1, 1])),
    "network relation": lambda: Prior(LOCATION, rational_network(), Points([1.0, 2.0, 3.0])),
    "black box": lambda: Prior(LOCATION, lambda u: np.column_stack([u, u**2]), Points([0.0, 1.0, 2.0])),
}


@functools.cache
def decided(name):
    prior = CASES[name]()
    verdict = check_variability(SimpleNamespace(prior=prior))
    subject = json.loads(json.dumps(prior.describe()))
    return verdict, json.loads(json.dumps(verdict.to_dict()["evidence"])), subject


@pytest.mark.parametrize("name", CASES)
def test_what_was_settled_rechecks_with_at_least_its_grade(name):
    verdict, evidence, subject = decided(name)
    assert not verdict.undecided
    shown = recheck_evidence(CLAIM, evidence, subject)
    assert shown.status is verdict.status
    assert shown.grade >= verdict.grade


def test_the_cases_reach_every_kind_of_evidence():
    kinds = {decided(name)[1]["kind"].removeprefix("variability.") for name in CASES}
    assert kinds == {"points", "relation", "symbols", "too_few", "identity", "neighbourhoods", "graph", "structure",
                     "graph_relation"}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_evidence_does_not_carry_over_to_another_subject(name):
    """Evidence of a model that holds shows nothing about one that fails, and the other way round."""
    verdict, evidence, _ = decided(name)
    opposite = [
        decided(other)[2]
        for other in CASES
        if decided(other)[0].status is not verdict.status and decided(other)[2]["ks"] == decided(name)[2]["ks"]
    ]
    assert opposite
    for subject in opposite:
        with pytest.raises(CorruptReport):
            recheck_evidence(CLAIM, evidence, subject)


CHANGES = {
    "floats": [("points", [0, 1, 2]), ("points", [0, 0, 1, 2]), ("points", [0, 1, 2, 99]), ("rank", 2)],
    "integers": [("points", [0, 1]), ("points", [0, 1, 1]), ("rank", 3)],
    "relation": [("relations", [["1", "1", "0"]]), ("relations", [["0", "0", "0"]]), ("relations", []), ("rank", 3),
                 ("rank", 1), ("identified_directions", [["1", "0", "0"], ["0", "0", "1"]]), ("points", [0, 1])],
    "roots relation": [("relation", ["1", "1"]), ("relation", ["0", "0"]), ("relation", ["sqrt(2)"])],
    "too few": [("distinct", 2), ("needed", 3)],
    "identity": [("relations", []), ("relations", [{"weights": ["1", "-1"], "constant": "1"}]), ("rank", 0),
                 ("relations", [{"weights": ["0", "0"], "constant": "0"}]), ("rank", True), ("coordinates", [0, 1]),
                 ("coordinates", [7]), ("identified_directions", [["1", "1"]]), ("radius", "0"), ("bits", 9),
                 ("points", [["0"], ["0"]])],
    "neighbourhoods": [("points", [["0"], ["1"]]), ("points", [["0"], ["0"], ["1"]]), ("radius", "0"), ("radius", "9"),
                       ("radius", "-1"), ("bits", 1)],
    "network": [("radius", "0"), ("bits", 8), ("rank", 2), ("points", {"dtype": "<f8", "shape": [0, 2], "base64": ""})],
    "bottleneck": [("node", 1), ("node", None), ("relations", [["1", "0", "0"]]), ("relations", [["0", "0", "0"]]),
                   ("rank", 1), ("identified_directions", [["1", "0", "0"]])],
    "network relation": [("relations", [["1", "1"]])],
}  # fmt: skip


@pytest.mark.parametrize(("name", "change"), [(n, c) for n, changes in CHANGES.items() for c in changes], ids=str)
def test_changed_evidence_is_refused(name, change):
    _, evidence, subject = decided(name)
    key, value = change
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, {**evidence, key: value}, subject)


def test_a_network_outside_its_box_or_with_other_weights_is_refused():
    _, evidence, subject = decided("network")
    smaller = copy.deepcopy(subject)
    smaller["domain"]["high"] = [(-0.9).hex(), (-0.9).hex()]
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, evidence, smaller)
    other = copy.deepcopy(evidence)
    other["graph"]["nodes"] = other["graph"]["nodes"][:-1]
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, other, subject)


def test_a_relation_does_not_refute_a_larger_support_or_declared_errors():
    _, evidence, subject = decided("relation")
    observed = {**subject, "domain": {**subject["domain"], "kind": "observed"}}
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, evidence, observed)


def test_floats_cannot_pass_as_exact():
    """The outputs of a narrow network have full exact rank; as floats they show nothing."""
    rng = np.random.default_rng(0)
    table = rng.standard_normal((9, 1)) @ rng.standard_normal((1, 3)) + rng.standard_normal(3)
    subject = json.loads(json.dumps(Prior(LOCATION, table).describe()))
    evidence = {"kind": "variability.points", "points": [0, 1, 2, 3], "rank": 3}
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, evidence, subject)


def test_what_is_still_identified_is_shown_for_identities_and_networks():
    identity, bottleneck = decided("identity")[1], decided("wide bottleneck")[1]
    assert (identity["rank"], identity["identified_directions"]) == (1, [["-1", "1"]])
    assert bottleneck["rank"] == 1
    assert len(bottleneck["coordinates"]) == 1


def test_grades_say_how_it_was_settled():
    assert decided("integers")[0].grade is Grade.EXACT
    assert decided("floats")[0].grade is Grade.CERTIFIED
    assert decided("network")[0].grade is Grade.CERTIFIED
    assert decided("bottleneck")[0].status is Status.FAILS


@pytest.mark.parametrize("radius", ["1/" + "1" + "0" * 400, "1/" + "1" + "0" * 800])
def test_a_radius_below_all_floats_is_no_point(radius):
    """lambda is 1 at u = 0 alone: a certificate at 0 with a radius that a float would swallow is refused."""
    natural = sympy.Matrix([sympy.Piecewise((1, sympy.Eq(U, 0)), (0, True))])
    prior = Prior(LOCATION, natural, [U])
    evidence = {
        "kind": "variability.neighbourhoods",
        "points": [["0"], ["1"]],
        "radius": radius,
        "bits": 128,
        "rank": 1,
    }
    subject = {**prior.describe(), "natural": prior.natural.describe()}
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, evidence, subject)


@pytest.mark.parametrize("radius", [Fraction(1, 10**400), Fraction(1, 3), Fraction(5)])
def test_neighbourhoods_contain_what_is_within_their_radius(radius):
    centre, step = fmpq(1, 3), fmpq(radius.numerator, radius.denominator)
    with precision(4096):
        ball = around(Fraction(1, 3), radius)
        assert ball.contains(centre + step)
        assert ball.contains(centre - step)
        assert not ball.contains(centre + 2 * step)
