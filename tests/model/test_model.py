"""Model: its parts fit together, it samples its own law, and its digest says what it is."""

import os
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy

from ivae_theory import Box, Discrete, Model, Noise, Observed, Prior, assume_injective, families
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.mixing import mlp
from tests.extras import optional

torch = optional("torch", "torch")
nn = optional("torch.nn", "torch")

TABLE = [[-1, -2], [-3, -1], [-1, -1]]
U = sympy.Symbol("u", real=True)


def make(table=TABLE, noise=None, mixing=None, family=None, **keywords):
    noise = Noise.gaussian(Fraction(1, 100)) if noise is None else noise
    mixing = mlp([np.eye(2)]) if mixing is None else mixing
    return Model(Prior(family or families.gaussian_scale(), table), noise=noise, mixing=mixing, **keywords)


def test_dimensions():
    model = make(mixing=mlp([np.ones((5, 2))]))
    assert (model.n, model.d) == (2, 5)
    assert Model(model.prior, noise=Noise.gaussian([1, 2, 3])).d == 3
    assert Model(model.prior, noise=Noise.none()).d is None
    assert Model(model.prior, noise=Noise.none(), mixing=assume_injective(7)).d == 7


def test_noise_and_mixing_must_agree():
    with pytest.raises(InputError, match="noise: expected 2 coordinates"):
        make(noise=Noise.gaussian([1, 2, 3]))


@pytest.mark.parametrize(
    ("keywords", "argument"),
    [
        ({"prior": "gaussian", "noise": Noise.none()}, "prior"),
        ({"noise": "gaussian"}, "noise"),
        ({"noise": Noise.none(), "posterior": 3}, "posterior"),
        ({"noise": Noise.none(), "mixing": "identity"}, "mixing"),
        ({"noise": Noise.none(), "mixing": mlp([np.ones((2, 3))])}, "mixing"),
    ],
)
def test_wrong_parts_name_the_argument(keywords, argument):
    prior = keywords.pop("prior", None) or Prior(families.gaussian_scale(), TABLE)
    with pytest.raises((InputError, InputTypeError), match=argument):
        Model(prior, **keywords)


def test_samples_follow_equations_six_and_seven():
    matrix = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, -1.0]])
    model = make(noise=Noise.gaussian(0.25), mixing=mlp([matrix]))
    u = np.repeat(np.arange(3), 20000)
    z, x = model.sample(u, seed=1)
    for row in range(3):
        variance = -1 / (2 * np.array(TABLE[row], dtype=float))
        expected = matrix @ np.diag(variance) @ matrix.T + 0.25 * np.eye(3)
        assert np.abs(np.cov(x[u == row].T) - expected).max() < 0.1
    np.testing.assert_allclose(np.std(x - z @ matrix.T), 0.5, rtol=0.02)


