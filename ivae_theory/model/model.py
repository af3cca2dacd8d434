"""theta = (f, T, lambda) with the noise: x = f(z) + eps (Eq. 6), z | u from the prior of Eq. (7)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.arguments import require_seed
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.families.statistics import check_assumptions
from ivae_theory.model.natural import CallableNatural
from ivae_theory.model.prior import Prior
from ivae_theory.model.record import training_record
from ivae_theory.verdict import digest_of

__all__ = ["Model"]


class Model:
    """A model whose identifiability can be checked.

    Parameters
    ----------
    prior
        p(z | u), a :class:`Prior`.
    noise
        The law of eps: ``Noise.none()``, ``Noise.gaussian(variance)``, ``Noise(density=...)``, ``Noise(cf=...)``, a
        sympy density, a frozen scipy.stats law, a torch Distribution, or ``Discrete("bernoulli")``.
    mixing
        f: an ``nn.Module`` or callable (B, n) -> (B, d), sympy expressions, ``assume_injective(...)``, or ``None``.
    posterior
        q(z | x, u): ``fn(x, u) -> torch Distribution`` with batch (B, n), for ``theorem3.i``; optional.
    training
        How it was trained, for the pictures of a report: anything with ``steps`` (R,) and ``losses`` (R,) or (R, S), a
        dict or an estimator's ``history_``; optional, no part of the digest, and nothing is concluded from it.

    Attributes
    ----------
    n, d
        Number of latents and of observed coordinates; ``d`` is ``None`` where nothing fixes it.
    assumptions
        What was accepted without a proof, one sentence each.

    Raises
    ------
    InputError, InputTypeError
        When the parts do not fit together; the argument is named.
    """

    @turn()
    def __init__(
        self, prior: Prior, *, noise: Any, mixing: Any = None, posterior: Any = None, training: Any = None
    ) -> None:
        from ivae_theory.mixing import as_mixing
        from ivae_theory.noise import as_noise

        if not isinstance(prior, Prior):
            raise InputTypeError("prior", "a Prior", type(prior).__name__)
        if posterior is not None and not callable(posterior):
            raise InputTypeError("posterior", "a function (x, u) -> torch Distribution", type(posterior).__name__)
        self.prior, self.posterior = prior, posterior
        self.training = None if training is None else training_record(training)
        self.n: int = prior.n
        self.noise: Any = as_noise(noise)
        self.mixing: Any = None if mixing is None else as_mixing(mixing, prior.n)
        declared = getattr(getattr(self.mixing, "inner", None) or self.mixing, "declared", ())
        for symbol, family in zip(declared, prior.families, strict=False):
            check_assumptions(symbol, family.support)
        self.d: int | None = self._observed_dimension()
        self.assumptions: tuple[str, ...] = prior.assumptions + tuple(getattr(self.noise, "assumptions", ()))

    def _observed_dimension(self) -> int | None:
        of_noise = getattr(self.noise, "dimension", None)
        of_mixing = None if self.mixing is None else self.mixing.d
        if of_noise is not None and of_mixing is not None and of_noise != of_mixing:
            raise InputError("noise", f"{of_mixing} coordinates, as many as the mixing gives", f"{of_noise}")
        return of_noise if of_mixing is None else int(of_mixing)

    @property
    def discrete(self) -> bool:
        """Whether the observations are discrete given f(z), so that x is not f(z) + eps (Appendix E)."""
        from ivae_theory.noise import Discrete

        return isinstance(self.noise, Discrete)

    def sample(self, u: Any, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw z (B, n) and x (B, d) for the rows u: points (B, m), or a table's labels (B,).

        Raises
        ------
        InputError
            Without a mixing function that can be evaluated, or for labels that are no rows of the table.
        """
        if self.mixing is None:
            raise InputError("mixing", "a mixing function to sample from", "None")
        rng = np.random.default_rng(require_seed(seed))
        z = self.prior.sample(u, rng)
        image = np.asarray(self.mixing.evaluate(z), dtype=np.float64)
        return z, np.asarray(self.noise.observe(image, rng), dtype=np.float64)

    def ask_again(self) -> None:
        """Ask lambda and f again what they were asked when the model was built.

        Raises
        ------
        NonDeterministic
            When one of them answers differently: what was concluded meanwhile is about no function.
        """
        if isinstance(self.prior.natural, CallableNatural):
            self.prior.natural.ask_again()
        if self.mixing is not None:
            self.mixing.ask_again()

    def describe(self) -> dict[str, Any]:
        """The model as JSON values: what reports call their subject."""
        described = {"text": self._text(), "digest": self.digest, **self._content}
        return described if self.training is None else {**described, "training": self.training}

    @cached_property
    def _content(self) -> dict[str, Any]:
        return {
            **self.prior.describe(),
            "d": self.d,
            "noise": self.noise.describe(),
            "mixing": None if self.mixing is None else self.mixing.describe(),
            "posterior": self.posterior is not None,
            "assumptions": list(self.assumptions),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of everything that :meth:`describe` says about the mathematics."""
        return digest_of(self._content)

    def _text(self) -> str:
        names = sorted({family.name or "unnamed family" for family in self.prior.families})
        rows = getattr(self.prior.domain, "values", None)
        where = f", {len(rows)} values of u" if rows is not None else ", continuous u"
        observed = "" if self.d is None else f", d = {self.d}"
        ks = f"k = {self.prior.ks[0]}" if len(set(self.prior.ks)) == 1 else f"k_i = {list(self.prior.ks)}"
        return f"n = {self.n}{observed}, {ks}, {' and '.join(names)}{where}"

    def __repr__(self) -> str:
        return f"Model({self._text()})"
