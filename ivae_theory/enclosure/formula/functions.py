"""Balls of the functions of one or two real arguments that sympy knows by name.

Every function here takes balls and returns a ball that contains the function's value at *every* point of its
arguments, or raises: a domain that the ball leaves is never silently a NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose, OutsideDomain

__all__ = ["FUNCTIONS", "absolute", "ceiling_of", "floor_of", "hull", "maximum", "minimum", "power"]

Function = Callable[..., arb]


def hull(low: arb, high: arb) -> arb:
    """The smallest ball at hand that contains both balls and everything between."""
    return low.union(high)


def finite(value: arb, what: str) -> arb:
    """``value`` unless it is unbounded or not a number."""
    if not value.is_finite():
        raise CannotEnclose(f"{what} is not bounded on the interval")
    return value


def absolute(x: arb) -> arb:
    """``|x|``; for a ball that contains zero the result starts at zero."""
    if x >= 0:
        return x
    if x <= 0:
        return -x
    return hull(arb(0), x.abs_upper())


def maximum(a: arb, b: arb) -> arb:
    """``max(a, b)``."""
    if a >= b:
        return a
    if b >= a:
        return b
    return hull(_larger(a.lower(), b.lower()), _larger(a.upper(), b.upper()))


def minimum(a: arb, b: arb) -> arb:
    """``min(a, b)``."""
    return -maximum(-a, -b)


def _larger(a: arb, b: arb) -> arb:
    """The larger of two exact numbers."""
    return a if a >= b else b


def floor_of(x: arb) -> arb:
    """Largest integer below; a ball across integers gives the range of values."""
    finite(x, "floor's argument")
    low, high = x.lower().floor(), x.upper().floor()
    return low if low == high else hull(low, high)


def ceiling_of(x: arb) -> arb:
    """Smallest integer above; a ball across integers gives the range of values."""
    return -floor_of(-x)


def sign_of(x: arb) -> arb:
    """-1, 0 or 1; a ball that contains zero and more gives what is possible."""
    if x > 0:
        return arb(1)
    if x < 0:
        return arb(-1)
    if x == 0:
        return arb(0)
    return hull(arb(0) if x >= 0 else arb(-1), arb(0) if x <= 0 else arb(1))


def step_of(x: arb, at_zero: arb | None = None) -> arb:
    """Heaviside's step with the value ``at_zero`` (sympy: 1/2) at zero."""
    middle = arb(0.5) if at_zero is None else at_zero
    if x > 0:
        return arb(1)
    if x < 0:
        return arb(0)
    if x == 0:
        return middle
    return hull(hull(middle, arb(0)), arb(1))


def _wide(x: arb) -> bool:
    return bool(x.rel_accuracy_bits() < 20)


def power(x: arb, exponent: int) -> arb:
    """``x`` to an integer power; even powers of balls around zero start at zero."""
    if exponent < 0:
        if x.contains(0):
            if x == 0:
                raise OutsideDomain("division by zero")
            raise CannotEnclose("division by an interval that contains zero")
        return 1 / power(x, -exponent)
    if not _wide(x):
        return x**exponent
    if exponent % 2 == 0:
        x = absolute(x)
        low = x.lower()
        return hull((low if low > 0 else arb(0)) ** exponent, x.upper() ** exponent)
    return hull(x.lower() ** exponent, x.upper() ** exponent)


def log_of(x: arb) -> arb:
    """Natural logarithm of a positive ball."""
    if x > 0:
        return finite(x.log(), "log")
    if x <= 0:
        raise OutsideDomain("the logarithm of a number that is not positive")
    raise CannotEnclose("the logarithm of an interval that touches zero")


def fractional_power(x: arb, exponent: arb) -> arb:
    """``x`` to a power that is not an integer, for ``x >= 0``; at zero only for positive powers."""
    if x > 0:
        return finite((log_of(x) * exponent).exp(), "a power")
    if x < 0:
        raise OutsideDomain("a fractional power of a negative number")
    if x >= 0 and exponent > 0:  # touches zero from the right
        if x == 0:
            return arb(0)
        return hull(arb(0), finite((log_of(x.upper()) * exponent).exp(), "a power"))
    raise CannotEnclose("a fractional power of an interval that may be negative or zero")


def square_root(x: arb) -> arb:
    """Square root for ``x >= 0``."""
    return fractional_power(x, arb(0.5)) if not x > 0 else x.sqrt()


def _within(low: int | None, high: int | None, strict: bool, what: str, compute: Function) -> Function:
    """``compute`` restricted to an interval; outside it raises."""

    def checked(x: arb) -> arb:
        inside_low = low is None or (x > low if strict else x >= low)
        inside_high = high is None or (x < high if strict else x <= high)
        if inside_low and inside_high:
            return finite(compute(x), what)
        if (low is not None and (x <= low if strict else x < low)) or (
            high is not None and (x >= high if strict else x > high)
        ):
            raise OutsideDomain(f"{what} outside its domain")
        raise CannotEnclose(f"{what} of an interval that may leave its domain")

    return checked


def _everywhere(what: str, compute: Function) -> Function:
    """``compute`` where it has no singularity inside the ball."""
    return lambda *balls: finite(compute(*balls), what)


def _quotient(what: str, above: Function, below: Function) -> Function:
    def compute(x: arb) -> arb:
        denominator = below(x)
        if denominator.contains(0):
            raise CannotEnclose(f"{what} of an interval that may contain a pole")
        return finite(above(x) / denominator, what)

    return compute


