"""Chromium of this machine, driven by playwright: one process for a file of tests, a context for each page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from console.browser import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (400, 1024, 1600)
DEADLINE_MS = 60_000
"""Nothing waits so long unless it is broken: these machines are shared."""
FLAGS = ("--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--no-first-run", "--mute-audio")
FOLDER = os.environ.get("DYNASMITH_TEST_PICTURES")
"""Every page that is looked at is kept there as a picture; read before a test clears the variables of its shell."""


def program() -> str:
    """The browser of this machine; empty where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), "")


ABSENT = "" if program() else f"no browser here: none of {', '.join(PROGRAMS)} (apt install chromium)"
"""Why tests in a browser are skipped."""


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser. Playwright runs an event loop in this thread until it ends."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        try:
            yield launched
        finally:
            launched.close()


@dataclass
class ConsoleWindow:
    """Windows of a browser in which a console is open. The link of a console works once, so its cookie is passed on."""

    chromium: Chromium
    console: Browser
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def opened(self, link: str) -> Iterator[Page]:
        """A page that somebody opened by the link of another console."""
        origin = link.partition("/link/")[0]
        context = self.chromium.new_context(viewport={"width": 1024, "height": 900}, base_url=origin)
        context.set_default_timeout(DEADLINE_MS)
        try:
            page = context.new_page()
            page.goto(link)
            page.wait_for_url("**/tables")
            yield page
        finally:
            context.close()

    @contextmanager
    def page(self, *, width: int = 1024, dark: bool = False, script: bool = True, height: int = 900) -> Iterator[Page]:
        """A page that knows nothing of the others. Errors of its script are kept in ``errors``."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            base_url=self.console.guard.origin,
            locale="en-GB",
        )
        context.set_default_timeout(DEADLINE_MS)
        try:
            name, _, value = self.console.cookie.partition("=")
            context.add_cookies(
                [
                    {
                        "name": name,
                        "value": value,
                        "url": self.console.guard.origin,
                        "sameSite": "Strict",
                        "httpOnly": True,
                    }
                ]
            )
            page = context.new_page()
            page.on("pageerror", lambda error: self.errors.append(str(error)))
            page.on("console", self._console)
            yield page
        finally:
            context.close()

    def _console(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):  # a page of an error
            self.errors.append(message.text)


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where a folder for it is named."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(FOLDER) / f"{name}.png"), full_page=True)
