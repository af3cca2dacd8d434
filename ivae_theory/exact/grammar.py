"""Sympy expressions as text and back, without evaluating anything.

``sympy.sympify`` runs its input through ``eval``. Reports, command lines and data files come from anywhere, so
their expressions are read by this restricted grammar instead: numbers, named symbols, arithmetic, comparisons
and a closed list of functions. No attribute access, no call of anything else, bounded size.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy.core.function import Application

from ivae_theory.errors import InputError
from ivae_theory.exact.numbers import rationalised
from ivae_theory.exact.sizes import Clock, require_call, require_power, require_product

__all__ = ["FUNCTIONS", "from_text", "to_text", "writable"]

#: Longest text and deepest nesting that are read; :mod:`ivae_theory.exact.sizes` bounds the numbers.
MAX_LENGTH, MAX_DEPTH = 100_000, 200

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(sympy, name)
    for name in (
        "Abs Max Min Heaviside Piecewise Rational acos acosh asin asinh atan atan2 atanh besselj besselk beta ceiling "
        "cos cosh digamma erf erfc erfi erfinv exp floor gamma log loggamma lowergamma sign sin sinc sinh sqrt tan "
        "tanh uppergamma polygamma zeta hyper meijerg And Or Not "
        "Eq Ne Mod frac sec csc cot sech csch coth besseli bessely LambertW Si Ci"
    ).split()
} | {"abs": sympy.Abs, "softplus": lambda x: sympy.log(1 + sympy.exp(x)), "relu": lambda x: sympy.Max(x, 0)}

_CONSTANTS = {"pi": sympy.pi, "E": sympy.E, "I": sympy.I, "oo": sympy.oo, "EulerGamma": sympy.EulerGamma,
              "True": sympy.true, "False": sympy.false}  # fmt: skip
_TAKE_TUPLES = ("Piecewise", "hyper", "meijerg")
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.BitAnd: sympy.And,
    ast.BitOr: sympy.Or,
}
_COMPARE = {
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
}


def _is_own_name(name: str) -> bool:
    """Whether text can carry a symbol of this name: ``E`` would be read as a constant, ``lambda`` not at all."""
    plain = unicodedata.normalize("NFKC", name) == name  # Python reads identifiers so, and two names become one
    return plain and name.isidentifier() and not keyword.iskeyword(name) and name not in _CONSTANTS


def writable(symbols: Iterable[sympy.Symbol]) -> dict[sympy.Symbol, str]:
    """A name for each symbol under which :func:`from_text` finds it again: its own, or one that is made of it."""
    given = list(symbols)
    names = {symbol: symbol.name for symbol in given if _is_own_name(symbol.name)}
    for symbol in given:
        if symbol not in names:
            name = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", symbol.name)).strip("_") or "z"
            name = name if name.isidentifier() else f"z_{name}"
            while not _is_own_name(name) or name in names.values():
                name += "_"
            names[symbol] = name
    return names


def to_text(expression: sympy.Basic) -> str:
    """The expression as text that :func:`from_text` reads; floats become the rationals that they are.

    Functions that only have the name of one that is read become unreadable, as all others that are not known are.
    """
    given = sympy.sympify(expression, strict=True)
    if given.args and any(map(_is_namesake, given.atoms(Application))):
        given = given.replace(_is_namesake, lambda node: sympy.Function(f"other_{node.func.__name__}")(*node.args))
    return str(sympy.sstr(rationalised(given), full_prec=False))


def _is_namesake(node: Any) -> bool:
    """Whether a function of the user's is called like one of ours: a class ``relu``, or ``Function("exp")``."""
    kind = type(node)
    return isinstance(node, Application) and FUNCTIONS.get(kind.__name__, kind) is not kind


