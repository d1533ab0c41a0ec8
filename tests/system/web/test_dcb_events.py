"""`/v2/dcbEvents`: appends under a condition, and sources with the marker for the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.node_program import running_node
from tests.support.web_node import NOW_ISO, WebNode, is_problem, messages, sent_events

SEAT = {"tags": [{"key": "seat", "value": "12A"}]}


def taken(**more: Any) -> dict[str, Any]:
    return {"payload": {"type": "SeatTaken", "revision": "1", "data": "{}"}, **SEAT, **more}


async def source(client: httpx2.AsyncClient, **wanted: Any) -> list[tuple[str, Any]]:
    response = await client.post("/v2/dcbEvents/source", json=wanted)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return sent_events(response.text)


async def test_what_was_posted_is_sourced(client: httpx2.AsyncClient) -> None:
    response = await client.post(
        "/v2/dcbEvents", json={"events": [taken(metaData={"user": "ada"}), taken(tags=[])]}
    )
    assert response.status_code == 200
    assert response.json() == {
        "sequenceOfTheFirstEvent": 0,
        "transactionSize": 2,
        "consistencyMarker": 2,
    }
    assert await source(client, criteria=[SEAT]) == [
        (
            "message",
            {
                "sequence": 0,
                "messageId": "minted-0",
                "timestamp": NOW_ISO,
                "payloadType": "SeatTaken",
                "payloadRevision": "1",
                "payload": "{}",
                "metaData": {"user": "ada"},
            },
        ),
        ("marker", {"consistencyMarker": 2}),
        ("done", {}),
    ]
    assert [one["sequence"] for one in messages(await source(client))] == [0, 1]
    assert [one["sequence"] for one in messages(await source(client, fromSequence=1))] == [1]
    assert await source(client, criteria=[{"names": ["No"]}]) == [
        ("marker", {"consistencyMarker": 2}),
        ("done", {}),
    ]


async def test_a_conflict_is_a_409(client: httpx2.AsyncClient) -> None:
    condition = {"consistencyMarker": 0, "criteria": [SEAT]}
    body = {"events": [taken()], "condition": condition}
    assert (await client.post("/v2/dcbEvents", json=body)).status_code == 200
    refused = await client.post("/v2/dcbEvents", json=body)
    assert is_problem(refused, 409, "AXONIQ-0001", lambda text: "condition is not met" in text)
    condition["consistencyMarker"] = 1
    assert (await client.post("/v2/dcbEvents", json=body)).json()["consistencyMarker"] == 2


async def test_bytes_travel_in_base_64(client: httpx2.AsyncClient) -> None:
    tag = {"key": "AP8=", "value": "/w==", "encoding": "base64"}
    payload = {"type": "Bytes", "data": "AP8=", "encoding": "base64"}
    await client.post("/v2/dcbEvents", json={"events": [{"payload": payload, "tags": [tag]}]})
    (found,) = messages(await source(client, criteria=[{"tags": [tag]}]))
    assert (found["payload"], found["payloadEncoding"]) == ("AP8=", "base64")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "events"),
        ({"events": [{}]}, "events[0].payload"),
        ({"events": [taken(aggregateId="a")]}, "aggregateId"),
        ({"events": [taken(dateTime="soon")]}, "events[0].dateTime"),
        ({"events": [], "condition": {"consistencyMarker": 2**63}}, "consistencyMarker"),
        ({"events": [], "condition": {"criteria": []}}, "condition.consistencyMarker"),
        ({"events": [taken(tags=[{"key": "!", "encoding": "base64"}])]}, "events[0].tags[0].key"),
        ({"events": [taken(metaData={"n": 1})]}, "metaData"),
    ],
)
async def test_what_is_wrong_is_named(client: httpx2.AsyncClient, body: Any, field: str) -> None:
    response = await client.post("/v2/dcbEvents", json=body)
    assert response.status_code == 400
    assert field in str(response.json())


async def test_a_source_is_refused_for_what_it_asks(client: httpx2.AsyncClient) -> None:
    wishes: list[dict[str, Any]] = [
        {"criteria": [{"tags": [{}]}]},
        {"limit": 1},
        {"criteria": [{}] * 1_001},
    ]
    for wanted in wishes:
        response = await client.post("/v2/dcbEvents/source", json=wanted)
        assert response.status_code == 400


async def test_large_bodies_are_taken_up_to_an_append(node: WebNode) -> None:
    large = taken(payload={"type": "Large", "data": "x" * 2_000_000})
    async with node.client() as client:
        assert (await client.post("/v2/dcbEvents", json={"events": [large]})).status_code == 200


def test_the_kinds_of_contexts_are_kept_apart(tmp_path: Path) -> None:
    with running_node(tmp_path / "dcb", "--default-context-dcb") as node:
        url = f"{node.http_address}/v2/dcbEvents"
        body = {"events": [taken()], "condition": {"consistencyMarker": -1}}
        assert httpx2.post(url, json=body).status_code == 200
        assert is_problem(httpx2.post(url, json=body), 409, "AXONIQ-0001")
        long = httpx2.post(url, json={"events": [taken(tags=[{"key": "k" * 256}])]})
        assert is_problem(long, 400, "RANVIER-INVALID-EVENT")
        answer = httpx2.post(f"{url}/source", json={"criteria": [SEAT]})
        assert sent_events(answer.text)[-2:] == [
            ("marker", {"consistencyMarker": 1}),
            ("done", {}),
        ]
        httpx2.post(
            f"{node.http_address}/v1/context", json={"context": "classic", "dcbContext": False}
        )
        for path in ("", "/source"):
            refused = httpx2.post(
                f"{url}{path}?context=classic", json={"events": []} if not path else {}
            )
            assert is_problem(refused, 409, "RANVIER-CONTEXT-KIND")
