"""The page: what is text stays text."""

from ivae_theory.verdict import Status
from proofs_checks import ledger, page
from proofs_checks.claim import Check, Claim, Method, Outcome


def test_marks_are_escaped_outside_of_code_spans_only():
    check = Check(Method.EXACT, lambda: Outcome(Status.HOLDS, "T~ = a*b of `T~'`"), Status.HOLDS)
    claim = Claim("eq4", "Eq. (4)", "A|B ~ C", (), (), "x|y ~", "g*", "", "r~", check, check, "*First.* `L^T T~ = b` ~")
    text = page.markdown(ledger.run([claim]))
    assert "T\\~ = a\\*b of `T~'`" in text
    assert "x\\|y \\~" in text
    assert "*First.* `L^T T~ = b` \\~" in text
    assert "**Gap.** g\\*" in text
