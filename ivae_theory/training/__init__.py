"""Train identifiable latent-variable models on data whose truth is known, and say how close to it they came."""

from ivae_theory.training.data import PRESETS, Dataset, Simulation, simulate

__all__ = ["PRESETS", "Dataset", "Simulation", "simulate"]
