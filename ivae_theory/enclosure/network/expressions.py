"""Sympy expressions as graphs, so that they share enclosures and proofs with networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.traced import Graph, Node
from ivae_theory.exact import from_text, rationalised

__all__ = ["graph_of", "graph_of_texts"]

_FUNCTIONS: dict[Any, str] = {
    sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan", sympy.sinh: "sinh",
    sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.atan: "atan", sympy.asinh: "asinh", sympy.erf: "erf",
    sympy.erfc: "erfc", sympy.Abs: "abs", sympy.sign: "sign", sympy.floor: "floor", sympy.ceiling: "ceil",
}  # fmt: skip

_COMPARISONS: dict[Any, str] = {
    sympy.StrictLessThan: "lt", sympy.LessThan: "le", sympy.StrictGreaterThan: "gt", sympy.GreaterThan: "ge",
}  # fmt: skip


def graph_of(symbols: Sequence[sympy.Symbol], expressions: Sequence[sympy.Expr]) -> Graph:
    """The graph of ``symbols -> expressions``.

    Raises
    ------
    CannotEnclose
        For a function that has no operation here; it is named.
    """
    builder = _Builder(list(symbols))
    outputs = [builder.visit(rationalised(expression)) for expression in expressions]
    stacked = builder.add("aten.stack.default", [builder.tensor(value) for value in outputs], 1)
    return Graph(len(symbols), False, tuple(builder.nodes), (), stacked, (len(outputs),))


def graph_of_texts(names: Sequence[str], texts: Sequence[str]) -> Graph:
    """The graph of formulas as a description has them: the same graph wherever it is built from the same texts."""
    symbols = [sympy.Symbol(name, real=True) for name in names]
    return graph_of(symbols, [from_text(text, symbols, "expressions") for text in texts])


class _Builder:
    def __init__(self, symbols: list[sympy.Symbol]) -> None:
        self.nodes: list[Node] = []
        self.known: dict[sympy.Basic, Any] = {
            symbol: self.add("aten.select.int", {"input": 0}, 1, k) for k, symbol in enumerate(symbols)
        }

    def add(self, op: str, *args: Any) -> dict[str, int]:
        self.nodes.append(Node(op, args))
        return {"node": len(self.nodes) - 1}

    def tensor(self, value: Any) -> dict[str, int]:
        """A result with the batch axis, also for constants."""
        return self.add("aten.expand.default", value, [1])

    def visit(self, expression: sympy.Expr) -> Any:
        if expression not in self.known:
            self.known[expression] = self.make(expression)
        return self.known[expression]

    def make(self, expression: sympy.Expr) -> Any:
        if expression.is_Rational:
            return self.number(int(expression.p), int(expression.q))
        if expression == sympy.pi:
            return self.add("aten.mul.Tensor", self.add("aten.atan.default", 1), 4)
        if expression == sympy.E:
            return self.add("aten.exp.default", 1)
        if expression.is_Add or expression.is_Mul:
            return self.fold("aten.add.Tensor" if expression.is_Add else "aten.mul.Tensor", expression.args)
        if expression.is_Pow:
            return self.power(*expression.args)
        if isinstance(expression, (sympy.Max, sympy.Min)):
            name = "maximum" if isinstance(expression, sympy.Max) else "minimum"
            return self.fold(f"aten.{name}.default", expression.args)
        if isinstance(expression, sympy.Piecewise):
            return self.piecewise(expression)
        if expression.func in _FUNCTIONS and len(expression.args) == 1:
            return self.add(f"aten.{_FUNCTIONS[expression.func]}.default", self.visit(expression.args[0]))
        raise CannotEnclose(f"{expression.func.__name__} in a mixing function")

    def piecewise(self, expression: sympy.Piecewise) -> Any:
        """Branches from the last to the first; the last one holds everywhere else."""
        *branches, (last, otherwise) = expression.args
        if otherwise != sympy.true or not all(type(condition) in _COMPARISONS for _, condition in branches):
            raise CannotEnclose("Piecewise with such conditions in a mixing function")
        total = self.visit(last)
        for value, condition in reversed(branches):
            test = self.add(f"aten.{_COMPARISONS[type(condition)]}.Tensor", *map(self.visit, condition.args))
            total = self.add("aten.where.self", test, self.visit(value), total)
        return total

    def number(self, p: int, q: int) -> Any:
        if max(abs(p), q).bit_length() > 4000:
            raise CannotEnclose("a rational number of more than 4000 bits")
        return self.add("aten.div.Tensor", p, q)

    def fold(self, op: str, args: Sequence[sympy.Expr]) -> Any:
        ordered = sorted(args, key=sympy.default_sort_key)
        total = self.visit(ordered[0])
        for argument in ordered[1:]:
            total = self.add(op, total, self.visit(argument))
        return total

    def power(self, base: sympy.Expr, exponent: sympy.Expr) -> Any:
        if base == sympy.E:
            return self.add("aten.exp.default", self.visit(exponent))
        if exponent.is_Integer and abs(int(exponent)) <= 64:
            return self.add("aten.pow.Tensor_Scalar", self.visit(base), int(exponent))
        if exponent == sympy.Rational(1, 2):
            return self.add("aten.sqrt.default", self.visit(base))
        logarithm = self.add("aten.log.default", self.visit(base))
        return self.add("aten.exp.default", self.add("aten.mul.Tensor", logarithm, self.visit(exponent)))
