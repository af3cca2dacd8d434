"""Frozen laws of :mod:`scipy.stats` as noise.

A law is recognised by the identity of its class, never by its name: a user's subclass called ``norm`` may have any
density, so it stays a black box. Parameters are read exactly (floats are dyadic rationals).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import to_fraction
from ivae_theory.noise import Noise
from ivae_theory.noise.composite import Affine, Product
from ivae_theory.noise.gaussian import Gaussian, MultivariateStudent, as_spread
from ivae_theory.noise.laws import Bounded, Law, Named, Opaque, as_number
from ivae_theory.noise.named import NAMED

__all__ = ["standard_law", "to_noise"]

#: Other names of scipy's for the same law with the same parameters.
ALIASES = {"erlang": "gamma", "reciprocal": "loguniform"}


def to_noise(obj: Any) -> Noise:
    """The noise that a frozen law of scipy.stats is.

    Raises
    ------
    InputError
        For parameters that scipy rejects, and for laws on matrices.
    InputTypeError
        For a law that is not frozen.
    """
    import scipy.stats
    from scipy.stats import _distn_infrastructure as infrastructure

    if isinstance(obj, infrastructure.rv_frozen):
        if isinstance(obj.dist, infrastructure.rv_discrete):
            name = obj.dist.name
            raise InputTypeError(
                "noise", "a continuous law, or Discrete(name) for discrete observations", f"scipy.stats.{name}"
            )
        return _univariate(obj)
    if type(obj) is scipy.stats.rv_histogram:
        return Noise(law=_histogram(obj, Fraction(0), Fraction(1)))
    if isinstance(obj, infrastructure.rv_generic):
        name = getattr(obj, "name", type(obj).__name__)
        raise InputTypeError("noise", f"a frozen law such as scipy.stats.{name}(loc=0, scale=1)", f"scipy.stats.{name}")
    if isinstance(obj, scipy.stats.gaussian_kde):
        return _kernel_estimate(obj)
    return _other(obj)


def standard_law(name: str, parameters: Mapping[str, Any], loc: Any = 0, scale: Any = 1) -> Law:
    """``loc + scale * X`` with ``X`` scipy's law ``name`` in standard form, parameters exact.

    Raises
    ------
    InputError
        For parameters outside the law's range.
    """
    shift, factor = to_fraction(loc, "loc"), to_fraction(scale, "scale")
    if factor <= 0:
        raise InputError("scale", "a positive number", str(float(factor)))
    exact = {key: _number(value, key) for key, value in parameters.items()}
    if name != "norm":
        NAMED[name].validate(exact)
    law: Law = Gaussian(as_number(factor * factor, "scale")) if name == "norm" else Named(name, exact)
    if name != "norm" and factor != 1:
        law = Affine(law, factor, (shift,))
    elif shift:
        law = Affine(law, Fraction(1), (shift,))
    return law


def _number(value: Any, name: str) -> Fraction | str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Fraction) and isinstance(value, (float, np.floating)) and math.isinf(value):
        return "oo" if value > 0 else "-oo"
    return to_fraction(value, name)


def _univariate(frozen: Any) -> Noise:
    """A frozen univariate law: one law, or one per coordinate when its parameters are vectors (d,)."""
    import scipy.stats

    dist = frozen.dist
    try:
        shapes, loc, scale = dist._parse_args(*frozen.args, **frozen.kwds)
        arrays = np.broadcast_arrays(*(np.asarray(value) for value in (*shapes, loc, scale)))
    except (TypeError, ValueError) as error:
        raise InputError("noise", "a frozen law with matching parameters", str(error)) from None
    if arrays[0].ndim > 1:
        raise InputError("noise", "parameters that are numbers or vectors (d,)", f"shape {arrays[0].shape}")
    if type(dist) is scipy.stats.rv_histogram:
        laws = [_histogram(dist, to_fraction(a, "loc"), to_fraction(b, "scale")) for a, b in _columns(arrays)]
    elif not _is_scipys_own(frozen):
        return _black_box(frozen, arrays[0].shape)
    else:
        laws = [_one(dist, column) for column in _columns(arrays)]
    return Noise(law=laws[0] if arrays[0].ndim == 0 else Product(tuple(laws)))


def _columns(arrays: Any) -> list[list[Any]]:
    return [list(column) for column in zip(*(np.atleast_1d(array) for array in arrays), strict=True)]


def _one(dist: Any, column: list[Any]) -> Law:
    name = ALIASES.get(dist.name, dist.name)
    *shapes, loc, scale = column
    names = [part.strip() for part in dist.shapes.split(",")] if dist.shapes else []
    if name == "vonmises":
        return _circular(dist, shapes, loc, scale)
    if not np.all(dist._argcheck(*shapes)):
        raise InputError("noise", f"parameters that scipy.stats.{name} accepts", str([float(s) for s in shapes]))
    return standard_law(name, dict(zip(names, shapes, strict=True)), loc, scale)


def _circular(dist: Any, shapes: list[Any], loc: Any, scale: Any) -> Law:
    """scipy's circular von Mises law: its draws lie in [-pi, pi], its pdf is periodic and no density on R."""
    kappa = to_fraction(shapes[0], "kappa")
    if kappa < 0 or to_fraction(scale, "scale") <= 0:
        raise InputError("noise", "kappa >= 0 and scale > 0", f"kappa={float(kappa)}, scale={float(scale)}")
    frozen = dist(float(kappa), loc=float(to_fraction(loc, "loc")), scale=float(scale))

    def sampler(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return frozen.rvs(size=shape, random_state=rng)

    reach = 4 + abs(to_fraction(loc, "loc")) + 4 * to_fraction(scale, "scale")
    return Bounded((-reach,), (reach,), f"circular von Mises law, kappa={float(kappa):g}", sampler)


def _histogram(dist: Any, loc: Fraction, scale: Fraction) -> Law:
    """A law with a histogram as density: it lies between its outermost bins."""
    if scale <= 0:
        raise InputError("scale", "a positive number", str(float(scale)))
    edges = [to_fraction(edge, "histogram") * scale + loc for edge in dist._hbins]
    shift, factor = float(loc), float(scale)

    def sampler(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return dist.rvs(size=shape, random_state=rng) * factor + shift

    def density(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(dist.pdf((np.asarray(x) - shift) / factor)) - np.log(factor)

    return Bounded((min(edges),), (max(edges),), f"histogram with {len(edges) - 1} bins", sampler, density)


def _is_scipys_own(frozen: Any) -> bool:
    """Whether the law is one of scipy's, as scipy made it: same class, same bounds, nothing replaced on the
    instance."""
    import scipy.stats
    from scipy.stats import _distn_infrastructure as infrastructure

    dist = frozen.dist
    original = getattr(scipy.stats, str(getattr(dist, "name", "")), None)
    plain = type(frozen) in (infrastructure.rv_continuous_frozen, infrastructure.rv_frozen)
    if not plain and not _is_plain_stable(frozen):
        return False
    if original is None or type(original) is not type(dist) or not _is_listed(dist.name):
        return False
    if type(dist).__module__.partition(".")[0] != "scipy" or set(vars(frozen)) - {"args", "kwds", "dist", "a", "b"}:
        return False
    fresh = type(dist)(**original._updated_ctor_param())  # what scipy makes, with nothing replaced on the instance
    same = all(getattr(dist, key) == getattr(fresh, key) for key in ("a", "b", "shapes"))
    extra = set() if plain else {"parameterization"}
    return same and set(vars(dist)) - extra <= set(vars(fresh))


def _is_plain_stable(frozen: Any) -> bool:
    """Whether this is a stable law that is ``loc + scale * X`` (scipy's other forms shift it by a logarithm of the
    scale)."""
    from scipy.stats import _levy_stable

    if type(frozen) is not _levy_stable.levy_stable_frozen or frozen.dist._parameterization() != "S1":
        return False
    (alpha, beta), _, scale = frozen.dist._parse_args(*frozen.args, **frozen.kwds)
    return bool(np.all((np.asarray(alpha) != 1) | (np.asarray(beta) == 0) | (np.asarray(scale) == 1)))


def _is_listed(name: str) -> bool:
    return name in ("norm", "vonmises") or ALIASES.get(name, name) in NAMED


def _black_box(frozen: Any, shape: tuple[int, ...]) -> Noise:
    """A law of somebody's own class: it can be drawn from, and nothing is concluded from its name."""
    dim = shape[0] if shape else None

    def sampler(size: tuple[int, ...], rng: np.random.Generator) -> Any:
        return frozen.rvs(size=size if dim is None else (*size, dim), random_state=rng)

    def density(x: Any) -> Any:
        values = np.asarray(frozen.logpdf(x))
        return values if dim is None else values.sum(axis=-1)

    label = f"black-box law {type(frozen.dist).__name__}"
    return Noise(law=Opaque(label, dim, sampler, density if hasattr(frozen.dist, "logpdf") else None))


def _kernel_estimate(kde: Any) -> Noise:
    """A Gaussian kernel estimate: a law on the data points plus an independent Gaussian."""
    import scipy.stats

    if type(kde) is not scipy.stats.gaussian_kde:
        raise InputTypeError("noise", "scipy's own gaussian_kde", type(kde).__name__)
    points = np.asarray(kde.dataset, dtype=float)
    low = tuple(to_fraction(v, "noise") for v in points.min(axis=1))
    high = tuple(to_fraction(v, "noise") for v in points.max(axis=1))
    vector, weights = len(low) > 1, np.asarray(kde.weights, dtype=float)

    def sampler(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        draws = points[:, rng.choice(points.shape[1], size=shape, p=weights)]
        return np.moveaxis(draws, 0, -1) if vector else draws[0]

    centres = Bounded(low, high, f"law on {points.shape[1]} data points", sampler, None, vector)
    kernel = as_spread(kde.covariance if vector else kde.covariance[0, 0], "noise")
    return Noise(law=centres) + Noise(law=Gaussian(kernel))


def _other(obj: Any) -> Noise:
    """Multivariate laws, and the newer Normal, Uniform and Logistic classes."""
    import scipy.stats

    name = type(obj).__name__
    # older versions of scipy lack some of these classes
    if type(obj) in {getattr(scipy.stats, newer, None) for newer in ("Normal", "Uniform", "Logistic")}:
        return _newer(obj, name)
    reader = _MULTIVARIATE.get(name) if type(obj).__module__ == "scipy.stats._multivariate" else None
    if reader is None or getattr(scipy.stats._multivariate, name, None) is not type(obj):
        raise InputTypeError("noise", "a frozen law of scipy.stats on R or R^d", name)
    noise: Noise = reader(obj)
    return noise


def _newer(obj: Any, name: str) -> Noise:
    parameters = {key: np.asarray(value) for key, value in obj._original_parameters.items()}
    if any(value.ndim for value in parameters.values()):
        raise InputError("noise", f"{name} with numbers as parameters", "arrays")
    get = {key: to_fraction(value[()], key) for key, value in parameters.items()}
    if name == "Normal":
        return Noise(law=standard_law("norm", {}, get.get("mu", 0), get.get("sigma", 1)))
    if name == "Logistic":
        return Noise(law=standard_law("logistic", {}))
    low, high = get.get("a", get.get("log_a", Fraction(0))), get.get("b", Fraction(1))
    return Noise(law=standard_law("uniform", {}, low, high - low))


def _normal(obj: Any) -> Noise:
    # scipy pads a mean's shape, and ``cov_object.covariance`` is the matrix that the user gave
    return Noise(law=Gaussian(as_spread(np.atleast_2d(obj.cov_object.covariance), "cov"))) + np.atleast_1d(obj.mean)


def _student(obj: Any) -> Noise:
    shape = as_spread(np.atleast_2d(obj.shape), "shape")
    if math.isinf(obj.df):
        return Noise(law=Gaussian(shape)) + np.atleast_1d(obj.loc)
    return Noise(law=MultivariateStudent(shape, to_fraction(obj.df, "df"))) + np.atleast_1d(obj.loc)


def _on_ball(obj: Any) -> Noise:
    """Laws on the unit sphere or the unit simplex: bounded by 1 in every coordinate."""
    d = len(np.atleast_1d(obj.rvs(size=1, random_state=0)).reshape(-1))

    def sampler(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return np.asarray(obj.rvs(size=int(np.prod(shape)), random_state=rng)).reshape(*shape, d)

    label = type(obj).__name__.removesuffix("_frozen")
    return Noise(law=Bounded((Fraction(-1),) * d, (Fraction(1),) * d, label, sampler, None, vector=True))


_MULTIVARIATE: dict[str, Any] = {
    "multivariate_normal_frozen": _normal,
    "multivariate_t_frozen": _student,
    "dirichlet_frozen": _on_ball,
    "uniform_direction_frozen": _on_ball,
    "vonmises_fisher_frozen": _on_ball,
}
