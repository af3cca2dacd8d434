"""Up to Theorem 1: a claim whose file is tampered with turns."""

import importlib
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import pytest
import sympy

from ivae_theory import Model, Prior
from ivae_theory.verdict import Status
from proofs_checks.steps.deconvolution import HOLE, LAWS, OMEGA
from proofs_checks.steps.examples import non_minimal, random_pair, random_pairs, rotated_gaussian, square_of_relu
from proofs_checks.steps.models import Z, rows_of

F = Fraction
PRINTED, REPAIRED = "as_printed", "as_repaired"
WITH_GAP = {**LAWS, "gap": HOLE}
#: A triangle that reaches into the frequencies that the noise lets through.
VISIBLE = sympy.Max(0, 1 - sympy.Abs(OMEGA[0] - 1))
POSITIVE = sympy.exp(-(OMEGA[0] ** 2) / 2)


def drifted(pair):
    """The pair with one entry of lambda' changed: another law of x."""
    rows = rows_of(pair.other)
    rows[1][0] += F(1, 7)
    prior = Prior(list(pair.other.prior.families), rows)
    return replace(pair, other=Model(prior, noise=pair.other.noise, mixing=pair.other.mixing))


@lru_cache(maxsize=1)
def drifted_pairs(count=2, seed=0):
    return tuple(drifted(pair) for pair in random_pairs(2, seed))


def dependent_pairs(*_):
    return (non_minimal(),)


def negated(function):
    return lambda *arguments: -function(*arguments)


def ignoring_inverse(first, c, second, d):
    return (first * second).row_join(second * c + d)


def doubled_covariance(module):
    right = module.posterior

    def wrong(*arguments):
        mean, covariance = right(*arguments)
        return mean, [[2 * value for value in row] for row in covariance]

    return {"posterior": wrong}


def inflated_marginal(module):
    right = module.marginal
    return {"marginal": lambda *arguments: [[9 * value for value in row] for row in right(*arguments)]}


