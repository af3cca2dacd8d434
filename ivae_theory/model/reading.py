"""From what a user hands over to natural parameters: tables of every kind, callables, sympy matrices."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.domain import Box, Domain, SymbolicDomain, refuse_masked, tensor_array
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic
from ivae_theory.exact import IntegerRows, rationalised, to_fraction, writable
from ivae_theory.model.natural import PROBES, CallableNatural, SymbolicNatural, TableNatural, ask, half_ulp, stacked

__all__ = ["is_symbolic", "read_callable", "read_symbolic", "read_table"]

#: Coarsest first.
_FLOATS = ("bfloat16", "float16", "float32", "float64")


def read_table(table: Any, ks: Sequence[int] | int, error: Any = None) -> TableNatural:
    """A table of natural parameters from arrays, tensors or nested lists of numbers."""
    array, dtype = _as_array(table)
    rounding = None
    if array.dtype == object:
        array, rounding = _unboxed(array)
    rows = stacked(array, ks, "table")
    if array.dtype == object:
        return _exact_table(rows, error)
    if array.dtype.kind in "iu":
        _refuse_error(error)
        return _integer_table(rows)
    return _float_table(_own(rows), dtype, error, rounding)


def _own(rows: NDArray[Any]) -> NDArray[np.float64]:
    """The rows as floats that nobody can change: a copy, but of a table that is mapped read-only from a file."""
    array: Any = rows
    while isinstance(array, np.ndarray) and array.dtype == np.float64 and not array.flags.writeable:
        array = array.base
    return np.asarray(rows) if isinstance(array, mmap.mmap) else np.array(rows, dtype=np.float64)


def _integer_table(rows: NDArray[Any]) -> TableNatural:
    values = rows.astype(np.float64)
    values.setflags(write=False)
    if rows.dtype == np.uint64 and int(rows.max()) >= 1 << 63:
        exact: Any = [[Fraction(value) for value in row] for row in rows.tolist()]
    else:
        whole = rows.astype(np.int64)
        whole.setflags(write=False)
        exact = IntegerRows(whole)
    return TableNatural(values, exact, "exact", "int64")


def _as_array(table: Any) -> tuple[NDArray[Any], str]:
    """The table as an array with the name of the dtype whose rounding its floats carry."""
    if isinstance(table, (sympy.MatrixBase, sympy.NDimArray)):
        table = table.tolist()
    known = _typed(table)
    if known is not None and known[0].dtype != object:
        array, name = known
        if array.dtype.kind not in "iu" and name not in _FLOATS:
            raise InputTypeError("table", "integers, fractions, sympy numbers, float16, float32 or float64", name)
        return array, _coarsest({name, *_columns(table)})
    names: set[str] = set()
    opened = _opened(table if known is None else known[0].tolist(), names)
    try:
        array = np.array(opened, dtype=object)
    except ValueError:
        raise InputError("table", "rows of one length", "rows of different lengths") from None
    return array, _coarsest(names | _columns(table))


def _columns(table: Any) -> set[str]:
    """The dtypes of the columns of a data frame: as one array they have the finest."""
    return set(map(str, getattr(table, "dtypes", ())))


def _coarsest(names: set[str]) -> str:
    """The dtype whose rounding counts; ``Float32``, ``Sparse[float32, nan]`` and ``float[pyarrow]`` are single ones."""
    written = " ".join(names).lower().replace("halffloat[", "float16[").replace("float[", "float32[")
    return next((name for name in _FLOATS if name in written), "float64")


def _typed(table: Any) -> tuple[NDArray[Any], str] | None:
    """A tensor, or an array of any library, as a numpy array with the name of its dtype; ``None`` for anything else."""
    if hasattr(table, "detach"):
        return tensor_array(table, "table")
    refuse_masked(table, "table")
    if isinstance(table, np.generic) or not hasattr(table, "__array__"):
        return None
    array = np.asarray(table)
    return array, array.dtype.name if array.dtype.names is None else str(array.dtype)


def _opened(table: Any, names: set[str]) -> Any:
    """Nested lists with the arrays inside them opened; the names of the dtypes met are added to ``names``."""
    if isinstance(table, (list, tuple)):
        return [_opened(item, names) for item in table]
    known = _typed(table)
    if known is None:
        names.update([table.dtype.name] if isinstance(table, np.generic) else [])
        return table
    names |= {known[1], str(getattr(table, "dtype", ""))}
    return known[0].tolist()


def _unboxed(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """An object array as floats where some entry is one, with what exact entries lose by that; else as it is."""
    entries = list(array.flat)
    for index, value in enumerate(entries):
        if isinstance(value, (list, tuple, np.ndarray)):
            raise InputError("table", "rows of one length", "rows of different lengths")
        good = isinstance(value, (int, float, np.integer, np.floating, Fraction, sympy.Basic))
        if not good or isinstance(value, (bool, np.bool_)):
            where = tuple(int(i) for i in np.unravel_index(index, array.shape))
            raise InputTypeError("table", "an array of numbers (M, n, k)", f"{type(value).__name__} at {where}")
    if not any(isinstance(value, (float, np.floating, sympy.Float)) for value in entries):
        return array, None
    if any(isinstance(value, sympy.Basic) and not value.is_number for value in entries):
        raise InputError("table", "numbers", "free symbols (give u=[symbols])")
    try:
        with np.errstate(invalid="ignore"):  # NaN is refused below, by name
            floats = array.astype(np.float64)
    except (OverflowError, TypeError) as problem:
        raise InputError("table", "real numbers below 1.8e308", str(problem)[:60]) from None
    kept = [_is_float(value, float(rounded)) for value, rounded in zip(entries, floats.flat, strict=True)]
    if all(kept):
        return floats, None
    return floats, np.where(np.reshape(kept, array.shape), 0.0, half_ulp(floats, "float64"))


def _is_float(value: Any, rounded: float) -> bool:
    """Whether a number is the double that it is rounded to; NaN and infinities are refused later."""
    if isinstance(value, float) or not np.isfinite(rounded):
        return True
    if isinstance(value, sympy.Basic) and not (value.is_Rational or value.is_Float):
        return False
    return to_fraction(value) == Fraction(rounded)


def _float_table(
    rows: NDArray[np.float64], dtype: str, error: Any, rounding: NDArray[np.float64] | None
) -> TableNatural:
    if not np.isfinite(rows).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(rows))[0])
        raise InputError("table", "finite natural parameters", f"{rows[row, column]} in row {row}, column {column}")
    declared = None if error is None else _declared(error, rows.shape)
    if rounding is not None:  # exact numbers were rounded to stand beside floats: their last digits decide nothing
        rounding = rounding.reshape(rows.shape)
        declared = rounding if declared is None else np.maximum(rounding, declared)
    rows.setflags(write=False)
    return TableNatural(rows, None, "floats", dtype, declared)


def _declared(error: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The user's entrywise bound, broadcast to the table; never below what rounding leaves (see ``error``)."""
    try:
        given = np.asarray(tensor_array(error, "error")[0] if hasattr(error, "detach") else error, dtype=np.float64)
        entries = np.array(given.reshape(shape) if given.size == np.prod(shape) else given)
        bound: NDArray[np.float64] = np.broadcast_to(entries, shape)  # read-only; a single number is not repeated
    except (TypeError, ValueError):
        raise InputError("error", f"a number or an array of shape {shape}", repr(error)[:60]) from None
    if not (np.isfinite(bound).all() and (bound >= 0).all()):
        raise InputError("error", "finite bounds that are not negative", repr(error)[:60])
    return bound


