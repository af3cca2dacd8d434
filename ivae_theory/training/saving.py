"""A fitted estimator in one file: tensors in safetensors, everything else as JSON in its header.

Only the classes named here are ever made from a file, by their constructors; nothing is unpickled or evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivae_theory.errors import CorruptReport, InputTypeError, IvaeTheoryError
from ivae_theory.training.checkpoints import read_checkpoint, write_checkpoint
from ivae_theory.training.extras import need, torch
from ivae_theory.training.replicas import Replicas

__all__ = ["load", "save"]

_TRAINING = "ivae_theory.training."
#: What a file may hold: estimators, and the parts that ``fit`` leaves in them.
_ESTIMATORS = {
    "IVAE": "estimators",
    "VAE": "estimators",
    "BetaTCVAE": "estimators",
    "IdentifiableFlow": "flow_estimator",
    "LayeredFlow": "layered_estimator",
    "LinearControl": "linear",
}
_PARTS = {
    "Architecture": "networks",
    "FlowArchitecture": "flow",
    "FlowStack": "flow",
    "History": "loop",
    "LayeredArchitecture": "layered",
    "LayeredStack": "layered",
    "Learned": "learned",
    "Schedule": "loop",
    "Stack": "networks",
    "Whitening": "coordinates",
}
#: Parameters that belong to a run, and not to what it learned.
_OF_THE_RUN = ("callback", "checkpoint", "progress")


def save(estimator: Any, path: str | Path) -> None:
    """Write a fitted estimator to ``path``, atomically; :func:`load` gives it back.

    Raises
    ------
    InputTypeError
        For anything that is no estimator of this package, and for labels u that are neither numbers nor text.
    """
    name = type(estimator).__name__
    if _class(name, _ESTIMATORS) is not type(estimator):
        raise InputTypeError("estimator", f"one of {', '.join(_ESTIMATORS)}", name)
    need("sklearn.utils.validation", "estimators").check_is_fitted(estimator)
    writer = _Writer()
    parameters = {key: value for key, value in estimator.get_params(deep=False).items() if key not in _OF_THE_RUN}
    learned = {key: value for key, value in vars(estimator).items() if key.endswith("_") and key != "model_"}
    state = {"estimator": name, "parameters": writer.encode(parameters), "learned": writer.encode(learned)}
    write_checkpoint(path, writer.tensors, state)


def load(path: str | Path) -> Any:
    """The estimator that :func:`save` wrote, on the CPU.

    Raises
    ------
    CorruptReport
        The file is something else, or was changed.
    """
    tensors, state = read_checkpoint(path)
    try:
        read = _Reader(tensors).decode
        estimator = _class(state["estimator"], _ESTIMATORS)(**read(state["parameters"]))
        for key, value in read(state["learned"]).items():
            if not (isinstance(key, str) and key.endswith("_") and key.isidentifier() and not key.startswith("_")):
                raise KeyError(key)
            setattr(estimator, key, value)
    except (IvaeTheoryError, KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise CorruptReport("path", "a file written by save", f"{path}: {str(error)[:120]}") from None
    return estimator


def _class(name: str, known: dict[str, str]) -> Any:
    return getattr(need(_TRAINING + known[name], "saving"), name) if name in known else None


class _Writer:
    """Values as JSON, with their arrays set aside as tensors."""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self._known: dict[int, tuple[str, Any]] = {}

    def encode(self, value: Any) -> Any:
        """A JSON value that :meth:`_Reader.decode` reads; containers become ``{kind: content}``."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self.encode(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        name = type(value).__name__
        if isinstance(value, Replicas):
            described = {"architecture": value.architecture, "seeds": value.seeds, "dtype": str(value.dtype)[6:]}
            weights = {key: self._tensor(weight, weight) for key, weight in value.weights.items()}
            return {"replicas": [name, self.encode(described), weights]}
        if is_dataclass(value) and name in _PARTS:
            return {"part": [name, self.encode({field.name: getattr(value, field.name) for field in fields(value)})]}
        raise InputTypeError("estimator", "values that can be saved", f"a {name}")

    def _array(self, value: np.ndarray[Any, Any]) -> dict[str, Any]:
        if value.dtype.kind == "U":
            return {"text": value.tolist()}
        if value.dtype.kind not in "biuf":
            raise InputTypeError("u", "labels that are numbers or text, to be saved", f"dtype {value.dtype}")
        return {"array": self._tensor(torch.from_numpy(np.array(value, order="C")), value)}

    def _tensor(self, tensor: torch.Tensor, source: Any) -> str:
        """The name under which it is written; the chosen replica and all replicas are often the same object."""
        if id(source) not in self._known:
            name = str(len(self.tensors))
            self.tensors[name] = tensor.detach().clone()
            self._known[id(source)] = name, source
        return self._known[id(source)][0]


class _Reader:
    """The way back."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self.tensors = tensors
        self.kinds: dict[str, Callable[[Any], Any]] = {
            "list": lambda items: [self.decode(item) for item in items],
            "tuple": lambda items: tuple(self.decode(item) for item in items),
            "dict": lambda pairs: {self.decode(key): self.decode(item) for key, item in pairs},
            "text": np.array,
            "array": lambda name: self.tensors[name].numpy(),
            "part": lambda content: _class(content[0], _PARTS)(**self.decode(content[1])),
            "replicas": self._replicas,
        }

    def decode(self, value: Any) -> Any:
        """See :meth:`_Writer.encode`."""
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        return self.kinds[kind](content)

    def _replicas(self, content: Any) -> Replicas:
        name, described, weights = content
        fields = self.decode(described)
        if fields["dtype"] not in ("float32", "float64"):
            raise KeyError(fields["dtype"])
        made: Replicas = _class(name, _PARTS)(
            fields["architecture"], fields["seeds"], dtype=getattr(torch, fields["dtype"])
        )
        if set(weights) != set(made.weights):
            raise KeyError("weights")
        with torch.no_grad():
            for key, number in weights.items():
                if self.tensors[number].shape != made.weights[key].shape:
                    raise ValueError(f"weights {key} of shape {tuple(self.tensors[number].shape)}")
                made.weights[key].copy_(self.tensors[number])
        return made
