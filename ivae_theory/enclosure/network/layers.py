"""The ATen operations that normalise: softmax, log-sum-exp, variances, norms, layer and batch normalisation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, arb_mat

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import WHOLE, hull, is_zero, multiply
from ivae_theory.enclosure.network.library import FIXED
from ivae_theory.enclosure.network.operations import OPERATIONS, axes_of, operation
from ivae_theory.enclosure.network.tensor import Machine, Tensor

__all__: list[str] = []


def _rows(machine: Machine, x: Any, dim: int) -> tuple[Tensor, tuple[int, ...], Callable[[Tensor], Tensor]]:
    """The axis ``dim`` moved last and the others flattened; and the way back."""
    if machine.exact:
        raise CannotEnclose("softmax in rational arithmetic")
    t = machine.lifted(x)
    moved = machine.gather([t], lambda p: np.moveaxis(p, dim, -1))
    shape = moved.shape

    def back(y: Tensor) -> Tensor:
        return machine.gather([y], lambda p: np.moveaxis(p.reshape(shape), -1, dim))

    return machine.gather([moved], lambda p: p.reshape(-1, shape[-1])), shape, back


def _excess(row: Any, i: int) -> arb:
    """``sum_j exp(x_j - x_i)``, which is at least 1."""
    total = arb(1)
    for j, item in enumerate(row):
        if j != i:
            total = total + FIXED["exp"].value(item - row[i])
    return total


def _weights(row: Any) -> list[arb]:
    """The softmax of a row of balls; [0, 1] where nothing better is known."""
    weights = []
    for i in range(len(row)):
        total = _excess(row, i)
        if not total.is_finite() or not total > 0:
            weights.append(arb(0).union(arb(1)))
        else:
            low, high = 1 / total.upper(), 1 / total.lower() if total.lower() > 1 else arb(1)
            weights.append(hull(low, high))
    return weights


def _mixed(weights: list[arb], tangents: Any) -> Any:
    """``sum_j w_j t_j`` over a row."""
    total = None
    for weight, tangent in zip(weights, tangents, strict=True):
        part = np.array([multiply(weight, item) for item in tangent], dtype=object)
        total = part if total is None else total + part
    return total


@operation("_softmax", "softmax")
def _softmax(machine: Machine, x: Any, dim: int, *_: Any, **__: Any) -> Tensor:
    rows, shape, back = _rows(machine, x, dim)
    value = np.empty(rows.shape, dtype=object)
    tangent = None if rows.tangent is None else machine.zeros((*rows.shape, machine.m or 0))
    for r in range(rows.shape[0]):
        weights = _weights(rows.value[r])
        value[r] = weights
        if tangent is not None and rows.tangent is not None and shape[-1] > 1:
            centre = _mixed(weights, rows.tangent[r])
            for i, weight in enumerate(weights):
                tangent[r, i] = [multiply(weight, t - c) for t, c in zip(rows.tangent[r, i], centre, strict=True)]
    return back(Tensor(value, tangent, None if tangent is None else np.ones(rows.shape, dtype=bool)))


@operation("_log_softmax", "log_softmax")
def _log_softmax(machine: Machine, x: Any, dim: int, *_: Any, **__: Any) -> Tensor:
    total = _logsumexp(machine, x, [dim], True)
    return machine.add(x, total, -1)


@operation("logsumexp")
def _logsumexp(machine: Machine, x: Any, dim: Any, keepdim: bool = False) -> Tensor:
    axes = axes_of(dim, len(machine.constant(x).shape))
    if len(axes) != 1:
        raise CannotEnclose("aten.logsumexp over several axes")
    rows, shape, _ = _rows(machine, x, axes[0])
    value = np.empty((rows.shape[0], 1), dtype=object)
    tangent = None if rows.tangent is None else machine.zeros((rows.shape[0], 1, machine.m or 0))
    for r in range(rows.shape[0]):
        row = rows.value[r]
        top = max(range(len(row)), key=lambda j: float(row[j].mid()))
        total = _excess(row, top)
        logarithm = total.log() if total > 1 else hull(arb(0), total.upper().log())
        value[r, 0] = row[top] + logarithm if total.is_finite() else WHOLE
        if tangent is not None and rows.tangent is not None:
            tangent[r, 0] = _mixed(_weights(row), rows.tangent[r])
    result = Tensor(value, tangent, None if tangent is None else np.ones((rows.shape[0], 1), dtype=bool))
    kept = (*shape[:-1], 1)
    result = machine.gather([result], lambda p: np.moveaxis(p.reshape(kept), -1, axes[0]))
    return result if keepdim else machine.gather([result], lambda p: np.squeeze(p, axis=axes[0]))


def _centred(machine: Machine, x: Any, axes: tuple[int, ...]) -> tuple[Tensor, Tensor, int]:
    shape = machine.constant(x).shape
    count = math.prod(shape[k] for k in axes)
    mean = machine.divide(machine.sum(x, axes, True), count)
    return mean, machine.add(x, mean, -1), count


@operation("var", "var.correction")
def _var(
    machine: Machine, x: Any, dim: Any = None, unbiased: Any = True, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    axes = axes_of(dim, len(machine.constant(x).shape))
    _, centred, count = _centred(machine, x, axes)
    lost = (1 if unbiased else 0) if correction is None else correction
    if not count > lost:
        raise CannotEnclose(f"a variance of {count} numbers with correction {lost}")
    return machine.divide(machine.sum(machine.square(centred), axes, keepdim), count - lost)


@operation("std", "std.correction")
def _std(machine: Machine, *args: Any, **kwargs: Any) -> Tensor:
    return machine.apply(FIXED["sqrt"], _var(machine, *args, **kwargs))


@operation("var_mean")
def _var_mean(machine: Machine, x: Any, dim: Any = None, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    variance = _var(machine, x, dim, *args, **kwargs)
    return variance, OPERATIONS["mean"](machine, x, dim, kwargs.get("keepdim", False))


@operation("linalg_vector_norm", "norm")
def _norm(machine: Machine, x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Tensor:
    axes = axes_of(dim, len(machine.constant(x).shape))
    if ord == 1:
        return machine.sum(machine.apply(FIXED["abs"], x), axes, keepdim)
    if ord not in (2, None):
        raise CannotEnclose(f"a norm of order {ord}")
    return machine.apply(FIXED["sqrt"], machine.sum(machine.square(x), axes, keepdim))


@operation("_weight_norm_interface")
def _weight_norm(machine: Machine, v: Any, g: Any, dim: int = 0) -> tuple[Tensor, None]:
    ndim = len(machine.constant(v).shape)
    others = tuple(k for k in range(ndim) if k != dim % ndim)
    length = machine.apply(FIXED["sqrt"], machine.sum(machine.square(v), others, True))
    return machine.multiply(v, machine.divide(g, length)), None


@operation("native_layer_norm")
def _layer_norm(machine: Machine, x: Any, shape: Any, weight: Any, bias: Any, eps: float) -> tuple[Tensor, None, None]:
    ndim = len(machine.constant(x).shape)
    axes = tuple(range(ndim - len(shape), ndim))
    _, centred, count = _centred(machine, x, axes)
    variance = machine.divide(machine.sum(machine.square(centred), axes, True), count)
    result = machine.multiply(centred, machine.apply(FIXED["rsqrt"], machine.add(variance, eps)))
    if weight is not None:
        result = machine.multiply(result, weight)
    return (result if bias is None else machine.add(result, bias)), None, None


@operation("native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")
def _batch_norm(
    machine: Machine, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, *rest: Any
) -> tuple[Tensor, None, None]:
    if len(rest) == 3 and rest[0]:
        raise CannotEnclose("aten.native_batch_norm in training mode")
    eps = rest[-1]
    ndim = len(machine.constant(x).shape)

    def channels(t: Any) -> Tensor:
        return machine.gather([t], lambda p: p.reshape((1, -1) + (1,) * (ndim - 2)))

    result = machine.add(x, channels(mean), -1)
    spread = machine.apply(FIXED["sqrt"], machine.add(channels(variance), eps))
    result = machine.divide(result, spread)
    if weight is not None:
        result = machine.multiply(result, channels(weight))
    return (result if bias is None else machine.add(result, channels(bias))), None, None


@operation("linalg_matrix_exp", "matrix_exp")
def _matrix_exp(machine: Machine, a: Any) -> Tensor:
    t = machine.lifted(a)
    if machine.exact or t.tangent is not None or len(t.shape) != 2:
        raise CannotEnclose("aten.linalg_matrix_exp of something that is not a constant matrix")
    if all(is_zero(item) for item in t.value.flat):
        return Tensor(np.eye(t.shape[0]))
    result = arb_mat(*t.shape, list(t.value.flat)).exp()
    value = np.empty(t.shape, dtype=object)
    value[...] = np.array(result.entries(), dtype=object).reshape(t.shape)
    return Tensor(value)
