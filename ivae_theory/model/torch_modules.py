"""The parameters of a torch law, and the natural parameters that follow, as torch modules that can be traced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.fx.experimental.proxy_tensor import get_proxy_mode

from ivae_theory.adapters.laws import LAWS, Form
from ivae_theory.errors import InputError
from ivae_theory.mixing.parts import parts_of
from ivae_theory.model.torch_prior import factors, unvalidated

__all__ = ["NaturalParameters", "Parameters"]


class Parameters(nn.Module):
    """The parameters of ``function(u)``'s law, stacked as (B, n, number of parameters).

    What the function holds is registered, so that whoever calls this module finds the dtype that it computes in and
    can put its modules into evaluation mode.
    """

    law: str | None

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function
        modules, tensors = _held_by(function)
        self.used = nn.ModuleList(modules)
        for index, tensor in enumerate(tensors):
            self.register_buffer(f"held_{index}", tensor, persistent=False)
        self.law = None
        self.dense = False

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """Ask the user's function; torch validates its arguments except while a trace is made."""
        if get_proxy_mode() is None:
            distribution = self.function(u)
        else:
            with unvalidated():
                distribution = self.function(u)
        law, dense, parameters = factors(distribution, len(u), "fn(u)")
        if self.law is None:
            self.law, self.dense = law, dense
        if law != self.law:
            raise InputError("fn(u)", f"the same law for every u, here {self.law}", law)
        return torch.stack([parameters[name] for name in LAWS[law].parameters], dim=-1)


class NaturalParameters(nn.Module):
    """lambda(u) of shape (B, sum k_i) from a law's parameters, latent by latent."""

    def __init__(self, parameters: Parameters, forms: Sequence[Form]) -> None:
        super().__init__()
        self.parameters_of = parameters
        self.forms = tuple(forms)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """Stack the natural parameters of every latent."""
        values = self.parameters_of(u)
        names = LAWS[str(self.parameters_of.law)].parameters
        columns = []
        for latent, form in enumerate(self.forms):
            own: Mapping[str, torch.Tensor] = {name: values[:, latent, j] for j, name in enumerate(names)}
            columns.extend(form.natural(own, _TORCH))
        return torch.stack(columns, dim=1)


class _TorchFunctions:
    """The functions that the maps of :mod:`laws` need, on tensors."""

    @staticmethod
    def sin(x: Any, /) -> Any:
        return torch.sin(x)

    @staticmethod
    def cos(x: Any, /) -> Any:
        return torch.cos(x)

    @staticmethod
    def power(x: Any, exponent: Any, /) -> Any:
        return torch.pow(x, float(exponent))

    @staticmethod
    def constant(x: Any, /) -> Any:
        return float(x)  # fixed parameters were floats: nothing is rounded


_TORCH = _TorchFunctions()


def _held_by(function: Any) -> tuple[list[nn.Module], list[torch.Tensor]]:
    """The modules that a function computes with, and the float tensors beside them."""
    tensors = (value for value in parts_of(function, "tensor") if not isinstance(value, nn.Parameter))
    return parts_of(function, "module"), [value for value in tensors if value.is_floating_point()]
