"""The pictures of a report: what to draw is computed again from the report alone, in floating point.

A picture illustrates and decides nothing: the verdicts and their certificates are in the table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.errors import CorruptReport, IvaeTheoryError
from ivae_theory.exact import decode_array, from_text, parse_fraction, to_text
from ivae_theory.reporting import figures
from ivae_theory.reporting.curves import Panel, draw_characteristic, draw_derivatives, draw_spectrum
from ivae_theory.reporting.training import training_curves
from ivae_theory.verdict import Report, Verdict

if TYPE_CHECKING:
    from ivae_theory.noise.laws import Law
    from ivae_theory.recovery.result import Recovery

__all__ = ["Picture", "recovery_pictures", "report_pictures"]

Floats = NDArray[np.float64]
_POINTS = 801
#: Above this many coordinates of the noise, families, or entries of lambda a picture shows the first, or is left out.
_CURVES, _PANELS, _ENTRIES = 4, 4, 2_000_000
#: What the recomputation of a picture can run into; none of it may cost the reader the report.
_PROBLEMS = (IvaeTheoryError, ArithmeticError, LookupError, TypeError, ValueError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Picture:
    """A figure as SVG with its heading and caption; without SVG, ``caption`` says why there is none."""

    title: str
    caption: str
    svg: str = ""


@dataclass(frozen=True)
class _Drawing:
    figure: Any
    label: str
    caption: str


class _Nothing(Exception):
    """There is nothing to draw, for the reason given."""


def report_pictures(report: Report, prefix: str = "picture") -> list[Picture]:
    """Spectrum of L, characteristic function of the noise, derivatives of each family's T, curves of the training."""
    makers: list[tuple[str, Callable[[Report], _Drawing]]] = [
        ("Variability: the singular values of L", _spectrum),
        ("Noise: its characteristic function", _characteristic),
    ]
    groups = _groups(report)
    for family, latents in groups[:_PANELS]:
        title = f"Statistics: the derivatives of T of {_who(latents)}"
        makers.append((title, partial(_derivatives, family=family, latents=latents)))
    if report.subject.get("training") is not None:
        makers.append(("Training: the bound over the steps", _training))
    drawn = [_picture(title, maker, report, f"{prefix}-{i}") for i, (title, maker) in enumerate(makers)]
    left = len(groups) - _PANELS
    return drawn if left <= 0 else [*drawn, Picture("Statistics: more families", f"Not drawn: {left} more families.")]


def _training(report: Report) -> _Drawing:
    return _Drawing(*training_curves(report.subject["training"]))


def recovery_pictures(recovery: Recovery, prefix: str = "picture") -> list[Picture]:
    """A before and after its permutation, with the off-permutation mass of each row."""

    def draw(recovered: Recovery) -> _Drawing:
        rows = ", ".join(f"{row.estimate:.3g} ({row.lower:.3g} to {row.upper:.3g})" for row in recovered.off_mass_rows)
        label = f"Heat maps of the whitened matrix A before and after the permutation; off-permutation mass: {rows}"
        caption = (
            "Entries with 95 % intervals where they fit. After the permutation a recovered model has its large entries "
            "on the diagonal. Off-permutation mass of each row with its interval; the tolerance is "
            f"{recovered.tolerance:g}."
        )
        return _Drawing(figures.plot_recovery(recovered), label, caption)

    return [_picture("Recovery: A before and after its permutation", draw, recovery, prefix)]


def _picture(title: str, maker: Callable[[Any], _Drawing], subject: Any, prefix: str) -> Picture:
    if not figures.available():
        return Picture(title, "Not drawn: matplotlib is not installed (pip install 'ivae_theory[plot]').")
    try:
        with np.errstate(all="ignore"):
            drawing = maker(subject)
    except _Nothing as reason:
        return Picture(title, f"Not drawn: {reason}.")
    except _PROBLEMS as problem:
        return Picture(title, f"Not drawn: its numbers cannot be computed ({type(problem).__name__}: {problem}).")
    return Picture(title, drawing.caption, figures.svg(drawing.figure, prefix, drawing.label))


