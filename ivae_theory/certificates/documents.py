"""Recheck documents that are no reports on one model: a recovery, an equivalence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ivae_theory.assumed import of_recovery
from ivae_theory.certificates.recheck import RecheckResult, _recheck_verdict, _verdict
from ivae_theory.certificates.recovery import check_recovery
from ivae_theory.certificates.registry import InvalidCertificate, bind_evidence
from ivae_theory.errors import CorruptReport
from ivae_theory.verdict import Verdict, conjunction

__all__ = ["recheck_document"]


def recheck_document(document: Mapping[str, Any], model: Any) -> RecheckResult:
    """Verify a sealed document of kind ``ivae_theory.recovery`` or ``ivae_theory.equivalence``."""
    if document["kind"] == "ivae_theory.equivalence":
        return _equivalence(document, model)
    if model is not None:
        raise CorruptReport("report", "one about a model", "a recovery: it is about arrays and no model")
    return _recovery(document)


def _equivalence(document: Mapping[str, Any], model: Any) -> RecheckResult:
    verdict = _verdict(document["verdict"])
    if verdict.claim != "equivalence":
        raise CorruptReport("verdict", "one on equivalence", repr(verdict.claim)[:40])
    _require_digests(document["subject"], verdict)
    checked: tuple[str, ...] = ()
    if not verdict.undecided:
        checked = (_recheck_verdict(verdict, document["subject"]),)
        if model is not None:
            bind_evidence(verdict.claim, verdict.evidence, model)
    undecided = () if checked else (verdict.claim,)
    return RecheckResult(checked, undecided, model is not None and bool(checked), verdict.status)


def _require_digests(subject: Mapping[str, Any], verdict: Verdict) -> None:
    """The subject names the two models of the certificate by their digests."""
    digests, evidence = subject.get("models"), verdict.evidence
    if (
        not isinstance(digests, list)
        or subject.get("digest") != hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    ):
        raise CorruptReport("subject", "the digest of the digests of two models", "another one")
    if verdict.undecided:
        return
    try:
        named = (
            evidence["digests"] if "models" not in evidence else [evidence["models"][n]["digest"] for n in ("a", "b")]
        )
    except (KeyError, TypeError) as error:
        raise InvalidCertificate("evidence that names its models", type(error).__name__) from None
    if list(named) != digests:
        raise InvalidCertificate("a certificate about the subject's models", "one about others")


def _recovery(document: Mapping[str, Any]) -> RecheckResult:
    body, subject = document["recovery"], document["subject"]
    if not isinstance(body, Mapping) or not isinstance(document["parts"], list):
        raise CorruptReport("recovery", "numbers and a list of findings", "something else")
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()
    if subject.get("digest") != digest:
        raise CorruptReport("subject", "the digest of the recovery", "another one")
    parts = [_verdict(item) for item in document["parts"]]
    whole = _verdict(document["verdict"])
    if [part.claim for part in parts] != ["recovery.affine", "recovery.invertible", "recovery.pattern"]:
        raise CorruptReport("parts", "affine fit, invertibility and pattern", ", ".join(p.claim for p in parts)[:80])
    checked = tuple(_recheck_verdict(part, subject) for part in parts if not part.undecided)
    check_recovery(body, parts)
    _check_whole(whole, parts)
    if not whole.undecided:
        checked = (*checked, _recheck_verdict(whole, subject))
    undecided = tuple(v.claim for v in (*parts, whole) if v.undecided)
    return RecheckResult(checked, undecided, False, whole.status)


def _check_whole(whole: Verdict, parts: list[Verdict]) -> None:
    """The verdict is the conjunction of the findings, under one tolerance, level and N."""
    status, grade = conjunction(parts)
    if whole.status is not status or whole.grade is not grade:
        raise InvalidCertificate(f"the conjunction of the findings ({status.word})", whole.status.word)
    if whole.evidence.get("parts") != {part.claim: part.status.word for part in parts}:
        raise InvalidCertificate("the statuses of the findings", "others")
    for name in ("tolerance", "level", "n_samples", "groups", "route"):
        values = {json.dumps(verdict.evidence.get(name)) for verdict in (whole, *parts) if name in verdict.evidence}
        if len(values) != 1:
            raise InvalidCertificate(f"one {name} for all findings", ", ".join(sorted(values))[:80])
    needed = of_recovery(whole.evidence.get("route"))
    if whole.assumes != needed:
        raise InvalidCertificate(f"what is assumed to be listed: {'; '.join(needed)}", "; ".join(whole.assumes)[:80])
    if not np.isfinite(whole.evidence.get("tolerance", np.nan)):
        raise InvalidCertificate("a tolerance", "none")
