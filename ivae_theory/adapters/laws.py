"""The named laws as exponential families in the parameters that vary (Eq. 7).

Each law says which of its parameters must not vary for it to be an exponential family, and for every set of
parameters that do not vary which family is left and how its natural parameters follow from the others. A parameter
that does not vary moves from lambda into T or Q: a Normal with constant mean m is k = 1, T = (z - m)^2.

The maps are written once and used with numbers of any kind: torch tensors, balls, sympy expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sympy

from ivae_theory import families
from ivae_theory.adapters import reduced
from ivae_theory.errors import NotExponentialFamily
from ivae_theory.families import ExponentialFamily

__all__ = ["LAWS", "Form", "Functions", "NamedLaw", "form_of"]

Fixed = Mapping[str, sympy.Expr]
Values = Mapping[str, Any]


class Functions(Protocol):
    """What the maps need besides arithmetic, for one kind of numbers."""

    def sin(self, x: Any, /) -> Any:
        """Sine."""

    def cos(self, x: Any, /) -> Any:
        """Cosine."""

    def power(self, x: Any, exponent: sympy.Expr, /) -> Any:
        """x**exponent for x > 0."""

    def constant(self, x: sympy.Expr, /) -> Any:
        """A fixed parameter, exactly."""


@dataclass(frozen=True)
class Form:
    """A family, and its k natural parameters from the law's parameters: ``natural(values, functions)``."""

    family: ExponentialFamily
    natural: Callable[[Values, Functions], list[Any]]


@dataclass(frozen=True)
class NamedLaw:
    """A law's parameters, those that must not vary, and the form for every set of parameters that do not."""

    parameters: tuple[str, ...]
    rigid: tuple[str, ...]
    form: Callable[[Fixed], Form]


def form_of(law: str, fixed: Fixed, why_not_fixed: str = "it varies with u", latent: int | None = None) -> Form:
    """The family of ``law`` when the parameters in ``fixed`` do not vary, at these values.

    When nothing varies, the family in all its parameters is kept (with constant natural parameters).

    Raises
    ------
    NotExponentialFamily
        When a parameter outside ``fixed`` would have to be; it is named.
    """
    named = LAWS[law]
    for parameter in named.rigid:
        if parameter not in fixed:
            where = "" if latent is None else f" of latent {latent + 1}"
            raise NotExponentialFamily(
                f"{law}{where}",
                f"the same {parameter} for every u (the law is no exponential family in its {parameter})",
                why_not_fixed,
            )
    if all(parameter in fixed for parameter in named.parameters):
        fixed = {parameter: fixed[parameter] for parameter in named.rigid}
    return named.form(fixed)


def _normal(fixed: Fixed) -> Form:
    if "loc" in fixed:
        return Form(families.gaussian_scale(fixed["loc"]), lambda p, f: [_half_precision(p["scale"])])
    if "scale" in fixed:
        family = families.gaussian_location(fixed["scale"] ** 2)
        return Form(family, lambda p, f: [_over_square(p["loc"], f.constant(fixed["scale"]))])
    return Form(families.gaussian(), _location_scale)


def _over_square(x: Any, scale: Any) -> Any:
    """x / scale^2 without forming scale^2, which would round where the family's variance is exact."""
    return x / scale / scale


def _half_precision(scale: Any) -> Any:
    """-1 / (2 scale^2), the coefficient of z^2 in a Gaussian log-density."""
    return -1 / (2 * scale**2)


def _location_scale(p: Values, f: Functions) -> list[Any]:
    return [p["loc"] / p["scale"] ** 2, _half_precision(p["scale"])]


def _lognormal(fixed: Fixed) -> Form:
    if "loc" in fixed:
        return Form(reduced.lognormal_scale(fixed["loc"]), lambda p, f: [_half_precision(p["scale"])])
    if "scale" in fixed:
        family = reduced.lognormal_location(fixed["scale"] ** 2)
        return Form(family, lambda p, f: [_over_square(p["loc"], f.constant(fixed["scale"]))])
    return Form(families.lognormal(), _location_scale)


