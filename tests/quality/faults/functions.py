"""A model's functions that raise, block, answer with something else than numbers, or are no functions at all."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from ivae_theory import Model, Noise, Points, Prior, assume_injective, check, families, recheck, recover
from ivae_theory.errors import CallableFailed, InputError, IvaeTheoryError, NonDeterministic
from ivae_theory.verdict import Status
from tests.quality.faults.children import require

__all__ = ["FAULTS", "blocking_function", "broken_function", "huge_answers"]

#: Values of u at which the identity has full rank.
U = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 2.0], [3.0, 1.0]])
Maker = Callable[[Random], Callable[[Any], Any]]


@dataclass(frozen=True)
class Fault:
    """A function that goes wrong, and what is to be said of it.

    ``error`` is the class of the error; ``None`` when it does no harm: the same verdict as for the function that it
    hides. ``roles`` are where it is tried: as lambda(u), as f, as the statistics of a recovery.
    """

    make: Maker
    error: type[IvaeTheoryError] | None
    roles: tuple[str, ...] = ("lambda", "mixing", "statistics")


def _raising(draw: Random) -> Callable[[Any], Any]:
    error = draw.choice(
        [ValueError("no\nsecond line"), KeyError("u"), ZeroDivisionError(), MemoryError(), AssertionError()]
    )

    def function(u: Any) -> Any:
        raise error

    return function


def _ending(draw: Random) -> Callable[[Any], Any]:
    status = draw.choice([0, 1, 3, None, "text"])
    return lambda u: sys.exit(status)


def _late(draw: Random) -> Callable[[Any], Any]:
    """Right for a while."""
    left = [draw.randint(1, 5)]

    def function(u: Any) -> Any:
        left[0] -= 1
        return np.array(u) if left[0] >= 0 else 1 - 2 * np.array(u)

    return function


def _random(draw: Random) -> Callable[[Any], Any]:
    rng, scale = np.random.default_rng(draw.getrandbits(32)), 10.0 ** draw.randint(-4, 1)
    return lambda u: np.asarray(u) + scale * rng.standard_normal(np.shape(u))


def _counting(draw: Random) -> Callable[[Any], Any]:
    count = [draw.randint(1, 9)]

    def function(u: Any) -> Any:
        count[0] += 1
        return np.asarray(u) * count[0]

    return function


def _dropout(draw: Random) -> Callable[[Any], Any]:
    import torch

    share = draw.uniform(0.1, 0.9)
    return lambda u: torch.nn.functional.dropout(torch.as_tensor(np.asarray(u)) + 1, share, training=True)


def _mode(draw: Random) -> Callable[[Any], Any]:
    """A module that switches itself to training mode, with dropout."""
    import torch

    class Stubborn(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(0.5)

        def forward(self, u: Any) -> Any:
            return self.train().dropout(u + 1)

    return Stubborn()


def _buffered(draw: Random) -> Callable[[Any], Any]:
    """A view of one buffer that the next call overwrites."""
    buffer = np.empty((100_000, 2))

    def function(u: Any) -> Any:
        buffer[: len(u)] = u
        return buffer[: len(u)]

    return function


def _writing(draw: Random) -> Callable[[Any], Any]:
    """It writes into what it is given."""

    def function(u: Any) -> Any:
        u *= 2.0
        u /= 2.0
        return u

    return function


def _of_dtype(*names: str) -> Maker:
    def make(draw: Random) -> Callable[[Any], Any]:
        name = draw.choice(names)
        return lambda u: np.asarray(u).astype(name)

    return make


def _answering(*answers: Callable[[Any], Any]) -> Maker:
    return lambda draw: draw.choice(answers)


def _torch(change: str) -> Maker:
    def make(draw: Random) -> Callable[[Any], Any]:
        import torch

        return lambda u: getattr(torch.as_tensor(np.asarray(u)), change)()

    return make


FAULTS: dict[str, Fault] = {
    "raises": Fault(_raising, CallableFailed),
    "ends the program": Fault(_ending, CallableFailed),
    "NaN": Fault(_answering(lambda u: np.asarray(u) * np.nan, lambda u: np.asarray(u) / np.zeros(2)), InputError),
    "nothing": Fault(_answering(lambda u: None, lambda u: (x for x in u), lambda u: {"u": 1}), CallableFailed),
    "text": Fault(_answering(lambda u: "abc", lambda u: np.asarray(u).astype(str)), CallableFailed),
    "wrong shape": Fault(
        _answering(lambda u: 3.0, lambda u: np.zeros((1, 2, 3, 4)), lambda u: [[1], [1, 2]]), InputError
    ),
    "complex": Fault(_answering(lambda u: np.asarray(u) * 1j, lambda u: np.asarray(u) + 0j), InputError),
    "half precision": Fault(_of_dtype("float16"), CallableFailed, ("lambda", "mixing")),
    "half precision of torch": Fault(_torch("half"), CallableFailed, ("lambda", "mixing")),
    "bfloat16": Fault(_torch("bfloat16"), CallableFailed, ("lambda", "mixing")),
    "sparse": Fault(_torch("to_sparse"), CallableFailed, ("lambda", "mixing")),
    "another device": Fault(_torch("cuda"), CallableFailed, ("lambda", "mixing")),
    "masked": Fault(
        _answering(lambda u: np.ma.masked_array(np.asarray(u), np.ones(np.shape(u)))), InputError, ("lambda", "mixing")
    ),
    "changes after some calls": Fault(_late, NonDeterministic, ("lambda",)),
    "random": Fault(_random, NonDeterministic, ("lambda", "mixing", "statistics")),
    "counts its calls": Fault(_counting, NonDeterministic, ("lambda", "mixing", "statistics")),
    "dropout left on": Fault(_dropout, NonDeterministic, ("lambda", "mixing")),
    "switches to training mode": Fault(_mode, NonDeterministic, ("lambda", "mixing")),
    "of the whole batch": Fault(
        _answering(lambda u: np.asarray(u) - np.asarray(u).mean(axis=0)), NonDeterministic, ("lambda", "statistics")
    ),
    "a buffer that is overwritten": Fault(_buffered, None),
    "writes into its input": Fault(_writing, None),
    "integers and objects": Fault(_of_dtype("object", "longdouble"), None, ("lambda",)),
    "lists": Fault(lambda draw: lambda u: np.asarray(u).tolist(), None),
}  # fmt: skip


def _used(role: str, function: Callable[[Any], Any]) -> Any:
    """What is said of the function in its role."""
    if role == "lambda":
        model = Model(
            Prior(families.gaussian_location(), function, Points(U)),
            noise=Noise.gaussian(1),
            mixing=assume_injective(2),
        )
        report = check(model)
        recheck(report.to_json(), model)
        return report["theorem1.iii"].status
    if role == "mixing":
        model = Model(Prior(families.gaussian_location(), U), noise=Noise.gaussian(1), mixing=function)
        return check(model)["theorem1.injective"].status
    z = np.random.default_rng(0).standard_normal((500, 2))
    found = recover(z, z[:, ::-1].copy(), statistics=function)
    return found.verdict.status, found.r2 > 0.999


def broken_function(draw: Random, folder: Path, name: str = "", role: str = "") -> str:
    """One error that names the function and what is wrong with it; or, where it does no harm, the right answer."""
    name = name or draw.choice(list(FAULTS))
    fault = FAULTS[name]
    role = role or draw.choice(fault.roles)
    argument = {"lambda": "lambda(u)", "mixing": "mixing", "statistics": "statistics"}[role]
    try:
        found = _used(role, fault.make(draw))
    except IvaeTheoryError as error:
        require(fault.error is not None, f"{role}, {name}: refused though it does no harm: {error}")
        require(isinstance(error, fault.error or ()), f"{role}, {name}: {type(error).__name__}: {error}")
        require(str(error).startswith(argument), f"{role}, {name}: the function is not named: {error}")
    else:
        require(fault.error is None, f"{role}, {name}: accepted with {found}")
        wanted = _used(role, lambda u: np.array(u))
        require(found == wanted, f"{role}, {name}: {found} and not {wanted}")
    return f"{role}: {name}"


def blocking_function(draw: Random, folder: Path) -> str:
    """A function that blocks once the model is built: with a time budget the verdict is undecided, in time."""
    quick = [True]

    def function(z: Any) -> Any:
        if not quick[0]:
            while True:
                time.sleep(3600)
        return np.array(z)

    role = draw.choice(["lambda", "mixing"])
    location = families.gaussian_location()
    prior = Prior(location, function, Points(U)) if role == "lambda" else Prior(location, U)
    mixing = assume_injective(2) if role == "lambda" else function
    model = Model(prior, noise=Noise.gaussian(1), mixing=mixing)
    quick[0] = False
    began, budget = time.monotonic(), draw.uniform(0.2, 1.0)
    report = check(model, timeout=budget)
    require(time.monotonic() - began < 60, f"a budget of {budget:.1f} s took {time.monotonic() - began:.0f} s")
    if role == "mixing":
        require(report["theorem1.injective"].status is Status.UNDECIDED, f"{report['theorem1.injective']}")
    return role


def huge_answers(draw: Random, folder: Path) -> str:
    """Answers with numbers near the end of their range, or very many of them: a verdict that rechecks, or an error."""
    kind = draw.choice(["large numbers", "small numbers", "many latents", "many rows"])
    scale = 10.0 ** draw.uniform(290, 307) if kind == "large numbers" else 10.0 ** -draw.uniform(290, 320)
    rows = draw.randint(20_000, 200_000)
    functions: dict[str, tuple[Callable[[Any], Any], Any]] = {
        "large numbers": (lambda u: np.asarray(u) / 3 * scale, U),
        "small numbers": (lambda u: np.asarray(u) * scale, U),
        "many latents": (lambda u: np.repeat(np.asarray(u), 500, axis=1), U),
        "many rows": (lambda u: np.hstack([u, np.square(u)]), np.arange(rows)[:, None] / 1024.0),
    }
    function, points = functions[kind]
    try:
        prior = Prior(families.gaussian_location(), function, Points(points))
    except IvaeTheoryError as error:
        require(kind == "large numbers", f"{kind}: {error}")
        return f"{kind}: {type(error).__name__}"
    model = Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))
    report = check(model, timeout=60)
    recheck(report.to_json(), model)
    status = report["theorem1.iii"].status
    wanted = {
        "many latents": {Status.FAILS},
        "many rows": {Status.HOLDS},
        "large numbers": {Status.HOLDS, Status.UNDECIDED},
        "small numbers": {Status.HOLDS, Status.UNDECIDED, Status.FAILS},
    }
    require(status in wanted[kind], f"{kind}: {report['theorem1.iii']}")
    return f"{kind}: {status.word}"
