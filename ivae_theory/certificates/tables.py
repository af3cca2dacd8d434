"""The table of natural parameters that a report is about, as recheckers read it.

A report carries a small table whole. Of a large one it carries the digest, the error bound of each column and, with the
evidence, the rows on which a verdict rests; the other rows come from the model, where it is at hand.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb
from numpy.typing import NDArray

from ivae_theory.certificates.registry import InvalidCertificate, ModelNeeded
from ivae_theory.certificates.variability_symbolic import Symbolic, atoms, evaluated, natural_of
from ivae_theory.enclosure.formula.symbolic import number_ball
from ivae_theory.enclosure.rounding import column_error, unknown_error
from ivae_theory.exact import decode_array, exact_row, first_other_row, from_text, parse_fraction, to_text

__all__ = ["Table", "row_numbers", "with_table_of"]

Evidence = Mapping[str, Any]


def with_table_of(model: Any, subject: Evidence) -> Evidence:
    """The subject with the model's own table where it holds no more than a digest (the digests must be the same)."""
    natural = model.prior.natural
    if not getattr(natural, "large", False):
        return subject
    rows = natural.values if natural.kind == "floats" else natural.exact.array
    return {**subject, "natural": {**natural.describe(), "values": rows}}


def row_numbers(given: Any, count: int) -> list[int]:
    """Different row numbers below ``count``."""
    points = [int(point) for point in given]
    if len(set(points)) != len(points) or not all(0 <= point < count for point in points):
        raise InvalidCertificate(f"distinct rows below {count}", repr(given)[:60])
    return points


