"""Mixing functions f: tracing, evaluation, and what makes them injective."""
