"""Functions that are none of their argument, or answer with something else than numbers: named, never checked."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from ivae_theory import Model, Noise, Points, Prior, assume_injective, check, families, mcc, recheck
from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.errors import CallableFailed, InputError, NonDeterministic

LOCATION = families.gaussian_location()
U = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 2.0], [3.0, 1.0]])


class Drifting:
    """Answers the same for a while, then differently."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self, u: Any) -> Any:
        self.left -= 1
        return np.asarray(u) * (1.0 if self.left >= 0 else 2.0)


def calls_of_a_model() -> int:
    counting = Drifting(10**6)
    Model(Prior(LOCATION, counting, Points(U)), noise=Noise.gaussian(1), mixing=assume_injective(2))
    return 10**6 - counting.left


@pytest.mark.parametrize("status", [0, 3, "why"])
def test_a_function_that_ends_the_program_does_not_choose_the_exit_status(status: Any) -> None:
    for batch in (True, False):

        def ends(u: Any, batch: bool = batch) -> Any:
            if batch or u.ndim == 1:
                sys.exit(status)
            raise ValueError("one point at a time")

        with pytest.raises(CallableFailed, match=f"an exit with status {status}"):
            Prior(LOCATION, ends, Points(U))


def test_a_function_that_drifts_is_found_while_the_model_is_built_or_checked() -> None:
    for calls in range(1, calls_of_a_model()):
        with pytest.raises(NonDeterministic, match="lambda"):
            Prior(LOCATION, Drifting(calls), Points(U))
    drifting = Drifting(calls_of_a_model())
    model = Model(Prior(LOCATION, drifting, Points(U)), noise=Noise.gaussian(1), mixing=assume_injective(2))
    with pytest.raises(NonDeterministic, match="lambda"):
        check(model)


def test_a_mixing_that_changes_after_the_model_was_built_is_found() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 2)
    model = Model(Prior(LOCATION, U), noise=Noise.gaussian(1), mixing=layer)
    assert check(model)["theorem1.injective"].holds
    with torch.no_grad():
        layer.weight.add_(1.0)
    with pytest.raises(NonDeterministic, match="mixing: expected the answers that it gave when the model was built"):
        check(model)


def test_noise_beyond_the_error_that_is_granted_is_found() -> None:
    """1e-6 of the value: small enough for a repeated answer in single precision, too large for an exact rank."""
    rng = np.random.default_rng(0)

    def noisy(u: Any) -> Any:
        value = 1000 + np.asarray(u)[:, :1]
        return np.hstack([value, value + 1e-3 * rng.standard_normal(value.shape)])

    with pytest.raises(NonDeterministic):
        Prior(LOCATION, noisy, Points(U))


def test_a_function_of_the_whole_batch_is_no_function_of_u() -> None:
    with pytest.raises(NonDeterministic, match="whatever else is in the batch"):
        Prior(LOCATION, lambda u: np.asarray(u) - np.asarray(u).mean(axis=0), Points(U))
    with pytest.raises(NonDeterministic, match="whatever else is in the batch"):  # a little suffices
        Prior(LOCATION, lambda u: np.asarray(u) / 3 + 1e-6 * np.asarray(u).mean(axis=0), Points(U))
    assert Prior(LOCATION, lambda u: np.asarray(u)[:, :1] * [[1.0, 2.0]], Points(U)).n == 2


