"""Verifications for equivalence of two models that are known by formulas (Eq. 12).

``T~ o f^-1 = A T~' o f'^-1 + c`` on a common image is checked through the transition ``h = f'^-1 o f``, which is given:
``f'(h(z)) = f(z)`` is an identity of functions, and ``h`` maps the support of ``z`` into that of ``z'``, so that it
*is* the transition when ``f'`` is injective. Everything here verifies; finding h, A and points is the business of the
checker. The checker and the rechecker both call these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, arb_mat, fmpq

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.interval import outward
from ivae_theory.enclosure.formula.ranges import Range, bounds_of, range_where_defined, support_ranges
from ivae_theory.enclosure.formula.symbolic import ball, number_ball
from ivae_theory.errors import CorruptReport
from ivae_theory.exact import from_text
from ivae_theory.exact.identity import is_zero
from ivae_theory.families import family_from_description
from ivae_theory.families.support import intervals

__all__ = [
    "Side",
    "injective_by_rank",
    "inside_support",
    "is_map",
    "is_relation",
    "is_transition",
    "leaves_image",
    "nonzero_minor",
    "read_side",
]

#: Points stand for the balls of this radius around them: what holds there holds on a set of positive measure.
RADIUS = Fraction(1, 2**150)


@dataclass(frozen=True, eq=False)
class Side:
    """``(f, T)`` of one model by formulas in its own symbols.

    ``statistics[i]`` are the ``T_ij`` in ``symbols[i]``; ``supports[i]`` the intervals of ``Z_i``; ``mixing`` the d
    expressions.
    """

    symbols: tuple[sympy.Symbol, ...]
    statistics: tuple[tuple[sympy.Expr, ...], ...]
    supports: tuple[tuple[sympy.Interval, ...], ...]
    mixing: tuple[sympy.Expr, ...]

    @property
    def stacked(self) -> tuple[sympy.Expr, ...]:
        """``T~``, latent by latent."""
        return tuple(statistic for block in self.statistics for statistic in block)

    def at(self, expressions: Sequence[sympy.Expr], values: Sequence[sympy.Expr]) -> tuple[sympy.Expr, ...]:
        """Expressions in this side's symbols with other expressions put in their places."""
        replaced = dict(zip(self.symbols, values, strict=True))
        return tuple(expression.xreplace(replaced) for expression in expressions)


def read_side(data: Mapping[str, Any], prefix: str) -> Side:
    """A side from ``{"families", "mixing": {"symbols", "expressions"}}``; symbols are ``prefix1, prefix2, ..``."""
    try:
        families = [family_from_description(item) for item in data["families"]]
        names = [sympy.Symbol(name, real=True) for name in data["mixing"]["symbols"]]
        texts = list(data["mixing"]["expressions"])
    except (KeyError, TypeError) as error:
        raise CorruptReport("models", "families and a symbolic mixing", str(error)[:80]) from None
    if len(names) != len(families) or not texts:
        raise CorruptReport("models", "as many symbols as families", f"{len(names)} and {len(families)}")
    supports = tuple(tuple(intervals(family.support)) for family in families)
    symbols = tuple(_symbol(f"{prefix}{i + 1}", parts) for i, parts in enumerate(supports))
    rename = dict(zip(names, symbols, strict=True))
    mixing = tuple(sympy.sympify(from_text(text, names, "mixing"), strict=True).xreplace(rename) for text in texts)
    statistics = tuple(
        tuple(statistic.xreplace({family.variable: symbol}) for statistic in family.statistics or ())
        for family, symbol in zip(families, symbols, strict=True)
    )
    return Side(symbols, statistics, supports, mixing)


def _symbol(name: str, parts: Sequence[sympy.Interval]) -> sympy.Symbol:
    """A symbol that knows its sign where the interior of the support has one: ``sqrt(z^2)`` is ``z`` on (0, 1)."""
    if all(_at_most(sympy.Integer(0), part.start) for part in parts):
        return sympy.Symbol(name, positive=True)
    if all(_at_most(part.end, sympy.Integer(0)) for part in parts):
        return sympy.Symbol(name, negative=True)
    return sympy.Symbol(name, real=True)


# -- the transition


def is_transition(a: Side, b: Side, h: Sequence[sympy.Expr]) -> bool:
    """Whether ``b.mixing(h(z)) = a.mixing(z)`` and ``h`` maps a's support into b's: True is a proof."""
    if len(h) != len(b.symbols) or len(a.mixing) != len(b.mixing):
        return False
    if any(entry.free_symbols - set(a.symbols) for entry in h):
        return False
    if not all(real_on(entry, a) for entry in (*h, *a.mixing)):
        return False
    if not all(_into(entry, a, b.supports[j]) for j, entry in enumerate(h)):
        return False
    return all(is_zero(image - own) for image, own in zip(b.at(b.mixing, h), a.mixing, strict=True))


