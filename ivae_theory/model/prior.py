"""The conditionally factorial prior of Eq. (7): families (T_i, Q_i) and natural parameters lambda(u)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.domain import Box, Domain, Observed, Points, SymbolicDomain, as_domain
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import IntegerRows
from ivae_theory.model.natural import CallableNatural, Natural, TableNatural
from ivae_theory.model.ranges import check_rows, proved_on_box
from ivae_theory.model.reading import is_symbolic, read_callable, read_symbolic, read_table

__all__ = ["Prior"]


class Prior:
    """p(z | u) = prod_i Q_i(z_i) exp(T_i(z_i) . lambda_i(u)) / Z_i(u), Eq. (7).

    Parameters
    ----------
    family
        One :class:`ExponentialFamily` for every latent, or a list with one family a latent.
    natural
        lambda(u): a table (M, n, k), (M, n) when k = 1, or (M, sum k_i), whose row m belongs to ``u = m``; a
        callable or ``nn.Module`` that takes the batch (B, m) and answers in these shapes; or a sympy matrix.
    u
        For callables the domain (an array or ``Points`` is the whole support; ``Observed``; ``Box``); for sympy the
        symbols, or ``{symbol: set}``. A table is a whole finite support, unless ``u=Observed(range(M))`` says that
        more values exist.
    error
        Entrywise bound of the error of a float table, a number or an array, where it is more than the rounding of
        the entries.

    Attributes
    ----------
    families, n, ks, size
        One family a latent; number of latents; the k_i; their sum.
    domain, natural
        Where u lives; the natural parameters.
    assumptions
        What was accepted without a proof, one sentence each.

    Raises
    ------
    InputError, InputTypeError
        For shapes that disagree, numbers that are not finite, and types that cannot be read.
    NaturalParameterError
        For natural parameters at which the density is proved not to be normalisable.
    CallableFailed, NonDeterministic
        For callables that raise, or answer differently when asked twice.
    """

    @turn()
    def __init__(self, family: Any, natural: Any, u: Any = None, *, error: Any = None) -> None:
        ks = _counts(family)
        self.natural: Natural
        self.domain: Domain
        if callable(natural) and not hasattr(natural, "free_symbols"):
            self.domain = as_domain(u)
            self.natural = read_callable(natural, ks, self.domain)
        elif is_symbolic(natural) or (isinstance(natural, sympy.MatrixBase) and _ranges_over_symbols(u)):
            self.natural = read_symbolic(natural, ks, as_domain(u))
            self.domain = self.natural.domain  # with the names that reports can carry
        else:
            self.natural = read_table(natural, ks, error)
            self.domain = _table_domain(u, len(self.natural.values))
        if error is not None and not isinstance(self.natural, TableNatural):
            raise InputError("error", "nothing unless the prior is a table of floats", repr(error)[:60])
        self._finish(family)

    def _finish(self, family: Any) -> None:
        one_for_all = not isinstance(family, (list, tuple))
        count = self.natural.size // family.k if one_for_all else len(family)
        self.families: tuple[Any, ...] = (family,) * count if one_for_all else tuple(family)
        self.n = count
        self.ks: tuple[int, ...] = tuple(int(member.k) for member in self.families)
        self.size = sum(self.ks)
        self.assumptions: tuple[str, ...] = self._check_range()

    @classmethod
    @turn()
    def from_torch(cls, function: Callable[[Any], Any], u: Any) -> Prior:
        """The prior of ``function(u) -> torch.distributions.Distribution`` with batch (B, n).

        Parameters that do not vary with u reduce the family, latent by latent (a Normal with constant mean m is
        k = 1, T = (z - m)^2). "Does not vary" is concluded only from the whole finite support or from the traced
        computation, never from equal values at some points of a larger support.

        Raises
        ------
        NotExponentialFamily
            For laws that are no exponential family in the parameter that varies; the parameter is named.
        """
        from ivae_theory.model.torch_prior import prior_from_torch

        prior: Prior = prior_from_torch(cls, function, as_domain(u))
        return prior

    @classmethod
    @turn()
    def from_scipy(cls, laws: Sequence[Sequence[Any]], u: Any = None) -> Prior:
        """The prior of frozen scipy.stats laws: ``laws[m][i]`` is the law of latent i given ``u = m``.

        Raises
        ------
        NotExponentialFamily
            For laws that are no exponential family in the parameter that varies; the parameter is named.
        """
        from ivae_theory.model.scipy_prior import prior_from_scipy

        prior: Prior = prior_from_scipy(cls, laws, u)
        return prior

    def evaluate(self, u: Any) -> NDArray[np.float64]:
        """lambda(u) as (B, size) for points u of shape (B, m); a table's points are its row numbers, (B,) or (B, 1)."""
        return self.natural.evaluate(np.asarray(u))

    def sample(self, u: Any, rng: np.random.Generator) -> NDArray[np.float64]:
        """One draw of z, shape (B, n), for every point u."""
        natural = self.evaluate(u)
        blocks = np.split(natural, list(itertools.accumulate(self.ks))[:-1], axis=1)
        columns = [family.sample(block, rng) for family, block in zip(self.families, blocks, strict=True)]
        return np.stack(columns, axis=1)

    def log_density(self, z: NDArray[np.float64], u: Any) -> NDArray[np.float64]:
        """log p(z | u), shape (.., B), for z of shape (.., B, n) and B points u; -inf outside the support."""
        blocks = np.split(self.evaluate(u), list(itertools.accumulate(self.ks))[:-1], axis=1)
        total = np.zeros(np.shape(z)[:-1])
        for i, (family, block) in enumerate(zip(self.families, blocks, strict=True)):
            rows, which = np.unique(block, axis=0, return_inverse=True)
            mass = np.asarray(family.log_partition(rows), dtype=np.float64)[which.reshape(-1)]
            inner = (np.asarray(family.evaluate(z[..., i])) * block).sum(axis=-1)
            base = family.log_base(z[..., i])
            total += np.where(np.isneginf(base), -np.inf, base + inner - mass)
        return total

    def describe(self) -> dict[str, Any]:
        """JSON values: families, domain and natural parameters without loss."""
        return {
            "n": self.n,
            "ks": list(self.ks),
            "families": [family.describe() for family in self.families],
            "domain": describe_domain(self.domain, whole=not getattr(self.natural, "large", False)),
            "natural": self.natural.describe(),
        }

    def __repr__(self) -> str:
        return f"Prior(n={self.n}, ks={self.ks}, natural={type(self.natural).__name__})"

    def _check_range(self) -> tuple[str, ...]:
        if isinstance(self.natural, TableNatural):
            exact: Any = self.natural.exact if self.natural.kind == "exact" else None
            if isinstance(exact, IntegerRows):
                return check_rows(self.families, exact.array, None, lambda row: f"u = {row}")
            return check_rows(self.families, self.natural.values, exact, lambda row: f"u = {row}")
        if isinstance(self.natural, CallableNatural):
            points = self.natural.points
            assumed = check_rows(self.families, self.natural.answers, None, lambda row: f"u = {points[row].tolist()}")
            return assumed + self._beyond_the_points(self.natural)
        from ivae_theory.model.symbolic_range import check_symbolic

        return check_symbolic(self.families, self.natural)

    def _beyond_the_points(self, natural: CallableNatural) -> tuple[str, ...]:
        if isinstance(self.domain, Points):
            return ()
        box = self.domain if isinstance(self.domain, Box) else None
        if box is not None and natural.graph is not None and proved_on_box(self.families, natural.graph, box):
            return ()
        count = len(natural.points)
        return (
            f"the natural parameters stay in the families' range for every u, not only at the {count} that were tried",
        )


