"""A real browser to look at cards with: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def chromium() -> str | None:
    """The path of Chromium: MILLRACE_CHROMIUM, else what is installed; None where there is none."""
    return os.environ.get("MILLRACE_CHROMIUM") or shutil.which("chromium")


def why_not() -> str | None:
    """Why there is no browser here, or None where there is one."""
    for package in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed: tools/bootstrap test"
    return None if chromium() else "Chromium is not installed: tools/bootstrap test"


@dataclass
class Look:
    """What a browser made of a page."""

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def axe(self) -> list[str]:
        """Violations of accessibility rules, one line each."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in found
            for node in violation["nodes"][:3]
        ]


class Browser:
    """One browser for many pages."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @contextmanager
    def look(
        self, file: Path, viewport: dict[str, int] | None = None, dark: bool = False
    ) -> Iterator[Look]:
        """Opens a file as a person would: from the disk, without a network."""
        context = self._engine.new_context(
            viewport=viewport or DESKTOP,
            offline=True,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        try:
            look = Look(context.new_page())
            look.page.on("console", lambda message: look.console.append(message.text))
            look.page.on("pageerror", lambda error: look.console.append(str(error)))
            look.page.on("request", lambda request: look.requests.append(request.url))
            look.page.goto(file.resolve().as_uri())
            yield look
        finally:
            context.close()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """REQUIRES: why_not() is None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, which containers of tests often are, Chromium has no sandbox of its own.
        engine = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield Browser(engine)
        finally:
            engine.close()
