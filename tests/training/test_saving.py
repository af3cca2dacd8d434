"""A fitted estimator in a file: it comes back as it was, and nothing else is believed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("safetensors", reason="needs the extra 'train'")

from ivae_theory.errors import CorruptReport, InputTypeError
from ivae_theory.training import (
    IVAE,
    VAE,
    BetaTCVAE,
    IdentifiableFlow,
    LayeredFlow,
    LinearControl,
    Schedule,
    experiments,
    load,
    save,
    simulate,
)
from ivae_theory.training.checkpoints import read_checkpoint, write_checkpoint
from ivae_theory.training.saving import _ESTIMATORS

DATA = simulate("paper", 0, n=2, d=3, segments=6, length=60)
NAMES = np.array(list("abcdef"))[DATA.u]
SHORT = Schedule(steps=20, batch=64)


@pytest.mark.parametrize(
    "estimator",
    [
        IVAE(2, replicas=2, schedule=SHORT),
        IVAE(2, start="linear", covariance="diagonal", family="gaussian", replicas=1, schedule=SHORT),
        IVAE(2, auxiliary="vector", prior="mlp", replicas=1, schedule=SHORT),
        VAE(2, beta=[1.0, 2.0], replicas=2, schedule=SHORT, dtype="float64"),
        BetaTCVAE(2, replicas=1, schedule=SHORT),
        IdentifiableFlow(2, couplings=2, width=8, replicas=2, schedule=SHORT),
        LayeredFlow(2, bins=4, replicas=2, finalists=1, exploration=SHORT, schedule=SHORT),
        LinearControl(2),
    ],
    ids=lambda e: f"{type(e).__name__}",
)
@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_what_was_learned_comes_back(estimator: Any, tmp_path: Path) -> None:
    u: Any = np.eye(6)[DATA.u] if getattr(estimator, "auxiliary", "") == "vector" else NAMES
    estimator.set_params(**({} if isinstance(estimator, LinearControl) else {"progress": False})).fit(DATA.x, u)
    save(estimator, tmp_path / "a")
    back = load(tmp_path / "a")
    assert type(back) is type(estimator)
    np.testing.assert_array_equal(back.transform(DATA.x, u), estimator.transform(DATA.x, u))
    assert back.score(DATA.x, u) == estimator.score(DATA.x, u)
    for one, other in zip(back.sample(u[:7], 3), estimator.sample(u[:7], 3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert back.get_params().keys() == estimator.get_params().keys()
    save(back, tmp_path / "b")
    np.testing.assert_array_equal(load(tmp_path / "b").transform(DATA.x, u), estimator.transform(DATA.x, u))


def test_every_method_can_be_saved() -> None:
    assert set(_ESTIMATORS) == {name for _, name in experiments.METHODS.values()}


def test_other_things_are_not_saved(tmp_path: Path) -> None:
    for thing in (3, object(), Schedule()):
        with pytest.raises(InputTypeError, match=r"^estimator:"):
            save(thing, tmp_path / "a")
    with pytest.raises(Exception, match="not fitted"):
        save(LinearControl(2), tmp_path / "a")
    assert not (tmp_path / "a").exists()


def _changed(state: dict[str, Any], path: list[Any], value: Any) -> None:
    for key in path[:-1]:
        state = state[key]
    state[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["estimator"], "os"),
        (["estimator"], ["IVAE"]),
        (["parameters"], {"part": ["os", {}]}),
        (["parameters"], {"dict": [["n_latents", 2], ["magic", 3]]}),
        (["learned"], {"dict": [["transform", 3]]}),
        (["learned"], {"dict": [["__class__", 3]]}),
        (["learned"], {"dict": [["mean_", {"array": "99"}]]}),
        (["learned"], {"dict": [["mean_", {"eval": "1"}]]}),
        (["learned"], {"dict": [["stack_", {"replicas": ["Whitening", {"dict": []}, {}]}]]}),
        (["learned"], [1]),
    ],
)
def test_a_changed_file_is_refused(path: list[Any], value: Any, tmp_path: Path) -> None:
    save(LinearControl(2).fit(DATA.x, NAMES), tmp_path / "a")
    tensors, state = read_checkpoint(tmp_path / "a")
    _changed(state, path, value)
    write_checkpoint(tmp_path / "b", tensors, state)
    with pytest.raises(CorruptReport):
        load(tmp_path / "b")


def test_a_checkpoint_is_no_estimator(tmp_path: Path) -> None:
    IVAE(2, replicas=1, schedule=SHORT, checkpoint=str(tmp_path / "c")).fit(DATA.x, NAMES)
    with pytest.raises(CorruptReport, match="written by save"):
        load(tmp_path / "c")
