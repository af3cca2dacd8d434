"""The number of kernels of an optimiser step does not depend on the number of replicas, for every kind of problem."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.data import simulate  # noqa: E402
from ivae_theory.training.flow import FlowArchitecture, FlowProblem, FlowStack  # noqa: E402
from ivae_theory.training.gradients import covers  # noqa: E402
from ivae_theory.training.layered import LayeredArchitecture, LayeredProblem, LayeredStack  # noqa: E402
from ivae_theory.training.loop import Loop, Schedule  # noqa: E402
from ivae_theory.training.networks import Architecture, Stack  # noqa: E402
from ivae_theory.training.objectives import BetaTotalCorrelation, Bound, ImportanceWeighted, Objective  # noqa: E402
from ivae_theory.training.problem import Problem, Rows, VariationalProblem, variational_rows  # noqa: E402

DATA = simulate("paper", 0, n=3, d=3, segments=4, length=20)
WHITENING = Whitening.fit(DATA.x)
_BLIND = {"prior": "fixed", "auxiliary": "none", "size": 0}


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what reaches the dispatcher; views launch nothing and are counted too, which can only make it stricter."""

    count: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return func(*args, **(kwargs or {}))


def variational(objective: Objective, **changes: object) -> Callable[[int], Problem]:
    def make(replicas: int) -> Problem:
        fields: Any = {"n": 3, "d": 3, "size": 4, "width": 6} | changes
        stack = Stack(Architecture(**fields), range(replicas))
        bits = fields.get("observation") == "bernoulli"
        x = (DATA.x > 0).astype(float) if bits else DATA.x
        u = np.stack([DATA.u, DATA.u**2], 1) / 10.0 if fields.get("auxiliary") == "vector" else DATA.u
        rows = variational_rows(x, u, Whitening.fit(x), stack, 0.01)
        return VariationalProblem(stack, objective, rows)

    return make


def flow(kind: str) -> Callable[[int], Problem]:
    def make(replicas: int) -> Problem:
        stack: FlowStack
        if kind == "layered":
            stack = LayeredStack(LayeredArchitecture(3, 4, layers=3, bins=4), range(replicas))
        else:
            stack = FlowStack(FlowArchitecture(3, 4, 2, 6, kind == "location"), range(replicas))
        rows = Rows.gather([DATA.x], np.eye(4)[DATA.u], [WHITENING], stack.flat)
        return (LayeredProblem if isinstance(stack, LayeredStack) else FlowProblem)(stack, rows)

    return make


KINDS: dict[str, Callable[[int], Problem]] = {
    "diagonal": variational(Bound()),
    "full": variational(Bound(), posterior="full", location=True, skip=True),
    "xtanh": variational(Bound(), activation="xtanh"),
    "mlp prior": variational(Bound(), prior="mlp"),
    "vector": variational(Bound(), prior="mlp", auxiliary="vector", size=2),
    "bernoulli": variational(Bound(), observation="bernoulli"),
    "vae": variational(Bound(4.0), **_BLIND),
    "laplace": variational(Bound(), law="laplace"),
    "laplace full": variational(Bound(), law="laplace", posterior="full"),
    "importance": variational(ImportanceWeighted(3), posterior="full"),
    "total correlation": variational(BetaTotalCorrelation(4.0, 80), **_BLIND),
    "flow": flow("scale"),
    "flow with means": flow("location"),
    "layered flow": flow("layered"),
}


def _operations(problem: Problem, clip: float | None) -> int:
    """Operations of the second step: batch, gradient, clipping and Adam, noise included."""
    loop = Loop(problem, Schedule(steps=4, batch=16, clip=clip))
    problem.prepare(loop.rows)
    loop._advance()
    with _Counter() as counter:  # type: ignore[no-untyped-call]
        loop._advance()
    return int(counter.count)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_step_of_many_replicas_is_as_many_operations_as_of_two(kind: str, clip: float | None) -> None:
    counts = [_operations(KINDS[kind](replicas), clip) for replicas in (2, 3, 11)]
    assert counts[0] == counts[1] == counts[2] > 10


def test_both_ways_to_a_gradient_are_counted() -> None:
    fast = {kind: covers(p.stack, p.objective) for kind in KINDS if isinstance(p := KINDS[kind](1), VariationalProblem)}
    assert {kind for kind, is_fast in fast.items() if not is_fast} == {
        "laplace",
        "laplace full",
        "importance",
        "total correlation",
    }


def test_the_counter_would_see_a_loop_over_replicas() -> None:
    def looped(replicas: int) -> int:
        weights = torch.ones(replicas, 3, 3)
        with _Counter() as counter:  # type: ignore[no-untyped-call]
            for weight in weights.unbind():
                weight @ weight
        return int(counter.count)

    assert looped(3) < looped(11)
