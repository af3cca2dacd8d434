"""Expressions as text: what is read is what was written, and nothing is run."""

import contextlib
import time

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivae_theory.errors import InputError
from ivae_theory.exact import from_text, to_text, writable

Z = sympy.Symbol("z", real=True)

LEAVES = st.one_of(
    st.just(Z),
    st.integers(-5, 5).map(sympy.Integer),
    st.fractions(-3, 3, max_denominator=7).map(sympy.Rational),
    st.just(sympy.pi),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        inner.map(lambda e: e**2),
        inner.map(sympy.exp),
        inner.map(sympy.Abs),
        inner.map(sympy.tanh),
        inner.map(sympy.floor),
        inner.map(lambda e: sympy.Max(e, 0) if e.is_real else e),
        inner.map(lambda e: sympy.Piecewise((e, Z > 0), (0, True))),
    ),
    max_leaves=6,
)


def built_again(expression):
    """What sympy makes of the expression when it builds it from the leaves: it need not stop at the first time."""
    return expression if expression.is_Atom else expression.func(*map(built_again, expression.args))


@settings(deadline=None)
@given(EXPRESSIONS)
@example(sympy.Abs(2 * sympy.Abs(Z)))  # 2*Abs(Abs(z)), which is 2*Abs(z) when it is read
def test_text_is_read_back_as_the_same_expression(expression):
    assert from_text(to_text(expression), [Z]) in (expression, built_again(expression))


@pytest.mark.parametrize(
    "name", ["E", "pi", "I", "oo", "lambda", "None", "z_{1}", "x 1", "", "1", "z+1", "z#", "\u017f"]
)
def test_symbols_whose_names_text_cannot_carry_are_written_under_another(name):
    """``E*E`` would be a square or e E; LaTeX names are no names; Python reads the long s as an s."""
    given = sympy.Symbol(name, real=True)
    written = sympy.Symbol(writable([given])[given], real=True)
    text = to_text((given**2 + sympy.E * given).xreplace({given: written}))
    assert from_text(text, [written]) == written**2 + sympy.E * written
    with pytest.raises(InputError, match="names of their own"):
        from_text("1", [given])


class relu(sympy.Function):
    """Twice what is above -1, and no function of ours."""

    @classmethod
    def eval(cls, x):
        return 2 * sympy.Max(x, -1) if x.is_Number else None


@pytest.mark.parametrize("namesake", [relu, sympy.Function("exp"), sympy.Function("Abs"), sympy.Function("softplus")])
def test_functions_that_only_have_the_name_of_one_that_is_read_are_not_read(namesake):
    assert to_text(namesake(Z)) == f"other_{namesake.__name__}(z)"
    with pytest.raises(InputError, match="a known function"):
        from_text(to_text(sympy.exp(1 + Z * namesake(sympy.tanh(Z)))), [Z])


def test_written_names_are_distinct():
    given = [sympy.Symbol(name) for name in ("\u017f", "s", "s_", "E", "E_", "x_{1}", "x_1")]
    assert writable(given) == dict(zip(given, ["s__", "s", "s_", "E__", "E_", "x_1_", "x_1"], strict=True))


def test_floats_are_read_as_the_rationals_that_they_are():
    assert from_text("0.1*z", [Z]) == sympy.Rational(*(0.1).as_integer_ratio()) * Z


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os').system('true')",
        "z.__class__",
        "().__class__.__bases__[0]",
        "lambda: 1",
        "[x for x in (1,)]",
        "exec('1')",
        "open('x')",
        "getattr(z, 'func')",
        "f'{z}'",
        "'text'",
        "z if z else 1",
        "z := 1",
        "{1: 2}",
        "z[0]",
        "exp(*[z])",
        "exp(x=z)",
        "y + z",
        "z @ z",
        "z % 2",
        "z is z",
        "",
        "z +",
        "(" * 500 + "z" + ")" * 500,
        "z" + "+z" * 60_000,
        "9**9**9**9",
        "z**99999999999",
        "Piecewise(z)",
        "exp()",
        "exp(z, z, z)",
        "\x00",
        "log(z) log(z)",
    ],
)
def test_what_is_not_of_the_grammar_is_refused_and_never_run(hostile):
    start = time.monotonic()
    with pytest.raises(InputError, match="statistics"):
        from_text(hostile, [Z], "statistics")
    assert time.monotonic() - start < 10


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_one_clear_error(text):
    with contextlib.suppress(InputError):
        assert isinstance(from_text(text, [Z]), (sympy.Basic, tuple))
