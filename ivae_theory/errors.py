"""What bad input raises.

Every class is also a :class:`ValueError` or a :class:`TypeError`, so that callers who know nothing of this
package catch it as they would catch any other. Messages say which argument is meant, what was expected and
what came, in that order.
"""

from __future__ import annotations

__all__ = [
    "CallableFailed",
    "CorruptReport",
    "InputError",
    "InputTypeError",
    "IvaeTheoryError",
    "MissingExtra",
    "NaturalParameterError",
    "NonDeterministic",
    "NotExponentialFamily",
    "NotNormalizable",
]


class IvaeTheoryError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(IvaeTheoryError, ValueError):
    """An argument has the right type and a value that cannot be used.

    Parameters
    ----------
    argument
        The argument's name as the user wrote it.
    expected, got
        What was expected and what came, as phrases without a full stop.
    """

    def __init__(self, argument: str, expected: str, got: str) -> None:
        super().__init__(f"{argument}: expected {expected}, got {got}")
        self.argument, self.expected, self.got = argument, expected, got


class InputTypeError(InputError, TypeError):
    """An argument has a type that cannot be used."""


class NotExponentialFamily(InputError):
    """A law is not an exponential family in the parameter that varies (Eq. 7)."""


class NotNormalizable(InputError):
    """A density proved to have no finite integral, or to be negative."""


class NaturalParameterError(InputError):
    """Natural parameters outside the range in which the family is normalisable."""


class CallableFailed(InputError):
    """A callable that the user handed over raised, or returned something unusable."""


class NonDeterministic(InputError):
    """A callable answered differently when it was asked twice."""


class CorruptReport(InputError):
    """A report or a file that cannot be read, or whose content was changed."""


class MissingExtra(IvaeTheoryError, ImportError, ValueError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional dependency: pip install 'ivae_theory[{extra}]'")
        self.feature, self.extra = feature, extra
