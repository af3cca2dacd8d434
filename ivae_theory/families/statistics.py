"""Reading what a user gives as statistics and base measure, and turning it into functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef

from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic
from ivae_theory.exact import rationalised, writable
from ivae_theory.families.support import intervals

__all__ = ["Parsed", "array_function", "check_assumptions", "probe_points", "read_statistics"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parsed:
    """Statistics and base measure after reading; ``evaluate`` (...) -> (..., k), ``log_base`` (...) -> (...)."""

    statistics: tuple[sympy.Expr, ...] | None
    variable: sympy.Symbol
    base_measure: sympy.Expr
    k: int
    evaluate: Callable[[Floats], Floats]
    log_base: Callable[[Floats], Floats]


def read_statistics(statistics: Any, base_measure: Any, variable: Any, support: sympy.Set) -> Parsed:
    """Check and convert the arguments of :class:`~ivae_theory.families.ExponentialFamily`."""
    if variable is not None and not isinstance(variable, sympy.Symbol):
        raise InputTypeError("variable", "a sympy symbol", repr(variable)[:80])
    callables = _callables(statistics)
    expressions = [] if callables else _expressions(statistics)
    measure = _expression(base_measure, "base_measure")
    symbol = _the_variable([*expressions, measure], variable)
    check_assumptions(symbol, support)
    real = sympy.Symbol(writable([symbol])[symbol], real=True)
    measure = rationalised(measure.xreplace({symbol: real}))
    log_base = _log_of(measure, real)
    if callables:
        evaluate, k = _black_box(callables, support)
        return Parsed(None, real, measure, k, evaluate, log_base)
    exact = tuple(rationalised(expression.xreplace({symbol: real})) for expression in expressions)
    return Parsed(exact, real, measure, len(exact), _stacked(exact, real), log_base)


def _callables(statistics: Any) -> list[Callable[..., Any]]:
    """The black boxes among the statistics; mixing them with formulas is refused."""
    if callable(statistics) and not isinstance(statistics, (sympy.Basic, type)):
        return [statistics]
    if isinstance(statistics, (list, tuple)) and statistics:
        boxes = [item for item in statistics if callable(item) and not isinstance(item, sympy.Basic)]
        if boxes and len(boxes) < len(statistics):
            raise InputTypeError("statistics", "formulas only or callables only", "both")
        return boxes
    return []


def _expressions(statistics: Any) -> list[sympy.Expr]:
    if isinstance(statistics, sympy.MatrixBase):
        statistics = list(statistics)
    if isinstance(statistics, sympy.Tuple):
        statistics = list(statistics.args)
    if not isinstance(statistics, (list, tuple)):
        statistics = [statistics]
    if not statistics:
        raise InputError("statistics", "at least one statistic", "none")
    return [_expression(item, f"statistics[{index}]") for index, item in enumerate(statistics)]


def _expression(value: Any, argument: str) -> sympy.Expr:
    if isinstance(value, str):
        raise InputTypeError(argument, "a sympy expression (text is not evaluated)", repr(value)[:80])
    try:
        expression = sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        raise InputTypeError(argument, "a sympy expression", type(value).__name__) from None
    if not isinstance(expression, sympy.Expr):
        raise InputTypeError(argument, "a sympy expression with real values", str(expression)[:80])
    if expression.atoms(AppliedUndef):
        raise InputError(argument, "functions that sympy can evaluate", str(expression)[:80])
    if expression.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
        raise InputError(argument, "a finite real expression", str(expression)[:80])
    return expression


def _the_variable(expressions: Sequence[sympy.Expr], variable: sympy.Symbol | None) -> sympy.Symbol:
    found: set[sympy.Symbol] = set().union(*(expression.free_symbols for expression in expressions))
    if variable is not None:
        others = {symbol for symbol in found if symbol != variable}
        if others:
            raise InputError("statistics", f"expressions in {variable} alone", f"also {sorted(map(str, others))}")
        return variable
    if len(found) > 1:
        raise InputError("statistics", "expressions in one variable", f"{sorted(map(str, found))}")
    return found.pop() if found else sympy.Symbol("z", real=True)


def check_assumptions(symbol: sympy.Symbol, support: sympy.Set) -> None:
    """Refuse assumptions on a variable that the support breaks: sympy has already simplified with them.

    Raises
    ------
    InputError
        For a symbol that is declared an integer or not real, or of a sign that the support does not have.
    """
    low, high = intervals(support)[0].start, intervals(support)[-1].end
    positive = symbol.is_nonnegative and bool(low < 0)
    negative = symbol.is_nonpositive and bool(high > 0)
    if positive or negative or symbol.is_integer or symbol.is_real is False:
        names = ("positive", "negative", "nonnegative", "nonpositive", "integer", "imaginary")
        declared = " and ".join(name for name in names if symbol.assumptions0.get(name)) or "as not real"
        raise InputError("support", f"a support that fits {symbol}, declared {declared}", str(support))


def array_function(expression: sympy.Expr, variable: sympy.Symbol) -> Callable[[Floats], Floats]:
    """The expression as a function of arrays, (...) -> (...); NaN where it has no real value."""
    modules = ["scipy", "numpy"] if _needs_scipy(expression) else ["numpy"]
    function = sympy.lambdify([variable], expression, modules=modules)

    def evaluate(z: Floats) -> Floats:
        with np.errstate(all="ignore"):
            values = np.asarray(function(z))
        if np.iscomplexobj(values):
            values = np.where(values.imag == 0, values.real, np.nan)
        return np.broadcast_to(values.astype(np.float64), np.shape(z))

    return evaluate


_NUMPY_FUNCTIONS = (
    sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.asin, sympy.acos, sympy.atan, sympy.sinh, sympy.cosh,
    sympy.tanh, sympy.asinh, sympy.acosh, sympy.atanh, sympy.Abs, sympy.sign, sympy.floor, sympy.ceiling, sympy.Max,
    sympy.Min, sympy.Piecewise, sympy.Heaviside, sympy.functions.elementary.piecewise.ExprCondPair,
)  # fmt: skip


def _needs_scipy(expression: sympy.Expr) -> bool:
    """Whether numpy lacks a function of the expression; scipy.special takes long to load."""
    used = expression.atoms(sympy.Function, sympy.Max, sympy.Min)
    return any(not isinstance(item, _NUMPY_FUNCTIONS) for item in used)


def _stacked(expressions: Sequence[sympy.Expr], variable: sympy.Symbol) -> Callable[[Floats], Floats]:
    functions = [array_function(expression, variable) for expression in expressions]
    return lambda z: np.stack([function(z) for function in functions], axis=-1)


def _log_of(measure: sympy.Expr, variable: sympy.Symbol) -> Callable[[Floats], Floats]:
    """``log Q`` as a function of arrays; the logarithm of an exponential is taken symbolically."""
    if measure == 1:
        return lambda z: np.zeros(np.shape(z))
    factors = sympy.Mul.make_args(measure)
    exponent = array_function(sympy.Add(*(f.args[0] for f in factors if isinstance(f, sympy.exp))), variable)
    powers = [f.as_base_exp() for f in factors if not isinstance(f, sympy.exp)]
    bases = [(array_function(base, variable), array_function(power, variable)) for base, power in powers]

    def evaluate(z: Floats) -> Floats:
        total, sign = exponent(z).copy(), np.ones(np.shape(z))
        with np.errstate(all="ignore"):
            for base, power in bases:  # powers overflow long before their logarithms do
                value, p = base(z), power(z)
                total += p * np.log(np.abs(value))
                sign = np.where(value < 0, np.where(p % 2 == 0, sign, np.where(p % 2 == 1, -sign, np.nan)), sign)
        return np.where(sign > 0, total, -np.inf)

    return evaluate


def probe_points(support: sympy.Set, count: int = 7) -> Floats:
    """A few floats inside the support."""
    low, high = (float(end) for end in (intervals(support)[0].start, intervals(support)[0].end))
    if np.isinf(low) and np.isinf(high):
        low, high = -2.0, 2.0
    elif np.isinf(high):
        high = low + 4.0
    elif np.isinf(low):
        low = high - 4.0
    return low + (high - low) * (np.arange(count) + 0.37) / count


def _black_box(boxes: Sequence[Callable[..., Any]], support: sympy.Set) -> tuple[Callable[[Floats], Floats], int]:
    """The callables as one function (...) -> (..., k), and k."""

    def call(flat: Floats) -> Floats:
        columns = []
        for index, box in enumerate(boxes):
            try:
                raw = box(flat.copy())
                raw = raw.detach().cpu().numpy() if hasattr(raw, "detach") else raw
                values = np.asarray(raw, dtype=np.float64)
            except (Exception, SystemExit) as error:  # the user's code may raise anything
                raise CallableFailed(
                    f"statistics[{index}]", "values for an array (B,)", f"{type(error).__name__}: {error}"
                ) from error
            if values.ndim == 1:
                values = values[:, None]
            if values.ndim != 2 or len(values) != len(flat):
                raise CallableFailed(f"statistics[{index}]", "shape (B,) or (B, k)", f"shape {values.shape}")
            columns.append(values)
        return np.concatenate(columns, axis=1)

    def evaluate(z: Floats) -> Floats:
        values = call(np.ravel(z))
        return values.reshape(*np.shape(z), values.shape[1])

    points = probe_points(support)
    first, second = call(points), call(points)
    if not np.array_equal(first, second, equal_nan=True):
        raise NonDeterministic("statistics", "the same values when asked twice", "different values")
    if not np.isfinite(first).all():
        raise CallableFailed("statistics", "finite values on the support", f"NaN or infinity near {points[0]:g}")
    return evaluate, first.shape[1]
