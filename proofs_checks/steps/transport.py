"""Appendix F: maps of the latents that keep a law, and maps that make any law Gaussian, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import permutations

import sympy
from flint import arb

from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb
from proofs_checks.steps.parameters import Matrix, invert, multiply

__all__ = ["LAWS", "becomes_uniform", "bijections", "cayley", "conditional_atom", "mass", "pushed_ratio"]

BITS = 128
Point = tuple[int, ...]
Map = Callable[[arb], arb]
#: Distribution functions with their densities and inverses.
LAWS: dict[str, tuple[Map, Map, Map]] = {
    "exponential": (lambda t: 1 - (-t).exp(), lambda t: (-t).exp(), lambda v: -(1 - v).log()),
    "logistic": (
        lambda t: 1 / (1 + (-t).exp()),
        lambda t: (-t).exp() / (1 + (-t).exp()) ** 2,
        lambda v: (v / (1 - v)).log(),
    ),
}


def cayley(skew: Sequence[Sequence[Fraction]]) -> Matrix:
    """The orthogonal matrix ``(I - K)(I + K)^-1`` of a skew-symmetric K, over the rationals."""
    n = len(skew)
    unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    minus, plus = (
        [[a + sign * b for a, b in zip(row, other, strict=True)] for row, other in zip(unit, skew, strict=True)]
        for sign in (-1, 1)
    )
    return multiply(minus, invert(plus))


def mass(exponent: int, n: int) -> sympy.Expr:
    """The integral over R^n of ``(2 pi)^(-exponent/2) exp(-|xi|^2/2)``: each coordinate gives ``sqrt(2 pi)``."""
    return sympy.simplify((2 * sympy.pi) ** (sympy.Rational(n, 2) - sympy.Rational(exponent, 2)))


def bijections(pmf: Mapping[Point, Fraction]) -> list[tuple[Point, ...]]:
    """All bijections of a finite support that keep its law, each as the images of the points in order."""
    points = list(pmf)
    return [
        images for images in permutations(points) if all(pmf[a] == pmf[b] for a, b in zip(points, images, strict=True))
    ]


def pushed_ratio(law: str, point: Sequence[Fraction], M: Matrix) -> arb:
    """``p(h(z)) |det Dh(z)| / p(z)`` at a point, for ``h = F^-1(Phi(M Phi^-1(F(z))))`` in two dimensions, as a ball.

    It is 1 everywhere exactly when h keeps the law. The derivative is the product of those of the five maps.
    """
    distribution, density, quantile = LAWS[law]
    with precision(BITS):
        start = [to_arb(value) for value in point]
        normal = [arb(2).sqrt() * (2 * distribution(t) - 1).erfinv() for t in start]
        forward = [density(t) / _normal_density(g) for t, g in zip(start, normal, strict=True)]
        weights = [[to_arb(value) for value in row] for row in M]
        turned = [sum((w * g for w, g in zip(row, normal, strict=True)), arb(0)) for row in weights]
        end = [quantile((1 + (g / arb(2).sqrt()).erf()) / 2) for g in turned]
        back = [_normal_density(g) / density(t) for g, t in zip(turned, end, strict=True)]
        jacobian = [[back[i] * weights[i][j] * forward[j] for j in range(2)] for i in range(2)]
        determinant = jacobian[0][0] * jacobian[1][1] - jacobian[0][1] * jacobian[1][0]
        return density(end[0]) * density(end[1]) * abs(determinant) / (density(start[0]) * density(start[1]))


def _normal_density(value: arb) -> arb:
    return (-(value**2) / 2).exp() / (2 * arb.pi()).sqrt()


def becomes_uniform(density: sympy.Expr, x: sympy.Symbol, y: sympy.Symbol) -> bool:
    """Whether ``U_1 = F_1(x)``, ``U_2 = F_2|1(y | x)`` is uniform on the unit square, for a polynomial density there.

    The map is triangular and takes the square onto the square; ``det D(U_1, U_2) = p`` makes its law uniform.
    ``Phi^-1`` of each is then an independent standard Gaussian.
    """
    along = sympy.integrate(density, (y, 0, y))
    first = along.subs(y, 1)
    U1 = sympy.integrate(first, (x, 0, x))
    U2 = along / first
    onto = U1.subs(x, 0) == 0 == sympy.simplify(U2.subs(y, 0)) and sympy.simplify(U1.subs(x, 1)) == 1
    jacobian = sympy.Matrix([[sympy.diff(U1, x), sympy.diff(U1, y)], [sympy.diff(U2, x), sympy.diff(U2, y)]])
    return bool(onto and sympy.simplify(U2.subs(y, 1)) == 1 and sympy.cancel(jacobian.det() - density) == 0)


def conditional_atom(law: Mapping[Point, Fraction]) -> Fraction:
    """The largest probability of one value of z given z_1, over the values of z_1.

    A map of z, with z'_1 a strictly monotone function of z_1, gives z'_2 an atom of at least this size given z'_1.
    """
    first: dict[int, Fraction] = {}
    for point, probability in law.items():
        first[point[0]] = first.get(point[0], Fraction(0)) + probability
    return max(probability / first[point[0]] for point, probability in law.items())
