"""Densities and characteristic functions of composites against closed forms, and their shapes."""

import functools
from fractions import Fraction as F
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats as st
import sympy

from ivae_theory.hypotheses.noise import check_known
from ivae_theory.noise import Discrete, Noise, as_noise
from ivae_theory.noise.characteristic import closed_form
from ivae_theory.noise.composite import Affine, Iid
from ivae_theory.noise.gaussian import Gaussian
from ivae_theory.noise.laws import Law, Opaque, PointMass, short

X = np.array([[0.3, -1.2], [2.0, 0.5], [-0.7, 0.1]])
RNG = np.random.default_rng(0)
LAPLACE, T3 = as_noise(st.laplace()), as_noise(st.t(3))
B = np.array([[2.0, 1.0], [0.5, 3.0]])
GAUSS = Noise.gaussian([[2, 1], [1, 3]])
COVARIANCE = np.array([[2.0, 1], [1, 3]])


class Ones(Law):
    """A law whose draws are integers."""

    def __init__(self, width=None):
        object.__setattr__(self, "width", width)

    @property
    def dimension(self):
        return self.width

    def sample(self, shape, rng):
        return np.ones(shape if self.width is None else (*shape, self.width), dtype=int)


#: The noise, its log-density at x, and its characteristic function at t, by formulas of numpy and scipy.
FORMS = {
    "i.i.d.": (LAPLACE, lambda x: st.laplace.logpdf(x).sum(1), lambda t: np.prod(1 / (1 + t**2), axis=1)),
    "scaled and shifted": (
        -2 * LAPLACE + 1,
        lambda x: st.laplace(1, 2).logpdf(x).sum(1),
        lambda t: np.prod(np.exp(1j * t) / (1 + 4 * t**2), axis=1),
    ),
    "shifted by a vector": (
        LAPLACE + np.array([1, -2]),
        lambda x: st.laplace.logpdf(x - [1, -2]).sum(1),
        lambda t: np.exp(1j * t @ [1, -2]) * np.prod(1 / (1 + t**2), axis=1),
    ),
    "a number added to a vector law": (
        GAUSS + 3,
        lambda x: st.multivariate_normal([3, 3], COVARIANCE).logpdf(x),
        lambda t: np.exp(3j * t.sum(1) - 0.5 * np.einsum("bi,ij,bj->b", t, COVARIANCE, t)),
    ),
    "mapped and shifted": (
        B @ LAPLACE + np.array([1, -2]),
        lambda x: st.laplace.logpdf((x - [1, -2]) @ np.linalg.inv(B).T).sum(1) - np.log(5.5),
        lambda t: np.exp(1j * t @ [1, -2]) * np.prod(1 / (1 + (t @ B) ** 2), axis=1),
    ),
    "mapped and shifted at once": (
        Noise(law=Affine(Iid(LAPLACE.law, 2), ((F(2), F(1)), (F(1, 2), F(3))), (F(1), F(-2)))),
        lambda x: st.laplace.logpdf((x - [1, -2]) @ np.linalg.inv(B).T).sum(1) - np.log(5.5),
        lambda t: np.exp(1j * t @ [1, -2]) * np.prod(1 / (1 + (t @ B) ** 2), axis=1),
    ),
    "scaled vector law": (
        3 * GAUSS,
        lambda x: st.multivariate_normal([0, 0], 9 * COVARIANCE).logpdf(x),
        lambda t: np.exp(-4.5 * np.einsum("bi,ij,bj->b", t, COVARIANCE, t)),
    ),
    "side by side": (
        Noise.product([LAPLACE, T3]),
        lambda x: st.laplace.logpdf(x[:, 0]) + st.t(3).logpdf(x[:, 1]),
        lambda t: 1 / (1 + t[:, 0] ** 2) * np.exp(-np.sqrt(3) * abs(t[:, 1])) * (1 + np.sqrt(3) * abs(t[:, 1])),
    ),
    "a vector law beside none": (
        Noise.product([GAUSS]),
        lambda x: st.multivariate_normal([0, 0], COVARIANCE).logpdf(x),
        lambda t: np.exp(-0.5 * np.einsum("bi,ij,bj->b", t, COVARIANCE, t)),
    ),
    "mixture": (
        Noise.mixture([0.25, 0.75], [Noise.gaussian(1), Noise.gaussian(4)]),
        lambda x: np.log(0.25 * st.norm.pdf(x) + 0.75 * st.norm(0, 2).pdf(x)).sum(1),
        lambda t: np.prod(0.25 * np.exp(-(t**2) / 2) + 0.75 * np.exp(-2 * t**2), axis=1),
    ),
    "mixture of vector laws": (
        Noise.mixture([0.25, 0.75], [Noise.gaussian([1, 1]), Noise.gaussian([4, 4])]),
        lambda x: np.log(0.25 * st.norm.pdf(x).prod(1) + 0.75 * st.norm(0, 2).pdf(x).prod(1)),
        lambda t: 0.25 * np.exp(-(t**2).sum(1) / 2) + 0.75 * np.exp(-2 * (t**2).sum(1)),
    ),
    "sum": (LAPLACE + Noise.gaussian(1), None, lambda t: np.prod(np.exp(-(t**2) / 2) / (1 + t**2), axis=1)),
    "Student": (
        as_noise(st.multivariate_t([0, 0], COVARIANCE, df=4)),
        lambda x: st.multivariate_t([0, 0], COVARIANCE, df=4).logpdf(x),
        None,
    ),
    "Student, of 3 degrees": (
        as_noise(st.multivariate_t([0, 0], COVARIANCE, df=3)),
        lambda x: st.multivariate_t([0, 0], COVARIANCE, df=3).logpdf(x),
        None,
    ),
    "variances": (
        Noise.gaussian([1, 4]),
        lambda x: st.multivariate_normal([0, 0], [[1, 0], [0, 4]]).logpdf(x),
        lambda t: np.exp(-0.5 * (t[:, 0] ** 2 + 4 * t[:, 1] ** 2)),
    ),
    "scalar": (Noise.gaussian(4), lambda x: st.norm(0, 2).logpdf(x).sum(1), lambda t: np.exp(-2 * (t**2).sum(1))),
    "Student, the limit": (
        as_noise(st.t(np.inf)),
        lambda x: st.norm.logpdf(x).sum(1),
        lambda t: np.exp(-(t**2).sum(1) / 2),
    ),
    "none": (Noise.none(), None, lambda t: np.ones(len(t))),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_densities_are_the_closed_forms(name):
    noise, density, _ = FORMS[name]
    found = noise.log_density(X)
    if density is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, density(X), rtol=1e-12)
        np.testing.assert_allclose(noise.log_density(X.tolist()), density(X), rtol=1e-12)
        assert noise.log_density((2 * X).astype(int)).dtype == np.float64


