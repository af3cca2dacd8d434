"""Random models whose truth is known by construction: what the soundness campaign checks.

Every generator draws a model and says which statuses are *not wrong*. ``decidable`` marks the cases whose truth an
implemented argument reaches, so that the rate of undecided verdicts means something.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory import Discrete, ExponentialFamily, Model, Noise, Observed, Prior, assume_injective, families
from ivae_theory.verdict import Status

HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED
Z = sympy.Symbol("z", real=True)
#: A base measure under which every statistic below has every natural parameter in its range.
LIGHT = sympy.exp(-(Z**4))


@dataclass(frozen=True)
class Case:
    """A model, a claim, the statuses that are not wrong, and whether the truth is within reach."""

    kind: str
    claim: str
    model: Model
    not_wrong: frozenset[Status]
    decidable: bool


def _matrix(draw: random.Random, size: int) -> list[list[Fraction]]:
    """An invertible integer matrix: unit lower times upper with a non-zero diagonal."""
    lower = [[draw.randint(-3, 3) if j < i else int(i == j) for j in range(size)] for i in range(size)]
    upper = [
        [draw.randint(-3, 3) if j > i else draw.choice([-2, -1, 1, 2]) if i == j else 0 for j in range(size)]
        for i in range(size)
    ]
    product = np.array(lower) @ np.array(upper)
    return [[Fraction(int(value)) for value in row] for row in product]


def _location(n: int) -> list[ExponentialFamily]:
    return [families.gaussian_location()] * n


def _model(table: Any, fams: Any, **prior: Any) -> Model:
    count = len(fams)
    return Model(Prior(fams, table, **prior), noise=Noise.gaussian(0.01), mixing=assume_injective(count))


def _shape(draw: random.Random) -> tuple[int, int]:
    n = draw.randint(1, 6)
    return n, n + 1 + draw.randint(0, 5)


def _full_rows(draw: random.Random, n: int, count: int) -> list[list[Fraction]]:
    rows = [[Fraction(0)] * n, *_matrix(draw, n)]
    rows += [[Fraction(draw.randint(-5, 5)) for _ in range(n)] for _ in range(count - n - 1)]
    shift = [Fraction(draw.randint(-4, 4)) for _ in range(n)]
    rows = [[a + b for a, b in zip(row, shift, strict=True)] for row in rows]
    draw.shuffle(rows)
    return rows


def _dependent_rows(draw: random.Random, n: int, count: int) -> list[list[Fraction]]:
    """Distinct rows with one affine relation between the columns."""
    weights = [draw.randint(-2, 2) for _ in range(n - 1)]
    offset = draw.randint(-3, 3)
    place = draw.randrange(n)
    rows: list[list[Fraction]] = []
    while len(rows) < count:
        row = [Fraction(draw.randint(-40, 40)) for _ in range(n - 1)]
        row.insert(place, sum((w * v for w, v in zip(weights, row, strict=True)), Fraction(offset)))
        if n == 1 or row not in rows:
            rows.append(row)
    return rows


def exact_table(draw: random.Random) -> Case:
    """Integers: the exact rank decides."""
    n, count = _shape(draw)
    full = draw.random() < 0.5
    rows = _full_rows(draw, n, count) if full else _dependent_rows(draw, n, count)
    return Case("exact table", "theorem1.iii", _model(rows, _location(n)), frozenset({HOLDS if full else FAILS}), True)


def float_table(draw: random.Random) -> Case:
    """Floats, columns scaled by powers of two (which change neither rank nor relative rounding)."""
    n, count = _shape(draw)
    full = draw.random() < 0.5
    rows = _full_rows(draw, n, count) if full else _dependent_rows(draw, n, count)
    exponents = [draw.randint(-300, 300) if draw.random() < 0.3 else draw.randint(-4, 4) for _ in range(n)]
    table = np.array([[float(v) for v in row] for row in rows]) * 2.0 ** np.array(exponents)
    if draw.random() < 0.3 and max(map(abs, exponents)) < 50:
        table = table.astype(np.float32)
    return Case("float table", "theorem1.iii", _model(table, _location(n)), frozenset({HOLDS if full else FAILS}), True)


def rounded_dependence(draw: random.Random) -> Case:
    """The floats of a dependent real table: they may be independent as given, but never *hold*."""
    n, count = max(2, draw.randint(2, 6)), draw.randint(8, 16)
    rng = np.random.default_rng(draw.getrandbits(32))
    table = rng.standard_normal((count, n - 1)) @ rng.standard_normal((n - 1, n)) + rng.standard_normal(n)
    if draw.random() < 0.3:
        table = table.astype(np.float32)
    model = _model(
        table, _location(n), error=float(np.abs(table).max()) * n * 2.0 ** (-20 if table.dtype == np.float32 else -48)
    )
    return Case("rounded dependence", "theorem1.iii", model, frozenset({FAILS, UNDECIDED}), False)


def near_dependence(draw: random.Random) -> Case:
    """A dependent integer table with one column moved by delta: within half an ulp it must not hold."""
    n, count = draw.randint(2, 4), draw.randint(8, 14)
    table = np.array([[float(v) for v in row] for row in _dependent_rows(draw, n, count)])
    power = draw.choice([0, -4, -10, -20, -30, -40, -45, -50, -52, -53, -55, -60, -100, -1000])
    column = draw.randrange(n)
    moved = table.copy()
    for m in range(count):
        moved[m, column] += draw.choice([-1, 1]) * 2.0**power
    half_ulp = np.spacing(np.abs(moved[:, column])) / 2
    swallowed = bool((np.abs(moved[:, column] - table[:, column]) <= half_ulp).all())
    # Within the rounding of its entries the table could be the dependent one: then HOLDS would be wrong.
    allowed = {FAILS if _exactly_dependent(moved) else UNDECIDED, UNDECIDED}
    if not swallowed and not _exactly_dependent(moved):
        allowed.add(HOLDS)
    return Case("near dependence", "theorem1.iii", _model(moved, _location(n)), frozenset(allowed), False)


def _exactly_dependent(table: np.ndarray) -> bool:
    """Whether the floats as given are affinely dependent, by sympy: an oracle of its own."""
    rows = sympy.Matrix([[sympy.Rational(*float(v).as_integer_ratio()) for v in row - table[0]] for row in table[1:]])
    return bool(rows.rank() < table.shape[1])


def few_values(draw: random.Random) -> Case:
    """Fewer than nk + 1 distinct values: a finite support fails, observed values of a larger one do not."""
    n = draw.randint(2, 6)
    count = draw.randint(1, n)
    rng = np.random.default_rng(draw.getrandbits(32))
    table = rng.standard_normal((count, n))
    table = np.concatenate([table, table[rng.integers(0, count, draw.randint(0, 4))]])
    if draw.random() < 0.5:
        return Case("few values", "theorem1.iii", _model(table, _location(n)), frozenset({FAILS}), True)
    model = _model(table, _location(n), u=Observed(np.arange(len(table))))
    return Case("few observed values", "theorem1.iii", model, frozenset({UNDECIDED}), False)


BASIS = (
    Z, Z**2, Z**3, sympy.Abs(Z), sympy.sin(Z), sympy.cos(Z), sympy.tanh(Z), sympy.atan(Z), sympy.Max(Z - 1, 0),
    sympy.exp(-(Z**2)), sympy.log(1 + Z**2), sympy.floor(Z), sympy.Piecewise((Z**2, Z > 2), (0, True)),
)  # fmt: skip
ZEROS = (
    sympy.sin(Z) ** 2 + sympy.cos(Z) ** 2 - 1, (Z + 1) ** 2 - Z**2 - 2 * Z - 1,
    sympy.sin(2 * Z) - 2 * sympy.sin(Z) * sympy.cos(Z),
    sympy.Max(Z, 0) - sympy.Max(-Z, 0) - Z, sympy.sqrt(Z**2) - sympy.Abs(Z), sympy.exp(Z + 1) - sympy.E * sympy.exp(Z),
    sympy.log(sympy.exp(Z)) - Z, sympy.cosh(Z) - (sympy.exp(Z) + sympy.exp(-Z)) / 2,
)  # fmt: skip


def statistics(draw: random.Random) -> Case:
    """T = B (independent functions) + c: minimal exactly when B is invertible; identities as disguise."""
    k = draw.randint(1, 3)
    chosen = draw.sample(BASIS, k)
    minimal = draw.random() < 0.5
    rows = _matrix(draw, k)
    if not minimal:
        weights = [draw.randint(-2, 2) for _ in range(k - 1)]
        rows[-1] = [sum((w * rows[i][j] for i, w in enumerate(weights)), Fraction(0)) for j in range(k)]
    disguise = draw.choice(ZEROS) if draw.random() < 0.4 else 0
    mixed = [
        sum(sympy.Rational(v.numerator, v.denominator) * t for v, t in zip(row, chosen, strict=True))
        + draw.randint(-3, 3)
        + (disguise if i == 0 else 0)
        for i, row in enumerate(rows)
    ]
    family = ExponentialFamily([sympy.sympify(t) for t in mixed], base_measure=LIGHT, variable=Z)
    table = [[Fraction(draw.randint(-5, 5)) for _ in range(k)] for _ in range(k + 3)]
    model = Model(Prior([family], table), noise=Noise.gaussian(1), mixing=assume_injective(1))
    truth = HOLDS if minimal else FAILS
    not_wrong = {truth} if disguise == 0 else {truth, UNDECIDED}
    return Case(
        "statistics" if disguise == 0 else "disguised statistics", "theorem1.minimal", model, frozenset(not_wrong), True
    )


def noise(draw: random.Random) -> Case:
    """Composites: a band-limited part makes phi vanish on an open set, and nothing else here does."""
    from scipy import stats

    t = sympy.Symbol("t", real=True)
    good: list[Callable[[], Any]] = [
        lambda: Noise.gaussian(Fraction(draw.randint(1, 9), 4)),
        lambda: stats.laplace(scale=draw.uniform(0.1, 3)),
        lambda: stats.uniform(-1, draw.uniform(0.5, 3)),
        lambda: stats.t(draw.uniform(0.3, 8)),
        lambda: stats.gamma(draw.uniform(0.2, 4)),
        lambda: stats.beta(draw.uniform(0.3, 3), draw.uniform(0.3, 3)),
        lambda: stats.lognorm(draw.uniform(0.2, 2)),
        lambda: stats.cauchy(),
        lambda: Noise(cf=sympy.exp(-sympy.Abs(t)), symbols=[t]),
    ]

    def law(depth: int, broken: bool) -> Noise:
        from ivae_theory.noise import as_noise

        if depth == 0:
            return Noise(cf=sympy.Max(1 - sympy.Abs(t), 0), symbols=[t]) if broken else as_noise(draw.choice(good)())
        first, second = law(depth - 1, broken), law(depth - 1, False)
        move = draw.random()
        if move < 0.4:
            return first + second
        if move < 0.7:
            return first * draw.choice([-3, 0.5, 2]) + draw.randint(-2, 2)
        return first

    broken = draw.random() < 0.4
    one = law(draw.randint(0, 2), broken)
    if draw.random() < 0.3:
        one = Noise.product([one, law(1, False)])
    n = one.dimension or 1
    table = np.vstack([np.zeros(n), np.eye(n)])
    model = Model(Prior(_location(n), table), noise=one, mixing=assume_injective(n))
    return Case("noise", "theorem1.i", model, frozenset({FAILS if broken else HOLDS}), True)


def discrete(draw: random.Random) -> Case:
    """Discrete observations are not f(z) + eps."""
    model = Model(Prior(_location(1), [[0.0], [1.0]]), noise=Discrete("bernoulli"), mixing=assume_injective(1))
    return Case("discrete", "theorem1.i", model, frozenset({FAILS}), True)


def linear_mixing(draw: random.Random) -> Case:
    """A linear map is injective exactly when its columns are independent."""
    n = draw.randint(1, 4)
    injective = draw.random() < 0.5
    rows = _matrix(draw, n)
    if not injective:
        weights = [draw.randint(-2, 2) for _ in range(n - 1)]
        rows[-1] = [sum((w * rows[i][j] for i, w in enumerate(weights)), Fraction(0)) for j in range(n)]
    symbols = list(sympy.symbols(f"z1:{n + 1}", real=True))
    outputs = sympy.Matrix([[sympy.Rational(v.numerator, v.denominator) for v in row] for row in rows]) * sympy.Matrix(
        symbols
    )
    table = np.vstack([np.zeros(n), np.eye(n)])
    model = Model(Prior(_location(n), table), noise=Noise.none(), mixing=(symbols, outputs))
    return Case("linear mixing", "theorem1.injective", model, frozenset({HOLDS if injective else FAILS}), True)


def permutation(draw: random.Random) -> Case:
    """Theorem 2 for standard statistics: half-bounded ones hold, two Gaussian locations fail."""
    n = draw.randint(1, 4)
    gaussian = [draw.random() < 0.5 for _ in range(n)]
    others = [families.gaussian_scale(), families.laplace_scale(), families.exponential()]
    fams = [families.gaussian_location() if g else draw.choice(others) for g in gaussian]
    table = -np.abs(np.random.default_rng(draw.getrandbits(32)).standard_normal((n + 3, n))) - 0.1
    truth = FAILS if sum(gaussian) >= 2 else HOLDS
    return Case("permutation", "theorem2.scaled_permutation", _model(table, fams), frozenset({truth}), True)


GENERATORS: tuple[Callable[[random.Random], Case], ...] = (
    exact_table, float_table, rounded_dependence, near_dependence, few_values, statistics, noise, discrete,
    linear_mixing, permutation,
)  # fmt: skip


def case(seed: int) -> Case:
    """The case of one seed; the generators take turns."""
    return GENERATORS[seed % len(GENERATORS)](random.Random(seed))
