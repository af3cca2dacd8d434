"""(iii) for tables: integers, fractions and floats whose affine rank is known."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory import Observed
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    Rows,
    affine_rank,
    invertible,
    one_of,
    rational,
    sample_distance,
    truth,
    vouched,
)  # fmt: skip

CLAIM = "theorem1.iii"
#: Unit roundoff and smallest normal power of two of the dtypes.
DTYPES = {"float64": (-53, -1022), "float32": (-24, -126), "float16": (-11, -14)}


def shape(draw: random.Random) -> tuple[int, int]:
    """Columns, and more rows than columns."""
    n = draw.randint(1, 6)
    return n, n + 1 + draw.randint(0, 5)


def full_rows(draw: random.Random, n: int, count: int) -> Rows:
    """Integer rows that affinely span R^n: a shifted simplex among them."""
    rows = [[Fraction(0)] * n, *invertible(draw, n)]
    rows += [[Fraction(draw.randint(-5, 5)) for _ in range(n)] for _ in range(count - n - 1)]
    shift = [Fraction(draw.randint(-4, 4)) for _ in range(n)]
    rows = [[a + b for a, b in zip(row, shift, strict=True)] for row in rows]
    draw.shuffle(rows)
    return rows


def dependent_rows(draw: random.Random, n: int, count: int) -> Rows:
    """Distinct integer rows with one affine relation between the columns."""
    weights = [draw.randint(-2, 2) for _ in range(n - 1)]
    offset = draw.randint(-3, 3)
    place = draw.randrange(n)
    rows: Rows = []
    while len(rows) < count:
        row = [Fraction(draw.randint(-40, 40)) for _ in range(n - 1)]
        row.insert(place, sum((w * v for w, v in zip(weights, row, strict=True)), Fraction(offset)))
        if n == 1 or row not in rows:
            rows.append(row)
    return rows


def _either(draw: random.Random) -> tuple[Rows, bool]:
    n, count = shape(draw)
    full = draw.random() < 0.5
    return (full_rows if full else dependent_rows)(draw, n, count), full


def _floats(rows: Rows, dtype: str = "float64") -> Any:
    return np.array([[float(v) for v in row] for row in rows]).astype(dtype)


def exact_table(draw: random.Random) -> Case:
    """Integers, fractions, int64 arrays."""
    rows, full = _either(draw)
    factor = Fraction(draw.randint(1, 9), draw.randint(1, 9)) * draw.choice(
        [1, Fraction(10) ** draw.randint(-300, 300)]
    )
    table: Any = [[value * factor for value in row] for row in rows]
    if draw.random() < 0.2:
        table = np.array([[int(value) for value in row] for row in rows])
    return Case("exact table", CLAIM, vouched(table), truth(full), True)


def float_table(draw: random.Random) -> Case:
    """Columns scaled by powers of two, in float64 and float32."""
    rows, full = _either(draw)
    exponents = [draw.randint(-300, 300) if draw.random() < 0.3 else draw.randint(-4, 4) for _ in rows[0]]
    table = _floats(rows) * 2.0 ** np.array(exponents)
    if draw.random() < 0.3 and max(map(abs, exponents)) < 50:
        table = table.astype(np.float32)
    return Case("float table", CLAIM, vouched(table), truth(full), True)


def scaled_table(draw: random.Random) -> Case:
    """Columns between 2^-1000 and 2^1000, or a common offset up to 2^40, both without rounding."""
    rows, full = _either(draw)
    table = _floats(rows)
    if draw.random() < 0.5:
        scale = [draw.choice([-1000, -700, -300, 0, 300, 700, 1000]) for _ in rows[0]]
        table, decidable = table * 2.0 ** np.array(scale, dtype=np.float64), min(scale) > -900
    else:
        offset = draw.randint(10, 40)
        table, decidable = table + 2.0**offset, not full or offset <= 20
    return Case("huge and tiny scales", CLAIM, vouched(table), truth(full), decidable)


def rounded_dependence(draw: random.Random) -> Case:
    """Products in floating point with true rank n - 1."""
    n, count = draw.randint(2, 6), draw.randint(8, 16)
    rng = np.random.default_rng(draw.getrandbits(32))
    table = rng.standard_normal((count, n - 1)) @ rng.standard_normal((n - 1, n)) + rng.standard_normal(n)
    options = {}
    if draw.random() < 0.3:
        table = table.astype(np.float32)
    if draw.random() < 0.3:
        options["error"] = float(np.abs(table).max()) * n * 2.0 ** (-20 if table.dtype == np.float32 else -48)
    # Declared errors cover the rounding: then the dependent table is within them, and FAILS would be wrong as well.
    allowed = one_of(UNDECIDED) if options else one_of(FAILS, UNDECIDED)
    return Case("rounded dependence", CLAIM, vouched(table, **options), allowed, False)


def near_dependence(draw: random.Random) -> Case:
    """A dependent integer table with one column moved by 2^-p."""
    n, count = draw.randint(2, 4), draw.randint(8, 14)
    table = _floats(dependent_rows(draw, n, count))
    power = draw.choice([0, -4, -10, -20, -30, -40, -45, -50, -52, -53, -55, -60, -100, -1000])
    column = draw.randrange(n)
    moved = table.copy()
    for m in range(count):
        moved[m, column] += draw.choice([-1, 1]) * 2.0**power
    return Case("near dependence", CLAIM, vouched(moved), _as_given(moved, table), False)


def _as_given(given: Any, dependent: Any) -> Any:
    """What is not wrong of floats beside a dependent table: FAILS if they are dependent as given, HOLDS if they are
    not and the dependent table (in fractions or floats) is not within half a unit in the last place of every entry."""
    if affine_rank(given.tolist()) < given.shape[1]:
        return one_of(FAILS, UNDECIDED)
    steps = np.spacing(np.abs(given)).astype(np.float64) / 2
    within = all(
        abs(Fraction(float(a)) - Fraction(b)) <= Fraction(float(step))
        for row, other, half in zip(given, dependent, steps, strict=True)
        for a, b, step in zip(row, other, half, strict=True)
    )
    return one_of(UNDECIDED) if within else one_of(HOLDS, UNDECIDED)


def few_values(draw: random.Random) -> Case:
    """A finite support with at most nk distinct rows."""
    return Case("few values", CLAIM, vouched(_few(draw)), truth(False), True)


def few_observed(draw: random.Random) -> Case:
    """The same rows, observed from a larger support."""
    table = _few(draw)
    model = vouched(table, u=Observed(np.arange(len(table))))
    return Case("few observed values", CLAIM, model, one_of(UNDECIDED), False)


def _few(draw: random.Random) -> Any:
    n = draw.randint(2, 6)
    count = draw.randint(1, n)
    rng = np.random.default_rng(draw.getrandbits(32))
    table = rng.standard_normal((count, n))
    return np.concatenate([table, table[rng.integers(0, count, draw.randint(0, 4))]])


def observed(draw: random.Random) -> Case:
    """Rows observed from a larger support: spanning ones hold, dependent ones decide nothing."""
    rows, full = _either(draw)
    table = _floats(rows) if draw.random() < 0.5 else rows
    model = vouched(table, u=Observed(np.arange(len(rows))))
    return Case("observed values", CLAIM, model, one_of(HOLDS) if full else one_of(UNDECIDED), full)


def _near_simplex(draw: random.Random, n: int, gap: Fraction) -> Rows:
    """0, e_1 .. e_(n-1), and a vertex at height ``gap`` over their plane."""
    rows = [[Fraction(0)] * n] + [[Fraction(int(i == j)) for j in range(n)] for i in range(n - 1)]
    return [*rows, [Fraction(draw.randint(-3, 3), 2) for _ in range(n - 1)] + [gap]]


def _times(rows: Rows, matrix: Rows) -> Rows:
    columns = list(zip(*matrix, strict=True))
    return [[sum((a * b for a, b in zip(row, c, strict=True)), Fraction(0)) for c in columns] for row in rows]


def exact_distance(draw: random.Random) -> Case:
    """Fractions at a distance between 1 and 1e-300 from dependence, or at 0."""
    n = draw.randint(1, 5)
    gap = sample_distance(draw) if draw.random() < 0.7 else Fraction(0)
    rows = _times(_near_simplex(draw, n, gap), invertible(draw, n))
    shift = [Fraction(draw.randint(-9, 9), draw.randint(1, 9)) for _ in range(n)]
    table = [[a + b for a, b in zip(row, shift, strict=True)] for row in rows]
    draw.shuffle(table)
    return Case("exact distance", CLAIM, vouched(table), truth(gap != 0), True)


def float_distance(draw: random.Random) -> Case:
    """The same in float64, float32 and float16, rounded to nearest."""
    dtype = draw.choice(["float64", "float64", "float32", "float16"])
    unit, smallest = DTYPES[dtype]
    n = draw.randint(2, 5)
    power = draw.randint(0, -smallest - 1) if draw.random() < 0.5 else draw.randint(0, 2 - unit)
    simplex = _near_simplex(draw, n, Fraction(1, 2**power))
    straight = draw.random() < 0.4  # the gap is a column of its own: columns may be scaled
    if straight:
        rows, flat = simplex, None
    else:
        mixing = invertible(draw, n)
        rows = _times(simplex, mixing)
        flat = _times([*simplex[:-1], [*simplex[-1][:-1], Fraction(0)]], mixing)
    table = _floats(rows, dtype)
    allowed = truth(True) if flat is None else _as_given(table, flat)
    # float16 has so few digits that a few rounded differences explain most tables.
    decidable = (
        dtype != "float16" and HOLDS in allowed and (power <= -smallest - 8 if straight else power <= -unit - 24)
    )
    if straight and not decidable:
        allowed |= {UNDECIDED}
    if affine_rank(table.astype(np.float64).tolist()) < n:  # rounded onto its plane
        allowed, decidable = truth(False), True
    return Case("float distance", CLAIM, vouched(table), allowed, decidable)


def declared_error(draw: random.Random) -> Case:
    """A simplex with edges d and a declared error e: dependent within e when e >= d/2, not when e < d/(2n)."""
    n = draw.randint(1, 5)
    edge = 2.0 ** -draw.randint(0, 900)
    ratio = (
        draw.choice([0.5, 0.6, 1.0, 10.0, 1e300]) if draw.random() < 0.4 else 10.0 ** -draw.uniform(0, 12) / (2.2 * n)
    )
    error = edge * ratio
    table = np.vstack([np.zeros(n), np.eye(n) * edge])
    if draw.random() < 0.3:
        table = np.vstack([table, table])
    rng = np.random.default_rng(draw.getrandbits(32))
    table = table[rng.permutation(len(table))]
    given: Any = error if draw.random() < 0.5 else np.full(table.shape, error)
    if ratio >= 0.5 and not math.isinf(error):
        # Within the error every table of this shape is possible, dependent and independent ones.
        return Case("declared error", CLAIM, vouched(table, error=given), one_of(UNDECIDED), False)
    return Case("declared error", CLAIM, vouched(table, error=given), truth(True), ratio * n <= 1 / 16)


def duplicated(draw: random.Random) -> Case:
    """Rows that occur several times (0 and -0 are one number): only distinct rows count."""
    n = draw.randint(1, 5)
    count = draw.randint(1, n + 2)
    full = count > n
    rows = (
        full_rows(draw, n, count) if full else [[Fraction(draw.randint(-9, 9)) for _ in range(n)] for _ in range(count)]
    )
    rows = rows + [rows[draw.randrange(count)] for _ in range(draw.randint(1, 2 * n + 2))]
    draw.shuffle(rows)
    table: Any = rows
    if draw.random() < 0.6:
        table = _floats(rows, draw.choice(["float64", "float32"]))
        table[(table == 0) & (np.random.default_rng(draw.getrandbits(32)).random(table.shape) < 0.5)] = -0.0
    return Case("duplicated u", CLAIM, vouched(table), truth(full), True)


def nearly_duplicated(draw: random.Random) -> Case:
    """nk affinely independent rows, and copies of them that are 1e-300 to 1, or one ulp, away."""
    n = draw.randint(2, 5)
    rows = full_rows(draw, n, n + 1)[:n]
    if draw.random() < 0.6:
        gap = sample_distance(draw)
        copies = [[v + gap * draw.randint(-2, 2) for v in rows[draw.randrange(n)]] for _ in range(draw.randint(1, n))]
        table = rows + copies
        return Case("nearly duplicated u", CLAIM, vouched(table), truth(affine_rank(table) == n), True)
    base = _floats(rows, draw.choice(["float64", "float32"]))
    chosen = [draw.randrange(n) for _ in range(draw.randint(1, n))]
    up = np.nextafter(base[chosen], np.asarray(np.inf, dtype=base.dtype))
    keep = np.random.default_rng(draw.getrandbits(32)).random(up.shape) < 0.5
    near = np.vstack([base, np.where(keep, base[chosen], up)])
    # Half way between a row and its copy both are the same row, within half a unit in the last place of each; zeros
    # have smaller units, so that this is claimed only where no entry that moved was zero.
    full = affine_rank(near.astype(np.float64).tolist()) == n
    moved_zero = bool(((base[chosen] == 0) & ~keep).any())
    allowed = one_of(FAILS) if not full else one_of(UNDECIDED, HOLDS) if moved_zero else one_of(UNDECIDED)
    return Case("nearly duplicated u", CLAIM, vouched(near), allowed, not full)


_IRRATIONAL = (sympy.sqrt(2), sympy.sqrt(3), sympy.pi, sympy.E, sympy.log(2), 1 + sympy.sqrt(5))


def irrational_table(draw: random.Random) -> Case:
    """Columns times and plus irrational numbers."""
    n, count = draw.randint(1, 3), draw.randint(4, 6)
    full = draw.random() < 0.5
    rows = full_rows(draw, n, count) if full else dependent_rows(draw, n, count)
    factors = [draw.choice(_IRRATIONAL) for _ in range(n)]
    shifts = [draw.choice((0, *_IRRATIONAL)) for _ in range(n)]
    table = sympy.Matrix([[f * rational(v) + s for v, f, s in zip(row, factors, shifts, strict=True)] for row in rows])
    model = vouched(table, [_location()] * n)
    return Case("irrational table", CLAIM, model, truth(full), True)


def _location() -> Any:
    from tests.quality.cases.base import location

    return location()


def margin(draw: random.Random) -> Case:
    """Orthogonal contrasts h_j times d_j with unit Gaussian noise: each T_i has variance 1 + d_j^2 over u, so that the
    singular values of the whitened table are sqrt(8) d_j sqrt(1 + d_j^2); or two contrasts at an angle d."""
    signs = np.array([[1, 1], [1, -1]])
    contrasts = np.kron(np.kron(signs, signs), signs)[:, 1:].astype(float)
    if draw.random() < 0.5:
        n = draw.randint(1, 7)
        steps = [2.0 ** -(draw.randint(0, 30) if draw.random() < 0.8 else draw.randint(0, 996)) for _ in range(n)]
        table = contrasts[:, :n] * steps
        sigma = min(math.sqrt(8) * d * math.sqrt(1 + d * d) for d in steps)
    else:
        d = 2.0 ** -draw.randint(0, 24)
        table = np.column_stack([contrasts[:, 0], contrasts[:, 0] + d * contrasts[:, 1]])
        a, b = 2.0, 2.0 + d * d  # the variances of T over u
        trace, determinant = a + b * (1 + d * d), a * b * d * d
        sigma = math.sqrt(8 * 2 * determinant / (trace + math.sqrt(trace * trace - 4 * determinant)))
    if draw.random() < 0.5:
        exact = [[Fraction(value) for value in row] for row in table.tolist()]
        return Case("margin", CLAIM, vouched(exact), truth(True), True, sigma=sigma)
    return Case("margin", CLAIM, vouched(table), truth(True), True, sigma=sigma)


KINDS = (
    Kind(
        "exact table",
        "An invertible integer matrix gives full rank; one affine relation between the columns, none.",
        exact_table,
        90,
    ),
    Kind(
        "float table",
        "The same as floats: powers of two and small integers are floats without rounding.",
        float_table,
        50,
    ),
    Kind(
        "huge and tiny scales",
        "Scales by powers of two and offsets that floats carry without rounding keep the rank.",
        scaled_table,
        60,
    ),
    Kind(
        "rounded dependence",
        "Computed in floating point from a table of lower rank, which lies within the rounding: it may be "
        "independent as given, but must never hold.",
        rounded_dependence,
        60,
    ),
    Kind(
        "near dependence",
        "A dependent table with one column moved by 2^-p: where that is within half a unit in the last "
        "place the verdict must not be settled; exact elimination says whether the floats are dependent "
        "as given.",
        near_dependence,
        60,
    ),
    Kind("few values", "Fewer than nk + 1 distinct values of u, and no others exist.", few_values, 40),
    Kind("few observed values", "The same, observed from a larger support: nothing may be settled.", few_observed, 40),
    Kind(
        "observed values", "Rows of a larger support: spanning rows hold, dependent ones settle nothing.", observed, 40
    ),
    Kind(
        "exact distance",
        "A simplex with one vertex at height 1 to 1e-300, or 0, over the plane of the others, times an "
        "invertible matrix, in fractions.",
        exact_distance,
        90,
    ),
    Kind(
        "float distance",
        "The same rounded to float64, float32 and float16; a height in a column of its own is only its "
        "unit, one within the rounding of other entries may be nothing.",
        float_distance,
        70,
    ),
    Kind(
        "declared error",
        "A simplex with edges d and a declared error e: e >= d/2 can close an edge; for e < d/(2n) the "
        "differences stay diagonally dominant.",
        declared_error,
        60,
    ),
    Kind("duplicated u", "Rows that repeat, in fractions and floats: only distinct ones count.", duplicated, 50),
    Kind(
        "nearly duplicated u",
        "Copies of rows at 1 to 1e-300 in fractions, where exact elimination knows the rank, or one unit "
        "in the last place away in floats, which rounding explains.",
        nearly_duplicated,
        60,
    ),
    Kind(
        "margin",
        "Orthogonal contrasts times 1 to 1e-300: the singular values are known in closed form, and the "
        "margin may not exceed the smallest.",
        margin,
        55,
    ),
    Kind(
        "irrational table",
        "Integer rows whose columns are multiplied and shifted by sqrt(2), pi, ..: the rank stays.",
        irrational_table,
        8,
        symbolic=True,
    ),
)