def _refuse_error(error: Any) -> None:
    if error is not None:
        raise InputError("error", "nothing for a table of exact numbers", repr(error)[:60])


def _exact_table(rows: NDArray[Any], error: Any) -> TableNatural:
    """Fractions, integers and sympy numbers: nothing is rounded."""
    _refuse_error(error)
    listed = rows.tolist()
    for row in listed:
        for value in row:
            if isinstance(value, sympy.Basic) and not (value.is_number and value.is_finite and value.is_real):
                raise InputError("table", "finite real numbers (or give u=[symbols])", str(value)[:60])
    rational = all(not isinstance(value, sympy.Basic) or value.is_Rational for row in listed for value in row)
    try:
        if rational:
            exact = [[to_fraction(value) for value in row] for row in listed]
            return TableNatural(_read_only([[float(v) for v in row] for row in exact]), exact, "exact", "object")
        matrix = sympy.ImmutableMatrix([[_as_sympy(value) for value in row] for row in listed])
        return TableNatural(
            _read_only([[float(v) for v in row] for row in matrix.tolist()]), matrix, "symbols", "object"
        )
    except OverflowError:
        raise InputError("table", "numbers below 1.8e308", "a larger one") from None


def _read_only(rows: list[list[float]]) -> NDArray[np.float64]:
    array = np.array(rows, dtype=np.float64)
    array.setflags(write=False)
    return array


