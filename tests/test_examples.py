"""Every model in docs/examples is checked; the truth of each expected status is argued beside it."""

import importlib.util
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from ivae_theory import Model, Status, check, recheck

HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED
EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@dataclass(frozen=True)
class Example:
    """A model of docs/examples: what is expected of it for a goal, of single claims, and why that is the truth."""

    name: str
    goal: str
    status: Status
    because: str
    claims: dict[str, Status] = field(default_factory=dict)
    rival: bool = False


TABLE = [
    Example(
        "section5",
        "permutation",
        HOLDS,
        "39 differences of 5 random variances span R^5; square orthogonal layers and leaky ReLU are injective; z^2 is "
        "bounded below, so never Gaussian (section 3, elementary case)",
        {"theorem2.scaled_permutation": HOLDS, "theorem2.ii": HOLDS},
    ),
    Example(
        "figure1",
        "permutation",
        HOLDS,
        "5 = nk + 1 generic points of R^4 are affinely independent; T = T' = (z, z^2) needs no smoothness (section 3)",
        {"theorem1.iii": HOLDS, "theorem2.i": FAILS},
    ),
    Example(
        "torch_ivae:model",
        "affine",
        FAILS,
        "n = d = 5: two Jacobian determinants of opposite sign refute injectivity by degree theory (section 2); the "
        "factorised q is not the posterior of a nonlinear decoder (section 4)",
        {"theorem1.injective": FAILS, "theorem1.iii": HOLDS, "theorem3.i": FAILS},
    ),
    Example(
        "torch_ivae:wide",
        "permutation",
        HOLDS,
        "5 -> 50 -> 50 -> 50: generic matrices have full column rank and leaky ReLU is strictly monotone",
        {"theorem1.injective": HOLDS, "theorem3.i": FAILS},
    ),
    Example(
        "torch_ivae:tall",
        "affine",
        UNDECIDED,
        "50 -> 20 is not injective, and 20 > n leaves room for an injective composition: neither is proved",
        {"theorem1.injective": UNDECIDED},
    ),
    Example(
        "continuous_time",
        "permutation",
        HOLDS,
        "24 tanh features of time with random weights: 4 outputs of them are linearly independent modulo constants",
        {"theorem1.iii": HOLDS},
    ),
    Example(
        "previous_observation",
        "permutation",
        HOLDS,
        "means and variances depend on u through independent rows of a network: 6 independent natural parameters",
        {"theorem1.iii": HOLDS, "theorem2.block_permutation": HOLDS},
    ),
    Example(
        "gamma_prior",
        "affine",
        HOLDS,
        "9 generic points of R^6; a 6 x 3 matrix of rank 3; the characteristic function of a Laplace law has no zero",
        {"theorem1.positive": HOLDS},
    ),
    Example(
        "flow",
        "permutation",
        HOLDS,
        "additive coupling layers are invertible whatever the networks are; |z| is bounded below",
        {"theorem1.injective": HOLDS},
    ),
    Example(
        "fails_few_segments",
        "affine",
        FAILS,
        "5 values of u give rank at most 4 < nk = 6 (section 2, facts about V)",
        {"theorem1.iii": FAILS, "theorem1.injective": HOLDS},
    ),
    Example(
        "fails_rotation",
        "affine",
        FAILS,
        "lambda_2 = lambda_1 / 2 for every u: rank 1; the rotated standardised pair is a rival (section 5)",
        {"theorem1.iii": FAILS, "theorem1.i": HOLDS},
        rival=True,
    ),
    Example(
        "fails_discrete",
        "affine",
        FAILS,
        "Bernoulli x is not f(z) + eps with eps independent of z (Appendix E and the corrigendum)",
        {"theorem1.i": FAILS, "theorem1.iii": HOLDS},
    ),
    Example(
        "gallery/ivae:model",
        "permutation",
        HOLDS,
        "40 values of u for nk = 5; square orthogonal layers and leaky ReLU; z^2 is bounded below, so never Gaussian",
        {"theorem2.scaled_permutation": HOLDS, "published.theorem1": HOLDS},
    ),
    Example(
        "gallery/ivae:learned",
        "affine",
        FAILS,
        "a random MLP 5 -> 50 -> 50 -> 5 has Jacobian determinants of both signs: not injective (degree theory)",
        {"theorem1.injective": FAILS, "theorem1.iii": HOLDS},
    ),
    Example(
        "gallery/tcl:model",
        "permutation",
        HOLDS,
        "64 random segments span R^20; no noise; |z| is bounded below, so A is a scaled permutation without linear ICA",
        {"theorem1.iii": HOLDS, "theorem2.scaled_permutation": HOLDS},
    ),
    Example(
        "gallery/tcl:too_few",
        "affine",
        FAILS,
        "16 values of u give rank at most 15 < 20",
        {"theorem1.iii": FAILS, "theorem1.injective": HOLDS},
    ),
    Example(
        "gallery/pi_vae:model",
        "affine",
        FAILS,
        "Poisson counts are not f(z) + eps with eps independent of z; zero padding, additive coupling: injective",
        {"theorem1.i": FAILS, "theorem1.iii": HOLDS, "theorem1.injective": HOLDS, "theorem1.minimal": HOLDS},
    ),
    Example(
        "gallery/pi_vae:rates",
        "permutation",
        HOLDS,
        "5 = nk + 1 generic points of R^4; exp of an injective map is injective; T = T' = (z, z^2) needs no smoothness",
        {"theorem1.i": HOLDS, "theorem2.block_permutation": HOLDS},
    ),
    Example(
        "gallery/imsda:model",
        "affine",
        FAILS,
        "lambda of the two invariant latents is constant: rank 4 < 8; they have proportional variances, so their "
        "rotation is a rival",
        {"theorem1.iii": FAILS, "theorem1.injective": HOLDS, "theorem1.minimal": HOLDS},
        rival=True,
    ),
    Example(
        "gallery/imsda:changing",
        "permutation",
        HOLDS,
        "5 = nk + 1 domains with an exact rational table of rank 4; integer layers of full rank and leaky ReLU",
        {"theorem1.iii": HOLDS, "theorem2.block_permutation": HOLDS},
    ),
]