# -- the spectrum of L


def _spectrum(report: Report) -> _Drawing:
    from ivae_theory.families import family_from_description
    from ivae_theory.hypotheses.distance import whiten

    rows, where = _natural(report)
    if not np.isfinite(rows).all() or rows.size > _ENTRIES:
        raise _Nothing(f"{rows.size} natural parameters are too many, or not all finite")
    try:
        described = [family_from_description(family) for family in report.subject["families"]]
        white, unit = whiten(SimpleNamespace(families=_shared(described)), rows)
    except _PROBLEMS:
        white, unit = rows, "in the units in which they were given (the families are black boxes)"
    values = np.zeros(rows.shape[1])
    found = np.linalg.svd(white - white.mean(axis=0), compute_uv=False)
    values[: len(found)] = found
    if len(rows) <= rows.shape[1]:
        values[len(rows) - 1 :] = 0.0  # rounding: fewer rows than nk + 1 span too little
    verdict = report["theorem1.iii"]
    shown = ", ".join(f"{value:.3g}" for value in values[:8]) + (", ..." if len(values) > 8 else "")
    label = f"Singular values of L, largest first: {shown}; the smallest, {values[-1]:.3g}, is the distance to failure"
    caption = (
        f"Singular values of the centred natural parameters {where}, {unit}. The smallest (diamond) is the distance to "
        f"failure: the least change of L that breaks (iii). Verdict on theorem1.iii: {verdict.status.name}."
    )
    return _Drawing(draw_spectrum(values, verdict.status.word), label, caption)


def _shared(described: list[Any]) -> list[Any]:
    """Equal families as one object: their moments are computed together."""
    first: dict[str, Any] = {}
    return [first.setdefault(repr(family.describe()), family) for family in described]


def _natural(report: Report) -> tuple[Floats, str]:
    """lambda at the values of u that the report knows, (M, size), and which these are."""
    natural = report.subject["natural"]
    if natural["kind"] == "table":
        if "sha256" in natural["values"]:
            shape = " x ".join(map(str, natural["values"]["shape"]))
            raise _Nothing(f"the report carries the digest alone of {shape} natural parameters")
        if natural["entries"] == "floats":
            return np.asarray(decode_array(natural["values"]), dtype=np.float64), "over all values of u"
        read = _fraction if natural["entries"] == "exact" else _number
        return np.array([[read(text) for text in row] for row in natural["values"]]), "over all values of u"
    if natural["kind"] == "callable":
        rows = np.asarray(decode_array(natural["answers"]), dtype=np.float64)
        if len(rows) < 2:
            raise _Nothing("the report holds no values of lambda")
        return rows, f"at the {len(rows)} values of u that describe it"
    points = report["theorem1.iii"].evidence.get("points")
    if not isinstance(points, (list, tuple)):
        raise _Nothing("the verdict on theorem1.iii names no points")
    symbols = [sympy.Symbol(str(name), real=True) for name in natural["symbols"]]
    entries = [from_text(str(text), symbols, "natural parameters") for text in natural["matrix"]]
    at = [dict(zip(symbols, map(sympy.Rational, map(str, point)), strict=True)) for point in points]
    values = [[float(entry.xreplace(where).evalf()) for entry in entries] for where in at]
    return np.array(values), f"at the {len(points)} points of its certificate"


def _fraction(text: str) -> float:
    return float(parse_fraction(text))


def _number(text: str) -> float:
    return float(from_text(text, [], "natural parameters").evalf())


# -- the characteristic function


