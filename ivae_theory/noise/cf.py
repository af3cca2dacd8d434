"""Symbolic characteristic functions: reading them, refuting impossible ones, and the cells on which they are
analytic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import acb
from numpy.typing import NDArray
from sympy.core.relational import Relational

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.analytic import (
    Cell,
    interior,
    is_zero_polynomial,
    never_zero,
    require_quotient,
    resolve,
)
from ivae_theory.enclosure.formula.complexes import complex_ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import from_text, rationalised, to_fraction, to_text, writable
from ivae_theory.noise.laws import Floats, Law, Opaque
from ivae_theory.verdict import Status

__all__ = ["Cells", "SymbolicCharacteristic", "cells_of", "characteristic_law", "form_theorems"]

#: How many cells are tried before the search gives up.
MAX_CELLS = 200
_SWITCHES = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.Piecewise)


@dataclass(frozen=True, eq=False)
class SymbolicCharacteristic(Law):
    """A law given by its characteristic function; one symbol is a scalar law, d symbols a law on R^d."""

    expression: sympy.Expr
    symbols: tuple[sympy.Symbol, ...]

    @property
    def dimension(self) -> int | None:
        return None if len(self.symbols) == 1 else len(self.symbols)

    def describe(self) -> dict[str, Any]:
        names = [symbol.name for symbol in self.symbols]
        return {"node": "cf", "expression": to_text(self.expression), "symbols": names}

    @property
    def text(self) -> str:
        return f"law with characteristic function {self.expression}"

    def characteristic(self, t: Floats) -> NDArray[np.complex128]:
        function = sympy.lambdify(self.symbols, self.expression, modules=["numpy", "scipy"])
        arguments = [t] if self.dimension is None else [t[..., i] for i in range(len(self.symbols))]
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(*arguments), dtype=complex), np.shape(arguments[0]))


def characteristic_law(expression: Any, symbols: Sequence[sympy.Symbol] | None) -> Law:
    """The law with this characteristic function in ``symbols`` (default: the one symbol that occurs).

    Raises
    ------
    InputError
        When the expression is proved not to be a characteristic function, with the point that shows it. That it is
        one (positive definite) is not proved; verdicts that rest on it list it as assumed.
    """
    if isinstance(expression, (int, float)):
        expression = sympy.sympify(expression, strict=True)
    if not isinstance(expression, sympy.Expr):
        raise InputTypeError("cf", "a sympy expression", type(expression).__name__)
    if isinstance(symbols, sympy.Symbol):
        symbols = [symbols]
    given = list(symbols) if symbols is not None else sorted(expression.free_symbols, key=str)
    if symbols is None and len(given) > 1:
        raise InputError(
            "symbols", "the symbols of cf in order, as symbols=[...]", f"{len(given)} symbols without order"
        )
    if not given or any(not isinstance(symbol, sympy.Symbol) for symbol in given):
        raise InputError("symbols", "the symbols of the characteristic function", str(symbols))
    if len({symbol.name for symbol in given}) != len(given):
        raise InputError("symbols", "symbols with different names", str(given))
    if not expression.free_symbols <= set(given):
        raise InputError("cf", f"an expression in {', '.join(map(str, given))}", str(expression))
    real = {symbol: sympy.Symbol(name, real=True) for symbol, name in writable(given).items()}
    exact = rationalised(expression).xreplace(real)
    law = SymbolicCharacteristic(exact, tuple(real.values()))
    with precision(128):
        _refute(law)
    return law if _readable(law) else Opaque(law.text, law.dimension)


def _readable(law: SymbolicCharacteristic) -> bool:
    """Whether the description can be read back: functions outside the grammar make the law a black box."""
    try:
        _read(law.describe())
    except InputError:
        return False
    return True


def _refute(law: SymbolicCharacteristic) -> None:
    """Raise when a necessary property of characteristic functions is violated, certified by balls, at a test point."""
    d = len(law.symbols)
    origin = (Fraction(0),) * d
    at_zero = _value(law, origin)
    if at_zero is not None and not at_zero.contains(1):
        raise InputError("cf", "the value 1 at 0", f"{complex(at_zero)}")
    for point in _test_points(d):
        value = _value(law, point)
        if value is None:
            continue
        shown = ", ".join(str(float(entry)) for entry in point)
        if abs(value) > 1:
            raise InputError("cf", "absolute values of at most 1", f"{float(abs(value).mid()):.6g} at {shown}")
        mirrored = _value(law, tuple(-entry for entry in point))
        if mirrored is not None and not (mirrored - value.conjugate()).contains(0):
            raise InputError("cf", "phi(-t) to be the conjugate of phi(t)", f"a violation at {shown}")
        doubled = _value(law, tuple(2 * entry for entry in point))
        # 1 - Re phi(2t) <= 4 (1 - Re phi(t)): Lukacs, Characteristic Functions (1970), section 4.1
        if doubled is not None and (1 - doubled.real) - 4 * (1 - value.real) > 0:
            raise InputError("cf", "1 - Re phi(2t) <= 4 (1 - Re phi(t))", f"a violation at t = {shown}")


def _value(law: SymbolicCharacteristic, point: Sequence[Fraction]) -> acb | None:
    try:
        return complex_ball(law.expression, dict(zip(law.symbols, point, strict=True)))
    except CannotEnclose:
        return None


def _test_points(d: int) -> Iterator[tuple[Fraction, ...]]:
    for size in (Fraction(1, 100), Fraction(1, 10), Fraction(1, 3), *(Fraction(k * 7, 10) for k in range(1, 12))):
        yield (size,) * d
        if d > 1:
            yield tuple(size if j % 2 else -size for j in range(d))
            yield (size,) + (Fraction(0),) * (d - 1)


def _read(node: Mapping[str, Any]) -> tuple[sympy.Expr, list[sympy.Symbol]]:
    symbols = [sympy.Symbol(name, real=True) for name in node["symbols"]]
    return from_text(node["expression"], symbols, "cf"), symbols


def form_theorems(node: Mapping[str, Any]) -> list[str]:
    """Theorems that the form of a described characteristic function satisfies."""
    expression, _ = _read(node)
    return ["never_vanishing_form"] if never_zero(expression) else []


@dataclass(frozen=True)
class Cells:
    """HOLDS with the cells that cover R^d and a point of each where phi is not 0, or FAILS with a cell where phi is
    0."""

    status: Status
    detail: Mapping[str, Any] = field(default_factory=dict)


def cells_of(node: Mapping[str, Any]) -> Cells | None:
    """Cells that settle the zeros of a described characteristic function, or ``None``."""
    expression, symbols = _read(node)
    todo: list[Cell] = [[(symbol, None, None) for symbol in symbols]]
    done, complete = [], True
    with precision(128):
        for _ in range(MAX_CELLS):
            if not todo:
                break
            cell = todo.pop()
            pieces, gap = _split(expression, cell)
            complete &= not gap
            if pieces is not None:
                todo += pieces
                continue
            found = _on_cell(expression, cell)
            if found == "zero":
                return Cells(Status.FAILS, {"cell": _cell_texts(cell)})
            if found is None:
                far = _far_zero(expression, cell)
                if far is not None:
                    return Cells(Status.FAILS, {"cell": _cell_texts(far)})
                complete = False
            else:
                done.append({**_cell_texts(cell), "point": found})
    if complete and not todo:
        return Cells(Status.HOLDS, {"cells": done})
    return None


def _on_cell(expression: sympy.Expr, cell: Cell) -> Any:
    """``"zero"``, the texts of a point where a quotient of analytic functions is not 0, or ``None``."""
    try:
        branch = sympy.expand(resolve(expression, cell))
        if is_zero_polynomial(branch, [symbol for symbol, _, _ in cell]):
            return "zero"
        branch = resolve(expression, cell)
        require_quotient(branch, cell)
    except CannotEnclose:
        return None
    for step in range(6):
        point = {symbol: _inside(low, high, step) for symbol, low, high in cell}
        try:
            if not complex_ball(branch, point).contains(0):
                return [str(value) for value in point.values()]
        except CannotEnclose:
            continue
    return None


def _far_zero(expression: sympy.Expr, cell: Cell) -> Cell | None:
    """A corner far out in an orthant on which the expression is identically zero."""
    if any(low is None and high is None for _, low, high in cell):
        return None
    if len(cell) == 1:
        symbol, low, high = cell[0]
        if low is None or high is not None:
            return None
        for k in (1, 2, 3, 5, 9):
            finite: Cell = [(symbol, low + k, low + k + Fraction(1, 4))]
            if _on_cell(expression, finite) == "zero":
                return finite
        return None
    for distance in (1, 2, 4, 16):
        far: list[tuple[sympy.Symbol, Fraction | None, Fraction | None]] = []
        for symbol, low, high in cell:
            low = low + distance if low is not None and high is None else low
            high = high - distance if low is None and high is not None else high
            far.append((symbol, low, high))
        if _on_cell(expression, far) == "zero":
            return far
    return None


def _inside(low: Fraction | None, high: Fraction | None, step: int) -> Fraction:
    """Points of an open interval that move towards an end, and off special values."""
    if low is not None and high is not None:
        return low + (high - low) * Fraction(step + 1, 2 * step + 3)
    base, away = interior(low, high), Fraction(step, 7)
    return base + away / 8 if low is None and high is None else base - away if low is not None else base + away


def _cell_texts(cell: Cell) -> dict[str, list[str]]:
    return {
        "low": ["-oo" if low is None else str(low) for _, low, _ in cell],
        "high": ["oo" if high is None else str(high) for _, _, high in cell],
    }


def _split(expression: sympy.Expr, cell: Cell) -> tuple[list[Cell] | None, bool]:
    """Cells on both sides of a point where a branch of the expression may change, and whether a gap is left between."""
    found = _switching_root(expression, cell)
    if found is None:
        return None, False
    index, left, right = found
    symbol, low, high = cell[index]
    cells: list[Cell] = []
    for a, b in ((low, left), (right, high)):
        if a is None or b is None or a < b:
            cells.append([*cell[:index], (symbol, a, b), *cell[index + 1 :]])
    return cells, left != right


def _switching_root(expression: sympy.Expr, cell: Cell) -> tuple[int, Fraction, Fraction] | None:
    if not expression.args:
        return None
    for argument in expression.args:
        found = _switching_root(argument, cell)
        if found is not None:
            return found
    if isinstance(expression, Relational):
        candidates = [expression.lhs - expression.rhs]
    elif isinstance(expression, (sympy.Abs, sympy.sign, sympy.Heaviside)):
        candidates = [expression.args[0]]
    elif isinstance(expression, (sympy.Max, sympy.Min)):
        candidates = [a - b for i, a in enumerate(expression.args) for b in expression.args[:i]]
    elif expression.is_Pow and not expression.exp.is_Integer:
        candidates = [expression.base]
    else:
        return None
    for candidate in candidates:
        found = _root_inside(candidate, cell)
        if found is not None:
            return found
    return None


def _root_inside(candidate: sympy.Expr, cell: Cell) -> tuple[int, Fraction, Fraction] | None:
    """A coordinate and a rational interval (a point when the root is rational) around a real root inside the cell."""
    try:
        branch = resolve(candidate, cell)
        symbols = sorted(branch.free_symbols, key=str)
        if len(symbols) != 1:
            return _corner(branch, cell)
        polynomial = sympy.Poly(branch, symbols[0], domain=sympy.QQ)
        index = next(i for i, (symbol, _, _) in enumerate(cell) if symbol == symbols[0])
        roots = polynomial.intervals(eps=sympy.Rational(1, 10**6)) if not polynomial.is_zero else []
    except (CannotEnclose, sympy.PolynomialError, sympy.CoercionFailed, StopIteration):
        return None
    _, low, high = cell[index]
    for (left, right), _ in roots:
        a, b = to_fraction(left), to_fraction(right)
        if (low is None or a > low) and (high is None or b < high):
            return index, a, b
    return None


def _corner(branch: sympy.Expr, cell: Cell) -> tuple[int, Fraction, Fraction] | None:
    """Switches in several symbols: the orthants, where signs of monomials are known."""
    for index, (symbol, low, high) in enumerate(cell):
        if symbol in branch.free_symbols and (low is None or low < 0) and (high is None or high > 0):
            return index, Fraction(0), Fraction(0)
    return None