def injective_by_rank(side: Side) -> bool:
    """Whether the mixing is affine with full column rank, exactly."""
    from ivae_theory.exact import rank

    rows = []
    for entry in side.mixing:
        if not entry.is_polynomial(*side.symbols) or sympy.Poly(entry, *side.symbols).total_degree() > 1:
            return False
        row = [sympy.Poly(entry, *side.symbols).coeff_monomial(symbol) for symbol in side.symbols]
        if not all(value.is_Rational for value in row):
            return False
        rows.append(row)
    return rank(rows) == len(side.symbols)


def _into(expression: sympy.Expr, side: Side, target: Sequence[sympy.Interval]) -> bool:
    """Whether a real expression stays in the closure of the target, up to null sets."""
    if any(part.start == -sympy.oo and part.end == sympy.oo for part in target):
        return True
    symbols = expression.free_symbols
    if len(symbols) != 1:
        return False
    symbol = next(iter(symbols))
    own = side.supports[side.symbols.index(symbol)]
    return all(any(_image_within(expression, symbol, part, goal) for goal in target) for part in own)


def _image_within(expression: sympy.Expr, symbol: sympy.Symbol, part: sympy.Interval, goal: sympy.Interval) -> bool:
    slope = sympy.diff(expression, symbol) if expression.is_polynomial(symbol) else None
    if slope is not None and slope.is_Rational and slope != 0:
        ends = [_affine_end(expression, symbol, slope, end) for end in (part.start, part.end)]
        low, high = ends if slope > 0 else reversed(ends)
        return _at_most(goal.start, low) and _at_most(high, goal.end)
    try:
        found = range_where_defined(expression, symbol, open_range(part))
        above = goal.start == -sympy.oo or found.low >= bounds_of(goal.start)[1]
        return above and (goal.end == sympy.oo or found.high <= bounds_of(goal.end)[0])
    except CannotEnclose:
        return False


def _affine_end(expression: sympy.Expr, symbol: sympy.Symbol, slope: sympy.Rational, end: sympy.Expr) -> sympy.Expr:
    return sympy.sign(slope) * end if end.is_infinite else sympy.expand(expression.xreplace({symbol: end}))


def _at_most(low: sympy.Expr, high: sympy.Expr) -> bool:
    if low == high or low == -sympy.oo or high == sympy.oo:
        return True
    if low.is_infinite or high.is_infinite:
        return False
    try:
        return bool(number_ball(low) <= number_ball(high)) or is_zero(low - high)
    except CannotEnclose:
        return is_zero(low - high)


def open_range(part: sympy.Interval) -> Range:
    """The interior of the interval; ends that are no fractions are rounded outwards."""
    return support_ranges([(part.start, part.end, True, True)])[0]


_ENTIRE = (
    sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.sinh, sympy.cosh, sympy.atan, sympy.asinh, sympy.Abs, sympy.erf,
    sympy.Max, sympy.Min, sympy.sign,
)  # fmt: skip


def real_on(expression: sympy.Expr, side: Side) -> bool:
    """Whether the expression is proved to be defined and real everywhere on the interior of the support."""
    if expression.is_Symbol:
        return expression in side.symbols
    if expression.is_number:
        try:
            return bool(number_ball(expression).is_finite())
        except CannotEnclose:
            return False
    if expression.is_Add or expression.is_Mul or isinstance(expression, _ENTIRE):
        return all(real_on(argument, side) for argument in expression.args)
    if isinstance(expression, sympy.log):
        return real_on(expression.args[0], side) and sign_on(expression.args[0], side) == 1
    if not expression.is_Pow or not real_on(expression.base, side):
        return False
    base, exponent = expression.base, expression.exp
    if base == sympy.E:
        return real_on(exponent, side)
    if exponent.is_Integer:
        return exponent >= 0 or sign_on(base, side) in (1, -1)
    return real_on(exponent, side) and sign_on(base, side) == 1


def _ranges(expression: sympy.Expr, symbol: sympy.Symbol, side: Side) -> list[Range]:
    """What the expression may be on each interval of the symbol's support."""
    parts = side.supports[side.symbols.index(symbol)]
    return [range_where_defined(expression, symbol, open_range(part)) for part in parts]


def sign_on(expression: sympy.Expr, side: Side) -> int | None:
    """1 or -1 when the expression is proved positive or negative on the interior of the support, else ``None``."""
    symbols = expression.free_symbols
    if len(symbols) == 1:
        symbol = next(iter(symbols))
        try:
            ranges = _ranges(expression, symbol, side)
        except CannotEnclose:
            return None
        if all(found.positive for found in ranges):
            return 1
        return -1 if all(found.negative for found in ranges) else None
    if not symbols:
        value = number_ball(expression)
        return 1 if value > 0 else (-1 if value < 0 else None)
    if expression.is_Add:
        signs = {sign_on(term, side) for term in expression.args}
        return signs.pop() if len(signs) == 1 else None
    if expression.is_Mul:
        product = 1
        for factor in expression.args:
            sign = sign_on(factor, side)
            if sign is None:
                return None
            product *= sign
        return product
    return 1 if isinstance(expression, sympy.exp) and real_on(expression, side) else None


