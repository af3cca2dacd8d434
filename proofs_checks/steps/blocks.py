"""The sharp Theorem 2 for k >= 2: two arguments that leave one block in each row of blocks of ``A``."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory.exact import rank

__all__ = ["block_row_rank", "forbidden_coefficients", "square_leaves_span"]

Block = Sequence[Sequence[Fraction]]


def forbidden_coefficients() -> tuple[sympy.Expr, sympy.Expr]:
    """The coefficients of ``w_j^4`` and ``w_j w_l`` in ``(r + a_j w_j + b_j w_j^2 + a_l w_l + b_l w_l^2)^2``.

    ``r`` is everything else in ``z_i = G(w)``: the constant and the other variables, any number of them. Neither
    coefficient has an ``r`` in it, so they are those for every n; ``z_i^2 in span{1, w_j, w_j^2}`` needs both zero.
    """
    rest, a, b, c, d, w, v = sympy.symbols("r a_j b_j a_l b_l w_j w_l")
    square = sympy.Poly((rest + a * w + b * w**2 + c * v + d * v**2) ** 2, w, v)
    return square.coeff_monomial(w**4), square.coeff_monomial(w * v)


def square_leaves_span(linear: Sequence[Fraction], quadratic: Sequence[Fraction], constant: Fraction) -> bool:
    """Whether ``(c + sum_j a_j w_j + b_j w_j^2)^2`` has a monomial outside ``1, w_j, w_j^2``, exactly."""
    terms: dict[tuple[int, ...], Fraction] = {(): constant}
    for j, (a, b) in enumerate(zip(linear, quadratic, strict=True)):
        terms[(j,)], terms[(j, j)] = a, b
    square: dict[tuple[int, ...], Fraction] = {}
    for first, x in terms.items():
        for second, y in terms.items():
            monomial = tuple(sorted(first + second))
            square[monomial] = square.get(monomial, Fraction(0)) + x * y
    inside = {(), *((j,) for j in range(len(linear))), *((j, j) for j in range(len(linear)))}
    return any(value != 0 for monomial, value in square.items() if monomial not in inside)


def block_row_rank(blocks: Sequence[Block], tangents: Sequence[Sequence[Sequence[Fraction]]]) -> int | None:
    """The rank of a row of blocks ``[A_i1 .. A_in]`` that the tangents allow, or ``None`` where they rule it out.

    ``T_i'(z_i) d z_i / d z'_j = A_ij T'_j'(z'_j)`` holds at every point of the box Z', so the vectors
    ``A_ij T'_j'(s)`` and ``A_il T'_l'(t)`` are multiples of one vector for all s and t. With two non-zero blocks all of
    them lie on one line.

    Parameters
    ----------
    blocks
        ``A_ij`` for j = 1..n, each k_i x k_j.
    tangents
        For each j, values of ``T'_j'`` at points of ``Z'_j``; they span ``R^k_j`` when ``T'`` is minimal.
    """
    images = [
        [[sum(x * y for x, y in zip(row, vector, strict=True)) for row in block] for vector in vectors]
        for block, vectors in zip(blocks, tangents, strict=True)
    ]
    moving = [[vector for vector in image if any(vector)] for image in images]
    for j, first in enumerate(moving):
        for second in moving[:j]:
            if any(rank([x, y]) == 2 for x in first for y in second):
                return None
    return rank([vector for image in images for vector in image])