@pytest.mark.parametrize("name", FORMS)
def test_characteristic_functions_are_the_closed_forms(name):
    noise, _, cf = FORMS[name]
    found = noise.characteristic(X)
    if cf is not None:
        np.testing.assert_allclose(found, cf(X), rtol=1e-9)
        assert found.shape == (len(X),)
        assert found.dtype == complex
        np.testing.assert_allclose(noise.characteristic(np.zeros((1, 2))), 1)


@pytest.mark.parametrize("name", FORMS)
def test_draws_have_the_shape_that_is_asked_for(name):
    noise, _, _ = FORMS[name]
    draws = noise.sample((5, 2), np.random.default_rng(0))
    assert (draws.shape, draws.dtype) == ((5, 2), np.float64)
    again = noise.observe(np.full((5, 2), 7), np.random.default_rng(0))
    np.testing.assert_array_equal(again, draws + 7)


@pytest.mark.parametrize("name", [name for name, (noise, _, _) in FORMS.items() if noise.dimension == 2])
def test_laws_take_points_of_any_leading_shape(name):
    law, density, _ = FORMS[name][0].law, *FORMS[name][1:]
    assert law.sample((4, 3), np.random.default_rng(0)).shape == (4, 3, 2)
    for function in [law.characteristic, *([law.log_density] if density else [])]:
        flat = function(X)
        np.testing.assert_allclose(function(X.reshape(1, 3, 1, 2)), flat.reshape(1, 3, 1), rtol=1e-12)
        np.testing.assert_allclose(function(X[0]), flat[0], rtol=1e-12)


@pytest.mark.parametrize(
    "noise",
    [0 * LAPLACE, np.array([[1.0, 1.0]]) @ LAPLACE, np.array([[1.0, 1.0], [1, 1]]) @ LAPLACE, Noise.gaussian(0),
     Noise.gaussian([[1, 1], [1, 1]]), Noise.mixture([0.5, 0.5], [LAPLACE, Noise.none()]),
     Noise.product([LAPLACE, Noise.none()]), LAPLACE + Noise.gaussian(1) + np.ones(2),
     as_noise(st.multivariate_t([0, 0], [[1, 1], [1, 1]], df=2, allow_singular=True))],
    ids=str,
)  # fmt: skip
def test_laws_without_a_density_have_none(noise):
    d = noise.dimension or 1
    assert noise.log_density(np.zeros((2, d))) is None
    assert noise.sample((3, d), np.random.default_rng(0)).shape == (3, d)


