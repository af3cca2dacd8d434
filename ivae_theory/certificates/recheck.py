"""``recheck``: verify a report without the code that made it.

Four things are compared: the seal (any changed leaf), what each settled verdict's evidence shows by itself, the
conclusion derived anew from the verdicts, and, where the model is at hand, that the evidence is about it. The
seal is a checksum and no signature: whoever changes a report can seal it again, and then the other three decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from ivae_theory import certificates
from ivae_theory.certificates.assumptions import require_assumptions
from ivae_theory.certificates.registry import (
    InvalidCertificate,
    Rechecked,
    bind_evidence,
    grade_of,
    recheck_evidence,
    rechecks,
    status_of,
)
from ivae_theory.certificates.tables import with_table_of
from ivae_theory.conclusion import conclude
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CorruptReport, InputTypeError, IvaeTheoryError
from ivae_theory.files import read_json
from ivae_theory.verdict import GOALS, SCHEMA, Grade, Report, Status, Verdict, digest_of, goal_claims, seal

__all__ = ["RecheckResult", "recheck"]

#: Longest text that is read: a report with nk = 1000 statistics has about 20 MB.
MAX_CHARACTERS = 500_000_000
#: What a subject says beside the mathematics: no part of its digest.
_BESIDE = ("text", "digest", "training")
#: The fields of a verdict.
_VERDICT = {"claim", "status", "grade", "reason", "evidence", "margin", "advice", "assumes"}
#: The kinds of documents that are read, with their fields beside schema, kind, subject and seal.
FIELDS = {
    "ivae_theory.report": {"goal", "conclusion", "verdicts"},
    "ivae_theory.recovery": {"recovery", "verdict", "parts"},
    "ivae_theory.equivalence": {"verdict"},
}


@dataclass(frozen=True)
class RecheckResult:
    """What ``recheck`` verified.

    Attributes
    ----------
    certificates
        The claims whose certificate or witness was verified.
    undecided
        The claims that the report leaves undecided: nothing to verify.
    bound
        Whether the evidence was compared with a model.
    status
        The status of the report's goal, derived anew.
    """

    certificates: tuple[str, ...]
    undecided: tuple[str, ...]
    bound: bool
    status: Status

    def __str__(self) -> str:
        what = f"{len(self.certificates)} certificates valid, {len(self.undecided)} claims undecided"
        return f"{what}; {'bound to the model' if self.bound else 'not bound to a model'}"


@turn()
def recheck(report: str | bytes | Mapping[str, Any] | Report, model: Any = None) -> RecheckResult:
    """Verify every certificate of a report.

    Parameters
    ----------
    report
        The JSON text of a report, the object that it stands for, or a :class:`~ivae_theory.Report`.
    model
        The model that the report is about; without it the certificates are verified by themselves, which shows
        that they are valid and not that they belong to a model. A report that carries the digest alone of a large
        table needs it where a verdict speaks of all rows.

    Raises
    ------
    CorruptReport
        When the text is not a report, any leaf was changed, a certificate does not show what its verdict says,
        or the report is about another model.
    """
    document = _read(report)
    _load_recheckers()
    try:
        return _verified(document, model)
    except IvaeTheoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what a forged report makes sympy or flint raise has no common base
        got = ascii(f"{type(error).__name__}: {error}")[1:-1][:160]
        raise CorruptReport("report", "well-formed verdicts", got) from None


def _verified(document: Mapping[str, Any], model: Any) -> RecheckResult:
    if document["kind"] != "ivae_theory.report":
        from ivae_theory.certificates.documents import recheck_document

        return recheck_document(document, model)
    subject = document["subject"]
    _require_digest(subject)
    if model is not None:
        _require_same(subject, model)
        subject = with_table_of(model, subject)
    verdicts = [_verdict(item) for item in document["verdicts"]]
    _require_all(verdicts, subject)
    checked = tuple(_recheck_verdict(verdict, subject) for verdict in verdicts if not verdict.undecided)
    status = _recheck_conclusion(document, verdicts)
    if model is not None:
        _bind(verdicts, model)
    undecided = tuple(verdict.claim for verdict in verdicts if verdict.undecided)
    return RecheckResult(checked, undecided, model is not None, status)


def _read(report: Any) -> Mapping[str, Any]:
    if isinstance(report, Report):
        report = report.to_dict()
    if isinstance(report, (str, bytes)):
        if len(report) > MAX_CHARACTERS:
            raise CorruptReport("report", f"at most {MAX_CHARACTERS} characters", f"{len(report)}")
        try:
            text = report if isinstance(report, str) else report.decode()
        except UnicodeDecodeError:
            raise CorruptReport("report", "text in UTF-8", "bytes that are not") from None
        report = read_json(text, "report")
    if not isinstance(report, Mapping):
        raise InputTypeError("report", "JSON text or an object", type(report).__name__)
    kind, schema = report.get("kind"), report.get("schema")
    if not isinstance(kind, str) or kind not in FIELDS or schema != SCHEMA or isinstance(schema, bool):
        got = f"kind {kind!a:.40}, schema {schema!a:.40}"
        raise CorruptReport("report", f"an ivae_theory report of schema {SCHEMA}", got)
    try:
        intact = report.get("seal") == seal(report)
    except (TypeError, ValueError, RecursionError) as error:
        raise CorruptReport("report", "JSON values", str(error)[:120]) from None
    if not intact:
        raise CorruptReport("report", "the content that was sealed", "a changed report (the seal does not match)")
    if set(report) != {"schema", "kind", "subject", "seal", *FIELDS[report["kind"]]}:
        raise CorruptReport("report", "the fields of a report", ascii(sorted(map(str, report)))[:120])
    if not isinstance(report["subject"], Mapping) or not isinstance(report.get("verdicts", []), list):
        raise CorruptReport("report", "a subject and a list of verdicts", "something else")
    return report


def _load_recheckers() -> None:
    """Import every module of the package once: each registers its recheckers."""
    for module in iter_modules(certificates.__path__):
        import_module(f"{certificates.__name__}.{module.name}")


def _verdict(item: Any) -> Verdict:
    try:
        if set(item) != _VERDICT:
            raise TypeError(f"fields {sorted(set(map(str, item)) ^ _VERDICT)}")
        return Verdict(
            claim=_text(item["claim"]),
            status=status_of(item["status"]),
            grade=grade_of(item["grade"]),
            reason=_text(item["reason"]),
            evidence=item["evidence"],
            margin=_number(item["margin"]),
            advice=_text(item["advice"]),
            assumes=tuple(_text(sentence) for sentence in item["assumes"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptReport("verdicts", "verdicts with all their fields", str(error)[:160]) from None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        raise TypeError(f"a number or null expected, got {value!r:.40}")
    return None if value is None else float(value)


def _require_all(verdicts: list[Verdict], subject: Mapping[str, Any]) -> None:
    """One verdict for each claim: a conclusion says less of what is left out, and what it says may then be false."""
    ks, claims = [int(k) for k in subject["ks"]], [verdict.claim for verdict in verdicts]
    needed = {claim for goal in GOALS for claim in goal_claims(goal, ks, bool(subject.get("posterior")))}
    if len(set(claims)) != len(claims):
        raise CorruptReport("verdicts", "one verdict a claim", "a claim twice")
    if needed - set(claims):
        raise CorruptReport(
            "verdicts", "a verdict for each claim", f"none on {', '.join(sorted(needed - set(claims)))}"
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, got {value!r:.40}")
    return value


def _recheck_verdict(verdict: Verdict, subject: Mapping[str, Any]) -> str:
    shown = recheck_evidence(verdict.claim, verdict.evidence, subject)
    if shown.status is not verdict.status:
        raise InvalidCertificate(
            f"{verdict.claim} to be {verdict.status.word}", f"evidence that it {shown.status.word}"
        )
    if verdict.grade is None or shown.grade < verdict.grade:
        claimed = verdict.grade.word if verdict.grade else "none"
        raise InvalidCertificate(f"{verdict.claim} with grade {claimed}", f"evidence of grade {shown.grade.word}")
    require_assumptions(verdict, subject)
    return verdict.claim


def _recheck_conclusion(document: Mapping[str, Any], verdicts: list[Verdict]) -> Status:
    given = document["conclusion"]
    try:
        rival = given["rival"]
        derived = conclude(document["goal"], verdicts, document["subject"], rival)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptReport("conclusion", "a conclusion that its verdicts support", str(error)[:160]) from None
    if derived.to_dict() != given:
        raise CorruptReport("conclusion", "what follows from the verdicts", "something else")
    if rival is not None:
        recheck_evidence(f"rival.{rival['refutes']}", rival["evidence"], document["subject"])
    return derived.status


def _require_digest(subject: Mapping[str, Any]) -> None:
    """A digest binds a report to a model only if it is the digest of what the certificates are about."""
    described = {name: value for name, value in subject.items() if name not in _BESIDE}
    if subject.get("digest") != digest_of(described):
        raise CorruptReport("subject", "the digest of the model that it describes", "another one")


def _require_same(subject: Mapping[str, Any], model: Any) -> None:
    digest = getattr(model, "digest", None)
    if not isinstance(digest, str):
        raise InputTypeError("model", "a Model", type(model).__name__)
    if digest != subject.get("digest"):
        raise CorruptReport(
            "report", f"a report on the model with digest {digest[:12]}", str(subject.get("digest"))[:12]
        )
    if subject.get("text") != model.describe()["text"]:
        raise CorruptReport("report", "the line about the model that the model gives", ascii(subject.get("text"))[:80])


def _bind(verdicts: list[Verdict], model: Any) -> None:
    for verdict in verdicts:
        if not verdict.undecided:
            bind_evidence(verdict.claim, verdict.evidence, model)


@rechecks(
    "assumed",
    "theorem1.i", "theorem1.ii", "theorem1.iii", "theorem1.minimal", "theorem1.injective", "theorem1.positive",
    "theorem1.known_noise", "theorem2.i", "theorem2.ii", "theorem2.scaled_permutation", "theorem2.block_permutation",
    "theorem3.i", "published.theorem1", "published.theorem2", "published.theorem3",
)  # fmt: skip
def _assumed(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """The user vouches: the status is what they said, at the lowest grade."""
    if evidence.get("claim") != claim:
        raise InvalidCertificate(f"an assumption of {claim}", repr(evidence.get("claim"))[:60])
    return Rechecked(Status.HOLDS, Grade.ASSUMED)
