"""``equivalent``: a table of pairs whose truth is known, and what the certificates are worth."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ivae_theory import (
    AffineMap,
    ExponentialFamily,
    Model,
    Noise,
    Prior,
    Status,
    assume_injective,
    check,
    equivalent,
    recheck,
)
from ivae_theory.equivalence.document import to_dict
from ivae_theory.errors import CorruptReport, InputError, InputTypeError
from ivae_theory.verdict import Grade, seal

Z1, Z2, Z3 = sympy.symbols("z1 z2 z3", real=True)
Z = sympy.Symbol("z", real=True)
QUARTIC, GAUSS = sympy.exp(-(Z**4)), sympy.exp(-(Z**2))
UNIT, HALF = (0, 1), (0, sympy.oo)
RELU = sympy.Max(Z, 0)
HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED


def model(
    T: Any, f: Sequence[Any], *, support: Any = sympy.Reals, Q: Any = QUARTIC, n: int | None = None, mixing: Any = None
) -> Model:
    """A model with small negative natural parameters; noise and lambda do not enter Eq. (12)."""
    family = ExponentialFamily(T, support=support, base_measure=Q)
    symbols = (Z1, Z2, Z3)[: n or len(f)]
    size = len(symbols) * family.k
    table = -np.arange(1, size * (size + 2) + 1).reshape(size + 2, len(symbols), family.k) / 64
    return Model(Prior(family, table), noise=Noise.none(), mixing=(symbols, list(f)) if mixing is None else mixing)


@dataclass(frozen=True)
class Pair:
    """Two models, and whether they are equivalent."""

    id: str
    a: Callable[[], Model]
    b: Callable[[], Model]
    expected: Status
    because: str


def _sq(*f: Any, **options: Any) -> Callable[[], Model]:
    return lambda: model([Z**2], f, **options)


def _id(*f: Any, **options: Any) -> Callable[[], Model]:
    return lambda: model([Z], f, **options)


PAIRS = [
    Pair("same", _sq(Z1, Z2), _sq(Z1, Z2), HOLDS, "A = I"),
    Pair("scaled", _sq(Z1, Z2), _sq(2 * Z1, -3 * Z2), HOLDS, "z = (2 w1, -3 w2), so A = diag(4, 9)"),
    Pair("swapped", _sq(Z1, Z2), _sq(Z2, Z1), HOLDS, "a permutation"),
    Pair("shifted", _sq(Z1, Z2), _sq(Z1 + 1, Z2), FAILS, "(w + 1)^2 has a linear term that span{1, w^2} lacks"),
    Pair("rotated squares", _sq(Z1, Z2), _sq(Z1 + Z2, Z1 - Z2), FAILS, "a cross term w1 w2 appears"),
    Pair("rotated T = z", _id(Z1, Z2, Q=GAUSS), _id(Z1 + Z2, Z1 - Z2, Q=GAUSS), HOLDS, "A is the rotation"),
    Pair(
        "theory: (z, 2z) and (z, z^3)",
        lambda: model([Z, 2 * Z], [Z1]),
        lambda: model([Z, Z**3], [Z1]),
        FAILS,
        "the only A is [[1,0],[2,0]], singular: the spans are {1, z} and {1, z, z^3}",
    ),
    Pair(
        "(z, z^3) and (z, 2z)",
        lambda: model([Z, Z**3], [Z1]),
        lambda: model([Z, 2 * Z], [Z1]),
        FAILS,
        "the relation is symmetric",
    ),
    Pair(
        "(z, 2z) and (z, 3z)",
        lambda: model([Z, 2 * Z], [Z1]),
        lambda: model([Z, 3 * Z], [Z1]),
        HOLDS,
        "equal spans; an invertible A exists although a pseudo-inverse gives a singular one",
    ),
    Pair(
        "theory: (z, z + relu^2) and (z, relu^2)",
        lambda: model([Z, Z + RELU**2], [Z1]),
        lambda: model([Z, RELU**2], [Z1]),
        HOLDS,
        "A = [[1,0],[1,1]]",
    ),
    Pair(
        "Proposition 1, images", _id(Z1, support=UNIT), _id(Z1 + 2, support=UNIT), FAILS, "(0,1) and (2,3) are disjoint"
    ),
    Pair(
        "Proposition 1, z and z^2", _id(Z1, support=UNIT), _id(Z1**2, support=UNIT), FAILS, "sqrt(x) is not affine in x"
    ),
    Pair("overlapping images", _id(Z1, support=UNIT), _id(2 * Z1, support=UNIT), FAILS, "(0,1) is not (0,2)"),
    Pair("nested", _id(Z1, support=(0, 2)), _id(2 * Z1, support=UNIT), HOLDS, "both images are (0,2)"),
    Pair(
        "nested by thirds",
        _id(Z1, support=(sympy.Rational(1, 3), 1)),
        _id(Z1 / 3, support=(1, 3)),
        HOLDS,
        "end points that are no floats",
    ),
    Pair(
        "only closures differ",
        _id(Z1, support=sympy.Interval(0, 1)),
        _id(Z1, support=UNIT),
        HOLDS,
        "null sets do not count",
    ),
    Pair(
        "square root",
        _sq(Z1, support=UNIT),
        lambda: model([Z], [sympy.sqrt(Z1)], support=UNIT),
        HOLDS,
        "z = sqrt(w), so T(z) = z^2 = w",
    ),
    Pair(
        "exp and log",
        _id(sympy.exp(Z1)),
        lambda: model([sympy.log(Z)], [Z1], support=HALF, Q=sympy.exp(-Z - 1 / Z)),
        HOLDS,
        "log(exp(z)) = z; images (0, oo)",
    ),
    Pair("exp is not onto", _id(Z1), _id(sympy.exp(Z1)), FAILS, "x = -1 is not in (0, oo)"),
    Pair(
        "different planes",
        _sq(Z1, Z2, Z1 + Z2, n=2),
        _sq(Z1, Z2, Z1 - Z2, n=2),
        FAILS,
        "planes x3 = x1 + x2 and x3 = x1 - x2",
    ),
    Pair("same plane", _sq(Z1, Z2, Z1 + Z2, n=2), _sq(2 * Z1, Z2, 2 * Z1 + Z2, n=2), HOLDS, "A = diag(4, 1)"),
    Pair("triangular", _sq(Z1, Z2 + Z1**2), _sq(Z1, 2 * Z2 + Z1**2), HOLDS, "w2 = z2 / 2"),
    Pair(
        "triangular, bent",
        _sq(Z1, Z2 + Z1**2),
        _sq(Z1, Z2 + 2 * Z1**2),
        FAILS,
        "w2 = z2 - z1^2, so w2^2 has cross terms",
    ),
    Pair("through exp", _sq(sympy.exp(Z1), Z2), _sq(sympy.exp(2 * Z1), Z2), HOLDS, "w1 = z1 / 2"),
    Pair("through sinh", _sq(sympy.sinh(Z1 + Z2), Z2), _sq(sympy.sinh(3 * Z1 + Z2), Z2), HOLDS, "w1 = z1 / 3"),
    Pair("through sinh, mixed", _sq(sympy.sinh(Z1 + Z2), Z2), _sq(sympy.sinh(Z1 - Z2), Z2), FAILS, "w1 = z1 + 2 z2"),
    Pair(
        "latents in another order", _sq(Z1 + Z2**3, Z2), _sq(Z2 + Z1**3, Z1), HOLDS, "the roles of z1 and z2 exchanged"
    ),
    Pair(
        "tiny difference", _id(Z1), lambda: model([Z + sympy.Rational(1, 10**30) * Z**2], [Z1]), FAILS, "z^2 is there"
    ),
    Pair("three latents", _sq(Z1, Z2, Z3), _sq(Z3, 5 * Z1, Z2 / 7), HOLDS, "a scaled permutation"),
    Pair(
        "irrational scale",
        _sq(Z1),
        lambda: model([Z**2], [sympy.root(2, 4) * Z1]),
        HOLDS,
        "z = 2^(1/4) w, so A = sqrt(2)",
    ),
    Pair("nk differs", _sq(Z1), lambda: model([Z, Z**2], [Z1]), FAILS, "A would not be square"),
    Pair("d differs", _sq(Z1, Z2), _sq(Z1, Z2, Z1, n=2), FAILS, "the images lie in different spaces"),
    Pair("floats", _id(0.1 * Z1), _id(0.3 * Z1), HOLDS, "a ratio of two floats is rational"),
    Pair("through a branch", _id(Z1**2, support=(-1, 0)), _id(Z1**2, support=UNIT), HOLDS, "w = -z, not w = z"),
    Pair("f is not injective", _id(Z1**2), _id(Z1**2), UNDECIDED, "f^-1 does not exist on the line"),
    Pair("no f", _sq(Z1), lambda: model([Z**2], [0], mixing=assume_injective(1)), UNDECIDED, "f is only vouched for"),
    Pair(
        "black box T",
        _sq(Z1),
        lambda: Model(
            Prior(ExponentialFamily(lambda z: z**2), np.array([[-1.0], [-2.0]])),
            noise=Noise.none(),
            mixing=([Z1], [Z1]),
        ),
        UNDECIDED,
        "no formula",
    ),
]


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.id for pair in PAIRS])
def test_pairs(pair: Pair) -> None:
    a, b = pair.a(), pair.b()
    verdict = equivalent(a, b)
    assert verdict.status is pair.expected, f"{verdict}; {pair.because}"
    document = json.loads(json.dumps(to_dict(verdict, a, b)))
    result = recheck(copy.deepcopy(document))
    assert result.status is pair.expected
    if not verdict.undecided:
        assert recheck(document, a).bound
        assert recheck(document, b).bound
        with pytest.raises(CorruptReport):
            recheck(document, model([Z**2], [Z1 + 17, Z2]))


@pytest.mark.parametrize("pair", [p for p in PAIRS if p.expected is HOLDS], ids=lambda pair: pair.id)
def test_the_map_of_the_certificate_maps_the_statistics(pair: Pair) -> None:
    """On data: both models' statistics at the same x, through numbers only."""
    a, b = pair.a(), pair.b()
    evidence = equivalent(a, b).evidence
    A = np.array([[float(sympy.sympify(v)) for v in row] for row in evidence["A"]])
    c = np.array([float(sympy.sympify(v)) for v in evidence["c"]])
    names = sympy.symbols([f"z{i + 1}" for i in range(a.n)])
    h = sympy.lambdify(names, [sympy.sympify(text) for text in evidence["h"]])
    z = a.prior.sample(np.zeros(50, dtype=int), np.random.default_rng(0))
    w = np.stack([np.broadcast_to(column, 50) for column in h(*z.T)], axis=1)
    np.testing.assert_allclose(a.mixing.evaluate(z), b.mixing.evaluate(w), rtol=1e-8, atol=1e-9)
    T, other = (
        np.concatenate([family.evaluate(values[:, i]) for i, family in enumerate(m.prior.families)], axis=1)
        for m, values in ((a, z), (b, w))
    )
    np.testing.assert_allclose(T, other @ A.T + c, rtol=1e-7, atol=1e-8)