def _characteristic(report: Report) -> _Drawing:
    from ivae_theory.noise.reading import law_from_description

    noise = report.subject["noise"]
    try:
        law = law_from_description(noise["law"])
    except CorruptReport:
        raise _Nothing(f"{noise['text']} is no law of a noise that is added to f(z)") from None
    verdict = report["theorem1.i"]
    cells = _proved_zeros(verdict, noise["law"]) if verdict.fails and law.dimension is None else []
    # An open set of zeros is shown with something of its width.
    reach = max([_reach(law), *(2 * low for low, _ in cells)])
    t = np.linspace(-reach, reach, _POINTS)
    count = min(law.dimension or 1, _CURVES)
    curves = _distinct([(f"along coordinate {i + 1}", np.abs(_along(law, t, i))) for i in range(count)])
    gaps = [gap for low, high in cells for gap in _both_sides(low, min(high, reach))]
    zeros = _zeros(t, _along(law, t, 0), gaps) if len(curves) == 1 else np.empty(0)
    parts = [f"Modulus of the characteristic function of {noise['text'][:200]} for t from {-reach:.3g} to {reach:.3g}"]
    if gaps:
        parts.append("zero on " + " and ".join(f"({low:.3g}, {high:.3g})" for low, high in sorted(gaps)))
    if len(zeros):
        parts.append(f"{len(zeros)} sign changes, the first positive one at {_first(zeros)}")
    if verdict.fails and not gaps:
        parts.append("the open set on which it is zero is in the witness of theorem1.i")
    elif not gaps and not len(zeros):
        parts.append("no zero is seen in this range")
    found = "; ".join(parts)
    caption = f"{found}. Verdict on theorem1.i: {verdict.status.name}."
    return _Drawing(draw_characteristic(t, curves, zeros, gaps), found, caption)