def _as_sympy(value: Any) -> sympy.Expr:
    if isinstance(value, sympy.Basic):
        return value
    exact = to_fraction(value)
    return sympy.Rational(exact.numerator, exact.denominator)


def is_symbolic(natural: Any) -> bool:
    """Whether ``natural`` is a matrix or list of sympy expressions with free symbols."""
    if isinstance(natural, sympy.Expr):
        return True
    if isinstance(natural, (sympy.MatrixBase, sympy.NDimArray)):
        return bool(natural.free_symbols)
    if isinstance(natural, (list, tuple)):
        return any(is_symbolic(item) and bool(getattr(item, "free_symbols", True)) for item in natural)
    return False


def read_symbolic(natural: Any, ks: Sequence[int] | int, domain: Domain) -> SymbolicNatural:
    """A sympy matrix of shape (n, k), a column of ``n k``, a column or row of ``n`` (k = 1) or ``sum k_i``."""
    if not isinstance(domain, SymbolicDomain):
        raise InputTypeError("u", "the symbols of the natural parameters, u=[symbols]", type(domain).__name__)
    try:
        matrix = sympy.ImmutableMatrix([natural] if isinstance(natural, sympy.Expr) else natural)
    except (TypeError, ValueError) as problem:
        raise InputTypeError("lambda(u)", "a sympy matrix of shape (n, k)", str(problem)[:60]) from None
    unknown = sorted(map(str, matrix.free_symbols - set(domain.symbols)))
    if unknown:
        raise InputError(
            "lambda(u)", f"expressions in {', '.join(map(str, domain.symbols))}", f"also {', '.join(unknown)}"
        )
    entries = np.array(matrix.tolist(), dtype=object)
    if isinstance(ks, int) and ks > 1 and matrix.cols == 1 and matrix.rows % ks == 0:
        entries = entries.reshape(-1, ks)  # a column of n k entries, latent by latent
    elif 1 in entries.shape and not (isinstance(ks, int) and ks > 1):
        entries = entries.reshape(-1)
    row = stacked(entries[None], ks, "lambda(u)", "1")[0]
    for entry in row:
        if not isinstance(entry, sympy.Expr) or entry.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I):
            raise InputError("lambda(u)", "finite real expressions", str(entry)[:60])
    written = {symbol: _called(symbol, name) for symbol, name in writable(domain.symbols).items()}
    sets = {written[symbol]: where for symbol, where in domain.sets.items()}
    return SymbolicNatural(sympy.ImmutableMatrix([rationalised(entry).xreplace(written) for entry in row]), sets)


def _called(symbol: sympy.Symbol, name: str) -> sympy.Symbol:
    """The symbol itself, or one of another name with the same assumptions."""
    return symbol if symbol.name == name else sympy.Symbol(name, **symbol.assumptions0)


def read_callable(function: Callable[[Any], Any], ks: Sequence[int] | int, domain: Domain) -> CallableNatural:
    """A callable, asked at every point of a finite domain or at candidates of a box, and traced if it can be."""
    from ivae_theory.enclosure.failure import CannotEnclose
    from ivae_theory.mixing.evaluation import require_rowwise
    from ivae_theory.mixing.halves import HALF_PRECISION, computes_in_half_precision
    from ivae_theory.mixing.tracing import trace

    if isinstance(domain, SymbolicDomain):
        raise InputTypeError("u", "an array, Points, Observed or Box with a callable", "sympy symbols")
    points = domain.candidates(PROBES) if isinstance(domain, Box) else domain.values
    answers = np.asarray(stacked(ask(function, points), ks, "lambda(u)", "B"), dtype=np.float64)
    if not np.isfinite(answers).all():
        row = int(np.argwhere(~np.isfinite(answers))[0, 0])
        raise InputError("lambda(u)", "finite natural parameters", f"not finite at u = {points[row].tolist()}")
    require_rowwise(function, points, answers, "lambda(u)")
    counts = (ks,) * (answers.shape[1] // ks) if isinstance(ks, int) else tuple(ks)
    graph, why = None, ""
    try:
        graph = trace(function, points[:8])
    except (CannotEnclose, CallableFailed, NonDeterministic) as problem:
        why = HALF_PRECISION if computes_in_half_precision(function, points[:8]) else str(problem)
    natural = CallableNatural(function, domain, graph, why, counts, points, answers)
    natural.ask_again()
    return natural