def test_grades() -> None:
    assert equivalent(model([Z**2], [Z1]), model([Z**2], [2 * Z1])).grade is Grade.EXACT
    assert equivalent(model([Z**2], [Z1, Z2]), model([Z**2], [Z1 + Z2, Z1 - Z2])).grade is Grade.CERTIFIED


def test_trained_models_are_pointed_to_recover_models() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    known = model([Z**2], [Z1, Z2])
    trained = model([Z**2], [0, 0], mixing=torch.nn.Linear(2, 2))
    for pair in ((known, trained), (trained, known), (trained, trained)):
        with pytest.raises(InputError, match="recover_models"):
            equivalent(*pair)
    with pytest.raises(InputTypeError, match="model_b"):
        equivalent(known, "model")


# -- the action, and the relation's laws


@st.composite
def scaled_permutations(draw: st.DrawFn) -> AffineMap:
    order = draw(st.permutations(range(2)))
    scales = [draw(st.fractions(-4, 4, max_denominator=5).filter(bool)) for _ in range(2)]
    rows = [[scales[i] if order[i] == j else Fraction(0) for j in range(2)] for i in range(2)]
    return AffineMap(rows, [draw(st.fractions(-3, 3, max_denominator=3)) for _ in range(2)])


@given(first=scaled_permutations(), second=scaled_permutations())
@settings(max_examples=5, deadline=None)
def test_proposition_1_is_the_group_laws(first: AffineMap, second: AffineMap) -> None:
    theta = model([Z**2], [Z1, Z2 + sympy.sinh(Z1)])
    one = first.apply(theta)
    two = second.apply(one)
    assert _found(theta, one).isclose(first)
    assert _found(one, theta).isclose(first.inverse())
    assert _found(theta, two).isclose(first @ second)
    assert _found(theta, theta).isclose(AffineMap.identity(2))


