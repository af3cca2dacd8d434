"""Each assumption violated, what that does to recovery, and a rival where one exists.

Every violation has the model that it is about, so that ``check`` names the hypothesis that fails and ``rival`` looks
for a rival; and where it can be trained on, data and an estimator. Latents, segments and rows are few: what is shown
is whether A comes out right, not how well a large network does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory import families
from ivae_theory.checking import check
from ivae_theory.files import write_text
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Discrete, Noise
from ivae_theory.recovery import mcc, recover
from ivae_theory.reproduce.drawing_beyond import draw_violations
from ivae_theory.reproduce.task import Task
from ivae_theory.rivals import rival
from ivae_theory.training import IVAE, Schedule, sweep
from ivae_theory.training.extras import need
from ivae_theory.training.mixing import MixingNetwork
from ivae_theory.training.store import Store

__all__ = ["VIOLATIONS", "Case", "Violation", "checked", "run_violation", "violations"]

Array = NDArray[np.float64]
_SIGMA = 0.1


@dataclass(frozen=True, eq=False)
class Case:
    """One violation drawn with a seed.

    Attributes
    ----------
    model
        The true model.
    z, x, u
        Data from it; None where nothing is trained.
    estimator
        Parameters of the :class:`~ivae_theory.training.IVAE` beside replicas, schedule and seed.
    statistics
        T of the true latents, as :func:`ivae_theory.recover` reads it.
    """

    model: Model
    z: Array | None = None
    x: Array | None = None
    u: NDArray[np.int64] | None = None
    estimator: dict[str, Any] = field(default_factory=dict)
    statistics: Any = "z**2"


@dataclass(frozen=True)
class Violation:
    """What is violated (``title``), the claim that says so, and what draws a case from a seed."""

    title: str
    claim: str
    draw: Callable[[int], Case]


def _network(n: int, rng: np.random.Generator) -> MixingNetwork:
    """Two orthogonal layers with a leaky ReLU between."""
    return MixingNetwork(tuple(np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2)), "leaky_relu", 0.5)


def _drawn(variances: Array, rows: int, rng: np.random.Generator, means: Array | None = None) -> tuple[Array, Any]:
    """Sources (M rows, n), Gaussian in each segment, and their labels."""
    u = np.repeat(np.arange(len(variances)), rows)
    z = np.sqrt(variances)[u] * rng.standard_normal((len(u), variances.shape[1]))
    return z if means is None else z + means[u], u


def _scaled(variances: Array, rows: int, seed: int, **estimator: Any) -> Case:
    """Section 5's model with these variances (M, n)."""
    rng = np.random.default_rng([seed, 1])
    f = _network(variances.shape[1], rng)
    z, u = _drawn(variances, rows, rng)
    x = f(z) + _SIGMA * rng.standard_normal(z.shape)
    prior = Prior(families.gaussian_scale(), -0.5 / variances)
    return Case(Model(prior, noise=Noise.gaussian(_SIGMA**2), mixing=f.to_torch()), z, x, u, estimator)


def _uniform(segments: int, n: int, seed: int) -> Array:
    return np.random.default_rng([seed, 0]).uniform(0.5, 3.0, (segments, n))


def _nothing(seed: int) -> Case:
    return _scaled(_uniform(20, 2, seed), 300, seed)


def _few_segments(seed: int) -> Case:
    return _scaled(_uniform(3, 3, seed), 2000, seed)


def _constant(seed: int) -> Case:
    return _scaled(np.ones((20, 2)), 300, seed)


def _proportional(seed: int) -> Case:
    first = np.round(_uniform(20, 1, seed) * 8) / 8  # eighths: the ratio 2 is exact in floats
    return _scaled(np.hstack([first, 2 * first]), 300, seed)


