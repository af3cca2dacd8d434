"""The mixing function f: R^n -> R^d of Eq. (6), in the forms in which users hand it over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.chain import NotProved, injective_links
from ivae_theory.enclosure.network.expressions import graph_of_texts
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic
from ivae_theory.exact import encode_array, rationalised, to_text, writable
from ivae_theory.mixing.evaluation import evaluate_callable, evaluate_where_finite, same_answers
from ivae_theory.mixing.masks import acts_as_its_class
from ivae_theory.mixing.registry import Construction, construction_of, sequence
from ivae_theory.mixing.tracing import Untraceable, acts_on_rows, trace, verify

__all__ = ["CallableMixing", "Mixing", "SymbolicMixing", "Vouched", "as_mixing", "assume_injective"]

Floats = NDArray[np.float64]


class Mixing:
    """What every mixing function knows.

    Attributes
    ----------
    n, d
        Number of latents and of observed coordinates.
    graph
        The function as operations that can be enclosed, or ``None``; ``untraceable`` then says why.
    construction
        Why it is injective by construction, or ``None``.
    """

    n: int
    d: int
    graph: Graph | None = None
    untraceable: str = ""
    construction: Construction | None = None

    def evaluate(self, z: NDArray[Any]) -> Floats:
        """f at the points z, (B, n) -> (B, d)."""
        raise InputError("mixing", "a function that can be evaluated", "only its number of outputs, vouched for")

    def ask_again(self) -> None:
        """Refuse a function that answers otherwise than when the model was built; formulas cannot."""

    def describe(self) -> dict[str, Any]:
        """JSON values that identify the function."""
        raise InputError("mixing", "a mixing function", type(self).__name__)


class SymbolicMixing(Mixing):
    """f given by sympy expressions, one an observed coordinate.

    Parameters
    ----------
    symbols
        The latents z_1, .., z_n in order.
    matrix
        The d expressions; floats in them are read as the dyadic rationals that they are.

    Attributes
    ----------
    declared
        The symbols as the user made them, with their assumptions.
    """

    def __init__(self, symbols: Sequence[sympy.Symbol], matrix: Any) -> None:
        self.symbols = tuple(symbols)
        named = all(isinstance(symbol, sympy.Symbol) for symbol in self.symbols)
        if not named or len({symbol.name for symbol in self.symbols}) != len(self.symbols):
            raise InputTypeError("mixing", "sympy symbols with distinct names", repr(symbols)[:80])
        self.declared = self.symbols
        real = {symbol: sympy.Symbol(name, real=True) for symbol, name in writable(self.symbols).items()}
        try:
            entries = [rationalised(sympy.sympify(e, strict=True)).xreplace(real) for e in sympy.flatten([matrix])]
        except sympy.SympifyError as error:
            raise InputTypeError("mixing", "sympy expressions (text is not evaluated)", str(error)[:80]) from None
        self.symbols = tuple(real.values())
        unknown = {s for entry in entries for s in entry.free_symbols} - set(self.symbols)
        if unknown:
            raise InputError("mixing", f"expressions in {', '.join(map(str, self.symbols))}", f"also {unknown}")
        self.matrix = sympy.Matrix(entries)
        self.n, self.d = len(self.symbols), len(entries)
        names, texts = [symbol.name for symbol in self.symbols], [to_text(entry) for entry in entries]
        try:
            self.graph = graph_of_texts(names, texts)
        except CannotEnclose as error:
            self.untraceable = error.what
        except InputError as error:  # text cannot carry it
            self.untraceable = str(error)

    def evaluate(self, z: NDArray[Any]) -> Floats:
        """f at the points z, (B, n) -> (B, d)."""
        points = _points(z, self.n)
        with np.errstate(all="ignore"):  # overflow to infinity is what a float evaluation has to say there
            values = [np.asarray(f(*points.T), dtype=np.float64) for f in self._functions]
        columns = [np.broadcast_to(value, (len(points),)) for value in values]
        return np.asarray(np.stack(columns, axis=1), dtype=np.float64)

    @cached_property
    def _functions(self) -> list[Callable[..., Any]]:
        return [sympy.lambdify(self.symbols, entry, ["scipy", "numpy"]) for entry in self.matrix]

    def describe(self) -> dict[str, Any]:
        """Symbols and expressions as text."""
        return {
            "kind": "symbolic",
            "n": self.n,
            "d": self.d,
            "symbols": [symbol.name for symbol in self.symbols],
            "expressions": [to_text(entry) for entry in self.matrix],
            "graph": None if self.graph is None else self.graph.digest(),
        }


class CallableMixing(Mixing):
    """f given by a callable: an ``nn.Module``, a torch transform, or any function (B, n) -> (B, d)."""

    def __init__(self, function: Callable[..., Any], n: int) -> None:
        self.function, self.n = function, n
        self._example, self._answers = _first_answers(function, n)
        if self._answers.ndim != 2:
            raise CallableFailed("mixing", "shape (B, d) for a batch (B, n)", f"shape {self._answers.shape}")
        self.d = int(self._answers.shape[1])
        if not self.d:
            raise CallableFailed("mixing", "at least one observed coordinate", "shape (B, 0)")
        known = construction_of(function) or _of_layers(function, self._example)
        self.construction = known if known is not None and self._rowwise() else None
        own = getattr(function, "graph", None)
        try:
            if isinstance(own, Graph):
                verify(own, function, self._example)
                self.graph = own
            else:
                self.graph = trace(function, self._example)
        except Untraceable as error:
            self.untraceable = error.why
        except CallableFailed as error:
            self.untraceable = str(error)

    def _rowwise(self) -> bool:
        """Whether the function answers points alone as it answers them in a batch."""
        try:
            return acts_on_rows(self.function, self._example)
        except (CallableFailed, NonDeterministic):
            return False

    def ask_again(self) -> None:
        """Refuse a function that answers otherwise than when the model was built."""
        again, _ = evaluate_where_finite(self.function, self._example, "mixing")
        if not same_answers(self._answers, again):
            raise NonDeterministic("mixing", "the answers that it gave when the model was built", "different ones")

    def evaluate(self, z: NDArray[Any]) -> Floats:
        """f at the points z, (B, n) -> (B, d)."""
        answer = evaluate_callable(self.function, _points(z, self.n), "mixing")
        if answer.ndim != 2:
            raise CallableFailed("mixing", "shape (B, d) for a batch (B, n)", f"shape {answer.shape}")
        return answer

    def describe(self) -> dict[str, Any]:
        """The graph's digest; a function without a graph is known by its answers at fixed points."""
        values = np.ascontiguousarray(self._answers, dtype="<f8")
        return {
            "kind": "callable",
            "n": self.n,
            "d": self.d,
            "graph": None if self.graph is None else self.graph.digest(),
            "untraceable": self.untraceable,
            "construction": None if self.construction is None else self.construction.to_dict(),
            "answers": None if self.graph is not None else hashlib.sha256(values.tobytes()).hexdigest(),
            "example": None if self.graph is not None else encode_array(self._example),
        }


