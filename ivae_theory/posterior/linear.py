"""Linear Gaussian models: the posterior is Gaussian with precision ``D_u + W^T Sigma^-1 W`` (theory, section 4).

A q whose components are independent can be that posterior only when ``W^T Sigma^-1 W`` is diagonal, because ``D_u``
is. That is decided exactly, for weights that may be rounded: those of a matrix that is orthogonal on paper are.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import fmpq_mat
from numpy.typing import NDArray

from ivae_theory.assumed import INDEPENDENT
from ivae_theory.enclosure.network.structure import affine_map
from ivae_theory.enclosure.rounding import gram_error
from ivae_theory.exact import fraction_text, parse_fraction, to_fmpq, to_fraction
from ivae_theory.verdict import Grade, Verdict

__all__ = ["gaussian", "linear_map", "never_diagonal"]

CLAIM = "theorem3.i"


def never_diagonal(model: Any, factorised: bool) -> Verdict | None:
    """The exact refutation of a factorised q, or ``None`` where this argument does not apply."""
    if not factorised or not all(gaussian(family) for family in model.prior.families):
        return None
    covariance, matrix = _covariance(model), linear_map(model.mixing)
    if covariance is None or matrix is None:
        return None
    both = _gram(matrix, covariance)
    if both is None:
        return None
    gram, granted = both[0], _granted(model.mixing, matrix, both[1])
    found = next(((i, j) for i in range(model.n) for j in range(i) if abs(gram[i][j]) > granted[i, j]), None)
    if found is None:
        return None
    i, j = found
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        f"q has independent components; the posterior is Gaussian with precision D_u + W^T Sigma^-1 W, whose entry "
        f"({i + 1}, {j + 1}) is {float(gram[i][j]):.3g} for every u.",
        evidence={
            "kind": "posterior.linear_gaussian",
            "graph": model.mixing.graph.to_dict(),
            "matrix": [[fraction_text(value) for value in row] for row in matrix],
            "row": i,
            "column": j,
            "entry": fraction_text(gram[i][j]),
        },
        advice="Give q a full covariance.",
        assumes=(INDEPENDENT,),
    )


def gaussian(family: Any) -> bool:
    """Whether every member of the family is Gaussian: log Q and T are polynomials of degree at most 2 on all of R."""
    whole = family.support == sympy.Interval(-sympy.oo, sympy.oo)
    measure = family.base_measure
    logarithm = measure.args[0] if isinstance(measure, sympy.exp) else sympy.Integer(0)
    if not whole or family.statistics is None or not (isinstance(measure, sympy.exp) or measure.is_positive):
        return False
    if not isinstance(measure, sympy.exp) and measure.free_symbols:
        return False
    return all(_degree(expression, family.variable) <= 2 for expression in (*family.statistics, logarithm))


def _degree(expression: sympy.Expr, variable: sympy.Symbol) -> float:
    polynomial = expression.as_poly(variable)
    if polynomial is None or polynomial.free_symbols_in_domain:
        return float("inf")
    return float(polynomial.degree())


def linear_map(mixing: Any) -> list[list[Fraction]] | None:
    """W of an affine mixing function f(z) = W z + b, (d, n) exactly; ``None`` where f is not known to be affine."""
    graph = getattr(mixing, "graph", None)
    part = None if graph is None else affine_map(graph)
    return None if part is None else [list(row) for row in part.W]


def _covariance(model: Any) -> Any:
    """What the description says of Gaussian noise: a variance, variances or a matrix, as text; else ``None``."""
    law = model.noise.describe().get("law", {})
    return law.get("covariance") if law.get("node") == "gaussian" else None


def _gram(matrix: list[list[Fraction]], covariance: Any) -> tuple[list[list[Fraction]], NDArray[np.float64]] | None:
    """``W^T Sigma^-1 W`` over the rationals, and Sigma^-1 in floats; ``None`` for a singular Sigma."""
    d, n = len(matrix), len(matrix[0])
    sigma = fmpq_mat(d, d, [to_fmpq(_entry(covariance, i, j)) for i in range(d) for j in range(d)])
    weight = fmpq_mat(d, n, [to_fmpq(value) for row in matrix for value in row])
    try:
        inverse = sigma.inv()
    except ZeroDivisionError:
        return None
    gram = weight.transpose() * inverse * weight
    floats = np.array([[float(to_fraction(inverse[a, b])) for b in range(d)] for a in range(d)])
    return [[to_fraction(gram[i, j]) for j in range(n)] for i in range(n)], floats


def _granted(mixing: Any, matrix: list[list[Fraction]], precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rounding of the weights explains; formulas are exact."""
    described = mixing.describe()
    while described["kind"] == "vouched":
        described = described["function"]
    weights = np.array([[float(value) for value in row] for row in matrix])
    if described["kind"] == "symbolic":
        return np.zeros((weights.shape[1],) * 2)
    floats = [array for array in mixing.graph.constants if array.dtype.kind == "f"]
    single = any(bool((array.astype(np.float32) == array).all()) for array in floats)
    return gram_error(weights, precision, single)


def _entry(covariance: Any, i: int, j: int) -> Fraction:
    if isinstance(covariance, str):
        return parse_fraction(covariance) if i == j else Fraction(0)
    row = covariance[i]
    if isinstance(row, str):
        return parse_fraction(row) if i == j else Fraction(0)
    return parse_fraction(row[j])