def _gaussian_statistics(seed: int) -> Case:
    """T = z with variance 1: two Gaussian statistics, so that A may be any rotation."""
    rng = np.random.default_rng([seed, 1])
    means = np.random.default_rng([seed, 0]).uniform(-1.5, 1.5, (20, 2))
    f = _network(2, rng)
    z, u = _drawn(np.ones((20, 2)), 300, rng, means)
    x = f(z) + _SIGMA * rng.standard_normal(z.shape)
    model = Model(Prior(families.gaussian_location(), means), noise=Noise.gaussian(_SIGMA**2), mixing=f.to_torch())
    return Case(model, z, x, u, {"family": "gaussian_location"}, "z")


def _not_injective(seed: int) -> Case:
    """The first layer's ReLU loses what is negative."""
    torch = need("torch", "violations")
    rng = np.random.default_rng([seed, 1])
    variances = _uniform(20, 2, seed)
    matrices = [np.linalg.qr(rng.standard_normal((2, 2)))[0] for _ in range(2)]
    z, u = _drawn(variances, 300, rng)
    x = np.maximum(z @ matrices[0], 0.0) @ matrices[1] + _SIGMA * rng.standard_normal(z.shape)
    layers = [torch.nn.Linear(2, 2, bias=False, dtype=torch.float64) for _ in matrices]
    with torch.no_grad():
        for layer, matrix in zip(layers, matrices, strict=True):
            layer.weight.copy_(torch.from_numpy(matrix.T))
    f = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    prior = Prior(families.gaussian_scale(), -0.5 / variances)
    return Case(Model(prior, noise=Noise.gaussian(_SIGMA**2), mixing=f), z, x, u)


def _learned_noise(seed: int) -> Case:
    """Linear f = identity, sigma^2 = 1 and variances (t + 1, 2t + 1), t = 1..3, fitted with sigma^2 = 2."""
    rng = np.random.default_rng([seed, 1])
    variances = np.array([[2.0, 3.0], [3.0, 5.0], [4.0, 7.0]])
    z, u = _drawn(variances, 2000, rng)
    x = z + rng.standard_normal(z.shape)
    z1, z2 = sympy.symbols("z1 z2", real=True)
    table = [[sympy.Rational(-1, 2) / int(v) for v in row] for row in variances]
    model = Model(
        Prior(families.gaussian_scale(), table),
        noise=Noise.gaussian(1, learned=True),
        mixing=([z1, z2], [z1, z2]),
    )
    return Case(model, z, x, u, {"noise_variance": 2.0})


def _known_noise(seed: int) -> Case:
    """The same data, fitted with the true variance 1."""
    case = _learned_noise(seed)
    model = Model(case.model.prior, noise=Noise.gaussian(1), mixing=case.model.mixing)
    return dataclasses.replace(case, model=model, estimator={"noise_variance": 1.0})


def _diagonal_posterior(seed: int) -> Case:
    """Linear, W = [[1, .5], [0, 1]]: the posterior is correlated, and q is not."""
    return _linear(seed, "diagonal")


def _full_posterior(seed: int) -> Case:
    """The same data, with a q that contains the posterior."""
    return _linear(seed, "full")


def _linear(seed: int, covariance: str) -> Case:
    rng = np.random.default_rng([seed, 1])
    variances = _uniform(20, 2, seed)
    z, u = _drawn(variances, 300, rng)
    W = np.array([[1.0, 0.5], [0.0, 1.0]])
    x = z @ W + _SIGMA * rng.standard_normal(z.shape)
    z1, z2 = sympy.symbols("z1 z2", real=True)
    model = Model(
        Prior(families.gaussian_scale(), -0.5 / variances),
        noise=Noise.gaussian(_SIGMA**2),
        mixing=([z1, z2], [z1, z1 / 2 + z2]),
        posterior=_best_posterior(W, variances, covariance),
    )
    return Case(model, z, x, u, {"covariance": covariance})


