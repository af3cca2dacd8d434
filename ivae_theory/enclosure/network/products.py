"""The ATen operations that multiply matrices and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ivae_theory.enclosure.network.operations import operation
from ivae_theory.enclosure.network.tensor import Machine, Tensor

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
