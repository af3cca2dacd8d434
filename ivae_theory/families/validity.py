"""What is refused when a family is described: formulas that are not real, base measures that are negative.

Only what is *proved* wrong on a set of positive measure is refused; single points do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy
from flint import arb, fmpq

from ivae_theory.enclosure.failure import CannotEnclose, OutsideDomain
from ivae_theory.enclosure.formula.pieces import decompose, support_intervals
from ivae_theory.enclosure.formula.regularity import Interval
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, NotNormalizable
from ivae_theory.exact.identity import is_zero

__all__ = ["validate"]

BITS = 128


def validate(
    statistics: Sequence[sympy.Expr] | None, base_measure: sympy.Expr, variable: sympy.Symbol, support: sympy.Set
) -> None:
    """Refuse statistics without real values and base measures that are negative or zero everywhere.

    Raises
    ------
    InputError
        When a formula has no real value on an interval of the support.
    NotNormalizable
        When the base measure is negative on an interval of the support, or zero on all of it.
    """
    with precision(BITS):
        for index, statistic in enumerate(statistics or ()):
            _require_real(statistic, variable, support, f"statistics[{index}]")
        if base_measure != 1:
            _require_real(base_measure, variable, support, "base_measure")
            _require_nonnegative(base_measure, variable, support)


def _neighbourhoods(
    formula: sympy.Expr, variable: sympy.Symbol, support: sympy.Set
) -> Iterator[tuple[Fraction, Fraction]]:
    """Short intervals ``(point, radius)`` inside the support, some in every piece of the formula."""
    try:
        regions = [piece.interval for piece in decompose([formula], variable, support)]
    except CannotEnclose:
        regions = []
        for low, high in support_intervals(support):
            regions.append(Interval.between(low, high))
    for region in regions:
        for point in region.points():
            room = min(point - region.inner_low, region.inner_high - point)
            if room > 0:
                yield point, min(room, Fraction(1)) / 1024


def _around(point: Fraction, radius: Fraction) -> arb:
    centre = arb(fmpq(point.numerator, point.denominator))
    return arb(centre, arb(fmpq(radius.numerator, radius.denominator)).upper())


def _require_real(formula: sympy.Expr, variable: sympy.Symbol, support: sympy.Set, argument: str) -> None:
    if not formula.has(variable) and not formula.free_symbols:
        return
    for point, radius in _neighbourhoods(formula, variable, support):
        try:
            ball(formula, {variable: _around(point, radius)})
        except OutsideDomain as error:
            raise InputError(
                argument,
                "a formula with finite real values on the support",
                f"{error.what} around {variable} = {point}",
            ) from None
        except CannotEnclose:
            continue


def _require_nonnegative(measure: sympy.Expr, variable: sympy.Symbol, support: sympy.Set) -> None:
    for point, radius in _neighbourhoods(measure, variable, support):
        try:
            value = ball(measure, {variable: _around(point, radius)})
        except CannotEnclose:
            continue
        if value < 0:
            raise NotNormalizable(
                "base_measure", "a non-negative function", f"{value.str(6)} around {variable} = {point}"
            )
    try:
        pieces = decompose([measure], variable, support)
    except CannotEnclose:
        return
    if all(is_zero(branch) for piece in pieces for _, (branch,) in piece.cases()):
        raise NotNormalizable(
            "base_measure", "a function that is positive somewhere", f"{measure}, zero on the support"
        )
