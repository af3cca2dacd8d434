"""What every flow must satisfy: stacks with known randomness, and the laws of a change of variables."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.problem import Rows  # noqa: E402


def stirred(stack: Any) -> Any:
    """The stack with parameters moved away from where they start."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        stack.flat.add_(0.2 * torch.randn(stack.flat.shape, generator=generator, dtype=torch.float64))
    return stack


def gathered(stack: Any, rows: int = 20) -> Rows:
    """Rows of x with every label in turn."""
    rng, architecture = np.random.default_rng(0), stack.architecture
    x = rng.standard_normal((rows, architecture.n)) * 3 + 1
    columns = np.eye(architecture.labels)[np.arange(rows) % architecture.labels]
    return Rows.gather([x], columns, [Whitening.fit(x)], stack.flat)


def assert_determinant_of_the_jacobian(stack: Any) -> None:
    w = torch.randn(6, stack.architecture.n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    _, log_det = stack.forward(w[None])
    assert log_det.shape == (1, 6)
    for row in range(6):
        jacobian = torch.autograd.functional.jacobian(lambda v: stack.forward(v[None, None])[0][0, 0], w[row])
        assert float(log_det[0, row].detach()) == pytest.approx(float(torch.linalg.slogdet(jacobian)[1]))


def assert_mixing_inverts(stack: Any, mixing: Callable[[Any, Whitening], Any]) -> None:
    n = stack.architecture.n
    rng = np.random.default_rng(0)
    y = rng.standard_normal((50, n)) @ rng.standard_normal((n, n)) + 2
    whitening = Whitening.fit(y)
    with torch.no_grad():
        z, _ = stack.forward(torch.from_numpy(whitening.apply(y))[None])
        np.testing.assert_allclose(mixing(stack, whitening)(z[0]).numpy(), y, atol=1e-9)


def assert_density_of_mass_one(stack: Any) -> None:
    """For two observed coordinates and four labels."""
    grid = torch.linspace(-25, 25, 1201, dtype=torch.float64)
    points = torch.cartesian_prod(grid, grid)
    columns = torch.nn.functional.one_hot(torch.ones(len(points), dtype=torch.long), 4).double()
    with torch.no_grad():
        density = stack.log_likelihood(torch.cat([points, columns], 1)[None])[0].exp()
    assert float(density.sum() * (grid[1] - grid[0]) ** 2) == pytest.approx(1, abs=2e-3)
