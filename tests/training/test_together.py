"""Estimators fitted together: each on its own data, in one loop."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
sklearn_base = pytest.importorskip("sklearn.base", reason="needs the extra 'train'")

from ivae_theory.errors import InputError, InputTypeError  # noqa: E402
from ivae_theory.training import IVAE, VAE, BetaTCVAE, Schedule, fit_together, simulate  # noqa: E402
from ivae_theory.training.loop import Loop  # noqa: E402

SETS = [simulate("paper", seed, n=2, d=2, segments=8, length=120, noise_scale=0.05) for seed in (0, 1, 2)]
SHORT = Schedule(steps=30, batch=64)


def ivae(seed: int, **changes: Any) -> IVAE:
    settings: dict[str, Any] = {"noise_variance": 0.05**2, "width": 16, "replicas": 2, "schedule": SHORT}
    return IVAE(2, seed=seed, **(settings | changes))


def pairs(count: int = 3) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(data.x, data.u) for data in SETS[:count]]


def test_one_together_is_one_alone() -> None:
    (together,) = fit_together([ivae(4)], pairs(1))
    alone = ivae(4).fit(*pairs(1)[0])
    np.testing.assert_array_equal(together.transform(*pairs(1)[0]), alone.transform(*pairs(1)[0]))


@pytest.mark.parametrize("start", ["random", "linear"])
def test_each_learns_its_own_data(start: str) -> None:
    schedule = Schedule(steps=1200, batch=64)
    fitted = fit_together([ivae(seed, schedule=schedule, start=start) for seed in range(3)], pairs())
    for number, (estimator, data) in enumerate(zip(fitted, SETS, strict=True)):
        back = estimator.learned_.mixing()(torch.from_numpy(estimator.transform(data.x, data.u))).detach().numpy()
        assert np.sqrt(np.mean((back - data.x) ** 2)) < 0.3
        scores = [other.score(data.x, data.u) for other in fitted]
        assert int(np.argmax(scores)) == number
        assert estimator.bounds_.shape == (2,)
        assert estimator.history_.array().shape == (12, 2)


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_the_gradient_is_that_of_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before the first step, the stack's gradient on common rows is each estimator's own."""
    seen: list[Any] = []

    def look(self: Loop, until: int | None = None) -> Any:
        self.problem.prepare(16)
        rows = torch.arange(16)
        noise = torch.ones(self.problem.replicas, 16, self.problem.noise_width)
        self.problem.write_gradient(rows, noise)
        seen.append({name: g.clone() for name, g in self.problem.stack.gradients.items()})  # type: ignore[attr-defined]
        return self.history

    monkeypatch.setattr(Loop, "run", look)
    fit_together([ivae(seed) for seed in range(3)], pairs())
    for seed, pair in enumerate(pairs()):
        ivae(seed).fit(*pair)
    for name, whole in seen[0].items():
        parts = torch.cat([alone[name] for alone in seen[1:]])
        torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
@pytest.mark.parametrize("kind", [VAE, BetaTCVAE])
def test_values_of_beta_are_fitted_together(kind: type[VAE]) -> None:
    members = [kind(2, beta=beta, replicas=2, seed=seed, schedule=SHORT) for seed, beta in ((0, 1.0), (0, 500.0))]
    weak, strong = fit_together(members, [(SETS[0].x, None)] * 2)
    assert strong.information_.sum() < weak.information_.sum()
    assert weak.get_params()["beta"] == 1.0


def test_a_common_checkpoint_resumes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit_together([ivae(seed) for seed in range(2)], pairs(2))
    run = Loop.run

    def interrupted(self: Loop, until: int | None = None) -> Any:
        run(self, 11)
        self.save(str(tmp_path / "c"))
        raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit_together([ivae(seed) for seed in range(2)], pairs(2), checkpoint=str(tmp_path / "c"))
    monkeypatch.undo()
    resumed = fit_together([ivae(seed) for seed in range(2)], pairs(2), checkpoint=str(tmp_path / "c"))
    for one, other, pair in zip(whole, resumed, pairs(2), strict=True):
        np.testing.assert_array_equal(one.transform(*pair), other.transform(*pair))


@pytest.mark.parametrize(
    ("members", "data", "name"),
    [
        ([], [], "data"),
        ([ivae(0)], pairs(2), "data"),
        ([ivae(0), ivae(1, width=8)], pairs(2), "width"),
        ([ivae(0), ivae(1, checkpoint="c")], pairs(2), "checkpoint"),
        ([ivae(0), ivae(1)], [pairs(1)[0], (SETS[1].x[:600], SETS[1].u[:600])], "data"),
        ([ivae(0), ivae(1)], [pairs(1)[0], (SETS[1].x, SETS[1].u // 2)], "data"),
        ([ivae(0), VAE(2, schedule=SHORT)], pairs(2), "estimators"),
    ],
)
def test_what_does_not_fit_together_is_named(members: list[Any], data: list[Any], name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}:"):
        fit_together(members, data)


def test_the_same_estimator_twice_is_refused() -> None:
    one = ivae(0)
    with pytest.raises(InputError, match=r"^estimators:"):
        fit_together([one, one], pairs(2))
    with pytest.raises(InputTypeError, match=r"^estimators:"):
        fit_together([ivae(0), sklearn_base.clone(VAE(2))], pairs(2))
