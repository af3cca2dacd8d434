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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import sympy
from flint import arb, fmpq, fmpq_poly
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.polynomials import Cut, in_order, polynomial_of, real_roots, square_root
from ivae_theory.enclosure.regularity import ENTIRE, Interval, is_analytic, sign_on
from ivae_theory.enclosure.spans import span_of
from ivae_theory.enclosure.symbolic import ball, number_ball, sign_of_number

__all__ = ["Piece", "Switch", "decompose", "derivative", "support_intervals"]

#: Sign symbols on one piece (their number of combinations doubles each time), and cuts of the whole line.
MAX_SIGNS, MAX_CUTS = 6, 400
#: Rounds of cutting (nested switches show one level at a time), and jumps of one floor that are cut out one by one.
MAX_ROUNDS, MAX_JUMPS = 8, 64


@dataclass(frozen=True)
class Switch:
    """A sign or integer symbol, with the function that it depends on: the sign of ``argument``, or its floor."""

    symbol: sympy.Symbol
    argument: sympy.Expr


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
        span = span_of(switch.argument, piece.variable, piece.interval.span)
        if not (span.low.is_finite() and span.high.is_finite()) or span.high - span.low > MAX_JUMPS:
            continue
        low, high = int(span.low.floor().unique_fmpz()), int(span.high.ceil().unique_fmpz())
        for whole in range(low, high + 1):
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
    resolver = _Resolver(variable, interval)
    branches = tuple(resolver.formula(expression) for expression in expressions)
    if len(resolver.signs) > MAX_SIGNS:
        raise CannotEnclose(f"more than {MAX_SIGNS} switches that are not rational functions")
    return Piece(interval, branches, tuple(resolver.signs), tuple(resolver.integers), variable)