def _counts(family: Any) -> int | tuple[int, ...]:
    """The k of one family, or the k_i of a list of families."""
    if isinstance(family, (list, tuple)):
        if not family:
            raise InputError("family", "at least one family", "an empty list")
        for index, member in enumerate(family):
            _require_family(member, f"family[{index}]")
        return tuple(int(member.k) for member in family)
    _require_family(family, "family")
    return int(family.k)


def _require_family(family: Any, argument: str) -> None:
    if not all(hasattr(family, name) for name in ("k", "statistics", "natural_range", "describe")):
        raise InputTypeError(argument, "an ExponentialFamily or a list of them", type(family).__name__)


def _ranges_over_symbols(u: Any) -> bool:
    """Whether u is given by symbols: a matrix of numbers is then a lambda that is the same for every u."""
    return u is not None and isinstance(as_domain(u), SymbolicDomain)


def _table_domain(u: Any, count: int) -> Domain:
    if u is None:
        return Points(np.arange(count))
    domain = as_domain(u)
    labels = getattr(domain, "values", None)
    if labels is None or labels.shape != (count, 1) or not np.array_equal(labels[:, 0], np.arange(count)):
        raise InputError("u", f"nothing, or the labels 0 .. {count - 1} (row m of a table is u = m)", repr(u)[:60])
    return domain


def describe_domain(domain: Domain, whole: bool = True) -> dict[str, Any]:
    """Where u lives as JSON values; of the labels of a large table (not ``whole``) the digest."""
    from ivae_theory.exact import array_digest, encode_array
    from ivae_theory.model.natural import describe_set

    if isinstance(domain, (Points, Observed)):
        kind = "points" if isinstance(domain, Points) else "observed"
        return {"kind": kind, "values": (encode_array if whole else array_digest)(domain.values)}
    if isinstance(domain, Box):
        return {
            "kind": "box",
            "low": [float(v).hex() for v in domain.low],
            "high": [float(v).hex() for v in domain.high],
        }
    return {
        "kind": "symbolic",
        "symbols": [symbol.name for symbol in domain.sets],
        "sets": [describe_set(where) for where in domain.sets.values()],
    }
