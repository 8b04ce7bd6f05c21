"""A page opened from disk in a real browser, watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Give a headless Chromium; skip, with the reason, where there is none."""
    playwright_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    executable = chromium()
    if executable is None:
        pytest.skip("no browser found: install Chromium")
    # Chromium's sandbox refuses the superuser, which is who runs a container.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


class Visit:
    """A page opened from disk, with what it asked for and what it complained of.

    `options` are those of the browser's page: its size, touch, whether scripts may run.
    """

    def __init__(self, browser, page: Path, query: str = "", **options: Any) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.tab = browser.new_page(**options)
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on(
            "requestfailed", lambda request: self.complaints.append(f"failed: {request.url}")
        )
        self.tab.goto(page.as_uri() + query, wait_until="load")

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def left_the_folder(self, folder: Path) -> list[str]:
        inside = (folder.as_uri() + "/", "data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(inside)]

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.tab.close()


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)