class _Resolver:
    """Replaces switches by formulas on one open interval."""

    def __init__(self, variable: sympy.Symbol, interval: Interval) -> None:
        self.variable, self.interval = variable, interval
        self.signs: list[Switch] = []
        self.integers: list[Switch] = []
        self.known: dict[sympy.Basic, sympy.Expr] = {}

    def formula(self, expression: sympy.Expr) -> sympy.Expr:
        if expression not in self.known:
            self.known[expression] = self._formula(expression)
        return self.known[expression]

    def _formula(self, expression: sympy.Expr) -> sympy.Expr:
        if not expression.has(self.variable) or expression.is_Symbol:
            return expression
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression)
        arguments = [self.formula(argument) for argument in expression.args]
        if isinstance(expression, sympy.Abs):
            return self.sign(arguments[0]) * arguments[0]
        if isinstance(expression, sympy.sign):
            return self.sign(arguments[0])
        if isinstance(expression, sympy.Heaviside):
            return (1 + self.sign(arguments[0], skip_zero=True)) / 2
        if isinstance(expression, sympy.sinc):  # off the zeros of the argument
            return sympy.sin(arguments[0]) / arguments[0]
        if isinstance(expression, (sympy.Max, sympy.Min)):
            way = 1 if isinstance(expression, sympy.Max) else -1
            result = arguments[0]
            for other in arguments[1:]:
                result = self._larger(result, other, way)
            return result
        if isinstance(expression, sympy.floor):
            return self._floor(arguments[0])
        if isinstance(expression, sympy.ceiling):
            return -self._floor(-arguments[0])
        if isinstance(expression, sympy.frac):
            return arguments[0] - self._floor(arguments[0])
        if isinstance(expression, sympy.Mod):
            return arguments[0] - arguments[1] * self._floor(arguments[0] / arguments[1])
        if expression.is_Pow and expression.exp.is_Rational and expression.exp.q == 2:
            return self._root_of_square(arguments[0], expression.exp)
        return expression.func(*arguments)

    def _root_of_square(self, base: sympy.Expr, exponent: sympy.Rational) -> sympy.Expr:
        """``sqrt(p^2) = |p|`` for polynomials that are written out; otherwise the power as it stands."""
        rational = polynomial_of(base, self.variable)
        root = None if rational is None or rational[1] != 1 else square_root(rational[0])
        if root is None:
            return base**exponent
        formula = sympy.Add(*(_sympy(c) * self.variable**j for j, c in enumerate(root.coeffs())))
        return (self.sign(formula) * formula) ** int(2 * exponent)

    def _larger(self, a: sympy.Expr, b: sympy.Expr, way: int) -> sympy.Expr:
        difference = sympy.expand(a - b)
        if difference == 0:
            return a
        sign = way * self.sign(difference)
        return a if sign == 1 else b if sign == -1 else (a + b + sign * (a - b)) / 2

    def sign(self, argument: sympy.Expr, skip_zero: bool = False) -> sympy.Expr:
        """The sign of a formula on the interval: an integer where it is proved, otherwise a symbol."""
        if argument == 0 and not skip_zero:
            return sympy.S.Zero
        found = sign_on(argument, self.variable, self.interval)
        if found is not None:
            return sympy.Integer(found)
        if argument.free_symbols - {self.variable}:
            raise CannotEnclose(f"a switch inside the switch {argument}")
        for switch in self.signs:
            for factor in (1, -1):
                if sympy.expand(switch.argument - factor * argument) == 0:
                    return factor * switch.symbol
        self._require_isolated_zeros(argument)
        symbol = sympy.Symbol(f"s{len(self.signs)}_", real=True)
        self.signs.append(Switch(symbol, argument))
        return symbol

    def _require_isolated_zeros(self, argument: sympy.Expr) -> None:
        """Proof that ``argument`` is real-analytic and not identically zero on the interval."""
        if not is_analytic(argument, self.variable, self.interval):
            raise CannotEnclose(f"the switch {argument}, which is not proved analytic")
        for point in self.interval.points():
            try:
                value = ball(argument, {self.variable: _at(point)})
            except CannotEnclose:
                continue
            if not value.contains(0):
                return
        raise CannotEnclose(f"the switch {argument}, which may vanish on an interval")

    def _floor(self, argument: sympy.Expr) -> sympy.Expr:
        whole, rest = sympy.S.Zero, sympy.expand(argument)
        constant, others = rest.as_coeff_Add()
        if constant.is_Rational:
            whole = sympy.Integer(int(constant.p // constant.q))
            rest = others + (constant - whole)
        if not rest.has(self.variable):
            return whole + self._constant_floor(rest)
        for switch in self.integers:
            if switch.argument == rest:
                return whole + switch.symbol
            opposite = sympy.expand(switch.argument + rest)
            if opposite.is_Integer:  # floor(m - a) = m - 1 - floor(a) off the integers
                return whole + opposite - 1 - switch.symbol
        if rest.free_symbols - {self.variable}:
            raise CannotEnclose(f"a switch inside floor({rest})")
        single = self._single_value(rest)
        if single is not None:
            return whole + single
        self._require_not_constant(rest)
        symbol = sympy.Symbol(f"n{len(self.integers)}_", integer=True)
        self.integers.append(Switch(symbol, rest))
        return whole + symbol

    def _single_value(self, argument: sympy.Expr) -> sympy.Integer | None:
        """The floor of a formula that crosses no integer on the interval."""
        middle = (self.interval.inner_low + self.interval.inner_high) / 2
        try:
            value = self._constant_floor(
                argument.subs(self.variable, sympy.Rational(middle.numerator, middle.denominator))
            )
        except CannotEnclose:
            return None
        above = sign_on(argument - value, self.variable, self.interval) == 1
        below = sign_on(value + 1 - argument, self.variable, self.interval) == 1
        return value if above and below else None

    @staticmethod
    def _constant_floor(number: sympy.Expr) -> sympy.Expr:
        value = number_ball(number)
        low = value.lower().floor()
        if low != value.upper().floor():
            raise CannotEnclose(f"the floor of the constant {number}")
        return sympy.Integer(int(low.unique_fmpz()))

    def _require_not_constant(self, argument: sympy.Expr) -> None:
        """Proof that the points where ``argument`` is an integer are isolated."""
        values = []
        if is_analytic(argument, self.variable, self.interval):
            for point in self.interval.points():
                try:
                    values.append(ball(argument, {self.variable: _at(point)}))
                except CannotEnclose:
                    continue
                if not values[0].overlaps(values[-1]):
                    return
        raise CannotEnclose(f"floor of {argument}, which is not proved analytic and not constant")

    def _piecewise(self, expression: sympy.Piecewise) -> sympy.Expr:
        result, remaining = sympy.S.Zero, sympy.S.One
        for branch, condition in expression.args:
            chosen = self._indicator(condition)
            if chosen == 0:
                continue
            result += remaining * chosen * self.formula(branch)
            remaining = self._squares_are_one(sympy.expand(remaining * (1 - chosen)))
            if remaining == 0:
                return result
        if remaining == 1:
            raise CannotEnclose("a Piecewise without a branch there")
        raise CannotEnclose("a Piecewise that may have no branch there")

    def _squares_are_one(self, formula: sympy.Expr) -> sympy.Expr:
        for switch in self.signs:
            formula = sympy.expand(formula.subs(switch.symbol**2, 1))
        return formula

    def _indicator(self, condition: Boolean) -> sympy.Expr:
        """1 where the condition holds and 0 where not, up to a null set."""
        if condition == sympy.true:
            return sympy.S.One
        if condition == sympy.false:
            return sympy.S.Zero
        if isinstance(condition, sympy.Not):
            return 1 - self._indicator(condition.args[0])
        if isinstance(condition, sympy.And):
            return sympy.Mul(*(self._indicator(part) for part in condition.args))
        if isinstance(condition, sympy.Or):
            return 1 - sympy.Mul(*(1 - self._indicator(part) for part in condition.args))
        if not isinstance(condition, Relational):
            raise CannotEnclose(f"the condition {type(condition).__name__}")
        difference = self.formula(condition.lhs) - self.formula(condition.rhs)
        sign = self._relation_sign(difference)
        if isinstance(condition, (sympy.Eq, sympy.Ne)):
            equal = sympy.S.One if sign is None else sympy.S.Zero
            return equal if isinstance(condition, sympy.Eq) else 1 - equal
        if sign is None:
            return sympy.Integer(isinstance(condition, (sympy.Ge, sympy.Le)))
        return (1 + sign) / 2 if isinstance(condition, (sympy.Gt, sympy.Ge)) else (1 - sign) / 2

    def _relation_sign(self, difference: sympy.Expr) -> sympy.Expr | None:
        """The sign of a difference, or ``None`` when it is identically zero."""
        expanded = sympy.expand(difference)
        if expanded == 0:
            return None
        if not expanded.has(self.variable) and not expanded.free_symbols:
            known = sign_of_number(expanded)
            if known is None:
                raise CannotEnclose(f"the sign of the constant {expanded}")
            return None if known == 0 else sympy.Integer(known)
        return self.sign(expanded)


def _sympy(value: fmpq) -> sympy.Rational:
    return sympy.Rational(int(value.p), int(value.q))


def _at(point: Fraction) -> arb:
    return arb(fmpq(point.numerator, point.denominator))
