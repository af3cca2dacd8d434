"""theorem1.iii: margins, invariances, what the verdicts say, and planning."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory import Box, Observed, Points, Prior, Status, families, plan
from ivae_theory.errors import InputError, InputTypeError, NaturalParameterError
from ivae_theory.hypotheses.variability import check_variability

LOCATION = families.gaussian_location()


def verdict(family, natural, u=None, **fields):
    return check_variability(SimpleNamespace(prior=Prior(family, natural, u, **fields)))


def generic(rows=12, columns=4, seed=0):
    return np.random.default_rng(seed).uniform(-2, -0.5, (rows, columns))


def test_the_margin_is_the_distance_of_the_whitened_table():
    """T = z with unit variance is whitened by the mixture variance 1 + var(mean): checked by hand."""
    table = generic()
    found = verdict(LOCATION, table)
    assert found.status is Status.HOLDS
    white = (table - table.mean(axis=0)) * np.sqrt(1 + table.var(axis=0))
    assert found.margin == pytest.approx(np.linalg.svd(white, compute_uv=False)[-1], rel=1e-4)
    assert "whitened under the mixture over u" in found.evidence["margin_unit"]


@pytest.mark.parametrize("steps", [(1.0, 1e-6), (1e-9, 1.0, 1e-3), (1e-200, 1e3, 1e-30), (1e-6,) * 3, (2e17, 1.0)])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_the_margin_is_not_above_the_distance(steps, offset):
    """Orthogonal contrasts: the singular values of the whitened table are sqrt(8) d sqrt(1 + d^2)."""
    contrasts = np.kron(np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]), [[1, 1], [1, -1]])[:, 1 : len(steps) + 1]
    d = np.array(steps)
    found = verdict(LOCATION, contrasts * d + offset * d)
    distance = (np.sqrt(8) * d * np.sqrt(1 + d**2)).min()
    assert 0.99 * distance < found.margin < 1.001 * distance


def test_a_margin_that_rounding_explains_is_zero():
    """A table in fractions whose distance to failure no float of its entries shows."""
    tiny = Fraction(1, 10**200)
    table = [[0, 0], [1, 1], [Fraction(1, 2), Fraction(1, 2) + tiny]]
    found = verdict(LOCATION, table)
    assert found.holds
    assert found.margin == 0.0
    assert "below the rounding" in found.advice


def test_the_margin_does_not_depend_on_the_units_of_the_statistics():
    z = sympy.Symbol("z", real=True)
    from ivae_theory import ExponentialFamily

    table = generic(6, 2)
    plain = verdict(ExponentialFamily([z**2]), table)
    scaled = verdict(ExponentialFamily([8 * z**2]), table / 8)
    assert plain.margin == pytest.approx(scaled.margin, rel=1e-3)


def test_without_moments_the_margin_is_not_whitened_and_says_so():
    from ivae_theory import ExponentialFamily

    z = sympy.Symbol("z", real=True)
    many = ExponentialFamily([z], base_measure=sympy.exp(-(z**4)))
    found = verdict(many, generic(60, 50))
    assert found.status is Status.HOLDS
    assert "no whitening" in found.evidence["margin_unit"]


matrices = st.integers(2, 4).flatmap(
    lambda r: st.lists(st.lists(st.integers(-3, 3), min_size=r, max_size=r), min_size=2, max_size=7)
)


@given(matrices, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_no_verdict_changes_under_relabelling_and_permuting_the_latents(rows, random):
    table = np.array(rows, dtype=float)
    columns, order = list(range(table.shape[1])), list(range(len(table)))
    random.shuffle(columns)
    random.shuffle(order)
    assert verdict(LOCATION, table).status is verdict(LOCATION, table[order][:, columns]).status


@given(matrices, st.integers(1, 3), st.integers(-2, 2))
@settings(max_examples=60, deadline=None)
def test_no_verdict_changes_under_a_change_of_statistics(rows, scale, shear):
    """T -> B T, lambda -> B^-T lambda, with B integer and unimodular up to the scale."""
    table = np.array([row[:2] for row in rows], dtype=float)
    changed = table @ np.array([[scale, 0], [shear, 1]])
    assert verdict(LOCATION, table).status is verdict(LOCATION, changed).status
    assert verdict(LOCATION, table).status is verdict(LOCATION, table + np.array([3, -5])).status


def test_failures_name_the_relation_and_what_is_still_identified():
    found = verdict(LOCATION, [[1, 2, 0], [2, 4, 1], [3, 6, 5], [0, 0, 9]])
    assert found.status is Status.FAILS
    assert found.evidence["rank"] == 2
    assert found.evidence["relations"] == [["-2", "1", "0"]]
    assert found.evidence["identified_directions"] == [["1", "2", "0"], ["0", "0", "1"]]
    assert "(-2) lambda_0 + (1) lambda_1" in found.reason
    assert found.margin == 0.0


def test_observed_values_never_refute_a_table():
    for table in ([[1.0, 2.0]], [[1, 2], [2, 4], [3, 6]], np.zeros((5, 2))):
        found = verdict(LOCATION, table, Observed(range(len(table))))
        assert found.status is Status.UNDECIDED
        assert "not observed" in found.reason


def test_an_unknown_operation_is_named():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

    def strange(u):
        return torch.cat([torch.special.bessel_j0(u), u], dim=1)

    found = verdict(LOCATION, strange, Box([0], [1]))
    assert found.status is Status.UNDECIDED
    assert "bessel_j0" in found.reason


def test_a_jump_at_a_certificate_point_is_never_used():
    """lambda_1 is the indicator of one point of a continuum: without that point the rank is one."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    special = Box([0.0], [1.0]).candidates(64, seed=0)[7, 0]

    def bump(u):
        return torch.cat([u, (u == float(special)).to(u.dtype)], dim=1)

    found = verdict(LOCATION, bump, Box([0.0], [1.0]))
    assert found.status is not Status.HOLDS
    observed = verdict(LOCATION, bump, Observed([[0.0], [float(special)], [1.0]]))
    assert observed.status is not Status.HOLDS
    finite = verdict(LOCATION, bump, Points([[0.0], [float(special)], [1.0]]))
    assert finite.status is Status.HOLDS


