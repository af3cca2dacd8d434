"""What a user may hand over as noise, and which adapter reads it.

Adapters are named, not imported: a law of torch is read by the torch adapter only when one arrives.
"""

from __future__ import annotations

import importlib
import numbers
from typing import Any

from ivae_theory.errors import InputTypeError
from ivae_theory.noise.discrete import Discrete
from ivae_theory.noise.noise import Noise

__all__ = ["ADAPTERS", "as_noise"]

#: Top-level package of one of the object's classes -> module with ``to_noise(obj) -> Noise``. Users may add to it.
ADAPTERS: dict[str, str] = {
    "scipy": "ivae_theory.adapters.scipy_noise",
    "torch": "ivae_theory.adapters.torch_noise",
    "sympy": "ivae_theory.adapters.sympy_noise",
}

EXPECTED = (
    "Noise.none(), Noise.gaussian(variance), Noise(density=...), Noise(cf=..., symbols=[...]), a sympy density, "
    "a frozen law of scipy.stats, a torch Distribution or Discrete(name)"
)


def as_noise(obj: Any) -> Noise | Discrete:
    """The noise that a user's ``noise=`` means.

    Raises
    ------
    InputTypeError
        For anything that is not a description of noise.
    InputError
        For invalid parameters, and for laws on matrices or other things that are not vectors.
    """
    if isinstance(obj, (Noise, Discrete)):
        return obj
    if obj is None:
        raise InputTypeError("noise", EXPECTED, "None; write Noise.none() for no noise")
    if isinstance(obj, (numbers.Number, str)):
        raise InputTypeError("noise", EXPECTED, f"{obj!r}; write Noise.gaussian(variance) for Gaussian noise")
    for cls in type(obj).__mro__:
        adapter = ADAPTERS.get(cls.__module__.partition(".")[0])
        if adapter is not None:
            noise = importlib.import_module(adapter).to_noise(obj)
            if not isinstance(noise, Noise):
                raise InputTypeError("noise", f"an adapter that returns Noise ({adapter})", type(noise).__name__)
            return noise
    raise InputTypeError("noise", EXPECTED, type(obj).__name__)
