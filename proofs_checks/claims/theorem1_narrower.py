"""Theorem 1: is the class of models with the same law smaller than a class of ~?"""

from __future__ import annotations

from ivae_theory import equivalent
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivation import derive, relation_on_lambda
from proofs_checks.steps.examples import EXTRA_ROWS, random_pairs
from proofs_checks.steps.models import Z, is_constant, latents, log_density, make_model, rows_of
from proofs_checks.steps.outcomes import proved_if

MODELS = 6
#: lambda and lambda' for T = T' = z, f = f' = z.
NATURAL, OTHER = ((0,), (1,)), ((0,), (2,))


def same_statistics() -> Outcome:
    """Models that are equivalent without having the same law."""
    theta, other = make_model([[Z]], NATURAL), make_model([[Z]], OTHER)
    verdict = equivalent(theta, other)
    # densities of one law would differ by a constant factor; the logarithm of the ratio is not constant
    ratio = log_density(theta, 1) - log_density(other, 1)
    slope = ratio.diff(latents(theta)[0])
    differ = not is_constant(ratio, latents(theta)) and slope.is_Rational and slope != 0
    detail = (
        f"T = T' = z, f = f' = z: theta ~ theta' {verdict.status.word} with A = 1; at u_1 the log-densities of z "
        f"differ by {slope} z up to a constant."
    )
    return proved_if(verdict.holds and bool(differ), detail)


def relation() -> Outcome:
    """What the law fixes besides ~: lambda' up to a constant, at every u and not only at u_0, .., u_nk."""
    held = []
    for pair in random_pairs(MODELS):
        step = derive(pair)
        extra = len(rows_of(pair.theta)) - pair.theta.prior.size - 1
        held.append(step.complete and relation_on_lambda(pair, step.A) and extra == EXTRA_ROWS)
    detail = (
        f"lambda'(u) - lambda'(u_0) = A^T (lambda(u) - lambda(u_0)) exactly, at nk + 1 + {EXTRA_ROWS} values of u, "
        f"with the A of nk + 1 of them: {sum(held)} of {len(held)} random models."
    )
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="theorem1.narrower",
    where="Supplement B, after the proof of Theorem 1",
    statement="The real equivalence class may be narrower than ~, as A and c are functions of lambda and lambda'.",
    hypotheses=(printed("the hypotheses of Theorem 1"),),
    uses=("theorem1.sharp", "eq23"),
    verdict="true: the relation on lambda holds as well",
    gap="",
    counterexample="",
    repair="lambda'(u) - lambda'(u_0) = A^T (lambda(u) - lambda(u_0)) for every u at which the laws agree.",
    as_printed=Check(Method.EXACT, same_statistics, Status.HOLDS),
    as_repaired=Check(Method.EXACT, relation, Status.HOLDS),
    proof=(
        "The argument of theorem1.sharp with any u in the place of `u_l` gives `(lambda(u) - lambda(u_0)) . T~ = "
        "(lambda'(u) - lambda'(u_0)) . T~' + b(u)`. Put `T~ = A T~' + c`; as T' is minimal, the weights of `T~'` agree."
    ),
)
