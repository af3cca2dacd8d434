"""How facts about laws travel through their algebra: each rule against the mathematics, not against the code."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.stats as st
import sympy

from ivae_theory.noise import Noise, as_noise
from ivae_theory.noise.gaussian import MultivariateStudent
from ivae_theory.noise.laws import Bounded, Opaque
from ivae_theory.noise.named import ALWAYS, NAMED, NamedEntry, _table
from ivae_theory.noise.settle import dimension_of, facts, leaf_theorems, parts, settle
from ivae_theory.noise.theorems import FACTS, THEOREMS, _theorem
from ivae_theory.verdict import Status

t, s, x = sympy.symbols("t s x", real=True)
#: E exp(a X) < oo only for a < 0 (left), only for a > 0 (right), and for both signs.
BOTH_SIDES, ANALYTIC = frozenset({"left", "right"}), frozenset({"left", "right", "off_zero"})
LEFT, RIGHT, BOTH = st.pareto(2), st.weibull_max(0.5), st.laplace()


def found(noise):
    return facts(as_noise(noise).law.describe())


def sides(noise):
    return found(noise) & {"left", "right"}


def test_a_half_line_law_has_exponential_moments_on_one_side():
    assert sides(LEFT) == {"left"}
    assert sides(RIGHT) == {"right"}
    assert sides(BOTH) == {"left", "right"}
    assert "off_zero" in found(BOTH)


@pytest.mark.parametrize(("law", "side"), [(LEFT, "left"), (RIGHT, "right")])
def test_a_negative_factor_exchanges_the_sides(law, side):
    other = {"left": "right", "right": "left"}[side]
    assert sides(-as_noise(law)) == {other}
    assert sides(as_noise(law) * Fraction(1, 3) + 7) == {side}
    assert sides(as_noise(law) * -2 * -1) == {side}
    assert sides(0 * as_noise(law)) == {"left", "right"}
    mixed = Noise.mixture([0.5, 0.5], [law, -as_noise(law)])
    assert sides(mixed) == set()


def test_a_shift_turns_phi_and_takes_positivity_but_not_zeros():
    for noise in (as_noise(st.cauchy()) + 1, Noise.gaussian([1, 2]) + np.array([0, 1])):
        assert "positive" not in found(noise)
        assert "never_zero" in found(noise)
    assert "positive" in found(as_noise(st.cauchy()) * 3)
    assert "positive" in found(Noise.gaussian(1) + 0)


def test_on_vectors_one_sided_moments_mean_nothing():
    for noise in (Noise.product([LEFT, LEFT]), np.array([[1, 2], [0, 1]]) @ as_noise(LEFT)):
        assert sides(noise) == set()
        assert "off_zero" not in found(noise)
    assert sides(Noise.product([BOTH, st.uniform()])) == {"left", "right"}
    assert sides(Noise.product([BOTH, LEFT])) == set()
    assert found(Noise.product([st.cauchy(), Noise.gaussian(1)])) == {"positive", "never_zero"}
    assert found(np.eye(2) @ as_noise(st.cauchy())) == {"positive", "never_zero"}


def test_what_survives_a_linear_map_survives_the_next():
    once = np.array([[1, 2], [0, 1]]) @ as_noise(st.uniform())
    twice = np.array([[1, 0], [3, 1]]) @ once
    for noise in (once, twice, Noise.product([once, st.laplace()]), Noise.product([twice, twice])):
        assert found(noise) == {"left", "right"}
    mixed = Noise.mixture([0.5, 0.5], [twice, -twice + np.array([0, 1])])
    assert [(step.status, step.condition) for step in settle(mixed.law.describe())] == [(Status.HOLDS, "right")]


@pytest.mark.parametrize(
    ("laws", "status", "fact"),
    [
        ((LEFT, st.pareto(3)), Status.HOLDS, "left"),
        ((RIGHT, -as_noise(LEFT)), Status.HOLDS, "right"),
        ((LEFT, RIGHT), Status.HOLDS, "off_zero"),
        ((LEFT, Noise(law=Bounded(("-oo",), (Fraction(0),), ""))), Status.UNDECIDED, ""),
        ((st.cauchy(), st.skewcauchy(0.5)), Status.HOLDS, "off_zero"),
        ((st.cauchy(), st.gamma(2)), Status.HOLDS, "off_zero"),
        ((Noise.product([st.uniform(), BOTH]), Noise.gaussian([1, 2])), Status.HOLDS, "right"),
        ((Noise.product([st.cauchy(), st.cauchy()]), Noise.product([BOTH, BOTH])), Status.HOLDS, "positive"),
        ((Noise.product([LEFT, BOTH]), Noise.gaussian([1, 2])), Status.UNDECIDED, ""),
    ],
)
def test_a_mixture_is_settled_by_what_all_its_laws_share(laws, status, fact):
    mixed = Noise.mixture([0.5, 0.5], laws)
    alone, beside = settle(mixed.law.describe()), settle(Noise.product([Noise.none(), mixed]).law.describe())
    named = ("mixture", fact) if fact else ("", "")
    for (step,), path in ((alone, "law"), (beside, "law.laws[1]")):
        assert (step.path, step.status, step.theorem, step.condition) == (path, status, *named)


def test_a_form_without_zeros_has_none_on_any_image():
    """phi(w, w) for exp(-t^2 - |s|): no cells are known for it after the map, but the form shows that it is not 0."""
    law = Noise(cf=sympy.exp(-(t**2) - sympy.Abs(s)), symbols=[t, s])
    assert found(law) == {"never_zero"}
    assert found(Noise(cf=sympy.cos(t))) == set()
    (step,) = settle((np.array([[1, 1]]) @ law).law.describe())
    assert (step.status, step.theorem) == (Status.HOLDS, "never_vanishing_form")


def test_a_sum_keeps_what_all_share_and_a_mixture_all_but_never_zero():
    assert found(as_noise(st.cauchy()) + Noise.gaussian(1)) >= {"positive", "never_zero"}
    assert "positive" not in found(as_noise(st.cauchy()) + as_noise(st.gamma(2)))
    assert "never_zero" in found(as_noise(st.cauchy()) + as_noise(st.gamma(2)))
    both = Noise.mixture([0.5, 0.5], [st.gamma(2), st.gamma(3)])
    assert "never_zero" not in found(both)
    assert found(Noise.mixture([0.5, 0.5], [st.cauchy(), st.norm()])) >= {"positive", "never_zero"}


@pytest.mark.parametrize(
    ("low", "high", "theorems"),
    [
        (["0"], ["1"], ["compact_support"]),
        (["0"], ["oo"], ["half_line_right"]),
        (["-oo"], ["1"], ["half_line_left"]),
        (["-oo"], ["oo"], []),
        (["0", "0"], ["1", "1"], ["compact_support"]),
        (["0", "0"], ["oo", "oo"], []),
        (["0", "-oo"], ["1", "1"], []),
        (["-oo", "-oo"], ["1", "1"], []),
    ],
)
def test_what_bounds_alone_show(low, high, theorems):
    """A half-space bounds no coordinate of a law on R^2 that a linear map could not undo."""
    node = {"node": "bounded", "low": low, "high": high, "label": "", "vector": len(low) > 1}
    assert [name for name, _ in leaf_theorems(node)] == theorems
    assert dimension_of(node) == len(low)


def test_dimensions_of_every_node():
    two = Noise.gaussian([[2, 1], [1, 2]])
    cases = [
        (Noise.none(), 1), (Noise.gaussian(1), 1), (two, 2), (Noise.product([two, Noise.gaussian(1)]), 3),
        (two + two, 2), (2 * two, 2), (np.ones((3, 2)) @ two, 3), (Noise.mixture([0.5, 0.5], [two, two]), 2),
        (Noise.gaussian(1) + np.ones(4), 4), (Noise(cf=sympy.exp(-(t**2) - s**2), symbols=[t, s]), 2),
        (as_noise(st.multivariate_t([0, 0], [[1, 0], [0, 1]], df=3)), 2), (as_noise(st.laplace()), 1),
        (Noise.gaussian(10), 1), (Noise.mixture([1], [two]), 2),
        (Noise(density=lambda v: v), 1), (Noise(law=Opaque("a black box", 3)), 3), (Noise(cf=sympy.exp(-(t**2))), 1),
    ]  # fmt: skip
    for noise, d in cases:
        assert dimension_of(noise.law.describe()) == d, noise


def test_parts_carry_the_matrix_that_maps_them():
    """B C (e_1, e_2, e_3) with C a 2 x 3 matrix: injective exactly for the parts whose columns are independent."""
    gap = Noise(cf=sympy.Max(1 - sympy.Abs(t), 0) * sympy.exp(-(s**2)), symbols=[t, s])
    three = Noise.product([gap, st.laplace()])
    inner = np.array([[1, 0, 5], [0, 1, 5]]) @ three
    for outer, injective in (
        ([[1, 0], [0, 1]], True),
        ([[1, 2], [3, 4]], True),
        ([[1, 1], [1, 1]], False),
        ([[1, 1]], False),
    ):
        tree = (np.array(outer) @ inner).law.describe()
        where = {part.path: part.injective for part in parts(tree)}
        assert where == {"law.law.law.laws[0]": injective, "law.law.law.laws[1]": True}
    assert [part.path for part in parts((np.eye(2) @ as_noise(BOTH)).law.describe())] == ["law.law.law"]
    # (1, -1) C = (1, -1, 0): the third coordinate is mapped to nothing, and is no part
    tree = (np.array([[1, -1]]) @ inner).law.describe()
    assert [part.path for part in parts(tree)] == ["law.law.law.laws[0]"]
    tree = (np.array([[0, 0]]) @ inner).law.describe()
    assert list(parts(tree)) == []
    assert list(parts((0 * gap).law.describe())) == []
    assert [part.path for part in parts((Noise.none() + gap).law.describe())] == ["law.laws[1]"]


def test_every_part_has_the_columns_of_its_own_coordinates():
    """Products of laws on R and R^2 under small matrices; ranks by numpy."""
    rng = np.random.default_rng(0)
    kinds = {1: as_noise(st.laplace()), 2: Noise(cf=sympy.exp(-(t**2) - s**2), symbols=[t, s])}
    seen = set()
    for _ in range(60):
        widths = rng.integers(1, 3, rng.integers(2, 5))
        matrix = rng.integers(-1, 2, (rng.integers(1, 4), widths.sum()))
        blocks = np.split(matrix, np.cumsum(widths)[:-1], axis=1)
        expected = {
            f"law.law.laws[{i}]": bool(np.linalg.matrix_rank(block) == width)
            for i, (block, width) in enumerate(zip(blocks, widths, strict=True))
            if block.any()
        }
        product = Noise.product([kinds[width] for width in widths])
        assert {part.path: part.injective for part in parts((matrix @ product).law.describe())} == expected
        # a factor and a shift in between change neither columns nor ranks
        between = (matrix @ (3 * product + np.ones(widths.sum()))).law.describe()
        deeper = {path.replace("law.law", "law.law.law.law"): injective for path, injective in expected.items()}
        assert {part.path: part.injective for part in parts(between)} == deeper
        alone = {f"law.laws[{i}]": True for i in range(len(widths))}
        assert {part.path: part.injective for part in parts(product.law.describe())} == alone
        seen |= {(i, injective) for i, injective in enumerate(expected.values())}
    assert seen == {(i, injective) for i in range(4) for injective in (True, False)}


def test_a_part_that_a_matrix_folds_is_not_settled_by_what_holds_for_it_alone():
    gap = Noise(cf=sympy.Max(1 - sympy.Abs(t), 0) * sympy.exp(-(s**2)), symbols=[t, s])
    inside = np.array([[1, 1]]) @ (gap + Noise.gaussian([1, 1]))
    assert [part.injective for part in parts(inside.law.describe())] == [False, False]
    whole, folded = (np.array(rows) @ gap for rows in ([[1, 2], [3, 5]], [[1, 1]]))
    assert [step.status for step in settle(whole.law.describe())] == [Status.FAILS]
    assert [step.status for step in settle(folded.law.describe())] == [Status.UNDECIDED]
    wide = np.array([[1, 1, 1]]) @ as_noise(st.uniform())
    assert [step.status for step in settle(wide.law.describe())] == [Status.HOLDS]


def test_steps_name_their_theorem_and_its_condition():
    (step,) = settle(as_noise(st.gennorm(Fraction(1, 2))).law.describe())
    assert (step.path, step.theorem, step.condition) == ("law", "gaussian_scale_mixture", "beta <= 2")
    (step,) = settle(Noise(cf=sympy.Max(1 - sympy.Abs(t), 0)).law.describe())
    assert (step.status, step.theorem, step.condition) == (Status.FAILS, "analytic_form", "")
    (step,) = settle(Noise(density=(1 - sympy.cos(x)) / (sympy.pi * x**2)).law.describe())
    assert (step.status, step.theorem, step.condition, step.detail) == (Status.FAILS, "band_limited", "", {"type": "1"})
    assert step.path == "law"
    (step,) = settle(Noise.mixture([0.5, 0.5], [st.cauchy(), st.norm()]).law.describe())
    assert (step.theorem, step.condition) == ("mixture", "positive")
    assert step.condition == next(fact for fact in FACTS if fact in found(Noise.mixture([1], [st.cauchy()])))


EVERYTHING = frozenset(FACTS)
LEAVES = {
    "none": (Noise.none(), [("no_noise", "")], EVERYTHING),
    "Gaussian": (Noise.gaussian(10), [("gaussian", "")], EVERYTHING),
    "Gaussian on R^2": (Noise.gaussian([1, 2]), [("gaussian", "")], EVERYTHING),
    "Student on R^2": (
        Noise(law=MultivariateStudent((Fraction(1), Fraction(2)), Fraction(3))),
        [("gaussian_scale_mixture", "")],
        {"positive", "never_zero"},
    ),
    "Cauchy": (st.cauchy(), [("gaussian_scale_mixture", ALWAYS), ("stable", ALWAYS)], EVERYTHING - BOTH_SIDES),
    "bounded": (Noise(law=Bounded((Fraction(0),), (Fraction(1),), "")), [("compact_support", "")], ANALYTIC),
    "bounded below": (Noise(law=Bounded((Fraction(0),), ("oo",), "")), [("half_line_right", "")], {"left"}),
    "bounded above": (Noise(law=Bounded(("-oo",), (Fraction(0),), "")), [("half_line_left", "")], {"right"}),
    "density": (
        Noise(density=sympy.exp(-sympy.Abs(x)) / 2), [("exponential_moment", ""), ("analytic_tails", "")], ANALYTIC,
    ),
    "black box": (Noise(law=Opaque("a black box", 3)), [], frozenset()),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVES)
def test_leaves_have_their_theorems_and_facts(name):
    law, theorems, given = LEAVES[name]
    noise = as_noise(law)
    assert [pair for pair in leaf_theorems(noise.law.describe()) if pair in theorems] == theorems
    assert found(noise) == given
    # a factor that is not 0 exchanges right and left, and changes nothing else; 0 leaves a constant
    mirror = {"right": "left", "left": "right"}
    assert found(-noise) == {mirror.get(fact, fact) for fact in given}
    assert found(0 * noise) == EVERYTHING
    steps = [(step.status, step.theorem, step.condition) for step in settle(noise.law.describe())]
    assert steps == ([(Status.HOLDS, *theorems[0])] if theorems else [(Status.UNDECIDED, "", "")])[name == "none" :]


def test_the_table_of_laws_is_read_line_by_line():
    table = _table("""