def test_symbolic_points_lie_inside_their_sets():
    u = sympy.Symbol("u", real=True)
    for where in (sympy.Interval.open(0, 1), sympy.Interval(-5, -4), sympy.Interval(2, sympy.oo), sympy.S.Naturals,
                  sympy.Interval(-sympy.oo, -3), sympy.Union(sympy.Interval(0, 1), sympy.FiniteSet(7)),
                  sympy.Interval(sympy.sqrt(2), sympy.pi)):  # fmt: skip
        found = verdict(LOCATION, sympy.Matrix([u, u**2]), {u: where})
        assert found.status is Status.HOLDS, where
        assert all(where.contains(sympy.Rational(p)) == sympy.true for (p,) in found.evidence["points"]), where


def test_symbols_of_one_name_are_not_confused():
    real, other = sympy.Symbol("u", real=True), sympy.Symbol("u", positive=True)
    found = verdict(LOCATION, sympy.Matrix([real, other]), [real, other])
    assert found.status is Status.UNDECIDED


def test_black_boxes_say_what_is_taken_for_granted():
    found = verdict(LOCATION, lambda u: np.column_stack([u, u**2]), Points([0.0, 1.0, 2.0]))
    assert found.status is Status.HOLDS
    assert "half of their digits" in found.assumes[0]


def test_the_plan_counts_and_names_the_best_next_value():
    scheme = plan(families.gaussian(), 3)
    assert (scheme.needed, scheme.size) == (7, 6)
    assert plan([families.gaussian(), LOCATION]).needed == 4
    assert "7 values of u" in str(scheme)


def test_the_best_next_value_is_the_one_that_direct_computation_finds():
    rng = np.random.default_rng(0)
    scheme = plan(LOCATION, 3)
    current, candidates = rng.standard_normal((5, 3)), rng.standard_normal((20, 3))
    found = scheme.best_next(candidates, current)
    together = np.concatenate([current, candidates])
    scale = np.sqrt(1 + together.var(axis=0))
    direct = []
    for candidate in candidates:
        rows = np.vstack([current, candidate]) * scale
        direct.append(np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)[-1])
    np.testing.assert_allclose(found.distances, direct, rtol=1e-4)
    assert found.index == int(np.argmax(direct))
    assert found.distance > found.before
    assert found.enough


