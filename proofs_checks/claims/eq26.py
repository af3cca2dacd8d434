"""Eq. (26) to (27): what theory the example extends."""

from __future__ import annotations

import sympy

from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bernoulli import inverse_residual

#: z at four points, and the observed T logit(x) = f(z) + eps of (26) and (27) for f = id and eps = 0.
CONTINUOUS = [0, 1, 3, 7]
#: A latent on two points.
DISCRETE = [0, 1, 0, 1]


def is_model_of_equation_6(latent: list[int]) -> Outcome:
    """After T logit, x = m + eps. Is a latent with these values in the class of Eq. (7), T = (z, z^2) minimal on it?"""
    residual = inverse_residual(sympy.Symbol("T", positive=True))
    size = rank([[1, z, z**2] for z in latent])
    holds = residual == 0 and size == 3
    detail = f"T logit(x) - (m + eps) = {residual}; rank of (1, z, z^2) at the values of z: {size} of 3."
    return Outcome(Status.HOLDS if holds else Status.FAILS, detail, {"rank": size})


CLAIM = Claim(
    name="eq26",
    where="Eq. (26) to (27)",
    statement="m = f(z), x = sigmoid((m + eps)/T): the theory extends to discrete latent variables.",
    hypotheses=(printed("T in (0, oo)"), silent("z has a density, as in Eq. (7)")),
    uses=("definition1",),
    verdict="true of observations at a temperature; for 'discrete latent variables' read 'discrete observations'",
    gap=(
        "The example is about x. With a discrete latent, Z_i has measure zero and Eq. (7) is no density; on two points "
        "z^2 = z, and T = (z, z^2) is not minimal."
    ),
    counterexample="z in {0, 1}, T = (z, z^2): 1, z, z^2 have rank 2.",
    repair="For latents with a density, T logit(x) = f(z) + eps is the model of Eq. (6).",
    as_printed=Check(Method.EXACT, lambda: is_model_of_equation_6(DISCRETE), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: is_model_of_equation_6(CONTINUOUS), Status.HOLDS),
)
