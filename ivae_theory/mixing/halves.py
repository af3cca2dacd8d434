"""Whether a function computes in half precision on its way to answers that do not show it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from ivae_theory.errors import CallableFailed, NonDeterministic
from ivae_theory.mixing.evaluation import evaluate_where_finite

__all__ = ["HALF_PRECISION", "MOVES", "computes_in_half_precision"]

HALF_PRECISION = "it computes in half precision"
#: Operators that move numbers, or cast them: what they answer in half precision is computed without rounding.
MOVES = frozenset(
    "_to_copy _unsafe_view alias clone detach embedding expand index index_select lift_fresh_copy permute reshape "
    "select slice squeeze t transpose unsqueeze view".split()
)


def computes_in_half_precision(function: Callable[..., Any], points: NDArray[Any]) -> bool:
    """Whether an operator of torch rounds to float16 or bfloat16 while the points are answered.

    Autocast, half modules and casts do so inside a function that answers in single precision: its answers then have
    fewer digits than their type says.
    """
    if "torch" not in sys.modules:
        return False
    from torch.utils._python_dispatch import TorchDispatchMode

    seen: list[str] = []

    class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            answer = operator(*args, **(kwargs or {}))
            name = str(operator).split(".")[1]
            if _any_half(answer) and (name not in MOVES or (name == "_to_copy" and not _any_half(args[0]))):
                seen.append(name)
            return answer

    with contextlib.suppress(CallableFailed, NonDeterministic), Watch():  # type: ignore[no-untyped-call]
        evaluate_where_finite(function, points, "function")
    return bool(seen)


def _any_half(value: Any) -> bool:
    tensors = value if isinstance(value, (list, tuple)) else [value]
    types = [getattr(tensor, "dtype", None) for tensor in tensors]
    return any(t is not None and t.is_floating_point and t.itemsize < 4 for t in types)
