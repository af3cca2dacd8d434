"""Sufficient statistics ``T~`` as functions of arrays, from everything that users write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic
from ivae_theory.exact import from_text, to_text
from ivae_theory.mixing.evaluation import as_numbers, ended
from ivae_theory.recovery.moments import Blocks

__all__ = ["Statistics", "as_statistics"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """``T~``: (B, n) -> (B, nk), latent by latent.

    Attributes
    ----------
    blocks
        The ``k_i``.
    text
        For reports, e.g. ``"T = z**2"``.
    degree
        A degree ``D`` such that every ``T_ij`` is a polynomial of at most that degree, or ``None``.
    separate
        Whether each latent's statistics can be evaluated alone, from (B,) values (false for callables of (N, n)).
    """

    blocks: Blocks
    text: str
    degree: int | None
    argument: str
    parts: tuple[Callable[[Floats], Floats], ...] | None
    joint: Callable[[Floats], Floats] | None = None

    @property
    def separate(self) -> bool:
        """Whether each latent's statistics can be evaluated alone."""
        return self.parts is not None

    def evaluate(self, z: Floats, rows: slice | NDArray[np.intp] | None = None) -> Floats:
        """``T~`` at the rows of ``z`` (B, n): (B, nk).

        Raises
        ------
        InputError
            Where the statistics are undefined (NaN, infinite); ``rows`` are the numbers of the rows of ``z``.
        """
        with np.errstate(all="ignore"):
            if self.parts is None:
                assert self.joint is not None
                values = self.joint(z)
            elif len(set(map(id, self.parts))) == 1 and self.blocks.sizes[0] == 1:
                values = self.parts[0](z)[..., 0]
            else:
                values = np.concatenate([part(z[:, i]) for i, part in enumerate(self.parts)], axis=1)
            total = values.sum()
        if not np.isfinite(total) and not np.isfinite(values).all():
            row, column = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
            name = self.blocks.names("T")[column]
            latent = int(np.searchsorted(self.blocks.starts, column, side="right")) - 1
            raise InputError(
                self.argument,
                "statistics that are defined on the data",
                f"{name} = {values[row, column]} at row {_number(rows, row)}, z = {z[row, latent]:.6g}",
            )
        return values

    def evaluate_one(self, latent: int, z: Floats) -> Floats:
        """``T_i`` of one latent at values of any shape (...) -> (..., k_i); NaN where undefined."""
        assert self.parts is not None
        with np.errstate(all="ignore"):
            return self.parts[latent](z)


def _number(rows: slice | NDArray[np.intp] | None, position: int) -> int:
    if rows is None:
        return position
    return int((rows.start or 0) + position) if isinstance(rows, slice) else int(rows[position])


def as_statistics(statistics: Any, n: int, argument: str = "statistics") -> Statistics:
    """Read what a user hands over as statistics of ``n`` latents.

    Parameters
    ----------
    statistics
        An ``ExponentialFamily``; a sympy expression in one symbol, or a matrix or tuple of them for k >= 2; text such
        as ``"z**2"`` or ``"z, z**2"``; a callable (N, n) -> (N, n) or (N, n, k); or a list with one of the first three
        for each latent.

    Raises
    ------
    InputError, InputTypeError
        For anything else.
    """
    if isinstance(statistics, list):
        if len(statistics) != n:
            raise InputError(argument, f"a list of {n}, one for each latent", f"{len(statistics)}")
        if n == 0:
            raise InputError(argument, "at least one latent", "none")
        read: dict[int, _Part] = {}
        parts = [read.setdefault(id(item), _part(item, f"{argument}[{i}]")) for i, item in enumerate(statistics)]
        texts = list(dict.fromkeys(part.text for part in parts))
        return _assemble(parts, ", ".join(texts) if len(texts) < 4 else f"{len(texts)} kinds", argument)
    if callable(statistics) and not isinstance(statistics, sympy.Basic) and not _is_family(statistics):
        return _callable(statistics, n, argument)
    part = _part(statistics, argument)
    return _assemble([part] * n, part.text, argument)


@dataclass(frozen=True, eq=False)
class _Part:
    evaluate: Callable[[Floats], Floats]
    k: int
    text: str
    degree: int | None


def _is_family(value: Any) -> bool:
    return hasattr(value, "k") and hasattr(value, "evaluate")


def _assemble(parts: Sequence[_Part], text: str, argument: str) -> Statistics:
    degrees = [part.degree for part in parts]
    known = [degree for degree in degrees if degree is not None]
    return Statistics(
        blocks=Blocks(tuple(part.k for part in parts)),
        text=f"T = {text}",
        degree=max(known) if len(known) == len(degrees) else None,
        argument=argument,
        parts=tuple(part.evaluate for part in parts),
    )


