"""Does q(z | x, u) contain the true posterior (Theorem 3, hypothesis i)? By sampling, and exactly where that can be."""

from ivae_theory.posterior.gap import check_posterior, posterior_gap

__all__ = ["check_posterior", "posterior_gap"]
