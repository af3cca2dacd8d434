"""Strategies for whole models: those that satisfy every hypothesis, and those broken in one named way."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from ivae_theory.errors import InputError
from ivae_theory.families import ExponentialFamily
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from ivae_theory.testing.parts import (
    exponential_families,
    full_rank_tables,
    linear_mixings,
    natural_parameters,
    noise_laws,
)

__all__ = ["BREAKAGES", "broken_models", "models", "priors"]

_Z = sympy.Symbol("z", real=True)


@st.composite
def priors(draw: st.DrawFn, max_latents: int = 3, k: int | None = None) -> Prior:
    """Priors with minimal statistics and sufficiently variable natural parameters (table, exact)."""
    members = draw(st.lists(exponential_families(k), min_size=1, max_size=max_latents))
    return Prior(members, draw(full_rank_tables(members)))


@st.composite
def models(draw: st.DrawFn, max_latents: int = 3, k: int | None = None) -> Model:
    """Models that satisfy every hypothesis of the sharp Theorem 1."""
    prior = draw(priors(max_latents, k))
    return _noted(Model(prior, noise=draw(noise_laws()), mixing=draw(linear_mixings(prior.n))))


def _noted(model: Model) -> Model:
    """The model, written out beside a falsifying example: what Hypothesis shrank to can be read and typed again."""
    if currently_in_test_context():
        subject = model.describe()
        statistics = "; ".join(", ".join(family["statistics"] or ("black box",)) for family in subject["families"])
        table = "; ".join(", ".join(row) for row in subject["natural"]["values"])
        mixing = ", ".join(map(str, model.mixing.matrix))
        note(f"T = [{statistics}], lambda = [{table}], f = [{mixing}], noise: {subject['noise']['text']}")
    return model


def _variability(draw: st.DrawFn) -> Model:
    """(iii): the natural parameters obey one affine relation, or take too few values."""
    members = draw(st.lists(exponential_families(), min_size=1, max_size=3))
    size = sum(family.k for family in members)
    few = draw(st.integers(1, size))
    rows = [[v for family in members for v in draw(natural_parameters(family))] for _ in range(few)]
    # Points on the segment between two rows stay in the (convex) natural range and add at most one dimension.
    if few == size:
        rows.append([(a + b) / 2 for a, b in zip(rows[0], rows[-1], strict=True)])
    return Model(Prior(members, rows), noise=Noise.gaussian(1), mixing=draw(linear_mixings(len(members))))


def _minimality(draw: st.DrawFn) -> Model:
    """(M): the second statistic is an affine function of the first."""
    slope, shift = draw(st.sampled_from([1, 2, -1, Fraction(1, 2)])), draw(st.integers(-2, 2))
    statistics = [_Z, sympy.Rational(slope) * _Z + shift]
    family = ExponentialFamily(statistics, base_measure=sympy.exp(-(_Z**4)))
    table = [[Fraction(0), Fraction(0)], [Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]
    return Model(Prior([family], table), noise=draw(noise_laws()), mixing=draw(linear_mixings(1)))


def _noise(draw: st.DrawFn) -> Model:
    """(i): the characteristic function of the noise vanishes on an open set."""
    prior = draw(priors())
    return Model(prior, noise=draw(noise_laws(holds=False)), mixing=draw(linear_mixings(prior.n)))


def _injectivity(draw: st.DrawFn) -> Model:
    """(J): the mixing is linear and singular."""
    prior = draw(priors())
    return Model(prior, noise=draw(noise_laws()), mixing=draw(linear_mixings(prior.n, injective=False)))


def _positivity(draw: st.DrawFn) -> Model:
    """Q vanishes on a set of positive measure of the stated support."""
    edge = draw(st.integers(-1, 1))
    measure = sympy.Piecewise((0, _Z <= edge), (sympy.exp(-(_Z**2)), True))  # noqa: SIM300 - _Z is the variable
    family = ExponentialFamily([_Z], base_measure=measure)
    return Model(Prior([family], [[0], [1]]), noise=draw(noise_laws()), mixing=draw(linear_mixings(1)))


def _known_noise(draw: st.DrawFn) -> Model:
    """The noise is learned together with the model."""
    prior = draw(priors())
    return Model(prior, noise=Noise.gaussian(1, learned=True), mixing=draw(linear_mixings(prior.n)))


#: What :func:`broken_models` can break: the claim that fails, and the strategy.
BREAKAGES: dict[str, Callable[[st.DrawFn], Model]] = {
    "theorem1.iii": _variability,
    "theorem1.minimal": _minimality,
    "theorem1.i": _noise,
    "theorem1.injective": _injectivity,
    "theorem1.positive": _positivity,
    "theorem1.known_noise": _known_noise,
}


@st.composite
def _broken(draw: st.DrawFn, claim: str) -> Model:
    return _noted(BREAKAGES[claim](draw))


def broken_models(claim: str) -> st.SearchStrategy[Any]:
    """Models in which exactly one hypothesis of the sharp Theorem 1 fails: ``claim``, one of :data:`BREAKAGES`."""
    if claim not in BREAKAGES:
        raise InputError("claim", f"one of {', '.join(BREAKAGES)}", repr(claim))
    return _broken(claim)
