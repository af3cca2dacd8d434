"""The optional dependencies of training, and one clear error where one is missing.

Modules that cannot exist without torch import it from here: ``from ivae_theory.training.extras import torch``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ivae_theory.errors import MissingExtra

__all__ = ["need", "torch"]


def need(module: str, feature: str, extra: str = "train") -> Any:
    """Import ``module``, or raise :class:`~ivae_theory.errors.MissingExtra` that names the extra to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(feature, extra) from error


if TYPE_CHECKING:
    import torch
else:

    def __getattr__(name: str) -> Any:
        if name == "torch":
            return need("torch", "training", "train")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
