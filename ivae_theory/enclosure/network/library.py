"""The elementwise maps that networks use, by their ATen names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flint import arb, fmpq

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import WHOLE, contains_zero, divide, hull, lift, power, rational
from ivae_theory.enclosure.network.maps import Function, Map, bump, increasing, pieces, piecewise_linear, stepwise

__all__ = ["FIXED", "WITH_PARAMETERS", "elu", "general_power", "integer_power", "leaky_relu"]


def _positive(name: str, function: Function) -> Function:
    """A map of the open half-line: refused when the ball is not certainly inside it."""

    def enclose(x: arb) -> arb:
        if not x > 0:
            raise CannotEnclose(f"{name} of a number that may be 0 or negative")
        if x.is_exact():
            return function(x)
        return hull(function(x.lower()), function(x.upper()))

    return enclose


def _sigmoid(x: arb) -> arb:
    """1 / (1 + exp(-x)), without overflow on either side."""
    if x > 0:
        return 1 / (1 + (-x).exp())
    grown = x.exp()
    return grown / (1 + grown)


def _softplus(x: arb) -> arb:
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _gauss(x: arb) -> arb:
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def _normal(x: arb) -> arb:
    """Standard normal distribution function."""
    return (-x / arb(2).sqrt()).erfc() / 2


def _sigmoid_slope(x: arb) -> arb:
    grown = (-abs(x)).exp()
    return grown / ((1 + grown) * (1 + grown))


def _tanh_slope(x: arb) -> arb:
    return 4 * _sigmoid_slope(2 * x)


def _silu_slope(x: arb) -> arb:
    return _sigmoid(x) + x * _sigmoid_slope(x)


def _mish_slope(x: arb) -> arb:
    inner = _softplus(x)
    return inner.tanh() + x * _sigmoid(x) * _tanh_slope(inner)


def _tanh_gelu_inner(x: arb) -> tuple[arb, arb]:
    """Argument of the tanh in the approximate gelu, and its derivative (constants as PyTorch writes them)."""
    scale, cubic = (2 / arb.pi()).sqrt(), lift(0.044715)
    return scale * (x + cubic * x * x * x), scale * (1 + 3 * cubic * x * x)


def _tanh_gelu(x: arb) -> arb:
    return x * _sigmoid(2 * _tanh_gelu_inner(x)[0])


def _tanh_gelu_slope(x: arb) -> arb:
    inner, rate = _tanh_gelu_inner(x)
    return _sigmoid(2 * inner) + x * 2 * _sigmoid_slope(2 * inner) * rate


def _bounded(function: Function) -> Function:
    """sin and cos: [-1, 1] on unbounded balls."""
    unit = arb(0, 1)

    def enclose(x: arb) -> arb:
        y = function(x) if x.is_finite() else unit
        return y if y.is_finite() and not y.rad() > 1 else unit

    return enclose


def _total(function: Function) -> Function:
    def enclose(x: arb) -> arb:
        y = function(x) if x.is_finite() else WHOLE
        return y if y.is_finite() else WHOLE

    return enclose


def _inverse(x: fmpq) -> tuple[fmpq, fmpq | None]:
    value = divide(fmpq(1), x)
    return value, -value * value


def _tangent(x: arb) -> arb:
    y = x.tan() if x.is_finite() else WHOLE
    if not y.is_finite():
        raise CannotEnclose("tan at a point that may be a pole")
    return y


def _open_range(low: float, high: float) -> arb:
    return lift(low).union(lift(high))


_HALF_PI = arb.pi() / 2
_HALF_PI = arb(0, (_HALF_PI + arb(2) ** -40).upper())

FIXED: dict[str, Map] = {
    m.name: m
    for m in (
        Map("exp", increasing(arb.exp), increasing(arb.exp)),
        Map("exp2", increasing(lambda x: arb(2) ** x), increasing(lambda x: arb(2) ** x * arb(2).log())),
        Map("expm1", increasing(arb.expm1), increasing(arb.exp)),
        Map("log", _positive("log", arb.log), _positive("log", lambda x: 1 / x)),
        Map("log2", _positive("log2", lambda x: x.log() / arb(2).log()),
            _positive("log2", lambda x: 1 / (x * arb(2).log()))),
        Map("log10", _positive("log10", lambda x: x.log() / arb(10).log()),
            _positive("log10", lambda x: 1 / (x * arb(10).log()))),
        Map("log1p", lambda x: _positive("log1p", arb.log)(1 + x),
            lambda x: _positive("log1p", lambda y: 1 / y)(1 + x)),
        Map("rsqrt", _positive("rsqrt", arb.rsqrt), _positive("rsqrt", lambda x: -x.rsqrt() / (2 * x))),
        Map("reciprocal", lambda x: divide(arb(1), x), lambda x: divide(arb(-1), power(x, 2)), _inverse),
        Map("sin", _bounded(arb.sin), _bounded(arb.cos)),
        Map("cos", _bounded(arb.cos), _bounded(lambda x: -x.sin())),
        Map("tan", _tangent, lambda x: 1 + power(_tangent(x), 2)),
        Map("sinh", increasing(arb.sinh), lambda x: _cosh(x)),
        Map("cosh", lambda x: _cosh(x), increasing(arb.sinh)),
        Map("tanh", increasing(arb.tanh, arb(-1), arb(1)), bump(_tanh_slope, arb(0))),
        Map("tanhshrink", increasing(lambda x: x - x.tanh()), lambda x: power(increasing(arb.tanh)(x), 2)),
        Map("atan", increasing(arb.atan, _HALF_PI, _HALF_PI), bump(lambda x: 1 / (1 + x * x), arb(0))),
        Map("asinh", increasing(arb.asinh), bump(lambda x: (1 + x * x).rsqrt(), arb(0))),
        Map("erf", increasing(arb.erf, arb(-1), arb(1)),
            bump(lambda x: 2 * (-x * x).exp() / arb.pi().sqrt(), arb(0))),
        Map("erfc", increasing(arb.erfc, arb(0), arb(2)),
            lambda x: -bump(lambda y: 2 * (-y * y).exp() / arb.pi().sqrt(), arb(0))(x)),
        Map("sigmoid", increasing(_sigmoid, arb(0), arb(1)), bump(_sigmoid_slope, arb(0))),
        Map("log_sigmoid_forward", increasing(lambda x: -_softplus(-x)), lambda x: FIXED["sigmoid"].value(-x)),
        Map("silu", pieces(lambda x: x * _sigmoid(x), WHOLE), pieces(_silu_slope, _open_range(-0.11, 1.11))),
        Map("mish", pieces(lambda x: x * _softplus(x).tanh(), WHOLE), pieces(_mish_slope, _open_range(-0.12, 1.12))),
        Map("gelu", pieces(lambda x: x * _normal(x), WHOLE),
            pieces(lambda x: _normal(x) + x * _gauss(x), _open_range(-0.14, 1.14))),
        Map("gelu_tanh", pieces(_tanh_gelu, WHOLE), pieces(_tanh_gelu_slope, _open_range(-0.14, 1.14))),
        piecewise_linear("relu", [0], [0, 1], 0),
        piecewise_linear("relu6", [0, 6], [0, 1, 0], 0),
        piecewise_linear("abs", [0], [-1, 1], 0),
        stepwise("sign", arb.sgn, lambda x: x),
        stepwise("floor", arb.floor, lambda x: FIXED["sin"].value(arb.pi() * x)),
        stepwise("ceil", arb.ceil, lambda x: FIXED["sin"].value(arb.pi() * x)),
    )
}  # fmt: skip


def _cosh(x: arb) -> arb:
    if not x.is_finite():
        return WHOLE
    near = arb(0) if contains_zero(x) else x.abs_lower()
    return hull(near.cosh(), x.abs_upper().cosh())


def _square_root(x: arb) -> arb:
    if x.is_exact() and x == 0:
        return x
    return _positive("sqrt", arb.sqrt)(x)


_INJECTIVE = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sinh tanh atan asinh erf erfc sigmoid "
    "log_sigmoid_forward tanhshrink"
).split()
FIXED["sqrt"] = Map("sqrt", _square_root, _positive("sqrt", lambda x: x.rsqrt() / 2))
FIXED.update({name: replace(FIXED[name], injective=True) for name in _INJECTIVE})


def leaky_relu(negative_slope: Any = 0.01) -> Map:
    """Slope 1 above 0 and ``negative_slope`` below."""
    return piecewise_linear("leaky_relu", [0], [negative_slope, 1], 0)


def hardtanh(low: Any = -1.0, high: Any = 1.0) -> Map:
    """The identity between ``low`` and ``high``, constant outside."""
    if not rational(low) <= rational(high):
        raise CannotEnclose("a clamp whose lower bound is above its upper bound")
    return piecewise_linear("hardtanh", [low, high], [0, 1, 0], low)


def clamp(low: Any = None, high: Any = None) -> Map:
    """``min(max(x, low), high)``; either bound may be missing."""
    if low is not None and high is not None:
        return hardtanh(low, high)
    if low is not None:
        return piecewise_linear("clamp", [low], [0, 1], low)
    if high is not None:
        return piecewise_linear("clamp", [high], [1, 0], high)
    return piecewise_linear("clamp", [0], [1, 1], 0)


def softplus(beta: Any = 1, threshold: Any = 20) -> Map:
    """``log(1 + exp(beta x)) / beta``; above ``threshold``, where PyTorch returns ``x``, the ball contains both.

    From 20 on, PyTorch's own choice, that switch is rounding; below it is a jump back, which is refused.
    """
    rate, switch = lift(beta), lift(threshold)
    if not rate > 0:
        raise CannotEnclose(f"softplus with beta {beta}")
    if not switch >= 20:
        raise CannotEnclose(f"softplus with a threshold of {threshold}, where it jumps back by more than rounding")

    def value(x: arb) -> arb:
        smooth = _softplus(rate * x) / rate
        return smooth if rate * x <= switch else hull(smooth, x)

    return Map(
        "softplus",
        increasing(value),
        lambda x: FIXED["sigmoid"].value(rate * x),
        injective=True,
    )


def elu(alpha: Any = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Map:
    """``scale x`` above 0, ``scale alpha (exp(input_scale x) - 1)`` below (also selu and celu)."""
    a, s, r = lift(alpha), lift(scale), lift(input_scale)
    if not r > 0:
        raise CannotEnclose("elu with an input scale that is not positive")

    def below(x: arb) -> arb:
        return s * a * (r * x).expm1()

    def value(x: arb) -> arb:
        if not x.is_finite():
            return WHOLE
        if x >= 0:
            return s * x
        if x <= 0:
            return hull(below(x.lower()), below(x.upper()))
        return hull(below(x.lower()), arb(0), s * x.upper())

    def slope(x: arb) -> arb:
        if x > 0:
            return s
        low = (r * x.lower()).exp() if x.is_finite() else arb(0)
        high = (r * x.upper()).exp() if x < 0 else arb(1)
        left = s * a * r * hull(low, high)
        return left if x < 0 else hull(left, s)

    return Map("elu", value, slope, injective=bool(s > 0 and a > 0) or bool(s < 0 and a > 0))


def softshrink(threshold: Any = 0.5) -> Map:
    """Zero within ``threshold`` of 0, shifted towards 0 outside."""
    return piecewise_linear("softshrink", [-threshold, threshold], [1, 0, 1], 0)


def integer_power(exponent: int) -> Map:
    """``x ** exponent``."""

    def exact(x: fmpq) -> tuple[fmpq, fmpq | None]:
        return power(x, exponent), exponent * power(x, exponent - 1) if exponent else fmpq(0)

    def slope(x: arb) -> arb:
        if exponent == 0:
            return arb(0)
        y = exponent * power(x, exponent - 1)
        return y if y.is_finite() else WHOLE

    return Map("pow", lambda x: power(x, exponent), slope, exact, injective=exponent % 2 == 1)


def general_power(exponent: Any) -> Map:
    """``x ** exponent`` for positive ``x``."""
    rate = lift(exponent)
    return Map(
        "pow", _positive("a non-integer power", lambda x: x**rate),
        _positive("a non-integer power", lambda x: rate * x ** (rate - 1)),
        injective=True,
    )  # fmt: skip


WITH_PARAMETERS: dict[str, Callable[..., Map]] = {
    "leaky_relu": leaky_relu,
    "hardtanh": hardtanh,
    "clamp": clamp,
    "clamp_min": lambda low: clamp(low, None),
    "clamp_max": lambda high: clamp(None, high),
    "softplus": softplus,
    "elu": elu,
    "celu": lambda alpha=1.0: elu(alpha, 1.0, 1.0 / alpha),
    "softshrink": softshrink,
    "gelu": lambda approximate="none": FIXED["gelu_tanh" if approximate == "tanh" else "gelu"],
}
