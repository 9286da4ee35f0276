"""Takes the pictures of docs/guides/approve_a_release.md: python tests/card/pictures.py.

They are of the example's card as Chromium shows it. Fonts differ from machine to machine, so the
pictures are not compared; run this after a change of how the card looks.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from card import runs  # noqa: E402
from card.browser import PHONE, open_browser, why_not  # noqa: E402

from command import Millrace  # noqa: E402

IMAGES = ROOT / "docs" / "guides" / "images"
SECTIONS = {
    "card_evidence.png": "Evidence",
    "card_delta.png": "Since the release before",
    "card_composition.png": "Composition",
}


def main() -> int:
    reason = why_not()
    if reason is not None:
        print(f"no browser: {reason}", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    millrace = Millrace(ROOT / "build" / "cli" / "millrace")
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        card = runs.example(millrace, Path(folder) / "example")
        with browser.look(card, PHONE) as look:
            look.page.screenshot(path=str(IMAGES / "card_phone.png"))
        with browser.look(card, {"width": 860, "height": 620}) as look:
            look.page.screenshot(path=str(IMAGES / "card_top.png"))
            for name, heading in SECTIONS.items():
                look.page.get_by_role("heading", name=heading, exact=True).evaluate(
                    "heading => window.scrollTo(0, heading.offsetTop - 8)"
                )
                look.page.screenshot(path=str(IMAGES / name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