def from_text(text: str, symbols: Iterable[sympy.Symbol], argument: str = "expression") -> sympy.Expr:
    """Read an expression in the given symbols.

    Parameters
    ----------
    text
        For instance ``"z**2"`` or ``"Piecewise((z, z > 0), (0, True))"``.
    symbols
        The symbols that may occur; they are found by their names.
    argument
        The name of the argument in error messages.

    Raises
    ------
    InputError
        When the text is not of the grammar; nothing of it is executed. When a symbol has the name of a constant, or
        one that is not found as it is written.
    """
    names = {symbol.name: symbol for symbol in symbols}
    for name in names:
        if not _is_own_name(name):
            raise InputError(argument, "symbols with names of their own", ascii(name)[:40])
    if len(text) > MAX_LENGTH:
        raise InputError(argument, f"at most {MAX_LENGTH} characters", f"{len(text)}")
    try:
        text = text.strip()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # the parser's advice on what is no expression of ours
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(argument, "an expression such as 'z**2'", ascii(text[:80])) from None
    try:
        return _Reader(names, argument, text).read(tree.body, 0)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - what sympy raises for arguments that make no sense has no common base
        got = f"{text[:80]!a} ({' '.join(str(error).split())[:120]})"
        raise InputError(argument, "an expression such as 'z**2'", got) from None


class _Reader:
    def __init__(self, names: dict[str, sympy.Symbol], argument: str, text: str) -> None:
        self.names, self.argument, self.text = names, argument, text
        self.clock = Clock(argument)

    def read(self, node: ast.AST, depth: int) -> Any:
        self.clock.check()
        if depth > MAX_DEPTH:
            raise InputError(self.argument, f"nesting of at most {MAX_DEPTH}", "deeper nesting")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise InputError(self.argument, "numbers, symbols, arithmetic and known functions", type(node).__name__)
        return method(node, depth + 1)

    def _constant(self, node: ast.Constant, depth: int) -> Any:
        if isinstance(node.value, bool):
            return sympy.true if node.value else sympy.false
        if isinstance(node.value, int):
            return sympy.Integer(node.value)
        if isinstance(node.value, float):
            digits = (ast.get_source_segment(self.text, node) or "").lower().partition("e")[0]
            if not math.isfinite(node.value) or (node.value == 0 and set(digits) & set("123456789")):
                raise InputError(self.argument, "numbers that a double can hold", repr(node.value))
            return rationalised(sympy.Float(node.value))
        raise InputError(self.argument, "numbers", repr(node.value)[:40])

    def _name(self, node: ast.Name, depth: int) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        known = ", ".join(sorted(self.names)) or "no symbols"
        raise InputError(self.argument, f"an expression in {known}", f"the name {node.id!r}")

    def _binop(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.read(node.left, depth), self.read(node.right, depth)
        if isinstance(node.op, ast.Pow):
            require_power(self.argument, left, right)
            if getattr(left, "is_number", False) and getattr(right, "is_number", False) and abs(right) > 64:
                return sympy.Pow(left, right, evaluate=False)
            return left**right
        if type(node.op) not in _BINARY:
            raise InputError(self.argument, "the operators + - * / **", type(node.op).__name__)
        value = _BINARY[type(node.op)](left, right)
        require_product(self.argument, value)
        return value

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Any:
        value = self.read(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return sympy.Not(value)
        return value

    def _boolop(self, node: ast.BoolOp, depth: int) -> Any:
        joined = sympy.And if isinstance(node.op, ast.And) else sympy.Or
        return joined(*(self.read(value, depth) for value in node.values))

    def _compare(self, node: ast.Compare, depth: int) -> Any:
        terms = [self.read(node.left, depth), *(self.read(item, depth) for item in node.comparators)]
        parts = [
            _COMPARE[type(op)](a, b)
            for op, a, b in zip(node.ops, terms[:-1], terms[1:], strict=True)
            if type(op) in _COMPARE
        ]
        if len(parts) != len(node.ops):
            raise InputError(self.argument, "comparisons of numbers", "another comparison")
        return sympy.And(*parts)

    def _tuple(self, node: ast.Tuple, depth: int) -> Any:
        return tuple(self.read(item, depth) for item in node.elts)

    def _call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            name = node.func.id if isinstance(node.func, ast.Name) else type(node.func).__name__
            raise InputError(self.argument, "a known function", repr(name))
        arguments = [self.read(item, depth) for item in node.args]
        if node.func.id not in _TAKE_TUPLES and any(isinstance(value, tuple) for value in arguments):
            raise InputError(self.argument, f"{node.func.id} of expressions", "of a tuple")
        require_call(self.argument, node.func.id, arguments)
        return FUNCTIONS[node.func.id](*arguments)
