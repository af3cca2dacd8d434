"""What follows for identifiability: a pure function of the verdicts.

The checker and the rechecker both call it, so that a report's conclusion can be derived again from its
verdicts and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivae_theory.verdict import Conclusion, Grade, Status, Verdict, conjunction, goal_claims

__all__ = ["conclude"]

#: The hypotheses under which the projection of T~ onto the directions in which lambda does vary survives.
_WITHOUT_VARIABILITY = ("theorem1.i", "theorem1.injective", "theorem1.positive", "theorem1.known_noise")

_NO_PROOF = " That is no proof that the model is not identifiable."


def conclude(
    goal: str,
    verdicts: Sequence[Verdict],
    subject: Mapping[str, Any],
    rival: Mapping[str, Any] | None = None,
) -> Conclusion:
    """The conclusion of a report.

    Parameters
    ----------
    goal
        One of :data:`ivae_theory.verdict.GOALS`.
    verdicts
        At least those of the goal's claims.
    subject
        The model's description, with ``"ks"`` (the number of statistics of each latent).
    rival
        A verified rival as JSON values, or ``None``. None is shown where f is refuted to be injective: the rival's f'
        is f after a bijection, and Eq. (12) needs the inverse of both.
    """
    ks = [int(k) for k in subject["ks"]]
    claims = goal_claims(goal, ks, bool(subject.get("posterior")))
    found = {verdict.claim: verdict for verdict in verdicts}
    if "theorem1.injective" in found and found["theorem1.injective"].fails:
        rival = None
    decisive = [found[claim] for claim in claims]
    status, grade = conjunction(decisive)
    settled = {Status.HOLDS: _holds, Status.UNDECIDED: _undecided, Status.FAILS: _fails}[status]
    statement = settled(goal, ks, found, decisive)
    if rival is not None:
        if rival["refutes"] == "equivalence":
            statement = statement.replace(_NO_PROOF, "")  # the rival is one
        statement += " " + _rival_sentence(rival)
    beside = _said_beside(goal, ks, found, decisive, status)
    taken = _assumptions([*decisive, *(verdict for verdict in beside if verdict.claim not in claims)])
    if status is Status.HOLDS or beside:  # of a model that exists
        taken = tuple(dict.fromkeys((*taken, *map(str, subject.get("assumptions", ())))))
    return Conclusion(status, grade, statement, taken, claims, rival)


def _said_beside(
    goal: str, ks: Sequence[int], found: Mapping[str, Verdict], decisive: Sequence[Verdict], status: Status
) -> list[Verdict]:
    """What the statement says to hold besides the goal, or what it says to survive rests on."""
    sharp = [found[claim] for claim in goal_claims("affine", ks) if claim in found]
    if status is Status.HOLDS:
        printed = goal in ("printed", "published")
        return sharp if printed and all(verdict.holds for verdict in sharp) else []
    failing = [verdict for verdict in decisive if verdict.fails]
    if not failing:
        return []
    if _projection(found, failing):
        return [found[claim] for claim in _WITHOUT_VARIABILITY if claim in found]
    second = all(verdict.claim.startswith("theorem2.") for verdict in failing)
    return sharp if goal == "permutation" and second and all(verdict.holds for verdict in sharp) else []


def _assumptions(decisive: Sequence[Verdict]) -> tuple[str, ...]:
    sentences: list[str] = []
    for verdict in decisive:
        if verdict.grade is Grade.ASSUMED and not verdict.assumes:
            sentences.append(f"{verdict.claim} is taken on trust")
        sentences.extend(verdict.assumes)
    return tuple(dict.fromkeys(sentences))


def _identified(goal: str, ks: Sequence[int]) -> str:
    """What the goal's theorem gives, as a clause."""
    size = sum(ks)
    # a wild f' can undo what derivatives give: the theorems of the published version compare within their class
    smooth = ", f' and T' as smooth as the theorems ask of f and T" if goal == "published" else ""
    affine = (
        f"every theta' = (f', T', lambda') with f' injective{smooth}, the same noise and the same law of x given u "
        "satisfies "
        f"T~(f^-1(x)) = A T~'(f'^-1(x)) + c almost everywhere, with A ({size} x {size}) invertible"
    )
    if goal == "affine":
        return f"identified up to an affine map: {affine} (Theorem 1, sharp form)"
    if goal == "published" or goal == "permutation":
        name = "published version" if goal == "published" else "sharp form"
        if max(ks) == 1:
            number = "Theorem 3" if goal == "published" else "Theorem 2"
            return (
                f"identified up to a scaled permutation: {affine} and a scaled permutation, so that each T_i(z_i) is "
                "recovered up to scale, shift and order, and z_i itself up to the level sets of T_i "
                f"(Theorem 1 and {number}, {name})"
            )
        return (
            f"identified up to a block permutation: {affine} and a block permutation, so that the statistics of each "
            f"latent are recovered up to an affine map of their own and the order (Theorem 1 and Theorem 2, {name})"
        )
    return "covered by every claim as the paper prints it"


