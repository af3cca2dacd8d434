"""The ledger: every claim of the paper is in it, runs, and gives what is expected; the page is fresh."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivae_theory.errors import InputError
from ivae_theory.verdict import Status
from proofs_checks import ledger, page
from proofs_checks.__main__ import command
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.claims import ORDER

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "ledger.md"
CLAIMS = ledger.all_claims()


def test_every_claim_of_the_paper_has_a_file_and_the_order_names_no_other():
    assert [claim.name for claim in CLAIMS] == ORDER


@pytest.fixture(scope="module")
def rows():
    return ledger.run(CLAIMS)


@pytest.mark.parametrize("index", range(len(CLAIMS)), ids=[claim.name for claim in CLAIMS])
def test_the_computed_statuses_are_the_expected_ones(rows, index):
    row = rows[index]
    assert row.as_expected, f"printed: {row.printed}\nrepaired: {row.repaired}"
    assert row.printed.detail
    assert row.repaired.detail


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_what_is_false_as_printed_says_how_and_what_is_true(claim):
    assert claim.statement
    assert claim.repair
    assert claim.verdict
    assert set(claim.uses) <= set(ORDER)
    assert claim.as_repaired.expected is not Status.FAILS
    if claim.as_printed.expected is Status.FAILS:
        assert claim.gap


def test_the_page_is_what_the_ledger_generates(rows):
    assert PAGE.read_text(encoding="utf-8") == page.markdown(rows)


def made(status, expected):
    check = Check(Method.EXACT, lambda: Outcome(status, "computed"), expected)
    return Claim("eq4", "Eq. (4)", "s", (printed("p"), silent("q")), (), "v", "", "", "r", check, check)


def test_a_status_that_differs_is_noticed():
    assert ledger.run([made(Status.HOLDS, Status.HOLDS)])[0].as_expected
    assert not ledger.run([made(Status.FAILS, Status.HOLDS)])[0].as_expected


def test_the_command_exits_with_1_when_a_status_differs(monkeypatch):
    monkeypatch.setattr(ledger, "all_claims", lambda: (made(Status.FAILS, Status.HOLDS),))
    done = CliRunner().invoke(command, ["eq4"], standalone_mode=False)
    assert done.return_value == 1
    assert "expected holds" in done.output


def test_claims_are_found_by_name_and_prefix():
    assert [claim.name for claim in ledger.find(["eq4"])] == ["eq4"]
    assert {claim.name for claim in ledger.find(["eq18"])} == {"eq18.deconvolution", "eq18.volume"}
    with pytest.raises(InputError, match="CLAIM"):
        ledger.find(["eq99"])
