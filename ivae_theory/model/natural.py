"""Natural parameters lambda(u) (Eq. 7): table, callable or symbolic; a row of ``size = sum k_i`` numbers for each u."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.domain import Box, Observed, Points, SymbolicDomain
from ivae_theory.enclosure.rounding import column_error, unknown_error
from ivae_theory.errors import InputError, NonDeterministic
from ivae_theory.exact import IntegerRows, array_digest, encode_array, fraction_text, to_text

__all__ = ["CallableNatural", "Natural", "SymbolicNatural", "TableNatural", "stacked"]

#: A report carries tables of up to this many entries (43 MB of text); larger ones are known by their digest.
LARGEST = 4_000_000
#: How many points of a continuum a callable is asked at when it is described or its range is checked.
PROBES = 64


def stacked(array: NDArray[Any], ks: Sequence[int] | int, argument: str, rows: str = "M") -> NDArray[Any]:
    """Reshape (rows, n, k), (rows, n) for k = 1 or (rows, sum k_i) to (rows, sum k_i).

    ``ks`` is one ``k`` when a single family stands for every latent (``n`` is then read off the array), or one
    ``k_i`` a latent.
    """
    if isinstance(ks, int):
        expected = f"shape ({rows}, n, {ks})" + (f" or ({rows}, n)" if ks == 1 else "")
        good = (array.ndim == 3 and array.shape[2] == ks) or (array.ndim == 2 and ks == 1)
    else:
        n, size = len(ks), sum(ks)
        shapes = [(size,)] + ([(n, ks[0])] if len(set(ks)) == 1 else [])
        expected = " or ".join(f"shape ({rows}, {', '.join(map(str, shape))})" for shape in shapes)
        good = array.shape[1:] in shapes
    if not good or 0 in array.shape:
        raise InputError(argument, expected, f"shape {array.shape}")
    return array.reshape(len(array), -1)


@dataclass(frozen=True, eq=False)
class TableNatural:
    """lambda as a look-up table; row m belongs to ``u = m``.

    Attributes
    ----------
    values
        Shape (M, size), float64; exact entries are rounded to nearest.
    exact
        The entries without rounding: fractions for ``kind="exact"``, a sympy matrix for ``kind="symbols"``;
        ``None`` for floats (read ``values`` as dyadic rationals where the values *as given* are meant).
    kind
        ``"floats"``, ``"exact"`` (integers, fractions) or ``"symbols"`` (numbers such as ``sqrt(2)``).
    dtype, declared
        Where the error bound of a float table comes from: half a unit in the last place of the dtype it came
        in, and the bound that the user declared, if any; the larger one counts.
    """

    values: NDArray[np.float64]
    exact: Sequence[Sequence[Fraction]] | sympy.Matrix | None
    kind: str
    dtype: str
    declared: NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        """sum of the k_i."""
        return int(self.values.shape[1])

    @property
    def error(self) -> NDArray[np.float64]:
        """Entrywise bound of |entry - intended number|, shape (M, size); zeros for exact tables."""
        if self.kind != "floats":
            return np.zeros(self.values.shape)
        rounding = half_ulp(self.values, self.dtype)
        return rounding if self.declared is None else np.maximum(rounding, self.declared)

    def evaluate(self, u: NDArray[Any]) -> NDArray[np.float64]:
        """Rows for the labels ``u``, shape (B,) or (B, 1)."""
        labels = np.asarray(u)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise InputError("u", "labels of shape (B,) or (B, 1)", f"shape {labels.shape}")
        if labels.dtype.kind not in "fiu" or not np.array_equal(np.floor(labels), labels):
            raise InputError("u", "whole numbers (row numbers of the table)", f"dtype {labels.dtype}")
        whole = labels.astype(np.int64)
        if len(whole) and (whole.min() < 0 or whole.max() >= len(self.values)):
            raise InputError("u", f"labels from 0 to {len(self.values) - 1}", f"{whole.min()} .. {whole.max()}")
        return self.values[whole]

    def describe(self) -> dict[str, Any]:
        """JSON values without loss; of a large table the digest, and the error bound of each column."""
        if self.large:
            return self._described_by_digest
        entries: Any
        if self.kind == "exact":
            entries = [[fraction_text(value) for value in row] for row in self.exact or ()]
        elif self.kind == "symbols":
            matrix = sympy.Matrix(self.exact)
            entries = [[to_text(matrix[i, j]) for j in range(matrix.cols)] for i in range(matrix.rows)]
        else:
            entries = encode_array(self.values)
        return {
            "kind": "table",
            "entries": self.kind,
            "dtype": self.dtype,
            "values": entries,
            "error": None if self.declared is None else encode_array(self.declared),
        }

    @property
    def large(self) -> bool:
        """Whether a report carries the digest of the table, and those rows alone on which a verdict rests."""
        return self.values.size > LARGEST and (self.kind == "floats" or isinstance(self.exact, IntegerRows))

    @cached_property
    def _described_by_digest(self) -> dict[str, Any]:
        described: dict[str, Any] = {"kind": "table", "entries": self.kind, "dtype": self.dtype, "error": None}
        if isinstance(self.exact, IntegerRows):
            return {**described, "values": array_digest(self.exact.array)}
        if self.declared is not None:
            described["error"] = {
                **array_digest(self.declared),
                "positive": bool((self.declared.max(axis=0) > 0).any()),
            }
        error = column_error(self.values, self.dtype, self.declared)
        return {**described, "values": array_digest(self.values), "column_error": encode_array(error)}


#: Half a unit in the last place relative to the entry, and the smallest step, of the dtypes tables come in.
_ROUNDING = {
    "float64": (2.0**-53, 5e-324),
    "float32": (2.0**-24, 2.0**-150),
    "float16": (2.0**-11, 2.0**-25),
    "bfloat16": (2.0**-8, 2.0**-134),
}


def half_ulp(values: NDArray[np.float64], dtype: str) -> NDArray[np.float64]:
    """Bound of the rounding error of ``values`` that were rounded to nearest in ``dtype`` (Higham, Theorem 2.2)."""
    relative, smallest = _ROUNDING[dtype]
    return np.asarray(np.maximum(np.abs(values) * relative, smallest), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class CallableNatural:
    """lambda as a callable on a domain.

    Attributes
    ----------
    function
        Called with the batch (B, m); its answers have shape (B, n, k), (B, n) for k = 1 or (B, sum k_i).
    domain
        ``Points``, ``Observed`` or ``Box``.
    graph
        The traced computation, or ``None``; then ``untraceable`` says why.
    points, answers
        The points (P, m) at which it was asked when the prior was built, and what it answered, (P, size):
        all points of a finite domain, ``PROBES`` candidates of a box.
    """

    function: Callable[[Any], Any]
    domain: Points | Observed | Box
    graph: Any
    untraceable: str
    ks: tuple[int, ...] = field(default=())
    points: NDArray[Any] = field(default_factory=lambda: np.empty((0, 0)))
    answers: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def size(self) -> int:
        """sum of the k_i."""
        return sum(self.ks)

    def evaluate(self, u: NDArray[Any]) -> NDArray[np.float64]:
        """lambda at the points ``u`` of shape (B, m), as (B, size)."""
        points = _as_batch(u, self.domain.dimension)
        answers = ask(self.function, points)
        return np.asarray(stacked(answers, self.ks, "lambda(u)", "B"), dtype=np.float64)

    def ask_again(self) -> None:
        """Refuse a callable that answers otherwise than when the prior was built.

        Where the answers are what verdicts rest on they may differ by no more than what is granted them as error.
        """
        from ivae_theory.mixing.evaluation import same_answers

        again = self.evaluate(self.points)
        same = same_answers(self.answers, again)
        if self.graph is None:
            same = same and bool((np.abs(again - self.answers) <= unknown_error(self.answers)).all())
        if not same:
            raise NonDeterministic("lambda(u)", "the answers that it gave when the prior was built", "different ones")

    def describe(self) -> dict[str, Any]:
        """JSON values; the callable is known by its graph, or else by its answers at the probes."""
        return {
            "kind": "callable",
            "graph": None if self.graph is None else self.graph.digest(),
            "untraceable": self.untraceable,
            "points": encode_array(self.points),
            "answers": encode_array(self.answers),
        }


def ask(function: Callable[[Any], Any], batch: NDArray[Any]) -> NDArray[Any]:
    """Call the user's natural parameters once, through the one gate that calls user code."""
    from ivae_theory.mixing.tracing import evaluate_callable

    answers: NDArray[Any] = evaluate_callable(function, batch, "lambda(u)")
    return answers


