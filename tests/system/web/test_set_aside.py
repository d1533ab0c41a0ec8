"""A node that mod_jk has disabled or stopped: its own sessions stay, and it begins no others."""

from __future__ import annotations

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.web_node import WebNode

PAGE = "/cockpit"


def by_ajp(application: ASGIApp, activation: str) -> ASGIApp:
    """Let requests come as from mod_jk that makes this of the node."""

    async def forwarded(scope: Scope, receive: Receive, send: Send) -> None:
        await application(
            {**scope, "extensions": {"ajp": {"activation": activation}}}, receive, send
        )

    return forwarded


def client_of(application: ASGIApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://node"
    )


@pytest.mark.parametrize("activation", ["DIS", "STP"])
async def test_it_keeps_its_own_sessions_and_begins_no_others(
    node: WebNode, activation: str
) -> None:
    application = node.application()
    async with client_of(by_ajp(application, "ACT")) as known:
        assert (await known.get(PAGE)).status_code != 503
        cookies = dict(known.cookies)
        assert cookies
    async with client_of(by_ajp(application, activation)) as client:
        refused = await client.get(PAGE)
        assert (refused.status_code, "set-cookie" in refused.headers) == (503, False)
        client.cookies.update(cookies)
        assert (await client.get(PAGE)).status_code != 503
        assert (await client.get("/health/live")).status_code == 200
