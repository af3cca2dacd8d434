"""The HTML reports in a browser: no errors, no network, readable at two widths, evidence that opens."""

import itertools
import shutil
from fractions import Fraction

import numpy as np
import pytest

from ivae_theory import Model, Noise, Prior, assume_injective, check, families, recover
from ivae_theory.reporting.html import section, write_suite
from ivae_theory.testing.record import Entry

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (380, 1200)

#: No sandbox within a container; nothing that would call home.
ARGUMENTS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def failing():
    table = [[Fraction(-1, 2), Fraction(-1, 4)], [Fraction(-1, 4), Fraction(-1, 2)]]
    prior = Prior(families.gaussian_scale(), table)
    training = {"steps": [100, 200, 300], "losses": [[9.0, 8.0], [4.0, None], [3.0, None]], "chosen": 0}
    return check(Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(3), training=training))


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra 'browser'")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS)
def visit(request, browser):
    """Open a file and return the page; complaints of the console and requests for other addresses are errors."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: requests.append(sent.url))

    def go(path):
        page.goto(path.as_uri())
        assert complaints == []
        assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        return page

    yield go
    page.close()


def fits(page):
    """Whether nothing sticks out to the side."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_failing_report_can_be_read(failing, visit, tmp_path):
    path = tmp_path / "report.html"
    failing.to_html(path)
    page = visit(path)
    assert fits(page)
    assert page.title() == "Identifiability report: affine FAILS"
    witness = page.locator("tr.fails details", has_text="witness").first
    evidence = witness.locator("pre")
    assert not evidence.is_visible()
    witness.locator("summary").click()
    assert evidence.is_visible()
    assert "variability.relation" in evidence.inner_text()
    assert fits(page)
    for state in page.locator(".state").all():
        assert state.inner_text().split()[-1] in ("HOLDS", "FAILS", "UNDECIDED"), "a colour without a word"
    assert page.screenshot(path=tmp_path / "report.png", full_page=True)


def test_it_is_accessible(failing, visit, tmp_path):
    path = tmp_path / "report.html"
    failing.to_html(path)
    page = visit(path)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    drawn = page.locator("svg")
    assert drawn.count() == 4
    for figure in drawn.all():
        assert figure.get_attribute("role") == "img"
        assert len(figure.get_attribute("aria-label")) > 30
    repeated = page.evaluate(
        "(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(e => e.id))"
    )
    assert repeated == []
    assert page.evaluate("document.documentElement.lang") == "en"


_CONTRAST = """(element => {
    const numbers = text => text.match(/[\\d.]+/g).map(Number);
    const luminance = rgb => rgb.slice(0, 3).map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const ground = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    const both = [luminance(numbers(getComputedStyle(element).color)), luminance(ground)].sort((a, b) => b - a);
    return (both[0] + .05) / (both[1] + .05);
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_from_the_ground(failing, visit, tmp_path, scheme):
    """WCAG AA: a contrast of 4.5 for text."""
    path = tmp_path / "report.html"
    failing.to_html(path)
    page = visit(path)
    page.emulate_media(color_scheme=scheme)
    for text in [*page.locator(".state").all(), *page.locator("figcaption, td p, h2").all()]:
        assert text.evaluate(_CONTRAST) >= 4.5, text.inner_text()


def test_in_print_the_evidence_is_shown(failing, visit, tmp_path):
    path = tmp_path / "report.html"
    failing.to_html(path)
    page = visit(path)
    page.emulate_media(media="print")
    assert page.locator("tr.fails details pre").first.is_visible()


def test_the_report_of_a_run(failing, visit, tmp_path):
    path = tmp_path / "suite.html"
    entries = [
        Entry(f"test_{name}.py::test", name, "text", "affine", "fails", "", (), section(failing)) for name in "ab"
    ]
    write_suite(entries, ["missed"], path)
    page = visit(path)
    assert fits(page)
    assert page.locator("section").count() == 2
    page.locator("nav a").last.click()
    assert page.url.endswith("#check-2")
    different = page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size")
    assert different == page.locator("[id]").count()


def test_the_report_of_a_recovery(visit, tmp_path):
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, size=(2000, 3))
    path = tmp_path / "recovery.html"
    recover(z, z[:, [2, 0, 1]] * [2.0, -1.0, 0.5], statistics="z").to_html(path)
    page = visit(path)
    assert fits(page)
    assert page.title() == "Recovery report: HOLDS"
    assert page.locator("svg[role=img]").count() == 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert "off mass" in page.locator("pre").last.inner_text()
