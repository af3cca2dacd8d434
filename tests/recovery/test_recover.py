"""``recover`` on data whose A is known."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from ivae_theory import families
from ivae_theory.recovery import recover
from ivae_theory.verdict import Grade, Status

RNG = np.random.default_rng(20260101)


def rotation(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def segments(n: int, count: int = 40, rows: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    u = np.repeat(np.arange(count), rows)
    return np.sqrt(rng.uniform(0.5, 3, (count, n)))[u] * rng.standard_normal((count * rows, n)), u


@pytest.mark.parametrize(("degrees", "mass", "mcc"), [(5, 0.0076, 0.996), (10, 0.0302, 0.985), (20, 0.1170, 0.940)])
def test_small_rotations_fail_although_mcc_is_high(degrees: float, mass: float, mcc: float) -> None:
    z = np.random.default_rng(1).standard_normal((40_000, 2))
    found = recover(z, z @ rotation(degrees), statistics="z", tolerance=0.005)
    assert found.verdict.fails
    assert found.verdict.grade is Grade.STATISTICAL
    assert found.off_mass.lower > 0.005
    assert found.off_mass.estimate == pytest.approx(mass, abs=0.004)
    assert float(found.mcc) == pytest.approx(mcc, abs=0.002)
    assert "T_1 also depends on T'_2" in found.verdict.reason or "T_2 also depends on T'_1" in found.verdict.reason


def test_the_table_in_the_docstring_is_computed() -> None:
    lines = [line.split() for line in (recover.__doc__ or "").splitlines()]
    rows = [list(map(float, line)) for line in lines if len(line) == 3 and line[0].replace(".", "").isdigit()]
    assert len(rows) == 8
    for degrees, mass, mcc in rows:
        assert np.sin(np.radians(degrees)) ** 2 == pytest.approx(mass, abs=6e-5)
        assert np.cos(np.radians(degrees)) == pytest.approx(mcc, abs=6e-4)


@pytest.mark.parametrize("degrees", [5, 10, 20])
def test_a_rotation_before_squaring_is_not_affine_although_the_regression_looks_like_a_permutation(
    degrees: float,
) -> None:
    z = np.random.default_rng(2).standard_normal((40_000, 2))
    found = recover(z, z @ rotation(degrees), statistics="z**2", tolerance=0.005)
    assert found.verdict.fails
    assert found.parts[0].fails
    assert "not affine in these statistics" in found.verdict.reason


def test_random_signs_are_accepted_for_squares_and_not_in_z_space() -> None:
    z, u = segments(3)
    w = z[:, [2, 0, 1]] * np.sign(np.random.default_rng(3).standard_normal(z.shape)) * [1, 2, 3]
    squares = recover(z, w, statistics="z**2", u=u)
    assert squares.verdict.holds
    assert squares.permutation == (1, 2, 0)
    assert abs(float(squares.mcc)) < 0.05
    assert squares.scales == pytest.approx((1 / 4, 1 / 9, 1))
    plain = recover(z, w, statistics="z", u=u)
    assert plain.verdict.fails
    assert "signs vary" in plain.verdict.advice


def test_permutation_scales_signs_and_shift_are_found() -> None:
    z, u = segments(4)
    w = (z[:, [1, 3, 0, 2]] - [1, 2, 3, 4]) * [-2, 0.5, 4, -1]
    found = recover(z, w, statistics="z", u=u)
    assert found.verdict.holds
    assert found.permutation == (2, 0, 3, 1)
    assert found.scales == pytest.approx((1 / 4, -1 / 2, -1, 2))
    assert found.signs == (1, -1, -1, 1)
    np.testing.assert_allclose(found.map(w), z, atol=1e-9)
    assert found.r2 == pytest.approx(1)
    assert found.amari == pytest.approx(0, abs=1e-9)


def test_one_mixed_pair_among_fifty_is_found_and_named() -> None:
    rng = np.random.default_rng(4)
    z = rng.standard_normal((40_000, 50))
    w = z.copy()
    w[:, [17, 31]] = z[:, [17, 31]] @ rotation(20)
    found = recover(z, w, statistics="z")
    assert found.verdict.fails
    assert float(found.mcc) > 0.997
    assert "T_18 also depends on T'_32" in found.verdict.reason or "T_32 also depends on T'_18" in found.verdict.reason
    others = [row.upper for i, row in enumerate(found.off_mass_rows) if i not in (17, 31)]
    assert max(others) < 0.01


def test_a_singular_A_whose_rows_all_look_fine_does_not_hold() -> None:
    n = 50
    # Rows with off mass 1/n below the tolerance, and A 1 = 0: in truth a dimension is missing.
    A = np.eye(n) - (1 - np.eye(n)) / (n - 1)
    rng = np.random.default_rng(5)
    x = rng.standard_normal((20_000, n))
    assert (n - 1) * (1 / (n - 1)) ** 2 / (1 + 1 / (n - 1)) < 0.05
    found = recover(x @ A.T, x, statistics="z")
    assert found.parts[2].holds
    assert not found.verdict.holds
    assert found.verdict.fails
    assert "almost singular" in found.verdict.reason


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1e-2, 0.05])
def test_a_nearly_singular_A_never_holds(spread: float) -> None:
    rng = np.random.default_rng(6)
    z = rng.standard_normal((5000, 3))
    w = z.copy()
    w[:, 2] = z[:, 1] + spread * z[:, 2]
    assert not recover(z, w, statistics="z").verdict.holds


def test_a_collapsed_latent_fails() -> None:
    rng = np.random.default_rng(7)
    z = rng.standard_normal((5000, 3))
    w = z.copy()
    w[:, 2] = rng.standard_normal(5000)
    found = recover(z, w, statistics="z")
    assert found.verdict.fails
    assert found.parts[1].fails


def test_componentwise_nonlinear_maps_are_not_affine() -> None:
    z = np.random.default_rng(8).standard_normal((20_000, 2))
    found = recover(z, z**3, statistics="z")
    assert found.parts[0].fails
    assert found.parts[2].holds
    assert found.verdict.fails
    assert "monotone" in found.verdict.advice
    right = recover(z, z**3, statistics="z", learned_statistics=sympy.real_root(sympy.Symbol("z", real=True), 3))
    assert right.verdict.holds


def test_blocks_for_two_statistics_a_latent() -> None:
    rng = np.random.default_rng(9)
    u = np.repeat(np.arange(40), 500)
    z = rng.uniform(-3, 3, (40, 3))[u] + np.sqrt(rng.uniform(0.5, 2, (40, 3)))[u] * rng.standard_normal((20_000, 3))
    w = (z[:, [2, 0, 1]] - 1) * [-2, 0.5, 1]
    for statistics in ("z, z**2", families.gaussian()):
        found = recover(z, w, statistics=statistics, u=u)
        assert found.verdict.holds
        assert found.verdict.claim == "recovery.block_permutation"
        assert found.permutation == (1, 2, 0)
        assert np.shape(found.scales[0]) == (2, 2)
    mixed = w.copy()
    mixed[:, :2] = w[:, :2] @ rotation(25)
    assert recover(z, mixed, statistics="z, z**2", u=u).verdict.fails


def test_different_statistics_for_each_latent() -> None:
    z, u = segments(3)
    z = np.abs(z) + 0.1
    listed = ["z", "z**2", "log(z)"]
    w = z[:, ::-1]
    found = recover(z, w, statistics=listed, learned_statistics=listed[::-1], u=u)
    assert found.verdict.holds
    assert found.permutation == (2, 1, 0)


def test_blocks_of_different_sizes_are_matched_with_their_like() -> None:
    z, u = segments(2)
    found = recover(z, z[:, ::-1], statistics=["z", ("z", "z**2")[1]], learned_statistics=["z**2", "z"], u=u)
    assert found.permutation == (1, 0)
    blocks = recover(z, z, statistics=["z", "z, z**2"], u=u)
    assert blocks.verdict.holds
    assert blocks.blocks == (1, 2)


def test_undecided_names_the_number_of_rows_that_decides() -> None:
    rng = np.random.default_rng(10)
    z = rng.standard_normal((300, 2))
    w = z @ rotation(11)
    few = recover(z, w, statistics="z", tolerance=0.05)
    assert few.verdict.undecided
    assert few.samples_needed is not None
    assert f"{few.samples_needed} rows" in few.verdict.advice
    more = rng.standard_normal((4 * few.samples_needed, 2))
    assert not recover(more, more @ rotation(11), statistics="z", tolerance=0.05).parts[2].undecided


def test_at_the_tolerance_more_rows_are_needed() -> None:
    z = np.random.default_rng(11).standard_normal((2000, 2))
    found = recover(z, z @ rotation(np.degrees(np.arcsin(np.sqrt(0.05)))), statistics="z", tolerance=0.05)
    assert found.verdict.undecided
    assert found.samples_needed is None or found.samples_needed > 2000


def test_a_single_latent() -> None:
    z, u = segments(1)
    found = recover(z[:, 0], -3 * z[:, 0] + 1, statistics="z", u=u)
    assert found.verdict.holds
    assert found.off_mass == (0, 0, 0)


def test_the_same_seed_gives_the_same_answer() -> None:
    z, u = segments(2)
    w = z @ rotation(10)
    one, other = (recover(z, w, statistics="z", u=u, seed=3) for _ in range(2))
    assert one.to_json() == other.to_json()
    assert recover(z, w, statistics="z", u=u, seed=4).off_mass != one.off_mass


def test_scaling_and_shifting_the_data_changes_nothing_that_matters() -> None:
    z, u = segments(3)
    w = z @ np.linalg.qr(np.random.default_rng(12).standard_normal((3, 3)))[0]
    one = recover(z, w, statistics="z", u=u)
    other = recover(1e6 + 1e-3 * z, 1e5 - 1e4 * w, statistics="z", u=u)
    assert tuple(other.off_mass) == pytest.approx(tuple(one.off_mass), rel=1e-5)
    assert other.verdict.status is one.verdict.status is Status.FAILS


def test_A_and_c_are_those_of_an_independent_least_squares_solver() -> None:
    rng = np.random.default_rng(13)
    x = rng.standard_normal((3000, 4)) + 5
    y = x @ rng.standard_normal((4, 4)) + rng.standard_normal(4) + 0.1 * rng.standard_normal((3000, 4))
    found = recover(y, x, statistics="z")
    design = np.column_stack([np.ones(3000), x])
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(found.map.A, solution[1:].T, atol=1e-9)
    np.testing.assert_allclose(found.map.c, solution[0], atol=1e-8)
    residual = y - design @ solution
    np.testing.assert_allclose(found.r2_rows, 1 - residual.var(axis=0) / y.var(axis=0), atol=1e-9)
