"""Laws of :mod:`torch.distributions` as noise.

A law is recognised by the identity of its class: subclasses that users write are black boxes. Parameters are read
exactly from their tensors; a parameter that requires a gradient, at any depth, makes the noise a learned one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ivae_theory.adapters.scipy_noise import standard_law
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import to_fraction
from ivae_theory.noise import Noise
from ivae_theory.noise.composite import Affine, Mixture, Product
from ivae_theory.noise.gaussian import Gaussian, as_spread
from ivae_theory.noise.gradients import requires_gradient
from ivae_theory.noise.laws import Bounded, Law, Opaque

__all__ = ["to_noise"]


def to_noise(obj: Any) -> Noise:
    """The noise that a torch Distribution is: batch shape () or (d,) of a law on R, or a law on R^d.

    Raises
    ------
    InputError
        For parameters out of range, and for laws on matrices.
    InputTypeError
        For discrete laws (see ``Discrete``) and for objects that are no Distribution.
    """
    from torch.distributions import Distribution

    if not isinstance(obj, Distribution):
        raise InputTypeError("noise", "a torch Distribution", type(obj).__name__)
    shape = tuple(obj.batch_shape) + tuple(obj.event_shape)
    if len(shape) > 1:
        raise InputError("noise", "a law on R or on R^d: batch and event shape () or (d,) together", f"shape {shape}")
    if _is_discrete(obj):
        raise InputTypeError(
            "noise", "a continuous law, or Discrete(name) for discrete observations", type(obj).__name__
        )
    return Noise(law=_law(obj, shape), learned=requires_gradient(obj))


def _replaced(obj: Any) -> bool:
    """Whether a method was replaced on the instance: then the class says nothing about the law."""
    return bool({"sample", "rsample", "log_prob", "support"} & set(vars(obj)))


def _is_discrete(obj: Any) -> bool:
    try:
        return bool(getattr(obj.support, "is_discrete", False))
    except NotImplementedError:  # a user's class that does not say where it lives
        return False


def _law(obj: Any, shape: tuple[int, ...]) -> Law:
    import torch.distributions as D

    whole = obj
    while type(obj) is D.Independent and not _replaced(obj):
        obj = obj.base_dist
    if _replaced(obj):
        return _opaque(whole, shape)
    vector = _vector(obj)
    if vector is not None:
        return vector
    if type(obj) is D.MixtureSameFamily:
        return _mixture(obj, shape)
    laws = _coordinates(obj)
    if laws is None:
        return _opaque(obj, shape)
    return Product(tuple(laws)) if shape else laws[0]


def _coordinates(obj: Any) -> list[Law] | None:
    """One law for every entry of the batch, or ``None`` for an unknown class."""
    import torch.distributions as D

    while type(obj) is D.Independent and not _replaced(obj):
        obj = obj.base_dist
    if obj.event_shape or _replaced(obj):
        return None
    read = _NAMED.get(type(obj).__name__)
    if read is not None and getattr(D, type(obj).__name__, None) is type(obj):
        names, build = read
        return [build(*values) for values in _columns([getattr(obj, name) for name in names], obj.batch_shape)]
    bounds = _BOUNDS.get(type(obj).__name__)
    if bounds is not None and getattr(D, type(obj).__name__, None) is type(obj):
        _require_valid(obj)
        return [_bounded(obj, index, *bounds) for index in range(int(np.prod(obj.batch_shape)))]
    if type(obj) is D.TransformedDistribution:
        return _transformed(obj)
    return None


def _require_valid(obj: Any) -> None:
    """Refuse parameters that torch refuses, also where validation is switched off (zuko does, for everybody)."""
    import torch
    from torch.distributions import constraints

    ranges = dict(type(obj).arg_constraints)
    if hasattr(obj, "temperature"):
        ranges["temperature"] = constraints.positive
    for name, constraint in ranges.items():
        value = torch.as_tensor(getattr(obj, name))
        if not bool(torch.isfinite(value).all() and constraint.check(value).all()):
            raise InputError(name, f"parameters that {type(obj).__name__} accepts", str(value.detach().tolist())[:60])


def _columns(tensors: list[Any], shape: Any) -> list[list[Any]]:
    arrays = [np.broadcast_to(_numpy(tensor), tuple(shape)).reshape(-1) for tensor in tensors]
    return [list(column) for column in zip(*arrays, strict=True)]


def _numpy(value: Any) -> Any:
    return value.detach().cpu().double().numpy() if hasattr(value, "detach") else np.asarray(value, dtype=float)


def _simple(name: str, *shapes: str) -> Callable[..., Law]:
    """A builder that takes ``loc, scale`` and scipy's shape parameters."""

    def build(loc: Any, scale: Any, *values: Any) -> Law:
        return standard_law(name, dict(zip(shapes, values, strict=True)), loc, scale)

    return build