def _names(verdicts: Sequence[Verdict]) -> str:
    names = [verdict.claim for verdict in verdicts]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _holds(goal: str, ks: Sequence[int], found: Mapping[str, Verdict], decisive: Sequence[Verdict]) -> str:
    statement = f"{_capital(_identified(goal, ks))}."
    if goal in ("printed", "published"):
        silent = [found[c] for c in goal_claims("affine", ks) if c in found and not found[c].holds]
        for failing, what in ((True, "fail here"), (False, "are not shown here")):
            named = [verdict for verdict in silent if verdict.fails is failing]
            statement += f" The {goal} theorems leave hypotheses silent that {what}: {_names(named)}." if named else ""
        if not silent:
            statement += f" What the {goal} theorems leave silent about theta holds as well."
    rests_on = [*decisive, *_said_beside(goal, ks, found, decisive, Status.HOLDS)]
    assumed = list({verdict.claim: verdict for verdict in rests_on if verdict.grade is Grade.ASSUMED}.values())
    if assumed:
        statement += f" This rests on what the user vouches for: {_names(assumed)}."
    return statement


def _undecided(goal: str, ks: Sequence[int], found: Mapping[str, Verdict], decisive: Sequence[Verdict]) -> str:
    open_ones = [verdict for verdict in decisive if verdict.undecided]
    if [verdict.claim for verdict in open_ones] == ["theorem1.injective"]:
        return (
            f"Not settled: {_identified(goal, ks)}, if f is injective, which is undecided; "
            "`--assume theorem1.injective` to vouch."
        )
    whether = "it holds" if len(open_ones) == 1 else "they hold"
    return f"Not settled: {_names(open_ones)} undecided. If {whether}: {_identified(goal, ks)}."


def _fails(goal: str, ks: Sequence[int], found: Mapping[str, Verdict], decisive: Sequence[Verdict]) -> str:
    failing = [verdict for verdict in decisive if verdict.fails]
    verb = "fails" if len(failing) == 1 else "fail"
    sharp = [found[claim] for claim in goal_claims("affine", ks) if claim in found]
    if goal == "permutation" and all(verdict.claim.startswith("theorem2.") for verdict in failing):
        stronger = "scaled permutation" if max(ks) == 1 else "block permutation"
        if all(verdict.holds for verdict in sharp):
            return f"{_capital(_identified('affine', ks))}; but A need not be a {stronger}: {_names(failing)} {verb}."
        return f"A need not be a {stronger}: {_names(failing)} {verb}."
    return f"The theorem does not apply: {_names(failing)} {verb}.{_NO_PROOF}" + _projection(found, failing)


def _projection(found: Mapping[str, Verdict], failing: Sequence[Verdict]) -> str:
    """What survives when only (iii) fails: the combinations of T~ along which lambda varies."""
    variability = found.get("theorem1.iii")
    if variability is None or variability not in failing or not isinstance(variability.evidence.get("rank"), int):
        return ""
    rank = variability.evidence["rank"]
    if rank < 1 or not all(found[claim].holds for claim in _WITHOUT_VARIABILITY if claim in found):
        return ""
    number = "one combination, up to scale," if rank == 1 else f"{rank} independent combinations"
    return (
        f" Still identified: {number} w . T~ with w in the span of lambda(u) - lambda(u_0), as affine functions of "
        "T~' in every model with the same law of x given u."
    )


def _rival_sentence(rival: Mapping[str, Any]) -> str:
    if rival["refutes"] == "equivalence":
        return (
            "It is not identifiable up to an affine map: the rival below has the same law of x given u and is not "
            "equivalent."
        )
    return (
        "It is not identifiable up to a scaled permutation: the rival below has the same law of x given u and mixes "
        "the latents."
    )