def test_samples_depend_on_the_seed_alone():
    model, u = make(), np.arange(3)
    for first, second in zip(model.sample(u, seed=4), model.sample(u, seed=4), strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(model.sample(u, seed=4)[0], model.sample(u, seed=5)[0])


def test_discrete_observations_are_drawn_from_their_law():
    model = make(noise=Discrete("bernoulli"), mixing=mlp([(np.zeros((2, 2)), [0.0, 2.0])]))
    _, x = model.sample(np.zeros(20000, dtype=int))
    assert set(np.unique(x)) == {0.0, 1.0}
    np.testing.assert_allclose(x.mean(axis=0), [0.5, 1 / (1 + np.exp(-2))], atol=0.02)


def test_without_a_function_there_are_no_samples():
    prior = Prior(families.gaussian_scale(), TABLE)
    with pytest.raises(InputError, match="mixing"):
        Model(prior, noise=Noise.none()).sample([0])
    with pytest.raises(InputError, match="mixing"):
        Model(prior, noise=Noise.none(), mixing=assume_injective(2)).sample([0])


def test_continuous_u_is_sampled_at_points():
    prior = Prior(families.gaussian(), [U, -1 - U**2], u=[U])
    model = Model(prior, noise=Noise.none(), mixing=mlp([[[2.0]]]))
    z, x = model.sample([[0.0], [1.0], [-2.0]])
    np.testing.assert_allclose(x, 2 * z)


def test_the_description_has_what_reports_need():
    subject = make().describe()
    for key in ("text", "digest", "n", "d", "ks", "families", "domain", "natural", "noise", "mixing", "posterior"):
        assert key in subject
    assert subject["natural"]["values"] == [["-1", "-2"], ["-3", "-1"], ["-1", "-1"]]
    assert subject["posterior"] is False


def variants():
    """Pairs of different models: (what differs, one model, another)."""
    base = make()
    torch.manual_seed(0)
    net, other = nn.Linear(1, 2), nn.Linear(1, 2)

    def by(function, domain=None):
        domain = domain or Box(0, 1)
        return Model(
            Prior(families.gaussian_location(), function, u=domain), noise=Noise.none(), mixing=mlp([np.eye(2)])
        )

    return [
        ("an entry", base, make([[-1, -2], [-3, -1], [-1, Fraction(-(10**12) - 1, 10**12)]])),
        ("exact or float", base, make(np.array(TABLE, dtype=float))),
        ("float32 or float64", make(np.array(TABLE, dtype=float)), make(np.array(TABLE, dtype=np.float32))),
        ("the family", base, make(family=families.laplace_scale())),
        ("the noise", base, make(noise=Noise.gaussian(Fraction(1, 101)))),
        ("learned", base, make(noise=Noise.gaussian(Fraction(1, 100), learned=True))),
        ("the mixing", base, make(mixing=mlp([np.diag([1.0, 1.0 + 1e-15])]))),
        ("a posterior", base, make(posterior=lambda x, u: None)),
        (
            "the support",
            base,
            Model(
                Prior(families.gaussian_scale(), TABLE, u=Observed(range(3))), noise=base.noise, mixing=mlp([np.eye(2)])
            ),
        ),
        ("a network's weights", by(net), by(other)),
        ("the box", by(net), by(net, Box(0, 2))),
        ("a black box", by(lambda u: np.sin(u) * [1, 2]), by(lambda u: np.cos(u) * [1, 2])),
    ]


@pytest.mark.parametrize("index", range(12))
def test_different_models_have_different_digests(index):
    what, one, another = variants()[index]
    assert one.digest != another.digest, what


def test_equal_models_have_equal_digests():
    assert make().digest == make().digest
    assert make(np.array(TABLE)).describe()["natural"]["values"] == make().describe()["natural"]["values"]


SCRIPT = textwrap.dedent(
    """
    import numpy as np, torch, sympy
    from torch import nn
    from ivae_theory import Box, Model, Noise, Prior, families
    from ivae_theory.mixing import mlp
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 2))
    decoder = nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(0.1), nn.Linear(4, 4))
    prior = Prior(families.gaussian_location(), net, u=Box(0, 1))
    print(Model(prior, noise=Noise.gaussian(0.1), mixing=decoder).digest)
    u, v = sympy.symbols("u v", real=True)
    prior = Prior(families.gaussian_location(), [u + v, sympy.sin(u) * v], u={u: sympy.Interval(0, 1), v: sympy.Reals})
    print(Model(prior, noise=Noise.none(), mixing=lambda z: np.tanh(z)).digest)
    """
)


def test_digests_are_the_same_in_every_process(tmp_path):
    pytest.importorskip("torch", reason="needs the extra 'torch'")
    script = tmp_path / "digest.py"
    script.write_text(SCRIPT)
    answers = set()
    for hashing in ("0", "12345"):
        environment = os.environ | {"PYTHONHASHSEED": hashing, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, env=environment, check=True
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert len(next(iter(answers)).split()) == 2


def test_describing_a_model_needs_no_torch():
    code = """
        import sys
        from ivae_theory import Model, Noise, Prior, families
        from ivae_theory.mixing import mlp
        prior = Prior(families.gaussian_scale(), [[-1.0], [-2.0]])
        model = Model(prior, noise=Noise.gaussian(1), mixing=mlp([[[1.0]]]))
        model.describe(), model.sample([0, 1])
        heavy = [name for name in ("torch", "scipy.stats", "matplotlib", "sklearn") if name in sys.modules]
        sys.exit(str(heavy) if heavy else 0)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
