"""What a recovery prints, writes, draws, and how its evidence is verified."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivae_theory import recheck
from ivae_theory.errors import CorruptReport, InputError, InputTypeError
from ivae_theory.exact import decode_array, encode_array
from ivae_theory.recovery import Recovery, recover
from ivae_theory.verdict import Status, seal
from tests.recovery.worlds import exact_sample, posterior_sample, world


def make(mass: float, noise: float, draws: int = 0, n: int = 3, kind: str = "all", rows: int = 200) -> Recovery:
    rng = np.random.default_rng(11)
    w = world(n, 40, rows, mass, kind, rng)
    if not draws:
        y, x = exact_sample(w, noise, rng)
        return recover(y, x, statistics="z", u=w.u)
    z, drawn, _, _ = posterior_sample(w, np.eye(n) + 0.2 * rng.standard_normal((n, n)), noise, draws, rng)
    return recover(z, drawn**2 @ np.linalg.inv(w.A).T, statistics="z**2", learned_statistics="z", u=w.u)


def collapsed() -> Recovery:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    law = torch.distributions.Normal(torch.zeros(500, 2), torch.ones(500, 2))
    return recover(np.random.default_rng(0).standard_normal((500, 2)), law, statistics="z**2")


CASES = {
    "holds": lambda: make(0.0, 0.05),
    "fails": lambda: make(0.2, 0.05),
    "undecided": lambda: make(0.05, 0.05),
    "draws hold": lambda: make(0.0, 0.3, draws=2),
    "draws fail": lambda: make(0.2, 1.0, draws=3),
    "one latent": lambda: make(0.0, 0.05, n=1),
    "exact": lambda: make(0.0, 0.0),
    "five rows": lambda: recover(np.eye(5)[:, :2], np.eye(5)[:, :2], statistics="z", u=np.zeros(5)),
    "a collapsed posterior": lambda: collapsed(),
}


@pytest.fixture(scope="module", params=CASES)
def recovery(request: pytest.FixtureRequest) -> Recovery:
    return CASES[request.param]()


def test_the_cases_are_what_they_are_called() -> None:
    assert [CASES[name]().status for name in ("holds", "fails", "undecided")] == [
        Status.HOLDS,
        Status.FAILS,
        Status.UNDECIDED,
    ]


def test_it_prints_at_eighty_columns(recovery: Recovery) -> None:
    text = str(recovery)
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(recovery.verdict.status.name)
    for word in ("off mass", "MCC", "R^2", "sigma_min", "tolerance 0.05", "level 0.05"):
        assert word in text


def test_a_hundred_latents_print_their_worst_rows() -> None:
    z = np.random.default_rng(0).standard_normal((2000, 100))
    text = str(recover(z, z, statistics="z"))
    assert "20 worst of 100" in text
    assert max(map(len, text.splitlines())) <= 80


def test_json_is_rechecked(recovery: Recovery) -> None:
    text = recovery.to_json()
    result = recheck(text)
    assert result.status is recovery.status
    assert len(result.certificates) + len(result.undecided) == 4
    assert json.loads(text)["recovery"]["off_mass"] == list(recovery.off_mass)


def test_block_recoveries_are_rechecked() -> None:
    rng = np.random.default_rng(3)
    u = np.repeat(np.arange(30), 100)
    z = rng.uniform(-2, 2, (30, 3))[u] + rng.standard_normal((3000, 3))
    for w in (z[:, ::-1], z @ np.linalg.qr(rng.standard_normal((3, 3)))[0]):
        found = recover(z, w, statistics="z, z**2", u=u)
        assert recheck(found.to_json()).status is found.status


def resealed(document: dict[str, Any]) -> dict[str, Any]:
    """As somebody who lies consistently would: digest and seal fit again."""
    import hashlib

    body = json.dumps(document["recovery"], sort_keys=True, allow_nan=False)
    document["subject"]["digest"] = hashlib.sha256(body.encode()).hexdigest()
    document["seal"] = seal(document)
    return document


def flip(document: dict[str, Any]) -> None:
    for part in (*document["parts"], document["verdict"]):
        part["status"] = "holds"
        part["grade"] = "statistical"
    document["verdict"]["evidence"]["parts"] = {part["claim"]: "holds" for part in document["parts"]}


def other_tolerance(document: dict[str, Any]) -> None:
    flip(document)
    document["parts"][2]["evidence"]["tolerance"] = 0.49


def other_S(document: dict[str, Any]) -> None:
    flip(document)
    document["parts"][2]["evidence"]["S"] = encode_array(np.eye(3))


def other_spreads(document: dict[str, Any]) -> None:
    flip(document)
    for spread in document["parts"][2]["evidence"]["spreads"]:
        spread["square"] = 0.0


def wild_trace(document: dict[str, Any]) -> None:
    flip(document)
    for spread in document["parts"][2]["evidence"]["spreads"]:
        spread["trace"] = spread["square"]


def other_sums(document: dict[str, Any]) -> None:
    flip(document)
    evidence = document["parts"][2]["evidence"]
    sums = decode_array(evidence["sums"]).copy()
    sums[:, 0] *= 2
    evidence["sums"] = encode_array(sums)


def other_permutation(document: dict[str, Any]) -> None:
    document["parts"][2]["evidence"]["permutation"] = [1, 2, 0]
    document["recovery"]["permutation"] = [1, 2, 0]


def better_grade(document: dict[str, Any]) -> None:
    document["verdict"]["grade"] = "exact"


def other_smallest(document: dict[str, Any]) -> None:
    document["parts"][1]["evidence"]["smallest"] = [0.9, 0.8, 1.0]


def dropped_part(document: dict[str, Any]) -> None:
    document["parts"].pop(0)


def other_shares(document: dict[str, Any]) -> None:
    evidence = document["parts"][0]["evidence"]
    evidence["estimate"] = encode_array(np.zeros(3))


@pytest.mark.parametrize(
    "change",
    [
        flip,
        other_tolerance,
        other_S,
        other_spreads,
        wild_trace,
        other_sums,
        other_permutation,
        better_grade,
        other_smallest,
        dropped_part,
        other_shares,
    ],
)
def test_changed_evidence_is_refused(change: Any) -> None:
    document = make(0.2, 0.05).to_dict()
    assert recheck(copy.deepcopy(document)).status is Status.FAILS
    change(document)
    with pytest.raises(CorruptReport, match="seal"):
        recheck(copy.deepcopy(document))
    with pytest.raises(CorruptReport):
        recheck(resealed(document))


@pytest.mark.parametrize("draws", [0, 2])
@pytest.mark.parametrize("left", [0, 1])
def test_an_assumption_cannot_be_dropped(draws: int, left: int) -> None:
    document = make(0.0, 0.3, draws=draws).to_dict()
    assert len(document["verdict"]["assumes"]) == (3 if draws else 1)
    document["verdict"]["assumes"] = document["verdict"]["assumes"][-1:][: left if draws else 0]
    with pytest.raises(CorruptReport, match="posterior is exact" if draws else "finite fourth moments"):
        recheck(resealed(document))


def test_a_verdict_is_neither_true_nor_false(recovery: Recovery) -> None:
    with pytest.raises(InputTypeError):
        bool(recovery.verdict)


def test_the_figure_shows_every_entry_with_its_interval(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    found = make(0.2, 0.05)
    figure = found.plot(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 9
    assert all("±" in text for text in texts)
    assert figure.axes[2].get_title() == "FAILS"
    with pytest.raises(InputError, match="path"):
        found.plot(tmp_path / "figure.nonsense")


def test_the_figure_orders_blocks_by_the_permutation() -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3000, 3))
    found = recover(z, z[:, [2, 0, 1]], statistics="z, z**2")
    after = found.plot().axes[1].images[0].get_array()
    np.testing.assert_allclose(np.abs(after), np.eye(6), atol=1e-6)


def test_the_intervals_of_the_entries_cover() -> None:
    hits, total = 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((1000, 2))
        y = x + 0.3 * rng.standard_normal((1000, 2))
        found = recover(y, x, statistics="z")
        truth = np.eye(2) / np.sqrt(1.09)
        inside = np.abs(found.S - truth) <= 1.96 * found.S_error
        hits, total = hits + int(inside.sum()), total + 4
    assert hits / total >= 0.88


def test_a_reason_that_several_findings_share_is_given_once() -> None:
    """A collapsed latent leaves both the pattern and the singular value undetermined, for one reason."""
    sentences = [part.strip(". ") for part in collapsed().verdict.reason.split(". ")]
    assert len(sentences) == len(set(sentences))
