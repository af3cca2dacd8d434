"""``fn(u) -> torch.distributions.Distribution`` as a prior of Eq. (7).

Which parameters vary with u decides the family of each latent. "Does not vary" is concluded only from all values of
a finite support, or from a trace of the computation in which the parameter does not depend on u.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.adapters.dependence import Dependence, dependence
from ivae_theory.adapters.laws import LAWS, Form, form_of
from ivae_theory.domain import Box, Domain, Points, SymbolicDomain
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.errors import (
    CallableFailed,
    InputError,
    InputTypeError,
    MissingExtra,
    NotExponentialFamily,
)
from ivae_theory.exact import to_fraction
from ivae_theory.model.natural import PROBES

if TYPE_CHECKING:
    import torch
    from torch.distributions import MultivariateNormal

    from ivae_theory.model.prior import Prior

__all__ = ["factors", "prior_from_torch"]

Function = Callable[[Any], Any]


def prior_from_torch(cls: type[Prior], function: Function, domain: Domain) -> Prior:
    """See :meth:`ivae_theory.Prior.from_torch`."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtra("Prior.from_torch", "torch") from None
    from ivae_theory.model.torch_modules import NaturalParameters, Parameters

    if not callable(function):
        raise InputTypeError("fn", "a function u -> torch Distribution", type(function).__name__)
    if isinstance(domain, SymbolicDomain):
        raise InputTypeError("u", "an array, Points, Observed or Box with a torch function", "sympy symbols")
    points = domain.candidates(PROBES) if isinstance(domain, Box) else domain.values
    parameters = Parameters(function)
    values = _ask(parameters, points)
    law = str(parameters.law)
    _require_positive(law, values, points)
    marks, why = _dependences(parameters, points, values.shape[1:])
    latents = [_latent(law, values[:, i], marks[i], isinstance(domain, Points), i, why) for i in range(values.shape[1])]
    module = NaturalParameters(parameters, [latent.form for latent in latents])
    prior = cls([latent.form.family for latent in latents], module, u=domain)
    prior.assumptions += tuple(sentence for latent in latents for sentence in latent.assumed)
    if parameters.dense and not isinstance(domain, Points):
        prior.assumptions += (f"the covariance is diagonal for every u, not only at the {len(points)} that were tried",)
    return prior


@dataclass(frozen=True)
class _Latent:
    form: Form
    assumed: tuple[str, ...]


def _ask(parameters: torch.nn.Module, points: NDArray[Any]) -> NDArray[np.float64]:
    """The law's parameters at the points, (B, n, number of parameters)."""
    from ivae_theory.mixing.tracing import evaluate_callable

    try:
        values = np.asarray(evaluate_callable(parameters, points, "fn(u)"), dtype=np.float64)
    except CallableFailed as failure:
        # What this package found wrong with the answer is the error; the user's function did not raise it.
        if isinstance(failure.__cause__, InputError):
            raise failure.__cause__ from None
        raise
    if values.ndim != 3 or len(values) != len(points):
        raise InputError("fn(u)", "a Distribution with batch (B, n)", f"parameters of shape {values.shape[:-1]}")
    return values


def _require_positive(law: str, values: NDArray[np.float64], points: NDArray[Any]) -> None:
    """Refuse what torch refuses, also where validation is switched off (zuko switches it off for everybody)."""
    for index, name in enumerate(LAWS[law].parameters):
        bad = np.argwhere(~(values[:, :, index] > 0))
        if name != "loc" and len(bad):
            row, latent = (int(place) for place in bad[0])
            got = f"{values[row, latent, index]} for latent {latent + 1} at u = {points[row].tolist()}"
            raise CallableFailed("fn(u)", f"a positive {name} of {law}", got)


def _dependences(
    parameters: torch.nn.Module, points: NDArray[Any], shape: tuple[int, ...]
) -> tuple[NDArray[np.int8], str]:
    """How each parameter of each latent depends on u, (n, number of parameters); and why that is not known."""
    try:
        marks = dependence(parameters, points[:2]).numpy()
    except CannotEnclose as problem:
        return np.full(shape, int(Dependence.COMPUTED), dtype=np.int8), str(problem)
    return np.asarray(marks.max(axis=0), dtype=np.int8).reshape(shape), ""


