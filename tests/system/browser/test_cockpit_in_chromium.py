"""The Cockpit in a real browser: in both themes, accessible, by keyboard, live, asking one host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop
from playwright.async_api import Page, Route, expect

from ranvier.cluster.member import NodeState
from tests.support.browser import (
    Watched,
    chromium,
    keep_picture,
    needs_bundle,
    needs_chromium,
    opened,
    serious_findings,
)
from tests.support.played_cluster import other_node, played_cluster
from tests.support.web_node import WebNode
from tests.support.web_server import listening

pytestmark = [needs_chromium, pytest.mark.timeout(300)]

WAIT = 30_000
FIRST_PAINT = """() => new Promise(done =>
    new PerformanceObserver((list, observer) => {
        for (const paint of list.getEntriesByName("first-contentful-paint")) {
            observer.disconnect();
            done(paint.startTime);
        }
    }).observe({type: "paint", buffered: true}))"""
"""Waits for it, however late it is."""
PAGES = [
    "/cockpit",
    "/cockpit/cluster",
    "/cockpit/cluster/messaging2",
    "/cockpit/cluster/messaging2/drain",
    "/cockpit/configuration",
    "/cockpit/configuration/edit",
    "/cockpit/nothing",
]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run these tests in the loop that a node runs in."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def node() -> WebNode:
    return played_cluster()


@pytest.fixture
async def address(node: WebNode) -> AsyncIterator[str]:
    async with listening(node) as server:
        yield f"http://127.0.0.1:{server.port}"


# What a page is made of is the same in both themes; only its colours are not.
@pytest.mark.parametrize(("theme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
async def test_every_page_in_both_themes(address: str, theme: str, rules: tuple[str, ...]) -> None:
    look: dict[str, str] = {"color_scheme": theme, "reduced_motion": "reduce"}
    async with chromium() as browser, opened(browser, **look) as page:
        seen = Watched(page)
        for path in PAGES:
            await page.goto(address + path, wait_until="load")
            assert await serious_findings(page, *rules) == [], path
            await keep_picture(page, f"{path.strip('/').replace('/', '_')}_{theme}")
        assert {url for url in seen.requests if not url.startswith(address)} == set()
        # The last page is none, and the browser says so.
        assert [each for each in seen.complaints if "404" not in each] == []


@needs_bundle
async def test_a_narrow_page_needs_no_sideways_scrolling(address: str) -> None:
    size = {"width": 390, "height": 800}
    async with chromium() as browser, opened(browser, viewport=size) as page:
        for path in PAGES:
            await page.goto(address + path)
            width = await page.evaluate("document.documentElement.scrollWidth")
            await keep_picture(page, f"{path.strip('/').replace('/', '_')}_narrow")
            assert width <= 390, path


async def test_a_theme_that_is_chosen_stays(address: str) -> None:
    async with chromium() as browser, opened(browser, color_scheme="light") as page:
        await page.goto(f"{address}/cockpit/cluster")
        light = await background(page)
        await page.get_by_role("button", name="Dark").click()
        await expect(page.get_by_role("button", name="Dark")).to_have_attribute(
            "aria-pressed", "true", timeout=WAIT
        )
        assert page.url == f"{address}/cockpit/cluster"
        dark = await background(page)
        assert dark != light
        await page.goto(f"{address}/cockpit")
        assert await background(page) == dark


async def background(page: Page) -> str:
    found: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


async def test_everything_is_reached_by_keyboard(address: str) -> None:
    async with chromium() as browser, opened(browser) as page:
        await page.goto(f"{address}/cockpit")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await page.goto(f"{address}/cockpit")
        reached = []
        for _ in range(45):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.innerText?.trim()"))
        for name in ("Dashboard", "Cluster", "Configuration", "Dark", "messaging2"):
            assert name in reached, name


@needs_bundle
async def test_a_page_is_kept_up_to_date(node: WebNode, address: str) -> None:
    async with chromium() as browser, opened(browser) as page:
        await page.goto(f"{address}/cockpit/cluster/messaging2")
        state = page.locator("#live-state")
        await expect(state).to_contain_text("running")
        await page.evaluate("window.isSamePage = true")
        node.members[1] = other_node("messaging2", NodeState.DRAINING)
        await expect(state).to_contain_text("draining", timeout=WAIT)
        await expect(page.get_by_role("link", name="Resume")).to_be_visible(timeout=WAIT)
        assert await page.evaluate("window.isSamePage")


@needs_bundle
async def test_without_events_a_page_asks_again_and_again(node: WebNode, address: str) -> None:
    async def hold(route: Route) -> None:
        del route  # It is never answered, as by a proxy that waits for the end.

    async with chromium() as browser, opened(browser) as page:
        await page.route("**/cockpit/live?*", hold)
        async with page.expect_request("**/cockpit/poll?*", timeout=WAIT):
            await page.goto(f"{address}/cockpit/cluster")
        await expect(page.locator("live-page")).to_have_attribute("transport", "poll")
        node.members[1] = other_node("messaging2", NodeState.DOWN)
        row = page.get_by_role("row").filter(has_text="messaging2").first
        await expect(row).to_contain_text("down", timeout=WAIT)
        await page.unroute_all(behavior="ignoreErrors")


@needs_bundle
async def test_the_first_paint_comes_soon(address: str) -> None:
    async with chromium() as browser, opened(browser) as page:
        await page.goto(f"{address}/cockpit")
        for path in ("/cockpit", "/cockpit/cluster", "/cockpit/configuration"):
            await page.goto(address + path, wait_until="load")
            painted = await page.evaluate(FIRST_PAINT)
            # How soon depends on the machine; the figure is told, and must be one.
            print(f"first contentful paint of {path}: {painted:.0f} ms")
            assert painted > 0