def _found(a: Model, b: Model) -> AffineMap:
    verdict = equivalent(a, b)
    assert verdict.holds
    rows = [[sympy.Rational(entry) for entry in row] for row in verdict.evidence["A"]]
    return AffineMap(rows, [sympy.Rational(entry) for entry in verdict.evidence["c"]])


@given(map_=scaled_permutations())
@settings(max_examples=5, deadline=None)
def test_the_action_keeps_the_law_of_x(map_: AffineMap) -> None:
    theta = model([Z**2], [Z1 + Z2, Z2 - Z1])
    other = map_.apply(theta)
    z = np.random.default_rng(0).standard_normal((20, 2))
    order = [int(np.flatnonzero([value != 0 for value in row])[0]) for row in map_.A]
    moved = np.empty_like(z)
    moved[:, order] = z
    np.testing.assert_allclose(theta.mixing.evaluate(z), other.mixing.evaluate(moved))
    for u in range(3):
        label = np.full(20, u)
        np.testing.assert_allclose(theta.prior.log_density(z, label), other.prior.log_density(moved, label), atol=1e-6)


def test_the_action_on_blocks() -> None:
    family = ExponentialFamily([Z, Z**2], base_measure=QUARTIC)
    theta = Model(
        Prior(family, np.ones((3, 2, 2)) * [[[1.0]], [[2.0]], [[3.0]]]), noise=Noise.none(), mixing=[Z1, Z1 + Z2]
    )
    map_ = AffineMap([[0, 0, 1, 2], [0, 0, 0, 3], [1, 0, 0, 0], [1, 1, 0, 0]], [1, 2, 3, 4])
    assert _found(theta, map_.apply(theta)).isclose(map_)


