"""What the verdicts on Theorem 2 say: the right latents, counted from one, with the evidence that shows it."""

import sympy
from sympy import Interval, oo

from ivae_theory import families
from ivae_theory.families import ExponentialFamily
from ivae_theory.theorem2 import (
    BLOCK,
    C1_ASSUMPTION,
    CLAIMS,
    SAME_FAMILY,
    SCALED,
    by_family,
    check_block_permutation,
    check_identical,
    check_minimum,
    check_scaled_permutation,
    decisions,
)
from ivae_theory.verdict import Grade, Status
from tests.truth.rows_theorem2 import boxed, family, of, z

SQUARE, LINE, BOTH = families.gaussian_scale(), families.gaussian_location(), families.gaussian()
BOX = ExponentialFamily(boxed)
CURVE = family([z, z**3], base=sympy.exp(-(z**4)))
LIGHT = sympy.exp(-(z**4))
HIDDEN = "no rigorous enclosure: a statistic whose formula is not known"


def ask(check, *members):
    return check(of(*members)())


def test_the_claims_follow_from_the_number_of_statistics():
    assert CLAIMS == ("theorem2.i", "theorem2.ii", SCALED, BLOCK)
    for members, last in (((SQUARE, LINE), SCALED), ((BOTH, SQUARE), BLOCK), ((BOTH,), BLOCK), ((SQUARE,), SCALED)):
        plan = list(decisions(of(*members)()))
        assert [claim for claim, _ in plan] == ["theorem2.i", "theorem2.ii", last]
        assert [decide().claim for _, decide in plan] == [claim for claim, _ in plan]


def test_each_different_family_is_decided_once_whatever_its_name():
    renamed = {**dict(reversed(SQUARE.describe().items())), "name": "another name"}
    asked = []
    rules, of_latent = by_family(
        [SQUARE.describe(), LINE.describe(), renamed, LINE.describe()],
        lambda description: asked.append(description["statistics"]) or {"rule": description["statistics"][0]},
    )
    assert asked == [["z**2"], ["z"]]
    assert rules == [{"rule": "z**2"}, {"rule": "z"}]
    assert of_latent == [0, 1, 0, 1]


class TestIdentical:
    def test_one_family(self):
        verdict = ask(check_identical, SQUARE, SQUARE)
        assert (verdict.status, verdict.grade) == (Status.HOLDS, Grade.EXACT)
        assert verdict.reason == "k = 1 and every latent has the same statistic T on the same support."
        assert verdict.evidence == {"kind": "theorem2.identical_statistics"}

    def test_the_latent_with_several_statistics_is_named(self):
        verdict = ask(check_identical, SQUARE, SQUARE, BOTH)
        assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.EXACT)
        assert verdict.reason == "Latent 3 has k = 2 statistics; Theorem 2 as printed needs k = 1."
        assert verdict.evidence == {"kind": "theorem2.several_statistics", "latent": 2}
        assert verdict.advice == "For k >= 2, theorem2.block_permutation is the form of Theorem 2."

    def test_the_first_latent_with_another_statistic_is_named(self):
        verdict = ask(check_identical, SQUARE, SQUARE, LINE, LINE)
        assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.CERTIFIED)
        assert verdict.reason.startswith("T is not the same function for latents 1 and 3: ")
        assert verdict.evidence["latents"] == [0, 2]
        assert verdict.evidence["kind"] == "theorem2.different_statistics"
        assert not {"text", "status"} & set(verdict.evidence)
        assert verdict.advice == "The sharp Theorem 2 does not need the same T for all latents."

    def test_an_open_comparison_is_undecided_with_its_reason(self):
        verdict = ask(check_identical, SQUARE, BOX)
        assert verdict.undecided
        assert verdict.claim == "theorem2.i"
        assert verdict.reason == f"Whether T is the same function for all latents is open: {HIDDEN}."


