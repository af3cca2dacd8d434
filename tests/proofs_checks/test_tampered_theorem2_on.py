"""From Theorem 2 on: a claim whose file is tampered with turns."""

import importlib
from fractions import Fraction

import pytest
import sympy

from ivae_theory import Noise
from proofs_checks.steps import bernoulli, transport
from proofs_checks.steps.models import Z, make_model

F = Fraction
PRINTED, REPAIRED = "as_printed", "as_repaired"
IDENTITY = [[F(1), F(0)], [F(0), F(1)]]


def gaussian_pair():
    return {"z": make_model([[Z], [Z]], [[-1, -2], [-2, -1], [-3, -3]], base_measure=sympy.exp(-(Z**2) / 2))}


def band_limited():
    omega = sympy.Symbol("omega", real=True)
    noise = Noise(cf=sympy.Max(1 - sympy.Abs(omega), 0), symbols=[omega])
    return make_model([[Z**2]], [[-1], [-2]], base_measure=sympy.Integer(1), noise=noise)


def only(module, *names):
    """The claim's models or pairs with these names alone."""
    kept = {name: value for name, value in getattr(module, names[0])().items() if name in names[1:]}
    return {names[0]: lambda: kept}


def dropped_minimum(module):
    return {"models": gaussian_pair, "check_minimum": module.check_identical}


def same_pair(module):
    theta = module.gaussian_model()
    return {"sheared": lambda: module.Pair(theta, theta, module.latents(theta))}


def doubled(skew):
    return [[2 * value for value in row] for row in transport.cayley(skew)]


#: File, what is changed in it, and the checks whose statuses must not be the expected ones any more.
TAMPERED = [
    ("theorem2", dropped_minimum, [PRINTED, REPAIRED]),
    ("theorem2", lambda m: {"is_scaled_permutation": lambda A: True}, [PRINTED, REPAIRED]),
    ("theorem2_sharp", lambda m: {"ROTATION": IDENTITY}, [REPAIRED]),
    ("theorem2_sharp", lambda m: {"at_most_one_gaussian": m.unique_minimum}, [REPAIRED]),
    ("theorem2_block", same_pair, [PRINTED]),
    ("theorem2_block", lambda m: {"square_leaves_span": lambda *_: False}, [REPAIRED]),
    ("theorem2_block", lambda m: {"block_row_rank": lambda *_: 2}, [REPAIRED]),
    ("theorem3", lambda m: {"OTHER": m.TRUTH}, [PRINTED, REPAIRED]),
    ("theorem3", lambda m: {"TRUTH": (IDENTITY, m.TRUTH[1])}, [PRINTED, REPAIRED]),
    ("theorem3", lambda m: {"profile_score": lambda free: sympy.Integer(int(not free))}, [PRINTED, REPAIRED]),
    ("eq25", lambda m: {"SIGN": 1}, [PRINTED, REPAIRED]),
    ("section5_data", lambda m: {"SEGMENTS": 2, "FIGURE_SEGMENTS": 4}, [PRINTED, REPAIRED]),
    ("section5_mcc", lambda m: {"CASES": m.CASES[2:]}, [PRINTED]),
    ("section5_mcc", lambda m: {"affine_in_statistics": m.high_correlation}, [REPAIRED]),
    ("appendixE_temperature", lambda m: {"TEMPERATURE": -sympy.Symbol("T", positive=True)}, [PRINTED, REPAIRED]),
    ("appendixE_temperature", lambda m: {"logistic_model": band_limited}, [PRINTED, REPAIRED]),
    ("appendixE_limit", lambda m: {"IN_THE_LIMIT": (1, 2, 3), "AT_A_TEMPERATURE": (1,)}, [PRINTED, REPAIRED]),
    ("appendixE_limit", lambda m: {"TWO": [[F(1), F(1)]] * 3}, [PRINTED, REPAIRED]),
    ("eq26", lambda m: {"DISCRETE": m.CONTINUOUS, "CONTINUOUS": m.DISCRETE}, [PRINTED, REPAIRED]),
    ("eq28", lambda m: {"logistic_model": band_limited}, [PRINTED, REPAIRED]),
    ("eq28", lambda m: {"characteristic_gap": lambda t: bernoulli.characteristic_gap(t) + 1}, [PRINTED, REPAIRED]),
    ("eq29", lambda m: {"probability_residual": lambda: bernoulli.probability_residual(-1)}, [PRINTED, REPAIRED]),
    ("appendixF_1", lambda m: {"BERNOULLI": {0: F(1, 2), 1: F(1, 2)}}, [PRINTED]),
    ("appendixF_1", lambda m: {"TILT": [[F(0)] * 2] * 2}, [REPAIRED]),
    ("eq30", lambda m: {"SHAPES": ((2, 2), (3, 3))}, [PRINTED]),
    ("eq30", lambda m: {"cayley": doubled}, [REPAIRED]),
    ("appendixF_2", lambda m: {"conditional_atom": lambda law: F(1, len(law))}, [PRINTED, REPAIRED]),
    ("appendixF_2", lambda m: {"becomes_uniform": lambda p, x, y: transport.becomes_uniform(2 * p, x, y)}, [REPAIRED]),
    ("published_theorem1", lambda m: only(m, "pairs", "T = (z, z^2), T' = (z + z^2, z^2 - 1)"), [PRINTED]),
    ("published_theorem1", lambda m: {"independent": lambda *_: True}, [REPAIRED]),
    ("published_theorem2", lambda m: only(m, "models", "f = (z1 + |z2|, z2)"), [PRINTED, REPAIRED]),
    ("published_theorem3", lambda m: only(m, "models", "z^2 on R"), [PRINTED]),
    ("published_theorem3", lambda m: {"turns": m.rises_and_falls}, [REPAIRED]),
    ("published_proposition", lambda m: {"EXPONENTIAL": m.GAUSSIAN}, [PRINTED]),
    ("published_proposition", lambda m: {"ROTATION": IDENTITY}, [REPAIRED]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "checks"), TAMPERED, ids=[f"{row[0]}-{i}" for i, row in enumerate(TAMPERED)]
)
def test_a_tampered_claim_turns(monkeypatch, name, change, checks):
    module = importlib.import_module(f"proofs_checks.claims.{name}")
    changed = change(module)
    for attribute, value in changed.items():
        monkeypatch.setattr(module, attribute, value)
    for which in checks:
        check = getattr(module.CLAIM, which)
        assert check.run().status is not check.expected, which