def _part(value: Any, argument: str) -> _Part:
    if _is_family(value):
        known = getattr(value, "statistics", None)
        if known is not None:
            return _symbolic(tuple(known), argument, getattr(value, "variable", None))
        return _Part(lambda z: np.asarray(value.evaluate(z), dtype=np.float64), int(value.k), str(value), None)
    if isinstance(value, str):
        value = from_text(value, [sympy.Symbol("z", real=True)], argument)
    if isinstance(value, sympy.MatrixBase):
        value = tuple(value)
    expressions = value if isinstance(value, tuple) else (value,)
    try:
        expressions = tuple(sympy.sympify(item, strict=True) for item in expressions)
    except sympy.SympifyError:
        expressions = ()
    if not expressions or not all(isinstance(item, sympy.Expr) for item in expressions):
        raise InputTypeError(
            argument, "an ExponentialFamily, sympy expressions, text such as 'z**2' or a callable", f"{value!r:.80}"
        )
    return _symbolic(expressions, argument, None)


def _symbolic(expressions: tuple[sympy.Expr, ...], argument: str, variable: sympy.Symbol | None) -> _Part:
    symbols = set().union(*(expression.free_symbols for expression in expressions))
    if len(symbols) > 1 or not symbols:
        names = ", ".join(sorted(str(symbol) for symbol in symbols)) or "no symbol"
        raise InputError(argument, "expressions in one symbol", names)
    symbol: Any = variable if variable in symbols else symbols.pop()
    text = ", ".join(to_text(expression) for expression in expressions).replace(str(symbol), "z")
    shown = text if len(expressions) == 1 else f"({text})"
    degree = _degree(expressions, symbol)
    if expressions == (symbol,):
        return _Part(lambda z: z[..., None], 1, shown, 1)
    if expressions == (symbol**2,):
        return _Part(lambda z: np.square(z)[..., None], 1, shown, 2)
    try:
        functions = [sympy.lambdify(symbol, expression, ["scipy", "numpy"]) for expression in expressions]
    except Exception as error:  # noqa: BLE001 - whatever sympy's printers do not know
        raise InputError(argument, "functions that scipy has", " ".join(str(error).split())[:120]) from None

    def evaluate(z: Floats) -> Floats:
        return np.stack([_computed(function, z, argument) for function in functions], axis=-1)

    return _Part(evaluate, len(expressions), shown, degree)


def _computed(function: Callable[[Floats], Any], z: Floats, argument: str) -> Floats:
    """The values of a formula; a constant stands for all of them."""
    try:
        values = np.broadcast_to(np.asarray(function(z)), z.shape)
    except Exception as error:  # noqa: BLE001 - whatever the generated code raises for numbers that it cannot hold
        got = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        raise InputError(argument, "statistics that can be computed with doubles", got) from None
    if values.dtype.kind not in "fiu":
        raise InputError(argument, "real numbers", f"values of type {values.dtype}")
    return values.astype(np.float64)


def _degree(expressions: Sequence[sympy.Expr], symbol: sympy.Symbol) -> int | None:
    if not all(expression.is_polynomial(symbol) for expression in expressions):
        return None
    # The degree of 0 is minus infinity.
    return max([0, *(int(sympy.degree(expression, symbol)) for expression in expressions if not expression.is_zero)])


def _callable(function: Callable[..., Any], n: int, argument: str) -> Statistics:
    """A callable of all latents; asked about two rows first, to learn k."""

    def ask(z: Floats) -> Floats:
        try:
            answer = function(np.array(z))
        except SystemExit as error:
            raise ended(argument, error) from None
        except Exception as error:  # a user's code may raise anything
            raise CallableFailed(
                argument, "a callable that works on (N, n)", f"{type(error).__name__}: {error}"
            ) from error
        values = as_numbers(answer, argument)
        if values.shape[:2] != z.shape or values.ndim > 3 or 0 in values.shape:
            raise CallableFailed(
                argument, f"an answer of shape {z.shape} or ({len(z)}, {n}, k)", f"shape {values.shape}"
            )
        return values.reshape(len(z), -1)

    probe = np.linspace(0.25, 0.75, 4 * n).reshape(4, n)
    k = ask(probe).shape[1] // n
    state = {"checked": False}

    def joint(z: Floats) -> Floats:
        values = ask(z)
        if not state["checked"] and len(z) > 1:
            state["checked"] = True
            # The end backwards, too: a sum over the rows so far is the same for the beginning.
            for some in (slice(0, len(z) // 2), slice(None, len(z) // 2 - 1 or None, -1)):
                if not np.allclose(ask(z[some]), values[some], rtol=1e-9, atol=0, equal_nan=True):
                    raise NonDeterministic(
                        argument, "statistics of each row by itself", "other values when other rows are asked for"
                    )
        return values

    name = getattr(function, "__name__", type(function).__name__)
    return Statistics(Blocks((k,) * n), f"T = {name}(z)", None, argument, None, joint)
