"""One report for every kind of evidence, and ways to change a leaf or a branch of it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ivae_theory import Model, equivalent, posterior_gap, rival
from ivae_theory.checking import CLAIMS, check
from ivae_theory.conclusion import conclude
from ivae_theory.equivalence.document import to_dict
from ivae_theory.theorem2 import check_scaled_permutation
from ivae_theory.verdict import Report, Verdict, digest_of, seal
from tests.truth.test_truth_table import ROWS, decided

#: A row of the truth table for every kind of evidence that its claims rest on.
OF_ROWS = (
    "inj-vouched", "inj-relu-one", "inj-flow", "inj-floor", "inj-gelu", "inj-identity", "inj-coupling",
    "positive-one", "positive-step", "noise-known-black-box", "noise-known-learned-sum", "noise-known-discrete",
    "noise-none", "noise-torch-affine", "noise-mixture-scales", "noise-cf-isotropic", "noise-gap-piecewise",
    "noise-gap-plus-gaussian", "published2_gaussian", "published3_half_line", "published1_relu", "published3_stretched",
    "published1_gaussian", "ii-constant", "minimal-constant", "minimal-exp-scale", "ii-identity",
    "t2_k2_gaussian_block", "t2_i_different_domains", "t2_gaussian_pair", "t2_i_same", "t2_ii_logarithm",
    "t2_support_with_gap_pair", "t2_one_latent_block", "t2_i_k2", "t2_ii_closed_end", "variability/net-linear-enough",
    "from_torch/nothing-varies", "variability/exponentials", "variability/integers-set",
    "variability/two-values-one-parameter", "variability/same-value-twice", "variability/net-affine-scalar",
    "variability/square-roots-proportional", "variability/declared-error-too-few",
)  # fmt: skip
RIVALS = ("proportional", "location", "learned variance", "bernoulli", "band-limited noise")
PAIRS = ("scaled", "shifted", "overlapping images", "nk differs")
RECOVERIES = ("holds", "fails", "draws hold")


@dataclass(frozen=True)
class Original:
    """A sealed document, the model that it is about where there is one, and the parts that are changed."""

    name: str
    claim: str
    document: dict[str, Any]
    model: Model | None
    roots: tuple[tuple[Any, ...], ...]


def _json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def report_on(model: Model, verdict: Verdict) -> dict[str, Any]:
    """A report whose other claims are undecided, so that everything in it rests on one piece of evidence."""
    others = {claim: Verdict.unknown(claim, "not asked for") for claim in CLAIMS}
    verdicts = tuple({**others, verdict.claim: verdict}.values())
    subject = model.describe()
    return Report(subject, "affine", verdicts, conclude("affine", verdicts, subject)).to_dict()


def _of_verdict(name: str, model: Model, verdict: Verdict) -> Original:
    document = _json(report_on(model, verdict))
    place = [item["claim"] for item in document["verdicts"]].index(verdict.claim)
    return Original(name, verdict.claim, document, model, (("verdicts", place, "evidence"), ("subject",)))


def _of_row(name: str) -> Original:
    row = next(row for row in ROWS if row.id == name)
    return _of_verdict(name, row.model(), decided(row))


def _of_rival(model: Model, name: str) -> Original:
    report, found = check(model), rival(model)
    assert found is not None
    shown = {"refutes": found.refutes, "evidence": dict(found.evidence)}
    verdicts = tuple(Verdict.unknown(verdict.claim, "not asked for") for verdict in report.verdicts)
    told = conclude("affine", verdicts, report.subject, shown)
    document = _json(replace(report, goal="affine", verdicts=verdicts, conclusion=told).to_dict())
    return Original(
        f"rival: {name}", f"rival.{found.refutes}", document, model, (("conclusion", "rival"), ("subject",))
    )


def _of_pair(name: str) -> Original:
    from tests.equivalence.test_equivalent import PAIRS as KNOWN

    pair = next(pair for pair in KNOWN if pair.id == name)
    a, b = pair.a(), pair.b()
    document = _json(to_dict(equivalent(a, b), a, b))
    return Original(f"equivalence: {name}", "equivalence", document, a, (("verdict", "evidence"), ("subject",)))


def _of_recovery(name: str) -> Original:
    from tests.recovery.test_result import CASES

    document = _json(json.loads(CASES[name]().to_json()))
    return Original(
        f"recovery: {name}", "recovery", document, None, (("parts",), ("verdict", "evidence"), ("recovery",))
    )


def _of_posterior(place: int) -> Original:
    from tests import test_posterior as known

    model = (
        known.linear(known.DIAGONAL, known.true_posterior(known.DIAGONAL, full=False)),
        known.linear(known.COUPLED, known.true_posterior(known.COUPLED, shift=1.0)),
        known.linear(known.COUPLED, known.true_posterior(known.COUPLED, full=False)),
    )[place]
    return _of_verdict(f"posterior: {place}", model, posterior_gap(model, *known.data(model, 60)))


def _shear() -> Original:
    """Only a direct question reaches it: ``check`` asks for blocks when k = 2."""
    model = next(row for row in ROWS if row.id == "t2_i_k2").model()
    return _of_verdict("shear", model, check_scaled_permutation(model))


def _builders() -> dict[str, Callable[[], Original]]:
    from tests.rivals import test_factorial, test_rivals

    built: dict[str, Callable[[], Original]] = {name: lambda name=name: _of_row(name) for name in OF_ROWS}
    for name in RIVALS:
        built[f"rival: {name}"] = lambda name=name: _of_rival(test_rivals.COVERED[name][0](), name)
    built["rival: a third latent varies"] = lambda: _of_rival(
        test_factorial.COVERED["a third latent varies"](), "a third latent varies"
    )
    for name in PAIRS:
        built[f"equivalence: {name}"] = lambda name=name: _of_pair(name)
    for name in RECOVERIES:
        built[f"recovery: {name}"] = lambda name=name: _of_recovery(name)
    built["shear"] = _shear
    for place in range(3):
        built[f"posterior: {place}"] = lambda place=place: _of_posterior(place)
    return built


BUILDERS = _builders()


@cache
def original(name: str) -> Original:
    """Built once a process: a change works on a copy."""
    return BUILDERS[name]()


def kinds_in(value: Any) -> set[str]:
    """Every kind of evidence inside, nested ones too."""
    if isinstance(value, Mapping):
        own = {value["kind"]} if isinstance(value.get("kind"), str) else set()
        return own.union(*(kinds_in(item) for item in value.values()))
    return set().union(*map(kinds_in, value)) if isinstance(value, list) else set()


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def places(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Every leaf and branch below a path."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, item in steps for place in ((*path, step), *places(item, (*path, step)))]


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (dict, list)) or not value


_WORDS = ("0", "1", "-1", "1/2", "1000", "1/0", "", "nonsense", "oo", "-oo", "nan", "z", "z**2", "sqrt(2)", "a" * 40)


def _other_text(draw: random.Random, text: str) -> str:
    if not text or draw.random() < 0.4:
        return draw.choice(_WORDS)
    place = draw.randrange(len(text))
    return text[:place] + draw.choice(["", *"0123456789+-*/().=AZaz"]) + text[place + 1 :]


def _other_leaf(draw: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice([value + 1, value - 1, -value, 0, 1, 2, -1, 10**9, 10**30, value + 0.5])
    if isinstance(value, float):
        return draw.choice([value * (1 + 1e-9), value * 2, -value, 0.0, 1e300, 1e-300, value + 1])
    if isinstance(value, str):
        return _other_text(draw, value)
    return draw.choice([0, "0", [0], {"kind": "x"}, False])


def _other_type(draw: random.Random, value: Any) -> Any:
    return draw.choice([None, True, 0, 1.5, "0", str(value)[:40], [], [value], {}, {"kind": "x"}, [[["0"]]], -1])


def change(one: Original, draw: random.Random) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """How, where, and the changed document (not yet sealed again)."""
    document = copy.deepcopy(one.document)
    root = draw.choice([root for root in one.roots if places(at(document, root), root)])
    way = draw.choice(["change", "change", "drop", "duplicate", "reorder", "retype", "splice"])
    path = draw.choice([p for p in places(at(document, root), root) if way != "change" or _is_leaf(at(document, p))])
    parent, step = at(document, path[:-1]), path[-1]
    value = parent[step]
    if way == "change":
        parent[step] = _other_leaf(draw, value)
    elif way == "drop":
        del parent[step]
    elif way == "duplicate" and isinstance(parent, list):
        parent.insert(step, copy.deepcopy(value))
    elif way == "reorder" and isinstance(parent, list) and len(parent) > 1:
        other = draw.choice([place for place in range(len(parent)) if place != step])
        parent[step], parent[other] = parent[other], parent[step]
    elif way == "splice":
        donor = draw.choice(places(at(document, root), root))
        parent[step] = copy.deepcopy(at(one.document, donor))
    else:
        way = "retype"
        parent[step] = _other_type(draw, value)
    return way, path, document


def resealed(document: dict[str, Any], anew: bool) -> dict[str, Any]:
    """Sealed again, with the subject's own digest too where ``anew``: what a forger who knows the format would do."""
    subject = document.get("subject")
    if anew and document["kind"] == "ivae_theory.report" and isinstance(subject, dict):
        described = {name: value for name, value in subject.items() if name not in ("text", "digest", "training")}
        document = {**document, "subject": {**subject, "digest": digest_of(described)}}
    return {**document, "seal": seal(document)}