class Vouched(Mixing):
    """f that the user vouches for to be injective: a function, or only its number of outputs d."""

    def __init__(self, n: int, d: int | None, inner: Mixing | None) -> None:
        self.n, self.inner = n, inner
        if inner is None and d is None:
            raise InputError("assume_injective", "a function or the number of outputs d", "None")
        self.d = int(d) if inner is None and d is not None else int(inner.d) if inner is not None else 0
        if inner is not None:
            self.graph, self.untraceable, self.construction = inner.graph, inner.untraceable, inner.construction

    def evaluate(self, z: NDArray[Any]) -> Floats:
        """f at the points z, when a function was given."""
        return super().evaluate(z) if self.inner is None else self.inner.evaluate(z)

    def ask_again(self) -> None:
        """See the function that is vouched for."""
        if self.inner is not None:
            self.inner.ask_again()

    def describe(self) -> dict[str, Any]:
        """That it is vouched for, and the function."""
        inner = None if self.inner is None else self.inner.describe()
        graph = None if self.graph is None else self.graph.digest()
        return {"kind": "vouched", "n": self.n, "d": self.d, "function": inner, "graph": graph}


class _Assumption:
    """What :func:`assume_injective` returns until the model says how many latents there are."""

    def __init__(self, value: Any) -> None:
        self.value = value


def assume_injective(d_or_function: Any) -> Any:
    """Vouch that f is injective on the support of the latents; verdicts that rest on it have the grade ASSUMED.

    Parameters
    ----------
    d_or_function
        The number of observed coordinates, or the function itself. A refutation of the function beats the vouching.
    """
    whole = isinstance(d_or_function, (int, np.integer)) and not isinstance(d_or_function, bool)
    if whole and d_or_function < 1:
        raise InputError("assume_injective", "d >= 1", str(d_or_function))
    if not whole and not callable(d_or_function) and not _is_symbolic(d_or_function):
        raise InputTypeError("assume_injective", "d or a function", type(d_or_function).__name__)
    return _Assumption(d_or_function)


