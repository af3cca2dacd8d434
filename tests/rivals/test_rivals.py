"""Rivals: found where a construction covers the model, verified from JSON, and against sampling and quadrature."""

from __future__ import annotations

import copy
import json
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from ivae_theory import families
from ivae_theory.certificates import rivals as rechecker
from ivae_theory.certificates import rivals_factorial  # noqa: F401  registers
from ivae_theory.certificates.registry import InvalidCertificate, recheck_evidence
from ivae_theory.domain import Observed
from ivae_theory.errors import InputTypeError
from ivae_theory.families import ExponentialFamily
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Discrete, Noise
from ivae_theory.rivals import Rival, rival

z, u = sympy.symbols("z u", real=True)
z1, z2, z3 = sympy.symbols("z1:4", real=True)
SQUARE, LINE, BOTH = families.gaussian_scale(), families.gaussian_location(), families.gaussian()
NOISE = Noise.gaussian(F(1, 10))
BENT = sympy.Matrix([z1 + z2**3, z2])
LOGISTIC = ExponentialFamily([z], base_measure=(1 + sympy.exp(z)) ** -2)


def squares(rows: Any, **options: Any) -> Model:
    """Two Gaussian latents with T = z**2."""
    return Model(Prior(SQUARE, rows), noise=options.get("noise", NOISE), mixing=options.get("mixing", BENT))


def squares_of(*entries: Any) -> Model:
    """Two Gaussian latents with T = z**2 and natural parameters that are formulas of u."""
    return Model(Prior([SQUARE, SQUARE], sympy.Matrix(entries), [u]), noise=NOISE, mixing=BENT)


def from_theory() -> Model:
    """Section 5: W = I, sigma**2 = 1 learned, variances (t + 1, 2 t + 1)."""
    rows = [[F(-1, 2) / (t + 1), F(-1, 2) / (2 * t + 1)] for t in (1, 2, 3)]
    return squares(rows, noise=Noise.gaussian(1, learned=True), mixing=sympy.Matrix([z1, z2]))


COVERED = {
    "proportional": (lambda: squares([[F(-1, 2), F(-1, 4)], [-1, F(-1, 2)], [-3, F(-3, 2)]]), "equivalence"),
    "isotropic": (lambda: squares([[-0.5, -0.5], [-0.1, -0.1], [-7.25, -7.25]]), "equivalence"),
    "no dependence on u": (lambda: squares([[-1, -3], [-1, -3]]), "equivalence"),
    "fixed means": (
        lambda: Model(
            Prior([families.gaussian_scale(mean=1), families.gaussian_scale(mean=-2)], [[-1, -2], [-2, -4]]),
            noise=NOISE,
            mixing=lambda x: np.stack([x[:, 0] + x[:, 1] ** 3, x[:, 1]], axis=1),
        ),
        "equivalence",
    ),
    "both": (
        lambda: Model(Prior(BOTH, [[[1, -1], [2, -3]], [[0, -2], [3, -6]]]), noise=NOISE, mixing=BENT),
        "equivalence",
    ),
    "symbolic": (
        lambda: Model(Prior([SQUARE, SQUARE], sympy.Matrix([-1 - u**2, -3 - 3 * u**2]), [u]), noise=NOISE, mixing=BENT),
        "equivalence",
    ),
    "rational in sines": (  # text that is read back is another sum over the same denominator
        lambda: squares_of(-1 / (2 * (2 + sympy.sin(u))), -1 / (2 * (2 + sympy.sin(u)))),
        "equivalence",
    ),
    "quotients": (lambda: squares_of(-1 / (1 + sympy.exp(-u)), -3 * sympy.exp(u) / (1 + sympy.exp(u))), "equivalence"),
    "location": (
        lambda: Model(
            Prior([LINE, families.gaussian_location(variance=4)], [[1, 2], [3, 4], [5, -1]]), noise=NOISE, mixing=BENT
        ),
        "scaled permutation",
    ),
    "constant location": (
        lambda: Model(
            Prior([LINE, families.gaussian_location(variance=2), SQUARE], [[1, 2, -1], [1, 2, -2]]),
            noise=NOISE,
            mixing=sympy.Matrix([z1, z2 + z1**2, z3]),
        ),
        "equivalence",
    ),
    "learned variance": (from_theory, "equivalence"),
    "bernoulli": (
        lambda: Model(Prior(LOGISTIC, [[F(2, 3)], [F(5, 4)]]), noise=Discrete("bernoulli"), mixing=sympy.Matrix([z1])),
        "equivalence",
    ),
    "band-limited noise": (
        lambda: Model(
            Prior(ExponentialFamily([z**2 / 2 - sympy.log(1 + z**2)], base_measure=sympy.exp(-(z**2) / 2)), [[0], [1]]),
            noise=Noise(cf=sympy.Max(1 - sympy.Abs(u), 0), symbols=[u]),
            mixing=sympy.Matrix([z1]),
        ),
        "equivalence",
    ),
    "third latent": (
        lambda: Model(Prior(SQUARE, [[-1, -2, -3], [-2, -1, -6], [-5, -1, -15]]), noise=NOISE),
        "equivalence",
    ),
}