@cache
def model(name: str) -> Model:
    """The model that ``FILE:NAME`` stands for; functions are called."""
    file, _, attribute = name.partition(":")
    spec = importlib.util.spec_from_file_location(f"example_{file.replace('/', '_')}", EXAMPLES / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = _modules.get(file)
    if module is None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _modules[file] = module
    found = getattr(module, attribute or "model")
    return found if isinstance(found, Model) else found()


_modules = {}


@cache
def report(example_index: int):
    example = TABLE[example_index]
    return check(model(example.name), example.goal)


@pytest.mark.parametrize("index", range(len(TABLE)), ids=[example.name for example in TABLE])
def test_the_example_says_what_is_true(index):
    example, found = TABLE[index], report(index)
    assert found.status is example.status, example.because
    for claim, status in example.claims.items():
        assert found[claim].status is status, f"{claim}: {found[claim].reason}"
    assert (found.conclusion.rival is not None) == example.rival


@pytest.mark.parametrize("index", range(len(TABLE)), ids=[example.name for example in TABLE])
def test_its_certificates_recheck_with_and_without_the_model(index):
    text = report(index).to_json()
    assert recheck(text).status is TABLE[index].status
    assert recheck(text, model(TABLE[index].name)).bound


def test_every_example_file_is_in_the_table():
    files = [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("gallery/*.py")]
    named = {example.name.partition(":")[0] for example in TABLE}
    assert {path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in files} == named


def test_nothing_is_assumed_in_the_examples_that_hold():
    """Their conclusions are proved; what is stated of the models compared is no assumption about the model itself."""
    for index, example in enumerate(TABLE):
        if example.status is HOLDS:
            assert model(example.name).assumptions == ()
            assert json.loads(report(index).to_json())["conclusion"]["grade"] in ("certified", "exact")
