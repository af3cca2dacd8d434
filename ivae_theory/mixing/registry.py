"""Layers that are injective by construction, with the argument; users add their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.mixing.masks import acts_as_its_class, masks_are_triangular

__all__ = ["Construction", "construction_of", "register_injective", "sequence"]


@dataclass(frozen=True)
class Construction:
    """Why a layer is injective.

    Attributes
    ----------
    layer
        The layer's type as text.
    argument
        One sentence.
    declared
        Whether the argument is a user's own (grade ASSUMED) and not one that this package knows.
    parts
        The same for the layers that it is composed of.
    graph
        The layer as operations, where the argument is a proof about them.
    """

    layer: str
    argument: str
    declared: bool = False
    parts: tuple[Construction, ...] = ()
    graph: Graph | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "layer": self.layer,
            "argument": self.argument,
            "declared": self.declared,
            "parts": [part.to_dict() for part in self.parts],
            "graph": None if self.graph is None else self.graph.to_dict(),
        }

    @property
    def rests_on_user(self) -> bool:
        """Whether some part is injective because a user says so."""
        return self.declared or any(part.rests_on_user for part in self.parts)


Prover = Callable[[Any], "str | Construction | None"]
_USERS: dict[type, Prover] = {}


def register_injective(layer_type: type, argument: str | Prover) -> None:
    """Declare that every layer of a type is injective on its whole domain.

    Parameters
    ----------
    layer_type
        The class; subclasses are not included, because they may override what the argument is about.
    argument
        Why, as one sentence for the report; or a function that is given the layer and returns the sentence, or ``None``
        where this particular layer is not known to be injective.

    Verdicts that rest on it have the grade ASSUMED and list the sentence.
    """
    if not isinstance(layer_type, type):
        raise InputTypeError("layer_type", "a class", type(layer_type).__name__)
    if callable(argument):
        _USERS[layer_type] = argument
        return
    if not isinstance(argument, str) or not argument.strip():
        raise InputError("argument", "a sentence or a function", repr(argument))
    sentence = argument.strip()
    _USERS[layer_type] = lambda layer: sentence


def _name(layer: Any) -> str:
    return f"{type(layer).__module__}.{type(layer).__qualname__}"


def construction_of(layer: Any) -> Construction | None:
    """Why the layer is injective on its domain by construction, or ``None``."""
    if not acts_as_its_class(layer):
        return None
    prover = _USERS.get(type(layer))
    if prover is not None:
        found = prover(layer)
        if isinstance(found, Construction):
            return found
        if found is not None and not isinstance(found, str):
            raise InputTypeError("argument", "a prover that returns a sentence or None", type(found).__name__)
        return Construction(_name(layer), found, declared=True) if found else None
    return _torch_transform(layer) or (_zuko_transform(layer) if "zuko" in sys.modules else None)


def _torch_transform(layer: Any) -> Construction | None:
    """Bijections of torch.distributions.transforms, by exact type; parameters are looked at."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    t = torch.distributions.transforms
    kind = type(layer)
    increasing = {
        t.ExpTransform: "the exponential is strictly increasing",
        t.SigmoidTransform: "the logistic function is strictly increasing",
        t.TanhTransform: "the hyperbolic tangent is strictly increasing",
        t.SoftplusTransform: "the softplus is strictly increasing",
        t.StickBreakingTransform: "stick breaking recovers its coordinates one after the other",
    }
    if kind in increasing:
        return Construction(_name(layer), increasing[kind])
    if kind is t.AffineTransform:
        scale = torch.as_tensor(layer.scale)
        return Construction(_name(layer), "an affine map of one coordinate at a time, scale not 0") if bool(
            (scale != 0).all() and torch.isfinite(scale).all()
        ) else None  # fmt: skip
    if kind is t.ReshapeTransform:
        return Construction(_name(layer), "a change of shape")
    if kind is t.ComposeTransform:
        return _composed(layer, layer.parts)
    if kind is t.IndependentTransform:
        return _composed(layer, [layer.base_transform])
    if kind is t._InverseTransform and _is_onto(layer._inv):
        return _composed(layer, [layer._inv], "the inverse of an injective map onto R^n")
    return None


