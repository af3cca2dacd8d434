"""The ATen operations that rearrange, index or create tensors."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.operations import OPERATIONS, constant_array, operation, sides
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.whole import cast_whole, is_float, number_type, refuse_rounding, rounded

__all__: list[str] = []


@operation("clone", "detach", "alias", "lift_fresh", "lift_fresh_copy", "contiguous", "positive", "detach_copy",
           "alias_copy")  # fmt: skip
def _identity(machine: Machine, x: Any, **_: Any) -> Any:
    return x


@operation("_to_copy")
def _cast(machine: Machine, x: Any, *args: Any, dtype: Any = None, **_: Any) -> Tensor:
    """What varies is not rounded to single precision and not cast to less or to integers; stored numbers are cast."""
    t = machine.constant(x)
    if dtype is None:
        return t
    kind = str(dtype)
    if kind == "bool":
        if t.literal:
            return Tensor(t.value != 0)
        raise CannotEnclose("a cast of a varying number to a truth value")
    if kind.startswith(("int", "uint")):
        if t.literal:
            return Tensor(cast_whole(t.value, kind))
        raise CannotEnclose("a cast of a varying number to an integer")
    if t.literal:
        if t.value.dtype.kind in "iu" and t.value.size and np.abs(t.value.astype(np.float64)).max() > 2**53:
            raise CannotEnclose("a cast of an integer above 2**53 to a float")
        return Tensor(rounded(t.value, kind))
    if not is_float(kind):
        raise CannotEnclose(f"a cast of a varying number to {kind}")
    return t


@operation("native_dropout")
def _dropout(machine: Machine, x: Any, p: float, train: Any) -> tuple[Any, None]:
    if train and p:
        raise CannotEnclose("aten.native_dropout in training mode")
    return x, None


@operation("dropout")
def _plain_dropout(machine: Machine, x: Any, p: float, train: bool) -> Any:
    return _dropout(machine, x, p, train)[0]


@operation("t", "numpy_T", "t_copy")
def _transposed(machine: Machine, x: Any) -> Tensor:
    return machine.gather([x], np.transpose)


@operation("transpose", "transpose_copy", "swapaxes")
def _transpose(machine: Machine, x: Any, a: int, b: int) -> Tensor:
    return machine.gather([x], lambda p: np.swapaxes(p, a, b))


@operation("permute", "permute_copy")
def _permute(machine: Machine, x: Any, dims: Any) -> Tensor:
    return machine.gather([x], lambda p: np.transpose(p, sides(dims)))


@operation("view", "reshape", "_unsafe_view", "_reshape_alias", "view_copy")
def _view(machine: Machine, x: Any, shape: Any, *_: Any) -> Tensor:
    return machine.gather([x], lambda p: p.reshape(sides(shape)))


@operation("expand", "expand_copy")
def _expand(machine: Machine, x: Any, shape: Any, **_: Any) -> Tensor:
    def arrange(p: Any) -> Any:
        own = (1,) * (len(shape) - p.ndim) + p.shape
        wanted = tuple(own[k] if side == -1 else int(side) for k, side in enumerate(shape))
        return np.broadcast_to(p, wanted)

    return machine.gather([x], arrange)


@operation("unsqueeze", "unsqueeze_copy")
def _unsqueeze(machine: Machine, x: Any, dim: int) -> Tensor:
    return machine.gather([x], lambda p: np.expand_dims(p, dim))


@operation("squeeze", "squeeze_copy")
def _squeeze(machine: Machine, x: Any, dim: Any = None) -> Tensor:
    def arrange(p: Any) -> Any:
        wanted = range(p.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
        return np.squeeze(p, axis=tuple(d for d in wanted if p.shape[d] == 1))

    return machine.gather([x], arrange)


@operation("cat", "concat")
def _cat(machine: Machine, tensors: Any, dim: int = 0) -> Tensor:
    parts = [machine.constant(t) for t in tensors]
    return machine.gather([p for p in parts if p.shape != (0,)], lambda *p: np.concatenate(p, axis=dim))


@operation("stack")
def _stack(machine: Machine, tensors: Any, dim: int = 0) -> Tensor:
    return machine.gather(tensors, lambda *p: np.stack(p, axis=dim))


def _cut(machine: Machine, x: Any, edges: list[int], dim: int) -> tuple[Tensor, ...]:
    pairs = list(pairwise(edges))
    return tuple(machine.gather([x], lambda p, a=a, b=b: np.take(p, range(a, b), axis=dim)) for a, b in pairs)


@operation("split", "split_with_sizes", "split_copy", "split_with_sizes_copy")
def _split(machine: Machine, x: Any, size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    total = machine.constant(x).shape[dim]
    if isinstance(size, (list, tuple)):
        edges = [0, *np.cumsum([int(s) for s in size]).tolist()]
    else:
        edges = [*range(0, total, int(size)), total]
    return _cut(machine, x, edges, dim)


@operation("chunk")
def _chunk(machine: Machine, x: Any, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    total = machine.constant(x).shape[dim]
    return _split(machine, x, -(-total // chunks), dim)


@operation("unbind", "unbind_copy")
def _unbind(machine: Machine, x: Any, dim: int = 0) -> tuple[Tensor, ...]:
    return tuple(_select(machine, x, dim, k) for k in range(machine.constant(x).shape[dim]))


@operation("slice", "slice_copy")
def _slice(machine: Machine, x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
    return machine.gather([x], lambda p: p[_along(p.ndim, dim, slice(start, end, step))])


def _along(ndim: int, dim: int, what: Any) -> tuple[Any, ...]:
    index: list[Any] = [slice(None)] * ndim
    index[dim] = what
    return tuple(index)


@operation("select", "select_copy")
def _select(machine: Machine, x: Any, dim: int, index: int) -> Tensor:
    return machine.gather([x], lambda p: np.take(p, index, axis=dim))


@operation("select_scatter")
def _select_scatter(machine: Machine, x: Any, source: Any, dim: int, index: int) -> Tensor:
    def arrange(p: Any, q: Any) -> Any:
        result = p.copy()
        result[_along(p.ndim, dim, index)] = q
        return result

    return machine.gather(_written(machine, x, source), arrange)


@operation("slice_scatter")
def _slice_scatter(
    machine: Machine, x: Any, source: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    def arrange(p: Any, q: Any) -> Any:
        result = p.copy()
        result[_along(p.ndim, dim, slice(start, end, step))] = q
        return result

    return machine.gather(_written(machine, x, source), arrange)


def _same_kind(machine: Machine, *values: Any) -> list[Tensor]:
    """Constants in one dtype that holds them all, so that writing one into another rounds nothing."""
    parts = [machine.constant(v) for v in values]
    if all(p.literal for p in parts):
        common = np.result_type(*(p.value.dtype for p in parts))
        if common.kind == "f":
            common = np.dtype(np.float64)
        return [Tensor(p.value.astype(common)) for p in parts]
    return [machine.lifted(p) for p in parts]


def _written(machine: Machine, target: Any, source: Any) -> list[Tensor]:
    """A target that is written into and what is written, where that needs no cast to whole numbers."""
    own, given = machine.constant(target), machine.constant(source)
    refuse_rounding(own.value, given.value)
    return _same_kind(machine, own, Tensor(given.value.astype(own.value.dtype)) if _own_type(machine, own) else given)


@operation("copy")
def _copy(machine: Machine, target: Any, source: Any, *_: Any) -> Tensor:
    """The source in the target's type: into whole numbers and truth values it is cast."""
    into = machine.constant(target)
    if into.literal and into.value.dtype.kind in "iub":
        source = _cast(machine, source, dtype=into.value.dtype)
    elif machine.constant(source).value.dtype.kind in "iub":  # else the sum of two masks would be their "or"
        source = _cast(machine, source, dtype="float64")
    return machine.gather([source], lambda p: np.broadcast_to(p, into.shape))