@pytest.mark.parametrize("table", [{"error": 0.5}, {"dtype": np.float32}], ids=["declared", "float32"])
@pytest.mark.parametrize("map_", [AffineMap.identity(2), AffineMap([[0, 1], [1000, 0]]), AffineMap(np.eye(2))])
def test_natural_parameters_are_no_better_known_after_a_map(table: dict[str, Any], map_: AffineMap) -> None:
    """Of float32 numbers whose differences are their rounding, and of declared errors, no full rank is proved."""
    values = -np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]])
    if "dtype" in table:
        values = (-1 - np.array([[0, 0], [1, 0], [0, 1]]) * 2.0**-22).astype(np.float32)
    prior = Prior(ExponentialFamily(Z**2), values, error=table.get("error"))
    theta = Model(prior, noise=Noise.gaussian(1), mixing=[Z1, Z2])
    assert check(theta)["theorem1.iii"].undecided
    assert check(map_.apply(theta))["theorem1.iii"].undecided


@pytest.mark.parametrize("kind", [float, Fraction])
def test_maps_with_roots_act_on_every_table(kind: Any) -> None:
    theta = Model(
        Prior(ExponentialFamily(Z**2), [[kind(-1), kind(-2)], [kind(-2), kind(-1)], [kind(-3), kind(-3)]]),
        noise=Noise.none(),
        mixing=[Z1, Z2],
    )
    moved = AffineMap([[0, sympy.sqrt(2)], [sympy.pi, 0]]).apply(theta)
    expected = [[-2 * np.pi, -np.sqrt(2)], [-np.pi, -2 * np.sqrt(2)], [-3 * np.pi, -3 * np.sqrt(2)]]
    np.testing.assert_allclose(moved.prior.natural.values, expected)
    assert check(moved)["theorem1.iii"].status is check(theta)["theorem1.iii"].status


def test_a_map_beyond_the_floats_is_one_error() -> None:
    theta = Model(Prior(ExponentialFamily(Z**2), -np.ones((2, 1))), noise=Noise.none(), mixing=[Z1])
    with pytest.raises(InputError, match="below"):
        AffineMap([[10**400]]).apply(theta)


@pytest.mark.parametrize(
    ("map_", "message"),
    [
        (AffineMap([[1, 1], [0, 1]]), "block permutation"),
        (AffineMap([[1, 0], [1, 0]]), "block permutation"),
        (AffineMap.identity(3), "a map of 2 statistics"),
    ],
)
def test_the_action_is_defined_for_block_permutations(map_: AffineMap, message: str) -> None:
    with pytest.raises(InputError, match=message):
        map_.apply(model([Z**2], [Z1, Z2]))


