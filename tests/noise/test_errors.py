"""Every error about noise names the argument, what was expected and what came: the whole message, not a part."""

# ruff: noqa: E501  (a case is a line)
from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import I, Interval, Rational, Symbol, exp, oo

from ivae_theory.errors import (
    CallableFailed,
    CorruptReport,
    InputError,
    InputTypeError,
    IvaeTheoryError,
    NotNormalizable,
)
from ivae_theory.noise import Discrete, Noise, as_noise
from ivae_theory.noise.gaussian import MultivariateStudent
from ivae_theory.noise.laws import Law, Opaque
from ivae_theory.noise.named import NAMED
from ivae_theory.noise.reading import law_from_description
from ivae_theory.noise.registry import ADAPTERS, EXPECTED

x, t, s = sympy.symbols("x t s", real=True)
TWO = Noise.gaussian([1, 2])
RNG = np.random.default_rng(0)
HUGE = 10**400


def _raising(values: Any) -> Any:
    raise KeyError("no")


CASES: list[tuple[Callable[[], Any], type[IvaeTheoryError], str]] = [
    (lambda: Noise(cf="exp(-t**2)"), InputTypeError, "cf: expected a sympy expression, got str"),
    (
        lambda: Noise(cf=exp(-(t**2) - s**2)),
        InputError,
        "symbols: expected the symbols of cf in order, as symbols=[...], got 2 symbols without order",
    ),
    (
        lambda: Noise(cf=exp(-(t**2)), symbols=[]),
        InputError,
        "symbols: expected the symbols of the characteristic function, got []",
    ),
    (
        lambda: Noise(cf=exp(-(t**2)), symbols=["t"]),
        InputError,
        "symbols: expected the symbols of the characteristic function, got ['t']",
    ),
    (
        lambda: Noise(cf=exp(-(t**2)), symbols=[t, Symbol("t")]),
        InputError,
        "symbols: expected symbols with different names, got [t, t]",
    ),
    (lambda: Noise(cf=exp(-(t**2)), symbols=[s]), InputError, "cf: expected an expression in s, got exp(-t**2)"),
    (
        lambda: Noise(cf=exp(-(t**2) - s**2), symbols=[s, x]),
        InputError,
        "cf: expected an expression in s, x, got exp(-s**2 - t**2)",
    ),
    (lambda: Noise(cf=2 * exp(-(t**2))), InputError, "cf: expected the value 1 at 0, got (2+0j)"),
    (lambda: Noise(cf=exp(t)), InputError, "cf: expected absolute values of at most 1, got 1.01005 at 0.01"),
    (
        lambda: Noise(cf=exp(t - s), symbols=[t, s]),
        InputError,
        "cf: expected phi(-t) to be the conjugate of phi(t), got a violation at -0.01, 0.01",
    ),
    (
        lambda: Noise(cf=exp(-I * t) / (1 + t)),
        InputError,
        "cf: expected phi(-t) to be the conjugate of phi(t), got a violation at 0.01",
    ),
    (
        lambda: Noise(cf=exp(-(t**4))),
        InputError,
        "cf: expected 1 - Re phi(2t) <= 4 (1 - Re phi(t)), got a violation at t = 0.01",
    ),
    (  # at 0.01 the value is 0/0
        lambda: Noise(cf=1 + t**2 * sympy.sin(t - Rational(1, 100)) / (t - Rational(1, 100))),
        InputError,
        "cf: expected absolute values of at most 1, got 1.00999 at 0.1",
    ),
    (
        lambda: Noise(density="exp(-x**2)"),
        InputTypeError,
        "density: expected a sympy expression or a callable, got str",
    ),
    (
        lambda: Noise(density=x + s),
        InputError,
        "density: expected an expression in one symbol (a density on R), got s + x",
    ),
    (
        lambda: Noise(density=exp(-x), support=sympy.FiniteSet(1)),
        InputError,
        "support: expected a finite union of intervals, got {1}",
    ),
    (
        lambda: Noise(density=exp(x)),
        NotNormalizable,
        "density: expected a finite integral, got exp(x), which diverges at oo",
    ),
    (
        lambda: Noise(density=exp(-x)),
        NotNormalizable,
        "density: expected a finite integral, got exp(-x), which diverges at -oo",
    ),
    (
        lambda: Noise(density=sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1),
        NotNormalizable,
        "density: expected an integral of 1, got sin(x)**2 + cos(x)**2 - 1, which is zero everywhere",
    ),
    (
        lambda: Noise(density=x, support=Interval(-1, 1)),
        NotNormalizable,
        "density: expected values that are not negative, got -0.99 at -0.9899999999981992",
    ),
    (
        lambda: Noise(density=sympy.Integer(2), support=Interval(0, 1)),
        NotNormalizable,
        "density: expected an integral of 1, got an integral above 2.0000",
    ),
    (
        lambda: Noise(density=x**2, support=Interval(0, 1)),
        NotNormalizable,
        "density: expected an integral of 1, got an integral below 0.3346",
    ),
    (
        lambda: Noise(density=_raising).log_density(np.zeros((2, 1))),
        CallableFailed,
        "density: expected a function of an array that returns its density, got KeyError('no')",
    ),
    (
        lambda: Noise(density=lambda v: [["no"]]).log_density(np.zeros((1, 1))),
        CallableFailed,
        "density: expected a function of an array that returns its density, "
        """got ValueError("could not convert string to float: 'no'")""",
    ),
    (lambda: Noise(), InputError, "Noise: expected exactly one of density=, cf=, law=, got none or several of them"),
    (
        lambda: Noise(density=exp(-x), cf=exp(-t)),
        InputError,
        "Noise: expected exactly one of density=, cf=, law=, got none or several of them",
    ),
    (lambda: Noise.gaussian(1, learned="no"), InputTypeError, "learned: expected True or False, got 'no'"),
    (
        lambda: Noise(density=exp(-x), symbols=[x]),
        InputError,
        "symbols: expected symbols together with cf=, got symbols without cf=",
    ),
    (
        lambda: Noise(cf=exp(-(t**2)), support=Interval(0, oo)),
        InputError,
        "support: expected a support together with density=, got a support without density=",
    ),
    (lambda: Noise(law="gaussian"), InputTypeError, "law: expected a Law, got str"),
    (
        lambda: Noise.mixture([0.5, 0.6], [Noise.none(), Noise.none()]),
        InputError,
        "weights: expected 2 weights that are not negative and sum to 1, got [0.5, 0.6]",
    ),
    (
        lambda: Noise.mixture([1], [Noise.none(), Noise.none()]),
        InputError,
        "weights: expected 2 weights that are not negative and sum to 1, got [1]",
    ),
    (
        lambda: Noise.mixture([2, -1], [Noise.none(), Noise.none()]),
        InputError,
        "weights: expected 2 weights that are not negative and sum to 1, got [2, -1]",
    ),
    (
        lambda: Noise.mixture(["half", 0.5], [Noise.none(), Noise.none()]),
        InputTypeError,
        "weights: expected a number, got str",
    ),
    (
        lambda: Noise.mixture([0.5, 0.5], [TWO, Noise.gaussian([1, 2, 3])]),
        InputError,
        "mixture: expected laws of one dimension, got dimensions [2, 3]",
    ),
    (
        lambda: Noise.mixture([1], [Discrete("bernoulli")]),
        InputTypeError,
        "mixture: expected additive noises, got Discrete",
    ),
    (lambda: Noise.mixture([], []), InputError, "mixture: expected at least one noise, got none"),
    (lambda: Noise.product([]), InputError, "product: expected at least one noise, got none"),
    (lambda: Noise.product([Discrete("bernoulli")]), InputTypeError, "product: expected additive noises, got Discrete"),
    (lambda: TWO + Noise.gaussian([1, 2, 3]), InputError, "sum: expected laws of one dimension, got dimensions [2, 3]"),
    (lambda: TWO + np.ones((2, 2)), InputError, "shift: expected a number or a vector (d,), got shape (2, 2)"),
    (lambda: TWO + np.ones(3), InputError, "shift: expected 2 entries, got 3"),
    (lambda: TWO + "one", InputTypeError, "shift: expected a number, got str"),
    (lambda: TWO * "two", InputTypeError, "scale: expected a number, got str"),
    (lambda: np.ones((3, 3)) @ TWO, InputError, "B: expected 2 columns, got 3"),
    (lambda: TWO.__rmatmul__(np.ones(2)), InputError, "B: expected a matrix (d', d), got shape (2,)"),
    (lambda: TWO.__rmatmul__([["a", 1]]), InputTypeError, "B: expected a number, got str"),
    (lambda: TWO.sample((5, 3), RNG), InputError, "noise: expected 2 coordinates, got 3"),
    (lambda: TWO.log_density(np.zeros((5, 3))), InputError, "noise: expected 2 coordinates, got 3"),
    (lambda: TWO.characteristic(np.zeros((5, 3))), InputError, "noise: expected 2 coordinates, got 3"),
    (
        lambda: Noise(cf=exp(-(t**2))).sample((5, 3), RNG),
        InputError,
        "noise: expected a law that can be sampled, got law with characteristic function exp(-t**2)",
    ),
    (lambda: Noise.gaussian(-1), InputError, "variance: expected variances that are not negative, got -1.0"),
    (lambda: Noise.gaussian(float("nan")), InputError, "variance: expected a finite number, got nan"),
    (lambda: Noise.gaussian([1, -2]), InputError, "variance: expected variances that are not negative, got -2.0"),
    (
        lambda: Noise.gaussian(np.zeros((2, 3))),
        InputError,
        "variance: expected a square covariance matrix, got shape (2, 3)",
    ),
    (
        lambda: Noise.gaussian(np.zeros((2, 2, 2))),
        InputError,
        "variance: expected a variance, a vector (d,) or a matrix (d, d), got shape (2, 2, 2)",
    ),
    (
        lambda: Noise.gaussian([]),
        InputError,
        "variance: expected a variance, a vector (d,) or a matrix (d, d), got shape (0,)",
    ),
    (
        lambda: Noise.gaussian([[1, 2], [0, 1]]),
        InputError,
        "variance: expected a symmetric covariance matrix, got an asymmetric one",
    ),
    (
        lambda: Noise.gaussian([[1, 2], [2, 1]]),
        InputError,
        "variance: expected a positive semi-definite covariance matrix, got the eigenvalue -1",
    ),
    (
        lambda: Noise.gaussian([[1, 0], [0, -1e-12]]),
        InputError,
        "variance: expected variances that are not negative, got a negative diagonal entry",
    ),
    *(
        (call, InputError, f"{argument}: expected a number that a float can hold, got a larger one")
        for call, argument in (
            (lambda: Noise.gaussian(HUGE), "variance"),
            (lambda: Noise.gaussian([1, -HUGE]), "variance"),
            (lambda: Noise.gaussian([[HUGE, 0], [0, 1]]), "variance"),
            (lambda: TWO * HUGE, "scale"),
            (lambda: TWO - HUGE, "shift"),
            (lambda: np.array([[1, HUGE]]) @ TWO, "B"),
        )
    ),
    (lambda: Noise.gaussian([[1, 0], [0, "a"]]), InputTypeError, "variance: expected a number, got str"),
    (lambda: MultivariateStudent(Fraction(1)), InputTypeError, "shape: expected a matrix (d, d), got a number"),
    (lambda: MultivariateStudent((Fraction(1),), Fraction(0)), InputError, "df: expected a positive number, got 0"),
    (
        lambda: Discrete("binomal"),
        InputError,
        "Discrete: expected one of bernoulli, categorical, geometric, poisson, got 'binomal'",
    ),
    (lambda: as_noise(None), InputTypeError, f"noise: expected {EXPECTED}, got None; write Noise.none() for no noise"),
    (
        lambda: as_noise(0.1),
        InputTypeError,
        f"noise: expected {EXPECTED}, got 0.1; write Noise.gaussian(variance) for Gaussian noise",
    ),
    (
        lambda: as_noise("gaussian"),
        InputTypeError,
        f"noise: expected {EXPECTED}, got 'gaussian'; write Noise.gaussian(variance) for Gaussian noise",
    ),
    (lambda: as_noise(object()), InputTypeError, f"noise: expected {EXPECTED}, got object"),
    (lambda: Law().describe(), InputError, "law: expected a law that can be described, got Law"),
    (lambda: Law().sample((1,), RNG), InputError, "noise: expected a law that can be sampled, got law"),
    (
        lambda: Opaque("a black box").sample((1,), RNG),
        InputError,
        "noise: expected a law that can be sampled, got a black box",
    ),
    (lambda: NAMED["t"].validate({}), InputError, "t: expected the parameters df, got none"),
    (lambda: NAMED["beta"].validate({}), InputError, "beta: expected the parameters a, b, got none"),
    (lambda: NAMED["t"].validate({"df": Fraction(-1, 2)}), InputError, "t: expected df > 0, got df=-0.5"),
    (lambda: NAMED["gamma"].validate({"a": "oo"}), InputError, "gamma: expected a finite a, got a=oo"),
    (
        lambda: NAMED["norminvgauss"].validate({"a": Fraction(1), "b": Fraction(2)}),
        InputError,
        "norminvgauss: expected And(a > 0, Abs(b) < a), got a=1.0, b=2.0",
    ),
    (
        lambda: NAMED["uniform"].validate({"a": Fraction(1)}),
        InputError,
        "uniform: expected the parameters (none), got a=1.0",
    ),
    (lambda: law_from_description({}), CorruptReport, "noise: expected the description of a law, got KeyError: 'node'"),
    (
        lambda: law_from_description({"node": "discrete", "name": "bernoulli"}),
        CorruptReport,
        "noise: expected the description of a law, got CorruptReport: noise: expected the description of a law on R or R^d, got 'discrete'",
    ),
    (
        lambda: law_from_description({"node": "gaussian", "covariance": "x"}),
        CorruptReport,
        "noise: expected the description of a law, got CorruptReport: certificate: expected a rational number as text, got 'x'",
    ),
    (
        lambda: law_from_description({"node": "density", "expression": "exp(", "symbol": "x", "support": []}),
        CorruptReport,
        "noise: expected the description of a law, got InputError: density: expected an expression such as 'z**2', got 'exp('",
    ),
    (
        lambda: law_from_description({"node": "density", "expression": "1", "symbol": "x", "support": [["a(", "1"]]}),
        CorruptReport,
        "noise: expected the description of a law, got InputError: support: expected an expression such as 'z**2', got 'a('",
    ),
    (
        lambda: law_from_description({"node": "density", "expression": "1", "symbol": "x", "support": [["0", "a("]]}),
        CorruptReport,
        "noise: expected the description of a law, got InputError: support: expected an expression such as 'z**2', got 'a('",
    ),
    (
        lambda: law_from_description({"node": "cf", "expression": "1 +", "symbols": ["t"]}),
        CorruptReport,
        "noise: expected the description of a law, got InputError: cf: expected an expression such as 'z**2', got '1 +'",
    ),
    (
        lambda: law_from_description({"node": "x" * 200}),
        CorruptReport,
        "noise: expected the description of a law, got "
        + f"CorruptReport: noise: expected the description of a law on R or R^d, got '{'x' * 200}"[:120],
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), CASES, ids=[f"{i} {m[:40]}" for i, (_, _, m) in enumerate(CASES)])
def test_the_whole_message(call: Callable[[], Any], kind: type[IvaeTheoryError], message: str) -> None:
    with pytest.raises(IvaeTheoryError) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == message


