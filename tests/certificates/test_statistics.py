"""Evidence about statistics and base measures that must not be believed once it is changed."""

from types import SimpleNamespace

import pytest
import sympy
from sympy import Abs, Interval, Max, Piecewise, Reals, floor

import ivae_theory.certificates.positivity
import ivae_theory.certificates.statistics  # noqa: F401 - registers the recheckers
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.errors import CorruptReport
from ivae_theory.families import ExponentialFamily, gaussian
from ivae_theory.hypotheses.positivity import check_positive
from ivae_theory.hypotheses.statistics import check_minimal, check_printed
from tests.certificates.tampering import leaves, replaced

z = sympy.Symbol("z", real=True)
CHECKS = {"theorem1.minimal": check_minimal, "theorem1.ii": check_printed, "theorem1.positive": check_positive}

CASES = [
    ("theorem1.minimal", [gaussian()]),
    ("theorem1.minimal", [ExponentialFamily([z, 2 * z]), gaussian()]),
    ("theorem1.minimal", [ExponentialFamily([z, z + floor(z)])]),
    ("theorem1.ii", [gaussian(), ExponentialFamily([Abs(z)])]),
    ("theorem1.ii", [ExponentialFamily([Max(z, 0)])]),
    ("theorem1.positive", [ExponentialFamily([z], Reals, sympy.exp(-(z**2)))]),
    ("theorem1.positive", [gaussian()]),
    ("theorem1.positive", [ExponentialFamily([z], Interval(-3, 3), Max(1 - Abs(z), 0))]),
]


def settled(claim, members):
    verdict = CHECKS[claim](SimpleNamespace(prior=SimpleNamespace(families=members)))
    return verdict, {"families": [member.describe() for member in members]}


@pytest.mark.parametrize(("claim", "members"), CASES)
def test_what_the_checker_says_is_confirmed(claim, members):
    verdict, subject = settled(claim, members)
    found = recheck_evidence(claim, verdict.evidence, subject)
    assert (found.status, found.grade) == (verdict.status, verdict.grade)


def changed(value):
    """Values that differ from a leaf in what they say."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, -1, 10**9, "x", None]
    if isinstance(value, str):
        return ["1000", "-1000", "nonsense", "", "1/0", 7, None]
    return [None]


@pytest.mark.parametrize(("claim", "members"), CASES)
def test_no_changed_leaf_yields_another_verdict(claim, members):
    """A changed leaf is refused, or what it says is true as well: the status never changes."""
    verdict, subject = settled(claim, members)
    for path, value in leaves(verdict.evidence):
        if path == ("kind",):
            continue
        for other in changed(value):
            try:
                found = recheck_evidence(claim, replaced(verdict.evidence, path, other), subject)
            except CorruptReport:
                continue
            assert found.status is verdict.status, path


@pytest.mark.parametrize(
    ("claim", "members", "path", "value"),
    [
        ("theorem1.minimal", [ExponentialFamily([z, 2 * z])], ("weights",), ["0", "0"]),
        ("theorem1.minimal", [ExponentialFamily([z, 2 * z])], ("weights", 0), "2"),
        ("theorem1.minimal", [ExponentialFamily([z, 2 * z])], ("constant",), "1"),
        ("theorem1.minimal", [ExponentialFamily([z, 2 * z])], ("weights",), ["1"]),
        ("theorem1.minimal", [gaussian()], ("families", 0, "points"), ["0", "0", "1"]),
        ("theorem1.minimal", [gaussian()], ("families", 0, "points"), ["0", "1"]),
        ("theorem1.minimal", [gaussian()], ("families", 0, "radius"), "10"),
        ("theorem1.minimal", [gaussian()], ("families", 0, "latents"), []),
        ("theorem1.minimal", [gaussian()], ("families",), []),
        ("theorem1.ii", [ExponentialFamily([Max(z, 0)])], ("interval",), ["1", "2"]),
        ("theorem1.ii", [ExponentialFamily([Max(z, 0)])], ("interval",), ["-1", "-1"]),
        ("theorem1.ii", [ExponentialFamily([Max(z, 0)])], ("interval",), ["-1", "1"]),
        ("theorem1.ii", [ExponentialFamily([z**2])], ("families", 0, "statistics", 0, "points", 0), "0"),
        ("theorem1.ii", [ExponentialFamily([z**2])], ("families", 0, "statistics"), []),
        (
            "theorem1.positive",
            [ExponentialFamily([z], Interval(-3, 3), Max(1 - Abs(z), 0))],
            ("intervals",),
            [["0", "1"]],
        ),
        ("theorem1.positive", [ExponentialFamily([z], Interval(-3, 3), Max(1 - Abs(z), 0))], ("intervals",), []),
        (
            "theorem1.positive",
            [ExponentialFamily([z], Interval(-3, 3), Max(1 - Abs(z), 0))],
            ("intervals",),
            [["3", "9"]],
        ),
    ],
)
def test_wrong_evidence_is_refused(claim, members, path, value):
    verdict, subject = settled(claim, members)
    with pytest.raises(CorruptReport):
        recheck_evidence(claim, replaced(verdict.evidence, path, value), subject)


def test_evidence_about_another_family_is_refused():
    verdict, _ = settled("theorem1.minimal", [gaussian()])
    for other in (ExponentialFamily([z, 2 * z]), ExponentialFamily([z]), ExponentialFamily(lambda v: v)):
        with pytest.raises(CorruptReport):
            recheck_evidence("theorem1.minimal", verdict.evidence, {"families": [other.describe()]})


def test_a_relation_that_holds_on_a_part_only_is_refused():
    verdict, _ = settled("theorem1.minimal", [ExponentialFamily([z, 2 * z])])
    partly = ExponentialFamily([z, Piecewise((2 * z, z < 5), (z, True))])
    with pytest.raises(CorruptReport):
        recheck_evidence("theorem1.minimal", verdict.evidence, {"families": [partly.describe()]})
