"""Theorem 3, hypothesis (i): does q(z | x, u) contain the true posterior? (theory, section 4)

The rest of Theorem 3 is Theorem 1 at the maximiser of the population bound; "infinite data" besides needs
compactness or the like, which no check of a model can give.
"""

from ivae_theory.posterior import check_posterior

__all__ = ["check_posterior"]
