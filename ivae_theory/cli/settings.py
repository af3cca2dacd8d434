"""``NAME=VALUE`` on the command line as values of the right type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ivae_theory.errors import InputError

__all__ = ["read_settings"]


def read_settings(option: str, pairs: Iterable[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values that ``NAME=VALUE`` texts give to names of ``defaults``, each of its default's type.

    VALUE is JSON, or text. A number may stand where the default is None; a list of numbers where it is a number or a
    tuple.

    Raises
    ------
    InputError
        For unknown names, names without a value, and values of another type; ``option`` is named.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InputError(option, "NAME=VALUE", repr(pair))
        if name not in defaults:
            raise InputError(option, f"one of {', '.join(sorted(defaults))}", repr(name))
        found[name] = _typed(f"{option} {name}", text, defaults[name])
    return found


def _typed(option: str, text: str, default: Any) -> Any:
    try:
        value = json.loads(text, parse_constant=lambda constant: constant)
    except (ValueError, RecursionError):
        value = text
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return _require(isinstance(value, bool), option, "true or false", text, value)
    if isinstance(default, int):
        return _require(_whole(value), option, "a whole number", text, value)
    if isinstance(default, tuple):
        values = _require(_numbers(value), option, "a list of numbers such as [0.5, 3]", text, value)
        return tuple(values)
    if default is None:
        return _require(value is None or _number(value), option, "a number or null", text, value)
    return _require(_number(value) or _numbers(value), option, "a number", text, value)


def _require(fits: bool, option: str, expected: str, text: str, value: Any) -> Any:
    if not fits:
        raise InputError(option, expected, repr(text[:60]))
    return value


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_number, value))
