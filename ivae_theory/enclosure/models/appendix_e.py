"""The Bernoulli model of Appendix E, exactly.

For ``p(z) ~ exp(lambda z) / (1 + exp(z))**2`` with ``0 < lambda < 2``, sigmoid(z) has the Beta(lambda, 2 - lambda) law:
``E sigmoid(z) = lambda / 2`` and ``E sigmoid(z)**2 = lambda (lambda + 1) / 6``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, arb_mat

from ivae_theory.enclosure.formula.ranges import INFINITY
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import from_text, to_arb

__all__ = ["is_appendix_e", "is_not_affine", "mean_of_rival", "rival_entry"]

BITS = 256


def is_appendix_e(subject: Mapping[str, Any]) -> bool:
    """Whether the model is ``x_i ~ Bernoulli(sigmoid(z_i))``, T = z, Q = (1 + exp(z))**-2 for every latent."""
    law, mixing = subject["noise"]["law"], subject["mixing"]
    if law.get("node") != "discrete" or law.get("name") != "bernoulli" or mixing is None:
        return False
    if mixing.get("kind") != "symbolic" or list(mixing["expressions"]) != list(mixing["symbols"]):
        return False
    return all(_is_logistic(description) for description in subject["families"])


def _is_logistic(description: Mapping[str, Any]) -> bool:
    if description["statistics"] is None:
        return False
    formulas = read_formulas(description)
    z, part = formulas.symbol, formulas.parts[0]
    whole = len(formulas.parts) == 1 and part.low == -INFINITY and part.high == INFINITY
    return whole and formulas.statistics == (z,) and formulas.base_measure == (1 + sympy.exp(z)) ** -2


def rival_entry(value: Any) -> sympy.Expr:
    """``lambda'`` in (0, 2) with ``lambda' (lambda' + 1) / 3 = lambda``."""
    entry = sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value
    return (sympy.sqrt(1 + 12 * entry) - 1) / 2


def mean_of_rival(value: Any, other: Any) -> bool:
    """Whether ``other (other + 1) / 6 = value / 2`` exactly, and both are inside (0, 2)."""
    from ivae_theory.enclosure.formula.symbolic import ball

    entries = [sympy.Rational(v.numerator, v.denominator) if isinstance(v, Fraction) else v for v in (value, other)]
    first, second = entries
    if sympy.expand(second * (second + 1) - 3 * first) != 0:
        return False
    with precision(BITS):
        return all(ball(entry, {}) > 0 and ball(entry, {}) < 2 for entry in entries)


def is_not_affine(text: str, name: str, points: list[Fraction]) -> bool:
    """Whether the expression in one symbol is certainly no affine function: three points that are not collinear."""
    from ivae_theory.enclosure.formula.symbolic import ball

    symbol = sympy.Symbol(name, real=True)
    expression = from_text(text, [symbol], "mixing")
    if len(set(points)) != 3:
        return False
    with precision(BITS):
        rows = [[arb(1), to_arb(point), ball(expression, {symbol: to_arb(point)})] for point in points]
        return not arb_mat(rows).det().contains(0)
