"""The way of somebody who signs in first, in a real browser, to the JVM route of a node."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from tests.support.browser import chromium, needs_chromium, opened
from tests.support.browser_like import PASSWORD
from tests.support.memory_users import QUICK
from tests.support.web_node import OWN, WebNode
from tests.support.web_server import listening

pytestmark = [needs_chromium, pytest.mark.timeout(300)]


async def test_from_the_main_page_by_the_sign_in_to_the_route_of_a_node() -> None:
    node = WebNode(access_token="secret")
    route = node.session_node.parts.sessions.route
    node.members = [replace(OWN, member=replace(OWN.member, route=route))]
    await node.access.users.add(read_user_name("Anna"), QUICK.of(Secret(PASSWORD)))
    async with listening(node) as server, chromium() as browser, opened(browser) as page:
        await page.goto(f"http://127.0.0.1:{server.port}/cockpit")
        await page.locator("input[name=name]").fill("anna")
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Cluster", exact=True).click()
        await page.locator("main").get_by_role("link", name="messaging1").first.click()
        shown = await page.locator("#jvm-route").inner_text()
        cookies = {each["name"]: each["value"] for each in await page.context.cookies()}
        assert shown == route
        assert cookies["JSESSIONID"].rpartition(".")[2] == shown
