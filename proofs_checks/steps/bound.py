"""The variational bound of linear Gaussian models, x = W z + eps, z | u ~ N(0, D_u), eps ~ N(0, s I): exactly.

The best diagonal Gaussian q(z | x, u) has the posterior's mean and the precisions on the diagonal of
``P = D_u^-1 + W^T W / s``; its divergence from the posterior is ``(log prod P_ii - log det P) / 2`` at every x.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy
from flint import acb, arb, arb_mat

from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb

__all__ = ["bound_difference", "linear_identity", "profile_score", "quadrature_identity"]

BITS = 128
Matrix = Sequence[Sequence[Fraction]]


def _balls(rows: Matrix) -> arb_mat:
    return arb_mat([[to_arb(value) for value in row] for row in rows])


def _diagonal(values: Sequence[Fraction]) -> arb_mat:
    return arb_mat([[to_arb(v) if i == j else arb(0) for j in range(len(values))] for i, v in enumerate(values)])


def _covariance(W: Matrix, variances: Sequence[Fraction], noise: Fraction) -> arb_mat:
    weights = _balls(W)
    return weights * _diagonal(variances) * weights.transpose() + _diagonal([noise] * len(W))


def _population_bound(
    W: Matrix, variances: Matrix, true_W: Matrix, true_variances: Matrix, noise: Fraction, diagonal: bool
) -> arb:
    """The mean over u of E[bound] under the truth with the best q, without the constant -d/2 log 2 pi."""
    total = arb(0)
    for d, truth in zip(variances, true_variances, strict=True):
        model = _covariance(W, d, noise)
        ratio = model.inv() * _covariance(true_W, truth, noise)
        total -= (model.det().log() + sum((ratio[i, i] for i in range(len(W))), arb(0))) / 2
        if diagonal:
            total -= _lost(W, d, noise)
    return total / len(variances)


def _lost(W: Matrix, variances: Sequence[Fraction], noise: Fraction) -> arb:
    """KL of the best diagonal Gaussian from the posterior."""
    weights = _balls(W)
    precise = weights.transpose() * weights * (1 / to_arb(noise)) + _diagonal([1 / v for v in variances])
    product = arb(1)
    for i in range(len(variances)):
        product *= precise[i, i]
    return (product.log() - precise.det().log()) / 2


def bound_difference(
    other: tuple[Matrix, Matrix], truth: tuple[Matrix, Matrix], noise: Fraction, diagonal: bool
) -> arb:
    """Population bound at ``other`` minus that at the truth, in nats, as a ball; each is (W, variances per u)."""
    with precision(BITS):
        values = [_population_bound(*theta, *truth, noise, diagonal) for theta in (other, truth)]
        return values[0] - values[1]


def profile_score(free: bool) -> sympy.Expr:
    """d/da of the expected log-likelihood at the truth a = a0, f_a(z) = (z, a z), z | u ~ N(lambda(u), 1), noise s I.

    With ``free`` lambda and a new u with every observation, lambda(u) is maximised out at each observation: what is
    left is the variance of x along (1, a) and the residual across it. With known lambda (finitely many u and
    infinitely many observations of each) the expectation is taken at lambda.
    """
    a, a0, s, square = sympy.symbols("a a0 s m2", positive=True)
    along = sympy.Matrix([1, a])
    covariance = along * along.T + s * sympy.eye(2)
    half_log = -sympy.log(covariance.det()) / 2
    second = sympy.Matrix([[1, a0], [a0, a0**2]]) * square + s * sympy.eye(2)
    if free:
        across = sympy.Matrix([-a, 1])
        quadratic = (across.T * second * across)[0] / ((1 + a**2) * s)
    else:
        lam = sympy.Symbol("lambda", real=True)
        truth = sympy.Matrix([1, a0])
        shift = (truth - along) * lam
        spread = truth * truth.T + s * sympy.eye(2) + shift * shift.T
        quadratic = (covariance.inv() * spread).trace()
    return sympy.factor(sympy.simplify(sympy.diff(half_log - quadratic / 2, a).subs(a, a0)))


def linear_identity(sign: int = -1) -> sympy.Expr:
    """``L - (log p(x|u) + sign KL(q || posterior))`` for n = d = 1, x = w z + N(0, s), z ~ N(0, v), q = N(m, r).

    Zero identically for ``sign = -1``: every expectation under q is one of a polynomial of degree two.
    """
    x, m, w = sympy.symbols("x m w", real=True)
    s, v, r = sympy.symbols("s v r", positive=True)
    half_log = sympy.log(2 * sympy.pi) / 2

    def expected(mean: sympy.Expr, variance: sympy.Expr) -> sympy.Expr:
        """E_q[log N(z | mean, variance)]."""
        return -half_log - sympy.log(variance) / 2 - ((m - mean) ** 2 + r) / (2 * variance)

    entropy = half_log + sympy.log(r) / 2 + sympy.Rational(1, 2)
    likelihood = -half_log - sympy.log(s) / 2 - ((x - w * m) ** 2 + w**2 * r) / (2 * s)
    bound = likelihood + expected(sympy.Integer(0), v) + entropy
    marginal = w**2 * v + s
    evidence = -half_log - sympy.log(marginal) / 2 - x**2 / (2 * marginal)
    divergence = -entropy - expected(w * v * x / marginal, v * s / marginal)
    return sympy.simplify(sympy.expand_log(sympy.expand(bound - evidence - sign * divergence), force=True))


def quadrature_identity(x: Fraction, tilt: Fraction, sign: int = -1) -> arb:
    """The same difference for f(z) = z + z^3, z uniform on [-1, 1], noise N(0, 1/4), q(z) ~ exp(tilt z) on [-1, 1].

    Evidence, bound and divergence are four integrals, each enclosed by rigorous quadrature.
    """
    with precision(BITS):
        at, slope = acb(to_arb(x)), acb(to_arb(tilt))

        def log_joint(z: acb) -> acb:
            return -2 * (at - z - z**3) ** 2 - (acb.pi() / 2).log() / 2 - acb(2).log()

        def integral(function: object) -> acb:
            return acb.integral(lambda z, _: function(z), -1, 1)  # type: ignore[operator]

        mass = integral(lambda z: (slope * z).exp()).log()
        evidence = integral(lambda z: log_joint(z).exp()).log()
        bound = integral(lambda z: (slope * z - mass).exp() * (log_joint(z) - slope * z + mass))
        divergence = integral(lambda z: (slope * z - mass).exp() * (slope * z - mass - (log_joint(z) - evidence)))
        return (bound - evidence - sign * divergence).real
