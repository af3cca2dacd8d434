"""Densities of exponential type: entire functions that grow no faster than ``exp(tau |x|)`` in the complex plane.

Paley and Wiener: the Fourier transform of an integrable function that extends to an entire function of exponential type
``tau`` vanishes outside ``[-tau, tau]``.
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import number_ball

__all__ = ["exponential_type"]


def exponential_type(expression: sympy.Expr, symbol: sympy.Symbol) -> Fraction:
    """An upper bound of the exponential type of a probability density on R (call inside ``precision``).

    Accepted are sums and products of polynomials, of sines and cosines of linear functions, and of negative powers of
    linear functions with rational coefficients: meromorphic functions with finitely many poles, all real, and of
    exponential type away from them. A density is integrable, so that its poles are removable: it is entire, of the
    same type.

    Raises
    ------
    CannotEnclose
        When the expression is not of that form.
    """
    if expression.free_symbols != {symbol} or expression.has(sympy.I):
        raise CannotEnclose("a constant or complex expression")
    return _type(expression, symbol)


def _type(f: sympy.Expr, symbol: sympy.Symbol) -> Fraction:
    if not f.free_symbols or f == symbol:
        return Fraction(0)
    if f.is_Add:
        return max(_type(term, symbol) for term in f.args)
    if f.is_Mul:
        return sum((_type(factor, symbol) for factor in f.args), Fraction(0))
    if f.is_Pow and f.exp.is_Integer:
        if f.exp > 0:
            return int(f.exp) * _type(f.base, symbol)
        for factor in sympy.Mul.make_args(f.base):
            _require_linear(
                factor.base if factor.is_Pow and factor.exp.is_Integer and factor.exp > 0 else factor, symbol
            )
        return Fraction(0)
    if isinstance(f, (sympy.sin, sympy.cos, sympy.sinc)):
        return _slope(f.args[0], symbol)
    raise CannotEnclose(f"the exponential type of {type(f).__name__}")


def _require_linear(factor: sympy.Expr, symbol: sympy.Symbol) -> None:
    if not factor.free_symbols:
        return
    try:
        polynomial = sympy.Poly(factor, symbol, domain=sympy.QQ)
    except (sympy.PolynomialError, sympy.CoercionFailed):
        raise CannotEnclose(f"the zeros of {factor}") from None
    if polynomial.degree() != 1:
        raise CannotEnclose(f"the zeros of {factor}")


def _slope(argument: sympy.Expr, symbol: sympy.Symbol) -> Fraction:
    """A rational upper bound of ``|a|`` for the linear function ``a x + b``."""
    try:
        polynomial = sympy.Poly(argument, symbol)
    except sympy.PolynomialError:
        raise CannotEnclose(f"the argument {argument}") from None
    if polynomial.degree() > 1:
        raise CannotEnclose(f"the argument {argument}")
    slope = abs(number_ball(polynomial.coeff_monomial(symbol)))
    if not slope.is_finite():
        raise CannotEnclose(f"the argument {argument}")
    exact = (slope if slope.is_exact() else slope.upper()).fmpq()
    return Fraction(int(exact.p), int(exact.q))