one | | first
two(a, bX!) | a > 0 | first: a <= 1; second
three(aX) | | second
""")
    assert list(table) == ["one", "two", "three"]
    assert table["three"] == NamedEntry("three", ("aX",), ALWAYS, (("second", ALWAYS),), ())
    assert table["one"] == NamedEntry("one", (), ALWAYS, (("first", ALWAYS),), ())
    assert table["two"] == NamedEntry("two", ("a", "bX"), "a > 0", (("first", "a <= 1"), ("second", ALWAYS)), ("bX",))


def test_moments_on_both_sides_come_with_an_analytic_characteristic_function():
    """E exp(a|X|) < oo makes phi real-analytic: no leaf may claim the first without the second."""
    for entry in NAMED.values():
        given = frozenset().union(*(THEOREMS[name].facts for name, _ in entry.theorems))
        assert not given >= {"left", "right"} or "off_zero" in given, entry.name
    for theorem in THEOREMS.values():
        assert not theorem.facts >= {"left", "right"} or "off_zero" in theorem.facts, theorem.name


def test_a_theorem_has_its_facts_one_by_one():
    theorem = _theorem("name", "left right", "what it says", "where it stands")
    assert (theorem.name, theorem.statement, theorem.source) == ("name", "what it says", "where it stands")
    assert theorem.facts == {"left", "right"}
    assert all(entry.name == name and entry.facts <= set(FACTS) for name, entry in THEOREMS.items())
    assert all(THEOREMS.keys() >= {name for name, _ in entry.theorems} for entry in NAMED.values())
