"""Frozen scipy.stats laws, one for each latent and value of u, as a prior of Eq. (7).

A parameter does not vary when it is the same number for all values of u: they are the whole support. Natural
parameters are computed with balls from parameters that are known up to half a unit in the last place, so the table's
error bound is the one that its entries have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from flint import arb
from numpy.typing import NDArray

from ivae_theory.adapters.laws import Form, form_of
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, InputTypeError, NotExponentialFamily
from ivae_theory.exact import to_arb, to_fraction

if TYPE_CHECKING:
    from ivae_theory.model.prior import Prior

__all__ = ["prior_from_scipy"]

BITS = 128


@dataclass(frozen=True)
class _Source:
    """Where a law's parameters come from: scipy's argument, and a map of exact numbers or balls."""

    law: str
    parameters: Mapping[str, tuple[str, Callable[[Any], Any]]]
    constants: Mapping[str, int]


def _same(x: Any) -> Any:
    return x


def _reciprocal(x: Any) -> Any:
    return 1 / x


def _log(x: Any) -> Any:
    return x.log() if isinstance(x, arb) else sympy.log(x)


_SOURCES = {
    "norm": _Source("Normal", {"loc": ("loc", _same), "scale": ("scale", _same)}, {}),
    "laplace": _Source("Laplace", {"loc": ("loc", _same), "scale": ("scale", _same)}, {}),
    "lognorm": _Source("LogNormal", {"loc": ("scale", _log), "scale": ("s", _same)}, {"loc": 0}),
    "halfnorm": _Source("HalfNormal", {"scale": ("scale", _same)}, {"loc": 0}),
    "expon": _Source("Exponential", {"rate": ("scale", _reciprocal)}, {"loc": 0}),
    "gamma": _Source("Gamma", {"concentration": ("a", _same), "rate": ("scale", _reciprocal)}, {"loc": 0}),
    "invgamma": _Source("InverseGamma", {"concentration": ("a", _same), "rate": ("scale", _same)}, {"loc": 0}),
    "beta": _Source("Beta", {"concentration1": ("a", _same), "concentration0": ("b", _same)}, {"loc": 0, "scale": 1}),
    "chi2": _Source("Chi2", {"df": ("df", _same)}, {"loc": 0, "scale": 1}),
    "vonmises": _Source("VonMises", {"loc": ("loc", _same), "concentration": ("kappa", _same)}, {"scale": 1}),
    "weibull_min": _Source("Weibull", {"scale": ("scale", _same), "concentration": ("c", _same)}, {"loc": 0}),
    "pareto": _Source("Pareto", {"scale": ("scale", _same), "alpha": ("b", _same)}, {"loc": 0}),
}


def prior_from_scipy(cls: type[Prior], laws: Any, u: Any) -> Prior:
    """See :meth:`ivae_theory.Prior.from_scipy`."""
    rows = _rows(laws)
    names = [_one_name([row[i] for row in rows], i) for i in range(len(rows[0]))]
    latents = [_latent(name, [row[i] for row in rows], i) for i, name in enumerate(names)]
    values = np.concatenate([latent.values for latent in latents], axis=1)
    errors = np.concatenate([latent.errors for latent in latents], axis=1)
    return cls([latent.form.family for latent in latents], values, u, error=errors)


@dataclass(frozen=True)
class _Latent:
    form: Form
    values: NDArray[np.float64]
    errors: NDArray[np.float64]


def _rows(laws: Any) -> list[list[Any]]:
    """The laws as M rows of n, with the arguments of each by name."""
    if not isinstance(laws, (list, tuple)) or not laws or not all(isinstance(row, (list, tuple)) for row in laws):
        raise InputTypeError("laws", "a list with one list of frozen scipy.stats laws for every u", type(laws).__name__)
    if len({len(row) for row in laws}) != 1 or not laws[0]:
        raise InputError("laws", "n laws for every u", f"{sorted({len(row) for row in laws})}")
    return [[_arguments(law, f"laws[{m}][{i}]") for i, law in enumerate(row)] for m, row in enumerate(laws)]


def _arguments(law: Any, where: str) -> tuple[str, dict[str, Any]]:
    """scipy's name of a frozen law and its arguments, with loc and scale."""
    dist = getattr(law, "dist", None)
    if dist is None or not hasattr(dist, "_parse_args") or not hasattr(law, "kwds"):
        raise InputTypeError(where, "a frozen scipy.stats law", type(law).__name__)
    name = str(dist.name)
    if name not in _SOURCES or not _unchanged(law, name):
        raise NotExponentialFamily(where, f"one of {', '.join(_SOURCES)}", name)
    shapes, loc, scale = dist._parse_args(*law.args, **law.kwds)
    names = [part.strip() for part in (dist.shapes or "").split(",") if part.strip()]
    given = dict(zip([*names, "loc", "scale"], [*shapes, loc, scale], strict=True))
    arguments = {}
    for key, value in given.items():
        array = np.asarray(value)
        if array.size != 1 or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise InputError(where, "finite numbers as parameters", f"{key} = {value!r}")
        arguments[key] = array.reshape(()).item()
    for key, wanted in _SOURCES[name].constants.items():
        if arguments[key] != wanted:
            raise NotExponentialFamily(where, f"{name} with {key} = {wanted}", f"{key} = {arguments[key]}")
    if not law.dist._argcheck(*shapes) or not arguments["scale"] > 0:
        raise InputError(where, "parameters in the law's range", f"{name} with {arguments}")
    return name, arguments


