"""Reparametrisations under which no verdict may change."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy
from hypothesis import strategies as st

from ivae_theory.errors import InputError
from ivae_theory.families import ExponentialFamily
from ivae_theory.mixing import SymbolicMixing
from ivae_theory.model import Model, Prior, TableNatural
from ivae_theory.testing.parts import invertible_matrices, small_fractions

__all__ = ["REPARAMETRISATIONS", "reparametrisations"]

_Blocks = list[list[list[Fraction]]]


def _rows(model: Model) -> list[list[Fraction]]:
    natural = model.prior.natural
    if not isinstance(natural, TableNatural) or natural.kind != "exact" or natural.exact is None:
        raise InputError("model", "a model with an exact table of natural parameters", type(natural).__name__)
    return [list(row) for row in natural.exact]


def _rebuilt(
    model: Model, members: list[ExponentialFamily], rows: list[list[Fraction]], matrix: object = None
) -> Model:
    mixing = model.mixing if matrix is None else SymbolicMixing(model.mixing.symbols, matrix)
    return Model(Prior(members, rows), noise=model.noise, mixing=mixing)


def _blocks(model: Model) -> _Blocks:
    """The table as rows of one block a latent."""
    result = []
    for row in _rows(model):
        blocks, at = [], 0
        for k in model.prior.ks:
            blocks.append(row[at : at + k])
            at += k
        result.append(blocks)
    return result


def _joined(blocks: _Blocks) -> list[list[Fraction]]:
    return [[value for block in row for value in block] for row in blocks]


def _permute_latents(draw: st.DrawFn, model: Model) -> Model:
    order = draw(st.permutations(range(model.n)))
    symbols = model.mixing.symbols
    moved = dict(zip([symbols[i] for i in order], symbols, strict=True))
    matrix = model.mixing.matrix.subs(moved, simultaneous=True)
    rows = _joined([[row[i] for i in order] for row in _blocks(model)])
    return _rebuilt(model, [model.prior.families[i] for i in order], rows, matrix)


def _change_basis(draw: st.DrawFn, model: Model) -> Model:
    """``T_i -> B_i T_i``, ``lambda_i -> B_i^-T lambda_i``: the density stays."""
    members, changed = [], _blocks(model)
    for i, family in enumerate(model.prior.families):
        basis = sympy.Matrix(draw(invertible_matrices(family.k)))
        inverse = basis.inv()
        statistics = list(basis * sympy.Matrix(family.statistics))
        members.append(ExponentialFamily(statistics, family.support, family.base_measure, family.variable))
        for row in changed:
            row[i] = [_fraction(v) for v in inverse.T * sympy.Matrix([sympy.Rational(str(v)) for v in row[i]])]
    return _rebuilt(model, members, _joined(changed))


def _fraction(value: sympy.Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _shift_statistics(draw: st.DrawFn, model: Model) -> Model:
    """``T -> T + c``: the constant goes into the normalisation."""
    members = []
    for family in model.prior.families:
        statistics = [t + sympy.Rational(str(draw(small_fractions()))) for t in family.statistics]
        members.append(ExponentialFamily(statistics, family.support, family.base_measure, family.variable))
    return _rebuilt(model, members, _rows(model))


def _relabel_u(draw: st.DrawFn, model: Model) -> Model:
    """Another order of the values of u, one of them twice: the support is a set."""
    rows = _rows(model)
    order = draw(st.permutations(range(len(rows))))
    return _rebuilt(model, list(model.prior.families), [rows[i] for i in order] + [rows[order[0]]])


def _change_coordinates(draw: st.DrawFn, model: Model) -> Model:
    """``z_i = a y_i + b`` with the base measure and the mixing carried along."""
    members, moved = [], {}
    for family, symbol in zip(model.prior.families, model.mixing.symbols, strict=True):
        scale = sympy.Rational(draw(st.sampled_from([1, 2, -1])))
        shift = sympy.Rational(draw(st.integers(-2, 2)))
        y = family.variable
        inner = scale * y + shift
        support = sympy.imageset(sympy.Lambda(y, (y - shift) / scale), family.support)
        statistics = [t.subs(y, inner) for t in family.statistics]
        members.append(ExponentialFamily(statistics, support, family.base_measure.subs(y, inner), y))
        moved[symbol] = scale * symbol + shift
    return _rebuilt(model, members, _rows(model), model.mixing.matrix.subs(moved, simultaneous=True))


#: Each reparametrisation by name: a table model with a symbolic mixing to an equivalent description of it.
REPARAMETRISATIONS: dict[str, Callable[[st.DrawFn, Model], Model]] = {
    "permute latents": _permute_latents,
    "change the basis of T": _change_basis,
    "shift T": _shift_statistics,
    "relabel u": _relabel_u,
    "change coordinates": _change_coordinates,
}


@st.composite
def reparametrisations(draw: st.DrawFn, model: Model) -> tuple[str, Model]:
    """A name and another description of the same model: no verdict may depend on which one is checked.

    ``model`` is one that :func:`~ivae_theory.testing.models` draws: exact table, symbolic mixing.
    """
    name = draw(st.sampled_from(sorted(REPARAMETRISATIONS)))
    return name, REPARAMETRISATIONS[name](draw, model)
