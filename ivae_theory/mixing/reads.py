"""Whether Python code read values while it was traced on tensors without data, also where it caught the error.

Code that goes on in an ``except`` branch does so at no real tensor: what was traced is another function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

__all__ = ["depends_on_input", "reads_a_number", "reads_of_fake_tensors"]


@contextmanager
def reads_of_fake_tensors() -> Iterator[list[str]]:
    """Names of the methods by which Python code asked for the values of fake tensors, whether it caught the error."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensor

    reads: list[str] = []

    def recording(name: str) -> Callable[..., Any]:
        original = getattr(torch.Tensor, name)

        def method(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            reads.append(name)
            return original(tensor, *args, **kwargs)

        return method

    with ExitStack() as patches:
        for name in ("__array__", "numpy", "tolist"):
            patches.enter_context(mock.patch.object(FakeTensor, name, recording(name), create=True))
        yield reads


def reads_a_number(node: Any) -> bool:
    """Whether a node reads a number out of what depends on the input: it remains where the error was caught."""
    return "_local_scalar_dense" in str(node.target) and depends_on_input(node)


def depends_on_input(node: Any) -> bool:
    """Whether a node of a trace is computed from the input."""
    above, seen = [node], {node}
    while above:
        found = above.pop()
        if found.op == "placeholder":
            return True
        above += [item for item in found.all_input_nodes if item not in seen]
        seen.update(found.all_input_nodes)
    return False
