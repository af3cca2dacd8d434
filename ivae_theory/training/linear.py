"""The linear control: what joint diagonalisation of the segments' covariances recovers.

A nonlinear method that does no better than this has learned nothing nonlinear.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.extras import need
from ivae_theory.training.labels import as_labels, label_numbers, observations

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ivae_theory.model import Model
else:
    BaseEstimator = need("sklearn.base", "estimators").BaseEstimator

__all__ = ["LinearControl"]

Array = NDArray[np.float64]


class LinearControl(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """``x = m + z B + eps`` with z Gaussian given the segment, by Pham's joint diagonalisation.

    For n < d the data are projected on their first n principal components, and eps has the mean variance of the others
    (probabilistic PCA); for n = d there is no noise.

    Parameters
    ----------
    n_latents
        Number of latents n.
    family
        ``gaussian_scale``: the sources have mean 0 in every segment, so that segments' second moments are diagonalised.
        ``gaussian``: means may vary, and covariances are.
    iterations
        Largest number of sweeps.

    Attributes after :meth:`fit`
    ----------------------------
    unmixing_, mixing_
        W (d, n) and B (n, d): ``z = (x - mean_) @ W``, ``x = mean_ + z @ B``; z has mean square 1 over all rows.
    segment_means_, segment_variances_
        Of z in every segment (M, n).
    noise_variance_
        sigma^2, 0 for n = d.
    """

    def __init__(self, n_latents: int, *, family: str = "gaussian_scale", iterations: int = 200) -> None:
        self.n_latents, self.family, self.iterations = n_latents, family, iterations

    def fit(self, x: ArrayLike, u: ArrayLike) -> Self:
        """Diagonalise the covariances of observations (N, d) within labels (N,)."""
        values = observations(x)
        d, n = values.shape[1], self.n_latents
        if not 1 <= n <= d:
            raise InputError("n_latents", f"from 1 to {d}", repr(n))
        if self.family not in ("gaussian_scale", "gaussian"):
            raise InputError("family", "'gaussian_scale' or 'gaussian'", repr(self.family))
        if len(as_labels(u)) != len(values):
            raise InputError("u", f"one label for each of {len(values)} rows", f"{len(as_labels(u))}")
        self.labels_ = np.unique(as_labels(u))
        numbers = label_numbers(u, self.labels_)
        counts = np.bincount(numbers)
        if counts.min() <= n:
            raise InputError("u", f"more than {n} rows for every label", f"{counts.min()}")
        self.mean_ = values.mean(0)
        eigenvalues, vectors = np.linalg.eigh(np.atleast_2d(np.cov(values, rowvar=False, bias=True)))
        kept, left = eigenvalues[::-1][:n], eigenvalues[::-1][n:]
        if kept[-1] <= 1e-12 * kept[0]:
            raise InputError(
                "n_latents", f"at most the rank of the covariance of x, {(kept > 1e-12 * kept[0]).sum()}", f"{n}"
            )
        basis = vectors[:, ::-1][:, :n]
        self.noise_variance_ = max(float(left.mean()), 1e-12 * float(kept[0])) if n < d else 0.0
        white = (values - self.mean_) @ basis / np.sqrt(kept)
        rotation = self._diagonaliser(white, numbers)
        scale = (white @ rotation.T).std(0)
        self.unmixing_ = basis / np.sqrt(kept) @ rotation.T / scale
        self.mixing_ = scale[:, None] * np.linalg.inv(rotation).T @ (np.sqrt(kept)[:, None] * basis.T)
        self._segment_moments(self._unmix(values), numbers)
        self.__dict__.pop("model_", None)
        self.n_features_in_ = d
        return self

    def _diagonaliser(self, white: Array, numbers: NDArray[np.int64]) -> Array:
        """Matrix V (n, n) such that ``V C_m V^T`` are as diagonal as can be (Pham's criterion)."""
        segments = [white[numbers == m] for m in range(len(self.labels_))]
        centres = [block.mean(0) if self.family == "gaussian" else np.zeros(white.shape[1]) for block in segments]
        moments = np.stack([(b - c).T @ (b - c) / len(b) for b, c in zip(segments, centres, strict=True)])
        if white.shape[1] == 1:
            return np.ones((1, 1))
        ajd_pham = need("pyriemann.geometry.ajd", "the linear control").ajd_pham
        weights = np.bincount(numbers).astype(float)
        diagonaliser: Array = ajd_pham(moments, n_iter_max=self.iterations, eps=1e-9, sample_weight=weights)[0]
        return diagonaliser

    def _segment_moments(self, z: Array, numbers: NDArray[np.int64]) -> None:
        segments = [z[numbers == m] for m in range(len(self.labels_))]
        means = np.stack([block.mean(0) for block in segments])
        self.segment_means_ = means if self.family == "gaussian" else np.zeros_like(means)
        spread = [((b - c) ** 2).mean(0) for b, c in zip(segments, self.segment_means_, strict=True)]
        self.segment_variances_ = np.stack(spread)

    def _unmix(self, x: Array) -> Array:
        return np.asarray((x - self.mean_) @ self.unmixing_)

    def _check(self) -> None:
        need("sklearn.utils.validation", "estimators").check_is_fitted(self, "unmixing_")

    def transform(self, x: ArrayLike, u: ArrayLike | None = None) -> Array:
        """Recovered sources (N, n); ``u`` is not needed."""
        self._check()
        return self._unmix(observations(x, d=self.n_features_in_))

    def score(self, x: ArrayLike, u: ArrayLike) -> float:
        """Mean log-likelihood of the linear model, in nats a row."""
        self._check()
        values, numbers = observations(x, d=self.n_features_in_), label_numbers(u, self.labels_)
        if len(numbers) != len(values):
            raise InputError("u", f"one label for each of {len(values)} rows", f"{len(numbers)}")
        total = 0.0
        for m in np.unique(numbers):
            noise = self.noise_variance_ * np.eye(values.shape[1])
            covariance = (self.mixing_.T * self.segment_variances_[m]) @ self.mixing_ + noise
            residual = values[numbers == m] - self.mean_ - self.segment_means_[m] @ self.mixing_
            quadratic = (residual * np.linalg.solve(covariance, residual.T).T).sum(1)
            log_det = np.linalg.slogdet(2.0 * math.pi * covariance)[1]
            total += float(-0.5 * (quadratic + log_det).sum())
        return total / len(values)

    @functools.cached_property
    def model_(self) -> Model:
        """The linear model, for :func:`ivae_theory.check`."""
        from ivae_theory import families
        from ivae_theory.model import Model, Prior
        from ivae_theory.noise import Noise

        self._check()
        precision = 1.0 / self.segment_variances_
        if self.family == "gaussian":
            prior = Prior(families.gaussian(), np.stack([self.segment_means_ * precision, -0.5 * precision], -1))
        else:
            prior = Prior(families.gaussian_scale(), -0.5 * precision)
        noise: Any = Noise.gaussian(self.noise_variance_) if self.noise_variance_ else Noise.none()
        return Model(prior, noise=noise, mixing=self._mixing_module())

    def _mixing_module(self) -> Any:
        torch: Any = need("torch", "a linear mixing")
        from ivae_theory.training.modules import affine_module

        return affine_module(torch.from_numpy(np.vstack([self.mixing_, self.mean_]))).eval()

    def sample(self, u: ArrayLike, seed: int = 0) -> tuple[Array, Array]:
        """New sources (N, n) and observations (N, d) at these labels."""
        self._check()
        return self.model_.sample(label_numbers(u, self.labels_), seed)