def _is_onto(layer: Any) -> bool:
    """Whether a transform's range is all of R^n: only then is its inverse defined for every latent."""
    kind = type(layer).__name__
    if kind in ("ComposedTransform", "ComposeTransform"):
        return all(_is_onto(part) for part in getattr(layer, "transforms", None) or layer.parts)
    if kind in ("DependentTransform", "IndependentTransform"):
        return _is_onto(getattr(layer, "base", None) or layer.base_transform)
    if kind in _ZUKO_CONDITIONERS:
        inner = _inner(layer, kind)
        return inner is not None and _is_onto(inner)
    onto = ("AffineTransform", "AdditiveTransform", "MonotonicAffineTransform", "MonotonicRQSTransform",
            "PermutationTransform", "SignedPowerTransform", "_InverseTransform")  # fmt: skip
    return kind in onto


def sequence(layer: Any, parts: list[Construction]) -> Construction:
    """The construction of layers applied one after the other."""
    return Construction(_name(layer), "a composition of injective maps", parts=tuple(parts))


def _composed(layer: Any, parts: Any, argument: str = "a composition of injective maps") -> Construction | None:
    found = [construction_of(part) for part in parts]
    known = tuple(part for part in found if part is not None)
    return Construction(_name(layer), argument, parts=known) if len(known) == len(found) else None


#: Zuko's transformations that are injective for all parameters, by its documentation.
_ZUKO = {
    "AdditiveTransform": "a shift",
    "MonotonicAffineTransform": "x exp(a) + b with a bounded log-scale",
    "MonotonicRQSTransform": "a monotone rational-quadratic spline, the identity outside",
    "SoftclipTransform": "a strictly increasing function of each coordinate",
    "SignedPowerTransform": "sign(x) |x|^p with p > 0",
}
#: Conditioners of Zuko whose masks make a map triangular, or leave the conditioning coordinates alone.
_ZUKO_CONDITIONERS = {"AutoregressiveTransform": "MaskedAutoregressiveTransform",
                      "CouplingTransform": "GeneralCouplingTransform"}  # fmt: skip


def _zuko_transform(layer: Any) -> Construction | None:
    """Zuko's flows: compositions, couplings and autoregressions of strictly monotone maps, by exact type."""
    if type(layer).__module__ != "zuko.transforms":
        return None
    kind = type(layer).__name__
    if kind == "ComposedTransform":
        return _composed(layer, layer.transforms)
    if kind in _ZUKO:
        return Construction(_name(layer), _ZUKO[kind])
    if kind == "PermutationTransform":
        order = [int(k) for k in layer.order]
        if sorted(order) == list(range(len(order))):
            return Construction(_name(layer), "a permutation of the coordinates")
    if kind == "DependentTransform":
        return _composed(layer, [layer.base])
    return _conditional(layer, kind) if kind in _ZUKO_CONDITIONERS else None


def _conditional(layer: Any, kind: str) -> Construction | None:
    """A map of each coordinate whose parameters depend on coordinates that are recovered before it."""
    inner = _inner(layer, kind)
    proof = None if inner is None else construction_of(inner)
    if proof is None:
        return None
    how = "an autoregression" if kind == "AutoregressiveTransform" else "a coupling"
    return Construction(_name(layer), f"{how} of strictly monotone maps of one coordinate each", parts=(proof,))


def _inner(layer: Any, kind: str) -> Any:
    """The map of single coordinates that one of Zuko's own conditioners answers with, or ``None``."""
    import torch

    meta = getattr(layer.meta, "func", layer.meta)
    owner: Any = getattr(meta, "__self__", None)
    if type(owner).__name__ != _ZUKO_CONDITIONERS[kind] or not type(owner).__module__.startswith("zuko.flows."):
        return None
    first = next((p for p in owner.parameters() if p.ndim == 2), None)
    if first is None or not acts_as_its_class(owner):
        return None
    if kind == "AutoregressiveTransform" and not masks_are_triangular(owner.hyper, owner.total):
        return None
    given = getattr(layer.meta, "args", None) or (None,)
    context = 0 if given[0] is None else len(given[0])
    try:
        with torch.no_grad():
            return layer.meta(torch.zeros(first.shape[1] - context, dtype=first.dtype))
    except RuntimeError:  # conditioners whose first matrix is not that of their input: not known
        return None
