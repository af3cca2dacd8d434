"""Section 3.1: observations without noise as the limit of Gaussian noise."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory import Noise
from ivae_theory.exact.identity import is_zero
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.deconvolution import HOLE, OMEGA, null_zeros
from proofs_checks.steps.derivation import derive
from proofs_checks.steps.examples import random_pair
from proofs_checks.steps.models import Z, make_model
from proofs_checks.steps.outcomes import proved_if

VARIANCES = (Fraction(1), Fraction(1, 100), Fraction(1, 10**12), Fraction(0))
SHAPES = ((1, 1), (1, 2), (2, 1))
_VARIANCE = sympy.Symbol("s", nonnegative=True)
#: The characteristic function of N(0, s I) on R^2.
PHI = sympy.exp(-_VARIANCE * (OMEGA[0] ** 2 + OMEGA[1] ** 2) / 2)


def in_the_limit() -> Outcome:
    """(N) at every variance, and the limit of the characteristic functions."""
    statuses = [
        check_noise(make_model([[Z]], [[0]], noise=Noise.gaussian(v) if v else Noise.none())).status for v in VARIANCES
    ]
    limit = PHI.subs(_VARIANCE, 0)
    settled = all(status is Status.HOLDS for status in statuses) and is_zero(limit - 1)
    detail = (
        f"(N) holds at sigma^2 = {', '.join(map(str, VARIANCES))}; the characteristic functions "
        f"exp(-sigma^2 |omega|^2 / 2) tend to {limit} for every omega."
    )
    return proved_if(settled, detail)


def by_its_own_law() -> Outcome:
    """phi = 1 settles (N) for x = f(z) itself; a limit alone would not."""
    pairs = [random_pair(50 + place, n, k) for place, (n, k) in enumerate(SHAPES)]
    derived = [derive(pair).complete for pair in pairs]
    t = OMEGA[0]
    member = null_zeros(HOLE / 2 + sympy.exp(-(t**2) / 2) / 2, (t,))
    limit = null_zeros(HOLE, (t,))
    detail = (
        f"phi = 1: every step of the sharp Theorem 1 holds on {sum(derived)} of {len(pairs)} exact random models "
        f"without noise. A limit proves nothing by itself: (1 - s) max(1 - |t|, 0) + s exp(-t^2/2) satisfies (N) at "
        f"s = 1/2 ({member.word}), its limit at s = 0 does not ({limit.word})."
    )
    return proved_if(all(derived) and member is Status.HOLDS and limit is Status.FAILS, detail)


CLAIM = Claim(
    name="section3.1",
    where="Section 3.1",
    statement="Observations without noise, x = f(z), are the case of Gaussian noise with infinitesimal variance.",
    hypotheses=(printed("p_eps is Gaussian with infinitesimal variance"),),
    uses=("eq18.deconvolution", "theorem1.sharp"),
    verdict="true; by its own phi = 1, not because it is a limit",
    gap=(
        "A limit of identifiable models need not be identifiable (Appendix E), and (N) is not inherited by limits of "
        "noise laws. Without noise x may have no density, so Eq. (6) does not apply to the letter."
    ),
    counterexample="",
    repair="For x = f(z), phi = 1 has no zeros: the sharp Theorem 1 applies as it stands.",
    as_printed=Check(Method.SYMBOLIC, in_the_limit, Status.HOLDS),
    as_repaired=Check(Method.EXACT, by_its_own_law, Status.HOLDS),
)
