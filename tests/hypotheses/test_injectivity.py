"""theorem1.injective: the truth table's rows are tested with the others; here witnesses, certificates, properties."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import ivae_theory.certificates.injectivity
import ivae_theory.certificates.recheck  # noqa: F401  (both register recheckers)
from ivae_theory.certificates.registry import InvalidCertificate, bind_evidence, recheck_evidence
from ivae_theory.errors import CallableFailed, CorruptReport, InputError, InputTypeError
from ivae_theory.families import ExponentialFamily
from ivae_theory.hypotheses.injectivity import CLAIM, check_injective
from ivae_theory.mixing import SymbolicMixing, as_mixing, assume_injective, mlp, register_injective
from ivae_theory.mixing.registry import _USERS, construction_of
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from ivae_theory.verdict import Grade, Status
from tests.truth.rows_injectivity import ROWS, decoder, model, network, z1, z2

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
from torch import nn  # noqa: E402


def settled(subject, verdict):
    """Recheck from JSON, bound to the model."""
    evidence = json.loads(json.dumps(verdict.to_dict()["evidence"]))
    shown = recheck_evidence(CLAIM, evidence, json.loads(json.dumps(subject.describe())))
    assert shown.status is verdict.status
    assert shown.grade >= verdict.grade
    bind_evidence(CLAIM, evidence, subject)
    return evidence


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_rows_and_their_certificates(row):
    subject = row.model()
    verdict = check_injective(subject)
    allowed = {row.expected} if row.decidable else {row.expected, Status.UNDECIDED}
    assert verdict.status in allowed, (verdict, row.because)
    if not verdict.undecided:
        settled(subject, verdict)


def test_a_random_decoder_fails_with_two_signs_and_an_estimate():
    verdict = check_injective(decoder(), seed=1)
    assert verdict.fails
    assert verdict.grade is Grade.CERTIFIED
    mass = verdict.evidence["minority_mass"]
    assert 0 < mass["lower"] < mass["estimate"] < mass["upper"] < 1


def test_evidence_about_another_model_is_refused():
    one, other = (model(network([2, 3, 3], lambda t: t.nn.Tanh(), seed=s)) for s in (1, 2))
    verdict = check_injective(one)
    evidence = settled(one, verdict)
    with pytest.raises(InvalidCertificate):
        recheck_evidence(CLAIM, evidence, other.describe())
    with pytest.raises(InvalidCertificate):
        bind_evidence(CLAIM, evidence, other)


def test_changed_certificates_are_refused():
    subject = model(SymbolicMixing([z1], [z1**2]), 1)
    evidence = settled(subject, check_injective(subject))
    for change in ({"first": ["1"], "second": ["2"]}, {"second": evidence["first"]}, {"node": 0}, {"node": -1}):
        with pytest.raises(CorruptReport):
            recheck_evidence(CLAIM, {**evidence, **change}, subject.describe())
    shifted = copy.deepcopy(evidence)
    shifted["graph"]["nodes"][0]["args"][-1] = 5
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, shifted, subject.describe())


def test_signs_outside_the_support_prove_nothing():
    """sin has both signs on the line; evidence for the line must not refute injectivity on (-1, 1)."""
    line = model(SymbolicMixing([z1], [sympy.sin(z1)]), 1)
    short = model(SymbolicMixing([z1], [sympy.sin(z1)]), 1, sympy.Interval.open(-1, 1))
    evidence = settled(line, check_injective(line))
    with pytest.raises(InvalidCertificate):
        recheck_evidence(CLAIM, evidence, short.describe())
    links = settled(short, check_injective(short))
    with pytest.raises(InvalidCertificate):
        recheck_evidence(CLAIM, links, line.describe())


def test_a_jump_between_the_signs_proves_nothing():
    """z for z < 0 and 1/2 - z/4 .. with a jump: opposite slopes without any collision."""

    def jumping(z):
        return torch.where(z > 0, -5 - z, z.exp())

    assert check_injective(model(jumping, 1)).undecided


def test_a_side_whose_image_underflows_stays_on_its_side():
    """(0, 1e-300) times -1e-300 is below 0, where relu is constant, although its ends round to 0."""
    tiny = sympy.Interval.open(0, sympy.Rational(1, 10**300))
    assert not check_injective(model(mlp([[[-1e-300]], [[1.0]]], activation="relu"), 1, tiny)).holds
    assert check_injective(model(mlp([[[1e-300]], [[1.0]]], activation="relu"), 1, tiny)).holds


@pytest.mark.parametrize("threshold", [1.0, 3.0, 19.0])
def test_a_softplus_that_jumps_back_is_not_injective(threshold):
    """Above the threshold PyTorch returns x, which is less than log(1 + exp x): values are taken twice."""
    verdict = check_injective(model(lambda z: nn.functional.softplus(z, 1.0, threshold), 1))
    assert verdict.undecided
    assert "softplus with a threshold" in verdict.reason


@pytest.mark.parametrize("name", ["log", "log2", "log10", "log1p", "sqrt", "rsqrt"])
def test_what_has_no_value_on_a_part_of_the_support_is_not_injective_there(name):
    def function(z):
        return getattr(torch, name)(z)

    for support in (sympy.Reals, sympy.Interval.open(-2, 2)):
        assert not check_injective(model(function, 1, support)).holds
        assert not check_injective(model(lambda z: function(torch.cat([z, z], 1)), 1, support)).holds
    subject = model(function, 1, sympy.Interval.open(0, sympy.oo))
    verdict = check_injective(subject)
    assert verdict.holds
    settled(subject, verdict)


def test_reciprocals_may_miss_a_null_set_and_no_more():
    positive = sympy.Interval.open(0, sympy.oo)
    assert check_injective(model(lambda z: 1 / z, 1)).holds
    assert check_injective(model(lambda z: 1 / (z @ torch.tensor([[1.0, 1.0], [1.0, -1.0]]).double()))).holds
    assert check_injective(model(lambda z: 1 / torch.log(z), 1, positive)).holds
    assert check_injective(model(lambda z: torch.log(1 - z), 1, sympy.Interval.open(0, 1))).holds
    for function, support in ((lambda z: torch.log(z - 5), (5, 6)), (lambda z: torch.log(-99 - z), (-101, -99))):
        subject = model(function, 1, sympy.Interval.open(*support))  # no value near 0 is one
        verdict = check_injective(subject)
        assert verdict.holds
        settled(subject, verdict)

    def flat(z):  # its second coordinate is 0 for z > 0
        bent = nn.functional.leaky_relu(torch.cat([z, -z], 1), 0.5)
        return 1 / torch.cat([bent[:, :1] + 3, bent[:, :1] + 2 * bent[:, 1:]], 1)

    assert not check_injective(model(flat, 1)).holds


@pytest.mark.parametrize("size", [10**20, 10**300], ids=["1e20", "1e300"])
def test_signs_far_out_are_rechecked(size):
    subject = model(torch.abs, 1, sympy.Interval.open(-size, size))
    verdict = check_injective(subject)
    assert verdict.fails
    settled(subject, verdict)


OPEN = [
    ([z1 - 1 / z1], [(0, sympy.oo)]),
    ([z1 * z2, z2], [(-sympy.oo, sympy.oo), (0, sympy.oo)]),
    ([z1**2, z2**2, z1 * z2], [(0, sympy.oo), (-sympy.oo, sympy.oo)]),
    ([z1 * sympy.log(z2), z2], [(-sympy.oo, sympy.oo), (1, sympy.oo)]),
]


@pytest.mark.parametrize(("expressions", "sides"), OPEN, ids=str)
def test_what_is_recovered_on_open_supports_is_recheckable(expressions, sides):
    """What is 0 or undefined at an end is no obstacle where the support leaves the end out."""
    z = sympy.Symbol("z", real=True)
    for pieces in (1, 2):
        supports = [sympy.Interval.open(*side) for side in sides]
        if pieces == 2:
            supports[-1] = sympy.Union(sympy.Interval.open(sides[-1][0], 5), sympy.Interval.open(7, sympy.oo))
        families = [ExponentialFamily([z], support, sympy.exp(-(z**2))) for support in supports]
        prior = Prior(families, np.random.default_rng(0).normal(size=(len(sides) + 2, len(sides))))
        mixing = SymbolicMixing([z1, z2][: len(sides)], expressions)
        subject = Model(prior, noise=Noise.none(), mixing=mixing)
        verdict = check_injective(subject)
        assert verdict.holds
        settled(subject, verdict)


def test_latents_of_one_name_are_refused():
    for pair in ([sympy.Dummy("a"), sympy.Dummy("a")], [sympy.Symbol("a"), sympy.Symbol("a", real=True)]):
        with pytest.raises(InputTypeError, match="distinct"):
            as_mixing((pair, [pair[0] + pair[1], pair[0] + pair[1]]), 2)


def test_a_registered_layer_is_assumed_and_its_argument_shown():
    class Twist(nn.Module):
        def forward(self, z):
            return z + 0 * torch.special.i0(z)

    assert check_injective(model(Twist())).undecided
    try:
        register_injective(Twist, "a twist of the plane")
        for mixing in (Twist(), nn.Sequential(Twist(), nn.Linear(2, 3), nn.LeakyReLU(0.1))):
            subject = model(mixing)
            verdict = check_injective(subject)
            assert verdict.holds
            assert verdict.grade is Grade.ASSUMED
            assert any("a twist of the plane" in sentence for sentence in verdict.assumes)
            assert "a twist of the plane" in verdict.reason
            settled(subject, verdict)
        assert check_injective(model(nn.Sequential(Twist(), nn.Linear(2, 1)))).fails is False
    finally:
        _USERS.pop(Twist)


def test_what_is_hung_onto_a_layer_is_no_part_of_its_construction():
    """Hooks and methods of one object's own change the function, and are not what the class's argument is about."""

    class Known(nn.Module):
        def forward(self, z):
            return z + 0 * torch.special.i0(z)

    def folded(*given):
        return given[-1].abs() + 0 * torch.special.i0(given[-1])

    def hooked(layer):
        layer.register_forward_hook(folded)
        return layer

    def bent(layer):
        layer.register_forward_pre_hook(lambda module, given: given[0].abs())
        return layer

    def replaced(layer, name="forward"):
        setattr(layer, name, folded)
        return layer

    t = torch.distributions.transforms
    try:
        register_injective(Known, "z, in disguise")
        plain = nn.Sequential(Known(), nn.Linear(2, 2))
        assert check_injective(model(plain)).holds
        for change in (hooked, bent, replaced):
            for mixing in (change(Known()), change(nn.Sequential(Known(), nn.Linear(2, 2))),
                           nn.Sequential(change(Known()), nn.Linear(2, 2))):  # fmt: skip
                assert not check_injective(model(mixing)).holds
    finally:
        _USERS.pop(Known)
    assert not check_injective(model(replaced(t.ExpTransform(), "_call"))).holds
    assert not check_injective(model(t.ComposeTransform([replaced(t.ExpTransform(), "_call")]))).holds


def test_autoregressive_flows_are_as_triangular_as_their_masks():
    zuko = pytest.importorskip("zuko", reason="needs the extra 'train'")

    def flow(change=lambda hyper: None, **options):
        made = zuko.flows.MAF(3, transforms=2, hidden_features=(8, 8), **options)
        change(made.transform.transforms[0].hyper)
        return construction_of((made(torch.zeros(2)) if options.get("context") else made()).transform.inv)

    for known in ({}, {"activation": nn.ELU}, {"residual": True}, {"context": 2}, {"passes": 2},
                  {"activation": zuko.nn.TwoWayELU}, {"randperm": True}):  # fmt: skip
        assert flow(**known) is not None
    # what normalises a layer, or mixes it, undoes the masks
    for activation in (lambda: nn.LayerNorm(8), lambda: nn.Softmax(-1), lambda: nn.Linear(8, 8)):
        assert flow(activation=activation) is None
    assert flow(lambda hyper: hyper[0].mask.fill_(True)) is None
    assert flow(lambda hyper: hyper[1].register_forward_hook(lambda m, i, o: o + o.sum())) is None
    assert flow(lambda hyper: hyper.register_forward_hook(lambda m, i, o: o + o.sum())) is None


def test_transforms_of_torch_by_construction():
    from torch.distributions import transforms as t

    scale = t.ComposeTransform([t.AffineTransform(0.0, torch.tensor([2.0, -1.0])), t.ExpTransform()])
    assert check_injective(model(scale)).holds
    for broken in (t.AbsTransform(), t.AffineTransform(0.0, torch.tensor([2.0, 0.0])), t.SoftmaxTransform()):
        assert not check_injective(model(broken)).holds
    # the inverse of tanh is not defined on all of R
    assert not check_injective(model(t.TanhTransform().inv)).holds


def test_a_transform_with_parameters_for_every_row_is_no_function_of_one_point():
    from torch.distributions import transforms as t

    for rows in (2, 7):
        with pytest.raises(InputError, match="mixing"):
            model(t.AffineTransform(torch.randn(rows, 2).double(), 1.0))
    shifted = t.AffineTransform(torch.randn(5, 2).double(), torch.ones(5, 2).double())
    small = t.AffineTransform(1e-9 * torch.randn(5, 2).double(), 1e-9 * torch.ones(5, 2).double())
    for mixing in (shifted, small, t.ComposeTransform([shifted, t.ExpTransform()])):
        assert check_injective(model(mixing)).undecided


@pytest.mark.parametrize("name", ["NAF", "UNAF"])
def test_flows_whose_parts_are_not_known_end_in_no_error(name):
    zuko = pytest.importorskip("zuko", reason="needs the extra 'train'")
    flow = getattr(zuko.flows, name)(2, transforms=1, hidden_features=(4,))
    assert construction_of(flow().transform.inv) is None


def test_assumptions_of_symbols_that_the_support_breaks_are_refused():
    """Sympy has simplified with them: |p| is p when p is declared positive."""
    for options in ({"positive": True}, {"negative": True}, {"integer": True}, {"imaginary": True}):
        p = sympy.Symbol("p", **options)
        with pytest.raises(InputError, match="support"):
            model(SymbolicMixing([p], [sympy.Abs(p)]), 1)
        with pytest.raises(InputError, match="support"):
            model(assume_injective(((p,), [sympy.Abs(p)])), 1)
    p = sympy.Symbol("p", positive=True)
    assert check_injective(model(SymbolicMixing([p], [sympy.Abs(p)]), 1, sympy.Interval.open(0, sympy.oo))).holds


def test_a_function_without_outputs_is_refused():
    with pytest.raises(CallableFailed, match="at least one observed coordinate"):
        model(lambda z: z[:, :0])


def test_mixing_objects_are_read():
    assert as_mixing([z1, z2, z1 + z2], 2).d == 3
    assert as_mixing(((z2, z1), [z2, z1**2]), 2).evaluate(np.array([[2.0, 3.0]])).tolist() == [[2.0, 9.0]]
    with pytest.raises(InputError, match="2 symbols"):
        as_mixing([z1], 2)
    with pytest.raises(InputError, match="mixing"):
        as_mixing(object(), 2)
    with pytest.raises(InputError, match="shape"):
        as_mixing(lambda z: z[:, 0], 2)
    assert as_mixing(assume_injective(7), 3).d == 7
    with pytest.raises(InputError):
        assume_injective(0)


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 3), st.sampled_from(["Tanh", "ELU", "Softplus", "SELU"])
)
def test_widening_networks_hold_and_a_lost_direction_fails(seed, n, extra, name):
    """Random widening layers are injective; the same network with one latent projected out is not."""
    body = network([n, n + extra, n + extra], lambda t: getattr(t.nn, name)(), seed=seed)
    assert check_injective(model(body, n)).holds
    if n < 2:
        return
    with torch.no_grad():
        body[0].weight[:, 0] = body[0].weight[:, 1]
    verdict = check_injective(model(body, n))
    assert verdict.fails
    assert verdict.grade is Grade.EXACT


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 3))
def test_collisions_are_real(seed, n):
    """Whatever is called a collision has one image in torch too."""
    body = network([n, n, n], lambda t: t.nn.ReLU(), seed=seed)
    verdict = check_injective(model(body, n))
    assert not verdict.holds
    if verdict.evidence.get("kind") != "injectivity.collision":
        return
    pair = [[float(Fraction(text)) for text in verdict.evidence[name]] for name in ("first", "second")]
    images = body(torch.tensor(pair, dtype=torch.float64)).detach().numpy()
    assert not np.allclose(pair[0], pair[1])
    assert np.allclose(images[0], images[1], atol=1e-9)