def _best_posterior(W: Array, variances: Array, covariance: str) -> Callable[[Any, Any], Any]:
    """The true posterior of ``x = z W + eps``, or the diagonal Gaussian with the largest bound."""
    torch = need("torch", "violations")

    def posterior(x: Any, u: Any) -> Any:
        labels = torch.as_tensor(u).long().reshape(-1)
        precision = torch.from_numpy(W @ W.T / _SIGMA**2) + torch.diag_embed(torch.from_numpy(1.0 / variances)[labels])
        shift = torch.as_tensor(x).double() @ torch.from_numpy(W.T) / _SIGMA**2
        mean = torch.linalg.solve(precision, shift)
        if covariance == "full":
            return torch.distributions.MultivariateNormal(mean, precision_matrix=precision)
        return torch.distributions.Normal(mean, torch.diagonal(precision, dim1=-2, dim2=-1) ** -0.5)

    return posterior


def _redundant(seed: int) -> Case:
    """T = (z, 2z): theory's row of Theorem 1 for k >= 2, whose only A is singular."""
    z = sympy.Symbol("z", real=True)
    family = families.ExponentialFamily([z, 2 * z], base_measure=sympy.exp(-(z**4)))
    prior = Prior(family, [[[0, 0]], [[1, 0]], [[0, 1]], [[1, 1]]])
    return Case(Model(prior, noise=Noise.none(), mixing=([z], [z])))


def _band_limited(seed: int) -> Case:
    """Noise whose characteristic function is max(1 - |t|, 0), and p(z|u) Gaussian or Cauchy."""
    z, t = sympy.symbols("z t", real=True)
    family = families.ExponentialFamily(
        [z**2 / 2 - sympy.log(1 + z**2)], base_measure=sympy.exp(-(z**2) / 2), variable=z
    )
    noise = Noise(cf=sympy.Max(0, 1 - sympy.Abs(t)), symbols=[t])
    return Case(Model(Prior(family, [[0], [1]]), noise=noise, mixing=([z], [z])))


def _bernoulli(seed: int) -> Case:
    """Appendix E: bits that see z through a sigmoid alone."""
    z = sympy.Symbol("z", real=True)
    family = families.ExponentialFamily([z], base_measure=(1 + sympy.exp(z)) ** -2)
    table = [[sympy.Rational(t, 4) * (sympy.Rational(t, 4) + 1) / 3] for t in range(1, 5)]
    return Case(Model(Prior(family, table), noise=Discrete("bernoulli"), mixing=([z], [z])))


#: Name -> violation, in the order of the hypotheses.
VIOLATIONS: dict[str, Violation] = {
    "nothing": Violation("nothing is violated", "theorem1", _nothing),
    "noise": Violation("noise: phi vanishes on an open set", "theorem1.i", _band_limited),
    "few_segments": Violation("as many segments as latents", "theorem1.iii", _few_segments),
    "constant": Violation("u changes nothing", "theorem1.iii", _constant),
    "proportional": Violation("variances proportional over all u", "theorem1.iii", _proportional),
    "redundant": Violation("T = (z, 2z)", "theorem1.minimal", _redundant),
    "not_injective": Violation("f is not injective (ReLU)", "theorem1.injective", _not_injective),
    "learned_noise": Violation("noise variance learned, 2 in place of 1", "theorem1.known_noise", _learned_noise),
    "known_noise": Violation("   the same data, the true variance", "theorem1.known_noise", _known_noise),
    "discrete": Violation("Bernoulli observations", "theorem1.i", _bernoulli),
    "gaussian_statistics": Violation("Gaussian T_i(z_i) given u", "theorem2.scaled_permutation", _gaussian_statistics),
    "posterior": Violation("q without the posterior's correlation", "theorem3.i", _diagonal_posterior),
    "full_posterior": Violation("   the same data, q with it", "theorem3.i", _full_posterior),
}


