"""Models handed over as ``fn(u) -> torch Distribution``: which parameters vary decides k, and how many u it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ivae_theory import Box, Model, Noise, Observed, Prior
from ivae_theory.mixing import mlp
from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

III, MINIMAL = "theorem1.iii", "theorem1.minimal"


def row(name: str, claim: str, expected: Any, law: Any, u: Any, because: str, decidable: bool = True) -> Row:
    """A row whose prior is ``Prior.from_torch(law(), u)``, observed through the identity with Gaussian noise."""

    def model() -> Model:
        prior = Prior.from_torch(law(), u() if callable(u) else u)
        return Model(prior, noise=Noise.gaussian(0.01), mixing=mlp([np.eye(prior.n)]))

    return Row(f"from_torch/{name}", model, claim, expected, because, decidable)


def looked_up(make: Callable[..., Any], n: int, rows: int) -> Callable[[], Any]:
    """``make(laws, first, second)`` with two generic positive tables (rows, n) that are looked up at u."""

    def build() -> Any:
        import torch
        from torch import distributions

        generator = torch.Generator().manual_seed(17)
        first, second = (torch.rand(rows, n, generator=generator, dtype=torch.float64) * 3 + 0.5 for _ in range(2))
        return lambda u: make(distributions, first[u[:, 0]], second[u[:, 0]])

    return build


def network(make: Callable[..., Any], width: int, n: int) -> Callable[[], Any]:
    """``make(laws, h)`` with ``h`` the outputs of a tanh network of a scalar u with one hidden layer."""

    def build() -> Any:
        import torch
        from torch import distributions

        with torch.random.fork_rng():
            torch.manual_seed(2)
            net = torch.nn.Sequential(torch.nn.Linear(1, width), torch.nn.Tanh(), torch.nn.Linear(width, n)).double()
        return lambda u: make(distributions, net(u))

    return build


def ones(like: Any) -> Any:
    import torch

    return torch.ones(like.shape, dtype=like.dtype)


def mixed(laws: Any, a: Any, b: Any) -> Any:
    """Latent 1 has a constant mean, latent 2 varies in both parameters: k = (1, 2)."""
    import torch

    return laws.Normal(torch.cat([0 * ones(a[:, :1]), a[:, 1:]], dim=1), b)


#: name, law, n, values of u that it takes (sum of k_i, plus 1), and what is left of the law.
COUNTS: list[tuple[str, Callable[..., Any], int, int, str]] = [
    ("normal-scale", lambda d, a, b: d.Normal(0 * ones(a), b), 3, 4, "T = z^2, k = 1"),
    ("normal-location", lambda d, a, b: d.Normal(a, ones(a)), 3, 4, "T = z, Q Gaussian, k = 1"),
    ("normal", lambda d, a, b: d.Normal(a, b), 2, 5, "T = (z, z^2), k = 2"),
    ("laplace", lambda d, a, b: d.Laplace(ones(a), b), 2, 3, "T = |z - 1|, k = 1"),
    ("gamma", lambda d, a, b: d.Gamma(a, b), 2, 5, "T = (log z, z), k = 2"),
    ("gamma-rate", lambda d, a, b: d.Gamma(ones(a), b), 2, 3, "T = z, k = 1"),
    ("gamma-shape", lambda d, a, b: d.Gamma(a, ones(a)), 2, 3, "T = log z, k = 1"),
    ("beta", lambda d, a, b: d.Beta(a, b), 1, 3, "T = (log z, log(1 - z)), k = 2"),
    ("beta-one", lambda d, a, b: d.Beta(a, 2 * ones(a)), 1, 2, "T = log z, k = 1"),
    ("inverse-gamma", lambda d, a, b: d.InverseGamma(a, b), 1, 3, "T = (log z, 1/z), k = 2"),
    ("lognormal-scale", lambda d, a, b: d.LogNormal(0 * ones(a), b), 2, 3, "T = (log z)^2, k = 1"),
    ("chi2", lambda d, a, b: d.Chi2(a), 2, 3, "T = log z, k = 1"),
    ("weibull", lambda d, a, b: d.Weibull(a, 2 * ones(a)), 2, 3, "T = z^2, k = 1"),
    ("pareto", lambda d, a, b: d.Pareto(ones(a), b), 2, 3, "T = log z, k = 1"),
    ("von-mises-fixed-location", lambda d, a, b: d.VonMises(0 * ones(a), b), 2, 3, "T = cos z, k = 1"),
    ("von-mises-on-a-circle", lambda d, a, b: d.VonMises(a, ones(a)), 1, 3, "lambda on a circle: any 3 of its points "),
    ("mixed", mixed, 2, 4, "k = (1, 2)"),
]

ROWS = [
    *(
        row(
            f"{name}/enough",
            III,
            HOLDS,
            looked_up(law, n, count),
            np.arange(count),
            f"{left}: {count} = nk + 1 generic values of u are affinely independent",
        )
        for name, law, n, count, left in COUNTS
    ),
    *(
        row(
            f"{name}/one-too-few",
            III,
            FAILS,
            looked_up(law, n, count - 1),
            np.arange(count - 1),
            f"{left}: M values of u give rank at most M - 1, and nk = {count - 1} = M",
        )
        for name, law, n, count, left in COUNTS
    ),
    *(
        row(
            f"{name}/too-few-observed",
            III,
            UNDECIDED,
            looked_up(law, n, count),
            lambda count=count: Observed(np.arange(count - 1)),
            "too few observed values of a larger support refute nothing",
        )
        for name, law, n, count, _ in COUNTS[:4]
    ),
    *(
        row(f"{name}/minimal", MINIMAL, HOLDS, looked_up(law, n, count), np.arange(count), f"{left}, none constant")
        for name, law, n, count, left in COUNTS
        if not name.startswith("von-mises-on")
    ),
    row(
        "nothing-varies",
        III,
        FAILS,
        looked_up(lambda d, a, b: d.Normal(0 * ones(a), ones(a)), 2, 9),
        np.arange(9),
        "the law is the same for every u: rank 0",
    ),
    row(
        "mean-equals-variance",
        III,
        FAILS,
        looked_up(lambda d, a, b: d.Normal(a**2, a), 2, 12),
        np.arange(12),
        "mu = sigma^2 makes lambda_1 = 1 constant (section 2)",
    ),
    row(
        "affine-in-a-scalar",
        III,
        FAILS,
        lambda: _affine_location(),
        lambda: Box(-1, 1),
        "lambda affine in a scalar u has rank at most 1 < 2",
    ),
    row(
        "network/location",
        III,
        HOLDS,
        network(lambda d, h: d.Normal(h, ones(h)), 8, 2),
        lambda: Box(-2, 2),
        "two generic combinations of 8 distinct tanh features are independent modulo constants",
    ),
    row(
        "network/width-one",
        III,
        FAILS,
        network(lambda d, h: d.Normal(h, ones(h)), 1, 2),
        lambda: Box(-2, 2),
        "a last linear layer of input width 1 gives rank at most 1 < 2",
    ),
    row(
        "network/both",
        III,
        HOLDS,
        network(lambda d, h: d.Normal(h, (h / 2).exp()), 8, 2),
        lambda: Box(-2, 2),
        "(h e^-h, e^-h) of two independent network outputs: four independent functions modulo constants",
    ),
    row(
        "relu-mean-equal-where-it-was-asked",
        III,
        UNDECIDED,
        lambda: _hidden_mean(),
        lambda: Observed(np.linspace(0, 0.9, 9)),
        "the mean is 0 at the observed u and varies beyond them: k = 2, the observed rank is 1, the rest is unknown",
    ),
    row(
        "look-up/of-a-bottleneck",
        III,
        UNDECIDED,
        lambda: _bottleneck_table(),
        np.arange(40),
        "the outputs of a width-2 bottleneck have true rank 2 and, as floats, exact rank 5 (section 2): a look-up "
        "in them is a table of floats",
    ),
    row(
        "two-gaussian-locations",
        "theorem2.scaled_permutation",
        FAILS,
        looked_up(lambda d, a, b: d.Normal(a, ones(a)), 2, 6),
        np.arange(6),
        "T = z, constant variances: both T_i(z_i) | u are Gaussian and T_i is injective, a rotation is in the class",
    ),
    row(
        "gaussian-scales",
        "theorem2.scaled_permutation",
        HOLDS,
        looked_up(lambda d, a, b: d.Normal(0 * ones(a), b), 2, 6),
        np.arange(6),
        "T = z^2 is bounded below: no T_i(z_i) | u is Gaussian",
    ),
    row(
        "lognormal-locations",
        "theorem2.scaled_permutation",
        FAILS,
        looked_up(lambda d, a, b: d.LogNormal(a, ones(a)), 2, 6),
        np.arange(6),
        "T = log z is Gaussian given u for both latents, and injective",
    ),
]


def _affine_location() -> Any:
    import torch
    from torch import distributions

    weight, bias = torch.tensor([[1.0, -2.0]], dtype=torch.float64), torch.tensor([0.5, 1.0], dtype=torch.float64)
    return lambda u: distributions.Normal(u @ weight + bias, ones(u @ weight))


def _bottleneck_table() -> Any:
    import torch
    from torch import distributions

    generator = torch.Generator().manual_seed(0)
    table = torch.randn(40, 2, generator=generator) @ torch.randn(2, 5, generator=generator)
    return lambda u: distributions.Normal(table[u[:, 0]], torch.ones(5))


def _hidden_mean() -> Any:
    import torch
    from torch import distributions

    return lambda u: distributions.Normal(torch.relu(u - 1), 1 + u**2)
