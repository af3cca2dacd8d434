"""Theorem 1 for k = 1."""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.exact import rank, to_fraction
from ivae_theory.hypotheses.injectivity import check_injective
from ivae_theory.hypotheses.positivity import check_positive
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.deconvolution import vanishes_everywhere
from proofs_checks.steps.derivation import derive, printed_hypotheses, related, sharp_hypotheses
from proofs_checks.steps.examples import random_pairs, rotated_gaussian, vanishing_base
from proofs_checks.steps.models import Pair, Z, latents, rational
from proofs_checks.steps.outcomes import proved_if, refuted_if

#: z at which T and T' are compared; nk + 1 = 2 points would prove nothing.
POINTS = (0, 1, 3)
#: Random pairs, of which those with k = 1 are used.
MODELS = 6


def same_on_support(pair: Pair) -> bool:
    """Whether ``Q (f' - f)`` is zero everywhere: with one prior for both models, x has the same law for every u."""
    (family,), (other,) = (model.prior.families for model in (pair.theta, pair.other))
    first, second = (model.mixing.matrix[0].xreplace({latents(model)[0]: Z}) for model in (pair.theta, pair.other))
    same_prior = pair.theta.prior.describe() == pair.other.prior.describe()
    return (
        same_prior
        and family.describe() == other.describe()
        and vanishes_everywhere(family.base_measure * (second - first), Z)
    )


def affine_rank(pair: Pair) -> int:
    """The rank of ``[1 T T']`` at f(z) for z in POINTS; ``f'(h(z)) = f(z)`` is verified at each."""
    (symbol,), (other,) = latents(pair.theta), latents(pair.other)
    rows = []
    for point in POINTS:
        moved = pair.h[0].subs(symbol, rational(point))
        if pair.other.mixing.matrix[0].subs(other, moved) != pair.theta.mixing.matrix[0].subs(symbol, rational(point)):
            raise ValueError("h is not f'^-1 o f")
        rows.append([1, Fraction(point), to_fraction(moved)])
    return rank(rows)


def without_positivity() -> Outcome:
    """The printed hypotheses alone, with a base measure that vanishes outside [0, 1]."""
    pair = vanishing_base()
    hypotheses = printed_hypotheses(pair.theta)
    allowed = all(status is Status.HOLDS for status in hypotheses.values())
    bijective = all(check_injective(model).holds for model in (pair.theta, pair.other))
    positive = check_positive(pair.theta)
    found = affine_rank(pair)
    refuted = allowed and bijective and positive.fails and same_on_support(pair) and found == 3
    detail = (
        f"(i), (ii), (iii) hold, f and f' are injective, x has the same law for every u, and [1 T T'] has rank {found} "
        f"at f(z), z = {', '.join(map(str, POINTS))}. Q > 0: {positive.status.word}."
    )
    return refuted_if(refuted, detail, rank=found)


def with_silent_hypotheses() -> Outcome:
    """All hypotheses: every step of the proof, on exact random models."""
    pairs = [pair for pair in random_pairs(MODELS) if pair.theta.prior.ks[0] == 1] + [rotated_gaussian()]
    sharp = [set(sharp_hypotheses(pair.theta).values()) == {Status.HOLDS} for pair in pairs]
    steps = [derive(pair).complete for pair in pairs]
    affine = [related(pair).holds for pair in pairs]
    held = sum(a and b and c for a, b, c in zip(sharp, steps, affine, strict=True))
    detail = (
        f"Exact random models with n = 1, 2, 3 < d, and a rotated Gaussian: in {held} of {len(pairs)} all hypotheses "
        "hold, A = L^-T L'^T is invertible and T~ = A T~' + c is an identity."
    )
    return proved_if(held == len(pairs), detail, models=len(pairs))


CLAIM = Claim(
    name="theorem1.k1",
    where="Theorem 1, k = 1",
    statement="Under (i), (ii), (iii), (f, T, lambda) is ~-identifiable.",
    hypotheses=(
        printed("(i): phi_eps is zero on a null set only"),
        printed("(ii): derivatives of the statistics exist and are not zero almost everywhere"),
        printed("(iii): L is invertible"),
        printed("f is a bijection from Z onto X"),
        silent("Q_i > 0 almost everywhere on Z_i"),
        silent("the noise has one known law for all parameters, and (i) is read on R^d"),
        silent("the conclusion is meant almost everywhere"),
    ),
    uses=("theorem1.i", "eq18.deconvolution", "eq21", "eq22", "eq23"),
    verdict="true with its silent hypotheses, almost everywhere",
    gap="Where Q vanishes the law of x says nothing about f, and (12) is asked for on all of X.",
    counterexample="T = z, Q = 1 on [0, 1] and 0 elsewhere, f = z, f'(z) = z + relu(z - 1).",
    repair="With Q > 0, the same known noise and (i) on R^d, T~ o f^-1 = A T~' o f'^-1 + c almost everywhere.",
    as_printed=Check(Method.EXACT, without_positivity, Status.FAILS),
    as_repaired=Check(Method.EXACT, with_silent_hypotheses, Status.HOLDS),
    proof="See theorem1.sharp; for k = 1, (ii) gives (M): where a statistic is constant its derivative is 0.",
)