def _proved_zeros(verdict: Verdict, law: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The zero set that the witness names, as positive stretches of t: ``phi`` of a part, scaled on the way to it."""
    evidence = verdict.evidence
    node, scale = law, 1.0
    for step in str(evidence.get("path", "law")).split(".")[1:]:
        if node["node"] == "affine":
            scale *= abs(_fraction(node["matrix"]))
        key, _, index = step.rstrip("]").partition("[")
        node = node[key][int(index)] if index else node[key]
    if "type" in evidence:
        low, high = _fraction(evidence["type"]), math.inf
    elif "cell" in evidence:
        ends = [float(from_text(str(evidence["cell"][side][0]), [], "cell")) for side in ("low", "high")]
        low, high = sorted(map(abs, ends))
        if ends[0] * ends[1] <= 0:
            return []  # phi(0) = 1: no cell reaches 0
    else:
        return []
    return [(low / scale, high / scale)] if scale > 0 else []


def _both_sides(low: float, high: float) -> list[tuple[float, float]]:
    """``phi(-t)`` is the conjugate of ``phi(t)``: what is zero on one side is zero on the other."""
    return [(-high, -low), (low, high)] if high > low else []


def _first(zeros: Floats) -> str:
    positive = zeros[zeros > 0]
    return f"{positive.min():.3g}" if len(positive) else "none"


def _along(law: Law, t: Floats, coordinate: int) -> NDArray[np.complex128]:
    """``phi(t e_i)`` (``phi(t)`` for a scalar law)."""
    points: Floats = t
    if law.dimension is not None:
        points = np.zeros((len(t), law.dimension))
        points[:, coordinate] = t
    values = law.characteristic(points)
    if values is None and law.dimension is None:
        values = _transform(law, t)
    if values is None or not np.isfinite(values).all():
        raise _Nothing("no closed form of the characteristic function is known")
    return np.asarray(values, dtype=complex)


def _transform(law: Law, t: Floats) -> NDArray[np.complex128] | None:
    """Fourier transform of a density on a grid; refused where a grid half as fine says otherwise."""
    results = []
    for count in (4_096, 8_192):
        places = np.linspace(-12, 12, count)
        x = np.sinh(places)
        density = law.log_density(x)
        if density is None:
            return None
        weights = np.exp(density) * np.cosh(places) * (places[1] - places[0])
        results.append(np.array([np.sum(weights * np.exp(1j * value * x)) for value in t]))
    return results[1] if np.abs(results[0] - results[1]).max() < 0.01 and abs(results[1]).max() < 1.01 else None


def _reach(law: Law) -> float:
    """How far to draw: until ``|phi|`` is small on the whole, and no further than 2^12."""
    base = np.linspace(0.5, 1, 41)
    for exponent in range(-6, 13):
        reach = 2.0**exponent
        if np.abs(_along(law, reach * base, 0)).mean() < 0.05:
            return reach
    return 10.0


def _distinct(curves: list[tuple[str, Floats]]) -> list[tuple[str, Floats]]:
    """One curve where all coordinates have the same."""
    same = all(np.allclose(values, curves[0][1]) for _, values in curves)
    return curves[:1] if same else curves


def _zeros(t: Floats, phi: NDArray[np.complex128], gaps: list[tuple[float, float]]) -> Floats:
    """Sign changes of a real phi, outside the gaps: where its isolated zeros are seen."""
    if np.abs(phi.imag).max() > 1e-9:
        return np.empty(0)
    real = phi.real
    change = np.flatnonzero((real[:-1] * real[1:] < 0) & (np.abs(real[:-1]) + np.abs(real[1:]) > 1e-12))
    places = t[change] - real[change] * (t[change + 1] - t[change]) / (real[change + 1] - real[change])
    return np.array([p for p in places if not any(low <= p <= high for low, high in gaps)])


# -- the derivatives of T


def _groups(report: Report) -> list[tuple[Mapping[str, Any], list[int]]]:
    """Each family of the prior once, with its latents (counted from 1)."""
    groups: dict[str, tuple[Mapping[str, Any], list[int]]] = {}
    for latent, family in enumerate(report.subject.get("families", ()), 1):
        groups.setdefault(repr(family), (family, []))[1].append(latent)
    return list(groups.values())


def _who(latents: list[int]) -> str:
    return f"latent {latents[0]}" if len(latents) == 1 else f"latents {_cut(', '.join(map(str, latents)), 18)}"


def _derivatives(report: Report, family: Mapping[str, Any], latents: list[int]) -> _Drawing:
    if family["statistics"] is None:
        raise _Nothing("the statistics are a black box")
    panel = _panel(family, latents)
    names = ", ".join(name for name, _ in panel.curves)
    label = (
        f"Derivatives of the statistics of {_who(latents)} for z from {panel.z[0]:.3g} to {panel.z[-1]:.3g}: {names}"
    )
    caption = (
        "Theorem 1 needs 1 and the statistics of a latent linearly independent; (ii) as printed asks that no T' is "
        "zero on an interval."
    )
    words = [f"{claim}: {report[claim].status.name}" for claim in ("theorem1.minimal", "theorem1.ii")]
    return _Drawing(draw_derivatives(panel), label, f"{caption} Verdicts: {', '.join(words)}.")


def _panel(family: Mapping[str, Any], latents: list[int]) -> Panel:
    from ivae_theory.families.formulas import read_formulas

    formulas = read_formulas(family)
    variable = formulas.variable
    z = _range(formulas.support)
    curves = []
    for index, statistic in enumerate((formulas.statistics or ())[:_CURVES], 1):
        derivative = sympy.diff(statistic, variable)
        function = sympy.lambdify(variable, derivative, modules=["numpy", "scipy"])
        values = np.array(np.broadcast_to(np.asarray(function(z), dtype=float), z.shape))
        values[~np.isfinite(values)] = np.nan
        curves.append((f"T{index}' for T{index} = {_cut(to_text(statistic), 28)}", values))
    who = _who(latents)
    return Panel(f"{who}: {_cut(str(family['name']), 40)}" if family["name"] else who, z, tuple(curves))


def _range(support: sympy.Set) -> Floats:
    """A stretch of the support: all of it where it is bounded."""
    low, high = float(support.inf), float(support.sup)
    if math.isinf(low):
        low = high - 6 if math.isfinite(high) else -4.0
    if math.isinf(high):
        high = low + 6 if low != -4.0 else 4.0
    inset = (high - low) * 1e-3
    return np.linspace(low + inset, high - inset, 401)


def _cut(text: str, length: int) -> str:
    """Text for a figure: short, and without control characters, which SVG may not contain."""
    text = "".join(character if character.isprintable() else "\ufffd" for character in text[: length + 1])
    return text if len(text) <= length else f"{text[: length - 3]}..."
