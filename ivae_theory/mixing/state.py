"""What calling a user's function may change, put back: weights, statistics, what tracing left behind, random states."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ivae_theory.mixing.parts import parts_of

__all__ = ["state_kept"]

#: Entries of tensors that are copied, the smallest tensors first: the statistics and scales that layers update when
#: they are called are small, and copies of large weight matrices would cost more than the calls.
MOST_COPIED = 1 << 22


@contextmanager
def state_kept(function: Any, modules: list[Any]) -> Iterator[None]:
    """Leave the tensors and attributes of a function's modules, and everybody's random generators, as they are now.

    Layers count their calls, update running means or initialise themselves with the first batch that they see, and
    attributes that are assigned while a function is traced hold tensors without data afterwards.
    """
    import torch

    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()
    attributes = [(part, dict(vars(part)), *_registered(part)) for module in modules for part in module.modules()]
    attributes += [(owner, dict(vars(owner)), *_registered(None)) for owner in parts_of(function, "object")]
    copies = _copies([*_tensors(modules), *parts_of(function, "tensor")])
    try:
        yield
    finally:
        for part, own, registered, before in attributes:
            _put_back(part, own, registered, before)
        for tensor, copy, gradient in copies:
            _restore(tensor, copy, gradient)
        random.setstate(generators[0])
        np.random.set_state(generators[1])
        torch.set_rng_state(generators[2])


def _registered(part: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A module's own tables of parameters and buffers, and copies of them; scripted modules have none of their own."""
    found = [getattr(part, "__dict__", {}).get(name) for name in ("_parameters", "_buffers")]
    tables = [table for table in found if isinstance(table, dict)]
    return tables, [dict(table) for table in tables]


def _tensors(modules: list[Any]) -> Iterator[Any]:
    import torch

    for module in modules:
        for part in module.modules():
            yield from (*part.parameters(recurse=False), *part.buffers(recurse=False))
            yield from (value for value in vars(part).values() if isinstance(value, torch.Tensor))


def _copies(tensors: list[Any]) -> list[tuple[Any, Any, Any]]:
    """Tensors with a copy and whether they had a gradient; without those that have no data yet."""
    import torch

    known = {id(t): t for t in tensors if type(t) in (torch.Tensor, torch.nn.Parameter)}
    plain = [t for t in known.values() if t.layout == torch.strided and t.device.type != "meta"]
    room, found = MOST_COPIED, []
    for tensor in sorted(plain, key=lambda t: t.numel()):
        room -= tensor.numel()
        if room < 0:
            break
        found.append((tensor, tensor.detach().clone(), tensor.is_leaf and tensor.grad is not None))
    return found


def _put_back(part: Any, own: dict[str, Any], tables: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    """Names hold the tensors that they held; what was first assigned while tracing holds no data and goes."""
    for table, old in zip((vars(part), *tables), (own, *before), strict=True):
        for name in [name for name, value in table.items() if _strange(value, old.get(name))]:
            if name in old:
                table[name] = old[name]
            else:
                del table[name]


def _strange(value: Any, old: Any) -> bool:
    fake = sys.modules.get("torch._subclasses.fake_tensor")
    if fake is not None and isinstance(value, fake.FakeTensor):
        return True
    import torch

    return isinstance(old, torch.Tensor) and value is not old


def _restore(tensor: Any, copy: Any, had_gradient: bool) -> None:
    """Values through ``.data``, which graphs that the user still holds do not count as a change."""
    import torch

    if tensor.is_leaf and not had_gradient and tensor.grad is not None:
        tensor.grad = None
    if tensor.dtype != copy.dtype:
        return  # a function that casts its module, ``net.double()(z)``, is given points in the precision that this left
    with torch.no_grad():
        if tensor.shape != copy.shape:
            tensor.data = copy
        elif not torch.equal(tensor, copy) and bool(((tensor != copy) & ~((tensor != tensor) & (copy != copy))).any()):
            tensor.data.copy_(copy)