@operation("index", "_unsafe_index")
def _index(machine: Machine, x: Any, indices: Any) -> Tensor:
    arrays = [slice(None) if i is None else constant_array(i, "index") for i in indices]
    if any(i.dtype == np.uint8 for i in arrays if isinstance(i, np.ndarray)):
        raise CannotEnclose("aten.index with bytes, which PyTorch takes for a mask")
    given = [k for k, i in enumerate(indices) if i is not None]
    if given and given != list(range(given[0], given[-1] + 1)):
        raise CannotEnclose("aten.index with gaps between its indices")
    return machine.gather([x], lambda p: p[tuple(arrays)])


@operation("index_select")
def _index_select(machine: Machine, x: Any, dim: int, index: Any) -> Tensor:
    return machine.gather([x], lambda p: np.take(p, constant_array(index, "index_select"), axis=dim))


@operation("gather")
def _gather(machine: Machine, x: Any, dim: int, index: Any, **_: Any) -> Tensor:
    places = constant_array(index, "gather")
    shape = machine.constant(x).shape
    if any(a != b for k, (a, b) in enumerate(zip(shape, places.shape, strict=True)) if k != dim % len(shape)):
        raise CannotEnclose("aten.gather of a part of the rows")
    return machine.gather([x], lambda p: np.take_along_axis(p, places, axis=dim))


@operation("embedding")
def _embedding(machine: Machine, weight: Any, indices: Any, *_: Any, **__: Any) -> Tensor:
    places = constant_array(indices, "embedding")
    if places.dtype.kind not in "iu":
        raise CannotEnclose("aten.embedding with indices that are not integers")
    return machine.gather([weight], lambda p: p[places])


@operation("scatter.src", "scatter.value")
def _scatter(machine: Machine, x: Any, dim: int, index: Any, source: Any) -> Tensor:
    places = constant_array(index, "scatter")

    def arrange(p: Any, q: Any) -> Any:
        result = p.copy()
        part = q if q.ndim == 0 else q[tuple(slice(0, n) for n in places.shape)]
        np.put_along_axis(result, places, part, axis=dim)
        return result

    shape = machine.constant(x).shape
    if any(a != b for k, (a, b) in enumerate(zip(shape, places.shape, strict=True)) if k != dim % len(shape)):
        raise CannotEnclose("aten.scatter into a part of the rows")
    return machine.gather(_written(machine, x, source), arrange)


