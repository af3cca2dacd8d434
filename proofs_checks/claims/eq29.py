"""Eq. (29): the limit of temperature zero."""

from __future__ import annotations

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bernoulli import A, moment, probability_residual

TEMPERATURE = sympy.Symbol("T", positive=True)


def bernoulli(given: str) -> Outcome:
    """The limit of x is 1 where m + eps > 0 and 0 where it is negative; its law given m, or given u."""
    limits = [_limit(value) for value in (1, -1)]
    residual = probability_residual()
    mean = moment(1, A)
    right = limits == [1, 0] and residual == 0 and mean == A / 2
    law = (
        "P(x = 1 | m) - sigmoid(m)"
        if given == "m"
        else "given u the limit is Bernoulli(E[sigmoid(m) | u]); the residual"
    )
    example = "" if given == "m" else f" For Q = (1 + e^z)^-2, f = id and natural parameter a it is Bernoulli({mean})."
    detail = f"sigmoid(y/T) tends to 1 for y > 0 and to 0 for y < 0: {limits == [1, 0]}; {law} = {residual}.{example}"
    return Outcome(Status.HOLDS if right else Status.FAILS, detail)


def _limit(sign: int) -> int:
    """The limit of sigmoid(y/T), T -> 0+, for y of this sign: from q = exp(-|y|/T) -> 0 in 1/(1 + q) or q/(1 + q); "
    "-1 if these are wrong."""
    q = sympy.Symbol("q", positive=True)
    value = 1 / (1 + q) if sign > 0 else q / (1 + q)
    back = value.subs(q, sympy.exp(-1 / TEMPERATURE)) - 1 / (1 + sympy.exp(-sign / TEMPERATURE))
    return int(value.subs(q, 0)) if sympy.simplify(back) == 0 else -1


CLAIM = Claim(
    name="eq29",
    where="Eq. (29)",
    statement="As T tends to 0 from above, x ~ Bernoulli(p) with p = sigmoid(m).",
    hypotheses=(printed("(26) to (28)"), silent("given m")),
    uses=("eq28",),
    verdict="true given m; given u it is Bernoulli(E[sigmoid(m) | u])",
    gap="",
    counterexample="",
    repair=(
        "Given u, the limit of each coordinate is Bernoulli(E[sigmoid(m_i) | u]): of the law of m_i only this is left."
    ),
    as_printed=Check(Method.SYMBOLIC, lambda: bernoulli("m"), Status.HOLDS),
    as_repaired=Check(Method.SYMBOLIC, lambda: bernoulli("u"), Status.HOLDS),
)
