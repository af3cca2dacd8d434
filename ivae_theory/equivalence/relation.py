"""``equivalent``: Proposition 1's relation for two models that are known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.arguments import require_seed
from ivae_theory.assumed import SAME_IMAGE
from ivae_theory.certificates.transitions import (
    Side,
    injective_by_rank,
    is_map,
    is_relation,
    is_transition,
    leaves_image,
    nonzero_minor,
    read_side,
)
from ivae_theory.enclosure.precision import precision
from ivae_theory.enclosure.turn import turn
from ivae_theory.equivalence.invert import affine_normals, transitions
from ivae_theory.equivalence.numbers import guess_exact, relations, sample_points, table
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import fraction_text, to_text
from ivae_theory.hypotheses.injectivity import check_injective
from ivae_theory.verdict import Grade, Status, Verdict

__all__ = ["CLAIM", "equivalent"]

CLAIM = "equivalence"
BITS = 256
INJECTIVE = "f and f' are injective on their supports (theorem1.injective decides that)"


@turn()
def equivalent(model_a: Any, model_b: Any, *, seed: int = 0) -> Verdict:
    """Whether ``theta ~ theta'`` (Eq. 12): ``T~(f^-1(x)) = A T~'(f'^-1(x)) + c`` with A invertible, on a common image.

    HOLDS with the map as certificate (``verdict.evidence["A"]``, ``["c"]``: identities of functions, verified). FAILS
    with points as witness: at more than ``nk + 1`` of them ``[1 Y Y']`` has a rank that ``span{1, T~}`` cannot have
    (equality at points proves nothing, and a pseudo-inverse would return a singular A); or with a point of one image
    that is not in the other. UNDECIDED otherwise.

    Parameters
    ----------
    model_a, model_b
        Models with statistics and mixing functions given by formulas. Noise and lambda do not enter Eq. (12).
    seed
        Of the points that are tried.

    Raises
    ------
    InputError
        For mixing functions that are callables (trained networks): :func:`ivae_theory.recover_models` compares those.
    """
    seed = require_seed(seed)
    for model, argument in ((model_a, "model_a"), (model_b, "model_b")):
        if not hasattr(model, "prior") or not hasattr(model, "mixing"):
            raise InputTypeError(argument, "a Model", type(model).__name__)
        _refuse_trained(model, argument)
    sizes = _different_sizes(model_a, model_b)
    if sizes is not None:
        return sizes
    models: dict[str, Any] = {}
    for model, key in ((model_a, "a"), (model_b, "b")):
        found = _formulas(model)
        if isinstance(found, str):
            return Verdict.unknown(CLAIM, f"In model_{key}: {found}.", evidence={"kind": "tried"})
        models[key] = found
    with precision(BITS):
        sides = read_side(models["a"], "z"), read_side(models["b"], "w")
        assumed: tuple[str, ...] = ()
        for model, side, key in zip((model_a, model_b), sides, "ab", strict=True):
            injective = Status.HOLDS if injective_by_rank(side) else check_injective(model, seed).status
            if injective is Status.FAILS:
                reason = f"In model_{key} f is not injective, so that f^-1 does not exist and Eq. (12) says nothing."
                return Verdict.unknown(CLAIM, reason, evidence={"kind": "tried"})
            if injective is Status.UNDECIDED:
                assumed = (INJECTIVE,)
        return _decide(models, *sides, assumed, seed)


def _refuse_trained(model: Any, argument: str) -> None:
    mixing = getattr(model.mixing, "inner", None) or model.mixing
    if mixing is not None and hasattr(mixing, "function") and not hasattr(mixing, "matrix"):
        raise InputError(
            argument,
            "a mixing function given by formulas (recover_models(model_a, model_b, x, u) compares trained models)",
            "a callable",
        )


def _different_sizes(model_a: Any, model_b: Any) -> Verdict | None:
    for name, a, b in (
        ("nk", model_a.prior.size, model_b.prior.size),
        ("d", model_a.d, model_b.d),
    ):
        if a is not None and b is not None and a != b:
            what = "A would have to be square" if name == "nk" else "the images lie in different spaces"
            return Verdict.fail(
                CLAIM,
                Grade.EXACT,
                f"Not equivalent: {name} is {a} and {b}, and {what}.",
                evidence={
                    "kind": "equivalence.sizes",
                    "name": name,
                    "a": int(a),
                    "b": int(b),
                    **_digests(model_a, model_b),
                },
            )
    return None


def _digests(model_a: Any, model_b: Any) -> dict[str, Any]:
    return {"digests": [model_a.digest, model_b.digest]}


def _formulas(model: Any) -> dict[str, Any] | str:
    """What the certificate says about a model, or why it cannot be decided."""
    mixing = getattr(model.mixing, "inner", None) or model.mixing
    if mixing is None or not hasattr(mixing, "matrix"):
        return "the mixing function f is not given, so that f^-1 is unknown; give it as sympy expressions"
    if any(family.statistics is None for family in model.prior.families):
        return "some statistics are callables without a formula; give them as sympy expressions"
    return {
        "digest": model.digest,
        "families": [family.describe() for family in model.prior.families],
        "mixing": {
            "symbols": [symbol.name for symbol in mixing.symbols],
            "expressions": [to_text(entry) for entry in mixing.matrix],
        },
    }


def _decide(models: dict[str, Any], a: Side, b: Side, assumed: tuple[str, ...], seed: int) -> Verdict:
    h = next((h for h in transitions(a, b) if is_transition(a, b, h)), None)
    g = next((g for g in transitions(b, a) if is_transition(b, a, g)), None)
    if h is None or g is None:
        left = _image_witness(models, a, b, seed)
        if left is not None:
            return left
    if h is None:
        reason = (
            "No formula for f'^-1 o f was found that maps one support into the other, so that the statistics cannot be "
            "compared."
        )
        return Verdict.unknown(CLAIM, reason, evidence={"kind": "tried", "points": 0})
    evidence: dict[str, Any] = {"models": models, "h": [to_text(entry) for entry in h]}
    evidence["g"] = None if g is None else [to_text(entry) for entry in g]
    found = _same_spaces(evidence, a, b, h, g, assumed, seed)
    if found is None:
        found = _different_spaces(evidence, a, b, h, assumed, seed)
    if found is not None:
        return found
    return Verdict.unknown(
        CLAIM,
        "Neither an affine map that is an identity of functions nor a certified difference of the function spaces was "
        "found.",
        evidence={"kind": "tried", "points": 4 * (len(a.stacked) + 2)},
    )


# -- equality


def _same_spaces(
    evidence: dict[str, Any], a: Side, b: Side, h: Any, g: Any, assumed: tuple[str, ...], seed: int
) -> Verdict | None:
    found = _affine_map(a, b, h, seed)
    if found is None:
        return None
    A, c = found
    if not is_map(a, b, h, A, c):
        return None
    grade = Grade.EXACT if g is not None else Grade.ASSUMED
    image = "the images are the same" if g is not None else "on f(Z), which lies in f'(Z')"
    return Verdict.hold(
        CLAIM,
        grade,
        f"Equivalent: T~(f^-1(x)) = A T~'(f'^-1(x)) + c is an identity with det A not 0; {image}.",
        evidence={
            "kind": "equivalence.map",
            **evidence,
            "A": [[to_text(A[i, j]) for j in range(A.cols)] for i in range(A.rows)],
            "c": [to_text(entry) for entry in c],
        },
        assumes=assumed if g is not None else (*assumed, SAME_IMAGE),
    )


def _affine_map(a: Side, b: Side, h: Any, seed: int) -> tuple[sympy.Matrix, sympy.Matrix] | None:
    """Candidates for A and c from values at points; where statistics leave a choice, A is invertible."""
    own, other = a.stacked, b.at(b.stacked, h)
    size = len(own)
    points = sample_points(a, 2 * size + 6, seed)
    values = table([*other, *own], a, points)
    if values is None or len(points) < size + 2:
        return None
    pivots, dependent = relations(values)
    if any(pivot > size for pivot in pivots):
        return None  # some T_i is no combination of 1, T'
    columns = [j for j in range(values.cols) if j not in pivots]
    exact = [[guess_exact(value) for value in column] for column in dependent]
    if any(value is None for column in exact for value in column):
        return None
    A, c = sympy.zeros(size, size), sympy.zeros(size, 1)
    free: list[sympy.Matrix] = []
    for column, coefficients in zip(columns, exact, strict=True):
        row = sympy.zeros(1, size + 1)
        for pivot, value in zip(pivots, coefficients, strict=True):
            row[pivot] = value
        if column > size:
            c[column - size - 1] = row[0]
            A[column - size - 1, :] = row[0, 1:]
        else:  # T'_column is a combination of the others: adding multiples of the relation changes nothing
            row[column] -= 1
            free.append(row)
    return _make_invertible(A, c, free)


def _make_invertible(A: sympy.Matrix, c: sympy.Matrix, free: list[sympy.Matrix]) -> tuple[sympy.Matrix, sympy.Matrix]:
    for shift in range(1, 4):
        if not free or A.det() != 0:
            break
        for k, row in enumerate(free):
            weights = sympy.Matrix([((i + 2) ** (k + shift)) % 7 - 3 for i in range(A.rows)])
            A = A + weights * row[0, 1:]
            c = c + weights * row[0]
    return A, c


# -- inequality


def _different_spaces(
    evidence: dict[str, Any], a: Side, b: Side, h: Any, assumed: tuple[str, ...], seed: int
) -> Verdict | None:
    own, other = a.stacked, b.at(b.stacked, h)
    functions = [*own, *other]
    points = sample_points(a, 4 * (len(own) + 2), seed + 1)
    values = table(functions, a, points)
    if values is None:
        return None
    pivots, _ = relations(values)
    for name, side, count in (("a", a, len(own)), ("b", b, len(other))):
        dependencies = _dependencies(side, seed)
        if len(pivots) <= 1 + count - len(dependencies):
            continue
        chosen = pivots[: 2 + count - len(dependencies)]
        rows = _independent_rows(values, chosen)
        if rows is None or not nonzero_minor(a, functions, chosen, [points[i] for i in rows]):
            continue
        bound = 1 + count - len(dependencies)
        return Verdict.fail(
            CLAIM,
            Grade.CERTIFIED,
            f"Not equivalent: at {len(rows)} points of the common image [1 Y Y'] has rank {len(rows)}, while "
            f"span{{1, T{'' if name == 'a' else chr(39)}}} has dimension at most {bound}.",
            evidence={
                "kind": "equivalence.rank",
                **evidence,
                "side": name,
                "relations": [[fraction_text(w) for w in relation] for relation in dependencies],
                "columns": list(chosen),
                "points": [[fraction_text(value) for value in points[i]] for i in rows],
            },
            assumes=assumed,
        )
    return None


def _dependencies(side: Side, seed: int) -> list[list[Fraction]]:
    """Independent relations ``w_0 + w . T = 0`` among the statistics, each verified as an identity."""
    points = sample_points(side, 2 * len(side.stacked) + 6, seed + 2)
    values = table(side.stacked, side, points)
    if values is None:
        return []
    pivots, dependent = relations(values)
    columns = [j for j in range(values.cols) if j not in pivots]
    found = []
    for column, coefficients in zip(columns, dependent, strict=True):
        exact = [guess_exact(value) for value in coefficients]
        if not all(value is not None and value.is_Rational for value in exact):
            continue
        weights = [Fraction(0)] * values.cols
        weights[column] = Fraction(-1)
        for pivot, value in zip(pivots, exact, strict=True):
            assert value is not None
            weights[pivot] = Fraction(int(value.p), int(value.q))
        if is_relation(side, weights):
            found.append(weights)
    return found


def _independent_rows(values: Any, columns: Sequence[int]) -> list[int] | None:
    """Rows at which the chosen columns have a minor that is not zero, numerically."""
    import mpmath

    chosen = mpmath.matrix([[values[i, j] for i in range(values.rows)] for j in columns])
    pivots, _ = relations(chosen)
    return pivots if len(pivots) == len(columns) else None


def _image_witness(models: dict[str, Any], a: Side, b: Side, seed: int) -> Verdict | None:
    """A point of one image near which the other has none: some ``w . f(z)`` that ``w . f'`` never takes."""
    for first, second, order in ((a, b, "ab"), (b, a, "ba")):
        points = sample_points(first, 40, seed + 3) + _far_points(first)
        for weights, reduced in _functionals(second):
            for point in points:
                if not leaves_image(first, second, weights, point, reduced):
                    continue
                return Verdict.fail(
                    CLAIM,
                    Grade.CERTIFIED,
                    f"Not equivalent: the images differ; f{'' if order == 'ab' else chr(39)}(z) at z = "
                    f"({', '.join(map(str, point))}) is not in the image of the other model.",
                    evidence={
                        "kind": "equivalence.images",
                        "models": models,
                        "order": order,
                        "weights": [fraction_text(w) for w in weights],
                        "reduced": to_text(reduced),
                        "point": [fraction_text(value) for value in point],
                    },
                )
    return None


def _far_points(side: Side) -> list[tuple[Fraction, ...]]:
    """Points further out than the sample, where the support reaches there."""
    from ivae_theory.certificates.transitions import inside_support

    scales = (Fraction(1, 1000), Fraction(10), Fraction(1000))
    points = [tuple(sign * scale for _ in side.symbols) for scale in scales for sign in (1, -1)]
    return [point for point in points if inside_support(side, point)]


def _functionals(side: Side) -> list[tuple[list[Fraction], sympy.Expr]]:
    """Coordinates that depend on one latent at most, and normals of an affine image."""
    found = []
    for j, entry in enumerate(side.mixing):
        reduced = sympy.expand(entry)
        if len(reduced.free_symbols) <= 1:
            found.append(([Fraction(int(i == j)) for i in range(len(side.mixing))], entry))
    for normal in affine_normals(side):
        weights = [Fraction(int(value.p), int(value.q)) for value in normal]
        reduced = sympy.expand(sum(w * f for w, f in zip(normal, side.mixing, strict=True)))
        found.append((weights, reduced))
    return found