def test_before_there_are_enough_values_the_next_one_leaves_the_hull_of_the_others():
    scheme = plan(LOCATION, 3)
    current = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    found = scheme.best_next([[2.0, 0, 0], [0.5, 0.1, 0], [0.5, 0.9, 0]], current)
    assert found.index == 2
    assert not found.enough
    first = scheme.first(np.vstack([current, np.eye(3), [[5.0, 5.0, 5.0]]]))
    assert len(first) == 4
    assert scheme.best_next(np.eye(3)).distances.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: plan("gaussian", 2), InputTypeError),
        (lambda: plan(LOCATION), InputError),
        (lambda: plan(LOCATION, 0), InputError),
        (lambda: plan(LOCATION, 2.5), InputTypeError),
        (lambda: plan([LOCATION], 2), InputError),
        (lambda: plan(LOCATION, 2).best_next([[1.0, 2.0, 3.0]]), InputError),
        (lambda: plan(LOCATION, 2).best_next([[np.nan, 2.0]]), InputError),
        (lambda: plan(LOCATION, 2).best_next("no"), InputTypeError),
    ],
)
def test_bad_plans_are_refused_by_name(call, error):
    with pytest.raises(error):
        call()


def test_assumptions_of_symbols_that_their_sets_contradict_leave_it_open():
    """sympy turns Abs(u) of a positive u into u: over all reals the two differ."""
    u = sympy.Symbol("u", positive=True)
    natural = sympy.Matrix([u, sympy.Abs(u)])
    assert verdict(LOCATION, natural, {u: sympy.Reals}).status is Status.UNDECIDED
    assert verdict(LOCATION, natural, [u]).status is Status.FAILS
    assert verdict(LOCATION, natural, {u: sympy.Interval(1, 2)}).status is Status.FAILS
    assert verdict(LOCATION, sympy.Matrix([u, sympy.log(u)]), [u]).status is Status.HOLDS


def test_narrow_intervals_and_irrational_ends_get_points_that_are_inside():
    u = sympy.Symbol("u", real=True)
    tiny = sympy.Rational(1, 10**30)
    for where in (sympy.Interval.open(1, 1 + tiny), sympy.Interval(sympy.sqrt(2), sympy.sqrt(2) + tiny)):
        found = verdict(LOCATION, sympy.Matrix([u, u**2]), {u: where})
        assert found.status is not Status.FAILS
        for (point,) in found.evidence.get("points", []) if found.holds else []:
            assert where.contains(sympy.Rational(point)) == sympy.true


def test_numbers_at_the_ends_of_the_float_range_are_answered():
    rng = np.random.default_rng(0)
    for scale in (1e300, 1e-300, 1e-310):
        found = verdict(LOCATION, scale * rng.standard_normal((8, 3)))
        assert not found.fails
        assert found.to_dict()["margin"] is None or np.isfinite(found.to_dict()["margin"])


def test_softplus_far_to_the_right_is_the_identity_that_pytorch_computes():
    """Above its threshold torch returns x itself: softplus(u) and u are tied there, whatever the formula says."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

    def natural(u):
        return torch.cat([torch.nn.functional.softplus(u), u], dim=1)

    assert verdict(LOCATION, natural, Box([30.0], [40.0])).status is not Status.HOLDS
    assert verdict(LOCATION, natural, Box([-3.0], [3.0])).status is Status.HOLDS


def test_a_margin_that_no_data_can_see_is_pointed_out():
    table = np.vstack([np.zeros(3), np.eye(3)])
    assert verdict(LOCATION, table).advice == ""
    table[-1] = [0.5, 0.5, 1e-9]
    assert "finite sample" in verdict(LOCATION, table).advice


def test_a_black_box_that_is_numerically_singular_is_undecided():
    def nearly_twice(u):
        return np.column_stack([u, u * (1 + 1e-12) + 1e-13 * u**2])

    prior = Prior(families.gaussian_location(), nearly_twice, Points(np.linspace(0, 1, 7)))
    verdict = check_variability(SimpleNamespace(prior=prior))
    assert verdict.undecided
    assert "Numerically singular" in verdict.reason


@pytest.mark.parametrize("method", ["first", "best_next"])
def test_values_of_u_that_no_density_has_are_not_recommended(method):
    scheme = plan(families.gaussian_scale(), 2)
    with pytest.raises(NaturalParameterError, match="row 1 of candidates"):
        getattr(scheme, method)([[-1.0, -2.0], [1.0, 5.0], [-3.0, -1.0]])
