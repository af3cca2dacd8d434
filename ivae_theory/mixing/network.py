"""Multilayer perceptrons given by their weights, for models described without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.network.traced import Graph, Node
from ivae_theory.errors import InputError, InputTypeError

__all__ = ["ACTIVATIONS", "Network", "mlp"]

Floats = NDArray[np.float64]

#: Name of the ATen operation -> the activation as a function of arrays and its slope.
ACTIVATIONS: dict[str, Callable[[Floats, float], Floats]] = {
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "relu": lambda x, slope: np.maximum(x, 0.0),
    "tanh": lambda x, slope: np.tanh(x),
    "sigmoid": lambda x, slope: 0.5 * (1 + np.tanh(x / 2)),
    "exp": lambda x, slope: np.exp(x),
}


@dataclass(frozen=True, eq=False)
class Network:
    """``x -> W_L a(.. a(W_1 x + b_1) ..) + b_L``: called with (B, m), returns (B, d).

    Attributes
    ----------
    weights, biases
        The matrices, (outputs, inputs) each, and the vectors, (outputs,) each.
    activation, slope
        The function between layers (none follows the last one); ``slope`` is that of ``leaky_relu`` below zero.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activation: str
    slope: float

    @property
    def inputs(self) -> int:
        """Number of input coordinates."""
        return int(self.weights[0].shape[1])

    @property
    def outputs(self) -> int:
        """Number of output coordinates."""
        return int(self.weights[-1].shape[0])

    def __call__(self, x: NDArray[Any]) -> Floats:
        """Values at the points x, (B, inputs) -> (B, outputs)."""
        value = np.asarray(x, dtype=np.float64)
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = value @ weight.T + bias
            if index + 1 < len(self.weights):
                value = ACTIVATIONS[self.activation](value, self.slope)
        return value

    @cached_property
    def graph(self) -> Graph:
        """The same function as a traced graph: what proofs about the network use."""
        nodes: list[Node] = []
        current: dict[str, int] = {"input": 0}
        constants: list[Floats] = []
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            matrix = np.ascontiguousarray(weight.T)
            nodes.append(
                Node("aten.addmm.default", ({"constant": len(constants)}, current, {"constant": len(constants) + 1}))
            )
            constants += [bias, matrix]
            current = {"node": len(nodes) - 1}
            if index + 1 < len(self.weights):
                arguments = (current, self.slope) if self.activation == "leaky_relu" else (current,)
                nodes.append(Node(f"aten.{self.activation}.default", arguments))
                current = {"node": len(nodes) - 1}
        return Graph(self.inputs, False, tuple(nodes), tuple(constants), current, (self.outputs,))


def mlp(layers: Sequence[Any], activation: str = "leaky_relu", slope: float = 0.01) -> Network:
    """A multilayer perceptron from its weights.

    Parameters
    ----------
    layers
        One matrix ``W`` (outputs, inputs), or a pair ``(W, b)`` with ``b`` (outputs,), for every layer.
    activation
        ``"leaky_relu"``, ``"relu"``, ``"tanh"``, ``"sigmoid"`` or ``"exp"``, between layers.
    slope
        Slope of ``leaky_relu`` below zero.

    Raises
    ------
    InputError, InputTypeError
        For shapes that do not chain, numbers that are not finite and unknown activations.
    """
    if activation not in ACTIVATIONS:
        raise InputError("activation", f"one of {', '.join(ACTIVATIONS)}", repr(activation))
    if not isinstance(slope, (int, float)) or not np.isfinite(slope):
        raise InputTypeError("slope", "a finite number", repr(slope))
    if not isinstance(layers, (list, tuple)) or not layers:
        raise InputTypeError("layers", "a list of matrices W or pairs (W, b)", type(layers).__name__)
    weights: list[Floats] = []
    biases: list[Floats] = []
    for index, layer in enumerate(layers):
        weight, bias = layer if isinstance(layer, tuple) and len(layer) == 2 else (layer, None)
        matrix = _floats(weight, f"layers[{index}] weight", 2)
        vector = np.zeros(len(matrix)) if bias is None else _floats(bias, f"layers[{index}] bias", 1)
        if len(vector) != len(matrix) or (weights and matrix.shape[1] != len(weights[-1])):
            width = len(weights[-1]) if weights else matrix.shape[1]
            raise InputError(
                f"layers[{index}]", f"W (outputs, {width}) and b (outputs,)", f"{matrix.shape} and {vector.shape}"
            )
        weights.append(matrix)
        biases.append(vector)
    return Network(tuple(weights), tuple(biases), activation, float(slope))


def _floats(value: Any, argument: str, ndim: int) -> Floats:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputTypeError(argument, "an array of numbers", type(value).__name__) from None
    if array.ndim != ndim or 0 in array.shape or not np.isfinite(array).all():
        raise InputError(argument, f"finite numbers with {ndim} axes", f"shape {array.shape}")
    array.setflags(write=False)
    return array