class Table:
    """Exact rows of the subject's table, and balls that contain what each row may be.

    Attributes
    ----------
    count, size
        Numbers of rows and of columns.
    kind
        ``"floats"``, ``"exact"`` or ``"symbols"``.
    """

    def __init__(self, subject: Evidence, evidence: Evidence) -> None:
        self.size = sum(int(k) for k in subject["ks"])
        self.declared = False
        self.numbers: NDArray[Any] | None = None
        self.texts: list[list[str]] = []
        self.place: dict[int, int] | None = None
        self.whole = subject["domain"]["kind"] in ("points", "symbolic")
        if subject["natural"]["kind"] == "symbolic":
            self._enumerate(Symbolic(subject))
            return
        if subject["natural"]["kind"] == "callable":
            self._read_answers(subject)
            return
        natural = natural_of(subject, "table")
        self.kind = str(natural["entries"])
        if isinstance(natural["values"], list):
            self.texts = natural["values"]
            self.count, columns = len(self.texts), len(self.texts[0])
        else:
            self._read_numbers(natural, evidence)
            self.count, columns = (int(side) for side in self._shape)
        if columns != self.size or self.kind not in ("floats", "exact", "symbols"):
            raise InvalidCertificate(f"a table with {self.size} columns", f"{columns} columns, {self.kind!r}")

    def _read_numbers(self, natural: Evidence, evidence: Evidence) -> None:
        """Floats or integers: the whole table, or the rows of a large one that come with the evidence."""
        values, kinds = natural["values"], {"floats": "f", "exact": "i"}
        if isinstance(values, np.ndarray) or "base64" in values:
            self.numbers = values if isinstance(values, np.ndarray) else decode_array(values)
            self._shape = self.numbers.shape
            if "rows" in evidence and not np.array_equal(
                decode_array(evidence["rows"]), self.numbers[row_numbers(evidence["points"], len(self.numbers))]
            ):
                raise InvalidCertificate("rows of the table", "others")
        else:
            self._shape = tuple(values["shape"])
            self._read_rows(evidence)
        if self.numbers is not None and self.numbers.dtype.kind != kinds[self.kind]:
            raise InvalidCertificate(f"a table of {self.kind}", str(self.numbers.dtype))
        if self.kind == "floats":
            self._read_errors(natural)

    def _read_rows(self, evidence: Evidence) -> None:
        if "rows" not in evidence:
            return
        rows = decode_array(evidence["rows"])
        points = row_numbers(evidence["points"], int(self._shape[0]))
        if rows.shape != (len(points), self.size):
            raise InvalidCertificate(f"{len(points)} rows of {self.size} numbers", f"shape {rows.shape}")
        self.numbers, self.place = rows, {point: place for place, point in enumerate(points)}

    def _read_errors(self, natural: Evidence) -> None:
        declared, given = natural["error"], None
        if self.numbers is not None:
            self.numbers = np.asarray(self.numbers, dtype=np.float64)
            if not np.isfinite(self.numbers).all():
                raise InvalidCertificate("finite natural parameters", "others")
        if "column_error" in natural:
            self.declared = declared is not None and declared["positive"] is not False
            self.error = np.asarray(decode_array(natural["column_error"]), dtype=np.float64)
            if self.error.shape != (self.size,) or not (self.error >= 0).all():
                raise InvalidCertificate(f"{self.size} error bounds", f"shape {self.error.shape}")
            return
        if self.numbers is None:
            raise InvalidCertificate("a table of floats", "none")
        if declared is not None:
            given = np.asarray(decode_array(declared), dtype=np.float64)
        self.declared = given is not None and bool((given > 0).any())
        self.error = column_error(self.numbers, str(natural["dtype"]), given)

    def _read_answers(self, subject: Evidence) -> None:
        """The answers of a callable without a graph, at the points of its domain."""
        natural = subject["natural"]
        if natural["graph"] is not None:
            raise InvalidCertificate("answers of a callable that was not traced", "a traced one")
        if "half precision" in str(natural.get("untraceable")):
            raise InvalidCertificate("answers of which half of the digits are right", "some in half precision")
        points = decode_array(natural["points"])
        self.kind = "floats"
        self.numbers = np.asarray(decode_array(natural["answers"]), dtype=np.float64)
        self.count, columns = self.numbers.shape
        of_domain = self.whole or (subject["domain"]["kind"] == "observed" and points.dtype.kind in "iu")
        if not (
            of_domain and columns == self.size and np.array_equal(points, decode_array(subject["domain"]["values"]))
        ):
            raise InvalidCertificate(f"answers with {self.size} columns at the points of the domain", "others")
        self.error = unknown_error(self.numbers)

    def _enumerate(self, model: Symbolic) -> None:
        """Symbols on finite sets: a row for each combination of their values."""
        values = [atoms(pieces) for pieces in model.sets]
        self.count = math.prod(map(len, values))
        if self.count > 4096:
            raise InvalidCertificate("at most 4096 combinations", f"{self.count}")
        rows = [evaluated(model, combination) for combination in itertools.product(*values)]
        self.kind = "exact" if all(entry.is_Rational for row in rows for entry in row) else "symbols"
        self.texts = [[to_text(entry) for entry in row] for row in rows]

    def _row(self, row: int) -> NDArray[Any]:
        if self.numbers is None or (self.place is not None and row not in self.place):
            raise ModelNeeded(f"a table of {self.count} rows and {self.size} columns")
        place = row if self.place is None else self.place[row]
        return np.asarray(self.numbers[place])

    def exact(self, row: int) -> list[Fraction]:
        """A row of floats or of rational numbers as fractions."""
        return [parse_fraction(text) for text in self.texts[row]] if self.texts else exact_row(self._row(row))

    def symbols(self, row: int) -> list[sympy.Expr]:
        """A row of a table of symbolic numbers."""
        return [from_text(text, [], "natural parameters") for text in self.texts[row]]

    def balls(self, row: int) -> list[arb]:
        """Balls that contain what the entries of a row may be."""
        if self.kind == "floats":
            return [arb(float(v), float(e)) for v, e in zip(self._row(row), self.error, strict=True)]
        return [number_ball(entry) for entry in self.symbols(row)]

    def first_other_row(self, weights: Sequence[Fraction]) -> int | None:
        """The first row with another combination than row 0; ``None`` when there is none."""
        if self.texts:
            used = [j for j, value in enumerate(weights) if value]
            sums = (sum(weights[j] * parse_fraction(row[j]) for j in used) for row in self.texts)
            level = next(sums)
            return next((number for number, value in enumerate(sums, 1) if value != level), None)
        return first_other_row(self._all(), weights)

    def count_distinct(self) -> int:
        """How many different rows there are."""
        if self.texts:
            return len({tuple(self.exact(row)) for row in range(self.count)})
        return len({(row + row.dtype.type(0)).tobytes() for row in self._all()})

    def _all(self) -> NDArray[Any]:
        if self.numbers is None or self.place is not None:
            raise ModelNeeded(f"a table of {self.count} rows and {self.size} columns")
        return self.numbers

    @property
    def as_given(self) -> bool:
        """Whether the values are the model's, so that a relation between them refutes."""
        return self.whole and self.kind in ("floats", "exact") and not self.declared
