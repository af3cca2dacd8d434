"""Theorem 3 of the published version: k = 1, T not monotonic, f with continuous partial derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior
from ivae_theory.enclosure.models.latent import Latent, read_formulas
from ivae_theory.enclosure.models.monotone import rises_and_falls, turns
from ivae_theory.hypotheses.blocks import decide_spans_everywhere
from ivae_theory.hypotheses.injectivity import check_injective
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.hypotheses.smoothness import decide_smooth
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.theorem2 import check_scaled_permutation
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.boxes import is_scaled_permutation
from proofs_checks.steps.logarithms import family, rotated_difference
from proofs_checks.steps.models import Z
from proofs_checks.steps.parameters import Matrix

ROTATION: Matrix = [[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]
#: T of every model below is lower at the second of these points than at the others.
POINTS = [Fraction(-1), Fraction(1, 4), Fraction(1)]
Test = Callable[[Latent, Sequence[Fraction]], bool]
ROWS = [[Fraction(-1), Fraction(-1)], [Fraction(-2), Fraction(-1)], [Fraction(-1), Fraction(-3)]]


def models() -> dict[str, Any]:
    """Two equal latents, f = id: statistics on the line, and one on the line without 0."""
    members = {
        "z^2 on R": ExponentialFamily([Z**2], sympy.Reals, 1, Z),
        "1 - exp(-z^2) on R": ExponentialFamily([1 - sympy.exp(-(Z**2))], sympy.Reals, sympy.exp(-(Z**2)), Z),
        "log|z| off 0": family(),
    }
    symbols = list(sympy.symbols("z1 z2", real=True))
    return {
        name: Model(Prior([member] * 2, ROWS), noise=Noise.gaussian(Fraction(1, 100)), mixing=(symbols, symbols))
        for name, member in members.items()
    }


def satisfies(model: Any, not_monotonic: Test) -> bool:
    """The published hypotheses, each decided by the library."""
    description = model.prior.families[0].describe()
    return (
        check_noise(model).holds
        and check_variability(model).holds
        and check_injective(model).holds
        and decide_spans_everywhere(description)["rule"] == "analytic"
        and not_monotonic(read_formulas(description).latent(), POINTS)
        and decide_smooth(model)["rule"] != "undecided"
    )


def scaled(name: str, model: Any) -> Status:
    """Is A a scaled permutation? The rotated logarithms are compared by their densities."""
    if name == "log|z| off 0":
        same = all(not rotated_difference(ROTATION, row).free_symbols for row in ROWS)
        if same and not is_scaled_permutation(ROTATION):
            return Status.FAILS
    return check_scaled_permutation(model).status


def permutation(not_monotonic: Test) -> Outcome:
    """For the models that satisfy the hypotheses: T is not monotonic, or continuous and turning on an interval."""
    found = {name: scaled(name, model) for name, model in models().items() if satisfies(model, not_monotonic)}
    shown = "; ".join(f"T = {name}: {status.word}" for name, status in found.items())
    status = min(found.values(), default=Status.UNDECIDED)
    detail = f"Hypotheses hold, and A a scaled permutation: {shown}."
    if Status.FAILS in found.values():
        difference = rotated_difference(ROTATION, ROWS[1])
        detail += f" With log|z'| = R log|z|, log p - log p' - log|det dz'/dz| = {difference}: the same law of x."
    return Outcome(status, detail, {name: value.word for name, value in found.items()})


CLAIM = Claim(
    name="published.theorem3",
    where="Published version, Theorem 3",
    statement=(
        "k = 1: if besides Theorem 1's hypotheses no T_i,1 is monotonic and f has continuous partial derivatives, A "
        "is a "
        "scaled permutation."
    ),
    hypotheses=(
        printed("k = 1; T_i,1 not monotonic; all partial derivatives of f continuous"),
        silent("every Z_i is an interval and T_i,1 is continuous on it; f'^-1 o f is a homeomorphism"),
    ),
    uses=("published.theorem1", "theorem2.sharp"),
    verdict="true on intervals with a continuous T; false when Z_i may be a union of intervals",
    gap=(
        "The argument needs a point where T_i turns: on a union of intervals T_i can be non-monotonic and turn nowhere."
    ),
    counterexample=(
        "T = log|z| on the line without 0, Q = exp(-(log|z|)^2/2)/|z|, f = id, n = 2: T(z) is Gaussian and not "
        "monotonic. "
        "log|z'| = R log|z| with the signs kept and R a rotation is a smooth bijection with a smooth inverse, and "
        "has the "
        "same law of x with lambda' = R lambda."
    ),
    repair=(
        "With Z_i intervals, T_i continuous and not monotonic, f'^-1 o f a homeomorphism: A is a scaled permutation."
    ),
    as_printed=Check(Method.BALL, lambda: permutation(rises_and_falls), Status.FAILS),
    as_repaired=Check(Method.BALL, lambda: permutation(turns), Status.HOLDS),
    proof=(
        "A continuous T_i that is not monotonic on an interval has a local extremum at some interior a, say a "
        "maximum. At "
        "every point with z_i = a, `T_i(z_i) = sum_j A_ij T'_j(z'_j) + c_i` has a local maximum as a function of z', "
        "and T' = "
        "A^-1 (T~ o g - c) is continuous: each T'_j with `A_ij != 0` has a local extremum at z'_j. The values of a "
        "function of one variable "
        "at its local extrema are countably many. So T'_j(z'_j) is constant on the connected set z_i = a, while every "
        "T_l(z_l), l != i, varies freely there: row j of A^-1 is a multiple of the i-th unit vector. Rows of A^-1 are "
        "independent, so for each i there is one j with `A_ij != 0`."
    ),
)
