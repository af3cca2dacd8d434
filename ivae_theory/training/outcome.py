"""What a training run came to: the bound, recovery of a known truth, and the honest controls beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.data import Dataset
from ivae_theory.training.scores import mean_correlation

if TYPE_CHECKING:
    from ivae_theory.recovery import Recovery
    from ivae_theory.recovery.metrics import MCC
    from ivae_theory.verdict import Report, Status

__all__ = ["Control", "Outcome", "judge"]

_WIDTH = 80


@dataclass(frozen=True)
class Control:
    """Something to read a result against.

    Attributes
    ----------
    name
        ``limit`` (the posterior under the true model), ``linear`` (joint diagonalisation) or ``vae`` (a prior that does
        not see u).
    mcc, mcc_draw
        MCC of its posterior means, and of one posterior draw where it has a posterior.
    """

    name: str
    mcc: float
    mcc_draw: float | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was learned, and how close to the truth it is.

    Attributes
    ----------
    bound, bound_of
        In nats a row, on held-out rows where some were held out; and which number it is.
    report
        ``check`` of the learned model.
    recovery
        Whether A is a scaled permutation; None without the true z, or where ``obstacle`` says why.
    mcc, mcc_draw
        Of posterior means (or exact latents) with the true z, and of one posterior draw: the paper's metric.
    controls
        What to read the MCC against.
    history
        ``steps`` and ``losses`` of all replicas, ``lost`` ones, ``seconds``; empty for the linear control.
    """

    bound: float
    bound_of: str
    report: Report
    recovery: Recovery | None = None
    obstacle: str | None = None
    mcc: MCC | None = None
    mcc_draw: float | None = None
    controls: tuple[Control, ...] = ()
    history: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """A's verdict where the truth is known, undecided where A was not compared with it; else the check's."""
        from ivae_theory.verdict import Status

        if self.obstacle is not None:
            return Status.UNDECIDED
        return self.report.status if self.recovery is None else self.recovery.status

    def to_dict(self) -> dict[str, Any]:
        """JSON values; ``check`` and ``recovery`` are documents that ``recheck`` verifies."""
        return {
            "status": self.status.word,
            "bound": self.bound,
            "bound_of": self.bound_of,
            "mcc": None if self.mcc is None else self.mcc.to_dict(),
            "mcc_draw": self.mcc_draw,
            "controls": {control.name: {"mcc": control.mcc, "mcc_draw": control.mcc_draw} for control in self.controls},
            "obstacle": self.obstacle,
            "recovery": None if self.recovery is None else self.recovery.to_dict(),
            "check": json.loads(self.report.to_json()),
            "history": self.history,
        }

    def __str__(self) -> str:
        lines = [f"{'bound':8s} {self.bound:.4f} nats a row: {self.bound_of}"]
        if self.history:
            lines.append(f"{'trained':8s} {self.history['steps'][-1]} steps in {self.history['seconds']:.1f} s")
        if self.mcc is not None:
            low, high, chance = self.mcc.lower, self.mcc.upper, self.mcc.chance
            drawn = "" if self.mcc_draw is None else f"; of a draw {self.mcc_draw:.4f}"
            lines.append(f"{'MCC':8s} {self.mcc:.4f} [{low:.4f}, {high:.4f}]{drawn}; chance {chance:.4f}")
        lines += [_control_line(control) for control in self.controls]
        if self.recovery is not None:
            lines.append(f"{'A':8s} {self.recovery.status.name}: {self.recovery.verdict.reason}")
        if self.obstacle is not None:
            lines.append(f"{'A':8s} not compared: {self.obstacle}")
        conclusion = self.report.conclusion
        lines.append(f"{'check':8s} {self.report.status.name} ({self.report.goal}): {conclusion.statement}")
        if conclusion.rival is not None:
            lines.append(f"{'rival':8s} {conclusion.rival['evidence']['text']}")
        wrapper = textwrap.TextWrapper(_WIDTH, subsequent_indent=" " * 9, break_long_words=False)
        return "\n".join(part for line in lines for part in wrapper.wrap(line))


def _control_line(control: Control) -> str:
    meaning = {
        "limit": "the posterior under the true model",
        "linear": "joint diagonalisation, a linear model",
        "vae": "a VAE whose prior does not see u",
    }[control.name]
    drawn = "" if control.mcc_draw is None else f"; of a draw {control.mcc_draw:.4f}"
    return f"  {control.name:6s} {control.mcc:.4f}: {meaning}{drawn}"


