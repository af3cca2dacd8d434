"""How many values of u an experiment needs for (V), and which further one helps most."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.domain import refuse_masked
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.hypotheses.distance import whiten
from ivae_theory.model.ranges import check_rows
from ivae_theory.span import choose_rows

__all__ = ["NextValue", "Plan", "plan"]

Floats = NDArray[np.float64]
#: Most numbers in one batch of singular value decompositions.
_BATCH = 4_000_000


@dataclass(frozen=True, eq=False)
class NextValue:
    """Which candidate raises the distance to failure most.

    Attributes
    ----------
    index
        Row number of that candidate.
    distance
        The distance to failure with it: the smallest singular value of the centred natural parameters that can be
        positive at all with so many values of u, in the unit that ``unit`` names.
    before
        The same without any further value (0.0 with fewer than two values).
    distances
        Shape (C,): the distance with each candidate.
    enough
        Whether ``nk + 1`` values are reached, so that ``distance`` is the distance to failure. The check of the model
        with that value scales the statistics by its own values of u, and reports a somewhat different number.
    unit
        How the statistics were scaled: once, by the current values and all candidates together.
    """

    index: int
    distance: float
    before: float
    distances: Floats
    enough: bool
    unit: str


@dataclass(frozen=True)
class Plan:
    """What theorem1.iii asks of an experiment.

    Attributes
    ----------
    families
        One exponential family a latent.
    needed
        ``nk + 1`` (``sum k_i + 1``): with fewer values of u the hypothesis fails, with so many it can hold.
    """

    families: tuple[Any, ...]
    needed: int

    @property
    def size(self) -> int:
        """nk, the number of natural parameters (sum of the k_i)."""
        return self.needed - 1

    def first(self, candidates: ArrayLike) -> tuple[int, ...]:
        """Row numbers of ``nk + 1`` of the candidates that lie far from a hyperplane (of all when there are fewer).

        Parameters
        ----------
        candidates
            Natural parameters, shape (C, n, k), (C, n) when k = 1, or (C, sum k_i).
        """
        rows, _ = whiten(SimpleNamespace(families=self.families), self._rows(candidates, "candidates"))
        return tuple(int(i) for i in choose_rows(rows, careful=True))

    def best_next(self, candidates: ArrayLike, current: ArrayLike | None = None) -> NextValue:
        """The candidate that raises the distance to failure most when its value of u is added to the current ones.

        Parameters
        ----------
        candidates, current
            Natural parameters lambda(u) at the candidate and at the current values of u, shapes as in :meth:`first`.

        Raises
        ------
        InputError
            For shapes that do not fit the families, and numbers that are not finite.
        NaturalParameterError
            For natural parameters that no value of u can have, since the density has no finite integral.
        """
        new = self._rows(candidates, "candidates")
        old = np.empty((0, self.size)) if current is None else self._rows(current, "current", empty=True)
        rows, unit = whiten(SimpleNamespace(families=self.families), np.concatenate([old, new]))
        old, new = rows[: len(old)], rows[len(old) :]
        before = _distance(old)
        distances = _with_each(old, new)
        index = int(np.argmax(distances))
        enough = len(old) >= self.size
        return NextValue(index, float(distances[index]), before, distances, enough, unit)

    def _rows(self, given: ArrayLike, argument: str, empty: bool = False) -> Floats:
        refuse_masked(given, argument)
        try:
            array = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputTypeError(argument, f"an array of shape (C, {self.size})", type(given).__name__) from None
        if empty and array.size == 0:
            return np.empty((0, self.size))
        if array.ndim < 2 or array.size == 0 or array[0].size != self.size or array.ndim > 3:
            raise InputError(argument, f"shape (C, {self.size}) or (C, n, k)", f"shape {array.shape}")
        if array.ndim == 3 and array.shape[1] != len(self.families):
            raise InputError(argument, f"shape (C, {len(self.families)}, k)", f"shape {array.shape}")
        if not np.isfinite(array).all():
            raise InputError(argument, "finite natural parameters", "NaN or infinity")
        rows = array.reshape(len(array), -1)
        check_rows(self.families, rows, None, lambda row: f"row {row} of {argument}")
        return rows

    def __str__(self) -> str:
        return (
            f"{self.needed} values of u: nk + 1 for n = {len(self.families)} latents with {self.size} statistics in all"
        )


@turn()
def plan(family: Any, n: int | None = None) -> Plan:
    """How many values of u theorem1.iii needs, and (methods of the result) which ones serve it best.

    Parameters
    ----------
    family
        An :class:`~ivae_theory.ExponentialFamily` for every latent, or a list with one family a latent.
    n
        Number of latents; may be left out with a list.

    Returns
    -------
    Plan
        ``plan.needed`` is ``nk + 1`` (Theorem 1, (iii)); ``plan.best_next(candidates, current)`` names the further
        value of u that raises the distance to failure most.

    Raises
    ------
    InputError, InputTypeError
        For something that is not a family, and for an ``n`` that is no count or does not fit the list.
    """
    listed: list[Any] = list(family) if isinstance(family, (list, tuple)) else [family]
    if not listed or not all(hasattr(member, "k") and hasattr(member, "natural_range") for member in listed):
        raise InputTypeError("family", "an ExponentialFamily or a list of them", type(family).__name__)
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer))):
        raise InputTypeError("n", "a number of latents", repr(n)[:40])
    if not isinstance(family, (list, tuple)):
        if n is None or n < 1:
            raise InputError("n", "at least one latent", repr(n))
        listed = listed * int(n)
    elif n is not None and n != len(listed):
        raise InputError("n", f"{len(listed)}, as many latents as families", repr(n))
    return Plan(tuple(listed), sum(int(member.k) for member in listed) + 1)


def _distance(rows: Floats) -> float:
    """The smallest singular value that can be positive with so many rows."""
    if len(rows) < 2:
        return 0.0
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    return float(values[min(len(rows) - 1, rows.shape[1]) - 1])


def _with_each(old: Floats, new: Floats) -> Floats:
    """The distance with each of the new rows added: centred rows change by one multiple of one row."""
    count, size = old.shape
    if count == 0:
        return np.zeros(len(new))
    mean = old.mean(axis=0)
    factor = np.asarray(np.linalg.qr(old - mean, mode="r"))
    added = (new - mean) * np.sqrt(count / (count + 1))
    last = min(count, size) - 1
    step = max(1, _BATCH // ((len(factor) + 1) * size))
    parts = []
    for start in range(0, len(added), step):
        some = added[start : start + step]
        stacked = np.concatenate([np.broadcast_to(factor, (len(some), *factor.shape)), some[:, None]], axis=1)
        parts.append(np.linalg.svd(stacked, compute_uv=False)[:, last])
    return np.concatenate(parts)