def _unchanged(law: Any, name: str) -> bool:
    """Whether the law is scipy's own: a subclass, or an instance with replaced methods, may have any density."""
    import scipy.stats

    original = getattr(scipy.stats, name, None)
    extra = set(vars(law)) - {"args", "kwds", "dist", "a", "b"}
    return original is not None and type(law.dist) is type(original) and not extra and _same_members(law.dist, original)


def _same_members(dist: Any, original: Any) -> bool:
    return set(vars(dist)) <= set(vars(original)) and (dist.a, dist.b) == (original.a, original.b)


def _one_name(column: Sequence[tuple[str, Any]], latent: int) -> str:
    names = sorted({name for name, _ in column})
    if len(names) > 1:
        raise NotExponentialFamily(f"laws of latent {latent + 1}", "one family for every u", " and ".join(names))
    return names[0]


def _latent(name: str, column: Sequence[tuple[str, Mapping[str, Any]]], latent: int) -> _Latent:
    source = _SOURCES[name]
    fixed = {}
    for parameter, (key, transform) in source.parameters.items():
        values = [arguments[key] for _, arguments in column]
        if all(value == values[0] for value in values):
            exact = to_fraction(values[0])
            fixed[parameter] = transform(sympy.Rational(exact.numerator, exact.denominator))
    form = form_of(source.law, fixed, latent=latent)
    table, errors = [], []
    with precision(BITS):
        for _, arguments in column:
            own = {p: transform(_ball(arguments[key])) for p, (key, transform) in source.parameters.items()}
            balls = [value if isinstance(value, arb) else arb(value) for value in form.natural(own, _BALLS)]
            table.append([float(value.mid()) for value in balls])
            errors.append([_upper(value - float(value.mid())) for value in balls])
    return _Latent(form, np.array(table), np.array(errors))


def _ball(value: float) -> arb:
    """The number that was meant: floats are known up to half a unit in the last place."""
    middle = to_arb(value)
    return middle if isinstance(value, int) else middle + arb(0, float(abs(value) * 2.0**-53) or 5e-324)


def _upper(value: arb) -> float:
    return float(np.nextafter(float(value.abs_upper()), np.inf))


class _BallFunctions:
    """The functions that the maps of :mod:`laws` need, on balls."""

    @staticmethod
    def sin(x: Any, /) -> Any:
        return x.sin()

    @staticmethod
    def cos(x: Any, /) -> Any:
        return x.cos()

    @staticmethod
    def power(x: Any, exponent: Any, /) -> Any:
        return x ** to_arb(exponent)

    @staticmethod
    def constant(x: Any, /) -> Any:
        return to_arb(x)


_BALLS = _BallFunctions()