def atan2_of(y: arb, x: arb) -> arb:
    """Angle of ``(x, y)``; undefined at the origin."""
    if x.contains(0) and y.contains(0):
        raise CannotEnclose("atan2 of a box that contains the origin")
    return finite(arb.atan2(y, x), "atan2")


def gamma_of(x: arb) -> arb:
    """Gamma function away from its poles."""
    return finite(x.gamma(), "gamma")


def polygamma_of(order: arb, x: arb) -> arb:
    """Derivatives of digamma for positive arguments, through Hurwitz' zeta function."""
    count = order.unique_fmpz()
    if count is None or count < 0:
        raise CannotEnclose("polygamma of an order that is not a non-negative integer")
    n = int(count)
    if n == 0:
        return finite(x.digamma(), "digamma")
    if not x > 0:
        raise CannotEnclose("polygamma of an argument that may not be positive")
    return finite(arb(n + 1).zeta(x) * arb(n).fac() * (-1) ** (n + 1), "polygamma")


def beta_of(a: arb, b: arb) -> arb:
    """Euler's beta function for positive arguments."""
    if not (a > 0 and b > 0):
        raise CannotEnclose("beta of arguments that may not be positive")
    return finite((a.lgamma() + b.lgamma() - (a + b).lgamma()).exp(), "beta")


def sinc_of(x: arb) -> arb:
    """``sin x / x``, 1 at zero."""
    return finite(x.sinc(), "sinc")


def upper_gamma(s: arb, x: arb) -> arb:
    """Upper incomplete gamma function for positive arguments."""
    if not (s > 0 and x > 0):
        raise CannotEnclose("uppergamma of arguments that may not be positive")
    return finite(x.gamma_upper(s), "uppergamma")


def lower_gamma(s: arb, x: arb) -> arb:
    """Lower incomplete gamma function for positive arguments."""
    if not (s > 0 and x > 0):
        raise CannotEnclose("lowergamma of arguments that may not be positive")
    return finite(x.gamma_lower(s), "lowergamma")


def _bessel(what: str, compute: Function, any_sign: bool) -> Function:
    """A Bessel function of an integer order (any sign) or of positive arguments."""

    def checked(order: arb, x: arb) -> arb:
        if not x > 0 and not (any_sign and order.is_integer()):
            raise CannotEnclose(f"{what} of an argument that may not be positive")
        return finite(compute(x, order), what)

    return checked


def modulo(a: arb, b: arb) -> arb:
    """``a - b floor(a/b)``."""
    if b.contains(0):
        raise CannotEnclose("Mod by an interval that contains zero")
    return a - b * floor_of(a / b)


FUNCTIONS: dict[type, Function] = {
    sympy.exp: _everywhere("exp", arb.exp),
    sympy.log: log_of,
    sympy.sin: _everywhere("sin", arb.sin),
    sympy.cos: _everywhere("cos", arb.cos),
    sympy.tan: _quotient("tan", arb.sin, arb.cos),
    sympy.cot: _quotient("cot", arb.cos, arb.sin),
    sympy.sec: _quotient("sec", lambda x: arb(1), arb.cos),
    sympy.csc: _quotient("csc", lambda x: arb(1), arb.sin),
    sympy.sinh: _everywhere("sinh", arb.sinh),
    sympy.cosh: _everywhere("cosh", arb.cosh),
    sympy.tanh: _everywhere("tanh", arb.tanh),
    sympy.coth: _quotient("coth", arb.cosh, arb.sinh),
    sympy.sech: _quotient("sech", lambda x: arb(1), arb.cosh),
    sympy.csch: _quotient("csch", lambda x: arb(1), arb.sinh),
    sympy.asin: _within(-1, 1, False, "asin", arb.asin),
    sympy.acos: _within(-1, 1, False, "acos", arb.acos),
    sympy.atan: _everywhere("atan", arb.atan),
    sympy.atan2: atan2_of,
    sympy.asinh: _everywhere("asinh", arb.asinh),
    sympy.acosh: _within(1, None, False, "acosh", arb.acosh),
    sympy.atanh: _within(-1, 1, True, "atanh", arb.atanh),
    sympy.Abs: absolute,
    sympy.sign: sign_of,
    sympy.Heaviside: step_of,
    sympy.floor: floor_of,
    sympy.ceiling: ceiling_of,
    sympy.frac: lambda x: x - floor_of(x),
    sympy.Mod: modulo,
    sympy.gamma: gamma_of,
    sympy.loggamma: _within(0, None, True, "loggamma", arb.lgamma),
    sympy.digamma: _everywhere("digamma", arb.digamma),
    sympy.polygamma: polygamma_of,
    sympy.beta: beta_of,
    sympy.uppergamma: upper_gamma,
    sympy.lowergamma: lower_gamma,
    sympy.erf: _everywhere("erf", arb.erf),
    sympy.erfc: _everywhere("erfc", arb.erfc),
    sympy.erfi: _everywhere("erfi", arb.erfi),
    sympy.erfinv: _within(-1, 1, True, "erfinv", arb.erfinv),
    sympy.sinc: sinc_of,
    sympy.besselj: _bessel("besselj", arb.bessel_j, True),
    sympy.besseli: _bessel("besseli", arb.bessel_i, True),
    sympy.bessely: _bessel("bessely", arb.bessel_y, False),
    sympy.besselk: _bessel("besselk", arb.bessel_k, False),
    sympy.LambertW: _within(0, None, False, "LambertW", arb.lambertw),
    sympy.Si: _everywhere("Si", arb.si),
    sympy.Ci: _within(0, None, True, "Ci", arb.ci),
}
