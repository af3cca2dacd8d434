"""Definition 1: identifiability from p(x), or from p(x|u) for all u?"""

from __future__ import annotations

import sympy

from ivae_theory import Model, check, equivalent
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb
from ivae_theory.exact.identity import is_zero
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.models import Z, log_density, make_model
from proofs_checks.steps.outcomes import proved_if, refuted_if

GAUSSIAN = sympy.exp(-(Z**2) / 2)
#: theta: T = z and lambda = -1, 1; theta': T' = z^3, lambda' = 0, and Q' the mixture of both.
STATISTICS, BASES = (Z, Z**3), (GAUSSIAN, GAUSSIAN * sympy.cosh(Z))
NATURAL = ((-1, 1), (0, 0))
#: The logarithm of Z(u) for each model: of N(-1, 1) and N(1, 1), and of their mixture.
LOG_PARTITION = sympy.Rational(1, 2) + sympy.log(2 * sympy.pi) / 2


def models() -> tuple[Model, Model]:
    """Both models: n = d = 1, f(z) = z, no noise, two equally likely values of u."""
    first, second = (
        make_model([[statistic]], [[value] for value in rows], base)
        for statistic, base, rows in zip(STATISTICS, BASES, NATURAL, strict=True)
    )
    return first, second


def density(model: Model, u: int) -> sympy.Expr:
    """p(x|u)."""
    return sympy.exp(log_density(model, u) - LOG_PARTITION)


def refutes(law: str) -> tuple[bool, str]:
    """Whether the two models are not equivalent although they agree in the marginal p(x), or in p(x|u) for all u."""
    theta, other = models()
    distinct = equivalent(theta, other).fails
    if law == "marginal":
        gap = sum((density(theta, u) - density(other, u)) / 2 for u in range(2))
        same = is_zero(gap.rewrite(sympy.exp))
        return same and distinct, f"p(x) is {'' if same else 'not proved '}the same"
    symbol = theta.mixing.symbols[0]
    with precision(128):
        gap_here = ball(density(theta, 1) - density(other, 1), {symbol: to_arb(1)})
    differ = not gap_here.contains(0)
    return not differ, f"p(1|u=1) differs by {float(gap_here.mid()):.2f}" if differ else "no difference was found"


def from_marginal() -> Outcome:
    """The printed (11), which compares p(x) alone."""
    found, what = refutes("marginal")
    wide = check(models()[0], "affine").status is Status.HOLDS
    detail = f"T = z, lambda = -1, 1 against T' = z^3, lambda' = 0: {what}; the models are not equivalent."
    return refuted_if(found and wide, detail)


def from_every_u() -> Outcome:
    """p(x|u) for all u: the same pair is no counterexample, and the sharp Theorem 1 covers the model."""
    found, what = refutes("conditional")
    status = check(models()[0], "affine").status
    detail = f"The same pair: {what}. Theorem 1 (sharp) for the first model: {status.word}."
    return proved_if(not found and status is Status.HOLDS, detail)


CLAIM = Claim(
    name="definition1",
    where="Definition 1, Eq. (11)",
    statement="A model is ~-identifiable if p_theta(x) = p_theta'(x) implies theta' ~ theta.",
    hypotheses=(printed("p_theta(x) = p_theta'(x)"),),
    uses=("theorem1.sharp",),
    verdict="needs p(x|u) for all u; the proofs use it so",
    gap="Averaged over u, the law of x no longer shows how the latents depend on u.",
    counterexample=(
        "z|u ~ N(-1, 1), N(1, 1), T = z, against the mixture of both for every u, T' = z^3: the same p(x), not ~."
    ),
    repair="p_theta(x|u) = p_theta'(x|u) for all x and u implies theta' ~ theta.",
    as_printed=Check(Method.BALL, from_marginal, Status.FAILS),
    as_repaired=Check(Method.BALL, from_every_u, Status.HOLDS),
)