@pytest.mark.parametrize("rows", [2, 3, 6])
def test_a_batch_normalised_by_itself_is_no_function_of_u(rows: int) -> None:
    """One row alone is an error to PyTorch: so few are not enough to compare, and more of them are asked for."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    u = np.random.default_rng(0).standard_normal((rows, 2))
    with pytest.raises(NonDeterministic, match="whatever else is in the batch"):
        Prior(
            LOCATION, lambda u: torch.nn.functional.batch_norm(torch.as_tensor(u), None, None, training=True), Points(u)
        )


def test_half_precision_is_refused_where_answers_are_evidence() -> None:
    """Its rounding, 2**-11 of the value, is more than the half of the digits of single precision that is granted."""
    with pytest.raises(CallableFailed, match="single or double precision, got float16"):
        Prior(LOCATION, lambda u: np.asarray(u, dtype=np.float16), Points(U))


def _under_autocast(net: Any, u: Any) -> Any:
    import torch

    with torch.autocast("cpu", dtype=torch.bfloat16):
        other = net.weight[:, :4] @ u[:, :4].T + net.weight[:, 4:] @ u[:, 4:].T
        return torch.cat([net(u), other.T + net.bias], 1).float()


def _in_a_half_module(net: Any, u: Any) -> Any:
    import torch

    half = u.bfloat16()
    other = (half[:, ::2] @ net.weight[0, ::2] + half[:, 1::2] @ net.weight[0, 1::2])[:, None]
    return torch.cat([net(half), other + net.bias], 1).float()


@pytest.mark.parametrize("function", [_under_autocast, _in_a_half_module])
@pytest.mark.parametrize("by_law", [False, True])
def test_half_precision_inside_a_function_is_no_evidence(function: Any, by_law: bool) -> None:
    """Both latents have the same scale, added up in another order: its rounding to bfloat16 made the rank full."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    torch.manual_seed(4)
    net = torch.nn.Linear(9, 1)
    net = net if function is _under_autocast else net.bfloat16()
    values = np.random.default_rng(0).uniform(0, 1, size=(12, 9))
    if by_law:
        prior = Prior.from_torch(lambda u: torch.distributions.Normal(0 * u[:, :2], function(net, u).exp()), u=values)
    else:
        prior = Prior(families.gaussian_scale(), lambda u: -torch.exp(-function(net, u)), Points(values))
    report = check(Model(prior, noise=Noise.none()))
    assert report["theorem1.iii"].undecided
    assert "half precision" in report["theorem1.iii"].reason
    assert recheck(report.to_json()).undecided


def test_a_forged_report_cannot_rest_on_answers_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    torch.manual_seed(0)
    net = torch.nn.Linear(9, 2).bfloat16()
    values = np.random.default_rng(0).uniform(0, 1, size=(12, 9))
    prior = Prior(families.gaussian_scale(), lambda u: -torch.exp(net(u.bfloat16()).float()), Points(values))
    monkeypatch.setattr("ivae_theory.hypotheses.variability_callable.HALF_PRECISION", "something else")
    report = check(Model(prior, noise=Noise.none()))
    assert report["theorem1.iii"].holds
    with pytest.raises(InvalidCertificate, match="half precision"):
        recheck(report.to_json())


def test_masked_entries_are_missing_numbers() -> None:
    masked = np.ma.masked_greater(U, 2.0)
    with pytest.raises(CallableFailed, match="NaN"):
        Prior(LOCATION, lambda u: np.ma.masked_greater(np.asarray(u), 2.0), Points(U))
    for give in (
        lambda: Prior(LOCATION, masked),
        lambda: Points(masked),
        lambda: Points([*masked]),
        lambda: mcc(masked, U),
    ):
        with pytest.raises(InputError, match="1 masked"):
            give()
    assert Prior(LOCATION, np.ma.asarray(U)).n == 2


def test_buffers_that_are_written_again_and_inputs_that_are_written_into_do_no_harm() -> None:
    buffer = np.empty((10, 2))

    def buffered(u: Any) -> Any:
        buffer[: len(u)] = u
        return buffer[: len(u)]

    def writes(u: Any) -> Any:
        u += 1.0
        return u

    clean = Prior(LOCATION, lambda u: np.array(u), Points(U))
    assert np.array_equal(Prior(LOCATION, buffered, Points(U)).natural.answers, clean.natural.answers)
    assert np.array_equal(Prior(LOCATION, writes, Points(U)).natural.answers, clean.natural.answers + 1)


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_a_posterior_that_ends_the_program_is_an_error(timeout: float | None) -> None:
    pytest.importorskip("torch", reason="needs the extra 'torch'")
    model = Model(
        Prior(LOCATION, U),
        noise=Noise.gaussian(1),
        mixing=lambda z: 2 * np.asarray(z),
        posterior=lambda x, u: sys.exit(0),
    )
    with pytest.raises(CallableFailed, match="SystemExit: 0"):
        check(model, timeout=timeout)


@pytest.mark.parametrize(
    "function",
    [
        lambda u: np.cumsum(u, axis=0),
        lambda u: np.asarray(u) - np.asarray(u)[:1],
        lambda u: np.asarray(u) - np.asarray(u)[-1:],
        lambda u: np.asarray(u) - np.asarray(u).max(axis=0),
        lambda u: np.ones((len(u), 1)) * np.arange(len(u))[:, None],
        lambda u: np.sort(np.asarray(u) ** 2 - 5 * np.asarray(u), axis=0),
    ],
)
@pytest.mark.parametrize("u", [[1.0, 2.0], [1.0, 2.0, 3.0], [3.0, 1.0, 2.0, 5.0]])
def test_what_depends_on_the_place_in_the_batch_is_no_function_of_u(function, u):
    with pytest.raises(NonDeterministic, match="whatever else"):
        Prior(LOCATION, function, u=u)
