"""Runners for sweeps that live in other processes."""

import os
import time
from pathlib import Path
from typing import Any


def log(configuration: dict[str, Any]) -> dict[str, Any]:
    """Append to a log, so that tests can count what was run."""
    with Path(configuration["log"]).open("a") as file:
        file.write(f"{configuration['value']}\n")
    return {"square": configuration["value"] ** 2}


def slow(configuration: dict[str, Any]) -> dict[str, Any]:
    """As :func:`log`, and takes a while."""
    time.sleep(0.3)
    return log(configuration)


def fails_on_odd(configuration: dict[str, Any]) -> dict[str, Any]:
    """As :func:`log`, but raises on odd values until a flag file exists."""
    if configuration["value"] % 2 and not Path(configuration["log"] + ".flag").exists():
        raise ValueError(f"odd: {configuration['value']}")
    return log(configuration)


def dies_once(configuration: dict[str, Any]) -> dict[str, Any]:
    """As :func:`log`, but the first process that sees value 2 dies."""
    flag = Path(configuration["log"] + ".flag")
    if configuration["value"] == 2 and not flag.exists():
        flag.touch()
        os._exit(9)
    return log(configuration)


def deadly(configuration: dict[str, Any]) -> dict[str, Any]:
    """As :func:`log`, but value 2 kills every process that tries it."""
    if configuration["value"] == 2:
        os._exit(9)
    return log(configuration)


def leaves(configuration: dict[str, Any]) -> dict[str, Any]:
    """Value 0 ends the program, value 1 returns what JSON cannot carry."""
    if configuration["value"] == 0:
        raise SystemExit(0)
    return {"set": {1}} if configuration["value"] == 1 else log(configuration)


def always_dies(configuration: dict[str, Any]) -> dict[str, Any]:
    """No process survives it."""
    os._exit(9)
