"""Is an expression, on an open cell, a quotient of real-analytic functions; and which branch holds there?

A *cell* is a product of open intervals with rational or infinite ends. ``resolve`` replaces Abs, sign, Heaviside,
Max, Min and Piecewise by the branch that holds on the whole cell, deciding signs of polynomials exactly.
``require_quotient`` then accepts compositions that are quotients ``N / D`` of functions that are real-analytic on the
cell (values may be complex). If such a quotient has a finite non-zero value at one point of the cell, its zeros are
null and nowhere dense in the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb
from sympy.core.relational import Relational

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_fmpq

__all__ = ["Cell", "folded", "interior", "is_zero_polynomial", "never_zero", "require_quotient", "resolve", "sign_on"]

#: One open interval ``(low, high)`` for each symbol; ``None`` is an infinite end.
Cell = Sequence[tuple[sympy.Symbol, Fraction | None, Fraction | None]]

_ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.erf, sympy.erfc, sympy.erfi, sympy.sinc)
_MEROMORPHIC = (sympy.tan, sympy.tanh, sympy.sech, sympy.gamma)
_REAL_LINE = (sympy.atan, sympy.asinh)
_REAL_OF_REAL = (*_ENTIRE, *_MEROMORPHIC, *_REAL_LINE, sympy.Abs)


def _exact(number: Fraction) -> sympy.Rational:
    return sympy.Rational(number.numerator, number.denominator)


def is_zero_polynomial(expression: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> bool:
    """Whether the expression is a polynomial with rational coefficients that are all zero: an exact identity."""
    if expression is sympy.S.Zero:
        return True
    try:
        return bool(sympy.Poly(expression, *symbols, domain=sympy.QQ).is_zero)
    except (sympy.PolynomialError, sympy.CoercionFailed):
        return False


def sign_on(expression: sympy.Expr, cell: Cell) -> int:
    """Sign on an open cell: 1, -1, or 0 for the zero polynomial. Rational polynomials exactly, the rest by balls."""
    symbols = [symbol for symbol, _, _ in cell]
    try:
        polynomial = sympy.Poly(expression, *symbols, domain=sympy.QQ)
    except (sympy.PolynomialError, sympy.CoercionFailed):
        return _ball_sign(expression, cell)
    if polynomial.is_zero:
        return 0
    used = [item for item in cell if item[0] in polynomial.free_symbols]
    if not used:
        return 1 if polynomial.LC() > 0 else -1
    if len(used) == 1:
        return _univariate_sign(polynomial.as_expr(), *used[0])
    return _monomial_sign(polynomial, cell)


def _ball_sign(expression: sympy.Expr, cell: Cell) -> int:
    """Sign of another real expression on a bounded cell, by one ball over the closed cell."""
    balls = {}
    with precision(128):
        for symbol, low, high in cell:
            if symbol in expression.free_symbols:
                if low is None or high is None:
                    raise CannotEnclose(f"the sign of {str(expression)[:60]} on an unbounded cell")
                balls[symbol] = arb(to_fmpq((low + high) / 2), to_fmpq((high - low) / 2))
        value = ball(expression, balls)
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise CannotEnclose(f"the sign of {str(expression)[:60]}")


def _univariate_sign(expression: sympy.Expr, symbol: sympy.Symbol, low: Fraction | None, high: Fraction | None) -> int:
    polynomial = sympy.Poly(expression, symbol, domain=sympy.QQ)
    inner = polynomial
    for end in (low, high):
        while end is not None and not inner.is_ground and inner.eval(_exact(end)) == 0:
            # a root at an end of the open interval does no harm: divide it out
            inner = inner.quo(sympy.Poly(symbol - _exact(end), symbol, domain=sympy.QQ))
    if not inner.is_ground:
        bounds = [None if end is None else _exact(end) for end in (low, high)]
        if inner.count_roots(*bounds):
            raise CannotEnclose(f"{str(expression)[:60]} changes sign on the interval")
    value = polynomial.eval(_exact(interior(low, high)))
    return 1 if value > 0 else -1


def _monomial_sign(polynomial: sympy.Poly, cell: Cell) -> int:
    """Sign when, measured from a corner of the cell, all monomials have one sign (bounds on the far side are
    dropped)."""
    shifted: dict[sympy.Symbol, sympy.Expr] = {}
    for symbol, low, high in cell:
        if low is not None:
            shifted[symbol] = _exact(low) + symbol
        elif high is not None:
            shifted[symbol] = _exact(high) - symbol
    moved = sympy.Poly(
        polynomial.as_expr().subs(shifted, simultaneous=True), *(symbol for symbol, _, _ in cell), domain=sympy.QQ
    )
    bounded = [symbol in shifted for symbol, _, _ in cell]
    signs = set()
    for powers, coefficient in moved.terms():
        if any(power % 2 and not half for power, half in zip(powers, bounded, strict=True)):
            raise CannotEnclose("the sign of a polynomial in several symbols")
        signs.add(1 if coefficient > 0 else -1)
    # a term that may vanish inside the cell (an even power of an unbounded symbol) proves nothing alone
    strict = any(
        all(half or not power for power, half in zip(powers, bounded, strict=True)) for powers, _ in moved.terms()
    )
    if len(signs) != 1 or not strict:
        raise CannotEnclose("the sign of a polynomial in several symbols")
    return int(signs.pop())


def interior(low: Fraction | None, high: Fraction | None) -> Fraction:
    """A rational point of the open interval."""
    if low is None:
        return Fraction(0) if high is None else high - 1
    return low + 1 if high is None else (low + high) / 2


def resolve(expression: sympy.Expr, cell: Cell) -> sympy.Expr:
    """The branch of ``expression`` that holds on the whole cell."""
    if not expression.args:
        return expression
    if isinstance(expression, sympy.Piecewise):
        for branch, condition in expression.args:
            if _holds(condition, cell):
                return resolve(branch, cell)
        raise CannotEnclose("a Piecewise without a branch on the cell")
    arguments = [resolve(argument, cell) for argument in expression.args]
    if isinstance(expression, sympy.Abs):
        return arguments[0] if sign_on(arguments[0], cell) >= 0 else -arguments[0]
    if isinstance(expression, sympy.sign):
        return sympy.Integer(sign_on(arguments[0], cell))
    if isinstance(expression, sympy.Heaviside):
        sign = sign_on(arguments[0], cell)
        if sign == 0:
            raise CannotEnclose("a Heaviside of zero")
        return sympy.Integer(sign > 0)
    if isinstance(expression, (sympy.Max, sympy.Min)):
        best = arguments[0]
        for other in arguments[1:]:
            larger = sign_on(other - best, cell) > 0
            best = other if larger == isinstance(expression, sympy.Max) else best
        return best
    return expression.func(*arguments)


def folded(expression: sympy.Expr, cell: Cell) -> sympy.Expr:
    """The expression on the *closed* cell without the Abs, Max and Min whose branch is proved; the others stay.

    These are continuous, so that what holds inside holds at the ends.
    """
    if not expression.args or expression.has(sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.floor, sympy.ceiling):
        return expression
    arguments = [folded(argument, cell) for argument in expression.args]
    same = expression.func(*arguments)
    if isinstance(same, (sympy.Abs, sympy.Max, sympy.Min)):
        try:
            return resolve(same, cell)
        except CannotEnclose:
            return same
    return same


def _holds(condition: Any, cell: Cell) -> bool:
    if condition in (sympy.true, True):
        return True
    if condition in (sympy.false, False):
        return False
    if isinstance(condition, sympy.And):
        return all(_holds(part, cell) for part in condition.args)
    if isinstance(condition, sympy.Or):
        return any(_holds(part, cell) for part in condition.args)
    if isinstance(condition, sympy.Not):
        return not _holds(condition.args[0], cell)
    if not isinstance(condition, Relational):
        raise CannotEnclose(f"the condition {condition}")
    sign = sign_on(resolve(condition.lhs, cell) - resolve(condition.rhs, cell), cell)
    if isinstance(condition, (sympy.StrictLessThan, sympy.LessThan)):
        return sign < 0 or (sign == 0 and isinstance(condition, sympy.LessThan))
    if isinstance(condition, (sympy.StrictGreaterThan, sympy.GreaterThan)):
        return sign > 0 or (sign == 0 and isinstance(condition, sympy.GreaterThan))
    if isinstance(condition, sympy.Equality):
        return sign == 0
    if isinstance(condition, sympy.Unequality):
        return sign != 0
    raise CannotEnclose(f"the condition {condition}")


def never_zero(expression: sympy.Expr) -> bool:
    """Whether the form of ``expression`` shows that it has no zeros: exponentials, gamma functions, cosh of real
    arguments, reciprocals of what is finite, non-zero rationals, and products and powers of these."""
    if expression.is_Rational:
        return expression is not sympy.S.Zero
    if expression in (sympy.pi, sympy.E, sympy.I):
        return True
    if expression.is_Mul:
        return all(never_zero(factor) for factor in expression.args)
    if isinstance(expression, (sympy.exp, sympy.gamma)):
        return _finite(expression.args[0])
    if isinstance(expression, (sympy.cosh, sympy.sech)):
        return _stays_real(expression.args[0]) and _finite(expression.args[0])
    if expression.is_Pow and expression.exp.is_Rational:
        if expression.exp < 0:
            return _finite(expression.base)
        return never_zero(expression.base)
    return False


def _stays_real(f: sympy.Expr) -> bool:
    """Whether no root in the form is drawn of what may be negative: ``cosh(sqrt(-x**2))`` is a cosine."""
    roots = [power for power in f.atoms(sympy.Pow) if not power.exp.is_Integer]
    return not f.has(sympy.I) and all(isinstance(root.base, sympy.Abs) or root.base.is_positive for root in roots)


def _finite(f: sympy.Expr) -> bool:
    """Whether a form is finite at all real values of its symbols, so that no limit of it is infinite."""
    if not f.args:
        return bool(f.is_Symbol or f.is_Rational or f in (sympy.pi, sympy.E, sympy.I))
    if f.is_Pow:
        return bool(f.exp.is_Rational and f.exp > 0) and _finite(f.base)
    if f.is_Add or f.is_Mul or isinstance(f, (sympy.Abs, sympy.Max, sympy.Min, sympy.sin, sympy.cos, sympy.exp)):
        return all(_finite(argument) for argument in f.args)
    return isinstance(f, (sympy.cosh, sympy.sinh)) and not f.has(sympy.I) and _finite(f.args[0])


def require_quotient(expression: sympy.Expr, cell: Cell) -> None:
    """Accept a resolved expression that is a quotient of real-analytic functions on the cell.

    Raises
    ------
    CannotEnclose
        When the rules do not reach it.
    """
    if expression.is_Add or expression.is_Mul:
        for argument in expression.args:
            require_quotient(argument, cell)
    elif expression.is_Pow and expression.exp.is_Integer:
        require_quotient(expression.base, cell)
    elif isinstance(expression, _MEROMORPHIC):
        _require_analytic(expression.args[0], cell)
    else:
        _require_analytic(expression, cell)


def _require_analytic(f: sympy.Expr, cell: Cell) -> None:
    symbols = {symbol for symbol, _, _ in cell}
    if not f.free_symbols:
        if f in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
            raise CannotEnclose(str(f))
        return
    if f.is_Symbol and f in symbols:
        return
    if f.is_Add or f.is_Mul:
        for argument in f.args:
            _require_analytic(argument, cell)
    elif f.is_Pow:
        _require_analytic_power(f, cell)
    elif isinstance(f, _ENTIRE) or (isinstance(f, (*_REAL_LINE, sympy.tanh, sympy.sech)) and _real(f.args[0], cell)):
        _require_analytic(f.args[0], cell)
    elif isinstance(f, sympy.log):
        _require_analytic(f.args[0], cell)
        _require_off_cut(f.args[0], cell)
    elif isinstance(f, (sympy.besselj, sympy.besselk)) and f.args[0].is_Rational:
        _require_analytic(f.args[1], cell)
        if not (isinstance(f, sympy.besselj) and f.args[0].is_Integer):
            _require_off_cut(f.args[1], cell)
    else:
        raise CannotEnclose(f"the function {type(f).__name__} is not known to be analytic here")


def _require_analytic_power(f: sympy.Pow, cell: Cell) -> None:
    base, exponent = f.base, f.exp
    if not base.free_symbols and base.is_Rational and base > 0:
        _require_analytic(exponent, cell)
        return
    if exponent.free_symbols or exponent in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        raise CannotEnclose(f"the power {str(f)[:60]}")
    _require_analytic(base, cell)
    if exponent.is_Integer and exponent >= 0:
        return
    if exponent.is_Integer and (never_zero(base) or _positive(base, cell)):
        return
    _require_off_cut(base, cell)


def _positive(f: sympy.Expr, cell: Cell) -> bool:
    """Whether an expression is real and positive on the cell, by its form or as a rational polynomial."""
    if f.is_Rational or f in (sympy.pi, sympy.E):
        return bool(f > 0)
    if isinstance(f, (sympy.exp, sympy.cosh, sympy.sech)) and _real(f.args[0], cell):
        return True
    if f.is_Mul and all(_positive(factor, cell) for factor in f.args):
        return True
    if f.is_Pow and _positive(f.base, cell) and _real(f.exp, cell):
        return True
    if f.is_Add and all(_positive(term, cell) for term in f.args):
        return True
    try:
        return sign_on(f, cell) > 0
    except CannotEnclose:
        return False


def _real(f: sympy.Expr, cell: Cell) -> bool:
    """Whether the form shows real values on the cell: ``(-1)**(1/3)`` and ``acosh(1/3)`` are imaginary without an I."""
    if not f.args:
        return bool(f.is_Rational or f in (sympy.pi, sympy.E, sympy.EulerGamma) or f in [item[0] for item in cell])
    if f.is_Add or f.is_Mul or isinstance(f, _REAL_OF_REAL):
        return all(_real(argument, cell) for argument in f.args)
    if f.is_Pow:
        return _real(f.exp, cell) and (_positive(f.base, cell) or (bool(f.exp.is_Integer) and _real(f.base, cell)))
    return isinstance(f, sympy.log) and _positive(f.args[0], cell)


def _require_off_cut(f: sympy.Expr, cell: Cell) -> None:
    """The values stay off ``(-oo, 0]``, where roots and logarithms are cut."""
    if _positive(f, cell):
        return
    symbols = [symbol for symbol, _, _ in cell]
    try:
        polynomial = sympy.Poly(f, *symbols, sympy.I)
        real = sum((c * m for c, m in _split(polynomial, symbols, 0)), sympy.S.Zero)
        imaginary = sum((c * m for c, m in _split(polynomial, symbols, 1)), sympy.S.Zero)
    except (sympy.PolynomialError, sympy.CoercionFailed):
        raise CannotEnclose(f"whether {str(f)[:60]} meets the cut") from None
    for part, wanted in ((real, (1,)), (imaginary, (1, -1))):
        try:
            if sign_on(part, cell) in wanted:
                return
        except CannotEnclose:
            continue
    raise CannotEnclose(f"whether {str(f)[:60]} meets the cut")


def _split(polynomial: sympy.Poly, symbols: Sequence[sympy.Symbol], parity: int) -> list[tuple[Any, Any]]:
    """Terms of the real (parity 0) or imaginary (parity 1) part of a polynomial in the symbols and I."""
    terms = []
    for powers, coefficient in polynomial.terms():
        *exponents, of_i = powers
        if of_i % 2 == parity:
            monomial = sympy.Mul(*(s**e for s, e in zip(symbols, exponents, strict=True)))
            terms.append((coefficient * (-1) ** (of_i // 2), monomial))
    return terms
