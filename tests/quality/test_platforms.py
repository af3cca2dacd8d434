"""What is written down about platforms: read from pytest's own file, and no platform with a failure."""

import json

from tests.quality.platforms import RESULTS, outcomes

JUNIT = """<?xml version="1.0"?><testsuites><testsuite name="pytest" time="12.7">
<testcase classname="a" name="passes"/>
<testcase classname="a" name="fails"><failure message="no"/></testcase>
<testcase classname="a" name="breaks"><error message="no"/></testcase>
<testcase classname="b" name="skips"><skipped message="needs the extra 'torch'"/></testcase>
<testcase classname="b" name="skips too"><skipped message="needs the extra 'torch'"/></testcase>
<testcase classname="" name="c"><skipped message="collection skipped">(9, "Skipped: needs the extra 'plot'")</skipped>
</testcase></testsuite></testsuites>"""


def test_counts_are_those_of_the_run(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    assert outcomes(tmp_path / "junit.xml") == {
        "passed": 1,
        "failed": ["a::fails", "a::breaks"],
        "skipped": {"needs the extra 'plot'": 1, "needs the extra 'torch'": 2},
        "seconds": 13,
    }


def test_every_platform_passed_and_skipped_for_a_reason():
    for name, entry in json.loads(RESULTS.read_text(encoding="utf-8")).items():
        assert entry["failed"] == [], name
        assert entry["passed"] > 1000, name
        assert all(entry["skipped"]), name
