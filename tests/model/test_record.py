"""How a model was trained: read from what people have, kept as JSON values, and no part of the mathematics."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from ivae_theory import Model, Noise, Prior, check, families, recheck
from ivae_theory.errors import InputError
from ivae_theory.mixing import mlp
from ivae_theory.model.record import training_record


def model(training=None):
    prior = Prior(families.gaussian_scale(), [[-1, -2], [-2, -1], [-3, -3]])
    return Model(prior, noise=Noise.gaussian(1), mixing=mlp([[[2.0, 1.0], [0.0, 1.0]]]), training=training)


def test_dicts_objects_and_arrays_say_the_same():
    expected = {"steps": [1, 2], "losses": [[3.0, None], [2.0, 1.0]], "chosen": 1}
    plain = {"steps": [1, 2], "losses": [[3.0, float("nan")], [2.0, 1.0]], "chosen": 1}
    arrays = {name: np.array(value) if name != "chosen" else np.int64(1) for name, value in plain.items()}
    for history in (expected, plain, arrays, SimpleNamespace(**plain)):
        assert training_record(history) == expected
    assert training_record({"steps": [5], "losses": [0.5]}) == {"steps": [5], "losses": [[0.5]], "chosen": None}


def test_a_long_history_is_thinned_out_between_its_ends():
    steps = np.arange(1, 100_001)
    record = training_record({"steps": steps, "losses": np.repeat(1.0 / steps[:, None], 8, axis=1)})
    assert record["steps"][0] == 1
    assert record["steps"][-1] == 100_000
    assert len(record["steps"]) * 8 <= 20_000
    assert all(losses == [1 / step] * 8 for step, losses in zip(record["steps"], record["losses"], strict=True))


@pytest.mark.parametrize(
    "history",
    [
        3,
        {"steps": [1]},
        {"steps": [], "losses": []},
        {"steps": [2, 1], "losses": [1.0, 2.0]},
        {"steps": [0.5], "losses": [1.0]},
        {"steps": [float("inf")], "losses": [1.0]},
        {"steps": [float("nan")], "losses": [1.0]},
        {"steps": [[1]], "losses": [1.0]},
        {"steps": [1, 2], "losses": [1.0]},
        {"steps": [1], "losses": [["a"]]},
        {"steps": [1], "losses": [[]]},
        {"steps": [1], "losses": [[1.0]], "chosen": 1},
        {"steps": [1, 2], "losses": [[1.0], [1.0, 2.0]]},
    ],
)
def test_what_is_no_history_is_one_clear_error(history):
    with pytest.raises(InputError, match=r"^training: expected"):
        training_record(history)


def test_it_changes_no_verdict_and_no_digest():
    plain, trained = model(), model({"steps": [1, 2], "losses": [[2.0], [1.0]]})
    assert plain.digest == trained.digest
    assert "training" not in plain.describe()
    report = check(trained)
    assert json.loads(report.to_json())["subject"]["training"]["losses"] == [[2.0], [1.0]]
    assert [v.to_dict() for v in report.verdicts] == [v.to_dict() for v in check(plain).verdicts]
    assert recheck(report.to_json(), plain).status is report.status
