"""Every law, with every set of parameters that may be fixed, against torch's and scipy's densities.

The oracle: log p(z) - log Q(z) - T(z) . lambda does not depend on z, and is minus the log-partition function.
"""

import itertools

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.adapters.laws import LAWS, form_of
from ivae_theory.errors import NotExponentialFamily
from ivae_theory.exact import to_fraction
from ivae_theory.verdict import Status

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
D = torch.distributions

from ivae_theory.model.torch_modules import _TORCH  # noqa: E402

#: Parameters that are any real number; the others are positive.
REAL = {("Normal", "loc"), ("LogNormal", "loc"), ("Laplace", "loc"), ("VonMises", "loc")}
CASES = [
    (law, fixed)
    for law, named in LAWS.items()
    for count in range(len(named.parameters) + 1)
    for fixed in itertools.combinations(named.parameters, count)
    if set(named.rigid) <= set(fixed)
]


def torch_law(law, values):
    tensors = {name: torch.tensor([value], dtype=torch.float64) for name, value in values.items()}
    return getattr(D, law)(**tensors)


def exact(value):
    fraction = to_fraction(value)
    return sympy.Rational(fraction.numerator, fraction.denominator)


def parameter(law, name, unit):
    """A parameter from a number in (0, 1)."""
    return 4 * unit - 2 if (law, name) in REAL else 0.3 + 3 * unit


@pytest.mark.parametrize(("law", "fixed"), CASES, ids=[f"{law}-{'-'.join(fixed) or 'all'}" for law, fixed in CASES])
@settings(max_examples=4, deadline=None)
@given(units=st.lists(st.floats(0.02, 0.98), min_size=2, max_size=2))
def test_the_form_is_the_density(law, fixed, units):
    values = {name: parameter(law, name, unit) for name, unit in zip(LAWS[law].parameters, units, strict=False)}
    distribution = torch_law(law, values)
    form = form_of(law, {name: exact(values[name]) for name in fixed})
    tensors = {name: torch.tensor([value], dtype=torch.float64) for name, value in values.items()}
    lam = np.array([float(entry) for entry in form.natural(tensors, _TORCH)])
    assert form.family.natural_range(lam) is Status.HOLDS
    with torch.random.fork_rng():
        torch.manual_seed(0)
        z = np.unique(distribution.sample((12,)).numpy().ravel())
    wanted = distribution.log_prob(torch.tensor(z)[:, None]).numpy().ravel()
    found = form.family.log_density(z, np.broadcast_to(lam, (len(z), len(lam))))
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("law", "fixed"), CASES, ids=[f"{law}-{'-'.join(fixed) or 'all'}" for law, fixed in CASES])
def test_samples_have_the_law(law, fixed):
    from scipy.stats import kstest

    values = {name: parameter(law, name, 0.6) for name in LAWS[law].parameters}
    form = form_of(law, {name: exact(values[name]) for name in fixed})
    tensors = {name: torch.tensor([value], dtype=torch.float64) for name, value in values.items()}
    lam = np.array([float(entry) for entry in form.natural(tensors, _TORCH)])
    ours = form.family.sample(np.broadcast_to(lam, (4000, len(lam))), np.random.default_rng(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torch_law(law, values).sample((4000,)).numpy().ravel()
    if law == "VonMises":  # angles: compare on the circle
        ours, theirs = np.cos(ours), np.cos(theirs)
    assert kstest(ours, theirs).pvalue > 1e-4


@pytest.mark.parametrize(("law", "parameter"), [("Laplace", "loc"), ("Weibull", "concentration"), ("Pareto", "scale")])
def test_rigid_parameters_are_named(law, parameter):
    with pytest.raises(NotExponentialFamily, match=rf"{law} of latent 3: expected the same {parameter}.*varies"):
        form_of(law, {}, latent=2)


@pytest.mark.parametrize("law", LAWS)
def test_when_nothing_varies_the_family_is_kept(law):
    named = LAWS[law]
    values = {name: exact(parameter(law, name, 0.25)) for name in named.parameters}
    rigid = {name: values[name] for name in named.rigid}
    assert form_of(law, values).family.describe() == form_of(law, rigid).family.describe()
