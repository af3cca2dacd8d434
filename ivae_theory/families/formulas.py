"""The formulas of a family, read from its description alone: what recheckers work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from ivae_theory.errors import CorruptReport
from ivae_theory.exact import from_text
from ivae_theory.families.support import support_from_description

__all__ = ["Formulas", "read_formulas"]


@dataclass(frozen=True)
class Formulas:
    """Statistics (``None`` for a black box), base measure, variable and support of one latent."""

    statistics: tuple[sympy.Expr, ...] | None
    base_measure: sympy.Expr
    variable: sympy.Symbol
    support: sympy.Set


def read_formulas(description: Mapping[str, Any]) -> Formulas:
    """Read what :meth:`ivae_theory.ExponentialFamily.describe` wrote.

    Raises
    ------
    CorruptReport
        When fields are missing or are not of the grammar.
    """
    try:
        name, texts, base = description["variable"], description["statistics"], description["base_measure"]
        support = support_from_description(description["support"])
    except (KeyError, TypeError):
        raise CorruptReport("family", "variable, statistics, base_measure, support", repr(description)[:80]) from None
    if not isinstance(name, str) or not name.isidentifier():
        raise CorruptReport("family", "the name of a variable", repr(name)[:80])
    variable = sympy.Symbol(name, real=True)
    if texts is None:
        return Formulas(None, from_text(base, [variable], "base_measure"), variable, support)
    if not isinstance(texts, list) or not texts:
        raise CorruptReport("family", "a list of statistics", repr(texts)[:80])
    statistics = tuple(from_text(text, [variable], "statistics") for text in texts)
    return Formulas(statistics, from_text(base, [variable], "base_measure"), variable, support)
