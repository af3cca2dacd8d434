"""An assumption cannot be dropped from a report, whatever is sealed again."""

import json

import numpy as np
import pytest
import sympy

from ivae_theory import Model, Noise, Observed, Prior, assume_injective, check, families, recheck
from ivae_theory.certificates.recheck import _verdict
from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.conclusion import conclude
from ivae_theory.verdict import seal
from tests.extras import optional

torch = optional("torch", "torch")
zuko = optional("zuko", "dev")


T, *Z = sympy.symbols("t z1 z2", real=True)


def powers(u):
    return np.concatenate([np.asarray(u, dtype=float), np.asarray(u, dtype=float) ** 2], axis=1)


def model(natural, u, family=None):
    prior = Prior(family or families.gaussian_location(), natural, u=u)
    return Model(prior, noise=Noise.none(), mixing=assume_injective(prior.n))


def looked_up():
    table = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).double()
    return model(lambda u: table[u[:, 0]], Observed(np.arange(3)))


CASES = {
    "black box": (lambda: model(powers, [1.0, 2.0, 4.0]), "theorem1.iii", "half of their digits"),
    "dependent black box": (lambda: model(powers, [0.0, 1.0]), "theorem1.iii", ""),
    "observed black box": (lambda: model(powers, Observed([1, 2, 4])), "theorem1.iii", "half of their digits"),
    "observed labels": (looked_up, "theorem1.iii", "positive probability"),
    "blocks": (
        lambda: Model(Prior(families.gaussian(), -np.eye(6)[:, :4].reshape(6, 2, 2) - 1), noise=Noise.none()),
        "theorem2.block_permutation",
        "",
    ),
}


def noisy(noise, mixing=Z):
    return Model(Prior(families.gaussian_scale(), -np.eye(3)[:, :2] - 1), noise=noise, mixing=sympy.Matrix(mixing))


CASES |= {
    "a characteristic function": (lambda: noisy(Noise(cf=sympy.exp(-(T**2)))), "theorem1.i", "positive definite"),
    "a density that vanishes": (
        lambda: noisy(Noise.gaussian(1) + Noise(density=(1 - sympy.cos(T)) / (sympy.pi * T**2))),
        "theorem1.i",
        "integrates to 1",
    ),
    "a density in the published version": (
        lambda: noisy(Noise(density=sympy.exp(-(T**2)) / sympy.sqrt(sympy.pi)) * 2),
        "published.theorem1",
        "integrates to 1",
    ),
    "smooth blocks": (
        lambda: Model(
            Prior(families.gaussian(), -np.eye(6)[:, :4].reshape(6, 2, 2) - 1),
            noise=Noise.gaussian(1),
            mixing=sympy.Matrix([Z[0] ** 3, Z[1]]),
        ),
        "published.theorem2",
        "C1 diffeomorphism",
    ),
    "more observed than latent": (
        lambda: noisy(Noise.gaussian(1), [*Z, Z[0] + Z[1]]),
        "published.theorem3",
        "homeomorphism",
    ),
}


def flow():
    torch.manual_seed(0)
    mixing = zuko.flows.NSF(2, transforms=1, hidden_features=(4,))
    return Model(Prior(families.gaussian_scale(), -np.eye(3)[:, :2] - 1), noise=Noise.gaussian(1), mixing=mixing)


CASES |= {
    "curved blocks": (
        lambda: Model(Prior(families.beta(), np.eye(6)[:, :4].reshape(6, 2, 2) + 1), noise=Noise.none()),
        "theorem2.block_permutation",
        "C1 diffeomorphism",
    ),
    "a library's layers": (flow, "theorem1.injective", "as documented"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_assumption_cannot_be_dropped_from_a_report(case):
    make, claim, words = CASES[case]
    described = make()
    report = json.loads(check(described, "permutation").to_json())
    recheck(report, described)
    verdict = next(item for item in report["verdicts"] if item["claim"] == claim)
    if not verdict["assumes"]:
        assert verdict["evidence"]["kind"] == "variability.too_few"
        return
    for instead in ([], ["nothing in particular"]):
        verdict["assumes"] = instead
        verdicts = [_verdict(item) for item in report["verdicts"]]
        conclusion = conclude(report["goal"], verdicts, report["subject"], report["conclusion"]["rival"])
        report["conclusion"] = conclusion.to_dict()
        report["seal"] = seal(report)
        with pytest.raises(InvalidCertificate, match=words or claim):
            recheck(report, described)


def test_one_latent_is_one_block_and_takes_nothing_for_granted():
    described = Model(Prior(families.gaussian(), [[[0, -1]], [[1, -1]], [[0, -2]]]), noise=Noise.none())
    report = check(described, "permutation")
    assert report["theorem2.block_permutation"].assumes == ()
    recheck(report, described)
