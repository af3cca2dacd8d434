"""Is f injective on Z? (Eq. 6; hypothesis (J) of the sharp Theorem 1.)

Proofs: layer by layer, by construction, by a left factor or a triangular Jacobian, by recovering one latent after
the other. Refutations: a collision, fewer outputs than latents (invariance of domain), two Jacobian determinants of
opposite sign on a connected part of Z (degree theory). Everything else is undecided.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.assumed import of_construction
from ivae_theory.enclosure.network.chain import NotProved, injective_links
from ivae_theory.enclosure.network.refutation import bottleneck, continuous_on, determinant_sign
from ivae_theory.enclosure.network.supports import Supports, hulls_of, in_one_piece, inside, supports_of
from ivae_theory.enclosure.network.triangular import recovery_order
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import CallableFailed
from ivae_theory.exact import encode_array, fraction_text
from ivae_theory.mixing.objects import SymbolicMixing, Vouched
from ivae_theory.mixing.search import find_collision, jacobians, latents
from ivae_theory.verdict import Grade, Verdict

__all__ = ["CLAIM", "check_injective"]

CLAIM = "theorem1.injective"
ADVICE = (
    "The model is identified if f is injective: `--assume theorem1.injective`, or assume_injective(f), to vouch. A "
    "proof needs layers that are injective one by one (square or widening weights of full rank, strictly monotone "
    "activations), or an invertible flow."
)
#: Most draws of the prior at which Jacobians are looked at, and the level of the interval for the minority mass.
DRAWS, LEVEL = 20_000, 0.95


def check_injective(model: Any, seed: int = 0) -> Verdict:
    """Whether the mixing function is injective on the support of the latents (``theorem1.injective``)."""
    mixing = model.mixing
    if mixing is None:
        return Verdict.unknown(CLAIM, "No mixing function was given, so nothing shows that it is injective.",
                               evidence={"tried": ["no mixing function"]}, advice=ADVICE)  # fmt: skip
    supports = supports_of([family.describe() for family in model.prior.families])
    tried: dict[str, Any] = {}
    settled = _prove(mixing, supports, tried)
    if settled is None:
        settled = _refute(model, mixing, supports, tried, seed)
    if settled is not None:
        return settled
    if isinstance(mixing, Vouched):
        return Verdict.hold(
            CLAIM, Grade.ASSUMED, "The user vouches that f is injective; no refutation was found.",
            evidence={"kind": "assumed", "claim": CLAIM, "tried": tried}, assumes=("f is injective on Z",),
        )  # fmt: skip
    reason = f"f was neither proved nor refuted to be injective: {_summary(tried)}."
    return Verdict.unknown(CLAIM, reason, evidence={"tried": tried}, advice=ADVICE)


def _summary(tried: dict[str, Any]) -> str:
    parts = [str(tried[key]) for key in ("untraceable", "layers", "signs") if tried.get(key)]
    return "; ".join(parts) or "nothing is known about it"


# Proofs -------------------------------------------------------------------------------------------------------


def _prove(mixing: Any, supports: Supports, tried: dict[str, Any]) -> Verdict | None:
    symbolic = getattr(mixing, "inner", None) or mixing
    if mixing.graph is not None:
        try:
            with precision(128):
                links = injective_links(mixing.graph, supports)
        except NotProved as error:
            tried["layers"] = f"layer by layer: {error.why}"
        else:
            arguments = [link.argument for link in links]
            grade = Grade.EXACT if all(link.exact for link in links) else Grade.CERTIFIED
            evidence = {"kind": "injectivity.links", "graph": mixing.graph.to_dict(), "arguments": arguments}
            return Verdict.hold(
                CLAIM, grade, f"Every part of f is injective: {'; '.join(arguments)}.", evidence=evidence
            )
    elif mixing.untraceable:
        tried["untraceable"] = f"f has no graph to reason about ({mixing.untraceable})"
    if isinstance(symbolic, SymbolicMixing):
        return _triangular(symbolic, supports)
    return _by_construction(mixing) if mixing.construction is not None else None


def _by_construction(mixing: Any) -> Verdict:
    built = mixing.construction
    grade = Grade.ASSUMED if built.rests_on_user else Grade.EXACT
    described = built.to_dict()
    return Verdict.hold(
        CLAIM, grade, f"f is injective by construction: {_outline(built)}.",
        evidence={"kind": "injectivity.construction", "construction": described}, assumes=of_construction(described),
    )  # fmt: skip


def _outline(built: Any) -> str:
    leaves, queue = [], [built]
    while queue:
        item = queue.pop(0)
        queue = list(item.parts) + queue
        if not item.parts:
            leaves.append(item.argument)
    return "; ".join(dict.fromkeys(leaves))


def _triangular(mixing: SymbolicMixing, supports: Supports) -> Verdict | None:
    ranges = dict(zip(mixing.symbols, hulls_of(supports), strict=True))
    order = recovery_order(list(mixing.matrix), ranges)
    if order is None:
        return None
    steps = ", ".join(f"{symbol} from x_{k + 1}" for k, symbol in order)
    evidence = {
        "kind": "injectivity.recovery",
        "symbols": [symbol.name for symbol in mixing.symbols],
        "expressions": mixing.describe()["expressions"],
        "order": [[k, symbol.name] for k, symbol in order],
    }
    return Verdict.hold(
        CLAIM, Grade.EXACT, f"The latents are recovered one after the other: {steps}.", evidence=evidence
    )


# Refutations --------------------------------------------------------------------------------------------------


def _refute(model: Any, mixing: Any, supports: Supports, tried: dict[str, Any], seed: int) -> Verdict | None:
    if mixing.graph is None:
        if mixing.d < mixing.n:
            tried["signs"] = f"with {mixing.d} outputs for {mixing.n} latents it can only be injective if discontinuous"
        return None
    count = min(DRAWS, max(500, 4_000_000 // mixing.n**2)) if mixing.n == mixing.d else 64
    points, sampled = latents(model, count, seed)
    if not len(points):
        return None
    found = _collision(mixing, supports, points)
    if found is None:
        found = _bottleneck(mixing, supports, points)
    return _opposite_signs(mixing, supports, points, sampled, tried) if found is None else found


def _bottleneck(mixing: Any, supports: Supports, points: NDArray[np.float64]) -> Verdict | None:
    """Fewer coordinates than latents, at the output or before it."""
    for point in points[:2]:
        low, high = _around(point[None].copy(), supports, 2.0**-10)
        found = bottleneck(mixing.graph, low, high) if in_one_piece(supports, low, high) else None
        if found is None:
            continue
        node, width = found
        evidence = {
            "kind": "injectivity.dimension",
            "graph": mixing.graph.to_dict(),
            "low": encode_array(low),
            "high": encode_array(high),
            "node": node,
        }
        reason = (
            f"On an open box of Z everything passes through {width} continuous coordinates, for {mixing.n} latents: by "
            "invariance of domain (Brouwer) no such map is injective."
        )
        advice = f"Use d >= {mixing.n} outputs and no layer narrower than {mixing.n}."
        return Verdict.fail(CLAIM, Grade.EXACT, reason, evidence=evidence, advice=advice)
    return None


def _around(points: NDArray[np.float64], supports: Supports, margin: float) -> tuple[Any, Any]:
    """A box around the points, a little larger, and kept within Z."""
    low, high = points.min(axis=0), points.max(axis=0)
    for j, parts in enumerate(supports):
        part = next((p for p in parts if p.low < low[j] and high[j] < p.high), None)
        if part is None:
            continue
        room = margin * max(1.0, abs(low[j]), abs(high[j]))  # relative, or nothing would be added far out
        low[j] = max(low[j] - room, float(part.low) if math.isinf(part.low) else _between(part.low, low[j]))
        high[j] = min(high[j] + room, float(part.high) if math.isinf(part.high) else _between(part.high, high[j]))
    return low, high


def _between(end: Any, value: float) -> float:
    return (float(end) + value) / 2


def _collision(mixing: Any, supports: Supports, points: NDArray[np.float64]) -> Verdict | None:
    wide = np.concatenate([points[:12], 8 * points[12:18], 64 * points[18:24], points[24:36]])
    found = find_collision(mixing, mixing.graph, supports, wide)
    if found is None:
        return None
    first, second, cut = found
    evidence = {
        "kind": "injectivity.collision",
        "graph": mixing.graph.to_dict(),
        "first": [fraction_text(x) for x in first],
        "second": [fraction_text(x) for x in second],
        "node": cut,
    }
    shown = ", ".join(f"({', '.join(f'{float(x):.4g}' for x in z)})" for z in (first, second))
    return Verdict.fail(
        CLAIM, Grade.EXACT, f"f has the same value, exactly, at the two points {shown} of Z.", evidence=evidence,
        advice="A direction of the latents is lost: look for weights of deficient rank, dead units and even functions.",
    )  # fmt: skip


def _opposite_signs(
    mixing: Any, supports: Supports, points: NDArray[np.float64], sampled: bool, tried: dict[str, Any]
) -> Verdict | None:
    if mixing.d != mixing.n:
        return None
    draws = len(points)
    try:
        points, sign, size = _determinants(mixing, points)
    except CallableFailed as error:
        tried["signs"] = f"its Jacobian could not be evaluated ({error})"
        return None
    up, down = int((sign > 0).sum()), int((sign < 0).sum())
    tried["signs"] = f"of {len(sign)} Jacobian determinants {up} are positive and {down} negative"
    if up + down and not (up and down):
        points, sign, size = _nearby(mixing, supports, points, sign, size)
    points, sign, size = _with_origin(mixing, supports, points, sign, size)
    best = {s: [k for k in np.argsort(-np.where(sign == s, size, -np.inf)) if sign[k] == s][:12] for s in (1, -1)}
    chosen = [[k for k in best[s] if determinant_sign(mixing.graph, points[k]) == s][:6] for s in (1, -1)]
    for a in chosen[0]:
        for b in chosen[1]:
            pair = points[[a, b]]
            low, high = _around(pair.copy(), supports, 2.0**-10)
            surrounded = bool((low < pair).all() and (pair < high).all())
            if surrounded and in_one_piece(supports, low, high) and continuous_on(mixing.graph, low, high):
                return _signs_verdict(mixing, pair, low, high, (min(up, down), draws) if sampled else None)
    return None


def _nearby(mixing: Any, supports: Supports, points: Any, sign: Any, size: Any) -> tuple[Any, Any, Any]:
    """The same with points around those where the determinant is smallest: a rarer sign may be near them."""
    rng = np.random.default_rng(len(points))
    start = points[np.argsort(size)[:50]]
    spread = np.array([1.0, 0.3, 0.1, 0.03])[rng.integers(4, size=(2000, 1))]
    tried = start[rng.integers(len(start), size=2000)] + spread * rng.normal(size=(2000, points.shape[1]))
    tried = tried[[inside(supports, [Fraction(float(x)) for x in row]) for row in tried]]
    if not len(tried):
        return points, sign, size
    try:
        more = _determinants(mixing, tried)
    except CallableFailed:
        return points, sign, size
    joined = [np.concatenate(pair) for pair in zip((points, sign, size), more, strict=True)]
    return joined[0], joined[1], joined[2]


def _with_origin(mixing: Any, supports: Supports, points: Any, sign: Any, size: Any) -> tuple[Any, Any, Any]:
    """The same with the origin, where formulas may bend in a neighbourhood too small for any draw to hit."""
    origin = np.zeros((1, points.shape[1]))
    certified = determinant_sign(mixing.graph, origin[0]) if inside(supports, [Fraction(0)] * mixing.n) else 0
    if not certified:
        return points, sign, size
    return np.concatenate([points, origin]), np.append(sign, certified), np.append(size, np.inf)


def _determinants(mixing: Any, points: Any) -> tuple[Any, Any, Any]:
    """The points with finite Jacobians, the signs of their determinants, and the logarithms of their sizes."""
    found = jacobians(mixing, points)
    good = np.isfinite(found).all(axis=(1, 2))
    sign, size = np.linalg.slogdet(found[good])
    return points[good], sign, size


def _signs_verdict(mixing: Any, pair: Any, low: Any, high: Any, counts: tuple[int, int] | None) -> Verdict:
    mass = None if counts is None else _minority(*counts)
    evidence = {
        "kind": "injectivity.jacobian_signs",
        "graph": mixing.graph.to_dict(),
        "points": encode_array(pair),
        "low": encode_array(low),
        "high": encode_array(high),
        "minority_mass": mass,
    }
    reason = (
        "The Jacobian determinants at two points of one connected open part of Z have certified opposite signs: by "
        "degree theory f is not injective."
    )
    if mass is not None and mass["estimate"] > 0:
        reason += f" The minority sign has an estimated prior mass of {mass['estimate']:.2g}."
    return Verdict.fail(
        CLAIM, Grade.CERTIFIED, reason, evidence=evidence,
        advice="Use a decoder that is injective by construction: square or widening layers of full rank, or a flow.",
    )  # fmt: skip


def _minority(few: int, total: int) -> dict[str, Any]:
    """The share of the draws that show the rarer sign, with a Clopper-Pearson interval: no part of the proof.

    Draws whose determinant is beyond the floating-point range show no sign, and count as draws all the same.
    """
    from scipy.special import betaincinv

    tail = (1 - LEVEL) / 2
    return {
        "estimate": few / total,
        "lower": float(betaincinv(few, total - few + 1, tail)) if few else 0.0,
        "upper": float(betaincinv(few + 1, total - few, 1 - tail)),
        "level": LEVEL,
        "draws": total,
    }
