"""recheck refuses a report with any leaf changed, and a forged one that was sealed again."""

import contextlib
import json

import pytest
import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective, families, recheck
from ivae_theory.certificates.recheck import RecheckResult, _verdict
from ivae_theory.certificates.registry import InvalidCertificate, recheck_evidence
from ivae_theory.checking import check
from ivae_theory.cli.loading import load_model
from ivae_theory.conclusion import conclude
from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.hypotheses.injectivity import check_injective
from ivae_theory.verdict import Status, seal
from tests.certificates.tampering import leaves, replaced
from tests.cli.test_app import EXAMPLES

z = sympy.Symbol("z", real=True)
NAMES = ["section5", "figure1", "fails_few_segments", "fails_rotation", "fails_discrete"]


@pytest.fixture(scope="module", params=NAMES)
def made(request):
    model = load_model(str(EXAMPLES / f"{request.param}.py"))
    return model, check(model, "permutation")


def changed(value):
    """A different leaf of the same type where there is one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return "something"


def test_an_honest_report_rechecks_by_itself_and_with_its_model(made):
    model, report = made
    alone = recheck(report.to_json())
    assert isinstance(alone, RecheckResult)
    assert not alone.bound
    assert alone.status is report.status
    assert recheck(report.to_json(), model).bound
    assert recheck(report).certificates == tuple(v.claim for v in report.verdicts if not v.undecided)


def test_any_changed_leaf_is_refused(made):
    _, report = made
    document = json.loads(report.to_json())
    for path, value in leaves(document):
        with pytest.raises(CorruptReport):
            recheck(replaced(document, path, changed(value)))


def resealed(document):
    return {**document, "seal": seal(document)}


@pytest.mark.parametrize("word", ["fails", "holds"])
def test_a_forged_status_is_refused_although_it_is_sealed(made, word):
    """Weakening a verdict to undecided claims less and is no lie; settling one the other way is."""
    _, report = made
    document = json.loads(report.to_json())
    for index, verdict in enumerate(document["verdicts"]):
        if verdict["status"] == word:
            continue
        forged = replaced(document, ("verdicts", index, "status"), word)
        forged["verdicts"][index]["grade"] = verdict["grade"] or "exact"
        with pytest.raises(CorruptReport):
            recheck(resealed(forged))


def test_a_forged_conclusion_is_refused_although_it_is_sealed(made):
    _, report = made
    document = json.loads(report.to_json())
    word = "holds" if report.status is not Status.HOLDS else "fails"
    for path, value in [
        (("conclusion", "status"), word),
        (("conclusion", "statement"), "Everything is identified."),
        (("conclusion", "assumptions"), ["nothing"]),
        (("conclusion", "decisive"), []),
        (("goal",), "published"),
    ]:
        with pytest.raises(CorruptReport):
            recheck(resealed(replaced(document, path, value)))


@pytest.mark.parametrize("goal", ["permutation", "printed"])
def test_a_verdict_that_was_left_out_is_missed(goal):
    """Without theorem1.positive the conclusion would be that what the printed theorems leave silent holds."""
    gap = sympy.Piecewise((0, sympy.And(z > 1, z < 2)), (sympy.exp(-(z**2)), True))
    family = ExponentialFamily([z**2], base_measure=gap)
    mixing = sympy.Matrix([z, z]) + sympy.Matrix([0, 1]) * sympy.Symbol("z2")
    model = Model(Prior(family, [[-1, -2], [-2, -1], [-3, -5]]), noise=Noise.gaussian(1), mixing=mixing)
    document = json.loads(check(model, goal).to_json())
    assert recheck(document, model)
    for left_out in [verdict["claim"] for verdict in document["verdicts"]]:
        forged = {**document, "verdicts": [v for v in document["verdicts"] if v["claim"] != left_out]}
        with contextlib.suppress(KeyError):  # a claim of the goal
            verdicts = [_verdict(verdict) for verdict in forged["verdicts"]]
            forged["conclusion"] = conclude(goal, verdicts, forged["subject"]).to_dict()
        with pytest.raises(CorruptReport, match=r"a verdict for each claim|conclusion"):
            recheck(resealed(forged), model)


def test_what_is_said_of_the_model_for_people_is_what_the_model_says(made):
    model, report = made
    forged = resealed(replaced(json.loads(report.to_json()), ("subject", "text"), "every model there is"))
    with pytest.raises(CorruptReport, match="line about the model"):
        recheck(forged, model)


def test_verdicts_have_their_own_fields_and_no_others(made):
    _, report = made
    document = json.loads(report.to_json())
    document["verdicts"][0]["Status"] = "holds"
    with pytest.raises(CorruptReport, match="verdicts with all their fields"):
        recheck(resealed(document))
    with pytest.raises(CorruptReport, match="schema"):
        recheck(resealed({**json.loads(report.to_json()), "schema": True}))


@pytest.mark.parametrize("margin", ["1e400", "nan", "7", True, [1.0], {}])
def test_a_margin_is_a_number(made, margin):
    _, report = made
    forged = replaced(json.loads(report.to_json()), ("verdicts", 2, "margin"), margin)
    with pytest.raises(CorruptReport):
        recheck(resealed(forged))


def statistics_of(T):
    family = ExponentialFamily(T, base_measure=sympy.exp(-(z**4)), variable=z)
    return Model(Prior([family], [[0, 0], [1, 0], [0, 1]]), noise=Noise.none(), mixing=assume_injective(1))


def test_a_report_does_not_pass_for_another_model_by_its_digest():
    """The certificates are about what the subject describes, so that the digest must be its own."""
    minimal, dependent = statistics_of([z, z**3]), statistics_of([z, 2 * z])
    document = json.loads(check(minimal).to_json())
    forged = resealed(replaced(document, ("subject", "digest"), dependent.digest))
    for model in (dependent, None):
        with pytest.raises(CorruptReport, match="digest"):
            recheck(forged, model)


def test_a_grade_cannot_be_raised(made):
    _, report = made
    document = json.loads(report.to_json())
    for index, verdict in enumerate(document["verdicts"]):
        if verdict["grade"] in (None, "exact"):
            continue
        with pytest.raises(CorruptReport):
            recheck(resealed(replaced(document, ("verdicts", index, "grade"), "exact")))


def test_evidence_moved_to_another_claim_is_refused(made):
    _, report = made
    document = json.loads(report.to_json())
    settled = [i for i, v in enumerate(document["verdicts"]) if v["grade"] is not None]
    for here in settled:
        for there in settled:
            first, second = document["verdicts"][here], document["verdicts"][there]
            if first["evidence"]["kind"] == second["evidence"]["kind"] or first["status"] == second["status"]:
                continue
            with pytest.raises(CorruptReport):
                recheck(resealed(replaced(document, ("verdicts", here, "evidence"), second["evidence"])))


@pytest.mark.parametrize("bad", [None, 3, [], object()])
def test_what_is_not_a_report_is_refused(bad):
    with pytest.raises(InputError):
        recheck(bad)


def test_another_model_is_refused(made):
    model, report = made
    other = load_model(str(EXAMPLES / "gamma_prior.py"))
    with pytest.raises(CorruptReport, match="digest"):
        recheck(report, other)
    with pytest.raises(InputError, match="model"):
        recheck(report, object())
    assert recheck(report, model).bound


def test_formulas_cannot_be_exchanged_beside_their_graph():
    """The published theorems look at both: this would be the injectivity of one f and the smoothness of another."""
    w = sympy.Symbol("w", real=True)
    prior = Prior([families.half_normal()] * 2, [[-1, -2], [-2, -2], [-3, -1]])
    model = Model(prior, noise=Noise.gaussian(1), mixing=([z, w], sympy.Matrix([z, w + z])))
    evidence, subject = check_injective(model).evidence, json.loads(json.dumps(model.describe()))
    vouched = {**subject["mixing"], "kind": "vouched", "function": subject["mixing"]}
    for mixing in (subject["mixing"], vouched):
        assert recheck_evidence("theorem1.injective", evidence, {**subject, "mixing": mixing}).status is Status.HOLDS
    other = replaced(subject["mixing"], ("expressions", 1), "w**2")
    for mixing in (other, {**vouched, "function": other}, {**vouched, "function": {**other, "graph": None}}):
        with pytest.raises(InvalidCertificate, match="graph of the formulas"):
            recheck_evidence("theorem1.injective", evidence, {**subject, "mixing": mixing})
