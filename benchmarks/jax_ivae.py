"""The same iVAE step in JAX, for comparison alone: S replicas, Eq. (8) with autodiff, Adam, one jitted ``lax.scan``.

What a user at home in JAX would write: batched products, donated buffers, the fast generator of random bits. It needs
the extra ``benchmarks``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["JaxIVAE"]

Array = NDArray[np.float32]


class JaxIVAE:
    """Stacked iVAEs with diagonal posteriors, a look-up prior and three layers.

    Parameters
    ----------
    weights
        Name -> (S, inputs + 1, outputs), as :class:`ivae_theory.training.networks.Stack` has them.
    x, u, precision
        Whitened observations (N, d), labels (N,), and inverse noise variances (d,).
    slope, batch, steps
        Of the leaky ReLU; rows a step; steps a call.

    Labels select rows of weights, and all parameters are one vector for Adam: both were a little faster here than
    one-hot columns and a tree of parameters.
    """

    def __init__(
        self,
        weights: Mapping[str, Array],
        x: Array,
        u: NDArray[np.int64],
        precision: Array,
        *,
        slope: float = 0.1,
        batch: int = 64,
        steps: int = 100,
    ) -> None:
        import jax
        import jax.numpy as jnp
        from jax import lax
        from jax.flatten_util import ravel_pytree

        self.jax = jax
        self.steps, self.calls = steps, 0
        n = weights["encoder.2"].shape[2] // 2
        d, count = x.shape[1], len(x)
        data, numbers, scale = jnp.asarray(x), jnp.asarray(u), jnp.asarray(precision)
        parameters: dict[str, Any] = {"prior": jnp.asarray(weights["prior.0"])}
        for name in ("encoder", "decoder"):
            for level in range(3):
                values = weights[f"{name}.{level}"]
                bare = name == "encoder" and level == 0  # one-hot labels are its biases
                parameters[f"{name}.{level}"] = jnp.asarray(values if bare else values[:, :-1])
                if not bare:
                    parameters[f"{name}.{level}.bias"] = jnp.asarray(values[:, -1:])

        def layer(p: Any, name: str, h: Any) -> Any:
            return jnp.matmul(h, p[name]) + p[f"{name}.bias"]

        def act(h: Any) -> Any:
            return jnp.where(h > 0, h, slope * h)

        flat, tree = ravel_pytree(parameters)

        def loss(vector: Any, rows: Any, noise: Any) -> Any:
            p = tree(vector)
            xb, ub = data[rows], numbers[rows]
            first = p["encoder.0"]
            h, log_variance = jnp.matmul(xb, first[:, :d]) + first[:, d:][:, ub], p["prior"][:, ub]
            out = layer(p, "encoder.2", act(layer(p, "encoder.1", act(h))))
            mean, log_deviation = out[..., :n], out[..., n:]
            deviation = jnp.exp(log_deviation)
            z = mean + deviation * noise
            f = layer(p, "decoder.2", act(layer(p, "decoder.1", act(layer(p, "decoder.0", z)))))
            error = 0.5 * (scale * (xb - f) ** 2).sum(-1)
            excess = 0.5 * (log_variance + (deviation**2 + mean**2) * jnp.exp(-log_variance)) - log_deviation
            return (error + excess.sum(-1)).mean(-1).sum()

        gradient = jax.grad(loss)
        self._gradient, self._tree, self._start = jax.jit(gradient), tree, flat

        def scan(state: Any, key: Any) -> Any:
            shuffle, key = jax.random.split(key)
            order = jax.random.permutation(shuffle, count)

            def step(carry: Any, t: Any) -> Any:
                p, m, v, number = carry
                rows = lax.dynamic_slice(order, ((t % (count // batch)) * batch,), (batch,))
                shape = (first_size, batch, n)
                g = gradient(p, rows, jax.random.normal(jax.random.fold_in(key, t), shape, jnp.float32))
                number = number + 1
                rate = 1e-2 * 0.5 * (1 + jnp.cos(math.pi * number / 1e6))
                rate = rate * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
                m = 0.9 * m + 0.1 * g
                v = 0.999 * v + 0.001 * g * g
                return (p - rate * m / (jnp.sqrt(v) + 1e-8), m, v, number), None

            return lax.scan(step, state, jnp.arange(steps))[0]

        first_size = weights["prior.0"].shape[0]
        self._scan = jax.jit(scan, donate_argnums=0)
        self._state = (jnp.array(flat), jnp.zeros_like(flat), jnp.zeros_like(flat), jnp.float32(0))
        self._key = jax.random.key(0, impl="rbg")

    def run(self) -> None:
        """Make ``steps`` steps of all replicas."""
        self.calls += 1
        key = self.jax.random.fold_in(self._key, self.calls)
        self._state = self.jax.block_until_ready(self._scan(self._state, key))

    def gradients(self, rows: NDArray[np.int64], noise: Array) -> dict[str, Array]:
        """The gradient at the initial weights, named as they are."""
        parts = {name: np.asarray(v) for name, v in self._tree(self._gradient(self._start, rows, noise)).items()}
        result = {"prior.0": parts["prior"]}
        for name in [key for key in parts if key[-1].isdigit()]:
            bias = [parts[f"{name}.bias"]] if f"{name}.bias" in parts else []
            result[name] = np.concatenate([parts[name], *bias], 1)
        return result