def test_numbers_of_every_kind_are_read_as_floats():
    points = [[F(1, 2), 1]]
    noise = LAPLACE + np.array([1, 2])
    np.testing.assert_allclose(noise.log_density(points), st.laplace.logpdf([[-0.5, -1]]).sum(1))
    np.testing.assert_allclose(noise.characteristic(points), [np.exp(2.5j) / (1.25 * 2)])
    np.testing.assert_allclose(LAPLACE.log_density(points), st.laplace.logpdf([[0.5, 1]]).sum(1))
    np.testing.assert_allclose(LAPLACE.characteristic(points), [1 / (1.25 * 2)])
    counted = Noise(law=Opaque("counted", None, lambda shape, rng: np.ones(shape, dtype=int), lambda v: [[0, -1]]))
    assert counted.log_density(points).dtype == counted.sample((2, 1), np.random.default_rng(0)).dtype == np.float64
    for law in (Ones(), Ones(2)):
        draws = Noise(law=law).sample((3, 2), np.random.default_rng(0))
        assert (draws.tolist(), draws.dtype) == ([[1.0, 1.0]] * 3, np.float64)
    for observed in (Noise.none().observe(points, RNG), Discrete("poisson").observe(points, RNG)):
        assert observed.dtype == np.float64
    black_box = Noise(density=lambda v: [[F(1, 2), F(1, 4)]])
    np.testing.assert_allclose(black_box.log_density(points), [-3 * np.log(2)])


def test_black_box_densities_are_weighed_by_their_logarithm():
    noise = Noise(density=lambda v: np.where(v > 0, np.exp(-v), 0))
    np.testing.assert_array_equal(noise.log_density([[1.0, 2.0], [1.0, -1.0]]), [-3.0, -np.inf])


def test_densities_on_several_pieces():
    x = sympy.Symbol("x", real=True)
    pieces = sympy.Union(sympy.Interval(0, 1), sympy.Interval(2, 3))
    noise = Noise(density=sympy.Rational(1, 2), support=pieces)
    assert noise.describe()["law"]["symbol"] == "x"
    found = noise.log_density([[0.5], [1.5], [2.5], [0.0], [3.0], [-0.1], [3.1]])
    np.testing.assert_allclose(np.exp(found), [0.5, 0, 0.5, 0.5, 0.5, 0, 0])
    draws = noise.sample((4000, 1), np.random.default_rng(0))
    assert 0.45 < (draws < 1.01).mean() < 0.55
    assert ((draws > 1.01) & (draws < 1.99)).sum() == 0
    heavy = Noise(density=1 / (sympy.pi * (1 + x**2))).sample((4000, 1), np.random.default_rng(0))
    assert 0.45 < (np.abs(heavy) < 1).mean() < 0.55


@pytest.mark.parametrize("unit", [1e-318, 1e-300, 1.0, 1e-30, 8e307])
def test_covariances_are_read_alike_in_every_unit(unit):
    with pytest.raises(ValueError, match="eigenvalue"):
        Noise.gaussian([[unit, 2 * unit], [2 * unit, unit]])
    with pytest.raises(ValueError, match="symmetric"):
        Noise.gaussian([[unit, 0], [unit, unit]])
    law = Noise.gaussian([[2 * unit, unit], [unit, 2 * unit]]).describe()["law"]
    assert law["covariance"] == [[str(F(2 * unit)), str(F(unit))], [str(F(unit)), str(F(2 * unit))]]


def test_weights_sum_to_1_up_to_rounding():
    for total in (0.999999, 1, 1.000001):
        assert Noise.mixture([total], [LAPLACE]).describe()["law"]["weights"] == ["1"]
    for total in (0.9999989, 1.0000011):
        with pytest.raises(ValueError, match="sum to 1"):
            Noise.mixture([total], [LAPLACE])


