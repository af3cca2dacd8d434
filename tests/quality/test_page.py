"""The page on soundness says what the committed result files say."""

import json

import pytest

from tests.quality.campaign import COLUMNS
from tests.quality.cases import KINDS
from tests.quality.page import PAGE, RESULTS, written


def test_the_figures_are_those_of_the_result_files():
    text = PAGE.read_text(encoding="utf-8")
    assert written(text) == text, "run python -m tests.quality.page"


def test_a_page_without_a_place_for_them_is_noticed():
    with pytest.raises(ValueError, match="0 places for campaign"):
        written("# Nothing\n")


def test_the_committed_campaign_is_large_and_found_nothing_wrong():
    result = json.loads((RESULTS / "campaign.json").read_text(encoding="utf-8"))
    assert result["cases"] >= 100_000
    assert result["symbolic"] >= 5_000
    assert result["wrong"] == []
    assert set(result["classes"]) == {kind.name for kind in KINDS}
    assert all(row["cases"] > 0 for row in result["classes"].values())
    for column in COLUMNS:
        assert result["total"][column] == sum(row[column] for row in result["classes"].values())
    assert result["cases"] == result["total"]["cases"]
    for row in result["classes"].values():
        assert row["holds"] + row["fails"] + row["undecided"] == row["cases"]
