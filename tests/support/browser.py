"""Headless Chromium for tests; those that want it are skipped by name where there is none."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has none
from playwright.async_api import Browser, Page, async_playwright

from ranvier.web.cockpit.bundle import found_bundle

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MILLISECONDS: Final = 30_000
"""A bound for failures only: a page is there much sooner."""

needs_chromium: Final = pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is missing")
needs_bundle: Final = pytest.mark.skipif(
    not found_bundle(), reason="the pages are not bundled: make pages"
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Yield a browser; it is closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Yield a page of a visitor of its own, who has no cookies yet."""
    context = await browser.new_context(**options)
    context.set_default_timeout(WAIT_MILLISECONDS)
    try:
        yield await context.new_page()
    finally:
        await context.close()


class Watched:
    """What a page asks for, and what its console complains about."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )


async def serious_findings(page: Page, *rules: str) -> list[str]:
    """Return what axe finds that is serious or critical, with the first place of each.

    `rules` are those that are looked at; all, where none is named.
    """
    options = {"runOnly": [*rules]} if rules else {}
    found = (await Axe().run(page, options=options)).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


async def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the page where `RANVIER_SCREENSHOTS` names a folder."""
    folder = os.environ.get("RANVIER_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
