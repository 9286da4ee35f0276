"""One browser for all tests of cards, or a skip that says why there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from card.browser import Browser, open_browser, why_not


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    reason = why_not()
    if reason is not None:
        pytest.skip(f"no browser: {reason}")
    with open_browser() as opened:
        yield opened
