"""What counts as use of a session: what people ask for, not what an open page asks by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.form_pages import Browser, PageNode, page_node
from tests.support.memory_sessions import MemorySessions


@pytest.fixture
async def one() -> AsyncIterator[PageNode]:
    async with page_node("node1", MemorySessions()) as node:
        yield node


@pytest.fixture
def browser() -> Browser:
    return Browser()


async def test_a_page_that_is_left_open_does_not_keep_the_session_alive(
    one: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    for _ in range(4):
        one.sessions.store.now_ms += one.sessions.sessions.limits.idle_ms // 3
        await browser.ask(one, "GET", "/portal/stream")
    assert (await browser.look(one))["handle"] != shown["handle"]


@pytest.mark.parametrize(
    ("path", "is_use"),
    [
        ("/cockpit/cluster/live", True),
        ("/cockpit/contexts/stream", True),
        ("/cockpit/contexts/poll", True),
        ("/cockpit/live", False),
        ("/cockpit/poll", False),
        ("/cockpit/contexts/default/tail/stream", False),
        ("/cockpit/contexts/live/tail/poll", False),
    ],
)
async def test_what_pages_ask_by_themselves_is_told_by_the_whole_path(
    one: PageNode, browser: Browser, path: str, is_use: bool
) -> None:
    await browser.look(one)
    one.sessions.store.now_ms += one.sessions.sessions.limits.touch_ms
    await browser.ask(one, "GET", path)
    assert ("touch" in one.sessions.store.calls) == is_use
