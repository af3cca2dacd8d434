"""The ATen operations that multiply matrices and vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.operations import operation, sides
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.whole import both_whole, combined

__all__: list[str] = []


@operation("mm")
def _mm(machine: Machine, a: Any, b: Any) -> Tensor:
    return machine.matmul(a, b)


@operation("addmm")
def _addmm(machine: Machine, bias: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    product = machine.matmul(a, b)
    product = product if alpha == 1 else machine.multiply(product, alpha)
    return machine.add(product, bias, beta)


@operation("mv")
def _mv(machine: Machine, a: Any, b: Any) -> Tensor:
    column = machine.gather([b], lambda p: p[:, None])
    return machine.gather([machine.matmul(a, column)], lambda p: p[:, 0])


@operation("dot", "vdot")
def _dot(machine: Machine, a: Any, b: Any) -> Tensor:
    given = [machine.constant(t).value for t in (a, b)]
    if both_whole(*given):
        return Tensor(combined(np.dot, *given))
    return machine.sum(machine.multiply(a, b), (0,))


@operation("outer", "ger")
def _outer(machine: Machine, a: Any, b: Any) -> Tensor:
    return machine.multiply(machine.gather([a], lambda p: p[:, None]), b)


@operation("bmm")
def _bmm(machine: Machine, a: Any, b: Any) -> Tensor:
    parts = []
    for k in range(machine.constant(a).shape[0]):
        left, right = (machine.gather([t], lambda p, k=k: p[k]) for t in (a, b))
        parts.append(machine.matmul(left, right))
    return machine.gather(parts, lambda *p: np.stack(p))


@operation("baddbmm")
def _baddbmm(machine: Machine, bias: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    return machine.add(machine.multiply(_bmm(machine, a, b), alpha), bias, beta)


@operation("linear")
def _linear(machine: Machine, x: Any, weight: Any, bias: Any = None) -> Tensor:
    shape = machine.constant(x).shape
    rows = machine.gather([x], lambda p: p.reshape(-1, shape[-1]))
    product = machine.matmul(rows, machine.gather([weight], np.transpose))
    product = machine.gather([product], lambda p: p.reshape((*shape[:-1], -1)))
    return product if bias is None else machine.add(product, bias)


@operation("convolution")
def _convolution(
    machine: Machine,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """Windows of the input, flattened, times the flattened weights: the linear map that a convolution is."""
    if transposed or groups != 1:
        raise CannotEnclose("aten.convolution transposed or in groups")
    kernel = machine.constant(weight).shape
    if machine.constant(x).shape[1:2] != kernel[1:2] or len(machine.constant(x).shape) != len(kernel):
        raise CannotEnclose(f"aten.convolution of shape {machine.constant(x).shape} with weights of shape {kernel}")
    axes = tuple(range(2, len(kernel)))

    steps, gaps, ends = (sides(given) if len(sides(given)) > 1 else sides(given) * len(axes)
                         for given in (stride, dilation, padding))  # fmt: skip

    def windows(p: Any, zero: Any) -> Any:
        """(B, C, *places, *kernel) with the places before the channels: one row for every output place."""
        wide = np.pad(p, [(0, 0), (0, 0), *((end, end) for end in ends)], constant_values=zero.item())
        reach = [(size - 1) * gap + 1 for size, gap in zip(kernel[2:], gaps, strict=True)]
        seen = np.lib.stride_tricks.sliding_window_view(wide, reach, axis=axes)
        seen = seen[(slice(None), slice(None), *(slice(None, None, step) for step in (*steps, *gaps)))]
        return np.moveaxis(seen, 1, len(axes) + 1)

    patches = machine.gather([x, 0.0], windows)
    places = patches.shape[: len(axes) + 1]
    rows = machine.gather([patches], lambda p: p.reshape(math.prod(places), -1))
    columns = machine.gather([weight], lambda p: p.reshape(kernel[0], -1).T)
    product = machine.matmul(rows, columns)
    if bias is not None:
        product = machine.add(product, bias)
    return machine.gather([product], lambda p: np.moveaxis(p.reshape((*places, kernel[0])), -1, 1))