def test_what_is_expected_of_noise_names_every_way_to_give_it() -> None:
    for way in (
        "Noise.none()",
        "Noise.gaussian(variance)",
        "density=",
        "cf=",
        "sympy",
        "scipy.stats",
        "torch",
        "Discrete",
    ):
        assert way in EXPECTED


def test_an_adapter_that_returns_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign:
        pass

    Foreign.__module__ = "foreign.laws"
    adapter = ModuleType("an_adapter")
    adapter.to_noise = lambda law: "no noise"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "an_adapter", adapter)
    monkeypatch.setitem(ADAPTERS, "foreign", "an_adapter")
    with pytest.raises(InputTypeError) as caught:
        as_noise(Foreign())
    assert str(caught.value) == "noise: expected an adapter that returns Noise (an_adapter), got str"
    monkeypatch.setattr(adapter, "to_noise", lambda law: TWO)
    assert as_noise(Foreign()) is TWO


def test_what_is_assumed_is_listed_once_wherever_it_stands() -> None:
    bell, kink = exp(-(x**2)) / sympy.sqrt(sympy.pi), exp(-sympy.Abs(t))
    inside = Noise(density=bell) + 2 * Noise(cf=kink)
    both = (
        "the density exp(-x**2)/sqrt(pi) integrates to 1",
        "exp(-Abs(t)) is a characteristic function (positive definite)",
    )
    assert inside.assumptions == both
    assert Noise.product([inside, inside, Noise.gaussian(1)]).assumptions == both
    assert Noise.mixture([0.5, 0.5], [inside, Noise.gaussian(1)]).assumptions == both
    assert (np.eye(2) @ inside).assumptions == both
    assert Noise.gaussian(1).assumptions == ()