def found(name: str) -> tuple[Model, Rival]:
    """The model, and its rival."""
    model = COVERED[name][0]()
    other = rival(model)
    assert other is not None
    return model, other


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", COVERED)
def test_found_and_verified(name: str) -> None:
    model, other = found(name)
    assert other.refutes == COVERED[name][1]
    shown = recheck_evidence(f"rival.{other.refutes}", as_json(dict(other.evidence)), as_json(model.describe()))
    assert shown == rechecker.VERIFIED
    assert isinstance(other.model, Model)
    assert other.model.prior.ks == model.prior.ks


@pytest.mark.parametrize("name", [name for name in COVERED if name not in ("third latent", "band-limited noise")])
def test_the_laws_agree_in_samples(name: str) -> None:
    """Characteristic functions of x given u at random arguments, as means over independent samples of both models."""
    model, other = found(name)
    rng = np.random.default_rng(7)
    count = 60_000
    for where in (0.3, 1.2) if name in ("symbolic", "rational in sines", "quotients") else (0, 1):
        rows = np.full((count, 1), where)
        x, y = model.sample(rows, seed=1)[1], other.model.sample(rows, seed=2)[1]
        for _ in range(6):
            direction = rng.normal(size=x.shape[1]) / (1 + x.std(axis=0))
            difference = np.exp(1j * x @ direction).mean() - np.exp(1j * y @ direction).mean()
            assert abs(difference) < 6 * np.sqrt(2 / count)


def test_the_known_example_of_a_learned_variance() -> None:
    """theory, section 5: sigma'**2 = 2 and variances proportional to t for both latents."""
    _, other = found("learned variance")
    assert other.evidence["variance"] == "2"
    assert other.model.noise.learned
    variances = -0.5 / other.model.prior.evaluate(np.array([0, 1, 2]))
    np.testing.assert_allclose(variances / variances[0], np.array([[1, 1], [2, 2], [3, 3]]))


def test_learned_variance_by_covariances() -> None:
    """Exact covariances of x under both models, from their mixing matrices: an independent computation."""
    model, other = found("learned variance")
    for row in range(3):
        covariances = []
        for one in (model, other.model):
            jacobian = np.array(one.mixing.matrix.jacobian(one.mixing.symbols), dtype=float)
            variances = -0.5 / one.prior.evaluate(np.array([row]))[0]
            sigma = float(F(one.noise.describe()["law"]["covariance"]))
            covariances.append(jacobian @ np.diag(variances) @ jacobian.T + sigma * np.eye(2))
        np.testing.assert_allclose(*covariances, atol=1e-12)


def test_bernoulli_by_quadrature() -> None:
    """E sigmoid(f(z)) under both models, integrated numerically."""
    model, other = found("bernoulli")
    for row in range(2):
        means = []
        for one in (model, other.model):
            natural = float(one.prior.evaluate(np.array([row]))[0, 0])
            density = lambda t, a=natural: np.exp(a * t - 2 * np.logaddexp(0, t))  # noqa: E731
            success = lambda t, m=one: 1 / (1 + np.exp(-m.mixing.evaluate(np.array([[t]]))[0, 0]))  # noqa: E731
            mass = integrate.quad(density, -60, 60)[0]
            means.append(integrate.quad(lambda t, d=density, s=success: d(t) * s(t), -60, 60)[0] / mass)
        assert means[0] == pytest.approx(means[1], abs=1e-9)


def test_band_limited_by_quadrature() -> None:
    """Fourier transforms of both densities agree where phi is not 0, and differ where it is."""
    model, other = found("band-limited noise")
    grid = np.linspace(-4000, 4000, 1_600_001)
    densities = []
    for one in (model, other.model):
        family = one.prior.families[0]
        natural = one.prior.evaluate(np.array([1]))
        logs = family.log_base(grid) + family.evaluate(grid)[:, 0] * natural[0, 0]
        weights = np.exp(logs - logs.max())
        densities.append(weights / (weights.sum() * (grid[1] - grid[0])))
    step = grid[1] - grid[0]
    for t in (0.0, 0.3, 0.9, 2.0):
        first, second = ((density * np.cos(t * grid)).sum() * step for density in densities)
        assert (abs(first - second) < 1e-3) == (t < 1)
    assert (densities[1] >= 0).all()


def test_the_radial_rotation_keeps_the_gaussian() -> None:
    """Its coordinates are standard Gaussian and uncorrelated with each other's squares, by Kolmogorov-Smirnov."""
    from ivae_theory.enclosure.models.rotation import radial

    points = np.random.default_rng(0).normal(size=(4000, 2))
    turned = np.array([[float(v) for v in radial(F(a), F(b))] for a, b in points.round(3).tolist()])
    assert stats.kstest(turned[:, 0], "norm").pvalue > 1e-3
    assert stats.kstest((turned[:, 0] + turned[:, 1]) / np.sqrt(2), "norm").pvalue > 1e-3


