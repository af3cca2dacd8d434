"""The one decision: do these vectors affinely span R^r? (theory, section 2)

Serves variability, ``v = lambda(u)``, and minimality, ``v = T_i(z)``. Yes is certified by ``r + 1`` points and a
non-zero determinant; no by a non-zero ``w`` with ``w . v`` constant.
"""

from ivae_theory.span.choose import choose_rows
from ivae_theory.span.decide import Decision, count_distinct, decide_floats, decide_rationals, distinct_rows
from ivae_theory.span.distance import smallest_singular_value
from ivae_theory.span.floats import spans_within_error
from ivae_theory.span.rational import ExactSpan, direction_basis, exact_span

__all__ = [
    "Decision",
    "ExactSpan",
    "choose_rows",
    "count_distinct",
    "decide_floats",
    "decide_rationals",
    "direction_basis",
    "distinct_rows",
    "exact_span",
    "smallest_singular_value",
    "spans_within_error",
]