@operation("flip")
def _flip(machine: Machine, x: Any, dims: Any) -> Tensor:
    return machine.gather([x], lambda p: np.flip(p, axis=sides(dims)))


@operation("roll")
def _roll(machine: Machine, x: Any, shifts: Any, dims: Any = ()) -> Tensor:
    return machine.gather([x], lambda p: np.roll(p, sides(shifts), axis=sides(dims) or None))


@operation("repeat")
def _repeat(machine: Machine, x: Any, repeats: Any) -> Tensor:
    return machine.gather([x], lambda p: np.tile(p, sides(repeats)))


@operation("diagonal", "diagonal_copy")
def _diagonal(machine: Machine, x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    return machine.gather([x], lambda p: np.diagonal(p, offset, dim1, dim2))


def _triangle(lower: bool) -> Any:
    def run(machine: Machine, x: Any, diagonal: int = 0) -> Tensor:
        shape = machine.constant(x).shape
        keep = (np.tril if lower else np.triu)(np.ones(shape[-2:]), diagonal).astype(bool)
        parts = _same_kind(machine, x, _filled(0)[1](machine, x, ()))
        return machine.gather(parts, lambda p, q: np.asarray(np.where(keep, p, q)))

    return run


OPERATIONS["tril"], OPERATIONS["triu"] = _triangle(True), _triangle(False)


# Creation -----------------------------------------------------------------------------------------------------


def _dtype(dtype: Any, default: Any) -> Any:
    return default if dtype is None else number_type(str(dtype))


def _filled(fill: int) -> tuple[Any, Any]:
    def plain(machine: Machine, shape: Any, *_: Any, dtype: Any = None, **__: Any) -> Tensor:
        return Tensor(np.full(sides(shape), fill, dtype=_dtype(dtype, np.float64)))

    def new(machine: Machine, like: Any, shape: Any, *_: Any, dtype: Any = None, **__: Any) -> Tensor:
        return Tensor(np.full(sides(shape), fill, dtype=_dtype(dtype, _own_type(machine, like) or np.float64)))

    return plain, new


OPERATIONS["zeros"], OPERATIONS["new_zeros"] = _filled(0)
OPERATIONS["ones"], OPERATIONS["new_ones"] = _filled(1)


def _own_type(machine: Machine, like: Any) -> Any:
    """The type of stored whole numbers or truth values, which what is made like them has; ``None`` for others."""
    kind = machine.constant(like).value.dtype
    return kind if kind.kind in "iub" else None


@operation("full")
def _full(machine: Machine, shape: Any, value: Any, *, dtype: Any = None, **_: Any) -> Tensor:
    made = np.full(sides(shape), value, dtype=_dtype(dtype, np.asarray(value).dtype))
    return Tensor(made if dtype is None or made.dtype.kind != "f" else rounded(made, str(dtype)))


@operation("new_full")
def _new_full(machine: Machine, like: Any, shape: Any, value: Any, *, dtype: Any = None, **_: Any) -> Tensor:
    return _full(machine, shape, value, dtype=dtype or _own_type(machine, like))


@operation("scalar_tensor")
def _scalar_tensor(machine: Machine, value: Any, *, dtype: Any = None, **_: Any) -> Tensor:
    return _full(machine, (), value, dtype=dtype or "float64")


def _like(fill: Any) -> Any:
    def run(machine: Machine, x: Any, *, dtype: Any = None, **_: Any) -> Tensor:
        t = machine.constant(x)
        default = t.value.dtype if t.literal else np.float64
        return Tensor(np.full(t.shape, fill, dtype=_dtype(dtype, default)))

    return run


OPERATIONS["zeros_like"], OPERATIONS["ones_like"] = _like(0), _like(1)


@operation("full_like")
def _full_like(machine: Machine, x: Any, value: Any, *, dtype: Any = None, **_: Any) -> Tensor:
    return _full(machine, machine.constant(x).shape, value, dtype=dtype or _own_type(machine, x))


@operation("fill")
def _fill(machine: Machine, x: Any, value: Any) -> Tensor:
    return _copy(machine, x, value)


@operation("arange", "arange.start", "arange.start_step")
def _arange(machine: Machine, *bounds: Any, dtype: Any = None, **_: Any) -> Tensor:
    if not all(float(b).is_integer() for b in bounds):
        raise CannotEnclose("aten.arange with bounds that are not integers")
    whole = all(isinstance(b, int) for b in bounds)
    return Tensor(np.arange(*(int(b) for b in bounds)).astype(_dtype(dtype, np.int64 if whole else np.float64)))


@operation("eye")
def _eye(machine: Machine, n: int, m: Any = None, *, dtype: Any = None, **_: Any) -> Tensor:
    return Tensor(np.eye(n, m if isinstance(m, int) else None, dtype=_dtype(dtype, np.float64)))