class TestMinimum:
    def test_every_minimum(self):
        verdict = ask(check_minimum, SQUARE, family([z**4], base=LIGHT), SQUARE)
        assert (verdict.status, verdict.grade) == (Status.HOLDS, Grade.CERTIFIED)
        assert verdict.reason == "Every T_i,1 has exactly one minimum on its support."
        assert verdict.evidence["kind"] == "theorem2.unique_minimum"
        assert verdict.evidence["of_latent"] == [0, 1, 0]
        assert len(verdict.evidence["families"]) == 2
        assert all("status" not in rule for rule in verdict.evidence["families"])

    def test_the_latent_without_a_minimum_is_named_with_why(self):
        cases = {
            "it is constant": family([z * 0 + 1], base=LIGHT),
            "it tends to minus infinity": LINE,
            "its lower bound is attained at two points": family([sympy.Max(z, 0)], base=LIGHT),
            "it is even and not lowest at 0": family([z**4 - z**2], base=LIGHT),
            "its minimum is not attained, or attained more than once": family([z], Interval.open(0, oo), LIGHT),
        }
        for why, member in cases.items():
            verdict = ask(check_minimum, SQUARE, SQUARE, member)
            assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.CERTIFIED)
            assert verdict.reason == f"T of latent 3 has no unique minimum on its support: {why}."
            assert verdict.evidence["latent"] == 2
            assert verdict.evidence["kind"] == "theorem2.no_unique_minimum"
            assert "status" not in verdict.evidence
            assert verdict.advice == "The sharp Theorem 2 does not need a minimum: see theorem2.scaled_permutation."

    def test_an_open_minimum_names_its_latent(self):
        verdict = ask(check_minimum, SQUARE, BOX, BOX)
        assert verdict.undecided
        assert verdict.reason == f"Whether T of latent 2 has a unique minimum is open: {HIDDEN}."
        assert verdict.evidence["tried"][0]["status"] == "holds"
        assert verdict.evidence["tried"][1]["rule"] == "undecided"


class TestScaled:
    def test_one_latent(self):
        verdict = ask(check_scaled_permutation, LINE)
        assert (verdict.status, verdict.grade) == (Status.HOLDS, Grade.EXACT)
        assert verdict.reason == "With one latent, A is a number other than 0."
        assert verdict.evidence == {"kind": "theorem2.one_latent"}

    def test_several_statistics_can_be_sheared(self):
        verdict = ask(check_scaled_permutation, SQUARE, BOTH)
        assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.EXACT)
        assert verdict.reason == (
            "Latent 2 has k = 2 statistics: T' = (T_1 + T_2, T_2, ..) with lambda' to match is the same model, so A is "
            "at best a block permutation."
        )
        assert verdict.evidence == {"kind": "theorem2.shear", "latent": 1}
        assert verdict.advice == "See theorem2.block_permutation."

    def test_two_gaussians_are_named(self):
        verdict = ask(check_scaled_permutation, SQUARE, LINE, SQUARE, LINE, LINE)
        assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.EXACT)
        assert verdict.reason.startswith("T_2(z_2) and T_4(z_4) given u are Gaussian")
        assert verdict.reason.endswith("same law of x given u.")
        assert verdict.evidence["latents"] == [1, 3]
        assert [rule["rule"] for rule in verdict.evidence["rules"]] == ["gaussian", "gaussian"]
        (a, b), (c, d) = ([sympy.Rational(v) for v in row] for row in verdict.evidence["rotation"])
        assert (a * a + c * c, a * b + c * d, b * b + d * d) == (1, 0, 1)
        assert b != 0
        assert verdict.advice.startswith("Let the variances of all latents but one depend on u")

    def test_none_or_one_exception(self):
        none = ask(check_scaled_permutation, SQUARE, SQUARE)
        assert none.holds
        assert none.reason.startswith(
            "No T_i(z_i) given u is Gaussian, so A is a scaled permutation whenever Theorem 1"
        )
        assert none.evidence["excepted"] is None
        one = ask(check_scaled_permutation, SQUARE, LINE, SQUARE)
        assert one.holds
        assert one.reason.startswith("Only T_2(z_2) given u may be Gaussian, so A is a scaled permutation")
        assert one.evidence["excepted"] == 1
        assert one.evidence["of_latent"] == [0, 1, 0]
        open_one = ask(check_scaled_permutation, SQUARE, SQUARE, BOX)
        assert open_one.holds
        assert open_one.evidence["excepted"] == 2

    def test_the_grade_is_that_of_what_is_used(self):
        """A density that is compared with the Gaussian's at points is certified, a bound of T is exact."""
        by_density = family([z], base=LIGHT)
        assert ask(check_scaled_permutation, by_density, by_density).grade is Grade.CERTIFIED
        assert ask(check_scaled_permutation, SQUARE, by_density).grade is Grade.CERTIFIED
        assert ask(check_scaled_permutation, SQUARE, SQUARE).grade is Grade.EXACT

    def test_open_latents_are_listed_from_one_up_to_six(self):
        verdict = ask(check_scaled_permutation, SQUARE, BOX, LINE, BOX)
        assert verdict.undecided
        assert verdict.reason.startswith(
            "At most one T_i(z_i) given u may be Gaussian; for latents 2, 3, 4 this is not settled. Latent 2: "
        )
        assert verdict.evidence["of_latent"] == [0, 1, 2, 1]
        first = ask(check_scaled_permutation, LINE, BOX)
        assert "for latents 1, 2 this is not settled. Latent 2: " in first.reason
        assert "latents 1, 2, 3, 4, 5, 6 this" in ask(check_scaled_permutation, *[BOX] * 6).reason
        assert "latents 1, 2, 3, 4, 5, 6, .. this" in ask(check_scaled_permutation, *[BOX] * 7).reason
        assert verdict.advice.startswith("Give T and Q as formulas")


