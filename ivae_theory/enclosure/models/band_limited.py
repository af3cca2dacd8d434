"""Noise whose characteristic function is ``max(1 - |t|, 0)``: what it hides of a density with Cauchy tails.

``g(z) = cos(2 z) sinc(z / 4)**2`` has its Fourier transform inside ``3/2 <= |t| <= 5/2``, where phi is 0, and
``(1 + z**2) |g(z)| <= 17``: where z**2 <= 16 because ``|sinc| <= 1``, elsewhere because ``|sinc(z / 4)| <= 4 / |z|``.
So for ``p(z) = c / (1 + z**2)`` and ``|eps| < 1/17``, ``p (1 + eps (1 + z**2) g)`` is a density with the same law of
``z + noise``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, arb_mat

from ivae_theory.enclosure.formula.ranges import INFINITY
from ivae_theory.enclosure.models.latent import Formulas, read_formulas
from ivae_theory.enclosure.models.quadratic import rows_of
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import from_text, to_arb

__all__ = ["LARGEST", "cauchy_row", "is_band_limited", "is_no_affine_function", "perturbed"]

#: |eps| has to be below this.
LARGEST = Fraction(1, 17)
BITS = 256


def is_band_limited(subject: Mapping[str, Any]) -> bool:
    """Whether the model is ``x = z + eps`` with n = d = 1, k = 1, two values of u, and this noise."""
    law, mixing, domain = subject["noise"]["law"], subject["mixing"], subject["domain"]
    if subject["n"] != 1 or list(subject["ks"]) != [1] or domain["kind"] != "points" or law.get("node") != "cf":
        return False
    if mixing is None or mixing.get("kind") != "symbolic" or list(mixing["expressions"]) != list(mixing["symbols"]):
        return False
    if len(mixing["symbols"]) != 1 or len(law["symbols"]) != 1:
        return False
    t = sympy.Symbol(str(law["symbols"][0]), real=True)
    return bool(from_text(law["expression"], [t], "noise") == sympy.Max(0, 1 - sympy.Abs(t)))


def cauchy_row(subject: Mapping[str, Any]) -> int | None:
    """The one of two different rows at which ``Q exp(lambda T)`` is a constant over ``1 + z**2``."""
    if subject["families"][0]["statistics"] is None:
        return None
    formulas, rows = read_formulas(subject["families"][0]), rows_of(subject["natural"])
    part = formulas.parts[0]
    whole = len(formulas.parts) == 1 and part.low == -INFINITY and part.high == INFINITY
    if not whole or rows is None or len(rows) != 2 or rows[0] == rows[1]:
        return None
    for row, (value,) in enumerate(rows):
        if isinstance(value, Fraction) and _is_cauchy(formulas, value):
            return row
    return None


def _is_cauchy(formulas: Formulas, value: Fraction) -> bool:
    exponents, rest = [], sympy.Integer(1)
    for factor in sympy.Mul.make_args(formulas.base_measure):
        if isinstance(factor, sympy.exp):
            exponents.append(factor.args[0])
        else:
            rest *= factor
    total = sympy.Add(*exponents) + sympy.Rational(value.numerator, value.denominator) * formulas.statistics[0]
    # Only the distributive law, and exp(a log x + b) = x**a exp(b) for positive x
    density = rest * sympy.exp(sympy.expand(total, power_base=False, power_exp=False, log=False))
    return not (density * (1 + formulas.symbol**2)).has(formulas.symbol)


def perturbed(formulas: Formulas, rows: Sequence[Sequence[Fraction]], row: int, eps: Fraction) -> tuple[Any, Any]:
    """``(T', Q')`` of the rival: lambda' = 1 on the Cauchy row, 0 on the other one."""
    z = formulas.symbol
    here, other = (sympy.Rational(rows[r][0].numerator, rows[r][0].denominator) for r in (row, 1 - row))
    wave = sympy.cos(2 * z) * sympy.sinc(z / 4) ** 2
    factor = 1 + sympy.Rational(eps.numerator, eps.denominator) * (1 + z**2) * wave
    statistic = (here - other) * formulas.statistics[0] + sympy.log(factor)
    return statistic, formulas.base_measure * sympy.exp(other * formulas.statistics[0])


def is_no_affine_function(formulas: Formulas, statistic: sympy.Expr, points: Sequence[Fraction]) -> bool:
    """Whether 1, T and T' are certainly independent at three points."""
    from ivae_theory.enclosure.formula.symbolic import ball

    if len(points) != 3 or len(set(points)) != 3:
        return False
    with precision(BITS):
        rows = []
        for point in points:
            where = {formulas.symbol: to_arb(point)}
            rows.append([arb(1), ball(formulas.statistics[0], where), ball(statistic, where)])
        determinant = arb_mat(rows).det()
        return bool(determinant.is_finite()) and not determinant.contains(0)
