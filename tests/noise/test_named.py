"""The table of named laws: complete, right about ranges, and every theorem in it cross-checked against numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from scipy.stats import _continuous_distns

from ivae_theory.errors import InputError
from ivae_theory.exact import to_fraction
from ivae_theory.noise import as_noise
from ivae_theory.noise.characteristic import CLOSED_FORMS
from ivae_theory.noise.named import NAMED, condition_holds
from ivae_theory.noise.settle import leaf_theorems
from ivae_theory.noise.theorems import THEOREMS
from tests.noise.laws import ALL, CASES, OLD_SCIPY, label
from tests.noise.oracle import integrated

#: Laws whose quantile function is too slow for the oracle; the bounds of their support are checked all the same.
SLOW = set(
    """
    studentized_range vonmises_line foldnorm exponnorm foldcauchy levy_stable kstwo ksone landau genhyperbolic
    geninvgauss dpareto_lognorm rel_breitwigner ncf nct norminvgauss gausshyper skewnorm kstwobign jf_skew_t
    recipinvgauss argus crystalball irwinhall ncx2 wald invgauss powernorm powerlognorm
    """.split()
)

#: scipy's ppf is NaN for h < 0 = k.
NO_QUANTILES = ("kappa4", {"h": -0.5, "k": 0.0})


def frozen(name: str, parameters: dict[str, float]):
    return getattr(scipy.stats, name)(**parameters)


def theorems(name: str, parameters: dict[str, float]) -> dict[str, str]:
    law = as_noise(frozen(name, parameters)).law
    node = law.describe()
    while node["node"] == "affine":
        node = node["law"]
    return dict(leaf_theorems(node))


def test_every_continuous_law_of_scipy_is_listed() -> None:
    known = set(_continuous_distns._distn_names) | {"levy_stable"}
    # the normal law is a Gaussian, the circular von Mises law is read by its bounds, two names are second names
    assert known - {"norm", "vonmises", "erlang", "reciprocal"} == set(NAMED)
    assert set(CASES) == set(NAMED)


def test_parameter_names_are_scipys() -> None:
    for name, entry in NAMED.items():
        shapes = getattr(scipy.stats, name).shapes or ""
        assert set(entry.parameters) == {part.strip() for part in shapes.split(",") if part.strip()}, name


def test_every_condition_and_theorem_is_readable() -> None:
    for entry in NAMED.values():
        values = dict.fromkeys(entry.parameters, Fraction(1))
        for theorem, condition in entry.theorems:
            assert theorem in THEOREMS
            condition_holds(condition, values)


@pytest.mark.parametrize("case", ALL, ids=label)
def test_every_law_is_settled_at_its_parameters(case) -> None:
    assert theorems(*case), "no theorem applies"


@pytest.mark.parametrize("case", ALL, ids=label)
def test_support_theorems_agree_with_scipys_support(case) -> None:
    name, parameters = case
    low, high = frozen(name, parameters).support()
    found = theorems(name, parameters)
    assert "compact_support" not in found or (np.isfinite(low) and np.isfinite(high))
    assert "half_line_right" not in found or np.isfinite(low)
    assert "half_line_left" not in found or np.isfinite(high)
    # and the table misses none
    if np.isfinite(low) and np.isfinite(high):
        assert "compact_support" in found
    elif np.isfinite(low) or np.isfinite(high):
        assert set(found) & {"half_line_right", "half_line_left", "infinitely_divisible", "exponential_moment"}


def light(law, sign: int) -> bool:
    """Whether the log-density falls at least linearly far out: log p(2x) - log p(x) <= -c x with c not tending to 0."""
    low, high = law.support()
    if np.isfinite(high if sign > 0 else low):
        return True
    with np.errstate(all="ignore"):
        rates = [-(law.logpdf(sign * 2 * x) - law.logpdf(sign * x)) / x for x in (20.0, 60.0, 180.0)]
    rates = [rate for rate in rates if np.isfinite(rate)]
    # an exponential rate stays; a heavier tail loses most of it whenever x is tripled
    return not rates or all(later > 0.6 * earlier for earlier, later in pairwise(rates))


@pytest.mark.parametrize(
    "case", [c for c in ALL if c[0] not in {"studentized_range", "levy_stable", "landau"}], ids=label
)
def test_exponential_moments_agree_with_the_tails(case) -> None:
    name, parameters = case
    found, law = theorems(name, parameters), frozen(name, parameters)
    facts = frozenset().union(*(THEOREMS[theorem].facts for theorem in found))
    for fact, sign in (("right", 1), ("left", -1)):
        if fact in facts:
            assert light(law, sign), fact
        elif "off_zero" in facts and facts.isdisjoint({"right", "left"}):
            assert not light(law, sign), f"the table misses {fact}"


@pytest.mark.parametrize("case", [c for c in ALL if c[0] not in SLOW], ids=label)
def test_never_vanishing_and_positive_characteristic_functions(case) -> None:
    name, parameters = case
    found, law = theorems(name, parameters), frozen(name, parameters)
    facts = frozenset().union(*(THEOREMS[theorem].facts for theorem in found))
    t = np.array([0.05, 0.2, 0.5, 1.0, 1.5, 2.0, 2.5])
    if case == NO_QUANTILES:
        pytest.skip("scipy's quantile function is wrong here")
    phi = integrated(law, t)
    if "positive" in facts:
        assert (phi.real > -5e-3).all()
        assert np.abs(phi.imag).max() < 5e-3
    if "never_zero" in facts:
        # zeros of a continuous function do not show on a grid; the closed forms below are checked on a fine one
        assert (np.abs(phi) > 1e-6).all()
    if name in CLOSED_FORMS:
        closed = CLOSED_FORMS[name](t, **parameters)
        assert np.abs(closed - phi).max() < 5e-3


@pytest.mark.parametrize("name", sorted(set(CLOSED_FORMS) & SLOW))
def test_closed_forms_of_slow_laws(name: str) -> None:
    from scipy.integrate import quad

    for parameters in CASES[name]:
        law = frozen(name, parameters)
        low, high = law.ppf(1e-13), law.isf(1e-13)
        for t in (0.3, 1.1):
            parts = [
                quad(lambda x, g=g, t=t, law=law: g(t * x) * law.pdf(x), low, high, limit=400)[0]
                for g in (np.cos, np.sin)
            ]
            assert abs(complex(*parts) - complex(CLOSED_FORMS[name](np.array(t), **parameters))) < 1e-6


@pytest.mark.parametrize("name", sorted(CLOSED_FORMS))
def test_closed_forms_never_vanish_where_a_theorem_says_so(name: str) -> None:
    t = np.linspace(-9, 9, 721)
    for parameters in CASES[name]:
        facts = frozenset().union(*(THEOREMS[theorem].facts for theorem in theorems(name, parameters)))
        phi = CLOSED_FORMS[name](t, **parameters)
        assert np.abs(phi[360] - 1) < 1e-9
        assert np.abs(phi[::-1] - phi.conj()).max() < 1e-9
        assert np.abs(phi).max() < 1 + 1e-9
        if "never_zero" in facts:
            assert np.abs(phi).min() > 0
        if "positive" in facts:
            assert phi.real.min() > 0
            assert np.abs(phi.imag).max() < 1e-12


def test_uniform_has_zeros_and_they_are_null() -> None:
    # phi(2 pi) = 0 for the uniform law on [0, 1]: it must not be called never vanishing
    facts = frozenset().union(*(THEOREMS[theorem].facts for theorem in theorems("uniform", {})))
    assert abs(CLOSED_FORMS["uniform"](np.array(2 * np.pi))) < 1e-15
    assert "never_zero" not in facts
    assert "right" in facts


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("gamma", {"a": -1}),
        ("t", {"df": 0}),
        ("beta", {"a": 1, "b": 0}),
        ("uniform", {"scale": 0}),
        ("norm", {"scale": -1}),
        ("norm", {"scale": float("nan")}),
        ("norm", {"loc": float("inf")}),
        ("gamma", {"a": float("inf")}),
        ("levy_stable", {"alpha": 2.5, "beta": 0}),
        ("truncnorm", {"a": 2, "b": 1}),
        ("genhyperbolic", {"p": 1, "a": 1, "b": 2}),
    ],
)
def test_invalid_parameters_are_one_clear_error(name: str, parameters: dict[str, float]) -> None:
    with pytest.raises(InputError):
        as_noise(getattr(scipy.stats, name)(**parameters))


def test_ranges_agree_with_scipys_own_check() -> None:
    rng = np.random.default_rng(0)
    for name, entry in NAMED.items():
        if name == "truncpareto" and OLD_SCIPY:
            continue
        law = getattr(scipy.stats, name)
        order = [part.strip() for part in (law.shapes or "").split(",") if part.strip()]
        for _ in range(30):
            values = {key: float(rng.choice([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])) for key in order}
            ours = condition_holds(entry.valid, {key: to_fraction(value) for key, value in values.items()})
            scipys = bool(np.all(law._argcheck(*(values[key] for key in order)))) if order else True
            assert not ours or scipys, (name, values)