def test_draws_follow_a_density_up_to_its_factor():
    """Half a Cauchy density is not refuted (its integral on all reals is unknown); its draws are those of the whole."""
    x = sympy.Symbol("x", real=True)
    cauchy = 1 / (sympy.pi * (1 + x**2))
    half, whole = (Noise(density=c * cauchy).sample((200, 2), np.random.default_rng(0)) for c in (F(1, 2), 1))
    np.testing.assert_allclose(half, whole, rtol=1e-9, atol=1e-9)


def test_a_coordinate_without_noise():
    flat = Noise.gaussian([[0, 0], [0, 1]])
    assert flat.describe()["law"]["covariance"] == [["0", "0"], ["0", "1"]]
    for zero in (0, [0, 0], np.zeros((2, 2))):
        assert (Noise.gaussian(zero).sample((5, 2), np.random.default_rng(0)) == 0).all()
    assert (flat.sample((5, 2), np.random.default_rng(0))[:, 0] == 0).all()


def test_no_closed_form_is_none_through_every_node():
    unknown = as_noise(st.lognorm(1))
    points = np.zeros((1, 2))
    for noise in (unknown, unknown + LAPLACE, 2 * unknown, Noise.product([unknown, LAPLACE]), B @ unknown,
                  Noise.mixture([0.5, 0.5], [LAPLACE, unknown]), unknown + np.ones(2)):  # fmt: skip
        assert noise.characteristic(points) is None


def test_descriptions_have_one_shift_a_coordinate():
    assert (2 * LAPLACE).describe()["law"]["shift"] == ["0"]
    assert (2 * GAUSS).describe()["law"]["shift"] == ["0", "0"]
    assert (GAUSS + 3).describe()["law"]["shift"] == ["3", "3"]
    assert (LAPLACE - F(1, 2)).describe()["law"]["shift"] == ["-1/2"]
    assert (B @ LAPLACE).describe()["law"] == {
        "node": "affine",
        "matrix": [["2", "1"], ["1/2", "3"]],
        "shift": ["0", "0"],
        "law": {"node": "iid", "law": LAPLACE.describe()["law"], "count": 2},
    }
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    assert LAPLACE.__rmatmul__(torch.tensor(B)).describe() == (B @ LAPLACE).describe()
    assert Noise.gaussian(torch.tensor([1.0, 4.0])).describe() == Noise.gaussian([1, 4]).describe()