def _latent(
    law: str, values: NDArray[np.float64], marks: NDArray[np.int8], whole: bool, latent: int, why: str
) -> _Latent:
    """The form of one latent; ``values`` (B, number of parameters), ``whole`` when B is all of the support."""
    fixed: dict[str, sympy.Expr] = {}
    assumed = []
    reason = "it varies with u"
    for parameter, column, mark in zip(LAWS[law].parameters, values.T, marks, strict=True):
        equal = bool((column == column[0]).all())
        if equal and (whole or mark == Dependence.NONE):
            exact = to_fraction(column[0])
            fixed[parameter] = sympy.Rational(exact.numerator, exact.denominator)
            if mark == Dependence.COMPUTED:
                assumed.append(
                    f"the {parameter} of latent {latent + 1}, computed as the same float for all {len(column)} values "
                    "of u, does not vary with u"
                )
        elif equal and parameter in LAWS[law].rigid:
            reason = f"it is the same at {len(column)} values of u, and nothing shows that it is at the others"
            reason += f" ({why})" if why else ""
    return _Latent(form_of(law, fixed, reason, latent), tuple(assumed))


def factors(distribution: Any, rows: int, argument: str) -> tuple[str, bool, dict[str, torch.Tensor]]:
    """The law's name, whether it came with a covariance, and its parameters, each (B, n).

    Raises
    ------
    NotExponentialFamily, InputError, InputTypeError
        For laws that are not supported, do not factorise over the latents or have another batch shape.
    """
    import torch.distributions as laws

    if not isinstance(distribution, laws.Distribution):
        raise InputTypeError(argument, "a torch.distributions.Distribution", type(distribution).__name__)
    while isinstance(distribution, laws.Independent):
        distribution = distribution.base_dist
    name = type(distribution).__name__
    if {"sample", "rsample", "log_prob"} & set(vars(distribution)):
        raise NotExponentialFamily(argument, "a law as its class has it", f"{name} with a method of its own")
    if type(distribution) is laws.MultivariateNormal:
        return "Normal", True, _diagonal_normal(distribution, rows, argument)
    if name not in LAWS or type(distribution) is not getattr(laws, name, None):
        supported = ", ".join(LAWS)
        raise NotExponentialFamily(argument, f"a factorial law of Eq. (7): one of {supported}", name)
    parameters = {parameter: getattr(distribution, parameter) for parameter in LAWS[name].parameters}
    _check_batch(tuple(distribution.batch_shape), rows, argument)
    return name, False, parameters


def _check_batch(shape: tuple[int, ...], rows: int, argument: str) -> None:
    if len(shape) != 2 or shape[0] != rows or shape[1] < 1:
        raise InputError(argument, f"a Distribution with batch (B, n), here ({rows}, n)", f"batch {shape}")


def _diagonal_normal(distribution: MultivariateNormal, rows: int, argument: str) -> dict[str, torch.Tensor]:
    """Mean and standard deviations of a multivariate normal, whose covariance has to be diagonal."""
    import torch

    covariance: Any = distribution.covariance_matrix
    _check_batch((*distribution.batch_shape, *distribution.event_shape), rows, argument)
    diagonal = torch.diagonal(covariance, dim1=-2, dim2=-1)
    if not bool((covariance == torch.diag_embed(diagonal)).all()):
        raise InputError(argument, "a law that factorises over the latents", "a covariance that is not diagonal")
    return {"loc": distribution.loc, "scale": torch.sqrt(diagonal)}


@contextmanager
def unvalidated() -> Iterator[None]:
    """Let torch build distributions without looking at values, as tracing needs; restored afterwards."""
    import torch.distributions as laws

    before = laws.Distribution._validate_args
    laws.Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        laws.Distribution.set_default_validate_args(before)
