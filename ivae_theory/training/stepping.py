"""Ways to make the loop's steps: one at a time, a captured CUDA graph of one, or several compiled as one function.

They take the same batches and noise and make the same updates, equal up to rounding. A small network's step on a CPU is
bound by the cost of launching operations, which a compiled function of several steps does not have; compiling it takes
as long as thousands of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ivae_theory.errors import InputError
from ivae_theory.training.extras import torch

if TYPE_CHECKING:
    from ivae_theory.training.loop import Loop

__all__ = ["CapturedStep", "EagerStep", "UnrolledSteps", "stepper"]

_BETAS, _EPS = (0.9, 0.999), 1e-8
#: How several steps are compiled: by inductor, whose C++ wrapper launches without Python.
_COMPILER: dict[str, Any] = {"backend": "inductor", "options": {"cpp_wrapper": True}}
#: Steps made before a CUDA graph is captured, so that every library has allocated what it needs.
_WARM_UP = 3


def stepper(loop: Loop) -> EagerStep:
    """What makes the steps of this loop."""
    device, unrolled = loop.problem.flat.device.type, loop.schedule.unrolled
    if not unrolled:
        # a graph holds numbers fixed: only what is a tensor may change from step to step
        fixed = getattr(loop.problem, "capturable", False) and loop.schedule.temper == 1.0
        return CapturedStep(loop) if device == "cuda" and fixed else EagerStep(loop)
    if device != "cpu":
        raise InputError("unrolled", f"0 on {device}, where a step is captured as a graph", repr(unrolled))
    if not hasattr(loop.problem, "losses_at"):
        raise InputError("unrolled", "0 for problems other than VAEs", f"{type(loop.problem).__name__}")
    return UnrolledSteps(loop)


class EagerStep:
    """One step at a time: a gradient, and one fused kernel of Adam for the whole vector.

    Attributes
    ----------
    stride
        Steps that one call makes.
    """

    stride = 1

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._count = torch.zeros((), device=loop.problem.flat.device)

    def __call__(self) -> None:
        """Make the next ``stride`` steps."""
        loop = self.loop
        self._update(loop.batch_rows(loop.step), loop.noise(loop.step), loop.schedule.rate(loop.step))

    def _update(self, rows: torch.Tensor, noise: torch.Tensor, rate: float | torch.Tensor) -> None:
        loop, problem, clip = self.loop, self.loop.problem, self.loop.schedule.clip
        problem.factor = loop.schedule.factor(loop.step)
        problem.write_gradient(rows, noise)
        problem.factor = 1.0
        with torch.no_grad():
            if clip is not None:
                clip_parts([part.flatten(1) for part in problem.parts], clip)
            # torch.optim.Adam around this kernel would cost more than the update itself
            torch._fused_adam_(
                [problem.flat],
                [problem.gradient],
                [loop.first],
                [loop.second],
                [],
                [self._advanced()],
                lr=rate,
                beta1=_BETAS[0],
                beta2=_BETAS[1],
                weight_decay=0.0,
                eps=_EPS,
                amsgrad=False,
                maximize=False,
            )

    def _advanced(self) -> torch.Tensor:
        """The number of this step, from 1."""
        return self._count.fill_(self.loop.step + 1)


def clip_parts(parts: list[torch.Tensor], largest: float) -> None:
    """Shrink, in place, the gradient of every replica whose norm is above ``largest``; parts are (S, ...)."""
    norm = torch.stack([part.square().sum(1) for part in parts]).sum(0).sqrt()
    factor = (largest / (norm + 1e-12)).clamp(max=1.0).unsqueeze(1)
    for part in parts:
        part.mul_(factor)


class CapturedStep(EagerStep):
    """One step captured as a CUDA graph, replayed on inputs that are copied into place.

    Rows, noise, rate and step number are tensors that the graph reads; everything else is fixed when it is captured.
    """

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self._rate = torch.zeros((), device=loop.problem.flat.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._rows: torch.Tensor | None = None
        self._noise: torch.Tensor | None = None
        self._made = 0

    def __call__(self) -> None:
        """See :class:`EagerStep`."""
        loop = self.loop
        rows, noise = loop.batch_rows(loop.step), loop.noise(loop.step)
        self._count.fill_(loop.step + 1)
        self._rate.fill_(loop.schedule.rate(loop.step))
        if self._rows is None or self._noise is None:
            self._rows, self._noise = rows.clone(), noise.clone()
        else:
            self._rows.copy_(rows)
            self._noise.copy_(noise)
        if self._graph is None and self._made < _WARM_UP:
            self._on_a_side_stream()
            self._made += 1
            return
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            # the graph writes to the problem's buffers by address, also after another loop has replaced them
            self._alive = dict(vars(loop.problem))
            with torch.cuda.graph(self._graph):  # records without running
                self._capturable()
        self._graph.replay()

    def _capturable(self) -> None:
        assert self._rows is not None
        assert self._noise is not None
        self._update(self._rows, self._noise, self._rate)

    def _on_a_side_stream(self) -> None:
        """As capture does, so that libraries set themselves up there."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._capturable()
        torch.cuda.current_stream().wait_stream(side)

    def _advanced(self) -> torch.Tensor:
        return self._count


