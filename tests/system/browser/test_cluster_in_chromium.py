"""The way of an operator through the Cockpit of a real cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.support.browser import chromium, needs_bundle, needs_chromium, opened
from tests.support.cluster import Cluster, cluster

pytestmark = [needs_chromium, needs_bundle, pytest.mark.timeout(300)]

WAIT = 30_000


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        started.start_all(("one", "two"))
        started.until_linked("one", "two")
        yield started


async def test_the_route_that_a_node_shows_is_that_of_its_cookies(nodes: Cluster) -> None:
    async with chromium() as browser, opened(browser) as page:
        await page.goto(nodes["one"].http_address)
        await page.get_by_role("link", name="Cockpit").first.click()
        await page.get_by_role("link", name="Cluster", exact=True).click()
        await page.locator("main").get_by_role("link", name="one", exact=True).first.click()
        shown = await page.locator("#jvm-route").inner_text()
        cookies = {each["name"]: each["value"] for each in await page.context.cookies()}
        assert cookies["JSESSIONID"].rpartition(".")[2] == shown


async def test_a_node_is_drained_by_clicks_and_seen_to_leave(nodes: Cluster) -> None:
    async with chromium() as browser, opened(browser) as page, opened(browser) as watching:
        await watching.goto(f"{nodes['one'].http_address}/cockpit/cluster")
        await page.goto(f"{nodes['one'].http_address}/cockpit/cluster/two")
        await page.get_by_role("link", name="Drain").click()
        await page.get_by_role("button", name="Drain").click()
        await expect(page.locator(".notice")).to_contain_text("was asked to drain", timeout=WAIT)
        row = watching.get_by_role("row").filter(has_text="two").first
        await expect(row).to_contain_text("draining", timeout=WAIT)
        await expect(page.locator("#live-state")).to_contain_text("draining", timeout=WAIT)
        await page.get_by_role("link", name="Resume").click()
        await page.get_by_role("button", name="Resume").click()
        await expect(row).to_contain_text("running", timeout=WAIT)
        await asyncio.to_thread(nodes["two"].stop)
        await expect(row).to_contain_text("stopped", timeout=WAIT)
