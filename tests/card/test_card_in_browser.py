"""The release card in a real browser: what a person sees, on a phone, at a desk and by ear."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from card import runs
from card.browser import DESKTOP, PHONE, Browser

from command import Millrace

# Read by the browser: whether anything of the page is wider than the window, the headings in
# order, and what the page holds that a card must not.
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEADINGS = "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
FOREIGN = "document.querySelectorAll('script,img,link,iframe,object,form,[onerror],a[href]').length"
NAMELESS = """[...document.querySelectorAll('svg')].filter(s =>
  s.getAttribute('aria-hidden') !== 'true' && !s.getAttribute('aria-label')).length"""
BARE_HEADS = "document.querySelectorAll('th:not([scope])').length"


@pytest.fixture(scope="module")
def cards(millrace: Millrace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Cards of runs that end in every way, by name."""
    root = tmp_path_factory.mktemp("cards")
    made = {
        "example": runs.example(millrace, root / "example"),
        "hostile": runs.hostile(millrace, root / "hostile"),
    }
    runs.write(root / "wide", [{f"column_{i}": i for i in range(2000)}] * 3)
    millrace.ok("run", "pipeline.yaml", cwd=root / "wide")
    made["wide"] = runs.card_of(root / "wide")
    runs.write(root / "empty", [], "contract: {columns: {a: {type: string}}}\n")
    millrace.ok("run", "pipeline.yaml", cwd=root / "empty")
    made["empty"] = runs.card_of(root / "empty")
    runs.write(root / "rejected", [{"a": "x"}] * 5, "contract: {columns: {a: {type: int32}}}\n")
    millrace.ok("run", "pipeline.yaml", cwd=root / "rejected")
    made["rejected"] = runs.card_of(root / "rejected")
    runs.write(
        root / "unfit",
        [{"a": "x"}],
        "contract: {columns: {a: {type: string, sensitive: true}}}\nmodel_contract: m.yaml\n",
    )
    (root / "unfit" / "m.yaml").write_text(
        "version: 1\nmodel: m\non_fail: fail\nrequirements:\n"
        "  R: {statement: Many rows., type: size, min_rows: 10}\n"
    )
    assert millrace("run", "pipeline.yaml", cwd=root / "unfit").code == 3
    made["unfit"] = runs.last_card(root / "unfit")
    return made


NAMES = ["example", "hostile", "wide", "empty", "rejected", "unfit"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_a_card_is_a_page(
    browser: Browser, cards: dict[str, Path], tmp_path: Path, name: str, width: str
) -> None:
    viewport = PHONE if width == "phone" else DESKTOP
    assert cards[name].stat().st_size < 1 << 20
    with browser.look(cards[name], viewport) as look:
        page = look.page
        assert page.evaluate(WIDER) <= 0, "the page scrolls sideways"
        headings = page.evaluate(HEADINGS)
        assert headings[0] == 1
        assert headings.count(1) == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(headings))
        assert page.evaluate(FOREIGN) == 0
        assert page.evaluate(NAMELESS) == 0
        assert page.evaluate(BARE_HEADS) == 0
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.title() != "owned"
        picture = tmp_path / "card.png"
        page.screenshot(path=str(picture))
        assert len(set(picture.read_bytes())) > 64
        assert look.console == []
        assert look.requests == [cards[name].resolve().as_uri()]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_card_can_be_read_by_everybody(
    browser: Browser, cards: dict[str, Path], name: str, dark: bool
) -> None:
    with browser.look(cards[name], PHONE, dark) as look:
        assert look.axe() == []


def test_a_card_prints_what_is_folded(browser: Browser, cards: dict[str, Path]) -> None:
    with browser.look(cards["example"]) as look:
        sample = look.page.locator("details .sample").first
        assert not sample.is_visible()
        look.page.emulate_media(media="print")
        assert sample.is_visible()
        assert len(look.page.pdf()) > 10_000


def test_the_example_tells_its_story(browser: Browser, cards: dict[str, Path]) -> None:
    with browser.look(cards["example"], PHONE) as look:
        text = look.page.inner_text("main")
        assert "Not fit for support-assistant 3 (Assistant team)" in text
        assert "LIC-1" in text.split("Evidence")[0]
        for section in (
            "Rows", "Evidence", "Since the release before", "Composition", "Rejected",
            "Duplicates and personal data", "Columns", "Sample rows", "Drift between files",
            "Releases", "Inputs and committed files", "Identity",
        ):  # fmt: skip
            assert section in look.page.locator("h2").all_inner_texts()
        assert "rows written from forum" in text
    report = json.loads(cards["example"].with_name("report.json").read_text())
    assert report["verdict"] == "not_fit"


def test_cards_without_rows_stay_true(browser: Browser, cards: dict[str, Path]) -> None:
    with browser.look(cards["empty"]) as look:
        assert "There are no rows." in look.page.inner_text("main")
    with browser.look(cards["rejected"]) as look:
        text = look.page.inner_text("main")
        assert "contract.type in column a" in text.replace("\n", " ")
        assert "Every row is accounted for" in text
    with browser.look(cards["unfit"]) as look:
        text = look.page.inner_text("main")
        assert "nothing was published" in text
        assert "None are shown: the table has a sensitive column." in text
    with browser.look(cards["wide"]) as look:
        assert "and 1,800 more columns in report.json" in look.page.inner_text("main")
