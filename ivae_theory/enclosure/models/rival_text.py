"""What is said about a rival: which models its construction covers, and what it is, from its numbers alone.

The checker writes these sentences and the rechecker writes them again, so that a report's words match its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["covers_of", "sentence"]

Evidence = Mapping[str, Any]

_ROTATED = {
    "scale": "two Gaussian latents with fixed means, T = z**2, whose variances are proportional over all u",
    "both": "two Gaussian latents, T = (z, z**2), whose variances are proportional over all u",
    "location": "two Gaussian latents of fixed variance, T = z",
}
_COVERS = {
    "rival.factorial": (
        "two latents that do not depend on u, each with a density that is positive almost everywhere on an interval"
    ),
    "rival.learned_variance": (
        "Gaussian noise with a learned variance, f linear and diagonal (n = d), T = z**2 with mean 0, and two "
        "coordinates whose variances are affine functions of each other over all u"
    ),
    "rival.bernoulli": (
        "Bernoulli observations with success probability sigmoid(z_i), T = z, Q = (1 + exp(z))**-2 (Appendix E), "
        "lambda in (0, 2)"
    ),
    "rival.band_limited": (
        "n = d = 1, f(z) = z, noise with the characteristic function max(1 - |t|, 0), two values of u, p(z | u) "
        "Cauchy at one of them"
    ),
}


def covers_of(kind: str, family: str = "") -> str:
    """The models that a construction covers; ``family`` tells the Gaussian ones apart that are rotated."""
    return _ROTATED[family] if kind == "rival.rotated_pair" else _COVERS[kind]


def sentence(evidence: Evidence, family: str = "") -> str:
    """What the rival is and how both halves were verified, for people; from the evidence's numbers."""
    return f"{_WRITERS[evidence['kind']](evidence, family)} Covers: {evidence['covers']}."


def _names(evidence: Evidence) -> tuple[str, str]:
    i, j = (int(latent) + 1 for latent in evidence["latents"])
    return f"z_{i}", f"z_{j}"


def _factorial(evidence: Evidence, family: str) -> str:
    a, b = _names(evidence)
    return (
        f"The rival turns {a} and {b}, whose law is the same for every u, into a standard Gaussian pair by their "
        "distribution functions, rotates the pair by an angle that depends on its radius, takes the result as its "
        "latents, and undoes this in f'. The law of x given u is the same because the rotation keeps the standard "
        f"Gaussian. It is not equivalent because the new latent is no sum of a function of {a} and one of {b}: an "
        "exact mixed difference over a rectangle is not 0."
    )


def _rotated(evidence: Evidence, family: str) -> str:
    a, b = _names(evidence)
    matrix, shift = evidence["matrix"], evidence["shift"]
    new = ", ".join(_affine(row, offset, (a, b)) for row, offset in zip(matrix, shift, strict=True))
    start = f"The rival takes ({new}) as its latents in place of ({a}, {b}), and undoes this in f'. "
    same = "The law of x given u is the same: the new latents are independent, by exact coefficients at every u. "
    if family == "location":
        return f"{start}{same}T' is an affine map of T that mixes {a} and {b}, so A is no scaled permutation."
    return (
        f"{start}{same}It is not equivalent because a new statistic is no sum of a function of {a} and one of {b}: an "
        "exact mixed difference over a rectangle is not 0."
    )


def _affine(row: Any, offset: str, names: tuple[str, str]) -> str:
    """``2 z_1 - z_2 + 3`` from exact texts."""
    terms = [(str(value), name) for value, name in zip(row, names, strict=True)]
    parts = []
    for value, name in [*terms, (str(offset), "")]:
        size = value.removeprefix("-")
        if size == "0":
            continue
        shown = " ".join(part for part in (size if size != "1" or not name else "", name) if part)
        parts.append((" - " if value.startswith("-") else " + ") + shown)
    text = "".join(parts)
    return text.removeprefix(" + ") if text.startswith(" + ") else "-" + text.removeprefix(" - ")


def _learned(evidence: Evidence, family: str) -> str:
    a, b = _names(evidence)
    return (
        f"The rival has noise of variance {evidence['variance']}, counts the difference as signal, and rotates the "
        f"coordinates of {a} and {b}, whose variances are then in the ratio {evidence['ratio']} at every u. The law of "
        "x given u is the same: the covariances agree exactly at every u. It is not equivalent because the squares of "
        f"the rotated coordinates contain the product of {a} and {b}."
    )


def _bernoulli(evidence: Evidence, family: str) -> str:
    return (
        "The rival has f'(z) = logit(sigmoid(z)**2) in every coordinate and other natural parameters. The law of x "
        "given u is the same: the success probabilities agree exactly at every u, and Bernoulli observations show no "
        "more. It is not equivalent because f' is not affine, by a determinant at three points."
    )


def _band_limited(evidence: Evidence, family: str) -> str:
    return (
        f"The rival adds {evidence['epsilon']} times a function to the Cauchy density whose Fourier transform lies "
        "where the characteristic function of the noise is 0. The law of x given u is the same because the noise "
        "removes what was added. It is not equivalent because the new statistic is no affine function of T, by a "
        "determinant at three points."
    )


_WRITERS = {
    "rival.factorial": _factorial,
    "rival.rotated_pair": _rotated,
    "rival.learned_variance": _learned,
    "rival.bernoulli": _bernoulli,
    "rival.band_limited": _band_limited,
}