@given(
    entries=st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    statistic=st.sampled_from([Z, Z**2, Z**3, Z + Z**3, sympy.exp(Z / 2)]),
)
@settings(max_examples=20, deadline=None)
def test_linear_mixings_against_linear_algebra(entries: list[int], statistic: sympy.Expr) -> None:
    """For T = z any invertible W is equivalent; for the others exactly when W allows it, by polynomial arithmetic."""
    W = np.array(entries).reshape(2, 2)
    assume(round(np.linalg.det(W)) != 0)
    a, b = model([statistic], [Z1, Z2]), model([statistic], list(W @ np.array([Z1, Z2])))
    monomial = (np.count_nonzero(W, axis=1) == 1).all()
    homogeneous = statistic in (Z, Z**2, Z**3)
    if statistic == Z or (monomial and homogeneous):
        expected = HOLDS
    elif not monomial:
        expected = FAILS
    else:  # z + z^3 keeps its form under sign changes only; exp(z/2) under no scaling but 1
        sizes = set(np.abs(W[W != 0]))
        signs = set(np.sign(W[W != 0]))
        odd = statistic == Z + Z**3
        expected = HOLDS if sizes == {1} and (odd or signs == {1}) else FAILS
    assert equivalent(a, b).status is expected


# -- changed certificates


def _holding() -> tuple[Model, Model]:
    return model([Z**2], [Z1, Z2]), model([Z**2], [2 * Z1, 3 * Z2])


def _failing() -> tuple[Model, Model]:
    return model([Z**2], [Z1, Z2]), model([Z**2], [Z1 + Z2, Z1 - Z2])


def _apart() -> tuple[Model, Model]:
    return model([Z], [Z1], support=UNIT), model([Z], [Z1 + 2], support=UNIT)


CHANGES: list[tuple[Callable[[], tuple[Model, Model]], dict[str, Any]]] = [
    (_holding, {"A": [["5", "0"], ["0", "9"]]}),
    (_holding, {"A": [["4", "0"], ["0", "0"]]}),
    (_holding, {"c": ["1", "0"]}),
    (_holding, {"h": ["z1", "z2"]}),
    (_holding, {"g": ["w1", "w2"]}),
    (_holding, {"g": None}),
    (_failing, {"points": [["0", "0"]] * 4}),
    (_failing, {"columns": [0, 1, 2]}),
    (_failing, {"columns": [0, 1, 2, 2]}),
    (_failing, {"relations": [["0", "1", "0"]]}),
    (_failing, {"h": ["z1", "z2"]}),
    (_failing, {"side": "c"}),
    (_apart, {"point": ["5"]}),
    (_apart, {"weights": ["0"]}),
    (_apart, {"reduced": "0"}),
    (_apart, {"order": "aa"}),
]


@pytest.mark.parametrize(("pair", "change"), CHANGES, ids=[f"{p.__name__}-{next(iter(c))}" for p, c in CHANGES])
def test_changed_certificates_are_refused(pair: Callable[[], tuple[Model, Model]], change: dict[str, Any]) -> None:
    a, b = pair()
    document = json.loads(json.dumps(to_dict(equivalent(a, b), a, b)))
    document["verdict"]["evidence"].update(change)
    document["seal"] = seal(document)
    with pytest.raises(CorruptReport):
        recheck(document)


@pytest.mark.parametrize("place", ["a", "b"])
def test_numbers_that_differ_are_those_of_the_models(place: str) -> None:
    a, b = model([Z**2], [Z1]), model([Z**2], [2 * Z1])
    two = model([Z**2], [Z1, Z2])
    document = json.loads(json.dumps(to_dict(equivalent(a, two), a, two)))
    for one in (a, two):
        assert recheck(document, one).bound
    named = [a.digest, b.digest]
    forged = {"subject": to_dict(equivalent(a, b), a, b)["subject"], "verdict": document["verdict"]}
    forged["verdict"]["evidence"] |= {"digests": named, "a": 1, "b": 1, place: 2}
    document |= forged
    document["seal"] = seal(document)
    with pytest.raises(CorruptReport, match="own"):
        recheck(document, a if place == "a" else b)


@pytest.mark.parametrize("name", ["models", "digest"])
def test_the_subject_names_the_models_of_the_certificate(name: str) -> None:
    """Otherwise a certificate about two models would be shown as one about two others."""
    a, b, other = model([Z**2], [Z1]), model([Z**2], [2 * Z1]), model([Z**3], [Z1])
    document = json.loads(json.dumps(to_dict(equivalent(a, b), a, b)))
    assert recheck(document, a).bound
    document["subject"][name] = to_dict(equivalent(a, other), a, other)["subject"][name]
    document["seal"] = seal(document)
    with pytest.raises(CorruptReport):
        recheck(document)