class TestBlock:
    def test_one_latent(self):
        verdict = ask(check_block_permutation, BOTH)
        assert (verdict.status, verdict.grade, verdict.assumes) == (Status.HOLDS, Grade.EXACT, ())
        assert verdict.reason == "With one latent, A is one block."

    def test_one_statistic_is_too_few(self):
        verdict = ask(check_block_permutation, BOTH, SQUARE, SQUARE)
        assert verdict.undecided
        assert verdict.reason == "The theorem for blocks needs k_i >= 2 for every latent; latent 2 has k = 1."
        assert verdict.evidence == {"tried": "k_i >= 2", "latents": [1, 2]}
        assert verdict.advice == "With k_i = 1 for all latents, theorem2.scaled_permutation applies."

    def test_quadratic_families_need_no_smoothness(self):
        verdict = ask(check_block_permutation, BOTH, BOTH)
        assert (verdict.status, verdict.grade, verdict.assumes) == (Status.HOLDS, Grade.EXACT, (SAME_FAMILY,))
        assert verdict.reason.startswith("T = (z, z**2) up to an affine map for every latent")
        assert verdict.evidence["of_latent"] == [0, 0]

    def test_curves_need_a_diffeomorphism(self):
        verdict = ask(check_block_permutation, BOTH, CURVE)
        assert (verdict.status, verdict.grade, verdict.assumes) == (Status.HOLDS, Grade.CERTIFIED, (C1_ASSUMPTION,))
        assert verdict.reason.startswith(
            "T_i is analytic on an interval and the image of no interval lies inside a line"
        )
        assert "a block permutation whenever Theorem 1 applies." in verdict.reason
        assert verdict.evidence["kind"] == "theorem2.block"
        assert verdict.evidence["of_latent"] == [0, 1]

    def test_an_open_latent_is_named(self):
        flat = family([z, sympy.Max(z, 0)], base=LIGHT)
        verdict = ask(check_block_permutation, BOTH, flat)
        assert verdict.undecided
        assert verdict.reason.startswith("Latent 2: T is not proved analytic on its support with a curved image")
        assert verdict.reason.endswith("; the sharp Theorem 2 needs the image of no interval under T inside a line.")
        assert verdict.evidence["of_latent"] == [0, 1]