def _half_normal(fixed: Fixed) -> Form:
    return Form(families.half_normal(), lambda p, f: [_half_precision(p["scale"])])


def _laplace(fixed: Fixed) -> Form:
    return Form(families.laplace_scale(fixed["loc"]), lambda p, f: [-1 / p["scale"]])


def _exponential(fixed: Fixed) -> Form:
    return Form(families.exponential(), lambda p, f: [-p["rate"]])


def _gamma(fixed: Fixed) -> Form:
    if "concentration" in fixed:
        return Form(reduced.gamma_rate(fixed["concentration"]), lambda p, f: [-p["rate"]])
    if "rate" in fixed:
        return Form(reduced.gamma_shape(fixed["rate"]), lambda p, f: [p["concentration"] - 1])
    return Form(families.gamma(), lambda p, f: [p["concentration"] - 1, -p["rate"]])


def _inverse_gamma(fixed: Fixed) -> Form:
    if "concentration" in fixed:
        return Form(reduced.inverse_gamma_rate(fixed["concentration"]), lambda p, f: [-p["rate"]])
    if "rate" in fixed:
        return Form(reduced.inverse_gamma_shape(fixed["rate"]), lambda p, f: [-p["concentration"] - 1])
    return Form(families.inverse_gamma(), lambda p, f: [-p["concentration"] - 1, -p["rate"]])


def _beta(fixed: Fixed) -> Form:
    if "concentration1" in fixed:
        family = reduced.beta_concentration0(fixed["concentration1"])
        return Form(family, lambda p, f: [p["concentration0"] - 1])
    if "concentration0" in fixed:
        family = reduced.beta_concentration1(fixed["concentration0"])
        return Form(family, lambda p, f: [p["concentration1"] - 1])
    return Form(families.beta(), lambda p, f: [p["concentration1"] - 1, p["concentration0"] - 1])


def _chi2(fixed: Fixed) -> Form:
    return Form(families.chi2(), lambda p, f: [p["df"] / 2 - 1])


def _von_mises(fixed: Fixed) -> Form:
    if "loc" in fixed:
        return Form(reduced.von_mises_concentration(fixed["loc"]), lambda p, f: [p["concentration"]])
    # With only the concentration fixed both natural parameters still vary, on a circle: nothing is reduced.
    return Form(
        families.von_mises(),
        lambda p, f: [p["concentration"] * f.cos(p["loc"]), p["concentration"] * f.sin(p["loc"])],
    )


def _weibull(fixed: Fixed) -> Form:
    shape = fixed["concentration"]
    return Form(families.weibull(shape), lambda p, f: [-1 / f.power(p["scale"], shape)])


def _pareto(fixed: Fixed) -> Form:
    return Form(families.pareto(fixed["scale"]), lambda p, f: [-p["alpha"] - 1])


#: Names and parameters as in torch.distributions.
LAWS: dict[str, NamedLaw] = {
    "Normal": NamedLaw(("loc", "scale"), (), _normal),
    "LogNormal": NamedLaw(("loc", "scale"), (), _lognormal),
    "HalfNormal": NamedLaw(("scale",), (), _half_normal),
    "Laplace": NamedLaw(("loc", "scale"), ("loc",), _laplace),
    "Exponential": NamedLaw(("rate",), (), _exponential),
    "Gamma": NamedLaw(("concentration", "rate"), (), _gamma),
    "InverseGamma": NamedLaw(("concentration", "rate"), (), _inverse_gamma),
    "Beta": NamedLaw(("concentration1", "concentration0"), (), _beta),
    "Chi2": NamedLaw(("df",), (), _chi2),
    "VonMises": NamedLaw(("loc", "concentration"), (), _von_mises),
    "Weibull": NamedLaw(("scale", "concentration"), ("concentration",), _weibull),
    "Pareto": NamedLaw(("scale", "alpha"), ("scale",), _pareto),
}