def judge(
    estimator: Any,
    x: ArrayLike,
    u: ArrayLike | None,
    *,
    truth: Dataset | NDArray[np.float64] | None = None,
    statistics: Any = None,
    vae: Any = None,
    goal: str = "affine",
    assume: Sequence[str] = (),
    timeout: float | None = None,
    seed: int = 0,
) -> Outcome:
    """Judge a fitted estimator on the data it was fitted to.

    Parameters
    ----------
    estimator
        A fitted estimator of :mod:`ivae_theory.training`.
    x, u
        The data.
    truth
        The :class:`~ivae_theory.training.Dataset` that x and u are from (then the limit stands beside the result), or
        the true z (N, n) alone, or None.
    statistics
        T of the true latents, as :func:`ivae_theory.recover` reads it; by default the data set's, or the estimator's.
    vae
        A fitted VAE, to stand beside the result.
    goal, assume, timeout
        Of :func:`ivae_theory.check`.
    seed
        Of the limit, the draws and the bootstrap.
    """
    from ivae_theory.checking import check
    from ivae_theory.recovery import mcc

    z = truth.z if isinstance(truth, Dataset) else truth
    bound, bound_of = _bound(estimator, x, u)
    recovery, obstacle, agreement, drawn = None, None, None, None
    if z is not None:
        agreement = mcc(z, estimator.transform(x, u), u=u)
        try:
            recovery = _recover(estimator, x, u, truth, statistics, seed)
        except InputError as error:
            obstacle = str(error)
        if hasattr(estimator, "posterior_draws"):
            drawn = mean_correlation(z, estimator.posterior_draws(x, u, seed=seed)[0])
    return Outcome(
        bound=bound,
        bound_of=bound_of,
        report=check(estimator.model_, goal, assume=tuple(assume), seed=seed, timeout=timeout),
        recovery=recovery,
        obstacle=obstacle,
        mcc=agreement,
        mcc_draw=drawn,
        controls=() if z is None else tuple(_controls(estimator, x, u, truth, z, vae, seed)),
        history=_history(estimator),
    )


def _bound(estimator: Any, x: ArrayLike, u: ArrayLike | None) -> tuple[float, str]:
    """The number by which replicas were chosen, and what it is."""
    for name, meaning in (("bounds_", "importance-weighted bound of log p(x|u)"), ("likelihoods_", "log p(y|u)")):
        if hasattr(estimator, name):
            values = getattr(estimator, name)
            text = f"{meaning} on held-out rows, the best of {len(values)} replicas"
            return float(values[estimator.chosen_]), text
    return float(estimator.score(x, u)), "log p(x|u) of the linear model, on all rows"


def _recover(
    estimator: Any,
    x: ArrayLike,
    u: ArrayLike | None,
    truth: Dataset | NDArray[np.float64] | None,
    statistics: Any,
    seed: int,
) -> Recovery:
    from ivae_theory.recovery import recover

    learned = estimator.model_.prior.families[0]
    natural = None
    if isinstance(truth, Dataset):
        true = truth.model.prior
        statistics = true.families[0] if statistics is None else statistics
        labels = np.arange(truth.simulation.segments)
        if len(getattr(estimator, "labels_", ())) == len(labels):
            natural = (true.evaluate(labels), estimator.model_.prior.evaluate(labels))
    z = truth.z if isinstance(truth, Dataset) else truth
    latents = estimator.posterior(x, u) if hasattr(estimator, "posterior") else estimator.transform(x, u)
    if natural is not None and natural[0].shape != natural[1].shape:
        natural = None
    return recover(
        z,
        latents,
        statistics=learned if statistics is None else statistics,
        learned_statistics=learned,
        u=u,
        seed=seed,
        natural=natural,
    )


def _controls(
    estimator: Any,
    x: ArrayLike,
    u: ArrayLike | None,
    truth: Dataset | NDArray[np.float64] | None,
    z: NDArray[np.float64],
    vae: Any,
    seed: int,
) -> Sequence[Control]:
    """The limit, the linear control and a VAE, as far as they exist for these data."""
    from ivae_theory.training.limit import recovery_limit
    from ivae_theory.training.linear import LinearControl

    found = list[Control]()
    if isinstance(truth, Dataset):
        limit = recovery_limit(truth, seed=seed)
        found.append(Control("limit", limit.mcc_mean, limit.mcc_draw))
    if not isinstance(estimator, LinearControl):
        try:
            linear = LinearControl(z.shape[1]).fit(x, u)  # type: ignore[arg-type]
        except InputError:
            pass  # u is a vector, or a label has too few rows: there is no linear control
        else:
            found.append(Control("linear", mean_correlation(z, linear.transform(x))))
    if vae is not None:
        drawn = mean_correlation(z, vae.posterior_draws(x, seed=seed)[0])
        found.append(Control("vae", mean_correlation(z, vae.transform(x)), drawn))
    return found


def _history(estimator: Any) -> dict[str, Any]:
    if not hasattr(estimator, "history_"):
        return {}
    history = estimator.history_
    return {
        "steps": history.steps,
        "losses": history.losses,
        "lost": {str(replica): step for replica, step in history.lost.items()},
        "seconds": history.seconds,
    }