class UnrolledSteps(EagerStep):
    """``Schedule.unrolled`` steps as one compiled function, its gradient autograd's."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.stride = loop.schedule.unrolled
        for name in ("record_every", "checkpoint_every"):
            if getattr(loop, name) % self.stride:
                raise InputError(name, f"a multiple of unrolled = {self.stride}", repr(getattr(loop, name)))
        self._function: Callable[..., None] | None = None

    def __call__(self) -> None:
        """See :class:`EagerStep`."""
        loop, numbers = self.loop, range(self.loop.step, self.loop.step + self.stride)
        rows = torch.stack([loop.batch_rows(step) for step in numbers])
        noise = torch.stack([loop.noise(step) for step in numbers]).contiguous()
        scalars = torch.tensor([self._scalars(step) for step in numbers], dtype=noise.dtype)
        arguments = (loop.problem.flat, loop.first, loop.second, rows, noise, scalars)
        with torch.no_grad():
            if self._function is None:
                self._function = self._compiled(arguments)
            else:
                self._function(*arguments)

    def _scalars(self, step: int) -> tuple[float, float, float]:
        """Adam's step size and scale of the second moment, both without bias, and the factor on the variance."""
        first, second = (1.0 - beta ** (step + 1) for beta in _BETAS)
        return self.loop.schedule.rate(step) / first, second**-0.5, self.loop.schedule.factor(step)

    def _compiled(self, arguments: tuple[torch.Tensor, ...]) -> Callable[..., None]:
        """The compiled function, once it has made the first steps."""
        function: Callable[..., None] = torch.compile(
            _unrolled(self.loop, self.stride), fullgraph=True, dynamic=False, **_COMPILER
        )
        try:
            function(*arguments)
        except Exception as error:  # whatever a compiler raises; nothing has been changed then
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise InputError(
                "unrolled", "0 where torch.compile fails (it needs a C++ compiler)", reason[:200]
            ) from error
        return function


def _unrolled(loop: Loop, count: int) -> Callable[..., None]:
    """``count`` steps of all replicas as one function of tensors, which it updates in place."""
    problem: Any = loop.problem
    shapes = {name: weight.shape for name, weight in problem.stack.weights.items()}
    clip = loop.schedule.clip

    def views(flat: torch.Tensor) -> dict[str, torch.Tensor]:
        parts = torch.split(flat, [shape.numel() for shape in shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    def joined(parts: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.cat([part.reshape(-1) for part in parts.values()])

    def steps(
        flat: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        rows: torch.Tensor,
        noise: torch.Tensor,
        scalars: torch.Tensor,
    ) -> None:
        p, m, v = views(flat), views(first), views(second)
        for k in range(count):
            rate, scale, factor = scalars[k, 0], scalars[k, 1], scalars[k, 2]
            g = torch.func.grad(lambda w, k=k, factor=factor: problem.losses_at(w, rows[k], noise[k], factor).sum())(p)
            if clip is not None:
                norm = torch.stack([part.square().sum((1, 2)) for part in g.values()]).sum(0).sqrt()
                shrink = (clip / (norm + 1e-12)).clamp(max=1.0)[:, None, None]
                g = {name: part * shrink for name, part in g.items()}
            m = {name: _BETAS[0] * m[name] + (1.0 - _BETAS[0]) * g[name] for name in p}
            v = {name: _BETAS[1] * v[name] + (1.0 - _BETAS[1]) * g[name] * g[name] for name in p}
            p = {name: p[name] - rate * m[name] / (v[name].sqrt() * scale + _EPS) for name in p}
        flat.copy_(joined(p))
        first.copy_(joined(m))
        second.copy_(joined(v))

    return steps
