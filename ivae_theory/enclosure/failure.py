"""What an enclosure says when it has no answer."""

from __future__ import annotations

from ivae_theory.errors import IvaeTheoryError

__all__ = ["CannotEnclose", "OutsideDomain"]


class CannotEnclose(IvaeTheoryError, ValueError):
    """No rigorous enclosure: an unknown operation, or an undecided branch or domain.

    It never means that something is false; the caller's verdict is "undecided", and names ``what``.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"no rigorous enclosure: {what}")
        self.what = what


class OutsideDomain(CannotEnclose):
    """Proved: on *all* of the ball the expression has no finite real value (logarithm of negative numbers)."""