UNCOVERED = {
    "not proportional": lambda: squares([[F(-1, 2), F(-1, 4)], [-1, F(-1, 2)], [-2, F(-1, 3)]]),
    "nearly proportional": lambda: squares([[F(-1), F(-1)], [-2, F(-2) - F(1, 10**60)]]),
    "proportional floats up to rounding": lambda: squares([[-0.1, -0.3], [-0.2, -0.6], [-0.7, -2.1]]),
    "different means": lambda: Model(Prior(BOTH, [[[1, -1], [2, -3]], [[0, -2], [3, -5]]]), noise=NOISE, mixing=BENT),
    "points observed only": lambda: Model(
        Prior(SQUARE, [[-1, -2], [-2, -4]], Observed([0, 1])), noise=NOISE, mixing=BENT
    ),
    "exponential": lambda: Model(Prior(families.exponential(), [[-1, -1], [-2, -2]]), noise=NOISE, mixing=BENT),
    "one constant latent": lambda: Model(Prior(families.exponential(), [[-1, -1], [-1, -2]]), noise=NOISE, mixing=BENT),
    "known variance": lambda: squares(
        [[F(-1, 2) / (t + 1), F(-1, 2) / (2 * t + 1)] for t in (1, 2, 3)],
        noise=Noise.gaussian(1),
        mixing=sympy.Matrix([z1, z2]),
    ),
    "learned variance, bent f": lambda: squares(
        [[F(-1, 2) / (t + 1), F(-1, 2) / (2 * t + 1)] for t in (1, 2, 3)],
        noise=Noise.gaussian(1, learned=True),
        mixing=sympy.Matrix([z1 + z2**3, z2]),
    ),
    "one latent": lambda: Model(Prior(SQUARE, [[-1], [-2]]), noise=NOISE, mixing=sympy.Matrix([z1])),
    "half lines": lambda: Model(Prior(families.half_normal(), [[-1, -1], [-2, -2]]), noise=NOISE, mixing=BENT),
    "bernoulli, another f": lambda: Model(
        Prior(LOGISTIC, [[F(2, 3)], [F(5, 4)]]), noise=Discrete("bernoulli"), mixing=sympy.Matrix([2 * z1])
    ),
    "square with Gaussian base, other centre": lambda: Model(
        Prior(
            ExponentialFamily([z**2], base_measure=sympy.exp(z)), [[-1, -1], [-2, -2]]
        ),  # the mean 1 / (-2 alpha) moves with u
        noise=NOISE,
        mixing=BENT,
    ),
}


@pytest.mark.parametrize("name", UNCOVERED)
def test_none_where_no_construction_covers_the_model(name: str) -> None:
    assert rival(UNCOVERED[name]()) is None


def leaves(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all leaves."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


#: Leaves that name things for people or that may hold any value without changing what is shown.
FREE = {"name", "variable", "dtype", "error", "bits"}


@pytest.mark.parametrize("name", COVERED)
def test_changed_evidence_is_refused(name: str) -> None:
    """Every number of the evidence matters: another one never verifies."""
    model, other = found(name)
    subject, claim = as_json(model.describe()), f"rival.{other.refutes}"
    evidence = as_json(dict(other.evidence))
    for path in leaves(evidence):
        if path[-1] in FREE or {"corners", "points", "positive_at"} & set(path):
            continue
        broken = copy.deepcopy(evidence)
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        old = inner[path[-1]]
        inner[path[-1]] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else _other(str(old))
        with pytest.raises(InvalidCertificate):
            recheck_evidence(claim, broken, subject)


def _other(text: str) -> str:
    try:
        return str(F(text) * 2 + F(1, 7))
    except ValueError:
        return text + "+1"


def test_the_evidence_of_another_model_is_refused() -> None:
    _, other = found("proportional")
    subject = squares([[F(-1, 2), F(-1, 4)], [-1, F(-1, 2)], [-3, F(-3, 2) - F(1, 10**9)]]).describe()
    with pytest.raises(InvalidCertificate):
        recheck_evidence("rival.equivalence", other.evidence, subject)


def test_a_rotation_of_a_location_family_does_not_refute_equivalence() -> None:
    model, other = found("location")
    with pytest.raises(InvalidCertificate):
        recheck_evidence("rival.equivalence", other.evidence, model.describe())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=4),
    st.fractions(F(1, 5), F(5)),
)
def test_proportional_exactly_when_the_ratios_agree(precisions: list[tuple[int, int]], ratio: F) -> None:
    """Against the definition: a rival exists among rotations exactly when v_j / v_i is one number."""
    tied = squares([[F(-a), F(-a) * ratio] for a, _ in precisions])
    assert rival(tied) is not None
    free = squares([[F(-a), F(-b)] for a, b in precisions])
    assert (rival(free) is not None) == (len({F(a, b) for a, b in precisions}) == 1)


def test_only_models() -> None:
    with pytest.raises(InputTypeError, match="model"):
        rival("no model")
