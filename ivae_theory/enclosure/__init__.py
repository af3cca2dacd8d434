"""Enclosures: ball evaluation of sympy expressions and of traced torch operations."""

from ivae_theory.enclosure.precision import precision

__all__ = ["precision"]
