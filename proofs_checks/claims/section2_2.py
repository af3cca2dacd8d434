"""Section 2.2: is every model with an unconditional prior unidentifiable?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.models import Pair, Z, latents, make_model, rational, rows_of, same_law
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.posteriors import gaussian_posterior

#: Weights of the two atoms of z: a prior without density.
ATOMS = (Fraction(3, 10), Fraction(7, 10))
#: Cosine and sine of a rotation.
ROTATION = (Fraction(3, 5), Fraction(4, 5))
X, VARIANCE = (Fraction(1), Fraction(-2)), Fraction(1, 2)


def symmetries(weights: Sequence[Fraction]) -> int:
    """The maps that change the value of z on its atoms and keep its law: permutations of atoms of equal weight."""
    places = range(len(weights))
    return sum(
        1
        for order in permutations(places)
        if tuple(order) != tuple(places) and all(weights[i] == weights[order[i]] for i in places)
    )


def any_prior() -> Outcome:
    """Without a hypothesis on p(z): two atoms of different weight."""
    found = symmetries(ATOMS)
    detail = f"z takes two values with probabilities {ATOMS[0]} and {ATOMS[1]}: {found} maps change z and keep its law."
    return refuted_if(found == 0 and sum(ATOMS) == 1, detail, symmetries=found)


def rotated() -> Pair:
    """z ~ N(0, I), f linear; ``z' = R z`` and ``f' = f o R^-1``."""
    symbols = sympy.symbols("z1 z2", real=True)
    c, s = (rational(value) for value in ROTATION)
    turn = sympy.Matrix([[c, -s], [s, c]])
    f = sympy.Matrix([symbols[0], symbols[0] + symbols[1]])
    base = sympy.exp(-(Z**2) / 2)
    back = dict(zip(symbols, turn.T * sympy.Matrix(symbols), strict=True))
    theta = make_model([[Z], [Z]], [[0, 0]], base, (list(symbols), list(f)))
    other = make_model([[Z], [Z]], [[0, 0]], base, (list(symbols), list(f.xreplace(back))))
    return Pair(theta, other, tuple(turn * sympy.Matrix(latents(theta))))


def gaussian_prior() -> Outcome:
    """With a spherical Gaussian prior: the rotation keeps p(x) and changes the posterior."""
    pair = rotated()
    same = same_law(pair) and len(rows_of(pair.theta)) == 1
    means = [gaussian_posterior(model, 0, X, VARIANCE)[0] for model in (pair.theta, pair.other)]
    shown = [", ".join(str(row[0]) for row in mean) for mean in means]
    detail = (
        f"z ~ N(0, I), f(z) = (z_1, z_1 + z_2), noise N(0, {VARIANCE} I), rotation with cosine {ROTATION[0]}: p(x) is "
        f"the same, and at x = ({X[0]}, {X[1]}) the posterior means are ({shown[0]}) and ({shown[1]})."
    )
    return proved_if(same and means[0] != means[1], detail)


CLAIM = Claim(
    name="section2.2",
    where="Section 2.2",
    statement=(
        "Any model with an unconditional prior p(z) is unidentifiable: some transformation always changes the "
        "value of z and not its distribution."
    ),
    hypotheses=(
        printed("p(z) does not depend on u"),
        silent("p(z) has a continuous increasing distribution function in each factor (F.1), or a density (F.2)"),
    ),
    uses=("appendixF.1", "appendixF.2"),
    verdict="needs the hypotheses of F.1 or F.2",
    gap="A law with atoms of different weights has no symmetry: only the identity keeps it.",
    counterexample="z takes two values with probabilities 3/10 and 7/10.",
    repair=(
        "For a spherical Gaussian, and with F.1 and F.2 for factorial laws with continuous increasing distribution "
        "functions, some map keeps p(z) and p(x) and changes p(z|x)."
    ),
    as_printed=Check(Method.EXACT, any_prior, Status.FAILS),
    as_repaired=Check(Method.EXACT, gaussian_prior, Status.HOLDS),
)