def test_tensors_that_require_a_gradient_make_a_learned_noise():
    """``Noise.gaussian(decoder.log_var.exp())`` is fitted with the decoder, whatever the flag's default says."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    one = torch.nn.Parameter(torch.tensor(1.0))
    for whole in (Noise.gaussian(one), Noise.gaussian([one, one]), Noise.gaussian(one.exp()), LAPLACE * one,
                  LAPLACE + one, LAPLACE - one, LAPLACE - [one, one],
                  LAPLACE.__rmatmul__(one * torch.eye(2))):  # fmt: skip
        assert whole.learned is True
        assert check_known(SimpleNamespace(noise=whole)).fails
    fixed = one.detach()
    assert (Noise.gaussian(fixed) * fixed + fixed - fixed).learned is False
    assert (LAPLACE - [fixed, fixed]).describe() == (LAPLACE - np.array([1, 1])).describe()


class _Density:
    """A density with a scale of its own, as a user's layer computes it."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, e):
        return self.of(e)

    def of(self, e):
        s = float(self.scale)
        return np.exp(-((np.asarray(e) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))


_SCALE = None


def _of_a_global(e):
    return _Density(_SCALE)(e)


def test_a_density_that_computes_with_a_fitted_tensor_is_learned(monkeypatch):
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    for fitted in (True, False):
        kept = _Density(torch.ones((), requires_grad=fitted))
        monkeypatch.setitem(globals(), "_SCALE", kept.scale)
        for density in (kept, kept.of, lambda e, d=kept: d(e), functools.partial(_Density.of, kept), _of_a_global):
            assert Noise(density=density).learned is fitted


def test_sums_are_flat_and_learned_parts_make_a_learned_whole():
    known, learned = Noise.gaussian(1), Noise.gaussian(1, learned=True)
    assert len((known + LAPLACE + T3).describe()["law"]["laws"]) == 3
    assert len((known + (LAPLACE + T3)).describe()["law"]["laws"]) == 3
    for whole in (known + learned, learned + known, Noise.product([known, learned]), learned * 2, learned + 1,
                  Noise.mixture([0.5, 0.5], [known, learned]), np.eye(2) @ learned, -learned, learned - 1):  # fmt: skip
        assert whole.learned is True
    assert (known + LAPLACE).learned is False


def test_mixtures_drop_what_has_no_weight_and_are_exact():
    mixed = Noise.mixture([F(1, 3), 0, F(2, 3)], [LAPLACE, T3, Noise.gaussian(1)]).describe()["law"]
    assert mixed["weights"] == ["1/3", "2/3"]
    assert [law["node"] for law in mixed["laws"]] == ["named", "gaussian"]
    rounded = Noise.mixture([0.1, 0.2, 0.7], [LAPLACE] * 3).describe()["law"]["weights"]
    assert sum(map(F, rounded)) == 1


def test_variances_are_read_up_to_rounding_and_made_symmetric():
    eps = 1e-12
    law = Noise.gaussian([[1, 0.5 + eps], [0.5, 1]]).describe()["law"]["covariance"]
    assert law[0][1] == law[1][0] == str((F(0.5 + eps) + F(0.5)) / 2)
    flat = Noise.gaussian([[1, 1], [1, 1 - 1e-12]])
    assert flat.log_density(np.zeros((1, 2))) is None
    assert Noise.gaussian([[1, 1e-9], [0, 1]]).describe()["law"]["covariance"][1][0] == str(F(1e-9) / 2)
    with pytest.raises(ValueError, match="symmetric"):
        Noise.gaussian([[1, 1.1e-9], [0, 1]])
    with pytest.raises(ValueError, match="eigenvalue"):
        Noise.gaussian([[1, 1], [1, 1 - 1e-6]])
    with pytest.raises(ValueError, match="eigenvalue"):
        Noise.gaussian([[1e-12, 2e-12], [2e-12, 1e-12]])
    with pytest.raises(ValueError, match="a negative diagonal entry"):
        Noise.gaussian([[1, 0], [0, -1e-12]])


def test_differences_negate_what_is_subtracted():
    assert (-LAPLACE).describe()["law"]["matrix"] == "-1"
    first, second = (LAPLACE - Noise.gaussian(4)).describe()["law"]["laws"]
    assert first == LAPLACE.describe()["law"]
    assert second == {"node": "affine", "matrix": "-1", "shift": ["0"], "law": Noise.gaussian(4).describe()["law"]}
    assert (LAPLACE - np.array([1, 2])).describe()["law"]["shift"] == ["-1", "-2"]
    assert (1 + LAPLACE).describe() == (LAPLACE + 1).describe()


def test_what_a_noise_says_of_itself():
    assert GAUSS.describe() == {
        "text": "Gaussian on R^2",
        "dimension": 2,
        "learned": False,
        "law": {"node": "gaussian", "covariance": [["2", "1"], ["1", "3"]]},
    }


@pytest.mark.parametrize("name", ["arcsine", "semicircular", "uniform", "cauchy", "laplace", "hypsecant"])
def test_closed_forms_are_complex_numbers(name):
    found = closed_form(name, {}, np.array([0.0, 0.5, -2.0]))
    assert (found.dtype, found.shape) == (np.complex128, (3,))
    np.testing.assert_allclose(found[0], 1)
    assert closed_form("t", {"df": 3.0}, np.array([1.0])).dtype == complex
    assert closed_form("beta", {"a": 1.0, "b": 2.0}, np.empty(0)).shape == (0,)
    assert closed_form("no law", {}, np.zeros(1)) is None


def test_short_names():
    assert short(F(1, 3)) == "1/3"
    assert short(F(1, 10**9)) == "1e-09"
    assert short(F(123456789, 1000)) == "123457"
    assert short("oo") == "oo"
    assert (3 * LAPLACE + F(1, 2)).text == "3 * laplace() + 1/2"
    assert (LAPLACE + 1).text == "laplace() + 1"
    assert (np.eye(2) @ LAPLACE + np.ones(2)).text == "B * laplace() in each of 2 coordinates + b"
    assert Affine(PointMass(), F(2)).text == "2 * no noise"
    assert Gaussian(F(1, 4)).text == "Gaussian with variance 1/4"
    assert GAUSS.text == "Gaussian on R^2"
    assert Noise.product([LAPLACE] * 4).text == "product of laplace(), laplace(), laplace(), ..."
    assert Noise.gaussian(1, learned=True).text == "Gaussian with variance 1 (learned)"
    assert Noise(density=lambda v: v).text == "black-box density <lambda>"
    assert (
        Noise(cf=sympy.exp(-(sympy.Symbol("t", real=True) ** 2))).text == "law with characteristic function exp(-t**2)"
    )
