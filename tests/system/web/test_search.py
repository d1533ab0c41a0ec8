"""`/v1/search`: the stream that Axon's page reads, finite and live, and its refusals."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from tests.support.new_events import stream
from tests.support.web_node import WebNode, is_problem, sent_events
from tests.support.web_server import connected, listening

GROUPED = "groupby(payloadType, count() as n)"


async def rows_of(client: httpx2.AsyncClient, **parameters: str) -> list[tuple[str, Any]]:
    response = await client.get("/v1/search", params=parameters)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    return sent_events(response.text)


async def test_a_search_tells_columns_rows_and_its_end(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(3))
    found = await rows_of(client, query="token > 0 | select(token, payloadType as type)")
    assert found == [
        ("metadata", ["token", "type"]),
        ("row", {"idValues": [2], "sortValues": [2], "value": {"token": 2, "type": "Opened"}}),
        ("row", {"idValues": [1], "sortValues": [1], "value": {"token": 1, "type": "Opened"}}),
        ("done", {}),
    ]


async def test_without_a_query_the_newest_events_are_shown(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(250))
    found = await rows_of(client)
    assert len(found) == 202
    assert found[1][1]["value"]["token"] == 249


async def test_a_time_window_beside_the_query(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.store("default", *stream(3))
    assert await rows_of(client, query="count()", timeWindow="last hour") == [
        ("metadata", ["count"]),
        ("row", {"idValues": ["count"], "sortValues": [], "value": {"count": 0}}),
        ("done", {}),
    ]


async def test_code_2511_names_the_place_of_a_bad_query(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/search", params={"query": "token = 1 | selct(token)"})
    assert is_problem(response, 400, "AXONIQ-2511")
    assert response.json()["position"] == 13


async def test_an_unknown_context_is_refused(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/search", params={"context": "nowhere"})
    assert is_problem(response, 404, "AXONIQ-1302")


async def test_a_live_search_replaces_the_rows_that_change(node: WebNode) -> None:
    node.log.store("default", *stream(2))
    query = GROUPED.replace(" ", "%20")
    async with listening(node) as server, connected(server) as connection:
        await connection.send(
            f"GET /v1/search?query={query}&clientToken=page-1 HTTP/1.1\r\nHost: n\r\n\r\n".encode()
        )
        await connection.reader.readuntil(b"event: done\ndata: {}\n\n")
        await node.append.append("default", stream(1, aggregate_id="other"))
        changed = await connection.reader.readuntil(b'"n":3}}\n\n')
        [row] = [line for line in changed.decode().splitlines() if line.startswith("data: ")]
        assert json.loads(row.removeprefix("data: "))["idValues"] == ["Opened"]
    assert node.follow.follower_count == 0
