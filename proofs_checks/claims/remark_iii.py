"""The remark on (iii): is a randomly generated lambda almost surely variable enough?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product

from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent

POINTS, SIZE = 3, 2


def singular(table: Sequence[Sequence[int]]) -> bool:
    """Whether the differences of the rows of lambda have less than full rank: the L of Eq. (13) is singular."""
    return rank([[a - b for a, b in zip(row, table[0], strict=True)] for row in table[1:]]) < len(table[0])


def share_of_singular(values: Sequence[int]) -> Fraction:
    """P(L singular) for M = 3 values of u, nk = 2, entries i.i.d. uniform on ``values``, by full enumeration."""
    count = total = 0
    for entries in product(values, repeat=POINTS * SIZE):
        table = [entries[SIZE * m : SIZE * (m + 1)] for m in range(POINTS)]
        count += singular(table)
        total += 1
    return Fraction(count, total)


def discrete() -> Outcome:
    """Randomly and independently generated lambda, with atoms."""
    share = share_of_singular((0, 1))
    detail = f"i.i.d. Bernoulli(1/2), M = 3, nk = 2: P(L singular) = {share} by enumerating all 64 tables."
    return Outcome(Status.FAILS if share > 0 else Status.HOLDS, detail, {"probability": str(share)})


def continuous() -> Outcome:
    """The singular tables are the zeros of a polynomial that is not zero: a null set of R^(M x nk)."""
    grids = [share_of_singular(range(side)) for side in (2, 3, 4, 5)]
    witness = ((0, 0), (1, 0), (0, 1))
    falling = all(later < earlier for earlier, later in pairwise(grids))
    status = Status.HOLDS if falling and not singular(witness) else Status.FAILS
    detail = (
        f"det L is a polynomial in the entries and is not zero at {witness}, so its zeros are a null set; on grids of "
        f"side 2, 3, 4, 5 the share of singular tables falls: {', '.join(map(str, grids))}."
    )
    return Outcome(status, detail, {"shares": [str(share) for share in grids]})


CLAIM = Claim(
    name="remark.iii",
    where="Supplement B, remark on assumption (iii)",
    statement=(
        "If h(U) is not included in a set of measure zero, (iii) holds; so lambda generated randomly and independently "
        "satisfies (iii) almost surely."
    ),
    hypotheses=(
        printed("the lambda_ij(u) are generated randomly and independently"),
        silent("their joint law has a density, and there are at least nk + 1 values of u"),
    ),
    uses=(),
    verdict="the argument is valid, its last sentence false",
    gap=(
        "For finite or countable U, h(U) itself has measure zero, so the criterion says nothing there; and random "
        "independent values with atoms are degenerate with positive probability."
    ),
    counterexample="lambda i.i.d. Bernoulli(1/2), M = 3, nk = 2.",
    repair="With a joint density of (lambda(u_0), .., lambda(u_nk)), L is invertible almost surely.",
    as_printed=Check(Method.EXACT, discrete, Status.FAILS),
    as_repaired=Check(Method.EXACT, continuous, Status.HOLDS),
    proof="det L is a polynomial in the entries, not identically zero; the zeros of such a polynomial are a null set.",
)
