"""Calling what users hand over, in one place.

Everything else in the package calls user functions through :func:`evaluate_callable`: numpy in, numpy out,
whatever the function is written for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.enclosure.rounding import unknown_error
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic
from ivae_theory.mixing.parts import filled, parts_of
from ivae_theory.mixing.state import state_kept

__all__ = [
    "as_numbers",
    "as_received",
    "ended",
    "evaluate_callable",
    "evaluate_where_finite",
    "is_torch_module",
    "prefers_torch",
    "quiet_module",
    "require_rowwise",
    "same_answers",
    "to_tensor",
]


def is_torch_module(value: Any) -> bool:
    """Whether this is a ``torch.nn.Module``; never imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _modules_of(function: Any) -> list[Any]:
    return parts_of(function, "module")


def _float_dtype(function: Any, modules: list[Any]) -> Any:
    """That of the modules' parameters, or of the function's own tensors; float64 where neither says."""
    import torch

    tensors = [tensor for module in modules for tensor in (*module.parameters(), *module.buffers())]
    tensors += parts_of(function, "tensor")
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float64)


def prefers_torch(function: Any) -> bool:
    """Whether the function is, or visibly uses, torch: then it is called with tensors first."""
    if _modules_of(function):
        return True
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if type(function).__module__.partition(".")[0] in ("torch", "zuko"):
        return True
    names = getattr(function, "__globals__", {})
    code = getattr(function, "__code__", None)
    used = [names.get(n) for n in getattr(code, "co_names", ())]
    cells = [c.cell_contents for c in getattr(function, "__closure__", None) or () if filled(c)]
    return any(_from_torch(value) for value in [*used, *cells])


def _from_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return True
    name = getattr(value, "__name__", "") if type(value).__name__ == "module" else getattr(value, "__module__", "")
    return str(name).partition(".")[0] == "torch"


#: Half precisions, as numpy and torch name them.
_HALVES = ("float16", "torch.float16", "torch.bfloat16", "bfloat16")


@contextmanager
def quiet_module(function: Any) -> Iterator[None]:
    """Evaluation mode for every module that the function holds, and no gradients; what calls change is put back.

    One thread at a time: the modes belong to the module, which another thread may be evaluating as well.
    """
    with turn(), _quiet(function):
        yield


@contextmanager
def _quiet(function: Any) -> Iterator[None]:
    modules = _modules_of(function)
    if "torch" not in sys.modules:
        yield
        return
    import torch

    modes = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for module in modules:
            module.eval()
        with torch.no_grad(), state_kept(function, modules):
            yield
    finally:
        for part, mode in modes:
            part.training = mode


def to_tensor(function: Any, batch: NDArray[Any]) -> Any:
    """The batch as the tensor that the function expects: integers as int64, floats in its parameters' dtype."""
    import torch

    modules = _modules_of(function)
    device = next((p.device for m in modules for p in m.parameters()), torch.device("cpu"))
    values = np.array(batch)
    if values.dtype.kind in "iub":
        return torch.as_tensor(values.astype(np.int64), device=device)
    return torch.as_tensor(values, dtype=_float_dtype(function, modules), device=device)


def as_received(function: Any, batch: NDArray[Any]) -> NDArray[np.float64]:
    """The points that the function is given for these: floats are rounded to the dtype of its parameters."""
    points = np.asarray(batch)
    if points.dtype.kind != "f" or "torch" not in sys.modules:
        return points.astype(np.float64)
    # what is beyond the dtype becomes infinite there: then it is rounded by more than any number
    received: NDArray[np.float64] = np.nan_to_num(to_tensor(function, points).double().cpu().numpy())
    return received


def as_numbers(value: Any, argument: str) -> NDArray[np.float64]:
    """What a user's function answered as an array of doubles; masked entries are NaN.

    Raises
    ------
    CallableFailed
        For everything that holds no real numbers in single or double precision.
    """
    if value is None:
        raise CallableFailed(argument, "a function that returns numbers", "None")
    if str(getattr(value, "dtype", "")) in _HALVES:
        # Their rounding is larger than what is granted to the answers of a function that cannot be looked into.
        raise CallableFailed(argument, "answers in single or double precision", f"{value.dtype}")
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.filled(value.astype(np.float64), np.nan)
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise CallableFailed(argument, "a function that returns an array", str(error)) from None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise CallableFailed(argument, "a function that returns numbers", f"{type(value).__name__}") from None
    if array.dtype.kind not in "fiub":
        raise CallableFailed(argument, "a function that returns numbers", f"dtype {array.dtype}")
    return array.astype(np.float64)


def _ask(function: Callable[..., Any], batch: NDArray[Any], tensors: bool, argument: str) -> NDArray[Any]:
    """One call with the batch, or one call a row where the batch is refused."""

    def call(rows: NDArray[Any]) -> NDArray[Any]:
        return as_numbers(function(to_tensor(function, rows) if tensors else np.array(rows)), argument)

    refusal: Exception
    try:
        result = call(batch)
        if result.ndim >= 1 and len(result) == len(batch):
            return result
        got = f"shape {result.shape} for a batch of {len(batch)}"
        refusal = CallableFailed(argument, f"an array of {len(batch)} rows", got)
    except SystemExit as error:
        raise ended(argument, error) from None
    except Exception as error:  # noqa: BLE001  (user code may raise anything; it is reported below)
        refusal = error
    try:
        rows = [call(row) for row in batch]
    except SystemExit as error:
        raise ended(argument, error) from None
    except Exception:  # noqa: BLE001  (a point without its batch axis was refused; batches of one are tried next)
        try:
            singles = [call(batch[k : k + 1]) for k in range(len(batch))]
            rows = [single[0] for single in singles if single.ndim and len(single) == 1]
            if len(rows) != len(batch):
                raise refusal
        except SystemExit as error:
            raise ended(argument, error) from None
        except Exception:  # noqa: BLE001  (the first refusal says more than this one)
            raise refusal from None
    if len({row.shape for row in rows}) != 1:
        raise CallableFailed(argument, "one shape at every point", f"{sorted({row.shape for row in rows})}")
    return np.stack(rows)


