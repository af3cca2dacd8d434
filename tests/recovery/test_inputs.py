"""What ``recover`` reads, and the one clear error that everything else gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from ivae_theory import ExponentialFamily
from ivae_theory.errors import CallableFailed, CorruptReport, InputError, InputTypeError, NonDeterministic
from ivae_theory.recovery import inputs as inputs_module
from ivae_theory.recovery import mcc, recover
from ivae_theory.recovery.files import read_npz
from ivae_theory.recovery.inputs import group_rows
from tests.extras import optional

pandas = optional("pandas", "dev")
torch = optional("torch", "torch")

RNG = np.random.default_rng(1)
Z = RNG.standard_normal((400, 3))
W = -2 * Z[:, [1, 2, 0]] + 1


def broken(value: float, row: int = 123) -> np.ndarray:
    array = Z.copy()
    array[row, 1] = value
    return array


BAD: list[tuple[str, Any, Any, dict[str, Any], str]] = [
    ("nan", broken(np.nan), W, {}, r"z_true: expected finite numbers, got NaN or infinity in row 123"),
    ("inf", Z, broken(np.inf), {}, r"z_learned: expected finite numbers, got NaN or infinity in row 123"),
    ("nan in draws", Z, np.stack([W, broken(np.nan)]), {}, r"z_learned: .* row 123"),
    ("constant", Z * [1, 0, 1], W, {}, r"z_true: expected columns whose statistics vary, got T_2 constant"),
    ("constant learned", Z, W * [1, 1, 0] + 5, {}, r"z_learned: .* T'_3 constant"),
    ("few rows", Z[:4], W[:4], {}, r"z_true: expected at least 5 rows for 4 unknowns"),
    ("lengths", Z, W[:-1], {}, r"z_learned: expected 400 rows, as many as z_true, got 399"),
    ("latents", Z, W[:, :2], {}, r"z_learned: expected 3 latents"),
    ("undefined", Z, W, {"statistics": "log(z)"}, r"statistics: .* defined on the data, got T_"),
    ("object", Z.astype(object), W, {}, r"z_true: expected an array of real numbers, got dtype object"),
    ("text", np.full((5, 2), "a"), W, {}, r"z_true: expected an array of real numbers"),
    ("complex", Z + 1j, W, {}, r"z_true: expected an array of real numbers"),
    ("one draw", Z, W[None], {}, r"z_learned: expected at least S = 2 posterior draws"),
    ("four axes", Z, W[None, None], {}, r"z_learned: expected shape"),
    ("empty", Z[:0], W[:0], {}, r"z_true: expected an array of shape"),
    ("tolerance", Z, W, {"tolerance": 0.5}, r"tolerance: expected a number between 0 and 0.5"),
    ("level", Z, W, {"level": 0}, r"level: expected a probability"),
    ("u length", Z, W, {"u": np.arange(399)}, r"u: expected 400 rows"),
    ("u nan", Z, W, {"u": np.full(400, np.nan)}, r"u: expected finite numbers"),
    ("u objects", Z, W, {"u": np.array([None] * 400)}, r"u: expected labels or numbers"),
    ("statistics", Z, W, {"statistics": 3.5j}, r"statistics: expected"),
    ("two symbols", Z, W, {"statistics": "z*y"}, r"statistics: expected an expression in z"),
    ("no symbol", Z, W, {"statistics": sympy.Integer(2)}, r"statistics: expected expressions in one symbol"),
    ("list", Z, W, {"statistics": ["z"]}, r"statistics: expected a list of 3"),
    ("sizes", Z, W, {"learned_statistics": "z, z**2"}, r"learned_statistics: expected 3 statistics in all"),
    ("code", Z, W, {"statistics": "__import__('os')"}, r"statistics: expected a known function"),
    ("natural", Z, W, {"natural": (np.ones((2, 3)),)}, r"natural: expected a pair"),
    ("natural rank", Z, W, {"natural": (np.ones((9, 3)), np.ones((9, 3)))}, r"natural: expected lambda to vary"),
]  # fmt: skip


@pytest.mark.parametrize(("true", "learned", "options", "message"), [row[1:] for row in BAD], ids=[r[0] for r in BAD])
def test_bad_input_gets_one_clear_error(true: Any, learned: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        recover(true, learned, **{"statistics": "z", **options})


@pytest.mark.parametrize(
    "convert",
    [
        np.asfortranarray,
        lambda a: a.astype(np.float32),
        lambda a: torch.tensor(a),
        lambda a: torch.tensor(a, requires_grad=True),
        lambda a: torch.tensor(a).float(),
        lambda a: pandas.DataFrame(a),
        lambda a: a.tolist(),
        lambda a: np.concatenate([a, a])[: len(a)],
    ],
)
def test_arrays_of_any_kind(convert: Any) -> None:
    found = recover(convert(Z), convert(W), statistics="z", u=convert(np.arange(400.0) // 20))
    assert found.verdict.holds
    assert found.permutation == (2, 0, 1)


def test_memory_maps_are_read_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, values in (("z", Z), ("w", W)):
        np.save(tmp_path / f"{name}.npy", values)
    whole = recover(Z, W @ np.linalg.qr(RNG.standard_normal((3, 3)))[0], statistics="z")
    monkeypatch.setattr(inputs_module, "CHUNK_NUMBERS", 1)
    found = recover(*(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "zw"), statistics="z")
    assert found.verdict.holds
    assert whole.n_samples == found.n_samples


def test_chunks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    u = RNG.integers(0, 30, 400)
    mixed = W @ (np.eye(3) + 0.2 * RNG.standard_normal((3, 3)))
    draws = np.stack([mixed + 0.1 * RNG.standard_normal(mixed.shape) for _ in range(3)])
    whole = [recover(Z, learned, statistics="z", u=u) for learned in (mixed, draws)]
    monkeypatch.setattr(inputs_module, "CHUNK_NUMBERS", 1)
    parts = [recover(Z, learned, statistics="z", u=u) for learned in (mixed, draws)]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one.map.A, other.map.A, rtol=1e-9)
        assert one.mcc == pytest.approx(other.mcc, rel=1e-12)
        assert tuple(one.off_mass) == pytest.approx(tuple(other.off_mass), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "statistics",
    [
        "z**2",
        sympy.Symbol("x") ** 2,
        ExponentialFamily([sympy.Symbol("y", real=True) ** 2]),
        lambda z: z**2,
        lambda z: (z**2)[:, :, None],
        lambda z: torch.tensor(z) ** 2,
        ["z**2", sympy.Symbol("x") ** 2, ExponentialFamily([sympy.Symbol("y", real=True) ** 2])],
    ],
)
def test_statistics_in_every_form(statistics: Any) -> None:
    signs = np.sign(RNG.standard_normal(Z.shape))
    found = recover(Z, Z[:, ::-1] * signs, statistics=statistics)
    assert found.verdict.holds
    assert found.permutation == (2, 1, 0)


def test_callables_that_misbehave() -> None:
    with pytest.raises(CallableFailed, match="ZeroDivisionError"):
        recover(Z, W, statistics=lambda z: 1 // 0)
    with pytest.raises(CallableFailed, match="shape"):
        recover(Z, W, statistics=lambda z: z[:, :1])
    with pytest.raises(NonDeterministic, match="other rows"):
        recover(Z, W, statistics=lambda z: z - z.mean(axis=0))


@pytest.mark.parametrize(
    ("u", "text"),
    [
        (np.repeat(np.arange(50), 8), "50 whole segments"),
        (np.tile(np.arange(50), 8), "50 whole segments"),
        (np.repeat(np.arange(50), 8).astype(str), "50 whole segments"),
        (np.eye(50)[np.repeat(np.arange(50), 8)], "50 whole segments"),
        (np.repeat(np.linspace(0, 1, 50), 8), "50 whole segments"),
        (np.repeat(np.arange(4), 100), "within 4 segments"),
        (np.tile(np.arange(4), 100), "within 4 segments"),
        (RNG.standard_normal(400), "consecutive rows"),
        (None, "no u given"),
    ],
)
def test_groups(u: Any, text: str) -> None:
    groups = group_rows(u, 400, 10)
    assert text in groups.text
    assert sorted(set(groups.codes)) == list(range(groups.count))
    assert groups.count >= 40
    if groups.segments is not None:
        pairs = {(code, segment) for code, segment in zip(groups.codes, groups.segments, strict=True)}
        assert len(pairs) == groups.count  # no group has rows of two segments


def test_many_segments_are_merged_whole() -> None:
    u = np.repeat(np.arange(1000), 4)
    groups = group_rows(u, 4000, 10)
    assert "1000 whole segments in 200 groups" in groups.text
    assert all(len(set(groups.codes[u == value])) == 1 for value in range(0, 1000, 37))


def test_npz_files(tmp_path: Path) -> None:
    good, path = {"z_true": Z, "z_learned": W, "u": np.arange(400)}, tmp_path / "data.npz"
    np.savez(path, **good)
    assert set(read_npz(path)) == set(good)
    np.savez(path, **good, extra=Z)
    with pytest.raises(InputError, match="also extra"):
        read_npz(path)
    np.savez(path, z_true=Z)
    with pytest.raises(InputError, match="no z_learned"):
        read_npz(path)
    np.savez(path, z_true=Z.astype(object), z_learned=W)
    with pytest.raises(CorruptReport, match="object arrays are not read"):
        read_npz(path)
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(CorruptReport):
        read_npz(path)
    np.save(tmp_path / "one.npy", Z)
    with pytest.raises(CorruptReport, match="single npy array"):
        read_npz(tmp_path / "one.npy")
    with pytest.raises(InputError, match="existing npz file"):
        read_npz(tmp_path / "missing.npz")


def test_mcc_refuses_what_it_cannot_compare() -> None:
    for true, learned, message in (
        (Z, W[:-1], "400 rows"),
        (Z, W[:, :2], "at least 3 latents"),
        (Z[:2], W[:2], "at least 3 rows"),
        (Z * [0, 1, 1], W, "column 0 constant"),
        (broken(np.nan), W, "row 123"),
    ):
        with pytest.raises(InputError, match=message):
            mcc(true, learned)
    with pytest.raises(InputError, match="pearson"):
        mcc(Z, W, method="kendall")
    with pytest.raises(InputTypeError):
        mcc(Z.astype(object), W)


@pytest.mark.parametrize("u", [[[1], [2, 3]] * 50, np.ma.masked_array(np.arange(100), mask=np.arange(100) > 5)])
def test_labels_that_are_no_array_are_refused(u):
    z = np.random.default_rng(0).normal(size=(100, 2))
    with pytest.raises((InputError, InputTypeError), match="u: expected"):
        recover(z, z, statistics="z", u=u)


def test_masked_rows_in_a_list_are_refused():
    z = np.random.default_rng(0).normal(size=(100, 2))
    with pytest.raises(InputError, match="masked"):
        recover(list(np.ma.masked_array(z, mask=z > 1)), z, statistics="z")


@pytest.mark.parametrize("change", ["sparse", "float8_e4m3fn"])
def test_tensors_that_numpy_lacks_are_refused(change):
    z = torch.randn(100, 2)
    changed = z.to_sparse() if change == "sparse" else z.to(getattr(torch, change))
    with pytest.raises(InputTypeError, match="z_true"):
        recover(changed, z, statistics="z")
    with pytest.raises(InputTypeError, match="u: expected"):
        recover(z, z, statistics="z", u=changed)


def test_labels_in_half_precision_are_read():
    z = torch.randn(100, 2)
    assert recover(z, z, statistics="z", u=torch.zeros(100).bfloat16()).verdict.holds


def test_equal_posterior_draws_are_no_instruments():
    """They would be judged as a posterior, which leaves out how much of the truth is not explained."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, 2))
    learned = z + 0.5 * rng.normal(size=z.shape)
    with pytest.raises(InputError, match="2 equal draws"):
        recover(z, np.stack([learned, learned]), statistics="z")
