"""What the assertions of a run found: kept here by them, shown by the plugin. Light: every pytest run imports it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Entry", "Recorder", "active", "start", "stop"]


@dataclass(frozen=True)
class Entry:
    """One check of one model, or one comparison of latents.

    Attributes
    ----------
    test, name
        The test that asked, and the model's registered name (empty where it has none).
    subject, goal
        A line about what was checked, and the goal.
    status
        ``"holds"``, ``"fails"`` or ``"undecided"``.
    statement
        The conclusion in a sentence.
    open
        The claims that keep the goal from holding, each as ``"claim: STATUS"``.
    fragment
        The check as HTML, where the run writes a report; else empty.
    """

    test: str
    name: str
    subject: str
    goal: str
    status: str
    statement: str
    open: tuple[str, ...] = ()
    fragment: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values: they travel from the workers of pytest-xdist."""
        return {**asdict(self), "open": list(self.open)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Entry:
        """The entry that :meth:`to_dict` wrote."""
        return cls(**{**values, "open": tuple(values["open"])})


@dataclass(eq=False)
class Recorder:
    """The entries of the test that runs now; ``html`` says whether their fragments are wanted."""

    html: bool = False
    test: str = ""
    name: str = ""
    entries: list[Entry] = field(default_factory=list)

    def take(self) -> list[Entry]:
        """The entries since the last call."""
        taken, self.entries = self.entries, []
        return taken


#: The recorders of the pytest sessions that run in this process; a suite that tests a suite has two.
_recorders: list[Recorder] = []


def active() -> Recorder | None:
    """The recorder of the innermost running session, if any: assertions also work without pytest."""
    return _recorders[-1] if _recorders else None


def start(recorder: Recorder) -> None:
    """Record into ``recorder`` from now on."""
    _recorders.append(recorder)


def stop(recorder: Recorder) -> None:
    """Stop recording into ``recorder``."""
    if recorder in _recorders:
        _recorders.remove(recorder)