def ended(argument: str, error: SystemExit) -> CallableFailed:
    """A function that ends the program would end it with a status that means something else here."""
    return CallableFailed(argument, "a function that returns numbers", f"an exit with status {error.code}")


def evaluate_callable(
    function: Callable[..., Any], batch: ArrayLike, argument: str = "function"
) -> NDArray[np.float64]:
    """Values of a user's function at a batch of shape (B, m): an array of float64 with B rows.

    Modules (also in closures) are evaluated without gradients in evaluation mode, which is restored; they are
    given tensors, integers as int64 and floats in the dtype of their parameters. A function that cannot take a
    batch is called point by point with arrays of shape (m,). It is asked twice.

    Raises
    ------
    CallableFailed
        When it raises, or returns no array with a row for each point, or a NaN or an infinity.
    NonDeterministic
        When it answers differently the second time.
    """
    points = np.asarray(batch)
    answer = _twice(function, points, argument)
    if not np.isfinite(answer).all():
        row = int(np.argwhere(~np.isfinite(answer))[0, 0])
        raise CallableFailed(argument, "finite values", f"NaN or infinity at {points[row].tolist()}")
    return answer


def evaluate_where_finite(
    function: Callable[..., Any], batch: ArrayLike, argument: str = "function"
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """As :func:`evaluate_callable`, with rows that have a NaN or an infinity marked False instead of refused."""
    answer = _twice(function, np.asarray(batch), argument)
    finite: NDArray[np.bool_] = np.array([bool(np.isfinite(row).all()) for row in answer], dtype=np.bool_)
    return answer, finite


def same_answers(answer: NDArray[np.float64], again: NDArray[np.float64]) -> bool:
    """Whether two answers to the same question are equal up to the rounding of single precision."""
    return answer.shape == again.shape and np.allclose(answer, again, rtol=1e-5, atol=1e-7, equal_nan=True)


def require_rowwise(
    function: Callable[..., Any], points: NDArray[Any], answers: NDArray[np.float64], argument: str
) -> None:
    """Refuse a function whose answer at a point depends on what else is in the batch: it is none of the point.

    Raises
    ------
    NonDeterministic
        When some of the points are answered differently by themselves, by more than half of the digits.
    """
    count = max(1, min(len(points) // 2, 256))
    if count == len(points):
        return
    # The end backwards, too: a sum over the rows so far, or a difference from the first, is the same for the beginning.
    # Where so few are refused (a batch normalised by itself has two rows), more of them are asked for.
    for some in (slice(0, count), slice(None, -count - 1, -1)):
        if not _is_same_alone(function, points[some], answers[some], argument):
            longer = np.concatenate([points, points[some]])
            _is_same_alone(function, longer, np.concatenate([answers, answers[some]]), argument)


def _is_same_alone(
    function: Callable[..., Any], points: NDArray[Any], answers: NDArray[np.float64], argument: str
) -> bool:
    """Whether the function answers this batch; it is refused when it does so otherwise than before."""
    try:
        alone, finite = evaluate_where_finite(function, points, argument)
    except CallableFailed as failure:
        if isinstance(failure.__cause__, InputError):  # what this package found wrong with the answer
            raise NonDeterministic(argument, "an answer of one kind at a point whatever else is in the batch",
                                   str(failure.__cause__)) from failure  # fmt: skip
        return False  # it takes batches of other sizes alone
    before = answers.reshape(len(points), -1)
    alone = alone.reshape(len(points), -1)
    if before.shape == alone.shape and finite.any():
        # Batches of another size are added up in another order; no more than that is granted.
        granted = float(unknown_error(before[finite]).max())
        same = bool((np.abs(alone[finite] - before[finite]) <= granted).all())
    else:
        same = before.shape == alone.shape
    if not same:
        raise NonDeterministic(argument, "the same value at a point whatever else is in the batch", "another one")
    return True


def _twice(function: Callable[..., Any], points: NDArray[Any], argument: str) -> NDArray[np.float64]:
    if not callable(function):
        raise InputTypeError(argument, "a callable", type(function).__name__)
    if points.dtype.kind in "b":
        points = points.astype(np.int64)
    first = prefers_torch(function)
    orders = [True] if is_torch_module(function) else [first, not first] if "torch" in sys.modules else [False]
    failure: Exception | None = None
    for tensors in orders:
        try:
            with quiet_module(function), np.errstate(all="ignore"):
                answer = _ask(function, points, tensors, argument)
                again = _ask(function, points, tensors, argument)
        except Exception as error:  # noqa: BLE001  (turned into CallableFailed below)
            failure = failure or error
            continue
        if not same_answers(answer, again):
            raise NonDeterministic(argument, "the same values when asked twice", "different ones")
        return answer
    if isinstance(failure, CallableFailed):
        raise failure
    expected = "a function that can be evaluated"
    if "dtype" in str(failure) and not _modules_of(function):
        expected += " at float64 tensors (create tensors in the dtype of the argument, or close over them)"
    raise CallableFailed(argument, expected, f"{type(failure).__name__}: {failure}") from failure
