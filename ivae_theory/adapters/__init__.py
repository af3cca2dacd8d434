"""From laws of torch.distributions, scipy.stats and sympy.stats to exponential families."""
