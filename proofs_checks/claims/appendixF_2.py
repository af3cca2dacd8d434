"""F.2, Theorem 4: any random vector becomes independent Gaussians."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.transport import becomes_uniform, conditional_atom

X, Y = sympy.symbols("x y", positive=True)
#: Densities on the unit square, none of which is a product.
DENSITIES = (X + Y, 1 + (1 - 2 * X) * (1 - 2 * Y), 2 * X**2 * Y + Y**2)
SIDES = (2, 3, 5)


def singular_laws() -> dict[str, Fraction]:
    """The largest atom of z given z_1: a point mass, and z = (w, w) with w uniform on m points, m = 2, 3, 5."""
    point = conditional_atom({(0, 0): Fraction(1)})
    diagonal = {conditional_atom({(w, w): Fraction(1, side) for w in range(side)}) for side in SIDES}
    product = max(
        conditional_atom({(a, b): Fraction(1, side**2) for a in range(side) for b in range(side)}) * side
        for side in SIDES
    )
    return {"point mass": point, "z = (w, w)": min(diagonal), "independent, times m": product}


def becomes_gaussian(any_distribution: bool) -> Outcome:
    """Is (F_1(z_1), F_2|1(z_2 | z_1)) uniform on the square, so that Phi^-1 makes it Gaussian?"""
    masses = [sympy.integrate(p, (X, 0, 1), (Y, 0, 1)) for p in DENSITIES]
    continuous = all(becomes_uniform(p / m, X, Y) for p, m in zip(DENSITIES, masses, strict=True))
    atoms = singular_laws()
    stuck = atoms["point mass"] == 1 and atoms["z = (w, w)"] == 1 and atoms["independent, times m"] == 1
    if not stuck:
        return Outcome(Status.UNDECIDED, "The counterexamples were not verified.")
    status = Status.HOLDS if continuous and not any_distribution else Status.FAILS
    detail = (
        f"{len(DENSITIES)} densities on the square: the conditional distribution functions give the uniform law: "
        f"{continuous}"
    )
    if any_distribution:
        detail += (
            ". A point mass stays one. z = (w, w): given z_1, and so given a monotone z'_1, z has an atom of size "
            f"{atoms['z = (w, w)']}, however fine w is; N(0, 1) has none"
        )
    return Outcome(status, f"{detail}.")


CLAIM = Claim(
    name="appendixF.2",
    where="Appendix F.2, Theorem 4",
    statement=(
        "For z of any distribution there is g such that the components of g(z) are independent standard Gaussians; "
        "z'_1 "
        "is a monotonic transformation of z_1."
    ),
    hypotheses=(printed("z of any distribution"), silent("z_1, and z_i given z_1, .., z_i-1, have continuous laws")),
    uses=(),
    verdict="false for any distribution; true for laws with a density",
    gap="A law with atoms keeps them under every map; and z_2 given z_1 may have atoms where z_1 and z_2 have none.",
    counterexample=(
        "A point mass; z = (w, w) with a continuous w: z'_1 = Phi^-1(F(w)) determines z'_2, which is then constant "
        "or not "
        "independent. (Without the clause on z'_1, some non-monotone g exists for this z.)"
    ),
    repair="For z with a density: g_i = Phi^-1 o F_i(z_i | z_1, .., z_i-1).",
    as_printed=Check(Method.EXACT, lambda: becomes_gaussian(True), Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, lambda: becomes_gaussian(False), Status.HOLDS),
    proof=(
        "U_1 = F_1(z_1) is uniform, and given z_1 so is U_2 = F_2|1(z_2 | z_1), hence independent of U_1: the "
        "Jacobian of "
        "`(z_1, z_2) -> (U_1, U_2)` is triangular with determinant p(z_1) p(z_2|z_1) = p(z). And so on."
    ),
)
