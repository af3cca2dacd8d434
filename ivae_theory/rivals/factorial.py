"""Two latents whose law does not depend on u: any factorial prior can be rotated (F.1; theory, section 5).

``F_i`` is continuous and increasing where the density is positive almost everywhere on an interval, so
``y_i = Phi^-1(F_i(z_i))`` is a bijection onto the line and the pair ``y`` is standard Gaussian for every u. The
rotation ``h`` by an angle that depends on ``|y|`` alone keeps that law. The rival has ``z' = h(y)``, ``T' = (z', z'**2,
.., z'**k)``, ``Q'`` standard Gaussian, ``lambda' = 0`` and ``f' = f o F^-1 o Phi o h^-1``; ``z'_1`` is no sum of a
function of ``z_1`` and one of ``z_2``, while every function in the span of 1 and T~ is such a sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.models.constancy import constant_columns
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, NaturalParameterError
from ivae_theory.exact import fraction_text
from ivae_theory.families.formulas import read_formulas
from ivae_theory.hypotheses.positivity import positive_points
from ivae_theory.rivals.build import evaluated, latents_of, prior_with, rows_with
from ivae_theory.rivals.rival import Rival, with_words

__all__ = ["constant"]

MAP = "z' = h(y), y = Phi^-1(F(z)), h the rotation by the angle whose half has the tangent |y|**2"
CORNERS = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)))
BITS = 256
Floats = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]


def constant(model: Any) -> Rival | None:
    """Two latents that do not depend on u, each with a positive density on an interval: refutes ``~``."""
    if model.n < 2:
        return None
    described = model.prior.describe()
    graph = getattr(model.prior.natural, "graph", None)
    still = constant_columns(described["natural"], described["domain"], graph)
    pair: list[int] = []
    points: list[list[str]] = []
    known: dict[str, list[str] | None] = {}
    for latent, columns in enumerate(_columns(model.prior.ks)):
        if not still.issuperset(columns):
            continue
        description = described["families"][latent]
        key = repr(description)
        if key not in known:
            known[key] = _positive(description)
        shown = known[key]
        if shown is not None:
            pair.append(latent)
            points.append(shown)
        if len(pair) == 2:
            return _assemble(model, pair, points, graph)
    return None


def _columns(ks: Sequence[int]) -> list[range]:
    """The places of each latent's natural parameters."""
    ends = list(itertools.accumulate(ks))
    return [range(end - k, end) for end, k in zip(ends, ks, strict=True)]


def _positive(description: Any) -> list[str] | None:
    """Points that show that the density is positive almost everywhere on one interval, or ``None``."""
    try:
        formulas = read_formulas(description)
    except InputError:
        return None
    if formulas.statistics is None or not isinstance(formulas.support, sympy.Interval):
        return None
    with precision(BITS):
        return positive_points(formulas)[0]


def _assemble(model: Any, pair: Sequence[int], points: Sequence[Sequence[str]], graph: Any) -> Rival | None:
    """The rival with its evidence; ``None`` where F cannot be inverted numerically."""
    from ivae_theory.model import Model

    quantiles = _quantiles(model, pair)
    if quantiles is None:
        return None
    families = list(model.prior.families)
    for latent in pair:
        families[latent] = _standard(model.prior.ks[latent])
    other = Model(_prior(model, families, pair), noise=model.noise, mixing=_mixing(model, pair, quantiles))
    evidence: dict[str, Any] = {
        "kind": "rival.factorial",
        "latents": list(pair),
        "map": MAP,
        "corners": [[fraction_text(value) for value in corner] for corner in CORNERS],
        "positive_at": [list(texts) for texts in points],
        "bits": BITS,
    }
    if graph is not None:
        evidence["graph"] = graph.to_dict()
    return Rival(other, "equivalence", with_words(evidence))


def _standard(k: int) -> Any:
    """Standard Gaussian at lambda' = 0, with k statistics."""
    from ivae_theory.families import ExponentialFamily

    z = sympy.Symbol("z", real=True)
    return ExponentialFamily([z ** (j + 1) for j in range(k)], base_measure=sympy.exp(-(z**2) / 2), variable=z)


def _prior(model: Any, families: Sequence[Any], pair: Sequence[int]) -> Any:
    """lambda' = 0 for the pair, and the other latents as they are."""
    from ivae_theory.domain import Points
    from ivae_theory.model import Prior
    from ivae_theory.model.natural import CallableNatural, TableNatural

    ks = model.prior.ks
    columns = [place for latent in pair for place in _columns(ks)[latent]]
    own = model.prior.natural
    if isinstance(own, TableNatural) and own.kind == "floats":
        table = own.values.copy()
        table[:, columns] = 0.0
        return Prior(list(families), table, None if isinstance(model.prior.domain, Points) else model.prior.domain)
    if not isinstance(own, CallableNatural):
        latents = latents_of(model)
        zeros = [[Fraction(0)] * ks[latent] for latent in pair]
        return prior_with(model, families, rows_with(latents, pair, [zeros] * latents.count))

    def natural(u: Any) -> Floats:
        rows = np.array(model.prior.evaluate(np.asarray(u)))
        rows[:, columns] = 0.0
        return rows

    return Prior(list(families), natural, u=model.prior.domain)


def _mixing(model: Any, pair: Sequence[int], quantiles: Sequence[Quantile]) -> Any:
    """f after undoing the rotation and the distribution functions."""
    if model.mixing is None:
        return None
    mixing = model.mixing
    i, j = pair

    def composed(z: NDArray[Any]) -> Floats:
        moved = np.array(z, dtype=float)
        a, b = moved[:, i].copy(), moved[:, j].copy()
        t = a * a + b * b
        cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        moved[:, i] = quantiles[0](cosine * a + sine * b)
        moved[:, j] = quantiles[1](cosine * b - sine * a)
        return np.asarray(mixing.evaluate(moved), dtype=np.float64)

    return evaluated(mixing, composed)


def _quantiles(model: Any, pair: Sequence[int]) -> list[Quantile] | None:
    """``F^-1 o Phi`` of both latents, tabulated; ``None`` where the density does not integrate numerically."""
    from ivae_theory.families.numeric import Density

    places = _columns(model.prior.ks)
    found: list[Quantile] = []
    for latent in pair:
        natural = _natural(model, places[latent])
        if natural is None:
            return None
        try:
            found.append(Density(model.prior.families[latent], natural).from_gaussian)
        except NaturalParameterError:
            return None
    return found


def _natural(model: Any, places: Sequence[int]) -> Floats | None:
    """The natural parameters of one latent, which are the same at every u, as floats."""
    from ivae_theory.domain import SymbolicDomain
    from ivae_theory.model.symbolic_range import sample_points

    prior = model.prior
    if not isinstance(prior.domain, SymbolicDomain):
        first = np.zeros(1) if prior.describe()["natural"]["kind"] == "table" else prior.domain.values[:1]
        return np.asarray(prior.evaluate(first)[0, list(places)], dtype=np.float64)
    for point in sample_points(dict(prior.domain.sets)):
        where = {symbol: sympy.Rational(v.numerator, v.denominator) for symbol, v in point.items()}
        values = [sympy.N(prior.natural.matrix[place].xreplace(where)) for place in places]
        if all(value.is_real and value.is_finite for value in values):
            return np.array(values, dtype=np.float64)
    return None