def as_mixing(obj: Any, n: int) -> Mixing:
    """The mixing function that a user's object means, for n latents.

    Accepts modules and callables (B, n) -> (B, d), torch transforms, Zuko flows (f is the map from latents to data, the
    inverse of the flow's transform), sympy expressions or matrices, a pair (symbols, expressions), and
    :func:`assume_injective`.

    Raises
    ------
    InputError, InputTypeError, CallableFailed, NonDeterministic
        Naming what cannot be used.
    """
    if isinstance(obj, _Assumption):
        if isinstance(obj.value, (int, np.integer)):
            return Vouched(n, int(obj.value), None)
        return Vouched(n, None, as_mixing(obj.value, n))
    if isinstance(obj, Mixing):
        if obj.n != n:
            raise InputError("mixing", f"a function of {n} latents", f"one of {obj.n}")
        return obj
    if _is_symbolic(obj):
        return _symbolic(obj, n)
    flow = _flow_transform(obj)
    if flow is not None:
        return CallableMixing(flow, n)
    if callable(obj):
        return CallableMixing(obj, n)
    raise InputTypeError("mixing", "a module, a callable, sympy expressions or assume_injective", type(obj).__name__)


def _is_symbolic(obj: Any) -> bool:
    if isinstance(obj, (sympy.Expr, sympy.MatrixBase)):
        return True
    if not isinstance(obj, (list, tuple)) or not obj:
        return False
    return all(isinstance(item, (sympy.Expr, sympy.MatrixBase, list, tuple, int, float)) for item in sympy.flatten(obj))


def _symbolic(obj: Any, n: int) -> SymbolicMixing:
    """Symbols in the order given, or by name with numbers in their natural order."""
    pair = isinstance(obj, tuple) and len(obj) == 2 and isinstance(obj[0], (list, tuple))
    if pair and all(isinstance(s, sympy.Symbol) for s in obj[0]):
        symbols, expressions = list(obj[0]), obj[1]
    else:
        expressions = obj
        entries = [sympy.sympify(entry, strict=True) for entry in sympy.flatten([obj])]
        free = {symbol for entry in entries for symbol in entry.free_symbols}
        symbols = sorted(free, key=_natural_key)
    if len(symbols) != n:
        names = ", ".join(map(str, symbols))
        raise InputError("mixing", f"expressions in {n} symbols, or a pair (symbols, expressions)", names or "none")
    return SymbolicMixing(symbols, expressions)


def _natural_key(symbol: sympy.Symbol) -> tuple[str, int]:
    stem = symbol.name.rstrip("0123456789")
    return stem, int(symbol.name[len(stem) :] or -1)


def _flow_transform(obj: Any) -> Any:
    """The map from latents to data of a Zuko flow, or ``None``."""
    import sys

    flows = sys.modules.get("zuko.flows")
    return obj().transform.inv if flows is not None and isinstance(obj, flows.Flow) else None


def _of_layers(function: Any, example: Floats) -> Construction | None:
    """An ``nn.Sequential`` in which every layer is injective, some of them by a registered construction."""
    import sys

    torch = sys.modules.get("torch")
    if torch is None or type(function) is not torch.nn.Sequential or not acts_as_its_class(function):
        return None
    if not any(construction_of(layer) is not None for layer in function):
        return None
    parts: list[Construction] = []
    value: Floats = example
    for layer in function:
        known = construction_of(layer) or _proved(layer, value)
        if known is None:
            return None
        parts.append(known)
        value = evaluate_callable(layer, value, "mixing")
    return sequence(function, parts)


def _proved(layer: Any, example: Floats) -> Construction | None:
    try:
        graph = trace(layer, example)
        with precision(96):
            links = injective_links(graph)
    except (Untraceable, NotProved, CallableFailed):
        return None
    argument = "; ".join(link.argument for link in links)
    return Construction(f"{type(layer).__module__}.{type(layer).__qualname__}", argument, graph=graph)


def _points(z: Any, n: int) -> Floats:
    points = np.asarray(z, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != n:
        raise InputError("z", f"points of shape (B, {n})", f"shape {points.shape}")
    return points


def _first_answers(function: Callable[..., Any], n: int) -> tuple[Floats, Floats]:
    """Points at which the function is finite, with its answers: inside the unit cube, on the line, or further out."""
    rng = np.random.default_rng(20190710)
    unit = rng.uniform(0.25, 0.75, size=(5, n))
    failure: Exception | None = None
    further = [scale * (unit + 1) for scale in (1, -1, 10, -10, 1000, -1000)]
    for example in (unit, 4 * unit - 2, further[0], -unit, *further[1:]):
        try:
            answers, finite = evaluate_where_finite(function, example, "mixing")
        except CallableFailed as error:
            failure = failure or error
            continue
        if finite.all():
            return example, answers
    raise failure or CallableFailed("mixing", "finite values at some points", "NaN or infinity at all that were tried")
