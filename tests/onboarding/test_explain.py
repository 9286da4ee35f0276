"""`millrace explain`: the pages of docs/errors, from the same table."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Millrace

PAGES = Path(__file__).resolve().parents[2] / "docs" / "errors"


@pytest.mark.parametrize("page", sorted(PAGES.glob("MR*.md")), ids=lambda page: page.stem)
def test_a_page_is_what_is_printed(millrace: Millrace, page: Path) -> None:
    assert millrace.ok("explain", page.stem).out == page.read_text()
    assert millrace.ok("explain", page.stem.lower(), "--json").json()["code"] == page.stem


def test_all_codes_and_none(millrace: Millrace) -> None:
    listed = millrace.ok("explain", "--json").json()["errors"]
    assert [error["code"] for error in listed] == sorted(p.stem for p in PAGES.glob("MR*.md"))
    outcome = millrace("explain", "MR0000")
    assert outcome.code == 2 and "MR1901" in outcome.err


def test_exit_codes_are_those_that_commands_give(millrace: Millrace, tmp_path: Path) -> None:
    outcome = millrace("run", "absent.yaml", "--json", cwd=tmp_path)
    code = outcome.json()["errors"][0]["code"]
    assert millrace.ok("explain", code, "--json").json()["exit_code"] == outcome.code
