"""Eq. (8): the variational bound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import determinant, to_arb
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.outcomes import proved_if
from proofs_checks.steps.parameters import Matrix, invert, multiply, transpose

EXAMPLES = 40
Vector = Sequence[Fraction]
Rows = Sequence[Vector]


def _trace(rows: Rows) -> Fraction:
    return sum((rows[i][i] for i in range(len(rows))), Fraction(0))


def _form(matrix: Rows, vector: Rows) -> Fraction:
    return multiply(transpose(vector), matrix, vector)[0][0]


def marginal(W: Rows, D: Rows, variance: Fraction) -> Matrix:
    """The covariance ``W D W^T + variance I`` of x."""
    signal = multiply(W, D, transpose(W))
    return [[entry + variance * (i == j) for j, entry in enumerate(row)] for i, row in enumerate(signal)]


def posterior(W: Rows, D: Rows, variance: Fraction, x: Rows) -> tuple[Matrix, Matrix]:
    """Mean and covariance of z given x for z ~ N(0, D), ``x = W z + N(0, variance I)``."""
    gram = multiply(transpose(W), W)
    weight = [[a + b / variance for a, b in zip(p, g, strict=True)] for p, g in zip(invert(D), gram, strict=True)]
    covariance = invert(weight)
    mean = multiply(covariance, transpose(W), x)
    return [[value / variance for value in row] for row in mean], covariance


def gap(W: Rows, D: Rows, variance: Fraction, x: Rows, mean: Rows, S: Rows) -> tuple[Fraction, Fraction]:
    """``log p(x) - E_q[log p(x, z) - log q(z)]`` for q = N(mean, S), as ``(log a + b) / 2``: the pair (a, b).

    All three terms are computed on their own, from ``log p(x)``, ``E_q log p(x|z)``, ``E_q log p(z)`` and the entropy.
    """
    C, d, n = marginal(W, D, variance), len(W), len(W[0])
    image = multiply(W, mean)
    residual = [[a[0] - b[0]] for a, b in zip(x, image, strict=True)]
    likelihood = (_trace(multiply(transpose(residual), residual)) + _trace(multiply(W, S, transpose(W)))) / variance
    prior = _form(invert(D), mean) + _trace(multiply(invert(D), S))
    ratio = variance**d * determinant(D) / (determinant(C) * determinant(S))
    return ratio, likelihood + prior - _form(invert(C), x) - n


def sign(ratio: Fraction, rest: Fraction) -> int | None:
    """Sign of ``log ratio + rest``: 0 only when it is exactly 0; ``None`` when balls cannot tell."""
    if ratio == 1 and rest == 0:
        return 0
    with precision(256):
        value: arb = to_arb(ratio).log() + to_arb(rest)
        return 1 if value > 0 else -1 if value < 0 else None


_small = st.integers(-3, 3).map(Fraction)
_pair = st.tuples(_small, _small)


def signs(at_posterior: bool) -> dict[int | None, int]:
    """How often each sign of the gap occurs over exact random linear Gaussian models with n = d = 2."""
    found: dict[int | None, int] = {}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # a slow machine is no finding
    )
    @given(_pair, _pair, st.tuples(st.integers(1, 4), st.integers(1, 4)), _pair, _pair, _small)
    def case(a: Vector, b: Vector, v: Sequence[int], x: Vector, m: Vector, c: Fraction) -> None:
        W, D = [list(a), list(b)], [[Fraction(v[0]), Fraction(0)], [Fraction(0), Fraction(v[1])]]
        column = [[value] for value in x]
        mean, S = posterior(W, D, Fraction(1, 2), column)
        if not at_posterior:
            mean = [[value] for value in m]
            S = [[1 + c * c, c], [c, Fraction(1)]]
        key = sign(*gap(W, D, Fraction(1, 2), column, mean, S))
        found[key] = found.get(key, 0) + 1

    case()
    return found


def bound() -> Outcome:
    """log p(x|u) is at least the bound, for any Gaussian q."""
    found = signs(False)
    total = sum(found.values())
    held = total > 0 and set(found) <= {0, 1}
    detail = (
        f"Exact linear Gaussian models, n = d = 2, and arbitrary Gaussian q: log p(x) - L >= 0 in {total} of {total}."
    )
    return proved_if(held, detail, examples=total)


def equality() -> Outcome:
    """The bound is reached when q is the posterior, and only then."""
    exact, other = signs(True), signs(False)
    held = set(exact) == {0} and other.get(1, 0) > 0 and set(other) <= {0, 1}
    detail = (
        f"The same models: log p(x) - L = 0 exactly for q = p(z|x) in {sum(exact.values())} of {sum(exact.values())}; "
        "for another q it is certified positive, unless q is the posterior again."
    )
    return proved_if(held, detail, examples=sum(exact.values()), positive=other.get(1, 0))


CLAIM = Claim(
    name="eq8",
    where="Eq. (8)",
    statement="E log p_theta(x|u) >= E E_q[log p_theta(x, z|u) - log q(z|x, u)] = L(theta, phi).",
    hypotheses=(
        printed("q(z|x,u) is a density"),
        silent("the expectations exist"),
    ),
    uses=(),
    verdict="true; equality exactly when q is the posterior",
    gap="",
    counterexample="",
    repair="log p(x|u) - L = KL(q || p(z|x,u)) >= 0, and 0 exactly for q = p(z|x,u) almost everywhere.",
    as_printed=Check(Method.PROPERTY, bound, Status.HOLDS),
    as_repaired=Check(Method.PROPERTY, equality, Status.HOLDS),
    proof="Jensen's inequality for the logarithm, applied to p(x, z|u) / q(z|x, u) under q.",
)
