"""The command line: ``ivae-theory``."""

from ivae_theory.cli.app import main

__all__ = ["main"]
