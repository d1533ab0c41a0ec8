"""How pages are kept up to date: by server-sent events, and by long polls where those are held."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ranvier.cluster.member import NodeState
from ranvier.web.http_server import HttpServer
from tests.support.played_cluster import other_node, played_cluster
from tests.support.web_node import OWN, WebNode
from tests.support.web_server import listening

DEADLINE = 30.0
NODE_PARTS = {"health", "state", "actions", "facts"}


@pytest.fixture
def node() -> WebNode:
    return played_cluster()


@pytest.fixture
async def server(node: WebNode) -> AsyncIterator[HttpServer]:
    async with listening(node) as server:
        yield server


@pytest.fixture
async def browser(server: HttpServer) -> AsyncIterator[httpx2.AsyncClient]:
    address = f"http://127.0.0.1:{server.port}"
    async with httpx2.AsyncClient(base_url=address, timeout=DEADLINE) as client:
        yield client


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a stream, its signs of life left out."""
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data" and name != "still":
            yield name, json.loads(value)


async def test_a_watcher_is_told_all_parts_and_then_what_changes(
    node: WebNode, browser: httpx2.AsyncClient
) -> None:
    query = {"page": "node", "name": "messaging2"}
    async with browser.stream("GET", "/cockpit/live", params=query) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        coming = events(response)
        name, first = await anext(coming)
        assert (name, first["parts"].keys()) == ("parts", NODE_PARTS)
        assert "running" in first["parts"]["state"]
        node.members[1] = other_node("messaging2", NodeState.DRAINING)
        _, news = await anext(coming)
        assert "draining" in news["parts"]["state"]
        assert "Resume" in news["parts"]["actions"]
        assert news["version"] != first["version"]


async def test_a_poll_waits_for_what_changes(node: WebNode, browser: httpx2.AsyncClient) -> None:
    query = {"page": "node", "name": "messaging2"}
    first = (await browser.get("/cockpit/poll", params=query)).json()
    assert first["parts"].keys() == NODE_PARTS
    since = {**query, "since": first["version"]}
    waiting = asyncio.create_task(browser.get("/cockpit/poll", params=since))
    node.members[1] = other_node("messaging2", NodeState.DOWN)
    news = (await waiting).json()
    assert "down" in news["parts"]["state"]


async def test_a_poll_of_another_life_is_told_everything(browser: httpx2.AsyncClient) -> None:
    query = {"page": "cluster", "since": "elsewhere.7"}
    answer = await browser.get("/cockpit/poll", params=query)
    assert answer.json()["parts"].keys() == {"health", "list", "mesh"}


@pytest.mark.parametrize("path", ["/cockpit/live", "/cockpit/poll"])
async def test_what_is_no_page_is_not_watched(browser: httpx2.AsyncClient, path: str) -> None:
    for query in ({}, {"page": "none"}, {"page": "node", "name": "nobody"}, {"page": "node"}):
        assert (await browser.get(path, params=query)).status_code == 404, query
    long = await browser.get(path, params={"page": "dashboard", "x": "y" * 3_000})
    assert long.status_code == 400


async def test_a_stream_ends_with_its_node(server: HttpServer, browser: httpx2.AsyncClient) -> None:
    async with browser.stream("GET", "/cockpit/live?page=cluster") as response:
        coming = events(response)
        await anext(coming)
        stopping = asyncio.create_task(server.stop(grace_seconds=DEADLINE))
        name, told = await anext(coming)
        assert (name, told["code"]) == ("error", "RANVIER-STOPPING")
    await stopping


async def test_a_stream_ends_once_when_its_node_begins_to_drain(
    node: WebNode, browser: httpx2.AsyncClient
) -> None:
    async with browser.stream("GET", "/cockpit/live?page=cluster") as response:
        coming = events(response)
        await anext(coming)
        node.members[0] = replace(OWN, state=NodeState.DRAINING)
        names = [name async for name, _ in coming]
        assert names[-1] == "done"
    async with browser.stream("GET", "/cockpit/live?page=cluster") as response:
        name, first = await anext(events(response))
        assert name == "parts"
        assert "draining" in first["parts"]["list"]
