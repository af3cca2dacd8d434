"""Exponential families on the line: one factor of the prior, Eq. (7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CorruptReport, InputError, InputTypeError, NaturalParameterError
from ivae_theory.exact import from_text, rationalised, to_fraction, to_text
from ivae_theory.families import numeric
from ivae_theory.families.statistics import read_statistics
from ivae_theory.families.support import as_support, describe_support, intervals, support_from_description
from ivae_theory.families.validity import validate
from ivae_theory.verdict import Status

__all__ = ["ClosedForm", "ExponentialFamily", "family_from_description"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClosedForm:
    """What is known in closed form of a named family.

    Attributes
    ----------
    in_range
        Whether the density is normalisable at exact natural parameters: the whole truth, both ways.
    range_text
        The natural range for people, e.g. ``"lambda_2 < 0"``.
    log_partition
        (B, k) -> (B,), the logarithm of the paper's ``Z_i(u)``.
    sample
        ((B, k), generator) -> (B,).
    """

    in_range: Callable[[Sequence[Fraction]], bool]
    range_text: str
    log_partition: Callable[[Floats], Floats]
    sample: Callable[[Floats, np.random.Generator], Floats]


class ExponentialFamily:
    """``p(z | lambda) = Q(z) exp(T(z) . lambda) / Z(lambda)`` on a subset of the line (Eq. 7).

    Parameters
    ----------
    statistics
        The sufficient statistics ``T_1 .. T_k`` as sympy expressions in one variable, one of them alone, or a
        callable ``(B,) -> (B, k)`` or ``(B,) -> (B,)`` whose formula is not known: nothing about it can be proved.
    support
        The paper's ``Z_i``: sympy intervals or a union of them, or a pair of end points.
    base_measure
        The paper's ``Q_i``, non-negative.
    variable
        The variable, where the expressions do not show it.
    name
        A name for reports.

    Raises
    ------
    InputError, InputTypeError
        For statistics that are not real on a set of positive measure, for empty supports, for more variables.
    NotNormalizable
        When ``Q`` is proved negative, or zero everywhere.
    """

    @turn()
    def __init__(
        self,
        statistics: Any,
        support: Any = sympy.Reals,
        base_measure: Any = 1,
        variable: sympy.Symbol | None = None,
        name: str = "",
    ) -> None:
        if not isinstance(name, str):
            raise InputTypeError("name", "text", repr(name)[:80])
        self.support: sympy.Set = as_support(support)
        parsed = read_statistics(statistics, base_measure, variable, self.support)
        self.statistics: tuple[sympy.Expr, ...] | None = parsed.statistics
        self.variable: sympy.Symbol = parsed.variable
        self.base_measure: sympy.Expr = parsed.base_measure
        self.k: int = parsed.k
        self._evaluate, self._log_base = parsed.evaluate, parsed.log_base
        validate(self.statistics, self.base_measure, self.variable, self.support)
        self._closed: ClosedForm | None = None
        from ivae_theory.families.named import recognise  # the named families are instances of this class

        recognised = recognise(self)
        self.name: str = name or (recognised.name if recognised else "")
        if recognised:
            self._closed = recognised.closed

    # -- the parts of Eq. (7)

    def evaluate(self, z: ArrayLike) -> Floats:
        """Statistics ``T`` at ``z``: any shape (...) -> (..., k)."""
        return self._evaluate(np.asarray(z, dtype=np.float64))

    def log_base(self, z: ArrayLike) -> Floats:
        """Logarithm of the base measure ``Q`` inside the support, minus infinity outside: (...) -> (...)."""
        points = np.asarray(z, dtype=np.float64)
        inside = np.zeros(points.shape, dtype=bool)
        for low, high in self.bounds:
            inside |= (points >= low) & (points <= high)
        with np.errstate(all="ignore"):
            return np.where(inside, self._log_base(points), -np.inf)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The intervals of the support as floats."""
        return tuple((float(part.start), float(part.end)) for part in intervals(self.support))

    def natural_range(self, lam: Sequence[Any]) -> Status:
        """Whether ``Q exp(T . lambda)`` has a finite integral: HOLDS proved, FAILS refuted, else UNDECIDED.

        Floats are taken as the dyadic rationals that they are.
        """
        exact = self._exact(lam)
        if self._closed is not None:
            return Status.HOLDS if self._closed.in_range(exact) else Status.FAILS
        if self.statistics is None:
            return Status.UNDECIDED
        from ivae_theory.families.tails import normalisable

        return normalisable(self.statistics, self.base_measure, self.support, self.variable, exact)

    @property
    def range_text(self) -> str:
        """The natural range for people; empty where it is not known in closed form."""
        return self._closed.range_text if self._closed else ""

    # -- numbers

    def log_partition(self, lam: ArrayLike) -> Floats:
        """``log Z(lambda)``: (B, k) -> (B,), closed form where known, otherwise adaptive quadrature.

        Raises
        ------
        NaturalParameterError
            When some row is proved, or numerically found, not to normalise.
        """
        rows = self._rows(lam)
        self._require_range(rows)
        if self._closed is not None:
            return self._closed.log_partition(rows)
        return np.asarray(numeric.by_row(rows, lambda row: numeric.Density(self, row).log_mass), dtype=np.float64)

    def log_density(self, z: ArrayLike, lam: ArrayLike) -> Floats:
        """``log p(z | lambda)``: z of shape (B,), lambda of shape (B, k) or (k,) -> (B,)."""
        rows = self._rows(lam)
        points = np.asarray(z, dtype=np.float64)
        return self.log_base(points) + numeric.inner(self.evaluate(points), rows) - self.log_partition(rows)

    def sample(self, lam: ArrayLike, rng: np.random.Generator) -> Floats:
        """One draw for each row of natural parameters: (B, k) -> (B,).

        Without a closed form the distribution function is inverted numerically.
        """
        rows = self._rows(lam)
        self._require_range(rows)
        if self._closed is not None:
            return self._closed.sample(rows, rng)
        return numeric.sample_by_row(self, rows, rng)

    def moments(self, lam: ArrayLike) -> tuple[Floats, Floats]:
        """Mean (k,) and covariance (k, k) of ``T`` under one ``lambda`` of shape (k,), by quadrature."""
        rows = self._rows(lam)
        if len(rows) != 1:
            raise InputError("lam", f"one vector of natural parameters, shape ({self.k},)", f"{len(rows)} rows")
        self._require_range(rows)
        return numeric.Density(self, rows[0]).moments()

    def _rows(self, lam: ArrayLike) -> Floats:
        rows = np.asarray(lam, dtype=np.float64)
        if rows.ndim <= 1 and rows.size == self.k:
            rows = rows.reshape(1, self.k)
        elif rows.ndim == 1 and self.k == 1:
            rows = rows[:, None]
        if rows.ndim != 2 or rows.shape[1] != self.k:
            raise InputError("lam", f"natural parameters of shape (B, {self.k})", f"shape {rows.shape}")
        if not np.isfinite(rows).all():
            raise NaturalParameterError("lam", "finite natural parameters", "NaN or infinity")
        return rows

    def _exact(self, lam: Sequence[Any]) -> list[Fraction]:
        exact = [to_fraction(value, "lam") for value in np.ravel(np.asarray(lam, dtype=object))]
        if len(exact) != self.k:
            raise InputError("lam", f"{self.k} natural parameters", f"{len(exact)}")
        return exact

    def _require_range(self, rows: Floats) -> None:
        for row in np.unique(rows, axis=0):
            if self.natural_range(row) is Status.FAILS:
                wanted = self.range_text or "parameters for which the density normalises"
                raise NaturalParameterError("lam", f"{wanted} ({self.name or 'this family'})", f"{row.tolist()}")

    # -- identity

    def describe(self) -> dict[str, Any]:
        """Everything that the theory uses, as JSON values; :func:`family_from_description` reads it."""
        return {"name": self.name, **deepcopy(self._formulas)}

    @cached_property
    def _formulas(self) -> dict[str, Any]:
        """Written once: one family may stand for thousands of latents."""
        return {
            "statistics": None if self.statistics is None else [to_text(t) for t in self.statistics],
            "k": self.k,
            "variable": self.variable.name,
            "base_measure": to_text(self.base_measure),
            "support": describe_support(self.support),
        }

    def __repr__(self) -> str:
        shown = "black box" if self.statistics is None else ", ".join(to_text(t) for t in self.statistics)
        measure = "" if self.base_measure == 1 else f", Q = {to_text(self.base_measure)}"
        return f"ExponentialFamily(T = ({shown}){measure}, support {self.support})"


def family_from_description(data: Mapping[str, Any]) -> ExponentialFamily:
    """The family that :meth:`ExponentialFamily.describe` wrote down.

    Raises
    ------
    CorruptReport
        When the description cannot be read, or when its statistics were a black box.
    """
    try:
        texts, name, base = data["statistics"], data["name"], data["base_measure"]
        variable, rows = data["variable"], data["support"]
    except (KeyError, TypeError):
        raise CorruptReport("family", "statistics, variable, base_measure, support, name", repr(data)[:80]) from None
    if not isinstance(variable, str) or not variable.isidentifier() or not isinstance(base, str):
        raise CorruptReport("family", "a variable and a base measure as text", repr(data)[:80])
    if not isinstance(texts, Sequence) or isinstance(texts, str) or not all(isinstance(t, str) for t in texts):
        raise CorruptReport("family", "statistics as texts", repr(texts)[:80])
    symbol = sympy.Symbol(variable, real=True)
    statistics = [rationalised(from_text(text, [symbol], "statistics")) for text in texts]
    measure = from_text(base, [symbol], "base_measure")
    return ExponentialFamily(statistics, support_from_description(rows), measure, symbol, str(name))