def configurations(quick: bool, seeds: int | None) -> Iterator[dict[str, Any]]:
    """One run a violation and seed."""
    for seed in range(5 if not quick else 2)[:seeds]:
        for name in VIOLATIONS:
            yield {"method": "ivae", "data": {"violation": name, "seed": seed}, **_effort(quick)}


def _effort(quick: bool) -> dict[str, int]:
    return {"steps": 2500, "replicas": 4} if quick else {"steps": 8000, "replicas": 8}


def run_violation(configuration: dict[str, Any]) -> dict[str, Any]:
    """Check one violation, look for a rival, and train where there is something to train on."""
    name, seed = configuration["data"]["violation"], configuration["data"]["seed"]
    violation = VIOLATIONS[name]
    case = violation.draw(seed)
    if case.x is None:
        return {**checked(case.model, violation.claim), "mcc": None}
    schedule = Schedule(configuration["steps"])
    settings = {"noise_variance": _SIGMA**2, **case.estimator}
    fitted = IVAE(2 if case.z is None else case.z.shape[1], replicas=configuration["replicas"], schedule=schedule)
    fitted.set_params(seed=seed, **settings).fit(case.x, case.u)
    found = recover(case.z, fitted.posterior(case.x, case.u), statistics=case.statistics, u=case.u, seed=seed)
    return {
        **checked(case.model, violation.claim),
        "mcc": float(mcc(case.z, fitted.transform(case.x, case.u), u=case.u)),
        "off_mass": list(found.off_mass),
        "status": found.status.word,
        "bound": float(fitted.bounds_[fitted.chosen_]),
    }


def checked(model: Model, claim: str) -> dict[str, Any]:
    """The verdict on the claim, and what a rival refutes if there is one."""
    report = check(model, "permutation")
    found = rival(model)
    verdict = report if claim == "theorem1" else report[claim]
    return {
        "verdict": verdict.status.word,
        "refutes": None if found is None else found.refutes,
        "rival": None if found is None else found.evidence["text"],
    }


def violations(task: Task) -> dict[str, Any]:
    """Each assumption violated. The runs live in ``violations.sqlite``."""
    runs = list(configurations(task.quick, task.seeds))
    store = Store(task.out / ("violations_quick.sqlite" if task.quick else "violations.sqlite"))
    if task.run:
        sweep(runs, store, runner=run_violation, workers=task.workers, progress=task.progress)
    rows = []
    for name, violation in VIOLATIONS.items():
        mine = [store.find(run) for run in runs if run["data"]["violation"] == name]
        results = [run.result for run in mine if run is not None and run.result is not None]
        rows.append({"name": name, "title": violation.title, "claim": violation.claim, "runs": results})
    task.save(draw_violations(rows), "violations")
    write_text(task.out / "violations.md", violations_table(rows, len(runs) // len(VIOLATIONS)), "out")
    return task.write("violations", {"quick": task.quick, "rows": rows})


def violations_table(rows: list[dict[str, Any]], seeds: int) -> str:
    """Markdown: one row a violation, empty where nothing has been run."""
    lines = [
        "| violated | claim | verdict | rival refutes | MCC | off mass of A | A holds / undecided / fails | runs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        runs = row["runs"]
        trained = [run for run in runs if run["mcc"] is not None]
        verdict = ", ".join(sorted({run["verdict"] for run in runs}))
        refutes = runs[0]["refutes"] or "none known" if runs else ""
        numbers = ["", "", ""]
        if trained:
            numbers[0] = " ".join(f"{run['mcc']:.3f}" for run in trained)
            numbers[1] = " ".join(f"{run['off_mass'][0]:.3f}" for run in trained)
            statuses = [run["status"] for run in trained]
            numbers[2] = " / ".join(str(statuses.count(word)) for word in ("holds", "undecided", "fails"))
        shown = " | ".join([row["title"], row["claim"], verdict, refutes, *numbers])
        lines.append(f"| {shown} | {len(runs)} of {seeds} |")
    return "\n".join(lines) + "\n"
