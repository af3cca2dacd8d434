"""Exact algebra: rationals, linear algebra over them, and expressions as text."""

from ivae_theory.exact.grammar import from_text, to_text, writable
from ivae_theory.exact.linear import (
    affine_null_vector,
    determinant,
    integer_rows,
    null_vector,
    rank,
    rank_modulo,
)
from ivae_theory.exact.numbers import (
    decode_array,
    encode_array,
    fraction_text,
    parse_fraction,
    rationalised,
    to_arb,
    to_fmpq,
    to_fraction,
    value_at,
)
from ivae_theory.exact.tables import (
    IntegerRows,
    array_digest,
    blocks,
    exact_row,
    first_other_row,
    largest_magnitudes,
)

__all__ = [
    "IntegerRows",
    "affine_null_vector",
    "array_digest",
    "blocks",
    "decode_array",
    "determinant",
    "encode_array",
    "exact_row",
    "first_other_row",
    "fraction_text",
    "from_text",
    "integer_rows",
    "largest_magnitudes",
    "null_vector",
    "parse_fraction",
    "rank",
    "rank_modulo",
    "rationalised",
    "to_arb",
    "to_fmpq",
    "to_fraction",
    "to_text",
    "value_at",
    "writable",
]