def _as_batch(u: Any, dimension: int) -> NDArray[Any]:
    points = np.asarray(u)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or points.shape[1] != dimension:
        raise InputError("u", f"points of shape (B, {dimension})", f"shape {points.shape}")
    return points


@dataclass(frozen=True, eq=False)
class SymbolicNatural:
    """lambda as sympy expressions in symbols that range over real sets.

    Attributes
    ----------
    matrix
        Column of ``size`` expressions; floats in them were read as the dyadic rationals that they are.
    sets
        Symbol -> sympy set, in the order of the coordinates of ``u``.
    """

    matrix: sympy.Matrix
    sets: dict[sympy.Symbol, sympy.Set]

    @property
    def size(self) -> int:
        """sum of the k_i."""
        return int(self.matrix.rows)

    @property
    def domain(self) -> SymbolicDomain:
        """The symbols and their sets."""
        return SymbolicDomain(self.sets)

    def evaluate(self, u: NDArray[Any]) -> NDArray[np.float64]:
        """lambda at the points ``u`` of shape (B, m), as (B, size)."""
        points = np.asarray(_as_batch(u, len(self.sets)), dtype=np.float64)
        for column, (symbol, where) in enumerate(self.sets.items()):
            outside = [v for v in np.unique(points[:, column]) if where.contains(sympy.Float(v)) == sympy.false]
            if outside:
                raise InputError("u", f"{symbol} in {where}", str(outside[0]))
        # One expression at a time: a constant entry would otherwise not broadcast over the batch.
        columns = [
            np.broadcast_to(sympy.lambdify(list(self.sets), entry, "numpy")(*points.T), len(points))
            for entry in self.matrix
        ]
        result = np.asarray(np.stack(columns, axis=1), dtype=np.float64)
        if not np.isfinite(result).all():
            row = int(np.argwhere(~np.isfinite(result))[0, 0])
            raise InputError("lambda(u)", "finite natural parameters", f"not finite at u = {points[row].tolist()}")
        return result

    def describe(self) -> dict[str, Any]:
        """JSON values without loss."""
        return {
            "kind": "symbolic",
            "symbols": [symbol.name for symbol in self.sets],
            "sets": [describe_set(where) for where in self.sets.values()],
            "matrix": [to_text(entry) for entry in self.matrix],
        }


def describe_set(where: sympy.Set) -> list[list[Any]] | str:
    """A finite union of intervals and points as ``[low, high, left_open, right_open]``; other sets by their text."""
    parts = where.args if isinstance(where, sympy.Union) else (where,)
    pieces: list[list[Any]] = []
    for part in parts:
        if isinstance(part, sympy.Interval):
            pieces.append([to_text(part.start), to_text(part.end), bool(part.left_open), bool(part.right_open)])
        elif isinstance(part, sympy.FiniteSet):
            pieces.extend([to_text(point), to_text(point), False, False] for point in part.args)
        elif part == sympy.Reals:
            pieces.append(["-oo", "oo", True, True])
        else:
            return str(where)
    return sorted(pieces)


Natural = TableNatural | CallableNatural | SymbolicNatural
