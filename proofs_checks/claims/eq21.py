"""Eq. (21): subtracting the equation at u_0."""

from __future__ import annotations

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivation import affine_basis, ratios_cancel
from proofs_checks.steps.examples import random_pairs
from proofs_checks.steps.outcomes import proved_if

N, K, MODELS = 2, 2, 6
_X = sympy.Symbol("x")


def side(u: str, prime: str = "") -> sympy.Expr:
    """One side of (20) at u, with undefined functions of x for J, Q and T, and symbols for Z(u), lambda(u)."""
    total = sympy.log(sympy.Function(f"J{prime}")(_X))
    for i in range(N):
        total += sympy.log(sympy.Function(f"Q{prime}{i}")(_X)) - sympy.log(partition(i, u, prime))
        total += sum(statistic(i, j, prime) * natural(i, j, u, prime) for j in range(K))
    return total


def statistic(i: int, j: int, prime: str) -> sympy.Expr:
    """``T_ij(f_i^-1(x))``."""
    return sympy.Function(f"T{prime}{i}{j}")(_X)


def natural(i: int, j: int, u: str, prime: str) -> sympy.Symbol:
    """``lambda_ij(u)``."""
    return sympy.Symbol(f"lambda{prime}{i}{j}({u})")


def partition(i: int, u: str, prime: str) -> sympy.Symbol:
    """``Z_i(u)``."""
    return sympy.Symbol(f"Z{prime}{i}({u})", positive=True)


def difference(prime: str = "") -> sympy.Expr:
    """One side of (21) as printed."""
    total = sympy.Integer(0)
    for i in range(N):
        total += sympy.log(partition(i, "u0", prime) / partition(i, "ul", prime))
        total += sum(
            statistic(i, j, prime) * (natural(i, j, "ul", prime) - natural(i, j, "u0", prime)) for j in range(K)
        )
    return total


def formal() -> Outcome:
    """(20) at u_l minus (20) at u_0 is (21), for any Q, T, f: the terms without u cancel."""
    held = []
    for prime in ("", "'"):
        left = side("ul", prime) - side("u0", prime)
        rest = sympy.expand(sympy.expand_log(left - difference(prime)))
        names = {
            function.func.__name__[0] for function in sympy.expand(left).atoms(sympy.Function) if function.args == (_X,)
        }
        held.append(rest == 0 and names == {"T"})
    detail = f"n = {N}, k = {K}, undefined functions: the difference is (21), and no Q and no Jacobian is left."
    return proved_if(all(held), detail)


def on_models() -> Outcome:
    """The same on exact models, Q and Jacobians included."""
    held = [ratios_cancel(pair, affine_basis(pair)) for pair in random_pairs(MODELS)]
    detail = (
        f"log p(z|u_l) - log p(z|u_0) = T~(z) . (lambda(u_l) - lambda(u_0)) up to log Z, an identity, on both models "
        f"of {sum(held)} of {len(held)} random pairs."
    )
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="eq21",
    where="Supplement B, Eq. (21)",
    statement="Subtracting (20) at u_0 from (20) at u_l removes the Jacobians and the base measures.",
    hypotheses=(printed("(20) at u_0, .., u_nk"),),
    uses=("eq20",),
    verdict="true wherever (20) is",
    gap="",
    counterexample="",
    repair="The ratio of the densities of z at u_l and u_0 is exp(T~ . (lambda(u_l) - lambda(u_0))) Z(u_0) / Z(u_l).",
    as_printed=Check(Method.SYMBOLIC, formal, Status.HOLDS),
    as_repaired=Check(Method.SYMBOLIC, on_models, Status.HOLDS),
)
