"""Cutting a support into open intervals on which expressions are single, switch-free formulas.

Everything here is "up to a null set": at finitely many cuts, and where a switch function such as the argument of
``|.|`` vanishes, nothing is said. On a piece

- switches whose argument is a rational function of the variable are resolved exactly (its roots are cuts);
- other switches become *sign symbols* that stand for 1 or -1, ``|a| = s a``. They are locally constant off the zeros of
  ``a``, which are isolated because ``a`` is proved real-analytic and not zero on the piece;
- ``floor(a)`` becomes an *integer symbol*, locally constant off the isolated points where ``a`` is an integer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import sympy
from flint import arb, fmpq, fmpq_poly
from sympy.core.relational import Relational

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.interval import INFINITY
from ivae_theory.enclosure.formula.polynomials import Cut, in_order, polynomial_of, real_roots
from ivae_theory.enclosure.formula.ranges import range_where_defined
from ivae_theory.enclosure.formula.regularity import ENTIRE, Interval, is_analytic
from ivae_theory.enclosure.formula.switches import Resolver, Switch
from ivae_theory.enclosure.formula.symbolic import number_ball

__all__ = ["Piece", "decompose", "derivative", "support_intervals"]

#: Sign symbols on one piece (their number of combinations doubles each time), and cuts of the whole line.
MAX_SIGNS, MAX_CUTS = 6, 400
#: Rounds of cutting (nested switches show one level at a time), and jumps of one floor that are cut out one by one.
MAX_ROUNDS, MAX_JUMPS = 8, 64


@dataclass(frozen=True)
class Piece:
    """One open interval, and every expression as a switch-free formula on it."""

    interval: Interval
    branches: tuple[sympy.Expr, ...]
    signs: tuple[Switch, ...] = ()
    integers: tuple[Switch, ...] = ()
    variable: sympy.Symbol = field(default_factory=lambda: sympy.Symbol("z", real=True))

    def cases(self) -> Iterator[tuple[dict[sympy.Symbol, int], tuple[sympy.Expr, ...]]]:
        """Every combination of the signs with the formulas that it gives; some may never occur."""
        for choice in itertools.product((1, -1), repeat=len(self.signs)):
            values = {switch.symbol: sign for switch, sign in zip(self.signs, choice, strict=True)}
            yield values, tuple(branch.xreplace(_integers(values)) for branch in self.branches)

    def analytic(self, formula: sympy.Expr) -> bool:
        """Whether a formula is proved real-analytic on the whole interval."""
        return is_analytic(formula, self.variable, self.interval)


def _integers(values: dict[sympy.Symbol, int]) -> dict[sympy.Symbol, sympy.Integer]:
    return {symbol: sympy.Integer(value) for symbol, value in values.items()}


def support_intervals(support: sympy.Set) -> list[tuple[Cut, Cut]]:
    """The intervals of a support (a sympy interval or union of them) as pairs of cuts, in order."""
    parts = support.args if isinstance(support, sympy.Union) else (support,)
    pairs = []
    for part in parts:
        if not isinstance(part, sympy.Interval):
            raise CannotEnclose(f"the support {part}")
        pairs.append((_cut(part.start), _cut(part.end)))
    pairs.sort(key=lambda pair: float("-inf") if pair[0].infinite else float(pair[0].ball.mid()))
    for (low, high), following in zip(pairs, [*pairs[1:], None], strict=True):
        if in_order(low, high) >= 0 or (following is not None and in_order(high, following[0]) > 0):
            raise CannotEnclose(f"the order of the intervals of {support}")
    return pairs


def _cut(end: sympy.Expr) -> Cut:
    if end == sympy.oo:
        return Cut(arb.pos_inf(), None, 1)
    if end == -sympy.oo:
        return Cut(arb.neg_inf(), None, -1)
    if end.is_Rational:
        return Cut.rational(Fraction(int(end.p), int(end.q)))
    square = end**2
    if square.is_Rational and (end.is_Pow or end.is_Mul):
        value = number_ball(end)
        polynomial = fmpq_poly([fmpq(-int(square.p), int(square.q)), 0, 1])
        same = [root for root in real_roots([polynomial]) if (root.ball > 0) == (value > 0)]
        if len(same) == 1 and same[0].ball.overlaps(value):
            return same[0]
    return Cut(number_ball(end), None)


def derivative(formula: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """Derivative of a switch-free formula of the functions in the list of analytic ones."""
    # written as a logarithm (x > 1) its derivative has the one root that other formulas have too
    formula = formula.replace(sympy.acosh, lambda x: sympy.log(x + sympy.sqrt(x**2 - 1)))
    return sympy.diff(formula, variable)


def decompose(expressions: Sequence[sympy.Expr], variable: sympy.Symbol, support: sympy.Set) -> list[Piece]:
    """Cut the support so that every expression is one formula on each piece.

    Call inside ``precision(bits)``; cuts that are not rational are balls of that precision.

    Raises
    ------
    CannotEnclose
        When a switch can neither be resolved nor be named, or a formula is undefined on a piece.
    """
    intervals = support_intervals(support)
    polynomials = [p for expression in expressions for p in _switch_polynomials(expression, variable)]
    for _ in range(MAX_ROUNDS):
        pieces = _cut_at(real_roots(polynomials), expressions, variable, intervals)
        more = [p for piece in pieces for p in _inner_polynomials(piece)]
        if len(real_roots(polynomials + more)) == len(real_roots(polynomials)):
            return pieces
        polynomials += more
    raise CannotEnclose("switches that are nested too deeply")


def _cut_at(
    roots: list[Cut], expressions: Sequence[sympy.Expr], variable: sympy.Symbol, intervals: list[tuple[Cut, Cut]]
) -> list[Piece]:
    if len(roots) > MAX_CUTS:
        raise CannotEnclose(f"more than {MAX_CUTS} cuts")
    pieces = []
    for low, high in intervals:
        inside = [cut for cut in roots if _strictly_between(cut, low, high)]
        for left, right in itertools.pairwise([low, *inside, high]):
            pieces.append(_piece(expressions, variable, Interval.between(left, right)))
    return pieces


def _inner_polynomials(piece: Piece) -> Iterator[fmpq_poly]:
    """What only shows once outer switches are resolved: inner switches, and where bounded floors jump."""
    for branch in piece.branches:
        yield from _switch_polynomials(branch, piece.variable)
    for switch in piece.signs:
        yield from polynomial_of(switch.argument, piece.variable) or ()
    for switch in piece.integers:
        if polynomial_of(switch.argument, piece.variable) is None:
            continue
        values = range_where_defined(switch.argument, piece.variable, piece.interval.range)
        if INFINITY in (-values.low, values.high) or values.high - values.low > MAX_JUMPS:
            continue
        for whole in range(math.floor(values.low), math.ceil(values.high) + 1):
            yield from polynomial_of(switch.argument - whole, piece.variable) or ()


def _strictly_between(cut: Cut, low: Cut, high: Cut) -> bool:
    return in_order(low, cut) < 0 and in_order(cut, high) < 0


def _switch_polynomials(expression: sympy.Expr, variable: sympy.Symbol) -> Iterator[fmpq_poly]:
    """Numerators and denominators of every rational function whose sign may matter."""
    for argument in _sign_arguments(expression):
        found = polynomial_of(argument, variable)
        if found is not None:
            yield from found


def _sign_arguments(expression: sympy.Basic) -> Iterator[sympy.Expr]:
    """Arguments of switches, denominators, bases of powers and arguments of logarithms and the like."""
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, (sympy.Max, sympy.Min)):
            yield from (a - b for a, b in itertools.combinations(node.args, 2))
        elif isinstance(node, Relational):
            yield node.lhs - node.rhs
        elif isinstance(node, (sympy.asin, sympy.acos, sympy.atanh, sympy.erfinv)):
            yield from (1 - node.args[0], 1 + node.args[0])
        elif isinstance(node, sympy.acosh):
            yield node.args[0] - 1
        elif isinstance(node, sympy.Pow) and not (node.exp.is_Integer and node.exp >= 0):
            yield node.base
        elif isinstance(node, sympy.Function) and node.args and not isinstance(node, _NO_SIGN_NEEDED):
            yield node.args[-1] if isinstance(node, (sympy.polygamma, sympy.besselk)) else node.args[0]


_NO_SIGN_NEEDED = (*ENTIRE, sympy.floor, sympy.ceiling, sympy.frac, sympy.Mod, sympy.Piecewise)


def _piece(expressions: Sequence[sympy.Expr], variable: sympy.Symbol, interval: Interval) -> Piece:
    resolver = Resolver(variable, interval)
    branches = tuple(resolver.formula(expression) for expression in expressions)
    if len(resolver.signs) > MAX_SIGNS:
        raise CannotEnclose(f"more than {MAX_SIGNS} switches that are not rational functions")
    return Piece(interval, branches, tuple(resolver.signs), tuple(resolver.integers), variable)
