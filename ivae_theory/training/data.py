"""The data of Section 5 (and Supplement G) with every choice explicit.

The paper leaves choices open that decide how hard the problem is: whether ``U[.5, 3]`` is a law of variances (the
text) or of standard deviations (the authors' released code), the activation and matrices of the mixing, the noise.
Here each is a field of :class:`Simulation`, and a preset is a named set of them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.mixing import ACTIVATIONS, MixingNetwork

if TYPE_CHECKING:
    from ivae_theory.model import Model

__all__ = ["PRESETS", "Dataset", "Simulation", "simulate"]

Array = NDArray[np.float64]

_CHOICES = {
    "family": ("gaussian_scale", "gaussian", "laplace_scale"),
    "modulated": ("variance", "standard deviation"),
    "activation": ACTIVATIONS,
    "matrices": ("orthogonal", "uniform"),
    "noise": ("none", "gaussian", "laplace"),
}


@dataclass(frozen=True)
class Simulation:
    """How segment-wise stationary sources are made and mixed (Section 5).

    Attributes
    ----------
    segments, length
        M segments of L samples each; ``u`` is the segment's number, 0 to M - 1.
    n, d
        Latents and observed coordinates, d >= n.
    family
        ``gaussian_scale``: T = z^2, mean 0. ``gaussian``: T = (z, z^2), means drawn from ``means``.
        ``laplace_scale``: T = |z|, location 0.
    spread, modulated
        The modulation is uniform on ``spread``, and is the ``variance`` of a source in a segment (the paper's text) or
        its ``standard deviation`` (the released code).
    means
        Bounds of the uniform law of the means; used by ``gaussian`` alone.
    layers, activation, slope
        Of the mixing network; see :class:`~ivae_theory.training.mixing.MixingNetwork`.
    matrices, condition_draws
        ``orthogonal``: Haar-distributed (orthonormal rows where n < d). ``uniform``: entries U[-1, 1], columns of unit
        norm, redrawn until the condition number is at most the 25th percentile over ``condition_draws`` draws.
    repeated
        One square matrix in all layers (in all but the first, where n < d) as in the released code.
    noise, noise_scale
        Law of the noise, i.i.d. over coordinates, and its standard deviation (sigma, not sigma^2).
    """

    segments: int = 40
    length: int = 1000
    n: int = 5
    d: int = 5
    family: str = "gaussian_scale"
    spread: tuple[float, float] = (0.5, 3.0)
    modulated: str = "variance"
    means: tuple[float, float] = (-5.0, 5.0)
    layers: int = 3
    activation: str = "leaky_relu"
    slope: float = 0.5
    matrices: str = "orthogonal"
    condition_draws: int = 10_000
    repeated: bool = False
    noise: str = "gaussian"
    noise_scale: float = 0.1

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(name, f"one of {', '.join(choices)}", repr(getattr(self, name)))
        for name in ("segments", "length", "n", "d", "layers", "condition_draws"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(name, "a whole number >= 1", repr(getattr(self, name)))
        if self.d < self.n:
            raise InputError("d", f"at least n = {self.n} (f is injective)", str(self.d))
        if not 0 < self.spread[0] <= self.spread[1]:
            raise InputError("spread", "0 < low <= high", repr(self.spread))
        if not self.means[0] <= self.means[1]:
            raise InputError("means", "low <= high", repr(self.means))
        if not self.slope > 0:
            raise InputError("slope", "a number > 0", repr(self.slope))
        if (self.noise == "none") != (self.noise_scale == 0) or self.noise_scale < 0:
            raise InputError(
                "noise_scale", "0 for noise 'none' and > 0 otherwise", f"{self.noise_scale} with {self.noise!r}"
            )


#: ``paper``: Section 5 as printed; the text leaves open the mixing, which here is leaky ReLU .5 with orthogonal
#: matrices. ``figure1``: two latents with means in [-5, 5], five segments. ``supplement_g``: d = 40, n = 10, L = 4000.
#: ``released``: what the authors' released code draws.
PRESETS: Mapping[str, Simulation] = MappingProxyType(
    {
        "paper": Simulation(),
        "figure1": Simulation(segments=5, n=2, d=2, family="gaussian"),
        "supplement_g": Simulation(n=10, d=40, length=4000, slope=0.2),
        "released": Simulation(
            modulated="standard deviation",
            activation="xtanh",
            slope=0.1,
            matrices="uniform",
            repeated=True,
            noise="none",
            noise_scale=0.0,
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """What a :class:`Simulation` drew, and the truth behind it.

    Attributes
    ----------
    z, x, u
        Latents (M L, n), observations (M L, d), segment labels (M L,); segments follow one another.
    means, variances
        Of every source in every segment, shape (M, n).
    mixing
        The true ``f``.
    simulation, seed
        What made it.
    """

    z: Array
    x: Array
    u: NDArray[np.int64]
    means: Array
    variances: Array
    mixing: MixingNetwork
    simulation: Simulation
    seed: int = field(default=0)

    @functools.cached_property
    def natural(self) -> Array:
        """True natural parameters lambda(u): shape (M, n), or (M, n, 2) for ``gaussian``."""
        if self.simulation.family == "laplace_scale":
            return -np.sqrt(2.0 / self.variances)
        if self.simulation.family == "gaussian_scale":
            return -0.5 / self.variances
        return np.stack([self.means / self.variances, -0.5 / self.variances], -1)

    @functools.cached_property
    def model(self) -> Model:
        """The true model, for :func:`ivae_theory.check`. Needs torch: the mixing is handed over as a module."""
        from ivae_theory.model import Model

        return Model(true_prior(self), noise=true_noise(self.simulation), mixing=self.mixing.to_torch())


def true_prior(data: Dataset) -> Any:
    """The prior that drew ``data.z``, as an :class:`ivae_theory.Prior`."""
    from ivae_theory import families
    from ivae_theory.model import Prior

    return Prior(getattr(families, data.simulation.family)(), data.natural)


def true_noise(simulation: Simulation) -> Any:
    """The law of the noise, as an :class:`ivae_theory.Noise` or something that ``Model`` reads as one."""
    from ivae_theory.noise import Noise

    if simulation.noise == "none":
        return Noise.none()
    if simulation.noise == "gaussian":
        return Noise.gaussian(simulation.noise_scale**2)
    from scipy import stats

    return stats.laplace(scale=simulation.noise_scale / np.sqrt(2.0))


def simulate(simulation: Simulation | str = "paper", seed: int = 0, **changes: Any) -> Dataset:
    """Draw a data set.

    Parameters
    ----------
    simulation
        A :class:`Simulation`, or the name of one of :data:`PRESETS`.
    seed
        Modulation, matrices, sources and noise come from four independent streams of it, so that changing one choice
        leaves the other draws as they were.
    changes
        Fields of the simulation that differ from the preset.
    """
    if isinstance(simulation, str):
        if simulation not in PRESETS:
            raise InputError("simulation", f"one of {', '.join(PRESETS)}", repr(simulation))
        simulation = PRESETS[simulation]
    unknown = set(changes) - set(Simulation.__dataclass_fields__)
    if unknown:
        raise InputError("changes", "fields of Simulation", ", ".join(sorted(unknown)))
    chosen = replace(simulation, **changes)
    modulation, matrices, sources, noise = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
    )
    means, variances = _modulate(chosen, modulation)
    mixing = MixingNetwork(_matrices(chosen, matrices), chosen.activation, chosen.slope)
    u = np.repeat(np.arange(chosen.segments), chosen.length)
    z = means[u] + np.sqrt(variances)[u] * _standard(
        "laplace" if "laplace" in chosen.family else "gaussian", sources, (len(u), chosen.n)
    )
    x = mixing(z)
    if chosen.noise != "none":
        x = x + chosen.noise_scale * _standard(chosen.noise, noise, x.shape)
    return Dataset(z, x, u, means, variances, mixing, chosen, seed)


def _standard(law: str, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Independent draws with mean 0 and variance 1."""
    if law == "laplace":
        return rng.laplace(scale=np.sqrt(0.5), size=shape)
    return rng.standard_normal(shape)


def _modulate(simulation: Simulation, rng: np.random.Generator) -> tuple[Array, Array]:
    """Means and variances of the sources, each of shape (M, n)."""
    shape = (simulation.segments, simulation.n)
    modulation = rng.uniform(*simulation.spread, shape)
    variances = modulation if simulation.modulated == "variance" else modulation**2
    means = rng.uniform(*simulation.means, shape) if simulation.family == "gaussian" else np.zeros(shape)
    return means, variances


def _matrices(simulation: Simulation, rng: np.random.Generator) -> tuple[Array, ...]:
    """One matrix a layer: (n, d), then (d, d)."""
    n, d, layers = simulation.n, simulation.d, simulation.layers
    draw = _orthogonal if simulation.matrices == "orthogonal" else _uniform
    first = draw(rng, n, d, simulation.condition_draws)
    if layers == 1:
        return (first,)
    if simulation.repeated:
        square = first if n == d else draw(rng, d, d, simulation.condition_draws)
        return (first, *[square] * (layers - 1))
    return (first, *[draw(rng, d, d, simulation.condition_draws) for _ in range(layers - 1)])


def _orthogonal(rng: np.random.Generator, rows: int, columns: int, _: int) -> Array:
    """Haar-distributed orthogonal matrix, its first ``rows`` rows."""
    q, r = np.linalg.qr(rng.standard_normal((columns, columns)))
    return np.ascontiguousarray((q * np.sign(np.diag(r)))[:rows])


def _unit_columns(rng: np.random.Generator, count: int, rows: int, columns: int) -> Array:
    """``count`` matrices with entries U[-1, 1] and columns scaled to norm 1."""
    drawn = rng.uniform(-1.0, 1.0, (count, rows, columns))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def _uniform(rng: np.random.Generator, rows: int, columns: int, draws: int) -> Array:
    """A unit-column uniform matrix, conditioned no worse than the 25th percentile of ``draws`` such matrices."""
    chunk = max(1, 200_000 // (rows * columns))
    conditions = [
        np.linalg.cond(_unit_columns(rng, min(chunk, draws - start), rows, columns)) for start in range(0, draws, chunk)
    ]
    threshold = np.percentile(np.concatenate(conditions), 25)
    while True:
        candidate: Array = _unit_columns(rng, 1, rows, columns)[0]
        if np.linalg.cond(candidate) <= threshold * (1.0 + 1e-12):  # n = 1: every condition number is 1
            return candidate
