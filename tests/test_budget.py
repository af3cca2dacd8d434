"""Time and memory are bounded whatever computes; what is found is found again on the other side of the pipe."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
import sympy

from ivae_theory import Model, Noise, Prior, assume_injective, budget, check, families
from ivae_theory.budget import LONGEST, NoAnswer, answer, answers
from ivae_theory.errors import CallableFailed, CorruptReport, InputError, IvaeTheoryError, MissingExtra

linux = pytest.mark.skipif(sys.platform != "linux", reason="only there what has a budget runs in a child")
SECONDS = 0.5


def swallow():
    """Python code that lets no exception through."""
    while True:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001 - the point
            continue


def lock():
    held = threading.Lock()
    held.acquire()
    held.acquire()


HANGS = {
    "sleeps": lambda: time.sleep(60),
    "swallows": swallow,
    "loops": lambda: [None for _ in iter(int, 1)],
    "waits for a lock": lock,
    "a power of integers": lambda: 10 ** (10**9) % 7,
    "sympy": lambda: sympy.gamma(10**9),
    "a sort in C": lambda: sorted(range(10**8), key=lambda n: -n),
    "reads a pipe": lambda: os.read(os.pipe()[0], 1),
    "a stopped process": lambda: os.kill(os.getpid(), 19),
}


@linux
@pytest.mark.parametrize("work", HANGS)
def test_what_does_not_end_is_ended(work):
    found = answer("name", HANGS[work], SECONDS)
    assert isinstance(found, NoAnswer)
    assert "time budget of 0.5 s" in found.reason


DEATHS = {
    "SIGSEGV": lambda: (faulthandler.disable(), ctypes.string_at(0)),
    "SIGKILL": lambda: os.kill(os.getpid(), 9),
    "no answer": lambda: os._exit(0),
    "enough memory": lambda: np.ones(10**14),
    "too deeply": lambda: (lambda f: f(f))(lambda f: f(f)),
    "ZeroDivisionError": lambda: 1 / 0,
    "TypeError": lambda: object(),
    "digits": lambda: 10**5000,
}


@linux
@pytest.mark.parametrize("word", DEATHS)
def test_what_dies_says_how(word):
    found = answer("name", DEATHS[word], 60)
    assert isinstance(found, NoAnswer)
    assert word in found.reason


@linux
def test_answers_go_on_after_one_that_did_not_come():
    said = []
    tasks = [("a", lambda: 1), ("b", lambda: time.sleep(60)), ("c", lambda: [3.5, None, "x"]), ("d", lambda: 1 / 0)]
    found = list(answers([*tasks, ("e", lambda: {"k": float("inf")})], SECONDS, started=said.append))
    assert said == list("abcde")
    assert [found[0], found[2], found[4]] == [1, [3.5, None, "x"], {"k": float("inf")}]
    assert isinstance(found[1], NoAnswer)
    assert isinstance(found[3], NoAnswer)


def children():
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None


@linux
def test_no_child_is_left_behind():
    before = children()
    list(answers([("a", lambda: 1), ("b", lambda: time.sleep(60))], 0.2))
    for _ in answers([("a", lambda: 1), ("b", lambda: time.sleep(60))], 60):
        break
    with pytest.raises(InputError):
        answer("a", lambda: check(None), 60)
    assert children() == before


@linux
def test_a_thread_has_a_budget_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(answer("a", lambda: time.sleep(60), SECONDS)))
    thread.start()
    thread.join(60)
    assert isinstance(found[0], NoAnswer)


@pytest.mark.parametrize("seconds", [None, 60.0])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InputError("a", "b", "c"), InputError),
        (CorruptReport("a", "b", "c"), CorruptReport),
        (CallableFailed("a", "b", "c"), CallableFailed),
        (MissingExtra("plots", "plot"), MissingExtra),
        (IvaeTheoryError("text"), IvaeTheoryError),
    ],
)
def test_an_error_on_purpose_comes_through_as_it_is(error, kind, seconds):
    def work():
        raise error

    with pytest.raises(IvaeTheoryError) as caught:
        answer("a", work, seconds)
    assert type(caught.value) is kind
    assert str(caught.value) == str(error)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e300, True, "1", LONGEST * 2])
def test_a_budget_is_a_number_of_seconds(seconds):
    with pytest.raises(InputError, match="timeout"):
        check(MODEL, timeout=seconds)


def test_without_children_a_timer_interrupts_python_code(monkeypatch):
    monkeypatch.setattr(budget, "_forks", lambda: False)
    found = answer("a", lambda: time.sleep(60), 0.2)
    assert isinstance(found, NoAnswer)
    found = answer("a", partial(_interrupted_once, []), 0.2)
    assert isinstance(found, NoAnswer)


def _interrupted_once(times):
    """The first interruption is lost, as in a finaliser."""
    try:
        time.sleep(60)
    except BaseException:  # noqa: BLE001 - the point
        time.sleep(60)


TABLE = -1 / (2 * np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]]))
MODEL = Model(Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(0.01), mixing=assume_injective(2))


@linux
@pytest.mark.parametrize("goal", ["affine", "permutation", "printed", "published"])
def test_a_check_with_a_budget_says_what_one_without_says(goal):
    assert check(MODEL, goal, timeout=60).to_dict() == check(MODEL, goal).to_dict()


@linux
def test_a_verdict_without_an_answer_is_undecided_and_the_others_are_not_lost(monkeypatch):
    from ivae_theory.hypotheses import variability

    monkeypatch.setattr(variability, "check_variability", lambda model, seed: 10 ** (10**9) % 7)
    report = check(MODEL, "published", timeout=1)
    verdict = report["theorem1.iii"]
    assert verdict.undecided
    assert "time budget of 1 s" in verdict.reason
    assert verdict.evidence["seconds"] >= 1
    assert report["theorem1.i"].holds
    assert report["theorem1.known_noise"].holds
    assert report["published.theorem1"].undecided
    vouched = check(MODEL, assume=["theorem1.iii"], timeout=1)
    assert vouched["theorem1.iii"].holds


FILES = {
    "import": "while True: pass",
    "swallows": "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException: pass",
    "integers": "x = 10 ** (10**9) % 7",
    "function": "def model():\n    import time\n    time.sleep(99)",
    "dies": "import os\nos.kill(os.getpid(), 11)",
}


@linux
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_does_not_end_is_one_line(tmp_path, name):
    path = tmp_path / "m.py"
    path.write_text(FILES[name])
    command = [sys.executable, "-m", "ivae_theory", "check", str(path), "--timeout", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith(f"ivae-theory: {path}: expected a file that runs")
    assert done.stderr.count("\n") == 1


@linux
def test_the_exit_status_comes_through_the_process_that_watches(tmp_path):
    examples = os.path.join(os.path.dirname(__file__), "..", "docs", "examples")
    for name, status in (("section5", 0), ("fails_few_segments", 1)):
        command = [sys.executable, "-m", "ivae_theory", "check", f"{examples}/{name}.py", "--timeout", "200"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert (done.returncode, done.stderr) == (status, "")
        assert done.stdout.count("theorem1.iii") >= 1