# -- equality and inequality of the function spaces


def is_map(a: Side, b: Side, h: Sequence[sympy.Expr], A: sympy.Matrix, c: sympy.Matrix) -> bool:
    """Whether ``T~(z) = A T~'(h(z)) + c`` identically and ``det A`` is proved not zero."""
    own, other = a.stacked, b.at(b.stacked, h)
    if A.shape != (len(own), len(other)) or c.shape != (len(own), 1) or A.rows != A.cols:
        return False
    if not all(entry.is_number for entry in (*A, *c)):
        return False
    try:
        minor = arb_mat(A.rows, A.cols, [number_ball(entry) for entry in A]).det()
    except CannotEnclose:
        return False
    if minor.contains(0) or not minor.is_finite():
        return False
    image = A * sympy.Matrix(other) + c
    return all(is_zero(sympy.expand(left - right)) for left, right in zip(own, image, strict=True))


def is_relation(side: Side, weights: Sequence[Fraction]) -> bool:
    """Whether ``weights[0] + sum_j weights[j] T_j`` vanishes identically: one dimension less for ``span{1, T}``."""
    if len(weights) != len(side.stacked) + 1 or not any(weights[1:]):
        return False
    terms = [sympy.Rational(w.numerator, w.denominator) for w in weights]
    return is_zero(sympy.expand(terms[0] + sum(w * t for w, t in zip(terms[1:], side.stacked, strict=True))))


def inside_support(side: Side, point: Sequence[Fraction]) -> bool:
    """Whether the ball of radius ``RADIUS`` around each coordinate lies inside one interval of its support."""
    if len(point) != len(side.symbols):
        return False
    for value, parts in zip(point, side.supports, strict=True):
        low, high = (sympy.Rational(e.numerator, e.denominator) for e in (value - RADIUS, value + RADIUS))
        if not any(_at_most(part.start, low) and _at_most(high, part.end) for part in parts):
            return False
    return True


def _balls(side: Side, point: Sequence[Fraction]) -> dict[sympy.Symbol, arb]:
    radius = arb(fmpq(RADIUS.numerator, RADIUS.denominator)).upper()
    return {
        symbol: arb(fmpq(value.numerator, value.denominator), radius)
        for symbol, value in zip(side.symbols, point, strict=True)
    }


def nonzero_minor(
    side: Side, functions: Sequence[sympy.Expr], columns: Sequence[int], points: Sequence[Sequence[Fraction]]
) -> bool:
    """Whether the chosen columns of ``[1, functions]`` at the points have a determinant that is not zero.

    Every point stands for a ball, so the chosen functions are linearly independent modulo null sets.
    """
    if len(points) != len(columns) or len(set(columns)) != len(columns):
        return False
    if not all(0 <= column <= len(functions) for column in columns):
        return False
    if not all(inside_support(side, point) for point in points):
        return False
    chosen = [sympy.Integer(1) if column == 0 else functions[column - 1] for column in columns]
    try:
        entries = [ball(function, values) for values in (_balls(side, p) for p in points) for function in chosen]
    except CannotEnclose:
        return False
    minor = arb_mat(len(points), len(columns), entries).det()
    return bool(minor.is_finite()) and not minor.contains(0)


def leaves_image(a: Side, b: Side, weights: Sequence[Fraction], point: Sequence[Fraction], reduced: sympy.Expr) -> bool:
    """Whether ``weights . f(z)`` near the point of a is a value that ``weights . f'`` never takes on b's support.

    ``reduced`` is ``weights . f'`` with at most one symbol left. Then ``f(Z)`` and ``f'(Z')`` differ by a set that has
    positive measure under the model.
    """
    if len(a.mixing) != len(b.mixing) or len(weights) != len(a.mixing) or not inside_support(a, point):
        return False
    terms = [sympy.Rational(w.numerator, w.denominator) for w in weights]
    combined = sum(w * f for w, f in zip(terms, b.mixing, strict=True))
    symbols = reduced.free_symbols
    if len(symbols) > 1 or symbols - set(b.symbols) or not is_zero(sympy.expand(combined - reduced)):
        return False
    try:
        value = ball(sum(w * f for w, f in zip(terms, a.mixing, strict=True)), _balls(a, point))
        if not symbols:
            return bool(value != number_ball(reduced))
        symbol = next(iter(symbols))
        low, high = outward(value)
        return all(high < found.low or low > found.high for found in _ranges(reduced, symbol, b))
    except CannotEnclose:
        return False