def _rate(name: str, *shapes: str) -> Callable[..., Law]:
    def build(rate: Any, *values: Any) -> Law:
        exact = to_fraction(rate, "rate")
        if exact <= 0:
            raise InputError("rate", "a positive number", str(float(exact)))
        return standard_law(name, dict(zip(shapes, values, strict=True)), 0, 1 / exact)

    return build


def _uniform(low: Any, high: Any) -> Law:
    a, b = to_fraction(low, "low"), to_fraction(high, "high")
    if a >= b:
        raise InputError("high", "a number above low", f"low={float(a)}, high={float(b)}")
    return standard_law("uniform", {}, a, b - a)


#: Class of torch -> its parameters and how scipy's law is made from them.
_NAMED: dict[str, tuple[tuple[str, ...], Callable[..., Law]]] = {
    "Normal": (("loc", "scale"), _simple("norm")),
    "Laplace": (("loc", "scale"), _simple("laplace")),
    "Cauchy": (("loc", "scale"), _simple("cauchy")),
    "Gumbel": (("loc", "scale"), _simple("gumbel_r")),
    "StudentT": (("loc", "scale", "df"), _simple("t", "df")),
    "GeneralizedPareto": (("loc", "scale", "concentration"), _simple("genpareto", "c")),
    "Uniform": (("low", "high"), _uniform),
    "HalfNormal": (("scale",), lambda scale: standard_law("halfnorm", {}, 0, scale)),
    "HalfCauchy": (("scale",), lambda scale: standard_law("halfcauchy", {}, 0, scale)),
    "Exponential": (("rate",), _rate("expon")),
    "Gamma": (("rate", "concentration"), _rate("gamma", "a")),
    "Chi2": (("df",), lambda df: standard_law("chi2", {"df": df})),
    "FisherSnedecor": (("df1", "df2"), lambda a, b: standard_law("f", {"dfn": a, "dfd": b})),
    "Beta": (("concentration1", "concentration0"), lambda a, b: standard_law("beta", {"a": a, "b": b})),
    "InverseGamma": (("rate", "concentration"), lambda r, a: standard_law("invgamma", {"a": a}, 0, r)),
    "Weibull": (("scale", "concentration"), lambda s, c: standard_law("weibull_min", {"c": c}, 0, s)),
    "Pareto": (("scale", "alpha"), lambda s, b: standard_law("pareto", {"b": b}, 0, s)),
}
#: Class of torch -> bounds of its support; nothing else is used. The von Mises law is drawn from [-pi, pi).
_BOUNDS: dict[str, tuple[str, str]] = {
    "ContinuousBernoulli": ("0", "1"),
    "Kumaraswamy": ("0", "1"),
    "RelaxedBernoulli": ("0", "1"),
    "LogNormal": ("0", "oo"),
    "VonMises": ("-4", "4"),
}
#: Laws on the simplex.
_SIMPLEX = ("Dirichlet", "LogisticNormal", "RelaxedOneHotCategorical")
#: Last elementwise transform -> bounds of its range, whatever it is applied to.
_RANGES: dict[str, tuple[str, str]] = {
    "AbsTransform": ("0", "oo"),
    "ExpTransform": ("0", "oo"),
    "SigmoidTransform": ("0", "1"),
    "SoftplusTransform": ("0", "oo"),
    "TanhTransform": ("-1", "1"),
}


def _bound(text: str) -> Fraction | str:
    return text if "oo" in text else Fraction(text)


