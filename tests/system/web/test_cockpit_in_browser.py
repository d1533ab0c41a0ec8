"""Contexts, clients and sessions of the Cockpit in a real browser: both themes, and axe."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has none
from playwright.async_api import Browser, Page, async_playwright

from ranvier.services.node_report import Details, ReportedClient
from ranvier.web.http_server import HttpAddress, HttpServer
from tests.support.memory_event_log import MemoryContext
from tests.support.new_events import stream
from tests.support.node_reports import member, told
from tests.support.web_node import WebNode
from tests.system.web.test_cockpit_clients import HOSTILE, Run, handler, handlers
from tests.system.web.test_cockpit_contexts import dcb_event, rich_event

CHROMIUM: Final = shutil.which("chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PAGES: Final = (
    "/cockpit/contexts",
    "/cockpit/contexts/-/new",
    "/cockpit/contexts/default",
    "/cockpit/contexts/default?query=token+%3C+5+%7C+wrong",
    "/cockpit/contexts/default/events/0",
    "/cockpit/contexts/default/aggregate?id=a",
    "/cockpit/contexts/default/tail",
    "/cockpit/contexts/default/delete",
    "/cockpit/contexts/orders",
    "/cockpit/contexts/empty",
    "/cockpit/clients",
    "/cockpit/clients/connected",
    "/cockpit/clients/processors",
    "/cockpit/clients/processor?context=default&name=accounts&store=store&done=pause",
    "/cockpit/sessions",
    "/cockpit/sessions/end?user=ada",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def full_node() -> WebNode:
    """Return a node with something on every page, hostile names among it."""
    node = WebNode()
    node.members.append(member("lost"))
    node.log.contexts |= {"orders": MemoryContext(dcb=True), "empty": MemoryContext()}
    node.log.store("default", rich_event(), *stream(3, first=1))
    node.log.store("orders", dcb_event("Placed"))
    who = ReportedClient(
        context="default", client_id=HOSTILE, component_name=HOSTILE, tags={"zone": HOSTILE}
    )
    rows = handlers(handler(HOSTILE), handler("Find", 3, "query"), count=3_000)
    details = Details(handlers=rows.handlers, handler_count=3_000, clients=(who,), client_count=1)
    node.report = told("messaging1", details=details)
    Run(node, "one", ((0, 2), (1, 2)))
    Run(node, HOSTILE, (), runs=False)
    return node


@asynccontextmanager
async def opened(node: WebNode) -> AsyncIterator[tuple[Browser, str]]:
    """Yield a browser, and the address of the node."""
    server = HttpServer(node.application(), HttpAddress("127.0.0.1", 0), node.streams)
    await server.start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            try:
                yield browser, f"http://127.0.0.1:{server.port}"
            finally:
                await browser.close()
    finally:
        await server.stop()


async def faults(page: Page, *rules: str) -> list[str]:
    """Return what axe finds to be serious, by all rules or some, and what lies beside the page."""
    options = {"runOnly": list(rules)} if rules else {}
    found: list[dict[str, Any]] = (await Axe().run(page, options=options)).response["violations"]
    said = [
        f"{each['id']}: {each['nodes'][0]['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    if await is_too_wide(page):
        said.append("the page is wider than its window")
    return said


async def is_too_wide(page: Page) -> bool:
    """Tell whether a page has to be pushed sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def test_every_page_can_be_read_by_everybody() -> None:
    async with opened(full_node()) as (browser, address):
        # Without motion: a colour that is on its way to another one has no contrast to speak of.
        page = await browser.new_page(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        )
        for path in PAGES:
            await page.emulate_media(color_scheme="light")
            await page.goto(address + path, wait_until="domcontentloaded")
            assert await faults(page) == [], path
            await page.emulate_media(color_scheme="dark")
            assert await faults(page, "color-contrast") == [], path
            await page.set_viewport_size({"width": 390, "height": 800})
            assert not await is_too_wide(page), path
            await page.set_viewport_size({"width": 1280, "height": 800})


async def test_a_context_is_found_made_and_deleted_by_keyboard_without_scripts() -> None:
    node = full_node()
    async with opened(node) as (browser, address):
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"{address}/cockpit/contexts")
        await page.get_by_role("link", name="New context").press("Enter")
        await page.get_by_label("Name", exact=True).fill("by-keyboard")
        await page.get_by_label("DCB", exact=True).press("Space")
        await page.get_by_role("button", name="Create").press("Enter")
        await page.get_by_text("The context was created").wait_for()
        assert node.log.contexts["by-keyboard"].dcb
        await page.get_by_role("link", name="by-keyboard").press("Enter")
        await page.get_by_role("link", name="Delete…").press("Enter")
        await page.get_by_label("Type its name").fill("by-keyboard")
        await page.keyboard.press("Enter")
        await page.get_by_text("The context was deleted").wait_for()
        assert "by-keyboard" not in node.log.contexts
