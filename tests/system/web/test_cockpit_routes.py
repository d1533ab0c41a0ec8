"""A walk over every path of the Cockpit that the application offers: guarded, and safe to post."""

from __future__ import annotations

import re

import httpx2
from fastapi.routing import APIRoute

from ranvier.web.security_headers import CONTENT_SECURITY_POLICY
from tests.support.new_events import new_event
from tests.support.web_node import WebNode

INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)
ABROAD = re.compile(r'(?:src|href|action)="(?:[a-z]+:)?//', re.IGNORECASE)

ENDLESS = ("/stream", "/live", "/poll")
"""What keeps pages up to date is asked for by tests of its own."""

SAMPLES = {"context": "default", "token": "0", "name": "messaging1"}
"""What stands in a path."""


def routes(node: WebNode, method: str) -> list[str]:
    """Return the paths of the Cockpit that take this method, with something in their places."""
    return sorted(
        re.sub(r"{(\w+)}", lambda place: SAMPLES.get(place[1], "x"), route.path)
        for route in node.application().routes
        if isinstance(route, APIRoute)
        and route.path.startswith("/cockpit")
        and method in (route.methods or ())
    )


def assert_guarded(response: httpx2.Response) -> None:
    headers = response.headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_every_page_is_guarded_and_asks_nobody_else(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", new_event())
    paths = [path for path in routes(node, "GET") if not path.endswith(ENDLESS)]
    assert len(paths) > 10
    for path in paths:
        response = await client.get(path)
        assert response.status_code < 500, path
        assert_guarded(response)
        assert not INLINE.search(response.text), path
        assert not ABROAD.search(response.text), path


async def test_no_form_counts_without_the_token_of_its_session(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    paths = routes(node, "POST")
    assert len(paths) > 3
    for path in paths:
        for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            response = await client.post(path, data={"name": "x", "repeat": "x"}, headers=headers)
            assert response.status_code == 403, path
            assert_guarded(response)
    assert list(node.log.contexts) == ["default"]