def _sampler(obj: Any, index: int | None) -> Callable[[tuple[int, ...], np.random.Generator], Any]:
    def sampler(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        import torch

        with turn(), torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(int(rng.integers(2**62)))
            draws = obj.sample(shape).cpu().double().numpy()
        return draws if index is None else draws.reshape(*shape, -1)[..., index]

    return sampler


def _log_prob(obj: Any, index: int | None, inside: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def density(x: Any) -> Any:
        import torch

        values = np.asarray(x, dtype=float)
        mask = inside(values)
        safe = np.where(mask, values, 0.5)
        tensor = torch.as_tensor(safe, dtype=torch.get_default_dtype())
        with torch.no_grad():
            if index is not None and obj.batch_shape:
                tensor = tensor[..., None].expand(*tensor.shape, int(np.prod(obj.batch_shape)))
            found = obj.log_prob(tensor).cpu().double().numpy()
        found = found[..., index] if index is not None and obj.batch_shape else found
        return np.where(mask, found, -np.inf)

    return density


def _bounded(obj: Any, index: int, low: str, high: str) -> Law:
    def inside(x: Any) -> Any:
        return (x > float(low.replace("oo", "inf"))) & (x < float(high.replace("oo", "inf")))

    label = f"{type(obj).__name__} law of torch"
    return Bounded((_bound(low),), (_bound(high),), label, _sampler(obj, index), _log_prob(obj, index, inside))


def _vector(obj: Any) -> Law | None:
    """Laws on R^d that are not products."""
    import torch.distributions as D

    name = type(obj).__name__
    if getattr(D, name, None) is not type(obj) or len(obj.event_shape) != 1 or obj.batch_shape:
        return None
    if name in ("MultivariateNormal", "LowRankMultivariateNormal"):
        mean = tuple(to_fraction(value, "loc") for value in _numpy(obj.loc))
        law: Law = Gaussian(as_spread(_numpy(obj.covariance_matrix), "covariance_matrix"))
        return Affine(law, Fraction(1), mean) if any(mean) else law
    if name in _SIMPLEX:
        _require_valid(obj)
        d = int(obj.event_shape[0])
        return Bounded(
            (Fraction(0),) * d, (Fraction(1),) * d, f"{name} law of torch", _sampler(obj, None), None, vector=True
        )
    return None


def _mixture(obj: Any, shape: tuple[int, ...]) -> Law:
    import torch.distributions as D

    component, weights = obj.component_distribution, obj.mixture_distribution
    if type(weights) is not D.Categorical:
        return _opaque(obj, shape)
    count = int(weights.probs.shape[-1])
    if component.event_shape:
        laws = [_component(component, index) for index in range(count)] if not obj.batch_shape else [None]
        if any(law is None for law in laws):
            return _opaque(obj, shape)
        return Mixture(_weights(weights.probs), tuple(law for law in laws if law is not None))
    members = _coordinates(component)
    if members is None:
        return _opaque(obj, shape)
    probabilities = _numpy(weights.probs) * np.ones((*obj.batch_shape, count))
    rows = [
        Mixture(_weights(row), tuple(members[i * count : (i + 1) * count]))
        for i, row in enumerate(probabilities.reshape(-1, count))
    ]
    return Product(tuple(rows)) if shape else rows[0]


def _weights(probabilities: Any) -> tuple[Fraction, ...]:
    exact = [to_fraction(value, "probs") for value in _numpy(probabilities)]
    total = sum(exact, Fraction(0))
    return tuple(value / total for value in exact)


def _component(component: Any, index: int) -> Law | None:
    """One member of a batch of laws on R^d."""
    import torch.distributions as D

    if type(component) is D.Independent and type(component.base_dist) is not D.Independent:
        laws = _coordinates(component.base_dist)
        d = int(component.event_shape[0]) if len(component.event_shape) == 1 else 0
        return None if laws is None or not d else Product(tuple(laws[index * d : (index + 1) * d]))
    if type(component) is D.MultivariateNormal:
        shift = tuple(to_fraction(value, "loc") for value in _numpy(component.loc)[index])
        law: Law = Gaussian(as_spread(_numpy(component.covariance_matrix)[index], "covariance_matrix"))
        return Affine(law, Fraction(1), shift) if any(shift) else law
    return None


def _transformed(obj: Any) -> list[Law] | None:
    """Affine images exactly; after any other elementwise transform only the range of that transform is used."""
    import torch.distributions as D
    from torch.distributions import transforms

    same = tuple(obj.base_dist.batch_shape) == tuple(obj.batch_shape)
    laws = _coordinates(obj.base_dist) if same else None
    chain = [step for item in obj.transforms for step in (item.parts if type(item) is D.ComposeTransform else [item])]
    for position, item in enumerate(chain):
        step: Any = item
        name = type(step).__name__
        if getattr(transforms, name, None) is not type(step):
            return None
        if name == "AffineTransform" and step.event_dim == 0:
            if laws is None:
                continue
            pairs = _columns([step.loc, step.scale], obj.batch_shape)
            laws = [
                Affine(law, to_fraction(b, "scale"), (to_fraction(a, "loc"),))
                for law, (a, b) in zip(laws, pairs, strict=True)
            ]
        elif name in _RANGES:
            low, high = (_bound(text) for text in _RANGES[name])
            partial = D.TransformedDistribution(obj.base_dist, chain[: position + 1], validate_args=False)
            count, label = int(np.prod(obj.batch_shape)), f"a law on the range of {name}"
            laws = [Bounded((low,), (high,), label, _sampler(partial, index)) for index in range(count)]
        else:
            return None
    return laws


def _opaque(obj: Any, shape: tuple[int, ...]) -> Law:
    dim = shape[0] if shape else None

    def density(x: Any) -> Any:
        import torch

        with torch.no_grad():
            values = (
                obj.log_prob(torch.as_tensor(np.asarray(x), dtype=torch.get_default_dtype())).cpu().double().numpy()
            )
        return values if dim is None or values.ndim < np.ndim(x) else values.sum(axis=-1)

    return Opaque(f"black-box law {type(obj).__name__}", dim, _sampler(obj, None), density)
