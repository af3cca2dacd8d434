"""Appendix E in the limit of temperature zero: two models that are not equivalent with the same Bernoulli laws."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory import Discrete, ExponentialFamily, Model, Prior, rival
from ivae_theory.certificates import rivals as _rivals  # noqa: F401 - registers the recheckers of rivals
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.exact import determinant
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bernoulli import A, moment, pair_difference, substitution_residual
from proofs_checks.steps.models import Z
from proofs_checks.steps.parameters import Matrix, differences

#: lambda' of the rival at the values of u, for n = 1 and n = 2.
ONE: Matrix = [[Fraction(1)], [Fraction(3, 2)], [Fraction(1, 2)], [Fraction(7, 4)]]
TWO: Matrix = [[Fraction(1), Fraction(1)], [Fraction(3, 2), Fraction(1)], [Fraction(1), Fraction(1, 2)]]
#: The moments of sigmoid(m) that x shows: P(x = 1 | u) alone in the limit, all of them at a temperature.
IN_THE_LIMIT, AT_A_TEMPERATURE = (1,), (1, 2, 3)


def theta(rows: Matrix) -> Model:
    """Q = (1 + e^z)^-2, T = z, f = id, lambda = a(a + 1)/3 for the rows a, Bernoulli observations."""
    family = ExponentialFamily([Z], sympy.Reals, (1 + sympy.exp(Z)) ** -2, Z)
    natural = [[a * (a + 1) / 3 for a in row] for row in rows]
    symbols = list(sympy.symbols(f"z1:{len(rows[0]) + 1}", real=True))
    return Model(Prior([family] * len(symbols), natural), noise=Discrete("bernoulli"), mixing=(symbols, symbols))


def not_equivalent(rows: Matrix) -> bool:
    """The library's rival, rechecked: equal laws of x exactly, f' not affine by a determinant ball away from zero."""
    model = theta(rows)
    found = rival(model)
    if found is None or found.refutes != "equivalence" or not check_noise(model).fails:
        return False
    expected = [[str(a) for a in row] for row in rows]
    same = [list(row) for row in found.evidence.get("natural", [])] == expected
    return same and recheck_evidence("rival.equivalence", found.evidence, model.describe()).status is Status.HOLDS


def tells_apart(powers: Sequence[int]) -> Outcome:
    """Do the moments of sigmoid(m) that x shows tell the two models apart at every lambda' in (0, 2)?"""
    common = pair_difference(powers[0])
    for power in powers[1:]:
        common = sympy.gcd(common, pair_difference(power))
    roots = [] if common == 0 else [root for root in sympy.roots(common, A) if 0 < root < 2]
    exact = substitution_residual() == 0 and moment(1, A) == A / 2
    variable = [determinant(differences(table)) for table in (TWO, [[a * (a + 1) / 3 for a in row] for row in TWO])]
    certified = not_equivalent(ONE) and not_equivalent(TWO)
    if not (exact and certified and all(variable)):
        return Outcome(Status.UNDECIDED, "The pair of models was not certified.")
    status = Status.FAILS if common == 0 or roots else Status.HOLDS
    shown = ", ".join(f"E sigmoid(m)^{p}: {pair_difference(p)}" for p in powers)
    detail = (
        "E sigmoid(z) = lambda/2 and E sigmoid(z')^2 = a(a + 1)/6. Differences of what x shows, for lambda' = a: "
        f"{shown}. "
        f"f' is not affine (ball), n = d = 1 and n = d = 2, where det L = {variable[1]} and det L' = {variable[0]}."
    )
    return Outcome(status, detail, {"common": str(common)})


CLAIM = Claim(
    name="appendixE.limit",
    where="Appendix E, Section 3.1",
    statement="Discrete observations are the limit of temperature zero, and Theorem 1 extends to them.",
    hypotheses=(printed("x ~ Bernoulli(sigmoid(m)), m = f(z)"), silent("the temperature stays above zero")),
    uses=("appendixE.temperature", "eq29"),
    verdict="false in the limit",
    gap=(
        "In the limit x given u shows nothing but E sigmoid(m): the map from the law of m to that of x is one-to-one "
        "at "
        "every temperature above 0 and not in the limit. The corrigendum of the published version withdraws the claim."
    ),
    counterexample=(
        "n = d = 1, T = z, Q = (1 + e^z)^-2, f = id, lambda = a(a + 1)/3, against f' = logit(sigmoid^2), lambda' = "
        "a, for any "
        "number of values of a in (0, 2): equal Bernoulli laws, not ~. Coordinate by coordinate also for n = d = 2."
    ),
    repair="At every temperature above 0 the two models have different laws of x.",
    as_printed=Check(Method.EXACT, lambda: tells_apart(IN_THE_LIMIT), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: tells_apart(AT_A_TEMPERATURE), Status.HOLDS),
    proof=(
        "sigmoid(z) has the law Beta(lambda, 2 - lambda), so `E sigmoid(z) = lambda/2`; under the rival "
        "`sigmoid(f'(z')) = sigmoid(z')^2` has the mean `a(a + 1)/6`, which is the same. f' = logit(sigmoid^2) is "
        "injective "
        "and not affine, so `1, z, f'^-1(z)` are independent. At a temperature the law of m is determined "
        "(appendixE.temperature), and the second or third moment of sigmoid(m) differs at every a."
    ),
)
