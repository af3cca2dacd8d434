"""Candidates for the transition ``h = f'^-1 o f``. Nothing here is trusted: what comes out is verified elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import sympy

from ivae_theory.certificates.transitions import Side

__all__ = ["affine_normals", "transitions"]

#: Candidates that are tried, and branches of one inverse.
MOST = 16

_INVERSES: dict[type, Callable[[sympy.Expr], list[sympy.Expr]]] = {
    sympy.exp: lambda t: [sympy.log(t)],
    sympy.log: lambda t: [sympy.exp(t)],
    sympy.sinh: lambda t: [sympy.asinh(t)],
    sympy.asinh: lambda t: [sympy.sinh(t)],
    sympy.tanh: lambda t: [(sympy.log(1 + t) - sympy.log(1 - t)) / 2],
    sympy.atan: lambda t: [sympy.tan(t)],
    sympy.Abs: lambda t: [t, -t],
}


def transitions(a: Side, b: Side) -> Iterator[tuple[sympy.Expr, ...]]:
    """Candidates h (in a's symbols) with ``b.mixing(h) = a.mixing``."""
    yield from _same_up_to_order(a, b)
    equations = [_peel(f, g, b.symbols) for f, g in zip(a.mixing, b.mixing, strict=True)]
    yield from islice(_solve(equations, b.symbols), MOST)


def _same_up_to_order(a: Side, b: Side) -> Iterator[tuple[sympy.Expr, ...]]:
    """Orders of a's latents in which b's mixing is a's: latents are matched by their role in each expression."""
    if len(a.symbols) != len(b.symbols):
        return
    roles = [[_role(side, symbol) for symbol in side.symbols] for side in (a, b)]
    candidates = [[i for i, own in enumerate(roles[0]) if own == role] for role in roles[1]]
    for order in islice(_matchings(candidates, ()), 200):
        h = tuple(a.symbols[i] for i in order)
        if all(sympy.expand(g - f) == 0 for f, g in zip(a.mixing, b.at(b.mixing, h), strict=True)):
            yield h


def _role(side: Side, symbol: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    here, other = sympy.Symbol("here", real=True), sympy.Symbol("other", real=True)
    replaced = {each: here if each == symbol else other for each in side.symbols}
    return tuple(sympy.expand(entry.xreplace(replaced)) for entry in side.mixing)


def _matchings(candidates: list[list[int]], chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(chosen) == len(candidates):
        yield chosen
        return
    for i in candidates[len(chosen)]:
        if i not in chosen:
            yield from _matchings(candidates, (*chosen, i))


Equation = tuple[sympy.Expr, sympy.Expr]  # what it is in a's symbols, and the expression in b's


def _peel(known: sympy.Expr, unknown: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> Equation:
    """Drop equal outer functions from both sides: ``exp(known) = exp(unknown)`` becomes ``known = unknown``."""
    while (
        type(known) is type(unknown)
        and type(known) in _INVERSES
        and type(known) is not sympy.Abs
        and len(known.args) == 1
    ):
        known, unknown = known.args[0], unknown.args[0]
    return known, unknown


def _solve(equations: list[Equation], symbols: Sequence[sympy.Symbol]) -> Iterator[tuple[sympy.Expr, ...]]:
    linear = _linear(equations, symbols)
    if linear is not None:
        yield linear
        return
    yield from _triangular(equations, list(symbols), {}, symbols)


def _is_affine(expression: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> bool:
    return bool(expression.is_polynomial(*symbols)) and bool(sympy.Poly(expression, *symbols).total_degree() <= 1)


def _linear(equations: list[Equation], symbols: Sequence[sympy.Symbol]) -> tuple[sympy.Expr, ...] | None:
    """Enough affine equations for all unknowns: solved exactly."""
    affine = [(known, unknown) for known, unknown in equations if _is_affine(unknown, symbols)]
    rows: list[list[sympy.Expr]] = []
    right: list[sympy.Expr] = []
    for known, unknown in affine:
        polynomial = sympy.Poly(unknown, *symbols)
        row = [polynomial.coeff_monomial(symbol) for symbol in symbols]
        if sympy.Matrix([*rows, row]).rank() > len(rows):
            rows.append(row)
            right.append(known - polynomial.coeff_monomial(1))
        if len(rows) == len(symbols):
            solved = sympy.Matrix(rows).LUsolve(sympy.Matrix(right))
            return tuple(sympy.expand(entry) for entry in solved)
    return None


def _triangular(
    equations: list[Equation],
    left: list[sympy.Symbol],
    found: dict[sympy.Symbol, sympy.Expr],
    symbols: Sequence[sympy.Symbol],
) -> Iterator[tuple[sympy.Expr, ...]]:
    """Solve for one unknown after another, each from an equation that has no other unknown left."""
    if not left:
        yield tuple(found[symbol] for symbol in symbols)
        return
    for known, unknown in equations:
        open_symbols = unknown.free_symbols & set(left)
        if len(open_symbols) != 1:
            continue
        symbol = next(iter(open_symbols))
        for candidate in inverse(unknown.xreplace(found), symbol, known):
            rest = [other for other in left if other != symbol]
            yield from _triangular(equations, rest, {**found, symbol: candidate}, symbols)
        return


def inverse(expression: sympy.Expr, symbol: sympy.Symbol, target: sympy.Expr) -> Iterator[sympy.Expr]:
    """Candidates for the value of ``symbol`` at which ``expression = target``."""
    if expression == symbol:
        yield target
        return
    holders = [argument for argument in expression.args if argument.has(symbol)]
    if len(holders) != 1:
        yield from _quadratic(expression, symbol, target)
        return
    inner = holders[0]
    others = [argument for argument in expression.args if argument is not inner]
    for value in _undo(expression, inner, others, target):
        yield from inverse(inner, symbol, value)


def _undo(expression: sympy.Expr, inner: sympy.Expr, others: list[sympy.Expr], target: sympy.Expr) -> list[sympy.Expr]:
    if expression.is_Add:
        return [target - sympy.Add(*others)]
    if expression.is_Mul:
        return [target / sympy.Mul(*others)]
    if type(expression) in _INVERSES:
        return _INVERSES[type(expression)](target)
    if expression.is_Pow and inner == expression.base and expression.exp.is_Rational:
        power = 1 / expression.exp
        even = expression.exp.is_Integer and expression.exp % 2 == 0
        return [target**power, -(target**power)] if even else [target**power]
    if expression.is_Pow and inner == expression.exp and expression.base.is_positive:
        return [sympy.log(target) / sympy.log(expression.base)]
    return []


def _quadratic(expression: sympy.Expr, symbol: sympy.Symbol, target: sympy.Expr) -> Iterator[sympy.Expr]:
    if not expression.is_polynomial(symbol):
        return
    polynomial = sympy.Poly(expression - target, symbol)
    if polynomial.degree() == 1:
        slope, shift = polynomial.all_coeffs()
        yield -shift / slope
    elif polynomial.degree() == 2:
        p, q, r = polynomial.all_coeffs()
        root = sympy.sqrt(sympy.factor(q**2 - 4 * p * r))
        yield (-q + root) / (2 * p)
        yield (-q - root) / (2 * p)


def affine_normals(side: Side) -> list[tuple[sympy.Rational, ...]]:
    """Rational ``w`` with ``w . f`` constant, when f is affine with rational coefficients: normals of its image."""
    if not all(_is_affine(entry, side.symbols) for entry in side.mixing):
        return []
    rows = [
        [sympy.Poly(entry, *side.symbols).coeff_monomial(symbol) for symbol in side.symbols] for entry in side.mixing
    ]
    matrix = sympy.Matrix(rows)
    if not all(value.is_Rational for value in matrix):
        return []
    return [tuple(vector) for vector in matrix.T.nullspace()]