#: File, what is changed in it, and the checks whose statuses must not be the expected ones any more.
TAMPERED = [
    ("eq4", lambda m: {"joint": m.marginal}, [PRINTED]),
    ("eq4", lambda m: {"marginal": lambda a, right=m.marginal: right(a**2)}, [REPAIRED]),
    ("section2_2", lambda m: {"ATOMS": (F(1, 2), F(1, 2))}, [PRINTED]),
    ("section2_2", lambda m: {"ROTATION": (F(1), F(0))}, [REPAIRED]),
    ("section2_2", lambda m: {"ROTATION": (F(3, 5), F(3, 5))}, [REPAIRED]),
    ("definition1", lambda m: {"STATISTICS": (Z, Z)}, [PRINTED]),
    ("definition1", lambda m: {"NATURAL": ((-1, 2), (0, 0))}, [PRINTED]),
    ("definition1", lambda m: {"NATURAL": ((0, 0), (0, 0))}, [PRINTED, REPAIRED]),
    ("section3_1", lambda m: {"PHI": POSITIVE}, [PRINTED]),
    ("section3_1", lambda m: {"HOLE": POSITIVE}, [REPAIRED]),
    ("section3_1", lambda m: {"random_pair": lambda *_: non_minimal()}, [REPAIRED]),
    ("eq8", inflated_marginal, [PRINTED, REPAIRED]),
    ("eq8", doubled_covariance, [REPAIRED]),
    ("eq9", lambda m: {"LEARNED": [[0], [2], [4], [10]]}, [PRINTED]),
    ("eq9", lambda m: {"LEARNED": [[1], [2], [3], [7]]}, [REPAIRED]),
    ("section3_3", lambda m: {"VARIANCES": ((1, 1), (3, 3), (2, 2))}, [PRINTED]),
    ("proposition1", lambda m: {"FUNCTIONS": (*m.FUNCTIONS[:2], m.FUNCTIONS[0])}, [PRINTED]),
    ("proposition1", lambda m: {"IMAGES": ((0, 1), (0, 1), (0, 1))}, [PRINTED]),
    ("proposition1", lambda m: {"random_pair": lambda *_: non_minimal()}, [REPAIRED]),
    ("eq14", lambda m: {"composed": ignoring_inverse}, [PRINTED, REPAIRED]),
    ("lemma1", lambda m: {"COUNTEREXAMPLES": m.EXAMPLES[:3]}, [PRINTED]),
    ("lemma1", lambda m: {"CANTOR": sympy.Rational(1, 2)}, [PRINTED]),
    ("lemma1", lambda m: {"MINIMAL": (True, True, True)}, [PRINTED]),
    ("lemma1", lambda m: {"EXAMPLES": m.COUNTEREXAMPLES}, [REPAIRED]),
    ("lemma1", lambda m: {"is_locally_lipschitz": lambda *_: True}, [REPAIRED]),
    ("eq15", lambda m: {"CHOICE": m.GOOD_CHOICE}, [PRINTED]),
    ("eq15", lambda m: {"GOOD_CHOICE": m.CHOICE}, [REPAIRED]),
    ("eq16", lambda m: {"STATISTICS": (Z, Z**2, 2 * Z)}, [PRINTED]),
    ("eq16", lambda m: {"STATISTICS": (Z, Z**2, Z**3)}, [PRINTED, REPAIRED]),
    ("eq17", lambda m: {"LOST": (Z, Z + 3)}, [PRINTED]),
    ("eq17", lambda m: {"JUMPS": (Z, 2 * Z)}, [PRINTED]),
    ("eq17", lambda m: {"CONTINUOUS": (m.JUMPS,)}, [REPAIRED]),
    ("eq18_deconvolution", lambda m: {"LAWS": WITH_GAP}, [PRINTED, REPAIRED]),
    ("eq18_deconvolution", lambda m: {"VARIANCES": (2, 3, 3)}, [PRINTED, REPAIRED]),
    ("eq18_deconvolution", lambda m: {"WAVE": VISIBLE}, [REPAIRED]),
    ("eq18_deconvolution", lambda m: {"curve_exponent": lambda v: m.gaussian_on_curve(v)}, [PRINTED]),
    ("eq18_volume", lambda m: {"TALL": [[F(1), F(0)], [F(1), F(1)]]}, [PRINTED]),
    ("eq18_volume", lambda m: {"curve_exponent": negated(m.curve_exponent)}, [REPAIRED]),
    ("eq19", lambda m: {"LEFT": m.LEFT[:1] * 2}, [PRINTED]),
    ("eq19", lambda m: {"pseudo_inverse": lambda W: [list(column) for column in zip(*W, strict=True)]}, [REPAIRED]),
    ("eq20", lambda m: {"POINT": F(1, 2)}, [PRINTED]),
    ("eq20", lambda m: {"vanishing_base": non_minimal}, [PRINTED]),
    ("eq20", lambda m: {"volume_squared": lambda rows: F(len(rows))}, [REPAIRED]),
    ("eq20", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("eq21", lambda m: {"difference": negated(m.difference)}, [PRINTED]),
    ("eq21", lambda m: {"side": lambda u, prime="", right=m.side: right(u, prime) * (1 + (u == "ul"))}, [PRINTED]),
    ("eq22", lambda m: {"constant_as_printed": negated(m.constant_as_printed)}, [PRINTED]),
    ("eq22", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("eq22", lambda m: {"transpose": lambda matrix: matrix}, [REPAIRED]),
    ("eq23", lambda m: {"as_printed": m.affine_matrix}, [PRINTED]),
    ("eq23", lambda m: {"affine_matrix": m.as_printed}, [REPAIRED]),
    ("eq24", lambda m: {"non_minimal": lambda: random_pair(70, 1, 2)}, [PRINTED]),
    ("eq24", lambda m: {"random_pair": lambda *_: non_minimal()}, [REPAIRED]),
    ("remark_iii", lambda m: {"singular": lambda table: False}, [PRINTED]),
    ("remark_iii", lambda m: {"singular": lambda table: True}, [REPAIRED]),
    ("theorem1_k1", lambda m: {"POINTS": (0, 1, F(1, 2))}, [PRINTED]),
    ("theorem1_k1", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("theorem1_k1", lambda m: {"rotated_gaussian": lambda: drifted(rotated_gaussian())}, [REPAIRED]),
    ("theorem1_k2", lambda m: {"ROWS": ((0, 0), (1, 2), (2, 4))}, [PRINTED]),
    ("theorem1_k2", lambda m: {"non_minimal": lambda rows: square_of_relu(rows)}, [PRINTED]),
    ("theorem1_k2", lambda m: {"random_pairs": dependent_pairs}, [REPAIRED]),
    ("theorem1_i", lambda m: {"WAVE": VISIBLE}, [PRINTED]),
    ("theorem1_i", lambda m: {"EPSILON": sympy.Rational(1, 10)}, [PRINTED]),
    ("theorem1_i", lambda m: {"hidden_wave": non_minimal}, [REPAIRED]),
    ("theorem1_i", lambda m: {"LAWS": WITH_GAP}, [REPAIRED]),
    ("theorem1_moreover_iii", lambda m: {"ROWS": ((0, 0), (1, 2), (2, 4))}, [PRINTED]),
    ("theorem1_moreover_iii", lambda m: {"non_minimal": lambda rows: square_of_relu(rows)}, [PRINTED]),
    ("theorem1_moreover_iii", lambda m: {"random_pairs": dependent_pairs}, [REPAIRED]),
    ("theorem1_moreover_ii", lambda m: {"SWAP": (0, 1, 2, 3)}, [PRINTED]),
    ("theorem1_moreover_ii", lambda m: {"square_of_relu": non_minimal}, [PRINTED]),
    ("theorem1_moreover_ii", lambda m: {"STATISTICS": (sympy.Max(Z, 0) ** 2,)}, [REPAIRED]),
    ("theorem1_posteriors", lambda m: {"moved_moments": lambda A, mean, covariance: (mean, covariance)}, [PRINTED]),
    ("theorem1_posteriors", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("theorem1_narrower", lambda m: {"OTHER": m.NATURAL}, [PRINTED]),
    ("theorem1_narrower", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"counterexamples": lambda: {"none": square_of_relu()}}, [PRINTED]),
    ("theorem1_sharp", lambda m: {"sharp_hypotheses": m.printed_hypotheses}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"LAWS": WITH_GAP}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"random_pairs": drifted_pairs}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"half_minimal": square_of_relu}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"dependence_from": lambda pair, A: [[0, 0]]}, [REPAIRED]),
    ("theorem1_sharp", lambda m: {"agree": lambda *_: Status.HOLDS}, [REPAIRED]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "checks"), TAMPERED, ids=[f"{row[0]}-{i}" for i, row in enumerate(TAMPERED)]
)
def test_a_tampered_claim_turns(monkeypatch, name, change, checks):
    module = importlib.import_module(f"proofs_checks.claims.{name}")
    for attribute, value in change(module).items():
        monkeypatch.setattr(module, attribute, value)
    for which in checks:
        check = getattr(module.CLAIM, which)
        assert check.run().status is not check.expected, which
