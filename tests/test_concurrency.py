"""Checks in threads and in processes say what they say one after the other, evidence included."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
from flint import ctx

from ivae_theory import check
from ivae_theory.enclosure.precision import precision
from ivae_theory.enclosure.turn import turn
from ivae_theory.mixing.evaluation import evaluate_callable
from tests.truth.test_truth_table import ROWS

#: Networks, formulas, tables, laws of scipy and of torch: every one here is fast.
MIXED = (
    "inj-narrow-middle", "inj-leaky-tiny-slope", "from_torch/mixed/enough", "from_torch/normal/minimal",
    "from_torch/network/width-one", "variability/net-tanh-box", "noise-gap-halves", "minimal-logistic",
    "t2_k2_line_block", "t2_cube_gaussian",
)  # fmt: skip
NUMBERS = {row.id: number for number, row in enumerate(ROWS)}
EVERY = list(range(0, len(ROWS), len(ROWS) // 64))[:64]


def answered(number: int) -> str:
    """Everything that a check of one model of the truth table says, certificates included."""
    return told(ROWS[number].model())


def told(model: Any) -> str:
    report = check(model).to_dict()
    return hashlib.sha256(json.dumps([report["verdicts"], report["conclusion"]], sort_keys=True).encode()).hexdigest()


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Threads that are switched a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(numbers: Sequence[int], workers: int) -> list[str]:
    # Built one after the other: torch.manual_seed and the draws after it are shared by all threads.
    models = [ROWS[number].model() for number in numbers]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(told, models))


def in_processes(numbers: Sequence[int], start: str) -> list[str]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as pool:
        return list(pool.map(answered, numbers))


@pytest.mark.usefixtures("_hasty")
def test_mixed_models_in_threads_are_answered_as_one_after_the_other() -> None:
    numbers = [NUMBERS[name] for name in MIXED]
    assert in_threads(numbers, 8) == [answered(number) for number in numbers]


@pytest.mark.slow
@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("start", [None, "spawn", "fork"], ids=["threads", "spawn", "fork"])
def test_64_checks_at_once_are_answered_as_one_after_the_other(start: str | None) -> None:
    alone = [answered(number) for number in EVERY]
    together = in_threads(EVERY, 64) if start is None else in_processes(EVERY, start)
    assert [ROWS[n].id for n, a, b in zip(EVERY, alone, together, strict=True) if a != b] == []
    assert len(EVERY) == 64


def test_no_thread_changes_anothers_precision() -> None:
    inside, leave, seen = threading.Event(), threading.Event(), list[int]()

    def other() -> None:
        with precision(512):
            inside.set()
            leave.wait(10)

    def mine() -> None:
        inside.wait(10)
        with precision(64):
            seen.append(ctx.prec)

    before = ctx.prec
    threads = [threading.Thread(target=target) for target in (other, mine)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    threads[1].join(0.2)
    assert not seen, "the precision was changed while another thread computed with its own"
    leave.set()
    for thread in threads:
        thread.join(10)
    assert seen == [64]
    assert ctx.prec == before


def test_a_module_shared_by_threads_is_never_evaluated_in_training_mode() -> None:
    """The modes are restored after each evaluation: in the middle of another thread's, were it not its turn."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    torch.manual_seed(0)
    modes = list[bool]()

    class Watched(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, z: Any) -> Any:
            modes.append(self.training)
            threading.Event().wait(0.002)
            modes.append(self.training)
            return 2 * z

    module = Watched()
    assert module.training
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: evaluate_callable(module, [[1.0], [2.0]]), range(16)))
    assert len(modes) == 64
    assert not any(modes)
    assert module.training


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    inside, leave = threading.Event(), threading.Event()

    def busy() -> None:
        with precision(4096):
            inside.set()
            leave.wait(30)

    before = ctx.prec
    thread = threading.Thread(target=busy)
    thread.start()
    inside.wait(10)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # no assertion here: the child leaves without pytest
        with turn():
            os.write(writer, str(ctx.prec).encode())
        os._exit(0)
    os.close(writer)
    try:
        assert int(os.read(reader, 20)) == before
        assert os.waitpid(child, 0)[1] == 0
    finally:
        leave.set()
        thread.join(10)
        os.close(reader)
