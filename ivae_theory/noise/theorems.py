"""The theorems that settle hypothesis (i), read on R^d: the zeros of phi have measure zero (section 2, (N)).

What a theorem gives is a set of *facts* about a law on R, with phi its characteristic function:

``positive``
    phi(t) > 0 for all t.
``never_zero``
    phi(t) != 0 for all t.
``right``, ``left``
    ``E exp(a X) < oo``, ``E exp(-a X) < oo`` for some a > 0. Either one makes ``t -> E exp(i t X)`` the boundary
    value of a bounded analytic function on a strip beside R, continuous up to R. The zeros on R of such a function
    that is not identically zero are closed and null (F. and M. Riesz), so nowhere dense; phi(0) = 1.
``off_zero``
    phi is real-analytic on t > 0. Not identically zero there, since phi(0+) = 1; so its zeros are isolated but for 0.

Every single fact settles (i) for the law. Sums, products over coordinates and linear images of independent parts:
:mod:`.settle`. Mixtures keep all facts but ``never_zero`` that *all* members share, and nothing else.

Arguments that are not in the cited textbooks:

* ``|x|^(c-1) exp(-|x|^c)`` (dweibull, c <= 1), ``|x|^(a-1) exp(-|x|)`` (dgamma, a <= 1) and ``exp(-|x|^b)`` (gennorm,
  b <= 2) are completely monotone functions of ``x^2`` (products and exponentials of such), so Gaussian scale mixtures
  (Bernstein).
* johnsonsu with a = 0: ``(1 + s)^(-1/2) exp(-b^2 asinh(sqrt(s))^2 / 2)``, ``s = x^2``, is completely monotone, because
  the derivative of ``asinh(sqrt(s))^2`` is ``2F1(1, 1; 3/2; -s)``, a mixture of ``1 / (1 + s u)``.
* ``analytic_tails``: let the density, on (c, oo) and on (-oo, -c), be the restriction of a function that is analytic
  and tends to 0 in a sector around that half-axis. Turning the paths of integration of both tails (Jordan's lemma)
  makes their transforms analytic for t > 0; the middle part has an entire transform. johnsonsu and jf_skew_t have
  elementary densities; of nct it is ``(x^2 + df)^(-(df+1)/2)`` times an entire function of ``x / sqrt(x^2 + df)``;
  skewcauchy is rational on each side; the tail of tukeylambda with lam < 0 inverts ``v^-m - (1 - v)^-m`` and is
  analytic in ``x^(-1/m)`` and ``1/x`` by the implicit function theorem. Sums and mixtures keep ``off_zero``,
  linear changes of variable too (phi(-t) is the conjugate of phi(t)).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FACTS", "THEOREMS", "Theorem"]

#: All facts, strongest first.
FACTS = ("positive", "never_zero", "right", "left", "off_zero")


@dataclass(frozen=True)
class Theorem:
    """A named sufficient theorem: what it says, where it stands, and the facts that it gives."""

    name: str
    statement: str
    source: str
    facts: frozenset[str]


def _theorem(name: str, facts: str, statement: str, source: str) -> Theorem:
    return Theorem(name, statement, source, frozenset(facts.split()))


#: Strongest and best known first: the order in which a reason is chosen.
THEOREMS: dict[str, Theorem] = {
    theorem.name: theorem
    for theorem in (
        _theorem(
            "no_noise",
            "positive never_zero right left off_zero",
            "the characteristic function of the constant 0 is 1",
            "definition",
        ),
        _theorem(
            "gaussian",
            "positive never_zero right left off_zero",
            "the characteristic function of a centred Gaussian is exp(-t.Sigma t/2) > 0, for a degenerate Sigma too",
            "Cramer, Mathematical Methods of Statistics (1946), ch. 24",
        ),
        _theorem(
            "gaussian_scale_mixture",
            "positive never_zero",
            "a centred Gaussian with random variance V has characteristic function E exp(-t^2 V/2) > 0",
            "Andrews and Mallows (1974), J. R. Stat. Soc. B 36; West (1987), Biometrika 74",
        ),
        _theorem(
            "infinitely_divisible",
            "never_zero",
            "the characteristic function of an infinitely divisible law never vanishes",
            "Lukacs, Characteristic Functions (1970), Thm 5.3.1; Sato, Levy Processes (1999), Lemma 7.5; "
            "Steutel and van Harn, Infinite Divisibility (2004), Prop. I.2.4 and App. B",
        ),
        _theorem(
            "stable",
            "never_zero off_zero",
            "the characteristic function of a stable law is exp(i b t - c |t|^alpha (1 + i h(t))), h constant on t > 0 "
            "(a multiple of log t for alpha = 1): it never vanishes",
            "Sato, Levy Processes (1999), Thm 14.15",
        ),
        _theorem(
            "compact_support",
            "right left off_zero",
            "a law with bounded support has an entire characteristic function, whose zeros are null and nowhere dense",
            "Lukacs, Characteristic Functions (1970), Thm 7.2.3 (Paley-Wiener)",
        ),
        _theorem(
            "exponential_moment",
            "right left off_zero",
            "a law with E exp(a|X|) < oo for some a > 0 has a real-analytic characteristic function, "
            "whose zeros are null and nowhere dense",
            "Lukacs, Characteristic Functions (1970), Thm 7.2.1",
        ),
        _theorem(
            "half_line_right",
            "left",
            "the characteristic function of a law on [m, oo) is the boundary value of a bounded analytic function, "
            "so its zeros are a closed null set",
            "Duren, Theory of H^p Spaces (1970), Thm 2.2 and ch. 11",
        ),
        _theorem(
            "half_line_left",
            "right",
            "the characteristic function of a law on (-oo, m] is the boundary value of a bounded analytic function, "
            "so its zeros are a closed null set",
            "Duren, Theory of H^p Spaces (1970), Thm 2.2 and ch. 11",
        ),
        _theorem(
            "right_exponential_moment",
            "right",
            "with E exp(a X) < oo for some a > 0 the characteristic function is the boundary value of a bounded "
            "analytic function on a strip, so its zeros are a closed null set",
            "Duren, Theory of H^p Spaces (1970), Thm 2.2 and ch. 10",
        ),
        _theorem(
            "left_exponential_moment",
            "left",
            "with E exp(-a X) < oo for some a > 0 the characteristic function is the boundary value of a bounded "
            "analytic function on a strip, so its zeros are a closed null set",
            "Duren, Theory of H^p Spaces (1970), Thm 2.2 and ch. 10",
        ),
        _theorem(
            "analytic_tails",
            "off_zero",
            "a density whose tails continue analytically to sectors, and tend to 0 there, has a characteristic "
            "function "
            "that is real-analytic except at 0, so its zeros are isolated",
            "rotation of the path of integration (Jordan's lemma); ivae_theory.noise.theorems",
        ),
        _theorem(
            "never_vanishing_form",
            "never_zero",
            "the given characteristic function is a product of factors that never vanish",
            "the exponential and the gamma function have no zeros",
        ),
        _theorem(
            "analytic_form",
            "",
            "on each of finitely many open cells that cover R^d up to a null set the given characteristic function is "
            "a quotient of real-analytic functions and is not identically zero",
            "identity theorem; Krantz and Parks, A Primer of Real Analytic Functions (2002)",
        ),
    )
}
