"""Exact algebra: rationals, linear algebra over them, and expressions as text."""

from ivae_theory.exact.grammar import from_text, to_text
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
)

__all__ = [
    "affine_null_vector",
    "decode_array",
    "determinant",
    "encode_array",
    "fraction_text",
    "from_text",
    "integer_rows",
    "null_vector",
    "parse_fraction",
    "rank",
    "rank_modulo",
    "rationalised",
    "to_arb",
    "to_fmpq",
    "to_fraction",
    "to_text",
]
